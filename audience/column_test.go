package audience_test

import (
	"bytes"
	"maps"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"strata"
	"strata/audience"
)

// numbers of customers at and around the borders of words, blocks and parts
// of sets, some of them sharing a block.
var numbers = []strata.CustomerID{0, 1, 2, 3, 63, 64, 65, 4094, 4095, 4096, 4097, 8191, 8192, 65_535, 65_536, 70_000}

func anyNumber() *rapid.Generator[strata.CustomerID] { return rapid.SampledFrom(numbers) }

// anyValue draws values of which many fit together in a block and some need
// another width, base, unit, kind or scale.
func anyValue() *rapid.Generator[strata.Value] {
	return rapid.Custom(func(t *rapid.T) strata.Value {
		n := rapid.OneOf(
			rapid.Int64Range(-3, 3), rapid.Int64Range(-200, 200), rapid.Int64Range(-40_000, 40_000), rapid.Int64Range(-3e9, 3e9),
			rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, math.MinInt32, math.MaxInt32, math.MinInt8, math.MaxInt8}),
		).Draw(t, "n")
		text := rapid.SampledFrom([]string{"北京", "上海", "a", "b", "a\x1fb", "c"}).Draw(t, "text")
		switch rapid.IntRange(0, 13).Draw(t, "kind") {
		case 0, 1:
			return strata.Value{}
		case 2, 3, 4:
			return strata.NumberOf(n, 0)
		case 5:
			return strata.MoneyOf(n, uint8(rapid.IntRange(2, 3).Draw(t, "scale")))
		case 6:
			return strata.FloatOf(float64(n) / 3)
		case 7:
			return strata.BooleanOf(n > 0)
		case 8:
			return strata.DateOf(n)
		case 9:
			return strata.TimeOf(strata.Instant(1_700_000_000_000 + n%1e9*1000))
		case 10:
			return strata.TimeOf(strata.Instant(n))
		case 11:
			return strata.IDOf(text)
		case 12:
			return strata.ListOf(strings.Split(text, "\x1f"))
		}
		return strata.TextOf(text)
	})
}

// ofOneKind draws values of the kind of one that is drawn first, so that
// blocks stay typed.
func ofOneKind(t *rapid.T) *rapid.Generator[strata.Value] {
	kind := rapid.SampledFrom([]strata.Kind{strata.Boolean, strata.Number, strata.Float, strata.Money, strata.Text, strata.Date, strata.Time, strata.List}).Draw(t, "kind of all")
	return anyValue().Filter(func(v strata.Value) bool { return v.Kind == kind || v.IsMissing() })
}

// TestColumn sets values at random and takes snapshots, which are written as
// well: each gives back exactly what it was given.
func TestColumn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := anyValue()
		if rapid.Bool().Draw(t, "one kind") {
			values = ofOneKind(t)
		}
		type state struct {
			table *audience.Table
			want  map[strata.CustomerID]strata.Value
		}
		first := audience.NewTable(0)
		first.Tags["x"] = audience.NewColumn(rapid.SampledFrom([]int{0, 5000, 100_000}).Draw(t, "size"))
		states := []state{{first, map[strata.CustomerID]strata.Value{}}}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			s := states[rapid.IntRange(0, len(states)-1).Draw(t, "state")]
			if rapid.IntRange(0, 9).Draw(t, "what") == 0 && len(states) < 6 {
				states = append(states, state{s.table.Snapshot(), maps.Clone(s.want)})
				continue
			}
			id, v := anyNumber().Draw(t, "id"), values.Draw(t, "value")
			changed := set(s.table.Tags["x"], id, v, rapid.Bool().Draw(t, "fast"))
			if changed != (s.want[id] != v) {
				t.Fatalf("setting %#v over %#v says changed %v", v, s.want[id], changed)
			}
			if s.want[id] = v; v.IsMissing() {
				delete(s.want, id)
			}
		}
		for i, s := range states {
			checkColumn(t, i, s.table.Tags["x"], s.want)
		}
	})
}

// set uses the setter without a value where fast and there is one.
func set(c *audience.Column, id strata.CustomerID, v strata.Value, fast bool) bool {
	switch v.Kind {
	case strata.Missing, strata.ID:
	case strata.Text, strata.List:
		if fast {
			return c.SetCode(id, v.Kind, c.Code(v.Text))
		}
	default:
		if fast {
			return c.SetInt(id, v.Kind, v.Scale, v.Int)
		}
	}
	return c.Set(id, v)
}

func checkColumn(t *rapid.T, i int, c *audience.Column, want map[strata.CustomerID]strata.Value) {
	all := roaring.New()
	all.AddRange(0, 200_000)
	each := map[strata.CustomerID]strata.Value{}
	c.Each(all, func(id strata.CustomerID, v strata.Value) { each[id] = v })
	if !maps.Equal(each, want) {
		t.Fatalf("state %d: each gives %v, want %v", i, each, want)
	}
	for _, id := range numbers {
		if got := c.Get(id); got != want[id] || c.Has(id) == got.IsMissing() {
			t.Fatalf("state %d: customer %d has %#v, want %#v", i, id, got, want[id])
		}
	}
	if n := int(c.Holders().GetCardinality()); c.Len() != len(want) || n != len(want) {
		t.Fatalf("state %d: %d of %d holders, want %d", i, c.Len(), n, len(want))
	}
	some := c.Where(roaring.BitmapOf(1, 4096), func(v strata.Value) bool { return !v.IsMissing() })
	for _, id := range []uint32{1, 4096} {
		if some.Contains(id) != !want[strata.CustomerID(id)].IsMissing() {
			t.Fatalf("state %d: where gives %v", i, some)
		}
	}
}

