package sqlserver

import (
	"fmt"
	"slices"
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// Function answers the functions about the session, the server and its objects, and the clock.
func (p place) Function(name string, args []any) (tsql.Value, bool, error) {
	f, ok := sessionFunctions[name]
	if !ok {
		return tsql.Value{}, false, nil
	}
	v, err := f(p, args)
	return v, true, err
}

func name(s string) tsql.Value { return tsql.Value{V: s, Type: nameType} }
func long(s string) tsql.Value { return tsql.Value{V: s, Type: longType} }
func number(n int64) tsql.Value {
	return tsql.Value{V: n, Type: intType}
}
func null(t tds.Type) tsql.Value { return tsql.Value{Type: t} }

// always is a function without arguments and errors.
func always(f func(place) tsql.Value) func(place, []any) (tsql.Value, error) {
	return func(p place, args []any) (tsql.Value, error) {
		if len(args) > 0 {
			return tsql.Value{}, failure(174, "The function requires 0 argument(s).")
		}
		return f(p), nil
	}
}

func moment(t tds.Type) func(place, []any) (tsql.Value, error) {
	return always(func(p place) tsql.Value { return tsql.Value{V: tsql.Stored(p.x.now, t), Type: t} })
}

// onName is a function of one name, whose default is the current database's.
func onName(f func(p place, name string) tsql.Value) func(place, []any) (tsql.Value, error) {
	return func(p place, args []any) (tsql.Value, error) {
		if len(args) == 0 {
			return f(p, p.x.database), nil
		}
		text, _ := args[0].(string)
		return f(p, text), nil
	}
}

// sessionFunctions are all of them, by upper-case name.
var sessionFunctions = map[string]func(place, []any) (tsql.Value, error){
	"GETDATE": moment(datetimeType), "GETUTCDATE": moment(datetimeType), "CURRENT_TIMESTAMP": moment(datetimeType),
	"SYSDATETIME": moment(tds.Type{Name: "datetime2", Scale: 7}), "SYSUTCDATETIME": moment(tds.Type{Name: "datetime2", Scale: 7}),
	"@@VERSION":        always(func(p place) tsql.Value { return long(p.x.server.describe()) }),
	"@@SERVERNAME":     always(func(place) tsql.Value { return name(serverName) }),
	"@@SERVICENAME":    always(func(place) tsql.Value { return name("MSSQLSERVER") }),
	"@@SPID":           always(func(p place) tsql.Value { return tsql.Value{V: int64(p.x.spid), Type: smallType} }),
	"@@ROWCOUNT":       always(func(p place) tsql.Value { return number(p.x.rowCount) }),
	"ROWCOUNT_BIG":     always(func(p place) tsql.Value { return tsql.Value{V: p.x.rowCount, Type: bigType} }),
	"@@TRANCOUNT":      always(func(p place) tsql.Value { return number(int64(p.x.open)) }),
	"@@ERROR":          always(func(p place) tsql.Value { return number(int64(p.x.lastErr)) }),
	"@@IDENTITY":       always(lastIdentity),
	"SCOPE_IDENTITY":   always(lastIdentity),
	"@@LANGUAGE":       always(func(place) tsql.Value { return name("us_english") }),
	"@@DATEFIRST":      always(func(place) tsql.Value { return tsql.Value{V: int64(7), Type: tinyType} }),
	"@@MAX_PRECISION":  always(func(place) tsql.Value { return tsql.Value{V: int64(38), Type: tinyType} }),
	"XACT_STATE":       always(func(p place) tsql.Value { return tsql.Value{V: int64(min(p.x.open, 1)), Type: smallType} }),
	"SUSER_SNAME":      always(user),
	"SUSER_NAME":       always(user),
	"ORIGINAL_LOGIN":   always(user),
	"SYSTEM_USER":      always(user),
	"USER_NAME":        always(databaseUser),
	"CURRENT_USER":     always(databaseUser),
	"SESSION_USER":     always(databaseUser),
	"USER":             always(databaseUser),
	"HOST_NAME":        always(func(p place) tsql.Value { return name(p.x.login.Host) }),
	"APP_NAME":         always(func(p place) tsql.Value { return name(p.x.login.App) }),
	"ERROR_NUMBER":     caught(func(f tds.Fault) tsql.Value { return number(int64(f.Number)) }, intType),
	"ERROR_MESSAGE":    caught(func(f tds.Fault) tsql.Value { return long(f.Message) }, longType),
	"ERROR_SEVERITY":   caught(func(f tds.Fault) tsql.Value { return number(int64(f.Severity)) }, intType),
	"ERROR_STATE":      caught(func(f tds.Fault) tsql.Value { return number(int64(f.State)) }, intType),
	"ERROR_LINE":       caught(func(f tds.Fault) tsql.Value { return number(int64(max(f.Line, 1))) }, intType),
	"ERROR_PROCEDURE":  caught(func(tds.Fault) tsql.Value { return null(nameType) }, nameType),
	"DB_NAME":          databaseName,
	"DB_ID":            onName(databaseID),
	"HAS_DBACCESS":     onName(hasAccess),
	"OBJECT_ID":        theObjectID,
	"SERVERPROPERTY":   serverProperty,
	"IS_SRVROLEMEMBER": func(place, []any) (tsql.Value, error) { return number(0), nil }, // the master user of RDS is no sysadmin

	"DATABASEPROPERTYEX": databaseProperty,
}

func lastIdentity(p place) tsql.Value {
	return tsql.Value{V: p.x.identity.V, Type: bigType}
}

func user(p place) tsql.Value { return name(p.x.login.User) }

// databaseUser is who a login is inside a database: the master user owns those it makes.
func databaseUser(p place) tsql.Value {
	if slices.Contains(systemDatabases, p.name) {
		return name(p.x.login.User)
	}
	return name("dbo")
}

// caught is a function about the error that a CATCH block is about; NULL outside of one.
func caught(f func(tds.Fault) tsql.Value, t tds.Type) func(place, []any) (tsql.Value, error) {
	return always(func(p place) tsql.Value {
		if p.x.caught == nil {
			return null(t)
		}
		return f(*p.x.caught)
	})
}

// names are all databases, in the order of their numbers.
func (s *Server) names() []string {
	return append(slices.Clone(systemDatabases), s.o.Databases.Names()...)
}

func databaseName(p place, args []any) (tsql.Value, error) {
	if len(args) == 0 {
		return name(p.x.database), nil
	}
	n, _ := args[0].(int64)
	if all := p.x.server.names(); n > 0 && int(n) <= len(all) {
		return name(all[n-1]), nil
	}
	return null(nameType), nil
}

func databaseID(p place, wanted string) tsql.Value {
	for i, n := range p.x.server.names() {
		if strings.EqualFold(n, wanted) {
			return tsql.Value{V: int64(i + 1), Type: smallType}
		}
	}
	return null(smallType)
}

func hasAccess(p place, wanted string) tsql.Value {
	state, err := p.x.server.state(wanted)
	switch {
	case err != nil:
		return null(intType)
	case state != online:
		return number(0)
	}
	return number(1)
}

// theObjectID is OBJECT_ID('[database.][schema.]table' [, 'U']); NULL for all but tables.
func theObjectID(p place, args []any) (tsql.Value, error) {
	if len(args) == 0 {
		return tsql.Value{}, failure(174, "The object_id function requires 1 to 2 arguments.")
	}
	text, _ := args[0].(string)
	n, err := tsql.ParseName(text)
	if err != nil {
		return null(intType), nil
	}
	if len(args) > 1 {
		if kind, _ := args[1].(string); !strings.EqualFold(strings.TrimSpace(kind), "U") {
			return null(intType), nil
		}
	}
	if n.Database != "" && !n.IsTemporary() {
		in, leave, err := p.x.in(n.Database)
		if err != nil {
			return null(intType), nil
		}
		defer leave()
		p = in
	}
	if n.IsTemporary() && !strings.EqualFold(n.Database, "tempdb") {
		return null(intType), nil
	}
	tab, err := p.Table(tsql.Name{Schema: n.Schema, Object: n.Object})
	if err != nil || tab == nil {
		return null(intType), err
	}
	return number(objectID(tab.Name)), nil
}

func serverProperty(p place, args []any) (tsql.Value, error) {
	if len(args) != 1 {
		return tsql.Value{}, failure(174, "The serverproperty function requires 1 argument(s).")
	}
	wanted, _ := args[0].(string)
	s := p.x.server
	v := s.version()
	switch lower(wanted) {
	case "edition":
		return name(s.edition()), nil
	case "productversion":
		return name(s.productVersion()), nil
	case "productmajorversion":
		return name(fmt.Sprint(v[0])), nil
	case "productlevel":
		return name("RTM"), nil
	case "servername", "machinename":
		return name(serverName), nil
	case "engineedition":
		return number(map[string]int64{"Express": 4, "Web": 2, "Standard": 2}[s.o.Edition] | map[string]int64{"Enterprise": 3}[s.o.Edition]), nil
	case "collation":
		return name(collation), nil
	case "isclustered", "ishadrenabled", "issingleuser", "isintegratedsecurityonly":
		return number(0), nil
	case "instancename", "instancedefaultdatapath", "instancedefaultlogpath", "instancedefaultbackuppath":
		return null(nameType), nil
	}
	return null(nameType), nil
}

func databaseProperty(p place, args []any) (tsql.Value, error) {
	if len(args) != 2 {
		return tsql.Value{}, failure(174, "The databasepropertyex function requires 2 argument(s).")
	}
	database, _ := args[0].(string)
	property, _ := args[1].(string)
	state, err := p.x.server.state(database)
	if err != nil {
		return null(nameType), nil
	}
	switch lower(property) {
	case "status":
		return name(state), nil
	case "updateability":
		return name("READ_WRITE"), nil
	case "useraccess":
		return name("MULTI_USER"), nil
	case "collation":
		return name(collation), nil
	case "recovery":
		if state != online || slices.Contains(systemDatabases, lower(database)) {
			return null(nameType), nil
		}
		in, leave, err := p.x.in(database)
		if err != nil {
			return null(nameType), err
		}
		defer leave()
		return name(in.recovery()), nil
	}
	return null(nameType), nil
}

// edition is what SERVERPROPERTY says.
func (s *Server) edition() string { return s.o.Edition + " Edition (64-bit)" }

// productVersion is the engine version without what RDS adds: 16.00.4215.2.v1 is 16.0.4215.2.
func (s *Server) productVersion() string {
	parts := strings.Split(s.o.Version, ".")
	if len(parts) > 4 {
		parts = parts[:4]
	}
	for i, p := range parts {
		if parts[i] = strings.TrimLeft(p, "0"); parts[i] == "" {
			parts[i] = "0"
		}
	}
	return strings.Join(parts, ".")
}

// describe is @@VERSION: SQL Server's form, and that it is a stand-in.
func (s *Server) describe() string {
	year := map[byte]string{13: "2016", 14: "2017", 15: "2019", 16: "2022", 17: "2025"}[s.version()[0]]
	return fmt.Sprintf("Microsoft SQL Server %s - %s (X64) \n\tLifeboat sandbox: T-SQL over SQLite\n\t%s", year, s.productVersion(), s.edition())
}
