package scenario

import (
	"slices"

	"strata"
	"strata/define"
)

// opNeighbours are the operators that somebody might have meant instead.
var opNeighbours = map[define.Op][]define.Op{
	define.Is: {define.IsNot}, define.IsNot: {define.Is},
	define.In: {define.NotIn}, define.NotIn: {define.In},
	define.AtLeast: {define.GreaterThan, define.AtMost, define.Is}, define.GreaterThan: {define.AtLeast, define.LessThan},
	define.AtMost: {define.LessThan, define.AtLeast, define.Is}, define.LessThan: {define.AtMost, define.GreaterThan},
	define.Between:  {define.AtLeast, define.AtMost},
	define.Contains: {define.NotContains, define.StartsWith}, define.NotContains: {define.Contains},
	define.StartsWith: {define.EndsWith, define.Contains, define.Is}, define.EndsWith: {define.StartsWith, define.Contains, define.Is},
	define.Matches: {define.Contains}, define.Exists: {define.Missing}, define.Missing: {define.Exists},
	define.Has: {define.HasNone}, define.HasAny: {define.HasAll, define.HasNone}, define.HasAll: {define.HasAny}, define.HasNone: {define.HasAny},
	define.On: {define.NotOn, define.Since, define.Until}, define.NotOn: {define.On},
	define.Before: {define.Until, define.On}, define.Until: {define.Before, define.On},
	define.Since: {define.After, define.On}, define.After: {define.Since, define.On},
	define.Within: {define.Exists, define.Anniversary}, define.InNext: {define.Exists, define.Anniversary},
	define.Anniversary: {define.Within, define.Exists}, define.Age: {define.Exists},
}

func neighbourComparisons(c define.Comparison, by func(string, any)) {
	for _, other := range opNeighbours[c.Op] {
		changed := c
		changed.Op = other
		switch {
		case c.Op == define.Between && c.Window != nil:
			continue // of times: a window's neighbours
		case c.Op == define.Between && other == define.AtMost:
			changed.Operands = c.Operands[1:]
		case c.Op == define.Between:
			changed.Operands = c.Operands[:1]
		case other == define.Exists || other == define.Missing:
			changed = define.Comparison{Op: other}
		case c.Op == define.Anniversary && c.Ahead != nil:
			changed.Op = define.InNext
			by("anniversary by within", changed)
			continue
		}
		by(c.Op.String()+" by "+other.String(), changed)
	}
	if len(c.Operands) > 1 && c.Op != define.Between {
		changed := c
		changed.Operands = c.Operands[1:]
		by(c.Op.String()+" by one less of it", changed)
	}
}

// measureNeighbours are the measures that somebody might have meant instead.
var measureNeighbours = map[define.MeasureKind][]define.MeasureKind{
	define.Times: {define.DaysActive}, define.DaysActive: {define.Times},
	define.Sum: {define.Times, define.Max, define.Average}, define.Average: {define.Sum, define.Min, define.Max},
	define.Min: {define.Max}, define.Max: {define.Min, define.Sum}, define.Distinct: {define.Times, define.DaysActive},
	define.First: {define.Last}, define.Last: {define.First},
}

func neighbourMeasures(m define.Measure, by func(string, any)) {
	for _, other := range measureNeighbours[m.Kind] {
		changed := m
		changed.Kind = other
		by("measure "+m.Kind.String()+" by "+other.String(), changed)
	}
	for _, other := range map[string][]string{"avg": {"max", "last"}, "max": {"avg", "last"}, "last": {"avg", "max"}}[m.Stat] {
		changed := m
		changed.Stat = other
		by("gap "+m.Stat+" by "+other, changed)
	}
}

// wordNeighbours are the calendar words next to each other.
var wordNeighbours = map[string]string{
	"today": "yesterday", "yesterday": "today", "tomorrow": "today",
	"this_week": "previous_week", "previous_week": "this_week", "next_week": "this_week",
	"this_month": "previous_month", "previous_month": "this_month", "next_month": "this_month",
	"this_quarter": "previous_quarter", "previous_quarter": "this_quarter", "next_quarter": "this_quarter",
	"this_year": "previous_year", "previous_year": "this_year", "next_year": "this_year",
}

