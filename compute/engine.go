// Package compute runs programs: for everyone at an instant, or for one
// customer. It keeps the population thresholds and the order in which
// definitions that stand on each other are calibrated.
package compute

import (
	"context"
	"fmt"
	"sync"

	"strata"
	"strata/audience"
	"strata/define"
	"strata/program"
)

// Source is where customers' histories are read, in ascending order of
// customer number; timeline.Store is one. from is inclusive, to exclusive.
type Source interface {
	// ScanOnly may leave out of the histories what is not wanted, but no customer.
	ScanOnly(ctx context.Context, from, to strata.CustomerID, wanted strata.Wanted, fn func(*strata.History) error) error
	Dictionary() strata.Dictionary
	Commits() uint64 // grows with every commit
}

// Definitions is where the published definitions and calibrations stand;
// registry.Registry is one.
type Definitions interface {
	// Published returns the current set and a number that grows with every change.
	Published(ctx context.Context) (*define.Set, uint64, error)
	// Calibrations returns those of one definition, newest effective first.
	Calibrations(ctx context.Context, kind, name string) ([]define.Calibration, error)
	// AddCalibration stores one and gives it its version.
	AddCalibration(ctx context.Context, c define.Calibration) (define.Calibration, error)
}

// People names customers; identity.Store is one.
type People interface {
	PublicID(strata.CustomerID) (string, error)
	Last() strata.CustomerID // the highest number given out
	// Scan calls fn with the customers of [from, to] who exist, ascending.
	Scan(from, to strata.CustomerID, fn func(c strata.CustomerID, keys []strata.Key) error) error
}

// Engine evaluates the published definitions. It may be used by several
// goroutines.
type Engine struct {
	source      Source
	definitions Definitions
	people      People
	settings    strata.Settings

	mu      sync.Mutex
	answers map[question]*pending
	recent  []question // oldest first
}

// question is what an answer is kept for.
type question struct {
	asOf, calibrations strata.Instant
	commits, version   uint64
}

// pending is an answer that may still be being computed.
type pending struct {
	done   chan struct{}
	answer *Answer
	err    error
}

// kept is how many answers are held in memory.
const kept = 12

// New returns an engine over the stores.
func New(source Source, definitions Definitions, people People, settings strata.Settings) (*Engine, error) {
	if _, err := settings.Location(); err != nil {
		return nil, err
	}
	return &Engine{source: source, definitions: definitions, people: people, settings: settings, answers: map[question]*pending{}}, nil
}

// Answer is a table with what is needed to read it.
type Answer struct {
	*audience.Table
	Set          *define.Set
	Calibrations map[define.Ref]define.Calibration // of population kinds; Version 0 = made for this answer
	Commits      uint64                            // of the data when it was computed
	Version      uint64                            // of the definitions
}

// At evaluates all published definitions for everyone at an instant, each
// population kind by its latest calibration at or before it; where there is
// none, by one made at that instant for this answer. The answer is kept until
// data or definitions change and must not be written to.
func (e *Engine) At(ctx context.Context, asOf strata.Instant) (*Answer, error) {
	return e.AtAs(ctx, asOf, asOf)
}

