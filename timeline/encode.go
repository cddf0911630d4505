package timeline

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"strata"
)

// encoder writes tables as chunks. Its slices are used again.
type encoder struct {
	columns []columnType // every column once, as wide as the widest of its runs
	list    []shapeColumn
	shapes  []shape
	origins []origin
	files   []uint64
}

// shape is a stretch of the encoder's list: the columns of some runs.
type shape struct{ from, to int }

// shapeColumn is one column of a layout.
type shapeColumn struct {
	columnType
	optional bool
}

// append appends the canonical table t as a chunk.
func (e *encoder) append(b []byte, t *table) []byte {
	e.survey(t)
	b = append(b, chunkVersion)
	b = binary.AppendUvarint(b, uint64(len(e.shapes)))
	for _, s := range e.shapes {
		b = binary.AppendUvarint(b, uint64(s.to-s.from))
		for _, column := range e.list[s.from:s.to] {
			c := column.column()
			packed := byte(c.Kind) | byte(bits.TrailingZeros8(c.Width))<<4
			if column.optional {
				packed |= columnIsOptional
			}
			b = binary.AppendUvarint(b, uint64(c.Property))
			b = append(b, packed)
			if decimal(c.Kind) {
				b = append(b, c.Scale)
			}
		}
	}
	b = binary.AppendUvarint(b, uint64(len(t.runs)))
	for k := range t.runs {
		run := &t.runs[k]
		b = binary.AppendUvarint(b, uint64(run.event))
		b = binary.AppendUvarint(b, uint64(len(run.at)))
		b = binary.AppendUvarint(b, uint64(e.shape(run)<<1|run.hasMillis()))
	}
	for k := range t.runs {
		b = e.appendRun(b, &t.runs[k])
	}
	return e.appendProvenance(b, t)
}

// survey finds the widths of the columns, the layouts, the origins and the
// files.
func (e *encoder) survey(t *table) {
	e.columns, e.list, e.shapes, e.origins, e.files = e.columns[:0], e.list[:0], e.shapes[:0], e.origins[:0], e.files[:0]
	for k := range t.runs {
		run := &t.runs[k]
		for c := range run.columns {
			e.widen(&run.columns[c])
		}
		for i, o := range run.origins {
			if i == 0 || o != run.origins[i-1] {
				e.origins = append(e.origins, o)
			}
		}
		for i := range run.ids {
			if id := &run.ids[i]; id.isFile && (len(e.files) == 0 || e.files[len(e.files)-1] != id.file) {
				e.files = append(e.files, id.file)
			}
		}
	}
	for k := range t.runs {
		e.shape(&t.runs[k])
	}
	slices.SortFunc(e.origins, compareOrigins)
	e.origins = slices.Compact(e.origins)
	slices.Sort(e.files)
	e.files = slices.Compact(e.files)
}

// widen makes the type of the column wide enough for its values. Equal
// columns of all runs are equally wide, so that runs share layouts.
func (e *encoder) widen(c *tableColumn) {
	t := columnTypeOf(c.property, c.kind, c.scale, c.width())
	for i, known := range e.columns {
		if known>>8 == t>>8 {
			e.columns[i] = max(known, t)
			return
		}
	}
	e.columns = append(e.columns, t)
}

// typeOf returns the type of a column that survey has seen.
func (e *encoder) typeOf(c *tableColumn) columnType {
	t := columnTypeOf(c.property, c.kind, c.scale, 0)
	for _, known := range e.columns {
		if known>>8 == t>>8 {
			return known
		}
	}
	return t
}

// shape returns which layout the run has, and adds it where it is new.
func (e *encoder) shape(run *tableRun) int {
	from := len(e.list)
	for c := range run.columns {
		column := &run.columns[c]
		e.list = append(e.list, shapeColumn{e.typeOf(column), len(column.valid) > 0})
	}
	for i, s := range e.shapes {
		if slices.Equal(e.list[s.from:s.to], e.list[from:]) {
			e.list = e.list[:from]
			return i
		}
	}
	e.shapes = append(e.shapes, shape{from, len(e.list)})
	return len(e.shapes) - 1
}

// width returns the bytes that hold each of the column's values.
func (c *tableColumn) width() uint8 {
	if c.kind == strata.ID || c.kind == strata.Float {
		return 8
	}
	var seen uint64
	codes := unsigned(c.kind)
	for _, v := range c.values {
		if codes {
			seen |= uint64(v)
		} else {
			seen |= uint64(v^v>>63) << 1 // the bits that matter, and one for the sign
		}
	}
	switch {
	case seen < 1<<8:
		return 1
	case seen < 1<<16:
		return 2
	case seen < 1<<32:
		return 4
	}
	return 8
}

// hasMillis is 1 where some event does not lie on a whole second.
func (r *tableRun) hasMillis() int {
	for _, at := range r.at {
		if at%1000 != 0 {
			return 1
		}
	}
	return 0
}

func (e *encoder) appendRun(b []byte, run *tableRun) []byte {
	for _, at := range run.at {
		b = binary.LittleEndian.AppendUint32(b, uint32(at/1000))
	}
	if run.hasMillis() != 0 {
		for _, at := range run.at {
			b = binary.LittleEndian.AppendUint16(b, uint16(at%1000))
		}
	}
	for c := range run.columns {
		b = appendValues(b, run.columns[c].values, uint8(e.typeOf(&run.columns[c])))
	}
	for c := range run.columns {
		b = append(b, run.columns[c].valid...)
	}
	return b
}

func appendValues(b []byte, values []int64, width uint8) []byte {
	switch width {
	case 1:
		for _, v := range values {
			b = append(b, byte(v))
		}
	case 2:
		for _, v := range values {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		}
	case 4:
		for _, v := range values {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
	default:
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	}
	return b
}

func (e *encoder) appendProvenance(b []byte, t *table) []byte {
	b = binary.AppendUvarint(b, uint64(len(e.origins)))
	for _, o := range e.origins {
		b = binary.LittleEndian.AppendUint16(b, o.source)
		b = binary.LittleEndian.AppendUint32(b, o.imported)
		b = binary.LittleEndian.AppendUint32(b, o.fragment)
	}
	if width := originWidth(len(e.origins)); width > 0 {
		var which [1]int64
		for k := range t.runs {
			for _, o := range t.runs[k].origins {
				index, _ := slices.BinarySearchFunc(e.origins, o, compareOrigins)
				which[0] = int64(index)
				b = appendValues(b, which[:], uint8(width))
			}
		}
	}
	b = binary.AppendUvarint(b, uint64(len(e.files)))
	for _, f := range e.files {
		b = binary.LittleEndian.AppendUint64(b, f)
	}
	for k := range t.runs {
		for i := range t.runs[k].ids {
			id := &t.runs[k].ids[i]
			if id.isFile {
				index, _ := slices.BinarySearch(e.files, id.file)
				b = binary.AppendUvarint(b, uint64(index)+1)
				b = binary.LittleEndian.AppendUint32(b, id.row)
			} else {
				b = append(b, 0)
				b = binary.AppendUvarint(b, uint64(len(id.text)))
				b = append(b, id.text...)
			}
		}
	}
	b = binary.AppendUvarint(b, uint64(len(t.texts)))
	for _, x := range t.texts {
		b = binary.AppendUvarint(b, uint64(len(x.text)))
		b = append(b, x.text...)
	}
	return b
}
