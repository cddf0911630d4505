package scenario

import (
	"slices"

	"strata"
	"strata/define"
)

var rfmParts = [3]string{"recency", "frequency", "monetary"}

// levels are a person's levels, best first: of a model whose levels overlap
// every one whose rule holds, and where none does, that of otherwise.
func (v view) levels(name string) []string {
	d := v.set.Tiers[name]
	if !d.Overlapping {
		if level := v.level(name); level != "" {
			return []string{level}
		}
		return nil
	}
	if d.AppliesTo != nil && !v.condition(d.AppliesTo) {
		return nil
	}
	var out []string
	for _, l := range d.Levels {
		if slices.ContainsFunc(d.Rules, func(r define.LevelRule) bool { return r.Level == l.ID && v.condition(r.Where) }) {
			out = append(out, l.ID)
		}
	}
	if len(out) == 0 && d.Otherwise != "" {
		out = []string{d.Otherwise}
	}
	return out
}

// levelValue is the tier as a tag's value: a level, or where they overlap the
// list of them.
func (v view) levelValue(name string) strata.Value {
	if v.set.Tiers[name].Overlapping {
		levels := v.levels(name)
		slices.Sort(levels)
		return strata.ListOf(levels)
	}
	return strata.TextOf(v.level(name))
}

// target is the level that the rules give at this very instant, before any
// memory of the level held so far.
func (v view) target(name string) string {
	d, ok := v.set.Tiers[name]
	if !ok || d.AppliesTo != nil && !v.condition(d.AppliesTo) {
		return ""
	}
	if d.RFM != nil {
		return v.rfm(name, d)
	}
	for _, stage := range d.AIPL { // the furthest stage first
		if v.condition(stage.Where) {
			return stage.Level
		}
	}
	for i := len(d.Funnel) - 1; i >= 0; i-- { // the first step is that of the last level
		if v.condition(d.Funnel[i]) {
			return d.Levels[len(d.Levels)-1-i].ID
		}
	}
	best := -1
	for _, rule := range d.Rules {
		if !v.condition(rule.Where) {
			continue
		}
		if !d.Highest {
			return rule.Level
		}
		at := slices.IndexFunc(d.Levels, func(l define.Level) bool { return l.ID == rule.Level })
		if best < 0 || at < best {
			best = at
		}
	}
	if best >= 0 {
		return d.Levels[best].ID
	}
	return d.Otherwise
}

// rfmCuts are the cut points of recency (0), frequency (1) or monetary value
// (2) from everyone's sorted values.
func rfmCuts(s define.RFMScore, dimension int, sorted []float64) []float64 {
	var cuts []float64
	switch {
	case s.Quantile > 0:
		for i := 1; i < s.Quantile; i++ {
			cuts = append(cuts, quantile(sorted, float64(i)/float64(s.Quantile)))
		}
	case s.Split == "mean":
		sum := 0.0
		for _, value := range sorted {
			sum += value
		}
		cuts = []float64{sum / float64(len(sorted))}
	case s.Split == "median":
		cuts = []float64{quantile(sorted, 0.5)}
	case s.Top != nil:
		n := s.Top[dimension].Count
		if n == 0 {
			n = int(float64(len(sorted)) * s.Top[dimension].Percent / 100)
		}
		n = min(max(n, 1), len(sorted))
		if dimension == 0 {
			cuts = []float64{sorted[n-1]}
		} else {
			cuts = []float64{sorted[len(sorted)-n]}
		}
	}
	return cuts
}

func (v view) rfm(name string, d define.Tier) string {
	ref := define.Ref{Kind: "tier", Name: name}
	x := *d.RFM
	var score, scores [3]int
	for i, value := range [3]define.Value{x.Recency, x.Frequency, x.Monetary} {
		at := place{ref, rfmParts[i]}
		found := v.value(value, at.child("of"))
		if found.IsMissing() {
			return ""
		}
		cuts := v.cuts(at)
		if x.Score.Breaks != nil {
			cuts = nil
			for _, b := range [3][]strata.Value{x.Score.Breaks.Recency, x.Score.Breaks.Frequency, x.Score.Breaks.Monetary}[i] {
				cuts = append(cuts, b.Float64())
			}
		}
		if len(cuts) == 0 {
			return ""
		}
		mine := found.Float64()
		if x.Score.Split != "" || x.Score.Top != nil { // high or low; the cut itself is high
			scores[i], score[i] = 2, 1
			if mine == cuts[0] || (mine > cuts[0]) == (i > 0) {
				score[i] = 2
			}
			continue
		}
		scores[i] = len(cuts) + 1
		score[i] = 1 + strictlyBelow(cuts, mine)
		if i == 0 {
			score[i] = scores[i] + 1 - score[i]
		}
	}
	switch x.Classes {
	case "grid":
		for _, cell := range x.Grid {
			if score[0] >= cell.RFrom && score[0] <= cell.RTo && score[1] >= cell.FFrom && score[1] <= cell.FTo {
				return cell.Level
			}
		}
		return ""
	case "three":
		weights := []float64{1, 1, 1}
		if len(x.Weights) == 3 {
			weights = x.Weights
		}
		total, sum := 0.0, 0.0
		for i := range score {
			total += weights[i] * float64(score[i]-1) / float64(scores[i]-1)
			sum += weights[i]
		}
		switch share := total / sum; {
		case share >= 2.0/3:
			return d.Levels[0].ID
		case share >= 1.0/3:
			return d.Levels[1].ID
		}
		return d.Levels[2].ID
	}
	class := ""
	for i := range score { // above the middle is high
		if 2*score[i] > scores[i]+1 {
			class += "1"
		} else {
			class += "0"
		}
	}
	return map[string]string{
		"111": "important_value", "101": "important_develop", "011": "important_keep", "001": "important_winback",
		"110": "general_value", "100": "general_develop", "010": "general_keep", "000": "general_winback",
	}[class]
}

