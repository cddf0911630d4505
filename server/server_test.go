package server_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"strata"
	"strata/server"
)

// paths are all reading operations; {n} stands for a number.
var paths = []string{
	"/api/v1/session", "/api/v1/freshness", "/api/v1/overview", "/api/v1/customers", "/api/v1/customers/M001", "/api/v1/customers/M001/events", "/api/v1/customers/M001/history", "/api/v1/changes",
	"/api/v1/customers/M001/explain?kind=tier&name=frequency", "/api/v1/customers/M001/explain?kind=segment&name=good_regulars",
	"/api/v1/customers/M001/explain?kind=tag&name=spend_90d", "/api/v1/segments", "/api/v1/segments/regulars", "/api/v1/tags", "/api/v1/tags/spend_band",
	"/api/v1/tiers", "/api/v1/tiers/rfm", "/api/v1/tiers/frequency", "/api/v1/tiers/rfm/moves?from=2026-06-01", "/api/v1/definitions/segment/good_regulars", "/api/v1/definitions/tag/spend_band/samples", "/api/v1/definitions/tier/rfm/samples", "/api/v1/definitions/segment/regulars/samples", "/api/v1/export", "/api/v1/audit", "/api/v1/imports", "/api/v1/imports/1/refused",
}

func TestEverythingNeedsASession(t *testing.T) {
	b := newBusiness(t)
	stranger, known := b.browser(), b.signedIn()
	for _, path := range paths {
		if status, body := stranger.send("GET", path, ""); status != 401 || !strings.Contains(body, `"code":"unauthenticated"`) {
			t.Errorf("GET %s without a session: %d %s", path, status, body)
		}
		if response, body := known.do("GET", path, ""); response.StatusCode != 200 {
			t.Errorf("GET %s: %d %s", path, response.StatusCode, body)
		} else if got := response.Header.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'self'") {
			t.Errorf("GET %s: policy %q", path, got)
		}
	}
	if status, _ := known.send("DELETE", "/api/v1/session", ""); status != 204 {
		t.Errorf("signing out: %d", status)
	}
	if status, _ := known.send("GET", "/api/v1/overview", ""); status != 401 {
		t.Errorf("after signing out: %d", status)
	}
}

func TestRefusals(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	next := get[server.CustomerPage](w, "/api/v1/customers?limit=1").Next
	events := get[server.EventPage](w, "/api/v1/customers/M001/events?limit=1").Next
	if next == nil || events == nil {
		t.Fatal("no second page")
	}
	for _, test := range []struct {
		path, field string
		status      int
	}{
		{"/api/v1/customers?limit=0", "query.limit", 422},
		{"/api/v1/customers?limit=201", "query.limit", 422},
		{"/api/v1/customers?limit=x", "query.limit", 422},
		{"/api/v1/customers?cursor=zzz", "query.cursor", 422},
		{"/api/v1/customers?cursor=" + *events, "query.cursor", 422},
		{"/api/v1/customers?segment=regulars&cursor=" + *next, "query.cursor", 422},
		{"/api/v1/customers?as_of=yesterday", "query.as_of", 422},
		{"/api/v1/customers?as_of=2026-02-30", "query.as_of", 422},
		{"/api/v1/customers?as_of=0001-01-01", "query.as_of", 422},
		{"/api/v1/customers?segments=regulars", "query.segments", 422},
		{"/api/v1/customers?segment=nobody", "query.segment", 404},
		{"/api/v1/customers?tier=rfm&level=silver", "query.level", 404},
		{"/api/v1/customers?level=high", "query.level", 422},
		{"/api/v1/customers?moved_from=high", "query.tier", 422},
		{"/api/v1/customers?tier=frequency&moved_from=high&moved_to=low", "query.moved_from", 422},
		{"/api/v1/customers?tier=frequency&moved_from=high&moved_to=low&since=x", "query.since", 422},
		{"/api/v1/customers?value=1", "query.value", 422},
		{"/api/v1/customers?tag=nothing", "query.tag", 404},
		{"/api/v1/customers/M999", "", 404},
		{"/api/v1/customers/~999", "path.id", 404},
		{"/api/v1/customers/~x", "path.id", 404},
		{"/api/v1/customers/M001/events?cursor=e30x", "query.cursor", 422},
		{"/api/v1/customers/M001/events?event=order_paid&cursor=" + *events, "query.cursor", 422},
		{"/api/v1/customers/M001/explain?kind=mood&name=x", "query.kind", 422},
		{"/api/v1/customers/M001/explain?kind=tag", "query.name", 422},
		{"/api/v1/customers/M001/explain?kind=tag&name=x", "", 404},
		{"/api/v1/segments/nobody", "path.name", 404},
		{"/api/v1/tags/nobody", "path.name", 404},
		{"/api/v1/tiers/nobody", "path.name", 404},
		{"/api/v1/tiers/rfm/moves", "query.from", 422},
		{"/api/v1/tiers/rfm/moves?from=2026-06-01&to=2026-05-01", "query.from", 422},
		{"/api/v1/tiers/rfm/moves?from=2026-06-01&to=soon", "query.to", 422},
		{"/api/v1/export?segment=nobody", "query.segment", 404},
		{"/api/v1/export?lang=fr", "query.lang", 422},
		{"/api/v1/audit?cursor=x", "query.cursor", 422},
		{"/api/v1/imports/1/refused?cursor=x", "query.cursor", 422},
		{"/api/v1/nothing", "", 404},
		{"/api/nothing", "", 404},
	} {
		response, body := w.do("GET", test.path, "")
		var p server.Problem
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			t.Errorf("%s: %v in %s", test.path, err, body)
			continue
		}
		if response.StatusCode != test.status || p.Status != test.status || test.field != "" && p.Field != test.field || p.Detail == "" || p.Code == "" {
			t.Errorf("%s: %d %s, want %d and field %q", test.path, response.StatusCode, body, test.status, test.field)
		}
		if got := response.Header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: %s", test.path, got)
		}
	}
	for _, test := range []struct {
		body   string
		status int
	}{{`{`, 400}, {`{}`, 422}, {`{"account": "", "password": "x"}`, 422}, {`{"account": "lin", "password": "wrong password"}`, 401}, {`{"account": "nobody", "password": "x"}`, 401}} {
		if status, body := b.browser().send("POST", "/api/v1/session", test.body); status != test.status {
			t.Errorf("signing in with %s: %d %s, want %d", test.body, status, body, test.status)
		}
	}
}

