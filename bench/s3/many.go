//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

// atOnce is how many small requests are under way.
const atOnce = 16

func makeBucket(ctx context.Context, c *s3.Client, name, region string, versions bool) error {
	_, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}})
	if err == nil && versions {
		_, err = c.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	}
	return err
}

// each does something for the numbers below n, several at once.
func each(n int, do func(i int) error) error {
	var all errgroup.Group
	all.SetLimit(atOnce)
	for i := range n {
		all.Go(func() error { return do(i) })
	}
	return all.Wait()
}

func name(i int) *string { return aws.String(fmt.Sprintf("folder-%02d/object-%06d", i%100, i)) }

// list makes that many keys and lists them by pages.
func (s *served) list(ctx context.Context, n int) error {
	c := s.in(home)
	if err := makeBucket(ctx, c, "listed", home, false); err != nil {
		return err
	}
	bucket := aws.String("listed")
	err := s.timed(fmt.Sprintf("%d empty objects put, %d at a time", n, atOnce), 0, func() error {
		return each(n, func(i int) error {
			_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: name(i)})
			return err
		})
	})
	if err != nil {
		return err
	}
	return s.timed(fmt.Sprintf("%d keys listed by pages", n), 0, func() error {
		found := 0
		for pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: bucket}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			found += len(page.Contents)
		}
		if found != n {
			return fmt.Errorf("%d of %d keys", found, n)
		}
		return nil
	})
}

// small is the content of a small object: 1 KiB that no other has.
func small(i int) []byte {
	b := make([]byte, 1<<10)
	noise(i).ReadAt(b, 0)
	return b
}

// replicate puts small objects, waits until they are in the other Region, and reads each there.
func (s *served) replicate(ctx context.Context, n int) error {
	here, there := s.in(home), s.in(away)
	from, to := aws.String("source"), aws.String("replicas")
	if err := s.replicates(ctx, *from, *to); err != nil {
		return err
	}
	return s.timed(fmt.Sprintf("%d objects of 1 KiB put, replicated and read", n), 0, func() error {
		err := each(n, func(i int) error {
			_, err := here.PutObject(ctx, &s3.PutObjectInput{Bucket: from, Key: name(i), Body: bytes.NewReader(small(i))})
			return err
		})
		if err != nil {
			return err
		}
		if err := arrived(ctx, there, to, n); err != nil {
			return err
		}
		return each(n, func(i int) error {
			out, err := there.GetObject(ctx, &s3.GetObjectInput{Bucket: to, Key: name(i)})
			if err != nil {
				return err
			}
			defer out.Body.Close()
			body, err := io.ReadAll(out.Body)
			if err == nil && (!bytes.Equal(body, small(i)) || out.ReplicationStatus != types.ReplicationStatusReplica) {
				err = fmt.Errorf("%s is not the replica of its source", *name(i))
			}
			return err
		})
	})
}

// arrived waits until a bucket has that many objects.
func arrived(ctx context.Context, c *s3.Client, bucket *string, n int) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		found := 0
		for pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: bucket}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			found += len(page.Contents)
		}
		if found == n {
			return nil
		}
	}
	return fmt.Errorf("the objects did not all arrive in %s within a minute", *bucket)
}

// replicates makes both buckets, a role that S3 can assume, and the rule.
func (s *served) replicates(ctx context.Context, from, to string) error {
	if err := makeBucket(ctx, s.in(home), from, home, true); err != nil {
		return err
	}
	if err := makeBucket(ctx, s.in(away), to, away, true); err != nil {
		return err
	}
	c := s.config.Copy()
	c.Region = home
	role, err := iam.NewFromConfig(c).CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("replicates"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	if err != nil {
		return err
	}
	_, err = iam.NewFromConfig(c).PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("replicates"), PolicyName: aws.String("replicates"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)})
	if err != nil {
		return err
	}
	time.Sleep(time.Second) // a minute of the sandbox: the role can be assumed
	_, err = s.in(home).PutBucketReplication(ctx, &s3.PutBucketReplicationInput{Bucket: &from, ReplicationConfiguration: &types.ReplicationConfiguration{
		Role: role.Role.Arn, Rules: []types.ReplicationRule{{
			ID: aws.String("all"), Status: types.ReplicationRuleStatusEnabled, Priority: aws.Int32(1), Filter: &types.ReplicationRuleFilter{Prefix: aws.String("")},
			DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusDisabled},
			Destination:             &types.Destination{Bucket: aws.String("arn:aws:s3:::" + to)},
		}},
	}})
	return err
}
