package timeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"strata"
)

// scan is what reading histories needs. It is used again.
type scan struct {
	history strata.History
	view    view
	texts   texts
	names   []string // of attributes, by code
	ranks   []uint16 // of attributes, by code
	order   []uint16 // rank of each of history.Attributes
	hidden  []bool   // by attribute code: not shown; nil = all are
	some    bool     // the customer has something, shown or not
	seen    uint     // customers
	key     []byte
	end     []byte
}

// Scan calls fn with the history of each customer in [from, to) that has one,
// in ascending order, as they all are at the call. The history and what it
// holds are valid only during the call of fn, except the strings. An error of
// fn ends the scan and is returned as it is. Several scans may run at once.
func (s *Store) Scan(ctx context.Context, from, to strata.CustomerID, fn func(*strata.History) error) error {
	if from >= to {
		return ctx.Err()
	}
	return s.scan(ctx, uint64(from), uint64(to), nil, fn)
}

// ScanOnly is Scan for a reader that looks at few columns: the runs have only
// those of the properties in only, and the attributes are only those named
// there. fn is called for the same customers as by Scan.
func (s *Store) ScanOnly(ctx context.Context, from, to strata.CustomerID, only strata.Wanted, fn func(*strata.History) error) error {
	if from >= to {
		return ctx.Err()
	}
	if only.Everything {
		return s.Scan(ctx, from, to, fn)
	}
	return s.scan(ctx, uint64(from), uint64(to), &only, fn)
}

// Load calls fn with the history of one customer, on the terms of Scan. It
// does not call fn for a customer that has none.
func (s *Store) Load(c strata.CustomerID, fn func(*strata.History) error) error {
	return s.scan(context.Background(), uint64(c), uint64(c)+1, nil, fn)
}

// scan reads the customers [from, to); only nil shows everything.
func (s *Store) scan(ctx context.Context, from, to uint64, only *strata.Wanted, fn func(*strata.History) error) (err error) {
	x := s.scans.Get().(*scan)
	defer s.scans.Put(x)
	x.key, x.end = appendKey(x.key[:0], from, 0), appendKey(x.end[:0], to, 0)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: x.key, UpperBound: x.end})
	if err != nil {
		return readError(x.key, err)
	}
	defer func() {
		if closeErr := it.Close(); err == nil {
			err = readError(x.key, closeErr)
		}
	}()
	s.begin(x, only)
	h := &x.history
	for valid := it.First(); valid; valid = it.Next() {
		key := it.Key()
		if len(key) != customerKeySize {
			return damage(bytes.Clone(key), errDamaged)
		}
		customer := strata.CustomerID(binary.BigEndian.Uint32(key[1:]))
		if customer != h.Customer {
			if err := x.emit(ctx, fn); err != nil {
				return err
			}
			h.Customer = customer
		}
		events, err := x.take(it, only)
		if err != nil {
			return err
		}
		if events {
			// They are the last of a customer's keys that a history shows, and
			// hold only until the iterator moves.
			if err := x.emit(ctx, fn); err != nil {
				return err
			}
		}
	}
	if err := it.Error(); err != nil {
		return readError(x.key, err)
	}
	if err := x.emit(ctx, fn); err != nil {
		return err
	}
	return ctx.Err()
}

// begin makes x ready for reading by an iterator that exists already: whatever
// it reads has its names by now.
func (s *Store) begin(x *scan, only *strata.Wanted) {
	s.dictionary.mu.RLock()
	x.names, x.ranks = s.dictionary.attributes.list, s.dictionary.ranks
	s.dictionary.mu.RUnlock()
	x.show(only)
	x.clear()
}

// clear empties the history.
func (x *scan) clear() {
	h := &x.history
	h.Customer, h.Runs, h.Attributes, x.some, x.order = 0, nil, h.Attributes[:0], false, x.order[:0]
}

// take puts the value at the iterator into the history, and reports whether it
// was the events.
func (x *scan) take(it *pebble.Iterator, only *strata.Wanted) (events bool, err error) {
	suffix := it.Key()[5]
	if suffix != eventsSuffix && suffix != attributesSuffix {
		return false, nil
	}
	value, err := it.ValueAndErr()
	if err != nil {
		return false, readError(bytes.Clone(it.Key()), err)
	}
	x.some = true
	switch {
	case suffix == eventsSuffix:
		err = x.view.read(value)
		x.history.Runs = x.view.runs
	case only == nil || len(only.Attributes) > 0:
		err = x.readAttributes(value)
	}
	if err != nil {
		return false, damage(bytes.Clone(it.Key()), err)
	}
	return suffix == eventsSuffix, nil
}

// show restricts what is shown; nil shows everything.
func (x *scan) show(only *strata.Wanted) {
	x.hidden = nil
	if only == nil {
		x.view.restrict(false, nil)
		return
	}
	x.view.restrict(true, only.Properties)
	if len(only.Attributes) > 0 {
		x.hidden = make([]bool, len(x.names))
		for code, name := range x.names {
			x.hidden[code] = !slices.Contains(only.Attributes, name)
		}
	}
}

