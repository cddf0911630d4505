package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"strata"
	"strata/define"
	"strata/demo"
	"strata/ingest"
	"strata/registry"
)

// publishedBefore is how many days before its end the demo's definitions were
// published and calibrated.
const publishedBefore = 60

func (c *call) demoCommand() *cobra.Command {
	var until string
	var members int
	var seed uint64
	var live bool
	var perMinute float64
	cmd := &cobra.Command{
		Use: "demo", Short: "Make a demo business in the data directory", Args: exactly(0, "no arguments"),
		Long: "Makes a demo business in the data directory, where there is none. With --live it then goes on: members order, visit and read at the\n" +
			"present instant, until interrupted. Serve the same data directory in another terminal and watch the console.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if live && !(perMinute > 0 && perMinute <= 6000) {
				return usageError{errors.New("--per-minute: choose a number above 0 and up to 6000")}
			}
			return c.with(func(ctx context.Context, b *business, _ []string) error {
				begun, err := b.demoBegun(ctx)
				there := begun != nil && begun.Done
				switch {
				case err != nil:
					return err
				case begun == nil && b.people.Last() > 0 && live:
					return &strata.Error{Code: strata.Conflict, Field: "--live", Message: c.data + " holds a business that is not the demo, and gets no invented events", Hint: "name another directory with --data"}
				case there && live:
				case there, begun == nil && b.people.Last() > 0:
					fmt.Fprintf(c.stdout, "the data directory %s already holds a business; nothing was made\n", c.data)
					return nil
				case begun != nil:
					fmt.Fprintln(c.stdout, "the demo business that was interrupted goes on")
				default:
					day, err := b.asOf(until, strata.At(c.now()))
					if err != nil {
						return err
					}
					begun = &demoRun{Seed: seed, Members: members, Until: day}
				}
				if !there {
					if err := b.noteDemo(ctx, begun); err != nil {
						return err
					}
					if err := c.makeDemo(ctx, b, demo.Options{Seed: begun.Seed, Members: begun.Members, Until: begun.Until.In(b.zone)}); err != nil {
						return err
					}
					begun.Done = true
					if err := b.noteDemo(ctx, begun); err != nil {
						return err
					}
				}
				if live {
					return c.liveDemo(ctx, b, begun.Seed, perMinute)
				}
				return nil
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&until, "until", "", "the `date` before which the demo ends (default today)")
	cmd.Flags().IntVar(&members, "members", 0, "how many members (default 20,000)")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "the same seed makes the same people")
	cmd.Flags().BoolVar(&live, "live", false, "go on with new events now, until interrupted")
	cmd.Flags().Float64Var(&perMinute, "per-minute", 6, "with --live: how `many` members do something in a minute")
	return cmd
}

// liveBefore is how long before its end the demo's changes are followed, so
// that histories and the list of changes have something to show.
const liveBefore = strata.Instant(14 * 24 * time.Hour / time.Millisecond)

// demoRun is what the registry keeps of the making of a demo business, so that
// one that was interrupted is made to its end.
type demoRun struct {
	Seed    uint64         `json:"seed"`
	Members int            `json:"members"`
	Until   strata.Instant `json:"until"`
	Done    bool           `json:"done"`
}

// demoBegun returns nil where no demo was ever begun here.
func (b *business) demoBegun(ctx context.Context) (*demoRun, error) {
	text, ok, err := b.registry.Setting(ctx, "demo")
	if err != nil || !ok {
		return nil, err
	}
	var run demoRun
	if err := json.Unmarshal([]byte(text), &run); err != nil {
		return nil, fmt.Errorf("reading how the demo was made: %w", err)
	}
	return &run, nil
}

func (b *business) noteDemo(ctx context.Context, run *demoRun) error {
	text, err := json.Marshal(run)
	if err != nil {
		return err
	}
	return b.registry.SetSetting(ctx, "demo", string(text))
}

// makeDemo generates the files of the demo business, imports them as anybody's
// files are imported, publishes its definitions and calibrates them.
func (c *call) makeDemo(ctx context.Context, b *business, o demo.Options) error {
	dir := filepath.Join(b.dir, "demo")
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil { // one may be left of a run that was killed
		return &strata.Error{Code: strata.Unavailable, Message: "no place for the demo's files", Cause: err}
	}
	defer os.RemoveAll(dir)
	timer := c.now()
	lap := func(what string) {
		now := c.now()
		if !c.quiet && !c.json {
			fmt.Fprintf(c.stdout, "  %-28s %5.1f s\n", what, now.Sub(timer).Seconds())
		}
		timer = now
	}
	made, err := demo.Generate(dir, o)
	if err != nil {
		return err
	}
	lap("files generated")
	refused, there := uint64(0), map[string]bool{} // of a run that was interrupted
	err = ingest.Records(b.store, func(r ingest.Record) error {
		there[r.File] = r.State == ingest.Done
		return nil
	})
	if err != nil {
		return err
	}
	for _, f := range made.Files {
		if there[f] {
			continue
		}
		report, err := c.importDemo(ctx, b, filepath.Join(dir, f))
		if err != nil {
			return err
		}
		refused += report.Refused
		lap(f + " imported")
	}
	d, err := b.draft(ctx, "demo/definitions.yaml", demo.Definitions())
	if err != nil {
		return err
	}
	// The demo's definitions were published some time ago, and the cut points
	// have been frozen since.
	at := strata.At(o.Until)
	if _, err := b.apply(ctx, d, define.DayStart(define.DayOf(at, b.zone)-publishedBefore, b.zone)); err != nil {
		return err
	}
	if err := b.pin(ctx); err != nil {
		return err
	}
	if err := b.live.CatchUp(ctx, at-liveBefore); err != nil {
		return err
	}
	lap("definitions computed")
	if err := b.live.CatchUp(ctx, at); err != nil {
		return err
	}
	lap("two weeks followed")
	if c.json {
		return c.printJSON(made)
	}
	events := 0
	for _, n := range made.Events {
		events += n
	}
	fmt.Fprintf(c.stdout, "%s: %d members, %d events until %s (%s refused)\n", define.Text2(demo.Name).In(c.lang), made.Members, events, made.Last.Format(time.DateOnly), rows(refused))
	for _, name := range slices.Sorted(maps.Keys(made.Events)) {
		fmt.Fprintf(c.stdout, "  %-28s %8d\n", name, made.Events[name])
	}
	return nil
}

func (c *call) importDemo(ctx context.Context, b *business, path string) (ingest.Report, error) {
	name := filepath.Base(path)
	mapName, mapping, err := demo.Mapping(name)
	if err != nil {
		return ingest.Report{}, err
	}
	m, err := b.mapping(ctx, mapName, mapping)
	if err != nil {
		return ingest.Report{}, err
	}
	file, err := ingest.FileSource(path)
	if err != nil {
		return ingest.Report{}, err
	}
	file.Name = name
	show := c.progress(name)
	defer show.stop()
	return b.importFile(ctx, importing{file: file, mapping: m, now: c.now, progress: show.update})
}

// pin puts the demo's stories on the dashboard and names the business.
func (b *business) pin(ctx context.Context) error {
	var pins []registry.Pin
	for _, s := range demo.Stories {
		pins = append(pins, registry.Pin{Customer: s.Member, Title: define.Text2(s.Title), Note: define.Text2(s.Text)})
	}
	if err := b.registry.SetPins(ctx, pins); err != nil {
		return err
	}
	return b.registry.SetBusiness(ctx, define.Text2(demo.Name))
}
