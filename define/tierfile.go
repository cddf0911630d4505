package define

import (
	"fmt"
	"slices"
	"strings"

	"strata"
)

// tierKinds are the ways of entering levels; a tier has exactly one.
var tierKinds = []string{"rules", "rfm", "aipl", "funnel", "promotion", "score"}

func (b *builder) tier(c *cursor) Tier {
	o := b.object(c, "write {levels: [...], rules: [...]}")
	t := Tier{
		Header:      b.header(o),
		Overlapping: b.boolean(o.get("overlapping")),
		AppliesTo:   b.condition(o.get("applies_to")),
		AssignOn:    b.events(o.get("assign_on")),
		Hold:        b.duration(o.get("hold")),
		Grace:       b.duration(o.get("grace")),
		Sources:     b.events(o.get("sources")),
		Review:      b.review(o.get("review")),
	}
	given := ""
	for _, kind := range tierKinds {
		if !o.has(kind) {
			continue
		}
		if given != "" {
			b.refuse(c, fmt.Sprintf("%s and %s both give levels", given, kind), "keep one of them")
			continue
		}
		given = kind
	}
	if given == "" && o.ok {
		b.refuse(c, "nothing says who is at which level", "write one of "+strings.Join(tierKinds, ", "))
	}
	levels := o.get("levels")
	own := b.givenLevels(levels)
	b.entries(o, &t, given)
	t.Levels = b.levelsOf(c, levels, own, &t)
	b.checkTierLevels(o, &t)
	t.Moves = b.moves(o.get("moves"), &t)
	t.Warnings = b.moveWarnings(o.get("warnings"), &t)
	if t.Overlapping {
		b.checkOverlapping(o, given)
	}
	o.close()
	return t
}

// checkOverlapping refuses what takes one level at a time for granted.
func (b *builder) checkOverlapping(o *object, kind string) {
	if kind != "rules" && kind != "" {
		b.refuse(o.get("overlapping"), kind+" gives one level at a time", "write rules: for levels that overlap")
	}
	for _, key := range []string{"match", "assign_on", "hold", "grace", "moves", "warnings"} {
		if at := o.get(key); at != nil {
			b.refuse(at, key+" is for one level at a time, and these overlap", "remove it, or remove overlapping")
		}
	}
}

// entries reads the one way of entering levels, and the keys beside it.
func (b *builder) entries(o *object, t *Tier, kind string) {
	t.Rules = b.levelRules(o.get("rules"))
	if at := o.get("match"); at != nil {
		if t.Highest = b.word(at, "first", "highest") == "highest"; kind != "rules" {
			b.refuse(at, "match goes with rules", "remove it")
		}
	}
	if at := o.get("otherwise"); at != nil {
		if t.Otherwise = b.text(at); kind != "rules" {
			b.refuse(at, "otherwise goes with rules", "remove it")
		}
	}
	if at := o.get("rfm"); at != nil {
		t.RFM = b.rfm(at)
	}
	if at := o.get("aipl"); at != nil {
		in := b.object(at, "write {aware: {...}, interest: {...}, purchase: {...}, loyal: {...}}")
		for _, stage := range []string{"loyal", "purchase", "interest", "aware"} {
			if x := b.condition(in.need(stage, "write all of aware, interest, purchase and loyal")); x != nil {
				t.AIPL = append(t.AIPL, LevelRule{stage, x})
			}
		}
		in.close()
	}
	for _, item := range b.list(o.get("funnel")) {
		if x := b.condition(item); x != nil {
			t.Funnel = append(t.Funnel, x)
		}
	}
	if at := o.get("promotion"); at != nil {
		t.Promotion = b.promotion(at)
	}
	cuts := o.get("at")
	if at := o.get("score"); at != nil {
		t.Score = b.reference(at, "score")
		number := Type{Name: TypeFloat}
		if cuts = o.need("at", "write at: and the scores at which the levels begin"); cuts != nil {
			t.ScoreAt = b.cuts(cuts, &number)
		}
	} else if cuts != nil {
		b.refuse(cuts, "at goes with score", "name the score: score: intent_points")
	}
}

func (b *builder) levelRules(c *cursor) []LevelRule {
	var out []LevelRule
	for _, item := range b.list(c) {
		o := b.object(item, "write {level: A, where: {...}}")
		r := LevelRule{Level: b.text(o.need("level", "write level: A")), Where: b.condition(o.need("where", "write where: and a condition"))}
		o.close()
		if r.Where != nil {
			out = append(out, r)
		}
	}
	return out
}

