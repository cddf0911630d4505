package define

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Governance is what a business demands of its definitions beyond what the
// language does.
type Governance struct {
	// Words must not stand in names, values, descriptions and notes.
	Words Words
	// Require makes owner, purpose and consumer needed to publish, and not only
	// wanted.
	Require bool
	// On are the sensitive attributes that a person turned on.
	On map[string]bool
	// Paused are definitions that are kept and not in force.
	Paused []Ref
}

// CheckPaused refuses what a file publishes on top of paused definitions; what
// is paused itself may use them. The catalogue is that of the base. It comes
// before [Check], to which a paused definition is an unknown name.
func (g Governance) CheckPaused(c Catalogue, f *File) error {
	if len(g.Paused) == 0 {
		return nil
	}
	b := &builder{file: f.name}
	written := f.Written(c)
	for _, p := range g.Paused {
		for _, user := range UsedBy(written, p) {
			if user != p && !slices.Contains(g.Paused, user) {
				b.refuseAt(f.lineOf(wayTo(user)), pathOf(wayTo(user)), fmt.Sprintf("it uses %s, which is paused", p), resume(p))
			}
		}
	}
	return join(b.errs)
}

// resume is the hint that says how a definition is brought back.
func resume(r Ref) string { return fmt.Sprintf("strata definition resume %s %s", r.Kind, r.Name) }

// Check looks at what a file would publish over a base; set is the merged set
// that [Check] returned for them. It refuses forbidden words and sensitive
// attributes that are off; it warns of a missing owner, purpose or consumer,
// which [Governance.CheckPublished] may refuse, and of a new definition that
// is nearly another one. The error joins one *strata.Error a place, in the
// order of lines, with Field as in the errors of [Check].
func (g Governance) Check(base, set *Set, f *File) ([]Warning, error) {
	if base == nil {
		base = newSet()
		base.Catalogue = Standard()
	}
	b := &builder{file: f.name}
	refs := slices.Concat(f.Entries(), f.refs)
	for _, found := range forbiddenIn(set, refs, g.Words) {
		line := f.lineOf(found.path)
		b.errs = append(b.errs, &problem{line, found.refusal(fieldOf(f.name, line, pathOf(found.path)))})
	}
	for _, r := range refs {
		g.checkSensitive(b, base, set, f, r)
	}
	for _, r := range f.refs {
		g.warnLacking(b, set, f, r)
		if slices.Contains(g.Paused, r) {
			b.warnings = append(b.warnings, Warning{Field: f.Place(r), Message: fmt.Sprintf("%s is paused and stays so", r), Hint: resume(r)})
		}
	}
	b.warnAlike(base, set, f)
	return b.warnings, join(b.errs)
}

// CheckNames refuses the forbidden words in the names, values, descriptions
// and notes of definitions and catalogue entries of a set (kinds as in Refs
// and Entries): one *strata.Error a place, whose Field is the path in the set,
// such as tags.size.value.rules[0].name.
func CheckNames(set *Set, refs []Ref, words Words) error {
	var errs []error
	for _, found := range forbiddenIn(set, refs, words) {
		errs = append(errs, found.refusal(pathOf(found.path)))
	}
	return errors.Join(errs...)
}

// step is one step of a way through a file: a key, or a place in a list.
type step struct {
	key   string
	index int // where key is empty
}

func pathOf(way []step) string {
	var b strings.Builder
	for i, s := range way {
		switch {
		case s.key == "":
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case i > 0:
			b.WriteString("." + s.key)
		default:
			b.WriteString(s.key)
		}
	}
	return b.String()
}

// lineOf returns the line of the key or item that the way leads to, or of the
// last one on it that is there.
func (f *File) lineOf(way []step) int {
	n, line := f.expanded().node, 0
	for _, s := range way {
		at := s.index
		if s.key != "" {
			at = slices.IndexFunc(n.keys, func(k key) bool { return k.text == s.key })
		}
		if at < 0 || at >= len(n.items) {
			break
		}
		line = n.items[at].line
		if s.key != "" {
			line = n.keys[at].line
		}
		n = n.items[at]
	}
	return line
}

// wayTo is the way to a definition or catalogue entry.
func wayTo(r Ref) []step {
	switch r.Kind {
	case "attribute", "event", "synonym":
		return []step{{key: "catalogue"}, {key: r.Kind + "s"}, {key: r.Name}}
	}
	return []step{{key: sectionOf[r.Kind]}, {key: r.Name}}
}

