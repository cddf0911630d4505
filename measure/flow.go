package measure

import (
	"strata"
	"strata/audience"
)

// FewPeople is how many people a share needs at least to be read as one;
// below it the interval is all that can be said.
const FewPeople = 30

// Flow is one cell of a migration: of those in the row of From, how many were
// in the column of To later.
type Flow struct {
	From, To  string // None = no level
	Count     int
	Share     float64 // of the row, 0..1; 0 where the row is empty
	Low, High float64 // the 95 % Wilson interval of Share
	Few       bool    // the row has fewer than FewPeople
	Direction Direction
}

// Flows returns every cell of the matrix with its share of the row, row by
// row. The cell from None to None, which holds nobody, is left out.
func (m *Migration) Flows() []Flow {
	var out []Flow
	none := len(m.Levels) - 1
	for from, row := range m.Matrix {
		all := 0
		for _, n := range row {
			all += n
		}
		for to, n := range row {
			if from == none && to == none {
				continue
			}
			f := Flow{From: m.Levels[from], To: m.Levels[to], Count: n, Few: all < FewPeople, Direction: direction(from, to, none)}
			f.Low, f.High = Wilson(n, all)
			if all > 0 {
				f.Share = float64(n) / float64(all)
			}
			out = append(out, f)
		}
	}
	return out
}

// Rise is the share of those who moved up among those with a level at both
// instants, with its 95 % Wilson interval: the figure by which a tier is
// steered.
type Rise struct {
	Up, Of    int
	Share     float64 // 0 where Of is 0
	Low, High float64
	Few       bool // Of is below FewPeople
}

// Rise returns the share moving up.
func (m *Migration) Rise() Rise {
	r := Rise{Up: m.Up, Of: m.Stayed + m.Up + m.Down}
	r.Few = r.Of < FewPeople
	r.Low, r.High = Wilson(r.Up, r.Of)
	if r.Of > 0 {
		r.Share = float64(r.Up) / float64(r.Of)
	}
	return r
}

// Explained splits a migration, each date by its own cut points, into what
// customers did and what the cut points did.
type Explained struct {
	Behaviour Migration // from the first date to the second by the cut points of the first
	CutPoints Migration // at the second date, from the cut points of the first to its own
	Own       Migration // from the first date to the second, each by its own cut points

	// Each customer with a level in any of the three answers is in exactly one
	// of these.
	Still         int // at one level in all of them
	ByBehaviour   int // moved, and new cut points change nothing
	ByCutsAlone   int // would not have moved by the old cut points
	ByBoth        int // moved by the old cut points, and elsewhere by the new ones
	MaskedByCuts  int // moved by the old cut points, and new cut points took it back
	CutsMoved     int // ByCutsAlone + ByBoth + MaskedByCuts: whom new cut points alone put elsewhere
	CutsMovedUp   int // of CutsMoved: to a better level
	CutsMovedDown int // of CutsMoved: to a worse level
}

// Explain compares three answers for one tier: before, the first date by its
// own cut points; frozen, the second date by the cut points of the first; and
// own, the second date by its own. It fails as Migrate does.
func Explain(before, frozen, own *audience.Levels) (x Explained, err error) {
	if x.Behaviour, err = Migrate(before, frozen); err != nil {
		return x, err
	}
	if x.CutPoints, err = Migrate(frozen, own); err != nil {
		return x, err
	}
	if x.Own, err = Migrate(before, own); err != nil {
		return x, err
	}
	people := before.Holders().Clone()
	people.Or(frozen.Holders())
	people.Or(own.Holders())
	for it := people.Iterator(); it.HasNext(); {
		id := strata.CustomerID(it.Next())
		a, b, c := rowOf(before, id), rowOf(frozen, id), rowOf(own, id)
		switch {
		case a == b && b == c:
			x.Still++
		case b == c:
			x.ByBehaviour++
		case a == b:
			x.ByCutsAlone++
		case a == c:
			x.MaskedByCuts++
		default:
			x.ByBoth++
		}
	}
	x.CutsMoved = x.ByCutsAlone + x.ByBoth + x.MaskedByCuts
	x.CutsMovedUp, x.CutsMovedDown = x.CutPoints.Up, x.CutPoints.Down
	return x, nil
}