func (b *builder) promotion(c *cursor) *Promotion {
	o := b.object(c, "write {order: order_paid, promoted: {promoted: {is: true}}, within: 1y}")
	p := &Promotion{Order: "order_paid", AtLeastOrders: 3, Within: Duration{1, Year}}
	order := o.get("order")
	if order != nil {
		if p.Order = b.text(order); p.Order != "" {
			b.checkEvent(order, p.Order)
		}
	}
	events := []string{p.Order}
	if at := o.need("promoted", "write promoted: {promoted: {is: true}}"); at != nil {
		p.Promoted = b.where(at, events)
	}
	if at := o.get("self_found"); at != nil {
		p.SelfFound = b.where(at, events)
	}
	p.By, _ = b.propertyNamed(o.get("by"), events)
	if at := o.get("within"); at != nil {
		p.Within = b.duration(at)
	}
	if at := o.get("at_least_orders"); at != nil {
		p.AtLeastOrders = b.whole(at, 1, 1000)
	}
	o.close()
	return p
}

// givenLevels reads the levels of the file: ids or mappings.
func (b *builder) givenLevels(c *cursor) []Level {
	var out []Level
	for _, item := range b.list(c) {
		l := Level{}
		if item.kind == textNode {
			l.ID = b.text(item)
		} else {
			o := b.object(item, "write {id: A, name: {zh: ...}}")
			l = Level{
				ID: b.text(o.need("id", "write id: A")), Name: b.bilingual(o.get("name")), Meaning: b.bilingual(o.get("meaning")),
				Goal: b.word(o.get("goal"), "activity", "retention", "orders", "basket", "turnover"), Advice: b.bilingual(o.get("advice")),
				Service: b.text(o.get("service")), NoAction: b.boolean(o.get("no_action")),
			}
			o.close()
		}
		if l.ID == "" {
			continue
		}
		if slices.ContainsFunc(out, func(x Level) bool { return x.ID == l.ID }) {
			b.refuse(item, fmt.Sprintf("level %s stands twice", quoteOdd(l.ID)), "remove one of them")
			continue
		}
		out = append(out, l)
	}
	return out
}

// levelsOf returns the tier's levels: those of its model, with what the file
// says of them laid over, or those of the file.
func (b *builder) levelsOf(c, at *cursor, given []Level, t *Tier) []Level {
	model := modelLevels(t)
	if model == nil {
		if at == nil && c.kind == mapNode {
			b.refuse(c, "levels is missing", "write levels: [S, A, B], the best first")
		}
		return given
	}
	out := slices.Clone(model)
	for i, l := range given {
		n := slices.IndexFunc(out, func(x Level) bool { return x.ID == l.ID })
		if n < 0 {
			var known []string
			for _, x := range model {
				known = append(known, x.ID)
			}
			m, h := unknown("level", quoteOdd(l.ID), known)
			item := at
			if i < len(at.items) {
				item = at.item(i)
			}
			b.refuse(item, m+" of this model", h)
			continue
		}
		out[n] = overlay(out[n], l)
	}
	return out
}

// overlay returns l with what over says.
func overlay(l, over Level) Level {
	pick := func(old, new Text2) Text2 {
		if new.Zh == "" && new.En == "" {
			return old
		}
		return new
	}
	l.Name, l.Meaning, l.Advice = pick(l.Name, over.Name), pick(l.Meaning, over.Meaning), pick(l.Advice, over.Advice)
	if over.Goal != "" {
		l.Goal = over.Goal
	}
	if over.Service != "" {
		l.Service = over.Service
	}
	l.NoAction = l.NoAction || over.NoAction
	return l
}

// checkTierLevels refuses levels in rules that the tier does not have, and
// numbers of levels that do not fit.
func (b *builder) checkTierLevels(o *object, t *Tier) {
	if len(t.Levels) == 0 {
		return
	}
	name := o.c.key
	check := func(c *cursor, level string) {
		if level != "" {
			b.checkLevel(c, t, name, level)
		}
	}
	if n := o.c.node.get("rules"); n != nil && n.kind == listNode {
		rules := o.c.in("rules", n)
		for i, item := range n.items {
			if item.kind == mapNode && item.get("level") != nil && item.get("level").kind == textNode {
				check(rules.item(i).in("level", item.get("level")), item.get("level").text)
			}
		}
	}
	if n := o.c.node.get("otherwise"); n != nil {
		check(o.c.in("otherwise", n), t.Otherwise)
	}
	if n := o.c.node.get("funnel"); n != nil && len(t.Levels) != len(n.items) && n.kind == listNode {
		b.refuse(o.c.in("funnel", n), fmt.Sprintf("%d conditions, and there are %d levels", len(n.items), len(t.Levels)), "write one condition for each level: the first is that of the last level")
	}
	if n := o.c.node.get("at"); n != nil && t.Score != "" && n.kind == listNode && len(n.items)+1 != len(t.Levels) {
		b.refuse(o.c.in("at", n), fmt.Sprintf("%d cuts make %d levels, and there are %d", len(n.items), len(n.items)+1, len(t.Levels)), "write one cut between each two levels")
	}
	if len(t.Levels) > 255 {
		b.refuse(o.c, fmt.Sprintf("%d levels, and at most 255 are allowed", len(t.Levels)), "")
	}
}

