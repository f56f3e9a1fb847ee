package wire

import (
	"testing"

	"lifeboat/aws/model"
)

func TestStatusOfACode(t *testing.T) {
	for _, c := range []struct {
		service, code string
		want          int
	}{
		{"ebs", "InvalidSignatureException", 403}, // a block whose checksum is wrong
		{"kms", "InvalidSignatureException", 400},
		{"ebs", "ValidationException", 400},
		{"ebs", "ResourceNotFoundException", 404},
		{"dlm", "LimitExceededException", 429},
		{"iam", "NoSuchEntity", 404},
		{"iam", "AccessDenied", 403},
		{"ec2", "InvalidVolume.NotFound", 400},
		{"ec2", "DryRunOperation", 412},
		{"ec2", "RequestLimitExceeded", 503},
		{"s3", "NoSuchKey", 404},
	} {
		api, err := model.Load(c.service)
		if err != nil {
			t.Fatal(err)
		}
		if got := newFailure(api, c.code, "", 0).status; got != c.want {
			t.Errorf("%s answers %s with %d, want %d", c.service, c.code, got, c.want)
		}
	}
}