func TestRequestsFromOtherSites(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		for _, request := range [][2]string{{"DELETE", "/api/v1/session"}, {"PUT", "/api/v1/session/password"}, {"POST", "/api/v1/session"}} {
			response, body := w.do(request[0], request[1], "{}", headers...)
			if response.StatusCode != 403 || !strings.Contains(body, "another site") {
				t.Errorf("%v with %v: %d %s", request, headers, response.StatusCode, body)
			}
		}
	}
	if status, _ := w.send("GET", "/api/v1/session", ""); status != 200 {
		t.Errorf("the session did not survive: %d", status)
	}
	if response, _ := w.do("DELETE", "/api/v1/session", "", "Sec-Fetch-Site", "same-origin"); response.StatusCode != 204 {
		t.Errorf("from this site: %d", response.StatusCode)
	}
}

func TestSigningIn(t *testing.T) {
	b := newBusiness(t)
	ctx := context.Background()
	// A link works once.
	link := func() string {
		token, err := b.registry.CreateSignInLink(ctx, testAccount, strata.At(b.now()), strata.At(b.now().Add(24*time.Hour)))
		if err != nil {
			t.Fatal(err)
		}
		return "/sign-in?token=" + url.QueryEscape(token)
	}
	once := link()
	first, second := b.browser(), b.browser()
	response, _ := first.do("GET", once, "")
	if response.StatusCode != 303 || response.Header.Get("Location") != "/" {
		t.Errorf("using a link: %d to %s", response.StatusCode, response.Header.Get("Location"))
	}
	cookie := response.Header.Get("Set-Cookie")
	for _, word := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, word) {
			t.Errorf("the cookie %q is not %s", cookie, word)
		}
	}
	if got := get[server.SessionInfo](first, "/api/v1/session"); got.Account != testAccount || got.Zone != "Asia/Shanghai" || got.Currency != "CNY" || got.Business.En != "Small shop" {
		t.Errorf("session: %+v", got)
	}
	if response, _ := second.do("GET", once, ""); response.Header.Get("Location") == "/" {
		t.Error("the link worked twice")
	}
	if status, _ := second.send("GET", "/api/v1/session", ""); status != 401 {
		t.Errorf("the used link signed in: %d", status)
	}
	old := link()
	b.wait(25 * time.Hour)
	if second.do("GET", old, ""); true {
		if status, _ := second.send("GET", "/api/v1/session", ""); status != 401 {
			t.Errorf("the link from yesterday signed in: %d", status)
		}
	}

	// The password.
	w := b.signedIn()
	for _, test := range []struct {
		body, field string
		status      int
	}{
		{`{"password": "short"}`, "body.password", 422},
		{`{"password": "long enough here"}`, "body.current", 403},
		{`{"password": "long enough here", "current": "wrong"}`, "body.current", 403},
		{`{"password": "aaaaaaaaaaaaaa", "current": "` + testPassword + `"}`, "body.password", 422},
		{`{"password": "long enough here", "current": "` + testPassword + `"}`, "", 204},
	} {
		status, body := w.send("PUT", "/api/v1/session/password", test.body)
		if status != test.status || !strings.Contains(body, test.field) {
			t.Errorf("setting %s: %d %s, want %d %s", test.body, status, body, test.status, test.field)
		}
	}
	if status, _ := w.send("GET", "/api/v1/session", ""); status != 200 {
		t.Errorf("the session ended with the old password: %d", status)
	}

	// Too many wrong passwords.
	var statuses []int
	for range 7 {
		status, _ := b.browser().send("POST", "/api/v1/session", `{"account": "lin", "password": "wrong"}`)
		statuses = append(statuses, status)
	}
	if !slices.Contains(statuses, 429) || statuses[6] != 429 {
		t.Errorf("seven wrong passwords: %v", statuses)
	}
	if status, _ := b.browser().send("POST", "/api/v1/session", `{"account": "lin", "password": "long enough here"}`); status != 429 {
		t.Errorf("the right one after them: %d", status)
	}
	b.wait(time.Minute)
	if status, body := b.browser().send("POST", "/api/v1/session", `{"account": "lin", "password": "long enough here"}`); status != 200 {
		t.Errorf("a minute later: %d %s", status, body)
	}
}

