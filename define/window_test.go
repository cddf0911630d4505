package define

import (
	"testing"
	"time"

	"strata"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// at reads RFC 3339, with or without milliseconds.
func at(t *testing.T, s string) strata.Instant {
	t.Helper()
	switch s {
	case "":
		return Earliest
	case "latest":
		return Latest
	}
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return strata.At(v)
}

func show(i strata.Instant, loc *time.Location) string {
	switch i {
	case Earliest:
		return ""
	case Latest:
		return "latest"
	}
	return i.In(loc).Format("2006-01-02T15:04:05.999Z07:00")
}

func last(n int, u Unit) Window { return Window{Kind: WithinLast, Last: Duration{n, u}} }
func word(w string) Window      { return Window{Kind: Calendar, Word: w} }
func date(d string) TimePoint   { return TimePoint{Date: d} }

func TestWindowBounds(t *testing.T) {
	const shanghai, newYork, saoPaulo = "Asia/Shanghai", "America/New_York", "America/Sao_Paulo"
	tests := []struct {
		zone, asOf string
		window     Window
		from, to   string // to without the cut at as_of; exclusive
	}{
		{shanghai, "2026-03-15T10:00:00+08:00", Window{}, "", "2026-03-15T10:00:00.001+08:00"},
		{shanghai, "2026-03-15T10:00:00+08:00", last(7, Day), "2026-03-08T00:00:00+08:00", "2026-03-15T10:00:00.001+08:00"},
		{shanghai, "2026-03-15T00:00:00+08:00", last(7, Day), "2026-03-08T00:00:00+08:00", "2026-03-15T00:00:00.001+08:00"},
		{shanghai, "2026-03-15T10:00:00+08:00", last(2, Week), "2026-03-01T00:00:00+08:00", "2026-03-15T10:00:00.001+08:00"},
		{shanghai, "2026-03-15T10:00:00+08:00", last(36, Hour), "2026-03-13T22:00:00+08:00", "2026-03-15T10:00:00.001+08:00"},
		{shanghai, "2026-03-15T10:00:00+08:00", last(90, Second), "2026-03-15T09:58:30+08:00", "2026-03-15T10:00:00.001+08:00"},
		{shanghai, "2026-03-31T10:00:00+08:00", last(1, Month), "2026-02-28T00:00:00+08:00", "2026-03-31T10:00:00.001+08:00"},
		{shanghai, "2024-03-31T10:00:00+08:00", last(1, Month), "2024-02-29T00:00:00+08:00", "2024-03-31T10:00:00.001+08:00"},
		{shanghai, "2024-02-29T10:00:00+08:00", last(1, Year), "2023-02-28T00:00:00+08:00", "2024-02-29T10:00:00.001+08:00"},
		{shanghai, "2024-02-29T10:00:00+08:00", last(4, Year), "2020-02-29T00:00:00+08:00", "2024-02-29T10:00:00.001+08:00"},
		{shanghai, "2026-01-31T10:00:00+08:00", last(13, Month), "2024-12-31T00:00:00+08:00", "2026-01-31T10:00:00.001+08:00"},
		// Civil days over the clock changes.
		{newYork, "2026-03-09T12:00:00-04:00", last(1, Day), "2026-03-08T00:00:00-05:00", "2026-03-09T12:00:00.001-04:00"},
		{newYork, "2026-03-09T12:00:00-04:00", last(24, Hour), "2026-03-08T12:00:00-04:00", "2026-03-09T12:00:00.001-04:00"},
		{newYork, "2026-03-08T12:00:00-04:00", last(24, Hour), "2026-03-07T11:00:00-05:00", "2026-03-08T12:00:00.001-04:00"},
		{newYork, "2026-11-02T12:00:00-05:00", last(1, Day), "2026-11-01T00:00:00-04:00", "2026-11-02T12:00:00.001-05:00"},
		{newYork, "2026-11-01T12:00:00-05:00", word("today"), "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"},
		// Midnight does not exist: the clock goes from 23:59:59 to 01:00.
		{saoPaulo, "2018-11-04T12:00:00-02:00", word("today"), "2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"},
		{saoPaulo, "2018-11-05T12:00:00-02:00", last(1, Day), "2018-11-04T01:00:00-02:00", "2018-11-05T12:00:00.001-02:00"},
		// The clock is put back at midnight: 23:00 to 24:00 happens twice.
		{saoPaulo, "2018-02-18T12:00:00-03:00", word("yesterday"), "2018-02-17T00:00:00-02:00", "2018-02-18T00:00:00-03:00"},
		// The clock is put back from 01:00 to 00:00: midnight exists twice.
		{"America/Havana", "2025-11-02T12:00:00-05:00", word("today"), "2025-11-02T00:00:00-04:00", "2025-11-03T00:00:00-05:00"},
		// The whole of 30 December 2011 is skipped.
		{"Pacific/Apia", "2011-12-31T12:00:00+14:00", word("yesterday"), "2011-12-31T00:00:00+14:00", "2011-12-31T00:00:00+14:00"},
		// Calendar words; weeks start on Monday here.
		{shanghai, "2026-03-15T10:00:00+08:00", word("this_week"), "2026-03-09T00:00:00+08:00", "2026-03-16T00:00:00+08:00"},
		{shanghai, "2026-03-16T00:00:00+08:00", word("this_week"), "2026-03-16T00:00:00+08:00", "2026-03-23T00:00:00+08:00"},
		{shanghai, "2026-03-16T00:00:00+08:00", word("previous_week"), "2026-03-09T00:00:00+08:00", "2026-03-16T00:00:00+08:00"},
		{shanghai, "2026-03-16T00:00:00+08:00", word("next_week"), "2026-03-23T00:00:00+08:00", "2026-03-30T00:00:00+08:00"},
		{shanghai, "2026-01-31T10:00:00+08:00", word("tomorrow"), "2026-02-01T00:00:00+08:00", "2026-02-02T00:00:00+08:00"},
		{shanghai, "2026-01-31T10:00:00+08:00", word("this_month"), "2026-01-01T00:00:00+08:00", "2026-02-01T00:00:00+08:00"},
		{shanghai, "2026-01-31T10:00:00+08:00", word("previous_month"), "2025-12-01T00:00:00+08:00", "2026-01-01T00:00:00+08:00"},
		{shanghai, "2026-01-31T10:00:00+08:00", word("next_month"), "2026-02-01T00:00:00+08:00", "2026-03-01T00:00:00+08:00"},
		{shanghai, "2026-02-28T10:00:00+08:00", word("this_quarter"), "2026-01-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00"},
		{shanghai, "2026-02-28T10:00:00+08:00", word("previous_quarter"), "2025-10-01T00:00:00+08:00", "2026-01-01T00:00:00+08:00"},
		{shanghai, "2026-11-28T10:00:00+08:00", word("next_quarter"), "2027-01-01T00:00:00+08:00", "2027-04-01T00:00:00+08:00"},
		{shanghai, "2026-11-28T10:00:00+08:00", word("this_year"), "2026-01-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"},
		{shanghai, "2026-11-28T10:00:00+08:00", word("previous_year"), "2025-01-01T00:00:00+08:00", "2026-01-01T00:00:00+08:00"},
		{shanghai, "2026-11-28T10:00:00+08:00", word("next_year"), "2027-01-01T00:00:00+08:00", "2028-01-01T00:00:00+08:00"},
		// Time points: a date is its whole civil day.
		{shanghai, "2026-06-15T10:00:00+08:00", Window{Kind: AfterTime, From: date("2026-01-01")}, "2026-01-02T00:00:00+08:00", "latest"},
		{shanghai, "2026-06-15T10:00:00+08:00", Window{Kind: SinceTime, From: date("2026-01-01")}, "2026-01-01T00:00:00+08:00", "latest"},
		{shanghai, "2026-06-15T10:00:00+08:00", Window{Kind: UntilTime, From: date("2026-01-31")}, "", "2026-02-01T00:00:00+08:00"},
		{shanghai, "2026-06-15T10:00:00+08:00", Window{Kind: BeforeTime, From: date("2026-01-31")}, "", "2026-01-31T00:00:00+08:00"},
		{shanghai, "2026-06-15T10:00:00+08:00", Window{Kind: BetweenTimes, From: date("2026-01-01"), To: date("2026-02-01")}, "2026-01-01T00:00:00+08:00", "2026-02-01T00:00:00+08:00"},
		{shanghai, "2026-06-15T10:00:00+08:00", Window{Kind: AfterTime, From: TimePoint{Ago: Duration{4, Day}}}, "2026-06-12T00:00:00+08:00", "latest"},
		{shanghai, "2026-06-15T10:00:00+08:00", Window{Kind: SinceTime, From: TimePoint{Ago: Duration{4, Hour}}}, "2026-06-15T06:00:00+08:00", "latest"},
		{shanghai, "2026-06-15T10:00:00+08:00", Window{Kind: AfterTime, From: TimePoint{Ago: Duration{4, Hour}}}, "2026-06-15T06:00:00.001+08:00", "latest"},
		{shanghai, "2026-06-15T10:00:00+08:00", Window{Kind: UntilTime, From: TimePoint{Ahead: Duration{5, Day}}}, "", "2026-06-21T00:00:00+08:00"},
		{shanghai, "2026-06-15T10:00:00+08:00", Window{Kind: BeforeTime, From: TimePoint{Word: "now"}}, "", "2026-06-15T10:00:00+08:00"},
		{shanghai, "2026-06-15T10:00:00+08:00", Window{Kind: SinceTime, From: TimePoint{Word: "yesterday"}}, "2026-06-14T00:00:00+08:00", "latest"},
	}
	for _, tt := range tests {
		loc := zone(t, tt.zone)
		asOf := at(t, tt.asOf)
		from, to := tt.window.Span(asOf, loc, time.Monday)
		if from != at(t, tt.from) || to != at(t, tt.to) {
			t.Errorf("%s at %s in %s: span [%s, %s), want [%s, %s)", describe(tt.window), tt.asOf, tt.zone, show(from, loc), show(to, loc), tt.from, tt.to)
		}
		f, b := tt.window.Bounds(asOf, loc, time.Monday)
		if f != from || b != min(to, asOf+1) {
			t.Errorf("%s at %s: bounds [%s, %s) not cut at as_of", describe(tt.window), tt.asOf, show(f, loc), show(b, loc))
		}
	}
}

func describe(w Window) string {
	return map[WindowKind]string{Ever: "ever", WithinLast: "within", Calendar: w.Word, BetweenTimes: "between", BeforeTime: "before", SinceTime: "since", AfterTime: "after", UntilTime: "until"}[w.Kind]
}

func TestWeekStart(t *testing.T) {
	loc := zone(t, "Asia/Shanghai")
	for start, want := range map[time.Weekday]string{
		time.Monday: "2026-03-09", time.Sunday: "2026-03-15", time.Saturday: "2026-03-14",
	} {
		from, to := word("this_week").Span(at(t, "2026-03-15T10:00:00+08:00"), loc, start) // a Sunday
		if got := from.In(loc).Format(time.DateOnly); got != want {
			t.Errorf("week starting on %s: begins %s, want %s", start, got, want)
		}
		if to-from != 7*millisADay {
			t.Errorf("week starting on %s is %d ms long", start, to-from)
		}
	}
}

// Every instant lies in the day that DayOf gives it, days follow each other,
// and DayStart is the first instant that the local clock gives to its day.
func TestDaysTileTime(t *testing.T) {
	for _, name := range []string{"Asia/Shanghai", "America/New_York", "America/Sao_Paulo", "America/Havana", "America/St_Johns", "Pacific/Apia", "Africa/Cairo", "Asia/Kathmandu", "UTC"} {
		loc := zone(t, name)
		start := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)
		for i := range 24 * 365 * 12 {
			at := strata.At(start.Add(time.Duration(i)*time.Hour + 17*time.Minute))
			day := DayOf(at, loc)
			if DayStart(day, loc) > at || at >= DayStart(day+1, loc) {
				t.Fatalf("%s: %s is not in its day %d", name, show(at, loc), day)
			}
		}
		for day := DayNumber(2009, 1, 1); day < DayNumber(2020, 1, 1); day++ {
			at := DayStart(day, loc)
			before := at - 1
			if localMillis(at, loc) < day*millisADay || localMillis(before, loc) >= day*millisADay {
				t.Fatalf("%s: day %d does not start at %s", name, day, show(at, loc))
			}
		}
	}
}