func neighbourWindows(w define.Window, by func(string, any)) {
	if w.Kind != define.Ever {
		by("within by ever", define.Window{})
	}
	as := func(kind string, to define.WindowKind, from define.TimePoint) {
		by(kind, define.Window{Kind: to, From: from})
	}
	switch w.Kind {
	case define.Calendar:
		by(w.Word+" by "+wordNeighbours[w.Word], define.Window{Kind: define.Calendar, Word: wordNeighbours[w.Word]})
	case define.BetweenTimes:
		as("between by since", define.SinceTime, w.From)
		as("between by until", define.UntilTime, w.To)
		as("between by before", define.BeforeTime, w.To)
	case define.BeforeTime:
		as("before by until", define.UntilTime, w.From)
	case define.UntilTime:
		as("until by before", define.BeforeTime, w.From)
	case define.SinceTime:
		as("since by after", define.AfterTime, w.From)
	case define.AfterTime:
		as("after by since", define.SinceTime, w.From)
	}
}

func neighbourDurations(d define.Duration, by func(string, any)) {
	if d.IsZero() {
		return
	}
	more := d
	more.N++
	by("one more", more)
	if ms, sliding := d.Millis(); sliding {
		by("sliding by civil", define.Duration{N: max(int(ms/(24*3600*1000)), 1), Unit: define.Day})
	} else {
		by("civil by sliding", define.Duration{N: int(length(d) / (3600 * 1000)), Unit: define.Hour})
	}
}

func neighbourTimes(p define.TimePoint, by func(string, any)) {
	switch {
	case p.HasAt:
		p.At++
		by("an instant later", p)
	case p.Word == "now":
		by("now by today", define.TimePoint{Word: "today"})
	case p.Word != "":
		by(p.Word+" by "+wordNeighbours[p.Word], define.TimePoint{Word: wordNeighbours[p.Word]})
	}
}

func neighbourSelections(s define.Selection, by func(string, any)) {
	changed := s
	changed.Gross = !s.Gross
	by(either(s.Gross, "gross by net", "net by gross"), changed)
	for i := range s.Where {
		changed := s
		changed.Where = slices.Delete(slices.Clone(s.Where), i, i+1)
		by("where by anything", changed)
	}
	if len(s.Events) > 1 {
		changed := s
		changed.Events = s.Events[1:]
		by("events by fewer", changed)
	}
	if len(s.Events) == 1 && s.Events[0] != "*" {
		changed := s
		changed.Events = []string{"*"}
		by("event by any event", changed)
	}
}

func neighbourConditions(c define.Condition, by func(string, define.Condition)) {
	did := func(s define.Selection, within define.Duration) define.Condition {
		if !within.IsZero() {
			s.Window = define.Window{Kind: define.WithinLast, Last: within}
		}
		one := define.Operand{Literal: strata.NumberOf(1, 0)}
		return define.EventDid{Select: s, Measure: define.Measure{Kind: define.Times, Test: define.Test{Comparisons: []define.Comparison{{Op: define.AtLeast, Operands: []define.Operand{one}}}}}}
	}
	switch x := c.(type) {
	case define.All:
		by("all by any", define.Any(x))
		by("all by none", define.None(x))
	case define.Any:
		by("any by all", define.All(x))
		by("any by none", define.None(x))
	case define.None:
		by("none by any", define.Any(x))
		by("none by not all", define.Not{Of: define.All(x)})
	case define.Not:
		by("not by itself", x.Of)
	case define.Everyone:
		by("everyone by nobody", define.Not{Of: x})
	case define.InSegment:
		by("segment by everyone", define.Everyone{})
	case define.InList:
		by("list by nobody", define.Not{Of: define.Everyone{}})
	case define.Bucket:
		lower, upper, salt := x, x, x
		lower.From++
		upper.To--
		salt.Salt += "x"
		by("bucket lower end", lower)
		by("bucket upper end", upper)
		by("bucket salt", salt)
	case define.AttributeIs:
		if x.For != nil {
			x.For = nil
			by("for by now", x)
		}
	case define.TagIs:
		neighbourTagIs(x, by)
	case define.TierIs:
		neighbourTierIs(x, by)
	case define.Moved:
		if len(x.From) > 0 {
			changed := x
			changed.From = nil
			by("moved from by from any", changed)
		}
		if len(x.To) > 0 {
			changed := x
			changed.To = nil
			by("moved to by to any", changed)
		}
		if x.Tag != "" && len(x.From)+len(x.To) > 0 {
			by("moved by changed", define.TagIs{Tag: x.Tag, Changed: &x.Window})
		}
	case define.Heading:
		by("heading by now", define.TierIs{Tier: x.Tier, Op: define.In, Levels: x.To})
	case define.ConsentIs:
		others := map[string][]string{"granted": {"withdrawn", "unknown"}, "refused": {"withdrawn"}, "withdrawn": {"refused", "unknown"}, "unknown": {"refused"}}
		for _, other := range others[x.State] {
			by("consent "+x.State+" by "+other, define.ConsentIs{Purpose: x.Purpose, State: other})
		}
	case define.FirstTime:
		by("first_time by any time", did(x.Select, define.Duration{}))
	case define.Stopped:
		by("stopped by active", did(x.Select, x.Active))
		by("stopped by silent", define.Not{Of: did(x.Select, x.Silent)})
	case define.Restarted:
		by("restarted by active", did(x.Select, x.Active))
		first := x.Select
		first.Window = define.Window{Kind: define.WithinLast, Last: x.Active}
		by("restarted by new", define.FirstTime{Select: first})
		before := x.Select
		before.Window = define.Window{Kind: define.BeforeTime, From: define.TimePoint{Ago: x.SilentFrom}}
		by("restarted by silence ignored", define.All{Of: []define.Condition{did(before, define.Duration{}), did(x.Select, x.Active)}})
	case define.Regularly:
		neighbourRegularly(x, by)
	case define.Streak:
		current := x
		current.Current = !x.Current
		by(either(x.Current, "streak current by longest", "streak longest by current"), current)
		x.Unit = map[define.Unit]define.Unit{define.Day: define.Week, define.Week: define.Month, define.Month: define.Day}[x.Unit]
		by("streak "+map[define.Unit]string{define.Week: "day by week", define.Month: "week by month", define.Day: "month by day"}[x.Unit], x)
	case define.Sequence:
		neighbourSequences(x, did, by)
	case define.NotFollowed:
		by("not_followed by happened", did(x.Select, define.Duration{}))
		by("not_followed by never followed", define.Not{Of: did(x.By.Select, define.Duration{})})
	}
}

