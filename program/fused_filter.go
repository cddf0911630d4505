package program

import (
	"encoding/binary"
	"math"
	"slices"

	"strata"
	"strata/define"
)

// What is known of a dictionary code under a test.
const (
	fails   uint8 = 0
	passes  uint8 = 1
	unasked uint8 = 2
)

// fill finds which events of a run pass a filter, once for each customer.
func (x *fusedFrame) fill(f *frame, number int, r *strata.Run, m *mask) {
	if m.ready {
		return
	}
	m.ready = true
	m.of, m.counted = grown(m.of, r.N), grown(m.counted, r.N+1)
	filter := &f.p.fused.filters[number]
	for i := range filter.tests {
		t := &filter.tests[i]
		if i == 0 {
			for k := range m.of {
				m.of[k] = 1
			}
		}
		c, regular := onlyColumn(r, t.property)
		switch {
		case !t.known || regular && c == nil:
			if !t.test(f, strata.Value{}) {
				clear(m.of)
			}
		case regular && c.Valid == nil && filter.steady[i] && (c.Kind == strata.Text || c.Kind == strata.List):
			x.byCode(f, t, filter.number+i, c, m.of)
		case regular && c.Valid == nil && t.between != nil && (c.Kind == strata.Number || c.Kind == strata.Money):
			low, high := t.between.at(c.Scale)
			for k, v := range x.read(c, r.N) {
				if v < low || v > high {
					m.of[k] = 0
				}
			}
		default:
			for k := range m.of {
				if m.of[k] != 0 && !t.holds(f, r, k) {
					m.of[k] = 0
				}
			}
		}
	}
	n := int64(0)
	m.counted[0] = 0
	for k, pass := range m.of {
		n += int64(pass)
		m.counted[k+1] = n
	}
}

// byCode leaves in a mask the events whose text passes a test. Each text is
// tested once.
func (x *fusedFrame) byCode(f *frame, t *propertyTest, number int, c *strata.Column, of []uint8) {
	memo := x.memo[number]
	data := c.Data
	for k := range of {
		var code uint64
		switch c.Width {
		case 1:
			code, data = uint64(data[0]), data[1:]
		case 2:
			code, data = uint64(binary.LittleEndian.Uint16(data)), data[2:]
		case 4:
			code, data = uint64(binary.LittleEndian.Uint32(data)), data[4:]
		default:
			code, data = binary.LittleEndian.Uint64(data), data[8:]
		}
		if code >= uint64(len(memo)) || memo[code] == unasked {
			memo = x.ask(f, t, number, c, code)
		}
		of[k] &= memo[code]
	}
}

// ask tests a text and remembers the answer.
func (x *fusedFrame) ask(f *frame, t *propertyTest, number int, c *strata.Column, code uint64) []uint8 {
	memo := x.memo[number]
	for code >= uint64(len(memo)) {
		memo = append(memo, unasked)
	}
	memo[code] = fails
	if t.test(f, strata.Value{Kind: c.Kind, Text: f.text(c.Property, code)}) {
		memo[code] = passes
	}
	x.memo[number] = memo
	return memo
}

// count counts distinct values or days.
func (x *fusedFrame) count(f *frame, d *distinct) {
	var only *planFrame
	var which int
	runs := 0
	for i, at := range d.plans {
		found := &x.plans[at]
		if w := d.windows[i]; found.run != nil && found.from[w] < found.to[w] {
			only, which = found, i
			runs++
		}
	}
	if runs == 0 {
		return
	}
	if runs == 1 && d.days {
		x.ints[d.slot] = x.daysOf(f, d, only, which)
		return
	}
	var like *strata.Column
	x.keys = x.keys[:0]
	if x.mark++; x.mark == 0 {
		clear(x.marks)
		x.mark = 1
	}
	n := int64(0)
	for i, at := range d.plans {
		found := &x.plans[at]
		if found.run == nil {
			continue
		}
		from, to := found.from[d.windows[i]], found.to[d.windows[i]]
		if from >= to {
			continue
		}
		var c *strata.Column
		if !d.days {
			var regular bool
			c, regular = onlyColumn(found.run, d.property)
			if !regular || c != nil && like != nil && (c.Kind != like.Kind || c.Scale != like.Scale) {
				x.odd[d.slot], x.used, x.irregular = true, true, true
				return
			}
			if c == nil {
				continue
			}
			like = c
		}
		var m *mask
		if d.filter >= 0 {
			m = &found.masks[d.groups[i]]
			x.fill(f, d.filter, found.run, m)
		}
		for k := from; k < to; k++ {
			if m != nil && m.of[k] == 0 {
				continue
			}
			switch {
			case d.days:
				x.keys = append(x.keys, f.days.of(found.run.At(k)))
			case !c.Has(k):
			case c.Kind == strata.Text || c.Kind == strata.List:
				code := c.Code(k)
				for code >= uint64(len(x.marks)) {
					x.marks = append(x.marks, 0)
				}
				if x.marks[code] != x.mark {
					x.marks[code] = x.mark
					n++
				}
			case c.Kind == strata.ID:
				x.keys = append(x.keys, int64(c.Code(k)))
			default:
				x.keys = append(x.keys, c.Int(k))
			}
		}
	}
	slices.Sort(x.keys)
	for i, key := range x.keys {
		if i == 0 || key != x.keys[i-1] {
			n++
		}
	}
	x.ints[d.slot] = n
}

// daysOf counts the days of one run's events, which are in order.
func (x *fusedFrame) daysOf(f *frame, d *distinct, found *planFrame, which int) int64 {
	var m *mask
	if d.filter >= 0 {
		m = &found.masks[d.groups[which]]
		x.fill(f, d.filter, found.run, m)
	}
	n, last := int64(0), int64(0)
	for k := found.from[d.windows[which]]; k < found.to[d.windows[which]]; k++ {
		if m != nil && m.of[k] == 0 {
			continue
		}
		if day := f.days.of(found.run.At(k)); n == 0 || day != last {
			last = day
			n++
		}
	}
	return n
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
