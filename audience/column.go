package audience

import (
	"math/bits"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
)

// Column holds one tag's value of every customer, by customer number, in
// blocks that are as narrow as their values allow. A nil Column has no
// values. Different blocks below the column's size may be written by
// different goroutines at a time; otherwise one goroutine writes and nobody
// reads, except by snapshots.
type Column struct {
	owner  *owner // of the blocks that may be written in place; nil = none
	blocks []*block
	texts  *dictionary                     // shared with the snapshots
	shown  func(strata.Value) strata.Value // what Get and Each give in place of the stored value; nil = that
}

// NewColumn returns a column for customers below n. It grows when a later one
// is set.
func NewColumn(n int) *Column {
	return &Column{owner: new(owner), blocks: make([]*block, (n+blockMask)>>blockBits), texts: newDictionary()}
}

// snapshot returns a column with the same values. Whichever of the two is
// written first copies the block that it writes to.
func (c *Column) snapshot() *Column {
	c.owner = nil
	return &Column{blocks: slices.Clone(c.blocks), texts: c.texts}
}

// Map returns a column for reading that has fn of every value: the time since
// an instant, for one. Of what is missing fn is not asked.
func (c *Column) Map(fn func(strata.Value) strata.Value) *Column {
	if c == nil {
		return nil
	}
	return &Column{blocks: c.blocks, texts: c.texts, shown: fn}
}

func (c *Column) block(id strata.CustomerID) *block {
	if i := int(id >> blockBits); c != nil && i < len(c.blocks) {
		return c.blocks[i]
	}
	return nil
}

// value is the value at a place of a block; b may be nil.
func (c *Column) value(b *block, at int) strata.Value {
	if b == nil || !b.has.get(at) {
		return strata.Value{}
	}
	if v := c.held(b, at); c.shown == nil {
		return v
	} else {
		return c.shown(v)
	}
}

// held is the value that is stored at a place of a block where there is one.
func (c *Column) held(b *block, at int) strata.Value {
	switch b.kind {
	case mixed:
		return b.cells.(*cells[strata.Value])[at&blockMask]
	case strata.Text, strata.List:
		return strata.Value{Kind: b.kind, Text: c.texts.text(b.number(at))}
	}
	return strata.Value{Kind: b.kind, Scale: b.scale, Int: b.number(at)}
}

// Get returns the customer's value, or the missing value.
func (c *Column) Get(id strata.CustomerID) strata.Value {
	return c.value(c.block(id), int(id&blockMask))
}

// Has reports whether the customer has a value.
func (c *Column) Has(id strata.CustomerID) bool {
	b := c.block(id)
	return b != nil && b.has.get(int(id&blockMask))
}

// Set gives the customer a value; the missing value takes it away. It reports
// whether that changed anything.
func (c *Column) Set(id strata.CustomerID, v strata.Value) bool {
	if v.Kind == strata.Missing {
		return c.clear(id)
	}
	if !plain(v) {
		return c.setMixed(id, v)
	}
	n := v.Int
	if coded(v.Kind) {
		n = int64(c.texts.code(v.Text))
	}
	return c.setNumber(id, v.Kind, v.Scale, n)
}

// SetInt is Set for the value of that kind, scale and Int; the kind is
// Boolean, Number, Float, Money, Date or Time.
func (c *Column) SetInt(id strata.CustomerID, kind strata.Kind, scale uint8, n int64) bool {
	return c.setNumber(id, kind, scale, n)
}

// Code returns the column's code of a text, or of the texts of a list joined
// as Value.Text has them. It is the same in all snapshots of the column for
// as long as they are in memory.
func (c *Column) Code(text string) uint32 { return c.texts.code(text) }

// SetCode is Set for the value of the kind, Text or List, whose code was got
// by Code.
func (c *Column) SetCode(id strata.CustomerID, kind strata.Kind, code uint32) bool {
	return c.setNumber(id, kind, 0, int64(code))
}

func (c *Column) setNumber(id strata.CustomerID, kind strata.Kind, scale uint8, n int64) bool {
	i, at := int(id>>blockBits), int(id&blockMask)
	b := c.at(i)
	switch {
	case b.kind == kind && b.scale == scale:
		if b.has.get(at) && b.number(at) == n {
			return false
		}
		if b.owner != c.owner {
			b = c.own(i)
		}
	case b.kind == strata.Missing:
		b = c.own(i)
		b.kind, b.scale, b.base, b.unit = kind, scale, n, 1
	default:
		v := strata.Value{Kind: kind, Scale: scale, Int: n}
		if coded(kind) {
			v = strata.Value{Kind: kind, Text: c.texts.text(n)}
		}
		return c.setMixed(id, v)
	}
	if !b.put(at, n) {
		b.widen(n)
		b.put(at, n)
	}
	return true
}

