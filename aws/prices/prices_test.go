package prices

import (
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		op     string
		params map[string]any
		text   string
		usd    float64
		per    string
		known  bool
	}{
		{"ec2.CreateVolume", map[string]any{"Size": 1, "VolumeType": "gp3"}, "0.08 USD a month while it exists (gp3, 1 GiB; us-east-1 list price of 2024)", 0.08, "month", true},
		{"ec2.CreateVolume", map[string]any{"Size": float64(100)}, "10.00 USD a month while it exists (gp2, 100 GiB; us-east-1 list price of 2024)", 10, "month", true},
		{"ec2.CreateVolume", map[string]any{"SnapshotId": "snap-1", "VolumeType": "gp3"}, "0.08 USD a GiB and month while it exists (gp3, as large as its snapshot says; us-east-1 list price of 2024)", 0.08, "GB-month", true},
		{"ec2.CreateVolume", map[string]any{"Size": 4, "VolumeType": "io2", "Iops": 500}, "0.50 USD a month while it exists (io2, 4 GiB, without provisioned IOPS, whose price is not known here; us-east-1 list price of 2024)", 0.5, "month", false},
		{"ec2.CreateVolume", map[string]any{"Size": 500, "VolumeType": "st1"}, "price not known here: volumes of type st1", 0, "", false},
		{"ec2.ModifyVolume", map[string]any{"VolumeId": "vol-1", "Size": 2}, "price not known here: the volume's type stands in AWS only", 0, "", false},
		{"ec2.CreateSnapshot", nil, "0.05 USD a month for each GB of changed blocks it stores, while it exists (standard tier; us-east-1 list price of 2026-04)", 0.05, "GB-month", true},
		{"ec2.CopySnapshot", map[string]any{"CompletionDurationMinutes": 60}, "0.05 USD a month for each GB it stores, while it exists, and once 0.036 USD a GB for the way to another Region, of which 0.016 USD for the time limit (standard tier, the first copy is a full one; us-east-1 list price of 2026-04)", 0.05, "GB-month", true},
		{"ec2.EnableFastSnapshotRestores", map[string]any{"AvailabilityZones": []any{"a", "b"}, "SourceSnapshotIds": []any{"s"}}, "1.50 USD an hour until it is disabled (snapshots times zones: 2; us-east-1 list price of 2026-04)", 1.5, "hour", true},
		{"ebs.PutSnapshotBlock", nil, "0.006 USD for 1,000 calls (Direct API PutSnapshotBlock; us-east-1 list price of 2024)", 0.000006, "call", true},
		{"kms.CreateKey", nil, "1.00 USD a month while it exists, by the hour (customer managed key; us-east-1 list price of 2024)", 1, "month", true},
		{"kms.Decrypt", nil, "0.03 USD for 10,000 calls (Symmetric requests; us-east-1 list price of 2024)", 0.000003, "call", true},
		{"ec2.DescribeVolumes", nil, "free", 0, "", true},
		{"iam.CreateRole", nil, "free", 0, "", true},
		{"ec2.RunInstances", nil, "price not known here: instances, by the second while they run; see https://aws.amazon.com/ec2/pricing", 0, "", false},
		{"rds.CreateDBInstance", map[string]any{"Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": 20, "ManageMasterUserPassword": true},
			"0.016 USD an hour while it runs, 2.30 USD a month for 20 GiB of gp3 storage, 0.40 USD a month for the secret with its password (postgres, db.t4g.micro, Single-AZ; us-east-1 list price of 2024)", 0.016, "hour", true},
		{"rds.CreateDBInstance", map[string]any{"Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": float64(20), "MultiAZ": true, "StorageType": "gp2"},
			"0.032 USD an hour while it runs, 4.60 USD a month for 20 GiB of gp2 storage (postgres, db.t4g.micro, Multi-AZ; us-east-1 list price of 2024)", 0.032, "hour", true},
		{"rds.CreateDBInstance", map[string]any{"Engine": "sqlserver-ex", "DBInstanceClass": "db.t3.large", "AllocatedStorage": 20, "StorageType": "io1", "Iops": 1000},
			"0.162 USD an hour while it runs, without its io1 storage, whose price is not known here (sqlserver-ex, db.t3.large, Single-AZ; us-east-1 list price of 2024)", 0.162, "hour", false},
		{"rds.CreateDBInstance", map[string]any{"Engine": "sqlserver-ex", "DBInstanceClass": "db.t3.small"}, "price not known here: db.t3.small with sqlserver-ex, by the hour while it runs; see https://aws.amazon.com/rds/pricing", 0, "", false},
		{"rds.RestoreDBInstanceFromDBSnapshot", map[string]any{"DBInstanceClass": "db.t4g.micro"}, "price not known here: db.t4g.micro with the engine of its source, by the hour while it runs", 0, "", false},
		{"rds.RestoreDBInstanceFromDBSnapshot", map[string]any{"DBInstanceClass": "db.t4g.micro", "Engine": "postgres"},
			"0.016 USD an hour while it runs, 0.115 USD a GiB and month for its storage, as large as its source's (postgres, db.t4g.micro, Single-AZ; us-east-1 list price of 2024)", 0.016, "hour", true},
		{"rds.ModifyDBInstance", map[string]any{"NewDBInstanceIdentifier": "b"}, "free", 0, "", true},
		{"rds.ModifyDBInstance", map[string]any{"DBInstanceClass": "db.t3.large"}, "price not known here: what the instance costs after the change: its engine and the rest of it stand in AWS only", 0, "", false},
		{"rds.CreateDBSnapshot", nil, "0.095 USD a month for each GB it stores, while it exists, beyond the free size of the databases themselves (RDS; us-east-1 list price of 2026-06)", 0.095, "GB-month", true},
		{"rds.CopyDBSnapshot", map[string]any{"SourceRegion": "us-east-2"},
			"0.095 USD a month for each GB it stores, while it exists, beyond the free size of the databases themselves (RDS; and once 0.02 USD a GB for the way from the other Region; us-east-1 list price of 2026-06)", 0.095, "GB-month", true},
		{"rds.DescribeDBInstances", nil, "free", 0, "", true},
		{"rds.CreateOptionGroup", nil, "free", 0, "", true},
		{"secretsmanager.CreateSecret", nil, "0.40 USD a month while it exists, by the hour (secret; us-east-1 list price of 2024)", 0.4, "month", true},
		{"secretsmanager.GetSecretValue", nil, "0.05 USD for 10,000 calls (API requests; us-east-1 list price of 2024)", 0.000005, "call", true},
		{"s3.PutObject", nil, "0.023 USD a month for each GB it stores, while it exists, and 0.005 USD for 1,000 calls (Standard storage; us-east-1 list price of 2025-10)", 0.023, "GB-month", true},
		{"s3.PutObject", map[string]any{"StorageClass": "GLACIER"},
			"0.0036 USD a month for each GB it stores, for 90 days at least and with 40 KB beside each object, and 0.03 USD for 1,000 calls (Glacier Flexible Retrieval storage; us-east-1 list price of 2025-07)", 0.0036, "GB-month", true},
		{"s3.PutObject", map[string]any{"StorageClass": "OUTPOSTS"}, "price not known here: objects of class OUTPOSTS", 0, "", false},
		{"s3.RestoreObject", map[string]any{"RestoreRequest": map[string]any{"Days": 1, "GlacierJobParameters": map[string]any{"Tier": "Expedited"}}},
			"0.03 USD a GB and 10.00 USD for 1,000 calls out of Glacier Flexible Retrieval, and 0.023 USD a GB and month for the copy in Standard while it is there (Expedited; us-east-1 list price of 2025-07)", 0.03, "GB", true},
		{"s3.RestoreObject", map[string]any{"RestoreRequest": map[string]any{"Days": 1}},
			"0.01 USD a GB and 0.05 USD for 1,000 calls out of Glacier Flexible Retrieval, 0.02 USD a GB and 0.10 USD for 1,000 calls out of Glacier Deep Archive, and 0.023 USD a GB and month for the copy in Standard while it is there (Standard; us-east-1 list price of 2025-07)", 0.02, "GB", true},
		{"s3.RestoreObject", map[string]any{"RestoreRequest": map[string]any{"Days": 1, "GlacierJobParameters": map[string]any{"Tier": "Bulk"}}},
			"nothing out of Glacier Flexible Retrieval, 0.0025 USD a GB and 0.025 USD for 1,000 calls out of Glacier Deep Archive, and 0.023 USD a GB and month for the copy in Standard while it is there (Bulk; us-east-1 list price of 2025-07)", 0.0025, "GB", true},
		{"s3.RestoreObject", map[string]any{"RestoreRequest": map[string]any{"GlacierJobParameters": map[string]any{"Tier": "${{ tier }}"}}}, "price not known here: restores by the tier ${{ tier }}", 0, "", false},
		{"s3.PutBucketReplication", map[string]any{"ReplicationConfiguration": map[string]any{"Rules": []any{map[string]any{"Destination": map[string]any{"ReplicationTime": map[string]any{"Status": "Enabled"}}}}}},
			"0.005 USD for 1,000 calls, and then for each object a PUT and its storage there, and 0.02 USD a GB for the way to another Region, 0.015 USD a GB more for replication time control (Standard PUT, COPY, POST, LIST; us-east-1 list price of 2026-08)", 0.000005, "call", true},
		{"s3.PutBucketLifecycleConfiguration", map[string]any{"LifecycleConfiguration": map[string]any{"Rules": []any{map[string]any{"Transitions": []any{map[string]any{"Days": 30, "StorageClass": "GLACIER"}}}}}},
			"0.005 USD for 1,000 calls (Standard PUT, COPY, POST, LIST; us-east-1 list price of 2026-08); and 0.03 USD for 1,000 objects that it moves to GLACIER", 0.000005, "call", true},
		{"s3control.CreateJob", nil, "0.25 USD for the job and 1.00 USD for each million objects (Batch Operations job; us-east-1 list price of 2026-08)", 0.25, "call", true},
		{"s3.CreateBucket", nil, "0.005 USD for 1,000 calls (Standard PUT, COPY, POST, LIST; us-east-1 list price of 2026-08)", 0.000005, "call", true},
		{"s3.GetObject", nil, "0.0004 USD for 1,000 calls (Standard GET and all other requests; us-east-1 list price of 2026-08)", 0.0000004, "call", true},
		{"s3.DeleteObjects", nil, "free", 0, "", true},
		{"backup.StartBackupJob", nil, "price not known here: StartBackupJob of backup", 0, "", false},
	} {
		got, known := Of(c.op, c.params)
		if got.Text != c.text || known != c.known || got.Per != c.per || got.USD-c.usd > 1e-9 || c.usd-got.USD > 1e-9 {
			t.Errorf("%s %v\ngot  %s (%g a %s, known %v)\nwant %s (%g a %s, known %v)", c.op, c.params, got.Text, got.USD, got.Per, known, c.text, c.usd, c.per, c.known)
		}
		if got.Free != strings.HasPrefix(c.text, "free") {
			t.Errorf("%s: free %v", c.op, got.Free)
		}
		if got.USD > 0 && (got.AsOf == "" || got.From == "") {
			t.Errorf("%s: a price without date or source", c.op)
		}
	}
}

