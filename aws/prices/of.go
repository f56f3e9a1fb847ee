package prices

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Of says what one call of an operation ("ec2.CreateVolume") with these parameters costs. ok is false where the price, or
// a part of it, is not known; Text then says which.
func Of(op string, params map[string]any) (Cost, bool) {
	if f, ok := billed[op]; ok {
		return f(params)
	}
	service, name, _ := strings.Cut(op, ".")
	switch service {
	case "ec2", "ebs", "dlm", "iam", "sts", "resourcegroupstaggingapi", "rds", "s3control":
		return free("free"), true
	case "s3":
		return bucketCall(name), true
	case "secretsmanager":
		return calls("secret-requests", 10_000), true
	case "kms":
		return calls("key-requests", 10_000), true
	}
	return unknown(fmt.Sprintf("%s of %s", name, service))
}

// billed are the calls that cost something, or start something that does.
var billed = map[string]func(map[string]any) (Cost, bool){
	"ec2.CreateVolume":               volume,
	"ec2.ModifyVolume":               volume,
	"ec2.CreateSnapshot":             snapshot,
	"ec2.CreateSnapshots":            snapshot,
	"ec2.CreateImage":                snapshot,
	"ec2.CopySnapshot":               copied,
	"ec2.CopyImage":                  copied,
	"ec2.ModifySnapshotTier":         archive,
	"ec2.RestoreSnapshotTier":        retrieval,
	"ec2.EnableFastSnapshotRestores": fastRestore,
	"ec2.RunInstances":               instance,
	"ec2.StartInstances":             instance,
	"ebs.StartSnapshot":              snapshot,
	"ebs.PutSnapshotBlock":           func(map[string]any) (Cost, bool) { return calls("put-block", 1000), true },
	"ebs.GetSnapshotBlock":           func(map[string]any) (Cost, bool) { return calls("get-block", 1000), true },
	"ebs.ListSnapshotBlocks":         func(map[string]any) (Cost, bool) { return calls("list-blocks", 1000), true },
	"ebs.ListChangedBlocks":          func(map[string]any) (Cost, bool) { return calls("list-blocks", 1000), true },
	"dlm.CreateLifecyclePolicy":      policy,
	"kms.CreateKey":                  key,
	"kms.ReplicateKey":               key,

	"rds.CreateDBInstance":                           instanceOf,
	"rds.RestoreDBInstanceFromDBSnapshot":            instanceOf,
	"rds.RestoreDBInstanceToPointInTime":             instanceOf,
	"rds.StartDBInstance":                            instanceOf,
	"rds.ModifyDBInstance":                           modified,
	"rds.CreateDBSnapshot":                           backup("rds-backup"),
	"rds.CopyDBSnapshot":                             backup("rds-backup"),
	"rds.StartDBInstanceAutomatedBackupsReplication": backup("rds-backup"),
	"rds.CreateDBCluster":                            clusterOf,
	"rds.RestoreDBClusterFromSnapshot":               clusterOf,
	"rds.RestoreDBClusterToPointInTime":              clusterOf,
	"rds.CreateDBClusterSnapshot":                    backup("aurora-backup"),
	"rds.CopyDBClusterSnapshot":                      backup("aurora-backup"),
	"rds.StartExportTask":                            export,
	"secretsmanager.CreateSecret":                    secret,
	"s3.PutObject":                                   object,
	"s3.CopyObject":                                  object,
	"s3.CreateMultipartUpload":                       object,
	"s3.RestoreObject":                               restored,
	"s3.PutBucketReplication":                        replicated,
	"s3.PutBucketLifecycleConfiguration":             moved,
	"s3control.CreateJob":                            batchJob,
}

// calls is a price by the request.
func calls(id string, unit float64) Cost {
	p := list()[id]
	return cost(p, p.USD/unit, "call", "%s for %s calls (%s", usd(p.USD), thousands(unit), p.Dimension)
}

func thousands(n float64) string {
	if n >= 10_000 {
		return "10,000"
	}
	return "1,000"
}

