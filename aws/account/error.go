package account

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
)

// Error is an account that could not be opened.
type Error struct {
	Who  string // identity, empty for the run's own
	What string
	Next string // the next thing to do
	err  error
}

func (e *Error) Error() string {
	text := e.What
	if e.Who != "" {
		text = "identity " + e.Who + ": " + text
	}
	return text + "; " + e.Next
}

// Hint is the next thing to do.
func (e *Error) Hint() string { return e.Next }

func (e *Error) Unwrap() error { return e.err }

// explain turns what the SDK says into what happened and what to do.
func explain(who string, err error) error {
	e := &Error{Who: who, err: err}
	var (
		profile config.SharedConfigProfileNotExistError
		role    config.SharedConfigAssumeRoleError
		sso     *ssocreds.InvalidTokenError
		dns     *net.DNSError
		op      *net.OpError
		api     smithy.APIError
	)
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &profile):
		e.What, e.Next = "there is no AWS profile "+profile.Profile, "list them with 'aws configure list-profiles', and set AWS_PROFILE to one"
	case errors.As(err, &role):
		e.What, e.Next = "the profile's role "+role.RoleARN+" cannot be used: "+role.Err.Error(), "correct source_profile or credential_source in ~/.aws/config"
	case errors.As(err, &sso), strings.Contains(text, "SSO token"), strings.Contains(text, "InvalidGrantException"):
		e.What, e.Next = "the SSO sign-in is missing or has expired", "run 'aws sso login' (with --profile, if you use one) and try again"
	case errors.As(err, &api) && api.ErrorCode() != "":
		e.apiError(api)
	case errors.As(err, &dns):
		e.What, e.Next = "no network: the name "+dns.Name+" cannot be resolved", "check the connection, a proxy (HTTPS_PROXY) and the Region's name"
	case errors.Is(err, context.DeadlineExceeded):
		e.What, e.Next = "AWS did not answer in time", "check the connection and a proxy (HTTPS_PROXY), and try again"
	case noCredentials(text):
		e.What, e.Next = "no AWS credentials were found", "set AWS_PROFILE, or run 'aws configure' or 'aws sso login'; the sandbox needs none: leave out --target"
	case errors.As(err, &op):
		e.What, e.Next = "no connection: "+op.Error(), "check the network, a proxy (HTTPS_PROXY) and AWS_ENDPOINT_URL"
	default:
		e.What, e.Next = "AWS cannot be reached with this configuration: "+text, "try 'aws sts get-caller-identity' with the same settings"
	}
	return e
}

// noCredentials says that the whole chain of providers gave nothing to sign with.
func noCredentials(text string) bool {
	for _, t := range []string{"IMDS", "static credentials are empty", "failed to refresh cached credentials", "failed to retrieve credentials"} {
		if strings.Contains(text, t) {
			return true
		}
	}
	return false
}

func (e *Error) apiError(api smithy.APIError) {
	switch code := api.ErrorCode(); code {
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		e.What, e.Next = "the credentials have expired ("+code+")", "sign in again ('aws sso login'), or get new ones"
	case "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "AuthFailure":
		e.What, e.Next = "AWS does not know these credentials ("+code+")", "check AWS_PROFILE, the keys, and this machine's clock"
	case "AccessDenied", "AccessDeniedException":
		e.What, e.Next = "AWS refuses this identity: "+strings.TrimSuffix(api.ErrorMessage(), "."), "check the role's trust policy, and that this identity may assume it"
	default:
		e.What, e.Next = "AWS answered "+code+": "+strings.TrimSuffix(api.ErrorMessage(), "."), "try 'aws sts get-caller-identity' with the same settings"
	}
}