// Every row of the list can be read, has a date and a source, and every price that Of uses is there.
func TestList(t *testing.T) {
	for id, p := range list() {
		if p.USD <= 0 || p.AsOf == "" || p.Source == "" || p.Unit == "" || p.ID != id {
			t.Errorf("row %s is not whole: %+v", id, p)
		}
	}
	for op := range billed {
		for _, params := range []map[string]any{nil, {"Size": 1, "VolumeType": "io1", "CompletionDurationMinutes": 15}} {
			if c, known := Of(op, params); known && !c.Free && (c.AsOf == "" || c.USD <= 0) {
				t.Errorf("%s %v: %+v", op, params, c)
			}
		}
	}
	for class, ids := range stores {
		for _, id := range []string{ids.gb, ids.put, ids.move} {
			if _, ok := Find(id); !ok && id != "" {
				t.Errorf("%s: no price %s", class, id)
			}
		}
	}
	for minutes, want := range map[int]float64{15: 0.020, 30: 0.018, 45: 0.018, 60: 0.016, 105: 0.016, 120: 0.014, 240: 0.012, 480: 0.010, 960: 0.005, 2880: 0.005} {
		c, _ := Of("ec2.CopySnapshot", map[string]any{"CompletionDurationMinutes": minutes})
		if !strings.Contains(c.Text, "of which "+usd(want)) {
			t.Errorf("%d minutes: %s", minutes, c.Text)
		}
	}
}
