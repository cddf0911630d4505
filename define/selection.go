package define

import (
	"fmt"
	"slices"
	"strings"
)

// selection reads event, where and gross, and with a window its key too.
func (b *builder) selection(o *object, window bool) Selection {
	var s Selection
	s.Events = b.events(o.need("event", "name the event, such as event: order_paid"))
	if c := o.get("where"); c != nil {
		s.Where = b.where(c, s.Events)
	}
	s.Gross = b.boolean(o.get("gross"))
	if window {
		s.Window = b.window(o, true)
	}
	return s
}

// events reads a name, a prefix ("shop_*"), "*" or a list of them.
func (b *builder) events(c *cursor) []string {
	if c == nil {
		return nil
	}
	names := b.texts(c)
	for i, name := range names {
		at := c
		if c.kind == listNode && i < len(c.items) {
			at = c.item(i)
		}
		b.checkEvent(at, name)
	}
	return names
}

func (b *builder) checkEvent(c *cursor, name string) {
	prefix, star := cutStar(name)
	if strings.Contains(prefix, "*") {
		b.refuse(c, fmt.Sprintf("%s: a star may only stand at the end", quote(name)), "write a prefix such as shop_*")
		return
	}
	if b.scope == nil || name == "*" {
		return
	}
	if len(b.scope.set.Catalogue.EventsNamed([]string{name})) > 0 {
		return
	}
	if star {
		b.refuse(c, fmt.Sprintf("no event begins with %s", quoteOdd(prefix)), DidYouMean(prefix, b.known("event")))
		return
	}
	b.unknownName(c, "event", name)
}

// where reads {property: {OP: OPERAND}, ...}, sorted by property.
func (b *builder) where(c *cursor, events []string) []PropertyTest {
	if c.kind != mapNode {
		b.refuse(c, fmt.Sprintf("a mapping is needed here, found %s", c.describe()), "write {brand: {is: 资生堂}}")
		return nil
	}
	if len(c.items) == 0 {
		b.refuse(c, "where is empty", "name a property or remove where")
	}
	var out []PropertyTest
	for i, k := range c.keys {
		item := c.in(k.text, c.items[i])
		if item.kind != mapNode {
			hint := "write {" + k.text + ": {is: ...}}"
			if item.kind == textNode || item.kind == numberNode || item.kind == boolNode {
				hint = "write {" + k.text + ": {is: " + item.node.text + "}}"
			}
			b.refuse(item, "a comparison is needed here, found "+item.describe(), hint)
			continue
		}
		t := b.property(item, events, k.text)
		o := b.object(item, "")
		test := b.tests(o, t)
		b.needTest(o, test, "write {"+k.text+": {is: ...}}")
		o.close()
		out = append(out, PropertyTest{Property: k.text, Test: test})
	}
	slices.SortFunc(out, func(x, y PropertyTest) int { return strings.Compare(x.Property, y.Property) })
	return out
}

// property returns the type of a property in the events; nil where it is not
// known, which is refused where names are looked up.
func (b *builder) property(c *cursor, events []string, name string) *Type {
	if b.scope == nil || name == "" {
		return nil
	}
	cat := &b.scope.set.Catalogue
	named := cat.EventsNamed(events)
	if len(named) == 0 {
		return nil // the event is refused already
	}
	t, ok := propertyType(cat, events, name)
	if !ok {
		var known []string
		titles := map[string]string{}
		for _, e := range named {
			for p, v := range cat.Events[e].Properties {
				known = append(known, p)
				titles[v.Name.Zh], titles[v.Name.En] = p, p
			}
		}
		slices.Sort(known)
		m, h := unknown("property", quoteOdd(name), slices.Compact(known))
		if id := titles[name]; id != "" {
			h = "did you mean " + id + "?"
		}
		b.refuse(c, m+" of "+strings.Join(events, ", "), h)
		return nil
	}
	for _, e := range named {
		if p, ok := cat.Events[e].Properties[name]; ok && (p.Type.Name != t.Name || p.Type.Many != t.Many) {
			b.refuse(c, fmt.Sprintf("property %s is %s in some of these events and %s in others", name, typeTitle(t), typeTitle(p.Type)), "name events in which it has one type")
			return nil
		}
	}
	return &t
}

