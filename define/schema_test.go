package define_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"strata/define"
)

// compiled is the published schema, as a validator of the dialect sees it.
var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(define.JSONSchema()))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7) // the schema names its own
	if err := c.AddResource("definitions.schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("definitions.schema.json")
})

// bySchema validates a file of definitions with the published schema.
func bySchema(t testing.TB, name string, text []byte) error {
	t.Helper()
	schema, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := define.TreeJSON(name, text)
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(tree))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}

func TestSchemaAcceptsDefinitions(t *testing.T) {
	files := []string{"standard.yaml", "testdata/language.yaml", "../demo/definitions.yaml", "../examples/online_retail/definitions.yaml"}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := bySchema(t, name, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := bySchema(t, "empty.yaml", nil); err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

// Every definition of the scenario scripts that the parser reads is one by the
// schema too.
func TestSchemaAcceptsScenarios(t *testing.T) {
	scripts, err := filepath.Glob("../scenario/testdata/*.yaml")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("there are no scripts: %v", err)
	}
	read := 0
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := define.TreeJSON(name, text)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		var script map[string]any
		if err := json.Unmarshal(tree, &script); err != nil {
			t.Fatal(err)
		}
		for _, file := range definitionsIn(script) {
			text, err := json.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := define.Parse("s.json", text); err != nil {
				continue // a case that shows what is refused
			}
			read++
			if err := bySchema(t, "s.json", text); err != nil {
				t.Errorf("%s: %s: %v", name, text, err)
			}
		}
	}
	if read < 200 {
		t.Errorf("only %d definitions were found in %d scripts", read, len(scripts))
	}
}

// definitionsIn returns the files of definitions that a script holds.
func definitionsIn(x any) []any {
	var out []any
	switch x := x.(type) {
	case map[string]any:
		for key, value := range x {
			_, isCase := x["name"]
			_, mapping := value.(map[string]any)
			switch {
			case key == "define" && mapping:
				out = append(out, value)
			case key == "where" && isCase:
				out = append(out, map[string]any{"segments": map[string]any{"s": map[string]any{"where": value}}})
			case key == "value" && isCase:
				out = append(out, map[string]any{"tags": map[string]any{"t": map[string]any{"value": value}}})
			default:
				out = append(out, definitionsIn(value)...)
			}
		}
	case []any:
		for _, value := range x {
			out = append(out, definitionsIn(value)...)
		}
	}
	return out
}

