package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"lifeboat/aws/sandbox/database/postgres/dialect"
)

// settings are a session's run-time parameters.
type settings struct {
	initial, now map[string]string // by name in lower case
}

// reported are the parameters that a client is told of, at the start and whenever they change ("Asynchronous Operations").
var reported = []string{"server_version", "server_encoding", "client_encoding", "application_name", "is_superuser", "session_authorization",
	"DateStyle", "IntervalStyle", "TimeZone", "integer_datetimes", "standard_conforming_strings", "default_transaction_read_only", "in_hot_standby"}

// fixed can be read and set to what they are: anything else would need a database that works otherwise.
var fixed = []string{"server_version", "server_version_num", "server_encoding", "client_encoding", "is_superuser", "session_authorization", "datestyle",
	"intervalstyle", "timezone", "integer_datetimes", "standard_conforming_strings", "in_hot_standby", "transaction_isolation",
	"default_transaction_isolation", "default_transaction_read_only", "search_path", "lc_collate", "lc_ctype", "max_connections", "bytea_output", "row_security"}

// free can be set to anything: they are the client's own, or say how Postgres goes about what SQLite does its own way.
var free = []string{"application_name", "client_min_messages", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
	"extra_float_digits", "work_mem", "maintenance_work_mem", "synchronous_commit", "log_statement", "check_function_bodies", "jit", "enable_seqscan", "tcp_keepalives_idle"}

func newSettings(version, user string) settings {
	major, minor, _ := strings.Cut(version, ".")
	s := settings{initial: map[string]string{
		"server_version": version, "server_version_num": fmt.Sprintf("%s%04s", major, minor), "server_encoding": "UTF8", "client_encoding": "UTF8",
		"is_superuser": "off", "session_authorization": user, "datestyle": "ISO, MDY", "intervalstyle": "postgres", "timezone": "UTC",
		"integer_datetimes": "on", "standard_conforming_strings": "on", "in_hot_standby": "off", "transaction_isolation": "read committed",
		"default_transaction_isolation": "read committed", "default_transaction_read_only": "off", "search_path": `"$user", public`,
		"lc_collate": "C", "lc_ctype": "C", "max_connections": "100", "bytea_output": "hex", "row_security": "on",
		"application_name": "", "client_min_messages": "notice", "statement_timeout": "0", "lock_timeout": "0", "extra_float_digits": "1",
	}, now: map[string]string{}}
	return s
}

func (s settings) value(name string) string {
	v, _ := s.get(name)
	return v
}

func (s settings) get(name string) (string, bool) {
	name = strings.ToLower(name)
	if v, ok := s.now[name]; ok {
		return v, true
	}
	v, ok := s.initial[name]
	return v, ok || slices.Contains(free, name)
}

// set changes a parameter; an empty value puts it back.
func (s settings) set(name, value string) error {
	name = strings.ToLower(name)
	_, known := s.get(name)
	switch {
	case value == "":
		delete(s.now, name)
	case slices.Contains(free, name), strings.Contains(name, "."):
		s.now[name] = value
	case !known:
		return dialect.Errorf("42704", "unrecognized configuration parameter %q", name)
	case slices.Contains(fixed, name) && same(name, value, s.initial[name]):
	case strings.HasPrefix(name, "server_version") || name == "server_encoding" || name == "lc_collate" || name == "integer_datetimes":
		return dialect.Errorf("55P02", "parameter %q cannot be changed", name)
	default:
		return dialect.Unsupported("%s = %s", name, value)
	}
	return nil
}

// same tells whether a value is what is there anyway, in another spelling.
func same(name, value, there string) bool {
	value = strings.ToLower(strings.Trim(value, "'"))
	plain := func(s string) string {
		return strings.NewReplacer("-", "", " ", "", `"`, "", "'", "").Replace(strings.ToLower(s))
	}
	if plain(value) == plain(there) {
		return true
	}
	switch name {
	case "timezone":
		return slices.Contains([]string{"gmt", "etc/utc", "z", "zulu", "0", "+00:00", "utc0"}, value)
	case "datestyle":
		return value == "iso"
	case "search_path":
		return plain(value) == "public" || plain(value) == "public,pg_catalog" || plain(value) == "pg_catalog,public"
	case "client_encoding":
		return value == "unicode"
	case "standard_conforming_strings", "row_security":
		return value == "true" || value == "1"
	case "default_transaction_read_only":
		return value == "false" || value == "0"
	}
	return false
}

// startSettings takes the parameters of the start-up message.
func (c *session) startSettings(given map[string]string) error {
	for name, value := range given {
		switch name {
		case "user", "database", "replication", "options":
			if name == "replication" && value != "false" && value != "off" {
				return dialect.Unsupported("replication")
			}
			continue
		}
		if strings.HasPrefix(name, "_pq_.") {
			continue
		}
		if err := c.settings.set(name, value); err != nil {
			return err
		}
	}
	for name, v := range c.settings.now {
		c.settings.initial[name] = v
	}
	return nil
}

// change is SET and RESET.
func (c *session) change(st *dialect.Statement) error {
	if st.Name == "all" {
		clear(c.settings.now)
		return nil
	}
	if st.Name == "transaction" {
		c.readOnly = st.Value == "read only"
		return nil
	}
	if err := c.settings.set(st.Name, st.Value); err != nil {
		return err
	}
	for _, r := range reported {
		if strings.EqualFold(r, st.Name) {
			c.b.Send(&pgproto3.ParameterStatus{Name: r, Value: c.settings.value(r)})
		}
	}
	return nil
}

// show is SHOW.
func (c *session) show(st *dialect.Statement) (columns []dialect.Column, rows [][]any, err error) {
	if st.Name == "all" {
		for name := range c.settings.initial {
			rows = append(rows, []any{name, c.settings.value(name), ""})
		}
		slices.SortFunc(rows, func(a, b []any) int { return strings.Compare(a[0].(string), b[0].(string)) })
		text := dialect.Type{OID: dialect.Text}
		return []dialect.Column{{Name: "name", Type: text}, {Name: "setting", Type: text}, {Name: "description", Type: text}}, rows, nil
	}
	v, ok := c.settings.get(st.Name)
	if !ok {
		return nil, nil, dialect.Errorf("42704", "unrecognized configuration parameter %q", st.Name)
	}
	return st.Columns, [][]any{{v}}, nil
}
