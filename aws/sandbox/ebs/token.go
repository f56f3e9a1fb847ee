package ebs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"lifeboat/aws/sandbox/store"
)

// tokenLife is how long a block token is good for: seven days (EBS User Guide, "Read snapshots with EBS direct APIs").
const tokenLife = 7 * 24 * time.Hour

const (
	blockToken = "block"
	pageToken  = "page"
)

// stamp is what a token stands for: a block of a snapshot, or where a listing of one or two snapshots goes on, for an account.
type stamp struct {
	kind, account string
	of            []string
	index         int32
	expires       time.Time
}

func joined(ids []string) string { return strings.Join(ids, ",") }

func (p stamp) snapshots() string { return joined(p.of) }

// seal makes the token: the stamp and its HMAC.
func (p stamp) seal(key []byte) string {
	text := strings.Join([]string{p.kind, p.account, p.snapshots(), strconv.Itoa(int(p.index)), strconv.FormatInt(p.expires.UnixMilli(), 10)}, "|")
	return base64.StdEncoding.EncodeToString(append(mac(key, text), text...))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// unseal reads a token; ok is false for one that this sandbox did not make.
func unseal(key []byte, token string) (p stamp, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(raw) < sha256.Size {
		return p, false
	}
	text := string(raw[sha256.Size:])
	part := strings.Split(text, "|")
	if !hmac.Equal(raw[:sha256.Size], mac(key, text)) || len(part) != 5 {
		return p, false
	}
	index, _ := strconv.Atoi(part[3])
	expires, _ := strconv.ParseInt(part[4], 10, 64)
	return stamp{part[0], part[1], strings.Split(part[2], ","), int32(index), time.UnixMilli(expires)}, true
}

// seal is the key that signs tokens. It is made when first needed and kept, so tokens outlive a restart.
func (s *Service) seal() (key []byte, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		k, _ := s.seals.Get(tx, "key")
		key = []byte(k)
		return nil
	})
	if err != nil || len(key) > 0 {
		return key, err
	}
	err = s.store.Update(func(tx *store.Tx) error {
		k, ok := s.seals.Get(tx, "key")
		if !ok {
			k = tx.UUID()
			s.seals.Put(tx, "key", k)
		}
		key = []byte(k)
		return nil
	})
	return key, err
}
