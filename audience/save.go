package audience

import (
	"encoding/binary"
	"io"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/zeebo/xxh3"

	"strata"
)

// A saved table is the magic, the version, and sections: kind (1 byte),
// length of the name (2), name, length of the content (8), content, xxh3 of
// all these (8). The last section holds the number of sections before it and
// the xxh3 of their hashes. Numbers are little-endian.
const (
	magic   = "STRATAUD"
	version = 1
)

// The kinds of sections.
const (
	sectionMeta     = 'm'
	sectionEveryone = 'a'
	sectionSegment  = 's'
	sectionTag      = 't'
	sectionTier     = 'l'
	sectionEnd      = 'z'
)

var order = binary.LittleEndian

// Save writes the table to w. A snapshot can be saved while its table goes on
// changing.
func (t *Table) Save(w io.Writer) error {
	s := &saver{w: w, hashes: xxh3.New()}
	s.buffer = order.AppendUint32(append(s.buffer, magic...), version)
	if s.write(); s.err != nil {
		return s.err
	}
	s.section(sectionMeta, "", func(b []byte) []byte {
		b = order.AppendUint64(b, uint64(t.AsOf))
		b = order.AppendUint64(b, uint64(t.DataUntil))
		return order.AppendUint64(b, t.Sequence)
	})
	s.section(sectionEveryone, "", func(b []byte) []byte { return s.appendSet(b, t.Everyone) })
	for _, name := range slices.Sorted(maps.Keys(t.Segments)) {
		s.section(sectionSegment, name, func(b []byte) []byte { return s.appendSet(b, t.Segments[name]) })
	}
	for _, name := range slices.Sorted(maps.Keys(t.Tags)) {
		s.section(sectionTag, name, func(b []byte) []byte { return appendColumn(b, t.Tags[name]) })
	}
	for _, name := range slices.Sorted(maps.Keys(t.Tiers)) {
		levels := t.Tiers[name]
		s.section(sectionTier, name, func(b []byte) []byte {
			b = appendTexts(b, levels.IDs)
			return appendColumn(appendColumn(b, levels.best), levels.several)
		})
	}
	count, hashes := s.count, s.hashes.Sum64()
	s.section(sectionEnd, "", func(b []byte) []byte { return order.AppendUint64(order.AppendUint64(b, count), hashes) })
	return s.err
}

// saver writes sections and keeps the first error.
type saver struct {
	w      io.Writer
	buffer []byte
	count  uint64
	hashes *xxh3.Hasher
	err    error
}

func (s *saver) write() {
	if s.err == nil {
		_, s.err = s.w.Write(s.buffer)
	}
	s.buffer = s.buffer[:0]
}

func (s *saver) section(kind byte, name string, content func([]byte) []byte) {
	if s.err != nil {
		return
	}
	b := append(order.AppendUint16(append(s.buffer, kind), uint16(len(name))), name...)
	at := len(b)
	b = content(append(b, make([]byte, 8)...))
	order.PutUint64(b[at:], uint64(len(b)-at-8))
	hash := order.AppendUint64(nil, xxh3.Hash(b))
	s.hashes.Write(hash)
	s.count++
	s.buffer = append(b, hash...)
	s.write()
}

func (s *saver) appendSet(b []byte, set *roaring.Bitmap) []byte {
	content, err := set.ToBytes()
	if err != nil && s.err == nil {
		s.err = err
	}
	return append(b, content...)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendTexts(b []byte, texts []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, text := range texts {
		b = appendText(b, text)
	}
	return b
}

// appendColumn writes those texts that are in use, which get new codes, then
// the blocks: kind (Missing where there is none), scale, width, base, unit,
// presence and cells; mixed blocks have the values of those who have one.
func appendColumn(b []byte, c *Column) []byte {
	texts, recoded := c.inUse()
	b = appendTexts(b, texts)
	b = binary.AppendUvarint(b, uint64(len(c.blocks)))
	for _, k := range c.blocks {
		if k == nil || k.has.empty() {
			b = append(b, byte(strata.Missing))
			continue
		}
		if k = k.settled(); coded(k.kind) {
			k = k.recoded(recoded)
		}
		b = append(b, byte(k.kind), k.scale, byte(width(k.cells)))
		b = order.AppendUint64(order.AppendUint64(b, uint64(k.base)), uint64(k.unit))
		for _, word := range k.has {
			b = order.AppendUint64(b, word)
		}
		b = slices.Grow(b, BlockSize*width(k.cells))
		switch cells := k.cells.(type) {
		case *cells[int8]:
			for _, n := range cells {
				b = append(b, byte(n))
			}
		case *cells[int16]:
			for _, n := range cells {
				b = order.AppendUint16(b, uint16(n))
			}
		case *cells[int32]:
			for _, n := range cells {
				b = order.AppendUint32(b, uint32(n))
			}
		case *cells[int64]:
			for _, n := range cells {
				b = order.AppendUint64(b, uint64(n))
			}
		case *cells[strata.Value]:
			for at, v := range cells {
				if k.has.get(at) {
					b = binary.AppendVarint(append(b, byte(v.Kind), v.Scale), v.Int)
					b = appendText(b, v.Text)
				}
			}
		}
	}
	return b
}

// inUse returns the texts that somebody has and, by code, their places among
// these.
func (c *Column) inUse() (texts []string, place []int64) {
	all := *c.texts.texts.Load()
	place = make([]int64, len(all))
	for _, b := range c.blocks {
		if b != nil && coded(b.kind) {
			b.each(func(at int) { place[b.number(at)] = 1 })
		}
	}
	for code, used := range place {
		if used != 0 {
			place[code] = int64(len(texts))
			texts = append(texts, all[code])
		}
	}
	return texts, place
}

// recoded is a coded block with other codes, none of them larger.
func (b *block) recoded(place []int64) *block {
	fresh := &block{kind: b.kind, has: b.has, unit: 1}
	if b.cells == nil {
		fresh.base = place[b.base]
		return fresh
	}
	fresh.cells = blank(width(b.cells))
	b.each(func(at int) { fresh.put(at, place[b.number(at)]) })
	return fresh
}
