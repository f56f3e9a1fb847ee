// Package endpoint connects to databases: the client's side of an address that an instance answers at.
package endpoint

import (
	_ "github.com/jackc/pgx/v5"          // Postgres
	_ "github.com/jackc/pgx/v5/pgproto3" // its protocol
	_ "github.com/microsoft/go-mssqldb"  // SQL Server
)
