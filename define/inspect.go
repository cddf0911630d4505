package define

// Inspect calls fn for x and, where fn returns true, for what x is made of,
// from outside in and in order: definitions (Tag, Segment, Tier, Score),
// Condition, Value, Expr, Selection, Window and Operand. x is one of these;
// nil conditions and values are passed over.
func Inspect(x any, fn func(any) bool) {
	if x == nil || !fn(x) {
		return
	}
	switch x := x.(type) {
	case Tag:
		Inspect(x.Value, fn)
	case Segment:
		Inspect(x.Where, fn)
		Inspect(x.Exclude, fn)
		for _, s := range x.Stages {
			Inspect(s.By, fn)
		}
	case Tier:
		inspectTier(x, fn)
	case Score:
		for _, s := range x.Signals {
			Inspect(s.Select, fn)
		}
		if x.Alert != nil {
			Inspect(x.Alert.Or, fn)
		}
	case Selection:
		inspectWhere(x.Where, fn)
		Inspect(x.Window, fn)
	case Window:
		if x.Anchor != nil {
			Inspect(x.Anchor.Select, fn)
		}
	case Condition:
		inspectCondition(x, fn)
	case Value:
		inspectValue(x, fn)
	case Expr:
		inspectExpr(x, fn)
	}
}

func inspectAll[T any](of []T, fn func(any) bool) {
	for _, x := range of {
		Inspect(x, fn)
	}
}

func inspectWhere(where []PropertyTest, fn func(any) bool) {
	for _, w := range where {
		inspectTest(w.Test, fn)
	}
}

func inspectTest(t Test, fn func(any) bool) {
	for _, c := range t.Comparisons {
		inspectAll(c.Operands, fn)
		if c.Window != nil {
			Inspect(*c.Window, fn)
		}
	}
}

func inspectTier(t Tier, fn func(any) bool) {
	Inspect(t.AppliesTo, fn)
	for _, r := range t.Rules {
		Inspect(r.Where, fn)
	}
	for _, m := range t.Moves {
		if m.Since != nil {
			Inspect(*m.Since, fn)
		}
		Inspect(m.Unless, fn)
	}
	if t.RFM != nil {
		Inspect(t.RFM.Recency, fn)
		Inspect(t.RFM.Frequency, fn)
		Inspect(t.RFM.Monetary, fn)
	}
	for _, r := range t.AIPL {
		Inspect(r.Where, fn)
	}
	inspectAll(t.Funnel, fn)
	if p := t.Promotion; p != nil {
		window := Window{}
		if !p.Within.IsZero() {
			window = Window{Kind: WithinLast, Last: p.Within}
		}
		Inspect(Selection{Events: []string{p.Order}, Where: p.Promoted, Window: window}, fn)
		inspectWhere(p.SelfFound, fn)
	}
	if t.Score != "" {
		Inspect(ScoreValue{t.Score}, fn)
	}
}

func inspectCondition(c Condition, fn func(any) bool) {
	switch c := c.(type) {
	case All:
		inspectAll(c.Of, fn)
	case Any:
		inspectAll(c.Of, fn)
	case None:
		inspectAll(c.Of, fn)
	case Not:
		Inspect(c.Of, fn)
	case AttributeIs:
		inspectTest(c.Test, fn)
	case TagIs:
		inspectTest(c.Test, fn)
		for _, w := range []*Window{c.Since, c.Changed} {
			if w != nil {
				Inspect(*w, fn)
			}
		}
	case Moved:
		inspectAll(c.From, fn)
		inspectAll(c.To, fn)
		Inspect(c.Window, fn)
	case EventDid:
		Inspect(c.Select, fn)
		inspectTest(c.Measure.Test, fn)
		inspectWhere(c.Measure.Where, fn)
	case FirstTime:
		Inspect(c.Select, fn)
	case Stopped:
		Inspect(c.Select, fn)
	case Restarted:
		Inspect(c.Select, fn)
	case Regularly:
		Inspect(c.Select, fn)
	case Streak:
		Inspect(c.Select, fn)
	case Sequence:
		for _, s := range c.Steps {
			Inspect(s.Select, fn)
		}
		if c.Without != nil {
			Inspect(*c.Without, fn)
		}
		Inspect(c.Window, fn)
	case NotFollowed:
		Inspect(c.Select, fn)
		Inspect(c.By.Select, fn)
	}
}

func inspectValue(v Value, fn func(any) bool) {
	switch v := v.(type) {
	case FirstOf:
		inspectAll(v.Of, fn)
	case Aggregate:
		Inspect(v.Select, fn)
	case Touch:
		Inspect(v.Select, fn)
	case Favourite:
		Inspect(v.Select, fn)
	case SinceEvent:
		Inspect(v.Select, fn)
	case GapValue:
		Inspect(v.Select, fn)
	case Rules:
		for _, r := range v.Rules {
			Inspect(r.Where, fn)
		}
	case Bands:
		Inspect(v.Of, fn)
		Inspect(v.Among, fn)
	case Rank:
		Inspect(v.Of, fn)
		Inspect(v.Among, fn)
	case Top:
		Inspect(v.Of, fn)
		Inspect(v.Among, fn)
	case Composite:
		for _, p := range v.Parts {
			Inspect(p.Of, fn)
		}
		Inspect(v.Among, fn)
	case Grid:
		Inspect(v.Rows, fn)
		Inspect(v.Columns, fn)
	case Ladder:
		Inspect(v.Of, fn)
	case Formula:
		Inspect(v.Expr, fn)
	}
}

func inspectExpr(e Expr, fn func(any) bool) {
	switch e := e.(type) {
	case UnaryExpr:
		Inspect(e.X, fn)
	case BinaryExpr:
		Inspect(e.X, fn)
		Inspect(e.Y, fn)
	case CallExpr:
		inspectAll(e.Args, fn)
	}
}
