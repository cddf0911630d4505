package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"strata"
)

const (
	blockBytes     = 256 << 10
	maxRecordBytes = 4 << 20
)

// record is one row of a file. Its slices lie in its block and are valid
// until the block is read into again.
type record struct {
	row     uint64 // 1 = first data row
	line    int    // 1 = first line of the file; where the record starts
	raw     []byte // as it stands in the file, in UTF-8, without its line end
	fields  [][]byte
	problem string // the record cannot be split for this reason; "" = none
	hint    string // what to do about the problem; "" = about quotes
}

// block is a stretch of whole records.
type block struct {
	data     []byte
	records  []record
	fields   [][]byte
	unquoted []byte // fields whose doubled quotes were undone
	stored   int64  // bytes of the stored file read so far
}

// csvReader splits UTF-8 text into records after RFC 4180, with any line end
// and any single-byte delimiter. A quote inside an unquoted field stands for
// itself. Blank lines are not records.
type csvReader struct {
	r         io.Reader
	name      string
	encoding  string // of the file, for its errors
	forced    bool
	delimiter byte
	headless  bool   // there is no line of names: header leaves the first record
	rest      []byte // read but not yet split
	line      int    // of the start of rest
	rows      uint64
	err       error // of r; io.EOF at the end
}

func newCSVReader(r io.Reader, name, encoding string, forced bool, delimiter byte) *csvReader {
	return &csvReader{r: r, name: name, encoding: encoding, forced: forced, delimiter: delimiter, line: 1}
}

// header reads the first record that is not blank and, where no delimiter was
// given, finds it there.
func (c *csvReader) header() ([]string, error) {
	size := 4 << 10
	for {
		c.fill(size)
		c.rest = bytes.TrimPrefix(c.rest, []byte("\xef\xbb\xbf"))
		for len(c.rest) > 0 && (c.rest[0] == '\n' || c.rest[0] == '\r') {
			if c.rest[0] == '\n' {
				c.line++
			}
			c.rest = c.rest[1:]
		}
		if bytes.HasPrefix(c.rest, []byte{0xff, 0xfe}) || bytes.HasPrefix(c.rest, []byte{0xfe, 0xff}) {
			return nil, &strata.Error{Code: strata.Invalid, Field: c.name, Message: "the file is UTF-16 text", Hint: "save it as UTF-8 (in Excel: CSV UTF-8) and import that"}
		}
		if len(c.rest) == 0 && c.err != nil {
			if c.err != io.EOF {
				return nil, c.damaged()
			}
			return nil, &strata.Error{Code: strata.Invalid, Field: c.name, Message: "the file is empty", Hint: "the first line must name the columns"}
		}
		if c.delimiter == 0 {
			if end := bytes.IndexByte(c.rest, '\n'); end >= 0 || c.err != nil {
				if end < 0 {
					end = len(c.rest)
				}
				c.delimiter = detectDelimiter(c.rest[:end])
			}
		}
		if c.delimiter != 0 {
			var b block
			rec, used, state := c.split(&b, c.rest, 0)
			if state == splitWhole {
				if err := c.check(c.rest[:used]); err != nil {
					return nil, err
				}
				if rec.problem != "" {
					return nil, &strata.Error{Code: strata.Invalid, Field: fmt.Sprintf("%s:%d", c.name, c.line), Message: "the line of column names cannot be read: " + rec.problem, Hint: "correct its quotes"}
				}
				names := make([]string, len(rec.fields))
				for i, f := range rec.fields {
					names[i] = cleanText(string(f))
				}
				if c.headless {
					return nil, nil
				}
				c.line += bytes.Count(c.rest[:used], []byte{'\n'})
				c.rest = c.rest[used:]
				return names, nil
			}
		}
		if c.err != nil && c.err != io.EOF {
			return nil, c.damaged()
		}
		if size *= 2; size > maxRecordBytes {
			return nil, c.unclosed(c.line)
		}
	}
}

// detectDelimiter returns the most frequent of comma, tab and semicolon
// outside quotes, and comma where there is none.
func detectDelimiter(line []byte) byte {
	var counts [256]int
	quoted := false
	for _, ch := range line {
		if ch == '"' {
			quoted = !quoted
		} else if !quoted {
			counts[ch]++
		}
	}
	best := byte(',')
	for _, d := range []byte{'\t', ';'} {
		if counts[d] > counts[best] {
			best = d
		}
	}
	return best
}

func (c *csvReader) headerLine() int { return c.line - 1 }

