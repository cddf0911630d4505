package timeline

import (
	"fmt"
	"slices"
	"time"

	"strata"
)

// endOfTime is the first instant whose seconds do not fit 32 bits.
const endOfTime = strata.Instant(1<<32) * 1000

// Facts are what one source said about one customer. Names, texts and ids are
// expected in NFC; an event's properties are sorted by name.
type Facts struct {
	Events     []strata.Event
	Attributes []strata.Attribute
	Source     string // its name
	Import     uint32 // number of the import or stream that brought them
	Fragment   uint32 // the part of the customer they belong to, for splitting
}

// Append adds facts to a customer's timeline in the batch. Equal events are
// all kept; an attribute value that the same source gave for the same instant
// before is not. It returns an Invalid error, and adds nothing, for an
// instant before 1970 or after 2106-02-07T06:28:15Z, an empty name, a
// property given twice, or a scale above 18. One goroutine may append at a
// time.
func (s *Store) Append(b strata.Batch, c strata.CustomerID, f Facts) error {
	if c == 0 {
		return &strata.Error{Code: strata.Internal, Message: "facts without a customer"}
	}
	w := s.writers.Get().(*writer)
	defer s.writers.Put(w)
	if err := w.encode(s.dictionary, &f); err != nil {
		return err
	}
	if own, ok := b.(*Batch); ok {
		own.touches.add(c, &f)
	}
	if len(f.Events) > 0 {
		w.key = appendKey(w.key[:0], uint64(c), eventsSuffix)
		if err := b.Merge(w.key, w.events); err != nil {
			return err
		}
	}
	if len(f.Attributes) > 0 {
		w.key = appendKey(w.key[:0], uint64(c), attributesSuffix)
		return b.Merge(w.key, w.attributes)
	}
	return nil
}

// writer turns facts into merge operands. Its slices are used again.
type writer struct {
	encoder
	table      table
	list       []attribute
	key        []byte
	events     []byte
	attributes []byte
}

// encode fills w.events and w.attributes.
func (w *writer) encode(d *dictionary, f *Facts) error {
	if err := w.collect(d, f); err != nil {
		return err
	}
	if len(f.Events) > 0 {
		w.table.texts = sortTexts(w.table.texts)
		slices.SortFunc(w.table.runs, func(a, b tableRun) int { return int(a.event) - int(b.event) })
		for k := range w.table.runs {
			w.table.runs[k].settle()
		}
		w.events = w.encoder.append(w.events[:0], &w.table)
	}
	if len(f.Attributes) > 0 {
		w.attributes = appendAttributes(w.attributes[:0], w.list)
	}
	return nil
}

// collect fills w.table and w.list with codes in place of names and texts.
func (w *writer) collect(d *dictionary, f *Facts) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	source, err := d.nameCode(&d.sources, f.Source)
	if err != nil {
		return err
	}
	from := origin{source, f.Import, f.Fragment}
	w.table.runs, w.table.texts, w.list = w.table.runs[:0], w.table.texts[:0], w.list[:0]
	for i := range f.Events {
		e := &f.Events[i]
		if err := checkInstant(e.At, "event", e.Name); err != nil {
			return err
		}
		event, err := d.nameCode(&d.events, e.Name)
		if err != nil {
			return err
		}
		run := w.run(event)
		run.at = append(run.at, e.At)
		run.ids = append(run.ids, parseID(e.ID))
		run.origins = append(run.origins, from)
		for p := range e.Properties {
			if err := w.property(d, run, e, &e.Properties[p]); err != nil {
				return err
			}
		}
	}
	for i := range f.Attributes {
		a := &f.Attributes[i]
		if err := checkInstant(a.At, "attribute", a.Name); err != nil {
			return err
		}
		code, err := d.nameCode(&d.attributes, a.Name)
		if err != nil {
			return err
		}
		if err := checkValue(a.Value, "attribute", a.Name); err != nil {
			return err
		}
		w.list = append(w.list, attribute{code, a.At, a.Priority, a.Value, from})
	}
	return nil
}

func checkInstant(at strata.Instant, what, name string) error {
	if at >= 0 && at < endOfTime {
		return nil
	}
	side := "before 1970"
	if at > 0 {
		side = "after 2106-02-07T06:28:15Z"
	}
	return &strata.Error{Code: strata.Invalid, Field: what + " " + name,
		Message: fmt.Sprintf("the time %s is %s", at.In(time.UTC).Format(time.RFC3339), side),
		Hint:    "check the format and unit of the time column"}
}

