package define

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"strata"
)

// builder turns a tree into definitions and gathers every error. Without a
// scope names are not looked up and literals are taken as written, which is
// how a file is read before it is known what it stands on.
type builder struct {
	file     string
	scope    *scope
	errs     []*problem // at most maxProblems and one that says so
	refused  int        // all of them
	warnings []Warning

	printed      bool // what is read was printed from checked definitions
	forget       bool // what is read is not kept
	made, copied int  // definitions and values by for_each
}

// maxProblems is how many errors are told.
const maxProblems = 1000

// problem is an error with the line that it is sorted by.
type problem struct {
	line int
	err  *strata.Error
}

// scope is what names mean.
type scope struct {
	set      *Set
	types    *typer
	settings strata.Settings
	zone     *time.Location
}

func (b *builder) refuse(c *cursor, message, hint string) {
	path := ""
	if !b.full() {
		path = c.path()
	}
	b.refuseAt(c.line, path, message, hint)
}

// full reports whether no more errors are told.
func (b *builder) full() bool { return len(b.errs) >= maxProblems }

func (b *builder) refuseAt(line int, path, message, hint string) {
	if b.refused++; b.full() {
		if len(b.errs) == maxProblems {
			more := &strata.Error{Code: strata.Invalid, Field: b.file, Message: fmt.Sprintf("more than %d errors; the others are not told", maxProblems), Hint: "mend these first"}
			b.errs = append(b.errs, &problem{math.MaxInt, more})
		}
		return
	}
	b.errs = append(b.errs, &problem{line, &strata.Error{Code: strata.Invalid, Field: fieldOf(b.file, line, path), Message: message, Hint: hint}})
}

// fieldOf is the Field of an error: file:line: path, as far as they are known.
func fieldOf(file string, line int, path string) string {
	field := fileLine(file, line)
	if path != "" && field != "" {
		field += ": "
	}
	return field + path
}

func (b *builder) warn(c *cursor, message, hint string) {
	b.warnings = append(b.warnings, Warning{Field: fieldOf(b.file, c.line, c.path()), Message: message, Hint: hint})
}

// object reads a mapping key by key; what nobody asked for is refused.
type object struct {
	b     *builder
	c     *cursor
	asked []string
	ok    bool // it is a mapping
}

// object returns a reader of the mapping at c. Another shape is refused, with
// want saying what to write, and read as empty.
func (b *builder) object(c *cursor, want string) *object {
	o := &object{b: b, c: c, ok: c.kind == mapNode}
	if !o.ok {
		b.refuse(c, fmt.Sprintf("a mapping is needed here, found %s", c.describe()), want)
	}
	return o
}

// get returns what stands under the key, nil where nothing does.
func (o *object) get(name string) *cursor {
	o.asked = append(o.asked, name)
	if !o.ok {
		return nil
	}
	for i := range o.c.keys {
		if o.c.keys[i].text == name {
			c := o.c.in(name, o.c.items[i])
			if c.kind == nullNode {
				o.b.refuseAt(o.c.keys[i].line, c.path(), "nothing stands after "+name, "write its value or remove the key")
				return nil
			}
			return c
		}
	}
	return nil
}

// has reports whether the key is there, without asking for it.
func (o *object) has(name string) bool { return o.ok && o.c.node.get(name) != nil }

// need is get for a key that must be there.
func (o *object) need(name, example string) *cursor {
	if c := o.get(name); c != nil {
		return c
	}
	if o.ok && o.c.node.get(name) == nil {
		o.b.refuse(o.c, name+" is missing", example)
	}
	return nil
}

// close refuses the keys that nobody asked for.
func (o *object) close() {
	if !o.ok {
		return
	}
	for i, k := range o.c.keys {
		if !slices.Contains(o.asked, k.text) {
			message, hint := unknown("key", quoteOdd(k.text), o.asked)
			if hint == "" {
				hint = "keys here: " + strings.Join(o.asked, ", ")
			}
			o.b.refuseAt(k.line, o.c.in(k.text, o.c.items[i]).path(), message, hint)
		}
	}
}

