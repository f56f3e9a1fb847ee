package sqlserver

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// errStopped ends a batch without another word: it was cut off, or what was to be said is said.
var errStopped = errors.New("the batch has ended")

func failure(number int32, format string, args ...any) tds.Fault {
	return tds.Fault{Number: number, Severity: 16, State: 1, Message: fmt.Sprintf(format, args...)}
}

func information(number int32, format string, args ...any) tds.Fault {
	return tds.Fault{Number: number, State: 1, Message: fmt.Sprintf(format, args...)}
}

// sqliteFault is SQL Server's error for one of package database or SQLite.
func sqliteFault(err error) tds.Fault {
	text := err.Error()
	if f, ok := tsql.FaultIn(text); ok {
		return f
	}
	switch {
	case errors.Is(err, database.ErrFull), strings.Contains(text, "database or disk is full"):
		f := failure(1105, "Could not allocate space for object in database because the 'PRIMARY' filegroup is full. Create disk space by deleting unneeded files, dropping objects in the filegroup, adding additional files to the filegroup, or setting autogrowth on for existing files in the filegroup.")
		f.Severity = 17
		return f
	case errors.Is(err, database.ErrBusy):
		return failure(1222, "Lock request time out period exceeded.")
	case errors.Is(err, database.ErrRolledBack):
		return failure(3998, "Uncommittable transaction is detected at the end of the batch. The transaction is rolled back.")
	case strings.Contains(text, "FOREIGN KEY constraint failed"):
		return failure(547, "The statement conflicted with a FOREIGN KEY constraint.")
	case strings.Contains(text, "integer overflow"):
		return tds.Overflow("bigint")
	case strings.Contains(text, "datatype mismatch"):
		return failure(8114, "Error converting data type.")
	case strings.Contains(text, "no such table"), strings.Contains(text, "no such index"):
		return failure(208, "Invalid object name '%s'.", afterColon(text))
	}
	return failure(tsql.NotUnderstood, "The sandbox's SQL Server could not run this: %s", text)
}

func afterColon(s string) string {
	i := strings.LastIndex(s, ": ")
	return strings.TrimSpace(regexp.MustCompile(`\(\d+\)$`).ReplaceAllString(s[i+1:], ""))
}

var constraintText = regexp.MustCompile(`(UNIQUE|NOT NULL|CHECK) constraint failed: (.+?)(?: \(\d+\))?$`)

// constraintFault tells which rule of a table a statement broke, in SQL Server's words.
func (p place) constraintFault(err error, statement string) error {
	m := constraintText.FindStringSubmatch(err.Error())
	if m == nil {
		if strings.Contains(err.Error(), "FOREIGN KEY constraint failed") {
			return failure(547, "The %s statement conflicted with a FOREIGN KEY constraint. The conflict occurred in database \"%s\".", statement, p.name)
		}
		return err
	}
	first, _, _ := strings.Cut(m[2], ", ")
	table, column, _ := strings.Cut(first, ".")
	switch m[1] {
	case "NOT NULL":
		return tsql.NullRefused(column, p.name+".dbo."+table, statement)
	case "CHECK":
		return failure(547, "The %s statement conflicted with the CHECK constraint \"%s\". The conflict occurred in database \"%s\".", statement, m[2], p.name)
	}
	if index, ok := strings.CutPrefix(m[2], "index "); ok {
		return failure(2601, "Cannot insert duplicate key row with unique index %s.", index)
	}
	var columns []string
	for _, c := range strings.Split(m[2], ", ") {
		_, column, _ := strings.Cut(c, ".")
		columns = append(columns, column)
	}
	return p.duplicate(table, columns)
}

// duplicate tells the primary key from other unique constraints.
func (p place) duplicate(table string, columns []string) error {
	kind := "UNIQUE"
	if tab, err := p.Table(tsql.Name{Object: table}); err == nil && tab != nil {
		var key []string
		for _, c := range tab.Columns {
			if c.Key > 0 {
				key = append(key, c.Name)
			}
		}
		if slices.Equal(key, columns) {
			kind = "PRIMARY"
		}
	}
	name := map[string]string{"UNIQUE": "UQ__", "PRIMARY": "PK__"}[kind] + table
	return failure(2627, "Violation of %s KEY constraint '%s'. Cannot insert duplicate key in object 'dbo.%s'.", kind, name, table)
}

// goesOn tells the errors after which a batch runs its next statement; all others end it.
func goesOn(f tds.Fault) bool {
	switch f.Number {
	case 515, 547, 2601, 2627, 2628, 8115, 8134, 512, 544, 3701, 3702, 3902, 3903, 1801, 535, 537, 8102:
		return true
	}
	return false
}
