// Package program fuses checked definitions into one program over customers'
// histories: equal aggregates are computed once for a customer, windows are
// bounds found by binary search in each event type's run, and columns are
// read in place.
package program

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"strata"
	"strata/define"
)

// Program is a set of definitions compiled against a dictionary. It is
// read-only once compiled and may be shared by several goroutines.
type Program struct {
	set       *define.Set
	dict      strata.Dictionary
	zone      *time.Location
	weekStart time.Weekday
	settings  strata.Settings
	people    People

	events     map[string]uint16 // codes by event name
	names      []string          // event names by code
	refunds    []refund
	attributes map[string]int // slot by name
	static     []bool         // by attribute slot: holds at every instant
	shared     map[string]int // aggregate slot by canonical key
	aggregates int            // number of shared slots
	fused      *fused

	looked      []bool // by event code: some selection can see it
	borders     []border
	windows     []ends // by slot
	windowSlots map[define.Window]int
	pasts       []*past
	tracks      map[string]int // pasts by what is looked back at

	properties []uint16 // that definitions look at, ascending

	plainTags []int  // those with Int >= 0
	others    []step // order without them

	tags     []Tag
	segments []Segment
	tiers    []Tier
	order    []step
	index    map[define.Ref]int // place in tags, segments or tiers

	population []Population
	noted      *noting // the dictionary while compiling
}

// Tag, Segment and Tier say what a program computes, in the order of Row's
// slices.
type (
	Tag struct {
		Name string
		// Since is the unit of a tag that is the completed time since an
		// event, which grows as time passes; 0 of every other tag.
		Since define.Unit
		// Int is, of a plain tag, where in Row.Ints its values are, and Kind
		// and Scale what they are: a plain tag is a number of events, days or
		// distinct values, or a sum of decimals, and everyone has a value. Int
		// is -1 of every other tag.
		Int   int
		Kind  strata.Kind
		Scale uint8
		value valueFunc
	}
	Segment struct {
		Name  string
		where boolFunc
	}
	Tier struct {
		Name   string
		Levels []string
		level  func(*frame) int // index into Levels, -1 = none
	}
)

// step is one definition in dependency order.
type step struct {
	kind stepKind
	at   int
}

type stepKind uint8

const (
	tagStep stepKind = iota
	segmentStep
	tierStep
)

type (
	boolFunc  func(*frame) bool
	valueFunc func(*frame) strata.Value
)

// Population is one part of a definition whose cut points come from everyone
// who has a value.
type Population struct {
	Ref   define.Ref
	Part  string // "" for the whole value, else where in it it stands, such as rows; recency, frequency, monetary
	value valueFunc
	among boolFunc // nil = everyone
	// Cuts turns the sorted values of everyone into cut points.
	Cuts func(sorted []float64) []float64
}

// Options are what a program needs besides definitions.
type Options struct {
	Dictionary strata.Dictionary
	Settings   strata.Settings
	People     People // nil: lists and buckets are refused
}

// People gives the public id of a customer; identity.Store is one.
type People interface {
	PublicID(strata.CustomerID) (string, error)
}

// Compile builds the program of a checked set. A kind that this engine cannot
// run is refused by name with Code Unsupported, all of them at once.
func Compile(set *define.Set, o Options) (*Program, error) {
	zone, err := o.Settings.Location()
	if err != nil {
		return nil, err
	}
	noted := newNoting(o.Dictionary)
	p := &Program{
		noted: noted,
		set:   set, dict: noted, zone: zone, weekStart: o.Settings.WeekStart, settings: o.Settings, people: o.People,
		events: map[string]uint16{}, names: o.Dictionary.EventNames(), attributes: map[string]int{}, shared: map[string]int{},
		fused: newFused(), index: map[define.Ref]int{}, windowSlots: map[define.Window]int{}, tracks: map[string]int{},
		looked: make([]bool, len(o.Dictionary.EventNames())),
	}
	for code, name := range p.names {
		if name != "" {
			p.events[name] = uint16(code)
		}
	}
	c := compiler{Program: p, fusing: true}
	p.compileRefunds()
	for _, ref := range define.Order(set) {
		c.definition(ref)
	}
	if len(c.errs) > 0 {
		return nil, joinErrors(c.errs)
	}
	p.dict, p.properties = o.Dictionary, slices.Sorted(maps.Keys(noted.found)) // from here on it is only read
	p.lookAtRefunds()
	p.fused.settle()
	return p, nil
}

