package rds

import (
	"fmt"
	"time"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
)

// Backup is the automated backups of an instance where the instance itself is not: retained when it was deleted, or
// replicated into another Region. Those of an instance that is there are told from the instance.
type Backup struct {
	ID, Account, Region string
	Status              string   // creating, active, retained
	Of                  Instance // as it was
	History             database.History
	Since, Until        time.Time // what can be restored: from, to
	Expires             time.Time `json:",omitzero"`
	Source              string    `json:",omitempty"` // of a replica: the ARN of the instance, which is asked for what is new while it is there
}

func (b Backup) key() string { return row(b.Account, b.Region, b.ID) }

// ARN names the backups.
func (b Backup) ARN() string { return arn(b.Region, b.Account, "auto-backup", b.ID) }

// Kinds of what is due of automated backups. They are schedules and ends of retention, which keep their time in any weather.
const (
	dueBackup = "rds.backup" // account/region/resource id: the daily one
	dueExpiry = "rds.expiry" // account/region/rds:... or ab-...: its retention is over
)

const day = 24 * time.Hour

// logs is how often transaction logs are kept for point in time (RDS User Guide, "Restoring to a specified time").
const logs = 5 * time.Minute

// latest is the newest moment the automated backups of an instance can give, zero where they give none.
func (i Instance) latest(now time.Time) time.Time {
	if i.BackupSince.IsZero() {
		return time.Time{}
	}
	if i.Status == stopped {
		now = i.Restarts.Add(-longest) // nothing was written since
	} else {
		now = now.Truncate(logs)
	}
	if now.Before(i.BackupSince) {
		return i.BackupSince
	}
	return now
}

// planBackup sets the next daily backup, in the instance's window.
func (s *Service) planBackup(tx *store.Tx, i Instance) {
	if i.Retention == 0 || i.ClusterResource != "" {
		tx.Cancel(dueBackup, i.dueKey())
		return
	}
	tx.Due(nextDaily(i.Window, tx.Now()), dueBackup, i.dueKey())
}

// again is how long a daily backup waits for an instance that is busy.
const again = 10 * time.Minute

// backupDue takes the daily backup. A stopped instance has none; a busy one a little later.
func (s *Service) backupDue(tx *store.Tx, key string) error {
	account, region, resource := parts(key)
	i, ok := s.resource(tx, account, region, resource)
	switch {
	case !ok || i.Retention == 0 || i.Status == deleting:
		return nil
	case i.usable():
		return s.backUp(tx, &i)
	case i.Status == stopped || takes[i.Status] == 0:
		s.planBackup(tx, i)
	default:
		tx.Due(tx.Now().Add(again), dueBackup, key)
	}
	return nil
}

// backUp takes an automated backup of an instance, which is in state backing-up meanwhile.
func (s *Service) backUp(tx *store.Tx, i *Instance) error {
	h, err := s.seal(tx, i.Resource)
	if err != nil {
		return err
	}
	snap := s.snapshot(tx, *i, "rds:"+i.ID+"-"+tx.Now().UTC().Format("2006-01-02-15-04"), automated, h)
	tx.Due(tx.Now().Add(time.Duration(i.Retention)*day), dueExpiry, snap.key())
	s.tell(tx, *i, "Backing up DB instance", "backup")
	s.enter(tx, i, backingUp)
	s.planBackup(tx, *i)
	return nil
}

// backedUp is the end of a backup, an automated or a manual one. From the first automated one on there are points in time.
func (s *Service) backedUp(tx *store.Tx, i *Instance) {
	if all := s.automatedOf(tx, i.Account, i.Region, i.Resource); i.BackupSince.IsZero() && len(all) > 0 {
		i.BackupSince = all[0].Created
	}
	s.tell(tx, *i, "Finished DB Instance backup", "backup")
	s.enter(tx, i, available)
}

// automatedOf are the automated snapshots of a resource id, the oldest first.
func (s *Service) automatedOf(tx *store.Tx, account, region, resource string) (all []Snapshot) {
	s.snapshots.Scan(tx, row(account, region, "rds:"), func(_ string, snap Snapshot) bool {
		if snap.Of.Resource == resource && snap.Type == automated {
			all = append(all, snap)
		}
		return true
	})
	sortBy(all, func(s Snapshot) time.Time { return s.Created })
	return all
}

// expiryDue ends the retention of an automated snapshot, or of retained backups. The only snapshot of an instance stays
// until there is another: without one there is no point in time.
func (s *Service) expiryDue(tx *store.Tx, key string) error {
	if b, ok := s.backups.Get(tx, key); ok {
		s.removeBackup(tx, b)
		return nil
	}
	snap, ok := s.snapshots.Get(tx, key)
	if !ok {
		return nil
	}
	i, there := s.resource(tx, snap.Account, snap.Region, snap.Of.Resource)
	if there && len(s.automatedOf(tx, snap.Account, snap.Region, snap.Of.Resource)) == 1 {
		tx.Due(tx.Now().Add(day), dueExpiry, key)
		return nil
	}
	s.removeSnapshot(tx, snap)
	if there {
		s.since(tx, &i, s.automatedOf(tx, snap.Account, snap.Region, snap.Of.Resource)[0].Created)
	}
	return nil
}

// since lets the automated backups of an instance begin at a moment; what only earlier ones need is let go.
func (s *Service) since(tx *store.Tx, i *Instance, from time.Time) {
	i.BackupSince = from
	s.instances.Put(tx, i.key(), *i)
	if h, ok := s.history(tx, i.Resource); ok {
		s.keepHistory(tx, i.Resource, h.After(from))
	}
}

// retain brings the automated backups of an instance to its new number of days: none lets all of them go.
func (s *Service) retain(tx *store.Tx, i *Instance) error {
	all := s.automatedOf(tx, i.Account, i.Region, i.Resource)
	if i.Retention > 0 {
		for _, snap := range all {
			tx.Due(snap.Created.Add(time.Duration(i.Retention)*day), dueExpiry, snap.key())
		}
		return nil
	}
	for _, snap := range all {
		s.removeSnapshot(tx, snap)
	}
	tx.Cancel(dueBackup, i.dueKey())
	i.BackupSince = time.Time{}
	h, err := s.seal(tx, i.Resource)
	if err != nil {
		return err
	}
	s.keepHistory(tx, i.Resource, h.After(h.Last()))
	return nil
}

// removeBackup deletes automated backups whose instance is gone, with their snapshots.
func (s *Service) removeBackup(tx *store.Tx, b Backup) {
	for _, snap := range s.automatedOf(tx, b.Account, b.Region, b.Of.Resource) {
		s.removeSnapshot(tx, snap)
	}
	tx.Cancel(dueExpiry, b.key())
	s.dropTags(tx, b.ARN())
	s.backups.Delete(tx, b.key())
}

// nextDaily is the next time a daily window (hh24:mi-hh24:mi, UTC) begins after a moment.
func nextDaily(window string, after time.Time) time.Time {
	begins, _ := time.Parse("15:04", window[:5])
	next := after.UTC().Truncate(day).Add(time.Duration(begins.Hour())*time.Hour + time.Duration(begins.Minute())*time.Minute)
	if !next.After(after) {
		next = next.Add(day)
	}
	return next
}

// nextWeekly is the same for a weekly window (ddd:hh24:mi-ddd:hh24:mi).
func nextWeekly(window string, after time.Time) time.Time {
	next := nextDaily(window[4:], after)
	for fmt.Sprintf("%.3s", next.Weekday()) != string(window[0]-'a'+'A')+window[1:3] {
		next = next.Add(day)
	}
	return next
}
