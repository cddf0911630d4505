package define

import (
	"fmt"
	"slices"
	"strconv"

	"strata"
)

// conditionKinds are the keys of which a condition has exactly one.
var conditionKinds = []string{
	"all", "any", "none", "not", "everyone", "segment", "list", "bucket", "attribute", "tag", "tier", "moved", "heading", "consent",
	"first_time", "stopped", "restarted", "regularly", "streak", "sequence", "not_followed", "event",
}

// condition reads one condition. It is nil where it could not be read, which
// has been refused then.
func (b *builder) condition(c *cursor) Condition {
	if c == nil {
		return nil
	}
	const want = "write a condition such as {event: order_paid, within: 30d, times: {at_least: 2}}"
	if c.kind == listNode {
		b.refuse(c, "a condition is needed here, found a list", "write {all: [...]} or {any: [...]}")
		return nil
	}
	o := b.object(c, want)
	if !o.ok {
		return nil
	}
	kind := ""
	for _, k := range conditionKinds {
		if !o.has(k) {
			continue
		}
		if kind != "" {
			b.refuse(c, fmt.Sprintf("%s and %s are two conditions", kind, k), "join them: {all: [{"+kind+": ...}, {"+k+": ...}]}")
			return nil
		}
		kind = k
	}
	if kind == "" {
		b.refuseConditionKind(c, want)
		return nil
	}
	at := o.get(kind)
	if at == nil {
		return nil
	}
	out := b.conditionOf(o, kind, at)
	o.close()
	return out
}

func (b *builder) refuseConditionKind(c *cursor, want string) {
	if len(c.keys) == 0 {
		b.refuse(c, "the condition is empty", want)
		return
	}
	first := c.keys[0]
	hint := DidYouMean(first.text, conditionKinds)
	if hint == "" {
		hint = want
	}
	b.refuseAt(first.line, c.in(first.text, c.items[0]).path(), fmt.Sprintf("unknown condition %s", quoteOdd(first.text)), hint)
}

func (b *builder) conditionOf(o *object, kind string, c *cursor) Condition {
	switch kind {
	case "all", "any", "none":
		var of []Condition
		if c.kind == mapNode {
			b.refuse(c, "a list of conditions is needed here, found a mapping", "write "+kind+": [{...}, {...}]")
			return nil
		}
		for _, item := range b.list(c) {
			if x := b.condition(item); x != nil {
				of = append(of, x)
			}
		}
		switch kind {
		case "any":
			return Any{of}
		case "none":
			return None{of}
		}
		return All{of}
	case "not":
		if x := b.condition(c); x != nil {
			return Not{x}
		}
		return nil
	case "everyone":
		if !b.boolean(c) && c.kind == boolNode {
			b.refuse(c, "everyone can only be true", "write {not: {everyone: true}} for nobody")
		}
		return Everyone{}
	case "segment":
		return InSegment{b.reference(c, "segment")}
	case "list":
		return InList{b.reference(c, "list")}
	case "bucket":
		return b.bucket(c)
	case "attribute":
		return b.attributeIs(o, c)
	case "tag":
		return b.tagIs(o, c)
	case "tier":
		return b.tierIs(o, c)
	case "moved":
		return b.moved(o, c)
	case "heading":
		return b.heading(c)
	case "consent":
		return ConsentIs{Purpose: b.text(c), State: b.word(o.need("is", "write is: granted"), "granted", "refused", "withdrawn", "unknown")}
	case "event":
		s := b.selection(o, true)
		return EventDid{Select: s, Measure: b.measure(o, s.Events)}
	case "sequence":
		return b.sequence(o, c)
	case "not_followed":
		return b.notFollowed(o, c)
	}
	return b.habit(kind, c)
}

