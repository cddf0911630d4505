package compute_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/program"
	"strata/scenario"
)

// TestTimers asks random definitions over random histories when they change
// next by time alone, and looks whether they do not before.
func TestTimers(t *testing.T) {
	from, to := 1, min(*pairs, 50)
	if *seed > 0 {
		from, to = *seed, *seed
	}
	var total walked
	for n := from; n <= to; n++ {
		if wrong := walkPair(t, n, &total); wrong != "" {
			t.Errorf("seed %d: %s\nrun it alone: go test ./compute -run TestTimers -seed %d -v", n, wrong, n)
		}
		if t.Failed() && n >= 20 && *seed == 0 {
			break
		}
	}
	t.Logf("%d lives, %d instants visited, at %d of them something changed; looked between at %d", total.lives, total.visited, total.changed, total.between)
	if *seed == 0 && total.changed*20 < total.visited {
		t.Errorf("only at %d of %d instants something changed", total.changed, total.visited)
	}
}

type walked struct{ lives, visited, changed, between int }

// walkPair goes through everybody's life from change to change.
func walkPair(t *testing.T, n int, total *walked) string {
	world, g := drawPair(t, n)
	return walkWorld(t, world, g, total)
}

const timedDefinitions = `
tags:
  quiet: {value: {since: {event: "*"}}}
  hours: {value: {since: {event: visited, which: first, within: 10d, unit: hour}}}
  quiet_band: {value: {bands: {of: {tag: quiet}, at: [3, 10], labels: [a, b, c]}}}
  quiet_step: {value: {ladder: {of: {since: {event: visited}}, steps: [2, 5, 9], pick: above}}}
  twice: {value: {formula: quiet * 2}}
segments:
  due_soon: {where: {attribute: due, in_next: 3d}}
  seen_soon: {where: {attribute: seen, in_next: 36h}}
  due_now: {where: {attribute: due, within: this_week}}
  due_between: {where: {attribute: due, between: [{ago: 5d}, {ahead: 2d}]}}
  seen_between: {where: {attribute: seen, between: [{ago: 50h}, {ago: 3h}]}}
  due_before: {where: {attribute: due, before: {ago: 4d}}}
  seen_after: {where: {attribute: seen, after: {ago: 4d}}}
  seen_until: {where: {attribute: seen, until: {ahead: 7h}}}
  due_on: {where: {attribute: due, on: yesterday}}
  adult: {where: {attribute: birthday, age: {at_least: 18}}}
  age_band: {where: {attribute: birthday, age: {between: [0, 1]}}}
  birthday_soon: {where: {attribute: birthday, anniversary: {in_next: 3d}}}
  birthday_hours: {where: {attribute: birthday, anniversary: {in_next: 30h}}}
  birthday_week: {where: {attribute: due, anniversary: {within: this_week}}}
  birthday_past: {where: {attribute: due, anniversary: {within: 50h}}}
  quiet_long: {where: {tag: quiet, between: [3, 5]}}
  hours_few: {where: {tag: hours, less_than: 30}}
  day_seen: {where: {event: visited, where: {day: {in_next: 2d}}, times: {at_most: 1}}}
  time_seen: {where: {event: visited, where: {at: {before: {ago: 30h}}}}}
  often: {where: {event: "*", within: 20d, times: {between: [2, 4]}}}
  before_that: {where: {event: "*", before: {ago: 6d}, times: {at_least: 3}}}
  last_month: {where: {event: "*", within: previous_month, times: {at_least: 1}}}
  first_here: {where: {first_time: {event: visited, within: previous_week}}}
  left: {where: {stopped: {event: "*", active_within: 20d, silent_within: 4d}}}
  back: {where: {restarted: {event: "*", silent_from: 20d, active_within: 4d}}}
  hard: {where: {restarted: {event: "*", silent_from: 1mo, active_within: 30d}}}
  steady: {where: {regularly: {event: "*", times: {at_least: 1}, period: 1w, in: 2, of: 3}}}
  steady_hours: {where: {regularly: {event: "*", times: {at_least: 1}, period: 36h, in: 2, of: 4}}}
  row_days: {where: {streak: {event: "*", unit: day, current: true, at_least: 1}}}
  row_weeks: {where: {streak: {event: "*", unit: week, current: true, at_least: 2}}}
  row_months: {where: {streak: {event: "*", unit: month, current: true, at_least: 2}}}
  in_turn: {where: {sequence: [{event: visited}, {event: "*"}], within: previous_month}}
  in_turn_ago: {where: {sequence: [{event: visited}, {event: "*", within: 20d}], before: {ago: 10d}}}
  alone: {where: {not_followed: {event: visited, by: {event: "*"}, within: 2d}, within: 20d}}
  alone_before: {where: {not_followed: {event: visited, by: {event: order_paid}, within: 30h}, before: {ago: 7d}}}
  held: {where: {attribute: city, exists: true, for: {between: [2d, 1mo]}}}
  far: {where: {heading: {tier: warmth, to: [cold], in_next: 1mo}}}
  near: {where: {heading: {tier: warmth, to: [cold], in_next: 4d}}}
  nearer: {where: {heading: {tier: falling, to: [warm], in_next: 30h}}}
  fell: {where: {moved: {tier: warmth, to: [cold]}, within: 5d}}
  fell_before: {where: {moved: {tier: warmth}, before: {ago: 3d}}}
tiers:
  warmth: {levels: [hot, warm, cold], hold: 2d, grace: 1d, rules: [{level: hot, where: {event: "*", within: 5d}}, {level: warm, where: {event: "*", within: 9d}}], otherwise: cold}
  falling: {levels: [hot, warm, cold], assign_on: [visited], rules: [{level: hot, where: {everyone: true}}], moves: [{from: [hot], to: warm, after: 3d}, {from: [warm], to: cold, after: 30h, unless: {event: order_paid, within: 6d}}]}
`

