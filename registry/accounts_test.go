package registry_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"

	"strata"
	"strata/registry"
)

var _ scs.CtxStore = (*registry.Sessions)(nil)

const password = "correct horse 电池"

func TestAccounts(t *testing.T) {
	r := open(t, t.TempDir())
	ctx := t.Context()
	wang, err := r.CreateAccount(ctx, " Wang ", registry.Owner, 1000)
	if err != nil {
		t.Fatal(err)
	}
	want := registry.Account{Name: "wang", Role: registry.Owner, MustSetPassword: true, CreatedAt: 1000}
	if diff := cmp.Diff(want, wang); diff != "" {
		t.Error(diff)
	}
	li, err := r.CreateAccount(ctx, "李明", registry.Viewer, 2000)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"wang", "WANG"} {
		_, err := r.CreateAccount(ctx, name, registry.Viewer, 3000)
		wantCode(t, err, strata.Conflict, "wang")
	}
	for _, name := range []string{"", "  ", "a b", "a\x00b", "<b>", strings.Repeat("x", 65)} {
		_, err := r.CreateAccount(ctx, name, registry.Viewer, 3000)
		wantCode(t, err, strata.Invalid, "account")
	}
	_, err = r.CreateAccount(ctx, "zhang", "admin", 3000)
	wantCode(t, err, strata.Invalid, "role", "operator")
	all, err := r.Accounts(ctx)
	if diff := cmp.Diff([]registry.Account{wang, li}, all); diff != "" || err != nil {
		t.Errorf("Accounts: %v\n%s", err, diff)
	}
	if got, err := r.Account(ctx, "WANG"); got != wang || err != nil {
		t.Errorf("Account = %v, %v", got, err)
	}
	_, err = r.Account(ctx, "nobody")
	wantCode(t, err, strata.NotFound, "nobody")
}

func TestPassword(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	ctx := t.Context()
	if _, err := r.CreateAccount(ctx, "wang", registry.Operator, 1000); err != nil {
		t.Fatal(err)
	}
	_, err := r.Authenticate(ctx, "wang", "", minute)
	wantCode(t, err, strata.Forbidden) // there is no password yet, not an empty one

	for _, bad := range []string{"", "short", "123456789", "一二三四五六七八九", "aaaaaaaaaaaa", strings.Repeat("long", 300)} {
		wantCode(t, r.SetPassword(ctx, "wang", bad), strata.Invalid, "password")
	}
	wantCode(t, r.SetPassword(ctx, "nobody", password), strata.NotFound)
	if err := r.SetPassword(ctx, "Wang", password); err != nil {
		t.Fatal(err)
	}

	r = open(t, dir)
	a, err := r.Authenticate(ctx, " WANG", password, 2*minute)
	if err != nil || a.Name != "wang" || a.Role != registry.Operator || a.MustSetPassword {
		t.Errorf("Authenticate = %+v, %v", a, err)
	}
	_, wrong := r.Authenticate(ctx, "wang", password+" ", 2*minute)
	wantCode(t, wrong, strata.Forbidden)
	_, unknown := r.Authenticate(ctx, "nobody", password, 2*minute)
	if wrong.Error() != unknown.Error() {
		t.Errorf("a wrong password says %q and an unknown account %q", wrong, unknown)
	}

	for _, name := range []string{"registry.db", "registry.db-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(password)) {
			t.Errorf("%s holds the password", name)
		}
	}

	execute(t, dir, `UPDATE accounts SET password = 'x' WHERE name = 'wang'`)
	_, err = r.Authenticate(ctx, "wang", password, 10*minute)
	wantCode(t, err, strata.Internal, "accounts wang")
}

