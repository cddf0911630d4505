package define

import (
	"fmt"
	"maps"
	"slices"

	"strata"
)

// PrintYAML prints everything of the set that is not standard vocabulary as
// canonical YAML: sections and keys in fixed order, names sorted. Parsed and
// checked over the standard catalogue it gives the same set again, but for
// IDs.
func PrintYAML(s *Set) []byte { return emitYAML(printTree(s, nil)) }

// PrintJSON is PrintYAML in JSON.
func PrintJSON(s *Set) []byte { return emitJSON(printTree(s, nil)) }

// PrintOne prints one definition as a file of its own, in YAML. It is
// NotFound where there is none.
func PrintOne(s *Set, r Ref) ([]byte, error) {
	n, err := printOne(s, r)
	if err != nil {
		return nil, err
	}
	return emitYAML(n), nil
}

// PrintOneJSON is PrintOne in JSON.
func PrintOneJSON(s *Set, r Ref) ([]byte, error) {
	n, err := printOne(s, r)
	if err != nil {
		return nil, err
	}
	return emitJSON(n), nil
}

func printOne(s *Set, r Ref) (*node, error) {
	if _, ok := s.Header(r); !ok {
		message, hint := unknown(r.Kind, r.Name, s.names(r.Kind))
		return nil, &strata.Error{Code: strata.NotFound, Message: message, Hint: hint}
	}
	return printTree(s, &r), nil
}

// printTree prints a set, or one definition of it.
func printTree(s *Set, only *Ref) *node {
	root := mapOf()
	if only != nil {
		return root.put(sectionOf[only.Kind], mapOf().put(only.Name, printDefinition(s, *only)))
	}
	root.putFilled("catalogue", printCatalogue(&s.Catalogue))
	for _, kind := range kinds {
		section := mapOf()
		for _, name := range s.names(kind) {
			section.put(name, printDefinition(s, Ref{kind, name}))
		}
		root.putFilled(sectionOf[kind], section)
	}
	return root
}

// printDefinition prints what stands after the name of a definition that the
// set has.
func printDefinition(s *Set, r Ref) *node {
	switch r.Kind {
	case "tag":
		return printTag(s.Tags[r.Name])
	case "segment":
		return printSegment(s.Segments[r.Name])
	case "tier":
		return printTier(s.Tiers[r.Name])
	case "list":
		return printHeader(s.Lists[r.Name].Header).put("members", textsOf(s.Lists[r.Name].Members))
	case "score":
		return printScore(s.Scores[r.Name])
	}
	return fromPlain(s.Strategies[r.Name])
}

// putFilled adds a mapping or list that is not empty.
func (n *node) putFilled(name string, value *node) *node {
	if value == nil || len(value.items) == 0 {
		return n
	}
	return n.put(name, value)
}

func fromPlain(x any) *node {
	switch x := x.(type) {
	case map[string]any:
		out := mapOf()
		for _, k := range slices.Sorted(maps.Keys(x)) {
			out.put(k, fromPlain(x[k]))
		}
		return out
	case []any:
		out := listOf()
		for _, item := range x {
			out.items = append(out.items, fromPlain(item))
		}
		return out
	case string:
		return textOf(x)
	case bool:
		return boolOf(x)
	case strata.Value:
		return literalNode(x)
	}
	return nothing()
}

func printText2(t Text2) *node {
	if t == (Text2{}) {
		return nil
	}
	return mapOf().putText("zh", t.Zh).putText("en", t.En)
}

func printHeader(h Header) *node {
	return mapOf().put("name", printText2(h.Name)).put("description", printText2(h.Description)).
		putText("owner", h.Owner).putText("purpose", h.Purpose).putText("consumer", h.Consumer).
		putText("renamed_from", h.RenamedFrom).putTexts("visible_to", h.VisibleTo)
}

func printDuration(d Duration) *node {
	if d.IsZero() {
		return nil
	}
	return textOf(d.String())
}

func printCatalogue(c *Catalogue) *node {
	attributes, events, synonyms := mapOf(), mapOf(), mapOf()
	for _, name := range slices.Sorted(maps.Keys(c.Attributes)) {
		if a := c.Attributes[name]; !a.Standard {
			attributes.put(name, printAttribute(a))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Events)) {
		if e := c.Events[name]; !e.Standard {
			events.put(name, printEvent(e))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Synonyms)) {
		synonyms.putText(name, c.Synonyms[name])
	}
	return mapOf().putFilled("attributes", attributes).putFilled("events", events).putFilled("synonyms", synonyms)
}

