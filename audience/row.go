package audience

import (
	"github.com/RoaringBitmap/roaring/v2"

	"strata"
)

// Layout names what the parts of a Row are, in their order.
type Layout struct {
	Tags, Segments []string
	Tiers          []Tier
}

// Tier is a tier's name and its levels, best first.
type Tier struct {
	Name   string
	Levels []string
}

// Row is all values of one customer, in the order of a Layout.
type Row struct {
	Tags     []strata.Value
	Segments []bool
	Levels   []int // index into the tier's levels, -1 = none
}

// Builder makes a table from rows. Goroutines may set rows at the same time
// when no two of them set rows of one block; see BlockSize.
type Builder struct {
	table    *Table
	layout   Layout
	everyone denseBits
	segments []denseBits
	tags     []*Column
	tiers    []*Levels
}

// NewBuilder returns a builder of a table of customers below n.
func NewBuilder(asOf strata.Instant, n int, layout Layout) *Builder {
	b := &Builder{table: NewTable(asOf), layout: layout, everyone: newBits(n)}
	for range layout.Segments {
		b.segments = append(b.segments, newBits(n))
	}
	for _, name := range layout.Tags {
		column := NewColumn(n)
		b.table.Tags[name] = column
		b.tags = append(b.tags, column)
	}
	for _, tier := range layout.Tiers {
		levels := NewLevels(tier.Levels, n)
		b.table.Tiers[tier.Name] = levels
		b.tiers = append(b.tiers, levels)
	}
	return b
}

// Set gives a customer below the builder's bound a row, once.
func (b *Builder) Set(id strata.CustomerID, row Row) {
	b.everyone.set(int(id))
	for i, v := range row.Tags {
		b.tags[i].Set(id, v)
	}
	for i, in := range row.Segments {
		if in {
			b.segments[i].set(int(id))
		}
	}
	for i, level := range row.Levels {
		b.tiers[i].fill(id, level)
	}
}

// Table returns the table; the builder must not be used any more.
func (b *Builder) Table() *Table {
	b.table.Everyone = b.everyone.bitmap()
	for i, name := range b.layout.Segments {
		b.table.Segments[name] = b.segments[i].bitmap()
	}
	for _, levels := range b.tiers {
		levels.index()
	}
	return b.table
}

// Writer changes a table row by row. It belongs to the goroutine that writes
// the table.
type Writer struct {
	table    *Table
	segments []*roaring.Bitmap
	tags     []*Column
	tiers    []*Levels
	changes  Changes
}

// Writer returns a writer of rows of the layout, which may name a part of
// what the table has: the rest stays as it is. What the table lacks is added.
// A writer is of no use once one of its names got another column, set or
// levels.
func (t *Table) Writer(layout Layout) *Writer {
	n := 0
	if !t.Everyone.IsEmpty() {
		n = int(t.Everyone.Maximum()) + 1
	}
	w := &Writer{table: t}
	for _, name := range layout.Segments {
		if t.Segments[name] == nil {
			t.Segments[name] = roaring.New()
		}
		w.segments = append(w.segments, t.Segments[name])
	}
	for _, name := range layout.Tags {
		if t.Tags[name] == nil {
			t.Tags[name] = NewColumn(n)
		}
		w.tags = append(w.tags, t.Tags[name])
	}
	for _, tier := range layout.Tiers {
		if t.Tiers[tier.Name] == nil {
			t.Tiers[tier.Name] = NewLevels(tier.Levels, n)
		}
		w.tiers = append(w.tiers, t.Tiers[tier.Name])
	}
	return w
}

// Changes is what a row changed. It is valid until the writer's next call.
type Changes struct {
	New      bool // the customer was not in the table
	Tags     []TagChange
	Segments []int // those that the customer entered or left, as the row says
	Levels   []LevelChange
}

// TagChange is the value that a tag of the layout had before.
type TagChange struct {
	Tag    int
	Before strata.Value
}

// LevelChange is the level that a customer had in a tier of the layout
// before, -1 = none.
type LevelChange struct {
	Tier   int
	Before int
}

// Apply gives a customer the row and returns what it changed. What is equal
// to what was there is not written.
func (w *Writer) Apply(id strata.CustomerID, row Row) *Changes {
	c := &w.changes
	*c = Changes{Tags: c.Tags[:0], Segments: c.Segments[:0], Levels: c.Levels[:0]}
	if c.New = !w.table.Everyone.Contains(uint32(id)); c.New {
		w.table.Everyone.Add(uint32(id))
	}
	for i, v := range row.Tags {
		if before := w.tags[i].Get(id); before != v {
			w.tags[i].Set(id, v)
			c.Tags = append(c.Tags, TagChange{i, before})
		}
	}
	for i, in := range row.Segments {
		if w.segments[i].Contains(uint32(id)) != in {
			c.Segments = append(c.Segments, i)
			if in {
				w.segments[i].Add(uint32(id))
			} else {
				w.segments[i].Remove(uint32(id))
			}
		}
	}
	for i, level := range row.Levels {
		before := w.tiers[i].Index(id)
		if w.tiers[i].Set(id, level) {
			c.Levels = append(c.Levels, LevelChange{i, before})
		}
	}
	return c
}

// Remove takes a customer and all their values out of the table, also those
// that the layout does not name.
func (t *Table) Remove(id strata.CustomerID) {
	t.Everyone.Remove(uint32(id))
	for _, members := range t.Segments {
		if members.Contains(uint32(id)) {
			members.Remove(uint32(id))
		}
	}
	for _, column := range t.Tags {
		column.clear(id)
	}
	for _, levels := range t.Tiers {
		levels.Set(id, -1)
	}
}
