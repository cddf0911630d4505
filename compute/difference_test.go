package compute_test

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/define/definetest"
	"strata/identity"
	"strata/scenario"
	"strata/timeline"
)

var (
	pairs = flag.Int("pairs", 120, "how many random sets of definitions are compared, each over a random history")
	seed  = flag.Int("seed", 0, "compare only the pair of this seed")
)

// TestDifference compares the engine with the plain evaluator: random
// definitions over random histories at several instants give the same answer
// for everyone.
func TestDifference(t *testing.T) {
	from, to := 1, *pairs
	if *seed > 0 {
		from, to = *seed, *seed
	}
	compared, positive := map[string]int{}, map[string]int{}
	for n := from; n <= to; n++ {
		if wrong := comparePair(t, n, compared, positive); wrong != "" {
			t.Errorf("seed %d: %s\nrun it alone: go test ./compute -run TestDifference -seed %d -v", n, wrong, n)
		}
		if t.Failed() && n >= 20 && *seed == 0 {
			break
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(compared)) {
		t.Logf("%-12s %8d answers, %8d of them something", kind, compared[kind], positive[kind])
		if *seed == 0 && *pairs >= 120 && positive[kind]*100 < compared[kind] {
			t.Errorf("only %d of %d answers of the kind %s are something", positive[kind], compared[kind], kind)
		}
	}
}

const differenceCatalogue = `
catalogue:
  attributes:
    city: text
    level: {type: choice, values: [铜, 银, 金], ordered: true}
    birthday: {type: date, change: static}
    due: date
    seen: time
    likes: {type: text, many: true}
    balance: money
    height: {type: number, scale: 1}
    ratio: float
    agreed: boolean
  events:
    order_paid:
      properties: {order_id: id, amount: money, store: text, promoted: boolean, people: {type: number, scale: 0}, found: {type: choice, values: [自, 推]}}
    item_bought: {properties: {order_id: id, category: text, quantity: number, price: money}}
    order_refunded:
      properties: {order_id: id, amount: money, store: text}
      refunds: {event: order_paid, key: order_id, amount: amount}
    order_cancelled:
      properties: {order_id: id}
      refunds: {event: order_paid, key: order_id}
    visited: {properties: {page: text, seconds: number, score: float, day: date, at: time, store: text, grade: {type: choice, values: [丙, 乙, 甲], ordered: true}}}
    shop_viewed: {properties: {page: text, store: text, price: money}}
`

// smallCatalogue is few events and attributes, so that definitions and
// histories meet.
func smallCatalogue(t *testing.T) define.Catalogue {
	t.Helper()
	file, err := define.Parse("catalogue", []byte(differenceCatalogue))
	if file == nil {
		t.Fatal(err)
	}
	set, _, err := define.Check(nil, file, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	standard := define.Standard()
	out := define.Catalogue{Attributes: map[string]define.Attribute{}, Events: map[string]define.Event{}, Synonyms: map[string]string{}}
	for _, name := range []string{"city", "level", "birthday", "due", "seen", "likes", "balance", "height", "ratio", "agreed"} {
		out.Attributes[name] = set.Catalogue.Attributes[name]
	}
	for _, name := range []string{"order_paid", "item_bought", "order_refunded", "order_cancelled", "visited", "shop_viewed"} {
		e := set.Catalogue.Events[name]
		for property := range standard.Events[name].Properties {
			if !strings.Contains(differenceCatalogue, property+":") {
				delete(e.Properties, property)
			}
		}
		out.Events[name] = e
	}
	return out
}

// rfmModels are tiers over orders, one of each kind of score and class.
func rfmModels(t *testing.T, settings strata.Settings) map[string]define.Tier {
	t.Helper()
	file, err := define.Parse("rfm", []byte(differenceCatalogue+`
tiers:
  rfm_mean: {rfm: {score: mean, within: 60d}}
  rfm_median: {rfm: {score: median}, applies_to: {event: visited}}
  rfm_top: {rfm: {score: {top: {recency: {percent: 50}, frequency: {count: 2}, monetary: {percent: 30}}}}}
  rfm_three: {rfm: {classes: three, weights: [1, 2, 3], score: {quantile: 4}, monetary: {max: {event: item_bought, of: price}}}}
  rfm_grid: {rfm: {classes: grid, within: 1y}}
  rfm_breaks: {rfm: {score: {breaks: {recency: [3, 30], frequency: [1, 2, 4], monetary: [10, 20.50]}}, recency: {since: {event: "*"}}}}
`))
	if file == nil {
		t.Fatal(err)
	}
	base, _, err := define.Check(nil, file, settings)
	if err != nil {
		t.Fatal(err)
	}
	return base.Tiers
}

// comparePair compares one pair and returns the first disagreement.
func comparePair(t *testing.T, n int, compared, positive map[string]int) string {
	world, g := drawPair(t, n)
	set, zone := world.Set, g.zone
	engine, numbers, done := load(t, world)
	defer done()
	supported := supportedBy(engine, set)
	for _, asOf := range g.instants(world) {
		answer, err := engine.Evaluate(t.Context(), set.Only(supported...), asOf)
		if err != nil {
			return err.Error()
		}
		for _, ref := range supported {
			for _, customer := range slices.Sorted(maps.Keys(world.People)) {
				plain, fast, something, same := ask(world, answer, ref, customer, numbers[customer], asOf)
				kind := ref.Kind
				switch {
				case kind == "list":
					continue
				case strings.HasPrefix(ref.Name, "manual_"):
					kind = "manual"
				case strings.HasPrefix(ref.Name, "order_"):
					kind = "sequence"
				case strings.HasPrefix(ref.Name, "wide_"):
					kind = "wide"
				}
				compared[kind]++
				if something {
					positive[kind]++
				}
				if !same {
					text, _ := define.PrintOne(set, ref)
					return fmt.Sprintf("customer %s, %s, as of %s in %s: evaluator %s, engine %s\n%s\n%s", customer, ref, asOf.In(zone).Format(time.RFC3339Nano), zone, plain, fast, text, facts(world.People[customer], zone)+marked(world.People[customer], zone))
				}
			}
		}
	}
	return ""
}

// drawPair draws definitions and people, with the historian that did.
func drawPair(t *testing.T, n int) (*scenario.World, historian) {
	t.Helper()
	settings := strata.DefaultSettings()
	settings.Zone = []string{"Asia/Shanghai", "America/New_York", "America/Santiago"}[n%3]
	if n%2 == 0 {
		settings.WeekStart = time.Sunday
	}
	catalogue := smallCatalogue(t)
	set := rapid.Custom(func(t *rapid.T) *define.Set {
		return definetest.Set(t, definetest.Options{Catalogue: catalogue, Settings: settings, Tags: 6, Segments: 5, Tiers: 2})
	}).Example(n)
	set = likely(reflect.ValueOf(set)).Interface().(*define.Set)
	set.Catalogue = catalogue
	for name, d := range set.Tiers { // levels ahead within levels take the plain evaluator minutes
		d.Rules = slices.DeleteFunc(d.Rules, func(r define.LevelRule) bool {
			found := false
			define.Inspect(r.Where, func(x any) bool {
				_, ahead := x.(define.Heading)
				found = found || ahead
				return true
			})
			return found
		})
		set.Tiers[name] = d
	}
	if n%3 > 0 { // every third pair looks back, which takes long
		leaveOutThePast(set)
	}
	for name, d := range set.Tiers {
		// A move that the rules undo at once swings for ever, and a level that is
		// left and entered every minute has too many changes.
		if len(d.AssignOn) == 0 {
			d.Moves = nil
		}
		for i := range d.Moves {
			d.Moves[i].After.Unit = max(d.Moves[i].After.Unit, define.Day)
		}
		set.Tiers[name] = d
	}
	for name, d := range rfmModels(t, settings) {
		if n%4 == 0 {
			set.Tiers[name] = d
		}
	}
	zone, err := settings.Location()
	if err != nil {
		t.Fatal(err)
	}
	g := historian{rand.New(rand.NewPCG(uint64(n), 7)), catalogue, zone, specialDays[n%len(specialDays)]}
	for i := range 3 {
		name := fmt.Sprintf("order_%d", i)
		set.Segments[name] = define.Segment{Where: g.order()}
	}
	for i := range 3 {
		name := fmt.Sprintf("wide_%d", i)
		set.Tags[name] = define.Tag{Value: g.wide()}
	}
	g.manual(set)
	for name, d := range set.Segments {
		if g.IntN(4) == 0 {
			d.PickedIn, d.PickedOut = g.picks(), g.picks()
			set.Segments[name] = d
		}
	}
	world := &scenario.World{Set: set, Settings: settings, People: g.people()}
	g.marks(set, world.People)
	return world, g
}

// leaveOutThePast takes what looks back out of a set.
func leaveOutThePast(set *define.Set) {
	back := func(x any) bool {
		found := false
		define.Inspect(x, func(x any) bool {
			switch x := x.(type) {
			case define.Heading, define.Moved:
				found = true
			case define.AttributeIs:
				found = found || x.For != nil
			case define.TierIs:
				found = found || x.For != nil
			case define.TagIs:
				found = found || x.For != nil || x.Since != nil || x.Changed != nil
			}
			return true
		})
		return found
	}
	for name, d := range set.Tags {
		if d.KeepOnEmpty = false; back(d) {
			d.Value = define.AttributeValue{Attribute: "city"}
		}
		set.Tags[name] = d
	}
	for name, d := range set.Tiers {
		d.Hold, d.Moves = define.Duration{}, nil
		d.Rules = slices.DeleteFunc(d.Rules, func(r define.LevelRule) bool { return back(r.Where) })
		set.Tiers[name] = d
	}
	for name, d := range set.Segments {
		if back(d) {
			d.Where, d.Exclude = define.Everyone{}, nil
		}
		set.Segments[name] = d
	}
}

// supportedBy are the definitions that the engine can run, in dependency order.
func supportedBy(engine *compute.Engine, set *define.Set) []define.Ref {
	var out []define.Ref
	for _, ref := range define.Order(set) {
		if engine.Check(set.Only(ref)) == nil {
			out = append(out, ref)
		}
	}
	return out
}

func ask(w *scenario.World, answer *compute.Answer, ref define.Ref, customer string, id strata.CustomerID, asOf strata.Instant) (plain, fast string, something, same bool) {
	switch ref.Kind {
	case "segment":
		a, b := w.Member(customer, ref.Name, asOf), answer.Segments[ref.Name].Contains(uint32(id))
		return fmt.Sprint(a), fmt.Sprint(b), a, a == b
	case "tag":
		a, b := w.Tag(customer, ref.Name, asOf), answer.Tags[ref.Name].Get(id)
		return a.Kind.String() + " " + a.String(), b.Kind.String() + " " + b.String(), !a.IsMissing(), sameValue(a, b)
	case "tier":
		a := w.Level(customer, ref.Name, asOf)
		b, _ := answer.Tiers[ref.Name].Get(id)
		return a, b, a != "", a == b
	}
	return "", "", false, true
}

// sameValue compares answers; floats may differ in their last digits, because
// they are added in unlike order.
func sameValue(a, b strata.Value) bool {
	if a.Kind == strata.Float && b.Kind == strata.Float {
		x, y := a.Float64(), b.Float64()
		return x == y || math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y))
	}
	return a == b
}