// fill reads until rest holds at least size bytes or the source ends.
func (c *csvReader) fill(size int) {
	if len(c.rest) >= size {
		return
	}
	grown := make([]byte, size)
	n := copy(grown, c.rest)
	for n < size && c.err == nil {
		var m int
		m, c.err = c.r.Read(grown[n:])
		n += m
	}
	c.rest = grown[:n]
}

// next reads the next records into b, at least one, or returns io.EOF after
// the last. An error means that nothing of the file can be trusted.
func (c *csvReader) next(b *block) error {
	b.records, b.fields, b.unquoted = b.records[:0], b.fields[:0], b.unquoted[:0]
	size := blockBytes
	for {
		if cap(b.data) < size {
			b.data = make([]byte, size)
		}
		b.data = b.data[:cap(b.data)]
		n := copy(b.data, c.rest)
		if n < len(c.rest) { // the rest of a long header read
			b.data = append(b.data[:n], c.rest[n:]...)
			n = len(b.data)
		}
		for n < len(b.data) && c.err == nil {
			var m int
			m, c.err = c.r.Read(b.data[n:])
			n += m
		}
		b.data = b.data[:n]
		used, err := c.records(b)
		if err != nil {
			return err
		}
		c.rest = append(c.rest[:0:0], b.data[used:]...)
		if len(b.records) > 0 {
			return nil
		}
		if c.err != nil {
			if c.err != io.EOF {
				return c.damaged()
			}
			return io.EOF
		}
		if size = max(size*2, 2*len(c.rest)); size > maxRecordBytes {
			return c.unclosed(c.line)
		}
	}
}

// records splits the whole records of b.data and returns how many bytes they
// are.
func (c *csvReader) records(b *block) (used int, err error) {
	data := b.data
	line := c.line
	for used < len(data) {
		rest := data[used:]
		if rest[0] == '\n' || rest[0] == '\r' && len(rest) > 1 && rest[1] == '\n' {
			used += bytes.IndexByte(rest, '\n') + 1
			line++
			continue
		}
		if len(rest) == 1 && rest[0] == '\r' {
			if c.err == nil {
				break
			}
			used++
			continue
		}
		rec, n, state := c.split(b, rest, line)
		if state == splitUnclosed {
			return 0, c.unclosed(line)
		}
		if state == splitMore {
			break
		}
		line += bytes.Count(rest[:n], []byte{'\n'})
		c.rows++
		rec.row = c.rows
		b.records = append(b.records, rec)
		used += n
	}
	if err := c.check(data[:used]); err != nil {
		return 0, err
	}
	c.line = line
	return used, nil
}

// check reports the first place that is not text in the file's encoding.
func (c *csvReader) check(data []byte) error {
	at, size := -1, 0
	if c.encoding == gb18030Name {
		at = bytes.Index(data, []byte("\uFFFD"))
	} else if !utf8.Valid(data) {
		at = 0
		for {
			r, n := utf8.DecodeRune(data[at:])
			if r == utf8.RuneError && n == 1 {
				size = min(4, len(data)-at)
				break
			}
			at += n
		}
	}
	if at < 0 {
		return nil
	}
	return &encodingError{unicodeError(c.name, c.line+bytes.Count(data[:at], []byte{'\n'}), c.encoding, c.forced, data[at:at+size])}
}

// encodingError tells an error of the encoding from others, since the reader
// may be wrong about which encoding it is.
type encodingError struct{ error }

func (e *encodingError) Unwrap() error { return e.error }

func (c *csvReader) damaged() error {
	var told *strata.Error
	if errors.As(c.err, &told) {
		return c.err
	}
	e := &strata.Error{Code: strata.Invalid, Field: fmt.Sprintf("%s:%d", c.name, c.line)}
	upTo := fmt.Sprintf("it could be read up to row %d (line %d)", c.rows, c.line-1)
	if c.rows == 0 {
		upTo = "not one row could be read"
	}
	if errors.Is(c.err, io.ErrUnexpectedEOF) {
		e.Message = "the .gz file is cut off: " + upTo
		e.Hint = "copy or export the file again and import that; nothing was imported"
		return e
	}
	e.Message = "the file cannot be read to its end: " + upTo
	e.Hint = "copy or export the file again and import that; nothing was imported"
	e.Cause = c.err
	return e
}

func (c *csvReader) unclosed(line int) error {
	return &strata.Error{Code: strata.Invalid, Field: fmt.Sprintf("%s:%d", c.name, line),
		Message: "a quote is opened in this row and never closed",
		Hint:    `close it, or write a quote inside a quoted field twice (""); nothing was imported`}
}

type splitState int

const (
	splitWhole    splitState = iota
	splitMore                // the data end inside the record
	splitUnclosed            // the file ends inside quotes
)

