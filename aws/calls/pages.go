package calls

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"lifeboat/aws/model"
)

// MostEntries is how many entries of a list Whole gathers at the most.
const MostEntries = 100_000

// CodeTooMany is the code of a list that is longer than MostEntries.
const CodeTooMany = "TooManyEntries"

// Whole makes a call with all pages of its list, as the aws CLI does: the answer is that of one long page. A request that says
// itself how long a page is, or where to begin, gets that page alone, and so it is with the CLI ("Using AWS CLI pagination options",
// CLI user guide). Any other call is made once. Whoever can work page by page calls Call: a list is held whole here.
func Whole(ctx context.Context, c Caller, r Request) (Response, error) {
	op, err := model.Find(r.Op)
	if err != nil || op.Pages == nil || paged(op.Pages, r.Params) {
		return c.Call(ctx, r)
	}
	var all *pages
	for {
		page, err := c.Call(ctx, r)
		if err != nil {
			return page, err
		}
		if all == nil {
			all = &pages{Response: page, of: op.Pages}
		} else {
			all.add(page)
		}
		next, err := op.Pages.Next(page.Output)
		switch {
		case err != nil:
			return all.Response, &Error{Op: r.Op, Region: r.Region, Kind: Client, Message: err.Error(), err: err}
		case next == nil:
			return all.whole(), nil
		case all.entries() > MostEntries:
			return Response{}, &Error{Op: r.Op, Region: r.Region, Kind: Client, Code: CodeTooMany,
				Message: fmt.Sprintf("it lists more than %d entries: narrow it by a prefix or a filter%s", MostEntries, orOnePage(op.Pages))}
		case reflect.DeepEqual(next, chosen(op.Pages, r.Params)):
			return all.Response, &Error{Op: r.Op, Region: r.Region, Kind: Server, Message: fmt.Sprintf("its list has no end: it goes on at %v twice", next)}
		}
		r.Params = maps.Clone(r.Params)
		if r.Params == nil {
			r.Params = map[string]any{}
		}
		for _, name := range op.Pages.Inputs {
			delete(r.Params, name)
		}
		maps.Copy(r.Params, next)
	}
}

func orOnePage(p *model.Pages) string {
	if p.Limit == "" {
		return ""
	}
	return ", or take one page with " + p.Limit
}

// paged reports whether a request asks for one page.
func paged(p *model.Pages, params map[string]any) bool {
	return params[p.Limit] != nil || len(chosen(p, params)) > 0
}

// chosen is where a request begins.
func chosen(p *model.Pages, params map[string]any) map[string]any {
	at := map[string]any{}
	for _, name := range p.Inputs {
		if params[name] != nil {
			at[name] = params[name]
		}
	}
	return at
}

// pages is an answer as far as its pages are there.
type pages struct {
	Response
	of    *model.Pages
	count int
}

// add puts a page behind the others. What it says that they do not is about the page, and goes.
func (p *pages) add(page Response) {
	if p.count == 0 {
		p.Output = maps.Clone(p.Output)
		for _, name := range p.of.Results {
			p.Output[name] = slices.Clone(list(p.Output[name]))
		}
	}
	p.count++
	for name, v := range page.Output {
		if was, there := p.Output[name]; !slices.Contains(p.of.Results, name) && (!there || !reflect.DeepEqual(was, v)) {
			delete(p.Output, name)
		}
	}
	for name := range p.Output {
		if _, there := page.Output[name]; !there && !slices.Contains(p.of.Results, name) {
			delete(p.Output, name)
		}
	}
	for _, name := range p.of.Results {
		p.Output[name] = append(p.Output[name].([]any), list(page.Output[name])...)
	}
	p.RequestID, p.Attempts, p.Took = page.RequestID, p.Attempts+max(page.Attempts-1, 0), p.Took+page.Took
}

func (p *pages) entries() int {
	n := 0
	for _, name := range p.of.Results {
		n += len(list(p.Output[name]))
	}
	return n
}

// whole is the answer when there are no more pages.
func (p *pages) whole() Response {
	if p.count > 0 && p.of.More != "" {
		p.Output[p.of.More] = false
	}
	return p.Response
}