// TestCountsAreLists asks for every count that clicks through and compares it
// with its list.
func TestCountsAreLists(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	check := func(query string, want int) {
		t.Helper()
		items, total := w.all(query)
		seen := map[string]bool{}
		for _, i := range items {
			seen[i.ID] = true
		}
		if total != want || len(items) != want || len(seen) != want {
			t.Errorf("%s: counted %d; total %d, listed %d, %d different", query, want, total, len(items), len(seen))
		}
	}
	o := get[server.Overview](w, "/api/v1/overview")
	check("", people)
	if *o.Customers.Value != fmt.Sprint(people) {
		t.Errorf("customers %s", *o.Customers.Value)
	}
	for _, tier := range o.Tiers {
		with := 0
		for _, l := range tier.Levels {
			check("tier="+tier.Name+"&level="+l.ID, l.Count)
			with += l.Count
		}
		check("tier="+tier.Name+"&level=-", people-with)
	}
	if len(o.Moves) == 0 {
		t.Error("nobody moved")
	}
	for _, m := range o.Moves {
		check(fmt.Sprintf("tier=%s&moved_from=%s&moved_to=%s&since=%s", m.Tier, m.From, m.To, m.Since), m.Count)
	}
	for _, s := range get[[]server.SegmentInfo](w, "/api/v1/segments") {
		check("segment="+s.Name, s.Count)
		if n := len(s.Trend); n != 31 || s.Trend[30].Count != s.Count || s.Change30d != s.Count-s.Trend[0].Count || s.Sentence.Zh == "" || s.Sentence.En == "" {
			t.Errorf("segment %+v", s)
		}
		// A point of the trend is the size on that day.
		day := s.Trend[7]
		if got := get[server.CustomerPage](w, "/api/v1/customers?segment="+s.Name+"&as_of="+day.Date).Total; got != day.Count {
			t.Errorf("%s on %s: %d, in the trend %d", s.Name, day.Date, got, day.Count)
		}
	}
	for _, tag := range get[[]server.TagInfo](w, "/api/v1/tags") {
		check("tag="+tag.Name, tag.HaveValue)
		sum := 0
		for _, bin := range tag.Distribution {
			sum += bin.Count
			if bin.Value != "" {
				check("tag="+tag.Name+"&value="+url.QueryEscape(bin.Value), bin.Count)
			}
		}
		if sum != tag.HaveValue {
			t.Errorf("%s: %d in the distribution, %d have a value", tag.Name, sum, tag.HaveValue)
		}
	}
	m := get[server.Migration](w, "/api/v1/tiers/frequency/moves?from=2026-06-01")
	for i, row := range m.Matrix {
		for j, n := range row {
			if m.Levels[i] != "-" || m.Levels[j] != "-" {
				check(fmt.Sprintf("tier=frequency&moved_from=%s&moved_to=%s&since=2026-06-01", m.Levels[i], m.Levels[j]), n)
			}
		}
	}
	if m.People != m.Entered+m.Left+m.Stayed+m.Up+m.Down {
		t.Errorf("moves %+v", m)
	}
	check("segment=regulars&tier=frequency&level=high", len(intersect(w, "segment=regulars", "tier=frequency&level=high")))
}

