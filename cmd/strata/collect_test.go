package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"strata/server"
)

// writeKey adds a source, through the server where one holds the data, and
// returns its write key.
func writeKey(t *testing.T, data string, args ...string) string {
	t.Helper()
	out := strataRun(t, 0, append([]string{"--data", data, "source", "add"}, args...)...)
	key := regexp.MustCompile(`wk_\S+`).FindString(out)
	if key == "" {
		t.Fatalf("no write key in %q", out)
	}
	return key
}

// answered is the answer to a call.
type answered struct {
	status  int
	header  http.Header
	Success bool
	Results []struct{ Status, MessageID, Field, Reason, Hint string }
	Detail  string
}

// statuses are those of the items, in a word each.
func (a answered) statuses() string {
	var all []string
	for _, r := range a.Results {
		all = append(all, r.Status)
	}
	return strings.Join(all, " ")
}

// send makes a call with a write key.
func send(t *testing.T, base, key, path, body string, header ...string) answered {
	t.Helper()
	request, err := http.NewRequest("POST", base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(key, "")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answered{status: response.StatusCode, header: response.Header}
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("%s: %v\n%s", path, err, text)
	}
	return a
}

// tagOf is the value of a customer's tag, by the public id.
func tagOf(t *testing.T, data, customer, tag string) string {
	t.Helper()
	var shown struct{ Values map[string]any }
	out := strataRun(t, 0, "--data", data, "show", "tag", tag, "--json")
	if err := json.Unmarshal([]byte(out), &shown); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return fmt.Sprint(shown.Values[customer])
}

const collectDefinitions = `
tags:
  orders: {owner: ops, purpose: test, consumer: ops, value: {count: {event: order_paid}}}
  spent: {owner: ops, purpose: test, consumer: ops, value: {sum: {event: order_paid, of: amount}}}
  items: {owner: ops, purpose: test, consumer: ops, value: {sum: {event: item_bought, of: quantity}}}
  bought: {owner: ops, purpose: test, consumer: ops, value: {sum: {event: item_bought, of: amount}}}
  city: {owner: ops, purpose: test, consumer: ops, value: {attribute: city}}
segments:
  buyers: {owner: ops, purpose: test, consumer: ops, where: {event: order_paid}}
  lookers: {owner: ops, purpose: test, consumer: ops, where: {event: product_viewed}}
`

