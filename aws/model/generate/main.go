// Command generate trims the public AWS API models to the operations of operations.txt and the shapes they reach, without
// documentation, adds how their lists go on page by page, and writes data/<service>.json.gz. It reads the models that come with
// the aws CLI (botocore's data folder).
//
//	go generate ./aws/model                      finds botocore through python3
//	go run ./generate -data .../botocore/data    from that folder (run it in aws/model)
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	data := flag.String("data", "", "botocore's data `folder`; found through python3 when empty")
	flag.Parse()
	if err := run(*data); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(data string) error {
	if data == "" {
		out, err := exec.Command("python3", "-c", "import botocore, os; print(os.path.dirname(botocore.__file__))").Output()
		if err != nil {
			return fmt.Errorf("finding botocore: %w: give its data folder with -data", err)
		}
		data = filepath.Join(strings.TrimSpace(string(out)), "data")
	}
	text, err := os.ReadFile("operations.txt")
	if err != nil {
		return err
	}
	for service, ops := range parse(string(text)) {
		trimmed, err := trim(data, service, ops)
		if err != nil {
			return fmt.Errorf("%s: %w", service, err)
		}
		if err := pack(filepath.Join("data", service+".json.gz"), trimmed); err != nil {
			return err
		}
		fmt.Printf("%-26s %3d operations, %4d shapes\n", service, len(ops), len(trimmed["shapes"].(object)))
	}
	return nil
}

// parse reads "service:" lines followed by operation names.
func parse(text string) map[string][]string {
	ops, service := map[string][]string{}, ""
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for _, word := range strings.Fields(line) {
			if name, isService := strings.CutSuffix(word, ":"); isService {
				service = name
			} else {
				ops[service] = append(ops[service], word)
			}
		}
	}
	return ops
}

type object = map[string]any

// kept are the keys of a shape or of a reference to one that mean something to the wire or to a checker.
var kept = []string{
	"type", "shape", "required", "enum", "min", "max", "pattern", "payload", "flattened", "streaming", "union", "error",
	"exception", "fault", "timestampFormat", "locationName", "location", "queryName", "resultWrapper", "xmlNamespace",
	"xmlAttribute", "idempotencyToken", "hostLabel", "jsonvalue",
}

func trim(data, service string, names []string) (object, error) {
	model, err := load(data, service)
	if err != nil {
		return nil, err
	}
	lists, err := paginators(data, service)
	if err != nil {
		return nil, err
	}
	from := model["shapes"].(*ordered)
	ops, shapes := object{}, object{}
	all := model["operations"].(*ordered)
	for _, name := range names {
		op, ok := all.values[name].(*ordered)
		if !ok {
			return nil, fmt.Errorf("the model has no operation %s", name)
		}
		out := object{"http": plain(op.values["http"])}
		for _, key := range []string{"input", "output"} {
			if r, ok := op.values[key].(*ordered); ok {
				out[key] = reference(r, from, shapes)
			}
		}
		if list, ok := op.values["errors"].([]any); ok {
			errs := []any{}
			for _, e := range list {
				errs = append(errs, reference(e.(*ordered), from, shapes))
			}
			out["errors"] = errs
		}
		if p, ok := lists[name]; ok {
			out["pages"] = p
		}
		ops[name] = out
	}
	return object{"metadata": plain(model["metadata"]), "operations": ops, "shapes": shapes}, nil
}

// reference keeps a use of a shape, and the shape.
func reference(r *ordered, from *ordered, to object) object {
	out := keep(r)
	name := out["shape"].(string)
	if _, done := to[name]; done {
		return out
	}
	shape := from.values[name].(*ordered)
	s := keep(shape)
	to[name] = s
	if p, ok := s["pattern"].(string); ok {
		if p = re2(p); p == "" {
			delete(s, "pattern")
		} else {
			s["pattern"] = p
		}
	}
	for _, key := range []string{"member", "key", "value"} {
		if m, ok := shape.values[key].(*ordered); ok {
			s[key] = reference(m, from, to)
		}
	}
	if members, ok := shape.values["members"].(*ordered); ok {
		list := []any{}
		for _, name := range members.keys {
			m := reference(members.values[name].(*ordered), from, to)
			m["name"] = name
			list = append(list, m)
		}
		s["members"] = list
	}
	return out
}

