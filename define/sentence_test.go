package define_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strata"
	"strata/define"
)

var update = flag.Bool("update", false, "write the golden files of sentences anew")

// said is one line of a golden file.
type said struct {
	name string
	text define.Text2
}

// golden compares sentences with testdata/sentences/name.golden.
func golden(t *testing.T, name string, got []said) {
	t.Helper()
	var b strings.Builder
	for _, s := range got {
		checkSentence(t, s)
		fmt.Fprintf(&b, "%s\n  %s\n  %s\n", s.name, s.text.Zh, s.text.En)
	}
	path := filepath.Join("testdata", "sentences", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("%s (-want +got; run with -update after reading):\n%s", path, d)
	}
}

// checkSentence fails on what no good sentence holds: nothing at all, what
// fmt prints for wrong arguments, doubled marks, brackets that do not match,
// marks of the other language.
func checkSentence(t *testing.T, s said) {
	t.Helper()
	for lang, text := range map[string]string{"zh": s.text.Zh, "en": s.text.En} {
		bad := []string{"%!", "<nil>", "define.", "[]", "  ", "，，", "；；", ", ,", "（）", "()", "「」", "“”", " ,", " ;", "的的", "过的过"}
		if lang == "en" {
			bad = append(bad, "，", "；", "（", "）", "「")
		} else {
			bad = append(bad, ", ", "; ")
		}
		for _, b := range bad {
			if strings.Contains(text, b) {
				t.Errorf("%s (%s) contains %q: %s", s.name, lang, b, text)
			}
		}
		if strings.TrimSpace(text) != text || text == "" {
			t.Errorf("%s (%s) is empty or has space around it: %q", s.name, lang, text)
		}
		for _, pair := range []string{"（）", "()", "「」", "“”"} {
			r := []rune(pair)
			if strings.Count(text, string(r[0])) != strings.Count(text, string(r[1])) {
				t.Errorf("%s (%s) has unmatched %s: %s", s.name, lang, pair, text)
			}
		}
	}
}

// declared returns the names of the types of ast.go that have the method, or,
// without one, of the constants of the type.
func declared(t *testing.T, method, constants string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "ast.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if method != "" && d.Name.Name == method && d.Recv != nil {
				names = append(names, d.Recv.List[0].Type.(*ast.Ident).Name)
			}
		case *ast.GenDecl:
			if d.Tok != token.CONST || constants == "" {
				continue
			}
			if id, ok := d.Specs[0].(*ast.ValueSpec).Type.(*ast.Ident); !ok || id.Name != constants {
				continue
			}
			for _, s := range d.Specs {
				names = append(names, s.(*ast.ValueSpec).Names[0].Name)
			}
		}
	}
	if len(names) == 0 {
		t.Fatalf("ast.go declares nothing for %s%s", method, constants)
	}
	return names
}

func TestEveryConditionHasASentence(t *testing.T) {
	seen := map[string]bool{}
	set := shop()
	for _, c := range conditionCases() {
		walk(c.c, func(c define.Condition) {
			seen[reflect.TypeOf(c).Name()] = true
			checkSentence(t, said{fmt.Sprintf("%T", c), set.ConditionSentence(c, define.SentenceOptions{})})
			checkSentence(t, said{fmt.Sprintf("not %T", c), set.ConditionSentence(define.Not{Of: c}, define.SentenceOptions{})})
		})
	}
	for _, name := range declared(t, "condition", "") {
		if !seen[name] {
			t.Errorf("no case has a condition of type %s", name)
		}
	}
}

func walk(c define.Condition, fn func(define.Condition)) {
	fn(c)
	switch c := c.(type) {
	case define.All:
		for _, part := range c.Of {
			walk(part, fn)
		}
	case define.Any:
		for _, part := range c.Of {
			walk(part, fn)
		}
	case define.None:
		for _, part := range c.Of {
			walk(part, fn)
		}
	case define.Not:
		walk(c.Of, fn)
	}
}

