package compute

import (
	"context"
	"encoding/binary"
	"runtime"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"

	"strata"
	"strata/audience"
	"strata/define"
	"strata/program"
)

// evaluation is what became of one task.
type evaluation struct {
	delta   delta
	records []record
	erase   strata.Instant // the histories from here on are written anew; 0 = none
	entries []entry
	until   strata.Instant // the customer's last event up to now; 0 = none
}

// entry is one entry of a history.
type entry struct {
	at    strata.Instant
	cause strata.Cause
	shift
}

// evaluate computes the tasks' customers, each through all instants at which
// something changed up to now. The results are in the order of the tasks. It
// changes nothing.
func (l *Live) evaluate(ctx context.Context, s *state, tasks []task, now strata.Instant) ([]evaluation, error) {
	done := make([]evaluation, len(tasks))
	workers := min(runtime.GOMAXPROCS(0), 1+len(tasks)/32)
	if len(s.evaluators) < workers {
		workers = len(s.evaluators)
	}
	group, ctx := errgroup.WithContext(ctx)
	for n := range workers {
		from, to := len(tasks)*n/workers, len(tasks)*(n+1)/workers
		w := &walker{state: s, eval: s.evaluators[n], now: now, held: s.held()}
		group.Go(func() error {
			customers := make([]strata.CustomerID, 0, to-from)
			for _, t := range tasks[from:to] {
				customers = append(customers, t.customer)
			}
			at := from
			return l.facts.LoadEach(ctx, customers, func(h *strata.History) error {
				done[at] = w.walk(h, tasks[at])
				at++
				return nil
			})
		})
	}
	return done, group.Wait()
}

// walker takes one customer after the other through its instants.
type walker struct {
	*state
	eval   *program.Evaluator
	now    strata.Instant
	held   []held         // by column
	before []strata.Value // of the tracked columns
}

// held is where the state has a column's answers: one of the three.
type held struct {
	tag     *audience.Column
	segment *roaring.Bitmap
	tier    *audience.Levels
}

func (s *state) held() []held {
	out := make([]held, len(s.columns))
	for i := range s.columns {
		switch ref := s.columns[i].ref; ref.Kind {
		case "segment":
			out[i].segment = s.table.Segments[ref.Name]
		case "tier":
			out[i].tier = s.table.Tiers[ref.Name]
		default:
			out[i].tag = s.table.Tags[ref.Name]
		}
	}
	return out
}

// of returns the customer's answer.
func (h *held) of(c strata.CustomerID) strata.Value {
	switch {
	case h.segment != nil:
		return strata.BooleanOf(h.segment.Contains(uint32(c)))
	case h.tier != nil:
		return h.tier.Value(c)
	}
	return h.tag.Get(c)
}

