package measure

import (
	"math"
	"math/big"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
	"strata/audience"
)

// Sum adds up a column's numbers of the customers in the set; those without a
// value count nothing. Decimals are added exactly and the answer has the
// largest of their scales; it is Money when one of them is, and floats make
// it a Float. The sum of nothing is the Number 0. A sum beyond int64 is
// missing.
func Sum(column *audience.Column, of *roaring.Bitmap) strata.Value {
	var (
		units    [19]big.Int // by scale
		used     [19]bool
		floats   float64
		anyFloat bool
		money    bool
		top      uint8
	)
	column.Each(of, func(_ strata.CustomerID, v strata.Value) {
		switch v.Kind {
		case strata.Float:
			floats += v.Float64()
			anyFloat = true
		case strata.Number, strata.Money:
			units[v.Scale].Add(&units[v.Scale], big.NewInt(v.Int))
			used[v.Scale] = true
			top = max(top, v.Scale)
			money = money || v.Kind == strata.Money
		}
	})
	var total, ten big.Int
	ten.SetInt64(10)
	for scale := range top + 1 {
		total.Mul(&total, &ten)
		if used[scale] {
			total.Add(&total, &units[scale])
		}
	}
	if anyFloat {
		exact, _ := new(big.Rat).SetFrac(&total, big.NewInt(strata.Pow10(top))).Float64()
		return strata.FloatOf(floats + exact)
	}
	switch {
	case !total.IsInt64():
		return strata.Value{}
	case money:
		return strata.MoneyOf(total.Int64(), top)
	}
	return strata.NumberOf(total.Int64(), top)
}

// PerHead divides a decimal by a number of people or orders, rounded half
// away from zero to the decimal's own scale. Nothing to divide by is missing.
func PerHead(sum strata.Value, n int64) strata.Value {
	if n <= 0 || sum.Kind != strata.Number && sum.Kind != strata.Money {
		return strata.Value{}
	}
	q, r := sum.Int/n, sum.Int%n
	if r >= n-r {
		q++
	} else if -r >= n+r {
		q--
	}
	sum.Int = q
	return sum
}

// Ratio is part / whole, missing when whole is 0.
func Ratio(part, whole float64) strata.Value {
	if whole == 0 {
		return strata.Value{}
	}
	return strata.FloatOf(part / whole)
}

// Change is value / before - 1, the growth of a count or an amount. It
// reports false where before is missing, zero or negative, or value is
// missing.
func Change(value, before strata.Value) (float64, bool) {
	v, b := value.Float64(), before.Float64()
	if math.IsNaN(v) || math.IsNaN(b) || b <= 0 {
		return 0, false
	}
	return v/b - 1, true
}

// Difference is value - before, the change of a share in percentage points /
// 100. It reports false where one is missing.
func Difference(value, before strata.Value) (float64, bool) {
	d := value.Float64() - before.Float64()
	return d, !math.IsNaN(d)
}
