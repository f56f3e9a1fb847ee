package sandbox

import (
	"time"

	"lifeboat/aws/sandbox/dlm"
	"lifeboat/aws/sandbox/ebs"
	"lifeboat/aws/sandbox/ec2"
	"lifeboat/aws/sandbox/iam"
	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/sts"
	"lifeboat/aws/sandbox/tagging"
	"lifeboat/aws/sandbox/wire"
)

// service is what the sandbox asks of each: the operations it answers.
type service interface{ Ops() []wire.Handler }

// mounted is a service under the name that the aws CLI gives it.
type mounted struct {
	name    string
	service service
}

// services makes them all. A new service is a folder and a line here; it may lean on those above it. What has tags of its
// own (tagging.Source) can be found by them.
func services(st *store.Store, wall func() time.Time) (logins *sts.Service, all []mounted) {
	roles := iam.New(st)
	keys := kms.New(st)
	disks := ec2.New(st, keys)
	logins = sts.New(st, roles, wall)
	all = []mounted{
		{"iam", roles},
		{"kms", keys},
		{"sts", logins},
		{"ec2", disks},
		{"ebs", ebs.New(st, disks, keys)},
		{"dlm", dlm.New(st, disks, roles)},
	}
	var sources []tagging.Source
	for _, m := range all {
		if source, ok := m.service.(tagging.Source); ok {
			sources = append(sources, source)
		}
	}
	return logins, append(all, mounted{"resourcegroupstaggingapi", tagging.New(st, sources...)})
}
