package server

import "testing"

func TestEstimateOf(t *testing.T) {
	for _, test := range []struct{ k, n, everyone, count, low, high int }{
		{10, 20, 2000, 1000, 598, 1402}, // 0.2993 to 0.7007
		{0, 20, 2000, 0, 0, 323},        // 0 to 0.1611
		{20, 20, 2000, 2000, 1677, 2000},
		{7, 60, 60, 7, 7, 7},     // everyone was asked
		{19, 20, 22, 21, 19, 21}, // one is known not to be held, nineteen are known to be
		{0, 0, 0, 0, 0, 0},
	} {
		e := estimateOf(test.k, test.n, test.everyone)
		if e.Count != test.count || e.Low != test.low || e.High != test.high {
			t.Errorf("%d of %d, of %d: %d (%d to %d), want %d (%d to %d)", test.k, test.n, test.everyone, e.Count, e.Low, e.High, test.count, test.low, test.high)
		}
	}
}
