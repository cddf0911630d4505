package timeline

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"strata"
)

// Damage is one thing that Check found.
type Damage struct {
	File  string // in the database's directory; empty where only the key is known
	Key   string // what is stored there; empty where the whole file is meant
	Cause string
}

// Checked says how much Check looked at.
type Checked struct {
	Files     int   // tables whose every block was read and compared with its checksum
	Keys      int64 // values read and decoded
	Customers int64 // with events
	Events    int64
}

// KeyCheck says what is wrong with a key of another stage, nil where nothing
// is. The slices are valid during the call.
type KeyCheck func(key, value []byte) error

// Check reads everything that is stored, compares every block of every table
// with its checksum, decodes every value of this package and looks up every
// code in it; keys of other stages go to the check of their first byte, if
// any. What is wrong is reported, and the check goes on as far as it can. The
// error says that it could not be done, such as ctx's.
func (s *Store) Check(ctx context.Context, others map[byte]KeyCheck, report func(Damage)) (Checked, error) {
	var done Checked
	if err := s.checkTables(ctx, &done, report); err != nil {
		return done, err
	}
	it, err := s.db.NewIterWithContext(ctx, nil)
	if err != nil {
		report(Damage{Cause: err.Error()})
		return done, nil
	}
	last := []byte{}
	space := new(space)
	for valid := it.First(); valid; valid = it.Next() {
		if err := ctx.Err(); err != nil {
			return done, errors.Join(err, it.Close())
		}
		key := it.Key()
		last = append(last[:0], key...)
		value, err := it.ValueAndErr()
		if err == nil {
			done.Keys++
			if key[0] == 't' || key[0] == 'u' {
				err = s.checkOwn(space, key, value, &done)
			} else if check := others[key[0]]; check != nil {
				err = check(key, value)
			}
		}
		if err != nil {
			report(Damage{Key: keyName(key), Cause: causeOf(err)})
		}
	}
	if err := it.Close(); err != nil {
		report(Damage{Key: "after " + keyName(last), Cause: causeOf(err) + "; the keys that follow could not be read"})
	}
	return done, nil
}

// keyName is how a key is said.
func keyName(key []byte) string {
	var known *strata.Error
	if errors.As(damage(key, nil), &known) {
		return known.Field
	}
	return fmt.Sprintf("key %x", key)
}

// causeOf is what lies under the errors that name the key again.
func causeOf(err error) string {
	var known *strata.Error
	for errors.As(err, &known) && known.Cause != nil {
		err = known.Cause
	}
	if known != nil && known.Cause == nil {
		return known.Message
	}
	return err.Error()
}

// checkTables reads every table by itself, so that a damaged one is named.
func (s *Store) checkTables(ctx context.Context, done *Checked, report func(Damage)) error {
	levels, err := s.db.SSTables()
	if err != nil {
		report(Damage{Cause: "the list of tables cannot be read: " + err.Error()})
		return nil
	}
	seen := map[string]bool{}
	for _, level := range levels {
		for _, table := range level {
			name := fmt.Sprintf("%06d.sst", uint64(table.BackingSSTNum))
			if seen[name] {
				continue
			}
			seen[name] = true
			if err := ctx.Err(); err != nil {
				return err
			}
			err := s.checkTable(ctx, path.Join(s.dir, name))
			if errors.Is(err, fs.ErrNotExist) && !s.hasTable(uint64(table.BackingSSTNum)) {
				continue // compacted meanwhile
			}
			done.Files++
			if err != nil {
				report(Damage{File: name, Cause: err.Error()})
			}
		}
	}
	return nil
}

func (s *Store) hasTable(number uint64) bool {
	levels, err := s.db.SSTables()
	if err != nil {
		return true
	}
	for _, level := range levels {
		for _, table := range level {
			if uint64(table.BackingSSTNum) == number {
				return true
			}
		}
	}
	return false
}

func (s *Store) checkTable(ctx context.Context, file string) error {
	f, err := s.fs.Open(file, vfs.SequentialReadsOption)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	options := pebble.Options{Merger: s.merger.pebble()}
	options.EnsureDefaults()
	r, err := sstable.NewReader(ctx, readable, options.MakeReaderOptions()) // closes f where it fails
	if err != nil {
		return err
	}
	return errors.Join(r.ValidateBlockChecksums(), r.Close())
}

// checkOwn checks a value of this package.
func (s *Store) checkOwn(space *space, key, value []byte, done *Checked) error {
	if key[0] == 'u' {
		if len(key) != touchedKeySize {
			return errDamaged
		}
		return readTouches(value, func(strata.Touch) {})
	}
	if len(key) != customerKeySize || binary.BigEndian.Uint32(key[1:]) == 0 {
		return errDamaged
	}
	d := s.dictionary
	switch key[5] {
	case attributesSuffix:
		d.mu.RLock()
		defer d.mu.RUnlock()
		return eachAttribute(value, func(a *attribute, _ []byte) error {
			switch {
			case int(a.code) >= len(d.attributes.list):
				return unknownCode("attribute", uint64(a.code))
			case int(a.source) >= len(d.sources.list):
				return unknownCode("source", uint64(a.source))
			}
			return nil
		})
	case eventsSuffix:
		space.reset()
		t, err := space.decode(bytes.Clone(value))
		if err != nil {
			return err
		}
		done.Customers++
		return d.checkCodes(&t, &done.Events)
	}
	return errDamaged
}

func unknownCode(what string, code uint64) error {
	return fmt.Errorf("the %s code %d is in no dictionary", what, code)
}

// checkCodes looks up every code of a table, and adds its events to n.
func (d *dictionary) checkCodes(t *table, n *int64) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for k := range t.runs {
		run := &t.runs[k]
		*n += int64(len(run.at))
		if int(run.event) >= len(d.events.list) {
			return unknownCode("event", uint64(run.event))
		}
		for i := range run.origins {
			if source := run.origins[i].source; int(source) >= len(d.sources.list) {
				return unknownCode("source", uint64(source))
			}
		}
		for c := range run.columns {
			column := &run.columns[c]
			if int(column.property) >= len(d.properties.list) {
				return unknownCode("property", uint64(column.property))
			}
			if column.kind != strata.Text && column.kind != strata.List {
				continue
			}
			texts := 0
			if int(column.property) < len(d.texts) {
				texts = len(d.texts[column.property].list)
			}
			for i, code := range column.values {
				if column.has(i) && (code < 1 || code > int64(texts)) {
					return unknownCode("text of "+d.properties.list[column.property], uint64(code))
				}
			}
		}
	}
	return nil
}

// Checkpoint writes a copy of the database, as it is at one moment during the
// call, into the directory to, which must not be there, with its record beside
// it (see RecordPath). Tables are hard links where the file system allows it:
// they never change, but whoever wants a copy that the damage of one disk does
// not touch copies them. Everything acknowledged before the call is in it.
func (s *Store) Checkpoint(to string) error {
	number := s.acknowledged.last()
	if err := s.db.Checkpoint(to, pebble.WithFlushedWAL()); err != nil {
		return storeError(err, "copying the store")
	}
	return storeError(writeRecord(s.fs, RecordPath(to), number), "copying the store")
}

// Failed returns a channel that is closed when the log cannot be written any
// more: every later commit fails, and only a new start helps.
func (s *Store) Failed() <-chan struct{} { return s.broken }

// Acknowledged returns the number of the last acknowledged commit, those of
// Publish counted too. A new store has 0.
func (s *Store) Acknowledged() uint64 {
	if s.acknowledged == nil {
		return s.written
	}
	return s.acknowledged.last()
}
