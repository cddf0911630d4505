package ingest

import (
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"strata"
)

// parquetReader reads a Parquet file row group by row group. A column is the
// path of a value, with points between the names; a list of plain values is
// one cell, and lists of records are no columns. Decimals, dates, times and
// timestamps are written out as their logical types say; a timestamp that is
// not adjusted to UTC is one of the mapping's zone.
type parquetReader struct {
	name    string
	groups  []parquet.RowGroup
	current parquet.Rows
	buffer  []parquet.Row
	names   []string
	slot    []int // by leaf; -1 = no column
	write   []func(parquet.Value) (string, error)
	rows    uint64
}

// maxGroupBytes is how large a column of a row group may say that it unpacks
// to.
const maxGroupBytes = 2 << 30

func newParquetReader(file *wholeFile, name string) (p *parquetReader, err error) {
	p = &parquetReader{name: name, buffer: make([]parquet.Row, 256)}
	defer p.recovered(&err)
	f, err := parquet.OpenFile(file, file.src.Size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, p.damaged(err)
	}
	for _, g := range f.Metadata().RowGroups {
		for _, c := range g.Columns {
			if c.MetaData.TotalUncompressedSize > maxGroupBytes || c.MetaData.TotalUncompressedSize > freeBytes && c.MetaData.TotalUncompressedSize > maxRatio*c.MetaData.TotalCompressedSize {
				return nil, bomb(name)
			}
		}
	}
	p.groups = f.RowGroups()
	columns := f.Schema().Columns()
	if len(columns) > maxColumns {
		return nil, &strata.Error{Code: strata.Invalid, Field: name, Message: fmt.Sprintf("the file has more than %d columns", maxColumns), Hint: "write the columns that are needed"}
	}
	for _, path := range columns {
		leaf, ok := f.Schema().Lookup(path...)
		column, plain := parquetName(path, leaf.MaxRepetitionLevel)
		if !ok || !plain {
			p.slot, p.write = append(p.slot, -1), append(p.write, nil)
			continue
		}
		p.slot = append(p.slot, len(p.names))
		p.names = append(p.names, cleanText(column))
		p.write = append(p.write, parquetText(leaf.Node.Type()))
	}
	return p, nil
}

// parquetName returns the name of a leaf's column, and false for a leaf of a
// list of records.
func parquetName(path []string, repeated int) (string, bool) {
	if repeated == 0 {
		return strings.Join(path, "."), true
	}
	n := len(path)
	if n >= 3 && (path[n-2] == "list" || path[n-2] == "bag") {
		path = path[:n-2]
	} else if n >= 2 && (path[n-1] == "array" || path[n-1] == "element") {
		path = path[:n-1]
	} else if n > 1 {
		return "", false
	}
	return strings.Join(path, "."), repeated == 1
}

// recovered makes an error of a panic over a damaged file.
func (p *parquetReader) recovered(err *error) {
	if r := recover(); r != nil {
		*err = p.damaged(fmt.Errorf("%v", r))
	}
}

func (p *parquetReader) damaged(err error) error {
	return &strata.Error{Code: strata.Invalid, Field: p.name, Message: "the Parquet file is damaged or cut off", Hint: "copy or export it again; nothing was imported", Cause: err}
}

func (p *parquetReader) header() ([]string, error) { return p.names, nil }

func (p *parquetReader) headerLine() int { return 0 }

func (p *parquetReader) next(b *block) (err error) {
	b.clear()
	defer p.recovered(&err)
	for !b.full() {
		if p.current == nil {
			if len(p.groups) == 0 {
				break
			}
			p.current, p.groups = p.groups[0].Rows(), p.groups[1:]
		}
		n, err := p.current.ReadRows(p.buffer)
		for _, row := range p.buffer[:n] {
			p.add(b, row)
		}
		if err != nil && err != io.EOF {
			return p.damaged(err)
		}
		if err == io.EOF || n == 0 {
			if err := p.current.Close(); err != nil {
				return p.damaged(err)
			}
			p.current = nil
		}
	}
	if len(b.records) == 0 {
		return io.EOF
	}
	return nil
}

