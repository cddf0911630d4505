package scenario

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"strata"
	"strata/define"
)

var update = flag.Bool("update", false, "write the examples of docs/definitions.md and docs/definitions.zh-CN.md anew")

// The documents, by the language of their sentences.
var documents = map[string]string{"en": "../docs/definitions.md", "zh": "../docs/definitions.zh-CN.md"}

// marked is a block of examples: in its comment the script and the cases, then
// what is generated. A line "CASE > segment NAME" takes one definition of a
// case.
var marked = regexp.MustCompile(`(?s)<!-- (examples|case) (\S+)\n(.*?)\n-->\n(.*?)<!-- end -->`)

// TestDefinitionsInTheDocuments compares the examples of the reference with
// the corpus, from which they are taken.
func TestDefinitionsInTheDocuments(t *testing.T) {
	scripts := map[string]*Script{}
	for _, s := range corpusFiles(t) {
		scripts[strings.TrimPrefix(s.File, "testdata/")] = s
	}
	lists := map[string]string{}
	for lang, file := range documents {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]bool{}
		var list strings.Builder
		got := marked.ReplaceAllStringFunc(string(text), func(block string) string {
			part := marked.FindStringSubmatch(block)
			fmt.Fprintln(&list, part[1], part[2], part[3])
			s := scripts[part[2]]
			if s == nil {
				t.Errorf("%s: there is no script %s", file, part[2])
				return block
			}
			var out strings.Builder
			fmt.Fprintf(&out, "<!-- %s %s\n%s\n-->\n", part[1], part[2], part[3])
			if part[1] == "examples" {
				out.WriteString(either(lang == "zh", "| 写法 | 读作 |\n|---|---|\n", "| written | reads as |\n|---|---|\n"))
			}
			for line := range strings.SplitSeq(part[3], "\n") {
				name, one, _ := strings.Cut(line, " > ")
				i := slices.IndexFunc(s.Cases, func(c *Case) bool { return c.Name == name })
				if i < 0 {
					t.Errorf("%s: %s has no case %q", file, part[2], name)
					continue
				}
				c := s.Cases[i]
				if part[1] == "case" {
					writeCase(t, &out, s, i, lang)
				} else {
					for _, e := range examplesOf(c, one) {
						fmt.Fprintf(&out, "| `%s` | %s |\n", strings.ReplaceAll(e.text, "|", "\\|"), strings.ReplaceAll(e.sentence.In(lang), "|", "\\|"))
					}
				}
				seeWords(c, said)
			}
			return out.String() + "<!-- end -->"
		})
		lists[lang] = list.String()
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got != string(text) {
			t.Errorf("%s is not what the corpus gives; run go test ./scenario -run Documents -update", file)
		}
		for _, word := range wordsOfTheLanguage() {
			if !said[word] {
				t.Errorf("%s has no example of %s", file, word)
			}
		}
	}
	if lists["en"] != lists["zh"] {
		t.Error("the two languages do not show the same cases")
	}
}

