//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

// noise is content of any length, of which no two places are alike and which is nowhere in memory.
type noise uint64

func (n noise) ReadAt(p []byte, at int64) (int, error) {
	var word [8]byte
	for done := 0; done < len(p); {
		z := uint64(n) + uint64(at/8+1)*0x9e3779b97f4a7c15 // splitmix64
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.LittleEndian.PutUint64(word[:], z^z>>31)
		c := copy(p[done:], word[at%8:])
		done, at = done+c, at+int64(c)
	}
	return len(p), nil
}

func (n noise) part(from, length int64) *io.SectionReader {
	return io.NewSectionReader(n, from, length)
}

const partSize = 64 << 20

// large puts, uploads, copies and reads one large object.
func (s *served) large(ctx context.Context) error {
	c := s.in(home)
	if err := makeBucket(ctx, c, "large", home, false); err != nil {
		return err
	}
	bucket := aws.String("large")
	want := sha256.New()
	if _, err := io.Copy(want, noise(1).part(0, large)); err != nil {
		return err
	}
	read := func(key string) error {
		out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key})
		if err != nil {
			return err
		}
		defer out.Body.Close()
		sum := sha256.New()
		if _, err := io.Copy(sum, out.Body); err != nil {
			return err
		}
		if !bytes.Equal(sum.Sum(nil), want.Sum(nil)) {
			return fmt.Errorf("%s came back as something else", key)
		}
		return nil
	}
	copied := func(key, from string) error {
		_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: &key, CopySource: aws.String("large/" + from)})
		return err
	}
	for _, step := range []struct {
		what  string
		bytes int64
		run   func() error
	}{
		{"1 GiB put", large, func() error {
			_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("put"), Body: noise(1).part(0, large)}, s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
			return err
		}},
		{"1 GiB read", large, func() error { return read("put") }},
		{"1 GiB in parts of 64 MiB, four at a time", large, func() error { return parts(ctx, c, "parts", func(n int32, at int64) upload { return piece(at) }) }},
		{"1 GiB that came in parts, read", large, func() error { return read("parts") }},
		{"1 GiB copied", large, func() error { return copied("copy", "put") }},
		{"1 GiB that came in parts, copied ten times at once", 10 * large, func() error {
			var all errgroup.Group
			for i := range 10 {
				all.Go(func() error { return copied(fmt.Sprint("copy-", i), "parts") })
			}
			return all.Wait()
		}},
		{"1 GiB copied in parts, four at a time", large, func() error {
			return parts(ctx, c, "copied-parts", func(_ int32, at int64) upload { return pieceOf("large/put", at) })
		}},
		{"four reads of 1 GiB at once", 4 * large, func() error {
			var all errgroup.Group
			for _, key := range []string{"put", "parts", "copy-3", "copied-parts"} {
				all.Go(func() error { return read(key) })
			}
			return all.Wait()
		}},
	} {
		if err := s.timed(step.what, step.bytes, step.run); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// upload brings one part and gives its ETag.
type upload func(ctx context.Context, c *s3.Client, in s3.UploadPartInput) (*string, error)

// piece is a part that is sent.
func piece(at int64) upload {
	return func(ctx context.Context, c *s3.Client, in s3.UploadPartInput) (*string, error) {
		in.Body = noise(1).part(at, partSize)
		out, err := c.UploadPart(ctx, &in, s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
		if err != nil {
			return nil, err
		}
		return out.ETag, nil
	}
}

// pieceOf is a part that is copied.
func pieceOf(source string, at int64) upload {
	return func(ctx context.Context, c *s3.Client, in s3.UploadPartInput) (*string, error) {
		out, err := c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: in.Bucket, Key: in.Key, UploadId: in.UploadId, PartNumber: in.PartNumber,
			CopySource: &source, CopySourceRange: aws.String(fmt.Sprintf("bytes=%d-%d", at, at+partSize-1))})
		if err != nil {
			return nil, err
		}
		return out.CopyPartResult.ETag, nil
	}
}

// parts makes the large object in parts.
func parts(ctx context.Context, c *s3.Client, key string, each func(n int32, at int64) upload) error {
	up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String("large"), Key: &key})
	if err != nil {
		return err
	}
	done := make([]types.CompletedPart, large/partSize)
	var all errgroup.Group
	all.SetLimit(4)
	for i := range done {
		all.Go(func() error {
			n := int32(i + 1)
			etag, err := each(n, int64(i)*partSize)(ctx, c, s3.UploadPartInput{Bucket: aws.String("large"), Key: &key, UploadId: up.UploadId, PartNumber: &n})
			done[i] = types.CompletedPart{PartNumber: &n, ETag: etag}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	_, err = c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: aws.String("large"), Key: &key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done}})
	return err
}
