package scenario

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"strata"
	"strata/define"
)

// check is one thing expected.
type check struct {
	line int
	what string // such as members of recent
	said bool   // it looks at words and not at what holds
	run  func(t *trial) []Failure
}

func (r *scriptReader) expectations(c *Case, n *node) {
	items := n.get("expect").list()
	if slices.ContainsFunc(n.keys, func(key string) bool { return slices.Contains(expectKeys[2:], key) }) {
		items = append([]*node{n}, items...)
	}
	if len(items) == 0 {
		r.m.at(n.line, "the case expects nothing", "write members:, tags:, levels:, holds: or gives:")
	}
	for _, item := range items {
		if item.shape != mapping {
			r.m.at(item.line, "an expectation is a mapping, found "+item.describe(), "write {as_of: 2026-01-12, holds: [ada]}")
			continue
		}
		if item != n {
			r.keys(item, expectKeys)
		}
		r.expectation(c, item)
	}
}

func (r *scriptReader) expectation(c *Case, n *node) {
	reader := statementReader{m: r.m, zone: c.zone}
	e := &Expectation{Line: n.line, Known: define.Latest}
	at := n.get("as_of")
	if at == nil {
		at = c.asOf
	}
	if at == nil {
		r.m.at(n.line, "no instant says as of when", "write as_of: 2026-01-12 10:00")
		return
	}
	e.AsOf = reader.instant(at)
	if known := n.get("known_at"); known != nil {
		e.Known = reader.instant(known)
	}
	x := expectReader{scriptReader: r, c: c, e: e, set: c.world(nil, 0).setAt(e.AsOf)}
	for i, key := range n.keys {
		item := n.items[i]
		switch key {
		case "holds":
			x.own(item, "segment", ownSegment, "holds goes with where", x.members)
		case "gives":
			x.own(item, "tag", ownTag, "gives goes with value", x.values)
		case "members":
			x.each(item, "segment", x.members)
		case "tags":
			x.each(item, "tag", x.values)
		case "levels":
			x.each(item, "tier", x.levels)
		case "explain":
			x.each(item, "segment", x.explain)
		case "sentence":
			x.sentence(item)
		case "sentences":
			x.each(item, "", x.sentenceOf)
		}
	}
	c.Expect = append(c.Expect, e)
}

// expectReader reads what is expected as of one instant.
type expectReader struct {
	*scriptReader
	c   *Case
	e   *Expectation
	set *define.Set
}

// each reads a mapping of definitions with what is expected of them.
func (x *expectReader) each(n *node, kind string, read func(name string, n *node)) {
	if n.shape != mapping {
		x.m.at(n.line, "a mapping of names is needed, found "+n.describe(), "write the name of a definition and what is expected of it")
		return
	}
	for i, name := range n.keys {
		if kind != "" && !x.set.Has(define.Ref{Kind: kind, Name: name}) {
			x.m.at(n.lines[i], "unknown "+kind+" "+name, define.DidYouMean(name, x.names(kind)))
			continue
		}
		if kind != "" && !x.computed(n.lines[i], define.Ref{Kind: kind, Name: name}) {
			continue
		}
		read(name, n.items[i])
	}
}

// own reads what is expected of the case's own condition or value.
func (x *expectReader) own(n *node, kind, name, without string, read func(name string, n *node)) {
	ref := define.Ref{Kind: kind, Name: name}
	switch {
	case !x.set.Has(ref):
		x.m.at(n.line, without, "write it, or name a definition: members: {SEGMENT: [...]}, tags: {TAG: {...}}")
	case x.computed(n.line, ref):
		read(name, n)
	}
}

// computed tells what the evaluator cannot compute, rather than let it answer
// nothing.
func (x *expectReader) computed(line int, ref define.Ref) bool {
	wrong := define.Errors(Check(x.set.Only(ref)))
	for _, e := range wrong {
		x.m.at(line, e.Field+": "+e.Message, e.Hint)
	}
	return len(wrong) == 0
}

func (x *expectReader) names(kind string) []string {
	var out []string
	for _, ref := range x.set.Refs() {
		if ref.Kind == kind {
			out = append(out, ref.Name)
		}
	}
	return out
}

