package calls

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"lifeboat/aws/model"
)

// CLIOptions is what a printed command carries beside the call itself.
type CLIOptions struct {
	Profile  string // --profile, for another identity than the shell's own
	Endpoint string // the address the shell has in AWS_ENDPOINT_URL, empty for AWS's own
	Width    int    // wrap longer commands, one option a line, and indent longer JSON; 0 never does
}

// Command is the aws CLI command that makes the same call, for bash. It works when pasted, with version 1 of the CLI and
// with version 2. What is too large to be typed, and the body of an upload, is a file; the first line then says, as a
// comment, which bytes belong in it. A streamed answer goes into a file named after its member.
func Command(op, region string, params map[string]any, o CLIOptions) (string, error) {
	m, err := model.Find(op)
	if err != nil {
		return "", err
	}
	for name := range params {
		if m.Input.Member(name) == nil {
			return "", fmt.Errorf("aws command of %s: no parameter %s", op, name)
		}
	}
	if op == "rds.ModifyOptionGroup" && params["OptionsToInclude"] != nil && params["OptionsToRemove"] != nil {
		return "", fmt.Errorf("aws command of %s: the CLI adds and removes options with two commands: give one of OptionsToInclude and OptionsToRemove", op)
	}
	c := &command{op: m, width: o.Width}
	c.word(subcommand(m, params)...)
	if region != "" {
		c.option("--region", Quote(region))
	}
	if o.Profile != "" {
		c.option("--profile", Quote(o.Profile))
	}
	// In us-east-1 version 1 sends rds to its old global endpoint whatever AWS_ENDPOINT_URL says.
	if o.Endpoint != "" && m.API.Service == "rds" && region == "us-east-1" {
		c.option("--endpoint-url", Quote(o.Endpoint))
	}
	if err := c.params(params); err != nil {
		return "", fmt.Errorf("aws command of %s: %w", op, err)
	}
	if out := streamed(m); out != "" {
		c.option(out)
	}
	return c.text(), nil
}

// command is a command line in the making.
type command struct {
	op    *model.Op
	width int
	notes []string // comment lines
	setup []string // commands that come first
	head  []string
	parts [][]string // options with their values, each a shell word
}

func (c *command) word(words ...string)   { c.head = append(c.head, words...) }
func (c *command) option(words ...string) { c.parts = append(c.parts, words) }

func (c *command) text() string {
	words := slices.Clone(c.head)
	for _, p := range c.parts {
		words = append(words, p...)
	}
	line := strings.Join(words, " ")
	if c.width > 0 && len(line) > c.width {
		lines := []string{strings.Join(c.head, " ")}
		for _, p := range c.parts {
			lines = append(lines, strings.Join(p, " "))
		}
		line = strings.Join(lines, " \\\n  ")
	}
	return strings.Join(append(slices.Concat(c.notes, c.setup), line), "\n")
}

// subcommand is "aws ec2 create-volume": s3's operations are under s3api, and one operation of rds is two commands.
func subcommand(op *model.Op, params map[string]any) []string {
	svc, name := op.API.Service, op.CLIName
	if svc == "s3" {
		svc = "s3api"
	}
	if op.String() == "rds.ModifyOptionGroup" {
		name = "add-option-to-option-group"
		if _, ok := params["OptionsToRemove"]; ok {
			name = "remove-option-from-option-group"
		}
	}
	return []string{"aws", svc, name}
}

// renamed are the options whose name is not made by rule (awscli's argument renames).
var renamed = map[string]string{
	"ec2.CreateImage.no-no-reboot":             "reboot",
	"sns.Subscribe.endpoint":                   "notification-endpoint",
	"rds.ModifyOptionGroup.options-to-include": "options",
	"rds.ModifyOptionGroup.options-to-remove":  "options",
}

func (c *command) name(option string) string {
	if n, ok := renamed[c.op.String()+"."+option]; ok {
		return "--" + n
	}
	return "--" + option
}

