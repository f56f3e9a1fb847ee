package runbooks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lifeboat/aws/calls"
	"lifeboat/aws/endpoint"
	"lifeboat/aws/model"
	"lifeboat/runbooks/expr"
)

// shell writes a runbook's calls as aws commands for bash, whose variables carry what one command answers to the next:
// an expression that reads one step's answer is a variable that the step's command sets with --query.
type shell struct {
	book  *Runbook
	ids   map[string]*Step             // by name in expressions
	vars  map[string]string            // stand-in -> variable, while a command is made
	sets  map[string]map[string]string // step -> variable -> query over its answer
	run   map[string]any               // the run's own names, as stand-ins
	words map[string]string            // the variables a person gives: PARTNER -> what it is
}

func newShell(b *Runbook) *shell {
	s := &shell{book: b, ids: map[string]*Step{}, vars: map[string]string{}, sets: map[string]map[string]string{}, words: map[string]string{}}
	for i := range b.Steps {
		s.ids[expr.Name(b.Steps[i].ID)] = &b.Steps[i]
		s.sets[expr.Name(b.Steps[i].ID)] = map[string]string{}
	}
	accounts, inputs := map[string]any{}, map[string]any{}
	for name, what := range b.Accounts {
		accounts[name] = s.stand(variable(name + "_account"))
		s.words[variable(name+"_account")] = "the id of " + what
	}
	for _, in := range b.Inputs {
		inputs[in.Name] = s.stand(variable(in.Name))
		s.words[variable(in.Name)] = in.Say
	}
	s.run = map[string]any{"run": s.stand("RUN"), "short": s.stand("SHORT"), "account": s.stand("ACCOUNT"), "home": s.stand("HOME_REGION"), "away": s.stand("AWAY_REGION"),
		"target": "aws", "now": s.stand("NOW"), "accounts": accounts, "inputs": inputs}
	// A first pass over all commands finds which answers are read later.
	for i := range b.Steps {
		s.step(&b.Steps[i])
		s.undo(&b.Steps[i])
	}
	return s
}

// longestName is how long a variable may be that is called after an expression.
const longestName = 48

// variable is a bash variable's name: volume.VolumeId is VOLUME_VOLUMEID.
func variable(path string) string {
	return strings.Trim(regexp.MustCompile(`[^A-Z0-9]+`).ReplaceAllString(strings.ToUpper(path), "_"), "_")
}

// stand gives a text that stands for a variable in parameters; no shell quotes it.
func (s *shell) stand(name string) string {
	in := "XvarX" + strings.ReplaceAll(name, "_", "X") + "XravX"
	s.vars[in] = name
	return in
}

var standIn = regexp.MustCompile(`XvarX[A-Z0-9X]+?XravX`)

// numbers stand for variables where the model wants a number.
const firstNumber = 7_700_000_000

var numberIn = regexp.MustCompile(`77000\d{5}`)

// expand puts the variables in the place of what stands for them, in or out of single quotes.
func (s *shell) expand(command string) string {
	var b strings.Builder
	for last := 0; ; {
		at := standIn.FindStringIndex(command[last:])
		if n := numberIn.FindStringIndex(command[last:]); n != nil && s.vars[command[last+n[0]:last+n[1]]] != "" && (at == nil || n[0] < at[0]) {
			at = n
		}
		if at == nil {
			b.WriteString(command[last:])
			return b.String()
		}
		b.WriteString(command[last : last+at[0]])
		ref := `"$` + s.vars[command[last+at[0]:last+at[1]]] + `"`
		if inSingleQuotes(b.String()) {
			ref = "'" + ref + "'"
		}
		b.WriteString(ref)
		last += at[1]
	}
}

// inSingleQuotes reports whether bash is inside single quotes after this text.
func inSingleQuotes(text string) bool {
	single, double := false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && !single:
			i++
		case c == '\'' && !double:
			single = !single
		case c == '"' && !single:
			double = !double
		}
	}
	return single
}

