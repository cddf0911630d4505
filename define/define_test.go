package define_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"strata"
	"strata/define"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// load parses and checks a text over the standard catalogue.
func load(name string, text []byte) (*define.Set, []define.Warning, error) {
	f, err := define.Parse(name, text)
	if f == nil {
		return nil, nil, err
	}
	set, warnings, checked := define.Check(nil, f, strata.DefaultSettings())
	if err != nil && checked == nil {
		return nil, nil, fmt.Errorf("only Parse refuses it: %w", err)
	}
	return set, warnings, checked
}

func mustLoad(t *testing.T, name string, text []byte) *define.Set {
	t.Helper()
	set, _, err := load(name, text)
	if err != nil {
		t.Fatalf("%v\n%s", err, numbered(text))
	}
	return set
}

func numbered(text []byte) string {
	if len(text) > 4000 {
		return ""
	}
	return string(text)
}

func TestRoundTrip(t *testing.T) {
	set := mustLoad(t, "language.yaml", read(t, "language.yaml"))
	for _, print := range []struct {
		name string
		of   func(*define.Set) []byte
	}{{"again.yaml", define.PrintYAML}, {"again.json", define.PrintJSON}} {
		text := print.of(set)
		again := mustLoad(t, print.name, text)
		if diff := cmp.Diff(set, again); diff != "" {
			t.Errorf("%s: (-first +again)\n%s", print.name, diff)
		}
		if diff := cmp.Diff(string(text), string(print.of(again))); diff != "" {
			t.Errorf("%s prints another text (-first +again)\n%s", print.name, diff)
		}
	}
}
