// Package scenario holds the plain meaning of definitions: a slow evaluator
// that computes any definition for one customer at one instant by rereading
// everything, and a script language of facts in and answers out. Every engine
// is compared with it. It shares no code with the engines beyond define.
package scenario

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"strata"
	"strata/define"
)

// World is everything that is known: the definitions and everybody's facts.
// Once it has been asked, only calibrations may be added.
type World struct {
	Set          *define.Set // in force now
	Earlier      []Version   // the definitions before, oldest first
	Settings     strata.Settings
	People       map[string]*Person // by public customer id
	Calibrations []define.Calibration

	made  map[madeKey]made
	fixed map[fixedKey][]string

	recent *memory // of the person and the instant asked about last
}

// memory is what the questions about one person at one instant have found out
// of the past already. It changes no answer.
type memory struct {
	p      *Person
	asOf   strata.Instant
	stored int // how many calibrations were known

	events  map[*Person][]event
	tracks  map[trackKey][]change
	moments map[momentsKey]moments
	levels  map[trackKey]*replay
}

// Version is definitions that were in force until others took their place.
type Version struct {
	Until strata.Instant // no longer included
	Set   *define.Set
}

// setAt returns the definitions in force at an instant.
func (w *World) setAt(at strata.Instant) *define.Set {
	for _, earlier := range w.Earlier {
		if at < earlier.Until {
			return earlier.Set
		}
	}
	return w.Set
}

// Person is what is known about one customer, in any order.
type Person struct {
	ID         string
	Events     []strata.Event
	Attributes []strata.Attribute
	Manual     []Manual
	Consents   []Consent
	Entries    []Entry
}

// Manual is a tag set by hand; a missing value takes it away. Expires is zero
// where it does not.
type Manual struct {
	Tag     string
	Value   strata.Value
	At      strata.Instant
	Expires strata.Instant
	Author  string
	Reason  string
}

// Consent is a consent's state from an instant on.
type Consent struct {
	Purpose string
	State   string // granted, refused, withdrawn
	At      strata.Instant
}

// Entry is a customer put on a list or taken off it. Before the first entry
// of a list its definition says who is on it.
type Entry struct {
	List   string
	Member bool
	At     strata.Instant
}

// view is one person at one instant.
type view struct {
	w    *World
	p    *Person
	asOf strata.Instant // the instant looked at
	zone *time.Location
	set  *define.Set // the definitions asked: those in force at answer, unless then looked at others

	answer strata.Instant // the instant asked about; a look back keeps it
	m      *memory        // of this question
}

func (w *World) view(person string, asOf strata.Instant) view {
	zone, err := w.Settings.Location()
	if err != nil {
		panic("scenario: " + err.Error())
	}
	p := w.People[person]
	if p == nil {
		p = &Person{ID: person}
	}
	if m := w.recent; m == nil || m.p != p || m.asOf != asOf || m.stored != len(w.Calibrations) {
		w.recent = &memory{p: p, asOf: asOf, stored: len(w.Calibrations)}
	}
	return view{w, p, asOf, zone, w.setAt(asOf), asOf, w.recent}
}

func (v view) at(asOf strata.Instant) view {
	v.asOf = asOf
	return v
}

// then is what was so at an instant before, by the definitions that were in
// force then; at asks the present definitions about it.
func (v view) then(asOf strata.Instant) view {
	v.set = v.w.setAt(asOf)
	return v.at(asOf)
}

// Tag returns a tag's value of a person as of an instant.
func (w *World) Tag(person, name string, asOf strata.Instant) strata.Value {
	return w.view(person, asOf).tag(name)
}

// Member reports whether a person is in a segment as of an instant.
func (w *World) Member(person, segment string, asOf strata.Instant) bool {
	return w.view(person, asOf).member(segment)
}

// Level returns a person's level in a tier as of an instant, "" for none.
func (w *World) Level(person, tier string, asOf strata.Instant) string {
	return w.view(person, asOf).level(tier)
}

// Levels returns a person's levels in a tier as of an instant, best first:
// one or none, unless they overlap.
func (w *World) Levels(person, tier string, asOf strata.Instant) []string {
	return w.view(person, asOf).levels(tier)
}

