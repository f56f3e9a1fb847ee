package wire

import (
	"net/http/httptest"
	"testing"

	"lifeboat/aws/model"
)

// A bucket may be named as S3 Control's paths begin; the account in a header says which of the two is meant.
func TestControlIsNotABucket(t *testing.T) {
	srv := New(Options{Keys: oneKey()})
	for _, test := range []struct{ host, url, account, want string }{
		{"127.0.0.1", "/v20180820/jobs/abcdef", "", "s3.GetObject"},
		{"127.0.0.1", "/v20180820/jobs/abcdef", "111122223333", "s3control.DescribeJob"},
		{"111122223333.localhost", "/v20180820/jobs/abcdef", "111122223333", "s3control.DescribeJob"},
		{"v20180820.localhost", "/jobs", "", "s3.GetObject"},
		{"127.0.0.1", "/v20180820/jobs", "111122223333", "s3control.ListJobs"},
	} {
		r := httptest.NewRequest("GET", test.url, nil)
		r.Host = test.host
		if test.account != "" {
			r.Header.Set("X-Amz-Account-Id", test.account)
		}
		x := &exchange{r: r, sig: signature{service: "s3"}}
		if _, _, err := srv.target(x); err != nil {
			t.Fatal(err)
		}
		if got := x.caller.Service + "." + x.caller.Operation; got != test.want {
			t.Errorf("%s%s for %q: %s, want %s", test.host, test.url, test.account, got, test.want)
		}
	}
}

func TestRoutes(t *testing.T) {
	for _, test := range []struct {
		service, method, url, header string
		want                         string
		uri                          map[string]string
	}{
		{"s3", "GET", "/", "", "ListBuckets", nil},
		{"s3", "GET", "/b", "", "ListObjects", map[string]string{"Bucket": "b"}},
		{"s3", "GET", "/b/?list-type=2&prefix=", "", "ListObjectsV2", map[string]string{"Bucket": "b"}},
		{"s3", "GET", "/b?versions", "", "ListObjectVersions", nil},
		{"s3", "GET", "/b?website", "", "", nil},
		{"s3", "GET", "/b?uploads", "", "ListMultipartUploads", nil},
		{"s3", "GET", "/b/k", "", "GetObject", map[string]string{"Bucket": "b", "Key": "k"}},
		{"s3", "GET", "/b/a%2Fb/c%20d/", "", "GetObject", map[string]string{"Bucket": "b", "Key": "a/b/c d/"}},
		{"s3", "GET", "/b/k?uploadId=1", "", "ListParts", nil},
		{"s3", "GET", "/b/k?tagging", "", "GetObjectTagging", nil},
		{"s3", "PUT", "/b/k", "", "PutObject", nil},
		{"s3", "PUT", "/b/k", "X-Amz-Copy-Source", "CopyObject", nil},
		{"s3", "PUT", "/b/k?partNumber=1&uploadId=1", "", "UploadPart", nil},
		{"s3", "PUT", "/b/k?partNumber=1&uploadId=1", "X-Amz-Copy-Source", "UploadPartCopy", nil},
		{"s3", "DELETE", "/b/k?uploadId=1", "", "AbortMultipartUpload", nil},
		{"s3", "DELETE", "/b/k", "", "DeleteObject", nil},
		{"s3", "POST", "/b?delete", "", "DeleteObjects", nil},
		{"s3", "HEAD", "/b", "", "HeadBucket", nil},
		{"backup", "GET", "/backup-vaults/", "", "ListBackupVaults", nil},
		{"backup", "GET", "/backup-vaults/v", "", "DescribeBackupVault", map[string]string{"BackupVaultName": "v"}},
		{"backup", "GET", "/tags/arn%3Aaws%3Abackup%3Ax%2Fy/", "", "ListTags", map[string]string{"ResourceArn": "arn:aws:backup:x/y"}},
		{"backup", "GET", "/nonsense", "", "", nil},
		{"dlm", "GET", "/policies", "", "GetLifecyclePolicies", nil},
		{"dlm", "GET", "/policies/policy-1/", "", "GetLifecyclePolicy", nil},
		{"ebs", "PUT", "/snapshots/snap-1/blocks/0", "", "PutSnapshotBlock", nil}, // its headers are missing: the validation says so
		{"ebs", "POST", "/snapshots", "", "StartSnapshot", nil},
	} {
		api, err := model.Load(test.service)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(test.method, test.url, nil)
		if test.header != "" {
			r.Header.Set(test.header, "x")
		}
		found, name := newRouter(api).find(r, r.URL.EscapedPath()), ""
		if found.op != nil {
			name = found.op.Name
		}
		if name != test.want {
			t.Errorf("%s %s %s: %q, want %q", test.service, test.method, test.url, name, test.want)
		}
		for k, v := range test.uri {
			for member, got := range found.uri {
				if member == k && got != v {
					t.Errorf("%s: %s is %q, want %q", test.url, k, got, v)
				}
			}
		}
	}
}
