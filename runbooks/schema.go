package runbooks

import (
	"encoding/json"
)

// schema makes the JSON Schema of runbook and part files (draft 2020-12) from the table of forms. The committed schema.json is
// its output; a test compares them.
func schema() ([]byte, error) {
	defs := map[string]any{}
	for of := range table {
		defs[of] = formSchema(of)
	}
	ref := func(of string) map[string]any { return map[string]any{"$ref": "#/$defs/" + of} }
	raw, err := json.MarshalIndent(map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "Lifeboat runbook",
		"description": "A runbook (id, title, kind, steps) or a file of parts (part, or conditions). `lifeboat runbook check` knows more: operations, parameters, output paths, references.",
		"if":          map[string]any{"anyOf": []any{map[string]any{"required": []string{"part"}}, map[string]any{"required": []string{"conditions"}}}},
		"then":        ref("part"),
		"else":        ref("runbook"),
		"$defs":       defs,
	}, "", "  ")
	return append(raw, '\n'), err
}

func formSchema(of string) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, k := range table[of] {
		properties[k.name] = k.schema(of)
		if k.required {
			required = append(required, k.name)
		}
	}
	out := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	has := func(keys ...string) map[string]any { return map[string]any{"required": keys} }
	switch of {
	case "step": // exactly one thing is done, or nothing but a check
		var one, each []any
		for _, a := range actions {
			one, each = append(one, has(a)), append(each, has(a))
		}
		out["oneOf"] = append(one, map[string]any{"required": []string{"check"}, "not": map[string]any{"anyOf": each}})
	case "wait":
		out["oneOf"] = []any{has("use"), has("call", "within"), has("sql", "within")}
	case "condition":
		out["oneOf"] = []any{has("call", "within"), has("sql", "within")}
	case "find":
		out["oneOf"] = []any{has("call"), has("sql")}
	case "undo":
		out["oneOf"] = []any{has("none"), has("call"), has("sql")}
	}
	return out
}

var (
	someText     = map[string]any{"type": "string", "minLength": 1}
	someTexts    = map[string]any{"type": "array", "items": someText}
	durationText = `^([0-9.]+d)?([0-9.]+(ns|us|ms|s|m|h))*$`
)

// schema of one key's value.
func (k key) schema(of string) map[string]any {
	out := map[string]any{"description": k.say}
	set := func(more map[string]any) map[string]any {
		for name, v := range more {
			out[name] = v
		}
		return out
	}
	ref := map[string]any{"$ref": "#/$defs/" + k.of}
	switch k.holds {
	case text, template:
		set(someText)
		if k.words != nil {
			out["enum"] = k.words
		}
		if k.name == "id" && of != "input" {
			out["pattern"] = kebab.String()
		}
	case expression:
		out["type"] = []string{"string", "number", "boolean"}
	case number:
		set(map[string]any{"type": "integer", "minimum": 0})
	case truth:
		out["type"] = "boolean"
	case duration:
		set(map[string]any{"type": "string", "minLength": 2, "pattern": durationText})
	case texts:
		set(someTexts)
	case textOrList:
		out["anyOf"] = []any{someText, someTexts}
	case textMap:
		set(map[string]any{"type": "object", "additionalProperties": someText})
	case form:
		set(ref)
	case forms:
		set(map[string]any{"type": "array", "items": ref})
	case formOrList:
		out["anyOf"] = []any{ref, map[string]any{"type": "array", "items": ref}}
	case formMap:
		set(map[string]any{"type": "object", "additionalProperties": ref})
	}
	return out
}