// quoteOdd quotes a name that is not one word.
func quoteOdd(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '*' }) && len(s) <= 100 {
		return s
	}
	return quote(s)
}

func (b *builder) text(c *cursor) string {
	if c == nil {
		return ""
	}
	if c.kind != textNode {
		hint := ""
		if c.kind == numberNode || c.kind == boolNode {
			hint = "write it in quotes: " + strconv.Quote(c.text)
		}
		b.refuse(c, fmt.Sprintf("a text is needed here, found %s", c.describe()), hint)
		return ""
	}
	if strings.TrimSpace(c.node.text) == "" {
		b.refuse(c, "the text is empty", "write it or remove the key")
		return ""
	}
	return c.node.text
}

// word reads one of a few words.
func (b *builder) word(c *cursor, words ...string) string {
	s := b.text(c)
	if s == "" || slices.Contains(words, s) {
		return s
	}
	hint := DidYouMean(s, words)
	if !strings.HasPrefix(hint, "known") {
		hint += " (one of " + strings.Join(words, ", ") + ")"
	}
	b.refuse(c, fmt.Sprintf("unknown word %s", quoteOdd(s)), hint)
	return ""
}

func (b *builder) boolean(c *cursor) bool {
	if c == nil {
		return false
	}
	if c.kind != boolNode {
		b.refuse(c, fmt.Sprintf("true or false is needed here, found %s", c.describe()), "")
		return false
	}
	return c.node.text == "true"
}

// whole reads a whole number in [low, high].
func (b *builder) whole(c *cursor, low, high int) int {
	if c == nil {
		return low
	}
	n, err := strconv.Atoi(c.node.text)
	if c.kind != numberNode || err != nil {
		b.refuse(c, fmt.Sprintf("a whole number is needed here, found %s", c.describe()), "")
		return low
	}
	if n < low || n > high {
		b.refuse(c, fmt.Sprintf("%d is not between %d and %d", n, low, high), "")
		return low
	}
	return n
}

// real reads a number as float64, in [low, high].
func (b *builder) real(c *cursor, low, high float64) float64 {
	if c == nil {
		return low
	}
	f, err := strconv.ParseFloat(c.node.text, 64)
	if c.kind != numberNode || err != nil {
		b.refuse(c, fmt.Sprintf("a number is needed here, found %s", c.describe()), "")
		return low
	}
	if f < low || f > high {
		b.refuse(c, fmt.Sprintf("%s is not between %g and %g", c.node.text, low, high), "")
		return low
	}
	return f
}

// list returns the items of a list that may not be empty.
func (b *builder) list(c *cursor) []*cursor {
	if c == nil {
		return nil
	}
	if c.kind != listNode {
		b.refuse(c, fmt.Sprintf("a list is needed here, found %s", c.describe()), "write [a, b]")
		return nil
	}
	if len(c.items) == 0 {
		b.refuse(c, "the list is empty", "name at least one or remove the key")
	}
	out := make([]*cursor, 0, len(c.items))
	for i := range c.items {
		item := c.item(i)
		if item.kind == nullNode {
			b.refuse(item, "nothing stands here", "write a value or remove the item")
			continue
		}
		out = append(out, item)
	}
	return out
}

// texts reads one text or a list of them, each once.
func (b *builder) texts(c *cursor) []string {
	if c == nil {
		return nil
	}
	if c.kind == textNode {
		if s := b.text(c); s != "" {
			return []string{s}
		}
		return nil
	}
	if c.kind != listNode || len(c.items) == 0 {
		b.list(c)
		return nil
	}
	var out []string
	for i := range c.items {
		if s := b.text(c.item(i)); s != "" {
			out = append(out, s)
		}
	}
	b.twice(c, out)
	return out
}

// twice refuses the items of a list of texts that stand there before.
func (b *builder) twice(c *cursor, texts []string) {
	sorted := slices.Clone(texts)
	if slices.Sort(sorted); len(slices.Compact(sorted)) == len(texts) {
		return
	}
	seen := map[string]bool{}
	for i, item := range c.items {
		if item.kind == textNode && seen[item.text] {
			b.refuse(c.item(i), fmt.Sprintf("%s stands twice", quoteOdd(item.text)), "remove one of them")
		}
		if seen[item.text] = true; b.full() {
			return
		}
	}
}

