package tsql

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

func intLiteral(v int64) literal {
	t := tds.Type{Name: "int"}
	if v > math.MaxInt32 || v < math.MinInt32 {
		t.Name = "bigint"
	}
	return literal{v, t}
}

func numberLiteral(s string) (expr, error) {
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		return intLiteral(v), nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fault(1007, "The number '%s' is out of the range for numeric representation (maximum precision 38).", s)
	}
	if strings.ContainsAny(s, "eE") {
		return literal{v, tds.Type{Name: "float"}}, nil
	}
	whole, part, _ := strings.Cut(s, ".")
	t := tds.Type{Name: "decimal", Precision: max(len(strings.TrimLeft(whole, "0"))+len(part), 1), Scale: len(part)}
	if t.Precision > mostDigits {
		return nil, notUnderstood("numbers of more than %d digits, like %s", mostDigits, s)
	}
	return literal{v, t}, nil
}

func textLiteral(s string, wide bool) literal {
	t := tds.Type{Name: "varchar", Length: max(len([]rune(s)), 1)}
	if wide {
		t.Name = "nvarchar"
	}
	if t.Length > 4000 {
		t.Length = tds.Max
	}
	return literal{s, t}
}

func binaryLiteral(s string) (expr, error) {
	digits := s[2:]
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	v, err := hex.DecodeString(digits)
	if err != nil {
		return nil, near(s)
	}
	t := tds.Type{Name: "varbinary", Length: max(len(v), 1)}
	if t.Length > 8000 {
		t.Length = tds.Max
	}
	return literal{v, t}, nil
}