func keep(o *ordered) object {
	out := object{}
	for _, key := range kept {
		if v, ok := o.values[key]; ok {
			out[key] = plain(v)
		}
	}
	return out
}

// classes are what Java's regular expressions write and Go's write otherwise, in the order they are replaced.
var (
	escape  = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	classes = strings.NewReplacer(
		`\u10000-\u10FFFF`, `\x{10000}-\x{10FFFF}`,
		`\uD800\uDC00-\uDBFF\uDFFF`, `\x{10000}-\x{10FFFF}`,
		`\p{all}`, `\s\S`,
	)
)

// re2 rewrites a Java pattern for Go, or gives "" where Go cannot say it (look-around); such limits are a handler's to check.
func re2(p string) string {
	p = escape.ReplaceAllString(classes.Replace(p), `\x{$1}`)
	if _, err := regexp.Compile(p); err != nil {
		fmt.Printf("  dropped pattern %s: %v\n", p, err)
		return ""
	}
	return p
}

// paginators gives, by operation, how a service's lists go on; none where botocore knows none.
func paginators(data, service string) (map[string]object, error) {
	folder, err := newest(data, service)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "paginators-1.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var f struct {
		Pagination map[string]object `json:"pagination"`
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("paginators-1.json: %w", err)
	}
	out := map[string]object{}
	for op, p := range f.Pagination {
		pages := object{}
		for name, key := range map[string]string{"inputs": "input_token", "outputs": "output_token", "results": "result_key"} {
			if one, ok := p[key].(string); ok {
				p[key] = []any{one}
			}
			pages[name] = p[key]
		}
		for name, key := range map[string]string{"limit": "limit_key", "more": "more_results"} {
			if p[key] != nil {
				pages[name] = p[key]
			}
		}
		out[op] = pages
	}
	return out, nil
}

// newest is the folder of a service's newest model.
func newest(data, service string) (string, error) {
	versions, err := filepath.Glob(filepath.Join(data, service, "*", "service-2.json.gz"))
	if err != nil || len(versions) == 0 {
		return "", fmt.Errorf("no service-2.json.gz under %s", filepath.Join(data, service))
	}
	slices.Sort(versions)
	return filepath.Dir(versions[len(versions)-1]), nil
}

func load(data, service string) (object, error) {
	folder, err := newest(data, service)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(folder, "service-2.json.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(z)
	d.UseNumber()
	v, err := decode(d)
	if err != nil {
		return nil, err
	}
	return v.(*ordered).values, extras(v.(*ordered), filepath.Join(folder, "service-2.sdk-extras.json"))
}

// extras adds what an SDK takes beside the API's own model, such as the Region of the source from which it signs a URL.
func extras(model *ordered, path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := decode(d)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if more, ok := v.(*ordered).values["merge"].(*ordered); ok {
		merge(model, more)
	}
	return nil
}

// merge adds to o what is in more and not in o; what the API's own model says stays.
func merge(o, more *ordered) {
	for _, key := range more.keys {
		old, there := o.values[key]
		if !there {
			o.keys, o.values[key] = append(o.keys, key), more.values[key]
			continue
		}
		into, both := old.(*ordered)
		if from, ok := more.values[key].(*ordered); ok && both {
			merge(into, from)
		}
	}
}

// ordered is a JSON object that remembers the order of its keys: the order of members is part of some protocols.
type ordered struct {
	keys   []string
	values object
}

func decode(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		o := &ordered{values: object{}}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			if o.values[key.(string)], err = decode(d); err != nil {
				return nil, err
			}
			o.keys = append(o.keys, key.(string))
		}
		_, err = d.Token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := decode(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	return t, nil
}

func plain(v any) any {
	switch v := v.(type) {
	case *ordered:
		out := object{}
		for k, e := range v.values {
			out[k] = plain(e)
		}
		delete(out, "documentation")
		return out
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, plain(e))
		}
		return out
	}
	return v
}

// pack writes the same bytes for the same model: maps are written in key order and the gzip header has no time.
func pack(path string, model object) error {
	text, err := json.Marshal(model)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if _, err := z.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
