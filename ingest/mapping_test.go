package ingest_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"strata/define"
	"strata/ingest"
)

// TestMappingErrors: every error has its line, its path and what to write.
func TestMappingErrors(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "# nothing\n", []string{"map.yaml: is empty; write at least source: and keys:"}},
		{"not YAML", "source: [a\nkeys: b\n", []string{"map.yaml:2: is not YAML: ',' or ']' must be specified; check indentation, colons and quotes"}},
		{"two documents", "source: a\n---\nsource: b\n", []string{"map.yaml: holds more than one document; keep one mapping a file, without ---"}},
		{"a list", "- a\n", []string{"map.yaml:1: a mapping must be a mapping of names, found a list; write it as KEY: VALUE lines"}},
		{"unknown keys and words", "sorce: a\nsource: s\nencoding: latin1\nzone: Beijing\ndelimiter: x\npriority: 300\nkeys: {Phone: {column: p, integr: true, invalid: maybe}, m: {integer: 1}}\n", []string{
			"map.yaml:1: sorce: unknown key sorce; did you mean source?",
			`map.yaml:3: encoding: unknown encoding "latin1"; write utf-8 or gb18030, or leave it out to have it detected`,
			`map.yaml:4: zone: unknown time zone "Beijing"; use an IANA name such as Asia/Shanghai or Europe/London`,
			`map.yaml:5: delimiter: unknown delimiter "x"; write ",", ";", "|" or tab`,
			`map.yaml:6: priority: found "300"; write a whole number from 0 to 255; at one instant the higher source wins`,
			"map.yaml:7: keys.Phone: not a name for a kind of key: Phone; use phone, member_no, unionid, openid.APP, email or another lower-case word",
			"map.yaml:7: keys.Phone.integr: unknown key integr; did you mean integer?",
			`map.yaml:7: keys.Phone.invalid: found "maybe"; write refuse or ignore`,
			"map.yaml:7: keys.m: column is missing; name the column that holds the key",
			`map.yaml:7: keys.m.integer: must be true or false, found "1"; write true or false`,
		}},
		{"catalogue names", "source: s\nkeys: {m: m}\nevents:\n  - event: order_payed\n    time: t\n  - event: order_paid\n    time: {column: t, layouts: [dd-mm, foo]}\n    properties: {amuont: a, amount: {column: a, values: b}}\nattributes:\n  gendr: g\n  gender: {column: g, values: {男: man}, at_least: 1}\n", []string{
			"map.yaml:4: events[0].event: the catalogue has no event order_payed; did you mean order_paid? Or declare it under catalogue.events",
			`map.yaml:7: events[1].time.layouts[0]: not a layout of a time: "dd-mm"; write it like yyyy-MM-dd HH:mm:ss, dd/MM/yyyy, unix or unix_ms`,
			`map.yaml:7: events[1].time.layouts[1]: not a layout of a time: "foo"; write it like yyyy-MM-dd HH:mm:ss, dd/MM/yyyy, unix or unix_ms`,
			"map.yaml:8: events[1].properties.amuont: order_paid has no property amuont in the catalogue; did you mean amount? Or declare it under catalogue.events.order_paid.properties",
			`map.yaml:8: events[1].properties.amount.values: values must be a mapping of names, found "b"; write it as KEY: VALUE lines`,
			"map.yaml:10: attributes.gendr: the catalogue has no attribute gendr; did you mean gender? Or declare it under catalogue.attributes",
			`map.yaml:11: attributes.gender.values.男: gender has no value "man"; write one of male, female`,
			"map.yaml:11: attributes.gender.at_least: gender is of type choice and cannot be compared with a number; use is, in or matches in a refuse: rule",
		}},
		{"values", "source: s\nkeys: {m: m}\nevents:\n  - event: order_paid\n    time: t\n    properties:\n      amount: {column: a, product: [a], sum: true, take: first}\n      store: {constant: x, count: true, unit: minor, negate: true, separator: x}\n      order_id: {}\n", []string{
			"map.yaml:7: events[0].properties.amount.product: a product needs two or more columns; write product: [QUANTITY, PRICE], or column: for one",
			"map.yaml:7: events[0].properties.amount: amount needs exactly one of column, constant, product and count; write one of them",
			"map.yaml:7: events[0].properties.amount.sum: sum is over the rows of a group; add group: {by: COLUMN} to the event",
			"map.yaml:7: events[0].properties.amount.take: take chooses among the rows of a group; add group: {by: COLUMN} to the event",
			"map.yaml:7: events[0].properties.amount.take: both sum and take; keep one of them",
			"map.yaml:8: events[0].properties.store.count: count is of the rows of a group; add group: {by: COLUMN} to the event",
			"map.yaml:8: events[0].properties.store: store needs exactly one of column, constant, product and count; write one of them",
			"map.yaml:8: events[0].properties.store: a product or count is a number, but store is of type text; use it for a number or money property",
			"map.yaml:8: events[0].properties.store.negate: store is of type text and has no sign; leave negate out",
			"map.yaml:8: events[0].properties.store.unit: unit is of money, but store is of type text; leave it out",
			"map.yaml:8: events[0].properties.store.separator: store holds one value; leave separator out",
			"map.yaml:9: events[0].properties.order_id: order_id needs exactly one of column, constant, product and count; write one of them",
		}},
		{"conditions", "source: s\nkeys: {m: m}\nskip:\n  - {when: {a: {startswith: C, matches: '(', at_least: x, is: '', empty: 3}}}\n  - {because: x, when: {}}\n  - {because: y}\n", []string{
			"map.yaml:4: skip[0].when.a.startswith: unknown key startswith; did you mean starts_with?",
			"map.yaml:4: skip[0].when.a.is: is needs a text that is not empty; write empty: true to test for an empty cell",
			"map.yaml:4: skip[0].when.a.matches: not a regular expression: error parsing regexp: missing closing ): `(`; use RE2 syntax, such as ^C[0-9]+$",
			`map.yaml:4: skip[0].when.a.empty: must be true or false, found "3"; write true or false`,
			`map.yaml:4: skip[0].when.a.at_least: must be a number, found "x"; write it as 12 or 12.50`,
			"map.yaml:4: skip[0]: because is missing; say in words why these rows are left out; the report counts them by it",
			"map.yaml:5: skip[1].when: the condition is empty; write {COLUMN: {is: TEXT}}, or leave it out",
			"map.yaml:6: skip[2]: when is missing; write when: {COLUMN: {is: TEXT}}",
		}},
		{"own catalogue", "source: s\nkeys: {m: m}\ncatalogue:\n  events: {order_paid: {properties: {amount: {scale: 12}, x: {type: text, scale: 2}, y: {scale: 1}, z: text2, c: choice}}}\n", []string{
			`map.yaml:4: catalogue.events.order_paid.properties.amount.scale: found "12"; write how many digits after the point are kept, from 0 to 9`,
			"map.yaml:4: catalogue.events.order_paid.properties.x.scale: scale is of numbers and money, not of type text; leave it out",
			"map.yaml:4: catalogue.events.order_paid.properties.y: type is missing; write type: text, id, number, money, boolean, date, time, choice or float",
			"map.yaml:4: catalogue.events.order_paid.properties.y.scale: scale is of numbers and money, not of type ; leave it out",
			`map.yaml:4: catalogue.events.order_paid.properties.z: found "text2"; write text, id, number, money, boolean, date, time, choice or float`,
		}},
		{"the same event twice", "source: s\nkeys: {m: m}\nevents: [{event: order_paid, time: t}, {event: order_paid, time: u}]\n", []string{
			"map.yaml: events[1]: order_paid is made twice and neither has an id, so that one row's two could not be told apart; give each an id: column, or another event name",
		}},
		{"columns of a headless file", "source: s\nheader: [a, b, a]\nkeys: {m: c}\n", []string{
			"map.yaml:2: header[2]: the column name a stands twice; give each column its own name",
			"map.yaml:3: keys.m: there is no column c in header; write one of a, b, a",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ingest.ParseMapping("map.yaml", []byte(c.text), vocabulary())
			if err == nil {
				t.Fatal("it was taken")
			}
			if d := cmp.Diff(c.want, strings.Split(err.Error(), "\n")); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestMappingHash(t *testing.T) {
	text := "source: s\nkeys: {m: m}\nevents: [{event: order_paid, time: t, properties: {amount: a}}]\n"
	parse := func(text string, c *define.Catalogue) string {
		m, err := ingest.ParseMapping("map.yaml", []byte(text), c)
		if err != nil {
			t.Fatal(err)
		}
		return m.Hash()
	}
	three := uint8(3)
	other := vocabulary()
	other.Events["order_paid"].Properties["amount"] = define.EventProperty{Type: define.Type{Name: define.TypeMoney, Scale: &three}}
	hash := parse(text, vocabulary())
	if parse(text, vocabulary()) != hash {
		t.Error("the same mapping has two hashes")
	}
	if parse(text, other) == hash || parse(text+"#", vocabulary()) == hash {
		t.Error("another text or type has the same hash")
	}
}

func FuzzMapping(f *testing.F) {
	for _, s := range []string{ordersMapping, crashMapping, "a: &x {b: c}\nd: *x\n", "source: !!str s\nkeys: {m: *y}\n", "- ? a\n  : b\n", "<<: {a: b}\n", "a: |\n  b\n"} {
		f.Add([]byte(s))
	}
	if text, err := os.ReadFile("../examples/online_retail/mapping.yaml"); err == nil {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ingest.ParseMapping("m", data, vocabulary())
		if (m == nil) == (err == nil) {
			t.Fatalf("mapping %v, error %v", m, err)
		}
	})
}

// TestSuggest: drafts are accepted as they are, and import what they say.
func TestSuggest(t *testing.T) {
	for _, c := range []struct {
		header []string
		row    string
		want   []string
	}{
		{[]string{"订单号", "会员号", "手机号", "下单时间", "门店", "商品名称", "数量", "实付金额(元)", "退款金额", "备注"}, "A1,1001,13800138001,2026-04-01 12:00,朝阳店,毛肚,2,77.00,7,x", []string{
			"member_no=1001+phone=+8613800138001",
			"member_no=1001+phone=+8613800138001 | item_bought 2026-04-01T04:00:00Z # amount=77.00 order_id=A1 product=毛肚 quantity=2 store=朝阳店 from pos",
			"member_no=1001+phone=+8613800138001 | order_paid 2026-04-01T04:00:00Z A1 amount=77.00 order_id=A1 store=朝阳店 from pos",
			"member_no=1001+phone=+8613800138001 | order_refunded 2026-04-01T04:00:00Z A1 amount=7.00 order_id=A1 from pos",
		}},
		{[]string{"手机号", "性别", "生日", "城市", "会员等级"}, "13800138001,女,1990-01-01,北京,金卡", []string{
			"phone=+8613800138001",
			"phone=+8613800138001 | @birthday 2026-05-01T12:00:00Z 1990-01-01 from pos",
			"phone=+8613800138001 | @city 2026-05-01T12:00:00Z 北京 from pos",
			"phone=+8613800138001 | @gender 2026-05-01T12:00:00Z female from pos",
			"phone=+8613800138001 | @member_level 2026-05-01T12:00:00Z 金卡 from pos",
		}},
		{[]string{"Order ID", "Customer ID", "Paid at", "Amount"}, "7,1001,2026-04-01,3.5", []string{
			"member_no=1001", "member_no=1001 | order_paid 2026-03-31T16:00:00Z 7 amount=3.50 order_id=7 from pos",
		}},
		{[]string{"奇怪的列", "Yes", "a: b", `q"`}, "1001,,,", []string{"member_no=1001"}},
	} {
		t.Run(strings.Join(c.header, " "), func(t *testing.T) {
			file := strings.ReplaceAll(strings.Join(c.header, ","), `"`, `""`) + "\n" + c.row + "\n"
			if strings.Contains(file, `""`) {
				file = strings.Replace(file, `q""`, `"q"""`, 1)
			}
			header, err := ingest.ReadHeader(ingest.BytesSource("pos.csv", gb18030(t, file)))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.header, header); d != "" {
				t.Error(d)
			}
			draft := ingest.Suggest("pos.csv", header, vocabulary())
			m, err := ingest.ParseMapping("draft.yaml", draft, vocabulary())
			if err != nil {
				t.Fatalf("%v\n%s", err, draft)
			}
			s := newStage(t, defaultSettings)
			if _, err := s.importBytes("pos.csv", gb18030(t, file), m); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(sorted(c.want), s.hidden()); d != "" {
				t.Errorf("facts (-want +got):\n%s\n%s", d, draft)
			}
		})
	}
}

func ExampleSuggest() {
	catalogue := &define.Catalogue{Events: map[string]define.Event{"order_paid": {Properties: map[string]define.EventProperty{
		"order_id": {Type: define.Type{Name: define.TypeID}},
		"amount":   {Type: define.Type{Name: define.TypeMoney}},
	}}}}
	fmt.Printf("%s", ingest.Suggest("pos.csv", []string{"订单号", "手机号", "支付时间", "实付金额", "备注"}, catalogue))
	// Output:
	// source: pos
	//
	// keys:
	//   phone: {column: 手机号, invalid: refuse} # ignore: keep the row when another key is good
	//
	// events:
	//   - event: order_paid
	//     time: 支付时间
	//     id: 订单号
	//     properties:
	//       order_id: 订单号
	//       amount: 实付金额
	//
	// # Not used yet:
	// #   备注
}
