package ingest

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/currency"

	"strata"
	"strata/define"
)

const (
	// maxUnits is the largest amount of money, in units of its scale.
	maxUnits = 10_000_000_000_000
	maxText  = 32 << 10
	// numberScale is how many digits a number keeps where the catalogue does
	// not say.
	numberScale = 6
	listMarks   = ",，、;；|"
)

// refusal says why a row is not taken. Reason does not hold what was found,
// so that refusals can be counted by it.
type refusal struct {
	Field  string // the column
	Found  string
	Reason string
	Hint   string
}

func (r *refusal) text() string {
	if r.Found == "" {
		return r.Reason
	}
	return strconv.Quote(shortened(r.Found)) + " " + r.Reason
}

func shortened(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// target is a catalogue type as the mapper needs it.
type target struct {
	kind    strata.Kind
	scale   uint8
	fixed   bool  // the scale is the catalogue's, not the text's
	digits  uint8 // of the currency
	many    bool
	choices []string
}

// currencyDigits returns the digits after the point of a currency, 2 for an
// unknown one.
func currencyDigits(code string) uint8 {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return uint8(scale)
}

func targetOf(t define.Type, businessCurrency string) target {
	out := target{many: t.Many}
	switch t.Name {
	case define.TypeID:
		out.kind = strata.ID
	case define.TypeNumber:
		out.kind, out.scale = strata.Number, numberScale
	case define.TypeFloat:
		out.kind = strata.Float
	case define.TypeMoney:
		code := t.Currency
		if code == "" {
			code = businessCurrency
		}
		out.kind, out.fixed = strata.Money, true
		out.digits = currencyDigits(code)
		out.scale = out.digits
	case define.TypeBoolean:
		out.kind = strata.Boolean
	case define.TypeDate:
		out.kind = strata.Date
	case define.TypeTime:
		out.kind = strata.Time
	case define.TypeChoice:
		out.kind, out.choices = strata.Text, t.Values
	default:
		out.kind = strata.Text
	}
	if t.Scale != nil && (out.kind == strata.Money || out.kind == strata.Number) {
		out.scale, out.fixed = *t.Scale, true
	}
	if t.Many {
		out.kind = strata.List
	}
	return out
}

// compiled is a valueRule with what the import adds to it.
type compiled struct {
	*valueRule
	target
	times    timeFormat
	constant strata.Value
}

// value makes the rule's value of the current row, missing where its cell is
// empty.
func (m *mapper) value(c *compiled) (strata.Value, *refusal) {
	v, ref := m.origin(c)
	if ref != nil {
		return v, ref
	}
	if v.IsMissing() {
		if c.required {
			return v, &refusal{Field: m.columnName(c.column), Reason: "is empty", Hint: "write a value; " + c.name + " needs one in every row"}
		}
		return v, nil
	}
	if c.negate {
		switch v.Kind {
		case strata.Float:
			v = strata.FloatOf(-v.Float64())
		default:
			v.Int = -v.Int
		}
	}
	for _, l := range c.limits {
		if !compares(v, l.op, l.number) {
			return v, m.beyond(c, v, l)
		}
	}
	return v, nil
}

func (m *mapper) beyond(c *compiled, v strata.Value, l limit) *refusal {
	number := strings.TrimRight(strings.TrimRight(l.number.String(), "0"), ".")
	words := map[string]string{"at_least": "less than", "at_most": "more than", "greater_than": "not more than", "less_than": "not less than"}
	should := map[string]string{"at_least": "or more", "at_most": "or less", "greater_than": "", "less_than": ""}
	r := &refusal{Field: m.columnName(c.column), Found: v.String(), Reason: "is " + words[l.op] + " " + number,
		Hint: strings.TrimSpace(fmt.Sprintf("write a value %s %s %s", map[bool]string{true: "above", false: "of"}[l.op == "greater_than"], number, should[l.op]))}
	if l.op == "less_than" {
		r.Hint = "write a value below " + number
	}
	if c.column < 0 {
		r.Field = m.columnNames(c.product)
		r.Reason += " as " + c.name
	}
	return r
}

func (m *mapper) origin(c *compiled) (strata.Value, *refusal) {
	switch {
	case c.column >= 0:
		cell := m.cell(c.column)
		if len(cell) == 0 {
			return strata.Value{}, nil
		}
		if c.translate != nil {
			if to, ok := c.translate[string(cell)]; ok {
				cell = []byte(to)
			}
		}
		return m.convert(c, cell)
	case len(c.product) > 0:
		return m.product(c)
	case c.count:
		n, _ := strata.Rescale(1, 0, c.scale)
		return canonical(c, n), nil
	}
	return c.constant, nil
}

// convert reads a cell as the rule's type.
func (m *mapper) convert(c *compiled, cell []byte) (strata.Value, *refusal) {
	refuse := func(reason, hint string) (strata.Value, *refusal) {
		return strata.Value{}, &refusal{Field: m.columnName(c.column), Found: string(cell), Reason: reason, Hint: hint}
	}
	if len(cell) > maxText {
		return strata.Value{}, &refusal{Field: m.columnName(c.column), Found: string(cell[:60]), Reason: fmt.Sprintf("is longer than %d bytes", maxText),
			Hint: "shorten it, and see whether a quote before it was left open"}
	}
	switch c.kind {
	case strata.Text:
		if c.choices != nil && !slices.Contains(c.choices, string(cell)) {
			return refuse("is not one of the values of "+c.name, "write "+orList(c.choices)+", or translate it under values:")
		}
		return strata.TextOf(m.words(c, cell)), nil
	case strata.ID:
		if c.integer {
			whole, ok := wholeNumber(cell)
			if !ok {
				return refuse("is not a whole number", "write its digits, such as 17850")
			}
			cell = whole
		}
		return strata.IDOf(m.texts.text(cell)), nil
	case strata.Money, strata.Number:
		return m.decimal(c, cell)
	case strata.Float:
		f, err := strconv.ParseFloat(string(cell), 64)
		if err != nil {
			if f, err = strconv.ParseFloat(plainNumber(string(cell)), 64); err != nil {
				return refuse("is not a number", "write it as 12 or 12.5")
			}
		}
		return strata.FloatOf(f), nil
	case strata.Boolean:
		switch strings.ToLower(string(cell)) {
		case "true", "1", "yes", "y", "t", "是", "有", "对":
			return strata.BooleanOf(true), nil
		case "false", "0", "no", "n", "f", "否", "无", "没有", "不":
			return strata.BooleanOf(false), nil
		}
		return refuse("is neither yes nor no", "write true or false, 是 or 否")
	case strata.Date:
		day, ok := c.times.day(cell)
		if !ok {
			return refuse("is not a date that can be read", "write it as "+dateExamples+", or give layouts: in the mapping")
		}
		return strata.DateOf(day), nil
	case strata.Time:
		at, ok := c.times.instant(cell)
		if !ok {
			return refuse("is not a time that can be read", "write it as "+timeExamples+", or give layouts: in the mapping")
		}
		return strata.TimeOf(at), nil
	case strata.List:
		marks := c.separator
		if marks == "" {
			marks = listMarks
		}
		var texts []string
		for _, part := range bytes.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(marks, r) }) {
			part = cleanBytes(part)
			if len(part) == 0 {
				continue
			}
			if to, ok := c.translate[string(part)]; ok {
				part = []byte(to)
			}
			if c.choices != nil && !slices.Contains(c.choices, string(part)) {
				cell = part
				return refuse("is not one of the values of "+c.name, "write "+orList(c.choices)+", or translate it under values:")
			}
			texts = append(texts, m.texts.text(part))
		}
		slices.Sort(texts)
		return strata.ListOf(slices.Compact(texts)), nil
	}
	return strata.Value{}, nil
}

