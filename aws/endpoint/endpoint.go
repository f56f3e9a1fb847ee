// Package endpoint is the client's side of a database: an address that an instance answers at, one session there, and what
// a statement gives, as plain values.
//
// It knows two protocols, Postgres and SQL Server's TDS, and no services: Find asks AWS for an instance's address through
// whatever makes the calls. A password is read when it is needed, stands in no error, no log and no text of ours, and is kept
// by nobody.
package endpoint

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"
)

// Statement is what running a statement is called among the operations of AWS.
const Statement = "sql"

const (
	// MostRows is how many rows one statement may give. What wants more reads it in pages: an answer is held in memory, and
	// in the record of whoever asked.
	MostRows = 1000
	// dialing is how long a connection may take to come about, this machine's time.
	dialing = 15 * time.Second
)

// Protocols of the engines, as Conn.Protocol names them.
const (
	Postgres  = "postgres"
	SQLServer = "sqlserver"
)

// Secret is a password. It prints as dots wherever it is printed.
type Secret string

func (Secret) String() string               { return "..." }
func (Secret) GoString() string             { return `"..."` }
func (Secret) MarshalText() ([]byte, error) { return []byte("..."), nil }
func (Secret) LogValue() slog.Value         { return slog.StringValue("...") }

// Address is where a database is and how to get in.
type Address struct {
	Instance string // name for messages; Host and Port when empty
	Engine   string // as RDS names it: postgres, aurora-postgresql, sqlserver-ex, -web, -se, -ee
	Host     string
	Port     int
	User     string
	Password Secret
	Database string

	// TLS, when set, is used as it is, and no connection comes about without it. When nil, it depends on the host. A loopback
	// address is encrypted where the server offers it. Every other host must offer TLS; its certificate is checked against
	// this system's authorities, except on hosts of RDS (*.rds.amazonaws.com), whose certificates are of RDS's own authority, which no
	// system has ("Using SSL/TLS to encrypt a connection to a DB instance"): those are encrypted and not checked. Whoever wants them
	// checked gives the authority's bundle here.
	TLS *tls.Config
}

// Answer is what a text of statements gave.
type Answer struct {
	// Columns and Rows are the last result set. A row has its values by column: nil, bool, float64, string and []byte; times are
	// RFC 3339 strings in UTC, whole numbers beyond 2^53 strings of digits. A column without a name is called column1 by
	// its place, and a name that is there twice has its place behind it.
	Columns []string
	Rows    []map[string]any
	// Affected is how many rows all statements have inserted, changed and deleted.
	Affected int64
}

// Conn is one session. It is used by one goroutine at a time.
type Conn interface {
	// Run runs one text, which may hold several statements when there are no args, and gives the last result set. Parameters are
	// $1, $2 in Postgres and @p1, @p2 in SQL Server. The error is an *Error. When ctx ends, so does the session.
	Run(ctx context.Context, sql string, args ...any) (Answer, error)
	// Protocol is Postgres or SQLServer: which dialect to write.
	Protocol() string
	Close() error
}

// Open connects. The error is an *Error.
func Open(ctx context.Context, a Address) (Conn, error) {
	if a.Host == "" || a.Port == 0 {
		return nil, a.fail(Unreachable, CodeNoEndpoint, "it has no endpoint yet", nil)
	}
	switch ProtocolOf(a.Engine) {
	case Postgres:
		return openPostgres(ctx, a)
	case SQLServer:
		return openSQLServer(ctx, a)
	}
	return nil, a.fail(Refused, CodeNoClient, fmt.Sprintf("this program has no client for engine %q", a.Engine), nil)
}

// name is how messages call the database's instance.
func (a Address) name() string {
	if a.Instance != "" {
		return a.Instance
	}
	return net.JoinHostPort(a.Host, fmt.Sprint(a.Port))
}

// local reports whether the host is this machine.
func (a Address) local() bool {
	ip := net.ParseIP(a.Host)
	return a.Host == "localhost" || ip != nil && ip.IsLoopback()
}

// encryption gives how to encrypt, and whether a server without it will do.
func (a Address) encryption() (config *tls.Config, optional bool) {
	if a.TLS != nil {
		return a.TLS, false
	}
	aws := strings.Contains(a.Host, ".rds.") && (strings.HasSuffix(a.Host, ".amazonaws.com") || strings.HasSuffix(a.Host, ".amazonaws.com.cn"))
	return &tls.Config{ServerName: a.Host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: aws || a.local()}, a.local()
}
