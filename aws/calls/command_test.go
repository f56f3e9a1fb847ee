package calls

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCommand(t *testing.T) {
	big := make([]byte, 524288)
	for _, c := range []struct {
		op, region string
		params     map[string]any
		o          CLIOptions
		want       string
	}{
		{"ec2.CreateVolume", "us-east-2", map[string]any{"Size": float64(1), "AvailabilityZone": "us-east-2a", "Encrypted": true, "ClientToken": "t-1",
			"TagSpecifications": []any{map[string]any{"ResourceType": "volume", "Tags": []any{
				map[string]any{"Key": "lifeboat:run", "Value": "ebs-snapshots-1"}, map[string]any{"Key": "Name", "Value": "lifeboat volume"}}}}}, CLIOptions{},
			"aws ec2 create-volume --region us-east-2 --availability-zone us-east-2a --encrypted --size 1 " +
				"--tag-specifications 'ResourceType=volume,Tags=[{Key=lifeboat:run,Value=ebs-snapshots-1},{Key=Name,Value=lifeboat volume}]' --client-token t-1"},
		{"ec2.CreateVolume", "us-east-2", map[string]any{"AvailabilityZone": "us-east-2a", "Size": 1, "Encrypted": false}, CLIOptions{Width: 60, Profile: "other one"},
			"aws ec2 create-volume \\\n  --region us-east-2 \\\n  --profile 'other one' \\\n  --availability-zone us-east-2a \\\n  --no-encrypted \\\n  --size 1"},
		{"ec2.DescribeVolumes", "us-east-2", map[string]any{"Filters": []any{map[string]any{"Name": "tag:lifeboat:step", "Values": []any{"run/a", "run/b"}}}, "VolumeIds": []string{"vol-1", "vol-2"}}, CLIOptions{},
			"aws ec2 describe-volumes --region us-east-2 --volume-ids vol-1 vol-2 --filters Name=tag:lifeboat:step,Values=run/a,run/b"},
		{"ec2.ModifySnapshotAttribute", "us-east-2", map[string]any{"SnapshotId": "snap-1", "Attribute": "createVolumePermission", "OperationType": "add", "UserIds": []any{"123456789012"}}, CLIOptions{},
			"aws ec2 modify-snapshot-attribute --region us-east-2 --snapshot-id snap-1 --attribute createVolumePermission --operation-type add --user-ids 123456789012"},
		{"iam.PutRolePolicy", "us-east-2", map[string]any{"RoleName": "r", "PolicyName": "p", "PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{}}}, CLIOptions{},
			`aws iam put-role-policy --region us-east-2 --role-name r --policy-name p --policy-document '{"Statement":[],"Version":"2012-10-17"}'`},
		{"ebs.GetSnapshotBlock", "us-east-2", map[string]any{"SnapshotId": "snap-1", "BlockIndex": 0, "BlockToken": "a+b=="}, CLIOptions{},
			"aws ebs get-snapshot-block --region us-east-2 --snapshot-id snap-1 --block-index 0 --block-token a+b== block-data.bin"},
		{"ebs.PutSnapshotBlock", "us-east-2", map[string]any{"SnapshotId": "snap-1", "BlockIndex": 0, "BlockData": big, "DataLength": 524288, "Checksum": "c=", "ChecksumAlgorithm": "SHA256"}, CLIOptions{},
			fmt.Sprintf("# block-data.bin: 524288 bytes, SHA-256 %x\n", sha256.Sum256(big)) +
				"aws ebs put-snapshot-block --region us-east-2 --snapshot-id snap-1 --block-index 0 --block-data block-data.bin --data-length 524288 --checksum c= --checksum-algorithm SHA256"},
		{"kms.Encrypt", "us-east-2", map[string]any{"KeyId": "k", "Plaintext": "aGk="}, CLIOptions{},
			"aws kms encrypt --region us-east-2 --key-id k --plaintext fileb://<(base64 -d <<<'aGk=')"},
		{"rds.DescribeDBInstances", "us-east-1", nil, CLIOptions{Endpoint: "http://127.0.0.1:4000"}, "aws rds describe-db-instances --region us-east-1 --endpoint-url http://127.0.0.1:4000"},
		{"rds.DescribeDBInstances", "us-east-2", nil, CLIOptions{Endpoint: "http://127.0.0.1:4000"}, "aws rds describe-db-instances --region us-east-2"},
		{"rds.RestoreDBInstanceToPointInTime", "us-east-2", map[string]any{"TargetDBInstanceIdentifier": "b", "SourceDBInstanceIdentifier": "a", "RestoreTime": time.Date(2026, 11, 23, 9, 59, 59, 0, time.UTC)}, CLIOptions{},
			"aws rds restore-db-instance-to-point-in-time --region us-east-2 --target-db-instance-identifier b --source-db-instance-identifier a --restore-time 2026-11-23T09:59:59Z"},
		{"rds.ModifyOptionGroup", "us-east-2", map[string]any{"OptionGroupName": "native", "ApplyImmediately": true, "OptionsToInclude": []any{map[string]any{"OptionName": "SQLSERVER_BACKUP_RESTORE",
			"OptionSettings": []any{map[string]any{"Name": "IAM_ROLE_ARN", "Value": "arn:aws:iam::111111111111:role/lifeboat"}}}}}, CLIOptions{},
			"aws rds add-option-to-option-group --region us-east-2 --option-group-name native " +
				"--options 'OptionName=SQLSERVER_BACKUP_RESTORE,OptionSettings=[{Name=IAM_ROLE_ARN,Value=arn:aws:iam::111111111111:role/lifeboat}]' --apply-immediately"},
		{"rds.ModifyOptionGroup", "us-east-2", map[string]any{"OptionGroupName": "native", "OptionsToRemove": []any{"SQLSERVER_BACKUP_RESTORE"}}, CLIOptions{},
			"aws rds remove-option-from-option-group --region us-east-2 --option-group-name native --options SQLSERVER_BACKUP_RESTORE"},
		{"rds.DeleteDBInstance", "us-east-2", map[string]any{"DBInstanceIdentifier": "a", "SkipFinalSnapshot": true, "DeleteAutomatedBackups": false}, CLIOptions{},
			"aws rds delete-db-instance --region us-east-2 --db-instance-identifier a --skip-final-snapshot --no-delete-automated-backups"},
		{"rds.ModifyDBSnapshotAttribute", "us-east-2", map[string]any{"DBSnapshotIdentifier": "s", "AttributeName": "restore", "ValuesToAdd": []any{"222222222222"}}, CLIOptions{},
			"aws rds modify-db-snapshot-attribute --region us-east-2 --db-snapshot-identifier s --attribute-name restore --values-to-add 222222222222"},
		{"s3.CreateBucket", "us-west-2", map[string]any{"Bucket": "b", "CreateBucketConfiguration": map[string]any{"LocationConstraint": "us-west-2"}}, CLIOptions{},
			"aws s3api create-bucket --region us-west-2 --bucket b --create-bucket-configuration LocationConstraint=us-west-2"},
		{"s3.PutObject", "us-west-2", map[string]any{"Bucket": "b", "Key": "a b", "Body": []byte("hi")}, CLIOptions{},
			"base64 -d >body.bin <<<'aGk='\naws s3api put-object --region us-west-2 --bucket b --key 'a b' --body body.bin"},
		{"s3.GetObject", "us-west-2", map[string]any{"Bucket": "b", "Key": "a"}, CLIOptions{}, "aws s3api get-object --region us-west-2 --bucket b --key a body.bin"},
		{"s3.CopyObject", "us-west-2", map[string]any{"Bucket": "b", "Key": "c", "CopySource": "b/a%20b"}, CLIOptions{}, "aws s3api copy-object --region us-west-2 --bucket b --copy-source 'b/a b' --key c"},
		{"secretsmanager.DeleteSecret", "us-west-2", map[string]any{"SecretId": "s", "ForceDeleteWithoutRecovery": true}, CLIOptions{}, "aws secretsmanager delete-secret --region us-west-2 --secret-id s --force-delete-without-recovery"},
		{"s3.GetBucketVersioning", "us-east-2", map[string]any{"Bucket": "b"}, CLIOptions{}, "aws s3api get-bucket-versioning --region us-east-2 --bucket b"},
		{"ec2.CreateSnapshot", "us-east-2", map[string]any{"VolumeId": "vol-1", "Description": "-it's"}, CLIOptions{},
			`aws ec2 create-snapshot --region us-east-2 --volume-id vol-1 --description='-it'\''s'`},
		{"ec2.CreateSnapshot", "us-east-2", map[string]any{"VolumeId": "vol-1", "Description": "https://example.com"}, CLIOptions{},
			`aws ec2 create-snapshot --region us-east-2 --cli-input-json '{"Description":"https://example.com","VolumeId":"vol-1"}'`},
		{"ec2.CreateVolume", "us-east-2", map[string]any{"AvailabilityZone": "${{ zone }}", "TagSpecifications": "${{ tags('volume') }}"}, CLIOptions{},
			`aws ec2 create-volume --region us-east-2 --availability-zone '${{ zone }}' --tag-specifications '${{ tags('\''volume'\'') }}'`},
		{"ec2.RunInstances", "us-east-2", map[string]any{"MinCount": 1, "MaxCount": 1, "UserData": base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\n"))}, CLIOptions{},
			"aws ec2 run-instances --region us-east-2 --count 1:1 --user-data '#!/bin/sh\n'"},
	} {
		got, err := Command(c.op, c.region, c.params, c.o)
		if err != nil || got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s\n%v", c.op, got, c.want, err)
		}
	}
	for op, params := range map[string]map[string]any{
		"ec2.CreateVolume":      {"Sise": 1},
		"ec2.MakeVolume":        nil,
		"ec2.CreateSnapshot":    {"DryRun": "yes"},
		"rds.ModifyOptionGroup": {"OptionsToInclude": []any{}, "OptionsToRemove": []any{}},
	} {
		if text, err := Command(op, "us-east-2", params, CLIOptions{}); err == nil || !strings.Contains(err.Error(), op) {
			t.Errorf("%s printed %q, %v", op, text, err)
		}
	}
}

// Commands as a lab prints them, read back by the CLI where it is installed.
func TestAwkwardCommandsAreReadBack(t *testing.T) {
	var commands []printed
	for _, c := range []struct {
		op     string
		params map[string]any
	}{
		{"ec2.CreateSnapshot", map[string]any{"VolumeId": "vol-1", "Description": "https://example.com"}},
		{"ec2.CreateSnapshot", map[string]any{"VolumeId": "vol-1", "Description": "-dash"}},
		{"ec2.CreateSnapshot", map[string]any{"VolumeId": "vol-1", "Description": ""}},
		{"ec2.DescribeVolumes", map[string]any{"VolumeIds": []any{"-a", "b"}}},
		{"ec2.DescribeVolumes", map[string]any{"VolumeIds": []any{"[a", ""}}},
		{"ec2.DescribeVolumes", map[string]any{"VolumeIds": []any{}, "Filters": []any{}}},
		{"ec2.DescribeVolumes", map[string]any{"Filters": []any{map[string]any{"Name": "tag:a b", "Values": []any{"x y", "z"}}, map[string]any{"Name": "size", "Values": []any{"1"}}}}},
		{"ec2.DescribeVolumes", map[string]any{"Filters": []any{map[string]any{"Name": "tag:a", "Values": []any{"x,y", "z=1"}}}}},
		{"ec2.CreateTags", map[string]any{"Resources": []any{"vol-1"}, "Tags": []any{map[string]any{"Key": "k", "Value": ""}, map[string]any{"Key": "l", "Value": " x "}}}},
		{"dlm.CreateLifecyclePolicy", map[string]any{"ExecutionRoleArn": "arn:aws:iam::1:role/r", "Description": "a day", "State": "ENABLED", "Tags": map[string]any{"lifeboat:run": "r-1", "Name": "lifeboat x"},
			"PolicyDetails": map[string]any{"PolicyType": "EBS_SNAPSHOT_MANAGEMENT", "ResourceTypes": []any{"VOLUME"}, "TargetTags": []any{map[string]any{"Key": "a", "Value": "b"}},
				"Schedules": []any{map[string]any{"Name": "hourly", "CopyTags": true, "CreateRule": map[string]any{"Interval": 1, "IntervalUnit": "HOURS", "Times": []any{"00:00"}}, "RetainRule": map[string]any{"Count": 3}}}}}},
		{"kms.CreateKey", map[string]any{"Policy": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": "*"}, "Action": "kms:*", "Resource": "*"}}}}},
		{"ebs.PutSnapshotBlock", map[string]any{"SnapshotId": "snap-1", "BlockIndex": 1, "BlockData": []byte("some bytes\n\x00"), "DataLength": 524288, "Checksum": "x", "ChecksumAlgorithm": "SHA256"}},
		{"kms.Decrypt", map[string]any{"CiphertextBlob": []byte{0xff, 0, 10, 13}, "KeyId": "k"}},
	} {
		for _, width := range []int{0, 60} {
			text, err := Command(c.op, "us-west-2", c.params, CLIOptions{Width: width})
			if err != nil {
				t.Fatal(err)
			}
			commands = append(commands, printed{c.op, c.params, text})
		}
	}
	odd := rapid.StringOfN(rapid.RuneFrom([]rune("ab1'\"\\$`,=[]{}() -\n\t@é~#!&|;<>*?%^:/")), 1, 12, -1)
	for i := range 60 {
		text := odd.Example(3 * i)
		params := map[string]any{"Resources": []any{"vol-1", odd.Example(3*i + 1)}, "Tags": []any{map[string]any{"Key": text, "Value": odd.Example(3*i + 2)}}}
		command, err := Command("ec2.CreateTags", "us-west-2", params, CLIOptions{})
		if err != nil {
			t.Fatal(err)
		}
		commands = append(commands, printed{"ec2.CreateTags", params, command})
		params = map[string]any{"VolumeId": "vol-1", "Description": text, "TagSpecifications": []any{map[string]any{"ResourceType": "snapshot", "Tags": []any{map[string]any{"Key": "k", "Value": text}}}}}
		if command, err = Command("ec2.CreateSnapshot", "us-west-2", params, CLIOptions{Width: 60}); err != nil {
			t.Fatal(err)
		}
		commands = append(commands, printed{"ec2.CreateSnapshot", params, command})
	}
	read(t, commands)
}