// Tags, Segments and Tiers list what the program computes.
func (p *Program) Tags() []Tag         { return p.tags }
func (p *Program) Segments() []Segment { return p.segments }
func (p *Program) Tiers() []Tier       { return p.tiers }

// Population lists the parts that need a calibration, in dependency order.
func (p *Program) Population() []Population { return p.population }

// Wanted returns the facts that the program looks at: it gives the same
// answers over histories that show no others.
// A program that looks back has to know of any fact that it was there: a life
// begins with the first.
func (p *Program) Wanted() strata.Wanted {
	if p.LooksBack() {
		return strata.Wanted{Everything: true}
	}
	return strata.Wanted{Properties: p.properties, Attributes: slices.Sorted(maps.Keys(p.attributes))}
}

// Set returns the definitions the program was compiled from.
func (p *Program) Set() *define.Set { return p.set }

// compiler collects what could not be compiled.
type compiler struct {
	*Program
	path string // of the definition being compiled
	ref  define.Ref
	part string // "" for the whole of it, else the steps down to what is being compiled, joined by points
	errs []error

	fusing     bool // plain aggregates are fused
	populating bool // what is being compiled is a value that is calibrated
}

func (c *compiler) definition(ref define.Ref) {
	c.ref = ref
	switch ref.Kind {
	case "tag":
		d := c.set.Tags[ref.Name]
		c.path = "tags." + ref.Name
		tag := Tag{Name: ref.Name, Int: -1}
		at := len(c.tags)
		if since := c.since(d.Value); since != nil {
			tag.Since = since.unit
			plain := c.grown(d.Value, noUnit) // that it grows is no change
			tag.value = func(f *frame) strata.Value {
				f.instants[at] = unknown
				if instant, found := since.at(f); found {
					f.instants[at] = instant
				}
				return plain(f)
			}
		} else {
			tag.value = c.value(d.Value)
			if d.KeepOnEmpty || !d.Expires.IsZero() {
				tag.value = c.kept(ref.Name, d, tag.value)
			}
		}
		c.index[ref] = at
		c.order = append(c.order, step{tagStep, at})
		if x, ok := d.Value.(define.Aggregate); ok && !d.KeepOnEmpty && d.Expires.IsZero() && c.plainTag(&tag, x) {
			c.plainTags = append(c.plainTags, at)
		} else {
			c.others = append(c.others, step{tagStep, at})
		}
		c.tags = append(c.tags, tag)
	case "segment":
		d := c.set.Segments[ref.Name]
		c.path = "segments." + ref.Name
		where := c.segment(d)
		c.index[ref] = len(c.segments)
		c.order = append(c.order, step{segmentStep, len(c.segments)})
		c.others = append(c.others, step{segmentStep, len(c.segments)})
		c.segments = append(c.segments, Segment{Name: ref.Name, where: where})
	case "tier":
		d := c.set.Tiers[ref.Name]
		c.path = "tiers." + ref.Name
		level := c.tier(d)
		if remembers(d) {
			level = c.remembered(ref.Name, d)
		}
		levels := make([]string, len(d.Levels))
		for i, l := range d.Levels {
			levels[i] = l.ID
		}
		c.index[ref] = len(c.tiers)
		c.order = append(c.order, step{tierStep, len(c.tiers)})
		c.others = append(c.others, step{tierStep, len(c.tiers)})
		c.tiers = append(c.tiers, Tier{Name: ref.Name, Levels: levels, level: level})
	case "score":
		c.path = "scores." + ref.Name
		c.unsupported("score")
	}
}

func (c *compiler) unsupported(what string) {
	c.errs = append(c.errs, &strata.Error{
		Code: strata.Unsupported, Field: c.path,
		Message: fmt.Sprintf("the engine cannot run %q yet", what),
		Hint:    "leave it out of what you apply; the rest of the file can be applied without it",
	})
}

func joinErrors(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return multiError(errs)
}

// multiError is several errors, one a line.
type multiError []error

