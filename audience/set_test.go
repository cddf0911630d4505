package audience_test

import (
	"fmt"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"strata"
	"strata/audience"
)

var layout = audience.Layout{
	Tags:     []string{"n", "amount", "city", "any"},
	Segments: []string{"a", "b"},
	Tiers:    []audience.Tier{{Name: "t", Levels: []string{"S", "A", "B"}}},
}

func anyRow() *rapid.Generator[audience.Row] {
	return rapid.Custom(func(t *rapid.T) audience.Row {
		maybe := func(v strata.Value) strata.Value {
			if rapid.IntRange(0, 3).Draw(t, "missing") == 0 {
				return strata.Value{}
			}
			return v
		}
		return audience.Row{
			Tags: []strata.Value{
				maybe(strata.NumberOf(rapid.Int64Range(-5, 5).Draw(t, "n"), 0)),
				maybe(strata.MoneyOf(rapid.Int64Range(-500, 500).Draw(t, "amount"), 2)),
				maybe(strata.TextOf(rapid.SampledFrom([]string{"北京", "上海"}).Draw(t, "city"))),
				anyValue().Draw(t, "any"),
			},
			Segments: []bool{rapid.Bool().Draw(t, "a"), rapid.Bool().Draw(t, "b")},
			Levels:   []int{rapid.IntRange(-1, 2).Draw(t, "level")},
		}
	})
}

func anySet(depth int) *rapid.Generator[audience.Set] {
	return rapid.Custom(func(t *rapid.T) audience.Set {
		kinds := 11
		if depth == 0 {
			kinds = 7
		}
		several := func() []audience.Set { return rapid.SliceOfN(anySet(depth-1), 0, 4).Draw(t, "of") }
		one := func() audience.Set { return anySet(depth-1).Draw(t, "of") }
		tag := rapid.SampledFrom(layout.Tags).Draw(t, "tag")
		switch rapid.IntRange(0, kinds-1).Draw(t, "set") {
		case 0:
			return audience.Everyone{}
		case 1:
			return audience.Segment{Name: rapid.SampledFrom(layout.Segments).Draw(t, "segment")}
		case 2:
			return audience.Level{Tier: "t", ID: rapid.SampledFrom([]string{"", "S", "A", "B"}).Draw(t, "level")}
		case 3:
			return audience.Holders{Tag: tag}
		case 4:
			return audience.Is{Tag: tag, Value: anyValue().Draw(t, "value")}
		case 5:
			return audience.Band{Tag: tag, From: anyValue().Draw(t, "from"), To: anyValue().Draw(t, "to")}
		case 6:
			return audience.Members{Of: roaring.BitmapOf(1, 64, 4096, 65_536)}
		case 7:
			return audience.All{Of: several()}
		case 8:
			return audience.Any{Of: several()}
		case 9:
			return audience.Except{Of: one(), Not: one()}
		}
		return audience.Not{Of: one()}
	})
}

// means says slowly whether a customer is in a set.
func means(s audience.Set, id strata.CustomerID, rows map[strata.CustomerID]audience.Row) bool {
	row, known := rows[id]
	tag := func(name string) strata.Value {
		for i, n := range layout.Tags {
			if n == name && known {
				return row.Tags[i]
			}
		}
		return strata.Value{}
	}
	any := func(of []audience.Set) bool {
		for _, s := range of {
			if means(s, id, rows) {
				return true
			}
		}
		return false
	}
	switch x := s.(type) {
	case audience.Everyone:
		return known
	case audience.Segment:
		return known && row.Segments[x.Name[0]-'a']
	case audience.Level:
		return known && row.Levels[0] >= 0 && (x.ID == "" || layout.Tiers[0].Levels[row.Levels[0]] == x.ID)
	case audience.Holders:
		return !tag(x.Tag).IsMissing()
	case audience.Is:
		v := tag(x.Tag)
		if v.Kind == strata.List && x.Value.Kind == strata.Text {
			for _, text := range v.Texts() {
				if text == x.Value.Text {
					return true
				}
			}
			return false
		}
		return !v.IsMissing() && strata.Equal(v, x.Value)
	case audience.Band:
		v := tag(x.Tag)
		if v.IsMissing() {
			return false
		}
		if c, ok := strata.Compare(v, x.From); !x.From.IsMissing() && (!ok || c < 0) {
			return false
		}
		c, ok := strata.Compare(v, x.To)
		return x.To.IsMissing() || ok && c < 0
	case audience.Members:
		return x.Of.Contains(uint32(id))
	case audience.All:
		if len(x.Of) == 0 {
			return known
		}
		for _, s := range x.Of {
			if !means(s, id, rows) {
				return false
			}
		}
		return true
	case audience.Any:
		return any(x.Of)
	case audience.Except:
		return means(x.Of, id, rows) && !means(x.Not, id, rows)
	case audience.Not:
		return known && !means(x.Of, id, rows)
	}
	panic(fmt.Sprintf("%T", s))
}

// TestSets compares random expressions with the slow reading of them, one
// customer after another, and counts with lists.
func TestSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.MapOf(anyNumber(), anyRow()).Draw(t, "rows")
		b := audience.NewBuilder(0, 70_001, layout)
		for id, row := range rows {
			b.Set(id, row)
		}
		table := b.Table()
		for range 5 {
			s := anySet(3).Draw(t, "expression")
			want := roaring.New()
			for _, id := range numbers {
				if means(s, id, rows) {
					want.Add(uint32(id))
				}
			}
			got, err := table.Select(s)
			if err != nil {
				t.Fatal(err)
			}
			n, err := table.Count(s)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Equals(want) || n != int(got.GetCardinality()) {
				t.Fatalf("%#v selects %v and counts %d, want %v", s, got, n, want)
			}
		}
	})
}

func TestUnknownNames(t *testing.T) {
	table := audience.NewBuilder(0, 1, layout).Table()
	for field, s := range map[string]audience.Set{
		"segments.x": audience.Segment{Name: "x"},
		"tiers.x":    audience.Not{Of: audience.Level{Tier: "x"}},
		"levels.x":   audience.Level{Tier: "t", ID: "x"},
		"tags.x":     audience.Any{Of: []audience.Set{audience.All{Of: []audience.Set{audience.Holders{Tag: "x"}}}}},
	} {
		_, err := table.Count(s)
		if e, ok := err.(*strata.Error); !ok || e.Code != strata.NotFound || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
		if _, err := table.Select(s); strata.CodeOf(err) != strata.NotFound {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestOverlap(t *testing.T) {
	got := audience.Overlap([]*roaring.Bitmap{roaring.BitmapOf(1, 2, 3), roaring.BitmapOf(3, 4), roaring.New()})
	if want := "[[3 1 0] [1 2 0] [0 0 0]]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// Those who spend the most, without those who are at the best level.
func ExampleTable_Count() {
	b := audience.NewBuilder(0, 4, audience.Layout{Tags: []string{"spend"}, Tiers: []audience.Tier{{Name: "value", Levels: []string{"high", "low"}}}})
	for i, spend := range []int64{9000, 5000, 100} {
		b.Set(strata.CustomerID(i+1), audience.Row{Tags: []strata.Value{strata.MoneyOf(spend, 2)}, Levels: []int{min(i, 1)}})
	}
	table := b.Table()
	n, err := table.Count(audience.Except{
		Of:  audience.Band{Tag: "spend", From: strata.MoneyOf(40, 0)},
		Not: audience.Level{Tier: "value", ID: "high"},
	})
	fmt.Println(n, err)
	// Output: 1 <nil>
}
