package s3control

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"pgregory.net/rapid"
)

// Every key comes out of a list as it went in, whatever is in it and wherever its column is.
func TestKeysInLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.Permutation([]types.JobManifestFieldName{types.JobManifestFieldNameBucket, types.JobManifestFieldNameKey, types.JobManifestFieldNameVersionId, types.JobManifestFieldNameIgnore}).Draw(t, "fields")
		keys := rapid.SliceOfN(rapid.StringN(1, 40, 1024), 1, 20).Draw(t, "keys")
		var list bytes.Buffer
		lines := csv.NewWriter(&list)
		for _, key := range keys {
			of := map[types.JobManifestFieldName]string{types.JobManifestFieldNameBucket: "here", types.JobManifestFieldNameKey: encodedKey(key), types.JobManifestFieldNameVersionId: "v", types.JobManifestFieldNameIgnore: "x\ny,\"z"}
			var line []string
			for _, f := range fields {
				line = append(line, of[f])
			}
			lines.Write(line)
		}
		lines.Flush()
		tasks, err := rows(&list, fields)
		if err != nil || len(tasks) != len(keys) {
			t.Fatalf("%d tasks of %d keys: %v", len(tasks), len(keys), err)
		}
		for i, task := range tasks {
			if task.Key != keys[i] || task.Bucket != "here" || *task.Version != "v" {
				t.Fatalf("%q came out as %q", keys[i], task.Key)
			}
		}
	})
}

// Whatever stands in a list, reading it gives tasks or says what is wrong with it.
func FuzzRows(f *testing.F) {
	f.Add("here,k\n")
	f.Add("here,100%,\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		tasks, err := rows(strings.NewReader(text), keys)
		if _, ok := err.(*wrong); err != nil && !ok {
			t.Errorf("%q: %v", text, err)
		}
		for _, task := range tasks {
			if task.Bucket == "" || task.Key == "" {
				t.Errorf("%q gives %+v", text, task)
			}
		}
	})
}
