package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/identity"
	"strata/ingest"
	"strata/publish"
	"strata/registry"
	"strata/server"
	"strata/timeline"
)

const (
	people       = 60
	testAccount  = "lin"
	testPassword = "four calm horses"
)

var shanghai = must(time.LoadLocation("Asia/Shanghai"))

// opened is when the tests' clock begins.
var opened = time.Date(2026, 7, 1, 10, 30, 0, 0, shanghai)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

const definitions = `
tags:
  spend_90d:
    name: {zh: 近90天消费, en: Spend of 90 days}
    class: consumption
    category: consumption.total
    owner: 林
    purpose: 测试
    consumer: 测试
    value: {sum: {event: order_paid, of: amount, within: 90d}}
  spend_band:
    name: {zh: 消费档, en: Spend band}
    class: consumption
    category: consumption.total
    owner: 林
    purpose: 测试
    consumer: 测试
    value: {bands: {of: {tag: spend_90d}, at: [100, 500], labels: [低, 中, 高]}}
segments:
  regulars:
    name: {zh: 常客, en: Regulars}
    owner: 林
    purpose: 测试
    consumer: 测试
    where: {event: order_paid, within: 90d, times: {at_least: 2}}
  good_regulars:
    name: {zh: 好常客, en: Good regulars}
    owner: 林
    purpose: 测试
    consumer: 测试
    where: {all: [{segment: regulars}, {tag: spend_90d, at_least: 300}]}
tiers:
  rfm:
    name: {zh: RFM 分层, en: RFM grid}
    owner: 林
    purpose: 测试
    consumer: 测试
    rfm: {classes: grid, within: 1y, score: {quantile: 5}}
  frequency:
    name: {zh: 频次, en: Frequency}
    owner: 林
    purpose: 测试
    consumer: 测试
    applies_to: {event: order_paid, within: 1y}
    levels:
      - {id: high, name: {zh: 高频, en: High}, advice: {zh: VIP 服务, en: VIP service}}
      - {id: low, name: {zh: 低频, en: Low}, no_action: true}
    rules:
      - {level: high, where: {event: order_paid, within: 90d, times: {at_least: 3}}}
    otherwise: low
`

const membersMapping = `
source: crm
at: 注册时间
keys: {member_no: {column: 会员号, invalid: ignore}, phone: 手机号}
attributes:
  name: 姓名
  registered_on: 注册时间
  member_level: 等级
  home_store: 门店
  responsible_staff: 员工
  marital: 婚姻
`

const ordersMapping = `
source: pos
keys: {member_no: 会员号}
events:
  - {event: order_paid, unless: {类型: {is: 退款}}, id: 单号, time: 时间, properties: {order_id: 订单号, amount: 金额, store: 门店}}
  - {event: order_refunded, when: {类型: {is: 退款}}, id: 单号, time: 时间, properties: {order_id: 订单号, amount: 金额}}
`

// order is an order as the tests know it: paid cents are net of refunds.
type order struct {
	customer int
	at       time.Time
	cents    int64
}

// business is a small business behind a real server over real stores.
type business struct {
	t        testing.TB
	now      func() time.Time
	orders   []order
	store    *timeline.Store
	people   *identity.Store
	registry *registry.Registry
	engine   *compute.Engine
	live     *compute.Live
	server   *server.Server
	url      string

	mu    sync.Mutex
	clock time.Time
}

func (b *business) wait(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(d)
}

