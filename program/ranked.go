package program

import (
	"math"
	"slices"
	"sort"
	"strconv"

	"strata"
	"strata/define"
)

// whole takes everyone's values themselves as the calibration.
func whole(sorted []float64) []float64 { return sorted }

// rank compiles a rank (1 = best) or percentile (100 = best) among everyone.
func (c *compiler) rank(x define.Rank) valueFunc {
	among := c.among(x.Among)
	of, everyone := c.populate(x.Of, among, whole)
	return func(f *frame) strata.Value {
		if among != nil && !among(f) {
			return strata.Value{}
		}
		v, everyone := of(f), everyone(f)
		switch {
		case v.IsMissing() || len(everyone) == 0:
			return strata.Value{}
		case x.Percentile:
			return strata.FloatOf(percentile(v.Float64(), everyone, x.Ascending))
		}
		worse, equal := against(v.Float64(), everyone, x.Ascending)
		return strata.NumberOf(int64(1+len(everyone)-worse-equal), 0)
	}
}

// top compiles to true for those at or better than the n-th of everyone.
func (c *compiler) top(x define.Top) valueFunc {
	among := c.among(x.Among)
	of, everyone := c.populate(x.Of, among, whole)
	return func(f *frame) strata.Value {
		if among != nil && !among(f) {
			return strata.BooleanOf(false)
		}
		v, everyone := of(f), everyone(f)
		n := x.Count
		if n == 0 {
			n = int(math.Ceil(float64(len(everyone)) * x.Percent / 100))
		}
		if v.IsMissing() || len(everyone) == 0 || n == 0 {
			return strata.BooleanOf(false)
		}
		return strata.BooleanOf(v.Float64() >= everyone[max(len(everyone)-n, 0)])
	}
}

// composite compiles the weighted mean of percentiles.
func (c *compiler) composite(x define.Composite) valueFunc {
	among := c.among(x.Among)
	of := make([]valueFunc, len(x.Parts))
	everyone := make([]func(*frame) []float64, len(x.Parts))
	for i, p := range x.Parts {
		c.in("part"+strconv.Itoa(i), func() { of[i], everyone[i] = c.populate(p.Of, among, whole) })
	}
	return func(f *frame) strata.Value {
		if among != nil && !among(f) {
			return strata.Value{}
		}
		total, weights := 0.0, 0.0
		for i, part := range x.Parts {
			v, all := of[i](f), everyone[i](f)
			weights += part.Weight
			if v.IsMissing() && x.Missing == "lowest" {
				continue
			}
			if len(all) == 0 {
				return strata.Value{}
			}
			mine := v.Float64()
			if v.IsMissing() {
				mine = Quantile(all, 0.5)
			}
			total += part.Weight * percentile(mine, all, part.Ascending)
		}
		return strata.FloatOf(total / weights)
	}
}

// against counts those of everyone who are worse than mine, and those equal.
func against(mine float64, everyone []float64, ascending bool) (worse, equal int) {
	from := sort.SearchFloat64s(everyone, mine)
	rest := everyone[from:]
	beyond := 1 // mostly there are few equals, which lie together
	for beyond <= len(rest) && rest[beyond-1] <= mine {
		beyond *= 2
	}
	low, high := beyond/2, min(beyond-1, len(rest))
	to := from + low + sort.Search(high-low, func(i int) bool { return rest[low+i] > mine })
	if ascending {
		return len(everyone) - to, to - from
	}
	return from, to - from
}

func percentile(mine float64, everyone []float64, ascending bool) float64 {
	worse, equal := against(mine, everyone, ascending)
	return 100 * (float64(worse) + float64(equal)/2) / float64(len(everyone))
}

// NaturalBreaks returns the k-1 cuts between k groups of ascending values
// with the least sum of squared deviations from their means (Fisher 1958;
// Jenks): each cut is the largest value of its lower group. Of equal choices
// it is the lowest cuts. Where there are not more than k different values,
// each is a group. The work grows with k n log n of the different values.
func NaturalBreaks(sorted []float64, k int) []float64 {
	values := slices.Compact(slices.Clone(sorted))
	n := len(values)
	if n <= k {
		return values[:max(n-1, 0)]
	}
	// Sums are taken around the middle value, which keeps them exact for longer.
	count, sum, squares := make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)
	middle, at := values[n/2], 0
	for i, v := range values {
		w := 0.0
		for ; at < len(sorted) && sorted[at] == v; at++ {
			w++
		}
		d := v - middle
		count[i+1], sum[i+1], squares[i+1] = count[i]+w, sum[i]+w*d, squares[i]+w*d*d
	}
	cost := func(from, to int) float64 { // of values[from:to] as one group
		s := sum[to] - sum[from]
		return squares[to] - squares[from] - s*s/(count[to]-count[from])
	}
	same := 1e-9 * cost(0, n)
	best := make([]float64, n+1)
	for i := 1; i <= n; i++ {
		best[i] = cost(0, i)
	}
	from := make([][]int32, k+1) // by groups and values: where the last group begins
	for g := 2; g <= k; g++ {
		next := make([]float64, n+1)
		from[g] = make([]int32, n+1)
		// The best beginning does not fall as values are added, so that the
		// middle one halves where the others have to look.
		var fill func(lo, hi, first, last int)
		fill = func(lo, hi, first, last int) {
			if lo > hi {
				return
			}
			mid := (lo + hi) / 2
			least, begin := math.Inf(1), first
			for start := min(last, mid-1); start >= first; start-- {
				if c := best[start] + cost(start, mid); c <= least+same {
					least, begin = min(c, least), start
				}
			}
			next[mid], from[g][mid] = least, int32(begin)
			fill(lo, mid-1, first, begin)
			fill(mid+1, hi, begin, last)
		}
		fill(g, n, g-1, n-1)
		best = next
	}
	cuts := make([]float64, k-1)
	for g, end := k, n; g > 1; g-- {
		end = int(from[g][end])
		cuts[g-2] = values[end-1]
	}
	return cuts
}
