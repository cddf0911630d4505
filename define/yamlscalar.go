package define

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// scalarText is a plain or quoted scalar as it was read.
type scalarText struct {
	text  string
	plain bool
	line  int // of its first character
}

// scalar reads a plain or quoted scalar of a block, and reports false where
// none begins here. A plain one goes on over the lines that begin at column or
// later, unless a colon follows on its first.
func (r *yamlReader) scalar(column int) (s scalarText, ok bool, err error) {
	s = scalarText{line: r.line}
	if c := r.peek(0); c == '"' || c == '\'' {
		s.text, err = r.quotedText(c)
		return s, true, err
	}
	if !r.plainBegins(false) {
		return s, false, nil
	}
	s.plain = true
	at := r.column()
	if s.text = r.plainLine(false); !r.colon() {
		err = r.plainLines(&s, max(column, 0), func() error {
			if r.column() == at {
				return r.noColon(s)
			}
			return r.wrong("this line is deeper than the text above, which it goes on with", "look at its indentation, or put the text above in quotes")
		})
	}
	return s, true, err
}

// flowScalar reads a plain or quoted scalar in {} or [], and reports false
// where none begins here.
func (r *yamlReader) flowScalar() (s scalarText, ok bool, err error) {
	s = scalarText{line: r.line}
	if c := r.peek(0); c == '"' || c == '\'' {
		s.text, err = r.quotedText(c)
		return s, true, err
	}
	if !r.plainBegins(true) {
		return s, false, nil
	}
	s.text, s.plain = r.plainLine(true), true
	return s, true, r.plainLines(&s, 0, nil)
}

const flowIndicators = ",[]{}"

// plainBegins reports whether a plain scalar may begin here.
func (r *yamlReader) plainBegins(flow bool) bool {
	c := r.peek(0)
	switch {
	case r.blank(0) || strings.IndexByte("#&*!|>'\"%@`"+flowIndicators, c) >= 0:
		return false
	case c == '-' || c == '?' || c == ':':
		return !r.blank(1) && (!flow || strings.IndexByte(flowIndicators, r.peek(1)) < 0)
	}
	return true
}

// plainLine reads a plain scalar up to the end of the line, a comment, a colon
// with white space after it or, in {} and [], an indicator; without the white
// space at its end.
func (r *yamlReader) plainLine(flow bool) string {
	from, end := r.at, r.at
	for r.at < len(r.text) && r.lineBreak(r.at) == 0 {
		c := r.text[r.at]
		switch {
		case c == ':' && (r.blank(1) || flow && strings.IndexByte(flowIndicators, r.peek(1)) >= 0),
			c == '#' && r.at > from && (r.text[r.at-1] == ' ' || r.text[r.at-1] == '\t'),
			flow && strings.IndexByte(flowIndicators, c) >= 0:
			r.at = end
			return r.text[from:end]
		}
		r.at++
		if c != ' ' && c != '\t' {
			end = r.at
		}
	}
	r.at = end
	return r.text[from:end]
}

// plainLines goes on with a plain scalar over the next lines: in {} and [],
// where colon is nil, all; else those that begin at column or later, and colon
// is the error of a line that is a key. A line break is a space, more of them
// are one less.
func (r *yamlReader) plainLines(s *scalarText, column int, colon func() error) error {
	flow := colon == nil
	var b []byte
	for {
		at, line, start := r.at, r.line, r.start
		breaks := r.breaks()
		goesOn := breaks > 0 && r.at < len(r.text) && r.peek(0) != '#' && !r.marker()
		if flow {
			goesOn = goesOn && r.plainBegins(true)
		} else {
			goesOn = goesOn && r.column() >= column && !strings.Contains(r.text[r.start:r.at], "\t")
		}
		if !goesOn {
			r.at, r.line, r.start = at, line, start
			break
		}
		if b == nil {
			b = append(b, s.text...)
		}
		begins := r.at
		b = append(fold(b, breaks), r.plainLine(flow)...)
		if !flow && r.colon() {
			r.at = begins
			return colon()
		}
	}
	if b != nil {
		s.text = norm.NFC.String(string(b))
	}
	return nil
}

// breaks passes white space over lines and returns how many breaks it held.
func (r *yamlReader) breaks() int {
	r.spaces()
	total := 0
	for n := r.lineBreak(r.at); n > 0; n = r.lineBreak(r.at) {
		r.newLine(n)
		r.spaces()
		total++
	}
	return total
}

// fold adds what line breaks within a folded text stand for.
func fold(b []byte, breaks int) []byte {
	if breaks == 1 {
		return append(b, ' ')
	}
	return append(b, strings.Repeat("\n", breaks-1)...)
}

