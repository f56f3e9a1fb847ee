package postgres

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"lifeboat/aws/sandbox/database/postgres/dialect"
)

// Formats of a value on the wire.
const (
	asText   = 0
	asBinary = 1
)

// epoch is where Postgres's moments begin.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// codec writes values to the wire and reads them. Numerics in binary go through pgtype's codec alone: its map of all types would
// keep every one of them in the program.
type codec struct{}

// encode writes a value that SQLite gave as type t; nil is null.
func (c codec) encode(t dialect.Type, format int16, v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	if format == asBinary {
		return c.binary(t, v)
	}
	s, err := t.Output(v)
	return []byte(s), err
}

func (c codec) binary(t dialect.Type, v any) ([]byte, error) {
	switch t.OID {
	case dialect.Bool, dialect.Int2, dialect.Int4, dialect.Int8, dialect.Oid, dialect.Regproc:
		return binaryInteger(t, v)
	case dialect.Bytea:
		if b, ok := v.([]byte); ok {
			return b, nil
		}
	case dialect.Numeric:
		s, err := t.Output(v)
		if err != nil {
			return nil, err
		}
		var n pgtype.Numeric
		if err := n.Scan(s); err != nil {
			return nil, err
		}
		return pgtype.NumericCodec{}.PlanEncode(nil, pgtype.NumericOID, asBinary, n).Encode(n, nil)
	}
	s, err := t.Output(v)
	if err != nil {
		return nil, err
	}
	if el, ok := t.OID.Element(); ok {
		return c.binaryArray(el, v.(string))
	}
	switch t.OID {
	case dialect.Float4, dialect.Float8:
		f, _ := strconv.ParseFloat(s, 64)
		if t.OID == dialect.Float4 {
			return binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(f))), nil
		}
		return binary.BigEndian.AppendUint64(nil, math.Float64bits(f)), nil
	case dialect.Timestamp, dialect.Timestamptz, dialect.Date, dialect.Time:
		return binaryMoment(t, v, s)
	case dialect.Interval:
		span, err := dialect.ParseSpan(s)
		out := binary.BigEndian.AppendUint64(nil, uint64(span.Micros))
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(out, uint32(span.Days)), uint32(span.Months)), err
	case dialect.UUID:
		return hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	case dialect.JSONB:
		return append([]byte{1}, s...), nil
	}
	return []byte(s), nil
}

func binaryInteger(t dialect.Type, v any) ([]byte, error) {
	n, err := t.Integer(v)
	if t.OID == dialect.Bool {
		if b, _ := t.Output(v); b == "t" {
			return []byte{1}, nil
		}
		return []byte{0}, nil
	}
	if err != nil {
		return nil, err
	}
	switch t.OID.Length() {
	case 2:
		return binary.BigEndian.AppendUint16(nil, uint16(n)), nil
	case 8:
		return binary.BigEndian.AppendUint64(nil, uint64(n)), nil
	}
	return binary.BigEndian.AppendUint32(nil, uint32(n)), nil
}

func binaryMoment(t dialect.Type, v any, shown string) ([]byte, error) {
	kept, ok := v.(string)
	if !ok {
		kept = shown
	}
	at, err := dialect.ParseMoment(kept)
	if err != nil {
		return nil, err
	}
	switch t.OID {
	case dialect.Date:
		return binary.BigEndian.AppendUint32(nil, uint32(int32(math.Floor(at.Sub(epoch).Hours()/24)))), nil
	case dialect.Time:
		return binary.BigEndian.AppendUint64(nil, uint64(at.Sub(at.Truncate(24*time.Hour)).Microseconds())), nil
	}
	return binary.BigEndian.AppendUint64(nil, uint64(at.UnixMicro()-epoch.UnixMicro())), nil
}

func (c codec) binaryArray(el dialect.OID, kept string) ([]byte, error) {
	items, err := dialect.Items(el, kept)
	if err != nil {
		return nil, err
	}
	u32 := binary.BigEndian.AppendUint32
	if len(items) == 0 {
		return u32(u32(u32(nil, 0), 0), uint32(el)), nil
	}
	out := u32(u32(u32(u32(u32(nil, 1), 1), uint32(el)), uint32(len(items))), 1)
	for _, it := range items {
		if it == nil {
			out = u32(out, math.MaxUint32)
			continue
		}
		b, err := c.binary(dialect.Type{OID: el}, it)
		if err != nil {
			return nil, err
		}
		out = append(u32(out, uint32(len(b))), b...)
	}
	return out, nil
}

