package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
)

// appendJSON writes a value as JSON; format is the timestamps' ("" is seconds since 1970).
func appendJSON(b []byte, v codec.Value, format string) ([]byte, error) {
	var err error
	switch v.Shape.Kind {
	case model.Structure:
		b = append(b, '{')
		n := len(b)
		for m, e := range v.Members() {
			if m.Location != "" {
				continue
			}
			if len(b) > n {
				b = append(b, ',')
			}
			b = append(quote(b, m.Wire()), ':')
			if b, err = appendJSON(b, e, formatOf(m, "unixTimestamp")); err != nil {
				return b, err
			}
		}
		return append(b, '}'), nil
	case model.List:
		b = append(b, '[')
		n := len(b)
		for e, ok := range v.Items() {
			if len(b) > n {
				b = append(b, ',')
			}
			if !ok {
				b = append(b, "null"...)
			} else if b, err = appendJSON(b, e, formatOf(v.Shape.Elem, "unixTimestamp")); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	case model.Map:
		b = append(b, '{')
		n := len(b)
		for k, e := range v.Entries() {
			if len(b) > n {
				b = append(b, ',')
			}
			b = append(quote(b, k), ':')
			if b, err = appendJSON(b, e, formatOf(v.Shape.Value, "unixTimestamp")); err != nil {
				return b, err
			}
		}
		return append(b, '}'), nil
	}
	return scalarJSON(b, v, format)
}

func scalarJSON(b []byte, v codec.Value, format string) ([]byte, error) {
	switch v.Shape.Kind {
	case model.String:
		return quote(b, v.Text()), nil
	case model.Boolean:
		return strconv.AppendBool(b, v.Bool()), nil
	case model.Timestamp:
		text := timeText(v.Time(), format)
		if format == "" || format == "unixTimestamp" {
			return append(b, epoch(v.Time())...), nil
		}
		return quote(b, text), nil
	case model.Blob:
		data, err := v.Bytes()
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, data)
		return append(b, '"'), err
	case model.Float, model.Double:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return quote(b, strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "Inf", "Infinity", 1)), nil
		}
	}
	return append(b, v.Number()...), nil
}

