package define

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"golang.org/x/text/unicode/norm"

	"strata"
)

// The limits of one file.
const (
	maxBytes = 16 << 20
	maxDepth = 64
	maxNodes = 2 << 20 // aliases count each time they are used
)

// readTree reads a YAML or JSON text into a tree. The error is one
// *strata.Error with file:line.
func readTree(file string, data []byte) (*node, error) {
	refuse := func(line int, message, hint string) error {
		return &strata.Error{Code: strata.Invalid, Field: fileLine(file, line), Message: message, Hint: hint}
	}
	if len(data) > maxBytes {
		return nil, refuse(0, fmt.Sprintf("the file has %d bytes, more than the %d allowed", len(data), maxBytes), "split it into several files")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		valid := 0
		for valid < len(data) {
			r, n := utf8.DecodeRune(data[valid:])
			if r == utf8.RuneError && n <= 1 {
				break
			}
			valid += n
		}
		return nil, refuse(lineAt(data, valid), "the text is not UTF-8", "save the file as UTF-8")
	}
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 {
		return mapOf(), nil
	}
	if strings.HasSuffix(file, ".json") || (trimmed[0] == '{' || trimmed[0] == '[') && json.Valid(trimmed) {
		return readJSON(data, refuse)
	}
	return readYAML(data, refuse)
}

func fileLine(file string, line int) string {
	switch {
	case line > 0 && file != "":
		return file + ":" + strconv.Itoa(line)
	case line > 0:
		return "line " + strconv.Itoa(line)
	}
	return file
}

func lineAt(data []byte, offset int) int {
	return 1 + bytes.Count(data[:min(offset, len(data))], []byte("\n"))
}

type refusal func(line int, message, hint string) error

// readJSON reads a JSON text. Numbers keep their digits.
func readJSON(data []byte, refuse refusal) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	counted, line := 0, 1
	here := func() int {
		offset := min(int(d.InputOffset()), len(data))
		line += bytes.Count(data[counted:offset], []byte("\n"))
		counted = offset
		return line
	}
	var read func(depth int) (*node, error)
	read = func(depth int) (*node, error) {
		t, err := d.Token()
		if err != nil {
			return nil, jsonError(data, d, err, refuse)
		}
		n := &node{line: here()}
		switch t := t.(type) {
		case json.Delim:
			if depth == maxDepth {
				return nil, refuse(n.line, fmt.Sprintf("nested deeper than %d", maxDepth), "")
			}
			n.kind = listNode
			if t == '{' {
				n.kind = mapNode
			}
			seen := map[string]int{}
			for d.More() {
				if n.kind == mapNode {
					k, err := d.Token()
					if err != nil {
						return nil, jsonError(data, d, err, refuse)
					}
					name := norm.NFC.String(k.(string))
					if first := seen[name]; first > 0 {
						return nil, refuse(here(), fmt.Sprintf("key %s stands twice, first at line %d", quote(name), first), "keep one of them")
					}
					seen[name] = here()
					n.keys = append(n.keys, key{name, here()})
				}
				item, err := read(depth + 1)
				if err != nil {
					return nil, err
				}
				n.items = append(n.items, item)
			}
			if _, err := d.Token(); err != nil {
				return nil, jsonError(data, d, err, refuse)
			}
		case string:
			n.kind, n.text = textNode, norm.NFC.String(t)
		case json.Number:
			n.kind, n.text = numberNode, t.String()
		case bool:
			n.kind, n.text = boolNode, strconv.FormatBool(t)
		}
		return n, nil
	}
	n, err := read(0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, refuse(here(), "something follows the end of the JSON value", "keep one value in the file")
	}
	return n, nil
}

func jsonError(data []byte, d *json.Decoder, err error, refuse refusal) error {
	offset := int(d.InputOffset())
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = int(syntax.Offset)
	}
	message := "not valid JSON: " + strings.TrimPrefix(err.Error(), "json: ")
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		message, offset = "the JSON text ends too early", len(data)
	}
	return refuse(lineAt(data, offset), message, "")
}

// readYAML reads a YAML text of one document.
func readYAML(data []byte, refuse refusal) (*node, error) {
	tokens := lexer.Tokenize(string(data))
	if line := tooDeep(tokens); line > 0 {
		return nil, refuse(line, fmt.Sprintf("nested deeper than %d", maxDepth), "")
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var syntax yaml.Error
		if errors.As(err, &syntax) {
			line := 0
			if t := syntax.GetToken(); t != nil && t.Position != nil {
				line = t.Position.Line
			}
			return nil, refuse(line, "not valid YAML: "+syntax.GetMessage(), "")
		}
		return nil, refuse(0, "not valid YAML: "+err.Error(), "")
	}
	r := yamlReader{refuse: refuse, anchors: map[string]ast.Node{}}
	var root *node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if _, ok := doc.Body.(*ast.DirectiveNode); ok {
			continue
		}
		if root != nil {
			return nil, refuse(lineOf(doc.Body), "the file holds more than one document", "remove the line ---")
		}
		if root, err = r.read(doc.Body, 0); err != nil {
			return nil, err
		}
	}
	if root == nil {
		return mapOf(), nil
	}
	return root, nil
}

