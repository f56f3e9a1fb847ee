package rds

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
)

// States of an instance (RDS User Guide, "Viewing Amazon RDS DB instance status").
const (
	creating            = "creating"
	backingUp           = "backing-up"
	available           = "available"
	modifying           = "modifying"
	renaming            = "renaming"
	rebooting           = "rebooting"
	stopping            = "stopping"
	stopped             = "stopped"
	starting            = "starting"
	deleting            = "deleting"
	optimizing          = "storage-optimization"
	resetting           = "resetting-master-credentials"
	configuringAuth     = "configuring-iam-database-auth"
	configuringLogs     = "configuring-log-exports"
	storageFull         = "storage-full"
	failed              = "failed"
	incompatibleRestore = "incompatible-restore"
	incompatibleValues  = "incompatible-parameters"
	noCapacity          = "insufficient-capacity"
)

// takes is how long a state lasts. The durations are ours: AWS gives none, and these are of the size that users see for a
// small instance.
var takes = map[string]time.Duration{
	creating:        6 * time.Minute,
	backingUp:       2 * time.Minute,
	modifying:       2 * time.Minute,
	renaming:        time.Minute,
	rebooting:       30 * time.Second,
	stopping:        3 * time.Minute,
	starting:        4 * time.Minute,
	deleting:        4 * time.Minute,
	optimizing:      10 * time.Minute,
	resetting:       30 * time.Second,
	configuringAuth: time.Minute,
	configuringLogs: time.Minute,
}

// longest is how long an instance can be stopped before RDS starts it (User Guide, "Stopping an Amazon RDS DB instance
// temporarily").
const longest = 7 * 24 * time.Hour

// Kinds of what is due. Jobs take longer in slow weather and can fail; the others keep their time.
const (
	dueInstance    = "rds.instance.job" // account/region/resource id: its state is over
	dueMaintenance = "rds.maintenance"  // account/region/resource id: what waited for the window is applied
	dueRestart     = "rds.restart"      // account/region/resource id: it was stopped for long enough
)

// serves says whether one can connect to the instance.
func (i Instance) serves() bool {
	switch i.Status {
	case available, backingUp, modifying, optimizing, resetting, configuringAuth, configuringLogs, storageFull:
		return !i.Made.IsZero()
	}
	return false
}

// usable are the states in which RDS takes a snapshot.
func (i Instance) usable() bool { return i.Status == available || i.Status == optimizing }

// mendable are the states in which an instance can be changed or rebooted: it is usable, or that is how it becomes so again.
func (i Instance) mendable() bool {
	return i.usable() || i.Status == storageFull || i.Status == incompatibleValues
}

func (i Instance) door() door {
	return door{
		account: i.Account, region: i.Region, kind: doorInstance, name: i.ID, resource: i.Data(), instance: i.Resource,
		boot: i.Boot, engine: i.Engine, version: i.Version, master: i.Master,
	}
}

// masterPassword is the master's password at a door.
func (s *Service) masterPassword(tx *store.Tx, d door) (string, bool) {
	i, ok := s.resource(tx, d.account, d.region, d.instance)
	return i.Password, ok
}

func (i Instance) dueKey() string { return row(i.Account, i.Region, i.Resource) }

// resource is the instance of a resource id, whatever its name is now.
func (s *Service) resource(tx *store.Tx, account, region, resource string) (found Instance, ok bool) {
	s.instances.Scan(tx, row(account, region, ""), func(_ string, i Instance) bool {
		if i.Resource == resource {
			found, ok = i, true
		}
		return !ok
	})
	return found, ok
}

// enter brings an instance into a state, which ends by itself when it is one that does, and keeps it.
func (s *Service) enter(tx *store.Tx, i *Instance, state string) {
	i.Status = state
	if d, ends := takes[state]; ends {
		tx.Due(tx.Now().Add(d), dueInstance, i.dueKey())
	} else {
		tx.Cancel(dueInstance, i.dueKey())
	}
	s.instances.Put(tx, i.key(), *i)
	s.changed()
}

// tell makes an event of an instance.
func (s *Service) tell(tx *store.Tx, i Instance, message string, categories ...string) {
	s.event(tx, i.Account, i.Region, types.SourceTypeDbInstance, i.ID, message, categories...)
}

