package define

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"strata"
)

// File is one file of definitions as it was written: what it names, before it
// is known what the names stand for.
type File struct {
	name string
	root *cursor // for_each not expanded
	refs []Ref

	// What Check needs, made when it is asked for: Parse alone takes at most a
	// few times the file's size.
	expanded func() *cursor // for_each expanded
	written  func() *Set    // names not looked up, literals of no type
}

// Name returns the file's name as given to Parse.
func (f *File) Name() string { return f.name }

// Refs returns the definitions that the file holds (after for_each), in the
// order of the file.
func (f *File) Refs() []Ref { return slices.Clone(f.refs) }

// Parse reads a file of definitions in YAML or JSON (a name that ends in
// .json, or a text that begins with { and is JSON). The name is used in
// messages only.
//
// What is not YAML or JSON gives one *strata.Error and no File. Else the File
// is there, and the error joins (errors.Join) one *strata.Error for every key,
// word, number, duration or shape that is wrong whatever the catalogue holds;
// Check on that File returns the same and what else is wrong. Field is
// "file:line: path".
//
// A file is at most 16 MiB and nests at most 64 deep, a mapping has at most
// 10,000 keys and a definition that is no list 10,000 values; at most 1,000
// errors are told. Names (keys, texts) are brought to NFC. YAML aliases are
// allowed, tags and << are not. Reading takes at most ten times the memory of
// the file and a few megabytes.
func Parse(name string, data []byte) (*File, error) {
	root, err := readTree(name, data)
	if err != nil {
		return nil, err
	}
	f := &File{name: name, root: &cursor{node: root, index: -1}}
	b := &builder{file: name, forget: true}
	_, f.refs = b.sections(f.root)
	f.expanded = sync.OnceValue(func() *cursor { return (&builder{file: name}).expand(f.root) })
	f.written = sync.OnceValue(func() *Set {
		set, _ := (&builder{file: name}).sections(f.root)
		return set
	})
	return f, join(b.errs)
}

// join returns the problems as one error, by line, each text once.
func join(problems []*problem) error {
	slices.SortStableFunc(problems, func(x, y *problem) int { return cmp.Compare(x.line, y.line) })
	seen := map[string]bool{}
	var errs []error
	for _, p := range problems {
		if text := p.err.Error(); !seen[text] {
			seen[text] = true
			errs = append(errs, p.err)
		}
	}
	return errors.Join(errs...)
}

// Errors returns the *strata.Error values that Parse or Check joined, in the
// order of the file.
func Errors(err error) []*strata.Error {
	var out []*strata.Error
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			out = append(out, Errors(e)...)
		}
		return out
	}
	var one *strata.Error
	if errors.As(err, &one) {
		out = append(out, one)
	}
	return out
}

// sectionNames are the keys of a file.
var sectionNames = []string{"catalogue", "tags", "segments", "tiers", "lists", "scores", "strategies"}

// newSet returns a set with nothing in it.
func newSet() *Set {
	return &Set{
		Catalogue: Catalogue{Attributes: map[string]Attribute{}, Events: map[string]Event{}, Synonyms: map[string]string{}},
		Tags:      map[string]Tag{}, Segments: map[string]Segment{}, Tiers: map[string]Tier{},
		Lists: map[string]List{}, Scores: map[string]Score{}, Strategies: map[string]any{},
	}
}

// sections reads every section. What a builder that forgets has read is not
// in the set.
func (b *builder) sections(c *cursor) (*Set, []Ref) {
	set := newSet()
	o := b.object(c, "write tags:, segments: or another of "+strings.Join(sectionNames, ", "))
	if at := o.get("catalogue"); at != nil {
		b.catalogue(at, &set.Catalogue)
	}
	var refs []Ref
	section := func(name, kind string, read func(c *cursor, name string)) {
		at := o.get(name)
		if at == nil {
			return
		}
		if at.kind != mapNode {
			b.refuse(at, fmt.Sprintf("a mapping of names is needed here, found %s", at.describe()), "write "+name+": {NAME: {...}}")
			return
		}
		for item := range b.definitions(at) {
			b.checkName(item, "a "+kind, item.key)
			r := Ref{kind, item.key}
			refs = append(refs, r)
			if kind != "list" && !b.printed && item.size() > maxValues {
				b.refuse(item, fmt.Sprintf("the %s holds more than %d values", kind, maxValues), "name parts of it as segments, tags or lists")
				continue
			}
			if read(item, item.key); b.forget {
				set.remove(r)
			}
		}
	}
	section("tags", "tag", func(c *cursor, name string) { set.Tags[name] = b.tag(c) })
	section("segments", "segment", func(c *cursor, name string) { set.Segments[name] = b.segment(c) })
	section("tiers", "tier", func(c *cursor, name string) { set.Tiers[name] = b.tier(c) })
	section("lists", "list", func(c *cursor, name string) { set.Lists[name] = b.staticList(c) })
	section("scores", "score", func(c *cursor, name string) { set.Scores[name] = b.score(c) })
	section("strategies", "strategy", func(c *cursor, name string) { set.Strategies[name] = b.strategy(c) })
	o.close()
	return set, refs
}

