package runbooks

import "testing"

// Every file that comes with the program is right.
func TestEmbedded(t *testing.T) {
	if _, problems := builtin(); len(problems) > 0 {
		t.Fatal(Problems(problems))
	}
	for _, l := range append(Labs(), Restores()...) {
		b, err := Open(l.ID)
		if err != nil {
			t.Errorf("%s:\n%v", l.File, err)
			continue
		}
		if b.ID != l.ID || b.Title != l.Title || len(b.Digest) != 64 {
			t.Errorf("%s: %+v", l.File, l)
		}
	}
}
