package program

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"strata"
	"strata/define"
)

var missing = func(*frame) strata.Value { return strata.Value{} }

func (c *compiler) value(value define.Value) valueFunc {
	switch x := value.(type) {
	case define.AttributeValue:
		slot := c.attribute(x.Attribute)
		return func(f *frame) strata.Value { return f.attributes[slot] }
	case define.TagValue:
		at, ok := c.index[define.Ref{Kind: "tag", Name: x.Tag}]
		if !ok {
			c.unsupported("tag " + x.Tag)
			return missing
		}
		if c.tags[at].Since != 0 {
			return c.grown(x, everyUnit)
		}
		return func(f *frame) strata.Value { return f.tag(at) }
	case define.TierValue:
		at, ok := c.index[define.Ref{Kind: "tier", Name: x.Tier}]
		if !ok {
			c.unsupported("tier " + x.Tier)
			return missing
		}
		levels := c.tiers[at].Levels
		return func(f *frame) strata.Value {
			if n := f.row.Levels[at]; n >= 0 {
				return strata.TextOf(levels[n])
			}
			return strata.Value{}
		}
	case define.FirstOf:
		parts := make([]valueFunc, len(x.Of))
		for i, part := range x.Of {
			parts[i] = c.child(strconv.Itoa(i), part)
		}
		return func(f *frame) strata.Value {
			for _, part := range parts {
				if v := part(f); !v.IsMissing() {
					return v
				}
			}
			return strata.Value{}
		}
	case define.Aggregate:
		return c.aggregate(x)
	case define.Touch:
		return c.touch(x)
	case define.Favourite:
		return c.favourite(x)
	case define.SinceEvent:
		return c.grown(x, everyUnit)
	case define.GapValue:
		return c.gapValue(x)
	case define.Rules:
		return c.rules(x)
	case define.Bands:
		band := c.bands(x)
		return func(f *frame) strata.Value {
			if n := band(f); n >= 0 && n < len(x.Labels) {
				return strata.TextOf(x.Labels[n])
			}
			return strata.Value{}
		}
	case define.Grid:
		var rows, columns func(*frame) int
		c.in("rows", func() { rows = c.bands(x.Rows) })
		c.in("columns", func() { columns = c.bands(x.Columns) })
		return func(f *frame) strata.Value {
			r, col := rows(f), columns(f)
			if r < 0 || col < 0 || r >= len(x.Cells) || col >= len(x.Cells[r]) {
				return strata.Value{}
			}
			return strata.TextOf(x.Cells[r][col])
		}
	case define.Ladder:
		of := c.grownChild("of", x.Of, literalSteps(x.Steps).turns)
		return func(f *frame) strata.Value {
			v := of(f)
			if v.IsMissing() || len(x.Steps) == 0 {
				return strata.Value{}
			}
			for _, step := range x.Steps {
				if n, ok := strata.Compare(step, v); ok && n > 0 {
					return step
				}
			}
			return x.Steps[len(x.Steps)-1]
		}
	case define.Formula:
		return c.formula(x.Expr)
	case define.Rank:
		return c.rank(x)
	case define.Top:
		return c.top(x)
	case define.Composite:
		return c.composite(x)
	case define.ManualValue:
		return c.manual(x)
	}
	c.unsupported(valueName(value))
	return missing
}

// valueName is the word of the language for a value this engine cannot
// compute.
func valueName(value define.Value) string {
	switch value.(type) {
	case define.ScoreValue:
		return "score"
	case define.ImportedValue:
		return "imported"
	case define.ModelValue:
		return "model"
	}
	return "value"
}

// share gives equal computations one slot for each customer.
func (c *compiler) share(key string, compute valueFunc) valueFunc {
	slot, known := c.shared[key]
	if !known {
		slot = c.aggregates
		c.shared[key] = slot
		c.aggregates++
	}
	return func(f *frame) strata.Value {
		if !f.computed[slot] {
			f.slots[slot] = compute(f)
			f.computed[slot] = true
		}
		return f.slots[slot]
	}
}

func (c *compiler) aggregate(x define.Aggregate) valueFunc {
	value, slot := c.measured(x)
	if slot >= 0 {
		return func(f *frame) strata.Value {
			if f.timed {
				f.fused.timers(f, slot)
			}
			return value(f)
		}
	}
	switch x.Kind {
	case define.Min, define.Max, define.Distinct, define.DaysActive:
		return value // by each, which sets timers itself
	}
	timers := c.selectionTimers(x.Select)
	return func(f *frame) strata.Value {
		if f.timed {
			timers(f)
		}
		return value(f)
	}
}

