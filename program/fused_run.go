package program

import (
	"encoding/binary"
	"math"
	"slices"

	"strata"
	"strata/define"
)

// fusedFrame is the part of a frame that runs the plans.
type fusedFrame struct {
	at      strata.Instant // as_of for which the bounds are
	placed  bool
	runs    int // since the bounds were placed
	sets    []placedSet
	plans   []planFrame
	ladders []ladder // by plan; without rungs where it is not one

	// By slot. Counts of values say whether a minimum or maximum is there.
	ints      []int64
	counts    []int64
	scales    []uint8
	kinds     []strata.Kind
	odd       []bool
	largest   []bool // the measure is a maximum
	used      bool   // some of odd, scales and kinds is not as at first
	irregular bool   // some of odd and scales is

	sumsOf [longRun + 1]int64
	places []int
	prefix []int64
	values []int64
	words  []uint64       // by event: see sieve
	codes  []codeWords    // by sifted
	ranges []scaledRanges // by sifted
	marks  []uint32       // by code: the mark of the last distinct that saw it
	mark   uint32
	keys   []int64
}

// planFrame is what a plan has found for one customer.
type planFrame struct {
	run      *strata.Run // nil where the customer has none
	from, to []int       // by window: events [from, to)
	passed   [][]int32   // by group with a filter: the events that pass it
}

func (f *frame) initFused() {
	x, p := &f.fused, f.p.fused
	n := len(p.measures)
	x.ints, x.counts, x.scales = make([]int64, n+1), make([]int64, n), make([]uint8, n)
	x.kinds, x.odd, x.used = make([]strata.Kind, n), make([]bool, n), true
	x.sets = make([]placedSet, len(p.sets))
	for i := range x.sets {
		n := len(p.sets[i].windows)
		x.sets[i] = placedSet{from: make([]int, n), to: make([]int, n)}
	}
	x.plans, x.ladders = make([]planFrame, len(p.plans)), make([]ladder, len(p.plans))
	for i := range x.plans {
		n := len(p.sets[p.plans[i].set].windows)
		x.plans[i] = planFrame{from: make([]int, n), to: make([]int, n), passed: make([][]int32, len(p.plans[i].groups))}
	}
	x.codes, x.ranges = make([]codeWords, p.sifted), make([]scaledRanges, p.sifted)
	x.largest = make([]bool, n)
	for i := range x.largest {
		x.largest[i] = p.measures[i].kind == define.Max
	}
}

// place finds the bounds of all windows at the frame's instant.
func (x *fusedFrame) place(f *frame) {
	for i := range x.sets {
		set, windows := &x.sets[i], f.p.fused.sets[i].windows
		set.bounds = set.bounds[:0]
		for _, slot := range windows {
			w := f.windows[slot]
			set.bounds = append(set.bounds, boundAt(w.from), boundAt(w.to))
		}
		slices.SortFunc(set.bounds, func(a, b bound) int {
			switch {
			case a.at < b.at:
				return -1
			case a.at > b.at:
				return 1
			}
			return 0
		})
		set.bounds = slices.Compact(set.bounds)
		for k, slot := range windows {
			w := f.windows[slot]
			set.from[k] = slices.IndexFunc(set.bounds, func(b bound) bool { return b.at == w.from })
			set.to[k] = set.from[k]
			if w.from < w.to {
				set.to[k] = slices.IndexFunc(set.bounds, func(b bound) bool { return b.at == w.to })
			}
		}
		set.undivided()
	}
	for i := range x.ladders {
		x.ladders[i].rungs = x.ladders[i].rungs[:0]
	}
	x.at, x.placed, x.runs = f.asOf, true, 0
}

// manyRuns is how many customers are evaluated at one instant before it pays
// to divide time between the bounds.
const manyRuns = 32

// divide prepares for many customers at the instant that the bounds are for.
func (x *fusedFrame) divide(f *frame) {
	for i := range x.sets {
		x.sets[i].divide()
		x.sets[i].climbable()
	}
	for i := range x.ladders {
		x.ladders[i].build(f.p.fused, &f.p.fused.plans[i], &x.sets[f.p.fused.plans[i].set])
	}
}

