package timeline

import (
	"errors"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"strata"
)

func touched(t *testing.T, s *Store, after uint64) (list []strata.Touch, through uint64) {
	t.Helper()
	through, err := s.Touched(after, func(x strata.Touch) { list = append(list, x) })
	if err != nil {
		t.Fatal(err)
	}
	return list, through
}

func TestTouched(t *testing.T) {
	fs := vfs.NewMem()
	open := func() *Store {
		s, err := Open("touched", Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	visit := func(c strata.CustomerID, at strata.Instant) func(strata.Batch) error {
		return func(b strata.Batch) error {
			return s.Append(b, c, Facts{Events: []strata.Event{{Name: "visited", At: at}}, Source: "test"})
		}
	}
	update := func(writes ...func(strata.Batch) error) {
		t.Helper()
		err := s.Update(false, func(b strata.Batch) error {
			for _, write := range writes {
				if err := write(b); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	update(visit(1, 1000))
	if list, _ := touched(t, s, 0); len(list) != 0 {
		t.Errorf("touches before tracking: %v", list)
	}
	if err := s.Track(); err != nil {
		t.Fatal(err)
	}
	arrival := s.Arrivals()
	update(visit(7, 5000), visit(3, 9000), visit(7, 2500), func(b strata.Batch) error {
		return s.Append(b, 3, Facts{Attributes: []strata.Attribute{{Name: "city", At: 9500, Value: strata.TextOf("x")}}, Source: "test"})
	})
	select {
	case <-arrival:
	default:
		t.Error("the arrival of facts woke nobody")
	}
	want := []strata.Touch{{Customer: 3, From: 9000, Attributes: true}, {Customer: 7, From: 2500}}
	list, first := touched(t, s, 0)
	if !slices.Equal(list, want) {
		t.Errorf("touches %v, want %v", list, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open() // tracking goes on, and nothing is forgotten
	update(visit(9, 0))
	if list, _ := touched(t, s, 0); len(list) != 3 {
		t.Errorf("touches after opening again: %v", list)
	}
	if list, _ := touched(t, s, first); !slices.Equal(list, []strata.Touch{{Customer: 9}}) {
		t.Errorf("touches after the first commit: %v", list)
	}
	refused := errors.New("refused")
	err := s.Update(false, func(b strata.Batch) error {
		if err := visit(11, 1)(b); err != nil {
			return err
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("the error of the writer came back as %v", err)
	}
	before := s.Commits()
	if err := s.Publish(func(b strata.Batch) error { return s.Forget(b, first) }); err != nil {
		t.Fatal(err)
	}
	if s.Commits() != before {
		t.Errorf("publishing moved the number of commits from %d to %d", before, s.Commits())
	}
	if err := s.Publish(visit(12, 1)); strata.CodeOf(err) != strata.Internal {
		t.Errorf("facts among results: %v", err)
	}
	if list, _ := touched(t, s, 0); !slices.Equal(list, []strata.Touch{{Customer: 9}}) {
		t.Errorf("touches after forgetting: %v", list)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
