package tds

import (
	"fmt"
	"strings"
)

// Max is the length of nvarchar(max) and varbinary(max).
const Max = -1

// Type is a data type of SQL Server as far as this package carries it. Values are int64 (the whole numbers, and bit as 0 and 1), float64 (float, real, decimal), string (the texts and
// uniqueidentifier), []byte (binary) and time.Time (the dates and times, in UTC); nil is NULL.
type Type struct {
	Name      string // lower case: "int", "nvarchar", ...; "" is not known
	Length    int    // characters of a text, bytes of a binary; Max for (max)
	Precision int    // of decimal
	Scale     int    // of decimal, datetime2 and time: digits after the point
}

// The classes of types that behave alike.
func (t Type) IsInt() bool {
	return t.Name == "int" || t.Name == "bigint" || t.Name == "smallint" || t.Name == "tinyint"
}
func (t Type) IsText() bool {
	return t.Name == "nvarchar" || t.Name == "varchar" || t.Name == "nchar" || t.Name == "char"
}
func (t Type) IsBinary() bool { return t.Name == "varbinary" || t.Name == "binary" }
func (t Type) IsFloat() bool  { return t.Name == "float" || t.Name == "real" }
func (t Type) IsNumber() bool {
	return t.IsInt() || t.IsFloat() || t.Name == "bit" || t.Name == "decimal"
}
func (t Type) IsMoment() bool { return t.IsDateTime() || t.Name == "date" || t.Name == "time" }
func (t Type) IsDateTime() bool {
	return t.Name == "datetime2" || t.Name == "datetime" || t.Name == "smalldatetime"
}

// String is the type as T-SQL writes it.
func (t Type) String() string {
	switch {
	case t.IsText() || t.IsBinary():
		if t.Length == Max {
			return t.Name + "(max)"
		}
		return fmt.Sprintf("%s(%d)", t.Name, t.Length)
	case t.Name == "decimal":
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case t.Name == "datetime2" || t.Name == "time":
		return fmt.Sprintf("%s(%d)", t.Name, t.Scale)
	}
	return t.Name
}

// Column is one column of a result.
type Column struct {
	Name string
	Type Type
}

// The data types on the wire (MS-TDS 2.2.5.4).
const (
	wireNull       = 0x1F
	wireInt1       = 0x30
	wireBit        = 0x32
	wireInt2       = 0x34
	wireInt4       = 0x38
	wireSmallDate  = 0x3A
	wireReal       = 0x3B
	wireMoney      = 0x3C
	wireDateTime   = 0x3D
	wireFloat      = 0x3E
	wireMoney4     = 0x7A
	wireInt8       = 0x7F
	wireGUID       = 0x24
	wireIntN       = 0x26
	wireDate       = 0x28
	wireTime       = 0x29
	wireDateTime2  = 0x2A
	wireDateOffset = 0x2B
	wireBitN       = 0x68
	wireDecimalN   = 0x6A
	wireNumericN   = 0x6C
	wireFloatN     = 0x6D
	wireMoneyN     = 0x6E
	wireDateTimeN  = 0x6F
	wireVarBinary  = 0xA5
	wireVarChar    = 0xA7
	wireBinary     = 0xAD
	wireChar       = 0xAF
	wireNVarChar   = 0xE7
	wireNChar      = 0xEF
)

// collation is SQL_Latin1_General_CP1_CI_AS: LCID 0x0409, ignoring case, kana and width, sort order 52.
var collation = [5]byte{0x09, 0x04, 0xD0, 0x00, 0x34}

// longestText and longestBinary are what a column that is not (max) can have: characters and bytes.
const (
	longestText   = 4000
	longestBinary = 8000
)

// intSize is how many bytes a whole number of type t has.
func intSize(t Type) int {
	switch t.Name {
	case "bigint":
		return 8
	case "smallint":
		return 2
	case "tinyint":
		return 1
	}
	return 4
}

// isLong tells a type whose values are sent in chunks.
func isLong(t Type) bool {
	return t.Length == Max || t.IsText() && t.Length > longestText || t.IsBinary() && t.Length > longestBinary
}

// appendType appends TYPE_INFO of t.
func appendType(b []byte, t Type) ([]byte, error) {
	switch {
	case t.IsInt():
		return append(b, wireIntN, byte(intSize(t))), nil
	case t.Name == "bit":
		return append(b, wireBitN, 1), nil
	case t.Name == "float":
		return append(b, wireFloatN, 8), nil
	case t.Name == "real":
		return append(b, wireFloatN, 4), nil
	case t.Name == "decimal":
		return append(b, wireDecimalN, decimalSize, byte(t.Precision), byte(t.Scale)), nil
	case t.IsText():
		b = appendLength(append(b, wireNVarChar), t, 2*t.Length)
		return append(b, collation[:]...), nil
	case t.IsBinary():
		return appendLength(append(b, wireVarBinary), t, t.Length), nil
	case t.Name == "datetime2":
		return append(b, wireDateTime2, byte(t.Scale)), nil
	case t.Name == "time":
		return append(b, wireTime, byte(t.Scale)), nil
	case t.Name == "date":
		return append(b, wireDate), nil
	case t.Name == "datetime":
		return append(b, wireDateTimeN, 8), nil
	case t.Name == "smalldatetime":
		return append(b, wireDateTimeN, 4), nil
	case t.Name == "uniqueidentifier":
		return append(b, wireGUID, 16), nil
	}
	return b, fmt.Errorf("send a column of type %q: TDS here has no such type", t.Name)
}

func appendLength(b []byte, t Type, bytes int) []byte {
	if isLong(t) {
		return append(b, 0xFF, 0xFF)
	}
	bytes = max(bytes, 2)
	return append(b, byte(bytes), byte(bytes>>8))
}

