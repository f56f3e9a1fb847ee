package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
)

// request is one request on its way to a tree of its operation's input.
type request struct {
	op       *model.Op
	protocol string
	http     *http.Request
	uri      map[string]string
	body     []byte    // unless stream is set
	stream   io.Reader // of an operation whose payload is one
}

// tree reads the request into a plain tree. The second result names what came and is not known, for the protocols whose
// services refuse that.
func (r *request) tree() (tree map[string]any, unknown string, err error) {
	in := r.op.Input
	switch r.protocol {
	case model.Query, model.EC2:
		form, err := url.ParseQuery(string(r.body))
		if err != nil {
			return nil, "", err
		}
		for name, values := range r.http.URL.Query() {
			if !strings.HasPrefix(name, "X-Amz-") {
				form[name] = values
			}
		}
		d := formDialect{ec2: r.protocol == model.EC2}
		tree, unknown = d.read(in, form)
		return tree, unknown, nil
	case model.JSON:
		return bodyTree(in, r.body)
	case model.CBOR:
		tree, err := cborTree(in, r.body)
		return tree, "", err
	}
	tree = map[string]any{}
	if err := r.bound(in, tree); err != nil {
		return nil, "", err
	}
	return tree, "", r.payload(in, tree)
}

func bodyTree(s *model.Shape, body []byte) (map[string]any, string, error) {
	v, err := parseJSON(body)
	if err != nil {
		return nil, "", err
	}
	tree, ok := structured(s, v).(map[string]any)
	if !ok {
		return nil, "", fmt.Errorf("the body is not a JSON object")
	}
	return tree, "", nil
}

// bound reads the members that travel in the path, the query and the headers.
func (r *request) bound(in *model.Shape, tree map[string]any) error {
	var query url.Values
	for _, m := range in.Members {
		switch m.Location {
		case "uri":
			if v, ok := r.uri[m.Wire()]; ok {
				tree[m.Name] = fromText(m, v)
			}
		case "querystring":
			if query == nil {
				query = r.http.URL.Query()
			}
			if m.Shape.Kind == model.Map {
				tree[m.Name] = queryMap(m.Shape, query)
			} else if values, ok := query[m.Wire()]; ok {
				tree[m.Name] = fromTexts(m, values)
			}
		case "header":
			if values := r.http.Header.Values(m.Wire()); len(values) > 0 {
				if m.Shape.Kind == model.List {
					values = commas(values)
				}
				tree[m.Name] = fromTexts(m, values)
				if at, err := http.ParseTime(values[0]); err == nil && m.Wire() == "Expires" { // a string in the model, a time in the SDK
					tree[m.Name] = at.Format(time.RFC3339)
				}
			}
		case "headers":
			if found := prefixed(r.http.Header, m.LocationName); len(found) > 0 {
				tree[m.Name] = found
			}
		}
	}
	// Content-Length is not among the headers that net/http keeps.
	if m := in.Member("ContentLength"); m != nil && m.Location == "header" && r.http.ContentLength >= 0 {
		tree[m.Name] = r.http.ContentLength
	}
	return nil
}

func prefixed(h http.Header, prefix string) map[string]any {
	found := map[string]any{}
	for name, values := range h {
		if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
			found[strings.ToLower(name[len(prefix):])] = strings.Join(values, ",")
		}
	}
	return found
}

func queryMap(s *model.Shape, query url.Values) map[string]any {
	tree := map[string]any{}
	for k, values := range query {
		tree[k] = fromTexts(s.Value, values)
	}
	return tree
}

func commas(values []string) (out []string) {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			out = append(out, strings.TrimSpace(part))
		}
	}
	return out
}

func fromTexts(m *model.Member, values []string) any {
	if m.Shape.Kind != model.List {
		return fromText(m, values[0])
	}
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = fromText(m.Shape.Elem, v)
	}
	return list
}

// payload reads the body of a REST request.
func (r *request) payload(in *model.Shape, tree map[string]any) error {
	if in.Payload != "" {
		m := in.Member(in.Payload)
		switch {
		case m.Shape.Kind == model.Blob && r.stream != nil:
			tree[m.Name] = r.stream
		case m.Shape.Kind == model.Blob:
			if len(r.body) > 0 {
				tree[m.Name] = r.body
			}
		case m.Shape.Kind == model.String:
			tree[m.Name] = string(r.body)
		case len(r.body) > 0:
			v, err := r.document(m.Shape)
			if err != nil {
				return err
			}
			tree[m.Name] = v
		}
		return nil
	}
	if len(r.body) == 0 {
		return nil
	}
	v, err := r.document(in)
	if err != nil {
		return err
	}
	whole, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("the body is not an object")
	}
	for name, e := range whole {
		if in.Member(name).Location == "" {
			tree[name] = e
		}
	}
	return nil
}

