package compute_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/define/definetest"
	"strata/identity"
	"strata/timeline"
)

var (
	runs    = flag.Int("runs", 10, "how many random businesses are kept exact step by step")
	runSeed = flag.Int("business", 0, "only the business of this seed")
)

// TestIncremental lets facts arrive in any order, late ones and corrected
// attributes among them, moves the clock by minutes to months, changes
// definitions and calibrations, and ends the process at any moment. After
// each step what is published must be what evaluating everyone anew gives,
// and each history what evaluating at its instants gives.
func TestIncremental(t *testing.T) {
	from, to := 1, *runs
	if *runSeed > 0 {
		from, to = *runSeed, *runSeed
	}
	entries, changes := 0, 0
	for n := from; n <= to; n++ {
		r := newRun(t, n)
		if err := r.all(); err != nil {
			t.Errorf("seed %d: %v\nrun it alone: go test ./compute -run TestIncremental -business %d", n, err, n)
		}
		entries += r.entries
		changes += r.changes
		r.close()
		if t.Failed() {
			break
		}
	}
	t.Logf("%d entries of histories, %d changes", entries, changes)
	if *runSeed == 0 && entries < 100 {
		t.Errorf("only %d entries of histories: the businesses hardly change", entries)
	}
}

// registered are definitions that change, with stored calibrations.
type registered struct {
	set          *define.Set
	version      uint64
	calibrations []define.Calibration
}

func (r *registered) Published(context.Context) (*define.Set, uint64, error) {
	return r.set, r.version, nil
}

func (r *registered) Calibrations(_ context.Context, kind, name string) ([]define.Calibration, error) {
	var out []define.Calibration
	for _, c := range r.calibrations {
		if c.Kind == kind && c.Name == name {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b define.Calibration) int {
		if a.At != b.At {
			return int(min(max(b.At-a.At, -1), 1))
		}
		return b.Version - a.Version
	})
	return out, nil
}

func (r *registered) AddCalibration(_ context.Context, c define.Calibration) (define.Calibration, error) {
	c.Version = 1
	for _, known := range r.calibrations {
		if known.Kind == c.Kind && known.Name == c.Name {
			c.Version = max(c.Version, known.Version+1)
		}
	}
	r.calibrations = append(r.calibrations, c)
	r.version++
	return c, nil
}

// run is one random business.
type run struct {
	*testing.T
	historian
	n           int
	settings    strata.Settings
	store       *timeline.Store
	people      *identity.Store
	engine      *compute.Engine
	live        *compute.Live
	definitions *registered
	all4        []*define.Set // that take turns
	dir         string
	now         strata.Instant
	facts       []func(strata.Batch) error
	entries     int
	changes     int
}

func newRun(t *testing.T, n int) *run {
	t.Helper()
	r := &run{T: t, n: n, settings: strata.DefaultSettings(), dir: t.TempDir()}
	r.settings.Zone = []string{"Asia/Shanghai", "America/New_York", "America/Santiago"}[n%3]
	zone, err := r.settings.Location()
	r.must(err)
	catalogue := smallCatalogue(t)
	r.historian = historian{rand.New(rand.NewPCG(uint64(n), 11)), catalogue, zone, specialDays[n%len(specialDays)]}
	r.store, err = timeline.Open("live", timeline.Options{Settings: r.settings, FS: vfs.NewMem(), CacheBytes: 1 << 20})
	r.must(err)
	r.people, err = identity.Open(r.store)
	r.must(err)
	first := r.set(n, catalogue)
	r.definitions = &registered{set: first, version: 1}
	r.engine, err = compute.New(r.store, r.definitions, r.people, r.settings)
	r.must(err)
	for i := range 3 {
		r.all4 = append(r.all4, r.mixed(first, r.set(n*1000+i, catalogue)))
	}
	r.all4 = append(r.all4, first)
	for _, s := range r.all4 {
		r.supported(s)
	}
	r.prepare(first)
	r.now = define.DayStart(r.day-int64(r.IntN(60)), zone) + strata.Instant(r.IntN(86_400_000))
	return r
}

func (r *run) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *run) close() { r.must(r.store.Close()) }