// printType adds the keys of a type to a mapping.
func printType(n *node, t Type) *node {
	n.put("type", textOf(string(t.Name))).putTexts("values", t.Values).putTrue("ordered", t.Ordered).putTrue("many", t.Many).
		putText("currency", t.Currency)
	if t.Scale != nil {
		n.put("scale", intOf(int(*t.Scale)))
	}
	return n.putText("unit", t.Unit)
}

func printAttribute(a Attribute) *node {
	return printType(mapOf(), a.Type).put("name", printText2(a.Name)).putText("class", a.Class).putText("category", a.Category).
		putText("change", a.Change).putTrue("sensitive", a.Sensitive).putText("purpose", a.Purpose).
		putText("retention", a.Retention).putText("merge", a.Merge)
}

func printEvent(e Event) *node {
	out := mapOf().put("name", printText2(e.Name)).putText("identity", e.Identity)
	properties := mapOf()
	for _, name := range slices.Sorted(maps.Keys(e.Properties)) {
		p := printType(mapOf(), e.Properties[name].Type).put("name", printText2(e.Properties[name].Name))
		if len(p.keys) == 1 {
			p = p.items[0]
		}
		properties.put(name, p)
	}
	out.putFilled("properties", properties)
	if r := e.Refunds; r != nil {
		out.put("refunds", mapOf().putText("event", r.Event).putText("key", r.Key).putText("amount", r.Amount).putTexts("lines", r.Lines))
	}
	return out
}

func printTag(t Tag) *node {
	out := printHeader(t.Header).putText("class", t.Class).putText("category", t.Category).putText("change", t.Change)
	if t.KeepOnEmpty {
		out.putText("on_empty", "keep")
	}
	return out.put("expires", printDuration(t.Expires)).putTrue("customer_visible", t.CustomerVisible).put("value", printValue(t.Value))
}

func printSegment(s Segment) *node {
	out := printHeader(s.Header).put("where", printCondition(s.Where)).put("exclude", printCondition(s.Exclude))
	picks := func(picked []Picked) *node {
		list := listOf()
		for _, p := range picked {
			item := mapOf().putText("customer", p.Customer).putText("author", p.Author).putText("reason", p.Reason)
			if p.Expires != nil {
				item.put("expires", printTime(*p.Expires))
			}
			list.items = append(list.items, item)
		}
		return list
	}
	out.putFilled("picked_in", picks(s.PickedIn)).putFilled("picked_out", picks(s.PickedOut))
	if s.Snapshot != nil {
		out.put("snapshot", printTime(TimePoint{At: *s.Snapshot, HasAt: true}))
	}
	if len(s.Stages) > 0 {
		stages := listOf()
		for _, stage := range s.Stages {
			stages.items = append(stages.items, mapOf().put("by", printValue(stage.By)).put("keep", intOf(stage.Keep)))
		}
		out.put("pick", mapOf().put("stages", stages))
	}
	return out
}

func printLevel(l Level) *node {
	out := mapOf().putText("id", l.ID).put("name", printText2(l.Name)).put("meaning", printText2(l.Meaning)).putText("goal", l.Goal).
		put("advice", printText2(l.Advice)).putText("service", l.Service).putTrue("no_action", l.NoAction)
	if len(out.keys) == 1 {
		return out.items[0]
	}
	return out
}

