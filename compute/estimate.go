package compute

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/zeebo/xxh3"

	"strata"
	"strata/audience"
	"strata/define"
	"strata/program"
)

// Sampler reads the histories of chosen customers; timeline.Store is one.
type Sampler interface {
	LoadEach(ctx context.Context, customers []strata.CustomerID, fn func(*strata.History) error) error
}

// Sample evaluates a set that need not be published for a sample of everyone:
// n customers, one drawn from each of n parts of equal size by a hash, so that
// the same question gets the same answer. The table holds the sample only.
// Cut points that were never stored are made from the sample. It is for
// estimates: see measure.Wilson.
func (e *Engine) Sample(ctx context.Context, set *define.Set, asOf strata.Instant, everyone *roaring.Bitmap, n int) (*Answer, error) {
	sampler, ok := e.source.(Sampler)
	if !ok {
		return nil, &strata.Error{Code: strata.Internal, Message: "this source cannot load chosen customers"}
	}
	customers := draw(everyone, n)
	p, err := e.compile(set)
	if err != nil {
		return nil, err
	}
	scan := func(ctx context.Context, worker func() func(*strata.History)) error {
		see := worker()
		return sampler.LoadEach(ctx, customers, func(h *strata.History) error { see(h); return ctx.Err() })
	}
	calibrations, err := e.calibrateOver(ctx, func(*program.Program) visit { return scan }, p, asOf)
	if err != nil {
		return nil, err
	}
	past, err := e.past(ctx, p, asOf)
	if err != nil {
		return nil, err
	}
	table := audience.NewTable(asOf)
	writer := table.Writer(layout(p))
	err = scan(ctx, func() func(*strata.History) {
		run := p.At(asOf, calibrations)
		run.Past(past)
		return func(h *strata.History) { writer.Apply(h.Customer, rowOf(run.Run(h))) }
	})
	if err != nil {
		return nil, err
	}
	return &Answer{Table: table, Set: set, Calibrations: calibrations, Commits: e.source.Commits()}, nil
}

// draw returns up to n customers of the set, ascending.
func draw(everyone *roaring.Bitmap, n int) []strata.CustomerID {
	total := int(everyone.GetCardinality())
	if total <= n {
		out := make([]strata.CustomerID, 0, total)
		for _, id := range everyone.ToArray() {
			out = append(out, strata.CustomerID(id))
		}
		return out
	}
	out := make([]strata.CustomerID, n)
	for i := range n {
		from, to := total*i/n, total*(i+1)/n
		at := from + int(xxh3.HashString(string(rune(i)))%uint64(to-from))
		id, err := everyone.Select(uint32(at))
		if err != nil { // at lies below the cardinality
			panic(err)
		}
		out[i] = strata.CustomerID(id)
	}
	return slices.Compact(out)
}

func rowOf(r *program.Row) audience.Row {
	return audience.Row{Tags: r.Tags, Segments: r.Segments, Levels: r.Levels}
}