// walk evaluates one customer at every instant at which something changed
// since it was last evaluated, oldest first.
//
// A fact that lies before an entry of the customer's histories is late: they
// are written anew from its instant on, and what follows for the present
// state is one change with that cause. So it is with a customer who is new, of
// whom the histories know nothing, but whose cause is the fact itself.
func (w *walker) walk(h *strata.History, t task) evaluation {
	var out evaluation
	c := int(t.customer)
	next, latest := w.next[c], w.latest[c]
	at, late := min(next, w.now), false
	fresh := !w.table.Everyone.Contains(uint32(c))
	if t.touched {
		from := t.from
		if t.attributes && w.program.HoldsAlways() {
			from = w.Floor
		}
		// What lies before the histories begin changes what they begin with.
		late = from <= max(latest, w.Floor) || fresh
		from = min(max(from, w.Floor+1), w.now)
		at = min(at, from)
		if late {
			at = from
		}
	}
	if late {
		w.eval.Move(at - 1)
		w.remember(w.eval.Run(h))
		out.erase = at
		latest = 0
	} else {
		w.recall(t.customer)
	}
	var row *program.Row
	for first := !late; ; first = false {
		w.eval.Move(at)
		if first {
			row = w.eval.Run(h)
		} else {
			row = w.eval.Again()
		}
		cause := strata.ByTime
		if factAt(h, at) || t.touched && !late && at == min(t.from, w.now) {
			cause = strata.ByEvent
		}
		if shifts := w.compare(row); len(shifts) > 0 {
			for _, s := range shifts {
				out.entries = append(out.entries, entry{at, cause, s})
			}
			latest = at
			if !late {
				out.records = append(out.records, record{t.customer, at, cause, shifts})
			}
		}
		if row.Next > w.now {
			break
		}
		at = max(row.Next, at+1)
	}
	if late {
		if latest == 0 {
			latest = out.erase - 1 // the entries were erased; where the one before lies is not known
		}
		w.recall(t.customer)
		if shifts := w.compare(row); len(shifts) > 0 {
			cause := strata.ByLateEvent
			if fresh {
				cause = strata.ByEvent
			}
			out.records = append(out.records, record{t.customer, w.now, cause, shifts})
		}
	}
	seen := lastSeen{all: &lastEvent{}}
	seen.see(h, w.now)
	out.until = seen.at
	out.delta = delta{customer: t.customer, next: row.Next, latest: latest, cells: w.cells(t.customer, row)}
	return out
}

// factAt reports whether something happened to the customer at the instant.
func factAt(h *strata.History, at strata.Instant) bool {
	for i := range h.Runs {
		if r := &h.Runs[i]; r.Search(at) < r.Search(at+1) {
			return true
		}
	}
	for i := range h.Attributes {
		if h.Attributes[i].At == at {
			return true
		}
	}
	return false
}

// remember keeps the row's tracked answers to compare with.
func (w *walker) remember(row *program.Row) {
	w.before = w.before[:0]
	for i := range w.columns {
		if col := &w.columns[i]; col.tracked {
			w.before = append(w.before, w.answer(col, row))
		}
	}
}

// recall keeps the state's tracked answers to compare with.
func (w *walker) recall(c strata.CustomerID) {
	w.before = w.before[:0]
	for i := range w.columns {
		if col := &w.columns[i]; col.tracked {
			w.before = append(w.before, w.held[i].of(c))
		}
	}
}

// compare returns what differs from what is kept, and keeps the row's.
func (w *walker) compare(row *program.Row) (shifts []shift) {
	n := 0
	for i := range w.columns {
		col := &w.columns[i]
		if !col.tracked {
			continue
		}
		if v := w.answer(col, row); v != w.before[n] {
			shifts = append(shifts, shift{col.number, w.before[n], v})
			w.before[n] = v
		}
		n++
	}
	return shifts
}

// cells returns what differs from the state.
func (w *walker) cells(c strata.CustomerID, row *program.Row) (cells []cell) {
	for i := range w.columns {
		col := &w.columns[i]
		if v := w.answer(col, row); v != w.held[i].of(c) {
			cells = append(cells, cell{col.number, v})
		}
	}
	return cells
}

// answer is a column's answer in a row, as the state holds it: of a segment
// whether the customer is in it, of a tier the level's id.
func (w *walker) answer(col *column, row *program.Row) strata.Value {
	switch col.ref.Kind {
	case "segment":
		return strata.BooleanOf(row.Segments[col.place])
	case "tier":
		if n := row.Levels[col.place]; n >= 0 {
			return strata.TextOf(w.program.Tiers()[col.place].Levels[n])
		}
		return strata.Value{}
	}
	return w.eval.Stored(col.place)
}

