package scenario

import (
	"fmt"
	"slices"
	"strings"

	"strata"
	"strata/define"
)

// knowledge turns facts as they arrived into people as they are known at one
// instant: events that came twice are one, and customers who were merged are
// one person, until they are split.
type knowledge struct {
	catalogue *define.Catalogue
	known     strata.Instant
	people    []string // customers who are there without any fact
	facts     []statement
}

// merged is one merge in force: all of other belongs to into.
type merged struct{ into, other string }

// gather returns the people, and a complaint about each fact that was not
// taken and should have been, or the other way round.
func (k knowledge) gather(complain func(line int, message string)) map[string]*Person {
	facts := slices.DeleteFunc(slices.Clone(k.facts), func(f statement) bool { return f.arrived > k.known })
	slices.SortStableFunc(facts, func(a, b statement) int { return compareInstants(a.arrived, b.arrived) })
	merges := k.merges(facts, complain)
	home := func(customer string) string {
		for range len(merges) + 1 {
			i := slices.IndexFunc(merges, func(m merged) bool { return m.other == customer })
			if i < 0 {
				break
			}
			customer = merges[i].into
		}
		return customer
	}
	people := map[string]*Person{}
	person := func(customer string) *Person {
		id := home(customer)
		if people[id] == nil {
			people[id] = &Person{ID: id}
		}
		return people[id]
	}
	for _, customer := range k.people {
		person(customer)
	}
	attributes := map[string]map[string][]strata.Attribute{} // by person, then by customer
	taken := map[string]statement{}
	for _, f := range facts {
		p := person(f.customer)
		if f.wrong != "" {
			continue
		}
		if f.event != nil {
			k.take(p, f, taken, complain)
		}
		if f.attributes != nil {
			if attributes[p.ID] == nil {
				attributes[p.ID] = map[string][]strata.Attribute{}
			}
			attributes[p.ID][f.customer] = append(attributes[p.ID][f.customer], f.attributes...)
		}
		if f.manual != nil {
			p.Manual = append(p.Manual, *f.manual)
		}
		if f.consent != nil {
			p.Consents = append(p.Consents, *f.consent)
		}
		if f.entry != nil {
			p.Entries = append(p.Entries, *f.entry)
		}
	}
	for id, parts := range attributes {
		people[id].Attributes = k.joined(parts)
	}
	return people
}

func compareInstants(a, b strata.Instant) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (k knowledge) merges(facts []statement, complain func(int, string)) []merged {
	var merges []merged
	for _, f := range facts {
		other := func(m merged) bool { return m.other == f.merge+f.split }
		switch i := slices.IndexFunc(merges, other); {
		case f.merge != "" && i >= 0:
			complain(f.line, fmt.Sprintf("%s is merged into %s already", f.merge, merges[i].into))
		case f.merge != "":
			merges = append(merges, merged{f.customer, f.merge})
		case f.split != "" && i < 0:
			complain(f.line, f.split+" is not merged with anybody")
		case f.split != "":
			merges = slices.Delete(merges, i, i+1)
		}
	}
	return merges
}

// foldFor is how long after its arrival an event's id is remembered; ids
// given by the event's identity property are for ever.
const foldFor = strata.Instant(7 * 24 * 3600 * 1000)

// take adds an event, unless it came before: the same again is one event, and
// another one under the same id is refused.
func (k knowledge) take(p *Person, f statement, taken map[string]statement, complain func(int, string)) {
	key, forever := "", false
	if identity := k.catalogue.Events[f.event.Name].Identity; identity != "" {
		if v := f.event.Property(identity); !v.IsMissing() {
			key, forever = "identity\x00"+f.event.Name+"\x00"+v.String(), true
		}
	}
	if key == "" && f.event.ID != "" {
		key = "id\x00" + f.source + "\x00" + f.event.Name + "\x00" + f.event.ID
	}
	if before, ok := taken[key]; ok && key != "" && (forever || f.arrived-before.arrived <= foldFor) {
		same := before.customer == f.customer && sameEvent(*before.event, *f.event)
		if same == f.refused {
			complain(f.line, map[bool]string{
				true:  "the fact says refused: true, and it is the same as the one before",
				false: "another event came under this id before; it is refused, so write refused: true",
			}[same])
		}
		return
	}
	if f.refused {
		complain(f.line, "the fact says refused: true, and nothing is wrong with it")
	}
	if key != "" {
		taken[key] = f
	}
	p.Events = append(p.Events, *f.event)
}

func sameEvent(a, b strata.Event) bool {
	if a.Name != b.Name || a.At != b.At || len(a.Properties) != len(b.Properties) {
		return false
	}
	for i := range a.Properties {
		if a.Properties[i].Name != b.Properties[i].Name || !strata.Equal(a.Properties[i].Value, b.Properties[i].Value) {
			return false
		}
	}
	return true
}

// joined gives the attributes of a person whom several customers make up: at
// every instant what the catalogue's merge makes of the values that each of
// them has then.
func (k knowledge) joined(parts map[string][]strata.Attribute) []strata.Attribute {
	var out []strata.Attribute
	all := map[string]bool{}
	for _, attributes := range parts {
		for _, a := range attributes {
			all[a.Name] = true
			out = append(out, a)
		}
	}
	if len(parts) < 2 {
		return out
	}
	for name := range all {
		policy := k.catalogue.Attributes[name].Merge
		if policy == "" || policy == "newest" {
			continue // the latest of all is in force
		}
		var instants []strata.Instant
		for _, attributes := range parts {
			for _, a := range attributes {
				if a.Name == name {
					instants = append(instants, a.At)
				}
			}
		}
		slices.Sort(instants)
		out = slices.DeleteFunc(out, func(a strata.Attribute) bool { return a.Name == name })
		for _, at := range slices.Compact(instants) {
			out = append(out, join(name, policy, at, parts))
		}
	}
	return out
}

// join is the value that one policy makes of what each customer has at an
// instant.
func join(name, policy string, at strata.Instant, parts map[string][]strata.Attribute) strata.Attribute {
	var held []strata.Attribute
	for _, attributes := range parts {
		var best *strata.Attribute
		for i := range attributes {
			if a := &attributes[i]; a.Name == name && a.At <= at && (best == nil || later(a, best)) {
				best = a
			}
		}
		if best != nil && !best.Value.IsMissing() {
			held = append(held, *best)
		}
	}
	out := strata.Attribute{Name: name, At: at}
	if len(held) == 0 {
		return out
	}
	slices.SortFunc(held, func(a, b strata.Attribute) int {
		switch {
		case policy == "oldest" && a.At != b.At:
			return compareInstants(a.At, b.At)
		case policy == "source" && a.Priority != b.Priority:
			return int(b.Priority) - int(a.Priority)
		case a.At != b.At:
			return compareInstants(b.At, a.At)
		}
		return strings.Compare(a.Value.String(), b.Value.String())
	})
	if policy != "union" {
		out.Value = held[0].Value
		return out
	}
	var texts []string
	for _, a := range held {
		texts = append(texts, a.Value.Texts()...)
	}
	slices.Sort(texts)
	out.Value = strata.ListOf(slices.Compact(texts))
	return out
}
