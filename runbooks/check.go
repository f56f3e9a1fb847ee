package runbooks

// checker refuses what would go wrong in a run, before anything runs.
type checker struct {
	r      *reader
	book   *Runbook
	drafts []*draft
	rec    *record
}

func (c *checker) check() {}
