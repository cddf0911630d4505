// Package definetest generates random definitions that pass the check, for
// tests of everything that reads definitions.
package definetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"strata"
	"strata/define"
)

// Options say what a generator makes.
type Options struct {
	Catalogue define.Catalogue // default the standard vocabulary
	Tags      int              // how many; 0 = 4
	Segments  int              // 0 = 3
	Tiers     int              // 0 = 1
	Depth     int              // of all, any, none and not; 0 = 3
	// Condition and Value, if not nil, say which kinds are wanted: they get an
	// empty node of the kind, such as define.Sequence{}.
	Condition func(define.Condition) bool
	Value     func(define.Value) bool
	Settings  strata.Settings // default those of a business in China
}

// Set generates a set of definitions in canonical form: what parsing and
// checking its printed form gives. Definitions use only those generated before
// them, tags first.
func Set(t *rapid.T, o Options) *define.Set {
	g := New(t, o)
	n := func(given, otherwise int) int {
		if given == 0 {
			given = otherwise
		}
		return rapid.IntRange(1, given).Draw(t, "n")
	}
	g.Set.Lists["staff"] = define.List{Header: header("lists", "staff"), Members: []string{"m1", "m2"}}
	for i := range n(o.Tags, 4) {
		name := fmt.Sprintf("tag_%d", i)
		tag := define.Tag{Header: header("tags", name), Value: g.Value()}
		if _, timed := tag.Value.(define.SinceEvent); !timed {
			tag.KeepOnEmpty = g.flip()
		}
		g.Set.Tags[name] = tag
	}
	for i := range n(o.Tiers, 1) {
		name := fmt.Sprintf("tier_%d", i)
		g.Set.Tiers[name] = g.tier(name)
	}
	for i := range n(o.Segments, 3) {
		name := fmt.Sprintf("segment_%d", i)
		s := define.Segment{Header: header("segments", name), Where: g.Condition()}
		if g.flip() {
			s.Exclude = g.Condition()
		}
		g.Set.Segments[name] = s
	}
	return g.Set
}

func header(section, name string) define.Header {
	return define.Header{Name: define.Text2{Zh: "名 " + name, En: name}, Owner: "owner", Purpose: "test", Path: section + "." + name}
}

// Generator draws conditions and values over a set, which the caller may
// fill between draws.
type Generator struct {
	Set *define.Set
	t   *rapid.T
	o   Options

	whole bool // see Whole
}

// New returns a generator over an empty set with the catalogue of o.
func New(t *rapid.T, o Options) *Generator {
	if o.Catalogue.Events == nil {
		o.Catalogue = define.Standard()
	}
	if o.Settings.Zone == "" {
		o.Settings = strata.DefaultSettings()
	}
	if o.Depth == 0 {
		o.Depth = 3
	}
	return &Generator{t: t, o: o, Set: &define.Set{
		Catalogue: o.Catalogue,
		Tags:      map[string]define.Tag{}, Segments: map[string]define.Segment{}, Tiers: map[string]define.Tier{},
		Lists: map[string]define.List{}, Scores: map[string]define.Score{}, Strategies: map[string]any{},
	}}
}

func (g *Generator) int(low, high int) int { return rapid.IntRange(low, high).Draw(g.t, "int") }
func (g *Generator) flip() bool            { return rapid.Bool().Draw(g.t, "flip") }

func pick[T any](g *Generator, of []T) T { return of[g.int(0, len(of)-1)] }

func one[K interface{ ~string }, V any](g *Generator, of map[K]V) K {
	return pick(g, slices.Sorted(maps.Keys(of)))
}

// Condition draws a condition.
func (g *Generator) Condition() define.Condition { return g.condition(g.o.Depth) }

func (g *Generator) condition(depth int) define.Condition {
	for {
		c := g.anyCondition(depth)
		if c != nil && (g.o.Condition == nil || g.o.Condition(c)) {
			return c
		}
	}
}

