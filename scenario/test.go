package scenario

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/width"

	"strata"
	"strata/define"
)

// test reports whether every comparison holds of the value.
func (v view) test(t define.Test, value strata.Value, typ define.Type) bool {
	for _, c := range t.Comparisons {
		if !v.compare(c, value, typ, t.Fold) {
			return false
		}
	}
	return true
}

func (v view) compare(c define.Comparison, value strata.Value, typ define.Type, fold bool) bool {
	opposite := func(op define.Op) bool {
		c.Op = op
		return !v.compare(c, value, typ, fold)
	}
	switch c.Op {
	case define.IsNot:
		return opposite(define.Is)
	case define.NotIn:
		return opposite(define.In)
	case define.NotContains:
		return opposite(define.Contains)
	case define.HasNone:
		return opposite(define.HasAny)
	case define.NotOn:
		return opposite(define.On)
	case define.Missing:
		return value.IsMissing()
	}
	if value.IsMissing() {
		// Of nobody's age it is true that it is not 25.
		return c.Op == define.Age && v.test(*c.Test, value, define.Type{Name: define.TypeNumber})
	}
	if c.Op == define.Exists {
		return true
	}
	if c.Window != nil || c.Ahead != nil || c.Test != nil {
		return v.compareDate(c, value)
	}
	if value.Kind == strata.Date || value.Kind == strata.Time {
		return v.compareInstant(c, value)
	}
	return v.comparePlain(c, value, typ, fold)
}

// compareDate is the operators of dates that take a window or an age.
func (v view) compareDate(c define.Comparison, value strata.Value) bool {
	var in span
	switch {
	case c.Ahead != nil:
		in.from, in.to = c.Ahead.Ahead(v.asOf, v.zone)
	case c.Window != nil:
		in.from, in.to = c.Window.Span(v.asOf, v.zone, v.w.Settings.WeekStart)
	}
	day := value.Int
	if value.Kind == strata.Time {
		day = define.DayOf(strata.Instant(value.Int), v.zone)
	}
	switch c.Op {
	case define.Age:
		age := define.YearsOld(day, define.DayOf(v.asOf, v.zone))
		return v.test(*c.Test, strata.NumberOf(int64(age), 0), define.Type{Name: define.TypeNumber})
	case define.Anniversary:
		// Every day that begins in the window is looked at, from the day itself
		// on; in two years there is always one.
		first := day
		if in.from > define.DayStart(day, v.zone) {
			first = define.DayOf(in.from, v.zone)
		}
		for d := first; d < first+800 && define.DayStart(d, v.zone) < in.to; d++ {
			year, _, _ := define.CivilDate(d)
			if define.DayStart(d, v.zone) >= in.from && define.AnniversaryIn(day, year) == d {
				return true
			}
		}
		return false
	}
	return in.has(v.startOf(value))
}

// startOf is a time, or the start of a day.
func (v view) startOf(value strata.Value) strata.Instant {
	if value.Kind == strata.Date {
		return define.DayStart(value.Int, v.zone)
	}
	return strata.Instant(value.Int)
}

// operandSpan is what an operand of a date stands for: an instant or a whole
// civil day.
func (v view) operandSpan(o define.Operand) (span, bool) {
	if o.Time != nil {
		from, to := o.Time.Bounds(v.asOf, v.zone)
		return span{from, to}, true
	}
	value := o.Literal
	if o.Attribute != "" {
		value = v.attribute(o.Attribute)
	}
	switch value.Kind {
	case strata.Date:
		return span{define.DayStart(value.Int, v.zone), define.DayStart(value.Int+1, v.zone)}, true
	case strata.Time:
		return span{strata.Instant(value.Int), strata.Instant(value.Int) + 1}, true
	}
	return span{}, false
}