// quotedText reads a text in single or double quotes.
func (r *yamlReader) quotedText(quote byte) (string, error) {
	line := r.line
	r.at++
	from := r.at
	var b []byte // once the text is more than a part of what is read
	whole := true
	solid := 0 // of b: what escapes gave is kept before a line break
	part := func() {
		if whole {
			b, whole = append(b, r.text[from:r.at]...), false
		}
	}
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch {
		case c == quote && quote == '\'' && r.peek(1) == '\'':
			part()
			b = append(b, '\'')
			r.at += 2
		case c == quote:
			r.at++
			if whole {
				return r.text[from : r.at-1], nil
			}
			return norm.NFC.String(string(b)), nil
		case c == '\\' && quote == '"':
			part()
			if n := r.lineBreak(r.at + 1); n > 0 { // the line goes on
				r.at++
				r.newLine(n)
				r.spaces()
			} else {
				s, size, err := r.escape()
				if err != nil {
					return "", err
				}
				b = append(b, s...)
				r.at += size
			}
			solid = len(b)
		case r.lineBreak(r.at) > 0:
			part()
			for len(b) > solid && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
				b = b[:len(b)-1]
			}
			b = fold(b, r.breaks())
			solid = len(b)
		default:
			if !whole {
				b = append(b, c)
			}
			r.at++
		}
	}
	return "", r.refuse(line, "not valid YAML: the quoted text is never closed", "write "+string(quote)+" at its end")
}

// escapes are those of one character.
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b", ' ': " ", '"': "\"", '/': "/", '\\': "\\",
	'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escape returns what the escape that begins here stands for, and its length.
// Two of JSON's that are the halves of one character are that character.
func (r *yamlReader) escape() (string, int, error) {
	c := r.peek(1)
	if s, ok := escapes[c]; ok {
		return s, 2, nil
	}
	if n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]; n > 0 {
		if v, ok := r.hex(2, n); ok && v <= utf8.MaxRune {
			size := 2 + n
			if utf16.IsSurrogate(rune(v)) && c == 'u' && r.peek(size) == '\\' && r.peek(size+1) == 'u' {
				if low, ok := r.hex(size+2, 4); ok {
					if both := utf16.DecodeRune(rune(v), rune(low)); both != utf8.RuneError {
						return string(both), size + 6, nil
					}
				}
			}
			return string(rune(v)), size, nil
		}
	}
	_, size := utf8.DecodeRuneInString(r.text[r.at+1:])
	return "", 0, r.wrong(r.text[r.at:r.at+1+size]+" is no escape", "write \\\\ for a backslash, or use single quotes")
}

// hex reads n hexadecimal digits at a distance.
func (r *yamlReader) hex(at, n int) (v uint32, ok bool) {
	for i := range n {
		d := strings.IndexByte("0123456789abcdef", r.peek(at+i)|0x20)
		if d < 0 || r.peek(at+i) < '0' {
			return 0, false
		}
		v = v<<4 | uint32(d)
	}
	return v, true
}

// blockScalar reads a text after | or > whose lines begin at column or later.
func (r *yamlReader) blockScalar(column int) (*node, error) {
	n := r.node(textNode, r.line)
	folded := r.peek(0) == '>'
	r.at++
	chomp, indent := byte(0), -1
	for range 2 {
		switch c := r.peek(0); {
		case (c == '-' || c == '+') && chomp == 0:
			chomp = c
			r.at++
		case c >= '1' && c <= '9' && indent < 0:
			indent = max(column-1, 0) + int(c-'0')
			r.at++
		}
	}
	if !r.blank(0) || !r.ended() {
		return nil, r.unexpected("write the text on the next lines, indented")
	}
	var b []byte
	breaks, deeper, filled := 0, false, false // line breaks not yet written; the last line began with a space; there is some
	for r.at < len(r.text) {
		r.newLine(r.lineBreak(r.at))
		for r.peek(0) == ' ' && (indent < 0 || r.column() < indent) {
			r.at++
		}
		if r.at < len(r.text) && r.lineBreak(r.at) > 0 {
			breaks++
			continue
		}
		if indent < 0 {
			indent = max(r.column(), column)
		}
		if r.at >= len(r.text) || r.column() < indent || r.marker() {
			r.at = r.start
			break
		}
		from := r.at
		for r.at < len(r.text) && r.lineBreak(r.at) == 0 {
			r.at++
		}
		more := r.text[from] == ' ' || r.text[from] == '\t'
		switch {
		case !filled:
		case folded && !more && !deeper:
			if breaks == 0 {
				b = append(b, ' ')
			}
		default:
			breaks++
		}
		b = append(append(b, strings.Repeat("\n", breaks)...), r.text[from:r.at]...)
		breaks, deeper, filled = 0, more, true
	}
	closed := strings.HasSuffix(r.text[:r.at], "\n") || strings.HasSuffix(r.text[:r.at], "\r")
	switch {
	case chomp == '+':
		if filled && closed {
			breaks++
		}
		b = append(b, strings.Repeat("\n", breaks)...)
	case chomp == 0 && filled && (closed || breaks > 0):
		b = append(b, '\n')
	}
	n.text = norm.NFC.String(string(b))
	return n, nil
}
