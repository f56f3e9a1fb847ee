package wire

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
)

// control is where the paths begin that are the program's own, not AWS's.
const control = "/_lifeboat/"

// exchange is one request and what became of it.
type exchange struct {
	w        http.ResponseWriter
	r        *http.Request
	sig      signature
	caller   Caller
	api      *model.API // nil until it is known
	protocol string
	start    time.Time
	entry    Entry
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{w: w, r: r, start: s.o.Wall()}
	x.caller.RequestID = s.o.ID()
	if s.o.Log != nil {
		defer func() {
			x.entry.Time, x.entry.Took, x.entry.Caller, x.entry.Method = x.start, s.o.Wall().Sub(x.start), x.caller, r.Method
			s.o.Log(x.entry)
		}()
	}
	if !loopback(r.Host) {
		x.refuse(http.StatusForbidden, "InvalidHost", "Host "+strconv.Quote(r.Host)+" is not this machine: the sandbox answers 127.0.0.1, [::1] and localhost only")
		return
	}
	x.sig = signatureOf(r)
	x.caller.Region, x.caller.AccessKey = x.sig.region, x.sig.key
	if strings.HasPrefix(r.URL.Path, control) && s.o.Extra != nil {
		s.control(x)
		return
	}
	s.serve(x)
}

func (s *Server) control(x *exchange) {
	body, err := readWhole(x.r.Body, x.r.ContentLength)
	if err != nil {
		x.refuse(http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	key, why := s.verify(x.r, x.sig, sha256Hex(body))
	if why != "" {
		x.refuse(http.StatusForbidden, "AccessDenied", "the request's signature is not accepted: "+string(why))
		return
	}
	x.caller.Account, x.caller.ARN, x.caller.UserID, x.caller.Service = key.Account, key.ARN, key.UserID, x.sig.service
	r := x.r.WithContext(With(x.r.Context(), x.caller))
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	s.o.Extra.ServeHTTP(x.w, r)
	x.entry.Status, x.entry.Note = http.StatusOK, x.r.URL.Path
}

// refuse answers before a service is known, as well as the request shows how.
func (x *exchange) refuse(status int, code, message string) {
	x.entry.Status, x.entry.Code, x.entry.Note = status, code, message
	h, b := x.w.Header(), []byte(nil)
	switch {
	case strings.HasPrefix(x.r.URL.Path, control):
		h.Set("Content-Type", "application/json")
		b = append(quote([]byte(`{"error":`), message), '}')
	case x.r.Header.Get("X-Amz-Target") != "" || strings.Contains(x.r.Header.Get("Content-Type"), "json"):
		h.Set("Content-Type", "application/json")
		h.Set("X-Amzn-Errortype", code)
		b = append(quote(append(quote([]byte(`{"__type":`), code), `,"message":`...), message), '}')
	default:
		h.Set("Content-Type", "text/xml")
		b = escape(append(escape([]byte("<ErrorResponse><Error><Code>"), code), "</Code><Message>"...), message)
		b = append(b, "</Message></Error></ErrorResponse>"...)
	}
	x.w.WriteHeader(status)
	x.w.Write(append(b, '\n'))
}

// target finds the service and the operation of a request; the REST router's members with it.
func (s *Server) target(x *exchange) (svc *service, found route, err error) {
	for _, candidate := range s.scopes[x.sig.service] {
		if x.sig.service == "s3" && (candidate.name == "s3control") != isControl(x.r) {
			continue
		}
		l, err := candidate.load()
		if err != nil {
			return nil, route{}, err
		}
		path := x.r.URL.EscapedPath()
		if candidate.name == "s3" {
			path = bucketHost(x.r.Host) + path
		}
		fit := l.router.find(x.r, path)
		if svc == nil || fit.op != nil && fit.score > found.score {
			svc, found, x.api = candidate, fit, l.api
		}
	}
	if svc == nil {
		return nil, route{}, nil
	}
	x.caller.Service = svc.name
	x.protocol = x.api.Protocol
	switch {
	case x.r.Header.Get("Smithy-Protocol") != "":
		x.protocol = model.CBOR
	case x.r.Header.Get("X-Amz-Target") != "":
		x.protocol = model.JSON
	case x.api.Speaks(model.Query) && x.api.Protocol == model.CBOR:
		x.protocol = model.Query
	}
	switch x.protocol {
	case model.JSON:
		_, x.caller.Operation, _ = strings.Cut(x.r.Header.Get("X-Amz-Target"), ".")
	case model.CBOR:
		_, x.caller.Operation, _ = strings.Cut(x.r.URL.Path, "/operation/")
	case model.RestJSON, model.RestXML:
		if found.op != nil {
			x.caller.Operation = found.op.Name
		}
	}
	return svc, found, nil
}

func (s *Server) serve(x *exchange) {
	svc, found, err := s.target(x)
	if err != nil {
		x.refuse(http.StatusInternalServerError, "InternalFailure", err.Error())
		return
	}
	if svc == nil {
		if x.sig.problem != "" {
			x.refuse(http.StatusForbidden, "MissingAuthenticationToken", "the request is not signed: sign it with the sandbox's credentials")
		} else {
			x.refuse(http.StatusNotImplemented, "UnknownService", "the sandbox has no service "+strconv.Quote(x.sig.service))
		}
		return
	}
	req, key, f := s.read(x, found)
	if f != nil {
		x.fail(f)
		return
	}
	x.caller.Account, x.caller.ARN, x.caller.UserID = key.Account, key.ARN, key.UserID
	req.op = x.api.Ops[x.caller.Operation]
	h, mounted := svc.ops[x.caller.Operation]
	if req.op == nil || !mounted {
		name := x.caller.Operation
		if name == "" {
			name = x.r.Method + " " + x.r.URL.Path
		}
		x.entry.Note = "the sandbox does not have " + x.api.Service + "." + name
		x.fail(unknownOperation(x.api, x.protocol, name))
		return
	}
	s.do(x, req, h)
}

// read takes the body off the wire and checks the signature over it.
func (s *Server) read(x *exchange, found route) (*request, Key, *failure) {
	r := x.r
	req := &request{protocol: x.protocol, http: r, uri: found.uri}
	signed := r.Header.Get("X-Amz-Content-Sha256")
	hash := signed
	if x.sig.presigned && hash == "" {
		if hash = sha256Hex(nil); x.sig.service == "s3" {
			hash = unsigned
		}
	}
	var pieces *chunked
	if isChunked(r) {
		pieces = newChunked(r)
		r.Body = pieces
	} else if len(signed) == 64 {
		r.Body = newChecked(r.Body, signed)
	}
	streams := found.op != nil && found.op.Input.Payload != "" && isStream(found.op.Input)
	if streams && hash != "" {
		req.stream = r.Body
	} else {
		body, err := readWhole(r.Body, r.ContentLength)
		if errors.Is(err, errDigest) {
			return nil, Key{}, s.refused(x, badDigest)
		}
		if err == nil && r.Header.Get("Content-Encoding") == "gzip" && !streams {
			if hash == "" {
				hash = sha256Hex(body)
			}
			body, err = gunzip(body)
		}
		if err != nil {
			return nil, Key{}, newFailure(x.api, "RequestTimeout", "the body could not be read: "+err.Error(), http.StatusBadRequest)
		}
		req.body = body
		if hash == "" {
			hash = sha256Hex(body)
		}
	}
	if x.protocol == model.Query || x.protocol == model.EC2 {
		x.caller.Operation = action(r, req.body)
	}
	key, why := s.verify(r, x.sig, hash)
	if why != "" {
		return nil, Key{}, s.refused(x, why)
	}
	if pieces != nil {
		pieces.signer = newChunkSigner(r, x.sig, key)
		unchunk(r)
	}
	return req, key, nil
}

func (s *Server) refused(x *exchange, why refusal) *failure {
	x.entry.Note = string(why)
	return refused(x.api, x.protocol, why, x.sig.at, x.start)
}

func isStream(in *model.Shape) bool {
	m := in.Member(in.Payload)
	return m != nil && m.Shape.Kind == model.Blob && (m.Streaming || m.Shape.Streaming)
}

// unchunk makes the headers those of the object, not of its chunks; the signature was made over the latter.
func unchunk(r *http.Request) {
	if n, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64); err == nil {
		r.ContentLength = n
	}
	var kept []string
	for _, e := range commas(r.Header.Values("Content-Encoding")) {
		if e != "aws-chunked" {
			kept = append(kept, e)
		}
	}
	if r.Header.Del("Content-Encoding"); len(kept) > 0 {
		r.Header.Set("Content-Encoding", strings.Join(kept, ","))
	}
}

func gunzip(body []byte) ([]byte, error) {
	z, err := gzip.NewReader(strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	return readWhole(z, 0)
}

func action(r *http.Request, body []byte) string {
	// The action is found without parsing the whole form, which is done once, later.
	for pair := range strings.SplitSeq(string(body), "&") {
		if name, ok := strings.CutPrefix(pair, "Action="); ok {
			if name, err := url.QueryUnescape(name); err == nil {
				return name
			}
		}
	}
	return r.URL.Query().Get("Action")
}

// do runs the handler of a request that is signed and known.
func (s *Server) do(x *exchange, req *request, h Handler) {
	ctx := With(x.r.Context(), x.caller)
	var fault Fault
	if s.o.Fault != nil {
		fault = s.o.Fault(ctx, x.caller)
	}
	if !x.before(ctx, fault) {
		return
	}
	tree, unknown, err := req.tree()
	if err != nil {
		x.fail(malformed(req.op, x.protocol, err))
		return
	}
	if f := limits(req.op, x.protocol, tree, unknown); f != nil {
		x.fail(f)
		return
	}
	in := reflect.New(h.input)
	if err := codec.Decode(req.op.Input, tree, in.Interface()); err != nil {
		x.fail(malformed(req.op, x.protocol, err))
		return
	}
	out, err := x.call(ctx, h, in.Interface())
	if fault.Lose {
		x.entry.Note = "the work was done and the answer was lost"
		panic(http.ErrAbortHandler)
	}
	if errors.Is(err, errDigest) {
		x.fail(s.refused(x, badDigest))
		return
	}
	if errors.Is(err, errChunk) {
		x.fail(s.refused(x, badSignature))
		return
	}
	if err != nil {
		x.fail(failed(req.op, err))
		return
	}
	a, err := encode(req.op, x.protocol, x.caller.RequestID, out)
	if err != nil {
		x.fail(failed(req.op, err))
		return
	}
	x.send(a)
}

// call runs a handler. A panic is the handler's bug: it ends this call, as AWS's own do, and the log says where it was.
func (x *exchange) call(ctx context.Context, h Handler, in any) (out any, err error) {
	defer func() {
		switch bug := recover(); bug {
		case nil:
		case http.ErrAbortHandler:
			panic(bug)
		default:
			x.entry.Note = fmt.Sprintf("panic: %v\n%s", bug, debug.Stack())
			err = fmt.Errorf("panic: %v", bug)
		}
	}()
	return h.call(ctx, in)
}

// before lets a fault happen; false when the exchange is over.
func (x *exchange) before(ctx context.Context, f Fault) bool {
	if f.Delay > 0 && !pause(ctx, f.Delay) {
		panic(http.ErrAbortHandler)
	}
	switch {
	case f.Hang:
		x.entry.Note = "no answer, as the weather has it"
		<-ctx.Done()
		panic(http.ErrAbortHandler)
	case f.Drop:
		x.entry.Note = "the connection was broken before the work was done, as the weather has it"
		panic(http.ErrAbortHandler)
	case f.Code != "":
		x.entry.Note = "as the weather has it"
		x.fail(newFailure(x.api, f.Code, f.Message, f.Status))
		return false
	}
	return true
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func malformed(op *model.Op, protocol string, err error) *failure {
	switch protocol {
	case model.RestXML:
		return malformedXML(op)
	case model.EC2, model.Query:
		return newFailure(op.API, "MalformedQueryString", err.Error(), http.StatusBadRequest)
	}
	return newFailure(op.API, "SerializationException", err.Error(), http.StatusBadRequest)
}
