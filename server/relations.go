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
