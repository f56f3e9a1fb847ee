package sqlserver

import (
	"maps"
	"slices"
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// understood is what T-SQL the endpoint runs, each with an example that a test runs, in order.
var understood = []struct{ what, example string }{
	{"databases", "CREATE DATABASE a; ALTER DATABASE a SET RECOVERY SIMPLE; ALTER DATABASE a SET SINGLE_USER WITH ROLLBACK IMMEDIATE; ALTER DATABASE a MODIFY NAME = b; USE b; USE master; DROP DATABASE IF EXISTS b"},
	{"tables", "CREATE TABLE t (id int IDENTITY(1,1) PRIMARY KEY, name nvarchar(50) NOT NULL DEFAULT N'x', n decimal(10,2) CHECK (n > 0), CONSTRAINT names UNIQUE (name)); ALTER TABLE t ADD more bit NULL; ALTER TABLE t DROP COLUMN more"},
	{"references", "CREATE TABLE child (id int NOT NULL REFERENCES t(id) ON DELETE CASCADE); CREATE INDEX ix ON child (id DESC); DROP INDEX ix ON child; DROP TABLE child"},
	{"data types", "DECLARE @i int, @b bigint, @s smallint, @y tinyint, @o bit, @f float, @r real, @d decimal(15,2), @c char(3), @v varchar(10), @n nchar(3), @w nvarchar(max), @x varbinary(max), @z binary(4), @m datetime2(3), @e datetime, @l smalldatetime, @a date, @t time(3), @u uniqueidentifier"},
	{"INSERT", "INSERT INTO t (name) VALUES (N'a'), ('b'); INSERT t (name) SELECT name + 'x' FROM t; INSERT t DEFAULT VALUES; SET IDENTITY_INSERT t ON; INSERT t (id, name) OUTPUT inserted.id VALUES (50, 'z'); SET IDENTITY_INSERT t OFF"},
	{"UPDATE and DELETE", "UPDATE TOP (1) t SET name += N'y', n = DEFAULT OUTPUT inserted.name WHERE id = 1; DELETE FROM t OUTPUT deleted.id WHERE id = 50"},
	{"SELECT", "SELECT DISTINCT TOP (5) a.id, b.name AS n FROM dbo.t a LEFT JOIN [t] AS b WITH (NOLOCK) ON b.id = a.id, (VALUES (1), (2)) v(x) WHERE a.id IN (1, 2) AND a.name LIKE '%[a-z]_' OR EXISTS (SELECT 1) ORDER BY a.id DESC"},
	{"groups and windows", "SELECT name, COUNT(*), ROW_NUMBER() OVER (PARTITION BY name ORDER BY name) FROM t GROUP BY name HAVING COUNT(*) > 0 ORDER BY name OFFSET 0 ROWS FETCH NEXT 5 ROWS ONLY"},
	{"UNION, EXCEPT, INTERSECT, common table expressions", "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n EXCEPT SELECT 1 OPTION (MAXRECURSION 0)"},
	{"GENERATE_SERIES", "SELECT SUM(value) FROM GENERATE_SERIES(1, 10)"},
	{"temporary tables of a session", "SELECT id, name INTO #t FROM t; SELECT COUNT(*) FROM #t; DROP TABLE #t"},
	{"conditions and loops", "DECLARE @n int = 0; WHILE @n < 3 BEGIN SET @n += 1; IF @n = 2 CONTINUE ELSE BREAK END; IF NOT EXISTS (SELECT 1 FROM t) PRINT N'none'; IF OBJECT_ID('t') IS NOT NULL SELECT @n = MAX(id) FROM t"},
	{"errors", "BEGIN TRY THROW 50001, N'mine', 1 END TRY BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_MESSAGE() END CATCH; RAISERROR('to %s', 10, 1, 'you') WITH NOWAIT"},
	{"transactions", "BEGIN TRANSACTION; UPDATE t SET name = name; COMMIT TRAN; BEGIN TRAN; ROLLBACK"},
	{"checksums", "SELECT COUNT_BIG(*), CHECKSUM_AGG(BINARY_CHECKSUM(*)) FROM t"},
	{"expressions", "SELECT CASE WHEN 1 = 1 THEN 'a' + N'b' ELSE NULL END, CASE 2 WHEN 2 THEN 0x0A END, 7 / 2, 7 % 2, 6 & 3, 6 | 3, 6 ^ 3, ~6, -7, CAST('1' AS int), CONVERT(varchar(30), GETDATE(), 126), TRY_CAST('x' AS int)"},
	{"procedures", "EXEC sp_executesql N'SELECT @a', N'@a int', @a = 1; EXEC('SELECT 1'); EXEC sp_rename 't', 't2'; EXEC sp_databases"},
	{"another database's tables", "CREATE DATABASE c; SELECT 1 AS one INTO c.dbo.x; SELECT one FROM c..x; SELECT name FROM c.sys.tables; DROP DATABASE c"},
	{"TRUNCATE and DROP", "TRUNCATE TABLE t2; DROP TABLE IF EXISTS t2, nope"},
}

// Understands says what T-SQL the endpoint runs: an example of each statement, then the functions, system views and options by name, and the procedures of RDS. All
// else is refused with an error that says so.
func Understands() []string {
	var lines []string
	for _, u := range understood {
		lines = append(lines, u.what+": "+u.example)
	}
	names := func(what string, list []string) {
		slices.Sort(list)
		lines = append(lines, what+": "+strings.Join(slices.Compact(list), ", "))
	}
	names("functions", append(tsql.Functions(), slices.Collect(maps.Keys(sessionFunctions))...))
	names("system views", slices.Collect(maps.Keys(views)))
	names("SET", append(slices.Collect(maps.Keys(settings)), "NOCOUNT", "XACT_ABORT", "QUOTED_IDENTIFIER", "IDENTITY_INSERT", "IMPLICIT_TRANSACTIONS"))
	lines = append(lines, "system databases: "+strings.Join(systemDatabases, ", ")+", which hold nothing",
		"procedures of RDS: EXEC [msdb].dbo.rds_... and rdsadmin..rds_..., with arguments by name or place, and INSERT ... EXEC of them")
	return lines
}