// TestCollect sends calls to a real server and looks at what the command line
// then knows.
func TestCollect(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	write(t, filepath.Join(dir, "definitions.yaml"), collectDefinitions)
	strataRun(t, 0, "--data", data, "apply", "-f", filepath.Join(dir, "definitions.yaml"), "--yes")
	s := serve(t, data)
	key := writeKey(t, data, "shop", "--user-id", "member_no")
	value := func(tag, customer, want string) {
		t.Helper()
		if got := tagOf(t, data, customer, tag); got != want {
			t.Errorf("%s of %s is %s, want %s", tag, customer, got, want)
		}
	}
	expect := func(a answered, status int, items string) {
		t.Helper()
		if a.status != status || a.statuses() != items {
			t.Errorf("answered %d %q, want %d %q: %+v", a.status, a.statuses(), status, items, a)
		}
	}

	order := `{"type":"track","event":"Order Completed","messageId":"m1","userId":"M1","originalTimestamp":"2026-03-01T10:00:00Z","properties":{"order_id":"O1","total":99.5,"currency":"CNY","products":[
		{"product_id":"S1","name":"毛肚","price":30,"quantity":2,"category":"火锅"},{"product_id":"S2","name":"酸梅汤","price":"39.50"}]}}`
	expect(send(t, s.base, key, "/v1/track", order), 200, "accepted")
	value("orders", "M1", "1")
	value("spent", "M1", "99.5")
	value("items", "M1", "2")
	value("bought", "M1", "99.5")

	// The same again, sent later and laid out otherwise, is the same.
	again := strings.Replace(strings.ReplaceAll(order, "\n", " "), `{"type":"track",`, `{"sentAt":"2026-03-02T10:00:00Z","type":"track","context":{"ip":"::1"},`, 1)
	expect(send(t, s.base, key, "/v1/track", again), 200, "repeated")
	// With the same id and another body it is refused, as is an order of that
	// number with another body.
	expect(send(t, s.base, key, "/v1/track", strings.Replace(order, "99.5", "98.5", 1)), 200, "quarantined")
	expect(send(t, s.base, key, "/v1/track", strings.Replace(strings.Replace(order, "99.5", "98.5", 1), `"m1"`, `"m2"`, 1)), 200, "quarantined")
	// Another messageId with the same order is the same order, with its lines.
	expect(send(t, s.base, key, "/v1/track", strings.Replace(order, `"m1"`, `"m3"`, 1)), 200, "repeated")
	value("orders", "M1", "1")
	value("items", "M1", "2")

	// A refund finds its order, whichever comes first.
	refund := func(id, orderID string) string {
		return `{"event":"Order Refunded","messageId":"` + id + `","userId":"M2","timestamp":"2026-03-05T10:00:00Z","properties":{"order_id":"` + orderID + `","total":40}}`
	}
	paid := func(id, orderID string) string {
		return `{"event":"order_paid","messageId":"` + id + `","userId":"M2","timestamp":"2026-03-04T10:00:00Z","properties":{"order_id":"` + orderID + `","amount":"100.00"}}`
	}
	for i, body := range []string{refund("r1", "P1"), paid("p1", "P1"), paid("p2", "P2"), refund("r2", "P2")} {
		if a := send(t, s.base, key, "/v1/track", body); a.statuses() != "accepted" {
			t.Errorf("call %d: %+v", i, a)
		}
	}
	value("spent", "M2", "120")

	// Traits are attributes and keys; what is known by phone and by member
	// number is one customer.
	expect(send(t, s.base, key, "/v1/identify", `{"userId":"M1","messageId":"i1","anonymousId":"dev-1","traits":{"address":{"city":"北京"},"phone":"13701234987","gender":"女","firstName":"芳","lastName":"王"}}`), 200, "accepted")
	value("city", "M1", "北京")
	if out := strataRun(t, 0, "--data", data, "explain", "13701234987", "city", "--kind", "tag"); !strings.Contains(out, "北京") {
		t.Errorf("city by phone: %s", out)
	}
	expect(send(t, s.base, key, "/v1/page", `{"anonymousId":"dev-1","messageId":"p9","name":"Home","properties":{"path":"/","title":"x"}}`), 200, "accepted")

	// Unknown names wait in the quarantine until the catalogue has them.
	unknown := `{"event":"Spa Booked","userId":"M3","messageId":"u1","timestamp":"2026-03-01T10:00:00Z","properties":{"minutes":60,"room":{"name":"A","floor":2}}}`
	expect(send(t, s.base, key, "/v1/track", unknown), 200, "quarantined")
	expect(send(t, s.base, key, "/v1/track", unknown), 200, "quarantined") // a retry waits once
	expect(send(t, s.base, key, "/v1/track", `{"event":"Product Viewed","userId":"M3","messageId":"u2","properties":{"sku":"S1","gloss":true}}`), 200, "quarantined")
	proposals := strataRun(t, 0, "--data", data, "quarantine", "proposals")
	for _, want := range []string{"product_viewed.gloss +boolean", "spa_booked +event", "spa_booked.minutes +number", "spa_booked.room_floor +number", "spa_booked.room_name +text"} {
		if !regexp.MustCompile(want).MatchString(proposals) {
			t.Errorf("proposals lack %s:\n%s", want, proposals)
		}
	}
	var held []heldInfo
	if err := json.Unmarshal([]byte(strataRun(t, 0, "--data", data, "quarantine", "list", "--json")), &held); err != nil || len(held) != 4 {
		t.Fatalf("%d calls in the quarantine, want 4 (%v): %+v", len(held), err, held)
	}
	if held[2].Raw != unknown || !strings.Contains(held[2].Reason, "not an event of the catalogue") {
		t.Errorf("held: %+v", held[2])
	}
	strataRun(t, 0, "--data", data, "quarantine", "accept", "spa_booked")
	strataRun(t, 0, "--data", data, "quarantine", "accept", "product_viewed.gloss")
	if out := strataRun(t, 0, "--data", data, "quarantine", "replay", "--all"); !strings.Contains(out, "2 taken, 2 remain") {
		t.Errorf("replay: %s", out)
	}
	expect(send(t, s.base, key, "/v1/track", unknown), 200, "repeated")
	// A type is not changed by what is sent.
	expect(send(t, s.base, key, "/v1/track", strings.Replace(strings.Replace(unknown, "60", `"long"`, 1), "u1", "u3", 1)), 200, "quarantined")
	if out := strataRun(t, 0, "--data", data, "quarantine", "discard", "--all"); !strings.Contains(out, "3 discarded") {
		t.Errorf("discard: %s", out)
	}

	// The clock of the sender is corrected.
	early := time.Now().Add(-48 * time.Hour)
	body := fmt.Sprintf(`{"batch":[{"type":"track","event":"product_viewed","userId":"M4","messageId":"c1","originalTimestamp":%q,"properties":{"sku":"S1"}},{"type":"nothing"},7],"sentAt":%q}`,
		early.Add(-time.Hour).Format(time.RFC3339), early.Format(time.RFC3339))
	expect(send(t, s.base, key, "/v1/batch", body), 200, "accepted quarantined refused")
	var page struct {
		Items []struct {
			At time.Time `json:"at"`
		}
	}
	if code := s.get("/customers/M4/events", &page); code != 200 || len(page.Items) != 1 || time.Since(page.Items[0].At)-time.Hour > 10*time.Second || time.Since(page.Items[0].At) < time.Hour {
		t.Errorf("status %d, events of M4: %+v", code, page)
	}

	// What comes in is in the segments within a second.
	began := time.Now()
	expect(send(t, s.base, key, "/v1/track", `{"event":"Product Viewed","userId":"M5","messageId":"l1","properties":{"sku":"S1"}}`), 200, "accepted")
	for {
		var all struct {
			Items []struct{ Customer struct{ ID string } }
		}
		if s.get("/changes?kind=segment&name=lookers", &all); strings.Contains(fmt.Sprint(all), "M5") {
			break
		}
		if time.Since(began) > 3*time.Second {
			t.Fatalf("after %v the segment has not changed: %+v", time.Since(began), all)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("a call shows in a segment after %v", time.Since(began).Round(time.Millisecond))

	// gzip, browsers, and what is not taken at all.
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(strings.Replace(order, `"m1"`, `"m1"`, 1)))
	z.Close()
	expect(send(t, s.base, key, "/v1/track", zipped.String(), "Content-Encoding", "gzip"), 200, "repeated")
	expect(send(t, s.base, "", "/v1/t", `{"writeKey":"`+key+`",`+strings.Replace(order, `{"type":"track",`, "", 1), "Content-Type", "text/plain", "Origin", "https://shop.example"), 200, "repeated")
	options, _ := http.NewRequest("OPTIONS", s.base+"/v1/track", nil)
	if answer, err := http.DefaultClient.Do(options); err != nil || answer.StatusCode != 204 || answer.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("preflight: %v %+v", err, answer)
	}
	for _, c := range []struct {
		path, key, body string
		status          int
	}{
		{"/v1/track", "wk_wrong", order, 401},
		{"/v1/track", key, "{", 400},
		{"/v1/track", key, "[]", 400},
		{"/v1/batch", key, `{"batch":{}}`, 400},
		{"/v1/batch", key, `{"batch":["` + strings.Repeat("x", 500<<10) + `"]}`, 413},
	} {
		if a := send(t, s.base, c.key, c.path, c.body); a.status != c.status || a.Detail == "" {
			t.Errorf("%s %.40s: %d %q, want %d", c.path, c.body, a.status, a.Detail, c.status)
		}
	}
	expect(send(t, s.base, key, "/v1/track", `{"event":"product_viewed","userId":"M9","messageId":"x1","properties":{"sku":"`+strings.Repeat("x", 33<<10)+`"}}`), 200, "refused")

	// Scope and rate.
	narrow := writeKey(t, data, "narrow", "--events", "product_*", "--keys", "user_id")
	expect(send(t, s.base, narrow, "/v1/track", `{"event":"order_paid","userId":"N1","messageId":"n1","properties":{"order_id":"N1"}}`), 200, "quarantined")
	expect(send(t, s.base, narrow, "/v1/track", `{"event":"product_viewed","anonymousId":"N1","messageId":"n2"}`), 200, "quarantined")
	strataRun(t, 0, "--data", data, "source", "change", "narrow", "--keys", "user_id,anonymous_id")
	if out := strataRun(t, 0, "--data", data, "quarantine", "replay", "--all", "--source", "narrow"); !strings.Contains(out, "1 taken, 1 remain") {
		t.Errorf("replay by a wider scope: %s", out)
	}
	slow := writeKey(t, data, "slow", "--rate", "1")
	var last answered
	for i := 0; i < 20 && last.status != 429; i++ {
		last = send(t, s.base, slow, "/v1/track", fmt.Sprintf(`{"event":"product_viewed","userId":"N1","messageId":"s%d"}`, i))
	}
	if last.status != 429 || last.header.Get("Retry-After") == "" {
		t.Errorf("beyond the rate: %d %v", last.status, last.header)
	}
	list := strataRun(t, 0, "--data", data, "source", "list")
	if !regexp.MustCompile(`narrow +已接入`).MatchString(list) {
		t.Errorf("sources:\n%s", list)
	}
	rotated := regexp.MustCompile(`wk_\S+`).FindString(strataRun(t, 0, "--data", data, "source", "rotate", "shop", "--overlap", "0s"))
	if a := send(t, s.base, key, "/v1/track", order); a.status != 401 {
		t.Errorf("an old key without overlap: %d", a.status)
	}
	s.interrupt()

	// All of it is known after a restart too.
	s = serve(t, data)
	expect(send(t, s.base, rotated, "/v1/track", order), 200, "repeated")
	value("orders", "M1", "1")
	s.interrupt()
}

