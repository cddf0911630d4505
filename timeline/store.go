package timeline

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"strata"
)

// The keys of facts about the store itself.
var (
	formatKey   = []byte("mformat")
	settingsKey = []byte("msettings")
	hashKey     = []byte("mhash")
	commitsKey  = []byte("mcommits")
	closedKey   = []byte("mclosed") // there where nothing was committed since the last Close
)

// format is the version of what this package writes. What was written in
// format 1 is read too, and the first program that opens such a directory for
// writing makes it one of this format, which older programs refuse.
const (
	format  = "2"
	format1 = "1"
)

// unknownCommits is how far the number of commits jumps after a process
// ended without Close: commits that were not synced may be lost, and their
// numbers must not come again.
const unknownCommits = 1 << 20

// MergeFunc folds the operands of a key, oldest first, into one operand. It
// must be associative and depend on nothing else. It may return an operand.
type MergeFunc func(key []byte, operands [][]byte) ([]byte, error)

// Options say how to open a store.
type Options struct {
	Settings   strata.Settings    // used only when the directory is created; zero = DefaultSettings
	Mergers    map[byte]MergeFunc // of the other stages' keys, by first byte
	CacheBytes int64              // for blocks read from disk; default an eighth of the memory, at most 1,280 MiB
	FS         vfs.FS             // default the disk
	ReadOnly   bool               // open what is there and refuse every commit
	AcceptLoss bool               // go on where acknowledged commits are missing; see RecordPath
	Logger     *slog.Logger       // default none
}

// Store is the one open database of a data directory. It may be used by
// several goroutines; see Append and Batch.
type Store struct {
	db         *pebble.DB
	dir        string
	fs         vfs.FS
	logs       *logs
	merger     *merger
	settings   strata.Settings
	dictionary *dictionary
	readOnly   bool
	close      func() error

	commit  sync.Mutex    // one commit after the other enters the log
	opened  bool          // guarded by commit: closedKey has been removed
	failed  error         // guarded by commit: the log cannot be written any more
	broken  chan struct{} // closed when failed is set
	stuck   bool          // guarded by commit: Pebble holds locks that closing needs
	commits atomic.Uint64
	written uint64 // guarded by commit: how many commits there were, those of Publish too

	acknowledged *acknowledged // nil where the store is read only

	tracking atomic.Bool // commits note whom they touch
	waiting  sync.Mutex
	arrival  chan struct{} // guarded by waiting: closed at the next commit of facts; nil = nobody waits

	writers sync.Pool // of *writer
	scans   sync.Pool // of *scan
}

