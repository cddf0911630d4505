package ingest

import (
	"slices"
	"strconv"
	"strings"

	"strata"
	"strata/define"
)

// track makes the facts of one event from an object of properties, which may
// be absent.
func (r *reader) track(it *item, name string, p *preset, object int32, at strata.Instant) []*refusal {
	event := name
	if p != nil {
		event = p.event
	}
	e := r.language.events[event]
	if e == nil {
		if e = r.language.events[snake(event)]; e != nil {
			event = e.name
		}
	}
	if e == nil {
		return []*refusal{r.unknownEvent(it, event, object)}
	}
	if p == nil {
		p = presets[event]
	}
	it.facts = append(it.facts, fact{Event: strata.Event{Name: e.name, At: at}})
	return r.fill(it, len(it.facts)-1, e, p, object)
}

func (r *reader) unknownEvent(it *item, event string, object int32) *refusal {
	name := snake(event)
	if name == "" {
		return &refusal{Field: "event", Found: event, Reason: "is not an event of the catalogue", Hint: "send it under a name of ASCII letters, digits and _, which the catalogue can have"}
	}
	it.found = append(it.found, discovery{Event: name})
	r.discoverAll(it, name, object)
	return &refusal{Field: "event", Found: event, Reason: "is not an event of the catalogue", Hint: "add it with `strata quarantine accept " + name + "`, then replay"}
}

// discoverAll notes the members of an object as properties of an event.
func (r *reader) discoverAll(it *item, event string, object int32) {
	if object == 0 || r.doc.nodes[object].kind != jsonObject {
		return
	}
	for i := object + 1; i < r.doc.nodes[object].next; {
		value := r.doc.nodes[i].next
		r.discover(it, event, snake(string(r.doc.bytes(i))), value)
		i = r.doc.nodes[value].next
	}
}

// maxDiscoveries bounds what one item proposes.
const maxDiscoveries = 64

// discover notes a property, or of event "" an attribute, with its type: an
// object as its members, a list of objects as an event of its own.
func (r *reader) discover(it *item, event, name string, value int32) {
	if name == "" || len(it.found) >= maxDiscoveries {
		return
	}
	n := &r.doc.nodes[value]
	switch n.kind {
	case jsonNull:
	case jsonObject:
		for i := value + 1; i < n.next; {
			part := r.doc.nodes[i].next
			if inner := snake(string(r.doc.bytes(i))); inner != "" {
				r.discover(it, event, name+"_"+inner, part)
			}
			i = r.doc.nodes[part].next
		}
	case jsonArray:
		if value+1 < n.next && r.doc.nodes[value+1].kind == jsonObject {
			if event == "" {
				return // a customer's attribute holds no list of objects
			}
			it.found = append(it.found, discovery{Event: event + "_" + name})
			for i := value + 1; i < n.next; i = r.doc.nodes[i].next {
				r.discoverAll(it, event+"_"+name, i)
			}
			return
		}
		it.found = append(it.found, discovery{Event: event, Property: name, Type: define.TypeText, Many: true})
	default:
		it.found = append(it.found, discovery{Event: event, Property: name, Type: r.guess(name, value)})
	}
}

// guess returns the type that a value seems to have.
func (r *reader) guess(name string, value int32) define.TypeName {
	switch r.doc.nodes[value].kind {
	case jsonTrue, jsonFalse:
		return define.TypeBoolean
	case jsonNumber:
		for _, word := range [...]string{"amount", "price", "total", "revenue", "fee", "cost"} {
			if strings.Contains(name, word) {
				return define.TypeMoney
			}
		}
		return define.TypeNumber
	}
	text := r.doc.bytes(value)
	if name == "id" || strings.HasSuffix(name, "_id") {
		return define.TypeID
	}
	if len(text) >= 10 && text[0] >= '0' && text[0] <= '9' {
		if _, ok := r.times.day(text); ok && len(text) == 10 {
			return define.TypeDate
		}
		if _, ok := r.times.instant(text); ok {
			return define.TypeTime
		}
	}
	return define.TypeText
}

// member is one member of an object of properties.
type member struct {
	name  string
	value int32
	used  bool
}