func (b *builder) bucket(c *cursor) Condition {
	o := b.object(c, "write {salt: spring, from: 0, to: 10}")
	out := Bucket{Salt: b.text(o.need("salt", "write salt: and any text; whoever shares it shares the buckets"))}
	out.From = b.hundredths(o.need("from", "write from: 0"))
	to := o.need("to", "write to: 10")
	out.To = b.hundredths(to)
	if to != nil && out.From >= out.To && out.To > 0 {
		b.refuse(to, "the bucket is empty", "write from below to; both are percents and to is left out")
	}
	o.close()
	return out
}

// hundredths reads a percent with at most two digits after the point.
func (b *builder) hundredths(c *cursor) int {
	if c == nil {
		return 0
	}
	n, ok := strata.ParseDecimal(c.node.text, 2)
	if c.kind != numberNode || !ok || n < 0 || n > 10000 {
		b.refuse(c, fmt.Sprintf("a percent is needed here, found %s", c.describe()), "write 0 to 100 with at most two digits after the point")
		return 0
	}
	return int(n)
}

func (b *builder) attributeIs(o *object, c *cursor) Condition {
	name := b.text(c)
	out := AttributeIs{Attribute: name, Test: b.tests(o, b.attributeType(c, name))}
	b.needTest(o, out.Test, "write {attribute: "+name+", is: ...} or exists: true")
	out.For = b.held(o)
	return out
}

// held reads for: {at_least: 30d}.
func (b *builder) held(o *object) *Test {
	c := o.get("for")
	if c == nil {
		return nil
	}
	t := b.durations(c)
	return &t
}

func (b *builder) tagIs(o *object, c *cursor) Condition {
	name := b.reference(c, "tag")
	t := b.tagType(name)
	out := TagIs{Tag: name}
	// since is a window, but for a date or time also a comparison with one.
	var skip []Op
	if at := o.c.node.get("since"); at != nil && !((t == nil || t.Instantly()) && sinceIsTime(at)) {
		skip = []Op{Since}
		w := b.windowValue(o.get("since"))
		out.Since = &w
	}
	out.Test = b.tests(o, t, skip...)
	if at := o.get("changed"); at != nil {
		w := b.windowValue(at)
		out.Changed = &w
	}
	if out.For = b.held(o); out.Since == nil && out.Changed == nil {
		b.needTest(o, out.Test, "write {tag: "+name+", is: ...} or exists: true")
	}
	if out.Since != nil || out.Changed != nil || out.For != nil {
		b.refuseTimed(c, name)
	}
	return out
}

// refuseTimed refuses to ask for the past of a value that is a time since
// something.
func (b *builder) refuseTimed(c *cursor, tag string) {
	if b.scope == nil {
		return
	}
	if _, timed := b.scope.set.Tags[tag].Value.(SinceEvent); timed {
		b.refuse(c, fmt.Sprintf("%s changes by time alone, so for, since, changed and moved say nothing of it", tag), "compare its value")
	}
}

// sinceIsTime reports whether the value of since is a time and not a window.
func sinceIsTime(n *node) bool {
	if n.kind == mapNode {
		return n.get("ago") != nil || n.get("ahead") != nil || n.get("attribute") != nil
	}
	_, ok := parseTimePoint(n.text)
	return ok
}

func (b *builder) tierIs(o *object, c *cursor) Condition {
	out := TierIs{Tier: b.reference(c, "tier")}
	for _, op := range []Op{Is, In, IsNot, AtLeast, AtMost} {
		at := o.get(op.String())
		if at == nil {
			continue
		}
		if out.Op != 0 {
			b.refuse(at, fmt.Sprintf("%s and %s are two comparisons", out.Op, op), "keep one of them")
			continue
		}
		out.Op = op
		if op != In && at.kind == listNode {
			b.refuse(at, "one level is needed here, found a list", "write in: [...]")
			continue
		}
		if op == In && at.kind != listNode {
			b.refuse(at, "a list of levels is needed here", "write in: [...]")
			continue
		}
		out.Levels = b.levels(at, out.Tier)
		if b.scope != nil && b.scope.set.Tiers[out.Tier].Overlapping && (op == AtLeast || op == AtMost) {
			b.refuse(at, fmt.Sprintf("the levels of tier %s overlap, so none is above another", out.Tier), "write in: [...]")
		}
	}
	if out.Op == 0 {
		b.refuse(o.c, "no level is named", "write {tier: "+out.Tier+", is: ...}")
	}
	out.For = b.held(o)
	return out
}

