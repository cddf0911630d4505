package ingest

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"strata"
)

// Bounds on what a workbook may unpack to. A sheet is read as a stream; the
// shared texts are kept in memory.
const (
	maxSheetBytes  = 8 << 30
	maxSharedBytes = 256 << 20
	maxPartBytes   = 16 << 20 // of styles and the like, and of one row
)

// xlsxReader reads one sheet of an Excel workbook (ECMA-376) as a stream. The
// first row that is not empty names the columns. Numbers have the 15 digits
// that Excel shows and keeps; dates are told by the format of their cell and
// written as 2006-01-02 15:04:05.
type xlsxReader struct {
	name     string
	used     func(string) bool
	shared   []string
	dates    []dateKind // by style
	since    time.Time  // day 0
	is1904   bool
	sheet    io.ReadCloser
	guard    *guardReader
	dec      *xml.Decoder
	names    []string
	nameLine int
	line     int
	rows     uint64
}

// guardReader bounds what is read between resets, and in all.
type guardReader struct {
	r                 io.Reader
	name              string
	since, all        int64
	maxSince, maxRead int64
}

func (g *guardReader) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.since += int64(n)
	g.all += int64(n)
	if g.since > g.maxSince || g.all > g.maxRead {
		return 0, &strata.Error{Code: strata.Invalid, Field: g.name, Message: "the workbook unpacks to more than is taken: a part, or one row of it, is too large",
			Hint: "save the sheet as CSV UTF-8 and import that"}
	}
	return n, err
}

func newXLSXReader(file *wholeFile, name string, f rowFormat) (*xlsxReader, error) {
	archive, err := zip.NewReader(file, file.src.Size)
	if err != nil {
		return nil, readError(name, err)
	}
	x := &xlsxReader{name: name, used: f.used}
	parts := map[string]*zip.File{}
	for _, entry := range archive.File {
		parts[strings.TrimPrefix(entry.Name, "/")] = entry
	}
	var book struct {
		Pr struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string     `xml:"name,attr"`
			State string     `xml:"state,attr"`
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := x.part(parts, "xl/workbook.xml", &book, true); err != nil {
		return nil, err
	}
	var relations struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := x.part(parts, "xl/_rels/workbook.xml.rels", &relations, true); err != nil {
		return nil, err
	}
	target := map[string]string{}
	shared, styles := "xl/sharedStrings.xml", "xl/styles.xml"
	for _, r := range relations.All {
		at := path.Join("xl", r.Target)
		if strings.HasPrefix(r.Target, "/") {
			at = strings.TrimPrefix(r.Target, "/")
		}
		target[r.ID] = at
		switch path.Base(r.Type) {
		case "sharedStrings":
			shared = at
		case "styles":
			styles = at
		}
	}
	var sheetPart string
	var all []string
	for _, s := range book.Sheets {
		all = append(all, s.Name)
		if sheetPart != "" || f.sheet != "" && s.Name != f.sheet || f.sheet == "" && s.State != "" && s.State != "visible" {
			continue
		}
		for _, a := range s.Attrs {
			if a.Name.Local == "id" {
				sheetPart = target[a.Value]
			}
		}
	}
	if parts[sheetPart] == nil {
		e := &strata.Error{Code: strata.Invalid, Field: name, Message: "the workbook has no sheet that is not hidden", Hint: "write sheet: NAME in the mapping; it has " + columnList(all)}
		if f.sheet != "" {
			e.Message = "the workbook has no sheet " + f.sheet
		}
		return nil, e
	}
	x.is1904 = book.Pr.Date1904 == "1" || book.Pr.Date1904 == "true"
	x.since = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if x.is1904 {
		x.since = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if err := x.readStyles(parts, styles); err != nil {
		return nil, err
	}
	if err := x.readShared(parts[shared]); err != nil {
		return nil, err
	}
	if x.sheet, err = parts[sheetPart].Open(); err != nil {
		return nil, readError(name, err)
	}
	x.guard = &guardReader{r: x.sheet, name: name, maxSince: maxPartBytes, maxRead: maxSheetBytes}
	x.dec = xml.NewDecoder(x.guard)
	return x, nil
}

// part reads a small part of the workbook.
func (x *xlsxReader) part(parts map[string]*zip.File, name string, to any, needed bool) error {
	entry := parts[name]
	if entry == nil {
		if !needed {
			return nil
		}
		return &strata.Error{Code: strata.Invalid, Field: x.name, Message: "the file is no Excel workbook: it lacks " + name, Hint: "save it as .xlsx or CSV UTF-8"}
	}
	r, err := entry.Open()
	if err != nil {
		return readError(x.name, err)
	}
	defer r.Close()
	if err := xml.NewDecoder(&guardReader{r: r, name: x.name, maxSince: maxPartBytes, maxRead: maxPartBytes}).Decode(to); err != nil {
		return readError(x.name, err)
	}
	return nil
}

// dateKind is what a number of a style stands for.
type dateKind uint8

const (
	noDate dateKind = iota
	aDate           // an instant: a day and, where there is a part of one, its time
)

func (x *xlsxReader) readStyles(parts map[string]*zip.File, name string) error {
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := x.part(parts, name, &styles, false); err != nil {
		return err
	}
	custom := map[int]dateKind{}
	for _, f := range styles.Formats {
		custom[f.ID] = noDate
		if isDateFormat(f.Code) {
			custom[f.ID] = aDate
		}
	}
	for _, c := range styles.Cells {
		kind, ok := custom[c.Format]
		if !ok && (c.Format >= 14 && c.Format <= 22 || c.Format >= 27 && c.Format <= 36 || c.Format == 45 || c.Format == 47 || c.Format >= 50 && c.Format <= 58) {
			kind = aDate
		}
		x.dates = append(x.dates, kind)
	}
	return nil
}

// isDateFormat says whether a number format shows a date or a time of day.
// Elapsed time, such as [h]:mm, is a number.
func isDateFormat(code string) bool {
	code, _, _ = strings.Cut(code, ";")
	code = strings.ToLower(code)
	for i := 0; i < len(code); i++ {
		switch code[i] {
		case '\\', '_', '*':
			i++
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return false
			}
			i += end + 1
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return false
			}
			if inner := code[i+1 : i+end]; strings.Trim(inner, "h") == "" || strings.Trim(inner, "m") == "" || strings.Trim(inner, "s") == "" {
				return false
			}
			i += end
		case 'y', 'd', 'h', 's', 'm':
			return true
		case 'g':
			if strings.HasPrefix(code[i:], "general") {
				i += len("general") - 1
			}
		}
	}
	return false
}

