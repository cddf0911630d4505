// Package registry is the relational side of Strata over SQLite: definitions
// and their versions, calibrations, accounts, sign-in links, sessions, the
// audit, pinned customers and small settings.
//
// Every instant is passed in. Errors are *strata.Error. Rows carry a checksum
// that reads verify; a damaged row is Internal and named by table and key.
// Opening verifies all of them but those of the audit, and Check those too.
package registry

import (
	"context"
	"database/sql"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"strata"
)

//go:embed migrations/*.sql
var migrations embed.FS

// fileName is the database in the data directory.
const fileName = "registry.db"

// readers is how many reads run at the same time.
const readers = 4

// Registry is an open database. It may be used by several goroutines.
type Registry struct {
	path     string
	settings strata.Settings
	write    *sql.DB // one connection; its transactions take the write lock at once
	read     *sql.DB

	cached  cachedSet
	sources remembered[knownSources]
	written atomic.Uint64 // transactions that may have changed something
	hashing chan struct{} // holds a place for each password being hashed
}

// Open opens DIR/registry.db, creating it or bringing it up to date where
// needed. The settings are those of the data directory, by which definitions
// are checked. A file that another process keeps locked, that is no database,
// or that a newer Strata has written is Unavailable.
func Open(ctx context.Context, dir string, settings strata.Settings) (_ *Registry, err error) {
	path := filepath.Join(dir, fileName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &strata.Error{Code: strata.Unavailable, Field: dir, Message: "the data directory cannot be made", Cause: err}
	}
	// SQLite would make the file readable for everyone.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, &strata.Error{Code: strata.Unavailable, Field: path, Message: "the registry cannot be opened", Cause: err}
	}
	if err := file.Close(); err != nil {
		return nil, &strata.Error{Code: strata.Unavailable, Field: path, Message: "the registry cannot be opened", Cause: err}
	}

	r := &Registry{path: path, settings: settings, hashing: make(chan struct{}, 2)}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
			err = r.failed("opening the registry", err)
		}
	}()
	if err := registerChecksum(); err != nil {
		return nil, err
	}
	if r.write, err = sql.Open("sqlite", dsn(path, "&_txlock=immediate")); err != nil {
		return nil, err
	}
	r.write.SetMaxOpenConns(1)
	if err := r.migrate(ctx); err != nil {
		return nil, err
	}
	if r.read, err = sql.Open("sqlite", dsn(path, "&_pragma=query_only(1)")); err != nil {
		return nil, err
	}
	r.read.SetMaxOpenConns(readers)
	if err := r.checkAtStart(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

func dsn(path, more string) string {
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=trusted_schema(0)" + more
}

func (r *Registry) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, r.write, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return &strata.Error{Code: strata.Unavailable, Field: r.path,
			Message: fmt.Sprintf("the registry is at version %d and this Strata knows %d", current, target),
			Hint:    "use the Strata that wrote it, or a newer one"}
	}
	_, err = provider.Up(ctx)
	return err
}

// Close closes the database. Calls after it fail.
func (r *Registry) Close() error {
	var errs []error
	for _, db := range []*sql.DB{r.read, r.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return r.failed("closing the registry", err)
	}
	return nil
}

// change runs fn in a transaction that is kept only where fn returns nil.
func (r *Registry) change(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	tx, err := r.write.BeginTx(ctx, nil)
	if err != nil {
		return r.failed(doing, err)
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := fn(tx); err != nil {
		return r.failed(doing, err)
	}
	err = tx.Commit()
	r.written.Add(1)
	return r.failed(doing, err)
}

// Written grows with every change: what was read is still so while it stays.
func (r *Registry) Written() uint64 { return r.written.Load() }

// look runs fn in a read transaction, which sees one state of everything.
func (r *Registry) look(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	tx, err := r.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return r.failed(doing, err)
	}
	defer tx.Rollback()
	return r.failed(doing, fn(tx))
}

// failed returns err as a *strata.Error: itself where it is one, Unavailable
// for what the disk, a lock or the end of the context brings, else Internal.
func (r *Registry) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	var known *strata.Error
	if errors.As(err, &known) {
		return err
	}
	failure := &strata.Error{Code: strata.Internal, Field: r.path, Message: doing, Cause: err}
	var s *sqlite.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		failure.Code = strata.Unavailable
	case errors.As(err, &s):
		switch s.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			failure.Code, failure.Hint = strata.Unavailable, "another process keeps it locked; end that one, or try again"
		case sqlite3.SQLITE_FULL:
			failure.Code, failure.Hint = strata.Unavailable, "the disk is full; make room"
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			failure.Code, failure.Hint = strata.Unavailable, "the file is damaged; restore it from a backup"
		case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM:
			failure.Code = strata.Unavailable
		}
	}
	return failure
}

func isConstraint(err error) bool {
	var s *sqlite.Error
	return errors.As(err, &s) && s.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}

// checksum is the xxHash64 of the parts, each after its length. Parts are
// strings, bytes, whole numbers and nil.
func checksum(parts ...any) int64 {
	var b []byte
	for _, part := range parts {
		switch v := part.(type) {
		case string:
			b = binary.AppendUvarint(b, uint64(len(v)))
			b = append(b, v...)
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, 8), uint64(v))
		case []byte:
			b = binary.AppendUvarint(b, uint64(len(v)))
			b = append(b, v...)
		case nil:
			b = append(b, 0xff, 0xff)
		default:
			panic(fmt.Sprintf("checksum of a %T", part))
		}
	}
	return int64(xxhash.Sum64(b))
}

// verify compares a row's checksum with its content.
func verify(table, row string, stored int64, parts ...any) error {
	if checksum(parts...) == stored {
		return nil
	}
	return damagedRow(table, row, nil)
}

func damagedRow(table, row string, cause error) error {
	return &strata.Error{Code: strata.Internal, Field: table + " " + row, Message: "the row is damaged",
		Hint: "restore registry.db from a backup", Cause: cause}
}