func (b *builder) moves(c *cursor, t *Tier) []Move {
	var out []Move
	place := func(level string) int {
		return slices.IndexFunc(t.Levels, func(l Level) bool { return l.ID == level })
	}
	for _, item := range b.list(c) {
		const want = "write {from: [S], to: A, after: 7d}"
		o := b.object(item, want)
		from, to := o.need("from", want), o.need("to", want)
		m := Move{From: b.texts(from), To: b.text(to), After: b.duration(o.need("after", want))}
		if to != nil && len(t.Levels) > 0 && m.To != "" {
			b.checkLevel(to, t, c.up.key, m.To)
		}
		for i, level := range m.From {
			at := from
			if from.kind == listNode && i < len(from.items) {
				at = from.item(i)
			}
			if len(t.Levels) > 0 {
				b.checkLevel(at, t, c.up.key, level)
			}
			if x, y := place(level), place(m.To); x >= 0 && y >= 0 && y <= x {
				b.refuse(at, fmt.Sprintf("from %s to %s is not down, and a move never promotes", level, m.To), "promote with a rule")
			}
		}
		if at := o.get("since"); at != nil {
			in := b.object(at, "write {event: wecom_added, which: last}")
			since := b.valueIn(in, "since").(SinceEvent)
			in.close()
			m.Since = &since
		}
		m.Unless = b.condition(o.get("unless"))
		o.close()
		out = append(out, m)
	}
	return out
}

// rfm reads an RFM model and fills in what it leaves out.
func (b *builder) rfm(c *cursor) *RFM {
	o := b.object(c, "write {classes: eight}")
	r := &RFM{Classes: "eight"}
	if at := o.get("classes"); at != nil {
		if r.Classes = b.word(at, "eight", "three", "grid"); r.Classes == "" {
			r.Classes = "eight"
		}
	}
	r.Within = b.duration(o.get("within"))
	part := func(name string, standard Value) Value {
		v := standard
		if o.has(name) {
			v = b.orderedAt(o.get(name))
		}
		o.asked = append(o.asked, name)
		return windowed(v, r.Within)
	}
	r.Recency = part("recency", SinceEvent{Select: Selection{Events: []string{"order_paid"}}, Unit: Day})
	r.Frequency = part("frequency", Aggregate{Kind: Times, Select: Selection{Events: []string{"order_paid"}}})
	r.Monetary = part("monetary", Aggregate{Kind: Sum, Select: Selection{Events: []string{"order_paid"}}, Of: "amount"})
	switch score := o.get("score"); {
	case score != nil:
		r.Score = b.rfmScore(score, r)
	case r.Classes == "eight":
		r.Score.Split = "mean"
	default:
		r.Score.Quantile = 5
	}
	if at := o.get("weights"); at != nil {
		items := b.list(at)
		for _, item := range items {
			r.Weights = append(r.Weights, b.real(item, 0, 1e6))
		}
		if len(items) != 3 {
			b.refuse(at, "three weights are needed", "write weights: [R, F, M], such as [1, 1, 2]")
		} else if r.Classes != "three" {
			b.refuse(at, "weights go with classes: three", "remove them")
		} else if r.Weights[0]+r.Weights[1]+r.Weights[2] == 0 {
			b.refuse(at, "all weights are 0", "")
		}
	}
	b.rfmGrid(o, r)
	o.close()
	return r
}

// windowed gives a value over events without a window of its own the window
// of the model.
func windowed(v Value, within Duration) Value {
	if within.IsZero() {
		return v
	}
	window := func(s Selection) Selection {
		if s.Window.Kind == Ever {
			s.Window = Window{Kind: WithinLast, Last: within}
		}
		return s
	}
	switch v := v.(type) {
	case Aggregate:
		v.Select = window(v.Select)
		return v
	case SinceEvent:
		v.Select = window(v.Select)
		return v
	case Touch:
		v.Select = window(v.Select)
		return v
	case GapValue:
		v.Select = window(v.Select)
		return v
	}
	return v
}

