package scenario

import (
	"math"
	"slices"
	"strconv"

	"strata"
	"strata/define"
)

// band returns the index of the band a value falls in, -1 for none.
func (v view) band(x define.Bands, at place) int {
	of := v.value(x.Of, at.child("of"))
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
	made, _ := v.w.calibrate(at, v.answer)
	return made
}

// Calibrate computes the cut points of one definition from everyone as of an
// instant. It is plain and slow, and stores nothing.
func (w *World) Calibrate(ref define.Ref, asOf strata.Instant) define.Calibration {
	made := define.Calibration{Kind: ref.Kind, Name: ref.Name, At: asOf, Cuts: map[string][]float64{}}
	for _, p := range populations(w.setAt(asOf), ref) {
		cuts, people := w.calibrate(p.at, asOf)
		if people > 0 {
			made.Cuts[p.at.part] = cuts
		}
		made.People = max(made.People, people)
	}
	return made
}

// made are the cut points of a part that were made for an answer, kept
// because everybody's answer needs them.
type made struct {
	cuts   []float64
	people int
}

// madeKey says what was made, and how many calibrations were known then.
type madeKey struct {
	at     place
	asOf   strata.Instant
	stored int
}

// calibrate makes the cut points of one part from everyone who has a value.
func (w *World) calibrate(at place, asOf strata.Instant) (cuts []float64, people int) {
	key := madeKey{at, asOf, len(w.Calibrations)}
	if known, ok := w.made[key]; ok {
		return known.cuts, known.people
	}
	all := populations(w.setAt(asOf), at.ref)
	i := slices.IndexFunc(all, func(p population) bool { return p.at == at })
	if i < 0 {
		return nil, 0
	}
	var values []float64
	for _, id := range w.names() {
		if found := all[i].of(w.view(id, asOf)); !found.IsMissing() {
			values = append(values, found.Float64())
		}
	}
	slices.Sort(values)
	if len(values) > 0 {
		cuts = all[i].cuts(values)
	}
	if w.made == nil {
		w.made = map[madeKey]made{}
	}
	w.made[key] = made{cuts, len(values)}
	return cuts, len(values)
}

// population is one part of a definition whose cut points come from everyone.
type population struct {
	at   place
	of   func(view) strata.Value // missing where somebody does not belong to it
	cuts func(sorted []float64) []float64
}

// populations returns the parts of a definition that are calibrated.
func populations(set *define.Set, ref define.Ref) []population {
	var out []population
	add := func(at place, value define.Value, among define.Condition, cuts func([]float64) []float64) {
		out = append(out, population{at, func(v view) strata.Value {
			if among != nil && !v.condition(among) {
				return strata.Value{}
			}
			return v.value(value, at.child("of"))
		}, cuts})
	}
	whole := func(sorted []float64) []float64 { return sorted }
	var walk func(value define.Value, at place)
	bands := func(x define.Bands, at place) {
		walk(x.Of, at.child("of"))
		switch {
		case x.Natural > 0:
			add(at, x.Of, x.Among, func(sorted []float64) []float64 { return naturalBreaks(sorted, x.Natural) })
		case len(x.Percentiles) > 0:
			add(at, x.Of, x.Among, func(sorted []float64) []float64 {
				var cuts []float64
				for _, p := range x.Percentiles {
					cuts = append(cuts, quantile(sorted, p/100))
				}
				return cuts
			})
		}
	}
	walk = func(value define.Value, at place) {
		switch x := value.(type) {
		case define.FirstOf:
			for i, part := range x.Of {
				walk(part, at.child(strconv.Itoa(i)))
			}
		case define.Ladder:
			walk(x.Of, at.child("of"))
		case define.Bands:
			bands(x, at)
		case define.Grid:
			bands(x.Rows, at.child("rows"))
			bands(x.Columns, at.child("columns"))
		case define.Rank, define.Top, define.Composite:
			for _, p := range rankedParts(x, at) {
				walk(p.of, p.at.child("of"))
				add(p.at, p.of, p.among, whole)
			}
		}
	}
	switch ref.Kind {
	case "tag":
		walk(set.Tags[ref.Name].Value, place{ref, ""})
	case "segment":
		for i, stage := range set.Segments[ref.Name].Stages {
			walk(stage.By, place{ref, "stage" + strconv.Itoa(i)})
		}
	case "tier":
		if d := set.Tiers[ref.Name]; d.RFM != nil {
			for i, value := range [3]define.Value{d.RFM.Recency, d.RFM.Frequency, d.RFM.Monetary} {
				at := place{ref, rfmParts[i]}
				walk(value, at.child("of"))
				out = append(out, population{at, func(v view) strata.Value {
					if d.AppliesTo != nil && !v.condition(d.AppliesTo) || v.value(d.RFM.Recency, place{ref, rfmParts[0]}.child("of")).IsMissing() {
						return strata.Value{}
					}
					return v.value(value, at.child("of"))
				}, func(sorted []float64) []float64 { return rfmCuts(d.RFM.Score, i, sorted) }})
			}
		}
	}
	return out
}

