package proof

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"

	"lifeboat/runbooks/journal"
)

const (
	// mostObjects is how many objects a seed writes at the most: five digits keep their keys in the order of their numbers.
	mostObjects = 99_999
	// mostBytes is how long an object is at the most: short enough to be one part, and for eight of them in memory.
	mostBytes = 5 << 20
	// usualBytes is how long an object is where nothing is said.
	usualBytes = 1 << 10
	// noise is how many bytes must be left behind an object's head, so that two texts never give the same object.
	noise = 64
)

// Content is the known content of one object: a head that a person can read, then letters and digits made from it.
func Content(run, text string, number, size int) []byte {
	start := []byte(head(run, text, "object", number))
	out := make([]byte, size)
	if n := copy(out, start); n < size {
		body := hex.EncodeToString(keystream(start, (size-n+1)/2))
		copy(out[n:], body)
	}
	return out
}

// addObject adds an object to a fingerprint as a run wrote it: its number (eight bytes, big-endian) and its SHA-256.
func addObject(run string) func(hash.Hash, int, span) {
	return func(sum hash.Hash, number int, of span) {
		addContent(sum, number, sha256.Sum256(Content(run, of.Text, number, of.Bytes)))
	}
}

func addContent(sum hash.Hash, number int, content [sha256.Size]byte) {
	sum.Write(binary.BigEndian.AppendUint64(nil, uint64(number)))
	sum.Write(content[:])
}

// objects is where known objects are: behind a prefix, or one with a key of its own.
type objects struct {
	Job
	bucket, prefix, key, version, class string
}

// name is the key of an object by its number.
func (o *objects) name(number int) string {
	if o.key != "" {
		return o.key
	}
	return fmt.Sprintf("%s%05d", o.prefix, number)
}

// number is the number of an object by its key; not ok where the key is not one that a seed gives.
func (o *objects) number(key string) (int, bool) {
	digits, ok := strings.CutPrefix(key, o.prefix)
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && len(digits) == 5 && digits[0] != '+' && digits[0] != '-'
}

// entry is an object as a list has it.
type entry struct {
	key, etag, class string
	size             int
	modified         time.Time
}

func listing(page map[string]any) []entry {
	contents, _ := page["Contents"].([]any)
	out := make([]entry, len(contents))
	for i, c := range contents {
		m, _ := c.(map[string]any)
		text := func(name string) string { s, _ := m[name].(string); return s }
		size, _ := number(m["Size"])
		at, _ := time.Parse(time.RFC3339Nano, text("LastModified"))
		out[i] = entry{text("Key"), strings.Trim(text("ETag"), `"`), text("StorageClass"), size, at.UTC()}
	}
	return out
}

// seedObjects writes the objects From..From+count-1 behind a prefix, or one with the key that is given. What is there with its
// content already is not written again: where a bucket keeps versions a seed that is repeated adds none.
func seedObjects(ctx context.Context, j Job) (map[string]any, error) {
	o, mine, err := toWrite(j)
	if err != nil {
		return nil, err
	}
	all, err := baseObjects(j, o)
	if err != nil {
		return nil, err
	}
	done := 0
	var last map[string]any
	for from := mine.From; from <= mine.To; from += pageSize {
		numbers := make([]int, 0, pageSize)
		for n := from; n <= min(from+pageSize-1, mine.To); n++ {
			numbers = append(numbers, n)
		}
		there, err := o.there(ctx, numbers)
		if err != nil {
			return nil, err
		}
		err = each(ctx, most, numbers, func(ctx context.Context, n int) error {
			answer, err := o.write(ctx, n, mine, there[o.name(n)])
			if o.key != "" {
				last = answer
			}
			return err
		}, func(int) {
			done++
			j.progress(done, mine.size())
		})
		if err != nil {
			return nil, err
		}
	}
	all = append(all, mine)
	want := newExpectation(all)
	ranges := make([]any, len(all))
	for i, s := range all {
		ranges[i] = map[string]any{"From": float64(s.From), "To": float64(s.To), "Text": s.Text, "Bytes": float64(s.Bytes)}
	}
	out := map[string]any{"Bucket": o.bucket, "Count": float64(mine.size()), "Bytes": float64(mine.Bytes), "Text": mine.Text, "From": float64(mine.From),
		"Ranges": ranges, "Total": float64(want.total), "Unit": "objects", "Fingerprint": want.fingerprint(addObject(j.Run))}
	if o.key == "" {
		out["Prefix"] = o.prefix
		return out, nil
	}
	out["Key"], out["ETag"], out["VersionId"] = o.key, last["ETag"], last["VersionId"]
	return out, nil
}

