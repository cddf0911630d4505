package program

import "strata"

// leaves makes it due when the oldest event of a window leaves it.
func (x *fusedFrame) leaves(f *frame, found *planFrame, l leaving) {
	first, to := found.from[l.window], found.to[l.window]
	if l.group >= 0 {
		events := within(found.passed[l.group], first, to)
		if len(events) == 0 {
			return
		}
		first = int(events[0])
	}
	if first < to {
		f.passes(l.border, found.run.At(first))
	}
}

// timers says when a plain aggregate may change by time alone; see
// selection.timers.
func (x *fusedFrame) timers(f *frame, slot int) {
	m := &f.p.fused.measures[slot]
	border := f.p.windows[m.of.slot].from
	for _, part := range m.seen {
		if found := &x.plans[part.plan]; found.run != nil {
			x.leaves(f, found, leaving{part.group, part.window, border})
		}
	}
	if m.enters {
		f.enters(m.of)
	}
}

// nth returns the instant of the event that a plain aggregate sees before
// which n others lie, and whether there is one; ok is false where it sees
// events of several types.
func (x *fusedFrame) nth(f *frame, slot, n int) (at strata.Instant, there, ok bool) {
	m := &f.p.fused.measures[slot]
	if len(m.seen) != 1 {
		return 0, false, false
	}
	part := m.seen[0]
	found := &x.plans[part.plan]
	if found.run == nil {
		return 0, false, true
	}
	from, to := found.from[part.window], found.to[part.window]
	if part.group < 0 {
		if from+n >= to {
			return 0, false, true
		}
		return found.run.At(from + n), true, true
	}
	events := within(found.passed[part.group], from, to)
	if n >= len(events) {
		return 0, false, true
	}
	return found.run.At(int(events[n])), true, true
}
