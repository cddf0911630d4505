package demo

import (
	"math"
	"slices"
	"testing"
	"time"
)

// told is what the files say of one member.
type told struct {
	orders   []time.Time // distinct, in order
	promoted int
	claimed  int // orders with a coupon the member claimed
	buys     map[string][]time.Time
	total    int64
}

func read(t *testing.T, dir string) (map[string]*told, map[string]map[string]bool) {
	t.Helper()
	members := map[string]*told{}
	baskets := map[string]map[string]bool{}
	rows(t, dir, "orders.csv", func(row map[string]string) {
		m := members[row["会员号"]]
		if m == nil {
			m = &told{buys: map[string][]time.Time{}}
			members[row["会员号"]] = m
		}
		at := when(t, row["下单时间"])
		id := row["订单号"]
		if baskets[id] == nil {
			baskets[id] = map[string]bool{}
			m.orders = append(m.orders, at)
			if row["是否优惠"] == "是" {
				m.promoted++
			}
			if row["优惠来源"] == "自领" {
				m.claimed++
			}
		}
		baskets[id][row["商品编码"]] = true
		m.buys[row["商品编码"]] = append(m.buys[row["商品编码"]], at)
		m.total += cents(t, row["实付金额"])
	})
	return members, baskets
}

func TestTruthsAreInTheData(t *testing.T) {
	dir, s := generate(t, Options{Seed: 1, Until: testUntil, Members: 6000})
	members, baskets := read(t, dir)
	end := time.Date(2026, 10, 5, 0, 0, 0, 0, Zone)

	t.Run("lapsed", func(t *testing.T) {
		for _, l := range s.Truth.Lapsed {
			m := members[l.Member]
			if got := m.orders[len(m.orders)-1].Format(time.DateOnly); got != l.On {
				t.Errorf("%s: last order on %s, the truth says %s", l.Member, got, l.On)
			}
			if n := len(m.orders); n < 8 {
				t.Errorf("%s: a lapsed regular with %d orders", l.Member, n)
			}
			if days := end.Sub(m.orders[len(m.orders)-1]).Hours() / 24; days < 21 {
				t.Errorf("%s lapsed only %.0f days ago", l.Member, days)
			}
		}
	})
	t.Run("regulars", func(t *testing.T) {
		for _, no := range s.Truth.Regulars {
			if m := members[no]; m != nil && len(m.orders) > 6 && end.Sub(m.orders[len(m.orders)-1]).Hours()/24 > 70 {
				t.Errorf("%s: a regular not seen since %s", no, m.orders[len(m.orders)-1])
			}
		}
	})
	t.Run("promotion", func(t *testing.T) {
		claimed, all := 0, 0
		for _, no := range s.Truth.PromotionLovers {
			if m := members[no]; m != nil {
				claimed += m.claimed
				all += len(m.orders)
			}
		}
		if share := float64(claimed) / float64(all); share < .9 || share > .97 {
			t.Errorf("%.3f of the promotion lovers' orders use a coupon they claimed", share)
		}
		for _, no := range s.Truth.QualitySeekers {
			if m := members[no]; m != nil && m.promoted > 1 { // one at registration
				t.Errorf("%s: a quality seeker with %d promoted orders", no, m.promoted)
			}
		}
		for _, no := range s.Truth.NeverBought {
			if members[no] != nil {
				t.Errorf("%s has bought", no)
			}
		}
	})
	t.Run("cycles", func(t *testing.T) {
		if len(s.Truth.Cycles) != len(cycles) {
			t.Fatalf("%d cycles", len(s.Truth.Cycles))
		}
		for _, c := range s.Truth.Cycles {
			var gaps []float64
			for _, no := range c.Members {
				at := members[no].buys[c.SKU]
				for i := 1; i < len(at); i++ {
					gaps = append(gaps, at[i].Sub(at[i-1]).Hours()/24)
				}
			}
			slices.Sort(gaps)
			if len(gaps) < 50 {
				t.Fatalf("%s: %d gaps of %d members", c.Category, len(gaps), len(c.Members))
			}
			if median := gaps[len(gaps)/2]; math.Abs(median-float64(c.Days)) > 1 {
				t.Errorf("%s: the median gap is %.1f days, planted %d", c.Category, median, c.Days)
			}
		}
	})
	t.Run("pairs", func(t *testing.T) {
		for _, p := range s.Truth.Pairs {
			first, both, second := 0, 0, 0
			for _, b := range baskets {
				if b[p.First] {
					first++
					if b[p.Second] {
						both++
					}
				}
				if b[p.Second] {
					second++
				}
			}
			confidence := float64(both) / float64(first)
			lift := confidence / (float64(second) / float64(len(baskets)))
			if first < 100 || confidence < p.Chance-.06 || confidence > p.Chance+.2 || lift < 2 {
				t.Errorf("%s and %s: %d orders, confidence %.2f (planted %.2f), lift %.1f", p.FirstName, p.SecondName, first, confidence, p.Chance, lift)
			}
		}
	})
	t.Run("rings", func(t *testing.T) {
		devices := map[string]map[string]bool{}
		rows(t, dir, "coupons.csv", func(row map[string]string) {
			if d := row["设备号"]; d != "" {
				if devices[d] == nil {
					devices[d] = map[string]bool{}
				}
				devices[d][row["会员号"]] = true
			}
		})
		planted := map[string]bool{}
		for _, r := range s.Truth.Rings {
			planted[r.Device] = true
			if len(r.Members) < 4 {
				t.Errorf("ring of %s has %d members", r.Device, len(r.Members))
			}
			for _, no := range r.Members {
				if !devices[r.Device][no] {
					t.Errorf("%s claims no coupon on %s", no, r.Device)
				}
			}
		}
		for d, m := range devices {
			if !planted[d] && len(m) > 1 {
				t.Errorf("device %s is shared by %d members who are in no ring", d, len(m))
			}
		}
	})
}

