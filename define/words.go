package define

import (
	_ "embed" // the standard list of forbidden words
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"strata"
)

//go:embed forbidden.yaml
var forbiddenYAML []byte

// Word is an entry of a list of forbidden words.
type Word struct {
	Word   string // as it is listed; a * at the end of a Latin word takes any ending
	Class  string // insult, appearance, health, religion, ethnicity, sexual, poverty, crime or another
	Why    Text2
	Better Text2 // what to write instead; may be empty
	Own    bool  // the business added it
}

// Forbidden is a word found in a text.
type Forbidden struct {
	Word
	Text string // as it stands in the text
}

// Words is a list of forbidden words and of harmless texts in which they may
// stand. The zero Words forbids nothing. A Words is not changed once made.
type Words struct {
	list    []Word
	classes map[string]Text2 // why, by class
	allow   []string
	own     []string // those of allow that the business named
	find    index    // by place in list
	skip    index
}

// ForbiddenWords returns the list that comes with Strata.
func ForbiddenWords() Words { return forbiddenWords() }

var forbiddenWords = sync.OnceValue(func() Words {
	w, err := Words{}.merge("forbidden.yaml", forbiddenYAML)
	if err != nil {
		panic(err) // a test reads the file
	}
	return w
})

// With returns the list with what a business adds and allows:
//
//	add: [{word: 薅羊毛, class: insult, why: {zh: ...}, better: {zh: ...}}]
//	allow: [胖东来]
//
// In place of word there may be words, a list; class is own by default, and a
// class that is not known needs why. Where an allowed text stands, no word
// within it is found; allowing a word itself takes it off the list. The error
// joins a *strata.Error for everything that is wrong in the text. Empty text
// adds nothing.
func (w Words) With(file string, text []byte) (Words, error) {
	out, err := w.merge(file, text)
	if err != nil {
		return Words{}, err
	}
	out.own = out.allow[len(w.allow):]
	return out, nil
}

// List returns the words of the list in their order, without those that the
// business allows as they are.
func (w Words) List() []Word {
	return slices.DeleteFunc(slices.Clone(w.list), func(x Word) bool { return slices.Contains(w.own, x.Word) })
}

// Allowed returns the harmless texts that the business named, in their order.
func (w Words) Allowed() []string { return slices.Clone(w.own) }

