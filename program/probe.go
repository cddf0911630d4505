package program

import (
	"maps"
	"slices"
	"strings"

	"strata"
	"strata/define"
)

// Probe evaluates parts of definitions for one customer, for explanations.
// Add every part first, then move it to any instants and ask. It belongs to one
// goroutine.
type Probe struct {
	c *compiler
	e *Evaluator // nil until it is moved to an instant

	past []define.Calibration
	h    *strata.History

	conditions []boolFunc
	values     []valueFunc
	selections []*selection
	scores     []func(*frame) [3]int
}

// Probe returns a probe over the history, which must stay valid while it is
// used.
func (p *Program) Probe(h *strata.History) *Probe {
	own := *p // compiling more parts must not touch the shared program
	own.attributes, own.shared, own.windowSlots = maps.Clone(p.attributes), maps.Clone(p.shared), maps.Clone(p.windowSlots)
	own.tracks, own.pasts = maps.Clone(p.tracks), slices.Clip(p.pasts)
	own.static, own.looked = slices.Clone(p.static), slices.Clone(p.looked)
	own.borders, own.windows = slices.Clip(p.borders), slices.Clip(p.windows)
	return &Probe{c: &compiler{Program: &own}, h: h}
}

// Condition, Value and Events add a part and return its number.
func (p *Probe) Condition(c define.Condition) int {
	p.conditions = append(p.conditions, p.c.condition(c))
	return len(p.conditions) - 1
}

// Value adds a value.
func (p *Probe) Value(v define.Value) int {
	p.values = append(p.values, p.c.value(v))
	return len(p.values) - 1
}

// Events adds a selection.
func (p *Probe) Events(s define.Selection) int {
	p.selections = append(p.selections, p.c.selection(s))
	return len(p.selections) - 1
}

// Scores adds an RFM model's three scores.
func (p *Probe) Scores(ref define.Ref, x define.RFM) int {
	p.c.ref = ref
	var of [3]func(*frame) int
	names := [3]string{"recency", "frequency", "monetary"}
	for i, v := range [3]define.Value{x.Recency, x.Frequency, x.Monetary} {
		p.c.in(names[i], func() { of[i] = p.c.scorer(x, i, v, nil).of })
	}
	p.scores = append(p.scores, func(f *frame) [3]int { return [3]int{of[0](f), of[1](f), of[2](f)} })
	return len(p.scores) - 1
}

// At moves the probe to an instant.
func (p *Probe) At(asOf strata.Instant, calibrations map[define.Ref]define.Calibration) error {
	if len(p.c.errs) > 0 {
		return joinErrors(p.c.errs)
	}
	if p.e == nil {
		p.c.lookAtRefunds()
		p.e = p.c.At(asOf, calibrations)
		p.e.Timers(true)
		p.e.Past(p.past)
		p.e.Run(p.h)
	}
	p.e.f.given = calibrations
	p.e.f.enforce(calibrations)
	p.e.Move(asOf)
	p.e.Again()
	return nil
}

// Past gives the probe the stored calibrations, as Evaluator.Past does. It
// must be called before At.
func (p *Probe) Past(stored []define.Calibration) { p.past = stored }

// Next returns the earliest instant after the probe's at which the answers of
// the program, or those that the probe was asked for since it was moved, may
// change by time alone; define.Latest is never.
func (p *Probe) Next() strata.Instant { return p.e.f.next }

// Holds returns the truth of a condition at the probe's instant.
func (p *Probe) Holds(condition int) bool { return p.conditions[condition](&p.e.f) }

// Get returns a value at the probe's instant.
func (p *Probe) Get(value int) strata.Value { return p.values[value](&p.e.f) }

// GetScores returns the scores of recency, frequency and monetary value; 0 is
// none.
func (p *Probe) GetScores(scores int) [3]int { return p.scores[scores](&p.e.f) }

// Tag, Member and Level return a definition's answer at the probe's instant.
func (p *Probe) Tag(name string) strata.Value {
	at := p.c.index[define.Ref{Kind: "tag", Name: name}]
	v, f := p.e.f.row.Tags[at], &p.e.f
	if unit := p.c.tags[at].Since; unit != 0 && !v.IsMissing() {
		f.completes(f.instants[at], unit, v.Int, everyUnit)
	}
	return v
}

// Member reports membership of a segment.
func (p *Probe) Member(name string) bool {
	return p.e.f.row.Segments[p.c.index[define.Ref{Kind: "segment", Name: name}]]
}

// Level returns the level in a tier, "" for none.
func (p *Probe) Level(name string) string {
	at := p.c.index[define.Ref{Kind: "tier", Name: name}]
	if n := p.e.f.row.Levels[at]; n >= 0 {
		return p.c.tiers[at].Levels[n]
	}
	return ""
}

// Newest returns up to n of the newest matching events, newest first. Their
// ids and id-like properties are not known here and left out.
func (p *Probe) Newest(selection, n int) []strata.Event {
	type place struct {
		run *strata.Run
		i   int
	}
	var found []place
	p.selections[selection].each(&p.e.f, func(r *strata.Run, i int) bool {
		found = append(found, place{r, i})
		return true
	})
	slices.SortStableFunc(found, func(a, b place) int {
		return int(min(max(b.run.At(b.i)-a.run.At(a.i), -1), 1))
	})
	events := make([]strata.Event, 0, min(n, len(found)))
	for _, at := range found[:min(n, len(found))] {
		events = append(events, p.event(at.run, at.i))
	}
	return events
}

func (p *Probe) event(r *strata.Run, i int) strata.Event {
	e := strata.Event{Name: p.c.names[r.Event], At: r.At(i)}
	names := p.c.dict.PropertyNames()
	for c := range r.Columns {
		if col := &r.Columns[c]; col.Has(i) && col.Kind != strata.ID {
			e.Properties = append(e.Properties, strata.Property{Name: names[col.Property], Value: p.e.f.columnValue(col, i)})
		}
	}
	slices.SortFunc(e.Properties, func(a, b strata.Property) int { return strings.Compare(a.Name, b.Name) })
	return e
}
