package define

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"strata"
)

const timeHint = "write 2026-01-31, 2026-01-31T08:00:00+08:00, now, today, yesterday, tomorrow, {ago: 4d} or {ahead: 5d}"

// parseTimePoint reads the texts among the time points.
func parseTimePoint(s string) (TimePoint, bool) {
	switch s {
	case "now", "today", "yesterday", "tomorrow":
		return TimePoint{Word: s}, true
	}
	if _, ok := parseDate(s); ok {
		return TimePoint{Date: s}, true
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return TimePoint{At: strata.At(at), HasAt: true}, true
	}
	return TimePoint{}, false
}

func (b *builder) timePoint(c *cursor) TimePoint {
	if c.kind == mapNode {
		o := b.object(c, timeHint)
		ago, ahead := o.get("ago"), o.get("ahead")
		if o.close(); ago == nil == (ahead == nil) {
			b.refuse(c, "a time needs either ago or ahead", timeHint)
			return TimePoint{}
		}
		return TimePoint{Ago: b.duration(ago), Ahead: b.duration(ahead)}
	}
	p, ok := parseTimePoint(c.node.text)
	if c.kind != textNode || !ok {
		hint := timeHint
		if _, isDuration := parseDuration(c.node.text); isDuration {
			hint = "write {ago: " + c.node.text + "}"
		}
		b.refuse(c, fmt.Sprintf("%s is not a time", c.describe()), hint)
	}
	return p
}

// windowKeys are the keys of a window that lies in a larger mapping.
var windowKeys = []string{"within", "between", "before", "since", "after", "until", "anchored"}

// window reads the window among the keys of o: at most one of windowKeys.
// Over events (past) it may not lie ahead.
func (b *builder) window(o *object, past bool) Window {
	var out Window
	found := ""
	for _, name := range windowKeys {
		c := o.get(name)
		if c == nil {
			continue
		}
		if found != "" {
			b.refuse(c, fmt.Sprintf("%s and %s are two windows", found, name), "write one, such as between: [from, to]")
			continue
		}
		found = name
		switch name {
		case "within":
			out = b.within(c)
		case "between":
			if parts := b.list(c); len(parts) == 2 {
				out = b.betweenTimes(c, parts)
			} else if c.kind == listNode {
				b.refuse(c, "between needs two ends", "write between: [from, to]")
			}
		case "anchored":
			out = Window{Kind: Anchored, Anchor: b.anchor(c)}
		default:
			kind := map[string]WindowKind{"before": BeforeTime, "since": SinceTime, "after": AfterTime, "until": UntilTime}[name]
			out = Window{Kind: kind, From: b.timePoint(c)}
		}
		if past {
			b.refuseAhead(c, out)
		}
	}
	return out
}

// windowValue reads a window that stands alone: a mapping of one window key,
// or a duration or calendar word, which are short for within.
func (b *builder) windowValue(c *cursor) Window {
	if c.kind == textNode {
		return b.within(c)
	}
	o := b.object(c, "write {within: 30d}")
	w := b.window(o, false)
	o.close()
	if o.ok && w.Kind == Ever && len(o.c.keys) == 0 {
		b.refuse(c, "the window is empty", "write {within: 30d}")
	}
	return w
}

func (b *builder) within(c *cursor) Window {
	if c.kind == textNode {
		if slices.Contains(calendarWords, c.node.text) {
			return Window{Kind: Calendar, Word: c.node.text}
		}
		if _, ok := parseDuration(c.node.text); !ok {
			hint := durationHint + ", or one of " + strings.Join(calendarWords, ", ")
			if s := meantWindow(c.node.text); s != "" {
				hint = "did you mean " + s + "?"
			}
			b.refuse(c, fmt.Sprintf("%s is neither a duration nor a calendar word", c.describe()), hint)
			return Window{}
		}
	}
	return Window{Kind: WithinLast, Last: b.duration(c)}
}