// remembers reports whether a tier holds, delays or moves people, so that a
// level depends on those before.
func remembers(d define.Tier) bool {
	return len(d.AssignOn) > 0 || !d.Hold.IsZero() || !d.Grace.IsZero() || len(d.Moves) > 0
}

// level is a person's level under the tier's memory: what the rules give, or,
// where the model remembers, what a replay from the first fact on comes to.
func (v view) level(name string) string {
	if !remembers(v.set.Tiers[name]) {
		return v.target(name)
	}
	level := ""
	for _, c := range v.replay(name).moves {
		if c.at <= v.asOf {
			level = c.to.Text
		}
	}
	return level
}

// replay is the state of one tier of one person while time passes.
type replay struct {
	name    string
	d       define.Tier
	level   string
	entered strata.Instant
	lower   strata.Instant // since when the rules have given a lower level without a break
	lowered bool

	moves  []change         // to each level that was held for a time
	timers []strata.Instant // at which a time that began with a level or with a lower one has run out
}

// replay goes through the person's life up to the horizon.
func (v view) replay(name string) *replay {
	key := trackKey{v.p, v.horizon(), v.set, define.Ref{Kind: "tier", Name: name}, ""}
	if known, ok := v.m.levels[key]; ok {
		return known
	}
	r := &replay{name: name, d: v.set.Tiers[name]}
	last := v.at(key.horizon)
	instants := last.life(key.ref, false)
	for i := 0; i < len(instants); i++ {
		at, before := instants[i], r.level
		r.step(last.at(at))
		timers := r.due(last.at(at))
		if r.level != before {
			r.moves = append(r.moves, change{at, strata.TextOf(before), strata.TextOf(r.level)})
			timers = append(timers, at+1) // where a move has gone below what the rules give
		}
		for _, due := range timers {
			if due <= at || due > last.asOf {
				continue
			}
			if n, there := slices.BinarySearch(instants, due); !there {
				instants = slices.Insert(instants, n, due)
			}
			r.timers = append(r.timers, due)
		}
	}
	if v.m.levels == nil {
		v.m.levels = map[trackKey]*replay{}
	}
	v.m.levels[key] = r
	return r
}

// due returns the instants at which a time that is running now runs out.
func (r *replay) due(v view) []strata.Instant {
	out := []strata.Instant{v.ends(r.d.Hold, r.entered)}
	if r.lowered {
		out = append(out, v.ends(r.d.Grace, r.lower))
	}
	for _, m := range r.d.Moves {
		if m.Since == nil {
			out = append(out, v.ends(m.After, r.entered))
			continue
		}
		for _, e := range v.selected(m.Since.Select) {
			out = append(out, v.ends(m.After, e.At))
		}
	}
	return out
}

// ends is the instant at which a duration has run out: civil ones at the end
// of their last day.
func (v view) ends(d define.Duration, since strata.Instant) strata.Instant {
	if d.Unit.Civil() {
		return d.EndAfter(since, v.zone)
	}
	return d.Add(since, 1, v.zone)
}

func (r *replay) place(level string) int {
	return slices.IndexFunc(r.d.Levels, func(l define.Level) bool { return l.ID == level })
}

func (r *replay) enter(level string, at strata.Instant) {
	r.level, r.entered, r.lowered = level, at, false
}

func (r *replay) step(v view) {
	if r.d.AppliesTo != nil && !v.condition(r.d.AppliesTo) {
		r.enter("", v.asOf)
		return
	}
	read := len(r.d.AssignOn) == 0 || slices.ContainsFunc(v.netOfRefunds(v.eventsSeen()), func(e event) bool {
		return e.At == v.asOf && named(r.d.AssignOn, e.Name)
	})
	if read {
		r.assign(v, v.target(r.name))
	}
	for range len(r.d.Levels) { // each move goes down, so this many at the most
		if !r.move(v) {
			return
		}
	}
}

func (r *replay) assign(v view, target string) {
	switch {
	case target == r.level:
		r.lowered = false
	case r.level == "" || target != "" && r.place(target) < r.place(r.level): // up at once
		r.enter(target, v.asOf)
	default:
		if !r.lowered {
			r.lowered, r.lower = true, v.asOf
		}
		if !v.passed(r.d.Hold, r.entered) || !v.passed(r.d.Grace, r.lower) {
			return
		}
		r.enter(target, v.asOf)
	}
}

// passed reports whether a duration has run out since an instant.
func (v view) passed(d define.Duration, since strata.Instant) bool {
	return d.IsZero() || v.ends(d, since) <= v.asOf
}

// move applies the first listed move that is due.
func (r *replay) move(v view) bool {
	for _, m := range r.d.Moves {
		if !slices.Contains(m.From, r.level) || r.place(m.To) <= r.place(r.level) {
			continue // a listed move never promotes
		}
		since := r.entered
		if m.Since != nil {
			events := v.selected(m.Since.Select)
			if len(events) == 0 {
				continue
			}
			since = events[len(events)-1].At
			if m.Since.First {
				since = events[0].At
			}
		}
		if v.passed(m.After, since) && (m.Unless == nil || !v.condition(m.Unless)) {
			r.enter(m.To, v.asOf)
			return true
		}
	}
	return false
}
