package compute_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/identity"
	"strata/program"
	"strata/timeline"
)

var (
	customers = flag.Int("customers", 100_000, "customers of the workload that benchmarks run over, 50 events each on average")
	appends   = flag.Int("appends", 4, "in how many appends each customer's events of the workload arrive")
	more      = flag.String("more", "", "file of definitions that BenchmarkMore evaluates with D80")
	workload  = flag.String("workload", "", "directory that keeps the workload for the next run; empty: a temporary one")
)

// The instants of the workload: 365 days before workloadAsOf.
const (
	workloadAsOf = strata.Instant(1_767_196_800_000) // 2026-01-01 00:00 in Asia/Shanghai
	millisADay   = 86_400_000
)

// eventNames are the types of the workload's events.
var eventNames = [8]string{"viewed", "searched", "carted", "ordered", "bought", "visited", "shared", "rated"}

// workloadEvents returns the events of one customer of workload W: a
// log-normal number with mean 50, 8 types, amount, 50 categories, 2,000
// brands, 50 stores, 5 channels, over 365 days, oldest first.
func workloadEvents(customer int) []strata.Event {
	r := rand.New(rand.NewPCG(uint64(customer), 80))
	n := max(1, int(math.Exp(math.Log(50)-0.5+r.NormFloat64())))
	events := make([]strata.Event, n)
	for i := range events {
		e := &events[i]
		e.Name = eventNames[r.IntN(8)]
		e.At = workloadAsOf - 1000 - strata.Instant(r.Int64N(365*86_400))*1000
		e.Properties = []strata.Property{
			{Name: "amount", Value: strata.MoneyOf(int64(100*math.Exp(4.5+r.NormFloat64())), 2)},
			{Name: "brand", Value: strata.TextOf(fmt.Sprintf("brand %04d", r.IntN(2000)))},
			{Name: "category", Value: strata.TextOf(fmt.Sprintf("category %02d", r.IntN(50)))},
			{Name: "channel", Value: strata.TextOf([]string{"app", "store", "wechat", "douyin", "web"}[r.IntN(5)])},
			{Name: "store", Value: strata.TextOf(fmt.Sprintf("store %02d", r.IntN(50)))},
		}
	}
	slices.SortFunc(events, func(a, b strata.Event) int { return int(a.At - b.At) })
	for i := range events {
		events[i].ID = fmt.Sprintf("f:%016x:%010d", 80, customer*64+i)
	}
	return events
}

// openWorkload returns the store of workload W and its people, and writes
// them where they are not there yet. compacted is whether to compact first.
func openWorkload(b *testing.B, compacted bool) (*timeline.Store, *identity.Store) {
	b.Helper()
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	dir := *workload
	if dir == "" {
		dir = b.TempDir()
	}
	dir = filepath.Join(dir, fmt.Sprintf("w-%d-%d-%v", *customers, *appends, compacted))
	_, err := os.Stat(dir)
	written := err == nil
	store, err := timeline.Open(dir, timeline.Options{CacheBytes: int64(*customers)*2500 + 64<<20})
	check(err)
	b.Cleanup(func() { store.Close() })
	people, err := identity.Open(store)
	check(err)
	if written {
		return store, people
	}
	batch := store.NewBatch()
	commit := func() {
		check(store.Commit(batch, false))
		batch.Reset()
	}
	for part := range *appends {
		for n := range *customers {
			id := strata.CustomerID(n + 1)
			if part == 0 {
				id, _, err = people.Resolve(batch, []strata.Key{{Namespace: identity.MemberNo, Value: fmt.Sprint(n)}})
				check(err)
			}
			events := workloadEvents(n)
			from, to := len(events)*part / *appends, len(events)*(part+1) / *appends
			if from < to {
				check(store.Append(batch, id, timeline.Facts{Events: events[from:to], Source: "w", Import: 1}))
			}
			if batch.Len() > 4<<20 {
				commit()
			}
		}
		commit()
	}
	check(store.Sync())
	if compacted {
		check(store.Compact(b.Context()))
	}
	size := int64(0)
	filepath.WalkDir(dir, func(_ string, e fs.DirEntry, _ error) error {
		if info, err := e.Info(); err == nil && filepath.Ext(e.Name()) == ".sst" {
			size += info.Size()
		}
		return nil
	})
	b.Logf("%.1f MB in tables", float64(size)/1e6)
	return store, people
}

const workloadCatalogue = `
catalogue:
  events:
`

