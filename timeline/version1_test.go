package timeline

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"reflect"
	"slices"

	"pgregory.net/rapid"
)

// checkVersion1 writes the table as the first release did and compares what
// is read and merged from that with the chunk.
func checkVersion1(t *rapid.T, chunk []byte, decoded *table) {
	var e encoder
	old := e.appendVersion1(nil, decoded)
	again, err := new(space).decode(old)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.append(nil, &again); !bytes.Equal(got, chunk) {
		t.Fatalf("version 1 read and written again: %x, want %x", got, chunk)
	}
	mixed, err := mergeChunks(nil, [][]byte{old, chunk})
	if err != nil {
		t.Fatal(err)
	}
	want, err := mergeChunks(nil, [][]byte{chunk, chunk})
	if err != nil || !bytes.Equal(mixed, want) {
		t.Fatalf("a merge of both versions gives %x, want %x (%v)", mixed, want, err)
	}
	var all, some view
	some.restrict(true, []uint16{1})
	if err := all.read(old); err != nil {
		t.Fatal(err)
	}
	if err := some.read(old); err != nil {
		t.Fatal(err)
	}
	for k := range all.runs {
		for _, c := range all.runs[k].Columns {
			if c.Property == 1 && (len(some.runs[k].Columns) == 0 || !reflect.DeepEqual(some.runs[k].Columns[0], c) && some.runs[k].Columns[0].Kind == c.Kind && some.runs[k].Columns[0].Scale == c.Scale) {
				t.Fatalf("property 1 alone: %v, want %v", some.runs[k].Columns, c)
			}
		}
	}
}

// appendVersion1 appends the canonical table t as a chunk of the first
// release, whose runs are as wide as their own values need.
func (e *encoder) appendVersion1(b []byte, t *table) []byte {
	e.survey(t)
	var types, directory []columnType
	for k := range t.runs {
		for c := range t.runs[k].columns {
			column := &t.runs[k].columns[c]
			types = append(types, columnTypeOf(column.property, column.kind, column.scale, column.width()))
		}
	}
	directory = append(directory, types...)
	slices.Sort(directory)
	directory = slices.Compact(directory)
	b = append(b, chunkVersion1)
	b = binary.AppendUvarint(b, uint64(len(directory)))
	for _, d := range directory {
		c := d.column()
		b = binary.AppendUvarint(b, uint64(c.Property))
		b = append(b, byte(c.Kind)|byte(bits.TrailingZeros8(c.Width))<<4)
		if decimal(c.Kind) {
			b = append(b, c.Scale)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(t.runs)))
	for k := range t.runs {
		run := &t.runs[k]
		b = appendRunVersion1(b, run, types[:len(run.columns)], directory)
		types = types[len(run.columns):]
	}
	return e.appendProvenance(b, t)
}

func appendRunVersion1(b []byte, run *tableRun, types, directory []columnType) []byte {
	n := len(run.at)
	b = binary.AppendUvarint(b, uint64(run.event))
	b = binary.AppendUvarint(b, uint64(n))
	flags := byte(0)
	for _, at := range run.at {
		if at%1000 != 0 {
			flags = 1
			break
		}
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(len(run.columns)))
	for c := range run.columns {
		index, _ := slices.BinarySearch(directory, types[c])
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
