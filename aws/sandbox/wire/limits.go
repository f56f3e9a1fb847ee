package wire

import (
	"fmt"
	"strconv"
	"strings"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
)

// limits checks a request against the model, and says what breaks it with the service's code and words; nil when nothing does.
// unknown is a form's parameter that the operation does not have.
func limits(op *model.Op, protocol string, tree map[string]any, unknown string) *failure {
	problems := codec.Validate(op.Input, tree)
	if unknown != "" && op.API.Service == "ec2" {
		return newFailure(op.API, "UnknownParameter", "The parameter "+unknown+" is not recognized", 0)
	}
	problems = meant(op, problems)
	if len(problems) == 0 {
		return nil
	}
	first := problems[0]
	if first.Rule == codec.Type {
		return wrongType(op, protocol, first)
	}
	switch op.API.Service {
	case "ec2":
		return ec2Limit(op, first)
	case "s3":
		return s3Limit(op, first)
	}
	if first.Rule == codec.Missing && op.API.Service == "rds" {
		return newFailure(op.API, "MissingParameter", "The request must contain the parameter "+first.Path+".", 0)
	}
	code := limitCodes[op.API.Service]
	if code == "" {
		code = "ValidationException"
	}
	if first.Rule == codec.Missing && op.API.Error("MissingParameterValueException") != nil {
		code = "MissingParameterValueException"
	}
	return newFailure(op.API, code, coral(problems), 0)
}

// limitCodes are the codes for a request that breaks a limit, where it is not ValidationException.
var limitCodes = map[string]string{
	"rds": "InvalidParameterValue", "iam": "ValidationError", "sts": "ValidationError", "sns": "InvalidParameter",
	"backup": "InvalidParameterValueException", "dlm": "InvalidRequestException", "cloudwatch": "ValidationError",
	"logs": "InvalidParameterException", "resourcegroupstaggingapi": "InvalidParameterException",
	"storagegateway": "InvalidGatewayRequestException", "s3control": "BadRequestException",
}

// meant leaves out what the service itself does not refuse: members only the clients require.
func meant(op *model.Op, problems []codec.Problem) []codec.Problem {
	out := problems[:0]
	for _, p := range problems {
		if p.Rule != codec.Unknown {
			out = append(out, p)
		}
	}
	return out
}

func wrongType(op *model.Op, protocol string, p codec.Problem) *failure {
	switch protocol {
	case model.EC2:
		return newFailure(op.API, "InvalidParameterValue", fmt.Sprintf("Value (%v) for parameter %s is invalid. %s", p.Value, parameter(p.Path), p.Text), 0)
	case model.Query:
		return newFailure(op.API, "MalformedInput", p.Path+" "+p.Text, 0)
	case model.RestXML:
		return malformedXML(op)
	}
	return newFailure(op.API, "SerializationException", p.Path+" "+p.Text, 0)
}

func malformedXML(op *model.Op) *failure {
	return newFailure(op.API, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 0)
}

// ec2Limit has EC2's words, which name a parameter as the answers do: "availabilityZone".
func ec2Limit(op *model.Op, p codec.Problem) *failure {
	if p.Rule == codec.Missing {
		return newFailure(op.API, "MissingParameter", "The request must contain the parameter "+parameter(p.Path), 0)
	}
	if p.Rule == codec.Range {
		return newFailure(op.API, "InvalidParameterValue", fmt.Sprintf("Value ( %v ) for parameter %s is invalid. It %s", p.Value, parameter(p.Path), p.Text), 0)
	}
	return newFailure(op.API, "InvalidParameterValue", fmt.Sprintf("Value (%v) for parameter %s is invalid.", p.Value, parameter(p.Path)), 0)
}

// parameter is the last name of a path, as EC2 writes it.
func parameter(path string) string {
	path = path[strings.LastIndexByte(path, '.')+1:]
	path, _, _ = strings.Cut(path, "[")
	return lowerFirst(path)
}

func s3Limit(op *model.Op, p codec.Problem) *failure {
	if p.Path == "CreateBucketConfiguration.LocationConstraint" {
		return newFailure(op.API, "InvalidLocationConstraint", "The specified location-constraint is not valid", 0)
	}
	if top, _, nested := strings.Cut(p.Path, "."); nested {
		if m := op.Input.Member(top); m != nil && m.Location == "" {
			return malformedXML(op)
		}
	}
	if p.Rule == codec.Missing {
		return newFailure(op.API, "InvalidRequest", "Missing required parameter for this operation: "+p.Path, 0)
	}
	return newFailure(op.API, "InvalidArgument", fmt.Sprintf("Invalid argument: %s %s", p.Path, p.Text), 0)
}

// coral writes problems as most services do: "1 validation error detected: Value 'x!' at 'backupVaultName' failed to satisfy
// constraint: Member must satisfy regular expression pattern: ...".
func coral(problems []codec.Problem) string {
	var texts []string
	for _, p := range problems {
		value := "null"
		if p.Rule != codec.Missing {
			value = "'" + shown(p) + "'"
		}
		texts = append(texts, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: Member must %s", value, coralPath(p.Path), must(p)))
	}
	if len(texts) == 1 {
		return "1 validation error detected: " + texts[0]
	}
	return strconv.Itoa(len(texts)) + " validation errors detected: " + strings.Join(texts, "; ")
}

func shown(p codec.Problem) string {
	text, _ := codec.Text(p.Value)
	return text
}

func must(p codec.Problem) string {
	s := p.Shape
	switch p.Rule {
	case codec.Missing:
		return "not be null"
	case codec.Enum:
		return "satisfy enum value set: [" + strings.Join(s.Enum, ", ") + "]"
	case codec.Pattern:
		return "satisfy regular expression pattern: " + s.Pattern
	case codec.Choice:
		return "have exactly one member set"
	}
	what := "length"
	if p.Rule == codec.Range {
		what = "value"
	}
	if below(p) {
		return fmt.Sprintf("have %s greater than or equal to %v", what, *s.Min)
	}
	return fmt.Sprintf("have %s less than or equal to %v", what, *s.Max)
}

// below says whether a size is too small, rather than too large.
func below(p codec.Problem) bool {
	if p.Shape.Min == nil {
		return false
	}
	return p.Shape.Max == nil || strings.Contains(p.Text, "at least")
}

// coralPath writes "TagSpecifications[0].Tags[1].Key" as "tagSpecifications.1.member.tags.2.member.key".
func coralPath(path string) string {
	var out []string
	for part := range strings.SplitSeq(path, ".") {
		name, index, _ := strings.Cut(part, "[")
		out = append(out, lowerFirst(name))
		for n := range strings.SplitSeq(strings.TrimSuffix(index, "]"), "][") {
			if i, err := strconv.Atoi(n); err == nil {
				out = append(out, strconv.Itoa(i+1), "member")
			}
		}
	}
	return strings.Join(out, ".")
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