// TestKeysInTheDocuments looks for every key and every word of the published
// schema in what the reference shows as code.
func TestKeysInTheDocuments(t *testing.T) {
	var schema any
	if err := json.Unmarshal(define.JSONSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{}
	var walk func(x any)
	walk = func(x any) {
		switch x := x.(type) {
		case []any:
			for _, item := range x {
				walk(item)
			}
		case map[string]any:
			for key, item := range x {
				words, _ := item.([]any)
				named, _ := item.(map[string]any)
				switch {
				case key == "properties" && named["type"] == nil:
					for name, under := range named {
						wanted[name] = true
						walk(under)
					}
				case key == "enum":
					for _, word := range words {
						wanted[fmt.Sprint(word)] = true
					}
				default:
					walk(item)
				}
			}
		}
	}
	walk(schema)
	if len(wanted) < 200 {
		t.Fatalf("only %d keys and words found in the schema", len(wanted))
	}
	code, word := regexp.MustCompile("(?s)```yaml\n.*?```|`[^`\n]+`"), regexp.MustCompile(`[\pL\pN_*-]+`)
	for _, file := range documents {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		shown := map[string]bool{}
		for _, block := range code.FindAllString(string(text), -1) {
			for _, w := range word.FindAllString(block, -1) {
				shown[w] = true
			}
		}
		for _, w := range slices.Sorted(maps.Keys(wanted)) {
			if !shown[w] {
				t.Errorf("%s shows no %s", file, w)
			}
		}
	}
}

// TestFilesInTheDocuments checks the files that the reference shows outside of
// its examples, and runs the scripts of docs/scenarios.md.
func TestFilesInTheDocuments(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	for _, file := range documents {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := block.FindAllStringSubmatch(marked.ReplaceAllString(string(text), ""), -1)
		if len(found) == 0 {
			t.Errorf("%s shows no file", file)
		}
		for _, b := range found {
			if _, err := check1(nil, file, []byte(b[1]), strata.DefaultSettings()); err != nil {
				t.Error(err)
			}
		}
	}
	for _, file := range []string{"../docs/scenarios.md", "../docs/scenarios.zh-CN.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := block.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s shows no script", file)
		}
		for _, b := range found {
			s, err := ParseScript(file, []byte(b[1]), nil)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, c := range s.Cases {
				failures, _, err := c.Run(nil, "en")
				if err != nil {
					t.Error(err)
				}
				for _, f := range failures {
					t.Error(f)
				}
			}
		}
	}
}

// example is a definition on one line with its sentence.
type example struct {
	text     string
	sentence define.Text2
}

// examplesOf returns the case's own condition and value, else what it
// defines, or one of that.
func examplesOf(c *Case, one string) []example {
	var out []example
	for _, ref := range c.set.Refs() {
		own := ref.Name == ownSegment || ref.Name == ownTag
		if one == "" && !own || one != "" && ref.String() != one {
			continue
		}
		e := example{sentence: c.Sentence(ref.Name)}
		switch ref.Kind {
		case "segment":
			e.text = oneLine(define.PrintCondition(c.set.Segments[ref.Name].Where))
		case "tag":
			e.text = oneLine(define.PrintValue(c.set.Tags[ref.Name].Value))
		default:
			e.text = inFile(c.set, ref)
		}
		out = append(out, e)
	}
	return out
}

// inFile is a whole definition on one line.
func inFile(set *define.Set, ref define.Ref) string {
	text, err := define.PrintOne(set, ref)
	if err != nil {
		panic(err)
	}
	return oneLine(string(text))
}

// oneLine prints a YAML text in flow style.
func oneLine(text string) string {
	m := &mistakes{}
	root := readScript(m, []byte(text))
	if err := m.err(); err != nil {
		panic(err)
	}
	return flow(root)
}

var bare = regexp.MustCompile(`^[\pL_*.][\pL\pN_*. +:-]*$`)

