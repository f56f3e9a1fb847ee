package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lifeboat/aws/model"
)

// node is an XML element, or a part of a form's dotted names.
type node struct {
	name string
	text string
	kids []*node
	used bool // somebody read it
}

func (n *node) kid(name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// parseXML reads a document; attributes are kids too.
func parseXML(body []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	root := &node{}
	open := []*node{root}
	for {
		t, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			n := &node{name: t.Name.Local}
			for _, a := range t.Attr {
				n.kids = append(n.kids, &node{name: a.Name.Local, text: a.Value})
			}
			top.kids = append(top.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(t)
		}
	}
	if len(root.kids) != 1 {
		return nil, errors.New("the body is not one XML element")
	}
	return root.kids[0], nil
}

// fromXML reads an element into a plain tree's value.
func fromXML(s *model.Shape, n *node) any {
	switch s.Kind {
	case model.Structure:
		tree := map[string]any{}
		for _, m := range s.Members {
			if m.Location != "" {
				continue
			}
			name := m.Wire()
			if _, local, ok := strings.Cut(name, ":"); ok {
				name = local
			}
			if flat(m) {
				if e := fromXML(m.Shape, &node{kids: named(n, name)}); !empty(e) {
					tree[m.Name] = e
				}
			} else if k := n.kid(name); k != nil {
				tree[m.Name] = fromXMLMember(m, k)
			}
		}
		return tree
	case model.List:
		list := []any{}
		for _, k := range n.kids {
			list = append(list, fromXMLMember(s.Elem, k))
		}
		return list
	case model.Map:
		tree := map[string]any{}
		for _, k := range n.kids {
			key, value := k.kid(wireOr(s.Key, "key")), k.kid(wireOr(s.Value, "value"))
			if key != nil && value != nil {
				tree[key.text] = fromXMLMember(s.Value, value)
			}
		}
		return tree
	}
	return n.text
}

func fromXMLMember(m *model.Member, n *node) any {
	switch m.Shape.Kind {
	case model.Structure, model.List, model.Map:
		return fromXML(m.Shape, n)
	case model.String:
		return n.text
	}
	return fromText(m, strings.TrimSpace(n.text))
}

func named(n *node, name string) (out []*node) {
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}

func empty(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func flat(m *model.Member) bool {
	return (m.Flattened || m.Shape.Flattened) && (m.Shape.Kind == model.List || m.Shape.Kind == model.Map)
}

// wireOr is the name on the wire of a list's element or a map's key or value.
func wireOr(m *model.Member, name string) string {
	if m.LocationName != "" {
		return m.LocationName
	}
	return name
}

// formDialect reads awsQuery and ec2Query forms, whose names are paths: TagSpecification.1.Tag.2.Key.
type formDialect struct{ ec2 bool }

// read gives the tree and the first name that means nothing to the shape.
func (d formDialect) read(s *model.Shape, form url.Values) (tree map[string]any, unknown string) {
	root := &node{}
	for name, values := range form {
		at := root
		for part := range strings.SplitSeq(name, ".") {
			next := at.kid(part)
			if next == nil {
				next = &node{name: part}
				at.kids = append(at.kids, next)
			}
			at = next
		}
		at.text = values[0]
	}
	tree, _ = d.value(s, root).(map[string]any)
	return tree, unread(root, "")
}

// unread is the path of a leaf that nobody read, the first in alphabetical order.
func unread(n *node, path string) (first string) {
	for _, k := range n.kids {
		if path == "" && (k.name == "Action" || k.name == "Version") {
			continue
		}
		p := k.name
		if path != "" {
			p = path + "." + k.name
		}
		if len(k.kids) > 0 {
			p = unread(k, p)
		} else if k.used {
			p = ""
		}
		if p != "" && (first == "" || p < first) {
			first = p
		}
	}
	return first
}

func (d formDialect) name(m *model.Member) string {
	switch {
	case !d.ec2 && flat(m) && m.Shape.Kind == model.List && m.Shape.Elem.LocationName != "":
		return m.Shape.Elem.LocationName
	case !d.ec2:
		return m.Wire()
	case m.QueryName != "":
		return m.QueryName
	case m.LocationName != "":
		return strings.ToUpper(m.LocationName[:1]) + m.LocationName[1:]
	}
	return m.Name
}

func (d formDialect) value(s *model.Shape, n *node) any {
	n.used = true
	switch s.Kind {
	case model.Structure:
		tree := map[string]any{}
		for _, m := range s.Members {
			if k := n.kid(d.name(m)); k != nil {
				tree[m.Name] = d.member(m, k)
			}
		}
		return tree
	case model.List:
		list := []any{}
		for _, k := range d.numbered(n, wireOr(s.Elem, "member")) {
			list = append(list, d.member(s.Elem, k))
		}
		return list
	case model.Map:
		tree := map[string]any{}
		for _, k := range d.numbered(n, "entry") {
			key, value := k.kid(wireOr(s.Key, "key")), k.kid(wireOr(s.Value, "value"))
			if key != nil && value != nil {
				key.used = true
				tree[key.text] = d.member(s.Value, value)
			}
		}
		return tree
	}
	return n.text
}

func (d formDialect) member(m *model.Member, n *node) any {
	n.used = true
	switch m.Shape.Kind {
	case model.Structure, model.List, model.Map:
		return d.value(m.Shape, n)
	}
	return fromText(m, n.text)
}

// numbered gives the kids 1, 2, 3 of a list in order, with or without the element's name before the number.
func (d formDialect) numbered(n *node, element string) []*node {
	if k := n.kid(element); k != nil {
		n = k
	}
	var out []*node
	for _, k := range n.kids {
		if _, err := strconv.Atoi(k.name); err == nil {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b *node) int {
		x, _ := strconv.Atoi(a.name)
		y, _ := strconv.Atoi(b.name)
		return x - y
	})
	return out
}
