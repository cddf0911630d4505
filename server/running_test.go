package server_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"strata/server"
)

// TestRunningWhileDataArrive serves on a real listener, computing ahead, while
// orders are imported and several people look; every answer is whole, and
// after Stop nothing answers.
func TestRunningWhileDataArrive(t *testing.T) {
	b := newBusiness(t)
	cookie := b.signedIn() // it holds for the host, whatever the port
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.server.Start(listener)
	b.url = "http://" + listener.Addr().String()

	var looking sync.WaitGroup
	for range 3 {
		looking.Go(func() {
			for _, path := range append(paths, paths...) {
				response, err := cookie.client.Get(b.url + path)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || response.StatusCode != 200 {
					t.Errorf("GET %s: %d %s %v", path, response.StatusCode, body, err)
				}
				b.wait(3 * time.Second)
			}
		})
	}
	for i := range 5 {
		b.importFile(fmt.Sprintf("more%d.csv", i), ordersMapping, fmt.Sprintf("类型,单号,订单号,会员号,时间,金额,门店\n销售,x%d,x%d,M059,2026-06-30 10:00:0%d,10,朝阳店\n", i, i, i))
	}
	looking.Wait()
	b.wait(time.Minute)
	if got := get[server.CustomerDetail](cookie, "/api/v1/customers/M059"); got.Orders != 5 || got.Spend != "50.00" {
		t.Errorf("after five imports: %d orders, %s", got.Orders, got.Spend)
	}

	if err := b.server.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	select {
	case <-b.server.Done():
	default:
		t.Error("stopped, but not done")
	}
	if _, err := http.Get(b.url + "/"); err == nil {
		t.Error("a stopped server answers")
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	for _, path := range []string{"/api/v1/customers", "/api/v1/export", "/"} {
		response, _ := w.do("GET", path, "", "Accept-Encoding", "gzip")
		if response.Header.Get("Content-Encoding") != "gzip" || !slices.Contains(response.Header.Values("Vary"), "Accept-Encoding") {
			t.Errorf("%s: %v", path, response.Header)
		}
	}
}
