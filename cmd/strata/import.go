package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"strata"
	"strata/define"
	"strata/identity"
	"strata/ingest"
	"strata/timeline"
)

// mergers are those of the stages that keep merged values in the store.
func mergers() map[byte]timeline.MergeFunc {
	out := map[byte]timeline.MergeFunc{}
	for first, merge := range ingest.Mergers {
		out[first] = merge
	}
	return out
}

// importFile imports a file through a mapping and publishes the catalogue
// entries that the mapping declares. Imports of one data directory run one
// after another.
func (b *business) importFile(ctx context.Context, file ingest.Source, m *ingest.Mapping, dryRun bool, now func() time.Time, progress func(ingest.Progress)) (ingest.Report, error) {
	b.importing.Lock()
	defer b.importing.Unlock()
	if !dryRun {
		if err := b.declare(ctx, m, strata.At(now())); err != nil {
			return ingest.Report{}, err
		}
	}
	batch := b.store.NewBatch()
	return ingest.Import(ctx, ingest.Options{
		File: file, Mapping: m, Settings: b.settings, Store: b.store, Identity: b.people, Normalise: identity.Normalise,
		Now: now, Progress: progress, DryRun: dryRun,
		Update: func(sync bool, fill func(strata.Batch) error) error {
			batch.Reset()
			if err := fill(batch); err != nil {
				return err
			}
			return b.store.Commit(batch, sync)
		},
		Append: func(batch strata.Batch, c strata.CustomerID, events []strata.Event, attributes []strata.Attribute, source string, imp uint32) error {
			return b.store.Append(batch, c, timeline.Facts{Events: events, Attributes: attributes, Source: source, Import: imp, Fragment: uint32(c)})
		},
	})
}

// declare publishes what a mapping adds to the catalogue, so that definitions
// may speak of it.
func (b *business) declare(ctx context.Context, m *ingest.Mapping, at strata.Instant) error {
	declared := m.Catalogue()
	if len(declared.Events) == 0 && len(declared.Attributes) == 0 {
		return nil
	}
	text := define.PrintYAML(&define.Set{Catalogue: declared})
	d, err := b.draft(ctx, m.Name(), text)
	if err != nil {
		return err
	}
	_, err = b.apply(ctx, d, at)
	return err
}

func (b *business) mapping(ctx context.Context, name string, text []byte) (*ingest.Mapping, error) {
	set, _, err := b.registry.Published(ctx)
	if err != nil {
		return nil, err
	}
	return ingest.ParseMapping(name, text, &set.Catalogue)
}

func (c *call) importCommand() *cobra.Command {
	var mapFile string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "import FILE --map MAP.yaml", Short: "Import a CSV file; without --map, print a mapping to start from", Args: exactly(1, "one FILE"),
		RunE: c.with(func(ctx context.Context, b *business, args []string) error {
			file, err := ingest.FileSource(c.path(args[0]))
			if err != nil {
				return err
			}
			file.Name = args[0]
			if mapFile == "" {
				return c.suggest(ctx, b, file)
			}
			text, err := os.ReadFile(c.path(mapFile))
			if err != nil {
				return &strata.Error{Code: strata.Invalid, Field: mapFile, Message: "the mapping cannot be read", Cause: err}
			}
			m, err := b.mapping(ctx, mapFile, text)
			if err != nil {
				return err
			}
			show := c.progress(filepath.Base(args[0]))
			report, err := b.importFile(ctx, file, m, dryRun, c.now, show.update)
			show.stop()
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(jsonReport{report.Record, report.DryRun, report.Resumed, report.Unused, report.Warnings, report.Elapsed.Seconds()})
			}
			c.printReport(report)
			return nil
		}),
	}
	cmd.Flags().StringVar(&mapFile, "map", "", "mapping `FILE` that says what the columns mean")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would happen and write nothing")
	return cmd
}

// suggest prints a draft of a mapping.
func (c *call) suggest(ctx context.Context, b *business, file ingest.Source) error {
	header, err := ingest.ReadHeader(file)
	if err != nil {
		return err
	}
	set, _, err := b.registry.Published(ctx)
	if err != nil {
		return err
	}
	source, _, _ := strings.Cut(filepath.Base(file.Name), ".")
	if _, err := c.stdout.Write(ingest.Suggest(source, header, &set.Catalogue)); err != nil {
		return err
	}
	fmt.Fprintf(c.stderr, "nothing was imported: look over this draft, save it, and import with --map\n")
	return nil
}

