package define

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"
	"golang.org/x/text/unicode/norm"
)

// readYAML reads a YAML text of one document: block and flow mappings and
// lists, plain, quoted and block scalars, anchors and aliases. Tags, explicit
// keys (?), merge keys (<<) and directives are refused. It reads the scanner's
// tokens as they come, so that time and memory grow with the text alone.
func readYAML(data []byte, refuse refusal) (*node, error) {
	r := yamlReader{refuse: refuse, anchors: map[string]*node{}}
	r.scanner.Init(string(data))
	root, err := r.document()
	if err != nil {
		return nil, err
	}
	return root, nil
}

type yamlReader struct {
	refuse  refusal
	scanner scanner.Scanner
	queue   []*token.Token
	anchors map[string]*node
	nodes   int
}

// peek returns the i-th token ahead, nil at the end. Comments are left out.
func (r *yamlReader) peek(i int) *token.Token {
	for len(r.queue) <= i {
		tokens, err := r.scanner.Scan()
		for _, t := range tokens {
			if t.Type != token.CommentType {
				r.queue = append(r.queue, t)
			}
		}
		if errors.Is(err, io.EOF) {
			if len(r.queue) <= i {
				return nil
			}
		}
	}
	return r.queue[i]
}

func (r *yamlReader) next() *token.Token {
	t := r.peek(0)
	if t != nil {
		r.queue = r.queue[1:]
	}
	return t
}

func (r *yamlReader) is(i int, kind token.Type) bool {
	t := r.peek(i)
	return t != nil && t.Type == kind
}

// wrong refuses a token where it stands.
func (r *yamlReader) wrong(t *token.Token, message, hint string) error {
	if t == nil {
		return r.refuse(0, "not valid YAML: the text ends too early", "")
	}
	switch t.Type {
	case token.InvalidType:
		return r.refuse(t.Position.Line, "not valid YAML: "+t.Error, "")
	case token.TagType:
		return r.refuse(t.Position.Line, fmt.Sprintf("YAML tags such as %s are not used here", t.Value), "remove it")
	case token.MergeKeyType:
		return r.refuse(t.Position.Line, "merge keys are not used here", "write the keys of << out")
	case token.MappingKeyType:
		return r.refuse(t.Position.Line, "explicit keys (?) are not used here", "write key: value")
	case token.DirectiveType:
		return r.refuse(t.Position.Line, "YAML directives are not used here", "remove the line")
	case token.DocumentHeaderType:
		return r.refuse(t.Position.Line, "the file holds more than one document", "remove the line ---")
	}
	return r.refuse(t.Position.Line, "not valid YAML: "+message, hint)
}

func (r *yamlReader) document() (*node, error) {
	if r.is(0, token.DocumentHeaderType) {
		r.next()
	}
	root := mapOf()
	if t := r.peek(0); t != nil && t.Type != token.DocumentEndType {
		var err error
		if root, err = r.block(0, 0); err != nil {
			return nil, err
		}
	}
	if r.is(0, token.DocumentEndType) {
		r.next()
	}
	if t := r.peek(0); t != nil {
		return nil, r.wrong(t, fmt.Sprintf("%s is not expected here", quote(t.Value)), "look at the indentation of this line")
	}
	return root, nil
}

// count counts a value and its depth against the limits.
func (r *yamlReader) count(line, depth, nodes int) error {
	if r.nodes += nodes; r.nodes > maxNodes {
		return r.refuse(line, fmt.Sprintf("the file holds more than %d values, aliases counted each time", maxNodes), "split it into several files")
	}
	if depth > maxDepth {
		return r.refuse(line, fmt.Sprintf("nested deeper than %d", maxDepth), "")
	}
	return nil
}

// block reads the value that begins with the next token, in a block whose
// lines begin at column or later (columns count from 1).
func (r *yamlReader) block(column, depth int) (*node, error) {
	t := r.peek(0)
	if t == nil {
		return nil, r.wrong(nil, "", "")
	}
	if err := r.count(t.Position.Line, depth, 1); err != nil {
		return nil, err
	}
	switch {
	case t.Type == token.SequenceEntryType:
		return r.sequence(t.Position.Column, depth)
	case scalarToken(t) && r.is(1, token.MappingValueType):
		return r.mapping(t.Position.Column, depth)
	case t.Type == token.AnchorType:
		return r.anchored(func() (*node, error) { return r.block(column, depth) })
	}
	return r.inline(depth)
}

// sequence reads the entries whose dash stands at the column.
func (r *yamlReader) sequence(column, depth int) (*node, error) {
	out := &node{kind: listNode, line: r.peek(0).Position.Line}
	for {
		t := r.peek(0)
		if t == nil || t.Type != token.SequenceEntryType || t.Position.Column != column {
			return out, nil
		}
		r.next()
		item, err := r.entry(t, column+1, depth)
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, item)
	}
}

