package tds

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	decimalSize  = 17 // sign and 16 bytes
	daySeconds   = 24 * 60 * 60
	chunkEnd     = 0
	chunkNull    = math.MaxUint64
	chunkUnknown = math.MaxUint64 - 1
)

var (
	year1    = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	year1900 = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
)

// days is how many whole days lie between two midnights; time.Duration would overflow after 292 years.
func days(from, to time.Time) int { return int((to.Unix() - from.Unix()) / daySeconds) }

// appendValue appends v as a value of type t, with its length.
func appendValue(b []byte, t Type, v any) ([]byte, error) {
	if v == nil {
		switch {
		case isLong(t):
			return binary.LittleEndian.AppendUint64(b, chunkNull), nil
		case t.IsText() || t.IsBinary():
			return append(b, 0xFF, 0xFF), nil
		}
		return append(b, 0), nil
	}
	switch v := v.(type) {
	case int64:
		if t.IsInt() || t.Name == "bit" {
			return appendInt(b, t, v)
		}
	case float64:
		switch t.Name {
		case "float":
			return binary.LittleEndian.AppendUint64(append(b, 8), math.Float64bits(v)), nil
		case "real":
			return binary.LittleEndian.AppendUint32(append(b, 4), math.Float32bits(float32(v))), nil
		case "decimal":
			return appendDecimal(b, t, v)
		}
	case string:
		switch {
		case t.IsText():
			return appendChars(b, t, v)
		case t.Name == "uniqueidentifier":
			return appendGUID(b, v)
		}
	case []byte:
		if t.IsBinary() {
			return appendBytes(b, t, v, len(v), func(b []byte) []byte { return append(b, v...) })
		}
	case time.Time:
		if t.IsMoment() {
			return appendMoment(b, t, v.UTC()), nil
		}
	}
	return b, fmt.Errorf("send a %T as a value of type %s: it is none", v, t)
}

func appendInt(b []byte, t Type, v int64) ([]byte, error) {
	size := intSize(t)
	if t.Name == "bit" {
		size = 1
	}
	low, high := int64(math.MinInt64)>>(64-8*size), int64(math.MaxInt64)>>(64-8*size)
	if size == 1 {
		low, high = 0, math.MaxUint8
	}
	if v < low || v > high {
		return b, Overflow(t.Name)
	}
	var number [8]byte
	binary.LittleEndian.PutUint64(number[:], uint64(v))
	return append(append(b, byte(size)), number[:size]...), nil
}

func appendDecimal(b []byte, t Type, v float64) ([]byte, error) {
	scaled := math.Round(math.Abs(v) * math.Pow10(t.Scale))
	if scaled >= math.Pow10(min(t.Precision, 19)) {
		return b, Overflow("numeric")
	}
	sign := byte(1)
	if v < 0 {
		sign = 0
	}
	b = append(b, decimalSize, sign)
	b = binary.LittleEndian.AppendUint64(b, uint64(scaled))
	return append(b, 0, 0, 0, 0, 0, 0, 0, 0), nil
}

func appendChars(b []byte, t Type, s string) ([]byte, error) {
	return appendBytes(b, t, s, 2*lenUTF16(s), func(b []byte) []byte { return appendUTF16(b, s) })
}

// appendBytes appends n bytes, that add appends, as a text or a binary.
func appendBytes(b []byte, t Type, v any, n int, add func([]byte) []byte) ([]byte, error) {
	if isLong(t) {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
		if n > 0 {
			b = add(binary.LittleEndian.AppendUint32(b, uint32(n)))
		}
		return binary.LittleEndian.AppendUint32(b, chunkEnd), nil
	}
	limit := t.Length
	if t.IsText() {
		limit = 2 * t.Length
	}
	if n > max(limit, 2) {
		return b, fmt.Errorf("send %d bytes as a value of type %s: it is too long", n, t)
	}
	return add(binary.LittleEndian.AppendUint16(b, uint16(n))), nil
}

func appendGUID(b []byte, s string) ([]byte, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(raw) != 16 {
		return b, fmt.Errorf("send %q as a uniqueidentifier: it is none", s)
	}
	return append(append(b, 16), swapGUID(raw)...), nil
}

// swapGUID turns the first three parts of a GUID between the order of its text and the order on the wire.
func swapGUID(g []byte) []byte {
	return []byte{g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]}
}

func appendMoment(b []byte, t Type, v time.Time) []byte {
	midnight := v.Truncate(24 * time.Hour)
	inDay := v.Sub(midnight)
	switch t.Name {
	case "datetime", "smalldatetime":
		day, unit := days(year1900, midnight), time.Second/300
		if t.Name == "smalldatetime" {
			b = binary.LittleEndian.AppendUint16(append(b, 4), uint16(day))
			return binary.LittleEndian.AppendUint16(b, uint16(inDay/time.Minute))
		}
		ticks := (int64(inDay)*300 + int64(time.Second)/2) / int64(time.Second)
		if ticks >= int64(24*time.Hour/unit) {
			day, ticks = day+1, 0
		}
		b = binary.LittleEndian.AppendUint32(append(b, 8), uint32(int32(day)))
		return binary.LittleEndian.AppendUint32(b, uint32(ticks))
	case "date":
		return appendDay(append(b, 3), midnight)
	case "time":
		return appendClock(append(b, byte(clockSize(t.Scale))), t.Scale, inDay)
	}
	b = appendClock(append(b, byte(clockSize(t.Scale)+3)), t.Scale, inDay)
	return appendDay(b, midnight)
}

func appendDay(b []byte, midnight time.Time) []byte {
	d := days(year1, midnight)
	return append(b, byte(d), byte(d>>8), byte(d>>16))
}

