package define

import (
	"math"
	"strings"

	"strata"
)

// did says an event condition. With plain, that nothing happened needs no
// remark about people who never did it, because the sentence was put in the
// negative by whoever wrote the definition.
func (p phrases) did(c EventDid, plain bool) string {
	sel, m := c.Select, c.Measure
	test := m.counts()
	switch m.kind() {
	case Times:
		switch {
		case atLeastOnce(test):
			return p.happened(sel, true)
		case saysNone(test):
			never := ""
			if !plain && sel.Window.Kind != Ever {
				never = p.neverRemark(sel)
			}
			return p.happened(sel, false) + p.note(never)
		}
		return p.performed(sel, p.quantity(test, Text2{"次", "time"}, Type{})) + p.note(p.zeroRemark(sel, test))
	case DaysActive:
		days := p.quantity(test, Text2{"天", "day"}, Type{})
		if p.en {
			return p.performed(sel, "on "+days) + p.note(p.zeroRemark(sel, test))
		}
		return p.window(sel.Window) + "有" + p.doing(sel) + "的天数" + days + p.note(p.zeroRemark(sel, test))
	case Distinct:
		return p.say("%[1]s的不同%[2]s%[3]s", "number of different values of %[2]s in %[1]s is %[3]s",
			p.measured(sel), p.propertyName(sel, m.Of), p.quantity(test, Text2{Zh: "个"}, Type{})) + p.note(p.zeroRemark(sel, test))
	case Sum, Average, Min, Max:
		typ := p.property(sel, m.Of).Type
		remark := ""
		if m.kind() == Sum {
			remark = p.zeroRemark(sel, test)
		}
		return p.test(p.total(m.kind(), sel, m.Of), test, typ) + p.note(remark)
	case First, Last:
		tests := p.where(sel, m.Where)
		if p.en {
			return "for " + p.edge(sel, m.Kind == First) + leading(" ", p.window(sel.Window)) + ", " + tests
		}
		return p.window(sel.Window) + p.edge(sel, m.Kind == First) + "的" + tests
	case Gap:
		return p.gap(sel, m.Stat) + p.say("", " is ") + p.quantity(test, Text2{}, Type{})
	}
	return p.happened(sel, true)
}

// zeroRemark says that people without any such event are included, where they
// are.
func (p phrases) zeroRemark(sel Selection, t Test) string {
	if !holdsOfNone(t) {
		return ""
	}
	return p.neverRemark(sel)
}

func (p phrases) neverRemark(sel Selection) string {
	if _, ok := p.spoken(sel); !ok || len(sel.Where) > 0 {
		return p.say("含从未有过者", "including those who never did")
	}
	return p.say("含从未%[1]s者", "including those who never did", p.doing(sel))
}

// total names an aggregate of a property: the amount of paid orders in total.
func (p phrases) total(kind MeasureKind, sel Selection, of string) string {
	word := map[MeasureKind]Text2{
		Sum: {"合计", "total"}, Average: {"平均值", "average"}, Min: {"最小值", "smallest"}, Max: {"最大值", "largest"},
	}[kind]
	return p.say("%[1]s的%[2]s%[3]s", "%[3]s %[2]s of %[1]s", p.measured(sel), p.propertyName(sel, of), p.say(word.Zh, word.En))
}

func (p phrases) gap(sel Selection, stat string) string {
	words := map[string]Text2{
		"avg": {"平均间隔", "average"}, "max": {"最长间隔", "longest"}, "median": {"间隔中位数", "median"}, "last": {"最近两次的间隔", "latest"},
	}
	word := words[stat]
	return p.say("%[1]s的%[2]s", "%[2]s gap between %[1]s", p.measured(sel), p.say(word.Zh, word.En))
}

// measured names the matching events with their window.
func (p phrases) measured(sel Selection) string {
	if p.en {
		return p.things(sel) + leading(" ", p.window(sel.Window))
	}
	return p.window(sel.Window) + p.doing(sel)
}

