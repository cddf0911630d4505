package registry

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"strata"
	"strata/define"
)

// Op says what a change does.
type Op string

// The operations of an apply; Create and Update both mean: as it stands in
// the set. The others stand in the history of a definition only.
const (
	Create  Op = "create"
	Update  Op = "update"
	Delete  Op = "delete" // into the bin
	Pause   Op = "pause"
	Resume  Op = "resume"
	Restore Op = "restore" // out of the bin
)

// State says whether a definition is in force.
type State string

// The states of definitions.
const (
	Published State = "published"
	Paused    State = "paused"  // kept, but not evaluated, and nothing that is published uses it
	Deleted   State = "deleted" // in the bin
)

// Change names one definition (kind tag, segment, tier, list, score or
// strategy) or one entry of the catalogue (kind attribute, event or synonym)
// that an apply touches.
type Change struct {
	Kind string
	Name string
	Op   Op
}

// Version is one version of a definition or catalogue entry.
type Version struct {
	ID        string // of the definition, the same for all its versions
	Version   int    // 1, 2, 3 ...
	Op        Op
	Name      string // at that version
	Body      string // the file that holds this one only, in JSON; empty for Delete
	Changes   uint64 // Published's number after the apply
	AppliedAt strata.Instant
	Author    string
}

// sections are the keys of a file under which each kind stands.
var sections = map[string][]string{
	"attribute": {"catalogue", "attributes"}, "event": {"catalogue", "events"}, "synonym": {"catalogue", "synonyms"},
	"tag": {"tags"}, "segment": {"segments"}, "tier": {"tiers"}, "list": {"lists"}, "score": {"scores"}, "strategy": {"strategies"},
}

// cachedSet is the set last built.
type cachedSet struct {
	sync.Mutex
	definitions uint64 // the value of counters.definitions that it belongs to
	set         *define.Set
}

// Published returns the set of all published definitions, without those that
// are paused or in the bin, over the standard
// catalogue, each with its ID, and a number that grows with every apply and
// every calibration. The set is shared and must not be written to.
func (r *Registry) Published(ctx context.Context) (set *define.Set, changes uint64, err error) {
	err = r.look(ctx, "reading the definitions", func(tx *sql.Tx) error {
		var definitions uint64
		if err := sound(ctx, tx, "counters", "1"); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT changes, definitions FROM counters`).Scan(&changes, &definitions); err != nil {
			return err
		}
		r.cached.Lock()
		defer r.cached.Unlock()
		if r.cached.set != nil && r.cached.definitions == definitions {
			set = r.cached.set
			return nil
		}
		rows, err := readDefinitions(ctx, tx)
		if err != nil {
			return err
		}
		if set, err = build(running(rows), r.settings); err != nil {
			return &strata.Error{Code: strata.Conflict, Message: "the published definitions do not fit this version of Strata", Cause: err}
		}
		if r.cached.set == nil || r.cached.definitions < definitions {
			r.cached.set, r.cached.definitions = set, definitions
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return set, changes, nil
}

// row is a definition or catalogue entry that is published or paused.
type row struct {
	id, kind, name string
	version        int64
	state          State
	body           string
}

// running leaves out what is paused.
func running(rows []row) []row {
	return slices.DeleteFunc(slices.Clone(rows), func(d row) bool { return d.state != Published })
}

// readDefinitions returns what is published or paused, in no promised order,
// verified.
func readDefinitions(ctx context.Context, tx *sql.Tx) ([]row, error) {
	rows, err := tx.QueryContext(ctx, `SELECT d.id, d.kind, d.name, d.version, d.state, d.checksum,
			v.op, v.name, v.body, v.changes, v.applied_at, v.author, v.checksum
		FROM definitions d LEFT JOIN definition_versions v ON v.id = d.id AND v.version = d.version
		WHERE d.state <> 'deleted'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		var d row
		var sum int64
		var op, name, body, author sql.NullString
		var changes, at, versionSum sql.NullInt64
		if err := rows.Scan(&d.id, &d.kind, &d.name, &d.version, &d.state, &sum, &op, &name, &body, &changes, &at, &author, &versionSum); err != nil {
			return nil, err
		}
		label := fmt.Sprintf("%s (%s %s)", d.id, d.kind, d.name)
		if err := verify("definitions", label, sum, d.id, d.kind, d.name, d.version, string(d.state)); err != nil {
			return nil, err
		}
		versionLabel := fmt.Sprintf("%s version %d (%s %s)", d.id, d.version, d.kind, d.name)
		if err := verify("definition_versions", versionLabel, versionSum.Int64,
			d.id, d.version, op.String, name.String, body.String, changes.Int64, at.Int64, author.String); err != nil {
			return nil, err
		}
		d.body = body.String
		all = append(all, d)
	}
	return all, rows.Err()
}

// compose makes one file of all bodies.
func compose(rows []row) ([]byte, error) {
	file := map[string]any{} // by section; the catalogue has sections of its own
	for _, d := range rows {
		value, err := within([]byte(d.body), append(slices.Clone(sections[d.kind]), d.name))
		if err != nil {
			return nil, damagedRow("definition_versions", fmt.Sprintf("%s version %d (%s %s)", d.id, d.version, d.kind, d.name), err)
		}
		at := file
		for _, section := range sections[d.kind] {
			next, ok := at[section].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[section] = next
			}
			at = next
		}
		at[d.name] = value
	}
	return json.Marshal(file)
}

