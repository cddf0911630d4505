package timeline

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"strata"
)

// blockBytes is for both ways of reading: everyone in order, which large blocks
// suit, and one customer here and there, each of whom costs a whole block.
const blockBytes = 32 << 10

func openPebble(dir string, o Options, files vfs.FS, m *merger) (*pebble.DB, error) {
	log := quiet{o.Logger}
	if o.Logger == nil {
		log.Logger = slog.New(slog.DiscardHandler)
	}
	options := &pebble.Options{
		// The list of tables, which names them by their first and last keys, is
		// written anew as soon as half of it is history; see Scrub.
		MaxManifestFileSize: 1,
		FS:                  files,
		Merger:              m.pebble(),
		// Since FormatWALSyncChunks the log tells a torn tail from damage.
		FormatMajorVersion:         pebble.FormatValueSeparation,
		ReadOnly:                   o.ReadOnly,
		ErrorIfNotExists:           o.ReadOnly,
		CacheSize:                  o.CacheBytes,
		MemTableSize:               64 << 20,
		CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
		Logger:                     log,
		EventListener: &pebble.EventListener{
			BackgroundError: func(err error) { log.Error("storing in the background", "error", err) },
			DataCorruption:  func(i pebble.DataCorruptionInfo) { log.Error("damaged file", "path", i.Path, "error", i.Details) },
		},
	}
	for i := range options.Levels {
		level := &options.Levels[i]
		level.BlockSize = blockBytes
		level.FilterPolicy = bloom.FilterPolicy(10)
		level.Compression = func() *sstable.CompressionProfile { return sstable.MinLZCompression }
	}
	lock, err := lockDirectory(dir, o)
	if err != nil {
		return nil, err
	}
	if lock != nil {
		// Pebble counts its own use of the lock; ours ends with this call.
		defer lock.Close()
		options.Lock = lock
	}
	db, err := pebble.Open(dir, options)
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, pebble.ErrDBDoesNotExist):
		return nil, errNoData(dir)
	}
	return nil, storeError(err, "opening "+dir)
}

func errNoData(dir string) error {
	return &strata.Error{Code: strata.NotFound, Field: dir, Message: "there is no data yet", Hint: "import something first"}
}

// lockDirectory takes the lock of an existing directory, so that its being
// held is told from everything else that may fail. It returns nil for a
// directory that Pebble has to create.
func lockDirectory(dir string, o Options) (*pebble.Lock, error) {
	if _, err := o.FS.Stat(dir); err != nil {
		switch {
		case !errors.Is(err, fs.ErrNotExist):
		case o.ReadOnly:
			return nil, errNoData(dir)
		default:
			return nil, nil
		}
		return nil, storeError(err, "opening "+dir)
	}
	lock, err := pebble.LockDirectory(dir, o.FS)
	if err == nil {
		return lock, nil
	}
	// A lock held by another process is EAGAIN, one held by this process no
	// system error at all.
	var system syscall.Errno
	if errors.As(err, &system) && system != syscall.EAGAIN {
		return nil, storeError(err, "opening "+dir)
	}
	return nil, &strata.Error{Code: strata.Unavailable, Field: dir, Message: "the data directory is in use by another strata",
		Hint: "stop the other one, or work through its address", Cause: err}
}

// storeError translates what Pebble says about writing and opening.
func storeError(err error, doing string) error {
	if err == nil {
		return nil
	}
	var known *strata.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, pebble.ErrReadOnly):
		return &strata.Error{Code: strata.Unavailable, Message: doing + ": the store is open for reading only"}
	case vfs.IsNoSpaceError(err):
		return &strata.Error{Code: strata.Unavailable, Message: doing + ": the disk is full", Hint: "free disk space", Cause: err}
	}
	return &strata.Error{Code: strata.Unavailable, Message: doing + " did not work", Cause: err}
}

// readError names the key whose reading did not work.
func readError(key []byte, err error) error {
	if err == nil {
		return nil
	}
	var known *strata.Error
	if errors.As(err, &known) {
		return err
	}
	return damage(key, err)
}

// quiet is the pebble.Logger that says nothing of what goes well.
type quiet struct{ *slog.Logger }

func (q quiet) Infof(format string, args ...any)  { q.Debug(fmt.Sprintf(format, args...)) }
func (q quiet) Errorf(format string, args ...any) { q.Error(fmt.Sprintf(format, args...)) }
func (q quiet) Fatalf(format string, args ...any) {
	q.Errorf(format, args...)
	panic(fmt.Errorf(format, args...)) // see Store.enter
}
