package sqlserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"strconv"
	"strings"
	"time"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

const (
	product    = "Microsoft SQL Server"
	serverName = "SANDBOX"
)

// logIn logs the client in.
func (x *session) logIn() error {
	var err error
	version := x.server.version()
	if x.conn, x.login, err = tds.Accept(x.raw, x.server.tls, version); err != nil {
		return err
	}
	x.out = x.conn.Respond()
	if f, ok := x.authenticate(); !ok {
		return x.refuse(f)
	}
	x.home = x.login.Database
	if x.home == "" {
		x.home = master
	}
	if err := x.use(x.home); err != nil {
		return x.refuse(tds.Fault{Number: 4060, Severity: 11, State: 1, Message: fmt.Sprintf("Cannot open database \"%s\" requested by the login. The login failed.", x.home)}, failed(x.login.User))
	}
	x.home = x.database
	x.out.LoggedIn(product, version, x.database)
	x.finish()
	return x.out.Close()
}

func failed(user string) tds.Fault {
	return tds.Fault{Number: 18456, Severity: 14, State: 1, Message: fmt.Sprintf("Login failed for user '%s'.", user)}
}

// authenticate compares the password. Windows and Entra logins there are none.
func (x *session) authenticate() (tds.Fault, bool) {
	if x.login.Integrated {
		return tds.Fault{Number: 18452, Severity: 14, State: 1, Message: "Login failed. The login is from an untrusted domain and cannot be used with Integrated authentication."}, false
	}
	password, ok := x.server.o.Password(x.login.User)
	if !ok || password != x.login.Password {
		return failed(x.login.User), false
	}
	x.login.Password = ""
	return tds.Fault{}, true
}

// refuse ends a login that failed.
func (x *session) refuse(faults ...tds.Fault) error {
	for _, f := range faults {
		x.say(f)
	}
	x.finished(tds.Failed, false, 0)
	x.finish()
	if err := x.out.Close(); err != nil {
		return err
	}
	return faults[len(faults)-1]
}

// version is the product version of the engine version, for the wire: major, minor, build.
func (s *Server) version() (v [4]byte) {
	parts := strings.Split(s.o.Version, ".")
	n := func(i int) int {
		if i < len(parts) {
			n, _ := strconv.Atoi(parts[i])
			return n
		}
		return 0
	}
	return [4]byte{byte(n(0)), byte(n(1)), byte(n(2) >> 8), byte(n(2))}
}

// selfSigned is the server's TLS with a certificate of its own, which clients are told to trust as they are with any self-signed one. TLS inside of TDS
// ends at 1.2: what TLS 1.3 sends after the handshake would not know where to go.
func selfSigned() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(fmt.Sprintf("make a key: %v", err)) // the system has no randomness
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "localhost"},
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(fmt.Sprintf("make a certificate: %v", err)) // of constants and a good key
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MaxVersion: tls.VersionTLS12, DynamicRecordSizingDisabled: true}
}
