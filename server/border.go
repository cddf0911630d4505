package server

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/cespare/xxhash/v2"

	"strata"
	"strata/audience"
	"strata/compute"
	"strata/define"
	"strata/publish"
)

// byHash orders customers in a way that is the same each time and says
// nothing.
func byHash(n strata.CustomerID) uint64 {
	return xxhash.Sum64(binary.BigEndian.AppendUint32(nil, uint32(n)))
}

// scattered are at most so many of a set, by hash.
func scattered(set *roaring.Bitmap, most int) []strata.CustomerID {
	return nearest(set, most, func(strata.CustomerID) float64 { return 0 })
}

// nearest are at most so many of a set with the least distance, equal ones by
// hash.
func nearest(set *roaring.Bitmap, most int, distance func(strata.CustomerID) float64) []strata.CustomerID {
	type candidate struct {
		n        strata.CustomerID
		distance float64
		hash     uint64
	}
	compare := func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.hash, b.hash))
	}
	var best []candidate // sorted
	for it := set.Iterator(); it.HasNext(); {
		n := strata.CustomerID(it.Next())
		x := candidate{n, distance(n), byHash(n)}
		if len(best) == most && compare(x, best[most-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, x, compare)
		best = slices.Insert(best, at, x)
		best = best[:min(len(best), most)]
	}
	out := []strata.CustomerID{}
	for _, x := range best {
		out = append(out, x.n)
	}
	return out
}

// pickMatching are a sample of those whom a definition holds: of a tag or
// tier some of each value, in turn.
func pickMatching(a *compute.Answer, ref define.Ref) []strata.CustomerID {
	holders := publish.Holders(a, ref)
	answer := func(n strata.CustomerID) string { return "" }
	switch ref.Kind {
	case "tag":
		answer = func(n strata.CustomerID) string { return a.Tags[ref.Name].Get(n).String() }
	case "tier":
		answer = func(n strata.CustomerID) string {
			_, i := a.Tiers[ref.Name].Get(n)
			return string(rune('a' + i))
		}
	}
	groups := map[string][]strata.CustomerID{}
	var answers []string
	for _, n := range scattered(holders, 2000) { // enough to meet every value that is not rare
		text := answer(n)
		if groups[text] == nil {
			answers = append(answers, text)
		}
		groups[text] = append(groups[text], n)
	}
	if ref.Kind == "tier" {
		slices.Sort(answers) // best first
	}
	out := []strata.CustomerID{}
	for round := 0; len(out) < sampleSize && round < sampleSize; round++ {
		for _, text := range answers {
			if round < len(groups[text]) && len(out) < sampleSize {
				out = append(out, groups[text][round])
			}
		}
	}
	return out
}

// border is a sample of those whom a definition does not hold, those first
// who lack the least: the fewest conditions, and of a number the smallest
// part of it.
func (c *console) border(ctx context.Context, a *compute.Answer, ref define.Ref) ([]strata.CustomerID, error) {
	others := roaring.AndNot(a.Everyone, publish.Holders(a, ref))
	b := &borders{set: a.Set.Only(ref)}
	var far distance
	switch ref.Kind {
	case "segment":
		far = b.segment(ref.Name)
	case "tier":
		if only := a.Set.Tiers[ref.Name].AppliesTo; only != nil {
			far = b.condition(only)
		}
	}
	if far == nil || others.IsEmpty() {
		return scattered(others, sampleSize), nil
	}
	table, err := c.Engine.Evaluate(ctx, b.set, a.AsOf)
	if err != nil {
		return nil, fmt.Errorf("evaluating the parts of %s: %w", ref, err)
	}
	return nearest(others, sampleSize, func(n strata.CustomerID) float64 { return far(table.Table, n) }), nil
}

// distance is how much a customer lacks for a condition: 0 where it holds.
type distance func(t *audience.Table, n strata.CustomerID) float64

// borders adds the parts of conditions to a set, each as a definition of its
// own, so that one evaluation tells them all.
type borders struct {
	set   *define.Set
	parts int
	depth int
}

// name is one that no definition has.
func (b *borders) name() string {
	b.parts++
	return fmt.Sprintf("~%d", b.parts)
}

// maxNested is how deep the conditions of other segments are looked into.
const maxNested = 4

func (b *borders) segment(name string) distance {
	d := b.set.Segments[name]
	far := b.condition(d.Where)
	if d.Exclude == nil {
		return far
	}
	return total([]distance{far, b.condition(define.Not{Of: d.Exclude})})
}

func (b *borders) condition(cond define.Condition) distance {
	switch x := cond.(type) {
	case define.All:
		return total(b.conditions(x.Of))
	case define.Any:
		return least(b.conditions(x.Of))
	case define.InSegment:
		if _, known := b.set.Segments[x.Segment]; known && b.depth < maxNested {
			b.depth++
			defer func() { b.depth-- }()
			return b.segment(x.Segment)
		}
	}
	holds := b.holds(cond)
	value, test := measured(cond)
	if value == nil {
		return holds
	}
	bound, found := boundOf(test)
	if !found {
		return holds
	}
	tag := b.name()
	b.set.Tags[tag] = define.Tag{Value: value}
	return func(t *audience.Table, n strata.CustomerID) float64 {
		if holds(t, n) == 0 {
			return 0
		}
		v := t.Tags[tag].Get(n)
		if v.IsMissing() || !v.Numeric() {
			return 1
		}
		gap := math.Abs(v.Float64()-bound) / max(math.Abs(bound), 1)
		return gap / (1 + gap) // below 1: closer than one who has nothing of it
	}
}

func (b *borders) conditions(of []define.Condition) []distance {
	out := make([]distance, len(of))
	for i, c := range of {
		out[i] = b.condition(c)
	}
	return out
}

// holds is 0 where the condition is true and else 1.
func (b *borders) holds(cond define.Condition) distance {
	segment := b.name()
	b.set.Segments[segment] = define.Segment{Where: cond}
	return func(t *audience.Table, n strata.CustomerID) float64 {
		if t.Segments[segment].Contains(uint32(n)) {
			return 0
		}
		return 1
	}
}

func total(of []distance) distance {
	return func(t *audience.Table, n strata.CustomerID) float64 {
		sum := 0.0
		for _, d := range of {
			sum += d(t, n)
		}
		return sum
	}
}

func least(of []distance) distance {
	return func(t *audience.Table, n strata.CustomerID) float64 {
		best := math.Inf(1)
		for _, d := range of {
			best = min(best, d(t, n))
		}
		return best
	}
}

// measured is the value that a condition compares, nil where it is not one
// value, and the comparison.
func measured(cond define.Condition) (define.Value, define.Test) {
	switch x := cond.(type) {
	case define.TagIs:
		if x.Since == nil && x.Changed == nil && x.For == nil {
			return define.TagValue{Tag: x.Tag}, x.Test
		}
	case define.AttributeIs:
		if x.For == nil {
			return define.AttributeValue{Attribute: x.Attribute}, x.Test
		}
	case define.EventDid:
		switch x.Measure.Kind {
		case define.First, define.Last, define.Gap:
		default:
			return define.Aggregate{Kind: x.Measure.Kind, Select: x.Select, Of: x.Measure.Of}, x.Measure.Test
		}
	}
	return nil, define.Test{}
}

// boundOf is the first number that a test compares with.
func boundOf(t define.Test) (float64, bool) {
	for _, c := range t.Comparisons {
		for _, o := range c.Operands {
			if o.Literal.Numeric() {
				return o.Literal.Float64(), true
			}
		}
	}
	return 0, false
}