// publish stores what the evaluations changed in one commit and then shows it
// to readers. When nobody who was touched or is new is left, the commit also
// drops the touches that were read and notes that everyone is known: before
// that, a process that begins anew has to find them again.
func (l *Live) publish(s *state, done []evaluation, now strata.Instant, more bool) error {
	settled := len(l.pending) == 0
	next := s.progress
	next.Publish++
	if settled {
		next.Last = l.known
	}
	if !more {
		next.Through = now
	}
	var deltas, records []byte
	count := uint64(0)
	for i := range done {
		next.DataUntil = max(next.DataUntil, done[i].until)
		deltas = appendDelta(deltas, &done[i].delta)
		for r := range done[i].records {
			records = appendRecord(records, &done[i].records[r])
			count++
		}
	}
	next.Number += count
	err := l.store.Publish(func(b strata.Batch) error {
		if err := b.Set(resultKey(deltaKind, next.Publish), deltas); err != nil {
			return err
		}
		if count > 0 {
			value := binary.AppendVarint(nil, int64(now))
			value = binary.AppendUvarint(value, count)
			if err := b.Set(resultKey(changeKind, next.Number), append(value, records...)); err != nil {
				return err
			}
		}
		for i := range done {
			if err := l.writeHistory(b, done[i].delta.customer, &done[i]); err != nil {
				return err
			}
		}
		if settled {
			if err := l.store.Forget(b, l.read); err != nil {
				return err
			}
		}
		return next.write(b)
	})
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.progress = next
	if !more {
		s.through = now
	}
	if settled {
		s.commits = l.read
	}
	s.deltas += len(deltas)
	for i := range done {
		s.apply(&done[i].delta)
	}
	l.show()
	return nil
}

// show tells readers that the state has moved. The caller holds mu.
func (l *Live) show() {
	close(l.moved)
	l.moved = make(chan struct{})
}

func (l *Live) writeHistory(b strata.Batch, c strata.CustomerID, e *evaluation) error {
	if e.erase > 0 {
		from, to := historyPrefix(c, 0), historyPrefix(c+1, 0)
		var keys [][]byte
		err := l.store.ScanKeys(from, to, func(key, _ []byte) error {
			if strata.Instant(binary.BigEndian.Uint64(key[len(from):])) >= e.erase {
				keys = append(keys, append([]byte{}, key...))
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := b.Delete(key); err != nil {
				return err
			}
		}
	}
	for _, x := range e.entries {
		value := appendValue(appendValue([]byte{byte(x.cause)}, x.from), x.to)
		if err := b.Set(historyKey(c, x.column, x.at), value); err != nil {
			return err
		}
	}
	return nil
}

// stored is a column's answer in the state.
func (s *state) stored(col *column, c strata.CustomerID) strata.Value {
	switch col.ref.Kind {
	case "segment":
		return strata.BooleanOf(s.table.Segments[col.ref.Name].Contains(uint32(c)))
	case "tier":
		return s.table.Tiers[col.ref.Name].Value(c)
	}
	return s.table.Tags[col.ref.Name].Get(c)
}

// apply puts a delta into the state.
func (s *state) apply(d *delta) {
	s.grow(int(d.customer) + 1)
	s.table.Everyone.Add(uint32(d.customer))
	for _, x := range d.cells {
		col := s.byNumber[x.column]
		if col == nil {
			continue // of a definition that was dropped since
		}
		switch col.ref.Kind {
		case "segment":
			if members := s.table.Segments[col.ref.Name]; x.value.Bool() {
				members.Add(uint32(d.customer))
			} else {
				members.Remove(uint32(d.customer))
			}
		case "tier":
			s.table.Tiers[col.ref.Name].SetValue(d.customer, x.value)
		default:
			s.table.Tags[col.ref.Name].Set(d.customer, x.value)
		}
	}
	s.latest[d.customer] = d.latest
	if s.next[d.customer] != d.next {
		s.next[d.customer] = d.next
		s.timers.add(d.customer, d.next)
	}
}

// grow makes room for customers below n.
func (s *state) grow(n int) {
	for len(s.next) < n {
		s.next = append(s.next, define.Latest)
		s.latest = append(s.latest, 0)
	}
}
