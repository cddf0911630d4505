package define

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// yamlReader reads a YAML text of one document: block and flow mappings and
// lists, plain, quoted and block scalars, anchors and aliases. Tags, explicit
// keys (?), merge keys (<<), directives and more than one document are refused.
// JSON is read as what it is in YAML.
//
// Texts of the tree are parts of the text that is read, and room bounds what
// the tree takes, so that memory is at most a few times the text.
type yamlReader struct {
	refuse  refusal
	text    string // in NFC
	at      int    // of what is read next
	line    int    // of at, from 1
	start   int    // of the line
	anchors map[string]*node
	room    int // bytes that the tree may still take
	copied  int // values that aliases stand for

	slab  []node // of which nodes are taken
	keys  []key  // of the mappings that are open
	items []*node
}

// What a value, a key and a filled mapping or list take, in bytes.
const (
	valueRoom  = 64
	keyRoom    = 32
	branchRoom = 64
)

func newReader(text string, refuse refusal) *yamlReader {
	return &yamlReader{refuse: refuse, text: text, line: 1, anchors: map[string]*node{}, room: freeRoom + roomFactor*len(text)}
}

// readYAML reads a text in NFC.
func readYAML(text string, refuse refusal) (*node, error) { return newReader(text, refuse).document() }

// readJSON reads a text in NFC that is JSON.
func readJSON(text string, refuse refusal) (*node, error) {
	r := newReader(text, refuse)
	r.skip()
	return r.flowItem(0)
}

// wrong refuses what stands at the place where the reader is.
func (r *yamlReader) wrong(message, hint string) error {
	return r.refuse(r.line, "not valid YAML: "+message, hint)
}

// unexpected refuses what stands here, naming its beginning.
func (r *yamlReader) unexpected(hint string) error {
	rest := r.text[r.at:]
	if rest == "" {
		return r.wrong("the text ends too early", "")
	}
	end := strings.IndexAny(rest, " \t\r\n,[]{}")
	if end <= 0 {
		_, end = utf8.DecodeRuneInString(rest)
	}
	return r.wrong(quote(rest[:end])+" is not expected here", hint)
}

func (r *yamlReader) node(kind nodeKind, line int) *node {
	if len(r.slab) == 0 {
		r.slab = make([]node, 64)
	}
	n := &r.slab[0]
	r.slab = r.slab[1:]
	*n = node{branch: noBranch, kind: kind, line: line}
	return n
}

// take counts a value that lies so deep.
func (r *yamlReader) take(room, depth int) error {
	if r.room -= room; r.room < 0 {
		return r.refuse(r.line, fmt.Sprintf("the file holds too many values for its %d bytes", len(r.text)), "split it, or upload long lists of customers")
	}
	if depth > maxDepth {
		return r.refuse(r.line, fmt.Sprintf("nested deeper than %d", maxDepth), "")
	}
	return nil
}

// The text.

// peek is the byte at a distance; 0 past the end.
func (r *yamlReader) peek(n int) byte {
	if r.at+n < len(r.text) {
		return r.text[r.at+n]
	}
	return 0
}

func (r *yamlReader) column() int { return r.at - r.start }

// lineBreak is the length of the line break at a place, 0 where there is none.
func (r *yamlReader) lineBreak(at int) int {
	if at >= len(r.text) {
		return 0
	}
	switch r.text[at] {
	case '\n':
		return 1
	case '\r':
		if strings.HasPrefix(r.text[at+1:], "\n") {
			return 2
		}
		return 1
	}
	return 0
}

// newLine passes the line break of length n at which the reader is.
func (r *yamlReader) newLine(n int) {
	r.at += n
	r.line++
	r.start = r.at
}

// blank reports whether at a distance there is white space or the end.
func (r *yamlReader) blank(n int) bool {
	at := r.at + n
	return at >= len(r.text) || strings.IndexByte(" \t\r\n", r.text[at]) >= 0
}

// spaces passes spaces and tabs on the line.
func (r *yamlReader) spaces() {
	for r.peek(0) == ' ' || r.peek(0) == '\t' {
		r.at++
	}
}

// comment passes a comment up to the end of the line.
func (r *yamlReader) comment() {
	if r.peek(0) == '#' && (r.at == r.start || r.text[r.at-1] == ' ' || r.text[r.at-1] == '\t') {
		for r.at < len(r.text) && r.lineBreak(r.at) == 0 {
			r.at++
		}
	}
}

// skip passes white space and comments, over lines, to what comes next.
func (r *yamlReader) skip() {
	for {
		r.spaces()
		r.comment()
		n := r.lineBreak(r.at)
		if n == 0 {
			return
		}
		r.newLine(n)
	}
}

