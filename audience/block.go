package audience

import (
	"math"
	"math/bits"
	"slices"

	"strata"
)

// BlockSize is how many customers a block of a column holds: block n those
// with the numbers [n*BlockSize, (n+1)*BlockSize). Several goroutines may fill
// one table at a time as long as each has blocks of its own.
const BlockSize = 1 << blockBits

const (
	blockBits = 12
	blockMask = BlockSize - 1
)

// mixed is the kind of a block whose values are not of one kind and scale.
const mixed strata.Kind = 255

// owner stands for the one column that may write to a block. It is compared
// by address, so it has a size.
type owner struct{ _ byte }

// block holds the values of BlockSize customers. All are of one kind and
// scale, and each is base + unit*cell; of texts and lists that number is a
// code of the column's dictionary, of floats it is their bits. A block of the
// kind mixed holds whole values instead.
//
// The copy of a block that a snapshot reads shares its cells and keeps what
// is set afterwards in edits, until there are many. So a few changes here and
// there do not copy everything.
type block struct {
	owner  *owner
	kind   strata.Kind // Missing while nobody has a value
	scale  uint8
	shared bool // the cells are another block's as well
	base   int64
	unit   int64
	cells  any    // nil: all are base; *cells[int8], [int16], [int32], [int64]; mixed: *cells[strata.Value]
	edits  []edit // by place; instead of the cells of those places
	has    presence
}

// edit is the number of one customer of a block.
type edit struct {
	at uint16
	n  int64
}

// mostEdits is how many a block has before its cells are copied.
const mostEdits = 64

// cells are the cells of a block by the low bits of the customer's number.
// Those of customers without a value mean nothing.
type cells[T any] [BlockSize]T

type integer interface{ int8 | int16 | int32 | int64 }

// presence says which customers of a block have a value.
type presence [BlockSize / 64]uint64

func (p *presence) get(at int) bool { return p[at>>6&(len(p)-1)]>>(at&63)&1 != 0 }
func (p *presence) set(at int)      { p[at>>6&(len(p)-1)] |= 1 << (at & 63) }
func (p *presence) clear(at int)    { p[at>>6&(len(p)-1)] &^= 1 << (at & 63) }

func (p *presence) empty() bool { return *p == presence{} }

// coded reports whether values of the kind are codes of a dictionary. IDs are
// not: nearly every customer has another one, and what is overwritten or
// erased shall be gone.
func coded(k strata.Kind) bool { return k == strata.Text || k == strata.List }

// plain reports whether a value is a kind and a number, or a text of a kind,
// and nothing besides, so that a typed block gives back exactly the same.
func plain(v strata.Value) bool {
	switch v.Kind {
	case strata.Number, strata.Money:
		return v.Text == ""
	case strata.Boolean, strata.Float, strata.Date, strata.Time:
		return v.Text == "" && v.Scale == 0
	case strata.Text, strata.List:
		return v.Int == 0 && v.Scale == 0
	}
	return false
}

// number is the number of a customer who has a value, in a block that is not
// mixed.
func (b *block) number(at int) int64 {
	if len(b.edits) > 0 {
		if i := b.edit(at); i < len(b.edits) && int(b.edits[i].at) == at {
			return b.edits[i].n
		}
	}
	switch c := b.cells.(type) {
	case *cells[int8]:
		return b.base + int64(c[at&blockMask])*b.unit
	case *cells[int16]:
		return b.base + int64(c[at&blockMask])*b.unit
	case *cells[int32]:
		return b.base + int64(c[at&blockMask])*b.unit
	case *cells[int64]:
		return b.base + c[at&blockMask]*b.unit
	}
	return b.base
}

// put stores a number of the block's kind and scale, and reports false where
// the cells are too narrow for it.
func (b *block) put(at int, n int64) bool {
	if b.shared {
		i := b.edit(at)
		switch {
		case i < len(b.edits) && int(b.edits[i].at) == at:
			b.edits[i].n = n
			b.has.set(at)
			return true
		case len(b.edits) < mostEdits:
			b.edits = slices.Insert(b.edits, i, edit{uint16(at), n})
			b.has.set(at)
			return true
		}
		b.settle()
	}
	cell, ok := cellOf(n, b.base, b.unit)
	if !ok {
		return false
	}
	switch c := b.cells.(type) {
	case nil:
		if cell != 0 {
			return false
		}
	case *cells[int8]:
		if cell != int64(int8(cell)) {
			return false
		}
		c[at&blockMask] = int8(cell)
	case *cells[int16]:
		if cell != int64(int16(cell)) {
			return false
		}
		c[at&blockMask] = int16(cell)
	case *cells[int32]:
		if cell != int64(int32(cell)) {
			return false
		}
		c[at&blockMask] = int32(cell)
	case *cells[int64]:
		c[at&blockMask] = cell
	}
	b.has.set(at)
	return true
}