func (g *Generator) anyCondition(depth int) define.Condition {
	wanted := func(c define.Condition) bool { return g.o.Condition == nil || g.o.Condition(c) }
	if depth > 0 && g.int(0, 2) == 0 {
		several := func() []define.Condition {
			var of []define.Condition
			for range g.int(1, 3) {
				of = append(of, g.condition(depth-1))
			}
			return of
		}
		switch g.int(0, 3) {
		case 0:
			return define.All{Of: several()}
		case 1:
			return define.Any{Of: several()}
		case 2:
			return define.None{Of: several()}
		}
		return define.Not{Of: g.condition(depth - 1)}
	}
	kinds := []struct {
		kind define.Condition
		draw func() define.Condition
	}{
		{define.Everyone{}, func() define.Condition { return define.Everyone{} }},
		{define.InSegment{}, g.inSegment},
		{define.InList{}, g.inList},
		{define.Bucket{}, func() define.Condition {
			from := g.int(0, 9999)
			return define.Bucket{Salt: pick(g, []string{"a", "春 天"}), From: from, To: g.int(from+1, 10000)}
		}},
		{define.AttributeIs{}, g.attributeIs},
		{define.TagIs{}, g.tagIs},
		{define.TierIs{}, g.tierIs},
		{define.Moved{}, g.moved},
		{define.Heading{}, g.heading},
		{define.ConsentIs{}, func() define.Condition {
			return define.ConsentIs{Purpose: "marketing", State: pick(g, []string{"granted", "refused", "withdrawn", "unknown"})}
		}},
		{define.EventDid{}, g.eventDid},
		{define.FirstTime{}, func() define.Condition { return define.FirstTime{Select: g.Selection(true)} }},
		{define.Stopped{}, func() define.Condition {
			return define.Stopped{Select: g.Selection(false), Active: define.Duration{N: g.int(31, 90), Unit: define.Day}, Silent: define.Duration{N: g.int(1, 30), Unit: define.Day}}
		}},
		{define.Restarted{}, func() define.Condition {
			return define.Restarted{Select: g.Selection(false), SilentFrom: define.Duration{N: g.int(31, 90), Unit: define.Day}, Active: define.Duration{N: g.int(1, 30), Unit: define.Day}}
		}},
		{define.Regularly{}, func() define.Condition {
			of := g.int(1, 6)
			r := define.Regularly{Select: g.Selection(false), Times: g.count(), Period: pick(g, []define.Duration{{N: 1, Unit: define.Week}, {N: 36, Unit: define.Hour}, {N: 1, Unit: define.Month}}), In: g.int(1, of), Of: of}
			r.Calendar = r.Period.Unit.Civil() && g.flip()
			return r
		}},
		{define.Streak{}, func() define.Condition {
			return define.Streak{Select: g.Selection(false), Unit: pick(g, []define.Unit{define.Day, define.Week, define.Month}), Current: g.flip(), Count: g.count()}
		}},
		{define.Sequence{}, g.sequence},
		{define.NotFollowed{}, g.notFollowed},
	}
	k := pick(g, kinds)
	if !wanted(k.kind) {
		return nil
	}
	return k.draw()
}

func (g *Generator) inSegment() define.Condition {
	if len(g.Set.Segments) == 0 {
		return nil
	}
	return define.InSegment{Segment: one(g, g.Set.Segments)}
}

func (g *Generator) inList() define.Condition {
	if len(g.Set.Lists) == 0 {
		return nil
	}
	return define.InList{List: one(g, g.Set.Lists)}
}

func (g *Generator) attributeIs() define.Condition {
	name := one(g, g.Set.Catalogue.Attributes)
	c := define.AttributeIs{Attribute: name, Test: g.Test(g.Set.Catalogue.Attributes[name].Type)}
	if g.int(0, 4) == 0 {
		c.For = g.held()
	}
	return c
}

func (g *Generator) held() *define.Test {
	d := g.duration()
	return &define.Test{Comparisons: []define.Comparison{{Op: pick(g, []define.Op{define.AtLeast, define.LessThan}), Operands: []define.Operand{{Duration: &d}}}}}
}

func (g *Generator) tagIs() define.Condition {
	if len(g.Set.Tags) == 0 {
		return nil
	}
	name := one(g, g.Set.Tags)
	typ := define.TypeOf(g.Set, define.TagValue{Tag: name})
	c := define.TagIs{Tag: name, Test: g.Test(typ)}
	if _, timed := g.Set.Tags[name].Value.(define.SinceEvent); timed {
		return c
	}
	hasSince := slices.ContainsFunc(c.Test.Comparisons, func(c define.Comparison) bool { return c.Op == define.Since })
	if w := g.window(); g.int(0, 4) == 0 && w.Kind != define.Ever && !hasSince {
		c.Since = &w
	}
	if w := g.window(); g.int(0, 4) == 0 && w.Kind != define.Ever {
		c.Changed = &w
	}
	if g.int(0, 4) == 0 {
		c.For = g.held()
	}
	return c
}