// selectionTimers compiles what sets the timers of a selection.
func (c *compiler) selectionTimers(x define.Selection) valueFunc {
	s := c.selection(x)
	return c.share(key("timers", x), func(f *frame) strata.Value { s.timers(f); return strata.Value{} })
}

// measured compiles an aggregate without timers, but for those that each sets
// where it is not fused. It returns the slot where it is, else -1.
func (c *compiler) measured(x define.Aggregate) (value valueFunc, slot int) {
	if slot, ok := c.fuse(x); ok {
		return func(f *frame) strata.Value { return f.plain(slot) }, slot
	}
	return c.share(key(x), c.aggregateOnce(x)), -1
}

// key names a computation by what it is made of. Pointers in the tree print as
// addresses: such selections are merely not shared.
func key(parts ...any) string { return fmt.Sprintf("%+v", parts) }

func (c *compiler) aggregateOnce(x define.Aggregate) valueFunc {
	s := c.selection(x.Select)
	property, _ := c.dict.PropertyCode(x.Of)
	typ := c.propertyType(x.Select.Events, x.Of)
	switch x.Kind {
	case define.Times:
		return func(f *frame) strata.Value { return strata.NumberOf(int64(s.count(f)), 0) }
	case define.DaysActive:
		return func(f *frame) strata.Value {
			days := map[int64]struct{}{}
			s.each(f, func(r *strata.Run, i int) bool { days[f.days.of(r.At(i))] = struct{}{}; return true })
			return strata.NumberOf(int64(len(days)), 0)
		}
	case define.Sum, define.Average:
		zero := c.zero(typ)
		return func(f *frame) strata.Value {
			sum, n := s.sum(f, property, zero)
			switch {
			case x.Kind == define.Sum:
				return sum
			case n == 0:
				return strata.Value{}
			}
			return strata.FloatOf(sum.Float64() / float64(n))
		}
	case define.Min, define.Max:
		sign := 1
		if x.Kind == define.Max {
			sign = -1
		}
		return func(f *frame) strata.Value {
			var best strata.Value
			s.each(f, func(r *strata.Run, i int) bool {
				v := f.property(r, property, i)
				if v.IsMissing() {
					return true
				}
				if n, ok := strata.Compare(v, best); best.IsMissing() || ok && n*sign < 0 {
					best = v
				}
				return true
			})
			return canonical(best, zeroScale(c.zero(typ)))
		}
	case define.Distinct:
		return func(f *frame) strata.Value {
			seen := map[strata.Value]struct{}{}
			s.each(f, func(r *strata.Run, i int) bool {
				if v := f.property(r, property, i); !v.IsMissing() {
					seen[canonical(v, 0)] = struct{}{}
				}
				return true
			})
			return strata.NumberOf(int64(len(seen)), 0)
		}
	}
	c.unsupported("measure")
	return missing
}

// zero is the sum of nothing for a property's type: money at the catalogue's
// scale, float 0, else the number 0.
func (c *compiler) zero(t define.Type) strata.Value {
	switch t.Name {
	case define.TypeMoney:
		scale, _ := t.DecimalScale(c.settings)
		return strata.MoneyOf(0, scale)
	case define.TypeFloat:
		return strata.FloatOf(0)
	}
	return strata.NumberOf(0, 0)
}

func zeroScale(v strata.Value) uint8 { return v.Scale }

// canonical gives equal decimals one form: at least minScale digits after the
// point and no other trailing zeros.
func canonical(v strata.Value, minScale uint8) strata.Value {
	if v.Kind != strata.Number && v.Kind != strata.Money {
		return v
	}
	for v.Scale > minScale && v.Int%10 == 0 {
		v.Int /= 10
		v.Scale--
	}
	if v.Scale < minScale {
		if n, ok := strata.Rescale(v.Int, v.Scale, minScale); ok {
			v.Int, v.Scale = n, minScale
		}
	}
	return v
}

