package compute

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"

	"strata"
	"strata/define"
	"strata/program"
)

// calibrate returns the calibration of every population kind in force at an
// instant. Those that were never stored are made from everyone as of that
// instant, in the order in which they stand on each other, and have Version 0.
func (e *Engine) calibrate(ctx context.Context, p *program.Program, at strata.Instant) (map[define.Ref]define.Calibration, error) {
	return e.calibrateOver(ctx, e.all, p, at)
}

// visit hands customers to workers, each made by worker and used by one
// goroutine.
type visit func(ctx context.Context, worker func() func(*strata.History)) error

// all visits everyone, as a program wants to see them.
func (e *Engine) all(p *program.Program) visit {
	return func(ctx context.Context, worker func() func(*strata.History)) error {
		return e.scan(ctx, int(e.people.Last())+1, p.Wanted(), worker)
	}
}

// calibrateOver is calibrate with everyone being those who are visited.
func (e *Engine) calibrateOver(ctx context.Context, over func(*program.Program) visit, p *program.Program, at strata.Instant) (map[define.Ref]define.Calibration, error) {
	calibrations := map[define.Ref]define.Calibration{}
	var absent []define.Ref
	for _, part := range p.Population() {
		if _, seen := calibrations[part.Ref]; seen || slices.Contains(absent, part.Ref) {
			continue
		}
		stored, err := e.stored(ctx, part.Ref, Basis(p.Set(), part.Ref), at)
		if err != nil {
			return nil, err
		}
		if stored == nil {
			absent = append(absent, part.Ref)
			continue
		}
		calibrations[part.Ref] = *stored
	}
	for len(absent) > 0 {
		var ready, rest []define.Ref
		for _, ref := range absent {
			if slices.ContainsFunc(absent, func(on define.Ref) bool { return on != ref && p.DependsOn(ref, on) }) {
				rest = append(rest, ref)
			} else {
				ready = append(ready, ref)
			}
		}
		made, err := e.make(ctx, over, p, ready, at, calibrations)
		if err != nil {
			return nil, err
		}
		for _, c := range made {
			calibrations[define.Ref{Kind: c.Kind, Name: c.Name}] = c
		}
		absent = rest
	}
	return calibrations, nil
}

// past returns all stored calibrations of the population kinds at or before an
// instant, for programs that look back; none for others.
func (e *Engine) past(ctx context.Context, p *program.Program, at strata.Instant) ([]define.Calibration, error) {
	if !p.LooksBack() {
		return nil, nil
	}
	var out []define.Calibration
	seen := map[define.Ref]bool{}
	for _, part := range p.Population() {
		if seen[part.Ref] {
			continue
		}
		seen[part.Ref] = true
		all, err := e.definitions.Calibrations(ctx, part.Ref.Kind, part.Ref.Name)
		if err != nil {
			return nil, err
		}
		basis := Basis(p.Set(), part.Ref)
		for _, c := range all {
			if c.At <= at && c.Basis == basis {
				out = append(out, c)
			}
		}
	}
	return out, nil
}

// calibrateOnly makes a fresh calibration of one definition; those it stands
// on are in force as stored.
func (e *Engine) calibrateOnly(ctx context.Context, p *program.Program, ref define.Ref, at strata.Instant) (define.Calibration, error) {
	others, err := e.calibrate(ctx, p, at)
	if err != nil {
		return define.Calibration{}, err
	}
	made, err := e.make(ctx, e.all, p, []define.Ref{ref}, at, others)
	if err != nil {
		return define.Calibration{}, err
	}
	return made[0], nil
}

func (e *Engine) stored(ctx context.Context, ref define.Ref, basis string, at strata.Instant) (*define.Calibration, error) {
	all, err := e.definitions.Calibrations(ctx, ref.Kind, ref.Name)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].At <= at && all[i].Basis == basis {
			return &all[i], nil
		}
	}
	return nil, nil
}

// Basis is a fingerprint of what a definition's cut points are computed from:
// the values, the population and how it is cut, with all that they stand on,
// but not names, labels and levels.
func Basis(set *define.Set, ref define.Ref) string {
	h := xxh3.New()
	bands := func(b define.Bands) {
		b.Labels = nil
		h.WriteString(define.PrintValue(b))
	}
	only := set.Only(ref)
	for _, r := range define.Order(only) {
		h.WriteString(r.String())
		switch r.Kind {
		case "tag":
			switch v := only.Tags[r.Name].Value.(type) {
			case define.Bands:
				bands(v)
			case define.Grid:
				bands(v.Rows)
				bands(v.Columns)
			default:
				h.WriteString(define.PrintValue(v))
			}
		case "segment":
			d := only.Segments[r.Name]
			h.WriteString(define.PrintCondition(d.Where))
			if d.Exclude != nil {
				h.WriteString(define.PrintCondition(d.Exclude))
			}
		case "tier":
			d := only.Tiers[r.Name]
			if d.AppliesTo != nil {
				h.WriteString(define.PrintCondition(d.AppliesTo))
			}
			for _, rule := range d.Rules {
				h.WriteString(rule.Level)
				h.WriteString(define.PrintCondition(rule.Where))
			}
			if m := d.RFM; m != nil {
				for _, v := range []define.Value{m.Recency, m.Frequency, m.Monetary} {
					h.WriteString(define.PrintValue(v))
				}
				fmt.Fprintf(h, "%v %d %s %v", m.Within, m.Score.Quantile, m.Score.Split, m.Score.Top)
			}
		}
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// make computes the cut points of the definitions given in one visit of
// everyone.
func (e *Engine) make(ctx context.Context, over func(*program.Program) visit, full *program.Program, refs []define.Ref, at strata.Instant, known map[define.Ref]define.Calibration) ([]define.Calibration, error) {
	p, err := e.compile(full.Set().Only(refs...)) // only what they stand on is evaluated
	if err != nil {
		return nil, err
	}
	var parts []program.Population
	for _, part := range p.Population() {
		if slices.Contains(refs, part.Ref) {
			parts = append(parts, part)
		}
	}
	past, err := e.past(ctx, p, at)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var collected [][][]float64 // by worker and part
	err = over(p)(ctx, func() func(*strata.History) {
		run := p.At(at, known)
		run.Past(past)
		mine := make([][]float64, len(parts))
		mu.Lock()
		collected = append(collected, mine)
		mu.Unlock()
		row := make([]float64, len(parts))
		return func(h *strata.History) {
			run.Run(h)
			run.Populate(parts, row)
			for i, v := range row {
				if !math.IsNaN(v) {
					mine[i] = append(mine[i], v)
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	made := make([]define.Calibration, len(refs))
	for i, ref := range refs {
		made[i] = define.Calibration{Kind: ref.Kind, Name: ref.Name, At: at, Basis: Basis(p.Set(), ref), Cuts: map[string][]float64{}}
		for n, part := range parts {
			if part.Ref != ref {
				continue
			}
			var values []float64
			for _, mine := range collected {
				values = append(values, mine[n]...)
			}
			slices.Sort(values)
			made[i].People = max(made[i].People, len(values))
			if len(values) > 0 {
				made[i].Cuts[part.Part] = part.Cuts(values)
			}
		}
	}
	return made, nil
}
