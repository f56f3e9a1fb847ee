package wire

import (
	"net/http"
	"net/url"
	"strings"

	"lifeboat/aws/model"
)

// router finds the operation of a REST request. There is no table of special cases: a template fits when its segments and
// literal query keys are there and every required member that is bound to the query or a header is there, and the template
// that asks for most wins. That alone tells CopyObject from PutObject and ListParts from GetObject. When nothing fits, members
// may be missing: the validation says which.
type router struct{ templates []template }

type template struct {
	op       *model.Op
	segments []string // "{Bucket}", "{Key+}" or literal
	query    url.Values
	takes    map[string]bool // query keys of members
	needs    []*model.Member
}

func newRouter(api *model.API) *router {
	r := &router{}
	if api.Protocol != model.RestJSON && api.Protocol != model.RestXML {
		return r
	}
	for _, op := range api.Ops {
		path, query, _ := strings.Cut(op.URI, "?")
		t := template{op: op, segments: split(path), takes: map[string]bool{}}
		t.query, _ = url.ParseQuery(query)
		for _, m := range op.Input.Members {
			if m.Location == "querystring" {
				t.takes[m.Wire()] = true
			}
			if m.Required && (m.Location == "querystring" || m.Location == "header") {
				t.needs = append(t.needs, m)
			}
		}
		r.templates = append(r.templates, t)
	}
	return r
}

func split(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// route is a fit: the operation, the members found in the path, and how much the template asked for.
type route struct {
	op    *model.Op
	uri   map[string]string
	score int
}

// find is the route of a request whose path, with what its Host adds, is path.
func (r *router) find(req *http.Request, path string) route {
	if best := r.fit(req, path, true); best.op != nil {
		return best
	}
	return r.fit(req, path, false)
}

func (r *router) fit(req *http.Request, path string, whole bool) (best route) {
	query := req.URL.Query()
	for _, t := range r.templates {
		if t.op.Method != req.Method {
			continue
		}
		uri, score, ok := t.path(path)
		if !ok {
			continue
		}
		n, ok := t.rest(query, req.Header, whole)
		if score += n; ok && (best.op == nil || score > best.score) {
			best = route{t.op, uri, score}
		}
	}
	return best
}

// path fits the segments; a literal one counts most.
func (t *template) path(path string) (uri map[string]string, score int, ok bool) {
	given := split(path)
	uri = map[string]string{}
	for i, segment := range t.segments {
		if i >= len(given) {
			return nil, 0, false
		}
		name, isMember := strings.CutPrefix(segment, "{")
		name = strings.TrimSuffix(name, "}")
		if !isMember {
			if segment != given[i] {
				return nil, 0, false
			}
			score += 100
			continue
		}
		text := given[i]
		name, greedy := strings.CutSuffix(name, "+")
		if greedy {
			text = afterSegments(path, i)
		}
		value, err := url.PathUnescape(text)
		if err != nil || value == "" {
			return nil, 0, false
		}
		uri[name] = value
		if greedy {
			return uri, score + 1, true
		}
		score += 2
	}
	return uri, score, len(given) == len(t.segments)
}

// afterSegments is the path after n segments, with the slashes it ends with: they are part of an S3 key.
func afterSegments(path string, n int) string {
	path = strings.TrimPrefix(path, "/")
	for range n {
		_, path, _ = strings.Cut(path, "/")
	}
	return path
}

// rest fits the literal query keys and the required members; unless whole, a missing one only counts against the template.
func (t *template) rest(query url.Values, header http.Header, whole bool) (score int, ok bool) {
	for key, want := range t.query {
		if got, there := query[key]; !there || want[0] != "" && got[0] != want[0] {
			return 0, false
		}
		score += 10
	}
	for key, got := range query {
		// A bare key names a sub-resource: GET /bucket?website is not ListObjects.
		if got[0] == "" && !t.takes[key] && !t.query.Has(key) {
			return 0, false
		}
	}
	for _, m := range t.needs {
		there := query.Has(m.Wire())
		if m.Location == "header" {
			there = header.Get(m.Wire()) != ""
		}
		switch {
		case there:
			score++
		case whole:
			return 0, false
		default:
			score--
		}
	}
	return score, true
}
