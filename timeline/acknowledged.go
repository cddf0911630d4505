package timeline

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/xxh3"

	"strata"
)

// What was acknowledged is noted outside the log too, because a log that ends
// too early looks like one that was written no further. Every commit carries
// its number among all commits (writtenKey); the number of the last one that
// was acknowledged is written to a small file beside the database. At start
// the two are compared.
//
// The file has two slots, written in turn, so that a write that is cut short
// leaves the other: slot k at k*slotDistance is magic(8), number(8),
// xxh3-64 of both(8). The larger number counts.

// writtenKey holds how many commits there were, those of Publish too.
var writtenKey = []byte("mwritten")

const (
	recordMagic  = "strata\x00a"
	slotBytes    = 24
	slotDistance = 512 // a sector: written whole or not at all
	recordBytes  = slotDistance + slotBytes

	// recordSyncedAfter is the longest that the record stays in the memory of
	// the operating system, which the end of the process does not harm.
	recordSyncedAfter = time.Second
)

// RecordPath is the file beside the database in dir that holds the number of
// the last acknowledged commit.
func RecordPath(dir string) string { return dir + ".acknowledged" }

// acknowledged is the open record.
type acknowledged struct {
	file vfs.File
	log  *slog.Logger

	mu     sync.Mutex
	number uint64
	slot   int64
	timer  *time.Timer // runs while something is not synced
	dirty  bool
	closed bool
}

func slotOf(number uint64) []byte {
	b := binary.BigEndian.AppendUint64([]byte(recordMagic), number)
	return binary.BigEndian.AppendUint64(b, xxh3.Hash(b))
}

// ReadRecord returns the number of the last acknowledged commit of the
// database in dir. Without a record it returns false; one that is damaged
// throughout is Unavailable. spoilt says that one of the two slots is damaged.
func ReadRecord(files vfs.FS, dir string) (number uint64, found, spoilt bool, err error) {
	path := RecordPath(dir)
	f, err := files.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, false, nil
	}
	if err != nil {
		return 0, false, false, storeError(err, "opening "+path)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, recordBytes+1))
	if err != nil {
		return 0, false, false, storeError(err, "reading "+path)
	}
	for k := range 2 {
		at := k * slotDistance
		if len(b) != recordBytes {
			spoilt = true
		}
		if len(b) < at+slotBytes {
			continue
		}
		slot := b[at : at+slotBytes]
		n := binary.BigEndian.Uint64(slot[8:])
		if string(slotOf(n)) != string(slot) {
			spoilt = true
			continue
		}
		number, found = max(number, n), true
	}
	if !found {
		return 0, false, true, &strata.Error{Code: strata.Unavailable, Field: path,
			Message: "the record of what was acknowledged is damaged, so nobody can say whether the log is whole",
			Hint:    "restore a backup, or go on with what is there by `strata doctor --accept-loss`"}
	}
	return number, true, spoilt, nil
}

// checkRecord compares the record with the number of commits that the
// database holds. accept makes what is there count as all there was.
func checkRecord(files vfs.FS, dir string, written uint64, accept bool) error {
	number, found, _, err := ReadRecord(files, dir)
	switch {
	case accept:
		return nil
	case err != nil:
		return err
	case !found && written > 0:
		return &strata.Error{Code: strata.Unavailable, Field: RecordPath(dir),
			Message: "the record of what was acknowledged is missing, so nobody can say whether the log is whole",
			Hint:    "put the file back, restore a backup, or go on with what is there by `strata doctor --accept-loss`"}
	case number > written:
		return lostCommits(dir, written, number)
	}
	return nil
}

func lostCommits(dir string, written, number uint64) error {
	return &strata.Error{Code: strata.Unavailable, Field: dir,
		Message: fmt.Sprintf("the log ends at commit %d, but commit %d was acknowledged: the last %d are missing", written, number, number-written),
		Hint:    "restore a backup and send again what came after it, or go on without the missing commits by `strata doctor --accept-loss`"}
}

