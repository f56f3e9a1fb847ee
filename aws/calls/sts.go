package calls

import "github.com/aws/aws-sdk-go-v2/service/sts"

func stsLines() []*line {
	return service(sts.NewFromConfig,
		// Credentials that are handed out change nothing in the account.
		call("sts.AssumeRole", (*sts.Client).AssumeRole, Read),
		call("sts.GetSessionToken", (*sts.Client).GetSessionToken, Read),
		call("sts.GetCallerIdentity", (*sts.Client).GetCallerIdentity, Read),
		call("sts.GetAccessKeyInfo", (*sts.Client).GetAccessKeyInfo, Read),
	)
}