func (x *xlsxReader) readShared(entry *zip.File) error {
	if entry == nil {
		return nil
	}
	r, err := entry.Open()
	if err != nil {
		return readError(x.name, err)
	}
	defer r.Close()
	guard := &guardReader{r: r, name: x.name, maxSince: maxPartBytes, maxRead: maxSharedBytes}
	dec := xml.NewDecoder(guard)
	for {
		t, err := dec.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return readError(x.name, err)
		}
		if start, ok := t.(xml.StartElement); ok && start.Name.Local == "si" {
			guard.since = 0
			text, err := richText(dec)
			if err != nil {
				return readError(x.name, err)
			}
			x.shared = append(x.shared, text)
		}
	}
}

// richText reads to the end of the element that was opened and returns the
// text of its t elements, without phonetic hints.
func richText(dec *xml.Decoder) (string, error) {
	var text strings.Builder
	depth, inText, phonetic := 1, false, 0
	for depth > 0 {
		t, err := dec.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			inText = t.Name.Local == "t"
			if t.Name.Local == "rPh" {
				phonetic = depth
			}
		case xml.EndElement:
			if depth == phonetic {
				phonetic = 0
			}
			depth--
			inText = false
		case xml.CharData:
			if inText && phonetic == 0 {
				text.Write(t)
			}
		}
	}
	return text.String(), nil
}

func (x *xlsxReader) headerLine() int { return x.nameLine }

func (x *xlsxReader) header() ([]string, error) {
	cells, _, err := x.row(true)
	if err == io.EOF {
		return nil, &strata.Error{Code: strata.Invalid, Field: x.name, Message: "the sheet is empty", Hint: "its first row must name the columns; another sheet is chosen by sheet: NAME in the mapping"}
	}
	if err != nil {
		return nil, err
	}
	x.names = make([]string, len(cells))
	for i, c := range cells {
		x.names[i] = cleanText(c)
	}
	x.nameLine = x.line
	return x.names, nil
}

func (x *xlsxReader) next(b *block) error {
	b.clear()
	for !b.full() {
		cells, problem, err := x.row(false)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		x.rows++
		rec := record{row: x.rows, line: x.line}
		if problem != nil {
			rec.problem, rec.hint = problem.Reason, problem.Hint
		}
		b.add(rec, cells)
	}
	if len(b.records) == 0 {
		return io.EOF
	}
	return nil
}

