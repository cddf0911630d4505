package scenario_test

import (
	"os"
	"path/filepath"
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
		s, err := scenario.ParseScript(file, text, func(name string) ([]byte, error) {
			return os.ReadFile(filepath.Join(filepath.Dir(file), name))
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func TestCorpus(t *testing.T) {
	for _, s := range corpus(t) {
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
}
