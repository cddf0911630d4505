package define

import (
	"fmt"
	"slices"
)

// catalogue reads attributes, events and synonyms.
func (b *builder) catalogue(c *cursor, cat *Catalogue) {
	o := b.object(c, "write {attributes: {...}, events: {...}}")
	each := func(name, kind string, read func(item *cursor, name string)) {
		at := o.get(name)
		if at == nil {
			return
		}
		if at.kind != mapNode {
			b.refuse(at, fmt.Sprintf("a mapping of names is needed here, found %s", at.describe()), "write "+name+": {NAME: {...}}")
			return
		}
		for i, k := range at.keys {
			item := at.in(k.text, at.items[i])
			if kind != "" {
				b.checkName(item, kind, k.text)
			}
			if read(item, k.text); b.forget {
				delete(cat.Attributes, k.text)
				delete(cat.Events, k.text)
			}
		}
	}
	each("attributes", "an attribute", func(item *cursor, name string) { cat.Attributes[name] = b.attribute(item) })
	each("events", "an event", func(item *cursor, name string) { cat.Events[name] = b.event(item) })
	each("synonyms", "", func(item *cursor, name string) { cat.Synonyms[name] = b.text(item) })
	o.close()
}

func (b *builder) attribute(c *cursor) Attribute {
	if c.kind == textNode {
		return Attribute{Type: b.typeNamed(c)}
	}
	o := b.object(c, "write {type: text}")
	a := Attribute{
		Type:      b.typeOf(o),
		Name:      b.bilingual(o.get("name")),
		Class:     b.word(o.get("class"), classes...),
		Category:  b.category(o.get("category")),
		Change:    b.word(o.get("change"), changes...),
		Sensitive: b.boolean(o.get("sensitive")),
		Purpose:   b.text(o.get("purpose")),
	}
	if at := o.get("retention"); at != nil {
		a.Retention = b.duration(at).String()
	}
	if at := o.get("merge"); at != nil {
		a.Merge = b.word(at, "newest", "oldest", "union", "source")
		if a.Merge == "union" && !a.Type.Many {
			b.refuse(at, "a union holds many values", "write many: true or another merge")
		}
	}
	o.close()
	return a
}

func (b *builder) event(c *cursor) Event {
	o := b.object(c, "write {properties: {amount: money}}")
	e := Event{Name: b.bilingual(o.get("name")), Identity: b.text(o.get("identity")), Properties: map[string]EventProperty{}}
	if at := o.get("properties"); at != nil {
		in := b.object(at, "write {amount: money}")
		if in.ok {
			for i, k := range at.keys {
				item := at.in(k.text, at.items[i])
				b.checkName(item, "a property", k.text)
				e.Properties[k.text] = b.eventProperty(item)
			}
		}
	}
	if at := o.get("refunds"); at != nil {
		const want = "write {event: order_paid, key: order_id, amount: amount}"
		in := b.object(at, want)
		r := &Refunds{Event: b.text(in.need("event", want)), Key: b.text(in.need("key", want)), Amount: b.text(in.get("amount"))}
		if r.Lines = b.texts(in.get("lines")); r.Lines == nil {
			r.Lines = []string{"item_bought"}
		}
		in.close()
		e.Refunds = r
	}
	o.close()
	return e
}

func (b *builder) eventProperty(c *cursor) EventProperty {
	if c.kind == textNode {
		return EventProperty{Type: b.typeNamed(c)}
	}
	o := b.object(c, "write money or {type: money}")
	p := EventProperty{Type: b.typeOf(o), Name: b.bilingual(o.get("name"))}
	o.close()
	return p
}

// mergeCatalogue returns base with what a file's catalogue adds: an attribute
// given again replaces it, an event given again adds or replaces the
// properties, name, identity and refunds that it names.
func mergeCatalogue(base, file Catalogue) Catalogue {
	out := base.clone()
	for name, a := range file.Attributes {
		out.Attributes[name] = a
	}
	for name, e := range file.Events {
		if old, ok := out.Events[name]; ok {
			merged := old
			merged.Standard = false
			merged.Properties = make(map[string]EventProperty, len(old.Properties)+len(e.Properties))
			for p, v := range old.Properties {
				merged.Properties[p] = v
			}
			for p, v := range e.Properties {
				if v.Name == (Text2{}) && v.Type.Name == old.Properties[p].Type.Name {
					v.Name = old.Properties[p].Name
				}
				merged.Properties[p] = v
			}
			if e.Name != (Text2{}) {
				merged.Name = e.Name
			}
			if e.Identity != "" {
				merged.Identity = e.Identity
			}
			if e.Refunds != nil {
				merged.Refunds = e.Refunds
			}
			e = merged
		}
		out.Events[name] = e
	}
	for name, to := range file.Synonyms {
		out.Synonyms[name] = to
	}
	return out
}

// clone returns a copy that shares nothing that a merge changes.
func (c Catalogue) clone() Catalogue {
	out := Catalogue{
		Attributes: make(map[string]Attribute, len(c.Attributes)),
		Events:     make(map[string]Event, len(c.Events)),
		Synonyms:   make(map[string]string, len(c.Synonyms)),
	}
	for name, a := range c.Attributes {
		a.Type.Values = slices.Clone(a.Type.Values)
		out.Attributes[name] = a
	}
	for name, e := range c.Events {
		properties := make(map[string]EventProperty, len(e.Properties))
		for p, v := range e.Properties {
			v.Type.Values = slices.Clone(v.Type.Values)
			properties[p] = v
		}
		e.Properties = properties
		if e.Refunds != nil {
			r := *e.Refunds
			r.Lines = slices.Clone(r.Lines)
			e.Refunds = &r
		}
		out.Events[name] = e
	}
	for name, to := range c.Synonyms {
		out.Synonyms[name] = to
	}
	return out
}

// checkCatalogue refuses what the file's catalogue says of events and
// properties that the merged one does not have.
func (b *builder) checkCatalogue(c *cursor) {
	events := c.node.get("events")
	cat := &b.scope.set.Catalogue
	if events == nil || events.kind != mapNode {
		return
	}
	at := c.in("events", events)
	for i, k := range events.keys {
		item := at.in(k.text, events.items[i])
		e := cat.Events[k.text]
		if id := item.node.get("identity"); id != nil {
			b.property(item.in("identity", id), []string{k.text}, e.Identity)
		}
		n := item.node.get("refunds")
		if n == nil || n.kind != mapNode || e.Refunds == nil {
			continue
		}
		refunds := item.in("refunds", n)
		part := func(name string) *cursor {
			if v := n.get(name); v != nil {
				return refunds.in(name, v)
			}
			return refunds
		}
		b.checkEvent(part("event"), e.Refunds.Event)
		b.property(part("key"), []string{k.text}, e.Refunds.Key)
		if _, ok := cat.Events[e.Refunds.Event]; ok {
			b.property(part("key"), []string{e.Refunds.Event}, e.Refunds.Key)
		}
		if e.Refunds.Amount != "" {
			if t := b.property(part("amount"), []string{k.text}, e.Refunds.Amount); t != nil && !t.Numeric() {
				b.refuse(part("amount"), fmt.Sprintf("%s is %s and not an amount", e.Refunds.Amount, typeTitle(*t)), "name a money property")
			}
		}
		for _, line := range e.Refunds.Lines {
			b.checkEvent(part("lines"), line)
		}
	}
}
