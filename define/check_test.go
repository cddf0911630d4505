package define_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strata"
	"strata/define"
)

// over parses a text and checks it over a base.
func over(t *testing.T, base *define.Set, text string) (*define.Set, []define.Warning, error) {
	t.Helper()
	f, err := define.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return define.Check(base, f, strata.DefaultSettings())
}

func withIDs(set *define.Set) *define.Set {
	for name, d := range set.Tags {
		d.ID = "id-" + name
		set.Tags[name] = d
	}
	for name, d := range set.Segments {
		d.ID = "id-" + name
		set.Segments[name] = d
	}
	return set
}

const base = `
catalogue: {events: {gift_packed: {name: 包装, properties: {price: money, note: text}}}}
tags:
  spend: {value: {sum: {event: order_paid, of: amount}}}
segments:
  big: {where: {tag: spend, at_least: 100}}
  packed: {where: {event: gift_packed, where: {price: {at_least: 5}}}}
`

func TestCheckMerges(t *testing.T) {
	first := withIDs(mustLoad(t, "base.yaml", []byte(base)))
	before := define.PrintYAML(first)
	set, warnings, err := over(t, first, `
catalogue: {events: {gift_packed: {properties: {ribbon: boolean}}, order_paid: {properties: {gift: boolean}}}}
tags: {orders: {owner: a, purpose: b, value: {count: {event: order_paid}}}}
segments: {big: {where: {tag: spend, at_least: 200}}, ribboned: {where: {event: gift_packed, where: {ribbon: {is: true}}}}}
`)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(define.PrintYAML(first)); got != string(before) {
		t.Errorf("the base was changed:\n%s", cmp.Diff(string(before), got))
	}
	if set.Tags["spend"].ID != "id-spend" || set.Segments["big"].ID != "id-big" || set.Segments["ribboned"].ID != "" {
		t.Errorf("IDs: %q %q %q", set.Tags["spend"].ID, set.Segments["big"].ID, set.Segments["ribboned"].ID)
	}
	want := define.TagIs{Tag: "spend", Test: define.Test{Comparisons: []define.Comparison{{Op: define.AtLeast, Operands: []define.Operand{{Literal: strata.MoneyOf(20000, 2)}}}}}}
	if diff := cmp.Diff(define.Condition(want), set.Segments["big"].Where); diff != "" {
		t.Errorf("big: (-want +got)\n%s", diff)
	}
	gift := set.Catalogue.Events["gift_packed"]
	if len(gift.Properties) != 3 || gift.Name.Zh != "包装" {
		t.Errorf("gift_packed is %+v", gift)
	}
	order := set.Catalogue.Events["order_paid"]
	if order.Standard || order.Properties["gift"].Type.Name != define.TypeBoolean || order.Properties["amount"].Name.Zh != "实付金额" || order.Identity != "order_id" {
		t.Errorf("order_paid is %+v", order)
	}
	if len(warnings) > 0 {
		t.Errorf("warnings %v", warnings)
	}
}

