// Package identity decides which keys (phone, unionid, member number, device)
// are one customer and gives that customer a dense number.
//
// A key belongs to one customer for as long as the customer has it. A new key
// that arrives together with a known one is linked to the known one's
// customer; keys that belong to two customers are refused as a conflict.
package identity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"strata"
)

// DB is where committed keys are read; timeline.Store is one. Get returns nil
// where there is no value. ScanKeys calls fn for every key in [from, to) in
// ascending order until fn returns an error, which it returns, maybe wrapped;
// the slices are valid during the call.
type DB interface {
	Get(key []byte) ([]byte, error)
	ScanKeys(from, to []byte, fn func(key, value []byte) error) error
}

// Store knows the keys of all customers. It may be used by several
// goroutines; batches that give new numbers are resolved and committed one
// after the other, because a batch does not see the keys that another,
// uncommitted one has set.
type Store struct {
	db DB

	mu         sync.Mutex
	last       strata.CustomerID   // highest number given out, committed or not
	namespaces map[string]struct{} // in use; may hold more than are committed
	known      cache               // committed keys only
	scratch    []byte
}

// Open reads the highest number given out and the namespaces in use.
func Open(db DB) (*Store, error) {
	s := &Store{db: db, namespaces: map[string]struct{}{}}
	mark, err := db.Get([]byte(lastKey))
	if err != nil {
		return nil, reading("the highest customer number", err)
	}
	if mark != nil {
		if s.last, err = number(mark, "in"); err != nil {
			return nil, err
		}
	}
	// Batches may have been committed in another order than their numbers
	// were given out, so the mark may be lower than the numbers in use.
	from := appendCustomer(nil, s.last)
	err = db.ScanKeys(from, after([]byte(customerPrefix)), func(key, _ []byte) error {
		if len(key) < len(customerPrefix)+4 {
			return damaged(key)
		}
		s.last = max(s.last, strata.CustomerID(binary.BigEndian.Uint32(key[len(customerPrefix):])))
		return nil
	})
	if err != nil {
		return nil, reading("the customers", err)
	}
	return s, s.readNamespaces()
}

// readNamespaces finds the namespaces in use by jumping from one to the next.
func (s *Store) readNamespaces() error {
	from, to := []byte(keyPrefix), after([]byte(keyPrefix))
	for {
		found := ""
		err := s.db.ScanKeys(from, to, func(key, _ []byte) error {
			k, ok := splitKey(key[len(keyPrefix):])
			if !ok {
				return damaged(key)
			}
			found = k.Namespace
			return errEnough
		})
		if err != nil && !errors.Is(err, errEnough) {
			return reading("the namespaces", err)
		}
		if found == "" {
			return nil
		}
		s.namespaces[found] = struct{}{}
		from = append(append(from[:0], keyPrefix...), found...)
		from = append(from, 1)
	}
}

// errEnough ends a scan early.
var errEnough = errors.New("enough")

