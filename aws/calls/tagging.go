package calls

import tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

// Changing tags through this service also needs the tagging action of the service that owns the resource.
func taggingLines() []*line {
	return service(tagging.NewFromConfig,
		call("resourcegroupstaggingapi.GetResources", (*tagging.Client).GetResources, Read),
		call("resourcegroupstaggingapi.GetTagKeys", (*tagging.Client).GetTagKeys, Read),
		call("resourcegroupstaggingapi.GetTagValues", (*tagging.Client).GetTagValues, Read),
		call("resourcegroupstaggingapi.TagResources", (*tagging.Client).TagResources, Change, same),
		call("resourcegroupstaggingapi.UntagResources", (*tagging.Client).UntagResources, Change, same),
	)
}
