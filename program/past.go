package program

import (
	"cmp"
	"slices"

	"strata"
	"strata/define"
)

// What something was at every instant before decides for, since, changed,
// moved, heading, keep, expires and the memory of tiers. A program of its own
// computes just what is looked back at; a walk runs it over the customer from
// change to change and keeps what it has seen, so that a later question goes
// on where the last one ended.

// past is what a program looks back at.
type past struct {
	of *Program
	// value is what is remembered, read off the program after it has run.
	value func(*frame) strata.Value
	// memory, if not nil, is the tier whose levels are remembered instead.
	memory *memory
}

// change is one change of an answer; the first is from nothing.
type change struct {
	at       strata.Instant
	from, to strata.Value
}

// walk goes through one customer's time.
type walk struct {
	past *past
	e    *Evaluator

	begun       bool
	fresh       bool           // the next look is the first of this customer
	start, next strata.Instant // the first instant looked at, and the next that must be
	now         strata.Value
	changes     []change // oldest first
	facts       int      // known when it looked ahead
	life        strata.Instant
	level       levelState
}

// earlier adds a program of definitions that are looked back at, and returns
// its number.
func (c *compiler) earlier(set *define.Set, value func(*Program) func(*frame) strata.Value) int {
	p, err := Compile(set, Options{Dictionary: c.dict, Settings: c.settings, People: c.people})
	if err != nil {
		c.errs = append(c.errs, err)
		p = &Program{}
	}
	c.follow(p)
	x := &past{of: p}
	if err == nil && value != nil {
		x.value = value(p)
	}
	c.pasts = append(c.pasts, x)
	return len(c.pasts) - 1
}

// follow makes facts to come that another program sees known to this one.
func (c *compiler) follow(p *Program) {
	for code, looked := range p.looked {
		c.looked[code] = c.looked[code] || looked
	}
	for name := range p.attributes {
		c.attribute(name)
	}
}

// tagIn and levelIn read one answer off a program's row.
func tagIn(name string) func(*Program) func(*frame) strata.Value {
	return func(p *Program) func(*frame) strata.Value {
		at := p.index[define.Ref{Kind: "tag", Name: name}]
		return func(f *frame) strata.Value { return f.row.Tags[at] }
	}
}

func levelIn(name string) func(*Program) func(*frame) strata.Value {
	return func(p *Program) func(*frame) strata.Value {
		at := p.index[define.Ref{Kind: "tier", Name: name}]
		levels := p.tiers[at].Levels
		return func(f *frame) strata.Value {
			if n := f.row.Levels[at]; n >= 0 {
				return strata.TextOf(levels[n])
			}
			return strata.TextOf("")
		}
	}
}

func memberIn(name string) func(*Program) func(*frame) strata.Value {
	return func(p *Program) func(*frame) strata.Value {
		at := p.index[define.Ref{Kind: "segment", Name: name}]
		return func(f *frame) strata.Value { return strata.BooleanOf(f.row.Segments[at]) }
	}
}

// tracked adds the changes of a tag or tier in the customer's life, each once.
func (c *compiler) tracked(ref define.Ref) int {
	name := key("track", ref)
	slot, known := c.tracks[name]
	if !known {
		value := tagIn(ref.Name)
		if ref.Kind == "tier" {
			value = levelIn(ref.Name)
		}
		slot = c.earlier(c.set.Only(ref), value)
		c.tracks[name] = slot
	}
	return slot
}

// plainly adds the changes of a tag before its policy.
func (c *compiler) plainly(name string) int {
	set := c.set.Only(define.Ref{Kind: "tag", Name: name})
	d := set.Tags[name]
	d.KeepOnEmpty, d.Expires = false, define.Duration{}
	set.Tags[name] = d
	return c.earlier(set, tagIn(name))
}

// walk returns the walk of a past.
func (f *frame) walk(slot int) *walk {
	w := f.pasts[slot]
	if w == nil {
		x := f.p.pasts[slot]
		w = &walk{past: x, e: x.of.At(f.asOf, f.calibrations)}
		w.e.Timers(true)
		f.pasts[slot] = w
	}
	n := &w.e.f
	n.stored, n.calibrated, n.given = f.stored, f.calibrated, f.given
	n.answer, n.cut = f.answer, f.cut
	if life := f.lifeBegins(); life != w.life { // what was before it is seen otherwise
		w.life, w.begun = life, false
	}
	return w
}

// life walks the customer's life up to now.
func (f *frame) life(slot int) *walk {
	w := f.walk(slot)
	start := f.lifeBegins()
	if !w.begun {
		w.begin(f, start)
		if f.always && w.past.memory == nil {
			w.look(f, start-1)
			w.now = w.past.value(&w.e.f)
			w.next = start
		}
	}
	w.upTo(f)
	return w
}

