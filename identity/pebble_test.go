package identity_test

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"strata"
	"strata/identity"
)

// database reads Pebble as the timeline does.
type database struct{ *pebble.DB }

func (d database) Get(key []byte) ([]byte, error) { return get(d.DB, key) }

func (d database) ScanKeys(from, to []byte, fn func(key, value []byte) error) error {
	it, err := d.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return err
	}
	for it.First(); it.Valid(); it.Next() {
		if err := fn(it.Key(), it.Value()); err != nil {
			return errors.Join(err, it.Close())
		}
	}
	return it.Close()
}

type batch struct{ *pebble.Batch }

func (b batch) Get(key []byte) ([]byte, error)  { return get(b.Batch, key) }
func (b batch) Set(key, value []byte) error     { return b.Batch.Set(key, value, nil) }
func (b batch) Merge(key, operand []byte) error { return b.Batch.Merge(key, operand, nil) }
func (b batch) Delete(key []byte) error         { return b.Batch.Delete(key, nil) }

func get(r pebble.Reader, key []byte) ([]byte, error) {
	v, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	return append([]byte{}, v...), nil
}

// failer is a testing.T, a testing.B or a rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func openPebble(t failer, fs vfs.FS, dir string) database {
	t.Helper()
	db, err := pebble.Open(dir, &pebble.Options{FS: fs, Logger: quiet{}})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return database{db}
}

type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(string, ...any) {}

func open(t failer, db database) *identity.Store {
	t.Helper()
	s, err := identity.Open(db)
	if err != nil {
		t.Fatalf("identity.Open: %v", err)
	}
	return s
}

func fresh(t *testing.T) (*identity.Store, database) {
	t.Helper()
	db := openPebble(t, vfs.NewMem(), "db")
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return open(t, db), db
}

func resolve(t failer, s *identity.Store, b batch, keys ...strata.Key) strata.CustomerID {
	t.Helper()
	c, _, err := s.Resolve(b, keys)
	if err != nil {
		t.Fatalf("Resolve(%v): %v", keys, err)
	}
	return c
}

// commit resolves the keys in a batch of their own.
func commit(t failer, s *identity.Store, db database, keys ...strata.Key) strata.CustomerID {
	t.Helper()
	b := batch{db.NewIndexedBatch()}
	c := resolve(t, s, b, keys...)
	if err := b.Commit(pebble.NoSync); err != nil {
		t.Fatalf("commit: %v", err)
	}
	return c
}

func key(namespace, value string) strata.Key { return strata.Key{Namespace: namespace, Value: value} }