func checkValue(v strata.Value, of, name string) error {
	if v.Kind > strata.List {
		return &strata.Error{Code: strata.Internal, Field: of + "." + name, Message: fmt.Sprintf("a value of unknown kind %d", uint8(v.Kind))}
	}
	if v.Scale > maxScale {
		return &strata.Error{Code: strata.Invalid, Field: of + "." + name,
			Message: fmt.Sprintf("the number %s has %d digits after the point", v, v.Scale), Hint: "18 are allowed"}
	}
	return nil
}

// reuse lengthens s by one element, which may hold the slices of an earlier
// use.
func reuse[T any](s []T) ([]T, *T) {
	if len(s) < cap(s) {
		s = s[:len(s)+1]
	} else {
		var zero T
		s = append(s, zero)
	}
	return s, &s[len(s)-1]
}

func (w *writer) run(event uint16) *tableRun {
	for k := range w.table.runs {
		if w.table.runs[k].event == event {
			return &w.table.runs[k]
		}
	}
	var r *tableRun
	w.table.runs, r = reuse(w.table.runs)
	*r = tableRun{event: event, at: r.at[:0], ids: r.ids[:0], origins: r.origins[:0], columns: r.columns[:0]}
	return r
}

// property adds one value to the run's last event.
func (w *writer) property(d *dictionary, run *tableRun, e *strata.Event, p *strata.Property) error {
	v := p.Value
	if v.IsMissing() {
		return nil
	}
	if err := checkValue(v, e.Name, p.Name); err != nil {
		return err
	}
	property, err := d.nameCode(&d.properties, p.Name)
	if err != nil {
		return err
	}
	kind, scale, value := v.Kind, uint8(0), v.Int
	switch kind {
	case strata.Number, strata.Money:
		scale = v.Scale
	case strata.Text, strata.List:
		code, ok := d.textCode(property, v.Text, kind == strata.List)
		if !ok {
			kind = strata.ID
		}
		value = int64(code)
	}
	if kind == strata.ID {
		hash := d.hash.sum(v.Text)
		w.table.texts = append(w.table.texts, idText{hash, v.Text})
		value = int64(hash)
	}
	i := len(run.at) - 1
	var to *tableColumn
	for c := range run.columns {
		column := &run.columns[c]
		if column.property != property {
			continue
		}
		if len(column.values) > i {
			return &strata.Error{Code: strata.Invalid, Field: e.Name + "." + p.Name, Message: "the property is given twice in one event"}
		}
		if column.kind == kind && column.scale == scale {
			to = column
		}
	}
	if to == nil {
		run.columns, to = reuse(run.columns)
		*to = tableColumn{property: property, kind: kind, scale: scale, values: to.values[:0], valid: to.valid[:0]}
	}
	to.pad(i)
	to.pad(i + 1)
	to.values[i] = value
	to.valid[i>>3] |= 1 << (i & 7)
	return nil
}

// pad lengthens the column to n events with missing values.
func (c *tableColumn) pad(n int) {
	for len(c.values) < n {
		c.values = append(c.values, 0)
	}
	for len(c.valid) < (n+7)/8 {
		c.valid = append(c.valid, 0)
	}
}

// settle brings a run into canonical form.
func (r *tableRun) settle() {
	n := len(r.at)
	slices.SortFunc(r.columns, func(a, b tableColumn) int { return compareColumns(&a, &b) })
	straight := true
	for c := range r.columns {
		column := &r.columns[c]
		column.pad(n)
		if c > 0 && column.property == r.columns[c-1].property && column.kind == r.columns[c-1].kind {
			straight = false
		}
	}
	for i := 1; i < n && straight; i++ {
		straight = compareEvents(r, i-1, r, i) <= 0
	}
	if !straight {
		*r = new(space).mergeRuns([]*tableRun{r})
		return
	}
	for c := range r.columns {
		column := &r.columns[c]
		full := true
		for i := 0; i < n && full; i++ {
			full = column.has(i)
		}
		if full {
			column.valid = column.valid[:0]
		}
	}
}
