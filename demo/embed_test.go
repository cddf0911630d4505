package demo_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"strata"
	"strata/define"
	"strata/demo"
	"strata/ingest"
)

func TestDefinitionsAreGood(t *testing.T) {
	f, err := define.Parse("definitions.yaml", demo.Definitions())
	if err != nil {
		t.Fatal(err)
	}
	set, warnings, err := define.Check(nil, f, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Errorf("%s: %s; %s", w.Field, w.Message, w.Hint)
	}
	for _, r := range set.Refs() {
		h, _ := set.Header(r)
		if h.Name.Zh == "" || h.Name.En == "" {
			t.Errorf("%s has no name in both languages", r)
		}
		if h.Owner == "" || h.Purpose == "" || h.Consumer == "" {
			t.Errorf("%s has no owner, purpose or consumer", r)
		}
		if r.Kind != "tag" && (h.Description.Zh == "" || h.Description.En == "") {
			t.Errorf("%s has no description in both languages", r)
		}
	}
	for name, tag := range set.Tags {
		if tag.Class == "" || tag.Category == "" {
			t.Errorf("tag %s has no class or category", name)
		}
	}
	for name, tier := range set.Tiers {
		for _, l := range tier.Levels {
			if l.Name.Zh == "" || l.Name.En == "" || l.Advice.Zh == "" && !l.NoAction {
				t.Errorf("tier %s: level %s has no names, or neither advice nor no_action", name, l.ID)
			}
		}
	}
}

func TestMappingsFitTheFiles(t *testing.T) {
	dir := t.TempDir()
	s, err := demo.Generate(dir, demo.Options{Seed: 1, Until: time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC), Members: 200})
	if err != nil {
		t.Fatal(err)
	}
	catalogue := define.Standard()
	events := map[string]bool{}
	for _, file := range s.Files {
		name, yaml, err := demo.Mapping(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ingest.ParseMapping(name, yaml, &catalogue); err != nil {
			t.Error(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		header, _, _ := strings.Cut(string(b), "\n")
		for _, column := range strings.Split(header, ",") {
			if !slices.Contains([]string{"商品金额"}, column) && !strings.Contains(string(yaml), column) {
				t.Errorf("%s does not use column %s", name, column)
			}
		}
		for event := range s.Events {
			if strings.Contains(string(yaml), "event: "+event) {
				events[event] = true
			}
		}
	}
	for event := range s.Events {
		if !events[event] {
			t.Errorf("no mapping makes %s", event)
		}
		if _, ok := catalogue.Events[event]; !ok {
			t.Errorf("%s is not in the standard vocabulary", event)
		}
	}
}

func TestNoMappingOfAnotherFile(t *testing.T) {
	if _, _, err := demo.Mapping("none.csv"); strata.CodeOf(err) != strata.NotFound {
		t.Errorf("mapping of none.csv: %v", err)
	}
}
