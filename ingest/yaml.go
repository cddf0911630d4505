package ingest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"strata"
)

// document reads a YAML file node by node and collects what is wrong with it,
// each with the line and the path of the field.
type document struct {
	name    string
	anchors map[string]ast.Node
	errs    []error
	lines   []int // of errs
}

// place is a node and where it stands.
type place struct {
	node ast.Node
	path string
	line int
}

// parseDocument returns the root of a YAML file. The error is nil or says why
// it is not YAML at all.
func parseDocument(name string, data []byte) (*document, place, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		e := &strata.Error{Code: strata.Invalid, Field: name, Message: "is not YAML", Hint: "check indentation, colons and quotes"}
		var positioned interface {
			GetToken() *token.Token
			GetMessage() string
		}
		if errors.As(err, &positioned) {
			e.Message = "is not YAML: " + positioned.GetMessage()
			if t := positioned.GetToken(); t != nil && t.Position != nil {
				e.Field = fmt.Sprintf("%s:%d", name, t.Position.Line)
			}
		} else {
			e.Cause = err
		}
		return nil, place{}, e
	}
	d := &document{name: name, anchors: map[string]ast.Node{}}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if _, ok := doc.Body.(*ast.CommentGroupNode); ok {
			continue
		}
		if body != nil {
			return nil, place{}, &strata.Error{Code: strata.Invalid, Field: name, Message: "holds more than one document", Hint: "keep one mapping a file, without ---"}
		}
		body = doc.Body
	}
	if body == nil {
		return nil, place{}, &strata.Error{Code: strata.Invalid, Field: name, Message: "is empty", Hint: "write at least source: and keys:"}
	}
	return d, d.at(body, ""), nil
}

// at resolves anchors, aliases and tags.
func (d *document) at(n ast.Node, path string) place {
	p := place{path: path}
	if t := n.GetToken(); t != nil && t.Position != nil {
		p.line = t.Position.Line
	}
	for depth := 0; depth < 32; depth++ {
		switch x := n.(type) {
		case *ast.AnchorNode:
			d.anchors[x.Name.GetToken().Value] = x.Value
			n = x.Value
			continue
		case *ast.AliasNode:
			name := x.Value.GetToken().Value
			target, ok := d.anchors[name]
			if !ok {
				p.node = x
				return p
			}
			n = target
			continue
		case *ast.TagNode:
			n = x.Value
			continue
		case *ast.MappingValueNode:
			p.node = &ast.MappingNode{Values: []*ast.MappingValueNode{x}, Start: x.Start, BaseNode: x.BaseNode}
			return p
		}
		break
	}
	p.node = n
	return p
}

func (d *document) fail(p place, message, hint string) {
	d.errs = append(d.errs, &strata.Error{Code: strata.Invalid, Field: d.field(p), Message: message, Hint: hint})
	d.lines = append(d.lines, p.line)
}

// joined returns all errors as the lines stand, or nil.
func (d *document) joined() error {
	order := make([]int, len(d.errs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return d.lines[a] - d.lines[b] })
	errs := make([]error, len(d.errs))
	for i, from := range order {
		errs[i] = d.errs[from]
	}
	return errors.Join(errs...)
}

// quietly runs fn and forgets what it complains about.
func (d *document) quietly(fn func()) {
	n := len(d.errs)
	fn()
	d.errs, d.lines = d.errs[:n], d.lines[:n]
}

func (d *document) field(p place) string {
	f := d.name
	if p.line > 0 {
		f += ":" + strconv.Itoa(p.line)
	}
	if p.path != "" {
		f += ": " + p.path
	}
	return f
}

// entry is one key of a YAML mapping with its value.
type entry struct {
	key   string
	value place
}