// foundWord is a forbidden word and where it stands.
type foundWord struct {
	Forbidden
	path []step
}

// speaking are the keys under which texts stand that people write for people.
// What conditions compare with (a brand, a product) is data and no name.
var speaking = map[string]bool{
	"zh": true, "en": true, "name": true, "description": true, "purpose": true, "meaning": true, "advice": true, "goal": true, "service": true,
	"reason": true, "labels": true, "cells": true, "otherwise": true, "values": true, "id": true, "levels": true,
}

// silent are the keys under which nothing speaks: conditions, and names of
// other things.
var silent = map[string]bool{
	"where": true, "exclude": true, "among": true, "applies_to": true, "unless": true, "without": true, "aipl": true, "funnel": true, "promotion": true,
	"owner": true, "consumer": true, "renamed_from": true, "visible_to": true, "members": true, "refunds": true, "audience": true,
}

func forbiddenIn(set *Set, refs []Ref, words Words) []foundWord {
	var out []foundWord
	look := func(way []step, text string) {
		for _, f := range words.Find(text) {
			out = append(out, foundWord{f, slices.Clone(way)})
		}
	}
	var walk func(n *node, way []step, key string)
	walk = func(n *node, way []step, key string) {
		switch n.kind {
		case textNode:
			if speaking[key] {
				look(way, n.text)
			}
		case listNode:
			for i, item := range n.items {
				walk(item, append(way, step{index: i}), key)
			}
		case mapNode:
			for i, k := range n.keys {
				if silent[k.text] || way[0].key == "tiers" && k.text == "otherwise" { // a level, which stands under levels
					continue
				}
				if key == "properties" {
					look(append(way, step{key: k.text}), k.text)
				}
				walk(n.items[i], append(way, step{key: k.text}), k.text)
			}
		}
	}
	for _, r := range refs {
		n := printedAs(set, r)
		if n == nil {
			continue
		}
		way := wayTo(r)
		look(way, r.Name)
		walk(n, way, "")
	}
	return out
}

// printedAs is what stands in a file after the name of a definition or of a
// catalogue entry; nil for a synonym, which is a source's word, and for what
// is not there.
func printedAs(set *Set, r Ref) *node {
	switch r.Kind {
	case "attribute":
		if a, ok := set.Catalogue.Attributes[r.Name]; ok {
			return printAttribute(a)
		}
	case "event":
		if e, ok := set.Catalogue.Events[r.Name]; ok {
			return printEvent(e)
		}
	default:
		if set.Has(r) {
			return printDefinition(set, r)
		}
	}
	return nil
}

// wanted is what a definition should say about itself, and what to write.
var wanted = []struct {
	key  string
	of   func(Header) string
	hint string
}{
	{"owner", func(h Header) string { return h.Owner }, "write who answers for it, such as owner: wang"},
	{"purpose", func(h Header) string { return h.Purpose }, "write what it is for, such as purpose: win back lost customers"},
	{"consumer", func(h Header) string { return h.Consumer }, "write who uses it, such as consumer: store managers"},
}

// lacking are the places in wanted of what a definition does not say. A
// strategy need not say it.
func lacking(set *Set, r Ref) []int {
	h, ok := set.Header(r)
	if !ok || r.Kind == "strategy" {
		return nil
	}
	var out []int
	for i, w := range wanted {
		if strings.TrimSpace(w.of(h)) == "" {
			out = append(out, i)
		}
	}
	return out
}

// CheckPublished refuses to publish what has no owner, purpose or consumer,
// where the business requires them: one *strata.Error for each that is
// missing, whose Field is its path, in the order of lines. It is not asked
// where a file is only looked at.
func (g Governance) CheckPublished(set *Set, f *File) error {
	if !g.Require {
		return nil
	}
	b := &builder{file: f.name}
	for _, r := range f.refs {
		for _, i := range lacking(set, r) {
			way := append(wayTo(r), step{key: wanted[i].key})
			b.refuseAt(f.lineOf(way), pathOf(way), fmt.Sprintf("%s has no %s", r, wanted[i].key), wanted[i].hint)
		}
	}
	return join(b.errs)
}

