package rds

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tds "lifeboat/aws/sandbox/database/sqlserver"
	"lifeboat/aws/sandbox/store"
)

// native is what SQL Server's native backup and restore keep (RDS User Guide, "Importing and exporting SQL Server databases using native
// backup and restore"). Its rule: a task is a row that due events bring from one state to the next. What a backup carries is taken when the
// task starts and kept with the row; it is in the bucket when the task has ended. What a restore brings is loaded when the task ends. Both
// can be done twice with the same result, so a task that a kill met goes on.
type native struct {
	tasks    *store.Table[Task]              // resource id/number
	bases    *store.Table[base]              // resource id/database in lower case: its last full backup
	partial  *store.Table[partial]           // resource id/database in lower case: what is in the RESTORING state
	switches *store.Table[map[string]string] // resource id: rds_set_configuration
}

// Task is a task of native backup or restore.
type Task struct {
	Number    int
	Resource  string
	Kind      string // task_type
	Database  string
	Bucket    string
	Key       string // with a * where there are several files
	Files     int    // of a backup
	Overwrite bool   `json:",omitempty"`
	KMSKey    string `json:",omitempty"`
	Lifecycle string
	Created   time.Time
	Started   time.Time  `json:",omitzero"`
	Ends      time.Time  `json:",omitzero"` // when it will have ended, or did
	Info      []string   // the lines of task_info
	Backup    string     `json:",omitempty"` // id of what it writes
	Images    []keptFile `json:",omitempty"` // the files it will write
	Loading   bool       `json:",omitempty"` // of a restore: a database of the name is its own
}

// base is a full backup that differential ones are based on.
type base struct {
	Backup string
	At     time.Time
	Images []keptFile
}

// partial is a database that waits for more: restored with NORECOVERY.
type partial struct {
	Database string
	Backup   string // the full backup it came from
	Images   []keptFile
}

// Lifecycles of a task, as rds_task_status has them.
const (
	taskCreated         = "CREATED"
	taskInProgress      = "IN_PROGRESS"
	taskSuccess         = "SUCCESS"
	taskError           = "ERROR"
	taskCancelRequested = "CANCEL_REQUESTED"
	taskCancelled       = "CANCELLED"
)

// Types of tasks. NORECOVERY is said at their end.
const (
	backupFull          = "BACKUP_DB"
	backupDifferential  = "BACKUP_DB_DIFFERENTIAL"
	restoreFull         = "RESTORE_DB"
	restoreDifferential = "RESTORE_DB_DIFFERENTIAL"
	finishRestore       = "FINISH_RESTORE"
	noRecovery          = "_NORECOVERY"
)

const (
	dueNative = "rds.native.job"    // resource id/number: its state is over
	dueForget = "rds.native.memory" // resource id/number: it ended long ago
	// nativeStarts is how long a task is CREATED; AWS says up to 5 minutes.
	nativeStarts = 20 * time.Second
	// nativeTakes is how long a task takes at least, and nativeRate how many bytes more it does in a second; both are ours.
	nativeTakes  = 40 * time.Second
	nativeRate   = 8 << 20
	nativeWaits  = time.Minute // until a task asks again whether it may start
	nativeStops  = 5 * time.Second
	nativeAtOnce = 2
	nativeKept   = 36 * day
)

func (s *Service) newNative(st *store.Store) {
	s.native = native{
		tasks:    store.NewTable[Task](st, "rds.native-tasks"),
		bases:    store.NewTable[base](st, "rds.native-bases"),
		partial:  store.NewTable[partial](st, "rds.native-partial"),
		switches: store.NewTable[map[string]string](st, "rds.native-switches"),
	}
	st.OnDue(dueNative, s.taskDue)
	st.OnDue(dueForget, s.forgetDue)
	st.OnSweep(s.keepsNative)
}