func (r *request) document(s *model.Shape) (any, error) {
	if r.protocol == model.RestXML {
		root, err := parseXML(r.body)
		if err != nil {
			return nil, err
		}
		return fromXML(s, root), nil
	}
	v, err := parseJSON(r.body)
	if err != nil {
		return nil, err
	}
	return structured(s, v), nil
}

func parseJSON(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// structured renames the wire's names in JSON or CBOR data to the model's and gives timestamps and blobs their types. What
// does not fit its shape is left as it is, for the validation to find.
func structured(s *model.Shape, v any) any {
	switch s.Kind {
	case model.Structure:
		from, ok := v.(map[string]any)
		if !ok {
			return v
		}
		tree := make(map[string]any, len(from))
		for _, m := range s.Members {
			if e, given := from[m.Wire()]; given && e != nil {
				tree[m.Name] = structured(m.Shape, e)
			}
		}
		return tree
	case model.List:
		list, ok := v.([]any)
		if !ok {
			return v
		}
		for i, e := range list {
			list[i] = structured(s.Elem.Shape, e)
		}
		return list
	case model.Map:
		from, ok := v.(map[string]any)
		if !ok {
			return v
		}
		for k, e := range from {
			from[k] = structured(s.Value.Shape, e)
		}
		return from
	case model.Blob:
		if text, ok := v.(string); ok {
			if b, err := base64.StdEncoding.DecodeString(text); err == nil {
				return b
			}
		}
	case model.Timestamp:
		if t, ok := codec.Time(v); ok {
			return t
		}
		if text, ok := v.(string); ok {
			if t, err := http.ParseTime(text); err == nil {
				return t
			}
		}
	case model.Float, model.Double:
		switch v {
		case "NaN":
			return math.NaN()
		case "Infinity":
			return math.Inf(1)
		case "-Infinity":
			return math.Inf(-1)
		}
		fallthrough
	case model.Integer, model.Long:
		if _, text := v.(string); text {
			return misfit{v}
		}
	case model.String:
		if _, text := v.(string); !text {
			return misfit{v}
		}
	case model.Boolean:
		if _, is := v.(bool); !is {
			return misfit{v}
		}
	}
	return v
}

// misfit is a value of a JSON type that AWS does not take for another, though a plain tree would.
type misfit struct{ v any }

func (m misfit) String() string { return fmt.Sprint(m.v) }

// fromText reads a scalar written as text: in a path, a query, a header, a form or XML.
func fromText(m *model.Member, text string) any {
	switch m.Shape.Kind {
	case model.Timestamp:
		format := m.TimestampFormat
		if format == "" {
			format = m.Shape.TimestampFormat
		}
		if t, ok := parseTime(format, text); ok {
			return t
		}
	case model.Boolean:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case model.Integer, model.Long, model.Float, model.Double:
		return json.Number(text)
	case model.Blob:
		if b, err := base64.StdEncoding.DecodeString(text); err == nil {
			return b
		}
	}
	return text
}

func parseTime(format, text string) (time.Time, bool) {
	if format == "unixTimestamp" {
		return codec.Time(json.Number(text))
	}
	if t, ok := codec.Time(text); ok {
		return t, true
	}
	if t, err := http.ParseTime(text); err == nil {
		return t, true
	}
	return codec.Time(json.Number(text))
}

func cborTree(s *model.Shape, body []byte) (map[string]any, error) {
	if len(body) == 0 {
		return map[string]any{}, nil
	}
	v, err := cbor.Decode(body)
	if err != nil {
		return nil, err
	}
	tree, ok := structured(s, fromCBOR(v)).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the body is not a CBOR map")
	}
	return tree, nil
}

func fromCBOR(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.Map:
		tree := make(map[string]any, len(v))
		for k, e := range v {
			tree[k] = fromCBOR(e)
		}
		return tree
	case cbor.List:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = fromCBOR(e)
		}
		return list
	case cbor.String:
		return string(v)
	case cbor.Slice:
		return []byte(v)
	case cbor.Bool:
		return bool(v)
	case cbor.Uint:
		return int64(v)
	case cbor.NegInt:
		return -int64(v)
	case cbor.Float32:
		return float64(v)
	case cbor.Float64:
		return float64(v)
	case *cbor.Tag:
		if t, err := cbor.AsTime(v); err == nil {
			return t
		}
		return fromCBOR(v.Value)
	}
	return nil
}
