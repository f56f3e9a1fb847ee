package wire

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
)

// answer is a good answer, ready to be sent.
type answer struct {
	status      int
	header      http.Header
	contentType string
	body        []byte
	stream      io.Reader // instead of body
}

var contentTypes = map[string]string{
	model.RestJSON: "application/json", model.RestXML: "application/xml", model.Query: "text/xml", model.EC2: "text/xml;charset=UTF-8",
	model.CBOR: "application/cbor",
}

func contentType(api *model.API, protocol string) string {
	if protocol == model.JSON {
		return "application/x-amz-json-" + api.JSONVersion
	}
	return contentTypes[protocol]
}

// encode writes a handler's output in the protocol of the request.
func encode(op *model.Op, protocol, id string, out any) (*answer, error) {
	a := &answer{status: statusIn(out, op.Status), header: http.Header{}, contentType: contentType(op.API, protocol)}
	v := codec.Of(op.Output, out)
	var err error
	switch protocol {
	case model.Query:
		a.body, err = queryAnswer(op, id, v)
	case model.EC2:
		a.body, err = ec2Answer(op, id, v)
	case model.JSON:
		a.body, err = appendJSON(nil, v, "")
	case model.CBOR:
		a.header.Set("Smithy-Protocol", "rpc-v2-cbor")
		var c cbor.Value
		if c, err = toCBOR(v); err == nil {
			a.body = cbor.Encode(c)
		}
	default:
		err = a.rest(op, protocol, v)
	}
	return a, err
}

// rest puts members where HTTP wants them.
func (a *answer) rest(op *model.Op, protocol string, v codec.Value) error {
	hasBody := false
	for _, m := range op.Output.Members {
		hasBody = hasBody || m.Location == ""
	}
	for m, e := range v.Members() {
		switch m.Location {
		case "header":
			a.header[http.CanonicalHeaderKey(m.Wire())] = []string{headerText(m, e)}
			if m.Wire() == "Content-Range" {
				a.status = http.StatusPartialContent
			}
		case "headers":
			for k, x := range e.Entries() {
				// The case is kept: user metadata is lower case on the wire.
				a.header[m.LocationName+k] = []string{x.Text()}
			}
		case "statusCode":
			if n, ok := e.Int(); ok && n > 0 {
				a.status = int(n)
			}
		}
	}
	if t := a.header.Get("Content-Type"); t != "" {
		a.contentType = t
	}
	switch {
	case op.Output.Payload != "":
		return a.payload(op, protocol, v)
	case !hasBody:
		a.contentType = a.header.Get("Content-Type")
		return nil
	case protocol == model.RestXML:
		var err error
		a.body, err = restXMLAnswer(op, v)
		return err
	}
	var err error
	a.body, err = appendJSON(nil, v, "")
	return err
}

func (a *answer) payload(op *model.Op, protocol string, v codec.Value) error {
	for m, e := range v.Members() {
		if m.Name != op.Output.Payload {
			continue
		}
		var err error
		switch {
		case m.Shape.Kind == model.Blob:
			if r, ok := e.Reader(); ok {
				a.stream = r
			} else {
				a.body, err = e.Bytes()
			}
			if a.header.Get("Content-Type") == "" {
				a.contentType = "application/octet-stream"
			}
		case m.Shape.Kind == model.String:
			a.body = []byte(e.Text())
		case protocol == model.RestXML:
			a.body, err = xmlDocument(m.Wire(), op.API, e)
		default:
			a.body, err = appendJSON(nil, e, "")
		}
		return err
	}
	if protocol == model.RestXML {
		a.contentType = ""
	}
	return nil
}

func headerText(m *model.Member, v codec.Value) string {
	switch m.Shape.Kind {
	case model.List:
		var parts []string
		for e := range v.Items() {
			parts = append(parts, headerText(m.Shape.Elem, e))
		}
		return strings.Join(parts, ",")
	case model.Boolean:
		return strconv.FormatBool(v.Bool())
	case model.Timestamp:
		return timeText(v.Time(), formatOf(m, "rfc822"))
	case model.String:
		return v.Text()
	case model.Blob:
		b, _ := v.Bytes()
		return string(b)
	}
	return v.Number()
}

func formatOf(m *model.Member, usual string) string {
	switch {
	case m != nil && m.TimestampFormat != "":
		return m.TimestampFormat
	case m != nil && m.Shape.TimestampFormat != "":
		return m.Shape.TimestampFormat
	}
	return usual
}

func timeText(t time.Time, format string) string {
	t = t.UTC()
	switch format {
	case "rfc822":
		return t.Format(http.TimeFormat)
	case "unixTimestamp":
		return epoch(t)
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// epoch is a time as seconds with milliseconds, where there are some.
func epoch(t time.Time) string {
	ms := t.UnixMilli()
	if ms%1000 == 0 {
		return strconv.FormatInt(ms/1000, 10)
	}
	return fmt.Sprintf("%d.%03d", ms/1000, ms%1000)
}

func toCBOR(v codec.Value) (cbor.Value, error) {
	switch v.Shape.Kind {
	case model.Structure:
		m := cbor.Map{}
		for member, e := range v.Members() {
			c, err := toCBOR(e)
			if err != nil {
				return nil, err
			}
			m[member.Wire()] = c
		}
		return m, nil
	case model.List:
		list := cbor.List{}
		for e, ok := range v.Items() {
			if !ok {
				list = append(list, &cbor.Nil{})
				continue
			}
			c, err := toCBOR(e)
			if err != nil {
				return nil, err
			}
			list = append(list, c)
		}
		return list, nil
	case model.Map:
		m := cbor.Map{}
		for k, e := range v.Entries() {
			c, err := toCBOR(e)
			if err != nil {
				return nil, err
			}
			m[k] = c
		}
		return m, nil
	case model.String:
		return cbor.String(v.Text()), nil
	case model.Blob:
		b, err := v.Bytes()
		return cbor.Slice(b), err
	case model.Boolean:
		return cbor.Bool(v.Bool()), nil
	case model.Timestamp:
		return &cbor.Tag{ID: 1, Value: cbor.Float64(float64(v.Time().UnixMilli()) / 1000)}, nil
	}
	if n, ok := v.Int(); ok {
		if n < 0 {
			return cbor.NegInt(uint64(-n)), nil
		}
		return cbor.Uint(uint64(n)), nil
	}
	return cbor.Float64(v.Float()), nil
}