// header reads what every definition has.
func (b *builder) header(o *object) Header {
	h := Header{
		Name:        b.bilingual(o.get("name")),
		Description: b.bilingual(o.get("description")),
		Owner:       b.text(o.get("owner")),
		Purpose:     b.text(o.get("purpose")),
		Consumer:    b.text(o.get("consumer")),
		RenamedFrom: b.text(o.get("renamed_from")),
		VisibleTo:   b.texts(o.get("visible_to")),
		Path:        o.c.path(),
	}
	return h
}

// The words of class and change.
var (
	classes = []string{"static", "consumption", "behaviour", "tier"}
	changes = []string{"static", "semi-dynamic", "dynamic"}
)

// category reads a node of the framework tree, such as consumption.total.
func (b *builder) category(c *cursor) string {
	s := b.text(c)
	for part := range strings.SplitSeq(s, ".") {
		if s != "" && !isName(part) {
			b.refuse(c, fmt.Sprintf("%s is not a node of the framework", quote(s)), "write names joined by dots, such as consumption.total")
			break
		}
	}
	return s
}

func (b *builder) tag(c *cursor) Tag {
	o := b.object(c, "write {value: {...}}")
	t := Tag{
		Header:          b.header(o),
		Class:           b.word(o.get("class"), classes...),
		Category:        b.category(o.get("category")),
		Change:          b.word(o.get("change"), changes...),
		KeepOnEmpty:     b.word(o.get("on_empty"), "clear", "keep") == "keep",
		Expires:         b.duration(o.get("expires")),
		CustomerVisible: b.boolean(o.get("customer_visible")),
	}
	t.Value = b.value(o.need("value", "write value: {...}"))
	if _, timed := t.Value.(SinceEvent); timed && (t.KeepOnEmpty || !t.Expires.IsZero()) {
		b.refuse(c, "on_empty: keep and expires say nothing of a value that changes by time alone", "remove them")
	}
	o.close()
	return t
}

func (b *builder) segment(c *cursor) Segment {
	o := b.object(c, "write {where: {...}}")
	s := Segment{Header: b.header(o)}
	s.Where = b.condition(o.need("where", "write where: and a condition, {everyone: true} for all"))
	s.Exclude = b.condition(o.get("exclude"))
	s.PickedIn = b.picks(o.get("picked_in"))
	s.PickedOut = b.picks(o.get("picked_out"))
	if at := o.get("snapshot"); at != nil {
		s.Snapshot = b.instant(at)
	}
	if at := o.get("pick"); at != nil {
		in := b.object(at, "write {stages: [{by: {tag: spend_90d}, keep: 100}]}")
		for _, item := range b.list(in.need("stages", "write stages: [{by: {tag: spend_90d}, keep: 100}]")) {
			stage := b.object(item, "write {by: {tag: spend_90d}, keep: 100}")
			by := stage.need("by", "write by: {tag: spend_90d}")
			s.Stages = append(s.Stages, Stage{By: b.value(by), Keep: b.whole(stage.need("keep", "write keep: 100"), 1, 1_000_000_000)})
			stage.close()
		}
		in.close()
		if s.Snapshot == nil && !o.has("snapshot") {
			b.refuse(at, "pick needs a snapshot: its best are those of one instant", "write snapshot: 2026-01-31")
		}
	}
	o.close()
	return s
}

// instant reads RFC 3339, or a date for 00:00 of it in the business zone.
func (b *builder) instant(c *cursor) *strata.Instant {
	zone := time.UTC
	if b.scope != nil {
		zone = b.scope.zone
	}
	p, ok := parseTimePoint(c.node.text)
	if c.kind != textNode || !ok || p.Word != "" {
		b.refuse(c, fmt.Sprintf("%s is not an instant", c.describe()), "write 2026-01-31 (its 00:00) or 2026-01-31T08:00:00+08:00")
		return nil
	}
	at, _ := p.Bounds(0, zone)
	return &at
}

