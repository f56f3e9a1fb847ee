package rds

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tds "lifeboat/aws/sandbox/database/sqlserver"
	"lifeboat/aws/sandbox/store"
)

// arn is the file of a task, as it was given.
func (t Task) arn() any {
	if t.Key == "" {
		return nil
	}
	return "arn:aws:s3:::" + t.Bucket + "/" + t.Key
}

// progress is how far a task is, in steps of 5 percent, and when it was so.
func (t Task) progress(now time.Time) (percent int, updated time.Time) {
	switch {
	case t.Lifecycle == taskSuccess:
		return 100, t.Ends
	case t.Started.IsZero() && t.Ends.IsZero():
		return 0, t.Created
	case t.Lifecycle != taskInProgress:
		return 0, t.Ends
	}
	whole := t.Ends.Sub(t.Started)
	done := min(max(now.Sub(t.Started)*20/max(whole, 1), 0), 19)
	return int(done) * 5, t.Started.Add(whole * done / 20)
}

// minutes is how long a task has been at work.
func (t Task) minutes(now time.Time) int {
	switch {
	case t.Started.IsZero():
		return 0
	case t.pending():
		return int(now.Sub(t.Started) / time.Minute)
	}
	return int(t.Ends.Sub(t.Started) / time.Minute)
}

// info is task_info: what was noted, and how far the task is.
func (t Task) info(now time.Time) string {
	lines := t.Info
	if percent, at := t.progress(now); t.Lifecycle == taskInProgress && percent > 0 {
		lines = append(slices.Clone(lines), fmt.Sprintf("[%s] %d percent processed.", at.UTC().Format("2006-01-02 15:04:05.000"), percent))
	}
	return strings.Join(lines, "\n")
}

func number(is bool) int {
	if is {
		return 1
	}
	return 0
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// submitted is what a procedure answers that made or changed a task.
func (p procedures) submitted(t Task) *tds.Table {
	now := t.Created
	if t.Ends.After(now) {
		now = t.Ends
	}
	return &tds.Table{
		Columns: []tds.Column{
			{Name: "task_id", Type: "int"}, {Name: "task_type", Type: "nvarchar"}, {Name: "lifecycle", Type: "nvarchar"}, {Name: "created_at", Type: "datetime"},
			{Name: "last_updated", Type: "datetime"}, {Name: "database_name", Type: "nvarchar"}, {Name: "S3_object_arn", Type: "nvarchar"},
			{Name: "overwrite_s3_backup_file", Type: "int"}, {Name: "KMS_master_key_arn", Type: "nvarchar"}, {Name: "task_progress", Type: "int"}, {Name: "task_info", Type: "nvarchar"},
		},
		Rows:     [][]any{{int64(t.Number), t.Kind, t.Lifecycle, t.Created, now, t.Database, t.arn(), int64(number(t.Overwrite)), orNull(t.KMSKey), int64(0), orNull(strings.Join(t.Info, "\n"))}},
		Messages: []string{fmt.Sprintf("Task Id: %d", t.Number)},
	}
}

// status is rds_task_status ("Tracking the status of tasks").
func (p procedures) status(tx *store.Tx, i Instance, a arguments) (*tds.Table, error) {
	id, err := a.number("task_id", 0)
	if err != nil {
		return nil, err
	}
	name := a.text("db_name")
	out := &tds.Table{Columns: []tds.Column{
		{Name: "task_id", Type: "int"}, {Name: "task_type", Type: "nvarchar"}, {Name: "database_name", Type: "nvarchar"}, {Name: "% complete", Type: "int"},
		{Name: "duration(mins)", Type: "int"}, {Name: "lifecycle", Type: "nvarchar"}, {Name: "task_info", Type: "nvarchar"}, {Name: "last_updated", Type: "datetime"},
		{Name: "created_at", Type: "datetime"}, {Name: "S3_object_arn", Type: "nvarchar"}, {Name: "overwrite_s3_backup_file", Type: "int"},
		{Name: "KMS_master_key_arn", Type: "nvarchar"}, {Name: "filepath", Type: "nvarchar"}, {Name: "overwrite_file", Type: "int"},
	}}
	now := tx.Now()
	for _, t := range p.s.tasksOf(tx, p.resource) {
		if id != 0 && t.Number != id || name != "" && !strings.EqualFold(t.Database, name) {
			continue
		}
		percent, updated := t.progress(now)
		out.Rows = append(out.Rows, []any{
			int64(t.Number), t.Kind, t.Database, int64(percent), int64(t.minutes(now)), t.Lifecycle, orNull(t.info(now)), updated,
			t.Created, t.arn(), int64(number(t.Overwrite)), orNull(t.KMSKey), nil, nil,
		})
	}
	return out, nil
}

// configuration is what rds_set_configuration knows: the usual value and what it is for.
var configuration = map[string]struct{ usual, about string }{
	compression:           {"false", "Compress native backups to Amazon S3"},
	"tracefile retention": {"10080", "Minutes that trace files are kept"},
	"dumpfile retention":  {"10080", "Minutes that dump files are kept"},
}

// nativeSwitch is the value of a setting of an instance.
func (s *Service) nativeSwitch(tx *store.Tx, resource, name string) string {
	set, _ := s.switches.Get(tx, resource)
	if v, there := set[name]; there {
		return v
	}
	return configuration[name].usual
}

func (p procedures) showSwitches(tx *store.Tx, i Instance, a arguments) (*tds.Table, error) {
	out := &tds.Table{Columns: []tds.Column{{Name: "name", Type: "nvarchar"}, {Name: "value", Type: "nvarchar"}, {Name: "description", Type: "nvarchar"}}}
	only := strings.ToLower(a.text("name"))
	for _, name := range slices.Sorted(maps.Keys(configuration)) {
		if only == "" || only == name {
			shown := strings.Replace(name, "s3", "S3", 1)
			out.Rows = append(out.Rows, []any{shown, p.s.nativeSwitch(tx, p.resource, name), configuration[name].about})
		}
	}
	return out, nil
}

func (p procedures) setSwitch(tx *store.Tx, i Instance, a arguments) (*tds.Table, error) {
	name, value := strings.ToLower(a.text("name")), strings.ToLower(a.text("value"))
	if _, known := configuration[name]; !known {
		return nil, raise("%s is not a valid configuration name.", a.text("name"))
	}
	if name == compression && value != "true" && value != "false" {
		return nil, raise("%s is not a valid value for %s. Use 'true' or 'false'.", a.text("value"), a.text("name"))
	}
	old, _ := p.s.switches.Get(tx, p.resource)
	set := maps.Clone(old)
	if set == nil {
		set = map[string]string{}
	}
	set[name] = value
	p.s.switches.Put(tx, p.resource, set)
	return &tds.Table{}, nil
}
