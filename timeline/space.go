package timeline

import (
	"sync"

	"strata"
)

// slab hands out zeroed slices of one block, all of which are given back at
// once.
type slab[T any] struct {
	block []T
	used  int
}

// largestKept is the number of elements above which a block is not kept for
// the next use.
const largestKept = 1 << 18

func (s *slab[T]) take(n int) []T {
	if len(s.block)-s.used < n {
		s.block, s.used = make([]T, max(n, 2*len(s.block), 64)), 0
	}
	taken := s.block[s.used : s.used+n : s.used+n]
	s.used += n
	clear(taken)
	return taken
}

func (s *slab[T]) reset() {
	s.used = 0
	if len(s.block) > largestKept {
		s.block = nil
	}
}

// space is the memory that decoding and merging work in. Tables made in it
// hold until it is reset.
type space struct {
	view        view
	encoder     encoder
	parts       []*tableRun
	bounds      []int
	hashes      []uint64
	files       []uint64
	sources     []origin
	columnParts []columnPart

	tables     slab[table]
	runs       slab[tableRun]
	columns    slab[tableColumn]
	instants   slab[strata.Instant]
	ids        slab[eventID]
	origins    slab[origin]
	texts      slab[idText]
	values     slab[int64]
	bits       slab[byte]
	references slab[reference]
	numbers    slab[int32]
	places     slab[[]int32]
}

func (s *space) reset() {
	s.tables.reset()
	s.runs.reset()
	s.columns.reset()
	s.instants.reset()
	s.ids.reset()
	s.origins.reset()
	s.texts.reset()
	s.values.reset()
	s.bits.reset()
	s.references.reset()
	s.numbers.reset()
	s.places.reset()
}

var spaces = sync.Pool{New: func() any { return new(space) }}

// mergeChunks appends the chunk of all events of the operands.
func mergeChunks(to []byte, operands [][]byte) ([]byte, error) {
	s := spaces.Get().(*space)
	defer spaces.Put(s)
	s.reset()
	tables := s.tables.take(len(operands))
	for i, b := range operands {
		t, err := s.decode(b)
		if err != nil {
			return nil, err
		}
		tables[i] = t
	}
	merged := s.mergeTables(tables)
	return s.encoder.append(to, &merged), nil
}
