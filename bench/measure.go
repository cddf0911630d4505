package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"syscall"
	"time"
)

// Results are what `make bench` writes beside its table.
type Results struct {
	Workload   Config              `json:"workload"`
	Machine    Machine             `json:"machine"`
	Figures    map[string]Figure   `json:"figures"`
	Compared   map[string][]string `json:"compared"` // by peer: what it gave other than Strata; empty = nothing
	Rows       []Row               `json:"rows"`
	TotalHours float64             `json:"total_hours"`
}

// peer is an engine that is measured beside Strata.
type peer struct {
	name string
	tags []Definition // whose values are compared
	step func(context.Context, *Config, *Findings) error
}

func knownPeers() []peer {
	return []peer{{"clickhouse", Sayable(), clickhouseStep}, {"duckdb", Counts(), duckDBStep}}
}

// measure runs every step and prints the table.
func measure(ctx context.Context, c *Config, peers []string, file string) error {
	var chosen []peer
	for _, name := range peers {
		i := slices.IndexFunc(knownPeers(), func(p peer) bool { return p.name == name })
		if i < 0 {
			return fmt.Errorf("there is no peer %s; there are clickhouse and duckdb", name)
		}
		chosen = append(chosen, knownPeers()[i])
	}
	if slices.Contains(peers, "clickhouse") {
		if err := clickhouseIsInstalled(); err != nil {
			return err
		}
	}
	begun := time.Now()
	r := Results{Workload: *c, Machine: thisMachine(), Figures: map[string]Figure{}, Compared: map[string][]string{}}
	fmt.Printf("%d customers, %d events in %d deliveries, seed %d, %d threads\n%s, %d cores, %.0f MB, %s, %s\n",
		c.Customers, c.Events, c.Deliveries, c.Seed, c.Threads, r.Machine.Processor, r.Machine.Cores, r.Machine.MemoryMB, r.Machine.System, r.Machine.Go)
	found, err := strataSteps(ctx, c)
	if err != nil {
		return err
	}
	if r.Machine.DiskRead, err = diskSpeed(c.strataDir()); err != nil {
		return err
	}
	maps.Copy(r.Figures, found.Figures)
	for _, p := range chosen {
		theirs, err := inProcess(ctx, p.name, c)
		if err != nil {
			return err
		}
		maps.Copy(r.Figures, theirs.Figures)
		r.Compared[p.name] = differences(found, theirs, p.tags)
	}
	r.Machine.LoadLast = firstLine("/proc/loadavg")
	r.TotalHours = time.Since(begun).Hours()
	r.Rows = table(&r)
	printTable(os.Stdout, &r)
	if file != "" {
		if err := writeJSON(file, &r); err != nil {
			return err
		}
	}
	if !c.Keep {
		if err := os.RemoveAll(c.Dir); err != nil {
			return err
		}
	}
	for name, differ := range r.Compared {
		if len(differ) > 0 {
			return fmt.Errorf("%s gives other values than Strata", name)
		}
	}
	return nil
}

// prepare empties the directory, unless it keeps the data of such a run.
func prepare(c *Config) error {
	file := filepath.Join(c.Dir, "data.json")
	data, err := json.Marshal(struct {
		Workload
		Deliveries int
	}{c.Workload, c.Deliveries})
	if err != nil {
		return err
	}
	if kept, err := os.ReadFile(file); c.Keep && err == nil && bytes.Equal(kept, data) {
		return nil
	}
	if err := os.RemoveAll(c.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// strataSteps runs all steps, each in a process of its own.
func strataSteps(ctx context.Context, c *Config) (*Findings, error) {
	if err := prepare(c); err != nil {
		return nil, err
	}
	all := newFindings()
	for _, s := range steps {
		if s.cold {
			if err := dropCache(c.strataDir()); err != nil {
				return nil, err
			}
		}
		found, err := readFindings(c, s.name)
		if !s.once || errors.Is(err, fs.ErrNotExist) {
			found, err = inProcess(ctx, s.name, c)
		}
		if err != nil {
			return nil, err
		}
		maps.Copy(all.Figures, found.Figures)
		maps.Copy(all.Columns, found.Columns)
		maps.Copy(all.Sample, found.Sample)
	}
	return all, nil
}

// inProcess runs a step in a new process and reads what it has found.
func inProcess(ctx context.Context, name string, c *Config) (*Findings, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if name == "duckdb" {
		self += "-duckdb" // with cgo, which nothing of Strata shall be measured with
	}
	config, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	out := findingsFile(c, name)
	fmt.Fprintf(os.Stderr, "== %s\n", name)
	begun := time.Now()
	child := exec.CommandContext(ctx, self, "step", name, string(config), c.Dir, out)
	child.Stdout, child.Stderr = os.Stderr, os.Stderr
	child.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", c.Threads))
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // the child ends with the thread that started it
	defer runtime.UnlockOSThread()
	if err := child.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	fmt.Fprintf(os.Stderr, "== %s: %.1f s\n", name, time.Since(begun).Seconds())
	return readFindings(c, name)
}

func findingsFile(c *Config, step string) string { return filepath.Join(c.Dir, step+".json") }

// readFindings reads what a step has found; fs.ErrNotExist where it has not
// run.
func readFindings(c *Config, step string) (*Findings, error) {
	text, err := os.ReadFile(findingsFile(c, step))
	if err != nil {
		return nil, err
	}
	found := newFindings()
	return found, json.Unmarshal(text, found)
}

// childStep is the other side of inProcess.
func childStep(ctx context.Context, args []string) error {
	if len(args) != 4 {
		return errors.New(usage)
	}
	debug.SetGCPercent(40) // as the product does
	var c Config
	if err := json.Unmarshal([]byte(args[1]), &c); err != nil {
		return err
	}
	c.Dir = args[2]
	found := newFindings()
	fn := stepOf(args[0])
	if fn == nil {
		return errors.New("there is no step " + args[0])
	}
	if dir := os.Getenv("BENCH_PROFILES"); dir != "" {
		profile, err := os.Create(filepath.Join(dir, args[0]+".pprof"))
		if err != nil {
			return err
		}
		defer profile.Close()
		if err := pprof.StartCPUProfile(profile); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if err := fn(ctx, &c, found); err != nil {
		return err
	}
	return writeJSON(args[3], found)
}

func stepOf(name string) func(context.Context, *Config, *Findings) error {
	for _, s := range steps {
		if s.name == name {
			return s.run
		}
	}
	for _, p := range knownPeers() {
		if p.name == name {
			return p.step
		}
	}
	return nil
}
