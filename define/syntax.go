package define

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"strata"
)

// The limits of one file.
const (
	maxBytes   = 16 << 20
	maxDepth   = 64
	maxKeys    = 10_000  // of one mapping
	maxAnchors = 1_000   // of YAML
	maxValues  = 10_000  // of one definition that is no list
	maxCopied  = 200_000 // values that aliases and for_each stand for, each time counted

	// What the tree of a file may take, in bytes: some, and so much for each of
	// the file's.
	freeRoom   = 3 << 20
	roomFactor = 8
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
	switch {
	case len(trimmed) == 0:
		return mapOf(), nil
	case (trimmed[0] == '{' || trimmed[0] == '[') && json.Valid(data):
		return readJSON(norm.NFC.String(string(data)), refuse)
	case strings.HasSuffix(file, ".json"):
		if !json.Valid(data) {
			return nil, jsonError(data, refuse)
		}
		return readJSON(norm.NFC.String(string(data)), refuse)
	}
	return readYAML(norm.NFC.String(string(data)), refuse)
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

// jsonError refuses a text that is no JSON where it ends to be.
func jsonError(data []byte, refuse refusal) error {
	err := json.Unmarshal(data, new(json.RawMessage))
	message, offset := "not valid JSON: "+strings.TrimPrefix(err.Error(), "json: "), len(data)
	var wrong *json.SyntaxError
	if errors.As(err, &wrong) && wrong.Offset < int64(len(data)) {
		offset = int(wrong.Offset)
	} else {
		message = "the JSON text ends too early"
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