// build makes the ladder of a plan, or none.
func (l *ladder) build(x *fused, p *plan, set *placedSet) {
	l.rungs, l.counts, l.sums = l.rungs[:0], l.counts[:0], l.sums[:0]
	if p.adding < 0 || set.rungs == nil {
		return
	}
	n, nothing := len(set.bounds), len(x.measures)
	l.last = n - 1
	for b := n - 1; b >= 0; b-- {
		l.rungs = append(l.rungs, rung{uint8(8 * b), nothing, nothing})
	}
	place := func(uses, rest []use, slot func(*rung) *int) []use {
		for _, u := range uses {
			from, to := set.from[u.window], set.to[u.window]
			at := slot(&l.rungs[n-1-from])
			if from < to && to == l.last && *at == nothing && x.measures[u.slot].integral() {
				*at = u.slot
			} else {
				rest = append(rest, u)
			}
		}
		return rest
	}
	g := &p.groups[p.adding]
	l.counts = place(g.counts, l.counts, func(r *rung) *int { return &r.count })
	l.alone = len(p.groups) == 1 && len(l.counts) == 0
	for i := range g.columns {
		if i == 0 {
			l.sums = place(g.columns[0].sums, l.sums, func(r *rung) *int { return &r.sum })
		}
		l.alone = l.alone && i == 0 && len(l.sums) == 0 && len(g.columns[0].extremes) == 0
	}
	l.rungs = slices.DeleteFunc(l.rungs, func(r rung) bool { return r.count == nothing && r.sum == nothing })
}

func boundAt(at strata.Instant) bound {
	second := uint64(0)
	if at > 0 {
		second = uint64(at/1000) + uint64((at%1000+999)/1000)
	}
	return bound{at, min(second, 1<<33)}
}

// run computes all plain aggregates of the customer that the frame has
// loaded.
func (x *fusedFrame) run(f *frame) {
	if !x.placed || x.at != f.asOf {
		x.place(f)
	}
	if x.runs++; x.runs == manyRuns {
		x.divide(f)
	}
	clear(x.ints)
	clear(x.counts)
	if x.used {
		clear(x.odd)
		clear(x.kinds)
		copy(x.scales, f.p.fused.zeroScales)
		x.used, x.irregular = false, false
	}
	for i := range f.p.fused.plans {
		p, found := &f.p.fused.plans[i], &x.plans[i]
		if p.gross {
			found.run = f.gross[p.event]
		} else {
			found.run = f.runs[p.event]
		}
		if found.run == nil || found.run.N == 0 {
			found.run = nil
			continue
		}
		set, l := &x.sets[p.set], &x.ladders[i]
		var first *strata.Column
		if len(l.rungs) > 0 {
			if places, ok := x.climb(p, l, found.run, set); ok {
				if l.alone && !f.p.fused.located[i] && !f.timed {
					continue
				}
				found.spread(set, places)
				first = p.firstSum(found.run)
			} else {
				l = nil
			}
		} else {
			l = nil
		}
		if l == nil {
			first = x.locate(p, found, set)
		}
		for k := range p.sieves {
			x.sift(f, &p.sieves[k], found)
		}
		for g := range p.groups {
			if group := &p.groups[g]; group.filter < 0 {
				x.all(group, found, first, l)
			} else if len(found.passed[g]) > 0 || len(group.columns) > 0 {
				x.some(group, found, found.passed[g])
			}
		}
		if f.timed {
			for _, l := range p.leaving {
				x.leaves(f, found, l)
			}
		}
	}
	for i := range f.p.fused.distinct {
		x.count(f, &f.p.fused.distinct[i])
	}
	if f.timed {
		for _, s := range f.p.fused.entering {
			f.enters(s)
		}
	}
}

// longRun is the number of events above which searching for the bounds is
// faster than placing each event among them.
const longRun = 127

