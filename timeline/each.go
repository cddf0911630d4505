package timeline

import (
	"context"

	"strata"
)

// LoadEach calls fn with the history of each of the customers, which ascend,
// on the terms of Scan; those without facts have an empty history.
func (s *Store) LoadEach(ctx context.Context, customers []strata.CustomerID, fn func(*strata.History) error) error {
	for _, c := range customers {
		found := false
		err := s.scan(ctx, uint64(c), uint64(c)+1, func(h *strata.History) error {
			found = true
			return fn(h)
		})
		if err == nil && !found {
			err = fn(&strata.History{Customer: c})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