func intersect(w *browser, a, b string) []string {
	left, _ := w.all(a)
	right, _ := w.all(b)
	var out []string
	for _, x := range left {
		if slices.ContainsFunc(right, func(y server.CustomerItem) bool { return x.ID == y.ID }) {
			out = append(out, x.ID)
		}
	}
	return out
}

// yuan prints cents.
func yuan(cents int64) string { return strata.FormatDecimal(cents, 2) }

// TestOverviewFigures computes the figures the slow and obvious way.
func TestOverviewFigures(t *testing.T) {
	b := newBusiness(t)
	o := get[server.Overview](b.signedIn(), "/api/v1/overview")
	today := time.Date(2026, 7, 1, 0, 0, 0, 0, shanghai)
	if o.From != "2026-06-01" || o.To != "2026-06-30" {
		t.Errorf("period %s to %s", o.From, o.To)
	}
	for i, got := range []func(server.Figure) *string{func(f server.Figure) *string { return f.Value }, func(f server.Figure) *string { return f.Before }} {
		end := today.AddDate(0, 0, -30*i)
		start, year := end.AddDate(0, 0, -30), end.AddDate(0, 0, -365)
		var turnover, orders int64
		inPeriod, inYear, before := map[int]int{}, map[int]int{}, map[int]bool{}
		for _, o := range b.orders {
			if !o.at.Before(year) && o.at.Before(end) {
				inYear[o.customer]++
			}
			if !o.at.Before(start) && o.at.Before(end) {
				inPeriod[o.customer]++
				turnover, orders = turnover+o.cents, orders+1
			}
			if o.at.Before(start) {
				before[o.customer] = true
			}
		}
		again, fresh := 0, 0
		for c := range inPeriod {
			if inYear[c] >= 2 {
				again++
			}
			if !before[c] {
				fresh++
			}
		}
		basket := yuan((turnover*2 + orders) / (2 * orders))
		for name, want := range map[string][2]string{
			"turnover": {*got(o.Turnover), yuan(turnover)}, "orders": {*got(o.Orders), fmt.Sprint(orders)}, "basket value": {*got(o.BasketValue), basket},
			"repurchase rate": {*got(o.RepurchaseRate), fmt.Sprintf("%.6f", float64(again)/float64(len(inPeriod)))},
			"new customers":   {*got(o.NewCustomers), fmt.Sprint(fresh)}, "active": {*got(o.Active), fmt.Sprint(len(inPeriod))},
		} {
			if want[0] != want[1] {
				t.Errorf("%s of period %d: %s, want %s", name, i, want[0], want[1])
			}
		}
	}
	if len(o.Daily) != 60 || o.Daily[59].Date != "2026-06-30" {
		t.Fatalf("daily: %+v", o.Daily)
	}
	for i, d := range o.Daily {
		from := today.AddDate(0, 0, i-60)
		var cents int64
		n := 0
		for _, o := range b.orders {
			if !o.at.Before(from) && o.at.Before(from.AddDate(0, 0, 1)) {
				cents, n = cents+o.cents, n+1
			}
		}
		if d.Date != from.Format(time.DateOnly) || d.Turnover != yuan(cents) || d.Orders != n {
			t.Errorf("%+v, want %s %s %d", d, from.Format(time.DateOnly), yuan(cents), n)
		}
	}
	if o.Turnover.Change == nil {
		t.Error("turnover has no change")
	}
	if len(o.Pins) != 1 || o.Pins[0].Customer != "M001" || o.Pins[0].Name != "王芳" {
		t.Errorf("pins: %+v", o.Pins)
	}
}