// locate finds the events of each window. Where the first column that the
// plan adds up has all values, it has their sums when it returns, and returns
// the column.
func (x *fusedFrame) locate(p *plan, found *planFrame, set *placedSet) (first *strata.Column) {
	r, n := found.run, found.run.N
	bounds := set.bounds
	if len(x.places) < len(bounds)+1 {
		x.places = make([]int, 2*len(bounds)+1)
	}
	places := x.places[:len(bounds)+1]
	if n > longRun || len(set.cells) == 0 {
		from := 0
		for k := range bounds {
			from = searchSeconds(r.Seconds[:4*n], from, n, bounds[k].second)
			places[k] = from
		}
	} else {
		clear(places)
		if first = p.firstSum(r); first != nil && first.Width == 4 {
			x.prefix = grown(x.prefix, n+1)
			set.placeAndSum(r.Seconds[:4*n], first.Data[:4*n], places, x.prefix)
		} else {
			first = nil
			set.place(r.Seconds[:4*n], places)
		}
		before := 0
		for k := range bounds {
			before += places[k]
			places[k] = before
		}
	}
	if r.Millis != nil {
		for k := range bounds {
			for places[k] > 0 && r.At(places[k]-1) >= bounds[k].at {
				places[k]--
			}
		}
	}
	from, to := found.from[:len(set.from)], found.to[:len(set.from)]
	for k, b := range set.from {
		from[k] = places[b]
	}
	for k, b := range set.to[:len(from)] {
		to[k] = places[b]
	}
	return first
}

// climb computes a plan's ladder for a run, and returns the places of all
// bounds and leaves the sums of the column, as rungs.climb does; false where
// the run is not one for it.
func (x *fusedFrame) climb(p *plan, l *ladder, r *strata.Run, set *placedSet) (places uint64, ok bool) {
	n := r.N
	if r.Millis != nil || n > longRun || x.irregular {
		return 0, false
	}
	sums := &x.sumsOf
	if p.adds {
		c := p.firstSum(r)
		if c == nil || c.Width&6 == 0 || c.Scale != p.groups[p.adding].columns[0].scale {
			return 0, false
		}
		places = set.rungs.climb(r.Seconds, c.Data, c.Width, n, sums)
	} else {
		places = set.rungs.count(r.Seconds, n)
	}
	ints := x.ints
	high := places >> (8 * l.last & 63) & 127
	total := sums[high]
	for i := range l.rungs {
		rung := &l.rungs[i]
		low := places >> (rung.bound & 63) & 127
		ints[rung.count] += int64(high) - int64(low)
		ints[rung.sum] += total - sums[low]
	}
	return places, true
}

// spread sets the events of each window from the places of the bounds.
func (found *planFrame) spread(set *placedSet, places uint64) {
	from, to := found.from[:len(set.from)], found.to[:len(set.from)]
	for k, b := range set.from {
		from[k] = int(places >> (8 * b & 63) & 127)
	}
	for k, b := range set.to[:len(to)] {
		to[k] = int(places >> (8 * b & 63) & 127)
	}
}

// firstSum returns the column of the run that is added up while its events
// are placed: it has all values.
func (p *plan) firstSum(r *strata.Run) *strata.Column {
	if !p.adds {
		return nil
	}
	c, _ := onlyColumn(r, p.groups[p.adding].columns[0].property)
	if c == nil || c.Valid != nil || c.Kind != strata.Money && c.Kind != strata.Number {
		return nil
	}
	return c
}

// place counts the events between neighbouring bounds.
func (s *placedSet) place(seconds []byte, counts []int) {
	for ; len(seconds) >= 4; seconds = seconds[4:] {
		counts[s.bucket(uint64(binary.LittleEndian.Uint32(seconds)))]++
	}
}

