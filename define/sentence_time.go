package define

import (
	"strconv"
	"time"

	"strata"
)

var unitWords = map[Unit]Text2{
	Second: {"秒", "second"}, Minute: {"分钟", "minute"}, Hour: {"小时", "hour"}, Day: {"天", "day"},
	Week: {"周", "week"}, Month: {"个月", "month"}, Year: {"年", "year"},
}

// duration says a duration: 3个月, 3 months.
func (p phrases) duration(d Duration) string {
	return p.counted(strconv.Itoa(d.N), unitWords[d.Unit])
}

var calendarPhrases = map[string]Text2{
	"today": {"今天", "today"}, "yesterday": {"昨天", "yesterday"}, "tomorrow": {"明天", "tomorrow"},
	"this_week": {"本周", "this week"}, "previous_week": {"上周", "in the previous week"}, "next_week": {"下周", "next week"},
	"this_month": {"本月", "this month"}, "previous_month": {"上月", "in the previous month"}, "next_month": {"下月", "next month"},
	"this_quarter": {"本季度", "this quarter"}, "previous_quarter": {"上季度", "in the previous quarter"}, "next_quarter": {"下季度", "next quarter"},
	"this_year": {"今年", "this year"}, "previous_year": {"去年", "in the previous year"}, "next_year": {"明年", "next year"},
}

// window says when, with its dates: before the verb in Chinese, behind it in
// English. Ever is said by nothing.
func (p phrases) window(w Window) string {
	return p.windowText(w) + p.note(p.dates(w))
}

func (p phrases) windowText(w Window) string {
	switch w.Kind {
	case WithinLast:
		if p.en && w.Last.N == 1 {
			return "in the last " + unitWords[w.Last.Unit].En
		}
		return p.say("近%[1]s", "in the last %[1]s", p.duration(w.Last))
	case Calendar:
		if text, ok := calendarPhrases[w.Word]; ok {
			return p.say(text.Zh, text.En)
		}
		return w.Word
	case BetweenTimes:
		return p.say("%[1]s（含）至%[2]s（不含）期间", "from %[1]s (included) to %[2]s (not included)", p.point(w.From), p.point(w.To))
	case BeforeTime:
		return p.say("在%[1]s之前（不含）", "before %[1]s (not included)", p.point(w.From))
	case SinceTime:
		return p.say("自%[1]s（含）起", "since %[1]s (included)", p.point(w.From))
	case AfterTime:
		return p.say("在%[1]s之后（不含）", "after %[1]s (not included)", p.point(w.From))
	case UntilTime:
		return p.say("截至%[1]s（含）", "until %[1]s (included)", p.point(w.From))
	case Anchored:
		return p.anchored(w.Anchor)
	}
	return ""
}

// anchored says a window relative to an event of the same customer.
func (p phrases) anchored(a *Anchor) string {
	if a == nil {
		return ""
	}
	anchor := p.edge(a.Select, a.First)
	switch {
	case a.From.N == 0 && a.Until.IsZero():
		return p.say("在%[1]s之后", "after %[1]s", anchor)
	case a.From.N == 0:
		return p.say("在%[1]s后%[2]s内", "within %[2]s after %[1]s", anchor, p.duration(a.Until))
	case a.Until.IsZero():
		return p.say("在%[1]s%[2]s之后", "%[2]s or more after %[1]s", anchor, p.duration(a.From))
	}
	return p.say("在%[1]s后的%[2]s至%[3]s之间", "between %[2]s and %[3]s after %[1]s", anchor, p.duration(a.From), p.duration(a.Until))
}

// dates says the concrete days of a window that moves with as_of, the last
// one being the last that belongs to it; "" without AsOf.
func (p phrases) dates(w Window) string {
	if p.options.AsOf == nil || w.Kind != WithinLast && w.Kind != Calendar {
		return ""
	}
	from, to := w.Span(*p.options.AsOf, p.options.Zone, p.options.WeekStart)
	return p.between(from, to)
}

// aheadDates says the concrete days of the next d.
func (p phrases) aheadDates(d Duration) string {
	if p.options.AsOf == nil {
		return ""
	}
	return p.between(d.Ahead(*p.options.AsOf, p.options.Zone))
}

// between says the half-open span [from, to) with the last day or minute that
// belongs to it.
func (p phrases) between(from, to strata.Instant) string {
	last := p.instant(to - 1)
	if p.startsDay(to) {
		last = p.day(to - 1)
	}
	first := p.instant(from)
	if p.startsDay(from) {
		first = p.day(from)
	}
	if first == last {
		return first
	}
	return p.say("%[1]s 至 %[2]s", "%[1]s to %[2]s", first, last)
}

func (p phrases) startsDay(i strata.Instant) bool {
	return DayStart(DayOf(i, p.options.Zone), p.options.Zone) == i
}

func (p phrases) day(i strata.Instant) string { return i.In(p.options.Zone).Format(time.DateOnly) }

// instant says an instant to the minute, finer where it has more; midnight is
// said as the day alone.
func (p phrases) instant(i strata.Instant) string {
	t := i.In(p.options.Zone)
	switch {
	case p.startsDay(i):
		return t.Format(time.DateOnly)
	case i%1000 != 0:
		return t.Format("2006-01-02 15:04:05.000")
	case t.Second() != 0:
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format("2006-01-02 15:04")
}

// point says a point in time; with AsOf a relative one is followed by its
// date.
func (p phrases) point(t TimePoint) string {
	switch {
	case t.HasAt:
		return t.At.In(p.options.Zone).Format("2006-01-02 15:04:05.999")
	case t.Date != "":
		return t.Date
	}
	var text string
	switch {
	case t.Word == "now":
		text = p.say("现在", "now")
	case t.Word != "":
		words := calendarPhrases[t.Word]
		text = p.say(words.Zh, words.En)
	case t.Ago.N != 0:
		text = p.say("%[1]s前", "%[1]s ago", p.duration(t.Ago))
	case t.Ahead.N != 0:
		text = p.say("%[1]s后", "%[1]s ahead", p.duration(t.Ahead))
	default:
		text = p.say("今天", "today")
	}
	if p.options.AsOf == nil {
		return text
	}
	from, _ := t.Bounds(*p.options.AsOf, p.options.Zone)
	if t.IsDay() {
		return text + p.note(p.day(from))
	}
	return text + p.note(p.instant(from))
}
