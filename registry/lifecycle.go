package registry

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"strata"
	"strata/define"
)

// By says who does something, when, and why. The audit keeps it.
type By struct {
	Account string
	At      strata.Instant
	Reason  string // may be empty where none is asked for
}

// Definition is a definition as it stands in the registry.
type Definition struct {
	ID      string
	Ref     define.Ref
	State   State
	Version int
	Changed strata.Instant // of the last version
	Author  string         // of the last version
}

// Definitions returns the definitions (tags, segments, tiers, lists, scores,
// strategies) in the states, all of them where none is named, by kind and
// name; of one name in the bin the last deleted first.
func (r *Registry) Definitions(ctx context.Context, states ...State) ([]Definition, error) {
	var all []Definition
	err := r.look(ctx, "reading the definitions", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT d.id, d.kind, d.name, d.version, d.state, d.checksum, v.applied_at, v.author
			FROM definitions d JOIN definition_versions v ON v.id = d.id AND v.version = d.version
			WHERE d.kind NOT IN ('attribute', 'event', 'synonym') ORDER BY d.kind, d.name, v.changes DESC`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var d Definition
			var sum int64
			if err := rows.Scan(&d.ID, &d.Ref.Kind, &d.Ref.Name, &d.Version, &d.State, &sum, &d.Changed, &d.Author); err != nil {
				return err
			}
			if err := verify("definitions", fmt.Sprintf("%s (%s)", d.ID, d.Ref), sum, d.ID, d.Ref.Kind, d.Ref.Name, int64(d.Version), string(d.State)); err != nil {
				return err
			}
			if len(states) == 0 || slices.Contains(states, d.State) {
				all = append(all, d)
			}
		}
		return rows.Err()
	})
	return all, err
}

// Use is a definition that uses another, or a fact of the catalogue.
type Use struct {
	Ref   define.Ref
	State State // Published or Paused
}

// UsedBy returns what uses a definition, an attribute or an event, by kind and
// name, paused definitions among them. What is not there is used by nothing.
func (r *Registry) UsedBy(ctx context.Context, ref define.Ref) ([]Use, error) {
	var uses []Use
	err := r.look(ctx, "reading the definitions", func(tx *sql.Tx) error {
		rows, err := readDefinitions(ctx, tx)
		if err != nil {
			return err
		}
		uses, err = usedBy(rows, ref)
		return err
	})
	return uses, err
}

// usedBy finds the users of a definition as they are written, since what is
// paused need not check any more.
func usedBy(rows []row, ref define.Ref) ([]Use, error) {
	text, err := compose(rows)
	if err != nil {
		return nil, err
	}
	file, err := define.Parse("definitions.json", text)
	if file == nil {
		return nil, err
	}
	var uses []Use
	for _, user := range define.UsedBy(file.Written(define.Standard()), ref) {
		i := slices.IndexFunc(rows, func(d row) bool { return d.kind == user.Kind && d.name == user.Name })
		if user != ref && i >= 0 {
			uses = append(uses, Use{user, rows[i].state})
		}
	}
	return uses, nil
}

// inUse refuses what others use.
func inUse(ref define.Ref, doing string, uses []Use, hint string) error {
	if len(uses) == 0 {
		return nil
	}
	var names []string
	for _, u := range uses {
		name := u.Ref.String()
		if u.State == Paused {
			name += " (paused)"
		}
		names = append(names, name)
	}
	return &strata.Error{Code: strata.Conflict, Field: ref.String(), Message: "it cannot be " + doing + " while it is used by " + strings.Join(names, ", "), Hint: hint}
}

// Pause takes a published definition out of force and keeps it: it is not
// evaluated and cannot be used until Resume. While something published uses
// it that is a Conflict that names the users. It returns the number that
// Published returns from then on, as the others do.
func (r *Registry) Pause(ctx context.Context, ref define.Ref, by By) (uint64, error) {
	return r.alter(ctx, "pausing a definition", by.Account, by.At, func(a *applying) error {
		d, err := a.get(ref)
		if err != nil {
			return err
		}
		if d.state == Paused {
			return &strata.Error{Code: strata.Conflict, Field: ref.String(), Message: "it is paused already"}
		}
		uses, err := a.usedBy(ref)
		if err != nil {
			return err
		}
		uses = slices.DeleteFunc(uses, func(u Use) bool { return u.State == Paused })
		if err := inUse(ref, "paused", uses, "pause those first, or change them"); err != nil {
			return err
		}
		return a.move(d, Pause, Paused, by)
	})
}

// Resume brings a paused definition back into force. What no longer checks,
// because something it uses is gone or paused, is refused with define's
// errors.
func (r *Registry) Resume(ctx context.Context, ref define.Ref, by By) (uint64, error) {
	return r.alter(ctx, "resuming a definition", by.Account, by.At, func(a *applying) error {
		d, err := a.get(ref)
		if err != nil {
			return err
		}
		if d.state != Paused {
			return &strata.Error{Code: strata.Conflict, Field: ref.String(), Message: "it is not paused"}
		}
		return a.move(d, Resume, Published, by)
	})
}

// Delete puts a definition into the bin, with its versions. While something
// uses it, published or paused, that is a Conflict that names the users.
func (r *Registry) Delete(ctx context.Context, ref define.Ref, by By) (uint64, error) {
	return r.alter(ctx, "deleting a definition", by.Account, by.At, func(a *applying) error {
		d, err := a.get(ref)
		if err != nil {
			return err
		}
		uses, err := a.usedBy(ref)
		if err != nil {
			return err
		}
		if err := inUse(ref, "deleted", uses, "delete those first, or change them"); err != nil {
			return err
		}
		d.body = ""
		return a.move(d, Delete, Deleted, by)
	})
}

// Restore takes the definition that was deleted last under a name out of the
// bin and publishes it as it was, with its ID and versions. A name that is
// taken is a Conflict; what no longer checks is refused with define's errors.
func (r *Registry) Restore(ctx context.Context, ref define.Ref, by By) (uint64, error) {
	return r.alter(ctx, "restoring a definition", by.Account, by.At, func(a *applying) error {
		taken, err := a.find(ref.Kind, ref.Name)
		if err != nil {
			return err
		}
		binned, err := a.binned(ref)
		if err != nil {
			return err
		}
		if taken != nil {
			return &strata.Error{Code: strata.Conflict, Field: ref.String(), Message: "another definition has the name now", Hint: "rename that one, or delete it"}
		}
		d := binned[0]
		versions, err := readVersions(ctx, a.tx, d.id, d.kind)
		if err != nil {
			return err
		}
		last := slices.IndexFunc(versions, func(v Version) bool { return v.Body != "" })
		if last < 0 {
			return damagedRow("definition_versions", fmt.Sprintf("%s (%s)", d.id, ref), nil)
		}
		d.body = versions[last].Body
		return a.move(&d, Restore, Published, by)
	})
}

// Purge removes what is in the bin under a name for ever, with all versions,
// and the calibrations too where nothing else has the name.
func (r *Registry) Purge(ctx context.Context, ref define.Ref, by By) error {
	return r.change(ctx, "purging a definition", func(tx *sql.Tx) error {
		a := applying{ctx: ctx, tx: tx}
		binned, err := a.binned(ref)
		if err != nil {
			return err
		}
		ids := make([]string, len(binned))
		for i, d := range binned {
			ids[i] = d.id
			if _, err := tx.ExecContext(ctx, `DELETE FROM definition_versions WHERE id = ?`, d.id); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM definitions WHERE id = ?`, d.id); err != nil {
				return err
			}
		}
		left, err := a.find(ref.Kind, ref.Name)
		if err != nil {
			return err
		}
		if left == nil {
			if _, err := tx.ExecContext(ctx, `DELETE FROM calibrations WHERE kind = ? AND name = ?`, ref.Kind, ref.Name); err != nil {
				return err
			}
		}
		return audited(ctx, tx, by, "definition.purge", ref.String(), map[string]any{"ids": ids})
	})
}