// placeAndSum is place and the sums of the first 0, 1 ... values.
func (s *placedSet) placeAndSum(seconds, data []byte, counts []int, sums []int64) {
	total := int64(0)
	sums[0] = 0
	sums = sums[1:]
	cells, bounds := s.cells, s.seconds
	first, shift := s.first, s.shift&63
	for i := range sums {
		if len(seconds) < 4 || len(data) < 4 {
			break
		}
		second := uint64(binary.LittleEndian.Uint32(seconds))
		total += int64(int32(binary.LittleEndian.Uint32(data)))
		sums[i] = total
		seconds, data = seconds[4:], data[4:]
		k := 0
		if cell := (second - first) >> shift; cell < uint64(len(cells)) {
			k = int(cells[cell])
		} else if second >= first {
			k = len(bounds) - 1
		}
		for second >= bounds[k] {
			k++
		}
		counts[k]++
	}
}

// searchSeconds returns the first of the events [from, n) at or after a
// bound.
func searchSeconds(seconds []byte, from, n int, bound uint64) int {
	for from < n {
		mid := int(uint(from+n) >> 1)
		if uint64(binary.LittleEndian.Uint32(seconds[4*mid:])) < bound {
			from = mid + 1
		} else {
			n = mid
		}
	}
	return from
}

// onlyColumn returns the run's column of a property: nil where it has none,
// and false where it has several.
func onlyColumn(r *strata.Run, property uint16) (only *strata.Column, regular bool) {
	for i := range r.Columns {
		if c := &r.Columns[i]; c.Property == property {
			if only != nil {
				return nil, false
			}
			only = c
		}
	}
	return only, true
}

// all adds up what is read of all events of a run. Of the column added the
// sums are there already; where there is a ladder, what is on it is done.
func (x *fusedFrame) all(g *group, found *planFrame, added *strata.Column, l *ladder) {
	from, to, ints := found.from, found.to, x.ints
	to = to[:len(from)]
	counts := g.counts
	if l != nil {
		counts = l.counts
	}
	for _, u := range counts {
		ints[u.slot] += int64(to[u.window] - from[u.window])
	}
	for i := range g.columns {
		uses := &g.columns[i]
		c, adding := added, uses.sums
		if i == 0 && l != nil {
			adding = l.sums
		}
		if i > 0 || c == nil {
			var regular bool
			if c, regular = onlyColumn(found.run, uses.property); !regular {
				x.refuse(uses)
				continue
			}
		}
		switch {
		case c == nil:
		case (len(adding) > 0 || len(uses.extremes) > 0 || l != nil && i == 0) && (c.Kind == strata.Money || c.Kind == strata.Number) && c.Valid == nil:
			sums := x.prefix
			switch {
			case i == 0 && l != nil:
				sums = x.sumsOf[:]
			case (i > 0 || added == nil) && len(adding) > 0:
				sums = x.sums(c, found.run.N)
			}
			if c.Scale == uses.scale && !x.irregular && !uses.counted {
				for _, u := range adding {
					ints[u.slot] += sums[to[u.window]] - sums[from[u.window]]
				}
			} else {
				for _, u := range adding {
					low, high := from[u.window], to[u.window]
					x.add(u.slot, c.Scale, sums[high]-sums[low], int64(high-low))
				}
			}
			if len(uses.extremes) > 0 {
				x.extremes(uses.extremes, c, found)
			}
		default:
			x.gapped(uses, c, found)
		}
	}
}

// some adds up what is read of the events of a run that pass a filter.
func (x *fusedFrame) some(g *group, found *planFrame, passed []int32) {
	for _, u := range g.counts {
		x.ints[u.slot] += int64(len(within(passed, found.from[u.window], found.to[u.window])))
	}
	for i := range g.columns {
		uses := &g.columns[i]
		c, regular := onlyColumn(found.run, uses.property)
		switch {
		case !regular || c != nil && (c.Kind == strata.Float || unsigned(c.Kind)):
			x.refuse(uses)
		case c != nil:
			x.listed(uses, c, found, passed)
		}
	}
}

