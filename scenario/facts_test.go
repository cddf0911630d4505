package scenario_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"strata"
	"strata/define"
	"strata/scenario"
)

func catalogue(t *testing.T, text string) *define.Set {
	t.Helper()
	file, err := define.Parse("c.yaml", []byte(text))
	if file == nil {
		t.Fatal(err)
	}
	set, _, err := define.Check(nil, file, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// printed is everything read, one fact a line.
func printed(people map[string]*scenario.Person, who string) string {
	p := people[who]
	if p == nil {
		return "nobody"
	}
	var b strings.Builder
	for _, e := range p.Events {
		b.WriteString(e.Name + " " + strata.TimeOf(e.At).String())
		if !strings.HasPrefix(e.ID, "f:") { // of its line
			b.WriteString(" #" + e.ID)
		}
		for _, property := range e.Properties {
			b.WriteString(" " + property.Name + "=" + property.Value.Kind.String() + ":" + property.Value.String())
		}
		b.WriteString("\n")
	}
	for _, a := range p.Attributes {
		b.WriteString("@" + a.Name + " " + strata.TimeOf(a.At).String() + " " + a.Value.Kind.String() + ":" + a.Value.String() + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestReadFacts(t *testing.T) {
	set := catalogue(t, "catalogue: {synonyms: {Order Completed: order_paid, revenue: amount, Gender: gender}, attributes: {seen: time, pi: float, yes: boolean}}")
	cases := []struct{ name, in, who, want string }{
		{"track", `{"type":"track","event":"order_paid","userId":"a","timestamp":"2026-01-02T03:04:05.678+08:00","properties":{"amount":12.5,"store":"北京"},"messageId":"m1","context":{"ip":"x"}}`, "a",
			"order_paid 2026-01-01T19:04:05.678Z #m1 amount=money:12.50 store=text:北京"},
		{"anonymous", `{"type":"track","event":"order_paid","userId":"","anonymousId":"d1","timestamp":"2026-01-02"}`, "d1", "order_paid 2026-01-01T16:00:00Z"},
		{"row and number as text", `{"customer":7,"event":"item_bought","time":"2026-01-02 10:00","properties":{"quantity":"1.50","price":"9","product":"","order_id":1001},"id":5}`, "7",
			"item_bought 2026-01-02T02:00:00Z #5 order_id=id:1001 price=money:9.00 quantity=number:1.5"},
		{"identify", `{"type":"identify","userId":"a","timestamp":"2026-01-02T00:00:00Z","traits":{"likes":["b","a","b"],"birthday":"1990-02-28","gender":null,"balance":1e3,"height":"170","city":""}}`, "a",
			"@balance 2026-01-02T00:00:00Z money:1000.00\n@birthday 2026-01-02T00:00:00Z date:1990-02-28\n@city 2026-01-02T00:00:00Z missing:\n@gender 2026-01-02T00:00:00Z missing:\n@height 2026-01-02T00:00:00Z number:170.0\n@likes 2026-01-02T00:00:00Z list:a, b"},
		{"attributes", `{"customer":"a","attributes":{"seen":"2026-01-02 08:00:00","pi":3.25,"yes":"true","birthday":"2000-01-01T20:00:00Z","likes":"x"},"time":"2026-01-02"}`, "a",
			"@birthday 2026-01-01T16:00:00Z date:2000-01-02\n@likes 2026-01-01T16:00:00Z list:x\n@pi 2026-01-01T16:00:00Z float:3.25\n@seen 2026-01-01T16:00:00Z time:2026-01-02T00:00:00Z\n@yes 2026-01-01T16:00:00Z boolean:true"},
		{"only known", `{"type":"identify","userId":"quiet","timestamp":"2026-01-02"}`, "quiet", ""},
		{"inferred", `{"customer":"a","event":"odd thing","time":"2026-01-02T00:00:00Z","properties":{"n":1.250,"t":"1.5","b":false,"none":null}}`, "a",
			"odd thing 2026-01-02T00:00:00Z b=boolean:false n=number:1.25 t=text:1.5"},
		{"synonyms", `{"type":"track","event":"Order Completed","userId":"a","timestamp":"2026-01-02T00:00:00Z","properties":{"revenue":3}}`, "a", "order_paid 2026-01-02T00:00:00Z amount=money:3.00"},
		{"same id once", `{"customer":"a","event":"store_visited","time":"2026-01-02T00:00:00Z","id":"1"}
{"customer":"a","event":"store_visited","time":"2026-01-03T00:00:00Z","id":"1"}
{"customer":"a","event":"page_viewed","time":"2026-01-03T00:00:00Z","id":"1"}`, "a", "store_visited 2026-01-02T00:00:00Z #1\npage_viewed 2026-01-03T00:00:00Z #1"},
		{"same order once", `{"type":"track","userId":"a","event":"order_paid","timestamp":"2026-01-02T00:00:00Z","messageId":"1","properties":{"order_id":"o1","amount":1}}
{"type":"track","userId":"a","event":"order_paid","timestamp":"2026-01-03T00:00:00Z","messageId":"2","properties":{"order_id":"o1","amount":1}}`, "a", "order_paid 2026-01-02T00:00:00Z #1 amount=money:1.00 order_id=id:o1"},
		{"equal without id count", "\ufeff" + `{"customer":"a","event":"store_visited","time":"2026-01-02T00:00:00Z"}

{"customer":"a","event":"store_visited","time":"2026-01-02T00:00:00Z"}`, "a", "store_visited 2026-01-02T00:00:00Z\nstore_visited 2026-01-02T00:00:00Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			people, err := scenario.ReadFacts("e.jsonl", strings.NewReader(c.in), set, strata.DefaultSettings())
			if err != nil {
				t.Fatal(err)
			}
			if got := printed(people, c.who); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// Of two rows of one instant without ids the later is the last.
func TestReadFactsOrder(t *testing.T) {
	set := catalogue(t, "tags: {store: {value: {last: {event: order_paid, of: store}}}}")
	people, err := scenario.ReadFacts("e.jsonl", strings.NewReader(`{"customer":"a","event":"order_paid","time":"2026-01-02","properties":{"store":"Z"}}
{"customer":"a","event":"order_paid","time":"2026-01-02","properties":{"store":"A"}}`), set, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	w := scenario.World{Set: set, Settings: strata.DefaultSettings(), People: people}
	if got := w.Tag("a", "store", people["a"].Events[0].At); got.Text != "A" {
		t.Errorf("the last store is %s", got)
	}
}

func TestReadFactsRefuses(t *testing.T) {
	set := catalogue(t, "catalogue: {attributes: {seen: time}}")
	row := func(properties string) string {
		return `{"customer":"a","event":"item_bought","time":"2026-01-02","properties":` + properties + `}`
	}
	cases := []struct{ name, in, field, part string }{
		{"text as money", row(`{"amount":"12 yuan"}`), "e.jsonl:1: properties.amount", "write an amount in major units"},
		{"money too fine", row(`{"amount":1.234}`), "e.jsonl:1: properties.amount", "more than 2 digits"},
		{"too much money", row(`{"amount":1e12}`), "e.jsonl:1: properties.amount", "more money"},
		{"number as text", row(`{"sku":12}`), "e.jsonl:1: properties.sku", `write it in quotes`},
		{"boolean as number", row(`{"quantity":true}`), "e.jsonl:1: properties.quantity", "true is not a number"},
		{"text as boolean", row(`{"promoted":"yes"}`), "e.jsonl:1: properties.promoted", "write true or false"},
		{"choice", row(`{"found":"pushd"}`), "e.jsonl:1: properties.found", "did you mean pushed?"},
		{"nested array", row(`{"products":[{"sku":"1"}]}`), "e.jsonl:1: properties.products", "one event for each element"},
		{"nested object", row(`{"store":{"id":1}}`), "e.jsonl:1: properties.store", "nested data"},
		{"not a list of texts", `{"customer":"a","time":"2026-01-02","attributes":{"likes":[1]}}`, "e.jsonl:1: attributes.likes", "not a text"},
		{"date", `{"customer":"a","time":"2026-01-02","traits":{"birthday":"1990-02-30"}}`, "e.jsonl:1: traits.birthday", "is not a date"},
		{"time", `{"type":"identify","userId":"a","timestamp":"2026-01-02","traits":{"seen":"noon"}}`, "e.jsonl:1: traits.seen", "is not a time"},
		{"no time", `{"customer":"a","event":"order_paid"}`, "e.jsonl:1: time", "there is no time"},
		{"bad time", `{"type":"track","userId":"a","event":"x","timestamp":"today"}`, "e.jsonl:1: timestamp", "is not a time"},
		{"before 1970", `{"customer":"a","event":"order_paid","time":"1969-12-31"}`, "e.jsonl:1: time", "from 1970"},
		{"nobody", `{"type":"track","event":"x","timestamp":"2026-01-02"}`, "e.jsonl:1: userId", "nobody"},
		{"nothing", `{"customer":"a","time":"2026-01-02"}`, "e.jsonl:1: event", "neither"},
		{"other call", `{"type":"page","userId":"a","timestamp":"2026-01-02"}`, "e.jsonl:1: type", "track or identify"},
		{"typo", `{"customer":"a","event":"x","time":"2026-01-02","propertis":{}}`, "e.jsonl:1: propertis", "did you mean properties?"},
		{"not JSON", "\n{", "e.jsonl:2", "not a JSON object"},
		{"an array", "[]", "e.jsonl:1", "one JSON object a line"},
		{"another body", row(`{"order_id":"1"}`) + "\n" + `{"customer":"a","event":"order_paid","time":"2026-01-02","id":"1","properties":{"amount":1}}
{"customer":"b","event":"order_paid","time":"2026-01-02","id":"1","properties":{"amount":1}}`, "e.jsonl:3: id", "another order_paid"},
		{"unlike inferred", `{"customer":"a","event":"odd","time":"2026-01-02","properties":{"n":1}}
{"customer":"b","event":"odd","time":"2026-01-02","properties":{"n":"1"}}`, "e.jsonl:2: properties.n", "declare it"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := scenario.ReadFacts("e.jsonl", strings.NewReader(c.in), set, strata.DefaultSettings())
			if err == nil {
				t.Fatal("it was read")
			}
			if got := err.Error(); !strings.HasPrefix(got, c.field+": ") || !strings.Contains(got, c.part) {
				t.Errorf("got %s; want %s and %q", got, c.field, c.part)
			}
			if strata.CodeOf(err) != strata.Invalid {
				t.Errorf("code %s", strata.CodeOf(err))
			}
		})
	}
	_, err := scenario.ReadFacts("e.jsonl", strings.NewReader("{\n{"), set, strata.DefaultSettings())
	if got := strings.Count(err.Error(), "e.jsonl:"); got != 2 {
		t.Errorf("%d errors reported, want both", got)
	}
}

// What is wrong is left out whole, and the rest counts.
func TestReadFactsKeepsTheRest(t *testing.T) {
	set := catalogue(t, "catalogue: {attributes: {seen: time}}")
	people, err := scenario.ReadFacts("e.jsonl", strings.NewReader(`{"customer":"a","event":"order_paid","time":"2026-01-02","id":"1","properties":{"amount":1}}
{"customer":"a","event":"order_paid","time":"2026-01-02","id":"1","properties":{"amount":2}}
{"customer":"b","event":"order_paid","time":"2026-01-02","properties":{"amount":"much"}}
{"customer":"c","attributes":{"city":"x","seen":"noon"},"time":"2026-01-02"}
{"customer":"c","attributes":{"city":"y"},"time":"2026-01-03"}
`+strings.Repeat("[]\n", 60)), set, strata.DefaultSettings())
	if got := slices.Sorted(maps.Keys(people)); !slices.Equal(got, []string{"a", "c"}) {
		t.Fatalf("people %v", got)
	}
	if a := people["a"].Events; len(a) != 1 || a[0].Property("amount").String() != "1.00" {
		t.Errorf("events %v, want the first that came", a)
	}
	if c := people["c"].Attributes; len(c) != 1 || c[0].Value.Text != "y" {
		t.Errorf("attributes %v, want only those of the line that is right", c)
	}
	if text := err.Error(); strings.Count(text, "e.jsonl:") != 51 || !strings.HasSuffix(text, "e.jsonl: and 13 more lines are wrong") {
		t.Errorf("told %s", text)
	}
}
