package program

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/width"

	"strata"
	"strata/define"
)

// valueTest is a compiled define.Test: true or false of a value.
type valueTest func(f *frame, v strata.Value) bool

func (c *compiler) test(t define.Test, typ define.Type) valueTest {
	tests := make([]valueTest, len(t.Comparisons))
	for i, cmp := range t.Comparisons {
		tests[i] = c.comparison(cmp, t.Fold, typ)
	}
	if len(tests) == 1 {
		if quick := quickTest(t, typ, tests[0]); quick != nil {
			return quick
		}
		return tests[0]
	}
	return func(f *frame, v strata.Value) bool {
		for _, t := range tests {
			if !t(f, v) {
				return false
			}
		}
		return true
	}
}

// quickTest is a test of a decimal that is a range of literals, or of a text
// that is one of some; other values than those are left to the general test.
// It is nil of other tests.
func quickTest(t define.Test, typ define.Type, general valueTest) valueTest {
	cmp := t.Comparisons[0]
	if in := rangeOf(t); in != nil && !t.Fold && typ.Name != define.TypeChoice {
		const scales = 7
		var low, high [scales]int64
		for scale := range low {
			low[scale], high[scale] = in.at(uint8(scale))
		}
		return func(f *frame, v strata.Value) bool {
			if v.Scale >= scales || v.Kind != strata.Number && v.Kind != strata.Money {
				return general(f, v)
			}
			return low[v.Scale] <= v.Int && v.Int <= high[v.Scale]
		}
	}
	if t.Fold || cmp.Op != define.Is && cmp.Op != define.In || !steady(t) {
		return nil
	}
	var texts []string
	for _, o := range cmp.Operands {
		if o.Literal.Kind != strata.Text {
			return nil
		}
		texts = append(texts, o.Literal.Text)
	}
	return func(f *frame, v strata.Value) bool {
		if v.Kind != strata.Text {
			return general(f, v)
		}
		return slices.Contains(texts, v.Text)
	}
}

// negated operators are the plain negation of the positive one.
var negated = map[define.Op]define.Op{
	define.IsNot: define.Is, define.NotIn: define.In, define.NotContains: define.Contains,
	define.HasNone: define.HasAny, define.NotOn: define.On, define.Missing: define.Exists,
}

func (c *compiler) comparison(cmp define.Comparison, fold bool, typ define.Type) valueTest {
	if positive, ok := negated[cmp.Op]; ok {
		cmp.Op = positive
		test := c.comparison(cmp, fold, typ)
		return func(f *frame, v strata.Value) bool { return !test(f, v) }
	}
	if cmp.Op == define.Exists {
		return func(_ *frame, v strata.Value) bool { return !v.IsMissing() }
	}
	test := c.positive(cmp, fold, typ)
	if cmp.Op == define.Age { // of nobody's age it is true that it is not 25
		years := c.test(*cmp.Test, define.Type{Name: define.TypeNumber})
		return func(f *frame, v strata.Value) bool {
			if v.IsMissing() {
				return years(f, v)
			}
			return test(f, v)
		}
	}
	return func(f *frame, v strata.Value) bool { return !v.IsMissing() && test(f, v) }
}