func printTier(t Tier) *node {
	out := printHeader(t.Header)
	levels := listOf()
	for _, l := range t.Levels {
		levels.items = append(levels.items, printLevel(l))
	}
	out.putFilled("levels", levels).putTrue("overlapping", t.Overlapping).put("applies_to", printCondition(t.AppliesTo)).putTexts("assign_on", t.AssignOn)
	rules := listOf()
	for _, r := range t.Rules {
		rules.items = append(rules.items, mapOf().putText("level", r.Level).put("where", printCondition(r.Where)))
	}
	out.putFilled("rules", rules)
	if t.Highest {
		out.putText("match", "highest")
	}
	out.putText("otherwise", t.Otherwise).put("hold", printDuration(t.Hold)).put("grace", printDuration(t.Grace))
	moves := listOf()
	for _, m := range t.Moves {
		item := mapOf().putTexts("from", m.From).putText("to", m.To).put("after", printDuration(m.After))
		if m.Since != nil {
			item.put("since", printValue(*m.Since).items[0])
		}
		moves.items = append(moves.items, item.put("unless", printCondition(m.Unless)))
	}
	out.putFilled("moves", moves)
	if t.RFM != nil {
		out.put("rfm", printRFM(t.RFM))
	}
	if len(t.AIPL) > 0 {
		aipl := mapOf()
		for _, r := range slices.Backward(t.AIPL) {
			aipl.put(r.Level, printCondition(r.Where))
		}
		out.put("aipl", aipl)
	}
	funnel := listOf()
	for _, c := range t.Funnel {
		funnel.items = append(funnel.items, printCondition(c))
	}
	out.putFilled("funnel", funnel)
	if p := t.Promotion; p != nil {
		out.put("promotion", mapOf().putText("order", p.Order).put("promoted", printWhere(p.Promoted)).put("self_found", printWhere(p.SelfFound)).
			putText("by", p.By).put("within", printDuration(p.Within)).put("at_least_orders", intOf(p.AtLeastOrders)))
	}
	if t.Score != "" {
		out.putText("score", t.Score).put("at", printLiterals(t.ScoreAt))
	}
	return printWatch(out.putTexts("sources", t.Sources), t)
}

func printRFM(r *RFM) *node {
	out := mapOf().put("recency", printValue(r.Recency)).put("frequency", printValue(r.Frequency)).put("monetary", printValue(r.Monetary)).
		put("within", printDuration(r.Within))
	parts := [3]string{"recency", "frequency", "monetary"}
	switch s := r.Score; {
	case s.Quantile > 0:
		out.put("score", mapOf().put("quantile", intOf(s.Quantile)))
	case s.Breaks != nil:
		breaks := mapOf()
		for i, cuts := range [3][]strata.Value{s.Breaks.Recency, s.Breaks.Frequency, s.Breaks.Monetary} {
			breaks.put(parts[i], printLiterals(cuts))
		}
		out.put("score", mapOf().put("breaks", breaks))
	case s.Top != nil:
		top := mapOf()
		for i, t := range s.Top {
			top.put(parts[i], printTop(mapOf(), t.Count, t.Percent))
		}
		out.put("score", mapOf().put("top", top))
	default:
		out.putText("score", s.Split)
	}
	if len(r.Weights) > 0 {
		weights := listOf()
		for _, w := range r.Weights {
			weights.items = append(weights.items, floatOf(w))
		}
		out.put("weights", weights)
	}
	out.putText("classes", r.Classes)
	if r.Classes == "grid" && !slices.Equal(r.Grid, standardCells) {
		cells := listOf()
		for _, c := range r.Grid {
			cells.items = append(cells.items, mapOf().putText("level", c.Level).
				put("recency", listOf(intOf(c.RFrom), intOf(c.RTo))).put("frequency", listOf(intOf(c.FFrom), intOf(c.FTo))))
		}
		out.put("grid", cells)
	}
	return out
}

func printScore(s Score) *node {
	out := printHeader(s.Header)
	signals := listOf()
	for _, x := range s.Signals {
		item := printSelection(mapOf(), x.Select).put("points", floatOf(x.Points))
		if x.Cap != 0 || !x.CapPer.IsZero() {
			item.put("cap", mapOf().put("points", floatOf(x.Cap)).put("per", printDuration(x.CapPer)))
		}
		signals.items = append(signals.items, item.putText("distinct", x.Distinct))
	}
	out.put("signals", signals).put("half_life", printDuration(s.HalfLife))
	if a := s.Alert; a != nil {
		alert := mapOf()
		if a.AtLeast != 0 {
			alert.put("at_least", floatOf(a.AtLeast))
		}
		out.put("alert", alert.put("or", printCondition(a.Or)).putText("to", a.To).put("again_after", printDuration(a.AgainAfter)))
	}
	return out
}

// PrintCondition prints a condition as the YAML that gives it.
func PrintCondition(c Condition) string { return string(emitYAML(printCondition(c))) }

// PrintValue prints a value as the YAML that gives it.
func PrintValue(v Value) string { return string(emitYAML(printValue(v))) }

func printConditions(of []Condition) *node {
	out := listOf()
	for _, c := range of {
		out.items = append(out.items, printCondition(c))
	}
	return out
}

