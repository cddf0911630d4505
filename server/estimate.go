package server

import (
	"context"
	"math"

	"strata/define"
	"strata/measure"
	"strata/publish"
)

// estimateFrom is how many customers an estimate looks at: enough for a share
// to within 1.6 percentage points, and few enough for a tenth of a second.
const estimateFrom = 4000

// estimate says about how many a text's definitions would hold, from a sample
// of everyone. It ends when the request does.
func (c *console) estimate(ctx context.Context, r *draftRequest) (Estimate, error) {
	if err := mayPublish(who(ctx)); err != nil {
		return Estimate{}, err
	}
	a, err := c.now(ctx)
	if err != nil {
		return Estimate{}, err
	}
	asOf := a.AsOf
	if r.Body.AsOf != "" {
		if asOf, err = c.instant("body.as_of", r.Body.AsOf); err != nil {
			return Estimate{}, err
		}
	}
	d, err := c.Publisher.Draft(ctx, draftName, []byte(r.Body.YAML), who(ctx).Name)
	if err != nil {
		return Estimate{}, wrongDraft(r.Body.YAML, err)
	}
	var refs []define.Ref
	for _, ref := range d.Refs() {
		switch ref.Kind {
		case "tag", "segment", "tier":
			if d.Running.Has(ref) {
				refs = append(refs, ref)
			}
		}
	}
	e := Estimate{AsOf: c.time(asOf), Customers: int(a.Everyone.GetCardinality()), Definitions: []EstimateItem{}}
	if len(refs) == 0 {
		return e, nil
	}
	got, err := c.Engine.Sample(ctx, d.Running.Only(refs...), asOf, a.Everyone, estimateFrom)
	if err != nil {
		return Estimate{}, err
	}
	e.Sample = int(got.Everyone.GetCardinality())
	e.Exact = e.Sample == e.Customers
	for _, ref := range refs {
		item := estimateOf(int(publish.Holders(got, ref).GetCardinality()), e.Sample, e.Customers)
		item.Kind, item.Name, item.Title = ref.Kind, ref.Name, titleOf(d.Set, ref)
		e.Definitions = append(e.Definitions, item)
	}
	return e, nil
}

// estimateOf is what k of a sample of n say of everyone, who are so many. A
// sample of everyone leaves nothing to guess.
func estimateOf(k, n, everyone int) EstimateItem {
	share := part(k, n)
	low, high := measure.Wilson(k, n)
	if n == everyone {
		low, high = share, share
	}
	all := float64(everyone)
	return EstimateItem{
		Share: share, ShareLow: low, ShareHigh: high, Count: int(math.Round(share * all)),
		// Who was seen is there, and who was seen not to be held is not.
		Low: max(k, int(math.Floor(low*all))), High: min(everyone-(n-k), int(math.Ceil(high*all))),
	}
}
