package program

import (
	"cmp"
	"math"
	"slices"

	"strata"
	"strata/define"
)

// due says that something in the row may change at the instant by time alone.
func (f *frame) due(at strata.Instant) {
	if at > f.asOf && at < f.next {
		f.next = at
	}
}

// timers says when what a selection finds may change by time alone: when the
// oldest of its events leaves the window, or one comes into it.
func (s *selection) timers(f *frame) {
	if !f.timed || s.slot < 0 { // an anchored window stands still while its anchor does
		return
	}
	f.leaves(s, f.windows[s.slot])
	f.enters(s)
}

// leaves makes it due when the oldest matching event of those in a part of the
// selection's window is no longer in the window.
func (f *frame) leaves(s *selection, in span) {
	w := f.p.windows[s.slot]
	if f.p.borders[w.from].kind == fixed {
		return
	}
	if at, ok := s.oldest(f, in); ok {
		f.passes(w.from, at)
	}
}

// enters makes it due when an event that is already there comes into the
// selection's window, as into previous_month.
func (f *frame) enters(s *selection) {
	f.entersSpan(s, s.slot)
}

// entersSpan is enters of the window of a slot.
func (f *frame) entersSpan(s *selection, slot int) {
	if !f.timed || slot < 0 || !f.enterable(slot) {
		return
	}
	to := f.p.windows[slot].to
	if at, ok := s.oldest(f, span{f.borders[to], f.until}); ok {
		f.passes(to, at)
	}
}

// enterable reports whether events already there may still come into a
// window.
func (f *frame) enterable(slot int) bool {
	to := f.p.windows[slot].to
	return f.p.borders[to].kind != fixed && f.borders[to] < f.until
}

// oldest returns the instant of the first matching event in a span.
func (s *selection) oldest(f *frame, in span) (at strata.Instant, found bool) {
	for _, code := range s.codes {
		r := s.run(f, code)
		if r == nil {
			continue
		}
		for i, end := r.Search(in.from), r.Search(min(in.to, f.until)); i < end; i++ {
			if found && r.At(i) >= at {
				break
			}
			if s.matches(f, r, i) {
				at, found = r.At(i), true
				break
			}
		}
	}
	return at, found
}

// newest returns the instant of the last matching event in a span.
func (s *selection) newest(f *frame, in span) (at strata.Instant, found bool) {
	for _, code := range s.codes {
		r := s.run(f, code)
		if r == nil {
			continue
		}
		for i, from := r.Search(min(in.to, f.until))-1, r.Search(in.from); i >= from; i-- {
			if found && r.At(i) <= at {
				break
			}
			if s.matches(f, r, i) {
				at, found = r.At(i), true
				break
			}
		}
	}
	return at, found
}

// countTimers is timers where only a test of the number of events matters,
// which now is n; slot is that of a plain aggregate that counts them, or -1.
func (s *selection) countTimers(f *frame, n int64, test steps, slot int) {
	if !f.timed || s.slot < 0 {
		return
	}
	w := f.p.windows[s.slot]
	if test.every || f.enterable(s.slot) {
		s.timers(f)
		return
	}
	at, ok := test.upTo(n)
	if !ok || f.p.borders[w.from].kind == fixed {
		return
	}
	// The test turns when the number falls below at.
	if slot >= 0 {
		if nth, there, ok := f.fused.nth(f, slot, int(n-at)); ok {
			if there {
				f.passes(w.from, nth)
			}
			return
		}
	}
	if nth, ok := s.nth(f, f.windows[s.slot], int(n-at)); ok {
		f.passes(w.from, nth)
	}
}

// nth returns the instant of the matching event in a span before which n
// others lie.
func (s *selection) nth(f *frame, in span, n int) (strata.Instant, bool) {
	var only *strata.Run
	runs := 0
	for _, code := range s.codes {
		if r := s.run(f, code); r != nil && r.Search(in.from) < r.Search(min(in.to, f.until)) {
			only = r
			runs++
		}
	}
	if runs == 1 && len(s.where) == 0 {
		if i := only.Search(in.from) + n; i < only.N {
			return only.At(i), true
		}
		return 0, false
	}
	f.scratch = f.scratch[:0]
	s.eachIn(f, in, func(r *strata.Run, i int) bool {
		f.scratch = append(f.scratch, r.At(i))
		return runs > 1 || len(f.scratch) <= n
	})
	if runs > 1 {
		slices.Sort(f.scratch)
	}
	if n >= len(f.scratch) {
		return 0, false
	}
	return f.scratch[n], true
}

// steps are the whole numbers at which an answer turns: it is one for n-1 and
// may be another for n.
type steps struct {
	at    []int64 // ascending
	every bool    // each number may be one
}

// after returns the first step after n.
func (s steps) after(n int64) (int64, bool) {
	if s.every {
		return n + 1, true
	}
	i, exact := slices.BinarySearch(s.at, n)
	if exact {
		i++
	}
	if i == len(s.at) {
		return 0, false
	}
	return s.at[i], true
}

// upTo returns the last step that is not after n.
func (s steps) upTo(n int64) (int64, bool) {
	i, exact := slices.BinarySearch(s.at, n)
	if exact {
		return n, true
	}
	if i == 0 {
		return 0, false
	}
	return s.at[i-1], true
}

