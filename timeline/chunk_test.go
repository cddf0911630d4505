package timeline

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"strata"
)

// anyValue draws a value of any kind, small and large.
func anyValue() *rapid.Generator[strata.Value] {
	return rapid.Custom(func(t *rapid.T) strata.Value {
		number := func() int64 {
			switch rapid.IntRange(0, 3).Draw(t, "size") {
			case 0:
				return rapid.Int64Range(-130, 130).Draw(t, "int")
			case 1:
				return rapid.Int64Range(-33000, 33000).Draw(t, "int")
			case 2:
				return rapid.Int64Range(-1<<32, 1<<32).Draw(t, "int")
			}
			return rapid.Int64().Draw(t, "int")
		}
		texts := rapid.SampledFrom([]string{"a", "b", "北京", "上海 ", "f:0", "é"})
		switch strata.Kind(rapid.IntRange(1, 9).Draw(t, "kind")) {
		case strata.Boolean:
			return strata.BooleanOf(rapid.Bool().Draw(t, "bool"))
		case strata.Number:
			return strata.NumberOf(number(), uint8(rapid.IntRange(0, 6).Draw(t, "scale")))
		case strata.Float:
			return strata.FloatOf(rapid.Float64().Draw(t, "float"))
		case strata.Money:
			return strata.MoneyOf(number()>>20, uint8(rapid.IntRange(0, 4).Draw(t, "scale")))
		case strata.Text:
			return strata.TextOf(texts.Draw(t, "text"))
		case strata.ID:
			return strata.IDOf(texts.Draw(t, "text") + fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "n")))
		case strata.Date:
			return strata.DateOf(rapid.Int64Range(-1000, 40000).Draw(t, "day"))
		case strata.Time:
			return strata.TimeOf(strata.Instant(rapid.Int64Range(0, 1<<42).Draw(t, "time")))
		}
		list := rapid.SliceOfNDistinct(texts, 1, 3, rapid.ID).Draw(t, "list")
		slices.Sort(list)
		return strata.ListOf(list)
	})
}

func anyEvent() *rapid.Generator[strata.Event] {
	return rapid.Custom(func(t *rapid.T) strata.Event {
		e := strata.Event{Name: rapid.SampledFrom([]string{"order_paid", "site_visited", "下单"}).Draw(t, "name")}
		switch rapid.IntRange(0, 2).Draw(t, "when") {
		case 0: // often the same, so that ids and properties decide
			e.At = 1_700_000_000_000
		case 1:
			e.At = 1_700_000_000_000 + strata.Instant(rapid.IntRange(0, 3000).Draw(t, "ms"))
		default:
			e.At = strata.Instant(rapid.Int64Range(0, int64(endOfTime)-1).Draw(t, "at"))
		}
		e.ID = rapid.SampledFrom([]string{"", "x", "f:", "f:00000000000000ab:0000000001", "f:00000000000000ab:0000000002",
			"f:ffffffffffffffff:4294967295", "f:ffffffffffffffff:4294967296", "f:00000000000000AB:0000000001", "g"}).Draw(t, "id")
		names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"amount", "brand", "order_id", "z"}), 0, 4, rapid.ID).Draw(t, "names")
		slices.Sort(names)
		for _, name := range names {
			e.Properties = append(e.Properties, strata.Property{Name: name, Value: anyValue().Draw(t, name)})
		}
		return e
	})
}

// same reports whether two events say the same; decimals may have another
// scale, and texts may have become ids.
func same(a, b strata.Event) bool {
	return a.Name == b.Name && a.At == b.At && a.ID == b.ID && slices.EqualFunc(a.Properties, b.Properties, func(p, q strata.Property) bool {
		kinds := p.Value.Kind == q.Value.Kind || p.Value.Kind == strata.Text && q.Value.Kind == strata.ID || p.Value.Kind == strata.ID && q.Value.Kind == strata.Text
		if p.Value.Kind == strata.Float { // -0 and 0 are equal but not the same
			return p == q
		}
		return p.Name == q.Name && kinds && strata.Equal(p.Value, q.Value)
	})
}

