package s3control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go"

	buckets "lifeboat/aws/sandbox/s3"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

const (
	// batchSize is how many tasks are done in one transaction.
	batchSize = 250
	// pace is the time that a batch takes.
	pace = 250 * time.Millisecond
	// look is the time between two looks at replications that are under way.
	look = time.Second
)

// Batch is a piece of a job's list.
type Batch struct {
	Tasks   string `json:"tasks"`             // content: JSON of []task
	Results string `json:"results,omitempty"` // content: JSON of []result, in the order of the tasks
}

// task is one object of the list.
type task struct {
	Bucket  string  `json:"b"`
	Key     string  `json:"k"`
	Version *string `json:"v,omitempty"`
}

func (t task) place() buckets.Place {
	return buckets.Place{Bucket: t.Bucket, Key: t.Key, Version: t.Version}
}

// result is what became of a task. The zero value is success.
type result struct {
	Code    string `json:"c,omitempty"`
	Status  int    `json:"s,omitempty"` // HTTP
	Message string `json:"m,omitempty"`
	Pending bool   `json:"p,omitempty"` // it was begun and is not over
}

func (j Job) batch(n int) string { return fmt.Sprintf("%s/%06d", j.key(), n) }

// put keeps a job's list.
func (s *Service) put(tx *store.Tx, j Job, state *State, tasks []task) error {
	state.Total = int64(len(tasks))
	for ; len(tasks) > 0; state.Batches++ {
		n := min(len(tasks), batchSize)
		address, err := s.keep(tasks[:n])
		if err != nil {
			return err
		}
		s.batches.Put(tx, j.batch(state.Batches), Batch{Tasks: address})
		tasks = tasks[n:]
	}
	return nil
}

func (s *Service) keep(v any) (address string, err error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return s.store.Blobs().Put(raw)
}

