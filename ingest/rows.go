package ingest

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"strata"
)

// rowSource is a file of one format as the mapper reads it: names, then rows
// of cells as text, each in one record. It is used from one goroutine.
type rowSource interface {
	// header returns the names of the columns, nil where the mapping gives
	// them, and is called once before next.
	header() ([]string, error)
	// headerLine says where the names stand, for errors.
	headerLine() int
	// next reads the next records into b, at least one, or returns io.EOF. An
	// error means that nothing of the file can be trusted.
	next(b *block) error
}

// rowFormat is what a mapping says about how its files are written.
type rowFormat struct {
	encoding  string // of CSV, decided
	forced    bool   // by the mapping, or by an earlier reading
	delimiter byte   // 0 = find it
	headless  bool
	sheet     string // of a workbook; "" = the first that is not hidden
	each      string // list of a JSON object whose elements become rows
	used      func(column string) bool
}

// openedRows is a row source with what has to be closed after it.
type openedRows struct {
	rowSource
	delimiter func() byte
	stored    func() int64 // bytes read of the file as it lies there
	close     func() error
}

// openRows opens a file of any format that can be imported, which it tells by
// the first bytes, and hands its content to hash as it is read: the text of
// CSV and JSON lines without its compression, other files as they are stored.
func openRows(src Source, f rowFormat, hash io.Writer) (*openedRows, error) {
	if f.used == nil {
		f.used = func(string) bool { return true }
	}
	comma := func() byte { return ',' }
	kind, err := fileKind(src)
	if err != nil {
		return nil, err
	}
	if kind != textKind {
		whole, err := openWhole(src, hash)
		if err != nil {
			return nil, err
		}
		var rows rowSource
		if kind == workbookKind {
			rows, err = newXLSXReader(whole, src.Name, f)
		} else {
			rows, err = newParquetReader(whole, src.Name)
		}
		if err != nil {
			whole.close()
			return nil, err
		}
		if f.headless {
			whole.close()
			return nil, &strata.Error{Code: strata.Invalid, Field: src.Name, Message: "the mapping names the columns under header, which is for CSV files without a line of names", Hint: "leave header out of the mapping"}
		}
		return &openedRows{rowSource: rows, delimiter: comma, stored: func() int64 { return whole.read }, close: whole.close}, nil
	}
	plain, stored, closeFile, err := openPlain(src)
	if err != nil {
		return nil, err
	}
	plain = io.TeeReader(plain, hash)
	first, start, err := firstByte(plain)
	if err != nil {
		closeFile()
		return nil, readError(src.Name, err)
	}
	plain = io.MultiReader(bytes.NewReader(start), plain)
	out := &openedRows{delimiter: comma, stored: func() int64 { return stored.n }, close: closeFile}
	switch {
	case first == '{' && !f.headless:
		fmt.Fprintf(hash, "each:%s", f.each)
		out.rowSource = newJSONReader(plain, src.Name, f)
	case first == '[' && strings.HasSuffix(strings.ToLower(src.Name), ".json"):
		closeFile()
		return nil, &strata.Error{Code: strata.Unsupported, Field: src.Name, Message: "the file is one JSON array", Hint: "write one object a line, as `jq -c '.[]' FILE` does"}
	default:
		c := newCSVReader(decoded(plain, f.encoding), src.Name, f.encoding, f.forced, f.delimiter)
		c.headless = f.headless
		out.rowSource, out.delimiter = c, func() byte { return c.delimiter }
	}
	return out, nil
}

// firstByte returns the first byte that is no space or byte order mark, 0 for
// none in the first 4 KiB, and what was read to see it.
func firstByte(r io.Reader) (byte, []byte, error) {
	start := make([]byte, 4<<10)
	n, err := io.ReadFull(r, start)
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, nil, err
	}
	start = start[:n]
	text := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) == 0 {
		return 0, start, nil
	}
	return text[0], start, nil
}

func readError(name string, err error) error {
	var told *strata.Error
	if errors.As(err, &told) {
		return err
	}
	return &strata.Error{Code: strata.Invalid, Field: name, Message: "the file cannot be read", Hint: "copy or export the file again and import that; nothing was imported", Cause: err}
}

type kindOfFile int

const (
	textKind kindOfFile = iota
	workbookKind
	parquetKind
)

// fileKind looks at the first bytes and, in a ZIP archive, at the names.
func fileKind(src Source) (kindOfFile, error) {
	f, err := src.Open()
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var magic [4]byte
	if _, err := io.ReadFull(f, magic[:]); err != nil {
		return textKind, nil // short files are text, and errors come again
	}
	switch string(magic[:]) {
	case "PAR1":
		return parquetKind, nil
	case "\xd0\xcf\x11\xe0":
		return 0, &strata.Error{Code: strata.Unsupported, Field: src.Name, Message: "the file is a workbook of Excel 97-2003 (.xls) or locked with a password", Hint: "save it as .xlsx without a password"}
	case "PK\x03\x04", "PK\x05\x06":
		archive, err := openZip(src, f)
		if err != nil {
			return 0, err
		}
		for _, entry := range archive.File {
			if entry.Name == "xl/workbook.xml" || entry.Name == "[Content_Types].xml" {
				return workbookKind, nil
			}
		}
	}
	return textKind, nil
}

