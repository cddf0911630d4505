package identity

import "strata"

// Erase deletes, in the batch, every key of a customer and returns where each
// stood. Once the batch is committed the keys are nobody's; the number is
// never given out again. Keys that are resolved meanwhile by another batch may
// still lead to the customer, so nothing else is resolved between Erase and
// its commit. An unknown customer has no keys, and is no error.
func (s *Store) Erase(b strata.Batch, c strata.CustomerID) (stood [][]byte, err error) {
	keys, err := s.Keys(c)
	if strata.CodeOf(err) == strata.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		stored := [][]byte{appendKey(nil, k), appendCustomerKey(nil, c, k)}
		if k.Namespace == Phone {
			stored = append(stored, appendSuffix(nil, k.Value))
		}
		for _, key := range stored {
			if err := b.Delete(key); err != nil {
				return nil, err
			}
		}
		stood = append(stood, stored...)
		delete(s.known.young, k)
		delete(s.known.old, k)
	}
	return stood, nil
}
