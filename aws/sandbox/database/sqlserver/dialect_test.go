package sqlserver

import (
	"testing"
)

// TestDialect runs T-SQL against one database, in order: each line stands on those before.
func TestDialect(t *testing.T) {
	db := lab(t)
	db.SetMaxOpenConns(1)
	for _, c := range []struct{ sql, want string }{
		// tables and rows
		{"CREATE TABLE dbo.items (id int IDENTITY(1,1) NOT NULL PRIMARY KEY, name nvarchar(20) NOT NULL, price decimal(10,2) NULL, made datetime2 NOT NULL DEFAULT SYSUTCDATETIME(), seen bit DEFAULT 0)", ""},
		{"INSERT INTO items (name, price) VALUES (N'Apple', 1.50), ('bread', 2.25) INSERT [dbo].[items] ([name]) VALUES ('cheese')", ""},
		{"SELECT id, name, price, made, seen FROM labdb.dbo.items ORDER BY id", "1|Apple|1.50|2026-03-01 12:00:00.1234567|false\n2|bread|2.25|2026-03-01 12:00:00.1234567|false\n3|cheese|NULL|2026-03-01 12:00:00.1234567|false\n"},
		{"select * from items where NAME = 'APPLE '", "1|Apple|1.50|2026-03-01 12:00:00.1234567|false\n"},
		{"SELECT TOP (1) name FROM items ORDER BY name DESC", "cheese\n"},
		{"SELECT TOP 2 i.name AS n FROM items AS i ORDER BY n", "Apple\nbread\n"},
		{"SELECT name FROM items ORDER BY id OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY", "bread\n"},
		{"UPDATE items SET price = price * 2, seen = 1 WHERE id = 1; SELECT @@ROWCOUNT; SELECT price FROM items WHERE seen = 1", "1\n--\n3.00\n"},
		{"INSERT INTO items (name) OUTPUT inserted.id, inserted.name VALUES ('date')", "4|date\n"},
		{"DELETE FROM items OUTPUT deleted.name WHERE id = 4", "date\n"},
		{"INSERT items (name) VALUES ('egg'), ('fig'); SELECT SCOPE_IDENTITY(), @@IDENTITY, @@ROWCOUNT; DELETE items WHERE id > 4; SELECT @@ROWCOUNT", "6|6|2\n--\n2\n"},
		{"SELECT COUNT(*), COUNT(price), COUNT_BIG(*), SUM(price), AVG(price), MIN(name), MAX(made) FROM items", "3|2|3|5.25|2.625000|Apple|2026-03-01 12:00:00.1234567\n"},
		{"SELECT name, n = 1 FROM items WHERE price IS NULL OR name LIKE '[a-b]%' ORDER BY 1", "Apple|1\nbread|1\ncheese|1\n"},
		{"SELECT name FROM items WHERE name LIKE '_r%' AND NOT name IN ('x', N'y')", "bread\n"},
		{"SELECT name FROM items WHERE id IN (SELECT id FROM items WHERE price BETWEEN 2 AND 2.5)", "bread\n"},
		{"SELECT a.name, b.name FROM items a INNER JOIN items b ON b.id = a.id + 1 WHERE EXISTS (SELECT 1 FROM items c WHERE c.id = a.id) ORDER BY a.id", "Apple|bread\nbread|cheese\n"},
		{"SELECT seen, COUNT(*) AS n FROM items GROUP BY seen HAVING COUNT(*) > 1", "false|2\n"},
		{"SELECT id % 2, SUM(id) FROM items GROUP BY id % 2 ORDER BY id % 2", "0|2\n1|4\n"},
		{"SELECT name, ROW_NUMBER() OVER (ORDER BY id DESC), SUM(id) OVER (PARTITION BY seen) FROM items ORDER BY id", "Apple|3|1\nbread|2|5\ncheese|1|5\n"},
		{"SELECT name FROM items WHERE made >= '2026-03-01T12:00:00' AND made < '20260302' AND id = '2'", "bread\n"},
		{"WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT SUM(i) FROM n OPTION (MAXRECURSION 0)", "15\n"},
		{"SELECT SUM(value) FROM GENERATE_SERIES(1, 100)", "5050\n"},
		{"SELECT x FROM (VALUES (1), (2), (3)) AS v(x) WHERE x > 1 ORDER BY x DESC", "3\n2\n"},
		{"SELECT id INTO #copy FROM items; SELECT COUNT(*) FROM #copy; DROP TABLE #copy", "3\n"},
		{"SELECT (SELECT MAX(id) FROM items) + 1, (SELECT name FROM items i WHERE i.id = o.id) FROM items o WHERE id = 1", "4|Apple\n"},
		{"SELECT 1 AS a UNION SELECT 2.5 UNION ALL SELECT 1 ORDER BY a", "1.0\n1.0\n2.5\n"},
		// expressions
		{"SELECT 'a' + N'b' + 'c', '1' + 2, 7 / 2, -7 / 2, 7 % 4, 7 / 2.0, 1e0 / 4, 5 ^ 3, 0x0A", "abc|3|3|-3|3|3.500000|0.25|6|0x0A\n"},
		{"SELECT 0.1 + 0.2, CASE WHEN 0.1 + 0.2 = 0.3 THEN 'same' ELSE 'other' END", "0.3|same\n"},
		{"SELECT ISNULL(NULL, 'x'), COALESCE(NULL, NULL, 2), NULLIF(1, 1), IIF(1 < 2, 'y', 'n'), LEN('ab  '), DATALENGTH(N'ab')", "x|2|NULL|y|2|4\n"},
		{"SELECT CAST('12' AS int) + 1, CONVERT(varchar(10), 12), CAST(1.567 AS decimal(5,1)), TRY_CAST('x' AS int), CONVERT(bigint, '9999999999'), CAST(1.9 AS int)", "13|12|1.6|NULL|9999999999|1\n"},
		{"SELECT UPPER('aé'), SUBSTRING('hello', 2, 3), LEFT('hello', 2), RIGHT('hello', 2), REPLACE('Hello', 'L', 'x'), CHARINDEX('LO', 'hello'), REPLICATE('ab', 2), CONCAT('a', NULL, 1)", "AÉ|ell|he|lo|Hexxo|4|abab|a1\n"},
		{"SELECT DATEADD(day, 1, CAST('2026-01-31' AS date)), DATEADD(month, 1, CAST('2026-01-31' AS datetime2(0))), DATEDIFF(second, '2026-01-01', '2026-01-02'), YEAR('2026-05-06'), DATEPART(hour, '2026-05-06 07:08:09')", "2026-02-01 00:00:00|2026-02-28 00:00:00|86400|2026|7\n"},
		{"SELECT CONVERT(varchar(30), CAST('2026-05-06 07:08:09.123' AS datetime2(3)), 126), CONVERT(char(8), CAST('2026-05-06' AS date), 112), CAST(CAST('2026-05-06 07:08' AS datetime2(0)) AS varchar(30))", "2026-05-06T07:08:09.123|20260506|2026-05-06 07:08:00\n"},
		{"SELECT CAST(SYSUTCDATETIME() AS datetime2(0)), CAST(GETDATE() AS date)", "2026-03-01 12:00:00|2026-03-01 00:00:00\n"},
		{"SELECT CAST('6f9619ff-8b86-d011-b42d-00c04fc964ff' AS uniqueidentifier), LEN(NEWID())", "0xFF19966F868B11D0B42D00C04FC964FF|36\n"},
		{"SELECT HASHBYTES('SHA2_256', 'abc')", "0xBA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD\n"},
		{"SELECT COUNT(*) FROM (SELECT 'a' AS x UNION SELECT 'A') u; SELECT COUNT(DISTINCT x) FROM (VALUES ('a'), ('A '), ('é'), ('É')) v(x)", "1\n--\n2\n"},
		{"SELECT a.id, c.id FROM items a LEFT JOIN (items b JOIN items c ON c.id = b.id + 1) ON b.id = a.id ORDER BY a.id", "1|2\n2|3\n3|NULL\n"},
		{"SELECT DISTINCT UPPER(x) FROM (VALUES ('a'), ('A')) v(x)", "A\n"},
		{"SELECT STRING_AGG(name, ', ') FROM items WHERE id < 3", "Apple, bread\n"},
		// batches
		{"DECLARE @n int = 2, @s nvarchar(10); SET @s = N'x'; SELECT @s = name FROM items WHERE id = @n; SELECT @n + 1, @s", "3|bread\n"},
		{"DECLARE @i int = 0, @sum int = 0 WHILE @i < 5 BEGIN SET @i += 1 IF @i = 4 BREAK; IF @i = 2 CONTINUE; SET @sum = @sum + @i END SELECT @sum", "4\n"},
		{"IF NOT EXISTS (SELECT 1 FROM sys.tables WHERE name = 'items') SELECT 'none' ELSE BEGIN SELECT 'there' END", "there\n"},
		{"IF OBJECT_ID('dbo.items') IS NOT NULL SELECT 1; IF OBJECT_ID(N'nope', 'U') IS NULL SELECT 2", "1\n--\n2\n"},
		{"IF OBJECT_ID('nope') IS NOT NULL DROP TABLE nope", ""},
		{"DROP TABLE IF EXISTS nope", ""},
		{"SET NOCOUNT ON; SET XACT_ABORT ON; SET XACT_ABORT OFF; PRINT 'hi'; SELECT 1", "1\n"},
		{"BEGIN TRAN; DELETE FROM items; SELECT @@TRANCOUNT, COUNT(*) FROM items; ROLLBACK; SELECT @@TRANCOUNT, COUNT(*) FROM items", "1|0\n--\n0|3\n"},
		{"SET IMPLICIT_TRANSACTIONS ON; DELETE items; SELECT @@TRANCOUNT; ROLLBACK; SET IMPLICIT_TRANSACTIONS OFF; SELECT COUNT(*) FROM items", "1\n--\n3\n"},
		{"BEGIN TRANSACTION UPDATE items SET seen = 0 COMMIT TRANSACTION SELECT COUNT(*) FROM items WHERE seen = 0", "3\n"},
		{"BEGIN TRY SELECT 1/0 END TRY BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_MESSAGE() END CATCH", "8134|Divide by zero error encountered.\n"},
		{"BEGIN TRY THROW 50001, 'mine', 1 END TRY BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_MESSAGE() END CATCH", "50001|mine\n"},
		{"EXEC sp_executesql N'SELECT @a + @b', N'@a int, @b int', @a = 1, @b = 2", "3\n"},
		{"DECLARE @out int; EXEC sp_executesql N'SET @x = 41', N'@x int OUTPUT', @x = @out OUTPUT; SELECT @out + 1", "42\n"},
		{"EXEC('SELECT ' + '5')", "5\n"},
		// definitions
		{"CREATE TABLE parts (item int NOT NULL REFERENCES items(id), code varchar(5) CONSTRAINT code_check CHECK (LEN(code) > 1), PRIMARY KEY CLUSTERED (item, code)); CREATE UNIQUE NONCLUSTERED INDEX ix ON parts (code DESC) WHERE code IS NOT NULL", ""},
		{"INSERT parts SELECT id, LEFT(name, 2) FROM items WHERE id < 3; SELECT item, code FROM parts ORDER BY item", "1|Ap\n2|br\n"},
		{"DROP INDEX ix ON parts; ALTER TABLE parts ADD note nvarchar(max) NULL, n int NOT NULL DEFAULT 7; SELECT * FROM parts WHERE item = 1; ALTER TABLE parts DROP COLUMN note", "1|Ap|NULL|7\n"},
		{"SELECT c.name, c.is_nullable FROM sys.columns c JOIN sys.tables t ON t.object_id = c.object_id WHERE t.name = 'parts' ORDER BY c.column_id", "item|false\ncode|false\nn|false\n"},
		{"SELECT TABLE_SCHEMA + '.' + TABLE_NAME FROM INFORMATION_SCHEMA.TABLES ORDER BY TABLE_NAME", "dbo.items\ndbo.parts\n"},
		{"SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH FROM labdb.INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'items' ORDER BY ORDINAL_POSITION", "id|int|NO|NULL\nname|nvarchar|NO|20\nprice|decimal|YES|NULL\nmade|datetime2|NO|NULL\nseen|bit|YES|NULL\n"},
		{"EXEC sp_rename 'parts', 'pieces'; SELECT COUNT(*) FROM pieces; TRUNCATE TABLE pieces; SELECT COUNT(*) FROM pieces; DROP TABLE pieces", "2\n--\n0\n"},
		{"CREATE TABLE seeded (id bigint IDENTITY(100,1), v int); INSERT seeded VALUES (1), (2); SELECT id FROM seeded ORDER BY id; TRUNCATE TABLE seeded; INSERT seeded DEFAULT VALUES; SELECT id, v FROM seeded", "100\n101\n--\n100|NULL\n"},
		{"SET IDENTITY_INSERT seeded ON; INSERT seeded (id, v) VALUES (7, 7); SET IDENTITY_INSERT seeded OFF; SELECT v FROM seeded WHERE id = 7", "7\n"},
		// databases
		{"SELECT name, database_id, state_desc, recovery_model_desc FROM sys.databases ORDER BY database_id", "master|1|ONLINE|SIMPLE\ntempdb|2|ONLINE|SIMPLE\nmodel|3|ONLINE|SIMPLE\nmsdb|4|ONLINE|SIMPLE\nrdsadmin|5|ONLINE|SIMPLE\nlabdb|6|ONLINE|FULL\n"},
		{"CREATE DATABASE [other]; ALTER DATABASE other SET RECOVERY SIMPLE; SELECT recovery_model_desc FROM master.sys.databases WHERE name = N'other'", "SIMPLE\n"},
		{"CREATE TABLE other.dbo.there (id int); INSERT other..there VALUES (1); SELECT id FROM other.dbo.there; SELECT name FROM other.sys.tables", "1\n--\nthere\n"},
		{"USE other; SELECT DB_NAME(), COUNT(*) FROM there; ALTER DATABASE CURRENT MODIFY NAME = another; SELECT DB_NAME(); USE [labdb]; DROP DATABASE another; SELECT DB_ID('another')", "other|1\n--\nanother\n--\nNULL\n"},
		{"SELECT SUSER_SNAME(), SERVERPROPERTY('Edition'), SERVERPROPERTY('ProductVersion'), @@SERVERNAME, @@TRANCOUNT, USER_NAME()", "admin|Express Edition (64-bit)|16.0.4215.2|SANDBOX|0|dbo\n"},
		{"-- a comment\nSELECT /* one /* inner */ */ 'it''s', [name] FROM \"items\" WHERE id=1", "it's|Apple\n"},
	} {
		got, err := results(db, c.sql)
		if err != nil {
			t.Errorf("%s\n  %v", c.sql, err)
			continue
		}
		if got != c.want {
			t.Errorf("%s\n  got  %q\n  want %q", c.sql, got, c.want)
		}
	}
}

