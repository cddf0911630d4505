package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strata"
)

// TestMarkAudit looks at what the audit keeps of tags set by hand.
func TestMarkAudit(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"people.csv":  "member,city\nM001,北京\nM002,上海\n",
		"people.yaml": "source: crm\nkeys: {member_no: member}\nattributes: {city: city}\ncatalogue: {attributes: {city: text}}\n",
		"tags.yaml":   "tags:\n  grade: {owner: ops, purpose: test, consumer: ops, value: {manual: {type: choice, values: [低, 高]}}}\n",
		"marks.csv":   "customer,tag,value,reason\nM001,grade,低,x\nM002,grade,高,y\n",
		"wrong.csv":   "customer,tag,value,reason\nM001,grade,低,x\nM002,grade,中,y\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Date(2026, 6, 18, 2, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		args []string
		code int
	}{
		{[]string{"import", "people.csv", "--map", "people.yaml"}, 0},
		{[]string{"apply", "-f", "tags.yaml", "--yes"}, 0},
		{[]string{"mark", "M001", "grade", "高", "--reason", "到店", "--author", "李静", "--expires", "2026-07-01"}, 0},
		{[]string{"mark", "M001", "grade", "中", "--reason", "到店"}, 1},
		{[]string{"mark", "--file", "wrong.csv"}, 1},
		{[]string{"unmark", "M001", "grade", "--reason", "记错了"}, 0},
		{[]string{"mark", "--file", "marks.csv"}, 0},
	} {
		c := &call{stdout: io.Discard, stderr: io.Discard, cwd: dir, now: func() time.Time { return now }, lang: "zh"}
		if code := c.run(t.Context(), step.args); code != step.code {
			t.Fatalf("%v: exit code %d, want %d", step.args, code, step.code)
		}
	}
	b, err := openBusiness(filepath.Join(dir, "data"), strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	entries, _, err := b.registry.Audit(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if e.Action == "tag.mark" || e.Action == "tag.unmark" {
			got = append(got, e.Account+" "+e.Action+" "+e.Object+" "+string(e.Detail))
		}
	}
	want := []string{ // newest first
		`command line tag.mark M002 {"customer":"M002","tag":"grade","value":"高","at":"2026-06-18T10:00:00+08:00","author":"command line","reason":"y"}`,
		`command line tag.mark M001 {"customer":"M001","tag":"grade","value":"低","at":"2026-06-18T10:00:00+08:00","author":"command line","reason":"x"}`,
		`command line tag.unmark M001 {"customer":"M001","tag":"grade","value":null,"at":"2026-06-18T10:00:00+08:00","author":"command line","reason":"记错了"}`,
		`command line tag.mark M001 {"customer":"M001","tag":"grade","value":"高","at":"2026-06-18T10:00:00+08:00","expires":"2026-07-01T00:00:00+08:00","author":"李静","reason":"到店"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}
