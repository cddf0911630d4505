package registry_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"strata"
	"strata/define"
	"strata/registry"
)

// failer is a testing.T or a rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func published(t failer, r *registry.Registry) (*define.Set, uint64) {
	t.Helper()
	set, n, err := r.Published(context.Background())
	if err != nil {
		t.Fatalf("Published: %v", err)
	}
	return set, n
}

// check lays a file over what is published.
func check(t failer, r *registry.Registry, text string) *define.Set {
	t.Helper()
	file, err := define.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	base, _ := published(t, r)
	set, _, err := define.Check(base, file, strata.DefaultSettings())
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	return set
}

func put(kind, name string) registry.Change {
	return registry.Change{Kind: kind, Name: name, Op: registry.Update}
}

func remove(kind, name string) registry.Change {
	return registry.Change{Kind: kind, Name: name, Op: registry.Delete}
}

// apply applies a file.
func apply(t failer, r *registry.Registry, text string, changes ...registry.Change) uint64 {
	t.Helper()
	n, err := r.Apply(context.Background(), check(t, r, text), changes, "wang", 1000)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	return n
}

func versions(t failer, r *registry.Registry, kind, name string) []registry.Version {
	t.Helper()
	v, err := r.Versions(context.Background(), kind, name)
	if err != nil {
		t.Fatalf("Versions(%s %s): %v", kind, name, err)
	}
	return v
}

const first = `
catalogue:
  attributes:
    favourite_store: {type: choice, values: [东店, 西店], name: {zh: 常去门店, en: Favourite store}}
  events:
    order_paid: {properties: {rider: text}}
    queue_joined: {name: {zh: 排队}, properties: {people: number}}
  synonyms: {骑手: rider}
tags:
  orders_90d: {name: {zh: 近90天订单}, owner: wang, purpose: test, value: {count: {event: order_paid, within: 90d}}}
segments:
  regulars: {name: {zh: 常客}, where: {tag: orders_90d, at_least: 3}}
  east: {where: {attribute: favourite_store, is: 东店}}
lists:
  friends: {members: [M2, M1]}
`

var all = []registry.Change{put("attribute", "favourite_store"), put("event", "order_paid"), put("event", "queue_joined"), put("synonym", "骑手"),
	put("tag", "orders_90d"), put("segment", "regulars"), put("segment", "east"), put("list", "friends")}