// openRecord opens the record for writing, beginning with number.
func openRecord(files vfs.FS, dir string, number uint64, log *slog.Logger) (*acknowledged, error) {
	path := RecordPath(dir)
	_, found, spoilt, err := ReadRecord(files, dir)
	if err != nil || !found || spoilt {
		// Written under another name first: a record is whole or not there.
		if err := writeRecord(files, path, number); err != nil {
			return nil, storeError(err, "writing "+path)
		}
	}
	f, err := files.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, storeError(err, "opening "+path)
	}
	a := &acknowledged{file: f, log: log, number: number}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	// Both slots, because the loss of what a slot counts may just have been
	// accepted.
	for range 2 {
		if err := a.write(number); err != nil {
			return nil, errors.Join(storeError(err, "writing "+path), f.Close())
		}
	}
	if err := f.SyncData(); err != nil {
		return nil, errors.Join(storeError(err, "writing "+path), f.Close())
	}
	return a, nil
}

// writeRecord makes a whole record at path.
func writeRecord(files vfs.FS, path string, number uint64) error {
	b := make([]byte, recordBytes)
	copy(b, slotOf(number))
	copy(b[slotDistance:], slotOf(number))
	f, err := files.Create(path+".new", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := files.Rename(path+".new", path); err != nil {
		return err
	}
	d, err := files.OpenDir(files.PathDir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (a *acknowledged) write(number uint64) error {
	_, err := a.file.WriteAt(slotOf(number), a.slot*slotDistance)
	a.slot = 1 - a.slot
	return err
}

// through notes that every commit up to number is on disk. It is called
// before the commit is acknowledged. A record that cannot be written makes no
// commit fail: what it says stays true, of fewer commits.
func (a *acknowledged) through(number uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || number <= a.number {
		return
	}
	if err := a.write(number); err != nil {
		a.log.Warn("the record of what was acknowledged cannot be written", "error", err)
		return
	}
	a.number = number
	if a.dirty {
		return
	}
	a.dirty = true
	if a.timer == nil {
		a.timer = time.AfterFunc(recordSyncedAfter, a.sync)
	} else {
		a.timer.Reset(recordSyncedAfter)
	}
}

func (a *acknowledged) sync() {
	a.mu.Lock()
	if a.closed || !a.dirty {
		a.mu.Unlock()
		return
	}
	a.dirty = false
	a.mu.Unlock()
	// Commits go on meanwhile; what they write is synced the next time.
	if err := a.file.SyncData(); err != nil {
		a.log.Warn("the record of what was acknowledged cannot be synced", "error", err)
	}
}

// last is the number of the last acknowledged commit.
func (a *acknowledged) last() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.number
}

func (a *acknowledged) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	a.closed = true
	if a.timer != nil {
		a.timer.Stop()
	}
	return errors.Join(a.file.SyncData(), a.file.Close())
}

// startRecord compares the record with the database, and opens it.
func (s *Store) startRecord(dir string, o Options) error {
	count, err := s.Get(writtenKey)
	if err != nil {
		return err
	}
	if count != nil && len(count) != 8 {
		return damage(writtenKey, errDamaged)
	}
	if count != nil {
		s.written = binary.BigEndian.Uint64(count)
	}
	if err := checkRecord(o.FS, dir, s.written, o.AcceptLoss); err != nil || o.ReadOnly {
		return err
	}
	// What was read may not be on disk yet where the last process was killed.
	if err := s.db.LogData(nil, pebble.Sync); err != nil {
		return storeError(err, "opening the store")
	}
	s.acknowledged, err = openRecord(o.FS, dir, s.written, o.Logger)
	return err
}

// missingDatabase refuses to make a new database where the record says that
// there was one.
func missingDatabase(dir string, o Options) error {
	number, _, _, err := ReadRecord(o.FS, dir)
	if o.AcceptLoss || err == nil && number == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := o.FS.Stat(dir); err == nil {
		if there, err := pebble.Peek(dir, o.FS); err != nil || there.Exists {
			return nil // opening it says more
		}
	}
	return lostCommits(dir, 0, number)
}
