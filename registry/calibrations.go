package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"strata"
	"strata/define"
)

type authorKey struct{}

type authored struct {
	by string
	at strata.Instant
}

// WithAuthor says who changes something at which instant, for changes that
// are made on the way of other work, such as AddCalibration.
func WithAuthor(ctx context.Context, account string, at strata.Instant) context.Context {
	return context.WithValue(ctx, authorKey{}, authored{account, at})
}

// AddCalibration stores a calibration, made by whom WithAuthor says (nobody
// at instant 0 without it), and returns it with its version, which is 1 for
// the first of its kind and name. The number that Published returns grows.
func (r *Registry) AddCalibration(ctx context.Context, c define.Calibration) (define.Calibration, error) {
	if c.Kind == "" || c.Name == "" {
		return c, &strata.Error{Code: strata.Invalid, Field: "calibration", Message: "a calibration needs the kind and the name of its definition"}
	}
	made, _ := ctx.Value(authorKey{}).(authored)
	err := r.change(ctx, "storing a calibration", func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) + 1 FROM calibrations WHERE kind = ? AND name = ?`, c.Kind, c.Name).Scan(&c.Version)
		if err != nil {
			return err
		}
		data, err := json.Marshal(c)
		if err != nil {
			return &strata.Error{Code: strata.Invalid, Field: c.Kind + "/" + c.Name, Message: "the calibration holds what cannot be stored", Cause: err}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO calibrations (kind, name, version, at, made_at, author, data, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			c.Kind, c.Name, c.Version, int64(c.At), int64(made.at), made.by, string(data),
			checksum(c.Kind, c.Name, int64(c.Version), int64(c.At), int64(made.at), made.by, string(data)))
		if err != nil {
			return err
		}
		_, err = grow(ctx, tx)
		return err
	})
	return c, err
}

// grow adds one to the number of changes and returns it.
func grow(ctx context.Context, tx *sql.Tx) (changes int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE counters SET changes = changes + 1 RETURNING changes`).Scan(&changes)
	if err != nil {
		return 0, err
	}
	return changes, sum(ctx, tx, "counters", "1")
}

// Calibrations returns the calibrations of one definition, those with the
// latest effective instant first, and at one instant the latest made first.
func (r *Registry) Calibrations(ctx context.Context, kind, name string) ([]define.Calibration, error) {
	var all []define.Calibration
	err := r.look(ctx, "reading calibrations", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT version, at, made_at, author, data, checksum FROM calibrations WHERE kind = ? AND name = ? ORDER BY at DESC, version DESC`, kind, name)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var version, at, madeAt, sum int64
			var author, data string
			if err := rows.Scan(&version, &at, &madeAt, &author, &data, &sum); err != nil {
				return err
			}
			row := fmt.Sprintf("%s/%s version %d", kind, name, version)
			if err := verify("calibrations", row, sum, kind, name, version, at, madeAt, author, data); err != nil {
				return err
			}
			var c define.Calibration
			if err := json.Unmarshal([]byte(data), &c); err != nil {
				return damagedRow("calibrations", row, err)
			}
			all = append(all, c)
		}
		return rows.Err()
	})
	return all, err
}