// build checks the file of all bodies over the standard catalogue.
func build(rows []row, settings strata.Settings) (*define.Set, error) {
	text, err := compose(rows)
	if err != nil {
		return nil, err
	}
	parsed, err := define.Parse("published.json", text)
	if err != nil {
		return nil, err
	}
	set, _, err := define.Check(nil, parsed, settings)
	if err != nil {
		return nil, err
	}
	for _, d := range rows {
		setID(set, d.kind, d.name, d.id)
	}
	return set, nil
}

// within returns the value under a path of keys in a JSON text.
func within(text []byte, path []string) (json.RawMessage, error) {
	for _, key := range path {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(text, &object); err != nil {
			return nil, err
		}
		inner, ok := object[key]
		if !ok {
			return nil, fmt.Errorf("there is no %s in %v", key, slices.Sorted(maps.Keys(object)))
		}
		text = inner
	}
	return text, nil
}

func setID(set *define.Set, kind, name, id string) {
	switch kind {
	case "tag":
		d := set.Tags[name]
		d.ID = id
		set.Tags[name] = d
	case "segment":
		d := set.Segments[name]
		d.ID = id
		set.Segments[name] = d
	case "tier":
		d := set.Tiers[name]
		d.ID = id
		set.Tiers[name] = d
	case "list":
		d := set.Lists[name]
		d.ID = id
		set.Lists[name] = d
	case "score":
		d := set.Scores[name]
		d.ID = id
		set.Scores[name] = d
	}
}

// printed returns the text that is stored for one definition or catalogue
// entry of a set, "" where the set has none or only the standard one.
func printed(set *define.Set, kind, name string) (string, error) {
	one := &define.Set{}
	switch kind {
	case "attribute":
		a, ok := set.Catalogue.Attributes[name]
		if !ok || a.Standard {
			return "", nil
		}
		one.Catalogue.Attributes = map[string]define.Attribute{name: a}
	case "event":
		e, ok := set.Catalogue.Events[name]
		if !ok || e.Standard {
			return "", nil
		}
		one.Catalogue.Events = map[string]define.Event{name: e}
	case "synonym":
		to, ok := set.Catalogue.Synonyms[name]
		if !ok || define.Standard().Synonyms[name] == to {
			return "", nil
		}
		one.Catalogue.Synonyms = map[string]string{name: to}
	default:
		text, err := define.PrintOneJSON(set, define.Ref{Kind: kind, Name: name})
		if strata.CodeOf(err) == strata.NotFound {
			return "", nil
		}
		return string(text), err
	}
	return string(define.PrintJSON(one)), nil
}

