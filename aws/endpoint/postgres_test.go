package endpoint

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
)

// server is a scripted Postgres: it lets captain in with the right password, and answers each query by its script.
type server struct {
	listener net.Listener
	cert     *tls.Config
	answer   func(query string, out *pgproto3.Backend) bool // false drops the connection
	seen     chan string                                    // what sessions began with: "user/database/tls"
}

func serve(t *testing.T, encrypted bool, answer func(string, *pgproto3.Backend) bool) (*server, Address) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{listener: l, answer: answer, seen: make(chan string, 10)}
	if encrypted {
		s.cert = selfSigned(t)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.session(c)
		}
	}()
	return s, Address{Instance: "db-1", Engine: "postgres", Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "captain", Password: "right", Database: "app"}
}

func selfSigned(t *testing.T) *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
}

func (s *server) session(c net.Conn) {
	defer func() { _ = c.Close() }()
	b := pgproto3.NewBackend(c, c)
	first, err := b.ReceiveStartupMessage()
	encrypted := false
	if _, ssl := first.(*pgproto3.SSLRequest); ssl && err == nil {
		answer := "N"
		if s.cert != nil {
			answer = "S"
		}
		_, _ = c.Write([]byte(answer))
		if s.cert != nil {
			c, encrypted = tls.Server(c, s.cert), true
			b = pgproto3.NewBackend(c, c)
		}
		first, err = b.ReceiveStartupMessage()
	}
	start, ok := first.(*pgproto3.StartupMessage)
	if err != nil || !ok {
		return
	}
	s.seen <- fmt.Sprintf("%s/%s/%v", start.Parameters["user"], start.Parameters["database"], encrypted)
	b.Send(&pgproto3.AuthenticationCleartextPassword{})
	_ = b.SetAuthType(pgproto3.AuthTypeCleartextPassword)
	_ = b.Flush()
	m, err := b.Receive()
	password, _ := m.(*pgproto3.PasswordMessage)
	switch {
	case err != nil:
		return
	case password.Password != "right":
		b.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28P01", Message: fmt.Sprintf("password %q is wrong", password.Password)})
		_ = b.Flush()
		return
	case start.Parameters["database"] == "nowhere":
		b.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "3D000", Message: `database "nowhere" does not exist`})
		_ = b.Flush()
		return
	}
	b.Send(&pgproto3.AuthenticationOk{})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for b.Flush() == nil {
		m, err := b.Receive()
		q, ok := m.(*pgproto3.Query)
		if err != nil || !ok || !s.answer(q.String, b) {
			return
		}
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	}
}

func fields(f ...any) *pgproto3.RowDescription {
	d := &pgproto3.RowDescription{}
	for i := 0; i < len(f); i += 2 {
		d.Fields = append(d.Fields, pgproto3.FieldDescription{Name: []byte(f[i].(string)), DataTypeOID: uint32(f[i+1].(int)), DataTypeSize: -1, TypeModifier: -1})
	}
	return d
}

func values(texts ...any) *pgproto3.DataRow {
	d := &pgproto3.DataRow{}
	for _, v := range texts {
		if s, ok := v.(string); ok {
			d.Values = append(d.Values, []byte(s))
		} else {
			d.Values = append(d.Values, nil)
		}
	}
	return d
}

func complete(tag string) *pgproto3.CommandComplete {
	return &pgproto3.CommandComplete{CommandTag: []byte(tag)}
}

func send(b *pgproto3.Backend, messages ...pgproto3.BackendMessage) bool {
	for _, m := range messages {
		b.Send(m)
	}
	return true
}

func TestPostgresAnswers(t *testing.T) {
	_, a := serve(t, false, func(query string, b *pgproto3.Backend) bool {
		return send(b, complete("CREATE TABLE"), complete("INSERT 0 3"),
			fields("n", pgtype.Int4OID), values("1"), complete("SELECT 1"), complete("DELETE 2"),
			fields("b", pgtype.BoolOID, "i", pgtype.Int8OID, "big", pgtype.Int8OID, "f", pgtype.Float8OID, "num", pgtype.NumericOID, "nan", pgtype.Float8OID,
				"at", pgtype.TimestamptzOID, "local", pgtype.TimestampOID, "raw", pgtype.ByteaOID, "word", pgtype.TextOID, "none", pgtype.TextOID, "?column?", pgtype.TextOID, "?column?", pgtype.TextOID),
			values("t", "-42", "9007199254740993", "1.5", "12.340", "NaN", "2026-11-23 12:00:00.123456+00", "2026-11-23 12:00:00", `\x6869`, "it's", nil, "x", "y"), complete("SELECT 1"))
	})
	c, err := Open(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, err := c.Run(context.Background(), "several; statements")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"b": true, "i": -42.0, "big": "9007199254740993", "f": 1.5, "num": 12.34, "nan": "NaN", "at": "2026-11-23T12:00:00.123456Z", "local": "2026-11-23T12:00:00Z",
		"raw": []byte("hi"), "word": "it's", "none": nil, "?column?": "x", "?column?13": "y"}
	if got.Affected != 5 || len(got.Rows) != 1 || !reflect.DeepEqual(got.Rows[0], want) || len(got.Columns) != 13 || c.Protocol() != Postgres {
		t.Errorf("%+v", got)
	}
}

