package define

import (
	"fmt"
	"strings"
	"time"

	"strata"
)

// SentenceOptions says how sentences show time. With AsOf, every window and
// every relative day is followed by its concrete dates in brackets. Zone
// defaults to UTC. The zero WeekStart is Sunday, as in time.Weekday.
type SentenceOptions struct {
	AsOf      *strata.Instant
	Zone      *time.Location
	WeekStart time.Weekday
}

// ConditionSentence says in words what makes the condition true. The
// sentence has no full stop and no subject: it is said of a customer. Names
// come from the catalogue and the definitions of s, else the identifier
// stands for itself.
func (s *Set) ConditionSentence(c Condition, o SentenceOptions) Text2 {
	return s.both(o, func(p phrases) string { return p.clause(c) })
}

// both says one thing in both languages.
func (s *Set) both(o SentenceOptions, say func(phrases) string) Text2 {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return Text2{
		Zh: say(phrases{set: s, options: o}),
		En: capitalised(say(phrases{set: s, options: o, en: true})),
	}
}

// phrases makes the phrases of one language.
type phrases struct {
	set     *Set
	options SentenceOptions
	en      bool
}

// say formats the text of its language with the arguments, which both texts
// name by index (%[1]s).
func (p phrases) say(zh, en string, args ...any) string {
	text := zh
	if p.en {
		text = en
	}
	if len(args) == 0 || !strings.Contains(text, "%") {
		return text
	}
	return fmt.Sprintf(text, args...)
}

func (p phrases) brackets(s string) string { return p.say("（%[1]s）", "(%[1]s)", s) }

// note puts a remark in brackets behind a phrase.
func (p phrases) note(s string) string {
	if s == "" {
		return ""
	}
	return p.say("（%[1]s）", " (%[1]s)", s)
}

// join joins alternatives or parts: a, b or c.
func (p phrases) join(parts []string, zhLast, enLast string) string {
	if p.en {
		if len(parts) < 3 {
			return strings.Join(parts, " "+enLast+" ")
		}
		return strings.Join(parts[:len(parts)-1], ", ") + " " + enLast + " " + parts[len(parts)-1]
	}
	if len(parts) < 3 {
		return strings.Join(parts, zhLast)
	}
	return strings.Join(parts[:len(parts)-1], "、") + zhLast + parts[len(parts)-1]
}

func (p phrases) or(parts []string) string  { return p.join(parts, "或", "or") }
func (p phrases) and(parts []string) string { return p.join(parts, "和", "and") }

// listed joins whole clauses as a list of alternatives.
func (p phrases) listed(parts []string) string {
	return strings.Join(parts, p.say("；", "; "))
}

// clause says a condition as it stands at the beginning of a sentence or
// within brackets of its own.
func (p phrases) clause(c Condition) string {
	switch c := c.(type) {
	case All:
		return p.all(c.Of)
	case Any:
		if len(c.Of) == 1 {
			return p.clause(c.Of[0])
		}
		return p.say("满足任一：%[1]s", "any of: %[1]s", p.listed(p.parts(c.Of)))
	case None:
		if len(c.Of) == 1 {
			return p.not(c.Of[0])
		}
		return p.say("以下都不满足：%[1]s", "none of: %[1]s", p.listed(p.parts(c.Of)))
	case Not:
		return p.not(c.Of)
	}
	return p.atom(c)
}

// part says a condition so that it can stand among others: what has parts of
// its own is in brackets.
func (p phrases) part(c Condition) string {
	c = simplest(c)
	switch c := c.(type) {
	case Any:
		parts := p.parts(c.Of)
		if p.en {
			return "(" + strings.Join(parts, ", or ") + ")"
		}
		return "（" + strings.Join(parts, "，或") + "）"
	case All, None:
		return p.brackets(p.clause(c))
	}
	return p.clause(c)
}

func (p phrases) parts(conditions []Condition) []string {
	out := make([]string, len(conditions))
	for i, c := range conditions {
		out[i] = p.part(c)
	}
	return out
}

// all joins with "and", and with "but" where a negative part follows a
// positive one.
func (p phrases) all(conditions []Condition) string {
	if len(conditions) == 1 {
		return p.clause(conditions[0])
	}
	var b strings.Builder
	for i, c := range conditions {
		switch {
		case i == 0:
		case saidNegative(c) && !saidNegative(conditions[i-1]):
			b.WriteString(p.say("，但", ", but "))
		default:
			b.WriteString(p.say("，且", ", and "))
		}
		b.WriteString(p.part(c))
	}
	return b.String()
}

