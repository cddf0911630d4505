package ingest

import (
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
)

// seen says which messageIds are certainly not stored, so that the new ones,
// which nearly all are, need no look into the store. It is made of the stored
// ids in the background; until that is done no id is certain.
//
// A filter is that of Bloom (Space/time trade-offs in hash coding with
// allowable errors, CACM 1970) with 10 bits and 7 probes an id, which takes
// about one in 100 new ids for a known one; the probes are drawn from two
// halves of the id's hash (Kirsch and Mitzenmacher, Less Hashing, Same
// Performance, 2006).
type seen struct {
	fresh  map[uint32]*idFilter // by week: ids of this process; of the committer
	stored atomic.Pointer[map[uint32]*idFilter]

	began   sync.Once
	stopped atomic.Bool
	over    sync.WaitGroup
}

// idFilter grows by parts, each twice as large as the one before.
type idFilter struct{ parts []idFilterPart }

type idFilterPart struct {
	bits []uint64
	room int // ids that may still be added
}

const (
	firstIDs  = 1 << 16
	bitsPerID = 10
	idProbes  = 7
)

func (f *idFilter) add(hash []byte) {
	if n := len(f.parts); n == 0 || f.parts[n-1].room == 0 {
		ids := firstIDs << n
		f.parts = append(f.parts, idFilterPart{bits: make([]uint64, ids*bitsPerID/64), room: ids})
	}
	p := &f.parts[len(f.parts)-1]
	p.room--
	a, b := binary.BigEndian.Uint64(hash), binary.BigEndian.Uint64(hash[8:])|1
	n := uint64(len(p.bits)) * 64
	for range idProbes {
		p.bits[a%n/64] |= 1 << (a % 64)
		a += b
	}
}

func (f *idFilter) has(hash []byte) bool {
	if f == nil {
		return false
	}
next:
	for i := range f.parts {
		p := &f.parts[i]
		a, b := binary.BigEndian.Uint64(hash), binary.BigEndian.Uint64(hash[8:])|1
		n := uint64(len(p.bits)) * 64
		for range idProbes {
			if p.bits[a%n/64]&(1<<(a%64)) == 0 {
				continue next
			}
			a += b
		}
		return true
	}
	return false
}

// begin reads the stored ids in the background, once. No id may have been
// added before.
func (s *seen) begin(store Scanner) {
	s.began.Do(func() {
		s.fresh = map[uint32]*idFilter{}
		s.over.Go(func() {
			all := map[uint32]*idFilter{}
			ended := errors.New("ended")
			err := store.ScanKeys([]byte("fs"), []byte("ft"), func(key, _ []byte) error {
				if s.stopped.Load() {
					return ended
				}
				if len(key) == foldKeySize {
					addTo(all, key)
				}
				return nil
			})
			if err == nil { // else ids are looked up, and that says what is wrong
				s.stored.Store(&all)
			}
		})
	})
}

func (s *seen) end() {
	s.stopped.Store(true)
	s.over.Wait()
}

func addTo(filters map[uint32]*idFilter, key []byte) {
	week := binary.BigEndian.Uint32(key[2:])
	f := filters[week]
	if f == nil {
		f = &idFilter{}
		filters[week] = f
	}
	f.add(key[6:])
}

// add notes an id that is being stored.
func (s *seen) add(key string) { addTo(s.fresh, []byte(key)) }

// maybe reports whether something may be stored at the key.
func (s *seen) maybe(key string) bool {
	stored := s.stored.Load()
	if stored == nil {
		return true
	}
	week, hash := binary.BigEndian.Uint32([]byte(key[2:6])), []byte(key[6:])
	return s.fresh[week].has(hash) || (*stored)[week].has(hash)
}

// forget drops what is known of the weeks before a day.
func (s *seen) forget(day uint32) {
	for week := range s.fresh {
		if week < day {
			delete(s.fresh, week)
		}
	}
	stored := s.stored.Load()
	if stored == nil {
		return
	}
	kept := map[uint32]*idFilter{}
	for week, f := range *stored {
		if week >= day {
			kept[week] = f
		}
	}
	s.stored.Store(&kept)
}
