package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"strata"
)

func (c *call) benchCommand() *cobra.Command {
	cmd := group("bench", "Measure a running server")
	cmd.AddCommand(c.benchIngestCommand())
	return cmd
}

// load is what is sent to a server.
type load struct {
	url         string
	key         string
	batch       int // events of a call; 1 = calls of one
	connections int
	customers   int
	duration    time.Duration
	seed        uint64
}

// loadReport is what came of it. Milliseconds are of whole calls that were
// taken.
type loadReport struct {
	Batch       int            `json:"batch"`
	Connections int            `json:"connections"`
	Seconds     float64        `json:"seconds"`
	Events      int            `json:"events"` // acknowledged
	PerSecond   float64        `json:"events_per_second"`
	P50         float64        `json:"p50_ms"`
	P99         float64        `json:"p99_ms"`
	Max         float64        `json:"max_ms"`
	Statuses    map[string]int `json:"statuses"` // calls by HTTP status; 0 = no answer
	SyncsPerSec float64        `json:"syncs_per_second,omitempty"`
}

func (c *call) benchIngestCommand() *cobra.Command {
	var l load
	var syncDir string
	cmd := &cobra.Command{
		Use: "ingest --url URL --key WRITE-KEY", Short: "Send events to a running server as fast as it takes them, and print how many and how fast", Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if l.key == "" || l.batch < 1 || l.connections < 1 || l.customers < 1 || l.duration <= 0 {
				return usageError{errors.New("give --key, and numbers of at least 1")}
			}
			report, err := l.run(cmd.Context())
			if err != nil {
				return err
			}
			if syncDir != "" {
				if report.SyncsPerSec, err = syncsPerSecond(c.path(syncDir)); err != nil {
					return err
				}
			}
			if c.json {
				return c.printJSONLine(report)
			}
			fmt.Fprintf(c.stdout, "%d connections, calls of %d: %.0f events/s acknowledged for %.1f s; a call takes %.1f ms (p50), %.1f ms (p99), %.1f ms at most; calls by status %v\n",
				report.Connections, report.Batch, report.PerSecond, report.Seconds, report.P50, report.P99, report.Max, report.Statuses)
			if syncDir != "" {
				fmt.Fprintf(c.stdout, "%s takes %.0f synced writes/s one after the other\n", syncDir, report.SyncsPerSec)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&l.url, "url", "http://127.0.0.1:8080", "`URL` of the server")
	cmd.Flags().StringVar(&l.key, "key", "", "`WRITE-KEY` of a source made for this: what is sent stays")
	cmd.Flags().IntVar(&l.batch, "batch", 100, "events of a call; 1 = calls of one event")
	cmd.Flags().IntVar(&l.connections, "connections", 16, "`number` of connections that send one call after the other")
	cmd.Flags().IntVar(&l.customers, "customers", 100_000, "`number` of customers")
	cmd.Flags().DurationVar(&l.duration, "duration", 10*time.Second, "how long")
	cmd.Flags().Uint64Var(&l.seed, "seed", 1, "`seed` of who does what")
	cmd.Flags().StringVar(&syncDir, "sync", "", "also measure how many synced writes a second this `directory` takes")
	return cmd
}

func (l *load) run(ctx context.Context) (loadReport, error) {
	client := &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{
		MaxIdleConnsPerHost: l.connections, DisableCompression: true,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
	}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, l.duration)
	defer cancel()
	var mu sync.Mutex
	report := loadReport{Batch: l.batch, Connections: l.connections, Statuses: map[string]int{}}
	var took []time.Duration
	var senders sync.WaitGroup
	began := time.Now()
	for n := range l.connections {
		senders.Go(func() {
			s := sender{load: l, client: client, random: rand.New(rand.NewPCG(l.seed, uint64(n))), prefix: fmt.Sprintf("%x-%d-", began.UnixNano(), n), statuses: map[int]int{}}
			for ctx.Err() == nil {
				s.call(ctx)
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, s.took...)
			report.Events += len(s.took) * l.batch
			for status, count := range s.statuses {
				report.Statuses[strconv.Itoa(status)] += count
			}
		})
	}
	senders.Wait()
	report.Seconds = time.Since(began).Seconds()
	if len(took) == 0 {
		return report, &strata.Error{Code: strata.Unavailable, Field: "--url", Message: fmt.Sprintf("the server took nothing: calls by status %v", report.Statuses), Hint: "is it running, and the write key in force?"}
	}
	report.PerSecond = float64(report.Events) / report.Seconds
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[min(len(took)-1, int(share*float64(len(took))))].Microseconds()) / 1000
	}
	report.P50, report.P99, report.Max = at(0.5), at(0.99), at(1)
	return report, nil
}

