package define

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"strata"
)

// opNames are the operators as they are written, by Op.
var opNames = [...]string{
	Is: "is", IsNot: "is_not", In: "in", NotIn: "not_in",
	AtLeast: "at_least", AtMost: "at_most", GreaterThan: "greater_than", LessThan: "less_than", Between: "between",
	Contains: "contains", NotContains: "not_contains", StartsWith: "starts_with", EndsWith: "ends_with", Matches: "matches",
	Exists: "exists", Missing: "missing",
	Has: "has", HasAny: "has_any", HasAll: "has_all", HasNone: "has_none",
	On: "on", NotOn: "not_on", Before: "before", Since: "since", After: "after", Until: "until",
	Within: "within", InNext: "in_next", Anniversary: "anniversary", Age: "age",
}

// String is the operator as it is written.
func (o Op) String() string { return opNames[o] }

// The operators of each type.
var (
	countOps   = []Op{Is, IsNot, AtLeast, AtMost, GreaterThan, LessThan, Between}
	numberOps  = []Op{Is, IsNot, In, NotIn, AtLeast, AtMost, GreaterThan, LessThan, Between, Exists, Missing}
	textOps    = []Op{Is, IsNot, In, NotIn, Contains, NotContains, StartsWith, EndsWith, Matches, Exists, Missing}
	idOps      = []Op{Is, IsNot, In, NotIn, Exists, Missing}
	booleanOps = []Op{Is, IsNot, Exists, Missing}
	manyOps    = []Op{Has, HasAny, HasAll, HasNone, Exists, Missing}
	instantOps = []Op{Is, IsNot, In, NotIn, Between, Exists, Missing, On, NotOn, Before, Since, After, Until, Within, InNext, Anniversary, Age}
)

// opsOf returns the operators that a type allows.
func opsOf(t Type) []Op {
	switch {
	case t.Many:
		return manyOps
	case t.Numeric():
		return numberOps
	case t.Name == TypeID:
		return idOps
	case t.Name == TypeBoolean:
		return booleanOps
	case t.Instantly():
		return instantOps
	case t.Name == TypeChoice && t.Ordered:
		return numberOps
	case t.Name == TypeChoice:
		return idOps
	}
	return textOps
}

// opHint says what to write instead of an operator that the type does not
// allow.
func opHint(op Op, t Type) string {
	var names []string
	for _, o := range opsOf(t) {
		names = append(names, o.String())
	}
	hint := "use one of " + strings.Join(names, ", ")
	switch {
	case t.Many && (op == Is || op == Contains):
		hint = "it holds many: write has"
	case t.Many && op == In:
		hint = "it holds many: write has_any"
	case t.Many && (op == IsNot || op == NotIn || op == NotContains):
		hint = "it holds many: write has_none"
	case t.Instantly() && (op == AtLeast || op == GreaterThan):
		hint = "write since (that day included) or after"
	case t.Instantly() && (op == AtMost || op == LessThan):
		hint = "write until (that day included) or before"
	case t.Name == TypeChoice && slices.Contains(countOps, op):
		hint = "write ordered: true beside its values in the catalogue, or " + hint
	}
	return hint
}

// typeTitle names a type in a message.
func typeTitle(t Type) string {
	if t.Many {
		return "a list of " + string(t.Name)
	}
	return string(t.Name)
}

// tests reads the comparisons of a mapping: every key of o that is an
// operator. t is nil where the type is not known; then any operator is read
// as it is written. skip are operators that mean something else here.
func (b *builder) tests(o *object, t *Type, skip ...Op) Test {
	var out Test
	for op := Is; op <= Age; op++ {
		if slices.Contains(skip, op) {
			continue
		}
		name := op.String()
		c := o.get(name)
		if c == nil {
			continue
		}
		if t != nil && !slices.Contains(opsOf(*t), op) {
			b.refuse(c, fmt.Sprintf("%s does not go with %s", name, typeTitle(*t)), opHint(op, *t))
			continue
		}
		if cmp, ok := b.comparison(c, op, t); ok {
			out.Comparisons = append(out.Comparisons, cmp)
		}
	}
	if c := o.get("fold"); c != nil {
		out.Fold = b.boolean(c)
		if t != nil && out.Fold && t.Name != TypeText && t.Name != TypeChoice {
			b.refuse(c, "fold goes with texts only", "remove it")
		}
	}
	slices.SortFunc(out.Comparisons, func(x, y Comparison) int { return int(x.Op) - int(y.Op) })
	b.contradiction(o.c, out, t)
	return out
}

