package sqlserver

import (
	"slices"
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// settings are the options of SET that change nothing here, with the values at which that is true; nil is any.
var settings = map[string][]string{
	"ANSI_NULLS": {"ON"}, "ANSI_PADDING": {"ON"}, "ANSI_WARNINGS": {"ON"}, "ANSI_NULL_DFLT_ON": {"ON"}, "ANSI_DEFAULTS": {"ON"}, "ARITHABORT": {"ON"}, "CONCAT_NULL_YIELDS_NULL": {"ON"},
	"CURSOR_CLOSE_ON_COMMIT": {"OFF"}, "NUMERIC_ROUNDABORT": {"OFF"}, "NOEXEC": {"OFF"}, "PARSEONLY": {"OFF"}, "FMTONLY": {"OFF"}, "ROWCOUNT": {"0"}, "SHOWPLAN_TEXT": {"OFF"},
	"SHOWPLAN_ALL": {"OFF"}, "SHOWPLAN_XML": {"OFF"}, "STATISTICS IO": {"OFF"}, "STATISTICS TIME": {"OFF"}, "STATISTICS XML": {"OFF"}, "STATISTICS PROFILE": {"OFF"}, "NO_BROWSETABLE": {"OFF"},
	"TEXTSIZE": nil, "LOCK_TIMEOUT": nil, "DEADLOCK_PRIORITY": nil, "QUERY_GOVERNOR_COST_LIMIT": {"0"}, "DATEFIRST": {"7"}, "DATEFORMAT": {"MDY"}, "LANGUAGE": {"US_ENGLISH", "ENGLISH"},
	"TRANSACTION ISOLATION LEVEL": {"READ"},
}

// setOption runs SET of an option.
func (x *session) setOption(o tsql.Option) error {
	on := o.Value == "ON"
	if !on && o.Value != "OFF" && settings[o.Name] == nil {
		if _, ok := settings[o.Name]; !ok {
			return failure(102, "Incorrect syntax near '%s'.", o.Value)
		}
	}
	table, identity := strings.CutPrefix(o.Name, "IDENTITY_INSERT ")
	values, known := settings[o.Name]
	switch {
	case o.Name == "NOCOUNT":
		x.options.noCount = on
	case o.Name == "XACT_ABORT":
		x.options.xactAbort = on
	case o.Name == "IMPLICIT_TRANSACTIONS":
		x.options.implicit = on
	case o.Name == "QUOTED_IDENTIFIER":
		x.options.textQuotes = !on
	case identity && on && x.options.identityInsert != "" && !strings.EqualFold(x.options.identityInsert, table):
		return failure(8107, "IDENTITY_INSERT is already ON for table '%s'. Cannot perform SET operation for table '%s'.", x.options.identityInsert, table)
	case identity && on:
		x.options.identityInsert = table
	case identity:
		x.options.identityInsert = ""
	case !known || values != nil && !slices.Contains(values, o.Value):
		return tsql.Refused("SET " + o.Name + " " + o.Value)
	}
	return nil
}