func TestAdd(t *testing.T) {
	tests := []struct {
		zone, from string
		d          Duration
		n          int
		want       string
	}{
		{"Asia/Shanghai", "2026-01-31T09:30:00.250+08:00", Duration{1, Month}, 1, "2026-02-28T09:30:00.250+08:00"},
		{"Asia/Shanghai", "2026-01-31T09:30:00+08:00", Duration{1, Month}, 2, "2026-03-31T09:30:00+08:00"},
		{"Asia/Shanghai", "2026-03-31T09:30:00+08:00", Duration{1, Month}, -1, "2026-02-28T09:30:00+08:00"},
		{"Asia/Shanghai", "2024-02-29T09:30:00+08:00", Duration{1, Year}, 1, "2025-02-28T09:30:00+08:00"},
		{"Asia/Shanghai", "2026-01-31T09:30:00+08:00", Duration{36, Hour}, 1, "2026-02-01T21:30:00+08:00"},
		{"America/New_York", "2026-03-07T02:30:00-05:00", Duration{1, Day}, 1, "2026-03-08T03:00:00-04:00"}, // 02:30 does not exist
		{"America/New_York", "2026-03-07T02:30:00-05:00", Duration{2, Day}, 1, "2026-03-09T02:30:00-04:00"},
		{"America/New_York", "2026-10-31T01:30:00-04:00", Duration{1, Day}, 1, "2026-11-01T01:30:00-04:00"}, // the first of two
		{"America/New_York", "2026-11-01T01:30:00-05:00", Duration{1, Day}, 0, "2026-11-01T01:30:00-05:00"},
	}
	for _, tt := range tests {
		loc := zone(t, tt.zone)
		if got := tt.d.Add(at(t, tt.from), tt.n, loc); got != at(t, tt.want) {
			t.Errorf("%s + %d x %v in %s = %s, want %s", tt.from, tt.n, tt.d, tt.zone, show(got, loc), tt.want)
		}
	}
}

