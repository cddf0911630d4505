package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"strata"
	"strata/define"
)

// WarningFigures are what a warning's state follows from.
type WarningFigures struct {
	Moved   int `json:"moved"`
	Was     int `json:"was"` // of whom Moved did
	Heading int `json:"heading"`
	At      int `json:"at_level"` // of whom Heading are
}

// WarningChange says that a warning passed from one state to another. It is
// written once and never changed.
type WarningChange struct {
	Number  uint64 // from 1, ascending; consumers remember the last they have seen
	Tier    string // its name now; empty where it is in the bin
	Warning string // define.MoveWarning.Key
	AsOf    strata.Instant
	Found   strata.Instant
	From    define.WarningState
	To      define.WarningState
	Figures WarningFigures
}

type warningData struct {
	From define.WarningState `json:"from"`
	To   define.WarningState `json:"to"`
	WarningFigures
}

// SetWarning writes that a warning of a published tier stands at To as of
// AsOf, and returns the change with its number. Where it stood there already,
// or where a later state is known, nothing is written and the number is 0. A
// warning that was never written is calm.
func (r *Registry) SetWarning(ctx context.Context, c WarningChange) (WarningChange, error) {
	c.Number = 0
	err := r.change(ctx, "storing the state of a warning", func(tx *sql.Tx) error {
		id, _, err := standing(ctx, tx, define.Ref{Kind: "tier", Name: c.Tier})
		if err != nil {
			return err
		}
		last, err := lastWarning(ctx, tx, id, c.Warning)
		if err != nil {
			return err
		}
		c.From = last.To
		if c.To == last.To || c.AsOf < last.AsOf {
			return nil
		}
		text, err := json.Marshal(warningData{c.From, c.To, c.Figures})
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `INSERT INTO warning_changes (definition, warning, at, found_at, data, checksum) VALUES (?, ?, ?, ?, ?, ?)`,
			id, c.Warning, int64(c.AsOf), int64(c.Found), string(text), checksum(id, c.Warning, int64(c.AsOf), int64(c.Found), string(text)))
		if err != nil {
			return err
		}
		n, err := res.LastInsertId()
		c.Number = uint64(n)
		return err
	})
	return c, err
}

// lastWarning is the newest change of a warning, calm at instant 0 where there
// is none.
func lastWarning(ctx context.Context, tx *sql.Tx, id, warning string) (WarningChange, error) {
	all, err := readWarnings(ctx, tx, `WHERE w.definition = ? AND w.warning = ? ORDER BY w.number DESC LIMIT 1`, id, warning)
	if err != nil || len(all) == 0 {
		return WarningChange{To: define.Calm}, err
	}
	return all[0], nil
}

// WarningChanges returns at most limit changes of warnings after a number, by
// number; of one tier where it is named.
func (r *Registry) WarningChanges(ctx context.Context, tier string, after uint64, limit int) ([]WarningChange, error) {
	var all []WarningChange
	err := r.look(ctx, "reading the changes of warnings", func(tx *sql.Tx) (err error) {
		all, err = readWarnings(ctx, tx, `WHERE w.number > ? AND (? = '' OR d.name = ?) ORDER BY w.number LIMIT ?`, int64(after), tier, tier, limit)
		return err
	})
	return all, err
}

// WarningStates returns the newest change of each warning of a tier, by
// warning.
func (r *Registry) WarningStates(ctx context.Context, tier string) (map[string]WarningChange, error) {
	states := map[string]WarningChange{}
	err := r.look(ctx, "reading the states of warnings", func(tx *sql.Tx) error {
		all, err := readWarnings(ctx, tx, `WHERE d.name = ? AND w.number IN (SELECT max(number) FROM warning_changes GROUP BY definition, warning)`, tier)
		for _, c := range all {
			states[c.Warning] = c
		}
		return err
	})
	return states, err
}

func readWarnings(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]WarningChange, error) {
	rows, err := tx.QueryContext(ctx, `SELECT w.number, w.definition, coalesce(d.name, ''), w.warning, w.at, w.found_at, w.data, w.checksum
		FROM warning_changes w LEFT JOIN definitions d ON d.id = w.definition AND d.state <> 'deleted' `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []WarningChange
	for rows.Next() {
		var c WarningChange
		var id, text string
		var sum int64
		if err := rows.Scan(&c.Number, &id, &c.Tier, &c.Warning, &c.AsOf, &c.Found, &text, &sum); err != nil {
			return nil, err
		}
		row := fmt.Sprintf("number %d (%s)", c.Number, c.Tier)
		if err := verify("warning_changes", row, sum, id, c.Warning, int64(c.AsOf), int64(c.Found), text); err != nil {
			return nil, err
		}
		var data warningData
		if err := json.Unmarshal([]byte(text), &data); err != nil {
			return nil, damagedRow("warning_changes", row, err)
		}
		c.From, c.To, c.Figures = data.From, data.To, data.WarningFigures
		all = append(all, c)
	}
	return all, rows.Err()
}

// Review says who looked a definition over when.
type Review struct {
	By      By  // Reason is the note
	Version int // of the definition then
}

// AddReview writes that a published definition was reviewed. Something must
// have been found: without a note it is Invalid.
func (r *Registry) AddReview(ctx context.Context, ref define.Ref, by By) (Review, error) {
	by.Reason = strings.TrimSpace(by.Reason)
	review := Review{By: by}
	if by.Reason == "" {
		return review, &strata.Error{Code: strata.Invalid, Field: "note", Message: "a review needs a note of what was found", Hint: "write what was looked at and decided, such as: sizes and cut points still fit"}
	}
	err := r.change(ctx, "storing a review", func(tx *sql.Tx) error {
		id, version, err := standing(ctx, tx, ref)
		if err != nil {
			return err
		}
		review.Version = version
		_, err = tx.ExecContext(ctx, `INSERT INTO reviews (definition, at, account, note, version, checksum) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (definition, at) DO UPDATE SET
			account = excluded.account, note = excluded.note, version = excluded.version, checksum = excluded.checksum`,
			id, int64(by.At), by.Account, by.Reason, version, checksum(id, int64(by.At), by.Account, by.Reason, int64(version)))
		if err != nil {
			return err
		}
		return audited(ctx, tx, by, "definition.review", ref.String(), map[string]any{"version": version})
	})
	return review, err
}

// Reviews returns the reviews of a published definition, newest first, and
// since when it has been one: of its first version.
func (r *Registry) Reviews(ctx context.Context, ref define.Ref) (reviews []Review, since strata.Instant, err error) {
	err = r.look(ctx, "reading reviews", func(tx *sql.Tx) error {
		id, _, err := standing(ctx, tx, ref)
		if err != nil {
			return err
		}
		versions, err := readVersions(ctx, tx, id, ref.Kind)
		if err != nil {
			return err
		}
		since = versions[len(versions)-1].AppliedAt
		rows, err := tx.QueryContext(ctx, `SELECT at, account, note, version, checksum FROM reviews WHERE definition = ? ORDER BY at DESC`, id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v Review
			var sum int64
			if err := rows.Scan(&v.By.At, &v.By.Account, &v.By.Reason, &v.Version, &sum); err != nil {
				return err
			}
			if err := verify("reviews", fmt.Sprintf("%s at %d", ref, v.By.At), sum, id, int64(v.By.At), v.By.Account, v.By.Reason, int64(v.Version)); err != nil {
				return err
			}
			reviews = append(reviews, v)
		}
		return rows.Err()
	})
	return reviews, since, err
}

// standing is the id and version of what is published, or paused, under a
// name.
func standing(ctx context.Context, tx *sql.Tx, ref define.Ref) (id string, version int, err error) {
	err = tx.QueryRowContext(ctx, `SELECT id, version FROM definitions WHERE kind = ? AND name = ? AND state <> 'deleted'`, ref.Kind, ref.Name).Scan(&id, &version)
	if errors.Is(err, sql.ErrNoRows) {
		err = notThere(Change{Kind: ref.Kind, Name: ref.Name}, "the registry")
	}
	return id, version, err
}