// key is a text by which events that say the same are equal, and that sorts
// by instant, name and id.
func key(e StoredEvent) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%016x %s\x00%s\x00", int64(e.At), e.Name, e.ID)
	for _, p := range e.Properties {
		v := p.Value
		s := v.String()
		if decimal(v.Kind) && v.Scale > 0 {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		if v.Kind == strata.ID {
			v.Kind = strata.Text
		}
		fmt.Fprintf(&b, "%s=%d:%s\x00", p.Name, v.Kind, s)
	}
	fmt.Fprintf(&b, "%s %d", e.Source, e.Import)
	return b.String()
}

func operand(t interface{ Fatal(...any) }, d *dictionary, f Facts) []byte {
	var w writer
	if err := w.encode(d, &f); err != nil {
		t.Fatal(err)
	}
	return w.events
}

// scales reports whether some property and kind has columns of several
// scales, which is where the layout may depend on the way of merging.
func scales(tb *table) bool {
	for k := range tb.runs {
		columns := tb.runs[k].columns
		for c := 1; c < len(columns); c++ {
			if columns[c].property == columns[c-1].property && columns[c].kind == columns[c-1].kind {
				return true
			}
		}
	}
	return false
}

// However events are split into appends, and in whatever order and grouping
// those are merged, the same events stand in the chunk, in order.
func TestAnyWayOfMergingGivesTheSameEvents(t *testing.T) {
	defer func(n int) { maxTexts = n }(maxTexts)
	maxTexts = 4
	rapid.Check(t, func(t *rapid.T) {
		d := newDictionary(keyedHash{1, 2})
		var want []StoredEvent
		var operands [][]byte
		for range rapid.IntRange(1, 6).Draw(t, "appends") {
			f := Facts{
				Events:   rapid.SliceOfN(anyEvent(), 1, 8).Draw(t, "events"),
				Source:   rapid.SampledFrom([]string{"pos", "web"}).Draw(t, "source"),
				Import:   uint32(rapid.IntRange(0, 2).Draw(t, "import")),
				Fragment: uint32(rapid.IntRange(0, 1).Draw(t, "fragment")),
			}
			operands = append(operands, operand(t, d, f))
			for _, e := range f.Events {
				want = append(want, StoredEvent{e, f.Source, f.Import})
			}
		}
		merge := func(parts ...[]byte) []byte {
			for i := range parts {
				parts[i] = bytes.Clone(parts[i])
			}
			b, err := mergeChunks(nil, parts)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		once := merge(slices.Clone(operands)...)
		shuffled := rapid.Permutation(operands).Draw(t, "order")
		for len(shuffled) > 1 {
			from := rapid.IntRange(0, len(shuffled)-2).Draw(t, "from")
			to := rapid.IntRange(from+2, len(shuffled)).Draw(t, "to")
			shuffled = slices.Replace(shuffled, from, to, merge(shuffled[from:to]...))
		}
		decoded, err := new(space).decode(bytes.Clone(once))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(once, merge(shuffled[0])) && !scales(&decoded) {
			t.Fatalf("merged at once\n%x\nmerged step by step\n%x", once, shuffled[0])
		}
		for _, chunk := range [][]byte{once, shuffled[0]} {
			checkChunk(t, d, chunk, want)
		}
	})
}

func checkChunk(t *rapid.T, d *dictionary, chunk []byte, want []StoredEvent) {
	decoded, err := new(space).decode(bytes.Clone(chunk))
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.storedEvents(&decoded)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(got, func(a, b StoredEvent) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	}) {
		t.Fatalf("not in order: %v", got)
	}
	byKey := func(a, b StoredEvent) int { return strings.Compare(key(a), key(b)) }
	got, want = slices.SortedFunc(slices.Values(got), byKey), slices.SortedFunc(slices.Values(want), byKey)
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i := range got {
		if !same(got[i].Event, want[i].Event) || got[i].Source != want[i].Source || got[i].Import != want[i].Import {
			t.Fatalf("event %d is\n%v, want\n%v", i, got[i], want[i])
		}
	}
	checkView(t, chunk, &decoded)
	checkVersion1(t, chunk, &decoded)
}

