package ingest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
)

// batch is units that are committed together.
type batch struct {
	units []unit
	facts int
	raw   int // bytes of refused rows
	last  bool
}

func (b *batch) full(rows int) bool {
	return b.facts >= 50_000 || len(b.units) >= rows || b.raw >= 16<<20
}

// writer applies units in order. It belongs to one goroutine.
type writer struct {
	o       *Options
	record  *Record
	seq     uint64 // units seen
	resume  uint64 // units that an interrupted run has applied
	folds   *folds
	finder  *finder // of a dry run
	late    map[groupKey]uint64
	touched *roaring.Bitmap // customers of taken rows
	changed *roaring.Bitmap // of these, who were given something new
	created *roaring.Bitmap
	pending map[strata.CustomerID]*pending
	scratch []fact
}

// pending is what a batch gives one customer.
type pending struct {
	events     []strata.Event
	attributes []strata.Attribute
}

func newWriter(o *Options, record *Record, file contentHash) (*writer, error) {
	w := &writer{
		o: o, record: record, resume: record.Progress,
		folds:   newFolds(file, o.Mapping.source, o.Store.Get),
		late:    map[groupKey]uint64{},
		touched: roaring.New(), changed: roaring.New(), created: roaring.New(),
		pending: map[strata.CustomerID]*pending{},
	}
	if o.DryRun {
		w.finder = newFinder(o.Identity)
	}
	for _, set := range []struct {
		stored []byte
		to     *roaring.Bitmap
	}{{record.Created, w.created}, {record.Updated, w.changed}} {
		if len(set.stored) == 0 {
			continue
		}
		if err := set.to.UnmarshalBinary(set.stored); err != nil {
			return nil, &strata.Error{Code: strata.Internal, Message: "the record of an import is damaged", Cause: err}
		}
	}
	return w, nil
}

// write commits a batch. The last one is on disk when it returns.
func (w *writer) write(b *batch) error {
	if w.o.DryRun {
		for i := range b.units {
			if err := w.unit(nil, &b.units[i]); err != nil {
				return err
			}
		}
		clear(w.pending)
		for _, r := range w.folds.rows {
			r.fresh.Clear()
		}
		w.folds.full = w.folds.full[:0]
		if b.last {
			w.finish()
		}
		return nil
	}
	return w.o.Update(b.last, func(to strata.Batch) error {
		for i := range b.units {
			if err := w.unit(to, &b.units[i]); err != nil {
				return err
			}
		}
		for _, c := range slices.Sorted(maps.Keys(w.pending)) {
			p := w.pending[c]
			if err := w.o.Append(to, c, p.events, p.attributes, w.record.Source, w.record.ID); err != nil {
				return err
			}
		}
		clear(w.pending)
		if err := w.folds.write(to); err != nil {
			return err
		}
		w.record.Progress = max(w.seq, w.resume)
		if err := w.remember(); err != nil {
			return err
		}
		if b.last {
			w.finish()
			if err := to.Delete(badGroupsKey(w.record.ID)); err != nil {
				return err
			}
		}
		return w.record.write(to)
	})
}

// remember puts the customers so far into the record, for an import that goes
// on after this batch.
func (w *writer) remember() (err error) {
	w.changed.AndNot(w.created)
	w.created.RunOptimize()
	w.changed.RunOptimize()
	if w.record.Created, err = w.created.ToBytes(); err != nil {
		return err
	}
	w.record.Updated, err = w.changed.ToBytes()
	return err
}

// finish completes the record.
func (w *writer) finish() {
	r := w.record
	r.State, r.Finished = Done, strata.At(w.o.Now())
	r.NewCustomers = w.created.GetCardinality()
	r.UpdatedCustomers = roaring.AndNot(w.changed, w.created).GetCardinality()
	r.Created, r.Updated = nil, nil
	r.UnchangedCustomers = roaring.AndNot(w.touched, w.created).GetCardinality() - r.UpdatedCustomers
	r.sorted()
}

// unit applies one unit whole or refuses it.
func (w *writer) unit(to strata.Batch, u *unit) error {
	w.seq++
	applied := w.seq <= w.resume
	if u.skipped > 0 {
		if !applied {
			w.record.Rows++
			w.record.skipped(w.o.Mapping, u.skipped-1)
		}
		if u.keys == nil || w.erased(u) {
			return nil
		}
		customer, err := w.customer(to, u)
		if err == nil && u.refused == nil {
			w.touched.Add(uint32(customer))
		}
		return err
	}
	if !w.erased(u) && u.refused == nil {
		if err := w.take(to, u, applied); err != nil {
			return err
		}
	}
	if u.refused == nil || applied {
		return nil
	}
	if u.group {
		w.record.BadGroups++
	} else {
		w.record.Rows++
		w.record.refused(u)
	}
	if w.o.DryRun {
		return nil
	}
	key := refusedKey(w.record.ID, u.row)
	if u.group {
		// Its first row may have been refused before, and keeps its text.
		if before, err := to.Get(key); err != nil || before != nil {
			return err
		}
	}
	return to.Set(key, refusedValue(u))
}

