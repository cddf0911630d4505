package program

import (
	"encoding/binary"
	"math"
	"unsafe"

	"strata"
)

// placedSet is a window set at an instant: its ascending bounds without
// repeats, and which of them each window has.
type placedSet struct {
	bounds   []bound
	from, to []int // by window; an empty window has twice the same

	// So that an event is placed without looking at every bound: first is the
	// second of the first bound, and cells[i] how many bounds are not after
	// first + i<<shift. seconds are those of the bounds, and one that is after
	// everything.
	first   uint64
	shift   uint8
	cells   []uint8
	seconds []uint64
	rungs   *rungs // nil where there are more than eight bounds, or two in a cell
	spare   *rungs // to be used again
}

// mostBounds is how many bounds the cells of a placedSet tell apart, and
// mostCells how many cells there are: those of three years are 14 hours long.
const (
	mostBounds = 64
	mostCells  = 2048
)

// undivided forgets the cells of other bounds.
func (s *placedSet) undivided() {
	s.cells = s.cells[:0]
	s.rungs = nil
}

// divide makes the cells.
func (s *placedSet) divide() {
	s.seconds, s.cells = s.seconds[:0], s.cells[:0]
	for _, b := range s.bounds {
		s.seconds = append(s.seconds, b.second)
	}
	s.seconds = append(s.seconds, math.MaxUint64)
	n := len(s.bounds)
	if n == 0 || n > mostBounds {
		return
	}
	// What is before 1970 is before every event.
	s.first = s.seconds[0]
	for k := 0; k < n && s.first == 0; k++ {
		s.first = s.seconds[k]
	}
	span := s.seconds[n-1] - min(s.first, s.seconds[n-1])
	s.shift = 0
	for span>>s.shift >= mostCells {
		s.shift++
	}
	k := 0
	for i := uint64(0); i <= span>>s.shift; i++ {
		for k < n && s.seconds[k] <= s.first+i<<s.shift {
			k++
		}
		s.cells = append(s.cells, uint8(k))
	}
}

// rungs places an event among at most eight bounds without a branch. The
// cells begin one before the first bound and end after the last. before[k]
// has, for an event with k bounds not after it, 1 in byte b where it is
// before bound b: their sum over a run's events is the place of every bound.
type rungs struct {
	first  int64 // second at which the cells begin
	shift  uint8
	last   int // cell
	cells  [4096]uint8
	bounds [16]int64 // and one after everything
	before [16]uint64
}

// climbable makes the rungs.
func (s *placedSet) climbable() {
	n := len(s.bounds)
	if n > 8 || len(s.cells) == 0 {
		s.rungs = nil
		return
	}
	if s.spare == nil {
		s.spare = new(rungs)
	}
	s.rungs = s.spare
	r := s.rungs
	r.first, r.shift = int64(s.first)-1<<s.shift, s.shift
	r.last = len(s.cells) + 1
	for i := range r.last + 1 {
		start := r.first + int64(i)<<r.shift
		k := 0
		for k < n && int64(s.seconds[k]) <= start {
			k++
		}
		if k+1 < n && int64(s.seconds[k+1]) < start+1<<r.shift {
			s.rungs = nil // two bounds in a cell
			return
		}
		r.cells[i] = uint8(k)
	}
	for k := range r.bounds {
		r.bounds[k], r.before[k] = math.MaxInt64, 0
		if k < n {
			r.bounds[k] = int64(s.seconds[k])
		}
		for b := k; b < n; b++ {
			r.before[k] |= 1 << (8 * b)
		}
	}
}

// climb returns the number of events before each bound, in the bytes of a
// word, and leaves the sums of the first 0, 1 ... of the values, which are of
// two or four bytes each. There are n events, at most longRun.
func (r *rungs) climb(seconds, values []byte, width uint8, n int, sums *[longRun + 1]int64) uint64 {
	_, _ = seconds[4*n-1], values[int(width)*n-1]
	atSecond, atValue := unsafe.Pointer(unsafe.SliceData(seconds)), unsafe.Pointer(unsafe.SliceData(values))
	first, shift, last := r.first, r.shift&63, r.last
	places, total := uint64(0), int64(0)
	sums[0] = 0
	for i := range min(n, longRun) {
		second := int64(fourBytes(atSecond, i))
		if width == 4 {
			total += int64(int32(fourBytes(atValue, i)))
		} else {
			total += int64(int16(twoBytes(atValue, i)))
		}
		sums[i+1] = total
		k := r.cells[min(max(second-first, 0)>>shift, int64(last))&4095]
		k += uint8(uint64(r.bounds[k&15]-1-second) >> 63)
		places += r.before[k&15]
	}
	return places
}

// count is climb without values.
func (r *rungs) count(seconds []byte, n int) uint64 {
	_ = seconds[4*n-1]
	at := unsafe.Pointer(unsafe.SliceData(seconds))
	places := uint64(0)
	for i := range n {
		second := int64(fourBytes(at, i))
		k := r.cells[min(max(second-r.first, 0)>>(r.shift&63), int64(r.last))&4095]
		k += uint8(uint64(r.bounds[k&15]-1-second) >> 63)
		places += r.before[k&15]
	}
	return places
}

// fourBytes reads the i-th four bytes of a slice that has them; the compiler
// cannot be told that it has, and checking takes longer than reading.
func fourBytes(of unsafe.Pointer, i int) uint32 {
	return binary.LittleEndian.Uint32((*[4]byte)(unsafe.Add(of, 4*i))[:])
}

func twoBytes(of unsafe.Pointer, i int) uint16 {
	return binary.LittleEndian.Uint16((*[2]byte)(unsafe.Add(of, 2*i))[:])
}

// bucket returns how many bounds are not after a second.
func (s *placedSet) bucket(second uint64) int {
	cell := (second - s.first) >> s.shift
	k := 0
	if cell < uint64(len(s.cells)) {
		k = int(s.cells[cell])
	} else if second >= s.first {
		k = len(s.seconds) - 1
	}
	for second >= s.seconds[k] {
		k++
	}
	return k
}

// bound is an instant and the first whole second that is not before it.
type bound struct {
	at     strata.Instant
	second uint64
}
