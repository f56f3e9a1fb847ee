package calls

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

func secretsmanagerLines() []*line {
	tags := needs("secretsmanager:TagResource")
	return service(secretsmanager.NewFromConfig,
		call("secretsmanager.CreateSecret", (*secretsmanager.Client).CreateSecret, Create, token("ClientRequestToken"), tags, keys),
		call("secretsmanager.DescribeSecret", (*secretsmanager.Client).DescribeSecret, Read),
		call("secretsmanager.ListSecrets", (*secretsmanager.Client).ListSecrets, Read),
		call("secretsmanager.GetSecretValue", (*secretsmanager.Client).GetSecretValue, Read, keys),
		call("secretsmanager.PutSecretValue", (*secretsmanager.Client).PutSecretValue, Change, token("ClientRequestToken"), keys),
		call("secretsmanager.UpdateSecret", (*secretsmanager.Client).UpdateSecret, Change, token("ClientRequestToken"), keys),
		call("secretsmanager.RotateSecret", (*secretsmanager.Client).RotateSecret, Change, token("ClientRequestToken"), keys),
		// Without ForceDeleteWithoutRecovery a deletion can be taken back for 7 to 30 days.
		call("secretsmanager.DeleteSecret", (*secretsmanager.Client).DeleteSecret, Delete),
		call("secretsmanager.RestoreSecret", (*secretsmanager.Client).RestoreSecret, Change, same),
		call("secretsmanager.TagResource", (*secretsmanager.Client).TagResource, Change, same),
		call("secretsmanager.UntagResource", (*secretsmanager.Client).UntagResource, Change, same),
	)
}

// secretHint is what to do next about Secrets Manager's own codes.
func secretHint(e *Error) string {
	switch e.Code {
	case "ResourceExistsException":
		return taken
	case "DecryptionFailure", "EncryptionFailure":
		return "the secret's KMS key cannot be used: check that it is enabled and that its policy allows this identity"
	case "InvalidRequestException":
		switch {
		case strings.Contains(e.Message, "deletion"):
			return "the secret waits for its deletion: take that back (RestoreSecret), or delete it without recovery to use its name again"
		case strings.Contains(e.Message, "managed by another service"):
			return "another service owns the secret: change it there; RDS does it with ModifyDBInstance, and deletes it with the instance"
		}
	}
	return ""
}