func TestTier(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	sales := map[string]int64{}
	year := time.Date(2026, 7, 1, 0, 0, 0, 0, shanghai).AddDate(0, 0, -365)
	for _, o := range b.orders {
		if !o.at.Before(year) {
			sales[fmt.Sprintf("M%03d", o.customer)] += o.cents
		}
	}
	for _, name := range []string{"rfm", "frequency"} {
		d := get[server.TierDetail](w, "/api/v1/tiers/"+name)
		people, total, all := 0, int64(0), 0.0
		for _, l := range d.Levels {
			items, _ := w.all("tier=" + name + "&level=" + l.ID)
			cents := int64(0)
			for _, i := range items {
				cents += sales[i.ID]
			}
			if l.Sales != yuan(cents) {
				t.Errorf("%s %s: sales %s, want %s", name, l.ID, l.Sales, yuan(cents))
			}
			if l.Name.Zh == "" || l.Name.En == "" {
				t.Errorf("%s %s has no name", name, l.ID)
			}
			people, total, all = people+l.Count, total+cents, all+l.SalesShare
		}
		if d.Sales != yuan(total) || d.Customers != people || math.Abs(all-1) > 1e-9 {
			t.Errorf("%s: sales %s of %d people, want %s of %d; shares add up to %v", name, d.Sales, d.Customers, yuan(total), people, all)
		}
		if !strings.Contains(d.Headline.Zh, "%") || !strings.Contains(d.Headline.En, "of sales") {
			t.Errorf("headline: %+v", d.Headline)
		}
		if !strings.Contains(d.YAML, name+":") {
			t.Errorf("yaml: %s", d.YAML)
		}
	}
	d := get[server.TierDetail](w, "/api/v1/tiers/rfm")
	if d.Kind != "rfm_grid" || d.Grid == nil || len(d.Grid.Cells) != 25 || len(d.Grid.Rows) != 5 || len(d.Grid.Columns) != 5 || d.Calibration == nil {
		t.Fatalf("grid: %+v", d)
	}
	byLevel := map[string]int{}
	for _, cell := range d.Grid.Cells {
		byLevel[cell.Level] += cell.Count
	}
	for _, l := range d.Levels {
		if byLevel[l.ID] != l.Count || len(l.Cells) == 0 {
			t.Errorf("%s: %d in its cells, %d at the level", l.ID, byLevel[l.ID], l.Count)
		}
	}
}

func TestCustomer(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	d := get[server.CustomerDetail](w, "/api/v1/customers/M002")
	var orders int
	var cents int64
	var last time.Time
	for _, o := range b.orders {
		if o.customer == 2 {
			orders, cents = orders+1, cents+o.cents
			if o.at.After(last) {
				last = o.at
			}
		}
	}
	if d.Orders != orders || d.Spend != yuan(cents) || d.LastOrderAt == nil || !d.LastOrderAt.Equal(last.Truncate(time.Second)) || d.EventsTotal != orders+1 {
		t.Errorf("%d orders, %s, last %v, %d events; want %d, %s, %v", d.Orders, d.Spend, d.LastOrderAt, d.EventsTotal, orders, yuan(cents), last)
	}
	if d.HomeStore != "朝阳店" || d.ResponsibleStaff != "员工2" || d.Name != `=HYPERLINK("x")` {
		t.Errorf("%+v", d)
	}
	if got := fmt.Sprint(d.Identities); !strings.Contains(got, "M002") || !strings.Contains(got, "138****1002") || strings.Contains(got, "13800131002") {
		t.Errorf("identities %s", got)
	}
	for _, a := range d.Attributes {
		if a.Name == "marital" && (!a.Sensitive || a.Value == "已婚") {
			t.Errorf("a sensitive attribute is shown: %+v", a)
		}
	}
	if d.Completeness <= 0 || d.Completeness >= 1 || len(d.Missing) == 0 {
		t.Errorf("completeness %v, missing %v", d.Completeness, d.Missing)
	}

	// Someone whom only a phone number tells apart is not called by it.
	items, _ := w.all("search=" + fmt.Sprint(1000+people))
	if len(items) != 1 || !strings.HasPrefix(items[0].ID, "~") || items[0].PhoneMasked != "138****1060" {
		t.Fatalf("the last customer: %+v", items)
	}
	if got := get[server.CustomerDetail](w, "/api/v1/customers/"+items[0].ID); got.ID != items[0].ID {
		t.Errorf("%s leads to %s", items[0].ID, got.ID)
	}

	// Events newest first, each once.
	var ids []string
	var at time.Time
	cursor := ""
	for {
		page := get[server.EventPage](w, "/api/v1/customers/M002/events?limit=3"+cursor)
		for _, e := range page.Items {
			if !at.IsZero() && e.At.After(at) {
				t.Errorf("%s after %s", e.At, at)
			}
			at, ids = e.At, append(ids, e.Event+e.ID)
			if e.Title.Zh == "" || e.Source != "pos" {
				t.Errorf("event %+v", e)
			}
		}
		if page.Next == nil {
			break
		}
		cursor = "&cursor=" + *page.Next
	}
	slices.Sort(ids)
	if len(ids) != d.EventsTotal || len(slices.Compact(ids)) != d.EventsTotal {
		t.Errorf("%d events listed, %d counted", len(ids), d.EventsTotal)
	}
	if got := get[server.EventPage](w, "/api/v1/customers/M002/events?event=order_refunded"); len(got.Items) != 1 {
		t.Errorf("refunds: %+v", got)
	}

	// The reasons agree with the page.
	for _, s := range get[[]server.SegmentInfo](w, "/api/v1/segments") {
		why := get[server.Reason](w, "/api/v1/customers/M002/explain?kind=segment&name="+s.Name)
		in := slices.ContainsFunc(d.Segments, func(x server.CustomerSegment) bool { return x.Name == s.Name })
		if why.True == nil || *why.True != in || why.Sentence.Zh == "" {
			t.Errorf("%s: %+v, on the page %v", s.Name, why, in)
		}
	}
}

