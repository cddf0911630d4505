package program_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"strata/program"
)

// everyChoice returns the cuts with the least sum of squared deviations, the
// lowest of equal ones, by trying all.
func everyChoice(sorted []float64, k int) []float64 {
	values := slices.Compact(slices.Clone(sorted))
	if len(values) <= k {
		return values[:max(len(values)-1, 0)]
	}
	deviation := func(above, upTo float64) float64 {
		n, sum := 0.0, 0.0
		for _, v := range sorted {
			if v > above && v <= upTo {
				n, sum = n+1, sum+v
			}
		}
		squares := 0.0
		for _, v := range sorted {
			if v > above && v <= upTo {
				squares += (v - sum/n) * (v - sum/n)
			}
		}
		return squares
	}
	var best []float64
	least := math.Inf(1)
	var choose func(cuts []float64, from int, sum float64)
	choose = func(cuts []float64, from int, sum float64) {
		above := math.Inf(-1)
		if len(cuts) > 0 {
			above = cuts[len(cuts)-1]
		}
		if len(cuts) == k-1 {
			if sum += deviation(above, math.Inf(1)); sum < least-1e-6 {
				best, least = slices.Clone(cuts), sum
			}
			return
		}
		for i := from; i < len(values)-(k-1-len(cuts)); i++ {
			choose(append(cuts, values[i]), i+1, sum+deviation(above, values[i]))
		}
	}
	choose(nil, 0, 0)
	return best
}

func TestNaturalBreaks(t *testing.T) {
	cases := []struct {
		values []float64
		k      int
		want   []float64
	}{
		{nil, 2, nil},
		{[]float64{7}, 2, nil},
		{[]float64{1, 1, 1}, 3, nil},
		{[]float64{1, 2}, 2, []float64{1}},
		{[]float64{1, 2}, 5, []float64{1}},
		{[]float64{1, 2, 3}, 2, []float64{1}}, // as good as 2
		{[]float64{1, 2, 4, 50, 52, 99}, 3, []float64{4, 52}},
		{[]float64{12, 14, 100}, 2, []float64{14}},
	}
	for _, c := range cases {
		if got := program.NaturalBreaks(c.values, c.k); !slices.Equal(got, c.want) {
			t.Errorf("%v in %d groups: %v, want %v", c.values, c.k, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 12), func(n int) float64 { return float64(n) / 4 }), 1, 12).Draw(t, "values")
		slices.Sort(values)
		k := rapid.IntRange(2, 4).Draw(t, "k")
		if got, want := program.NaturalBreaks(values, k), everyChoice(values, k); cost(values, got) > cost(values, want)+1e-6 || len(got) != len(want) {
			t.Fatalf("%v in %d groups: %v, want %v", values, k, got, want)
		}
	})
}

// cost is the sum of squared deviations of groups from their means.
func cost(values, cuts []float64) float64 {
	total, from := 0.0, math.Inf(-1)
	for _, to := range append(slices.Clone(cuts), math.Inf(1)) {
		n, sum, squares := 0.0, 0.0, 0.0
		for _, v := range values {
			if v > from && v <= to {
				n, sum, squares = n+1, sum+v, squares+v*v
			}
		}
		if n > 0 {
			total += squares - sum*sum/n
		}
		from = to
	}
	return total
}
