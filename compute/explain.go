package compute

import (
	"context"
	"fmt"
	"slices"

	"strata"
	"strata/define"
	"strata/program"
)

// Loader reads one customer's history; timeline.Store is one. The history is
// valid only during the call, and there is no call for an unknown customer.
type Loader interface {
	Load(c strata.CustomerID, fn func(*strata.History) error) error
}

// Reason is one node of an explanation: a condition or value, its truth, what
// was found and the events behind it.
type Reason struct {
	Sentence  define.Text2    `json:"sentence"`
	True      *bool           `json:"true,omitempty"`      // nil for a value
	Found     string          `json:"found,omitempty"`     // the value, as every face prints it
	FoundText define.Text2    `json:"found_text,omitzero"` // Found as a phrase, such as "3 次"
	Events    []strata.Event  `json:"events,omitempty"`    // newest first, at most 10
	NextAt    *strata.Instant `json:"next_at,omitempty"`   // earliest instant at which it changes by time alone
	Parts     []Reason        `json:"parts,omitempty"`
}

// horizon is how many days ahead an explanation looks for the next change.
const horizon = 400

// mostSteps is how many changes an explanation looks through for the next of
// each reason.
const mostSteps = 5000

// Explain says why a customer has its value of a tag, is in or out of a
// segment, or stands at its level. kind is tag, segment or tier. NextAt looks
// 400 days ahead and takes it that nothing more happens.
func (e *Engine) Explain(ctx context.Context, c strata.CustomerID, kind, name string, asOf strata.Instant) (Reason, error) {
	ref := define.Ref{Kind: kind, Name: name}
	full, err := e.At(ctx, asOf)
	if err != nil {
		return Reason{}, err
	}
	if !full.Set.Has(ref) {
		return Reason{}, &strata.Error{Code: strata.NotFound, Field: name, Message: fmt.Sprintf("there is no %s of that name", kind), Hint: "see `strata export`"}
	}
	loader, ok := e.source.(Loader)
	if !ok {
		return Reason{}, &strata.Error{Code: strata.Internal, Message: "this source cannot load one customer"}
	}
	p, err := e.compile(full.Set.Only(ref))
	if err != nil {
		return Reason{}, err
	}
	past, err := e.past(ctx, p, asOf)
	if err != nil {
		return Reason{}, err
	}
	var reason Reason
	found := false
	explain := func(h *strata.History) error {
		found = true
		x := &explainer{set: full.Set, asOf: asOf, engine: e, probe: p.Probe(h), calibrations: full.Calibrations}
		x.probe.Past(past)
		build := x.definition(ref)
		if err := x.probe.At(asOf, full.Calibrations); err != nil {
			return err
		}
		reason = build()
		return x.next(&reason)
	}
	err = loader.Load(c, explain)
	if err == nil && !found { // known, but without events and attributes
		if _, err = e.people.PublicID(c); err == nil {
			err = explain(&strata.History{Customer: c})
		}
	}
	return reason, err
}

// explainer builds the reasons in two steps: first every part is added to the
// probe, then, with the probe at as_of, the reasons are read off it.
type explainer struct {
	set          *define.Set
	asOf         strata.Instant
	engine       *Engine
	probe        *program.Probe
	calibrations map[define.Ref]define.Calibration
	ref          define.Ref      // of the tag whose values are added
	state        []func() string // of every reason, in the order they are built; changes show as other text
	depth        int
}

// build reads a reason off the probe.
type build func() Reason

// watch remembers how to see a change in a reason.
func (x *explainer) watch(state func() string) { x.state = append(x.state, state) }

func (x *explainer) sentences() define.SentenceOptions {
	zone, _ := x.engine.settings.Location()
	return define.SentenceOptions{AsOf: &x.asOf, Zone: zone, WeekStart: x.engine.settings.WeekStart}
}

