package ingest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"unicode/utf8"

	"strata"
)

const (
	// sampleBytes is how much of a JSON lines file is looked at for its columns.
	sampleBytes = 4 << 20
	maxColumns  = 16_384
	maxElements = 10_000    // rows of one object
	maxFanned   = 2_000_000 // cells of these
)

// jsonReader reads one JSON object a line. A column is the path of a plain
// value, with points between the names; a list of plain values is one cell;
// the elements of the list each names become rows, which repeat what stands
// outside it. Names that no object of the first 4 MiB has are no columns.
type jsonReader struct {
	r       *bufio.Reader
	name    string
	each    string
	line    int
	rows    uint64
	sample  [][]byte // lines read for the names, not yet given
	names   []string
	index   map[string]int
	atEnd   bool
	pending []pendingRow // of an object that did not fit into a block
}

type pendingRow struct {
	line  int
	cells []string
}

func newJSONReader(r io.Reader, name string, f rowFormat) *jsonReader {
	return &jsonReader{r: bufio.NewReaderSize(r, 1<<16), name: name, each: f.each, index: map[string]int{}}
}

func (j *jsonReader) headerLine() int { return 1 }

// readLine returns the next line in memory of its own.
func (j *jsonReader) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := j.r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxRecordBytes {
			return nil, &strata.Error{Code: strata.Invalid, Field: j.name, Message: fmt.Sprintf("a line is longer than %d bytes", maxRecordBytes), Hint: "write one object a line; nothing was imported"}
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && err != io.EOF {
			return nil, readError(j.name, err)
		}
		if !utf8.Valid(line) {
			return nil, &strata.Error{Code: strata.Invalid, Field: j.name, Message: "the file is not UTF-8, which JSON must be", Hint: "save it as UTF-8; nothing was imported"}
		}
		if len(line) == 0 && err == io.EOF {
			return nil, io.EOF
		}
		return line, nil
	}
}

func (j *jsonReader) header() ([]string, error) {
	read := 0
	for read < sampleBytes {
		line, err := j.readLine()
		if err == io.EOF {
			j.atEnd = true
			break
		}
		if err != nil {
			return nil, err
		}
		if len(j.sample) == 0 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		j.sample = append(j.sample, line)
		read += len(line)
		flat, _, err := j.flatten(line)
		if err != nil {
			continue // the row is refused when its turn comes
		}
		for _, row := range flat {
			for _, c := range row {
				if _, ok := j.index[c.name]; !ok {
					if len(j.names) == maxColumns {
						return nil, &strata.Error{Code: strata.Invalid, Field: j.name, Message: fmt.Sprintf("the objects have more than %d names", maxColumns), Hint: "names must not be made of data; write those as values"}
					}
					j.index[c.name] = len(j.names)
					j.names = append(j.names, c.name)
				}
			}
		}
	}
	if len(j.names) == 0 {
		return nil, &strata.Error{Code: strata.Invalid, Field: j.name, Message: "no line is an object with names", Hint: `write one JSON object a line, such as {"手机号": "13800138000"}`}
	}
	return j.names, nil
}

func (j *jsonReader) next(b *block) error {
	b.clear()
	for !b.full() {
		if len(j.pending) > 0 {
			p := j.pending[0]
			j.pending = j.pending[1:]
			j.rows++
			b.add(record{row: j.rows, line: p.line}, p.cells)
			continue
		}
		var line []byte
		var err error
		switch {
		case len(j.sample) > 0:
			line, j.sample = j.sample[0], j.sample[1:]
		case j.atEnd:
			err = io.EOF
		default:
			line, err = j.readLine()
		}
		if err == io.EOF {
			j.atEnd = true
			break
		}
		if err != nil {
			return err
		}
		j.line++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		flat, hint, err := j.flatten(line)
		if err != nil {
			j.rows++
			b.add(record{row: j.rows, line: j.line, problem: err.Error(), hint: hint}, []string{strings.TrimSpace(string(line))})
			continue
		}
		for _, row := range flat {
			cells := make([]string, len(j.names))
			for _, c := range row {
				if i, ok := j.index[c.name]; ok {
					cells[i] = c.text
				}
			}
			j.pending = append(j.pending, pendingRow{j.line, cells})
		}
	}
	if len(b.records) == 0 {
		return io.EOF
	}
	return nil
}

type jsonCell struct{ name, text string }

// flattener takes one object apart.
type flattener struct {
	dec      *json.Decoder
	each     string
	cells    []jsonCell
	elements [][]jsonCell
	hint     string
}

const jsonHint = `write one JSON object a line, such as {"手机号": "13800138000"}`

