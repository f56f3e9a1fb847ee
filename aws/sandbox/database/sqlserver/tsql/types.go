package tsql

import (
	"slices"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// precedence is SQL Server's order of data types, highest first (Transact-SQL Reference, "Data type precedence").
var precedence = []string{"datetime2", "datetime", "smalldatetime", "date", "time", "float", "real", "decimal", "bigint", "int", "smallint", "tinyint", "bit",
	"uniqueidentifier", "nvarchar", "nchar", "varchar", "char", "varbinary", "binary", ""}

// higher is the type that values of a and b have in common.
func higher(a, b tds.Type) tds.Type {
	if slices.Index(precedence, b.Name) < slices.Index(precedence, a.Name) {
		a, b = b, a
	}
	switch {
	case a.IsText() && b.IsText(), a.IsBinary() && b.IsBinary():
		a.Length = longer(a.Length, b.Length)
	case a.Name == "decimal" && b.Name == "decimal":
		a = decimalOf(max(a.Precision-a.Scale, b.Precision-b.Scale), max(a.Scale, b.Scale))
	case a.Name == "decimal" && b.IsInt():
		a = decimalOf(max(a.Precision-a.Scale, 10), a.Scale)
	case a.Name == "datetime2" && b.Name == "datetime2":
		a.Scale = max(a.Scale, b.Scale)
	case a.IsDateTime() && b.IsText():
		a = tds.Type{Name: "datetime2", Scale: 7}
	}
	return a
}

func longer(a, b int) int {
	if a == tds.Max || b == tds.Max {
		return tds.Max
	}
	return max(a, b)
}

// decimalOf is a decimal with so many digits before and after the point, as far as they are kept.
func decimalOf(whole, scale int) tds.Type {
	return tds.Type{Name: "decimal", Precision: min(whole+scale, mostDigits), Scale: min(scale, mostDigits)}
}

// common is the type of several values.
func common(values []value) tds.Type {
	var typ tds.Type
	for _, v := range values {
		typ = higher(typ, v.t)
	}
	return typ
}

// sameStorage tells that values of from are values of to as they stand.
func sameStorage(from, to tds.Type) bool {
	fits := to.Length == tds.Max || from.Length != tds.Max && from.Length <= to.Length
	switch {
	case from.Name == "" || to.Name == "":
		return true
	case to.Name == "char" || to.Name == "nchar" || to.Name == "binary":
		return from == to
	case from.IsText() && to.IsText(), from.IsBinary() && to.IsBinary():
		return fits
	case from.IsInt() && to.IsInt():
		return slices.Index(precedence, from.Name) >= slices.Index(precedence, to.Name)
	case from.Name == "bit" && to.IsInt():
		return true
	case from.Name == "datetime2" && to.Name == "datetime2":
		return from.Scale <= to.Scale
	}
	return from == to
}

// convert makes v a value of type to, as CAST does.
func (t *Translator) convert(v value, to tds.Type) (value, error) {
	return t.convertStyle(v, to, 0, false)
}

func (t *Translator) convertStyle(v value, to tds.Type, style int, try bool) (value, error) {
	if v.known {
		got, err := Convert(v.v, v.t, to, style)
		if err != nil && try {
			got, err = nil, nil
		}
		return t.constant(got, to), err
	}
	if err := convertible(v.t, to); err != nil {
		return v, err
	}
	if sameStorage(v.t, to) {
		v.t = to
		return v, nil
	}
	function := "tsql_convert"
	if try {
		function = "tsql_try_convert"
	}
	sql := function + "(" + v.sql + "," + quoteText(v.t.String()) + "," + quoteText(to.String()) + "," + t.literal(int64(style)) + ")"
	return value{sql: sql, t: to}, nil
}

// convertible refuses the conversions that SQL Server refuses, and those that are not done here.
func convertible(from, to tds.Type) error {
	number := func(t tds.Type) bool { return t.IsNumber() }
	switch {
	case from.Name == "" || to.Name == "" || from.Name == to.Name || from.IsText() || to.IsText():
		return nil
	case number(from) && number(to), from.IsBinary() && to.IsBinary(), from.IsInt() && to.IsBinary(), from.IsBinary() && to.IsInt():
		return nil
	case from.IsMoment() && to.IsMoment() && !(from.Name == "date" && to.Name == "time" || from.Name == "time" && to.Name == "date"):
		return nil
	case from.Name == "uniqueidentifier" && to.IsBinary() || from.IsBinary() && to.Name == "uniqueidentifier":
		return notUnderstood("conversions between uniqueidentifier and binary")
	}
	return fault(529, "Explicit conversion from data type %s to %s is not allowed.", from.Name, to.Name)
}

// comparable makes a and b of one type, for a comparison.
func (t *Translator) comparable(a, b value) (value, value, error) {
	if a.t.IsNumber() && b.t.IsNumber() || a.t.IsDateTime() && b.t.IsDateTime() {
		return a, b, nil
	}
	if a.t.IsText() && b.t.IsText() {
		a.sql += " COLLATE tsql"
		return a, b, nil
	}
	typ := higher(a.t, b.t)
	if typ.IsInt() || typ.Name == "bit" || typ.IsText() || typ.IsBinary() || typ.IsDateTime() && (a.t.Name == "time" || b.t.Name == "time") {
		if !(a.t.IsText() || b.t.IsText() || a.t.Name == "" || b.t.Name == "") && a.t.Name != b.t.Name {
			return a, b, fault(402, "The data types %s and %s are incompatible in the equal to operator.", a.t.Name, b.t.Name)
		}
	}
	if typ.Name == "decimal" { // a text is not to be rounded to the number's digits
		typ = tds.Type{Name: "float"}
	}
	if typ.IsBinary() && (a.t.IsText() || b.t.IsText()) {
		return a, b, notUnderstood("comparisons of texts with binaries")
	}
	var err error
	if a.t.Name != typ.Name && a.t.Name != "" && !(a.t.IsNumber() && typ.IsNumber()) {
		if a, err = t.convert(a, typ); err != nil {
			return a, b, err
		}
	}
	if b.t.Name != typ.Name && b.t.Name != "" && !(b.t.IsNumber() && typ.IsNumber()) {
		b, err = t.convert(b, typ)
	}
	return a, b, err
}
