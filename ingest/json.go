package ingest

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"strata"
)

// jsonKind is the kind of a JSON value.
type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonFalse
	jsonTrue
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// maxJSONDepth is how deep values may lie in one another.
const maxJSONDepth = 32

// jsonNode is one value of a document. Its parts follow it: of an array its
// items, of an object its members, each a string and a value.
type jsonNode struct {
	kind    jsonKind
	escaped bool   // a string with a backslash
	start   uint32 // in the text; of a string after the quote
	end     uint32 // exclusive; of a string the quote
	next    int32  // index of the node after this one and its parts
}

// jsonDocument is a JSON text (RFC 8259) as one list of nodes, so that reading
// a request makes no map and one allocation. It holds 16 bytes for every value
// besides the text.
type jsonDocument struct {
	text  []byte
	nodes []jsonNode
}

// parse reads the text, which the document keeps. The error is Invalid and
// says the byte at which the text is wrong.
func (d *jsonDocument) parse(text []byte) error {
	d.text, d.nodes = text, d.nodes[:0]
	if len(text) > 1<<30 {
		return jsonWrong(0, "the text is too large")
	}
	if !utf8.Valid(text) {
		return jsonWrong(0, "the text is not UTF-8")
	}
	at, err := d.value(d.space(0), 0)
	if err != nil {
		return err
	}
	if at = d.space(at); at != len(text) {
		return jsonWrong(at, "something follows the value")
	}
	return nil
}

func jsonWrong(at int, message string) error {
	return &strata.Error{Code: strata.Invalid, Field: fmt.Sprintf("body, byte %d", at), Message: message, Hint: "send JSON in UTF-8"}
}

func (d *jsonDocument) space(at int) int {
	for at < len(d.text) && (d.text[at] == ' ' || d.text[at] == '\n' || d.text[at] == '\r' || d.text[at] == '\t') {
		at++
	}
	return at
}

func (d *jsonDocument) add(kind jsonKind, start, end int, escaped bool) {
	d.nodes = append(d.nodes, jsonNode{kind: kind, escaped: escaped, start: uint32(start), end: uint32(end), next: int32(len(d.nodes) + 1)})
}

// value reads the value at a place and returns the place after it.
func (d *jsonDocument) value(at, depth int) (int, error) {
	if at >= len(d.text) {
		return at, jsonWrong(at, "the text ends too early")
	}
	switch c := d.text[at]; {
	case c == '{' || c == '[':
		if depth == maxJSONDepth {
			return at, jsonWrong(at, fmt.Sprintf("values lie more than %d deep in one another", maxJSONDepth))
		}
		return d.parts(at, depth+1)
	case c == '"':
		return d.string(at)
	case c == '-' || c >= '0' && c <= '9':
		return d.number(at)
	case c == 't':
		return d.word(at, "true", jsonTrue)
	case c == 'f':
		return d.word(at, "false", jsonFalse)
	case c == 'n':
		return d.word(at, "null", jsonNull)
	}
	return at, jsonWrong(at, fmt.Sprintf("%q begins no value", d.text[at]))
}

// parts reads an array or object.
func (d *jsonDocument) parts(at, depth int) (int, error) {
	index, start, kind, last := len(d.nodes), at, jsonArray, byte(']')
	if d.text[at] == '{' {
		kind, last = jsonObject, '}'
	}
	d.add(kind, start, start, false)
	at = d.space(at + 1)
	for first := true; ; first = false {
		if at >= len(d.text) {
			return at, jsonWrong(at, "the text ends too early")
		}
		if d.text[at] == last {
			break
		}
		var err error
		if !first {
			if d.text[at] != ',' {
				return at, jsonWrong(at, "a comma is missing")
			}
			at = d.space(at + 1)
		}
		if kind == jsonObject {
			if at >= len(d.text) || d.text[at] != '"' {
				return at, jsonWrong(at, "a name in quotes is missing")
			}
			if at, err = d.string(at); err != nil {
				return at, err
			}
			if at = d.space(at); at >= len(d.text) || d.text[at] != ':' {
				return at, jsonWrong(at, "a colon is missing")
			}
			at = d.space(at + 1)
		}
		if at, err = d.value(at, depth); err != nil {
			return at, err
		}
		at = d.space(at)
	}
	n := &d.nodes[index]
	n.end, n.next = uint32(at+1), int32(len(d.nodes))
	return at + 1, nil
}

func (d *jsonDocument) word(at int, word string, kind jsonKind) (int, error) {
	end := at + len(word)
	if end > len(d.text) || string(d.text[at:end]) != word {
		return at, jsonWrong(at, "an unknown word")
	}
	d.add(kind, at, end, false)
	return end, nil
}

