package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"golang.org/x/text/unicode/norm"

	"strata"
)

// shape is what a node of a script is.
type shape uint8

const (
	nothing shape = iota
	scalar        // text, quoted or not
	number        // an unquoted decimal
	truth         // true or false
	list
	mapping
)

// node is one value of a script with its line.
type node struct {
	shape shape
	text  string // as written, without quotes
	line  int
	keys  []string // of a mapping
	items []*node  // of a list; of a mapping, one for each key
	lines []int    // of keys
}

// get returns what stands under a key, nil where nothing does.
func (n *node) get(key string) *node {
	if n == nil || n.shape != mapping {
		return nil
	}
	if i := slices.Index(n.keys, key); i >= 0 {
		return n.items[i]
	}
	return nil
}

// list returns the items of a list; a single value counts as a list of one,
// nothing as none.
func (n *node) list() []*node {
	switch {
	case n == nil || n.shape == nothing:
		return nil
	case n.shape == list:
		return n.items
	}
	return []*node{n}
}

func (n *node) describe() string {
	switch n.shape {
	case nothing:
		return "nothing"
	case list:
		return "a list"
	case mapping:
		return "a mapping"
	case scalar:
		return strconv.Quote(n.text)
	}
	return n.text
}

// plain is the node as encoding/json would decode it, with its numbers as
// json.Number.
func (n *node) plain() any {
	switch n.shape {
	case scalar:
		return n.text
	case number:
		return json.Number(n.text)
	case truth:
		return n.text == "true"
	case list:
		out := make([]any, len(n.items))
		for i, item := range n.items {
			out[i] = item.plain()
		}
		return out
	case mapping:
		out := make(map[string]any, len(n.keys))
		for i, key := range n.keys {
			out[key] = n.items[i].plain()
		}
		return out
	}
	return nil
}

// mistakes gathers what is wrong with a script.
type mistakes struct {
	file string
	errs []*strata.Error
	line []int
}

func (m *mistakes) at(line int, message, hint string) {
	m.errs = append(m.errs, &strata.Error{Code: strata.Invalid, Field: m.file + ":" + strconv.Itoa(line), Message: message, Hint: hint})
	m.line = append(m.line, line)
}

// err joins the mistakes in the order of lines; nil where there are none.
func (m *mistakes) err() error {
	order := make([]int, len(m.errs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return m.line[a] - m.line[b] })
	joined := make([]error, len(order))
	for i, from := range order {
		joined[i] = m.errs[from]
	}
	return errors.Join(joined...)
}

// readScript reads a YAML text of one document.
func readScript(m *mistakes, data []byte) *node {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		line, message := 1, err.Error()
		var syntax yaml.Error
		if errors.As(err, &syntax) {
			message = syntax.GetMessage()
			if t := syntax.GetToken(); t != nil && t.Position != nil {
				line = t.Position.Line
			}
		}
		m.at(line, "not valid YAML: "+message, "check indentation, colons and quotes")
		return nil
	}
	r := treeReader{m: m, anchors: map[string]*node{}}
	var root *node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			m.at(lineOf(doc.Body), "the file holds more than one document", "remove the line ---")
			break
		}
		root = r.read(doc.Body)
	}
	if root == nil {
		m.at(1, "the script is empty", "write facts: and cases:")
	}
	return root
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

type treeReader struct {
	m       *mistakes
	anchors map[string]*node
	depth   int
}

const deepest = 100

func (r *treeReader) read(n ast.Node) *node {
	out := &node{line: lineOf(n)}
	if r.depth++; r.depth > deepest {
		r.m.at(out.line, fmt.Sprintf("nested deeper than %d", deepest), "")
		return out
	}
	defer func() { r.depth-- }()
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		out.shape, out.text = truth, strconv.FormatBool(n.Value)
	case *ast.IntegerNode, *ast.FloatNode:
		out.shape, out.text = number, n.GetToken().Value
		if _, err := strconv.ParseFloat(out.text, 64); err != nil || !json.Valid([]byte(out.text)) {
			r.m.at(out.line, out.text+" is not a plain number", "write its digits only, or put it in quotes where it is a text")
		}
	case *ast.StringNode:
		out.shape, out.text = scalar, norm.NFC.String(n.Value)
	case *ast.LiteralNode:
		out.shape, out.text = scalar, norm.NFC.String(n.Value.Value)
	case *ast.SequenceNode:
		out.shape = list
		for _, v := range n.Values {
			out.items = append(out.items, r.read(v))
		}
	case *ast.MappingNode:
		r.mapping(out, n.Values)
	case *ast.MappingValueNode:
		r.mapping(out, []*ast.MappingValueNode{n})
	case *ast.AnchorNode:
		read := r.read(n.Value)
		r.anchors[n.Name.GetToken().Value] = read
		return read
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		if target, ok := r.anchors[name]; ok {
			return target
		}
		r.m.at(out.line, fmt.Sprintf("alias *%s has no anchor &%s before it", name, name), "")
	default:
		r.m.at(out.line, fmt.Sprintf("YAML of kind %s is not used here", n.Type()), "")
	}
	return out
}

func (r *treeReader) mapping(out *node, values []*ast.MappingValueNode) {
	out.shape = mapping
	for i, v := range values {
		key, line := norm.NFC.String(v.Key.GetToken().Value), lineOf(v.Key)
		if i == 0 {
			out.line = line
		}
		if slices.Contains(out.keys, key) {
			r.m.at(line, key+" stands twice", "keep one of them")
			continue
		}
		item := r.read(v.Value)
		if item.shape == nothing {
			item.line = line
		}
		out.keys, out.items, out.lines = append(out.keys, key), append(out.items, item), append(out.lines, line)
	}
}

// definitions prints a node as JSON within the given wrapping, so that every
// value stands on the line on which the script has it: what define.Parse says
// of it then names the script's lines.
func definitions(before string, n *node, after string) []byte {
	var b strings.Builder
	line := 1
	b.WriteString(before)
	var write func(n *node)
	to := func(want int) {
		for ; line < want; line++ {
			b.WriteByte('\n')
		}
	}
	text := func(s string) {
		quoted, err := json.Marshal(s)
		if err != nil {
			panic(err) // a string can always be written
		}
		b.Write(quoted)
	}
	write = func(n *node) {
		to(n.line)
		switch n.shape {
		case nothing:
			b.WriteString("null")
		case scalar:
			text(n.text)
		case number, truth:
			b.WriteString(n.text)
		case list:
			b.WriteByte('[')
			for i, item := range n.items {
				if i > 0 {
					b.WriteByte(',')
				}
				write(item)
			}
			b.WriteByte(']')
		case mapping:
			b.WriteByte('{')
			for i, item := range n.items {
				if i > 0 {
					b.WriteByte(',')
				}
				to(n.lines[i])
				text(n.keys[i])
				b.WriteByte(':')
				write(item)
			}
			b.WriteByte('}')
		}
	}
	write(n)
	b.WriteString(after)
	return []byte(b.String())
}