// get returns a definition that is published or paused; there being none is
// NotFound, with a hint where it is in the bin.
func (a *applying) get(ref define.Ref) (*row, error) {
	if _, ok := sections[ref.Kind]; !ok || isEntry(ref.Kind) {
		return nil, &strata.Error{Code: strata.Invalid, Field: ref.String(), Message: fmt.Sprintf("%s is no kind of definition", ref.Kind), Hint: "use tag, segment, tier, list, score or strategy"}
	}
	d, err := a.find(ref.Kind, ref.Name)
	if err != nil || d != nil {
		return d, err
	}
	missing := notThere(Change{Kind: ref.Kind, Name: ref.Name}, "what is published").(*strata.Error)
	if _, err := a.binned(ref); err == nil {
		missing.Hint = "it is in the bin, and can be restored"
	}
	return nil, missing
}

func isEntry(kind string) bool { return kind == "attribute" || kind == "event" || kind == "synonym" }

// binned returns what is in the bin under a name, the last deleted first.
func (a *applying) binned(ref define.Ref) ([]row, error) {
	rows, err := a.tx.QueryContext(a.ctx, `SELECT d.id, d.kind, d.name, d.version, d.state FROM definitions d
		JOIN definition_versions v ON v.id = d.id AND v.version = d.version
		WHERE d.kind = ? AND d.name = ? AND d.state = 'deleted' ORDER BY v.changes DESC`, ref.Kind, ref.Name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		var d row
		if err := rows.Scan(&d.id, &d.kind, &d.name, &d.version, &d.state); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 || isEntry(ref.Kind) {
		return nil, notThere(Change{Kind: ref.Kind, Name: ref.Name}, "the bin")
	}
	return all, nil
}

func (a *applying) usedBy(ref define.Ref) ([]Use, error) {
	rows, err := readDefinitions(a.ctx, a.tx)
	if err != nil {
		return nil, err
	}
	return usedBy(rows, ref)
}

// move writes the next version of a definition in another state, and the
// audit.
func (a *applying) move(d *row, op Op, state State, by By) error {
	if err := a.write(d, op, state); err != nil {
		return err
	}
	return audited(a.ctx, a.tx, by, "definition."+string(op), d.kind+" "+d.name, map[string]any{"id": d.id, "version": d.version})
}

// audited writes what was done, by whom and why.
func audited(ctx context.Context, tx *sql.Tx, by By, action, object string, detail map[string]any) error {
	if by.Reason != "" {
		detail["reason"] = by.Reason
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	return appendAudit(ctx, tx, AuditEntry{At: by.At, Account: by.Account, Action: action, Object: object, Detail: text})
}

// AttributeOn is a sensitive attribute that a person turned on.
type AttributeOn struct {
	Name string
	By   By
}

// EnableAttribute turns a sensitive attribute on, from when definitions and
// mappings may use it. The reason must be given; doing it again replaces who,
// when and why.
func (r *Registry) EnableAttribute(ctx context.Context, name string, by By) error {
	by.Reason = strings.TrimSpace(by.Reason)
	if name == "" || by.Reason == "" {
		return &strata.Error{Code: strata.Invalid, Field: cmp.Or(name, "attribute"), Message: "a sensitive attribute is turned on for a reason only", Hint: "say why the business needs it"}
	}
	return r.change(ctx, "turning an attribute on", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO attributes_on (name, at, account, reason, checksum) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET at = excluded.at, account = excluded.account, reason = excluded.reason, checksum = excluded.checksum`,
			name, int64(by.At), by.Account, by.Reason, checksum(name, int64(by.At), by.Account, by.Reason))
		if err != nil {
			return err
		}
		return audited(ctx, tx, by, "attribute.enable", name, map[string]any{})
	})
}

// DisableAttribute turns a sensitive attribute off again. One that is not on
// is NotFound; one that a definition uses is a Conflict that names the users.
// What was stored of it stays stored.
func (r *Registry) DisableAttribute(ctx context.Context, name string, by By) error {
	return r.change(ctx, "turning an attribute off", func(tx *sql.Tx) error {
		rows, err := readDefinitions(ctx, tx)
		if err != nil {
			return err
		}
		ref := define.Ref{Kind: "attribute", Name: name}
		uses, err := usedBy(rows, ref)
		if err != nil {
			return err
		}
		if err := inUse(ref, "turned off", uses, "delete those first, or change them"); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM attributes_on WHERE name = ?`, name)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			return &strata.Error{Code: strata.NotFound, Field: name, Message: "no such attribute is turned on"}
		}
		return audited(ctx, tx, by, "attribute.disable", name, map[string]any{})
	})
}