// longUnits are units as people write them, beside those of the language.
var longUnits = map[string]string{
	"second": "s", "sec": "s", "minute": "m", "min": "m", "hour": "h", "hr": "h", "day": "d", "week": "w", "month": "mo", "year": "y",
	"秒": "s", "分钟": "m", "小时": "h", "天": "d", "日": "d", "周": "w", "个月": "mo", "月": "mo", "年": "y",
}

// longDuration is a duration as people write it, such as 7 days.
var longDuration = regexp.MustCompile(`^([0-9]{1,9})[ _-]*(\pL*)$`)

// meantWindow guesses a duration or calendar word; "" where none is near.
func meantWindow(text string) string {
	if d := meantDuration(text); d != "" {
		return d
	}
	lower := strings.ReplaceAll(strings.ToLower(text), " ", "_")
	if unit, ok := strings.CutPrefix(lower, "last_"); ok && slices.Contains(calendarWords, "previous_"+unit) {
		return "previous_" + unit
	}
	return nearest(lower, calendarWords)
}

// meantDuration guesses a duration; "" where none is near.
func meantDuration(text string) string {
	m := longDuration.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return ""
	}
	unit := m[2]
	if short, ok := longUnits[unit]; ok {
		unit = short
	} else if short, ok := longUnits[strings.TrimSuffix(unit, "s")]; ok {
		unit = short
	}
	meant := m[1] + cmp.Or(unit, "d")
	if _, ok := parseDuration(meant); !ok {
		return ""
	}
	return meant
}

// someday is the instant at which relative times are compared with each
// other to see that a window is not empty.
var someday = strata.At(time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC))

func (b *builder) betweenTimes(c *cursor, parts []*cursor) Window {
	w := Window{Kind: BetweenTimes, From: b.timePoint(parts[0]), To: b.timePoint(parts[1])}
	fixed := func(p TimePoint) bool { return p.HasAt || p.Date != "" }
	if w.From == (TimePoint{}) || w.To == (TimePoint{}) || fixed(w.From) != fixed(w.To) {
		return w
	}
	zone := time.UTC
	if b.scope != nil {
		zone = b.scope.zone
	}
	if from, to := w.Span(someday, zone, time.Monday); from >= to {
		b.refuse(c, "the window ends before it begins", "write between: [from, to]; to is left out, so that two equal days hold nothing")
	}
	return w
}

// refuseAhead refuses a window over events that lies wholly ahead of as_of.
func (b *builder) refuseAhead(c *cursor, w Window) {
	ahead := false
	switch w.Kind {
	case Calendar:
		ahead = w.Word == "tomorrow" || strings.HasPrefix(w.Word, "next_")
	case SinceTime, AfterTime, BetweenTimes:
		ahead = w.From.Ahead.N != 0 || w.From.Word == "tomorrow" || w.Kind == AfterTime && (w.From.Word == "now" || w.From.Word == "today")
	}
	if ahead {
		b.refuse(c, "the window lies ahead, and events after as_of are not seen", "write a window in the past")
	}
}

func (b *builder) anchor(c *cursor) *Anchor {
	o := b.object(c, "write {to: last, event: wecom_added, until: 7d}")
	a := &Anchor{First: b.word(o.need("to", "write to: first or to: last"), "first", "last") == "first"}
	a.Select = b.selection(o, false)
	if from := b.durationOrZero(o.get("from")); from.N != 0 {
		a.From = from
	}
	until := o.get("until")
	a.Until = b.durationOrZero(until)
	o.close()
	if !a.Until.IsZero() && !a.From.IsZero() {
		if from, to := a.Bounds(someday, Latest-1, time.UTC); from >= to {
			b.refuse(until, "the window ends before it begins", "write from before until")
		}
	}
	return a
}

// longer reports whether one duration looks back further than another.
func longer(d, than Duration) bool {
	return d.StartBack(someday, time.UTC) < than.StartBack(someday, time.UTC)
}
