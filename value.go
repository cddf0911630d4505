package strata

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind is the type of a value.
type Kind uint8

// The kinds of values. Their numbers are stored on disk and never change.
const (
	Missing Kind = 0
	Boolean Kind = 1
	Number  Kind = 2 // exact decimal: Int x 10^-Scale
	Float   Kind = 3 // float64
	Money   Kind = 4 // exact decimal in major units: Int x 10^-Scale
	Text    Kind = 5
	ID      Kind = 6 // id-like text, compared by hash inside, never in a dictionary
	Date    Kind = 7 // civil day: Int = days since 1970-01-01
	Time    Kind = 8 // Int = an Instant
	List    Kind = 9 // many of: texts, sorted by code point, distinct
)

var kindNames = [...]string{"missing", "boolean", "number", "float", "money", "text", "id", "date", "time", "list"}

func (k Kind) String() string { return kindNames[k] }

// Value is one value of any kind; the zero Value is missing. Values of equal
// kind, scale and content are ==; use Equal to compare decimals of unlike
// scale.
type Value struct {
	Text  string // Text, ID; List: its texts joined by listSeparator
	Int   int64  // Boolean (0, 1), Number, Money, Date, Time; Float: its bits
	Kind  Kind
	Scale uint8 // Number, Money: digits after the point
}

const listSeparator = "\x1f"

// TextOf returns a text value; empty text is missing.
func TextOf(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{Kind: Text, Text: s}
}

// IDOf returns an id-like text value; empty text is missing.
func IDOf(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{Kind: ID, Text: s}
}

// BooleanOf returns a boolean value.
func BooleanOf(b bool) Value {
	v := Value{Kind: Boolean}
	if b {
		v.Int = 1
	}
	return v
}

// NumberOf returns the exact decimal n x 10^-scale.
func NumberOf(n int64, scale uint8) Value { return Value{Kind: Number, Int: n, Scale: scale} }

// MoneyOf returns the exact amount n x 10^-scale in major units.
func MoneyOf(n int64, scale uint8) Value { return Value{Kind: Money, Int: n, Scale: scale} }

// FloatOf returns a float64 value; NaN is missing.
func FloatOf(f float64) Value {
	if math.IsNaN(f) {
		return Value{}
	}
	return Value{Kind: Float, Int: int64(math.Float64bits(f))}
}

// TimeOf returns an instant as a value.
func TimeOf(i Instant) Value { return Value{Kind: Time, Int: int64(i)} }

// DateOf returns a civil day, in days since 1970-01-01.
func DateOf(days int64) Value { return Value{Kind: Date, Int: days} }

// ListOf returns a many-of value; texts must be sorted and distinct. No texts
// is missing.
func ListOf(texts []string) Value {
	if len(texts) == 0 {
		return Value{}
	}
	return Value{Kind: List, Text: strings.Join(texts, listSeparator)}
}

// IsMissing reports whether there is no value.
func (v Value) IsMissing() bool { return v.Kind == Missing }

// Bool returns the truth of a Boolean.
func (v Value) Bool() bool { return v.Int != 0 }

// Texts returns the texts of a List.
func (v Value) Texts() []string { return strings.Split(v.Text, listSeparator) }

// Numeric reports whether v is a Number, Money or Float.
func (v Value) Numeric() bool { return v.Kind == Number || v.Kind == Money || v.Kind == Float }

// Float64 returns a numeric value as float64 (Boolean 0 or 1, Date days, Time
// milliseconds), and NaN for the others.
func (v Value) Float64() float64 {
	switch v.Kind {
	case Float:
		return math.Float64frombits(uint64(v.Int))
	case Number, Money:
		if v.Scale == 0 {
			return float64(v.Int)
		}
		return float64(v.Int) / float64(Pow10(v.Scale))
	case Boolean, Date, Time:
		return float64(v.Int)
	}
	return math.NaN()
}

// Pow10 returns 10^n for n up to 18.
func Pow10(n uint8) int64 {
	p := int64(1)
	for ; n > 0; n-- {
		p *= 10
	}
	return p
}