// entry reads what follows a dash, or a key's colon and a line break: nothing
// when the next line is not indented to the column.
func (r *yamlReader) entry(after *token.Token, column, depth int) (*node, error) {
	t := r.peek(0)
	if t == nil || t.Position.Line > after.Position.Line && t.Position.Column < column || t.Type == token.DocumentEndType || t.Type == token.DocumentHeaderType {
		return &node{line: after.Position.Line}, r.count(after.Position.Line, depth, 1)
	}
	return r.block(column, depth+1)
}

// mapping reads the entries whose key stands at the column.
func (r *yamlReader) mapping(column, depth int) (*node, error) {
	out := &node{kind: mapNode, line: r.peek(0).Position.Line}
	seen := map[string]int{}
	for {
		t := r.peek(0)
		if t == nil || t.Position.Column != column || !scalarToken(t) {
			return out, nil
		}
		colon := r.peek(1)
		if colon == nil || colon.Type != token.MappingValueType {
			return nil, r.wrong(t, fmt.Sprintf("%s has no colon after it", quote(t.Value)), "write key: value")
		}
		if colon.Position.Line != t.Position.Line {
			return nil, r.wrong(colon, "a key must stand on one line", "look at the indentation of this line")
		}
		r.next()
		r.next()
		if err := r.key(out, seen, t); err != nil {
			return nil, err
		}
		item, err := r.mapped(colon, column, depth)
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, item)
	}
}

// mapped reads the value of a key at the column.
func (r *yamlReader) mapped(colon *token.Token, column, depth int) (*node, error) {
	t := r.peek(0)
	switch {
	case t == nil || t.Position.Line == colon.Position.Line:
		if t != nil && t.Type == token.AnchorType {
			return r.anchored(func() (*node, error) { return r.mapped(colon, column, depth) })
		}
		if t == nil {
			return &node{line: colon.Position.Line}, nil
		}
		if t.Type == token.SequenceEntryType || scalarToken(t) && r.is(1, token.MappingValueType) && r.peek(1).Position.Line == t.Position.Line {
			return nil, r.wrong(t, "a block must begin on a line of its own", "write it on the next line, indented, or in {} or []")
		}
		if err := r.count(t.Position.Line, depth+1, 1); err != nil {
			return nil, err
		}
		return r.inline(depth + 1)
	case t.Type == token.SequenceEntryType && t.Position.Column == column:
		return r.block(column, depth+1) // a list may stand under its key without indentation
	}
	return r.entry(colon, column+1, depth)
}

// key adds a key to a mapping.
func (r *yamlReader) key(n *node, seen map[string]int, t *token.Token) error {
	if t.Type == token.MergeKeyType {
		return r.wrong(t, "", "")
	}
	name := norm.NFC.String(t.Value)
	if first := seen[name]; first > 0 {
		return r.refuse(t.Position.Line, fmt.Sprintf("key %s stands twice, first at line %d", quote(name), first), "keep one of them")
	}
	seen[name] = t.Position.Line
	n.keys = append(n.keys, key{name, t.Position.Line})
	return nil
}

// anchored reads &NAME and the value after it. No anchor holds itself: its
// name is known only then.
func (r *yamlReader) anchored(value func() (*node, error)) (*node, error) {
	t := r.next()
	name := r.next()
	if name == nil || !scalarToken(name) {
		return nil, r.wrong(t, "an anchor needs a name", "")
	}
	if r.is(0, token.AnchorType) {
		return nil, r.wrong(r.peek(0), "two anchors on one value", "keep one of them")
	}
	out, err := value()
	r.anchors[name.Value] = out
	return out, err
}

// inline reads a scalar, an alias, or a mapping or list in {} or [].
func (r *yamlReader) inline(depth int) (*node, error) {
	t := r.next()
	switch {
	case t == nil:
		return nil, r.wrong(nil, "", "")
	case t.Type == token.MappingStartType:
		return r.flowMapping(t, depth)
	case t.Type == token.SequenceStartType:
		return r.flowSequence(t, depth)
	case t.Type == token.AliasType:
		name := r.next()
		if name == nil || !scalarToken(name) {
			return nil, r.wrong(t, "an alias needs a name", "")
		}
		target, ok := r.anchors[name.Value]
		if !ok {
			return nil, r.wrong(t, fmt.Sprintf("alias *%s has no anchor &%s before it", name.Value, name.Value), "")
		}
		return target, r.count(t.Position.Line, depth+target.height(), target.size())
	case t.Type == token.LiteralType || t.Type == token.FoldedType:
		out := &node{kind: textNode, line: t.Position.Line}
		if text := r.peek(0); text != nil && text.Type == token.StringType {
			out.text = norm.NFC.String(r.next().Value)
		}
		return out, nil
	case scalarToken(t):
		return r.scalar(t)
	}
	return nil, r.wrong(t, fmt.Sprintf("%s is not expected here", quote(t.Value)), "")
}

