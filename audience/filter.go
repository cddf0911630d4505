package audience

import (
	"math"
	"math/bits"
	"slices"

	"strata"
)

// filter is a test of values that is true for one range of the numbers of a
// kind and scale, so that it can be done on the cells themselves. The zero
// filter is true for every value.
type filter struct {
	below, above func(strata.Value) bool // the range begins after these, and ends before those; nil = open
	test         func(strata.Value) bool // the whole test; nil = true
}

// equalTo is the filter of values equal to v, and of lists that hold the
// text v.
func equalTo(v strata.Value) filter {
	order := func(x strata.Value) int { c, _ := strata.Compare(x, v); return c }
	return filter{
		below: func(x strata.Value) bool { return order(x) < 0 },
		above: func(x strata.Value) bool { return order(x) > 0 },
		test: func(x strata.Value) bool {
			if x.Kind == strata.List && v.Kind == strata.Text {
				return slices.Contains(x.Texts(), v.Text)
			}
			return !v.IsMissing() && strata.Equal(x, v)
		},
	}
}

// between is the filter of values in [from, to), either bound missing = open.
func between(from, to strata.Value) filter {
	order := func(x, bound strata.Value) (c int, ok bool) { return strata.Compare(x, bound) }
	f := filter{test: func(x strata.Value) bool {
		if !from.IsMissing() {
			if c, ok := order(x, from); !ok || c < 0 {
				return false
			}
		}
		if !to.IsMissing() {
			if c, ok := order(x, to); !ok || c >= 0 {
				return false
			}
		}
		return true
	}}
	if !from.IsMissing() {
		f.below = func(x strata.Value) bool { c, _ := order(x, from); return c < 0 }
	}
	if !to.IsMissing() {
		f.above = func(x strata.Value) bool { c, _ := order(x, to); return c >= 0 }
	}
	return f
}

// bounds are the least and the greatest number of the kind and scale that
// pass; low > high where none does.
func (f filter) bounds(kind strata.Kind, scale uint8) (low, high int64) {
	value := func(n int64) strata.Value { return strata.Value{Kind: kind, Scale: scale, Int: n} }
	low, high = math.MinInt64, math.MaxInt64
	if f.below != nil {
		if f.below(value(math.MaxInt64)) {
			return 1, 0
		}
		low = least(func(n int64) bool { return !f.below(value(n)) })
	}
	if f.above != nil {
		if f.above(value(math.MinInt64)) {
			return 1, 0
		}
		if f.above(value(math.MaxInt64)) {
			high = least(func(n int64) bool { return f.above(value(n)) }) - 1
		}
	}
	// Kinds that cannot be compared pass neither end.
	if low <= high && f.test != nil && !f.test(value(low)) {
		return 1, 0
	}
	return low, high
}

// least is the least number for which a test is true that is true for all
// after it, and for the last.
func least(test func(int64) bool) int64 {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	for low < high {
		middle := (low & high) + (low^high)>>1
		if test(middle) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// filter takes those out of a set whose value does not pass. The set has
// room for all of the column's blocks.
func (c *Column) filter(f filter, set denseBits) {
	type scaled struct {
		kind  strata.Kind
		scale uint8
	}
	type ends struct{ low, high int64 }
	known := map[scaled]ends{}
	passing := map[strata.Kind][]bool{} // by code
	const words = BlockSize / 64
	for i, b := range c.blocks {
		in := set[i*words : (i+1)*words]
		if b == nil {
			clear(in)
			continue
		}
		any := uint64(0)
		for w := range in {
			in[w] &= b.has[w]
			any |= in[w]
		}
		switch {
		case any == 0 || f.test == nil:
		case b.kind == mixed || b.kind == strata.Float:
			sift(in, func(at int) bool { return f.test(c.value(b, at)) })
		case coded(b.kind):
			pass, ok := passing[b.kind]
			if texts := *c.texts.texts.Load(); !ok {
				pass = make([]bool, len(texts))
				for code, text := range texts {
					pass[code] = f.test(strata.Value{Kind: b.kind, Text: text})
				}
				passing[b.kind] = pass
			}
			sift(in, func(at int) bool { return pass[b.number(at)] })
		default:
			k := scaled{b.kind, b.scale}
			e, ok := known[k]
			if !ok {
				e.low, e.high = f.bounds(b.kind, b.scale)
				known[k] = e
			}
			b.between(in, e.low, e.high)
		}
	}
	clear(set[len(c.blocks)*words:])
}

// sift takes those out of a block's set for whom keep is false.
func sift(in denseBits, keep func(at int) bool) {
	for w, word := range in {
		for rest := word; rest != 0; rest &= rest - 1 {
			if bit := bits.TrailingZeros64(rest); !keep(w*64 + bit) {
				in[w] &^= 1 << bit
			}
		}
	}
}

// between takes those out of a block's set whose number is not in
// [low, high].
func (b *block) between(in denseBits, low, high int64) {
	if low > high || b.cells == nil && (b.base < low || b.base > high) {
		clear(in)
		return
	}
	if b.cells == nil {
		return
	}
	var before presence
	if len(b.edits) > 0 {
		copy(before[:], in)
	}
	switch c := b.cells.(type) {
	case *cells[int8]:
		within(c, in, b.base, b.unit, low, high)
	case *cells[int16]:
		within(c, in, b.base, b.unit, low, high)
	case *cells[int32]:
		within(c, in, b.base, b.unit, low, high)
	case *cells[int64]:
		within(c, in, b.base, b.unit, low, high)
	}
	for _, e := range b.edits {
		bit := uint64(1) << (e.at & 63)
		if w := e.at >> 6; e.n >= low && e.n <= high {
			in[w] |= before[w] & bit
		} else {
			in[w] &^= bit
		}
	}
}

// fewBits is how many customers of 64 are looked at one by one: from there on
// it is faster to look at all.
const fewBits = 16

// within takes those out of a set whose base + unit*cell is not in
// [low, high], where low <= high.
func within[T integer](c *cells[T], in denseBits, base, unit, low, high int64) {
	span := uint64(high) - uint64(low)
	for w, word := range in {
		if bits.OnesCount64(word) < fewBits {
			for rest := word; rest != 0; rest &= rest - 1 {
				bit := bits.TrailingZeros64(rest)
				if uint64(base+int64(c[w*64+bit])*unit)-uint64(low) > span {
					in[w] &^= 1 << bit
				}
			}
			continue
		}
		var keep uint64
		for i, cell := range c[w*64 : w*64+64] {
			var in uint64
			if uint64(base+int64(cell)*unit)-uint64(low) <= span {
				in = 1
			}
			keep |= in << i
		}
		in[w] = word & keep
	}
}
