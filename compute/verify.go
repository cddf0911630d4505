package compute

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"strata"
	"strata/define"
)

// Difference is where the published state is not what evaluating everyone
// anew gives. Any difference is a bug or damage.
type Difference struct {
	Customer  strata.CustomerID
	Kind      string // tag, segment, tier
	Name      string
	What      string // value, timer, history
	Published string
	Computed  string
}

// Verified is what a verification looked at and found.
type Verified struct {
	AsOf        strata.Instant
	Publish     uint64 // number of the last publish
	Customers   int
	Cells       int // values, memberships and levels compared
	Entries     int // of histories
	Differences []Difference
	More        int // differences beyond those listed
}

// listed is how many differences a verification lists.
const listed = 1000

// Verify publishes what has happened up to now and then evaluates everyone
// anew and compares: every value, membership and level, whether each
// customer's timer goes off before anything changes, and whether each history
// ends with what is published. Nothing is changed by comparing.
func (l *Live) Verify(ctx context.Context, now strata.Instant) (*Verified, error) {
	for more := true; more; {
		var err error
		if more, err = l.Step(ctx, now); err != nil {
			return nil, err
		}
	}
	l.step.Lock()
	defer l.step.Unlock()
	s := l.current
	out := &Verified{AsOf: s.through, Publish: s.Publish}
	var mu sync.Mutex
	differ := func(d Difference) {
		mu.Lock()
		defer mu.Unlock()
		if len(out.Differences) < listed {
			out.Differences = append(out.Differences, d)
		} else {
			out.More++
		}
	}
	n := int(s.Last) + 1
	err := l.engine.scan(ctx, n, s.program.Wanted(), func() func(*strata.History) {
		run := s.evaluator(s.program, s.through)
		w := walker{state: s, eval: run, now: s.through}
		return func(h *strata.History) {
			if ctx.Err() != nil {
				return
			}
			found := w.verify(h, differ)
			mu.Lock()
			defer mu.Unlock()
			out.Customers++
			out.Cells += found
		}
	})
	if err != nil {
		return nil, err
	}
	if err := l.verifyHistories(s, out, differ); err != nil {
		return nil, err
	}
	slices.SortFunc(out.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.What, b.What))
	})
	return out, nil
}

// verify compares one customer and returns how many cells it compared.
func (w *walker) verify(h *strata.History, differ func(Difference)) int {
	c := h.Customer
	w.eval.Move(w.now)
	row := w.eval.Run(h)
	if !w.table.Everyone.Contains(uint32(c)) {
		differ(Difference{c, "", "", "value", "not there", "a customer"})
		return 0
	}
	answers := make([]strata.Value, len(w.columns))
	for i := range w.columns {
		col := &w.columns[i]
		answers[i] = w.answer(col, row)
		if stored := w.stored(col, c); stored != answers[i] {
			differ(Difference{c, col.ref.Kind, col.ref.Name, "value", stored.String(), answers[i].String()})
		}
	}
	next := w.next[c]
	if next <= w.now {
		differ(Difference{c, "", "", "timer", w.say(next), "after " + w.say(w.now)})
	}
	// Until the timer goes off nothing may change.
	for at := row.Next; at < next; at = max(row.Next, at+1) {
		w.eval.Move(at)
		row = w.eval.Again()
		for i := range w.columns {
			col := &w.columns[i]
			if v := w.answer(col, row); v != answers[i] {
				differ(Difference{c, col.ref.Kind, col.ref.Name, "timer", w.say(next), w.say(at)})
				return len(w.columns)
			}
		}
	}
	return len(w.columns)
}

func (w *walker) say(at strata.Instant) string {
	if at == define.Latest {
		return "never"
	}
	return strata.TimeOf(at).String()
}

// verifyHistories compares the last entry of every history with the state.
func (l *Live) verifyHistories(s *state, out *Verified, differ func(Difference)) error {
	var customer strata.CustomerID
	var col *column
	var to strata.Value
	var last strata.Instant
	check := func() {
		// What was found before histories began may be of another definition.
		if col == nil || !col.tracked || last <= s.Floor {
			return
		}
		if now := s.stored(col, customer); now != to {
			differ(Difference{customer, col.ref.Kind, col.ref.Name, "history", to.String(), now.String()})
		}
	}
	from := []byte{'r', historyKind}
	err := l.store.ScanKeys(from, []byte{'r', historyKind + 1}, func(key, value []byte) error {
		c := strata.CustomerID(binary.BigEndian.Uint32(key[2:]))
		number := binary.BigEndian.Uint16(key[6:])
		if c != customer || col == nil || col.number != number {
			check()
			customer, col = c, s.byNumber[number]
		}
		last = strata.Instant(binary.BigEndian.Uint64(key[8:]))
		d := decoder{b: value}
		d.byte() // the cause
		d.value()
		if to = d.value(); d.bad {
			return fmt.Errorf("history of customer %d: %w", c, errRecord)
		}
		out.Entries++
		return nil
	})
	check()
	return err
}