// sender is one connection.
type sender struct {
	*load
	client   *http.Client
	random   *rand.Rand
	prefix   string // of its messageIds
	sent     int
	body     []byte
	took     []time.Duration
	statuses map[int]int
}

// call sends one call. One that the server has no room for is sent again
// after a moment, as SDKs do.
func (s *sender) call(ctx context.Context) {
	path := "/v1/batch"
	s.body = s.body[:0]
	if s.batch == 1 {
		path = "/v1/track"
		s.event()
	} else {
		s.body = append(s.body, `{"batch":[`...)
		for i := range s.batch {
			if i > 0 {
				s.body = append(s.body, ',')
			}
			s.event()
		}
		s.body = append(s.body, "]}"...)
	}
	for ctx.Err() == nil {
		request, err := http.NewRequest(http.MethodPost, s.url+path, bytes.NewReader(s.body))
		if err != nil {
			s.statuses[0]++
			return
		}
		request.SetBasicAuth(s.key, "")
		began := time.Now()
		answer, err := s.client.Do(request)
		if err != nil {
			s.statuses[0]++
			time.Sleep(50 * time.Millisecond)
			continue
		}
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		s.statuses[answer.StatusCode]++
		if err == nil && answer.StatusCode == http.StatusOK {
			s.took = append(s.took, time.Since(began))
			return
		}
		select {
		case <-time.After(time.Duration(50+s.random.IntN(100)) * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

var benchProducts = []string{"毛肚", "虾滑", "酸梅汤", "米饭", "肥牛", "豆腐", "鸭血", "宽粉"}

func (s *sender) event() {
	s.sent++
	b := append(s.body, `{"type":"track","event":"product_viewed","userId":"u`...)
	b = strconv.AppendInt(b, int64(s.random.IntN(s.customers)), 10)
	b = append(append(b, `","messageId":"`...), s.prefix...)
	b = strconv.AppendInt(b, int64(s.sent), 10)
	b = append(b, `","timestamp":"`...)
	b = time.Now().UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, `","properties":{"sku":"S`...)
	b = strconv.AppendInt(b, int64(s.random.IntN(500)), 10)
	b = append(append(b, `","product":"`...), benchProducts[s.random.IntN(len(benchProducts))]...)
	b = append(b, `","price":`...)
	b = strconv.AppendInt(b, int64(s.random.IntN(300)), 10)
	b = append(b, `.50,"channel":"app"},"context":{"library":{"name":"strata-bench","version":"1"}}}`...)
	s.body = b
}

// syncsPerSecond measures how many writes of 4 KiB, each synced, a directory
// takes in a second, one after the other.
func syncsPerSecond(dir string) (float64, error) {
	f, err := os.CreateTemp(dir, "sync-*")
	if err != nil {
		return 0, &strata.Error{Code: strata.Unavailable, Field: "--sync", Message: "no file can be made in " + filepath.Base(dir), Cause: err}
	}
	defer os.Remove(f.Name())
	defer f.Close()
	page := make([]byte, 4096)
	n, began := 0, time.Now()
	for ; time.Since(began) < time.Second; n++ {
		_, err := f.Write(page)
		if err == nil {
			err = f.Sync()
		}
		if err != nil {
			return 0, &strata.Error{Code: strata.Unavailable, Field: "--sync", Message: "the directory takes no synced writes", Cause: err}
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
}