// checkView compares the chunk read in place with its table.
func checkView(t *rapid.T, chunk []byte, decoded *table) {
	var v view
	if err := v.read(chunk); err != nil {
		t.Fatal(err)
	}
	checkRestricted(t, &v, chunk)
	widths, needed := map[columnType]uint8{}, map[columnType]uint8{}
	for k, run := range v.runs {
		want := &decoded.runs[k]
		if k > 0 && v.runs[k-1].Event >= run.Event {
			t.Fatal("runs are not by ascending event")
		}
		if run.N != len(want.at) || len(run.Columns) != len(want.columns) {
			t.Fatalf("run %d has %d events and %d columns", k, run.N, len(run.Columns))
		}
		for i := range run.N {
			if run.At(i) != want.at[i] {
				t.Fatalf("event %d at %d, want %d", i, run.At(i), want.at[i])
			}
			if i > 0 && compareEvents(want, i-1, want, i) > 0 {
				t.Fatalf("events %d and %d are not in order", i-1, i)
			}
		}
		for c, column := range run.Columns {
			as := columnTypeOf(column.Property, column.Kind, column.Scale, 0)
			if w, seen := widths[as]; seen && w != column.Width {
				t.Fatalf("two runs have equal columns of the widths %d and %d", w, column.Width)
			}
			widths[as] = column.Width
			needed[as] = max(needed[as], checkColumn(t, &column, &want.columns[c], run.N))
		}
	}
	for as, width := range widths {
		if width != needed[as] {
			t.Fatalf("width %d, and %d would do", width, needed[as])
		}
	}
}

// checkRestricted compares a view that shows one property with the view of
// all.
func checkRestricted(t *rapid.T, all *view, chunk []byte) {
	var some view
	for property := range uint16(6) {
		some.restrict(true, []uint16{property})
		for range 2 { // the second time by the layouts that are known
			if err := some.read(chunk); err != nil {
				t.Fatal(err)
			}
			for k, run := range some.runs {
				whole := all.runs[k]
				whole.Columns = slices.DeleteFunc(slices.Clone(whole.Columns), func(c strata.Column) bool { return c.Property != property })
				if len(whole.Columns) == 0 && len(run.Columns) == 0 {
					whole.Columns, run.Columns = nil, nil
				}
				if !reflect.DeepEqual(run, whole) {
					t.Fatalf("property %d alone: %v, want %v", property, run, whole)
				}
			}
			if !bytes.Equal(some.provenance, all.provenance) {
				t.Fatal("the provenance is another")
			}
		}
	}
}

// checkColumn returns the width that the column's values need.
func checkColumn(t *rapid.T, got *strata.Column, want *tableColumn, n int) uint8 {
	all := true
	smallest := uint8(1)
	for i := range n {
		if got.Has(i) != want.has(i) {
			t.Fatalf("event %d: has a value: %v", i, got.Has(i))
		}
		if all = all && got.Has(i); !got.Has(i) {
			continue
		}
		value := got.Int(i)
		if unsigned(got.Kind) {
			value = int64(got.Code(i))
		}
		if value != want.values[i] {
			t.Fatalf("event %d: value %d, want %d", i, value, want.values[i])
		}
		for _, w := range []uint8{1, 2, 4} {
			low, high := int64(-1)<<(8*w-1), int64(1)<<(8*w-1)-1
			if unsigned(got.Kind) {
				low, high = 0, int64(1)<<(8*w)-1
			}
			if (value < low || value > high) && smallest <= w {
				smallest = 2 * w
			}
		}
	}
	if got.Kind == strata.ID || got.Kind == strata.Float {
		smallest = 8
	}
	if all != (got.Valid == nil) {
		t.Fatalf("all have a value: %v, but validity %v", all, got.Valid)
	}
	return smallest
}

func TestIDsKeepTheirTextAndOrder(t *testing.T) {
	ids := []string{"", "f", "f:", "f:00000000000000ab:0000000001", "f:00000000000000ab:0000000010", "f:00000000000000AB:0000000001",
		"f:0123456789abcdef:4294967295", "f:0123456789abcdef:4294967296", "f:0123456789abcdef:9999999999", "f:0123456789abcdeg:0000000001",
		"f:0123456789abcdef:00000000a1", "f:0123456789abcdef;0000000001", "f:0123456789abcdef:00000000011", "g", "订单1"}
	for _, a := range ids {
		x := parseID(a)
		if x.String() != a {
			t.Errorf("%q comes back as %q", a, x.String())
		}
		for _, b := range ids {
			y := parseID(b)
			if got, want := compareIDs(&x, &y), strings.Compare(a, b); got != want {
				t.Errorf("compare %q with %q is %d, want %d", a, b, got, want)
			}
		}
	}
	for _, compact := range []string{"f:00000000000000ab:0000000001", "f:0123456789abcdef:4294967295"} {
		if !parseID(compact).isFile {
			t.Errorf("%q is kept as text", compact)
		}
	}
}