// listed reads a column of the events that pass a filter.
func (x *fusedFrame) listed(uses *columnUses, c *strata.Column, found *planFrame, passed []int32) {
	if c.Kind == strata.Money || c.Kind == strata.Number { // else other kinds add nothing
		for _, u := range uses.sums {
			sum, n := int64(0), int64(0)
			for _, k := range within(passed, found.from[u.window], found.to[u.window]) {
				if c.Has(int(k)) {
					sum += c.Int(int(k))
					n++
				}
			}
			x.add(u.slot, c.Scale, sum, n)
		}
	}
	for _, u := range uses.extremes {
		low, high, n := int64(math.MaxInt64), int64(math.MinInt64), int64(0)
		for _, k := range within(passed, found.from[u.window], found.to[u.window]) {
			if c.Has(int(k)) {
				v := c.Int(int(k))
				low, high = min(low, v), max(high, v)
				n++
			}
		}
		if n > 0 {
			x.extreme(u.slot, c, low, high, n)
		}
	}
}

// refuse marks all that is read of a property as odd.
func (x *fusedFrame) refuse(uses *columnUses) {
	x.used, x.irregular = true, true
	for _, u := range uses.sums {
		x.odd[u.slot] = true
	}
	for _, u := range uses.extremes {
		x.odd[u.slot] = true
	}
}

// add adds n values with a sum at a scale to a slot.
func (x *fusedFrame) add(slot int, scale uint8, sum, n int64) {
	x.counts[slot] += n
	if scale == x.scales[slot] {
		x.ints[slot] += sum
		return
	}
	if n > 0 {
		x.used, x.irregular = true, true
		x.ints[slot], x.scales[slot] = addDecimal(x.ints[slot], x.scales[slot], sum, scale)
	}
}

// gapped reads a column of which some events have no value.
func (x *fusedFrame) gapped(uses *columnUses, c *strata.Column, found *planFrame) {
	if c.Kind == strata.Float || unsigned(c.Kind) {
		x.refuse(uses)
		return
	}
	if len(uses.sums) > 0 && (c.Kind == strata.Money || c.Kind == strata.Number) {
		n := found.run.N
		x.prefix = grown(x.prefix, 2*n+2)
		sums, counts := x.prefix[:n+1], x.prefix[n+1:2*n+2]
		sums[0], counts[0] = 0, 0
		values := x.read(c, n)
		for i, v := range values {
			there := int64(1)
			if c.Valid != nil {
				there = int64(c.Valid[i>>3] >> (i & 7) & 1)
			}
			sums[i+1] = sums[i] + v&-there
			counts[i+1] = counts[i] + there
		}
		for _, u := range uses.sums {
			low, high := found.from[u.window], found.to[u.window]
			x.add(u.slot, c.Scale, sums[high]-sums[low], counts[high]-counts[low])
		}
	} // else other kinds add nothing
	x.extremes(uses.extremes, c, found)
}

// extremes finds the least and largest values.
func (x *fusedFrame) extremes(uses []use, c *strata.Column, found *planFrame) {
	if len(uses) == 0 {
		return
	}
	values := x.read(c, found.run.N)
	for _, u := range uses {
		low, high := int64(math.MaxInt64), int64(math.MinInt64)
		n := int64(0)
		from, to := found.from[u.window], found.to[u.window]
		if c.Valid == nil {
			for _, v := range values[from:max(from, to)] {
				low, high = min(low, v), max(high, v)
			}
			n = int64(max(to-from, 0))
		} else {
			for i := from; i < to; i++ {
				if c.Has(i) {
					low, high = min(low, values[i]), max(high, values[i])
					n++
				}
			}
		}
		if n > 0 {
			x.extreme(u.slot, c, low, high, n)
		}
	}
}

// extreme takes the extremes of n values of a column into a slot. A minimum
// is kept in ints, a maximum too: which it is, the measure knows.
func (x *fusedFrame) extreme(slot int, c *strata.Column, low, high, n int64) {
	v := low
	if x.largest[slot] {
		v = high
	}
	x.used = true
	switch {
	case x.counts[slot] == 0:
		x.ints[slot], x.kinds[slot], x.scales[slot] = v, c.Kind, c.Scale
	case x.kinds[slot] != c.Kind || x.scales[slot] != c.Scale:
		x.odd[slot], x.irregular = true, true
	case x.largest[slot]:
		x.ints[slot] = max(x.ints[slot], v)
	default:
		x.ints[slot] = min(x.ints[slot], v)
	}
	x.counts[slot] += n
}