// next is skip in a block, where tabs do not indent. It reports whether
// something follows in this document.
func (r *yamlReader) next() (bool, error) {
	fresh := r.at == r.start
	for {
		for r.peek(0) == ' ' {
			r.at++
		}
		tab := r.peek(0) == '\t'
		r.spaces()
		r.comment()
		if n := r.lineBreak(r.at); n > 0 {
			r.newLine(n)
			fresh = true
			continue
		}
		if r.at >= len(r.text) || r.marker() {
			return false, nil
		}
		if tab && fresh {
			return false, r.wrong("a tab indents this line", "indent with spaces")
		}
		return true, nil
	}
}

// marker reports whether --- or ... stands here.
func (r *yamlReader) marker() bool {
	return r.at == r.start && (strings.HasPrefix(r.text[r.at:], "---") || strings.HasPrefix(r.text[r.at:], "...")) && r.blank(3)
}

// ended reports whether the line holds nothing more, and passes its comment.
func (r *yamlReader) ended() bool {
	r.spaces()
	r.comment()
	return r.at >= len(r.text) || r.lineBreak(r.at) > 0
}

func (r *yamlReader) document() (*node, error) {
	more, err := r.next()
	if err != nil {
		return nil, err
	}
	if more && r.peek(0) == '%' {
		return nil, r.refuse(r.line, "YAML directives are not used here", "remove the line")
	}
	if r.marker() && r.peek(0) == '-' {
		r.at += 3
		if more, err = r.next(); err != nil {
			return nil, err
		}
	}
	root := mapOf()
	if more {
		if root, err = r.block(0, 0); err != nil {
			return nil, err
		}
		if more, err = r.next(); err != nil {
			return nil, err
		}
	}
	if r.marker() && r.peek(0) == '.' {
		r.at += 3
		if more, err = r.next(); err != nil {
			return nil, err
		}
	}
	switch {
	case r.marker():
		return nil, r.refuse(r.line, "the file holds more than one document", "remove the line "+r.text[r.at:r.at+3])
	case more:
		return nil, r.unexpected("look at the indentation of this line")
	}
	return root, nil
}

// Blocks.

// dash reports whether an entry of a list begins here.
func (r *yamlReader) dash() bool { return r.peek(0) == '-' && r.blank(1) }

// block reads the value that begins here, whose lines begin at column or
// later (columns count from 0).
func (r *yamlReader) block(column, depth int) (*node, error) {
	if err := r.take(valueRoom, depth); err != nil {
		return nil, err
	}
	switch {
	case r.dash():
		return r.sequence(r.column(), depth)
	case r.peek(0) == '&':
		return r.anchored(func() (*node, error) {
			if r.ended() {
				return r.below(column, depth+1)
			}
			if r.dash() {
				return nil, r.wrong("a block must begin on a line of its own", "write it on the next line")
			}
			return r.onLine(column-1, depth)
		})
	case r.peek(0) == '?' && r.blank(1):
		return nil, r.refuse(r.line, "explicit keys (?) are not used here", "write key: value")
	}
	at := r.column()
	s, ok, err := r.scalar(column)
	if err != nil {
		return nil, err
	}
	if ok && r.colon() && s.line == r.line {
		return r.mapping(s, at, depth)
	}
	var n *node
	if ok {
		n, err = r.resolved(s)
	} else {
		n, err = r.inline(column, depth)
	}
	if err != nil {
		return nil, err
	}
	if r.colon() {
		return nil, r.wrong("a key must be a text on one line", "look at the indentation of this line")
	}
	return n, r.lineDone()
}

// below reads what stands on the next lines at the column or later; nothing
// where nothing does.
func (r *yamlReader) below(column, depth int) (*node, error) {
	line := r.line
	more, err := r.next()
	if err != nil {
		return nil, err
	}
	if !more || r.column() < column {
		return r.node(nullNode, line), r.take(valueRoom, depth)
	}
	return r.block(column, depth)
}

// lineDone refuses what follows a value on its line.
func (r *yamlReader) lineDone() error {
	if r.at == r.start || r.ended() {
		return nil
	}
	return r.unexpected("put a text that holds : # or quotes in quotes")
}

// sequence reads the entries whose dash stands at the column.
func (r *yamlReader) sequence(column, depth int) (*node, error) {
	line, first := r.line, len(r.items)
	for {
		r.at++
		var item *node
		var err error
		if r.ended() {
			item, err = r.below(column+1, depth+1)
		} else {
			item, err = r.block(column+1, depth+1)
		}
		if err != nil {
			return nil, err
		}
		r.items = append(r.items, item)
		more, err := r.another(column)
		if err != nil {
			return nil, err
		}
		if !more || !r.dash() {
			return r.filled(listNode, line, len(r.keys), first)
		}
	}
}

