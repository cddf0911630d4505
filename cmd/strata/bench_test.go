package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"strata"
	"strata/define"
)

// demoBusiness makes a demo of 2,000 members, or opens the data directory in
// STRATA_BENCH_DATA.
func demoBusiness(b *testing.B) *business {
	b.Helper()
	dir := os.Getenv("STRATA_BENCH_DATA")
	if dir == "" {
		dir = filepath.Join(b.TempDir(), "data")
		c := &call{stdout: b.Output(), stderr: b.Output(), cwd: ".", now: time.Now, lang: "zh"}
		if code := c.run(b.Context(), []string{"--data", dir, "--quiet", "demo", "--members", "2000", "--until", "2026-03-02"}); code != 0 {
			b.Fatal("no demo")
		}
	}
	business, err := openBusiness(dir, strata.DefaultSettings())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { business.Close() })
	return business
}

// BenchmarkEveryone evaluates all definitions of the demo for everyone.
func BenchmarkEveryone(b *testing.B) {
	business := demoBusiness(b)
	set, _, err := business.registry.Published(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	at := strata.At(time.Date(2026, 3, 2, 0, 0, 0, 0, business.zone))
	for b.Loop() {
		if _, err := business.engine.Evaluate(b.Context(), set, at); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(business.people.Last()), "ns/customer")
}

// BenchmarkTrend sizes all segments at 31 days.
func BenchmarkTrend(b *testing.B) {
	business := demoBusiness(b)
	today := define.DayNumber(2026, time.March, 2)
	var at []strata.Instant
	for day := today - 30; day <= today; day++ {
		at = append(at, define.DayStart(day, business.zone))
	}
	for b.Loop() {
		if _, err := business.engine.Trend(b.Context(), at); err != nil {
			b.Fatal(err)
		}
	}
}
