package s3control

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"lifeboat/aws/sandbox/s3"
	"lifeboat/aws/sandbox/store"
)

// completion is the manifest of a completion report ("Examples: S3 Batch Operations completion reports").
type completion struct {
	Format             string
	ReportCreationDate string
	Results            []completed
	ReportSchema       string
}

type completed struct {
	TaskExecutionStatus string
	Bucket              string
	MD5Checksum         string
	Key                 string
}

// outcomes are the lists of a report, in their order.
var outcomes = []string{"succeeded", "failed"}

// report writes what became of the tasks that were run, where the job wants it: a list of those that succeeded, one of those that failed, and
// above them a manifest with its MD5 beside it. A bucket with a default retention takes no reports ("Troubleshooting S3 Batch Operations").
func (s *Service) report(tx *store.Tx, j Job, in *s3control.CreateJobInput, state State) error {
	lists, err := s.lists(tx, j, in.Report.ReportScope == types.JobReportScopeAllTasks, state)
	if err != nil {
		return err
	}
	bucket, folder := bucketOf(in.Report.Bucket), below(in.Report.Prefix, "job-"+j.ID)
	by := s3.Acting{Role: aws.ToString(in.RoleArn), Region: j.Region}
	owner, region, there := s.buckets.Bucket(tx, bucket)
	if !there || region != j.Region || s.buckets.Retains(tx, bucket) || in.Report.ExpectedBucketOwner != nil && *in.Report.ExpectedBucketOwner != owner {
		return because(badReport, reportForbidden)
	}
	write := func(key string, body []byte) error {
		if _, _, err := s.buckets.Write(tx, by, bucket, key, bytes.NewReader(body)); err != nil {
			return because(badReport, reportForbidden)
		}
		return nil
	}
	c := completion{Format: string(in.Report.Format), ReportCreationDate: tx.Now().Format(time.RFC3339Nano), Results: []completed{},
		ReportSchema: "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"}
	for _, outcome := range outcomes {
		body := lists[outcome]
		if len(body) == 0 {
			continue
		}
		name := sha1.Sum([]byte(j.ID + outcome))
		file := completed{outcome, bucket, md5Of(body), folder + "/results/" + hex.EncodeToString(name[:]) + ".csv"}
		if err := write(file.Key, body); err != nil {
			return err
		}
		c.Results = append(c.Results, file)
	}
	top, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := write(folder+"/manifest.json", top); err != nil {
		return err
	}
	return write(folder+"/manifest.json.md5", []byte(md5Of(top)))
}

func md5Of(body []byte) string {
	sum := md5.Sum(body)
	return hex.EncodeToString(sum[:])
}

// lists are the lines of a report by outcome.
func (s *Service) lists(tx *store.Tx, j Job, all bool, state State) (map[string][]byte, error) {
	var bodies [2]bytes.Buffer
	succeeded, failed := csv.NewWriter(&bodies[0]), csv.NewWriter(&bodies[1])
	for n := range state.Begun {
		b, _ := s.batches.Get(tx, j.batch(n))
		var tasks []task
		var results []result
		if err := s.load(b.Tasks, &tasks); err != nil {
			return nil, err
		}
		if err := s.load(b.Results, &results); err != nil {
			return nil, err
		}
		for i, r := range results {
			line := []string{tasks[i].Bucket, encodedKey(tasks[i].Key), aws.ToString(tasks[i].Version)}
			switch {
			case r.Pending: // the job was ended before it was over
			case r.Code != "":
				failed.Write(append(line, "failed", strconv.Itoa(r.Status), r.Code, r.Message))
			case all:
				succeeded.Write(append(line, "succeeded", "200", "", "Successful"))
			}
		}
	}
	succeeded.Flush()
	failed.Flush()
	return map[string][]byte{outcomes[0]: bodies[0].Bytes(), outcomes[1]: bodies[1].Bytes()}, nil
}

// encodedKey is a key as manifests and reports have it: URL-encoded, but for its slashes.
func encodedKey(key string) string {
	return strings.NewReplacer("%2F", "/", "+", "%20").Replace(url.QueryEscape(key))
}