func TestApply(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	empty, zero := published(t, r)
	if zero != 0 || len(empty.Refs()) != 0 || len(empty.Catalogue.Events) == 0 {
		t.Fatalf("a new registry has number %d and definitions %v over %d events", zero, empty.Refs(), len(empty.Catalogue.Events))
	}
	want := check(t, r, first)
	if n := apply(t, r, first, all...); n != 1 {
		t.Fatalf("Apply = %d, want 1", n)
	}
	for _, r := range []*registry.Registry{r, open(t, dir)} {
		set, n := published(t, r)
		if n != 1 {
			t.Errorf("Published's number is %d", n)
		}
		if diff := cmp.Diff(string(define.PrintYAML(want)), string(define.PrintYAML(set))); diff != "" {
			t.Error(diff)
		}
		ids := map[string]bool{}
		for _, ref := range set.Refs() {
			h, _ := set.Header(ref)
			if len(h.ID) != 32 || ids[h.ID] {
				t.Errorf("%v has ID %q", ref, h.ID)
			}
			ids[h.ID] = true
		}
		if again, _ := published(t, r); again != set {
			t.Error("an unchanged set was built again")
		}
	}

	// Only what is named is touched, and only what differs gets a version.
	before, _ := published(t, r)
	changed := strings.NewReplacer("at_least: 3", "at_least: 5", "近90天订单", "订单数").Replace(first)
	if n := apply(t, r, changed, put("segment", "regulars"), put("segment", "east"), put("list", "friends")); n != 2 {
		t.Errorf("Apply = %d, want 2", n)
	}
	set, _ := published(t, r)
	if got := set.Tags["orders_90d"].Name.Zh; got != "近90天订单" {
		t.Errorf("the tag that was not named is %q", got)
	}
	if set.Segments["regulars"].ID != before.Segments["regulars"].ID {
		t.Error("an update changed the ID")
	}
	for name, want := range map[string]int{"regulars": 2, "east": 1} {
		if got := versions(t, r, "segment", name); len(got) != want {
			t.Errorf("%s has %d versions, want %d", name, len(got), want)
		}
	}
	if n := apply(t, r, changed, put("segment", "regulars"), put("list", "friends")); n != 2 {
		t.Errorf("the same again gives number %d, want 2", n)
	}
	history := versions(t, r, "segment", "regulars")
	for i, want := range []registry.Version{
		{ID: set.Segments["regulars"].ID, Version: 2, Op: registry.Update, Name: "regulars", Changes: 2, AppliedAt: 1000, Author: "wang"},
		{ID: set.Segments["regulars"].ID, Version: 1, Op: registry.Create, Name: "regulars", Changes: 1, AppliedAt: 1000, Author: "wang"},
	} {
		got := history[i]
		if !json.Valid([]byte(got.Body)) || !strings.Contains(got.Body, []string{"5", "3"}[i]) {
			t.Errorf("version %d has body %s", got.Version, got.Body)
		}
		got.Body = ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDelete(t *testing.T) {
	r := open(t, t.TempDir())
	ctx := t.Context()
	apply(t, r, first, all...)
	before, number := published(t, r)

	for _, test := range []struct {
		name    string
		changes []registry.Change
		code    strata.Code
		parts   []string
	}{
		{"a tag that a segment names", []registry.Change{remove("segment", "east"), remove("tag", "orders_90d")}, strata.Invalid, []string{"segments.regulars", "orders_90d"}},
		{"an attribute that a segment names", []registry.Change{remove("attribute", "favourite_store")}, strata.Invalid, []string{"segments.east"}},
		{"what is not there", []registry.Change{remove("segment", "east"), remove("tag", "none")}, strata.NotFound, []string{"tag none"}},
		{"what the set has not", []registry.Change{remove("segment", "east"), put("tag", "none")}, strata.NotFound, []string{"tag none"}},
		{"an unknown kind", []registry.Change{put("label", "x")}, strata.Invalid, []string{"label x"}},
		{"an unknown operation", []registry.Change{{Kind: "tag", Name: "orders_90d", Op: "drop"}}, strata.Invalid, []string{"drop"}},
		{"one twice", []registry.Change{put("tag", "orders_90d"), remove("tag", "orders_90d")}, strata.Invalid, []string{"twice"}},
	} {
		_, err := r.Apply(ctx, before, test.changes, "li", 2000)
		wantCode(t, err, test.code, test.parts...)
		if set, n := published(t, r); n != number || set != before {
			t.Fatalf("%s: something was applied", test.name)
		}
	}

	id := before.Segments["regulars"].ID
	_, err := r.Apply(ctx, before, []registry.Change{remove("segment", "regulars"), remove("tag", "orders_90d"), remove("synonym", "骑手"), remove("event", "order_paid")}, "li", 3000)
	if err != nil {
		t.Fatal(err)
	}
	set, _ := published(t, r)
	if len(set.Tags) != 0 || len(set.Segments) != 1 || set.Catalogue.Synonyms["骑手"] != "" {
		t.Errorf("after deleting: %v", set.Refs())
	}
	if _, ok := set.Catalogue.Events["order_paid"].Properties["rider"]; ok || !set.Catalogue.Events["order_paid"].Standard {
		t.Error("the standard event is not back")
	}
	history := versions(t, r, "segment", "regulars")
	if len(history) != 2 || history[0].Op != registry.Delete || history[0].Body != "" || history[0].Author != "li" || history[0].AppliedAt != 3000 {
		t.Errorf("versions of the deleted segment: %+v", history)
	}

	// The same name later is another definition.
	apply(t, r, first, all...)
	set, _ = published(t, r)
	if set.Segments["regulars"].ID == id {
		t.Error("a new definition has the ID of a deleted one")
	}
	if history := versions(t, r, "segment", "regulars"); len(history) != 1 || history[0].ID != set.Segments["regulars"].ID {
		t.Errorf("versions of the new segment: %+v", history)
	}
	_, err = r.Versions(ctx, "segment", "none")
	wantCode(t, err, strata.NotFound)
}

func TestRename(t *testing.T) {
	r := open(t, t.TempDir())
	apply(t, r, first, all...)
	before, _ := published(t, r)
	renamed := strings.NewReplacer("regulars: {", "loyal: {renamed_from: regulars, ").Replace(first)
	// A plan may or may not say that the old name goes.
	apply(t, r, renamed, registry.Change{Kind: "segment", Name: "loyal", Op: registry.Create}, remove("segment", "regulars"))
	set, _ := published(t, r)
	if _, ok := set.Segments["regulars"]; ok || set.Segments["loyal"].ID != before.Segments["regulars"].ID {
		t.Errorf("after renaming: %v", set.Refs())
	}
	history := versions(t, r, "segment", "loyal")
	if len(history) != 2 || history[0].Name != "loyal" || history[0].Op != registry.Update || history[1].Name != "regulars" {
		t.Errorf("versions: %+v", history)
	}
	if n := apply(t, r, renamed, put("segment", "loyal")); n != 2 {
		t.Errorf("the same file again gives number %d, want 2", n)
	}
	apply(t, r, first, put("segment", "regulars")) // the old name is free for another
	set, _ = published(t, r)
	if set.Segments["regulars"].ID == set.Segments["loyal"].ID || len(set.Segments) != 3 {
		t.Errorf("after making the old name again: %v", set.Refs())
	}
}

func TestDamagedDefinition(t *testing.T) {
	for _, test := range []struct{ table, statement string }{
		{"definitions", `UPDATE definitions SET name = 'loyal' WHERE name = 'regulars'`},
		{"definition_versions", `UPDATE definition_versions SET body = replace(body, '3', '4') WHERE name = 'regulars'`},
		{"definition_versions", `DELETE FROM definition_versions WHERE name = 'regulars'`},
	} {
		dir := t.TempDir()
		r := open(t, dir)
		apply(t, r, first, all...)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		r = open(t, dir)
		execute(t, dir, test.statement)
		_, _, err := r.Published(t.Context())
		wantCode(t, err, strata.Internal, test.table+" ", "damaged")
		if _, err := r.Apply(t.Context(), &define.Set{}, []registry.Change{remove("segment", "east")}, "li", 0); strata.CodeOf(err) != strata.Internal {
			t.Errorf("Apply over a damaged row: %v", err)
		}
	}
}

// Readers see whole applies while one applies.
func TestPublishedWhileApplying(t *testing.T) {
	dir := t.TempDir()
	r, other := open(t, dir), open(t, dir)
	text := func(n int) string {
		return fmt.Sprintf("lists: {a: {members: [M%d]}, b: {members: [M%d]}}", n, n)
	}
	apply(t, r, text(0), put("list", "a"), put("list", "b"))
	var group sync.WaitGroup
	done := make(chan struct{})
	for _, r := range []*registry.Registry{r, r, other} {
		group.Go(func() {
			last := uint64(0)
			for {
				select {
				case <-done:
					return
				default:
				}
				set, n, err := r.Published(t.Context())
				if err != nil || n < last {
					t.Errorf("Published = %d after %d, %v", n, last, err)
					return
				}
				want := []string{fmt.Sprintf("M%d", n-1)}
				if !slices.Equal(set.Lists["a"].Members, want) || !slices.Equal(set.Lists["b"].Members, want) {
					t.Errorf("number %d has members %v and %v", n, set.Lists["a"].Members, set.Lists["b"].Members)
					return
				}
				last = n
			}
		})
	}
	for i := range 30 {
		apply(t, r, text(i+1), put("list", "a"), put("list", "b"))
	}
	close(done)
	group.Wait()
}

// TestAgainstMap compares random applies, deletions, renamings and reopenings
// with a plain map of texts.
func TestAgainstMap(t *testing.T) {
	type entry struct{ kind, name string }
	section := map[string]string{"tag": "tags", "segment": "segments", "list": "lists", "attribute": "catalogue"}
	file := func(texts map[entry]string) string {
		byKind := map[string][]string{}
		for e, text := range texts {
			byKind[e.kind] = append(byKind[e.kind], e.name+": "+text)
		}
		var b strings.Builder
		for _, kind := range slices.Sorted(maps.Keys(byKind)) {
			slices.Sort(byKind[kind])
			body := "{" + strings.Join(byKind[kind], ", ") + "}"
			if kind == "attribute" {
				body = "{attributes: " + body + "}"
			}
			fmt.Fprintf(&b, "%s: %s\n", section[kind], body)
		}
		if b.Len() == 0 {
			return "tags: {}\n"
		}
		return b.String()
	}
	names := rapid.SampledFrom([]string{"a", "b", "c"})
	entries := rapid.Custom(func(t *rapid.T) entry {
		return entry{rapid.SampledFrom([]string{"tag", "segment", "list", "attribute"}).Draw(t, "kind"), names.Draw(t, "name")}
	})
	text := func(t *rapid.T, e entry) string {
		other, n := names.Draw(t, "other"), rapid.IntRange(1, 3).Draw(t, "n")
		switch e.kind {
		case "tag":
			return rapid.SampledFrom([]string{
				fmt.Sprintf("{value: {count: {event: order_paid, within: %dd}}}", n),
				fmt.Sprintf("{value: {tag: %s}}", other),
			}).Draw(t, "tag")
		case "segment":
			return rapid.SampledFrom([]string{
				fmt.Sprintf("{where: {tag: %s, at_least: %d}}", other, n),
				fmt.Sprintf("{where: {segment: %s}}", other),
				fmt.Sprintf("{where: {list: %s}}", other),
				fmt.Sprintf("{where: {attribute: %s, at_least: %d}}", other, n),
				"{where: {everyone: true}}",
			}).Draw(t, "segment")
		case "list":
			return fmt.Sprintf("{members: [M%d]}", n)
		}
		return rapid.SampledFrom([]string{"{type: number}", "{type: text}"}).Draw(t, "attribute")
	}
	settings := strata.DefaultSettings()
	whole := func(t *rapid.T, texts map[entry]string) *define.Set {
		f, err := define.Parse("whole.yaml", []byte(file(texts)))
		if err != nil {
			t.Fatalf("%s\n%v", file(texts), err)
		}
		set, _, err := define.Check(nil, f, settings)
		if err != nil {
			return nil
		}
		return set
	}

	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "registry")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		ctx := context.Background()
		openHere := func() *registry.Registry {
			r, err := registry.Open(ctx, dir, settings)
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			return r
		}
		r := openHere()
		defer func() { r.Close() }()
		model, ids := map[entry]string{}, map[entry]string{}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			next, nextIDs := maps.Clone(model), maps.Clone(ids)
			over := map[entry]string{} // the file that is applied
			var changes []registry.Change
			switch rapid.SampledFrom([]string{"put", "put", "put", "delete", "rename", "reopen"}).Draw(t, "step") {
			case "put":
				for range rapid.IntRange(1, 4).Draw(t, "size") {
					e := entries.Draw(t, "entry")
					over[e] = text(t, e)
				}
			case "delete":
				for _, e := range rapid.SliceOfNDistinct(entries, 1, 3, func(e entry) entry { return e }).Draw(t, "entries") {
					if _, ok := model[e]; ok {
						changes = append(changes, remove(e.kind, e.name))
						delete(next, e)
						delete(nextIDs, e)
					}
				}
			case "rename":
				from, to := entries.Draw(t, "from"), names.Draw(t, "to")
				e := entry{from.kind, to}
				if _, taken := model[e]; model[from] == "" || taken || from.kind == "attribute" {
					continue
				}
				over[e] = "{renamed_from: " + from.name + ", " + strings.TrimPrefix(model[from], "{")
				if strings.Count(over[e], "renamed_from") > 1 {
					continue
				}
				delete(next, from)
				delete(nextIDs, from)
				nextIDs[e] = ids[from]
			case "reopen":
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				r = openHere()
			}
			base, before := published(t, r)
			set := base
			if len(over) > 0 {
				for e, text := range over {
					next[e] = text
					changes = append(changes, put(e.kind, e.name))
				}
				f, err := define.Parse("over.yaml", []byte(file(over)))
				if err != nil {
					t.Fatalf("%s\n%v", file(over), err)
				}
				if set, _, err = define.Check(base, f, settings); (err == nil) != (whole(t, next) != nil) {
					t.Fatalf("over what is published: %v\n%s", err, file(next))
				}
				if err != nil {
					continue
				}
			}
			n, err := r.Apply(ctx, set, changes, "wang", 1000)
			if whole(t, next) == nil {
				if strata.CodeOf(err) != strata.Invalid {
					t.Fatalf("Apply = %d, %v; want Invalid for\n%s", n, err, file(next))
				}
				if _, now := published(t, r); now != before {
					t.Fatalf("a refused apply moved the number from %d to %d", before, now)
				}
				continue
			}
			if err != nil {
				t.Fatalf("Apply: %v\n%s", err, file(next))
			}
			model, ids = next, nextIDs

			got, now := published(t, r)
			want := whole(t, model)
			if diff := cmp.Diff(string(define.PrintYAML(want)), string(define.PrintYAML(got))); diff != "" || now != n {
				t.Fatalf("number %d, want %d\n%s", now, n, diff)
			}
			for _, ref := range got.Refs() {
				h, _ := got.Header(ref)
				e := entry{ref.Kind, ref.Name}
				if old, ok := ids[e]; ok && old != h.ID || h.ID == "" {
					t.Fatalf("%v has ID %q, had %q", ref, h.ID, old)
				}
				ids[e] = h.ID
				v := versions(t, r, ref.Kind, ref.Name)
				if v[0].ID != h.ID || len(v) != v[0].Version {
					t.Fatalf("%v has versions %+v", ref, v)
				}
			}
		}
	})
}