// another reports whether what comes next stands at the column. What stands
// deeper is refused.
func (r *yamlReader) another(column int) (bool, error) {
	more, err := r.next()
	if err != nil || !more || r.column() < column {
		return false, err
	}
	if r.column() > column {
		return false, r.unexpected("look at the indentation of this line")
	}
	return true, nil
}

// filled takes the open keys and items from the places given as a mapping or
// list.
func (r *yamlReader) filled(kind nodeKind, line, keys, items int) (*node, error) {
	n := r.node(kind, line)
	if len(r.items) > items {
		n.branch = &branch{items: slices.Clone(r.items[items:])}
		if kind == mapNode {
			n.keys = slices.Clone(r.keys[keys:])
		}
	}
	r.keys, r.items = r.keys[:keys], r.items[:items]
	return n, r.take(branchRoom, 0)
}

// colon reports whether the colon after a key comes next, and passes what is
// before it.
func (r *yamlReader) colon() bool {
	at := r.at
	for r.peek(0) == ' ' || r.peek(0) == '\t' {
		r.at++
	}
	if r.peek(0) == ':' && r.blank(1) {
		return true
	}
	r.at = at
	return false
}

// mapping reads the entries whose key stands at the column; the first key is
// read and its colon comes next.
func (r *yamlReader) mapping(k scalarText, column, depth int) (*node, error) {
	line, keys, items := r.line, len(r.keys), len(r.items)
	for {
		if err := r.key(k, keys); err != nil {
			return nil, err
		}
		r.at++ // the colon
		item, err := r.mapped(column, depth+1)
		if err != nil {
			return nil, err
		}
		r.items = append(r.items, item)
		more, err := r.another(column)
		if err != nil {
			return nil, err
		}
		if !more {
			if err := r.twice(keys); err != nil {
				return nil, err
			}
			return r.filled(mapNode, line, keys, items)
		}
		if r.dash() {
			return nil, r.unexpected("look at the indentation of this line")
		}
		if r.peek(0) == '?' && r.blank(1) {
			return nil, r.refuse(r.line, "explicit keys (?) are not used here", "write key: value")
		}
		ok := false
		if k, ok, err = r.scalar(column + 1); err != nil {
			return nil, err
		}
		if !ok {
			return nil, r.unexpected("write key: value")
		}
		if !r.colon() || r.line != k.line {
			return nil, r.noColon(k)
		}
	}
}

func (r *yamlReader) noColon(k scalarText) error {
	return r.refuse(k.line, fmt.Sprintf("not valid YAML: %s has no colon after it", quote(k.text)), "write key: value")
}

// mapped reads the value of a key at the column.
func (r *yamlReader) mapped(column, depth int) (*node, error) {
	if r.ended() {
		return r.belowKey(column, depth)
	}
	if r.peek(0) == '&' {
		return r.anchored(func() (*node, error) {
			if r.ended() {
				return r.belowKey(column, depth)
			}
			return r.onLine(column, depth)
		})
	}
	return r.onLine(column, depth)
}

// onLine reads a value on the line of its key at the column.
func (r *yamlReader) onLine(column, depth int) (*node, error) {
	if r.dash() {
		return nil, r.wrong("a block must begin on a line of its own", "write it on the next line, indented, or in {} or []")
	}
	if err := r.take(valueRoom, depth); err != nil {
		return nil, err
	}
	n, err := r.inline(column+1, depth)
	if err != nil {
		return nil, err
	}
	if r.colon() {
		return nil, r.wrong("a second colon stands on this line", "put a text that holds a colon in quotes, and a block on the next line, indented, or in {}")
	}
	return n, r.lineDone()
}

// belowKey reads the value that stands on the lines below a key at the
// column. A list may stand there without indentation.
func (r *yamlReader) belowKey(column, depth int) (*node, error) {
	line := r.line
	more, err := r.next()
	if err != nil {
		return nil, err
	}
	if more && r.column() == column && r.dash() {
		if err := r.take(valueRoom, depth); err != nil {
			return nil, err
		}
		return r.sequence(column, depth)
	}
	if !more || r.column() <= column {
		return r.node(nullNode, line), r.take(valueRoom, depth)
	}
	return r.block(column+1, depth)
}