func TestEveryValueHasASentence(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range valueCases() {
		seen[reflect.TypeOf(v.v).Name()] = true
	}
	for _, name := range declared(t, "value", "") {
		if !seen[name] {
			t.Errorf("no case has a value of type %s", name)
		}
	}
}

func TestEveryOperatorHasItsWords(t *testing.T) {
	names := declared(t, "", "Op")
	set := shop()
	texts := map[string]string{}
	for i, name := range names {
		op := define.Op(i + 1)
		c := define.Comparison{Op: op}
		attribute := "city"
		switch op {
		case define.Between:
			c.Operands, attribute = []define.Operand{number(1), number(2)}, "balance"
		case define.AtLeast, define.AtMost, define.GreaterThan, define.LessThan:
			c.Operands, attribute = []define.Operand{number(1)}, "balance"
		case define.Exists, define.Missing:
		case define.On, define.NotOn, define.Before, define.Since, define.After, define.Until:
			c.Operands, attribute = []define.Operand{{Time: &define.TimePoint{Date: "2026-01-01"}}}, "registered_on"
		case define.Within:
			c.Window, attribute = &define.Window{Kind: define.WithinLast, Last: days(7)}, "registered_on"
		case define.InNext, define.Anniversary:
			seven := days(7)
			c.Ahead, attribute = &seven, "birthday"
		case define.Age:
			c.Test, attribute = atLeast(18), "birthday"
		default:
			c.Operands = []define.Operand{text("北京")}
		}
		got := set.ConditionSentence(define.AttributeIs{Attribute: attribute, Test: define.Test{Comparisons: []define.Comparison{c}}}, define.SentenceOptions{})
		checkSentence(t, said{name, got})
		bare := strings.NewReplacer("注册城市", "", "city", "").Replace(got.Zh)
		for other, text := range texts {
			same := text == got.En
			twins := []string{other, name}
			slices.Sort(twins)
			// These pairs are the same question of one operand.
			alike := [][]string{{"In", "Is"}, {"Contains", "Has"}}
			if same && !slices.ContainsFunc(alike, func(pair []string) bool { return slices.Equal(pair, twins) }) {
				t.Errorf("%s and %s are said alike: %s", other, name, text)
			}
		}
		if bare == "" {
			t.Errorf("%s has no words", name)
		}
		texts[name] = got.En
	}
}

// TestDatesOfWindows checks the dates in brackets against days counted by
// hand.
func TestDatesOfWindows(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) *strata.Instant {
		i, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		instant := strata.At(i)
		return &instant
	}
	for _, c := range []struct {
		asOf   string
		window define.Window
		zh, en string
	}{
		{"2026-11-23 00:00", past(3, define.Month), "近3个月（2026-08-23 至 2026-11-23）", "in the last 3 months (2026-08-23 to 2026-11-23)"},
		{"2026-11-23 15:30", past(7, define.Day), "近7天（2026-11-16 至 2026-11-23 15:30）", "in the last 7 days (2026-11-16 to 2026-11-23 15:30)"},
		{"2026-11-23 15:30", past(36, define.Hour), "近36小时（2026-11-22 03:30 至 2026-11-23 15:30）", "in the last 36 hours (2026-11-22 03:30 to 2026-11-23 15:30)"},
		{"2026-03-31 00:00", past(1, define.Month), "近1个月（2026-02-28 至 2026-03-31）", "in the last month (2026-02-28 to 2026-03-31)"},
		{"2026-11-23 15:30", word("this_month"), "本月（2026-11-01 至 2026-11-30）", "this month (2026-11-01 to 2026-11-30)"},
		{"2026-11-25 15:30", word("previous_week"), "上周（2026-11-16 至 2026-11-22）", "in the previous week (2026-11-16 to 2026-11-22)"},
		{"2026-11-25 15:30", word("yesterday"), "昨天（2026-11-24）", "yesterday (2026-11-24)"},
		{"2026-11-25 15:30", define.Window{Kind: define.SinceTime, From: define.TimePoint{Ago: days(4)}}, "自4天前（2026-11-21）（含）起", "since 4 days ago (2026-11-21) (included)"},
	} {
		o := define.SentenceOptions{AsOf: at(c.asOf), Zone: zone, WeekStart: time.Monday}
		got := shop().ConditionSentence(define.EventDid{Select: define.Selection{Events: []string{"site_visited"}, Window: c.window}}, o)
		if want := c.zh + "访问过网站"; got.Zh != want {
			t.Errorf("at %s: got  %s\nwant %s", c.asOf, got.Zh, want)
		}
		if want := "Has visited the site " + c.en; got.En != want {
			t.Errorf("at %s: got  %s\nwant %s", c.asOf, got.En, want)
		}
	}
}

