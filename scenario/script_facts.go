package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"strata"
	"strata/define"
)

// statement is one thing that a script says of a customer.
type statement struct {
	line     int
	customer string         // as it was written, before any merge
	arrived  strata.Instant // when it was known
	source   string

	event        *strata.Event
	attributes   []strata.Attribute
	manual       *Manual
	consent      *Consent
	entry        *Entry
	merge, split string // the other customer
	refused      bool   // the script says that it is not taken
	wrong        string // why it is not taken, "" where it is
}

// statementReader reads facts in one catalogue.
type statementReader struct {
	m         *mistakes
	catalogue *define.Catalogue
	set       *define.Set
	settings  strata.Settings
	zone      *time.Location
}

// facts reads a list of facts that each name their customer, or a mapping of
// customers with their facts.
func (r *statementReader) facts(n *node) (said []statement, people []string) {
	if n == nil || n.shape == nothing {
		return nil, nil
	}
	switch n.shape {
	case mapping:
		for i, customer := range n.keys {
			people = append(people, customer)
			for _, item := range n.items[i].list() {
				said = append(said, r.fact(item, customer)...)
			}
		}
	case list:
		for _, item := range n.items {
			if item.shape != mapping || item.get("customer") == nil {
				r.m.at(item.line, "a fact names its customer", "write {customer: ada, event: order_paid, time: 2026-01-05 10:00, amount: 100}")
				continue
			}
			customer := item.get("customer").text
			people = append(people, customer)
			said = append(said, r.fact(item, customer)...)
		}
	default:
		r.m.at(n.line, "facts are a mapping of customers, found "+n.describe(), "write facts: {ada: [{event: order_paid, time: 2026-01-05, amount: 100}]}")
	}
	return said, people
}

// factKinds are the keys of which a fact has exactly one.
var factKinds = []string{"event", "attributes", "tag", "consent", "list", "merge", "split"}

// factKeys are the keys of each kind; an event's other keys are properties.
var factKeys = map[string][]string{
	"event":      {"id", "source", "properties"},
	"attributes": {"priority"},
	"tag":        {"value", "author", "reason", "expires"},
	"consent":    {"is"},
	"list":       {"member"},
	"merge":      nil,
	"split":      nil,
}

func (r *statementReader) fact(n *node, customer string) []statement {
	const want = "write {event: order_paid, time: 2026-01-05 10:00, amount: 100} or {attributes: {city: 北京}}"
	if n.shape != mapping {
		r.m.at(n.line, "a fact is a mapping, found "+n.describe(), want)
		return nil
	}
	kind := ""
	for _, k := range factKinds {
		if n.get(k) != nil {
			if kind != "" {
				r.m.at(n.line, kind+" and "+k+" are two facts", "write two")
				return nil
			}
			kind = k
		}
	}
	if kind == "" {
		r.m.at(n.line, "this is no fact", want)
		return nil
	}
	known := append([]string{kind, "customer", "time", "arrived", "refused"}, factKeys[kind]...)
	for i, key := range n.keys {
		if kind != "event" && !slices.Contains(known, key) {
			r.m.at(n.lines[i], "unknown key "+key, define.DidYouMean(key, known))
		}
	}
	f := statement{line: n.line, customer: customer}
	at := beginning
	if t := n.get("time"); t != nil {
		at = r.instant(t)
	}
	f.arrived = at
	if t := n.get("arrived"); t != nil {
		f.arrived = r.instant(t)
	}
	if t := n.get("refused"); t != nil {
		f.refused = t.text == "true"
	}
	switch kind {
	case "event":
		r.event(&f, n, at)
	case "attributes":
		r.attributes(&f, n, at)
	case "tag":
		r.manual(&f, n, at)
	case "consent":
		state := n.get("is")
		if state == nil || !slices.Contains([]string{"granted", "refused", "withdrawn"}, state.text) {
			r.m.at(n.line, "a consent is granted, refused or withdrawn", "write is: granted")
			return nil
		}
		f.consent = &Consent{Purpose: n.get("consent").text, State: state.text, At: at}
	case "list":
		name := n.get("list").text
		if _, ok := r.set.Lists[name]; !ok {
			r.m.at(n.line, "unknown list "+name, "define it: lists: {"+name+": {members: []}}")
			return nil
		}
		f.entry = &Entry{List: name, Member: n.get("member") == nil || n.get("member").text == "true", At: at}
	case "merge":
		f.merge = n.get("merge").text
	case "split":
		f.split = n.get("split").text
	}
	switch {
	case f.wrong != "" && !f.refused:
		r.m.at(f.line, f.wrong, "correct it, or write refused: true beside it where the script shows that it is not taken")
	case f.wrong == "" && f.refused && f.event == nil:
		r.m.at(f.line, "the fact says refused: true, and nothing is wrong with it", "remove refused")
	}
	return []statement{f}
}