func (m multiError) Error() string {
	lines := make([]string, len(m))
	for i, err := range m {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

func (m multiError) Unwrap() []error { return m }

// Row is one customer's answers, in the order of Tags, Segments and Tiers.
type Row struct {
	Tags []strata.Value
	// Ints are, where the evaluator keeps them apart, the values of plain
	// tags by Tag.Int; Tags then has only those of the others, unless Odd is
	// set: a plain tag of this customer is not of its tag's Kind and Scale,
	// and Tags has every value.
	Ints     []int64
	Odd      bool
	Segments []bool
	Levels   []int // index into the tier's levels, -1 = none
	// Next is, where the evaluator keeps timers, the earliest instant after
	// its own at which anything in the row may change, taking it that nothing
	// happens but what is known already: an event or value dated after as_of
	// counts. Until then every row is equal, but for tags that are a time
	// since an event, which grow and are equal as Stored. define.Latest is
	// never. It may come early, never late.
	Next strata.Instant
}

// Evaluator runs a program at one instant, one customer after another. It
// belongs to one goroutine.
type Evaluator struct {
	p *Program
	f frame
}

// At binds the program to an instant and to calibrations by definition. A
// part without a calibration has no cut points, and what needs it is missing.
func (p *Program) At(asOf strata.Instant, calibrations map[define.Ref]define.Calibration) *Evaluator {
	e := &Evaluator{p: p}
	e.f.init(p, asOf, calibrations)
	return e
}

// Timers says whether rows have their Next; they have not at first.
func (e *Evaluator) Timers(on bool) { e.f.timed = on }

// Move takes the evaluator to another instant. What has been found out about
// civil days is kept, so that many moves are cheap.
func (e *Evaluator) Move(asOf strata.Instant) {
	e.f.answer = asOf
	e.f.move(asOf)
}

// KeepInts says whether rows have the values of plain tags as Ints; at first
// they are in Tags.
func (e *Evaluator) KeepInts(on bool) { e.f.apart = on }

// AsOf returns the evaluator's instant.
func (e *Evaluator) AsOf() strata.Instant { return e.f.asOf }

// Run computes everything for one customer. The row is the evaluator's and is
// overwritten by the next call.
func (e *Evaluator) Run(h *strata.History) *Row { return e.run(h, true) }

// Again is Run over the history of the last Run, which must still be valid
// and the same. What has been found out of the past then is kept, so that
// following one customer through time is cheap.
func (e *Evaluator) Again() *Row { return e.run(e.f.h, false) }

func (e *Evaluator) run(h *strata.History, first bool) *Row {
	f := &e.f
	for _, w := range f.pasts {
		if w != nil && (first || f.asOf < f.ran) {
			w.begun = false
		}
	}
	f.ran = f.asOf
	f.load(h)
	order := e.p.order
	f.row.Ints, f.row.Odd = nil, false
	if f.apart {
		order = e.p.others
		f.row.Ints, f.row.Odd = f.fused.ints[:len(e.p.fused.measures)], f.oddTags()
	}
	for _, s := range order {
		switch s.kind {
		case tagStep:
			f.row.Tags[s.at] = e.p.tags[s.at].value(f)
		case segmentStep:
			f.row.Segments[s.at] = e.p.segments[s.at].where(f)
		case tierStep:
			f.row.Levels[s.at] = e.p.tiers[s.at].level(f)
		}
	}
	f.row.Next = f.next
	return &f.row
}

// Populate computes the values of population parts for one customer after
// Run; NaN where the customer is not in the population.
func (e *Evaluator) Populate(parts []Population, out []float64) {
	for i, part := range parts {
		out[i] = nan
		if part.among != nil && !part.among(&e.f) {
			continue
		}
		out[i] = part.value(&e.f).Float64()
	}
}

// DependsOn reports whether a definition stands on another, however far.
func (p *Program) DependsOn(ref, on define.Ref) bool {
	seen := map[define.Ref]bool{}
	var walk func(define.Ref) bool
	walk = func(r define.Ref) bool {
		if seen[r] {
			return false
		}
		seen[r] = true
		return slices.ContainsFunc(define.Uses(p.set, r), func(u define.Ref) bool { return u == on || walk(u) })
	}
	return walk(ref)
}