func printCondition(c Condition) *node {
	out := mapOf()
	switch c := c.(type) {
	case nil:
		return nil
	case All:
		return out.put("all", printConditions(c.Of))
	case Any:
		return out.put("any", printConditions(c.Of))
	case None:
		return out.put("none", printConditions(c.Of))
	case Not:
		return out.put("not", printCondition(c.Of))
	case Everyone:
		return out.putTrue("everyone", true)
	case InSegment:
		return out.putText("segment", c.Segment)
	case InList:
		return out.putText("list", c.List)
	case Bucket:
		return out.put("bucket", mapOf().putText("salt", c.Salt).put("from", numberOf(percent(c.From))).put("to", numberOf(percent(c.To))))
	case AttributeIs:
		return printTest(out.putText("attribute", c.Attribute), c.Test).put("for", printFor(c.For))
	case TagIs:
		printTest(out.putText("tag", c.Tag), c.Test)
		return out.put("since", printWindowValue(c.Since)).put("changed", printWindowValue(c.Changed)).put("for", printFor(c.For))
	case TierIs:
		levels := textsOf(c.Levels)
		if c.Op != In && len(c.Levels) == 1 {
			levels = levels.items[0]
		}
		return out.putText("tier", c.Tier).put(c.Op.String(), levels).put("for", printFor(c.For))
	case Moved:
		in := mapOf().putText("tier", c.Tier).putText("tag", c.Tag).putFilled("from", printOperands(c.From)).putFilled("to", printOperands(c.To))
		return printWindow(out.put("moved", in), c.Window)
	case Heading:
		return out.put("heading", mapOf().putText("tier", c.Tier).putTexts("to", c.To).put("in_next", printDuration(c.In)))
	case ConsentIs:
		return out.putText("consent", c.Purpose).putText("is", c.State)
	case EventDid:
		return printMeasure(printSelection(out, c.Select), c.Measure)
	case FirstTime:
		return out.put("first_time", printSelection(mapOf(), c.Select))
	case Stopped:
		return out.put("stopped", printSelection(mapOf(), c.Select).put("active_within", printDuration(c.Active)).put("silent_within", printDuration(c.Silent)))
	case Restarted:
		return out.put("restarted", printSelection(mapOf(), c.Select).put("silent_from", printDuration(c.SilentFrom)).put("active_within", printDuration(c.Active)))
	case Regularly:
		period := printDuration(c.Period)
		if c.Calendar {
			period = textOf(c.Period.Unit.String())
		}
		return out.put("regularly", printSelection(mapOf(), c.Select).put("times", printTest(mapOf(), c.Times)).put("period", period).
			put("in", intOf(c.In)).put("of", intOf(c.Of)))
	case Streak:
		return out.put("streak", printTest(printSelection(mapOf(), c.Select).putText("unit", c.Unit.String()).putTrue("current", c.Current), c.Count))
	case Sequence:
		steps := listOf()
		for _, s := range c.Steps {
			steps.items = append(steps.items, printSelection(mapOf(), s.Select).put("within", printDuration(s.Within)).putTexts("same", s.Same))
		}
		out.put("sequence", steps)
		if c.Without != nil {
			out.put("without", printSelection(mapOf(), *c.Without))
		}
		return printWindow(out, c.Window)
	case NotFollowed:
		a := c.Select
		a.Window = Window{}
		in := printSelection(mapOf(), a).put("by", printSelection(mapOf(), c.By.Select).putTexts("same", c.By.Same)).put("within", printDuration(c.By.Within))
		return printWindow(out.put("not_followed", in), c.Select.Window)
	}
	panic(fmt.Sprintf("define: a condition of type %T", c))
}

func printFor(t *Test) *node {
	if t == nil {
		return nil
	}
	return printTest(mapOf(), *t)
}

// printSelection adds event, where, gross and the window to a mapping.
func printSelection(n *node, s Selection) *node {
	if len(s.Events) == 1 {
		n.putText("event", s.Events[0])
	} else {
		n.putTexts("event", s.Events)
	}
	return printWindow(n.put("where", printWhere(s.Where)).putTrue("gross", s.Gross), s.Window)
}

func printWhere(where []PropertyTest) *node {
	if len(where) == 0 {
		return nil
	}
	out := mapOf()
	for _, w := range where {
		out.put(w.Property, printTest(mapOf(), w.Test))
	}
	return out
}

