package audience

import "strata"

// Numbers are the numbers of one tag of the customers of one block, all of
// one kind and scale: Boolean, Number, Money, Date or Time. Those of customers
// without a value are 0.
type Numbers struct {
	Kind  strata.Kind
	Scale uint8
	Of    [BlockSize]int64
}

// Fill gives those customers of the block of that number that are in has (bit n%64 of word
// n/64, by place in the block) their numbers of a tag of the layout. It is
// what as many calls of Set would do and much faster; nobody in the block may
// have a value of the tag yet.
func (b *Builder) Fill(tag, at int, has *[BlockSize / 64]uint64, numbers *Numbers) {
	column := b.tags[tag]
	first, found := int64(0), false
	var all, differ int64
	for word, bits := range has {
		if bits == 0 {
			continue
		}
		of := numbers.Of[word*64 : word*64+64 : word*64+64]
		if bits == 1<<64-1 {
			if !found {
				first, found = of[0], true
			}
			for _, n := range of {
				all |= magnitude(n)
				differ |= n ^ first
			}
			continue
		}
		for at := 0; bits != 0; at, bits = at+1, bits>>1 {
			if bits&1 == 0 {
				continue
			}
			if !found {
				first, found = of[at], true
			}
			all |= magnitude(of[at])
			differ |= of[at] ^ first
		}
	}
	if !found {
		return
	}
	to := &block{owner: column.owner, kind: numbers.Kind, scale: numbers.Scale, unit: 1, has: *has}
	switch {
	case differ == 0:
		to.base = first
	case all <= 1<<7-1:
		to.cells = narrow[int8](&numbers.Of)
	case all <= 1<<15-1:
		to.cells = narrow[int16](&numbers.Of)
	case all <= 1<<31-1:
		to.cells = narrow[int32](&numbers.Of)
	default:
		to.cells = narrow[int64](&numbers.Of)
	}
	column.blocks[at] = to
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