// workloadSet checks definitions over the workload's catalogue.
func workloadSet(b *testing.B, definitions string) *define.Set {
	var text strings.Builder
	text.WriteString(workloadCatalogue)
	for _, name := range eventNames {
		fmt.Fprintf(&text, "    %s: {properties: {amount: {type: money, scale: 2}, brand: text, category: text, channel: text, store: text}}\n", name)
	}
	file, err := define.Parse("workload", []byte(text.String()+definitions))
	if file == nil || err != nil {
		b.Fatal(err)
	}
	set, _, err := define.Check(nil, file, strata.DefaultSettings())
	if err != nil {
		b.Fatal(err)
	}
	return set
}

// d80 is count and sum of amount for 8 types and 5 windows.
func d80() string {
	var text strings.Builder
	text.WriteString("tags:\n")
	for _, name := range eventNames {
		for _, days := range []int{7, 30, 90, 180, 365} {
			fmt.Fprintf(&text, "  %s_%dd: {value: {count: {event: %s, within: %dd}}}\n", name, days, name, days)
			fmt.Fprintf(&text, "  %s_amount_%dd: {value: {sum: {event: %s, of: amount, within: %dd}}}\n", name, days, name, days)
		}
	}
	return text.String()
}

// BenchmarkScan reads every history of workload W, with one goroutine.
func BenchmarkScan(b *testing.B) {
	for _, compacted := range []bool{true, false} {
		b.Run(fmt.Sprintf("compacted=%v", compacted), func(b *testing.B) {
			store, _ := openWorkload(b, compacted)
			for b.Loop() {
				events := 0
				err := store.Scan(context.Background(), 1, strata.CustomerID(*customers+1), func(h *strata.History) error {
					for i := range h.Runs {
						events += h.Runs[i].N
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(events), "events")
			}
		})
	}
}

// BenchmarkD80 evaluates D80 for everyone of workload W.
func BenchmarkD80(b *testing.B) {
	for _, compacted := range []bool{true, false} {
		b.Run(fmt.Sprintf("compacted=%v", compacted), func(b *testing.B) { benchmarkSet(b, d80(), compacted) })
	}
}

// BenchmarkMore evaluates D80 and the definitions of the file of -more.
func BenchmarkMore(b *testing.B) {
	if *more == "" {
		b.Skip("no -more")
	}
	text, err := os.ReadFile(*more)
	if err != nil {
		b.Fatal(err)
	}
	definitions := d80() + strings.Replace(string(text), "tags:\n", "", 1)
	b.Run("everyone", func(b *testing.B) { benchmarkSet(b, definitions, true) })
	b.Run("run", func(b *testing.B) { benchmarkRun(b, definitions) })
}

func benchmarkSet(b *testing.B, definitions string, compacted bool) {
	set := workloadSet(b, definitions)
	store, people := openWorkload(b, compacted)
	engine, err := compute.New(store, unpublished{set}, people, strata.DefaultSettings())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := engine.Evaluate(b.Context(), set, workloadAsOf); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRunD80 evaluates D80 for 256 customers in memory, with one
// goroutine: what of BenchmarkD80 is not reading and keeping.
func BenchmarkRunD80(b *testing.B) { benchmarkRun(b, d80()) }

func benchmarkRun(b *testing.B, definitions string) {
	set := workloadSet(b, definitions)
	store, _ := openWorkload(b, true)
	p, err := program.Compile(set, program.Options{Dictionary: store.Dictionary(), Settings: strata.DefaultSettings()})
	if err != nil {
		b.Fatal(err)
	}
	var histories []*strata.History
	err = store.ScanOnly(b.Context(), 1, 257, p.Wanted(), func(h *strata.History) error {
		histories = append(histories, keep(h))
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	run := p.At(workloadAsOf, nil)
	run.KeepInts(true)
	sum := int64(0)
	for b.Loop() {
		for _, h := range histories {
			for _, n := range run.Run(h).Ints {
				sum += n
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(histories)), "ns/customer")
}

// keep copies a history.
func keep(h *strata.History) *strata.History {
	out := &strata.History{Customer: h.Customer, Runs: slices.Clone(h.Runs), Attributes: slices.Clone(h.Attributes)}
	for i := range out.Runs {
		r := &out.Runs[i]
		r.Seconds, r.Millis, r.Columns = slices.Clone(r.Seconds), slices.Clone(r.Millis), slices.Clone(r.Columns)
		for c := range r.Columns {
			r.Columns[c].Data, r.Columns[c].Valid = slices.Clone(r.Columns[c].Data), slices.Clone(r.Columns[c].Valid)
		}
	}
	return out
}