func (b *builder) picks(c *cursor) []Picked {
	var out []Picked
	for _, item := range b.list(c) {
		const want = "write {customer: ID, author: NAME, reason: TEXT}"
		o := b.object(item, want)
		p := Picked{Customer: b.text(o.need("customer", want)), Author: b.text(o.need("author", want)), Reason: b.text(o.need("reason", want))}
		if at := o.get("expires"); at != nil {
			if t := b.timePoint(at); t.HasAt || t.Date != "" {
				p.Expires = &t
			} else if t != (TimePoint{}) {
				b.refuse(at, "a pick expires at a fixed time", "write 2026-01-31")
			}
		}
		if slices.ContainsFunc(out, func(x Picked) bool { return x.Customer == p.Customer && p.Customer != "" }) {
			b.refuse(item, fmt.Sprintf("customer %s is picked twice", quote(p.Customer)), "remove one of them")
			p.Customer = ""
		}
		o.close()
		if p.Customer != "" {
			out = append(out, p)
		}
	}
	return out
}

func (b *builder) staticList(c *cursor) List {
	o := b.object(c, "write {members: [...]}")
	l := List{Header: b.header(o)}
	if at := o.get("members"); at != nil {
		if at.kind == listNode && len(at.items) > 0 {
			for i := range at.items {
				if s := b.text(at.item(i)); s != "" {
					l.Members = append(l.Members, s)
				}
			}
			slices.Sort(l.Members)
			l.Members = slices.Compact(l.Members)
		} else if at.kind != listNode {
			b.list(at)
		}
	}
	o.close()
	return l
}

func (b *builder) score(c *cursor) Score {
	o := b.object(c, "write {signals: [{event: article_read, points: 3}]}")
	s := Score{Header: b.header(o)}
	for _, item := range b.list(o.need("signals", "write signals: [{event: article_read, points: 3}]")) {
		in := b.object(item, "write {event: article_read, points: 3}")
		signal := Signal{Select: b.selection(in, true), Points: 1}
		if at := in.need("points", "write points: 3"); at != nil {
			signal.Points = b.real(at, -1e9, 1e9)
		}
		if at := in.get("cap"); at != nil {
			limit := b.object(at, "write {points: 15, per: 1d}")
			signal.Cap = b.real(limit.need("points", "write points: 15"), 0, 1e9)
			signal.CapPer = b.duration(limit.get("per"))
			limit.close()
		}
		signal.Distinct, _ = b.propertyNamed(in.get("distinct"), signal.Select.Events)
		in.close()
		s.Signals = append(s.Signals, signal)
	}
	s.HalfLife = b.duration(o.get("half_life"))
	if at := o.get("alert"); at != nil {
		in := b.object(at, "write {at_least: 60, to: responsible_staff}")
		a := &Alert{}
		if limit := in.get("at_least"); limit != nil {
			a.AtLeast = b.real(limit, 0, 1e9)
		}
		a.Or = b.condition(in.get("or"))
		if a.To = b.text(in.get("to")); a.To == "" {
			a.To = "responsible_staff"
		}
		a.AgainAfter = b.duration(in.get("again_after"))
		if in.ok && a.AtLeast == 0 && !in.has("or") {
			b.refuse(at, "nothing raises the alert", "write at_least: 60 or or: {event: form_submitted}")
		}
		in.close()
		s.Alert = a
	}
	o.close()
	return s
}

// strategy reads a strategy as a plain tree; only its own keys and the
// audience are looked at.
func (b *builder) strategy(c *cursor) any {
	o := b.object(c, "write {audience: {segment: NAME}, do: [...]}")
	for _, k := range []string{"name", "description", "owner", "purpose", "consumer", "renamed_from", "on", "goal", "do", "suppress", "control", "schedule", "caps", "quiet_hours", "paused"} {
		o.get(k)
	}
	b.condition(o.get("audience"))
	o.close()
	return plain(c.node)
}

// plain turns a tree into map[string]any, []any, string, bool, nil and, for
// numbers, strata.Value.
func plain(n *node) any {
	switch n.kind {
	case mapNode:
		out := make(map[string]any, len(n.keys))
		for i, k := range n.keys {
			out[k.text] = plain(n.items[i])
		}
		return out
	case listNode:
		out := make([]any, len(n.items))
		for i, item := range n.items {
			out[i] = plain(item)
		}
		return out
	case boolNode:
		return n.text == "true"
	case numberNode:
		v, _, _ := literalOf(n, nil, strata.Settings{})
		return v
	case textNode:
		return n.text
	}
	return nil
}

// maxExpanded bounds what for_each makes of one file.
const maxExpanded = 10_000

