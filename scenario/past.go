package scenario

import (
	"reflect"
	"slices"

	"strata"
	"strata/define"
)

// What a definition was at every instant before decides for, since, changed,
// moved, keep, expires and the memory of tiers. It is found by evaluating it
// at every instant at which anything could have changed.

// beginning is when something became known that has always been so.
const beginning = strata.Instant(0)

// aYear is how far back somebody is looked at of whom something has always
// been known.
const aYear = strata.Instant(366 * 24 * 3600 * 1000)

// instants returns, ascending, every instant up to now at which anything
// about the person may have changed: when a fact came or ended, when it
// leaves a sliding window, completes a unit of time, and when a day begins.
func (v view) instants() []strata.Instant {
	var facts []strata.Instant
	for _, e := range v.p.Events {
		facts = append(facts, e.At)
	}
	for _, a := range v.p.Attributes {
		facts = append(facts, a.At)
		if a.Value.Kind == strata.Time {
			facts = append(facts, strata.Instant(a.Value.Int))
		}
	}
	for _, m := range v.p.Manual {
		facts = append(facts, m.At)
		if m.Expires != 0 {
			facts = append(facts, m.Expires)
		}
	}
	for _, c := range v.p.Consents {
		facts = append(facts, c.At)
	}
	for _, e := range v.p.Entries {
		facts = append(facts, e.At)
	}
	for _, c := range v.w.Calibrations {
		facts = append(facts, c.At)
	}
	for _, earlier := range v.w.Earlier {
		facts = append(facts, earlier.Until)
	}
	always := slices.Contains(facts, beginning)
	facts = slices.DeleteFunc(facts, func(at strata.Instant) bool { return at == beginning })
	if always {
		facts = append(facts, v.asOf-aYear)
	}
	if len(facts) == 0 {
		return []strata.Instant{v.asOf}
	}
	sliding, fixed := timesIn(v.w.Set)
	for _, earlier := range v.w.Earlier {
		moreSliding, moreFixed := timesIn(earlier.Set)
		sliding, fixed = append(sliding, moreSliding...), append(fixed, moreFixed...)
	}
	out := append([]strata.Instant{v.asOf}, fixed...)
	first := slices.Min(facts)
	firstDay, lastDay := define.DayOf(first, v.zone), define.DayOf(v.asOf, v.zone)
	for _, at := range facts {
		out = append(out, at, at+1)
		for _, d := range sliding {
			out = append(out, at+d, at+d+1, at-d, at-d+1)
		}
	}
	for day := firstDay; day <= lastDay; day++ {
		start := define.DayStart(day, v.zone)
		out = append(out, start)
		for _, at := range facts { // the same time of day, when days are completed
			out = append(out, start+at-define.DayStart(define.DayOf(at, v.zone), v.zone))
		}
	}
	out = slices.DeleteFunc(out, func(at strata.Instant) bool { return at < first || at > v.asOf })
	slices.Sort(out)
	return slices.Compact(out)
}

