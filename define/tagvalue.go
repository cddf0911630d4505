package define

import (
	"fmt"
	"strings"

	"strata"
)

// valueKinds are the keys of which a value has exactly one.
var valueKinds = []string{
	"attribute", "tag", "first_of", "count", "sum", "avg", "min", "max", "distinct", "days_active", "first", "last", "favourite",
	"since", "gap", "rules", "bands", "rank", "percentile", "top", "composite", "grid", "ladder", "formula", "score", "tier",
	"manual", "imported", "model",
}

// aggregates are the measures that are values, by key.
var aggregates = map[string]MeasureKind{
	"count": Times, "sum": Sum, "avg": Average, "min": Min, "max": Max, "distinct": Distinct, "days_active": DaysActive,
}

// value reads what computes a tag's value. It is nil where it could not be
// read, which has been refused then.
func (b *builder) value(c *cursor) Value {
	if c == nil {
		return nil
	}
	const want = "write a value such as {sum: {event: order_paid, of: amount, within: 90d}}"
	o := b.object(c, want)
	if !o.ok {
		return nil
	}
	kind := ""
	for _, k := range valueKinds {
		if !o.has(k) {
			continue
		}
		if kind != "" {
			b.refuse(c, fmt.Sprintf("%s and %s are two values", kind, k), "write one of them")
			return nil
		}
		kind = k
	}
	if kind == "" {
		if len(c.keys) == 0 {
			b.refuse(c, "the value is empty", want)
			return nil
		}
		hint := DidYouMean(c.keys[0].text, valueKinds)
		if hint == "" {
			hint = want
		}
		b.refuseAt(c.keys[0].line, c.in(c.keys[0].text, c.items[0]).path(), fmt.Sprintf("unknown value %s", quoteOdd(c.keys[0].text)), hint)
		return nil
	}
	at := o.get(kind)
	if at == nil {
		return nil
	}
	out := b.valueOf(o, kind, at)
	o.close()
	return out
}

func (b *builder) valueOf(o *object, kind string, c *cursor) Value {
	switch kind {
	case "attribute":
		name := b.text(c)
		b.attributeType(c, name)
		return AttributeValue{name}
	case "tag":
		return TagValue{b.reference(c, "tag")}
	case "score":
		return ScoreValue{b.reference(c, "score")}
	case "tier":
		return TierValue{b.reference(c, "tier")}
	case "model":
		return ModelValue{b.text(c)}
	case "first_of":
		return b.firstOf(c)
	case "rules":
		return b.rules(o, c)
	case "formula":
		text := strings.TrimSpace(b.text(c))
		if text == "" {
			return nil
		}
		e, message := parseFormula(text)
		if message != "" {
			b.refuse(c, "not a formula: "+message, "write for instance spend_90d / orders_90d")
			return nil
		}
		b.exprType(c, e)
		return Formula{text, e}
	case "manual":
		return b.manual(c)
	case "imported":
		if c.kind == textNode {
			return ImportedValue{b.typeNamed(c)}
		}
		in := b.object(c, "write {type: number}")
		t := b.typeOf(in)
		in.close()
		return ImportedValue{t}
	case "bands":
		if v, ok := b.bands(c, true); ok {
			return v
		}
		return nil
	}
	in := b.object(c, "write {"+kind+": {...}}")
	if !in.ok {
		return nil
	}
	out := b.valueIn(in, kind)
	in.close()
	return out
}

// valueIn reads the values whose parts lie in a mapping of their own.
func (b *builder) valueIn(o *object, kind string) Value {
	if aggregate, ok := aggregates[kind]; ok {
		out := Aggregate{Kind: aggregate, Select: b.selection(o, true)}
		if aggregate == Times || aggregate == DaysActive {
			return out
		}
		of := o.need("of", "name the property: of: amount")
		var t *Type
		out.Of, t = b.propertyNamed(of, out.Select.Events)
		b.measured(of, aggregate, t)
		return out
	}
	switch kind {
	case "first", "last":
		out := Touch{First: kind == "first", Select: b.selection(o, true)}
		out.Of, _ = b.propertyNamed(o.get("of"), out.Select.Events)
		return out
	case "favourite":
		return b.favourite(o)
	case "since":
		out := SinceEvent{Select: b.selection(o, true)}
		out.First = b.word(o.get("which"), "first", "last") == "first"
		out.Unit = b.unit(o.get("unit"), Day, Second, Minute, Hour, Day, Week, Month, Year)
		return out
	case "gap":
		out := GapValue{Select: b.selection(o, true), Stat: "avg"}
		if c := o.get("stat"); c != nil {
			out.Stat = b.word(c, "avg", "median", "last")
		}
		out.Unit = b.unit(o.get("unit"), Day, Second, Minute, Hour, Day, Week)
		return out
	case "rank", "percentile":
		out := Rank{Of: b.ordered(o), Percentile: kind == "percentile", Ascending: b.ascending(o)}
		out.Among = b.condition(o.get("among"))
		return out
	case "top":
		return b.top(o)
	case "composite":
		return b.composite(o)
	case "grid":
		return b.grid(o)
	}
	return b.ladder(o)
}

