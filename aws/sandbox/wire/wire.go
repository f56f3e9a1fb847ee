// Package wire speaks AWS's wire protocols: it turns an HTTP request into a call of a handler that is typed on the SDK's own
// input and output, and the answer back. One codec, driven by aws/model, carries restJson1, awsJson1.0 and 1.1, awsQuery,
// ec2Query, restXml and rpcv2Cbor; there is no code per operation. Requests must be signed with a key that Options.Keys knows.
package wire

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"

	"lifeboat/aws/model"
)

// Caller is who calls what, and where.
type Caller struct {
	Account   string // 12 digits
	ARN       string
	UserID    string
	AccessKey string
	Region    string
	Service   string // as the aws CLI writes it
	Operation string
	RequestID string
}

type callerKey struct{}

// From gives the caller of a handler's context; the zero Caller when there is none.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// With gives a context that calls handlers as c, as the server does.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// Key is what an access key stands for.
type Key struct {
	Secret       string
	SessionToken string // of temporary credentials
	Account      string
	ARN          string
	UserID       string
	Expires      time.Time // wall time; zero for never
}

// Keys finds access keys. An error, whatever it says, is answered as an unknown key.
type Keys interface {
	Key(accessKeyID string) (Key, error)
}

// Handler is one operation's behaviour.
type Handler struct {
	Name  string // of the operation
	input reflect.Type
	call  func(ctx context.Context, in any) (any, error)
}

// Op makes a handler of a function on the SDK's types. The operation's name is the name of I without "Input".
func Op[I, O any](h func(context.Context, *I) (*O, error)) Handler {
	in := reflect.TypeFor[I]()
	return Handler{
		Name:  strings.TrimSuffix(in.Name(), "Input"),
		input: in,
		call: func(ctx context.Context, v any) (any, error) {
			out, err := h(ctx, v.(*I))
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
}

// Errorf makes an error with AWS's code and words.
func Errorf(code, format string, args ...any) error {
	return &smithy.GenericAPIError{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error is an error that says more than code and words: what S3 puts beside them.
type Error struct {
	Code, Message string
	Header        http.Header // of the answer
	Elements      []Element   // of the answer's XML, after code and message
}

// Element is an XML element with text in it.
type Element struct{ Name, Text string }

// Error gives code and words.
func (e *Error) Error() string { return "api error " + e.Code + ": " + e.Message }

// ErrorCode gives the code; it makes this one of the SDK's API errors, with those below.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage gives the words.
func (e *Error) ErrorMessage() string { return e.Message }

// ErrorFault says that it is not known here whose fault it is: the code's status tells.
func (e *Error) ErrorFault() smithy.ErrorFault { return smithy.FaultUnknown }

// Fault is what goes wrong with one call; the zero Fault is nothing. Delay comes first, then one of the others.
type Fault struct {
	Delay   time.Duration // of wall time
	Hang    bool          // no answer until the caller gives up
	Drop    bool          // the connection breaks, nothing was done
	Lose    bool          // the work is done, then the connection breaks
	Code    string        // an error is answered, nothing was done
	Message string
	Status  int // HTTP status of Code; 0 for the one the code usually has
}

// Entry is one line of the request log.
type Entry struct {
	Time   time.Time // wall
	Caller Caller
	Method string
	Status int           // 0 when the connection was broken
	Code   string        // of an error
	Note   string        // why, where the code does not say it: an operation the sandbox does not have, a lost answer
	Took   time.Duration // wall
}

// Options are what a server needs. Only Keys must be given.
type Options struct {
	Keys  Keys
	Wall  func() time.Time // signatures are checked against it; time.Now when nil
	ID    func() string    // request ids; random UUIDs when nil
	Fault func(context.Context, Caller) Fault
	Log   func(Entry) // called by several goroutines
	// Extra answers paths under /_lifeboat/, once signature and Host have been checked; its context has a Caller.
	Extra http.Handler
}

// Server answers requests. Mount everything before it serves.
type Server struct {
	o        Options
	signer   *v4.Signer
	services map[string]*service   // by name
	scopes   map[string][]*service // by the name in a signature's scope
}

// service is a mounted one. Its model and its routes are made when the first request comes.
type service struct {
	name string
	ops  map[string]Handler
	load func() (*loaded, error)
}

type loaded struct {
	api    *model.API
	router *router
}

// New makes a server that knows every service of aws/model and has none of their operations.
func New(o Options) *Server {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.ID == nil {
		o.ID = requestID
	}
	s := &Server{o: o, signer: v4.NewSigner(), services: map[string]*service{}, scopes: map[string][]*service{}}
	for _, name := range model.Services() {
		s.Mount(name)
	}
	return s
}

// scopeNames are the services whose name in a signature's scope is not the aws CLI's.
var scopeNames = map[string]string{
	"cloudwatch": "monitoring", "efs": "elasticfilesystem", "resourcegroupstaggingapi": "tagging", "s3control": "s3",
}

func scopeName(service string) string {
	if name, ok := scopeNames[service]; ok {
		return name
	}
	return service
}

// Mount adds operations of a service, named as the aws CLI names it. No model is loaded before the first request.
func (s *Server) Mount(name string, ops ...Handler) {
	m := s.services[name]
	if m == nil {
		m = &service{name: name, ops: map[string]Handler{}}
		m.load = sync.OnceValues(func() (*loaded, error) {
			api, err := model.Load(name)
			if err != nil {
				return nil, err
			}
			return &loaded{api, newRouter(api)}, nil
		})
		s.services[name] = m
		s.scopes[scopeName(name)] = append(s.scopes[scopeName(name)], m)
	}
	for _, h := range ops {
		m.ops[h.Name] = h
	}
}

// Check says which mounted operations aws/model does not have, so that nobody could call them; for a test.
func (s *Server) Check() error {
	for name, m := range s.services {
		l, err := m.load()
		if err != nil {
			return err
		}
		for op := range m.ops {
			if l.api.Ops[op] == nil {
				return fmt.Errorf("operation %s.%s is mounted but not in aws/model: add it to operations.txt", name, op)
			}
		}
	}
	return nil
}

// requestID is a random UUID.
func requestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
