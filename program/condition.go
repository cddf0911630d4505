package program

import (
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"strata"
	"strata/define"
)

func (c *compiler) segment(d define.Segment) boolFunc {
	if len(d.Stages) > 0 {
		c.unsupported("pick")
	}
	where := c.condition(d.Where)
	if d.Snapshot != nil {
		where = c.snapshot(d)
	} else if d.Exclude != nil {
		all, exclude := where, c.condition(d.Exclude)
		where = func(f *frame) bool { return all(f) && !exclude(f) }
	}
	if len(d.PickedIn)+len(d.PickedOut) == 0 {
		return where
	}
	in, out := c.picked(d.PickedIn), c.picked(d.PickedOut)
	return func(f *frame) bool { return !out(f) && (in(f) || where(f)) }
}

// picked compiles to whether a pick of the customer is in force: until the
// instant, or the start of the day, at which it expires.
func (c *compiler) picked(picks []define.Picked) boolFunc {
	if len(picks) == 0 {
		return func(*frame) bool { return false }
	}
	if c.people == nil {
		c.unsupported("picked_in and picked_out")
		return func(*frame) bool { return false }
	}
	byCustomer := map[string][]define.Picked{}
	for _, p := range picks {
		byCustomer[p.Customer] = append(byCustomer[p.Customer], p)
	}
	people, zone := c.people, c.zone
	return func(f *frame) bool {
		id, err := people.PublicID(f.h.Customer)
		return err == nil && slices.ContainsFunc(byCustomer[id], func(p define.Picked) bool {
			if p.Expires == nil {
				return true
			}
			from, _ := p.Expires.Bounds(f.asOf, zone)
			if pointKind(*p.Expires) == fixed {
				f.due(from)
			}
			return f.asOf < from
		})
	}
}

func (c *compiler) conditions(of []define.Condition) []boolFunc {
	out := make([]boolFunc, len(of))
	for i, part := range of {
		out[i] = c.condition(part)
	}
	return out
}

func someHolds(f *frame, parts []boolFunc) bool {
	for _, part := range parts {
		if part(f) {
			return true
		}
	}
	return false
}

func (c *compiler) condition(condition define.Condition) boolFunc {
	switch x := condition.(type) {
	case define.All:
		parts := c.conditions(x.Of)
		return func(f *frame) bool {
			for _, part := range parts {
				if !part(f) {
					return false
				}
			}
			return true
		}
	case define.Any:
		parts := c.conditions(x.Of)
		return func(f *frame) bool { return someHolds(f, parts) }
	case define.None:
		parts := c.conditions(x.Of)
		return func(f *frame) bool { return !someHolds(f, parts) }
	case define.Not:
		part := c.condition(x.Of)
		return func(f *frame) bool { return !part(f) }
	case define.Everyone:
		return func(*frame) bool { return true }
	case define.InSegment:
		at, ok := c.index[define.Ref{Kind: "segment", Name: x.Segment}]
		if !ok {
			c.unsupported("segment " + x.Segment)
		}
		return func(f *frame) bool { return f.row.Segments[at] }
	case define.AttributeIs:
		slot := c.attribute(x.Attribute)
		test := c.test(x.Test, c.set.Catalogue.Attributes[x.Attribute].Type)
		plain := func(f *frame) bool { return test(f, f.attributes[slot]) }
		if x.For == nil {
			return plain
		}
		now := x
		now.For = nil
		return both(plain, c.held(now, *x.For))
	case define.TagIs:
		if x.For != nil || x.Since != nil || x.Changed != nil {
			return c.tagWas(x)
		}
		at, ok := c.index[define.Ref{Kind: "tag", Name: x.Tag}]
		if !ok {
			c.unsupported("tag " + x.Tag)
		}
		test := c.test(x.Test, define.TypeOf(c.set, c.set.Tags[x.Tag].Value))
		if in := rangeOf(x.Test); ok && in != nil && c.tags[at].Int >= 0 {
			slot := c.tags[at].Int
			low, high := in.at(c.tags[at].Scale)
			return func(f *frame) bool {
				if f.fused.irregular {
					return test(f, f.tag(at))
				}
				n := f.fused.ints[slot]
				return low <= n && n <= high
			}
		}
		if ok && c.tags[at].Since != 0 {
			value := c.grown(define.TagValue{Tag: x.Tag}, stepsOf(x.Test).turns)
			return func(f *frame) bool { return test(f, value(f)) }
		}
		return func(f *frame) bool { return test(f, f.tag(at)) }
	case define.TierIs:
		return c.tierIs(x)
	case define.EventDid:
		return c.eventDid(x)
	case define.FirstTime:
		all := x.Select
		all.Window = define.Window{}
		s := c.selection(all)
		w, slot := c.window(x.Select.Window)
		return func(f *frame) bool {
			at, found := s.edge(f, true)
			in, ok := w(f)
			if found && slot >= 0 {
				f.passes(f.p.windows[slot].from, at)
				f.passes(f.p.windows[slot].to, at)
			}
			return found && ok && at >= in.from && at < in.to
		}
	case define.Stopped:
		s := c.selection(x.Select)
		active, silent := c.within(x.Active), c.within(x.Silent)
		return func(f *frame) bool {
			if f.timed {
				if last, ok := s.newest(f, span{define.Earliest, f.until}); ok {
					f.passes(f.p.windows[active].from, last)
					f.passes(f.p.windows[silent].from, last)
				}
			}
			return s.countIn(f, f.windows[active]) > 0 && s.countIn(f, f.windows[silent]) == 0
		}
	case define.Restarted:
		s := c.selection(x.Select)
		silent, active := c.within(x.SilentFrom), c.within(x.Active)
		return func(f *frame) bool {
			from, since := f.windows[silent].from, f.windows[active].from
			if f.timed {
				// Nothing changes while something is left in the silent time.
				if last, ok := s.newest(f, span{from, since}); ok {
					f.passes(f.p.windows[silent].from, last)
				} else if first, ok := s.oldest(f, span{since, f.until}); ok {
					f.passes(f.p.windows[silent].from, first)
					f.passes(f.p.windows[active].from, first)
				}
			}
			return s.countIn(f, span{define.Earliest, from}) > 0 && s.countIn(f, span{from, since}) == 0 && s.countIn(f, span{since, f.until}) > 0
		}
	case define.Regularly:
		return c.regularly(x)
	case define.Streak:
		return c.streak(x)
	case define.Sequence:
		return c.sequence(x)
	case define.NotFollowed:
		return c.notFollowed(x)
	case define.Bucket:
		return c.bucket(x)
	case define.InList:
		return c.list(x)
	case define.Moved:
		return c.moved(x)
	case define.Heading:
		return c.heading(x)
	}
	c.unsupported(conditionName(condition))
	return func(*frame) bool { return false }
}

