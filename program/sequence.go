package program

import (
	"cmp"
	"slices"
	"sort"

	"strata"
	"strata/define"
)

// occurrence is one event that a step may choose.
type occurrence struct {
	run *strata.Run
	i   int
	at  strata.Instant
}

func (o occurrence) is(other occurrence) bool { return o.run == other.run && o.i == other.i }

// all returns the matching events in a span by instant, in the memory of out.
func (s *selection) all(f *frame, in span, out []occurrence) []occurrence {
	out = out[:0]
	s.eachIn(f, in, func(r *strata.Run, i int) bool { out = append(out, occurrence{r, i, r.At(i)}); return true })
	if len(s.codes) > 1 {
		slices.SortStableFunc(out, func(a, b occurrence) int { return cmp.Compare(a.at, b.at) })
	}
	return out
}

// sequenceStep is a compiled define.Step.
type sequenceStep struct {
	events *selection
	within define.Duration // zero = no limit
	same   []uint16        // properties
	never  bool            // a property of same that no event has had
}

func (c *compiler) step(s define.Step) sequenceStep {
	out := sequenceStep{events: c.selection(s.Select), within: s.Within}
	for _, name := range s.Same {
		property, known := c.dict.PropertyCode(name)
		out.same = append(out.same, property)
		out.never = out.never || !known
	}
	return out
}

// oneSight refuses selections of which some see refunds and others do not:
// then it cannot be told which of their events are one.
func (c *compiler) oneSight(of ...define.Selection) {
	if slices.ContainsFunc(of, func(s define.Selection) bool { return s.Gross != of[0].Gross }) {
		c.unsupported("gross in some steps only")
	}
}

// end is the first instant that is too late for the step after one at.
func (s *sequenceStep) end(f *frame, at strata.Instant) strata.Instant {
	if s.within.IsZero() {
		return f.until
	}
	return min(f.until, f.endAfter(s.within, at))
}

// joins reports whether the properties that must be the same are.
func (s *sequenceStep) joins(f *frame, o, before occurrence) bool {
	if s.never {
		return false
	}
	for _, property := range s.same {
		a, b := f.property(o.run, property, o.i), f.property(before.run, property, before.i)
		if a.IsMissing() || b.IsMissing() || !f.p.same(a, b) {
			return false
		}
	}
	return true
}

// same compares two property values, of which a text may be known by its
// hash alone.
func (p *Program) same(a, b strata.Value) bool {
	hash := func(v strata.Value) (int64, bool) {
		switch {
		case v.Kind == strata.ID && v.Text == "":
			return v.Int, true
		case v.Kind == strata.ID || v.Kind == strata.Text:
			return int64(p.dict.IDHash(v.Text)), true
		}
		return 0, false
	}
	if a.Kind == strata.ID || b.Kind == strata.ID {
		x, okX := hash(a)
		y, okY := hash(b)
		return okX && okY && x == y
	}
	return strata.Equal(a, b)
}

// sequence compiles to whether some choice of distinct events satisfies every
// step.
func (c *compiler) sequence(x define.Sequence) boolFunc {
	steps := make([]sequenceStep, len(x.Steps))
	var selections []define.Selection
	for i, s := range x.Steps {
		steps[i] = c.step(s)
		selections = append(selections, s.Select)
	}
	c.oneSight(selections...)
	window, slot := c.window(x.Window)
	var without *selection
	if x.Without != nil {
		without = c.selection(*x.Without)
	}
	return func(f *frame) bool {
		in, ok := window(f)
		if !ok {
			return false
		}
		if without == nil && len(steps) == 2 && len(steps[1].same) == 0 && slot >= 0 {
			if found, ok := f.pair(&steps[0], &steps[1], in, slot); ok {
				return found
			}
		}
		search := &f.search
		search.f, search.steps, search.without = f, steps, nil
		for len(search.of) <= len(steps) {
			search.of, search.failed = append(search.of, nil), append(search.failed, nil)
		}
		for i := range steps {
			if search.of[i] = steps[i].events.all(f, in, search.of[i]); len(search.of[i]) == 0 {
				f.entersSpan(steps[i].events, slot)
				return false
			}
		}
		if without != nil {
			search.of[len(steps)] = without.all(f, span{define.Earliest, f.until}, search.of[len(steps)])
			search.without = search.of[len(steps)]
		}
		found := search.run()
		if !f.timed || slot < 0 {
			return found
		}
		if found { // until the first of these leaves
			f.passes(f.p.windows[slot].from, search.chosen[0].at)
			return true
		}
		for i := range steps {
			f.entersSpan(steps[i].events, slot)
		}
		return false
	}
}

