package identity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"strata"
	"strata/identity"
)

func TestResolve(t *testing.T) {
	s, db := fresh(t)
	b := batch{db.NewIndexedBatch()}

	one, created, err := s.Resolve(b, []strata.Key{key("member_no", "M1"), key("phone", "+8613912341234")})
	if one != 1 || !created || err != nil {
		t.Fatalf("first = %d, %v, %v; want customer 1, created", one, created, err)
	}
	// The batch sees its own keys, links new ones and does not link twice.
	again, created, err := s.Resolve(b, []strata.Key{key("phone", "+8613912341234"), key("unionid", "u1"), key("unionid", "u1")})
	if again != 1 || created || err != nil {
		t.Fatalf("same batch = %d, %v, %v; want customer 1, known", again, created, err)
	}
	if _, found, err := s.Find(key("unionid", "u1")); found || err != nil {
		t.Fatalf("found before the commit: %v, %v", found, err)
	}
	if two := resolve(t, s, b, key("email", "a@x.com")); two != 2 {
		t.Fatalf("second = %d, want customer 2", two)
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		t.Fatal(err)
	}

	keys, err := s.Keys(1)
	want := []strata.Key{key("member_no", "M1"), key("unionid", "u1"), key("phone", "+8613912341234")}
	if diff := cmp.Diff(want, keys); diff != "" || err != nil {
		t.Errorf("keys of 1: %v\n%s", err, diff)
	}
	if c, found, err := s.Find(key("unionid", "u1")); c != 1 || !found || err != nil {
		t.Errorf("Find = %d, %v, %v", c, found, err)
	}
	for _, namespace := range []string{"phone", "other"} {
		if c, found, err := s.Find(key(namespace, "u1")); found || err != nil {
			t.Errorf("Find(%s u1) = %d, %v, %v; want none", namespace, c, found, err)
		}
	}
	if s.Last() != 2 {
		t.Errorf("Last = %d, want 2", s.Last())
	}
}

func TestResolveRefuses(t *testing.T) {
	s, db := fresh(t)
	commit(t, s, db, key("phone", "+8613912341234"))
	commit(t, s, db, key("member_no", "M20240002"))

	b := batch{db.NewIndexedBatch()}
	for _, test := range []struct {
		name  string
		keys  []strata.Key
		code  strata.Code
		names []string
	}{
		{"two customers", []strata.Key{key("unionid", "new"), key("phone", "+8613912341234"), key("member_no", "M20240002")},
			strata.Conflict, []string{"phone 139****1234", "member_no M2****02"}},
		{"no keys", nil, strata.Invalid, []string{"no key"}},
		{"no value", []strata.Key{key("phone", "")}, strata.Invalid, []string{"empty"}},
		{"no namespace", []strata.Key{key("", "M1")}, strata.Invalid, []string{"not a kind of key"}},
		{"unsafe namespace", []strata.Key{key("a\x00b", "M1")}, strata.Invalid, []string{"not a kind of key"}},
		{"one of two is bad", []strata.Key{key("unionid", "new"), key("member_no", "")}, strata.Invalid, []string{"empty"}},
	} {
		c, created, err := s.Resolve(b, test.keys)
		if strata.CodeOf(err) != test.code || c != 0 || created {
			t.Errorf("%s: %d, %v, %v; want %s", test.name, c, created, err, test.code)
			continue
		}
		for _, n := range test.names {
			if !strings.Contains(err.Error(), n) {
				t.Errorf("%s: %q does not say %q", test.name, err, n)
			}
		}
	}
	if !b.Empty() {
		t.Error("a refused call left something in the batch")
	}
	if s.Last() != 2 {
		t.Errorf("Last = %d after refusals, want 2", s.Last())
	}
}

