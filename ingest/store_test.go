package ingest_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"strata"
	"strata/define"
	"strata/identity"
	"strata/ingest"
	"strata/timeline"
)

// stage is a data directory in memory with everything an import needs.
type stage struct {
	t        testing.TB
	fs       *vfs.MemFS
	store    *timeline.Store
	identity *identity.Store
	now      time.Time
	failAt   int // this commit fails; 0 = none
	commits  int
}

var defaultSettings = strata.DefaultSettings()

var errHook = errors.New("the commit was made to fail")

func newStage(t testing.TB, settings strata.Settings) *stage {
	s := &stage{t: t, fs: vfs.NewCrashableMem(), now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	s.open(settings)
	t.Cleanup(func() { s.store.Close() })
	return s
}

func (s *stage) open(settings strata.Settings) {
	s.t.Helper()
	opened := openStage(s.t, "data", s.fs, settings)
	s.store, s.identity = opened.store, opened.identity
}

func (s *stage) update(sync bool, fill func(strata.Batch) error) error {
	b := s.store.NewBatch()
	if err := fill(b); err != nil {
		return err
	}
	s.commits++
	if s.commits == s.failAt {
		return errHook
	}
	return s.store.Commit(b, sync)
}

func (s *stage) append(b strata.Batch, c strata.CustomerID, events []strata.Event, attributes []strata.Attribute, source string, imp uint32) error {
	return s.store.Append(b, c, timeline.Facts{Events: events, Attributes: attributes, Source: source, Import: imp})
}

func (s *stage) options(file ingest.Source, m *ingest.Mapping) ingest.Options {
	return ingest.Options{File: file, Mapping: m, Settings: s.store.Settings(), Store: s.store, Update: s.update, Append: s.append,
		Identity: s.identity, Normalise: identity.Normalise, Now: func() time.Time { return s.now }}
}

func (s *stage) importBytes(name string, data []byte, m *ingest.Mapping) (ingest.Report, error) {
	return s.importWith(s.options(ingest.BytesSource(name, data), m))
}

func (s *stage) importWith(o ingest.Options) (ingest.Report, error) {
	return ingest.Import(context.Background(), o)
}

// vocabulary is a small catalogue.
func vocabulary() *define.Catalogue {
	typ := func(n define.TypeName) define.EventProperty { return define.EventProperty{Type: define.Type{Name: n}} }
	return &define.Catalogue{
		Attributes: map[string]define.Attribute{
			"city":     {Type: define.Type{Name: define.TypeText}},
			"gender":   {Type: define.Type{Name: define.TypeChoice, Values: []string{"male", "female"}}},
			"birthday": {Type: define.Type{Name: define.TypeDate}},
			"likes":    {Type: define.Type{Name: define.TypeText, Many: true}},
			"balance":  {Type: define.Type{Name: define.TypeMoney}},
		},
		Events: map[string]define.Event{
			"order_paid": {Properties: map[string]define.EventProperty{"order_id": typ(define.TypeID), "amount": typ(define.TypeMoney), "store": typ(define.TypeText),
				"channel": typ(define.TypeText)}},
			"item_bought": {Properties: map[string]define.EventProperty{"order_id": typ(define.TypeID), "product": typ(define.TypeText), "quantity": typ(define.TypeNumber),
				"amount": typ(define.TypeMoney), "gift": typ(define.TypeBoolean), "weight": typ(define.TypeFloat)}},
			"order_refunded": {Properties: map[string]define.EventProperty{"order_id": typ(define.TypeID), "amount": typ(define.TypeMoney)}},
			"stay_booked":    {Identity: "booking", Properties: map[string]define.EventProperty{"booking": typ(define.TypeID), "nights": typ(define.TypeNumber)}},
			"store_visited":  {Properties: map[string]define.EventProperty{"store": typ(define.TypeText), "left_at": typ(define.TypeTime)}},
		},
	}
}

func mapping(t testing.TB, text string) *ingest.Mapping {
	t.Helper()
	m, err := ingest.ParseMapping("map.yaml", []byte(strings.ReplaceAll(text, "\t", "  ")), vocabulary())
	if err != nil {
		t.Fatalf("mapping: %v", err)
	}
	return m
}

// dataFile returns the path of a file of real data, or skips the test.
func dataFile(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("STRATA_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: %s is not here; set STRATA_DATA to the directory that holds it", name)
	}
	return path
}

// dump is everything known of everyone, a line for each fact, independent of
// customers' numbers.
func (s *stage) dump() []string {
	s.t.Helper()
	var lines []string
	for c := strata.CustomerID(1); c <= s.identity.Last(); c++ {
		keys, err := s.identity.Keys(c)
		if strata.CodeOf(err) == strata.NotFound {
			continue // the number of an abandoned batch
		}
		if err != nil {
			s.t.Fatal(err)
		}
		var names []string
		for _, k := range keys {
			names = append(names, k.Namespace+"="+k.Value)
		}
		who := strings.Join(names, "+")
		lines = append(lines, who)
		events, err := s.store.Events(c)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range events {
			line := who + " | " + e.Name + " " + strata.TimeOf(e.At).String() + " " + e.ID
			for _, p := range e.Properties {
				line += " " + p.Name + "=" + p.Value.String()
			}
			lines = append(lines, line+" from "+e.Source)
		}
		attributes, err := s.store.Attributes(c)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, a := range attributes {
			lines = append(lines, who+" | @"+a.Name+" "+strata.TimeOf(a.At).String()+" "+a.Value.String()+" from "+a.Source)
		}
	}
	slices.Sort(lines)
	return lines
}

var rowID = regexp.MustCompile(` f:[0-9a-f]{16}:[0-9]{10}`)

// hidden is dump without the ids of rows.
func (s *stage) hidden() []string {
	lines := s.dump()
	for i := range lines {
		lines[i] = rowID.ReplaceAllString(lines[i], " #")
	}
	return sorted(lines)
}

func sorted(lines []string) []string {
	lines = slices.Clone(lines)
	slices.Sort(lines)
	return lines
}

// refused lists the refused rows of an import as the command line shows them.
func (s *stage) refused(id uint32, file string) []string {
	s.t.Helper()
	var lines []string
	err := ingest.Refused(s.store, id, 0, func(r ingest.RefusedRow) error {
		lines = append(lines, r.Describe(file).Error()+" <"+r.Raw+">")
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return lines
}

// everyone visits all customers with their keys' text.
func (s *stage) everyone(fn func(*strata.History)) {
	s.t.Helper()
	err := s.store.Scan(context.Background(), 0, math.MaxUint32, func(h *strata.History) error {
		fn(h)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}
