package measure

import (
	"github.com/RoaringBitmap/roaring/v2"

	"strata"
	"strata/audience"
)

// Weight is what one level is worth.
type Weight struct {
	Level      string
	People     *roaring.Bitmap
	Share      float64 // of those with a level, 0..1
	Sales      strata.Value
	SalesShare float64 // of the sales to those with a level, 0..1
}

// Weigh splits people and sales over a tier's levels, best first. sales is
// each customer's turnover. All is everyone with a level and their sales.
func Weigh(levels *audience.Levels, sales *audience.Column) (weights []Weight, all Weight) {
	all = Weight{People: roaring.New(), Share: 1, SalesShare: 1}
	for _, id := range levels.IDs {
		w := Weight{Level: id, People: levels.Members(id)}
		w.Sales = Sum(sales, w.People)
		all.People.Or(w.People)
		weights = append(weights, w)
	}
	all.Sales = Sum(sales, all.People)
	for i := range weights {
		w := &weights[i]
		if n := all.People.GetCardinality(); n > 0 {
			w.Share = float64(w.People.GetCardinality()) / float64(n)
		}
		if total := all.Sales.Float64(); total > 0 {
			w.SalesShare = w.Sales.Float64() / total
		}
	}
	return weights, all
}

// Telling returns the level that says most about where sales come from: of
// those with at least a tenth of the sales, the one whose customers buy the
// most a head. It reports false where no level stands out, that is where none
// has a larger share of sales than of people.
func Telling(weights []Weight) (Weight, bool) {
	best, found := Weight{}, false
	for _, w := range weights {
		if w.SalesShare < 0.1 || w.SalesShare <= w.Share {
			continue
		}
		if !found || w.SalesShare*best.Share > best.SalesShare*w.Share {
			best, found = w, true
		}
	}
	return best, found
}