// expand returns the file with every definition that has for_each replaced by
// those that it makes.
func (b *builder) expand(root *cursor) *cursor {
	if root.kind != mapNode {
		return root
	}
	out := mapOf()
	for i, k := range root.keys {
		item := root.items[i]
		if k.text != "catalogue" && item.kind == mapNode {
			section := mapOf()
			section.line = item.line
			for c := range b.definitions(root.in(k.text, item)) {
				section.keys, section.items = append(section.keys, key{c.key, c.keyLine}), append(section.items, c.node)
			}
			item = section
		}
		out.keys, out.items = append(out.keys, k), append(out.items, item)
	}
	return &cursor{node: out, index: -1}
}

// definitions returns the definitions of a section in order, each under its
// name; one that has for_each as one for each choice of values: {KEY} in the
// name and in any text becomes the value, and a text that is nothing but {KEY}
// becomes the value with its own type.
func (b *builder) definitions(section *cursor) iter.Seq[*cursor] {
	return func(yield func(*cursor) bool) {
		var taken map[string]bool
		for i, name := range section.keys {
			item := section.in(name.text, section.items[i])
			if item.kind != mapNode || item.node.get("for_each") == nil {
				item.keyLine = name.line
				if !yield(item) {
					return
				}
				continue
			}
			if taken == nil {
				taken = map[string]bool{}
				for _, k := range section.keys {
					taken[k.text] = true
				}
			}
			template, size := without(item.node, "for_each"), item.size()
			for _, choice := range b.choices(item.in("for_each", item.node.get("for_each"))) {
				if b.copied += size; b.copied > maxCopied {
					b.refuse(item, "for_each makes too much", "name fewer values, or split the file")
					break
				}
				if b.made++; b.made > maxExpanded {
					b.refuse(item, fmt.Sprintf("for_each makes more than %d definitions", maxExpanded), "name fewer values")
					break
				}
				made := choice.replace(name.text)
				if taken[made] {
					b.refuse(item, fmt.Sprintf("for_each makes %s twice", quoteOdd(made)), "put each of its keys in the name, such as "+name.text+"_{"+choice.unnamed(name.text)+"}")
					break
				}
				taken[made] = true
				c := section.in(made, choice.fill(template))
				c.keyLine = name.line
				if !yield(c) {
					return
				}
			}
		}
	}
}

// without returns a copy of a mapping without a key.
func without(n *node, name string) *node {
	out := mapOf()
	out.line = n.line
	for i, k := range n.keys {
		if k.text != name {
			out.keys, out.items = append(out.keys, k), append(out.items, n.items[i])
		}
	}
	return out
}

// choice is one value for each key of a for_each.
type choice []struct {
	key   string
	value *node
}

// choices returns the product of the values of a for_each.
func (b *builder) choices(c *cursor) []choice {
	if c.kind != mapNode || len(c.keys) == 0 {
		b.refuse(c, "for_each needs keys with lists", "write for_each: {category: [奶粉, 纸尿裤]}")
		return nil
	}
	out := []choice{nil}
	for i, k := range c.keys {
		at := c.in(k.text, c.items[i])
		b.checkName(at, "a key of for_each", k.text)
		var next []choice
		for _, value := range b.list(at) {
			if value.kind == mapNode || value.kind == listNode {
				b.refuse(value, "a single value is needed here, found "+value.describe(), "")
				continue
			}
			for _, before := range out {
				if len(next) > maxExpanded {
					break
				}
				next = append(next, append(slices.Clip(before), struct {
					key   string
					value *node
				}{k.text, value.node}))
			}
		}
		out = next
	}
	return out
}

// unnamed returns the first key that does not stand in a name; the first of
// all where each does.
func (c choice) unnamed(name string) string {
	for _, part := range c {
		if !strings.Contains(name, "{"+part.key+"}") {
			return part.key
		}
	}
	return c[0].key
}

func (c choice) replace(text string) string {
	for _, part := range c {
		text = strings.ReplaceAll(text, "{"+part.key+"}", part.value.text)
	}
	return text
}

// fill returns a copy of a definition without for_each and with the values in
// their places.
func (c choice) fill(n *node) *node {
	for _, part := range c {
		if n.kind == textNode && n.text == "{"+part.key+"}" {
			v := *part.value
			v.line = n.line
			return &v
		}
	}
	out := *n
	if n.kind == textNode {
		out.text = c.replace(n.text)
		return &out
	}
	if n.kind != mapNode && n.kind != listNode {
		return n
	}
	out.branch = new(branch)
	for i, item := range n.items {
		if n.kind == mapNode {
			out.keys = append(out.keys, key{c.replace(n.keys[i].text), n.keys[i].line})
		}
		out.items = append(out.items, c.fill(item))
	}
	return &out
}
