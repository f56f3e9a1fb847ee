package calls

import "fmt"

// Guard says which calls a run may make. The zero Guard is a rehearsal's: on the sandbox everything may be done.
type Guard struct {
	ReadOnly  bool // refuse all but reads
	Real      bool // the account is a real one
	Confirmed bool // a person confirmed the account id, its alias and the Region
	// Owned says that the run's ledger holds what the request would delete, or that a person typed its name.
	Owned func(Request) bool
	// Twice says that a person confirmed this irreversible request, and was asked twice.
	Twice func(Request) bool
}

// Codes of errors that are ours, not AWS's: nothing was sent.
const (
	CodeReadOnly     = "ReadOnlyRun"
	CodeNotConfirmed = "AccountNotConfirmed"
	CodeNotOwned     = "NotOwned"
	CodeNotTwice     = "NotConfirmedTwice"
	CodeNotListed    = "OperationNotListed"
	CodeBadParameter = "BadParameter"
)

// Check says whether the guard lets a request through: nil, or the *Error that Call would return.
func (g Guard) Check(r Request) error {
	op, ok := Find(r.Op)
	if !ok {
		return &Error{Op: r.Op, Region: r.Region, Kind: Client, Code: CodeNotListed, Message: "this program does not make that call" + nearest(r.Op)}
	}
	return g.check(op, r)
}

func (g Guard) check(op Operation, r Request) error {
	effect := op.Effect
	if dry, _ := r.Params["DryRun"].(bool); dry { // EC2 answers whether it would, and does nothing
		effect = Read
	}
	refuse := func(code, format string, a ...any) error {
		return &Error{Op: r.Op, Region: r.Region, Kind: Refused, Code: code, Message: fmt.Sprintf(format, a...)}
	}
	switch {
	case effect == Read:
		return nil
	case g.ReadOnly:
		return refuse(CodeReadOnly, "this run only reads, and the call would %s something", effect)
	case !g.Real:
		return nil
	case !g.Confirmed:
		return refuse(CodeNotConfirmed, "nobody has confirmed yet that this account and Region are meant")
	case effect == Delete || effect == Irreversible:
		if g.Owned == nil || !g.Owned(r) {
			return refuse(CodeNotOwned, "what the call would %s was not made by this run, and nobody has typed its name", effect.verb())
		}
		if effect == Irreversible && (g.Twice == nil || !g.Twice(r)) {
			return refuse(CodeNotTwice, "the call cannot be undone, and it has not been confirmed twice")
		}
	}
	return nil
}

func (e Effect) verb() string {
	if e == Irreversible {
		return "change for good"
	}
	return e.String()
}