func (m *mapper) words(c *compiled, cell []byte) string {
	if c.integer {
		if whole, ok := wholeNumber(cell); ok {
			cell = whole
		}
	}
	return m.texts.text(cell)
}

// decimal reads an exact number or amount of money at its scale.
func (m *mapper) decimal(c *compiled, cell []byte) (strata.Value, *refusal) {
	scale := c.scale
	if c.minor {
		scale = 0
	}
	n, ok := strata.ParseDecimal(string(cell), scale)
	if !ok {
		n, ok = strata.ParseDecimal(plainNumber(string(cell)), scale)
	}
	if !ok {
		return strata.Value{}, m.notDecimal(c, cell, scale)
	}
	if c.minor {
		if n, ok = strata.Rescale(n, c.digits, c.scale); !ok {
			return strata.Value{}, m.notDecimal(c, cell, 0)
		}
	}
	return m.amount(c, n, string(cell))
}

// notDecimal says what is wrong with a cell that is no decimal of the scale.
func (m *mapper) notDecimal(c *compiled, cell []byte, scale uint8) *refusal {
	r := &refusal{Field: m.columnName(c.column), Found: string(cell)}
	if _, ok := strata.ParseDecimal(plainNumber(string(cell)), 12); ok {
		return m.tooFine(c, r, scale)
	}
	if c.kind == strata.Money {
		r.Reason, r.Hint = "is not an amount of money", "write digits, such as 1234.50"
	} else {
		r.Reason, r.Hint = "is not a number", "write digits, such as 12 or 12.5"
	}
	return r
}

