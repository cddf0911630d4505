package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"strata"
	"strata/ingest"
)

// byNumber is what is known of everyone by number, whatever the keys are.
func (s *stage) byNumber() map[strata.CustomerID][]string {
	s.t.Helper()
	all := map[strata.CustomerID][]string{}
	for c := strata.CustomerID(1); c <= s.identity.Last(); c++ {
		events, err := s.store.Events(c)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range events {
			all[c] = append(all[c], fmt.Sprint(e.Name, e.At, e.ID, e.Properties, e.Source, e.Import))
		}
		attributes, err := s.store.Attributes(c)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, a := range attributes {
			all[c] = append(all[c], fmt.Sprint("@", a.Name, a.At, a.Value, a.Source, a.Import))
		}
	}
	return all
}

func (s *stage) undo(id uint32, batch int) (*ingest.Record, error) {
	return ingest.Undo(context.Background(), ingest.UndoOptions{
		Store: s.store, Update: s.update, Last: s.identity.Last(), Now: func() strata.Instant { return strata.At(s.now) }, ID: id, Batch: batch,
		Withdraw: func(b strata.Batch, c strata.CustomerID, imported uint32) ([]strata.Event, int, error) {
			gone, err := s.store.Withdraw(b, c, imported)
			return gone.Events, gone.Attributes, err
		},
	})
}

// TestUndo: an import that is undone, by an undoing that fails at any commit or
// loses its power there and is run again, leaves the facts that were there
// before; and its file imported again gives what it gave at first.
func TestUndo(t *testing.T) {
	// With one key a row means the same customer whenever it comes.
	m := mapping(t, strings.Replace(crashMapping, ", phone: {column: p, invalid: ignore}", "", 1))
	rapid.Check(t, func(r *rapid.T) {
		s := newStage(t, strata.Settings{})
		defer func() { s.store.Close() }()
		if _, err := s.importBytes("before.csv", []byte("m,p,kind,no,at,a,city\n1,13800138001,sale,3,2026-04-01,1,北京\n2,,refund,7,2026-04-01,1,\n3,,visit,1,2026-04-01,1,上海\n"), m); err != nil {
			r.Fatal(err)
		}
		before := s.byNumber()
		file := crashFile(r)
		brought, err := s.importBytes("f.csv", file, m)
		if err != nil {
			r.Fatal(err)
		}
		after := s.dump()
		batch := rapid.IntRange(1, 4).Draw(r, "batch")
		for try := 0; ; try++ {
			s.commits, s.failAt = 0, 0
			if try < 3 {
				s.failAt = rapid.IntRange(1, 6).Draw(r, "fails at")
			}
			record, err := s.undo(brought.ID, batch)
			if err == nil {
				if record.State != ingest.Undone || record.Withdrawn.Events != brought.Events || record.Withdrawn.Attributes > brought.Attributes {
					r.Fatalf("undone %+v of %+v", record.Withdrawn, brought.Counts)
				}
				break
			}
			if !errors.Is(err, errHook) {
				r.Fatal(err)
			}
			if s.failAt = 0; s.undoing(brought.ID) {
				if _, err := s.importBytes("f.csv", file, m); strata.CodeOf(err) != strata.Conflict {
					r.Fatalf("imported while it is being undone: %v", err)
				}
			}
			if rapid.Bool().Draw(r, "power lost") {
				s.crash(rapid.SampledFrom([]int{0, 50, 100}).Draw(r, "kept"), rapid.Uint64().Draw(r, "seed"))
			}
		}
		s.failAt = 0
		if d := cmp.Diff(before, s.byNumber()); d != "" {
			r.Fatalf("facts after undoing (-before +after):\n%s\n%s", d, file)
		}
		again, err := s.importBytes("f.csv", file, m)
		if err != nil {
			r.Fatal(err)
		}
		if again.Events != brought.Events || again.Attributes != brought.Attributes {
			r.Fatalf("imported again: %+v, at first %+v", again.Counts, brought.Counts)
		}
		if d := cmp.Diff(after, s.dump()); d != "" {
			r.Fatalf("facts of the file imported again (-first +again):\n%s\n%s", d, file)
		}
	})
}

// undoing reports whether an import is on its way to be undone.
func (s *stage) undoing(id uint32) (is bool) {
	s.t.Helper()
	err := ingest.Records(s.store, func(r ingest.Record) error {
		is = is || r.ID == id && r.State == ingest.Undoing
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return is
}