// timesIn finds all sliding durations and all fixed instants anywhere in the
// definitions.
func timesIn(set *define.Set) (sliding, fixed []strata.Instant) {
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
				if ms, ok := found.Millis(); ok {
					sliding = append(sliding, strata.Instant(ms))
				}
			case define.TimePoint:
				if found.HasAt {
					fixed = append(fixed, found.At, found.At+1)
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
	return sliding, fixed
}

// change is one change of an answer; the first is from nothing.
type change struct {
	at       strata.Instant
	from, to strata.Value
}

// changes returns how an answer of the present definitions changed up to now,
// oldest first.
func (v view) changes(answer func(view) strata.Value) []change {
	return v.changesBy(view.at, answer)
}

// history is changes by the definitions that were in force at each instant.
func (v view) history(answer func(view) strata.Value) []change {
	return v.changesBy(view.then, answer)
}

func (v view) changesBy(look func(view, strata.Instant) view, answer func(view) strata.Value) []change {
	var out []change
	now := strata.Value{}
	instants := v.instants()
	if slices.ContainsFunc(v.p.Attributes, func(a strata.Attribute) bool { return a.At == beginning }) {
		now = answer(look(v, instants[0]-1)) // it has no beginning
	}
	for _, at := range instants {
		if next := answer(look(v, at)); !strata.Equal(next, now) {
			out = append(out, change{at, now, next})
			now = next
		}
	}
	return out
}

// tag is a tag's value under its policy.
func (v view) tag(name string) strata.Value {
	d := v.set.Tags[name]
	value := v.plainTag(name)
	plain := func(v view) strata.Value { return v.plainTag(name) }
	if value.IsMissing() && d.KeepOnEmpty {
		for _, c := range v.changes(plain) {
			if !c.to.IsMissing() {
				value = c.to
			}
		}
	}
	if d.Expires.IsZero() || value.IsMissing() {
		return value
	}
	set := strata.Instant(define.Earliest)
	for _, c := range v.changes(plain) {
		if !c.to.IsMissing() {
			set = c.at
		}
	}
	for _, m := range v.p.Manual { // setting the same value again counts
		if m.Tag == name && m.At <= v.asOf && !m.Value.IsMissing() {
			set = max(set, m.At)
		}
	}
	if set != define.Earliest && d.Expires.Add(set, 1, v.zone) <= v.asOf {
		return strata.Value{}
	}
	return value
}

// held reports whether something is true now and, where a test is given, for
// how long it has been without a break.
func (v view) held(plain func(view) bool, test *define.Test) bool {
	if !plain(v) {
		return false
	}
	if test == nil {
		return true
	}
	since := strata.Instant(define.Earliest) // true before the first fact means always
	instants := v.instants()
	broken := !plain(v.then(instants[0] - 1))
	for _, at := range instants {
		switch holds := plain(v.then(at)); {
		case !holds:
			broken = true
		case broken:
			since, broken = at, false
		}
	}
	for _, c := range test.Comparisons {
		ago := func(i int) strata.Instant { return c.Operands[i].Duration.Add(v.asOf, -1, v.zone) }
		ok := false
		switch c.Op {
		case define.Is:
			ok = since == ago(0)
		case define.IsNot:
			ok = since != ago(0)
		case define.AtLeast:
			ok = since <= ago(0)
		case define.AtMost:
			ok = since >= ago(0)
		case define.GreaterThan:
			ok = since < ago(0)
		case define.LessThan:
			ok = since > ago(0)
		case define.Between:
			ok = since <= ago(0) && since >= ago(1)
		}
		if !ok {
			return false
		}
	}
	return true
}

func (v view) tagIs(c define.TagIs) bool {
	typ := define.TypeOf(v.set, define.TagValue{Tag: c.Tag})
	plain := func(v view) bool { return v.test(c.Test, v.tag(c.Tag), typ) }
	if !v.held(plain, c.For) {
		return false
	}
	if c.Since == nil && c.Changed == nil {
		return true
	}
	changes := v.history(func(v view) strata.Value { return v.tag(c.Tag) })
	if c.Since != nil {
		in, ok := v.window(*c.Since)
		if !ok || len(changes) == 0 || !in.has(changes[len(changes)-1].at) {
			return false
		}
	}
	if c.Changed != nil {
		in, ok := v.window(*c.Changed)
		if !ok || !slices.ContainsFunc(changes, func(c change) bool { return in.has(c.at) }) {
			return false
		}
	}
	return true
}

// moved looks for one single move in the window. A move at the instant of a
// calibration, or of other definitions, is theirs.
func (v view) moved(c define.Moved) bool {
	in, ok := v.window(c.Window)
	if !ok {
		return false
	}
	answer := func(v view) strata.Value { return v.tag(c.Tag) }
	if c.Tier != "" {
		answer = func(v view) strata.Value { return strata.TextOf(v.level(c.Tier)) }
	}
	among := func(operands []define.Operand, value strata.Value) bool {
		return len(operands) == 0 || slices.ContainsFunc(operands, func(o define.Operand) bool { return strata.Equal(o.Literal, value) })
	}
	calibrated := func(at strata.Instant) bool {
		return slices.ContainsFunc(v.w.Calibrations, func(c define.Calibration) bool { return c.At == at }) ||
			slices.ContainsFunc(v.w.Earlier, func(e Version) bool { return e.Until == at })
	}
	return slices.ContainsFunc(v.history(answer), func(m change) bool {
		return in.has(m.at) && !calibrated(m.at) && among(c.From, m.from) && among(c.To, m.to)
	})
}