func TestSearch(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	for query, want := range map[string]int{"M00": 9, "M001": 1, "13800131005": 1, "1005": 1, "王芳": 9, "anna b": 8, "没有这个人": 0, "M0": 59} {
		if items, total := w.all("search=" + url.QueryEscape(query)); len(items) != want || total != want {
			t.Errorf("%q finds %d of %d, want %d", query, len(items), total, want)
		}
	}
}

func TestExport(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	response, body := w.do("GET", "/api/v1/export?segment=regulars&lang=en", "")
	text, ok := strings.CutPrefix(body, "\uFEFF")
	if !ok || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/csv") || !strings.Contains(response.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("headers %v, beginning %q", response.Header, body[:20])
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	items, _ := w.all("segment=regulars")
	if len(rows) != len(items)+1 || rows[0][0] != "Customer" || rows[0][10] != "Frequency" {
		t.Fatalf("%d rows of %d customers: %v", len(rows)-1, len(items), rows[0])
	}
	formulas := 0
	for i, row := range rows[1:] {
		item := items[i]
		if row[0] != item.ID || row[2] != item.PhoneMasked || row[9] != item.Spend || strings.TrimPrefix(row[1], "'") != item.Name {
			t.Errorf("row %v of %+v", row, item)
		}
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("a spreadsheet would run %q", cell)
			}
			if strings.HasPrefix(cell, "'") {
				formulas++
			}
		}
	}
	if formulas == 0 {
		t.Error("no cell needed an apostrophe, so this test shows nothing")
	}
	if strings.Contains(body, "1380013") {
		t.Error("a whole phone number was exported")
	}
	get[server.CustomerDetail](w, "/api/v1/customers/M003")
	var actions []string
	page := get[server.AuditPage](w, "/api/v1/audit")
	for _, e := range page.Items {
		actions = append(actions, e.Action+" "+e.Object)
	}
	want := []string{"customer.view M003", "customers.export segment=regulars", "session.sign_in "}
	if !slices.Equal(actions, want) {
		t.Errorf("audit %q, want %q", actions, want)
	}
	if e := page.Items[1]; !strings.Contains(e.Detail, fmt.Sprintf("customers: %d", len(items))) || e.Account != testAccount {
		t.Errorf("audit entry %+v", e)
	}
	one := get[server.AuditPage](w, "/api/v1/audit?limit=2")
	if two := get[server.AuditPage](w, "/api/v1/audit?limit=2&cursor="+*one.Next); len(two.Items) != 1 || two.Next != nil || two.Items[0].Action != "session.sign_in" {
		t.Errorf("second page %+v", two)
	}
}