// fill gives a value's plain tree for a command.
func (s *shell) fill(v Value, shape *model.Shape, step *Step) any {
	switch v.Kind {
	case Mapping:
		out := map[string]any{}
		for _, f := range v.Map {
			if f.Value.Kind != Scalar || f.Value.Scalar != nil {
				out[f.Name] = s.fill(f.Value, member(shape, f.Name), step)
			}
		}
		return out
	case Sequence:
		out := make([]any, len(v.List))
		for i, e := range v.List {
			var elem *model.Shape
			if shape != nil && shape.Elem != nil {
				elem = shape.Elem.Shape
			}
			out[i] = s.fill(e, elem, step)
		}
		return out
	}
	text, ok := v.Scalar.(string)
	t, err := expr.ParseText(text)
	if !ok || err != nil || len(t) == 0 {
		filled, _ := expr.Fill(v, nil)
		return filled
	}
	if len(t) == 1 && t[0].Expr != nil {
		out := s.expression(t[0].Expr, step)
		if t[0].Expr.Source == "each" && shape != nil && shape.Kind == model.List {
			return []any{out} // a batch, which whole takes out of the brackets again
		}
		if in, ok := out.(string); ok && s.vars[in] != "" && shape != nil && article(shape) == "a number" {
			n := strconv.Itoa(firstNumber + len(s.vars))
			s.vars[n] = s.vars[in]
			out, _ = strconv.ParseFloat(n, 64)
		}
		return out
	}
	var b strings.Builder
	for _, piece := range t {
		b.WriteString(piece.Plain)
		if piece.Expr != nil {
			fmt.Fprint(&b, s.expression(piece.Expr, step))
		}
	}
	return b.String()
}

// expression is an expression's value where the run's own names are enough, else the variable that stands for it.
func (s *shell) expression(e *expr.Expr, step *Step) any {
	reads := false
	for _, r := range e.Refs() {
		_, isStep := s.ids[r.Root()]
		reads = reads || isStep || r.Root() == "each" || r.Root() == "clock"
	}
	if !reads {
		scope := maps.Clone(s.run)
		scope["step"], scope["token"] = step.ID, fmt.Sprint(s.run["run"])+"-"+step.ID
		if v, err := e.Eval(scope); err == nil && v != nil {
			return v
		}
	}
	name := variable(e.Source)
	for _, r := range e.Refs() {
		query, ok := strings.CutPrefix(e.Source, r.Root())
		if _, isStep := s.ids[r.Root()]; ok && isStep && len(e.Refs()) == 1 {
			s.sets[r.Root()][name] = strings.TrimPrefix(query, ".")
			return s.stand(name)
		}
	}
	if len(name) > longestName {
		name = variable(step.ID + "_value")
	}
	if !reads || e.Refs()[0].Root() != "each" {
		s.words[name] = e.Source
	}
	return s.stand(name)
}

// command is one call as the aws CLI makes it; query, when not empty, is what is taken from the answer.
func (s *shell) command(step *Step, op string, with Value, region, as, query string) string {
	where := region
	if where == "" {
		where = step.Region
	}
	if as == "" {
		as = step.As
	}
	profile := ""
	if as != "" {
		profile = s.stand(variable(as + "_profile"))
		s.words[variable(as+"_profile")] = "the profile of " + s.book.Accounts[as]
	}
	o := calls.CLIOptions{Profile: profile}
	if op == SQL {
		return s.statement(with, s.region(where, step), step, o)
	}
	m, err := model.Find(op)
	if err != nil {
		return "# " + err.Error()
	}
	params, _ := s.fill(with, m.Input, step).(map[string]any)
	text, err := calls.Command(op, s.region(where, step), params, o)
	if err != nil {
		return "# " + err.Error()
	}
	if query != "" {
		text += " --query " + s.query(query) + " --output text"
	}
	return s.expand(text)
}

// statement is a statement as the database's own client runs it.
func (s *shell) statement(with Value, region string, step *Step, o calls.CLIOptions) string {
	params, _ := s.fill(with, nil, step).(map[string]any)
	instance, _ := params["instance"].(string)
	database, _ := params["database"].(string)
	run, _ := params["run"].(string)
	text, err := endpoint.Command(s.book.Protocol(), instance, database, region, run, o)
	if err != nil {
		return "# " + err.Error()
	}
	return s.expand(text)
}

