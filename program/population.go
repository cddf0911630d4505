package program

import (
	"slices"

	"strata"
	"strata/define"
)

// Quantile is type 7 (Hyndman and Fan 1996; the default of R and NumPy) of
// ascending values, for q in [0, 1]. No values give NaN.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return nan
	}
	h := float64(len(sorted)-1) * q
	i := int(h)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}

// below returns the number of cuts strictly below a value, so that a value on
// a cut is in the lower band.
func below(cuts []float64, v float64) int {
	n := 0
	for _, cut := range cuts {
		if cut < v {
			n++
		}
	}
	return n
}

// in compiles something that stands a step below in the definition.
func (c *compiler) in(step string, compile func()) {
	above := c.part
	if c.part = step; above != "" {
		c.part = above + "." + step
	}
	compile()
	c.part = above
}

// child compiles a value that stands a step below.
func (c *compiler) child(step string, v define.Value) (value valueFunc) {
	c.in(step, func() { value = c.value(v) })
	return value
}

// grownChild is child where only some completed numbers of a time since an
// event matter.
func (c *compiler) grownChild(step string, v define.Value, matters turns) (value valueFunc) {
	c.in(step, func() { value = c.grown(v, matters) })
	return value
}

// populate declares the part of the definition being compiled whose cuts come
// from everyone's values, and compiles those. The returned function gives the
// cuts in force.
func (c *compiler) populate(of define.Value, among boolFunc, cuts func([]float64) []float64) (valueFunc, func(*frame) []float64) {
	if c.populating {
		c.unsupported("cut points from everyone inside others")
	}
	ref, part := c.ref, c.part
	at := 0
	inForce := func(f *frame) []float64 { return f.cuts[at] }
	c.populating = true
	value := c.grownChild("of", of, amongCuts(inForce))
	c.populating = false
	at = len(c.population)
	c.population = append(c.population, Population{Ref: ref, Part: part, value: value, among: among, Cuts: cuts})
	return value, inForce
}

// among compiles a population's condition; nil = everyone.
func (c *compiler) among(condition define.Condition) boolFunc {
	if condition == nil {
		return nil
	}
	return c.condition(condition)
}

// bands compiles to the index of the band, -1 for a missing value.
func (c *compiler) bands(x define.Bands) func(*frame) int {
	if len(x.At) > 0 {
		of := c.grownChild("of", x.Of, literalSteps(x.At).turns)
		return func(f *frame) int { // [a, b)
			v := of(f)
			if v.IsMissing() {
				return -1
			}
			n := 0
			for _, cut := range x.At {
				if order, ok := strata.Compare(cut, v); ok && order <= 0 {
					n++
				}
			}
			return n
		}
	}
	of, cuts := c.populate(x.Of, c.among(x.Among), func(sorted []float64) []float64 {
		if x.Natural > 0 {
			return NaturalBreaks(sorted, x.Natural)
		}
		out := make([]float64, len(x.Percentiles))
		for i, p := range x.Percentiles {
			out[i] = Quantile(sorted, p/100)
		}
		return out
	})
	return func(f *frame) int {
		v, cuts := of(f), cuts(f)
		if v.IsMissing() || len(cuts) == 0 {
			return -1
		}
		return below(cuts, v.Float64())
	}
}

func (c *compiler) tier(d define.Tier) func(*frame) int {
	if d.Overlapping {
		c.unsupported("overlapping")
	}
	if d.Promotion != nil {
		c.unsupported("promotion")
	}
	if d.Score != "" {
		c.unsupported("score")
	}
	var level func(*frame) int
	switch {
	case d.RFM != nil:
		level = c.rfm(d)
	case len(d.AIPL) > 0: // the furthest stage first
		d.Rules = d.AIPL
		level = c.levelRules(d)
	case len(d.Funnel) > 0: // the first step is that of the last level
		for i, where := range slices.Backward(d.Funnel) {
			d.Rules = append(d.Rules, define.LevelRule{Level: d.Levels[len(d.Levels)-1-i].ID, Where: where})
		}
		level = c.levelRules(d)
	default:
		level = c.levelRules(d)
	}
	if d.AppliesTo == nil {
		return level
	}
	applies := c.condition(d.AppliesTo)
	return func(f *frame) int {
		if !applies(f) {
			return -1
		}
		return level(f)
	}
}

func levelIndex(d define.Tier, id string) int {
	return slices.IndexFunc(d.Levels, func(l define.Level) bool { return l.ID == id })
}

func (c *compiler) levelRules(d define.Tier) func(*frame) int {
	where := make([]boolFunc, len(d.Rules))
	level := make([]int, len(d.Rules))
	for i, r := range d.Rules {
		where[i], level[i] = c.condition(r.Where), levelIndex(d, r.Level)
	}
	otherwise := levelIndex(d, d.Otherwise)
	return func(f *frame) int {
		best := -1
		for i := range where {
			if (best < 0 || level[i] < best) && where[i](f) {
				best = level[i]
				if !d.Highest {
					return best
				}
			}
		}
		if best < 0 {
			return otherwise
		}
		return best
	}
}

// scorer gives a score from 1 (worst) to its number of scores, 0 = missing.
type scorer struct {
	scores int
	of     func(*frame) int
}

