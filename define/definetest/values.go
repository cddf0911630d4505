package definetest

import (
	"fmt"
	"slices"

	"strata"
	"strata/define"
)

// Value draws what computes a tag.
func (g *Generator) Value() define.Value {
	for {
		if v := g.value(2); v != nil {
			return v
		}
	}
}

func (g *Generator) value(depth int) define.Value {
	kinds := []struct {
		kind define.Value
		draw func(depth int) define.Value
	}{
		{define.AttributeValue{}, func(int) define.Value { return define.AttributeValue{Attribute: one(g, g.Set.Catalogue.Attributes)} }},
		{define.TagValue{}, func(int) define.Value {
			if len(g.Set.Tags) == 0 {
				return nil
			}
			return define.TagValue{Tag: one(g, g.Set.Tags)}
		}},
		{define.Aggregate{}, func(int) define.Value { return g.aggregate() }},
		{define.Touch{}, func(int) define.Value {
			v := define.Touch{First: g.flip(), Select: g.Selection(true)}
			if g.flip() {
				v.Of, _ = g.property(v.Select.Events, nil)
			}
			return v
		}},
		{define.Favourite{}, func(int) define.Value { return g.favourite() }},
		{define.SinceEvent{}, func(int) define.Value {
			return define.SinceEvent{Select: g.Selection(true), First: g.flip(), Unit: pick(g, []define.Unit{define.Hour, define.Day, define.Week, define.Month})}
		}},
		{define.GapValue{}, func(int) define.Value {
			return define.GapValue{Select: g.Selection(true), Stat: pick(g, []string{"avg", "median", "last"}), Unit: pick(g, []define.Unit{define.Hour, define.Day})}
		}},
		{define.Rules{}, func(int) define.Value { return g.rules() }},
		{define.FirstOf{}, func(depth int) define.Value {
			a := g.value(depth - 1)
			b := g.value(depth - 1)
			if a == nil || b == nil || define.TypeOf(g.Set, a).Kind() != define.TypeOf(g.Set, b).Kind() {
				return nil
			}
			return define.FirstOf{Of: []define.Value{a, b}}
		}},
		{define.Bands{}, func(depth int) define.Value { return g.bands(depth) }},
		{define.Rank{}, func(depth int) define.Value {
			of := g.ordered(depth)
			if of == nil {
				return nil
			}
			return define.Rank{Of: of, Percentile: g.flip(), Ascending: g.flip(), Among: g.among()}
		}},
		{define.Top{}, func(depth int) define.Value {
			of := g.ordered(depth)
			if of == nil {
				return nil
			}
			v := define.Top{Of: of, Among: g.among()}
			if g.flip() {
				v.Count = g.int(1, 100)
			} else {
				v.Percent = float64(g.int(1, 400)) / 4
			}
			return v
		}},
		{define.Composite{}, func(depth int) define.Value {
			v := define.Composite{Missing: pick(g, []string{"lowest", "median"}), Among: g.among()}
			for range g.int(1, 3) {
				if of := g.ordered(depth); of != nil {
					v.Parts = append(v.Parts, define.WeightedValue{Of: of, Weight: float64(g.int(1, 8)) / 4, Ascending: g.flip()})
				}
			}
			if len(v.Parts) == 0 {
				return nil
			}
			return v
		}},
		{define.Grid{}, func(depth int) define.Value { return g.grid(depth) }},
		{define.Ladder{}, func(depth int) define.Value {
			of := g.ordered(depth)
			if of == nil {
				return nil
			}
			return define.Ladder{Of: of, Steps: g.cuts(define.TypeOf(g.Set, of))}
		}},
		{define.ManualValue{}, func(int) define.Value {
			values := []string{"甲", "乙"}
			return define.ManualValue{Type: define.Type{Name: define.TypeChoice, Values: values}, Values: values}
		}},
		{define.ImportedValue{}, func(int) define.Value { return define.ImportedValue{Type: define.Type{Name: define.TypeNumber}} }},
		{define.ModelValue{}, func(int) define.Value { return define.ModelValue{Model: "churn"} }},
		{define.TierValue{}, func(int) define.Value {
			if len(g.Set.Tiers) == 0 {
				return nil
			}
			return define.TierValue{Tier: one(g, g.Set.Tiers)}
		}},
		{define.Formula{}, func(int) define.Value { return g.formula() }},
	}
	k := pick(g, kinds)
	if depth < 0 || g.o.Value != nil && !g.o.Value(k.kind) {
		return nil
	}
	return k.draw(depth)
}

func (g *Generator) among() define.Condition {
	if g.int(0, 3) > 0 {
		return nil
	}
	return g.condition(0)
}

func (g *Generator) aggregate() define.Value {
	v := define.Aggregate{Kind: define.MeasureKind(g.int(int(define.Times), int(define.DaysActive))), Select: g.Selection(true)}
	switch v.Kind {
	case define.Times, define.DaysActive:
		return v
	case define.Distinct:
		v.Of, _ = g.property(v.Select.Events, single)
	default:
		v.Of, _ = g.property(v.Select.Events, define.Type.Numeric)
	}
	if v.Of == "" {
		return nil
	}
	return v
}