// An unknown account must cost as much as a known one. What hashing costs is
// its memory, which can be measured on a busy machine too.
func TestUnknownAccountCostsAsMuch(t *testing.T) {
	r := open(t, t.TempDir())
	ctx := t.Context()
	for _, name := range []string{"wang", "li"} {
		if _, err := r.CreateAccount(ctx, name, registry.Viewer, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.SetPassword(ctx, "wang", password); err != nil {
		t.Fatal(err)
	}
	cost := func(name string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := r.Authenticate(ctx, name, "wrong password", minute)
		runtime.ReadMemStats(&after)
		wantCode(t, err, strata.Forbidden)
		return (after.TotalAlloc - before.TotalAlloc) >> 20
	}
	known := cost("wang")
	if known < 19 {
		t.Errorf("a known account costs %d MiB, want 19 or more", known)
	}
	for _, name := range []string{"nobody", "li"} { // li has no password
		if other := cost(name); other != known {
			t.Errorf("%s costs %d MiB and a known account %d", name, other, known)
		}
	}
}

func TestFailureLimit(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	ctx := t.Context()
	for _, name := range []string{"wang", "li"} {
		if _, err := r.CreateAccount(ctx, name, registry.Viewer, 0); err != nil {
			t.Fatal(err)
		}
		if err := r.SetPassword(ctx, name, password); err != nil {
			t.Fatal(err)
		}
	}
	at := 100 * minute
	for _, name := range []string{"wang", "nobody"} {
		for i := range 5 {
			_, err := r.Authenticate(ctx, name, "wrong password", at+strata.Instant(i))
			wantCode(t, err, strata.Forbidden)
		}
		_, err := r.Authenticate(ctx, name, password, at+10)
		wantCode(t, err, strata.Unavailable, "too many")
	}
	if _, err := r.Authenticate(ctx, "li", password, at+10); err != nil {
		t.Errorf("another account is locked too: %v", err)
	}
	r = open(t, dir)
	_, err := r.Authenticate(ctx, "wang", password, at+minute-1)
	wantCode(t, err, strata.Unavailable, "too many")
	for i := range 10 { // right ones do not add up
		if _, err := r.Authenticate(ctx, "wang", password, at+minute+10+strata.Instant(i)); err != nil {
			t.Fatalf("after the minute: %v", err)
		}
	}
}

// Attempts made at the same time are limited like those made in turn.
func TestFailureLimitConcurrently(t *testing.T) {
	r := open(t, t.TempDir())
	var judged atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			_, err := r.Authenticate(t.Context(), "wang", "wrong password", minute)
			if strata.CodeOf(err) == strata.Forbidden {
				judged.Add(1)
			}
		})
	}
	group.Wait()
	if judged.Load() != 5 {
		t.Errorf("%d passwords were judged, want 5", judged.Load())
	}
}

func TestSignInLinks(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	ctx := t.Context()
	if _, err := r.CreateAccount(ctx, "wang", registry.Owner, 0); err != nil {
		t.Fatal(err)
	}
	link := func(expires strata.Instant) string {
		t.Helper()
		token, err := r.CreateSignInLink(ctx, "wang", 1000, expires)
		if err != nil || len(token) < 43 {
			t.Fatalf("CreateSignInLink = %q, %v", token, err)
		}
		return token
	}
	token, other, late := link(5000), link(5000), link(5000)
	if token == other {
		t.Fatal("two links are the same")
	}
	if a, err := r.UseSignInLink(ctx, token, 4999); err != nil || a.Name != "wang" || !a.MustSetPassword {
		t.Errorf("UseSignInLink = %+v, %v", a, err)
	}
	_, err := r.UseSignInLink(ctx, token, 4999)
	wantCode(t, err, strata.Forbidden, "has been used")
	_, err = r.UseSignInLink(ctx, late, 5000)
	wantCode(t, err, strata.Forbidden, "expired")
	for _, bad := range []string{"", "x", token + "A", strings.ToLower(other)} {
		_, err = r.UseSignInLink(ctx, bad, 4000)
		wantCode(t, err, strata.Forbidden, "not valid")
	}
	_, err = r.CreateSignInLink(ctx, "nobody", 0, 5000)
	wantCode(t, err, strata.NotFound)

	r = open(t, dir)
	_, err = r.UseSignInLink(ctx, token, 4000)
	wantCode(t, err, strata.Forbidden, "has been used")
	for _, name := range []string{"registry.db", "registry.db-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(other)) {
			t.Errorf("%s holds a token that has not been used", name)
		}
	}
	if err := r.SetPassword(ctx, "wang", password); err != nil {
		t.Fatal(err)
	}
	_, err = r.UseSignInLink(ctx, other, 4000)
	wantCode(t, err, strata.Forbidden) // it was made before the password

	// Only one of many at the same time.
	token = link(5000)
	var used atomic.Int32
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if _, err := r.UseSignInLink(ctx, token, 4000); err == nil {
				used.Add(1)
			}
		})
	}
	group.Wait()
	if used.Load() != 1 {
		t.Errorf("a link was used %d times", used.Load())
	}
}

func TestSessions(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	now := time.UnixMilli(1_000_000)
	s := r.Sessions(func() time.Time { return now })
	find := func(token, want string, there bool) {
		t.Helper()
		data, found, err := s.Find(token)
		if string(data) != want || found != there || err != nil {
			t.Errorf("Find(%s) = %q, %v, %v; want %q, %v", token, data, found, err, want, there)
		}
	}
	find("token-of-wang", "", false)
	for token, data := range map[string]string{"token-of-wang": "1", "token-of-li": "2"} {
		if err := s.Commit(token, []byte(data), now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	find("token-of-wang", "1", true)
	if err := s.Commit("token-of-wang", []byte("3"), now.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir).Sessions(func() time.Time { return now })
	find("token-of-wang", "3", true)
	now = now.Add(time.Hour)
	find("token-of-li", "", false)
	find("token-of-wang", "3", true)
	for range 2 { // deleting what is not there is no error
		if err := s.Delete("token-of-wang"); err != nil {
			t.Fatal(err)
		}
	}
	find("token-of-wang", "", false)
	for _, name := range []string{"registry.db", "registry.db-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("token-of-")) {
			t.Errorf("%s holds a token", name)
		}
	}
}