func (x *explainer) definition(ref define.Ref) build {
	switch ref.Kind {
	case "tag":
		d := x.set.Tags[ref.Name]
		x.watch(func() string { return x.probe.Tag(ref.Name).String() })
		above := x.ref
		x.ref = ref
		x.probe.In(ref)
		parts, events := x.inside(d.Value)
		x.ref = above
		x.probe.In(above)
		return func() Reason {
			v := x.probe.Tag(ref.Name)
			r := Reason{Sentence: x.set.TagSentence(d, x.sentences()), Found: v.String(), FoundText: x.set.FoundPhrase(d.Value, v, x.sentences())}
			events(&r)
			return with(r, parts)
		}
	case "tier":
		return x.tier(ref.Name, x.set.Tiers[ref.Name])
	}
	d := x.set.Segments[ref.Name]
	x.watch(func() string { return fmt.Sprint(x.probe.Member(ref.Name)) })
	parts := []build{x.condition(d.Where)}
	if d.Exclude != nil {
		parts = append(parts, x.condition(define.Not{Of: d.Exclude}))
	}
	return func() Reason {
		in := x.probe.Member(ref.Name)
		return with(Reason{Sentence: x.set.SegmentSentence(d, x.sentences()), True: &in}, parts)
	}
}

func with(r Reason, parts []build) Reason {
	for _, p := range parts {
		r.Parts = append(r.Parts, p())
	}
	return r
}

func (x *explainer) condition(c define.Condition) build {
	at := x.probe.Condition(c)
	x.watch(func() string { return fmt.Sprint(x.probe.Holds(at)) })
	var parts []build
	found := func(*Reason) {}
	switch c := c.(type) {
	case define.All:
		parts = x.conditions(c.Of)
	case define.Any:
		parts = x.conditions(c.Of)
	case define.None:
		parts = x.conditions(c.Of)
	case define.Not:
		parts = x.conditions([]define.Condition{c.Of})
	case define.InSegment:
		parts = x.nested(define.Ref{Kind: "segment", Name: c.Segment})
	case define.TagIs:
		parts = x.nested(define.Ref{Kind: "tag", Name: c.Tag})
		found = x.found(c, define.TagValue{Tag: c.Tag})
	case define.TierIs:
		parts = x.nested(define.Ref{Kind: "tier", Name: c.Tier})
		found = func(r *Reason) { r.Found = x.probe.Level(c.Tier) }
	case define.AttributeIs:
		found = x.found(c, define.AttributeValue{Attribute: c.Attribute})
	case define.EventDid:
		found = x.measured(c)
	case define.FirstTime:
		s := c.Select
		s.Window = define.Window{}
		found = x.found(c, define.Touch{First: true, Select: s})
	case define.Stopped:
		found = x.events(c.Select)
	case define.Restarted:
		found = x.events(c.Select)
	case define.Regularly:
		found = x.events(c.Select)
	case define.Streak:
		found = x.events(c.Select)
	}
	return func() Reason {
		holds := x.probe.Holds(at)
		r := Reason{Sentence: x.set.ConditionSentence(c, x.sentences()), True: &holds}
		found(&r)
		return with(r, parts)
	}
}

func (x *explainer) conditions(of []define.Condition) []build {
	out := make([]build, len(of))
	for i, c := range of {
		out[i] = x.condition(c)
	}
	return out
}

// nested explains a definition that a condition stands on, to a depth that a
// person still follows.
func (x *explainer) nested(ref define.Ref) []build {
	if x.depth >= 4 {
		return nil
	}
	x.depth++
	defer func() { x.depth-- }()
	return []build{x.definition(ref)}
}

// found adds the value behind a condition.
func (x *explainer) found(c any, v define.Value) func(*Reason) {
	at := x.probe.Value(v)
	return func(r *Reason) {
		v := x.probe.Get(at)
		r.Found, r.FoundText = v.String(), x.set.FoundPhrase(c, v, x.sentences())
	}
}