// params adds the parameters: what is required first, both in the model's order.
func (c *command) params(params map[string]any) error {
	if c.awkward(params) {
		return c.skeleton(params)
	}
	switch c.op.String() {
	case "ec2.RunInstances":
		params = c.instances(params)
	case "s3.CopyObject", "s3.UploadPartCopy":
		params = unescaped(params)
	}
	for _, required := range []bool{true, false} {
		for _, m := range c.op.Input.Members {
			v, given := params[m.Name]
			if m.Required != required || !given || v == nil {
				continue
			}
			if err := c.param(m, v); err != nil {
				return fmt.Errorf("%s: %w", m.Name, err)
			}
		}
	}
	return nil
}

// instances turns two parameters of ec2.RunInstances into what the CLI wants: one count, and user data that it encodes
// itself. It returns the others.
func (c *command) instances(params map[string]any) map[string]any {
	params = maps.Clone(params)
	if params["MinCount"] != nil && params["MaxCount"] != nil {
		c.option("--count", fmt.Sprintf("%s:%s", scalar(params["MinCount"]), scalar(params["MaxCount"])))
		delete(params, "MinCount")
		delete(params, "MaxCount")
	}
	if text, ok := params["UserData"].(string); ok {
		data, err := base64.StdEncoding.DecodeString(text)
		switch {
		case err != nil:
		case utf8.Valid(data) && !fetched(string(data)):
			params["UserData"] = string(data)
		default:
			c.option("--user-data", made(text))
			delete(params, "UserData")
		}
	}
	return params
}

// unescaped takes the URL encoding off the source of a copy, which S3 wants and the CLI does itself.
func unescaped(params map[string]any) map[string]any {
	source, _ := params["CopySource"].(string)
	if text, err := url.PathUnescape(source); err == nil && text != "" {
		params = maps.Clone(params)
		params["CopySource"] = text
	}
	return params
}

// awkward says that a value cannot be an option's value: version 1 of the CLI fetches what begins like a URL and reads
// what begins like a file name with a scheme.
func (c *command) awkward(params map[string]any) bool {
	for name, v := range params {
		if s, ok := v.(string); ok && c.op.Input.Member(name).Shape.Kind != model.Blob && fetched(s) {
			return true
		}
		for _, e := range list(v) {
			if s, ok := e.(string); ok && (fetched(s) || strings.HasPrefix(s, "-")) {
				return true
			}
		}
	}
	return false
}

func fetched(s string) bool {
	for _, scheme := range []string{"file://", "fileb://", "http://", "https://"} {
		if strings.HasPrefix(s, scheme) {
			return true
		}
	}
	return false
}

// skeleton gives all parameters as one JSON document.
func (c *command) skeleton(params map[string]any) error {
	tree := map[string]any{}
	for name, v := range params {
		tree[name] = plain(c.op.Input.Member(name).Shape, v)
	}
	text, err := compact(tree)
	if err != nil {
		return err
	}
	c.option("--cli-input-json", Quote(text))
	return nil
}

func (c *command) param(m *model.Member, v any) error {
	name := c.name(m.CLIName)
	if text, ok := v.(string); ok && compound(m.Shape) { // its JSON, or a template that is not filled in yet
		c.option(name, Quote(text))
		return nil
	}
	switch m.Shape.Kind {
	case model.Boolean:
		on, ok := v.(bool)
		if !ok {
			return fmt.Errorf("want true or false, got %v", v)
		}
		if !on {
			name = c.name("no-" + m.CLIName)
		}
		c.option(name)
	case model.Blob:
		return c.blob(m, name, v)
	case model.Structure, model.Map:
		return c.structure(m.Shape, name, v)
	case model.List:
		return c.list(m.Shape, name, v)
	default:
		text := scalar(plain(m.Shape, v))
		if strings.HasPrefix(text, "-") {
			c.option(name + "=" + Quote(text))
		} else {
			c.option(name, Quote(text))
		}
	}
	return nil
}

