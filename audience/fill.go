package audience

import "strata"

// Numbers are the numbers of one tag of the customers of one block, all of
// one kind and scale: Boolean, Number, Money, Date or Time. Those of customers
// without a value mean nothing.
type Numbers struct {
	Kind  strata.Kind
	Scale uint8
	// Bits has every bit set that n^n>>63 has of some number n.
	Bits int64
	Of   []int64 // BlockSize, by place in the block
}

// Fill gives those customers of the block of that number that are in has (bit
// n%64 of word n/64, by place in the block) their numbers of a tag of the
// layout. It is what as many calls of Set would do and much faster; nobody in
// the block may have a value of the tag yet.
func (b *Builder) Fill(tag, block int, has *[BlockSize / 64]uint64, numbers *Numbers) {
	column := b.tags[tag]
	to := newBlock(column, numbers.Kind, numbers.Scale, has)
	if to.has.empty() {
		return
	}
	of := (*[BlockSize]int64)(numbers.Of)
	switch {
	case numbers.Bits <= 1<<7-1:
		to.cells = narrow[int8](of)
	case numbers.Bits <= 1<<15-1:
		to.cells = narrow[int16](of)
	case numbers.Bits <= 1<<31-1:
		to.cells = narrow[int32](of)
	default:
		to.cells = narrow[int64](of)
	}
	column.blocks[block] = to
}

func newBlock(c *Column, kind strata.Kind, scale uint8, has *[BlockSize / 64]uint64) *block {
	return &block{owner: c.owner, kind: kind, scale: scale, unit: 1, has: *has}
}

func narrow[T integer](from *[BlockSize]int64) *cells[T] {
	to := new(cells[T])
	for i, n := range from {
		to[i] = T(n)
	}
	return to
}

// SetSome is Set of the tags given, by their places in the layout, and of all
// segments and levels.
func (b *Builder) SetSome(id strata.CustomerID, row Row, tags []int) {
	for _, i := range tags {
		b.tags[i].Set(id, row.Tags[i])
	}
	row.Tags = nil
	b.Set(id, row)
}

// SetTag gives a customer one tag's value.
func (b *Builder) SetTag(id strata.CustomerID, tag int, v strata.Value) { b.tags[tag].Set(id, v) }
