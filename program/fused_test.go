package program

import (
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"strata"
	"strata/define"
)

var seed = flag.Uint64("seed", 1, "of the first random history that fused and general evaluation are compared over")

// words is a dictionary of two event types and of texts that are their codes.
type words struct{ strata.Dictionary }

var wordEvents, wordProperties = []string{"a", "b"}, []string{"amount", "brand", "n"}

func (words) EventCode(name string) (uint16, bool) {
	at := slices.Index(wordEvents, name)
	return uint16(max(at, 0)), at >= 0
}
func (words) EventNames() []string { return wordEvents }
func (words) PropertyCode(name string) (uint16, bool) {
	at := slices.Index(wordProperties, name)
	return uint16(max(at, 0)), at >= 0
}
func (words) PropertyNames() []string { return wordProperties }
func (words) TextCode(_ uint16, text string) (code uint64, ok bool) {
	_, err := fmt.Sscanf(text, "t%d", &code)
	return code, err == nil
}
func (words) Text(_ uint16, code uint64) string { return fmt.Sprintf("t%d", code) }
func (words) IDHash(string) uint64              { return 7 }

// TestFusedIsGeneral compares every plain aggregate with what the general way
// computes, over runs of all widths, with and without milliseconds, missing
// values, several columns of a property and columns of other kinds.
func TestFusedIsGeneral(t *testing.T) {
	days := []string{"", ", within: 1d", ", within: 7d", ", within: 30d"}
	t.Run("ladders", func(t *testing.T) { compareFused(t, days, true) })
	t.Run("windows", func(t *testing.T) {
		compareFused(t, append(days, ", within: 36h", ", within: 90s", ", within: previous_month", ", within: this_week"), false)
	})
}