func (g *Generator) favourite() define.Value {
	v := define.Favourite{Select: g.Selection(true), Top: g.int(1, 3), AtLeast: g.int(1, 3)}
	if v.By, _ = g.property(v.Select.Events, func(t define.Type) bool { return t.Name == define.TypeText && !t.Many }); v.By == "" {
		return nil
	}
	if g.flip() {
		if v.Of, _ = g.property(v.Select.Events, define.Type.Numeric); v.Of != "" {
			v.Sum = true
		}
	}
	return v
}

func (g *Generator) rules() define.Value {
	names := []strata.Value{strata.TextOf("高"), strata.TextOf("中"), strata.TextOf("低"), strata.TextOf("yes")}
	v := define.Rules{All: g.flip()}
	if g.int(0, 2) == 0 {
		names, v.All = []strata.Value{strata.BooleanOf(true), strata.BooleanOf(false)}, false
	}
	for range g.int(1, 3) {
		v.Rules = append(v.Rules, define.Rule{Name: pick(g, names), Where: g.condition(1)})
	}
	if g.flip() {
		v.Otherwise = pick(g, names)
	}
	return v
}

// ordered draws a value of numbers or dates; nil where none came up.
func (g *Generator) ordered(depth int) define.Value {
	for range 5 {
		if v := g.value(depth - 1); v != nil {
			if t := define.TypeOf(g.Set, v); t.Numeric() || t.Instantly() {
				return v
			}
		}
	}
	return nil
}

// cuts draws one to three rising literals.
func (g *Generator) cuts(t define.Type) []strata.Value {
	var out []strata.Value
	for range g.int(1, 3) {
		out = append(out, g.Literal(t))
	}
	slices.SortFunc(out, func(x, y strata.Value) int { n, _ := strata.Compare(x, y); return n })
	return slices.CompactFunc(out, strata.Equal)
}

func (g *Generator) bands(depth int) define.Value {
	of := g.ordered(depth)
	if of == nil {
		return nil
	}
	v := define.Bands{Of: of, Among: g.among()}
	n := 0
	switch g.int(0, 2) {
	case 0:
		v.At = g.cuts(define.TypeOf(g.Set, of))
		n = len(v.At)
	case 1:
		v.Percentiles = []float64{float64(g.int(1, 50)), float64(g.int(51, 99)) + 0.5}
		n = 2
	default:
		v.Natural = g.int(2, 4)
		n = v.Natural - 1
	}
	for i := range n + 1 {
		v.Labels = append(v.Labels, fmt.Sprintf("档%d", i))
	}
	return v
}

func (g *Generator) grid(depth int) define.Value {
	rows, _ := g.bands(depth).(define.Bands)
	columns, _ := g.bands(depth).(define.Bands)
	if rows.Of == nil || columns.Of == nil {
		return nil
	}
	v := define.Grid{Rows: rows, Columns: columns}
	for i := range rows.Labels {
		var row []string
		for j := range columns.Labels {
			row = append(row, fmt.Sprintf("格%d", (i+j)%3))
		}
		v.Cells = append(v.Cells, row)
	}
	return v
}

func (g *Generator) formula() define.Value {
	var numeric []string
	for name := range g.Set.Tags {
		if define.TypeOf(g.Set, define.TagValue{Tag: name}).Numeric() {
			numeric = append(numeric, name)
		}
	}
	if len(numeric) == 0 {
		return nil
	}
	slices.Sort(numeric)
	x, y := define.NameExpr{Name: pick(g, numeric)}, define.NameExpr{Name: pick(g, numeric)}
	return pick(g, []define.Value{
		define.Formula{Text: x.Name + " / " + y.Name, Expr: define.BinaryExpr{Op: "/", X: x, Y: y}},
		define.Formula{Text: "max(" + x.Name + ", -" + y.Name + ")", Expr: define.CallExpr{Func: "max", Args: []define.Expr{x, define.UnaryExpr{Op: "-", X: y}}}},
		define.Formula{Text: x.Name + " >= " + y.Name + " * 2", Expr: define.BinaryExpr{Op: ">=", X: x,
			Y: define.BinaryExpr{Op: "*", X: y, Y: define.NumberExpr{Value: strata.NumberOf(2, 0)}}}},
	})
}

func (g *Generator) tier(name string) define.Tier {
	t := define.Tier{Header: header("tiers", name), Highest: g.flip(), Otherwise: "C"}
	for _, id := range []string{"S", "A", "B", "C"} {
		t.Levels = append(t.Levels, define.Level{ID: id, Name: define.Text2{Zh: "级" + id}, NoAction: id == "C"})
	}
	for range g.int(1, 3) {
		t.Rules = append(t.Rules, define.LevelRule{Level: pick(g, []string{"S", "A", "B"}), Where: g.condition(1)})
	}
	if g.flip() {
		t.Hold = g.duration()
	}
	if g.flip() {
		t.Moves = []define.Move{{From: []string{"S", "A"}, To: "B", After: g.duration()}}
	}
	return t
}
