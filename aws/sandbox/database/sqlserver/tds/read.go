package tds

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"
)

var errShort = errors.New("the message ends early")

// reader takes numbers and texts from a message. After the first value that is not there, all are zero and err is set.
type reader struct {
	data []byte
	err  error
}

func (r *reader) bytes(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.data) {
		r.err = errShort
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) number(n int) uint64 {
	var v uint64
	for i, b := range r.bytes(n) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

func (r *reader) u8() byte    { return byte(r.number(1)) }
func (r *reader) u16() uint16 { return uint16(r.number(2)) }
func (r *reader) u32() uint32 { return uint32(r.number(4)) }

// text is a text of n UTF-16 units.
func (r *reader) text(n int) string { return decodeUTF16(r.bytes(2 * n)) }

// shortText is B_VARCHAR: its length in one byte before it.
func (r *reader) shortText() string { return r.text(int(r.u8())) }

func decodeUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

func appendUTF16(b []byte, s string) []byte {
	for _, r := range s {
		if hi, lo := utf16.EncodeRune(r); hi != 0xFFFD {
			b = binary.LittleEndian.AppendUint16(b, uint16(hi))
			b = binary.LittleEndian.AppendUint16(b, uint16(lo))
			continue
		}
		b = binary.LittleEndian.AppendUint16(b, uint16(r))
	}
	return b
}

func lenUTF16(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// appendShortText appends B_VARCHAR, cut to what its length byte can say.
func appendShortText(b []byte, s string) []byte {
	s = cutUTF16(s, 255)
	return appendUTF16(append(b, byte(lenUTF16(s))), s)
}

// appendText appends US_VARCHAR, cut to what fits a token.
func appendText(b []byte, s string) []byte {
	s = cutUTF16(s, 8000)
	return appendUTF16(binary.LittleEndian.AppendUint16(b, uint16(lenUTF16(s))), s)
}

func cutUTF16(s string, n int) string {
	for i, r := range s {
		if n -= utf16.RuneLen(r); n < 0 {
			return s[:i]
		}
	}
	return s
}
