package registry_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"strata"
	"strata/define"
	"strata/registry"
)

var wang = registry.By{Account: "wang", At: 5000, Reason: "clearing up"}

func ref(kind, name string) define.Ref { return define.Ref{Kind: kind, Name: name} }

// states are all definitions with their states, "kind name state".
func states(t *testing.T, r *registry.Registry) []string {
	t.Helper()
	all, err := r.Definitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range all {
		out = append(out, d.Ref.String()+" "+string(d.State))
	}
	return out
}

func auditLines(t *testing.T, r *registry.Registry) []string {
	t.Helper()
	entries, _, err := r.Audit(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range slices.Backward(entries) {
		reason := ""
		if strings.Contains(string(e.Detail), `"reason":"clearing up"`) {
			reason = " because"
		}
		out = append(out, e.Account+" "+e.Action+" "+e.Object+reason)
	}
	return out
}

func TestLifeOfDefinitions(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	apply(t, r, first, all...)
	ids := versions(t, r, "segment", "regulars")[0].ID

	// What something published uses cannot be paused or deleted.
	tag, segment := ref("tag", "orders_90d"), ref("segment", "regulars")
	_, err := r.Pause(t.Context(), tag, wang)
	wantCode(t, err, strata.Conflict, "tag orders_90d: it cannot be paused while it is used by segment regulars")
	_, err = r.Delete(t.Context(), tag, wang)
	wantCode(t, err, strata.Conflict, "it cannot be deleted while it is used by segment regulars")
	_, err = r.Pause(t.Context(), ref("segment", "regulrs"), wang)
	wantCode(t, err, strata.NotFound)
	_, err = r.Pause(t.Context(), ref("attribute", "favourite_store"), wang)
	wantCode(t, err, strata.Invalid, "no kind of definition")
	if got := auditLines(t, r); got != nil {
		t.Errorf("what was refused is in the audit: %q", got)
	}

	// Paused it is out of force for every reader, and its name stays taken.
	n, err := r.Pause(t.Context(), segment, wang)
	if err != nil || n != 2 {
		t.Fatalf("Pause = %d, %v", n, err)
	}
	for _, reader := range []*registry.Registry{r, open(t, dir)} {
		set, n := published(t, reader)
		if _, there := set.Segments["regulars"]; there || n != 2 || len(set.Segments) != 1 {
			t.Errorf("Published has %v at %d", set.Refs(), n)
		}
	}
	_, err = r.Pause(t.Context(), segment, wang)
	wantCode(t, err, strata.Conflict, "paused already")
	if diff := cmp.Diff([]string{"list friends published", "segment east published", "segment regulars paused", "tag orders_90d published"}, states(t, r)); diff != "" {
		t.Error(diff)
	}

	// Its user being paused, the tag can be paused, but not deleted.
	_, err = r.Delete(t.Context(), tag, wang)
	wantCode(t, err, strata.Conflict, "used by segment regulars (paused)")
	uses, err := r.UsedBy(t.Context(), tag)
	if err != nil || len(uses) != 1 || uses[0] != (registry.Use{Ref: segment, State: registry.Paused}) {
		t.Errorf("UsedBy = %v, %v", uses, err)
	}
	if _, err := r.Pause(t.Context(), tag, wang); err != nil {
		t.Fatal(err)
	}
	_, err = r.Resume(t.Context(), segment, wang)
	wantCode(t, err, strata.Invalid, "unknown tag orders_90d")
	if _, err := r.Resume(t.Context(), tag, wang); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resume(t.Context(), segment, wang); err != nil {
		t.Fatal(err)
	}
	_, err = r.Resume(t.Context(), segment, wang)
	wantCode(t, err, strata.Conflict, "not paused")
	set, n := published(t, r)
	if set.Segments["regulars"].ID != ids || n != 5 {
		t.Errorf("resumed as %+v at %d", set.Segments["regulars"].Header, n)
	}

	// Into the bin and out of it again, as it was.
	before := string(define.PrintYAML(set))
	if _, err := r.Delete(t.Context(), segment, wang); err != nil {
		t.Fatal(err)
	}
	_, err = r.Pause(t.Context(), segment, wang)
	wantCode(t, err, strata.NotFound, "it is in the bin")
	wantCode(t, r.Purge(t.Context(), tag, wang), strata.NotFound, "the bin")
	_, err = r.Restore(t.Context(), tag, wang)
	wantCode(t, err, strata.NotFound, "the bin")
	if _, err := r.Restore(t.Context(), segment, registry.By{Account: "li", At: 6000}); err != nil {
		t.Fatal(err)
	}
	set, _ = published(t, r)
	if diff := cmp.Diff(before, string(define.PrintYAML(set))); diff != "" || set.Segments["regulars"].ID != ids {
		t.Errorf("restored with ID %s: %s", set.Segments["regulars"].ID, diff)
	}
	var ops []string
	for _, v := range versions(t, r, "segment", "regulars") {
		ops = append(ops, string(v.Op)+" by "+v.Author)
	}
	if want := []string{"restore by li", "delete by wang", "resume by wang", "pause by wang", "create by wang"}; !slices.Equal(ops, want) {
		t.Errorf("versions %q, want %q", ops, want)
	}

	// A name that was taken meanwhile stays with who took it.
	if _, err := r.Delete(t.Context(), segment, wang); err != nil {
		t.Fatal(err)
	}
	apply(t, r, "segments: {regulars: {where: {everyone: true}}}", put("segment", "regulars"))
	_, err = r.Restore(t.Context(), segment, wang)
	wantCode(t, err, strata.Conflict, "another definition has the name")
	if err := r.Purge(t.Context(), segment, wang); err != nil {
		t.Fatal(err)
	}
	if all, err := r.Definitions(t.Context(), registry.Deleted); err != nil || all != nil {
		t.Errorf("the bin holds %v, %v", all, err)
	}
	if v := versions(t, r, "segment", "regulars"); len(v) != 1 || v[0].ID == ids {
		t.Errorf("purged, and versions are %v", v)
	}

	want := []string{
		"wang definition.pause segment regulars because", "wang definition.pause tag orders_90d because", "wang definition.resume tag orders_90d because",
		"wang definition.resume segment regulars because", "wang definition.delete segment regulars because", "li definition.restore segment regulars",
		"wang definition.delete segment regulars because", "wang definition.purge segment regulars because",
	}
	if diff := cmp.Diff(want, auditLines(t, r)); diff != "" {
		t.Error(diff)
	}
}

func TestRestoreNeedsWhatItUses(t *testing.T) {
	r := open(t, t.TempDir())
	apply(t, r, first, all...)
	for _, d := range []define.Ref{ref("segment", "regulars"), ref("tag", "orders_90d")} {
		if _, err := r.Delete(t.Context(), d, wang); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.Restore(t.Context(), ref("segment", "regulars"), wang)
	wantCode(t, err, strata.Invalid, "unknown tag orders_90d")
	if got := states(t, r); !slices.Contains(got, "segment regulars deleted") {
		t.Errorf("after a refused restore: %q", got)
	}
	for _, d := range []define.Ref{ref("tag", "orders_90d"), ref("segment", "regulars")} {
		if _, err := r.Restore(t.Context(), d, wang); err != nil {
			t.Fatal(err)
		}
	}
}

func TestApplyToPaused(t *testing.T) {
	r := open(t, t.TempDir())
	apply(t, r, first, all...)
	if _, err := r.Pause(t.Context(), ref("segment", "regulars"), wang); err != nil {
		t.Fatal(err)
	}
	const changed = "segments:\n  regulars: {name: {zh: 常客}, where: {tag: orders_90d, at_least: 9}}"
	n := apply(t, r, changed, put("segment", "regulars"))
	if set, at := published(t, r); set.Has(ref("segment", "regulars")) || at != n || n != 3 {
		t.Errorf("applied to at %d, a paused definition is in force", n)
	}
	if again := apply(t, r, changed, put("segment", "regulars")); again != n {
		t.Errorf("the same again made version %d of %d", again, n)
	}
	// Nothing that is published can use it.
	_, err := r.Apply(t.Context(), check(t, r, changed+"\n  more: {where: {segment: regulars}}"), []registry.Change{put("segment", "more")}, "wang", 1000)
	wantCode(t, err, strata.Invalid, "unknown segment regulars")
	if _, err := r.Resume(t.Context(), ref("segment", "regulars"), wang); err != nil {
		t.Fatal(err)
	}
	set, _ := published(t, r)
	if text, _ := define.PrintOne(set, ref("segment", "regulars")); !strings.Contains(string(text), "at_least: 9") {
		t.Errorf("resumed as\n%s", text)
	}
}

func TestPurgeRemovesCalibrations(t *testing.T) {
	r := open(t, t.TempDir())
	apply(t, r, first, all...)
	if _, err := r.AddCalibration(t.Context(), define.Calibration{Kind: "segment", Name: "east"}); err != nil {
		t.Fatal(err)
	}
	east := ref("segment", "east")
	if _, err := r.Delete(t.Context(), east, wang); err != nil {
		t.Fatal(err)
	}
	if c, _ := r.Calibrations(t.Context(), "segment", "east"); len(c) != 1 {
		t.Errorf("in the bin it has %d calibrations", len(c))
	}
	if err := r.Purge(t.Context(), east, wang); err != nil {
		t.Fatal(err)
	}
	if c, _ := r.Calibrations(t.Context(), "segment", "east"); len(c) != 0 {
		t.Errorf("purged it has %d calibrations", len(c))
	}
}

func TestAttributesOn(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	for _, reason := range []string{"", "  "} {
		wantCode(t, r.EnableAttribute(t.Context(), "family", registry.By{Account: "wang", At: 1, Reason: reason}), strata.Invalid, "for a reason only")
	}
	wantCode(t, r.DisableAttribute(t.Context(), "family", wang), strata.NotFound)
	if on, err := r.AttributesOn(t.Context()); err != nil || on != nil {
		t.Fatalf("on are %v, %v", on, err)
	}
	for _, name := range []string{"weight", "family"} {
		if err := r.EnableAttribute(t.Context(), name, wang); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.EnableAttribute(t.Context(), "weight", registry.By{Account: "li", At: 9000, Reason: " portion sizes "}); err != nil {
		t.Fatal(err)
	}
	on, err := open(t, dir).AttributesOn(t.Context())
	want := []registry.AttributeOn{{Name: "family", By: wang}, {Name: "weight", By: registry.By{Account: "li", At: 9000, Reason: "portion sizes"}}}
	if diff := cmp.Diff(want, on); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}

	// Off again only where nothing uses it, paused or not, in a formula or not.
	apply(t, r, "tags: {bmi: {value: {formula: weight / 2}}}\nsegments: {home: {where: {attribute: family, exists: true}}}", put("tag", "bmi"), put("segment", "home"))
	if _, err := r.Pause(t.Context(), ref("tag", "bmi"), wang); err != nil {
		t.Fatal(err)
	}
	wantCode(t, r.DisableAttribute(t.Context(), "weight", wang), strata.Conflict, "used by tag bmi (paused)")
	wantCode(t, r.DisableAttribute(t.Context(), "family", wang), strata.Conflict, "used by segment home")
	if _, err := r.Delete(t.Context(), ref("tag", "bmi"), wang); err != nil {
		t.Fatal(err)
	}
	if err := r.DisableAttribute(t.Context(), "weight", wang); err != nil {
		t.Fatal(err)
	}
	got := auditLines(t, r)
	for _, line := range []string{"wang attribute.enable family because", "li attribute.enable weight", "wang attribute.disable weight because"} {
		if !slices.Contains(got, line) {
			t.Errorf("the audit %q lacks %q", got, line)
		}
	}
	execute(t, dir, "UPDATE attributes_on SET reason = 'none'")
	_, err = r.AttributesOn(t.Context())
	wantCode(t, err, strata.Internal, "attributes_on family: the row is damaged")
}

func TestChangeSetting(t *testing.T) {
	r := open(t, t.TempDir())
	for _, value := range []string{"a", "a", "b", ""} {
		if err := r.ChangeSetting(t.Context(), "k", value, wang); err != nil {
			t.Fatal(err)
		}
		got, ok, err := r.Setting(t.Context(), "k")
		if err != nil || got != value || ok != (value != "") {
			t.Errorf("Setting = %q, %v, %v; want %q", got, ok, err, value)
		}
	}
	entries, _, err := r.Audit(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range slices.Backward(entries) {
		got = append(got, string(e.Detail))
	}
	want := []string{`{"from":"","reason":"clearing up","to":"a"}`, `{"from":"a","reason":"clearing up","to":"b"}`, `{"from":"b","reason":"clearing up","to":""}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wantCode(t, r.ChangeSetting(t.Context(), "", "x", wang), strata.Invalid)
}

// TestUpgrade opens a registry as it was before definitions could be paused.
func TestUpgrade(t *testing.T) {
	now, old := t.TempDir(), t.TempDir()
	r := open(t, now)
	apply(t, r, first, all...)
	apply(t, r, "segments: {east: {where: {attribute: favourite_store, is: 西店}}}", put("segment", "east"))
	want, _ := published(t, r)

	db, err := sql.Open("sqlite", filepath.Join(old, "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"ATTACH '" + filepath.Join(now, "registry.db") + "' AS now",
		"INSERT INTO definitions SELECT * FROM now.definitions", "INSERT INTO definition_versions SELECT * FROM now.definition_versions",
		"DELETE FROM counters", "INSERT INTO counters SELECT id, changes, definitions FROM now.counters",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	upgraded := open(t, old)
	got, n := published(t, upgraded)
	if diff := cmp.Diff(string(define.PrintYAML(want)), string(define.PrintYAML(got))); diff != "" || n != 2 {
		t.Errorf("at %d: %s", n, diff)
	}
	if v := versions(t, upgraded, "segment", "east"); len(v) != 2 {
		t.Errorf("versions %v", v)
	}
	if _, err := upgraded.Pause(t.Context(), ref("segment", "east"), wang); err != nil {
		t.Error(err)
	}
}