func (d *jsonDocument) number(at int) (int, error) {
	start := at
	digits := func() bool {
		from := at
		for at < len(d.text) && d.text[at] >= '0' && d.text[at] <= '9' {
			at++
		}
		return at > from
	}
	if d.text[at] == '-' {
		at++
	}
	if at < len(d.text) && d.text[at] == '0' {
		at++
	} else if !digits() {
		return at, jsonWrong(at, "a digit is missing")
	}
	if at < len(d.text) && d.text[at] == '.' {
		at++
		if !digits() {
			return at, jsonWrong(at, "a digit is missing")
		}
	}
	if at < len(d.text) && (d.text[at] == 'e' || d.text[at] == 'E') {
		if at++; at < len(d.text) && (d.text[at] == '-' || d.text[at] == '+') {
			at++
		}
		if !digits() {
			return at, jsonWrong(at, "a digit is missing")
		}
	}
	d.add(jsonNumber, start, at, false)
	return at, nil
}

func (d *jsonDocument) string(at int) (int, error) {
	start, escaped := at+1, false
	for at = start; at < len(d.text); at++ {
		switch c := d.text[at]; {
		case c == '"':
			d.add(jsonString, start, at, escaped)
			return at + 1, nil
		case c < ' ':
			return at, jsonWrong(at, "a control character in a string")
		case c == '\\':
			escaped = true
			if at++; at >= len(d.text) {
				continue
			}
			switch d.text[at] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if _, ok := hex4(d.text, at+1); !ok {
					return at, jsonWrong(at, "four hexadecimal digits are missing")
				}
				at += 4
			default:
				return at, jsonWrong(at, "an unknown escape")
			}
		}
	}
	return at, jsonWrong(at, "a string without end")
}

func hex4(b []byte, at int) (r rune, ok bool) {
	if at+4 > len(b) {
		return 0, false
	}
	for _, c := range b[at : at+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// bytes returns a string's content, or the text of a number or word. It is a
// part of the document's text unless the string has escapes.
func (d *jsonDocument) bytes(i int32) []byte {
	n := &d.nodes[i]
	raw := d.text[n.start:n.end]
	if !n.escaped {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for at := 0; at < len(raw); at++ {
		if raw[at] != '\\' {
			out = append(out, raw[at])
			continue
		}
		at++
		switch c := raw[at]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, _ := hex4(raw, at+1)
			at += 4
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if at+6 < len(raw) && raw[at+1] == '\\' && raw[at+2] == 'u' {
					low, ok = hex4(raw, at+3)
				}
				if joined := utf16.DecodeRune(r, low); ok && joined != utf8.RuneError {
					r = joined
					at += 6
				} else {
					r = utf8.RuneError
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	return out
}

// raw returns a value as it stands in the text, a string with its quotes.
func (d *jsonDocument) raw(i int32) []byte {
	n := &d.nodes[i]
	if n.kind == jsonString {
		return d.text[n.start-1 : n.end+1]
	}
	return d.text[n.start:n.end]
}

// member returns the value of an object's member, the last where several have
// the name, and 0 where there is none or the value is null. No member is node
// 0, which is the whole document.
func (d *jsonDocument) member(object int32, name string) int32 {
	found := int32(0)
	if d.nodes[object].kind != jsonObject {
		return 0
	}
	for i := object + 1; i < d.nodes[object].next; {
		value := d.nodes[i].next
		if k := &d.nodes[i]; !k.escaped && string(d.text[k.start:k.end]) == name || k.escaped && string(d.bytes(i)) == name {
			found = value
		}
		i = d.nodes[value].next
	}
	if found != 0 && d.nodes[found].kind == jsonNull {
		return 0
	}
	return found
}

// hash is of what a value means: the order of members and the space between
// tokens do not count, the digits of a number do.
func (d *jsonDocument) hash(i int32) uint64 {
	n := &d.nodes[i]
	var sum [9]byte
	sum[0] = byte(n.kind)
	switch n.kind {
	case jsonArray:
		for j := i + 1; j < n.next; j = d.nodes[j].next {
			binary.LittleEndian.PutUint64(sum[1:], binary.LittleEndian.Uint64(sum[1:])*31+d.hash(j))
			binary.LittleEndian.PutUint64(sum[1:], xxh3.Hash(sum[:]))
		}
	case jsonObject:
		total := uint64(0)
		for j := i + 1; j < n.next; {
			value := d.nodes[j].next
			var pair [16]byte
			binary.LittleEndian.PutUint64(pair[:8], xxh3.Hash(d.bytes(j)))
			binary.LittleEndian.PutUint64(pair[8:], d.hash(value))
			total += xxh3.Hash(pair[:])
			j = d.nodes[value].next
		}
		binary.LittleEndian.PutUint64(sum[1:], total)
	case jsonString, jsonNumber:
		return xxh3.HashSeed(d.bytes(i), uint64(n.kind))
	}
	return xxh3.Hash(sum[:])
}