func printMeasure(n *node, m Measure) *node {
	switch m.Kind {
	case First, Last:
		return n.put(m.Kind.String(), printWhere(m.Where))
	case Gap:
		return n.put("gap", mapOf().put(m.Stat, printTest(mapOf(), m.Test)))
	case Times:
		if sameTest(m.Test, atLeastOne().Test) {
			return n
		}
	}
	return n.put(m.Kind.String(), printTest(mapOf().putText("of", m.Of), m.Test))
}

// sameTest reports whether two tests of plain literals are the same.
func sameTest(x, y Test) bool {
	return len(x.Comparisons) == 1 && len(y.Comparisons) == 1 && x.Fold == y.Fold &&
		x.Comparisons[0].Op == y.Comparisons[0].Op && slices.Equal(x.Comparisons[0].Operands, y.Comparisons[0].Operands)
}

// printTest adds the comparisons of a test to a mapping.
func printTest(n *node, t Test) *node {
	for _, c := range t.Comparisons {
		n.put(c.Op.String(), printComparison(c))
	}
	return n.putTrue("fold", t.Fold)
}

func printComparison(c Comparison) *node {
	switch c.Op {
	case Exists, Missing:
		return boolOf(true)
	case In, NotIn, HasAny, HasAll, HasNone:
		return printOperands(c.Operands)
	case Between:
		if c.Window != nil {
			return listOf(printTime(c.Window.From), printTime(c.Window.To))
		}
		return printOperands(c.Operands)
	case Within:
		return printWindowValue(c.Window).items[0]
	case InNext:
		return printDuration(*c.Ahead)
	case Anniversary:
		if c.Ahead != nil {
			return mapOf().put("in_next", printDuration(*c.Ahead))
		}
		return printWindowValue(c.Window)
	case Age:
		return printTest(mapOf(), *c.Test)
	}
	return printOperand(c.Operands[0])
}

func printOperands(operands []Operand) *node {
	out := listOf()
	for _, o := range operands {
		out.items = append(out.items, printOperand(o))
	}
	return out
}

func printOperand(o Operand) *node {
	switch {
	case o.Attribute != "":
		return mapOf().putText("attribute", o.Attribute)
	case o.Time != nil:
		return printTime(*o.Time)
	case o.Duration != nil:
		return textOf(o.Duration.String())
	}
	return literalNode(o.Literal)
}

func printLiterals(values []strata.Value) *node {
	out := listOf()
	for _, v := range values {
		out.items = append(out.items, literalNode(v))
	}
	return out
}

func literalNode(v strata.Value) *node {
	switch v.Kind {
	case strata.Missing:
		return nil
	case strata.Boolean:
		return boolOf(v.Bool())
	case strata.Number, strata.Money, strata.Float:
		return numberOf(v.String())
	case strata.Time:
		return printTime(TimePoint{At: strata.Instant(v.Int), HasAt: true})
	}
	return textOf(v.String())
}

func printTime(p TimePoint) *node {
	switch {
	case p.HasAt:
		return textOf(strata.TimeOf(p.At).String())
	case p.Date != "":
		return textOf(p.Date)
	case p.Word != "":
		return textOf(p.Word)
	case !p.Ago.IsZero():
		return mapOf().put("ago", printDuration(p.Ago))
	}
	return mapOf().put("ahead", printDuration(p.Ahead))
}

// printWindow adds the key of a window to a mapping, none for Ever.
func printWindow(n *node, w Window) *node {
	switch w.Kind {
	case WithinLast:
		return n.put("within", printDuration(w.Last))
	case Calendar:
		return n.putText("within", w.Word)
	case BetweenTimes:
		return n.put("between", listOf(printTime(w.From), printTime(w.To)))
	case BeforeTime:
		return n.put("before", printTime(w.From))
	case SinceTime:
		return n.put("since", printTime(w.From))
	case AfterTime:
		return n.put("after", printTime(w.From))
	case UntilTime:
		return n.put("until", printTime(w.From))
	case Anchored:
		to := "last"
		if w.Anchor.First {
			to = "first"
		}
		in := printSelection(mapOf().putText("to", to), w.Anchor.Select)
		return n.put("anchored", in.put("from", printDuration(w.Anchor.From)).put("until", printDuration(w.Anchor.Until)))
	}
	return n
}

func printWindowValue(w *Window) *node {
	if w == nil {
		return nil
	}
	return printWindow(mapOf(), *w)
}