// TestRefusals tells the number of the error that each batch ends with.
func TestRefusals(t *testing.T) {
	db := lab(t)
	db.SetMaxOpenConns(1)
	exec(t, db, "CREATE TABLE t (id int PRIMARY KEY, name nvarchar(3) NOT NULL, n tinyint CONSTRAINT small CHECK (n < 10), u int UNIQUE); INSERT t VALUES (1, 'a', 1, 1), (2, 'b', 2, 2); CREATE TABLE i (id int IDENTITY, v int REFERENCES t(id))")
	for _, c := range []struct {
		sql    string
		number int32
	}{
		{"SELECT * FROM nope", 208},
		{"SELECT * FROM other.dbo.t", 911},
		{"SELECT nope FROM t", 207},
		{"SELECT x.id FROM t", 4104},
		{"SELECT id FROM t a JOIN t b ON a.id = b.id", 209},
		{"SELECT id, COUNT(*) FROM t", 8120},
		{"SELECT name FROM t GROUP BY name ORDER BY id", 8127},
		{"SELECT MAX(id) FROM t HAVING name = 'a'", 8120},
		{"SELECT 1 UNION SELECT 2 INTERSECT SELECT 2", 50000},
		{"SELECT * FROM t, t b RIGHT JOIN i ON i.v = b.id", 50000},
		{"SELECT * FROM sys.indexes", 50000},
		{"SELECT (SELECT id FROM t)", 512},
		{"SELECT FROM t", 102},
		{"SELEC 1", 2812},
		{"SELECT 'abc", 105},
		{"INSERT t VALUES (1, 'x', 1, 9)", 2627},
		{"INSERT t VALUES (9, 'x', 1, 1)", 2627},
		{"INSERT t VALUES (3, NULL, 1, 9)", 515},
		{"INSERT t (id) VALUES (3)", 515},
		{"INSERT t VALUES (3, 'abcd', 1, 9)", 2628},
		{"INSERT t SELECT 3, REPLICATE('x', 4), 1, 9", 2628},
		{"INSERT t VALUES (3, 'x', 11, 9)", 547},
		{"INSERT t VALUES (3, 'x', 300, 9)", 8115},
		{"INSERT t VALUES ('x', 'x', 1, 9)", 245},
		{"INSERT t VALUES (3, 'x')", 213},
		{"INSERT t (id, name) VALUES (3)", 109},
		{"INSERT i (v) VALUES (77)", 547},
		{"INSERT i (id, v) VALUES (1, 1)", 544},
		{"UPDATE i SET id = 3", 8102},
		{"SELECT 1/0", 8134},
		{"SELECT CAST('x' AS int)", 245},
		{"SELECT CAST('x' AS datetime2)", 241},
		{"SELECT 2147483647 + 1", 8115},
		{"SELECT SUM(x) FROM (VALUES (2147483647), (1)) v(x)", 8115},
		{"CREATE TABLE t (id int)", 2714},
		{"CREATE TABLE z (id sometype)", 243},
		{"DROP TABLE nope", 3701},
		{"DROP TABLE t", 3726},
		{"CREATE TABLE z (id int REFERENCES nope(id))", 1767},
		{"CREATE TABLE ##z (id int)", 50000},
		{"CREATE DATABASE labdb", 1801},
		{"CREATE DATABASE LABDB", 1801},
		{"DROP DATABASE nope", 3701},
		{"DROP DATABASE labdb", 3702},
		{"DROP DATABASE master", 3708},
		{"USE nope", 911},
		{"BEGIN TRAN; CREATE DATABASE x; ROLLBACK", 226},
		{"COMMIT", 3902},
		{"ROLLBACK", 3903},
		{"EXEC nope 1", 2812},
		{"EXEC msdb.dbo.rds_backup_database", 2812},
		{"SELECT @x", 137},
		{"THROW 50005, 'mine', 1", 50005},
		{"RAISERROR('bad %s', 16, 1, 'thing')", 50000},
		{"CREATE TABLE master.dbo.t (id int)", 262},
		{"CREATE TABLE x (a geography)", 50000},
		{"MERGE INTO t USING t AS s ON 1 = 1 WHEN MATCHED THEN DELETE;", 50000},
		{"CREATE PROCEDURE p AS SELECT 1", 50000},
		{"SELECT * FROM t FOR JSON AUTO", 50000},
		{"SELECT FORMAT(1, 'N')", 50000},
		{"SELECT name COLLATE Latin1_General_BIN FROM t", 50000},
		{"SET ANSI_NULLS OFF", 50000},
		{"UPDATE t SET name = 'x' FROM t JOIN i ON i.v = t.id", 50000},
	} {
		_, err := results(db, c.sql)
		if got := errorNumber(err); got != c.number {
			t.Errorf("%s\n  got error %d (%v), want %d", c.sql, got, err, c.number)
		}
	}
	if got := show(t, db, "SELECT COUNT(*), @@TRANCOUNT FROM t"); got != "2|0\n" {
		t.Errorf("after all: %q", got)
	}
}
