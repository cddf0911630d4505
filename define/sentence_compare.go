package define

import (
	"strings"

	"strata"
)

// test says that the subject passes the test. Negative tests are also true of
// a value that is not there, which is said.
func (p phrases) test(subject string, t Test, typ Type) string {
	if len(t.Comparisons) == 0 {
		return p.say("%[1]s有值", "%[1]s is known", subject)
	}
	predicate := p.predicate(t, typ)
	if !p.en {
		if stem, ok := strings.CutPrefix(subject, "是否"); ok && typ.Name == TypeBoolean && strings.HasPrefix(predicate, isYes) {
			return "是" + stem + strings.TrimPrefix(predicate, isYes)
		} else if ok && typ.Name == TypeBoolean && (strings.HasPrefix(predicate, isNo) || strings.HasPrefix(predicate, isNotYes)) {
			return "不是" + stem + strings.TrimPrefix(strings.TrimPrefix(predicate, isNo), isNotYes)
		}
		return subject + predicate
	}
	// "Registered on is in the last 7 days" is said without the "on is".
	if stem, ok := strings.CutSuffix(subject, " on"); ok && comparesDates(t.Comparisons[0]) {
		if rest, is := strings.CutPrefix(predicate, "is "); is {
			return stem + " " + rest
		}
	}
	return subject + " " + predicate
}

// How Chinese predicates of yes and no begin; 是否会员为是 is said as 是会员.
const (
	isYes    = "为是"
	isNo     = "为否"
	isNotYes = "不是是"
)

// predicate says the test without its subject.
func (p phrases) predicate(t Test, typ Type) string {
	said := make([]string, len(t.Comparisons))
	unknown := true
	for i, c := range t.Comparisons {
		said[i] = p.comparison(c, typ)
		unknown = unknown && trueOfMissing(c.Op) && c.Op != Missing
	}
	var notes []string
	if unknown && len(said) > 0 {
		notes = append(notes, p.say("含未知", "or is unknown"))
	}
	if t.Fold {
		notes = append(notes, p.say("不区分大小写和全半角", "ignoring case and width"))
	}
	return strings.Join(said, p.say("且", " and ")) + p.note(p.listed(notes))
}

// trueOfMissing reports whether the operator is the negation of a positive
// one, and so true where there is no value.
func trueOfMissing(op Op) bool {
	switch op {
	case IsNot, NotIn, NotContains, NotOn, HasNone, Missing:
		return true
	}
	return false
}

func (p phrases) comparison(c Comparison, typ Type) string {
	operands := make([]string, len(c.Operands))
	for i, o := range c.Operands {
		operands[i] = p.operand(o, typ)
		switch c.Op {
		case Contains, NotContains, StartsWith, EndsWith, Matches:
			if o.Literal.Kind == strata.Text || o.Literal.Kind == strata.ID {
				operands[i] = "“" + o.Literal.Text + "”"
			}
		}
	}
	one := p.or(operands)
	if comparesDates(c) {
		return p.dateComparison(c, one, operands)
	}
	switch c.Op {
	case Is:
		return p.say("为%[1]s", "is %[1]s", one)
	case IsNot:
		return p.say("不是%[1]s", "is not %[1]s", one)
	case In:
		return p.say("为%[1]s", "is %[1]s", one)
	case NotIn:
		return p.say("不是%[1]s", "is not one of %[1]s", one)
	case AtLeast:
		return p.say("不低于%[1]s", "is at least %[1]s", one)
	case AtMost:
		return p.say("不高于%[1]s", "is at most %[1]s", one)
	case GreaterThan:
		return p.say("高于%[1]s", "is more than %[1]s", one)
	case LessThan:
		return p.say("低于%[1]s", "is less than %[1]s", one)
	case Between:
		if len(operands) == 2 {
			return p.say("在%[1]s至%[2]s之间（含两端）", "is between %[1]s and %[2]s (both included)", operands[0], operands[1])
		}
	case Contains:
		return p.say("包含%[1]s", "contains %[1]s", one)
	case NotContains:
		return p.say("不包含%[1]s", "does not contain %[1]s", one)
	case StartsWith:
		return p.say("以%[1]s开头", "starts with %[1]s", one)
	case EndsWith:
		return p.say("以%[1]s结尾", "ends with %[1]s", one)
	case Matches:
		return p.say("符合正则表达式%[1]s", "matches the expression %[1]s", one)
	case Exists:
		return p.say("有值", "is known")
	case Missing:
		return p.say("为空", "is unknown")
	case Has:
		return p.say("包含%[1]s", "has %[1]s", one)
	case HasAny:
		return p.say("包含%[1]s中的任意一个", "has any of %[1]s", one)
	case HasAll:
		return p.say("同时包含%[1]s", "has all of %[1]s", p.and(operands))
	case HasNone:
		return p.say("不包含%[1]s", "has none of %[1]s", one)
	}
	return p.dateComparison(c, one, operands)
}