func newBusiness(t testing.TB) *business {
	t.Helper()
	ctx := context.Background()
	b := &business{t: t, clock: opened}
	b.now = func() time.Time {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.clock
	}
	dir := t.TempDir()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	mergers := map[byte]timeline.MergeFunc{}
	for k, f := range ingest.Mergers {
		mergers[k] = f
	}
	var err error
	b.store, err = timeline.Open(filepath.Join(dir, "customers"), timeline.Options{Settings: strata.DefaultSettings(), Mergers: mergers, CacheBytes: 16 << 20})
	check(err)
	t.Cleanup(func() { b.store.Close() })
	b.people, err = identity.Open(b.store)
	check(err)
	b.registry, err = registry.Open(ctx, dir, b.store.Settings())
	check(err)
	t.Cleanup(func() { b.registry.Close() })
	b.engine, err = compute.New(b.store, b.registry, b.people, b.store.Settings())
	check(err)
	b.live = compute.NewLive(b.engine, compute.LiveOptions{Facts: b.store, Results: b.store, Dir: filepath.Join(dir, "results")})
	t.Cleanup(func() { check(b.live.Close()) })

	b.importFile("members.csv", membersMapping, b.members())
	b.importFile("orders.csv", ordersMapping, b.sales())
	b.apply(definitions)
	_, err = b.registry.CreateAccount(ctx, testAccount, registry.Owner, strata.At(opened))
	check(err)
	check(b.registry.SetPassword(ctx, testAccount, testPassword))

	taking, err := newIntake(b)
	check(err)
	taking.stream.Start()
	t.Cleanup(taking.stream.Stop)
	b.server, err = server.New(server.Options{
		Collector: taking, Sources: taking, WriteKeys: taking, Quarantine: taking, Proposals: taking,
		Engine: b.engine, Live: b.live, Definitions: b.registry, Timeline: b.store, Identity: b.people,
		Accounts: accounts{b.registry}, Links: accounts{b.registry}, Sessions: b.registry.Sessions(time.Now), Audit: audit{b.registry},
		Pins: pinned{{Customer: "M001", Title: server.Text2{Zh: "常客", En: "A regular"}}, {Customer: "nobody"}}, Imports: imports{b.store},
		Publisher: publish.New(published{b.registry}, b.registry, b.registry, b.engine, b.store.Commits, b.store.Settings()), Versions: versions{b.registry}, Watching: watching{b.registry}, Schedules: &schedules{published: published{b.registry}, every: map[string]string{}},
		Now: b.now, Business: server.Text2{Zh: "小店", En: "Small shop"}, Version: "test",
		Console: fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>Strata</title>")}, "assets/app-1a2b.js": {Data: []byte("export {}")}},
	})
	check(err)
	listening := httptest.NewServer(b.server.Handler())
	b.url = listening.URL
	t.Cleanup(func() {
		listening.Close()
		if err := b.server.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return b
}

// members writes the customers: M001 to M059, and one whom only a phone
// number tells apart.
func (b *business) members() string {
	var s strings.Builder
	s.WriteString("会员号,手机号,姓名,注册时间,等级,门店,员工,婚姻\n")
	names := []string{"张伟", "王芳", "=HYPERLINK(\"x\")", "李娜", "+陈", "Anna Bell", "@赵"}
	for i := 1; i <= people; i++ {
		number := fmt.Sprintf("M%03d", i)
		if i == people {
			number = ""
		}
		fmt.Fprintf(&s, "%s,1380013%04d,\"%s\",2025-%02d-10,银卡,朝阳店,员工%d,已婚\n", number, 1000+i, strings.ReplaceAll(names[i%len(names)], `"`, `""`), i%12+1, i%4)
	}
	s.WriteString("M900,123,坏号码,2025-01-01,银卡,朝阳店,员工1,\n") // refused
	return s.String()
}

// sales writes orders over sixteen months and two refunds, one of a whole
// order.
func (b *business) sales() string {
	var s strings.Builder
	s.WriteString("类型,单号,订单号,会员号,时间,金额,门店\n")
	r := rand.New(rand.NewPCG(7, 7))
	first := time.Date(2025, 3, 1, 0, 0, 0, 0, shanghai)
	for i := 1; i < people-3; i++ { // some never bought
		for n := range 1 + r.IntN(14) {
			at := first.Add(time.Duration(r.Int64N(int64(opened.Sub(first)/time.Second))) * time.Second)
			if i%5 == 0 {
				at = first.Add(time.Duration(r.Int64N(int64(100*24*time.Hour/time.Second))) * time.Second) // bought long ago
			}
			o := order{customer: i, at: at, cents: 1000 + r.Int64N(30000)}
			no := fmt.Sprintf("%d-%d", i, n)
			fmt.Fprintf(&s, "销售,%s,%s,M%03d,%s,%d.%02d,朝阳店\n", no, no, i, at.Format("2006-01-02 15:04:05"), o.cents/100, o.cents%100)
			switch {
			case n == 0 && i == 1:
				fmt.Fprintf(&s, "退款,R%s,%s,M%03d,%s,%d.%02d,朝阳店\n", no, no, i, at.Add(time.Hour).Format("2006-01-02 15:04:05"), o.cents/100, o.cents%100)
				continue
			case n == 0 && i == 2:
				fmt.Fprintf(&s, "退款,R%s,%s,M%03d,%s,5.00,朝阳店\n", no, no, i, at.Add(time.Hour).Format("2006-01-02 15:04:05"))
				o.cents -= 500
			}
			b.orders = append(b.orders, o)
		}
	}
	return s.String()
}

func (b *business) importFile(name, mapping, text string) {
	b.t.Helper()
	set, _, err := b.registry.Published(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	m, err := ingest.ParseMapping(name+".yaml", []byte(mapping), &set.Catalogue)
	if err != nil {
		b.t.Fatal(err)
	}
	_, err = ingest.Import(context.Background(), ingest.Options{
		File: ingest.BytesSource(name, []byte(text)), Mapping: m, Settings: b.store.Settings(), Store: b.store, Identity: b.people,
		Normalise: identity.Normalise, Now: b.now,
		Update: func(sync bool, fill func(strata.Batch) error) error {
			batch := b.store.NewBatch()
			if err := fill(batch); err != nil {
				return err
			}
			return b.store.Commit(batch, sync)
		},
		Append: func(batch strata.Batch, c strata.CustomerID, events []strata.Event, attributes []strata.Attribute, source string, imp uint32) error {
			return b.store.Append(batch, c, timeline.Facts{Events: events, Attributes: attributes, Source: source, Import: imp})
		},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *business) apply(text string) {
	b.t.Helper()
	ctx := context.Background()
	base, _, err := b.registry.Published(ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	file, err := define.Parse("test.yaml", []byte(text))
	if err != nil {
		b.t.Fatal(err)
	}
	set, _, err := define.Check(base, file, b.store.Settings())
	if err != nil {
		b.t.Fatal(err)
	}
	var changes []registry.Change
	for _, r := range file.Refs() {
		changes = append(changes, registry.Change{Kind: r.Kind, Name: r.Name, Op: registry.Update})
	}
	if _, err := b.registry.Apply(ctx, set, changes, "test", strata.At(b.now())); err != nil {
		b.t.Fatal(err)
	}
}

// The adapters that cmd/strata has too.

type accounts struct{ r *registry.Registry }

func account(a registry.Account, err error) (server.Account, error) {
	return server.Account{Name: a.Name, Role: string(a.Role), MustSetPassword: a.MustSetPassword}, err
}

func (a accounts) Authenticate(ctx context.Context, name, password string, at strata.Instant) (server.Account, error) {
	return account(a.r.Authenticate(ctx, name, password, at))
}

func (a accounts) Account(ctx context.Context, name string) (server.Account, error) {
	return account(a.r.Account(ctx, name))
}

func (a accounts) SetPassword(ctx context.Context, name, password string) error {
	return a.r.SetPassword(ctx, name, password)
}

func (a accounts) UseSignInLink(ctx context.Context, token string, at strata.Instant) (server.Account, error) {
	return account(a.r.UseSignInLink(ctx, token, at))
}

// schedules keeps the schedules in memory.
type schedules struct {
	published
	mu    sync.Mutex
	every map[string]string
}

func (s *schedules) Schedule(_ context.Context, kind, name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.every[kind+name], nil
}

func (s *schedules) SetSchedule(_ context.Context, kind, name, every string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.every[kind+name] = every
	return nil
}

type published struct{ *registry.Registry }

func (p published) Publish(ctx context.Context, set *define.Set, refs []define.Ref, author string, at strata.Instant) (uint64, error) {
	var changes []registry.Change
	for _, r := range refs {
		changes = append(changes, registry.Change{Kind: r.Kind, Name: r.Name, Op: registry.Update})
	}
	return p.Apply(ctx, set, changes, author, at)
}

func (published) As(ctx context.Context, author string, at strata.Instant) context.Context {
	return registry.WithAuthor(ctx, author, at)
}

type versions struct{ r *registry.Registry }

func (v versions) Versions(ctx context.Context, kind, name string) ([]server.DefinitionVersion, error) {
	all, err := v.r.Versions(ctx, kind, name)
	var out []server.DefinitionVersion
	for _, x := range all {
		out = append(out, server.DefinitionVersion{Version: x.Version, At: x.AppliedAt.In(time.UTC), Author: x.Author})
	}
	return out, err
}

type audit struct{ r *registry.Registry }

func (a audit) Append(ctx context.Context, e server.AuditEntry) error {
	entry := registry.AuditEntry{At: e.At, Account: e.Account, Action: e.Action, Object: e.Object}
	if e.Detail != "" {
		entry.Detail = json.RawMessage(e.Detail)
	}
	return a.r.AppendAudit(ctx, entry)
}

func (a audit) Page(ctx context.Context, cursor string, limit int) ([]server.AuditEntry, string, error) {
	entries, next, err := a.r.Audit(ctx, cursor, limit)
	var out []server.AuditEntry
	for _, e := range entries {
		out = append(out, server.AuditEntry{At: e.At, Account: e.Account, Action: e.Action, Object: e.Object, Detail: string(e.Detail)})
	}
	return out, next, err
}

type pinned []server.Pin

func (p pinned) Pins(context.Context) ([]server.Pin, error) { return p, nil }

type imports struct{ store *timeline.Store }

func (i imports) Imports(context.Context) ([]server.ImportInfo, error) {
	var out []server.ImportInfo
	err := ingest.Records(i.store, func(r ingest.Record) error {
		out = append(out, server.ImportInfo{ID: r.ID, File: r.File, Source: r.Source, State: r.State, StartedAt: r.Started.In(time.UTC),
			Rows: int64(r.Rows), Events: int64(r.Events), NewCustomers: int64(r.NewCustomers), Refused: int64(r.Refused)})
		return nil
	})
	slices.Reverse(out)
	return out, err
}

func (i imports) Refused(_ context.Context, id uint32, after uint64, limit int) ([]server.RefusedInfo, error) {
	var out []server.RefusedInfo
	enough := errors.New("enough")
	err := ingest.Refused(i.store, id, after, func(r ingest.RefusedRow) error {
		if len(out) == limit {
			return enough
		}
		out = append(out, server.RefusedInfo{Row: r.Row, Line: r.Line, Field: r.Field, Reason: r.Reason, Hint: r.Hint, Raw: r.Raw})
		return nil
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return out, err
}

// browser keeps a cookie, as a person's browser does.
type browser struct {
	b      *business
	client *http.Client
}

func (b *business) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return &browser{b, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// signedIn is a browser in which the test account is signed in.
func (b *business) signedIn() *browser {
	b.t.Helper()
	w := b.browser()
	if status, body := w.send("POST", "/api/v1/session", fmt.Sprintf(`{"account": %q, "password": %q}`, testAccount, testPassword)); status != 200 {
		b.t.Fatalf("signing in: %d %s", status, body)
	}
	return w
}

// do sends a request with headers given as name, value, name, value ...
func (w *browser) do(method, path, body string, headers ...string) (*http.Response, string) {
	w.b.t.Helper()
	r, err := http.NewRequest(method, w.b.url+path, strings.NewReader(body))
	if err != nil {
		w.b.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := w.client.Do(r)
	if err != nil {
		w.b.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		w.b.t.Fatal(err)
	}
	return response, string(data)
}

func (w *browser) send(method, path, body string) (int, string) {
	w.b.t.Helper()
	response, text := w.do(method, path, body)
	return response.StatusCode, text
}

// get reads an answer, which must be 200 and hold nothing unknown.
func get[T any](w *browser, path string) T {
	w.b.t.Helper()
	var v T
	response, body := w.do("GET", path, "")
	if response.StatusCode != 200 {
		w.b.t.Fatalf("GET %s: %d %s", path, response.StatusCode, body)
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&v); err != nil {
		w.b.t.Fatalf("GET %s: %v in %s", path, err, body)
	}
	return v
}

// all reads every page of a list of customers.
func (w *browser) all(query string) (items []server.CustomerItem, total int) {
	w.b.t.Helper()
	cursor := ""
	for {
		page := get[server.CustomerPage](w, "/api/v1/customers?limit=7&"+query+cursor)
		items = append(items, page.Items...)
		if page.Next == nil {
			return items, page.Total
		}
		cursor = "&cursor=" + url.QueryEscape(*page.Next)
	}
}