// facts prints a history for a report.
func facts(p *scenario.Person, zone *time.Location) string {
	var b strings.Builder
	for _, e := range p.Events {
		fmt.Fprintf(&b, "  %s %s #%s", e.At.In(zone).Format(time.RFC3339Nano), e.Name, e.ID)
		for _, x := range e.Properties {
			fmt.Fprintf(&b, " %s=%s", x.Name, x.Value)
		}
		b.WriteString("\n")
	}
	for _, a := range p.Attributes {
		fmt.Fprintf(&b, "  %s @%s=%s\n", a.At.In(zone).Format(time.RFC3339Nano), a.Name, a.Value)
	}
	return b.String()
}

// load puts the world into stores in memory, with an engine over them.
func load(t *testing.T, w *scenario.World) (*compute.Engine, map[string]strata.CustomerID, func()) {
	t.Helper()
	store, people, numbers := stores(t, w)
	engine, err := compute.New(store, unpublished{w.Set}, people, w.Settings)
	if err != nil {
		t.Fatal(err)
	}
	return engine, numbers, func() {
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// stores puts the world into stores in memory.
func stores(t *testing.T, w *scenario.World) (*timeline.Store, *identity.Store, map[string]strata.CustomerID) {
	t.Helper()
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := timeline.Open("difference", timeline.Options{Settings: w.Settings, FS: vfs.NewMem(), CacheBytes: 1 << 20})
	fail(err)
	people, err := identity.Open(store)
	fail(err)
	numbers := map[string]strata.CustomerID{}
	for _, customer := range slices.Sorted(maps.Keys(w.People)) {
		batch := store.NewBatch()
		id, _, err := people.Resolve(batch, []strata.Key{{Namespace: identity.MemberNo, Value: customer}})
		fail(err)
		numbers[customer] = id
		p := w.People[customer]
		manual, err := p.ManualFacts()
		fail(err)
		half := len(p.Events) / 2 // two commits, so that chunks are merged
		fail(store.Append(batch, id, timeline.Facts{Events: p.Events[half:], Attributes: append(manual, p.Attributes...), Source: "test"}))
		fail(store.Commit(batch, false))
		batch = store.NewBatch()
		fail(store.Append(batch, id, timeline.Facts{Events: p.Events[:half], Source: "test"}))
		fail(store.Commit(batch, false))
	}
	return store, people, numbers
}

// unpublished are definitions without stored calibrations.
type unpublished struct{ set *define.Set }

func (u unpublished) Published(context.Context) (*define.Set, uint64, error) { return u.set, 1, nil }

func (u unpublished) Calibrations(context.Context, string, string) ([]define.Calibration, error) {
	return nil, nil
}

func (u unpublished) AddCalibration(_ context.Context, c define.Calibration) (define.Calibration, error) {
	return c, nil
}

// words are all texts of histories and, after likely, of definitions.
var words = []string{"a", "北京", "A店", "Ａ店", "é", "a北"}

var choices = []string{"铜", "银", "金", "自", "推", "丙", "乙", "甲"}

// likely returns a copy of definitions whose literals are among the values of
// histories, so that comparisons meet.
func likely(x reflect.Value) reflect.Value {
	out := reflect.New(x.Type()).Elem()
	switch v := x.Interface().(type) {
	case strata.Value:
		out.Set(reflect.ValueOf(likelyValue(v)))
		return out
	case define.Catalogue, define.Header, define.Level:
		return x
	}
	switch x.Kind() {
	case reflect.Interface, reflect.Pointer:
		if x.IsNil() {
			return x
		}
		inner := likely(x.Elem())
		if x.Kind() == reflect.Interface {
			out.Set(inner)
			return out
		}
		out.Set(reflect.New(x.Type().Elem()))
		out.Elem().Set(inner)
	case reflect.Slice:
		if x.IsNil() {
			return x
		}
		out.Set(reflect.MakeSlice(x.Type(), x.Len(), x.Len()))
		for i := range x.Len() {
			out.Index(i).Set(likely(x.Index(i)))
		}
	case reflect.Map:
		if x.IsNil() {
			return x
		}
		out.Set(reflect.MakeMap(x.Type()))
		for _, key := range x.MapKeys() {
			out.SetMapIndex(key, likely(x.MapIndex(key)))
		}
	case reflect.Struct:
		for i := range x.NumField() {
			out.Field(i).Set(likely(x.Field(i)))
		}
	default:
		return x
	}
	return out
}

func likelyValue(v strata.Value) strata.Value {
	switch v.Kind {
	case strata.Text:
		if !slices.Contains(choices, v.Text) {
			h := fnv.New32a()
			h.Write([]byte(v.Text))
			v.Text = words[h.Sum32()%uint32(len(words))]
		}
	case strata.ID:
		v.Text = fmt.Sprintf("o%d", len(v.Text)%6)
	case strata.Number:
		if v.Scale > 0 {
			return strata.NumberOf(v.Int%60, 1)
		}
		v.Int %= 5
	case strata.Money:
		v.Int %= 3000
	case strata.Date:
		if v.Int%3 > 0 {
			v.Int = 20050 + v.Int%450
		}
	}
	return v
}

func dayOf(date string) int64 {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic(err)
	}
	return at.Unix() / 86400
}

// specialDays are days around which histories lie: changes of the clock,
// leap days, ends of months and years.
var specialDays = []int64{
	dayOf("2025-03-09"), dayOf("2025-11-02"), dayOf("2024-02-29"), dayOf("2025-09-07"), dayOf("2025-03-01"),
	dayOf("2025-12-31"), dayOf("2025-04-06"), dayOf("2025-07-01"), dayOf("2026-01-31"),
}

// historian draws histories around a day.
type historian struct {
	*rand.Rand
	catalogue define.Catalogue
	zone      *time.Location
	day       int64
}

func (g historian) people() map[string]*scenario.Person {
	people := map[string]*scenario.Person{}
	for i := range 5 {
		p := &scenario.Person{ID: fmt.Sprintf("m%d", i)}
		people[p.ID] = p
		if i == 4 {
			continue // nothing is known of him
		}
		for range g.IntN(28) {
			p.Events = append(p.Events, g.event(p.Events))
		}
		for range g.IntN(16) {
			name := pick(g, slices.Sorted(maps.Keys(g.catalogue.Attributes)))
			a := strata.Attribute{Name: name, At: g.instant(), Priority: uint8(g.IntN(2))}
			if g.IntN(5) > 0 {
				a.Value = g.value(g.catalogue.Attributes[name].Type)
			}
			if k := len(p.Attributes); k > 0 && g.IntN(4) == 0 {
				a.At = p.Attributes[k-1].At
			}
			p.Attributes = append(p.Attributes, a)
		}
	}
	return people
}

// picks draws some customers picked by hand.
func (g historian) picks() []define.Picked {
	var out []define.Picked
	for range g.IntN(3) {
		p := define.Picked{Customer: fmt.Sprintf("m%d", g.IntN(5))}
		if g.IntN(2) == 0 {
			p.Expires = &define.TimePoint{At: g.instant(), HasAt: true}
		}
		out = append(out, p)
	}
	return out
}

// wide draws a value of events of many kinds, so that ties between kinds
// count, in windows whose ends are met.
func (g historian) wide() define.Value {
	s := define.Selection{Events: []string{"*"}, Gross: g.IntN(4) == 0}
	if g.IntN(3) == 0 {
		s.Events = []string{"order_paid", "item_bought", "visited"}
	}
	s.Window = pick(g, []define.Window{
		{}, {Kind: define.WithinLast, Last: define.Duration{N: 36, Unit: define.Hour}}, {Kind: define.WithinLast, Last: define.Duration{N: 1, Unit: define.Month}},
		{Kind: define.Calendar, Word: "this_week"}, {Kind: define.Calendar, Word: "previous_month"},
		{Kind: define.Anchored, Anchor: &define.Anchor{First: g.IntN(2) == 0, Select: define.Selection{Events: []string{"visited"}}, Until: define.Duration{N: 3, Unit: define.Day}}},
	})
	unit := pick(g, []define.Unit{define.Hour, define.Day, define.Week, define.Month})
	switch g.IntN(9) {
	case 0:
		return define.Touch{First: g.IntN(2) == 0, Select: s, Of: pick(g, []string{"store", "", "page", "promoted"})}
	case 1:
		return define.Favourite{Select: s, By: pick(g, []string{"store", "page"}), Top: 1 + g.IntN(2), AtLeast: 1 + g.IntN(2)}
	case 2:
		return define.Favourite{Select: s, By: "store", Top: 1, Sum: true, Of: "price", AtLeast: 1}
	case 3:
		return define.SinceEvent{Select: s, First: g.IntN(2) == 0, Unit: unit}
	case 4:
		return define.GapValue{Select: s, Stat: pick(g, []string{"avg", "median", "last"}), Unit: unit}
	case 5:
		of := define.Aggregate{Kind: pick(g, []define.MeasureKind{define.Times, define.DaysActive}), Select: s}
		return define.Bands{Of: of, Natural: 2 + g.IntN(2), Labels: []string{"低", "中", "高"}}
	case 6:
		of := define.Aggregate{Kind: define.Distinct, Select: s, Of: "store"}
		if g.IntN(2) == 0 {
			return define.Top{Of: of, Count: 1 + g.IntN(3)}
		}
		return define.Rank{Of: of, Percentile: g.IntN(2) == 0, Ascending: g.IntN(2) == 0}
	}
	return define.Aggregate{Kind: pick(g, []define.MeasureKind{define.Sum, define.Average, define.Min, define.Max, define.Distinct}), Select: s, Of: pick(g, []string{"amount", "price"})}
}

// order draws a sequence or its absence, with events that are often there.
func (g historian) order() define.Condition {
	gross := g.IntN(3) == 0
	names := slices.Sorted(maps.Keys(g.catalogue.Events))
	selection := func() define.Selection {
		s := define.Selection{Events: []string{pick(g, names)}, Gross: gross}
		switch g.IntN(4) {
		case 0:
			s.Events = []string{"*"}
		case 1:
			s.Events = []string{"item_bought", "visited"}
		}
		if g.IntN(3) == 0 {
			s.Where = []define.PropertyTest{{Property: "store", Test: define.Test{Comparisons: []define.Comparison{
				{Op: pick(g, []define.Op{define.Is, define.IsNot}), Operands: []define.Operand{{Literal: strata.TextOf(pick(g, words))}}}}}}}
		}
		return s
	}
	step := func(limited bool) define.Step {
		s := define.Step{Select: selection()}
		if limited || g.IntN(2) == 0 {
			s.Within = pick(g, []define.Duration{{N: 1, Unit: define.Day}, {N: 36, Unit: define.Hour}, {N: 2, Unit: define.Week}, {N: 1, Unit: define.Month}, {N: 1, Unit: define.Second}})
		}
		if g.IntN(3) == 0 {
			s.Same = []string{pick(g, []string{"store", "order_id", "amount", "price"})}
		}
		return s
	}
	window := pick(g, []define.Window{{}, {Kind: define.WithinLast, Last: define.Duration{N: 90, Unit: define.Day}}, {Kind: define.Calendar, Word: "this_year"}})
	if g.IntN(3) == 0 {
		a := define.NotFollowed{Select: selection(), By: step(true)}
		a.Select.Window = window
		return a
	}
	out := define.Sequence{Window: window, Steps: []define.Step{{Select: selection()}}}
	for range 1 + g.IntN(3) {
		out.Steps = append(out.Steps, step(false))
	}
	if g.IntN(2) == 0 {
		without := selection()
		without.Gross = g.IntN(2) == 0
		out.Without = &without
	}
	return out
}

func pick[T any](g historian, of []T) T { return of[g.IntN(len(of))] }

// instant draws one that is often at or next to the start of a day.
func (g historian) instant() strata.Instant {
	day := g.day - int64(g.ExpFloat64()*40) + int64(g.IntN(8))
	if g.IntN(6) == 0 {
		day = g.day - int64(g.IntN(800))
	}
	at := define.DayStart(day, g.zone)
	switch g.IntN(5) {
	case 0:
		return at + strata.Instant(g.IntN(3)-1)
	case 1:
		return at + strata.Instant(g.IntN(24))*3600_000
	}
	return at + strata.Instant(g.IntN(86_400_000))
}

func (g historian) event(before []strata.Event) strata.Event {
	e := strata.Event{Name: pick(g, slices.Sorted(maps.Keys(g.catalogue.Events))), At: g.instant()}
	if len(before) > 0 && g.IntN(4) == 0 {
		e.At = pick(g, before).At
	}
	if len(before) > 0 && g.IntN(3) == 0 {
		e.At = pick(g, before).At + strata.Instant(g.IntN(3*86_400_000))
	}
	e.ID = fmt.Sprintf("e%d-%d", g.IntN(1000), len(before)) // no two are equal
	for _, name := range slices.Sorted(maps.Keys(g.catalogue.Events[e.Name].Properties)) {
		if g.IntN(4) > 0 {
			e.Properties = append(e.Properties, strata.Property{Name: name, Value: g.value(g.catalogue.Events[e.Name].Properties[name].Type)})
		}
	}
	return e
}

func (g historian) value(t define.Type) strata.Value {
	switch t.Name {
	case define.TypeBoolean:
		return strata.BooleanOf(g.IntN(2) == 0)
	case define.TypeNumber:
		if t.Scale != nil {
			return strata.NumberOf(int64(g.IntN(60)), *t.Scale)
		}
		if g.IntN(2) == 0 {
			return strata.NumberOf(int64(g.IntN(6)), 0)
		}
		return strata.NumberOf(int64(g.IntN(6))*10+5, 1)
	case define.TypeMoney:
		return strata.MoneyOf(int64(g.IntN(12))*250, 2)
	case define.TypeFloat:
		return strata.FloatOf(float64(g.IntN(2000)-1000) / 8)
	case define.TypeDate:
		if g.IntN(3) == 0 {
			return strata.DateOf(int64(3000 + g.IntN(17000)))
		}
		return strata.DateOf(g.day + int64(g.IntN(60)-30))
	case define.TypeTime:
		return strata.TimeOf(g.instant())
	case define.TypeChoice:
		return strata.TextOf(pick(g, t.Values))
	case define.TypeID:
		return strata.IDOf(fmt.Sprintf("o%d", g.IntN(6)))
	}
	if t.Many {
		var texts []string
		for range g.IntN(3) + 1 {
			texts = append(texts, pick(g, words))
		}
		slices.Sort(texts)
		return strata.ListOf(slices.Compact(texts))
	}
	return strata.TextOf(pick(g, words))
}

// instants draws those at which everybody is compared: among them ones at and
// next to events and to the starts of days.
func (g historian) instants(w *scenario.World) []strata.Instant {
	start := define.DayStart(g.day, g.zone)
	out := []strata.Instant{start, start + strata.Instant(g.IntN(86_400_000))}
	for _, id := range slices.Sorted(maps.Keys(w.People)) {
		if events := w.People[id].Events; len(events) > 0 {
			at := pick(g, events).At
			out = append(out, at+strata.Instant(g.IntN(2)-1), at+36*3600_000+strata.Instant(g.IntN(3)-1))
			out = append(out, define.DayStart(define.DayOf(at, g.zone)+pick(g, []int64{2, 15, 31, 32}), g.zone)-strata.Instant(g.IntN(2)))
			break
		}
	}
	return append(out, define.DayStart(g.day+int64(g.IntN(30)), g.zone)-strata.Instant(g.IntN(2)))
}
