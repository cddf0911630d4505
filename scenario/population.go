package scenario

import (
	"math"
	"slices"

	"strata"
	"strata/define"
)

// band returns the index of the band a value falls in, -1 for none.
func (v view) band(x define.Bands, at place) int {
	of := v.value(x.Of, at)
	if of.IsMissing() {
		return -1
	}
	if len(x.At) > 0 {
		n := 0
		for _, cut := range x.At { // [a, b): a value on a cut is in the upper band
			if order, ok := strata.Compare(cut, of); ok && order <= 0 {
				n++
			}
		}
		return n
	}
	cuts := v.cuts(at)
	if len(cuts) == 0 {
		return -1
	}
	return strictlyBelow(cuts, of.Float64())
}

func strictlyBelow(cuts []float64, value float64) int {
	n := 0
	for _, cut := range cuts {
		if cut < value {
			n++
		}
	}
	return n
}

// cuts returns the cut points in force for one part of a definition: the
// latest calibration at or before the instant; before the first of those that
// the answer knows, that first one; where there is none at all, one made from
// everyone as of the answer's instant.
func (v view) cuts(at place) []float64 {
	var best, first *define.Calibration
	for i := range v.w.Calibrations {
		c := &v.w.Calibrations[i]
		if c.Kind != at.ref.Kind || c.Name != at.ref.Name || c.At > v.answer {
			continue
		}
		if c.At <= v.asOf && (best == nil || c.At >= best.At) {
			best = c
		}
		if first == nil || c.At < first.At {
			first = c
		}
	}
	switch {
	case best != nil:
		return best.Cuts[at.part]
	case first != nil:
		return first.Cuts[at.part]
	}
	return v.w.Calibrate(at.ref, v.answer).Cuts[at.part]
}

// Calibrate computes the cut points of one definition from everyone as of an
// instant. It is plain and slow, and stores nothing.
func (w *World) Calibrate(ref define.Ref, asOf strata.Instant) define.Calibration {
	made := define.Calibration{Kind: ref.Kind, Name: ref.Name, At: asOf, Cuts: map[string][]float64{}}
	collect := func(part string, valueOf func(v view) strata.Value, cuts func(sorted []float64) []float64) {
		var values []float64
		for _, id := range w.names() {
			if found := valueOf(w.view(id, asOf)); !found.IsMissing() {
				values = append(values, found.Float64())
			}
		}
		slices.Sort(values)
		made.People = max(made.People, len(values))
		if len(values) > 0 {
			made.Cuts[part] = cuts(values)
		}
	}
	bands := func(x define.Bands, part string) {
		if len(x.At) > 0 {
			return
		}
		valueOf := func(v view) strata.Value {
			if x.Among != nil && !v.condition(x.Among) {
				return strata.Value{}
			}
			return v.value(x.Of, place{ref, part})
		}
		collect(part, valueOf, func(sorted []float64) []float64 {
			if x.Natural > 0 {
				return naturalBreaks(sorted, x.Natural)
			}
			var cuts []float64
			for _, p := range x.Percentiles {
				cuts = append(cuts, quantile(sorted, p/100))
			}
			return cuts
		})
	}
	all := func(sorted []float64) []float64 { return sorted }
	switch ref.Kind {
	case "tag":
		switch x := w.setAt(asOf).Tags[ref.Name].Value.(type) {
		case define.Bands:
			bands(x, "")
		case define.Grid:
			bands(x.Rows, "rows")
			bands(x.Columns, "columns")
		case define.Rank, define.Top, define.Composite:
			for _, p := range rankedParts(x) {
				collect(p.name, func(v view) strata.Value {
					if p.among != nil && !v.condition(p.among) {
						return strata.Value{}
					}
					return v.value(p.of, place{ref, p.name})
				}, all)
			}
		}
	case "tier":
		d := w.setAt(asOf).Tiers[ref.Name]
		if d.RFM == nil {
			break
		}
		for i, value := range [3]define.Value{d.RFM.Recency, d.RFM.Frequency, d.RFM.Monetary} {
			valueOf := func(v view) strata.Value {
				if d.AppliesTo != nil && !v.condition(d.AppliesTo) || v.value(d.RFM.Recency, place{ref, ""}).IsMissing() {
					return strata.Value{}
				}
				return v.value(value, place{ref, ""})
			}
			collect(rfmParts[i], valueOf, func(sorted []float64) []float64 { return rfmCuts(d.RFM.Score, i, sorted) })
		}
	}
	return made
}