// set draws definitions; every tag is dynamic, so that all are followed.
func (r *run) set(n int, catalogue define.Catalogue) *define.Set {
	set := rapid.Custom(func(t *rapid.T) *define.Set {
		return definetest.Set(t, definetest.Options{Catalogue: catalogue, Settings: r.settings, Tags: 5, Segments: 4, Tiers: 2})
	}).Example(n)
	set = likely(reflect.ValueOf(set)).Interface().(*define.Set)
	set.Catalogue = catalogue
	for i := range 3 {
		set.Segments[fmt.Sprintf("order_%d", i)] = define.Segment{Where: r.order()}
		set.Tags[fmt.Sprintf("wide_%d", i)] = define.Tag{Value: r.wide()}
	}
	r.manual(set)
	if n%4 == 0 {
		maps.Copy(set.Tiers, rfmModels(r.T, r.settings))
	}
	for name, d := range set.Tiers {
		// A move that the rules undo at once swings for ever, and of somebody of
		// whom nothing is known nobody can say since when.
		if len(d.AssignOn) == 0 {
			d.Moves = nil
			set.Tiers[name] = d
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set.Tags)) {
		d := set.Tags[name]
		if r.IntN(3) > 0 {
			d.Change = "dynamic"
			set.Tags[name] = d
		}
	}
	return set
}

// mixed is a with some of b's definitions in place of its own.
func (r *run) mixed(a, b *define.Set) *define.Set {
	out := a.Only(define.Order(a)...)
	for _, name := range slices.Sorted(maps.Keys(b.Tags)) {
		if r.IntN(3) == 0 {
			out.Tags[name] = b.Tags[name]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Segments)) {
		if r.IntN(3) == 0 {
			out.Segments[name] = b.Segments[name]
		}
	}
	return out
}

// supported leaves out what the engine refuses, and what stands on nothing.
func (r *run) supported(set *define.Set) {
	// without leaves out the first that is unfit.
	without := func(unfit func(define.Ref) bool) bool {
		order := define.Order(set)
		i := slices.IndexFunc(order, unfit)
		if i < 0 {
			return false
		}
		switch ref := order[i]; ref.Kind {
		case "tag":
			delete(set.Tags, ref.Name)
		case "segment":
			delete(set.Segments, ref.Name)
		case "tier":
			delete(set.Tiers, ref.Name)
		default:
			r.Fatalf("the engine refuses %s", ref)
		}
		return true
	}
	dangling := func(ref define.Ref) bool {
		return slices.ContainsFunc(define.Uses(set, ref), func(u define.Ref) bool { return !set.Has(u) })
	}
	refused := func(ref define.Ref) bool { return r.engine.Check(set.Only(ref)) != nil }
	for without(dangling) || without(refused) {
	}
}

// prepare draws all facts that will arrive, in the order in which they will.
func (r *run) prepare(set *define.Set) {
	people := r.historian.people()
	r.marks(set, people)
	for _, name := range slices.Sorted(maps.Keys(people)) {
		p := people[name]
		key := []strata.Key{{Namespace: identity.MemberNo, Value: name}}
		add := func(f timeline.Facts) {
			f.Source = "test"
			r.facts = append(r.facts, func(b strata.Batch) error {
				id, _, err := r.people.Resolve(b, key)
				if err == nil {
					err = r.store.Append(b, id, f)
				}
				return err
			})
		}
		for _, e := range p.Events {
			add(timeline.Facts{Events: []strata.Event{e}})
		}
		for _, a := range p.Attributes {
			add(timeline.Facts{Attributes: []strata.Attribute{a}})
		}
		manual, err := p.ManualFacts()
		r.must(err)
		for _, a := range manual {
			add(timeline.Facts{Attributes: []strata.Attribute{a}})
		}
		if len(p.Events) == 0 {
			add(timeline.Facts{Events: []strata.Event{{Name: "visited", At: define.DayStart(r.day-900, r.zone), ID: "first"}}})
		}
	}
	r.Shuffle(len(r.facts), func(i, j int) { r.facts[i], r.facts[j] = r.facts[j], r.facts[i] })
}

// all lets everything happen.
func (r *run) all() error {
	r.arrive(r.IntN(len(r.facts)))
	r.open()
	for step := 0; len(r.facts) > 0 || step < 12; step++ {
		switch r.IntN(8) {
		case 0:
			r.definitions.set = pick(r.historian, r.all4)
			r.definitions.version++
		case 1:
			for _, ref := range define.Order(r.definitions.set) {
				if _, err := r.engine.Calibrate(r.Context(), ref, r.now); err == nil {
					break
				}
			}
		case 2: // the process ends without a word, and another begins
			r.open()
		case 3:
			r.must(r.live.Close())
			r.open()
		}
		r.arrive(r.IntN(12))
		if r.IntN(3) > 0 {
			r.now += pick(r.historian, []strata.Instant{1, 60_000, 3600_000, 86_400_000, 3 * 86_400_000, 45 * 86_400_000})
			if r.IntN(3) == 0 {
				r.now = define.DayStart(define.DayOf(r.now, r.zone)+1, r.zone) - strata.Instant(r.IntN(2))
			}
		}
		if err := r.check(); err != nil {
			return fmt.Errorf("step %d, as of %s: %w", step, r.now.In(r.zone).Format(time.RFC3339Nano), err)
		}
	}
	return nil
}

