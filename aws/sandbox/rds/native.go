package rds

import (
	tds "lifeboat/aws/sandbox/database/sqlserver"
	"lifeboat/aws/sandbox/store"
)

// native is what SQL Server's native backup and restore keep.
type native struct{}

func (s *Service) newNative(*store.Store) {}

// procedures are the stored procedures of RDS on an instance, by its resource id; nil is none.
func (s *Service) procedures(resource string) tds.Procedures { return nil }
