package program

import (
	"math"
	"math/bits"
	"slices"

	"strata"
	"strata/define"
)

// sieve tells, in one reading of a run, which events pass which of up to
// mostSieved filters of a plan: a word for each event, with a bit for each
// group of the plan that has a filter.
type sieve struct {
	groups  []int // of the plan, by bit
	windows []int // of what is read of the groups: places in the plan's window set
	by      []sifted
}

// mostSieved leaves the highest bit of a word free; see codeWords.
const mostSieved = 63

// sifted is what the filters of a sieve ask of one property.
type sifted struct {
	property uint16
	number   int // among all of the program
	tests    []sieveTest
	known    bool // some event has the property
	steady   bool // every answer depends on the value alone
	ranges   bool // every test is a range of decimals
}

// sieveTest is one test of a property, and the word of the filter that it
// belongs to.
type sieveTest struct {
	*propertyTest
	word uint64
}

// sieves makes those of a plan.
func (x *fused) sievesOf(p *plan) []sieve {
	var out []sieve
	for g := range p.groups {
		group := &p.groups[g]
		if group.filter < 0 {
			continue
		}
		if n := len(out); n == 0 || len(out[n-1].groups) == mostSieved {
			out = append(out, sieve{})
		}
		s := &out[len(out)-1]
		word := uint64(1) << len(s.groups)
		s.groups = append(s.groups, g)
		s.windows = group.addWindows(s.windows)
		filter := &x.filters[group.filter]
		for i := range filter.tests {
			t := &filter.tests[i]
			at := slices.IndexFunc(s.by, func(by sifted) bool { return by.property == t.property && by.known == t.known })
			if at < 0 {
				at = len(s.by)
				s.by = append(s.by, sifted{property: t.property, number: x.sifted, known: t.known, steady: true, ranges: true})
				x.sifted++
			}
			by := &s.by[at]
			by.tests = append(by.tests, sieveTest{t, word})
			by.steady, by.ranges = by.steady && filter.steady[i], by.ranges && t.between != nil
		}
	}
	return out
}

// addWindows adds the places of the group's windows that are not there yet.
func (g *group) addWindows(to []int) []int {
	add := func(uses []use) {
		for _, u := range uses {
			if !slices.Contains(to, u.window) {
				to = append(to, u.window)
			}
		}
	}
	add(g.counts)
	add(g.seen)
	for i := range g.columns {
		add(g.columns[i].sums)
		add(g.columns[i].extremes)
	}
	return to
}

// codeWords is what is known of each dictionary code of a property under the
// tests of a sieve: the words of the filters that its text passes, and
// askedCode.
type codeWords []uint64

const askedCode = 1 << 63

// scaledRanges are the ranges of a property's tests at the scale of the column
// that was read last.
type scaledRanges struct {
	scale uint8
	known bool
	of    []scaledRange
}

// scaledRange has both ends in it; none is in it where low is above high.
type scaledRange struct {
	low, high int64
	word      uint64
}

// sift leaves in found.passed the events of each group of a sieve that pass
// its filter, ascending, as far as some window of the groups reaches.
func (x *fusedFrame) sift(f *frame, s *sieve, found *planFrame) {
	for _, g := range s.groups {
		found.passed[g] = found.passed[g][:0]
	}
	from, to := math.MaxInt, 0
	for _, w := range s.windows {
		if found.from[w] < found.to[w] {
			from, to = min(from, found.from[w]), max(to, found.to[w])
		}
	}
	if from >= to {
		return
	}
	all := uint64(1)<<len(s.groups) - 1
	x.words = grown(x.words, to-from)
	words := x.words
	for i := range words {
		words[i] = all
	}
	for i := range s.by {
		by := &s.by[i]
		c, regular := onlyColumn(found.run, by.property)
		switch {
		case !by.known || regular && c == nil:
			for _, t := range by.tests {
				if all&t.word != 0 && !t.test(f, strata.Value{}) {
					all &^= t.word
				}
			}
		case regular && c.Valid == nil && by.steady && (c.Kind == strata.Text || c.Kind == strata.List):
			x.siftCodes(f, by, c, from, words)
		case regular && c.Valid == nil && by.ranges && (c.Kind == strata.Number || c.Kind == strata.Money):
			x.siftNumbers(by, c, from, words)
		default:
			for k, word := range words {
				for _, t := range by.tests {
					if word&t.word != 0 && !t.holds(f, found.run, from+k) {
						word &^= t.word
					}
				}
				words[k] = word
			}
		}
		if all == 0 {
			return
		}
	}
	for k, word := range words {
		for word &= all; word != 0; word &= word - 1 {
			g := s.groups[bits.TrailingZeros64(word)]
			found.passed[g] = append(found.passed[g], int32(from+k))
		}
	}
}

