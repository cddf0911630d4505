package ui_test

import (
	"io/fs"
	"strings"
	"testing"

	"strata"
	"strata/ui"
)

// TestDist holds before and after the console was built: either its first
// page is there, or the error says how to get it.
func TestDist(t *testing.T) {
	files, err := ui.Dist()
	if err != nil {
		if strata.CodeOf(err) != strata.NotFound || !strings.Contains(err.Error(), "make ui") {
			t.Fatalf("Dist() = %v, want NotFound with a hint", err)
		}
		return
	}
	page, err := fs.ReadFile(files, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), `<div id="root">`) {
		t.Errorf("index.html has no root element:\n%s", page)
	}
}
