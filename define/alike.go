package define

import (
	_ "embed" // words that mean the same
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

//go:embed alike.yaml
var alikeYAML []byte

// alikeWords is what alike.yaml says.
type alikeWords struct {
	chinese  []synonymOf // the longest first
	latin    map[string]string
	fillers  map[string]bool
	distinct string
	places   string
}

// synonymOf says for a word which stands for it.
type synonymOf struct{ word, to string }

var alike = sync.OnceValue(func() alikeWords {
	root, err := readTree("alike.yaml", alikeYAML)
	if err != nil {
		panic(err) // a test reads the file
	}
	b := &builder{file: "alike.yaml"}
	o := b.object(&cursor{node: root, index: -1}, "")
	w := alikeWords{latin: map[string]string{}, fillers: map[string]bool{}}
	for _, line := range b.list(o.get("chinese")) {
		words := b.texts(line)
		for _, s := range words[1:] {
			w.chinese = append(w.chinese, synonymOf{strings.ToLower(s), words[0]})
		}
		w.chinese = append(w.chinese, synonymOf{words[0], words[0]})
	}
	slices.SortStableFunc(w.chinese, func(x, y synonymOf) int { return utf8.RuneCountInString(y.word) - utf8.RuneCountInString(x.word) })
	for _, line := range b.list(o.get("latin")) {
		words := b.texts(line)
		for _, s := range words {
			w.latin[s] = words[0]
		}
	}
	for _, s := range b.texts(o.get("fillers")) {
		w.fillers[s] = true
	}
	w.distinct, w.places = b.text(o.get("distinct")), b.text(o.get("places"))
	o.close()
	if err := join(b.errs); err != nil {
		panic(err)
	}
	return w
})

// title is one name of a definition, taken apart.
type title struct {
	text    string // as it stands
	plain   string // folded, without blanks and signs
	words   string // its words and numbers, sorted, synonyms and plurals as one
	numbers string // its numbers in their order
	parts   []string
}

// titlesOf returns the names of a definition: the identifier, the Chinese and
// the English one.
func titlesOf(name string, h Header) []title {
	var out []title
	for _, s := range []string{name, h.Name.Zh, h.Name.En} {
		if t := titleOf(s); t.plain != "" && !slices.ContainsFunc(out, func(x title) bool { return x.plain == t.plain }) {
			out = append(out, t)
		}
	}
	return out
}

func titleOf(text string) title {
	t := title{text: text}
	f := foldText(text)
	var words, numbers []string
	var plain strings.Builder
	part := func(s string, kind rune) {
		switch kind {
		case 'n':
			numbers = append(numbers, s)
			words = append(words, s)
		case 'l':
			t.parts = append(t.parts, s)
			w := alike()
			if to, ok := w.latin[s]; ok {
				s = to
			} else if to, ok := w.latin[s+"s"]; ok {
				s = to
			} else if len(s) > 3 && strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "ss") {
				s = strings.TrimSuffix(s, "s")
			}
			if !w.fillers[s] {
				words = append(words, s)
			}
		case 'h':
			t.parts = append(t.parts, s)
			words = append(words, chineseWords(s)...)
		}
	}
	kindOf := func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			return 'n'
		case unicode.Is(unicode.Latin, r):
			return 'l'
		case unicode.IsLetter(r):
			return 'h'
		}
		return 0
	}
	begins := map[int]bool{} // where a Latin word begins
	for _, token := range f.tokens {
		begins[token.from] = true
	}
	from := 0
	for i, r := range f.runes {
		if kindOf(r) != 0 {
			plain.WriteRune(r)
		}
		if i > from && (kindOf(r) != kindOf(f.runes[from]) || begins[i]) {
			part(string(f.runes[from:i]), kindOf(f.runes[from]))
			from = i
		}
	}
	if from < len(f.runes) {
		part(string(f.runes[from:]), kindOf(f.runes[from]))
	}
	slices.Sort(words)
	t.plain, t.words, t.numbers = plain.String(), strings.Join(words, " "), strings.Join(numbers, " ")
	return t
}

// chineseWords takes a stretch of Chinese apart: known words as what stands
// for them, every other sign on its own, fillers left out.
func chineseWords(s string) []string {
	w := alike()
	var out []string
next:
	for s != "" {
		for _, syn := range w.chinese {
			if rest, ok := strings.CutPrefix(s, syn.word); ok {
				if !w.fillers[syn.to] {
					out = append(out, syn.to)
				}
				s = rest
				continue next
			}
		}
		_, n := utf8.DecodeRuneInString(s)
		if !w.fillers[s[:n]] {
			out = append(out, s[:n])
		}
		s = s[n:]
	}
	return out
}

// likeness says in which way two names are nearly the same.
type likeness string

const (
	unlike     likeness = ""
	sameName   likeness = "the names are the same"
	otherWords likeness = "the names say the same in other words"
	oneLetter  likeness = "the names differ by one letter"
)

// nearly compares two names. Those with other numbers in them (30 days, 90
// days) are unlike.
func (t title) nearly(other title) likeness {
	switch {
	case t.plain == other.plain:
		return sameName
	case t.numbers != other.numbers:
		return unlike
	case t.words != "" && t.words == other.words:
		return otherWords
	case t.slip(other):
		return oneLetter
	}
	return unlike
}

