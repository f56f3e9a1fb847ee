package sqlserver

import (
	"context"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// steer begins and ends transactions. They nest by count only, as in SQL Server.
func (x *session) steer(ctx context.Context, s tsql.Statement) error {
	switch s.(type) {
	case tsql.Begin:
		if x.open == 0 {
			if err := x.db.Begin(ctx); err != nil {
				return err
			}
			x.tranID++
			x.flush(true)
			x.out.Began(x.tranID)
		}
		x.open++
	case tsql.Commit:
		if x.open == 0 {
			return failure(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.")
		}
		if x.open--; x.open > 0 {
			return nil
		}
		if err := x.db.Commit(ctx); err != nil {
			x.out.RolledBack(x.tranID)
			return err
		}
		x.flush(true)
		x.out.Committed(x.tranID)
	case tsql.Rollback:
		if x.open == 0 {
			return failure(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.")
		}
		x.rolledBack(ctx)
	}
	return nil
}

// rolledBack takes the transaction back, or knows that it was.
func (x *session) rolledBack(ctx context.Context) {
	if x.open == 0 {
		return
	}
	x.open = 0
	if err := x.db.Rollback(context.WithoutCancel(ctx)); err != nil {
		x.server.o.Log.Debug("a rollback met an error", "database", x.database, "error", err)
	}
	x.flush(true)
	x.out.RolledBack(x.tranID)
}

// transaction does what a client asks for outside of SQL.
func (x *session) transaction(ctx context.Context, t tds.TransactionRequest) error {
	var s tsql.Statement = tsql.Begin{}
	switch t.Action {
	case "commit":
		s = tsql.Commit{}
	case "rollback":
		s = tsql.Rollback{}
	}
	if err := x.steer(ctx, s); err != nil {
		return err
	}
	if t.Begin {
		return x.steer(ctx, tsql.Begin{})
	}
	return nil
}