// key adds a key to the mapping whose keys begin at the place.
func (r *yamlReader) key(k scalarText, first int) error {
	if k.plain && k.text == "<<" {
		return r.mergeKey(k)
	}
	r.keys = append(r.keys, key{k.text, k.line})
	if n := len(r.keys) - first; n > maxKeys {
		return r.refuse(k.line, fmt.Sprintf("a mapping holds more than %d keys", maxKeys), "split the file")
	}
	return r.take(keyRoom, 0)
}

func (r *yamlReader) mergeKey(k scalarText) error {
	return r.refuse(k.line, "merge keys are not used here", "write the keys of << out")
}

// anchored reads &NAME and the value after it. No anchor holds itself: its
// name is known only then.
func (r *yamlReader) anchored(value func() (*node, error)) (*node, error) {
	r.at++
	name := r.name()
	if name == "" {
		return nil, r.wrong("an anchor needs a name", "")
	}
	r.spaces()
	if r.peek(0) == '&' {
		return nil, r.wrong("two anchors on one value", "keep one of them")
	}
	if len(r.anchors) == maxAnchors {
		return nil, r.refuse(r.line, fmt.Sprintf("the file holds more than %d anchors", maxAnchors), "use for_each, or split the file")
	}
	out, err := value()
	r.anchors[name] = out
	return out, err
}

// name reads the name of an anchor.
func (r *yamlReader) name() string {
	from := r.at
	for !r.blank(0) && strings.IndexByte(",[]{}", r.peek(0)) < 0 {
		r.at++
	}
	return r.text[from:r.at]
}

func (r *yamlReader) alias(depth int) (*node, error) {
	r.at++
	name := r.name()
	target, ok := r.anchors[name]
	switch {
	case name == "":
		return nil, r.wrong("an alias needs a name", "")
	case !ok:
		return nil, r.wrong(fmt.Sprintf("alias %s has no anchor %s before it", quote("*"+name), quote("&"+name)), "")
	}
	if r.copied += target.size(); r.copied > maxCopied {
		return nil, r.refuse(r.line, fmt.Sprintf("the file holds more than %d values by aliases", maxCopied), "name a condition as a segment, and use that")
	}
	return target, r.take(0, depth+target.height())
}

// size returns how many values a tree holds, at most a little more than the
// limit of aliases.
func (n *node) size() int {
	total := 1
	for _, item := range n.items {
		if total > maxCopied {
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

// inline reads a scalar, an alias, or a mapping or list in {} or [] in a
// block; the lines of a scalar begin at column or later.
func (r *yamlReader) inline(column, depth int) (*node, error) {
	switch r.peek(0) {
	case '|', '>':
		return r.blockScalar(column)
	}
	n, err := r.flowValue(depth)
	if n != nil || err != nil {
		return n, err
	}
	s, ok, err := r.scalar(column)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, r.unexpected("put a text that begins so in quotes")
	}
	return r.resolved(s)
}

// flowValue reads an alias, or a mapping or list in {} or []; nil where
// neither begins here. It refuses tags.
func (r *yamlReader) flowValue(depth int) (*node, error) {
	switch r.peek(0) {
	case '{':
		return r.flowMapping(depth)
	case '[':
		return r.flowSequence(depth)
	case '*':
		return r.alias(depth)
	case '!':
		return nil, r.refuse(r.line, fmt.Sprintf("YAML tags such as %s are not used here", r.text[r.at:r.at+len(r.peekName())]), "remove it")
	}
	return nil, nil
}

func (r *yamlReader) peekName() string {
	at := r.at
	name := r.name()
	r.at = at
	if len(name) > 60 {
		name = name[:60]
	}
	return name
}

// flowItem reads a value in {} or [].
func (r *yamlReader) flowItem(depth int) (*node, error) {
	if err := r.take(valueRoom, depth); err != nil {
		return nil, err
	}
	if r.peek(0) == '&' {
		return r.anchored(func() (*node, error) {
			r.skip()
			return r.flowItem(depth + 1)
		})
	}
	n, err := r.flowValue(depth)
	if n != nil || err != nil {
		return n, err
	}
	s, ok, err := r.flowScalar()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, r.unexpected("")
	}
	return r.resolved(s)
}

func (r *yamlReader) flowMapping(depth int) (*node, error) {
	line, keys, items := r.line, len(r.keys), len(r.items)
	r.at++
	for {
		switch r.skip(); {
		case r.at >= len(r.text):
			return nil, r.refuse(line, "not valid YAML: { is never closed", "write } at its end")
		case r.peek(0) == '}':
			r.at++
			if err := r.twice(keys); err != nil {
				return nil, err
			}
			return r.filled(mapNode, line, keys, items)
		case r.peek(0) == '?' && r.blank(1):
			return nil, r.refuse(r.line, "explicit keys (?) are not used here", "write key: value")
		}
		k, ok, err := r.flowScalar()
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, r.unexpected("write {key: value, ...}")
		}
		if err := r.key(k, keys); err != nil {
			return nil, err
		}
		r.skip()
		item := r.node(nullNode, k.line)
		if r.peek(0) == ':' {
			r.at++
			if r.skip(); r.peek(0) != ',' && r.peek(0) != '}' {
				if item, err = r.flowItem(depth + 1); err != nil {
					return nil, err
				}
			}
		}
		r.items = append(r.items, item)
		if err := r.separator(line, "{", "}"); err != nil {
			return nil, err
		}
	}
}