// Protocol is that of the databases the runbook makes, as endpoint names it; empty when it makes none, or of both protocols.
func (b *Runbook) Protocol() string {
	found := ""
	for _, step := range b.Steps {
		engine, _ := step.With.Get("Engine")
		name, _ := engine.Scalar.(string)
		switch protocol := endpoint.ProtocolOf(name); {
		case !strings.HasPrefix(step.Call, "rds.") || protocol == "":
		case found != "" && found != protocol:
			return ""
		default:
			found = protocol
		}
	}
	return found
}

// region is the variable of a name of regions, or an expression's.
func (s *shell) region(where string, step *Step) string {
	if where == "" {
		where = "home"
	}
	if v, ok := s.run[where].(string); ok {
		return v
	}
	return fmt.Sprint(s.fill(Value{Kind: Scalar, Scalar: where}, nil, step))
}

// query writes a JMESPath for --query: what it reads of the run and of other steps is put in as text.
func (s *shell) query(source string) string {
	e, err := expr.Compile(source)
	if err != nil {
		return calls.Quote(source)
	}
	refs := e.Refs()
	for i := range refs {
		r := refs[len(refs)-1-i]
		_, isStep := s.ids[r.Root()]
		if _, isRun := s.run[r.Root()]; !isStep && !isRun || !strings.HasPrefix(source[r.Offset:], r.String()) {
			continue
		}
		inner, err := expr.Compile(r.String())
		if err != nil {
			continue
		}
		start := strings.TrimSuffix(source[:r.Offset], "$.")
		source = start + "'" + fmt.Sprint(s.expression(inner, &Step{})) + "'" + source[r.Offset+len(r.String()):]
	}
	return calls.Quote(source)
}

// until is a wait as a loop.
func (s *shell) until(step *Step, w *Wait) []string {
	if w.Call == SQL {
		return []string{"# again and again, until " + w.Until, s.command(step, w.Call, w.With, w.Region, "", "")}
	}
	if w.Until == "" { // until it is gone
		return []string{"while " + s.command(step, w.Call, w.With, w.Region, "", "") + " > /dev/null 2>&1; do sleep 5; done"}
	}
	var out []string
	done := s.command(step, w.Call, w.With, w.Region, "", w.Until)
	if w.Fails == "" {
		return append(out, fmt.Sprintf(`until [ "$(%s)" = True ]; do sleep 5; done`, done))
	}
	failed := s.command(step, w.Call, w.With, w.Region, "", w.Fails)
	return append(out, fmt.Sprintf(`until [ "$(%s)" = True ]; do`, done),
		fmt.Sprintf(`  [ "$(%s)" != True ] || { echo 'step %s failed' >&2; exit 1; }`, failed, step.ID), "  sleep 5", "done")
}

// step is a step's lines.
func (s *shell) step(step *Step) []string {
	var out []string
	switch {
	case step.Call != "":
		out = s.call(step)
	case step.Choose != nil:
		f := step.Choose.From
		out = append(out, strings.TrimSuffix(s.command(step, f.Call, f.With, f.Region, "", f.Take), "text")+"table")
		for _, name := range s.setBy(step) {
			out = append(out, fmt.Sprintf("read -r -p %s %s", calls.Quote(step.Choose.Text+" "+name+": "), name))
		}
	case step.Seed != nil:
		out = s.seed(step)
	case step.Prove != nil:
		out = s.prove(step)
	case step.Ask != nil, step.Shell != nil:
		out = append(out, "# this step is done by a person or by lifeboat")
		out = append(out, s.asked(step)...)
	case step.ByHand != nil:
		out = append(out, "# by hand: "+strings.Join(strings.Fields(step.ByHand.Text), " "))
	case step.PassTime != nil:
		out = append(out, fmt.Sprintf("# wait %s; %s", short(step.PassTime.For), step.PassTime.Say))
	}
	if step.Wait != nil {
		out = append(out, s.until(step, step.Wait)...)
	}
	if step.ForEach != "" {
		out = s.loop(step, out)
	}
	for _, c := range step.Checks {
		if c.Call == SQL {
			out = append(out, "# "+c.Say+": "+c.That, s.command(step, c.Call, c.With, c.Region, "", ""))
		} else if c.Call != "" {
			out = append(out, fmt.Sprintf(`[ "$(%s)" = True ] || echo %s >&2`, s.command(step, c.Call, c.With, c.Region, "", c.That), calls.Quote("not so: "+c.Say)))
		}
	}
	if step.If != "" && len(out) > 0 {
		out = append([]string{"# only if " + step.If}, out...)
	}
	return out
}

