package timeline

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
	"unsafe"

	"strata"
)

const (
	chunkVersion = 1
	runHasMillis = 1
	maxScale     = 18
)

// errDamaged says that bytes are not what this package writes. The callers
// that know the key name it.
var errDamaged = errors.New("the stored bytes are damaged")

// errVersion says that a later program wrote the bytes.
var errVersion = errors.New("the stored bytes have a version that this program does not know")

// reader takes bytes off the front of b. What is missing is read as zero and
// noted in bad.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	taken := r.b[:n:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// count reads a number of things that take at least size bytes each.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.b)/size) {
		r.b, r.bad = nil, true
		return 0
	}
	return int(n)
}

// columnType is a directory entry of a chunk as one number that sorts by property,
// kind, scale, width.
type columnType uint64

func columnTypeOf(property uint16, kind strata.Kind, scale, width uint8) columnType {
	return columnType(property)<<24 | columnType(kind)<<16 | columnType(scale)<<8 | columnType(width)
}

func (t columnType) column() strata.Column {
	return strata.Column{Property: uint16(t >> 24), Kind: strata.Kind(t >> 16), Scale: uint8(t >> 8), Width: uint8(t)}
}

func decimal(k strata.Kind) bool { return k == strata.Number || k == strata.Money }

// unsigned reports whether values of the kind are codes.
func unsigned(k strata.Kind) bool { return k == strata.Text || k == strata.List || k == strata.ID }

// view is a chunk read in place. Its slices are used again for the next.
type view struct {
	runs       []strata.Run
	columns    []strata.Column // of all runs, which hold parts of it
	directory  []columnType
	provenance []byte
}

// read finds the runs of a chunk without copying values. They hold as long as
// b does and until the next read.
func (v *view) read(b []byte) error {
	v.runs, v.columns, v.directory, v.provenance = v.runs[:0], v.columns[:0], v.directory[:0], nil
	if len(b) == 0 {
		return errDamaged
	}
	if b[0] != chunkVersion {
		return errVersion
	}
	r := reader{b: b[1:]}
	for n := r.count(2); n > 0; n-- {
		property, packed := r.uvarint(), r.byte()
		kind, scale := strata.Kind(packed&15), byte(0)
		if decimal(kind) {
			scale = r.byte()
		}
		if property > 0xffff || kind == strata.Missing || kind > strata.List || packed >= 64 || scale > maxScale {
			return errDamaged
		}
		v.directory = append(v.directory, columnTypeOf(uint16(property), kind, scale, 1<<(packed>>4)))
	}
	for n := r.count(4); n > 0; n-- {
		event := r.uvarint()
		events := uint64(r.count(4))
		flags := r.byte()
		columns := r.count(2)
		if event > 0xffff || events == 0 || flags > runHasMillis || r.bad {
			return errDamaged
		}
		first := len(v.columns)
		for ; columns > 0; columns-- {
			index := r.uvarint()
			if index>>1 >= uint64(len(v.directory)) {
				return errDamaged
			}
			column := v.directory[index>>1].column()
			if index&1 != 0 {
				column.Valid = r.b[:0] // taken below
			}
			v.columns = append(v.columns, column)
		}
		run := strata.Run{Event: uint16(event), N: int(events), Columns: v.columns[first:len(v.columns):len(v.columns)]}
		run.Seconds = r.take(4 * events)
		if flags&runHasMillis != 0 {
			run.Millis = r.take(2 * events)
		}
		for c := range run.Columns {
			column := &run.Columns[c]
			column.Data = r.take(events * uint64(column.Width))
			if column.Valid != nil {
				column.Valid = r.take((events + 7) / 8)
			}
		}
		if r.bad {
			return errDamaged
		}
		v.runs = append(v.runs, run)
	}
	if r.bad {
		return errDamaged
	}
	v.provenance = r.b
	return nil
}

// decode returns the chunk's table, whose texts are parts of b: it holds
// while b does, and until the space is reset.
func (s *space) decode(b []byte) (table, error) {
	v := &s.view
	if err := v.read(b); err != nil {
		return table{}, err
	}
	t := table{runs: s.runs.take(len(v.runs))}
	total := 0
	hashes := s.hashes[:0]
	for k := range v.runs {
		from, to := &v.runs[k], &t.runs[k]
		if k > 0 && from.Event <= v.runs[k-1].Event {
			return table{}, errDamaged
		}
		total += from.N
		to.event = from.Event
		to.at = s.instants.take(from.N)
		for i := range to.at {
			to.at[i] = from.At(i)
		}
		to.columns = s.columns.take(len(from.Columns))
		for c := range from.Columns {
			s.widen(&to.columns[c], &from.Columns[c], from.N)
			if c > 0 && compareColumns(&to.columns[c-1], &to.columns[c]) >= 0 {
				return table{}, errDamaged
			}
			if to.columns[c].kind == strata.ID {
				for i, value := range to.columns[c].values {
					if to.columns[c].has(i) {
						hashes = append(hashes, uint64(value))
					}
				}
			}
		}
	}
	slices.Sort(hashes)
	s.hashes = hashes
	if err := s.decodeProvenance(&t, v.provenance, total, slices.Compact(hashes)); err != nil {
		return table{}, err
	}
	return t, nil
}

