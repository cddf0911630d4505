package define

import (
	"maps"
	"slices"
)

// Has reports whether the set holds the definition.
func (s *Set) Has(r Ref) bool {
	_, ok := s.Header(r)
	return ok
}

// Only returns the set with the whole catalogue but only those definitions,
// and what they stand on.
func (s *Set) Only(refs ...Ref) *Set {
	out := newSet()
	out.Catalogue = s.Catalogue
	var take func(Ref)
	take = func(r Ref) {
		if out.Has(r) || !s.Has(r) {
			return
		}
		switch r.Kind {
		case "tag":
			out.Tags[r.Name] = s.Tags[r.Name]
		case "segment":
			out.Segments[r.Name] = s.Segments[r.Name]
		case "tier":
			out.Tiers[r.Name] = s.Tiers[r.Name]
		case "list":
			out.Lists[r.Name] = s.Lists[r.Name]
		case "score":
			out.Scores[r.Name] = s.Scores[r.Name]
		}
		for _, used := range Uses(s, r) {
			take(used)
		}
	}
	for _, r := range refs {
		take(r)
	}
	return out
}

// Entries returns the catalogue entries that the file holds, of the kinds
// attribute, event and synonym, sorted by kind and name.
func (f *File) Entries() []Ref {
	var out []Ref
	for _, name := range slices.Sorted(maps.Keys(f.set.Catalogue.Attributes)) {
		out = append(out, Ref{"attribute", name})
	}
	for _, name := range slices.Sorted(maps.Keys(f.set.Catalogue.Events)) {
		out = append(out, Ref{"event", name})
	}
	for _, name := range slices.Sorted(maps.Keys(f.set.Catalogue.Synonyms)) {
		out = append(out, Ref{"synonym", name})
	}
	return out
}

// Entry returns an attribute, an event or what a synonym stands for, and
// false where the catalogue has none.
func (c *Catalogue) Entry(r Ref) (any, bool) {
	switch r.Kind {
	case "attribute":
		a, ok := c.Attributes[r.Name]
		return a, ok
	case "event":
		e, ok := c.Events[r.Name]
		return e, ok
	case "synonym":
		s, ok := c.Synonyms[r.Name]
		return s, ok
	}
	return nil, false
}