// setMixed sets a value that is not like the others of its block.
func (c *Column) setMixed(id strata.CustomerID, v strata.Value) bool {
	i, at := int(id>>blockBits), int(id&blockMask)
	b := c.at(i)
	if c.value(b, at) == v {
		return false
	}
	b = c.own(i)
	values, ok := b.cells.(*cells[strata.Value])
	if !ok {
		values = new(cells[strata.Value])
		for other := range values {
			values[other] = c.value(b, other)
		}
		*b = block{owner: b.owner, kind: mixed, has: b.has, cells: values}
	}
	values[at] = v
	b.has.set(at)
	return true
}

func (c *Column) clear(id strata.CustomerID) bool {
	if !c.Has(id) {
		return false
	}
	i, at := int(id>>blockBits), int(id&blockMask)
	b := c.own(i)
	b.has.clear(at)
	if values, ok := b.cells.(*cells[strata.Value]); ok {
		values[at] = strata.Value{}
	}
	if b.has.empty() {
		c.blocks[i] = nil
	}
	return true
}

// at is block i, which it makes where there is none.
func (c *Column) at(i int) *block {
	if i >= len(c.blocks) {
		c.blocks = append(c.blocks, make([]*block, i+1-len(c.blocks))...)
	}
	if c.blocks[i] == nil {
		if c.owner == nil {
			c.owner = new(owner)
		}
		c.blocks[i] = &block{owner: c.owner}
	}
	return c.blocks[i]
}

// own is block i, a copy where a snapshot may read it too.
func (c *Column) own(i int) *block {
	if c.owner == nil {
		c.owner = new(owner)
	}
	if c.blocks[i].owner != c.owner {
		c.blocks[i] = c.blocks[i].clone(c.owner)
	}
	return c.blocks[i]
}

// Each calls fn for those of the set who have a value, by ascending number.
func (c *Column) Each(set *roaring.Bitmap, fn func(strata.CustomerID, strata.Value)) {
	c.each(set, func(b *block, id uint32) { fn(strata.CustomerID(id), c.value(b, int(id&blockMask))) })
}

func (c *Column) each(set *roaring.Bitmap, fn func(b *block, id uint32)) {
	if c == nil {
		return
	}
	buffer := buffers.Get().(*[bufferSize]uint32)
	defer buffers.Put(buffer)
	it := set.ManyIterator()
	var b *block
	last := -1
	for n := it.NextMany(buffer[:]); n > 0; n = it.NextMany(buffer[:]) {
		for _, id := range buffer[:n] {
			if i := int(id >> blockBits); i != last {
				if i >= len(c.blocks) {
					return
				}
				b, last = c.blocks[i], i
			}
			if b != nil && b.has.get(int(id&blockMask)) {
				fn(b, id)
			}
		}
	}
}

const bufferSize = 1024

var buffers = sync.Pool{New: func() any { return new([bufferSize]uint32) }}

// Where returns those of the set who have a value for which the test is true.
func (c *Column) Where(set *roaring.Bitmap, test func(strata.Value) bool) *roaring.Bitmap {
	out := newBits(c.size())
	c.each(set, func(b *block, id uint32) {
		if test(c.value(b, int(id&blockMask))) {
			out.set(int(id))
		}
	})
	return out.bitmap()
}

// Holders returns those who have a value.
func (c *Column) Holders() *roaring.Bitmap {
	out := newBits(c.size())
	if c != nil {
		for i, b := range c.blocks {
			if b != nil {
				copy(out[i*len(b.has):], b.has[:])
			}
		}
	}
	return out.bitmap()
}

// Len returns how many have a value.
func (c *Column) Len() int {
	n := 0
	if c != nil {
		for _, b := range c.blocks {
			if b != nil {
				for _, word := range b.has {
					n += bits.OnesCount64(word)
				}
			}
		}
	}
	return n
}

// size is a bound of the customers' numbers.
func (c *Column) size() int {
	if c == nil {
		return 0
	}
	return len(c.blocks) << blockBits
}

// denseBits is a set of customer numbers below a bound, one bit each.
type denseBits []uint64

func newBits(n int) denseBits { return make(denseBits, (n+63)/64) }

func (b denseBits) set(i int) { b[i>>6] |= 1 << (i & 63) }

// bitmap returns the set; b must not be used any more.
func (b denseBits) bitmap() *roaring.Bitmap {
	set := roaring.FromDense(b, false)
	set.RunOptimize()
	return set
}

// Size is about how many bytes of memory the column takes, texts not counted.
// What it shares with snapshots counts in each.
func (c *Column) Size() int {
	n := 8 * len(c.blocks)
	for _, b := range c.blocks {
		if b == nil {
			continue
		}
		n += BlockSize*width(b.cells) + blockBytes + editBytes*cap(b.edits)
		if b.kind == mixed {
			n += BlockSize * valueBytes
		}
	}
	return n
}

// The sizes of a block without cells, of an edit and of a strata.Value.
const (
	blockBytes = BlockSize/8 + 96
	editBytes  = 16
	valueBytes = 32
)
