package calls

import "github.com/aws/aws-sdk-go-v2/service/dlm"

func dlmLines() []*line {
	return service(dlm.NewFromConfig,
		call("dlm.CreateLifecyclePolicy", (*dlm.Client).CreateLifecyclePolicy, Create, needs("dlm:TagResource"), passes("dlm.amazonaws.com")),
		call("dlm.GetLifecyclePolicy", (*dlm.Client).GetLifecyclePolicy, Read),
		call("dlm.GetLifecyclePolicies", (*dlm.Client).GetLifecyclePolicies, Read),
		call("dlm.UpdateLifecyclePolicy", (*dlm.Client).UpdateLifecyclePolicy, Change, same, passes("dlm.amazonaws.com")),
		call("dlm.DeleteLifecyclePolicy", (*dlm.Client).DeleteLifecyclePolicy, Delete),
		call("dlm.TagResource", (*dlm.Client).TagResource, Change, same),
		call("dlm.UntagResource", (*dlm.Client).UntagResource, Change, same),
		call("dlm.ListTagsForResource", (*dlm.Client).ListTagsForResource, Read),
	)
}