// simplest unwraps groups of one.
func simplest(c Condition) Condition {
	for {
		switch g := c.(type) {
		case All:
			if len(g.Of) != 1 {
				return c
			}
			c = g.Of[0]
		case Any:
			if len(g.Of) != 1 {
				return c
			}
			c = g.Of[0]
		case None:
			if len(g.Of) != 1 {
				return c
			}
			c = Not{Of: g.Of[0]}
		case Not:
			inner, double := simplest(g.Of).(Not)
			if !double {
				return Not{Of: simplest(g.Of)}
			}
			c = inner.Of
		default:
			return c
		}
	}
}

// saidNegative reports whether a condition is said as something that is not so.
func saidNegative(c Condition) bool {
	switch c := simplest(c).(type) {
	case Not:
		return true
	case None:
		return true
	case EventDid:
		return didNone(c)
	}
	return false
}

// not says the plain negation of a condition.
func (p phrases) not(c Condition) string {
	switch c := simplest(c).(type) {
	case Not:
		return p.clause(c.Of)
	case None:
		return p.say("以下至少满足一项：%[1]s", "at least one of: %[1]s", p.listed(p.parts(c.Of)))
	case Any:
		return p.clause(None(c))
	case All:
		return p.say("并非同时满足：%[1]s", "not all of: %[1]s", p.listed(p.parts(c.Of)))
	case Everyone:
		return p.say("没有任何客户", "nobody")
	case InSegment:
		return p.say("不在分群「%[1]s」中", "is not in the segment “%[1]s”", p.segmentName(c.Segment))
	case InList:
		return p.say("不在名单「%[1]s」中", "is not on the list “%[1]s”", p.listName(c.List))
	case EventDid:
		if t, ok := opposite(c); ok {
			return p.did(t, true)
		}
	case AttributeIs:
		if t, ok := oppositeTest(c.Test); ok && c.For == nil {
			c.Test = t
			return p.atom(c)
		}
	case TagIs:
		if t, ok := oppositeTest(c.Test); ok && c.For == nil && c.Since == nil && c.Changed == nil {
			c.Test = t
			return p.atom(c)
		}
	case TierIs:
		if c.For == nil && (c.Op == Is || c.Op == In) {
			c.Op = IsNot
			return p.atom(c)
		}
	}
	return p.say("不满足（%[1]s）", "not (%[1]s)", p.clause(c))
}

// atom says a condition that has no conditions as parts.
func (p phrases) atom(c Condition) string {
	switch c := c.(type) {
	case Everyone:
		return p.say("所有客户", "everyone")
	case InSegment:
		return p.say("在分群「%[1]s」中", "is in the segment “%[1]s”", p.segmentName(c.Segment))
	case InList:
		return p.say("在名单「%[1]s」中", "is on the list “%[1]s”", p.listName(c.List))
	case Bucket:
		return p.say("随机分桶「%[1]s」落在 %[2]s 至 %[3]s（含前者，不含后者）", "random bucket “%[1]s” lies in %[2]s to %[3]s (the first included, the second not)",
			c.Salt, hundredths(c.From), hundredths(c.To))
	case AttributeIs:
		typ := p.set.Catalogue.Attributes[c.Attribute].Type
		text := p.test(p.attributeName(c.Attribute), c.Test, typ)
		return text + p.note(p.held(c.For))
	case TagIs:
		return p.tagIs(c)
	case TierIs:
		return p.tierIs(c)
	case Moved:
		return p.moved(c)
	case Heading:
		return p.say("若不再有新的行为，%[2]s后层级「%[1]s」将为%[3]s", "if nothing more happens, the tier “%[1]s” will be %[3]s in %[2]s",
			p.tierName(c.Tier), p.duration(c.In), p.or(p.levelNames(c.Tier, c.To)))
	case ConsentIs:
		return p.say("对「%[1]s」的授权%[2]s", "consent to “%[1]s” is %[2]s", c.Purpose, p.consentState(c.State))
	case EventDid:
		return p.did(c, false)
	case FirstTime:
		return p.firstTime(c)
	case Stopped:
		return p.stopped(c)
	case Restarted:
		return p.restarted(c)
	case Regularly:
		return p.regularly(c)
	case Streak:
		return p.streak(c)
	case Sequence:
		return p.sequence(c)
	case NotFollowed:
		return p.notFollowed(c)
	}
	return p.clause(c)
}