// clockSize is how many bytes a time of day with so many digits after the seconds' point has.
func clockSize(scale int) int { return [8]int{3, 3, 3, 4, 4, 5, 5, 5}[scale] }

func clockUnit(scale int) time.Duration {
	return time.Duration(math.Pow10(9 - scale))
}

func appendClock(b []byte, scale int, inDay time.Duration) []byte {
	n := uint64(inDay / clockUnit(scale))
	for range clockSize(scale) {
		b = append(b, byte(n))
		n >>= 8
	}
	return b
}

// readValue reads a value of type t.
func readValue(r *reader, t wireType) (any, error) {
	data, null, err := readBytes(r, t)
	if err != nil || null {
		return nil, err
	}
	switch {
	case t.IsInt(), t.Name == "bit":
		return readInt(data), nil
	case t.IsFloat():
		if len(data) == 4 {
			return float64(math.Float32frombits(binary.LittleEndian.Uint32(data))), nil
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(data)), nil
	case t.Name == "decimal":
		return readDecimal(t, data), nil
	case t.Name == "varchar":
		return decodeLatin(data), nil
	case t.Name == "nvarchar":
		return decodeUTF16(data), nil
	case t.Name == "varbinary":
		return append([]byte{}, data...), nil
	case t.Name == "uniqueidentifier":
		g := swapGUID(data)
		return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", g[:4], g[4:6], g[6:8], g[8:10], g[10:])), nil
	}
	if t.code == wireDateOffset && (data[len(data)-1] != 0 || data[len(data)-2] != 0) {
		return nil, errors.New("a datetimeoffset here is in UTC; convert it before it is sent")
	}
	return readMoment(t, data), nil
}

// readBytes reads a value's bytes; their number is right for the type.
func readBytes(r *reader, t wireType) (data []byte, null bool, err error) {
	switch {
	case t.code == wireNull:
		return nil, true, nil
	case t.IsText() || t.IsBinary():
		if t.size == 0xFFFF {
			data, null = readChunks(r)
			return data, null, r.err
		}
		n := r.u16()
		if n == 0xFFFF {
			return nil, true, r.err
		}
		return r.bytes(int(n)), false, r.err
	case t.code >= wireInt1 && t.code <= wireFloat || t.code == wireInt8 || t.code == wireMoney4:
		return r.bytes(t.size), false, r.err
	}
	n := int(r.u8())
	data = r.bytes(n)
	if r.err == nil && n > 0 && !fits(t, n) {
		return nil, false, fmt.Errorf("read a parameter of type %s: %d bytes are none", t, n)
	}
	return data, n == 0, r.err
}

func fits(t wireType, n int) bool {
	switch t.code {
	case wireDate:
		return n == 3
	case wireTime:
		return t.Scale <= 7 && n == clockSize(t.Scale)
	case wireDateTime2:
		return t.Scale <= 7 && n == clockSize(t.Scale)+3
	case wireDateOffset:
		return t.Scale <= 7 && n == clockSize(t.Scale)+5
	case wireGUID:
		return n == 16
	case wireDecimalN, wireNumericN:
		return n >= 5
	case wireMoneyN, wireFloatN, wireDateTimeN:
		return n == 4 || n == 8
	}
	return n <= 8
}

// readChunks reads a value sent in chunks (PARTLENTYPE).
func readChunks(r *reader) (data []byte, null bool) {
	total := r.number(8)
	if total == chunkNull {
		return nil, true
	}
	for {
		n := r.u32()
		if n == chunkEnd || r.err != nil {
			return data, false
		}
		data = append(data, r.bytes(int(n))...)
	}
}

func readInt(data []byte) int64 {
	var v uint64
	for i, b := range data {
		v |= uint64(b) << (8 * i)
	}
	if len(data) == 1 {
		return int64(v)
	}
	shift := 64 - 8*len(data)
	return int64(v<<shift) >> shift
}

func readDecimal(t wireType, data []byte) float64 {
	switch t.code {
	case wireMoney, wireMoney4, wireMoneyN:
		if len(data) == 8 { // the high half comes first
			data = append(append([]byte{}, data[4:]...), data[:4]...)
		}
		return float64(readInt(data)) / 10000
	}
	v := 0.0
	for i := len(data) - 1; i > 0; i-- {
		v = v*256 + float64(data[i])
	}
	if data[0] == 0 {
		v = -v
	}
	return v / math.Pow10(t.Scale)
}

// decodeLatin reads text of code page 1252, or UTF-8 where it is valid UTF-8 of more than ASCII: some clients send that.
func decodeLatin(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	runes := make([]rune, len(data))
	for i, b := range data {
		runes[i] = rune(b)
	}
	return string(runes)
}

func readMoment(t wireType, data []byte) time.Time {
	at := func(n uint64, unit time.Duration) time.Duration { return time.Duration(n) * unit }
	little := func(b []byte) uint64 { r := reader{data: b}; return r.number(len(b)) }
	switch t.code {
	case wireDateTime, wireSmallDate, wireDateTimeN:
		if len(data) == 4 {
			return year1900.AddDate(0, 0, int(little(data[:2]))).Add(at(little(data[2:]), time.Minute))
		}
		ticks := little(data[4:])
		return year1900.AddDate(0, 0, int(int32(little(data[:4])))).Add(time.Duration(math.Round(float64(ticks)*10/3)) * time.Millisecond)
	case wireDate:
		return year1.AddDate(0, 0, int(little(data)))
	case wireTime:
		return year1900.Add(at(little(data), clockUnit(t.Scale)))
	}
	n := clockSize(t.Scale) // the offset of a datetimeoffset follows; it is 0
	return year1.AddDate(0, 0, int(little(data[n:n+3]))).Add(at(little(data[:n]), clockUnit(t.Scale)))
}