// grown returns a slice of n elements, in the memory of s where it is enough.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, 2*n)
	}
	return s[:n]
}

// sums returns the sums of the first 0, 1 ... n values of a column that has
// them all.
func (x *fusedFrame) sums(c *strata.Column, n int) []int64 {
	x.prefix = grown(x.prefix, n+1)
	sums := x.prefix
	sums[0] = 0
	total, to, data := int64(0), sums[1:], c.Data
	switch c.Width {
	case 1:
		for i, v := range data[:len(to)] {
			total += int64(int8(v))
			to[i] = total
		}
	case 2:
		for i := range to {
			total += int64(int16(binary.LittleEndian.Uint16(data)))
			to[i], data = total, data[2:]
		}
	case 4:
		for i := range to {
			total += int64(int32(binary.LittleEndian.Uint32(data)))
			to[i], data = total, data[4:]
		}
	default:
		for i := range to {
			total += int64(binary.LittleEndian.Uint64(data))
			to[i], data = total, data[8:]
		}
	}
	return sums
}

// read returns the first n values of a column that is not of codes.
func (x *fusedFrame) read(c *strata.Column, n int) []int64 {
	x.values = grown(x.values, n)
	to, data := x.values, c.Data
	switch c.Width {
	case 1:
		for i, v := range data[:len(to)] {
			to[i] = int64(int8(v))
		}
	case 2:
		for i := range to {
			to[i], data = int64(int16(binary.LittleEndian.Uint16(data))), data[2:]
		}
	case 4:
		for i := range to {
			to[i], data = int64(int32(binary.LittleEndian.Uint32(data))), data[4:]
		}
	default:
		for i := range to {
			to[i], data = int64(binary.LittleEndian.Uint64(data)), data[8:]
		}
	}
	return to
}

// unsigned reports whether a column of the kind holds codes.
func unsigned(k strata.Kind) bool { return k == strata.Text || k == strata.List || k == strata.ID }

// plain returns the value of a plain aggregate.
func (f *frame) plain(slot int) strata.Value {
	x, m := &f.fused, &f.p.fused.measures[slot]
	if x.odd[slot] {
		return m.general(f)
	}
	switch m.kind {
	case define.Sum:
		return canonical(strata.Value{Kind: m.zero.Kind, Scale: x.scales[slot], Int: x.ints[slot]}, m.zero.Scale)
	case define.Average:
		n := x.counts[slot]
		if n == 0 {
			return strata.Value{}
		}
		sum := canonical(strata.Value{Kind: m.zero.Kind, Scale: x.scales[slot], Int: x.ints[slot]}, m.zero.Scale)
		return strata.FloatOf(sum.Float64() / float64(n))
	case define.Min, define.Max:
		if x.counts[slot] == 0 {
			return strata.Value{}
		}
		return canonical(strata.Value{Kind: x.kinds[slot], Scale: x.scales[slot], Int: x.ints[slot]}, m.zero.Scale)
	}
	return strata.Value{Kind: strata.Number, Int: x.ints[slot]}
}

// tag returns the value of a tag that has been computed.
func (f *frame) tag(at int) strata.Value {
	if f.apart && !f.row.Odd {
		if slot := f.p.tags[at].Int; slot >= 0 {
			return f.plain(slot)
		}
	}
	return f.row.Tags[at]
}

// oddTags reports whether some plain tag is not of its kind and scale, and
// gives all of them as values then.
func (f *frame) oddTags() bool {
	x := &f.fused
	if !x.irregular {
		return false
	}
	odd := false
	for _, at := range f.p.plainTags {
		t := &f.p.tags[at]
		v := f.plain(t.Int)
		if v.Kind == t.Kind && v.Scale == t.Scale {
			x.ints[t.Int], x.scales[t.Int] = v.Int, v.Scale
		} else {
			odd = true
		}
		f.row.Tags[at] = v
	}
	return odd
}