// fill gives a fact its properties and adds those that nested lists make.
func (r *reader) fill(it *item, index int, e *spokenEvent, p *preset, object int32) (refused []*refusal) {
	d := &r.doc
	if object != 0 && d.nodes[object].kind != jsonObject {
		return []*refusal{{Field: "properties", Reason: "are no JSON object", Hint: `write {"name": value}`}}
	}
	var space [24]member
	members := space[:0]
	if object != 0 {
		for i := object + 1; i < d.nodes[object].next; {
			value := d.nodes[i].next
			members = append(members, member{name: r.mapper.texts.text(d.bytes(i)), value: value, used: d.nodes[value].kind == jsonNull})
			i = d.nodes[value].next
		}
	}
	properties := make([]strata.Property, 0, len(members)+1)
	put := func(c *compiled, field string, value int32) {
		v, ref := r.convert(c, field, value)
		if ref != nil {
			refused = append(refused, ref)
		} else if !v.IsMissing() && !slices.ContainsFunc(properties, func(x strata.Property) bool { return x.Name == c.name }) {
			properties = append(properties, strata.Property{Name: c.name, Value: v})
		}
	}
	if p != nil {
		for _, choice := range p.properties {
			c := e.properties[choice.to]
			for _, from := range choice.from {
				if m := find(members, from); m != nil && c != nil {
					m.used = true
					put(c, from, m.value)
					break
				}
			}
		}
		if m := find(members, "currency"); m != nil && slices.Contains(p.ignored, "currency") {
			if text := r.text(m.value); text != "" && !strings.EqualFold(text, r.language.currency) {
				return []*refusal{{Field: "currency", Found: text, Reason: "is not the currency of the business, " + r.language.currency, Hint: "convert the amounts before they are sent"}}
			}
		}
	}
	for i := range members {
		m := &members[i]
		if m.used {
			continue
		}
		kind := d.nodes[m.value].kind
		if nested, ok := lines[e.name][m.name]; ok && kind == jsonArray {
			if nested != nil {
				it.facts[index].Properties = properties
				refused = append(refused, r.lines(it, index, r.language.events[nested.event], nested, m)...)
			}
			continue
		}
		if c := e.properties[m.name]; c != nil {
			put(c, m.name, m.value)
			continue
		}
		if p != nil && slices.Contains(p.ignored, m.name) {
			continue
		}
		name := snake(m.name)
		if c := e.properties[name]; c != nil {
			put(c, m.name, m.value)
			continue
		}
		if kind == jsonObject && name != "" && r.flat(e.properties, name, m.value, put) {
			continue
		}
		if kind == jsonArray && m.value+1 < d.nodes[m.value].next && d.nodes[m.value+1].kind == jsonObject {
			if inner := r.language.events[e.name+"_"+name]; inner != nil {
				it.facts[index].Properties = properties
				refused = append(refused, r.lines(it, index, inner, presets[inner.name], m)...)
				continue
			}
		}
		refused = append(refused, r.unknown(it, e.name, name, m.name, m.value))
	}
	if p != nil {
		for _, constant := range p.constants {
			if c := e.properties[constant[0]]; c != nil && !slices.ContainsFunc(properties, func(x strata.Property) bool { return x.Name == c.name }) {
				properties = append(properties, strata.Property{Name: c.name, Value: strata.TextOf(constant[1])})
			}
		}
	}
	sortProperties(properties)
	it.facts[index].Properties = properties
	return refused
}

func find(members []member, name string) *member {
	for i := range members {
		if m := &members[i]; !m.used && m.name == name {
			return m
		}
	}
	return nil
}

// flat puts the members of an object as properties NAME_MEMBER, and reports
// false, having put nothing, where the catalogue does not have one of them.
func (r *reader) flat(properties map[string]*compiled, name string, object int32, put func(c *compiled, field string, value int32)) bool {
	d := &r.doc
	each := func(fn func(name string, value int32) bool) bool {
		for i := object + 1; i < d.nodes[object].next; {
			value := d.nodes[i].next
			if d.nodes[value].kind != jsonNull && !fn(name+"_"+snake(string(d.bytes(i))), value) {
				return false
			}
			i = d.nodes[value].next
		}
		return true
	}
	if !each(func(name string, _ int32) bool { return properties[name] != nil }) {
		return false
	}
	return each(func(name string, value int32) bool {
		put(properties[name], name, value)
		return true
	})
}

// unknown refuses a property that the catalogue does not have, and proposes
// it.
func (r *reader) unknown(it *item, event, name, written string, value int32) *refusal {
	before := len(it.found)
	r.discover(it, event, name, value)
	what := "is not a property of " + event + " in the catalogue"
	accept := event + "." + name
	if event == "" {
		what, accept = "is not an attribute of the catalogue", "@"+name
	}
	if kind := r.doc.nodes[value].kind; kind == jsonObject || kind == jsonArray {
		what += ", and is nested"
	}
	if len(it.found) == before {
		return &refusal{Field: written, Reason: what, Hint: "send it flat and under a name of ASCII letters, digits and _"}
	}
	if f := it.found[before]; f.Property == "" {
		accept = f.Event
	} else if f.Property != name {
		accept = strings.TrimSuffix(accept, name) + f.Property
	}
	return &refusal{Field: written, Reason: what, Hint: "add it with `strata quarantine accept " + accept + "`, then replay"}
}

