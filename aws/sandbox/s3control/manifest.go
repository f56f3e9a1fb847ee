package s3control

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/s3"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Codes of jobs that failed. InvalidManifestContent is AWS's; the others have AWS's reason, where one is known, under a code of ours.
const (
	badContent      = "InvalidManifestContent"
	badManifest     = "ManifestNotReadable"
	badGeneration   = "ManifestGenerationFailed"
	badReport       = "JobReportNotWritten"
	otherManifest   = "The manifest is not found, or its ETag is another one."
	invalidContent  = "Invalid Manifest Content"
	improperlyMade  = "Manifest file is not properly formatted"
	invalidKey      = "Invalid object key format"
	nothingMatches  = "Manifest generation found no keys matching the filter criteria."
	reportForbidden = "The job report could not be written to your report bucket. Please check your permissions."
)

// listed is the list of what a job is to do, from its manifest or from its filter.
func (s *Service) listed(tx *store.Tx, j Job, in *s3control.CreateJobInput, state *State) ([]task, error) {
	by := s3.Acting{Role: aws.ToString(in.RoleArn), Region: j.Region}
	if g, ok := in.ManifestGenerator.(*types.JobManifestGeneratorMemberS3JobManifestGenerator); ok {
		return s.generate(tx, j, by, g.Value, state)
	}
	return s.read(tx, by, in.Manifest)
}

// read reads a manifest that is an object ("Specifying a manifest").
func (s *Service) read(tx *store.Tx, by s3.Acting, m *types.JobManifest) ([]task, error) {
	bucket, key, _ := objectOf(aws.ToString(m.Location.ObjectArn))
	body, etag, err := s.fetch(tx, by, s3.Place{Bucket: bucket, Key: key, Version: m.Location.ObjectVersionId})
	switch {
	case err != nil:
		return nil, err
	case etag != strings.Trim(aws.ToString(m.Location.ETag), `"`):
		return nil, because(badManifest, otherManifest)
	}
	var tasks []task
	if m.Spec.Format == types.JobManifestFormatS3InventoryReportCsv20161130 {
		tasks, err = s.inventory(tx, by, body)
	} else {
		tasks, err = rows(bytes.NewReader(body), m.Spec.Fields)
	}
	if err == nil && len(tasks) == 0 {
		return nil, because(badContent, invalidContent)
	}
	return tasks, err
}

// fetch reads an object as the job's role.
func (s *Service) fetch(tx *store.Tx, by s3.Acting, p s3.Place) (body []byte, etag string, err error) {
	r, etag, err := s.buckets.Read(tx, by, p)
	api, refused := errors.AsType[smithy.APIError](err)
	switch {
	case refused && wire.Status(api.ErrorCode()) == http.StatusNotFound:
		return nil, "", because(badManifest, otherManifest)
	case refused:
		return nil, "", because(badManifest, "Reading the manifest is forbidden: "+api.ErrorCode())
	case err != nil:
		return nil, "", err
	}
	defer r.Close()
	body, err = io.ReadAll(r)
	return body, etag, err
}

// rows reads a list whose columns are fields. Keys are URL-encoded.
func rows(r io.Reader, fields []types.JobManifestFieldName) (tasks []task, err error) {
	bucket, key, version := slices.Index(fields, types.JobManifestFieldNameBucket), slices.Index(fields, types.JobManifestFieldNameKey), slices.Index(fields, types.JobManifestFieldNameVersionId)
	if bucket < 0 || key < 0 {
		return nil, because(badContent, "Required fields are missing in the schema: Bucket, Key")
	}
	lines := csv.NewReader(r)
	lines.FieldsPerRecord, lines.ReuseRecord = len(fields), true
	for {
		line, err := lines.Read()
		if err == io.EOF {
			return tasks, nil
		}
		if err != nil {
			return nil, because(badContent, improperlyMade)
		}
		t := task{Bucket: strings.Clone(line[bucket])}
		if t.Key, err = url.QueryUnescape(line[key]); err != nil || t.Key == "" || t.Bucket == "" {
			return nil, because(badContent, invalidKey)
		}
		if version >= 0 {
			t.Version = aws.String(strings.Clone(line[version]))
		}
		tasks = append(tasks, t)
	}
}

// inventory is the manifest of an inventory: where its lists are ("Locating your inventory list").
type inventory struct {
	SourceBucket      string          `json:"sourceBucket"`
	DestinationBucket string          `json:"destinationBucket"` // ARN
	Version           string          `json:"version"`
	CreationTimestamp string          `json:"creationTimestamp"` // ms since 1970
	FileFormat        string          `json:"fileFormat"`
	FileSchema        string          `json:"fileSchema"`
	Files             []inventoryFile `json:"files"`
}

type inventoryFile struct {
	Key  string `json:"key"`
	Size int    `json:"size"`
	MD5  string `json:"MD5checksum"`
}

// inventory reads the lists that an inventory's manifest names.
func (s *Service) inventory(tx *store.Tx, by s3.Acting, body []byte) (all []task, err error) {
	var m inventory
	if err := json.Unmarshal(body, &m); err != nil || m.FileFormat != "CSV" {
		return nil, because(badContent, improperlyMade)
	}
	var fields []types.JobManifestFieldName
	for name := range strings.SplitSeq(m.FileSchema, ",") {
		fields = append(fields, types.JobManifestFieldName(strings.TrimSpace(name)))
	}
	for _, f := range m.Files {
		packed, _, err := s.fetch(tx, by, s3.Place{Bucket: bucketOf(&m.DestinationBucket), Key: f.Key})
		if err != nil {
			return nil, err
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, because(badContent, improperlyMade)
		}
		tasks, err := rows(z, fields)
		if err != nil {
			return nil, err
		}
		all = append(all, tasks...)
	}
	return all, nil
}
