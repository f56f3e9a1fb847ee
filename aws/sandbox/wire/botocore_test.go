package wire

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
)

// computed are members of requests, and parsed ones of answers, that botocore itself changes on their way.
var (
	computed = map[string]bool{
		"SSECustomerKey": true, "SSECustomerKeyMD5": true, "CopySourceSSECustomerKey": true, "CopySourceSSECustomerKeyMD5": true,
		"UserData": true, "ChecksumCRC32": true, "Expires": true, "ContentMD5": true,
	}
	parsed = map[string]bool{"PolicyDocument": true, "AssumeRolePolicyDocument": true, "Expires": true, "ExpiresString": true}
)

// Every operation goes through botocore there and back, where it is installed: what the aws CLI is made of.
func TestMirrorThroughBotocore(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	python, err := exec.LookPath("python3")
	if err != nil || exec.Command(python, "-c", "import botocore").Run() != nil {
		t.Skip("botocore is not installed")
	}
	var calls []*call
	srv := New(Options{Keys: oneKey()})
	web := httptest.NewServer(srv)
	defer web.Close()
	for _, service := range model.Services() {
		client := clients[service](config(web.URL))
		api, _ := model.Load(service)
		for _, name := range slices.Sorted(maps.Keys(api.Ops)) {
			c := newCall(api.Ops[name], reflect.TypeOf(client))
			calls = append(calls, c)
			srv.Mount(service, c.handler(t))
		}
	}
	var lines bytes.Buffer
	for _, c := range calls {
		text, _ := json.Marshal(map[string]any{"service": c.op.API.Service, "operation": c.op.Name, "params": wrapBytes(c.sent)})
		lines.Write(append(text, '\n'))
	}
	cmd := exec.Command(python, "testdata/mirror.py", web.URL, testKey, testSecret)
	cmd.Stdin = &lines
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewScanner(bytes.NewReader(out))
	answers.Buffer(nil, 16<<20)
	for _, c := range calls {
		answers.Scan()
		t.Run(c.op.String(), func(t *testing.T) { c.compare(t, answers.Bytes()) })
	}
}

// call is one operation with its values in both directions.
type call struct {
	op      *model.Op
	in, out reflect.Type
	sent    map[string]any
	answer  map[string]any
	got     map[string]any
}

func newCall(op *model.Op, client reflect.Type) *call {
	method, _ := client.MethodByName(op.Name)
	c := &call{op: op, in: method.Type.In(2).Elem(), out: method.Type.Out(0).Elem()}
	fill := filler{fixed: fixedIn[op.API.Service], skip: func(s *model.Shape, m string) bool { return computed[m] || unmodelled(s, m) }}
	c.sent = fill.tree(op.Input, c.in, 0)
	back := filler{n: 500, fixed: fixedOut[op.API.Service], skip: func(_ *model.Shape, m string) bool { return parsed[m] }}
	c.answer = back.tree(op.Output, c.out, 0)
	return c
}

func (c *call) handler(t *testing.T) Handler {
	return Handler{Name: c.op.Name, input: c.in, call: func(_ context.Context, in any) (any, error) {
		var err error
		if c.got, err = codec.Encode(c.op.Input, in); err != nil {
			return nil, err
		}
		out := reflect.New(c.out)
		return out.Interface(), codec.Decode(c.op.Output, c.answer, out.Interface())
	}}
}

func (c *call) compare(t *testing.T, line []byte) {
	var result struct {
		Answer any
		Error  string
	}
	if err := json.Unmarshal(line, &result); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if result.Error != "" {
		t.Fatal(result.Error)
	}
	for _, d := range append(differences("input", c.sent, c.got), differences("output", c.answer, unwrapBytes(result.Answer))...) {
		if !strings.Contains(d, "want nothing") { // the CLI's model may be newer, and it adds checksums
			t.Error(d)
		}
	}
}

func wrapBytes(v any) any {
	switch v := v.(type) {
	case []byte:
		return map[string]any{"__bytes__": base64.StdEncoding.EncodeToString(v)}
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = wrapBytes(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = wrapBytes(e)
		}
		return out
	}
	return v
}

func unwrapBytes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if text, ok := v["__bytes__"].(string); ok {
			b, _ := base64.StdEncoding.DecodeString(text)
			return b
		}
		for k, e := range v {
			v[k] = unwrapBytes(e)
		}
	case []any:
		for i, e := range v {
			v[i] = unwrapBytes(e)
		}
	}
	return v
}