func TestAbandonedBatch(t *testing.T) {
	s, db := fresh(t)
	b := batch{db.NewIndexedBatch()}
	for range 3 { // asked for often enough to be worth remembering
		if c := resolve(t, s, b, key("member_no", "lost")); c != 1 {
			t.Fatalf("customer %d, want 1", c)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if c := commit(t, s, db, key("member_no", "other")); c != 2 {
		t.Errorf("the abandoned number went to another: %d", c)
	}
	if c := commit(t, s, db, key("member_no", "lost")); c != 3 {
		t.Errorf("the abandoned key is remembered as customer %d, want 3", c)
	}
	if _, err := s.Keys(1); strata.CodeOf(err) != strata.NotFound {
		t.Errorf("keys of the abandoned customer: %v, want NotFound", err)
	}
}

// Two batches may reach the store in another order than they were resolved,
// or one of them not at all: numbers in use are never given out again.
func TestNumbersAfterReopening(t *testing.T) {
	fs := vfs.NewMem()
	db := openPebble(t, fs, "db")
	s := open(t, db)
	first, second, lost := batch{db.NewIndexedBatch()}, batch{db.NewIndexedBatch()}, batch{db.NewIndexedBatch()}
	resolve(t, s, first, key("member_no", "A"))
	resolve(t, s, second, key("member_no", "B"))
	resolve(t, s, lost, key("member_no", "C"))
	for _, b := range []batch{second, first} {
		if err := b.Commit(pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	if err := lost.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	db = openPebble(t, fs, "db")
	defer db.Close()
	s = open(t, db)
	if s.Last() != 2 {
		t.Errorf("Last = %d, want 2", s.Last())
	}
	if c := commit(t, s, db, key("member_no", "D")); c != 3 {
		t.Errorf("next = %d, want 3", c)
	}
	for value, want := range map[string]strata.CustomerID{"A": 1, "B": 2, "D": 3} {
		if c, _, err := s.Find(key("member_no", value)); c != want || err != nil {
			t.Errorf("Find(%s) = %d, %v; want %d", value, c, err, want)
		}
	}
}

func TestPublicID(t *testing.T) {
	s, db := fresh(t)
	commit(t, s, db, key("anonymous_id", "d1"), key("crm", "c1"), key("email", "a@x.com"), key("openid.wx1", "o1"),
		key("external_userid", "w1"), key("phone", "+8613912341234"), key("user_id", "x1"), key("unionid", "u1"), key("member_no", "M1"))
	commit(t, s, db, key("unionid", "M1"))                          // another's member number
	commit(t, s, db, key("crm", "7"))                               //
	commit(t, s, db, key("pos", "7"))                               // custom namespaces go by name
	commit(t, s, db, key("member_no", "unionid:M1"))                // looks like customer 2's
	commit(t, s, db, key("member_no", "b"), key("member_no", "a2")) // the smaller text
	commit(t, s, db, key("phone", "+8613912345555"))
	want := []string{"M1", "unionid:M1", "7", "pos:7", "member_no:unionid:M1", "a2", "+8613912345555"}

	check := func(s *identity.Store) {
		t.Helper()
		for i, want := range want {
			c := strata.CustomerID(i + 1)
			if got, err := s.PublicID(c); got != want || err != nil {
				t.Errorf("PublicID(%d) = %q, %v; want %q", c, got, err, want)
			}
			if got, err := s.ByPublicID(want); got != c || err != nil {
				t.Errorf("ByPublicID(%q) = %d, %v; want %d", want, got, err, c)
			}
		}
		for id, want := range map[string]strata.CustomerID{"u1": 1, "crm:7": 3, "b": 6, "phone:+8613912345555": 7} {
			if got, err := s.ByPublicID(id); got != want || err != nil {
				t.Errorf("ByPublicID(%q) = %d, %v; want %d", id, got, err, want)
			}
		}
		for _, id := range []string{"", "nobody", "crm:", ":", "+8613912349999"} {
			_, err := s.ByPublicID(id)
			if strata.CodeOf(err) != strata.NotFound || strings.Contains(err.Error(), "13912349999") {
				t.Errorf("ByPublicID(%q): %v; want NotFound without a phone", id, err)
			}
		}
		if _, err := s.PublicID(99); strata.CodeOf(err) != strata.NotFound {
			t.Errorf("PublicID(99): %v; want NotFound", err)
		}
		var scanned []string
		err := s.Scan(0, s.Last(), func(c strata.CustomerID, keys []strata.Key) error {
			id, err := s.PublicOf(c, keys)
			scanned = append(scanned, id)
			return err
		})
		if diff := cmp.Diff(want, scanned); diff != "" || err != nil {
			t.Errorf("Scan: %v\n%s", err, diff)
		}
	}
	check(s)
	check(open(t, db)) // with the namespaces read from the database
}

func TestSearch(t *testing.T) {
	s, db := fresh(t)
	commit(t, s, db, key("phone", "+8613912341234"), key("member_no", "M0001"))
	commit(t, s, db, key("phone", "+8613912345678"), key("email", "wang@qq.com"))
	commit(t, s, db, key("phone", "+8615512341234"))
	commit(t, s, db, key("member_no", "1234"))
	commit(t, s, db, key("phone", "+85291234567"), key("member_no", "M0002"))
	for _, test := range []struct {
		text  string
		limit int
		want  []strata.CustomerID
	}{
		{"M0001", 10, []strata.CustomerID{1}},
		{"Ｍ０００１", 10, []strata.CustomerID{1}},
		{"M000", 10, []strata.CustomerID{1, 5}},
		{"M000", 1, []strata.CustomerID{1}},
		{"m000", 10, nil},
		{"13912341234", 10, []strata.CustomerID{1}},
		{"139 1234 1234", 10, []strata.CustomerID{1}},
		{"+86-139-1234-1234", 10, []strata.CustomerID{1}},
		{"1391234", 10, []strata.CustomerID{1, 2}},
		{"+861391234", 10, []strata.CustomerID{1, 2}},
		{"1234", 10, []strata.CustomerID{4, 3, 1}}, // exact first, then phones that end so
		{"1234", 2, []strata.CustomerID{4, 3}},
		{"41234", 10, []strata.CustomerID{3, 1}},
		{"912341234", 10, []strata.CustomerID{1}},
		{"234", 10, nil}, // three digits are not an end
		{"4567", 10, []strata.CustomerID{5}},
		{"852912", 10, []strata.CustomerID{5}},
		{"WANG@qq.com", 10, []strata.CustomerID{2}},
		{"wang", 10, []strata.CustomerID{2}},
		{"5678 ", 10, []strata.CustomerID{2}},
		{"", 10, nil},
		{"1234", 0, nil},
		{"无", 10, nil},
	} {
		got, err := s.Search(test.text, test.limit)
		if !slices.Equal(got, test.want) || err != nil {
			t.Errorf("Search(%q, %d) = %v, %v; want %v", test.text, test.limit, got, err, test.want)
		}
	}
}

func TestDamagedRecord(t *testing.T) {
	for _, test := range []struct {
		name, key, value string
		ask              func(s *identity.Store, db database) error
	}{
		{"key without a number", "ikmember_no\x00M1", "x", func(s *identity.Store, _ database) error {
			_, _, err := s.Find(key("member_no", "M1"))
			return err
		}},
		{"key of customer 0", "ikmember_no\x00M1", "\x00\x00\x00\x00", func(s *identity.Store, db database) error {
			_, _, err := s.Resolve(batch{db.NewIndexedBatch()}, []strata.Key{key("member_no", "M1")})
			return err
		}},
		{"customer's key without namespace", "ic\x00\x00\x00\x01M1", "", func(s *identity.Store, _ database) error {
			_, err := s.Keys(1)
			return err
		}},
		{"highest number", "in", "x", func(_ *identity.Store, db database) error {
			_, err := identity.Open(db)
			return err
		}},
	} {
		s, db := fresh(t)
		if err := db.Set([]byte(test.key), []byte(test.value), pebble.NoSync); err != nil {
			t.Fatal(err)
		}
		if err := test.ask(s, db); strata.CodeOf(err) != strata.Internal || !strings.Contains(err.Error(), fmt.Sprintf("%x", test.key)) {
			t.Errorf("%s: %v; want Internal naming the key", test.name, err)
		}
	}
}

// TestAgainstMap compares random batches, committed or abandoned, and
// reopenings with a plain map of keys.
func TestAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewMem()
		db := openPebble(t, fs, "db")
		defer func() { db.Close() }()
		s := open(t, db)
		committed := map[strata.Key]strata.CustomerID{}
		highest := strata.CustomerID(0) // committed
		keys := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) strata.Key {
			return key(rapid.SampledFrom([]string{"member_no", "phone", "crm"}).Draw(t, "namespace"),
				rapid.SampledFrom([]string{"1", "2", "3", "4", "5"}).Draw(t, "value"))
		}), 1, 3)
		for range rapid.IntRange(1, 8).Draw(t, "batches") {
			if rapid.IntRange(0, 5).Draw(t, "reopen") == 0 {
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				db = openPebble(t, fs, "db")
				s = open(t, db)
				if s.Last() != highest {
					t.Fatalf("Last = %d after opening, want %d", s.Last(), highest)
				}
			}
			b := batch{db.NewIndexedBatch()}
			seen := map[strata.Key]strata.CustomerID{}
			for k, c := range committed {
				seen[k] = c
			}
			for range rapid.IntRange(1, 6).Draw(t, "calls") {
				ask := keys.Draw(t, "keys")
				owners := map[strata.CustomerID]bool{}
				for _, k := range ask {
					if c := seen[k]; c != 0 {
						owners[c] = true
					}
				}
				c, created, err := s.Resolve(b, ask)
				switch {
				case len(owners) > 1:
					if strata.CodeOf(err) != strata.Conflict {
						t.Fatalf("%v = %d, %v; want a conflict", ask, c, err)
					}
					continue
				case err != nil:
					t.Fatalf("%v: %v", ask, err)
				case len(owners) == 1 && (created || !owners[c]), len(owners) == 0 && (!created || c <= highest):
					t.Fatalf("%v = %d, created %v; owners %v", ask, c, created, owners)
				}
				for _, k := range ask {
					seen[k] = c
				}
			}
			if rapid.Bool().Draw(t, "abandon") {
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if err := b.Commit(pebble.Sync); err != nil {
				t.Fatal(err)
			}
			committed = seen
			for _, c := range committed {
				highest = max(highest, c)
			}
		}
		of := map[strata.CustomerID][]strata.Key{}
		for k, c := range committed {
			if got, ok, err := s.Find(k); got != c || !ok || err != nil {
				t.Fatalf("Find(%v) = %d, %v, %v; want %d", k, got, ok, err, c)
			}
			of[c] = append(of[c], k)
		}
		for c, want := range of {
			got, err := s.Keys(c)
			if err != nil || len(got) != len(want) {
				t.Fatalf("Keys(%d) = %v, %v; want %v in some order", c, got, err, want)
			}
			id, err := s.PublicID(c)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := s.ByPublicID(id); back != c || err != nil {
				t.Fatalf("ByPublicID(%q) = %d, %v; want %d", id, back, err, c)
			}
		}
	})
}

// BenchmarkResolve resolves mostly known keys of 20,000 customers in batches
// of 10,000, as an import does.
func BenchmarkResolve(b *testing.B) {
	db := openPebble(b, vfs.Default, b.TempDir())
	defer db.Close()
	s := open(b, db)
	keys := make([][]strata.Key, 20000)
	for i := range keys {
		keys[i] = []strata.Key{key("member_no", fmt.Sprintf("M%07d", i)), key("phone", fmt.Sprintf("+8613%09d", i*7919))}
	}
	in := batch{db.NewIndexedBatch()}
	n := 0
	for b.Loop() {
		resolve(b, s, in, keys[n*7919%len(keys)]...)
		if n++; n%10000 == 0 {
			if err := in.Commit(pebble.NoSync); err != nil {
				b.Fatal(err)
			}
			in = batch{db.NewIndexedBatch()}
		}
	}
}
