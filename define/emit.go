package define

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineWidth is how long a line of printed YAML may get before what stands on
// it is broken up.
const lineWidth = 110

// emitYAML prints a tree: short mappings and lists on one line, longer ones
// in blocks.
func emitYAML(n *node) []byte {
	var b strings.Builder
	if n == nil || n.kind == mapNode && len(n.keys) == 0 {
		return nil
	}
	e := emitter{&b}
	if n.kind == mapNode {
		e.block(n, 0)
	} else {
		e.flow(n)
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

type emitter struct{ *strings.Builder }

// block writes the entries of a filled mapping or list, each on lines of its
// own that begin at the indent; the first line's indent is there already.
func (e emitter) block(n *node, indent int) {
	for i, item := range n.items {
		if i > 0 {
			e.indent(indent)
		}
		used := indent + 2
		if n.kind == listNode {
			e.WriteString("- ")
		} else {
			name := scalar(n.keys[i].text, true)
			e.WriteString(name)
			e.WriteByte(':')
			used += utf8.RuneCountInString(name)
		}
		top := n.kind == mapNode && indent < 2*2 && item.kind == mapNode // a section, a definition
		if !top && used+width(item, lineWidth-used) <= lineWidth || len(item.items) == 0 {
			if n.kind == mapNode {
				e.WriteByte(' ')
			}
			e.flow(item)
			e.WriteByte('\n')
			continue
		}
		if n.kind == mapNode {
			e.WriteByte('\n')
			e.indent(indent + 2)
		}
		e.block(item, indent+2)
	}
}

func (e emitter) indent(n int) { e.WriteString(strings.Repeat(" ", n)) }

// flow writes a node on the line.
func (e emitter) flow(n *node) {
	switch n.kind {
	case mapNode:
		e.WriteByte('{')
		for i, k := range n.keys {
			if i > 0 {
				e.WriteString(", ")
			}
			e.WriteString(scalar(k.text, true))
			e.WriteString(": ")
			e.flow(n.items[i])
		}
		e.WriteByte('}')
	case listNode:
		e.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				e.WriteString(", ")
			}
			e.flow(item)
		}
		e.WriteByte(']')
	case textNode:
		e.WriteString(scalar(n.text, false))
	case nullNode:
		e.WriteString("null")
	default:
		e.WriteString(n.text)
	}
}

// width returns how many characters flow writes, or some number above limit.
// A wide character of Chinese counts as two.
func width(n *node, limit int) int {
	count := func(s string) int {
		w := 0
		for _, r := range s {
			if w++; r >= 0x1100 {
				w++
			}
		}
		return w
	}
	switch n.kind {
	case textNode:
		return count(scalar(n.text, false))
	case mapNode, listNode:
		w := 2
		for i, item := range n.items {
			if w > limit {
				return w
			}
			if n.kind == mapNode {
				w += count(scalar(n.keys[i].text, true)) + 2
			}
			w += width(item, limit-w) + 2
		}
		return w
	}
	return len(n.text)
}

// ambiguous are the words that some YAML reader takes for something else than
// a text.
var ambiguous = map[string]bool{
	"true": true, "false": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true, "null": true, "nan": true, "inf": true,
}

// scalar prints a text plain where every YAML reader takes it as that text,
// else in double quotes. As keys `on`, `yes` and the like are plain: no key of
// ours is anything but a text.
func scalar(s string, isKey bool) string {
	plain := s != ""
	if ambiguous[strings.ToLower(s)] && !(isKey && s == "on") {
		plain = false
	}
	if first, _ := utf8.DecodeRuneInString(s); plain && !unicode.IsLetter(first) && first != '_' {
		_, isDuration := parseDuration(s)
		_, isDate := parseDate(s)
		plain = isDuration || isDate
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' && r != '.' {
			plain = false
		}
	}
	if plain {
		return s
	}
	return quoted(s)
}

// quoted prints a text in double quotes as both YAML and JSON read it.
func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// emitJSON prints a tree as indented JSON; a nil tree is {}.
func emitJSON(n *node) []byte {
	var b strings.Builder
	e := emitter{&b}
	if n == nil {
		n = mapOf()
	}
	e.json(n, 0)
	b.WriteByte('\n')
	return []byte(b.String())
}

func (e emitter) json(n *node, indent int) {
	if n.kind == textNode {
		e.WriteString(quoted(n.text))
		return
	}
	if n.kind != mapNode && n.kind != listNode {
		e.flow(n)
		return
	}
	open, end := "{", "}"
	if n.kind == listNode {
		open, end = "[", "]"
	}
	e.WriteString(open)
	for i, item := range n.items {
		if i > 0 {
			e.WriteByte(',')
		}
		e.WriteByte('\n')
		e.indent(indent + 2)
		if n.kind == mapNode {
			e.WriteString(quoted(n.keys[i].text))
			e.WriteString(": ")
		}
		e.json(item, indent+2)
	}
	if len(n.items) > 0 {
		e.WriteByte('\n')
		e.indent(indent)
	}
	e.WriteString(end)
}