// levels reads one level or a list of levels of a tier.
func (b *builder) levels(c *cursor, tier string) []string {
	out := b.texts(c)
	if b.scope == nil {
		return out
	}
	t, ok := b.scope.set.Tiers[tier]
	if !ok {
		return out
	}
	for i, level := range out {
		at := c
		if c.kind == listNode && i < len(c.items) {
			at = c.item(i)
		}
		b.checkLevel(at, &t, tier, level)
	}
	return out
}

func (b *builder) checkLevel(c *cursor, t *Tier, tier, level string) {
	var known []string
	for _, l := range t.Levels {
		if l.ID == level {
			return
		}
		known = append(known, l.ID)
	}
	m, h := unknown("level", quoteOdd(level), known)
	for _, l := range t.Levels {
		if l.Name.Zh == level || l.Name.En == level {
			h = "did you mean " + l.ID + "?"
		}
	}
	b.refuse(c, m+" of tier "+tier, h)
}

func (b *builder) moved(o *object, c *cursor) Condition {
	in := b.object(c, "write {moved: {tier: intent, from: [A], to: [S]}, within: 30d}")
	var out Moved
	tier, tag := in.get("tier"), in.get("tag")
	switch {
	case in.ok && (tier == nil) == (tag == nil):
		b.refuse(c, "moved needs either tier or tag", "write {moved: {tier: intent, from: [A], to: [S]}, within: 30d}")
	case tier != nil:
		out.Tier = b.reference(tier, "tier")
	case tag != nil:
		out.Tag = b.reference(tag, "tag")
		b.refuseTimed(tag, out.Tag)
	}
	read := func(c *cursor) []Operand {
		if c == nil {
			return nil
		}
		var ops []Operand
		if out.Tag == "" {
			for _, level := range b.levels(c, out.Tier) {
				ops = append(ops, Operand{Literal: strata.TextOf(level)})
			}
			return ops
		}
		items := []*cursor{c}
		if c.kind == listNode {
			items = b.list(c)
		}
		for _, item := range items {
			if v, ok := b.literal(item, b.tagType(out.Tag)); ok {
				ops = append(ops, Operand{Literal: v})
			}
		}
		return ops
	}
	out.From, out.To = read(in.get("from")), read(in.get("to"))
	in.close()
	out.Window = b.window(o, true)
	return out
}

func (b *builder) heading(c *cursor) Condition {
	o := b.object(c, "write {tier: value, to: [low], in_next: 7d}")
	out := Heading{Tier: b.reference(o.need("tier", "name the tier"), "tier")}
	if to := o.need("to", "name the levels: to: [low]"); to != nil {
		out.To = b.levels(to, out.Tier)
	}
	out.In = b.duration(o.need("in_next", "write in_next: 7d"))
	o.close()
	return out
}