func (x *expectReader) add(line int, what string, run func(t *trial) []Failure) {
	x.e.checks = append(x.e.checks, check{line: line, what: what, run: run})
}

// customers reads a list of customers of the case.
func (x *expectReader) customers(n *node) []string {
	var out []string
	for _, item := range n.list() {
		x.customer(item.line, item.text)
		out = append(out, item.text)
	}
	slices.Sort(out)
	return out
}

func (x *expectReader) customer(line int, id string) {
	known := append([]string(nil), x.c.people...)
	if !slices.Contains(known, id) {
		x.m.at(line, "there is no customer "+id+" in the facts", define.DidYouMean(id, known))
	}
}

func titleOf(kind, name string) string {
	switch name {
	case ownSegment:
		return "where"
	case ownTag:
		return "value"
	}
	return kind + " " + name
}

// members expects exactly the listed customers, or some in and some out.
func (x *expectReader) members(name string, n *node) {
	what := titleOf("segment", name)
	if n.shape != mapping {
		want := x.customers(n)
		x.add(n.line, what, func(t *trial) []Failure {
			got := t.members(name)
			if slices.Equal(got, want) {
				return nil
			}
			return []Failure{t.failure(n.line, what, listed(want), listed(got), t.whyMembers(name, want, got))}
		})
		return
	}
	x.keys(n, []string{"in", "out"})
	in, out := x.customers(n.get("in")), x.customers(n.get("out"))
	x.add(n.line, what, func(t *trial) []Failure {
		got := t.members(name)
		want := slices.DeleteFunc(append(slices.Clone(got), in...), func(id string) bool { return slices.Contains(out, id) })
		slices.Sort(want)
		if want = slices.Compact(want); slices.Equal(got, want) {
			return nil
		}
		return []Failure{t.failure(n.line, what, listed(want), listed(got), t.whyMembers(name, want, got))}
	})
}

func listed(ids []string) string { return "[" + strings.Join(ids, ", ") + "]" }

// values expects values of a tag, null being none.
func (x *expectReader) values(name string, n *node) {
	if n.shape != mapping {
		x.m.at(n.line, "customers with their values are needed, found "+n.describe(), "write {ada: 100, bob: null}")
		return
	}
	typ := define.TypeOf(x.set, define.TagValue{Tag: name})
	reader := statementReader{m: x.m, settings: x.c.settings, zone: x.c.zone}
	what := titleOf("tag", name)
	for i, id := range n.keys {
		x.customer(n.lines[i], id)
		item := n.items[i]
		want, problem := reader.value(item, typ)
		if typ.Many && item.shape == list { // the order is part of a list
			var texts []string
			for _, text := range item.items {
				texts = append(texts, text.text)
			}
			want = strata.ListOf(texts)
		}
		if problem != "" {
			x.m.at(item.line, problem, "")
			continue
		}
		x.add(item.line, what, func(t *trial) []Failure {
			got := t.world.Tag(id, name, t.asOf)
			if near(got, want) {
				return nil
			}
			return []Failure{t.failure(item.line, what+" of "+id, show(want), show(got), t.whyValue(name))}
		})
	}
}

// near reports equality, of floats to 12 digits.
func near(a, b strata.Value) bool {
	if a.Kind == strata.Float || b.Kind == strata.Float {
		x, y := a.Float64(), b.Float64()
		return a.Numeric() && b.Numeric() && math.Abs(x-y) <= 1e-12*math.Max(1, math.Max(math.Abs(x), math.Abs(y)))
	}
	return strata.Equal(a, b)
}

func show(v strata.Value) string {
	switch v.Kind {
	case strata.Missing:
		return "nothing"
	case strata.Text, strata.ID:
		return strconv.Quote(v.Text)
	case strata.List:
		return listed(v.Texts())
	}
	return v.String()
}

// levels expects a level, null for none, and where they overlap a list.
func (x *expectReader) levels(name string, n *node) {
	what := titleOf("tier", name)
	for i, id := range n.keys {
		x.customer(n.lines[i], id)
		item := n.items[i]
		var texts []string
		for _, one := range item.list() {
			texts = append(texts, one.text)
		}
		want, known := []string{}, true
		for _, l := range x.set.Tiers[name].Levels { // in the order of the model
			if slices.Contains(texts, l.ID) {
				want = append(want, l.ID)
			}
		}
		for _, text := range texts {
			if !slices.Contains(want, text) {
				x.m.at(item.line, fmt.Sprintf("tier %s has no level %s", name, text), "")
				known = false
			}
		}
		if !known {
			continue
		}
		x.add(item.line, what, func(t *trial) []Failure {
			got := t.world.Levels(id, name, t.asOf)
			if slices.Equal(got, want) {
				return nil
			}
			return []Failure{t.failure(item.line, what+" of "+id, level(want), level(got), nil)}
		})
	}
}

