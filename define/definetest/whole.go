package definetest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"strata"
	"strata/define"
)

// Whole generates what Set does and all else that a file may say: a catalogue
// of its own, every header, tiers by every model, scores, picks, snapshots,
// strategies, several comparisons in one test and operands that are
// attributes. It is for tests of reading and printing; engines refuse some of
// it.
func Whole(t *rapid.T, o Options) *define.Set {
	g := New(t, o)
	g.whole = true
	g.ownCatalogue()
	for i := range g.int(1, 2) {
		name := fmt.Sprintf("list_%d", i)
		l := define.List{Header: g.header("lists", name)}
		for j := range g.int(0, 3) {
			l.Members = append(l.Members, fmt.Sprintf("M%d", j))
		}
		g.Set.Lists[name] = l
	}
	for i := range g.int(0, 2) {
		name := fmt.Sprintf("score_%d", i)
		g.Set.Scores[name] = g.score(name)
	}
	for i := range g.int(1, 4) {
		name := fmt.Sprintf("tag_%d", i)
		g.Set.Tags[name] = g.tag(name)
	}
	for i := range g.int(1, 2) {
		name := fmt.Sprintf("层_%d", i)
		g.Set.Tiers[name] = g.anyTier(name)
	}
	for i := range g.int(1, 2) {
		name := fmt.Sprintf("later_%d", i)
		g.Set.Tags[name] = g.tag(name)
	}
	for i := range g.int(1, 3) {
		name := fmt.Sprintf("segment_%d", i)
		g.Set.Segments[name] = g.segment(name)
	}
	for i := range g.int(0, 1) {
		g.Set.Strategies[fmt.Sprintf("strategy_%d", i)] = map[string]any{
			"name": map[string]any{"zh": pick(g, texts)}, "audience": map[string]any{"segment": one(g, g.Set.Segments)},
			"control": strata.NumberOf(int64(g.int(0, 20)), 0), "paused": g.flip(), "do": []any{map[string]any{"task": pick(g, texts)}, pick(g, texts)},
		}
	}
	return g.Set
}

// perhaps draws a text of the few given, or none.
func (g *Generator) perhaps(of ...string) string {
	if g.flip() {
		return ""
	}
	return pick(g, of)
}

func (g *Generator) text2() define.Text2 {
	return define.Text2{Zh: g.perhaps("中文", "- x", "a: b", "#", "12", " a ", "é"), En: g.perhaps("Name", "it's: #1", "no")}
}

func (g *Generator) header(section, name string) define.Header {
	h := define.Header{Name: g.text2(), Description: g.text2(), Owner: g.perhaps("张三", "on"), Purpose: g.perhaps("x"), Consumer: g.perhaps("运营"),
		RenamedFrom: g.perhaps("old_" + name), Path: section + "." + name}
	if g.flip() {
		h.VisibleTo = []string{"店长", "12"}[:g.int(1, 2)]
	}
	return h
}

// ownCatalogue adds entries that the standard vocabulary does not have.
func (g *Generator) ownCatalogue() {
	c := &g.Set.Catalogue
	for i := range g.int(0, 2) {
		a := define.Attribute{Type: g.typ(), Name: g.text2(), Class: g.perhaps("static", "tier"), Category: g.perhaps("basic", "consumption.total"),
			Change: g.perhaps("dynamic", "semi-dynamic"), Sensitive: g.flip(), Purpose: g.perhaps("服务"), Retention: g.perhaps("2y", "36h")}
		merges := []string{"newest", "oldest", "source"}
		if a.Type.Many {
			merges = append(merges, "union")
		}
		a.Merge = g.perhaps(merges...)
		c.Attributes[fmt.Sprintf("own_%d", i)] = a
	}
	for i := range g.int(0, 2) {
		e := define.Event{Name: g.text2(), Properties: map[string]define.EventProperty{"order_id": {Type: define.Type{Name: define.TypeID}}}}
		for j := range g.int(0, 3) {
			e.Properties[fmt.Sprintf("p%d", j)] = define.EventProperty{Type: g.typ(), Name: g.text2()}
		}
		e.Identity = g.perhaps("order_id")
		if g.flip() {
			e.Refunds = &define.Refunds{Event: "order_paid", Key: "order_id", Lines: []string{"item_bought"}}
		}
		c.Events[fmt.Sprintf("own_event_%d", i)] = e
	}
	if g.flip() {
		c.Synonyms["下单 了"] = "order_paid"
	}
}

