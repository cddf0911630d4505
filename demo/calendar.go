package demo

import "time"

const (
	weeks   = 105
	days    = weeks * 7
	daySec  = 86400
	prelude = 1100 // days before the first that dates may be asked for: registrations
)

// Festivals that follow the moon, on their civil dates. Outside the table
// these two are not shaped.
var springFestivals = []string{
	"2015-02-19", "2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22",
	"2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03", "2031-01-23", "2032-02-11",
	"2033-01-31", "2034-02-19", "2035-02-08", "2036-01-28", "2037-02-15", "2038-02-04", "2039-01-24", "2040-02-12",
}

var midAutumns = []string{
	"2015-09-27", "2016-09-15", "2017-10-04", "2018-09-24", "2019-09-13", "2020-10-01", "2021-09-21", "2022-09-10", "2023-09-29",
	"2024-09-17", "2025-10-06", "2026-09-25", "2027-09-15", "2028-10-03", "2029-09-22", "2030-09-12", "2031-10-01", "2032-09-19",
	"2033-09-08", "2034-09-27", "2035-09-16", "2036-10-04", "2037-09-24", "2038-09-13", "2039-10-02", "2040-09-20",
}

// A campaign is a time of the year at which the shop sells at a reduced price.
type campaign uint8

const (
	noCampaign campaign = iota
	newYearGoods
	mid618
	nationalDay
	double11
	double12
	memberDay
)

var campaignNames = [...]string{"", "年货节", "618年中大促", "国庆黄金周", "双11狂欢", "双12暖冬", "每月会员日"}

// calendar knows the days of the history: their dates, how busy they are and
// what campaign runs. Day 0 is a Monday.
type calendar struct {
	zero     time.Time // day 0, as a civil day in UTC
	cut      int       // days kept: 0 .. cut-1
	dine     [days]float64
	online   [days]float64
	campaign [days]campaign
	dates    []string // day -prelude and on
	busiest  float64
}

// newCalendar lays out the history that ends on the day before until.
func newCalendar(until time.Time) *calendar {
	last := time.Date(until.Year(), until.Month(), until.Day(), 0, 0, 0, 0, time.UTC).AddDate(0, 0, -1)
	weekday := (int(last.Weekday()) + 6) % 7 // Monday 0
	c := &calendar{zero: last.AddDate(0, 0, -weekday-(weeks-1)*7), cut: (weeks-1)*7 + weekday + 1}
	for d := -prelude; d < days+60; d++ {
		c.dates = append(c.dates, c.zero.AddDate(0, 0, d).Format(time.DateOnly))
	}
	spring, autumn := relative(c.zero, springFestivals), relative(c.zero, midAutumns)
	for d := range days {
		c.shape(d, spring, autumn)
		c.busiest = max(c.busiest, c.dine[d], c.online[d])
	}
	return c
}

// relative returns dates as day numbers.
func relative(zero time.Time, dates []string) []int {
	var out []int
	for _, s := range dates {
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			panic(err) // a constant of this file
		}
		out = append(out, int(t.Sub(zero).Hours()/24))
	}
	return out
}

var (
	dineByWeekday   = [7]float64{.78, .78, .84, .9, 1.22, 1.5, 1.36}
	onlineByWeekday = [7]float64{.96, .94, .97, 1.02, 1.02, 1.04, 1.1}
	// Hotpot is for the cold.
	dineByMonth = [12]float64{1.18, 1.05, 1.02, .96, .95, .88, .86, .88, .94, 1.04, 1.14, 1.22}
)

// shape sets how busy day d is and its campaign.
func (c *calendar) shape(d int, spring, autumn []int) {
	t := c.zero.AddDate(0, 0, d)
	month, day, weekday := t.Month(), t.Day(), d%7
	dine := dineByWeekday[weekday] * dineByMonth[month-1]
	online := onlineByWeekday[weekday]
	run := noCampaign
	if day == 8 {
		run, dine, online = memberDay, dine*1.12, online*1.35
	}
	switch {
	case month == time.June && day <= 20:
		run, online = mid618, online*1.35
		if day == 1 || day >= 16 && day <= 18 {
			online *= 1.5
		}
	case month == time.October && day == 31, month == time.November && day <= 11:
		run, online = double11, online*1.5
		if day <= 1 || day >= 10 && day <= 11 {
			online *= 1.5
		}
	case month == time.December && day >= 10 && day <= 12:
		run, online = double12, online*1.6
	case month == time.October && day <= 7:
		run, dine = nationalDay, 1.45*dineByMonth[9]
	case month == time.May && day <= 5:
		dine = 1.4 * dineByMonth[4]
	case month == time.January && day == 1, month == time.December && (day == 24 || day == 25 || day == 31):
		dine = max(dine, 1.3) * 1.2
	case month == time.February && day == 14:
		dine = max(dine, 1.2) * 1.25
	}
	for _, s := range spring {
		switch n := d - s; {
		case n >= -25 && n <= -8:
			run, online = newYearGoods, online*1.7
		case n >= -7 && n <= -3:
			dine, online = dine*1.2, online*.9
		case n == -2:
			dine, online = dine*.9, online*.4
		case n == -1: // New Year's Eve: many stores close early
			dine, online = dine*.5, online*.25
		case n == 0 || n == 1:
			dine, online = .3, .3
		case n >= 2 && n <= 7:
			dine, online = 1.5*dineByMonth[1], online*.55
		case n == 15: // Lantern Festival
			dine *= 1.2
		}
	}
	for _, a := range autumn {
		switch n := d - a; {
		case n >= -18 && n <= -3:
			online *= 1.2
		case n == -1 || n == 0:
			dine *= 1.25
		}
	}
	c.dine[d], c.online[d], c.campaign[d] = dine, online, run
}

// date returns day d, from -prelude on, as 2006-01-02.
func (c *calendar) date(d int) string { return c.dates[d+prelude] }

// appendTime writes a second of the history as 2006-01-02 15:04:05.
func (c *calendar) appendTime(b []byte, at int) []byte {
	d := at / daySec
	if at < 0 && at%daySec != 0 {
		d--
	}
	s := at - d*daySec
	b = append(b, c.date(d)...)
	b = append(b, ' ')
	b = two(b, s/3600)
	b = append(b, ':')
	b = two(b, s/60%60)
	b = append(b, ':')
	return two(b, s%60)
}

func two(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }
