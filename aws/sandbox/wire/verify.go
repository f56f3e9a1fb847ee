package wire

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	clockFormat = "20060102T150405Z"
	unsigned    = "UNSIGNED-PAYLOAD"
	streaming   = "STREAMING-"
	// skew is how far a request's time may be from ours.
	skew = 15 * time.Minute
)

// signature is what a request says about its signature, in the Authorization header or in a presigned URL.
type signature struct {
	key, date, region, service string
	signed                     []string // header names, lower case
	hex                        string
	at                         string // X-Amz-Date
	token                      string
	presigned                  bool
	expires                    time.Duration // of a presigned URL
	problem                    refusal
}

// signatureOf reads a request's signature; problem is set when there is none or it is not whole. The scope of SigV4a has no region.
func signatureOf(r *http.Request) signature {
	var s signature
	var credential, algorithm string
	if q := r.URL.Query(); q.Has("X-Amz-Signature") {
		s.presigned = true
		algorithm, credential, s.hex = q.Get("X-Amz-Algorithm"), q.Get("X-Amz-Credential"), q.Get("X-Amz-Signature")
		s.signed, s.at, s.token = strings.Split(q.Get("X-Amz-SignedHeaders"), ";"), q.Get("X-Amz-Date"), q.Get("X-Amz-Security-Token")
		seconds, _ := strconv.Atoi(q.Get("X-Amz-Expires"))
		s.expires = time.Duration(seconds) * time.Second
	} else {
		var rest string
		algorithm, rest, _ = strings.Cut(r.Header.Get("Authorization"), " ")
		for part := range strings.SplitSeq(rest, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			switch name {
			case "Credential":
				credential = value
			case "SignedHeaders":
				s.signed = strings.Split(value, ";")
			case "Signature":
				s.hex = value
			}
		}
		s.at, s.token = r.Header.Get("X-Amz-Date"), r.Header.Get("X-Amz-Security-Token")
	}
	scope := strings.Split(credential, "/")
	switch {
	case algorithm == "":
		s.problem = noSignature
	case len(scope) == 5 && algorithm == "AWS4-HMAC-SHA256":
		s.key, s.date, s.region, s.service = scope[0], scope[1], scope[2], scope[3]
	case len(scope) == 4:
		s.key, s.date, s.service, s.problem = scope[0], scope[1], scope[2], badSignature
	default:
		s.problem = incompleteSignature
	}
	if s.problem == "" && (s.hex == "" || s.at == "") {
		s.problem = incompleteSignature
	}
	return s
}

// verify signs the request again with the SDK's own signer and compares. payloadHash is the SHA-256 of the body, or what the
// X-Amz-Content-Sha256 header says when that is signed (the body is compared with it as it is read).
func (s *Server) verify(r *http.Request, sig signature, payloadHash string) (Key, refusal) {
	if sig.problem != "" {
		return Key{}, sig.problem
	}
	key, err := s.o.Keys.Key(sig.key)
	if err != nil {
		return Key{}, unknownKey
	}
	at, err := time.Parse(clockFormat, sig.at)
	if err != nil || !strings.HasPrefix(sig.at, sig.date) {
		return Key{}, incompleteSignature
	}
	if subtle.ConstantTimeCompare([]byte(sig.token), []byte(key.SessionToken)) != 1 {
		return Key{}, unknownKey
	}
	wanted, err := s.sign(r, sig, key, payloadHash, at)
	if err != nil || subtle.ConstantTimeCompare([]byte(wanted), []byte(sig.hex)) != 1 {
		return Key{}, badSignature
	}
	now := s.o.Wall()
	if !key.Expires.IsZero() && !now.Before(key.Expires) {
		return Key{}, expiredToken
	}
	switch {
	case sig.presigned && now.After(at.Add(sig.expires)):
		return Key{}, expiredURL
	case at.After(now.Add(skew)):
		return Key{}, tooEarly
	case !sig.presigned && at.Before(now.Add(-skew)):
		return Key{}, tooLate
	}
	return key, ""
}

func (s *Server) sign(r *http.Request, sig signature, key Key, payloadHash string, at time.Time) (string, error) {
	u := *r.URL
	again := &http.Request{Method: r.Method, URL: &u, Host: r.Host, Header: make(http.Header, len(sig.signed))}
	for _, name := range sig.signed {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Host":
		case "Content-Length":
			again.ContentLength = r.ContentLength
		default:
			if v, ok := r.Header[name]; ok {
				again.Header[name] = v
			}
		}
	}
	credentials := aws.Credentials{AccessKeyID: sig.key, SecretAccessKey: key.Secret, SessionToken: key.SessionToken}
	options := func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = sig.service == "s3"
		o.DisableHeaderHoisting = true
	}
	if sig.presigned {
		q := u.Query()
		q.Del("X-Amz-Signature")
		u.RawQuery = q.Encode()
		signedURL, _, err := s.signer.PresignHTTP(context.Background(), credentials, again, payloadHash, sig.service, sig.region, at, options)
		if err != nil {
			return "", err
		}
		parsed, err := url.Parse(signedURL)
		if err != nil {
			return "", err
		}
		return parsed.Query().Get("X-Amz-Signature"), nil
	}
	if err := s.signer.SignHTTP(context.Background(), credentials, again, payloadHash, sig.service, sig.region, at, options); err != nil {
		return "", err
	}
	_, hex, _ := strings.Cut(again.Header.Get("Authorization"), "Signature=")
	return hex, nil
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