func (p *parquetReader) add(b *block, row parquet.Row) {
	p.rows++
	rec := record{row: p.rows, line: int(p.rows)}
	cells := make([]string, len(p.names))
	for _, v := range row {
		leaf := v.Column()
		if leaf < 0 || leaf >= len(p.slot) || p.slot[leaf] < 0 || v.IsNull() {
			continue
		}
		text, err := p.write[leaf](v)
		at := p.slot[leaf]
		switch {
		case err != nil:
			rec.problem, rec.hint = "the cell of "+p.names[at]+" "+err.Error(), "write the column as text"
		case v.RepetitionLevel() == 0:
			cells[at] = text
			continue
		case strings.ContainsAny(text, listMarks):
			rec.problem, rec.hint = "an element of the list "+p.names[at]+" holds a mark that separates elements", "write other elements"
		default:
			cells[at] += "," + text
		}
	}
	b.add(rec, cells)
}

// parquetText returns how values of a type are written.
func parquetText(t parquet.Type) func(parquet.Value) (string, error) {
	var logical any
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	switch l := logical.(type) {
	case *format.DecimalType:
		return func(v parquet.Value) (string, error) { return decimalText(v, int(l.Scale)), nil }
	case *format.DateType:
		return func(v parquet.Value) (string, error) {
			return time.Unix(0, 0).UTC().AddDate(0, 0, int(v.Int32())).Format("2006-01-02"), nil
		}
	case *format.TimestampType:
		unit := l.Unit.Value.Duration()
		return func(v parquet.Value) (string, error) {
			per := int64(time.Second / unit)
			n := v.Int64()
			at := time.Unix(n/per, n%per*int64(unit)).UTC()
			if at.Year() < 1 || at.Year() > 9999 {
				return "", fmt.Errorf("holds a time outside the years 1 to 9999")
			}
			text := at.Format("2006-01-02 15:04:05.000")
			text = strings.TrimSuffix(text, ".000")
			if l.IsAdjustedToUTC {
				text = strings.Replace(text, " ", "T", 1) + "Z"
			}
			return text, nil
		}
	case *format.TimeType:
		unit := l.Unit.Value.Duration()
		return func(v parquet.Value) (string, error) {
			n := v.Int64()
			if v.Kind() == parquet.Int32 {
				n = int64(v.Int32())
			}
			return time.Unix(0, 0).UTC().Add(time.Duration(n) * unit).Format("15:04:05"), nil
		}
	case *format.IntType:
		if !l.IsSigned {
			return func(v parquet.Value) (string, error) {
				if v.Kind() == parquet.Int32 {
					return strconv.FormatUint(uint64(v.Uint32()), 10), nil
				}
				return strconv.FormatUint(v.Uint64(), 10), nil
			}
		}
	case *format.UUIDType:
		return func(v parquet.Value) (string, error) {
			u := v.ByteArray()
			if len(u) != 16 {
				return "", fmt.Errorf("holds no UUID")
			}
			return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]), nil
		}
	}
	return plainParquetText
}

func plainParquetText(v parquet.Value) (string, error) {
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.FormatBool(v.Boolean()), nil
	case parquet.Int32:
		return strconv.FormatInt(int64(v.Int32()), 10), nil
	case parquet.Int64:
		return strconv.FormatInt(v.Int64(), 10), nil
	case parquet.Float:
		return strconv.FormatFloat(float64(v.Float()), 'f', -1, 32), nil
	case parquet.Double:
		return strconv.FormatFloat(v.Double(), 'f', -1, 64), nil
	case parquet.Int96: // nanoseconds of the day, Julian day; of older writers, UTC
		n := v.Int96()
		nanos := int64(uint64(n[1])<<32 | uint64(n[0]))
		return time.Unix((int64(n[2])-2_440_588)*86_400, nanos).UTC().Format("2006-01-02T15:04:05.000Z"), nil
	}
	if text := v.ByteArray(); utf8.Valid(text) {
		return string(text), nil
	}
	return "", fmt.Errorf("holds bytes that are no text")
}

// decimalText writes a whole number of the given scale.
func decimalText(v parquet.Value, scale int) string {
	n := new(big.Int)
	switch v.Kind() {
	case parquet.Int32:
		n.SetInt64(int64(v.Int32()))
	case parquet.Int64:
		n.SetInt64(v.Int64())
	default: // big-endian, two's complement
		raw := v.ByteArray()
		n.SetBytes(raw)
		if len(raw) > 0 && raw[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
		}
	}
	digits := new(big.Int).Abs(n).String()
	if scale > 0 {
		if len(digits) <= scale {
			digits = strings.Repeat("0", min(scale, 100)-len(digits)+1) + digits
		}
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if n.Sign() < 0 {
		return "-" + digits
	}
	return digits
}
