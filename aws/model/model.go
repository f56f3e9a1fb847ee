// Package model is AWS's own description of the operations this program knows: names, shapes, limits, enums and errors.
//
// It is data, generated from the public API models (see generate and operations.txt), embedded, and parsed per service
// when first asked for; nothing is parsed at start. What it returns is shared: read it, never change it.
package model

import "strings"

// Kind is the type of a shape.
type Kind uint8

// The kinds of shape.
const (
	Structure Kind = iota + 1
	List
	Map
	String
	Blob
	Boolean
	Integer // 32 bits
	Long    // 64 bits
	Float   // 32 bits
	Double  // 64 bits
	Timestamp
)

var kinds = map[string]Kind{
	"structure": Structure, "list": List, "map": Map, "string": String, "character": String, "blob": Blob,
	"boolean": Boolean, "integer": Integer, "long": Long, "bigInteger": Long, "float": Float, "double": Double,
	"bigDecimal": Double, "timestamp": Timestamp,
}

// String is the kind's name as the API models write it.
func (k Kind) String() string {
	return [...]string{"unknown", "structure", "list", "map", "string", "blob", "boolean", "integer", "long", "float", "double", "timestamp"}[k]
}

// Wire protocols, as the API models write them.
const (
	JSON     = "json"
	RestJSON = "rest-json"
	RestXML  = "rest-xml"
	Query    = "query"
	EC2      = "ec2"
	CBOR     = "smithy-rpc-v2-cbor"
)

// API is one service, trimmed to the operations of operations.txt.
type API struct {
	Service      string   // as the aws CLI writes it: "cloudwatch"
	Name         string   // "Amazon CloudWatch"
	SigningName  string   // the service in a signature's scope: "monitoring"
	Protocol     string   // the preferred one
	Protocols    []string // all it speaks
	APIVersion   string
	JSONVersion  string
	TargetPrefix string // of X-Amz-Target, without the dot
	XMLNamespace string
	Ops          map[string]*Op
	Shapes       map[string]*Shape
}

// Op is one operation.
type Op struct {
	API           *API
	Name          string
	CLIName       string // "create-volume"
	Method        string
	URI           string // a template: "/{Bucket}/{Key+}?uploads"
	Status        int    // of a good answer
	Input         *Shape // never nil; a structure
	Output        *Shape // never nil; a structure
	InputName     string // the root element of an XML request
	Errors        []*Shape
	ResultWrapper string // the element around an awsQuery result
	Pages         *Pages // how its list goes on; nil when it has none
}

// Pages is how a list goes on after its first page, and what of a page is the list.
type Pages struct {
	Inputs  []string `json:"inputs"`  // members of the request that say where to go on
	Outputs []string `json:"outputs"` // JMESPath over the answer: their values for the next page, in the same order
	Results []string `json:"results"` // members of the answer that are lists in pages
	Limit   string   `json:"limit"`   // the member of the request that says how long a page is; empty when there is none
	More    string   `json:"more"`    // the member of the answer that says whether there are more; empty when a next one does
}

// Shape is a type: what a value may be.
type Shape struct {
	Name    string
	Kind    Kind
	Members []*Member // of a structure, in the model's order
	Elem    *Member   // of a list
	Key     *Member   // of a map
	Value   *Member   // of a map
	Enum    []string
	Min     *float64 // least value, length or count
	Max     *float64
	Pattern string // RE2, as AWS writes it otherwise

	Payload         string // the member that is the whole HTTP body
	Flattened       bool   // an XML or query list without a wrapper
	Streaming       bool
	Union           bool // exactly one member is set
	TimestampFormat string
	LocationName    string
	XMLNamespace    string

	Exception bool
	ErrorCode string // the code on the wire, where it is not the shape's name
	Status    int    // HTTP status of the error; 0 where the model does not say
	Fault     bool   // the service's fault (5xx) when Status is 0

	byName map[string]*Member
}

// Member is a use of a shape: a structure's member, a list's element, a map's key or value.
type Member struct {
	Name             string
	CLIName          string // "--volume-id" is "volume-id"; only for members of an operation's input
	Shape            *Shape
	Required         bool
	LocationName     string // the name on the wire, where it is not Name
	Location         string // "" (body), "uri", "querystring", "header", "headers", "statusCode"
	QueryName        string // ec2Query's own name
	Flattened        bool
	Streaming        bool
	IdempotencyToken bool
	XMLAttribute     bool
	XMLNamespace     string
	XMLPrefix        string
	TimestampFormat  string
	HostLabel        bool
}

// Member finds a structure's member by its name; nil when there is none.
func (s *Shape) Member(name string) *Member {
	if s == nil {
		return nil
	}
	return s.byName[name]
}

// Wire is the member's name on the wire.
func (m *Member) Wire() string {
	if m.LocationName != "" {
		return m.LocationName
	}
	return m.Name
}

// Code is the error's code on the wire.
func (s *Shape) Code() string {
	if s.ErrorCode != "" {
		return s.ErrorCode
	}
	return s.Name
}

// Error finds the error shape of the service with this code or shape name; nil when the model has none.
func (a *API) Error(code string) *Shape {
	if s := a.Shapes[code]; s != nil && s.Exception {
		return s
	}
	for _, s := range a.Shapes {
		if s.Exception && s.ErrorCode == code {
			return s
		}
	}
	return nil
}

// Speaks says whether the service has the protocol.
func (a *API) Speaks(protocol string) bool {
	for _, p := range a.Protocols {
		if p == protocol {
			return true
		}
	}
	return false
}

// String is the operation's full name: "ec2.CreateVolume".
func (o *Op) String() string { return o.API.Service + "." + o.Name }

// Split takes "ec2.CreateVolume" apart; ok is false when there is no dot in it.
func Split(op string) (service, name string, ok bool) { return strings.Cut(op, ".") }