// there lists which of some objects are there, whose numbers follow each other.
func (o *objects) there(ctx context.Context, numbers []int) (map[string]entry, error) {
	first, last := o.name(numbers[0]), o.name(numbers[len(numbers)-1])
	with := map[string]any{"Bucket": o.bucket, "Prefix": first, "MaxKeys": 1.0} // the key itself comes before all that begin with it
	if o.key == "" {
		with = map[string]any{"Bucket": o.bucket, "Prefix": o.prefix, "StartAfter": o.name(numbers[0] - 1), "MaxKeys": float64(pageSize)}
	}
	there := map[string]entry{}
	for {
		page, err := o.Call(ctx, "s3.ListObjectsV2", with)
		if err != nil {
			return nil, err
		}
		found := listing(page)
		for _, one := range found {
			there[one.key] = one
		}
		more, _ := page["IsTruncated"].(bool)
		if !more || len(found) == 0 || found[len(found)-1].key >= last {
			return there, nil
		}
		with["StartAfter"] = found[len(found)-1].key
	}
}

// write puts one object, unless it is there as it should be. It gives the answer: that of the look where nothing was written. The
// object is put in the place of the one that was seen and of no other ("Add preconditions to S3 operations with conditional
// requests", S3 user guide): what a seed had on its way when it was cut off may arrive in between.
func (o *objects) write(ctx context.Context, n int, of span, was entry) (map[string]any, error) {
	content := Content(o.Run, of.Text, n, of.Bytes)
	for tries := 1; ; tries++ {
		answer, right, err := o.right(ctx, n, content, was)
		if err != nil || right {
			return answer, err
		}
		with := map[string]any{"Bucket": o.bucket, "Key": o.name(n), "Body": content, "ContentType": "text/plain"}
		if o.class != "" {
			with["StorageClass"] = o.class
		}
		if was.key == "" {
			with["IfNoneMatch"] = "*"
		} else {
			with["IfMatch"] = `"` + was.etag + `"`
		}
		answer, err = o.Call(ctx, "s3.PutObject", with)
		if tries == 3 || !refusedWith(err, "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey") {
			return answer, err
		}
		there, err := o.there(ctx, []int{n})
		if err != nil {
			return nil, err
		}
		was = there[o.name(n)]
	}
}