// pair is a sequence of all events of one type and then all of another, which
// need not be searched for by trying; ok is false of other steps.
func (f *frame) pair(first, second *sequenceStep, in span, slot int) (found, ok bool) {
	a, i, endA, okA := first.events.single(f, in)
	b, j, endB, okB := second.events.single(f, in)
	if !okA || !okB || a == b && a != nil || first.events.codes[0] == second.events.codes[0] {
		return false, false
	}
	for a != nil && b != nil && i < endA {
		at := a.At(i)
		for j < endB && b.At(j) < at {
			j++
		}
		if j == endB {
			break
		}
		if b.At(j) < second.end(f, at) {
			if f.timed { // until the first of these leaves
				f.passes(f.p.windows[slot].from, at)
			}
			return true, true
		}
		i++
	}
	f.entersSpan(first.events, slot)
	f.entersSpan(second.events, slot)
	return false, true
}

// search looks for a choice by trying, and remembers what has failed.
type search struct {
	f       *frame
	steps   []sequenceStep
	of      [][]occurrence // by step, by instant; its memory is used again
	without []occurrence   // by instant

	chosen []occurrence
	last   strata.Instant // nothing may be chosen after it
	failed [][]bool       // by step and event: nothing can follow
}

func (s *search) run() bool {
	clear(s.failed)
	s.last = define.Earliest
	for n, first := range s.of[0] {
		// What lies strictly between the first and the last disturbs, so that
		// the last is not after the next of it.
		last := define.Latest
		if w := sort.Search(len(s.without), func(i int) bool { return s.without[i].at > first.at }); w < len(s.without) {
			last = s.without[w].at
		}
		if last != s.last {
			clear(s.failed) // less was allowed then
			s.last = last
		}
		s.chosen = append(s.chosen[:0], first)
		if s.follow(1, n) {
			return true
		}
	}
	return false
}

// follow tries to choose the events from a step on, after the n-th event of
// the step before.
func (s *search) follow(step, n int) bool {
	if step == len(s.steps) {
		return true
	}
	before := s.chosen[step-1]
	if s.failed[step] != nil && s.failed[step][n] {
		return false
	}
	end := s.steps[step].end(s.f, before.at)
	of := s.of[step]
	for i := sort.Search(len(of), func(i int) bool { return of[i].at >= before.at }); i < len(of); i++ {
		next := of[i]
		if next.at >= end || next.at > s.last {
			break
		}
		if slices.ContainsFunc(s.chosen, next.is) || !s.steps[step].joins(s.f, next, before) {
			continue
		}
		s.chosen = append(s.chosen, next)
		if s.follow(step+1, i) {
			return true
		}
		s.chosen = s.chosen[:step]
	}
	// Events chosen earlier at the same instant may have stood in the way.
	if step < 2 || s.chosen[step-2].at < before.at {
		if s.failed[step] == nil {
			s.failed[step] = make([]bool, len(s.of[step-1]))
		}
		s.failed[step][n] = true
	}
	return false
}

// notFollowed compiles to whether there is an A whose deadline has passed
// without a B.
func (c *compiler) notFollowed(x define.NotFollowed) boolFunc {
	c.oneSight(x.Select, x.By.Select)
	a, by := c.selection(x.Select), c.step(x.By)
	return func(f *frame) bool {
		found := false
		in, ok := a.window(f)
		if !ok {
			return false
		}
		a.eachIn(f, in, func(r *strata.Run, i int) bool {
			first := occurrence{r, i, r.At(i)}
			end := f.endAfter(x.By.Within, first.at)
			if end > f.asOf && !f.timed {
				return true // the deadline has not passed
			}
			followed := false
			by.events.eachIn(f, span{first.at, end}, func(r *strata.Run, i int) bool {
				b := occurrence{r, i, r.At(i)}
				followed = !b.is(first) && by.joins(f, b, first)
				return !followed
			})
			switch {
			case followed:
			case end > f.asOf:
				f.due(end)
			default:
				found = true
				if a.slot >= 0 { // it stays so until it leaves
					f.passes(f.p.windows[a.slot].from, first.at)
				}
			}
			return !found
		})
		if !found {
			f.enters(a)
		}
		return found
	}
}
