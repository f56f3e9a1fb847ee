package tsql

import (
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

var (
	intType    = tds.Type{Name: "int"}
	bigintType = tds.Type{Name: "bigint"}
	bitType    = tds.Type{Name: "bit"}
	floatType  = tds.Type{Name: "float"}
	maxType    = tds.Type{Name: "nvarchar", Length: tds.Max}
	nameType   = tds.Type{Name: "nvarchar", Length: 128}
	latestType = tds.Type{Name: "datetime2", Scale: 7}
)

// expr makes a value of x. T-SQL has no boolean values: a condition is no value.
func (t *Translator) expr(x expr) (value, error) {
	switch x := x.(type) {
	case literal:
		return t.constant(x.value, x.typ), nil
	case variableRef:
		v, ok := t.s.Variable(x.name)
		if !ok || t.defining {
			return value{}, fault(137, "Must declare the scalar variable \"%s\".", x.name)
		}
		return t.constant(v.V, v.Type), nil
	case globalRef:
		v, ok, err := t.s.Function(x.name, nil)
		if err == nil && !ok {
			err = notUnderstood("%s", x.name)
		}
		return t.constant(v.V, v.Type), err
	case columnRef:
		return t.column(x.parts)
	case unary:
		return t.unary(x)
	case binaryOp:
		return t.binaryOp(x)
	case call:
		return t.call(x)
	case caseOf:
		return t.caseOf(x)
	case cast:
		return t.cast(x)
	case subquery:
		return t.subquery(x.query)
	case star:
		return value{}, near("*")
	case byDefault:
		return value{}, near("DEFAULT")
	case inList, between, like, isNull, exists:
		return value{}, fault(102, "Incorrect syntax: a condition stands where a value is expected.")
	}
	return value{}, near("")
}

// text is x as a text.
func (t *Translator) text(x expr) (value, error) {
	v, err := t.expr(x)
	if err != nil || v.t.IsText() {
		return v, err
	}
	return t.convert(v, maxType)
}

// as is x as a value of typ.
func (t *Translator) as(x expr, typ tds.Type) (value, error) {
	v, err := t.expr(x)
	if err != nil {
		return v, err
	}
	return t.convert(v, typ)
}

func (t *Translator) unary(x unary) (value, error) {
	if x.op == "NOT" {
		return value{}, near("NOT")
	}
	v, err := t.expr(x.x)
	if err != nil {
		return v, err
	}
	if !v.t.IsNumber() && v.t.Name != "" {
		return v, fault(8117, "Operand data type %s is invalid for %s operator.", v.t.Name, map[string]string{"-": "minus", "+": "plus", "~": "'~'"}[x.op])
	}
	return value{sql: "(" + x.op + v.sql + ")", t: v.t}, nil
}

func (t *Translator) binaryOp(x binaryOp) (value, error) {
	if len(x.op) > 1 || strings.Contains("=<>", x.op) {
		return value{}, fault(102, "Incorrect syntax near '%s'.", x.op)
	}
	l, err := t.expr(x.l)
	if err != nil {
		return l, err
	}
	r, err := t.expr(x.r)
	if err != nil {
		return r, err
	}
	if x.op == "+" && (l.t.IsText() || l.t.Name == "") && (r.t.IsText() || r.t.Name == "") && (l.t.IsText() || r.t.IsText()) {
		return t.joined(l, r), nil
	}
	for _, v := range []value{l, r} {
		if v.t.IsMoment() || v.t.IsBinary() || v.t.Name == "uniqueidentifier" {
			return v, notUnderstood("%s with a %s", x.op, v.t.Name)
		}
	}
	typ := higher(l.t, r.t)
	if typ.Name == "bit" || typ.Name == "" {
		typ = intType
	}
	if typ.IsText() {
		return l, fault(8117, "Operand data type %s is invalid for %s operator.", typ.Name, map[string]string{"-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}[x.op])
	}
	for _, v := range []*value{&l, &r} {
		if v.t.IsText() {
			if *v, err = t.convert(*v, typ); err != nil {
				return l, err
			}
		}
	}
	return t.arithmetic(l, x.op, r, typ)
}

func (t *Translator) joined(l, r value) value {
	typ := higher(l.t, r.t)
	if typ.Length != tds.Max && l.t.IsText() && r.t.IsText() {
		if typ.Length = l.t.Length + r.t.Length; typ.Length > 4000 {
			typ.Length = tds.Max
		}
	}
	if l.known && r.known && l.v != nil && r.v != nil {
		return t.constant(l.v.(string)+r.v.(string), typ)
	}
	return value{sql: "(" + l.sql + " || " + r.sql + ")", t: typ}
}

func (t *Translator) arithmetic(l value, op string, r value, typ tds.Type) (value, error) {
	sql := "(" + l.sql + " " + op + " " + r.sql + ")"
	switch op {
	case "/", "%":
		if !typ.IsInt() {
			l.sql = "CAST(" + l.sql + " AS REAL)"
		}
		sql = map[string]string{"/": "tsql_divide(", "%": "tsql_modulo("}[op] + l.sql + "," + r.sql + ")"
	case "&", "|":
		if !typ.IsInt() {
			return l, fault(402, "The data types %s and %s are incompatible in the '%s' operator.", l.t.Name, r.t.Name, op)
		}
	case "^":
		sql = "((" + l.sql + " | " + r.sql + ") - (" + l.sql + " & " + r.sql + "))"
	}
	if typ.Name == "decimal" {
		scale := max(l.t.Scale, r.t.Scale)
		switch op {
		case "*":
			scale = min(l.t.Scale+r.t.Scale, 10)
		case "/":
			scale = max(6, l.t.Scale)
		}
		typ = decimalOf(mostDigits-scale, scale)
		sql = "tsql_round(" + sql + "," + t.literal(int64(scale)) + ")"
	}
	return value{sql: sql, t: typ}, nil
}

func (t *Translator) caseOf(x caseOf) (value, error) {
	conditions := make([]string, len(x.whens))
	results := make([]value, len(x.whens), len(x.whens)+1)
	for i, w := range x.whens {
		var err error
		if x.operand != nil {
			conditions[i], err = t.comparison(x.operand, "=", w[0])
		} else {
			conditions[i], err = t.condition(w[0])
		}
		if err != nil {
			return value{}, err
		}
		if results[i], err = t.expr(w[1]); err != nil {
			return value{}, err
		}
	}
	other := t.constant(nil, tds.Type{})
	if x.other != nil {
		var err error
		if other, err = t.expr(x.other); err != nil {
			return value{}, err
		}
	}
	typ := common(append(results, other))
	var b strings.Builder
	b.WriteString("(CASE")
	for i := range conditions {
		v, err := t.convert(results[i], typ)
		if err != nil {
			return v, err
		}
		b.WriteString(" WHEN " + conditions[i] + " THEN " + v.sql)
	}
	other, err := t.convert(other, typ)
	b.WriteString(" ELSE " + other.sql + " END)")
	return value{sql: b.String(), t: typ}, err
}

func (t *Translator) cast(x cast) (value, error) {
	v, err := t.expr(x.x)
	if err != nil {
		return v, err
	}
	style := int64(0)
	if x.style != nil {
		s, err := t.as(x.style, intType)
		if err != nil {
			return s, err
		}
		n, ok := s.v.(int64)
		if !ok {
			return s, notUnderstood("CONVERT with a style that is no constant")
		}
		style = n
	}
	return t.convertStyle(v, x.typ, int(style), x.try)
}

func (t *Translator) subquery(q *query) (value, error) {
	c, err := t.inner(q)
	if err != nil {
		return value{}, err
	}
	if len(c.columns) != 1 {
		return value{}, fault(116, "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.")
	}
	typ := c.columns[0].Type
	if c.single {
		return value{sql: "(" + c.sql + ")", t: typ}, nil
	}
	return value{sql: "(WITH s(x) AS (" + c.sql + ") SELECT tsql_single(x, count(*) OVER ()) FROM s LIMIT 1)", t: typ}, nil
}
