package sandbox

import (
	"path/filepath"

	"lifeboat/aws/sandbox/cloudwatch"
	"lifeboat/aws/sandbox/dlm"
	"lifeboat/aws/sandbox/ebs"
	"lifeboat/aws/sandbox/ec2"
	"lifeboat/aws/sandbox/iam"
	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/rds"
	"lifeboat/aws/sandbox/s3"
	"lifeboat/aws/sandbox/s3control"
	"lifeboat/aws/sandbox/secretsmanager"
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

// databasesFolder holds the files of the databases, one folder an instance.
const databasesFolder = "databases"

// services makes them all. A new service is a folder and a line here; it may lean on those above it. What has tags of its
// own (tagging.Source) can be found by them.
func (h *house) services(o Options) (all []mounted) {
	st := h.store
	roles := iam.New(st)
	keys := kms.New(st)
	disks := ec2.New(st, keys)
	secrets := secretsmanager.New(st, keys)
	measures := cloudwatch.New(st)
	buckets := s3.New(st, s3.Options{Keys: keys, Roles: roles, Metrics: measures})
	h.logins = sts.New(st, roles, o.Wall.Now)
	h.databases = rds.New(st, rds.Options{
		Dir: folder(o.Dir, databasesFolder), Keys: keys, Network: disks, Secrets: secrets, Roles: roles, Buckets: buckets.Within(), Log: h.log, Now: h.clock.Now,
	})
	disks.OnGroupUse(h.databases.UsesGroup)
	all = []mounted{
		{"iam", roles},
		{"kms", keys},
		{"sts", h.logins},
		{"ec2", disks},
		{"ebs", ebs.New(st, disks, keys)},
		{"dlm", dlm.New(st, disks, roles)},
		{"secretsmanager", secrets},
		{"cloudwatch", measures},
		{"s3", buckets},
		{"s3control", s3control.New(st, buckets.Within(), roles)},
		{"rds", h.databases},
	}
	var sources []tagging.Source
	for _, m := range all {
		if source, ok := m.service.(tagging.Source); ok {
			sources = append(sources, source)
		}
	}
	return append(all, mounted{"resourcegroupstaggingapi", tagging.New(st, sources...)})
}

// folder is one below the sandbox's; none for a sandbox in memory.
func folder(dir, name string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}