// Find returns the forbidden words in a text in their order, the longest
// where several begin at one place, none overlapping. Case and width are
// folded. A Chinese word is found anywhere; a Latin one stands between word
// borders, which are also _, digits and a capital after a small letter, and
// its parts may be joined by anything but letters.
func (w Words) Find(text string) []Forbidden {
	if len(w.list) == 0 || text == "" {
		return nil
	}
	t := foldText(text)
	hits := w.find.in(t)
	if len(hits) == 0 {
		return nil
	}
	harmless := w.skip.in(t)
	slices.SortFunc(hits, func(a, b span) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	var out []Forbidden
	end := 0
	for _, h := range hits {
		if h.from < end || slices.ContainsFunc(harmless, func(s span) bool { return s.from <= h.from && h.to <= s.to }) {
			continue
		}
		end = h.to
		out = append(out, Forbidden{Word: w.list[h.word], Text: text[t.at[h.from]:t.at[h.to]]})
	}
	return out
}

// Check refuses a text in which forbidden words stand, such as a note or a
// value set by hand: one *strata.Error for each, with the reason and a better
// word. Field says where the text stands.
func (w Words) Check(field, text string) error {
	var errs []error
	for _, f := range w.Find(text) {
		errs = append(errs, f.refusal(field))
	}
	return errors.Join(errs...)
}

func (f Forbidden) refusal(field string) *strata.Error {
	hint := fmt.Sprintf("if it is harmless here: strata words allow %s", quoteOdd(f.Text))
	if better := both(f.Better); better != "" {
		hint = "write " + better + "; " + hint
	}
	return &strata.Error{Code: strata.Invalid, Field: field,
		Message: fmt.Sprintf("%s must not stand here (%s): %s", quote(f.Text), f.Class, both(f.Why)), Hint: hint}
}

// both prints a text in the languages that it has.
func both(t Text2) string {
	if t.Zh == "" || t.En == "" {
		return t.In("zh")
	}
	return t.En + " / " + t.Zh
}

// merge lays a file of words over the list.
func (w Words) merge(file string, text []byte) (Words, error) {
	root, err := readTree(file, text)
	if err != nil {
		return Words{}, err
	}
	b := &builder{file: file}
	o := b.object(&cursor{node: root, index: -1}, "write add: [{word: ..., class: ...}] and allow: [...]")
	out := Words{classes: map[string]Text2{}, allow: slices.Clone(w.allow), find: index{}, skip: index{}}
	maps.Copy(out.classes, w.classes)
	if c := o.get("classes"); c != nil && c.kind == mapNode {
		for i, k := range c.keys {
			out.classes[k.text] = b.bilingual(c.in(k.text, c.items[i]))
		}
	} else if c != nil {
		b.refuse(c, fmt.Sprintf("a mapping is needed here, found %s", c.describe()), "write {CLASS: {zh: 原因, en: reason}}")
	}
	var added []Word
	seen := map[string]bool{}
	for _, c := range b.list(o.get("add")) {
		for _, word := range b.forbidden(c, out.classes) {
			if seen[word.Word] {
				b.refuse(c, fmt.Sprintf("%s is listed twice", quoteOdd(word.Word)), "remove one of them")
			}
			seen[word.Word] = true
			word.Own = w.list != nil
			added = append(added, word)
		}
	}
	for _, c := range b.list(o.get("allow")) {
		for _, s := range b.texts(c) {
			out.allow = append(out.allow, b.listed(c, s))
		}
	}
	o.close()
	if err := join(b.errs); err != nil {
		return Words{}, err
	}
	out.list = append(slices.DeleteFunc(slices.Clone(w.list), func(x Word) bool { return seen[x.Word] }), added...)
	for i := range out.list {
		out.find.add(out.list[i].Word, i)
	}
	for i := range out.allow {
		out.skip.add(out.allow[i], i)
	}
	return out, nil
}

// forbidden reads one entry of words that share a class.
func (b *builder) forbidden(c *cursor, classes map[string]Text2) []Word {
	const want = "write {word: 薅羊毛, class: insult, why: {zh: 原因}, better: {zh: 更好的说法}}"
	if c.kind == textNode {
		return []Word{{Word: b.listed(c, c.node.text), Class: "own", Why: classes["own"]}}
	}
	o := b.object(c, want)
	one, many := o.get("word"), o.get("words")
	entry := Word{Class: b.text(o.get("class")), Why: b.bilingual(o.get("why")), Better: b.bilingual(o.get("better"))}
	o.close()
	if entry.Class == "" {
		entry.Class = "own"
	}
	if entry.Why == (Text2{}) {
		why, ok := classes[entry.Class]
		if !ok {
			_, hint := unknown("class", entry.Class, slices.Collect(maps.Keys(classes)))
			b.refuse(c, fmt.Sprintf("%s is no known class and has no why", quoteOdd(entry.Class)), "write why the word is forbidden, or another class; "+hint)
		}
		entry.Why = why
	}
	var out []Word
	for _, at := range []*cursor{one, many} {
		for _, s := range b.texts(at) {
			word := entry
			word.Word = b.listed(at, s)
			out = append(out, word)
		}
	}
	if len(out) == 0 && o.ok {
		b.refuse(c, "no word is named", want)
	}
	return out
}

// listed returns a word as it is listed: without blanks around it. A word
// that could be found nowhere, or everywhere, is refused.
func (b *builder) listed(c *cursor, s string) string {
	s = strings.TrimSpace(s)
	p := patternOf(s)
	switch {
	case len(p.tokens) == 0 && len(p.runes) == 0:
		b.refuse(c, fmt.Sprintf("%s holds no letters", quote(s)), "write a word")
	case len(p.tokens) == 1 && p.open && utf8.RuneCountInString(p.tokens[0]) < 3:
		b.refuse(c, fmt.Sprintf("%s would be found in too much", quote(s)), "write at least three letters before the *")
	case strings.Contains(strings.TrimSuffix(s, "*"), "*") || len(p.runes) > 0 && strings.Contains(s, "*"):
		b.refuse(c, fmt.Sprintf("%s has a * elsewhere than at the end of a Latin word", quote(s)), "write the words one by one")
	case len(s) > 200:
		b.refuse(c, "the word is longer than 200 bytes", "")
	}
	return s
}

// pattern is a word as it is looked for: runes anywhere, or tokens between
// word borders.
type pattern struct {
	runes  []rune
	tokens []string
	open   bool // the last token may go on
}

func patternOf(word string) pattern {
	text, open := strings.CutSuffix(word, "*")
	t := foldText(text)
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) }) {
		return pattern{runes: t.runes}
	}
	p := pattern{open: open}
	for _, token := range t.tokens {
		p.tokens = append(p.tokens, string(t.runes[token.from:token.to]))
	}
	return p
}