func TestStories(t *testing.T) {
	for _, day := range []string{"2026-10-05", "2026-10-08", "2027-02-20"} {
		until, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		end := time.Date(until.Year(), until.Month(), until.Day(), 0, 0, 0, 0, Zone)
		dir, _ := generate(t, Options{Seed: 1, Until: until, Members: 200})
		members, _ := read(t, dir)
		for i, want := range []struct {
			orders, lastFrom, lastTo int // days ago
			least                    int64
		}{
			{60, 103, 104, 500000}, {15, 8, 9, 80000}, {100, 1, 2, 1500000}, {5, 2, 3, 150000}, {18, 211, 212, 300000},
		} {
			m := members[Stories[i].Member]
			if m == nil {
				t.Fatalf("%s has no orders", Stories[i])
			}
			ago := int(end.Sub(m.orders[len(m.orders)-1]).Hours() / 24)
			if len(m.orders) < want.orders || ago < want.lastFrom || ago > want.lastTo || m.total < want.least {
				t.Errorf("%s, %s: %d orders, the last %d days ago, %d in all", day, Stories[i], len(m.orders), ago, m.total)
			}
		}
		if m := members[Stories[1].Member]; m.claimed != len(m.orders) {
			t.Errorf("%s: %d of %d orders with a claimed coupon", Stories[1], m.claimed, len(m.orders))
		}
	}
}

// The thresholds of definitions.yaml are chosen for the sizes that this
// counts from the files alone.
func TestSizesOfSegments(t *testing.T) {
	const size = 6000
	for _, day := range []string{"2026-03-05", "2026-07-02", "2026-11-23"} {
		until, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		end := time.Date(until.Year(), until.Month(), until.Day(), 0, 0, 0, 0, Zone)
		dir, _ := generate(t, Options{Seed: 1, Until: until, Members: size})
		members, _ := read(t, dir)
		counts := map[string]int{}
		for _, m := range members {
			within := func(days int) (n int) {
				for _, at := range m.orders {
					if !at.Before(end.AddDate(0, 0, -days)) {
						n++
					}
				}
				return n
			}
			add := func(name string, in bool) {
				if in {
					counts[name]++
				}
			}
			add("bought within a year", within(365) > 0)
			add("high_frequency", within(90) >= 6)
			add("middle_frequency", within(90) >= 2 && within(90) < 6)
			add("silent_regulars", len(m.orders) >= 4 && within(180) == 0)
			add("promotion_only_buyers", len(m.orders) >= 3 && m.promoted == len(m.orders))
			add("churn_warning", within(365) >= 6 && within(60) == 0 && within(150) > 0)
			add("lost", within(90) == 0)
		}
		for name, share := range map[string][2]float64{
			"bought within a year": {.5, .7}, "high_frequency": {.04, .09}, "middle_frequency": {.13, .25}, "silent_regulars": {.06, .17},
			"promotion_only_buyers": {.02, .06}, "churn_warning": {.02, .08}, "lost": {.3, .55},
		} {
			if got := float64(counts[name]) / size; got < share[0] || got > share[1] {
				t.Errorf("%s: %s is %.3f of the members, want %.2f to %.2f", day, name, got, share[0], share[1])
			}
		}
	}
}
