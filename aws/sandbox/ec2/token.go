package ec2

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Token remembers what a client token made, and of which request, for as long as the thing exists.
type Token struct {
	Request string // SHA-256 of the request without its token
	ID      string
}

func tokenKey(account, region, operation, token string) string {
	return account + "/" + region + "/" + operation + "/" + token
}

// Fingerprint tells requests apart for idempotency: the SHA-256 of the request's members.
func Fingerprint(request any) string {
	raw, err := json.Marshal(request)
	if err != nil {
		raw = fmt.Appendf(nil, "%+v", request)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// once looks a client token up: again says that this very request was done before, and made id. Another request with the
// same token is refused (EC2 User Guide, "Ensuring idempotency").
func (s *Service) once(tx *store.Tx, c wire.Caller, token *string, request any) (id string, again bool, err error) {
	if aws.ToString(token) == "" {
		return "", false, nil
	}
	t, ok := s.tokens.Get(tx, tokenKey(c.Account, c.Region, c.Operation, *token))
	if !ok {
		return "", false, nil
	}
	if t.Request != Fingerprint(request) {
		return "", false, errorf("IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
	}
	return t.ID, true, nil
}

func (s *Service) remember(tx *store.Tx, c wire.Caller, token *string, request any, id string) {
	if aws.ToString(token) != "" {
		s.tokens.Put(tx, tokenKey(c.Account, c.Region, c.Operation, *token), Token{Request: Fingerprint(request), ID: id})
	}
}

func (s *Service) forget(tx *store.Tx, account, region, operation, token string) {
	if token != "" {
		s.tokens.Delete(tx, tokenKey(account, region, operation, token))
	}
}
