package measure

import (
	"cmp"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
	"strata/audience"
)

// None stands for "no level" where levels are named.
const None = "-"

// Migration is how everyone moved between the levels of one tier from one
// instant to a later one.
type Migration struct {
	Levels []string // best first, then None
	Matrix [][]int  // rows: level before; columns: level after; both in the order of Levels

	// Each customer with a level at either instant is in exactly one of these.
	Entered int // from none to a level
	Left    int // from a level to none
	Stayed  int // at one level
	Up      int // to a better one
	Down    int // to a worse one
}

// People is the number with a level at either instant.
func (m *Migration) People() int { return m.Entered + m.Left + m.Stayed + m.Up + m.Down }

// Migrate compares the levels of one tier at two instants. Both must list the
// same levels in the same order, as two answers of one set of definitions do;
// otherwise it returns a Conflict error.
func Migrate(before, after *audience.Levels) (Migration, error) {
	if !slices.Equal(before.IDs, after.IDs) {
		return Migration{}, &strata.Error{Code: strata.Conflict, Message: "the tier's levels changed between the two dates", Hint: "ask again"}
	}
	n := len(before.IDs)
	m := Migration{Levels: append(slices.Clone(before.IDs), None), Matrix: make([][]int, n+1)}
	for i := range m.Matrix {
		m.Matrix[i] = make([]int, n+1)
	}
	for it := roaring.Or(before.Holders(), after.Holders()).Iterator(); it.HasNext(); {
		id := strata.CustomerID(it.Next())
		m.Matrix[rowOf(before, id)][rowOf(after, id)]++
	}
	for from, row := range m.Matrix {
		for to, count := range row {
			switch direction(from, to, n) {
			case Entered:
				m.Entered += count
			case Left:
				m.Left += count
			case Up:
				m.Up += count
			case Down:
				m.Down += count
			default:
				m.Stayed += count
			}
		}
	}
	return m, nil
}

// rowOf is the index of a customer's level in Migration.Levels.
func rowOf(l *audience.Levels, id strata.CustomerID) int {
	if i := l.Index(id); i >= 0 {
		return i
	}
	return len(l.IDs)
}

// Direction is where a move goes.
type Direction string

// The directions.
const (
	Up      Direction = "up"
	Down    Direction = "down"
	Entered Direction = "entered" // from no level
	Left    Direction = "left"    // to no level
	stayed  Direction = ""
)

// direction of a move between two indexes where none is the index of None.
func direction(from, to, none int) Direction {
	switch {
	case from == to:
		return stayed
	case from == none:
		return Entered
	case to == none:
		return Left
	case to < from:
		return Up
	}
	return Down
}

// Move is the number of customers who went from one level to another.
type Move struct {
	From, To  string // None = no level
	Count     int
	Direction Direction
}

// Moves returns the moves that happened, the largest first; equal ones in the
// order of levels.
func (m *Migration) Moves() []Move {
	var out []Move
	none := len(m.Levels) - 1
	for from, row := range m.Matrix {
		for to, count := range row {
			if d := direction(from, to, none); d != stayed && count > 0 {
				out = append(out, Move{From: m.Levels[from], To: m.Levels[to], Count: count, Direction: d})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Move) int { return cmp.Compare(b.Count, a.Count) })
	return out
}
