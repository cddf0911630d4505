package define

import "slices"

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
	catalogue := f.root.node.get("catalogue")
	if catalogue == nil {
		return nil
	}
	for _, kind := range []string{"attribute", "event", "synonym"} {
		entries := catalogue.get(kind + "s")
		if entries == nil {
			continue
		}
		var names []string
		for _, k := range entries.keys {
			names = append(names, k.text)
		}
		slices.Sort(names)
		for _, name := range names {
			out = append(out, Ref{kind, name})
		}
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
