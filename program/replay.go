package program

import (
	"slices"
	"strconv"

	"strata"
	"strata/define"
)

// memory is a tier whose levels depend on those before: it reads its rules at
// some events only, holds a level, waits before a lower one, or moves people
// after a time.
type memory struct {
	tier     define.Tier
	target   int      // the tier of the rules alone, by place in the program of the past
	applies  int      // segment; -1 = everyone
	assignOn []uint16 // events
	moves    []timedMove
}

type timedMove struct {
	from   []int // levels
	to     int
	after  define.Duration
	since  int // tag: the instant of an event; -1 = when the level was entered
	unless int // segment; -1 = none
}

// levelState is a level while time passes.
type levelState struct {
	level   int // -1 = none
	entered strata.Instant
	lower   strata.Instant // since when the rules have given a lower level without a break
	lowered bool
	due     strata.Instant // when a time that is running runs out next
}

func remembers(d define.Tier) bool {
	return len(d.AssignOn) > 0 || !d.Hold.IsZero() || !d.Grace.IsZero() || len(d.Moves) > 0
}

// remembered compiles a tier with a memory.
func (c *compiler) remembered(name string, d define.Tier) func(*frame) int {
	set := c.set.Only(c.ref)
	m := &memory{tier: d, applies: -1}
	where := func(name string, condition define.Condition) { set.Segments[name] = define.Segment{Where: condition} }
	if d.AppliesTo != nil {
		where("\x00applies", d.AppliesTo)
	}
	for i, move := range d.Moves {
		if move.Unless != nil {
			where("\x00unless"+strconv.Itoa(i), move.Unless)
		}
		if s := move.Since; s != nil {
			set.Tags["\x00since"+strconv.Itoa(i)] = define.Tag{Value: define.Touch{First: s.First, Select: s.Select}}
		}
	}
	target := d
	target.AppliesTo, target.AssignOn, target.Moves = nil, nil, nil
	target.Hold, target.Grace = define.Duration{}, define.Duration{}
	set.Tiers[name] = target
	slot := c.earlier(set, nil)
	p := c.pasts[slot].of
	c.pasts[slot].memory = m
	at := func(kind, name string) int {
		if i, ok := p.index[define.Ref{Kind: kind, Name: name}]; ok {
			return i
		}
		return -1
	}
	m.target, m.applies = at("tier", name), at("segment", "\x00applies")
	for i, move := range d.Moves {
		to := levelIndex(d, move.To)
		t := timedMove{to: to, after: move.After, since: at("tag", "\x00since"+strconv.Itoa(i)), unless: at("segment", "\x00unless"+strconv.Itoa(i))}
		for _, from := range move.From {
			if n := levelIndex(d, from); to > n { // a listed move never promotes
				t.from = append(t.from, n)
			}
		}
		m.moves = append(m.moves, t)
	}
	for _, event := range c.eventNames(d.AssignOn) {
		if code, seen := c.events[event]; seen {
			m.assignOn = append(m.assignOn, code)
			c.looked[code] = true
			if p.looked != nil {
				p.looked[code] = true
			}
		}
	}
	p.lookAtRefunds()
	c.follow(p)
	return func(f *frame) int { return f.life(slot).level.level }
}

// runsOut is the instant at which a duration has run out: civil ones at the end
// of their last day.
func (f *frame) runsOut(d define.Duration, since strata.Instant) strata.Instant {
	if d.Unit.Civil() {
		return d.EndAfter(since, f.p.zone)
	}
	return d.Add(since, 1, f.p.zone)
}

func (f *frame) passed(d define.Duration, since strata.Instant) bool {
	return d.IsZero() || f.runsOut(d, since) <= f.asOf
}

// step moves the level to the frame's instant.
func (s *levelState) step(m *memory, f *frame) {
	s.advance(m, f)
	s.due = define.Latest
	wait := func(d define.Duration, since strata.Instant) {
		if at := f.runsOut(d, since); !d.IsZero() && at > f.asOf {
			s.due = min(s.due, at)
		}
	}
	if s.level >= 0 {
		wait(m.tier.Hold, s.entered)
	}
	if s.lowered {
		wait(m.tier.Grace, s.lower)
	}
	for i := range m.moves {
		if move := &m.moves[i]; slices.Contains(move.from, s.level) {
			if since, ok := s.since(move, f); ok {
				wait(move.after, since)
			}
		}
	}
}

func (s *levelState) advance(m *memory, f *frame) {
	if m.applies >= 0 && !f.row.Segments[m.applies] {
		s.enter(-1, f.asOf)
		return
	}
	if len(m.tier.AssignOn) == 0 || slices.ContainsFunc(m.assignOn, func(code uint16) bool {
		r := f.runs[code]
		return r != nil && r.Search(f.until) > r.Search(f.asOf)
	}) {
		s.assign(m, f, f.row.Levels[m.target])
	}
	for range m.tier.Levels { // each move goes down, so this many at the most
		if !s.move(m, f) {
			return
		}
	}
}

func (s *levelState) enter(level int, at strata.Instant) {
	s.level, s.entered, s.lowered = level, at, false
}

func (s *levelState) assign(m *memory, f *frame, target int) {
	switch {
	case target == s.level:
		s.lowered = false
	case s.level < 0 || target >= 0 && target < s.level: // up at once
		s.enter(target, f.asOf)
	default:
		if !s.lowered {
			s.lowered, s.lower = true, f.asOf
		}
		if f.passed(m.tier.Hold, s.entered) && f.passed(m.tier.Grace, s.lower) {
			s.enter(target, f.asOf)
		}
	}
}

// since is when the time of a move began.
func (s *levelState) since(move *timedMove, f *frame) (strata.Instant, bool) {
	if move.since < 0 {
		return s.entered, true
	}
	v := f.row.Tags[move.since]
	return strata.Instant(v.Int), !v.IsMissing()
}

// move applies the first listed move that is due.
func (s *levelState) move(m *memory, f *frame) bool {
	for i := range m.moves {
		move := &m.moves[i]
		if !slices.Contains(move.from, s.level) {
			continue
		}
		since, ok := s.since(move, f)
		if ok && f.passed(move.after, since) && (move.unless < 0 || !f.row.Segments[move.unless]) {
			s.enter(move.to, f.asOf)
			return true
		}
	}
	return false
}
