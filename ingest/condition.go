package ingest

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"

	"strata"
)

// condition is a test of a row: it holds when every part of any of its
// alternatives holds.
type condition struct {
	alternatives [][]cellTest
}

// cellTest tests one cell as cleaned text, or as a number for the four
// comparisons of size, which are false of what is not a number.
type cellTest struct {
	column int
	op     string
	texts  [][]byte
	re     *regexp.Regexp
	number strata.Value
	yes    bool // empty, present
}

var conditionOps = []string{"is", "is_not", "in", "not_in", "starts_with", "ends_with", "contains", "not_contains", "matches", "empty", "present",
	"at_least", "at_most", "greater_than", "less_than"}

// condition reads {COLUMN: {OP: OPERAND, ...}, ...}, or a list of such of
// which any may hold. COLUMN: TEXT means is.
func (b *mappingReader) condition(p place) *condition {
	c := &condition{}
	for _, alternative := range b.items(p) {
		list, ok := b.entries(alternative, "a row condition")
		if !ok {
			continue
		}
		if len(list) == 0 {
			b.fail(alternative, "the condition is empty", "write {COLUMN: {is: TEXT}}, or leave it out")
			continue
		}
		var tests []cellTest
		for _, e := range list {
			slot := b.column(e.key, e.value)
			if !isMapping(e.value) {
				op := "is"
				if isList(e.value) {
					op = "in"
				}
				if t, ok := b.cellTest(slot, op, e.value); ok {
					tests = append(tests, t)
				}
				continue
			}
			ops := b.fields(e.value, "the test of a column", conditionOps...)
			for _, op := range conditionOps {
				if operand, ok := ops[op]; ok {
					if t, ok := b.cellTest(slot, op, operand); ok {
						tests = append(tests, t)
					}
				}
			}
		}
		c.alternatives = append(c.alternatives, tests)
	}
	return c
}

func (b *mappingReader) cellTest(slot int, op string, p place) (cellTest, bool) {
	t := cellTest{column: slot, op: op}
	switch op {
	case "empty", "present":
		t.yes = b.boolean(p)
		return t, true
	case "at_least", "at_most", "greater_than", "less_than":
		var ok bool
		t.number, ok = b.decimal(p)
		return t, ok
	case "matches":
		re, err := regexp.Compile(b.text(p, op))
		if err != nil {
			b.fail(p, "not a regular expression: "+err.Error(), "use RE2 syntax, such as ^C[0-9]+$")
			return t, false
		}
		t.re = re
		return t, true
	}
	for _, item := range b.items(p) {
		s, ok := scalar(item)
		if !ok {
			b.fail(item, fmt.Sprintf("%s needs a text, found %s", op, describe(item)), "")
			return t, false
		}
		if s = cleanText(s); s == "" {
			b.fail(item, op+" needs a text that is not empty", "write empty: true to test for an empty cell")
			return t, false
		}
		t.texts = append(t.texts, []byte(s))
	}
	if len(t.texts) == 0 {
		b.fail(p, op+" needs at least one text", "")
		return t, false
	}
	return t, true
}

// decimal reads a number of up to 6 digits after the point.
func (b *mappingReader) decimal(p place) (strata.Value, bool) {
	s, _ := scalar(p)
	n, ok := strata.ParseDecimal(s, 6)
	if !ok {
		b.fail(p, "must be a number, found "+describe(p), "write it as 12 or 12.50")
	}
	return strata.NumberOf(n, 6), ok
}

func (c *condition) holds(m *mapper) bool {
next:
	for _, tests := range c.alternatives {
		for i := range tests {
			if !tests[i].holds(m.cell(tests[i].column)) {
				continue next
			}
		}
		return true
	}
	return false
}

func (t *cellTest) holds(cell []byte) bool {
	switch t.op {
	case "is", "in":
		return t.any(cell, bytes.Equal)
	case "is_not", "not_in":
		return !t.any(cell, bytes.Equal)
	case "starts_with":
		return t.any(cell, bytes.HasPrefix)
	case "ends_with":
		return t.any(cell, bytes.HasSuffix)
	case "contains":
		return t.any(cell, bytes.Contains)
	case "not_contains":
		return !t.any(cell, bytes.Contains)
	case "matches":
		return t.re.Match(cell)
	case "empty":
		return (len(cell) == 0) == t.yes
	case "present":
		return (len(cell) > 0) == t.yes
	}
	return t.size(cell)
}

func (t *cellTest) any(cell []byte, match func(cell, text []byte) bool) bool {
	for _, text := range t.texts {
		if match(cell, text) {
			return true
		}
	}
	return false
}

func (t *cellTest) size(cell []byte) bool {
	if len(cell) == 0 {
		return false
	}
	var v strata.Value
	if n, ok := strata.ParseDecimal(string(cell), 6); ok {
		v = strata.NumberOf(n, 6)
	} else if f, err := strconv.ParseFloat(plainNumber(string(cell)), 64); err == nil {
		v = strata.FloatOf(f)
	} else {
		return false
	}
	return compares(v, t.op, t.number)
}

// compares reports whether v stands to limit as op says; false where they
// cannot be compared.
func compares(v strata.Value, op string, limit strata.Value) bool {
	c, ok := strata.Compare(v, limit)
	if !ok {
		return false
	}
	switch op {
	case "at_least":
		return c >= 0
	case "at_most":
		return c <= 0
	case "greater_than":
		return c > 0
	}
	return c < 0
}
