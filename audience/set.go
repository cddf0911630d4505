package audience

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
)

// Set says who is meant, as an expression over a table: one of the types
// Everyone, Segment, Level, Holders, Is, Band, Members, All, Any, Except and
// Not.
type Set interface{ isSet() }

type (
	// Everyone is every customer of the table.
	Everyone struct{}
	// Segment is the members of a segment.
	Segment struct{ Name string }
	// Level is those at a level of a tier, with the empty ID at any.
	Level struct{ Tier, ID string }
	// Holders is those who have a value of a tag.
	Holders struct{ Tag string }
	// Is is those whose value of a tag equals the given one, or whose list
	// holds the given text.
	Is struct {
		Tag   string
		Value strata.Value
	}
	// Band is those whose value of a tag is at least From and less than To,
	// in the order of strata.Compare; a missing bound is open.
	Band struct {
		Tag      string
		From, To strata.Value
	}
	// Members is a set that is at hand.
	Members struct{ Of *roaring.Bitmap }
	// All is those who are in each of the sets; of none, everyone.
	All struct{ Of []Set }
	// Any is those who are in one of the sets at least.
	Any struct{ Of []Set }
	// Except is those who are in one set and not in the other.
	Except struct{ Of, Not Set }
	// Not is everyone who is not in the set.
	Not struct{ Of Set }
)

func (Everyone) isSet() {}
func (Segment) isSet()  {}
func (Level) isSet()    {}
func (Holders) isSet()  {}
func (Is) isSet()       {}
func (Band) isSet()     {}
func (Members) isSet()  {}
func (All) isSet()      {}
func (Any) isSet()      {}
func (Except) isSet()   {}
func (Not) isSet()      {}

// Select returns those whom the set means. The bitmap may be one of the
// table's own and must not be written to. A name that the table does not have
// is a NotFound error.
func (t *Table) Select(s Set) (*roaring.Bitmap, error) {
	p, err := t.plan(s)
	if err != nil {
		return nil, err
	}
	return p.set(nil), nil
}

// Count returns how many Select returns, without making the set where that
// can be avoided.
func (t *Table) Count(s Set) (int, error) {
	p, err := t.plan(s)
	if err != nil {
		return 0, err
	}
	return p.count(), nil
}

// Overlap returns how many are in each pair of the sets; the diagonal has the
// sizes of the sets.
func Overlap(sets []*roaring.Bitmap) [][]int {
	out := make([][]int, len(sets))
	for i := range out {
		out[i] = make([]int, len(sets))
	}
	for i, a := range sets {
		out[i][i] = int(a.GetCardinality())
		for j, b := range sets[:i] {
			n := int(a.AndCardinality(b))
			out[i][j], out[j][i] = n, n
		}
	}
	return out
}

// plan is an expression whose names are resolved.
type plan interface {
	// set returns those of within whom the plan means, where within is nil
	// those of everyone. The bitmap must not be written to.
	set(within *roaring.Bitmap) *roaring.Bitmap
	count() int
	// scans reports whether columns are read, which is the slower part.
	scans() bool
}

func (t *Table) plan(s Set) (plan, error) {
	switch x := s.(type) {
	case Everyone:
		return ready{t.Everyone}, nil
	case Segment:
		if members := t.Segments[x.Name]; members != nil {
			return ready{members}, nil
		}
		return nil, missing("segment", x.Name)
	case Level:
		levels := t.Tiers[x.Tier]
		if levels == nil {
			return nil, missing("tier", x.Tier)
		}
		if x.ID == "" {
			return ready{levels.Holders()}, nil
		}
		if !slices.Contains(levels.IDs, x.ID) {
			return nil, missing("level", x.ID)
		}
		return ready{levels.Members(x.ID)}, nil
	case Holders:
		return t.scan(x.Tag, filter{})
	case Is:
		return t.scan(x.Tag, equalTo(x.Value))
	case Band:
		return t.scan(x.Tag, between(x.From, x.To))
	case Members:
		return ready{x.Of}, nil
	case All:
		if len(x.Of) == 0 {
			return ready{t.Everyone}, nil
		}
		return t.all(x.Of, nil)
	case Any:
		var of []plan
		for _, s := range x.Of {
			p, err := t.plan(s)
			if err != nil {
				return nil, err
			}
			of = append(of, p)
		}
		return union{of}, nil
	case Except:
		return t.all([]Set{x.Of}, []Set{x.Not})
	case Not:
		return t.all([]Set{Everyone{}}, []Set{x.Of})
	}
	return nil, &strata.Error{Code: strata.Internal, Message: "an expression of sets has a part of no known type"}
}

func missing(kind, name string) error {
	return &strata.Error{Code: strata.NotFound, Field: kind + "s." + name, Message: "there is no such " + kind, Hint: "it may have been removed or renamed; choose another"}
}