func TestCompleted(t *testing.T) {
	tests := []struct {
		zone, from, asOf string
		unit             Unit
		want             int64
	}{
		{"Asia/Shanghai", "2026-03-01T10:00:00+08:00", "2026-03-02T09:59:59.999+08:00", Day, 0},
		{"Asia/Shanghai", "2026-03-01T10:00:00+08:00", "2026-03-02T10:00:00+08:00", Day, 1},
		{"Asia/Shanghai", "2026-03-01T10:00:00+08:00", "2026-03-01T10:00:00+08:00", Day, 0},
		{"Asia/Shanghai", "2026-03-02T10:00:00+08:00", "2026-03-01T10:00:00+08:00", Day, 0},
		{"Asia/Shanghai", "2026-03-01T10:00:00+08:00", "2026-03-15T09:00:00+08:00", Week, 1},
		{"Asia/Shanghai", "2026-01-31T10:00:00+08:00", "2026-02-28T10:00:00+08:00", Month, 1},
		{"Asia/Shanghai", "2026-01-31T10:00:00+08:00", "2026-02-28T09:00:00+08:00", Month, 0},
		{"Asia/Shanghai", "2020-02-29T10:00:00+08:00", "2025-02-28T10:00:00+08:00", Year, 5},
		{"Asia/Shanghai", "2020-02-29T10:00:00+08:00", "2025-02-27T10:00:00+08:00", Year, 4},
		{"Asia/Shanghai", "2026-03-01T10:00:00+08:00", "2026-03-01T12:59:59+08:00", Hour, 2},
		{"America/New_York", "2026-03-07T12:00:00-05:00", "2026-03-08T12:00:00-04:00", Day, 1}, // 23 hours
		{"America/New_York", "2026-10-31T12:00:00-04:00", "2026-11-01T11:30:00-05:00", Day, 0}, // 24.5 hours
	}
	for _, tt := range tests {
		if got := Completed(at(t, tt.from), at(t, tt.asOf), tt.unit, zone(t, tt.zone)); got != tt.want {
			t.Errorf("completed %d from %s to %s = %d, want %d", tt.unit, tt.from, tt.asOf, got, tt.want)
		}
	}
}