func TestCheckKeepsPublishedSound(t *testing.T) {
	first := mustLoad(t, "base.yaml", []byte(base))
	_, _, err := over(t, first, `
catalogue: {events: {gift_packed: {properties: {price: text}}}}
tags: {spend: {value: {attribute: city}}}
`)
	var got []string
	for _, e := range define.Errors(err) {
		got = append(got, e.Field+": "+e.Message)
	}
	want := []string{
		"published: segments.big.where.at_least: at_least does not go with text",
		"published: segments.packed.where.where.price.at_least: at_least does not go with text",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRename(t *testing.T) {
	first := withIDs(mustLoad(t, "base.yaml", []byte(base)))
	set, _, err := over(t, first, `segments: {large: {renamed_from: big, where: {tag: spend, at_least: 100}}}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, there := set.Segments["big"]; there || set.Segments["large"].ID != "id-big" {
		t.Errorf("segments are %v", set.Segments)
	}
	// Applied again it is the same.
	again, warnings, err := over(t, set, `segments: {large: {owner: a, purpose: b, renamed_from: big, where: {tag: spend, at_least: 100}}}`)
	if err != nil || len(warnings) != 0 || again.Segments["large"].ID != "id-big" {
		t.Errorf("again: %v %v %q", err, warnings, again.Segments["large"].ID)
	}
	// What still names the old one is refused.
	_, _, err = over(t, first, `tags: {turnover: {renamed_from: spend, value: {sum: {event: order_paid, of: amount}}}}`)
	errs := define.Errors(err)
	if len(errs) != 1 || errs[0].Field != "published: segments.big.where.tag" || errs[0].Message != "unknown tag spend" {
		t.Errorf("renaming what is used: %v", err)
	}
}

func TestStandard(t *testing.T) {
	c := define.Standard()
	events := strings.Fields(`order_paid item_bought order_refunded coupon_issued coupon_claimed coupon_used topped_up site_visited page_viewed
		product_viewed shop_page_viewed cart_added store_visited visit_promised test_drive_booked test_drive_taken quote_asked deposit_paid
		form_submitted table_order_scanned bill_scanned wecom_added wecom_deleted_by_customer wecom_deleted_by_staff group_joined group_left
		group_message_sent moment_link_clicked moment_liked moment_commented account_followed account_unfollowed article_read activity_joined
		content_published referral_made review_posted feedback_given complaint_made call_made message_sent message_read`)
	for _, name := range events {
		e, ok := c.Events[name]
		if !ok || e.Name.Zh == "" || e.Name.En == "" || !e.Standard || len(e.Properties) == 0 {
			t.Errorf("event %s is %+v", name, e)
		}
		for p, v := range e.Properties {
			if v.Name.Zh == "" || v.Name.En == "" {
				t.Errorf("property %s of %s has no name", p, name)
			}
		}
	}
	attributes := strings.Fields(`gender birthday registered_city city occupation education income_band life_stage marital family height weight likes
		member_level registered_on source_channel followers_xiaohongshu followers_douyin balance home_store responsible_staff wecom_groups`)
	for _, name := range attributes {
		if a, ok := c.Attributes[name]; !ok || a.Name.Zh == "" || a.Name.En == "" || !a.Standard {
			t.Errorf("attribute %s is %+v", name, a)
		}
	}
	r := c.Events["order_refunded"].Refunds
	if r == nil || r.Event != "order_paid" || r.Key != "order_id" || r.Amount != "amount" || !slices.Equal(r.Lines, []string{"item_bought"}) {
		t.Errorf("refunds are %+v", r)
	}
	// A copy shares nothing.
	c.Events["order_paid"].Properties["amount"] = define.EventProperty{}
	delete(c.Attributes, "city")
	if again := define.Standard(); again.Events["order_paid"].Properties["amount"].Type.Name != define.TypeMoney || again.Attributes["city"].Type.Name != define.TypeText {
		t.Error("the standard vocabulary was changed through a copy")
	}
	if text := define.PrintYAML(mustLoad(t, "empty.yaml", nil)); len(text) != 0 {
		t.Errorf("the standard vocabulary is printed:\n%s", text)
	}
}

func TestRFMDefaults(t *testing.T) {
	set := mustLoad(t, "f.yaml", []byte(`
tiers:
  eight: {rfm: {within: 1y, monetary: {sum: {event: order_paid, of: amount, within: 90d}}}, levels: [{id: important_keep, advice: {zh: 打电话}, no_action: true}]}
  grid: {rfm: {classes: grid}}
  three: {rfm: {classes: three}}
`))
	eight := set.Tiers["eight"]
	year := define.Window{Kind: define.WithinLast, Last: define.Duration{N: 1, Unit: define.Year}}
	orders := define.Selection{Events: []string{"order_paid"}, Window: year}
	if diff := cmp.Diff(define.Value(define.SinceEvent{Select: orders, Unit: define.Day}), eight.RFM.Recency); diff != "" {
		t.Errorf("recency (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(define.Value(define.Aggregate{Kind: define.Times, Select: orders}), eight.RFM.Frequency); diff != "" {
		t.Errorf("frequency (-want +got)\n%s", diff)
	}
	if m := eight.RFM.Monetary.(define.Aggregate); m.Select.Window.Last.N != 90 {
		t.Errorf("the own window of monetary became %v", m.Select.Window)
	}
	if eight.RFM.Score.Split != "mean" || set.Tiers["grid"].RFM.Score.Quantile != 5 || set.Tiers["three"].RFM.Score.Quantile != 5 {
		t.Error("scores by default")
	}
	ids := func(name string) string {
		var out []string
		for _, l := range set.Tiers[name].Levels {
			out = append(out, l.ID+" "+l.Name.Zh)
			if l.Advice == (define.Text2{}) {
				t.Errorf("level %s of %s has no advice", l.ID, name)
			}
		}
		return strings.Join(out, ", ")
	}
	for name, want := range map[string]string{
		"eight": "important_value 重要价值, important_develop 重要发展, important_keep 重要保持, important_winback 重要挽留, general_value 一般价值, general_develop 一般发展, general_keep 一般保持, general_winback 一般挽留",
		"grid":  "champions 核心, loyal 忠诚, potential_loyalist 潜在忠诚, new 新客, promising 有望, need_attention 需关注, about_to_sleep 将沉睡, at_risk 有流失风险, cant_loose 不能失去, hibernating 沉睡",
		"three": "high 高, middle 中, low 低",
	} {
		if got := ids(name); got != want {
			t.Errorf("levels of %s: %s", name, got)
		}
	}
	if l := eight.Levels[2]; l.Advice.Zh != "打电话" || l.Name.Zh != "重要保持" || !l.NoAction {
		t.Errorf("the file's level is laid over as %+v", l)
	}
	cells := map[[2]int]string{}
	for _, c := range set.Tiers["grid"].RFM.Grid {
		for r := c.RFrom; r <= c.RTo; r++ {
			for f := c.FFrom; f <= c.FTo; f++ {
				if other := cells[[2]int{r, f}]; other != "" {
					t.Errorf("R %d F %d is %s and %s", r, f, other, c.Level)
				}
				cells[[2]int{r, f}] = c.Level
			}
		}
	}
	if len(cells) != 25 || cells[[2]int{4, 1}] != "promising" || cells[[2]int{3, 4}] != "loyal" || cells[[2]int{2, 5}] != "cant_loose" {
		t.Errorf("cells are %v", cells)
	}
}

func TestTypeOf(t *testing.T) {
	set := mustLoad(t, "language.yaml", read(t, "language.yaml"))
	for name, want := range map[string]string{
		"spend_90d": "money", "orders_90d": "number", "average": "float", "articles": "number", "first_store": "text", "last_order": "time",
		"favourite_brand": "a list of text", "quiet": "number", "rhythm": "float", "place": "text", "named": "choice 高 中 低", "every": "a list of choice 高 熟",
		"yes": "boolean", "level": "choice 低 中 高 ordered", "place_in_line": "number", "percentile": "float", "best": "boolean", "koc": "float",
		"quadrant": "choice 低频低价 低频高价 高频低价 高频高价", "top_up": "money", "basket": "float", "flag": "boolean", "points": "float", "by_hand": "choice 甲 乙", "loaded": "number",
		"value_level": "choice general_winback general_keep general_develop general_value important_winback important_keep important_develop important_value ordered",
	} {
		typ := define.TypeOf(set, define.TagValue{Tag: name})
		got := string(typ.Name)
		if typ.Many {
			got = "a list of " + got
		}
		got = strings.TrimSpace(got + " " + strings.Join(typ.Values, " "))
		if typ.Ordered {
			got += " ordered"
		}
		if got != want {
			t.Errorf("type of %s is %s, want %s", name, got, want)
		}
	}
}

func TestDependencies(t *testing.T) {
	set := mustLoad(t, "language.yaml", read(t, "language.yaml"))
	ref := func(kind, name string) define.Ref { return define.Ref{Kind: kind, Name: name} }
	if got, want := define.Uses(set, ref("segment", "picked")), []define.Ref{ref("tag", "articles"), ref("tag", "spend_90d"), ref("segment", "regulars")}; !slices.Equal(got, want) {
		t.Errorf("picked uses %v, want %v", got, want)
	}
	if got, want := define.UsedBy(set, ref("tag", "articles")), []define.Ref{ref("segment", "picked")}; !slices.Equal(got, want) {
		t.Errorf("articles is used by %v, want %v", got, want)
	}
	if got, want := define.UsedBy(set, ref("list", "staff")), []define.Ref{ref("segment", "regulars")}; !slices.Equal(got, want) {
		t.Errorf("staff is used by %v, want %v", got, want)
	}
	if got := define.UsedBy(set, ref("segment", "regulars")); !slices.Contains(got, ref("strategy", "fruit_plate")) || !slices.Contains(got, ref("tag", "percentile")) {
		t.Errorf("regulars is used by %v", got)
	}
	if got := define.UsedBy(set, ref("event", "shop_closed")); !slices.Equal(got, []define.Ref{ref("tag", "active"), ref("segment", "everything")}) {
		t.Errorf("shop_closed is used by %v", got)
	}
	events, attributes := define.Facts(set, ref("tier", "intent"))
	if !slices.Equal(events, []string{"store_visited", "test_drive_taken", "visit_promised", "wecom_added"}) || !slices.Equal(attributes, []string{"promised_visit"}) {
		t.Errorf("intent reads %v and %v", events, attributes)
	}
}

func TestPrintOne(t *testing.T) {
	set := mustLoad(t, "base.yaml", []byte(base))
	text, err := define.PrintOne(set, define.Ref{Kind: "segment", Name: "big"})
	if want := "segments:\n  big:\n    where: {tag: spend, at_least: 100.00}\n"; err != nil || string(text) != want {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := define.PrintOne(set, define.Ref{Kind: "segment", Name: "bigg"}); strata.CodeOf(err) != strata.NotFound || !strings.Contains(err.Error(), "did you mean big?") {
		t.Errorf("an unknown one: %v", err)
	}
}

// numbers returns "1,2,...,n".
func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,", 1000+i)
	}
	return b.String()
}

// A text may not make the parser deep, big or slow.
func TestBounds(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10), ", "))
	}
	nested := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	for _, tt := range []struct{ name, file, text, message string }{
		{"flow", "f.yaml", nested("[", "x", "]", 100_000), "nested deeper than 64"},
		{"open flow", "f.yaml", strings.Repeat("{a: [", 100_000), "nested deeper than 64"},
		{"blocks", "f.yaml", strings.Repeat("- ", 5000) + "x", "nested deeper than 64"},
		{"keys", "f.yaml", strings.Repeat("? ", 5000) + "x", "explicit keys (?) are not used here"},
		{"anchors", "f.yaml", strings.Repeat("&a ", 5000) + "x", "two anchors on one value"},
		{"for_each of much", "f.yaml", "tags: {\"t{a}{b}\": {for_each: {a: [" + numbers(90) + "], b: [" + numbers(90) + "]}, visible_to: [" + strings.ReplaceAll(numbers(1000), "1", "n1") + "], value: {attribute: city}}}", "for_each makes too much"},
		{"JSON", "f.json", nested("[", "1", "]", 5000), "nested deeper than 64"},
		{"aliases", "f.yaml", bomb, "the file holds more than"},
		{"size", "f.yaml", "tags: {}" + strings.Repeat(" ", 16<<20), "more than the 16777216 allowed"},
		{"not", "f.yaml", "segments: {s: {where: " + nested("{not: ", "{everyone: true}", "}", 70) + "}}", "nested deeper than 64"},
		{"formula", "f.yaml", `tags: {t: {value: {formula: "` + nested("(", "1", ")", 100_000) + `"}}}`, "not a formula: nested deeper than 64"},
		{"minus", "f.yaml", `tags: {t: {value: {formula: "` + strings.Repeat("-", 100_000) + `1"}}}`, "not a formula: nested deeper than 64"},
		{"for_each", "f.yaml", "tags: {\"t{a}{b}{c}\": {for_each: {a: [" + strings.Repeat("1,", 200) + "], b: [1, 2, 3], c: [1, 2, 3]}, value: {attribute: city}}}", "for_each makes t111 twice"},
	} {
		start := time.Now()
		_, err := define.Parse(tt.file, []byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.message) {
			text := fmt.Sprint(err)
			t.Errorf("%s: %.300s", tt.name, text)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%s took %s", tt.name, d)
		}
	}
}

// A file of 5,000 lines is checked within a second.
func TestLargeFile(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("tags:\n")
	for i := range 1250 {
		fmt.Fprintf(&b, "  spend_%d:\n    name: {zh: 消费%d}\n    value: {sum: {event: order_paid, of: amount, where: {store: {in: [A, B]}}, within: %dd}}\n", i, i, i+1)
	}
	b.WriteString("segments:\n")
	for i := range 313 {
		fmt.Fprintf(&b, "  big_%d:\n    where:\n      all:\n        - {tag: spend_%d, at_least: %d}\n", i, i, i)
	}
	if n := bytes.Count(b.Bytes(), []byte("\n")); n < 5000 {
		t.Fatalf("only %d lines", n)
	}
	start := time.Now()
	set := mustLoad(t, "large.yaml", b.Bytes())
	if d := time.Since(start); d > time.Second {
		t.Errorf("parsing and checking took %s", d)
	}
	if len(set.Tags) != 1250 || len(set.Segments) != 313 {
		t.Errorf("%d tags and %d segments", len(set.Tags), len(set.Segments))
	}
	// Once more over what is published.
	start = time.Now()
	if _, _, err := over(t, set, "tags: {one: {value: {tag: spend_1}}}"); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("checking over a large base took %s", d)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(base))
	if whole, err := os.ReadFile("testdata/language.yaml"); err == nil {
		f.Add(whole)
	}
	f.Add([]byte(`{"segments": {"s": {"where": {"all": [{"event": "order_paid", "within": "7d"}]}}}}`))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? - a\n: b\n<<: x\n--- |\n x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, parsed := define.Parse("f.yaml", data)
		if file == nil {
			var one *strata.Error
			if !errors.As(parsed, &one) {
				t.Fatalf("no *strata.Error: %v", parsed)
			}
			return
		}
		set, _, err := define.Check(nil, file, strata.DefaultSettings())
		if err != nil {
			if len(define.Errors(err)) == 0 {
				t.Fatalf("no *strata.Error: %v", err)
			}
			return
		}
		if parsed != nil {
			t.Fatalf("only Parse refuses it: %v", parsed)
		}
		text := define.PrintYAML(set)
		again, _, err := load("again.yaml", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(set, again); diff != "" {
			t.Fatalf("(-first +again)\n%s\n%s", diff, text)
		}
	})
}
