package compute

import (
	"encoding/binary"
	"errors"

	"strata"
)

// errRecord says that a stored record is not what this package writes.
var errRecord = errors.New("the stored record is damaged")

// appendValue writes a value as: kind u8; scale u8 of decimals; then text
// with its length, or a zigzag varint.
func appendValue(b []byte, v strata.Value) []byte {
	b = append(b, byte(v.Kind))
	switch v.Kind {
	case strata.Missing:
		return b
	case strata.Text, strata.ID, strata.List:
		b = binary.AppendUvarint(b, uint64(len(v.Text)))
		return append(b, v.Text...)
	case strata.Number, strata.Money:
		b = append(b, v.Scale)
	}
	return binary.AppendVarint(b, v.Int)
}

// decoder takes fields off the front of a record. What is missing is read as
// zero and noted in bad.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.b, d.bad = nil, true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.b, d.bad = nil, true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.bad = true
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *decoder) text() string {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.b, d.bad = nil, true
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *decoder) value() strata.Value {
	v := strata.Value{Kind: strata.Kind(d.byte())}
	switch v.Kind {
	case strata.Missing:
		return v
	case strata.Text, strata.ID, strata.List:
		v.Text = d.text()
		return v
	case strata.Number, strata.Money:
		v.Scale = d.byte()
	}
	if v.Kind > strata.List || v.Scale > 18 {
		d.bad = true
	}
	v.Int = d.varint()
	return v
}

// delta is what one publish changed in the stored state of one customer.
type delta struct {
	customer strata.CustomerID
	next     strata.Instant // when time alone changes it again
	latest   strata.Instant // of its latest entry in a history
	cells    []cell
}

// cell is a new value of one column.
type cell struct {
	column uint16
	value  strata.Value
}

func appendDelta(b []byte, d *delta) []byte {
	b = binary.AppendUvarint(b, uint64(d.customer))
	b = binary.AppendVarint(b, int64(d.next))
	b = binary.AppendVarint(b, int64(d.latest))
	b = binary.AppendUvarint(b, uint64(len(d.cells)))
	for _, c := range d.cells {
		b = binary.AppendUvarint(b, uint64(c.column))
		b = appendValue(b, c.value)
	}
	return b
}

// readDeltas calls fn with each delta of a record; it and its cells are used
// again for the next.
func readDeltas(b []byte, fn func(*delta) error) error {
	d := decoder{b: b}
	var one delta
	for len(d.b) > 0 {
		one.customer = strata.CustomerID(d.uvarint())
		one.next, one.latest = strata.Instant(d.varint()), strata.Instant(d.varint())
		one.cells = one.cells[:0]
		for n := d.uvarint(); n > 0 && !d.bad; n-- {
			one.cells = append(one.cells, cell{uint16(d.uvarint()), d.value()})
		}
		if d.bad {
			return errRecord
		}
		if err := fn(&one); err != nil {
			return err
		}
	}
	return nil
}

// shift is a move by column number.
type shift struct {
	column   uint16
	from, to strata.Value
}

// record is a strata.Change as it is stored.
type record struct {
	customer strata.CustomerID
	at       strata.Instant
	cause    strata.Cause
	shifts   []shift
}

func appendRecord(b []byte, r *record) []byte {
	b = binary.AppendUvarint(b, uint64(r.customer))
	b = binary.AppendVarint(b, int64(r.at))
	b = append(b, byte(r.cause))
	b = binary.AppendUvarint(b, uint64(len(r.shifts)))
	for _, s := range r.shifts {
		b = binary.AppendUvarint(b, uint64(s.column))
		b = appendValue(b, s.from)
		b = appendValue(b, s.to)
	}
	return b
}

func (d *decoder) record() record {
	r := record{customer: strata.CustomerID(d.uvarint()), at: strata.Instant(d.varint()), cause: strata.Cause(d.byte())}
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		r.shifts = append(r.shifts, shift{uint16(d.uvarint()), d.value(), d.value()})
	}
	return r
}

// Keys of what compute stores: r, then one of these.
const (
	progressKind = 'p' // one value: JSON of progress
	standingKind = 'd' // one value: JSON of standing
	deltaKind    = 's' // publish(8): deltas since the last snapshot
	changeKind   = 'l' // number(8) of the last change in it: published varint, count uvarint, records
	historyKind  = 'h' // customer(4) column(2) instant(8): cause u8, from, to
)

func resultKey(kind byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{'r', kind}, n)
}

func historyKey(c strata.CustomerID, column uint16, at strata.Instant) []byte {
	b := historyPrefix(c, column)
	return binary.BigEndian.AppendUint64(b, uint64(at))
}

func historyPrefix(c strata.CustomerID, column uint16) []byte {
	b := binary.BigEndian.AppendUint32([]byte{'r', historyKind}, uint32(c))
	return binary.BigEndian.AppendUint16(b, column)
}
