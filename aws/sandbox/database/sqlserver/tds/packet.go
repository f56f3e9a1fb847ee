// Package tds speaks the server's side of TDS 7.4, the protocol of SQL Server's clients (MS-TDS, "Tabular Data Stream Protocol").
//
// It knows packets, tokens, data types and the login; it knows no SQL. A request is read whole, an answer is written as it comes: a row that
// was given to Response.Row may already be with the client. Every number on the wire is little-endian unless the specification says otherwise.
package tds

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// Kind is the type of a packet (MS-TDS 2.2.3.1.1).
type Kind uint8

const (
	Batch       Kind = 1
	RPC         Kind = 3
	Reply       Kind = 4
	Attention   Kind = 6
	BulkLoad    Kind = 7
	Transaction Kind = 14
	Login       Kind = 16
	PreLogin    Kind = 18
)

const (
	headerSize     = 8
	defaultPacket  = 4096
	smallestPacket = 512
	largestPacket  = 32767
	// largestMessage bounds what one client can make the server keep in memory, in bytes.
	largestMessage = 256 << 20

	statusEnd   = 0x01
	statusReset = 0x08 | 0x10 // RESETCONNECTION, RESETCONNECTIONSKIPTRAN
)

// Message is one request of a client, put together from its packets.
type Message struct {
	Kind  Kind
	Reset bool // the session is to be made new before the request
	Data  []byte
}

// Conn is one client's connection. Reading and writing may be done by one goroutine each.
type Conn struct {
	net  net.Conn
	r    *bufio.Reader
	size int // of a packet, in bytes, with its header
}

// NewConn reads and writes packets on c.
func NewConn(c net.Conn) *Conn {
	return &Conn{net: c, r: bufio.NewReaderSize(c, defaultPacket), size: defaultPacket}
}

// Close ends the connection; a Read that waits returns.
func (c *Conn) Close() error { return c.net.Close() }

// Read gives the next message. At the end of the connection it returns io.EOF.
func (c *Conn) Read() (Message, error) {
	var m Message
	for first := true; ; first = false {
		kind, status, data, err := readPacket(c.r)
		switch {
		case err != nil:
			return m, err
		case !first && kind != m.Kind:
			return m, fmt.Errorf("read a TDS message of type %d: a packet of type %d stands in it", m.Kind, kind)
		case len(m.Data)+len(data) > largestMessage:
			return m, fmt.Errorf("read a TDS message: it is larger than %d bytes", largestMessage)
		}
		m.Kind = kind
		m.Reset = m.Reset || status&statusReset != 0
		m.Data = append(m.Data, data...)
		if status&statusEnd != 0 {
			return m, nil
		}
	}
}

func readPacket(r io.Reader) (kind Kind, status byte, data []byte, err error) {
	var head [headerSize]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return 0, 0, nil, err
	}
	size := int(binary.BigEndian.Uint16(head[2:]))
	if size < headerSize {
		return 0, 0, nil, fmt.Errorf("read a TDS packet: its header says %d bytes, fewer than a header has", size)
	}
	data = make([]byte, size-headerSize)
	if _, err = io.ReadFull(r, data); err != nil {
		return 0, 0, nil, errors.Join(errors.New("read a TDS packet: it is cut off"), err)
	}
	return Kind(head[0]), head[1], data, nil
}

// appendHeader appends the header of the packet that carries n bytes; seq is its number in the message.
func appendHeader(b []byte, kind Kind, status byte, n int, seq byte) []byte {
	b = append(b, byte(kind), status)
	b = binary.BigEndian.AppendUint16(b, uint16(headerSize+n))
	return append(b, 0, 0, seq, 0)
}

// messageWriter cuts what is written into packets.
type messageWriter struct {
	w    io.Writer
	kind Kind
	size int
	seq  byte
	buf  []byte // header space and data of the packet being filled
}

func newMessage(w io.Writer, kind Kind, size int) *messageWriter {
	return &messageWriter{w: w, kind: kind, size: size, buf: make([]byte, headerSize, size)}
}

func (m *messageWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if len(m.buf) == m.size {
			if err := m.send(0); err != nil {
				return 0, err
			}
		}
		k := min(len(p), m.size-len(m.buf))
		m.buf = append(m.buf, p[:k]...)
		p = p[k:]
	}
	return n, nil
}

// Close sends what is left as the last packet.
func (m *messageWriter) Close() error { return m.send(statusEnd) }

func (m *messageWriter) send(status byte) error {
	m.seq++
	appendHeader(m.buf[:0], m.kind, status, len(m.buf)-headerSize, m.seq)
	_, err := m.w.Write(m.buf)
	m.buf = m.buf[:headerSize]
	return err
}
