package measure_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"

	"strata"
	"strata/audience"
	"strata/measure"
)

var people = roaring.BitmapOf(1, 2, 3, 4, 5, 6)

func column(values ...strata.Value) *audience.Column {
	c := audience.NewColumn(0)
	for i, v := range values {
		c.Set(strata.CustomerID(i+1), v) // number 0 is nobody
	}
	return c
}

func TestMigrate(t *testing.T) {
	ids := []string{"gold", "silver", "bronze"}
	before := audience.LevelsOf(ids, 0, 1, 1, 2, 3, 0, 3)
	after := audience.LevelsOf(ids, 0, 1, 2, 1, 0, 2, 2, 0, 3)
	m, err := measure.Migrate(before, after)
	if err != nil {
		t.Fatal(err)
	}
	want := measure.Migration{
		Levels:  []string{"gold", "silver", "bronze", "-"},
		Matrix:  [][]int{{1, 1, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 1}, {0, 1, 1, 0}},
		Entered: 2, Left: 1, Stayed: 1, Up: 2, Down: 1,
	}
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
	if m.People() != 7 {
		t.Errorf("people %d, want 7", m.People())
	}
	for _, move := range m.Moves() {
		from, to := move.From, move.To
		if from == measure.None {
			from = ""
		}
		if to == measure.None {
			to = ""
		}
		var list []strata.CustomerID
		for id := strata.CustomerID(1); id <= 8; id++ {
			was, _ := before.Get(id)
			if is, _ := after.Get(id); was == from && is == to {
				list = append(list, id)
			}
		}
		if len(list) != move.Count {
			t.Errorf("%s to %s: count %d, list %v", move.From, move.To, move.Count, list)
		}
	}
	if got, want := fmt.Sprint(m.Moves()[0]), "{gold silver 1 down}"; got != want {
		t.Errorf("first move %s, want %s", got, want)
	}
	if _, err := measure.Migrate(before, audience.LevelsOf(ids[:2])); strata.CodeOf(err) != strata.Conflict {
		t.Errorf("other levels: %v", err)
	}
}

