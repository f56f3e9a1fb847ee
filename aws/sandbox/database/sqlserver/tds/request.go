package tds

import (
	"fmt"
)

// Call is a remote procedure call (MS-TDS 2.2.6.6).
type Call struct {
	Name   string // of the procedure; those called by number have their names here too
	Params []Param
}

// Param is an argument of a call.
type Param struct {
	Name   string // with its @; "" is positional
	Output bool
	Type   Type
	Value  any
}

// procedures are those that clients call by number.
var procedures = map[uint16]string{
	1: "sp_cursor", 2: "sp_cursoropen", 3: "sp_cursorprepare", 4: "sp_cursorexecute", 5: "sp_cursorprepexec", 6: "sp_cursorunprepare", 7: "sp_cursorfetch",
	8: "sp_cursoroption", 9: "sp_cursorclose", 10: "sp_executesql", 11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec", 14: "sp_prepexecrpc", 15: "sp_unprepare",
}

// skipHeaders leaves out ALL_HEADERS, with which batches, calls and transaction requests begin.
func skipHeaders(r *reader) {
	r.bytes(int(r.u32()) - 4)
}

// ReadBatch gives the text of a batch.
func ReadBatch(data []byte) (string, error) {
	r := &reader{data: data}
	skipHeaders(r)
	if r.err != nil {
		return "", fmt.Errorf("read a batch: %w", r.err)
	}
	return decodeUTF16(r.data), nil
}

// ReadCall gives a procedure call. Several calls in one message are refused: no client that the sandbox is made for sends them.
func ReadCall(data []byte) (Call, error) {
	r := &reader{data: data}
	skipHeaders(r)
	var c Call
	if n := r.u16(); n == 0xFFFF {
		id := r.u16()
		if c.Name = procedures[id]; c.Name == "" {
			return c, fmt.Errorf("read a call: there is no procedure with number %d", id)
		}
	} else {
		c.Name = r.text(int(n))
	}
	r.u16() // options: whether metadata may be left out; it never is
	for len(r.data) > 0 && r.err == nil {
		const another, anotherNoExec, anotherOld = 0xFF, 0xFE, 0x80
		if b := r.data[0]; b == another || b == anotherNoExec || b == anotherOld {
			if len(r.data) == 1 {
				break
			}
			return c, fmt.Errorf("read a call of %s: the sandbox takes one call in a message", c.Name)
		}
		p, err := readParam(r)
		if err != nil {
			return c, fmt.Errorf("read a call of %s: %w", c.Name, err)
		}
		c.Params = append(c.Params, p)
	}
	if r.err != nil {
		return c, fmt.Errorf("read a call of %s: %w", c.Name, r.err)
	}
	return c, nil
}

func readParam(r *reader) (Param, error) {
	p := Param{Name: r.shortText()}
	const byReference = 1
	p.Output = r.u8()&byReference != 0
	t, err := readType(r)
	if err != nil {
		return p, fmt.Errorf("parameter %q: %w", p.Name, err)
	}
	p.Type = t.Type
	if p.Value, err = readValue(r, t); err != nil {
		return p, fmt.Errorf("parameter %q: %w", p.Name, err)
	}
	return p, nil
}

// TransactionRequest asks for a transaction's beginning or end outside of SQL (MS-TDS 2.2.6.9).
type TransactionRequest struct {
	Action string // "begin", "commit", "rollback"
	Begin  bool   // a new one is to begin after a commit or rollback
}

// ReadTransaction reads a transaction manager request. Distributed transactions and savepoints are refused.
func ReadTransaction(data []byte) (TransactionRequest, error) {
	r := &reader{data: data}
	skipHeaders(r)
	kind := r.u16()
	const begin, commit, rollback = 5, 7, 8
	switch kind {
	case begin:
		return TransactionRequest{Action: "begin"}, r.err
	case commit, rollback:
		r.shortText() // its name
		const beginNext = 1
		t := TransactionRequest{Action: map[uint16]string{commit: "commit", rollback: "rollback"}[kind], Begin: r.u8()&beginNext != 0}
		return t, r.err
	}
	return TransactionRequest{}, fmt.Errorf("read a transaction request: the sandbox does not do requests of type %d", kind)
}
