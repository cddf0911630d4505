package timeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"go.uber.org/goleak"

	"strata"
)

const day = strata.Instant(86_400_000)

func open(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func appendFacts(t testing.TB, s *Store, c strata.CustomerID, f Facts) {
	t.Helper()
	b := s.NewBatch()
	if err := s.Append(b, c, f); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(b, true); err != nil {
		t.Fatal(err)
	}
}

func visit(id string, at strata.Instant, page string) strata.Event {
	return strata.Event{Name: "site_visited", At: at, ID: id, Properties: []strata.Property{{Name: "page", Value: strata.TextOf(page)}}}
}

// pages reads the pages of a customer's visits through the in-place view.
func pages(t testing.TB, s *Store, c strata.CustomerID) (list []string) {
	t.Helper()
	page, _ := s.Dictionary().PropertyCode("page")
	err := s.Load(c, func(h *strata.History) error {
		for _, run := range h.Runs {
			for _, column := range run.Columns {
				for i := range run.N {
					if column.Property == page && column.Kind == strata.Text && column.Has(i) {
						list = append(list, s.Dictionary().Text(page, column.Code(i)))
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func wantError(t testing.TB, err error, code strata.Code, words ...string) {
	t.Helper()
	if strata.CodeOf(err) != code {
		t.Fatalf("error %v has code %s, want %s", err, strata.CodeOf(err), code)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func TestEverythingIsThereAfterClosingAndOpening(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	dir := filepath.Join(t.TempDir(), "customers")
	settings := strata.Settings{Zone: "Asia/Tokyo", WeekStart: 0, Currency: "JPY"}
	s, err := Open(dir, Options{Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	facts := Facts{Source: "web", Import: 3, Events: []strata.Event{visit("b", 2*day, "cart"), visit("a", day, "home")},
		Attributes: []strata.Attribute{{Name: "city", At: day, Value: strata.TextOf("上海")}}}
	appendFacts(t, s, 5, facts)
	hash, commits := s.Dictionary().IDHash("x"), s.Commits()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("closing again: %v", err)
	}

	for _, readOnly := range []bool{true, false} {
		s, err = Open(dir, Options{Settings: strata.DefaultSettings(), ReadOnly: readOnly})
		if err != nil {
			t.Fatal(err)
		}
		if s.Settings() != settings {
			t.Errorf("settings are %v, want %v", s.Settings(), settings)
		}
		if s.Dictionary().IDHash("x") != hash {
			t.Error("the hash key has changed")
		}
		if s.Commits() != commits {
			t.Errorf("commits are %d, were %d", s.Commits(), commits)
		}
		if got := pages(t, s, 5); !slices.Equal(got, []string{"home", "cart"}) {
			t.Errorf("pages %q", got)
		}
		events, err := s.Events(5)
		if err != nil {
			t.Fatal(err)
		}
		want := []StoredEvent{{facts.Events[1], "web", 3}, {facts.Events[0], "web", 3}}
		if !reflect.DeepEqual(events, want) {
			t.Errorf("events are\n%v, want\n%v", events, want)
		}
		if readOnly {
			b := s.NewBatch()
			b.Set([]byte("x"), nil)
			wantError(t, s.Commit(b, true), strata.Unavailable, "reading only")
		} else {
			appendFacts(t, s, 5, Facts{Source: "app", Events: []strata.Event{visit("c", 3*day, "pay")}})
			if s.Commits() != commits+1 {
				t.Errorf("commits are %d after one more than %d", s.Commits(), commits)
			}
			if got := s.Dictionary().EventNames(); !slices.Equal(got, []string{"site_visited"}) {
				t.Errorf("event names %q", got)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	held := t.TempDir()
	open(t, held, Options{})
	later := t.TempDir()
	s, err := Open(later, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.db.Set(formatKey, []byte("3"), nil), s.Close()); err != nil {
		t.Fatal(err)
	}
	foreign := t.TempDir()
	db, err := pebble.Open(foreign, &pebble.Options{Merger: (&merger{}).pebble(), Logger: quiet{slog.New(slog.DiscardHandler)}, FormatMajorVersion: pebble.FormatValueSeparation})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Set([]byte("x"), nil, nil), db.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir     string
		options Options
		code    strata.Code
		words   string
	}{
		"held":            {held, Options{}, strata.Unavailable, "in use by another strata"},
		"held, read only": {held, Options{ReadOnly: true}, strata.Unavailable, "in use by another strata"},
		"absent":          {filepath.Join(t.TempDir(), "x"), Options{ReadOnly: true}, strata.NotFound, "no data yet"},
		"empty":           {t.TempDir(), Options{ReadOnly: true}, strata.NotFound, "no data yet"},
		"later format":    {later, Options{}, strata.Unsupported, "format 3"},
		"another's":       {foreign, Options{}, strata.Invalid, "not Strata's"},
		"a file":          {file, Options{}, strata.Unavailable, "opening"},
		"zone":            {t.TempDir(), Options{Settings: strata.Settings{Zone: "Mars/Base"}}, strata.Invalid, "Mars/Base"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(c.dir, c.options)
			if err == nil {
				s.Close()
			}
			wantError(t, err, c.code, c.words)
		})
	}
}

// After a crash every synced commit is whole, and what was not synced is there
// whole or not at all, with its dictionary.
func TestCrashKeepsSyncedCommitsWhole(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	disk := vfs.NewCrashableMem()
	s, err := Open("customers", Options{FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	var last uint64
	synced := -1
	for i := range 60 {
		b := s.NewBatch()
		for c := range strata.CustomerID(3) {
			page := fmt.Sprintf("page %d", i)
			if err := s.Append(b, c+1, Facts{Source: fmt.Sprint("source ", i%7), Events: []strata.Event{visit(fmt.Sprint(i), strata.Instant(i)*day, page)}}); err != nil {
				t.Fatal(err)
			}
		}
		b.Set(fmt.Appendf(nil, "i%03d", i), []byte("x"))
		sync := r.IntN(2) == 0
		if err := s.Commit(b, sync); err != nil {
			t.Fatal(err)
		}
		if sync {
			synced = i
		} else if r.IntN(4) == 0 {
			if err := s.Sync(); err != nil {
				t.Fatal(err)
			}
			synced = i
		}
		last = s.Commits()
		if r.IntN(3) != 0 {
			continue
		}
		crashed := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(3) * 50, RNG: r})
		after, err := Open("customers", Options{FS: crashed})
		if err != nil {
			t.Fatalf("after commit %d: %v", i, err)
		}
		kept := pages(t, after, 1)
		if len(kept) < synced+1 || len(kept) > i+1 {
			t.Fatalf("%d commits are there; %d were synced, %d made", len(kept), synced+1, i+1)
		}
		for k, page := range kept {
			if page != fmt.Sprintf("page %d", k) {
				t.Fatalf("visit %d is to %q", k, page)
			}
		}
		for c := strata.CustomerID(2); c <= 3; c++ {
			if other := pages(t, after, c); !slices.Equal(kept, other) {
				t.Fatalf("customer 1 has %q, customer %d has %q", kept, c, other)
			}
		}
		keys := 0
		after.ScanKeys([]byte("i"), []byte("j"), func(_, _ []byte) error { keys++; return nil })
		if keys != len(kept) {
			t.Fatalf("%d keys of %d commits", keys, len(kept))
		}
		if _, err := after.Events(2); err != nil {
			t.Fatal(err)
		}
		if after.Commits() <= last {
			t.Fatalf("commit number %d after the crash, %d before", after.Commits(), last)
		}
		if err := after.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// A log that cannot be written is never acknowledged, and neither is what
// comes after it.
func TestBrokenLogIsNotAcknowledged(t *testing.T) {
	for _, sync := range []bool{true, false} {
		t.Run(fmt.Sprintf("sync %v", sync), func(t *testing.T) {
			disk := vfs.NewCrashableMem()
			var broken atomic.Bool
			inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
				if broken.Load() && strings.HasSuffix(op.Path, ".log") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
					return syscall.ENOSPC
				}
				return nil
			})
			s, err := Open("customers", Options{FS: errorfs.Wrap(disk, inject)})
			if err != nil {
				t.Fatal(err)
			}
			commit := func(i int) error {
				b := s.NewBatch()
				if err := s.Append(b, 1, Facts{Source: "web", Events: []strata.Event{visit(fmt.Sprint(i), strata.Instant(i)*day, fmt.Sprint("page ", i))}}); err != nil {
					t.Fatal(err)
				}
				return s.Commit(b, sync)
			}
			if err := errors.Join(commit(0), s.Sync()); err != nil {
				t.Fatal(err)
			}
			broken.Store(true)
			if sync {
				wantError(t, commit(1), strata.Unavailable, "cannot be written")
			} else {
				commit(1)
				wantError(t, s.Sync(), strata.Unavailable)
			}
			broken.Store(false)
			wantError(t, commit(2), strata.Unavailable, "cannot be written")
			wantError(t, s.Sync(), strata.Unavailable, "cannot be written")
			wantError(t, s.Close(), strata.Unavailable, "cannot be written")
			after := open(t, "customers", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
			if got := pages(t, after, 1); len(got) != 1 {
				t.Errorf("%d events are kept, want the acknowledged one", len(got))
			}
		})
	}
}

func TestCommitsOfAbandonedBatchesLeaveNoHoles(t *testing.T) {
	disk := vfs.NewMem()
	s := open(t, "customers", Options{FS: disk})
	abandoned := s.NewBatch()
	if err := s.Append(abandoned, 1, Facts{Source: "web", Events: []strata.Event{visit("a", day, "never committed")}}); err != nil {
		t.Fatal(err)
	}
	appendFacts(t, s, 2, Facts{Source: "web", Events: []strata.Event{visit("a", day, "never committed"), visit("b", 2*day, "other")}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, "customers", Options{FS: disk})
	if got := pages(t, s, 2); !slices.Equal(got, []string{"never committed", "other"}) {
		t.Errorf("pages %q", got)
	}
	if err := s.Load(1, func(*strata.History) error { return errors.New("the abandoned batch is there") }); err != nil {
		t.Error(err)
	}
}

func TestBatchSeesItsOwnWrites(t *testing.T) {
	join := func(_ []byte, operands [][]byte) ([]byte, error) { return bytes.Join(operands, nil), nil }
	s := open(t, t.TempDir(), Options{Mergers: map[byte]MergeFunc{'f': join}})
	get := func(g interface{ Get([]byte) ([]byte, error) }, key, want string) {
		t.Helper()
		got, err := g.Get([]byte(key))
		if err != nil || string(got) != want || want == "" && got != nil {
			t.Errorf("%s is %q, %v; want %q", key, got, err, want)
		}
	}
	b := s.NewBatch()
	value := []byte("1")
	b.Set([]byte("i1"), value)
	value[0] = 'x'
	b.Merge([]byte("f1"), []byte("a"))
	b.Merge([]byte("f1"), []byte("b"))
	get(b, "i1", "1")
	get(b, "f1", "ab")
	get(s, "i1", "")
	if err := s.Commit(b, false); err != nil {
		t.Fatal(err)
	}
	get(s, "i1", "1")
	get(s, "f1", "ab")
	wantError(t, s.Commit(b, false), strata.Internal, "before")
	b.Reset()
	commits := s.Commits()
	if err := s.Commit(b, true); err != nil || s.Commits() != commits {
		t.Errorf("an empty batch: %v, commits %d after %d", err, s.Commits(), commits)
	}
	b.Reset()
	b.Merge([]byte("f1"), []byte("c"))
	get(b, "f1", "abc")
	b.Delete([]byte("i1"))
	get(b, "i1", "")
	b.Set([]byte("f2"), nil)
	if got, err := b.Get([]byte("f2")); got == nil || err != nil {
		t.Errorf("an empty value is %v, %v", got, err)
	}
	b.Delete([]byte("f1"))
	b.Merge([]byte("f1"), []byte("d"))
	get(b, "f1", "d")
	if b.Len() < 20 {
		t.Errorf("%d bytes", b.Len())
	}
	if err := s.Commit(b, true); err != nil {
		t.Fatal(err)
	}
	get(s, "f1", "d")
	get(s, "i1", "")
	b.Reset()
	if err := b.Merge([]byte("x"), []byte("1")); err != nil {
		t.Fatal(err)
	}
	b.Merge([]byte("x"), []byte("2"))
	_, err := b.Get([]byte("x"))
	wantError(t, err, strata.Unavailable, `"x"`)
}

func TestAppendRefuses(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	event := func(change func(*strata.Event)) Facts {
		e := visit("a", day, "home")
		change(&e)
		return Facts{Source: "web", Events: []strata.Event{visit("z", day, "home"), e}}
	}
	for name, c := range map[string]struct {
		facts Facts
		words string
	}{
		"before 1970":  {event(func(e *strata.Event) { e.At = -1 }), "before 1970"},
		"after 2106":   {event(func(e *strata.Event) { e.At = endOfTime }), "2106-02-07T06:28:16Z is after 2106"},
		"no name":      {event(func(e *strata.Event) { e.Name = "" }), "name is empty"},
		"no source":    {Facts{Events: []strata.Event{visit("a", day, "home")}}, "name is empty"},
		"twice":        {event(func(e *strata.Event) { e.Properties = append(e.Properties, e.Properties[0]) }), "site_visited.page: the property is given twice"},
		"scale":        {event(func(e *strata.Event) { e.Properties[0].Value = strata.NumberOf(1, 19) }), "site_visited.page"},
		"attribute":    {Facts{Source: "web", Attributes: []strata.Attribute{{Name: "city", At: -1}}}, "attribute city"},
		"no attribute": {Facts{Source: "web", Attributes: []strata.Attribute{{At: 1}}}, "name is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.NewBatch()
			wantError(t, s.Append(b, 1, c.facts), strata.Invalid, c.words)
			if !b.writes.Empty() {
				t.Error("something was added")
			}
		})
	}
	// The edges are not refused.
	appendFacts(t, s, 1, Facts{Source: "web", Events: []strata.Event{visit("a", 0, "first"), visit("b", endOfTime-1, "last")}})
	if got := pages(t, s, 1); !slices.Equal(got, []string{"first", "last"}) {
		t.Errorf("pages %q", got)
	}
}

func TestAttributesStandInOrderAndFoldRepeats(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	city := func(at strata.Instant, priority uint8, v strata.Value) strata.Attribute {
		return strata.Attribute{Name: "city", At: at, Priority: priority, Value: v}
	}
	// "name" gets the smaller code, and stands after "city" all the same.
	appendFacts(t, s, 1, Facts{Source: "crm", Import: 1, Attributes: []strata.Attribute{
		{Name: "name", At: day, Value: strata.TextOf("李雷")}, city(2*day, 1, strata.TextOf("北京")), city(2*day, 1, strata.TextOf("上海"))}})
	appendFacts(t, s, 1, Facts{Source: "pos", Import: 2, Attributes: []strata.Attribute{city(2*day, 9, strata.TextOf("广州")), city(day, 9, strata.Value{})}})
	appendFacts(t, s, 1, Facts{Source: "crm", Import: 3, Attributes: []strata.Attribute{city(2*day, 1, strata.TextOf("北京")), {Name: "height", At: day, Value: strata.NumberOf(-175, 2)}}})
	appendFacts(t, s, 1, Facts{Source: "pos", Import: 3, Attributes: []strata.Attribute{city(2*day, 1, strata.TextOf("北京"))}})
	want := []string{"city missing", "city 北京", "city 北京", "city 上海", "city 广州", "height -1.75", "name 李雷"}
	check := func(list []strata.Attribute) {
		t.Helper()
		var got []string
		for _, a := range list {
			v := a.Value.String()
			if a.Value.IsMissing() {
				v = "missing"
			}
			got = append(got, a.Name+" "+v)
		}
		if !slices.Equal(got, want) {
			t.Errorf("attributes are\n%q, want\n%q", got, want)
		}
	}
	if err := s.Load(1, func(h *strata.History) error { check(h.Attributes); return nil }); err != nil {
		t.Fatal(err)
	}
	stored, err := s.Attributes(1)
	if err != nil {
		t.Fatal(err)
	}
	var plain []strata.Attribute
	var from []string
	for _, a := range stored {
		plain = append(plain, a.Attribute)
		from = append(from, fmt.Sprint(a.Source, a.Import))
	}
	check(plain)
	if wantFrom := []string{"pos2", "crm1", "pos3", "crm1", "pos2", "crm3", "crm1"}; !slices.Equal(from, wantFrom) {
		t.Errorf("sources %q, want %q", from, wantFrom)
	}
}

// 上 (U+4E0A) is before 北 (U+5317), so that 上海 wins among equal priorities.
func TestSmallerTextWinsAnInstant(t *testing.T) {
	for _, order := range [][]string{{"上海", "北京"}, {"北京", "上海"}} {
		s := open(t, t.TempDir(), Options{})
		for _, v := range order {
			appendFacts(t, s, 1, Facts{Source: "crm", Attributes: []strata.Attribute{{Name: "city", At: day, Value: strata.TextOf(v)}}})
		}
		err := s.Load(1, func(h *strata.History) error {
			if v := h.Attributes[len(h.Attributes)-1].Value.Text; v != "上海" {
				t.Errorf("%s wins", v)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTextsOutgrowTheDictionary(t *testing.T) {
	defer func(n int) { maxTexts = n }(maxTexts)
	maxTexts = 2
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range []string{"a", "b", "c", "a", "d", "c"} {
		appendFacts(t, s, 1, Facts{Source: "web", Events: []strata.Event{visit(fmt.Sprint(i), strata.Instant(i)*day, p)}})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{})
	d := s.Dictionary()
	page, _ := d.PropertyCode("page")
	if got := pages(t, s, 1); !slices.Equal(got, []string{"a", "b", "a"}) {
		t.Errorf("coded pages %q", got)
	}
	if _, ok := d.TextCode(page, "c"); ok {
		t.Error("a text above the limit has a code")
	}
	hashed := 0
	s.Load(1, func(h *strata.History) error {
		for _, c := range h.Runs[0].Columns {
			for i := range h.Runs[0].N {
				if c.Kind == strata.ID && c.Has(i) && (c.Code(i) == d.IDHash("c") || c.Code(i) == d.IDHash("d")) {
					hashed++
				}
			}
		}
		return nil
	})
	if hashed != 3 {
		t.Errorf("%d hashed values, want 3", hashed)
	}
	events, err := s.Events(1)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for _, e := range events {
		got += e.Property("page").Text
	}
	if got != "abcadc" {
		t.Errorf("pages %q", got)
	}
}

func TestScanIsInOrderAndOfOneMoment(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	last := strata.CustomerID(1<<32 - 1)
	for _, c := range []strata.CustomerID{700, 2, last, 3} {
		appendFacts(t, s, c, Facts{Source: "web", Events: []strata.Event{visit("a", day, fmt.Sprint(c))}})
	}
	appendFacts(t, s, 9, Facts{Source: "web", Attributes: []strata.Attribute{{Name: "city", Value: strata.TextOf("x")}}})
	appendFacts(t, s, 3, Facts{Source: "web", Attributes: []strata.Attribute{{Name: "city", Value: strata.TextOf("x")}}})
	var got []string
	note := func(h *strata.History) error {
		got = append(got, fmt.Sprintf("%d:%d/%d", h.Customer, len(h.Runs), len(h.Attributes)))
		if h.Customer == 2 { // not seen by this scan
			appendFacts(t, s, 100, Facts{Source: "web", Events: []strata.Event{visit("a", day, "late")}})
		}
		return nil
	}
	if err := s.Scan(context.Background(), 1, last, note); err != nil {
		t.Fatal(err)
	}
	if want := []string{"2:1/0", "3:1/1", "9:0/1", "700:1/0"}; !slices.Equal(got, want) {
		t.Errorf("scanned %q, want %q", got, want)
	}
	got = nil
	if err := s.Scan(context.Background(), 3, 9, note); err != nil || !slices.Equal(got, []string{"3:1/1"}) {
		t.Errorf("scanned %q, %v", got, err)
	}
	if got := pages(t, s, last); !slices.Equal(got, []string{"4294967295"}) {
		t.Errorf("the last customer has %q", got)
	}
	property, _ := s.Dictionary().PropertyCode("page")
	for _, only := range []strata.Wanted{{}, {Properties: []uint16{property}}, {Properties: []uint16{property + 1}, Attributes: []string{"nothing"}}} {
		var seen []string
		err := s.ScanOnly(context.Background(), 1, last, only, func(h *strata.History) error {
			columns := 0
			for i := range h.Runs {
				columns += len(h.Runs[i].Columns)
			}
			if shown := len(only.Properties) > 0 && only.Properties[0] == property; (columns > 0) != (shown && len(h.Runs) > 0) || len(h.Attributes) > 0 {
				t.Errorf("only %v shows %d columns and %v of customer %d", only, columns, h.Attributes, h.Customer)
			}
			seen = append(seen, fmt.Sprint(h.Customer))
			return nil
		})
		if err != nil || !slices.Equal(seen, []string{"2", "3", "9", "100", "700"}) {
			t.Errorf("only %v: scanned %q, %v", only, seen, err)
		}
	}
	stop := errors.New("stop")
	if err := s.Scan(context.Background(), 1, last, func(*strata.History) error { return stop }); err != stop {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Scan(ctx, 1, last, func(h *strata.History) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestDamagedValueIsNamed(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	appendFacts(t, s, 77, Facts{Source: "web", Events: []strata.Event{visit("a", day, "home")}, Attributes: []strata.Attribute{{Name: "city", Value: strata.TextOf("x")}}})
	for suffix, what := range map[byte]string{eventsSuffix: "events of customer 77", attributesSuffix: "attributes of customer 77"} {
		key := appendKey(nil, 77, suffix)
		good, err := s.Get(key)
		if err != nil {
			t.Fatal(err)
		}
		for name, bad := range map[string][]byte{"short": good[:len(good)-1], "version": append([]byte{9}, good[1:]...), "empty": {}} {
			if err := s.db.Set(key, bad, nil); err != nil {
				t.Fatal(err)
			}
			if suffix == eventsSuffix && name == "short" { // only where it is read
				_, err = s.Events(77)
			} else {
				err = s.Load(77, func(*strata.History) error { return nil })
			}
			wantError(t, err, strata.Unavailable, what)
			s.db.Merge(key, good, nil) // cannot be merged with it either
			wantError(t, s.Load(77, func(*strata.History) error { return nil }), strata.Unavailable, what)
		}
		s.db.Set(key, good, nil)
	}
}

func TestManyEventsOfOneCustomer(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	const appends, each = 30, 4000
	for a := range appends {
		var f Facts
		f.Source = "web"
		for i := range each {
			f.Events = append(f.Events, visit(fmt.Sprintf("f:%016x:%010d", a, i), strata.Instant(i)*1000+strata.Instant(a), "home"))
		}
		appendFacts(t, s, 1, f)
	}
	if err := s.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	appendFacts(t, s, 1, Facts{Source: "web", Events: []strata.Event{visit("one more", 0, "home")}})
	err := s.Load(1, func(h *strata.History) error {
		run := h.Runs[0]
		if run.N != appends*each+1 {
			t.Errorf("%d events", run.N)
		}
		for i := 1; i < run.N; i++ {
			if run.At(i-1) > run.At(i) {
				t.Fatalf("event %d is not in order", i)
			}
		}
		if n := run.Search(1000); n != appends+1 {
			t.Errorf("%d events in the first second", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.Events(1)
	if err != nil || len(events) != appends*each+1 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

// Appending, committing, scanning and looking names up go on at once.
func TestConcurrentUse(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			d := s.Dictionary()
			for {
				select {
				case <-done:
					return
				default:
				}
				err := s.Scan(context.Background(), 1, 100, func(h *strata.History) error {
					page, _ := d.PropertyCode("page")
					names := d.EventNames()
					for _, run := range h.Runs {
						if names[run.Event] != "site_visited" {
							return errors.New("an event without its name")
						}
						for i := range run.N {
							text := d.Text(page, run.Columns[0].Code(i))
							if code, ok := d.TextCode(page, text); !ok || code != run.Columns[0].Code(i) {
								return fmt.Errorf("the code of %q is %d", text, code)
							}
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 200 {
		appendFacts(t, s, strata.CustomerID(1+i%50), Facts{Source: "web", Attributes: []strata.Attribute{{Name: fmt.Sprint("a", 200-i), Value: strata.TextOf("x")}},
			Events: []strata.Event{visit(fmt.Sprint(i), strata.Instant(i)*day, fmt.Sprint("page ", i))}})
	}
	close(done)
	readers.Wait()
}