// happened says that some matching event is there, or none.
func (p phrases) happened(sel Selection, yes bool) string {
	window := p.window(sel.Window)
	ever := sel.Window.Kind == Ever
	w, spoken := p.spoken(sel)
	if p.en {
		suffix := p.grossRemark(sel) + leading(" ", window)
		if !spoken {
			verb := "has had "
			switch {
			case !yes && ever:
				verb = "has never had "
			case !yes:
				verb = "has not had "
			}
			return verb + p.eventNames(sel) + p.note(p.where(sel, sel.Where)) + suffix
		}
		verb := "has "
		switch {
		case !yes && ever:
			verb = "has never "
		case !yes:
			verb = "has not "
		}
		text := verb + w.participle + leading(" ", w.a)
		if len(sel.Where) == 0 {
			return text + suffix
		}
		if w.about && !p.yesOrNo(sel) {
			whose := make([]string, len(sel.Where))
			for i, t := range sel.Where {
				whose[i] = "whose " + p.where(sel, []PropertyTest{t})
			}
			return text + " " + strings.Join(whose, " and ") + suffix
		}
		return text + p.note(p.where(sel, sel.Where)) + suffix
	}
	where := ""
	if len(sel.Where) > 0 {
		where = p.where(sel, sel.Where) + "的"
	}
	not := ""
	switch {
	case !yes && ever:
		not = "从未"
	case !yes:
		not = "没有"
	}
	switch {
	case spoken && (where == "" || w.about):
		return window + not + w.verb + "过" + where + w.object + p.grossRemark(sel)
	case where == "":
		if not == "没有" {
			return window + "没有" + p.eventNames(sel) + p.grossRemark(sel)
		}
		return window + not + "有过" + p.eventNames(sel) + p.grossRemark(sel)
	case not == "没有":
		return window + "没有" + where + p.eventNames(sel) + p.grossRemark(sel)
	}
	return window + not + "有过" + where + p.eventNames(sel) + p.grossRemark(sel)
}

// performed says how often matching events are there: the quantity is "at
// least 3 times" or "on at least 3 days".
func (p phrases) performed(sel Selection, quantity string) string {
	window := p.window(sel.Window)
	if !p.en {
		return window + p.doing(sel) + quantity
	}
	w, spoken := p.spoken(sel)
	if !spoken {
		return "has had " + p.eventNames(sel) + p.note(p.where(sel, sel.Where)) + p.grossRemark(sel) + " " + quantity + leading(" ", window)
	}
	return "has " + w.participle + leading(" ", w.a) + p.note(p.where(sel, sel.Where)) + p.grossRemark(sel) + " " + quantity + leading(" ", window)
}

// doing names the matching events without a window: 支付订单（渠道为门店）, a
// paid order (channel is store).
func (p phrases) doing(sel Selection) string {
	w, spoken := p.spoken(sel)
	where := p.where(sel, sel.Where)
	if p.en {
		name := p.eventNames(sel)
		if spoken {
			name = w.noun
		}
		return name + p.note(where) + p.grossRemark(sel)
	}
	if spoken { // the property in brackets, for 支付渠道 might be one word
		return w.verb + w.object + p.note(where) + p.grossRemark(sel)
	}
	return p.eventNames(sel) + p.note(where) + p.grossRemark(sel)
}

// things is doing in the plural.
func (p phrases) things(sel Selection) string {
	w, spoken := p.spoken(sel)
	if !p.en {
		return p.doing(sel)
	}
	name := p.eventNames(sel)
	if spoken {
		name = w.noun + "s"
	} else if !strings.HasSuffix(sel.Events[len(sel.Events)-1], "*") {
		name += " events"
	}
	return name + p.note(p.where(sel, sel.Where)) + p.grossRemark(sel)
}

// edge names the first or last matching event.
func (p phrases) edge(sel Selection, first bool) string {
	if first {
		return p.say("首次%[1]s", "the first %[1]s", p.doing(sel))
	}
	return p.say("最近一次%[1]s", "the last %[1]s", p.doing(sel))
}

func (p phrases) grossRemark(sel Selection) string {
	if !sel.Gross {
		return ""
	}
	return p.note(p.say("不扣除退款", "refunds not deducted"))
}

// where joins property tests.
func (p phrases) where(sel Selection, tests []PropertyTest) string {
	said := make([]string, len(tests))
	for i, t := range tests {
		said[i] = p.test(p.propertyName(sel, t.Property), t.Test, p.property(sel, t.Property).Type)
	}
	return strings.Join(said, p.say("且", " and "))
}

