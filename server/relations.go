package server

import (
	"strata/define"
)

// yamlOf is a definition as it stands in a file.
func yamlOf(set *define.Set, ref define.Ref) (string, error) {
	text, err := define.PrintOne(set, ref)
	return string(text), err
}

// relations are the definitions that one stands on directly, and those that
// stand on it.
func relations(set *define.Set, ref define.Ref) (uses, usedBy []DefinitionRef) {
	return references(set, define.Uses(set, ref)), references(set, define.UsedBy(set, ref))
}

func references(set *define.Set, refs []define.Ref) []DefinitionRef {
	out := []DefinitionRef{}
	for _, r := range refs {
		h, _ := set.Header(r)
		out = append(out, DefinitionRef{Kind: r.Kind, Name: r.Name, Title: named(h.Name, r.Name)})
	}
	return out
}

// only is the set with one definition and those it stands on, however far.
func only(set *define.Set, ref define.Ref) *define.Set {
	out := figureSet(set.Catalogue)
	out.Lists, out.Scores = set.Lists, set.Scores
	var add func(define.Ref)
	seen := map[define.Ref]bool{}
	add = func(r define.Ref) {
		if seen[r] {
			return
		}
		seen[r] = true
		switch r.Kind {
		case "tag":
			out.Tags[r.Name] = set.Tags[r.Name]
		case "segment":
			out.Segments[r.Name] = set.Segments[r.Name]
		case "tier":
			out.Tiers[r.Name] = set.Tiers[r.Name]
		}
		for _, used := range define.Uses(set, r) {
			add(used)
		}
	}
	add(ref)
	return out
}