// ordered reads of: V, whose values must have an order.
func (b *builder) ordered(o *object) Value {
	return b.orderedAt(o.need("of", "write of: {tag: spend_90d}"))
}

func (b *builder) orderedAt(c *cursor) Value {
	v := b.value(c)
	if v == nil || b.scope == nil {
		return v
	}
	if t := b.scope.types.of(v); t.Name != "" && !t.Numeric() && !t.Instantly() {
		b.refuse(c, fmt.Sprintf("a number or a date is needed here, this value is %s", typeTitle(t)), "")
	}
	return v
}

// ascending reads order: ascending or descending; descending means that the
// largest is best.
func (b *builder) ascending(o *object) bool {
	return b.word(o.get("order"), "ascending", "descending") == "ascending"
}

func (b *builder) firstOf(c *cursor) Value {
	var out FirstOf
	var first Type
	for _, item := range b.list(c) {
		v := b.value(item)
		if v == nil {
			continue
		}
		out.Of = append(out.Of, v)
		if b.scope == nil {
			continue
		}
		t := b.scope.types.of(v)
		switch {
		case first.Name == "":
			first = t
		case t.Name != "" && (t.Kind() != first.Kind()):
			b.refuse(item, fmt.Sprintf("this value is %s, the one before %s", typeTitle(t), typeTitle(first)), "give values of one type")
		}
	}
	return out
}

func (b *builder) favourite(o *object) Value {
	out := Favourite{Select: b.selection(o, true), Top: 1, AtLeast: 1}
	by := o.need("by", "name the property: by: brand")
	var t *Type
	if out.By, t = b.propertyNamed(by, out.Select.Events); t != nil && (t.Many || !textual(*t) && t.Name != TypeNumber && t.Name != TypeBoolean) {
		b.refuse(by, fmt.Sprintf("a favourite is a text, this property is %s", typeTitle(*t)), "")
	}
	if c := o.get("top"); c != nil {
		out.Top = b.whole(c, 1, 1000)
	}
	if c := o.get("at_least"); c != nil {
		out.AtLeast = b.whole(c, 1, 1_000_000)
	}
	out.Sum = b.word(o.get("rank_by"), "count", "sum") == "sum"
	of := o.get("of")
	switch {
	case out.Sum && of == nil:
		b.refuse(o.c, "rank_by: sum needs of", "name the property: of: amount")
	case !out.Sum && of != nil:
		b.refuse(of, "of says what to sum, and rank_by is count", "write rank_by: sum")
	case of != nil:
		out.Of, t = b.propertyNamed(of, out.Select.Events)
		b.measured(of, Sum, t)
	}
	return out
}

func (b *builder) rules(o *object, c *cursor) Value {
	var out Rules
	var first strata.Kind
	same := func(at *cursor, v strata.Value) {
		if v.IsMissing() {
			return
		}
		if first == strata.Missing {
			first = v.Kind
		}
		if v.Kind != first {
			b.refuse(at, fmt.Sprintf("this value is a %s, the first is a %s", v.Kind, first), "give values of one type")
		}
	}
	for _, item := range b.list(c) {
		in := b.object(item, "write {name: 高, where: {...}}")
		name := in.need("name", "write name: and the value that the rule gives")
		var r Rule
		if name != nil {
			r.Name, _ = b.literal(name, nil)
			same(name, r.Name)
		}
		r.Where = b.condition(in.need("where", "write where: and a condition"))
		in.close()
		if r.Where != nil && !r.Name.IsMissing() {
			out.Rules = append(out.Rules, r)
		}
	}
	out.All = b.word(o.get("match"), "first", "all") == "all"
	if at := o.get("otherwise"); at != nil {
		out.Otherwise, _ = b.literal(at, nil)
		same(at, out.Otherwise)
	}
	if out.All && first != strata.Text && first != strata.Missing {
		b.refuse(c, "match: all gives a list, whose values must be texts", "write the names in quotes")
	}
	return out
}

