package calls

import "github.com/aws/aws-sdk-go-v2/service/kms"

func kmsLines() []*line {
	return service(kms.NewFromConfig,
		// keys
		call("kms.CreateKey", (*kms.Client).CreateKey, Create, needs("kms:TagResource")),
		call("kms.ReplicateKey", (*kms.Client).ReplicateKey, Create, needs("kms:CreateKey", "kms:TagResource")),
		call("kms.DescribeKey", (*kms.Client).DescribeKey, Read),
		call("kms.ListKeys", (*kms.Client).ListKeys, Read),
		call("kms.UpdateKeyDescription", (*kms.Client).UpdateKeyDescription, Change, same),
		call("kms.EnableKey", (*kms.Client).EnableKey, Change, same),
		call("kms.DisableKey", (*kms.Client).DisableKey, Change, same),
		call("kms.GetKeyRotationStatus", (*kms.Client).GetKeyRotationStatus, Read),
		call("kms.EnableKeyRotation", (*kms.Client).EnableKeyRotation, Change, same),
		call("kms.DisableKeyRotation", (*kms.Client).DisableKeyRotation, Change, same),
		// A deletion can be cancelled for 7 to 30 days; what the key encrypted is lost after that.
		call("kms.ScheduleKeyDeletion", (*kms.Client).ScheduleKeyDeletion, Delete),
		call("kms.CancelKeyDeletion", (*kms.Client).CancelKeyDeletion, Change),

		// who may use them
		call("kms.GetKeyPolicy", (*kms.Client).GetKeyPolicy, Read),
		call("kms.ListKeyPolicies", (*kms.Client).ListKeyPolicies, Read),
		call("kms.PutKeyPolicy", (*kms.Client).PutKeyPolicy, Change, same),
		call("kms.CreateGrant", (*kms.Client).CreateGrant, Create),
		call("kms.ListGrants", (*kms.Client).ListGrants, Read),
		call("kms.RetireGrant", (*kms.Client).RetireGrant, Delete),
		call("kms.RevokeGrant", (*kms.Client).RevokeGrant, Delete),

		// their names and tags
		call("kms.CreateAlias", (*kms.Client).CreateAlias, Create),
		call("kms.ListAliases", (*kms.Client).ListAliases, Read),
		call("kms.UpdateAlias", (*kms.Client).UpdateAlias, Change, same),
		call("kms.DeleteAlias", (*kms.Client).DeleteAlias, Delete),
		call("kms.TagResource", (*kms.Client).TagResource, Change, same),
		call("kms.UntagResource", (*kms.Client).UntagResource, Change, same),
		call("kms.ListResourceTags", (*kms.Client).ListResourceTags, Read),

		// their use, which leaves nothing behind
		call("kms.Encrypt", (*kms.Client).Encrypt, Read),
		call("kms.Decrypt", (*kms.Client).Decrypt, Read),
		call("kms.ReEncrypt", (*kms.Client).ReEncrypt, Read, allowed("kms:ReEncryptFrom", "kms:ReEncryptTo")),
		call("kms.GenerateDataKey", (*kms.Client).GenerateDataKey, Read),
		call("kms.GenerateDataKeyWithoutPlaintext", (*kms.Client).GenerateDataKeyWithoutPlaintext, Read),
	)
}
