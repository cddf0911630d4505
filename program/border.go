package program

import (
	"math"
	"time"

	"strata"
	"strata/define"
)

// border is one end of a window, time point or period as as_of moves on. It
// never goes back.
type border struct {
	kind  borderKind
	at    strata.Instant                 // fixed: the border; slides: its distance from as_of
	onDay func(day int64) strata.Instant // daily: the border for any as_of on the civil day
	// slack is how much more than a day a day a daily border may move, over
	// any time; not known where it is zero.
	slack strata.Instant
}

// durationSlack is that of a border a number of days, weeks, months or years
// back: months are clamped by up to three days, and clocks are changed.
const durationSlack = 5 * 24 * 3600 * 1000

type borderKind uint8

const (
	fixed  borderKind = iota // stays where it is
	slides                   // moves with as_of by the millisecond
	daily                    // moves at starts of civil days only
)

// border adds a border that lies at of(as_of) and returns its number.
func (c *compiler) border(kind borderKind, of func(asOf strata.Instant) strata.Instant) int {
	b := border{kind: kind}
	if zone := c.zone; kind == daily {
		b.onDay = func(day int64) strata.Instant { return of(define.DayStart(day, zone)) }
	} else {
		b.at = of(0)
	}
	c.borders = append(c.borders, b)
	return len(c.borders) - 1
}

// ends are the borders [from, to) of a span.
type ends struct{ from, to int }

// spanning adds the borders of a span.
func (c *compiler) spanning(from, to borderKind, of func(asOf strata.Instant) (from, to strata.Instant)) ends {
	return ends{
		c.border(from, func(asOf strata.Instant) strata.Instant { at, _ := of(asOf); return at }),
		c.border(to, func(asOf strata.Instant) strata.Instant { _, at := of(asOf); return at }),
	}
}

func pointKind(p define.TimePoint) borderKind {
	switch {
	case p.HasAt || p.Date != "":
		return fixed
	case p.IsDay():
		return daily
	}
	return slides
}

func durationKind(d define.Duration) borderKind {
	if d.Unit.Civil() {
		return daily
	}
	return slides
}

// windowEnds adds the borders of a window that is not anchored, without the
// cut at as_of.
func (c *compiler) windowEnds(w define.Window) ends {
	from, to := fixed, slides
	switch w.Kind {
	case define.WithinLast:
		from = durationKind(w.Last)
	case define.Calendar:
		from, to = daily, daily
	case define.BetweenTimes:
		from, to = pointKind(w.From), pointKind(w.To)
	case define.BeforeTime, define.UntilTime:
		to = pointKind(w.From)
	case define.SinceTime, define.AfterTime:
		from, to = pointKind(w.From), fixed
	}
	zone, weekStart := c.zone, c.weekStart
	out := c.spanning(from, to, func(asOf strata.Instant) (strata.Instant, strata.Instant) { return w.Span(asOf, zone, weekStart) })
	if w.Kind == define.WithinLast && from == daily {
		c.borders[out.from].slack = durationSlack
	}
	return out
}

func (c *compiler) pointEnds(p define.TimePoint) ends {
	kind, zone := pointKind(p), c.zone
	return c.spanning(kind, kind, func(asOf strata.Instant) (strata.Instant, strata.Instant) { return p.Bounds(asOf, zone) })
}

// dayTable keeps an instant for each civil day, found out when first asked.
type dayTable struct{ pages []*[64]strata.Instant }

// lastDay is how many days since 1970 a table reaches; the rest is found out
// anew each time.
const lastDay = 1 << 16

func (t *dayTable) at(day int64, of func(day int64) strata.Instant) strata.Instant {
	if day < 0 || day >= lastDay {
		return of(day)
	}
	if t.pages == nil {
		t.pages = make([]*[64]strata.Instant, lastDay/64)
	}
	page := t.pages[day/64]
	if page == nil {
		page = new([64]strata.Instant)
		for i := range page {
			page[i] = unknown
		}
		t.pages[day/64] = page
	}
	if page[day%64] == unknown {
		page[day%64] = of(day)
	}
	return page[day%64]
}