// comparesDates reports whether the comparison is one of points in time.
func comparesDates(c Comparison) bool {
	if c.Window != nil || c.Ahead != nil || c.Op == Age {
		return true
	}
	for _, o := range c.Operands {
		if o.Time != nil || o.Literal.Kind == strata.Date || o.Literal.Kind == strata.Time {
			return true
		}
	}
	return false
}

// dateComparison says the operatorWords of dates and times, and those of numbers
// where the operands are points in time.
func (p phrases) dateComparison(c Comparison, one string, operands []string) string {
	if c.Window != nil && c.Op != Anniversary {
		return p.windowPredicate(*c.Window)
	}
	onDay := p.onDay(c)
	switch c.Op {
	case Is, In, On:
		return p.say("%[2]s%[1]s%[3]s", "is %[2]s%[1]s", one, onDay.before(p, "为"), onDay.after)
	case IsNot, NotIn, NotOn:
		return p.say("不%[2]s%[1]s%[3]s", "is not %[2]s%[1]s", one, onDay.before(p, "是"), onDay.after)
	case Before, LessThan:
		return p.say("早于%[1]s（不含）", "is before %[1]s (not included)", one)
	case After, GreaterThan:
		return p.say("晚于%[1]s（不含）", "is after %[1]s (not included)", one)
	case Since, AtLeast:
		return p.say("不早于%[1]s（含）", "is %[1]s or later", one)
	case Until, AtMost:
		return p.say("不晚于%[1]s（含）", "is %[1]s or earlier", one)
	case Between:
		if len(operands) == 2 {
			return p.say("在%[1]s至%[2]s之间（含前者，不含后者）", "is between %[1]s (included) and %[2]s (not included)", operands[0], operands[1])
		}
	case InNext:
		if c.Ahead != nil {
			return p.say("在未来%[1]s内", "is in the next %[1]s", p.duration(*c.Ahead)) + p.note(p.aheadDates(*c.Ahead))
		}
	case Anniversary:
		switch {
		case c.Ahead != nil:
			return p.say("的周年日在未来%[1]s内", "has its anniversary in the next %[1]s", p.duration(*c.Ahead)) + p.note(p.aheadDates(*c.Ahead))
		case c.Window != nil:
			return p.say("的周年日在%[1]s", "has its anniversary %[1]s", p.windowNoun(*c.Window))
		}
	case Age:
		if c.Test != nil {
			return p.say("对应的年龄%[1]s", "makes the customer %[1]s old", p.quantity(*c.Test, Text2{"岁", "year"}, Type{}))
		}
	}
	return one
}

// dayWords are what stands around the operand of "is on a day".
type dayWords struct {
	day   bool // a civil day and not an instant
	named bool // today, yesterday or tomorrow, said without "on"
	after string
}

func (p phrases) onDay(c Comparison) dayWords {
	d := dayWords{day: true}
	for _, o := range c.Operands {
		if o.Time != nil && !o.Time.IsDay() || o.Literal.Kind == strata.Time {
			d.day = c.Op == On || c.Op == NotOn
		}
		d.named = d.named || o.Time != nil && o.Time.Word != "" && len(c.Operands) == 1
	}
	if d.day && !d.named {
		d.after = "当天"
	}
	return d
}