// tooDeep returns the line at which the text nests deeper than the limit, or
// 0. It keeps the parser, which is recursive, from what it could not bear.
func tooDeep(tokens token.Tokens) int {
	var columns []int // of the open block mappings and sequences
	flow, prefixes := 0, 0
	for i, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.AnchorType, token.TagType:
			prefixes++
		}
		if t.Type == token.StringType && i > 0 && tokens[i-1].Type != token.AnchorType {
			prefixes = 0
		}
		opens := t.Type == token.SequenceEntryType || t.Type == token.MappingKeyType
		at := t
		if t.Type == token.MappingValueType && i > 0 {
			opens, at = true, tokens[i-1]
		}
		if opens && flow <= 0 && at.Position != nil {
			for len(columns) > 0 && columns[len(columns)-1] > at.Position.Column {
				columns = columns[:len(columns)-1]
			}
			if len(columns) == 0 || columns[len(columns)-1] < at.Position.Column {
				columns = append(columns, at.Position.Column)
			}
		}
		if len(columns)+max(flow, 0)+prefixes > maxDepth {
			return t.Position.Line
		}
	}
	return 0
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

type yamlReader struct {
	refuse  refusal
	anchors map[string]ast.Node
	nodes   int
}

func (r *yamlReader) read(n ast.Node, depth int) (*node, error) {
	line := lineOf(n)
	if r.nodes++; r.nodes > maxNodes {
		return nil, r.refuse(line, fmt.Sprintf("the file holds more than %d values, aliases counted each time", maxNodes), "split it into several files")
	}
	if depth > maxDepth {
		return nil, r.refuse(line, fmt.Sprintf("nested deeper than %d", maxDepth), "")
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return &node{line: line}, nil
	case *ast.BoolNode:
		return &node{kind: boolNode, text: strconv.FormatBool(n.Value), line: line}, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		text := n.GetToken().Value
		if !isDecimal(text) {
			return nil, r.refuse(line, fmt.Sprintf("%s is not a decimal number", quote(text)), "write it with digits only, such as 1000 or 12.50, or in quotes where it is a text")
		}
		return &node{kind: numberNode, text: text, line: line}, nil
	case *ast.StringNode:
		text := norm.NFC.String(n.Value)
		if n.Token.Type == token.StringType && isDecimal(text) {
			return &node{kind: numberNode, text: text, line: line}, nil // 1e3
		}
		return &node{kind: textNode, text: text, line: line}, nil
	case *ast.LiteralNode:
		return &node{kind: textNode, text: norm.NFC.String(n.Value.Value), line: line}, nil
	case *ast.SequenceNode:
		out := &node{kind: listNode, line: line, items: make([]*node, 0, len(n.Values))}
		for _, v := range n.Values {
			item, err := r.read(v, depth+1)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, item)
		}
		return out, nil
	case *ast.MappingNode:
		return r.mapping(n.Values, line, depth)
	case *ast.MappingValueNode:
		return r.mapping([]*ast.MappingValueNode{n}, line, depth)
	case *ast.AnchorNode:
		if _, nested := n.Value.(*ast.AnchorNode); nested {
			return nil, r.refuse(line, "two anchors on one value", "keep one of them")
		}
		out, err := r.read(n.Value, depth)
		r.anchors[n.Name.GetToken().Value] = n.Value // only now: no anchor holds itself
		return out, err
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		target, ok := r.anchors[name]
		if !ok {
			return nil, r.refuse(line, fmt.Sprintf("alias *%s has no anchor &%s before it", name, name), "")
		}
		return r.read(target, depth+1)
	case *ast.TagNode:
		return nil, r.refuse(line, fmt.Sprintf("YAML tags such as %s are not used here", n.GetToken().Value), "remove it")
	}
	return nil, r.refuse(line, fmt.Sprintf("YAML of kind %s is not used here", n.Type()), "")
}

func (r *yamlReader) mapping(values []*ast.MappingValueNode, line, depth int) (*node, error) {
	out := &node{kind: mapNode, line: line, keys: make([]key, 0, len(values)), items: make([]*node, 0, len(values))}
	seen := make(map[string]int, len(values))
	for i, v := range values {
		var name string
		switch k := v.Key.(type) {
		case *ast.StringNode:
			name = k.Value
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
			name = k.GetToken().Value
		default:
			hint := "write a plain name"
			if _, ok := k.(*ast.MergeKeyNode); ok {
				hint = "write the keys out: << is not used here"
			}
			return nil, r.refuse(lineOf(v), "a key must be a name", hint)
		}
		name = norm.NFC.String(name)
		at := lineOf(v.Key)
		if i == 0 {
			out.line = at
		}
		if first := seen[name]; first > 0 {
			return nil, r.refuse(at, fmt.Sprintf("key %s stands twice, first at line %d", quote(name), first), "keep one of them")
		}
		seen[name] = at
		item, err := r.read(v.Value, depth+1)
		if err != nil {
			return nil, err
		}
		out.keys = append(out.keys, key{name, at})
		out.items = append(out.items, item)
	}
	return out, nil
}

// isDecimal reports whether a plain scalar is a number: digits, perhaps with
// a sign, a fraction and an exponent, and without leading zeros.
func isDecimal(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	digits := func() int {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		return n
	}
	n := digits()
	if n == 0 || n > 1 && s[0] == '0' {
		return false
	}
	s = s[n:]
	if strings.HasPrefix(s, ".") {
		s = s[1:]
		if n = digits(); n == 0 {
			return false
		}
		s = s[n:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '-' || s[0] == '+') {
			s = s[1:]
		}
		if n = digits(); n == 0 {
			return false
		}
		s = s[n:]
	}
	return s == ""
}