// bilingual reads {zh: ..., en: ...} or one text, which is Chinese.
func (b *builder) bilingual(c *cursor) Text2 {
	if c == nil {
		return Text2{}
	}
	if c.kind == textNode {
		return Text2{Zh: b.text(c)}
	}
	o := b.object(c, "write {zh: 名称, en: Name}")
	out := Text2{Zh: b.text(o.get("zh")), En: b.text(o.get("en"))}
	o.close()
	return out
}

// isName reports whether s may name a definition, event, attribute or
// property: letters of any script, digits and _, a letter or _ first.
func isName(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	for i, r := range s {
		if !unicode.IsLetter(r) && r != '_' && (i == 0 || !unicode.IsDigit(r) && !unicode.IsMark(r)) {
			return false
		}
	}
	return true
}

// checkName refuses a name of a new definition or catalogue entry that is
// none.
func (b *builder) checkName(c *cursor, kind, name string) {
	if !isName(name) {
		b.refuse(c, fmt.Sprintf("%s cannot name %s", quote(name), kind), "use letters, digits and _, beginning with a letter")
	}
}

// durationUnits are the suffixes of durations, with the largest number of
// each: a hundred years.
var durationUnits = []struct {
	suffix string
	unit   Unit
	most   int
}{{"mo", Month, 1200}, {"s", Second, 3_153_600_000}, {"m", Minute, 52_560_000}, {"h", Hour, 876_000}, {"d", Day, 36_525}, {"w", Week, 5_218}, {"y", Year, 100}}

const durationHint = "write a whole number with s, m, h (exact) or d, w, mo, y (calendar days), such as 36h or 7d"

// parseDuration reads 30s, 15m, 36h, 7d, 2w, 3mo or 1y.
func parseDuration(s string) (d Duration, ok bool) {
	for _, u := range durationUnits {
		digits, found := strings.CutSuffix(s, u.suffix)
		if !found {
			continue
		}
		n, err := strconv.Atoi(digits)
		return Duration{n, u.unit}, err == nil && n >= 0 && n <= u.most && (digits == "0" || digits[0] != '0' && digits[0] != '+' && digits[0] != '-')
	}
	return Duration{}, false
}

// String prints the duration as it is written in a definition.
func (d Duration) String() string {
	for _, u := range durationUnits {
		if u.unit == d.Unit {
			return strconv.Itoa(d.N) + u.suffix
		}
	}
	return ""
}

// duration reads a duration longer than nothing.
func (b *builder) duration(c *cursor) Duration {
	d := b.durationOrZero(c)
	if d.N == 0 && d.Unit != 0 {
		b.refuse(c, "the duration is nothing", "write at least 1")
		return Duration{}
	}
	return d
}

func (b *builder) durationOrZero(c *cursor) Duration {
	if c == nil {
		return Duration{}
	}
	d, ok := parseDuration(c.node.text)
	if c.kind != textNode || !ok {
		hint := durationHint
		if s := meantDuration(c.node.text); s != "" {
			hint = "did you mean " + s + "?"
		}
		b.refuse(c, fmt.Sprintf("%s is not a duration", c.describe()), hint)
		return Duration{}
	}
	return d
}

// unit reads the name of a unit of time, one of those allowed.
func (b *builder) unit(c *cursor, otherwise Unit, allowed ...Unit) Unit {
	if c == nil {
		return otherwise
	}
	names := make([]string, len(allowed))
	for i, u := range allowed {
		names[i] = u.String()
	}
	if i := slices.Index(names, b.word(c, names...)); i >= 0 {
		return allowed[i]
	}
	return otherwise
}

// String is the unit's name: second, minute, hour, day, week, month or year.
func (u Unit) String() string {
	return [...]string{"", "second", "minute", "hour", "day", "week", "month", "year"}[u]
}