// lines makes an event of each element of a nested list. Each carries the
// parent's id and, where the catalogue gives it the same properties, its
// store and channel.
func (r *reader) lines(it *item, parent int, e *spokenEvent, p *preset, m *member) (refused []*refusal) {
	if e == nil {
		return []*refusal{{Field: m.name, Reason: "has no event in the catalogue", Hint: "add item_bought to the catalogue"}}
	}
	d := &r.doc
	for i := m.value + 1; i < d.nodes[m.value].next; i = d.nodes[i].next {
		index := len(it.facts)
		it.facts = append(it.facts, fact{Event: strata.Event{Name: e.name, At: it.facts[parent].At}})
		for _, ref := range r.fill(it, index, e, p, i) {
			ref.Field = m.name + "." + ref.Field
			refused = append(refused, ref)
		}
		line := &it.facts[index]
		for _, shared := range it.facts[parent].Properties {
			if shared.Name != "order_id" && shared.Name != "store" && shared.Name != "channel" && shared.Name != r.identityOf(it.facts[parent].Name) {
				continue
			}
			if v := line.Property(shared.Name); v.IsMissing() && e.properties[shared.Name] != nil {
				line.Properties = append(line.Properties, shared)
			}
		}
		r.lineAmount(e, line)
		sortProperties(line.Properties)
	}
	return refused
}

func (r *reader) identityOf(event string) string {
	if e := r.language.events[event]; e != nil {
		return e.identity
	}
	return ""
}

// lineAmount computes the amount of a line that gives price and quantity only,
// where it is exact.
func (r *reader) lineAmount(e *spokenEvent, line *fact) {
	price, quantity := line.Property("price"), line.Property("quantity")
	c := e.properties["amount"]
	if amount := line.Property("amount"); c == nil || c.kind != strata.Money || !amount.IsMissing() || price.Kind != strata.Money {
		return
	}
	if quantity.IsMissing() {
		quantity = strata.NumberOf(1, 0)
	}
	n, ok := multiply(price.Int, quantity.Int)
	if !ok || quantity.Kind != strata.Number {
		return
	}
	if n, ok = strata.Rescale(n, price.Scale+quantity.Scale, c.scale); ok && n <= maxUnits && n >= -maxUnits {
		line.Properties = append(line.Properties, strata.Property{Name: "amount", Value: canonical(c, n)})
	}
}

// convert reads a JSON value as the type of a property or attribute. null and
// "" are missing.
func (r *reader) convert(c *compiled, field string, value int32) (strata.Value, *refusal) {
	d := &r.doc
	n := &d.nodes[value]
	refuse := func(reason, hint string) (strata.Value, *refusal) {
		return strata.Value{}, &refusal{Field: field, Found: string(d.raw(value)), Reason: reason, Hint: hint}
	}
	switch n.kind {
	case jsonNull:
		return strata.Value{}, nil
	case jsonObject:
		return refuse("is nested, but "+c.name+" holds one value", "send it flat")
	case jsonArray:
		if c.kind != strata.List {
			return refuse("is a list, but "+c.name+" holds one value", "send one value")
		}
		return r.list(c, field, value)
	case jsonTrue, jsonFalse:
		if c.kind == strata.Boolean {
			return strata.BooleanOf(n.kind == jsonTrue), nil
		}
		return refuse("is true or false, but "+c.name+" is of type "+string(c.typ.Name), "send a value of that type, or give the property another name")
	}
	if n.kind == jsonNumber && c.kind != strata.Number && c.kind != strata.Money && c.kind != strata.Float && c.kind != strata.ID && c.kind != strata.Text && c.kind != strata.Time {
		return refuse("is a number, but "+c.name+" is of type "+string(c.typ.Name), "send a value of that type, or give the property another name")
	}
	cell := cleanBytes(d.bytes(value))
	if len(cell) == 0 {
		return strata.Value{}, nil
	}
	if n.kind == jsonNumber && slices.ContainsFunc(cell, func(c byte) bool { return c == 'e' || c == 'E' }) {
		f, err := strconv.ParseFloat(string(cell), 64)
		if err != nil {
			return refuse("is not a number that can be kept", "write its digits")
		}
		cell = strconv.AppendFloat(nil, f, 'f', -1, 64)
	}
	if c.kind == strata.Time {
		if at, ok := r.instant(string(cell)); ok {
			return strata.TimeOf(at), nil
		}
	}
	if c.kind == strata.Date || c.kind == strata.Time { // their format remembers the last one
		r.scratch = *c
		c = &r.scratch
		if len(cell) > 10 && c.kind == strata.Date {
			if at, ok := r.times.instant(cell); ok {
				return strata.DateOf(r.day(at)), nil
			}
		}
	}
	v, ref := r.mapper.convert(c, cell)
	if ref != nil {
		ref.Field = field
	}
	return v, ref
}

