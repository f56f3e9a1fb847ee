package dialect

import (
	"fmt"
	"strings"
)

// OID is the number Postgres gives a type (pg_type.dat of its source; the numbers never change).
type OID uint32

const (
	Bool         OID = 16
	Bytea        OID = 17
	Char         OID = 18 // "char", one byte, of the catalogs
	Name         OID = 19
	Int8         OID = 20
	Int2         OID = 21
	Int4         OID = 23
	Regproc      OID = 24
	Text         OID = 25
	Oid          OID = 26
	JSON         OID = 114
	Float4       OID = 700
	Float8       OID = 701
	Unknown      OID = 705 // a literal or parameter whose type nothing has told yet
	Bpchar       OID = 1042
	Varchar      OID = 1043
	Date         OID = 1082
	Time         OID = 1083
	Timestamp    OID = 1114
	Timestamptz  OID = 1184
	Interval     OID = 1186
	Numeric      OID = 1700
	Regclass     OID = 2205
	Regtype      OID = 2206
	Record       OID = 2249
	Void         OID = 2278
	UUID         OID = 2950
	JSONB        OID = 3802
	Regnamespace OID = 4089
)

// Type is a type with its modifier as in pg_attribute.atttypmod, 0 for none: varchar(20) is 24.
type Type struct {
	OID OID
	Mod int32
}

type info struct {
	oid      OID
	name     string // in pg_type, and how we declare a column in SQLite
	sql      string // as Postgres writes it: format_type
	array    OID
	length   int16 // bytes, -1 where it varies
	category byte  // pg_type.typcategory
	aliases  string
}

var infos = []info{
	{Bool, "bool", "boolean", 1000, 1, 'B', ""},
	{Bytea, "bytea", "bytea", 1001, -1, 'U', ""},
	{Char, "char", `"char"`, 1002, 1, 'Z', ""},
	{Name, "name", "name", 1003, 64, 'S', ""},
	{Int8, "int8", "bigint", 1016, 8, 'N', ""},
	{Int2, "int2", "smallint", 1005, 2, 'N', ""},
	{Int4, "int4", "integer", 1007, 4, 'N', "int"},
	{Regproc, "regproc", "regproc", 1008, 4, 'N', ""},
	{Text, "text", "text", 1009, -1, 'S', ""},
	{Oid, "oid", "oid", 1028, 4, 'N', ""},
	{JSON, "json", "json", 199, -1, 'U', ""},
	{Float4, "float4", "real", 1021, 4, 'N', ""},
	{Float8, "float8", "double precision", 1022, 8, 'N', "float"},
	{Bpchar, "bpchar", "character", 1014, -1, 'S', ""},
	{Varchar, "varchar", "character varying", 1015, -1, 'S', ""},
	{Date, "date", "date", 1182, 4, 'D', ""},
	{Time, "time", "time without time zone", 1183, 8, 'D', ""},
	{Timestamp, "timestamp", "timestamp without time zone", 1115, 8, 'D', ""},
	{Timestamptz, "timestamptz", "timestamp with time zone", 1185, 8, 'D', ""},
	{Interval, "interval", "interval", 1187, 16, 'T', ""},
	{Numeric, "numeric", "numeric", 1231, -1, 'N', "decimal dec"},
	{Regclass, "regclass", "regclass", 2210, 4, 'N', ""},
	{Regtype, "regtype", "regtype", 2211, 4, 'N', ""},
	{Regnamespace, "regnamespace", "regnamespace", 4090, 4, 'N', ""},
	{Record, "record", "record", 2287, -1, 'P', ""},
	{Void, "void", "void", 0, 4, 'P', ""},
	{UUID, "uuid", "uuid", 2951, 16, 'U', ""},
	{JSONB, "jsonb", "jsonb", 3807, -1, 'U', ""},
	{Unknown, "unknown", "unknown", 0, -2, 'X', ""},
}

// byOID and byName are made once and never change.
var byOID, byName = func() (map[OID]*info, map[string]*info) {
	oids, names := map[OID]*info{}, map[string]*info{}
	for i := range infos {
		in := &infos[i]
		oids[in.oid] = in
		for _, n := range append(strings.Fields(in.aliases), in.name, in.sql) {
			names[n] = in
		}
	}
	return oids, names
}()

