package s3

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/try"
)

// beingRead is how many contents are held for their readers.
func (w *world) beingRead() int {
	w.readings.mu.Lock()
	defer w.readings.mu.Unlock()
	return len(w.readings.of)
}

// sweep removes what nothing refers to, and says whether that content is left.
func (w *world) sweep(t testing.TB, hash string) (there bool) {
	t.Helper()
	if err := w.Store.Sweep(); err != nil {
		t.Fatal(err)
	}
	_, err := w.Store.Blobs().Get(hash)
	return err == nil
}

// Who began to read an object reads it to its end, though it is deleted and its content swept meanwhile; then the content goes.
func TestAnObjectDeletedWhileItIsRead(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		w := newWorld(t, dir)
		c := w.bucket(t, us, east, "things")
		body := bulk(40 * chunkSize) // more than connections hold
		must[*s3.PutObjectOutput](t)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: p("things"), Key: p("k"), Body: bytes.NewReader(body)}))
		ending, end := context.WithCancel(ctx)
		out := must[*s3.GetObjectOutput](t)(c.GetObject(ending, &s3.GetObjectInput{Bucket: p("things"), Key: p("k"), Range: p(fmt.Sprintf("bytes=%d-", chunkSize/2))}))
		_, o, _, _, err := w.read(try.As(us, east, "s3", ""), reading{ask: ask{bucket: p("things"), key: "k"}, request: &s3.GetObjectInput{}})
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 10)
		if _, err := io.ReadFull(out.Body, first); err != nil {
			t.Fatal(err)
		}
		must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("things"), Key: p("k")}))
		if !w.sweep(t, o.Content.Address) {
			t.Error("a sweep took what is being read")
		}
		rest, err := io.ReadAll(out.Body)
		if err != nil || !bytes.Equal(append(first, rest...), body[chunkSize/2:]) {
			t.Errorf("%d bytes, %v", len(rest), err)
		}
		end()
		for w.beingRead() > 0 { // the answer's handler ends a moment after its last byte
			runtime.Gosched()
		}
		if w.sweep(t, o.Content.Address) {
			t.Error("what nobody reads any more was left")
		}
	}
}

// Any span of a content is the same span of its bytes, read in pieces or written as a stream.
func TestSpansOfContent(t *testing.T) {
	w := newWorld(t, t.TempDir())
	body := bulk(3*chunkSize + 77)
	put, release := w.held()
	defer release()
	c, err := w.keep(bytes.NewReader(body), -1, put)
	if err != nil {
		t.Fatal(err)
	}
	edge := rapid.OneOf(rapid.IntRange(0, len(body)), rapid.SampledFrom([]int{0, chunkSize - 1, chunkSize, chunkSize + 1, 3 * chunkSize, len(body)}))
	rapid.Check(t, func(t *rapid.T) {
		from, to := edge.Draw(t, "from"), edge.Draw(t, "to")
		from, to = min(from, to), max(from, to)
		r := w.open(c, int64(from), int64(to-from))
		defer r.Close()
		var got bytes.Buffer
		if rapid.Bool().Draw(t, "whole") {
			_, err = r.WriteTo(&got)
		} else {
			_, err = io.CopyBuffer(&got, struct{ io.Reader }{r}, make([]byte, rapid.IntRange(1, 2*chunkSize).Draw(t, "buffer")))
		}
		if err != nil || !bytes.Equal(got.Bytes(), body[from:to]) {
			t.Fatalf("%d to %d: %d bytes, %v", from, to, got.Len(), err)
		}
	})
	if w.beingRead() != 0 {
		t.Error("closed readers hold content")
	}
}