// Open opens the store in dir, and creates it where there is none unless
// ReadOnly is set. The errors are Unavailable where another process holds it
// or the disk refuses, NotFound where ReadOnly finds nothing, Invalid for a
// directory of something else or wrong settings, and Unsupported for one that
// a later version made. Where the log lacks what was acknowledged the error is
// Unavailable and says how much is missing, unless AcceptLoss is set.
func Open(dir string, o Options) (*Store, error) {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = defaultCache()
	}
	settings, err := completed(o.Settings)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, logs: &logs{FS: o.FS}, broken: make(chan struct{}), fs: o.FS, readOnly: o.ReadOnly, merger: &merger{byFirst: map[byte]MergeFunc{'t': mergeTimeline}}}
	for first, fn := range o.Mergers {
		s.merger.byFirst[first] = fn
	}
	s.writers.New = func() any { return new(writer) }
	s.scans.New = func() any { return new(scan) }
	if err := missingDatabase(dir, o); err != nil {
		return nil, err
	}
	s.db, err = openPebble(dir, o, s.logs, s.merger)
	if err != nil {
		return nil, err
	}
	s.close = sync.OnceValue(s.shut)
	if err := s.startRecord(dir, o); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	if err := s.start(dir, settings); err != nil {
		if s.acknowledged != nil {
			err = errors.Join(err, s.acknowledged.close())
		}
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

// completed fills the defaults in.
func completed(s strata.Settings) (strata.Settings, error) {
	d := strata.DefaultSettings()
	if s == (strata.Settings{}) {
		return d, nil
	}
	if s.Zone == "" {
		s.Zone = d.Zone
	}
	if s.Currency == "" {
		s.Currency = d.Currency
	}
	_, err := s.Location()
	return s, err
}

// start reads what the store says of itself and its dictionary, or writes it
// into an empty database.
func (s *Store) start(dir string, settings strata.Settings) error {
	version, err := s.Get(formatKey)
	if err != nil {
		return err
	}
	if version == nil {
		if err := s.create(dir, settings); err != nil {
			return err
		}
		version = []byte(format)
	}
	if string(version) == format1 {
		if !s.readOnly {
			if err := s.db.Set(formatKey, []byte(format), pebble.Sync); err != nil {
				return storeError(err, "opening the store")
			}
		}
		version = []byte(format)
	}
	if string(version) != format {
		return &strata.Error{Code: strata.Unsupported, Field: "format",
			Message: "the data directory has format " + string(version) + "; this program knows " + format, Hint: "use a newer version of strata"}
	}
	stored, err := s.Get(settingsKey)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(stored, &s.settings); err != nil {
		return damage(settingsKey, err)
	}
	key, err := s.Get(hashKey)
	if err != nil {
		return err
	}
	if len(key) != 16 {
		return damage(hashKey, errDamaged)
	}
	s.dictionary = newDictionary(newKeyedHash(key))
	err = s.ScanKeys([]byte{'d'}, []byte{'d' + 1}, func(key, value []byte) error {
		if err := s.dictionary.load(key, value); err != nil {
			return damage(key, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.dictionary.rank()
	tracking, err := s.Get(trackingKey)
	if err != nil {
		return err
	}
	s.tracking.Store(tracking != nil)
	return s.startCommits()
}

func (s *Store) startCommits() error {
	count, err := s.Get(commitsKey)
	if err != nil {
		return err
	}
	if count != nil && len(count) != 8 {
		return damage(commitsKey, errDamaged)
	}
	closed, err := s.Get(closedKey)
	if err != nil {
		return err
	}
	n := uint64(0)
	if count != nil {
		n = binary.BigEndian.Uint64(count)
	}
	if closed == nil && !s.readOnly {
		n += unknownCommits
		if err := s.db.Set(commitsKey, binary.BigEndian.AppendUint64(nil, n), pebble.Sync); err != nil {
			return storeError(err, "opening the store")
		}
		s.opened = true
	}
	s.commits.Store(n)
	return nil
}

func (s *Store) create(dir string, settings strata.Settings) error {
	err := s.ScanKeys(nil, nil, func(key, _ []byte) error {
		return &strata.Error{Code: strata.Invalid, Field: dir, Message: "the directory holds a database that is not Strata's", Hint: "choose an empty directory"}
	})
	if err != nil {
		return err
	}
	if s.readOnly {
		return errNoData(dir)
	}
	written, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	key := make([]byte, 16)
	rand.Read(key)
	b := s.db.NewBatch()
	defer b.Close()
	for _, kv := range [][2][]byte{{formatKey, []byte(format)}, {settingsKey, written}, {hashKey, key}, {closedKey, nil}} {
		if err := b.Set(kv[0], kv[1], nil); err != nil {
			return storeError(err, "creating the store")
		}
	}
	return storeError(b.Commit(pebble.Sync), "creating the store")
}

// Close syncs and closes the store. No batch, scan or other call may be under
// way. Closing again does nothing and returns the same. After a commit found
// the log broken it returns that error, and the directory may stay locked
// until the process ends.
func (s *Store) Close() error { return s.close() }

func (s *Store) shut() error {
	s.commit.Lock()
	defer s.commit.Unlock()
	if s.acknowledged != nil {
		if err := s.acknowledged.close(); err != nil && s.failed == nil {
			s.acknowledged.log.Warn("the record of what was acknowledged cannot be closed", "error", err)
		}
	}
	if s.stuck {
		return s.failed
	}
	err := s.failed
	if s.opened && err == nil {
		err = s.db.Set(closedKey, nil, pebble.Sync)
	}
	return storeError(errors.Join(err, s.db.Close()), "closing the store")
}

// Settings returns what was fixed when the store was created.
func (s *Store) Settings() strata.Settings { return s.settings }

// Dictionary returns the names and texts behind codes. It grows with every
// Append.
func (s *Store) Dictionary() strata.Dictionary { return s.dictionary }

// Commits returns the number of the last commit. It grows with every commit
// but those of Publish (and jumps after a process ended without Close), and is
// the same after closing and opening.
func (s *Store) Commits() uint64 { return s.commits.Load() }

// Get returns a copy of a key's value, or nil where there is none. An empty
// value is not nil.
func (s *Store) Get(key []byte) ([]byte, error) {
	value, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, readError(key, err)
	}
	value = append([]byte{}, value...)
	return value, readError(key, closer.Close())
}

// ScanKeys calls fn for each key in [from, to) in order, as they are at the
// call; nil is no bound. key and value hold only during the call of fn. An
// error of fn ends the scan and is returned.
func (s *Store) ScanKeys(from, to []byte, fn func(key, value []byte) error) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return readError(from, err)
	}
	for valid := it.First(); valid; valid = it.Next() {
		value, err := it.ValueAndErr()
		if err == nil {
			if err = fn(it.Key(), value); err != nil {
				return errors.Join(err, it.Close())
			}
			continue
		}
		key := bytes.Clone(it.Key())
		it.Close()
		return readError(key, err)
	}
	return readError(from, it.Close())
}

// Sync returns when everything committed so far is on disk.
func (s *Store) Sync() error {
	return s.enter(func() error {
		if err := s.db.LogData(nil, pebble.Sync); err != nil {
			return err
		}
		s.acknowledged.through(s.written)
		return nil
	})
}

// Compact merges what was appended into one value per customer on disk, as
// happens by itself in the background. It is worth calling after a large
// import, because scans then read without merging.
func (s *Store) Compact(ctx context.Context) error {
	return storeError(s.db.Compact(ctx, []byte{'t'}, []byte{'t' + 1}, true), "compacting")
}

// enter calls fn, which writes to the log, and turns the panic of a broken
// log into an error that every later call returns too.
func (s *Store) enter(fn func() error) (err error) {
	s.commit.Lock()
	defer s.commit.Unlock()
	if s.failed != nil {
		return s.failed
	}
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		broken, ok := cause.(error) // by Pebble or by quiet.Fatalf
		if _, bug := cause.(runtime.Error); bug || !ok {
			panic(cause)
		}
		s.fail(broken)
		s.stuck = true
		err = s.failed
	}()
	return storeError(fn(), "writing")
}

// fail makes every later write return an error. The caller holds commit.
func (s *Store) fail(cause error) {
	if s.failed == nil {
		close(s.broken)
	}
	s.failed = &strata.Error{Code: strata.Unavailable, Field: "data", Message: "the log of the data directory cannot be written",
		Hint: "free disk space or repair the disk, then start again and send again what was not acknowledged", Cause: cause}
}

// mergeTimeline is the MergeFunc of this package's keys.
func mergeTimeline(key []byte, operands [][]byte) ([]byte, error) {
	if len(key) != customerKeySize {
		return nil, errDamaged
	}
	switch key[5] {
	case eventsSuffix:
		return mergeChunks(nil, operands)
	case attributesSuffix:
		return mergeAttributes(operands)
	}
	return nil, errDamaged
}

// merger hands the operands of a key to the MergeFunc of its first byte.
type merger struct{ byFirst map[byte]MergeFunc }

func (m *merger) merge(key []byte, operands [][]byte) ([]byte, error) {
	if len(operands) == 1 {
		return operands[0], nil
	}
	fn := m.byFirst[key[0]]
	if fn == nil {
		return nil, damage(key, errors.New("nothing merges keys of this kind"))
	}
	merged, err := fn(key, operands)
	if err != nil {
		return nil, damage(key, err)
	}
	return merged, nil
}

func (m *merger) pebble() *pebble.Merger {
	pool := sync.Pool{New: func() any { return &gathered{merger: m} }}
	return &pebble.Merger{
		Name: "strata.1",
		Merge: func(key, value []byte) (pebble.ValueMerger, error) {
			g := pool.Get().(*gathered)
			g.pool, g.backward = &pool, false
			g.key, g.values, g.ends = append(g.key[:0], key...), append(g.values[:0], value...), append(g.ends[:0], len(value))
			return g, nil
		},
	}
}

// gathered keeps the operands of a key until all are there. Pebble hands them
// over either all from older to newer or all from newer to older.
type gathered struct {
	merger   *merger
	pool     *sync.Pool
	key      []byte
	values   []byte // one operand after the other
	ends     []int  // of each in values
	backward bool   // newer first
	operands [][]byte
	merged   []byte // what Finish returned
}

// largestGathered is the memory that is kept for the next key.
const largestGathered = 4 << 20

func (g *gathered) MergeNewer(value []byte) error {
	g.values = append(g.values, value...)
	g.ends = append(g.ends, len(g.values))
	return nil
}

func (g *gathered) MergeOlder(value []byte) error {
	g.backward = true
	return g.MergeNewer(value)
}

// Finish returns what the operands make together. What it returns may lie in
// memory that is used again when the closer is called.
func (g *gathered) Finish(bool) ([]byte, io.Closer, error) {
	if len(g.ends) == 1 {
		return g.values, g, nil
	}
	g.operands = g.operands[:0]
	start := 0
	for _, end := range g.ends {
		g.operands = append(g.operands, g.values[start:end:end])
		start = end
	}
	if g.backward {
		slices.Reverse(g.operands)
	}
	if g.key[0] == 't' && len(g.key) == customerKeySize && g.key[5] == eventsSuffix {
		merged, err := mergeChunks(g.merged[:0], g.operands)
		if err != nil {
			g.release()
			return nil, nil, damage(bytes.Clone(g.key), err)
		}
		g.merged = merged
		return merged, g, nil
	}
	merged, err := g.merger.merge(g.key, g.operands)
	g.release()
	return merged, nil, err
}

// Close implements io.Closer for what Finish returned.
func (g *gathered) Close() error {
	g.release()
	return nil
}

// release keeps the memory for another key, unless a MergeFunc of another
// stage may have kept parts of it.
func (g *gathered) release() {
	if cap(g.values)+cap(g.merged) <= largestGathered && g.key[0] == 't' {
		g.pool.Put(g)
	}
}