func TestAheadAndEndAfter(t *testing.T) {
	loc := zone(t, "Asia/Shanghai")
	asOf := at(t, "2026-03-15T10:00:00+08:00")
	tests := []struct {
		d              Duration
		from, to, ends string
	}{
		{Duration{7, Day}, "2026-03-15T00:00:00+08:00", "2026-03-23T00:00:00+08:00", "2026-03-23T00:00:00+08:00"},
		{Duration{36, Hour}, "2026-03-15T10:00:00.001+08:00", "2026-03-16T22:00:00.001+08:00", "2026-03-16T22:00:00.001+08:00"},
		{Duration{1, Month}, "2026-03-15T00:00:00+08:00", "2026-04-16T00:00:00+08:00", "2026-04-16T00:00:00+08:00"},
	}
	for _, tt := range tests {
		from, to := tt.d.Ahead(asOf, loc)
		if from != at(t, tt.from) || to != at(t, tt.to) {
			t.Errorf("in_next %v: [%s, %s)", tt.d, show(from, loc), show(to, loc))
		}
		if got := tt.d.EndAfter(asOf, loc); got != at(t, tt.ends) {
			t.Errorf("%v after ends %s, want %s", tt.d, show(got, loc), tt.ends)
		}
	}
}

func TestAnchorBounds(t *testing.T) {
	loc := zone(t, "Asia/Shanghai")
	anchor := at(t, "2026-03-10T18:00:00+08:00")
	tests := []struct {
		from, until      Duration
		asOf, begin, end string
	}{
		{Duration{}, Duration{7, Day}, "2026-04-01T00:00:00+08:00", "2026-03-10T18:00:00+08:00", "2026-03-18T00:00:00+08:00"},
		{Duration{}, Duration{7, Day}, "2026-03-12T00:00:00+08:00", "2026-03-10T18:00:00+08:00", "2026-03-12T00:00:00.001+08:00"},
		{Duration{}, Duration{36, Hour}, "2026-04-01T00:00:00+08:00", "2026-03-10T18:00:00+08:00", "2026-03-12T06:00:00.001+08:00"},
		{Duration{2, Day}, Duration{}, "2026-04-01T00:00:00+08:00", "2026-03-12T00:00:00+08:00", "2026-04-01T00:00:00.001+08:00"},
		{Duration{2, Hour}, Duration{0, Day}, "2026-04-01T00:00:00+08:00", "2026-03-10T20:00:00+08:00", "2026-03-11T00:00:00+08:00"},
	}
	for _, tt := range tests {
		a := Anchor{From: tt.from, Until: tt.until}
		from, to := a.Bounds(anchor, at(t, tt.asOf), loc)
		if from != at(t, tt.begin) || to != at(t, tt.end) {
			t.Errorf("from %v until %v: [%s, %s), want [%s, %s)", tt.from, tt.until, show(from, loc), show(to, loc), tt.begin, tt.end)
		}
	}
}