// emit calls fn where there is something to show, and empties the history.
func (x *scan) emit(ctx context.Context, fn func(*strata.History) error) error {
	if !x.some {
		return nil
	}
	if x.seen++; x.seen%256 == 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	h := &x.history
	err := fn(h)
	h.Runs, h.Attributes, x.order, x.some = nil, h.Attributes[:0], x.order[:0], false
	return err
}

// readAttributes appends the stored list to the history, by name.
func (x *scan) readAttributes(value []byte) error {
	h := &x.history
	sorted := true
	err := eachAttribute(value, func(a *attribute, text []byte) error {
		if int(a.code) >= len(x.names) {
			return errDamaged
		}
		if x.hidden != nil && x.hidden[a.code] {
			return nil
		}
		rank := x.ranks[a.code]
		if n := len(x.order); n > 0 && x.order[n-1] > rank {
			sorted = false
		}
		x.order = append(x.order, rank)
		a.value.Text = x.texts.of(text)
		h.Attributes = append(h.Attributes, strata.Attribute{Name: x.names[a.code], At: a.at, Priority: a.priority, Value: a.value})
		return nil
	})
	if !sorted {
		slices.SortStableFunc(h.Attributes, func(a, b strata.Attribute) int { return cmp.Compare(a.Name, b.Name) })
	}
	return err
}

// StoredEvent is an event with where it came from.
type StoredEvent struct {
	strata.Event
	Source string
	Import uint32
}

// Events returns all events of a customer by instant, name and id, with ids
// and the texts of ID values. It is slower than Load, and for showing. An
// event whose text outgrew the dictionary comes back with an ID value.
func (s *Store) Events(c strata.CustomerID) ([]StoredEvent, error) {
	key := appendKey(nil, uint64(c), eventsSuffix)
	value, err := s.Get(key)
	if err != nil || value == nil {
		return nil, err
	}
	t, err := new(space).decode(value)
	if err != nil {
		return nil, damage(key, err)
	}
	list, err := s.dictionary.storedEvents(&t)
	if err != nil {
		return nil, damage(key, err)
	}
	return list, nil
}

// storedEvents turns a table's codes into names and texts.
func (d *dictionary) storedEvents(t *table) ([]StoredEvent, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var list []StoredEvent
	for k := range t.runs {
		run := &t.runs[k]
		if int(run.event) >= len(d.events.list) {
			return nil, errDamaged
		}
		for i := range run.at {
			if int(run.origins[i].source) >= len(d.sources.list) {
				return nil, errDamaged
			}
			e := StoredEvent{Source: d.sources.list[run.origins[i].source], Import: run.origins[i].imported}
			e.Name, e.At, e.ID = d.events.list[run.event], run.at[i], run.ids[i].String()
			for c := range run.columns {
				column := &run.columns[c]
				if !column.has(i) {
					continue
				}
				value, ok := d.value(column, i, t)
				if !ok {
					return nil, errDamaged
				}
				e.Properties = append(e.Properties, strata.Property{Name: d.properties.list[column.property], Value: value})
			}
			slices.SortStableFunc(e.Properties, func(a, b strata.Property) int { return cmp.Compare(a.Name, b.Name) })
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b StoredEvent) int {
		if c := cmp.Compare(a.At, b.At); c != 0 {
			return c
		}
		if c := cmp.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return list, nil
}

// value returns a column's value with its text, and false where the
// dictionary does not have it. The caller holds mu.
func (d *dictionary) value(c *tableColumn, i int, t *table) (strata.Value, bool) {
	v := strata.Value{Kind: c.kind, Scale: c.scale}
	if int(c.property) >= len(d.properties.list) {
		return v, false
	}
	switch c.kind {
	case strata.Text, strata.List:
		code := c.values[i]
		if int(c.property) >= len(d.texts) || code < 1 || code > int64(len(d.texts[c.property].list)) {
			return v, false
		}
		v.Text = d.texts[c.property].list[code-1]
	case strata.ID:
		place, ok := slices.BinarySearchFunc(t.texts, uint64(c.values[i]), func(x idText, hash uint64) int { return cmp.Compare(x.hash, hash) })
		if !ok {
			return v, false
		}
		v.Text = t.texts[place].text
	default:
		v.Int = c.values[i]
	}
	return v, true
}

// StoredAttribute is an attribute value with where it came from.
type StoredAttribute struct {
	strata.Attribute
	Source string
	Import uint32
}

// Attributes returns all attribute values of a customer in the order of
// strata.History.
func (s *Store) Attributes(c strata.CustomerID) ([]StoredAttribute, error) {
	key := appendKey(nil, uint64(c), attributesSuffix)
	value, err := s.Get(key)
	if err != nil || value == nil {
		return nil, err
	}
	names, sources := s.dictionary.list(&s.dictionary.attributes), s.dictionary.list(&s.dictionary.sources)
	var list []StoredAttribute
	err = eachAttribute(value, func(a *attribute, text []byte) error {
		if int(a.code) >= len(names) || int(a.source) >= len(sources) {
			return errDamaged
		}
		stored := StoredAttribute{Source: sources[a.source], Import: a.imported}
		stored.Name, stored.At, stored.Priority, stored.Value = names[a.code], a.at, a.priority, a.value
		stored.Value.Text = string(text)
		list = append(list, stored)
		return nil
	})
	if err != nil {
		return nil, damage(key, err)
	}
	slices.SortStableFunc(list, func(a, b StoredAttribute) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}