// The vectors are those of the SipHash paper's appendix and reference code:
// key 00..0f, input 00..n-1.
func TestKeyedHashIsSipHash24(t *testing.T) {
	key := make([]byte, 16)
	for i := range key {
		key[i] = byte(i)
	}
	h := newKeyedHash(key)
	for n, want := range map[int]uint64{0: 0x726fdb47dd0e0e31, 1: 0x74f839c593dc67fd, 8: 0x93f5f5799a932462, 15: 0xa129ca6149be45e5} {
		var in []byte
		for i := range n {
			in = append(in, byte(i))
		}
		if got := h.sum(string(in)); got != want {
			t.Errorf("of %d bytes: %x, want %x", n, got, want)
		}
	}
}

// A value that does not fit an int64 at the other's scale stays exact, in a
// column of its own.
func TestDecimalsOfUnlikeSizeStayExact(t *testing.T) {
	d := newDictionary(keyedHash{})
	number := func(id string, n int64, scale uint8) Facts {
		return Facts{Source: "s", Events: []strata.Event{{Name: "e", ID: id, Properties: []strata.Property{{Name: "n", Value: strata.NumberOf(n, scale)}}}}}
	}
	chunk, err := mergeChunks(nil, [][]byte{operand(t, d, number("a", math.MaxInt64, 0)), operand(t, d, number("b", 15, 1)), operand(t, d, number("c", 1234567, 6)), operand(t, d, number("d", 7, 0))})
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := new(space).decode(chunk)
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.storedEvents(&decoded)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"9223372036854775807", "1.500000", "1.234567", "7.000000"}
	for i, e := range got {
		if s := e.Properties[0].Value.String(); s != want[i] {
			t.Errorf("event %s has %s, want %s", e.ID, s, want[i])
		}
	}
	if n := len(decoded.runs[0].columns); n != 2 {
		t.Errorf("%d columns, want 2", n)
	}
}

func TestNarrowCustomersStaySmall(t *testing.T) {
	d := newDictionary(keyedHash{})
	chunk := operand(t, d, Facts{Source: "pos", Events: []strata.Event{{Name: "order_paid", At: 1_700_000_000_000, ID: "f:0123456789abcdef:0000000001",
		Properties: []strata.Property{{Name: "amount", Value: strata.MoneyOf(12_00, 2)}, {Name: "store", Value: strata.TextOf("x")}}}}})
	if len(chunk) > 55 {
		t.Errorf("one event of two properties takes %d bytes", len(chunk))
	}
}

func FuzzDamagedBytes(f *testing.F) {
	d := newDictionary(keyedHash{})
	facts := Facts{Source: "pos", Events: []strata.Event{
		{Name: "order_paid", At: 1_700_000_000_001, ID: "f:0123456789abcdef:0000000001", Properties: []strata.Property{{Name: "amount", Value: strata.MoneyOf(12_00, 2)}, {Name: "order_id", Value: strata.IDOf("o1")}}},
		{Name: "order_paid", At: 1_800_000_000_000, ID: "x", Properties: []strata.Property{{Name: "amount", Value: strata.MoneyOf(70_000, 3)}}},
		{Name: "site_visited", At: 1, Properties: []strata.Property{{Name: "page", Value: strata.TextOf("home")}}},
	}, Attributes: []strata.Attribute{{Name: "city", At: 5, Value: strata.TextOf("北京")}, {Name: "height", Value: strata.NumberOf(175, 2)}, {Name: "f", Value: strata.FloatOf(1.5)}, {Name: "gone"}}}
	var w writer
	if err := w.encode(d, &facts); err != nil {
		f.Fatal(err)
	}
	f.Add(w.events)
	f.Add(w.attributes)
	for i := range w.events {
		damaged := bytes.Clone(w.events)
		damaged[i] ^= 0x55
		f.Add(damaged)
		f.Add(damaged[:i])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v view
		if err := v.read(bytes.Clone(b)); err == nil {
			for _, run := range v.runs {
				for i := range run.N {
					run.At(i)
					for _, c := range run.Columns {
						if c.Has(i) {
							c.Int(i)
							c.Code(i)
						}
					}
				}
			}
		}
		if table, err := new(space).decode(bytes.Clone(b)); err == nil {
			d.storedEvents(&table)
			merged, err := mergeChunks(nil, [][]byte{bytes.Clone(b), w.events, bytes.Clone(b)})
			if err != nil {
				t.Fatalf("bytes that can be read cannot be merged: %v", err)
			}
			if _, err := new(space).decode(merged); err != nil {
				t.Fatalf("the merge of bytes that can be read cannot be: %v", err)
			}
		}
		if merged, err := mergeAttributes([][]byte{bytes.Clone(b), w.attributes}); err == nil {
			if _, err := mergeAttributes([][]byte{merged, merged}); err != nil {
				t.Fatalf("the merge of attributes that can be read cannot be: %v", err)
			}
		}
	})
}

