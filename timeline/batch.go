package timeline

import (
	"bytes"
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"

	"strata"
)

// Batch gathers writes for one atomic commit; it is a strata.Batch. Get sees
// what the batch has set, deleted and merged, except merged events and
// attributes. One goroutine may use it at a time.
type Batch struct {
	store     *Store
	writes    *pebble.Batch
	changes   map[string]change
	touches   touches
	results   bool // what is computed from facts: no news to who counts commits
	committed bool
}

// change is what a batch does to one key.
type change struct {
	replaced bool     // set or deleted: what is stored does not count
	value    []byte   // nil = none
	operands [][]byte // merged since, oldest first
}

// retainedBatchBytes is the memory that a batch keeps when it is reset.
const retainedBatchBytes = 16 << 20

var _ strata.Batch = (*Batch)(nil)

// NewBatch returns an empty batch.
func (s *Store) NewBatch() *Batch {
	return &Batch{
		store:   s,
		writes:  s.db.NewBatch(pebble.WithMaxRetainedSizeBytes(retainedBatchBytes)),
		changes: map[string]change{},
	}
}

// Get implements strata.Batch. The value is a copy.
func (b *Batch) Get(key []byte) ([]byte, error) {
	c, ok := b.changes[string(key)]
	if !ok {
		return b.store.Get(key)
	}
	value := c.value
	if !c.replaced {
		stored, err := b.store.Get(key)
		if err != nil {
			return nil, err
		}
		value = stored
	}
	if len(c.operands) > 0 {
		operands := make([][]byte, 0, 1+len(c.operands))
		if value != nil {
			operands = append(operands, value)
		}
		merged, err := b.store.merger.merge(key, append(operands, c.operands...))
		if err != nil {
			return nil, err
		}
		value = merged
	}
	if value == nil {
		return nil, nil
	}
	return append([]byte{}, value...), nil
}

// Set implements strata.Batch.
func (b *Batch) Set(key, value []byte) error {
	b.changes[string(key)] = change{replaced: true, value: append([]byte{}, value...)}
	return storeError(b.writes.Set(key, value, nil), "writing")
}

// Merge implements strata.Batch.
func (b *Batch) Merge(key, operand []byte) error {
	if key[0] != 't' {
		c := b.changes[string(key)]
		c.operands = append(c.operands, bytes.Clone(operand))
		b.changes[string(key)] = c
	}
	return storeError(b.writes.Merge(key, operand, nil), "writing")
}

// Delete implements strata.Batch.
func (b *Batch) Delete(key []byte) error {
	b.changes[string(key)] = change{replaced: true}
	return storeError(b.writes.Delete(key, nil), "writing")
}

// DeleteRange drops the keys in [from, to) that are stored or that the batch
// has written so far. Get does not see it before the commit.
func (b *Batch) DeleteRange(from, to []byte) error {
	return storeError(b.writes.DeleteRange(from, to, nil), "writing")
}

// Len returns the bytes that the batch will add to the log.
func (b *Batch) Len() int { return b.writes.Len() }

// Reset empties the batch for another use.
func (b *Batch) Reset() {
	b.writes.Reset()
	clear(b.changes)
	clear(b.touches.of)
	b.committed = false
}

// Close frees what the batch holds; it is not used after that.
func (b *Batch) Close() { b.writes.Close() }

// Commit writes all of the batch or nothing, together with the dictionary
// entries first used by any Append since the last commit. With sync it
// returns when the batch is on disk; without, the batch is visible and a
// crash may lose it, with every later one. A batch is committed once, and may
// be used again after Reset. A batch without writes is not a commit. Where
// the log cannot be written the error is Unavailable, every later commit
// returns it too, and whether the batch is kept is known after the next Open.
func (s *Store) Commit(b *Batch, sync bool) error {
	if b.committed {
		return &strata.Error{Code: strata.Internal, Message: "the batch has been committed before"}
	}
	b.committed = true
	if b.writes.Empty() {
		return nil
	}
	if s.readOnly {
		return storeError(pebble.ErrReadOnly, "writing")
	}
	waiting := false
	own := uint64(0) // among all commits
	err := s.enter(func() error {
		if !s.opened {
			if err := s.db.Delete(closedKey, pebble.Sync); err != nil {
				return err
			}
			s.opened = true
		}
		entries := s.dictionary.unwritten()
		for _, e := range entries {
			if err := b.writes.Set(e.key, e.value, nil); err != nil {
				return err
			}
		}
		number := s.commits.Load()
		if !b.results {
			number++
			if err := b.writes.Set(commitsKey, binary.BigEndian.AppendUint64(nil, number), nil); err != nil {
				return err
			}
		}
		if err := b.writes.Set(writtenKey, binary.BigEndian.AppendUint64(nil, s.written+1), nil); err != nil {
			return err
		}
		if len(b.touches.of) > 0 && s.tracking.Load() {
			if err := b.writes.Set(appendTouchedKey(nil, number), appendTouches(nil, b.touches.of), nil); err != nil {
				return err
			}
		}
		if sync {
			if err := s.db.ApplyNoSyncWait(b.writes, pebble.Sync); err != nil {
				return err
			}
			waiting = true
		} else if err := s.db.Apply(b.writes, pebble.NoSync); err != nil {
			return err
		}
		s.dictionary.written(len(entries))
		s.commits.Store(number)
		s.written++
		own = s.written
		return nil
	})
	if err != nil {
		return err
	}
	if waiting {
		if err := b.writes.SyncWait(); err != nil {
			s.commit.Lock()
			defer s.commit.Unlock()
			s.fail(err)
			return s.failed
		}
		s.acknowledged.through(own)
	}
	if len(b.touches.of) > 0 {
		s.arrived()
	}
	return nil
}
