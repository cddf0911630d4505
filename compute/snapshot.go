package compute

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"strata"
	"strata/audience"
	"strata/define"
)

// The columns of a snapshot that are not tags. No tag has a colon in its name.
const (
	nextColumn   = ":next"
	latestColumn = ":latest"
)

// snapshotAfter is how many bytes of deltas make a new snapshot worth while:
// they are read again at every start.
const snapshotAfter = 64 << 20

func (l *Live) snapshotPath(publish uint64) string {
	return filepath.Join(l.dir, fmt.Sprintf("%016x.snapshot", publish))
}

// saveSnapshot writes the state to its file, durably and under its final name.
func (l *Live) saveSnapshot(s *state) error {
	l.mu.Lock() // a reader may be taking a snapshot too
	table := s.table.Snapshot()
	l.mu.Unlock()
	table.AsOf, table.Sequence = s.through, s.Publish
	next, latest := audience.NewColumn(len(s.next)), audience.NewColumn(len(s.latest))
	for c, at := range s.next {
		if at != define.Latest {
			next.Set(strata.CustomerID(c), strata.TimeOf(at))
		}
		if s.latest[c] != 0 {
			latest.Set(strata.CustomerID(c), strata.TimeOf(s.latest[c]))
		}
	}
	table.Tags[nextColumn], table.Tags[latestColumn] = next, latest
	err := os.MkdirAll(l.dir, 0o700)
	if err == nil {
		err = writeDurably(l.snapshotPath(s.Publish), func(f *os.File) error {
			w := bufio.NewWriterSize(f, 1<<20)
			if err := table.Save(w); err != nil {
				return err
			}
			return w.Flush()
		})
	}
	if err != nil {
		return &strata.Error{Code: strata.Unavailable, Field: l.dir, Message: "the snapshot of the results cannot be written", Hint: "free disk space", Cause: err}
	}
	return nil
}

// writeDurably makes a file that is there whole, and on disk, or not at all.
func writeDurably(path string, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "writing-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// removeSnapshots removes the files of all snapshots but one.
func (l *Live) removeSnapshots(but uint64) {
	files, _ := filepath.Glob(filepath.Join(l.dir, "*.snapshot"))
	for _, file := range files {
		if file != l.snapshotPath(but) {
			if err := os.Remove(file); err != nil {
				l.log.Warn("removing an old snapshot", "error", err)
			}
		}
	}
}

// forgetDeltas drops the deltas that a snapshot holds.
func (l *Live) forgetDeltas(b strata.Batch, through uint64) error {
	var keys [][]byte
	err := l.store.ScanKeys(resultKey(deltaKind, 0), resultKey(deltaKind, through+1), func(key, _ []byte) error {
		keys = append(keys, append([]byte{}, key...))
		return nil
	})
	for _, key := range keys {
		if err == nil {
			err = b.Delete(key)
		}
	}
	return err
}

// snapshotIfGrown writes a new snapshot when the deltas since the last have
// become many.
func (l *Live) snapshotIfGrown(context.Context) {
	l.step.Lock()
	defer l.step.Unlock()
	if l.current != nil && l.current.deltas > snapshotAfter {
		if err := l.snapshot(); err != nil {
			l.log.Error("writing a snapshot", "error", err)
		}
	}
}

// snapshot writes the state to a file and drops the deltas that it holds. The
// caller holds step.
func (l *Live) snapshot() error {
	s := l.current
	if err := l.saveSnapshot(s); err != nil {
		return err
	}
	next := s.meta
	next.Snapshot, next.Through = s.Publish, s.through
	err := l.store.Publish(func(b strata.Batch) error {
		if err := l.forgetDeltas(b, next.Snapshot); err != nil {
			return err
		}
		if err := next.standing.write(b); err != nil {
			return err
		}
		return next.progress.write(b)
	})
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.meta, s.deltas = next, 0
	l.removeSnapshots(s.Snapshot)
	return nil
}

// Close writes a snapshot, so that the next start is quick. Run must have
// ended.
func (l *Live) Close() error {
	l.step.Lock()
	defer l.step.Unlock()
	if l.current == nil || l.current.program == nil || l.current.deltas == 0 {
		return nil
	}
	return l.snapshot()
}

// open loads the stored state: the last snapshot, and what was published
// since. Where there is none, or it cannot be read, the state is empty, and
// everyone is evaluated anew.
func (l *Live) open(ctx context.Context, now strata.Instant) error {
	if err := l.store.Track(); err != nil {
		return err
	}
	s, err := l.load(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return err
	case err != nil:
		l.log.Warn("the stored results cannot be used; everyone is evaluated anew", "error", err)
		fallthrough
	case s == nil:
		kept := meta{}
		if s != nil {
			kept = s.meta
		}
		s = &state{meta: meta{progress{Publish: kept.Publish, Number: kept.Number}, standing{Columns: kept.Columns}}}
		s.table = audience.NewTable(now)
		l.read = l.engine.source.Commits()
	}
	l.known = s.Last
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = s
	return nil
}

// load returns the stored state; nil where there is none. With an error it
// returns what is known of the state's numbers, if anything.
func (l *Live) load(ctx context.Context) (*state, error) {
	var m meta
	found := 0
	for key, into := range map[byte]any{progressKind: &m.progress, standingKind: &m.standing} {
		err := l.store.ScanKeys([]byte{'r', key}, []byte{'r', key + 1}, func(_, value []byte) error {
			found++
			return json.Unmarshal(value, into)
		})
		if err != nil {
			return nil, err
		}
	}
	if found < 2 {
		return nil, nil
	}
	s := &state{meta: m}
	f, err := os.Open(l.snapshotPath(m.Snapshot))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("the snapshot %s is not there", l.snapshotPath(m.Snapshot))
		}
		return s, err
	}
	defer f.Close()
	if s.table, err = audience.LoadTable(bufio.NewReaderSize(f, 1<<20)); err != nil {
		return s, err
	}
	if s.table.Sequence != m.Snapshot {
		return s, errors.New("the snapshot is of another moment than the results")
	}
	next, latest := s.table.Tags[nextColumn], s.table.Tags[latestColumn]
	delete(s.table.Tags, nextColumn)
	delete(s.table.Tags, latestColumn)
	if !s.table.Everyone.IsEmpty() {
		s.grow(int(s.table.Everyone.Maximum()) + 1)
	}
	for c := range s.next {
		if v := next.Get(strata.CustomerID(c)); !v.IsMissing() {
			s.next[c] = strata.Instant(v.Int)
		}
		s.latest[c] = strata.Instant(latest.Get(strata.CustomerID(c)).Int)
	}
	s.timers = timers{slots: map[int64][]strata.CustomerID{}}
	s.byNumber = map[uint16]*column{}
	for name, n := range m.Columns {
		if _, has := m.Prints[name]; has {
			s.byNumber[n] = &column{ref: parseRef(name), number: n}
		}
	}
	err = l.store.ScanKeys(resultKey(deltaKind, m.Snapshot+1), []byte{'r', deltaKind + 1}, func(_, value []byte) error {
		s.deltas += len(value)
		return readDeltas(value, func(d *delta) error {
			s.apply(d)
			return ctx.Err()
		})
	})
	if err != nil {
		return s, err
	}
	s.timers = newTimers(s.next)
	s.through = m.Through
	return s, nil
}

// parseRef is the inverse of Ref.String.
func parseRef(s string) define.Ref {
	kind, name, _ := strings.Cut(s, " ")
	return define.Ref{Kind: kind, Name: name}
}