// index finds patterns by their first rune.
type index map[rune][]placedPattern

type placedPattern struct {
	pattern
	word int
}

func (x index) add(word string, place int) {
	p := patternOf(word)
	var first rune
	switch {
	case len(p.runes) > 0:
		first = p.runes[0]
	case len(p.tokens) > 0:
		first, _ = utf8.DecodeRuneInString(p.tokens[0])
	default:
		return
	}
	x[first] = append(x[first], placedPattern{p, place})
}

// span is a part of a folded text, [from, to) in runes.
type span struct{ from, to, word int }

func (x index) in(t folded) []span {
	var out []span
	for i, r := range t.runes {
		for _, p := range x[r] {
			if len(p.runes) > 0 && len(t.runes)-i >= len(p.runes) && slices.Equal(t.runes[i:i+len(p.runes)], p.runes) {
				out = append(out, span{i, i + len(p.runes), p.word})
			}
		}
	}
	for i, token := range t.tokens {
		for _, p := range x[t.runes[token.from]] {
			if n := len(p.tokens); n > 0 && i+n <= len(t.tokens) && p.fits(t, i) {
				out = append(out, span{token.from, t.tokens[i+n-1].to, p.word})
			}
		}
	}
	return out
}

// fits reports whether the tokens of the pattern stand from token i on.
func (p pattern) fits(t folded, i int) bool {
	for k, want := range p.tokens {
		have := t.tokens[i+k]
		got := string(t.runes[have.from:have.to])
		if k > 0 && t.apart(t.tokens[i+k-1].to, have.from) {
			return false
		}
		if got != want && !(p.open && k == len(p.tokens)-1 && strings.HasPrefix(got, want)) {
			return false
		}
	}
	return true
}

// folded is a text without case and width.
type folded struct {
	runes  []rune
	at     []int  // the byte in the text at which each rune begins, and the end
	tokens []span // its Latin words
}

// apart reports whether letters stand between two places.
func (t folded) apart(from, to int) bool {
	return slices.ContainsFunc(t.runes[from:to], unicode.IsLetter)
}

func foldText(text string) folded {
	var t folded
	var small bool // the rune before is a small Latin letter
	begin := -1
	end := func() {
		if begin >= 0 {
			t.tokens = append(t.tokens, span{from: begin, to: len(t.runes)})
		}
		begin = -1
	}
	for i, r := range text {
		for _, n := range norm.NFKC.String(string(r)) {
			latin := unicode.Is(unicode.Latin, n)
			if !latin || small && unicode.IsUpper(n) {
				end()
			}
			if latin && begin < 0 {
				begin = len(t.runes)
			}
			small = latin && unicode.IsLower(n)
			t.runes = append(t.runes, unicode.ToLower(n))
			t.at = append(t.at, i)
		}
	}
	end()
	t.at = append(t.at, len(text))
	return t
}