// volume is the storage of a volume. The API's default type is gp2 (CreateVolume, API reference).
func volume(params map[string]any) (Cost, bool) {
	kind, _ := params["VolumeType"].(string)
	size, sized := number(params["Size"])
	if kind == "" {
		if _, modify := params["VolumeId"]; modify {
			if !sized {
				return unknown("the volume's type and size stand in AWS only")
			}
			return unknown("the volume's type stands in AWS only")
		}
		kind = "gp2"
	}
	id := kind
	if kind == "io1" || kind == "io2" {
		id = "io"
	}
	p, ok := Find(id)
	if !ok {
		return unknown(fmt.Sprintf("volumes of type %s", kind))
	}
	var extra []string
	if id == "io" || over(params["Iops"], 3000) {
		extra = append(extra, "provisioned IOPS")
	}
	if over(params["Throughput"], 125) {
		extra = append(extra, "provisioned throughput")
	}
	if params["VolumeInitializationRate"] != nil {
		extra = append(extra, "the initialization rate")
	}
	note := ""
	if len(extra) > 0 {
		note = ", without " + strings.Join(extra, " and ") + ", whose price is not known here"
	}
	if !sized {
		return cost(p, p.USD, "GB-month", "%s a GiB and month while it exists (%s, as large as its snapshot says%s", usd(p.USD), kind, note), len(extra) == 0
	}
	return cost(p, p.USD*size, "month", "%s a month while it exists (%s, %g GiB%s", usd(p.USD*size), kind, size, note), len(extra) == 0
}

// snapshot is incremental: only blocks that no earlier snapshot of the volume holds are stored.
func snapshot(map[string]any) (Cost, bool) {
	p := list()["snapshot"]
	return cost(p, p.USD, "GB-month", "%s a month for each GB of changed blocks it stores, while it exists (standard tier", usd(p.USD)), true
}

// copied is a snapshot's full copy elsewhere, its way there, and the surcharge for a time limit.
func copied(params map[string]any) (Cost, bool) {
	p, way := list()["snapshot"], list()["transfer"]
	once := way.USD
	limit := ""
	if minutes, ok := number(params["CompletionDurationMinutes"]); ok {
		hurry := surcharge(time.Duration(minutes) * time.Minute)
		once += hurry.USD
		limit = fmt.Sprintf(", of which %s for the time limit", usd(hurry.USD))
	}
	return cost(p, p.USD, "GB-month", "%s a month for each GB it stores, while it exists, and once %s a GB for the way to another Region%s (standard tier, the first copy is a full one", usd(p.USD), usd(once), limit), true
}

// surcharge is that of a time-based copy (EBS user guide, "Time-based copies").
func surcharge(within time.Duration) Price {
	id := "copy-15m"
	for _, step := range []struct {
		from time.Duration
		id   string
	}{{30 * time.Minute, "copy-30m"}, {time.Hour, "copy-1h"}, {2 * time.Hour, "copy-2h"}, {4 * time.Hour, "copy-4h"}, {8 * time.Hour, "copy-8h"}, {16 * time.Hour, "copy-16h"}} {
		if within >= step.from {
			id = step.id
		}
	}
	return list()[id]
}

func archive(map[string]any) (Cost, bool) {
	p := list()["snapshot-archive"]
	return cost(p, p.USD, "GB-month", "%s a month for each GB of the full snapshot, for 90 days at least (archive tier", usd(p.USD)), true
}

func retrieval(map[string]any) (Cost, bool) {
	p := list()["snapshot-archive-retrieval"]
	return cost(p, p.USD, "GB", "%s for each GB that is taken out of the archive (archive tier", usd(p.USD)), true
}

// fastRestore is billed for each snapshot in each zone, one hour at least (EBS user guide, "Fast snapshot restore").
func fastRestore(params map[string]any) (Cost, bool) {
	p := list()["fast-snapshot-restore"]
	zones, snapshots := length(params["AvailabilityZones"]), length(params["SourceSnapshotIds"])
	if zones == 0 {
		zones = length(params["AvailabilityZoneIds"])
	}
	n := float64(max(zones, 1) * max(snapshots, 1))
	return cost(p, p.USD*n, "hour", "%s an hour until it is disabled (snapshots times zones: %g", usd(p.USD*n), n), true
}

func instance(map[string]any) (Cost, bool) {
	return unknown("instances, by the second while they run; see https://aws.amazon.com/ec2/pricing")
}

func policy(map[string]any) (Cost, bool) {
	p := list()["snapshot"]
	c := cost(p, p.USD, "GB-month", "free itself; its snapshots cost %s a month for each GB of changed blocks (standard tier", usd(p.USD))
	c.Free = true
	return c, true
}

func key(map[string]any) (Cost, bool) {
	p := list()["key"]
	return cost(p, p.USD, "month", "%s a month while it exists, by the hour (customer managed key", usd(p.USD)), true
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, !math.IsNaN(n)
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	}
	return 0, false
}

func over(v any, limit float64) bool {
	n, ok := number(v)
	return ok && n > limit
}

func length(v any) int {
	switch l := v.(type) {
	case []any:
		return len(l)
	case []string:
		return len(l)
	}
	return 0
}
