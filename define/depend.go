package define

import (
	"maps"
	"slices"
	"strings"
)

// definition returns a definition as Inspect takes it, nil where there is
// none.
func (s *Set) definition(r Ref) any {
	if _, ok := s.Header(r); !ok {
		return nil
	}
	switch r.Kind {
	case "tag":
		return s.Tags[r.Name]
	case "segment":
		return s.Segments[r.Name]
	case "tier":
		return s.Tiers[r.Name]
	case "score":
		return s.Scores[r.Name]
	}
	return nil
}

// Uses returns the definitions (tags, segments, tiers, lists, scores) that
// one names, sorted by kind and name, each once; itself is among them where
// it names itself.
func Uses(s *Set, r Ref) []Ref {
	found := map[Ref]bool{}
	add := func(kind, name string) {
		if name != "" {
			found[Ref{kind, name}] = true
		}
	}
	if r.Kind == "strategy" {
		if m, ok := s.Strategies[r.Name].(map[string]any); ok {
			namedIn(m["audience"], add)
		}
	}
	Inspect(s.definition(r), func(x any) bool {
		switch x := x.(type) {
		case InSegment:
			add("segment", x.Segment)
		case InList:
			add("list", x.List)
		case TagIs:
			add("tag", x.Tag)
		case TierIs:
			add("tier", x.Tier)
		case Moved:
			add("tier", x.Tier)
			add("tag", x.Tag)
		case Heading:
			add("tier", x.Tier)
		case TagValue:
			add("tag", x.Tag)
		case ScoreValue:
			add("score", x.Score)
		case TierValue:
			add("tier", x.Tier)
		case NameExpr:
			if _, ok := s.Tags[x.Name]; ok {
				add("tag", x.Name)
			}
		}
		return true
	})
	return slices.SortedFunc(maps.Keys(found), compareRefs)
}

// namedIn finds the definitions named in a plain tree of conditions.
func namedIn(x any, add func(kind, name string)) {
	switch x := x.(type) {
	case map[string]any:
		for k, v := range x {
			if name, ok := v.(string); ok && slices.Contains(kinds, k) {
				add(k, name)
			}
			namedIn(v, add)
		}
	case []any:
		for _, v := range x {
			namedIn(v, add)
		}
	}
}

func compareRefs(x, y Ref) int {
	if n := slices.Index(kinds, x.Kind) - slices.Index(kinds, y.Kind); n != 0 {
		return n
	}
	return strings.Compare(x.Name, y.Name)
}

// UsedBy returns the definitions that name one, sorted by kind and name. A
// kind of event or attribute is answered too.
func UsedBy(s *Set, r Ref) []Ref {
	var out []Ref
	for _, other := range s.Refs() {
		var names bool
		switch r.Kind {
		case "event":
			events, _ := Facts(s, other)
			names = slices.Contains(events, r.Name)
		case "attribute":
			_, attributes := Facts(s, other)
			names = slices.Contains(attributes, r.Name)
		default:
			names = slices.Contains(Uses(s, other), r)
		}
		if names {
			out = append(out, other)
		}
	}
	return out
}

// Facts returns the events (prefixes resolved) and attributes of the
// catalogue that a definition reads itself, sorted.
func Facts(s *Set, r Ref) (events, attributes []string) {
	var patterns []string
	Inspect(s.definition(r), func(x any) bool {
		switch x := x.(type) {
		case Selection:
			patterns = append(patterns, x.Events...)
		case AttributeIs:
			attributes = append(attributes, x.Attribute)
		case AttributeValue:
			attributes = append(attributes, x.Attribute)
		case Operand:
			if x.Attribute != "" {
				attributes = append(attributes, x.Attribute)
			}
		case NameExpr:
			if _, ok := s.Tags[x.Name]; !ok {
				attributes = append(attributes, x.Name)
			}
		}
		return true
	})
	if t, ok := s.definition(r).(Tier); ok {
		patterns = append(patterns, t.AssignOn...)
	}
	slices.Sort(attributes)
	return s.Catalogue.EventsNamed(patterns), slices.Compact(attributes)
}

// Order returns all tags, segments, tiers, lists and scores so that each
// stands after those that it uses; where that leaves a choice, in the order
// of Refs. The set has no circles, as Check sees to.
func Order(s *Set) []Ref {
	order, _ := s.walk()
	return order
}

// walk orders the definitions and finds the circles among them, each as the
// way round without the return.
func (s *Set) walk() (order []Ref, circles [][]Ref) {
	const (
		open = 1
		done = 2
	)
	state := map[Ref]int{}
	var way []Ref
	var visit func(r Ref)
	visit = func(r Ref) {
		switch state[r] {
		case done:
			return
		case open:
			circles = append(circles, slices.Clone(way[slices.Index(way, r):]))
			return
		}
		state[r] = open
		way = append(way, r)
		for _, next := range Uses(s, r) {
			if _, ok := s.Header(next); ok {
				visit(next)
			}
		}
		way = way[:len(way)-1]
		state[r] = done
		order = append(order, r)
	}
	for _, r := range s.Refs() {
		if r.Kind != "strategy" {
			visit(r)
		}
	}
	return order, circles
}
