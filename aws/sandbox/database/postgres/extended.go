package postgres

import (
	"github.com/jackc/pgx/v5/pgproto3"

	"lifeboat/aws/sandbox/database/postgres/dialect"
)

// prepared is a statement that was parsed.
type prepared struct {
	src   dialect.Source
	empty bool
	st    *dialect.Statement
}

// extended answers the messages of the extended protocol, but Sync and Flush.
func (c *session) extended(m pgproto3.FrontendMessage) error {
	switch m := m.(type) {
	case *pgproto3.Parse:
		return c.parse(m)
	case *pgproto3.Bind:
		return c.bind(m)
	case *pgproto3.Describe:
		return c.describe(m)
	case *pgproto3.Execute:
		p := c.portals[m.Portal]
		if p == nil {
			return dialect.Errorf("34000", "portal %q does not exist", m.Portal)
		}
		if p.st == nil {
			c.b.Send(&pgproto3.EmptyQueryResponse{})
			return nil
		}
		if c.aborted && p.st.Kind != dialect.Transaction {
			return aborted()
		}
		return c.execute(p, m.MaxRows)
	case *pgproto3.Close:
		if m.ObjectType == 'S' {
			delete(c.prepared, m.Name)
		} else if p := c.portals[m.Name]; p != nil {
			p.close()
			delete(c.portals, m.Name)
		}
		c.b.Send(&pgproto3.CloseComplete{})
		return nil
	case *pgproto3.FunctionCall:
		return dialect.Unsupported("the function call message")
	}
	return dialect.Errorf("08P01", "invalid frontend message")
}

func (c *session) parse(m *pgproto3.Parse) error {
	if m.Name != "" && c.prepared[m.Name] != nil {
		return dialect.Errorf("42P05", "prepared statement %q already exists", m.Name)
	}
	sources, err := dialect.Split(m.Query)
	if err != nil {
		return err
	}
	if len(sources) > 1 {
		return dialect.Errorf("42601", "cannot insert multiple commands into a prepared statement")
	}
	p := &prepared{empty: len(sources) == 0}
	if !p.empty {
		given := make([]dialect.OID, len(m.ParameterOIDs))
		for i, o := range m.ParameterOIDs {
			given[i] = dialect.OID(o)
		}
		p.src = sources[0]
		if p.st, err = c.translate(p.src, given); err != nil {
			return err
		}
	}
	c.prepared[m.Name] = p
	c.b.Send(&pgproto3.ParseComplete{})
	return nil
}

func (c *session) bind(m *pgproto3.Bind) error {
	s := c.prepared[m.PreparedStatement]
	if s == nil {
		return dialect.Errorf("26000", "prepared statement %q does not exist", m.PreparedStatement)
	}
	if m.DestinationPortal != "" && c.portals[m.DestinationPortal] != nil {
		return dialect.Errorf("42P03", "portal %q already exists", m.DestinationPortal)
	}
	p := &portal{formats: append([]int16(nil), m.ResultFormatCodes...)}
	if !s.empty {
		if err := c.renew(s); err != nil {
			return err
		}
		st := *s.st
		p.st = &st
		if err := c.values(p, m); err != nil {
			return err
		}
		if err := c.open(p); err != nil {
			return err
		}
		if len(p.formats) > 1 && len(p.formats) != len(p.columns) {
			return dialect.Errorf("08P01", "bind message has %d result formats but query has %d columns", len(p.formats), len(p.columns))
		}
	}
	if old := c.portals[m.DestinationPortal]; old != nil {
		old.close()
	}
	c.portals[m.DestinationPortal] = p
	c.b.Send(&pgproto3.BindComplete{})
	return nil
}

// renew translates a statement again: what it reads of the catalogs, or the tables it names, may be others by now.
func (c *session) renew(s *prepared) error {
	st, err := c.translate(s.src, s.st.Params)
	if err != nil {
		return err
	}
	if len(st.Columns) != len(s.st.Columns) {
		return dialect.Errorf("0A000", "cached plan must not change result type")
	}
	for i, col := range st.Columns {
		if col.Type.OID != s.st.Columns[i].Type.OID {
			return dialect.Errorf("0A000", "cached plan must not change result type")
		}
	}
	s.st = st
	return nil
}

// values reads the parameters.
func (c *session) values(p *portal, m *pgproto3.Bind) error {
	if len(m.Parameters) != len(p.st.Params) {
		return dialect.Errorf("08P01", "bind message supplies %d parameters, but prepared statement %q requires %d", len(m.Parameters), m.PreparedStatement, len(p.st.Params))
	}
	p.args = make([]any, len(m.Parameters))
	for i, b := range m.Parameters {
		format := int16(asText)
		switch {
		case len(m.ParameterFormatCodes) == 1:
			format = m.ParameterFormatCodes[0]
		case i < len(m.ParameterFormatCodes):
			format = m.ParameterFormatCodes[i]
		}
		v, err := c.codec.decode(dialect.Type{OID: p.st.Params[i]}, format, b)
		if err != nil {
			return err
		}
		p.args[i] = v
	}
	return nil
}

func (c *session) describe(m *pgproto3.Describe) error {
	if m.ObjectType == 'P' {
		p := c.portals[m.Name]
		if p == nil {
			return dialect.Errorf("34000", "portal %q does not exist", m.Name)
		}
		c.describeRows(p.columns, p.format, p.st)
		return nil
	}
	s := c.prepared[m.Name]
	if s == nil {
		return dialect.Errorf("26000", "prepared statement %q does not exist", m.Name)
	}
	params := &pgproto3.ParameterDescription{}
	var columns []dialect.Column
	if !s.empty {
		for _, o := range s.st.Params {
			params.ParameterOIDs = append(params.ParameterOIDs, uint32(o))
		}
		p := &portal{st: s.st}
		if err := c.open(p); err != nil {
			return err
		}
		columns = p.columns
	}
	c.b.Send(params)
	c.describeRows(columns, func(int) int16 { return asText }, s.st)
	return nil
}

func (c *session) describeRows(columns []dialect.Column, format func(int) int16, st *dialect.Statement) {
	if columns == nil || st.Kind == dialect.Copy {
		c.b.Send(&pgproto3.NoData{})
		return
	}
	c.b.Send(describe(columns, format))
}
