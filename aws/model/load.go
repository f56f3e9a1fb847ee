package model

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

//go:generate go run ./generate

//go:embed data/NOTICE data/*.json.gz
var files embed.FS

// loaders holds one memo per service; it is filled before main and never changes.
var loaders = func() map[string]func() (*API, error) {
	entries, err := files.ReadDir("data")
	if err != nil {
		panic(err)
	}
	m := make(map[string]func() (*API, error), len(entries))
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json.gz") {
			continue
		}
		service := strings.TrimSuffix(e.Name(), ".json.gz")
		m[service] = sync.OnceValues(func() (*API, error) { return read(service) })
	}
	return m
}()

// Services lists the services there are, sorted.
func Services() []string {
	names := make([]string, 0, len(loaders))
	for s := range loaders {
		names = append(names, s)
	}
	slices.Sort(names)
	return names
}

// Load gives a service's model; the first call of a service parses it (1 to 6 ms), later ones are free. It may be called from
// several goroutines.
func Load(service string) (*API, error) {
	l := loaders[service]
	if l == nil {
		return nil, fmt.Errorf("no API model of service %q: there are %s", service, strings.Join(Services(), ", "))
	}
	return l()
}

// Find gives one operation by its full name, such as "ec2.CreateVolume".
func Find(op string) (*Op, error) {
	service, name, ok := Split(op)
	if !ok {
		return nil, fmt.Errorf("%q is not an operation: write service.Operation, such as ec2.CreateVolume", op)
	}
	api, err := Load(service)
	if err != nil {
		return nil, err
	}
	o := api.Ops[name]
	if o == nil {
		return nil, fmt.Errorf("no API model of operation %s: it is not among the %d of %s that are known", op, len(api.Ops), service)
	}
	return o, nil
}

// The file is the public API model, trimmed. These types read the parts of it that are kept.
type (
	file struct {
		Metadata   metadata            `json:"metadata"`
		Operations map[string]fileOp   `json:"operations"`
		Shapes     map[string]fileType `json:"shapes"`
	}
	metadata struct {
		APIVersion     string   `json:"apiVersion"`
		EndpointPrefix string   `json:"endpointPrefix"`
		JSONVersion    string   `json:"jsonVersion"`
		Protocol       string   `json:"protocol"`
		Protocols      []string `json:"protocols"`
		FullName       string   `json:"serviceFullName"`
		SigningName    string   `json:"signingName"`
		TargetPrefix   string   `json:"targetPrefix"`
		XMLNamespace   string   `json:"xmlNamespace"`
	}
	fileOp struct {
		HTTP struct {
			Method string `json:"method"`
			URI    string `json:"requestUri"`
			Status int    `json:"responseCode"`
		} `json:"http"`
		Input  *ref   `json:"input"`
		Output *ref   `json:"output"`
		Errors []ref  `json:"errors"`
		Pages  *Pages `json:"pages"`
	}
	ref struct {
		Name             string     `json:"name"` // of a structure's member
		Shape            string     `json:"shape"`
		LocationName     string     `json:"locationName"`
		Location         string     `json:"location"`
		QueryName        string     `json:"queryName"`
		ResultWrapper    string     `json:"resultWrapper"`
		TimestampFormat  string     `json:"timestampFormat"`
		XMLNamespace     *namespace `json:"xmlNamespace"`
		Flattened        bool       `json:"flattened"`
		Streaming        bool       `json:"streaming"`
		IdempotencyToken bool       `json:"idempotencyToken"`
		XMLAttribute     bool       `json:"xmlAttribute"`
		HostLabel        bool       `json:"hostLabel"`
	}
	namespace struct {
		URI    string `json:"uri"`
		Prefix string `json:"prefix"`
	}
	fileType struct {
		Type            string     `json:"type"`
		Members         []ref      `json:"members"` // a list, so that the order is kept
		Member          *ref       `json:"member"`
		Key             *ref       `json:"key"`
		Value           *ref       `json:"value"`
		Required        []string   `json:"required"`
		Enum            []string   `json:"enum"`
		Min             *float64   `json:"min"`
		Max             *float64   `json:"max"`
		Pattern         string     `json:"pattern"`
		Payload         string     `json:"payload"`
		Flattened       bool       `json:"flattened"`
		Streaming       bool       `json:"streaming"`
		Union           bool       `json:"union"`
		TimestampFormat string     `json:"timestampFormat"`
		LocationName    string     `json:"locationName"`
		XMLNamespace    *namespace `json:"xmlNamespace"`
		Exception       bool       `json:"exception"`
		Fault           bool       `json:"fault"`
		Error           *struct {
			Code   string `json:"code"`
			Status int    `json:"httpStatusCode"`
		} `json:"error"`
	}
)