// bands reads {of, at | percentiles | natural, labels, among}.
func (b *builder) bands(c *cursor, labels bool) (Bands, bool) {
	var out Bands
	o := b.object(c, "write {of: {tag: spend_90d}, percentiles: [50, 80], labels: [低, 中, 高]}")
	if !o.ok {
		return out, false
	}
	defer o.close()
	out.Of = b.ordered(o)
	cuts, given := 0, ""
	for _, name := range []string{"at", "percentiles", "natural"} {
		at := o.get(name)
		if at == nil {
			continue
		}
		if given != "" {
			b.refuse(at, fmt.Sprintf("%s and %s both cut", given, name), "keep one of them")
			continue
		}
		given = name
		switch name {
		case "at":
			out.At = b.cuts(at, b.typeOfValue(out.Of))
			cuts = len(at.items)
		case "percentiles":
			for _, item := range b.list(at) {
				p := b.real(item, 0, 100)
				if n := len(out.Percentiles); n > 0 && p <= out.Percentiles[n-1] || p == 0 || p == 100 {
					b.refuse(item, "percentiles must rise, between 0 and 100", "")
					continue
				}
				out.Percentiles = append(out.Percentiles, p)
			}
			cuts = len(at.items)
		case "natural":
			out.Natural = b.whole(at, 2, 20)
			cuts = out.Natural - 1
		}
	}
	if given == "" {
		b.refuse(c, "nothing says where to cut", "write at: [100, 500], percentiles: [50, 80] or natural: 3")
	}
	at := o.get("labels")
	out.Labels = b.texts(at)
	switch {
	case at == nil && labels:
		b.refuse(c, "labels is missing", fmt.Sprintf("write %d labels, the lowest band first", cuts+1))
	case at != nil && given != "" && len(at.items) != cuts+1:
		b.refuse(at, fmt.Sprintf("%d cuts make %d bands, and there are %d labels", cuts, cuts+1, len(at.items)), "write one label for each band, the lowest first")
	}
	out.Among = b.condition(o.get("among"))
	return out, true
}

// typeOfValue returns the type of a value; nil where it is not known.
func (b *builder) typeOfValue(v Value) *Type {
	if b.scope == nil || v == nil {
		return nil
	}
	t := b.scope.types.of(v)
	if t.Name == "" {
		return nil
	}
	return &t
}

// cuts reads rising literals of a type.
func (b *builder) cuts(c *cursor, t *Type) []strata.Value {
	var out []strata.Value
	for _, item := range b.list(c) {
		v, ok := b.literal(item, t)
		if !ok {
			continue
		}
		if n := len(out); n > 0 && ordered(v, t) && !b.less(out[n-1], v, t) {
			b.refuse(item, fmt.Sprintf("%s does not come after %s", v, out[n-1]), "write them from small to large, each once")
			continue
		}
		out = append(out, v)
	}
	return out
}

func (b *builder) top(o *object) Value {
	out := Top{Of: b.ordered(o)}
	count, percent := o.get("count"), o.get("percent")
	out.Count, out.Percent = b.topOf(o, count, percent)
	out.Among = b.condition(o.get("among"))
	return out
}

// topOf reads count or percent, exactly one of them.
func (b *builder) topOf(o *object, count, percent *cursor) (int, float64) {
	if o.ok && (count == nil) == (percent == nil) {
		b.refuse(o.c, "either count or percent is needed", "write count: 100 or percent: 20")
		return 0, 0
	}
	if count != nil {
		return b.whole(count, 1, 1_000_000_000), 0
	}
	p := b.real(percent, 0, 100)
	if percent != nil && p == 0 {
		b.refuse(percent, "the top 0 percent are nobody", "")
	}
	return 0, p
}

func (b *builder) composite(o *object) Value {
	var out Composite
	for _, item := range b.list(o.need("parts", "write parts: [{of: {tag: spend_90d}, weight: 0.5}, ...]")) {
		in := b.object(item, "write {of: {tag: spend_90d}, weight: 0.5}")
		part := WeightedValue{Of: b.ordered(in), Weight: 1, Ascending: b.ascending(in)}
		if w := in.get("weight"); w != nil {
			if part.Weight = b.real(w, 0, 1e6); part.Weight == 0 {
				b.refuse(w, "a weight of 0 counts for nothing", "remove the part")
			}
		}
		in.close()
		out.Parts = append(out.Parts, part)
	}
	out.Among = b.condition(o.get("among"))
	out.Missing = "lowest"
	if c := o.get("missing"); c != nil {
		out.Missing = b.word(c, "lowest", "median")
	}
	return out
}