// post sends JSON to the console's API and returns the status and the answer.
func (s *served) post(path string, body, v any) int {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := s.client.Post(s.base+"/api/v1"+path, "application/json", bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	out, err := io.ReadAll(answer.Body)
	if err == nil && v != nil {
		err = json.Unmarshal(out, v)
	}
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", path, err, out)
	}
	return answer.StatusCode
}

// TestSourcesByAPI goes the way of the console: add a source, send, see what
// was not taken, add it to the catalogue, replay.
func TestSourcesByAPI(t *testing.T) {
	t.Parallel()
	s := serve(t, filepath.Join(t.TempDir(), "data"))
	type object = map[string]any
	var secret struct {
		WriteKey string `json:"write_key"`
	}
	if code := s.post("/sources", object{"name": "web", "rate": 1000}, &secret); code != 200 || !strings.HasPrefix(secret.WriteKey, "wk_") {
		t.Fatalf("adding a source: %d %+v", code, secret)
	}
	if code := s.post("/sources", object{"name": "web"}, &struct{}{}); code != 409 {
		t.Errorf("adding it again: %d", code)
	}
	state := func(want string) {
		t.Helper()
		var all []server.SourceInfo
		if s.get("/sources", &all); len(all) != 1 || all[0].State != want {
			t.Errorf("sources: %+v, want %s", all, want)
		}
	}
	state(notConnected)
	for i := range 3 {
		send(t, s.base, secret.WriteKey, "/v1/track", fmt.Sprintf(`{"event":"Spa Booked","userId":"U%d","messageId":"a%d","properties":{"minutes":60}}`, i, i))
	}
	state(connected)
	var page server.HeldPage
	if code := s.get("/quarantine?limit=2", &page); code != 200 || len(page.Items) != 2 || page.Next == nil {
		t.Fatalf("quarantine: %d %+v", code, page)
	}
	if s.get("/quarantine?limit=2&cursor="+url.QueryEscape(*page.Next), &page); len(page.Items) != 1 || page.Items[0].Number != 3 {
		t.Errorf("its second page: %+v", page)
	}
	var proposals []server.ProposalInfo
	if s.get("/quarantine/proposals", &proposals); len(proposals) != 2 || proposals[0].Name != "spa_booked" || proposals[0].Count != 3 {
		t.Errorf("proposals: %+v", proposals)
	}
	var done server.Replayed
	if code := s.post("/quarantine/replay", object{}, &struct{}{}); code != 422 {
		t.Errorf("replaying nothing: %d", code)
	}
	if s.post("/quarantine/replay", object{"all": true}, &done); done.Taken != 0 || done.Remained != 3 {
		t.Errorf("replaying too early: %+v", done)
	}
	if code := s.post("/quarantine/proposals", object{"name": "spa_booked"}, &proposals); code != 200 || len(proposals) != 0 {
		t.Errorf("accepting: %d %+v", code, proposals)
	}
	if s.post("/quarantine/replay", object{"numbers": []int{1, 2}}, &done); done.Taken != 2 || done.Remained != 0 {
		t.Errorf("replaying: %+v", done)
	}
	var dropped server.Discarded
	if s.post("/quarantine/discard", object{"all": true, "source": "web"}, &dropped); dropped.Discarded != 1 {
		t.Errorf("discarding: %+v", dropped)
	}
	var rotated struct {
		WriteKey string `json:"write_key"`
	}
	s.post("/sources/web/rotate", object{"overlap_hours": 1}, &rotated)
	for _, key := range []string{secret.WriteKey, rotated.WriteKey} {
		if a := send(t, s.base, key, "/v1/identify", `{"userId":"U1","messageId":"k`+key+`"}`); a.statuses() != "accepted" {
			t.Errorf("a key within the overlap: %+v", a)
		}
	}
	s.client.Post(s.base+"/api/v1/sources/web/revoke", "application/json", nil)
	state(revoked)
	if a := send(t, s.base, rotated.WriteKey, "/v1/identify", `{"userId":"U1"}`); a.status != 401 {
		t.Errorf("a revoked key: %d", a.status)
	}
	s.interrupt()
}