// positive compiles an operator on a value that is there.
func (c *compiler) positive(cmp define.Comparison, fold bool, typ define.Type) valueTest {
	if cmp.Window != nil || cmp.Ahead != nil || cmp.Test != nil {
		return c.dateTest(cmp)
	}
	operands := make([]func(*frame) operand, len(cmp.Operands))
	for i, o := range cmp.Operands {
		operands[i] = c.operand(o, fold)
	}
	from, to := usesEnds(cmp.Op)
	one := func(test func(v strata.Value, o operand) bool) valueTest {
		get := operands[0]
		return func(f *frame, v strata.Value) bool {
			o := get(f)
			if o.missing() {
				return false
			}
			if o.moves {
				o.timers(f, instantOf(v, c.zone), from, to)
			}
			if fold {
				v = folded(v)
			}
			return test(v, o)
		}
	}
	anyOf := func(test func(v strata.Value, o operand) bool) valueTest {
		return func(f *frame, v strata.Value) bool {
			if fold {
				v = folded(v)
			}
			for _, get := range operands {
				o := get(f)
				if o.moves {
					o.timers(f, instantOf(v, c.zone), from, to)
				}
				if !o.missing() && test(v, o) {
					return true
				}
			}
			return false
		}
	}
	ordered := typ.Name == define.TypeChoice && typ.Ordered
	order := func(v strata.Value, o operand) (int, bool) {
		if ordered {
			a, b := slices.Index(typ.Values, v.Text), slices.Index(typ.Values, o.value.Text)
			return a - b, a >= 0 && b >= 0
		}
		return strata.Compare(v, o.value)
	}
	zone := c.zone
	switch cmp.Op {
	case define.Is, define.In:
		return anyOf(func(v strata.Value, o operand) bool {
			if o.span {
				at := instantOf(v, zone)
				return at >= o.from && at < o.to
			}
			if v.Kind == strata.ID && v.Text == "" {
				return v.Int == int64(c.dict.IDHash(o.value.Text))
			}
			return strata.Equal(v, o.value)
		})
	case define.On:
		return anyOf(func(v strata.Value, o operand) bool { at := instantOf(v, zone); return at >= o.from && at < o.to })
	case define.Before:
		return one(func(v strata.Value, o operand) bool { return instantOf(v, zone) < o.from })
	case define.Since:
		return one(func(v strata.Value, o operand) bool { return instantOf(v, zone) >= o.from })
	case define.After:
		return one(func(v strata.Value, o operand) bool { return instantOf(v, zone) >= o.to })
	case define.Until:
		return one(func(v strata.Value, o operand) bool { return instantOf(v, zone) < o.to })
	case define.AtLeast, define.GreaterThan, define.AtMost, define.LessThan:
		op := cmp.Op
		return one(func(v strata.Value, o operand) bool {
			if o.span {
				at := instantOf(v, zone)
				switch op {
				case define.AtLeast:
					return at >= o.from
				case define.GreaterThan:
					return at >= o.to
				case define.AtMost:
					return at < o.to
				}
				return at < o.from
			}
			n, ok := order(v, o)
			return ok && (op == define.AtLeast && n >= 0 || op == define.GreaterThan && n > 0 || op == define.AtMost && n <= 0 || op == define.LessThan && n < 0)
		})
	case define.Between:
		low, high := operands[0], operands[1]
		return func(f *frame, v strata.Value) bool {
			a, b := low(f), high(f)
			if a.missing() || b.missing() {
				return false
			}
			if a.span || b.span {
				at := instantOf(v, zone)
				a.timers(f, at, true, false)
				b.timers(f, at, true, false)
				return at >= a.from && at < b.from
			}
			x, okX := order(v, a)
			y, okY := order(v, b)
			return okX && okY && x >= 0 && y <= 0
		}
	case define.Contains:
		return anyOf(func(v strata.Value, o operand) bool {
			if v.Kind == strata.List {
				return slices.Contains(v.Texts(), o.value.Text)
			}
			return strings.Contains(v.Text, o.value.Text)
		})
	case define.StartsWith:
		return anyOf(func(v strata.Value, o operand) bool { return strings.HasPrefix(v.Text, o.value.Text) })
	case define.EndsWith:
		return anyOf(func(v strata.Value, o operand) bool { return strings.HasSuffix(v.Text, o.value.Text) })
	case define.Matches:
		pattern := cmp.Operands[0].Literal.Text
		if fold {
			pattern = foldedPattern(pattern)
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			c.errs = append(c.errs, &strata.Error{Code: strata.Invalid, Field: c.path, Message: "the pattern " + pattern + " is not a regular expression", Hint: "write it in RE2 syntax", Cause: err})
			return never
		}
		return func(_ *frame, v strata.Value) bool {
			if fold {
				v = folded(v)
			}
			return re.MatchString(v.Text)
		}
	case define.Has, define.HasAny:
		return anyOf(func(v strata.Value, o operand) bool { return slices.Contains(textsOf(v), o.value.Text) })
	case define.HasAll:
		return func(f *frame, v strata.Value) bool {
			if fold {
				v = folded(v)
			}
			texts := textsOf(v)
			for _, get := range operands {
				if o := get(f); o.missing() || !slices.Contains(texts, o.value.Text) {
					return false
				}
			}
			return true
		}
	}
	c.unsupported("operator")
	return never
}

