// Package erasure remembers whose data were erased, without saying who it was:
// keyed hashes of their identity keys keep them out of later imports, and a
// ledger outside the store erases them again from a copy that was made before.
package erasure

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/zeebo/xxh3"

	"strata"
)

// Purpose is what the secret of a Store is derived for.
const Purpose = "erasure"

// The keys this package owns in Pebble: x, s, keyed hash(16); the value is the
// id of the erasure.
var markPrefix = []byte("xs")

// DB is where the marks stand; timeline.Store is one.
type DB interface {
	ScanKeys(from, to []byte, fn func(key, value []byte) error) error
}

// Hash is the keyed hash of an identity key: the first half of HMAC-SHA256
// under the store's secret.
type Hash [16]byte

// String is the hash in hexadecimal, as the ledger holds it.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Marks are the keyed hashes of the keys of those who were erased. They may be
// used by several goroutines.
type Marks struct {
	secret []byte

	mu  sync.RWMutex
	set map[Hash]struct{}
}

// Open reads the marks. The secret is the store's for Purpose.
func Open(db DB, secret []byte) (*Marks, error) {
	m := &Marks{secret: secret, set: map[Hash]struct{}{}}
	err := db.ScanKeys(markPrefix, []byte("xt"), func(key, _ []byte) error {
		if len(key) != len(markPrefix)+len(Hash{}) {
			return &strata.Error{Code: strata.Internal, Field: fmt.Sprintf("key %x", key), Message: "the mark of an erasure is damaged"}
		}
		m.set[Hash(key[len(markPrefix):])] = struct{}{}
		return nil
	})
	return m, err
}

// Of returns the keyed hash of a normalised key.
func (m *Marks) Of(k strata.Key) Hash {
	mac := hmac.New(sha256.New, m.secret)
	mac.Write([]byte(k.Namespace))
	mac.Write([]byte{0})
	mac.Write([]byte(k.Value))
	return Hash(mac.Sum(nil)[:16])
}

// Erased reports whether one of the keys is of somebody who was erased.
func (m *Marks) Erased(keys []strata.Key) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if len(m.set) == 0 {
		return false
	}
	for _, k := range keys {
		if _, ok := m.set[m.Of(k)]; ok {
			return true
		}
	}
	return false
}

// Mark writes the marks in the batch; Marked is called when it is committed.
func (m *Marks) Mark(b strata.Batch, e Entry) error {
	for _, text := range e.Keys {
		h, err := hashOf(text)
		if err != nil {
			return err
		}
		if err := b.Set(append(append([]byte{}, markPrefix...), h[:]...), []byte(e.ID)); err != nil {
			return err
		}
	}
	return nil
}

// Marked notes that the marks of an entry are committed.
func (m *Marks) Marked(e Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, text := range e.Keys {
		if h, err := hashOf(text); err == nil {
			m.set[h] = struct{}{}
		}
	}
}

// Allow takes the mark of a key away, in the batch; it reports false where
// there is none. Allowed is called when the batch is committed.
func (m *Marks) Allow(b strata.Batch, k strata.Key) (bool, error) {
	h := m.Of(k)
	m.mu.RLock()
	_, ok := m.set[h]
	m.mu.RUnlock()
	if !ok {
		return false, nil
	}
	return true, b.Delete(append(append([]byte{}, markPrefix...), h[:]...))
}

// Allowed notes that the mark of a key is gone.
func (m *Marks) Allowed(k strata.Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.set, m.Of(k))
}

func hashOf(text string) (Hash, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(Hash{}) {
		return Hash{}, &strata.Error{Code: strata.Internal, Message: "the hash of an erased key is damaged"}
	}
	return Hash(b), nil
}

// Entry is one line of the ledger.
type Entry struct {
	ID       string            `json:"id"`
	At       strata.Instant    `json:"at"`
	Customer strata.CustomerID `json:"customer,omitempty"`
	Keys     []string          `json:"keys,omitempty"`    // keyed hashes
	Allowed  []string          `json:"allowed,omitempty"` // keyed hashes of keys that are let in again
	Done     bool              `json:"done,omitempty"`    // the erasure of this id is complete
}

// Ledger is the file of all erasures, which is only ever appended to. Each
// line is JSON, a tab and its xxh3-64.
type Ledger struct {
	Path string
	mu   sync.Mutex
}

// Append adds an entry durably.
func (l *Ledger) Append(e Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if err := l.trim(); err != nil {
		return l.failed(err)
	}
	f, err := os.OpenFile(l.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return l.failed(err)
	}
	_, err = fmt.Fprintf(f, "%s\t%016x\n", body, xxh3.Hash(body))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return l.failed(err)
	}
	d, err := os.Open(filepath.Dir(l.Path))
	if err != nil {
		return l.failed(err)
	}
	return l.failed(errors.Join(d.Sync(), d.Close()))
}

// trim takes away a last line that was cut short.
func (l *Ledger) trim() error {
	b, err := os.ReadFile(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || len(b) == 0 || b[len(b)-1] == '\n' {
		return err
	}
	return os.Truncate(l.Path, int64(bytes.LastIndexByte(b, '\n')+1))
}

func (l *Ledger) failed(err error) error {
	if err == nil {
		return nil
	}
	return &strata.Error{Code: strata.Unavailable, Field: l.Path, Message: "the ledger of erasures cannot be written", Hint: "check the space and the rights there", Cause: err}
}

// Entries returns all entries, the oldest first; none where there is no file.
// A line that is damaged is Unavailable and named, but for a last one that was
// cut short: its entry was never begun.
func (l *Ledger) Entries() ([]Entry, error) {
	f, err := os.Open(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &strata.Error{Code: strata.Unavailable, Field: l.Path, Message: "the ledger of erasures cannot be read", Cause: err}
	}
	defer f.Close()
	var all []Entry
	bad := 0
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for n := 1; in.Scan(); n++ {
		if bad > 0 {
			return nil, l.damaged(bad)
		}
		body, sum, _ := strings.Cut(in.Text(), "\t")
		var e Entry
		if fmt.Sprintf("%016x", xxh3.HashString(body)) != sum || json.Unmarshal([]byte(body), &e) != nil {
			bad = n
			continue
		}
		all = append(all, e)
	}
	if err := in.Err(); err != nil {
		return nil, &strata.Error{Code: strata.Unavailable, Field: l.Path, Message: "the ledger of erasures cannot be read", Cause: err}
	}
	if bad > 0 && endsLine(f) {
		return nil, l.damaged(bad)
	}
	return all, nil
}

func endsLine(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, info.Size()-1)
	return err == nil && last[0] == '\n'
}

func (l *Ledger) damaged(line int) error {
	return &strata.Error{Code: strata.Unavailable, Field: fmt.Sprintf("%s:%d", l.Path, line), Message: "the line of the ledger of erasures is damaged",
		Hint: "put the ledger back from where the backups are"}
}

// Pending are the erasures that were begun and are not complete.
func Pending(all []Entry) []Entry {
	done := map[string]bool{}
	for _, e := range all {
		done[e.ID] = done[e.ID] || e.Done
	}
	var list []Entry
	for _, e := range all {
		if !done[e.ID] {
			list = append(list, e)
		}
	}
	return list
}
