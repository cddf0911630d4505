package scenario

import (
	"strata"
)

// ManualFacts returns what was set by hand as the facts that a timeline
// stores. The error is Invalid where a tag was set more than 256 times at one
// instant.
func (p *Person) ManualFacts() ([]strata.Attribute, error) {
	type place struct {
		tag string
		at  strata.Instant
	}
	var out []strata.Attribute
	turns := map[place]int{}
	for _, m := range p.Manual {
		turn := turns[place{m.Tag, m.At}]
		turns[place{m.Tag, m.At}]++
		if turn > 255 {
			return nil, &strata.Error{Code: strata.Invalid, Field: m.Tag, Message: "it is set by hand more than 256 times at one instant", Hint: "leave some out"}
		}
		a, err := strata.Manual{Tag: m.Tag, Value: m.Value, At: m.At, Expires: m.Expires, Author: m.Author, Reason: m.Reason, Turn: uint8(turn)}.Attribute()
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}