// edit is the index of the edit of a place, or where it belongs.
func (b *block) edit(at int) int {
	low, high := 0, len(b.edits)
	for low < high {
		if middle := (low + high) / 2; int(b.edits[middle].at) < at {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// settle gives the block cells of its own, with the edits in them.
func (b *block) settle() {
	edits := b.edits
	b.cells, b.shared, b.edits = duplicate(b.cells), false, nil
	for _, e := range edits {
		if at := int(e.at); b.has.get(at) && !b.put(at, e.n) {
			b.widen(e.n)
			b.put(at, e.n)
		}
	}
}

// settled is the block without edits.
func (b *block) settled() *block {
	if len(b.edits) == 0 {
		return b
	}
	fresh := *b
	fresh.settle()
	return &fresh
}

// cellOf is the cell with which base + unit*cell is n; false where there is
// none.
func cellOf(n, base, unit int64) (int64, bool) {
	if base == 0 && unit == 1 {
		return n, true
	}
	d := n - base
	if (d < 0) != (n < base) {
		return 0, false // beyond int64
	}
	if unit == 1 {
		return d, true
	}
	return d / unit, d%unit == 0
}

// millisecondsPerSecond is the unit of times while all are whole seconds
// apart: such cells are half as wide.
const millisecondsPerSecond = 1000

// widen makes room for a number that put refused.
func (b *block) widen(n int64) {
	base, unit := b.base, b.unit
	if b.cells == nil { // all are base so far, which need not be near to what follows
		switch b.kind {
		case strata.Time:
			unit = millisecondsPerSecond
		case strata.Date:
		default:
			base = 0
		}
	}
	cell, ok := cellOf(n, base, unit)
	first, fits := cellOf(b.base, base, unit)
	if !ok || !fits {
		base, unit = 0, 1
		b.recode(base, unit, math.MaxInt64)
		return
	}
	b.recode(base, unit, max(magnitude(cell), magnitude(first)))
}

// magnitude is n or -n-1, whichever is not negative: it fits an integer type
// when n does.
func magnitude(n int64) int64 { return n ^ n>>63 }

// recode writes the cells anew for another base and unit and cells up to
// the given magnitude, and no narrower than they are.
func (b *block) recode(base, unit, magnitude int64) {
	old := *b
	b.base, b.unit = base, unit
	wide := max(width(b.cells), widthFor(magnitude))
	same := old.cells != nil && base == old.base && unit == old.unit
	b.cells = blank(wide)
	if same {
		switch c := b.cells.(type) {
		case *cells[int16]:
			convert(c, old.cells)
		case *cells[int32]:
			convert(c, old.cells)
		case *cells[int64]:
			convert(c, old.cells)
		}
		return
	}
	old.each(func(at int) { b.put(at, old.number(at)) })
}

// each calls fn for those of the block who have a value.
func (b *block) each(fn func(at int)) {
	for w, word := range b.has {
		for ; word != 0; word &= word - 1 {
			fn(w*64 + bits.TrailingZeros64(word))
		}
	}
}

// blank returns cells of so many bytes, nil for none.
func blank(width int) any {
	switch width {
	case 1:
		return new(cells[int8])
	case 2:
		return new(cells[int16])
	case 4:
		return new(cells[int32])
	case 8:
		return new(cells[int64])
	}
	return nil
}

// widthFor is how many bytes a cell of the magnitude needs.
func widthFor(magnitude int64) int {
	switch {
	case magnitude <= math.MaxInt8:
		return 1
	case magnitude <= math.MaxInt16:
		return 2
	case magnitude <= math.MaxInt32:
		return 4
	}
	return 8
}

func convert[D integer](to *cells[D], from any) {
	switch c := from.(type) {
	case *cells[int8]:
		widened(to, c)
	case *cells[int16]:
		widened(to, c)
	case *cells[int32]:
		widened(to, c)
	}
}

func widened[D, S integer](to *cells[D], from *cells[S]) {
	for i, n := range from {
		to[i] = D(n)
	}
}

// width is how many bytes a cell has.
func width(c any) int {
	switch c.(type) {
	case *cells[int8]:
		return 1
	case *cells[int16]:
		return 2
	case *cells[int32]:
		return 4
	case *cells[int64]:
		return 8
	}
	return 0
}

// clone returns the same values for another owner. The block itself is
// written no more.
func (b *block) clone(to *owner) *block {
	fresh := *b
	fresh.owner = to
	switch {
	case b.kind == mixed:
		fresh.cells = duplicate(b.cells)
	case b.cells != nil:
		fresh.shared, fresh.edits = true, slices.Clone(b.edits)
	}
	return &fresh
}

func duplicate(from any) any {
	switch c := from.(type) {
	case *cells[int8]:
		return copied(c)
	case *cells[int16]:
		return copied(c)
	case *cells[int32]:
		return copied(c)
	case *cells[int64]:
		return copied(c)
	case *cells[strata.Value]:
		return copied(c)
	}
	return nil
}

func copied[T any](c *cells[T]) *cells[T] {
	fresh := *c
	return &fresh
}
