package program

import (
	"math"
	"math/bits"
	"slices"

	"strata"
)

// count counts distinct values or days.
func (x *fusedFrame) count(f *frame, d *distinct) {
	if len(d.plans) == 1 && x.countOne(f, d) {
		return
	}
	only, runs := -1, 0
	for i, at := range d.plans {
		found := &x.plans[at]
		if w := d.windows[i]; found.run != nil && found.from[w] < found.to[w] {
			only = i
			runs++
		}
	}
	switch {
	case runs == 0:
		return
	case runs == 1 && d.days:
		x.ints[d.slot] = x.daysOf(f, d, only)
		return
	}
	var like *strata.Column
	x.keys = x.keys[:0]
	x.newMark()
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
		see := func(k int) {
			switch {
			case d.days:
				x.keys = append(x.keys, f.days.of(found.run.At(k)))
			case !c.Has(k):
			case c.Kind == strata.Text || c.Kind == strata.List:
				if x.firstSeen(c.Code(k)) {
					n++
				}
			case c.Kind == strata.ID:
				x.keys = append(x.keys, int64(c.Code(k)))
			default:
				x.keys = append(x.keys, c.Int(k))
			}
		}
		if d.filter < 0 {
			for k := from; k < to; k++ {
				see(k)
			}
			continue
		}
		for _, k := range within(found.passed[d.groups[i]], from, to) {
			see(int(k))
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

// countOne is count where all is of one event type; false where it is for the
// general way.
func (x *fusedFrame) countOne(f *frame, d *distinct) bool {
	found, w := &x.plans[d.plans[0]], d.windows[0]
	if found.run == nil || found.from[w] >= found.to[w] {
		return true
	}
	if d.days {
		x.ints[d.slot] = x.daysOf(f, d, 0)
		return true
	}
	c, regular := onlyColumn(found.run, d.property)
	switch {
	case regular && c == nil:
		return true
	case !regular || d.filter >= 0 || c.Valid != nil || c.Width > 2 || c.Kind != strata.Text && c.Kind != strata.List:
		return false
	}
	x.ints[d.slot] = x.codesOf(c, found.from[w], found.to[w])
	return true
}

// newMark begins another count of codes.
func (x *fusedFrame) newMark() {
	if x.mark++; x.mark == 0 {
		clear(x.marks)
		x.mark = 1
	}
}

// firstSeen marks a code, and reports whether it was not marked yet.
func (x *fusedFrame) firstSeen(code uint64) bool {
	for code >= uint64(len(x.marks)) {
		x.marks = append(x.marks, 0)
	}
	first := x.marks[code] != x.mark
	x.marks[code] = x.mark
	return first
}

// codesOf counts the distinct codes, of one or two bytes, of some events of a
// column that has them all.
func (x *fusedFrame) codesOf(c *strata.Column, from, to int) int64 {
	if c.Width == 1 {
		var seen [4]uint64
		for _, code := range c.Data[from:to] {
			seen[code>>6] |= 1 << (code & 63)
		}
		return int64(bits.OnesCount64(seen[0]) + bits.OnesCount64(seen[1]) + bits.OnesCount64(seen[2]) + bits.OnesCount64(seen[3]))
	}
	if len(x.marks) < 1<<16 {
		x.marks = append(x.marks, make([]uint32, 1<<16-len(x.marks))...)
	}
	x.newMark()
	marks, mark, n := (*[1 << 16]uint32)(x.marks), x.mark, int64(0)
	for data := c.Data[2*from : 2*to]; len(data) >= 2; data = data[2:] {
		code := uint16(data[0]) | uint16(data[1])<<8
		if marks[code] != mark {
			marks[code] = mark
			n++
		}
	}
	return n
}

// daysOf counts the days of one run's events, which are in order.
func (x *fusedFrame) daysOf(f *frame, d *distinct, which int) int64 {
	found, w := &x.plans[d.plans[which]], d.windows[which]
	n, end := int64(0), strata.Instant(math.MinInt64)
	if d.filter >= 0 {
		for _, k := range within(found.passed[d.groups[which]], found.from[w], found.to[w]) {
			if at := found.run.At(int(k)); at >= end {
				f.days.of(at)
				end = f.days.end
				n++
			}
		}
		return n
	}
	for k := found.from[w]; k < found.to[w]; k++ {
		// A day begins with a whole second.
		if at := strata.Instant(found.run.Second(k)) * 1000; at >= end {
			f.days.of(at)
			end = f.days.end
			n++
		}
	}
	return n
}
