package compute_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"strata"
	"strata/define"
	"strata/scenario"
)

// manual adds tags set by hand, and what stands on them.
func (g historian) manual(set *define.Set) {
	grade := define.Type{Name: define.TypeChoice, Values: []string{"丙", "乙", "甲"}, Ordered: true}
	for i, t := range []define.Type{grade, {Name: define.TypeNumber}, {Name: define.TypeText, Many: true}} {
		set.Tags[fmt.Sprintf("manual_%d", i)] = define.Tag{Value: define.ManualValue{Type: t, Values: t.Values}}
	}
	set.Segments["manual_3"] = define.Segment{Where: define.TagIs{Tag: "manual_0", Test: define.Test{
		Comparisons: []define.Comparison{{Op: define.AtLeast, Operands: []define.Operand{{Literal: strata.TextOf("乙")}}}}}}}
	set.Tags["manual_4"] = define.Tag{Value: define.FirstOf{Of: []define.Value{define.ManualValue{Type: define.Type{Name: define.TypeText}}, define.AttributeValue{Attribute: "city"}}}}
}

// marks draws entries by hand for the tags of a set: several at one instant,
// some taken away, some that expire.
func (g historian) marks(set *define.Set, people map[string]*scenario.Person) {
	for _, customer := range slices.Sorted(maps.Keys(people)) {
		p := people[customer]
		for _, name := range slices.Sorted(maps.Keys(set.Tags)) {
			t := define.TypeOf(set, set.Tags[name].Value)
			if v, by := set.Tags[name].Value.(define.ManualValue); by {
				t = v.Type
			} else if name != "manual_4" {
				continue
			}
			for range g.IntN(4) {
				m := scenario.Manual{Tag: name, At: g.instant(), Author: "a", Reason: "b"}
				if k := len(p.Manual); k > 0 && g.IntN(4) == 0 {
					m.At = p.Manual[k-1].At
				}
				if g.IntN(5) > 0 {
					m.Value = g.value(t)
				}
				if g.IntN(2) == 0 {
					m.Expires = m.At + pick(g, []strata.Instant{1, 3600_000, 86400_000, 40 * 86400_000})
				}
				p.Manual = append(p.Manual, m)
			}
		}
	}
}

// marked prints a person's entries by hand for a report.
func marked(p *scenario.Person, zone *time.Location) string {
	var b strings.Builder
	for _, m := range p.Manual {
		fmt.Fprintf(&b, "  %s %s:=%s", m.At.In(zone).Format(time.RFC3339Nano), m.Tag, m.Value)
		if m.Expires != 0 {
			fmt.Fprintf(&b, " until %s", m.Expires.In(zone).Format(time.RFC3339Nano))
		}
		b.WriteString("\n")
	}
	return b.String()
}
