package program

import (
	"slices"

	"strata"
	"strata/define"
)

// fused is what the plain aggregates of a program are compiled into: one plan
// for each event type (and, where some see refunds untouched, one more), which
// finds the places of all windows in the type's run at once and reads each
// column once for all that count or add it. A plain aggregate is a count, sum,
// average, minimum, maximum, number of days or of distinct values in a window
// that is not anchored. Each has a slot. Where a customer's data is of a kind
// that the plans do not read (floats, several columns of one property), the
// slot is marked odd for this customer and the aggregate is computed in the
// general way, with the same result.
type fused struct {
	measures []measure
	slots    map[string]int // by the aggregate's key
	plans    []plan
	planOf   map[sight]int
	sets     []windowSet
	filters  []filter
	filterOf map[string]int
	sifted   int // of all sieves
	distinct []distinct
	located  []bool // by plan: others than the plan want the places of its windows

	zeroScales []uint8      // by slot
	entering   []*selection // of plain tags, where m.enters
}

// sight is an event type, net of refunds or as it came.
type sight struct {
	event uint16
	gross bool
}

// measure is one plain aggregate.
type measure struct {
	kind    define.MeasureKind
	zero    strata.Value
	general valueFunc
	of      *selection
	enters  bool // events already there may come into its window
	seen    []seenPart
}

// seenPart is a part of what a measure sees.
type seenPart struct {
	plan  int
	group int // -1 = all events
	use
}

// leaving is a window of a plan whose oldest event is due to leave it.
type leaving struct {
	group  int // whose events are meant; -1 = all
	window int // place in the plan's window set
	border int // at which the window begins
}

// integral reports whether the measure's value is always a number or money
// amount of the kind and scale of zero, but for odd data.
func (m *measure) integral() bool {
	return m.kind == define.Times || m.kind == define.Sum || m.kind == define.Distinct || m.kind == define.DaysActive
}

// windowSet is a set of windows that plans share, by slot.
type windowSet struct{ windows []int }

// use is one window of one measure.
type use struct {
	slot   int // of the measure
	window int // place in the plan's window set
}

// plan is what is read of one event type.
type plan struct {
	sight
	set    int
	groups []group
	sieves []sieve
	// leaving are the windows of plain tags, whose numbers change whenever an
	// event leaves.
	leaving []leaving
	adds    bool // the group adding has no filter and begins with a column that is added up
	adding  int
}

// ladder is what of a plan's group without a filter is the number of events,
// or the sum of its first column, in windows that end at the last bound: rung
// by rung, from the newest bound to the oldest. What else the group counts
// and adds of the column is in counts and sums.
type ladder struct {
	rungs  []rung
	last   int // bound at which its windows end
	counts []use
	sums   []use
	alone  bool // there is nothing in the plan besides the rungs
}

// rung is a bound, as the first bit of its place in what rungs.climb returns,
// and the slots of the windows that begin there; a slot of nothing is the one
// after all measures.
type rung struct {
	bound      uint8
	count, sum int
}

// group is what is read of the events that pass one filter.
type group struct {
	filter  int // -1 = all events
	counts  []use
	seen    []use // by what is distinct
	columns []columnUses
}

// columnUses is what is read of one property.
type columnUses struct {
	property uint16
	scale    uint8 // of the sum of nothing
	counted  bool  // there are averages
	sums     []use // and averages
	extremes []use
}

// filter is the tests that events pass. Filters of equal definitions are one.
type filter struct {
	tests  []propertyTest
	steady []bool // by test: the answer depends on the value alone
}

// distinct is a number of distinct values or days, which may be of several
// event types.
type distinct struct {
	slot     int
	property uint16
	days     bool
	filter   int
	plans    []int
	groups   []int // by plan: which of its groups has the filter
	windows  []int // by plan: place in its window set
}

// fuse compiles a plain aggregate and returns its slot; false for one that is
// not plain.
func (c *compiler) fuse(x define.Aggregate) (int, bool) {
	if !c.fusing || x.Select.Window.Kind == define.Anchored {
		return 0, false
	}
	known := key(x)
	if slot, ok := c.fused.slots[known]; ok {
		return slot, true
	}
	m := measure{kind: x.Kind, zero: strata.NumberOf(0, 0)}
	property, seen := c.dict.PropertyCode(x.Of)
	switch x.Kind {
	case define.Times, define.DaysActive, define.Distinct:
	case define.Sum, define.Average, define.Min, define.Max:
		m.zero = c.zero(c.propertyType(x.Select.Events, x.Of))
		if m.zero.Kind == strata.Float {
			return 0, false
		}
	default:
		return 0, false
	}
	m.general = c.share(known, c.aggregateOnce(x))
	s := c.selection(x.Select)
	m.of, m.enters = s, c.mayEnter(x.Select.Window, s.slot)
	slot := len(c.fused.measures)
	c.fused.slots[known] = slot
	c.fused.measures = append(c.fused.measures, m)
	filter := c.filter(s, x.Select)
	d := distinct{slot: slot, property: property, filter: filter, days: x.Kind == define.DaysActive}
	for _, code := range s.codes {
		at := c.plan(sight{code, s.gross})
		p := &c.fused.plans[at]
		g := p.group(filter)
		u := use{slot, c.fused.window(p, s.slot)}
		part := seenPart{at, g, u}
		if filter < 0 {
			part.group = -1
		}
		c.fused.measures[slot].seen = append(c.fused.measures[slot].seen, part)
		switch x.Kind {
		case define.Times:
			p.groups[g].counts = append(p.groups[g].counts, u)
		case define.DaysActive, define.Distinct:
			d.plans, d.groups, d.windows = append(d.plans, at), append(d.groups, g), append(d.windows, u.window)
			p.groups[g].seen = append(p.groups[g].seen, u)
		default:
			if !seen {
				continue
			}
			column := p.groups[g].column(property)
			if x.Kind == define.Min || x.Kind == define.Max {
				column.extremes = append(column.extremes, u)
			} else {
				column.sums = append(column.sums, u)
				column.scale, column.counted = m.zero.Scale, column.counted || x.Kind == define.Average
			}
		}
	}
	if len(d.plans) > 0 && (d.days || seen) {
		c.fused.distinct = append(c.fused.distinct, d)
	}
	return slot, true
}

