package compute

import (
	"context"
	"encoding/binary"

	"strata"
	"strata/define"
)

// Erase takes a customer, whose facts and keys have been deleted, out of
// everything that is published: of the state, of its snapshot and of the
// histories. That the customer left the segments is one more change; of earlier changes the
// values that are texts become missing. It returns how many entries of
// histories were deleted. Doing it again does nothing more.
func (l *Live) Erase(ctx context.Context, c strata.CustomerID, now strata.Instant) (entries int, err error) {
	if err := l.CatchUp(ctx, now); err != nil {
		return 0, err
	}
	l.step.Lock()
	defer l.step.Unlock()
	s := l.current
	now = max(now, s.through)
	delete(l.pending, c)
	defer func() {
		if err != nil {
			l.mu.Lock()
			l.current = nil // read again from what is stored
			l.mu.Unlock()
		}
	}()
	left := record{customer: c, at: now, cause: strata.ByErasure}
	s.grow(int(c) + 1)
	l.mu.Lock()
	there := s.table.Everyone.Contains(uint32(c))
	for i := range s.columns {
		col := &s.columns[i]
		before := s.stored(col, c)
		switch col.ref.Kind {
		case "segment":
			if before.Bool() {
				left.shifts = append(left.shifts, shift{col.number, before, strata.BooleanOf(false)})
			}
			s.table.Segments[col.ref.Name].Remove(uint32(c))
		case "tier":
			s.table.Tiers[col.ref.Name].SetValue(c, strata.Value{})
		default:
			s.table.Tags[col.ref.Name].Set(c, strata.Value{})
		}
	}
	s.table.Everyone.Remove(uint32(c))
	s.next[c], s.latest[c] = define.Latest, 0
	l.frozen = nil
	s.Publish++
	if there && len(left.shifts) > 0 {
		s.Number++
	}
	s.Snapshot, s.Through = s.Publish, s.through
	l.mu.Unlock()
	if err := l.saveSnapshot(s); err != nil {
		return 0, err
	}
	err = l.store.Publish(func(b strata.Batch) error {
		if there && len(left.shifts) > 0 {
			value := binary.AppendVarint(nil, int64(now))
			value = binary.AppendUvarint(value, 1)
			if err := b.Set(resultKey(changeKind, s.Number), appendRecord(value, &left)); err != nil {
				return err
			}
		}
		if err := l.blankChanges(b, c); err != nil {
			return err
		}
		err := l.store.ScanKeys(historyPrefix(c, 0), historyPrefix(c+1, 0), func(key, _ []byte) error {
			entries++
			return b.Delete(append([]byte{}, key...))
		})
		if err != nil {
			return err
		}
		if err := l.forgetDeltas(b, s.Snapshot); err != nil {
			return err
		}
		if err := s.standing.write(b); err != nil {
			return err
		}
		return s.progress.write(b)
	})
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.deltas = 0
	l.removeSnapshots(s.Snapshot)
	l.show()
	return entries, nil
}

// blankChanges makes the texts of a customer's changes missing.
func (l *Live) blankChanges(b strata.Batch, c strata.CustomerID) error {
	return l.store.ScanKeys([]byte{'r', changeKind}, []byte{'r', changeKind + 1}, func(key, value []byte) error {
		d := decoder{b: value}
		published, n := d.varint(), d.uvarint()
		out := binary.AppendUvarint(binary.AppendVarint(nil, published), n)
		found := false
		for ; n > 0 && !d.bad; n-- {
			r := d.record()
			if r.customer == c {
				for i := range r.shifts {
					for _, v := range []*strata.Value{&r.shifts[i].from, &r.shifts[i].to} {
						if v.Text != "" {
							*v, found = strata.Value{}, true
						}
					}
				}
			}
			out = appendRecord(out, &r)
		}
		if d.bad {
			return errRecord
		}
		if !found {
			return nil
		}
		return b.Set(append([]byte{}, key...), out)
	})
}

// ErasedSpans are where results of a customer stood.
func ErasedSpans(c strata.CustomerID) [][2][]byte {
	return [][2][]byte{
		{historyPrefix(c, 0), historyPrefix(c+1, 0)},
		{{'r', deltaKind}, {'r', deltaKind + 1}},
		{{'r', changeKind}, {'r', changeKind + 1}},
	}
}
