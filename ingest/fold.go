package ingest

import (
	"encoding/binary"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/zeebo/xxh3"

	"strata"
)

// contentHash is the xxh3-128 of a file's content without compression, in its
// own encoding.
type contentHash [16]byte

// Mergers say how the values under this package's first key bytes are merged,
// oldest operand first. Rows of a file that have become events are joined.
var Mergers = map[byte]func(key []byte, operands [][]byte) ([]byte, error){'f': mergeRows}

// rowsVersion is the first byte of a stored set of rows; portable Roaring
// bytes follow.
const rowsVersion = 1

func mergeRows(key []byte, operands [][]byte) ([]byte, error) {
	if len(operands) == 1 {
		return operands[0], nil
	}
	all := roaring.New()
	for _, o := range operands {
		rows, err := decodeRows(o)
		if err != nil {
			return nil, fmt.Errorf("folding key %q: %w", key, err)
		}
		all.Or(rows)
	}
	return encodeRows(all)
}

func encodeRows(rows *roaring.Bitmap) ([]byte, error) {
	rows.RunOptimize()
	body, err := rows.ToBytes()
	if err != nil {
		return nil, err
	}
	return append([]byte{rowsVersion}, body...), nil
}

func decodeRows(b []byte) (*roaring.Bitmap, error) {
	if len(b) == 0 || b[0] != rowsVersion {
		return nil, &strata.Error{Code: strata.Internal, Message: "a set of imported rows is damaged or of a later version"}
	}
	rows := roaring.New()
	if err := rows.UnmarshalBinary(b[1:]); err != nil {
		return nil, &strata.Error{Code: strata.Internal, Message: "a set of imported rows is damaged", Cause: err}
	}
	return rows, nil
}

// rowsKey is where the rows of one block of a file that have become an event
// (or, after @, an attribute) stand. A block is 65,536 rows.
func rowsKey(file contentHash, name string, block uint32) []byte {
	k := make([]byte, 0, 2+16+len(name)+5)
	k = append(k, 'f', 'r')
	k = append(k, file[:]...)
	k = append(k, name...)
	k = append(k, 0)
	return binary.BigEndian.AppendUint32(k, block)
}

// idKey is where the body of an event with an id stands. The id counts
// together with the event's name, so that an order and its refund may share a
// number.
func idKey(source string, e *strata.Event) []byte {
	h := xxh3.New()
	h.WriteString(e.Name)
	h.Write([]byte{0})
	h.WriteString(e.ID)
	sum := h.Sum128().Bytes()
	k := make([]byte, 0, 2+len(source)+1+16)
	k = append(k, 'f', 'i')
	k = append(k, source...)
	k = append(k, 0)
	return append(k, sum[:]...)
}

// rowFold is the rows of one block that have become one kind of fact.
type rowFold struct {
	name  string
	block uint32
	have  *roaring.Bitmap // of the block: stored, and added since
	fresh *roaring.Bitmap // not yet stored
}

// folds answers whether a fact is there already. It holds what is not yet
// committed.
type folds struct {
	file   contentHash
	source string
	get    func(key []byte) ([]byte, error)
	rows   map[string]*rowFold
	full   []*rowFold // of earlier blocks, with fresh rows
	ids    map[string]uint64
}

func newFolds(file contentHash, source string, get func(key []byte) ([]byte, error)) *folds {
	return &folds{file: file, source: source, get: get, rows: map[string]*rowFold{}, ids: map[string]uint64{}}
}

// row returns the set that holds the row (from 1) for a kind of fact, and the
// row's place in it.
func (f *folds) row(name string, row uint64) (*rowFold, uint32, error) {
	block, place := uint32((row-1)>>16), uint32((row-1)&0xffff)
	r := f.rows[name]
	if r != nil && r.block == block {
		return r, place, nil
	}
	if r != nil && !r.fresh.IsEmpty() {
		f.full = append(f.full, r)
	}
	stored, err := f.get(rowsKey(f.file, name, block))
	if err != nil {
		return nil, 0, err
	}
	r = &rowFold{name: name, block: block, have: roaring.New(), fresh: roaring.New()}
	if stored != nil {
		if r.have, err = decodeRows(stored); err != nil {
			return nil, 0, err
		}
	}
	f.rows[name] = r
	return r, place, nil
}

// id returns the stored or pending body of an event with an id.
func (f *folds) id(key []byte) (body uint64, ok bool, err error) {
	if body, ok := f.ids[string(key)]; ok {
		return body, true, nil
	}
	v, err := f.get(key)
	if err != nil || v == nil {
		return 0, false, err
	}
	if len(v) != 8 {
		return 0, false, &strata.Error{Code: strata.Internal, Message: "the record of an event's id is damaged"}
	}
	return binary.BigEndian.Uint64(v), true, nil
}

// sameBody reports whether a stored record of an id is of this body.
func sameBody(stored []byte, body uint64) bool {
	return len(stored) == 8 && binary.BigEndian.Uint64(stored) == body
}

// write adds what is pending to the batch and forgets it.
func (f *folds) write(b strata.Batch) error {
	for _, r := range f.rows {
		if !r.fresh.IsEmpty() {
			f.full = append(f.full, r)
		}
	}
	for _, r := range f.full {
		operand, err := encodeRows(r.fresh)
		if err != nil {
			return err
		}
		if err := b.Merge(rowsKey(f.file, r.name, r.block), operand); err != nil {
			return err
		}
		r.fresh = roaring.New()
	}
	f.full = f.full[:0]
	for key, body := range f.ids {
		if err := b.Set([]byte(key), binary.BigEndian.AppendUint64(nil, body)); err != nil {
			return err
		}
	}
	clear(f.ids)
	return nil
}
