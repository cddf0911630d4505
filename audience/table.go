// Package audience says who is in what: the segments, tag values and levels
// of everyone at one instant, as bitmaps and columns in memory, with set
// algebra, counts and listing in a stable order. A count is always the length
// of the list.
package audience

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
)

// Table is everyone's values at one instant. It is built once, by one
// goroutine, and read by many.
type Table struct {
	AsOf      strata.Instant
	DataUntil strata.Instant // the last event at or before AsOf; 0 = none
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

// Column holds one tag's value of every customer, by customer number.
type Column struct{ Values []strata.Value }

// Get returns the customer's value, or the missing value.
func (c *Column) Get(id strata.CustomerID) strata.Value {
	if c == nil || int(id) >= len(c.Values) {
		return strata.Value{}
	}
	return c.Values[id]
}

// Levels holds one tier's level of every customer.
type Levels struct {
	IDs []string // the model's levels, best first
	Of  []uint8  // by customer number: 0 = none, n = IDs[n-1]
}

// Get returns the customer's level and its index, or "" and -1.
func (l *Levels) Get(id strata.CustomerID) (string, int) {
	if l == nil || int(id) >= len(l.Of) || l.Of[id] == 0 {
		return "", -1
	}
	i := int(l.Of[id]) - 1
	return l.IDs[i], i
}

// Members returns those at the level; an unknown level has none.
func (l *Levels) Members(level string) *roaring.Bitmap {
	at := uint8(slices.Index(l.IDs, level) + 1)
	set := roaring.New()
	if at == 0 {
		return set
	}
	for id, n := range l.Of {
		if n == at {
			set.Add(uint32(id))
		}
	}
	return set
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
