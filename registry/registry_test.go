package registry_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"strata"
	"strata/define"
	"strata/registry"
)

const minute = strata.Instant(60_000)

func open(t *testing.T, dir string) *registry.Registry {
	t.Helper()
	r, err := registry.Open(t.Context(), dir, strata.DefaultSettings())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// execute changes the database behind the registry's back.
func execute(t *testing.T, dir, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	result, err := db.Exec(statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if n, err := result.RowsAffected(); n == 0 || err != nil {
		t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
}

func wantCode(t *testing.T, err error, code strata.Code, parts ...string) {
	t.Helper()
	if strata.CodeOf(err) != code {
		t.Errorf("error %v; want code %s", err, code)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data #1?%20")
	r := open(t, dir)
	if err := r.SetSetting(t.Context(), "k", "v"); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v; others may read it", info.Mode())
	}
	if v, ok, err := open(t, dir).Setting(t.Context(), "k"); v != "v" || !ok || err != nil {
		t.Errorf("after reopening: %q, %v, %v", v, ok, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Run("no database", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "registry.db"), []byte(strings.Repeat("no database ", 500)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := registry.Open(t.Context(), dir, strata.DefaultSettings())
		wantCode(t, err, strata.Unavailable, "registry.db", "damaged")
	})
	t.Run("newer version", func(t *testing.T) {
		dir := t.TempDir()
		if err := open(t, dir).Close(); err != nil {
			t.Fatal(err)
		}
		execute(t, dir, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
		_, err := registry.Open(t.Context(), dir, strata.DefaultSettings())
		wantCode(t, err, strata.Unavailable, "9999", "newer")
	})
	t.Run("a file in the way", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := registry.Open(t.Context(), dir, strata.DefaultSettings())
		wantCode(t, err, strata.Unavailable, dir)
	})
	t.Run("cancelled", func(t *testing.T) {
		r := open(t, t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := r.Accounts(ctx)
		wantCode(t, err, strata.Unavailable)
		wantCode(t, r.SetSetting(ctx, "k", "v"), strata.Unavailable)
	})
}

func TestSettings(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	ctx := t.Context()
	if _, ok, err := r.Setting(ctx, "k"); ok || err != nil {
		t.Errorf("before it is set: %v, %v", ok, err)
	}
	for _, v := range []string{"a", "", "b"} {
		if err := r.SetSetting(ctx, "k", v); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := r.Setting(ctx, "k"); got != v || !ok || err != nil {
			t.Errorf("Setting = %q, %v, %v; want %q", got, ok, err, v)
		}
	}
	wantCode(t, r.SetSetting(ctx, "", "v"), strata.Invalid)

	want := define.Text2{Zh: "渝味火锅", En: "Yuwei Hotpot"}
	if err := r.SetBusiness(ctx, want); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Business(ctx); got != want || err != nil {
		t.Errorf("Business = %v, %v", got, err)
	}
}

func TestPins(t *testing.T) {
	r := open(t, t.TempDir())
	ctx := t.Context()
	a := registry.Pin{Customer: "M2", Title: define.Text2{Zh: "老客", En: "Regular"}, Note: define.Text2{Zh: "快流失"}}
	b := registry.Pin{Customer: "M1"}
	for _, want := range [][]registry.Pin{{a, b}, {b, a, a}, nil, {b}} {
		if err := r.SetPins(ctx, want); err != nil {
			t.Fatal(err)
		}
		got, err := r.Pins(ctx)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Pins: %v\n%s", err, diff)
		}
	}
	wantCode(t, r.SetPins(ctx, []registry.Pin{a, {}}), strata.Invalid)
	if got, err := r.Pins(ctx); len(got) != 1 || err != nil {
		t.Errorf("a refused list left %v, %v; want what was there", got, err)
	}
}

func TestAudit(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	ctx := t.Context()
	var want []registry.AuditEntry // newest first
	for i, action := range []string{"session.signed_in", "customer.viewed", "customers.exported", "customer.viewed", "session.signed_out"} {
		e := registry.AuditEntry{At: strata.Instant(1000 - i), Account: "wang", Action: action, Object: "M1"}
		if i == 2 {
			e.Detail = []byte(`{"filter":"segment=loyal","rows":12}`)
		}
		if err := r.AppendAudit(ctx, e); err != nil {
			t.Fatal(err)
		}
		want = append([]registry.AuditEntry{e}, want...)
	}
	for _, limit := range []int{1, 2, 5, 0} {
		var got []registry.AuditEntry
		pages, cursor := 0, ""
		for {
			page, next, err := r.Audit(ctx, cursor, limit)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page...)
			if pages++; next == "" || pages > 5 {
				break
			}
			// What is written meanwhile does not move the pages.
			cursor = next
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("limit %d:\n%s", limit, diff)
		}
	}
	_, _, err := r.Audit(ctx, "x", 10)
	wantCode(t, err, strata.Invalid, "cursor")
	wantCode(t, r.AppendAudit(ctx, registry.AuditEntry{Account: "wang"}), strata.Invalid, "action")
	wantCode(t, r.AppendAudit(ctx, want[0], registry.AuditEntry{Action: "a", Detail: []byte("{")}), strata.Invalid, "JSON")
	if page, _, err := r.Audit(ctx, "", 10); len(page) != len(want) || err != nil {
		t.Errorf("a refused call left %d entries, %v; want %d", len(page), err, len(want))
	}

	execute(t, dir, `UPDATE audit SET account = 'li' WHERE id = 2`)
	_, _, err = r.Audit(ctx, "", 10)
	wantCode(t, err, strata.Internal, "audit 2")
	if page, _, err := r.Audit(ctx, "", 3); len(page) != 3 || err != nil {
		t.Errorf("entries before the damaged one: %d, %v", len(page), err)
	}
}

func TestCalibrations(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	ctx := registry.WithAuthor(t.Context(), "wang", 500)
	_, before, err := r.Published(ctx)
	if err != nil {
		t.Fatal(err)
	}
	calibration := func(name string, at strata.Instant, cuts ...float64) define.Calibration {
		return define.Calibration{Kind: "tier", Name: name, At: at, People: 3, Cuts: map[string][]float64{"recency": cuts, "": {0.1}}}
	}
	add := func(c define.Calibration, want int) define.Calibration {
		t.Helper()
		got, err := r.AddCalibration(ctx, c)
		if err != nil || got.Version != want {
			t.Fatalf("AddCalibration = version %d, %v; want %d", got.Version, err, want)
		}
		return got
	}
	first := add(calibration("rfm", 1000, 1, 2.5, 1e300), 1)
	other := add(calibration("intent", 1000, 7), 1)
	third := add(calibration("rfm", 3000, 5), 2)
	second := add(calibration("rfm", 2000), 3)
	again := add(calibration("rfm", 2000, 4), 4)

	check := func(r *registry.Registry) {
		t.Helper()
		for name, want := range map[string][]define.Calibration{"rfm": {third, again, second, first}, "intent": {other}, "none": nil} {
			got, err := r.Calibrations(ctx, "tier", name)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v\n%s", name, err, diff)
			}
		}
	}
	check(r)
	check(open(t, dir))
	if _, now, err := r.Published(ctx); now != before+5 || err != nil {
		t.Errorf("Published's number went from %d to %d, %v; want one for each calibration", before, now, err)
	}
	_, err = r.AddCalibration(ctx, define.Calibration{Kind: "tier"})
	wantCode(t, err, strata.Invalid)

	execute(t, dir, `UPDATE calibrations SET data = replace(data, '2.5', '2.6') WHERE name = 'rfm' AND version = 1`)
	_, err = r.Calibrations(ctx, "tier", "rfm")
	wantCode(t, err, strata.Internal, "calibrations tier/rfm version 1")
}

// Readers go on while others write, here and in another process, and see only
// whole changes.
func TestConcurrentReaders(t *testing.T) {
	dir := t.TempDir()
	r, other := open(t, dir), open(t, dir)
	ctx := t.Context()
	pins := func(n int) []registry.Pin {
		all := make([]registry.Pin, 5)
		for i := range all {
			all[i].Customer = string(rune('a' + n))
		}
		return all
	}
	if err := r.SetPins(ctx, pins(0)); err != nil {
		t.Fatal(err)
	}
	var readers, writers sync.WaitGroup
	done := make(chan struct{})
	for range 6 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				got, err := r.Pins(ctx)
				if err != nil || len(got) != 5 || got[0].Customer != got[4].Customer {
					t.Errorf("Pins = %v, %v; want five of one kind", got, err)
					return
				}
			}
		})
	}
	for _, r := range []*registry.Registry{r, r, other} {
		writers.Go(func() {
			for i := range 20 {
				if err := r.SetPins(ctx, pins(i)); err != nil {
					t.Error(err)
				}
				// This one reads before it writes.
				if _, err := r.AddCalibration(ctx, define.Calibration{Kind: "tier", Name: "rfm"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	made, err := r.Calibrations(ctx, "tier", "rfm")
	if err != nil || len(made) != 60 || made[0].Version != 60 {
		t.Errorf("%d calibrations, %v; want versions 1 to 60", len(made), err)
	}
}
