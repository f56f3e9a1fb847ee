package rds

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// point is what automated backups can give: of an instance that is there, or of one whose backups were kept.
type point struct {
	of           Instance
	since, until time.Time
	history      func() (database.History, error)
}

// RestoreDBInstanceToPointInTime makes a new instance with the data another one had at a moment, to the second and earlier or at
// its LatestRestorableTime. What RestoreDBInstanceFromDBSnapshot says of settings holds here too.
func (s *Service) RestoreDBInstanceToPointInTime(ctx context.Context, in *rds.RestoreDBInstanceToPointInTimeInput) (*rds.RestoreDBInstanceToPointInTimeOutput, error) {
	out := &rds.RestoreDBInstanceToPointInTimeOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) (err error) {
		p, err := s.point(tx, c, in)
		if err != nil {
			return err
		}
		at := p.until
		r := restore{
			parameter: "TargetDBInstanceIdentifier", name: in.TargetDBInstanceIdentifier, of: p.of, engine: aws.ToString(in.Engine), change: chosen(in),
			tags: in.Tags, specified: in.TagSpecifications,
		}
		r.ready = func() error {
			if in.RestoreTime != nil {
				at = in.RestoreTime.UTC()
			}
			return p.ready(in)
		}
		r.history = func() (database.History, error) {
			h, err := p.history()
			return h.At(at).After(at), err
		}
		out.DBInstance, err = s.restore(tx, c, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ready refuses a moment that cannot be given.
func (p point) ready(in *rds.RestoreDBInstanceToPointInTimeInput) error {
	newest := aws.ToBool(in.UseLatestRestorableTime)
	switch at := in.RestoreTime; {
	case at != nil && newest:
		return errorf("InvalidParameterCombination", "RestoreTime cannot be specified when UseLatestRestorableTime is true.")
	case at == nil && !newest:
		return errorf("InvalidParameterCombination", "Either RestoreTime or UseLatestRestorableTime must be specified.")
	case p.of.Retention == 0:
		return errorf("PointInTimeRestoreNotEnabled", "SourceDBInstanceIdentifier refers to a DB instance with BackupRetentionPeriod equal to 0.")
	case p.since.IsZero():
		return errorf("InvalidDBInstanceState", "The source DB instance %s has no automated backup yet.", p.of.ID)
	case at != nil && (at.Before(p.since.Truncate(time.Second)) || at.After(p.until)):
		return invalid("The specified RestoreTime %s is not within the restorable window of %s: %s to %s", wireTime(*at), p.of.ID, wireTime(p.since), wireTime(p.until))
	}
	return nil
}

func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// point finds the source: by the instance's name or resource id, or by the ARN of backups that were kept.
func (s *Service) point(tx *store.Tx, c wire.Caller, in *rds.RestoreDBInstanceToPointInTimeInput) (p point, err error) {
	var named int
	for _, name := range []*string{in.SourceDBInstanceIdentifier, in.SourceDbiResourceId, in.SourceDBInstanceAutomatedBackupsArn} {
		if name != nil {
			named++
		}
	}
	if named != 1 {
		return p, errorf("InvalidParameterCombination", "Exactly one of SourceDBInstanceIdentifier, SourceDbiResourceId and SourceDBInstanceAutomatedBackupsArn must be specified.")
	}
	if in.SourceDBInstanceIdentifier != nil {
		i, err := s.instance(tx, c, *in.SourceDBInstanceIdentifier)
		if err != nil {
			return p, err
		}
		return s.pointOf(tx, i)
	}
	b, i, err := s.backup(tx, c, in.SourceDbiResourceId, in.SourceDBInstanceAutomatedBackupsArn)
	switch {
	case err != nil:
		return p, err
	case b == nil:
		return s.pointOf(tx, i)
	}
	return s.pointKept(tx, *b), nil
}

// pointOf is what the automated backups of an instance give. The data is that of now: what was committed up to the call can be had.
func (s *Service) pointOf(tx *store.Tx, i Instance) (point, error) {
	if i.ClusterResource != "" {
		return point{}, errorf("InvalidParameterCombination", "%s is a member of a DB cluster: use RestoreDBClusterToPointInTime.", i.ID)
	}
	return point{of: i, since: i.BackupSince, until: i.latest(tx.Now()), history: func() (database.History, error) { return s.seal(tx, i.Resource) }}, nil
}

// pointKept is what backups give that were kept.
func (s *Service) pointKept(tx *store.Tx, b Backup) point {
	p := point{of: b.Of, since: b.Since, until: b.Until, history: func() (database.History, error) { return b.History, nil }}
	if i, ok := s.replicated(tx, b); ok {
		p.until = i.latest(tx.Now())
		p.history = func() (database.History, error) { return s.seal(tx, i.Resource) }
	}
	return p
}

// backup finds automated backups: those that were kept, or the instance that has them.
func (s *Service) backup(tx *store.Tx, c wire.Caller, resource, arn *string) (kept *Backup, i Instance, err error) {
	if arn != nil {
		account, region, id, ok := parseARN(*arn, "auto-backup")
		if !ok || account != c.Account || region != c.Region {
			return nil, i, noBackup(*arn)
		}
		if b, ok := s.backups.Get(tx, row(account, region, id)); ok {
			return &b, i, nil
		}
		for _, i := range s.members(tx, c.Account, c.Region, func(i Instance) bool { return i.BackupID == id && i.Retention > 0 }) {
			return nil, i, nil
		}
		return nil, i, noBackup(*arn)
	}
	for _, b := range listed(tx, s.backups, c.Account, c.Region) {
		if strings.EqualFold(b.Of.Resource, aws.ToString(resource)) {
			return &b, i, nil
		}
	}
	for _, i := range s.members(tx, c.Account, c.Region, func(i Instance) bool { return strings.EqualFold(i.Resource, aws.ToString(resource)) }) {
		return nil, i, nil
	}
	return nil, i, noBackup(aws.ToString(resource))
}

func noBackup(name string) error {
	return errorf("DBInstanceAutomatedBackupNotFound", "DBInstanceAutomatedBackup not found: %s", name)
}