// siftCodes takes out of the words the filters that the texts do not pass.
// Each text is tested once.
func (x *fusedFrame) siftCodes(f *frame, by *sifted, c *strata.Column, from int, words []uint64) {
	known := x.codes[by.number]
	for k := range words {
		code := c.Code(from + k)
		if code >= uint64(len(known)) || known[code] == 0 {
			known = x.ask(f, by, c, code)
		}
		words[k] &= known[code]
	}
}

// ask tests a text and remembers the answers.
func (x *fusedFrame) ask(f *frame, by *sifted, c *strata.Column, code uint64) codeWords {
	known := x.codes[by.number]
	for code >= uint64(len(known)) {
		known = append(known, 0)
	}
	word, v := ^uint64(0), strata.Value{Kind: c.Kind, Text: f.text(c.Property, code)}
	for _, t := range by.tests {
		if !t.test(f, v) {
			word &^= t.word
		}
	}
	known[code] = word | askedCode
	x.codes[by.number] = known
	return known
}

// siftNumbers takes out of the words the filters whose ranges the numbers are
// not in.
func (x *fusedFrame) siftNumbers(by *sifted, c *strata.Column, from int, words []uint64) {
	ranges := &x.ranges[by.number]
	if !ranges.known || ranges.scale != c.Scale {
		*ranges = scaledRanges{scale: c.Scale, known: true, of: ranges.of[:0]}
		for _, t := range by.tests {
			low, high := t.between.at(c.Scale)
			ranges.of = append(ranges.of, scaledRange{low, high, t.word})
		}
	}
	for k := range words {
		v, out := c.Int(from+k), uint64(0)
		for _, r := range ranges.of {
			if v < r.low || v > r.high {
				out |= r.word
			}
		}
		words[k] &^= out
	}
}

// within returns those of ascending events that are in [from, to).
func within(events []int32, from, to int) []int32 {
	for len(events) > 0 && int(events[0]) < from {
		events = events[1:]
	}
	for len(events) > 0 && int(events[len(events)-1]) >= to {
		events = events[:len(events)-1]
	}
	return events
}

// numberRange is a test of a decimal that is true from low to high; missing
// ends are open.
type numberRange struct{ low, high limit }

// limit is an end of a range, which itself may not belong to it.
type limit struct {
	at   strata.Value
	open bool
}

// rangeOf returns the range that a test is, nil where it is another kind of
// test.
func rangeOf(t define.Test) *numberRange {
	var out numberRange
	for _, cmp := range t.Comparisons {
		if !steady(define.Test{Comparisons: []define.Comparison{cmp}}) || len(cmp.Operands) == 0 {
			return nil
		}
		first := cmp.Operands[0].Literal
		last := cmp.Operands[len(cmp.Operands)-1].Literal
		for _, v := range []strata.Value{first, last} {
			if v.Kind != strata.Number && v.Kind != strata.Money {
				return nil
			}
		}
		var low, high limit
		switch cmp.Op {
		case define.AtLeast:
			low = limit{at: first}
		case define.GreaterThan:
			low = limit{first, true}
		case define.AtMost:
			high = limit{at: first}
		case define.LessThan:
			high = limit{first, true}
		case define.Between:
			low, high = limit{at: first}, limit{at: last}
		default:
			return nil
		}
		if !low.at.IsMissing() && !out.low.at.IsMissing() || !high.at.IsMissing() && !out.high.at.IsMissing() {
			return nil
		}
		if !low.at.IsMissing() {
			out.low = low
		}
		if !high.at.IsMissing() {
			out.high = high
		}
	}
	return &out
}

// at returns the range as inclusive integers at a scale; no integer is in it
// where low is above high.
func (r *numberRange) at(scale uint8) (low, high int64) {
	low, high = math.MinInt64, math.MaxInt64
	if l := r.low; !l.at.IsMissing() {
		n, exact, ok := floorAt(l.at, scale)
		switch {
		case !ok && l.at.Int > 0 || n == math.MaxInt64 && l.open:
			return 1, 0
		case ok && (l.open || !exact):
			low = n + 1
		case ok:
			low = n
		}
	}
	if h := r.high; !h.at.IsMissing() {
		n, exact, ok := floorAt(h.at, scale)
		switch {
		case !ok && h.at.Int < 0 || n == math.MinInt64 && h.open:
			return 1, 0
		case ok && h.open && exact:
			high = n - 1
		case ok:
			high = n
		}
	}
	return low, high
}

// floorAt returns the largest integer at a scale that is not above a decimal,
// and whether it is equal; ok is false where an int64 cannot hold it.
func floorAt(v strata.Value, scale uint8) (n int64, exact, ok bool) {
	if v.Scale <= scale {
		n, ok = strata.Rescale(v.Int, v.Scale, scale)
		return n, true, ok
	}
	unit := strata.Pow10(v.Scale - scale)
	n = v.Int / unit
	if v.Int%unit < 0 {
		n--
	}
	return n, v.Int%unit == 0, true
}
