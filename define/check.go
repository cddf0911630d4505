package define

import (
	"fmt"
	"strings"

	"strata"
)

// Warning is something that is allowed but seldom meant.
type Warning struct {
	Field   string `json:"field"` // as in an error: file:line: path
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Check lays a file over a base, which is what is published (nil is the
// standard catalogue alone), and returns the merged set: definitions and
// attributes given again replace the base's, events add to them; what the
// file does not name stays as it is. Base and file are not changed.
//
// Everything is checked against the merged set, also what is published and no
// longer fits (its Field begins with "published: "): names, types of operands,
// which operators a type allows, levels, circles, windows. Literals become
// values of the type that they are compared with. A definition keeps its ID,
// by its name or by renamed_from, which removes the old name.
//
// The error joins one *strata.Error for everything that is wrong, those of
// Parse included, in the order of lines; then there is no set.
func Check(base *Set, f *File, s strata.Settings) (*Set, []Warning, error) {
	zone, err := s.Location()
	if err != nil {
		return nil, nil, err
	}
	if base == nil {
		base = newSet()
		base.Catalogue = Standard()
	}
	draft := merge(base, f)
	scope := &scope{set: draft, types: newTyper(draft), settings: s, zone: zone}
	b := &builder{file: f.name, scope: scope}
	if c := f.root.node.get("catalogue"); c != nil {
		b.checkCatalogue(f.root.in("catalogue", c))
	}
	typed, _ := b.sections(f.root)
	b.checkCircles(draft, f)
	old := &builder{file: "published", scope: scope, printed: true}
	kept, _ := old.sections(&cursor{node: printTree(untouched(base, f), nil), index: -1})
	if err := join(append(b.errs, old.errs...)); err != nil {
		return nil, nil, err
	}
	out := newSet()
	out.Catalogue = draft.Catalogue
	copyDefinitions(out, kept)
	copyDefinitions(out, typed)
	for _, r := range out.Refs() {
		out.keepHeader(r, base)
	}
	b.checkHeaders(f, base)
	return out, b.warnings, nil
}

// merge lays what the file says, as it is written, over the base.
func merge(base *Set, f *File) *Set {
	out := newSet()
	out.Catalogue = mergeCatalogue(base.Catalogue, f.written().Catalogue)
	copyDefinitions(out, untouched(base, f))
	copyDefinitions(out, f.written())
	return out
}

// untouched returns the base's definitions that the file neither gives again
// nor renames.
func untouched(base *Set, f *File) *Set {
	out := newSet()
	copyDefinitions(out, base)
	for _, r := range f.refs {
		out.remove(r)
		if h, _ := f.written().Header(r); h.RenamedFrom != "" {
			out.remove(Ref{r.Kind, h.RenamedFrom})
		}
	}
	return out
}

func copyDefinitions(to, from *Set) {
	for k, v := range from.Tags {
		to.Tags[k] = v
	}
	for k, v := range from.Segments {
		to.Segments[k] = v
	}
	for k, v := range from.Tiers {
		to.Tiers[k] = v
	}
	for k, v := range from.Lists {
		to.Lists[k] = v
	}
	for k, v := range from.Scores {
		to.Scores[k] = v
	}
	for k, v := range from.Strategies {
		to.Strategies[k] = v
	}
}

func (s *Set) remove(r Ref) {
	switch r.Kind {
	case "tag":
		delete(s.Tags, r.Name)
	case "segment":
		delete(s.Segments, r.Name)
	case "tier":
		delete(s.Tiers, r.Name)
	case "list":
		delete(s.Lists, r.Name)
	case "score":
		delete(s.Scores, r.Name)
	case "strategy":
		delete(s.Strategies, r.Name)
	}
}

// keepHeader gives a definition the ID that it has in the base.
func (s *Set) keepHeader(r Ref, base *Set) {
	h, _ := s.Header(r)
	old, ok := base.Header(r)
	if !ok && h.RenamedFrom != "" {
		old, ok = base.Header(Ref{r.Kind, h.RenamedFrom})
	}
	if !ok {
		return
	}
	h.ID = old.ID
	s.setHeader(r, h)
}

func (s *Set) setHeader(r Ref, h Header) {
	switch r.Kind {
	case "tag":
		d := s.Tags[r.Name]
		d.Header = h
		s.Tags[r.Name] = d
	case "segment":
		d := s.Segments[r.Name]
		d.Header = h
		s.Segments[r.Name] = d
	case "tier":
		d := s.Tiers[r.Name]
		d.Header = h
		s.Tiers[r.Name] = d
	case "list":
		d := s.Lists[r.Name]
		d.Header = h
		s.Lists[r.Name] = d
	case "score":
		d := s.Scores[r.Name]
		d.Header = h
		s.Scores[r.Name] = d
	}
}

// sectionOf is the key of a file under which a kind stands.
var sectionOf = map[string]string{"tag": "tags", "segment": "segments", "tier": "tiers", "list": "lists", "score": "scores", "strategy": "strategies"}

// at returns the place of a definition in the file.
func (f *File) at(r Ref) *cursor {
	root := f.expanded()
	section := root.node.get(sectionOf[r.Kind])
	if section == nil {
		return nil
	}
	n := section.get(r.Name)
	if n == nil {
		return nil
	}
	return root.in(sectionOf[r.Kind], section).in(r.Name, n)
}

func (b *builder) checkCircles(draft *Set, f *File) {
	_, circles := draft.walk()
	for _, circle := range circles {
		names := make([]string, 0, len(circle)+1)
		for _, r := range append(circle, circle[0]) {
			names = append(names, r.Name)
		}
		message := "goes round in a circle: " + strings.Join(names, " -> ")
		hint := "let one of them stand on events or attributes"
		placed := false
		for _, r := range circle {
			if c := f.at(r); c != nil && !placed {
				b.refuse(c, message, hint)
				placed = true
			}
		}
		if !placed {
			b.refuseAt(0, sectionOf[circle[0].Kind]+"."+circle[0].Name, message, hint)
		}
	}
}

// checkHeaders warns of a renamed_from that names nothing.
func (b *builder) checkHeaders(f *File, base *Set) {
	for _, r := range f.refs {
		h, _ := f.written().Header(r)
		if h.RenamedFrom == "" {
			continue
		}
		_, isOld := base.Header(Ref{r.Kind, h.RenamedFrom})
		_, isNew := base.Header(r)
		if !isOld && !isNew {
			b.warn(f.at(r), fmt.Sprintf("there is no %s %s to rename", r.Kind, h.RenamedFrom), "")
		}
	}
}