// sum adds a property of the matching events that carry it: integers exactly,
// floats in the order of events. It returns how many carried it.
func (s *selection) sum(f *frame, property uint16, zero strata.Value) (strata.Value, int) {
	w, ok := s.window(f)
	if !ok {
		return zero, 0
	}
	total, n := zero, 0
	for _, code := range s.codes {
		r := s.run(f, code)
		if r == nil {
			continue
		}
		from, to := r.Search(w.from), r.Search(min(w.to, f.until))
		for c := range r.Columns {
			col := &r.Columns[c]
			if col.Property != property {
				continue
			}
			switch col.Kind {
			case strata.Number, strata.Money:
				part := int64(0)
				for i := from; i < to; i++ {
					if col.Has(i) && s.matches(f, r, i) {
						part += col.Int(i)
						n++
					}
				}
				if total.Kind == strata.Float {
					total = strata.FloatOf(total.Float64() + strata.NumberOf(part, col.Scale).Float64())
					continue
				}
				total.Int, total.Scale = addDecimal(total.Int, total.Scale, part, col.Scale)
			case strata.Float:
				part := 0.0
				for i := from; i < to; i++ {
					if col.Has(i) && s.matches(f, r, i) {
						part += math.Float64frombits(uint64(col.Int(i)))
						n++
					}
				}
				total = strata.FloatOf(total.Float64() + part)
			}
		}
	}
	return canonical(total, zero.Scale), n
}

func (c *compiler) touch(x define.Touch) valueFunc {
	s := c.selection(x.Select)
	if x.Of == "" {
		return func(f *frame) strata.Value {
			at, found := s.edge(f, x.First)
			if !found {
				return strata.Value{}
			}
			return strata.TimeOf(at)
		}
	}
	typ := c.propertyType(x.Select.Events, x.Of)
	if typ.Name == define.TypeID {
		c.unsupported("first or last of the id " + x.Of)
	}
	property, known := c.dict.PropertyCode(x.Of)
	scale := zeroScale(c.zero(typ))
	return func(f *frame) strata.Value {
		if !known {
			return strata.Value{}
		}
		if v, ok := s.edgeProperty(f, x.First, property); ok {
			return canonical(v, scale)
		}
		r, i := s.edgeEvent(f, x.First, func(r *strata.Run, i int) bool { return !f.property(r, property, i).IsMissing() })
		if r == nil {
			return strata.Value{}
		}
		return canonical(f.property(r, property, i), scale)
	}
}

// edgeProperty returns a property of the first or last event of a selection of
// all events of one type, which all have it; ok is false of other selections.
func (s *selection) edgeProperty(f *frame, first bool, property uint16) (v strata.Value, ok bool) {
	w, found := s.window(f)
	if !found {
		return v, true
	}
	r, from, to, single := s.single(f, w)
	if !single {
		return v, false
	}
	if r == nil {
		s.edgeTimers(f, first, nil, 0)
		return v, true
	}
	c, regular := onlyColumn(r, property)
	if !regular || c == nil || c.Valid != nil {
		return v, false
	}
	at := to - 1
	if first {
		at = from
	}
	s.edgeTimers(f, first, r, at)
	return f.columnValue(c, at), true
}

// favourite ranks values by count or sum; ties go to the most recent, then to
// the smaller text.
func (c *compiler) favourite(x define.Favourite) valueFunc {
	s := c.selection(x.Select)
	by, _ := c.dict.PropertyCode(x.By)
	of, _ := c.dict.PropertyCode(x.Of)
	if c.propertyType(x.Select.Events, x.By).Name == define.TypeID {
		c.unsupported("favourite by the id " + x.By)
	}
	type tally struct {
		value  strata.Value
		n      int
		amount strata.Value
		last   strata.Instant
	}
	top := max(x.Top, 1)
	return func(f *frame) strata.Value {
		if v, ok := s.favouriteText(f, &x, by, of); ok {
			return v
		}
		var tallies []tally
		s.each(f, func(r *strata.Run, i int) bool {
			v := f.property(r, by, i)
			if v.IsMissing() {
				return true
			}
			at := slices.IndexFunc(tallies, func(t tally) bool { return strata.Equal(t.value, v) })
			if at < 0 {
				at = len(tallies)
				tallies = append(tallies, tally{value: v, amount: strata.NumberOf(0, 0), last: math.MinInt64})
			}
			t := &tallies[at]
			t.n++
			t.last = max(t.last, r.At(i))
			if x.Sum {
				if amount := f.property(r, of, i); amount.Kind == strata.Float || t.amount.Kind == strata.Float {
					t.amount = strata.FloatOf(t.amount.Float64() + amount.Float64())
				} else {
					t.amount.Int, t.amount.Scale = addDecimal(t.amount.Int, t.amount.Scale, amount.Int, amount.Scale)
				}
			}
			return true
		})
		tallies = slices.DeleteFunc(tallies, func(t tally) bool { return t.n < x.AtLeast })
		slices.SortFunc(tallies, func(a, b tally) int {
			if x.Sum {
				if n, _ := strata.Compare(b.amount, a.amount); n != 0 {
					return n
				}
			} else if a.n != b.n {
				return b.n - a.n
			}
			if a.last != b.last {
				if a.last > b.last {
					return -1
				}
				return 1
			}
			return strings.Compare(a.value.String(), b.value.String())
		})
		switch {
		case len(tallies) == 0:
			return strata.Value{}
		case top == 1:
			return canonical(tallies[0].value, 0)
		}
		texts := make([]string, 0, top)
		for _, t := range tallies[:min(top, len(tallies))] {
			texts = append(texts, t.value.String())
		}
		return strata.ListOf(texts) // in the order of rank
	}
}