// typ draws a type with what belongs to it.
func (g *Generator) typ() define.Type {
	t := define.Type{Name: pick(g, []define.TypeName{define.TypeText, define.TypeID, define.TypeNumber, define.TypeFloat, define.TypeMoney, define.TypeBoolean,
		define.TypeDate, define.TypeTime, define.TypeChoice})}
	scale := uint8(g.int(0, 4))
	switch t.Name {
	case define.TypeChoice:
		t.Values, t.Many = []string{"低", "yes", "高"}, g.int(0, 3) == 0
		t.Ordered = !t.Many && g.flip()
	case define.TypeText:
		t.Many = g.int(0, 3) == 0
	case define.TypeMoney:
		if t.Currency = g.perhaps("JPY", "USD"); g.flip() {
			t.Scale = &scale
		}
	case define.TypeNumber:
		if t.Unit = g.perhaps("kg"); g.flip() {
			t.Scale = &scale
		}
	}
	return t
}

func (g *Generator) tag(name string) define.Tag {
	tag := define.Tag{Header: g.header("tags", name), Value: g.Value(), Class: g.perhaps("consumption", "behaviour"), Category: g.perhaps("consumption.total"),
		Change: g.perhaps("dynamic", "static"), CustomerVisible: g.flip()}
	if len(g.Set.Scores) > 0 && g.int(0, 5) == 0 {
		tag.Value = define.ScoreValue{Score: one(g, g.Set.Scores)}
	}
	if g.int(0, 5) == 0 {
		t := g.typ()
		tag.Value = pick(g, []define.Value{define.ManualValue{Type: t, Values: t.Values}, define.ImportedValue{Type: t}})
	}
	if _, timed := tag.Value.(define.SinceEvent); !timed {
		if tag.KeepOnEmpty = g.flip(); g.flip() {
			tag.Expires = g.duration()
		}
	}
	return tag
}

func (g *Generator) segment(name string) define.Segment {
	s := define.Segment{Header: g.header("segments", name), Where: g.Condition()}
	if g.flip() {
		s.Exclude = g.Condition()
	}
	picks := func() []define.Picked {
		var out []define.Picked
		for i := range g.int(0, 2) {
			p := define.Picked{Customer: fmt.Sprintf("M%d", i), Author: "李四", Reason: pick(g, []string{"熟人", "- x"})}
			if g.flip() {
				at := pick(g, []define.TimePoint{dayPoint(g.int(20000, 20700)), {At: strata.Instant(g.int(1_700_000_000_000, 1_790_000_000_000)), HasAt: true}})
				p.Expires = &at
			}
			out = append(out, p)
		}
		return out
	}
	s.PickedIn, s.PickedOut = picks(), picks()
	if g.flip() {
		at := strata.Instant(g.int(1_700_000_000_000, 1_790_000_000_000))
		s.Snapshot = &at
		for range g.int(0, 2) {
			s.Stages = append(s.Stages, define.Stage{By: g.Value(), Keep: g.int(1, 1000)})
		}
	}
	return s
}

func (g *Generator) score(name string) define.Score {
	s := define.Score{Header: g.header("scores", name)}
	for range g.int(1, 3) {
		x := define.Signal{Select: g.Selection(true), Points: float64(g.int(-20, 20)) / 4}
		if g.flip() {
			x.Cap = float64(g.int(1, 30))
			if g.flip() {
				x.CapPer = g.duration()
			}
		}
		if g.flip() {
			x.Distinct, _ = g.property(x.Select.Events, nil)
		}
		s.Signals = append(s.Signals, x)
	}
	if g.flip() {
		s.HalfLife = g.duration()
	}
	if g.flip() {
		s.Alert = &define.Alert{AtLeast: float64(g.int(1, 100)), To: pick(g, []string{"responsible_staff", "店长"})}
		if g.flip() {
			s.Alert.Or = g.condition(1)
		}
		if g.flip() {
			s.Alert.AgainAfter = g.duration()
		}
	}
	return s
}