// TestManyChangesAfterSnapshots changes the customers of one block until its
// cells have to be copied and widened, with snapshots in between, and reads
// all of them cell by cell, by filters and from a file.
func TestManyChangesAfterSnapshots(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 40 {
		type state struct {
			table *audience.Table
			want  map[strata.CustomerID]strata.Value
		}
		live := state{audience.NewTable(0), map[strata.CustomerID]strata.Value{}}
		live.table.Tags["x"] = audience.NewColumn(0)
		kind, reach, sets := r.IntN(3), int64(1)<<r.IntN(50), r.IntN(400)
		value := func() strata.Value {
			switch n := r.Int64N(2*reach) - reach; kind {
			case 0:
				return strata.NumberOf(n, 0)
			case 1:
				return strata.TimeOf(strata.Instant(n * int64(1+999*r.IntN(2))))
			default:
				return strata.TextOf(strconv.FormatInt(n%1000, 10))
			}
		}
		var states []state
		for i := range 600 {
			if i%(sets+1) == sets {
				states = append(states, state{live.table.Snapshot(), maps.Clone(live.want)})
			}
			id, v := strata.CustomerID(r.IntN(audience.BlockSize)), value()
			if r.IntN(10) == 0 {
				v = strata.Value{}
			}
			live.table.Tags["x"].Set(id, v)
			if live.want[id] = v; v.IsMissing() {
				delete(live.want, id)
			}
		}
		for i, s := range append(states[max(len(states)-8, 0):], live) {
			loaded, err := audience.LoadTable(bytes.NewReader(save(t, s.table)))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []*audience.Column{s.table.Tags["x"], loaded.Tags["x"]} {
				got := map[strata.CustomerID]strata.Value{}
				c.Each(c.Holders(), func(id strata.CustomerID, v strata.Value) { got[id] = v })
				if !maps.Equal(got, s.want) {
					t.Fatalf("seed %d, state %d: %v, want %v", seed, i, got, s.want)
				}
			}
			from, to := value(), value()
			want := 0
			for _, v := range s.want {
				low, _ := strata.Compare(v, from)
				high, _ := strata.Compare(v, to)
				if low >= 0 && high < 0 {
					want++
				}
			}
			if n, err := s.table.Count(audience.Band{Tag: "x", From: from, To: to}); n != want || err != nil {
				t.Fatalf("seed %d, state %d: %d in [%v, %v), want %d; %v", seed, i, n, from, to, want, err)
			}
		}
	}
}

// TestColumnsOfValuesThatAreNotPlain keep what no constructor makes.
func TestColumnsOfValuesThatAreNotPlain(t *testing.T) {
	c := audience.NewColumn(0)
	odd := []strata.Value{
		{Kind: strata.Text}, {Kind: strata.Number, Int: 1, Text: "x"}, {Kind: strata.Date, Int: 1, Scale: 2},
		{Kind: strata.Text, Text: "x", Int: 1}, {Kind: strata.Float, Int: int64(math.Float64bits(math.NaN()))},
	}
	for i, v := range odd {
		c.Set(strata.CustomerID(i), v)
	}
	for i, v := range odd {
		if got := c.Get(strata.CustomerID(i)); got != v {
			t.Errorf("%#v comes back as %#v", v, got)
		}
	}
	var none *audience.Column
	none.Each(roaring.BitmapOf(1), func(strata.CustomerID, strata.Value) { t.Error("no column has a value") })
	if !none.Get(1).IsMissing() || none.Has(1) || none.Len() != 0 || !none.Holders().IsEmpty() {
		t.Error("no column has a value")
	}
}

// TestColumnsAreSmall: cells are as wide as their values need.
func TestColumnsAreSmall(t *testing.T) {
	for _, test := range []struct {
		name  string
		value func(i int) strata.Value
		bytes float64 // a customer, with presence and all
	}{
		{"all alike", func(int) strata.Value { return strata.NumberOf(7, 0) }, 0.2},
		{"counts", func(i int) strata.Value { return strata.NumberOf(int64(i%100), 0) }, 1.2},
		{"money", func(i int) strata.Value { return strata.MoneyOf(int64(i*7919%1_000_000), 2) }, 4.2},
		{"times", func(i int) strata.Value { return strata.TimeOf(strata.Instant(1_760_000_000+i*37) * 1000) }, 4.2},
		{"texts", func(i int) strata.Value { return strata.TextOf(string(rune('a' + i%20))) }, 1.2},
	} {
		const n = 24 * audience.BlockSize
		table := audience.NewTable(0)
		table.Tags["x"] = audience.NewColumn(n)
		for i := range n {
			table.Tags["x"].Set(strata.CustomerID(i), test.value(i))
		}
		if got := float64(table.Tags["x"].Size()) / n; got > test.bytes {
			t.Errorf("%s: %.2f bytes a customer, want at most %.2f", test.name, got, test.bytes)
		}
	}
}