// What is wrong whatever the catalogue holds is refused by the schema too. A
// text that does not begin with a section is the condition of segments.s.
func TestSchemaRefuses(t *testing.T) {
	for _, text := range []string{
		"tag: {a: {value: {attribute: city}}}",
		"tags: [a]",
		"tags: {a-b: {value: {attribute: city}}}",
		"tags: {a: {}}",
		"tags: {a: {value: city}}",
		"tags: {a: {value: {}}}",
		"tags: {a: {value: {summ: {event: order_paid, of: amount}}}}",
		"tags: {a: {value: {sum: {event: order_paid}}}}",
		"tags: {a: {value: {sum: {event: order_paid, of: amount, withn: 7d}}}}",
		"tags: {a: {value: {count: {event: order_paid}, sum: {event: order_paid, of: amount}}}}",
		"tags: {a: {colour: red, value: {attribute: city}}}",
		"tags: {a: {change: dinamic, value: {attribute: city}}}",
		"tags: {a: {category: consumption..total, value: {attribute: city}}}",
		"tags: {a: {expires: 30 days, value: {attribute: city}}}",
		"tags: {a: {on_empty: true, value: {attribute: city}}}",
		"tags: {a: {visible_to: [店长, 店长], value: {attribute: city}}}",
		"tags: {a: {name: {zh: 甲, fr: a}, value: {attribute: city}}}",
		"tags: {a: {value: {bands: {of: {tag: b}, at: [1], natural: 2, labels: [x, y]}}}}",
		"tags: {a: {value: {bands: {of: {tag: b}, labels: [x, y]}}}}",
		"tags: {a: {value: {top: {of: {tag: b}}}}}",
		"tags: {a: {value: {top: {of: {tag: b}, percent: 101}}}}",
		"tags: {a: {value: {rules: [{name: 高}]}}}",
		"tags: {a: {value: {rules: []}}}",
		"tags: {a: {value: {favourite: {event: item_bought, by: brand, top: 0}}}}",
		"tags: {a: {value: {since: {event: order_paid, unit: days}}}}",
		"tags: {a: {value: {manual: choice}}}",
		"tags: {a: {value: {formula: 5}}}",
		"segments: {s: {}}",
		"segments: {s: {where: {everyone: true}, picked_in: [{customer: M1}]}}",
		"segments: {s: {where: {everyone: true}, snapshot: today}}",
		"tiers: {t: {levels: [A]}}",
		"tiers: {t: {levels: [A], rules: [{level: A, where: {everyone: true}}], funnel: [{everyone: true}]}}",
		"tiers: {t: {levels: [{name: A}], rules: [{level: A, where: {everyone: true}}]}}",
		"tiers: {t: {levels: [{id: A, goal: money}], rules: [{level: A, where: {everyone: true}}]}}",
		"tiers: {t: {levels: [A, B], rules: [{level: A, where: {everyone: true}}], moves: [{from: [A], to: B}]}}",
		"tiers: {t: {rfm: {classes: nine}}}",
		"tiers: {t: {rfm: {score: average}}}",
		"tiers: {t: {rfm: {score: {quantile: 1}}}}",
		"tiers: {t: {rfm: {classes: three, weights: [1, 2]}}}",
		"tiers: {t: {aipl: {aware: {everyone: true}}}}",
		"scores: {s: {signals: [{event: article_read}]}}",
		"lists: {l: {members: M1}}",
		"strategies: {s: {audiense: {everyone: true}}}",
		"catalogue: {attributes: {a: txt}}",
		"catalogue: {attributes: {a: {type: money, currency: yuan}}}",
		"catalogue: {attributes: {a: {type: number, scale: 10}}}",
		"catalogue: {events: {e: {refunds: {event: order_paid}}}}",
		"catalogue: {atributes: {}}",
		"{}",
		"{evnt: order_paid}",
		"{event: order_paid, segment: s}",
		"{event: []}",
		"{event: order_paid, withn: 7d}",
		"{event: order_paid, within: 7 days}",
		"{event: order_paid, within: 0d}",
		"{event: order_paid, within: this_moth}",
		"{event: order_paid, between: [2026-01-01]}",
		"{event: order_paid, since: soon}",
		"{event: order_paid, since: {ago: 4d, ahead: 4d}}",
		"{event: order_paid, times: 3}",
		"{event: order_paid, times: {}}",
		"{event: order_paid, times: {atleast: 3}}",
		"{event: order_paid, sum: {at_least: 3}}",
		"{event: order_paid, where: {}}",
		"{event: order_paid, where: {brand: 资生堂}}",
		"{event: order_paid, anchored: {event: wecom_added}}",
		"{attribute: city, iss: 北京}",
		"{attribute: city, in: 北京}",
		"{attribute: city, in: []}",
		"{attribute: city, is: [北京]}",
		"{attribute: city, is: null}",
		"{attribute: city, is: \"\"}",
		"{attribute: city, exists: maybe}",
		"{attribute: birthday, age: 18}",
		"{tag: t, for: 30d}",
		"{tier: t, at_least: [A]}",
		"{moved: {to: [A]}}",
		"{moved: {tier: t, tag: u}}",
		"{heading: {tier: t, to: [A]}}",
		"{consent: marketing, is: yes}",
		"{bucket: {salt: s, from: 0, to: 101}}",
		"{everyone: false}",
		"{all: []}",
		"{all: {event: order_paid}}",
		"[{event: order_paid}]",
		"{sequence: [{event: order_paid}]}",
		"{not_followed: {event: cart_added, by: {event: order_paid}}}",
		"{stopped: {event: order_paid, active_within: 30d}}",
		"{regularly: {event: order_paid, period: fortnight, in: 1, of: 2}}",
		"{streak: {event: order_paid, unit: year, at_least: 2}}",
	} {
		full := text
		if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
			full = "segments: {s: {where: " + text + "}}"
		}
		if err := bySchema(t, "f.yaml", []byte(full)); err == nil {
			t.Errorf("%s is accepted by the schema", text)
		}
		if _, err := define.Parse("f.yaml", []byte(full)); err == nil {
			t.Errorf("%s is accepted by the parser", text)
		}
	}
}

// What the parser reads is by the schema too, also where the check refuses it.
func TestSchemaAcceptsWhatParses(t *testing.T) {
	for _, text := range []string{
		"tags: {\"t_{n}{d}{w}{b}\": {for_each: {n: [1, 2], d: [7d, 2w], w: [first, last], b: [true, false]}, customer_visible: \"{b}\", value: {since: {event: order_paid, which: \"{w}\", within: \"{d}\"}}}}",
		"segments: {\"s_{n}\": {for_each: {n: [1, 2]}, where: {all: [{event: order_paid, within: \"{n}d\", times: {at_least: \"{n}\"}}, {regularly: {event: order_paid, period: 1w, in: \"{n}\", of: 4}}]}}}",
		"segments: {s: {where: {attribute: seen, before: \"2026-01-31T08:00:00.250Z\"}}}",
		"segments: {s: {where: {attribute: birthday, anniversary: 7d}}}",
		"segments: {s: {where: {attribute: birthday, anniversary: this_week, since: {attribute: registered_on}}}}",
		"segments: {s: {where: {tag: t, since: {ago: 4d}}}}",
		"segments: {s: {where: {tag: t, since: {within: 4d}, changed: this_week}}}",
		"segments: {s: {where: {event: order_paid, anchored: {to: first, event: wecom_added, until: 0d}}}}",
		"lists: {l: {members: []}}",
		"tags: {}",
	} {
		if _, err := define.Parse("f.yaml", []byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if err := bySchema(t, "f.yaml", []byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
