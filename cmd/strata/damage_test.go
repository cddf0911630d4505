package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"strata"
	"strata/define"
	"strata/ingest"
)

var bitFlips = flag.Int("flips", 12, "how many bits of a data directory are flipped")

const damageNow = "2026-06-18T10:00:00+08:00"

// inProcess runs a command line in this process.
func inProcess(t testing.TB, cwd string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	now, err := time.Parse(time.RFC3339, damageNow)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	c := &call{stdout: &out, stderr: &errs, cwd: cwd, now: func() time.Time { return now }, lang: "en"}
	code = c.run(t.Context(), args)
	return out.String(), errs.String(), code
}

// mustRun is inProcess of a command line that works.
func mustRun(t testing.TB, cwd string, args ...string) string {
	t.Helper()
	out, errs, code := inProcess(t, cwd, args...)
	if code != 0 {
		t.Fatalf("strata %q: exit %d: %s", args, code, errs)
	}
	return out
}

// damageShop makes a small data directory that has something of everything.
func damageShop(t testing.TB, dir string) {
	t.Helper()
	var orders bytes.Buffer
	orders.WriteString("no,member,phone,city,at,amount\n")
	for i := range 300 {
		fmt.Fprintf(&orders, "%d,M%03d,1380013%04d,%s,2026-0%d-%02d 12:00:00,%d.50\n", i, i%60, 1000+i%60, []string{"北京", "上海", "广州"}[i%3], 1+i%6, 1+i%17, 10+i%90)
	}
	orders.WriteString("900,M001,13800131001,北京,yesterday,1\n")
	files := map[string]string{
		"orders.csv":  orders.String(),
		"more.csv":    "no,member,phone,city,at,amount\n901,M001,13800131001,北京,2026-06-17 12:00:00,99\n902,M070,13800132000,上海,2026-06-16 12:00:00,99\n",
		"orders.yaml": "source: pos\nkeys: {member_no: member, phone: phone}\nattributes: {registered_city: city}\nevents: [{event: order_paid, id: no, time: at, properties: {order_id: no, amount: amount}}]\n",
		"definitions.yaml": `
tags:
  orders: {owner: ops, purpose: test, consumer: ops, change: dynamic, value: {count: {event: order_paid}}}
  spent: {owner: ops, purpose: test, consumer: ops, value: {sum: {event: order_paid, of: amount}}}
segments:
  recent: {owner: ops, purpose: test, consumer: ops, where: {event: order_paid, within: 7d}}
`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inProcess(t, dir, "import", "orders.csv", "--map", "orders.yaml", "--quiet") // one row is refused
	mustRun(t, dir, "apply", "-f", "definitions.yaml", "--yes")
	mustRun(t, dir, "sign-in")
	mustRun(t, dir, "import", "more.csv", "--map", "orders.yaml", "--quiet")
	mustRun(t, dir, "changes")
}

// told is everything that a data directory answers.
func told(t testing.TB, dir string) (_ string, err error) {
	ctx := t.Context()
	b, err := openBusiness(dir, strata.DefaultSettings())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	var out bytes.Buffer
	say := json.NewEncoder(&out)
	set, version, err := b.registry.Published(ctx)
	if err != nil {
		return "", err
	}
	fmt.Fprintln(&out, version, string(define.PrintYAML(set)))
	accounts, err := b.registry.Accounts(ctx)
	if err != nil {
		return "", err
	}
	entries, _, err := b.registry.Audit(ctx, "", 0)
	if err != nil {
		return "", err
	}
	say.Encode(accounts)
	say.Encode(entries)
	at, _ := time.Parse(time.RFC3339, damageNow)
	if err := b.live.CatchUp(ctx, strata.At(at)); err != nil {
		return "", err
	}
	if err := b.live.Changes(0, func(x *strata.Change) bool { say.Encode(x); return true }); err != nil {
		return "", err
	}
	answer := b.live.Now()
	fmt.Fprintln(&out, answer.Segments["recent"].ToArray(), answer.Everyone.ToArray())
	for c := range b.people.Last() {
		c++
		keys, err := b.people.Keys(c)
		if err != nil {
			return "", err
		}
		for _, k := range keys {
			owner, ok, err := b.people.Find(k)
			if err != nil {
				return "", err
			}
			fmt.Fprintln(&out, k, owner, ok)
		}
		events, err := b.store.Events(c)
		if err != nil {
			return "", err
		}
		err = b.store.Load(c, func(h *strata.History) error {
			fmt.Fprintln(&out, h.Attributes)
			return nil
		})
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&out, c, events, answer.Tags["orders"].Get(c), answer.Tags["spent"].Get(c))
		list, err := b.live.History(c, define.Ref{Kind: "tag", Name: "orders"})
		if err != nil {
			return "", err
		}
		say.Encode(list)
	}
	err = ingest.Records(b.store, func(r ingest.Record) error {
		say.Encode(r)
		return ingest.Refused(b.store, r.ID, 0, func(row ingest.RefusedRow) error { return say.Encode(row) })
	})
	return out.String(), err
}

func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// Whatever bit of a data directory turns over: what is answered is what was
// stored, or opening, reading or the doctor says that something is damaged.
func TestFlippedBitsOfADataDirectory(t *testing.T) {
	silent := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	defer slog.SetDefault(silent)
	dir := t.TempDir()
	damageShop(t, dir)
	whole := filepath.Join(dir, "data")
	mustRun(t, dir, "doctor")
	reference := filepath.Join(t.TempDir(), "data")
	copyTree(t, whole, reference)
	want, err := told(t, reference)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	err = filepath.WalkDir(whole, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d, %d files", seed, len(files))
	r := rand.New(rand.NewPCG(seed, 0))
	refused, diagnosed, harmless := 0, 0, 0
	for range *bitFlips {
		file := files[r.IntN(len(files))]
		if r.IntN(2) == 0 {
			file = filepath.Join(whole, "registry.db") // which has no checksums of its own
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) == 0 {
			continue
		}
		bit := r.IntN(8 * len(b))
		b[bit/8] ^= 1 << (bit % 8)
		name, _ := filepath.Rel(whole, file)
		work := t.TempDir()
		copyTree(t, whole, filepath.Join(work, "data"))
		if err := os.WriteFile(filepath.Join(work, "data", name), b, 0o600); err != nil {
			t.Fatal(err)
		}
		said, _, code := inProcess(t, work, "doctor")
		got, err := told(t, filepath.Join(work, "data"))
		switch {
		case err != nil:
			refused++
			if code == 0 {
				t.Errorf("%s bit %d: %v; but the doctor finds nothing: %s", name, bit, err, said)
			}
		case got != want:
			t.Errorf("%s bit %d: other answers, and no word of it (the doctor: %d %s)\n%s", name, bit, code, said, firstDifference(got, want))
		case code != 0:
			diagnosed++
		default:
			harmless++
		}
		os.RemoveAll(work)
	}
	t.Logf("%d flips refused, %d found by the doctor only, %d harmless", refused, diagnosed, harmless)
}

func firstDifference(got, want string) string {
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	from := max(0, n-80)
	return fmt.Sprintf("got  %q\nwant %q", got[from:min(len(got), n+80)], want[from:min(len(want), n+80)])
}