// maxEntries is how many files an archive or workbook may hold.
const maxEntries = 10_000

func openZip(src Source, f io.Reader) (*zip.Reader, error) {
	at, ok := f.(io.ReaderAt)
	if !ok {
		return nil, &strata.Error{Code: strata.Unsupported, Field: src.Name, Message: "a ZIP archive, workbook or Parquet file cannot be read from a stream", Hint: "import it from a file"}
	}
	archive, err := zip.NewReader(at, src.Size)
	if err != nil {
		return nil, &strata.Error{Code: strata.Invalid, Field: src.Name, Message: "the ZIP archive or workbook is damaged or cut off", Hint: "copy the file again; nothing was imported", Cause: err}
	}
	if len(archive.File) > maxEntries {
		return nil, &strata.Error{Code: strata.Invalid, Field: src.Name, Message: fmt.Sprintf("the archive holds more than %d files", maxEntries), Hint: "pack one file"}
	}
	return archive, nil
}

// onlyEntry returns the one file of an archive.
func onlyEntry(src Source, archive *zip.Reader) (*zip.File, error) {
	var only *zip.File
	for _, entry := range archive.File {
		base := path.Base(entry.Name)
		if strings.HasSuffix(entry.Name, "/") || strings.HasPrefix(entry.Name, "__MACOSX/") || strings.HasPrefix(base, ".") {
			continue
		}
		if only != nil {
			return nil, &strata.Error{Code: strata.Invalid, Field: src.Name, Message: fmt.Sprintf("the archive holds several files, among them %s and %s", only.Name, entry.Name), Hint: "unpack it and import each file"}
		}
		only = entry
	}
	if only == nil {
		return nil, &strata.Error{Code: strata.Invalid, Field: src.Name, Message: "the archive holds no file", Hint: "pack the file to be imported"}
	}
	switch strings.ToLower(path.Ext(only.Name)) {
	case ".zip", ".xlsx", ".parquet", ".gz", ".zst":
		return nil, &strata.Error{Code: strata.Unsupported, Field: src.Name, Message: only.Name + " in the archive is packed itself", Hint: "unpack the archive and import that file"}
	}
	return only, nil
}

// The expansion of packed files is bounded: beyond freeBytes it must stay
// below maxRatio times what was packed.
const (
	freeBytes = 32 << 20
	maxRatio  = 200
)

// expansion fails where a packed file grows beyond what honest data do.
type expansion struct {
	r      io.Reader
	name   string
	n      int64
	packed func() int64
}

func (e *expansion) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if e.n += int64(n); e.n > freeBytes && e.n > maxRatio*e.packed() {
		return 0, bomb(e.name)
	}
	return n, err
}

func bomb(name string) error {
	return &strata.Error{Code: strata.Invalid, Field: name, Message: fmt.Sprintf("the file unpacks to more than %d times its size, as files made to fill a memory do", maxRatio),
		Hint: "unpack it yourself, look at it, and import what comes out"}
}

// wholeFile is a file that is read at any place.
type wholeFile struct {
	io.ReaderAt
	src   Source
	read  int64
	close func() error
}

func (w *wholeFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.ReaderAt.ReadAt(p, off)
	w.read = min(w.read+int64(n), w.src.Size)
	return n, err
}

// openWhole opens the source and hashes all of it.
func openWhole(src Source, hash io.Writer) (*wholeFile, error) {
	f, err := src.Open()
	if err != nil {
		return nil, err
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		f.Close()
		return nil, &strata.Error{Code: strata.Unsupported, Field: src.Name, Message: "a workbook or Parquet file cannot be read from a stream", Hint: "import it from a file"}
	}
	if _, err := io.Copy(hash, io.NewSectionReader(at, 0, src.Size)); err != nil {
		f.Close()
		return nil, openError(src.Name, err)
	}
	return &wholeFile{ReaderAt: at, src: src, close: f.Close}, nil
}

// clear makes the block ready to be filled.
func (b *block) clear() {
	b.records, b.fields, b.unquoted = b.records[:0], b.fields[:0], b.unquoted[:0]
}

// add appends a record of these cells. Its raw form is a line of CSV with
// commas, so that refused rows of any format can be corrected as CSV.
func (b *block) add(rec record, cells []string) {
	first := len(b.fields)
	for _, cell := range cells {
		start := len(b.unquoted)
		b.unquoted = append(b.unquoted, cell...)
		b.fields = append(b.fields, b.unquoted[start:len(b.unquoted):len(b.unquoted)])
	}
	rec.fields = b.fields[first:len(b.fields):len(b.fields)]
	start := len(b.unquoted)
	line := appendWriter{&b.unquoted}
	w := csv.NewWriter(line)
	w.Write(cells)
	w.Flush()
	rec.raw = bytes.TrimRight(b.unquoted[start:len(b.unquoted):len(b.unquoted)], "\n")
	b.records = append(b.records, rec)
}

// full says that the block holds as much as one of CSV.
func (b *block) full() bool { return len(b.unquoted) >= blockBytes || len(b.records) >= 4096 }

type appendWriter struct{ to *[]byte }

func (a appendWriter) Write(p []byte) (int, error) {
	*a.to = append(*a.to, p...)
	return len(p), nil
}
