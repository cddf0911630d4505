package audience

import (
	"math/bits"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
)

// Levels holds one tier's level of every customer, and the members of each
// level. Where the levels of a tier overlap a customer may be at several. A
// nil Levels has none.
type Levels struct {
	IDs     []string // the model's levels, best first
	best    *Column  // the best level's index, of those who have one
	several *Column  // all levels as a mask, of those who have more than one
	members []*roaring.Bitmap
}

// NewLevels returns the levels of a tier, best first, at which nobody is yet,
// for customers below n. It grows when a later one is set.
func NewLevels(ids []string, n int) *Levels {
	l := &Levels{IDs: ids, best: NewColumn(n), several: NewColumn(0), members: make([]*roaring.Bitmap, len(ids))}
	for i := range l.members {
		l.members[i] = roaring.New()
	}
	return l
}

// LevelsOf returns levels with those given by customer number: 0 = none, n =
// the level ids[n-1].
func LevelsOf(ids []string, of ...int) *Levels {
	l := NewLevels(ids, len(of))
	for id, n := range of {
		l.Set(strata.CustomerID(id), n-1)
	}
	return l
}

func (l *Levels) snapshot() *Levels {
	fresh := &Levels{IDs: l.IDs, best: l.best.snapshot(), several: l.several.snapshot(), members: make([]*roaring.Bitmap, len(l.members))}
	for i, m := range l.members {
		fresh.members[i] = snapshot(m)
	}
	return fresh
}

// Get returns the customer's best level and its index, or "" and -1.
func (l *Levels) Get(id strata.CustomerID) (string, int) {
	if i := l.Index(id); i >= 0 {
		return l.IDs[i], i
	}
	return "", -1
}

// Index returns the index of the customer's best level, or -1.
func (l *Levels) Index(id strata.CustomerID) int {
	if l == nil {
		return -1
	}
	b := l.best.block(id)
	if b == nil || !b.has.get(int(id&blockMask)) {
		return -1
	}
	return int(b.number(int(id & blockMask)))
}

// Mask returns all levels of the customer: bit i is set for IDs[i]. Levels
// with an index beyond 63 are in no mask.
func (l *Levels) Mask(id strata.CustomerID) uint64 {
	i := l.Index(id)
	if i < 0 {
		return 0
	}
	if several := l.several.Get(id); !several.IsMissing() {
		return uint64(several.Int)
	}
	return 1 << i
}

// Value returns the customer's level as a text; of several, which overlapping
// tiers have, as a list; or the missing value.
func (l *Levels) Value(id strata.CustomerID) strata.Value {
	mask := l.Mask(id)
	if mask == 0 {
		level, _ := l.Get(id)
		return strata.TextOf(level)
	}
	return LevelValue(l.IDs, mask)
}

// LevelValue is Levels.Value of a mask.
func LevelValue(ids []string, mask uint64) strata.Value {
	if mask&(mask-1) == 0 {
		if mask == 0 {
			return strata.Value{}
		}
		return strata.TextOf(ids[bits.TrailingZeros64(mask)])
	}
	var texts []string
	for ; mask != 0; mask &= mask - 1 {
		texts = append(texts, ids[bits.TrailingZeros64(mask)])
	}
	slices.Sort(texts)
	return strata.ListOf(texts)
}

// SetValue is the inverse of Value. It reports whether that changed anything.
func (l *Levels) SetValue(id strata.CustomerID, v strata.Value) bool {
	switch v.Kind {
	case strata.Missing:
		return l.Set(id, -1)
	case strata.List:
		mask := uint64(0)
		for _, level := range v.Texts() {
			if i := slices.Index(l.IDs, level); i >= 0 {
				mask |= 1 << i
			}
		}
		return l.SetMask(id, mask)
	}
	return l.Set(id, slices.Index(l.IDs, v.Text))
}

// Set puts the customer at one level, given by its index, or at none for -1.
// It reports whether that changed anything.
func (l *Levels) Set(id strata.CustomerID, level int) bool {
	before := l.Index(id)
	overlapping := l.several.Has(id)
	if before == level && !overlapping {
		return false
	}
	if overlapping {
		l.leave(id, l.Mask(id))
		l.several.clear(id)
	} else if before >= 0 {
		l.members[before].Remove(uint32(id))
	}
	l.fill(id, level)
	if level >= 0 {
		l.members[level].Add(uint32(id))
	}
	return true
}

// SetMask puts the customer at all levels of a mask as Mask returns it. It
// reports whether that changed anything.
func (l *Levels) SetMask(id strata.CustomerID, mask uint64) bool {
	if mask&(mask-1) == 0 {
		return l.Set(id, bits.Len64(mask)-1)
	}
	before := l.Mask(id)
	if before == mask {
		return false
	}
	l.leave(id, before&^mask)
	for rest := mask &^ before; rest != 0; rest &= rest - 1 {
		l.members[bits.TrailingZeros64(rest)].Add(uint32(id))
	}
	l.fill(id, bits.TrailingZeros64(mask))
	l.several.SetInt(id, strata.Number, 0, int64(mask))
	return true
}

func (l *Levels) leave(id strata.CustomerID, mask uint64) {
	for ; mask != 0; mask &= mask - 1 {
		l.members[bits.TrailingZeros64(mask)].Remove(uint32(id))
	}
}

// fill sets the best level alone; see index.
func (l *Levels) fill(id strata.CustomerID, level int) {
	if level < 0 {
		l.best.clear(id)
		return
	}
	l.best.SetInt(id, strata.Number, 0, int64(level))
}

// index makes the members of each level anew, after fill.
func (l *Levels) index() {
	sets := make([]denseBits, len(l.IDs))
	for i := range sets {
		sets[i] = newBits(l.best.size())
	}
	l.best.each(l.best.Holders(), func(b *block, id uint32) { sets[b.number(int(id&blockMask))].set(int(id)) })
	l.several.each(l.several.Holders(), func(b *block, id uint32) {
		for mask := uint64(b.number(int(id & blockMask))); mask != 0; mask &= mask - 1 {
			sets[bits.TrailingZeros64(mask)].set(int(id))
		}
	})
	for i := range sets {
		l.members[i] = sets[i].bitmap()
	}
}

// Members returns those at the level, which must not be written to; an
// unknown level has none.
func (l *Levels) Members(level string) *roaring.Bitmap {
	if i := slices.Index(l.IDs, level); i >= 0 {
		return l.members[i]
	}
	return roaring.New()
}

// Holders returns those who are at a level.
func (l *Levels) Holders() *roaring.Bitmap {
	if l == nil {
		return roaring.New()
	}
	return l.best.Holders()
}

// Len returns how many are at a level.
func (l *Levels) Len() int {
	if l == nil {
		return 0
	}
	return l.best.Len()
}