// conditionName is the word of the language for a condition this engine
// cannot run.
func conditionName(condition define.Condition) string {
	if _, is := condition.(define.ConsentIs); is {
		return "consent"
	}
	return "condition"
}

func both(a, b boolFunc) boolFunc { return func(f *frame) bool { return a(f) && b(f) } }

// tagWas compiles a test of a tag and of its past.
func (c *compiler) tagWas(x define.TagIs) boolFunc {
	now, ref := define.TagIs{Tag: x.Tag, Test: x.Test}, define.Ref{Kind: "tag", Name: x.Tag}
	out := c.condition(now)
	if x.For != nil {
		out = both(out, c.held(now, *x.For, ref))
	}
	if x.Since != nil {
		out = both(out, c.changed(ref, *x.Since, true, nil))
	}
	if x.Changed != nil {
		out = both(out, c.changed(ref, *x.Changed, false, nil))
	}
	return out
}

// within returns the window of a duration that ends at as_of.
func (c *compiler) within(d define.Duration) (slot int) {
	_, slot = c.window(define.Window{Kind: define.WithinLast, Last: d})
	return slot
}

func (c *compiler) attribute(name string) int {
	slot, ok := c.attributes[name]
	if !ok {
		slot = len(c.attributes)
		c.attributes[name] = slot
		c.static = append(c.static, c.set.Catalogue.Attributes[name].Change == "static")
	}
	return slot
}

func (c *compiler) tierIs(x define.TierIs) boolFunc {
	if x.For != nil {
		now := x
		now.For = nil
		return both(c.tierIs(now), c.held(now, *x.For, define.Ref{Kind: "tier", Name: x.Tier}))
	}
	at, ok := c.index[define.Ref{Kind: "tier", Name: x.Tier}]
	if !ok {
		c.unsupported("tier " + x.Tier)
		return func(*frame) bool { return false }
	}
	levels := c.tiers[at].Levels
	in := make([]bool, len(levels))
	for i, id := range levels {
		for _, want := range x.Levels {
			n := slices.Index(levels, want)
			switch x.Op { // the best level stands first
			case define.AtLeast:
				in[i] = in[i] || i <= n
			case define.AtMost:
				in[i] = in[i] || i >= n && n >= 0
			default:
				in[i] = in[i] || id == want
			}
		}
	}
	negative := x.Op == define.IsNot || x.Op == define.NotIn
	return func(f *frame) bool {
		level := f.row.Levels[at]
		return (level >= 0 && in[level]) != negative
	}
}

