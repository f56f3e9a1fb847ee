package wire

import (
	"net"
	"net/http"
	"strings"
)

// local is this machine, and so is every name below it (RFC 6761, section 6.3).
const local = "localhost"

// bucketHost is the bucket of a virtual-hosted-style request to S3, as the path begins that would name it: Host
// BUCKET.localhost or BUCKET.s3.localhost (Amazon S3 User Guide, "Virtual hosting of buckets").
func bucketHost(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	bucket, isLocal := strings.CutSuffix(strings.ToLower(host), "."+local)
	bucket = strings.TrimSuffix(bucket, ".s3")
	if !isLocal || bucket == "s3" {
		return ""
	}
	return "/" + bucket
}

// loopback says whether a Host header names this machine: a web page that had its name rebound to 127.0.0.1 sends its own.
func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if name := strings.ToLower(host); name == local || strings.HasSuffix(name, "."+local) {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// isControl tells S3 Control from S3, which are one service in a signature: each of its requests names the account, and none of S3's does.
// The path does not tell, for v20180820 is a bucket's name as well (Amazon S3 API Reference, "CreateJob").
func isControl(r *http.Request) bool { return r.Header.Get("X-Amz-Account-Id") != "" }