// foldedPattern is a pattern over folded texts: it ignores case, and letters
// of another width are written in the usual one. A sign that would mean
// something in the usual width stands for itself.
func foldedPattern(pattern string) string {
	var b strings.Builder
	b.WriteString("(?i)")
	for _, r := range pattern {
		if usual := width.Fold.String(string(r)); usual != string(r) {
			b.WriteString(regexp.QuoteMeta(usual))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func never(*frame, strata.Value) bool { return false }

func textsOf(v strata.Value) []string {
	if v.Kind == strata.List {
		return v.Texts()
	}
	return []string{v.Text}
}

// operand is an operand at an instant: a value, or a span of instants.
type operand struct {
	value    strata.Value
	span     bool
	from, to strata.Instant // [from, to): one millisecond for an instant, else a civil day
	moves    bool           // from and to are the borders
	ends     ends
}

// timers says when an operand's ends pass an instant, if they matter.
func (o operand) timers(f *frame, at strata.Instant, from, to bool) {
	if o.moves && from {
		f.passes(o.ends.from, at)
	}
	if o.moves && to {
		f.passes(o.ends.to, at)
	}
}

// usesEnds reports which ends of an operand that is a span an operator looks
// at.
func usesEnds(op define.Op) (from, to bool) {
	switch op {
	case define.Before, define.Since, define.AtLeast, define.LessThan:
		return true, false
	case define.After, define.Until, define.GreaterThan, define.AtMost:
		return false, true
	}
	return true, true
}

func (o operand) missing() bool { return !o.span && o.value.IsMissing() }

func (c *compiler) operand(o define.Operand, fold bool) func(*frame) operand {
	zone := c.zone
	spanOf := func(v strata.Value) operand {
		switch v.Kind {
		case strata.Date:
			return operand{value: v, span: true, from: define.DayStart(v.Int, zone), to: define.DayStart(v.Int+1, zone)}
		case strata.Time:
			return operand{value: v, span: true, from: strata.Instant(v.Int), to: strata.Instant(v.Int) + 1}
		}
		if fold {
			v = folded(v)
		}
		return operand{value: v}
	}
	switch {
	case o.Attribute != "":
		slot := c.attribute(o.Attribute)
		return func(f *frame) operand { return spanOf(f.attributes[slot]) }
	case o.Time != nil:
		in := c.pointEnds(*o.Time)
		return func(f *frame) operand {
			return operand{span: true, from: f.borders[in.from], to: f.borders[in.to], moves: true, ends: in}
		}
	case o.Duration != nil:
		v := strata.NumberOf(milliseconds(*o.Duration), 0)
		return func(*frame) operand { return operand{value: v} }
	}
	fixed := spanOf(o.Literal)
	return func(*frame) operand { return fixed }
}

// milliseconds is the fixed length that comparisons of durations use: civil
// units count as days of 24 hours, months of 30 and years of 365 days.
func milliseconds(d define.Duration) int64 {
	const second = 1000
	n := int64(d.N)
	switch d.Unit {
	case define.Second:
		return n * second
	case define.Minute:
		return n * 60 * second
	case define.Hour:
		return n * 3600 * second
	case define.Day:
		return n * 86400 * second
	case define.Week:
		return n * 7 * 86400 * second
	case define.Month:
		return n * 30 * 86400 * second
	}
	return n * 365 * 86400 * second
}

// folded ignores case and width.
func folded(v strata.Value) strata.Value {
	if v.Kind == strata.Text || v.Kind == strata.ID || v.Kind == strata.List {
		v.Text = cases.Fold().String(width.Fold.String(v.Text))
	}
	return v
}
