package tds

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// The tokens of an answer (MS-TDS 2.2.7).
const (
	tokenReturnStatus = 0x79
	tokenColumns      = 0x81
	tokenError        = 0xAA
	tokenInfo         = 0xAB
	tokenReturnValue  = 0xAC
	tokenLoginAck     = 0xAD
	tokenRow          = 0xD1
	tokenEnvironment  = 0xE3
	tokenDone         = 0xFD
	tokenDoneProc     = 0xFE
	tokenDoneInProc   = 0xFF
)

// The ends of a statement: of a batch, of a procedure, and of a statement inside a procedure.
type Ending byte

const (
	Done       Ending = tokenDone
	DoneProc   Ending = tokenDoneProc
	DoneInProc Ending = tokenDoneInProc
)

// Status bits of an ending.
const (
	More      = 0x0001 // another ending follows
	Failed    = 0x0002
	InTran    = 0x0004
	Counted   = 0x0010 // the count of rows is valid
	Attended  = 0x0020 // the answer to ATTENTION
	cmdSelect = 0x00C1
)

// The changes of a session's environment that a client is told (MS-TDS 2.2.7.9).
const (
	EnvDatabase   = 1
	envPacketSize = 4
	envCollation  = 7
	envBegin      = 8
	envCommit     = 9
	envRollback   = 10
	envReset      = 18
)

// Fault is what ERROR and INFO say: an error of SQL Server, with its number and words, or information.
type Fault struct {
	Number   int32
	State    uint8
	Severity uint8 // up to 10 is information
	Message  string
	Server   string
	Line     int32
}

func (f Fault) Error() string { return f.Message }

// Overflow is SQL Server's error for a number that does not fit its type.
func Overflow(name string) Fault {
	return Fault{Number: 8115, State: 2, Severity: 16, Message: "Arithmetic overflow error converting expression to data type " + name + "."}
}

// Response writes the answer to one message. The first error of the connection is kept and given by Close.
type Response struct {
	m       *messageWriter
	b       []byte // of the token being made
	columns []Column
	err     error
}

// Respond begins the answer to a message.
func (c *Conn) Respond() *Response {
	return &Response{m: newMessage(c.net, Reply, c.size)}
}

// Err is the first error of the connection.
func (r *Response) Err() error { return r.err }

// Close sends the rest of the answer.
func (r *Response) Close() error {
	if r.err == nil {
		r.err = r.m.Close()
	}
	return r.err
}

// Flush sends what is not sent yet, so that the client can see it while the request goes on.
func (r *Response) Flush() {
	if r.err == nil && len(r.m.buf) > headerSize {
		r.err = r.m.send(0)
	}
}

func (r *Response) send() {
	if r.err == nil {
		_, r.err = r.m.Write(r.b)
	}
	r.b = r.b[:0]
}

// Columns begins a result.
func (r *Response) Columns(columns []Column) error {
	b := binary.LittleEndian.AppendUint16(append(r.b[:0], tokenColumns), uint16(len(columns)))
	for _, c := range columns {
		const nullable = 1
		b = append(b, 0, 0, 0, 0, nullable, 0)
		var err error
		if b, err = appendType(b, c.Type); err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
		b = appendShortText(b, c.Name)
	}
	r.b, r.columns = b, columns
	r.send()
	return r.err
}

// Row sends one row of the result. A value that is none of its column's type is an error, and nothing of the row is sent.
func (r *Response) Row(values []any) (err error) {
	b := append(r.b[:0], tokenRow)
	for i, c := range r.columns {
		if b, err = appendValue(b, c.Type, values[i]); err != nil {
			return err
		}
	}
	r.b = b
	r.send()
	return r.err
}

// End ends a statement; rows is its count, sent if status has Counted.
func (r *Response) End(e Ending, status uint16, isSelect bool, rows int64) {
	command := uint16(0)
	if isSelect {
		command = cmdSelect
	}
	r.b = binary.LittleEndian.AppendUint16(append(r.b[:0], byte(e)), status)
	r.b = binary.LittleEndian.AppendUint16(r.b, command)
	r.b = binary.LittleEndian.AppendUint64(r.b, uint64(rows))
	r.send()
}

// Say sends an error, or information if its severity is at most 10.
func (r *Response) Say(f Fault) {
	token := byte(tokenError)
	if f.Severity <= 10 {
		token = tokenInfo
	}
	body := binary.LittleEndian.AppendUint32(nil, uint32(f.Number))
	body = append(body, f.State, f.Severity)
	body = appendText(body, f.Message)
	body = appendShortText(body, f.Server)
	body = appendShortText(body, "")
	body = binary.LittleEndian.AppendUint32(body, uint32(f.Line))
	r.token(token, body)
}

// Database tells the client that the session is in another database.
func (r *Response) Database(name, old string) { r.environment(EnvDatabase, name, old) }

// ResetDone tells the client that its session was made new.
func (r *Response) ResetDone() { r.token(tokenEnvironment, []byte{envReset, 0, 0}) }

// Began, Committed and RolledBack tell the client of its transaction, whose number is id.
func (r *Response) Began(id uint64)      { r.transaction(envBegin, id, true) }
func (r *Response) Committed(id uint64)  { r.transaction(envCommit, id, false) }
func (r *Response) RolledBack(id uint64) { r.transaction(envRollback, id, false) }

func (r *Response) transaction(change byte, id uint64, isNew bool) {
	number := binary.LittleEndian.AppendUint64([]byte{8}, id)
	if isNew {
		r.token(tokenEnvironment, append(append([]byte{change}, number...), 0))
		return
	}
	r.token(tokenEnvironment, append([]byte{change, 0}, number...))
}

func (r *Response) environment(change byte, value, old string) {
	r.token(tokenEnvironment, appendShortText(appendShortText([]byte{change}, value), old))
}

// LoggedIn is the acknowledgement of a login: what the server is, and the session's first environment.
func (r *Response) LoggedIn(product string, version [4]byte, database string) {
	r.Database(database, "master")
	r.token(tokenEnvironment, append(append([]byte{envCollation, byte(len(collation))}, collation[:]...), 0))
	body := append([]byte{1}, 0x74, 0x00, 0x00, 0x04) // SQL_TSQL; TDS 7.4, the one big-endian number
	body = appendShortText(body, product)
	r.token(tokenLoginAck, append(body, version[:]...))
	r.environment(envPacketSize, strconv.Itoa(r.m.size), strconv.Itoa(defaultPacket))
}

// ReturnStatus is what a procedure returned.
func (r *Response) ReturnStatus(n int32) {
	r.b = binary.LittleEndian.AppendUint32(append(r.b[:0], tokenReturnStatus), uint32(n))
	r.send()
}

// ReturnValue gives an output parameter's value.
func (r *Response) ReturnValue(ordinal int, name string, t Type, v any) error {
	const output = 1
	b := binary.LittleEndian.AppendUint16(append(r.b[:0], tokenReturnValue), uint16(ordinal))
	b = append(appendShortText(b, name), output, 0, 0, 0, 0, 0, 0)
	b, err := appendType(b, t)
	if err != nil {
		return err
	}
	if b, err = appendValue(b, t, v); err != nil {
		return err
	}
	r.b = b
	r.send()
	return r.err
}

// token sends a token whose length in bytes stands after its kind.
func (r *Response) token(kind byte, body []byte) {
	r.b = binary.LittleEndian.AppendUint16(append(r.b[:0], kind), uint16(len(body)))
	r.b = append(r.b, body...)
	r.send()
}
