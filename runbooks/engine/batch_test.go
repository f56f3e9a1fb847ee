package engine_test

import (
	"context"
	"strings"
	"testing"

	"lifeboat/aws/sandbox"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

// A bucket with more in it than one call deletes or one page lists, and, where LOCKED stands, something that must stay.
const fullBucket = `
id: demo
title: A full bucket
kind: lab
summary: A bucket is filled, and everything goes again.
regions: {home: primary}
steps:
  - id: bucket
    phase: prepare
    title: Make a bucket
    why: It holds the objects.
    use: s3-bucket
    with: {name: "demo-${{ account }}", region: "${{ home }}"}
  - id: objects
    phase: prepare
    title: Fill it
    why: A page of a list has a thousand.
    seed: {data: s3-objects, with: {bucket: "${{ bucket.Name }}", prefix: o/, count: 1100, bytes: 256, text: first}}
    hints: [one, two, three]
  - id: again
    phase: prepare
    title: Fill it again
    why: Every version has to go.
    seed: {data: s3-objects, with: {bucket: "${{ bucket.Name }}", prefix: o/, count: 1100, bytes: 256, text: second}}
    hints: [one, two, three]
`

const stays = `
  - id: policy
    phase: prepare
    title: Keep one object
    why: Somebody forbids that it is deleted.
    call: s3.PutBucketPolicy
    with:
      Bucket: "${{ bucket.Name }}"
      Policy:
        Version: "2012-10-17"
        Statement: [{Effect: Deny, Principal: "*", Action: "s3:DeleteObjectVersion", Resource: "${{ bucket.Arn }}/o/00007"}]
    find: {call: s3.GetBucketPolicy, with: {Bucket: "${{ bucket.Name }}"}, take: Policy}
    check: {call: s3.GetBucketPolicy, with: {Bucket: "${{ bucket.Name }}"}, that: "length(Policy) > ` + "`0`" + `", say: It is there, else: put it}
    hints: [one, two, three]
    undo: {none: it goes with the bucket}
`

// Clean-up deletes by the thousand until nothing is listed; what S3 refuses within an answer of success is left, with S3's reason.
func TestCleanUpByTheThousand(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		left []string // in the reasons of what is left
	}{
		"everything goes":  {fullBucket, nil},
		"one object stays": {fullBucket + stays, []string{"AccessDenied: 2 not done, the first is o/00007", "BucketNotEmpty"}},
	} {
		t.Run(name, func(t *testing.T) {
			book, problems := runbooks.Parse("demo.yaml", []byte(c.text), runbooks.Builtin())
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			box, err := sandbox.Open(sandbox.Options{Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			defer box.Close()
			s, err := engine.Start(context.Background(), engine.Options{Runbook: book, Target: box.Target(), Journal: journal.Folder{Dir: t.TempDir()}, Unattended: true, Clean: true})
			if err != nil {
				t.Fatal(err)
			}
			st, deletions := engine.NewState(), 0
			for e := range s.Events() {
				st.Apply(e)
				if e.Kind == journal.StepEnded && e.State == journal.Failed {
					t.Errorf("%s: %s", e.Step, e.Text)
				}
				if e.Kind == journal.CallIntent && e.Call.Op == "s3.DeleteObjects" {
					deletions++
				}
			}
			if _, err := s.Wait(); err != nil {
				t.Fatal(err)
			}
			var reasons []string
			for _, l := range st.Left {
				reasons = append(reasons, l.Reason)
			}
			said := strings.Join(reasons, "\n")
			for _, want := range c.left {
				if !strings.Contains(said, want) {
					t.Errorf("left: %s\nwant %s", said, want)
				}
			}
			if len(c.left) == 0 && len(st.Left) > 0 {
				t.Errorf("left: %s", said)
			}
			if deletions < 3 || deletions > 12 {
				t.Errorf("%d calls of DeleteObjects for 2,200 versions", deletions)
			}
		})
	}
}
