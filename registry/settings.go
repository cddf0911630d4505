package registry

import (
	"context"
	"database/sql"
	"errors"

	"strata"
	"strata/define"
)

// Pin is a customer on the dashboard.
type Pin struct {
	Customer string // public id
	Title    define.Text2
	Note     define.Text2
}

// SetPins replaces all pinned customers.
func (r *Registry) SetPins(ctx context.Context, pins []Pin) error {
	return r.change(ctx, "pinning customers", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM pins`); err != nil {
			return err
		}
		for i, p := range pins {
			if p.Customer == "" {
				return &strata.Error{Code: strata.Invalid, Field: "customer", Message: "a pin needs a customer"}
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO pins (position, customer, title_zh, title_en, note_zh, note_en) VALUES (?, ?, ?, ?, ?, ?)`,
				i+1, p.Customer, p.Title.Zh, p.Title.En, p.Note.Zh, p.Note.En)
			if err != nil {
				return err
			}
		}
		return sum(ctx, tx, "pins", "1")
	})
}

// Pins returns the pinned customers in their order.
func (r *Registry) Pins(ctx context.Context) ([]Pin, error) {
	var pins []Pin
	err := r.look(ctx, "reading the pinned customers", func(tx *sql.Tx) error {
		if err := sound(ctx, tx, "pins", "1"); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT customer, title_zh, title_en, note_zh, note_en FROM pins ORDER BY position`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p Pin
			if err := rows.Scan(&p.Customer, &p.Title.Zh, &p.Title.En, &p.Note.Zh, &p.Note.En); err != nil {
				return err
			}
			pins = append(pins, p)
		}
		return rows.Err()
	})
	return pins, err
}

// SetSetting stores a small value under a key, replacing what was there.
func (r *Registry) SetSetting(ctx context.Context, key, value string) error {
	if key == "" {
		return &strata.Error{Code: strata.Invalid, Field: "key", Message: "a setting needs a key"}
	}
	return r.change(ctx, "storing a setting", func(tx *sql.Tx) error { return setSetting(ctx, tx, key, value) })
}

func setSetting(ctx context.Context, tx *sql.Tx, key, value string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	if err != nil {
		return err
	}
	return sum(ctx, tx, "settings", "key = ?", key)
}

// Setting returns the value of a key, and false where none was stored.
func (r *Registry) Setting(ctx context.Context, key string) (value string, ok bool, err error) {
	err = r.look(ctx, "reading a setting", func(tx *sql.Tx) error {
		if err := sound(ctx, tx, "settings", "key = ?", key); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `SELECT value FROM settings WHERE key = ?`, key).Scan(&value)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		ok = err == nil
		return err
	})
	return value, ok, err
}

const (
	businessZh = "business.name.zh"
	businessEn = "business.name.en"
)

// SetBusiness stores the name of the business.
func (r *Registry) SetBusiness(ctx context.Context, name define.Text2) error {
	return r.change(ctx, "storing the name of the business", func(tx *sql.Tx) error {
		return errors.Join(setSetting(ctx, tx, businessZh, name.Zh), setSetting(ctx, tx, businessEn, name.En))
	})
}

// Business returns the name of the business, empty where none was stored.
func (r *Registry) Business(ctx context.Context) (define.Text2, error) {
	zh, _, err := r.Setting(ctx, businessZh)
	if err != nil {
		return define.Text2{}, err
	}
	en, _, err := r.Setting(ctx, businessEn)
	return define.Text2{Zh: zh, En: en}, err
}
