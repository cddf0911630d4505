package ingest

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"strata"
	"strata/define"
)

// Mapping says how the rows of a file become facts. It is read-only after
// ParseMapping and may be used by several imports at once.
type Mapping struct {
	name      string
	source    string
	encoding  string // "" = detect
	delimiter byte   // 0 = detect
	zone      *time.Location
	priority  uint8
	header    []string // of a file without a line of names
	sheet     string   // of a workbook; "" = the first that is not hidden
	each      string   // list in a JSON object whose elements become rows

	columns []string // the columns it uses, by slot
	places  []place  // where each is first named
	keys    []keyRule
	skip    []rowRule
	refuse  []rowRule

	attributes []attributeRule
	events     []eventRule
	declared   define.Catalogue
	hash       string
}

type keyRule struct {
	namespace string
	column    int
	integer   bool
	optional  bool // invalid: ignore
}

// rowRule names rows that are left out, on purpose (skip) or not (refuse).
type rowRule struct {
	when    *condition
	because string
	hint    string
	column  int  // the first one tested
	known   bool // customer: keep
}

type timeRule struct {
	columns []int // joined by a space
	layouts []string
	zone    *time.Location // nil = the mapping's
}

type attributeRule struct {
	valueRule
	field string    // where it stands: file:line: path
	at    *timeRule // nil = when the import began
	clear bool      // an empty cell clears the attribute
}

type eventRule struct {
	event        string
	when, unless *condition
	id           []int // none = the row's own
	time         timeRule
	group        *groupRule
	properties   []valueRule // by name
}

type groupRule struct {
	by       []int
	latest   bool // time: max
	adjacent bool
}

// valueRule makes one value of a row: exactly one of column, constant,
// product and count is used.
type valueRule struct {
	name      string
	place     place
	typ       define.Type
	column    int // -1 = none
	constant  string
	product   []int
	count     bool
	sum       bool
	take      string // first, last, min, max: of the rows of a group
	negate    bool
	minor     bool
	integer   bool
	translate map[string]string
	time      timeRule
	separator string
	required  bool
	limits    []limit
}

// limit holds for the value of every row.
type limit struct {
	op     string
	number strata.Value
}

// Name returns the file name of the mapping, Source the name under which its
// facts are stored.
func (m *Mapping) Name() string { return m.name }

// Source returns the name of the source whose facts the mapping makes.
func (m *Mapping) Source() string { return m.source }

// Hash identifies the mapping's text together with the catalogue types it was
// checked against, in hexadecimal.
func (m *Mapping) Hash() string { return m.hash }

// Catalogue returns what the mapping itself declares: attributes, and the
// properties of events, that are new or of another type than the catalogue's.
func (m *Mapping) Catalogue() define.Catalogue { return m.declared }

// Attributes returns the attributes that the mapping fills, each with the
// place (file:line: path) at which it does.
func (m *Mapping) Attributes() map[string]string {
	out := make(map[string]string, len(m.attributes))
	for i := range m.attributes {
		out[m.attributes[i].name] = m.attributes[i].field
	}
	return out
}

// mappingReader reads one mapping file.
type mappingReader struct {
	*document
	m         *Mapping
	slots     map[string]int
	catalogue *define.Catalogue
}

// ParseMapping reads a mapping from YAML and checks it against the catalogue.
// The error joins everything that is wrong, each a *strata.Error whose Field
// is "file:line: path". name is the file's name, for those.
func ParseMapping(name string, data []byte, catalogue *define.Catalogue) (*Mapping, error) {
	doc, root, err := parseDocument(name, data)
	if err != nil {
		return nil, err
	}
	if catalogue == nil {
		catalogue = &define.Catalogue{}
	}
	b := &mappingReader{
		document:  doc,
		m:         &Mapping{name: name, declared: define.Catalogue{Attributes: map[string]define.Attribute{}, Events: map[string]define.Event{}}},
		slots:     map[string]int{},
		catalogue: catalogue,
	}
	b.root(root)
	if err := b.joined(); err != nil {
		return nil, err
	}
	b.m.hash = b.fingerprint(data)
	return b.m, nil
}

