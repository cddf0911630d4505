// Package audience says who is in what: the segments, tag values and levels
// of everyone at one instant, as bitmaps and columns in memory, with set
// algebra, counts and listing in a stable order. A count is always the length
// of the list.
//
// A Builder makes a Table from everyone's rows, on several cores. A Writer
// then changes it in place, row by row, while others read snapshots, which
// share with the table all that has not changed since. A table is saved to a
// file and loaded from it at start.
package audience

import (
	"github.com/RoaringBitmap/roaring/v2"

	"strata"
)

// Table is everyone's values at one instant. One goroutine at a time writes
// it; see Snapshot for those who read meanwhile. The sets are written by a
// Writer only: others clone them first.
type Table struct {
	AsOf      strata.Instant
	DataUntil strata.Instant // the last event at or before AsOf; 0 = none
	Sequence  uint64         // the last change that the table shows
	Everyone  *roaring.Bitmap
	Segments  map[string]*roaring.Bitmap
	Tags      map[string]*Column
	Tiers     map[string]*Levels
}

// NewTable returns an empty table for an instant.
func NewTable(asOf strata.Instant) *Table {
	return &Table{
		AsOf:     asOf,
		Everyone: roaring.New(),
		Segments: map[string]*roaring.Bitmap{},
		Tags:     map[string]*Column{},
		Tiers:    map[string]*Levels{},
	}
}

// Snapshot returns the table as it is now. It is taken by the goroutine that
// writes the table, costs a few bytes a block, and may be read by many while
// the table goes on changing: whoever first writes to a block or to a part of
// a set after the snapshot writes to a copy of that part.
func (t *Table) Snapshot() *Table {
	s := *t
	s.Everyone = snapshot(t.Everyone)
	s.Segments = make(map[string]*roaring.Bitmap, len(t.Segments))
	for name, members := range t.Segments {
		s.Segments[name] = snapshot(members)
	}
	s.Tags = make(map[string]*Column, len(t.Tags))
	for name, column := range t.Tags {
		s.Tags[name] = column.snapshot()
	}
	s.Tiers = make(map[string]*Levels, len(t.Tiers))
	for name, levels := range t.Tiers {
		s.Tiers[name] = levels.snapshot()
	}
	return &s
}

// snapshot returns the same set, its containers shared until one of the two
// is written.
func snapshot(set *roaring.Bitmap) *roaring.Bitmap {
	set.SetCopyOnWrite(true)
	s := set.Clone()
	// Both have noted what they share. Were the mode left on, a reader who
	// clones the snapshot would write to these notes.
	s.SetCopyOnWrite(false)
	return s
}

// Page returns up to limit customers of the set after the given one, by
// ascending number, and whether more follow.
func Page(set *roaring.Bitmap, after strata.CustomerID, limit int) ([]strata.CustomerID, bool) {
	it := set.Iterator()
	it.AdvanceIfNeeded(uint32(after) + 1)
	var out []strata.CustomerID
	for it.HasNext() {
		if len(out) == limit {
			return out, true
		}
		out = append(out, strata.CustomerID(it.Next()))
	}
	return out, false
}