// row returns the cells of the next row that has any.
func (x *xlsxReader) row(names bool) ([]string, *refusal, error) {
	for {
		t, err := x.dec.Token()
		if err == io.EOF {
			return nil, nil, io.EOF
		}
		if err != nil {
			return nil, nil, readError(x.name, err)
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "row" {
			continue
		}
		x.guard.since = 0
		x.line++
		if n, err := strconv.Atoi(attr(start, "r")); err == nil && n >= x.line {
			x.line = n
		}
		cells, problem, err := x.cells(names)
		if err != nil {
			return nil, nil, err
		}
		if len(cells) > 0 {
			for len(cells) < len(x.names) {
				cells = append(cells, "")
			}
			return cells, problem, nil
		}
	}
}

// cells reads to the end of a row and returns its cells without the empty
// ones at its end.
func (x *xlsxReader) cells(names bool) (cells []string, problem *refusal, err error) {
	at, last := 0, 0
	for {
		t, err := x.dec.Token()
		if err != nil {
			return nil, nil, readError(x.name, err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			if t.Name.Local == "row" {
				return cells[:last], problem, nil
			}
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			if n := columnNumber(attr(t, "r")); n > 0 {
				at = n - 1
			}
			if at >= maxColumns {
				return nil, nil, &strata.Error{Code: strata.Invalid, Field: x.name, Message: fmt.Sprintf("a row has more than %d columns", maxColumns), Hint: "save the sheet as CSV UTF-8"}
			}
			text, bad, err := x.cell(t)
			if err != nil {
				return nil, nil, err
			}
			for len(cells) <= at {
				cells = append(cells, "")
			}
			cells[at] = text
			if text != "" {
				last = max(last, at+1)
			}
			if bad != nil && problem == nil && !names && at < len(x.names) && x.used(x.names[at]) {
				problem = bad
				problem.Reason = "the cell of " + x.names[at] + " " + bad.Reason
			}
			at++
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// columnNumber returns 28 for AB7, 0 for none.
func columnNumber(ref string) int {
	n := 0
	for _, ch := range ref {
		if ch < 'A' || ch > 'Z' {
			break
		}
		if n = n*26 + int(ch-'A'+1); n > maxColumns+1 {
			return maxColumns + 1
		}
	}
	return n
}

// cell reads a cell to its end.
func (x *xlsxReader) cell(start xml.StartElement) (text string, bad *refusal, err error) {
	var value strings.Builder
	var inline string
	depth, inValue := 1, false
	for depth > 0 {
		t, err := x.dec.Token()
		if err != nil {
			return "", nil, readError(x.name, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "is" {
				if inline, err = richText(x.dec); err != nil {
					return "", nil, readError(x.name, err)
				}
				continue
			}
			depth++
			inValue = t.Name.Local == "v"
		case xml.EndElement:
			depth--
			inValue = false
		case xml.CharData:
			if inValue {
				value.Write(t)
			}
		}
	}
	v := value.String()
	switch attr(start, "t") {
	case "inlineStr":
		return inline, nil, nil
	case "str":
		return v, nil, nil
	case "s":
		i, err := strconv.Atoi(v)
		if err != nil || i < 0 || i >= len(x.shared) {
			return v, &refusal{Reason: "names a text that the workbook does not have", Hint: "save the workbook again"}, nil
		}
		return x.shared[i], nil, nil
	case "b":
		return map[string]string{"1": "true", "0": "false"}[v], nil, nil
	case "e":
		return v, &refusal{Reason: "holds an error of the spreadsheet", Hint: "correct its formula"}, nil
	case "d":
		return strings.Replace(v, "T", " ", 1), nil, nil
	}
	if v == "" {
		return "", nil, nil
	}
	style, _ := strconv.Atoi(attr(start, "s"))
	if style >= 0 && style < len(x.dates) && x.dates[style] == aDate {
		text, bad = x.date(v)
		return text, bad, nil
	}
	text, bad = excelNumber(v)
	return text, bad, nil
}

// excelNumber writes a number as its 15 digits, which is what Excel keeps of one
// that was typed: 0.30000000000000004 is 0.3.
func excelNumber(v string) (string, *refusal) {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return v, &refusal{Reason: "holds a number that cannot be read", Hint: "write it again"}
	}
	if math.Abs(n) >= 1e15 {
		text, err := exactNumber(v)
		if err != nil {
			text = v
		}
		return text, &refusal{Reason: "holds a number of more than 15 digits, of which the spreadsheet has lost the last", Hint: "enter ids and card numbers as text (format the column as text before typing) and export them again"}
	}
	text, err := exactNumber(strconv.FormatFloat(n, 'e', 14, 64))
	if err != nil { // smaller than anything counts
		return "0", nil
	}
	return text, nil
}

// date writes the day and time that a number of days stands for.
func (x *xlsxReader) date(v string) (string, *refusal) {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n >= 0 && n < 2_958_466) {
		return v, &refusal{Reason: "is shown as a date but holds none", Hint: "write the date as text, such as 2026-01-31"}
	}
	millis := int64(math.Round(n * 86_400_000))
	if n < 1 {
		return time.UnixMilli(millis).UTC().Format("15:04:05"), nil
	}
	since := x.since
	if !x.is1904 && n < 61 {
		if n >= 60 {
			return v, &refusal{Reason: "holds 29 February 1900, a day that was not", Hint: "write the date as text"}
		}
		since = since.AddDate(0, 0, 1) // Excel counts a day that was not
	}
	t := since.AddDate(0, 0, int(millis/86_400_000)).Add(time.Duration(millis%86_400_000) * time.Millisecond)
	switch {
	case millis%86_400_000 == 0:
		return t.Format("2006-01-02"), nil
	case millis%1000 == 0:
		return t.Format("2006-01-02 15:04:05"), nil
	}
	return t.Format("2006-01-02 15:04:05.000"), nil
}
