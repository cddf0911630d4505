package timeline

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"strata"
)

// Span is the keys in [From, To).
type Span struct{ From, To []byte }

// Secret returns a key of this store for a purpose: HMAC-SHA256 of the purpose
// under the store's own key, which never leaves it. A copy of the store has
// the same.
func (s *Store) Secret(purpose string) ([]byte, error) {
	key, err := s.Get(hashKey)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(purpose))
	return mac.Sum(nil), nil
}

// Erase deletes, in the batch, everything that is stored under a customer, and
// returns where it stood.
func (s *Store) Erase(b strata.Batch, c strata.CustomerID) (Span, error) {
	for _, suffix := range []byte{attributesSuffix, eventsSuffix} {
		if err := b.Delete(appendKey(nil, uint64(c), suffix)); err != nil {
			return Span{}, err
		}
	}
	return Span{appendKey(nil, uint64(c), 0), appendKey(nil, uint64(c)+1, 0)}, nil
}

// logs is the file system of the database. While retiring is set, a log that
// is written anew does not begin as an old one, whose bytes would stay.
type logs struct {
	vfs.FS
	retiring atomic.Bool
}

// ReuseForWrite implements vfs.FS.
func (l *logs) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if !l.retiring.Load() {
		return l.FS.ReuseForWrite(oldname, newname, category)
	}
	if err := l.FS.Remove(oldname); err != nil {
		return nil, err
	}
	return l.FS.Create(newname, category)
}

// rotations is how many logs Pebble keeps at most for writing them anew, and
// more; maxRotations is how many tables the store may have for the list of
// tables to be retired while it is open.
const (
	rotations    = 8
	maxRotations = 8192
)

// Scrub takes what was deleted in the spans off the disk: the tables that held
// it are written anew without it, and the logs are retired, and so are the
// lists of tables, which name each by its first and last key. It takes some
// milliseconds for each table of the store.
func (s *Store) Scrub(ctx context.Context, spans []Span) error {
	s.logs.retiring.Store(true)
	defer s.logs.retiring.Store(false)
	if err := s.db.Flush(); err != nil {
		return storeError(err, "retiring the log")
	}
	for _, span := range spans {
		if err := s.db.Compact(ctx, span.From, span.To, false); err != nil {
			return storeError(err, "writing tables anew")
		}
	}
	lists, err := s.listsOfTables()
	if err != nil {
		return err
	}
	for n := range maxRotations {
		if err := ctx.Err(); err != nil {
			return err
		}
		if n >= rotations {
			now, err := s.listsOfTables()
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(now, func(name string) bool { return slices.Contains(lists, name) }) {
				break
			}
		}
		err := s.enter(func() error {
			return s.db.Set(writtenKey, binary.BigEndian.AppendUint64(nil, s.written), pebble.Sync)
		})
		if err == nil {
			err = s.db.Flush()
		}
		if err != nil {
			return storeError(err, "retiring the log")
		}
	}
	return s.waitForRemoval(ctx)
}

// listsOfTables are the names of the present list of tables and of the one
// before it.
func (s *Store) listsOfTables() ([]string, error) {
	names, err := s.fs.List(s.dir)
	if err != nil {
		return nil, storeError(err, "listing the files")
	}
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, "MANIFEST-") }), nil
}

// waitForRemoval waits, for half a minute at most, until the tables that are
// not used any more are off the disk. Whoever reads keeps them there.
func (s *Store) waitForRemoval(ctx context.Context) error {
	for range 300 {
		names, err := s.fs.List(s.dir)
		if err != nil {
			return storeError(err, "listing the tables")
		}
		old := false
		for _, name := range names {
			digits, isTable := strings.CutSuffix(name, ".sst")
			if number, err := strconv.ParseUint(digits, 10, 64); isTable && err == nil && !s.hasTable(number) {
				old = true
			}
		}
		if !old {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return &strata.Error{Code: strata.Unavailable, Field: s.dir, Message: "tables that are not used any more are still on the disk", Hint: "end what reads for long, and erase again"}
}

// Find reports the files of the database in which one of the texts stands, be
// it in a value that was replaced or deleted. Tables are read decompressed.
func (s *Store) Find(ctx context.Context, texts [][]byte, report func(file string)) error {
	names, err := s.fs.List(s.dir)
	if err != nil {
		return storeError(err, "listing the files")
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		file := path.Join(s.dir, name)
		found := false
		if strings.HasSuffix(name, ".sst") {
			found, err = s.inTable(ctx, file, texts)
		} else {
			found, err = s.inFile(file, texts)
		}
		if err != nil {
			return storeError(err, "reading "+file)
		}
		if found {
			report(file)
		}
	}
	return nil
}

func containsAny(b []byte, texts [][]byte) bool {
	for _, text := range texts {
		if bytes.Contains(b, text) {
			return true
		}
	}
	return false
}

func (s *Store) inFile(file string, texts [][]byte) (bool, error) {
	f, err := s.fs.Open(file)
	if err != nil {
		return false, err
	}
	b, err := io.ReadAll(f)
	return containsAny(b, texts), errors.Join(err, f.Close())
}

func (s *Store) inTable(ctx context.Context, file string, texts [][]byte) (found bool, err error) {
	f, err := s.fs.Open(file)
	if err != nil {
		return false, err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return false, errors.Join(err, f.Close())
	}
	options := pebble.Options{Merger: s.merger.pebble()}
	options.EnsureDefaults()
	r, err := sstable.NewReader(ctx, readable, options.MakeReaderOptions())
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	it, err := r.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	if err != nil {
		return false, err
	}
	for kv := it.First(); kv != nil && !found; kv = it.Next() {
		value, _, err := kv.Value(nil)
		if err != nil {
			return false, errors.Join(err, it.Close())
		}
		found = containsAny(kv.K.UserKey, texts) || containsAny(value, texts)
	}
	return found, it.Close()
}
