package calls

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
)

// The account stands in front of AWS's own addresses and of all that have names below them, and not in front of this machine's.
func TestAccountInTheAddress(t *testing.T) {
	client := newS3Control(aws.Config{Region: "us-east-2"})
	for given, want := range map[string]string{
		"":                              "https://111122223333.s3-control.us-east-2.amazonaws.com",
		"https://control.vpce.us":       "https://111122223333.control.vpce.us",
		"http://127.0.0.1:4599":         "http://127.0.0.1:4599",
		"http://[::1]:4599":             "http://[::1]:4599",
		"http://localhost:4599":         "http://localhost:4599",
		"http://account@127.0.0.1:4599": "http://127.0.0.1:4599",
	} {
		p := s3control.EndpointParameters{Region: aws.String("us-east-2"), AccountId: aws.String("111122223333"), RequiresAccountId: aws.Bool(true)}.WithDefaults()
		if given != "" {
			p.Endpoint = &given
		}
		got, err := client.Options().EndpointResolverV2.ResolveEndpoint(t.Context(), p)
		if err != nil || got.URI.String() != want {
			t.Errorf("%q gives %s, %v; want %s", given, got.URI.String(), err, want)
		}
	}
}
