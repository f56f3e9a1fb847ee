package runbooks

import (
	"slices"

	"lifeboat/aws/calls"
	"lifeboat/aws/endpoint"
	"lifeboat/runbooks/proof"
)

// Operations lists every operation that a run can make as an identity ("" is the run's own), sorted: what its steps call, and
// what every run calls: who it is, and what carries its tag.
func (b *Runbook) Operations(as string) []string {
	ops := []string{"sts.GetCallerIdentity"}
	if as == "" {
		ops = append(ops, "iam.ListAccountAliases", "resourcegroupstaggingapi.GetResources")
	}
	add := func(who string, names ...string) {
		for _, name := range names {
			switch {
			case who != as || name == "":
			case name == SQL:
				ops = append(ops, endpoint.Operations()...)
			default:
				ops = append(ops, name)
			}
		}
	}
	find := func(who string, f *Find) {
		if f != nil {
			add(who, f.Call)
		}
	}
	wait := func(who string, w *Wait) {
		if w != nil {
			add(who, w.Call)
		}
	}
	for _, s := range b.Steps {
		add(s.As, s.Call)
		find(s.As, s.Find)
		wait(s.As, s.Wait)
		for _, c := range s.Checks {
			add(s.As, c.Call)
		}
		if s.Seed != nil {
			add(s.As, dataKind(s.Seed.Data).Writes)
			add(s.As, dataKind(s.Seed.Data).Looks...)
		}
		if s.Prove != nil {
			add(s.As, dataKind(s.Prove.Data).Reads...)
		}
		if s.Choose != nil {
			find(s.As, &s.Choose.From)
		}
		if s.PassTime != nil {
			find(s.As, s.PassTime.Watch)
		}
		for _, u := range s.Undo.Actions {
			who := u.As
			if who == "" {
				who = s.As
			}
			add(who, u.Call)
			find(who, u.Each)
			wait(who, u.Wait)
		}
	}
	ops = slices.DeleteFunc(ops, func(name string) bool { _, ok := calls.Find(name); return !ok })
	slices.Sort(ops)
	return slices.Compact(ops)
}

// dataKind is a kind of data by its name; of one that is not known nothing is known.
func dataKind(name string) proof.Kind {
	k, _ := proof.Find(name)
	return k
}

// Policy is the least IAM policy (JSON) under which an identity ("" is the run's own) can make its calls of the runbook.
func Policy(b *Runbook, as string) ([]byte, error) { return calls.Policy(b.Operations(as)) }
