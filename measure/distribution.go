package measure

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
	"strata/audience"
)

// Bin is a value, a range of values or the rest of a distribution.
type Bin struct {
	Value    strata.Value // when it is a single value
	From, To strata.Value // when it is a range [From, To); missing = open
	Rest     bool         // the values that have no bin of their own
	Count    int          // customers
}

// Distribution counts the customers of a set by a column's values, in at most
// `most` bins (at least 3). Those without a value are in none.
//
// Texts, lists (each text counts) and booleans have one bin a value: those in
// order first, in that order, then the most frequent; what is left goes to a
// last bin Rest. Numbers have one bin a value where they fit, else ranges of
// an even width of 1, 2 or 5 times a power of ten between the 2nd and the
// 98th percentile, the first and last being open; where zero is the least and
// at least a twentieth have it, it is a bin of its own. A range that can hold
// but one whole number is that number. Dates and times are ranges
// of whole months, quarters or years of the zone, the first being open when
// it holds more than one of them.
func Distribution(column *audience.Column, of *roaring.Bitmap, most int, order []string, zone *time.Location) []Bin {
	var texts = map[strata.Value]int{}
	var numbers []strata.Value
	var days []int64
	column.Each(of, func(_ strata.CustomerID, v strata.Value) {
		switch v.Kind {
		case strata.List:
			for _, t := range v.Texts() {
				texts[strata.TextOf(t)]++
			}
		case strata.Number, strata.Money, strata.Float:
			numbers = append(numbers, v)
		case strata.Date:
			days = append(days, v.Int)
		case strata.Time:
			days = append(days, civilDay(strata.Instant(v.Int).In(zone)))
		default:
			texts[v]++
		}
	})
	switch {
	case len(numbers) > 0:
		return numberBins(numbers, most)
	case len(days) > 0:
		return dayBins(days, most)
	}
	return textBins(texts, most, order)
}

func textBins(counts map[strata.Value]int, most int, order []string) []Bin {
	bins := make([]Bin, 0, len(counts))
	for v, n := range counts {
		bins = append(bins, Bin{Value: v, Count: n})
	}
	place := func(b Bin) int {
		if i := slices.Index(order, b.Value.String()); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortFunc(bins, func(a, b Bin) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value.String(), b.Value.String()))
	})
	if len(bins) > most {
		rest := Bin{Rest: true}
		for _, b := range bins[most-1:] {
			rest.Count += b.Count
		}
		bins = append(bins[:most-1], rest)
	}
	return bins
}

func numberBins(values []strata.Value, most int) []Bin {
	slices.SortFunc(values, func(a, b strata.Value) int {
		c, _ := strata.Compare(a, b)
		return c
	})
	var single []Bin
	for i, v := range values {
		if i > 0 && strata.Equal(v, values[i-1]) {
			single[len(single)-1].Count++
		} else if single = append(single, Bin{Value: v, Count: 1}); len(single) > most {
			break
		}
	}
	if len(single) <= most {
		return single
	}
	if first := single[0]; first.Value.Int == 0 && first.Value.Kind != strata.Float && first.Count*20 >= len(values) && most > 3 {
		return append([]Bin{first}, rangeBins(values[first.Count:], most-1)...)
	}
	return rangeBins(values, most)
}

// rangeBins counts sorted numbers, of which there are more than bins.
func rangeBins(values []strata.Value, most int) []Bin {
	kind, scale := strata.Number, uint8(0)
	for _, v := range values {
		if v.Kind != strata.Number {
			kind = v.Kind
		}
		scale = max(scale, v.Scale)
	}
	low, high := values[len(values)*2/100].Float64(), values[(len(values)-1)*98/100].Float64()
	if low == high {
		low, high = values[0].Float64(), values[len(values)-1].Float64()
	}
	step, power := evenStep((high - low) / float64(most-2))
	if kind != strata.Float && power < -int(scale) {
		step, power = 1, -int(scale)
	}
	at := func(k float64) float64 { // exact where float64 is
		if power < 0 {
			return k * step / math.Pow10(-power)
		}
		return k * step * math.Pow10(power)
	}
	edge := func(k float64) strata.Value {
		switch n := int64(math.Round(at(k) * math.Pow10(int(scale)))); kind {
		case strata.Float:
			return strata.FloatOf(at(k))
		case strata.Money:
			return strata.MoneyOf(n, scale)
		default:
			return strata.NumberOf(n, scale)
		}
	}
	first := math.Floor(low/at(1)) + 1 // in steps: the upper end of the first bin
	var bins []Bin
	done := 0
	for i := range most {
		b := Bin{To: edge(first + float64(i))}
		if i > 0 {
			b.From = edge(first + float64(i) - 1)
		}
		upTo := sort.Search(len(values), func(j int) bool {
			c, _ := strata.Compare(values[j], b.To)
			return c >= 0
		})
		if i == most-1 {
			b.To, upTo = strata.Value{}, len(values)
		}
		b.Count = upTo - done
		if kind == strata.Number && scale == 0 && upTo > done && step == 1 && power == 0 && strata.Equal(values[done], values[upTo-1]) {
			b = Bin{Value: values[done], Count: b.Count}
		}
		if bins, done = append(bins, b), upTo; done == len(values) {
			break
		}
	}
	return bins
}

// evenStep is the smallest step x 10^power that is at least x, where step is
// 1, 2 or 5.
func evenStep(x float64) (step float64, power int) {
	power = int(math.Floor(math.Log10(x)))
	for _, step := range []float64{1, 2, 5} {
		if step*math.Pow10(power) >= x*(1-1e-9) {
			return step, power
		}
	}
	return 1, power + 1
}

// dayBins counts days (since 1970) by the shortest of month, quarter and year
// that needs no more bins than allowed, else by the last years.
func dayBins(days []int64, most int) []Bin {
	slices.Sort(days)
	first, last := dayTime(days[0]), dayTime(days[len(days)-1])
	months := 1
	for ; months < 12; months = map[int]int{1: 3, 3: 12}[months] {
		if spans(first, last, months) <= most {
			break
		}
	}
	start := periodStart(last, months)
	for range min(spans(first, last, months), most) - 1 {
		start = start.AddDate(0, -months, 0)
	}
	var bins []Bin
	done := 0
	for i := 0; !start.After(last); i++ {
		end := start.AddDate(0, months, 0)
		n := sort.Search(len(days), func(j int) bool { return days[j] >= civilDay(end) })
		b := Bin{From: strata.DateOf(civilDay(start)), To: strata.DateOf(civilDay(end)), Count: n - done}
		if i == 0 && first.Before(start) {
			b.From = strata.Value{}
		}
		bins, done, start = append(bins, b), n, end
	}
	return bins
}

// spans is the number of periods of so many months from one day's to another's.
func spans(first, last time.Time, months int) int {
	a, b := periodStart(first, months), periodStart(last, months)
	return ((b.Year()-a.Year())*12+int(b.Month())-int(a.Month()))/months + 1
}

// periodStart is the first day of the month, quarter or year of a day.
func periodStart(day time.Time, months int) time.Time {
	m := (int(day.Month())-1)/months*months + 1
	return time.Date(day.Year(), time.Month(m), 1, 0, 0, 0, 0, time.UTC)
}

func dayTime(days int64) time.Time { return time.Unix(days*86400, 0).UTC() }

// civilDay is the number of days since 1970 of a time's civil date.
func civilDay(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}
