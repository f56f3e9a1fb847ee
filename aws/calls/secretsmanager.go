package calls

import "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

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
