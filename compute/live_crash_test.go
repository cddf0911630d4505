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

// TestNewCustomersSurviveACrash ends the process between two publishes of
// more new customers than one publish holds, none of whom has facts that
// would be noted for the next start.
func TestNewCustomersSurviveACrash(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	settings := strata.DefaultSettings()
	store, err := timeline.Open("crash", timeline.Options{Settings: settings, FS: vfs.NewMem(), CacheBytes: 1 << 20})
	must(err)
	defer store.Close()
	people, err := identity.Open(store)
	must(err)
	set := (&define.Set{}).Only()
	set.Segments["all"] = define.Segment{Where: define.Everyone{}}
	engine, err := compute.New(store, &registered{set: set, version: 1}, people, settings)
	must(err)
	dir := t.TempDir()
	open := func() *compute.Live {
		return compute.NewLive(engine, compute.LiveOptions{Facts: store, Results: store, Dir: dir})
	}
	enrol := func(from, to int) {
		must(store.Update(false, func(b strata.Batch) error {
			for n := from; n < to; n++ {
				if _, _, err := people.Resolve(b, []strata.Key{{Namespace: identity.MemberNo, Value: fmt.Sprint(n)}}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	const now = strata.Instant(1_750_000_000_000)
	enrol(0, 10)
	live := open()
	must(live.CatchUp(t.Context(), now))
	enrol(10, 9000)
	more, err := live.Step(t.Context(), now+1)
	must(err)
	if !more {
		t.Fatal("one publish held everyone; the test tells nothing")
	}
	live = open()
	found, err := live.Verify(t.Context(), now+2)
	must(err)
	if len(found.Differences) > 0 {
		t.Errorf("%d differences, such as %+v", len(found.Differences)+found.More, found.Differences[0])
	}
	if n := live.Now().Segments["all"].GetCardinality(); n != 9000 {
		t.Errorf("%d of 9000 customers are published", n)
	}
}
