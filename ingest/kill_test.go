package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"strata"
	"strata/identity"
	"strata/ingest"
	"strata/timeline"
)

const childDir = "STRATA_INGEST_TEST_CHILD" // where the child process imports; see TestKilled

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// child imports DIR/file.csv into DIR/data, as the command line would.
func child(dir string) int {
	t := &testing.T{}
	s := openStage(t, filepath.Join(dir, "data"), vfs.Default, strata.Settings{})
	file, err := ingest.FileSource(filepath.Join(dir, "file.csv"))
	if err != nil {
		return 3
	}
	o := s.options(file, mapping(t, ordersMapping))
	o.BatchRows = 2000
	if _, err := s.importWith(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if s.store.Close() != nil {
		return 3
	}
	return 0
}

// TestKilled: a process that is killed with SIGKILL while it imports, again
// and again, and then left alone, leaves what an undisturbed one leaves.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	var file strings.Builder
	file.WriteString(ordersHeader)
	for i := range 60_000 {
		quantity := strconv.Itoa(1 + i%7)
		if i%1009 == 0 {
			quantity = "x"
		}
		fmt.Fprintf(&file, "A%d,%d,2026-04-01 12:%02d:00,店%d,菜%d,%s,1.50\n", i*7919%21_001, i*7919%21_001%3_001, i%60, i%40, i%300, quantity)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file.csv"), []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	undisturbed := newStage(t, strata.Settings{})
	want, err := undisturbed.importBytes("file.csv", []byte(file.String()), mapping(t, ordersMapping))
	if err != nil {
		t.Fatal(err)
	}

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	kills := 0
	for {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), childDir+"="+dir)
		c.Stderr = os.Stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(50+random.IntN(900))*time.Millisecond, func() {
			if kills < 6 {
				c.Process.Kill()
			}
		})
		err := c.Wait()
		timer.Stop()
		if err == nil {
			break
		}
		if c.ProcessState.Exited() {
			t.Fatalf("the child ended by itself: %v", err)
		}
		kills++
	}
	t.Logf("killed %d times", kills)

	s := openStage(t, filepath.Join(dir, "data"), vfs.Default, strata.Settings{})
	defer s.store.Close()
	var records []ingest.Record
	if err := ingest.Records(s.store, func(r ingest.Record) error { records = append(records, r); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(records) != 1 || records[0].Counts != want.Counts || records[0].State != ingest.Done {
		t.Errorf("records %+v\nwant %+v", records, want.Counts)
	}
	if d := cmp.Diff(undisturbed.dump(), s.dump()); d != "" {
		t.Errorf("facts (-want +got):\n%.2000s", d)
	}
	if d := cmp.Diff(undisturbed.refused(1, "f"), s.refused(1, "f")); d != "" {
		t.Errorf("refused (-want +got):\n%.2000s", d)
	}
}

// openStage opens a data directory on a file system.
func openStage(t testing.TB, dir string, fs vfs.FS, settings strata.Settings) *stage {
	t.Helper()
	mergers := map[byte]timeline.MergeFunc{}
	for k, f := range ingest.Mergers {
		mergers[k] = f
	}
	s := &stage{t: t, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	if s.store, err = timeline.Open(dir, timeline.Options{Settings: settings, FS: fs, CacheBytes: 32 << 20, Mergers: mergers}); err != nil {
		t.Fatal(err)
	}
	if s.identity, err = identity.Open(s.store); err != nil {
		t.Fatal(err)
	}
	return s
}