// jsonReport is what `import --json` prints.
type jsonReport struct {
	ingest.Record
	DryRun   bool     `json:"dry_run"`
	Resumed  bool     `json:"resumed"`
	Unused   []string `json:"unused_columns,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Seconds  float64  `json:"seconds"`
}

func (c *call) printReport(r ingest.Report) {
	w := c.stdout
	switch {
	case r.DryRun:
		fmt.Fprintf(w, "dry run of %s: nothing was written\n", r.File)
	case r.Resumed:
		fmt.Fprintf(w, "import %d of %s went on where it had stopped and is done in %s\n", r.ID, r.File, r.Elapsed.Round(10*time.Millisecond))
	default:
		fmt.Fprintf(w, "import %d of %s done in %s\n", r.ID, r.File, r.Elapsed.Round(10*time.Millisecond))
	}
	fmt.Fprintf(w, "  rows        %10d  taken %d, skipped %d, refused %d\n", r.Rows, r.Taken, r.Skipped, r.Refused)
	fmt.Fprintf(w, "  events      %10d  new (%d repeated)\n", r.Events, r.Repeated)
	if r.Attributes > 0 {
		fmt.Fprintf(w, "  attributes  %10d  new\n", r.Attributes)
	}
	fmt.Fprintf(w, "  customers   %10d  new, %d updated, %d unchanged\n", r.NewCustomers, r.UpdatedCustomers, r.UnchangedCustomers)
	for _, s := range r.Skips {
		fmt.Fprintf(w, "  skipped %d: %s\n", s.Count, s.Because)
	}
	for _, f := range r.Refusals {
		fmt.Fprintf(w, "  refused %d: ", f.Count)
		if f.Field != "" {
			fmt.Fprintf(w, "%s: ", f.Field)
		}
		fmt.Fprintf(w, "%s (first in line %d: %q)", f.Reason, f.Line, f.Example)
		if f.Hint != "" {
			fmt.Fprintf(w, "; %s", f.Hint)
		}
		fmt.Fprintln(w)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintln(c.stderr, "warning:", warning)
	}
	if len(r.Unused) > 0 {
		fmt.Fprintf(c.stderr, "columns not used: %s\n", strings.Join(r.Unused, ", "))
	}
	if r.Refused > 0 && !r.DryRun {
		fmt.Fprintf(c.stderr, "the refused rows are kept: strata imports refused %d\n", r.ID)
	}
}

// shownProgress is a bar on a terminal, JSON lines elsewhere, or nothing.
type shownProgress struct {
	update func(ingest.Progress)
	stop   func()
}

func (c *call) progress(name string) shownProgress {
	switch {
	case c.quiet:
		return shownProgress{nil, func() {}}
	case !c.terminal:
		var last time.Time
		lines := json.NewEncoder(c.stderr)
		return shownProgress{func(p ingest.Progress) {
			if now := c.now(); now.Sub(last) >= time.Second {
				last = now
				lines.Encode(map[string]any{"file": name, "phase": p.Phase, "read": p.Read, "total": p.Total, "rows": p.Rows})
			}
		}, func() {}}
	}
	bars := mpb.New(mpb.WithOutput(c.stderr), mpb.WithWidth(40), mpb.WithAutoRefresh())
	var bar *mpb.Bar
	var phase string
	return shownProgress{func(p ingest.Progress) {
		if p.Phase != phase {
			if bar != nil {
				bar.Abort(true)
			}
			phase = p.Phase
			bar = bars.AddBar(p.Total, mpb.BarRemoveOnComplete(),
				mpb.PrependDecorators(decor.Name(name+" "+p.Phase+" ")),
				mpb.AppendDecorators(decor.Percentage(), decor.Name(" "), decor.CountersKibiByte("% .1f / % .1f")))
		}
		bar.SetCurrent(p.Read)
	}, func() {
		if bar != nil {
			bar.Abort(true)
		}
		bars.Wait()
	}}
}

func (c *call) importsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "imports", Short: "List imports and the rows they refused"}
	cmd.RunE = c.with(func(ctx context.Context, b *business, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("imports takes no arguments, or: refused ID")}
		}
		records := []ingest.Record{}
		err := ingest.Records(b.store, func(r ingest.Record) error { records = append(records, r); return nil })
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(records)
		}
		for _, r := range records {
			fmt.Fprintf(c.stdout, "%4d  %-11s  %s  %s: rows %d, events %d, refused %d\n", r.ID, r.State, b.show(r.Started), r.File, r.Rows, r.Events, r.Refused)
		}
		return nil
	})
	var asCSV bool
	refused := &cobra.Command{
		Use: "refused ID", Short: "Print the refused rows of an import with their reasons (--csv: as they stood, to be corrected)", Args: exactly(1, "the ID of an import"),
		RunE: c.with(func(ctx context.Context, b *business, args []string) error {
			record, err := b.importRecord(args[0])
			if err != nil {
				return err
			}
			if asCSV {
				return ingest.WriteRefused(c.stdout, b.store, record)
			}
			lines := json.NewEncoder(c.stdout)
			lines.SetEscapeHTML(false)
			return ingest.Refused(b.store, record.ID, 0, func(r ingest.RefusedRow) error {
				if c.json {
					return lines.Encode(map[string]any{"row": r.Row, "line": r.Line, "field": r.Field, "reason": r.Reason, "hint": r.Hint, "raw": r.Raw})
				}
				_, err := fmt.Fprintf(c.stdout, "line %d: %s: %s; %s\n    %s\n", r.Line, r.Field, r.Reason, r.Hint, r.Raw)
				return err
			})
		}),
	}
	refused.Flags().BoolVar(&asCSV, "csv", false, "as CSV, to be corrected and imported")
	cmd.AddCommand(refused)
	return cmd
}

func (b *business) importRecord(text string) (ingest.Record, error) {
	id, err := strconv.ParseUint(text, 10, 32)
	var found *ingest.Record
	if err == nil {
		err = ingest.Records(b.store, func(r ingest.Record) error {
			if r.ID == uint32(id) {
				found = &r
			}
			return nil
		})
		if err != nil {
			return ingest.Record{}, err
		}
	}
	if found == nil {
		return ingest.Record{}, &strata.Error{Code: strata.NotFound, Field: text, Message: "there is no such import", Hint: "`strata imports` lists them"}
	}
	return *found, nil
}