// before is the preposition: the verb in Chinese for an instant.
func (d dayWords) before(p phrases, verb string) string {
	switch {
	case p.en && d.day && !d.named:
		return "on "
	case p.en:
		return ""
	case d.day:
		return "在"
	}
	return verb
}

// windowPredicate says that a date lies in a window.
func (p phrases) windowPredicate(w Window) string {
	if p.en {
		return "is " + p.windowNoun(w)
	}
	return "在" + p.windowNoun(w)
}

// windowNoun says a window where it follows a verb, also the one that is
// everything.
func (p phrases) windowNoun(w Window) string {
	if w.Kind == Ever {
		return p.say("任何时候", "at any time")
	}
	if p.en {
		return p.window(w)
	}
	switch w.Kind {
	case WithinLast:
		return p.windowText(w) + "内" + p.note(p.dates(w))
	case BeforeTime:
		return p.point(w.From) + "之前（不含）"
	case SinceTime:
		return p.point(w.From) + "（含）及以后"
	case AfterTime:
		return p.point(w.From) + "之后（不含）"
	case UntilTime:
		return p.point(w.From) + "（含）及以前"
	case Anchored:
		return strings.TrimPrefix(p.window(w), "在")
	}
	return p.window(w)
}

func (p phrases) operand(o Operand, typ Type) string {
	switch {
	case o.Time != nil:
		return p.point(*o.Time)
	case o.Duration != nil:
		return p.duration(*o.Duration)
	case o.Attribute != "":
		return p.say("客户的%[1]s", "the customer's %[1]s", p.attributeName(o.Attribute))
	}
	if typ.Name == TypeDate && o.Literal.Kind == strata.Text {
		return o.Literal.Text
	}
	return p.literal(o.Literal, typ)
}

// quantity says a test of a count or a duration, such as "at least 3 times".
// The unit is that of plain numbers: English in the singular.
func (p phrases) quantity(t Test, unit Text2, typ Type) string {
	said := make([]string, len(t.Comparisons))
	for i, c := range t.Comparisons {
		said[i] = p.count(c, unit, typ)
	}
	return strings.Join(said, p.say("且", " and "))
}

func (p phrases) count(c Comparison, unit Text2, typ Type) string {
	operands := make([]string, len(c.Operands))
	for i, o := range c.Operands {
		operands[i] = p.operand(o, typ)
		if last := i == len(c.Operands)-1; o.Duration == nil && (last || c.Op != Between && c.Op != In && c.Op != NotIn) {
			operands[i] = p.counted(operands[i], unit)
		}
	}
	one := p.or(operands)
	switch c.Op {
	case Is, In:
		return p.say("恰好%[1]s", "exactly %[1]s", one)
	case IsNot, NotIn:
		return p.say("不是%[1]s", "other than %[1]s", one)
	case AtLeast:
		return p.say("至少%[1]s", "at least %[1]s", one)
	case AtMost:
		return p.say("至多%[1]s", "at most %[1]s", one)
	case GreaterThan:
		return p.say("超过%[1]s", "more than %[1]s", one)
	case LessThan:
		if unit.En != "" {
			return p.say("不足%[1]s", "fewer than %[1]s", one)
		}
		return p.say("不足%[1]s", "less than %[1]s", one)
	case Between:
		if len(operands) == 2 {
			return p.say("%[1]s至%[2]s（含两端）", "%[1]s to %[2]s (both included)", operands[0], operands[1])
		}
	}
	return p.comparison(c, typ)
}

// counted puts a unit to a number.
func (p phrases) counted(number string, unit Text2) string {
	if !p.en {
		return number + unit.Zh
	}
	if unit.En == "" {
		return number
	}
	if number == "1" {
		if unit.En == "time" {
			return "once"
		}
		return number + " " + unit.En
	}
	return number + " " + unit.En + "s"
}

// opposites are the pairs of operatorWords of which each is the plain negation of
// the other, also on a missing value.
var opposites = map[Op]Op{
	Is: IsNot, In: NotIn, Contains: NotContains, On: NotOn, HasAny: HasNone, Exists: Missing,
	IsNot: Is, NotIn: In, NotContains: Contains, NotOn: On, HasNone: HasAny, Missing: Exists,
}

