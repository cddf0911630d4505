package audience_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
	"strata/audience"
)

// TestPages: paging through a set gives every customer once, in order,
// whatever the size of a page.
func TestPages(t *testing.T) {
	set := roaring.BitmapOf(1, 2, 3, 70, 65_536, 65_537, 4_000_000_000)
	for limit := 1; limit <= 8; limit++ {
		var all []uint32
		after, more := strata.CustomerID(0), true
		for more {
			var page []strata.CustomerID
			page, more = audience.Page(set, after, limit)
			if len(page) == 0 || len(page) > limit {
				t.Fatalf("a page of %d for the limit %d", len(page), limit)
			}
			for _, id := range page {
				all = append(all, uint32(id))
			}
			after = page[len(page)-1]
		}
		if !slices.Equal(all, set.ToArray()) {
			t.Errorf("limit %d: %v", limit, all)
		}
	}
	if page, more := audience.Page(set, 4_000_000_000, 10); len(page) != 0 || more {
		t.Errorf("after the last: %v, more %v", page, more)
	}
}

func TestLevels(t *testing.T) {
	levels := audience.LevelsOf([]string{"S", "A"}, 0, 1, 2, 1)
	for id, want := range []string{"", "S", "A", "S", ""} { // the last is beyond the column
		if got, _ := levels.Get(strata.CustomerID(id)); got != want {
			t.Errorf("customer %d is at %q, want %q", id, got, want)
		}
	}
	if got := levels.Members("S").ToArray(); !slices.Equal(got, []uint32{1, 3}) {
		t.Errorf("S: %v", got)
	}
	if n := levels.Members("B").GetCardinality(); n != 0 {
		t.Errorf("an unknown level has %d members", n)
	}
	var none *audience.Levels
	if got, at := none.Get(1); got != "" || at != -1 {
		t.Errorf("no column gives %q, %d", got, at)
	}
}

// ExamplePage lists the members of a segment, two at a time.
func ExamplePage() {
	regulars := roaring.BitmapOf(4, 8, 15)
	page, more := audience.Page(regulars, 0, 2)
	fmt.Println(page, more)
	page, more = audience.Page(regulars, page[len(page)-1], 2)
	fmt.Println(page, more)
	// Output:
	// [4 8] true
	// [15] false
}
