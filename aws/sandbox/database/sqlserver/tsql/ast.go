package tsql

import (
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// Name is the name of an object: [database.][schema.]object.
type Name struct{ Database, Schema, Object string }

// String is the name as it was written, without brackets.
func (n Name) String() string {
	switch {
	case n.Database != "":
		return n.Database + "." + n.Schema + "." + n.Object
	case n.Schema != "":
		return n.Schema + "." + n.Object
	}
	return n.Object
}

// IsTemporary tells a #table, which lives as long as the session.
func (n Name) IsTemporary() bool { return strings.HasPrefix(n.Object, "#") }

// expr is an expression.
type expr interface{}

type (
	literal struct {
		value any // nil, int64, float64, string, []byte
		typ   tds.Type
	}
	variableRef struct{ name string } // @name, lower case
	globalRef   struct{ name string } // @@NAME, upper case
	columnRef   struct{ parts []string }
	star        struct{ qualifier string }
	unary       struct {
		op string
		x  expr
	}
	binaryOp struct {
		op   string
		l, r expr
	}
	call struct {
		name     string // upper case
		args     []expr
		distinct bool
		over     *window
	}
	window struct {
		partition []expr
		order     []ordering
	}
	caseOf struct {
		operand expr // nil for CASE WHEN
		whens   [][2]expr
		other   expr
	}
	cast struct {
		x     expr
		typ   tds.Type
		style expr
		try   bool
	}
	inList struct {
		x     expr
		list  []expr
		query *query
		not   bool
	}
	between struct {
		x, low, high expr
		not          bool
	}
	like struct {
		x, pattern, escape expr
		not                bool
	}
	isNull struct {
		x   expr
		not bool
	}
	exists   struct{ query *query }
	subquery struct{ query *query }
)

type ordering struct {
	x    expr
	desc bool
}

// query is SELECT with all that can stand around it.
type query struct {
	with          []cte
	first         *selection // nil if it is a values list or inner
	inner         *query     // in parentheses
	rest          []setPart
	order         []ordering
	offset, fetch expr
}

type setPart struct {
	op string // UNION, UNION ALL, EXCEPT, INTERSECT
	q  *query
}

type cte struct {
	name    string
	columns []string
	query   *query
}

type selection struct {
	distinct bool
	top      expr
	items    []item
	into     *Name
	from     []source
	where    expr
	group    []expr
	having   expr
}

type item struct {
	x     expr
	alias string
	set   string // @variable = x
}

// source is what FROM reads.
type source interface{}

type (
	tableSource struct {
		name  Name
		alias string
	}
	querySource struct {
		query   *query
		alias   string
		columns []string
	}
	valuesSource struct {
		rows    [][]expr
		alias   string
		columns []string
	}
	functionSource struct {
		call  call
		alias string
	}
	join struct {
		kind        string // JOIN, LEFT JOIN, ...
		left, right source
		on          expr
	}
)

// Statement is one statement of a batch; its line counts from 1.
type Statement interface{}

// The statements that steer a batch; package sqlserver runs them.
type (
	Block struct{ Body []Statement }
	If    struct {
		Cond       Condition
		Then, Else Statement
	}
	While struct {
		Cond Condition
		Body Statement
	}
	Try      struct{ Body, Catch []Statement }
	Break    struct{}
	Continue struct{}
	Return   struct{ X Scalar } // X is zero for none
	Declare  struct {
		Name string
		Type tds.Type
		X    Scalar
	}
	Set struct { // SET @v = x
		Name string
		X    Scalar
	}
	Option struct { // SET NOCOUNT ON
		Name, Value string
	}
	Print      struct{ X Scalar }
	Use        struct{ Database string }
	Begin      struct{}
	Commit     struct{}
	Rollback   struct{}
	RaiseError struct {
		Message, Severity, State Scalar
		Args                     []Scalar
		NoWait                   bool // what the batch has said so far is sent at once
	}
	Throw struct{ Number, Message Scalar } // zero: the error that was caught, again
	Exec  struct {
		Procedure Name
		Args      []Arg
		Status    string // @variable that takes what it returns
	}
	ExecText struct{ X Scalar } // EXEC ('...')
)

// FromProcedure tells INSERT ... EXEC, and of which procedure.
func (s Insert) FromProcedure() (Exec, bool) {
	if s.exec == nil {
		return Exec{}, false
	}
	return *s.exec, true
}

// WithRows is s with the rows that its procedure gave.
func (s Insert) WithRows(columns []tds.Column, rows [][]any) Insert {
	s.exec, s.rows = nil, nil
	for _, row := range rows {
		line := make([]expr, len(row))
		for i, v := range row {
			line[i] = literal{v, columns[i].Type}
		}
		s.rows = append(s.rows, line)
	}
	return s
}

// ValueOf is an expression that is v.
func ValueOf(v Value) Scalar { return Scalar{literal{v.V, v.Type}} }

// Arg of a procedure. Name is lower case without @; "" is positional.
type Arg struct {
	Name   string
	X      Scalar
	Output bool
}

// The statements about databases.
type (
	CreateDatabase struct{ Name string }
	DropDatabase   struct {
		Names    []string
		IfExists bool
	}
	AlterDatabase struct {
		Name           string
		NewName        string
		Recovery       string // FULL, SIMPLE, BULK_LOGGED
		Access         string // SINGLE_USER, RESTRICTED_USER, MULTI_USER
		RollbackOthers bool   // WITH ROLLBACK IMMEDIATE
	}
)

// Scalar and Condition are expressions that Translator.Value and Translator.Condition make SQL of.
type (
	Scalar    struct{ x expr }
	Condition struct{ x expr }
)

// IsZero tells an expression that is not there.
func (s Scalar) IsZero() bool { return s.x == nil }

// The statements that Translator makes SQL of.
type (
	Select struct{ query *query }
	Insert struct {
		into    Name
		columns []string
		output  []item
		rows    [][]expr
		query   *query
		exec    *Exec
	}
	Update struct {
		table  Name
		sets   []assignment
		output []item
		where  expr
		top    expr
	}
	Delete struct {
		table  Name
		output []item
		where  expr
		top    expr
	}
	Truncate    struct{ table Name }
	CreateTable struct {
		name        Name
		columns     []columnDef
		constraints []constraint
	}
	DropTable struct {
		names    []Name
		ifExists bool
	}
	CreateIndex struct {
		unique  bool
		name    string
		table   Name
		columns []ordering
		where   expr
	}
	DropIndex struct {
		name     string
		table    Name
		ifExists bool
	}
	AlterTable struct {
		table Name
		add   []columnDef
		drop  []string
	}
)

type assignment struct {
	column string
	x      expr
}

type columnDef struct {
	name        string
	typ         tds.Type
	notNull     bool
	nullable    bool // NULL stands there
	identity    bool
	seed, step  int64
	def         expr
	constraints []constraint
}

type constraint struct {
	kind     string // PRIMARY KEY, UNIQUE, CHECK, FOREIGN KEY
	name     string
	columns  []ordering
	check    expr
	table    Name
	foreign  []string
	onDelete string
	onUpdate string
}

// Variable is the @variable that the expression is; "" if it is anything else.
func (s Scalar) Variable() string {
	v, _ := s.x.(variableRef)
	return v.name
}
