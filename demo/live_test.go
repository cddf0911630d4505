package demo

import (
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"strata/define"
)

// TestLive: what members do live is in the words of the vocabulary and of the
// mappings, an order is the sum of its lines, ids are unique, and the same
// seed and start do the same.
func TestLive(t *testing.T) {
	start := time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)
	live, again := NewLive(3, start), NewLive(3, start)
	catalogue := define.Standard()
	catalogue.Events["order_paid"].Properties["campaign"] = define.EventProperty{}
	ids, seen, discounted := map[string]bool{}, map[string]int{}, 0
	for range 3000 {
		d := live.Next("H000001")
		if !reflect.DeepEqual(d, again.Next("H000001")) {
			t.Fatal("the same seed and start differ")
		}
		if d.What.Zh == "" || d.What.En == "" || len(d.Facts) == 0 {
			t.Fatalf("%+v", d)
		}
		paid, lines := new(big.Rat), new(big.Rat)
		for _, f := range d.Facts {
			if ids[f.ID] {
				t.Fatalf("the id %s twice", f.ID)
			}
			ids[f.ID] = true
			seen[f.Event]++
			mapping, err := mappingOf(f.Source)
			if err != nil {
				t.Fatal(err)
			}
			for name, text := range f.Properties {
				if _, known := catalogue.Events[f.Event].Properties[name]; !known || text == "" {
					t.Fatalf("%s.%s = %q is not in the vocabulary or empty", f.Event, name, text)
				}
				if !strings.Contains(mapping, name+":") {
					t.Fatalf("the mapping of %s does not give %s of %s", f.Source, name, f.Event)
				}
			}
			amount, ok := new(big.Rat).SetString(f.Properties["amount"])
			switch f.Event {
			case "order_paid":
				paid.Add(paid, amount)
				if f.Properties["coupon_id"] != "" {
					discounted++
					used := slices.ContainsFunc(d.Facts, func(u Fact) bool {
						return u.Event == "coupon_used" && u.Properties["order_id"] == f.Properties["order_id"] && u.Properties["coupon_id"] == f.Properties["coupon_id"]
					})
					if !used {
						t.Fatalf("the coupon of %s was not used", f.Properties["order_id"])
					}
				}
			case "item_bought":
				if !ok || amount.Sign() < 0 {
					t.Fatalf("a line of %v", f)
				}
				lines.Add(lines, amount)
			}
		}
		if paid.Cmp(lines) != 0 {
			t.Fatalf("%s: the lines sum to %s", d.What.En, lines.FloatString(2))
		}
	}
	for _, event := range []string{"order_paid", "item_bought", "store_visited", "table_order_scanned", "product_viewed", "coupon_claimed", "coupon_used", "wecom_added", "article_read"} {
		if seen[event] == 0 {
			t.Errorf("no %s in 3,000", event)
		}
	}
	if discounted == 0 {
		t.Error("no order used a coupon")
	}
}

// mappingOf is the mapping of the file with this source.
func mappingOf(source string) (string, error) {
	file := source + ".csv"
	if source == "pos" {
		file = "orders.csv"
	}
	_, yaml, err := Mapping(file)
	return string(yaml), err
}
