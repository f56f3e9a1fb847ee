package spelling

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		wrong string
		right []string
		want  string
	}{
		{"ec2.CreateVolum", []string{"ec2.CreateTags", "ec2.CreateVolume"}, "ec2.CreateVolume"},
		{"ec2.createvolume", []string{"ec2.CreateVolume"}, "ec2.CreateVolume"},
		{"for_each", []string{"find", "for-each"}, "for-each"},
		{"byhand", []string{"by-hand"}, "by-hand"},
		{"Volume", []string{"Volumes", "volume"}, "Volumes"},
		{"VOLUME", []string{"Volumes", "volume"}, "volume"},
		{"wiat", []string{"with", "wait"}, "wait"},
		{"los", []string{"loss", "lost"}, "loss"},
		{"xyzzy", []string{"loss", "resources"}, ""},
		{"id", []string{"if"}, ""},
		{"", []string{"loss"}, ""},
		{"loss", nil, ""},
	} {
		if got := Nearest(c.wrong, c.right); got != c.want {
			t.Errorf("Nearest(%q, %q) = %q, not %q", c.wrong, c.right, got, c.want)
		}
	}
}

// A name is nearest to itself, and one slip in a long name still finds it.
func TestOneSlip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-z]{6,12}`).Draw(t, "name")
		at := rapid.IntRange(0, len(name)-1).Draw(t, "at")
		for _, wrong := range []string{name, strings.ToUpper(name), name[:at] + name[at+1:], name[:at] + "_" + name[at:], name[:at] + "9" + name[at+1:]} {
			if got := Nearest(wrong, []string{"0123456789012345", name}); got != name {
				t.Errorf("Nearest(%q) = %q, not %q", wrong, got, name)
			}
		}
	})
}

func TestDistanceIsEven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[ab-]{0,6}`), 2, 2).Draw(t, "words")
		back := slices.Clone(words)
		slices.Reverse(back)
		if d, e := distance(words[0], words[1]), distance(back[0], back[1]); d != e {
			t.Errorf("%q: %d one way, %d the other", words, d, e)
		}
	})
}
