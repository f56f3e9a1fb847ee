package runbooks

import (
	"fmt"
	"slices"
	"strings"

	"lifeboat/aws/calls"
	"lifeboat/runbooks/expr"
)

// seed writes data that begins with a text and a number, as known as what lifeboat writes.
func (s *shell) seed(step *Step) []string {
	switch step.Seed.Data {
	case "ebs-blocks":
		return s.blocks(step)
	case "s3-objects":
		return s.objects(step)
	}
	return append([]string{"# this step writes known data"}, s.asked(step)...)
}

// prove reads data, which a person compares with what was written.
func (s *shell) prove(step *Step) []string {
	with := step.Prove.With
	switch step.Prove.Data {
	case "ebs-blocks":
		snapshot, _ := with.Get("snapshot")
		of := Value{Kind: Mapping, Map: []Field{{Name: "SnapshotId", Value: snapshot}}}
		return []string{"# read every block that this lists, and compare its SHA-256 with what was written",
			s.command(step, "ebs.ListSnapshotBlocks", of, "", "", "")}
	case "sql-rows":
		return []string{"# compare every row that this lists with what was written", s.rows(step, with)}
	case "s3-objects":
		at := s.ids[expr.Name(step.Prove.Against)].Seed.With
		bucket, _ := with.Get("bucket")
		if key, one := at.Get("key"); one {
			return []string{"# compare its content with what was written",
				s.expand(fmt.Sprintf("aws s3 cp --region %s s3://%v/%v -", s.region(step.Region, step), s.fill(bucket, nil, step), s.fill(key, nil, step)))}
		}
		prefix, _ := at.Get("prefix")
		return []string{"# compare the content of every object with what was written",
			s.expand(fmt.Sprintf("aws s3 cp --recursive --region %s s3://%v/%v back/", s.region(step.Region, step), s.fill(bucket, nil, step), s.fill(prefix, nil, step)))}
	}
	return []string{"# compare the data with what was written"}
}

// objects writes objects, and reads what later steps want to know of one.
func (s *shell) objects(step *Step) []string {
	given := func(name string, other any) any {
		v, there := step.Seed.With.Get(name)
		if !there {
			return other
		}
		return s.fill(v, nil, step)
	}
	put := func(to string) string {
		class := ""
		if given("class", "") != "" {
			class = fmt.Sprintf(" --storage-class %v", given("class", ""))
		}
		return fmt.Sprintf("aws s3 cp --region %s%s - s3://%v/%s", s.region(step.Region, step), class, given("bucket", ""), to)
	}
	text := fmt.Sprint(given("text", ""))
	if key, _ := given("key", "").(string); key != "" {
		out := []string{s.expand("printf '%s\\n' " + calls.Quote(text) + " | " + put(key))}
		for _, name := range s.setBy(step) {
			out = append(out, s.expand(fmt.Sprintf("%s=$(aws s3api head-object --region %s --bucket %v --key %s --query %s --output text)",
				name, s.region(step.Region, step), given("bucket", ""), calls.Quote(key), calls.Quote(s.sets[expr.Name(step.ID)][name]))))
		}
		return out
	}
	from, _ := given("from", 1.0).(float64)
	count, _ := given("count", 0.0).(float64)
	return append([]string{fmt.Sprintf("for N in $(seq -f %%05g %g %g); do", from, from+count-1),
		s.expand("  printf '%s %s\\n' " + calls.Quote(text) + ` "$N" | ` + put(fmt.Sprint(given("prefix", ""))+`"$N"`)), "done"}, s.asked(step)...)
}

// blocks writes blocks.
func (s *shell) blocks(step *Step) []string {
	blocks, listed := step.Seed.With.Get("blocks")
	snapshot, _ := step.Seed.With.Get("snapshot")
	text, _ := step.Seed.With.Get("text")
	indexes, ok := s.fill(blocks, nil, step).([]any)
	if !listed || !ok {
		return append([]string{"# this step writes known data"}, s.asked(step)...)
	}
	words := make([]string, len(indexes))
	for i, v := range indexes {
		words[i] = fmt.Sprint(v)
	}
	out := []string{"for INDEX in " + strings.Join(words, " ") + "; do",
		s.expand("  printf '%-524288s' " + calls.Quote(fmt.Sprint(s.fill(text, nil, step))+" block ") + `"$INDEX" > block.bin`),
		s.expand(fmt.Sprintf(`  aws ebs put-snapshot-block --region %s --snapshot-id %s --block-index "$INDEX" --block-data block.bin --data-length 524288 \`,
			s.region(step.Region, step), s.fill(snapshot, nil, step))),
		`    --checksum "$(openssl dgst -sha256 -binary block.bin | base64)" --checksum-algorithm SHA256`, "done"}
	for _, name := range s.setBy(step) {
		if s.sets[expr.Name(step.ID)][name] == "ChangedBlocksCount" {
			out = append(out, fmt.Sprintf("%s=%d", name, len(indexes)))
		}
	}
	return out
}

// rows lists the rows of a table of known rows.
func (s *shell) rows(step *Step, with Value) string {
	table, _ := with.Get("table")
	run := Field{Name: "run", Value: Value{Kind: Scalar, Scalar: fmt.Sprintf("select * from %v order by id", s.fill(table, nil, step))}}
	return s.command(step, SQL, Value{Kind: Mapping, Map: append(slices.Clone(with.Map), run)}, "", "", "")
}
