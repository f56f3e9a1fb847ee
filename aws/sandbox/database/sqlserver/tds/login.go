package tds

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
)

// LoginRequest is what a client says of itself (MS-TDS 2.2.6.4, LOGIN7).
type LoginRequest struct {
	User, Password string
	Host, App      string
	Database       string // "" is the login's default
	Integrated     bool   // Windows or Entra authentication is asked for
}

// What PRELOGIN's ENCRYPTION option says (MS-TDS 2.2.6.5).
const (
	optionVersion    = 0x00
	optionEncryption = 0x01
	optionEnd        = 0xFF

	encryptOff    = 0
	encryptOn     = 1
	encryptNone   = 2
	encryptNeeded = 3

	tlsHandshakeByte = 0x16 // the first byte of TDS 8.0, whose connections begin with TLS
)

// Accept does all that comes before the login's answer: PRELOGIN, TLS where the client wants it, LOGIN7. A client that leaves encryption to the
// server talks in the clear: both ends are on this machine.
func Accept(raw net.Conn, config *tls.Config, version [4]byte) (*Conn, LoginRequest, error) {
	c := NewConn(raw)
	first, err := c.r.Peek(1)
	if err != nil {
		return nil, LoginRequest{}, err
	}
	if first[0] == tlsHandshakeByte {
		strict := config.Clone()
		strict.NextProtos, strict.MaxVersion = []string{"tds/8.0"}, 0
		c = NewConn(tls.Server(&bufferedConn{Conn: raw, r: c.r}, strict))
	}
	m, err := c.Read()
	if err != nil {
		return nil, LoginRequest{}, err
	}
	if m.Kind == PreLogin {
		if c, err = c.preLogin(m.Data, config, version, first[0] == tlsHandshakeByte); err != nil {
			return nil, LoginRequest{}, err
		}
		if m, err = c.Read(); err != nil {
			return nil, LoginRequest{}, err
		}
	}
	if m.Kind != Login {
		return nil, LoginRequest{}, fmt.Errorf("log in over TDS: expected LOGIN7, got a message of type %d", m.Kind)
	}
	l, err := c.readLogin(m.Data)
	return c, l, err
}

// preLogin answers PRELOGIN and, if both ends want it, goes on in TLS whose handshake travels in PRELOGIN packets.
func (c *Conn) preLogin(data []byte, config *tls.Config, version [4]byte, inTLS bool) (*Conn, error) {
	options, err := readOptions(data)
	if err != nil {
		return nil, err
	}
	encryption := byte(encryptNone)
	if e := options[optionEncryption]; len(e) > 0 && (e[0] == encryptOn || e[0] == encryptNeeded) && !inTLS {
		encryption = encryptOn
	}
	answer := newMessage(c.net, Reply, c.size)
	answer.Write(preLoginAnswer(version, encryption))
	if err := answer.Close(); err != nil {
		return nil, err
	}
	if encryption != encryptOn {
		return c, nil
	}
	wrapped := &handshakeConn{Conn: c.net, c: c}
	secure := tls.Server(wrapped, config)
	if err := secure.Handshake(); err != nil {
		return nil, fmt.Errorf("TLS handshake with a SQL client: %w", err)
	}
	wrapped.done = true
	return NewConn(secure), nil
}

func preLoginAnswer(version [4]byte, encryption byte) []byte {
	const table = 2*5 + 1
	b := []byte{optionVersion, 0, table, 0, 6, optionEncryption, 0, table + 6, 0, 1, optionEnd}
	b = append(b, version[:]...)
	return append(b, 0, 0, encryption)
}

func readOptions(data []byte) (map[byte][]byte, error) {
	options := map[byte][]byte{}
	for at := 0; ; at += 5 {
		if at < len(data) && data[at] == optionEnd {
			return options, nil
		}
		if at+5 > len(data) {
			return nil, errors.New("read PRELOGIN: its list of options has no end")
		}
		offset, size := int(binary.BigEndian.Uint16(data[at+1:])), int(binary.BigEndian.Uint16(data[at+3:]))
		if offset+size > len(data) {
			return nil, fmt.Errorf("read PRELOGIN: option %d lies outside the message", data[at])
		}
		options[data[at]] = data[offset : offset+size]
	}
}

// readLogin reads LOGIN7. Texts stand at offsets that its fixed part gives, and passwords are scrambled, not encrypted.
func (c *Conn) readLogin(data []byte) (LoginRequest, error) {
	const fixed = 94
	if len(data) < fixed {
		return LoginRequest{}, errors.New("read LOGIN7: it is shorter than its fixed part")
	}
	field := func(at int) []byte {
		offset, size := int(binary.LittleEndian.Uint16(data[at:])), 2*int(binary.LittleEndian.Uint16(data[at+2:]))
		if offset+size > len(data) {
			return nil
		}
		return data[offset : offset+size]
	}
	if size := int(binary.LittleEndian.Uint32(data[8:])); size != 0 {
		c.size = min(max(size, smallestPacket), largestPacket)
	}
	password := slices.Clone(field(44))
	for i, b := range password {
		b ^= 0xA5
		password[i] = b<<4 | b>>4
	}
	const integratedSecurity = 0x80 // of OptionFlags2
	return LoginRequest{
		Host:       decodeUTF16(field(36)),
		User:       decodeUTF16(field(40)),
		Password:   decodeUTF16(password),
		App:        decodeUTF16(field(48)),
		Database:   strings.TrimSpace(decodeUTF16(field(68))),
		Integrated: data[25]&integratedSecurity != 0,
	}, nil
}

// handshakeConn carries a TLS handshake in PRELOGIN packets, and afterwards the bare connection (MS-TDS 2.2.6.5, "TLS exchange").
type handshakeConn struct {
	net.Conn
	c    *Conn
	rest []byte
	done bool
}

func (h *handshakeConn) Read(p []byte) (int, error) {
	if h.done && len(h.rest) == 0 {
		return h.c.r.Read(p)
	}
	for len(h.rest) == 0 {
		kind, _, data, err := readPacket(h.c.r)
		if err != nil {
			return 0, err
		}
		if kind != PreLogin {
			return 0, fmt.Errorf("expected a handshake packet, got a packet of type %d", kind)
		}
		h.rest = data
	}
	n := copy(p, h.rest)
	h.rest = h.rest[n:]
	return n, nil
}

func (h *handshakeConn) Write(p []byte) (int, error) {
	if h.done {
		return h.Conn.Write(p)
	}
	m := newMessage(h.Conn, PreLogin, h.c.size)
	m.Write(p)
	return len(p), m.Close()
}

// bufferedConn is a connection of which something was read ahead.
type bufferedConn struct {
	net.Conn
	r io.Reader
}

func (b *bufferedConn) Read(p []byte) (int, error) { return b.r.Read(p) }
