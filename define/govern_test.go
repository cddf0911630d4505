package define_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strata"
	"strata/define"
)

// govern lays a text over a base and returns its warnings and errors.
func govern(t *testing.T, g define.Governance, base *define.Set, text string) (set *define.Set, warnings, refused []string) {
	t.Helper()
	file, err := define.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	set, _, err = define.Check(base, file, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	said, err := g.Check(base, set, file)
	for _, w := range said {
		warnings = append(warnings, w.Field+": "+w.Message)
	}
	for _, e := range define.Errors(err) {
		if e.Code != strata.Invalid || e.Hint == "" {
			t.Errorf("%v is not Invalid, or has no hint", e)
		}
		refused = append(refused, e.Field+": "+e.Message)
	}
	return set, warnings, refused
}

func TestGovernWords(t *testing.T) {
	_, _, refused := govern(t, define.Governance{Words: define.ForbiddenWords()}, nil, `
catalogue:
  attributes:
    shape: {type: choice, values: [胖, 标准], name: 胖瘦}
  events:
    seen: {properties: {ugly_face: text, note: {type: text, name: {zh: 秃头备注}}}}
  synonyms: {胖瘦: shape}
tags:
  fat_ones:
    name: 大码
    description: {zh: 大码客户, en: The obese}
    owner: 胖哥
    purpose: 给胖子推荐
    value:
      rules:
        - {name: 穷人, where: {attribute: city, is: 穷县}}
        - {name: 其他, where: {event: item_bought, where: {brand: {in: [胖子, 傻瓜]}}}}
      otherwise: 傻子
  size: {value: {bands: {of: {count: {event: order_paid}}, at: [2], labels: [胖, 大]}}}
  set_by_hand: {value: {manual: {type: choice, values: [难缠, 好说话]}}}
segments:
  s:
    name: 胖东来
    where: {tag: size, is: 胖}
    picked_in: [{customer: M1, author: 傻根, reason: 是个傻子}]
tiers:
  t:
    levels: [{id: A, name: 高, advice: {zh: 别理穷鬼}}, {id: 死客户}]
    rules: [{level: A, where: {everyone: true}}]
    otherwise: 死客户
lists:
  idiots: {members: [fat]}
`)
	want := []string{
		`f.yaml:4: catalogue.attributes.shape.name.zh: "胖"`,
		`f.yaml:4: catalogue.attributes.shape.values[0]: "胖"`,
		`f.yaml:6: catalogue.events.seen.properties.note.name.zh: "秃头"`,
		`f.yaml:6: catalogue.events.seen.properties.ugly_face: "ugly"`,
		`f.yaml:9: tags.fat_ones: "fat"`,
		`f.yaml:11: tags.fat_ones.description.en: "obese"`,
		`f.yaml:13: tags.fat_ones.purpose: "胖子"`,
		`f.yaml:16: tags.fat_ones.value.rules[0].name: "穷人"`,
		`f.yaml:18: tags.fat_ones.value.otherwise: "傻子"`,
		`f.yaml:19: tags.size.value.bands.labels[0]: "胖"`,
		`f.yaml:20: tags.set_by_hand.value.manual.values[0]: "难缠"`,
		`f.yaml:25: segments.s.picked_in[0].reason: "傻子"`,
		`f.yaml:28: tiers.t.levels[0].advice.zh: "穷鬼"`,
		`f.yaml:28: tiers.t.levels[1]: "死客户"`,
		`f.yaml:32: lists.idiots: "idiots"`,
	}
	for i := range refused {
		refused[i], _, _ = strings.Cut(refused[i], " must not")
	}
	slices.Sort(refused)
	slices.Sort(want)
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCheckNames(t *testing.T) {
	set := mustLoad(t, "f.yaml", []byte("tags: {big: {name: {zh: 胖子}, value: {attribute: city}}, small: {name: 傻子, value: {attribute: city}}}"))
	err := define.CheckNames(set, []define.Ref{{Kind: "tag", Name: "big"}}, define.ForbiddenWords())
	errs := define.Errors(err)
	if len(errs) != 1 || errs[0].Field != "tags.big.name.zh" || !strings.Contains(errs[0].Hint, "大码") || !strings.Contains(errs[0].Message, "appearance") {
		t.Errorf("got %v", err)
	}
	if err := define.CheckNames(set, set.Refs(), define.Words{}); err != nil {
		t.Errorf("no words: %v", err)
	}
	// What Strata brings along says nothing forbidden.
	all := mustLoad(t, "none.yaml", nil)
	var refs []define.Ref
	for name := range all.Catalogue.Attributes {
		refs = append(refs, define.Ref{Kind: "attribute", Name: name})
	}
	for name := range all.Catalogue.Events {
		refs = append(refs, define.Ref{Kind: "event", Name: name})
	}
	if err := define.CheckNames(all, refs, define.ForbiddenWords()); err != nil || len(refs) < 50 {
		t.Errorf("the standard vocabulary of %d entries: %v", len(refs), err)
	}
}

func TestGovernHeaders(t *testing.T) {
	const text = `
tags:
  bare: {value: {attribute: city}}
  half: {owner: wang, purpose: test, value: {attribute: occupation}}
  whole: {owner: wang, purpose: test, consumer: shops, value: {attribute: education}}
segments:
  s: {purpose: test, where: {everyone: true}}
`
	want := []string{
		"f.yaml:3: tags.bare: tag bare has no owner, no purpose and no consumer",
		"f.yaml:4: tags.half: tag half has no consumer",
		"f.yaml:7: segments.s: segment s has no owner and no consumer",
	}
	_, warnings, refused := govern(t, define.Governance{}, nil, text)
	if !slices.Equal(warnings, want) || refused != nil {
		t.Errorf("warnings %q and refused %q, want warnings %q", warnings, refused, want)
	}
	_, warnings, refused = govern(t, define.Governance{Require: true}, nil, text)
	if !slices.Equal(warnings, want) || refused != nil {
		t.Errorf("required and only looked at: warnings %q and refused %q, want warnings %q", warnings, refused, want)
	}
	f, err := define.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	published := mustLoad(t, "f.yaml", []byte(text))
	if err := (define.Governance{}).CheckPublished(published, f); err != nil {
		t.Errorf("not required: %v", err)
	}
	var got []string
	for _, e := range define.Errors((define.Governance{Require: true}).CheckPublished(published, f)) {
		got = append(got, e.Error())
	}
	const owner, purpose, consumer = "; write who answers for it, such as owner: wang", "; write what it is for, such as purpose: win back lost customers", "; write who uses it, such as consumer: store managers"
	want = []string{
		"f.yaml:3: tags.bare.owner: tag bare has no owner" + owner,
		"f.yaml:3: tags.bare.purpose: tag bare has no purpose" + purpose,
		"f.yaml:3: tags.bare.consumer: tag bare has no consumer" + consumer,
		"f.yaml:4: tags.half.consumer: tag half has no consumer" + consumer,
		"f.yaml:7: segments.s.owner: segment s has no owner" + owner,
		"f.yaml:7: segments.s.consumer: segment s has no consumer" + consumer,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	set, _, _ := govern(t, define.Governance{}, nil, text+"  t: {where: {everyone: true}}")
	set.GiveOwner(mustLoad(t, "b.yaml", []byte("tags: {bare: {owner: li, value: {attribute: city}}}\nsegments: {t: {where: {everyone: true}}}")), set.Refs(), "zhao")
	owners := map[string]string{"bare": set.Tags["bare"].Owner, "half": set.Tags["half"].Owner, "s": set.Segments["s"].Owner, "t": set.Segments["t"].Owner}
	if diff := cmp.Diff(map[string]string{"bare": "li", "half": "wang", "s": "zhao", "t": ""}, owners); diff != "" {
		t.Error(diff)
	}
}

func TestGovernSensitive(t *testing.T) {
	base := mustLoad(t, "base.yaml", []byte("catalogue: {attributes: {blood: {type: text, sensitive: true}}}"))
	const text = `
catalogue: {attributes: {allergy: {type: text, sensitive: true}}}
tags:
  home: {owner: x, purpose: x, consumer: x, value: {attribute: family}}
  bmi: {owner: x, purpose: x, consumer: x, value: {formula: "weight / height"}}
  named: {owner: x, purpose: x, consumer: x, value: {attribute: name}}
  rule:
    {owner: x, purpose: x, consumer: x, value: {rules: [{name: 1, where: {all: [
      {attribute: city, is: 北京},
      {attribute: marital, exists: true}]}}]}}
segments:
  careful: {owner: x, purpose: x, consumer: x, where: {any: [{attribute: allergy, exists: true}, {attribute: blood, is: A}]}}
  other: {owner: x, purpose: x, consumer: x, where: {event: store_visited, where: {store: {is: {attribute: blood}}}}}
`
	_, _, refused := govern(t, define.Governance{}, base, text)
	want := []string{
		"f.yaml:4: tags.home.value.attribute: attribute family is sensitive and off",
		"f.yaml:5: tags.bmi: attribute height is sensitive and off",
		"f.yaml:5: tags.bmi: attribute weight is sensitive and off",
		"f.yaml:10: tags.rule.value.rules[0].where.all[1].attribute: attribute marital is sensitive and off",
		"f.yaml:12: segments.careful.where.any[0].attribute: attribute allergy is sensitive and off",
		"f.yaml:12: segments.careful.where.any[1].attribute: attribute blood is sensitive and off",
		"f.yaml:13: segments.other.where.where.store.is.attribute: attribute blood is sensitive and off",
	}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	on := map[string]bool{}
	for _, name := range []string{"family", "height", "weight", "marital", "allergy", "blood"} {
		on[name] = true
	}
	if _, _, refused := govern(t, define.Governance{On: on}, base, text); refused != nil {
		t.Errorf("all are on, and refused is %q", refused)
	}

	// It stays sensitive by being called something else.
	_, _, refused = govern(t, define.Governance{}, base, "catalogue: {attributes: {blood: {type: text}, family: {type: text}}}\nsegments: {s: {owner: x, purpose: x, consumer: x, where: {any: [{attribute: blood, is: A}, {attribute: family, is: A}]}}}")
	want = []string{
		"f.yaml:1: catalogue.attributes.blood: attribute blood is sensitive and off, and would no longer be called sensitive",
		"f.yaml:2: segments.s.where.any[0].attribute: attribute blood is sensitive and off",
		"f.yaml:2: segments.s.where.any[1].attribute: attribute family is sensitive and off",
	}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestGovernAlike(t *testing.T) {
	tests := []struct {
		name         string
		old, fresh   [3]string // identifier, Chinese, English
		want         string    // "" = unlike
		wantSameFile string    // where both are new
	}{
		{"the same Chinese name", [3]string{"a", "消费能力", ""}, [3]string{"b", "消费能力", ""}, "the names are the same", "the names are the same"},
		{"blanks and signs", [3]string{"a", "VIP 客户（华东）", ""}, [3]string{"b", "vip客户-华东", ""}, "the names are the same", "the names are the same"},
		{"synonyms", [3]string{"a", "消费金额", ""}, [3]string{"b", "消费额", ""}, "in other words (消费额, 消费金额)", "in other words"},
		{"more synonyms", [3]string{"a", "近90天销售额", ""}, [3]string{"b", "最近90天消费金额", ""}, "in other words", "in other words"},
		{"another order", [3]string{"a", "近90天消费金额", ""}, [3]string{"b", "消费金额近90天", ""}, "in other words", "in other words"},
		{"customers", [3]string{"a", "高价值客户", ""}, [3]string{"b", "高价值人群", ""}, "in other words", "in other words"},
		{"English words", [3]string{"spend_total", "", ""}, [3]string{"lifetime_spending", "", ""}, "in other words", "in other words"},
		{"identifier and English name", [3]string{"order_count", "", ""}, [3]string{"x", "", "Number of orders"}, "in other words", "in other words"},
		{"plural", [3]string{"store_visit", "", ""}, [3]string{"store_visits", "", ""}, "in other words", "in other words"},
		{"a slip", [3]string{"favourite_colour", "", ""}, [3]string{"favourite_color", "", ""}, "differ by one letter", ""},
		{"a swap", [3]string{"membership_kind", "", ""}, [3]string{"memebrship_kind", "", ""}, "differ by one letter", ""},
		{"a Chinese slip", [3]string{"a", "社群活跃程度", ""}, [3]string{"b", "社群活越程度", ""}, "differ by one letter", ""},

		{"other numbers", [3]string{"spend_30d", "近30天消费", "Spend of 30 days"}, [3]string{"spend_90d", "近90天消费", "Spend of 90 days"}, "", ""},
		{"other measure", [3]string{"a", "消费金额", ""}, [3]string{"b", "消费次数", ""}, "", ""},
		{"high and low", [3]string{"high_value", "高价值客户群体", ""}, [3]string{"low_value", "低价值客户群体", ""}, "", ""},
		{"first and last", [3]string{"first_order", "首次下单门店", ""}, [3]string{"last_order", "末次下单门店", ""}, "", ""},
		{"places", [3]string{"a", "杭州忠诚老客户", ""}, [3]string{"b", "广州忠诚老客户", ""}, "", ""},
		{"new and old", [3]string{"a", "新客", ""}, [3]string{"b", "老客", ""}, "", ""},
		{"not", [3]string{"a", "复购客户名单", ""}, [3]string{"b", "未复购客户名单", ""}, "", ""},
		{"short words", [3]string{"mean", "", ""}, [3]string{"meal", "", ""}, "", ""},
		{"fewer words", [3]string{"loyal", "", ""}, [3]string{"loyal_in_east", "", ""}, "", ""},
	}
	line := func(n [3]string, event string) string {
		var names []string
		for i, lang := range []string{"zh", "en"} {
			if n[i+1] != "" {
				names = append(names, fmt.Sprintf("%s: %q", lang, n[i+1]))
			}
		}
		return fmt.Sprintf("  %s: {name: {%s}, owner: x, purpose: x, consumer: x, value: {count: {event: %s}}}\n", n[0], strings.Join(names, ", "), event)
	}
	for _, tt := range tests {
		old, fresh := line(tt.old, "order_paid"), line(tt.fresh, "store_visited")
		base := mustLoad(t, "base.yaml", []byte("tags:\n"+old))
		for _, try := range []struct {
			how  string
			base *define.Set
			text string
			want string
		}{{"published", base, "tags:\n" + fresh, tt.want}, {"same file", nil, "tags:\n" + old + fresh, tt.wantSameFile}} {
			_, warnings, refused := govern(t, define.Governance{}, try.base, try.text)
			got := strings.Join(append(warnings, refused...), "\n")
			if (got == "") != (try.want == "") || !strings.Contains(got, try.want) || len(warnings) > 1 {
				t.Errorf("%s (%s): %q, want %q", tt.name, try.how, got, try.want)
			}
		}
		// Given again it is not new.
		if _, warnings, _ := govern(t, define.Governance{}, base, "tags:\n"+old); warnings != nil {
			t.Errorf("%s: given again %q", tt.name, warnings)
		}
	}
}

func TestGovernSameContent(t *testing.T) {
	base := mustLoad(t, "base.yaml", []byte(`
tags:
  spend: {name: 消费, value: {sum: {event: order_paid, of: amount, within: 90d}}}
  hand: {value: {manual: {type: boolean}}}
segments:
  loyal: {name: 忠诚客户, where: {all: [{tag: spend, at_least: 100}, {attribute: city, is: 北京}]}}
tiers:
  old_model: {name: 旧模型, levels: [A, B], rules: [{level: A, where: {tag: spend, at_least: 9}}], otherwise: B}
`))
	_, warnings, refused := govern(t, define.Governance{}, base, `
tags:
  paid: {name: 付款, owner: x, purpose: x, consumer: x, value: {sum: {event: [order_paid], within: 90d, of: amount}}}
  paid_ever: {owner: x, purpose: x, consumer: x, value: {sum: {event: order_paid, of: amount}}}
  thumb: {owner: x, purpose: x, consumer: x, value: {manual: {type: boolean}}}
segments:
  capital: {owner: x, purpose: x, consumer: x, where: {all: [{tag: spend, at_least: 100.00}, {attribute: city, is: 北京}]}}
  better: {owner: x, purpose: x, consumer: x, where: {all: [{tag: spend, at_least: 101}, {attribute: city, is: 北京}]}}
tiers:
  new_model: {owner: x, purpose: x, consumer: x, levels: [{id: A, name: 好}, B], rules: [{level: A, where: {tag: spend, at_least: 9}}], otherwise: B}
`)
	want := []string{
		"f.yaml:3: tags.paid: tag paid is nearly tag spend (消费): they compute the same",
		"f.yaml:7: segments.capital: segment capital is nearly segment loyal (忠诚客户): they compute the same",
		"f.yaml:10: tiers.new_model: tier new_model is nearly tier old_model (旧模型): they compute the same",
	}
	if !slices.Equal(warnings, want) || refused != nil {
		t.Errorf("got %q and %q, want %q", warnings, refused, want)
	}
	// A rename is not new.
	if _, warnings, _ := govern(t, define.Governance{}, base, "tags: {spends: {renamed_from: spend, owner: x, purpose: x, consumer: x, value: {sum: {event: order_paid, of: amount, within: 90d}}}}\nsegments: {loyal: {owner: x, purpose: x, consumer: x, where: {tag: spends, at_least: 1}}}\ntiers: {old_model: {owner: x, purpose: x, consumer: x, levels: [A, B], rules: [{level: A, where: {tag: spends, at_least: 9}}], otherwise: B}}"); warnings != nil {
		t.Errorf("a rename: %q", warnings)
	}
}

func TestGovernIsQuick(t *testing.T) {
	var b strings.Builder
	b.WriteString("tags:\n")
	for i := range 2500 {
		fmt.Fprintf(&b, "  tag_number_%d:\n    {name: {zh: 第%d号消费金额, en: Spend no %d}, value: {sum: {event: order_paid, of: amount, within: %dd}}}\n", i, i, i, i+1)
	}
	file, err := define.Parse("f.yaml", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := define.Check(nil, file, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	warnings, err := define.Governance{Words: define.ForbiddenWords()}.Check(nil, set, file)
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("5,000 lines took %v", took)
	}
	if err != nil || len(warnings) != 2500 {
		t.Errorf("%d warnings, %v", len(warnings), err)
	}
}

func TestGovernPaused(t *testing.T) {
	base := mustLoad(t, "base.yaml", []byte("tags: {spend: {value: {sum: {event: order_paid, of: amount}}}}"))
	g := define.Governance{Paused: []define.Ref{{Kind: "tag", Name: "old"}, {Kind: "segment", Name: "sleepers"}}}
	file, err := define.Parse("f.yaml", []byte(`
tags:
  sum: {value: {formula: "old + spend"}}
  old: {value: {count: {event: order_paid}}}
segments:
  awake: {where: {not: {segment: sleepers}}}
  sleepers: {where: {tag: old, at_most: 0}}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range define.Errors(g.CheckPaused(base.Catalogue, file)) {
		got = append(got, e.Field+": "+e.Message+"; "+e.Hint)
	}
	want := []string{
		"f.yaml:3: tags.sum: it uses tag old, which is paused; strata definition resume tag old",
		"f.yaml:6: segments.awake: it uses segment sleepers, which is paused; strata definition resume segment sleepers",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, warnings, _ := govern(t, g, base, "tags: {old: {owner: x, purpose: x, consumer: x, value: {count: {event: order_paid}}}}")
	if want := []string{"f.yaml:1: tags.old: tag old is paused and stays so"}; !slices.Equal(warnings, want) {
		t.Errorf("warnings %q, want %q", warnings, want)
	}
}
