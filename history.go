package strata

import "encoding/binary"

// History is one customer's facts up to now as the timeline hands them to the
// program: read in place, valid only during the call that got it, never
// written to by the reader.
type History struct {
	Customer   CustomerID
	Runs       []Run       // one for each event type present, by ascending Event
	Attributes []Attribute // by name, then ascending time; at one instant the winner stands last
}

// Wanted names what a reader of histories looks at.
type Wanted struct {
	Properties []uint16 // codes
	Attributes []string // names
	Everything bool     // all properties and attributes, whatever is named
}

// Run is all events of one type of one customer, oldest first, ordered by
// (instant, id, properties).
type Run struct {
	Event   uint16 // code of the event's name
	N       int
	Seconds []byte // N x 4 bytes little-endian: seconds since 1970
	Millis  []byte // N x 2 bytes little-endian, 0-999; nil where all are 0
	Columns []Column
}

// Second returns the i-th event's time in whole seconds since 1970.
func (r *Run) Second(i int) uint32 { return binary.LittleEndian.Uint32(r.Seconds[4*i:]) }

// At returns the i-th event's instant.
func (r *Run) At(i int) Instant {
	at := Instant(r.Second(i)) * 1000
	if r.Millis != nil {
		at += Instant(binary.LittleEndian.Uint16(r.Millis[2*i:]))
	}
	return at
}

// Search returns the number of events before the instant.
func (r *Run) Search(before Instant) int {
	lo, hi := 0, r.N
	switch { // as for the ends of most windows
	case hi == 0 || r.At(0) >= before:
		return 0
	case r.At(hi-1) < before:
		return hi
	}
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if r.At(mid) < before {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// Column is one property of a run's events. A property whose catalogue type
// changed, or whose texts outgrew the dictionary, may have several columns of
// unlike kinds in one run; each event has a value in at most one of them.
type Column struct {
	Property uint16 // code of the property's name
	Kind     Kind
	Scale    uint8  // Number, Money
	Width    uint8  // bytes a value: 1, 2, 4 or 8
	Data     []byte // N x Width bytes, little-endian
	Valid    []byte // bit i (of byte i/8, lowest first) set = event i has a value; nil = all have
}

// Has reports whether the i-th event has a value in this column.
func (c *Column) Has(i int) bool { return c.Valid == nil || c.Valid[i>>3]&(1<<(i&7)) != 0 }

// Int returns the i-th value as stored: sign-extended for Number, Money, Date
// and Time; the bits of a Float (width 8); 0 or 1 for Boolean.
func (c *Column) Int(i int) int64 {
	switch c.Width {
	case 1:
		return int64(int8(c.Data[i]))
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(c.Data[2*i:])))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(c.Data[4*i:])))
	}
	return int64(binary.LittleEndian.Uint64(c.Data[8*i:]))
}

// Code returns the i-th value zero-extended: the dictionary code of a Text,
// the keyed 64-bit hash of an ID (width 8), the list code of a List.
func (c *Column) Code(i int) uint64 {
	switch c.Width {
	case 1:
		return uint64(c.Data[i])
	case 2:
		return uint64(binary.LittleEndian.Uint16(c.Data[2*i:]))
	case 4:
		return uint64(binary.LittleEndian.Uint32(c.Data[4*i:]))
	}
	return binary.LittleEndian.Uint64(c.Data[8*i:])
}

// Dictionary turns the codes in a History into names and texts and back.
// Codes are never reordered or reused. It may be used by several goroutines.
type Dictionary interface {
	// EventCode and PropertyCode report false where no event has used the name.
	EventCode(name string) (uint16, bool)
	EventNames() []string // by code
	PropertyCode(name string) (uint16, bool)
	PropertyNames() []string // by code
	// TextCode reports false where no event has used the text; Text is its
	// inverse. A List is coded as its joined Text.
	TextCode(property uint16, text string) (uint64, bool)
	Text(property uint16, code uint64) string
	// IDHash is the keyed hash that ID columns hold.
	IDHash(text string) uint64
}