func level(ids []string) string {
	if len(ids) == 0 {
		return "no level"
	}
	return strings.Join(ids, ", ")
}

// explain expects the truth of parts of a segment's condition for customers:
// {ada: {"all[0]": true}}.
func (x *expectReader) explain(name string, n *node) {
	segment := x.set.Segments[name]
	for i, id := range n.keys {
		x.customer(n.lines[i], id)
		for j, path := range n.items[i].keys {
			item := n.items[i].items[j]
			if part(segment, path) == nil {
				x.m.at(n.items[i].lines[j], fmt.Sprintf("segment %s has no part %s", name, path), "write where, exclude, all[0], any[1].not or the like")
				continue
			}
			want := item.text == "true"
			what := fmt.Sprintf("%s of segment %s for %s", path, name, id)
			x.add(item.line, what, func(t *trial) []Failure {
				condition := part(t.world.setAt(t.asOf).Segments[name], path)
				if condition == nil { // the definition was changed under the script
					return []Failure{t.failure(item.line, what, item.text, "no such part", nil)}
				}
				if got := t.world.Holds(id, condition, t.asOf); got != want {
					return []Failure{t.failure(item.line, what, item.text, strconv.FormatBool(got), t.why(id, condition))}
				}
				return nil
			})
		}
	}
}

// part finds a condition within a segment by its path, such as
// where.all[1].not or, for short, all[1].not.
func part(s define.Segment, path string) define.Condition {
	var at define.Condition
	for i, step := range strings.Split(path, ".") {
		word, index := step, -1
		if open := strings.IndexByte(step, '['); open >= 0 && strings.HasSuffix(step, "]") {
			n, err := strconv.Atoi(step[open+1 : len(step)-1])
			if err != nil {
				return nil
			}
			word, index = step[:open], n
		}
		switch {
		case i == 0 && word == "exclude":
			at = s.Exclude
			continue
		case i == 0:
			if at = s.Where; word == "where" {
				continue
			}
		}
		var of []define.Condition
		switch c := at.(type) {
		case define.All:
			of, word = c.Of, strings.TrimPrefix(word, "all")
		case define.Any:
			of, word = c.Of, strings.TrimPrefix(word, "any")
		case define.None:
			of, word = c.Of, strings.TrimPrefix(word, "none")
		case define.Not:
			of, word, index = []define.Condition{c.Of}, strings.TrimPrefix(word, "not"), 0
		}
		if word != "" || index < 0 || index >= len(of) {
			return nil
		}
		at = of[index]
	}
	return at
}

// sentence expects parts of the sentence of the case's own condition or value.
func (x *expectReader) sentence(n *node) {
	switch {
	case x.set.Has(define.Ref{Kind: "segment", Name: ownSegment}):
		x.sentenceOf(ownSegment, n)
	case x.set.Has(define.Ref{Kind: "tag", Name: ownTag}):
		x.sentenceOf(ownTag, n)
	default:
		x.m.at(n.line, "sentence goes with where or value", "write sentences: {NAME: {zh: ..., en: ...}}")
	}
}

func (x *expectReader) sentenceOf(name string, n *node) {
	if n.shape != mapping {
		x.m.at(n.line, "a sentence is expected in a language", "write {zh: ..., en: ...}")
		return
	}
	x.keys(n, []string{"zh", "en"})
	for i, lang := range n.keys {
		for _, item := range n.items[i].list() {
			x.e.checks = append(x.e.checks, check{item.line, "sentence of " + name, true, func(t *trial) []Failure {
				got := t.c.Sentence(name).In(lang)
				if strings.Contains(got, item.text) {
					return nil
				}
				return []Failure{t.failure(item.line, "sentence of "+name, item.text, got, nil)}
			}})
		}
	}
}