func TestSum(t *testing.T) {
	for _, test := range []struct {
		name string
		in   []strata.Value
		want strata.Value
	}{
		{"nothing", nil, strata.NumberOf(0, 0)},
		{"counts", []strata.Value{strata.NumberOf(2, 0), {}, strata.NumberOf(3, 0)}, strata.NumberOf(5, 0)},
		{"money of two scales", []strata.Value{strata.MoneyOf(150, 2), strata.MoneyOf(5, 3)}, strata.MoneyOf(1505, 3)},
		{"numbers with money", []strata.Value{strata.NumberOf(1, 0), strata.MoneyOf(150, 2)}, strata.MoneyOf(250, 2)},
		{"below zero", []strata.Value{strata.MoneyOf(-150, 2), strata.MoneyOf(100, 2)}, strata.MoneyOf(-50, 2)},
		{"float", []strata.Value{strata.FloatOf(0.5), strata.NumberOf(25, 1)}, strata.FloatOf(3)},
		{"text counts nothing", []strata.Value{strata.TextOf("x"), strata.NumberOf(1, 0)}, strata.NumberOf(1, 0)},
		{"at the edge of int64", []strata.Value{strata.NumberOf(1<<62, 0), strata.NumberOf(1<<62-1, 0)}, strata.NumberOf(1<<63-1, 0)},
		{"beyond int64", []strata.Value{strata.NumberOf(1<<62, 0), strata.NumberOf(1<<62, 0)}, strata.Value{}},
	} {
		if got := measure.Sum(column(test.in...), people); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	if got := measure.Sum(column(strata.NumberOf(1, 0), strata.NumberOf(2, 0)), roaring.BitmapOf(2)); got != strata.NumberOf(2, 0) {
		t.Errorf("of one: %v", got)
	}
}

func TestPerHead(t *testing.T) {
	for _, test := range []struct {
		sum, n int64
		want   string
	}{{1000, 3, "3.33"}, {1001, 2, "5.01"}, {-1001, 2, "-5.01"}, {-1000, 3, "-3.33"}, {0, 5, "0.00"}, {100, 0, ""}, {2, 3, "0.01"}, {-2, 3, "-0.01"}} {
		if got := measure.PerHead(strata.MoneyOf(test.sum, 2), test.n).String(); got != test.want {
			t.Errorf("%d / %d: %q, want %q", test.sum, test.n, got, test.want)
		}
	}
}

func TestChange(t *testing.T) {
	number := func(n int64) strata.Value { return strata.NumberOf(n, 0) }
	for _, test := range []struct {
		value, before strata.Value
		want          float64
		ok            bool
	}{
		{number(15), number(10), 0.5, true},
		{number(5), number(10), -0.5, true},
		{number(5), number(0), 0, false},
		{number(5), strata.Value{}, 0, false},
		{strata.Value{}, number(5), 0, false},
		{number(5), number(-5), 0, false},
	} {
		if got, ok := measure.Change(test.value, test.before); got != test.want || ok != test.ok {
			t.Errorf("change of %v from %v: %v %v", test.value, test.before, got, ok)
		}
	}
	if d, ok := measure.Difference(measure.Ratio(1, 2), measure.Ratio(1, 4)); d != 0.25 || !ok {
		t.Errorf("difference %v %v", d, ok)
	}
	if _, ok := measure.Difference(measure.Ratio(1, 0), measure.Ratio(1, 4)); ok {
		t.Error("a difference to nothing")
	}
}

func TestWeigh(t *testing.T) {
	levels := audience.LevelsOf([]string{"a", "b", "c"}, 0, 1, 2, 2, 3, 3, 0)
	money := func(n int64) strata.Value { return strata.MoneyOf(n, 2) }
	weights, all := measure.Weigh(levels, column(money(6000), money(1500), money(1500), money(900), money(100), money(77700)))
	if all.People.GetCardinality() != 5 || all.Sales.String() != "100.00" {
		t.Errorf("all: %v %v", all.People, all.Sales)
	}
	got := fmt.Sprintf("%s %.2f %.2f, %s %.2f %.2f, %s %.2f %.2f", weights[0].Sales, weights[0].Share, weights[0].SalesShare,
		weights[1].Sales, weights[1].Share, weights[1].SalesShare, weights[2].Sales, weights[2].Share, weights[2].SalesShare)
	if want := "60.00 0.20 0.60, 30.00 0.40 0.30, 10.00 0.40 0.10"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if w, ok := measure.Telling(weights); !ok || w.Level != "a" {
		t.Errorf("telling %v %v", w, ok)
	}
	tiny := []measure.Weight{{Level: "x", Share: 0.001, SalesShare: 0.09}, {Level: "y", Share: 0.5, SalesShare: 0.5}}
	if w, ok := measure.Telling(tiny); ok {
		t.Errorf("telling of nothing: %v", w)
	}
}

func TestDistribution(t *testing.T) {
	number := func(n int64) strata.Value { return strata.NumberOf(n, 0) }
	text, day := strata.TextOf, strata.DateOf
	shanghai := time.FixedZone("", 8*3600)
	many := make([]strata.Value, 1000)
	for i := range many {
		many[i] = strata.MoneyOf(int64(i)*100, 2) // 0 to 999.00
	}
	everyone := roaring.New()
	everyone.AddRange(1, 1001)
	zeros := func(n int) []strata.Value { return slices.Repeat([]strata.Value{strata.MoneyOf(0, 2)}, n) }
	zeroEveryone := roaring.New()
	zeroEveryone.AddRange(1, 1101)
	var counts, floats []strata.Value
	for i, n := range []int{100, 300, 250, 200, 230, 5, 5, 5, 5} {
		counts = append(counts, slices.Repeat([]strata.Value{number(int64(i))}, n)...)
	}
	for i := range 1000 {
		floats = append(floats, strata.FloatOf(float64(i)/1000))
	}
	for _, test := range []struct {
		name string
		in   []strata.Value
		of   *roaring.Bitmap
		most int
		want string
	}{
		{"none", nil, people, 12, ""},
		{"texts by order, then count, then text", []strata.Value{text("x"), text("low"), text("y"), text("z"), text("z"), text("high")}, people, 12, "high 1 · low 1 · z 2 · x 1 · y 1"},
		{"the rest", []strata.Value{text("a"), text("a"), text("b"), text("c"), text("d")}, people, 3, "a 2 · b 1 · rest 2"},
		{"lists", []strata.Value{strata.ListOf([]string{"a", "b"}), strata.ListOf([]string{"b"})}, people, 12, "b 2 · a 1"},
		{"booleans", []strata.Value{strata.BooleanOf(true), strata.BooleanOf(false), strata.BooleanOf(true)}, people, 12, "true 2 · false 1"},
		{"few numbers", []strata.Value{number(3), number(1), number(3), {}}, people, 12, "1 1 · 3 2"},
		{"many numbers", many, everyone, 6, "..500.00 500 · 500.00..1000.00 500"},
		{"finer", many, everyone, 8, "..200.00 200 · 200.00..400.00 200 · 400.00..600.00 200 · 600.00..800.00 200 · 800.00..1000.00 200"},
		{"zero apart", append(make([]strata.Value, 0), append(zeros(100), many...)...), zeroEveryone, 6, "0.00 101 · ..500.00 499 · 500.00..1000.00 500"},
		{"whole numbers", counts, zeroEveryone, 6, "0 100 · 1 300 · 2 250 · 3 200 · 4 230 · 5.. 20"},
		{"floats", floats, everyone, 8, "..0.2 200 · 0.2..0.4 200 · 0.4..0.6 200 · 0.6..0.8 200 · 0.8..1 200"},
		{"months", []strata.Value{day(0), day(31), day(32)}, people, 3, "1970-01-01..1970-02-01 1 · 1970-02-01..1970-03-01 2"},
		{"quarters", []strata.Value{day(0), day(100)}, people, 3, "1970-01-01..1970-04-01 1 · 1970-04-01..1970-07-01 1"},
		{"years", []strata.Value{day(0), day(366), day(800), day(1200), day(1300)}, people, 3, "..1972-01-01 2 · 1972-01-01..1973-01-01 1 · 1973-01-01..1974-01-01 2"},
		{"times in the zone", []strata.Value{strata.TimeOf(strata.Instant(31*24-4) * 3600 * 1000)}, people, 12, "1970-02-01..1970-03-01 1"},
	} {
		got := ""
		for i, b := range measure.Distribution(column(test.in...), test.of, test.most, []string{"high", "low"}, shanghai) {
			if i > 0 {
				got += " · "
			}
			switch {
			case b.Rest:
				got += "rest"
			case !b.From.IsMissing() || !b.To.IsMissing():
				got += b.From.String() + ".." + b.To.String()
			default:
				got += b.Value.String()
			}
			got += fmt.Sprintf(" %d", b.Count)
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestDistributionLosesNobody counts random numbers and days: the bins are at
// most as many as asked for and hold everyone with a value.
func TestDistributionLosesNobody(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		n := 1 + r.IntN(200)
		values := make([]strata.Value, n)
		kind := r.IntN(4)
		for i := range values {
			x := int64(r.NormFloat64() * 1000 * float64(1+r.IntN(50)))
			switch kind {
			case 0:
				values[i] = strata.MoneyOf(x, uint8(r.IntN(4)))
			case 1:
				values[i] = strata.FloatOf(float64(x) / 7)
			case 2:
				values[i] = strata.DateOf(x)
			case 3:
				values[i] = strata.NumberOf(x%5, 0)
			}
		}
		set := roaring.New()
		set.AddRange(1, uint64(n)+1)
		most := 3 + r.IntN(10)
		bins, total := measure.Distribution(column(values...), set, most, nil, time.UTC), 0
		for _, b := range bins {
			total += b.Count
		}
		if total != n || len(bins) > most {
			t.Fatalf("seed %d: %d bins of at most %d hold %d of %d: %v of %v", seed, len(bins), most, total, n, bins, values)
		}
	}
}

// TestFlows: the cells of a migration with their share of the row.
func TestFlows(t *testing.T) {
	m := measure.Migration{Levels: []string{"high", "low", measure.None}, Matrix: [][]int{{30, 10, 0}, {5, 15, 5}, {2, 0, 0}}, Stayed: 45, Up: 5, Down: 10}
	flows := m.Flows()
	if len(flows) != 8 {
		t.Fatalf("%d cells, none to none is none", len(flows))
	}
	if f := flows[1]; f.From != "high" || f.To != "low" || f.Share != 0.25 || f.Few || f.Direction != measure.Down || math.Abs(f.Low-0.1419) > 5e-4 || math.Abs(f.High-0.4019) > 5e-4 {
		t.Errorf("%+v", f)
	}
	if f := flows[3]; !f.Few || f.Share != 0.2 || f.Direction != measure.Up {
		t.Errorf("a row of 25: %+v", f)
	}
	if r := m.Rise(); r.Up != 5 || r.Of != 60 || math.Abs(r.Share-5.0/60) > 1e-12 || r.Few {
		t.Errorf("%+v", r)
	}
}

// TestExplain: everybody is in exactly one part of what moved them.
func TestExplain(t *testing.T) {
	ids := []string{"high", "low"}
	before := audience.LevelsOf(ids, 1, 1, 2, 2, 1, 0)
	frozen := audience.LevelsOf(ids, 1, 2, 2, 1, 2, 1)
	own := audience.LevelsOf(ids, 1, 2, 1, 2, 1, 2)
	x, err := measure.Explain(before, frozen, own)
	if err != nil {
		t.Fatal(err)
	}
	if x.Still != 1 || x.ByBehaviour != 1 || x.ByCutsAlone != 1 || x.MaskedByCuts != 2 || x.ByBoth != 1 || x.CutsMoved != 4 || x.CutsMovedUp != 2 || x.CutsMovedDown != 2 {
		t.Errorf("%+v", x)
	}
}

// TestDesign: a level that is larger, or whose customers buy less, than the
// one below it is noted, and so is one with nothing to do.
func TestDesign(t *testing.T) {
	weight := func(level string, people uint64, sales int64) measure.Weight {
		w := measure.Weight{Level: level, People: roaring.New(), Sales: strata.MoneyOf(sales, 2)}
		w.People.AddRange(0, people)
		return w
	}
	levels := []measure.LevelPlan{{ID: "a", Advised: true, Sequence: true}, {ID: "b", Sequence: true}, {ID: "c", Advised: true, Sequence: true}, {ID: "d", Advised: true, Sequence: true}}
	weights := []measure.Weight{weight("a", 10, 100_000), weight("b", 0, 0), weight("c", 8, 90_000), weight("d", 20, 10_000)}
	want := []measure.Note{
		{Kind: measure.FewCovered}, {Kind: measure.SizesRise, Level: "a", Other: "c"}, {Kind: measure.ValuesFall, Level: "a", Other: "c"},
		{Kind: measure.NothingToDo, Level: "b"}, {Kind: measure.EmptyLevel, Level: "b"},
	}
	if got := measure.Design(levels, weights, 100); !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	good := []measure.Weight{weight("a", 10, 100_000), weight("b", 20, 100_000), weight("c", 30, 90_000), weight("d", 40, 10_000)}
	levels[1].Advised = true
	if got := measure.Design(levels, good, 100); len(got) != 0 {
		t.Errorf("nothing to note, got %+v", got)
	}
}

// TestMedianStay: stays that last still count as long as they have lasted.
func TestMedianStay(t *testing.T) {
	over, still := true, false
	for _, c := range []struct {
		days []float64
		over []bool
		want float64
		ok   bool
	}{
		{[]float64{10, 20, 30}, []bool{over, over, over}, 20, true},
		{[]float64{10, 20, 30}, []bool{over, still, over}, 30, true},
		{[]float64{10, 20, 30}, []bool{over, still, still}, 0, false},
		{nil, nil, 0, false},
	} {
		if got, ok := measure.MedianStay(c.days, c.over); got != c.want || ok != c.ok {
			t.Errorf("%v %v: %v %v", c.days, c.over, got, ok)
		}
	}
}