// right reports whether an object is there with a content and the class it shall have. The ETag of an object in one part is the MD5 of
// its content, except where a KMS key or the customer's own encrypts it ("Object", S3 API reference): an ETag that is the MD5
// proves the content, another one proves nothing, and the content is read.
func (o *objects) right(ctx context.Context, n int, content []byte, was entry) (answer map[string]any, right bool, err error) {
	if was.key == "" || was.size != len(content) || o.class != "" && was.class != o.class {
		return nil, false, nil
	}
	at := map[string]any{"Bucket": o.bucket, "Key": o.name(n)}
	if sum := md5.Sum(content); was.etag == hex.EncodeToString(sum[:]) {
		if o.key != "" { // its version is wanted
			answer, err = o.Call(ctx, "s3.HeadObject", at)
		}
		return answer, true, err
	}
	answer, err = o.Call(ctx, "s3.GetObject", at)
	if refusedWith(err, "InvalidObjectState", "NoSuchKey") {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	data, err := blob(answer["Body"])
	return answer, string(data) == string(content), err
}

// refusedWith reports whether AWS answered with one of some codes.
func refusedWith(err error, codes ...string) bool {
	var e interface{ ErrorCode() string }
	if !errors.As(err, &e) {
		return false
	}
	for _, code := range codes {
		if e.ErrorCode() == code {
			return true
		}
	}
	return false
}

// toWrite is where a seed writes, and what.
func toWrite(j Job) (*objects, span, error) {
	o := &objects{Job: j, bucket: j.text("bucket"), prefix: j.text("prefix"), key: j.text("key"), class: j.text("class")}
	s := span{Text: j.text("text")}
	var err error
	for _, p := range []struct {
		name               string
		into               *int
		least, most, usual int
	}{{"from", &s.From, 1, mostObjects, 1}, {"count", &s.To, 1, mostObjects, 1}, {"bytes", &s.Bytes, 0, mostBytes, usualBytes}} {
		if *p.into, err = j.whole(p.name, p.least, p.most, p.usual); err != nil {
			return nil, s, err
		}
	}
	s.To += s.From - 1
	switch least := len(head(j.Run, s.Text, "object", mostObjects)) + noise; {
	case o.bucket == "":
		return nil, s, fmt.Errorf("s3-objects needs bucket: the name of a bucket")
	case len(s.Text) > 200:
		return nil, s, fmt.Errorf("text: it is longer than 200 characters")
	case strings.ContainsRune(s.Text, '\n'):
		return nil, s, fmt.Errorf("text: it has more than one line")
	case s.To > mostObjects:
		return nil, s, fmt.Errorf("from and count: the last object would be number %d, and there are %d at the most", s.To, mostObjects)
	case s.Bytes < least:
		return nil, s, fmt.Errorf("bytes: %d are too few for this text: give %d or more", s.Bytes, least)
	case o.key != "" && s.size() > 1:
		return nil, s, fmt.Errorf("count: %d objects cannot have one key: give a prefix", s.size())
	case o.key == "" && j.With["count"] == nil:
		return nil, s, fmt.Errorf("s3-objects needs count: how many objects, or key: the key of one")
	}
	return o, s, nil
}

// baseObjects gives what the step that With["base"] names has written, its own base included; nothing when there is none.
func baseObjects(j Job, o *objects) ([]span, error) {
	name := j.text("base")
	if name == "" {
		return nil, nil
	}
	seeded, ok := j.Seeded(name)
	if !ok {
		return nil, fmt.Errorf("base: the seed step %s has written nothing in this run", name)
	}
	if prefix, _ := seeded["Prefix"].(string); o.key != "" || seeded["Key"] != nil || prefix != o.prefix {
		return nil, fmt.Errorf("base: the objects of the seed step %s have other keys: only a seed behind the same prefix changes them", name)
	}
	return seededObjects(seeded)
}

func seededObjects(seeded map[string]any) ([]span, error) {
	list, _ := seeded["Ranges"].([]any)
	if len(list) == 0 || seeded["Bucket"] == nil {
		return nil, fmt.Errorf("the seed step has no list of objects: name a step that seeds s3-objects")
	}
	out := make([]span, len(list))
	for i, v := range list {
		m, _ := v.(map[string]any)
		from, okFrom := number(m["From"])
		to, okTo := number(m["To"])
		bytes, okBytes := number(m["Bytes"])
		text, okText := m["Text"].(string)
		if !okFrom || !okTo || !okBytes || !okText {
			return nil, fmt.Errorf("the seed step's list of objects is damaged at position %d", i)
		}
		out[i] = span{From: from, To: to, Text: text, Bytes: bytes}
	}
	return out, nil
}

// proveObjects reads every object behind the prefix (that of the seed, unless another is given) and accounts for each: those that were
// written, those that are missing, and those that nobody wrote. Of a seed with a key of its own it reads that object, or the version
// that is given. Contents are compared, never ETags. Nothing but one page of the list and eight objects is held.
func proveObjects(ctx context.Context, j Job, seeded map[string]any) (journal.Proof, error) {
	all, err := seededObjects(seeded)
	if err != nil {
		return journal.Proof{}, err
	}
	o := &objects{Job: j, bucket: j.text("bucket"), prefix: j.text("prefix"), key: j.text("key"), version: j.text("version")}
	if o.bucket == "" {
		return journal.Proof{}, fmt.Errorf("s3-objects needs bucket: the name of a bucket")
	}
	wasKey, _ := seeded["Key"].(string)
	wasPrefix, _ := seeded["Prefix"].(string)
	switch one := wasKey != ""; {
	case one && o.key == "":
		o.key = wasKey
	case one:
	case o.key != "" || o.version != "":
		return journal.Proof{}, fmt.Errorf("key and version are for a seed of one object with a key of its own: leave them out")
	case j.With["prefix"] == nil:
		o.prefix = wasPrefix
	}
	c := &objectComparison{objects: o, sum: sha256.New(), tally: tally{one: "object", many: "objects", label: o.name, want: newExpectation(all)}}
	c.why = func(n int) string { return o.hidden(ctx, n) }
	if o.key != "" {
		err = c.single(ctx, all[0].From)
	} else {
		err = c.all(ctx)
	}
	if err != nil {
		return journal.Proof{}, err
	}
	return c.proof(), nil
}
