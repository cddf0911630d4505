package compute

import (
	"cmp"
	"slices"

	"strata"
	"strata/define"
)

// timers finds the customers whose time has come. An entry counts only while
// it agrees with the customer's next instant, so that changing a timer adds an
// entry and removes none.
type timers struct {
	slots   map[int64][]strata.CustomerID // by minute since 1970
	minutes []int64                       // of the slots, latest first
	entries int
}

const slotMillis = 60 * 1000

func slotOf(at strata.Instant) int64 { return int64(at) / slotMillis }

// newTimers returns the timers of all customers.
func newTimers(next []strata.Instant) timers {
	t := timers{slots: map[int64][]strata.CustomerID{}}
	for c, at := range next {
		if at != 0 && at != define.Latest {
			t.add(strata.CustomerID(c), at)
		}
	}
	return t
}

// add notes that a customer's next instant is at.
func (t *timers) add(c strata.CustomerID, at strata.Instant) {
	if at == define.Latest {
		return
	}
	slot := slotOf(at)
	list, known := t.slots[slot]
	if !known {
		i, _ := slices.BinarySearchFunc(t.minutes, slot, func(a, b int64) int { return cmp.Compare(b, a) })
		t.minutes = slices.Insert(t.minutes, i, slot)
	}
	t.slots[slot] = append(list, c)
	t.entries++
}

// first returns an instant at or before the first timer.
func (t *timers) first() strata.Instant {
	if len(t.minutes) == 0 {
		return define.Latest
	}
	return strata.Instant(t.minutes[len(t.minutes)-1] * slotMillis)
}

// due takes out the customers whose next instant is now or before, each once,
// by ascending number.
func (t *timers) due(now strata.Instant, next []strata.Instant) (list []strata.CustomerID) {
	for len(t.minutes) > 0 {
		slot := t.minutes[len(t.minutes)-1]
		if slot > slotOf(now) {
			break
		}
		of := t.slots[slot]
		kept := of[:0]
		for _, c := range of {
			switch at := next[c]; {
			case slotOf(at) != slot: // an entry that was overtaken
			case at > now:
				kept = append(kept, c)
			default:
				list = append(list, c)
			}
		}
		t.entries -= len(of) - len(kept)
		if len(kept) > 0 { // this minute is not over
			t.slots[slot] = kept
			break
		}
		delete(t.slots, slot)
		t.minutes = t.minutes[:len(t.minutes)-1]
	}
	slices.Sort(list)
	return slices.Compact(list)
}
