package define

import (
	"math"
	"time"

	"strata"
)

// Earliest and Latest stand for "no limit" in bounds.
const (
	Earliest = strata.Instant(math.MinInt64)
	Latest   = strata.Instant(math.MaxInt64)
)

const millisADay = 24 * 60 * 60 * 1000

// DayStart returns the first instant of a civil day (days since 1970-01-01)
// in the zone. Where midnight does not exist it is the first instant that
// does; of a midnight that exists twice it is the first. A day that the zone
// skips starts where the next one does.
func DayStart(day int64, zone *time.Location) strata.Instant {
	return firstInstant(day*millisADay, zone)
}

// DayOf returns the civil day of an instant in the zone, in days since
// 1970-01-01: the last day whose DayStart is not after t.
func DayOf(t strata.Instant, zone *time.Location) int64 {
	day := floorDiv(localMillis(t, zone), millisADay)
	// A clock put back over midnight reads the day before again.
	for DayStart(day+1, zone) <= t {
		day++
	}
	return day
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// DayNumber returns a civil date as days since 1970-01-01. Months and days
// out of range are carried, as time.Date does.
func DayNumber(year int, month time.Month, day int) int64 {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// CivilDate is the inverse of DayNumber.
func CivilDate(day int64) (year int, month time.Month, dayOfMonth int) {
	return time.Unix(day*86400, 0).UTC().Date()
}

// AddToDay returns the civil day n units after day (before it, where n is
// negative). Months and years are clamped to the last day of the month. The
// unit is Day, Week, Month or Year.
func AddToDay(day int64, n int, unit Unit) int64 {
	switch unit {
	case Week:
		return day + 7*int64(n)
	case Month, Year:
		if unit == Year {
			n *= 12
		}
		y, m, d := CivilDate(day)
		first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		return first.Unix()/86400 + int64(min(d, last)) - 1
	}
	return day + int64(n)
}

// Millis returns the length of a sliding duration. Civil durations have no
// fixed length; for them it reports false.
func (d Duration) Millis() (int64, bool) {
	switch d.Unit {
	case Second:
		return int64(d.N) * 1000, true
	case Minute:
		return int64(d.N) * 60 * 1000, true
	case Hour:
		return int64(d.N) * 3600 * 1000, true
	}
	return 0, false
}

// IsZero reports whether there is no duration.
func (d Duration) IsZero() bool { return d == Duration{} }

// Add returns t plus n durations: exactly for s, m and h; else the same local
// clock on the civil day that many units later, and where the clock skips
// that reading the first instant after it. Months are counted from t's own
// day and clamped. Negative n goes back.
func (d Duration) Add(t strata.Instant, n int, zone *time.Location) strata.Instant {
	if ms, ok := d.Millis(); ok {
		return t + strata.Instant(ms*int64(n))
	}
	if d.N*n == 0 {
		return t
	}
	local := localMillis(t, zone)
	day := floorDiv(local, millisADay)
	return firstInstant(AddToDay(day, d.N*n, d.Unit)*millisADay+local-day*millisADay, zone)
}

// Completed returns how many whole units lie between from and asOf: the
// largest n for which n units added to from do not pass asOf, and 0 where
// from is after asOf.
func Completed(from, asOf strata.Instant, unit Unit, zone *time.Location) int64 {
	if from >= asOf {
		return 0
	}
	d := Duration{1, unit}
	if ms, ok := d.Millis(); ok {
		return int64(asOf-from) / ms
	}
	if s, _ := offsetsOf(zone).find(int64(asOf)); int64(from) >= s.from && (unit == Day || unit == Week) {
		n := int64(asOf-from) / millisADay // the clock has not been changed in between
		if unit == Week {
			n /= 7
		}
		return n
	}
	n := floorDiv(localMillis(asOf, zone), millisADay) - floorDiv(localMillis(from, zone), millisADay)
	switch unit {
	case Week:
		n /= 7
	case Month:
		n /= 28
	case Year:
		n /= 365
	}
	n++
	for n > 0 && d.Add(from, int(n), zone) > asOf {
		n--
	}
	return n
}

// StartBack returns the first instant of a window that looks back by d from
// asOf: asOf - d for s, m and h, else the start of the civil day of asOf
// minus d.
func (d Duration) StartBack(asOf strata.Instant, zone *time.Location) strata.Instant {
	if ms, ok := d.Millis(); ok {
		return asOf - strata.Instant(ms)
	}
	return DayStart(AddToDay(DayOf(asOf, zone), -d.N, d.Unit), zone)
}

// EndAfter returns the instant just past a span of d that begins at from, an
// anchor, a step or as_of: from + d itself still belongs to it for s, m and
// h; else the whole civil day that lies d after from's day does.
func (d Duration) EndAfter(from strata.Instant, zone *time.Location) strata.Instant {
	if ms, ok := d.Millis(); ok {
		return from + strata.Instant(ms) + 1
	}
	return DayStart(AddToDay(DayOf(from, zone), d.N, d.Unit)+1, zone)
}

// Ahead returns the half-open bounds of `in_next: d`: from 00:00 of as_of's
// day to the end of the day d later, and (asOf, asOf + d] for s, m and h.
func (d Duration) Ahead(asOf strata.Instant, zone *time.Location) (from, to strata.Instant) {
	if d.Unit.Civil() {
		return DayStart(DayOf(asOf, zone), zone), d.EndAfter(asOf, zone)
	}
	return asOf + 1, d.EndAfter(asOf, zone)
}

// Bounds returns the half-open span [from, to) that the time point stands
// for: one millisecond of an instant, the whole civil day of a day.
func (p TimePoint) Bounds(asOf strata.Instant, zone *time.Location) (from, to strata.Instant) {
	switch {
	case p.HasAt:
		return p.At, p.At + 1
	case p.Word == "now":
		return asOf, asOf + 1
	case p.Ago.N != 0 && !p.Ago.Unit.Civil():
		ms, _ := p.Ago.Millis()
		return asOf - strata.Instant(ms), asOf - strata.Instant(ms) + 1
	case p.Ahead.N != 0 && !p.Ahead.Unit.Civil():
		ms, _ := p.Ahead.Millis()
		return asOf + strata.Instant(ms), asOf + strata.Instant(ms) + 1
	}
	day := p.Day(asOf, zone)
	return DayStart(day, zone), DayStart(day+1, zone)
}

// Day returns the civil day of the time point, in days since 1970-01-01.
func (p TimePoint) Day(asOf strata.Instant, zone *time.Location) int64 {
	if p.Date != "" {
		t, err := time.Parse(time.DateOnly, p.Date)
		if err != nil {
			panic("define: unchecked date " + p.Date)
		}
		return t.Unix() / 86400
	}
	if p.HasAt {
		return DayOf(p.At, zone)
	}
	today := DayOf(asOf, zone)
	switch {
	case p.Word == "yesterday":
		return today - 1
	case p.Word == "tomorrow":
		return today + 1
	case p.Ago.N != 0:
		if ms, ok := p.Ago.Millis(); ok {
			return DayOf(asOf-strata.Instant(ms), zone)
		}
		return AddToDay(today, -p.Ago.N, p.Ago.Unit)
	case p.Ahead.N != 0:
		if ms, ok := p.Ahead.Millis(); ok {
			return DayOf(asOf+strata.Instant(ms), zone)
		}
		return AddToDay(today, p.Ahead.N, p.Ahead.Unit)
	}
	return today
}

// IsDay reports whether the time point is a civil day and not an instant.
func (p TimePoint) IsDay() bool {
	return p.Date != "" || p.Word != "" && p.Word != "now" || p.Ago.Unit.Civil() || p.Ahead.Unit.Civil()
}

// Bounds returns the half-open bounds [from, to) of the window over events:
// to is never past asOf + 1, so that asOf is seen and nothing after it. An
// empty window has from >= to. An Anchored window depends on the customer
// (see Anchor.Bounds); for it the bounds are those of Ever.
func (w Window) Bounds(asOf strata.Instant, zone *time.Location, weekStart time.Weekday) (from, to strata.Instant) {
	from, to = w.Span(asOf, zone, weekStart)
	return from, min(to, asOf+1)
}

// Span is Bounds without the cut at asOf, as attributes and tags are compared
// with it: a calendar word is the whole period, days to come included, and
// `after` and `since` run to Latest. `within: D` and Ever end at asOf.
func (w Window) Span(asOf strata.Instant, zone *time.Location, weekStart time.Weekday) (from, to strata.Instant) {
	switch w.Kind {
	case WithinLast:
		return w.Last.StartBack(asOf, zone), asOf + 1
	case Calendar:
		first, end := calendarDays(w.Word, DayOf(asOf, zone), weekStart)
		return DayStart(first, zone), DayStart(end, zone)
	case BetweenTimes:
		from, _ = w.From.Bounds(asOf, zone)
		to, _ = w.To.Bounds(asOf, zone)
		return from, to
	case BeforeTime:
		to, _ = w.From.Bounds(asOf, zone)
		return Earliest, to
	case SinceTime:
		from, _ = w.From.Bounds(asOf, zone)
		return from, Latest
	case AfterTime:
		_, from = w.From.Bounds(asOf, zone)
		return from, Latest
	case UntilTime:
		_, to = w.From.Bounds(asOf, zone)
		return Earliest, to
	}
	return Earliest, asOf + 1
}

// calendarWords are the words of a Calendar window, in the order of printing.
var calendarWords = []string{
	"today", "yesterday", "tomorrow",
	"this_week", "previous_week", "next_week",
	"this_month", "previous_month", "next_month",
	"this_quarter", "previous_quarter", "next_quarter",
	"this_year", "previous_year", "next_year",
}

// calendarDays returns the civil days [first, end) of a calendar word.
func calendarDays(word string, today int64, weekStart time.Weekday) (first, end int64) {
	y, m, _ := CivilDate(today)
	months := func(m time.Month, n int) (int64, int64) {
		return DayNumber(y, m, 1), DayNumber(y, m+time.Month(n), 1)
	}
	quarter := (m-1)/3*3 + 1
	week := today - int64((int(time.Unix(today*86400, 0).UTC().Weekday())-int(weekStart)+7)%7)
	switch word {
	case "yesterday":
		return today - 1, today
	case "tomorrow":
		return today + 1, today + 2
	case "this_week":
		return week, week + 7
	case "previous_week":
		return week - 7, week
	case "next_week":
		return week + 7, week + 14
	case "this_month":
		return months(m, 1)
	case "previous_month":
		return months(m-1, 1)
	case "next_month":
		return months(m+1, 1)
	case "this_quarter":
		return months(quarter, 3)
	case "previous_quarter":
		return months(quarter-3, 3)
	case "next_quarter":
		return months(quarter+3, 3)
	case "this_year":
		return months(1, 12)
	case "previous_year":
		return months(1-12, 12)
	case "next_year":
		return months(1+12, 12)
	}
	return today, today + 1
}

// Bounds returns the half-open bounds of an anchored window for an anchor
// event at the instant given. From counts as the start of the civil day (or,
// without From, the anchor's own instant), Until as in EndAfter; without
// Until the window ends at asOf. Nothing after asOf is seen.
func (a *Anchor) Bounds(anchor, asOf strata.Instant, zone *time.Location) (from, to strata.Instant) {
	from, to = anchor, asOf+1
	if a.From.N != 0 {
		if ms, ok := a.From.Millis(); ok {
			from = anchor + strata.Instant(ms)
		} else {
			from = DayStart(AddToDay(DayOf(anchor, zone), a.From.N, a.From.Unit), zone)
		}
	}
	if !a.Until.IsZero() {
		to = min(to, a.Until.EndAfter(anchor, zone))
	}
	return from, to
}

// PeriodBounds returns the half-open bounds of the k-th period counted back
// from asOf, 0 being the one that holds asOf. Periods of d, w, mo and y end
// with today (k months back are clamped from today); calendar ones are whole
// weeks or months, the current one cut at asOf; those of s, m and h slide.
func (r Regularly) PeriodBounds(k int, asOf strata.Instant, zone *time.Location, weekStart time.Weekday) (from, to strata.Instant) {
	if ms, ok := r.Period.Millis(); ok {
		return asOf - strata.Instant(ms*int64(k+1)) + 1, asOf - strata.Instant(ms*int64(k)) + 1
	}
	today := DayOf(asOf, zone)
	var first, end int64
	switch {
	case r.Calendar && r.Period.Unit == Week:
		first, end = calendarDays("this_week", AddToDay(today, -k, Week), weekStart)
	case r.Calendar:
		y, m, _ := CivilDate(today)
		first, end = DayNumber(y, m-time.Month(k), 1), DayNumber(y, m-time.Month(k)+1, 1)
	default:
		first = AddToDay(today, -r.Period.N*(k+1), r.Period.Unit) + 1
		end = AddToDay(today, -r.Period.N*k, r.Period.Unit) + 1
	}
	return DayStart(first, zone), min(DayStart(end, zone), asOf+1)
}

// AnniversaryIn returns the civil day on which a day has its anniversary in a
// year; 29 February has it on 28 February where the year has no 29th.
func AnniversaryIn(day int64, year int) int64 {
	_, m, d := CivilDate(day)
	if m == time.February && d == 29 {
		d = min(d, time.Date(year, time.March, 0, 0, 0, 0, 0, time.UTC).Day())
	}
	return DayNumber(year, m, d)
}

// HasAnniversary reports whether some anniversary of day (the day itself
// included, none before it) lies in the civil days [from, to).
func HasAnniversary(day, from, to int64) bool {
	if from >= to {
		return false
	}
	first, _, _ := CivilDate(max(from, day))
	for year := first; ; year++ {
		at := AnniversaryIn(day, year)
		if at >= to {
			return false
		}
		if at >= from && at >= day {
			return true
		}
	}
}

// YearsOld returns the completed years from a day to today; negative where day is
// still ahead by more than it.
func YearsOld(day, today int64) int {
	y, _, _ := CivilDate(day)
	now, _, _ := CivilDate(today)
	age := now - y
	if AnniversaryIn(day, now) > today {
		age--
	}
	return age
}