func (r *statementReader) event(f *statement, n *node, at strata.Instant) {
	name := n.get("event").text
	declared, ok := r.catalogue.Events[name]
	if !ok {
		names := make([]string, 0, len(r.catalogue.Events))
		for name := range r.catalogue.Events {
			names = append(names, name)
		}
		r.m.at(n.line, "unknown event "+name, define.DidYouMean(name, names))
		return
	}
	if n.get("time") == nil {
		r.m.at(n.line, "an event has a time", "write time: 2026-01-05 10:00")
		return
	}
	e := &strata.Event{Name: name, At: at}
	if id := n.get("id"); id != nil {
		e.ID = id.text
	}
	if source := n.get("source"); source != nil && declared.Properties["source"].Type.Name == "" {
		f.source = source.text
	}
	read := func(key string, value *node, line int) {
		property, ok := declared.Properties[key]
		if !ok {
			names := make([]string, 0, len(declared.Properties))
			for name := range declared.Properties {
				names = append(names, name)
			}
			r.m.at(line, "unknown property "+key+" of "+name, define.DidYouMean(key, names))
			return
		}
		v, problem := r.value(value, property.Type)
		if problem != "" {
			f.wrong = key + ": " + problem
			return
		}
		if !v.IsMissing() {
			e.Properties = append(e.Properties, strata.Property{Name: key, Value: v})
		}
	}
	for i, key := range n.keys {
		switch key {
		case "event", "time", "arrived", "customer", "refused", "id":
		case "properties":
			for j, inner := range n.items[i].keys {
				read(inner, n.items[i].items[j], n.items[i].lines[j])
			}
		case "source":
			if declared.Properties["source"].Type.Name != "" {
				read(key, n.items[i], n.lines[i])
			}
		default:
			read(key, n.items[i], n.lines[i])
		}
	}
	slices.SortFunc(e.Properties, func(a, b strata.Property) int { return strings.Compare(a.Name, b.Name) })
	if identity := e.Property(declared.Identity); e.ID == "" && !identity.IsMissing() {
		e.ID = identity.String()
	}
	f.event = e
}

func (r *statementReader) attributes(f *statement, n *node, at strata.Instant) {
	all := n.get("attributes")
	priority := uint8(0)
	if p := n.get("priority"); p != nil {
		n, err := strconv.ParseUint(p.text, 10, 8)
		if err != nil {
			r.m.at(p.line, "a priority is 0 to 255", "")
		}
		priority = uint8(n)
	}
	for i, name := range all.keys {
		declared, ok := r.catalogue.Attributes[name]
		if !ok {
			names := make([]string, 0, len(r.catalogue.Attributes))
			for name := range r.catalogue.Attributes {
				names = append(names, name)
			}
			r.m.at(all.lines[i], "unknown attribute "+name, define.DidYouMean(name, names))
			continue
		}
		v, problem := r.value(all.items[i], declared.Type)
		if problem != "" {
			f.wrong = name + ": " + problem
			continue
		}
		f.attributes = append(f.attributes, strata.Attribute{Name: name, At: at, Priority: priority, Value: v})
	}
}

func (r *statementReader) manual(f *statement, n *node, at strata.Instant) {
	name := n.get("tag").text
	tag, ok := r.set.Tags[name]
	value, manual := tag.Value.(define.ManualValue)
	if !ok || !manual {
		r.m.at(n.line, name+" is no tag that is set by hand", "define it: tags: {"+name+": {value: {manual: {type: text}}}}")
		return
	}
	set := &Manual{Tag: name, At: at}
	if v := n.get("value"); v != nil {
		var problem string
		if set.Value, problem = r.value(v, value.Type); problem != "" {
			f.wrong = name + ": " + problem
			return
		}
	}
	if t := n.get("author"); t != nil {
		set.Author = t.text
	}
	if t := n.get("reason"); t != nil {
		set.Reason = t.text
	}
	if t := n.get("expires"); t != nil {
		set.Expires = r.instant(t)
	}
	f.manual = set
}

// timeLayouts are how a script writes an instant without an offset: in the
// business's zone, a date alone being its first instant.
var timeLayouts = []string{"2006-01-02 15:04:05.999", "2006-01-02 15:04"}

const instantHint = "write 2026-01-05, 2026-01-05 10:00, 2026-01-05 10:00:30.250 or 2026-01-05T10:00:00+08:00"

// instant reads when something was. The local clock must show that reading
// exactly once on that day; else the offset has to be written.
func (r *statementReader) instant(n *node) strata.Instant {
	if day, err := time.Parse(time.DateOnly, n.text); err == nil {
		return define.DayStart(day.Unix()/86400, r.zone)
	}
	if t, err := time.Parse(time.RFC3339, n.text); err == nil {
		return strata.At(t)
	}
	for _, layout := range timeLayouts {
		clock, err := time.Parse(layout, n.text)
		if err != nil {
			continue
		}
		var found []time.Time
		for _, guess := range []time.Duration{-36 * time.Hour, 36 * time.Hour} {
			_, offset := clock.Add(guess).In(r.zone).Zone()
			t := clock.Add(-time.Duration(offset) * time.Second)
			if t.In(r.zone).Format(time.DateTime) == clock.Format(time.DateTime) && !slices.ContainsFunc(found, t.Equal) {
				found = append(found, t)
			}
		}
		switch len(found) {
		case 0:
			r.m.at(n.line, fmt.Sprintf("the clocks of %s never show %s", r.zone, n.text), "write it with its offset, such as 2018-11-04T01:00:00-02:00")
		case 2:
			r.m.at(n.line, fmt.Sprintf("the clocks of %s show %s twice", r.zone, n.text), "write it with its offset, such as 2026-11-01T01:30:00-04:00")
		default:
			return strata.At(found[0])
		}
		return 0
	}
	r.m.at(n.line, n.describe()+" is not a time", instantHint)
	return 0
}

// value reads a value of a catalogue type; the problem is "" where it is one.
func (r *statementReader) value(n *node, t define.Type) (v strata.Value, problem string) {
	v, err := converter{r.settings, r.zone}.value(n.plain(), t)
	if err != nil {
		return v, err.Error()
	}
	return v, ""
}
