package wire

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"lifeboat/aws/model"
)

// failure is an error as it goes on the wire.
type failure struct {
	status  int
	code    string
	message string
	fault   bool         // the service's, not the sender's
	shape   *model.Shape // nil when the model does not have it
	value   any          // of the SDK's error type, when shape is there
	more    *Error       // what the handler says beside it, if anything
}

// failed gives the wire form of a handler's error. The SDK's own error types carry their members; anything that is not an
// API error is the sandbox's own mistake and is answered as AWS answers its own.
func failed(op *model.Op, err error) *failure {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return newFailure(op.API, internalCode(op.API), "An internal error has occurred: "+err.Error(), 0)
	}
	f := newFailure(op.API, api.ErrorCode(), api.ErrorMessage(), 0)
	if errors.As(err, &f.more) {
		return f
	}
	if f.shape != nil {
		f.value = api
	}
	return f
}

// newFailure looks the code up in the model; status 0 is the one the code has.
func newFailure(api *model.API, code, message string, status int) *failure {
	f := &failure{status: status, code: code, message: message}
	if f.shape = api.Error(code); f.shape != nil {
		f.code, f.fault = f.shape.Code(), f.shape.Fault
		if f.status == 0 {
			f.status = f.shape.Status
		}
	}
	if f.status == 0 {
		f.status = statusOf(api, f.code, f.fault)
	}
	f.fault = f.fault || f.status >= 500
	return f
}

// statuses are those of codes the models do not have, mostly S3's and EC2's, which model no errors
// (S3 API reference, "Error responses"; EC2 API reference, "Error codes for the Amazon EC2 API").
var statuses = map[string]int{
	"AccessDenied": 403, "AccessDeniedException": 403, "UnauthorizedOperation": 403, "AuthFailure": 401, "OptInRequired": 401,
	"InvalidClientTokenId": 403, "SignatureDoesNotMatch": 403, "InvalidAccessKeyId": 403, "MissingAuthenticationToken": 403,
	"ExpiredToken": 403, "RequestTimeTooSkewed": 403, "Blocked": 403, "InvalidObjectState": 403, "AllAccessDisabled": 403,
	"NoSuchBucket": 404, "NoSuchKey": 404, "NoSuchVersion": 404, "NoSuchUpload": 404, "NoSuchBucketPolicy": 404, "NoSuchTagSet": 404,
	"NoSuchLifecycleConfiguration": 404, "ReplicationConfigurationNotFoundError": 404, "NoSuchConfiguration": 404, "NotFound": 404,
	"ServerSideEncryptionConfigurationNotFoundError": 404, "NoSuchPublicAccessBlockConfiguration": 404,
	"ObjectLockConfigurationNotFoundError": 404, "NoSuchObjectLockConfiguration": 404, "OwnershipControlsNotFoundError": 404,
	"NoSuchJob": 404, "MethodNotAllowed": 405, "BucketAlreadyExists": 409, "BucketAlreadyOwnedByYou": 409, "BucketNotEmpty": 409, "OperationAborted": 409,
	"InvalidBucketState": 409, "RestoreAlreadyInProgress": 409, "MissingContentLength": 411, "PreconditionFailed": 412, "DryRunOperation": 412,
	"InvalidRange": 416, "InvalidPartNumber": 416, "NotModified": 304, "PermanentRedirect": 301, "NotImplemented": 501, "SlowDown": 503,
	"RequestLimitExceeded": 503, "ServiceUnavailable": 503, "Unavailable": 503, "InternalError": 500, "InternalFailure": 500,
	"InternalServerError": 500, "InternalServiceError": 500, "InsufficientCapacity": 500, "InsufficientInstanceCapacity": 500,
	"InsufficientVolumeCapacity": 500, "UnknownOperationException": 404,
}

// Status is the HTTP status that one of S3's codes has, 400 for one that is not known here.
func Status(code string) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusBadRequest
}

func statusOf(api *model.API, code string, fault bool) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	if fault {
		return http.StatusInternalServerError
	}
	if code == "InvalidSignatureException" && api.Protocol == model.RestJSON { // awsJson answers it with 400
		return http.StatusForbidden
	}
	if api.Service != "ec2" && strings.HasSuffix(code, "NotFound") && api.Protocol == model.RestXML {
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}

func internalCode(api *model.API) string {
	switch api.Protocol {
	case model.EC2, model.RestXML:
		return "InternalError"
	case model.Query:
		return "InternalFailure"
	}
	for _, code := range []string{"InternalServerError", "InternalServerException", "ServiceException", "InternalFailure"} {
		if api.Error(code) != nil {
			return code
		}
	}
	return "InternalFailure"
}

// refusal is why a request's signature is not accepted; "" is accepted.
type refusal string

const (
	noSignature         refusal = "no signature"
	incompleteSignature refusal = "incomplete signature"
	unknownKey          refusal = "unknown access key"
	badSignature        refusal = "wrong signature"
	expiredToken        refusal = "expired token"
	tooEarly            refusal = "signed in the future"
	tooLate             refusal = "signed too long ago"
	expiredURL          refusal = "expired URL"
	badDigest           refusal = "body is not the one signed"
)

