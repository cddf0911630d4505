package timeline

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"

	"strata"
)

// LoadEach calls fn with the history of each of the customers, which ascend,
// on the terms of Scan; those without facts have an empty history.
func (s *Store) LoadEach(ctx context.Context, customers []strata.CustomerID, fn func(*strata.History) error) (err error) {
	if len(customers) == 0 {
		return ctx.Err()
	}
	x := s.scans.Get().(*scan)
	defer s.scans.Put(x)
	x.key = appendKey(x.key[:0], uint64(customers[0]), 0)
	x.end = appendKey(x.end[:0], uint64(customers[len(customers)-1])+1, 0)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: x.key, UpperBound: x.end})
	if err != nil {
		return readError(x.key, err)
	}
	defer func() {
		if closeErr := it.Close(); err == nil {
			err = readError(x.key, closeErr)
		}
	}()
	s.begin(x, nil)
	h := &x.history
	for _, c := range customers {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.clear()
		h.Customer = c
		x.key = appendKey(x.key[:0], uint64(c), 0)
		for valid := it.SeekGE(x.key); valid; valid = it.Next() {
			key := it.Key()
			if len(key) != customerKeySize {
				return damage(bytes.Clone(key), errDamaged)
			}
			if strata.CustomerID(binary.BigEndian.Uint32(key[1:])) != c {
				break
			}
			events, err := x.take(it, nil)
			if err != nil {
				return err
			}
			if events { // they hold only until the iterator moves
				break
			}
		}
		if err := it.Error(); err != nil {
			return readError(x.key, err)
		}
		if err := fn(h); err != nil {
			return err
		}
	}
	return nil
}
