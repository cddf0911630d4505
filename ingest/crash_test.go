package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"strata"
	"strata/identity"
	"strata/ingest"
	"strata/timeline"
)

const crashMapping = `
source: pos
keys: {member_no: m, phone: {column: p, invalid: ignore}}
skip: [{when: {kind: note}, because: a note, customer: keep}]
attributes: {city: city}
events:
  - {event: order_paid, when: {kind: sale}, group: {by: no, time: max}, time: at, properties: {order_id: no, amount: {column: a, sum: true, at_least: 0}}}
  - {event: item_bought, when: {kind: sale}, time: at, properties: {order_id: no, amount: a}}
  - {event: order_refunded, when: {kind: refund}, id: no, time: at, properties: {order_id: no, amount: a}}
  - {event: store_visited, when: {kind: visit}, time: at, properties: {store: city}}
`

// crashFile draws a file with equal rows, orders spread over it, refused
// rows, conflicting keys and reused ids.
func crashFile(t *rapid.T) []byte {
	var b strings.Builder
	b.WriteString("m,p,kind,no,at,a,city\n")
	n := rapid.IntRange(0, 60).Draw(t, "rows")
	for range n {
		m := rapid.IntRange(0, 6).Draw(t, "m")
		member, phone := fmt.Sprint(m), ""
		if m == 0 {
			member = ""
		}
		if p := rapid.IntRange(0, 12).Draw(t, "p"); p > 8 {
			phone = fmt.Sprintf("1380013800%d", p-8)
		}
		fmt.Fprintf(&b, "%s,%s,%s,%d,2026-04-0%d,%s,%s\n", member, phone, rapid.SampledFrom([]string{"sale", "sale", "sale", "refund", "visit", "note", "other"}).Draw(t, "kind"),
			m*3+rapid.IntRange(0, 3).Draw(t, "no"), rapid.IntRange(1, 9).Draw(t, "day"),
			rapid.SampledFrom([]string{"1", "2.50", "3", "4", "5", "6.1", "7", "8", "-1", "x"}).Draw(t, "a"),
			rapid.SampledFrom([]string{"", "北京", "上海"}).Draw(t, "city"))
	}
	return []byte(b.String())
}

// TestInterrupted: an import that fails at any commit, or whose machine loses
// power there, and is run again until it ends, leaves what an undisturbed one
// leaves: facts, counts and refused rows.
func TestInterrupted(t *testing.T) {
	m := mapping(t, crashMapping)
	rapid.Check(t, func(r *rapid.T) {
		file := crashFile(r)
		batch := rapid.IntRange(1, 20).Draw(r, "batch")
		undisturbed := newStage(t, strata.Settings{})
		defer undisturbed.store.Close()
		s := newStage(t, strata.Settings{})
		defer func() { s.store.Close() }()
		if rapid.Bool().Draw(r, "something before") {
			for _, x := range []*stage{undisturbed, s} {
				if _, err := x.importBytes("before.csv", []byte("m,p,kind,no,at,a,city\n1,13800138001,sale,3,2026-04-01,1,\n2,,refund,7,2026-04-01,1,\n3,,visit,1,2026-04-01,1,\n"), m); err != nil {
					r.Fatal(err)
				}
			}
		}
		o := undisturbed.options(ingest.BytesSource("f.csv", file), m)
		want, err := ingest.Import(context.Background(), o)
		if err != nil {
			r.Fatal(err)
		}
		for try := 0; ; try++ {
			s.commits, s.failAt = 0, 0
			if try < 4 {
				s.failAt = rapid.IntRange(1, 12).Draw(r, "fails at")
			}
			o := s.options(ingest.BytesSource("f.csv", file), m)
			o.BatchRows = batch
			got, err := ingest.Import(context.Background(), o)
			if err == nil {
				if d := cmp.Diff(undisturbed.refused(want.ID, "f"), s.refused(got.ID, "f")); d != "" {
					r.Fatalf("refused after %d interruptions (-want +got):\n%s\n%s", try, d, file)
				}
				if got.Counts != want.Counts || got.ID != want.ID {
					r.Fatalf("counts after %d interruptions (resumed %v)\n got %d %+v\nwant %d %+v\n%s", try, got.Resumed, got.ID, got.Counts, want.ID, want.Counts, file)
				}
				if d := cmp.Diff(want.Refusals, got.Refusals); d != "" {
					r.Fatalf("refusals (-want +got):\n%s", d)
				}
				break
			}
			if !errors.Is(err, errHook) {
				r.Fatal(err)
			}
			if rapid.Bool().Draw(r, "power lost") {
				seed := rapid.Uint64().Draw(r, "seed")
				percent := rapid.SampledFrom([]int{0, 50, 100}).Draw(r, "kept")
				s.crash(percent, seed)
			}
		}
		if d := cmp.Diff(undisturbed.dump(), s.dump()); d != "" {
			r.Fatalf("facts (-want +got):\n%s\n%s", d, file)
		}
	})
}