// Element is the type of an array's elements; false where o is no array.
func (o OID) Element() (OID, bool) {
	for i := range infos {
		if infos[i].array == o && o != 0 {
			return infos[i].oid, true
		}
	}
	return 0, false
}

// Array is the array type of o.
func (o OID) Array() OID {
	if in := byOID[o]; in != nil {
		return in.array
	}
	return byOID[Text].array
}

// Length is what RowDescription and pg_type say of a value's size: bytes, -1 where it varies.
func (o OID) Length() int16 {
	if in := byOID[o]; in != nil {
		return in.length
	}
	return -1
}

func (o OID) category() byte {
	if in := byOID[o]; in != nil {
		return in.category
	}
	return 'A'
}

func (o OID) stringy() bool { return o.category() == 'S' || o == Char }
func (o OID) integer() bool { return o == Int2 || o == Int4 || o == Int8 || o.object() }
func (o OID) object() bool {
	return o == Oid || o == Regclass || o == Regtype || o == Regproc || o == Regnamespace
}
func (o OID) float() bool { return o == Float4 || o == Float8 }

// typname is the name in pg_type.
func (o OID) typname() string {
	if in := byOID[o]; in != nil {
		return in.name
	}
	if el, ok := o.Element(); ok {
		return "_" + el.typname()
	}
	return "unknown"
}

// String is the type as format_type writes it: character varying(20).
func (t Type) String() string {
	if el, ok := t.OID.Element(); ok {
		return Type{OID: el}.String() + "[]"
	}
	in := byOID[t.OID]
	switch {
	case in == nil:
		return "unknown"
	case t.Mod == 0:
		return in.sql
	case t.OID == Varchar, t.OID == Bpchar:
		return fmt.Sprintf("%s(%d)", in.sql, t.Mod-4)
	case t.OID == Numeric:
		p, s := t.precision()
		return fmt.Sprintf("numeric(%d,%d)", p, s)
	}
	return in.sql
}

func (t Type) precision() (precision, scale int) {
	return int(t.Mod-4) >> 16, int(t.Mod-4) & 0xffff
}

// decl is how a column of the type is declared in SQLite. SQLite derives a column's affinity from the word, so those whose values
// are text that could pass for a number say so.
func (t Type) decl() string {
	el, array := t.OID.Element()
	switch {
	case array:
		return Type{OID: el}.decl() + "_array_text"
	case t.OID == JSON, t.OID == JSONB, t.OID == UUID, t.OID == Interval:
		if t.OID == Interval {
			return "span_text" // not INT: that would make it a number
		}
		return byOID[t.OID].name + "_text"
	case t.Mod == 0:
		return byOID[t.OID].name
	case t.OID == Numeric:
		p, s := t.precision()
		return fmt.Sprintf("numeric(%d,%d)", p, s)
	}
	return fmt.Sprintf("%s(%d)", byOID[t.OID].name, t.Mod-4)
}

// declared reads decl's words back. What another hand declared (a file of plain SQLite) is taken by its name, text where unknown.
func declared(decl string) Type {
	decl = strings.ToLower(strings.TrimSpace(decl))
	if d, ok := strings.CutSuffix(decl, "_array_text"); ok {
		return Type{OID: declared(d).OID.Array()}
	}
	if decl == "span_text" {
		return Type{OID: Interval}
	}
	base, mods, _ := strings.Cut(strings.TrimSuffix(decl, ")"), "(")
	in := byName[strings.TrimSuffix(strings.TrimSpace(base), "_text")]
	if in == nil {
		return Type{OID: Text}
	}
	var p, s int32
	if n, _ := fmt.Sscanf(strings.ReplaceAll(mods, ",", " "), "%d %d", &p, &s); n == 0 {
		return Type{OID: in.oid}
	}
	return in.modified(p, s)
}

func (in *info) modified(p, s int32) Type {
	switch in.oid {
	case Numeric:
		return Type{OID: in.oid, Mod: (p<<16 | s) + 4}
	case Varchar, Bpchar:
		return Type{OID: in.oid, Mod: p + 4}
	}
	return Type{OID: in.oid}
}

// Typmod is the modifier as the protocol sends it: -1 for none.
func (t Type) Typmod() int32 {
	if t.Mod == 0 {
		return -1
	}
	return t.Mod
}