// wireType is a type as a client sent it, with what is needed to read its value.
type wireType struct {
	Type
	code byte
	size int // in bytes, of fixed types and of the longest value otherwise; 0xFFFF is in chunks
}

// readType reads TYPE_INFO.
func readType(r *reader) (wireType, error) {
	t := wireType{code: r.u8()}
	switch t.code {
	case wireNull:
	case wireInt1, wireInt2, wireInt4, wireInt8:
		t.size = map[byte]int{wireInt1: 1, wireInt2: 2, wireInt4: 4, wireInt8: 8}[t.code]
		t.Name = intName(t.size)
	case wireBit:
		t.size, t.Name = 1, "bit"
	case wireReal:
		t.size, t.Name = 4, "real"
	case wireFloat:
		t.size, t.Name = 8, "float"
	case wireDateTime:
		t.size, t.Name = 8, "datetime"
	case wireSmallDate:
		t.size, t.Name = 4, "smalldatetime"
	case wireMoney, wireMoney4:
		t.size = map[byte]int{wireMoney: 8, wireMoney4: 4}[t.code]
		t.Type = Type{Name: "decimal", Precision: 19, Scale: 4}
	case wireDate:
		t.Name = "date"
	case wireTime, wireDateTime2, wireDateOffset:
		t.Scale = int(r.u8())
		t.Name = map[byte]string{wireTime: "time", wireDateTime2: "datetime2", wireDateOffset: "datetime2"}[t.code]
	case wireGUID, wireIntN, wireBitN, wireFloatN, wireMoneyN, wireDateTimeN:
		t.size = int(r.u8())
		t.nullable()
	case wireDecimalN, wireNumericN:
		t.size = int(r.u8())
		t.Type = Type{Name: "decimal", Precision: int(r.u8()), Scale: int(r.u8())}
	case wireVarBinary, wireBinary:
		t.size = int(r.u16())
		t.Type = Type{Name: "varbinary", Length: lengthOf(t.size, 1)}
	case wireVarChar, wireChar:
		t.size = int(r.u16())
		r.bytes(len(collation))
		t.Type = Type{Name: "varchar", Length: lengthOf(t.size, 1)}
	case wireNVarChar, wireNChar:
		t.size = int(r.u16())
		r.bytes(len(collation))
		t.Type = Type{Name: "nvarchar", Length: lengthOf(t.size, 2)}
	default:
		return t, fmt.Errorf("read a parameter: the sandbox does not take values of TDS type 0x%02X", t.code)
	}
	if r.err == nil && (t.Name == "" && t.code != wireNull || t.Scale > 38 || t.IsMoment() && t.Scale > 7) {
		return t, fmt.Errorf("read a parameter: its type 0x%02X has a size that it cannot have", t.code)
	}
	return t, r.err
}

func (t *wireType) nullable() {
	switch t.code {
	case wireGUID:
		t.Name = "uniqueidentifier"
	case wireIntN:
		t.Name = intName(t.size)
	case wireBitN:
		t.Name = "bit"
	case wireFloatN:
		t.Name = map[int]string{4: "real"}[t.size]
		if t.Name == "" {
			t.Name = "float"
		}
	case wireMoneyN:
		t.Type = Type{Name: "decimal", Precision: 19, Scale: 4}
	case wireDateTimeN:
		t.Name = map[bool]string{true: "smalldatetime", false: "datetime"}[t.size == 4]
	}
}

func intName(size int) string {
	return [9]string{1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"}[min(size, 8)]
}

func lengthOf(size, unit int) int {
	if size == 0xFFFF {
		return Max
	}
	return size / unit
}

// ParseType reads a type as T-SQL writes it, with its lengths in args: ("nvarchar", ["max"]). ok is false for a type that is not carried.
func ParseType(name string, args []string) (t Type, ok bool) {
	t.Name = strings.ToLower(name)
	switch t.Name {
	case "integer":
		t.Name = "int"
	case "numeric", "dec":
		t.Name = "decimal"
	case "sysname":
		return Type{Name: "nvarchar", Length: 128}, len(args) == 0
	case "double precision":
		t.Name = "float"
	}
	var n [2]int
	for i, a := range args {
		if i > 1 {
			return t, false
		}
		if strings.EqualFold(a, "max") {
			n[i] = Max
		} else if _, err := fmt.Sscanf(a, "%d", &n[i]); err != nil {
			return t, false
		}
	}
	switch {
	case t.IsText() || t.IsBinary():
		t.Length = n[0]
		if len(args) == 0 {
			t.Length = 1
		}
		longest := map[byte]int{'n': longestText}[t.Name[0]]
		if longest == 0 {
			longest = longestBinary
		}
		return t, len(args) < 2 && (t.Length == Max && strings.Contains(t.Name, "var") || t.Length > 0 && t.Length <= longest)
	case t.Name == "decimal":
		t.Precision, t.Scale = 18, n[1]
		if len(args) > 0 {
			t.Precision = n[0]
		}
		return t, t.Precision > 0 && t.Precision <= 38 && t.Scale >= 0 && t.Scale <= t.Precision
	case t.Name == "datetime2" || t.Name == "time":
		t.Scale = 7
		if len(args) > 0 {
			t.Scale = n[0]
		}
		return t, t.Scale >= 0 && t.Scale <= 7 && len(args) < 2
	case t.Name == "float":
		if len(args) == 1 && n[0] <= 24 {
			t.Name = "real"
		}
		return t, len(args) < 2
	}
	return t, len(args) == 0 && (t.IsInt() || t.Name == "bit" || t.Name == "real" || t.IsMoment() || t.Name == "uniqueidentifier")
}
