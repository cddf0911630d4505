package define_test

import (
	"slices"
	"strings"
	"testing"

	"strata"
	"strata/define"
)

// found are the forbidden words of a text, as they stand in it.
func found(w define.Words, text string) []string {
	var out []string
	for _, f := range w.Find(text) {
		out = append(out, f.Text)
	}
	return out
}

func TestForbiddenWords(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		// Chinese: anywhere, the longest first.
		{"胖顾客", []string{"胖"}},
		{"大胖子和秃头", []string{"大胖子", "秃头"}},
		{"死胖子", []string{"死胖子"}},
		{"信佛、吃素", []string{"信佛"}},
		{"糖尿病人群", []string{"糖尿病"}},
		{"少数民族客户", []string{"少数民族"}},
		{"死客户", []string{"死客户"}},
		{"穷人", []string{"穷人"}},
		{"同性恋", []string{"同性恋"}},
		{"老赖", []string{"老赖"}},

		// Harmless although a word is in them.
		{"胖东来会员", nil},
		{"死党、死忠粉与生死之交", nil},
		{"笨鸡蛋、雪花肥牛、合肥门店、小肥羊", nil},
		{"傻瓜相机", nil},
		{"垃圾桶与垃圾分类", nil},
		{"男同事和女同学", nil},
		{"微信佛山门店", nil},
		{"小白人群", nil},
		{"短信拉黑人数", nil},
		{"流失业务", nil},
		{"流失信号、丢失信息", nil},
		{"主流产品偏好", nil},
		{"其乐无穷", nil},
		{"第二奶茶店", nil},
		{"变态辣爱好者", nil},
		{"女性生活馆", nil},
		{"渠道教程、微信教程、频道教学", nil},
		{"低能耗、低保真、低保质期", nil},
		{"前三高消费、三高级会员", nil},
		{"羊毛党、价格敏感、铁杆粉丝", nil},
		{"讨厌香菜", nil},

		// ... and found beside them.
		{"胖东来的胖子", []string{"胖子"}},
		{"死党说他死相", []string{"死"}},
		{"黑人群体", []string{"黑人群体"}},

		// Latin: between word borders.
		{"fat customers", []string{"fat"}},
		{"father, fatal and fathom", nil},
		{"is_fat", []string{"fat"}},
		{"fat2", []string{"fat"}},
		{"isFat", []string{"Fat"}},
		{"买FAT的人", []string{"FAT"}},
		{"jewel and jewellery", nil},
		{"the Jewish quarter", []string{"Jewish"}},
		{"Idiots and idiotic", []string{"Idiots", "idiotic"}},
		{"low_fat_milk, skinny-jeans", nil},
		{"Christian Dior", nil},
		{"Christian-Dior, christian: dior", nil}, // anything but letters may join the parts
		{"Christian and Dior", []string{"Christian"}},
		{"mentally-ill", []string{"mentally-ill"}},
		{"problem_customers", []string{"problem_customers"}},
		{"poor_quality_reviews", nil},
		{"poor people", []string{"poor"}},
		{"negroni lovers, spice, classic, analyst, cucumber", nil},
		{"push_disabled", nil},
		{"std_spend", nil},
		{"beef jerky", nil},

		// Case and width.
		{"ＦＡＴ", []string{"ＦＡＴ"}},
		{"GaY", nil}, // small, capital: Ga and Y
		{"Gay", []string{"Gay"}},
		{"傻Ｘ", []string{"傻"}},
	}
	w := define.ForbiddenWords()
	for _, tt := range tests {
		if got := found(w, tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("Find(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestListOfWords holds the list itself to its promises: every word is found
// where it stands alone, with a reason in both languages, and every harmless
// text holds a word and is not found.
func TestListOfWords(t *testing.T) {
	w := define.ForbiddenWords()
	list := w.List()
	if len(list) < 600 {
		t.Fatalf("the list has only %d words", len(list))
	}
	classes := map[string]int{}
	for _, word := range list {
		classes[word.Class]++
		hits := w.Find(strings.TrimSuffix(word.Word, "*"))
		if len(hits) != 1 || hits[0].Text != strings.TrimSuffix(word.Word, "*") {
			t.Errorf("%s is not found in itself: %v", word.Word, hits)
		}
		if word.Why.Zh == "" || word.Why.En == "" || word.Better.Zh == "" || word.Better.En == "" || word.Own {
			t.Errorf("%s lacks a reason or a better word: %+v", word.Word, word)
		}
		for _, better := range []string{word.Better.Zh, word.Better.En} {
			if hits := found(w, better); hits != nil {
				t.Errorf("the better word for %s is %s, which holds %q", word.Word, better, hits)
			}
		}
	}
	for _, class := range []string{"insult", "appearance", "health", "religion", "ethnicity", "sexual", "poverty", "crime"} {
		if classes[class] < 10 {
			t.Errorf("%s has only %d words", class, classes[class])
		}
	}
	if w.Allowed() != nil {
		t.Errorf("nobody allowed %q", w.Allowed())
	}
}

func TestOwnWords(t *testing.T) {
	w, err := define.ForbiddenWords().With("words", []byte(`
add:
  - {word: 薅羊毛, class: insult, better: {zh: 价格敏感}}
  - {words: [tester*, 内鬼], why: 不该写}
  - 黑卡
  - {word: 胖, class: house, why: {zh: 本店规定, en: house rule}, better: 大码}
allow: [穷, 死胖子, poor student]
`))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		"薅羊毛":               {"薅羊毛"},
		"testers 与内鬼、黑卡":    {"testers", "内鬼", "黑卡"},
		"胖":                 {"胖"},
		"胖东来":               nil, // what the list allows stays allowed
		"穷学生":               nil,
		"穷人":                {"穷人"}, // another word
		"死胖子":               nil,
		"胖子":                {"胖子"},
		"poor students":     {"poor"},
		"poor student, fat": {"fat"},
	} {
		if got := found(w, text); !slices.Equal(got, want) {
			t.Errorf("Find(%q) = %q, want %q", text, got, want)
		}
	}
	if f := w.Find("胖"); len(f) != 1 || f[0].Class != "house" || !f[0].Own || f[0].Why.En != "house rule" {
		t.Errorf("胖 is %+v", f)
	}
	if f := w.Find("内鬼"); f[0].Class != "own" || f[0].Why.Zh != "不该写" {
		t.Errorf("内鬼 is %+v", f)
	}
	if slices.ContainsFunc(w.List(), func(x define.Word) bool { return x.Word == "穷" }) || len(w.Allowed()) != 3 {
		t.Error("穷 is still listed, or not allowed")
	}
	if got := found(define.ForbiddenWords(), "穷学生、薅羊毛"); !slices.Equal(got, []string{"穷"}) {
		t.Errorf("the list that comes with Strata was changed: %q", got)
	}
	if again, err := w.With("none", nil); err != nil || !slices.Equal(found(again, "薅羊毛"), []string{"薅羊毛"}) {
		t.Errorf("an empty text: %v", err)
	}
}

func TestOwnWordsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"add: [{word: 内鬼, class: nope}]":  "words:1: add[0]: nope is no known class and has no why",
		"add: [{class: insult}]":          "words:1: add[0]: no word is named",
		"add: [{word: '!!'}]":             `words:1: add[0].word: "!!" holds no letters`,
		"add: [{word: 'a*'}]":             `words:1: add[0].word: "a*" would be found in too much`,
		"add: [{word: 'a*b'}]":            `words:1: add[0].word: "a*b" has a * elsewhere than at the end of a Latin word`,
		"add: [内鬼, 内鬼]":                   "words:1: add[1]: 内鬼 is listed twice",
		"allow: 3":                        "words:1: allow: a list is needed here, found 3",
		"forbid: [内鬼]":                    "words:1: forbid: unknown key forbid",
		"add: [{word: 内鬼, clas: insult}]": "words:1: add[0].clas: unknown key clas; did you mean class?",
		"add: {word: 内鬼}":                 "words:1: add: a list is needed here, found a mapping",
		"classes: [x]\nadd: [{word: 内鬼}]": "words:1: classes: a mapping is needed here, found a list",
	} {
		_, err := define.ForbiddenWords().With("words", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strata.CodeOf(err) != strata.Invalid {
			t.Errorf("With(%q): %v, want %s", text, err, want)
		}
	}
}

func TestCheckText(t *testing.T) {
	w := define.ForbiddenWords()
	if err := w.Check("note", "喜欢靠窗，不吃香菜"); err != nil {
		t.Error(err)
	}
	err := w.Check("note", "大胖子，难缠")
	want := []string{
		`note: "大胖子" must not stand here (appearance): it judges how the customer looks / 评价长相或体型，与服务无关，客户看到会受伤害; write plus size / 大码; if it is harmless here: strata words allow 大胖子`,
		`note: "难缠" must not stand here (insult): it insults or belittles the customer / 含有侮辱或贬损，员工照念、客户看到都会成为事故; write has high standards / 服务要求高; if it is harmless here: strata words allow 难缠`,
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got %v", err)
	}
}
