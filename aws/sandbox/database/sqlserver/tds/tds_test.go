package tds

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"math"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func anyType(t *rapid.T) Type {
	typ := rapid.SampledFrom([]Type{
		{Name: "int"}, {Name: "bigint"}, {Name: "smallint"}, {Name: "tinyint"}, {Name: "bit"}, {Name: "float"}, {Name: "real"}, {Name: "decimal"}, {Name: "nvarchar"}, {Name: "varbinary"},
		{Name: "datetime2"}, {Name: "datetime"}, {Name: "smalldatetime"}, {Name: "date"}, {Name: "time"}, {Name: "uniqueidentifier"},
	}).Draw(t, "type")
	switch {
	case typ.Name == "decimal":
		typ.Precision = rapid.IntRange(1, 15).Draw(t, "precision")
		typ.Scale = rapid.IntRange(0, typ.Precision).Draw(t, "scale")
	case typ.Name == "datetime2" || typ.Name == "time":
		typ.Scale = rapid.IntRange(0, 7).Draw(t, "scale")
	case typ.IsText() || typ.IsBinary():
		typ.Length = rapid.SampledFrom([]int{Max, 40, 4000}).Draw(t, "length")
	}
	return typ
}

func anyValue(t *rapid.T, typ Type) any {
	at := time.Date(1900+rapid.IntRange(0, 170).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 364*24*3600).Draw(t, "second")) * time.Second)
	switch {
	case rapid.IntRange(0, 9).Draw(t, "null") == 0:
		return nil
	case typ.Name == "bit":
		return rapid.Int64Range(0, 1).Draw(t, "bit")
	case typ.Name == "tinyint":
		return rapid.Int64Range(0, 255).Draw(t, "int")
	case typ.IsInt():
		bits := 8*intSize(typ) - 1
		return rapid.Int64Range(math.MinInt64>>(63-bits), math.MaxInt64>>(63-bits)).Draw(t, "int")
	case typ.Name == "real":
		return float64(rapid.Float32().Draw(t, "real"))
	case typ.IsFloat():
		return rapid.Float64().Draw(t, "float")
	case typ.Name == "decimal":
		most := int64(math.Pow10(typ.Precision)) - 1
		return float64(rapid.Int64Range(-most, most).Draw(t, "decimal")) / math.Pow10(typ.Scale)
	case typ.IsText():
		return cutUTF16(rapid.String().Draw(t, "text"), 40)
	case typ.IsBinary():
		return rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes")
	case typ.Name == "uniqueidentifier":
		return strings.ToUpper(rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`).Draw(t, "guid"))
	case typ.Name == "date":
		return at.Truncate(24 * time.Hour)
	case typ.Name == "time":
		return year1900.Add(at.Sub(at.Truncate(24 * time.Hour)))
	case typ.Name == "smalldatetime":
		return at.Truncate(time.Minute)
	}
	return at
}

// TestValues: what is written as a column's value is read as a parameter's, to its last byte.
func TestValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := anyType(t)
		v := anyValue(t, typ)
		b, err := appendType(nil, typ)
		if err == nil {
			b, err = appendValue(b, typ, v)
		}
		if err != nil {
			t.Fatalf("%s %v: %v", typ, v, err)
		}
		r := &reader{data: b}
		got, err := readType(r)
		if err != nil {
			t.Fatal(err)
		}
		back, err := readValue(r, got)
		if err != nil || len(r.data) > 0 {
			t.Fatalf("%s %v: %d bytes left, %v", typ, v, len(r.data), err)
		}
		if f, ok := v.(float64); ok && typ.Name == "decimal" && back != nil && math.Abs(back.(float64)-f) < math.Pow10(-typ.Scale)/4 {
			return
		}
		if !reflect.DeepEqual(v, back) && !(typ.Name != "decimal" && len(bytesOf(v)) == 0 && len(bytesOf(back)) == 0 && back != nil) {
			t.Fatalf("%s: sent %#v, got %#v", typ, v, back)
		}
	})
}

func bytesOf(v any) []byte {
	b, ok := v.([]byte)
	if !ok {
		return []byte{1}
	}
	return b
}

// TestPackets: a message is the same whatever the size of its packets.
func TestPackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "data")
		var wire bytes.Buffer
		m := newMessage(&wire, Batch, rapid.IntRange(smallestPacket, 5000).Draw(t, "size"))
		for rest := data; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "write")
			m.Write(rest[:n])
			rest = rest[n:]
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		left, right := net.Pipe()
		go func() { left.Write(wire.Bytes()); left.Close() }()
		got, err := NewConn(right).Read()
		if err != nil || got.Kind != Batch || !bytes.Equal(got.Data, data) {
			t.Fatalf("%d bytes became %d: %v", len(data), len(got.Data), err)
		}
	})
}

// TestGarbage: nothing that a client sends breaks the reader.
func TestGarbage(t *testing.T) {
	call := binary.LittleEndian.AppendUint32(nil, 4)
	call = append(call, 0xFF, 0xFF, 10, 0, 0, 0)
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "data")
		ReadBatch(data)
		ReadCall(data)
		ReadTransaction(data)
		readOptions(data)
		new(Conn).readLogin(data)
		code := rapid.SampledFrom([]byte{wireNull, wireInt4, wireIntN, wireFloatN, wireBitN, wireGUID, wireDecimalN, wireMoneyN, wireDateTimeN, wireDate, wireTime, wireDateTime2, wireDateOffset, wireVarBinary, wireVarChar, wireNVarChar}).Draw(t, "type")
		ReadCall(append(append(append([]byte{}, call...), 0, 0, code), data...))
		left, right := net.Pipe()
		go func() { left.Write(data); left.Close() }()
		Accept(right, &tls.Config{}, [4]byte{})
		right.Close()
		left.Close()
	})
}

func TestTooLarge(t *testing.T) {
	for _, c := range []struct {
		typ   Type
		value any
	}{
		{Type{Name: "int"}, int64(1) << 31}, {Type{Name: "tinyint"}, int64(-1)}, {Type{Name: "smallint"}, int64(1) << 15}, {Type{Name: "decimal", Precision: 3, Scale: 1}, 100.0},
		{Type{Name: "nvarchar", Length: 2}, "abc"}, {Type{Name: "varbinary", Length: 2}, []byte{1, 2, 3}}, {Type{Name: "uniqueidentifier"}, "x"}, {Type{Name: "int"}, "x"},
	} {
		if _, err := appendValue(nil, c.typ, c.value); err == nil {
			t.Errorf("%v was sent as %s", c.value, c.typ)
		}
	}
}
