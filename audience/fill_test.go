package audience_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"strata"
	"strata/audience"
)

// TestFillIsSet: what a filler gives a builder is what as many calls of Set
// do, whatever the values, with customers and values missing here and there.
func TestFillIsSet(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	texts := make([]string, 200)
	for i := range texts {
		texts[i] = fmt.Sprint("text ", i/2) // some are equal and lie elsewhere
	}
	for _, width := range []uint{0, 6, 7, 8, 15, 16, 31, 32, 62} {
		for _, sparse := range []bool{false, true} {
			layout := audience.Layout{Tags: []string{"other", "plain", "time", "mixed"}, Segments: []string{"in"}, Tiers: []audience.Tier{{Name: "tier", Levels: []string{"a", "b"}}}}
			n := 2*audience.BlockSize + 100
			filled, set := audience.NewBuilder(1, n, layout), audience.NewBuilder(1, n, layout)
			fill := filled.Filler([]audience.PlainTag{{Tag: 1, Slot: 2, Kind: strata.Money, Scale: 2}})
			step := []int64{1, 1000}[r.IntN(2)] // of times
			for id := range strata.CustomerID(n) {
				if sparse && r.IntN(3) == 0 {
					continue
				}
				number := r.Int64N(1<<width) - int64(r.IntN(2))<<width>>1
				mixed := []strata.Value{strata.FloatOf(r.Float64()), strata.NumberOf(number, 0), strata.TextOf("x"), {}}
				row := audience.Row{
					Tags:     []strata.Value{strata.TextOf(texts[r.IntN(len(texts))]), strata.MoneyOf(number, 2), strata.TimeOf(strata.Instant(1_700_000_000_123 + step*r.Int64N(30_000_000))), mixed[r.IntN(4)]},
					Segments: []bool{r.IntN(2) == 0},
					Levels:   []int{r.IntN(3) - 1},
				}
				if r.IntN(4) == 0 {
					row.Tags[r.IntN(2)*2] = strata.Value{}
				}
				odd := r.IntN(500) == 0
				if odd {
					row.Tags[1] = strata.MoneyOf(number, 3)
				}
				set.Set(id, row)
				full := audience.FullRow{Row: row, Ints: []int64{0, 0, number}, Odd: odd}
				full.Tags = slices.Clone(row.Tags)
				if !odd {
					full.Tags[1] = strata.Value{}
				}
				fill.Add(id, &full)
			}
			fill.Flush()
			a, b := filled.Table(), set.Table()
			for id := range strata.CustomerID(n) {
				for _, tag := range layout.Tags {
					if got, want := a.Tags[tag].Get(id), b.Tags[tag].Get(id); got != want {
						t.Fatalf("%s: %s of %d is %v, want %v", fmt.Sprint(width, sparse), tag, id, got, want)
					}
				}
			}
			if !a.Everyone.Equals(b.Everyone) || !a.Segments["in"].Equals(b.Segments["in"]) || !a.Tiers["tier"].Members("b").Equals(b.Tiers["tier"].Members("b")) {
				t.Fatal("not the same customers")
			}
			if got, want := a.Tags["time"].Size(), b.Tags["time"].Size(); got > want+want/100 {
				t.Errorf("times take %d bytes, set one by one %d", got, want)
			}
		}
	}
}