func quote(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			var buf bytes.Buffer
			e := json.NewEncoder(&buf)
			e.SetEscapeHTML(false)
			_ = e.Encode(s) // a string can always be written
			return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

func queryAnswer(op *model.Op, id string, v codec.Value) ([]byte, error) {
	b := append([]byte("<"), op.Name...)
	b = append(b, `Response xmlns="`...)
	b = append(append(b, op.API.XMLNamespace...), `">`...)
	var err error
	if op.ResultWrapper != "" {
		if b, err = element(b, op.ResultWrapper, "", v, nil); err != nil {
			return nil, err
		}
	}
	b = append(append(append(b, "<ResponseMetadata><RequestId>"...), id...), "</RequestId></ResponseMetadata></"...)
	return append(append(b, op.Name...), "Response>"...), nil
}

func ec2Answer(op *model.Op, id string, v codec.Value) ([]byte, error) {
	b := make([]byte, 0, 4096)
	b = append(append(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<"...), op.Name...)
	b = append(append(append(b, `Response xmlns="`...), op.API.XMLNamespace...), `"><requestId>`...)
	b = append(append(b, id...), "</requestId>"...)
	b, err := content(b, v)
	return append(append(append(b, "</"...), op.Name...), "Response>"...), err
}

// roots are the elements of S3's answers that are not called as their shapes are, which clients other than the SDKs check (S3 API reference,
// "Response Syntax").
var roots = map[string]string{
	"CompleteMultipartUploadOutput": "CompleteMultipartUploadResult", "CreateMultipartUploadOutput": "InitiateMultipartUploadResult", "DeleteObjectsOutput": "DeleteResult",
	"GetBucketAclOutput": "AccessControlPolicy", "GetObjectAclOutput": "AccessControlPolicy", "GetBucketLifecycleConfigurationOutput": "LifecycleConfiguration",
	"GetBucketTaggingOutput": "Tagging", "GetObjectTaggingOutput": "Tagging", "GetBucketVersioningOutput": "VersioningConfiguration",
	"GetObjectAttributesOutput": "GetObjectAttributesResponse", "ListBucketMetricsConfigurationsOutput": "ListMetricsConfigurationsResult",
	"ListBucketsOutput": "ListAllMyBucketsResult", "ListMultipartUploadsOutput": "ListMultipartUploadsResult", "ListObjectsOutput": "ListBucketResult",
	"ListObjectsV2Output": "ListBucketResult", "ListObjectVersionsOutput": "ListVersionsResult", "ListPartsOutput": "ListPartsResult",
}

func restXMLAnswer(op *model.Op, v codec.Value) ([]byte, error) {
	if op.Name == "GetBucketLocation" {
		// The one answer whose root is its member (S3 API reference, GetBucketLocation).
		b := []byte(xml.Header + `<LocationConstraint xmlns="` + s3Namespace + `">`)
		for _, e := range v.Members() {
			b = escape(b, e.Text())
		}
		return append(b, "</LocationConstraint>"...), nil
	}
	name := op.Output.LocationName
	if name == "" {
		name = op.Output.Name
		if root, has := roots[op.Output.Name]; has && op.API.Service == "s3" {
			name = root
		}
	}
	return xmlDocument(name, op.API, v)
}

func xmlDocument(root string, api *model.API, v codec.Value) ([]byte, error) {
	namespace := api.XMLNamespace
	if namespace == "" && api.Service == "s3" {
		namespace = s3Namespace
	}
	attributes := ""
	if namespace != "" {
		attributes = ` xmlns="` + namespace + `"`
	}
	return element([]byte(xml.Header), root, attributes, v, nil)
}

// element writes <name attributes>value</name>.
func element(b []byte, name, attributes string, v codec.Value, m *model.Member) ([]byte, error) {
	b = append(append(append(append(b, '<'), name...), attributes...), '>')
	b, err := contentAs(b, v, m)
	return append(append(append(b, "</"...), name...), '>'), err
}

func content(b []byte, v codec.Value) ([]byte, error) { return contentAs(b, v, nil) }

// contentAs writes what stands between an element's tags; m is the use of the shape, for the timestamp's format.
func contentAs(b []byte, v codec.Value, m *model.Member) ([]byte, error) {
	var err error
	switch v.Shape.Kind {
	case model.Structure:
		for m, e := range v.Members() {
			if m.Location != "" || m.XMLAttribute {
				continue
			}
			if b, err = xmlMember(b, m, e); err != nil {
				return b, err
			}
		}
		return b, nil
	case model.List:
		return items(b, v, wireOr(v.Shape.Elem, "member"))
	case model.Map:
		return entries(b, v, "entry")
	case model.String:
		return escape(b, v.Text()), nil
	case model.Boolean:
		return strconv.AppendBool(b, v.Bool()), nil
	case model.Timestamp:
		return append(b, timeText(v.Time(), formatOf(m, "iso8601"))...), nil
	case model.Blob:
		data, err := v.Bytes()
		return base64.StdEncoding.AppendEncode(b, data), err
	}
	return append(b, v.Number()...), nil
}

func xmlMember(b []byte, m *model.Member, v codec.Value) ([]byte, error) {
	if flat(m) {
		if m.Shape.Kind == model.Map {
			return entries(b, v, m.Wire())
		}
		return items(b, v, wireOr(m.Shape.Elem, m.Wire()))
	}
	attributes := ""
	if m.Shape.Kind == model.Structure {
		attributes = xmlAttributes(m, v)
	}
	return element(b, m.Wire(), attributes, v, m)
}

// xmlAttributes writes a structure's members that are attributes (S3's Grantee has xsi:type).
func xmlAttributes(m *model.Member, v codec.Value) string {
	text, prefix := "", ""
	for a, e := range v.Members() {
		if a.XMLAttribute {
			prefix, _, _ = strings.Cut(a.Wire(), ":")
			text += " " + a.Wire() + `="` + string(escape(nil, e.Text())) + `"`
		}
	}
	namespace := m.XMLNamespace
	if namespace == "" {
		namespace = m.Shape.XMLNamespace
	}
	if text != "" && namespace != "" {
		text = " xmlns:" + prefix + `="` + namespace + `"` + text
	}
	return text
}

func items(b []byte, v codec.Value, name string) ([]byte, error) {
	var err error
	for e, ok := range v.Items() {
		if !ok {
			continue
		}
		attributes := ""
		if e.Shape.Kind == model.Structure {
			attributes = xmlAttributes(v.Shape.Elem, e)
		}
		if b, err = element(b, name, attributes, e, v.Shape.Elem); err != nil {
			return b, err
		}
	}
	return b, nil
}

func entries(b []byte, v codec.Value, name string) ([]byte, error) {
	var err error
	for k, e := range v.Entries() {
		b = append(append(append(b, '<'), name...), '>')
		key := wireOr(v.Shape.Key, "key")
		b = append(append(append(b, '<'), key...), '>')
		b = append(append(append(escape(b, k), "</"...), key...), '>')
		if b, err = element(b, wireOr(v.Shape.Value, "value"), "", e, v.Shape.Value); err != nil {
			return b, err
		}
		b = append(append(append(b, "</"...), name...), '>')
	}
	return b, nil
}

func escape(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '<' || c == '>' || c == '&' || c == '"' || c == '\'' || c >= utf8.RuneSelf {
			var buf bytes.Buffer
			_ = xml.EscapeText(&buf, []byte(s)) // a buffer takes all
			return append(b, buf.Bytes()...)
		}
	}
	return append(b, s...)
}