func TestConditionSentences(t *testing.T) {
	set := shop()
	var got []said
	for _, c := range conditionCases() {
		got = append(got, said{c.name, set.ConditionSentence(c.c, define.SentenceOptions{})})
	}
	golden(t, "conditions", got)
}

func TestValueSentences(t *testing.T) {
	set := shop()
	var got []said
	for _, v := range valueCases() {
		got = append(got, said{v.name, set.ValueSentence(v.v, define.SentenceOptions{})})
	}
	golden(t, "values", got)
}

// TestSentencesOfCases reads the operating cases as they are written in files.
func TestSentencesOfCases(t *testing.T) {
	path := filepath.Join("testdata", "sentences", "cases.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := define.Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := define.Check(nil, file, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	o := define.SentenceOptions{}
	var got []said
	for _, r := range file.Refs() {
		switch r.Kind {
		case "tag":
			got = append(got, said{r.String(), set.TagSentence(set.Tags[r.Name], o)})
		case "segment":
			got = append(got, said{r.String(), set.SegmentSentence(set.Segments[r.Name], o)})
		case "tier":
			tier := set.Tiers[r.Name]
			got = append(got, said{r.String(), set.TierSentence(tier, o)})
			for _, level := range tier.Levels {
				got = append(got, said{"  level " + level.ID, set.LevelSentence(tier, level.ID, o)})
			}
		}
	}
	golden(t, "cases", got)
}

// TestTheWholeLanguageIsSpoken reads the file that holds one of everything
// that the language can say.
func TestTheWholeLanguageIsSpoken(t *testing.T) {
	path := filepath.Join("testdata", "language.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := define.Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := define.Check(nil, file, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	at := strata.Instant(1795363200000)
	for _, o := range []define.SentenceOptions{{}, {AsOf: &at, WeekStart: time.Monday}} {
		for _, r := range file.Refs() {
			speak := func(x any) bool {
				switch x := x.(type) {
				case define.Condition:
					checkSentence(t, said{r.String(), set.ConditionSentence(x, o)})
				case define.Value:
					checkSentence(t, said{r.String(), set.ValueSentence(x, o)})
				}
				return true
			}
			switch r.Kind {
			case "tag":
				checkSentence(t, said{r.String(), set.TagSentence(set.Tags[r.Name], o)})
				define.Inspect(set.Tags[r.Name], speak)
			case "segment":
				checkSentence(t, said{r.String(), set.SegmentSentence(set.Segments[r.Name], o)})
				define.Inspect(set.Segments[r.Name], speak)
			case "tier":
				tier := set.Tiers[r.Name]
				checkSentence(t, said{r.String(), set.TierSentence(tier, o)})
				for _, level := range tier.Levels {
					checkSentence(t, said{r.String() + " " + level.ID, set.LevelSentence(tier, level.ID, o)})
				}
				define.Inspect(tier, speak)
			}
		}
	}
}

// TestStandardEventsAreSpoken fails on an event of the standard vocabulary
// that is only said by its name in quotes.
func TestStandardEventsAreSpoken(t *testing.T) {
	set := &define.Set{Catalogue: define.Standard()}
	for name, e := range set.Catalogue.Events {
		got := set.ConditionSentence(did(event(name), define.Measure{}), define.SentenceOptions{})
		checkSentence(t, said{name, got})
		if strings.Contains(got.Zh, "“") || strings.Contains(got.En, "“") {
			t.Errorf("%s (%s) has no words of its own: %s / %s", name, e.Name.Zh, got.Zh, got.En)
		}
	}
}

func TestDefinitionSentences(t *testing.T) {
	set := shop()
	o := define.SentenceOptions{}
	var got []said
	for _, tag := range tagCases() {
		got = append(got, said{"tag " + tag.Description.En, set.TagSentence(tag, o)})
	}
	for _, g := range segmentCases() {
		got = append(got, said{"segment " + g.Description.En, set.SegmentSentence(g, o)})
	}
	for _, tier := range tierCases() {
		got = append(got, said{"tier " + tier.Description.En, set.TierSentence(tier, o)})
		for _, level := range tier.Levels {
			got = append(got, said{"  level " + level.ID, set.LevelSentence(tier, level.ID, o)})
		}
	}
	golden(t, "definitions", got)
}

func TestFoundPhrases(t *testing.T) {
	set := shop()
	visits := define.Selection{Events: []string{"site_visited"}}
	orders := define.Selection{Events: []string{"order_paid"}}
	for _, c := range []struct {
		of     any
		v      strata.Value
		zh, en string
	}{
		{define.EventDid{Select: visits}, strata.NumberOf(3, 0), "3 次", "3 times"},
		{define.EventDid{Select: visits}, strata.NumberOf(1, 0), "1 次", "Once"},
		{define.EventDid{Select: orders, Measure: define.Measure{Kind: define.Sum, Of: "amount"}}, strata.MoneyOf(128000, 2), "¥1,280.00", "¥1,280.00"},
		{define.EventDid{Select: orders, Measure: define.Measure{Kind: define.DaysActive}}, strata.NumberOf(2, 0), "2 天", "2 days"},
		{define.Aggregate{Kind: define.Sum, Select: orders, Of: "amount"}, strata.MoneyOf(-1234567890, 3), "-¥1,234,567.890", "-¥1,234,567.890"},
		{define.Aggregate{Kind: define.Average, Select: orders, Of: "amount"}, strata.FloatOf(250.0 / 3), "¥83.33", "¥83.33"},
		{define.AttributeIs{Attribute: "city"}, strata.TextOf("北京"), "北京", "北京"},
		{define.AttributeIs{Attribute: "city"}, strata.Value{}, "没有值", "No value"},
		{define.AttributeIs{Attribute: "member"}, strata.BooleanOf(true), "是", "Yes"},
		{define.SinceEvent{Select: orders, Unit: define.Day}, strata.NumberOf(12, 0), "12天", "12 days"},
		{define.TierIs{Tier: "intent"}, strata.TextOf("S"), "7天内到店", "Visits within 7 days"},
		{define.Rank{}, strata.NumberOf(12345, 0), "第12,345名", "Rank 12,345"},
	} {
		got := set.FoundPhrase(c.of, c.v, define.SentenceOptions{})
		if got.Zh != c.zh || got.En != c.en {
			t.Errorf("%T of %v: got %q and %q, want %q and %q", c.of, c.v, got.Zh, got.En, c.zh, c.en)
		}
	}
}

// ExampleSet_ConditionSentence says the loyal regulars of Beijing.
func ExampleSet_ConditionSentence() {
	set := shop()
	text := set.ConditionSentence(loyalRegulars(), define.SentenceOptions{})
	fmt.Println(text.Zh)
	fmt.Println(text.En)
	// Output:
	// 注册城市为北京，且近3个月访问网站至少3次，且支付过订单，但近1周没有购买过品牌为资生堂的商品
	// Registered city is 北京, and has visited the site at least 3 times in the last 3 months, and has paid an order, but has not bought an item whose brand is 资生堂 in the last week
}
