package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/scenario"
)

// corpus reads every script under testdata.
func corpus(t testing.TB) []*scenario.Script {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var out []*scenario.Script
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenario.ParseScript(file, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func TestCorpus(t *testing.T) {
	cases := 0
	for _, s := range corpus(t) {
		cases += len(s.Cases)
		t.Run(filepath.Base(s.File), func(t *testing.T) {
			for _, c := range s.Cases {
				failures, _, err := c.Run(nil, "en")
				if err != nil {
					t.Error(err)
				}
				for _, f := range failures {
					t.Error("\n" + f.String())
				}
			}
		})
	}
	if cases < 400 {
		t.Errorf("the corpus has %d cases, fewer than 400", cases)
	}
}

const people = "facts: {ada: [{event: order_paid, time: 2026-01-05, amount: 100}], bob: []}\n"

func TestMistakesOfScripts(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", "s.yaml:1: the script is empty; write facts: and cases:"},
		{"not YAML", "facts: [", "s.yaml:1: not valid YAML"},
		{"a list", "- a", "s.yaml:1: a script is a mapping, found a list"},
		{"unknown key", people + "case: []\ncases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada, bob]}]", "s.yaml:2: unknown key case; did you mean cases?"},
		{"no cases", people, "s.yaml:1: the script has no cases"},
		{"no name", people + "cases: [{as_of: 2026-01-06}]", "s.yaml:2: the case has no name"},
		{"a name twice", people + "cases:\n- {name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada, bob]}\n- {name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada, bob]}", `s.yaml:4: the case "a" stands twice, first at line 3`},
		{"nothing expected", people + "cases: [{name: a, as_of: 2026-01-06}]", "s.yaml:2: the case expects nothing"},
		{"no instant", people + "cases: [{name: a, where: {everyone: true}, holds: []}]", "s.yaml:2: no instant says as of when"},
		{"holds without where", people + "cases: [{name: a, as_of: 2026-01-06, holds: []}]", "s.yaml:2: holds goes with where"},
		{"gives without value", people + "cases: [{name: a, as_of: 2026-01-06, gives: {ada: 1}}]", "s.yaml:2: gives goes with value"},
		{"unknown customer", people + "cases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [adda]}]", "s.yaml:2: there is no customer adda in the facts; did you mean ada?"},
		{"unknown segment", people + "cases: [{name: a, as_of: 2026-01-06, define: {segments: {all_of: {where: {everyone: true}}}}, members: {all_off: []}}]", "s.yaml:2: unknown segment all_off; did you mean all_of?"},
		{"a value of another type", people + "cases: [{name: a, as_of: 2026-01-06, value: {count: {event: order_paid}}, gives: {ada: many}}]", `s.yaml:2: "many" is not a number`},
		{"unknown level", people + "cases: [{name: a, as_of: 2026-01-06, define: {tiers: {t: {levels: [A], rules: [{level: A, where: {everyone: true}}]}}}, levels: {t: {ada: B}}}]", "s.yaml:2: tier t has no level B"},
		{"no part", people + "cases: [{name: a, as_of: 2026-01-06, define: {segments: {s: {where: {all: [{everyone: true}]}}}}, explain: {s: {ada: {\"all[1]\": true}}}}]", "s.yaml:2: segment s has no part all[1]"},
		{"an event without a time", "facts:\n  ada:\n    - {event: order_paid}\ncases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada]}]", "s.yaml:3: an event has a time"},
		{"no fact", "facts:\n  ada:\n    - {order_paid: 2026-01-01}\ncases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada]}]", "s.yaml:3: this is no fact"},
		{"two facts in one", "facts:\n  ada:\n    - {event: order_paid, attributes: {city: A}, time: 2026-01-01}\ncases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada]}]", "s.yaml:3: event and attributes are two facts"},
		{"a fact of nobody", "facts:\n  - {event: order_paid, time: 2026-01-01}\ncases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: []}]", "s.yaml:2: a fact names its customer"},
		{"unknown property", "facts:\n  ada:\n    - {event: order_paid, time: 2026-01-01, amonut: 5}\ncases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada]}]", "s.yaml:3: unknown property amonut of order_paid; did you mean amount?"},
		{"unknown attribute", "facts:\n  ada:\n    - attributes:\n        citty: A\ncases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada]}]", "s.yaml:4: unknown attribute citty; did you mean city?"},
		{"a clock reading that is skipped", "zone: America/New_York\nfacts:\n  ada:\n    - {event: order_paid, time: 2026-03-08 02:30}\ncases: [{name: a, as_of: 2026-03-09, where: {everyone: true}, holds: [ada]}]", "s.yaml:4: the clocks of America/New_York never show 2026-03-08 02:30"},
		{"a clock reading that comes twice", "zone: America/New_York\nfacts:\n  ada:\n    - {event: order_paid, time: 2026-11-01 01:30}\ncases: [{name: a, as_of: 2026-11-09, where: {everyone: true}, holds: [ada]}]", "s.yaml:4: the clocks of America/New_York show 2026-11-01 01:30 twice"},
		{"an unknown zone", "zone: Asia/Beijing\n" + people + "cases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada, bob]}]", "s.yaml:1: unknown time zone Asia/Beijing"},
		{"a tag that is not set by hand", "facts:\n  ada:\n    - {tag: fan, value: x}\ncases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada]}]", "s.yaml:3: fan is no tag that is set by hand"},
		{"an unknown consent", "facts:\n  ada:\n    - {consent: marketing, is: maybe}\ncases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada]}]", "s.yaml:3: a consent is granted, refused or withdrawn"},
		{"definitions name their line", people + "cases:\n  - name: a\n    as_of: 2026-01-06\n    where:\n      all:\n        - {everyone: true}\n        - {event: order_payed}\n    holds: []", "s.yaml:8: segments.this_condition.where.all[1].event: unknown event order_payed; did you mean order_paid?"},
		{"definitions as a text of their own", "define: |\n  segments:\n    s: {where: {event: order_payed}}\n" + people + "cases: [{name: a, as_of: 2026-01-06, members: {s: []}}]", "s.yaml:3: segments.s.where.event: unknown event order_payed"},
		{"no file", "use: other.yaml\n" + people + "cases: [{name: a, as_of: 2026-01-06, where: {everyone: true}, holds: [ada, bob]}]", "s.yaml:1: no other file can be read here"},
		{"what the evaluator cannot compute", people + "cases: [{name: a, as_of: 2026-01-06, define: {tiers: {t: {promotion: {order: order_paid, promoted: {promoted: {is: true}}}}}, segments: {s: {where: {tier: t, is: neutral}}}}, members: {s: [ada]}}]", "s.yaml:2: segments.s: it stands on tier t, which cannot be computed yet"},
		{"versions out of order", people + "cases:\n  - name: a\n    as_of: 2026-01-06\n    where: {everyone: true}\n    holds: [ada, bob]\n    versions:\n      - {from: 2026-02-01, define: {tags: {}}}\n      - {from: 2026-01-01, define: {tags: {}}}", "s.yaml:9: the versions are not in order"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := scenario.ParseScript("s.yaml", []byte(test.text), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got\n%v\nwant\n%s", err, test.want)
			}
		})
	}
}

