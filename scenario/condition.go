package scenario

import (
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"strata"
	"strata/define"
)

// condition is the truth of a condition, read off the person's facts.
func (v view) condition(condition define.Condition) bool {
	switch c := condition.(type) {
	case define.All:
		for _, part := range c.Of {
			if !v.condition(part) {
				return false
			}
		}
		return true
	case define.Any:
		return slices.ContainsFunc(c.Of, v.condition)
	case define.None:
		return !slices.ContainsFunc(c.Of, v.condition)
	case define.Not:
		return !v.condition(c.Of)
	case define.Everyone:
		return true
	case define.InSegment:
		return v.member(c.Segment)
	case define.InList:
		return v.onList(c.List)
	case define.Bucket:
		n := int(xxhash.Sum64String(c.Salt+":"+v.p.ID) % 10000)
		return n >= c.From && n < c.To
	case define.AttributeIs:
		typ := v.set.Catalogue.Attributes[c.Attribute].Type
		plain := func(v view) bool { return v.test(c.Test, v.attribute(c.Attribute), typ) }
		return v.held(define.Ref{}, plain, c.For)
	case define.TagIs:
		return v.tagIs(c)
	case define.TierIs:
		return v.held(define.Ref{Kind: "tier", Name: c.Tier}, func(v view) bool { return v.tierIs(c) }, c.For)
	case define.Moved:
		return v.moved(c)
	case define.Heading:
		ahead := v.at(c.In.Add(v.asOf, 1, v.zone)).foreseen(v).levels(c.Tier)
		return slices.ContainsFunc(ahead, func(level string) bool { return slices.Contains(c.To, level) })
	case define.ConsentIs:
		return v.consent(c.Purpose) == c.State
	case define.EventDid:
		return v.did(c)
	case define.FirstTime:
		events := v.matching(c.Select, v.always())
		in, ok := v.window(c.Select.Window)
		return ok && len(events) > 0 && in.has(events[0].At)
	case define.Stopped:
		return len(v.matching(c.Select, v.last(c.Active))) > 0 && len(v.matching(c.Select, v.last(c.Silent))) == 0
	case define.Restarted:
		silent, active := v.last(c.SilentFrom).from, v.last(c.Active).from
		return len(v.matching(c.Select, span{define.Earliest, silent})) > 0 &&
			len(v.matching(c.Select, span{silent, active})) == 0 &&
			len(v.matching(c.Select, span{active, v.asOf + 1})) > 0
	case define.Regularly:
		periods := 0
		for k := range c.Of {
			from, to := c.PeriodBounds(k, v.asOf, v.zone, v.w.Settings.WeekStart)
			if v.count(c.Times, len(v.matching(c.Select, span{from, to}))) {
				periods++
			}
		}
		return periods >= c.In
	case define.Streak:
		return v.count(c.Count, v.streak(c))
	case define.Sequence:
		return v.sequence(c)
	case define.NotFollowed:
		return v.notFollowed(c)
	}
	panic(fmt.Sprintf("scenario: condition %T", condition))
}

// last is the span of a duration that ends now.
func (v view) last(d define.Duration) span { return span{d.StartBack(v.asOf, v.zone), v.asOf + 1} }

func (v view) count(t define.Test, n int) bool {
	return v.test(t, strata.NumberOf(int64(n), 0), define.Type{Name: define.TypeNumber})
}

// foreseen lets nothing more happen after now: what lies after it, known or
// not, is left out; static attributes hold at every instant.
func (v view) foreseen(now view) view {
	p := Person{ID: v.p.ID}
	for _, e := range v.p.Events {
		if e.At <= now.asOf {
			p.Events = append(p.Events, e)
		}
	}
	for _, a := range v.p.Attributes {
		if a.At <= now.asOf || v.set.Catalogue.Attributes[a.Name].Change == "static" {
			p.Attributes = append(p.Attributes, a)
		}
	}
	for _, m := range v.p.Manual {
		if m.At <= now.asOf {
			p.Manual = append(p.Manual, m)
		}
	}
	for _, c := range v.p.Consents {
		if c.At <= now.asOf {
			p.Consents = append(p.Consents, c)
		}
	}
	for _, e := range v.p.Entries {
		if e.At <= now.asOf {
			p.Entries = append(p.Entries, e)
		}
	}
	v.p = &p
	return v
}

