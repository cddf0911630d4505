package ingest

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

type readRow struct {
	line    int
	raw     string
	fields  []string
	problem string
}

// readAll reads a text with a header and returns its rows.
func readAll(r io.Reader, delimiter byte) (header []string, rows []readRow, err error) {
	c := newCSVReader(r, "f.csv", utf8Name, false, delimiter)
	if header, err = c.header(); err != nil {
		return nil, nil, err
	}
	var b block
	for {
		err := c.next(&b)
		if err == io.EOF {
			return header, rows, nil
		}
		if err != nil {
			return header, rows, err
		}
		for _, rec := range b.records {
			row := readRow{line: rec.line, raw: string(rec.raw), problem: rec.problem}
			for _, f := range rec.fields {
				row.fields = append(row.fields, string(f))
			}
			rows = append(rows, row)
		}
	}
}

func TestCSVLinesAndRaw(t *testing.T) {
	_, rows, err := readAll(strings.NewReader("a,b\r\n\r\n1,\"x\r\ny\"\n\n2,\"\"\"q\"\"\",3\n\"4\"z,5"), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []readRow{
		{3, "1,\"x\r\ny\"", []string{"1", "x\r\ny"}, ""},
		{6, `2,"""q""",3`, []string{"2", `"q"`, "3"}, ""},
		{7, `"4"z,5`, []string{"4", "5"}, "text follows a closing quote"},
	}
	if !slices.EqualFunc(rows, want, func(a, b readRow) bool {
		return a.line == b.line && a.raw == b.raw && a.problem == b.problem && slices.Equal(a.fields, b.fields)
	}) {
		t.Errorf("got %+v\nwant %+v", rows, want)
	}
}

// TestCSVLongRecords: records longer than a block, at its edges, and one past
// the limit.
func TestCSVLongRecords(t *testing.T) {
	var b strings.Builder
	b.WriteString("a,b\n")
	var want []string
	for _, n := range []int{1, blockBytes - 10, blockBytes - 4, blockBytes, 3 * blockBytes, 5, 1 << 20} {
		text := strings.Repeat("x\n", n/2)
		want = append(want, text)
		b.WriteString("1,\"" + text + "\"\n")
	}
	_, rows, err := readAll(strings.NewReader(b.String()), ',')
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		if len(r.fields) != 2 || r.fields[1] != want[i] {
			t.Errorf("record %d differs", i)
		}
	}
	if len(rows) != len(want) {
		t.Errorf("%d records", len(rows))
	}
	_, _, err = readAll(strings.NewReader("a\n1\n\""+strings.Repeat("x\n", maxRecordBytes)+"\"\n"), ',')
	if err == nil || !strings.HasPrefix(err.Error(), "f.csv:3: a quote is opened in this row and never closed") {
		t.Errorf("got %v", err)
	}
}

// FuzzCSV: what encoding/csv reads is read alike, whatever is read is read
// alike in small pieces, and the raw text reads back as the same fields.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a;b\r\n\"1;\n\";2", "a\n\"x\"\"\"\n", "\xef\xbb\xbfa,b\n,\n\n\"\",\"\n", "a\tb\n1\t\"2\"3\n", "a\r\r\nb\r"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		header, rows, err := readAll(bytes.NewReader(data), ',')
		again, small, errSmall := readAll(iotest.OneByteReader(bytes.NewReader(data)), ',')
		if (err == nil) != (errSmall == nil) || err != nil && err.Error() != errSmall.Error() || err == nil && (len(rows) != len(small) || !slices.Equal(header, again)) {
			t.Fatalf("read in pieces: %q %+v %v, whole: %q %+v %v", again, small, errSmall, header, rows, err)
		}
		if err != nil {
			return
		}
		for i, r := range rows {
			if small[i].line != r.line || small[i].raw != r.raw || !slices.Equal(small[i].fields, r.fields) {
				t.Fatalf("row %d read in pieces: %+v, whole: %+v", i, small[i], r)
			}
			if r.problem != "" {
				continue
			}
			_, back, err := readAll(strings.NewReader("h\n"+r.raw+"\n"), ',')
			if err != nil || len(back) != 1 || !slices.Equal(back[0].fields, r.fields) {
				t.Fatalf("raw %q reads back as %+v, %v; want %q", r.raw, back, err, r.fields)
			}
		}
		// encoding/csv drops a \r before a line end inside quotes, and takes
		// a lone \r at the end of the file for a line end.
		if bytes.IndexByte(data, '\r') >= 0 || bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
			return
		}
		std := csv.NewReader(bytes.NewReader(data))
		std.FieldsPerRecord = -1
		want, err := std.ReadAll()
		if err != nil || len(want) == 0 {
			return
		}
		if len(want)-1 != len(rows) {
			t.Fatalf("%d rows, encoding/csv has %d", len(rows), len(want)-1)
		}
		for i, r := range rows {
			if !slices.Equal(r.fields, want[i+1]) {
				t.Fatalf("row %d: %q, encoding/csv %q", i, r.fields, want[i+1])
			}
		}
	})
}

func FuzzCivil(f *testing.F) {
	for _, s := range []string{"2026-03-01", "2026/3/1 8:05", "20260301083000", "2026年3月1日 18:30:05.250", "2026-03-01T18:30:00+08:00", "2026-02-29", "2026-03-01 24:00", "2026-3-1 1:2:3.4 -0330"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := parseCivil([]byte(s))
		if ok && !c.valid() {
			t.Fatalf("%q gives %+v", s, c)
		}
	})
}