func TestFailuresSayWhatCame(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"members", people + `cases:
  - name: nobody
    as_of: 2026-01-06
    where: {all: [{event: order_paid, within: 7d}, {not: {attribute: city, is: 北京}}]}
    holds: []
`, `s.yaml:6: nobody
    as of 2026-01-06 00:00:00 +08:00, where (evaluator)
    want []
    got  [ada]
      ada is in:
        yes  all
        yes    Has paid an order in the last 7 days
        yes    not
        no       City is 北京`},
		{"a value", people + "cases: [{name: v, as_of: 2026-01-06, value: {sum: {event: order_paid, of: amount}}, gives: {ada: 90, bob: 0}}]", "value of ada (evaluator)\n    want 90.00\n    got  100.00"},
		{"a missing value", people + "cases: [{name: v, as_of: 2026-01-06, value: {sum: {event: order_paid, of: amount}}, gives: {ada: 100, bob: null}}]", "value of bob (evaluator)\n    want nothing\n    got  0.00"},
		{"a level", people + "cases: [{name: v, as_of: 2026-01-06, define: {tiers: {t: {levels: [A, B], rules: [{level: A, where: {event: order_paid}}]}}}, levels: {t: {ada: B, bob: null}}}]", "tier t of ada (evaluator)\n    want B\n    got  A"},
		{"in and out", people + "cases: [{name: v, as_of: 2026-01-06, define: {segments: {s: {where: {event: order_paid}}}}, members: {s: {in: [bob], out: [ada]}}}]", "want [bob]\n    got  [ada]"},
		{"a sentence", people + "cases: [{name: v, as_of: 2026-01-06, where: {event: order_paid}, sentence: {zh: 退款}}]", "want 退款\n    got  支付过订单"},
		{"an explanation", people + "cases: [{name: v, as_of: 2026-01-06, define: {segments: {s: {where: {any: [{event: order_paid}, {everyone: true}]}}}}, explain: {s: {ada: {\"any[0]\": false}}}}]", "any[0] of segment s for ada (evaluator)\n    want false\n    got  true"},
		{"definitions that are accepted", people + "cases: [{name: v, where: {event: order_paid}, refused: unknown}]", "want unknown\n    got  they are accepted"},
		{"an event that is refused", "facts: {ada: [{event: order_paid, id: x, time: 2026-01-01, amount: 1}, {event: order_paid, id: x, time: 2026-01-01, amount: 2}]}\ncases: [{name: v, as_of: 2026-01-06, where: {event: order_paid}, holds: [ada]}]", "another event came under this id before"},
		{"an event that is not refused", "facts: {ada: [{event: order_paid, id: x, time: 2026-01-01, amount: 1, refused: true}]}\ncases: [{name: v, as_of: 2026-01-06, where: {event: order_paid}, holds: [ada]}]", "nothing is wrong with it"},
		{"a split of nobody", "facts: {ada: [{split: bob}]}\ncases: [{name: v, as_of: 2026-01-06, where: {event: order_paid}, holds: []}]", "bob is not merged with anybody"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := scenario.ParseScript("s.yaml", []byte(test.text), nil)
			if err != nil {
				t.Fatal(err)
			}
			failures, _, err := s.Cases[0].Run(nil, "en")
			if err != nil {
				t.Fatal(err)
			}
			if len(failures) != 1 || !strings.Contains(failures[0].String(), test.want) {
				t.Errorf("got %d failures\n%v\nwant\n%s", len(failures), failures, test.want)
			}
		})
	}
}
