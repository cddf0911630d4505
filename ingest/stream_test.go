package ingest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"strata"
	"strata/define"
	"strata/identity"
	"strata/ingest"
	"strata/timeline"
)

var (
	streamEvents = flag.Int("stream-events", 3000, "how many events TestStreamOnce sends three times, shuffled, over restarts")
	streamSeed   = flag.Uint64("stream-seed", 0, "draws TestStreamOnce again (default drawn and printed)")
)

// newStream is a stream over the stage's store, by the standard vocabulary.
func (s *stage) newStream() *ingest.Stream {
	s.t.Helper()
	standard := define.Standard()
	stream, err := ingest.NewStream(ingest.StreamOptions{
		Settings: s.store.Settings(), Store: s.store, Update: s.update, Append: s.append, Identity: s.identity, Normalise: identity.Normalise,
		Vocabulary:  func() (ingest.Vocabulary, uint64, error) { return ingest.Vocabulary{Catalogue: &standard}, 1, nil },
		DeleteRange: func(b strata.Batch, from, to []byte) error { return b.(*timeline.Batch).DeleteRange(from, to) },
		Now:         func() time.Time { return s.now },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	stream.Start()
	return stream
}

func (s *stage) call(kind, body string) ingest.Call {
	return ingest.Call{Kind: kind, Body: []byte(body), Sender: ingest.Sender{Name: "app", UserID: "user_id"}, At: strata.At(s.now)}
}

// count returns how many events of each name are stored.
func (s *stage) count() map[string]int {
	s.t.Helper()
	out := map[string]int{}
	for c := strata.CustomerID(1); c <= s.identity.Last(); c++ {
		events, err := s.store.Events(c)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range events {
			out[e.Name]++
		}
	}
	return out
}

// TestStreamOnce sends events three times, shuffled, in batches of any size,
// over restarts and several days: each must count once.
func TestStreamOnce(t *testing.T) {
	seed := *streamSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d; draw it again with -stream-seed %[1]d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	s := newStage(t, defaultSettings)
	n := *streamEvents
	var order []int
	for range 3 {
		order = append(order, random.Perm(n)...)
	}
	// What is sent at first stays within the window of what is sent last.
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	body := func(i int) string {
		return fmt.Sprintf(`{"type":"track","event":"Order Completed","messageId":"m%d","userId":"u%d","originalTimestamp":"2026-04-%02dT10:00:00Z","sentAt":%q,"properties":{"order_id":"o%d","total":%d,"products":[{"sku":"a","price":1},{"sku":"b","price":2}]}}`,
			i, i%(n/4+1), i%28+1, s.now.Format(time.RFC3339Nano), i, i%90)
	}
	stream := s.newStream()
	accepted, repeated := 0, 0
	step := 6 * 24 * time.Hour / time.Duration(len(order)+1)
	for len(order) > 0 {
		size := min(len(order), 1+random.IntN(150))
		var parts []string
		for _, i := range order[:size] {
			parts = append(parts, body(i))
		}
		order = order[size:]
		out, err := stream.Send(s.call("batch", `{"batch":[`+strings.Join(parts, ",")+`]}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range out {
			switch o.Status {
			case ingest.ItemAccepted:
				accepted++
			case ingest.ItemRepeated:
				repeated++
			default:
				t.Fatalf("%+v", o)
			}
		}
		s.now = s.now.Add(step * time.Duration(size))
		if random.IntN(15) == 0 {
			stream.Stop()
			if err := s.store.Close(); err != nil {
				t.Fatal(err)
			}
			s.open(defaultSettings)
			stream = s.newStream()
		}
	}
	stream.Stop()
	if accepted != n || repeated != 2*n {
		t.Errorf("accepted %d, repeated %d, want %d and %d", accepted, repeated, n, 2*n)
	}
	if got := s.count(); got["order_paid"] != n || got["item_bought"] != 2*n {
		t.Errorf("stored %v, want %d orders", got, n)
	}
}

// TestStreamWindow: an id is known for seven days of arrival, those of an
// import for ever, and what is older is dropped from the store.
func TestStreamWindow(t *testing.T) {
	s := newStage(t, defaultSettings)
	stream := s.newStream()
	defer func() { stream.Stop() }()
	send := func(kind, id, want string) {
		t.Helper()
		body := `{"type":"track","event":"product_viewed","messageId":"` + id + `","userId":"u1","timestamp":"2026-04-01T10:00:00Z","properties":{"sku":"a"}}`
		if kind != "track" {
			body = `{"batch":[` + body + `]}`
		}
		out, err := stream.Send(s.call(kind, body))
		if err != nil || len(out) != 1 || out[0].Status != want {
			t.Fatalf("%s at %v: %+v %v, want %s", id, s.now, out, err, want)
		}
	}
	send("track", "a", "accepted")
	send("import", "b", "accepted")
	s.now = s.now.Add(7*24*time.Hour - time.Millisecond)
	send("track", "a", "repeated")
	send("import", "b", "repeated")
	s.now = s.now.Add(time.Millisecond)
	send("track", "a", "accepted")
	send("track", "a", "repeated")
	s.now = s.now.Add(30 * 24 * time.Hour)
	send("track", "b", "repeated")
	send("track", "c", "accepted")
	folds := 0
	if err := s.store.ScanKeys([]byte("fs"), []byte("ft"), func(_, _ []byte) error { folds++; return nil }); err != nil {
		t.Fatal(err)
	}
	if folds != 2 {
		t.Errorf("%d ids are kept, want those of b and c", folds)
	}
}

// TestStreamFails: a commit that fails acknowledges nothing, and what was sent
// is taken when it is sent again.
func TestStreamFails(t *testing.T) {
	s := newStage(t, defaultSettings)
	stream := s.newStream()
	defer stream.Stop()
	body := `{"event":"order_paid","messageId":"a","userId":"u1","properties":{"order_id":"o1","amount":1}}`
	s.failAt = 1
	if out, err := stream.Send(s.call("track", body)); strata.CodeOf(err) != strata.Unavailable || out != nil {
		t.Fatalf("a commit that failed was answered with %+v, %v", out, err)
	}
	if n := s.identity.Last(); len(s.count()) != 0 {
		t.Errorf("%d customers, events %v", n, s.count())
	}
	if out, err := stream.Send(s.call("track", body)); err != nil || out[0].Status != ingest.ItemAccepted {
		t.Fatalf("sent again: %+v, %v", out, err)
	}
	if c := stream.Counts()["app"]; c.Accepted != 1 {
		t.Errorf("counted %+v", c)
	}
}

// TestStreamRoom: bodies beyond the room are not taken, and there is room
// again when the others are answered.
func TestStreamRoom(t *testing.T) {
	s := newStage(t, defaultSettings)
	stream := s.newStream()
	defer stream.Stop()
	var releases []func()
	for {
		release, err := stream.Reserve(1 << 20)
		if err != nil {
			var busy *ingest.Busy
			if !errors.As(err, &busy) || busy.Rate || busy.After <= 0 {
				t.Fatalf("no room: %v", err)
			}
			break
		}
		releases = append(releases, release)
	}
	if len(releases) != 16 {
		t.Errorf("room for %d MiB, want 16", len(releases))
	}
	releases[0]()
	if _, err := stream.Reserve(1 << 20); err != nil {
		t.Errorf("after one was answered: %v", err)
	}
}

// TestStreamTogether: calls of many senders at once, some with the same
// events, count once each.
func TestStreamTogether(t *testing.T) {
	s := newStage(t, defaultSettings)
	stream := s.newStream()
	var senders sync.WaitGroup
	for k := range 8 {
		senders.Go(func() {
			for i := range 60 {
				c := s.call("track", fmt.Sprintf(`{"event":"product_viewed","messageId":"m%d","userId":"u%d","timestamp":"2026-04-01T10:00:00Z","properties":{"sku":"a"}}`, i, i%7))
				if out, err := stream.Send(c); err != nil || out[0].Status != ingest.ItemAccepted && out[0].Status != ingest.ItemRepeated {
					t.Errorf("sender %d: %+v %v", k, out, err)
				}
			}
		})
	}
	senders.Wait()
	stream.Stop()
	if got := s.count()["product_viewed"]; got != 60 {
		t.Errorf("%d events, want 60", got)
	}
}

// FuzzStream reads any bytes as calls of every kind: no panic, and memory in
// proportion to the body.
func FuzzStream(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `{"batch":[{}]}`, `{"batch":[{"type":"track","event":"Order Completed","userId":"u","properties":{"products":[{"price":1e3},[]],"total":"1"}}],"sentAt":"2026-01-01T00:00:00Z"}`,
		`{"event":"x","userId":"\ud83d\ude00","properties":{"a":{"b":[1,{"c":null}]}},"timestamp":1700000000000}`, `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`,
		`{"traits":{"address":{"city":"上海"},"createdAt":"x","firstName":"a"},"anonymousId":"d","type":"identify"}`,
	} {
		f.Add([]byte(seed))
	}
	s := newStage(f, defaultSettings)
	stream := s.newStream()
	f.Cleanup(stream.Stop)
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > ingest.MaxCallBytes {
			return
		}
		ingest.WriteKey(body)
		for _, kind := range []string{"batch", "import", "track", "identify", "page", "screen", "group", "alias"} {
			out, err := stream.Send(ingest.Call{Kind: kind, Body: bytes.Clone(body), Sender: ingest.Sender{Name: "fuzz", UserID: "user_id"}, At: strata.At(s.now)})
			if err != nil && strata.CodeOf(err) != strata.Invalid {
				t.Fatalf("%s: %v", kind, err)
			}
			if err == nil && !json.Valid(body) {
				t.Fatalf("%s: took what is no JSON: %q", kind, body)
			}
			if len(out) > len(body) {
				t.Fatalf("%d outcomes of %d bytes", len(out), len(body))
			}
		}
	})
}

// TestStreamMemory: a body of the largest size, made of the smallest values,
// needs no more than a bounded multiple of it.
func TestStreamMemory(t *testing.T) {
	s := newStage(t, defaultSettings)
	stream := s.newStream()
	defer stream.Stop()
	for _, body := range []string{
		`{"batch":[` + strings.TrimSuffix(strings.Repeat("0,", 9_999), ",") + `]}`,
		`{"batch":[` + strings.TrimSuffix(strings.Repeat(`{"type":"track"},`, 9_999), ",") + `]}`,
		`{"event":"x","userId":"u","properties":{"a":[` + strings.TrimSuffix(strings.Repeat(`{"b":1},`, 60_000), ",") + `]}}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		kind := "batch"
		if strings.HasPrefix(body, `{"event"`) {
			kind = "track"
		}
		if _, err := stream.Send(s.call(kind, body)); err != nil {
			t.Fatalf("%.40s: %v", body, err)
		}
		runtime.ReadMemStats(&after)
		if total := after.TotalAlloc - before.TotalAlloc; total > 200<<20 {
			t.Errorf("%.40s: %d MiB for %d KB", body, total>>20, len(body)>>10)
		}
	}
}

func BenchmarkStream(b *testing.B) {
	s := newStage(b, defaultSettings)
	stream := s.newStream()
	defer stream.Stop()
	random := rand.New(rand.NewPCG(1, 1))
	const size = 1000
	n := 0
	var took []time.Duration
	for b.Loop() {
		var body strings.Builder
		body.WriteString(`{"batch":[`)
		for i := range size {
			if i > 0 {
				body.WriteByte(',')
			}
			n++
			fmt.Fprintf(&body, `{"type":"track","event":"product_viewed","userId":"u%d","messageId":"bench-%d","timestamp":"2026-04-01T10:00:00.000Z","properties":{"sku":"S%d","product":"毛肚","price":%d.50,"channel":"app"},"context":{"library":{"name":"x","version":"1"}}}`,
				random.IntN(100_000), n, n%500, n%300)
		}
		body.WriteString(`]}`)
		began := time.Now()
		if _, err := stream.Send(s.call("batch", body.String())); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/size, "ns/event")
}
