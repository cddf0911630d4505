package registry

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"

	"modernc.org/sqlite"

	"strata"
)

// Every row that says something carries a checksum of itself, because SQLite
// has none. In SQL it is row_checksum(column, ...), which every connection
// has; Go's checksum of the same values is the same.
var registerChecksum = sync.OnceValue(func() error {
	return sqlite.RegisterDeterministicScalarFunction("row_checksum", -1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		parts := make([]any, len(args))
		for i, a := range args {
			switch a.(type) {
			case nil, int64, string, []byte:
				parts[i] = a
			default:
				return nil, fmt.Errorf("row_checksum of a %T", a)
			}
		}
		return checksum(parts...), nil
	})
})

// checkedTables are the tables whose rows carry a checksum, with the columns
// that it is of, and those that name a row for people.
var checkedTables = []struct{ table, name, columns string }{
	{"accounts", "name", "name, role, password, must_set_password, created_at"},
	{"attributes_on", "name", "name, at, account, reason"},
	{"calibrations", "kind || ' ' || name || ' version ' || version", "kind, name, version, at, made_at, author, data"},
	{"counters", "id", "id, changes, definitions"},
	{"definition_versions", "id || ' version ' || version", "id, version, op, name, body, changes, applied_at, author"},
	{"definitions", "id || ' (' || kind || ' ' || name || ')'", "id, kind, name, version, state"},
	{"pins", "position", "position, customer, title_zh, title_en, note_zh, note_en"},
	{"sessions", "hex(hash)", "hash, data, expires_at"},
	{"settings", "key", "key, value"},
	{"sign_in_links", "hex(hash)", "hash, account, created_at, expires_at, used_at"},
	{"audit", "id", "at, account, action, object, detail"}, // the last: it may be long
}

// sumOf is the SQL of the checksum of a table's row.
func sumOf(table string) string {
	for _, t := range checkedTables {
		if t.table == table {
			return "row_checksum(" + t.columns + ")"
		}
	}
	panic("no checksum for " + table)
}

// sum brings the checksums of the rows up to date for which where holds, after
// they were written in the same transaction.
func sum(ctx context.Context, tx *sql.Tx, table, where string, args ...any) error {
	_, err := tx.ExecContext(ctx, "UPDATE "+table+" SET checksum = "+sumOf(table)+" WHERE "+where, args...)
	return err
}

// sound returns an error where a row of the table for which where holds is not
// what was written.
func sound(ctx context.Context, tx *sql.Tx, table, where string, args ...any) error {
	for _, t := range checkedTables {
		if t.table != table {
			continue
		}
		damaged, err := damagedRows(ctx, tx, t.table, t.name, where, args...)
		if err != nil || len(damaged) == 0 {
			return err
		}
		return damagedRow(table, damaged[0], nil)
	}
	panic("no checksum for " + table)
}

// damagedRows names the rows whose checksum is wrong, at most 100.
func damagedRows(ctx context.Context, tx *sql.Tx, table, name, where string, args ...any) (found []string, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT CAST("+name+" AS TEXT) FROM "+table+" WHERE ("+where+") AND checksum <> "+sumOf(table)+" LIMIT 100", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var row sql.NullString
		if err := rows.Scan(&row); err != nil {
			return nil, err
		}
		found = append(found, row.String)
	}
	return found, rows.Err()
}

// Damage is one thing that Check found.
type Damage struct {
	Table string // empty: the file as a whole
	Row   string
	Cause string
}

// Checked says how much Check looked at.
type Checked struct{ Rows int64 }

// Check verifies the structure of the file and the checksum of every row.
func (r *Registry) Check(ctx context.Context) (done Checked, found []Damage, err error) {
	err = r.look(ctx, "checking the registry", func(tx *sql.Tx) (err error) {
		done, found, err = checkRows(ctx, tx, true)
		return err
	})
	return done, found, err
}

func checkRows(ctx context.Context, tx *sql.Tx, all bool) (done Checked, found []Damage, err error) {
	said, err := texts(ctx, tx, "PRAGMA integrity_check(20)")
	if err != nil {
		return done, nil, err
	}
	for _, s := range said {
		if s != "ok" {
			found = append(found, Damage{Cause: s})
		}
	}
	for _, t := range checkedTables {
		if t.table == "audit" && !all {
			continue
		}
		if all {
			var n int64
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM "+t.table).Scan(&n); err != nil {
				found = append(found, Damage{t.table, "", err.Error()})
				continue
			}
			done.Rows += n
		}
		damaged, err := damagedRows(ctx, tx, t.table, t.name, "1")
		if err != nil {
			if ctx.Err() != nil {
				return done, found, ctx.Err()
			}
			found = append(found, Damage{t.table, "", err.Error()})
			continue
		}
		for _, row := range damaged {
			found = append(found, Damage{t.table, row, "its checksum is of something else"})
		}
	}
	return done, found, nil
}

func texts(ctx context.Context, tx *sql.Tx, query string) (all []string, err error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// checkAtStart refuses a file whose structure or rows, those of the audit
// aside, are damaged: a row that is damaged may also be one that is not found.
func (r *Registry) checkAtStart(ctx context.Context) error {
	return r.look(ctx, "checking the registry", func(tx *sql.Tx) error {
		_, found, err := checkRows(ctx, tx, false)
		if err != nil || len(found) == 0 {
			return err
		}
		said := make([]string, 0, 3)
		for _, d := range found[:min(len(found), 3)] {
			said = append(said, strings.TrimSpace(d.Table+" "+d.Row+": "+d.Cause))
		}
		return &strata.Error{Code: strata.Unavailable, Field: r.path,
			Message: fmt.Sprintf("the registry is damaged in %d places: %s", len(found), strings.Join(said, "; ")),
			Hint:    "restore a backup; `strata doctor` lists everything that is damaged"}
	})
}

// Backup writes a copy of the database, as it is at one moment, to a file that
// must not be there.
func (r *Registry) Backup(ctx context.Context, to string) error {
	_, err := r.write.ExecContext(ctx, "VACUUM INTO ?", to)
	return r.failed("copying the registry", err)
}