func (g *Generator) levels(tier string, n int) []string {
	var out []string
	for range n {
		if id := pick(g, g.Set.Tiers[tier].Levels).ID; !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func (g *Generator) tierIs() define.Condition {
	if len(g.Set.Tiers) == 0 {
		return nil
	}
	c := define.TierIs{Tier: one(g, g.Set.Tiers), Op: pick(g, []define.Op{define.Is, define.In, define.IsNot, define.AtLeast, define.AtMost})}
	n := 1
	if c.Op == define.In {
		n = 3
	}
	c.Levels = g.levels(c.Tier, n)
	if g.flip() {
		c.For = g.held()
	}
	return c
}

func (g *Generator) moved() define.Condition {
	if len(g.Set.Tiers) == 0 {
		return nil
	}
	c := define.Moved{Tier: one(g, g.Set.Tiers), Window: g.window()}
	for _, to := range []*[]define.Operand{&c.From, &c.To} {
		for _, level := range g.levels(c.Tier, g.int(0, 2)) {
			*to = append(*to, define.Operand{Literal: strata.TextOf(level)})
		}
	}
	return c
}

func (g *Generator) heading() define.Condition {
	if len(g.Set.Tiers) == 0 {
		return nil
	}
	tier := one(g, g.Set.Tiers)
	return define.Heading{Tier: tier, To: g.levels(tier, 2), In: g.duration()}
}

func (g *Generator) eventDid() define.Condition {
	s := g.Selection(true)
	c := define.EventDid{Select: s}
	switch kind := define.MeasureKind(g.int(int(define.Times), int(define.Gap))); kind {
	case define.Times, define.DaysActive:
		c.Measure = define.Measure{Kind: kind, Test: g.count()}
	case define.First, define.Last:
		name, typ := g.property(s.Events, nil)
		if name == "" {
			return nil
		}
		c.Measure = define.Measure{Kind: kind, Where: []define.PropertyTest{{Property: name, Test: g.Test(typ)}}}
	case define.Gap:
		c.Measure = define.Measure{Kind: kind, Stat: pick(g, []string{"avg", "max", "last"}), Test: *g.held()}
	case define.Distinct:
		name, _ := g.property(s.Events, single)
		if name == "" {
			return nil
		}
		c.Measure = define.Measure{Kind: kind, Of: name, Test: g.count()}
	default:
		name, typ := g.property(s.Events, define.Type.Numeric)
		if name == "" {
			return nil
		}
		if kind == define.Average {
			typ = define.Type{Name: define.TypeFloat}
		}
		c.Measure = define.Measure{Kind: kind, Of: name, Test: g.compare(typ, pick(g, []define.Op{define.AtLeast, define.LessThan, define.IsNot, define.Between}))}
	}
	return c
}

// count draws a test of a whole number from 0 on.
func (g *Generator) count() define.Test {
	zero := uint8(0)
	out := g.compare(define.Type{Name: define.TypeNumber, Scale: &zero}, pick(g, []define.Op{define.Is, define.AtLeast, define.AtMost, define.Between}))
	for _, c := range out.Comparisons {
		for i := range c.Operands {
			if x := &c.Operands[i].Literal; x.Kind == strata.Number {
				x.Int = max(x.Int, -x.Int)
			}
		}
		if c.Op == define.Between {
			slices.SortFunc(c.Operands, func(a, b define.Operand) int { return cmp.Compare(a.Literal.Int, b.Literal.Int) })
		}
	}
	return out
}

// single is a type of which there is one value at a time.
func single(t define.Type) bool { return !t.Many }

func (g *Generator) sequence() define.Condition {
	s := define.Sequence{Window: g.window()}
	for i := range g.int(2, 3) {
		step := define.Step{Select: g.Selection(false)}
		if i > 0 && g.flip() {
			step.Within = g.duration()
		}
		if i > 0 {
			step.Same = g.same(s.Steps[i-1].Select.Events, step.Select.Events)
		}
		s.Steps = append(s.Steps, step)
	}
	if g.flip() {
		without := g.Selection(false)
		s.Without = &without
	}
	return s
}

// same draws properties that both selections have.
func (g *Generator) same(a, b []string) []string {
	x, _ := g.property(a, nil)
	if x == "" || !g.flip() {
		return nil
	}
	for _, e := range g.Set.Catalogue.EventsNamed(b) {
		if _, ok := g.Set.Catalogue.Events[e].Properties[x]; !ok {
			return nil
		}
	}
	return []string{x}
}

func (g *Generator) notFollowed() define.Condition {
	c := define.NotFollowed{Select: g.Selection(true), By: define.Step{Select: g.Selection(false), Within: g.duration()}}
	c.By.Same = g.same(c.Select.Events, c.By.Select.Events)
	return c
}

// Selection draws events with filters and, where wanted, a window.
func (g *Generator) Selection(window bool) define.Selection {
	s := define.Selection{Events: []string{one(g, g.Set.Catalogue.Events)}, Gross: g.int(0, 9) == 0}
	if second := one(g, g.Set.Catalogue.Events); g.int(0, 5) == 0 && second != s.Events[0] {
		s.Events = append(s.Events, second)
	}
	used := map[string]bool{}
	for range g.int(0, 2) {
		name, typ := g.property(s.Events, nil)
		if name == "" || used[name] {
			continue
		}
		used[name] = true
		s.Where = append(s.Where, define.PropertyTest{Property: name, Test: g.Test(typ)})
	}
	slices.SortFunc(s.Where, func(x, y define.PropertyTest) int {
		if x.Property < y.Property {
			return -1
		}
		return 1
	})
	if window {
		s.Window = g.window()
		if g.int(0, 7) == 0 {
			s.Window = define.Window{Kind: define.Anchored, Anchor: &define.Anchor{
				First: g.flip(), Select: g.Selection(false), Until: define.Duration{N: g.int(1, 30), Unit: define.Day}}}
		}
	}
	return s
}

// property draws a property that all of the events have with one type.
func (g *Generator) property(events []string, want func(define.Type) bool) (string, define.Type) {
	named := g.Set.Catalogue.EventsNamed(events)
	var names []string
	for name, p := range g.Set.Catalogue.Events[named[0]].Properties {
		same := want == nil || want(p.Type)
		for _, e := range named[1:] {
			q, ok := g.Set.Catalogue.Events[e].Properties[name]
			same = same && ok && q.Type.Name == p.Type.Name && slices.Equal(q.Type.Values, p.Type.Values) &&
				(q.Type.Scale == nil) == (p.Type.Scale == nil) && (p.Type.Scale == nil || *q.Type.Scale == *p.Type.Scale)
		}
		if same {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "", define.Type{}
	}
	slices.Sort(names)
	name := pick(g, names)
	return name, g.Set.Catalogue.Events[named[0]].Properties[name].Type
}

// duration draws one of at least a unit.
func (g *Generator) duration() define.Duration {
	units := []define.Unit{define.Second, define.Minute, define.Hour, define.Day, define.Week, define.Month, define.Year}
	d := define.Duration{N: g.int(1, 90), Unit: pick(g, units)}
	if d.Unit == define.Year {
		d.N = 1 + d.N%3
	}
	return d
}

// window draws a window over events, without an anchor.
func (g *Generator) window() define.Window {
	switch g.int(0, 7) {
	case 0, 1:
		return define.Window{Kind: define.WithinLast, Last: g.duration()}
	case 2:
		return define.Window{Kind: define.Calendar, Word: pick(g, []string{"today", "yesterday", "this_week", "previous_week", "this_month", "previous_month", "this_quarter", "previous_quarter", "this_year", "previous_year"})}
	case 3:
		from := g.int(20000, 20600)
		return define.Window{Kind: define.BetweenTimes, From: dayPoint(from), To: dayPoint(g.int(from+1, 20700))}
	case 4, 5:
		return define.Window{Kind: pick(g, []define.WindowKind{define.BeforeTime, define.SinceTime, define.UntilTime, define.AfterTime}), From: g.timePoint()}
	}
	return define.Window{}
}

func dayPoint(day int) define.TimePoint {
	return define.TimePoint{Date: time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly)}
}

// timePoint draws a point in the past or present.
func (g *Generator) timePoint() define.TimePoint {
	switch g.int(0, 3) {
	case 0:
		return dayPoint(g.int(20000, 20700))
	case 1:
		return define.TimePoint{At: strata.Instant(g.int(1_700_000_000_000, 1_790_000_000_000)), HasAt: true}
	case 2:
		return define.TimePoint{Word: "yesterday"}
	}
	return define.TimePoint{Ago: g.duration()}
}

// Test draws a test of one comparison that the type allows.
func (g *Generator) Test(t define.Type) define.Test {
	ops := []define.Op{define.Is, define.IsNot, define.In, define.NotIn, define.Exists, define.Missing}
	switch {
	case t.Many:
		ops = []define.Op{define.Has, define.HasAny, define.HasAll, define.HasNone, define.Exists, define.Missing}
	case t.Numeric(), t.Ordered:
		ops = append(ops, define.AtLeast, define.AtMost, define.GreaterThan, define.LessThan, define.Between)
	case t.Instantly():
		ops = append(ops, define.Between, define.On, define.NotOn, define.Before, define.Since, define.After, define.Until,
			define.Within, define.InNext, define.Anniversary, define.Age)
	case t.Name == define.TypeBoolean:
		ops = []define.Op{define.Is, define.IsNot, define.Exists, define.Missing}
	case t.Name == define.TypeText:
		ops = append(ops, define.Contains, define.NotContains, define.StartsWith, define.EndsWith, define.Matches)
	}
	if g.whole {
		return g.several(t, ops)
	}
	out := g.compare(t, pick(g, ops))
	out.Fold = !t.Many && t.Name == define.TypeText && g.int(0, 4) == 0
	return out
}

func (g *Generator) compare(t define.Type, op define.Op) define.Test {
	c := define.Comparison{Op: op}
	switch op {
	case define.Exists, define.Missing:
	case define.In, define.NotIn, define.HasAny, define.HasAll, define.HasNone:
		for range g.int(1, 3) {
			c.Operands = append(c.Operands, g.operand(t))
		}
	case define.Between:
		if t.Instantly() {
			from := g.int(20000, 20600)
			c.Window = &define.Window{Kind: define.BetweenTimes, From: dayPoint(from), To: dayPoint(g.int(from+1, 20700))}
			break
		}
		x, y := g.Literal(t), g.Literal(t)
		n, _ := strata.Compare(x, y)
		if t.Name == define.TypeChoice {
			n = t.Of(x.Text) - t.Of(y.Text)
		}
		if n > 0 {
			x, y = y, x
		}
		c.Operands = []define.Operand{{Literal: x}, {Literal: y}}
	case define.On, define.NotOn, define.Before, define.Since, define.After, define.Until:
		p := g.timePoint()
		c.Operands = []define.Operand{{Time: &p}}
	case define.Within:
		c.Window = &define.Window{Kind: define.WithinLast, Last: g.duration()}
		if g.whole && g.flip() {
			c.Window = &define.Window{Kind: define.Calendar, Word: pick(g, []string{"tomorrow", "next_week", "this_quarter", "previous_year"})}
		}
	case define.InNext:
		d := g.duration()
		c.Ahead = &d
	case define.Anniversary:
		if d := g.duration(); g.flip() {
			c.Ahead = &d
			break
		}
		c.Window = &define.Window{Kind: define.Calendar, Word: pick(g, []string{"this_month", "next_month", "today", "this_week"})}
	case define.Age:
		test := g.count()
		c.Test = &test
	case define.Contains, define.NotContains, define.StartsWith, define.EndsWith:
		c.Operands = []define.Operand{{Literal: strata.TextOf(pick(g, texts))}}
	case define.Matches:
		c.Operands = []define.Operand{{Literal: strata.TextOf(pick(g, []string{"^a", "北|上", "[0-9]+$", "."}))}}
	default:
		c.Operands = []define.Operand{g.operand(t)}
	}
	return define.Test{Comparisons: []define.Comparison{c}}
}

// texts are those of operands, some of which YAML makes difficult.
var texts = []string{"a", "b", "北京", "A店", "yes", "null", "12", "1e3", "0x1f", "2026-01-01", "7d", "- x", "a: b", "#", "it's", "\"q\"", "tab\tand\nline", "\\", "~", " a ", "{x}", "*a", "&a", "!t", "%", "@", "`", "é", "\u2028", "🍲", "\x01"}

// Literal draws a value of the type; texts of choices are among its values.
func (g *Generator) Literal(t define.Type) strata.Value {
	switch t.Name {
	case define.TypeBoolean:
		return strata.BooleanOf(g.flip())
	case define.TypeNumber, define.TypeMoney:
		scale, fixed := t.DecimalScale(g.o.Settings)
		n := int64(g.int(-50, 100_000))
		if t.Name == define.TypeMoney {
			return strata.MoneyOf(n, scale)
		}
		if !fixed {
			if scale = uint8(g.int(0, 3)); n%10 == 0 {
				scale = 0 // a free number keeps its own smallest scale
			}
		}
		return strata.NumberOf(n, scale)
	case define.TypeFloat:
		return strata.FloatOf(float64(g.int(-1000, 1000)) / 8)
	case define.TypeDate:
		return strata.DateOf(int64(g.int(3000, 20700)))
	case define.TypeTime:
		return strata.TimeOf(strata.Instant(g.int(1_700_000_000_000, 1_790_000_000_000)))
	case define.TypeChoice:
		return strata.TextOf(pick(g, t.Values))
	case define.TypeID:
		return strata.IDOf(pick(g, texts))
	}
	return strata.TextOf(pick(g, texts))
}