// from walks the time from an instant up to now. What was so at it was so
// before.
func (f *frame) from(slot int, start strata.Instant) *walk {
	w := f.walk(slot)
	if !w.begun || start < w.start {
		w.begin(f, start)
		w.look(f, start)
		w.now = w.past.value(&w.e.f)
	}
	w.upTo(f)
	return w
}

func (w *walk) begin(f *frame, start strata.Instant) {
	w.begun, w.fresh, w.start, w.next = true, true, start, start
	w.now, w.changes, w.level = strata.Value{}, w.changes[:0], levelState{level: -1}
}

// look runs the program at an instant.
func (w *walk) look(f *frame, at strata.Instant) {
	w.e.f.move(at)
	w.e.f.then()
	w.e.run(f.h, w.fresh)
	w.fresh = false
	w.next = min(w.e.f.next, f.calibratedAfter(at))
}

func (w *walk) upTo(f *frame) {
	for w.next <= f.asOf {
		at := w.next
		w.look(f, at)
		if w.past.memory != nil {
			before := w.level.level
			w.level.step(w.past.memory, &w.e.f)
			if w.next = min(w.next, w.level.due); w.level.level != before {
				w.next = at + 1 // where a move has gone below what the rules give
			}
			continue
		}
		if v := w.past.value(&w.e.f); !strata.Equal(v, w.now) {
			w.changes = append(w.changes, change{at, w.now, v})
			w.now = v
		}
	}
	f.due(w.next)
}

// last returns the newest change.
func (w *walk) last() (change, bool) {
	if len(w.changes) == 0 {
		return change{}, false
	}
	return w.changes[len(w.changes)-1], true
}

const aYear = strata.Instant(366 * 24 * 3600 * 1000)

// lifeBegins returns the instant of the customer's first fact; of what has
// always been known a year is looked at. Who has no facts yet begins with the
// question.
func (f *frame) lifeBegins() strata.Instant {
	if f.birth != unknown {
		return f.birth
	}
	first, always := define.Latest, false
	for i := range f.h.Runs {
		if r := &f.h.Runs[i]; r.N > 0 && r.At(0) <= f.cut {
			first = min(first, r.At(0))
		}
	}
	for i := range f.h.Attributes {
		a := &f.h.Attributes[i]
		if a.At > f.cut && f.p.set.Catalogue.Attributes[a.Name].Change != "static" {
			continue
		}
		if a.At == 0 {
			always = true
			continue
		}
		first = min(first, a.At)
	}
	f.birth, f.always = first, always
	if a := f.answer - aYear; always && a < first {
		day := f.days.of(a - 1)
		f.birth = f.days.startOf(day + 1)
	}
	f.factless = f.birth > f.answer
	if f.factless {
		f.birth = f.answer
	}
	return f.birth
}

// calibratedAfter returns the first instant after at from which other cut
// points are in force.
func (f *frame) calibratedAfter(at strata.Instant) strata.Instant {
	i, exact := slices.BinarySearch(f.calibrated, at)
	if exact {
		i++
	}
	if i == len(f.calibrated) {
		return define.Latest
	}
	return f.calibrated[i]
}

// Past gives the evaluator all calibrations that are stored for its
// definitions, so that what it looks back at is computed with the cut points
// that were in force then. Before the first of a definition that one counts;
// where there is none the one that the evaluator was made with.
func (e *Evaluator) Past(stored []define.Calibration) {
	f := &e.f
	f.stored, f.calibrated = map[define.Ref][]define.Calibration{}, nil
	for _, c := range stored {
		ref := define.Ref{Kind: c.Kind, Name: c.Name}
		f.stored[ref] = append(f.stored[ref], c)
		f.calibrated = append(f.calibrated, c.At)
	}
	for _, of := range f.stored {
		slices.SortStableFunc(of, func(a, b define.Calibration) int { return cmp.Compare(a.At, b.At) })
	}
	slices.Sort(f.calibrated)
	f.calibrated = slices.Compact(f.calibrated)
}

// LooksBack reports whether the program needs what was before, and so the
// calibrations that were in force then.
func (p *Program) LooksBack() bool { return len(p.pasts) > 0 }