// propertyNamed reads the name of a property and its type.
func (b *builder) propertyNamed(c *cursor, events []string) (string, *Type) {
	name := b.text(c)
	if c == nil || name == "" {
		return "", nil
	}
	return name, b.property(c, events, name)
}

// measureNames are the measures of an event condition, by kind.
var measureNames = [...]string{
	Times: "times", Sum: "sum", Average: "avg", Min: "min", Max: "max", Distinct: "distinct",
	DaysActive: "days_active", First: "first", Last: "last", Gap: "gap",
}

// String is the measure as it is written.
func (k MeasureKind) String() string { return measureNames[k] }

// atLeastOne is the measure of an event condition that names none.
func atLeastOne() Measure {
	one, _ := freeDecimal("1", 0)
	return Measure{Kind: Times, Test: Test{Comparisons: []Comparison{{Op: AtLeast, Operands: []Operand{{Literal: one}}}}}}
}

const countHint = "write {at_least: 3}"

func (b *builder) measure(o *object, events []string) Measure {
	var out Measure
	for kind := Times; kind <= Gap; kind++ {
		name := kind.String()
		c := o.get(name)
		if c == nil {
			continue
		}
		if out.Kind != 0 {
			b.refuse(c, fmt.Sprintf("%s and %s are two measures", out.Kind, name), "write two conditions and join them with all")
			continue
		}
		out = b.measureOf(c, kind, events)
	}
	if out.Kind == 0 {
		return atLeastOne()
	}
	return out
}

func (b *builder) measureOf(c *cursor, kind MeasureKind, events []string) Measure {
	m := Measure{Kind: kind}
	switch kind {
	case First, Last:
		m.Where = b.where(c, events)
		return m
	case Gap:
		o := b.object(c, "write gap: {avg: {at_most: 30d}}")
		for _, stat := range []string{"avg", "max", "last"} {
			at := o.get(stat)
			if at == nil {
				continue
			}
			if m.Stat != "" {
				b.refuse(at, fmt.Sprintf("%s and %s are two statistics", m.Stat, stat), "write two conditions and join them with all")
				continue
			}
			m.Stat, m.Test = stat, b.durations(at)
		}
		if o.ok && m.Stat == "" && len(o.c.keys) == 0 {
			b.refuse(c, "gap names no statistic", "write gap: {avg: {at_most: 30d}}")
		}
		o.close()
		return m
	case Times, DaysActive:
		o := b.object(c, countHint)
		m.Test = b.wholeCounts(o)
		b.needTest(o, m.Test, countHint)
		o.close()
		return m
	}
	example := "write " + kind.String() + ": {of: amount, at_least: 100}"
	o := b.object(c, example)
	of := o.need("of", example)
	name, t := b.propertyNamed(of, events)
	m.Of = name
	t = b.measured(of, kind, t)
	switch {
	case t == nil && (kind == Min || kind == Max) || t != nil && t.Instantly():
		m.Test = b.tests(o, t)
	case kind == Distinct:
		m.Test = b.wholeCounts(o)
	default:
		m.Test = b.counts(o, t)
	}
	b.needTest(o, m.Test, example)
	o.close()
	return m
}

// measured returns the type of a measure of a property of type t, and refuses
// what cannot be measured so.
func (b *builder) measured(c *cursor, kind MeasureKind, t *Type) *Type {
	whole := wholeNumber()
	switch {
	case kind == Distinct && t != nil && t.Many:
		b.refuse(c, fmt.Sprintf("distinct counts single values, and this property is %s", typeTitle(*t)), "let each value be an event or a property of its own")
		return nil
	case kind == Distinct:
		return &whole
	case t == nil:
		return nil
	case t.Numeric() && kind == Average:
		return &Type{Name: TypeFloat}
	case t.Numeric(), t.Instantly() && (kind == Min || kind == Max):
		return t
	}
	b.refuse(c, fmt.Sprintf("%s needs a number, and this property is %s", kind, typeTitle(*t)), "write distinct to count its values")
	return nil
}
