package ingest

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/simplifiedchinese"

	"strata"
)

// Source is a file to be read more than once.
type Source struct {
	Name string // as messages show it
	Size int64  // bytes as stored, for progress; 0 = unknown
	Open func() (io.ReadCloser, error)
}

// FileSource returns the file at the path. It is Unavailable where the file
// cannot be read.
func FileSource(path string) (Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Source{}, openError(path, err)
	}
	if info.IsDir() {
		return Source{}, &strata.Error{Code: strata.Unavailable, Field: path, Message: "is a directory", Hint: "name a file"}
	}
	return Source{
		Name: filepath.Base(path),
		Size: info.Size(),
		Open: func() (io.ReadCloser, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, openError(path, err)
			}
			return f, nil
		},
	}, nil
}

func openError(path string, err error) error {
	e := &strata.Error{Code: strata.Unavailable, Field: path, Message: "cannot be opened", Cause: err}
	if errors.Is(err, os.ErrNotExist) {
		e.Message, e.Hint, e.Cause = "there is no such file", "check the path", nil
	}
	return e
}

// BytesSource returns data as a source.
func BytesSource(name string, data []byte) Source {
	return Source{Name: name, Size: int64(len(data)), Open: func() (io.ReadCloser, error) {
		return bytesFile{bytes.NewReader(data)}, nil
	}}
}

// bytesFile keeps the ReadAt of its reader, which workbooks need.
type bytesFile struct{ *bytes.Reader }

func (bytesFile) Close() error { return nil }

// The encodings of text files.
const (
	utf8Name    = "utf-8"
	gb18030Name = "gb18030"
)

// encodingOf returns the canonical name of an encoding a mapping may write,
// and false for an unknown one. GBK and GB2312 are parts of GB18030.
func encodingOf(name string) (string, bool) {
	switch strings.ToLower(strings.ReplaceAll(name, "_", "-")) {
	case "utf-8", "utf8":
		return utf8Name, true
	case "gb18030", "gbk", "gb2312", "cp936":
		return gb18030Name, true
	}
	return "", false
}

// countingReader counts what is read from the file as stored.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// openPlain opens the source without its compression. stored counts the bytes
// read of the file as it lies there.
func openPlain(src Source) (plain io.Reader, stored *countingReader, close func() error, err error) {
	f, err := src.Open()
	if err != nil {
		return nil, nil, nil, err
	}
	stored = &countingReader{r: f}
	buffered := bufio.NewReaderSize(stored, 1<<16)
	magic, err := buffered.Peek(4)
	if err != nil && err != io.EOF {
		f.Close()
		return nil, nil, nil, openError(src.Name, err)
	}
	bounded := func(r io.Reader) io.Reader {
		return &expansion{r: r, name: src.Name, packed: func() int64 { return stored.n }}
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		unzip, err := gzip.NewReader(buffered)
		if err != nil {
			f.Close()
			return nil, nil, nil, &strata.Error{Code: strata.Invalid, Field: src.Name, Message: "starts like a .gz file but its header is damaged or cut off", Hint: "copy the file again; nothing was imported"}
		}
		return bounded(unzip), stored, f.Close, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		unzip, err := zstd.NewReader(buffered, zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			f.Close()
			return nil, nil, nil, readError(src.Name, err)
		}
		return bounded(unzip), stored, func() error { unzip.Close(); return f.Close() }, nil
	case bytes.Equal(magic, []byte("PK\x03\x04")):
		archive, err := openZip(src, f)
		var entry *zip.File
		if err == nil {
			entry, err = onlyEntry(src, archive)
		}
		if err != nil {
			f.Close()
			return nil, nil, nil, err
		}
		unzip, err := entry.Open()
		if err != nil {
			f.Close()
			return nil, nil, nil, readError(src.Name, err)
		}
		stored.n = src.Size // how far it is is not known
		return bounded(unzip), stored, func() error { unzip.Close(); return f.Close() }, nil
	}
	return buffered, stored, f.Close, nil
}

// decoded returns r as UTF-8 text. What does not decode from GB18030 appears
// as U+FFFD.
func decoded(r io.Reader, encoding string) io.Reader {
	if encoding == gb18030Name {
		return simplifiedchinese.GB18030.NewDecoder().Reader(r)
	}
	return r
}

// detectEncoding reads the whole source and returns utf-8 where all of it is
// valid UTF-8 or where most of what is not ASCII is (a UTF-8 file with a
// damaged place must not be read as something else), else gb18030.
func detectEncoding(src Source) (string, error) {
	r, _, close, err := openPlain(src)
	if err != nil {
		return "", err
	}
	defer close()
	var valid, invalid int64
	buf := make([]byte, 1<<18)
	kept := 0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		chunk := buf[:kept+n]
		atEnd := err != nil
		for len(chunk) > 0 {
			if chunk[0] < utf8.RuneSelf {
				chunk = chunk[1:]
				continue
			}
			if !atEnd && !utf8.FullRune(chunk) {
				break
			}
			c, size := utf8.DecodeRune(chunk)
			if c == utf8.RuneError && size == 1 {
				invalid++
			} else {
				valid++
			}
			chunk = chunk[size:]
		}
		if atEnd {
			break // what cannot be read is reported by the reading that follows
		}
		kept = copy(buf, chunk)
	}
	if invalid == 0 || valid > invalid {
		return utf8Name, nil
	}
	return gb18030Name, nil
}

func unicodeError(name string, line int, encoding string, forced bool, bad []byte) error {
	e := &strata.Error{Code: strata.Invalid, Field: fmt.Sprintf("%s:%d", name, line)}
	shown := ""
	if len(bad) > 0 {
		shown = fmt.Sprintf(" (bytes % X)", bad)
	}
	switch {
	case forced:
		e.Message = fmt.Sprintf("the text%s is not valid %s, which the mapping says the file is", shown, strings.ToUpper(encoding))
		other := gb18030Name
		if encoding == gb18030Name {
			other = utf8Name
		}
		e.Hint = fmt.Sprintf("write encoding: %s in the mapping, or leave encoding out to have it detected; nothing was imported", other)
	case encoding == gb18030Name:
		e.Message = fmt.Sprintf("the text%s is neither UTF-8 nor GB18030", shown)
		e.Hint = "save the file as UTF-8 (in Excel: CSV UTF-8) and import that; nothing was imported"
	default:
		e.Message = fmt.Sprintf("the file is UTF-8 but this line is not%s", shown)
		e.Hint = "correct the line or save the file as UTF-8 again, or write encoding: gb18030 in the mapping if that is what it is; nothing was imported"
	}
	return e
}
