package define

import (
	"math/rand/v2"
	"testing"
	"time"

	"strata"
)

// What the time package says is what offsets say, at changes of the clock and
// between them, and outside the years that are kept.
func TestOffsetsAreThoseOfTheTimePackage(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	for _, name := range []string{"Asia/Shanghai", "America/New_York", "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca", "UTC"} {
		zone := zone(t, name)
		check := func(at int64) {
			t.Helper()
			local := time.UnixMilli(at).In(zone)
			_, seconds := local.Zone()
			if got, want := localMillis(strata.Instant(at), zone), at+int64(seconds)*1000; got != want {
				t.Fatalf("%s: the clock reads %d at %s, not %d", name, got, local, want)
			}
			reading := localMillis(strata.Instant(at), zone)
			first := firstInstant(reading, zone)
			if int64(first) > at {
				t.Fatalf("%s: the clock first reads what it reads at %s only at %s", name, local, first.In(zone))
			}
			if localMillis(first, zone) < reading || localMillis(first-1, zone) >= reading && first > strata.Instant(at)-26*3600*1000 {
				t.Fatalf("%s: %s is not the first instant at which the clock reads %d", name, first.In(zone), reading)
			}
		}
		for _, s := range offsetsOf(zone).spans {
			for _, edge := range []int64{s.from, s.to} {
				if edge > -1<<60 && edge < 1<<60 {
					for _, d := range []int64{-3600_001, -1, 0, 1, 3600_000} {
						check(edge + d)
					}
				}
			}
		}
		for range 2000 {
			check(random.Int64N(400*365*millisADay) - 200*365*millisADay)
		}
		check(time.Date(2500, 7, 1, 12, 0, 0, 0, time.UTC).UnixMilli())
		check(time.Date(1500, 7, 1, 12, 0, 0, 0, time.UTC).UnixMilli())
	}
}
