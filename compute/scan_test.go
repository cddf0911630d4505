package compute_test

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/identity"
	"strata/timeline"
)

// TestCustomersWithoutFacts: who exists without events is in the answer, be
// there few of them between the others or many, and who does not exist is not.
func TestCustomersWithoutFacts(t *testing.T) {
	file, err := define.Parse("test", []byte("catalogue: {events: {visited: {}}}\ntags: {visits: {value: {count: {event: visited}}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := define.Check(nil, file, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	for _, every := range []int{1, 2, 3, 1000} { // each of so many has no events
		store, err := timeline.Open("scan", timeline.Options{FS: vfs.NewMem()})
		if err != nil {
			t.Fatal(err)
		}
		people, err := identity.Open(store)
		if err != nil {
			t.Fatal(err)
		}
		const n = 5000
		batch := store.NewBatch()
		for i := 1; i <= n; i++ {
			id, _, err := people.Resolve(batch, []strata.Key{{Namespace: identity.MemberNo, Value: fmt.Sprint(i)}})
			if err != nil || int(id) != i {
				t.Fatal(id, err)
			}
			if i%every == 0 {
				continue
			}
			err = store.Append(batch, id, timeline.Facts{Events: []strata.Event{{Name: "visited", At: 1_700_000_000_000, ID: fmt.Sprint(i)}}, Source: "test"})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := store.Commit(batch, false); err != nil {
			t.Fatal(err)
		}
		engine, err := compute.New(store, unpublished{set}, people, strata.DefaultSettings())
		if err != nil {
			t.Fatal(err)
		}
		answer, err := engine.Evaluate(t.Context(), set, 1_800_000_000_000)
		if err != nil {
			t.Fatal(err)
		}
		if got := answer.Everyone.GetCardinality(); got != n || answer.Everyone.Contains(0) {
			t.Errorf("every %d: %d customers", every, got)
		}
		for i := 1; i <= n; i++ {
			want := int64(1)
			if i%every == 0 {
				want = 0
			}
			if got := answer.Tags["visits"].Get(strata.CustomerID(i)); got != strata.NumberOf(want, 0) {
				t.Fatalf("every %d: customer %d has %v visits", every, i, got)
			}
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