func (c *compiler) eventDid(x define.EventDid) boolFunc {
	m := x.Measure
	switch m.Kind {
	case define.First, define.Last:
		s := c.selection(x.Select)
		passes := &selection{}
		for _, w := range m.Where {
			passes.where = append(passes.where, c.propertyTest(w, x.Select.Events))
		}
		first := m.Kind == define.First
		return func(f *frame) bool {
			r, i := s.edgeEvent(f, first, nil)
			return r != nil && passes.matches(f, r, i)
		}
	case define.Gap:
		value := c.gap(x.Select, m.Stat)
		test := c.test(m.Test, define.Type{Name: define.TypeNumber})
		return func(f *frame) bool { return test(f, value(f)) }
	}
	a := define.Aggregate{Kind: m.Kind, Select: x.Select, Of: m.Of}
	test := c.test(m.Test, define.TypeOf(c.set, a))
	if m.Kind == define.Times {
		s, turns := c.selection(x.Select), stepsOf(m.Test)
		value, slot := c.measured(a)
		return func(f *frame) bool {
			n := value(f)
			s.countTimers(f, n.Int, turns, slot)
			return test(f, n)
		}
	}
	value := c.aggregate(a)
	return func(f *frame) bool { return test(f, value(f)) }
}

func (c *compiler) regularly(x define.Regularly) boolFunc {
	s := c.selection(x.Select)
	test := c.test(x.Times, define.Type{Name: define.TypeNumber})
	zone, weekStart := c.zone, c.weekStart
	from := make([]int, x.Of) // the borders at which the periods begin, the newest first
	for k := range from {
		from[k] = c.border(durationKind(x.Period), func(asOf strata.Instant) strata.Instant {
			at, _ := x.PeriodBounds(k, asOf, zone, weekStart)
			return at
		})
	}
	return func(f *frame) bool {
		hits, to := 0, f.until
		r, _, end, single := s.single(f, span{define.Earliest, f.until})
		for _, border := range from {
			in := span{f.borders[border], to}
			n := 0
			switch {
			case !single:
				n = s.countIn(f, in)
			case end > 0: // the events before it are left
				first := end
				for first > 0 && r.At(first-1) >= in.from {
					first--
				}
				n, end = end-first, first
			}
			if test(f, strata.NumberOf(int64(n), 0)) {
				hits++
			}
			if f.timed && n > 0 {
				if single {
					f.passes(border, r.At(end))
				} else if at, ok := s.oldest(f, in); ok {
					f.passes(border, at)
				}
			}
			to = in.from
		}
		return hits >= x.In
	}
}

// streak compiles the longest or current run of consecutive days, calendar
// weeks or months with a matching event. The current one ends in the unit of
// as_of or, while that has no event yet, in the one before.
func (c *compiler) streak(x define.Streak) boolFunc {
	s := c.selection(x.Select)
	test := c.test(x.Count, define.Type{Name: define.TypeNumber})
	zone := c.zone
	offset := (4 - int64(c.weekStart) + 7) % 7 // 1970-01-01 was a Thursday
	unitOf := func(f *frame, at strata.Instant) int64 {
		day := f.days.of(at)
		switch x.Unit {
		case define.Week:
			n := day + offset
			if n < 0 {
				n -= 6
			}
			return n / 7
		case define.Month:
			y, m, _ := at.In(zone).Date()
			return int64(y)*12 + int64(m)
		}
		return day
	}
	beginOf := func(f *frame, unit int64) strata.Instant {
		switch x.Unit {
		case define.Week:
			unit = 7*unit - offset
		case define.Month: // months are numbered from 1
			unit = define.DayNumber(0, time.Month(unit), 1)
		}
		return f.days.startOf(unit)
	}
	return func(f *frame) bool {
		units := f.units[:0]
		s.each(f, func(r *strata.Run, i int) bool {
			if u := unitOf(f, r.At(i)); len(units) == 0 || u != units[len(units)-1] {
				units = append(units, u)
			}
			return true
		})
		f.units = units
		if len(s.codes) > 1 {
			slices.Sort(units)
			units = slices.Compact(units)
		}
		longest, run := 0, 0
		for i, u := range units {
			if i == 0 || u != units[i-1]+1 {
				run = 0
			}
			run++
			longest = max(longest, run)
		}
		if x.Current {
			longest = 0
			if n := len(units); n > 0 && units[n-1] >= unitOf(f, f.asOf)-1 {
				longest = run
				if f.timed {
					f.due(beginOf(f, units[n-1]+2))
				}
			}
		}
		return test(f, strata.NumberOf(int64(longest), 0))
	}
}

// bucket needs the public id, which the evaluator's caller knows.
func (c *compiler) bucket(x define.Bucket) boolFunc {
	if c.people == nil {
		c.unsupported("bucket")
		return func(*frame) bool { return false }
	}
	people := c.people
	return func(f *frame) bool {
		id, err := people.PublicID(f.h.Customer)
		if err != nil {
			return false
		}
		n := int(xxhash.Sum64String(x.Salt+":"+id) % 10000)
		return n >= x.From && n < x.To
	}
}

func (c *compiler) list(x define.InList) boolFunc {
	if c.people == nil {
		c.unsupported("list")
		return func(*frame) bool { return false }
	}
	people := c.people
	members := map[string]bool{}
	for _, id := range c.set.Lists[x.List].Members {
		members[id] = true
	}
	return func(f *frame) bool {
		id, err := people.PublicID(f.h.Customer)
		return err == nil && members[id]
	}
}