func (v view) onList(name string) bool {
	on, at := slices.Contains(v.set.Lists[name].Members, v.p.ID), strata.Instant(define.Earliest)
	for _, e := range v.p.Entries {
		if e.List == name && e.At <= v.asOf && e.At >= at {
			on, at = e.Member, e.At
		}
	}
	return on
}

func (v view) consent(purpose string) string {
	state, at := "unknown", strata.Instant(define.Earliest)
	for _, c := range v.p.Consents {
		if c.Purpose == purpose && c.At <= v.asOf && c.At >= at {
			state, at = c.State, c.At
		}
	}
	return state
}

func (v view) did(c define.EventDid) bool {
	m := c.Measure
	events := v.selected(c.Select)
	switch m.Kind {
	case define.First, define.Last:
		if len(events) == 0 {
			return false
		}
		e := events[len(events)-1]
		if m.Kind == define.First {
			e = events[0]
		}
		return v.passes(e, m.Where)
	case define.Gap:
		return v.test(m.Test, gap(events, m.Stat), define.Type{Name: define.TypeNumber})
	}
	a := define.Aggregate{Kind: m.Kind, Select: c.Select, Of: m.Of}
	return v.test(m.Test, v.aggregate(a), define.TypeOf(v.set, a))
}

// gap is a statistic in milliseconds of the time between consecutive events.
func gap(events []event, stat string) strata.Value {
	if len(events) < 2 {
		return strata.Value{}
	}
	var sum, longest, gap strata.Instant
	for i := range events[1:] {
		gap = events[i+1].At - events[i].At
		sum += gap
		longest = max(longest, gap)
	}
	switch stat {
	case "last":
		return strata.NumberOf(int64(gap), 0)
	case "max":
		return strata.NumberOf(int64(longest), 0)
	}
	return strata.FloatOf(float64(sum) / float64(len(events)-1))
}

func (v view) tierIs(c define.TierIs) bool {
	levels := v.set.Tiers[c.Tier].Levels
	place := func(id string) int {
		return slices.IndexFunc(levels, func(l define.Level) bool { return l.ID == id })
	}
	in := slices.ContainsFunc(v.levels(c.Tier), func(level string) bool {
		return slices.ContainsFunc(c.Levels, func(want string) bool {
			switch c.Op {
			case define.AtLeast: // the best stands first
				return place(level) <= place(want)
			case define.AtMost:
				return place(level) >= place(want)
			}
			return level == want
		})
	})
	return in != (c.Op == define.IsNot || c.Op == define.NotIn)
}

// streak counts the consecutive units with an event: the longest run, or the
// one that ends in the current unit or, while that has none, in the one
// before.
func (v view) streak(c define.Streak) int {
	unitOf := func(at strata.Instant) int64 {
		day := define.DayOf(at, v.zone)
		switch c.Unit {
		case define.Week:
			for weekday(day) != int(v.w.Settings.WeekStart) {
				day--
			}
			return day / 7 // weeks start on one weekday, so the remainder is constant
		case define.Month:
			y, m, _ := define.CivilDate(day)
			return int64(y)*12 + int64(m)
		}
		return day
	}
	active := map[int64]bool{}
	for _, e := range v.selected(c.Select) {
		active[unitOf(e.At)] = true
	}
	if c.Current {
		unit := unitOf(v.asOf)
		if !active[unit] {
			unit--
		}
		n := 0
		for active[unit] {
			unit--
			n++
		}
		return n
	}
	longest := 0
	for unit := range active {
		n := 0
		for active[unit] {
			unit++
			n++
		}
		longest = max(longest, n)
	}
	return longest
}

// weekday of a day since 1970-01-01, which was a Thursday; 0 is Sunday.
func weekday(day int64) int { return int(((day+4)%7 + 7) % 7) }