// then puts the calibrations into force that were at the frame's instant.
func (f *frame) then() {
	if len(f.stored) == 0 || len(f.p.population) == 0 {
		f.enforce(f.given)
		return
	}
	then := map[define.Ref]define.Calibration{}
	for _, part := range f.p.population {
		of := f.stored[part.Ref]
		if len(of) == 0 {
			if made, ok := f.given[part.Ref]; ok {
				then[part.Ref] = made
			}
			continue
		}
		best, ok := f.given[part.Ref]
		for i, c := range of {
			if c.At <= f.answer && (i == 0 || c.At <= f.asOf) {
				best, ok = c, true
			}
		}
		if ok {
			then[part.Ref] = best
		}
	}
	f.enforce(then)
}

// kept compiles a tag's policy: what it was last stays where it would become
// nothing, and what it is goes when its time has run out.
func (c *compiler) kept(name string, d define.Tag, plain valueFunc) valueFunc {
	slot, zone := c.plainly(name), c.zone
	attribute := ""
	if x, ok := d.Value.(define.AttributeValue); ok {
		attribute = x.Attribute
	}
	c.attribute(strata.ManualName(name))
	return func(f *frame) strata.Value {
		value := plain(f)
		if value.IsMissing() && !d.KeepOnEmpty {
			return value
		}
		w := f.life(slot)
		set, found := strata.Instant(0), false
		for _, x := range slices.Backward(w.changes) {
			if x.to.IsMissing() {
				continue
			}
			if value.IsMissing() {
				value = x.to
			}
			set, found = x.at, true
			break
		}
		if d.Expires.IsZero() || value.IsMissing() {
			return value
		}
		for i := range f.h.Attributes {
			a := &f.h.Attributes[i]
			if a.At > f.seen() || a.Value.IsMissing() {
				continue
			}
			m, byHand := strata.ManualOf(a)
			switch {
			case byHand && m.Tag == name && !m.Value.IsMissing():
			case attribute != "" && a.Name == attribute && a.At != 0:
			default:
				continue
			}
			set, found = max(set, a.At), true
		}
		if !found {
			return value
		}
		end := d.Expires.Add(set, 1, zone)
		f.due(end)
		if end <= f.asOf {
			return strata.Value{}
		}
		return value
	}
}

// seen is the last instant of which facts are known.
func (f *frame) seen() strata.Instant { return min(f.asOf, f.cut) }

// held compiles to whether a condition is true now and has been for as long as
// the test says. The refs are what it stands on.
func (c *compiler) held(plain define.Condition, test define.Test, refs ...define.Ref) boolFunc {
	const name = "\x00held"
	at := key("held", plain)
	slot, known := c.tracks[at]
	if !known {
		set := c.set.Only(refs...)
		set.Segments[name] = define.Segment{Where: plain}
		slot = c.earlier(set, memberIn(name))
		c.tracks[at] = slot
	}
	zone := c.zone
	ago := func(f *frame, o define.Operand) strata.Instant { return o.Duration.Add(f.asOf, -1, zone) }
	return func(f *frame) bool {
		start := f.asOf
		for _, cmp := range test.Comparisons {
			for _, o := range cmp.Operands {
				start = min(start, ago(f, o)-1)
			}
		}
		w := f.from(slot, start)
		if !w.now.Bool() {
			return false
		}
		since := define.Earliest // true all the time that is asked about
		if last, ok := w.last(); ok {
			since = last.at
		}
		if f.timed && since != define.Earliest {
			for _, cmp := range test.Comparisons {
				for _, o := range cmp.Operands {
					f.shifts(*o.Duration, -1, since)
					f.shifts(*o.Duration, -1, since+1)
				}
			}
		}
		return !slices.ContainsFunc(test.Comparisons, func(cmp define.Comparison) bool {
			first := ago(f, cmp.Operands[0])
			switch cmp.Op {
			case define.Is:
				return since != first
			case define.IsNot:
				return since == first
			case define.AtLeast:
				return since > first
			case define.AtMost:
				return since < first
			case define.GreaterThan:
				return since >= first
			case define.LessThan:
				return since <= first
			}
			return since > first || since < ago(f, cmp.Operands[1]) // between
		})
	}
}

