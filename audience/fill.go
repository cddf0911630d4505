package audience

import (
	"math/bits"
	"unsafe"

	"strata"
)

// numbers are what the customers of one block have of one tag, all of one kind
// and scale: texts as the column's codes, floats as their bits. Those of
// customers without a value mean nothing.
type numbers struct {
	kind  strata.Kind
	scale uint8
	bits  int64             // every bit that n^n>>63 has of some number n
	of    *[BlockSize]int64 // by place in the block
}

// fill gives those customers of a block who are in has their numbers. Nobody
// in the block may have a value yet.
func (c *Column) fill(block int, has *presence, n *numbers) {
	if has.empty() {
		return
	}
	to := newBlock(c, n.kind, n.scale, has)
	c.blocks[block] = to
	switch width := widthFor(n.bits); {
	case width == 8 && n.kind == strata.Time && to.fillSeconds(n.of):
	case width == 1:
		to.cells = narrow[int8](n.of)
	case width == 2:
		to.cells = narrow[int16](n.of)
	case width == 4:
		to.cells = narrow[int32](n.of)
	default:
		to.cells = narrow[int64](n.of)
	}
}

func newBlock(c *Column, kind strata.Kind, scale uint8, has *presence) *block {
	return &block{owner: c.owner, kind: kind, scale: scale, unit: 1, has: *has}
}

func narrow[T integer](from *[BlockSize]int64) *cells[T] {
	to := new(cells[T])
	for i, n := range from {
		to[i] = T(n)
	}
	return to
}

// fillSeconds stores times that are whole seconds apart in half the bytes, and
// reports false where they are not.
func (b *block) fillSeconds(of *[BlockSize]int64) bool {
	first := true
	to := new(cells[int32])
	for w, word := range b.has {
		for ; word != 0; word &= word - 1 {
			at := w*64 + bits.TrailingZeros64(word)
			if first {
				b.base, b.unit, first = of[at], millisecondsPerSecond, false
			}
			cell, ok := cellOf(of[at], b.base, b.unit)
			if !ok || cell != int64(int32(cell)) {
				b.base, b.unit = 0, 1
				return false
			}
			to[at] = int32(cell)
		}
	}
	b.cells = to
	return true
}

// Filler gives a Builder the rows of the customers of one block after the
// other, which is what as many calls of Set would do and much faster: what a
// block has of a tag is gathered and stored at once. It belongs to one
// goroutine.
type Filler struct {
	build  *Builder
	block  int // -1 = none
	others []gathered
	odd    []oddValue

	plain []PlainTag
	slots []int               // of plain
	of    []*[BlockSize]int64 // of plain: their numbers
	bits  []int64             // of plain; see numbers
	has   presence            // of plain
}

// PlainTag is a tag of which everyone has a number of one kind and scale,
// which comes in FullRow.Ints at Slot.
type PlainTag struct {
	Tag, Slot int
	Kind      strata.Kind
	Scale     uint8
}

// FullRow is all values of one customer. Tags has those that are not plain at
// their places in the layout, and every tag's where Odd is set: some plain one
// is of another kind or scale then.
type FullRow struct {
	Row
	Ints []int64
	Odd  bool
}

// gathered is what the customers of a block have of one tag.
type gathered struct {
	tag    int
	column *Column
	has    presence
	numbers
	recent []recentText // a power of two
	misses int          // of recent, since it grew
}

const mostRecent = 4096

// recentText is a text whose code was asked for lately.
type recentText struct {
	text string
	code uint32
}

// oddValue is a value that is not like those of the others of the block.
type oddValue struct {
	id  strata.CustomerID
	tag int
	v   strata.Value
}

