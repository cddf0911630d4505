package ingest

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
)

// UndoOptions say what is undone and where.
type UndoOptions struct {
	Store  Store
	Update Updater
	// Withdraw takes back what an import gave a customer, and returns the
	// events (name, instant and id) and the number of attribute values.
	Withdraw func(b strata.Batch, c strata.CustomerID, imported uint32) (events []strata.Event, attributes int, err error)
	Last     strata.CustomerID // the highest customer
	Now      func() strata.Instant
	ID       uint32
	Progress func(done, of strata.CustomerID) // nil: not told
	Batch    int                              // customers a commit; default 5,000
}

// Undo takes back every event and attribute value that an import brought, and
// forgets that its rows and ids were seen, so that the file can be imported
// again. What a later import merely repeated goes with it. Customers keep
// their keys. An undoing that was interrupted goes on where it ended when it
// is called again. It is a Conflict where a later import of the same file
// stands, and where the import is undone already. Nothing else may write
// events meanwhile, except between the calls of Update.
func Undo(ctx context.Context, o UndoOptions) (*Record, error) {
	var r *Record
	err := Records(o.Store, func(other Record) error {
		if other.ID == o.ID {
			r = &other
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, &strata.Error{Code: strata.NotFound, Message: fmt.Sprintf("there is no import %d", o.ID), Hint: "`strata imports` lists them"}
	case r.State == Undone:
		return nil, &strata.Error{Code: strata.Conflict, Message: fmt.Sprintf("import %d is undone already", o.ID)}
	}
	err = Records(o.Store, func(later Record) error {
		if later.ID > r.ID && later.Hash == r.Hash && later.State != Undone {
			return &strata.Error{Code: strata.Conflict, Message: fmt.Sprintf("import %d is of the same file and came later", later.ID), Hint: fmt.Sprintf("undo import %d first", later.ID)}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var hash contentHash
	if n, err := hex.Decode(hash[:], []byte(r.Hash)); err != nil || n != len(hash) {
		return nil, &strata.Error{Code: strata.Internal, Message: "the record of an import is damaged"}
	}
	batch := strata.CustomerID(o.Batch)
	if batch == 0 {
		batch = 5000
	}
	if r.State != Undoing {
		r.State, r.Withdrawn = Undoing, Withdrawn{}
	}
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		from, to := r.Withdrawn.Through+1, min(r.Withdrawn.Through+batch, o.Last)
		done = to >= o.Last
		err := o.Update(done, func(b strata.Batch) error {
			rows := map[string]*roaring.Bitmap{}
			for c := from; c <= to && c != 0; c++ {
				events, attributes, err := o.Withdraw(b, c, r.ID)
				if err != nil {
					return err
				}
				for i := range events {
					if err := forget(b, r.Source, &events[i], rows); err != nil {
						return err
					}
				}
				r.Withdrawn.Events += uint64(len(events))
				r.Withdrawn.Attributes += uint64(attributes)
			}
			if err := forgetRows(o.Store, b, hash, rows); err != nil {
				return err
			}
			r.Withdrawn.Through = to
			if done {
				if err := forgetValues(o.Store, b, hash); err != nil {
					return err
				}
				r.State, r.Withdrawn.At = Undone, o.Now()
			}
			return r.write(b)
		})
		if err != nil {
			return nil, err
		}
		if o.Progress != nil {
			o.Progress(to, o.Last)
		}
	}
	return r, nil
}

// forget drops what makes a withdrawn event a repeat when it comes again: the
// mark of its id, or its row, which is noted in rows by the event's name.
func forget(b strata.Batch, source string, e *strata.Event, rows map[string]*roaring.Bitmap) error {
	row, isRow := rowOfID(e.ID)
	if !isRow {
		return b.Delete(idKey(source, e))
	}
	if rows[e.Name] == nil {
		rows[e.Name] = roaring.New()
	}
	rows[e.Name].Add(uint32(row - 1))
	return nil
}

// forgetRows takes rows (from 0) out of those of the file that have become
// events.
func forgetRows(s Store, b strata.Batch, file contentHash, rows map[string]*roaring.Bitmap) error {
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		blocks := map[uint32]*roaring.Bitmap{}
		for it := rows[name].Iterator(); it.HasNext(); {
			row := it.Next()
			if blocks[row>>16] == nil {
				blocks[row>>16] = roaring.New()
			}
			blocks[row>>16].Add(row & 0xffff)
		}
		for _, block := range slices.Sorted(maps.Keys(blocks)) {
			key := rowsKey(file, name, block)
			stored, err := s.Get(key)
			if err != nil || stored == nil {
				if err != nil {
					return err
				}
				continue
			}
			have, err := decodeRows(stored)
			if err != nil {
				return err
			}
			have.AndNot(blocks[block])
			if have.IsEmpty() {
				err = b.Delete(key)
			} else if stored, err = encodeRows(have); err == nil {
				err = b.Set(key, stored)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetValues drops which rows of the file have given values of attributes. A
// row that gave one to an earlier import gives it again, which changes nothing.
func forgetValues(s Store, b strata.Batch, file contentHash) error {
	from := append(append([]byte("fr"), file[:]...), '@')
	to := append(slices.Clone(from[:len(from)-1]), '@'+1)
	var keys [][]byte
	err := s.ScanKeys(from, to, func(key, _ []byte) error {
		keys = append(keys, slices.Clone(key))
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := b.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// rowOfID returns the row (from 1) that an id made for a row of a file names;
// false of other ids.
func rowOfID(id string) (row uint64, ok bool) {
	file, text, found := strings.Cut(strings.TrimPrefix(id, "f:"), ":")
	if !found || !strings.HasPrefix(id, "f:") || len(file) != 16 {
		return 0, false
	}
	row, err := strconv.ParseUint(text, 10, 64)
	return row, err == nil && row > 0
}
