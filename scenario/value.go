package scenario

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"strata"
	"strata/define"
)

// plainTag is a tag's definition evaluated as of the instant, before policy.
func (v view) plainTag(name string) strata.Value {
	d, ok := v.set.Tags[name]
	if !ok {
		return strata.Value{}
	}
	return v.value(d.Value, place{define.Ref{Kind: "tag", Name: name}, ""})
}

// given is a tag's value as somebody set it by hand, or an import or a model
// did.
func (v view) given(name string) strata.Value {
	var best *Manual
	for i := range v.p.Manual {
		if m := &v.p.Manual[i]; m.Tag == name && m.At <= v.asOf && (best == nil || m.At >= best.At) {
			best = m
		}
	}
	if best == nil || best.Expires != 0 && v.asOf >= best.Expires {
		return strata.Value{}
	}
	return best.Value
}

// place is where in a definition a value stands.
type place struct {
	ref  define.Ref
	part string // "" for the whole, else the steps down to it joined by points
}

func (p place) child(step string) place {
	if p.part != "" {
		step = p.part + "." + step
	}
	return place{p.ref, step}
}

func (v view) value(value define.Value, at place) strata.Value {
	switch x := value.(type) {
	case define.AttributeValue:
		return v.attribute(x.Attribute)
	case define.TagValue:
		return v.tag(x.Tag)
	case define.TierValue:
		return v.levelValue(x.Tier)
	case define.FirstOf:
		for i, part := range x.Of {
			if found := v.value(part, at.child(strconv.Itoa(i))); !found.IsMissing() {
				return found
			}
		}
		return strata.Value{}
	case define.Aggregate:
		return v.aggregate(x)
	case define.Touch:
		return v.touch(x)
	case define.Favourite:
		return v.favourite(x)
	case define.SinceEvent:
		events := v.selected(x.Select)
		if len(events) == 0 {
			return strata.Value{}
		}
		e := events[len(events)-1]
		if x.First {
			e = events[0]
		}
		return strata.NumberOf(v.completed(e.At, v.asOf, x.Unit), 0)
	case define.GapValue:
		return v.gaps(x)
	case define.Rules:
		return v.rules(x)
	case define.Bands:
		if n := v.band(x, at); n >= 0 && n < len(x.Labels) {
			return strata.TextOf(x.Labels[n])
		}
		return strata.Value{}
	case define.Grid:
		row := v.band(x.Rows, at.child("rows"))
		column := v.band(x.Columns, at.child("columns"))
		if row < 0 || column < 0 || row >= len(x.Cells) || column >= len(x.Cells[row]) {
			return strata.Value{}
		}
		return strata.TextOf(x.Cells[row][column])
	case define.Ladder:
		of := v.value(x.Of, at.child("of"))
		if of.IsMissing() {
			return of
		}
		for _, step := range x.Steps {
			if n, ok := strata.Compare(step, of); ok && n > 0 {
				return step
			}
		}
		return x.Steps[len(x.Steps)-1]
	case define.Formula:
		return v.formula(x.Expr)
	case define.Rank, define.Top, define.Composite:
		return v.ranked(x, at)
	case define.ManualValue, define.ImportedValue, define.ModelValue:
		return v.given(at.ref.Name)
	case define.ScoreValue:
		return strata.Value{} // refused by Check
	}
	panic(fmt.Sprintf("scenario: value %T", value))
}

// completed counts whole units, civil ones one by one.
func (v view) completed(from, to strata.Instant, unit define.Unit) int64 {
	if ms, ok := (define.Duration{N: 1, Unit: unit}).Millis(); ok {
		return max(0, int64(to-from)/ms)
	}
	n := 0
	for from <= to && (define.Duration{N: n + 1, Unit: unit}).Add(from, 1, v.zone) <= to {
		n++
	}
	return int64(n)
}

func (v view) aggregate(x define.Aggregate) strata.Value {
	events := v.selected(x.Select)
	var values []strata.Value
	for _, e := range events {
		if value := e.Property(x.Of); !value.IsMissing() {
			values = append(values, value)
		}
	}
	typ := v.propertyType(x.Select.Events, x.Of)
	switch x.Kind {
	case define.Times:
		return strata.NumberOf(int64(len(events)), 0)
	case define.DaysActive:
		days := map[int64]bool{}
		for _, e := range events {
			days[define.DayOf(e.At, v.zone)] = true
		}
		return strata.NumberOf(int64(len(days)), 0)
	case define.Sum:
		return v.sum(values, typ)
	case define.Average:
		if len(values) == 0 {
			return strata.Value{}
		}
		return strata.FloatOf(v.sum(values, typ).Float64() / float64(len(values)))
	case define.Min, define.Max:
		var best strata.Value
		for _, value := range values {
			n, ok := strata.Compare(value, best)
			if best.IsMissing() || ok && (n < 0) == (x.Kind == define.Min) && n != 0 {
				best = value
			}
		}
		return v.printed(best, typ)
	case define.Distinct:
		var distinct []strata.Value
		for _, value := range values {
			if !slices.ContainsFunc(distinct, func(d strata.Value) bool { return strata.Equal(d, value) }) {
				distinct = append(distinct, value)
			}
		}
		return strata.NumberOf(int64(len(distinct)), 0)
	}
	panic(fmt.Sprintf("scenario: measure %v", x.Kind))
}

