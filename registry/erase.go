package registry

import (
	"context"
	"database/sql"
)

// shortest is the length in bytes from which a name is looked for inside the
// details of the audit; a shorter one stands in too many by chance.
const shortest = 4

// Erase takes a customer's names (the public id and the values of the keys)
// out of the pinned customers and the audit, whose entries stay without
// object and detail, and writes the file anew, so that they are not in free
// pages either. It returns how many rows were changed.
func (r *Registry) Erase(ctx context.Context, names []string) (rows int64, err error) {
	err = r.change(ctx, "erasing a customer", func(tx *sql.Tx) error {
		for _, name := range names {
			if name == "" {
				continue
			}
			for _, s := range []struct {
				statement string
				args      []any
			}{
				{`DELETE FROM pins WHERE customer = ?`, []any{name}},
				{`UPDATE audit SET object = 'erased', detail = '' WHERE object = ? OR length(CAST(? AS BLOB)) >= ? AND (instr(object, ?) > 0 OR instr(detail, ?) > 0)`,
					[]any{name, name, shortest, name, name}},
			} {
				done, err := tx.ExecContext(ctx, s.statement, s.args...)
				if err != nil {
					return err
				}
				n, err := done.RowsAffected()
				if err != nil {
					return err
				}
				rows += n
			}
		}
		return sum(ctx, tx, "audit", "object = 'erased'")
	})
	if err != nil {
		return 0, err
	}
	for _, statement := range []string{`VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		if _, err := r.write.ExecContext(ctx, statement); err != nil {
			return 0, r.failed("erasing a customer", err)
		}
	}
	return rows, nil
}

// Naming returns the names of the definitions, of any version, whose text has
// one of the names in it, such as a list of customers. They are not changed: a
// person edits them.
func (r *Registry) Naming(ctx context.Context, names []string) (definitions []string, err error) {
	err = r.look(ctx, "looking through the definitions", func(tx *sql.Tx) error {
		seen := map[string]bool{}
		for _, name := range names {
			if len(name) < shortest {
				continue
			}
			rows, err := tx.QueryContext(ctx, `SELECT DISTINCT name FROM definition_versions WHERE instr(body, ?) > 0 ORDER BY name`, name)
			if err != nil {
				return err
			}
			for rows.Next() {
				var d string
				if err := rows.Scan(&d); err != nil {
					rows.Close()
					return err
				}
				if !seen[d] {
					seen[d] = true
					definitions = append(definitions, d)
				}
			}
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return definitions, err
}