// asked lets a person say what this step's answer holds.
func (s *shell) asked(step *Step) []string {
	var out []string
	for _, name := range s.setBy(step) {
		out = append(out, fmt.Sprintf("read -r -p %s %s", calls.Quote(name+": "), name))
	}
	return out
}

func (s *shell) setBy(step *Step) []string {
	return slices.Sorted(maps.Keys(s.sets[expr.Name(step.ID)]))
}

// call is the command of a step that calls, with the variables it sets.
func (s *shell) call(step *Step) []string {
	names := s.setBy(step)
	queries := make([]string, len(names))
	for i, name := range names {
		queries[i] = s.sets[expr.Name(step.ID)][name]
	}
	if step.Call == SQL {
		return append([]string{s.command(step, step.Call, step.With, "", "", "")}, s.asked(step)...)
	}
	set := func(query string) string { return s.command(step, step.Call, step.With, "", "", query) }
	var line string
	switch {
	case step.Refused != nil:
		line = set("") + " || true # meant to be refused: " + step.Refused.Code
	case len(names) == 0:
		line = set("")
	case len(names) == 1:
		line = assigned(names[0], set(queries[0]))
	default:
		line = assigned("ANSWER", set("["+strings.Join(queries, ", ")+"]")) + "\nread -r " + strings.Join(names, " ") + ` <<< "$ANSWER"`
	}
	return strings.Split(line, "\n")
}

// loop does a step's lines for every element: one that is a word, or rows of what the lines read of it.
func (s *shell) loop(step *Step, lines []string) []string {
	body := "  " + strings.Join(lines, "\n  ")
	rows := s.rowsOf(step)
	if rows == nil {
		return []string{"for EACH in " + s.elements(step) + "; do", body, "done"}
	}
	out := []string{"while IFS=$'\\t' read -r " + strings.Join(eachVariables(memberRefs(step.With)), " ") + "; do", body, "done <<'END'"}
	return append(append(out, rows...), "END")
}

// rowsOf are the elements of a for-each that have members, a row each; nil where they have none, or where they are not known before
// the run.
func (s *shell) rowsOf(step *Step) []string {
	members := memberRefs(step.With)
	e, err := expr.Compile(step.ForEach)
	if err != nil || len(members) == 0 {
		return nil
	}
	v, _ := e.Eval(s.run)
	elements, _ := v.([]any)
	var rows []string
	for _, element := range elements {
		cells := make([]string, len(members))
		for i, m := range members {
			of, _ := element.(map[string]any)
			cells[i] = fmt.Sprint(of[m])
		}
		rows = append(rows, strings.Join(cells, "\t"))
	}
	return rows
}

// assigned sets a variable; comments and files that a command starts with stay before it.
func assigned(name, command string) string {
	head, last := "", command
	if i := strings.LastIndex(command, "\naws "); i >= 0 {
		head, last = command[:i+1], command[i+1:]
	}
	return head + name + "=$(" + last + ")"
}

// elements are the words of a for-each.
func (s *shell) elements(step *Step) string {
	e, err := expr.Compile(step.ForEach)
	if err != nil {
		return ""
	}
	tree := e.Tree()
	if tree.Kind != expr.List {
		return "$" + s.vars[fmt.Sprint(s.expression(e, step))]
	}
	var words []string
	inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(step.ForEach), "["), "]")
	for _, source := range strings.Split(inner, ",") {
		if x, err := expr.Compile(strings.TrimSpace(source)); err == nil {
			words = append(words, s.expand(fmt.Sprint(s.expression(x, step))))
		}
	}
	return strings.Join(words, " ")
}

