package scenario

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"strata"
	"strata/define"
)

// decimal is a number as people write it.
var decimal = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]+)?|\.[0-9]+)$`)

// mostMoney is the largest amount of money, in units of its scale.
const mostMoney = 10_000_000_000_000

// ParseValue reads one value as JSON or YAML decode it (nil, bool, string,
// json.Number, the numbers of Go, []any) as a value of a catalogue type. Empty
// text, an empty list and nil are missing. A number written as text is a
// number when it is exactly one; dates and times without a zone are those of
// the business. The zero Type infers the type: text, an exact number or a
// boolean. The error is Invalid, with a hint and without a field.
func ParseValue(v any, t define.Type, s strata.Settings) (strata.Value, error) {
	zone, err := s.Location()
	if err != nil {
		return strata.Value{}, err
	}
	return converter{s, zone}.value(v, t)
}

// converter makes values of types.
type converter struct {
	settings strata.Settings
	zone     *time.Location
}

func wrong(hint, format string, args ...any) (strata.Value, error) {
	return strata.Value{}, &strata.Error{Code: strata.Invalid, Message: fmt.Sprintf(format, args...), Hint: hint}
}

func (c converter) value(v any, t define.Type) (strata.Value, error) {
	switch v := v.(type) {
	case nil:
		return strata.Value{}, nil
	case map[string]any:
		return wrong("write its parts as properties of their own", "nested data is not read")
	case []any:
		return c.list(v, t)
	case string:
		if v == "" {
			return strata.Value{}, nil
		}
		v = norm.NFC.String(v)
		if t.Many {
			return c.list([]any{v}, t)
		}
		return c.text(v, t)
	case bool:
		if t.Many || t.Name != define.TypeBoolean && t.Name != "" {
			return wrong(hintFor(t), "%t is not %s", v, typeTitle(t))
		}
		return strata.BooleanOf(v), nil
	case json.Number:
		return c.number(v.String(), t)
	case int:
		return c.number(strconv.Itoa(v), t)
	case int64:
		return c.number(strconv.FormatInt(v, 10), t)
	case uint64:
		return c.number(strconv.FormatUint(v, 10), t)
	case float64:
		return c.number(strconv.FormatFloat(v, 'f', -1, 64), t)
	}
	return wrong(hintFor(t), "%v cannot be read as a value", v)
}

// list reads many texts; they are sorted and each is there once.
func (c converter) list(items []any, t define.Type) (strata.Value, error) {
	if len(items) == 0 {
		return strata.Value{}, nil
	}
	if !t.Many {
		for _, item := range items {
			if _, nested := item.(map[string]any); nested {
				return wrong("write one event for each element, such as item_bought with the order's order_id", "a nested array is not read")
			}
		}
		return wrong("write one value, or declare it with many: true in the catalogue", "an array is not %s", typeTitle(t))
	}
	single := t
	single.Many = false
	var texts []string
	for _, item := range items {
		text, isText := item.(string)
		if !isText {
			return wrong(`write texts, such as ["a", "b"]`, "%v is not a text", item)
		}
		value, err := c.value(text, single)
		if err != nil {
			return value, err
		}
		if strings.ContainsRune(value.Text, '\x1f') {
			return wrong("leave the control character out", "%q cannot stand in a list", text)
		}
		if !value.IsMissing() {
			texts = append(texts, value.Text)
		}
	}
	slices.Sort(texts)
	return strata.ListOf(slices.Compact(texts)), nil
}

func (c converter) text(s string, t define.Type) (strata.Value, error) {
	refuse := func() (strata.Value, error) { return wrong(hintFor(t), "%s is not %s", quoted(s), typeTitle(t)) }
	switch t.Name {
	case "", define.TypeText:
		return strata.TextOf(s), nil
	case define.TypeID:
		return strata.IDOf(s), nil
	case define.TypeChoice:
		if !slices.Contains(t.Values, s) {
			hint := define.DidYouMean(s, t.Values)
			if hint == "" {
				hint = hintFor(t)
			}
			return wrong(hint, "%s is not one of its values", quoted(s))
		}
		return strata.TextOf(s), nil
	case define.TypeNumber, define.TypeMoney:
		if !decimal.MatchString(s) {
			return refuse()
		}
		return c.number(s, t)
	case define.TypeFloat:
		if strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("+-.eE0123456789", r) }) >= 0 {
			return refuse()
		}
		return c.number(s, t)
	case define.TypeBoolean:
		if s != "true" && s != "false" {
			return refuse()
		}
		return strata.BooleanOf(s == "true"), nil
	case define.TypeDate:
		day, ok := parseDay(s, c.zone)
		if !ok {
			return refuse()
		}
		return strata.DateOf(day), nil
	case define.TypeTime:
		at, ok := parseInstant(s, c.zone)
		if !ok {
			return refuse()
		}
		return strata.TimeOf(at), nil
	}
	return refuse()
}

// number reads a number as it is written in JSON.
func (c converter) number(s string, t define.Type) (strata.Value, error) {
	refuse := func() (strata.Value, error) { return wrong(hintFor(t), "%s is not %s", s, typeTitle(t)) }
	if t.Many {
		return refuse()
	}
	switch t.Name {
	case define.TypeID:
		if _, ok := strata.ParseDecimal(s, 0); !ok || strings.ContainsAny(s, ".+") {
			return refuse()
		}
		return strata.IDOf(s), nil
	case define.TypeFloat:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return refuse()
		}
		return strata.FloatOf(f), nil
	case define.TypeNumber, define.TypeMoney, "":
	default:
		return refuse()
	}
	plain, ok := withoutExponent(s)
	if !ok {
		return refuse()
	}
	scale, fixed := t.DecimalScale(c.settings)
	if !fixed {
		scale = define.FreeScale
	}
	n, ok := strata.ParseDecimal(plain, scale)
	if !ok {
		if _, fraction, _ := strings.Cut(plain, "."); len(strings.TrimRight(fraction, "0")) > int(scale) {
			return wrong("round it, or declare a larger scale in the catalogue", "%s has more than %d digits after the point", s, scale)
		}
		return wrong("check its unit", "%s is too large", s)
	}
	if t.Name == define.TypeMoney {
		if n > mostMoney || n < -mostMoney {
			return wrong("check its unit", "%s is more money than any order can be", s)
		}
		return strata.MoneyOf(n, scale), nil
	}
	for !fixed && scale > 0 && n%10 == 0 { // a free number keeps only the digits it needs
		n, scale = n/10, scale-1
	}
	return strata.NumberOf(n, scale), nil
}

// withoutExponent writes 1.5e3 as 1500.
func withoutExponent(s string) (string, bool) {
	mantissa, exponent, found := strings.Cut(strings.ToLower(s), "e")
	if !found {
		return s, true
	}
	n, err := strconv.Atoi(exponent)
	if err != nil || n > 18 || n < -18 {
		return "", false
	}
	sign := ""
	if strings.HasPrefix(mantissa, "-") {
		sign, mantissa = "-", mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	for ; n > 0; n-- {
		if fraction == "" {
			fraction = "0"
		}
		whole, fraction = whole+fraction[:1], fraction[1:]
	}
	for ; n < 0; n++ {
		if whole == "" {
			whole = "0"
		}
		whole, fraction = whole[:len(whole)-1], whole[len(whole)-1:]+fraction
	}
	if fraction == "" {
		return sign + whole, true
	}
	return sign + whole + "." + fraction, true
}

// localLayouts are instants without a zone.
var localLayouts = []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}

// parseInstant reads RFC 3339, or a date (its start) or local time of day in
// the zone.
func parseInstant(s string, zone *time.Location) (strata.Instant, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return strata.At(t), true
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return define.DayStart(t.Unix()/86400, zone), true
	}
	for _, layout := range localLayouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return strata.At(t), true
		}
	}
	return 0, false
}

// parseDay reads a date; of an instant it is the civil day in the zone.
func parseDay(s string, zone *time.Location) (int64, bool) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.Unix() / 86400, true
	}
	at, ok := parseInstant(s, zone)
	return define.DayOf(at, zone), ok
}

func typeTitle(t define.Type) string {
	title := map[define.TypeName]string{
		"": "a single value", define.TypeText: "a text", define.TypeID: "an id", define.TypeNumber: "a number", define.TypeFloat: "a number",
		define.TypeMoney: "an amount of money", define.TypeBoolean: "a boolean", define.TypeDate: "a date", define.TypeTime: "a time", define.TypeChoice: "one of its values",
	}[t.Name]
	if t.Many {
		return "a list of texts"
	}
	return title
}

// hintFor says how a value of the type is written.
func hintFor(t define.Type) string {
	if t.Many {
		return `write texts, such as ["a", "b"]`
	}
	switch t.Name {
	case define.TypeText:
		return `write it in quotes, such as "12"`
	case define.TypeID:
		return `write "A-1001" or 1001`
	case define.TypeNumber, define.TypeFloat:
		return "write digits, such as 12 or 12.5"
	case define.TypeMoney:
		return "write an amount in major units, such as 1234.50"
	case define.TypeBoolean:
		return "write true or false"
	case define.TypeDate:
		return "write a date, such as 2026-01-31"
	case define.TypeTime:
		return "write 2026-01-31T08:00:00+08:00, or a date or local time such as 2026-01-31 08:00:00"
	case define.TypeChoice:
		return "write one of " + strings.Join(t.Values, ", ")
	}
	return "write a text, a number, true or false"
}

func quoted(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		s = string(runes[:60]) + "…"
	}
	return strconv.Quote(s)
}
