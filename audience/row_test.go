package audience_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"strata"
	"strata/audience"
)

// TestRows applies and removes rows at random, takes snapshots, and saves and
// loads: every table shows exactly the rows that it was given, in columns as
// in sets.
func TestRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type state struct {
			table *audience.Table
			rows  map[strata.CustomerID]audience.Row
		}
		rows := rapid.MapOf(anyNumber(), anyRow()).Draw(t, "first rows")
		b := audience.NewBuilder(7, 70_001, layout)
		for id, row := range rows {
			b.Set(id, row)
		}
		live := state{b.Table(), rows}
		w := live.table.Writer(layout)
		var states []state
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := anyNumber().Draw(t, "id")
			before, known := live.rows[id]
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				states = append(states, state{live.table.Snapshot(), maps.Clone(live.rows)})
			case 1:
				live.table.Remove(id)
				delete(live.rows, id)
			default:
				row := anyRow().Draw(t, "row")
				checkChanges(t, w.Apply(id, row), before, known, row)
				live.rows[id] = row
			}
		}
		states = append(states, live)
		for _, s := range states {
			checkRows(t, s.table, s.rows)
			var file bytes.Buffer
			if err := s.table.Save(&file); err != nil {
				t.Fatal(err)
			}
			loaded, err := audience.LoadTable(&file)
			if err != nil {
				t.Fatal(err)
			}
			checkRows(t, loaded, s.rows)
			if loaded.AsOf != 7 {
				t.Fatalf("loaded as of %d", loaded.AsOf)
			}
		}
	})
}

func checkChanges(t *rapid.T, got *audience.Changes, before audience.Row, known bool, row audience.Row) {
	want := audience.Changes{New: !known}
	if !known {
		before = audience.Row{Tags: make([]strata.Value, len(layout.Tags)), Segments: make([]bool, 2), Levels: []int{-1}}
	}
	for i, v := range row.Tags {
		if v != before.Tags[i] {
			want.Tags = append(want.Tags, audience.TagChange{Tag: i, Before: before.Tags[i]})
		}
	}
	for i, in := range row.Segments {
		if in != before.Segments[i] {
			want.Segments = append(want.Segments, i)
		}
	}
	if row.Levels[0] != before.Levels[0] {
		want.Levels = append(want.Levels, audience.LevelChange{Tier: 0, Before: before.Levels[0]})
	}
	if got.New != want.New || !slices.Equal(got.Tags, want.Tags) || !slices.Equal(got.Segments, want.Segments) || !slices.Equal(got.Levels, want.Levels) {
		t.Fatalf("changes %+v, want %+v", *got, want)
	}
}

func checkRows(t *rapid.T, table *audience.Table, rows map[strata.CustomerID]audience.Row) {
	everyone := roaring.New()
	segments := []*roaring.Bitmap{roaring.New(), roaring.New()}
	levels := []*roaring.Bitmap{roaring.New(), roaring.New(), roaring.New()}
	for _, id := range numbers {
		row, known := rows[id]
		level := -1
		if known {
			everyone.Add(uint32(id))
			if level = row.Levels[0]; level >= 0 {
				levels[level].Add(uint32(id))
			}
		}
		if got := table.Tiers["t"].Index(id); got != level {
			t.Fatalf("customer %d is at level %d, want %d", id, got, level)
		}
		for i, name := range layout.Tags {
			want := strata.Value{}
			if known {
				want = row.Tags[i]
			}
			if got := table.Tags[name].Get(id); got != want {
				t.Fatalf("customer %d has %s %#v, want %#v", id, name, got, want)
			}
		}
		for i := range segments {
			if known && row.Segments[i] {
				segments[i].Add(uint32(id))
			}
		}
	}
	if !table.Everyone.Equals(everyone) {
		t.Fatalf("everyone %v, want %v", table.Everyone, everyone)
	}
	for i, name := range layout.Segments {
		if !table.Segments[name].Equals(segments[i]) {
			t.Fatalf("%s: %v, want %v", name, table.Segments[name], segments[i])
		}
	}
	for i, id := range layout.Tiers[0].Levels {
		if got := table.Tiers["t"].Members(id); !got.Equals(levels[i]) {
			t.Fatalf("%s: %v, want %v", id, got, levels[i])
		}
	}
}