// Holds reports whether a condition is true of a person as of an instant.
func (w *World) Holds(person string, c define.Condition, asOf strata.Instant) bool {
	return w.view(person, asOf).condition(c)
}

// names returns everybody's id, by code point.
func (w *World) names() []string {
	out := make([]string, 0, len(w.People))
	for id := range w.People {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

func (v view) member(name string) bool {
	d, ok := v.set.Segments[name]
	if !ok {
		return false
	}
	switch {
	case v.picked(d.PickedOut):
		return false
	case v.picked(d.PickedIn):
		return true
	case d.Snapshot != nil:
		return slices.Contains(v.fixed(name, d), v.p.ID)
	}
	return v.condition(d.Where) && (d.Exclude == nil || !v.condition(d.Exclude))
}

// picked reports whether a pick of the person is in force: until the instant,
// or the start of the day, at which it expires.
func (v view) picked(picks []define.Picked) bool {
	return slices.ContainsFunc(picks, func(p define.Picked) bool {
		if p.Customer != v.p.ID {
			return false
		}
		if p.Expires == nil {
			return true
		}
		from, _ := p.Expires.Bounds(v.asOf, v.zone)
		return v.asOf < from
	})
}

// fixed returns the members of a snapshot: nobody before its instant, from
// then on those who were members at it and, where it picks the best, whom
// every stage kept. Somebody without a value is not kept.
func (v view) fixed(name string, d define.Segment) []string {
	if v.asOf < *d.Snapshot {
		return nil
	}
	key := fixedKey{name, *d.Snapshot, v.set}
	if members, ok := v.w.fixed[key]; ok {
		return members
	}
	type candidate struct {
		id    string
		value strata.Value
	}
	var kept []candidate
	at := func(id string) view {
		then := v.w.view(id, *d.Snapshot)
		then.set = v.set
		return then
	}
	for _, id := range v.w.names() {
		if then := at(id); then.condition(d.Where) && (d.Exclude == nil || !then.condition(d.Exclude)) {
			kept = append(kept, candidate{id: id})
		}
	}
	for i, stage := range d.Stages {
		for n := range kept {
			kept[n].value = at(kept[n].id).value(stage.By, place{define.Ref{Kind: "segment", Name: name}, "stage" + strconv.Itoa(i)})
		}
		kept = slices.DeleteFunc(kept, func(c candidate) bool { return c.value.IsMissing() })
		slices.SortStableFunc(kept, func(a, b candidate) int { // the largest first; names are in order
			n, _ := strata.Compare(b.value, a.value)
			return cmp.Or(n, strings.Compare(a.id, b.id))
		})
		kept = kept[:min(stage.Keep, len(kept))]
	}
	var members []string
	for _, c := range kept {
		members = append(members, c.id)
	}
	if v.w.fixed == nil {
		v.w.fixed = map[fixedKey][]string{}
	}
	v.w.fixed[key] = members
	return members
}

// fixedKey names one snapshot of a version of the definitions.
type fixedKey struct {
	name string
	at   strata.Instant
	set  *define.Set
}

// attribute returns the value in force: the latest at or before the instant;
// one that is declared static holds at every instant.
func (v view) attribute(name string) strata.Value {
	static := v.set.Catalogue.Attributes[name].Change == "static"
	var best *strata.Attribute
	for i := range v.p.Attributes {
		a := &v.p.Attributes[i]
		if a.Name != name || a.At > v.asOf && !static {
			continue
		}
		if best == nil || later(a, best) {
			best = a
		}
	}
	if best == nil {
		return strata.Value{}
	}
	return best.Value
}

// later reports whether a wins over b: by time, then the source's priority,
// then the smaller text.
func later(a, b *strata.Attribute) bool {
	if a.At != b.At {
		return a.At > b.At
	}
	if a.Priority != b.Priority {
		return a.Priority > b.Priority
	}
	return strings.Compare(a.Value.String(), b.Value.String()) < 0
}

// event is one of a person's events, with its place in their order.
type event struct {
	strata.Event
	place int
}

// eventsSeen returns the events at or before the instant in the order of
// design: instant, name, id, then properties by name and text. They are not
// to be written to.
func (v view) eventsSeen() []event {
	all, ok := v.m.events[v.p]
	if !ok {
		for _, e := range slices.SortedStableFunc(slices.Values(v.p.Events), compareEvents) {
			all = append(all, event{e, len(all)})
		}
		if v.m.events == nil {
			v.m.events = map[*Person][]event{}
		}
		v.m.events[v.p] = all
	}
	n := 0
	for n < len(all) && all[n].At <= v.asOf {
		n++
	}
	return all[:n:n]
}

func compareEvents(a, b strata.Event) int {
	switch {
	case a.At < b.At:
		return -1
	case a.At > b.At:
		return 1
	}
	if n := strings.Compare(a.Name, b.Name); n != 0 {
		return n
	}
	if n := strings.Compare(a.ID, b.ID); n != 0 {
		return n
	}
	for i := range min(len(a.Properties), len(b.Properties)) {
		if n := strings.Compare(a.Properties[i].Name, b.Properties[i].Name); n != 0 {
			return n
		}
		if n := strings.Compare(a.Properties[i].Value.String(), b.Properties[i].Value.String()); n != 0 {
			return n
		}
	}
	return len(a.Properties) - len(b.Properties)
}

// netOfRefunds lowers orders by what refunds up to the instant took back, and
// leaves out those that were wholly taken back, with their lines.
func (v view) netOfRefunds(events []event) []event {
	for _, name := range slices.Sorted(maps.Keys(v.set.Catalogue.Events)) {
		if refunds := v.set.Catalogue.Events[name].Refunds; refunds != nil {
			events = takeBack(events, name, *refunds)
		}
	}
	return events
}

// takeBack is what is left of the events after the refunds of one name. Each
// order with a key is lowered by all refunds that name the key; lines go when
// no order of theirs is left.
func takeBack(events []event, name string, r define.Refunds) []event {
	back := map[strata.Value]strata.Value{} // by key, what is taken back
	wholly := map[strata.Value]bool{}
	for _, e := range events {
		key := e.Property(r.Key)
		if e.Name != name || key.IsMissing() {
			continue
		}
		if amount := decimalOf(e, r.Amount); amount.IsMissing() {
			wholly[key] = true // no amount means all of it
		} else if before, ok := back[key]; ok {
			back[key] = plus(before, amount)
		} else {
			back[key] = amount
		}
	}
	if len(back)+len(wholly) == 0 {
		return events
	}
	gone, left := map[strata.Value]bool{}, map[strata.Value]bool{}
	var out []event
	for _, e := range events {
		key := e.Property(r.Key)
		amount := decimalOf(e, r.Amount)
		sum, refunded := back[key]
		switch {
		case e.Name != r.Event || !refunded && !wholly[key]:
		case wholly[key] || !amount.IsMissing() && plus(amount, minus(sum)).Int <= 0:
			gone[key] = true
			continue
		default:
			left[key] = true
			e = lowered(e, r.Amount, sum)
		}
		out = append(out, e)
	}
	return slices.DeleteFunc(out, func(e event) bool {
		key := e.Property(r.Key)
		return slices.Contains(r.Lines, e.Name) && gone[key] && !left[key]
	})
}

// decimalOf is an amount that can be taken back.
func decimalOf(e event, property string) strata.Value {
	if v := e.Property(property); v.Kind == strata.Money || v.Kind == strata.Number {
		return v
	}
	return strata.Value{}
}

func lowered(e event, property string, by strata.Value) event {
	e.Properties = slices.Clone(e.Properties)
	for i := range e.Properties {
		if p := &e.Properties[i]; p.Name == property && !decimalOf(e, property).IsMissing() {
			p.Value = plus(p.Value, minus(by))
		}
	}
	return e
}

// plus adds two exact decimals at the larger of their scales; the kind is the
// first's.
func plus(a, b strata.Value) strata.Value {
	scale := max(a.Scale, b.Scale)
	x, _ := strata.Rescale(a.Int, a.Scale, scale)
	y, _ := strata.Rescale(b.Int, b.Scale, scale)
	a.Int, a.Scale = x+y, scale
	return a
}

func minus(a strata.Value) strata.Value {
	a.Int = -a.Int
	return a
}
