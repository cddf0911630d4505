package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"strata"
	"strata/compute"
	"strata/define"
)

// TestCalibratedBySchedule: a calibration is made at the first look in a new
// month, as of its beginning, once; what was missed while nobody looked is one
// calibration.
func TestCalibratedBySchedule(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) strata.Instant {
		i, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return strata.At(i)
	}
	var out bytes.Buffer
	run := func(args ...string) {
		t.Helper()
		c := &call{stdout: &out, stderr: &out, cwd: dir, now: func() time.Time { return at("2026-06-18 10:00").In(zone) }}
		if code := c.run(context.Background(), append([]string{"--data", data, "--quiet"}, args...)); code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, out.String())
		}
	}
	for name, text := range map[string]string{
		"orders.csv":  "no,member,time,amount\n1,M1,2026-05-01 10:00,10\n2,M2,2026-05-02 10:00,20\n3,M3,2026-06-03 10:00,30\n",
		"orders.yaml": "source: pos\nkeys: {member_no: member}\nevents: [{event: order_paid, id: no, time: time, properties: {order_id: no, amount: amount}}]\n",
		"defs.yaml":   "tags:\n  band: {owner: ops, purpose: test, consumer: ops, class: consumption, category: consumption.total, value: {bands: {of: {sum: {event: order_paid, of: amount}}, percentiles: [50], labels: [low, high]}}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run("import", "orders.csv", "--map", "orders.yaml")
	run("apply", "-f", "defs.yaml", "--yes")
	b, err := openBusiness(data, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	s := schedules{definitions{b.registry}, new(sync.Mutex)}
	made := func() []define.Calibration {
		all, err := b.registry.Calibrations(ctx, "tag", "band")
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	look := func(now string, want int, latest string) {
		t.Helper()
		if err := b.calibrateDue(ctx, at(now), log); err != nil {
			t.Fatal(err)
		}
		all := made()
		if len(all) != want || all[0].At != at(latest) {
			t.Errorf("at %s: %d calibrations, the last of %s; want %d and %s", now, len(all), b.show(all[0].At), want, latest)
		}
	}
	look("2026-09-01 00:00", 1, "2026-06-18 10:00") // without a schedule
	if err := s.SetSchedule(ctx, "tag", "band", compute.EveryMonth); err != nil {
		t.Fatal(err)
	}
	if every, err := s.Schedule(ctx, "tag", "band"); err != nil || every != compute.EveryMonth {
		t.Errorf("schedule %q, %v", every, err)
	}
	look("2026-06-30 23:59", 1, "2026-06-18 10:00")
	look("2026-07-01 00:00", 2, "2026-07-01 00:00")
	look("2026-07-20 00:00", 2, "2026-07-01 00:00")
	look("2026-10-05 12:00", 3, "2026-10-01 00:00") // three months nobody looked
	if err := s.SetSchedule(ctx, "tag", "band", "hour"); strata.CodeOf(err) != strata.Invalid {
		t.Errorf("every hour: %v", err)
	}
	if err := s.SetSchedule(ctx, "tag", "band", ""); err != nil {
		t.Fatal(err)
	}
	look("2027-01-05 12:00", 3, "2026-10-01 00:00")
}