// instants returns the times of the matching events, ascending. They hold
// until the next call.
func (s *selection) instants(f *frame) []strata.Instant {
	at := f.times[:0]
	if w, ok := s.window(f); ok {
		if r, from, to, ok := s.single(f, w); ok {
			for i := from; i < to; i++ {
				at = append(at, r.At(i))
			}
			f.times = at
			s.timers(f)
			return at
		}
	}
	s.each(f, func(r *strata.Run, i int) bool { at = append(at, r.At(i)); return true })
	f.times = at
	slices.Sort(at)
	return at
}

// gap compiles a statistic, in milliseconds, of the time between consecutive
// events; missing below two events.
func (c *compiler) gap(sel define.Selection, stat string) valueFunc {
	s := c.selection(sel)
	return func(f *frame) strata.Value {
		at := s.instants(f)
		if len(at) < 2 {
			return strata.Value{}
		}
		switch stat {
		case "last":
			return strata.NumberOf(int64(at[len(at)-1]-at[len(at)-2]), 0)
		case "max":
			longest := strata.Instant(0)
			for i := range at[1:] {
				longest = max(longest, at[i+1]-at[i])
			}
			return strata.NumberOf(int64(longest), 0)
		}
		return strata.FloatOf(float64(at[len(at)-1]-at[0]) / float64(len(at)-1))
	}
}

// gapValue compiles a statistic of the completed units between consecutive
// events; missing below two events.
func (c *compiler) gapValue(x define.GapValue) valueFunc {
	s, zone := c.selection(x.Select), c.zone
	return func(f *frame) strata.Value {
		at := s.instants(f)
		if len(at) < 2 {
			return strata.Value{}
		}
		f.gaps = grown(f.gaps, len(at)-1)
		gaps := f.gaps
		total := 0.0
		for i := range gaps {
			gaps[i] = float64(define.Completed(at[i], at[i+1], x.Unit, zone))
			total += gaps[i]
		}
		switch x.Stat {
		case "last":
			return strata.NumberOf(int64(gaps[len(gaps)-1]), 0)
		case "median":
			slices.Sort(gaps)
			return strata.FloatOf(Quantile(gaps, 0.5))
		}
		return strata.FloatOf(total / float64(len(gaps)))
	}
}

func (c *compiler) rules(x define.Rules) valueFunc {
	where := make([]boolFunc, len(x.Rules))
	for i, r := range x.Rules {
		where[i] = c.condition(r.Where)
	}
	if x.All {
		otherwise := x.Otherwise
		if !otherwise.IsMissing() {
			otherwise = strata.ListOf([]string{otherwise.String()})
		}
		return func(f *frame) strata.Value {
			var texts []string
			for i, r := range x.Rules {
				if where[i](f) {
					texts = append(texts, r.Name.String())
				}
			}
			if len(texts) == 0 {
				return otherwise
			}
			slices.Sort(texts)
			return strata.ListOf(slices.Compact(texts))
		}
	}
	return func(f *frame) strata.Value {
		for i, r := range x.Rules {
			if where[i](f) {
				return r.Name
			}
		}
		return x.Otherwise
	}
}
