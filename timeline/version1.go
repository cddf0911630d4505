package timeline

import (
	"slices"

	"strata"
)

// readVersion1 reads what follows the version byte of a chunk that the first
// release wrote:
//
//	directory    uv count; each: uv property, u8 kind | log2(width)<<4, u8 scale (Number and Money only)
//	runs         uv count, by ascending event code; each:
//	             uv event, uv N, u8 flags (1 = has milliseconds), uv columns, each: uv directory index<<1 | has validity
//	             N x u32 seconds, N x u16 milliseconds where flagged,
//	             for each column N x width bytes, then (N+7)/8 validity bytes where flagged
//	provenance   as now
func (v *view) readVersion1(b []byte) error {
	v.runs, v.columns = v.runs[:0], v.columns[:0]
	var directory []columnType
	r := reader{b: b}
	for n := r.count(2); n > 0; n-- {
		property, packed := r.uvarint(), r.byte()
		kind, scale := strata.Kind(packed&15), byte(0)
		if decimal(kind) {
			scale = r.byte()
		}
		if property > 0xffff || kind == strata.Missing || kind > strata.List || packed >= 64 || scale > maxScale {
			return errDamaged
		}
		directory = append(directory, columnTypeOf(uint16(property), kind, scale, 1<<(packed>>4)))
	}
	for n := r.count(4); n > 0; n-- {
		event := r.uvarint()
		events := uint64(r.count(4))
		flags := r.byte()
		columns := r.count(2)
		if event > 0xffff || events == 0 || flags > 1 || r.bad {
			return errDamaged
		}
		first := len(v.columns)
		for ; columns > 0; columns-- {
			index := r.uvarint()
			if index>>1 >= uint64(len(directory)) {
				return errDamaged
			}
			column := directory[index>>1].column()
			if index&1 != 0 {
				column.Valid = r.b[:0] // taken below
			}
			v.columns = append(v.columns, column)
		}
		run := strata.Run{Event: uint16(event), N: int(events), Columns: v.columns[first:len(v.columns):len(v.columns)]}
		run.Seconds = r.take(4 * events)
		if flags&1 != 0 {
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
		run.Columns = slices.DeleteFunc(run.Columns, func(c strata.Column) bool { return !v.shows(c.Property) })
		v.runs = append(v.runs, run)
	}
	if r.bad {
		return errDamaged
	}
	v.provenance = r.b
	return nil
}