func (s *Service) load(address string, into any) error {
	raw, err := s.store.Blobs().Get(address)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// discard forgets a job's list and results.
func (s *Service) discard(tx *store.Tx, j Job, state State) {
	for n := range state.Batches {
		s.batches.Delete(tx, j.batch(n))
	}
}

// work does the next batch of a job that is active, and looks how those stand that were begun.
func (s *Service) work(tx *store.Tx, j Job, state *State) error {
	in, err := j.request()
	if err != nil {
		return err
	}
	wait := look
	if state.Begun < state.Batches {
		if err := s.begin(tx, j, in, state); err != nil {
			return err
		}
		wait = pace
	}
	if err := s.settle(tx, j, state); err != nil {
		return err
	}
	run := state.Succeeded + state.Failed
	switch {
	case run >= manyTasks && 2*state.Failed > run:
		s.failing(tx, j, state, "TaskFailureThresholdExceeded", fmt.Sprintf("The task failure rate exceeded 50%%: %d of %d tasks failed", state.Failed, run))
	case state.Done == state.Batches:
		s.enter(tx, j, state, types.JobStatusCompleting)
	default:
		tx.Due(tx.Now().Add(wait), dueStep, j.key())
	}
	return nil
}

// begin does the tasks of the next batch.
func (s *Service) begin(tx *store.Tx, j Job, in *s3control.CreateJobInput, state *State) error {
	key := j.batch(state.Begun)
	b, _ := s.batches.Get(tx, key)
	var tasks []task
	if err := s.load(b.Tasks, &tasks); err != nil {
		return err
	}
	by := buckets.Acting{Role: aws.ToString(in.RoleArn), Region: j.Region}
	results := make([]result, len(tasks))
	for i, t := range tasks {
		results[i] = s.do(tx, by, in.Operation, t)
	}
	var err error
	b.Results, err = s.keep(results)
	s.batches.Put(tx, key, b)
	state.Begun++
	return err
}

// settle counts the batches that are over.
func (s *Service) settle(tx *store.Tx, j Job, state *State) error {
	for state.Done < state.Begun {
		key := j.batch(state.Done)
		b, _ := s.batches.Get(tx, key)
		var results []result
		if err := s.load(b.Results, &results); err != nil {
			return err
		}
		over, err := s.ask(tx, &b, results)
		if !over || err != nil {
			return err
		}
		s.batches.Put(tx, key, b)
		for _, r := range results {
			if r.Code == "" {
				state.Succeeded++
			} else {
				state.Failed++
			}
		}
		state.Done++
	}
	return nil
}

// ask looks how the tasks of a batch stand that were under way. Nothing is kept before all of them are over.
func (s *Service) ask(tx *store.Tx, b *Batch, results []result) (over bool, err error) {
	var tasks []task
	for i := range results {
		if !results[i].Pending {
			continue
		}
		if tasks == nil {
			if err := s.load(b.Tasks, &tasks); err != nil {
				return false, err
			}
		}
		over, code := s.buckets.Replicated(tx, tasks[i].place())
		if !over {
			return false, nil
		}
		if results[i] = (result{}); code != "" {
			results[i] = unreplicated(code, "Amazon S3 could not replicate the object: "+code)
		}
	}
	if tasks != nil {
		b.Results, err = s.keep(results)
	}
	return true, err
}

// unreplicated is the result of a replication that failed for one of Amazon S3's replication failure reasons.
func unreplicated(code, why string) result { return result{Code: code, Status: 400, Message: why} }

// do does what the job is about to one object.
func (s *Service) do(tx *store.Tx, by buckets.Acting, o *types.JobOperation, t task) result {
	if t.Version != nil && *t.Version == "" {
		return result{Code: "InvalidRequest", Status: 400, Message: "Task failed due to missing VersionId"}
	}
	switch {
	case o.S3ReplicateObject != nil:
		if code, why := s.buckets.Replicate(tx, by, t.place()); code != "" {
			return unreplicated(code, why)
		}
		return result{Pending: true}
	case o.S3PutObjectCopy != nil:
		return resultOf(s.buckets.Copy(tx, by, t.place(), copyOf(o.S3PutObjectCopy, t.Key)))
	case o.S3PutObjectTagging != nil:
		return resultOf(s.buckets.Tag(tx, by, t.place(), objectTags(o.S3PutObjectTagging.TagSet)))
	case o.S3DeleteObjectTagging != nil:
		return resultOf(s.buckets.Tag(tx, by, t.place(), nil))
	}
	r := o.S3InitiateRestoreObject
	tier := s3types.TierStandard
	if r.GlacierJobTier == types.S3GlacierJobTierBulk {
		tier = s3types.TierBulk
	}
	return resultOf(s.buckets.Restore(tx, by, t.place(), aws.ToInt32(r.ExpirationInDays), tier))
}

// resultOf is S3's answer to the call that a task makes.
func resultOf(err error) result {
	if err == nil {
		return result{}
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return result{Code: "InternalError", Status: 500, Message: err.Error()}
	}
	return result{Code: api.ErrorCode(), Status: wire.Status(api.ErrorCode()), Message: api.ErrorMessage()}
}

func objectTags(set []types.S3Tag) []s3types.Tag {
	tags := []s3types.Tag{}
	for _, t := range set {
		tags = append(tags, s3types.Tag{Key: t.Key, Value: t.Value})
	}
	return tags
}

// copyOf is the call that copies an object as a job asks for it. The target has the key of the source, with a prefix and a slash in front where
// one was given (Amazon S3 API Reference, "S3CopyObjectOperation").
func copyOf(o *types.S3CopyObjectOperation, key string) *s3.CopyObjectInput {
	if prefix := aws.ToString(o.TargetKeyPrefix); prefix != "" {
		key = prefix + "/" + key
	}
	in := &s3.CopyObjectInput{
		Bucket: aws.String(bucketOf(o.TargetResource)), Key: &key, MetadataDirective: s3types.MetadataDirective(o.MetadataDirective),
		CopySourceIfModifiedSince: o.ModifiedSinceConstraint, CopySourceIfUnmodifiedSince: o.UnModifiedSinceConstraint,
		WebsiteRedirectLocation: o.RedirectLocation, StorageClass: s3types.StorageClass(o.StorageClass), ChecksumAlgorithm: s3types.ChecksumAlgorithm(o.ChecksumAlgorithm),
		ObjectLockLegalHoldStatus: s3types.ObjectLockLegalHoldStatus(o.ObjectLockLegalHoldStatus), ObjectLockMode: s3types.ObjectLockMode(o.ObjectLockMode),
		ObjectLockRetainUntilDate: o.ObjectLockRetainUntilDate,
	}
	if o.SSEAwsKmsKeyId != nil {
		in.ServerSideEncryption, in.SSEKMSKeyId = s3types.ServerSideEncryptionAwsKms, o.SSEAwsKmsKeyId
		in.BucketKeyEnabled = aws.Bool(o.BucketKeyEnabled)
	}
	if m := o.NewObjectMetadata; m != nil {
		in.CacheControl, in.ContentDisposition, in.ContentEncoding, in.ContentLanguage = m.CacheControl, m.ContentDisposition, m.ContentEncoding, m.ContentLanguage
		in.ContentType, in.Expires, in.Metadata, in.MetadataDirective = m.ContentType, m.HttpExpiresDate, m.UserMetadata, s3types.MetadataDirectiveReplace
		if m.SSEAlgorithm == types.S3SSEAlgorithmAes256 {
			in.ServerSideEncryption = s3types.ServerSideEncryptionAes256
		}
	}
	if o.NewObjectTagging != nil {
		tags := url.Values{}
		for _, t := range o.NewObjectTagging {
			tags.Set(aws.ToString(t.Key), aws.ToString(t.Value))
		}
		in.TaggingDirective, in.Tagging = s3types.TaggingDirectiveReplace, aws.String(tags.Encode())
	}
	return in
}
