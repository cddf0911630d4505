package scenario

import (
	"slices"

	"strata"
	"strata/define"
)

// What a definition was at every instant before decides for, since, changed,
// moved, keep, expires and the memory of tiers. It is found by evaluating it
// at every instant at which anything could have changed.

// change is one change of an answer; the first is from nothing.
type change struct {
	at       strata.Instant
	from, to strata.Value
}

// trackKey names how an answer changed.
type trackKey struct {
	p       *Person
	horizon strata.Instant
	set     *define.Set
	ref     define.Ref
	way     string // plain: a tag before its policy; then: by the definitions of each instant
}

// track returns how an answer changed in the person's life up to now, oldest
// first.
func (v view) track(ref define.Ref, way string) []change {
	key := trackKey{v.p, v.horizon(), v.set, ref, way}
	all, ok := v.m.tracks[key]
	if !ok {
		all = v.at(key.horizon).changes(ref, way != "plain", func(at strata.Instant) strata.Value {
			look := v.at(at)
			if way == "then" {
				look = v.then(at)
			}
			switch {
			case ref.Kind == "tier":
				return look.levelValue(ref.Name)
			case way == "plain":
				return look.plainTag(ref.Name)
			}
			return look.tag(ref.Name)
		})
		if v.m.tracks == nil {
			v.m.tracks = map[trackKey][]change{}
		}
		v.m.tracks[key] = all
	}
	n := 0
	for n < len(all) && all[n].at <= v.asOf {
		n++
	}
	return all[:n]
}

// changes finds the changes of an answer in the person's life. What is known
// of him without a beginning has not changed with the first fact.
func (v view) changes(ref define.Ref, own bool, answer func(strata.Instant) strata.Value) []change {
	var out []change
	now := strata.Value{}
	life := v.life(ref, own)
	if slices.ContainsFunc(v.p.Attributes, func(a strata.Attribute) bool { return a.At == beginning }) {
		now = answer(life[0] - 1)
	}
	for _, at := range life {
		if next := answer(at); !strata.Equal(next, now) {
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
	if value.IsMissing() && d.KeepOnEmpty {
		for _, c := range v.track(define.Ref{Kind: "tag", Name: name}, "plain") {
			if !c.to.IsMissing() {
				value = c.to
			}
		}
	}
	if d.Expires.IsZero() || value.IsMissing() {
		return value
	}
	set := v.timesSet(name)
	if len(set) > 0 && d.Expires.Add(slices.Max(set), 1, v.zone) <= v.asOf {
		return strata.Value{}
	}
	return value
}

// timesSet returns the instants up to now at which a tag got a value: by a
// change, by hand, or by its attribute's being set again.
func (v view) timesSet(name string) []strata.Instant {
	var out []strata.Instant
	for _, c := range v.track(define.Ref{Kind: "tag", Name: name}, "plain") {
		if !c.to.IsMissing() {
			out = append(out, c.at)
		}
	}
	for _, m := range v.p.Manual {
		if m.Tag == name && m.At <= v.asOf && !m.Value.IsMissing() {
			out = append(out, m.At)
		}
	}
	if x, ok := v.set.Tags[name].Value.(define.AttributeValue); ok {
		for _, a := range v.p.Attributes {
			if a.Name == x.Attribute && a.At <= v.asOf && a.At != beginning && !a.Value.IsMissing() {
				out = append(out, a.At)
			}
		}
	}
	return out
}

// held reports whether something is true now and, where a test is given, for
// how long it has been without a break. It stands on the definition ref, or on
// facts alone.
func (v view) held(ref define.Ref, plain func(view) bool, test *define.Test) bool {
	if !plain(v) {
		return false
	}
	if test == nil {
		return true
	}
	ago := func(o define.Operand) strata.Instant { return o.Duration.Add(v.asOf, -1, v.zone) }
	from := v.asOf
	for _, c := range test.Comparisons {
		for _, o := range c.Operands {
			from = min(from, ago(o)-1)
		}
	}
	since := define.Earliest // true all the time that is asked about
	broken := !plain(v.then(from))
	for _, at := range v.instants(from, ref, true) {
		switch holds := plain(v.then(at)); {
		case !holds:
			broken = true
		case broken:
			since, broken = at, false
		}
	}
	return !slices.ContainsFunc(test.Comparisons, func(c define.Comparison) bool {
		first := ago(c.Operands[0])
		switch c.Op {
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
		return since > first || since < ago(c.Operands[1]) // between
	})
}

func (v view) tagIs(c define.TagIs) bool {
	ref := define.Ref{Kind: "tag", Name: c.Tag}
	typ := define.TypeOf(v.set, define.TagValue{Tag: c.Tag})
	plain := func(v view) bool { return v.test(c.Test, v.tag(c.Tag), typ) }
	if !v.held(ref, plain, c.For) {
		return false
	}
	if c.Since == nil && c.Changed == nil {
		return true
	}
	changes := v.track(ref, "then")
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
// calibration, or of other definitions, is theirs. Of several values at a
// time, from names one that was left and to one that came.
func (v view) moved(c define.Moved) bool {
	in, ok := v.window(c.Window)
	if !ok {
		return false
	}
	ref := define.Ref{Kind: "tag", Name: c.Tag}
	if c.Tier != "" {
		ref = define.Ref{Kind: "tier", Name: c.Tier}
	}
	among := func(operands []define.Operand, value, other strata.Value) bool {
		return len(operands) == 0 || slices.ContainsFunc(operands, func(o define.Operand) bool {
			if several := value.Kind == strata.List || other.Kind == strata.List; several {
				return has(value, o.Literal) && !has(other, o.Literal)
			}
			return strata.Equal(o.Literal, value)
		})
	}
	calibrated := func(at strata.Instant) bool {
		return slices.ContainsFunc(v.w.Calibrations, func(c define.Calibration) bool { return c.At == at }) ||
			slices.ContainsFunc(v.w.Earlier, func(e Version) bool { return e.Until == at })
	}
	return slices.ContainsFunc(v.track(ref, "then"), func(m change) bool {
		return in.has(m.at) && !calibrated(m.at) && among(c.From, m.from, m.to) && among(c.To, m.to, m.from)
	})
}

// has reports whether a list holds a text.
func has(list, text strata.Value) bool {
	return list.Kind == strata.List && slices.Contains(list.Texts(), text.Text)
}
