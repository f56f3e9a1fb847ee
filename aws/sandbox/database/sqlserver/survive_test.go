package sqlserver

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestSurvives runs batches made of pieces of T-SQL: whatever they mean, they end with rows or an error with a number, and the session goes on.
func TestSurvives(t *testing.T) {
	db := lab(t)
	db.SetMaxOpenConns(1)
	exec(t, db, "CREATE TABLE t (id int IDENTITY PRIMARY KEY, name nvarchar(5), at datetime2 DEFAULT GETDATE()); INSERT t (name) VALUES ('a'), ('b')")
	pieces := []string{"SELECT", "*", "id", "name", "at", "FROM t", "WHERE", "=", "1", "'x'", "NULL", ",", "(", ")", "COUNT(*)", "SUM(id)", "MAX(at)", "GROUP BY name", "ORDER BY 1", "TOP 1", "UNION ALL SELECT", "CASE WHEN 1=1 THEN", "ELSE", "END",
		"INSERT t (name) VALUES ('y')", "UPDATE t SET name =", "DELETE t WHERE id = 99", ";", "BEGIN", "END", "IF 1 = 2", "DECLARE @a int = 3", "SET @a =", "@a", "CAST('7' AS int)", "DATEADD(day, 1, at)", "ISNULL(name, 'z')", "LEN(name)", "+", "-", "/ 2", "LIKE '%a'", "IN (1, 2)",
		"BETWEEN 1 AND 2", "AS x", "OVER (ORDER BY id)", "ROW_NUMBER()", "EXISTS (SELECT 1)", "WITH q AS (SELECT 1 AS i)", "FROM q", "JOIN t b ON b.id = t.id", "BEGIN TRAN", "COMMIT", "ROLLBACK", "PRINT", "EXEC sp_executesql N'SELECT 1'", "THROW", "BEGIN TRY", "END TRY BEGIN CATCH", "END CATCH",
		"CHECKSUM_AGG(BINARY_CHECKSUM(*))", "CREATE TABLE #x (a int)", "DROP TABLE IF EXISTS #x", "OFFSET 1 ROWS", "@@ROWCOUNT", "GETDATE()", "NEWID()", "0x01", "1.5", "AND", "OR", "NOT", "IS NULL", "HAVING", "DISTINCT", "USE master", "USE labdb", "FROM sys.tables", "INTO #y"}
	rapid.Check(t, func(t *rapid.T) {
		batch := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 12).Draw(t, "pieces"), " ")
		if _, err := results(db, batch); err != nil && errorNumber(err) == 0 && !strings.Contains(err.Error(), "The conversion") {
			t.Fatalf("%s\n  %v", batch, err)
		}
		if got, err := results(db, "SELECT COUNT(*) FROM t WHERE id = 1"); err != nil || got != "1\n" && got != "0\n" {
			t.Fatalf("after %s\n  %q, %v", batch, got, err)
		}
	})
}