// stepsOf are those of a test of a whole number.
func stepsOf(t define.Test) steps {
	var out steps
	for _, cmp := range t.Comparisons {
		for i, o := range cmp.Operands {
			v := o.Literal
			if !v.Numeric() || o.Attribute != "" || o.Time != nil || o.Duration != nil {
				return steps{every: true}
			}
			reached, passed := stepReached(v.Float64()), stepPassed(v.Float64())
			switch {
			case cmp.Op == define.AtLeast || cmp.Op == define.LessThan || cmp.Op == define.Between && i == 0:
				out.at = append(out.at, reached)
			case cmp.Op == define.AtMost || cmp.Op == define.GreaterThan || cmp.Op == define.Between:
				out.at = append(out.at, passed)
			case cmp.Op == define.Is || cmp.Op == define.IsNot || cmp.Op == define.In || cmp.Op == define.NotIn:
				out.at = append(out.at, reached, passed)
			default:
				return steps{every: true}
			}
		}
		if cmp.Window != nil || cmp.Ahead != nil || cmp.Test != nil {
			return steps{every: true}
		}
	}
	slices.Sort(out.at)
	out.at = slices.Compact(out.at)
	return out
}

// stepReached is the first whole number at or above x, stepPassed the first
// above it.
func stepReached(x float64) int64 { return int64(math.Ceil(min(max(x, -1e15), 1e15))) }
func stepPassed(x float64) int64  { return int64(math.Floor(min(max(x, -1e15), 1e15))) + 1 }

// since is a value that grows as time passes: the whole units completed since
// an instant.
type since struct {
	unit define.Unit
	at   func(*frame) (strata.Instant, bool)
}

// since returns how a value grows; nil for one that does not. Only the time
// since an event does, and a tag that merely is one.
func (c *compiler) since(value define.Value) *since {
	switch x := value.(type) {
	case define.SinceEvent:
		s := c.selection(x.Select)
		at := c.share(key("since", x.First, x.Select), func(f *frame) strata.Value {
			if at, found := s.edge(f, x.First); found {
				return strata.TimeOf(at)
			}
			return strata.Value{}
		})
		return &since{x.Unit, func(f *frame) (strata.Instant, bool) {
			v := at(f)
			return strata.Instant(v.Int), !v.IsMissing()
		}}
	case define.TagValue:
		at, ok := c.index[define.Ref{Kind: "tag", Name: x.Tag}]
		if !ok || c.tags[at].Since == 0 {
			return nil
		}
		return &since{c.tags[at].Since, func(f *frame) (strata.Instant, bool) { return f.instants[at], f.instants[at] != unknown }}
	}
	return nil
}

// turns says at which completed number after n an answer may turn.
type turns func(f *frame, n int64) (int64, bool)

func everyUnit(_ *frame, n int64) (int64, bool) { return n + 1, true }

func noUnit(*frame, int64) (int64, bool) { return 0, false }

func (s steps) turns(_ *frame, n int64) (int64, bool) { return s.after(n) }

// amongCuts turns at the cuts in force and just after them.
func amongCuts(cuts func(*frame) []float64) turns {
	return func(f *frame, n int64) (int64, bool) {
		sorted := cuts(f)
		i, exact := slices.BinarySearchFunc(sorted, float64(n), func(cut, n float64) int { return cmp.Compare(cut, n) })
		switch {
		case exact:
			return n + 1, true
		case i == len(sorted):
			return 0, false
		}
		return stepReached(sorted[i]), true
	}
}

// grown compiles a value of which only some completed numbers matter; of
// values that do not grow all that changes them does.
func (c *compiler) grown(value define.Value, matters turns) valueFunc {
	s := c.since(value)
	if s == nil {
		return c.value(value)
	}
	zone := c.zone
	return func(f *frame) strata.Value {
		at, found := s.at(f)
		if !found {
			return strata.Value{}
		}
		n := define.Completed(at, f.asOf, s.unit, zone)
		f.completes(at, s.unit, n, matters)
		return strata.NumberOf(n, 0)
	}
}

// completes makes it due when so many units have been completed since an
// instant that it matters; now they are n.
func (f *frame) completes(since strata.Instant, unit define.Unit, n int64, matters turns) {
	if !f.timed {
		return
	}
	k, ok := matters(f, n)
	// The largest instant is less than 4 million days or 10^14 seconds away.
	if !ok || k <= n || unit.Civil() && k > 4_000_000 || k > 100_000_000_000 {
		return
	}
	f.due(define.Duration{N: 1, Unit: unit}.Add(since, int(k), f.p.zone))
}

// Stored returns a tag's value after Run as a store keeps it: of a time since
// an event the instant, which does not change as time passes, else the value.
func (e *Evaluator) Stored(tag int) strata.Value {
	if e.p.tags[tag].Since == 0 {
		return e.f.tag(tag)
	}
	if at := e.f.instants[tag]; at != unknown {
		return strata.TimeOf(at)
	}
	return strata.Value{}
}

// Shown returns what a tag's stored value is at an instant.
func (p *Program) Shown(tag int, stored strata.Value, asOf strata.Instant) strata.Value {
	unit := p.tags[tag].Since
	if unit == 0 || stored.IsMissing() {
		return stored
	}
	return strata.NumberOf(define.Completed(strata.Instant(stored.Int), asOf, unit, p.zone), 0)
}

// literalSteps are those of ascending bounds, each of which belongs to what
// lies above it.
func literalSteps(bounds []strata.Value) steps {
	var out steps
	for _, b := range bounds {
		out.at = append(out.at, stepReached(b.Float64()))
	}
	slices.Sort(out.at)
	out.at = slices.Compact(out.at)
	return out
}