func TestImports(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	all := get[[]server.ImportInfo](w, "/api/v1/imports")
	if len(all) != 2 || all[0].File != "orders.csv" || all[1].Refused != 1 || all[1].NewCustomers != people {
		t.Errorf("imports %+v", all)
	}
	page := get[server.RefusedPage](w, fmt.Sprintf("/api/v1/imports/%d/refused", all[1].ID))
	if len(page.Items) != 1 || page.Items[0].Row != people+1 || !strings.Contains(page.Items[0].Raw, "坏号码") || page.Next != nil {
		t.Errorf("refused %+v", page)
	}
}

// TestNow: data show after a moment, definitions at once, and a day passes.
func TestNow(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	before := get[server.Freshness](w, "/api/v1/freshness")
	if before.DataUntil == nil || !before.AsOf.Equal(opened) {
		t.Errorf("freshness %+v", before)
	}
	response, _ := w.do("GET", "/api/v1/segments", "")
	tag := response.Header.Get("ETag")
	if response, body := w.do("GET", "/api/v1/segments", "", "If-None-Match", tag); response.StatusCode != 304 || body != "" || tag == "" {
		t.Errorf("the same again: %d %q", response.StatusCode, tag)
	}
	b.importFile("more.csv", ordersMapping, "类型,单号,订单号,会员号,时间,金额,门店\n销售,new,new,M059,2026-07-01 10:30:10,10,朝阳店\n")
	b.wait(time.Minute)
	after := get[server.Freshness](w, "/api/v1/freshness")
	if after.Commits <= before.Commits || !after.AsOf.After(before.AsOf) || !after.DataUntil.Equal(time.Date(2026, 7, 1, 10, 30, 10, 0, shanghai)) {
		t.Errorf("after an import %+v, before %+v", after, before)
	}
	if got := get[server.CustomerDetail](w, "/api/v1/customers/M059"); got.Orders != 1 || got.Spend != "10.00" {
		t.Errorf("the new order: %+v", got)
	}
	b.apply(strings.Replace(definitions, "times: {at_least: 2}", "times: {at_least: 1}", 1))
	if response, _ := w.do("GET", "/api/v1/segments", "", "If-None-Match", tag); response.StatusCode != 200 {
		t.Errorf("after a new definition: %d", response.StatusCode)
	}
	if got := get[server.Freshness](w, "/api/v1/freshness"); got.DefinitionsVersion == after.DefinitionsVersion {
		t.Errorf("definitions version %+v", got)
	}
	if items, _ := w.all("segment=regulars"); !slices.ContainsFunc(items, func(i server.CustomerItem) bool { return i.ID == "M059" }) {
		t.Error("the new definition is not in force")
	}
	b.wait(24 * time.Hour)
	if got := get[server.Overview](w, "/api/v1/overview"); got.To != "2026-07-01" || got.Daily[59].Orders == 0 {
		t.Errorf("a day later: %+v", got)
	}
}

func TestConsoleFiles(t *testing.T) {
	b := newBusiness(t)
	w := b.browser()
	for _, test := range []struct {
		path, accept, cache, body string
		status                    int
	}{
		{"/", "text/html", "no-cache", "<!doctype", 200},
		{"/customers/M001", "text/html", "no-cache", "<!doctype", 200},
		{"/assets/app-1a2b.js", "*/*", "public, max-age=31536000, immutable", "export", 200},
		{"/assets/app-old.js", "*/*", "no-store", "there is no file", 404},
		{"/api/v1/openapi.json", "*/*", "", `"openapi":"3.1.0"`, 200},
	} {
		response, body := w.do("GET", test.path, "", "Accept", test.accept)
		if response.StatusCode != test.status || !strings.Contains(body, test.body) || response.Header.Get("Cache-Control") != test.cache {
			t.Errorf("%s: %d %q %.80s", test.path, response.StatusCode, response.Header.Get("Cache-Control"), body)
		}
		if tag := response.Header.Get("ETag"); tag != "" {
			if again, _ := w.do("GET", test.path, "", "Accept", test.accept, "If-None-Match", tag); again.StatusCode != 304 {
				t.Errorf("%s again: %d", test.path, again.StatusCode)
			}
		}
	}
	if status, _ := w.send("POST", "/customers", "{}"); status != 404 {
		t.Errorf("posting to a page: %d", status)
	}
}