// models are tiers whose levels, and whatever else they leave out, the check
// fills in.
var models = []string{
	"{rfm: {}}", "{rfm: {within: 1y, score: median}}", "{rfm: {classes: grid}}", "{rfm: {classes: three, weights: [1, 0.5, 2]}}",
	"{rfm: {score: {top: {recency: {percent: 20}, frequency: {count: 100}, monetary: {percent: 12.5}}}}}",
	"{rfm: {classes: three, score: {breaks: {recency: [30, 90], frequency: [2, 5], monetary: [100, 500.5]}}}}",
	"{levels: [hi, lo], rfm: {score: {quantile: 2}, classes: grid, grid: [{level: hi, recency: [1, 2], frequency: 2}, {level: lo, recency: [1, 2], frequency: 1}]}}",
	"{aipl: {aware: {everyone: true}, interest: {everyone: true}, purchase: {everyone: true}, loyal: {everyone: true}}}",
	"{promotion: {promoted: {promoted: {is: true}}, self_found: {found: {is: self}}, by: store, within: 90d}}",
	"{levels: [a, b, c], funnel: [{everyone: true}, {everyone: true}, {everyone: true}]}",
}

// anyTier draws a tier by rules, by a score or by a model.
func (g *Generator) anyTier(name string) define.Tier {
	var t define.Tier
	switch g.int(0, 2) {
	case 0:
		t = g.tier(name)
	case 1:
		t = define.Tier{Levels: []define.Level{{ID: "热"}, {ID: "温"}, {ID: "冷"}}}
		if t.Score, t.ScoreAt = "", []strata.Value{strata.FloatOf(2.5), strata.FloatOf(60)}; len(g.Set.Scores) == 0 {
			return g.tier(name)
		}
		t.Score = one(g, g.Set.Scores)
	default:
		f, err := define.Parse("model.yaml", []byte("tiers: {t: "+pick(g, models)+"}"))
		if err != nil {
			panic(err)
		}
		set, _, err := define.Check(nil, f, strata.DefaultSettings())
		if err != nil {
			panic(err)
		}
		t = set.Tiers["t"]
		for i := range t.AIPL {
			t.AIPL[i].Where = g.condition(1)
		}
		for i := range t.Funnel {
			t.Funnel[i] = g.condition(1)
		}
	}
	t.Header = g.header("tiers", name)
	for i := range t.Levels {
		l := &t.Levels[i]
		l.Goal, l.Service, l.NoAction = g.perhaps("activity", "basket"), g.perhaps("1v1"), l.NoAction || g.int(0, 5) == 0
		if l.Name == (define.Text2{}) {
			l.Name, l.Meaning, l.Advice = g.text2(), g.text2(), g.text2()
		}
	}
	if g.flip() {
		t.AppliesTo = g.condition(1)
	}
	if g.flip() {
		t.AssignOn = []string{"wecom_added", "visit_*"}[:g.int(1, 2)]
		t.Sources = []string{"wecom_added"}
	}
	if g.flip() {
		t.Grace = g.duration()
	}
	for i := range t.Moves {
		if g.flip() {
			t.Moves[i].Since = &define.SinceEvent{Select: g.Selection(true), First: g.flip(), Unit: define.Day}
		}
		if g.flip() {
			t.Moves[i].Unless = g.condition(1)
		}
	}
	return t
}

// several draws a test of one to three comparisons, at most one of them of an
// order, so that they do not contradict each other.
func (g *Generator) several(t define.Type, ops []define.Op) define.Test {
	var out define.Test
	ordered := false
	for range g.int(1, 3) {
		op := pick(g, ops)
		if slices.ContainsFunc(out.Comparisons, func(c define.Comparison) bool { return c.Op == op }) {
			continue
		}
		if op >= define.AtLeast && op <= define.Between {
			if ordered {
				continue
			}
			ordered = true
		}
		out.Comparisons = append(out.Comparisons, g.compare(t, op).Comparisons...)
	}
	slices.SortFunc(out.Comparisons, func(x, y define.Comparison) int { return int(x.Op) - int(y.Op) })
	return out
}

// operand draws a literal of a type or an attribute that compares with it.
func (g *Generator) operand(t define.Type) define.Operand {
	if g.whole && g.int(0, 5) == 0 {
		var names []string
		for name, a := range g.Set.Catalogue.Attributes {
			if a.Type.Name == t.Name && !a.Type.Many {
				names = append(names, name)
			}
		}
		if slices.Sort(names); len(names) > 0 {
			return define.Operand{Attribute: pick(g, names)}
		}
	}
	return define.Operand{Literal: g.Literal(t)}
}