// TestTimersOfEveryKind is TestTimers of definitions that are near their
// turning points often.
func TestTimersOfEveryKind(t *testing.T) {
	from, to := 1, 8
	if *seed > 0 {
		from, to = *seed, *seed
	}
	var total walked
	for n := from; n <= to; n++ {
		world, g := drawPair(t, n)
		file, err := define.Parse("timed", []byte(differenceCatalogue+timedDefinitions))
		if file == nil {
			t.Fatal(err)
		}
		set, _, err := define.Check(nil, file, world.Settings)
		if err != nil {
			t.Fatal(err)
		}
		set.Catalogue = g.catalogue
		world.Set = set
		// One by one, so that none is looked at because of another.
		for _, ref := range define.Order(set) {
			world.Set = set.Only(ref)
			if wrong := walkWorld(t, world, g, &total); wrong != "" {
				t.Fatalf("seed %d: %s: %s", n, ref, wrong)
			}
		}
	}
	t.Logf("%d lives, %d instants visited, at %d of them something changed", total.lives, total.visited, total.changed)
}

// walkWorld goes through the life of everybody in a world.
func walkWorld(t *testing.T, world *scenario.World, g historian, total *walked) string {
	t.Helper()
	store, people, numbers := stores(t, world)
	defer store.Close()
	engine, err := compute.New(store, unpublished{world.Set}, people, world.Settings)
	if err != nil {
		t.Fatal(err)
	}
	set := world.Set.Only(supportedBy(engine, world.Set)...)
	end := define.DayStart(g.day+45, g.zone)
	answer, err := engine.Evaluate(t.Context(), set, end)
	if err != nil {
		return err.Error()
	}
	p, err := program.Compile(set, program.Options{Dictionary: store.Dictionary(), Settings: world.Settings, People: people})
	if err != nil {
		return err.Error()
	}
	plain, timed := p.At(end, answer.Calibrations), p.At(end, answer.Calibrations)
	timed.Timers(true)
	for _, customer := range slices.Sorted(maps.Keys(world.People)) {
		person := world.People[customer]
		var known []strata.Instant
		for _, e := range person.Events {
			known = append(known, e.At)
		}
		for _, a := range person.Attributes {
			known = append(known, a.At)
		}
		wrong := ""
		look := func(h *strata.History) error {
			total.lives++
			wrong = walk(h, p, plain, timed, known, end, g, total)
			return nil
		}
		if len(known) == 0 {
			look(&strata.History{Customer: numbers[customer]})
		} else if err := store.Load(numbers[customer], look); err != nil {
			return err.Error()
		}
		if wrong != "" {
			text := ""
			for _, ref := range define.Order(set) {
				one, err := define.PrintOne(set, ref)
				if err == nil {
					text += string(one) + "\n"
				}
			}
			return fmt.Sprintf("customer %s in %s: %s\n%s", customer, g.zone, wrong, text+facts(person, g.zone)+marked(person, g.zone))
		}
	}
	return ""
}