// naturalBreaks are the k-1 cuts between k groups with the least sum of
// squared deviations from their means (Fisher 1958; Jenks): each cut is the
// largest value of the lower group.
func naturalBreaks(sorted []float64, k int) []float64 {
	values := slices.Compact(slices.Clone(sorted))
	if len(values) <= k {
		return values[:max(len(values)-1, 0)]
	}
	weight := map[float64]float64{}
	for _, value := range sorted {
		weight[value]++
	}
	cost := func(from, to int) float64 { // of values[from:to] in one group
		n, sum, squares := 0.0, 0.0, 0.0
		for _, value := range values[from:to] {
			n += weight[value]
			sum += weight[value] * value
			squares += weight[value] * value * value
		}
		return squares - sum*sum/n
	}
	best := make([][]float64, k+1) // by groups and values
	from := make([][]int, k+1)
	for g := range best {
		best[g] = make([]float64, len(values)+1)
		from[g] = make([]int, len(values)+1)
		for n := range best[g] {
			best[g][n] = math.Inf(1)
		}
	}
	best[0][0] = 0
	for g := 1; g <= k; g++ {
		for n := g; n <= len(values); n++ {
			for start := g - 1; start < n; start++ {
				if c := best[g-1][start] + cost(start, n); c < best[g][n] {
					best[g][n], from[g][n] = c, start
				}
			}
		}
	}
	var cuts []float64
	for g, n := k, len(values); g > 1; g-- {
		n = from[g][n]
		cuts = append(cuts, values[n-1])
	}
	slices.Reverse(cuts)
	return cuts
}

// rankedPart is a value whose whole distribution is the calibration.
type rankedPart struct {
	name      string
	of        define.Value
	among     define.Condition
	ascending bool
}

func rankedParts(value define.Value) []rankedPart {
	switch x := value.(type) {
	case define.Rank:
		return []rankedPart{{"", x.Of, x.Among, x.Ascending}}
	case define.Top:
		return []rankedPart{{"", x.Of, x.Among, false}}
	case define.Composite:
		var parts []rankedPart
		for i, p := range x.Parts {
			parts = append(parts, rankedPart{"part" + string(rune('0'+i)), p.Of, x.Among, p.Ascending})
		}
		return parts
	}
	return nil
}

// ranked is the kinds that compare a value with everyone's.
func (v view) ranked(value define.Value, at place) strata.Value {
	percentile := func(p rankedPart, missing string) (float64, bool) {
		everyone := v.cuts(place{at.ref, p.name})
		if p.among != nil && !v.condition(p.among) || len(everyone) == 0 {
			return 0, false
		}
		found := v.value(p.of, at)
		mine := found.Float64()
		if found.IsMissing() {
			switch missing {
			case "lowest":
				return 0, true
			case "median":
				mine = quantile(everyone, 0.5)
			default:
				return 0, false
			}
		}
		better, equal := 0, 0
		for _, other := range everyone {
			switch {
			case other == mine:
				equal++
			case (other > mine) != p.ascending:
				better++
			}
		}
		below := len(everyone) - better - equal
		return 100 * (float64(below) + float64(equal)/2) / float64(len(everyone)), true
	}
	switch x := value.(type) {
	case define.Rank:
		part := rankedParts(x)[0]
		if x.Percentile {
			if p, ok := percentile(part, ""); ok {
				return strata.FloatOf(p)
			}
			return strata.Value{}
		}
		found := v.value(x.Of, at)
		if found.IsMissing() || x.Among != nil && !v.condition(x.Among) {
			return strata.Value{}
		}
		rank := int64(1)
		for _, other := range v.cuts(place{at.ref, ""}) {
			if mine := found.Float64(); other != mine && (other > mine) != x.Ascending {
				rank++
			}
		}
		return strata.NumberOf(rank, 0)
	case define.Top:
		found := v.value(x.Of, at)
		everyone := v.cuts(place{at.ref, ""})
		n := x.Count
		if n == 0 {
			n = int(math.Ceil(float64(len(everyone)) * x.Percent / 100))
		}
		if found.IsMissing() || len(everyone) == 0 || n == 0 || x.Among != nil && !v.condition(x.Among) {
			return strata.BooleanOf(false)
		}
		return strata.BooleanOf(found.Float64() >= everyone[max(len(everyone)-n, 0)])
	case define.Composite:
		total, weights := 0.0, 0.0
		for i, part := range rankedParts(x) {
			p, ok := percentile(part, x.Missing)
			if !ok {
				return strata.Value{}
			}
			total += x.Parts[i].Weight * p
			weights += x.Parts[i].Weight
		}
		return strata.FloatOf(total / weights)
	}
	return strata.Value{}
}