// spoken returns the natural words for the selected event, where there is one
// event that has them.
func (p phrases) spoken(sel Selection) (eventWords, bool) {
	if len(sel.Events) != 1 {
		return eventWords{}, false
	}
	e, known := p.set.Catalogue.Events[sel.Events[0]]
	w, ok := standardWords[sel.Events[0]]
	if !known || !ok || !e.Standard && e.Name.Zh != w.verb+w.object {
		return eventWords{}, false
	}
	return w, true
}

// yesOrNo reports whether a property that is tested is a boolean, whose name
// is no noun.
func (p phrases) yesOrNo(sel Selection) bool {
	for _, t := range sel.Where {
		if p.property(sel, t.Property).Type.Name == TypeBoolean {
			return true
		}
	}
	return false
}

// eventNames names the selected events by their catalogue names.
func (p phrases) eventNames(sel Selection) string {
	names := make([]string, len(sel.Events))
	for i, pattern := range sel.Events {
		prefix, isPrefix := strings.CutSuffix(pattern, "*")
		switch {
		case pattern == "*":
			names[i] = p.say("任意行为", "any event")
		case isPrefix:
			names[i] = p.say("以“%[1]s”开头的任意行为", "any event that begins with “%[1]s”", prefix)
		default:
			names[i] = p.say("“%[1]s”", "“%[1]s”", p.eventName(pattern))
		}
	}
	return p.or(names)
}

func (p phrases) firstTime(c FirstTime) string {
	first := c.Select
	first.Window = Window{}
	return p.say("首次%[1]s发生在%[2]s", "the first ever %[1]s was %[2]s", p.doing(first), p.windowNoun(c.Select.Window))
}

// pastWindow is the window of the last d.
func pastWindow(d Duration) Window { return Window{Kind: WithinLast, Last: d} }

func (p phrases) stopped(c Stopped) string {
	return p.say("不再%[1]s（%[2]s有过，%[3]s没有）", "has stopped: %[1]s (some %[2]s, none %[3]s)",
		p.things(c.Select), p.window(pastWindow(c.Active)), p.window(pastWindow(c.Silent)))
}

func (p phrases) restarted(c Restarted) string {
	ago := func(d Duration) string { return p.point(TimePoint{Ago: d}) }
	return p.say("又开始%[1]s（早于%[2]s有过，此后直到%[3]s没有，%[4]s又有）", "has started again: %[1]s (some before %[2]s, none from then until %[3]s, some %[4]s)",
		p.things(c.Select), ago(c.SilentFrom), ago(c.Active), p.window(pastWindow(c.Active)))
}

func (p phrases) regularly(c Regularly) string {
	unit := unitWords[c.Period.Unit]
	of, in := p.counted(countText(c.Of), unit), p.counted(countText(c.In), unit)
	if c.Period.N != 1 {
		length := p.duration(c.Period)
		of = p.say("%[1]s个周期（每个%[2]s）", "%[1]s periods of %[2]s each", countText(c.Of), length)
		in = p.say("%[1]s个周期", "%[1]s", countText(c.In))
	} else if p.en {
		in = countText(c.In)
	}
	if c.Calendar {
		of = p.say("%[1]s（自然周期，含当前）", "%[1]s (calendar ones, the current one included)", of)
	}
	test := c.Times
	if len(test.Comparisons) == 0 {
		test = Measure{Kind: Times}.counts()
	}
	times := p.quantity(test, Text2{"次", "time"}, Type{})
	return p.say("最近%[1]s中至少有%[2]s%[3]s", "in at least %[2]s of the last %[1]s %[3]s", of, in, p.performed(c.Select, times)) + p.note(p.zeroRemark(c.Select, test))
}

func (p phrases) streak(c Streak) string {
	unit := unitWords[c.Unit]
	which := p.say("最长", "longest")
	if c.Current {
		which = p.say("当前", "current")
	}
	return p.say("%[1]s的%[2]s连续%[5]s数%[3]s", "the %[2]s run of consecutive %[4]ss with %[1]s is %[3]s",
		p.measured(c.Select), which, p.quantity(c.Count, unit, Type{}), unit.En, strings.TrimPrefix(unit.Zh, "个")) + p.note(p.zeroRemark(c.Select, c.Count))
}

