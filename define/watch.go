package define

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"strata"
)

// MoveWarning watches chosen moves of a tier. It is raised while more than
// Above of those who were at a level of From at the beginning of Per are at
// one of To now, by the cut points of that beginning; and it looks ahead to
// those of From who reach To within In if nothing more happens.
type MoveWarning struct {
	Name     Text2
	From, To []string // no level stands in both
	Above    int      // hundredths of a percent
	Per      Duration // 30d where nothing is written
	In       Duration // 7d where nothing is written
}

// WarningState is how a warning stands.
type WarningState string

// The states of warnings.
const (
	Calm   WarningState = "calm"
	Ahead  WarningState = "ahead"  // not raised, but more than the limit are heading there
	Raised WarningState = "raised" // more than the limit have moved
)

// FewToWarn is how many people a warning's share needs at least: fewer say
// too little.
const FewToWarn = 30

// State judges the figures of a warning: of was moved did, and of those there
// now heading will.
func (w MoveWarning) State(moved, was, heading, now int) WarningState {
	above := func(part, whole int) bool { return whole >= FewToWarn && part*10000 > w.Above*whole }
	switch {
	case above(moved, was):
		return Raised
	case above(heading, now):
		return Ahead
	}
	return Calm
}

// ReviewDue is when a tier is to be reviewed next, given its last review or,
// where there was none, since when it has been there. It reports false for a
// tier without a period.
func (t Tier) ReviewDue(last strata.Instant, zone *time.Location) (strata.Instant, bool) {
	if t.Review.IsZero() {
		return 0, false
	}
	return t.Review.Add(last, 1, zone), true
}

const (
	warningHint = "write {from: [high_low], to: [low_low], above: 5%}"
	aboveHint   = "write a share such as 5% or 2.5%"
)

func (b *builder) moveWarnings(c *cursor, t *Tier) []MoveWarning {
	var out []MoveWarning
	for _, item := range b.list(c) {
		o := b.object(item, warningHint)
		from, to := o.need("from", warningHint), o.need("to", warningHint)
		w := MoveWarning{
			Name: b.bilingual(o.get("name")), From: b.texts(from), To: b.texts(to),
			Above: b.share(o.need("above", aboveHint)), Per: Duration{30, Day}, In: Duration{7, Day},
		}
		if at := o.get("per"); at != nil {
			w.Per = b.civil(at, "a warning compares two days", 730)
		}
		if at := o.get("in_next"); at != nil {
			w.In = b.civil(at, "a warning looks some days ahead", 730)
		}
		o.close()
		for _, side := range []struct {
			at     *cursor
			levels []string
		}{{from, w.From}, {to, w.To}} {
			for i, level := range side.levels {
				at := side.at
				if at.kind == listNode && i < len(at.items) {
					at = at.item(i)
				}
				if len(t.Levels) > 0 {
					b.checkLevel(at, t, c.up.key, level)
				}
				if side.at == to && slices.Contains(w.From, level) {
					b.refuse(at, quoteOdd(level)+" stands in from too, and who stays has not moved", "remove it from one of them")
				}
			}
		}
		if slices.ContainsFunc(out, func(x MoveWarning) bool { return x.Key() == w.Key() }) {
			b.refuse(item, "this warning stands twice", "remove one of them")
		}
		out = append(out, w)
	}
	return out
}

// Key tells the warnings of a tier apart, whatever they are called and
// wherever their limit lies: FROM,FROM>TO per 30d.
func (w MoveWarning) Key() string {
	return strings.Join(w.From, ",") + ">" + strings.Join(w.To, ",") + " per " + w.Per.String()
}

// Limit is Above as a share, 0..1.
func (w MoveWarning) Limit() float64 { return float64(w.Above) / 10000 }

// share reads a percentage written with its sign, to hundredths of a percent,
// from 0 to below 100.
func (b *builder) share(c *cursor) int {
	if c == nil {
		return 0
	}
	number, sign := strings.CutSuffix(c.node.text, "%")
	whole, digits, _ := strings.Cut(number, ".")
	n, err := strconv.ParseUint(whole+(digits + "00")[:2], 10, 16)
	if c.kind != textNode || !sign || err != nil || len(digits) > 2 || strings.HasSuffix(number, ".") || whole == "" {
		hint := aboveHint
		if f, err := strconv.ParseFloat(c.node.text, 64); err == nil && c.kind == numberNode && f > 0 && f < 1 {
			hint = "did you mean " + strconv.FormatFloat(100*f, 'f', -1, 64) + "%?"
		}
		b.refuse(c, fmt.Sprintf("%s is not a share", c.describe()), hint)
		return 0
	}
	if n >= 10000 {
		b.refuse(c, "no share is above "+c.node.text, "write less than 100%")
		return 0
	}
	return int(n)
}

// civil reads a duration of whole days, at most that many of them.
func (b *builder) civil(c *cursor, why string, days int) Duration {
	d := b.duration(c)
	switch {
	case d.IsZero():
	case d.Unit < Day:
		b.refuse(c, why+", and "+d.String()+" is no whole days", "write 7d, 4w, 1mo or the like")
	case d.N*map[Unit]int{Day: 1, Week: 7, Month: 31, Year: 366}[d.Unit] > days:
		b.refuse(c, fmt.Sprintf("%s, and %s is more than %d days", why, d, days), "write a shorter time")
	}
	return d
}

func (b *builder) review(c *cursor) Duration {
	if c == nil {
		return Duration{}
	}
	return b.civil(c, "a review is due on a day", 3660)
}

// printWatch adds what is watched of a tier.
func printWatch(out *node, t Tier) *node {
	warnings := listOf()
	for _, w := range t.Warnings {
		item := mapOf().put("name", printText2(w.Name)).putTexts("from", w.From).putTexts("to", w.To).putText("above", w.limit()).put("per", printDuration(w.Per))
		if w.In != (Duration{7, Day}) {
			item.put("in_next", printDuration(w.In))
		}
		warnings.items = append(warnings.items, item)
	}
	return out.putFilled("warnings", warnings).put("review", printDuration(t.Review))
}

// limit is Above as it is written: 5%, 2.5%.
func (w MoveWarning) limit() string {
	s := strata.FormatDecimal(int64(w.Above), 2)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") + "%"
}

// WarningSentence says when a warning of the tier is raised.
func (s *Set) WarningSentence(t Tier, w MoveWarning, o SentenceOptions) Text2 {
	return s.both(o, func(p phrases) string { return p.warning(t, w) })
}

func (p phrases) warning(t Tier, w MoveWarning) string {
	levels := func(ids []string) string {
		names := make([]string, len(ids))
		for i, id := range ids {
			names[i] = p.inTier(t, id)
		}
		return p.or(names)
	}
	return p.say("%[3]s内从%[1]s变为%[2]s的人超过%[4]s时预警", "warns when more than %[4]s of %[1]s become %[2]s within %[3]s",
		levels(w.From), levels(w.To), p.duration(w.Per), w.limit())
}