// shifts makes it due when as_of moved by n durations comes to target or lies
// after it.
func (f *frame) shifts(d define.Duration, n int, target strata.Instant) {
	if ms, ok := d.Millis(); ok {
		f.due(target - strata.Instant(n)*strata.Instant(ms))
		return
	}
	limit := f.straight(d)
	f.due(limit)
	reached := func(at strata.Instant) bool { return d.Add(at, n, f.p.zone) >= target }
	low, high := f.asOf, min(limit-1, d.Add(max(target, f.asOf), -n, f.p.zone)+8*24*3600*1000)
	if reached(low) || high <= low || !reached(high) {
		return
	}
	for high-low > 1 {
		if mid := low + (high-low)/2; reached(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	f.due(high)
}

// straight returns the instant until which as_of moved by civil durations
// only goes forward: clamped ends of months and clocks that are put back make
// it go back for a while.
func (f *frame) straight(d define.Duration) strata.Instant {
	limit := define.Latest
	if !d.Unit.Civil() {
		return limit
	}
	if _, end := f.asOf.In(f.p.zone).ZoneBounds(); !end.IsZero() {
		limit = strata.At(end)
	}
	if d.Unit >= define.Month {
		year, month, day := define.CivilDate(f.today)
		end := f.days.startOf(f.today + 1)
		if day < 28 {
			end = f.days.startOf(define.DayNumber(year, month, 28))
		}
		limit = min(limit, end)
	}
	return limit
}

// changed compiles to whether changes of a tag or tier lie in a window: some
// of them that count, or the last.
func (c *compiler) changed(ref define.Ref, window define.Window, last bool, counts func(*frame, change) bool) boolFunc {
	track := c.tracked(ref)
	in, slot := c.window(window)
	return func(f *frame) bool {
		w := f.life(track)
		at, ok := in(f)
		if !ok {
			return false
		}
		if f.timed && f.factless && slot >= 0 { // what changed did so only now
			for _, border := range [2]int{f.p.windows[slot].from, f.p.windows[slot].to} {
				if f.p.borders[border].kind == fixed {
					f.due(f.borders[border])
				}
			}
		}
		found := false
		for i, x := range slices.Backward(w.changes) { // the newest first
			if last && i < len(w.changes)-1 {
				break
			}
			if counts != nil && !counts(f, x) {
				continue
			}
			if f.timed && slot >= 0 {
				f.passes(f.p.windows[slot].from, x.at)
				f.passes(f.p.windows[slot].to, x.at)
			}
			if found = x.at >= at.from && x.at < at.to; found {
				break
			}
		}
		return found
	}
}

func (c *compiler) moved(x define.Moved) boolFunc {
	ref := define.Ref{Kind: "tag", Name: x.Tag}
	if x.Tier != "" {
		ref = define.Ref{Kind: "tier", Name: x.Tier}
	}
	among := func(operands []define.Operand, v strata.Value) bool {
		return len(operands) == 0 || slices.ContainsFunc(operands, func(o define.Operand) bool { return strata.Equal(o.Literal, v) })
	}
	return c.changed(ref, x.Window, false, func(f *frame, m change) bool {
		_, calibrated := slices.BinarySearch(f.calibrated, m.at) // a move by new cut points is theirs
		return !calibrated && among(x.From, m.from) && among(x.To, m.to)
	})
}

// heading compiles to the level to come if nothing more happens.
func (c *compiler) heading(x define.Heading) boolFunc {
	ref := define.Ref{Kind: "tier", Name: x.Tier}
	slot := c.earlier(c.set.Only(ref), levelIn(x.Tier))
	zone := c.zone
	return func(f *frame) bool {
		w := f.walk(slot)
		n := &w.e.f
		future := x.In.Add(f.asOf, 1, zone)
		n.answer, n.cut = max(f.answer, future), f.seen()
		facts := f.facts()
		w.fresh = !w.begun || future < w.start || facts != w.facts
		w.look(f, future)
		w.begun, w.start, w.facts = true, future, facts
		f.due(f.straight(x.In))
		if n.next != define.Latest {
			f.shifts(x.In, 1, n.next)
		}
		return slices.Contains(x.To, w.past.value(n).Text)
	}
}

// facts counts those that are known.
func (f *frame) facts() int {
	n := 0
	for i := range f.h.Runs {
		n += f.h.Runs[i].Search(f.seen() + 1)
	}
	for i := range f.h.Attributes {
		if f.h.Attributes[i].At <= f.seen() {
			n++
		}
	}
	return n
}

// snapshot compiles a snapshot: nobody before its instant, from then on who was a
// member at it.
func (c *compiler) snapshot(d define.Segment) boolFunc {
	const name = "\x00snapshot"
	taken := *d.Snapshot
	set := c.set.Only(c.ref)
	set.Segments[name] = define.Segment{Where: d.Where, Exclude: d.Exclude}
	delete(set.Segments, c.ref.Name)
	slot := c.earlier(set, memberIn(name))
	if len(c.pasts[slot].of.population) > 0 {
		c.unsupported("snapshot of what has cut points from everyone")
	}
	return func(f *frame) bool {
		if f.asOf < taken {
			f.due(taken)
			return false
		}
		w := f.walk(slot)
		w.e.f.answer, w.e.f.cut = taken, define.Latest
		if !w.begun {
			w.begin(f, taken)
			w.look(f, taken)
			w.now = w.past.value(&w.e.f)
		}
		return w.now.Bool()
	}
}
