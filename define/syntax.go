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
