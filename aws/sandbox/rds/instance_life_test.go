package rds

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/try"
)

// held is what an instance held at a time.
type held struct {
	at   time.Time
	text string
}

// life is what instances and snapshots should hold: instances by name with all their moments, the last being now.
type life struct {
	instances map[string][]held
	snapshots map[string]string
	count     int
}

func (l *life) name(prefix string) string {
	l.count++
	return fmt.Sprintf("%s%d", prefix, l.count)
}

// wrote notes that an instance holds a text from now on.
func (l *life) wrote(name string, at time.Time, text string) {
	l.instances[name] = append(l.instances[name], held{at, text})
}

func (l *life) now(name string) string {
	all := l.instances[name]
	return all[len(all)-1].text
}

// TestAnyLife lets instances live at random, with kills in between: each snapshot gives what was there when it was taken, each point
// in time what was there then, and each instance what was written to it last.
func TestAnyLife(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir := t.TempDir()
		w := kept(t, dir)
		l := &life{instances: map[string][]held{}, snapshots: map[string]string{}}
		begin := func(name, text string) {
			i := w.until(here, name, available)
			w.sql(i.DbiResourceId, "create table if not exists marker (text text)")
			w.Pass(10 * time.Minute)
			l.wrote(name, w.Clock.Now(), text)
			w.Pass(10 * time.Minute)
		}
		w.make("first")
		begin("first", "")
		pick := func(names []string) string {
			return rapid.SampledFrom(slices.Sorted(slices.Values(names))).Draw(r, "which")
		}
		instances := func() []string { return slices.Collect(maps.Keys(l.instances)) }
		do := map[string]func(name string){
			"write": func(name string) {
				text := l.name("t") + " "
				w.sql(w.show(here, name).DbiResourceId, "insert into marker values ('"+text+"')")
				l.wrote(name, w.Clock.Now(), l.now(name)+text)
			},
			"snapshot": func(name string) {
				snap := l.name("s")
				w.snap(name, snap)
				l.snapshots[snap] = l.now(name)
				w.until(here, name, available)
			},
			"restore": func(string) {
				if len(l.snapshots) == 0 || len(l.instances) > 3 {
					return
				}
				snap, name := pick(slices.Collect(maps.Keys(l.snapshots))), l.name("i")
				w.restored(snap, name)
				begin(name, l.snapshots[snap])
			},
			"point in time": func(source string) {
				if len(l.instances) > 3 {
					return
				}
				then, name := rapid.SampledFrom(l.instances[source]).Draw(r, "moment"), l.name("i")
				try.Must(w.RestoreDBInstanceToPointInTime(here, &rds.RestoreDBInstanceToPointInTimeInput{SourceDBInstanceIdentifier: &source, TargetDBInstanceIdentifier: &name, RestoreTime: &then.at}))
				begin(name, then.text)
			},
			"rename": func(name string) {
				next := l.name("n")
				try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: &name, NewDBInstanceIdentifier: &next, ApplyImmediately: aws.Bool(true)}))
				w.until(here, next, available)
				l.instances[next] = l.instances[name]
				delete(l.instances, name)
			},
			"delete": func(name string) {
				if len(l.instances) > 1 {
					try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &name, SkipFinalSnapshot: aws.Bool(true)}))
					delete(l.instances, name)
				}
			},
			"reboot": func(name string) {
				try.Must(w.RebootDBInstance(here, &rds.RebootDBInstanceInput{DBInstanceIdentifier: &name}))
			},
			"kill": func(string) {
				next := image(t, dir)
				w.Close()
				w, dir = kept(t, next), next
			},
			"sweep": func(string) {
				if err := w.Store.Sweep(); err != nil {
					r.Fatal(err)
				}
			},
		}
		for range rapid.IntRange(3, 8).Draw(r, "steps") {
			step := rapid.SampledFrom(slices.Sorted(maps.Keys(do))).Draw(r, "step")
			do[step](pick(instances()))
			for _, name := range instances() {
				if got := strings.Join(w.sql(w.until(here, name, available).DbiResourceId, "select text from marker order by rowid"), ""); got != l.now(name) {
					r.Fatalf("after %s %s holds %q, want %q", step, name, got, l.now(name))
				}
			}
			w.Pass(10 * time.Minute)
		}
	})
}