func read(service string) (*API, error) {
	packed, err := files.ReadFile("data/" + service + ".json.gz")
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("API model of %s: %w", service, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("API model of %s: %w", service, err)
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("API model of %s: %w", service, err)
	}
	return link(service, &f)
}

// link turns names into pointers.
func link(service string, f *file) (*API, error) {
	md := f.Metadata
	api := &API{
		Service: service, Name: md.FullName, SigningName: md.SigningName, Protocol: md.Protocol, Protocols: md.Protocols,
		APIVersion: md.APIVersion, JSONVersion: md.JSONVersion, TargetPrefix: md.TargetPrefix, XMLNamespace: md.XMLNamespace,
		Ops: make(map[string]*Op, len(f.Operations)), Shapes: make(map[string]*Shape, len(f.Shapes)),
	}
	if api.SigningName == "" {
		api.SigningName = md.EndpointPrefix
	}
	for name := range f.Shapes {
		api.Shapes[name] = &Shape{Name: name}
	}
	for name, t := range f.Shapes {
		if err := api.fill(api.Shapes[name], &t); err != nil {
			return nil, fmt.Errorf("API model of %s: shape %s: %w", service, name, err)
		}
	}
	for name, o := range f.Operations {
		api.Ops[name] = api.op(name, &o)
	}
	return api, nil
}

func (a *API) op(name string, o *fileOp) *Op {
	op := &Op{
		API: a, Name: name, CLIName: CLIName(name), Method: o.HTTP.Method, URI: o.HTTP.URI, Status: o.HTTP.Status, Pages: o.Pages,
		Input: &Shape{Name: name + "Input", Kind: Structure}, Output: &Shape{Name: name + "Output", Kind: Structure},
	}
	if op.Status == 0 {
		op.Status = 200
	}
	if o.Input != nil {
		op.Input, op.InputName = a.Shapes[o.Input.Shape], o.Input.LocationName
		if ns := o.Input.XMLNamespace; ns != nil && op.Input.XMLNamespace == "" {
			op.Input.XMLNamespace = ns.URI
		}
		for _, m := range op.Input.Members {
			if m.CLIName == "" {
				m.CLIName = CLIName(m.Name)
			}
		}
	}
	if o.Output != nil {
		op.Output, op.ResultWrapper = a.Shapes[o.Output.Shape], o.Output.ResultWrapper
	}
	for _, e := range o.Errors {
		op.Errors = append(op.Errors, a.Shapes[e.Shape])
	}
	return op
}

func (a *API) fill(s *Shape, t *fileType) error {
	s.Kind = kinds[t.Type]
	if s.Kind == 0 {
		return fmt.Errorf("unknown type %q", t.Type)
	}
	s.Enum, s.Min, s.Max, s.Pattern = t.Enum, t.Min, t.Max, t.Pattern
	s.Payload, s.Flattened, s.Streaming, s.Union = t.Payload, t.Flattened, t.Streaming, t.Union
	s.TimestampFormat, s.LocationName, s.Exception, s.Fault = t.TimestampFormat, t.LocationName, t.Exception, t.Fault
	if t.XMLNamespace != nil {
		s.XMLNamespace = t.XMLNamespace.URI
	}
	if t.Error != nil {
		s.ErrorCode, s.Status, s.Exception = t.Error.Code, t.Error.Status, true
	}
	for _, m := range []struct {
		to   **Member
		from *ref
	}{{&s.Elem, t.Member}, {&s.Key, t.Key}, {&s.Value, t.Value}} {
		if m.from != nil {
			*m.to = a.member(m.from)
		}
	}
	if s.Kind != Structure {
		return nil
	}
	s.Members, s.byName = make([]*Member, 0, len(t.Members)), make(map[string]*Member, len(t.Members))
	for i := range t.Members {
		m := a.member(&t.Members[i])
		m.Required = slices.Contains(t.Required, m.Name)
		s.Members = append(s.Members, m)
		s.byName[m.Name] = m
	}
	return nil
}

func (a *API) member(r *ref) *Member {
	m := &Member{
		Name: r.Name, Shape: a.Shapes[r.Shape], LocationName: r.LocationName, Location: r.Location, QueryName: r.QueryName,
		Flattened: r.Flattened, Streaming: r.Streaming, IdempotencyToken: r.IdempotencyToken, XMLAttribute: r.XMLAttribute,
		TimestampFormat: r.TimestampFormat, HostLabel: r.HostLabel,
	}
	if r.XMLNamespace != nil {
		m.XMLNamespace, m.XMLPrefix = r.XMLNamespace.URI, r.XMLNamespace.Prefix
	}
	return m
}