func (c *compiler) rfm(d define.Tier) func(*frame) int {
	x := *d.RFM
	values := [3]define.Value{x.Recency, x.Frequency, x.Monetary}
	names := [3]string{"recency", "frequency", "monetary"}
	var recency valueFunc
	c.in(names[0], func() { recency = c.grownChild("of", values[0], noUnit) })
	valued := func(f *frame) bool { return !recency(f).IsMissing() }
	if d.AppliesTo != nil {
		applies := c.condition(d.AppliesTo)
		valued = func(f *frame) bool { return applies(f) && !recency(f).IsMissing() }
	}
	var scorers [3]scorer
	for i := range values {
		c.in(names[i], func() { scorers[i] = c.scorer(x, i, values[i], valued) })
	}
	level := rfmLevel(d, x, [3]int{scorers[0].scores, scorers[1].scores, scorers[2].scores})
	return func(f *frame) int {
		if recency(f).IsMissing() {
			return -1
		}
		var scores [3]int
		for i := range scorers {
			if scores[i] = scorers[i].of(f); scores[i] == 0 {
				return -1
			}
		}
		return level(scores)
	}
}

// scorer compiles one of recency (0), frequency (1) and monetary value (2).
// Recency is reversed: fewer days score higher.
func (c *compiler) scorer(x define.RFM, dimension int, of define.Value, valued boolFunc) scorer {
	reversed := dimension == 0
	byCuts := func(scores int, value valueFunc, cuts func(*frame) []float64) scorer {
		return scorer{scores, func(f *frame) int {
			v, cuts := value(f), cuts(f)
			if v.IsMissing() || len(cuts) == 0 {
				return 0
			}
			if n := below(cuts, v.Float64()); reversed {
				return scores - n
			} else {
				return n + 1
			}
		}}
	}
	// split scores 2 for a value at or on the better side of the cut, else 1.
	split := func(cut func([]float64) []float64) scorer {
		value, cuts := c.populate(of, valued, cut)
		return scorer{2, func(f *frame) int {
			v, cuts := value(f), cuts(f)
			if v.IsMissing() || len(cuts) == 0 {
				return 0
			}
			if n := v.Float64(); n == cuts[0] || n < cuts[0] == reversed {
				return 2
			}
			return 1
		}}
	}
	switch s := x.Score; {
	case s.Quantile > 0:
		value, cuts := c.populate(of, valued, func(sorted []float64) []float64 {
			cuts := make([]float64, s.Quantile-1)
			for i := range cuts {
				cuts[i] = Quantile(sorted, float64(i+1)/float64(s.Quantile))
			}
			return cuts
		})
		return byCuts(s.Quantile, value, cuts)
	case s.Breaks != nil:
		breaks := [3][]strata.Value{s.Breaks.Recency, s.Breaks.Frequency, s.Breaks.Monetary}[dimension]
		cuts := make([]float64, len(breaks))
		for i, b := range breaks {
			cuts[i] = b.Float64()
		}
		inForce := func(*frame) []float64 { return cuts }
		return byCuts(len(cuts)+1, c.grownChild("of", of, amongCuts(inForce)), inForce)
	case s.Split == "mean":
		return split(func(values []float64) []float64 {
			total := 0.0
			for _, v := range values {
				total += v
			}
			return []float64{total / float64(len(values))}
		})
	case s.Split == "median":
		return split(func(sorted []float64) []float64 { return []float64{Quantile(sorted, 0.5)} })
	case s.Top != nil:
		top := s.Top[dimension]
		return split(func(sorted []float64) []float64 {
			n := top.Count
			if n == 0 {
				n = int(float64(len(sorted)) * top.Percent / 100)
			}
			n = min(max(n, 1), len(sorted))
			if reversed {
				return []float64{sorted[n-1]}
			}
			return []float64{sorted[len(sorted)-n]}
		})
	}
	c.unsupported("score")
	return scorer{1, func(*frame) int { return 0 }}
}

// rfmLevel turns three scores into the index of a level.
func rfmLevel(d define.Tier, x define.RFM, scores [3]int) func([3]int) int {
	switch x.Classes {
	case "grid":
		return func(s [3]int) int {
			for _, cell := range x.Grid {
				if s[0] >= cell.RFrom && s[0] <= cell.RTo && s[1] >= cell.FFrom && s[1] <= cell.FTo {
					return levelIndex(d, cell.Level)
				}
			}
			return -1
		}
	case "three":
		weights := x.Weights
		if len(weights) != 3 {
			weights = []float64{1, 1, 1}
		}
		return func(s [3]int) int {
			// Each score as a share of its range, so that modes with unlike
			// numbers of scores weigh alike.
			total, sum := 0.0, 0.0
			for i := range s {
				if scores[i] > 1 {
					total += weights[i] * float64(s[i]-1) / float64(scores[i]-1)
				}
				sum += weights[i]
			}
			switch share := total / sum; {
			case share >= 2.0/3:
				return 0
			case share >= 1.0/3:
				return 1
			}
			return 2
		}
	}
	// Eight classes: high is above the middle of the scores.
	ids := [8]string{
		"general_winback", "general_keep", "general_develop", "general_value",
		"important_winback", "important_keep", "important_develop", "important_value",
	}
	var index [8]int
	for i, id := range ids {
		index[i] = levelIndex(d, id)
	}
	return func(s [3]int) int {
		high := func(i int) int {
			if 2*s[i] > scores[i]+1 {
				return 1
			}
			return 0
		}
		// 重要 is a high M; then R and F: 11 value, 10 develop, 01 keep, 00 win back.
		return index[4*high(2)+2*high(0)+high(1)]
	}
}