func (v view) propertyType(events []string, property string) define.Type {
	for _, name := range v.set.Catalogue.EventsNamed(events) {
		if p, ok := v.set.Catalogue.Events[name].Properties[property]; ok {
			return p.Type
		}
	}
	return define.Type{}
}

func (v view) sum(values []strata.Value, typ define.Type) strata.Value {
	if typ.Name == define.TypeFloat {
		sum := 0.0
		for _, value := range values {
			sum += value.Float64()
		}
		return strata.FloatOf(sum)
	}
	sum := strata.NumberOf(0, 0)
	if typ.Name == define.TypeMoney {
		sum.Kind = strata.Money
	}
	for _, value := range values {
		sum = plus(sum, value)
	}
	return v.printed(sum, typ)
}

// printed gives a decimal the digits that its type shows: those of the
// catalogue for money, no trailing zeros for a number.
func (v view) printed(value strata.Value, typ define.Type) strata.Value {
	least := uint8(0)
	if typ.Name == define.TypeMoney {
		least, _ = typ.DecimalScale(v.w.Settings)
	}
	if value.Kind != strata.Number && value.Kind != strata.Money {
		return value
	}
	for value.Scale > least && value.Int%10 == 0 {
		value.Int, value.Scale = value.Int/10, value.Scale-1
	}
	for value.Scale < least {
		value.Int, value.Scale = value.Int*10, value.Scale+1
	}
	return value
}

func (v view) touch(x define.Touch) strata.Value {
	events := v.selected(x.Select)
	if !x.First {
		slices.Reverse(events)
	}
	for _, e := range events {
		if x.Of == "" {
			return strata.TimeOf(e.At)
		}
		if value := e.Property(x.Of); !value.IsMissing() {
			return v.printed(value, v.propertyType(x.Select.Events, x.Of))
		}
	}
	return strata.Value{}
}

func (v view) favourite(x define.Favourite) strata.Value {
	type candidate struct {
		value strata.Value
		n     int
		sum   strata.Value
		last  strata.Instant
	}
	var candidates []*candidate
	for _, e := range v.selected(x.Select) {
		value := e.Property(x.By)
		if value.IsMissing() {
			continue
		}
		i := slices.IndexFunc(candidates, func(c *candidate) bool { return strata.Equal(c.value, value) })
		if i < 0 {
			i = len(candidates)
			candidates = append(candidates, &candidate{value: value, sum: strata.NumberOf(0, 0)})
		}
		c := candidates[i]
		c.n++
		c.last = e.At
		if of := e.Property(x.Of); x.Sum && !of.IsMissing() {
			if of.Kind == strata.Float || c.sum.Kind == strata.Float {
				c.sum = strata.FloatOf(c.sum.Float64() + of.Float64())
			} else {
				c.sum = plus(c.sum, of)
			}
		}
	}
	candidates = slices.DeleteFunc(candidates, func(c *candidate) bool { return c.n < x.AtLeast })
	slices.SortFunc(candidates, func(a, b *candidate) int {
		n := b.n - a.n
		if x.Sum {
			n, _ = strata.Compare(b.sum, a.sum)
		}
		switch {
		case n != 0:
			return n
		case a.last > b.last:
			return -1
		case a.last < b.last:
			return 1
		}
		return strings.Compare(a.value.String(), b.value.String())
	})
	if len(candidates) == 0 {
		return strata.Value{}
	}
	if x.Top <= 1 {
		return v.printed(candidates[0].value, define.Type{})
	}
	var texts []string
	for _, c := range candidates[:min(x.Top, len(candidates))] {
		texts = append(texts, c.value.String())
	}
	return strata.ListOf(texts)
}

func (v view) gaps(x define.GapValue) strata.Value {
	events := v.selected(x.Select)
	var gaps []float64
	for i := 1; i < len(events); i++ {
		gaps = append(gaps, float64(v.completed(events[i-1].At, events[i].At, x.Unit)))
	}
	if len(gaps) == 0 {
		return strata.Value{}
	}
	switch x.Stat {
	case "last":
		return strata.NumberOf(int64(gaps[len(gaps)-1]), 0)
	case "median":
		return strata.FloatOf(quantile(gaps, 0.5))
	}
	sum := 0.0
	for _, g := range gaps {
		sum += g
	}
	return strata.FloatOf(sum / float64(len(gaps)))
}

func (v view) rules(x define.Rules) strata.Value {
	var texts []string
	for _, r := range x.Rules {
		if !v.condition(r.Where) {
			continue
		}
		if !x.All {
			return r.Name
		}
		texts = append(texts, r.Name.String())
	}
	if len(texts) == 0 {
		if x.All && !x.Otherwise.IsMissing() {
			return strata.ListOf([]string{x.Otherwise.String()})
		}
		return x.Otherwise
	}
	slices.Sort(texts)
	return strata.ListOf(slices.Compact(texts))
}

// quantile is type 7: linear between the order statistics around (n-1)q.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	low := math.Floor(at)
	high := math.Min(low+1, float64(len(sorted)-1))
	return sorted[int(low)] + (at-low)*(sorted[int(high)]-sorted[int(low)])
}
