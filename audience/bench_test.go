package audience_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"strata"
	"strata/audience"
)

// The benchmarks are over a million customers with 200 number tags, 50
// segments and two tiers of nine levels.
const (
	benchPeople   = 1_000_000
	benchTags     = 200
	benchSegments = 50
)

var bench = sync.OnceValue(func() *audience.Table { return benchTable() })

func benchLayout() audience.Layout {
	l := audience.Layout{Tiers: []audience.Tier{{Name: "value"}, {Name: "intent"}}}
	for i := range 9 {
		for t := range l.Tiers {
			l.Tiers[t].Levels = append(l.Tiers[t].Levels, fmt.Sprintf("level_%d", i))
		}
	}
	for i := range benchTags {
		l.Tags = append(l.Tags, fmt.Sprintf("tag_%d", i))
	}
	for i := range benchSegments {
		l.Segments = append(l.Segments, fmt.Sprintf("segment_%d", i))
	}
	return l
}

// benchRow fills a row as a customer with a log-normal number of events has
// it: half of the tags are counts, half of them sums of money.
func benchRow(r *rand.Rand, row *audience.Row) {
	events := int64(1 + r.ExpFloat64()*20)
	for i := range row.Tags {
		n := int64(r.Uint64N(uint64(events*int64(1+i%5)/4 + 1)))
		if i%2 == 0 {
			row.Tags[i] = strata.NumberOf(n, 0)
		} else {
			row.Tags[i] = strata.MoneyOf(n*int64(r.Uint64N(20_000)), 2)
		}
	}
	for i := range row.Segments {
		row.Segments[i] = r.Uint64N(uint64(i+2)) == 0
	}
	row.Levels[0], row.Levels[1] = int(r.Uint64N(10))-1, int(r.Uint64N(9))
}

func emptyRow() audience.Row {
	return audience.Row{Tags: make([]strata.Value, benchTags), Segments: make([]bool, benchSegments), Levels: make([]int, 2)}
}

func benchTable() *audience.Table {
	b := audience.NewBuilder(0, benchPeople, benchLayout())
	r, row := rand.New(rand.NewPCG(1, 2)), emptyRow()
	for id := range strata.CustomerID(benchPeople) {
		benchRow(r, &row)
		b.Set(id, row)
	}
	return b.Table()
}

// BenchmarkBuild sets a row, on one core; drawing it is not measured.
func BenchmarkBuild(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	rows := make([]audience.Row, 2000)
	for i := range rows {
		rows[i] = emptyRow()
		benchRow(r, &rows[i])
	}
	b.ResetTimer()
	for done := 0; done < b.N; {
		build := audience.NewBuilder(0, 10*audience.BlockSize, benchLayout())
		for id := 0; id < 10*audience.BlockSize && done < b.N; id++ {
			build.Set(strata.CustomerID(id), rows[id%len(rows)])
			done++
		}
	}
}

// BenchmarkMemory reports what the table takes.
func BenchmarkMemory(b *testing.B) {
	table := bench()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for b.Loop() {
	}
	size := 0
	for _, c := range table.Tags {
		size += c.Size()
	}
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB")
	b.ReportMetric(float64(size)/1e6, "MB-tags")
	runtime.KeepAlive(table)
}

// BenchmarkCount counts expressions of five operands.
func BenchmarkCount(b *testing.B) {
	table := bench()
	segment := func(i int) audience.Set { return audience.Segment{Name: fmt.Sprintf("segment_%d", i)} }
	for name, s := range map[string]audience.Set{
		"and":     audience.All{Of: []audience.Set{segment(0), segment(1), segment(2), segment(3), segment(4)}},
		"or":      audience.Any{Of: []audience.Set{segment(0), segment(1), segment(20), segment(30), segment(40)}},
		"and_not": audience.All{Of: []audience.Set{segment(0), audience.Any{Of: []audience.Set{segment(1), audience.Level{Tier: "value", ID: "level_3"}}}, audience.Not{Of: audience.Any{Of: []audience.Set{segment(7), segment(9)}}}}},
		"not":     audience.Not{Of: audience.Any{Of: []audience.Set{segment(0), segment(1), segment(2), segment(3), segment(4)}}},
		"band":    audience.All{Of: []audience.Set{segment(0), segment(1), audience.Level{Tier: "intent", ID: "level_1"}, audience.Band{Tag: "tag_9", From: strata.NumberOf(10, 0)}, audience.Not{Of: segment(3)}}},
		"bands":   audience.All{Of: []audience.Set{segment(0), segment(1), audience.Band{Tag: "tag_8", From: strata.NumberOf(2, 0)}, audience.Band{Tag: "tag_9", From: strata.NumberOf(10, 0)}, audience.Not{Of: segment(3)}}},
		"scan":    audience.Band{Tag: "tag_9", From: strata.NumberOf(10, 0), To: strata.NumberOf(500, 0)},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if n, err := table.Count(s); n == 0 || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func BenchmarkSnapshot(b *testing.B) {
	table := bench()
	for b.Loop() {
		table.Snapshot()
	}
}

// BenchmarkApply applies rows to customers at random: a fresh row, of which
// nearly every value differs, or one that is what the table has, with a few
// tags changed; a snapshot is taken after every 5,000.
func BenchmarkApply(b *testing.B) {
	for _, changed := range []int{benchTags, 20, 0} {
		b.Run(fmt.Sprintf("changed=%d", changed), func(b *testing.B) {
			table := bench().Snapshot()
			w := table.Writer(benchLayout())
			r, rows := rand.New(rand.NewPCG(3, 4)), make([]audience.Row, 1000)
			for i := range rows {
				rows[i] = emptyRow()
				benchRow(r, &rows[i])
			}
			layout, row := benchLayout(), emptyRow()
			var held *audience.Table
			for n := 0; b.Loop(); n++ {
				id := strata.CustomerID(r.IntN(benchPeople))
				fresh := rows[r.IntN(len(rows))]
				if changed < benchTags {
					b.StopTimer()
					for i, name := range layout.Tags {
						row.Tags[i] = table.Tags[name].Get(id)
					}
					for i, name := range layout.Segments {
						row.Segments[i] = table.Segments[name].Contains(uint32(id))
					}
					for i, tier := range layout.Tiers {
						row.Levels[i] = table.Tiers[tier.Name].Index(id)
					}
					for range changed {
						i := r.IntN(benchTags)
						row.Tags[i] = fresh.Tags[i]
					}
					fresh = row
					b.StartTimer()
				}
				w.Apply(id, fresh)
				if n%5000 == 4999 {
					held = table.Snapshot()
				}
			}
			runtime.KeepAlive(held)
		})
	}
}

func BenchmarkSave(b *testing.B) {
	table := bench()
	size := &counter{}
	for b.Loop() {
		*size = counter{}
		if err := table.Save(size); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size.n)/1e6, "MB")
}

type counter struct{ n int }

func (c *counter) Write(b []byte) (int, error) { c.n += len(b); return len(b), nil }

func BenchmarkLoad(b *testing.B) {
	var file bytes.Buffer
	if err := bench().Save(&file); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := audience.LoadTable(io.MultiReader(bytes.NewReader(file.Bytes()))); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEach reads one tag of half of all customers.
func BenchmarkEach(b *testing.B) {
	table := bench()
	set := table.Segments["segment_0"]
	for b.Loop() {
		var sum int64
		table.Tags["tag_9"].Each(set, func(_ strata.CustomerID, v strata.Value) { sum += v.Int })
	}
}
