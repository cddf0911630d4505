package timeline

import (
	"encoding/binary"
	"errors"
	"slices"
	"unsafe"

	"strata"
)

const (
	chunkVersion     = 2
	chunkVersion1    = 1 // see version1.go
	columnIsOptional = 64
	maxScale         = 18
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
	shapes     []uint32        // of the runs: layout<<1 | has milliseconds
	provenance []byte

	only    bool   // columns of the properties in wanted alone are shown
	wanted  []bool // by property code
	layouts []layout
	known   []byte // the stored form of layouts
	all     []layoutColumn
}

// layout is a list of columns that runs of a chunk share.
type layout struct {
	columns  []layoutColumn // those that are shown
	width    int            // bytes an event, in all columns
	optional int            // how many columns have validity bytes
}

// layoutColumn is a column of a layout: what its runs' columns share, and
// where in a run it lies.
type layoutColumn struct {
	column strata.Column // without Data and Valid
	before int           // bytes an event in the columns before it
	valid  int           // which of the validity bytes are its own; -1 = every event has a value
}

// restrict makes the next reads show only columns of the properties given.
func (v *view) restrict(only bool, properties []uint16) {
	v.known, v.layouts, v.only = v.known[:0], v.layouts[:0], only
	v.wanted = v.wanted[:0]
	for _, p := range properties {
		for int(p) >= len(v.wanted) {
			v.wanted = append(v.wanted, false)
		}
		v.wanted[p] = true
	}
}

func (v *view) shows(property uint16) bool {
	return !v.only || int(property) < len(v.wanted) && v.wanted[property]
}

// read finds the runs of a chunk without copying values. They hold as long as
// b does and until the next read.
func (v *view) read(b []byte) error {
	v.provenance = nil
	if len(b) == 0 {
		return errDamaged
	}
	switch b[0] {
	case chunkVersion:
		return v.readRuns(b[1:])
	case chunkVersion1:
		return v.readVersion1(b[1:])
	}
	return errVersion
}

// readRuns reads what follows the version byte.
func (v *view) readRuns(b []byte) error {
	v.runs, v.columns, v.shapes = v.runs[:0], v.columns[:0], v.shapes[:0]
	r := reader{b: b}
	if n := len(v.known); n > 0 && len(b) >= n && string(b[:n]) == string(v.known) {
		r.b = b[n:] // most customers have the layouts of the one before
	} else if err := v.readLayouts(&r); err != nil {
		return err
	}
	count := r.count(3)
	if cap(v.runs) < count {
		v.runs = make([]strata.Run, 0, 2*count)
	}
	v.runs = v.runs[:count]
	// What says how long the runs are stands together before them: the place
	// of one must not hang on reading the one before.
	rest := r.b
	for k := range v.runs {
		var event, events, shape uint64
		if len(rest) >= 3 && rest[0]|rest[1]|rest[2] < 0x80 {
			event, events, shape = uint64(rest[0]), uint64(rest[1]), uint64(rest[2])
			rest = rest[3:]
		} else {
			r.b = rest
			event, events, shape = r.uvarint(), r.uvarint(), r.uvarint()
			rest = r.b
		}
		if event > 0xffff || events == 0 || events > uint64(len(rest)/4) || shape>>1 >= uint64(len(v.layouts)) {
			return errDamaged
		}
		run := &v.runs[k]
		run.Event, run.N = uint16(event), int(events)
		v.shapes = append(v.shapes, uint32(shape))
	}
	for k := range v.runs {
		run, shape := &v.runs[k], v.shapes[k]
		n, l := run.N, &v.layouts[shape>>1]
		at := 4 * n
		if shape&1 != 0 {
			at += 2 * n
		}
		valid := at + l.width*n
		end := valid
		if l.optional > 0 {
			end += l.optional * ((n + 7) / 8)
		}
		if end > len(rest) {
			return errDamaged
		}
		run.Seconds, run.Millis, run.Columns = rest[:4*n:4*n], nil, nil
		if shape&1 != 0 {
			run.Millis = rest[4*n : at : at]
		}
		if len(l.columns) > 0 {
			first := len(v.columns)
			last := first + len(l.columns)
			if last > cap(v.columns) {
				v.columns = append(make([]strata.Column, 0, 2*last), v.columns...)
			}
			v.columns = v.columns[:last]
			run.Columns = v.columns[first:last:last]
			for c := range l.columns {
				from, column := &l.columns[c], &run.Columns[c]
				width := int(from.column.Width)
				column.Property, column.Kind, column.Scale, column.Width = from.column.Property, from.column.Kind, from.column.Scale, from.column.Width
				start := at + from.before*n
				column.Data, column.Valid = rest[start:start+width*n:start+width*n], nil
				if from.valid >= 0 {
					start = valid + from.valid*((n+7)/8)
					stop := start + (n+7)/8
					column.Valid = rest[start:stop:stop]
				}
			}
		}
		rest = rest[end:]
	}
	if r.bad {
		return errDamaged
	}
	v.provenance = rest
	return nil
}

// readLayouts reads the layouts of a chunk.
func (v *view) readLayouts(r *reader) error {
	stored := r.b
	v.known, v.layouts, v.all = v.known[:0], v.layouts[:0], v.all[:0]
	for n := r.count(1); n > 0; n-- {
		var l layout
		first := len(v.all)
		for columns := r.count(2); columns > 0; columns-- {
			property, packed := r.uvarint(), r.byte()
			kind, width, scale := strata.Kind(packed&15), uint8(1)<<(packed>>4&3), byte(0)
			if decimal(kind) {
				scale = r.byte()
			}
			if property > 0xffff || kind == strata.Missing || kind > strata.List || packed >= 128 || scale > maxScale {
				return errDamaged
			}
			c := layoutColumn{columnTypeOf(uint16(property), kind, scale, width).column(), l.width, -1}
			if packed&columnIsOptional != 0 {
				c.valid = l.optional
				l.optional++
			}
			l.width += int(width)
			if v.shows(c.column.Property) {
				v.all = append(v.all, c)
			}
		}
		l.columns = v.all[first:len(v.all):len(v.all)]
		v.layouts = append(v.layouts, l)
	}
	if r.bad {
		v.layouts = v.layouts[:0]
		return errDamaged
	}
	v.known = append(v.known, stored[:len(stored)-len(r.b)]...)
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
