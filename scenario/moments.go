package scenario

import (
	"reflect"
	"slices"

	"strata"
	"strata/define"
)

// beginning is when something became known that has always been so.
const beginning = strata.Instant(0)

// aYear is how far back somebody is looked at of whom something has always
// been known.
const aYear = strata.Instant(366 * 24 * 3600 * 1000)

// moments are the instants at which a definition's answer about a person may
// change, apart from the starts of days.
type moments struct {
	at    []strata.Instant // ascending
	birth strata.Instant   // when the first fact came; Latest where there is none
}

// momentsKey names them. Own says that the definition's policy counts too: a
// tag's expiry, a tier's timers. A zero ref is a condition on facts alone.
type momentsKey struct {
	p       *Person
	horizon strata.Instant
	set     *define.Set
	ref     define.Ref
	own     bool
}

// horizon is the end of the time that a question looks at.
func (v view) horizon() strata.Instant { return max(v.answer, v.asOf) }

// instants returns, ascending, every instant after from and up to now at which
// a definition's answer may have changed: when a fact came or ended, when it
// leaves a sliding window, completes a unit of time, when a tag expires or a
// level is timed, and when a day begins. The last one is now.
func (v view) instants(from strata.Instant, ref define.Ref, own bool) []strata.Instant {
	out := []strata.Instant{v.asOf}
	for _, at := range v.moments(ref, own).at {
		if at > from && at < v.asOf {
			out = append(out, at)
		}
	}
	for day := define.DayOf(from, v.zone); ; day++ {
		start := define.DayStart(day, v.zone)
		if start >= v.asOf {
			break
		}
		if start > from {
			out = append(out, start)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// life is the instants from the person's first fact on.
func (v view) life(ref define.Ref, own bool) []strata.Instant {
	birth := v.moments(ref, own).birth
	if birth > v.asOf {
		return []strata.Instant{v.asOf}
	}
	return v.instants(birth-1, ref, own)
}

func (v view) moments(ref define.Ref, own bool) moments {
	key := momentsKey{v.p, v.horizon(), v.set, ref, own}
	if known, ok := v.m.moments[key]; ok {
		return known
	}
	found := v.factMoments(ref)
	last := v.at(key.horizon)
	for _, set := range v.sets() {
		last.set = set
		for _, used := range define.Order(set.Only(ref)) {
			if used == ref && !own {
				continue
			}
			if d, ok := set.Tags[used.Name]; ok && used.Kind == "tag" && !d.Expires.IsZero() {
				for _, at := range last.timesSet(used.Name) {
					found.at = append(found.at, d.Expires.Add(at, 1, v.zone))
				}
			}
			if d, ok := set.Tiers[used.Name]; ok && used.Kind == "tier" && remembers(d) {
				found.at = append(found.at, last.replay(used.Name).timers...)
			}
		}
	}
	slices.Sort(found.at)
	found.at = slices.Compact(found.at)
	if v.m.moments == nil {
		v.m.moments = map[momentsKey]moments{}
	}
	v.m.moments[key] = found
	return found
}

// sets are the definitions asked and those that were in force before.
func (v view) sets() []*define.Set {
	out := []*define.Set{v.set}
	for _, earlier := range v.w.Earlier {
		out = append(out, earlier.Set)
	}
	return out
}

// factMoments are those that come from the facts themselves.
func (v view) factMoments(ref define.Ref) moments {
	var facts []strata.Instant // when something became so
	var named []strata.Instant // times that facts name
	for _, e := range v.p.Events {
		facts = append(facts, e.At)
		for _, property := range e.Properties {
			if property.Value.Kind == strata.Time {
				named = append(named, strata.Instant(property.Value.Int))
			}
		}
	}
	for _, a := range v.p.Attributes {
		facts = append(facts, a.At)
		if a.Value.Kind == strata.Time {
			named = append(named, strata.Instant(a.Value.Int))
		}
	}
	for _, m := range v.p.Manual {
		facts = append(facts, m.At)
		if m.Expires != 0 {
			named = append(named, m.Expires)
		}
	}
	for _, c := range v.p.Consents {
		facts = append(facts, c.At)
	}
	for _, e := range v.p.Entries {
		facts = append(facts, e.At)
	}
	out := moments{birth: define.Latest}
	for _, at := range facts {
		if at == beginning {
			at = v.horizon() - aYear
		}
		out.birth = min(out.birth, at)
	}
	facts = slices.DeleteFunc(append(facts, named...), func(at strata.Instant) bool { return at == beginning })
	for _, c := range v.w.Calibrations {
		out.at = append(out.at, c.At)
	}
	for _, earlier := range v.w.Earlier {
		out.at = append(out.at, earlier.Until)
	}
	last := v.at(v.horizon())
	for _, set := range v.sets() {
		said := timesIn(set)
		out.at = append(out.at, said.fixed...)
		for _, at := range facts {
			out.at = append(out.at, at, at+1)
			for _, d := range said.sliding {
				out.at = append(out.at, at+d-1, at+d, at+d+1, at-d, at-d+1)
			}
		}
		last.set = set
		for _, since := range timesIn(set.Only(ref)).since {
			out.at = append(out.at, last.completions(since, said.numbers)...)
		}
	}
	return out
}

// completions returns when the time since an event completes a unit. Which
// event is the first or the last may change while time passes, so that every
// event counts until one after it (of the first: if none is before it) that
// nothing can take away. Minutes and seconds are too many: of them only the
// numbers that stand in the definitions count.
func (v view) completions(x define.SinceEvent, numbers []int64) []strata.Instant {
	untouched := x.Select
	untouched.Gross = true
	plain := x.Select.Window.Kind == define.Ever && !slices.ContainsFunc(x.Select.Where, relative)
	all, lasting := v.matching(untouched, v.always()), v.matching(x.Select, v.always())
	if !plain {
		untouched.Where = nil
		all, lasting = v.matching(untouched, v.always()), nil
	}
	var out []strata.Instant
	for _, e := range all {
		end := v.asOf
		for _, other := range lasting {
			if x.First && other.place < e.place {
				end = e.At
			}
			if !x.First && other.place > e.place {
				end = min(end, other.At)
			}
		}
		unit := define.Duration{N: 1, Unit: x.Unit}
		if x.Unit < define.Hour {
			for _, n := range numbers {
				out = append(out, unit.Add(e.At, int(n), v.zone), unit.Add(e.At, int(n+1), v.zone))
			}
			continue
		}
		for n := 1; ; n++ {
			at := unit.Add(e.At, n, v.zone)
			if at > end {
				break
			}
			out = append(out, at)
		}
	}
	return out
}

// relative reports whether a test of a property depends on the time of asking
// or on the customer.
func relative(w define.PropertyTest) bool {
	return slices.ContainsFunc(w.Test.Comparisons, func(c define.Comparison) bool {
		return c.Window != nil || c.Ahead != nil || c.Test != nil ||
			slices.ContainsFunc(c.Operands, func(o define.Operand) bool { return o.Time != nil || o.Attribute != "" })
	})
}

// times are what definitions say of time.
type times struct {
	sliding []strata.Instant // durations
	fixed   []strata.Instant
	since   []define.SinceEvent
	numbers []int64 // whole literals
}

// timesIn finds them anywhere in the definitions.
func timesIn(set *define.Set) times {
	var out times
	slide := func(d define.Duration, n int) {
		if ms, ok := d.Millis(); ok {
			out.sliding = append(out.sliding, strata.Instant(ms)*strata.Instant(n))
		}
	}
	var walk func(x reflect.Value)
	walk = func(x reflect.Value) {
		switch x.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !x.IsNil() {
				walk(x.Elem())
			}
		case reflect.Slice, reflect.Array:
			for i := range x.Len() {
				walk(x.Index(i))
			}
		case reflect.Map:
			for _, key := range x.MapKeys() {
				walk(x.MapIndex(key))
			}
		case reflect.Struct:
			switch found := x.Interface().(type) {
			case define.Duration:
				slide(found, 1)
			case define.Regularly:
				for k := range found.Of {
					slide(found.Period, k+1)
				}
			case define.TimePoint:
				if found.HasAt {
					out.fixed = append(out.fixed, found.At, found.At+1)
				}
			case define.SinceEvent:
				out.since = append(out.since, found)
			case strata.Value:
				if found.Kind == strata.Number && found.Scale == 0 {
					out.numbers = append(out.numbers, found.Int)
				}
			}
			for i := range x.NumField() {
				if x.Type().Field(i).IsExported() {
					walk(x.Field(i))
				}
			}
		}
	}
	walk(reflect.ValueOf(set.Tags))
	walk(reflect.ValueOf(set.Segments))
	walk(reflect.ValueOf(set.Tiers))
	slices.Sort(out.sliding)
	out.sliding = slices.Compact(out.sliding)
	slices.Sort(out.numbers)
	out.numbers = slices.Compact(out.numbers)
	return out
}
