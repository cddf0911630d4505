package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"strata"
	"strata/server"
)

// TestUpdates: a page that listens is told of facts, of definitions and of a
// new day, once each, and its stream ends with the server.
func TestUpdates(t *testing.T) {
	b := newBusiness(t)
	if status, _ := b.browser().send("GET", "/api/v1/updates", ""); status != 401 {
		t.Errorf("without a session: %d", status)
	}
	w := b.signedIn()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.server.Start(listener)
	response, err := w.client.Get("http://" + listener.Addr().String() + "/api/v1/updates")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" || response.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", response.StatusCode, response.Header)
	}
	messages := make(chan server.Freshness)
	go func() {
		defer close(messages)
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue
			}
			var f server.Freshness
			if err := json.Unmarshal([]byte(data), &f); err != nil {
				t.Error(err)
			}
			messages <- f
		}
	}()
	next := func(what string) server.Freshness {
		t.Helper()
		select {
		case f, ok := <-messages:
			if !ok {
				t.Fatalf("%s: the stream has ended", what)
			}
			return f
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: no message", what)
		}
		panic("not reached")
	}
	publish := func() {
		t.Helper()
		if err := b.live.CatchUp(context.Background(), strata.At(b.now())); err != nil {
			t.Fatal(err)
		}
	}
	first := next("the beginning")
	b.wait(2 * time.Second)
	b.importFile("more.csv", ordersMapping, "类型,单号,订单号,会员号,时间,金额,门店\n销售,n1,n1,M059,2026-07-01 10:30:01,10,朝阳店\n")
	publish()
	order := next("an order")
	if order.Publish <= first.Publish || !order.AsOf.After(first.AsOf) || !order.DataUntil.Equal(time.Date(2026, 7, 1, 10, 30, 1, 0, shanghai)) {
		t.Errorf("an order: %+v after %+v", order, first)
	}
	b.wait(2 * time.Second)
	b.apply(strings.Replace(definitions, "times: {at_least: 2}", "times: {at_least: 1}", 1))
	publish()
	if defined := next("definitions"); defined.DefinitionsVersion <= order.DefinitionsVersion {
		t.Errorf("definitions: %+v after %+v", defined, order)
	}
	b.wait(24 * time.Hour)
	publish()
	if day := next("a day"); day.AsOf.Day() != 2 {
		t.Errorf("a day later: %+v", day)
	}
	select {
	case f := <-messages:
		t.Errorf("nothing has happened, but %+v", f)
	case <-time.After(1500 * time.Millisecond):
	}

	stopped := make(chan error, 1)
	go func() { stopped <- b.server.Stop(context.Background()) }()
	select {
	case err := <-stopped:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the server waits for the stream")
	}
	if f, open := <-messages; open {
		t.Errorf("after the end: %+v", f)
	}
}