// size returns how many values a tree holds, at most a little more than the
// limit.
func (n *node) size() int {
	total := 1
	for _, item := range n.items {
		if total > maxNodes {
			break
		}
		total += item.size()
	}
	return total
}

// height returns how deep a tree nests.
func (n *node) height() int {
	most := 0
	for _, item := range n.items {
		most = max(most, 1+item.height())
	}
	return most
}

// flowItem reads a value in {} or [].
func (r *yamlReader) flowItem(depth int) (*node, error) {
	t := r.peek(0)
	if t == nil {
		return nil, r.wrong(nil, "", "")
	}
	if err := r.count(t.Position.Line, depth, 1); err != nil {
		return nil, err
	}
	if t.Type == token.AnchorType {
		return r.anchored(func() (*node, error) { return r.flowItem(depth) })
	}
	return r.inline(depth)
}

func (r *yamlReader) flowMapping(open *token.Token, depth int) (*node, error) {
	out := &node{kind: mapNode, line: open.Position.Line}
	seen := map[string]int{}
	for {
		t := r.next()
		switch {
		case t == nil:
			return nil, r.refuse(open.Position.Line, "not valid YAML: { is never closed", "write } at its end")
		case t.Type == token.MappingEndType:
			return out, nil
		case !scalarToken(t):
			return nil, r.wrong(t, fmt.Sprintf("%s is not expected here", quote(t.Value)), "write {key: value, ...}")
		}
		if err := r.key(out, seen, t); err != nil {
			return nil, err
		}
		item := &node{line: t.Position.Line}
		if r.is(0, token.MappingValueType) {
			r.next()
			if !r.is(0, token.CollectEntryType) && !r.is(0, token.MappingEndType) {
				var err error
				if item, err = r.flowItem(depth + 1); err != nil {
					return nil, err
				}
			}
		}
		out.items = append(out.items, item)
		if err := r.separator(open, token.MappingEndType, "}"); err != nil {
			return nil, err
		}
	}
}

func (r *yamlReader) flowSequence(open *token.Token, depth int) (*node, error) {
	out := &node{kind: listNode, line: open.Position.Line}
	for {
		if r.is(0, token.SequenceEndType) {
			r.next()
			return out, nil
		}
		if r.peek(0) == nil {
			return nil, r.refuse(open.Position.Line, "not valid YAML: [ is never closed", "write ] at its end")
		}
		item, err := r.flowItem(depth + 1)
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, item)
		if err := r.separator(open, token.SequenceEndType, "]"); err != nil {
			return nil, err
		}
	}
}

// separator reads the comma between two items; before the closing bracket
// there may be none.
func (r *yamlReader) separator(open *token.Token, end token.Type, bracket string) error {
	t := r.peek(0)
	switch {
	case t == nil:
		return r.refuse(open.Position.Line, fmt.Sprintf("not valid YAML: %s is never closed", open.Value), "write "+bracket+" at its end")
	case t.Type == token.CollectEntryType:
		r.next()
		return nil
	case t.Type == end:
		return nil
	}
	return r.wrong(t, fmt.Sprintf("%s is not expected here", quote(t.Value)), "write , between two items and "+bracket+" at the end")
}

// scalarToken reports whether a token is a scalar that may be a key.
func scalarToken(t *token.Token) bool {
	switch t.Type {
	case token.StringType, token.SingleQuoteType, token.DoubleQuoteType, token.MergeKeyType:
		return true
	}
	return plainToken(t)
}

// plainToken reports whether a token is a plain scalar that is no text.
func plainToken(t *token.Token) bool {
	switch t.Type {
	case token.NullType, token.BoolType, token.IntegerType, token.BinaryIntegerType, token.OctetIntegerType, token.HexIntegerType,
		token.FloatType, token.InfinityType, token.NanType:
		return true
	}
	return false
}

func (r *yamlReader) scalar(t *token.Token) (*node, error) {
	out := &node{kind: textNode, text: norm.NFC.String(t.Value), line: t.Position.Line}
	switch {
	case t.Type == token.MergeKeyType:
		return nil, r.wrong(t, "", "")
	case t.Type == token.NullType:
		return &node{line: out.line}, nil
	case t.Type == token.BoolType:
		out.kind, out.text = boolNode, strconv.FormatBool(strings.EqualFold(t.Value, "true"))
	case (plainToken(t) || t.Type == token.StringType) && isDecimal(out.text): // 1e3 comes as a text
		out.kind = numberNode
	case plainToken(t):
		return nil, r.refuse(out.line, fmt.Sprintf("%s is not a decimal number", quote(t.Value)), "write it with digits only, such as 1000 or 12.50, or in quotes where it is a text")
	}
	return out, nil
}