// fingerprint hashes the text and the types of what it makes.
func (b *mappingReader) fingerprint(data []byte) string {
	h := xxh3.New()
	h.Write(data)
	describeType := func(r *valueRule) {
		scale := -1
		if r.typ.Scale != nil {
			scale = int(*r.typ.Scale)
		}
		fmt.Fprintf(h, "\x00%s %s %q %v %s %d", r.name, r.typ.Name, r.typ.Values, r.typ.Many, r.typ.Currency, scale)
	}
	for i := range b.m.attributes {
		describeType(&b.m.attributes[i].valueRule)
	}
	for i := range b.m.events {
		fmt.Fprintf(h, "\x00%s", b.m.events[i].event)
		for j := range b.m.events[i].properties {
			describeType(&b.m.events[i].properties[j])
		}
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

func (b *mappingReader) root(p place) {
	f := b.fields(p, "a mapping", "source", "encoding", "delimiter", "zone", "priority", "header", "sheet", "each", "keys", "skip", "refuse", "at", "attributes", "events", "catalogue")
	if f == nil {
		return
	}
	if v, ok := f["catalogue"]; ok {
		b.declare(v)
	}
	if v, ok := f["source"]; ok {
		b.m.source = b.text(v, "source")
		if strings.ContainsAny(b.m.source, "\x00\n") {
			b.fail(v, "a source is a short name", "write it like online_retail")
		}
	} else {
		b.fail(p, "source is missing", "name where the file comes from, such as source: pos")
	}
	if v, ok := f["encoding"]; ok {
		s, _ := scalar(v)
		if b.m.encoding, ok = encodingOf(s); !ok {
			b.fail(v, "unknown encoding "+describe(v), "write utf-8 or gb18030, or leave it out to have it detected")
		}
	}
	if v, ok := f["delimiter"]; ok {
		b.m.delimiter = b.delimiter(v)
	}
	if v, ok := f["zone"]; ok {
		b.m.zone = b.location(v)
	}
	if v, ok := f["priority"]; ok {
		s, _ := scalar(v)
		n, err := strconv.ParseUint(s, 10, 8)
		if err != nil {
			b.fail(v, "found "+describe(v), "write a whole number from 0 to 255; at one instant the higher source wins")
		}
		b.m.priority = uint8(n)
	}
	if v, ok := f["sheet"]; ok {
		b.m.sheet = b.text(v, "the name of a sheet")
	}
	if v, ok := f["each"]; ok {
		b.m.each = b.text(v, "the name of a list")
	}
	if v, ok := f["header"]; ok {
		for _, item := range b.items(v) {
			name := b.text(item, "a column name")
			if slices.Contains(b.m.header, name) {
				b.fail(item, "the column name "+name+" stands twice", "give each column its own name")
			}
			b.m.header = append(b.m.header, name)
		}
	}
	if v, ok := f["keys"]; ok {
		b.keys(v)
	} else {
		b.fail(p, "keys are missing", "say which column says whose the row is, such as keys: {member_no: 会员号}")
	}
	b.m.skip = b.rowRules(f, "skip")
	b.m.refuse = b.rowRules(f, "refuse")
	var at *timeRule
	if v, ok := f["at"]; ok {
		t := b.time(v)
		at = &t
	}
	if v, ok := f["attributes"]; ok {
		b.attributes(v, at)
	}
	if v, ok := f["events"]; ok {
		b.events(v)
	}
	if len(b.m.header) > 0 {
		for slot, name := range b.m.columns {
			if !slices.Contains(b.m.header, name) {
				b.fail(b.m.places[slot], "there is no column "+name+" in header", meant(name, b.m.header))
			}
		}
	}
}

func (b *mappingReader) delimiter(p place) byte {
	s, _ := scalar(p)
	switch s {
	case "tab", "\t":
		return '\t'
	case ",", "comma":
		return ','
	case ";", "semicolon":
		return ';'
	case "|":
		return '|'
	}
	b.fail(p, "unknown delimiter "+describe(p), `write ",", ";", "|" or tab`)
	return 0
}

func (b *mappingReader) location(p place) *time.Location {
	s, _ := scalar(p)
	zone, err := time.LoadLocation(s)
	if err != nil || s == "" || s == "Local" {
		b.fail(p, "unknown time zone "+describe(p), "use an IANA name such as Asia/Shanghai or Europe/London")
		return time.UTC
	}
	return zone
}

// column returns the slot of a column of the file.
func (b *mappingReader) column(name string, p place) int {
	name = cleanText(name)
	if slot, ok := b.slots[name]; ok {
		return slot
	}
	slot := len(b.m.columns)
	b.slots[name] = slot
	b.m.columns = append(b.m.columns, name)
	b.m.places = append(b.m.places, place{path: p.path, line: p.line})
	return slot
}

func (b *mappingReader) columnAt(p place) int {
	name := b.text(p, "a column")
	if name == "" {
		return -1
	}
	return b.column(name, p)
}

func (b *mappingReader) columnList(p place) []int {
	var slots []int
	for _, item := range b.items(p) {
		slots = append(slots, b.columnAt(item))
	}
	if len(slots) == 0 {
		b.fail(p, "names no column", "write the name of a column, or a list of names")
	}
	return slots
}

func (b *mappingReader) keys(p place) {
	list, ok := b.entries(p, "keys")
	if !ok {
		return
	}
	if len(list) == 0 {
		b.fail(p, "keys are empty", "say which column says whose the row is, such as keys: {member_no: 会员号}")
	}
	for _, e := range list {
		k := keyRule{namespace: e.key, column: -1}
		if !namespaceOK(e.key) {
			b.fail(e.value, "not a name for a kind of key: "+e.key, "use phone, member_no, unionid, openid.APP, email or another lower-case word")
		}
		if isMapping(e.value) {
			f := b.fields(e.value, "a key", "column", "integer", "invalid")
			if v, ok := f["column"]; ok {
				k.column = b.columnAt(v)
			} else {
				b.fail(e.value, "column is missing", "name the column that holds the key")
			}
			if v, ok := f["integer"]; ok {
				k.integer = b.boolean(v)
			}
			if v, ok := f["invalid"]; ok {
				k.optional = b.oneOf(v, "refuse", "ignore") == "ignore"
			}
		} else {
			k.column = b.columnAt(e.value)
		}
		b.m.keys = append(b.m.keys, k)
	}
}

func namespaceOK(s string) bool {
	for i, c := range s {
		switch {
		case c >= 'a' && c <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '_' || c == '.' || c >= 'A' && c <= 'Z' || c == '-'):
		default:
			return false
		}
	}
	return s != ""
}

func (b *mappingReader) rowRules(f map[string]place, word string) []rowRule {
	p, ok := f[word]
	if !ok {
		return nil
	}
	var rules []rowRule
	for _, item := range b.items(p) {
		known := []string{"when", "because", "hint"}
		if word == "skip" {
			known = []string{"when", "because", "customer"}
		}
		g := b.fields(item, "a "+word+" rule", known...)
		if g == nil {
			continue
		}
		r := rowRule{column: -1}
		if v, ok := g["when"]; ok {
			r.when = b.condition(v)
			if len(r.when.alternatives) > 0 && len(r.when.alternatives[0]) > 0 {
				r.column = r.when.alternatives[0][0].column
			}
		} else {
			b.fail(item, "when is missing", "write when: {COLUMN: {is: TEXT}}")
		}
		if v, ok := g["because"]; ok {
			r.because = b.text(v, "because")
		} else {
			b.fail(item, "because is missing", "say in words why these rows are left out; the report counts them by it")
		}
		if v, ok := g["hint"]; ok {
			r.hint = b.text(v, "hint")
		}
		if v, ok := g["customer"]; ok {
			r.known = b.oneOf(v, "keep", "skip") == "keep"
		}
		rules = append(rules, r)
	}
	return rules
}

// time reads COLUMN or {column, layouts, zone}.
func (b *mappingReader) time(p place) timeRule {
	if !isMapping(p) {
		return timeRule{columns: b.columnList(p)}
	}
	f := b.fields(p, "a time", "column", "columns", "layouts", "zone")
	t := b.timeFormat(f)
	for _, word := range []string{"column", "columns"} {
		if v, ok := f[word]; ok {
			t.columns = append(t.columns, b.columnList(v)...)
		}
	}
	if len(t.columns) == 0 && f != nil {
		b.fail(p, "column is missing", "name the column that holds the time; date and time of day in two columns are columns: [A, B]")
	}
	return t
}

func (b *mappingReader) timeFormat(f map[string]place) (t timeRule) {
	if v, ok := f["layouts"]; ok {
		for _, item := range b.items(v) {
			s, _ := scalar(item)
			layout, ok := goLayout(s)
			if !ok {
				b.fail(item, "not a layout of a time: "+describe(item), "write it like yyyy-MM-dd HH:mm:ss, dd/MM/yyyy, unix or unix_ms")
			}
			t.layouts = append(t.layouts, layout)
		}
	}
	if v, ok := f["zone"]; ok {
		t.zone = b.location(v)
	}
	return t
}

func (b *mappingReader) attributes(p place, at *timeRule) {
	list, ok := b.entries(p, "attributes")
	if !ok {
		return
	}
	for _, e := range list {
		def, known := b.catalogue.Attributes[e.key]
		if own, ok := b.m.declared.Attributes[e.key]; ok {
			def, known = own, true
		}
		if !known {
			b.fail(e.value, "the catalogue has no attribute "+e.key, b.nearestOr(e.key, b.attributeNames(), "declare it under catalogue.attributes"))
			b.quietly(func() { b.value(e, define.Type{}, false, "at", "empty") })
			continue
		}
		a := attributeRule{at: at, field: b.field(e.value)}
		a.valueRule = b.value(e, def.Type, false, "at", "empty")
		if isMapping(e.value) {
			f := b.rawFields(e.value)
			if v, ok := f["at"]; ok {
				t := b.time(v)
				a.at = &t
			}
			if v, ok := f["empty"]; ok {
				a.clear = b.oneOf(v, "keep", "clear") == "clear"
			}
		}
		b.m.attributes = append(b.m.attributes, a)
	}
}

// rawFields is fields without checking the keys again.
func (b *mappingReader) rawFields(p place) map[string]place {
	var list []entry
	b.quietly(func() { list, _ = b.entries(p, "") })
	out := map[string]place{}
	for _, e := range list {
		out[e.key] = e.value
	}
	return out
}

func (b *mappingReader) attributeNames() []string {
	return append(slices.Sorted(maps.Keys(b.catalogue.Attributes)), slices.Sorted(maps.Keys(b.m.declared.Attributes))...)
}

func (b *mappingReader) eventNames() []string {
	return append(slices.Sorted(maps.Keys(b.catalogue.Events)), slices.Sorted(maps.Keys(b.m.declared.Events))...)
}

// nearestOr suggests the nearest known name beside how to declare a new one.
func (b *mappingReader) nearestOr(word string, known []string, declare string) string {
	if n := nearest(word, known); n != "" {
		return "did you mean " + n + "? Or " + declare
	}
	return declare
}

func (b *mappingReader) events(p place) {
	for _, item := range b.items(p) {
		if r, ok := b.event(item); ok {
			b.m.events = append(b.m.events, r)
		}
	}
	for i, r := range b.m.events {
		for j := range i {
			if other := b.m.events[j]; other.event == r.event && len(other.id) == 0 && len(r.id) == 0 {
				b.fail(place{path: fmt.Sprintf("events[%d]", i)}, fmt.Sprintf("%s is made twice and neither has an id, so that one row's two could not be told apart", r.event),
					"give each an id: column, or another event name")
			}
		}
	}
}

func (b *mappingReader) event(p place) (r eventRule, ok bool) {
	f := b.fields(p, "an event", "event", "when", "unless", "id", "time", "group", "properties")
	if f == nil {
		return r, false
	}
	var def, inCatalogue, own define.Event
	known := false
	if v, ok := f["event"]; ok {
		r.event = b.text(v, "event")
		var declared bool
		inCatalogue, known = b.catalogue.Events[r.event]
		own, declared = b.m.declared.Events[r.event]
		def.Properties = map[string]define.EventProperty{}
		maps.Copy(def.Properties, inCatalogue.Properties)
		maps.Copy(def.Properties, own.Properties)
		known = known || declared
		if !known {
			b.fail(v, "the catalogue has no event "+r.event, b.nearestOr(r.event, b.eventNames(), "declare it under catalogue.events"))
		}
	} else {
		b.fail(p, "event is missing", "name the event that these rows become, such as event: order_paid")
	}
	if v, ok := f["when"]; ok {
		r.when = b.condition(v)
	}
	if v, ok := f["unless"]; ok {
		r.unless = b.condition(v)
	}
	if v, ok := f["group"]; ok {
		r.group = b.group(v)
		if r.group != nil {
			r.id = r.group.by
		}
	}
	if v, ok := f["id"]; ok {
		r.id = b.columnList(v)
	}
	if v, ok := f["time"]; ok {
		r.time = b.time(v)
	} else {
		b.fail(p, "time is missing", "name the column that says when it happened, such as time: 下单时间")
	}
	if v, ok := f["properties"]; ok {
		list, _ := b.entries(v, "properties")
		for _, e := range list {
			property, has := def.Properties[e.key]
			if !has {
				if known {
					names := slices.Sorted(maps.Keys(def.Properties))
					b.fail(e.value, fmt.Sprintf("%s has no property %s in the catalogue", r.event, e.key),
						b.nearestOr(e.key, names, "declare it under catalogue.events."+r.event+".properties"))
				}
				b.quietly(func() { b.value(e, define.Type{}, r.group != nil) }) // notes its columns
				continue
			}
			r.properties = append(r.properties, b.value(e, property.Type, r.group != nil))
		}
	}
	if len(r.id) == 0 && r.group == nil {
		r.id = identityColumn(&r, own, inCatalogue)
	}
	sort.Slice(r.properties, func(i, j int) bool { return r.properties[i].name < r.properties[j].name })
	return r, true
}

// identityColumn returns the column of the property that the catalogue says
// identifies the event, such as the order's number, if the rule takes one.
func identityColumn(r *eventRule, definitions ...define.Event) []int {
	for _, d := range definitions {
		for i := range r.properties {
			if p := &r.properties[i]; d.Identity != "" && p.name == d.Identity && p.column >= 0 && p.translate == nil && !p.integer {
				return []int{p.column}
			}
		}
	}
	return nil
}

func (b *mappingReader) group(p place) *groupRule {
	g := &groupRule{latest: false}
	if !isMapping(p) {
		g.by = b.columnList(p)
		return g
	}
	f := b.fields(p, "a group", "by", "time", "adjacent")
	if v, ok := f["by"]; ok {
		g.by = b.columnList(v)
	} else if f != nil {
		b.fail(p, "by is missing", "name the column whose equal values make one event, such as by: 订单号")
	}
	if v, ok := f["time"]; ok {
		g.latest = b.oneOf(v, "min", "max") == "max"
	}
	if v, ok := f["adjacent"]; ok {
		g.adjacent = b.boolean(v)
	}
	return g
}
