package ingest

import (
	"strings"

	"strata"
)

// finder answers whose a set of keys would be, without writing. It keeps to
// the rules of Identity.Resolve: unknown keys join the customer of the known
// ones, and keys of two customers contradict each other.
type finder struct {
	identity Identity
	known    map[strata.Key]uint64 // 1<<32 and above: a customer that would be new
	next     uint64
}

func newFinder(identity Identity) *finder {
	return &finder{identity: identity, known: map[strata.Key]uint64{}, next: 1 << 32}
}

// find sets s.found or s.conflict.
func (f *finder) find(s *keySet) (created bool, err error) {
	if s.found != 0 || s.conflict != nil {
		return false, nil
	}
	var owner uint64
	for _, k := range s.keys {
		who, ok := f.known[k]
		if !ok {
			id, found, err := f.identity.Find(k)
			if err != nil {
				return false, err
			}
			if !found {
				continue
			}
			who = uint64(id)
		}
		if owner != 0 && owner != who {
			s.conflict = twoCustomers(s)
			return false, nil
		}
		owner = who
	}
	if owner == 0 {
		owner, created = f.next, true
		f.next++
	}
	for _, k := range s.keys {
		f.known[k] = owner
	}
	s.found = owner
	return created, nil
}

func twoCustomers(s *keySet) *refusal {
	names := make([]string, len(s.keys))
	for i, k := range s.keys {
		names[i] = k.Namespace
	}
	return &refusal{Reason: "its keys (" + strings.Join(names, ", ") + ") belong to two customers", Hint: "look both up and correct the one that is wrong"}
}