func TestPeriodBounds(t *testing.T) {
	loc := zone(t, "Asia/Shanghai")
	asOf := at(t, "2026-03-31T10:00:00+08:00") // a Tuesday
	tests := []struct {
		r        Regularly
		k        int
		from, to string
	}{
		{Regularly{Period: Duration{1, Week}}, 0, "2026-03-25T00:00:00+08:00", "2026-03-31T10:00:00.001+08:00"},
		{Regularly{Period: Duration{1, Week}}, 1, "2026-03-18T00:00:00+08:00", "2026-03-25T00:00:00+08:00"},
		{Regularly{Period: Duration{1, Week}, Calendar: true}, 0, "2026-03-30T00:00:00+08:00", "2026-03-31T10:00:00.001+08:00"},
		{Regularly{Period: Duration{1, Week}, Calendar: true}, 1, "2026-03-23T00:00:00+08:00", "2026-03-30T00:00:00+08:00"},
		{Regularly{Period: Duration{1, Month}}, 0, "2026-03-01T00:00:00+08:00", "2026-03-31T10:00:00.001+08:00"},
		{Regularly{Period: Duration{1, Month}}, 1, "2026-02-01T00:00:00+08:00", "2026-03-01T00:00:00+08:00"},
		{Regularly{Period: Duration{1, Month}, Calendar: true}, 3, "2025-12-01T00:00:00+08:00", "2026-01-01T00:00:00+08:00"},
		{Regularly{Period: Duration{12, Hour}}, 1, "2026-03-30T10:00:00.001+08:00", "2026-03-30T22:00:00.001+08:00"},
	}
	for _, tt := range tests {
		from, to := tt.r.PeriodBounds(tt.k, asOf, loc, time.Monday)
		if from != at(t, tt.from) || to != at(t, tt.to) {
			t.Errorf("period %d of %v (calendar %v): [%s, %s), want [%s, %s)", tt.k, tt.r.Period, tt.r.Calendar, show(from, loc), show(to, loc), tt.from, tt.to)
		}
		if _, next := tt.r.PeriodBounds(tt.k+1, asOf, loc, time.Monday); next != from {
			t.Errorf("period %d of %v does not end where period %d begins", tt.k+1, tt.r.Period, tt.k)
		}
	}
}