// However attribute values are split and merged, the list is the same, and
// repeats of one source are folded.
func TestAnyWayOfMergingGivesTheSameAttributes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDictionary(keyedHash{})
		var operands [][]byte
		facts := map[string]int{}
		for range rapid.IntRange(1, 6).Draw(t, "appends") {
			f := Facts{Source: rapid.SampledFrom([]string{"crm", "pos"}).Draw(t, "source"), Import: uint32(rapid.IntRange(1, 3).Draw(t, "import"))}
			for range rapid.IntRange(1, 5).Draw(t, "values") {
				a := strata.Attribute{Name: rapid.SampledFrom([]string{"city", "age"}).Draw(t, "name"),
					At: strata.Instant(rapid.IntRange(0, 2).Draw(t, "at")), Priority: uint8(rapid.IntRange(0, 1).Draw(t, "priority"))}
				if rapid.Bool().Draw(t, "present") {
					a.Value = anyValue().Draw(t, "value")
				}
				f.Attributes = append(f.Attributes, a)
				facts[fmt.Sprintf("%s %#v", f.Source, a)]++
			}
			var w writer
			if err := w.encode(d, &f); err != nil {
				t.Fatal(err)
			}
			operands = append(operands, w.attributes)
		}
		merge := func(parts ...[]byte) []byte {
			b, err := mergeAttributes(parts)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		once := merge(operands...)
		shuffled := rapid.Permutation(operands).Draw(t, "order")
		for len(shuffled) > 1 {
			from := rapid.IntRange(0, len(shuffled)-2).Draw(t, "from")
			to := rapid.IntRange(from+2, len(shuffled)).Draw(t, "to")
			shuffled = slices.Replace(shuffled, from, to, merge(shuffled[from:to]...))
		}
		if !bytes.Equal(once, merge(shuffled[0])) {
			t.Fatalf("merged at once\n%x\nmerged step by step\n%x", once, shuffled[0])
		}
		got := 0
		err := eachAttribute(once, func(a *attribute, text []byte) error {
			a.value.Text = string(text)
			key := fmt.Sprintf("%s %#v", d.sources.list[a.source], strata.Attribute{Name: d.attributes.list[a.code], At: a.at, Priority: a.priority, Value: a.value})
			if facts[key] == 0 {
				return fmt.Errorf("%s was never appended", key)
			}
			got++
			return nil
		})
		if err != nil || got != len(facts) {
			t.Fatalf("%d facts, want %d: %v", got, len(facts), err)
		}
	})
}

func TestEventsOfManyOriginsKeepTheirs(t *testing.T) {
	d := newDictionary(keyedHash{})
	for _, n := range []int{1, 2, 256, 257, 65_537} {
		operands := make([][]byte, n)
		for i := range operands {
			operands[i] = operand(t, d, Facts{Source: "web", Import: uint32(n - i), Events: []strata.Event{{Name: "e", At: strata.Instant(i)}}})
		}
		chunk, err := mergeChunks(nil, operands)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := new(space).decode(chunk)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range decoded.runs[0].origins {
			if o.imported != uint32(n-i) {
				t.Fatalf("of %d: event %d is of import %d", n, i, o.imported)
			}
		}
	}
}