func (p phrases) sequence(c Sequence) string {
	steps := make([]string, len(c.Steps))
	for i, s := range c.Steps {
		steps[i] = p.say("第%[1]s步 %[2]s", "step %[1]s: %[2]s", countText(i+1), p.step(s))
	}
	if c.Without != nil {
		steps = append(steps, p.say("其间没有%[1]s", "without any %[1]s in between", p.doing(*c.Without)))
	}
	text := strings.Join(steps, p.say("，", ", "))
	if p.en {
		return "has done in this order" + leading(" ", p.window(c.Window)) + " (" + text + ")"
	}
	return p.window(c.Window) + "依次发生（" + text + "）"
}

// step says one step of a sequence after another.
func (p phrases) step(s Step) string {
	text := p.doing(s.Select)
	if s.Within.N != 0 {
		text = p.say("%[2]s内%[1]s", "%[1]s within %[2]s", text, p.duration(s.Within))
	}
	return text + p.note(p.same(s))
}

func (p phrases) same(s Step) string {
	if len(s.Same) == 0 {
		return ""
	}
	names := make([]string, len(s.Same))
	for i, id := range s.Same {
		names[i] = p.propertyName(s.Select, id)
	}
	return p.say("%[1]s与前一步相同", "with the same %[1]s as before", p.and(names))
}

func (p phrases) notFollowed(c NotFollowed) string {
	a, b := p.doing(c.Select), p.doing(c.By.Select)
	same := p.note(p.same(c.By))
	if p.en {
		return "at least one " + a + leading(" ", p.window(c.Select.Window)) + " was not followed by any " + b + same + " within " + p.duration(c.By.Within) + " (and that time is over)"
	}
	return p.window(c.Select.Window) + "有过" + a + "后" + p.duration(c.By.Within) + "内没有" + b + same + "的情况（期限已过）"
}

// FoundPhrase says what was found for a condition or a value, such as
// "3 times" or "¥1,280.00". of is a Condition or a Value.
func (s *Set) FoundPhrase(of any, v strata.Value, o SentenceOptions) Text2 {
	return s.both(o, func(p phrases) string { return p.found(of, v) })
}

func (p phrases) found(of any, v strata.Value) string {
	if v.IsMissing() {
		return p.say("没有值", "no value")
	}
	number := p.literal(v, Type{})
	kind := MeasureKind(0)
	var typ Type
	switch of := of.(type) {
	case AttributeIs:
		typ = p.set.Catalogue.Attributes[of.Attribute].Type
	case TagIs:
		if tier := p.tierOf(of.Tag); tier != "" {
			return p.levelName(tier, v.Text)
		}
		typ = p.tagType(of.Tag)
	case TierIs:
		return p.levelName(of.Tier, v.Text)
	case TierValue:
		return p.levelName(of.Tier, v.Text)
	case EventDid:
		kind = of.Measure.kind()
		typ = p.property(of.Select, of.Measure.Of).Type
		if (kind == First || kind == Last) && len(of.Measure.Where) > 0 {
			typ = p.property(of.Select, of.Measure.Where[0].Property).Type
		}
	case Aggregate:
		kind = of.Kind
		typ = p.shownType(of, 0)
	case SinceEvent:
		return p.counted(number, unitWords[of.Unit])
	case GapValue:
		return p.counted(number, unitWords[of.Unit])
	case Streak:
		return p.say("连续%[1]s", "%[1]s in a row", p.counted(number, unitWords[of.Unit]))
	case Rank:
		if of.Percentile {
			return p.say("第%[1]s百分位", "percentile %[1]s", number)
		}
		return p.say("第%[1]s名", "rank %[1]s", number)
	case Value:
		typ = p.shownType(of, 0)
	case Condition:
		if v.Numeric() {
			kind = Times
		}
	}
	switch kind {
	case Times:
		return p.say("%[1]s 次", "%[2]s", number, p.counted(number, Text2{En: "time"}))
	case DaysActive:
		return p.say("%[1]s 天", "%[2]s", number, p.counted(number, Text2{En: "day"}))
	case Distinct:
		return p.say("%[1]s 个不同的值", "%[1]s different values", number)
	}
	if typ.Name == TypeMoney && v.Kind == strata.Float {
		v = strata.FloatOf(math.Round(v.Float64()*100) / 100)
	}
	return p.literal(v, typ)
}
