package define_test

import (
	"flag"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"strata"
	"strata/define"
	"strata/define/definetest"
)

// definitions is how many random definitions TestRandomRoundTrip reads back:
//
//	go test ./define -run RoundTrip -definitions 100000 -timeout 1h
var definitions = flag.Int("definitions", 500, "how many random definitions are printed and read back")

// Random definitions survive printing and reading again, in both faces, are
// definitions by the published schema, and their order puts each after those
// it uses.
func TestRandomRoundTrip(t *testing.T) {
	for _, kind := range []struct {
		name string
		draw func(*rapid.T, definetest.Options) *define.Set
		part int // of all definitions
	}{{"whole files", definetest.Whole, 2}, {"what engines read", definetest.Set, 2}} {
		t.Run(kind.name, func(t *testing.T) {
			drawn, sets := 0, 0
			for drawn < *definitions/kind.part && !t.Failed() {
				rapid.Check(t, func(r *rapid.T) {
					set := kind.draw(r, definetest.Options{})
					drawn += len(set.Refs())
					sets++
					survives(r, t, set)
				})
			}
			t.Logf("%d definitions in %d files", drawn, sets)
		})
	}
}

func survives(t *rapid.T, outer *testing.T, set *define.Set) {
	for _, face := range []struct {
		name  string
		print func(*define.Set) []byte
	}{{"r.yaml", define.PrintYAML}, {"r.json", define.PrintJSON}} {
		text := face.print(set)
		f, err := define.Parse(face.name, text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		again, _, err := define.Check(nil, f, strata.DefaultSettings())
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(set, again); diff != "" {
			t.Fatalf("(-generated +read)\n%s\n%s", diff, text)
		}
		if second := face.print(again); string(second) != string(text) {
			t.Fatalf("it prints another text (-first +again)\n%s", cmp.Diff(string(text), string(second)))
		}
		if face.name != "r.json" {
			continue
		}
		if err := bySchema(outer, face.name, text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	placed := map[define.Ref]bool{}
	order := define.Order(set)
	for _, r := range order {
		for _, used := range define.Uses(set, r) {
			if !placed[used] {
				t.Fatalf("%s stands before %s, which it uses", r, used)
			}
		}
		placed[r] = true
	}
	strategies := len(set.Strategies)
	if len(order) != len(set.Refs())-strategies {
		t.Fatalf("%d of %d definitions are ordered", len(order), len(set.Refs())-strategies)
	}
}