// day is the civil day of an instant in the business zone.
func (r *reader) day(at strata.Instant) int64 {
	_, offset := at.In(r.times.zone).Zone()
	days := int64(at) + int64(offset)*1000
	return (days - ((days%dayMillis)+dayMillis)%dayMillis) / dayMillis
}

func (r *reader) list(c *compiled, field string, value int32) (strata.Value, *refusal) {
	d := &r.doc
	var texts []string
	for i := value + 1; i < d.nodes[value].next; i = d.nodes[i].next {
		text := r.text(i)
		if d.nodes[i].kind > jsonString {
			return strata.Value{}, &refusal{Field: field, Found: string(d.raw(i)), Reason: "is nested in a list", Hint: "send a list of texts"}
		}
		if strings.Contains(text, "\x1f") || c.choices != nil && !slices.Contains(c.choices, text) {
			return strata.Value{}, &refusal{Field: field, Found: text, Reason: "is not one of the values of " + c.name, Hint: "write " + orList(c.choices)}
		}
		if text != "" && d.nodes[i].kind != jsonNull {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	return strata.ListOf(slices.Compact(texts)), nil
}

// traits makes attributes of the traits of an identify call.
func (r *reader) traits(it *item, at int32, when strata.Instant) (refused []*refusal) {
	d := &r.doc
	object := d.member(at, "traits")
	if object == 0 {
		return nil
	}
	if d.nodes[object].kind != jsonObject {
		return []*refusal{{Field: "traits", Reason: "are no JSON object", Hint: `write {"city": "北京"}`}}
	}
	put := func(c *compiled, field string, value int32) {
		if r.language.off[c.name] {
			refused = append(refused, &refusal{Field: field, Reason: "is the attribute " + c.name + ", which is sensitive and off", Hint: define.TurnOn(c.name)})
			return
		}
		v, ref := r.convert(c, field, value)
		if ref != nil {
			refused = append(refused, ref)
		} else if !v.IsMissing() {
			it.attributes = append(it.attributes, strata.Attribute{Name: c.name, At: when, Value: v})
		}
	}
	for i := object + 1; i < d.nodes[object].next; {
		written, value := string(d.bytes(i)), d.nodes[i].next
		i = d.nodes[value].next
		if d.nodes[value].kind == jsonNull {
			continue
		}
		c := r.language.attributes[written]
		name := snake(written)
		if c == nil {
			to, known := traits[written]
			switch {
			case known && to == "":
				if written == "address" && d.nodes[value].kind == jsonObject {
					if city, c := d.member(value, "city"), r.language.attributes["city"]; city != 0 && c != nil {
						put(c, "address.city", city)
					}
				}
				continue
			case known:
				c = r.language.attributes[to]
			default:
				c = r.language.attributes[name]
			}
		}
		switch {
		case c != nil && c.name == "gender" && d.nodes[value].kind == jsonString && genderWords[strings.ToLower(r.text(value))] != "":
			it.attributes = append(it.attributes, strata.Attribute{Name: "gender", At: when, Value: strata.TextOf(genderWords[strings.ToLower(r.text(value))])})
		case c != nil:
			put(c, written, value)
		case d.nodes[value].kind == jsonObject && name != "" && r.flat(r.language.attributes, name, value, put):
		default:
			refused = append(refused, r.unknown(it, "", name, written, value))
		}
	}
	r.fullName(it, object, when)
	return refused
}

// fullName makes the name of firstName and lastName where none is given. A
// Chinese family name stands first, without a space.
func (r *reader) fullName(it *item, traits int32, when strata.Instant) {
	if r.language.attributes["name"] == nil || r.language.off["name"] || slices.ContainsFunc(it.attributes, func(a strata.Attribute) bool { return a.Name == "name" }) {
		return
	}
	part := func(names ...string) string {
		for _, n := range names {
			if text := r.text(r.doc.member(traits, n)); text != "" {
				return text
			}
		}
		return ""
	}
	first, last := part("firstName", "first_name"), part("lastName", "last_name")
	whole := strings.TrimSpace(first + " " + last)
	if first != "" && last != "" && first[0] >= 0x80 && last[0] >= 0x80 {
		whole = last + first
	}
	if whole != "" {
		it.attributes = append(it.attributes, strata.Attribute{Name: "name", At: when, Value: strata.TextOf(whole)})
	}
}
