package model

import (
	"fmt"

	jmespath "github.com/jmespath-community/go-jmespath/pkg/api"
)

// Next gives the parameters of a list's next page from the answer with this one; nil when it was the last.
func (p *Pages) Next(answer map[string]any) (map[string]any, error) {
	if more, ok := answer[p.More].(bool); p.More != "" && (!ok || !more) {
		return nil, nil
	}
	next := map[string]any{}
	for i, output := range p.Outputs {
		v, err := jmespath.Search(output, answer)
		if err != nil {
			return nil, fmt.Errorf("where the list goes on (%s): %w", output, err)
		}
		if v != nil && v != "" {
			next[p.Inputs[i]] = v
		}
	}
	if len(next) == 0 {
		return nil, nil
	}
	return next, nil
}
