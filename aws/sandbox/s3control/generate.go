package s3control

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"lifeboat/aws/sandbox/s3"
	"lifeboat/aws/sandbox/store"
)

// generate lists the versions of a bucket that a filter lets through. The role must be able to make S3 look: s3:PutInventoryConfiguration, and for
// what is eligible for replication s3:GetReplicationConfiguration ("Granting permissions for S3 Batch Operations").
func (s *Service) generate(tx *store.Tx, j Job, by s3.Acting, g types.S3JobManifestGenerator, state *State) (tasks []task, err error) {
	bucket := bucketOf(g.SourceBucket)
	f := g.Filter
	if f == nil {
		f = &types.JobManifestGeneratorFilter{}
	}
	account, region, there := s.buckets.Bucket(tx, bucket)
	switch {
	case !there:
		return nil, because(badGeneration, "Amazon S3 is unable to find the source bucket.")
	case g.ExpectedBucketOwner != nil && *g.ExpectedBucketOwner != account:
		return nil, because(badGeneration, "Generating the manifest is forbidden: AccessDenied")
	case region != j.Region:
		return nil, because(badGeneration, "The source bucket isn't in the same AWS Region as specified by the Batch Operations job.")
	}
	actions := []string{"s3:PutInventoryConfiguration"}
	if aws.ToBool(f.EligibleForReplication) {
		actions = append(actions, "s3:GetReplicationConfiguration")
	}
	for _, action := range actions {
		if s.buckets.Allows(tx, by, action, bucket, "") != nil {
			return nil, because(badGeneration, "Generating the manifest is forbidden: AccessDenied")
		}
	}
	s.buckets.Versions(tx, bucket, func(v s3.Listed) bool {
		if passes(f, v) {
			tasks = append(tasks, task{bucket, v.Key, aws.String(v.Version)})
		}
		return true
	})
	if len(tasks) == 0 {
		return nil, because(badGeneration, nothingMatches)
	}
	if g.EnableManifestOutput {
		err = s.output(tx, j, by, *g.ManifestOutputLocation, bucket, tasks, state)
	}
	return tasks, err
}

// passes says whether a filter lets a version through: all that it names must hold.
func passes(f *types.JobManifestGeneratorFilter, v s3.Listed) bool {
	status := types.ReplicationStatus(v.Replication)
	if status == "" {
		status = types.ReplicationStatusNone
	}
	switch {
	case f.EligibleForReplication != nil && *f.EligibleForReplication != v.Eligible,
		len(f.ObjectReplicationStatuses) > 0 && !slices.Contains(f.ObjectReplicationStatuses, status),
		f.CreatedAfter != nil && !v.Modified.After(*f.CreatedAfter),
		f.CreatedBefore != nil && !v.Modified.Before(*f.CreatedBefore),
		f.ObjectSizeGreaterThanBytes != nil && v.Size <= *f.ObjectSizeGreaterThanBytes,
		f.ObjectSizeLessThanBytes != nil && v.Size >= *f.ObjectSizeLessThanBytes,
		len(f.MatchAnyStorageClass) > 0 && !slices.Contains(f.MatchAnyStorageClass, types.S3StorageClass(v.Class)),
		len(f.MatchAnyObjectEncryption) > 0 && !slices.ContainsFunc(f.MatchAnyObjectEncryption, func(e types.ObjectEncryptionFilter) bool { return encrypted(e, v) }):
		return false
	}
	k := f.KeyNameConstraint
	return k == nil || anyOf(k.MatchAnyPrefix, v.Key, strings.HasPrefix) && anyOf(k.MatchAnySuffix, v.Key, strings.HasSuffix) && anyOf(k.MatchAnySubstring, v.Key, strings.Contains)
}

// anyOf says whether a key matches one of the texts; no texts match every key.
func anyOf(texts []string, key string, matches func(key, text string) bool) bool {
	return len(texts) == 0 || slices.ContainsFunc(texts, func(text string) bool { return matches(key, text) })
}

func encrypted(f types.ObjectEncryptionFilter, v s3.Listed) bool {
	switch f := f.(type) {
	case *types.ObjectEncryptionFilterMemberSSES3:
		return v.Encryption == s3types.ServerSideEncryptionAes256
	case *types.ObjectEncryptionFilterMemberSSEKMS:
		return v.Encryption == s3types.ServerSideEncryptionAwsKms && (f.Value.KmsKeyArn == nil || *f.Value.KmsKeyArn == v.KMSKey) &&
			(f.Value.BucketKeyEnabled == nil || *f.Value.BucketKeyEnabled == v.BucketKey)
	case *types.ObjectEncryptionFilterMemberDSSEKMS:
		return v.Encryption == s3types.ServerSideEncryptionAwsKmsDsse && (f.Value.KmsKeyArn == nil || *f.Value.KmsKeyArn == v.KMSKey)
	}
	return false // everything here is encrypted, and nothing with a customer's own keys
}

// output keeps the generated list where the job wants it, as an inventory.
func (s *Service) output(tx *store.Tx, j Job, by s3.Acting, to types.S3ManifestOutputLocation, source string, tasks []task, state *State) error {
	var list bytes.Buffer
	z := gzip.NewWriter(&list)
	for _, t := range tasks {
		fmt.Fprintf(z, "%q,%q,%q\n", t.Bucket, encodedKey(t.Key), aws.ToString(t.Version))
	}
	if err := z.Close(); err != nil {
		return err
	}
	sum := md5.Sum(list.Bytes())
	bucket, folder := bucketOf(to.Bucket), below(to.ManifestPrefix, "job-"+j.ID)
	file := inventoryFile{Key: folder + "/data/" + tx.UUID() + ".csv.gz", Size: list.Len(), MD5: hex.EncodeToString(sum[:])}
	top, err := json.MarshalIndent(inventory{
		SourceBucket: source, DestinationBucket: aws.ToString(to.Bucket), Version: "2021-11-30", CreationTimestamp: fmt.Sprint(tx.Now().UnixMilli()),
		FileFormat: "CSV", FileSchema: "Bucket, Key, VersionId", Files: []inventoryFile{file},
	}, "", "  ")
	if err != nil {
		return err
	}
	forbidden := because(badGeneration, "Writing the generated manifest is forbidden: AccessDenied")
	if owner, _, there := s.buckets.Bucket(tx, bucket); !there || to.ExpectedManifestBucketOwner != nil && *to.ExpectedManifestBucketOwner != owner {
		return forbidden
	}
	if _, _, err := s.buckets.Write(tx, by, bucket, file.Key, &list); err != nil {
		return forbidden
	}
	key := folder + "/manifest.json"
	etag, version, err := s.buckets.Write(tx, by, bucket, key, bytes.NewReader(top))
	if err != nil {
		return forbidden
	}
	state.Generated = &location{ARN: "arn:aws:s3:::" + bucket + "/" + key, ETag: etag}
	if version != "null" {
		state.Generated.Version = version
	}
	return nil
}

// below is a name in a folder, which may be none.
func below(folder *string, name string) string {
	if f := strings.TrimSuffix(aws.ToString(folder), "/"); f != "" {
		return f + "/" + name
	}
	return name
}