// habit reads the conditions whose selection lies in a mapping of their own.
func (b *builder) habit(kind string, c *cursor) Condition {
	o := b.object(c, "write {"+kind+": {event: order_paid, ...}}")
	defer o.close()
	s := b.selection(o, kind == "first_time")
	switch kind {
	case "first_time":
		return FirstTime{s}
	case "stopped":
		out := Stopped{Select: s, Active: b.duration(o.need("active_within", "write active_within: 30d"))}
		silent := o.need("silent_within", "write silent_within: 7d")
		out.Silent = b.duration(silent)
		if silent != nil && !out.Active.IsZero() && !out.Silent.IsZero() && !longer(out.Active, out.Silent) {
			b.refuse(silent, "nobody can be active within the time of the silence", "write active_within longer than silent_within")
		}
		return out
	case "restarted":
		out := Restarted{Select: s, SilentFrom: b.duration(o.need("silent_from", "write silent_from: 30d"))}
		active := o.need("active_within", "write active_within: 7d")
		out.Active = b.duration(active)
		if active != nil && !out.Active.IsZero() && !out.SilentFrom.IsZero() && !longer(out.SilentFrom, out.Active) {
			b.refuse(active, "no silence lies between", "write silent_from longer than active_within")
		}
		return out
	case "streak":
		out := Streak{Select: s, Unit: b.unit(o.get("unit"), Day, Day, Week, Month), Current: b.boolean(o.get("current"))}
		out.Count = b.wholeCounts(o)
		b.needTest(o, out.Count, "write at_least: 3")
		return out
	}
	out := Regularly{Select: s, Times: atLeastOne().Test}
	if times := o.get("times"); times != nil {
		out.Times = b.measureOf(times, Times, nil).Test
	}
	if period := o.need("period", "write period: 1w, or week or month for calendar ones"); period != nil {
		switch period.node.text {
		case "day":
			out.Period = Duration{1, Day}
		case "week":
			out.Period, out.Calendar = Duration{1, Week}, true
		case "month":
			out.Period, out.Calendar = Duration{1, Month}, true
		default:
			out.Period = b.duration(period)
		}
	}
	of := o.need("of", "write of: 4")
	out.In = b.whole(o.need("in", "write in: 3"), 1, 1000)
	out.Of = b.whole(of, 1, 1000)
	if of != nil && out.In > out.Of {
		b.refuse(of, fmt.Sprintf("%d of %d periods cannot be", out.In, out.Of), "write in at most as large as of")
	}
	return out
}

func (b *builder) sequence(o *object, c *cursor) Condition {
	var out Sequence
	steps := b.list(c)
	if len(steps) == 1 {
		b.refuse(c, "a sequence needs two steps", "write a plain event condition for one")
	}
	for i, item := range steps {
		in := b.object(item, "write {event: order_paid}")
		step := Step{Select: b.selection(in, false)}
		within, same := in.get("within"), in.get("same")
		if i == 0 && (within != nil || same != nil) {
			b.refuse(item, "within and same look at the step before, and this is the first", "write them on the next step")
		}
		step.Within = b.duration(within)
		step.Same = b.same(same, step.Select.Events)
		if i > 0 && i <= len(out.Steps) {
			b.properties(same, out.Steps[i-1].Select.Events, step.Same)
		}
		in.close()
		out.Steps = append(out.Steps, step)
	}
	if without := o.get("without"); without != nil {
		in := b.object(without, "write {event: order_refunded}")
		s := b.selection(in, false)
		in.close()
		out.Without = &s
	}
	out.Window = b.window(o, true)
	return out
}

// same reads the properties in which two steps are equal, sorted.
func (b *builder) same(c *cursor, events []string) []string {
	names := b.texts(c)
	b.properties(c, events, names)
	slices.Sort(names)
	return names
}

func (b *builder) properties(c *cursor, events, names []string) {
	for _, name := range names {
		b.property(c, events, name)
	}
}

func (b *builder) notFollowed(o *object, c *cursor) Condition {
	const want = "write {not_followed: {event: cart_added, by: {event: order_paid}, within: 3d}, within: 30d}"
	in := b.object(c, want)
	out := NotFollowed{Select: b.selection(in, false)}
	if by := in.need("by", want); by != nil {
		step := b.object(by, want)
		out.By.Select = b.selection(step, false)
		same := step.get("same")
		out.By.Same = b.same(same, out.By.Select.Events)
		b.properties(same, out.Select.Events, out.By.Same)
		step.close()
	}
	out.By.Within = b.duration(in.need("within", "write within: 3d, the time it has to be followed in"))
	in.close()
	out.Select.Window = b.window(o, true)
	return out
}

// percent prints hundredths of a percent.
func percent(hundredths int) string {
	v, _ := freeDecimal(strata.FormatDecimal(int64(hundredths), 2), 2)
	if v.Scale == 0 {
		return strconv.FormatInt(v.Int, 10)
	}
	return v.String()
}
