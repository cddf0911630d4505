// Command bench measures Strata against ClickHouse and DuckDB on one workload.
// README.md says what is measured, and how.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

const usage = `usage: bench measure|growth|definitions [FLAG...]`

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet("bench "+args[0], flag.ContinueOnError)
	var c Config
	flags.IntVar(&c.Customers, "customers", 1_000_000, "`number` of customers")
	flags.IntVar(&c.Events, "events", 50_000_000, "`number` of events")
	flags.Uint64Var(&c.Seed, "seed", 1, "`seed` of the workload")
	flags.IntVar(&c.Deliveries, "deliveries", 12, "`number` of parts in which the events arrive, one after the other in time")
	flags.IntVar(&c.Threads, "threads", runtime.NumCPU(), "`number` of threads of each engine")
	flags.IntVar(&c.Repeats, "repeats", 5, "how `often` what is measured warm is repeated; the best counts")
	flags.StringVar(&c.Dir, "dir", "work", "`directory` for data, which are removed")
	flags.BoolVar(&c.Keep, "keep", false, "leave the data there, and use those that such a run has left")
	peers := flags.String("peers", "", "clickhouse, duckdb or both, with a comma")
	results := flags.String("results", "", "`file` to write results to, as JSON")
	largest := flags.Int("largest", 1_000_000, "growth: the largest `number` of customers, of 100000, 1000000 and 10000000")
	if args[0] == "step" { // measure calls itself
		return childStep(ctx, args[1:])
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 || c.Customers < 1 || c.Events < c.Customers || c.Deliveries < 1 || c.Threads < 1 || c.Repeats < 1 {
		return errors.New(usage + "; numbers are at least 1, and events at least one a customer")
	}
	switch args[0] {
	case "measure":
		c.Dir = filepath.Join(c.Dir, "measure")
		names := slices.DeleteFunc(strings.Split(*peers, ","), func(s string) bool { return s == "" })
		return measure(ctx, &c, names, *results)
	case "growth":
		c.Dir = filepath.Join(c.Dir, "growth")
		return growth(ctx, &c, *largest, *results)
	case "definitions":
		return writeDefinitions("definitions")
	}
	return errors.New(usage)
}

func writeDefinitions(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "d80.yaml"), D80File(), 0o644), os.WriteFile(filepath.Join(dir, "rest.yaml"), RestFile(), 0o644))
}

func writeJSON(file string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
