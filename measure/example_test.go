package measure_test

import (
	"fmt"

	"strata/audience"
	"strata/measure"
)

// Three customers a month ago and now: one kept the level, one fell, one is
// new.
func ExampleMigrate() {
	levels := []string{"important_value", "important_keep"}
	before := audience.LevelsOf(levels, 0, 1, 1, 0) // by customer number; 0 = no level
	after := audience.LevelsOf(levels, 0, 1, 2, 1)
	m, err := measure.Migrate(before, after)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, move := range m.Moves() {
		fmt.Println(move.Count, "from", move.From, "to", move.To, move.Direction)
	}
	fmt.Println("stayed", m.Stayed)
	// Output:
	// 1 from important_value to important_keep down
	// 1 from - to important_value entered
	// stayed 1
}
