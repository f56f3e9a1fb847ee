package calls

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Kind is what a failed call means to whoever made it.
type Kind string

const (
	Refused     Kind = "refused-by-guard" // never left this program
	Throttled   Kind = "throttled"        // too many requests, after all retries
	Denied      Kind = "denied"           // credentials or permissions
	TimedOut    Kind = "timeout"
	Lost        Kind = "lost"        // sent, and no answer came back
	Unreachable Kind = "unreachable" // never sent: no address, no connection
	NotFound    Kind = "not-found"
	Server      Kind = "server"  // AWS failed
	Client      Kind = "client"  // AWS, or this program, finds the request wrong
	Stopped     Kind = "stopped" // the run was stopped meanwhile
)

// Error is a call that failed, with AWS's own words.
type Error struct {
	Op        string
	Region    string
	Code      string // AWS's code ("InvalidVolume.NotFound"), or one of Code... when AWS was not asked
	Message   string
	RequestID string
	Status    int // HTTP status, 0 when no answer came
	Kind      Kind
	Attempts  int // requests that were sent or tried
	Took      time.Duration
	// MayHaveRun says that the operation may have been carried out all the same: look before doing it again.
	MayHaveRun bool

	err error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Region != "" {
		b.WriteString(" in " + e.Region)
	}
	switch e.Kind {
	case Refused:
		b.WriteString(": not sent")
	case Lost:
		b.WriteString(": the answer was lost")
	case TimedOut:
		b.WriteString(": no answer in time")
	case Unreachable:
		b.WriteString(": not sent")
	case Stopped:
		b.WriteString(": stopped")
	}
	if e.Code != "" {
		b.WriteString(": " + e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + strings.TrimSuffix(e.Message, "."))
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (%d attempts)", e.Attempts)
	}
	if e.RequestID != "" {
		b.WriteString(" (request " + e.RequestID + ")")
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.err }

// ErrorCode and ErrorMessage make it readable like the SDK's own errors.
func (e *Error) ErrorCode() string    { return e.Code }
func (e *Error) ErrorMessage() string { return e.Message }

// paramError is a parameter tree that does not fit the operation's input.
type paramError struct{ err error }

func (e *paramError) Error() string { return e.err.Error() }
func (e *paramError) Unwrap() error { return e.err }

// inPart makes the *Error of a call that was answered, and not done for all it was about.
func inPart(r Request, resp Response, faults []any) *Error {
	first, _ := faults[0].(map[string]any)
	text := func(member string) string { s, _ := first[member].(string); return s }
	what := text("Key")
	if what == "" {
		what, _ = compact(first)
	}
	e := &Error{Op: r.Op, Region: r.Region, Code: text("Code"), RequestID: resp.RequestID, Attempts: resp.Attempts, Took: resp.Took, Status: 200,
		Message: fmt.Sprintf("%d not done, the first is %s: %s", len(faults), what, text("Message"))}
	if e.Kind = kindOf(e.Code, 0); e.Kind == NotFound {
		e.Kind = Client // what is gone is no reason to take the rest for done
	}
	if e.Code == "InternalError" { // to be tried again ("DeleteObjects", S3 API reference)
		e.Kind = Server
	}
	return e
}

// failed makes the *Error of what the SDK returned.
func failed(r Request, op Operation, seen *trail, err error) *Error {
	e := &Error{Op: r.Op, Region: r.Region, Attempts: seen.attempts, RequestID: seen.requestID, err: err}
	e.MayHaveRun = seen.unsettled && op.Effect != Read
	if res, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		e.Status = res.HTTPStatusCode()
	}
	if id, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](err); ok && id.ServiceRequestID() != "" {
		e.RequestID = id.ServiceRequestID()
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		e.Code, e.Message = api.ErrorCode(), api.ErrorMessage()
		if e.Code != "UnknownError" || e.Status != 0 {
			e.Kind = kindOf(e.Code, e.Status)
			return e
		}
	}
	e.Message = root(err)
	var param *paramError
	var missing smithy.InvalidParamsError
	var timeout net.Error
	switch {
	case errors.As(err, &missing):
		e.Kind, e.Code = Client, CodeBadParameter
		var each []string
		for _, one := range missing.Errs() {
			each = append(each, one.Error())
		}
		e.Message = strings.Join(each, "; ")
	case errors.As(err, &param):
		e.Kind, e.Code = Client, CodeBadParameter
	case errors.Is(err, context.Canceled):
		e.Kind = Stopped
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Kind = TimedOut
	case seen.unsettled:
		e.Kind = Lost
	case unsigned(e.Message):
		e.Kind, e.Code = Denied, "NoCredentials"
	case seen.attempts == 0, notSent(err):
		e.Kind = Unreachable
	default:
		e.Kind = Lost
	}
	return e
}

// kindOf reads AWS's code, then the status.
func kindOf(code string, status int) Kind {
	switch {
	case throttling(code):
		return Throttled
	case denials[code] || strings.HasPrefix(code, "AccessDenied") || strings.HasPrefix(code, "UnrecognizedClient"):
		return Denied
	case strings.HasSuffix(code, ".NotFound"), strings.HasSuffix(code, "NotFound"), strings.HasSuffix(code, "NotFoundException"),
		strings.HasSuffix(code, "NotFoundFault"), strings.HasSuffix(code, "NotFoundError"), strings.HasPrefix(code, "NoSuch"):
		return NotFound
	case status >= 500:
		return Server
	}
	return Client
}

// denials are the codes with which AWS says no to who is asking.
var denials = map[string]bool{
	"UnauthorizedOperation": true, "AuthFailure": true, "AccessDenied": true, "AccessDeniedException": true,
	"InvalidClientTokenId": true, "SignatureDoesNotMatch": true, "ExpiredToken": true, "ExpiredTokenException": true,
	"RequestExpired": true, "MissingAuthenticationToken": true, "InvalidSignatureException": true, "OptInRequired": true,
	"UnauthorizedAccess": true, "NotAuthorized": true, "IncompleteSignature": true, "InvalidAccessKeyId": true,
	"KMSAccessDeniedException": true, "Client.UnauthorizedOperation": true, "Forbidden": true, "AllAccessDisabled": true, "RequestTimeTooSkewed": true,
}

// notSent says that no connection came about.
func notSent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	_, dns := errors.AsType[*net.DNSError](err)
	return dns
}

// unsigned says that the SDK found none it could sign with.
func unsigned(text string) bool {
	for _, t := range []string{"failed to retrieve credentials", "get credentials", "no EC2 IMDS role found", "failed to refresh cached credentials", "refresh cached SSO token", "get identity"} {
		if strings.Contains(text, t) {
			return true
		}
	}
	return false
}

// root is the innermost words that still say something: the SDK's wrappers name the operation and the attempts, which
// Error says itself.
func root(err error) string {
	for {
		switch e := err.(type) {
		case *smithy.OperationError:
			err = e.Err
		case *paramError:
			err = e.err
		case *onlyOnce:
			err = e.err
		case *smithyhttp.RequestSendError:
			err = e.Err
		case *awshttp.ResponseError:
			err = e.ResponseError
		case *smithyhttp.ResponseError:
			err = e.Err
		case *retry.MaxAttemptsError:
			err = e.Err
		case *url.Error:
			err = e.Err
		default:
			return err.Error()
		}
	}
}