// Resolve returns the customer whom the keys name, giving a new number where
// all of them are unknown, and links those that are new to that customer. It
// sees the keys that the same batch has set before. What it gives out counts
// once the batch is committed; the number of an abandoned batch is not given
// out again while the store is open.
//
// The keys are normalised (see Normalise) and at least one. Keys of two
// customers are a Conflict that names both and sets nothing.
func (s *Store) Resolve(b strata.Batch, keys []strata.Key) (id strata.CustomerID, created bool, err error) {
	if len(keys) == 0 {
		return 0, false, &strata.Error{Code: strata.Invalid, Message: "no key says whose this is",
			Hint: "give at least one of member_no, phone, unionid or another key"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()

	unknown, owner := 0, 0 // count of keys without customer; index of the key that named id
	var missing [8]bool
	absent := missing[:]
	if len(keys) > len(missing) {
		absent = make([]bool, len(keys))
	}
	for i, k := range keys {
		c, err := s.lookUp(b, k)
		switch {
		case err != nil:
			return 0, false, err
		case c == 0:
			absent[i] = true
			unknown++
		case id == 0:
			id, owner = c, i
		case id != c:
			return 0, false, &strata.Error{Code: strata.Conflict, Field: k.Namespace,
				Message: fmt.Sprintf("%s and %s belong to two customers (numbers %d and %d)", name(keys[owner]), name(k), id, c),
				Hint:    "correct the one that is wrong"}
		}
	}
	if unknown == 0 {
		return id, false, nil
	}
	for i, k := range keys {
		if absent[i] {
			if err := checkKey(k); err != nil {
				return 0, false, err
			}
		}
	}
	if id == 0 {
		if s.last == math.MaxUint32 {
			return 0, false, &strata.Error{Code: strata.Unavailable, Message: "all customer numbers are used up"}
		}
		s.last++
		id, created = s.last, true
		if err := b.Set([]byte(lastKey), binary.BigEndian.AppendUint32(nil, uint32(id))); err != nil {
			return 0, false, err
		}
	}
	for i, k := range keys {
		if !absent[i] {
			continue
		}
		if err := s.link(b, id, k); err != nil {
			return 0, false, err
		}
	}
	return id, created, nil
}

// lookUp returns the customer of a key, 0 where there is none, as the batch
// sees it. Only what is committed enters the cache, so an abandoned batch
// leaves nothing behind.
func (s *Store) lookUp(b strata.Batch, k strata.Key) (strata.CustomerID, error) {
	if c, ok := s.known.get(k); ok {
		return c, nil
	}
	s.scratch = appendKey(s.scratch[:0], k)
	v, err := s.db.Get(s.scratch)
	if err != nil {
		return 0, reading(name(k), err)
	}
	if v != nil {
		c, err := number(v, string(s.scratch))
		if err == nil {
			s.known.put(k, c)
		}
		return c, err
	}
	if v, err = b.Get(s.scratch); err != nil || v == nil {
		return 0, err
	}
	return number(v, string(s.scratch))
}

func (s *Store) link(b strata.Batch, c strata.CustomerID, k strata.Key) error {
	var owner [4]byte
	binary.BigEndian.PutUint32(owner[:], uint32(c))
	s.namespaces[k.Namespace] = struct{}{}
	s.scratch = appendKey(s.scratch[:0], k)
	if err := b.Set(s.scratch, owner[:]); err != nil {
		return err
	}
	s.scratch = appendCustomerKey(s.scratch[:0], c, k)
	if err := b.Set(s.scratch, nil); err != nil {
		return err
	}
	if k.Namespace != Phone {
		return nil
	}
	s.scratch = appendSuffix(s.scratch[:0], k.Value)
	return b.Set(s.scratch, owner[:])
}

// Find returns the customer of a normalised key, and false where there is
// none. It sees what is committed.
func (s *Store) Find(k strata.Key) (strata.CustomerID, bool, error) {
	key := appendKey(nil, k)
	v, err := s.db.Get(key)
	if err != nil {
		return 0, false, reading(name(k), err)
	}
	if v == nil {
		return 0, false, nil
	}
	c, err := number(v, string(key))
	return c, err == nil, err
}

// Keys returns the keys of a customer by priority (member_no, unionid,
// user_id, phone, external_userid, openid, email, custom ones, anonymous_id),
// then text. An unknown customer is NotFound.
func (s *Store) Keys(c strata.CustomerID) ([]strata.Key, error) {
	var keys []strata.Key
	prefix := appendCustomer(nil, c)
	err := s.db.ScanKeys(prefix, after(prefix), func(key, _ []byte) error {
		k, ok := splitKey(key[len(prefix):])
		if !ok {
			return damaged(key)
		}
		keys = append(keys, k)
		return nil
	})
	if err != nil {
		return nil, reading(fmt.Sprintf("the keys of customer %d", c), err)
	}
	if keys == nil {
		return nil, &strata.Error{Code: strata.NotFound, Message: fmt.Sprintf("there is no customer number %d", c)}
	}
	slices.SortFunc(keys, compareKeys)
	return keys, nil
}

// Scan calls fn for every customer in [from, to] that has keys, by ascending
// number, with the customer's keys in the order of Keys; the slice is valid
// during the call. It stops at fn's first error and returns it, maybe wrapped.
func (s *Store) Scan(from, to strata.CustomerID, fn func(c strata.CustomerID, keys []strata.Key) error) error {
	var keys []strata.Key
	var customer strata.CustomerID
	flush := func() error {
		if len(keys) == 0 {
			return nil
		}
		slices.SortFunc(keys, compareKeys)
		err := fn(customer, keys)
		keys = keys[:0]
		return err
	}
	const numbered = len(customerPrefix) + 4
	err := s.db.ScanKeys(appendCustomer(nil, from), after(appendCustomer(nil, to)), func(key, _ []byte) error {
		if len(key) < numbered {
			return damaged(key)
		}
		k, ok := splitKey(key[numbered:])
		if !ok {
			return damaged(key)
		}
		if c := strata.CustomerID(binary.BigEndian.Uint32(key[len(customerPrefix):])); c != customer {
			if err := flush(); err != nil {
				return err
			}
			customer = c
		}
		keys = append(keys, k)
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// Last returns the highest customer number given out, 0 before the first.
func (s *Store) Last() strata.CustomerID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// byPriority returns the namespaces in use, best first.
func (s *Store) byPriority() []string {
	s.mu.Lock()
	names := make([]string, 0, len(s.namespaces))
	for n := range s.namespaces {
		names = append(names, n)
	}
	s.mu.Unlock()
	slices.SortFunc(names, compareNamespaces)
	return names
}

// PublicID returns the value of the customer's best key, in the order of
// Keys. Where a better namespace gives the same value to another customer it
// is namespace:value, so that ByPublicID always leads back. An unknown
// customer is NotFound.
func (s *Store) PublicID(c strata.CustomerID) (string, error) {
	keys, err := s.Keys(c)
	if err != nil {
		return "", err
	}
	return s.PublicOf(c, keys)
}

// PublicOf is PublicID for a caller that has the customer's keys in the order
// of Keys, such as one that goes through all customers with Scan.
func (s *Store) PublicOf(c strata.CustomerID, keys []strata.Key) (string, error) {
	best := keys[0]
	if best.Namespace == MemberNo && !strings.Contains(best.Value, ":") {
		return best.Value, nil // nothing comes before it
	}
	other, err := s.byPublicID(best.Value)
	if err != nil {
		return "", err
	}
	if other == c {
		return best.Value, nil
	}
	return best.Namespace + ":" + best.Value, nil
}

// ByPublicID returns the customer with that public id. The value of any other
// key of a customer leads to it too, unless it is another's public id.
// Nobody's is NotFound.
func (s *Store) ByPublicID(id string) (strata.CustomerID, error) {
	c, err := s.byPublicID(id)
	if err == nil && c == 0 {
		err = &strata.Error{Code: strata.NotFound, Message: "there is no customer " + maskUnknown(id),
			Hint: "look for the customer by phone or member number and use the id that is shown there"}
	}
	return c, err
}

func (s *Store) byPublicID(id string) (strata.CustomerID, error) {
	if id == "" {
		return 0, nil
	}
	if namespace, value, ok := strings.Cut(id, ":"); ok && value != "" {
		if c, ok, err := s.Find(strata.Key{Namespace: namespace, Value: value}); err != nil || ok {
			return c, err
		}
	}
	for _, namespace := range s.byPriority() {
		if c, ok, err := s.Find(strata.Key{Namespace: namespace, Value: id}); err != nil || ok {
			return c, err
		}
	}
	return 0, nil
}

func number(v []byte, key string) (strata.CustomerID, error) {
	if len(v) != 4 || binary.BigEndian.Uint32(v) == 0 {
		return 0, damaged([]byte(key))
	}
	return strata.CustomerID(binary.BigEndian.Uint32(v)), nil
}

func damaged(key []byte) error {
	return &strata.Error{Code: strata.Internal, Field: fmt.Sprintf("key %x", key), Message: "the identity record is damaged"}
}

// reading says what was being read when err came, unless err says it itself.
func reading(what string, err error) error {
	var e *strata.Error
	if errors.As(err, &e) {
		return err
	}
	return &strata.Error{Code: strata.Unavailable, Message: "reading " + what, Cause: err}
}

// name says a key for people, masked.
func name(k strata.Key) string { return k.Namespace + " " + Mask(k) }