// TestOverlappingLevels gives customers several levels at random.
func TestOverlappingLevels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := make([]string, 64)
		for i := range ids {
			ids[i] = string(rune('a' + i))
		}
		table := audience.NewTable(0)
		levels := audience.NewLevels(ids, 0)
		table.Tiers["t"] = levels
		want := map[strata.CustomerID]uint64{}
		var past *audience.Table
		var then map[strata.CustomerID]uint64
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := anyNumber().Draw(t, "id")
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				past, then = table.Snapshot(), maps.Clone(want)
			case 1, 2:
				level := rapid.IntRange(-1, 63).Draw(t, "level")
				mask := uint64(0)
				if level >= 0 {
					mask = 1 << level
				}
				if got := levels.Set(id, level); got != (mask != want[id]) {
					t.Fatalf("setting %d says changed %v", level, got)
				}
				want[id] = mask
			default:
				mask := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 7)).Draw(t, "mask")
				if got := levels.SetMask(id, mask); got != (mask != want[id]) {
					t.Fatalf("setting %b says changed %v", mask, got)
				}
				want[id] = mask
			}
		}
		check := func(table *audience.Table, want map[strata.CustomerID]uint64) {
			levels := table.Tiers["t"]
			for _, id := range numbers {
				if got := levels.Mask(id); got != want[id] {
					t.Fatalf("customer %d is at %b, want %b", id, got, want[id])
				}
				if _, best := levels.Get(id); want[id] != 0 && want[id]&(1<<best-1) != 0 || (best >= 0) != (want[id] != 0) {
					t.Fatalf("the best of %b is %d", want[id], best)
				}
			}
			for i, level := range ids {
				got := levels.Members(level)
				for _, id := range numbers {
					if got.Contains(uint32(id)) != (want[id]>>i&1 != 0) {
						t.Fatalf("members of %s: %v, customer %d is at %b", level, got, id, want[id])
					}
				}
			}
		}
		check(table, want)
		if past != nil {
			check(past, then)
			var file bytes.Buffer
			if err := past.Save(&file); err != nil {
				t.Fatal(err)
			}
			loaded, err := audience.LoadTable(&file)
			if err != nil {
				t.Fatal(err)
			}
			check(loaded, then)
		}
	})
}

// TestReadersSeeWholeUpdates: while one goroutine updates a table, others read
// snapshots in every way. Each update leaves all of a customer's values
// equal, and each customer of a batch in the same state.
func TestReadersSeeWholeUpdates(t *testing.T) {
	const people, batch, updates = 20_000, 500, 300
	layout := audience.Layout{
		Tags: []string{"n", "text"}, Segments: []string{"odd"}, Tiers: []audience.Tier{{Name: "t", Levels: []string{"even", "odd"}}},
	}
	texts := []string{"零", "一", "二", "三", "四", "五", "六"}
	row := func(n int) audience.Row {
		return audience.Row{
			Tags:     []strata.Value{strata.NumberOf(int64(n), 0), strata.TextOf(texts[n%7])},
			Segments: []bool{n%2 == 1}, Levels: []int{n % 2},
		}
	}
	b := audience.NewBuilder(0, people, layout)
	var group sync.WaitGroup
	for w := range 2 { // every other block
		group.Go(func() {
			for from := w * audience.BlockSize; from < people; from += 2 * audience.BlockSize {
				for id := from; id < min(from+audience.BlockSize, people); id++ {
					b.Set(strata.CustomerID(id), row(0))
				}
			}
		})
	}
	group.Wait()
	live := shared{table: b.Table()}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	var done atomic.Bool
	for range 3 {
		group.Go(func() {
			for !done.Load() {
				s := live.Snapshot()
				odd := s.Segments["odd"]
				list, _ := s.Select(audience.Is{Tag: "text", Value: strata.TextOf("一")})
				n, _ := s.Count(audience.Is{Tag: "text", Value: strata.TextOf("一")})
				if n != int(list.GetCardinality()) {
					t.Errorf("seed %d: a count of %d and a list of %d", seed, n, list.GetCardinality())
				}
				if !s.Tiers["t"].Members("odd").Equals(odd) {
					t.Errorf("seed %d: a level and a segment differ", seed)
				}
				if c := s.Everyone.Clone(); c.GetCardinality() != people {
					t.Errorf("seed %d: %d customers", seed, c.GetCardinality())
				}
				others := roaring.AndNot(s.Everyone, odd)
				others.Or(odd)
				others.Remove(5)
				s.Tags["n"].Each(s.Everyone, func(id strata.CustomerID, v strata.Value) {
					text, _ := s.Tiers["t"].Get(id)
					if s.Tags["text"].Get(id).Text != texts[v.Int%7] || (text == "odd") != (v.Int%2 == 1) || odd.Contains(uint32(id)) != (v.Int%2 == 1) {
						t.Errorf("seed %d: customer %d has %v, %v, %s", seed, id, v, s.Tags["text"].Get(id), text)
					}
				})
			}
		})
	}
	for n := 1; n <= updates; n++ {
		live.Update(func(table *audience.Table) {
			w := table.Writer(layout)
			for range batch {
				w.Apply(strata.CustomerID(r.IntN(people)), row(n*n))
			}
		})
	}
	done.Store(true)
	group.Wait()
}

// shared is a table that one goroutine updates while others take snapshots.
type shared struct {
	sync.Mutex
	table *audience.Table
}

func (s *shared) Update(fn func(*audience.Table)) {
	s.Lock()
	defer s.Unlock()
	fn(s.table)
}

func (s *shared) Snapshot() *audience.Table {
	s.Lock()
	defer s.Unlock()
	return s.table.Snapshot()
}