// undo is a step's undo, as lines.
func (s *shell) undo(step *Step) []string {
	var out []string
	for _, a := range step.Undo.Actions {
		out = append(out, s.undoAction(step, a))
	}
	return out
}

// undoAction is one call of an undo. What is gone already ends nothing. A list is read as words, as rows where its elements have
// members, or as JSON where one call takes many of them.
func (s *shell) undoAction(step *Step, a UndoAction) string {
	line := s.command(step, a.Call, a.With, a.Region, a.As, "")
	if a.Each == nil {
		return line + " || true"
	}
	list := func(take string) string { return s.command(step, a.Each.Call, a.Each.With, a.Each.Region, a.As, take) }
	members := memberRefs(a.With)
	switch {
	case a.Each.Batch > 0:
		batch := fmt.Sprintf("(%s) | [:%d]", a.Each.Take, a.Each.Batch)
		return fmt.Sprintf(`while EACH=$(%s) && [ "${EACH:-null}" != null ] && [ "$EACH" != "[]" ]; do %s || break; done`,
			strings.TrimSuffix(list(batch), "text")+"json", strings.ReplaceAll(line, `["'"$EACH"'"]`, `'"$EACH"'`))
	case len(members) > 0:
		names := eachVariables(members)
		return fmt.Sprintf(`%s | while IFS=$'\t' read -r %s; do [ "$%s" = None ] || %s || true; done`,
			list(fmt.Sprintf("(%s)[].[%s]", a.Each.Take, strings.Join(members, ", "))), strings.Join(names, " "), names[0], line)
	}
	return fmt.Sprintf(`for EACH in $(%s); do [ "$EACH" = None ] || %s || true; done`, list(a.Each.Take), line)
}

// memberRefs are the members of each that a call's parameters read, sorted.
func memberRefs(with Value) []string {
	found := map[string]bool{}
	for _, r := range with.Refs() {
		if path, ok := strings.CutPrefix(r.String(), "each."); ok {
			found[path] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// eachVariables are their bash variables.
func eachVariables(members []string) []string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = variable("each." + m)
	}
	return out
}

// Bash is every command of a runbook as one bash script: the steps in order, what they wait for, and the undo in the other
// order. What only a person or lifeboat can do is a comment or a question.
func Bash(b *Runbook) string {
	s := newShell(b)
	var body strings.Builder
	for i := range b.Steps {
		step := &b.Steps[i]
		fmt.Fprintf(&body, "\n# %s: %s\n", step.ID, step.FullTitle())
		for _, line := range s.step(step) {
			fmt.Fprintln(&body, line)
		}
	}
	body.WriteString("\n# clean up\n")
	for i := range b.Steps {
		for _, line := range s.undo(&b.Steps[len(b.Steps)-1-i]) {
			fmt.Fprintln(&body, line)
		}
	}
	var head strings.Builder
	fmt.Fprintf(&head, "#!/usr/bin/env bash\n# %s: %s\nset -euo pipefail\n\n", b.ID, b.Title)
	fmt.Fprintf(&head, "RUN=${RUN:-%s-$(date -u +%%Y%%m%%d-%%H%%M%%S)}\nSHORT=${RUN##*-}\nNOW=$(date -u +%%Y-%%m-%%dT%%H:%%M:%%SZ)\n", b.ID)
	head.WriteString("HOME_REGION=${HOME_REGION:-us-east-2}\n")
	if b.Regions["away"] != "" {
		head.WriteString("AWAY_REGION=${AWAY_REGION:-us-west-2}\n")
	}
	head.WriteString("ACCOUNT=$(aws sts get-caller-identity --query Account --output text)\n")
	for _, name := range slices.Sorted(maps.Keys(s.words)) {
		what := strings.NewReplacer("'", "", `"`, "", "}", "", "`", "", "$", "").Replace(s.words[name])
		fmt.Fprintf(&head, ": \"${%s:?%s}\"\n", name, what)
	}
	return head.String() + body.String()
}

// Commands gives the aws commands of one step, as Bash has them.
func (b *Runbook) Commands(id string) []string {
	s := newShell(b)
	for i := range b.Steps {
		if b.Steps[i].ID == id {
			return s.step(&b.Steps[i])
		}
	}
	return nil
}
