package define

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The description of the language and the parser know the same keys and the
// same words: every mapping and every word of a file that holds one of
// everything is spoilt, and what the parser then offers is compared with the
// description.
func TestSchemaIsWhatTheParserKnows(t *testing.T) {
	data, err := os.ReadFile("testdata/language.yaml")
	if err != nil {
		t.Fatal(err)
	}
	root, err := readTree("language.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	p := &prober{t: t, root: root, shapes: map[string]bool{}, words: map[string]bool{}}
	p.walk("file", root)
	for _, s := range shapes() {
		if !p.shapes[s.name] && !slices.Contains([]string{"type", "header", "for_each"}, s.name) {
			t.Errorf("%s is described and stands nowhere in testdata/language.yaml", s.name)
		}
		for _, k := range s.keys {
			if len(k.words) > 0 && !p.words[strings.Join(k.words, " ")] {
				t.Errorf("the words of %s in %s stand nowhere in testdata/language.yaml", k.name, s.name)
			}
		}
	}
}

type prober struct {
	t             *testing.T
	root          *node
	shapes, words map[string]bool // probed
}

// walk probes what stands in a place of the form.
func (p *prober) walk(is string, n *node) {
	switch prefix, of := formPrefix(is); prefix {
	case "list of ", "pair of ":
		for _, item := range n.items {
			p.walk(of, item)
		}
		return
	case "names of ", "any names of ":
		for _, item := range n.items {
			p.walk(of, item)
		}
		return
	}
	if first, second, several := strings.Cut(is, " or "); several {
		if p.fits(first, n) {
			p.walk(first, n)
		} else {
			p.walk(second, n)
		}
		return
	}
	if s, ok := p.shapeOf(is, n); ok {
		p.mapping(s, n)
		return
	}
	switch is {
	case "where":
		p.walk("any names of tests", n)
	case "steps":
		p.walk("list of step", n)
	case "moment":
		if n.kind == mapNode {
			p.walk("relative", n)
		}
	case "operand":
		if n.kind == mapNode {
			p.walk("attribute_operand", n)
		}
	case "calendar_word":
		p.word(calendarWords, n)
	}
}

func (p *prober) shapeOf(is string, n *node) (shape, bool) {
	if is == "condition" || is == "value" {
		kinds := conditionKinds
		if is == "value" {
			kinds = valueKinds
		}
		for _, k := range kinds {
			if n.get(k) != nil {
				is += "." + k
				break
			}
		}
	}
	return shapeNamed(is)
}

// fits reports whether the first of several forms is meant.
func (p *prober) fits(is string, n *node) bool {
	s, ok := p.shapeOf(is, n)
	if !ok {
		prefix, _ := formPrefix(is)
		return (n.kind != mapNode || is == "operand" || is == "moment") && (n.kind == listNode) == (prefix != "") && (is != "calendar_word" || slices.Contains(calendarWords, n.text))
	}
	return n.kind == mapNode && !slices.ContainsFunc(n.keys, func(k key) bool {
		return !slices.ContainsFunc(s.keys, func(known shapeKey) bool { return known.name == k.text })
	})
}

const odd = "qqqqqqqqqqqqqqqq"

func (p *prober) mapping(s shape, n *node) {
	if n.kind != mapNode {
		p.t.Errorf("line %d: %s is a mapping", n.line, s.name)
		return
	}
	p.shapes[s.name] = true
	before, keys, items := n.branch, n.keys, n.items
	n.branch = new(branch)
	n.keys, n.items = append(slices.Clone(keys), key{odd, n.line}), append(slices.Clone(items), textOf("x"))
	got := p.offered("unknown key " + odd)
	n.branch = before
	var want []string
	for _, k := range s.keys {
		if k.name != "for_each" { // it is gone before the mapping is read
			want = append(want, k.name)
		}
	}
	p.same(s.name, n, got, want)
	for i, k := range keys {
		at := slices.IndexFunc(s.keys, func(known shapeKey) bool { return known.name == k.text })
		if at < 0 {
			p.t.Errorf("line %d: %s has no key %s in the description", k.line, s.name, k.text)
			continue
		}
		if known := s.keys[at]; len(known.words) > 0 {
			p.word(known.words, items[i])
		} else {
			p.walk(known.is, items[i])
		}
	}
}

func (p *prober) word(words []string, n *node) {
	p.words[strings.Join(words, " ")] = true
	text := n.text
	n.text = odd
	got := p.offered(odd)
	n.text = text
	p.same("the words", n, got, words)
}

func (p *prober) same(what string, n *node, got, want []string) {
	want = slices.Clone(want)
	slices.Sort(want)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		p.t.Errorf("line %d: %s: the parser knows %q, the description %q", n.line, what, got, want)
	}
}

// offered returns what the parser offers, sorted, in the hint of the error
// whose message holds the text.
func (p *prober) offered(message string) []string {
	b := &builder{}
	b.sections(&cursor{node: p.root, index: -1})
	for _, e := range b.errs {
		if !strings.Contains(e.err.Message, message) {
			continue
		}
		hint := e.err.Hint
		for _, before := range []string{"known here: ", "keys here: ", "one of "} {
			if _, after, found := strings.Cut(hint, before); found {
				out := strings.Split(strings.TrimSuffix(after, ")"), ", ")
				slices.Sort(out)
				return out
			}
		}
		return []string{"no list in the hint: " + hint}
	}
	return nil
}
