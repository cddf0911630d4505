package timeline

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/bits"
	"reflect"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"pgregory.net/rapid"

	"strata"
)

// A directory of the first release is read as it is, and is of this format
// once it was open for writing, with chunks of both versions in it.
func TestDirectoryOfTheFirstRelease(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	appendFacts(t, s, 1, Facts{Source: "web", Events: []strata.Event{visit("a", day, "first")}})
	key := appendKey(nil, 1, eventsSuffix)
	chunk, err := s.Get(key)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := new(space).decode(chunk)
	if err != nil {
		t.Fatal(err)
	}
	old := new(encoder).appendVersion1(nil, &decoded)
	if err := errors.Join(s.db.Set(key, old, pebble.Sync), s.db.Set(formatKey, []byte(format1), pebble.Sync), s.Close()); err != nil {
		t.Fatal(err)
	}
	formatOf := func(s *Store) string {
		t.Helper()
		version, err := s.Get(formatKey)
		if err != nil {
			t.Fatal(err)
		}
		return string(version)
	}
	if s, err = Open(dir, Options{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	if got := formatOf(s); got != format1 {
		t.Errorf("read only: format %s", got)
	}
	if got := pages(t, s, 1); !slices.Equal(got, []string{"first"}) {
		t.Errorf("read only: %q", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{})
	if got := formatOf(s); got != format {
		t.Errorf("format %s", got)
	}
	appendFacts(t, s, 1, Facts{Source: "web", Events: []strata.Event{visit("b", day+1, "second")}})
	if got := pages(t, s, 1); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("both: %q", got)
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	merged, err := s.Get(key)
	if err != nil || len(merged) == 0 || merged[0] != chunkVersion {
		t.Errorf("after compacting %x, %v", merged, err)
	}
}

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