func neighbourTagIs(x define.TagIs, by func(string, define.Condition)) {
	if x.For != nil {
		changed := x
		changed.For = nil
		by("for by now", changed)
	}
	if x.Since != nil {
		changed, dropped := x, x
		changed.Since, changed.Changed = nil, x.Since
		dropped.Since = nil
		by("since by changed", changed)
		by("since by any value", dropped)
	}
	if x.Changed != nil {
		changed, dropped := x, x
		changed.Changed, changed.Since = nil, x.Changed
		dropped.Changed = nil
		by("changed by since", changed)
		by("changed by any", dropped)
	}
}

func neighbourTierIs(x define.TierIs, by func(string, define.Condition)) {
	others := map[define.Op]define.Op{define.Is: define.IsNot, define.IsNot: define.Is, define.AtLeast: define.AtMost, define.AtMost: define.AtLeast}
	if other, ok := others[x.Op]; ok {
		changed := x
		changed.Op = other
		by("tier "+x.Op.String()+" by "+other.String(), changed)
		if x.Op == define.AtLeast || x.Op == define.AtMost {
			changed.Op = define.Is
			by("tier "+x.Op.String()+" by is", changed)
		}
	}
	if len(x.Levels) > 1 {
		changed := x
		changed.Levels = x.Levels[:1]
		by("tier in by first of them", changed)
	}
	if x.For != nil {
		x.For = nil
		by("for by now", x)
	}
}

func neighbourRegularly(x define.Regularly, by func(string, define.Condition)) {
	if x.Period.N == 1 && (x.Period.Unit == define.Week || x.Period.Unit == define.Month) {
		changed := x
		changed.Calendar = !x.Calendar
		by(either(x.Calendar, "regularly calendar by counted back", "regularly counted back by calendar"), changed)
	}
	more, less := x, x
	more.In++
	less.In--
	by("regularly in one more", more)
	by("regularly in one less", less)
}

func neighbourSequences(x define.Sequence, did func(define.Selection, define.Duration) define.Condition, by func(string, define.Condition)) {
	var each []define.Condition
	for _, step := range x.Steps {
		each = append(each, did(step.Select, define.Duration{}))
	}
	by("sequence by each step", define.All{Of: each})
	turned := x
	turned.Steps = nil
	for i, step := range slices.Backward(x.Steps) {
		// What counts from the step before does so in the other direction.
		step.Within, step.Same = define.Duration{}, nil
		if i+1 < len(x.Steps) {
			step.Within, step.Same = x.Steps[i+1].Within, x.Steps[i+1].Same
		}
		turned.Steps = append(turned.Steps, step)
	}
	by("sequence turned", turned)
	if x.Without != nil {
		x.Without = nil
		by("without by anything", x)
	}
}