// AttributesOn returns the sensitive attributes that are turned on, by name.
func (r *Registry) AttributesOn(ctx context.Context) ([]AttributeOn, error) {
	var all []AttributeOn
	err := r.look(ctx, "reading the attributes that are on", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT name, at, account, reason, checksum FROM attributes_on ORDER BY name`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a AttributeOn
			var sum int64
			if err := rows.Scan(&a.Name, &a.By.At, &a.By.Account, &a.By.Reason, &sum); err != nil {
				return err
			}
			if err := verify("attributes_on", a.Name, sum, a.Name, int64(a.By.At), a.By.Account, a.By.Reason); err != nil {
				return err
			}
			all = append(all, a)
		}
		return rows.Err()
	})
	return all, err
}

// ChangeSetting stores a setting of the business, or with an empty value
// removes it, and writes both values to the audit.
func (r *Registry) ChangeSetting(ctx context.Context, key, value string, by By) error {
	if key == "" {
		return &strata.Error{Code: strata.Invalid, Field: "key", Message: "a setting needs a key"}
	}
	return r.change(ctx, "changing a setting", func(tx *sql.Tx) error {
		var before string
		if err := sound(ctx, tx, "settings", "key = ?", key); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `SELECT value FROM settings WHERE key = ?`, key).Scan(&before)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if before == value {
			return nil
		}
		if value == "" {
			_, err = tx.ExecContext(ctx, `DELETE FROM settings WHERE key = ?`, key)
		} else {
			err = setSetting(ctx, tx, key, value)
		}
		if err != nil {
			return err
		}
		return audited(ctx, tx, by, "setting.change", key, map[string]any{"from": before, "to": value})
	})
}

// The settings that say what the business demands of its definitions.
const (
	SettingRequire = "governance.require" // unless false, nothing is published without owner, purpose and consumer
	SettingWords   = "forbidden_words"    // YAML, as define.Words.With reads it
)

// Governance returns what the business demands of its definitions.
func (r *Registry) Governance(ctx context.Context) (define.Governance, error) {
	var g define.Governance
	require, _, err := r.Setting(ctx, SettingRequire)
	if err != nil {
		return g, err
	}
	g.Require = require != "false"
	own, _, err := r.Setting(ctx, SettingWords)
	if err != nil {
		return g, err
	}
	if g.Words, err = define.ForbiddenWords().With("setting "+SettingWords, []byte(own)); err != nil {
		return g, err
	}
	on, err := r.AttributesOn(ctx)
	if err != nil {
		return g, err
	}
	g.On = make(map[string]bool, len(on))
	for _, a := range on {
		g.On[a.Name] = true
	}
	paused, err := r.Definitions(ctx, Paused)
	for _, d := range paused {
		g.Paused = append(g.Paused, d.Ref)
	}
	return g, err
}