func flow(n *node) string {
	var parts []string
	quoted := func(s string) string {
		date := regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^[1-9][0-9]*(s|m|h|d|w|mo|y)$`).MatchString(s)
		if date || bare.MatchString(s) && !strings.Contains(s, ": ") && !strings.HasSuffix(s, ":") && !strings.HasPrefix(s, "*") &&
			!slices.Contains([]string{"true", "false", "null", "yes", "no"}, s) {
			return s
		}
		return fmt.Sprintf("%q", s)
	}
	switch n.shape {
	case scalar:
		return quoted(n.text)
	case list:
		for _, item := range n.items {
			parts = append(parts, flow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case mapping:
		for i, item := range n.items {
			parts = append(parts, quoted(n.keys[i])+": "+flow(item))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return n.text
}

// writeCase writes a case as it stands in its script, and its sentences.
func writeCase(t *testing.T, out *strings.Builder, s *Script, i int, lang string) {
	text, err := os.ReadFile(s.File)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	end := len(lines)
	if i+1 < len(s.Cases) {
		end = s.Cases[i+1].Line - 1
	}
	own := lines[s.Cases[i].Line-1 : end]
	for len(own) > 0 && (strings.TrimSpace(own[len(own)-1]) == "" || strings.HasPrefix(own[len(own)-1], "  #")) {
		own = own[:len(own)-1]
	}
	out.WriteString("```yaml\n")
	for _, line := range own {
		out.WriteString(strings.TrimPrefix(line, "  ") + "\n")
	}
	out.WriteString("```\n")
	shown := strings.Join(own, "\n")
	for _, ref := range s.Cases[i].set.Refs() {
		sentence := s.Cases[i].Sentence(ref.Name).In(lang)
		switch {
		case ref.Name == ownSegment || ref.Name == ownTag:
			fmt.Fprintf(out, "\n> %s\n", sentence)
		case ref.Kind != "list" && (strings.Contains(shown, " "+ref.Name+": {") || strings.Contains(shown, "{"+ref.Name+": {")) || strings.Contains(shown, " "+ref.Name+":\n"):
			fmt.Fprintf(out, "\n> `%s`: %s\n", ref.Name, sentence)
		}
	}
	out.WriteString("\n")
}

// seeWords notes what a case's own definitions are made of.
func seeWords(c *Case, said map[string]bool) {
	see := func(x any) bool {
		said[reflect.TypeOf(x).Name()] = true
		switch x := x.(type) {
		case define.EventDid:
			said["measure "+x.Measure.Kind.String()] = true
			seeTest(x.Measure.Test, said)
		case define.Aggregate:
			said["value "+x.Kind.String()] = true
		case define.Window:
			said[fmt.Sprint("window ", x.Kind)] = true
		case define.Selection:
			for _, w := range x.Where {
				seeTest(w.Test, said)
			}
		case define.AttributeIs:
			seeTest(x.Test, said)
		case define.TagIs:
			seeTest(x.Test, said)
		}
		return true
	}
	for _, ref := range c.set.Refs() {
		switch ref.Kind {
		case "segment":
			define.Inspect(c.set.Segments[ref.Name], see)
		case "tag":
			define.Inspect(c.set.Tags[ref.Name], see)
		case "tier":
			said["Tier"] = true
			define.Inspect(c.set.Tiers[ref.Name], see)
		}
	}
}

func seeTest(t define.Test, said map[string]bool) {
	for _, c := range t.Comparisons {
		said[c.Op.String()] = true
		if c.Window != nil {
			said[fmt.Sprint("window ", c.Window.Kind)] = true
		}
	}
}

// wordsOfTheLanguage are what the reference has to show.
func wordsOfTheLanguage() []string {
	var out []string
	for op := define.Is; op <= define.Age; op++ {
		out = append(out, op.String())
	}
	for kind := define.Times; kind <= define.Gap; kind++ {
		out = append(out, "measure "+kind.String())
	}
	for kind := define.Times; kind <= define.DaysActive; kind++ {
		out = append(out, "value "+kind.String())
	}
	for kind := define.Ever; kind <= define.Anchored; kind++ {
		out = append(out, fmt.Sprint("window ", kind))
	}
	for _, x := range []any{
		define.All{}, define.Any{}, define.None{}, define.Not{}, define.Everyone{}, define.InSegment{}, define.InList{}, define.Bucket{},
		define.AttributeIs{}, define.TagIs{}, define.TierIs{}, define.Moved{}, define.Heading{}, define.ConsentIs{}, define.EventDid{},
		define.FirstTime{}, define.Stopped{}, define.Restarted{}, define.Regularly{}, define.Streak{}, define.Sequence{}, define.NotFollowed{},
		define.AttributeValue{}, define.TagValue{}, define.FirstOf{}, define.Aggregate{}, define.Touch{}, define.Favourite{}, define.SinceEvent{},
		define.GapValue{}, define.Rules{}, define.Bands{}, define.Rank{}, define.Top{}, define.Composite{}, define.Grid{}, define.Ladder{},
		define.Formula{}, define.TierValue{}, define.ManualValue{}, define.ImportedValue{}, define.Tier{},
	} {
		out = append(out, reflect.TypeOf(x).Name())
	}
	return out
}