// entries returns the keys of a YAML mapping in order, and false (with the
// error noted) where p is something else.
func (d *document) entries(p place, what string) ([]entry, bool) {
	m, ok := p.node.(*ast.MappingNode)
	if !ok {
		d.fail(p, fmt.Sprintf("%s must be a mapping of names, found %s", what, describe(p)), "write it as KEY: VALUE lines")
		return nil, false
	}
	var out []entry
	for _, v := range m.Values {
		key := v.Key.GetToken().Value
		path := key
		if p.path != "" {
			path = p.path + "." + key
		}
		value := d.at(v.Value, path)
		if t := v.Key.GetToken(); t.Position != nil {
			value.line = t.Position.Line
		}
		if slices.ContainsFunc(out, func(e entry) bool { return e.key == key }) {
			d.fail(value, fmt.Sprintf("%s stands twice", key), "keep one of them")
			continue
		}
		out = append(out, entry{key, value})
	}
	return out, true
}

// fields is entries for a mapping whose keys are fixed; others are refused
// with the nearest one.
func (d *document) fields(p place, what string, known ...string) map[string]place {
	list, ok := d.entries(p, what)
	if !ok {
		return nil
	}
	out := make(map[string]place, len(list))
	for _, e := range list {
		if !slices.Contains(known, e.key) {
			d.fail(e.value, "unknown key "+e.key, meant(e.key, known))
			continue
		}
		out[e.key] = e.value
	}
	return out
}

// items returns the elements of a YAML list; a single scalar or mapping
// counts as a list of one.
func (d *document) items(p place) []place {
	s, ok := p.node.(*ast.SequenceNode)
	if !ok {
		return []place{p}
	}
	out := make([]place, len(s.Values))
	for i, v := range s.Values {
		out[i] = d.at(v, fmt.Sprintf("%s[%d]", p.path, i))
	}
	return out
}

// scalar returns a scalar as it is written, without quotes.
func scalar(p place) (string, bool) {
	switch x := p.node.(type) {
	case *ast.LiteralNode:
		return x.Value.Value, true
	case *ast.StringNode:
		return x.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return x.GetToken().Value, true
	}
	return "", false
}

// text reads a scalar that must not be empty.
func (d *document) text(p place, what string) string {
	s, ok := scalar(p)
	if s = cleanText(s); !ok || s == "" {
		d.fail(p, fmt.Sprintf("%s must be a text, found %s", what, describe(p)), "")
	}
	return s
}

func (d *document) boolean(p place) bool {
	if x, ok := p.node.(*ast.BoolNode); ok {
		return x.Value
	}
	d.fail(p, "must be true or false, found "+describe(p), "write true or false")
	return false
}

// oneOf reads a word out of a fixed few.
func (d *document) oneOf(p place, words ...string) string {
	s, _ := scalar(p)
	if slices.Contains(words, s) {
		return s
	}
	d.fail(p, "found "+describe(p), "write "+orList(words))
	return ""
}

func describe(p place) string {
	if s, ok := scalar(p); ok {
		return strconv.Quote(s)
	}
	switch x := p.node.(type) {
	case *ast.MappingNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.AliasNode:
		return "the unknown alias *" + x.Value.GetToken().Value
	}
	return "something else"
}

func isMapping(p place) bool { _, ok := p.node.(*ast.MappingNode); return ok }
func isList(p place) bool    { _, ok := p.node.(*ast.SequenceNode); return ok }

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// meant suggests what was probably meant: the nearest of the known words,
// else all of them.
func meant(word string, known []string) string {
	if best := nearest(word, known); best != "" {
		return "did you mean " + best + "?"
	}
	if len(known) == 0 || len(known) > 40 {
		return ""
	}
	return "write one of " + strings.Join(known, ", ")
}

// nearest returns the known word with the fewest edits from word, ignoring
// case, and "" where none is near.
func nearest(word string, known []string) string {
	best, least := "", 0
	w := []rune(strings.ToLower(word))
	for _, k := range known {
		kr := []rune(strings.ToLower(k))
		short := min(len(w), len(kr))
		limit := short * 2 / 5
		if short == 2 && w[0] >= 0x80 { // two Chinese characters say a lot
			limit = 1
		}
		if n := edits(w, kr); n <= limit && (best == "" || n < least) {
			best, least = k, n
		}
	}
	return best
}

// edits is the Levenshtein distance.
func edits(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
