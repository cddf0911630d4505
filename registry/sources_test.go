package registry

import (
	"context"
	"database/sql"
	"slices"
	"testing"

	"strata"
)

// TestWriteKeys: keys are known by their hash, the ones before a rotation for
// as long as they overlap, and revoking ends all.
func TestWriteKeys(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	r, err := Open(ctx, dir, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { r.Close() }()
	of := func(key string, at strata.Instant, want string) {
		t.Helper()
		s, err := r.SourceOfKey(ctx, key, at)
		if s.Name != want || want == "" && strata.CodeOf(err) != strata.Forbidden || want != "" && err != nil {
			t.Errorf("at %d the key is of %q (%v), want %q", at, s.Name, err, want)
		}
	}
	of("", 1, "")
	first, err := r.AddSource(ctx, Source{Name: "app", Events: []string{"shop_*"}, Rate: 5}, "me", 1)
	if err != nil {
		t.Fatal(err)
	}
	other, err := r.AddSource(ctx, Source{Name: "other"}, "me", 1)
	if err != nil {
		t.Fatal(err)
	}
	of(first, 2, "app")
	of(first+"x", 2, "")
	second, err := r.RotateKey(ctx, "app", "me", 10, 5)
	if err != nil || second == first {
		t.Fatal(err, second)
	}
	of(first, 14, "app")
	of(first, 15, "")
	of(second, 15, "app")
	// A second rotation within the overlap does not lengthen it.
	third, err := r.RotateKey(ctx, "app", "me", 12, 100)
	if err != nil {
		t.Fatal(err)
	}
	of(first, 14, "app")
	of(first, 15, "")
	of(second, 111, "app")
	if err := r.ChangeSource(ctx, Source{Name: "app", Namespaces: []string{"phone"}, UserID: "member_no"}, "me", 13); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err = Open(ctx, dir, strata.DefaultSettings()); err != nil {
		t.Fatal(err)
	}
	s, err := r.SourceOfKey(ctx, third, 14)
	if err != nil || len(s.Events) != 0 || !slices.Equal(s.Namespaces, []string{"phone"}) || s.UserID != "member_no" || s.CreatedAt != 1 {
		t.Errorf("after a restart: %+v %v", s, err)
	}
	all, err := r.Sources(ctx, 20)
	if err != nil || len(all) != 2 || len(all[0].Keys) != 2 || all[0].Keys[0].Ending != third[len(third)-4:] {
		t.Errorf("sources: %+v %v", all, err)
	}
	if err := r.RevokeKeys(ctx, "app", "me", 20); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{first, second, third} {
		of(key, 14, "")
	}
	of(other, 21, "other")
	// Nothing of a key but its hash is in the database.
	err = r.look(ctx, "looking", func(tx *sql.Tx) error {
		var n int
		err := tx.QueryRowContext(ctx, `SELECT count(*) FROM write_keys WHERE instr(hash, ?) > 0 OR instr(ending, ?) > 0`, []byte(other), other[:8]).Scan(&n)
		if n != 0 {
			t.Error("a key lies in the registry")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// A row that somebody changed is not believed.
	if err := r.change(ctx, "tampering", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sources SET rate = 0, events = '["*"]' WHERE name = 'other'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	r.sources.forget()
	if _, err := r.SourceOfKey(ctx, other, 21); strata.CodeOf(err) != strata.Internal {
		t.Errorf("a changed row: %v", err)
	}
}