type codeText struct{ code, text string }

const (
	mismatchText = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	tokenText    = "The security token included in the request is invalid."
	expiredText  = "The security token included in the request is expired"
)

// refusals are the codes and texts of the four families of services (seen in public logs of the SDKs and the CLI).
var refusals = map[string]map[refusal]codeText{
	model.JSON: {
		noSignature:         {"MissingAuthenticationTokenException", "Missing Authentication Token"},
		incompleteSignature: {"IncompleteSignatureException", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."},
		unknownKey:          {"UnrecognizedClientException", tokenText},
		badSignature:        {"InvalidSignatureException", mismatchText},
		expiredToken:        {"ExpiredTokenException", expiredText},
		tooEarly:            {"InvalidSignatureException", "Signature not yet current: %s is still later than %s (%s + 15 min.)"},
		tooLate:             {"InvalidSignatureException", "Signature expired: %s is now earlier than %s (%s - 15 min.)"},
		expiredURL:          {"InvalidSignatureException", "Signature expired: the presigned URL is no longer valid."},
		badDigest:           {"InvalidSignatureException", mismatchText},
	},
	model.Query: {
		noSignature:         {"MissingAuthenticationToken", "Request is missing Authentication Token"},
		incompleteSignature: {"IncompleteSignature", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter."},
		unknownKey:          {"InvalidClientTokenId", tokenText},
		badSignature:        {"SignatureDoesNotMatch", mismatchText},
		expiredToken:        {"ExpiredToken", expiredText},
		tooEarly:            {"SignatureDoesNotMatch", "Signature not yet current: %s is still later than %s (%s + 15 min.)"},
		tooLate:             {"SignatureDoesNotMatch", "Signature expired: %s is now earlier than %s (%s - 15 min.)"},
		expiredURL:          {"SignatureDoesNotMatch", "Signature expired: the presigned URL is no longer valid."},
		badDigest:           {"SignatureDoesNotMatch", mismatchText},
	},
	model.EC2: {
		noSignature:         {"MissingAuthenticationToken", "Request is missing Authentication Token"},
		incompleteSignature: {"IncompleteSignature", "Authorization header requires 'Credential' parameter."},
		unknownKey:          {"AuthFailure", "AWS was not able to validate the provided access credentials"},
		badSignature:        {"AuthFailure", "AWS was not able to validate the provided access credentials"},
		expiredToken:        {"RequestExpired", "Request has expired."},
		tooEarly:            {"RequestExpired", "Request has expired."},
		tooLate:             {"RequestExpired", "Request has expired."},
		expiredURL:          {"RequestExpired", "Request has expired."},
		badDigest:           {"AuthFailure", "AWS was not able to validate the provided access credentials"},
	},
	model.RestXML: {
		noSignature:         {"AccessDenied", "Access Denied"},
		incompleteSignature: {"AuthorizationHeaderMalformed", "The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature."},
		unknownKey:          {"InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."},
		badSignature:        {"SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method."},
		expiredToken:        {"ExpiredToken", "The provided token has expired."},
		tooEarly:            {"RequestTimeTooSkewed", "The difference between the request time and the current time is too large."},
		tooLate:             {"RequestTimeTooSkewed", "The difference between the request time and the current time is too large."},
		expiredURL:          {"AccessDenied", "Request has expired"},
		badDigest:           {"XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."},
	},
}

// refused gives the answer to a request, signed at a time, whose signature is not accepted now.
func refused(api *model.API, protocol string, why refusal, at string, now time.Time) *failure {
	family := refusals[protocol]
	if family == nil {
		family = refusals[model.JSON]
	}
	c := family[why]
	if strings.Contains(c.text, "%s") {
		bound := now.Add(-skew)
		if why == tooEarly {
			bound = now.Add(skew)
		}
		c.text = fmt.Sprintf(c.text, at, bound.UTC().Format(clockFormat), now.UTC().Format(clockFormat))
	}
	status := 0
	if protocol == model.RestJSON {
		status = http.StatusForbidden
	}
	return newFailure(api, c.code, c.text, status)
}

// unknownOperation is the answer to an operation that is not there.
func unknownOperation(api *model.API, protocol, name string) *failure {
	switch protocol {
	case model.EC2:
		return newFailure(api, "InvalidAction", "The action "+name+" is not valid for this web service.", http.StatusBadRequest)
	case model.Query:
		return newFailure(api, "InvalidAction", "Could not find operation "+name+" for version "+api.APIVersion, http.StatusBadRequest)
	case model.RestXML:
		return newFailure(api, "MethodNotAllowed", "The specified method is not allowed against this resource.", http.StatusMethodNotAllowed)
	case model.JSON:
		return newFailure(api, "UnknownOperationException", "", http.StatusBadRequest)
	}
	return newFailure(api, "UnknownOperationException", "", http.StatusNotFound)
}
