package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"strata"
	"strata/define"
	"strata/scenario"
)

// small is W as the tests use it: as many events a customer as the full one.
var small = Workload{Customers: 2000, Events: 100_000, Seed: 7}

// eventsOf collects W by customer, as it arrives in a number of parts.
func eventsOf(t *testing.T, w Workload, parts int) [][]Event {
	t.Helper()
	out := make([][]Event, w.Customers+1)
	s := w.NewStream()
	for n := 1; n <= parts; n++ {
		border := uint32(begin.Unix()) + uint32(float64(n)/float64(parts)*(Days*86400-3600))
		err := s.Part(float64(n)/float64(parts), func(e *Event) error {
			// What moved on to the next free second may pass the border.
			if n < parts && e.At > border+60 {
				t.Errorf("part %d of %d brings an event at %d, after %d", n, parts, e.At, border)
			}
			out[e.Customer] = append(out[e.Customer], *e)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestNoTwoEventsAtOnce: where a customer has so many that some fall into one
// second, they stand one after the other, and the year still ends in time.
func TestNoTwoEventsAtOnce(t *testing.T) {
	for customer, events := range eventsOf(t, Workload{Customers: 2, Events: 400_000, Seed: 7}, 12) {
		for i, e := range events {
			if i > 0 && e.At <= events[i-1].At || strata.Instant(e.At)*1000 >= asOf {
				t.Fatalf("event %d of customer %d is at %d", i, customer, e.At)
			}
		}
	}
}

func TestTheWorkloadIsAFunctionOfItsNumbers(t *testing.T) {
	whole, parts := eventsOf(t, small, 1), eventsOf(t, small, 12)
	total, counts := 0, []int{}
	types := map[uint8]int{}
	seen := [4]map[int]int{{}, {}, {}, {}}
	for customer := 1; customer <= small.Customers; customer++ {
		if !slices.Equal(whole[customer], parts[customer]) {
			t.Fatalf("customer %d has other events in 12 parts than in one", customer)
		}
		last := uint32(begin.Unix()) - 1
		for _, e := range whole[customer] {
			if e.At <= last || strata.Instant(e.At)*1000 >= asOf {
				t.Fatalf("customer %d has an event at %d after one at %d", customer, e.At, last)
			}
			y, m, d := strata.Instant(int64(e.At) * 1000).In(zone).Date()
			if int64(e.day()) != define.DayNumber(y, m, d) {
				t.Fatalf("the civil day of %d is %d", e.At, e.day())
			}
			last = e.At
			types[e.Type]++
			for i, v := range []int{int(e.Category), int(e.Brand), int(e.Store), int(e.Channel)} {
				seen[i][v]++
			}
		}
		total += len(whole[customer])
		counts = append(counts, len(whole[customer]))
	}
	if total != small.Events || slices.Min(counts) < 1 {
		t.Errorf("%d events, at least %d a customer", total, slices.Min(counts))
	}
	// The mean of a log-normal number with a sigma of 1 is exp(1/2) medians.
	slices.Sort(counts)
	if mean, median := float64(total)/float64(len(counts)), float64(counts[len(counts)/2]); mean/median < 1.4 || mean/median > 1.9 {
		t.Errorf("the mean is %.2f medians", mean/median)
	}
	for i, percent := range typePercent {
		if share := 100 * float64(types[uint8(i)]) / float64(total); math.Abs(share-float64(percent)) > 1.5 {
			t.Errorf("%.1f %% are %s in place of %d %%", share, EventTypes[i], percent)
		}
	}
	for i, n := range []int{Categories, Brands, Stores, Channels} {
		if len(seen[i]) > n || float64(len(seen[i])) < 0.9*float64(n) {
			t.Errorf("%d different values in place of %d", len(seen[i]), n)
		}
	}
	if top := float64(seen[1][0]) / float64(total); top < 0.015 {
		t.Errorf("the first brand has %.4f of the events, which is not skewed", top)
	}
	other := small
	other.Seed++
	if slices.Equal(eventsOf(t, other, 1)[1], whole[1]) {
		t.Error("another seed gives the same events")
	}
}

func TestTheDefinitionsAreWhatTheFilesSay(t *testing.T) {
	others := 0
	for _, s := range Others() {
		others += len(s.list)
	}
	if n := []int{len(Counts()), others, len(Segments())}; !slices.Equal(n, []int{80, 120, 50}) {
		t.Errorf("%d tags of D80, others and segments", n)
	}
	for name, text := range map[string][]byte{"definitions/d80.yaml": D80File(), "definitions/rest.yaml": RestFile()} {
		if file, err := os.ReadFile(name); err != nil || !bytes.Equal(file, text) {
			t.Errorf("%s is not what the program makes (%v); run `go run . definitions`", name, err)
		}
	}
}

// loaded is a business with W, in a number of deliveries, and D80 or D200.
func loaded(t *testing.T, w Workload, deliveries int, d200 bool) *business {
	t.Helper()
	b, err := openBusiness(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	for _, do := range []func() error{
		func() error { return b.enrol(w) },
		func() error { return b.load(w, deliveries) },
		func() error { return b.apply(t.Context(), "d80.yaml", D80File()) },
		func() error {
			if !d200 {
				return nil
			}
			return b.apply(t.Context(), "rest.yaml", RestFile())
		},
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestD80IsWhatCountingGives compares every value with plain loops, before and
// after compacting.
func TestD80IsWhatCountingGives(t *testing.T) {
	events := eventsOf(t, small, 1)
	t.Run("in one delivery", func(t *testing.T) { counted(t, loaded(t, small, 1, false), events) })
	t.Run("in twelve", func(t *testing.T) { counted(t, loaded(t, small, 12, false), events) })
}

func counted(t *testing.T, b *business, events [][]Event) {
	set, err := b.published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"not compacted", "compacted"} {
		answer, err := b.engine.Evaluate(t.Context(), onlyTags(set, Counts()), asOf)
		if err != nil {
			t.Fatal(err)
		}
		tags := Counts()
		nonzero := 0
		for customer := 1; customer <= small.Customers; customer++ {
			for i := range tags {
				event, days, amount := i/10, windowDays[i/2%5], i%2 == 1
				want := int64(0)
				for _, e := range events[customer] {
					if int(e.Type) != event || strata.Instant(e.At)*1000 < windowStart(days) {
						continue
					}
					if amount {
						want += int64(e.Amount)
					} else {
						want++
					}
				}
				got, ok := tags[i].number(answer.Tags[tags[i].Name].Get(strata.CustomerID(customer)))
				if !ok || got != want {
					t.Fatalf("%s: %s of customer %d is %d in place of %d", when, tags[i].Name, customer, got, want)
				}
				if want != 0 {
					nonzero++
				}
			}
		}
		if nonzero < 50*small.Customers/4 {
			t.Errorf("only %d values are not 0", nonzero)
		}
		if err := b.store.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestD200IsWhatThePlainEvaluatorGives compares all definitions with the
// evaluator that rereads everything.
func TestD200IsWhatThePlainEvaluatorGives(t *testing.T) {
	w := Workload{Customers: 40, Events: 2000, Seed: 7}
	b, events := loaded(t, w, 12, true), eventsOf(t, w, 1)
	set, err := b.published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.engine.Evaluate(t.Context(), set, asOf)
	if err != nil {
		t.Fatal(err)
	}
	world := &scenario.World{Set: set, Settings: settings, People: map[string]*scenario.Person{}}
	name := func(customer uint32) string { return memberNumber(customer).Value }
	for customer := uint32(1); int(customer) <= w.Customers; customer++ {
		p := &scenario.Person{ID: name(customer)}
		for i, e := range events[customer] {
			p.Events = append(p.Events, strata.Event{Name: EventTypes[e.Type], At: strata.Instant(e.At) * 1000, ID: fmt.Sprintf("%06d", i), Properties: []strata.Property{
				{Name: "amount", Value: strata.MoneyOf(int64(e.Amount), 2)}, {Name: "brand", Value: strata.TextOf(brandName(int(e.Brand)))},
				{Name: "category", Value: strata.TextOf(categoryName(int(e.Category)))}, {Name: "channel", Value: strata.TextOf(ChannelNames[e.Channel])},
				{Name: "store", Value: strata.TextOf(storeName(int(e.Store)))},
			}})
		}
		world.People[p.ID] = p
	}
	for customer := uint32(1); int(customer) <= w.Customers; customer++ {
		id := strata.CustomerID(customer)
		for tag := range set.Tags {
			fast, plain := answer.Tags[tag].Get(id), world.Tag(name(customer), tag, asOf)
			if fast.Kind == strata.Float && plain.Kind == strata.Float && math.Abs(fast.Float64()-plain.Float64()) <= 1e-9*math.Abs(plain.Float64()) {
				continue
			}
			if fast != plain {
				t.Errorf("%s of customer %d is %s %v, and by the plain evaluator %s %v", tag, customer, fast.Kind, fast, plain.Kind, plain)
			}
		}
		for segment := range set.Segments {
			if fast, plain := answer.Segments[segment].Contains(customer), world.Member(name(customer), segment, asOf); fast != plain {
				t.Errorf("customer %d in %s: %t, and by the plain evaluator %t", customer, segment, fast, plain)
			}
		}
		for tier := range set.Tiers {
			fast, _ := answer.Tiers[tier].Get(id)
			if plain := world.Level(name(customer), tier, asOf); fast != plain {
				t.Errorf("customer %d in %s: %s, and by the plain evaluator %s", customer, tier, fast, plain)
			}
		}
	}
}

// TestEveryDefinitionSaysSomething: tags have several values, segments members
// and people outside.
func TestEveryDefinitionSaysSomething(t *testing.T) {
	b := loaded(t, small, 12, true)
	set, err := b.published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.engine.Evaluate(t.Context(), set, asOf)
	if err != nil {
		t.Fatal(err)
	}
	for tag := range set.Tags {
		values := map[strata.Value]bool{}
		for customer := 1; customer <= small.Customers; customer++ {
			values[answer.Tags[tag].Get(strata.CustomerID(customer))] = true
		}
		if len(values) < 2 {
			t.Errorf("everyone's %s is the same", tag)
		}
	}
	for segment, members := range answer.Segments {
		if n := int(members.GetCardinality()); n == 0 || n == small.Customers {
			t.Errorf("%d of %d are in %s", n, small.Customers, segment)
		}
	}
	for tier, levels := range answer.Tiers {
		for _, level := range levels.IDs {
			if levels.Members(level).IsEmpty() {
				t.Errorf("nobody is at %s of %s", level, tier)
			}
		}
	}
}

// found are the findings that a peer's are compared with.
func found(t *testing.T, c *Config) *Findings {
	t.Helper()
	b := loaded(t, c.Workload, 3, true)
	set, err := b.published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.engine.Evaluate(t.Context(), onlyTags(set, Sayable()), asOf)
	if err != nil {
		t.Fatal(err)
	}
	f := newFindings()
	if err := note(c, f, answer, Sayable()); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestComparingSeesADifference(t *testing.T) {
	c := &Config{Workload: Workload{Customers: 300, Events: 6000, Seed: 7}}
	f, tags := found(t, c), Sayable()
	g := found(t, c)
	if d := differences(f, g, tags); d != nil {
		t.Fatalf("two runs differ: %s", d)
	}
	first := tags[0].Name
	// Two customers change places: the plain sum stays.
	var sum, exchanged Checksum
	for customer, value := range []int64{5, 7, 7, 9} {
		sum.add(uint32(customer+1), value)
	}
	for customer, value := range []int64{7, 5, 7, 9} {
		exchanged.add(uint32(customer+1), value)
	}
	if sum == exchanged {
		t.Error("the checksum does not see two customers change places")
	}
	changed := g.Columns[first]
	changed.Sum++
	g.Columns[first] = changed
	if differences(f, g, tags) == nil {
		t.Error("another checksum is not seen")
	}
	g = found(t, c)
	other := "-1"
	g.Sample[tags[90].Name][17] = &other
	if differences(f, g, tags) == nil {
		t.Error("another sampled value is not seen")
	}
}

// agrees runs a peer's step on a small W and compares.
func agrees(t *testing.T, tags []Definition, step func(context.Context, *Config, *Findings) error) {
	c := &Config{Workload: small, Threads: 2, Repeats: 1, Dir: t.TempDir()}
	theirs := newFindings()
	if err := step(t.Context(), c, theirs); err != nil {
		t.Fatal(err)
	}
	for _, d := range differences(found(t, c), theirs, tags) {
		t.Error(d)
	}
}

func TestClickHouseGivesTheSame(t *testing.T) {
	if err := clickhouseIsInstalled(); err != nil || testing.Short() {
		t.Skip("ClickHouse is not installed, or -short: ", err)
	}
	agrees(t, Sayable(), clickhouseStep)
}

func TestAllStepsRun(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	c := &Config{Workload: Workload{Customers: 500, Events: 20_000, Seed: 7}, Deliveries: 3, Threads: 2, Repeats: 2, Dir: t.TempDir()}
	r := &Results{Workload: *c, Figures: newFindings().Figures}
	for _, s := range steps {
		f := newFindings()
		if err := s.run(t.Context(), c, f); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		for name, figure := range f.Figures {
			if !(figure.Value > 0) {
				t.Errorf("%s is %v", name, figure.Value)
			}
			r.Figures[name] = figure
		}
	}
	var out bytes.Buffer
	r.Rows = table(r)
	printTable(&out, r)
	for _, want := range []string{"D80 over everyone, warm", "at most 6 ×", "preview of one condition", "bytes an event"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, &out)
		}
	}
}

// TestTheModulesAreThoseOfTheProduct: what is measured is built from the same
// versions as what is shipped.
func TestTheModulesAreThoseOfTheProduct(t *testing.T) {
	line := regexp.MustCompile(`(?m)^\t([a-z]\S+) (v\S+)`)
	replaced := regexp.MustCompile(`(?m)^\t(\S+) => \S+ (v\S+)`)
	versions := func(name string) map[string]string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, re := range []*regexp.Regexp{line, replaced} {
			for _, m := range re.FindAllStringSubmatch(string(text), -1) {
				out[m[1]] = m[2]
			}
		}
		return out
	}
	product, here := versions("../go.mod"), versions("go.mod")
	both := 0
	for name, version := range here {
		if theirs, ok := product[name]; ok {
			if both++; theirs != version {
				t.Errorf("%s is %s here and %s in the product; run `go mod tidy`, and hold back in a replace what a peer wants newer", name, version, theirs)
			}
		}
	}
	if both < 20 {
		t.Errorf("only %d modules are in both", both)
	}
}
