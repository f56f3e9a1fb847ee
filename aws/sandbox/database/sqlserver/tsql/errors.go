package tsql

import (
	"fmt"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// fault is an error of SQL Server of severity 16.
func fault(number int32, format string, args ...any) tds.Fault {
	return tds.Fault{Number: number, Severity: 16, State: 1, Message: fmt.Sprintf(format, args...)}
}

// near is SQL Server's syntax error.
func near(s string) tds.Fault {
	f := fault(102, "Incorrect syntax near '%s'.", s)
	f.Severity = 15
	return f
}

// NotUnderstood is the error for T-SQL that SQL Server knows and the sandbox does not. Its number is one that SQL Server leaves to applications.
const NotUnderstood = 50000

func notUnderstood(format string, args ...any) tds.Fault {
	return fault(NotUnderstood, "The sandbox's SQL Server does not understand %s. What it understands: lifeboat sandbox parity", fmt.Sprintf(format, args...))
}

// Refused is the error for something outside of T-SQL that the sandbox does not do.
func Refused(what string) tds.Fault { return notUnderstood("%s", what) }
