package measure_test

import (
	"math"
	"testing"

	"strata/measure"
)

// TestWilson compares with published figures: the four of R. G. Newcombe,
// "Two-sided confidence intervals for the single proportion", Statistics in
// Medicine 17 (1998), 857-872, table I, method 3, and 10 of 20.
func TestWilson(t *testing.T) {
	for _, test := range []struct {
		k, n      int
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
		{10, 20, 0.2993, 0.7007},
		{20, 20, 1 - 0.1611, 1}, // 0 of 20 from the other side
		{0, 0, 0, 1},
	} {
		low, high := measure.Wilson(test.k, test.n)
		if math.Abs(low-test.low) > 0.00005 || math.Abs(high-test.high) > 0.00005 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", test.k, test.n, low, high, test.low, test.high)
		}
	}
}