// Apply makes what changes names as it stands in the set, or deletes it, all
// or nothing, and returns the number that Published returns from then on.
// Nothing else is touched, and what is the same as before gets no new version
// (where nothing differs the number stays). A definition that the set says is
// renamed keeps its ID and versions. A catalogue entry that is standard in
// the set is deleted, which brings the standard one back.
//
// A definition that is paused stays paused.
//
// What would no longer check as a whole is refused with define's errors; a
// change that names nothing in the set, or deletes what is not published, is
// NotFound.
func (r *Registry) Apply(ctx context.Context, set *define.Set, changes []Change, author string, at strata.Instant) (uint64, error) {
	if err := checkChanges(changes); err != nil {
		return 0, err
	}
	return r.alter(ctx, "applying definitions", author, at, func(a *applying) error {
		a.set = set
		for _, c := range changes {
			if c.Op != Delete {
				if err := a.put(c); err != nil {
					return err
				}
			}
		}
		for _, c := range changes {
			if c.Op == Delete && !a.renamed[Change{Kind: c.Kind, Name: c.Name}] {
				if err := a.delete(c.Kind, c.Name, true); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// alter lets fn change definitions, all or nothing, checks what is published
// then as a whole, and returns the number that Published returns from then on.
func (r *Registry) alter(ctx context.Context, doing, author string, at strata.Instant, fn func(a *applying) error) (uint64, error) {
	var number, definitions uint64
	var built *define.Set
	err := r.change(ctx, doing, func(tx *sql.Tx) error {
		a := applying{ctx: ctx, tx: tx, author: author, at: at, renamed: map[Change]bool{}}
		if err := sound(ctx, tx, "counters", "1"); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT changes, definitions FROM counters`).Scan(&number, &definitions); err != nil {
			return err
		}
		a.number = int64(number) + 1
		if err := fn(&a); err != nil || !a.changed {
			return err
		}
		rows, err := readDefinitions(ctx, tx)
		if err != nil {
			return err
		}
		if built, err = build(running(rows), r.settings); err != nil {
			return err
		}
		number = uint64(a.number)
		_, err = tx.ExecContext(ctx, `UPDATE counters SET changes = ?, definitions = ?`, a.number, a.number)
		if err != nil {
			return err
		}
		return sum(ctx, tx, "counters", "1")
	})
	if err != nil {
		return 0, err
	}
	if built != nil {
		r.cached.Lock()
		if r.cached.definitions < number {
			r.cached.set, r.cached.definitions = built, number
		}
		r.cached.Unlock()
	}
	return number, nil
}

func checkChanges(changes []Change) error {
	seen := map[Change]bool{}
	for _, c := range changes {
		field := c.Kind + " " + c.Name
		if _, ok := sections[c.Kind]; !ok || c.Name == "" {
			return &strata.Error{Code: strata.Invalid, Field: field, Message: "this is no kind of definition, or it has no name"}
		}
		if c.Op != Create && c.Op != Update && c.Op != Delete {
			return &strata.Error{Code: strata.Invalid, Field: field, Message: fmt.Sprintf("%q is no operation", c.Op), Hint: "use create, update or delete"}
		}
		key := Change{Kind: c.Kind, Name: c.Name}
		if seen[key] {
			return &strata.Error{Code: strata.Invalid, Field: field, Message: "it is named twice"}
		}
		seen[key] = true
	}
	return nil
}

// applying is one apply under way.
type applying struct {
	ctx     context.Context
	tx      *sql.Tx
	set     *define.Set
	author  string
	at      strata.Instant
	number  int64           // of this apply
	changed bool            // something got a new version
	renamed map[Change]bool // kinds and names that have another name now
}

// find returns the row that is published or paused under a name, nil where
// none is.
func (a *applying) find(kind, name string) (*row, error) {
	d := row{kind: kind, name: name}
	err := a.tx.QueryRowContext(a.ctx, `SELECT d.id, d.version, d.state, v.body FROM definitions d JOIN definition_versions v ON v.id = d.id AND v.version = d.version
		WHERE d.kind = ? AND d.name = ? AND d.state <> 'deleted'`, kind, name).Scan(&d.id, &d.version, &d.state, &d.body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &d, err
}

func (a *applying) put(c Change) error {
	body, err := printed(a.set, c.Kind, c.Name)
	if err != nil {
		return err
	}
	if body == "" {
		if _, ok := catalogued(a.set, c.Kind, c.Name); ok {
			return a.delete(c.Kind, c.Name, false)
		}
		return notThere(c, "the set")
	}
	d, err := a.find(c.Kind, c.Name)
	if err != nil {
		return err
	}
	if d == nil {
		if d, err = a.renames(c); err != nil {
			return err
		}
	}
	if d == nil {
		var random [16]byte
		rand.Read(random[:]) // never fails
		d = &row{id: hex.EncodeToString(random[:]), kind: c.Kind, name: c.Name, state: Published}
	} else if sameText(d.body, body) { // the name is a part of it
		return nil
	}
	op := Update
	if d.version == 0 {
		op = Create
	}
	d.name, d.body = c.Name, body
	return a.write(d, op, d.state)
}

// catalogued reports whether the set has the catalogue entry at all.
func catalogued(set *define.Set, kind, name string) (entry any, ok bool) {
	switch kind {
	case "attribute":
		entry, ok = set.Catalogue.Attributes[name]
	case "event":
		entry, ok = set.Catalogue.Events[name]
	case "synonym":
		entry, ok = set.Catalogue.Synonyms[name]
	}
	return entry, ok
}

// renames returns the row that the definition has under its old name, where
// it is new under this one, says that it was renamed, and the old name is not
// in the set.
func (a *applying) renames(c Change) (*row, error) {
	header, _ := a.set.Header(define.Ref{Kind: c.Kind, Name: c.Name})
	if header.RenamedFrom == "" {
		return nil, nil
	}
	if _, stays := a.set.Header(define.Ref{Kind: c.Kind, Name: header.RenamedFrom}); stays {
		return nil, nil
	}
	d, err := a.find(c.Kind, header.RenamedFrom)
	if d != nil {
		a.renamed[Change{Kind: c.Kind, Name: d.name}] = true
	}
	return d, err
}

func (a *applying) delete(kind, name string, must bool) error {
	d, err := a.find(kind, name)
	switch {
	case err != nil:
		return err
	case d == nil && must:
		return notThere(Change{Kind: kind, Name: name}, "what is published")
	case d == nil:
		return nil
	}
	d.body = ""
	return a.write(d, Delete, Deleted)
}

// write stores the next version of a definition.
func (a *applying) write(d *row, op Op, state State) error {
	d.version++
	d.state = state
	a.changed = true
	_, err := a.tx.ExecContext(a.ctx, `INSERT INTO definitions (id, kind, name, version, state, checksum) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version, state = excluded.state, checksum = excluded.checksum`,
		d.id, d.kind, d.name, d.version, string(state), checksum(d.id, d.kind, d.name, d.version, string(state)))
	if err != nil {
		return err
	}
	_, err = a.tx.ExecContext(a.ctx, `INSERT INTO definition_versions (id, version, op, name, body, changes, applied_at, author, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		d.id, d.version, string(op), d.name, d.body, a.number, int64(a.at), a.author,
		checksum(d.id, d.version, string(op), d.name, d.body, a.number, int64(a.at), a.author))
	return err
}

func notThere(c Change, where string) error {
	return &strata.Error{Code: strata.NotFound, Field: c.Kind + " " + c.Name, Message: fmt.Sprintf("there is no %s %s in %s", c.Kind, c.Name, where)}
}

// sameText reports whether two JSON texts differ in blanks only.
func sameText(a, b string) bool {
	var x, y bytes.Buffer
	return a == b || json.Compact(&x, []byte(a)) == nil && json.Compact(&y, []byte(b)) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// Versions returns the versions of what is published under a name, newest
// first; where nothing is, those of what was last. A name that never stood
// for anything is NotFound.
func (r *Registry) Versions(ctx context.Context, kind, name string) ([]Version, error) {
	var all []Version
	err := r.look(ctx, "reading versions", func(tx *sql.Tx) error {
		var id string
		err := tx.QueryRowContext(ctx, `SELECT d.id FROM definitions d JOIN definition_versions v ON v.id = d.id AND v.version = d.version
			WHERE d.kind = ? AND d.name = ? ORDER BY d.state = 'deleted', v.changes DESC LIMIT 1`, kind, name).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return notThere(Change{Kind: kind, Name: name}, "the registry")
		}
		if err != nil {
			return err
		}
		all, err = readVersions(ctx, tx, id, kind)
		return err
	})
	return all, err
}

// readVersions returns the versions of one definition, newest first, verified.
func readVersions(ctx context.Context, tx *sql.Tx, id, kind string) ([]Version, error) {
	rows, err := tx.QueryContext(ctx, `SELECT version, op, name, body, changes, applied_at, author, checksum FROM definition_versions WHERE id = ? ORDER BY version DESC`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Version
	for rows.Next() {
		v := Version{ID: id}
		var sum int64
		if err := rows.Scan(&v.Version, &v.Op, &v.Name, &v.Body, &v.Changes, &v.AppliedAt, &v.Author, &sum); err != nil {
			return nil, err
		}
		label := fmt.Sprintf("%s version %d (%s %s)", id, v.Version, kind, v.Name)
		if err := verify("definition_versions", label, sum, id, int64(v.Version), string(v.Op), v.Name, v.Body, int64(v.Changes), int64(v.AppliedAt), v.Author); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