func neighbourSegments(s define.Segment, by func(string, any)) {
	if s.Exclude != nil {
		changed := s
		changed.Exclude = nil
		by("exclude by nothing", changed)
	}
	if len(s.PickedIn) > 0 {
		changed := s
		changed.PickedIn = nil
		by("picked_in by nobody", changed)
	}
	if len(s.PickedOut) > 0 {
		changed := s
		changed.PickedOut = nil
		by("picked_out by nobody", changed)
	}
	if s.Snapshot != nil && len(s.Stages) == 0 {
		changed := s
		changed.Snapshot = nil
		by("snapshot by live", changed)
	}
	for i, stage := range s.Stages {
		changed := s
		changed.Stages = slices.Clone(s.Stages)
		changed.Stages[i].Keep++
		by("stage keeps one more", changed)
		if i > 0 {
			changed.Stages = slices.Clone(s.Stages)
			changed.Stages[i-1].By, changed.Stages[i].By = stage.By, s.Stages[i-1].By
			by("stages turned", changed)
		}
	}
	for i, picked := range s.PickedIn {
		if picked.Expires != nil {
			changed := s
			changed.PickedIn = slices.Clone(s.PickedIn)
			changed.PickedIn[i].Expires = nil
			by("pick expires by never", changed)
		}
	}
}

func neighbourTiers(t define.Tier, by func(string, any)) {
	change := func(kind string, when bool, drop func(*define.Tier)) {
		if when {
			changed := t
			drop(&changed)
			by(kind, changed)
		}
	}
	change(either(t.Highest, "tier match highest by first", "tier match first by highest"), len(t.Rules) > 1 && !t.Overlapping, func(t *define.Tier) { t.Highest = !t.Highest })
	change(either(t.Overlapping, "overlapping by one level", "one level by overlapping"), len(t.Rules) > 1 && !t.Highest && !remembers(t), func(t *define.Tier) { t.Overlapping = !t.Overlapping })
	change("tier otherwise by none", t.Otherwise != "", func(t *define.Tier) { t.Otherwise = "" })
	change("applies_to by everyone", t.AppliesTo != nil, func(t *define.Tier) { t.AppliesTo = nil })
	change("assign_on by always", len(t.AssignOn) > 0, func(t *define.Tier) { t.AssignOn = nil })
	change("hold by at once", !t.Hold.IsZero(), func(t *define.Tier) { t.Hold = define.Duration{} })
	change("grace by at once", !t.Grace.IsZero(), func(t *define.Tier) { t.Grace = define.Duration{} })
	change("funnel turned", len(t.Funnel) > 1, func(t *define.Tier) {
		t.Funnel = slices.Clone(t.Funnel)
		slices.Reverse(t.Funnel)
	})
	change("aipl turned", len(t.AIPL) > 0, func(t *define.Tier) {
		t.AIPL = slices.Clone(t.AIPL)
		slices.Reverse(t.AIPL)
	})
	change("moves by none", len(t.Moves) > 0, func(t *define.Tier) { t.Moves = nil })
}

func neighbourRFM(r define.RFM, by func(string, any)) {
	if other := map[string]string{"mean": "median", "median": "mean"}[r.Score.Split]; other != "" {
		changed := r
		changed.Score.Split = other
		by("rfm "+r.Score.Split+" by "+other, changed)
	}
	if r.Score.Quantile > 0 {
		changed := r
		changed.Score.Quantile++
		by("rfm quantile one more", changed)
	}
	if r.Score.Top != nil {
		changed := r
		top := *r.Score.Top
		for i := range top {
			if top[i].Count > 0 {
				top[i].Count++
			} else {
				top[i].Percent /= 2
			}
		}
		changed.Score.Top = &top
		by("rfm top one more", changed)
	}
	if b := r.Score.Breaks; b != nil {
		changed := r
		moved := func(cuts []strata.Value) []strata.Value {
			var out []strata.Value
			for _, cut := range cuts {
				cut.Int--
				out = append(out, cut)
			}
			return out
		}
		changed.Score.Breaks = &define.RFMBreaks{Recency: moved(b.Recency), Frequency: moved(b.Frequency), Monetary: moved(b.Monetary)}
		by("rfm breaks moved", changed)
	}
	if r.Weights != nil {
		changed := r
		changed.Weights = nil
		by("rfm weights by equal", changed)
	}
	changed := r
	changed.Classes = map[string]string{"eight": "three", "three": "eight", "grid": "three"}[r.Classes]
	by("rfm classes", changed)
}
