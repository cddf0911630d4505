package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strata"
	"strata/server"
)

// sharedFile returns the path of a file of real data, and skips the test
// where it is absent.
func sharedFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("STRATA_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: the real data file %s is not here; put it there or name its directory in STRATA_DATA", path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// strataRun runs a command line in this process and returns its standard
// output; the exit code must be want.
func strataRun(t *testing.T, want int, args ...string) string {
	t.Helper()
	out, errOut, code := strataTry(t, args...)
	if code != want {
		t.Fatalf("strata %v: exit code %d, want %d\n%s%s", args, code, want, out, errOut)
	}
	return out
}

func strataTry(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errOut bytes.Buffer
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	c := &call{stdout: &out, stderr: &errOut, cwd: cwd, now: func() time.Time { return now }, lang: "zh"}
	code = c.run(t.Context(), args)
	return out.String(), errOut.String(), code
}

// shownJSON is the documented output of `show --json`.
type shownJSON struct {
	Name        string
	Kind        string
	AsOf        string `json:"as_of"`
	Calibration *struct {
		Stored bool
		People int
		Cuts   map[string][]float64
	}
	Count   int
	Members []string
	Values  map[string]json.RawMessage
	Levels  []struct {
		ID    string
		Count int
	}
}

func show(t *testing.T, data, kind, name, asOf string) shownJSON {
	t.Helper()
	var s shownJSON
	out := strataRun(t, 0, "--data", data, "show", kind, name, "--as-of", asOf, "--json")
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// total adds the exact decimals of a tag.
func (s shownJSON) total(t *testing.T, scale uint8) string {
	t.Helper()
	sum := int64(0)
	for id, raw := range s.Values {
		n, ok := strata.ParseDecimal(string(raw), scale)
		if !ok {
			t.Fatalf("%s of %s is %s, not a decimal of %d digits", s.Name, id, raw, scale)
		}
		sum += n
	}
	return strata.FormatDecimal(sum, scale)
}

func (s shownJSON) levels() map[string]int {
	out := map[string]int{}
	for _, level := range s.Levels {
		out[level.ID] = level.Count
	}
	return out
}

// TestOnlineRetail checks the published figures of UCI Online Retail (Chen
// 2012), from the file to the levels.
func TestOnlineRetail(t *testing.T) {
	file := sharedFile(t, "online_retail.csv.gz")
	data := filepath.Join(t.TempDir(), "data")
	mapping := filepath.Join("..", "..", "examples", "online_retail", "mapping.yaml")
	var report struct {
		Rows, Events, Refused uint64
		NewCustomers          uint64 `json:"new_customers"`
	}
	out := strataRun(t, 0, "--data", data, "import", file, "--map", mapping, "--quiet", "--json")
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	if report.Rows != 541909 || report.NewCustomers != 4372 {
		t.Errorf("imported %d rows of %d customers, want 541909 of 4372", report.Rows, report.NewCustomers)
	}
	strataRun(t, 0, "--data", data, "apply", "-f", filepath.Join("..", "..", "examples", "online_retail", "definitions.yaml"), "--yes", "--json")

	const asOf = "2011-12-11"
	totals := map[string]string{}
	for name, scale := range map[string]uint8{"turnover": 3, "returned": 3, "orders": 0, "lines": 0} {
		totals[name] = show(t, data, "tag", name, asOf).total(t, scale)
	}
	// Net of cancellations 8,300,065.814.
	if diff := cmp.Diff(map[string]string{"turnover": "8911407.904", "returned": "611342.090", "orders": "18532", "lines": "397884"}, totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}

	first := map[string][3]string{}
	for i, name := range []string{"days_since_order", "orders", "turnover"} {
		s := show(t, data, "tag", name, "2011-12-10")
		for _, id := range []string{"12346", "12347", "12348", "12349", "12350"} {
			row := first[id]
			row[i] = string(s.Values[id])
			first[id] = row
		}
	}
	want := map[string][3]string{
		"12346": {"325", "1", "77183.600"}, "12347": {"2", "7", "4310.000"}, "12348": {"75", "4", "1797.240"},
		"12349": {"18", "1", "1757.550"}, "12350": {"310", "1", "334.400"},
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("R, F, M of the first customers at 2011-12-10 (-want +got):\n%s", diff)
	}

	grid := show(t, data, "tier", "rfm", asOf)
	if diff := cmp.Diff(map[string]int{
		"hibernating": 1335, "loyal": 688, "champions": 604, "potential_loyalist": 484, "about_to_sleep": 478,
		"at_risk": 357, "promising": 169, "need_attention": 121, "new": 67, "cant_loose": 35,
	}, grid.levels()); diff != "" {
		t.Errorf("R-F grid (-want +got):\n%s", diff)
	}
	if c := grid.Calibration; c == nil || c.Stored || c.People != 4338 {
		t.Errorf("calibration %+v, want one of 4338 people that is not stored", c)
	} else if diff := cmp.Diff([]float64{1, 2, 3, 6}, c.Cuts["frequency"]); diff != "" {
		t.Errorf("cuts of F (-want +got):\n%s", diff)
	}

	checkRetailMigration(t, data)

	eight := show(t, data, "tier", "rfm_eight", asOf)
	if diff := cmp.Diff(map[string]int{
		"important_value": 689, "general_value": 358, "important_develop": 117, "general_develop": 1750,
		"important_keep": 27, "general_keep": 40, "important_winback": 38, "general_winback": 1319,
	}, eight.levels()); diff != "" {
		t.Errorf("eight classes (-want +got):\n%s", diff)
	}
	if ids := slices.Sorted(maps.Keys(eight.Values)); len(ids) != 4338 || eight.Count != 4338 {
		t.Errorf("%d people with a level, count %d, want 4338", len(ids), eight.Count)
	}

	// The same file again, under another name and unpacked or not, is once.
	again := strataRun(t, 0, "--data", data, "import", file, "--map", mapping, "--quiet", "--json")
	if err := json.Unmarshal([]byte(again), &report); err != nil {
		t.Fatal(err)
	}
	if report.Events != 0 {
		t.Errorf("the same file again made %d events, want 0", report.Events)
	}
}

// checkRetailMigration compares the migration of the R-F segments between
// 2011-06-10 and 2011-12-09 with what a separate calculation from the raw file
// gives (type-7 quintiles, whole days, positive rows with a customer).
func checkRetailMigration(t *testing.T, data string) {
	t.Helper()
	for cuts, want := range map[string][3]int{"frozen": {1140, 771, 889}, "own": {984, 856, 960}} {
		var m server.TierMigration
		out := strataRun(t, 0, "--data", data, "tier", "migration", "rfm", "--from", "2011-06-10", "--to", "2011-12-09", "--cuts", cuts, "--json")
		if err := json.Unmarshal([]byte(out), &m); err != nil {
			t.Fatal(err)
		}
		if got := [3]int{m.Up, m.Down, m.Stayed}; got != want || m.Entered != 1537 || m.Left != 0 {
			t.Errorf("migration by %s cut points: up, down, stayed %v, want %v; entered %d, left %d", cuts, got, want, m.Entered, m.Left)
		}
		if x := m.Explained; x.CutsMoved != 1083 || x.ByCutsAlone+x.ByBoth+x.MaskedByCuts != 1083 || m.SameCuts {
			t.Errorf("explained: %+v", x)
		}
	}
}
