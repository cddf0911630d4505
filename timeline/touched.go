package timeline

import (
	"cmp"
	"encoding/binary"
	"slices"

	"strata"
)

// trackingKey is there where commits note whom they touched.
var trackingKey = []byte("mtracking")

// touchedKeySize is the size of the key of a commit's touches: u, commit(8).
const touchedKeySize = 9

// touches gathers the touches of a batch, one a customer.
type touches struct {
	of map[strata.CustomerID]strata.Touch
}

func (t *touches) add(c strata.CustomerID, f *Facts) {
	from := endOfTime
	for i := range f.Events {
		from = min(from, f.Events[i].At)
	}
	for i := range f.Attributes {
		from = min(from, f.Attributes[i].At)
	}
	if from == endOfTime {
		return
	}
	if t.of == nil {
		t.of = map[strata.CustomerID]strata.Touch{}
	}
	known, seen := t.of[c]
	if seen {
		from = min(from, known.From)
	}
	t.of[c] = strata.Touch{Customer: c, From: from, Attributes: known.Attributes || len(f.Attributes) > 0}
}

// appendTouches writes them as: uv count; each, by ascending customer: uv
// difference to the one before, uv From in milliseconds<<1 | Attributes.
func appendTouches(b []byte, of map[strata.CustomerID]strata.Touch) []byte {
	list := make([]strata.Touch, 0, len(of))
	for _, t := range of {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b strata.Touch) int { return cmp.Compare(a.Customer, b.Customer) })
	b = binary.AppendUvarint(b, uint64(len(list)))
	before := strata.CustomerID(0)
	for _, t := range list {
		b = binary.AppendUvarint(b, uint64(t.Customer-before))
		before = t.Customer
		packed := uint64(t.From) << 1
		if t.Attributes {
			packed |= 1
		}
		b = binary.AppendUvarint(b, packed)
	}
	return b
}

func readTouches(b []byte, fn func(strata.Touch)) error {
	r := reader{b: b}
	customer := uint64(0)
	for n := r.count(2); n > 0; n-- {
		customer += r.uvarint()
		packed := r.uvarint()
		if r.bad || customer == 0 || customer > 1<<32-1 || strata.Instant(packed>>1) >= endOfTime {
			return errDamaged
		}
		fn(strata.Touch{Customer: strata.CustomerID(customer), From: strata.Instant(packed >> 1), Attributes: packed&1 != 0})
	}
	if r.bad || len(r.b) > 0 {
		return errDamaged
	}
	return nil
}

// Track makes every later commit note, in the same batch, the customers to
// whom it appended facts. A store does not track by itself:
// what is imported before anything was published need not be noted.
func (s *Store) Track() error {
	if s.tracking.Load() {
		return nil
	}
	b := s.NewBatch()
	defer b.Close()
	if err := b.Set(trackingKey, nil); err != nil {
		return err
	}
	// Before the commit: who commits at the same time is noted too often, never
	// too seldom.
	s.tracking.Store(true)
	err := s.Commit(b, true)
	if err != nil {
		s.tracking.Store(false)
	}
	return err
}

// Touched calls fn with the touches of every commit after the given one that
// were noted and not forgotten, by ascending commit, and returns the number of
// the last commit that it has seen: every fact of that and of earlier ones can
// be read.
func (s *Store) Touched(after uint64, fn func(strata.Touch)) (through uint64, err error) {
	through = s.commits.Load()
	if through <= after {
		return after, nil
	}
	err = s.ScanKeys(appendTouchedKey(nil, after+1), appendTouchedKey(nil, through+1), func(key, value []byte) error {
		if len(key) != touchedKeySize {
			return damage(key, errDamaged)
		}
		if err := readTouches(value, fn); err != nil {
			return damage(key, err)
		}
		return nil
	})
	return through, err
}

// Forget drops, in a batch of this store, the touches of all commits up to
// and with the given one.
func (s *Store) Forget(b strata.Batch, through uint64) error {
	own, ok := b.(*Batch)
	if !ok || own.store != s {
		return &strata.Error{Code: strata.Internal, Message: "the batch is of another store"}
	}
	return storeError(own.writes.DeleteRange([]byte{'u'}, appendTouchedKey(nil, through+1), nil), "writing")
}

// Update commits what fn writes, all or nothing; see Commit.
func (s *Store) Update(sync bool, fn func(strata.Batch) error) error {
	b := s.NewBatch()
	defer b.Close()
	if err := fn(b); err != nil {
		return err
	}
	return s.Commit(b, sync)
}

func appendTouchedKey(b []byte, commit uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 'u'), commit)
}

// Arrivals returns a channel that is closed at the next commit that appends
// facts.
func (s *Store) Arrivals() <-chan struct{} {
	s.waiting.Lock()
	defer s.waiting.Unlock()
	if s.arrival == nil {
		s.arrival = make(chan struct{})
	}
	return s.arrival
}

// arrived wakes those who wait for facts.
func (s *Store) arrived() {
	s.waiting.Lock()
	defer s.waiting.Unlock()
	if s.arrival != nil {
		close(s.arrival)
		s.arrival = nil
	}
}

// Publish commits, durably, what fn writes of results that were computed from
// facts. It is no commit of facts: Commits stays as it is, so that what was
// asked of the facts before holds still. fn must not append facts.
func (s *Store) Publish(fn func(strata.Batch) error) error {
	b := s.NewBatch()
	defer b.Close()
	b.results = true
	if err := fn(b); err != nil {
		return err
	}
	if len(b.touches.of) > 0 {
		return &strata.Error{Code: strata.Internal, Message: "facts among results"}
	}
	return s.Commit(b, true)
}