// counts reads the comparisons of a number: is, is_not, at_least, at_most,
// greater_than, less_than and between.
func (b *builder) counts(o *object, t *Type) Test {
	var out Test
	for _, op := range countOps {
		if c := o.get(op.String()); c != nil {
			if cmp, ok := b.comparison(c, op, t); ok {
				out.Comparisons = append(out.Comparisons, cmp)
			}
		}
	}
	b.contradiction(o.c, out, t)
	return out
}

// wholeCounts is counts over whole numbers from 0 on: of events, days or
// years.
func (b *builder) wholeCounts(o *object) Test {
	whole := wholeNumber()
	out := b.counts(o, &whole)
	for _, cmp := range out.Comparisons {
		for _, x := range cmp.Operands {
			if x.Literal.Kind == strata.Number && x.Literal.Int < 0 {
				b.refuse(o.get(cmp.Op.String()), "there are never less than 0", "write 0 or more")
			}
		}
	}
	return out
}

// needTest refuses a test without a comparison.
func (b *builder) needTest(o *object, t Test, example string) {
	if o.ok && len(t.Comparisons) == 0 && !t.Fold {
		for _, k := range o.c.keys {
			if !slices.Contains(o.asked, k.text) || slices.Contains(opNames[:], k.text) {
				return // an operator that was refused, or a key that will be
			}
		}
		b.refuse(o.c, "nothing is compared here", example)
	}
}

// durations is counts over durations.
func (b *builder) durations(c *cursor) Test {
	o := b.object(c, "write {at_least: 30d}")
	t := b.durationTests(o)
	o.close()
	return t
}

func (b *builder) durationTests(o *object) Test {
	var out Test
	for _, op := range countOps {
		c := o.get(op.String())
		if c == nil {
			continue
		}
		cmp := Comparison{Op: op}
		parts := []*cursor{c}
		if op == Between {
			if parts = b.list(c); len(parts) != 2 {
				b.refuse(c, "between needs two durations", "write between: [7d, 30d]")
				continue
			}
		}
		for _, part := range parts {
			d := b.durationOrZero(part)
			cmp.Operands = append(cmp.Operands, Operand{Duration: &d})
		}
		out.Comparisons = append(out.Comparisons, cmp)
	}
	b.needTest(o, out, "write {at_least: 30d}")
	return out
}

func (b *builder) comparison(c *cursor, op Op, t *Type) (Comparison, bool) {
	cmp := Comparison{Op: op}
	before := b.refused
	instants := t != nil && t.Instantly()
	switch op {
	case Exists, Missing:
		if !b.boolean(c) && b.refused == before {
			cmp.Op = Exists + Missing - op // exists: false
		}
	case In, NotIn, HasAny, HasAll, HasNone:
		if c.kind != listNode {
			b.refuse(c, fmt.Sprintf("%s needs a list, found %s", op, c.describe()), fmt.Sprintf("write %s: [a, b]", op))
			break
		}
		for _, item := range b.list(c) {
			if x, ok := b.operand(item, t); ok {
				cmp.Operands = append(cmp.Operands, x)
			}
		}
	case Between:
		parts := b.list(c)
		if len(parts) != 2 && b.refused == before {
			b.refuse(c, "between needs two ends", "write between: [from, to]")
		}
		if len(parts) != 2 {
			break
		}
		if instants || t == nil && looksLikeTime(parts[0]) {
			w := b.betweenTimes(c, parts)
			cmp.Window = &w
			break
		}
		for _, part := range parts {
			if x, ok := b.operand(part, t); ok {
				cmp.Operands = append(cmp.Operands, x)
			}
		}
	case On, NotOn, Before, Since, After, Until:
		if x, ok := b.attributeOperand(c, t); ok {
			cmp.Operands = []Operand{x}
			break
		}
		p := b.timePoint(c)
		cmp.Operands = []Operand{{Time: &p}}
	case Within:
		w := b.within(c)
		cmp.Window = &w
	case InNext:
		d := b.duration(c)
		cmp.Ahead = &d
	case Anniversary:
		if c.kind == mapNode && c.node.get("in_next") != nil {
			o := b.object(c, "")
			d := b.duration(o.get("in_next"))
			cmp.Ahead = &d
			o.close()
			break
		}
		w := b.windowValue(c)
		cmp.Window = &w
	case Age:
		o := b.object(c, "write age: {at_least: 18}")
		test := b.wholeCounts(o)
		b.needTest(o, test, "write age: {at_least: 18}")
		o.close()
		cmp.Test = &test
	case Matches:
		v, ok := b.literal(c, &Type{Name: TypeText})
		if ok {
			if _, err := syntax.Parse(v.Text, syntax.Perl); err != nil {
				b.refuse(c, "not a regular expression: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "), "use RE2 syntax; it looks for a part, ^ and $ stand for the ends")
			}
		}
		cmp.Operands = []Operand{{Literal: v}}
	case Contains, NotContains, StartsWith, EndsWith:
		if v, ok := b.literal(c, &Type{Name: TypeText}); ok {
			cmp.Operands = []Operand{{Literal: v}}
		}
	default:
		if x, ok := b.operand(c, t); ok {
			cmp.Operands = []Operand{x}
		}
	}
	return cmp, b.refused == before
}