func (v view) compareInstant(c define.Comparison, value strata.Value) bool {
	at := v.startOf(value)
	var spans []span
	for _, o := range c.Operands {
		if s, ok := v.operandSpan(o); ok {
			spans = append(spans, s)
		} else if c.Op == define.Between {
			return false
		}
	}
	if len(spans) == 0 {
		return false
	}
	first := spans[0]
	switch c.Op {
	case define.Is, define.In, define.On:
		return slices.ContainsFunc(spans, func(s span) bool { return s.has(at) })
	case define.Before, define.LessThan:
		return at < first.from
	case define.Since, define.AtLeast:
		return at >= first.from
	case define.After, define.GreaterThan:
		return at >= first.to
	case define.Until, define.AtMost:
		return at < first.to
	case define.Between:
		return at >= first.from && at < spans[1].from
	}
	return false
}

func (v view) comparePlain(c define.Comparison, value strata.Value, typ define.Type, fold bool) bool {
	text := func(s string) string {
		if fold {
			return cases.Fold().String(width.Fold.String(s))
		}
		return s
	}
	var operands []strata.Value
	for _, o := range c.Operands {
		value := o.Literal
		switch {
		case o.Attribute != "":
			value = v.attribute(o.Attribute)
		case o.Duration != nil:
			value = strata.NumberOf(length(*o.Duration), 0)
		}
		if value.IsMissing() {
			if c.Op == define.HasAll || c.Op == define.Between {
				return false
			}
			continue
		}
		operands = append(operands, value)
	}
	texts := []string{text(value.Text)}
	if value.Kind == strata.List {
		texts = nil
		for _, t := range value.Texts() {
			texts = append(texts, text(t))
		}
	}
	some := func(holds func(o strata.Value) bool) bool { return slices.ContainsFunc(operands, holds) }
	order := func(o strata.Value) (int, bool) {
		if typ.Name == define.TypeChoice && typ.Ordered {
			a, b := slices.Index(typ.Values, value.Text), slices.Index(typ.Values, o.Text)
			return a - b, a >= 0 && b >= 0
		}
		return strata.Compare(value, o)
	}
	switch c.Op {
	case define.Is, define.In:
		return some(func(o strata.Value) bool {
			if value.Kind == strata.Text || value.Kind == strata.ID || value.Kind == strata.List {
				return text(value.Text) == text(o.Text)
			}
			return strata.Equal(value, o)
		})
	case define.AtLeast:
		return some(func(o strata.Value) bool { n, ok := order(o); return ok && n >= 0 })
	case define.AtMost:
		return some(func(o strata.Value) bool { n, ok := order(o); return ok && n <= 0 })
	case define.GreaterThan:
		return some(func(o strata.Value) bool { n, ok := order(o); return ok && n > 0 })
	case define.LessThan:
		return some(func(o strata.Value) bool { n, ok := order(o); return ok && n < 0 })
	case define.Between:
		low, okLow := order(operands[0])
		high, okHigh := order(operands[1])
		return okLow && okHigh && low >= 0 && high <= 0
	case define.Contains:
		return some(func(o strata.Value) bool {
			if value.Kind == strata.List {
				return slices.Contains(texts, text(o.Text))
			}
			return strings.Contains(texts[0], text(o.Text))
		})
	case define.StartsWith:
		return some(func(o strata.Value) bool { return strings.HasPrefix(texts[0], text(o.Text)) })
	case define.EndsWith:
		return some(func(o strata.Value) bool { return strings.HasSuffix(texts[0], text(o.Text)) })
	case define.Matches:
		pattern := c.Operands[0].Literal.Text
		if fold {
			pattern = foldedPattern(pattern)
		}
		matched, err := regexp.MatchString(pattern, texts[0])
		return err == nil && matched
	case define.Has, define.HasAny:
		return some(func(o strata.Value) bool { return slices.Contains(texts, text(o.Text)) })
	case define.HasAll:
		return !some(func(o strata.Value) bool { return !slices.Contains(texts, text(o.Text)) })
	}
	return false
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

// length is a duration in milliseconds where durations are compared: a civil
// day counts as 24 hours, a month as 30 days, a year as 365.
func length(d define.Duration) int64 {
	hours := map[define.Unit]int64{define.Day: 24, define.Week: 7 * 24, define.Month: 30 * 24, define.Year: 365 * 24}
	if ms, ok := d.Millis(); ok {
		return ms
	}
	return int64(d.N) * hours[d.Unit] * 3600 * 1000
}