// split takes the first record of data, which does not start with a line end,
// and says how many bytes it has with its line end.
func (c *csvReader) split(b *block, data []byte, line int) (rec record, n int, state splitState) {
	end := bytes.IndexByte(data, '\n')
	if end < 0 {
		if c.err == nil {
			return rec, 0, splitMore
		}
		if c.err != io.EOF {
			return rec, 0, splitMore // the last line of a damaged file is not trusted
		}
		end, n = len(data), len(data)
	} else {
		n = end + 1
	}
	rec.line = line
	text := data[:end]
	if len(text) > 0 && text[len(text)-1] == '\r' {
		text = text[:len(text)-1]
	}
	first := len(b.fields)
	if bytes.IndexByte(text, '"') < 0 {
		rec.raw = text
		for {
			cut := bytes.IndexByte(text, c.delimiter)
			if cut < 0 {
				b.fields = append(b.fields, text)
				break
			}
			b.fields = append(b.fields, text[:cut])
			text = text[cut+1:]
		}
		rec.fields = b.fields[first:len(b.fields):len(b.fields)]
		return rec, n, splitWhole
	}
	return c.splitQuoted(b, data, line)
}

func (c *csvReader) splitQuoted(b *block, data []byte, line int) (rec record, n int, state splitState) {
	rec.line = line
	first := len(b.fields)
	at := 0
	for {
		if at < len(data) && data[at] == '"' {
			field, used, closed := c.quotedField(b, data[at:])
			if !closed {
				b.fields = b.fields[:first]
				if c.err == nil || c.err != io.EOF {
					return rec, 0, splitMore
				}
				return rec, 0, splitUnclosed
			}
			b.fields = append(b.fields, field)
			at += used
			if at < len(data) && data[at] != c.delimiter && data[at] != '\n' && data[at] != '\r' {
				rec.problem = "text follows a closing quote"
				for at < len(data) && data[at] != c.delimiter && data[at] != '\n' {
					at++
				}
			}
		} else {
			start := at
			for at < len(data) && data[at] != c.delimiter && data[at] != '\n' {
				at++
			}
			stop := at
			if (at == len(data) || data[at] == '\n') && stop > start && data[stop-1] == '\r' {
				stop--
			}
			b.fields = append(b.fields, data[start:stop])
		}
		if at < len(data) && data[at] == '\r' {
			at++
		}
		switch {
		case at == len(data):
			if c.err != io.EOF {
				b.fields = b.fields[:first]
				return rec, 0, splitMore
			}
			n = at
		case data[at] == '\n':
			n = at + 1
		default: // the delimiter
			at++
			continue
		}
		break
	}
	rec.raw = bytes.TrimRight(data[:n], "\r\n")
	rec.fields = b.fields[first:len(b.fields):len(b.fields)]
	return rec, n, splitWhole
}

// quotedField reads a field that starts with a quote and returns what stands
// between the quotes and how many bytes it takes with them.
func (c *csvReader) quotedField(b *block, data []byte) (field []byte, used int, closed bool) {
	at, doubled := 1, false
	for {
		i := bytes.IndexByte(data[at:], '"')
		if i < 0 {
			return nil, 0, false
		}
		at += i
		if at+1 < len(data) && data[at+1] == '"' {
			doubled = true
			at += 2
			continue
		}
		if at+1 == len(data) && c.err == nil {
			return nil, 0, false // the next byte may be a quote too
		}
		break
	}
	inner := data[1:at]
	if !doubled {
		return inner, at + 1, true
	}
	start := len(b.unquoted)
	for len(inner) > 0 {
		i := bytes.Index(inner, []byte(`""`))
		if i < 0 {
			b.unquoted = append(b.unquoted, inner...)
			break
		}
		b.unquoted = append(b.unquoted, inner[:i+1]...)
		inner = inner[i+2:]
	}
	return b.unquoted[start:len(b.unquoted):len(b.unquoted)], at + 1, true
}

// headerError says what is wrong with the names of a file's columns: names
// that stand twice. Empty names are allowed; no mapping can use them.
func headerError(file string, line int, names []string) error {
	at := map[string]int{}
	var errs []error
	for i, n := range names {
		if n == "" {
			continue
		}
		if before, ok := at[n]; ok {
			errs = append(errs, &strata.Error{Code: strata.Invalid, Field: fmt.Sprintf("%s:%d", file, line),
				Message: fmt.Sprintf("the column name %s stands twice, as columns %d and %d", n, before+1, i+1),
				Hint:    "rename one of them"})
			continue
		}
		at[n] = i
	}
	return errors.Join(errs...)
}

func columnList(names []string) string {
	const most = 30
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
