package wire

import (
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
)

// send writes a good answer.
func (x *exchange) send(a *answer) {
	h := x.w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	x.common(a.contentType)
	if a.stream == nil && h.Get("Content-Length") == "" && a.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	x.entry.Status = a.status
	x.settle()
	x.w.WriteHeader(a.status)
	if x.r.Method == http.MethodHead || a.status == http.StatusNoContent {
		return
	}
	if a.stream == nil {
		x.w.Write(a.body)
		return
	}
	if c, ok := a.stream.(io.Closer); ok {
		defer c.Close()
	}
	if _, err := io.Copy(x.w, a.stream); err != nil {
		x.entry.Note = "the answer was cut: " + err.Error()
		panic(http.ErrAbortHandler) // the status is gone; a broken connection says that the body is not whole
	}
}

func (x *exchange) common(contentType string) {
	h := x.w.Header()
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	if x.protocol == model.RestXML {
		h.Set("X-Amz-Request-Id", x.caller.RequestID)
		h.Set("X-Amz-Id-2", x.caller.RequestID)
		return
	}
	h.Set("X-Amzn-Requestid", x.caller.RequestID)
}

const (
	// longAnswer and settling keep the Go SDK from reporting its own closed connection when a loopback answer is faster than its
	// transport's last look at the request's body. Clients that mend it themselves carry the app id.
	longAnswer = 3 << 10
	settling   = 2 * time.Millisecond
	mended     = "app/lifeboat"
)

func (x *exchange) settle() {
	agent := x.r.UserAgent()
	if size, _ := strconv.Atoi(x.w.Header().Get("Content-Length")); size > longAnswer && strings.HasPrefix(agent, "aws-sdk-go-v2/") && !strings.Contains(agent, mended) {
		pause(x.r.Context(), settling)
	}
}

// fail answers with an error in the request's protocol.
func (x *exchange) fail(f *failure) {
	x.entry.Status, x.entry.Code = f.status, f.code
	h := x.w.Header()
	if f.more != nil {
		maps.Copy(h, f.more.Header)
	}
	var body []byte
	switch x.protocol {
	case model.EC2:
		body = x.ec2Failure(f)
	case model.Query, model.RestXML:
		body = x.xmlFailure(f)
	case model.CBOR:
		h.Set("Smithy-Protocol", "rpc-v2-cbor")
		body = cborFailure(f)
	default:
		h.Set("X-Amzn-Errortype", f.code)
		body = jsonFailure(f)
	}
	if x.api.Speaks(model.Query) && x.api.Protocol != model.Query {
		kind := "Sender"
		if f.fault {
			kind = "Receiver"
		}
		h.Set("X-Amzn-Query-Error", f.code+";"+kind)
	}
	x.common(contentType(x.api, x.protocol))
	if x.r.Method == http.MethodHead || f.status == http.StatusNotModified {
		body = nil
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(f.status)
	x.w.Write(body)
}

func (x *exchange) ec2Failure(f *failure) []byte {
	b := []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>")
	b = escape(b, f.code)
	b = escape(append(b, "</Code><Message>"...), f.message)
	b = append(b, "</Message></Error></Errors><RequestID>"...)
	return append(append(b, x.caller.RequestID...), "</RequestID></Response>"...)
}

func (x *exchange) xmlFailure(f *failure) []byte {
	var b []byte
	bare := x.api.Service == "s3" // S3's errors have no wrapper
	if !bare {
		b = append(append(append(b, `<ErrorResponse xmlns="`...), x.api.XMLNamespace...), `">`...)
	} else {
		b = append(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"...)
	}
	b = append(b, "<Error>"...)
	if !bare {
		kind := "Sender"
		if f.fault {
			kind = "Receiver"
		}
		b = append(append(append(b, "<Type>"...), kind...), "</Type>"...)
	}
	b = escape(append(b, "<Code>"...), f.code)
	b = escape(append(b, "</Code><Message>"...), f.message)
	b = append(b, "</Message>"...)
	if f.value != nil {
		for m, e := range codec.Of(f.shape, f.value).Members() {
			if !strings.EqualFold(m.Name, "message") {
				b, _ = xmlMember(b, m, e)
			}
		}
	}
	if f.more != nil {
		for _, e := range f.more.Elements {
			b = append(append(append(b, '<'), e.Name...), '>')
			b = append(append(escape(b, e.Text), "</"...), e.Name...)
			b = append(b, '>')
		}
	}
	if bare {
		b = append(append(append(b, "<RequestId>"...), x.caller.RequestID...), "</RequestId></Error>"...)
		return b
	}
	return append(append(append(b, "</Error><RequestId>"...), x.caller.RequestID...), "</RequestId></ErrorResponse>"...)
}

// messageName is how the error's shape writes its message: "message" or "Message".
func (f *failure) messageName() string {
	if f.shape != nil {
		for _, m := range f.shape.Members {
			if strings.EqualFold(m.Name, "message") {
				return m.Wire()
			}
		}
	}
	return "message"
}

func jsonFailure(f *failure) []byte {
	b := quote([]byte(`{"__type":`), f.code)
	if f.message != "" {
		b = quote(append(quote(append(b, ','), f.messageName()), ':'), f.message)
	}
	if f.value != nil {
		for m, e := range codec.Of(f.shape, f.value).Members() {
			if m.Location == "" && !strings.EqualFold(m.Name, "message") {
				b = append(quote(append(b, ','), m.Wire()), ':')
				b, _ = appendJSON(b, e, formatOf(m, "unixTimestamp"))
			}
		}
	}
	return append(b, '}')
}

func cborFailure(f *failure) []byte {
	m := cbor.Map{}
	if f.value != nil {
		if c, err := toCBOR(codec.Of(f.shape, f.value)); err == nil {
			m, _ = c.(cbor.Map)
		}
	}
	m["__type"] = cbor.String(f.code)
	if f.message != "" {
		m[f.messageName()] = cbor.String(f.message)
	}
	return cbor.Encode(m)
}