const unknown = strata.Instant(math.MinInt64 + 1)

// calendar turns instants into civil days and back, remembering what it has
// found out.
type calendar struct {
	zone       *time.Location
	starts     dayTable
	start, end strata.Instant // of the day asked about last
	day        int64
}

// startOf returns the first instant of a civil day.
func (d *calendar) startOf(day int64) strata.Instant {
	return d.starts.at(day, func(day int64) strata.Instant { return define.DayStart(day, d.zone) })
}

// of returns the civil day of an instant in days since 1970-01-01.
func (d *calendar) of(at strata.Instant) int64 {
	if at >= d.start && at < d.end {
		return d.day
	}
	const millis = 24 * 3600 * 1000
	if day := int64(at) / millis; day > 1 && day < lastDay-2 {
		for d.startOf(day+1) <= at {
			day++
		}
		for d.startOf(day) > at {
			day--
		}
		d.day = day
	} else {
		d.day = define.DayOf(at, d.zone)
	}
	d.start, d.end = d.startOf(d.day), d.startOf(d.day+1)
	return d.day
}

// endAfter is define.Duration.EndAfter.
func (f *frame) endAfter(d define.Duration, from strata.Instant) strata.Instant {
	switch d.Unit {
	case define.Day:
		return f.days.startOf(f.days.of(from) + int64(d.N) + 1)
	case define.Week:
		return f.days.startOf(f.days.of(from) + 7*int64(d.N) + 1)
	}
	return d.EndAfter(from, f.p.zone)
}

// move places the frame at an instant.
func (f *frame) move(asOf strata.Instant) {
	f.asOf, f.until = asOf, min(asOf, f.cut)+1
	today := f.days.of(asOf)
	begins := today != f.today || !f.placed
	for i := range f.p.borders {
		switch b := &f.p.borders[i]; {
		case b.kind == slides:
			f.borders[i] = asOf + b.at
		case b.kind == daily && begins:
			f.borders[i] = f.tables[i].at(today, b.onDay)
		case !f.placed:
			f.borders[i] = b.at
		}
	}
	f.today, f.placed = today, true
	for i, w := range f.p.windows {
		f.windows[i] = span{f.borders[w.from], min(f.borders[w.to], f.asOf+1)}
	}
}

// passes makes the evaluation due when a border comes to lie after the
// instant; one that does so already stays.
func (f *frame) passes(border int, at strata.Instant) {
	if !f.timed || f.borders[border] > at || at > define.Latest/2 {
		return
	}
	switch b := &f.p.borders[border]; b.kind {
	case slides:
		f.due(at - b.at + 1)
	case daily:
		if b.slack > 0 && at-f.borders[border] > f.next-f.asOf+b.slack && f.next < define.Latest/2 {
			return // something else is due before it
		}
		if day, ok := f.dayPast(border, at); ok {
			f.due(f.days.startOf(day))
		}
	}
}

// dayPast returns the first civil day after today for which a daily border
// lies after the instant.
func (f *frame) dayPast(border int, at strata.Instant) (int64, bool) {
	of, table := f.p.borders[border].onDay, &f.tables[border]
	low := f.today // the border is not past at on it
	// Borders move by about a day a day, clamped months by a few days less.
	if guess := f.today + int64(at-f.borders[border])/(24*3600*1000) - 4; guess > low && guess < lastDay && table.at(guess, of) <= at {
		low = guess
	}
	high, step := low+1, int64(1)
	for table.at(high, of) <= at {
		if high-f.today > 1<<22 {
			return 0, false
		}
		low = high
		step *= 2
		high += step
	}
	for high-low > 1 {
		if mid := low + (high-low)/2; table.at(mid, of) <= at {
			low = mid
		} else {
			high = mid
		}
	}
	return high, true
}