// naturalBreaks are the k-1 cuts between k groups with the least sum of
// squared deviations from their means (Fisher 1958; Jenks): each cut is the
// largest value of the lower group. Of equal choices it is the lowest cuts.
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
	same := 1e-9 * cost(0, len(values)) // sums this near are equal, and the lowest cut is taken
	for g := 1; g <= k; g++ {
		for n := g; n <= len(values); n++ {
			for start := n - 1; start >= g-1; start-- {
				if c := best[g-1][start] + cost(start, n); c <= best[g][n]+same {
					best[g][n], from[g][n] = min(c, best[g][n]), start
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
	at        place
	of        define.Value
	among     define.Condition
	ascending bool
}

func rankedParts(value define.Value, at place) []rankedPart {
	switch x := value.(type) {
	case define.Rank:
		return []rankedPart{{at, x.Of, x.Among, x.Ascending}}
	case define.Top:
		return []rankedPart{{at, x.Of, x.Among, false}}
	case define.Composite:
		var parts []rankedPart
		for i, p := range x.Parts {
			parts = append(parts, rankedPart{at.child("part" + strconv.Itoa(i)), p.Of, x.Among, p.Ascending})
		}
		return parts
	}
	return nil
}

// ranked is the kinds that compare a value with everyone's.
func (v view) ranked(value define.Value, at place) strata.Value {
	parts := rankedParts(value, at)
	if among := parts[0].among; among != nil && !v.condition(among) {
		if _, isTop := value.(define.Top); isTop {
			return strata.BooleanOf(false)
		}
		return strata.Value{}
	}
	switch x := value.(type) {
	case define.Rank:
		mine, everyone := v.value(x.Of, at.child("of")), v.cuts(at)
		if mine.IsMissing() || len(everyone) == 0 {
			return strata.Value{}
		}
		if x.Percentile {
			return strata.FloatOf(percentile(mine.Float64(), everyone, x.Ascending))
		}
		better, _ := against(mine.Float64(), everyone, x.Ascending)
		return strata.NumberOf(int64(1+better), 0)
	case define.Top:
		mine, everyone := v.value(x.Of, at.child("of")), v.cuts(at)
		n := x.Count
		if n == 0 {
			n = int(math.Ceil(float64(len(everyone)) * x.Percent / 100))
		}
		if mine.IsMissing() || len(everyone) == 0 || n == 0 {
			return strata.BooleanOf(false)
		}
		return strata.BooleanOf(mine.Float64() >= everyone[max(len(everyone)-n, 0)])
	case define.Composite:
		total, weights := 0.0, 0.0
		for i, part := range parts {
			p := 0.0 // the lowest
			mine, everyone := v.value(part.of, part.at.child("of")), v.cuts(part.at)
			switch {
			case mine.IsMissing() && x.Missing == "lowest":
			case len(everyone) == 0:
				return strata.Value{}
			case mine.IsMissing():
				p = percentile(quantile(everyone, 0.5), everyone, part.ascending)
			default:
				p = percentile(mine.Float64(), everyone, part.ascending)
			}
			total += x.Parts[i].Weight * p
			weights += x.Parts[i].Weight
		}
		return strata.FloatOf(total / weights)
	}
	return strata.Value{}
}

// against counts those who are better than mine, and those who are equal.
func against(mine float64, everyone []float64, ascending bool) (better, equal int) {
	for _, other := range everyone {
		switch {
		case other == mine:
			equal++
		case (other > mine) != ascending:
			better++
		}
	}
	return better, equal
}

func percentile(mine float64, everyone []float64, ascending bool) float64 {
	better, equal := against(mine, everyone, ascending)
	below := len(everyone) - better - equal
	return 100 * (float64(below) + float64(equal)/2) / float64(len(everyone))
}
