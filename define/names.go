package define

import (
	"fmt"
	"maps"
	"slices"
)

// Ref names one definition. Kind is tag, segment, tier, list, score or
// strategy.
type Ref struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// String is "kind name".
func (r Ref) String() string { return r.Kind + " " + r.Name }

// PathOf is where a definition or catalogue entry stands in a file, such as
// tags.spend_90d.
func PathOf(r Ref) string { return pathOf(wayTo(r)) }

// kinds are the kinds of definitions, in the order of sections.
var kinds = []string{"tag", "segment", "tier", "list", "score", "strategy"}

// Header returns the header of a definition, and false where there is none.
// A strategy has none.
func (s *Set) Header(r Ref) (Header, bool) {
	switch r.Kind {
	case "tag":
		d, ok := s.Tags[r.Name]
		return d.Header, ok
	case "segment":
		d, ok := s.Segments[r.Name]
		return d.Header, ok
	case "tier":
		d, ok := s.Tiers[r.Name]
		return d.Header, ok
	case "list":
		d, ok := s.Lists[r.Name]
		return d.Header, ok
	case "score":
		d, ok := s.Scores[r.Name]
		return d.Header, ok
	}
	_, ok := s.Strategies[r.Name]
	return Header{}, ok && r.Kind == "strategy"
}

// Refs returns every definition of the set, by kind (tags, segments, tiers,
// lists, scores, strategies) and name.
func (s *Set) Refs() []Ref {
	var out []Ref
	for _, kind := range kinds {
		for _, name := range s.names(kind) {
			out = append(out, Ref{kind, name})
		}
	}
	return out
}

// names returns the sorted names of one kind; event and attribute are kinds
// here too.
func (s *Set) names(kind string) []string {
	switch kind {
	case "tag":
		return slices.Sorted(maps.Keys(s.Tags))
	case "segment":
		return slices.Sorted(maps.Keys(s.Segments))
	case "tier":
		return slices.Sorted(maps.Keys(s.Tiers))
	case "list":
		return slices.Sorted(maps.Keys(s.Lists))
	case "score":
		return slices.Sorted(maps.Keys(s.Scores))
	case "strategy":
		return slices.Sorted(maps.Keys(s.Strategies))
	case "event":
		return slices.Sorted(maps.Keys(s.Catalogue.Events))
	case "attribute":
		return slices.Sorted(maps.Keys(s.Catalogue.Attributes))
	}
	return nil
}

// known returns the names of a kind, nil where names are not looked up.
func (b *builder) known(kind string) []string {
	if b.scope == nil {
		return nil
	}
	return b.scope.set.names(kind)
}

// title returns the bilingual name of what a kind and a name stand for.
func (s *Set) title(kind, name string) Text2 {
	switch kind {
	case "event":
		return s.Catalogue.Events[name].Name
	case "attribute":
		return s.Catalogue.Attributes[name].Name
	}
	h, _ := s.Header(Ref{kind, name})
	return h.Name
}

// unknownName refuses a name that nothing of the kind has. The hint is the
// name that has it as its title, the nearest name, or the same name of
// another kind.
func (b *builder) unknownName(c *cursor, kind, name string) {
	known := b.known(kind)
	message, hint := unknown(kind, quoteOdd(name), known)
	if len(known) == 0 {
		hint = "there is no " + kind + " yet"
	}
	for _, other := range []string{"tag", "segment", "tier", "list", "score", "event", "attribute"} {
		if other != kind && slices.Contains(b.known(other), name) {
			hint = fmt.Sprintf("%s is a name of the kind %s", name, other)
			break
		}
	}
	for _, k := range known {
		if t := b.scope.set.title(kind, k); t.Zh == name || t.En == name {
			hint = "did you mean " + k + "?"
		}
	}
	b.refuse(c, message, hint)
}

// reference reads the name of a definition of the kind.
func (b *builder) reference(c *cursor, kind string) string {
	name := b.text(c)
	if b.scope == nil || name == "" {
		return name
	}
	if _, ok := b.scope.set.Header(Ref{kind, name}); !ok {
		b.unknownName(c, kind, name)
	}
	return name
}

// tagType returns the type of a tag; nil where it is not known.
func (b *builder) tagType(name string) *Type {
	if b.scope == nil {
		return nil
	}
	t := b.scope.types.tag(name)
	if t.Name == "" {
		return nil
	}
	return &t
}
