package program

import (
	"time"

	"strata"
	"strata/define"
)

// dateTest compiles the operators of dates that take no plain operand.
func (c *compiler) dateTest(cmp define.Comparison) valueTest {
	zone := c.zone
	// days is the span of the window as civil days [from, to).
	bounds := func(f *frame) (from, to strata.Instant) {
		if cmp.Ahead != nil {
			return cmp.Ahead.Ahead(f.asOf, zone)
		}
		return cmp.Window.Span(f.asOf, zone, f.p.weekStart)
	}
	if cmp.Window != nil && cmp.Window.Kind == define.Anchored {
		c.unsupported("anchored window of a date")
		return never
	}
	switch cmp.Op {
	case define.Within, define.InNext, define.Between:
		return func(f *frame, v strata.Value) bool {
			from, to := bounds(f)
			at := instantOf(v, zone)
			return at >= from && at < to
		}
	case define.Anniversary:
		return func(f *frame, v strata.Value) bool {
			from, to := bounds(f)
			day := dayOf(v, zone)
			first := day
			if from > define.DayStart(day, zone) {
				first = define.DayOf(from, zone)
				if define.DayStart(first, zone) < from {
					first++ // the day had begun before
				}
			}
			end := first + 800 // in two years there is always one
			if to < define.DayStart(end, zone) {
				end = define.DayOf(to-1, zone) + 1
			}
			return define.HasAnniversary(day, first, end)
		}
	}
	test := c.test(*cmp.Test, define.Type{Name: define.TypeNumber}) // Age
	return func(f *frame, v strata.Value) bool {
		return test(f, strata.NumberOf(int64(define.YearsOld(dayOf(v, zone), f.days.of(f.asOf))), 0))
	}
}

// dayOf returns the civil day of a date or time.
func dayOf(v strata.Value, zone *time.Location) int64 {
	if v.Kind == strata.Date {
		return v.Int
	}
	return define.DayOf(strata.Instant(v.Int), zone)
}

// instantOf returns a time, or the start of a civil day.
func instantOf(v strata.Value, zone *time.Location) strata.Instant {
	if v.Kind == strata.Date {
		return define.DayStart(v.Int, zone)
	}
	return strata.Instant(v.Int)
}