func printTop(n *node, count int, percent float64) *node {
	if count > 0 {
		return n.put("count", intOf(count))
	}
	return n.put("percent", floatOf(percent))
}

func printOrder(n *node, ascending bool) *node {
	if ascending {
		n.putText("order", "ascending")
	}
	return n
}

func printBands(b Bands) *node {
	out := mapOf().put("of", printValue(b.Of)).putFilled("at", printLiterals(b.At))
	percentiles := listOf()
	for _, p := range b.Percentiles {
		percentiles.items = append(percentiles.items, floatOf(p))
	}
	out.putFilled("percentiles", percentiles)
	if b.Natural > 0 {
		out.put("natural", intOf(b.Natural))
	}
	return out.putTexts("labels", b.Labels).put("among", printCondition(b.Among))
}

func printValue(v Value) *node {
	out := mapOf()
	switch v := v.(type) {
	case nil:
		return nil
	case AttributeValue:
		return out.putText("attribute", v.Attribute)
	case TagValue:
		return out.putText("tag", v.Tag)
	case FirstOf:
		list := listOf()
		for _, x := range v.Of {
			list.items = append(list.items, printValue(x))
		}
		return out.put("first_of", list)
	case Aggregate:
		name := v.Kind.String()
		if v.Kind == Times {
			name = "count"
		}
		return out.put(name, printSelection(mapOf(), v.Select).putText("of", v.Of))
	case Touch:
		name := "last"
		if v.First {
			name = "first"
		}
		return out.put(name, printSelection(mapOf(), v.Select).putText("of", v.Of))
	case Favourite:
		in := printSelection(mapOf(), v.Select).putText("by", v.By)
		if v.Top != 1 {
			in.put("top", intOf(v.Top))
		}
		if v.Sum {
			in.putText("rank_by", "sum").putText("of", v.Of)
		}
		if v.AtLeast != 1 {
			in.put("at_least", intOf(v.AtLeast))
		}
		return out.put("favourite", in)
	case SinceEvent:
		in := printSelection(mapOf(), v.Select)
		if v.First {
			in.putText("which", "first")
		}
		return out.put("since", in.putText("unit", v.Unit.String()))
	case GapValue:
		return out.put("gap", printSelection(mapOf(), v.Select).putText("stat", v.Stat).putText("unit", v.Unit.String()))
	case Rules:
		list := listOf()
		for _, r := range v.Rules {
			list.items = append(list.items, mapOf().put("name", literalNode(r.Name)).put("where", printCondition(r.Where)))
		}
		out.put("rules", list)
		if v.All {
			out.putText("match", "all")
		}
		return out.put("otherwise", literalNode(v.Otherwise))
	case Bands:
		return out.put("bands", printBands(v))
	case Rank:
		name := "rank"
		if v.Percentile {
			name = "percentile"
		}
		return out.put(name, printOrder(mapOf().put("of", printValue(v.Of)), v.Ascending).put("among", printCondition(v.Among)))
	case Top:
		return out.put("top", printTop(mapOf().put("of", printValue(v.Of)), v.Count, v.Percent).put("among", printCondition(v.Among)))
	case Composite:
		parts := listOf()
		for _, p := range v.Parts {
			parts.items = append(parts.items, printOrder(mapOf().put("of", printValue(p.Of)).put("weight", floatOf(p.Weight)), p.Ascending))
		}
		in := mapOf().put("parts", parts).put("among", printCondition(v.Among))
		if v.Missing != "lowest" {
			in.putText("missing", v.Missing)
		}
		return out.put("composite", in)
	case Grid:
		cells := listOf()
		for _, row := range v.Cells {
			cells.items = append(cells.items, textsOf(row))
		}
		return out.put("grid", mapOf().put("rows", printBands(v.Rows)).put("columns", printBands(v.Columns)).put("cells", cells))
	case Ladder:
		return out.put("ladder", mapOf().put("of", printValue(v.Of)).put("steps", printLiterals(v.Steps)))
	case Formula:
		return out.putText("formula", v.Text)
	case ScoreValue:
		return out.putText("score", v.Score)
	case TierValue:
		return out.putText("tier", v.Tier)
	case ManualValue:
		return out.put("manual", printType(mapOf(), v.Type))
	case ImportedValue:
		return out.put("imported", printType(mapOf(), v.Type))
	case ModelValue:
		return out.putText("model", v.Model)
	}
	panic(fmt.Sprintf("define: a value of type %T", v))
}
