// Package proof writes known data, reads it back and compares it with what was written.
//
// Data is known because it can be made again: content is a function of the run, a text and a place, never kept. What is
// expected at a place is therefore computed, not remembered, and a comparison says what stands there instead. Each kind
// of data is one file and one line of the table; a comparison accounts for every unit, or fails.
package proof

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"lifeboat/aws/endpoint"
	"lifeboat/runbooks/journal"
)

// Job is one seeding or one comparison.
type Job struct {
	Run  string         // id of the run: no two runs write the same data
	With map[string]any // what the kind needs, filled in
	// Call makes one AWS call where the step acts, and gives its answer.
	Call func(ctx context.Context, op string, params map[string]any) (map[string]any, error)
	// SQL opens a session at a database of an instance, where the step acts. Whoever asks for it closes it.
	SQL func(ctx context.Context, instance, database string) (endpoint.Conn, error)
	// Seeded gives the output of an earlier seed step.
	Seeded func(step string) (map[string]any, bool)
	// Progress, when set, is told how far it is. It may be called from several goroutines, never at once.
	Progress func(done, total int)
}

// Kind is one kind of data.
type Kind struct {
	// Looks are the operations that Seed reads with before it writes.
	Looks []string
	// Writes is the operation that Seed writes with, endpoint.Statement where that is SQL. Seeding again writes the same, so a seed that was cut off is repeated.
	Writes string
	// Reads are the operations that Prove reads with.
	Reads []string
	// SeedWith and ProveWith are the parameters that Seed and Prove take in Job.With; true is required.
	SeedWith, ProveWith map[string]bool
	// OneOf are parameters of Seed of which exactly one is given.
	OneOf []string
	// Gives is Seed's output: its members, each with a value of its sort.
	Gives map[string]any
	// Dates says that Prove knows when the newest unit was written.
	Dates bool
	// Seed writes data and gives its step's output, from which Prove makes the expected data again.
	Seed func(context.Context, Job) (map[string]any, error)
	// Prove reads data and compares it with what a seed step, given by its output, has written.
	Prove func(context.Context, Job, map[string]any) (journal.Proof, error)
}

// kinds is every kind of data there is.
func kinds() map[string]Kind {
	return map[string]Kind{
		"ebs-blocks": {
			Writes: "ebs.PutSnapshotBlock", Reads: []string{"ebs.ListSnapshotBlocks", "ebs.GetSnapshotBlock"},
			SeedWith:  map[string]bool{"snapshot": true, "gib": true, "text": true, "blocks": false, "count": false, "base": false},
			ProveWith: map[string]bool{"snapshot": true, "gib": false},
			OneOf:     []string{"blocks", "count"},
			Gives:     map[string]any{"Indexes": []any{0.0}, "Texts": []any{""}, "Count": 0.0, "Total": 0.0, "Unit": "", "Fingerprint": "", "ChangedBlocksCount": 0.0},
			Seed:      seedBlocks, Prove: proveBlocks,
		},
		"sql-rows": {
			Writes: endpoint.Statement, Reads: endpoint.Operations(),
			SeedWith:  map[string]bool{"instance": true, "database": true, "table": true, "rows": true, "text": true, "from": false, "base": false},
			ProveWith: map[string]bool{"instance": true, "database": true, "table": true},
			Gives:     map[string]any{"Ranges": []any{nil}, "Count": 0.0, "Total": 0.0, "Unit": "", "Fingerprint": ""},
			Dates:     true,
			Seed:      seedRows, Prove: proveRows,
		},
		"s3-objects": {
			Looks:  []string{"s3.ListObjectsV2", "s3.HeadObject", "s3.GetObject"},
			Writes: "s3.PutObject", Reads: []string{"s3.ListObjectsV2", "s3.GetObject", "s3.ListObjectVersions"},
			SeedWith:  map[string]bool{"bucket": true, "prefix": false, "count": false, "key": false, "text": true, "from": false, "bytes": false, "base": false, "class": false},
			ProveWith: map[string]bool{"bucket": true, "prefix": false, "key": false, "version": false},
			OneOf:     []string{"count", "key"},
			Gives: map[string]any{"Bucket": "", "Prefix": "", "Key": "", "ETag": "", "VersionId": "", "Bytes": 0.0, "Text": "", "From": 0.0,
				"Ranges": []any{nil}, "Count": 0.0, "Total": 0.0, "Unit": "", "Fingerprint": ""},
			Dates: true,
			Seed:  seedObjects, Prove: proveObjects,
		},
	}
}

// Find gives the kind of a name.
func Find(name string) (Kind, error) {
	k, ok := kinds()[name]
	if !ok {
		return Kind{}, fmt.Errorf("there is no kind of data %q: write one of %v", name, Kinds())
	}
	return k, nil
}

// Kinds gives the names of all kinds, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds())) }