// instanceDue is called when a state is over.
func (s *Service) instanceDue(tx *store.Tx, key string) error {
	account, region, resource := parts(key)
	i, ok := s.resource(tx, account, region, resource)
	if !ok {
		return nil
	}
	if why := tx.Failure(); why != "" {
		s.fails(tx, &i, why)
		return nil
	}
	if err := s.next(tx, i); err != nil {
		s.o.Log.Error("a database instance cannot go on", slog.String("instance", i.ID), slog.String("state", i.Status), slog.Any("error", err))
		s.fails(tx, &i, "An internal error has occurred.")
	}
	return nil
}

// next is what follows on a state. It changes nothing where it gives an error.
func (s *Service) next(tx *store.Tx, i Instance) error {
	switch i.Status {
	case creating:
		return s.created(tx, &i)
	case backingUp:
		s.backedUp(tx, &i)
	case modifying, renaming, resetting, configuringAuth, configuringLogs:
		return s.modified(tx, &i)
	case rebooting:
		i.ParameterStatus = "in-sync"
		s.tell(tx, i, "DB instance restarted", "availability")
		s.enter(tx, &i, available)
	case starting:
		i.Restarts = time.Time{}
		s.tell(tx, i, "DB instance started", "notification")
		s.enter(tx, &i, available)
		s.planBackup(tx, i)
	case stopping:
		i.Restarts = tx.Now().Add(longest)
		tx.Due(i.Restarts, dueRestart, i.dueKey())
		s.tell(tx, i, "DB instance stopped", "notification")
		s.enter(tx, &i, stopped)
	case deleting:
		return s.deleted(tx, i)
	case optimizing:
		s.enter(tx, &i, available)
	}
	return nil
}

// fails is what becomes of an instance whose state ended badly.
func (s *Service) fails(tx *store.Tx, i *Instance, why string) {
	state := available // as it was before
	switch i.Status {
	case creating:
		if state = failed; i.Restored {
			state = incompatibleRestore
		}
	case modifying, rebooting:
		state = incompatibleValues
	case starting:
		state = noCapacity
	case deleting: // what is going goes, later
		state = deleting
	}
	i.Doing = nil
	s.tell(tx, *i, fmt.Sprintf("The DB instance is in the %s state: %s", state, why), "failure")
	s.enter(tx, i, state)
}

// created is the end of creating: there are databases now, and the first automated backup is taken.
func (s *Service) created(tx *store.Tx, i *Instance) error {
	if i.ClusterResource == "" {
		if err := s.furnish(tx, *i); err != nil {
			return err
		}
	}
	i.Made = tx.Now()
	i.ParameterStatus = inSync
	s.joinOptions(tx, i)
	if i.Secret != nil {
		i.Secret = &Secret{ARN: i.Secret.ARN, KMSKey: i.Secret.KMSKey, Status: active}
	}
	what := "DB instance created"
	if i.Restored {
		what = "Restored from snapshot"
	}
	s.tell(tx, *i, what, "creation")
	if i.ClusterResource != "" || i.Retention == 0 {
		s.enter(tx, i, available)
		return nil
	}
	return s.backUp(tx, i)
}

// furnish makes the databases that every instance of the engine has, and the one that was asked for.
func (s *Service) furnish(tx *store.Tx, i Instance) error {
	h, _ := s.history(tx, i.Resource)
	server, err := s.open(i.Resource, h)
	if err != nil {
		return err
	}
	if !i.Restored {
		for _, name := range i.first() {
			if err := server.Create(name); err != nil && !errors.Is(err, database.ErrExists) {
				return fmt.Errorf("create database %s of %s: %w", name, i.ID, err)
			}
		}
	}
	_, err = s.seal(tx, i.Resource)
	return err
}

// first are the databases a new instance has.
func (i Instance) first() []string {
	if editions[i.Engine] != "" {
		return nil // SQL Server's own are not files
	}
	names := []string{"postgres"}
	if i.DBName != "" && i.DBName != "postgres" {
		names = append(names, i.DBName)
	}
	return names
}

// restartDue starts what was stopped for as long as can be.
func (s *Service) restartDue(tx *store.Tx, key string) error {
	account, region, resource := parts(key)
	i, ok := s.resource(tx, account, region, resource)
	if ok && i.Status == stopped {
		s.tell(tx, i, "DB instance is being started due to it exceeding the maximum allowed time being stopped.", "notification")
		s.enter(tx, &i, starting)
	}
	return nil
}
