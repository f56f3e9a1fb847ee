package calls

import "github.com/aws/aws-sdk-go-v2/service/iam"

func iamLines() []*line {
	return service(iam.NewFromConfig,
		// roles
		call("iam.CreateRole", (*iam.Client).CreateRole, Create, needs("iam:TagRole")),
		call("iam.CreateServiceLinkedRole", (*iam.Client).CreateServiceLinkedRole, Create),
		call("iam.GetRole", (*iam.Client).GetRole, Read),
		call("iam.ListRoles", (*iam.Client).ListRoles, Read),
		call("iam.UpdateRole", (*iam.Client).UpdateRole, Change, same),
		call("iam.UpdateAssumeRolePolicy", (*iam.Client).UpdateAssumeRolePolicy, Change, same),
		call("iam.TagRole", (*iam.Client).TagRole, Change, same),
		call("iam.UntagRole", (*iam.Client).UntagRole, Change, same),
		call("iam.ListRoleTags", (*iam.Client).ListRoleTags, Read),
		call("iam.DeleteRole", (*iam.Client).DeleteRole, Delete),
		call("iam.DeleteServiceLinkedRole", (*iam.Client).DeleteServiceLinkedRole, Delete),
		call("iam.GetServiceLinkedRoleDeletionStatus", (*iam.Client).GetServiceLinkedRoleDeletionStatus, Read),

		// their policies
		call("iam.PutRolePolicy", (*iam.Client).PutRolePolicy, Change, same),
		call("iam.GetRolePolicy", (*iam.Client).GetRolePolicy, Read),
		call("iam.ListRolePolicies", (*iam.Client).ListRolePolicies, Read),
		call("iam.DeleteRolePolicy", (*iam.Client).DeleteRolePolicy, Delete),
		call("iam.AttachRolePolicy", (*iam.Client).AttachRolePolicy, Change, same),
		call("iam.ListAttachedRolePolicies", (*iam.Client).ListAttachedRolePolicies, Read),
		call("iam.DetachRolePolicy", (*iam.Client).DetachRolePolicy, Change),
		call("iam.CreatePolicy", (*iam.Client).CreatePolicy, Create, needs("iam:TagPolicy")),
		call("iam.CreatePolicyVersion", (*iam.Client).CreatePolicyVersion, Create),
		call("iam.GetPolicy", (*iam.Client).GetPolicy, Read),
		call("iam.GetPolicyVersion", (*iam.Client).GetPolicyVersion, Read),
		call("iam.ListPolicies", (*iam.Client).ListPolicies, Read),
		call("iam.ListPolicyVersions", (*iam.Client).ListPolicyVersions, Read),
		call("iam.ListEntitiesForPolicy", (*iam.Client).ListEntitiesForPolicy, Read),
		call("iam.TagPolicy", (*iam.Client).TagPolicy, Change, same),
		call("iam.UntagPolicy", (*iam.Client).UntagPolicy, Change, same),
		call("iam.ListPolicyTags", (*iam.Client).ListPolicyTags, Read),
		call("iam.DeletePolicy", (*iam.Client).DeletePolicy, Delete),
		call("iam.DeletePolicyVersion", (*iam.Client).DeletePolicyVersion, Delete),
		call("iam.SimulatePrincipalPolicy", (*iam.Client).SimulatePrincipalPolicy, Read),

		// instance profiles
		call("iam.CreateInstanceProfile", (*iam.Client).CreateInstanceProfile, Create, needs("iam:TagInstanceProfile")),
		call("iam.GetInstanceProfile", (*iam.Client).GetInstanceProfile, Read),
		call("iam.ListInstanceProfiles", (*iam.Client).ListInstanceProfiles, Read),
		call("iam.ListInstanceProfilesForRole", (*iam.Client).ListInstanceProfilesForRole, Read),
		call("iam.AddRoleToInstanceProfile", (*iam.Client).AddRoleToInstanceProfile, Change, passes("ec2.amazonaws.com")),
		call("iam.RemoveRoleFromInstanceProfile", (*iam.Client).RemoveRoleFromInstanceProfile, Change),
		call("iam.TagInstanceProfile", (*iam.Client).TagInstanceProfile, Change, same),
		call("iam.UntagInstanceProfile", (*iam.Client).UntagInstanceProfile, Change, same),
		call("iam.ListInstanceProfileTags", (*iam.Client).ListInstanceProfileTags, Read),
		call("iam.DeleteInstanceProfile", (*iam.Client).DeleteInstanceProfile, Delete),

		// the account
		call("iam.GetUser", (*iam.Client).GetUser, Read),
		call("iam.ListAccountAliases", (*iam.Client).ListAccountAliases, Read),
		call("iam.CreateAccountAlias", (*iam.Client).CreateAccountAlias, Create),
		call("iam.DeleteAccountAlias", (*iam.Client).DeleteAccountAlias, Delete),
	)
}
