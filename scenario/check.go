package scenario

import (
	"errors"
	"fmt"

	"strata"
	"strata/define"
)

// Check reports, as Unsupported errors, all definitions that the evaluator
// cannot compute, so that none is answered wrongly: scores, what stands on
// them, the promotion model, and tiers whose levels overlap.
func Check(set *define.Set) error {
	var errs []error
	refuse := func(section, name, what string) {
		errs = append(errs, &strata.Error{
			Code: strata.Unsupported, Field: section + "." + name,
			Message: fmt.Sprintf("%s cannot be computed yet", what), Hint: "leave it out; the rest can be computed without it",
		})
	}
	for _, ref := range set.Refs() {
		switch ref.Kind {
		case "score":
			refuse("scores", ref.Name, "a score")
		case "tag":
			define.Inspect(set.Tags[ref.Name], func(x any) bool {
				if _, scored := x.(define.ScoreValue); scored {
					refuse("tags", ref.Name, "a score")
				}
				return true
			})
		case "tier":
			switch d := set.Tiers[ref.Name]; {
			case d.Score != "":
				refuse("tiers", ref.Name, "a tier by a score")
			case d.Promotion != nil:
				refuse("tiers", ref.Name, "the promotion model")
			case d.Overlapping:
				refuse("tiers", ref.Name, "a tier whose levels overlap")
			}
		}
	}
	return errors.Join(errs...)
}