// keepsNative tells the sweep what files are kept, of instances that are there.
func (s *Service) keepsNative(tx *store.Tx, k *store.Kept) {
	keep := func(key string, files []keptFile) bool {
		resource, _, _ := strings.Cut(key, "/")
		if _, there := s.history(tx, resource); there {
			for _, file := range files {
				for _, hash := range file.Chunks {
					k.Content(hash)
				}
			}
		}
		return true
	}
	s.tasks.Scan(tx, "", func(key string, t Task) bool { return keep(key, t.Images) })
	s.bases.Scan(tx, "", func(key string, b base) bool { return keep(key, b.Images) })
	s.partial.Scan(tx, "", func(key string, p partial) bool { return keep(key, p.Images) })
}

func (t Task) key() string { return fmt.Sprintf("%s/%08d", t.Resource, t.Number) }

// place is the row of a database of a resource id.
func place(resource, database string) string { return resource + "/" + strings.ToLower(database) }

// pending says that the task has not ended.
func (t Task) pending() bool {
	return t.Lifecycle == taskCreated || t.Lifecycle == taskInProgress || t.Lifecycle == taskCancelRequested
}

// restores says that it brings a database, or opens one.
func (t Task) restores() bool {
	return strings.HasPrefix(t.Kind, restoreFull) || t.Kind == finishRestore
}

// note adds a line to task_info.
func (t *Task) note(now time.Time, format string, args ...any) {
	t.Info = append(slices.Clone(t.Info), "["+now.UTC().Format("2006-01-02 15:04:05.000")+"] "+fmt.Sprintf(format, args...))
}

// tasksOf are the tasks of a resource id, by number.
func (s *Service) tasksOf(tx *store.Tx, resource string) (all []Task) {
	s.tasks.Scan(tx, resource+"/", func(_ string, t Task) bool { all = append(all, t); return true })
	return all
}

// owner is the instance of a resource id, whosever and wherever it is.
func (s *Service) owner(tx *store.Tx, resource string) (found Instance, ok bool) {
	s.instances.Scan(tx, "", func(_ string, i Instance) bool {
		if i.Resource == resource {
			found, ok = i, true
		}
		return !ok
	})
	return found, ok
}

// submit makes a task.
func (s *Service) submit(tx *store.Tx, t Task) Task {
	t.Number = 1
	if all := s.tasksOf(tx, t.Resource); len(all) > 0 {
		t.Number = all[len(all)-1].Number + 1
	}
	t.Lifecycle, t.Created = taskCreated, tx.Now()
	s.tasks.Put(tx, t.key(), t)
	tx.Due(tx.Now().Add(nativeStarts), dueNative, t.key())
	return t
}

// taskDue brings a task into its next state.
func (s *Service) taskDue(tx *store.Tx, key string) error {
	t, ok := s.tasks.Get(tx, key)
	if !ok {
		return nil
	}
	i, ok := s.owner(tx, t.Resource)
	if !ok || i.Status == deleting {
		s.forget(tx, t.Resource)
		return nil
	}
	switch t.Lifecycle {
	case taskCreated:
		return s.startTask(tx, i, t)
	case taskInProgress:
		return s.endTask(tx, i, t)
	case taskCancelRequested:
		t.note(tx.Now(), "Task has been canceled.")
		s.ended(tx, t, taskCancelled)
	}
	return nil
}

// forgetDue ends the memory of a task and, when its instance is gone, of all that was kept for it.
func (s *Service) forgetDue(tx *store.Tx, key string) error {
	resource, _, _ := strings.Cut(key, "/")
	s.tasks.Delete(tx, key)
	if _, there := s.owner(tx, resource); !there {
		s.forget(tx, resource)
	}
	return nil
}

// forget lets go of all that was kept for an instance that is gone.
func (s *Service) forget(tx *store.Tx, resource string) {
	for _, t := range s.tasksOf(tx, resource) {
		tx.Cancel(dueNative, t.key())
		tx.Cancel(dueForget, t.key())
		s.tasks.Delete(tx, t.key())
	}
	remove(tx, s.bases, resource)
	remove(tx, s.partial, resource)
	s.switches.Delete(tx, resource)
}

