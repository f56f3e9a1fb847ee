package postgres

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"lifeboat/aws/sandbox/database/postgres/dialect"
)

const mechanism = "SCRAM-SHA-256"

// rounds is Postgres's default of scram_iterations.
const rounds = 4096

// authenticate has the client prove its password by SCRAM-SHA-256 (RFC 5802, RFC 7677; "SASL Authentication" in Postgres's manual).
// An unknown user goes through the same, so that nobody learns who there is.
func (c *session) authenticate() error {
	password, known := c.server.o.Password(c.user)
	refused := dialect.Errorf("28P01", "password authentication failed for user %q", c.user)
	c.b.Send(&pgproto3.AuthenticationSASL{AuthMechanisms: []string{mechanism}})
	if err := c.b.SetAuthType(pgproto3.AuthTypeSASL); err != nil {
		return err
	}
	m, err := c.answer()
	if err != nil {
		return err
	}
	first, ok := m.(*pgproto3.SASLInitialResponse)
	if !ok || first.AuthMechanism != mechanism {
		return dialect.Errorf("08P01", "client selected an invalid SASL authentication mechanism")
	}
	x, err := newExchange(string(first.Data), password)
	if err != nil {
		return err
	}
	c.b.Send(&pgproto3.AuthenticationSASLContinue{Data: []byte(x.serverFirst)})
	if err := c.b.SetAuthType(pgproto3.AuthTypeSASLContinue); err != nil {
		return err
	}
	if m, err = c.answer(); err != nil {
		return err
	}
	last, ok := m.(*pgproto3.SASLResponse)
	if !ok {
		return dialect.Errorf("08P01", "expected SASL response")
	}
	signature, proved := x.finish(string(last.Data))
	if !proved || !known {
		return refused
	}
	c.b.Send(&pgproto3.AuthenticationSASLFinal{Data: []byte("v=" + signature)})
	return nil
}

// answer sends what waits to be sent and reads what the client says to it.
func (c *session) answer() (pgproto3.FrontendMessage, error) {
	if c.b.Flush() != nil {
		return nil, errGone
	}
	m, err := c.b.Receive()
	if err != nil {
		return nil, errGone
	}
	return m, nil
}

// exchange is the server's side of SCRAM.
type exchange struct {
	clientFirst, serverFirst, nonce, header string
	salted                                  []byte
}

// newExchange answers the client's first message.
func newExchange(message, password string) (*exchange, error) {
	malformed := dialect.Errorf("08P01", "malformed SCRAM message")
	parts := strings.SplitN(message, ",", 3) // n,,n=user,r=nonce
	if len(parts) < 3 || parts[0] != "n" && parts[0] != "y" {
		return nil, malformed
	}
	_, nonce, ok := strings.Cut(parts[2], "r=")
	if !ok || nonce == "" {
		return nil, malformed
	}
	nonce, _, _ = strings.Cut(nonce, ",")
	var random [34]byte // 18 of nonce, 16 of salt
	if _, err := rand.Read(random[:]); err != nil {
		return nil, err
	}
	x := &exchange{clientFirst: parts[2], header: parts[0] + "," + parts[1] + ",", nonce: nonce + base64.StdEncoding.EncodeToString(random[:18])}
	salt := random[18:]
	x.serverFirst = fmt.Sprintf("r=%s,s=%s,i=%d", x.nonce, base64.StdEncoding.EncodeToString(salt), rounds)
	var err error
	x.salted, err = pbkdf2.Key(sha256.New, password, salt, rounds, sha256.Size)
	return x, err
}

// finish checks the client's proof and gives the server's own.
func (x *exchange) finish(message string) (signature string, proved bool) {
	at := strings.LastIndex(message, ",p=")
	if at < 0 {
		return "", false
	}
	without := message[:at]
	proof, err := base64.StdEncoding.DecodeString(message[at+3:])
	want := "c=" + base64.StdEncoding.EncodeToString([]byte(x.header)) + ",r=" + x.nonce
	if err != nil || without != want || len(proof) != sha256.Size {
		return "", false
	}
	all := []byte(x.clientFirst + "," + x.serverFirst + "," + without)
	clientKey := mac(x.salted, []byte("Client Key"))
	stored := sha256.Sum256(clientKey)
	given := make([]byte, sha256.Size)
	subtle.XORBytes(given, proof, mac(stored[:], all))
	if subtle.ConstantTimeCompare(given, clientKey) != 1 {
		return "", false
	}
	return base64.StdEncoding.EncodeToString(mac(mac(x.salted, []byte("Server Key")), all)), true
}

func mac(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}