// plainTag makes a tag plain where its aggregate is.
func (c *compiler) plainTag(t *Tag, x define.Aggregate) bool {
	slot, ok := c.fuse(x)
	if !ok || !c.fused.measures[slot].integral() {
		return false
	}
	m := &c.fused.measures[slot]
	t.Int, t.Kind, t.Scale = slot, m.zero.Kind, m.zero.Scale
	for _, part := range m.seen {
		p := &c.fused.plans[part.plan]
		l := leaving{part.group, part.window, c.windows[m.of.slot].from}
		if c.borders[l.border].kind != fixed && !slices.Contains(p.leaving, l) {
			p.leaving = append(p.leaving, l)
		}
	}
	if m.enters {
		c.fused.entering = append(c.fused.entering, m.of)
	}
	return true
}

// mayEnter reports whether time may bring events already there into a window
// that is not anchored: not into one that ends at as_of or never.
func (c *compiler) mayEnter(w define.Window, slot int) bool {
	switch w.Kind {
	case define.Ever, define.WithinLast, define.SinceTime, define.AfterTime:
		return false
	}
	return c.borders[c.windows[slot].to].kind != fixed
}

func (c *compiler) plan(s sight) int {
	at, known := c.fused.planOf[s]
	if !known {
		at = len(c.fused.plans)
		c.fused.planOf[s] = at
		c.fused.plans = append(c.fused.plans, plan{sight: s, set: len(c.fused.sets)})
		c.fused.sets = append(c.fused.sets, windowSet{})
	}
	return at
}

// window returns the place of a window in the plan's own set.
func (x *fused) window(p *plan, slot int) int {
	set := &x.sets[p.set]
	if at := slices.Index(set.windows, slot); at >= 0 {
		return at
	}
	set.windows = append(set.windows, slot)
	return len(set.windows) - 1
}

func newFused() *fused {
	return &fused{slots: map[string]int{}, planOf: map[sight]int{}, filterOf: map[string]int{}}
}

// settle lets plans with equal window sets share one.
func (x *fused) settle() {
	var sets []windowSet
	for i := range x.plans {
		p := &x.plans[i]
		own := x.sets[p.set]
		p.set = slices.IndexFunc(sets, func(s windowSet) bool { return slices.Equal(s.windows, own.windows) })
		if p.set < 0 {
			p.set = len(sets)
			sets = append(sets, own)
		}
	}
	x.sets = sets
	for i := range x.measures {
		x.zeroScales = append(x.zeroScales, x.measures[i].zero.Scale)
	}
	x.located = make([]bool, len(x.plans))
	for _, d := range x.distinct {
		for _, at := range d.plans {
			x.located[at] = true
		}
	}
	for i := range x.plans {
		p := &x.plans[i]
		p.sieves = x.sievesOf(p)
		p.adding = slices.IndexFunc(p.groups, func(g group) bool { return g.filter < 0 })
		p.adds = p.adding >= 0 && len(p.groups[p.adding].columns) > 0 && len(p.groups[p.adding].columns[0].sums) > 0
	}
}

func (p *plan) group(filter int) int {
	at := slices.IndexFunc(p.groups, func(g group) bool { return g.filter == filter })
	if at < 0 {
		at = len(p.groups)
		p.groups = append(p.groups, group{filter: filter})
	}
	return at
}

func (g *group) column(property uint16) *columnUses {
	at := slices.IndexFunc(g.columns, func(c columnUses) bool { return c.property == property })
	if at < 0 {
		at = len(g.columns)
		g.columns = append(g.columns, columnUses{property: property})
	}
	return &g.columns[at]
}

// filter returns the number of a selection's filter, -1 for none.
func (c *compiler) filter(s *selection, x define.Selection) int {
	if len(x.Where) == 0 {
		return -1
	}
	// The catalogue type decides how a test compares.
	types := make([]define.Type, len(x.Where))
	for i, w := range x.Where {
		types[i] = c.propertyType(x.Events, w.Property)
	}
	name := key(x.Where, types)
	at, known := c.fused.filterOf[name]
	if !known {
		at = len(c.fused.filters)
		c.fused.filterOf[name] = at
		f := filter{tests: s.where}
		for _, w := range x.Where {
			f.steady = append(f.steady, steady(w.Test))
		}
		c.fused.filters = append(c.fused.filters, f)
	}
	return at
}

// steady reports whether a test of a value gives the same answer for every
// customer at every instant.
func steady(t define.Test) bool {
	for _, cmp := range t.Comparisons {
		if cmp.Window != nil || cmp.Ahead != nil || cmp.Test != nil {
			return false
		}
		for _, o := range cmp.Operands {
			if o.Attribute != "" || o.Time != nil || o.Duration != nil {
				return false
			}
		}
	}
	return true
}