// decode reads a value of type t from the wire as SQLite will keep it.
func (c codec) decode(t dialect.Type, format int16, b []byte) (any, error) {
	if b == nil {
		return nil, nil
	}
	if format == asText {
		if strings.IndexByte(string(b), 0) >= 0 {
			return nil, dialect.Errorf("22021", `invalid byte sequence for encoding "UTF8": 0x00`)
		}
		return t.Input(string(b))
	}
	v, err := c.fromBinary(t, b)
	if err != nil || t.Mod == 0 {
		return v, err
	}
	s, err := dialect.Type{OID: t.OID}.Output(v) // varchar(n) and numeric(p,s) have more to say
	if err != nil {
		return nil, err
	}
	return t.Input(s)
}

func (c codec) fromBinary(t dialect.Type, b []byte) (any, error) {
	if n := t.OID.Length(); n > 0 && t.OID != dialect.Name && len(b) != int(n) {
		return nil, dialect.Errorf("22P03", "incorrect binary data format for type %s", t)
	}
	switch t.OID {
	case dialect.Bool:
		return int64(b[0] & 1), nil
	case dialect.Int2:
		return int64(int16(binary.BigEndian.Uint16(b))), nil
	case dialect.Int4:
		return int64(int32(binary.BigEndian.Uint32(b))), nil
	case dialect.Oid, dialect.Regclass, dialect.Regtype, dialect.Regproc:
		return int64(binary.BigEndian.Uint32(b)), nil
	case dialect.Int8:
		return int64(binary.BigEndian.Uint64(b)), nil
	case dialect.Float4:
		return t.Input(strconv.FormatFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(b))), 'g', -1, 32))
	case dialect.Float8:
		return t.Input(strconv.FormatFloat(math.Float64frombits(binary.BigEndian.Uint64(b)), 'g', -1, 64))
	case dialect.Bytea:
		return append([]byte{}, b...), nil
	case dialect.Timestamp, dialect.Timestamptz:
		micros := int64(binary.BigEndian.Uint64(b))
		if micros == math.MaxInt64 || micros == math.MinInt64 {
			return nil, dialect.Unsupported("the %s infinity", t)
		}
		return dialect.Moment(time.UnixMicro(epoch.UnixMicro() + micros)), nil
	case dialect.Date:
		return epoch.AddDate(0, 0, int(int32(binary.BigEndian.Uint32(b)))).Format("2006-01-02"), nil
	case dialect.Time:
		return time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC().Format("15:04:05.000000"), nil
	case dialect.Interval:
		return dialect.Span{Micros: int64(binary.BigEndian.Uint64(b)), Days: int64(int32(binary.BigEndian.Uint32(b[8:]))), Months: int64(int32(binary.BigEndian.Uint32(b[12:])))}.String(), nil
	case dialect.UUID:
		return t.Input(hex.EncodeToString(b))
	case dialect.Numeric:
		return c.numericFrom(t, b)
	case dialect.JSONB:
		if len(b) == 0 || b[0] != 1 {
			return nil, dialect.Errorf("22P03", "unsupported jsonb version number")
		}
		return t.Input(string(b[1:]))
	}
	if el, ok := t.OID.Element(); ok {
		return c.arrayFrom(el, b)
	}
	return c.decode(t, asText, b)
}

func (c codec) numericFrom(t dialect.Type, b []byte) (any, error) {
	var n pgtype.Numeric
	if err := (pgtype.NumericCodec{}).PlanScan(nil, pgtype.NumericOID, asBinary, &n).Scan(b, &n); err != nil {
		return nil, dialect.Errorf("22P03", "incorrect binary data format for type numeric")
	}
	v, err := n.Value()
	if err != nil {
		return nil, err
	}
	return t.Input(v.(string))
}

func (c codec) arrayFrom(el dialect.OID, b []byte) (any, error) {
	malformed := dialect.Errorf("22P03", "incorrect binary data format for an array")
	if len(b) < 12 {
		return nil, malformed
	}
	dimensions := binary.BigEndian.Uint32(b)
	if dimensions == 0 {
		return "[]", nil
	}
	if dimensions > 1 {
		return nil, dialect.Unsupported("an array of more than one dimension")
	}
	if len(b) < 20 {
		return nil, malformed
	}
	n := binary.BigEndian.Uint32(b[12:])
	b = b[20:]
	var items []any
	for range n {
		if len(b) < 4 {
			return nil, malformed
		}
		size := int32(binary.BigEndian.Uint32(b))
		b = b[4:]
		if size < 0 {
			items = append(items, nil)
			continue
		}
		if int(size) > len(b) {
			return nil, malformed
		}
		v, err := c.decode(dialect.Type{OID: el}, asBinary, b[:size])
		if err != nil {
			return nil, err
		}
		items, b = append(items, v), b[size:]
	}
	return dialect.ArrayOf(el, items)
}
