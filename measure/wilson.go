package measure

import "math"

// z95 is the 0.975 quantile of the standard normal distribution.
const z95 = 1.959963984540054

// Wilson returns the 95 % score interval of a share of which a sample of n has
// k: the shares that such a sample does not contradict. Without a sample it is
// everything, 0 to 1. 0 <= k <= n.
//
// E. B. Wilson, "Probable inference, the law of succession, and statistical
// inference", Journal of the American Statistical Association 22 (1927),
// 209-212; without correction for continuity and for a sample that is a large
// part of everyone, for whom it is somewhat too wide.
func Wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	size, p := float64(n), float64(k)/float64(n)
	z2 := z95 * z95
	middle := p + z2/(2*size)
	half := z95 * math.Sqrt(p*(1-p)/size+z2/(4*size*size))
	low, high = (middle-half)/(1+z2/size), (middle+half)/(1+z2/size)
	if k == 0 {
		low = 0 // but for rounding
	}
	if k == n {
		high = 1
	}
	return low, high
}
