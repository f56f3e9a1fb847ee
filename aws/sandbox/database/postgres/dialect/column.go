package dialect

import (
	"slices"
)

// column finds the column that a name means.
func (p *parser) column(parts []token) expr {
	at, name := parts[0], parts[len(parts)-1].text
	table := ""
	switch len(parts) {
	case 1:
	case 2:
		table = parts[0].text
	case 3:
		table = parts[1].text
	default:
		p.syntaxAt(parts[3])
	}
	catalog := false
	for s := p.scope; s != nil; s = s.parent {
		if table == "" {
			if e, ok := s.using[name]; ok {
				return e
			}
		}
		if src, c, ok := p.find(s, table, name, at); ok {
			return p.refer(s, src, c, at)
		}
		catalog = catalog || slices.ContainsFunc(s.sources, func(x source) bool { return x.catalog && (table == "" || x.name == table) })
		if catalog && table != "" {
			break
		}
		if table != "" && slices.ContainsFunc(s.sources, func(x source) bool { return x.name == table }) {
			fail(Errorf("42703", "column %s.%s does not exist", table, name).at(at))
		}
	}
	if catalog {
		fail(Unsupported("the column %s of a catalog", name).at(at))
	}
	if table != "" {
		fail(missingFrom(table).at(at))
	}
	fail(Errorf("42703", "column %q does not exist", name).at(at))
	return expr{}
}

func (p *parser) find(s *scope, table, name string, at token) (from source, found Column, ok bool) {
	for _, src := range s.sources {
		if table != "" && src.name != table {
			continue
		}
		for _, c := range src.cols {
			if c.Name != name || table == "" && s.hidden[src.name+"."+name] {
				continue
			}
			if ok {
				fail(Errorf("42702", "column reference %q is ambiguous", name).at(at))
			}
			from, found, ok = src, c, true
		}
	}
	return from, found, ok
}

func (p *parser) refer(s *scope, src source, c Column, at token) expr {
	sql := ident(src.name) + "." + ident(c.Name)
	if p.level == 0 || s != p.scope {
		s.refs = append(s.refs, reference{sql: sql, shown: src.name + "." + c.Name, source: src.name, column: c.Name, at: at})
	}
	return expr{sql: sql, typ: c.Type, name: c.Name}
}
