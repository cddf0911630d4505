package scenario

import (
	"errors"
	"fmt"
	"slices"

	"strata"
	"strata/define"
)

// Check reports, as Unsupported errors, all definitions that the evaluator
// cannot compute, so that none is answered wrongly: scores, the promotion
// model, and what stands on them.
func Check(set *define.Set) error {
	_, err := Computable(set)
	return err
}

// Computable returns what of a set the evaluator can compute, and an error
// that joins an Unsupported one for each definition that it leaves out. The
// set is the one given where it is all of it.
func Computable(set *define.Set) (*define.Set, error) {
	var errs []error
	var left []define.Ref
	for _, ref := range define.Order(set) { // each after those it stands on
		message := ""
		if what := beyond(set, ref); what != "" {
			message = what + " cannot be computed yet"
		} else {
			for _, used := range define.Uses(set, ref) {
				if slices.Contains(left, used) {
					message = fmt.Sprintf("it stands on %s, which cannot be computed yet", used)
					break
				}
			}
		}
		if message != "" {
			left = append(left, ref)
			errs = append(errs, &strata.Error{
				Code: strata.Unsupported, Field: define.PathOf(ref), Message: message, Hint: "leave it out; the rest can be computed without it",
			})
		}
	}
	if len(left) == 0 {
		return set, nil
	}
	return set.WithoutRefs(left...), errors.Join(errs...)
}

// beyond says what of a definition itself cannot be computed, "" for nothing.
func beyond(set *define.Set, ref define.Ref) string {
	switch ref.Kind {
	case "score":
		return "a score"
	case "tier":
		switch d := set.Tiers[ref.Name]; {
		case d.Score != "":
			return "a tier by a score"
		case d.Promotion != nil:
			return "the promotion model"
		}
	case "tag":
		what := ""
		define.Inspect(set.Tags[ref.Name], func(x any) bool {
			if _, scored := x.(define.ScoreValue); scored {
				what = "a score"
			}
			return true
		})
		return what
	}
	return ""
}
