package weather

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"lifeboat/aws/sandbox/wire"
)

// Calm is the name of no weather at all.
const Calm = "calm"

// Names describes what Set understands, for a flag's help.
const Names = "calm, throttled[:percent], slow[:times], refused[:percent], outage:<region>; several with commas"

// Faults that every service answers with a code of its own.
const (
	Throttled   = "throttled"
	Denied      = "denied"
	Unavailable = "unavailable"
)

var regionForm = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)

// jobs are the kinds of due events that are work in progress; schedules and ends of retention keep their time in any weather.
var jobs = []string{"ec2.volume", "ec2.snapshot", "ec2.modification", "ec2.tier", "*.job", "s3.replication"}

// reads are operations that change nothing.
var reads = []string{"*.Describe*", "*.List*", "*.Get*"}

// Set replaces the weather by the presets a text names. An error changes nothing.
func (w *Weather) Set(text string) error {
	var rules []Rule
	var lates []Late
	for _, part := range strings.Split(text, ",") {
		name, argument, given := strings.Cut(strings.TrimSpace(part), ":")
		r, l, err := preset(name, argument, given)
		if err != nil {
			return fmt.Errorf("weather %q: %w; there is %s", text, err, Names)
		}
		rules, lates = append(rules, r...), append(lates, l...)
	}
	w.Clear()
	w.Add(rules...)
	w.AddLate(lates...)
	w.mu.Lock()
	w.text = text
	w.mu.Unlock()
	return nil
}

func preset(name, argument string, given bool) ([]Rule, []Late, error) {
	number := func(normal, least, most float64) (float64, error) {
		if !given {
			return normal, nil
		}
		n, err := strconv.ParseFloat(argument, 64)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("%s takes a number from %v to %v, not %q", name, least, most, argument)
		}
		return n, nil
	}
	switch name {
	case "", Calm:
		if given {
			return nil, nil, fmt.Errorf("calm takes nothing after a colon")
		}
		return nil, nil, nil
	case "throttled":
		percent, err := number(30, 1, 100)
		// Many calls of one operation can be on their way at once: so many are spared that a retry hardly ever finds none.
		return []Rule{{Chance: percent / 100, Spare: 16, Fault: wire.Fault{Code: Throttled}}}, nil, err
	case "refused":
		percent, err := number(10, 1, 100)
		return []Rule{{Chance: percent / 100, Spare: 1, But: reads, Fault: wire.Fault{Code: Denied}}}, nil, err
	case "slow":
		times, err := number(5, 1, 1000)
		return []Rule{{Fault: wire.Fault{Delay: 300 * time.Millisecond}}}, []Late{{Kinds: jobs, Slower: times}}, err
	case "outage":
		if !regionForm.MatchString(argument) {
			return nil, nil, fmt.Errorf("outage takes a Region, as in outage:us-west-2, not %q", argument)
		}
		// IAM and STS are global; the rest of the Region is out. What S3 replicates from it and to it waits: the keys begin with both Regions.
		var lates []Late
		for _, crossed := range []string{argument + "/*", "*/" + argument + "/*"} {
			lates = append(lates, Late{Kinds: []string{"s3.replication"}, Key: crossed, Fail: argument + " is out"})
		}
		return []Rule{{Region: argument, But: []string{"iam.*", "sts.*"}, Fault: wire.Fault{Code: Unavailable}}}, lates, nil
	}
	return nil, nil, fmt.Errorf("%q is not known", name)
}

// codes of the services that do not use the common ones (error pages of their API references).
var codes = map[string]map[string]string{
	Throttled:   {"ec2": "RequestLimitExceeded", "ebs": "RequestThrottledException", "iam": "Throttling", "sts": "Throttling", "rds": "Throttling", "sns": "Throttling", "s3": "SlowDown"},
	Denied:      {"ec2": "UnauthorizedOperation", "iam": "AccessDenied", "sts": "AccessDenied", "rds": "AccessDenied", "sns": "AuthorizationError", "s3": "AccessDenied"},
	Unavailable: {"ec2": "Unavailable", "ebs": "InternalServerException", "dlm": "InternalServerException", "kms": "KMSInternalException", "s3": "ServiceUnavailable"},
}

// common are the codes of all other services, the status and the words.
var common = map[string]wire.Fault{
	Throttled:   {Code: "ThrottlingException", Status: http.StatusBadRequest, Message: "Rate exceeded"},
	Denied:      {Code: "AccessDeniedException", Status: http.StatusForbidden},
	Unavailable: {Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable, Message: "The service is unavailable. Please try again shortly."},
}

// named puts the service's own code, status and words in the place of a fault's general name.
func named(c wire.Caller, f wire.Fault) wire.Fault {
	general := f.Code
	usual, is := common[general]
	if !is {
		return f
	}
	f.Code, f.Status = usual.Code, usual.Status
	if own := codes[general][c.Service]; own != "" {
		f.Code = own
	}
	if general == Throttled && (c.Service == "ec2" || c.Service == "s3") {
		f.Status = http.StatusServiceUnavailable
	}
	if f.Message == "" {
		f.Message = usual.Message
	}
	switch {
	case f.Message != "":
	case c.Service == "ec2":
		f.Message = "You are not authorized to perform this operation."
	default:
		f.Message = fmt.Sprintf("User: %s is not authorized to perform: %s:%s", c.ARN, c.Service, c.Operation)
	}
	return f
}