// Rescale returns n x 10^-from as an integer at scale to, and false where
// digits would be lost or int64 overflows.
func Rescale(n int64, from, to uint8) (int64, bool) {
	for ; from < to; from++ {
		if n > math.MaxInt64/10 || n < math.MinInt64/10 {
			return 0, false
		}
		n *= 10
	}
	for ; from > to; from-- {
		if n%10 != 0 {
			return 0, false
		}
		n /= 10
	}
	return n, true
}

// Compare orders two values of comparable kinds: decimals and floats by
// value, texts and ids by code point, dates, times and booleans by value. It
// reports false where the kinds cannot be compared or one is missing.
func Compare(a, b Value) (int, bool) {
	switch {
	case a.Numeric() && b.Numeric():
		if a.Kind != Float && b.Kind != Float {
			return compareDecimal(a, b), true
		}
		x, y := a.Float64(), b.Float64()
		switch {
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	case (a.Kind == Text || a.Kind == ID) && (b.Kind == Text || b.Kind == ID):
		return strings.Compare(a.Text, b.Text), true
	case a.Kind == b.Kind && (a.Kind == Boolean || a.Kind == Date || a.Kind == Time):
		return compareInt(a.Int, b.Int), true
	case a.Kind == List && b.Kind == List:
		return strings.Compare(a.Text, b.Text), true
	}
	return 0, false
}

// Equal reports whether both are missing or compare as equal.
func Equal(a, b Value) bool {
	if a.Kind == Missing || b.Kind == Missing {
		return a.Kind == b.Kind
	}
	c, ok := Compare(a, b)
	return ok && c == 0
}

func compareInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func compareDecimal(a, b Value) int {
	scale := max(a.Scale, b.Scale)
	x, okX := Rescale(a.Int, a.Scale, scale)
	y, okY := Rescale(b.Int, b.Scale, scale)
	if okX && okY {
		return compareInt(x, y)
	}
	// One of them is too large for the other's scale, so they differ by far
	// more than float64 rounds.
	if a.Float64() < b.Float64() {
		return -1
	}
	return 1
}

// String prints the value as every face shows it: decimals exactly with
// Scale digits, dates as 2006-01-02, times as RFC 3339 in UTC, lists joined
// by ", ".
func (v Value) String() string {
	switch v.Kind {
	case Boolean:
		return strconv.FormatBool(v.Int != 0)
	case Number, Money:
		return FormatDecimal(v.Int, v.Scale)
	case Float:
		return strconv.FormatFloat(v.Float64(), 'g', -1, 64)
	case Text, ID:
		return v.Text
	case Date:
		return time.Unix(v.Int*86400, 0).UTC().Format("2006-01-02")
	case Time:
		return Instant(v.Int).In(time.UTC).Format("2006-01-02T15:04:05.999Z07:00")
	case List:
		return strings.Join(v.Texts(), ", ")
	}
	return ""
}

// FormatDecimal prints n x 10^-scale with exactly scale digits after the
// point.
func FormatDecimal(n int64, scale uint8) string {
	if scale == 0 {
		return strconv.FormatInt(n, 10)
	}
	sign, u := "", uint64(n)
	if n < 0 {
		sign, u = "-", -u
	}
	s := strconv.FormatUint(u, 10)
	if pad := int(scale) + 1 - len(s); pad > 0 {
		s = strings.Repeat("0", pad) + s
	}
	cut := len(s) - int(scale)
	return sign + s[:cut] + "." + s[cut:]
}

// ParseDecimal reads an exact decimal ("-12.30") and returns it at the given
// scale. It reports false for anything else, including more digits after the
// point than scale holds (trailing zeros do not count) and overflow.
func ParseDecimal(s string, scale uint8) (int64, bool) {
	digits, negative := s, false
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		negative = digits[0] == '-'
		digits = digits[1:]
	}
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" && fraction == "" || point && fraction == "" {
		return 0, false
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > int(scale) {
		return 0, false
	}
	var n int64
	for _, part := range [2]string{whole, fraction} {
		for i := 0; i < len(part); i++ {
			c := part[i]
			if c < '0' || c > '9' || n > (math.MaxInt64-9)/10 {
				return 0, false
			}
			n = n*10 + int64(c-'0')
		}
	}
	n, ok := Rescale(n, uint8(len(fraction)), scale)
	if negative {
		n = -n
	}
	return n, ok
}
