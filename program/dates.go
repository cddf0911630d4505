package program

import (
	"time"

	"strata"
	"strata/define"
)

// dateTest compiles the operators of dates that take no plain operand.
func (c *compiler) dateTest(cmp define.Comparison) valueTest {
	zone := c.zone
	if cmp.Window != nil && cmp.Window.Kind == define.Anchored {
		c.unsupported("anchored window of a date")
		return never
	}
	var in ends
	switch {
	case cmp.Ahead != nil:
		kind := durationKind(*cmp.Ahead)
		in = c.spanning(kind, kind, func(asOf strata.Instant) (strata.Instant, strata.Instant) { return cmp.Ahead.Ahead(asOf, zone) })
	case cmp.Window != nil:
		in = c.windowEnds(*cmp.Window)
	}
	switch cmp.Op {
	case define.Within, define.InNext, define.Between:
		return func(f *frame, v strata.Value) bool {
			at := instantOf(v, zone)
			f.passes(in.from, at)
			f.passes(in.to, at)
			return at >= f.borders[in.from] && at < f.borders[in.to]
		}
	case define.Anniversary:
		return func(f *frame, v strata.Value) bool {
			from, to := f.borders[in.from], f.borders[in.to]
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
			has := define.HasAnniversary(day, first, end)
			if f.timed {
				f.anniversary(in, has, day, first, end)
			}
			return has
		}
	}
	test, turns := c.test(*cmp.Test, define.Type{Name: define.TypeNumber}), stepsOf(*cmp.Test) // Age
	return func(f *frame, v strata.Value) bool {
		day := dayOf(v, zone)
		years := define.YearsOld(day, f.today)
		if n, ok := turns.after(int64(years)); ok && f.timed && n < 10_000 {
			year, _, _ := define.CivilDate(day)
			f.due(f.days.startOf(define.AnniversaryIn(day, year+int(n))))
		}
		return test(f, strata.NumberOf(int64(years), 0))
	}
}

// anniversary says when a day's having an anniversary in the civil days
// [first, end) between the borders may change: when the last of them leaves,
// or the next comes.
func (f *frame) anniversary(in ends, has bool, day, first, end int64) {
	if has {
		year, _, _ := define.CivilDate(end - 1)
		at := define.AnniversaryIn(day, year)
		if at >= end {
			at = define.AnniversaryIn(day, year-1)
		}
		f.passes(in.from, f.days.startOf(at))
		return
	}
	after := max(first, end, day) // none lies in the days, so the next is the first from here on
	year, _, _ := define.CivilDate(after)
	at := define.AnniversaryIn(day, year)
	if at < after {
		at = define.AnniversaryIn(day, year+1)
	}
	f.passes(in.to, f.days.startOf(at))
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