func compareFused(t *testing.T, windows []string, ladders bool) {
	var text strings.Builder
	text.WriteString("catalogue:\n  events:\n")
	for _, name := range wordEvents {
		fmt.Fprintf(&text, "    %s: {properties: {amount: {type: money, scale: 2}, brand: text, n: number}}\n", name)
	}
	text.WriteString("tags:\n")
	tags := 0
	add := func(value string) {
		tags++
		fmt.Fprintf(&text, "  tag_%03d: {value: {%s}}\n", tags, value)
	}
	filters := []string{"", ", where: {brand: {is: t3}}", ", where: {brand: {not_in: [t1, t2]}}", ", where: {amount: {at_least: 1.5}}", ", where: {n: {between: [-3, 100]}, brand: {exists: true}}"}
	for _, events := range []string{"a", "[a, b]"} {
		for w, window := range windows {
			for k, filter := range filters {
				add("count: {event: " + events + window + filter + "}")
				add("sum: {event: " + events + ", of: amount" + window + filter + "}")
				if (w+k)%2 == 0 {
					add("avg: {event: " + events + ", of: n" + window + filter + "}")
					add("max: {event: " + events + ", of: amount" + window + filter + "}")
					add("min: {event: " + events + ", of: n" + window + filter + "}")
					add("days_active: {event: " + events + window + filter + "}")
					add("distinct: {event: " + events + ", of: brand" + window + filter + "}")
					add("distinct: {event: " + events + ", of: n" + window + filter + "}")
					add("favourite: {event: " + events + ", by: brand" + window + filter + "}")
				}
			}
		}
	}
	text.WriteString("  plain_of_plain: {value: {formula: \"tag_001 + tag_002\"}}\n")
	file, err := define.Parse("test", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := define.Check(nil, file, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	fused, err := Compile(set, Options{Dictionary: words{}, Settings: strata.DefaultSettings()})
	if err != nil {
		t.Fatal(err)
	}
	climbed, odd, plain := 0, 0, 0
	for n := range uint64(400) {
		n += *seed
		r := rand.New(rand.NewPCG(n, 5))
		h := randomHistory(r)
		asOf := strata.Instant(1_700_000_000_000) + strata.Instant(r.IntN(40))*86_400_000
		if r.IntN(2) == 0 {
			asOf += strata.Instant(r.IntN(3000))
		}
		run, ints := fused.At(asOf, nil), fused.At(asOf, nil)
		ints.KeepInts(true)
		for range 2 { // the second time over what the first left, and as one of many customers
			row := run.Run(h)
			apart := ints.Run(h)
			for i, tag := range fused.Tags() {
				want := row.Tags[i]
				if slot, known := fused.fused.slots[key(set.Tags[tag.Name].Value)]; known {
					want = fused.fused.measures[slot].general(&run.f)
				}
				got := map[string]strata.Value{"row": row.Tags[i], "row with ints": apart.Tags[i]}
				if tag.Int >= 0 && !apart.Odd {
					plain++
					got["row with ints"] = strata.Value{Kind: tag.Kind, Scale: tag.Scale, Int: apart.Ints[tag.Int]}
				}
				for _, from := range slices.Sorted(maps.Keys(got)) {
					if got[from] != want {
						t.Fatalf("seed %d, %s of %s: %v, the general way gives %v\n%s", n, tag.Name, from, got[from], want, define.PrintValue(set.Tags[tag.Name].Value))
					}
				}
			}
			if apart.Odd {
				odd++
			}
			for i := range ints.f.fused.plans {
				if p := &ints.f.fused.plans[i]; p.run != nil && len(ints.f.fused.ladders[i].rungs) > 0 {
					climbed++
				}
			}
			run.f.fused.runs, ints.f.fused.runs = manyRuns-1, manyRuns-1
		}
		run.Move(asOf + 86_400_000)
		if a, b := run.Run(h).Tags, fused.At(asOf+86_400_000, nil).Run(h).Tags; !slices.Equal(a, b) {
			t.Fatalf("seed %d: moved by a day %v, want %v", n, a, b)
		}
	}
	if ladders && climbed == 0 || odd == 0 || plain == 0 {
		t.Errorf("%d runs with ladders, %d odd rows, %d plain values", climbed, odd, plain)
	}
}

// TestNumberRange compares ranges at every scale with the comparisons they
// stand for.
func TestNumberRange(t *testing.T) {
	bounds := []strata.Value{strata.NumberOf(15, 1), strata.NumberOf(-15, 1), strata.NumberOf(2, 0), strata.MoneyOf(-200, 2), strata.NumberOf(0, 3), strata.NumberOf(math.MaxInt64, 0), strata.NumberOf(math.MinInt64, 0)}
	for _, bound := range bounds {
		for op, holds := range map[define.Op]func(int) bool{
			define.AtLeast: func(n int) bool { return n >= 0 }, define.GreaterThan: func(n int) bool { return n > 0 },
			define.AtMost: func(n int) bool { return n <= 0 }, define.LessThan: func(n int) bool { return n < 0 },
		} {
			r := rangeOf(define.Test{Comparisons: []define.Comparison{{Op: op, Operands: []define.Operand{{Literal: bound}}}}})
			for scale := range uint8(4) {
				low, high := r.at(scale)
				for _, n := range []int64{math.MinInt64, -2001, -200, -20, -16, -15, -3, -2, -1, 0, 1, 2, 3, 15, 16, 20, 200, 2001, math.MaxInt64} {
					c, _ := strata.Compare(strata.NumberOf(n, scale), bound)
					if got := n >= low && n <= high; got != holds(c) {
						t.Errorf("%s %v of %s: %v", strata.FormatDecimal(n, scale), op, bound, got)
					}
				}
			}
		}
	}
}

// randomHistory draws one or two runs around the instants of the test.
func randomHistory(r *rand.Rand) *strata.History {
	h := &strata.History{Customer: 1}
	for event := range uint16(2) {
		if r.IntN(4) == 0 {
			continue
		}
		n := 1 + r.IntN(12)
		if r.IntN(8) == 0 {
			n = 1 + r.IntN(300)
		}
		at := make([]strata.Instant, n)
		millis := r.IntN(3) == 0
		for i := range at {
			at[i] = strata.Instant(1_700_000_000_000) + strata.Instant(r.IntN(80*86_400)-40*86_400)*1000
			if r.IntN(4) == 0 { // the start of a day
				at[i] = define.DayStart(define.DayOf(at[i], shanghai), shanghai)
			}
			if millis {
				at[i] += strata.Instant(r.IntN(1000))
			}
		}
		slices.Sort(at)
		run := strata.Run{Event: event, N: n}
		for _, at := range at {
			run.Seconds = binary.LittleEndian.AppendUint32(run.Seconds, uint32(at/1000))
			if millis {
				run.Millis = binary.LittleEndian.AppendUint16(run.Millis, uint16(at%1000))
			}
		}
		amountScale := uint8(2)
		if r.IntN(6) == 0 {
			amountScale = uint8(r.IntN(4))
		}
		run.Columns = append(run.Columns, randomColumns(r, n, 0, strata.Money, amountScale)...)
		run.Columns = append(run.Columns, randomColumns(r, n, 1, strata.Text, 0)...)
		run.Columns = append(run.Columns, randomColumns(r, n, 2, strata.Number, uint8(r.IntN(2)))...)
		h.Runs = append(h.Runs, run)
	}
	return h
}

// randomColumns draws the columns of one property: mostly one, sometimes none
// or two of unlike kinds.
func randomColumns(r *rand.Rand, n int, property uint16, kind strata.Kind, scale uint8) []strata.Column {
	width := []uint8{1, 2, 4, 8}[r.IntN(4)]
	first := strata.Column{Property: property, Kind: kind, Scale: scale, Width: width}
	valid := make([]byte, (n+7)/8)
	whole := r.IntN(3) > 0
	for i := range n {
		limit := int64(1) << min(8*width-2, 40)
		v := r.Int64N(limit)
		switch {
		case kind == strata.Text:
			v = 1 + r.Int64N(5)
		case r.IntN(3) == 0:
			v = -v
		}
		has := whole || r.IntN(3) > 0
		if !has {
			v = 0
		} else {
			valid[i>>3] |= 1 << (i & 7)
		}
		first.Data = append(first.Data, binary.LittleEndian.AppendUint64(nil, uint64(v))[:width]...)
	}
	if !whole {
		first.Valid = valid
	}
	switch r.IntN(12) {
	case 0:
		return nil
	case 1:
		if whole {
			break
		}
		other := strata.Column{Property: property, Kind: strata.Float, Width: 8, Valid: make([]byte, len(valid))}
		if kind == strata.Text {
			other.Kind = strata.ID
		}
		for i := range n {
			if valid[i>>3]>>(i&7)&1 == 0 && r.IntN(2) == 0 {
				other.Valid[i>>3] |= 1 << (i & 7)
			}
			other.Data = binary.LittleEndian.AppendUint64(other.Data, math.Float64bits(float64(r.IntN(9))/4))
		}
		return []strata.Column{first, other}
	}
	return []strata.Column{first}
}

var shanghai, _ = strata.DefaultSettings().Location()
