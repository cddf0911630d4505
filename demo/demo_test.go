package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"

	"strata"
)

var testUntil = time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)

func generate(t *testing.T, o Options) (string, Summary) {
	t.Helper()
	dir := t.TempDir()
	s, err := Generate(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return dir, s
}

// rows calls fn with each row of a file by column.
func rows(t *testing.T, dir, name string, fn func(row map[string]string)) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	header = slices.Clone(header)
	row := make(map[string]string, len(header))
	for {
		record, err := r.Read() // as many fields as the header, or an error
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, h := range header {
			row[h] = record[i]
		}
		fn(row)
	}
}

func cents(t *testing.T, s string) int64 {
	t.Helper()
	n, ok := strata.ParseDecimal(s, 2)
	if !ok {
		t.Fatalf("%q is not an amount", s)
	}
	return n
}

func when(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation(time.DateTime, s, Zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func hash(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	for _, name := range append(slices.Clone(fileNames[:]), "truth.json") {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestSameOptionsSameBytes(t *testing.T) {
	o := Options{Seed: 3, Until: testUntil, Members: 300}
	a, _ := generate(t, o)
	b, _ := generate(t, o)
	if hash(t, a) != hash(t, b) {
		t.Fatal("two runs differ")
	}
	o.Seed = 4
	c, _ := generate(t, o)
	if hash(t, a) == hash(t, c) {
		t.Fatal("another seed gives the same bytes")
	}
}

func TestMembersDoNotDependOnHowMany(t *testing.T) {
	few, _ := generate(t, Options{Seed: 3, Until: testUntil, Members: 200})
	more, _ := generate(t, Options{Seed: 3, Until: testUntil, Members: 300})
	for _, name := range fileNames {
		a, err := os.ReadFile(filepath.Join(few, name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(more, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(b, a) {
			t.Errorf("%s of 200 members does not begin %s of 300", name, name)
		}
	}
}

func TestLastEventIsTheDayBefore(t *testing.T) {
	for _, day := range []string{"2026-10-05", "2026-10-06", "2026-10-11", "2027-01-01", "2028-03-01", "2045-06-30"} {
		until, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		dir, s := generate(t, Options{Seed: 1, Until: until, Members: 200})
		if got, want := s.Last.Format(time.DateOnly), until.AddDate(0, 0, -1).Format(time.DateOnly); got != want {
			t.Errorf("until %s: the last event is on %s, want %s", day, got, want)
		}
		if n := int(s.Last.Sub(s.First).Hours()/24) + 1; n < 715 || n > 736 {
			t.Errorf("until %s: %d days of history", day, n)
		}
		last := ""
		for _, f := range []struct{ name, column string }{{"orders.csv", "下单时间"}, {"refunds.csv", "退款时间"}, {"coupons.csv", "时间"}, {"behaviour.csv", "time"}, {"social.csv", "time"}} {
			rows(t, dir, f.name, func(row map[string]string) { last = max(last, row[f.column]) })
		}
		if last != s.Last.Format(time.DateTime) {
			t.Errorf("until %s: the files end at %s, the summary says %s", day, last, s.Last.Format(time.DateTime))
		}
	}
}

// A planted life moves by whole weeks: the days of a regular's orders are the
// same weekdays, counted from the end.
func TestWholeWeeksKeepWeekdays(t *testing.T) {
	lives := func(until time.Time) map[string][]int {
		dir, s := generate(t, Options{Seed: 1, Until: until, Members: 500})
		planted := map[string]bool{}
		for _, no := range s.Truth.Regulars {
			planted[no] = true
		}
		for _, l := range s.Truth.Lapsed {
			planted[l.Member] = true
		}
		for _, st := range Stories {
			planted[st.Member] = true
		}
		out := map[string][]int{}
		end := time.Date(until.Year(), until.Month(), until.Day(), 0, 0, 0, 0, Zone)
		last := ""
		rows(t, dir, "orders.csv", func(row map[string]string) {
			if planted[row["会员号"]] && row["订单号"] != last {
				last = row["订单号"]
				at := when(t, row["下单时间"])
				out[row["会员号"]] = append(out[row["会员号"]], int(end.Sub(at).Hours()/24)*10+int(at.Weekday()))
			}
		})
		return out
	}
	a, b := lives(testUntil), lives(testUntil.AddDate(0, 0, 7*31))
	if len(a) < 30 {
		t.Fatalf("only %d planted members", len(a))
	}
	for no, days := range a {
		if !slices.Equal(days, b[no]) {
			t.Fatalf("%s: orders at %v, 31 weeks later at %v", no, days, b[no])
		}
	}
}

func TestMembersFile(t *testing.T) {
	dir, s := generate(t, Options{Seed: 1, Until: testUntil, Members: 3000})
	phones := map[string]bool{}
	members := map[string]bool{}
	rows(t, dir, "members.csv", func(row map[string]string) {
		members[row["会员号"]] = true
		p := row["手机号"]
		n, err := phonenumbers.Parse(p, "CN")
		if err != nil || !phonenumbers.IsValidNumber(n) || phonenumbers.GetNumberType(n) != phonenumbers.MOBILE {
			t.Errorf("%s is not a valid Chinese mobile number", p)
		}
		if phones[p] {
			t.Errorf("two members share %s", p)
		}
		phones[p] = true
		if at := when(t, row["注册时间"]); !at.Before(testUntil.Add(-8 * time.Hour)) {
			t.Errorf("%s registers at %s, after the end", row["会员号"], at)
		}
		if b := row["生日"]; b != "" {
			if _, err := time.Parse(time.DateOnly, b); err != nil {
				t.Error(err)
			}
		}
	})
	if len(members) != 3000 || s.Members != 3000 {
		t.Fatalf("%d members, the summary says %d", len(members), s.Members)
	}
	for _, st := range Stories {
		if !members[st.Member] {
			t.Errorf("no member %s for %s", st.Member, st.Title.En)
		}
	}
	events := map[string]int{}
	orders := map[string]string{}
	rows(t, dir, "orders.csv", func(row map[string]string) {
		if orders[row["订单号"]] == "" {
			events["order_paid"]++
		}
		orders[row["订单号"]] = row["会员号"]
		events["item_bought"]++
		if !members[row["会员号"]] {
			t.Fatalf("order %s has no customer", row["订单号"])
		}
	})
	rows(t, dir, "refunds.csv", func(row map[string]string) {
		events["order_refunded"]++
		if orders[row["订单号"]] != row["会员号"] {
			t.Errorf("refund %s takes back an order of nobody", row["退款单号"])
		}
	})
	acts := map[string]string{"发放": "coupon_issued", "领取": "coupon_claimed", "核销": "coupon_used"}
	rows(t, dir, "coupons.csv", func(row map[string]string) {
		events[acts[row["动作"]]]++
		if row["动作"] == "核销" && orders[row["订单号"]] != row["会员号"] {
			t.Errorf("coupon %s is used on an order of nobody", row["券号"])
		}
		if !members[row["会员号"]] {
			t.Fatalf("coupon %s has no customer", row["券号"])
		}
	})
	for _, name := range []string{"behaviour.csv", "social.csv"} {
		rows(t, dir, name, func(row map[string]string) {
			events[row["event"]]++
			if !members[row["member_no"]] {
				t.Fatalf("%s at %s has no customer", row["event"], row["time"])
			}
		})
	}
	for name, n := range s.Events {
		if events[name] != n {
			t.Errorf("%s: %d in the files, %d in the summary", name, events[name], n)
		}
	}
	for _, k := range kindNames {
		if events[k] == 0 && k != "wecom_deleted_by_staff" {
			t.Errorf("no %s", k)
		}
	}
}

func TestAmounts(t *testing.T) {
	dir, s := generate(t, Options{Seed: 1, Until: testUntil, Members: 2000})
	type total struct{ gross, discount, paid int64 }
	orders := map[string]*total{}
	var turnover int64
	last := ""
	faces := map[string]int64{}
	rows(t, dir, "coupons.csv", func(row map[string]string) { faces[row["券号"]] = cents(t, row["面额"]) })
	coupons := map[string]string{}
	rows(t, dir, "orders.csv", func(row map[string]string) {
		id := row["订单号"]
		o := orders[id]
		if o == nil {
			o = &total{}
			orders[id] = o
		} else if id != last {
			t.Fatalf("the rows of %s are not together", id)
		}
		last = id
		quantity, err := strconv.ParseInt(row["数量"], 10, 64)
		if err != nil || quantity < 1 {
			t.Fatalf("%s: quantity %q", id, row["数量"])
		}
		gross, discount, paid := cents(t, row["商品金额"]), cents(t, row["优惠金额"]), cents(t, row["实付金额"])
		if gross != quantity*cents(t, row["单价"]) || paid != gross-discount || discount < 0 || paid < 0 {
			t.Fatalf("%s: %d x %s = %d - %d = %d does not add up", id, quantity, row["单价"], gross, discount, paid)
		}
		if (row["是否优惠"] == "是") != (row["优惠来源"] != "" || row["活动"] != "") || (row["优惠来源"] != "") != (row["优惠券号"] != "") {
			t.Fatalf("%s: promoted %s, found by %q, campaign %q, coupon %q", id, row["是否优惠"], row["优惠来源"], row["活动"], row["优惠券号"])
		}
		o.gross += gross
		o.discount += discount
		o.paid += paid
		turnover += paid
		coupons[id] = row["优惠券号"]
	})
	if turnover != s.Turnover {
		t.Errorf("the lines add up to %d, the summary says %d", turnover, s.Turnover)
	}
	plain := 0
	for id, c := range coupons {
		if c == "" {
			plain++
			continue
		}
		if orders[id].discount < faces[c] || faces[c] == 0 {
			t.Errorf("%s: discount %d, its coupon %s is worth %d", id, orders[id].discount, c, faces[c])
		}
	}
	if plain == 0 || plain == len(orders) {
		t.Errorf("%d of %d orders without a coupon", plain, len(orders))
	}
	refunded := map[string]int64{}
	whole := 0
	rows(t, dir, "refunds.csv", func(row map[string]string) { refunded[row["订单号"]] += cents(t, row["退款金额"]) })
	for id, n := range refunded {
		switch o := orders[id]; {
		case o == nil:
			t.Errorf("a refund names %s, which is not there", id)
		case n > o.paid || n <= 0:
			t.Errorf("%s: %d refunded of %d", id, n, o.paid)
		case n == o.paid:
			whole++
		}
	}
	if whole == 0 || whole == len(refunded) {
		t.Errorf("%d of %d refunds are whole", whole, len(refunded))
	}
}

func TestFullSize(t *testing.T) {
	if testing.Short() {
		t.Skip("the demo of 20,000 members is not made with -short")
	}
	began := time.Now()
	_, s := generate(t, Options{Seed: 1, Until: testUntil})
	t.Logf("%d members, %d events in %.1f s", s.Members, s.Total, time.Since(began).Seconds())
	between := func(what string, n, from, to int) {
		if n < from || n > to {
			t.Errorf("%s: %d, want %d to %d", what, n, from, to)
		}
	}
	between("members", s.Members, 20000, 20000)
	between("events", s.Total, 1_400_000, 1_700_000)
	between("orders", s.Events["order_paid"], 140_000, 200_000)
	between("refunds", s.Events["order_refunded"], 2000, 6000)
	between("lapsed", len(s.Truth.Lapsed), 320, 480)
	between("regulars", len(s.Truth.Regulars), 1300, 1700)
	between("promotion lovers", len(s.Truth.PromotionLovers), 500, 700)
	between("rings", len(s.Truth.Rings), 25, 25)
	between("stores", len(Stores()), 40, 40)
	between("cities", len(cities), 12, 12)
	if n := len(goods); n < 60 {
		t.Errorf("%d products", n)
	}
	for _, st := range Stores() {
		between("staff of "+st.Name, len(st.Staff), 3, 5)
	}
}

func TestRefusedOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"too few":  {Until: testUntil, Members: 5},
		"too many": {Until: testUntil, Members: 1_000_000},
		"no date":  {Members: 300},
	} {
		if _, err := Generate(t.TempDir(), o); strata.CodeOf(err) != strata.Invalid || !strings.Contains(err.Error(), "give") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Generate(filepath.Join(t.TempDir(), "none"), Options{Until: testUntil}); strata.CodeOf(err) != strata.Unavailable {
		t.Errorf("no directory: %v", err)
	}
}