func (m *mapper) tooFine(c *compiled, r *refusal, scale uint8) *refusal {
	r.Reason = fmt.Sprintf("has more than %d digits after the point", scale)
	r.Hint = fmt.Sprintf("round it, or declare %s with a larger scale: in the mapping's catalogue", c.name)
	if scale == 0 {
		r.Reason = "is not a whole number"
		r.Hint = "write it without a point, or declare " + c.name + " with a larger scale: in the mapping's catalogue"
	}
	return r
}

// amount returns n at the rule's scale as a value within its limits.
func (m *mapper) amount(c *compiled, n int64, found string) (strata.Value, *refusal) {
	if c.kind == strata.Money && (n > maxUnits || n < -maxUnits) {
		return strata.Value{}, &refusal{Field: m.columnName(c.column), Found: found, Reason: "is more money than any order can be", Hint: "check the column and its unit"}
	}
	return canonical(c, n), nil
}

// canonical returns n at the rule's scale as a value. A number whose scale the
// catalogue leaves open keeps only the digits it needs.
func canonical(c *compiled, n int64) strata.Value {
	scale := c.scale
	if !c.fixed {
		for scale > 0 && n%10 == 0 {
			n /= 10
			scale--
		}
	}
	return strata.Value{Kind: c.kind, Int: n, Scale: scale}
}

// product multiplies cells exactly.
func (m *mapper) product(c *compiled) (strata.Value, *refusal) {
	n, scale := int64(1), uint8(0)
	for _, column := range c.product {
		cell := m.cell(column)
		if len(cell) == 0 {
			if c.required {
				return strata.Value{}, &refusal{Field: m.columnName(column), Reason: "is empty", Hint: "write a number; " + c.name + " is computed from it"}
			}
			return strata.Value{}, nil
		}
		f, ok := strata.ParseDecimal(string(cell), numberScale)
		if !ok {
			f, ok = strata.ParseDecimal(plainNumber(string(cell)), numberScale)
		}
		if !ok {
			r := &refusal{Field: m.columnName(column), Found: string(cell), Reason: "is not a number", Hint: "write digits, such as 12 or 12.5"}
			if _, fine := strata.ParseDecimal(plainNumber(string(cell)), 12); fine {
				r.Reason, r.Hint = fmt.Sprintf("has more than %d digits after the point", numberScale), "round it"
			}
			return strata.Value{}, r
		}
		fs := uint8(numberScale)
		for fs > 0 && f%10 == 0 {
			f /= 10
			fs--
		}
		if n, ok = multiply(n, f); !ok {
			return strata.Value{}, &refusal{Field: m.columnNames(c.product), Reason: "multiply to more than can be stored as " + c.name, Hint: "check the columns"}
		}
		scale += fs
	}
	exact, ok := strata.Rescale(n, scale, c.scale)
	if !ok {
		r := m.tooFine(c, &refusal{Field: m.columnNames(c.product), Found: strata.FormatDecimal(n, scale)}, c.scale)
		r.Reason += " as " + c.name
		return strata.Value{}, r
	}
	v, ref := m.amount(c, exact, strata.FormatDecimal(n, scale))
	if ref != nil {
		ref.Field = m.columnNames(c.product)
	}
	return v, ref
}

// multiply returns a x b, and false where it does not fit.
func multiply(a, b int64) (int64, bool) {
	negative := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > 1<<63-1 {
		return 0, false
	}
	if negative {
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// add returns a + b of one kind at the larger scale, and false on overflow.
func add(a, b strata.Value) (strata.Value, bool) {
	scale := max(a.Scale, b.Scale)
	x, okX := strata.Rescale(a.Int, a.Scale, scale)
	y, okY := strata.Rescale(b.Int, b.Scale, scale)
	sum := x + y
	if !okX || !okY || (x > 0 && y > 0 && sum < 0) || (x < 0 && y < 0 && sum >= 0) {
		return a, false
	}
	a.Int, a.Scale = sum, scale
	return a, true
}