func (r *yamlReader) flowSequence(depth int) (*node, error) {
	line, first := r.line, len(r.items)
	r.at++
	for {
		switch r.skip(); {
		case r.at >= len(r.text):
			return nil, r.refuse(line, "not valid YAML: [ is never closed", "write ] at its end")
		case r.peek(0) == ']':
			r.at++
			return r.filled(listNode, line, len(r.keys), first)
		}
		item, err := r.flowItem(depth + 1)
		if err != nil {
			return nil, err
		}
		r.items = append(r.items, item)
		if err := r.separator(line, "[", "]"); err != nil {
			return nil, err
		}
	}
}

// separator reads the comma between two items; before the closing bracket
// there may be none.
func (r *yamlReader) separator(line int, open, end string) error {
	switch r.skip(); {
	case r.at >= len(r.text):
		return r.refuse(line, fmt.Sprintf("not valid YAML: %s is never closed", open), "write "+end+" at its end")
	case r.peek(0) == ',':
		r.at++
		return nil
	case r.peek(0) == end[0]:
		return nil
	}
	return r.unexpected("write , between two items and " + end + " at the end")
}

// twice refuses a key that stands twice among those from a place on.
func (r *yamlReader) twice(first int) error {
	keys := r.keys[first:]
	if len(keys) <= 16 {
		for i, k := range keys {
			for _, before := range keys[:i] {
				if before.text == k.text {
					return r.refuseTwice(before, k)
				}
			}
		}
		return nil
	}
	seen := make(map[string]int, len(keys))
	for i, k := range keys {
		if before, ok := seen[k.text]; ok {
			return r.refuseTwice(keys[before], k)
		}
		seen[k.text] = i
	}
	return nil
}

func (r *yamlReader) refuseTwice(before, k key) error {
	return r.refuse(k.line, fmt.Sprintf("key %s stands twice, first at line %d", quote(k.text), before.line), "keep one of them")
}

// resolved is the value that a scalar stands for.
func (r *yamlReader) resolved(s scalarText) (*node, error) {
	n := r.node(textNode, s.line)
	n.text = s.text
	if !s.plain {
		return n, nil
	}
	switch s.text {
	case "", "~", "null", "Null", "NULL":
		n.kind, n.text = nullNode, ""
	case "true", "True", "TRUE", "false", "False", "FALSE":
		n.kind, n.text = boolNode, strings.ToLower(s.text)
	case "<<":
		return nil, r.mergeKey(s)
	default:
		switch {
		case isDecimal(s.text):
			n.kind = numberNode
		case looksNumeric(s.text):
			return nil, r.refuse(s.line, fmt.Sprintf("%s is not a decimal number", quote(s.text)), "write it with digits only, such as 1000 or 12.50, or in quotes where it is a text")
		}
	}
	return n, nil
}

// looksNumeric reports whether some YAML reader takes a plain scalar that is
// no decimal for a number: 007, 0x1f, 1_000, .5, 5., .inf.
func looksNumeric(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	switch strings.ToLower(s) {
	case ".inf", ".nan":
		return true
	}
	if s == "" || len(s) > 100 {
		return false
	}
	if len(s) > 2 && s[0] == '0' {
		if digits := map[byte]string{'x': "0123456789abcdefABCDEF_", 'o': "01234567_", 'b': "01_"}[s[1]]; digits != "" {
			return strings.Trim(s[2:], digits) == ""
		}
	}
	mantissa, exponent, e := strings.Cut(strings.ToLower(s), "e")
	if exponent = strings.TrimLeft(exponent, "+-"); e && (exponent == "" || strings.Trim(exponent, "0123456789") != "") {
		return false
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	return strings.ContainsAny(mantissa, "0123456789") && strings.Trim(whole, "0123456789_") == "" && strings.Trim(fraction, "0123456789_") == "" &&
		!strings.HasPrefix(whole, "_")
}