func (x *explainer) events(s define.Selection) func(*Reason) {
	at := x.probe.Events(s)
	return func(r *Reason) { r.Events = x.probe.Newest(at, 10) }
}

func (x *explainer) measured(c define.EventDid) func(*Reason) {
	events := x.events(c.Select)
	var v define.Value
	switch m := c.Measure; m.Kind {
	case define.First, define.Last:
		if len(m.Where) == 0 {
			return events
		}
		v = define.Touch{First: m.Kind == define.First, Select: c.Select, Of: m.Where[0].Property}
	case define.Gap:
		return events
	default:
		v = define.Aggregate{Kind: m.Kind, Select: c.Select, Of: m.Of}
	}
	value := x.found(c, v)
	return func(r *Reason) { value(r); events(r) }
}

// valueParts explains the values and conditions that a value is made of.
func (x *explainer) valueParts(v define.Value) []build {
	switch v := v.(type) {
	case define.TagValue:
		return x.nested(define.Ref{Kind: "tag", Name: v.Tag})
	case define.TierValue:
		return x.nested(define.Ref{Kind: "tier", Name: v.Tier})
	case define.Rules:
		parts := make([]build, len(v.Rules))
		for i, rule := range v.Rules {
			inner := x.condition(rule.Where)
			parts[i] = func() Reason {
				r := inner()
				name := rule.Name.String()
				r.Sentence = define.Text2{Zh: name + "：" + r.Sentence.Zh, En: name + ": " + r.Sentence.En}
				return r
			}
		}
		return parts
	case define.Bands:
		return []build{x.value(v.Of)}
	case define.Ladder:
		return []build{x.value(v.Of)}
	case define.FirstOf:
		parts := make([]build, len(v.Of))
		for i, of := range v.Of {
			parts[i] = x.value(of)
		}
		return parts
	case define.ManualValue:
		return []build{x.manual(x.ref.Name)}
	case define.Formula:
		var parts []build
		for _, ref := range define.Uses(x.set, define.Ref{Kind: "tag", Name: x.owner(v)}) {
			if ref.Kind == "tag" {
				parts = append(parts, x.nested(ref)...)
			}
		}
		return parts
	}
	return nil
}

// manual explains a value set by hand: who did it, when, why and until when.
func (x *explainer) manual(tag string) build {
	x.watch(func() string { m, _ := x.probe.Manual(tag); return m.InForce(x.probe.AsOf()).String() })
	return func() Reason {
		m, ok := x.probe.Manual(tag)
		if !ok {
			return Reason{Sentence: x.set.ManualSentence(nil, x.sentences())}
		}
		return Reason{Sentence: x.set.ManualSentence(&m, x.sentences())}
	}
}

// inside returns what a value is made of: other values and conditions, or
// events.
func (x *explainer) inside(v define.Value) (parts []build, events func(*Reason)) {
	switch v := v.(type) {
	case define.Aggregate:
		return nil, x.events(v.Select)
	case define.Touch:
		return nil, x.events(v.Select)
	case define.Favourite:
		return nil, x.events(v.Select)
	case define.SinceEvent:
		return nil, x.events(v.Select)
	case define.GapValue:
		return nil, x.events(v.Select)
	}
	return x.valueParts(v), func(*Reason) {}
}

// owner is the tag that a formula defines.
func (x *explainer) owner(v define.Formula) string {
	for name, d := range x.set.Tags {
		if f, ok := d.Value.(define.Formula); ok && f.Text == v.Text {
			return name
		}
	}
	return ""
}

// value explains a value by what was found and the events behind it.
func (x *explainer) value(v define.Value) build {
	at := x.probe.Value(v)
	x.watch(func() string { return x.probe.Get(at).String() })
	parts, events := x.inside(v)
	return func() Reason {
		found := x.probe.Get(at)
		r := Reason{Sentence: x.set.ValueSentence(v, x.sentences()), Found: found.String(), FoundText: x.set.FoundPhrase(v, found, x.sentences())}
		events(&r)
		return with(r, parts)
	}
}