func day(t *testing.T, s string) int64 {
	t.Helper()
	return date(s).Day(0, time.UTC)
}

func TestAnniversaryAndAge(t *testing.T) {
	if got := AnniversaryIn(day(t, "2000-02-29"), 2026); got != day(t, "2026-02-28") {
		t.Errorf("29 February in 2026 is %v", got)
	}
	if got := AnniversaryIn(day(t, "2000-02-29"), 2028); got != day(t, "2028-02-29") {
		t.Errorf("29 February in 2028 is %v", got)
	}
	for _, tt := range []struct {
		born, from, to string
		want           bool
	}{
		{"1990-05-20", "2026-05-01", "2026-06-01", true},
		{"1990-05-20", "2026-05-20", "2026-05-21", true},
		{"1990-05-20", "2026-05-21", "2027-05-20", false},
		{"1990-01-03", "2026-12-28", "2027-01-04", true},
		{"2000-02-29", "2026-02-28", "2026-03-01", true},
		{"2000-02-29", "2026-03-01", "2026-03-02", false},
		{"2027-05-20", "2026-05-01", "2026-06-01", false}, // not born
	} {
		if got := HasAnniversary(day(t, tt.born), day(t, tt.from), day(t, tt.to)); got != tt.want {
			t.Errorf("anniversary of %s in [%s, %s) = %v", tt.born, tt.from, tt.to, got)
		}
	}
	for _, tt := range []struct {
		born, today string
		want        int
	}{
		{"2000-02-29", "2018-02-27", 17}, {"2000-02-29", "2018-02-28", 18}, {"2000-02-29", "2020-02-28", 19}, {"2000-02-29", "2020-02-29", 20},
		{"1990-05-20", "2026-05-19", 35}, {"1990-05-20", "2026-05-20", 36}, {"2026-05-20", "2026-05-20", 0},
	} {
		if got := YearsOld(day(t, tt.born), day(t, tt.today)); got != tt.want {
			t.Errorf("age of %s on %s = %d, want %d", tt.born, tt.today, got, tt.want)
		}
	}
}