func (p phrases) consentState(state string) string {
	switch state {
	case "granted":
		return p.say("为已同意", "granted")
	case "refused":
		return p.say("为已拒绝", "refused")
	case "withdrawn":
		return p.say("为已撤回", "withdrawn")
	case "unknown":
		return p.say("为未知", "unknown")
	}
	return p.say("为%[1]s", "%[1]s", state)
}

// held says how long something has been so; "" for no such test.
func (p phrases) held(t *Test) string {
	if t == nil {
		return ""
	}
	return p.say("已持续%[1]s", "held for %[1]s", p.quantity(*t, Text2{}, Type{}))
}

func (p phrases) tagIs(c TagIs) string {
	subject := p.say("标签「%[1]s」", "the tag “%[1]s”", p.tagName(c.Tag))
	var text string
	if tier := p.tierOf(c.Tag); tier != "" {
		c.Test = p.namedLevels(c.Test, tier)
	}
	if len(c.Test.Comparisons) > 0 {
		text = p.test(subject, c.Test, p.tagType(c.Tag))
	} else {
		text = subject
	}
	var notes []string
	if c.Since != nil {
		notes = append(notes, p.say("当前值始于%[1]s", "the present value began %[1]s", p.windowNoun(*c.Since)))
	}
	if c.Changed != nil {
		notes = append(notes, p.say("%[1]s变化过", "it changed %[1]s", p.windowNoun(*c.Changed)))
	}
	if held := p.held(c.For); held != "" {
		notes = append(notes, held)
	}
	if len(c.Test.Comparisons) == 0 && len(notes) > 0 {
		return text + p.say("：", ": ") + p.listed(notes)
	}
	return text + p.note(p.listed(notes))
}

func (p phrases) tierIs(c TierIs) string {
	levels := p.or(p.levelNames(c.Tier, c.Levels))
	subject := p.say("层级「%[1]s」", "the tier “%[1]s”", p.tierName(c.Tier))
	var text string
	switch c.Op {
	case IsNot, NotIn:
		text = subject + p.say("不是%[1]s（含没有等级者）", " is not %[1]s (or there is no level)", levels)
	case AtLeast:
		text = subject + p.say("不低于%[1]s", " is %[1]s or better", levels)
	case AtMost:
		text = subject + p.say("不高于%[1]s", " is %[1]s or lower", levels)
	default:
		text = subject + p.say("为%[1]s", " is %[1]s", levels)
	}
	return text + p.note(p.held(c.For))
}

func (p phrases) moved(c Moved) string {
	subject := p.say("标签「%[1]s」", "the tag “%[1]s”", p.tagName(c.Tag))
	name := func(o Operand) string { return p.operand(o, p.tagType(c.Tag)) }
	if c.Tier != "" {
		subject = p.say("层级「%[1]s」", "the tier “%[1]s”", p.tierName(c.Tier))
		name = func(o Operand) string { return p.marked(p.levelName(c.Tier, o.Literal.Text)) }
	}
	values := func(operands []Operand) string {
		names := make([]string, len(operands))
		for i, o := range operands {
			names[i] = name(o)
		}
		return p.or(names)
	}
	var how string
	switch {
	case len(c.From) > 0 && len(c.To) > 0:
		how = p.say("从%[1]s变为%[2]s", "moved from %[1]s to %[2]s", values(c.From), values(c.To))
	case len(c.From) > 0:
		how = p.say("从%[1]s变为其他值", "moved from %[1]s to anything else", values(c.From))
	case len(c.To) > 0:
		how = p.say("变为%[1]s", "moved to %[1]s", values(c.To))
	default:
		how = p.say("变化过", "moved")
	}
	if p.en {
		return subject + " " + how + leading(" ", p.window(c.Window))
	}
	return p.window(c.Window) + subject + how
}

// leading puts the separator before a text that is not empty.
func leading(separator, text string) string {
	if text == "" {
		return ""
	}
	return separator + text
}