// all plans an intersection without some sets. What is nested in it and of
// its own kind is taken in, so that each part narrows the next.
func (t *Table) all(of, not []Set) (plan, error) {
	var out intersection
	var add func(s Set, in bool) error
	add = func(s Set, in bool) error {
		switch x := s.(type) {
		case All:
			if in && len(x.Of) > 0 {
				for _, s := range x.Of {
					if err := add(s, true); err != nil {
						return err
					}
				}
				return nil
			}
		case Except:
			if in {
				if err := add(x.Of, true); err != nil {
					return err
				}
				return add(x.Not, false)
			}
		case Any:
			if !in {
				for _, s := range x.Of {
					if err := add(s, false); err != nil {
						return err
					}
				}
				return nil
			}
		case Not:
			if in {
				out.of = append(out.of, ready{t.Everyone})
				return add(x.Of, false)
			}
		}
		p, err := t.plan(s)
		if err != nil {
			return err
		}
		if in {
			out.of = append(out.of, p)
		} else {
			out.not = append(out.not, p)
		}
		return nil
	}
	for _, s := range of {
		if err := add(s, true); err != nil {
			return nil, err
		}
	}
	for _, s := range not {
		if err := add(s, false); err != nil {
			return nil, err
		}
	}
	out.not = joined(out.not)
	// Sets at hand first, and of these the small ones.
	size := func(p plan) int {
		if r, ok := p.(ready); ok {
			return r.count()
		}
		if p.scans() {
			return math.MaxInt
		}
		return math.MaxInt - 1
	}
	slices.SortStableFunc(out.of, func(a, b plan) int { return cmp.Compare(size(a), size(b)) })
	return out, nil
}

// joined makes one of those plans that are sets at hand: what is in none of
// them is found in one step.
func joined(plans []plan) []plan {
	var sets []*roaring.Bitmap
	var rest []plan
	for _, p := range plans {
		if r, ok := p.(ready); ok {
			sets = append(sets, r.members)
		} else {
			rest = append(rest, p)
		}
	}
	if len(sets) < 2 {
		return plans
	}
	return append(rest, ready{roaring.FastOr(sets...)})
}

// ready is a set at hand.
type ready struct{ members *roaring.Bitmap }

func (r ready) scans() bool { return false }
func (r ready) count() int  { return int(r.members.GetCardinality()) }
func (r ready) set(within *roaring.Bitmap) *roaring.Bitmap {
	if within == nil {
		return r.members
	}
	return roaring.And(within, r.members)
}

// intersection is those in all of some sets, at least one, and in none of
// others.
type intersection struct{ of, not []plan }

func (x intersection) scans() bool {
	return slices.ContainsFunc(x.of, plan.scans) || slices.ContainsFunc(x.not, plan.scans)
}

func (x intersection) set(within *roaring.Bitmap) *roaring.Bitmap {
	for _, p := range x.of {
		within = p.set(within)
	}
	for _, p := range x.not {
		if r, ok := p.(ready); ok {
			within = roaring.AndNot(within, r.members)
		} else {
			within = roaring.AndNot(within, p.set(within))
		}
	}
	return within
}

func (x intersection) count() int {
	if n := len(x.not); n > 0 {
		rest := intersection{x.of, x.not[:n-1]}.set(nil)
		return int(rest.GetCardinality() - common(rest, x.not[n-1]))
	}
	n := len(x.of)
	if n == 1 {
		return x.of[0].count()
	}
	return int(common(intersection{of: x.of[:n-1]}.set(nil), x.of[n-1]))
}

// common is how many of a set a plan means.
func common(set *roaring.Bitmap, p plan) uint64 {
	switch p := p.(type) {
	case ready:
		return set.AndCardinality(p.members)
	case scan:
		return p.countIn(set)
	}
	return p.set(set).GetCardinality()
}

// union is those in one of some sets.
type union struct{ of []plan }

func (u union) scans() bool { return slices.ContainsFunc(u.of, plan.scans) }

func (u union) set(within *roaring.Bitmap) *roaring.Bitmap {
	var sets []*roaring.Bitmap
	for _, p := range u.of {
		sets = append(sets, p.set(within))
	}
	switch len(sets) {
	case 0:
		return roaring.New()
	case 1:
		return sets[0]
	}
	return roaring.FastOr(sets...)
}

func (u union) count() int {
	if n := len(u.of); n > 1 {
		return int(union{u.of[:n-1]}.set(nil).OrCardinality(u.of[n-1].set(nil)))
	}
	return int(u.set(nil).GetCardinality())
}

// scan is those whose value of a tag passes a filter.
type scan struct {
	column *Column
	filter filter
}

func (t *Table) scan(tag string, f filter) (plan, error) {
	if t.Tags[tag] == nil {
		return nil, missing("tag", tag)
	}
	return scan{t.Tags[tag], f}, nil
}

func (s scan) scans() bool { return true }
func (s scan) count() int  { return s.dense(nil).count() }

func (s scan) countIn(set *roaring.Bitmap) uint64 { return uint64(s.dense(set).count()) }

func (s scan) set(within *roaring.Bitmap) *roaring.Bitmap { return s.dense(within).bitmap() }

func (s scan) dense(within *roaring.Bitmap) denseBits {
	out := newBits(s.column.size())
	if within == nil {
		for i := range out {
			out[i] = math.MaxUint64
		}
	} else {
		if size := int(within.DenseSize()); size > len(out) {
			out = make(denseBits, size)
		}
		within.WriteDenseTo(out)
	}
	s.column.filter(s.filter, out)
	return out
}

func (b denseBits) count() int {
	n := 0
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}