func (r *run) open() {
	r.live = compute.NewLive(r.engine, compute.LiveOptions{Facts: r.store, Results: r.store, Dir: r.dir})
}

// arrive commits the next n facts, some to a commit.
func (r *run) arrive(n int) {
	for n = min(n, len(r.facts)); n > 0; {
		some := 1 + r.IntN(n)
		r.must(r.store.Update(false, func(b strata.Batch) error {
			for _, fact := range r.facts[:some] {
				if err := fact(b); err != nil {
					return err
				}
			}
			return nil
		}))
		r.facts, n = r.facts[some:], n-some
	}
}

// check compares what is published with evaluating anew.
func (r *run) check() error {
	ctx := r.Context()
	found, err := r.live.Verify(ctx, r.now)
	if err != nil {
		return err
	}
	if len(found.Differences) > 0 {
		d := found.Differences[0]
		text := []byte{}
		if d.Name != "" {
			text, _ = define.PrintOne(r.definitions.set, define.Ref{Kind: d.Kind, Name: d.Name})
		}
		return fmt.Errorf("%+v\n%s", d, text)
	}
	live := r.live.Now()
	if found.AsOf-live.AsOf > 1000 {
		return fmt.Errorf("readers are shown what was published as of %s", live.AsOf.In(r.zone))
	}
	if live.AsOf != found.AsOf || live.Sequence != found.Publish {
		return nil // what was shown less than a second ago is still shown
	}
	// Verify runs the program that publishes; here another is compiled.
	answer, err := r.engine.At(ctx, found.AsOf)
	if err != nil {
		return err
	}
	if !live.Everyone.Equals(answer.Everyone) {
		return errors.New("other customers")
	}
	for _, ref := range define.Order(r.definitions.set) {
		it := answer.Everyone.Iterator()
		for it.HasNext() {
			id := strata.CustomerID(it.Next())
			if a, b := told(live, ref, id), told(answer, ref, id); a != b {
				return fmt.Errorf("customer %d, %s: published %v, evaluated %v", id, ref, a, b)
			}
		}
	}
	return r.checkHistories(live)
}

func told(a *compute.Answer, ref define.Ref, id strata.CustomerID) strata.Value {
	switch ref.Kind {
	case "segment":
		return strata.BooleanOf(a.Segments[ref.Name].Contains(uint32(id)))
	case "tier":
		return a.Tiers[ref.Name].Value(id)
	case "tag":
		return a.Tags[ref.Name].Get(id)
	}
	return strata.Value{}
}

// checkHistories compares every history since it began with evaluating at and
// just before its entries and at other instants.
func (r *run) checkHistories(live *compute.Answer) error {
	begun := r.live.Since()
	ids := live.Everyone.ToArray()
	for _, ref := range define.Order(r.definitions.set) {
		for _, id := range ids {
			history, err := r.live.History(strata.CustomerID(id), ref)
			if err != nil {
				return err
			}
			history = slices.DeleteFunc(history, func(e compute.HistoryEntry) bool { return e.At <= begun })
			r.entries += len(history)
			if len(history) == 0 && r.IntN(4) > 0 {
				continue
			}
			if !r.live.Follows(ref) {
				continue
			}
			instants := []strata.Instant{begun, r.now}
			for _, e := range history {
				instants = append(instants, e.At, e.At-1)
			}
			for range 2 {
				instants = append(instants, begun+strata.Instant(r.Int64N(int64(r.now-begun)+1)))
			}
			for _, at := range instants {
				if at < begun {
					continue
				}
				want, err := r.engine.AtAs(r.Context(), at, r.now)
				if err != nil {
					return err
				}
				if got, want := valueAt(history, at, told(live, ref, strata.CustomerID(id))), told(want, ref, strata.CustomerID(id)); got != want {
					text, _ := define.PrintOne(r.definitions.set, ref)
					return fmt.Errorf("customer %d, %s at %s: history %v, evaluated %v\n%+v\n%s", id, ref, at.In(r.zone).Format(time.RFC3339Nano), got, want, history, text)
				}
			}
		}
	}
	return r.live.Changes(uint64(r.changes), func(c *strata.Change) bool {
		r.changes++
		if c.Number != uint64(r.changes) {
			r.Errorf("change %d follows %d", c.Number, r.changes-1)
		}
		return true
	})
}

// valueAt is what a history says of an instant.
func valueAt(history []compute.HistoryEntry, at strata.Instant, now strata.Value) strata.Value {
	for _, e := range slices.Backward(history) {
		if e.At <= at {
			return e.To
		}
	}
	if len(history) > 0 {
		return history[0].From
	}
	return now
}