// take resolves and folds a unit, and gathers its facts. It sets u.refused
// where the unit contradicts what is there.
func (w *writer) take(to strata.Batch, u *unit, applied bool) error {
	if u.group {
		if row, ok := w.late[u.groups[0]]; ok {
			u.refused = &refusal{Found: u.facts[0].ID, Reason: "has a row that is refused", Hint: fmt.Sprintf("see row %d", row)}
			return nil
		}
	}
	customer, err := w.customer(to, u)
	if err != nil {
		return err
	}
	if u.refused == nil {
		w.scratch = w.scratch[:0]
		if err := w.fold(u); err != nil {
			return err
		}
	}
	if u.refused != nil {
		for _, g := range u.groups {
			w.late[g] = u.row
		}
		return nil
	}
	w.touched.Add(uint32(customer))
	return w.gather(customer, u, applied)
}

// customer resolves the unit's keys.
func (w *writer) customer(to strata.Batch, u *unit) (strata.CustomerID, error) {
	s := u.keys
	if s.customer != 0 {
		return s.customer, nil
	}
	var created bool
	if w.o.DryRun {
		var err error
		if created, err = w.finder.find(s); err != nil {
			return 0, err
		}
		if s.conflict != nil {
			u.refused = s.conflict
			return 0, nil
		}
		// A number for counting only; customers that would be new stand
		// above those there are.
		s.customer = strata.CustomerID(uint32(s.found))
		if s.found >= 1<<32 {
			s.customer = strata.CustomerID(1<<31 + uint32(s.found-1<<32))
		}
	} else {
		id, isNew, err := w.o.Identity.Resolve(to, s.keys)
		if err != nil {
			var e *strata.Error
			if !errors.As(err, &e) || e.Code != strata.Conflict && e.Code != strata.Invalid {
				return 0, err
			}
			u.refused = &refusal{Reason: e.Message, Hint: e.Hint}
			if e.Code == strata.Conflict {
				u.refused = twoCustomers(s)
			}
			return 0, nil
		}
		s.customer, created = id, isNew
	}
	if created {
		w.created.Add(uint32(s.customer))
		w.record.NewCustomers = w.created.GetCardinality()
	}
	return s.customer, nil
}

// fold puts into w.scratch the facts of the unit that are new, and refuses
// the unit where an id was used for something else.
func (w *writer) fold(u *unit) error {
	for i := range u.facts {
		f := &u.facts[i]
		if !f.withID {
			w.scratch = append(w.scratch, *f)
			continue
		}
		key := idKey(w.folds.source, &f.Event)
		body, ok, err := w.folds.id(key)
		if err != nil {
			return err
		}
		for j := range w.scratch {
			if g := &w.scratch[j]; g.withID && g.Name == f.Name && g.ID == f.ID {
				body, ok = g.body, true
			}
		}
		switch {
		case !ok:
			w.scratch = append(w.scratch, *f)
		case body != f.body:
			u.refused = sameID(f.Name, f.ID)
			return nil
		}
	}
	return nil
}

func sameID(event, id string) *refusal {
	return &refusal{Found: id, Reason: "is the id of an earlier " + event + " of this source with other content",
		Hint: "give this one an id of its own; to change what happened, import what undoes it, such as a refund"}
}

// gather counts the unit's facts and keeps the new ones for the commit.
func (w *writer) gather(customer strata.CustomerID, u *unit, applied bool) error {
	if applied {
		return nil
	}
	if u.group {
		w.record.Groups++
	} else {
		w.record.Rows++
		w.record.Taken++
	}
	before := w.record.Events + w.record.Attributes
	p := w.pending[customer]
	if p == nil {
		p = &pending{}
		w.pending[customer] = p
	}
	w.record.Repeated += uint64(len(u.facts) - len(w.scratch))
	for i := range w.scratch {
		f := &w.scratch[i]
		if f.withID {
			w.folds.ids[string(idKey(w.folds.source, &f.Event))] = f.body
		} else {
			fresh, err := w.freshRow(f.Name, u.row)
			if err != nil {
				return err
			}
			if !fresh {
				w.record.Repeated++
				continue
			}
		}
		w.record.Events++
		p.events = append(p.events, f.Event)
	}
	for i := range u.attributes {
		a := &u.attributes[i]
		fresh, err := w.freshRow("@"+a.Name, u.row)
		if err != nil {
			return err
		}
		if !fresh {
			w.record.Repeated++
			continue
		}
		w.record.Attributes++
		p.attributes = append(p.attributes, *a)
	}
	if w.record.Events+w.record.Attributes != before {
		w.changed.Add(uint32(customer))
	}
	return nil
}

// freshRow notes that a row has become a kind of fact, and reports whether it
// had not before.
func (w *writer) freshRow(name string, row uint64) (bool, error) {
	r, place, err := w.folds.row(name, row)
	if err != nil {
		return false, err
	}
	if !r.have.CheckedAdd(place) {
		return false, nil
	}
	r.fresh.Add(place)
	return true, nil
}
