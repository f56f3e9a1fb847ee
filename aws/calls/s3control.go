package calls

import (
	"context"
	"net"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
)

// newS3Control makes a client that names the account in front of AWS's own addresses, as S3 Control wants it, and not in front of an address
// that has no names below it: nothing resolves 111122223333.127.0.0.1, and the account is in a header as well.
func newS3Control(cfg aws.Config, options ...func(*s3control.Options)) *s3control.Client {
	return s3control.NewFromConfig(cfg, append(options, func(o *s3control.Options) { o.EndpointResolverV2 = nameless{o.EndpointResolverV2} })...)
}

// nameless resolves endpoints without an account where there are no names.
type nameless struct{ s3control.EndpointResolverV2 }

// ResolveEndpoint gives the address of a call.
func (n nameless) ResolveEndpoint(ctx context.Context, p s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	if p.Endpoint != nil {
		if u, err := url.Parse(*p.Endpoint); err == nil && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()) != nil) {
			p.RequiresAccountId = aws.Bool(false)
		}
	}
	r := n.EndpointResolverV2
	if r == nil {
		r = s3control.NewDefaultEndpointResolverV2()
	}
	return r.ResolveEndpoint(ctx, p)
}

// A job cannot be deleted: it ends, or is cancelled, and is forgotten after 90 days.
func s3controlLines() []*line {
	return service(newS3Control,
		call("s3control.CreateJob", (*s3control.Client).CreateJob, Create, token("ClientRequestToken"), needs("s3:PutJobTagging"), passes("batchoperations.s3.amazonaws.com")),
		call("s3control.DescribeJob", (*s3control.Client).DescribeJob, Read),
		call("s3control.ListJobs", (*s3control.Client).ListJobs, Read),
		call("s3control.UpdateJobStatus", (*s3control.Client).UpdateJobStatus, Change),
		call("s3control.UpdateJobPriority", (*s3control.Client).UpdateJobPriority, Change, same),
	)
}

// s3controlHint is what to do next about the codes of S3 Batch Operations ("Troubleshooting S3 Batch Operations", S3 user guide).
func s3controlHint(e *Error) string {
	switch e.Code {
	case "NoSuchJob", "NoSuchJobException", "NotFoundException":
		return "check the job's id, the account and the Region: a job is seen where it was made, until 90 days after its end"
	case "JobStatusException":
		return "a job is confirmed while it is Suspended, and cancelled until it is Complete, Failed or Cancelled: look at its status"
	case "IdempotencyException":
		return "this token made another job: give another ClientRequestToken"
	case "TooManyRequestsException":
		return "wait for jobs that run, or cancel those that are not needed"
	case "InvalidRequest", "InvalidRequestException", "BadRequest", "BadRequestException":
		return "one operation, one manifest or one generator, a role of this account, and for an enabled report its bucket, format and scope: correct what the message names"
	}
	return ""
}
