package calls

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lifeboat/aws/spelling"
)

// Hint is the next thing to do, one sentence.
func (e *Error) Hint() string {
	if h := e.codeHint(); h != "" {
		return h
	}
	switch e.Kind {
	case Throttled:
		return "wait a minute and try again; other programs may use the same account's request quota"
	case Denied:
		return fmt.Sprintf("allow %s in Region %s for this identity, or use another one; 'lifeboat runbook policy' prints what a runbook needs", ownAction(e.Op), e.Region)
	case TimedOut, Lost:
		if e.MayHaveRun {
			return "it may have been done all the same: look whether it is there before trying again"
		}
		return "try again; when it happens again, check the network and https://health.aws.amazon.com"
	case Unreachable:
		return "check the network, a proxy, AWS_ENDPOINT_URL and the Region's name; nothing was sent"
	case NotFound:
		return "check the id and the Region; what was made a moment ago may need some seconds to be seen"
	case Server:
		if e.MayHaveRun {
			return "AWS failed and it may have been done all the same: look whether it is there before trying again"
		}
		return "AWS failed: try again, and look at https://health.aws.amazon.com"
	case Stopped:
		if e.MayHaveRun {
			return "the call was under way: resuming looks whether it was done"
		}
		return "resume the run"
	}
	return "correct the parameter that the message names and try again"
}

// Hints that several codes share.
const (
	taken = "one of this name is there already: use it, delete it, or choose another name"
	quota = "a quota is reached: delete what is not needed, wait for what is pending, or ask for more in Service Quotas"
)

// serviceHints are what to do next about the codes that one service alone has, or means in its own way.
var serviceHints = map[string]func(*Error) string{"rds": rdsHint, "s3": s3Hint, "secretsmanager": secretHint, "s3control": s3controlHint, "cloudwatch": cloudwatchHint}

// ownAction is the IAM action that an operation is allowed by.
func ownAction(name string) string {
	if op, ok := Find(name); ok {
		return op.Actions[0]
	}
	return action(name)
}

func (e *Error) codeHint() string {
	service, _, _ := strings.Cut(e.Op, ".")
	if hint := serviceHints[service]; hint != nil && e.Kind != Refused {
		if h := hint(e); h != "" {
			return h
		}
	}
	switch e.Code {
	case CodeReadOnly:
		return "start a run that may change things"
	case CodeNotConfirmed:
		return "confirm the account id and the Region first"
	case CodeNotOwned:
		return "type the name of what is to be deleted to confirm it"
	case CodeNotTwice:
		return "confirm twice, after reading from when it cannot be undone"
	case CodeNotListed:
		return "use an operation of the table; 'lifeboat runbook check' names the nearest"
	case CodeBadParameter:
		return "correct the parameter: 'lifeboat runbook check' says where and what to write instead"
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return "the credentials have expired: sign in again ('aws sso login'), then resume"
	case "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException", "AuthFailure", "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken", "RequestTimeTooSkewed":
		return "AWS does not know these credentials: check AWS_PROFILE, the keys, and this machine's clock"
	case "NoCredentials":
		return "no credentials to sign with: set AWS_PROFILE, or run 'aws sso login' or 'aws configure'"
	case "OptInRequired":
		return "the Region or service is not enabled for this account: enable it, or choose another Region"
	case "VolumeLimitExceeded", "SnapshotLimitExceeded", "MaxSpotInstanceCountExceeded", "LimitExceeded", "LimitExceededException", "ResourceLimitExceeded", "ConcurrentSnapshotLimitExceeded", "InstanceLimitExceeded", "SecurityGroupLimitExceeded", "RulesPerSecurityGroupLimitExceeded", "TooManyBuckets":
		return quota
	case "InsufficientVolumeCapacity", "InsufficientInstanceCapacity", "InsufficientCapacity":
		return "this zone has no capacity now: try another zone, or later"
	case "InvalidSnapshot.InUse":
		return "an image uses the snapshot: deregister the image first"
	case "VolumeInUse":
		return "detach the volume first"
	case "IncorrectState":
		return "it is in a state that does not allow this: wait until the state has changed, then try again"
	case "SnapshotCreationPerVolumeRateExceeded":
		return "one snapshot of a volume every 15 seconds: wait, then try again"
	case "DeleteConflict", "DependencyViolation":
		return "something still uses it: remove that first"
	case "MalformedPolicyDocument", "MalformedPolicyDocumentException":
		return "the policy's JSON or a principal in it is wrong: a principal made a moment ago may need some seconds"
	case "EntityAlreadyExists", "AlreadyExistsException", "InvalidGroup.Duplicate":
		return taken
	case "InvalidPermission.Duplicate":
		return "the security group lets this through already: go on"
	case "CannotDelete":
		return "the default security group of a VPC stays: remove its rules instead"
	case "KMSInvalidStateException", "DisabledException", "InvalidKmsKey.InvalidState":
		return "the key is disabled or waits for its deletion: enable it, or cancel the deletion"
	case "OperationNotPermitted":
		if strings.Contains(e.Message, "default key") {
			return "copy it with a customer managed key first; what the AWS managed key encrypts cannot be shared"
		}
	}
	return ""
}

// nearest names the operation of the table that is most like a wrong one, as "; did you mean X".
func nearest(op string) string {
	best := spelling.Nearest(op, slices.Sorted(maps.Keys(table())))
	if best == "" {
		return ""
	}
	return "; did you mean " + best
}