// remove deletes the rows of a resource id.
func remove[T any](tx *store.Tx, table *store.Table[T], resource string) {
	var keys []string
	table.Scan(tx, resource+"/", func(key string, _ T) bool { keys = append(keys, key); return true })
	for _, key := range keys {
		table.Delete(tx, key)
	}
}

// startTask lets a task begin, unless two are under way or the instance is busy.
func (s *Service) startTask(tx *store.Tx, i Instance, t Task) error {
	running := 0
	for _, o := range s.tasksOf(tx, t.Resource) {
		if o.Lifecycle == taskInProgress || o.Lifecycle == taskCancelRequested && !o.Started.IsZero() {
			running++
		}
	}
	if running >= nativeAtOnce {
		return nil // the end of another calls it
	}
	if !i.usable() && takes[i.Status] > 0 {
		tx.Due(tx.Now().Add(nativeWaits), dueNative, t.key())
		return nil
	}
	t.Started = tx.Now()
	t.note(tx.Now(), "Task execution has started.")
	work := s.startBackup
	if t.restores() {
		work = s.startRestore
	}
	bytes, err := work(tx, i, &t)
	if !i.serves() {
		err = raise("The DB instance is in the %s state.", i.Status)
	}
	if err != nil {
		return s.failed(tx, t, err)
	}
	t.Lifecycle, t.Ends = taskInProgress, tx.Now().Add(nativeTakes+time.Duration(bytes)*time.Second/nativeRate)
	s.tasks.Put(tx, t.key(), t)
	tx.Due(t.Ends, dueNative, t.key())
	return nil
}

// endTask does what a task was for.
func (s *Service) endTask(tx *store.Tx, i Instance, t Task) error {
	if why := tx.Failure(); why != "" {
		return s.failed(tx, t, fmt.Errorf("%s", why))
	}
	if t.restores() && !t.Loading {
		return s.beginLoading(tx, t)
	}
	work := s.endBackup
	if t.restores() {
		work = s.endRestore
	}
	if err := work(tx, i, &t); err != nil {
		return s.failed(tx, t, err)
	}
	s.ended(tx, t, taskSuccess)
	return nil
}

// failed ends a task with the reason in task_info, in the words of the documentation's list of errors.
func (s *Service) failed(tx *store.Tx, t Task, err error) error {
	t.note(tx.Now(), "%s", err.Error())
	if t.restores() {
		t.note(tx.Now(), "Aborted the task because of a task failure or a concurrent RESTORE_DB request.")
	} else {
		t.note(tx.Now(), "Aborted the task because of a task failure or an overlap with your preferred backup window for RDS automated backup.")
	}
	s.ended(tx, t, taskError)
	return nil
}

// ended keeps a task that is over, and lets those begin that waited for it.
func (s *Service) ended(tx *store.Tx, t Task, lifecycle string) {
	t.Lifecycle, t.Ends, t.Images = lifecycle, tx.Now(), nil
	s.tasks.Put(tx, t.key(), t)
	tx.Due(tx.Now().Add(nativeKept), dueForget, t.key())
	for _, o := range s.tasksOf(tx, t.Resource) {
		if o.Lifecycle == taskCreated && !o.Created.Add(nativeStarts).After(tx.Now()) {
			tx.Due(tx.Now(), dueNative, o.key())
		}
	}
}

// procedures are the stored procedures of RDS on an instance, by its resource id.
func (s *Service) procedures(resource string) tds.Procedures { return procedures{s, resource} }

// procedures of one instance.
type procedures struct {
	s        *Service
	resource string
}

// State is the state of a database that is not ONLINE: RESTORING while it waits for more.
func (p procedures) State(name string) (state string) {
	p.s.st.View(func(tx *store.Tx) error {
		if _, waits := p.s.partial.Get(tx, place(p.resource, name)); waits {
			state = "RESTORING"
		}
		return nil
	})
	return state
}