// slip reports whether one name may be a slip of the pen of the other: one
// sign more, less, changed or swapped within one stretch of letters, the rest
// being equal.
func (t title) slip(other title) bool {
	if len(t.parts) != len(other.parts) {
		return false
	}
	at := -1
	for i := range t.parts {
		if t.parts[i] != other.parts[i] {
			if at >= 0 {
				return false
			}
			at = i
		}
	}
	if at < 0 {
		return false
	}
	a, b := []rune(t.parts[at]), []rune(other.parts[at])
	if d := len(a) - len(b); max(d, -d) > 1 || min(len(a), len(b)) < 5 {
		return false
	}
	if edits(a, b) != 1 {
		return false
	}
	if unicode.Is(unicode.Latin, a[0]) {
		return true
	}
	// A sign of Chinese means something: only what is seldom told apart by
	// one sign counts, and not the names of places.
	from := 0
	for from < min(len(a), len(b)) && a[from] == b[from] {
		from++
	}
	w := alike()
	for _, x := range [][]rune{a, b} {
		if from < len(x) && strings.ContainsRune(w.distinct, x[from]) || from+1 < len(x) && strings.ContainsRune(w.places, x[from+1]) {
			return false
		}
	}
	return true
}

// content is the canonical text of what a definition computes, without its
// names; empty where that says nothing, as of a tag set by hand.
func content(set *Set, r Ref) string {
	switch r.Kind {
	case "tag":
		v := set.Tags[r.Name].Value
		switch v.(type) {
		case nil, ManualValue, ImportedValue, ModelValue:
			return ""
		}
		return string(emitJSON(printValue(v)))
	case "segment":
		s := set.Segments[r.Name]
		s.Header = Header{}
		return string(emitJSON(printSegment(s)))
	case "tier":
		t := set.Tiers[r.Name]
		t.Header = Header{}
		t.Levels = slices.Clone(t.Levels)
		for i := range t.Levels {
			t.Levels[i] = Level{ID: t.Levels[i].ID}
		}
		return string(emitJSON(printTier(t)))
	}
	return ""
}

// named is a definition with its names.
type named struct {
	ref    Ref
	titles []title
}

// warnAlike warns of each new tag, segment or tier that nearly is another of
// its kind: one that computes the same, or has nearly the same name. Names
// that differ by a letter count against what is published only, since one
// file often brings a series.
func (b *builder) warnAlike(base, set *Set, f *File) {
	fresh := map[Ref]bool{}
	for _, r := range f.refs {
		h, _ := set.Header(r)
		if !base.Has(r) && (h.RenamedFrom == "" || !base.Has(Ref{r.Kind, h.RenamedFrom})) {
			fresh[r] = true
		}
	}
	if len(fresh) == 0 {
		return
	}
	computes := map[string][]Ref{}
	byName := map[string][]named{}    // by kind and a name without signs, or its words
	byNumbers := map[string][]named{} // what is published, by kind and the numbers in the names
	mine := map[Ref][]title{}
	for _, r := range set.Refs() {
		if r.Kind != "tag" && r.Kind != "segment" && r.Kind != "tier" {
			continue
		}
		h, _ := set.Header(r)
		n := named{r, titlesOf(r.Name, h)}
		for _, t := range n.titles {
			for _, name := range t.names() {
				byName[r.Kind+name] = append(byName[r.Kind+name], n)
			}
			if !fresh[r] {
				byNumbers[r.Kind+t.numbers] = append(byNumbers[r.Kind+t.numbers], n)
			}
		}
		if fresh[r] {
			mine[r] = n.titles
		}
		if c := content(set, r); c != "" {
			computes[r.Kind+c] = append(computes[r.Kind+c], r)
		}
	}
	warned := map[[2]Ref]bool{}
	warn := func(r, other Ref, why, hint string) {
		if warned[[2]Ref{other, r}] { // said of the other already
			return
		}
		warned[[2]Ref{r, other}] = true
		h, _ := set.Header(other)
		called := other.String()
		if name := h.Name.In("zh"); name != "" {
			called += " (" + name + ")"
		}
		b.warnings = append(b.warnings, Warning{Field: fieldOf(b.file, f.lineOf(wayTo(r)), pathOf(wayTo(r))),
			Message: fmt.Sprintf("%s is nearly %s: %s", r, called, why), Hint: hint})
	}
	for _, r := range f.refs {
		if !fresh[r] {
			continue
		}
		same := computes[r.Kind+content(set, r)]
		if i := slices.IndexFunc(same, func(other Ref) bool { return other != r }); i >= 0 {
			warn(r, same[i], "they compute the same", "use that one")
			continue
		}
		if other, why := nearlyNamed(r, mine[r], byName, byNumbers); why != "" {
			warn(r, other, why, "use that one, or let the names say how they differ")
		}
	}
}

// names are the texts under which a name that says the same is found.
func (t title) names() []string {
	if t.words == "" {
		return []string{"=" + t.plain}
	}
	return []string{"=" + t.plain, "~" + t.numbers + "~" + t.words}
}

// nearlyNamed returns the first definition whose name is nearly one of the
// titles of r, and why.
func nearlyNamed(r Ref, titles []title, byName, byNumbers map[string][]named) (other Ref, why string) {
	var candidates []named
	for _, t := range titles {
		for _, name := range t.names() {
			candidates = append(candidates, byName[r.Kind+name]...)
		}
	}
	for _, t := range titles {
		candidates = append(candidates, byNumbers[r.Kind+t.numbers]...)
	}
	for _, other := range candidates {
		if other.ref == r {
			continue
		}
		if how, names := nearlyAny(titles, other.titles); how != unlike {
			return other.ref, string(how) + " (" + names + ")"
		}
	}
	return Ref{}, ""
}

// nearlyAny returns the first likeness between the names of two definitions,
// and those names.
func nearlyAny(mine, theirs []title) (how likeness, names string) {
	for _, x := range mine {
		for _, y := range theirs {
			if how := x.nearly(y); how != unlike {
				return how, x.text + ", " + y.text
			}
		}
	}
	return unlike, ""
}
