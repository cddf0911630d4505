package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"strata/server"
)

// TestChanges: what an order moved, who entered a segment today and a
// customer's history say the same.
func TestChanges(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	if got := get[server.Changes](w, "/api/v1/changes"); len(got.Items) != 0 || !got.Complete || got.HistoriesSince.IsZero() {
		t.Errorf("before anything has happened: %+v", got)
	}
	before := get[server.SegmentDetail](w, "/api/v1/segments/regulars").Count
	b.importFile("first.csv", ordersMapping, "类型,单号,订单号,会员号,时间,金额,门店\n销售,n1,n1,M059,2026-07-01 10:30:10,10,朝阳店\n")
	b.wait(time.Minute)
	get[server.Freshness](w, "/api/v1/freshness") // publishes
	b.importFile("second.csv", ordersMapping, "类型,单号,订单号,会员号,时间,金额,门店\n销售,n2,n2,M059,2026-07-01 10:31:10,500,朝阳店\n")
	b.wait(time.Minute)

	const regulars = "/api/v1/changes?kind=segment&name=regulars"
	got := get[server.Changes](w, regulars+"&since=2026-07-01")
	after := get[server.SegmentDetail](w, "/api/v1/segments/regulars").Count
	if after != before+1 || got.Entered-got.Left != after-before || len(got.Items) != got.Entered+got.Left {
		t.Errorf("%d members, then %d, but %+v", before, after, got)
	}
	x := got.Items[0]
	want := time.Date(2026, 7, 1, 10, 31, 10, 0, shanghai)
	if x.Customer.ID != "M059" || x.Customer.Name == "" || x.Cause != "event" || !x.At.Equal(want) || len(x.Moves) != 1 || x.Moves[0].How != "entered" || x.Moves[0].Title.En != "Regulars" {
		t.Errorf("who entered: %+v", x)
	}
	if late := get[server.Changes](w, regulars+"&since=2026-07-02"); len(late.Items) != 0 || late.Entered != 0 {
		t.Errorf("since tomorrow: %+v", late)
	}
	all := get[server.Changes](w, "/api/v1/changes")
	if len(all.Items) < 2 || all.Items[0].Number <= all.Items[1].Number || !strings.Contains(fmt.Sprint(all.Items[0].Moves), "good_regulars") {
		t.Errorf("all: %+v", all.Items)
	}
	for _, d := range all.Definitions {
		if d.Kind == "segment" && d.Name == "good_regulars" && d.Title.Zh != "好常客" {
			t.Errorf("%+v", d)
		}
	}
	level := get[server.Changes](w, "/api/v1/changes?kind=tier&name=frequency").Items
	if m := level[0].Moves[0]; m.How != "entered" || m.FromLevel != "-" || m.ToLevel != "low" || m.To.Zh != "低频" || m.From.En != "No level" {
		t.Errorf("of the tier: %+v", level)
	}

	history := get[server.CustomerHistory](w, "/api/v1/customers/M059/history")
	if len(history.Entries) < 2 || !history.Entries[0].At.Equal(want) || history.Entries[0].Cause != "event" {
		t.Fatalf("history: %+v", history)
	}
	for i, c := range []string{"regulars entered", "frequency entered"} {
		name, how, _ := strings.Cut(c, " ")
		found := false
		for _, m := range history.Entries[i].Moves {
			found = found || m.Name == name && m.How == how
		}
		if !found {
			t.Errorf("entry %d has no %s: %+v", i, c, history.Entries[i])
		}
	}
	if other := get[server.CustomerHistory](w, "/api/v1/customers/M058/history"); len(other.Entries) != 0 {
		t.Errorf("somebody else: %+v", other)
	}
	for path, status := range map[string]int{
		"/api/v1/changes?kind=segment&name=nobody": 404, "/api/v1/changes?kind=segment": 404, "/api/v1/changes?since=soon": 422, "/api/v1/customers/nobody/history": 404,
	} {
		if got, body := w.send("GET", path, ""); got != status {
			t.Errorf("%s: %d %s", path, got, body)
		}
	}
}