// TestSegmentClient sends through Segment's own npm client.
func TestSegmentClient(t *testing.T) {
	t.Parallel()
	module, err := filepath.Abs("../../ui/node_modules/@segment/analytics-node")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(module); err != nil {
		t.Skip("the npm client is not installed: make ui installs it")
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	write(t, filepath.Join(dir, "definitions.yaml"), collectDefinitions)
	strataRun(t, 0, "--data", data, "apply", "-f", filepath.Join(dir, "definitions.yaml"), "--yes")
	s := serve(t, data)
	key := writeKey(t, data, "app")
	out, err := exec.Command("node", "../../ui/e2e/segment.mjs", s.base, key).CombinedOutput()
	if err != nil {
		t.Fatalf("the client: %v\n%s", err, out)
	}
	for _, want := range []struct{ customer, tag, value string }{
		{"user-1", "orders", "1"}, {"user-1", "spent", "59.8"}, {"user-1", "items", "3"}, {"user-1", "city", "上海"}, {"user-149", "orders", "1"},
	} {
		if got := tagOf(t, data, want.customer, want.tag); got != want.value {
			t.Errorf("%s of %s is %s, want %s", want.tag, want.customer, got, want.value)
		}
	}
	var all []sourceInfo
	if err := json.Unmarshal([]byte(strataRun(t, 0, "--data", data, "source", "list", "--json")), &all); err != nil || len(all) != 1 {
		t.Fatal(err, all)
	}
	if a := all[0]; a.State != connected || a.Accepted != 155 || a.Quarantined+a.Refused+a.Repeated != 0 {
		t.Errorf("what came in: %+v\n%s", a, strataRun(t, 0, "--data", data, "quarantine", "list"))
	}
	s.interrupt()
}
