package iam

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

// awsPolicies are the policies of AWS that backup work attaches: path and name, and the actions they allow (AWS Managed
// Policy Reference; the lists are shortened to what backup and restore need, and hold for every resource).
var awsPolicies = []struct{ name, description, actions string }{
	{"/AdministratorAccess", "Provides full access to AWS services and resources.", "*"},
	{"/ReadOnlyAccess", "Provides read-only access to AWS services and resources.", "*:Describe* *:Get* *:List*"},
	{"/AmazonSSMManagedInstanceCore", "The policy for Amazon EC2 Role to enable AWS Systems Manager service core functionality.",
		"ssm:UpdateInstanceInformation ssm:GetParameter ssm:GetParameters ssmmessages:* ec2messages:*"},
	{"/AWSBackupServiceRolePolicyForS3Backup", "Policy containing permissions necessary for AWS Backup to backup data in any S3 bucket.",
		"s3:GetBucket* s3:GetObject* s3:ListBucket* s3:PutBucketNotification s3:GetInventoryConfiguration s3:PutInventoryConfiguration events:* cloudwatch:GetMetricData kms:Decrypt kms:DescribeKey"},
	{"/AWSBackupServiceRolePolicyForS3Restore", "Policy containing permissions necessary for AWS Backup to restore a S3 backup to a bucket.",
		"s3:CreateBucket s3:ListBucket* s3:GetBucket* s3:PutBucketVersioning s3:PutBucketOwnershipControls s3:GetObject* s3:PutObject* s3:DeleteObject* kms:DescribeKey kms:GenerateDataKey kms:Decrypt"},
	{"/service-role/AWSBackupServiceRolePolicyForBackup", "Provides AWS Backup permission to create backups on your behalf across AWS services.",
		"backup:* ec2:CreateSnapshot ec2:CreateSnapshots ec2:CreateTags ec2:DeleteSnapshot ec2:Describe* ec2:CopySnapshot ec2:ModifySnapshotAttribute rds:*DBSnapshot* rds:Describe* rds:ListTagsForResource rds:AddTagsToResource dynamodb:*Backup* dynamodb:DescribeTable dynamodb:ListTagsOfResource elasticfilesystem:Backup elasticfilesystem:DescribeTags storagegateway:* kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey* kms:ReEncrypt* tag:GetResources"},
	{"/service-role/AWSBackupServiceRolePolicyForRestores", "Provides AWS Backup permission to perform restores on your behalf across AWS services.",
		"backup:* ec2:CreateVolume ec2:DeleteVolume ec2:Describe* ec2:RunInstances ec2:CreateTags rds:Restore* rds:Describe* rds:AddTagsToResource rds:DeleteDBInstance dynamodb:Restore* dynamodb:DescribeTable dynamodb:PutItem elasticfilesystem:Restore elasticfilesystem:CreateFilesystem elasticfilesystem:Describe* storagegateway:* kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey* kms:ReEncrypt*"},
	{"/service-role/AWSDataLifecycleManagerServiceRole", "Provides appropriate permissions to AWS Data Lifecycle Manager to take actions on AWS resources.",
		"ec2:CreateSnapshot ec2:CreateSnapshots ec2:DeleteSnapshot ec2:DescribeInstances ec2:DescribeVolumes ec2:DescribeSnapshots ec2:EnableFastSnapshotRestores ec2:DescribeFastSnapshotRestores ec2:DisableFastSnapshotRestores ec2:CopySnapshot ec2:ModifySnapshotAttribute ec2:DescribeSnapshotAttribute ec2:ModifySnapshotTier ec2:DescribeSnapshotTierStatus ec2:CreateTags"},
	{"/service-role/AWSDataLifecycleManagerServiceRoleForAMIManagement", "Provides appropriate permissions to AWS Data Lifecycle Manager to manage AMIs.",
		"ec2:CreateImage ec2:CopyImage ec2:DeregisterImage ec2:DeleteSnapshot ec2:Describe* ec2:ModifyImageAttribute ec2:ModifySnapshotAttribute ec2:CreateTags"},
	{"/service-role/AWSLambdaBasicExecutionRole", "Provides write permissions to CloudWatch Logs.", "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"},
}

// published is a day on which all of these policies had been there for long.
var published = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

func managedPolicies() (all []Policy) {
	for _, a := range awsPolicies {
		split := strings.LastIndex(a.name, "/") + 1
		id := fnv.New64a()
		id.Write([]byte(a.name))
		text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":"*"}]}`, strings.ReplaceAll(a.actions, " ", `","`))
		all = append(all, Policy{
			ARN: "arn:aws:iam::aws:policy" + a.name, Name: a.name[split:], Path: a.name[:split], ID: fmt.Sprintf("ANPA%017X", id.Sum64()),
			Created: published, Updated: published, Description: a.description, Versions: []Version{{ID: "v1", Text: text, Created: published}}, Default: "v1",
		})
	}
	return all
}

func managed(arn string) (Policy, bool) {
	if strings.HasPrefix(arn, "arn:aws:iam::aws:policy/") {
		for _, p := range managedPolicies() {
			if p.ARN == arn {
				return p, true
			}
		}
	}
	return Policy{}, false
}
