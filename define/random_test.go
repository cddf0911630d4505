package define_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"strata"
	"strata/define"
	"strata/define/definetest"
)

// Random definitions survive printing and reading again, in both faces, and
// their order puts each after those it uses.
func TestRandomRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := definetest.Set(t, definetest.Options{})
		for _, face := range []struct {
			name string
			text []byte
		}{{"r.yaml", define.PrintYAML(set)}, {"r.json", define.PrintJSON(set)}} {
			f, err := define.Parse(face.name, face.text)
			if err != nil {
				t.Fatalf("%v\n%s", err, face.text)
			}
			again, _, err := define.Check(nil, f, strata.DefaultSettings())
			if err != nil {
				t.Fatalf("%v\n%s", err, face.text)
			}
			if diff := cmp.Diff(set, again); diff != "" {
				t.Fatalf("(-generated +read)\n%s\n%s", diff, face.text)
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
		if len(order) != len(set.Refs()) {
			t.Fatalf("%d of %d definitions are ordered", len(order), len(set.Refs()))
		}
	})
}