// widen reads a column's values, and zeros where there is none.
func (s *space) widen(to *tableColumn, from *strata.Column, n int) {
	to.property, to.kind, to.scale = from.Property, from.Kind, from.Scale
	to.values = s.values.take(n)
	if from.Valid != nil {
		to.valid = append(s.bits.take(len(from.Valid))[:0], from.Valid...)
		if n&7 != 0 {
			to.valid[n>>3] &= 1<<(n&7) - 1
		}
	}
	codes := unsigned(from.Kind)
	for i := range to.values {
		switch {
		case !to.has(i):
		case codes:
			to.values[i] = int64(from.Code(i))
		default:
			to.values[i] = from.Int(i)
		}
	}
}

// text returns b as a string without copying it.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (s *space) decodeProvenance(t *table, b []byte, total int, hashes []uint64) error {
	r := reader{b: b}
	origins := s.sources[:0]
	for n := r.count(10); n > 0; n-- {
		o := r.take(10)
		origins = append(origins, origin{binary.LittleEndian.Uint16(o), binary.LittleEndian.Uint32(o[2:]), binary.LittleEndian.Uint32(o[6:])})
	}
	width := originWidth(len(origins))
	which := strata.Column{Width: uint8(width), Data: r.take(uint64(total * width))}
	files := s.files[:0]
	for n := r.count(8); n > 0; n-- {
		files = append(files, binary.LittleEndian.Uint64(r.take(8)))
	}
	s.sources, s.files = origins, files
	if r.bad || total > 0 && len(origins) == 0 {
		return errDamaged
	}
	event := 0
	for k := range t.runs {
		run := &t.runs[k]
		run.ids = s.ids.take(len(run.at))
		run.origins = s.origins.take(len(run.at))
		for i := range run.ids {
			o := uint64(0)
			if width > 0 {
				o = which.Code(event)
			}
			file := r.uvarint()
			if o >= uint64(len(origins)) || file > uint64(len(files)) {
				return errDamaged
			}
			run.origins[i] = origins[o]
			if file == 0 {
				run.ids[i] = eventID{text: text(r.take(r.uvarint()))}
			} else if row := r.take(4); row != nil {
				run.ids[i] = eventID{file: files[file-1], row: binary.LittleEndian.Uint32(row), isFile: true}
			}
			event++
		}
	}
	if texts := r.count(1); texts != len(hashes) {
		return errDamaged
	}
	t.texts = s.texts.take(len(hashes))
	for i, hash := range hashes {
		t.texts[i] = idText{hash, text(r.take(r.uvarint()))}
	}
	if r.bad || len(r.b) > 0 {
		return errDamaged
	}
	return nil
}

// originWidth returns the bytes that number one of n origins.
func originWidth(n int) int {
	switch {
	case n <= 1:
		return 0
	case n <= 1<<8:
		return 1
	case n <= 1<<16:
		return 2
	}
	return 4
}

// encoder writes tables as chunks. Its slices are used again.
type encoder struct {
	columns   []columnType // of all runs' columns, in order
	directory []columnType
	origins   []origin
	files     []uint64
}

// append appends the canonical table t as a chunk.
func (e *encoder) append(b []byte, t *table) []byte {
	e.survey(t)
	b = append(b, chunkVersion)
	b = binary.AppendUvarint(b, uint64(len(e.directory)))
	for _, d := range e.directory {
		c := d.column()
		b = binary.AppendUvarint(b, uint64(c.Property))
		b = append(b, byte(c.Kind)|byte(bits.TrailingZeros8(c.Width))<<4)
		if decimal(c.Kind) {
			b = append(b, c.Scale)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(t.runs)))
	types := e.columns
	for k := range t.runs {
		run := &t.runs[k]
		b = e.appendRun(b, run, types[:len(run.columns)])
		types = types[len(run.columns):]
	}
	return e.appendProvenance(b, t)
}

// survey finds the widths of the columns, the origins and the files.
func (e *encoder) survey(t *table) {
	e.columns, e.origins, e.files = e.columns[:0], e.origins[:0], e.files[:0]
	for k := range t.runs {
		run := &t.runs[k]
		for c := range run.columns {
			column := &run.columns[c]
			e.columns = append(e.columns, columnTypeOf(column.property, column.kind, column.scale, column.width()))
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
	e.directory = append(e.directory[:0], e.columns...)
	slices.Sort(e.directory)
	e.directory = slices.Compact(e.directory)
	slices.SortFunc(e.origins, compareOrigins)
	e.origins = slices.Compact(e.origins)
	slices.Sort(e.files)
	e.files = slices.Compact(e.files)
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

func (e *encoder) appendRun(b []byte, run *tableRun, types []columnType) []byte {
	n := len(run.at)
	b = binary.AppendUvarint(b, uint64(run.event))
	b = binary.AppendUvarint(b, uint64(n))
	flags := byte(0)
	for _, at := range run.at {
		if at%1000 != 0 {
			flags = runHasMillis
			break
		}
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(len(run.columns)))
	for c := range run.columns {
		index, _ := slices.BinarySearch(e.directory, types[c])
		entry := uint64(index) << 1
		if len(run.columns[c].valid) > 0 {
			entry |= 1
		}
		b = binary.AppendUvarint(b, entry)
	}
	for _, at := range run.at {
		b = binary.LittleEndian.AppendUint32(b, uint32(at/1000))
	}
	if flags != 0 {
		for _, at := range run.at {
			b = binary.LittleEndian.AppendUint16(b, uint16(at%1000))
		}
	}
	for c := range run.columns {
		column := &run.columns[c]
		b = appendValues(b, column.values, uint8(types[c]))
		b = append(b, column.valid...)
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
