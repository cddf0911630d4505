package timeline

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"strata"
)

var (
	cuts  = flag.Int("cuts", 40, "how many places the log is cut at")
	flips = flag.Int("flips", 60, "how many bits are flipped")
)

// contents are the bytes of all files under a directory of a file system, and
// of the files beside it.
func contents(t testing.TB, disk *vfs.MemFS, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, at := range []string{"", dir} {
		names, err := disk.List(at)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			name = path.Join(at, name)
			if info, err := disk.Stat(name); err != nil || info.IsDir() {
				continue
			}
			f, err := disk.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(f)
			if err := errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
			files[name] = b
		}
	}
	return files
}

// diskOf is a file system with these files, of which one has another content.
func diskOf(t testing.TB, dir string, files map[string][]byte, changed string, b []byte) *vfs.MemFS {
	t.Helper()
	disk := vfs.NewMem()
	if err := disk.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if name == changed {
			content = b
		}
		f, err := disk.Create(name, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write(content)
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return disk
}

// commitVisits makes commits of a few customers, each acknowledged.
func commitVisits(t testing.TB, s *Store, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		b := s.NewBatch()
		for c := range strata.CustomerID(3) {
			if err := s.Append(b, c+1, Facts{Source: fmt.Sprint("source ", i%7), Events: []strata.Event{visit(fmt.Sprint(i), strata.Instant(i)*day, fmt.Sprintf("page %d", i))}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Commit(b, true); err != nil {
			t.Fatal(err)
		}
		b.Close()
	}
}

// visitsOf reads everything and returns how many visits each customer has.
func visitsOf(disk vfs.FS) (n int, err error) {
	s, err := Open("customers", Options{FS: disk})
	if err != nil {
		return 0, err
	}
	defer func() {
		if closing := s.Close(); err == nil {
			err = closing
		}
	}()
	if err := s.ScanKeys(nil, nil, func(_, _ []byte) error { return nil }); err != nil {
		return 0, err
	}
	for c := range strata.CustomerID(3) {
		events, err := s.Events(c + 1)
		if err != nil {
			return 0, err
		}
		for i, e := range events {
			if want := fmt.Sprintf("page %d", i); len(e.Properties) != 1 || e.Properties[0].Value.Text != want || e.At != strata.Instant(i)*day {
				return 0, wrong(fmt.Sprintf("customer %d has %v in place %d", c+1, e, i))
			}
		}
		if c > 0 && len(events) != n {
			return 0, wrong(fmt.Sprintf("customer %d has %d visits, the one before %d", c+1, len(events), n))
		}
		n = len(events)
	}
	return n, nil
}

// wrong is the error of an answer that is not what was stored.
type wrong string

func (w wrong) Error() string { return string(w) }

// A log that was cut anywhere in its last 64 KiB either has everything that
// was acknowledged or is refused.
func TestCutLogIsNoticed(t *testing.T) {
	disk := vfs.NewMem()
	s := open(t, "customers", Options{FS: disk})
	const made = 600
	commitVisits(t, s, 0, made)
	files := contents(t, disk, "customers")
	log := ""
	for name, b := range files {
		if strings.HasSuffix(name, ".log") && (log == "" || len(b) > len(files[log])) {
			log = name
		}
	}
	whole := files[log]
	if len(whole) < 64<<10 {
		t.Fatalf("the log has %d bytes only", len(whole))
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for k := range *cuts {
		cut := r.IntN(64 << 10)
		if k < 16 {
			cut = k
		}
		damaged := diskOf(t, "customers", files, log, whole[:len(whole)-cut])
		n, err := visitsOf(damaged)
		if n == made && err == nil && cut == 0 {
			continue
		}
		if err == nil {
			t.Fatalf("%d bytes cut: opened with %d of %d acknowledged commits", cut, n, made)
		}
		wantError(t, err, strata.Unavailable, "are missing", "doctor --accept-loss")
		if _, err := visitsOf(damaged); err == nil {
			t.Fatal("the second start does not notice what the first did")
		}
		accepting, err := Open("customers", Options{FS: damaged, AcceptLoss: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := accepting.Close(); err != nil {
			t.Fatal(err)
		}
		if n, err := visitsOf(damaged); err != nil || n >= made {
			t.Fatalf("after accepting the loss: %d visits, %v", n, err)
		}
	}
}

// Of any bit that turns over, what was acknowledged is there all the same, or
// opening or reading says that something is damaged.
func TestFlippedBitsAreNoticed(t *testing.T) {
	disk := vfs.NewMem()
	s, err := Open("customers", Options{FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	const made = 300
	commitVisits(t, s, 0, 150)
	if err := errors.Join(s.db.Flush(), s.Compact(t.Context())); err != nil {
		t.Fatal(err)
	}
	commitVisits(t, s, 150, made)
	files := contents(t, disk, "customers")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	total := 0
	var names []string
	for name, b := range files {
		names = append(names, name)
		total += len(b)
	}
	seed := rand.Uint64()
	t.Logf("seed %d, %d files of %d bytes", seed, len(names), total)
	r := rand.New(rand.NewPCG(seed, 0))
	noticed := 0
	for range *flips {
		name := names[r.IntN(len(names))] // small files matter as much as large ones
		if len(files[name]) == 0 {
			continue
		}
		b := append([]byte{}, files[name]...)
		bit := r.IntN(8 * len(b))
		b[bit/8] ^= 1 << (bit % 8)
		n, err := visitsOf(diskOf(t, "customers", files, name, b))
		var lie wrong
		switch {
		case errors.As(err, &lie):
			t.Errorf("%s bit %d: %v", name, bit, lie)
		case err != nil:
			noticed++
		case n != made:
			t.Errorf("%s bit %d: %d of %d acknowledged commits, and no word of it", name, bit, n, made)
		}
	}
	t.Logf("%d of %d flips were noticed, the others do no harm", noticed, *flips)
	if noticed == 0 {
		t.Error("no flip was noticed")
	}
}

// While the disk is full, or syncing fails, nothing is acknowledged that a
// crash takes away, and once there is space again the directory serves again.
func TestFullDiskAndFailingSync(t *testing.T) {
	for _, kind := range []struct {
		name string
		when func(op errorfs.Op) bool
		with error
	}{
		{"writing the log", func(op errorfs.Op) bool {
			return strings.HasSuffix(op.Path, ".log") && op.Kind == errorfs.OpFileWrite
		}, syscall.ENOSPC},
		{"syncing the log", func(op errorfs.Op) bool {
			return strings.HasSuffix(op.Path, ".log") && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo)
		}, syscall.EIO},
		{"everything", func(op errorfs.Op) bool { return op.Kind.ReadOrWrite() == errorfs.OpIsWrite }, syscall.ENOSPC},
		{"tables", func(op errorfs.Op) bool {
			return strings.HasSuffix(op.Path, ".sst") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite
		}, syscall.ENOSPC},
		{"the record", func(op errorfs.Op) bool {
			return strings.Contains(op.Path, ".acknowledged") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite
		}, syscall.ENOSPC},
	} {
		t.Run(kind.name, func(t *testing.T) {
			disk := vfs.NewCrashableMem()
			var broken atomic.Bool
			inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
				if broken.Load() && kind.when(op) {
					return kind.with
				}
				return nil
			})
			acknowledged := map[int]bool{}
			next := 0
			commit := func(s *Store) (failed bool) {
				var mu sync.Mutex
				var all sync.WaitGroup
				for range 8 {
					i := next
					next++
					b := s.NewBatch()
					if err := s.Append(b, 1, Facts{Source: "web", Events: []strata.Event{visit(fmt.Sprint(i), strata.Instant(i)*day, fmt.Sprintf("page %d", i))}}); err != nil {
						t.Fatal(err)
					}
					all.Go(func() {
						err := s.Commit(b, true)
						mu.Lock()
						defer mu.Unlock()
						if err == nil {
							acknowledged[i] = true
						} else {
							failed = true
						}
					})
				}
				all.Wait()
				return failed
			}
			s, err := Open("customers", Options{FS: errorfs.Wrap(disk, inject)})
			if err != nil {
				t.Fatal(err)
			}
			if commit(s) {
				t.Fatal("commits fail on a good disk")
			}
			broken.Store(true)
			failed := commit(s)
			if kind.name == "tables" {
				s.db.AsyncFlush() // and it goes on trying
			}
			failed = commit(s) || failed
			broken.Store(false)
			// Where the log itself broke, the process ends and another goes on.
			again := commit(s)
			if !failed && again {
				t.Error("commits fail after space returned, though none failed before")
			}
			crashed := disk.CrashClone(vfs.CrashCloneCfg{})
			after := open(t, "customers", Options{FS: crashed})
			have := map[string]bool{}
			for _, page := range pages(t, after, 1) {
				have[page] = true
			}
			for i := range acknowledged {
				if !have[fmt.Sprintf("page %d", i)] {
					t.Errorf("page %d was acknowledged and is gone", i)
				}
			}
			if commit(after) {
				t.Error("after a new start commits fail")
			}
			s.Close()
		})
	}
}
