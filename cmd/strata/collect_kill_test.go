package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"strata"
)

var collectKills = flag.Int("collect-kills", 3, "how often TestCollectKill kills the server")

// sentBatch is a batch that a sender has sent, perhaps several times.
type sentBatch struct {
	number int
	events int
	acked  bool
}

// TestCollectKill sends batches to a server that is killed with SIGKILL at
// random moments, and started again. Senders send again what was not
// acknowledged, as SDKs do, and give up on some: at the end each acknowledged
// batch must be there once and whole, and each other one whole or not at all.
// `go test ./cmd/strata -run TestCollectKill -collect-kills 200 -timeout 0`
// goes on for long.
func TestCollectKill(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d; draw it again with -kill-seed %[1]d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	data := filepath.Join(t.TempDir(), "data")
	s := serve(t, data)
	key := writeKey(t, data, "app")

	var base atomic.Pointer[string]
	base.Store(&s.base)
	var next atomic.Int64
	var ended atomic.Bool
	var mu sync.Mutex
	var all []sentBatch
	var senders sync.WaitGroup
	for n := range 6 {
		senders.Go(func() {
			own := rand.New(rand.NewPCG(seed, uint64(100+n)))
			client := &http.Client{Timeout: 20 * time.Second}
			for !ended.Load() {
				b := sentBatch{number: int(next.Add(1)), events: 1 + own.IntN(40)}
				body := batchBody(b)
				for tries := 0; !b.acked; tries++ {
					b.acked = post(client, *base.Load()+"/v1/batch", key, body)
					if !b.acked && (ended.Load() || own.IntN(4) == 0) {
						break // given up
					}
					if !b.acked {
						time.Sleep(time.Duration(own.IntN(40)) * time.Millisecond)
					}
				}
				if b.acked && own.IntN(10) == 0 { // an answer that was lost
					post(client, *base.Load()+"/v1/batch", key, body)
				}
				mu.Lock()
				all = append(all, b)
				mu.Unlock()
			}
		})
	}
	var slowest time.Duration
	for range *collectKills {
		time.Sleep(time.Duration(50+random.IntN(700)) * time.Millisecond)
		s.cmd.Process.Kill()
		s.cmd.Wait()
		began := time.Now()
		s = serve(t, data)
		slowest = max(slowest, time.Since(began))
		base.Store(&s.base)
	}
	time.Sleep(200 * time.Millisecond)
	ended.Store(true)
	senders.Wait()
	s.interrupt()
	if slowest > 10*time.Second {
		t.Errorf("a server was ready only after %v", slowest)
	}

	b, err := openBusiness(data, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	acked, whole, events := 0, 0, 0
	for _, sent := range all {
		got := map[string]int{}
		for _, side := range []string{"a", "b"} {
			customer, found, err := b.people.Find(strata.Key{Namespace: "user_id", Value: fmt.Sprintf("batch-%d-%s", sent.number, side)})
			if err != nil {
				t.Fatal(err)
			}
			if !found {
				continue
			}
			stored, err := b.store.Events(customer)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range stored {
				got[e.ID]++
			}
		}
		for id, n := range got {
			if n != 1 {
				t.Errorf("event %s is there %d times", id, n)
			}
		}
		switch {
		case len(got) == sent.events:
			whole++
			events += len(got)
		case sent.acked || len(got) != 0:
			t.Errorf("batch %d of %d events (acknowledged: %v) has %d", sent.number, sent.events, sent.acked, len(got))
		}
		if sent.acked {
			acked++
		}
	}
	if acked == 0 {
		t.Fatal("nothing was acknowledged")
	}
	if got := b.stream.Counts()["app"]; got.Accepted != uint64(events) {
		t.Errorf("the counter of the source says %d accepted, %d are there", got.Accepted, events)
	}
	t.Logf("%d kills; of %d batches %d were acknowledged and %d are there; the slowest start took %v", *collectKills, len(all), acked, whole, slowest.Round(time.Millisecond))
}

func batchBody(b sentBatch) []byte {
	var parts []string
	for i := range b.events {
		parts = append(parts, fmt.Sprintf(`{"type":"track","event":"product_viewed","messageId":"%d-%d","userId":"batch-%d-%c","timestamp":"2026-03-01T10:00:00Z","properties":{"sku":"S%d"}}`,
			b.number, i, b.number, 'a'+i%2, i))
	}
	return []byte(`{"batch":[` + strings.Join(parts, ",") + `]}`)
}

// post reports whether a call was acknowledged.
func post(client *http.Client, url, key string, body []byte) bool {
	request, err := http.NewRequest("POST", url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	request.SetBasicAuth(key, "")
	answer, err := client.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK
}