func (x *explainer) tier(name string, d define.Tier) build {
	x.watch(func() string { return x.probe.Level(name) })
	var parts []build
	if d.AppliesTo != nil {
		parts = append(parts, x.condition(d.AppliesTo))
	}
	if d.RFM != nil {
		parts = append(parts, x.rfm(name, *d.RFM)...)
	}
	for _, rule := range d.Rules {
		inner := x.condition(rule.Where)
		level := rule.Level
		if at := slices.IndexFunc(d.Levels, func(l define.Level) bool { return l.ID == rule.Level }); at >= 0 && d.Levels[at].Name.Zh != "" {
			level = d.Levels[at].Name.Zh
		}
		parts = append(parts, func() Reason {
			r := inner()
			r.Sentence = define.Text2{Zh: level + "：" + r.Sentence.Zh, En: rule.Level + ": " + r.Sentence.En}
			return r
		})
	}
	return func() Reason {
		level := x.probe.Level(name)
		r := Reason{Sentence: x.set.LevelSentence(d, level, x.sentences()), Found: level}
		if at := slices.IndexFunc(d.Levels, func(l define.Level) bool { return l.ID == level }); at >= 0 {
			r.FoundText = d.Levels[at].Name
		}
		return with(r, parts)
	}
}

// rfm explains the three scores with the cut points in force.
func (x *explainer) rfm(name string, m define.RFM) []build {
	ref := define.Ref{Kind: "tier", Name: name}
	scores := x.probe.Scores(ref, m)
	labels := [3]define.Text2{{Zh: "R 分", En: "R score"}, {Zh: "F 分", En: "F score"}, {Zh: "M 分", En: "M score"}}
	keys := [3]string{"recency", "frequency", "monetary"}
	var parts []build
	for i, v := range [3]define.Value{m.Recency, m.Frequency, m.Monetary} {
		inner := x.value(v)
		parts = append(parts, func() Reason {
			r := inner()
			score := x.probe.GetScores(scores)[i]
			cuts := fmt.Sprintf("%.6g", x.calibrations[ref].Cuts[keys[i]])
			r.Sentence = define.Text2{
				Zh: fmt.Sprintf("%s %d：%s（分界 %s）", labels[i].Zh, score, r.Sentence.Zh, cuts),
				En: fmt.Sprintf("%s %d: %s (cuts %s)", labels[i].En, score, r.Sentence.En, cuts),
			}
			return r
		})
	}
	return parts
}

// next moves the probe from change to change and notes at each reason
// the first at which its state differs from now. Reasons are numbered in the
// order of watch, which is a walk of the tree before its parts.
func (x *explainer) next(root *Reason) error {
	now := make([]string, len(x.state))
	for i, state := range x.state {
		now[i] = state()
	}
	nodes := flatten(root, nil)
	if len(nodes) != len(now) {
		return &strata.Error{Code: strata.Internal, Message: fmt.Sprintf("an explanation of %d reasons watches %d", len(nodes), len(now))}
	}
	zone, err := x.engine.settings.Location()
	if err != nil {
		return err
	}
	end := define.DayStart(define.DayOf(x.asOf, zone)+horizon, zone)
	open := len(nodes)
	for range mostSteps {
		at := x.probe.Next()
		if at > end || open == 0 {
			break
		}
		if err := x.probe.At(at, x.calibrations); err != nil {
			return err
		}
		for i, node := range nodes {
			if node.NextAt == nil && x.state[i]() != now[i] {
				node.NextAt = &at
				open--
			}
		}
	}
	return nil
}

func flatten(r *Reason, out []*Reason) []*Reason {
	out = append(out, r)
	for i := range r.Parts {
		out = flatten(&r.Parts[i], out)
	}
	return out
}