// Filler returns a filler of rows of the layout, some of whose tags are plain.
func (b *Builder) Filler(plain []PlainTag) *Filler {
	f := &Filler{build: b, plain: plain, block: -1}
	// A few bytes between the tags keep their numbers of one customer out of
	// each other's way in the processor's caches.
	const apart = BlockSize + 8
	memory := make([]int64, len(b.tags)*apart)
	next := func() *[BlockSize]int64 {
		of := (*[BlockSize]int64)(memory)
		memory = memory[apart:]
		return of
	}
	isPlain := make([]bool, len(b.tags))
	for _, t := range plain {
		isPlain[t.Tag] = true
		f.slots, f.of, f.bits = append(f.slots, t.Slot), append(f.of, next()), append(f.bits, 0)
	}
	for tag, column := range b.tags {
		if !isPlain[tag] {
			f.others = append(f.others, gathered{tag: tag, column: column, numbers: numbers{of: next()}, recent: make([]recentText, 64)})
		}
	}
	return f
}

// Add takes a row. The customers of a block come one after the other; who
// comes of another block ends the one before.
func (f *Filler) Add(id strata.CustomerID, row *FullRow) {
	block, at := int(id>>blockBits), int(id&blockMask)
	if block != f.block {
		f.Flush()
		f.block = block
	}
	for i := range f.others {
		if t := &f.others[i]; row.Tags[t.tag].Kind != strata.Missing && !t.take(at, &row.Tags[t.tag]) {
			f.odd = append(f.odd, oddValue{id, t.tag, row.Tags[t.tag]})
		}
	}
	f.build.Set(id, Row{Segments: row.Segments, Levels: row.Levels})
	if row.Odd {
		for _, t := range f.plain {
			f.odd = append(f.odd, oddValue{id, t.Tag, row.Tags[t.Tag]})
		}
		return
	}
	f.has.set(at)
	slots, of, bits := f.slots, f.of[:len(f.slots)], f.bits[:len(f.slots)]
	for i, slot := range slots {
		n := row.Ints[slot]
		of[i][at&blockMask] = n
		bits[i] |= n ^ n>>63
	}
}

// take notes a value, and reports false where it is not like the others.
func (g *gathered) take(at int, v *strata.Value) bool {
	if v.Kind != g.kind || v.Scale != g.scale {
		if g.kind != strata.Missing || !plain(*v) {
			return false
		}
		g.kind, g.scale = v.Kind, v.Scale
	}
	n := v.Int
	if coded(v.Kind) {
		if n != 0 {
			return false
		}
		n = int64(g.code(v.Text))
	} else if v.Text != "" {
		return false
	}
	g.has.set(at)
	g.of[at&blockMask] = n
	g.bits |= n ^ n>>63
	return true
}

// code is the column's code of a text. The same few texts are given to most
// customers, and they lie where they lay: comparing addresses is enough to
// know them again.
func (g *gathered) code(text string) uint32 {
	data := unsafe.StringData(text)
	// Multiplied so, addresses that differ a little go to unlike places.
	hash := uint64(uintptr(unsafe.Pointer(data))) * 0x9e3779b97f4a7c15 >> 32
	known := &g.recent[hash&uint64(len(g.recent)-1)]
	if len(text) != len(known.text) || data != unsafe.StringData(known.text) || text == "" {
		code := g.column.texts.code(text)
		*known = recentText{text, code}
		if g.misses++; g.misses > 4*len(g.recent) && len(g.recent) < mostRecent {
			g.recent, g.misses = make([]recentText, 4*len(g.recent)), 0
		}
		return code
	}
	return known.code
}

// Flush gives the builder what is gathered.
func (f *Filler) Flush() {
	if f.block < 0 {
		return
	}
	for i, t := range f.plain {
		f.build.tags[t.Tag].fill(f.block, &f.has, &numbers{t.Kind, t.Scale, f.bits[i], f.of[i]})
		f.bits[i] = 0
	}
	clear(f.has[:])
	for i := range f.others {
		t := &f.others[i]
		t.column.fill(f.block, &t.has, &t.numbers)
		t.kind, t.scale, t.bits = strata.Missing, 0, 0
		clear(t.has[:])
	}
	for _, o := range f.odd {
		f.build.tags[o.tag].Set(o.id, o.v)
	}
	clear(f.odd)
	f.odd, f.block = f.odd[:0], -1
}
