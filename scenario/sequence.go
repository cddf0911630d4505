package scenario

import (
	"fmt"
	"slices"

	"strata"
	"strata/define"
)

// sequence tries every choice of distinct events.
func (v view) sequence(c define.Sequence) bool {
	in, ok := v.window(c.Window)
	if !ok {
		return false
	}
	steps := make([][]event, len(c.Steps))
	for i, step := range c.Steps {
		steps[i] = v.matching(step.Select, in)
	}
	var without []event
	if c.Without != nil {
		without = v.matching(*c.Without, v.always())
	}
	undisturbed := func(chosen []event) bool {
		first, last := chosen[0], chosen[len(chosen)-1]
		return !slices.ContainsFunc(without, func(e event) bool { return e.At > first.At && e.At < last.At })
	}
	// What can still follow depends only on the step, on the events chosen at
	// the last instant and, where something may not lie between, on the first.
	// What has failed once is not tried again.
	failed := map[string]bool{}
	var choose func(chosen []event) bool
	choose = func(chosen []event) bool {
		step := len(chosen)
		if step > 0 && !undisturbed(chosen) {
			return false
		}
		if step == len(steps) {
			return true
		}
		key := stateOf(chosen, c.Without != nil)
		if failed[key] {
			return false
		}
		for _, e := range steps[step] {
			again := slices.ContainsFunc(chosen, func(other event) bool { return other.place == e.place })
			if again || step > 0 && !v.follows(e, chosen[step-1], c.Steps[step]) {
				continue
			}
			if choose(append(slices.Clone(chosen), e)) {
				return true
			}
		}
		failed[key] = true
		return false
	}
	return choose(nil)
}

func stateOf(chosen []event, first bool) string {
	if len(chosen) == 0 {
		return ""
	}
	last := chosen[len(chosen)-1]
	key := fmt.Sprint(len(chosen), " ", last.place)
	for _, e := range chosen {
		if e.At == last.At {
			key += fmt.Sprint(" ", e.place)
		}
	}
	if first {
		key += fmt.Sprint(" from ", chosen[0].At)
	}
	return key
}

// follows reports whether an event can be a step's after the one before: at
// the same instant or later, within the step's limit, with equal properties.
func (v view) follows(e, before event, step define.Step) bool {
	if e.At < before.At {
		return false
	}
	if !step.Within.IsZero() && e.At >= step.Within.EndAfter(before.At, v.zone) {
		return false
	}
	return !slices.ContainsFunc(step.Same, func(property string) bool {
		a, b := e.Property(property), before.Property(property)
		return a.IsMissing() || !strata.Equal(a, b)
	})
}

// notFollowed looks for an A whose deadline has passed without a B.
func (v view) notFollowed(c define.NotFollowed) bool {
	bs := v.matching(c.By.Select, v.always())
	return slices.ContainsFunc(v.selected(c.Select), func(a event) bool {
		if c.By.Within.EndAfter(a.At, v.zone) > v.asOf { // the first instant after the deadline
			return false
		}
		return !slices.ContainsFunc(bs, func(b event) bool { return b.place != a.place && v.follows(b, a, c.By) })
	})
}