func (g Governance) warnLacking(b *builder, set *Set, f *File, r Ref) {
	missing := lacking(set, r)
	if len(missing) == 0 {
		return
	}
	var list string
	for n, i := range missing {
		switch {
		case n == 0:
		case n == len(missing)-1:
			list += " and "
		default:
			list += ", "
		}
		list += "no " + wanted[i].key
	}
	hint := "write who answers for it, what it is for and who uses it"
	if g.Require {
		hint += "; apply refuses it without"
	}
	b.warnings = append(b.warnings, Warning{Field: f.Place(r), Message: fmt.Sprintf("%s has %s", r, list), Hint: hint})
}

// greeting is the sensitive attribute that needs no turning on: nobody can be
// served without a name. It is masked where it is shown, as all of them.
const greeting = "name"

// Guarded reports whether an attribute is sensitive, so that it may be used
// only when a person has turned it on.
func (c *Catalogue) Guarded(name string) bool {
	return name != greeting && (c.Attributes[name].Sensitive || standard().Attributes[name].Sensitive)
}

// TurnOn is the hint that says how an attribute is turned on.
func TurnOn(name string) string {
	return fmt.Sprintf("turn it on first: strata attribute enable %s --reason \"why the business needs it\"", quoteOdd(name))
}

func (g Governance) checkSensitive(b *builder, base, set *Set, f *File, r Ref) {
	if r.Kind == "attribute" {
		if base.Catalogue.Guarded(r.Name) && !set.Catalogue.Guarded(r.Name) && !g.On[r.Name] {
			b.refuseAt(f.lineOf(wayTo(r)), pathOf(wayTo(r)), fmt.Sprintf("attribute %s is sensitive and off, and would no longer be called sensitive", quoteOdd(r.Name)), "write sensitive: true, or "+TurnOn(r.Name))
		}
		return
	}
	_, attributes := Facts(set, r)
	for _, name := range attributes {
		if g.On[name] || !set.Catalogue.Guarded(name) && !base.Catalogue.Guarded(name) {
			continue
		}
		way := wayTo(r)
		if c := f.at(r); c != nil {
			way = append(way, c.search(name)...)
		}
		b.refuseAt(f.lineOf(way), pathOf(way), fmt.Sprintf("attribute %s is sensitive and off", quoteOdd(name)), TurnOn(name))
	}
}

// search returns the way to the first place below a node where an attribute
// is named; none where it stands within a formula.
func (n *node) search(attribute string) []step {
	for i, item := range n.items {
		s := step{index: i}
		if n.kind == mapNode {
			s = step{key: n.keys[i].text}
			if s.key == "attribute" && item.kind == textNode && item.text == attribute {
				return []step{s}
			}
		}
		if way := item.search(attribute); way != nil {
			return append([]step{s}, way...)
		}
	}
	return nil
}

// GiveOwner writes an owner into those definitions of a set that have none:
// that of the base where the definition is published already, even if that has
// none, else the one given, which may be empty. The set must be of the
// caller's own.
func (s *Set) GiveOwner(base *Set, refs []Ref, owner string) {
	for _, r := range refs {
		h, ok := s.Header(r)
		if !ok || h.Owner != "" {
			continue
		}
		was, known := base.Header(r)
		if !known && h.RenamedFrom != "" {
			was, known = base.Header(Ref{r.Kind, h.RenamedFrom})
		}
		if h.Owner = owner; known {
			h.Owner = was.Owner
		}
		s.setHeader(r, h)
	}
}

// Written returns what the file says as it is written, over a catalogue:
// names are not looked up, and literals have no type. It is for asking what
// uses what where the file does not check.
func (f *File) Written(c Catalogue) *Set {
	out := newSet()
	copyDefinitions(out, f.written())
	out.Catalogue = mergeCatalogue(c, f.written().Catalogue)
	return out
}

// WithoutRefs returns the set without some of its definitions. What used them
// stays.
func (s *Set) WithoutRefs(refs ...Ref) *Set {
	out := newSet()
	copyDefinitions(out, s)
	out.Catalogue = s.Catalogue
	for _, r := range refs {
		out.remove(r)
	}
	return out
}

// Place says where a definition or catalogue entry stands in the file, as the
// Field of an error does.
func (f *File) Place(r Ref) string { return fieldOf(f.name, f.lineOf(wayTo(r)), pathOf(wayTo(r))) }
