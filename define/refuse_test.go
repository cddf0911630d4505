package define_test

import (
	"fmt"
	"strings"
	"testing"

	"strata"
	"strata/define"
)

// Each text is refused with exactly the errors wanted, "field | message |
// hint" in the order of lines. A text that does not begin with a section is
// the condition of segments.s.
func TestRefused(t *testing.T) {
	const where = "segments.s.where"
	tests := []struct {
		name, text string
		want       []string
	}{
		// Names.
		{"event", `{event: order_payed}`, []string{where + ".event | unknown event order_payed | did you mean order_paid?"}},
		{"event by its title", `{event: 支付订单}`, []string{where + ".event | unknown event 支付订单 | did you mean order_paid?"}},
		{"event prefix", `{event: zz_*}`, []string{where + `.event | no event begins with zz_`}},
		{"star inside", `{event: "a*b"}`, []string{where + `.event | "a*b": a star may only stand at the end | write a prefix such as shop_*`}},
		{"event in a list", `{event: [order_paid, itm_bought]}`, []string{where + ".event[1] | unknown event itm_bought | did you mean item_bought?"}},
		{"property", `{event: order_paid, where: {amout: {at_least: 1}}}`, []string{where + ".where.amout | unknown property amout of order_paid | did you mean amount?"}},
		{"property by its title", `{event: order_paid, where: {门店: {is: A}}}`, []string{where + ".where.门店 | unknown property 门店 of order_paid | did you mean store?"}},
		{"property of two types", `{event: [review_posted, shop_page_viewed, call_made, x], where: {score: {is: A}}}`, []string{where + ".event[3] | unknown event x", where + ".where.score.is | a number is needed here, found \"A\""}},
		{"attribute", `{attribute: citty, is: 北京}`, []string{where + ".attribute | unknown attribute citty | did you mean city?"}},
		{"tag", `{tag: spend, exists: true}`, []string{where + ".tag | unknown tag spend | there is no tag yet"}},
		{"tag that is a segment", `{tag: s, exists: true}`, []string{where + ".tag | unknown tag s | s is a name of the kind segment"}},
		{"level", "segments: {s: {where: {tier: rfm, is: important_valu}}}\ntiers: {rfm: {rfm: {classes: eight}}}", []string{where + ".is | unknown level important_valu of tier rfm | did you mean important_value?"}},
		{"level by its title", "segments: {s: {where: {tier: rfm, in: [重要价值]}}}\ntiers: {rfm: {rfm: {classes: eight}}}", []string{where + ".in[0] | unknown level 重要价值 of tier rfm | did you mean important_value?"}},
		{"level in a rule", "tiers: {t: {levels: [A, B], rules: [{level: D, where: {everyone: true}}], otherwise: C}}", []string{"tiers.t.rules[0].level | unknown level D of tier t | known here: A, B", "tiers.t.otherwise | unknown level C of tier t | known here: A, B"}},
		{"operator", `{attribute: city, iss: 北京}`, []string{where + ".iss | unknown key iss | did you mean is?"}},
		{"condition", `{evnt: order_paid}`, []string{where + ".evnt | unknown condition evnt | did you mean event?"}},
		{"key", `{event: order_paid, withn: 7d}`, []string{where + ".withn | unknown key withn | did you mean within?"}},
		{"section", `tag: {a: {value: {tag: b}}}`, []string{"tag | unknown key tag | did you mean tags?"}},
		{"value", `tags: {a: {value: {summ: {event: order_paid}}}}`, []string{"tags.a.value.summ | unknown value summ | did you mean sum?"}},
		{"name", `tags: {a-b: {value: {attribute: city}}}`, []string{`tags.a-b | "a-b" cannot name a tag | use letters, digits and _, beginning with a letter`}},
		// Types of operands.
		{"text for money", `{attribute: balance, at_least: 多}`, []string{where + `.at_least | an amount of money is needed here, found "多"`}},
		{"money too fine", `{attribute: balance, at_least: 1.005}`, []string{where + ".at_least | 1.005 has more than 2 digits after the point, or is too large"}},
		{"thousands", `{attribute: balance, at_least: "1,000"}`, []string{where + `.at_least | an amount of money is needed here, found "1,000" | write it in plain digits, such as 1000 or 12.50`}},
		{"number for text", `{attribute: city, is: 5}`, []string{where + `.is | a text is needed here, found 5 | write it in quotes: "5"`}},
		{"leading zero", `{attribute: city, is: 007}`, []string{` | "007" is not a decimal number | write it with digits only, such as 1000 or 12.50, or in quotes where it is a text`}},
		{"text for boolean", `{event: order_paid, where: {promoted: {is: "true"}}}`, []string{where + `.where.promoted.is | true or false is needed here, found "true" | write true or false, without quotes`}},
		{"choice", `{attribute: gender, is: femal}`, []string{where + ".is | unknown value femal | did you mean female?"}},
		{"date", `{attribute: birthday, is: 2026-02-30}`, []string{where + `.is | a date is needed here, found "2026-02-30" | write it as 2026-01-31; for today or {ago: 4d} use on, before, since, after or until`}},
		{"time", `{attribute: birthday, before: soon}`, []string{where + `.before | "soon" is not a time | write 2026-01-31, 2026-01-31T08:00:00+08:00, now, today, yesterday, tomorrow, {ago: 4d} or {ahead: 5d}`}},
		{"duration for a time", `{attribute: birthday, before: 30d}`, []string{where + `.before | "30d" is not a time | write {ago: 30d}`}},
		{"fraction for a count", `{event: order_paid, times: {at_least: 2.5}}`, []string{where + ".times.at_least | a whole number is needed here, found 2.5"}},
		{"sum of a text", `{event: order_paid, sum: {of: store, at_least: 1}}`, []string{where + ".sum.of | sum needs a number, and this property is text | write distinct to count its values"}},
		{"attribute operand", `{event: order_paid, where: {amount: {at_least: {attribute: city}}}}`, []string{where + ".where.amount.at_least | attribute city is text, which does not compare with money"}},
		{"regular expression", `{attribute: city, matches: "("}`, []string{where + ".matches | not a regular expression: missing closing ): `(` | use RE2 syntax; it looks for a part, ^ and $ stand for the ends"}},
		// Operators and types.
		{"order of texts", `{attribute: city, at_least: 北}`, []string{where + ".at_least | at_least does not go with text | use one of is, is_not, in, not_in, contains, not_contains, starts_with, ends_with, matches, exists, missing"}},
		{"is of many", `{attribute: likes, is: 茶}`, []string{where + ".is | is does not go with a list of text | it holds many: write has"}},
		{"order of dates", `{attribute: birthday, at_least: 2026-01-01}`, []string{where + ".at_least | at_least does not go with date | write since (that day included) or after"}},
		{"part of an id", `{event: order_paid, where: {order_id: {contains: A}}}`, []string{where + ".where.order_id.contains | contains does not go with id | use one of is, is_not, in, not_in, exists, missing"}},
		{"fold of a number", `{attribute: balance, is: 1, fold: true}`, []string{where + ".fold | fold goes with texts only | remove it"}},
		{"nothing compared", `{attribute: city}`, []string{where + " | nothing is compared here | write {attribute: city, is: ...} or exists: true"}},
		{"list for is", `{attribute: city, is: [北京]}`, []string{where + ".is | a single value is needed here, found a list"}},
		{"scalar for in", `{attribute: city, in: 北京}`, []string{where + `.in | in needs a list, found "北京" | write in: [a, b]`}},
		{"shorthand where", `{event: item_bought, where: {brand: 资生堂}}`, []string{where + `.where.brand | a comparison is needed here, found "资生堂" | write {brand: {is: 资生堂}}`}},
		// What is empty or contradicts itself.
		{"empty all", `{all: []}`, []string{where + ".all | the list is empty | name at least one or remove the key"}},
		{"empty condition", `{}`, []string{where + " | the condition is empty | write a condition such as {event: order_paid, within: 30d, times: {at_least: 2}}"}},
		{"empty text", `{attribute: city, is: ""}`, []string{where + ".is | the text is empty | an empty text is missing: write missing: true"}},
		{"nothing after a key", `{attribute: city, is: }`, []string{where + ".is | nothing stands after is | write its value or remove the key"}},
		{"two conditions", `{segment: s, event: order_paid}`, []string{where + " | segment and event are two conditions | join them: {all: [{segment: ...}, {event: ...}]}"}},
		{"two measures", `{event: order_paid, times: {is: 1}, days_active: {is: 1}}`, []string{where + ".days_active | times and days_active are two measures | write two conditions and join them with all"}},
		{"two windows", `{event: order_paid, within: 7d, since: 2026-01-01}`, []string{where + ".since | within and since are two windows | write one, such as between: [from, to]"}},
		{"window backwards", `{event: order_paid, between: [2026-02-01, 2026-01-01]}`, []string{where + ".between | the window ends before it begins | write between: [from, to]; to is left out, so that two equal days hold nothing"}},
		{"window backwards, relative", `{event: order_paid, between: [{ago: 30d}, {ago: 2mo}]}`, []string{where + ".between | the window ends before it begins | write between: [from, to]; to is left out, so that two equal days hold nothing"}},
		{"window ahead", `{event: order_paid, within: next_month}`, []string{where + ".within | the window lies ahead, and events after as_of are not seen | write a window in the past"}},
		{"window of nothing", `{event: order_paid, within: 0d}`, []string{where + ".within | the duration is nothing | write at least 1"}},
		{"unknown duration", `{event: order_paid, within: 7 days}`, []string{where + `.within | "7 days" is neither a duration nor a calendar word`}},
		{"calendar word", `{event: order_paid, within: this_moth}`, []string{where + `.within | "this_moth" is neither a duration nor a calendar word | did you mean this_month?`}},
		{"between backwards", `{attribute: balance, between: [10, 1]}`, []string{where + " | between 10.00 and 1.00 holds nothing | write the smaller one first"}},
		{"never both", `{attribute: balance, at_least: 10, less_than: 10}`, []string{where + " | at_least 10.00 and less_than 10.00 can never both hold"}},
		{"silence", `{stopped: {event: order_paid, active_within: 7d, silent_within: 30d}}`, []string{where + ".stopped.silent_within | nobody can be active within the time of the silence | write active_within longer than silent_within"}},
		{"restart", `{restarted: {event: order_paid, silent_from: 1w, active_within: 7d}}`, []string{where + ".restarted.active_within | no silence lies between | write silent_from longer than active_within"}},
		{"periods", `{regularly: {event: order_paid, period: 1w, in: 5, of: 4}}`, []string{where + ".regularly.of | 5 of 4 periods cannot be | write in at most as large as of"}},
		{"bucket", `{bucket: {salt: a, from: 20, to: 10}}`, []string{where + ".bucket.to | the bucket is empty | write from below to; both are percents and to is left out"}},
		{"anchor", `{event: order_paid, anchored: {to: last, event: wecom_added, from: 8d, until: 7d}}`, []string{where + ".anchored.until | the window ends before it begins | write from before until"}},
		{"one step", `{sequence: [{event: order_paid}]}`, []string{where + ".sequence | a sequence needs two steps | write a plain event condition for one"}},
		{"same on the first step", `{sequence: [{event: cart_added, same: [sku]}, {event: order_paid}]}`, []string{where + ".sequence[0] | within and same look at the step before, and this is the first | write them on the next step"}},
		{"same that a step lacks", `{sequence: [{event: cart_added}, {event: order_paid, same: [sku]}]}`, []string{where + ".sequence[1].same | unknown property sku of order_paid"}},
		// Tags.
		{"tag circle", "tags:\n  a: {value: {tag: b}}\n  b: {value: {tag: a}}", []string{"tags.a | goes round in a circle: a -> b -> a | let one of them stand on events or attributes"}},
		{"segment in itself", "segments:\n  s: {where: {not: {segment: s}}}", []string{"segments.s | goes round in a circle: s -> s"}},
		{"circle over kinds", "segments: {s: {where: {tag: a, is: true}}}\ntags: {a: {value: {rules: [{name: true, where: {tier: t, is: A}}]}}}\ntiers: {t: {levels: [A], rules: [{level: A, where: {segment: s}}]}}", []string{"tags.a | goes round in a circle: a -> t -> s -> a"}},
		{"labels", `tags: {a: {value: {bands: {of: {attribute: balance}, at: [1, 2], labels: [x, y]}}}}`, []string{"tags.a.value.bands.labels | 2 cuts make 3 bands, and there are 2 labels | write one label for each band, the lowest first"}},
		{"falling cuts", `tags: {a: {value: {bands: {of: {attribute: balance}, at: [2, 1], labels: [x, y, z]}}}}`, []string{"tags.a.value.bands.at[1] | 1.00 does not come after 2.00 | write them from small to large, each once"}},
		{"bands of texts", `tags: {a: {value: {bands: {of: {attribute: city}, at: [b], labels: [x, y]}}}}`, []string{"tags.a.value.bands.of | a number or a date is needed here, this value is text"}},
		{"formula", `tags: {a: {value: {formula: "balance / (2"}}}`, []string{"tags.a.value.formula | not a formula: a closing bracket is missing at character 13"}},
		{"formula name", `tags: {a: {value: {formula: "balanse + 1"}}}`, []string{"tags.a.value.formula | unknown tag or attribute balanse | did you mean balance?"}},
		{"formula of a text", `tags: {a: {value: {formula: "city + 1"}}}`, []string{"tags.a.value.formula | city is text, which a formula cannot use"}},
		{"formula of kinds", `tags: {a: {value: {formula: "if(balance, 1, 2)"}}}`, []string{"tags.a.value.formula | if needs a boolean"}},
		{"rules of kinds", `tags: {a: {value: {rules: [{name: 高, where: {everyone: true}}, {name: 1, where: {everyone: true}}]}}}`, []string{"tags.a.value.rules[1].name | this value is a number, the first is a text | give values of one type"}},
		{"for on time since", "tags: {q: {value: {since: {event: order_paid}}}}\nsegments: {s: {where: {tag: q, at_least: 3, for: {at_least: 3d}}}}", []string{where + ".tag | q changes by time alone, so for, since, changed and moved say nothing of it | compare its value"}},
		// Tiers.
		{"nothing gives levels", `tiers: {t: {levels: [A]}}`, []string{"tiers.t | nothing says who is at which level | write one of rules, rfm, aipl, funnel, promotion, score"}},
		{"two ways", `tiers: {t: {rfm: {classes: eight}, rules: [{level: general_keep, where: {everyone: true}}]}}`, []string{"tiers.t | rules and rfm both give levels | keep one of them"}},
		{"move up", `tiers: {t: {levels: [S, A], rules: [{level: S, where: {everyone: true}}], moves: [{from: [A], to: S, after: 7d}]}}`, []string{"tiers.t.moves[0].from[0] | from A to S is not down, and a move never promotes | promote with a rule"}},
		{"weights", `tiers: {t: {rfm: {classes: three, weights: [1, 2]}}}`, []string{"tiers.t.rfm.weights | three weights are needed | write weights: [R, F, M], such as [1, 1, 2]"}},
		{"grid of a mean", `tiers: {t: {rfm: {classes: grid, score: mean}}}`, []string{"tiers.t.rfm.score | a grid needs scores, and mean only tells high from low"}},
		{"hole in a grid", `tiers: {t: {levels: [a], rfm: {classes: grid, score: {quantile: 2}, grid: [{level: a, recency: [1, 2], frequency: 1}]}}}`, []string{"tiers.t.rfm.grid | recency 1, frequency 2 is at no level"}},
		{"level of no model", `tiers: {t: {rfm: {classes: eight}, levels: [{id: important_valu}]}}`, []string{"tiers.t.levels[0] | unknown level important_valu of this model | did you mean important_value?"}},
		// Catalogue.
		{"type", `catalogue: {attributes: {a: {type: txt}}}`, []string{"catalogue.attributes.a.type | unknown word txt | did you mean text? (one of text, id, number, float, money, boolean, date, time, choice)"}},
		{"choice without values", `catalogue: {attributes: {a: choice}}`, []string{"catalogue.attributes.a | a choice needs its values | write {type: choice, values: [...]}"}},
		{"identity", `catalogue: {events: {e: {identity: nr, properties: {no: text}}}}`, []string{"catalogue.events.e.identity | unknown property nr of e | known here: no"}},
		{"refunds", `catalogue: {events: {e: {properties: {order_id: id, sum: text}, refunds: {event: order_payed, key: order_id, amount: sum}}}}`, []string{"catalogue.events.e.refunds.event | unknown event order_payed | did you mean order_paid?", "catalogue.events.e.refunds.amount | sum is text and not an amount | name a money property"}},
		// for_each.
		{"for_each twice", "tags:\n  a: {for_each: {x: [p, q]}, value: {attribute: city}}", []string{"tags.a | for_each makes a twice | put each of its keys in the name, such as a_{x}"}},
		{"for_each of nothing", "tags:\n  a: {for_each: [p, q], value: {attribute: city}}", []string{"tags.a.for_each | for_each needs keys with lists | write for_each: {category: [奶粉, 纸尿裤]}"}},
		// Syntax: one error with its line.
		{"bad YAML", "segments:\n  s: {where: [\n", []string{" | not valid YAML"}},
		{"key twice", "segments:\n  s: {where: {everyone: true}}\n  s: {where: {everyone: true}}", []string{" | key \"s\" stands twice, first at line 2 | keep one of them"}},
		{"two documents", "tags: {}\n---\ntags: {}\n", []string{" | the file holds more than one document | remove the line ---"}},
		{"merge key", "tags: {a: &a {value: {attribute: city}}, b: {<<: *a}}", []string{" | merge keys are not used here | write the keys of << out"}},
		{"YAML tag", "tags: {a: !!map {value: {attribute: city}}}", []string{" | YAML tags such as !!map are not used here | remove it"}},
		{"not UTF-8", "tags:\n  \xff: 1", []string{" | the text is not UTF-8 | save the file as UTF-8"}},
		// Everything at once.
		{"all errors", "tags:\n  a: {value: {sum: {event: order_payed, of: amount}}}\n  b: {value: {tag: c}, colour: red}\nsegments:\n  s: {where: {all: [{event: order_paid, within: 7days}, {attribute: citty, is: 1}]}}\n", []string{
			"tags.a.value.sum.event | unknown event order_payed", "tags.b.value.tag | unknown tag c", "tags.b.colour | unknown key colour",
			where + `.all[0].within | "7days" is neither`, where + ".all[1].attribute | unknown attribute citty"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := tt.text
			if strings.HasPrefix(text, "{") {
				text = "segments:\n  s: {where: " + text + "}\n"
			}
			_, _, err := load("f.yaml", []byte(text))
			var got []string
			for _, e := range define.Errors(err) {
				if e.Code != strata.Invalid {
					t.Errorf("code %s", e.Code)
				}
				field, ok := strings.CutPrefix(e.Field, "f.yaml:")
				if !ok {
					t.Errorf("field %q has no file and line", e.Field)
				}
				_, path, _ := strings.Cut(field, ": ")
				got = append(got, fmt.Sprintf("%s | %s | %s", path, e.Message, e.Hint))
			}
			if len(got) != len(tt.want) {
				t.Fatalf("%d errors, want %d:\n%s", len(got), len(tt.want), strings.Join(got, "\n"))
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("error %d\n got %s\nwant %s", i, got[i], want)
				}
			}
		})
	}
}

func TestErrorLines(t *testing.T) {
	for _, tt := range []struct{ name, text, field string }{
		{"f.yaml", "# first\nsegments:\n  s:\n    where:\n      all:\n        - {event: order_paid}\n        - event: order_paid\n          within: soon\n", "f.yaml:8: segments.s.where.all[1].within"},
		{"f.json", "{\n \"segments\": {\n  \"s\": {\n   \"where\": {\n    \"event\": \"order_paid\",\n    \"within\": \"soon\"}}}}\n", "f.json:6: segments.s.where.within"},
		{"f.yaml", "a: [1\nb: 2\n", "f.yaml:2"},
		{"f.json", "{\n\"tags\": {},\n}", "f.json:3"},
		{"f.json", "{\n\"tags\": {}", "f.json:2"},
		{"f.json", "{\n\"tags\": {},\n\"tags\": {}}", "f.json:3"},
		{"", "segments: {s: {where: {evento: 1}}}", "line 1: segments.s.where.evento"},
	} {
		_, _, err := load(tt.name, []byte(tt.text))
		errs := define.Errors(err)
		if len(errs) != 1 || errs[0].Field != tt.field {
			t.Errorf("%q: got %v, want one error at %s", tt.text, err, tt.field)
		}
	}
}
