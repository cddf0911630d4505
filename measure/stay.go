package measure

import (
	"cmp"
	"slices"
)

// MedianStay is the Kaplan-Meier median of times: those that are not over
// count as long as they have lasted. It reports false where less than half of
// them are known to end. Both slices are of one length; the times are in one
// unit, which is that of the answer.
//
// E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete
// observations", Journal of the American Statistical Association 53 (1958),
// 457-481.
func MedianStay(times []float64, over []bool) (float64, bool) {
	order := make([]int, len(times))
	for i := range order {
		order[i] = i
	}
	// At one time those that end go before those that last on.
	slices.SortFunc(order, func(a, b int) int {
		byOver := 0
		if over[a] != over[b] {
			byOver = 1
			if over[a] {
				byOver = -1
			}
		}
		return cmp.Or(cmp.Compare(times[a], times[b]), byOver)
	})
	const rounding = 1e-12 // of a product of quotients
	alive := 1.0
	for i, n := range order {
		if over[n] {
			if alive *= 1 - 1/float64(len(order)-i); alive <= 0.5+rounding {
				return times[n], true
			}
		}
	}
	return 0, false
}