func looksLikeTime(c *cursor) bool {
	if c.kind == mapNode {
		return true
	}
	_, ok := parseTimePoint(c.node.text)
	return c.kind == textNode && ok
}

// operand reads a literal of the type, or {attribute: NAME}.
func (b *builder) operand(c *cursor, t *Type) (Operand, bool) {
	if x, ok := b.attributeOperand(c, t); ok {
		return x, true
	}
	v, ok := b.literal(c, t)
	return Operand{Literal: v}, ok
}

// attributeOperand reads {attribute: NAME}; it reports false for another
// shape.
func (b *builder) attributeOperand(c *cursor, t *Type) (Operand, bool) {
	if c.kind != mapNode || c.node.get("attribute") == nil {
		return Operand{}, false
	}
	o := b.object(c, "")
	at := o.get("attribute")
	name := b.text(at)
	o.close()
	if other := b.attributeType(at, name); other != nil && t != nil {
		same := other.Name == t.Name || other.Numeric() && t.Numeric() || other.Instantly() && t.Instantly() ||
			textual(*other) && textual(*t)
		if !same || other.Many {
			b.refuse(c, fmt.Sprintf("attribute %s is %s, which does not compare with %s", name, typeTitle(*other), typeTitle(*t)), "")
		}
	}
	return Operand{Attribute: name}, true
}

func textual(t Type) bool { return t.Name == TypeText || t.Name == TypeChoice || t.Name == TypeID }

// literal reads a value of the type; nil takes it as it is written.
func (b *builder) literal(c *cursor, t *Type) (strata.Value, bool) {
	v, message, hint := literalOf(c.node, t, b.settings())
	if message != "" {
		b.refuse(c, message, hint)
		return strata.Value{}, false
	}
	return v, true
}

func (b *builder) settings() strata.Settings {
	if b.scope == nil {
		return strata.DefaultSettings()
	}
	return b.scope.settings
}

// literalOf returns the value that a node stands for in a type, or a message
// and hint.
func literalOf(n *node, t *Type, s strata.Settings) (v strata.Value, message, hint string) {
	if n.kind == mapNode || n.kind == listNode || n.kind == nullNode {
		return v, fmt.Sprintf("a single value is needed here, found %s", n.kind), ""
	}
	if t == nil {
		switch n.kind {
		case boolNode:
			return strata.BooleanOf(n.text == "true"), "", ""
		case numberNode:
			if v, ok := freeDecimal(n.text, MaxScale); ok {
				return v, "", ""
			}
			f, err := strconv.ParseFloat(n.text, 64)
			if err != nil {
				return v, n.text + " is too large", ""
			}
			return strata.FloatOf(f), "", ""
		}
		if n.text == "" {
			return v, "the text is empty", "an empty text is missing: write missing: true"
		}
		return strata.TextOf(n.text), "", ""
	}
	wrong := fmt.Sprintf("%s is needed here, found %s", needed(*t), n.describe())
	switch t.Name {
	case TypeBoolean:
		if n.kind != boolNode {
			return v, wrong, "write true or false, without quotes"
		}
		return strata.BooleanOf(n.text == "true"), "", ""
	case TypeNumber, TypeMoney:
		return decimalLiteral(n, *t, s, wrong)
	case TypeFloat:
		f, err := strconv.ParseFloat(n.text, 64)
		if n.kind == boolNode || err != nil || !isDecimal(n.text) {
			return v, wrong, ""
		}
		return strata.FloatOf(f), "", ""
	case TypeDate:
		day, ok := parseDate(n.text)
		if n.kind != textNode || !ok {
			return v, wrong, "write it as 2026-01-31; for today or {ago: 4d} use on, before, since, after or until"
		}
		return strata.DateOf(day), "", ""
	case TypeTime:
		at, err := time.Parse(time.RFC3339, n.text)
		if n.kind != textNode || err != nil {
			return v, wrong, "write it as 2026-01-31T08:00:00+08:00; for a whole day use on"
		}
		return strata.TimeOf(strata.At(at)), "", ""
	}
	if n.kind != textNode {
		return v, wrong, "write it in quotes: " + strconv.Quote(n.text)
	}
	if n.text == "" {
		return v, "the text is empty", "an empty text is missing: write missing: true"
	}
	if t.Name == TypeChoice && len(t.Values) > 0 && !slices.Contains(t.Values, n.text) {
		m, h := unknown("value", quoteOdd(n.text), t.Values)
		return v, m, h
	}
	if t.Name == TypeID {
		return strata.IDOf(n.text), "", ""
	}
	return strata.TextOf(n.text), "", ""
}