func compound(s *model.Shape) bool {
	return s.Kind == model.Structure || s.Kind == model.Map || s.Kind == model.List
}

func (c *command) structure(s *model.Shape, name string, v any) error {
	v = plain(s, v)
	if short, ok := shorthand(s, v, true); ok && short != "" {
		c.option(name, Quote(short))
		return nil
	}
	text, err := c.json(v)
	if err != nil {
		return err
	}
	c.option(name, Quote(text))
	return nil
}

// json is v on one line, or indented when that is longer than the command may be wide.
func (c *command) json(v any) (string, error) {
	text, err := compact(v)
	if err != nil || c.width == 0 || len(text) <= c.width {
		return text, err
	}
	var b bytes.Buffer
	err = json.Indent(&b, []byte(text), "  ", "  ")
	return b.String(), err
}

func (c *command) list(s *model.Shape, name string, v any) error {
	v = plain(s, v)
	items := list(v)
	words := []string{name}
	for _, item := range items {
		switch s.Elem.Shape.Kind {
		case model.Structure, model.Map:
			short, ok := shorthand(s.Elem.Shape, item, true)
			if !ok || short == "" {
				words = nil
			} else if words != nil {
				words = append(words, Quote(short))
			}
		case model.List, model.Blob, model.Boolean:
			words = nil
		default:
			text := scalar(item)
			if text == "" || strings.TrimLeft(text, "[{ ") != text {
				words = nil
			} else if words != nil {
				words = append(words, Quote(text))
			}
		}
	}
	if len(items) == 0 || words == nil {
		text, err := c.json(v)
		if err != nil {
			return err
		}
		words = []string{name, Quote(text)}
	}
	c.option(words...)
	return nil
}

// typed and written are how many bytes of a blob, and of a text, a command carries in itself.
const (
	typed   = 3 << 10
	written = 256 << 10
)

// blob gives bytes. A body the CLI streams must be a regular file; other blobs may come from a file that bash makes. The body is a
// text where it is given as one.
func (c *command) blob(m *model.Member, name string, v any) error {
	file := m.CLIName + ".bin"
	body := m.Streaming || m.Shape.Streaming
	if text, ok := v.(string); ok && body && len(text) <= written {
		c.setup = append(c.setup, "printf %s "+Quote(text)+" >"+file)
		c.option(name, file)
		return nil
	}
	data, err := blobBytes(v, body)
	if err != nil {
		return err
	}
	text := base64.StdEncoding.EncodeToString(data)
	switch {
	case len(data) > typed:
		c.notes = append(c.notes, fmt.Sprintf("# %s: %d bytes, SHA-256 %x", file, len(data), sha256.Sum256(data)))
	case body:
		c.setup = append(c.setup, fmt.Sprintf("base64 -d >%s <<<'%s'", file, text))
	default:
		c.option(name, made(text))
		return nil
	}
	if !body {
		file = "fileb://" + file
	}
	c.option(name, file)
	return nil
}

// made is a file of bytes that bash makes.
func made(base64 string) string { return fmt.Sprintf("fileb://<(base64 -d <<<'%s')", base64) }

func blobBytes(v any, body bool) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case string:
		if body {
			return []byte(v), nil
		}
		return base64.StdEncoding.DecodeString(v)
	}
	return nil, fmt.Errorf("want bytes or base64, got %T", v)
}

// streamed is the file a streamed answer goes to; empty when the answer is not streamed.
func streamed(op *model.Op) string {
	for _, m := range op.Output.Members {
		if (m.Streaming || m.Shape.Streaming) && m.Shape.Kind == model.Blob || m.Name == op.Output.Payload && m.Shape.Kind == model.Blob {
			return model.CLIName(m.Name) + ".bin"
		}
	}
	return ""
}