// flatten returns the rows of a line, each as its cells.
func (j *jsonReader) flatten(line []byte) (rows [][]jsonCell, hint string, err error) {
	f := &flattener{dec: json.NewDecoder(bytes.NewReader(line)), each: j.each, hint: jsonHint}
	f.dec.UseNumber()
	t, err := f.dec.Token()
	if err != nil || t != json.Delim('{') {
		return nil, jsonHint, errors.New("the line is not a JSON object")
	}
	if err := f.object("", &f.cells, 0); err != nil {
		return nil, f.hint, err
	}
	if _, err := f.dec.Token(); err != io.EOF {
		return nil, jsonHint, errors.New("something follows the object on its line")
	}
	if len(f.elements) == 0 {
		return [][]jsonCell{f.cells}, "", nil
	}
	if max(len(f.cells), len(j.names))*len(f.elements) > maxFanned {
		return nil, "write the elements as lines of their own", errors.New("the object becomes too many cells")
	}
	for _, e := range f.elements {
		rows = append(rows, append(f.cells[:len(f.cells):len(f.cells)], e...))
	}
	return rows, "", nil
}

func (f *flattener) token() (json.Token, error) {
	t, err := f.dec.Token()
	if err != nil {
		f.hint = jsonHint
		return nil, errors.New("the line is not valid JSON")
	}
	return t, nil
}

const maxDepth = 32

// object reads what follows an opening brace.
func (f *flattener) object(prefix string, to *[]jsonCell, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("the object is nested more than %d deep", maxDepth)
	}
	seen := map[string]bool{}
	for f.dec.More() {
		t, err := f.token()
		if err != nil {
			return err
		}
		key := t.(string)
		if seen[key] {
			f.hint = "give each value its own name"
			return errors.New("a name stands twice in an object")
		}
		seen[key] = true
		name := cleanText(prefix + key)
		if t, err = f.token(); err != nil {
			return err
		}
		switch t {
		case json.Delim('{'):
			if err := f.object(name+".", to, depth+1); err != nil {
				return err
			}
		case json.Delim('['):
			if err := f.list(name, to, depth+1); err != nil {
				return err
			}
		default:
			text, err := plainText(t)
			if err != nil {
				f.hint = "write the digits out"
				return err
			}
			*to = append(*to, jsonCell{name, text})
		}
	}
	_, err := f.token()
	return err
}

// list reads what follows an opening bracket.
func (f *flattener) list(name string, to *[]jsonCell, depth int) error {
	each := name == f.each
	var texts []string
	for f.dec.More() {
		t, err := f.token()
		if err != nil {
			return err
		}
		switch {
		case each && len(f.elements) >= maxElements:
			f.hint = "write the elements as lines of their own"
			return fmt.Errorf("the list %s has more than %d elements", name, maxElements)
		case each && t == json.Delim('{'):
			var cells []jsonCell
			if err := f.object(name+".", &cells, depth+1); err != nil {
				return err
			}
			f.elements = append(f.elements, cells)
		case t == json.Delim('{') || t == json.Delim('['):
			f.hint = fmt.Sprintf("write each: %s in the mapping: every element becomes a row, with the columns %s.NAME beside those of its object", name, name)
			if f.each != "" {
				f.hint = fmt.Sprintf("each is %s already: leave %s out of the file, or import it by a second mapping", f.each, name)
			}
			return fmt.Errorf("%s is a list of objects", name)
		default:
			text, err := plainText(t)
			if err != nil {
				return err
			}
			if each {
				f.elements = append(f.elements, []jsonCell{{name, text}})
				continue
			}
			if strings.ContainsAny(text, listMarks) {
				f.hint = "write each: " + name + " in the mapping, so that every element becomes a row"
				return fmt.Errorf("an element of the list %s holds a mark that separates elements", name)
			}
			texts = append(texts, text)
		}
	}
	if !each {
		*to = append(*to, jsonCell{name, strings.Join(texts, ",")})
	}
	_, err := f.token()
	return err
}

// plainText writes a JSON value as a cell. A number with an exponent has its
// digits written out.
func plainText(t json.Token) (string, error) {
	switch v := t.(type) {
	case nil:
		return "", nil
	case bool:
		return fmt.Sprint(v), nil
	case string:
		return v, nil
	case json.Number:
		return exactNumber(v.String())
	}
	return "", errors.New("the line is not valid JSON")
}

// exactNumber writes a decimal number without an exponent, exactly.
func exactNumber(s string) (string, error) {
	at := strings.IndexAny(s, "eE")
	if at < 0 {
		return s, nil
	}
	var exponent int
	if _, err := fmt.Sscanf(s[at+1:], "%d", &exponent); err != nil || exponent > 40 || exponent < -40 || at > 64 {
		return "", errors.New("a number is too large or too small")
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return "", errors.New("a number cannot be read")
	}
	digits := max(0, at-exponent)
	text := r.FloatString(digits)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text, nil
}
