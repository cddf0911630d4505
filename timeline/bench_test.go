package timeline

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"strata"
)

// demoFacts returns the events of a shop, as a file brings them: in order of
// time, each customer with few in one batch.
func demoFacts(customers, each int) [][]Facts {
	r := rand.New(rand.NewPCG(1, 2))
	const start = 1_700_000_000_000
	type row struct {
		customer int
		event    strata.Event
	}
	rows := make([]row, 0, customers*each)
	for i := range customers * each {
		e := strata.Event{
			At: start + strata.Instant(i)*60_000, ID: fmt.Sprintf("f:%016x:%010d", i/500_000, i),
		}
		switch i % 5 {
		case 0, 1:
			e.Name = "order_paid"
			e.Properties = []strata.Property{
				{Name: "amount", Value: strata.MoneyOf(r.Int64N(100_000), 2)},
				{Name: "channel", Value: strata.TextOf([]string{"mini_program", "store", "web"}[r.IntN(3)])},
				{Name: "order_id", Value: strata.IDOf(fmt.Sprintf("O%010d", i))},
				{Name: "store", Value: strata.TextOf(fmt.Sprintf("store %d", r.IntN(40)))},
			}
		case 2, 3:
			e.Name = "item_bought"
			e.Properties = []strata.Property{
				{Name: "amount", Value: strata.MoneyOf(r.Int64N(10_000), 2)},
				{Name: "brand", Value: strata.TextOf(fmt.Sprintf("brand %d", r.IntN(300)))},
				{Name: "category", Value: strata.TextOf(fmt.Sprintf("category %d", r.IntN(20)))},
				{Name: "order_id", Value: strata.IDOf(fmt.Sprintf("O%010d", i-1))},
				{Name: "quantity", Value: strata.NumberOf(1+r.Int64N(5), 0)},
			}
		default:
			e.Name = "site_visited"
			e.Properties = []strata.Property{{Name: "page", Value: strata.TextOf(fmt.Sprintf("page %d", r.IntN(1000)))}}
		}
		rows = append(rows, row{1 + r.IntN(customers), e})
	}
	var batches [][]Facts
	for chunk := range slices.Chunk(rows, 20_000) {
		batch := make([]Facts, customers+1)
		for _, row := range chunk {
			f := &batch[row.customer]
			f.Source, f.Import = "pos", 1
			f.Events = append(f.Events, row.event)
		}
		batches = append(batches, batch)
	}
	return batches
}

func fill(b testing.TB, s *Store, batches [][]Facts) {
	batch := s.NewBatch()
	for _, facts := range batches {
		for c := range facts {
			if len(facts[c].Events) == 0 {
				continue
			}
			if err := s.Append(batch, strata.CustomerID(c), facts[c]); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Commit(batch, true); err != nil {
			b.Fatal(err)
		}
		batch.Reset()
	}
}

func diskBytes(dir string) (n int64) {
	filepath.WalkDir(dir, func(_ string, e fs.DirEntry, _ error) error {
		if info, err := e.Info(); err == nil && !e.IsDir() && filepath.Ext(e.Name()) == ".sst" {
			n += info.Size()
		}
		return nil
	})
	return n
}

// BenchmarkAppendAndCommit stores 1.5 M events of 20,000 customers in batches
// of 20,000, each synced.
func BenchmarkAppendAndCommit(b *testing.B) {
	batches := demoFacts(20_000, 75)
	for b.Loop() {
		s, err := Open(b.TempDir(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		fill(b, s, batches)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1.5e6*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkScan reads all of them: merged on the way, compacted, and after
// opening again with empty caches.
func BenchmarkScan(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	fill(b, s, demoFacts(20_000, 75))
	read := func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			customers, events, sum := 0, 0, int64(0)
			err := s.Scan(context.Background(), 1, 1<<20, func(h *strata.History) error {
				customers++
				for i := range h.Runs {
					run := &h.Runs[i]
					events += run.N
					for c := range run.Columns {
						if column := &run.Columns[c]; column.Kind == strata.Money {
							for i := range run.N {
								sum += column.Int(i)
							}
						}
					}
				}
				return nil
			})
			if err != nil || events != 1_500_000 {
				b.Fatal(err, customers, events)
			}
		}
	}
	b.Run("unmerged", read)
	if err := s.Compact(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.Run("compacted", read)
	b.Logf("%.1f MB on disk", float64(diskBytes(dir))/1e6)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("opened", func(b *testing.B) {
		for b.Loop() {
			if s, err = Open(dir, Options{ReadOnly: true}); err != nil {
				b.Fatal(err)
			}
			err := s.Scan(context.Background(), 1, 1<<20, func(*strata.History) error { return nil })
			if err != nil {
				b.Fatal(err)
			}
			s.Close()
		}
	})
}