func needed(t Type) string {
	switch t.Name {
	case TypeMoney:
		return "an amount of money"
	case TypeNumber, TypeFloat:
		return "a number"
	case TypeBoolean:
		return "true or false"
	case TypeDate:
		return "a date"
	case TypeTime:
		return "a time"
	case TypeID:
		return "an id (a text)"
	case TypeChoice:
		return "one of its values (a text)"
	}
	return "a text"
}

func decimalLiteral(n *node, t Type, s strata.Settings, wrong string) (v strata.Value, message, hint string) {
	if n.kind == boolNode {
		return v, wrong, ""
	}
	scale, fixed := t.DecimalScale(s)
	if !fixed {
		v, ok := freeDecimal(n.text, FreeScale)
		if ok {
			return v, "", ""
		}
		if _, long := freeDecimal(n.text, MaxScale); long {
			return v, fmt.Sprintf("%s has more than %d digits after the point", n.text, FreeScale), ""
		}
		return v, wrong, plainDigits(n)
	}
	x, ok := strata.ParseDecimal(n.text, scale)
	if !ok {
		if _, free := freeDecimal(n.text, 18); !free {
			return v, wrong, plainDigits(n)
		}
		if scale == 0 {
			return v, fmt.Sprintf("a whole number is needed here, found %s", n.describe()), ""
		}
		return v, fmt.Sprintf("%s has more than %d digits after the point, or is too large", n.text, scale), ""
	}
	if t.Name == TypeMoney {
		return strata.MoneyOf(x, scale), "", ""
	}
	return strata.NumberOf(x, scale), "", ""
}

func plainDigits(n *node) string {
	if strings.ContainsAny(n.text, "0123456789") {
		return "write it in plain digits, such as 1000 or 12.50"
	}
	return ""
}

// freeDecimal reads a decimal at its own smallest scale, at most most.
func freeDecimal(s string, most uint8) (strata.Value, bool) {
	_, fraction, _ := strings.Cut(s, ".")
	scale := len(strings.TrimRight(fraction, "0"))
	if scale > int(most) {
		return strata.Value{}, false
	}
	n, ok := strata.ParseDecimal(s, uint8(scale))
	return strata.NumberOf(n, uint8(scale)), ok
}

func parseDate(s string) (day int64, ok bool) {
	t, err := time.Parse(time.DateOnly, s)
	return t.Unix() / 86400, err == nil
}

// contradiction refuses comparisons that nothing can pass.
func (b *builder) contradiction(c *cursor, t Test, typ *Type) {
	type end struct {
		v    strata.Value
		open bool
		op   Op
	}
	var low, high *end
	for _, cmp := range t.Comparisons {
		if len(cmp.Operands) == 0 || !ordered(cmp.Operands[0].Literal, typ) {
			continue
		}
		v := cmp.Operands[0].Literal
		switch cmp.Op {
		case AtLeast, GreaterThan:
			if low == nil || b.less(low.v, v, typ) {
				low = &end{v, cmp.Op == GreaterThan, cmp.Op}
			}
		case AtMost, LessThan:
			if high == nil || b.less(v, high.v, typ) {
				high = &end{v, cmp.Op == LessThan, cmp.Op}
			}
		case Between:
			if w := cmp.Operands[1].Literal; ordered(w, typ) && b.less(w, v, typ) {
				b.refuse(c, fmt.Sprintf("between %s and %s holds nothing", v, w), "write the smaller one first")
			}
		}
	}
	if low != nil && high != nil && (b.less(high.v, low.v, typ) || (low.open || high.open) && !b.less(low.v, high.v, typ)) {
		b.refuse(c, fmt.Sprintf("%s %s and %s %s can never both hold", low.op, low.v, high.op, high.v), "")
	}
}

// ordered reports whether a literal's order is known: while its type is not,
// only that of numbers is.
func ordered(v strata.Value, t *Type) bool { return v.Numeric() || t != nil && !v.IsMissing() }

// less orders literals of a type: choices by their place in Values.
func (b *builder) less(x, y strata.Value, t *Type) bool {
	if t != nil && t.Name == TypeChoice {
		return t.Of(x.Text) < t.Of(y.Text)
	}
	n, ok := strata.Compare(x, y)
	return ok && n < 0
}

// attributeType returns the type of an attribute; nil where it is not known,
// which is refused where names are looked up.
func (b *builder) attributeType(c *cursor, name string) *Type {
	if b.scope == nil || name == "" {
		return nil
	}
	a, ok := b.scope.set.Catalogue.Attributes[name]
	if !ok {
		b.unknownName(c, "attribute", name)
		return nil
	}
	return &a.Type
}