func (b *builder) grid(o *object) Value {
	var out Grid
	size := func(v Bands) int {
		if v.Natural > 0 {
			return v.Natural
		}
		return len(v.At) + len(v.Percentiles) + 1
	}
	rows, columns := o.need("rows", "write rows: {of: ..., at: [...]}"), o.need("columns", "write columns: {of: ..., at: [...]}")
	before := b.refused
	if rows != nil {
		out.Rows, _ = b.bands(rows, false)
	}
	if columns != nil {
		out.Columns, _ = b.bands(columns, false)
	}
	sound := b.refused == before
	c := o.need("cells", "write cells: [[name, ...], ...], a list for each row")
	for _, item := range b.list(c) {
		var row []string
		for _, cell := range b.list(item) {
			row = append(row, b.text(cell))
		}
		if sound && columns != nil && len(row) != size(out.Columns) && item.kind == listNode {
			b.refuse(item, fmt.Sprintf("%d cells, and there are %d columns", len(row), size(out.Columns)), "name each cell; two cells may share a name")
		}
		out.Cells = append(out.Cells, row)
	}
	if sound && rows != nil && c != nil && len(out.Cells) != size(out.Rows) && c.kind == listNode {
		b.refuse(c, fmt.Sprintf("%d rows of cells, and there are %d rows", len(out.Cells), size(out.Rows)), "write one list for each row, the lowest first")
	}
	return out
}

func (b *builder) ladder(o *object) Value {
	out := Ladder{Of: b.ordered(o)}
	if c := o.need("steps", "write steps: [100, 200, 500]"); c != nil {
		out.Steps = b.cuts(c, b.typeOfValue(out.Of))
	}
	b.word(o.get("pick"), "above")
	return out
}

func (b *builder) manual(c *cursor) Value {
	if c.kind == textNode {
		return ManualValue{Type: b.typeNamed(c)}
	}
	o := b.object(c, "write {type: choice, values: [...]}")
	t := b.typeOf(o)
	o.close()
	return ManualValue{Type: t, Values: t.Values}
}

// typeNames are the types of the catalogue.
var typeNames = []string{"text", "id", "number", "float", "money", "boolean", "date", "time", "choice"}

// typeNamed reads a type given by its name alone.
func (b *builder) typeNamed(c *cursor) Type {
	t := Type{Name: TypeName(b.word(c, typeNames...))}
	if t.Name == TypeChoice {
		b.refuse(c, "a choice needs its values", "write {type: choice, values: [...]}")
	}
	return t
}

// typeOf reads type and the keys that belong to it.
func (b *builder) typeOf(o *object) Type {
	var t Type
	t.Name = TypeName(b.word(o.need("type", "write type: and one of "+strings.Join(typeNames, ", ")), typeNames...))
	refuseFor := func(c *cursor, of string) {
		if t.Name != "" {
			b.refuse(c, fmt.Sprintf("%s goes with %s, and the type is %s", c.key, of, t.Name), "remove it")
		}
	}
	if c := o.get("values"); c != nil {
		if t.Values = b.texts(c); t.Name != TypeChoice {
			refuseFor(c, "choice")
		}
	} else if t.Name == TypeChoice {
		b.refuse(o.c, "a choice needs its values", "write values: [...]")
	}
	if c := o.get("ordered"); c != nil {
		if t.Ordered = b.boolean(c); t.Name != TypeChoice {
			refuseFor(c, "choice")
		}
	}
	if c := o.get("many"); c != nil {
		if t.Many = b.boolean(c); t.Name != TypeChoice && t.Name != TypeText {
			refuseFor(c, "text and choice")
		}
	}
	if c := o.get("currency"); c != nil {
		t.Currency = b.text(c)
		if t.Name != TypeMoney {
			refuseFor(c, "money")
		} else if len(t.Currency) != 3 || strings.ToUpper(t.Currency) != t.Currency {
			b.refuse(c, fmt.Sprintf("%s is not a currency", quote(t.Currency)), "write its three letters, such as CNY")
		}
	}
	if c := o.get("scale"); c != nil {
		t.Scale = scaled(uint8(b.whole(c, 0, MaxScale)))
		if t.Name != TypeMoney && t.Name != TypeNumber {
			refuseFor(c, "money and number")
		}
	}
	t.Unit = b.text(o.get("unit"))
	return t
}