// AtAs is At with the calibrations in force at another instant, so that a
// comparison of two dates shows customers moving, not cut points. Where none
// was stored by then, cut points are made from everyone as of that instant.
func (e *Engine) AtAs(ctx context.Context, asOf, calibrations strata.Instant) (*Answer, error) {
	set, version, err := e.definitions.Published(ctx)
	if err != nil {
		return nil, err
	}
	q := question{asOf, calibrations, e.source.Commits(), version}
	e.mu.Lock()
	p, known := e.answers[q]
	if !known {
		p = &pending{done: make(chan struct{})}
		e.answers[q] = p
		e.recent = append(e.recent, q)
		if len(e.recent) > kept {
			delete(e.answers, e.recent[0])
			e.recent = e.recent[1:]
		}
	}
	e.mu.Unlock()
	if known {
		select {
		case <-p.done:
			return p.answer, p.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	// Others may wait for this answer, so it does not end with this caller.
	p.answer, p.err = e.answer(context.WithoutCancel(ctx), set, asOf, calibrations)
	if p.err != nil {
		e.mu.Lock()
		delete(e.answers, q)
		e.mu.Unlock()
	} else {
		p.answer.Commits, p.answer.Version = q.commits, q.version
	}
	close(p.done)
	return p.answer, p.err
}

// Evaluate computes a set that need not be published, for everyone at an
// instant. Stored calibrations are used for the names that have one.
func (e *Engine) Evaluate(ctx context.Context, set *define.Set, asOf strata.Instant) (*Answer, error) {
	return e.answer(ctx, set, asOf, asOf)
}

// EvaluateAs is Evaluate with the calibrations in force at another instant.
func (e *Engine) EvaluateAs(ctx context.Context, set *define.Set, asOf, calibrations strata.Instant) (*Answer, error) {
	return e.answer(ctx, set, asOf, calibrations)
}

func (e *Engine) answer(ctx context.Context, set *define.Set, asOf, calibrationsAt strata.Instant) (*Answer, error) {
	p, err := e.compile(set)
	if err != nil {
		return nil, err
	}
	calibrations, err := e.calibrate(ctx, p, calibrationsAt)
	if err != nil {
		return nil, err
	}
	past, err := e.past(ctx, p, calibrationsAt)
	if err != nil {
		return nil, err
	}
	table, err := e.everyone(ctx, p, asOf, calibrations, past)
	if err != nil {
		return nil, err
	}
	return &Answer{Table: table, Set: set, Calibrations: calibrations, Commits: e.source.Commits()}, nil
}

func (e *Engine) compile(set *define.Set) (*program.Program, error) {
	return program.Compile(set, program.Options{Dictionary: e.source.Dictionary(), Settings: e.settings, People: e.people})
}

// Check reports, as Unsupported errors, every definition of the set that this
// engine cannot run.
func (e *Engine) Check(set *define.Set) error {
	_, err := e.compile(set)
	return err
}

// layout names the parts of a program's rows.
func layout(p *program.Program) audience.Layout {
	var l audience.Layout
	for _, t := range p.Tags() {
		l.Tags = append(l.Tags, t.Name)
	}
	for _, s := range p.Segments() {
		l.Segments = append(l.Segments, s.Name)
	}
	for _, t := range p.Tiers() {
		l.Tiers = append(l.Tiers, audience.Tier{Name: t.Name, Levels: t.Levels})
	}
	return l
}

// Trend returns the size of every published segment at each of the instants
// given, in their order, by segment name, with the calibrations in force at
// the last of them.
func (e *Engine) Trend(ctx context.Context, at []strata.Instant) (map[string][]int, error) {
	set, _, err := e.definitions.Published(ctx)
	if err != nil || len(at) == 0 {
		return nil, err
	}
	var segments []define.Ref
	for name := range set.Segments {
		segments = append(segments, define.Ref{Kind: "segment", Name: name})
	}
	p, err := e.compile(set.Only(segments...))
	if err != nil {
		return nil, err
	}
	calibrations, err := e.calibrate(ctx, p, at[len(at)-1])
	if err != nil {
		return nil, err
	}
	past, err := e.past(ctx, p, at[len(at)-1])
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var all [][][]int // by worker, segment and instant
	err = e.scan(ctx, int(e.people.Last())+1, p.Wanted(), func() func(*strata.History) {
		runs := make([]*program.Evaluator, len(at))
		for i := range at {
			runs[i] = p.At(at[i], calibrations)
			runs[i].Past(past)
		}
		counts := make([][]int, len(p.Segments()))
		for i := range counts {
			counts[i] = make([]int, len(at))
		}
		mu.Lock()
		all = append(all, counts)
		mu.Unlock()
		return func(h *strata.History) {
			for i, run := range runs {
				for s, in := range run.Run(h).Segments {
					if in {
						counts[s][i]++
					}
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	trend := map[string][]int{}
	for s, segment := range p.Segments() {
		sizes := make([]int, len(at))
		for _, counts := range all {
			for i, n := range counts[s] {
				sizes[i] += n
			}
		}
		trend[segment.Name] = sizes
	}
	return trend, nil
}

// CalibrateNew stores a first calibration, effective at the instant, for
// those of the published definitions whose cut points come from everyone and
// have none in force for what they now measure. Where nobody has a value yet
// nothing is stored.
func (e *Engine) CalibrateNew(ctx context.Context, refs []define.Ref, at strata.Instant) error {
	set, _, err := e.definitions.Published(ctx)
	if err != nil {
		return err
	}
	p, err := e.compile(set)
	if err != nil {
		return err
	}
	inForce, err := e.calibrate(ctx, p, at)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		if c, ok := inForce[ref]; ok && c.Version == 0 && c.People > 0 {
			if _, err := e.definitions.AddCalibration(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// Calibrate computes the cut points of one published definition as of an
// instant and stores them, effective from then until the next.
func (e *Engine) Calibrate(ctx context.Context, ref define.Ref, at strata.Instant) (define.Calibration, error) {
	set, _, err := e.definitions.Published(ctx)
	if err != nil {
		return define.Calibration{}, err
	}
	p, err := e.compile(set)
	if err != nil {
		return define.Calibration{}, err
	}
	for _, part := range p.Population() {
		if part.Ref != ref {
			continue
		}
		fresh, err := e.calibrateOnly(ctx, p, ref, at)
		if err != nil {
			return define.Calibration{}, err
		}
		if fresh.People == 0 {
			return define.Calibration{}, nobodyToCalibrate(ref)
		}
		return e.definitions.AddCalibration(ctx, fresh)
	}
	return define.Calibration{}, notCalibrated(ref)
}

func nobodyToCalibrate(ref define.Ref) error {
	return &strata.Error{
		Code: strata.Conflict, Field: ref.Kind + "s." + ref.Name, Message: "nobody has a value at that instant, so there are no cut points",
		Hint: "import data first, or choose a later --at",
	}
}

func notCalibrated(ref define.Ref) error {
	return &strata.Error{
		Code: strata.NotFound, Field: ref.Kind + "s." + ref.Name, Message: "no published definition of that name has cut points from everyone",
		Hint: fmt.Sprintf("only quantiles, means, medians and top shares are calibrated; see `strata show %s NAME`", ref.Kind),
	}
}
