package registry_test

import (
	"path/filepath"
	"testing"
	"time"

	"strata"
	"strata/define"
	"strata/registry"
)

// Every table that says something notices a row that was altered behind its
// back: reading it fails, Check names it, and the next Open refuses.
func TestAlteredRows(t *testing.T) {
	for _, test := range []struct {
		table, statement string
		read             func(r *registry.Registry) error
	}{
		{"accounts", `UPDATE accounts SET role = 'owner'`, func(r *registry.Registry) error { _, err := r.Account(t.Context(), "li"); return err }},
		{"accounts", `UPDATE accounts SET must_set_password = 1 - must_set_password`, func(r *registry.Registry) error { _, err := r.Accounts(t.Context()); return err }},
		{"settings", `UPDATE settings SET value = 'x'`, func(r *registry.Registry) error { _, err := r.Business(t.Context()); return err }},
		{"pins", `UPDATE pins SET customer = 'M2'`, func(r *registry.Registry) error { _, err := r.Pins(t.Context()); return err }},
		{"sign_in_links", `UPDATE sign_in_links SET expires_at = expires_at + 1`, nil},
		{"sessions", `UPDATE sessions SET data = x'00'`, func(r *registry.Registry) error {
			_, _, err := r.Sessions(func() time.Time { return time.UnixMilli(0) }).FindCtx(t.Context(), "token")
			return err
		}},
		{"counters", `UPDATE counters SET changes = 7`, func(r *registry.Registry) error { _, _, err := r.Published(t.Context()); return err }},
		{"audit", `UPDATE audit SET account = 'wang'`, func(r *registry.Registry) error { _, _, err := r.Audit(t.Context(), "", 0); return err }},
	} {
		t.Run(test.table, func(t *testing.T) {
			dir := t.TempDir()
			r := open(t, dir)
			if _, err := r.CreateAccount(t.Context(), "li", registry.Viewer, 1); err != nil {
				t.Fatal(err)
			}
			if err := r.SetBusiness(t.Context(), define.Text2{Zh: "店", En: "shop"}); err != nil {
				t.Fatal(err)
			}
			if err := r.SetPins(t.Context(), []registry.Pin{{Customer: "M1"}}); err != nil {
				t.Fatal(err)
			}
			if _, err := r.CreateSignInLink(t.Context(), "li", 1, 100); err != nil {
				t.Fatal(err)
			}
			if err := r.Sessions(func() time.Time { return time.UnixMilli(0) }).CommitCtx(t.Context(), "token", []byte("data"), time.UnixMilli(100)); err != nil {
				t.Fatal(err)
			}
			if err := r.AppendAudit(t.Context(), registry.AuditEntry{At: 1, Account: "li", Action: "customer.viewed", Object: "M1"}); err != nil {
				t.Fatal(err)
			}
			if done, found, err := r.Check(t.Context()); err != nil || len(found) > 0 || done.Rows < 6 {
				t.Fatalf("before: %+v %v %v", done, found, err)
			}
			execute(t, dir, test.statement)
			if test.read != nil {
				wantCode(t, test.read(r), strata.Internal, test.table+" ", "damaged")
			}
			_, found, err := r.Check(t.Context())
			if err != nil || len(found) == 0 || found[0].Table != test.table || found[0].Row == "" {
				t.Errorf("found %v, %v", found, err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			again, err := registry.Open(t.Context(), dir, strata.DefaultSettings())
			if test.table == "audit" {
				if err != nil {
					t.Fatal(err)
				}
				if err := again.Close(); err != nil {
					t.Fatal(err)
				}
				return
			}
			wantCode(t, err, strata.Unavailable, test.table, "damaged", "doctor")
		})
	}
}

func TestBackup(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	apply(t, r, first, all...)
	to := t.TempDir()
	if err := r.Backup(t.Context(), filepath.Join(to, "registry.db")); err != nil {
		t.Fatal(err)
	}
	if err := r.Backup(t.Context(), filepath.Join(to, "registry.db")); err == nil {
		t.Error("a backup over another")
	}
	want, n := published(t, r)
	got, m := published(t, open(t, to))
	if n != m || string(define.PrintYAML(want)) != string(define.PrintYAML(got)) {
		t.Errorf("the backup is at %d, the registry at %d", m, n)
	}
}
