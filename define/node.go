package define

import (
	"strconv"
	"strings"
)

// nodeKind is the shape of a node.
type nodeKind uint8

const (
	nullNode nodeKind = iota
	boolNode
	numberNode // plain; text is an exact decimal, perhaps with an exponent
	textNode
	listNode
	mapNode
)

func (k nodeKind) String() string {
	return [...]string{"nothing", "true or false", "a number", "a text", "a list", "a mapping"}[k]
}

// node is one value of the tree that YAML and JSON share.
type node struct {
	*branch        // what lies below; never nil
	text    string // boolNode, numberNode, textNode
	line    int
	kind    nodeKind
}

// branch is what lies below a mapping or list.
type branch struct {
	keys  []key   // mapNode
	items []*node // listNode; mapNode: one for each key
}

// noBranch is that of all others; it stays empty.
var noBranch = new(branch)

// key is one key of a mapping.
type key struct {
	text string
	line int
}

func (n *node) get(name string) *node {
	for i := range n.keys {
		if n.keys[i].text == name {
			return n.items[i]
		}
	}
	return nil
}

// describe names a node in a message: its text or its shape.
func (n *node) describe() string {
	switch n.kind {
	case boolNode, numberNode:
		return n.text
	case textNode:
		return quote(n.text)
	}
	return n.kind.String()
}

// quote shortens and quotes a text of the user's for a message.
func quote(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:57]) + "..."
	}
	return strconv.Quote(s)
}

// cursor is a node with the way to it.
type cursor struct {
	*node
	up      *cursor
	key     string // in a mapping; else empty
	keyLine int    // of a definition
	index   int    // in a list
}

func (c *cursor) in(name string, n *node) *cursor {
	return &cursor{node: n, up: c, key: name, index: -1}
}
func (c *cursor) item(i int) *cursor { return &cursor{node: c.items[i], up: c, index: i} }

// path prints the way to the node, such as segments.loyal.where.all[1].event.
func (c *cursor) path() string {
	var b strings.Builder
	c.writePath(&b)
	return b.String()
}

func (c *cursor) writePath(b *strings.Builder) {
	if c.up == nil {
		return
	}
	c.up.writePath(b)
	switch {
	case c.index >= 0:
		b.WriteByte('[')
		b.WriteString(strconv.Itoa(c.index))
		b.WriteByte(']')
	default:
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(c.key)
	}
}

// The constructors of printing.

func nothing() *node          { return &node{branch: noBranch} }
func textOf(s string) *node   { return &node{branch: noBranch, kind: textNode, text: s} }
func numberOf(s string) *node { return &node{branch: noBranch, kind: numberNode, text: s} }
func intOf(n int) *node       { return numberOf(strconv.Itoa(n)) }
func floatOf(f float64) *node { return numberOf(strconv.FormatFloat(f, 'f', -1, 64)) }
func boolOf(b bool) *node {
	return &node{branch: noBranch, kind: boolNode, text: strconv.FormatBool(b)}
}
func listOf(items ...*node) *node {
	return &node{branch: &branch{items: items}, kind: listNode}
}

func textsOf(texts []string) *node {
	n := listOf()
	for _, s := range texts {
		n.items = append(n.items, textOf(s))
	}
	return n
}

func mapOf() *node { return &node{branch: new(branch), kind: mapNode} }

// put adds a key and returns n; a nil value adds nothing.
func (n *node) put(name string, value *node) *node {
	if value != nil {
		n.keys = append(n.keys, key{text: name})
		n.items = append(n.items, value)
	}
	return n
}

// putText adds a key with a text, nothing where it is empty.
func (n *node) putText(name, text string) *node {
	if text == "" {
		return n
	}
	return n.put(name, textOf(text))
}

// putTrue adds a key where b holds.
func (n *node) putTrue(name string, b bool) *node {
	if !b {
		return n
	}
	return n.put(name, boolOf(true))
}

// putTexts adds a key with a list, nothing where it is empty.
func (n *node) putTexts(name string, texts []string) *node {
	if len(texts) == 0 {
		return n
	}
	return n.put(name, textsOf(texts))
}