func TestPostgresEncryptsWhereItCan(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		s, a := serve(t, encrypted, nil)
		c, err := Open(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		if got, want := <-s.seen, fmt.Sprintf("captain/app/%v", encrypted); got != want {
			t.Errorf("session %s, want %s", got, want)
		}
	}
	_, a := serve(t, false, nil)
	a.TLS = &tls.Config{InsecureSkipVerify: true}
	if _, err := Open(context.Background(), a); kindOf(err) != Unreachable {
		t.Errorf("without encryption, where it was asked for: %v", err)
	}
}

func kindOf(err error) Kind {
	e, _ := errors.AsType[*Error](err)
	if e == nil {
		return ""
	}
	return e.Kind
}

func TestPostgresFailures(t *testing.T) {
	_, a := serve(t, true, func(query string, b *pgproto3.Backend) bool {
		fail := func(code, message string) bool {
			return send(b, &pgproto3.ErrorResponse{Severity: "ERROR", Code: code, Message: message})
		}
		switch query {
		case "drop":
			return false
		case "table":
			return fail("42P01", `relation "t" does not exist`)
		case "secret":
			return fail("42601", "who says right must know")
		case "deadlock":
			return fail("40P01", "deadlock detected")
		case "shutdown":
			return send(b, &pgproto3.ErrorResponse{Severity: "FATAL", Code: "57P01", Message: "terminating connection due to administrator command"})
		case "many":
			send(b, fields("n", pgtype.Int4OID))
			for range MostRows + 1 {
				send(b, values("1"))
			}
			return send(b, complete("SELECT 1001"))
		}
		time.Sleep(time.Hour) // never answers
		return false
	})
	closed := a
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Port = l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	wrong, nowhere, unknown, nothing := a, a, a, a
	wrong.Password, nowhere.Database, unknown.Engine, nothing.Host = "hunter2", "nowhere", "mysql", ""
	for name, c := range map[string]struct {
		a     Address
		query string
		want  Error
		retry bool
	}{
		"refused connection": {closed, "", Error{Kind: Unreachable, Code: CodeConnection}, true},
		"no endpoint":        {nothing, "", Error{Kind: Unreachable, Code: CodeNoEndpoint}, true},
		"wrong password":     {wrong, "", Error{Kind: Denied, Code: "28P01"}, false},
		"no such database":   {nowhere, "", Error{Kind: Missing, Code: "3D000"}, false},
		"no client":          {unknown, "", Error{Kind: Refused, Code: CodeNoClient}, false},
		"no such table":      {a, "table", Error{Kind: Missing, Code: "42P01"}, false},
		"the secret echoed":  {a, "secret", Error{Kind: Refused, Code: "42601"}, false},
		"deadlock":           {a, "deadlock", Error{Kind: Refused, Code: "40P01"}, true},
		"too many rows":      {a, "many", Error{Kind: Refused, Code: CodeTooMany}, false},
		"connection dropped": {a, "drop", Error{Kind: Lost, Code: CodeLost, MayHaveRun: true}, false},
		"server stopped":     {a, "shutdown", Error{Kind: Unreachable, Code: "57P01"}, true},
		"nobody waits":       {a, "sleep", Error{Kind: Stopped, MayHaveRun: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			conn, err := Open(ctx, c.a)
			if err == nil {
				defer conn.Close()
				if c.query == "sleep" {
					time.AfterFunc(time.Millisecond, cancel)
				}
				_, err = conn.Run(ctx, c.query)
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Kind != c.want.Kind || e.Code != c.want.Code || e.MayHaveRun != c.want.MayHaveRun || e.Retryable() != c.retry {
				t.Fatalf("%#v", err)
			}
			text := e.Error() + e.Hint() + fmt.Sprintf("%+v %#v", e, e)
			if strings.Contains(text, "right") || strings.Contains(text, "hunter2") || strings.Contains(e.Error(), "\n") || !strings.HasPrefix(e.Error(), "db-1: ") || e.Hint() == "" {
				t.Error(text)
			}
			if (e.Kind == Stopped) != errors.Is(err, context.Canceled) {
				t.Errorf("the end of the context: %v", err)
			}
		})
	}
}

func TestEncryptionByHost(t *testing.T) {
	for host, want := range map[string]struct{ optional, unchecked bool }{
		"127.0.0.1": {true, true}, "localhost": {true, true}, "::1": {true, true},
		"lab.abc123.us-east-2.rds.amazonaws.com":      {false, true},
		"lab.abc123.rds.cn-north-1.amazonaws.com.cn":  {false, true},
		"lab.abc123.us-east-2.rds.amazonaws.com.evil": {false, false},
		"10.0.0.7": {false, false},
	} {
		c, optional := Address{Host: host}.encryption()
		if optional != want.optional || c.InsecureSkipVerify != want.unchecked || c.ServerName != host {
			t.Errorf("%s: optional %v, unchecked %v, name %s", host, optional, c.InsecureSkipVerify, c.ServerName)
		}
	}
}

func TestSecretsPrintAsDots(t *testing.T) {
	a := Address{Instance: "db-1", Password: "hunter2"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(format, a); strings.Contains(text, "hunter2") {
			t.Errorf("%s: %s", format, text)
		}
	}
}
