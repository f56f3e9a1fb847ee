// Package database keeps the databases of a sandbox instance: SQLite files that serve, and their history in the store.
package database

import _ "modernc.org/sqlite" // the engine
