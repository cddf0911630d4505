package compute_test

import (
	"testing"
	"time"

	"strata"
	"strata/compute"
)

func TestScheduled(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ every, at, begin, next string }{
		{"month", "2026-01-31 23:59", "2026-01-01", "2026-02-01"},
		{"month", "2026-02-01 00:00", "2026-02-01", "2026-03-01"},
		{"month", "2026-12-31 12:00", "2026-12-01", "2027-01-01"},
		{"quarter", "2026-03-31 23:59", "2026-01-01", "2026-04-01"},
		{"quarter", "2026-05-15 08:00", "2026-04-01", "2026-07-01"},
		{"quarter", "2026-12-01 00:00", "2026-10-01", "2027-01-01"},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", test.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		begin, next := compute.Scheduled(test.every, strata.At(at), zone)
		if b, n := begin.In(zone).Format("2006-01-02"), next.In(zone).Format("2006-01-02"); b != test.begin || n != test.next || begin.In(zone).Hour() != 0 {
			t.Errorf("%s at %s: %s to %s, want %s to %s", test.every, test.at, b, n, test.begin, test.next)
		}
	}
}
