package program

import (
	"slices"
	"strings"

	"strata"
	"strata/define"
)

// selection is a compiled define.Selection.
type selection struct {
	codes  []uint16 // event types, by name
	where  []propertyTest
	window func(*frame) (span, bool) // false: no window, so no events
	slot   int                       // of the window; -1 = anchored
	gross  bool
}

// propertyTest tests one property of an event in its run's columns.
type propertyTest struct {
	property uint16
	known    bool // some event has the property
	test     valueTest
	// codes decides Text columns by dictionary code, where the test is plain
	// equality with literals; nil otherwise.
	codes  []uint64
	hashes []uint64
	fast   bool

	between *numberRange // where the test of a decimal is that
}

func (c *compiler) selection(s define.Selection) *selection {
	out := &selection{gross: s.Gross}
	out.window, out.slot = c.window(s.Window)
	for _, name := range c.eventNames(s.Events) {
		if code, seen := c.events[name]; seen {
			out.codes = append(out.codes, code)
			c.looked[code] = true
		}
	}
	for _, w := range s.Where {
		out.where = append(out.where, c.propertyTest(w, s.Events))
	}
	return out
}

// eventNames expands prefixes over the names that events have used, in the
// order of the names.
func (c *compiler) eventNames(patterns []string) []string {
	var out []string
	for _, pattern := range patterns {
		prefix, isPrefix := strings.CutSuffix(pattern, "*")
		if !isPrefix {
			out = append(out, pattern)
			continue
		}
		for _, name := range c.names {
			if name != "" && strings.HasPrefix(name, prefix) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (c *compiler) propertyTest(w define.PropertyTest, events []string) propertyTest {
	typ := c.propertyType(events, w.Property)
	if typ.Name == define.TypeID {
		c.checkIDTest(w)
	}
	out := propertyTest{test: c.test(w.Test, typ)}
	out.between = rangeOf(w.Test)
	out.property, out.known = c.dict.PropertyCode(w.Property)
	if !out.known || w.Test.Fold || len(w.Test.Comparisons) != 1 {
		return out
	}
	cmp := w.Test.Comparisons[0]
	if cmp.Op != define.Is && cmp.Op != define.In {
		return out
	}
	for _, o := range cmp.Operands {
		if k := o.Literal.Kind; k != strata.Text && k != strata.ID {
			return out
		}
		if code, seen := c.dict.TextCode(out.property, o.Literal.Text); seen {
			out.codes = append(out.codes, code)
		}
		out.hashes = append(out.hashes, c.dict.IDHash(o.Literal.Text))
	}
	out.fast = true
	return out
}

// checkIDTest refuses what cannot be said of a hash.
func (c *compiler) checkIDTest(w define.PropertyTest) {
	for _, cmp := range w.Test.Comparisons {
		switch cmp.Op {
		case define.Is, define.IsNot, define.In, define.NotIn, define.Exists, define.Missing:
		default:
			c.unsupported("an operator other than is, in and exists on the id " + w.Property)
		}
	}
	if w.Test.Fold {
		c.unsupported("fold on the id " + w.Property)
	}
}

// propertyType returns the catalogue type of a property of the events: that of
// the first of them by name that has it.
func (c *compiler) propertyType(events []string, property string) define.Type {
	for _, name := range c.set.Catalogue.EventsNamed(events) {
		if p, ok := c.set.Catalogue.Events[name].Properties[property]; ok {
			return p.Type
		}
	}
	return define.Type{}
}

func (p *propertyTest) holds(f *frame, r *strata.Run, i int) bool {
	if p.known {
		for c := range r.Columns {
			col := &r.Columns[c]
			if col.Property != p.property || !col.Has(i) {
				continue
			}
			if p.fast && col.Kind == strata.Text {
				return slices.Contains(p.codes, col.Code(i))
			}
			if p.fast && col.Kind == strata.ID {
				return slices.Contains(p.hashes, col.Code(i))
			}
			return p.test(f, f.columnValue(col, i))
		}
	}
	return p.test(f, strata.Value{})
}

// columnValue returns the i-th value of a column. Of an ID only the keyed hash
// is known here: Text is empty and Int holds the hash.
func (f *frame) columnValue(c *strata.Column, i int) strata.Value {
	switch c.Kind {
	case strata.Text, strata.List:
		return strata.Value{Kind: c.Kind, Text: f.text(c.Property, c.Code(i))}
	case strata.ID:
		return strata.Value{Kind: strata.ID, Int: int64(c.Code(i))}
	}
	return strata.Value{Kind: c.Kind, Scale: c.Scale, Int: c.Int(i)}
}

// property returns the value of a property of the i-th event, or missing.
func (f *frame) property(r *strata.Run, property uint16, i int) strata.Value {
	for c := range r.Columns {
		if col := &r.Columns[c]; col.Property == property && col.Has(i) {
			return f.columnValue(col, i)
		}
	}
	return strata.Value{}
}

// window compiles a window; its slot is -1 where it is anchored.
func (c *compiler) window(w define.Window) (of func(*frame) (span, bool), slot int) {
	if w.Kind == define.Anchored {
		anchor := c.selection(w.Anchor.Select)
		first, a, zone := w.Anchor.First, w.Anchor, c.zone
		return func(f *frame) (span, bool) {
			at, found := anchor.edge(f, first)
			if !found {
				return span{}, false
			}
			from, to := a.Bounds(at, f.asOf, zone)
			return span{from, to}, true
		}, -1
	}
	slot, known := c.windowSlots[w]
	if !known {
		slot = len(c.windows)
		c.windowSlots[w] = slot
		c.windows = append(c.windows, c.windowEnds(w))
	}
	return func(f *frame) (span, bool) { return f.windows[slot], true }, slot
}

// run returns the run of an event type as the selection sees it.
func (s *selection) run(f *frame, code uint16) *strata.Run {
	if s.gross {
		return f.gross[code]
	}
	return f.runs[code]
}

// single returns, of a selection that takes all events of one type, its run
// and which events lie in a span; the run is nil where there are none. It is
// false of other selections.
func (s *selection) single(f *frame, in span) (r *strata.Run, from, to int, ok bool) {
	if len(s.codes) != 1 || len(s.where) > 0 {
		return nil, 0, 0, false
	}
	if r = s.run(f, s.codes[0]); r == nil {
		return nil, 0, 0, true
	}
	if from, to = r.Search(in.from), r.Search(min(in.to, f.until)); from >= to {
		return nil, 0, 0, true
	}
	return r, from, to, true
}

func (s *selection) matches(f *frame, r *strata.Run, i int) bool {
	for w := range s.where {
		if !s.where[w].holds(f, r, i) {
			return false
		}
	}
	return true
}

// each calls fn with every matching event, type by type in the order of
// names and oldest first within a type, until fn returns false.
func (s *selection) each(f *frame, fn func(r *strata.Run, i int) bool) {
	w, ok := s.window(f)
	if !ok {
		return
	}
	s.eachIn(f, w, fn)
	s.timers(f)
}

func (s *selection) eachIn(f *frame, w span, fn func(r *strata.Run, i int) bool) {
	for _, code := range s.codes {
		r := s.run(f, code)
		if r == nil {
			continue
		}
		for i, end := r.Search(w.from), r.Search(min(w.to, f.until)); i < end; i++ {
			if s.matches(f, r, i) && !fn(r, i) {
				return
			}
		}
	}
}

// count returns the number of matching events.
func (s *selection) count(f *frame) int {
	w, ok := s.window(f)
	if !ok {
		return 0
	}
	return s.countIn(f, w)
}

func (s *selection) countIn(f *frame, w span) int {
	n := 0
	for _, code := range s.codes {
		r := s.run(f, code)
		if r == nil {
			continue
		}
		from, to := r.Search(w.from), r.Search(min(w.to, f.until))
		if len(s.where) == 0 {
			n += max(0, to-from)
			continue
		}
		for i := from; i < to; i++ {
			if s.matches(f, r, i) {
				n++
			}
		}
	}
	return n
}

// edge returns the instant of the first or last matching event.
func (s *selection) edge(f *frame, first bool) (strata.Instant, bool) {
	r, i := s.edgeEvent(f, first, nil)
	if r == nil {
		return 0, false
	}
	return r.At(i), true
}

// edgeEvent returns the first or last matching event that also passes; nil
// where there is none.
func (s *selection) edgeEvent(f *frame, first bool, passes func(r *strata.Run, i int) bool) (*strata.Run, int) {
	var best *strata.Run
	at := -1
	w, ok := s.window(f)
	if !ok {
		return nil, -1
	}
	if r, from, to, ok := s.single(f, w); ok && passes == nil {
		if r != nil {
			best, at = r, to-1
			if first {
				at = from
			}
		}
		s.edgeTimers(f, first, best, at)
		return best, at
	}
	for _, code := range s.codes { // by name, so that at one instant the name decides
		r := s.run(f, code)
		if r == nil {
			continue
		}
		from, to := r.Search(w.from), r.Search(min(w.to, f.until))
		if first {
			for i := from; i < to; i++ {
				if best != nil && r.At(i) >= best.At(at) {
					break
				}
				if s.matches(f, r, i) && (passes == nil || passes(r, i)) {
					best, at = r, i
					break
				}
			}
			continue
		}
		for i := to - 1; i >= from; i-- {
			if best != nil && r.At(i) < best.At(at) {
				break
			}
			if s.matches(f, r, i) && (passes == nil || passes(r, i)) {
				best, at = r, i
				break
			}
		}
	}
	s.edgeTimers(f, first, best, at)
	return best, at
}

// edgeTimers are those of the first or last event, which is nil where there is
// none.
func (s *selection) edgeTimers(f *frame, first bool, best *strata.Run, at int) {
	if !f.timed || s.slot < 0 {
		return
	}
	if best != nil {
		f.passes(f.p.windows[s.slot].from, best.At(at))
	}
	if best == nil || !first {
		f.enters(s)
	}
}