// walk follows Next from before the first fact, and compares what it is at
// each with what it is between.
func walk(h *strata.History, p *program.Program, plain, timed *program.Evaluator, facts []strata.Instant, end strata.Instant, g historian, total *walked) string {
	at := define.DayStart(g.day-100, g.zone)
	if len(facts) > 0 {
		at = max(slices.Min(facts)-1, define.DayStart(g.day-900, g.zone))
	}
	var dense []strata.Instant
	for day := define.DayOf(at, g.zone); define.DayStart(day, g.zone) < end; day++ {
		start := define.DayStart(day, g.zone)
		dense = append(dense, start-1, start, start+strata.Instant(g.IntN(86_400_000)))
	}
	for _, fact := range facts {
		for _, d := range []strata.Instant{0, 36 * 3600_000, strata.Instant(1+g.IntN(90)) * 60_000, strata.Instant(1+g.IntN(90)) * 3600_000} {
			dense = append(dense, fact+d-1, fact+d, fact+d+1)
		}
	}
	slices.Sort(dense)
	if p.LooksBack() { // each look goes through the whole life before
		dense = slices.DeleteFunc(dense, func(strata.Instant) bool { return g.IntN(6) > 0 })
	}
	before := ""
	for steps := 0; at <= end && steps < 1500; steps++ {
		timed.Move(at)
		row := (*program.Row)(nil)
		if steps == 0 {
			row = timed.Run(h)
		} else {
			row = timed.Again()
		}
		now, next := printed(timed, row), row.Next
		stored := make([]strata.Value, len(row.Tags))
		for i := range stored {
			stored[i] = timed.Stored(i)
		}
		total.visited++
		if now != before {
			total.changed++
		}
		before = now
		if next <= at {
			return fmt.Sprintf("at %s the next change is at %s", at.In(g.zone), next.In(g.zone))
		}
		first, _ := slices.BinarySearch(dense, at)
		last, _ := slices.BinarySearch(dense, next)
		looks := append([]strata.Instant{at, at + 1, min(next, end) - 1}, dense[first:last]...)
		if next-at > 1 && next < end {
			looks = append(looks, at+strata.Instant(g.Int64N(int64(next-at))))
		}
		for _, look := range looks {
			if look < at || look >= next {
				continue
			}
			total.between++
			plain.Move(look)
			then := plain.Run(h)
			for i, v := range then.Tags {
				if shown := p.Shown(i, stored[i], look); shown != v {
					return fmt.Sprintf("%s is stored as %s at %s, which at %s is shown as %s and is %s", p.Tags()[i].Name, stored[i], at.In(g.zone), look.In(g.zone), shown, v)
				}
			}
			if then := printed(plain, then); then != now {
				return fmt.Sprintf("at %s the next change is at %s, but at %s it is another:\n%s\n%s", at.In(g.zone).Format(time.RFC3339Nano), next.In(g.zone).Format(time.RFC3339Nano), look.In(g.zone).Format(time.RFC3339Nano), now, then)
			}
		}
		at = next
	}
	return ""
}

// printed is a row with what is stored of its tags.
func printed(e *program.Evaluator, row *program.Row) string {
	out := ""
	for i := range row.Tags {
		v := e.Stored(i)
		out += v.Kind.String() + " " + v.String() + "; "
	}
	return fmt.Sprint(out, row.Segments, row.Levels)
}