// countOpposites are those of numbers that are always there.
var countOpposites = map[Op]Op{
	Is: IsNot, IsNot: Is, AtLeast: LessThan, LessThan: AtLeast, AtMost: GreaterThan, GreaterThan: AtMost,
}

// oppositeTest returns the test that says the plain negation, where one
// operator can.
func oppositeTest(t Test) (Test, bool) {
	if len(t.Comparisons) != 1 {
		return Test{}, false
	}
	c := t.Comparisons[0]
	op, ok := opposites[c.Op]
	if !ok {
		return Test{}, false
	}
	c.Op = op
	return Test{Comparisons: []Comparison{c}, Fold: t.Fold}, true
}

// opposite returns the condition that says the plain negation of c, where a
// single comparison of a number that is always there can.
func opposite(c EventDid) (EventDid, bool) {
	t := c.Measure.counts()
	switch c.Measure.kind() {
	case Times, Sum, Distinct, DaysActive:
	default:
		return EventDid{}, false
	}
	if len(t.Comparisons) != 1 {
		return EventDid{}, false
	}
	cmp := t.Comparisons[0]
	op, ok := countOpposites[cmp.Op]
	if !ok || len(cmp.Operands) != 1 || cmp.Operands[0].Attribute != "" {
		return EventDid{}, false
	}
	cmp.Op = op
	c.Measure.Test = Test{Comparisons: []Comparison{cmp}}
	return c, true
}

// kind is the measure's kind; none is Times.
func (m Measure) kind() MeasureKind {
	if m.Kind == 0 {
		return Times
	}
	return m.Kind
}

// counts is the measure's test; none of Times is "at least once".
func (m Measure) counts() Test {
	if len(m.Test.Comparisons) == 0 && m.kind() == Times {
		return Test{Comparisons: []Comparison{{Op: AtLeast, Operands: []Operand{{Literal: strata.NumberOf(1, 0)}}}}}
	}
	return m.Test
}

// holdsOfNone reports whether the test of a number is certainly true of 0,
// and so of people without any event. Operands that depend on the customer
// are uncertain.
func holdsOfNone(t Test) bool {
	zero := strata.NumberOf(0, 0)
	for _, c := range t.Comparisons {
		signs := make([]int, len(c.Operands))
		for i, o := range c.Operands {
			sign, ok := strata.Compare(zero, o.Literal)
			if !ok {
				return false
			}
			signs[i] = sign
		}
		if len(signs) == 0 {
			return false
		}
		var holds bool
		switch c.Op {
		case Is, In:
			for _, s := range signs {
				holds = holds || s == 0
			}
		case IsNot, NotIn:
			holds = true
			for _, s := range signs {
				holds = holds && s != 0
			}
		case AtLeast:
			holds = signs[0] >= 0
		case AtMost:
			holds = signs[0] <= 0
		case GreaterThan:
			holds = signs[0] > 0
		case LessThan:
			holds = signs[0] < 0
		case Between:
			holds = len(signs) == 2 && signs[0] >= 0 && signs[1] <= 0
		}
		if !holds {
			return false
		}
	}
	return len(t.Comparisons) > 0
}

// atLeastOnce reports whether the test says no more than "some", and saysNone
// whether it says "none".
func atLeastOnce(t Test) bool {
	n, op, ok := singleCount(t)
	return ok && (op == AtLeast && n == 1 || op == GreaterThan && n == 0)
}

func saysNone(t Test) bool {
	n, op, ok := singleCount(t)
	return ok && (op == Is && n == 0 || op == AtMost && n == 0 || op == LessThan && n == 1)
}

func singleCount(t Test) (float64, Op, bool) {
	if len(t.Comparisons) != 1 || len(t.Comparisons[0].Operands) != 1 {
		return 0, 0, false
	}
	v := t.Comparisons[0].Operands[0].Literal
	return v.Float64(), t.Comparisons[0].Op, v.Numeric()
}

// didNone reports whether the condition says that nothing happened.
func didNone(c EventDid) bool { return c.Measure.kind() == Times && saysNone(c.Measure.counts()) }