// crash goes on with what a power cut would leave of the disk.
func (s *stage) crash(percent int, seed uint64) {
	s.t.Helper()
	left := s.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(seed, 1))})
	s.store.Close()
	s.fs = left
	s.open(strata.Settings{})
}

// TestEveryCommit fails each commit of one import in turn.
func TestEveryCommit(t *testing.T) {
	m := mapping(t, ordersMapping)
	var file strings.Builder
	file.WriteString(ordersHeader)
	for i := range 40 {
		fmt.Fprintf(&file, "A%d,%d,2026-04-01 12:00:00,s,p,%d,1.50\n", i%7, i%7, 1+i%5)
	}
	undisturbed := newStage(t, strata.Settings{})
	want, err := undisturbed.importBytes("f.csv", []byte(file.String()), m)
	if err != nil {
		t.Fatal(err)
	}
	for at := 1; ; at++ {
		s := newStage(t, strata.Settings{})
		s.failAt = at
		o := s.options(ingest.BytesSource("f.csv", []byte(file.String())), m)
		o.BatchRows = 10
		if _, err := ingest.Import(context.Background(), o); err == nil {
			if at < 5 {
				t.Errorf("only %d commits", at-1)
			}
			break
		}
		s.crash(50, uint64(at))
		o = s.options(ingest.BytesSource("renamed.csv.gz", zipped(t, file.String())), m)
		got, err := ingest.Import(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		if got.Counts != want.Counts {
			t.Errorf("failed at commit %d: %+v, want %+v", at, got.Counts, want.Counts)
		}
		if d := cmp.Diff(undisturbed.dump(), s.dump()); d != "" {
			t.Errorf("failed at commit %d (-want +got):\n%s", at, d)
		}
	}
}

func TestCancelled(t *testing.T) {
	s := newStage(t, strata.Settings{})
	m := mapping(t, ordersMapping)
	file := []byte(ordersHeader + strings.Repeat("A1,1,2026-04-01,s,p,1,1\n", 50_000))
	ctx, cancel := context.WithCancel(context.Background())
	o := s.options(ingest.BytesSource("f.csv", file), m)
	o.BatchRows = 1000
	o.Progress = func(p ingest.Progress) {
		if p.Phase == ingest.Importing && p.Rows > 20_000 {
			cancel()
		}
	}
	if _, err := ingest.Import(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	var states []string
	if err := ingest.Records(s.store, func(r ingest.Record) error { states = append(states, r.State); return nil }); err != nil || !slices.Equal(states, []string{ingest.Interrupted}) {
		t.Errorf("states %v, %v", states, err)
	}
	o.Progress = nil
	report, err := ingest.Import(context.Background(), o)
	if err != nil || !report.Resumed || report.Events != 50_001 || report.Rows != 50_000 || report.Groups != 1 {
		t.Errorf("resumed: %+v, %v", report, err)
	}
}

// The interfaces of the stages before and after are met by the real ones.
var (
	_ ingest.Store    = (*timeline.Store)(nil)
	_ ingest.Scanner  = (*timeline.Store)(nil)
	_ ingest.Identity = (*identity.Store)(nil)
)