// rfmScore reads mean, median, {quantile: 5}, {breaks: {...}} or {top: {...}}.
func (b *builder) rfmScore(c *cursor, r *RFM) RFMScore {
	var s RFMScore
	if c == nil {
		return s
	}
	if c.kind == textNode {
		s.Split = b.word(c, "mean", "median")
		if s.Split != "" && r.Classes == "grid" {
			b.refuse(c, "a grid needs scores, and "+s.Split+" only tells high from low", "write {quantile: 5}")
		}
		return s
	}
	const want = "write {quantile: 5}, {breaks: {...}}, {top: {...}}, mean or median"
	o := b.object(c, want)
	quantile, breaks, top := o.get("quantile"), o.get("breaks"), o.get("top")
	o.close()
	n := 0
	for _, at := range []*cursor{quantile, breaks, top} {
		if at != nil {
			n++
		}
	}
	if n != 1 && o.ok && len(o.c.keys) == n {
		b.refuse(c, "one way of scoring is needed", want)
		return s
	}
	switch {
	case quantile != nil:
		s.Quantile = b.whole(quantile, 2, 10)
	case breaks != nil:
		in := b.object(breaks, "write {recency: [30, 90], frequency: [2, 5], monetary: [100, 500]}")
		read := func(name string, v Value) []strata.Value {
			at := in.need(name, "write "+name+": and rising cuts")
			if at == nil {
				return nil
			}
			return b.cuts(at, b.typeOfValue(v))
		}
		s.Breaks = &RFMBreaks{read("recency", r.Recency), read("frequency", r.Frequency), read("monetary", r.Monetary)}
		in.close()
	case top != nil:
		in := b.object(top, "write {recency: {percent: 20}, frequency: {percent: 20}, monetary: {percent: 20}}")
		s.Top = &[3]RFMTop{}
		for i, name := range []string{"recency", "frequency", "monetary"} {
			if at := in.need(name, "write "+name+": {percent: 20}"); at != nil {
				part := b.object(at, "write {percent: 20} or {count: 100}")
				s.Top[i].Count, s.Top[i].Percent = b.topOf(part, part.get("count"), part.get("percent"))
				part.close()
			}
		}
		in.close()
		if r.Classes == "grid" {
			b.refuse(top, "a grid needs scores, and top only tells high from low", "write {quantile: 5}")
		}
	}
	return s
}

// Scores returns how many scores the recency and the frequency have, and
// false where the model only tells high from low.
func (s RFMScore) Scores() (recency, frequency int, ok bool) {
	switch {
	case s.Quantile > 0:
		return s.Quantile, s.Quantile, true
	case s.Breaks != nil:
		return len(s.Breaks.Recency) + 1, len(s.Breaks.Frequency) + 1, true
	}
	return 2, 2, false
}

// rfmGrid reads the cells of a grid, or takes the standard ten segments.
func (b *builder) rfmGrid(o *object, r *RFM) {
	at := o.get("grid")
	if r.Classes != "grid" {
		if at != nil {
			b.refuse(at, "grid goes with classes: grid", "write classes: grid")
		}
		return
	}
	rows, columns, ok := r.Score.Scores()
	if at == nil {
		r.Grid = slices.Clone(standardCells)
		if ok && (rows != 5 || columns != 5) {
			b.refuse(o.c, fmt.Sprintf("the standard grid has 5 x 5 scores, this model %d x %d", rows, columns), "write score: {quantile: 5}, or grid: with your own cells")
		}
		return
	}
	before := b.refused
	taken := map[[2]int]string{}
	for _, item := range b.list(at) {
		const want = "write {level: champions, recency: [5, 5], frequency: [4, 5]}"
		in := b.object(item, want)
		cell := GridCell{Level: b.text(in.need("level", want))}
		cell.RFrom, cell.RTo = b.scoreRange(in.need("recency", want), rows)
		cell.FFrom, cell.FTo = b.scoreRange(in.need("frequency", want), columns)
		in.close()
		for x := cell.RFrom; x <= cell.RTo; x++ {
			for y := cell.FFrom; y <= cell.FTo; y++ {
				if other, twice := taken[[2]int{x, y}]; twice {
					b.refuse(item, fmt.Sprintf("recency %d, frequency %d is in %s already", x, y, other), "give each pair of scores to one level")
				}
				taken[[2]int{x, y}] = cell.Level
			}
		}
		r.Grid = append(r.Grid, cell)
	}
	if b.refused > before {
		return
	}
	for x := 1; x <= rows; x++ {
		for y := 1; y <= columns; y++ {
			if _, ok := taken[[2]int{x, y}]; !ok {
				b.refuse(at, fmt.Sprintf("recency %d, frequency %d is at no level", x, y), "give each pair of scores to one level")
				return
			}
		}
	}
}

func (b *builder) scoreRange(c *cursor, most int) (from, to int) {
	if c == nil {
		return 0, -1
	}
	if c.kind == numberNode {
		n := b.whole(c, 1, most)
		return n, n
	}
	parts := b.list(c)
	if len(parts) != 2 {
		b.refuse(c, "two scores are needed, the lowest and the highest", "write [4, 5]")
		return 0, -1
	}
	from, to = b.whole(parts[0], 1, most), b.whole(parts[1], 1, most)
	if from > to {
		b.refuse(c, fmt.Sprintf("%d comes after %d", from, to), "write the lower score first")
	}
	return from, to
}
