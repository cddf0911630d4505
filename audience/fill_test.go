package audience_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"strata"
	"strata/audience"
)

// TestFillIsSet: a block that is filled at once has the values of as many
// calls of Set, whatever their width, with customers missing here and there.
func TestFillIsSet(t *testing.T) {
	const seed = 11
	r := rand.New(rand.NewPCG(seed, 1))
	for _, width := range []uint{0, 6, 7, 8, 15, 16, 31, 32, 62} {
		for _, sparse := range []bool{false, true} {
			layout := audience.Layout{Tags: []string{"other", "tag"}}
			n := 2*audience.BlockSize + 100
			filled, set := audience.NewBuilder(1, n, layout), audience.NewBuilder(1, n, layout)
			for block := range 3 {
				numbers := audience.Numbers{Kind: strata.Money, Scale: 2, Of: make([]int64, audience.BlockSize)}
				var has [audience.BlockSize / 64]uint64
				for at := range audience.BlockSize {
					id := block*audience.BlockSize + at
					numbers.Of[at] = r.Int64() // means nothing where the customer is not there
					if id >= n || sparse && r.IntN(3) == 0 {
						continue
					}
					v := r.Int64N(1<<width) - int64(r.IntN(2))<<width>>1
					numbers.Of[at] = v
					numbers.Bits |= v ^ v>>63
					has[at>>6] |= 1 << (at & 63)
					value := strata.MoneyOf(v, 2)
					filled.SetSome(strata.CustomerID(id), audience.Row{Tags: []strata.Value{strata.TextOf("x"), {}}}, []int{0})
					set.Set(strata.CustomerID(id), audience.Row{Tags: []strata.Value{strata.TextOf("x"), value}})
				}
				filled.Fill(1, block, &has, &numbers)
			}
			odd := strata.NumberOf(5, 0) // of another kind than the rest
			filled.SetTag(3, 1, odd)
			set.SetTag(3, 1, odd)
			a, b := filled.Table(), set.Table()
			for id := range strata.CustomerID(n) {
				for _, tag := range layout.Tags {
					if got, want := a.Tags[tag].Get(id), b.Tags[tag].Get(id); got != want {
						t.Fatalf("seed %d, %s: %s of %d is %v, want %v", seed, fmt.Sprint(width, sparse), tag, id, got, want)
					}
				}
			}
			if !a.Everyone.Equals(b.Everyone) {
				t.Fatal("not the same customers")
			}
		}
	}
}
