package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// importing is one import to be made.
type importing struct {
	file     ingest.Source
	mapping  *ingest.Mapping
	zone     string // of times that carry none; "" = the business's
	dryRun   bool
	now      func() time.Time
	progress func(ingest.Progress)
}

// importFile imports a file through a mapping and publishes the catalogue
// entries that the mapping declares, once the file has been found readable.
// Imports of one data directory run one after another.
func (b *business) importFile(ctx context.Context, i importing) (ingest.Report, error) {
	b.importing.Lock()
	defer b.importing.Unlock()
	if err := b.declare(ctx, i, false); err != nil {
		return ingest.Report{}, err
	}
	settings := b.settings
	settings.Zone = cmp.Or(i.zone, settings.Zone)
	batch, declared := b.store.NewBatch(), false
	report, err := ingest.Import(ctx, ingest.Options{
		File: i.file, Mapping: i.mapping, Settings: settings, Store: b.store, Identity: b.people, Normalise: identity.Normalise, Erased: b.marks.Erased,
		Now: i.now, Progress: i.progress, DryRun: i.dryRun,
		Update: func(sync bool, fill func(strata.Batch) error) error {
			if !declared {
				if err := b.declare(ctx, i, true); err != nil {
					return err
				}
				declared = true
			}
			b.giving.Lock()
			defer b.giving.Unlock()
			batch.Reset()
			if err := fill(batch); err != nil {
				return err
			}
			return b.store.Commit(batch, sync)
		},
		Append: b.append,
	})
	if err == nil && !i.dryRun && report.Events > compactFrom {
		err = b.store.Compact(ctx) // so that nobody's events are merged each time they are read
	}
	return report, err
}

// undoImport takes back what an import brought.
func (b *business) undoImport(ctx context.Context, id uint32, now strata.Instant, progress func(done, of strata.CustomerID)) (*ingest.Record, error) {
	b.importing.Lock()
	defer b.importing.Unlock()
	batch := b.store.NewBatch()
	return ingest.Undo(ctx, ingest.UndoOptions{
		Store: b.store, Last: b.people.Last(), Now: func() strata.Instant { return now }, ID: id, Progress: progress,
		Update: func(sync bool, fill func(strata.Batch) error) error {
			b.giving.Lock()
			defer b.giving.Unlock()
			batch.Reset()
			if err := fill(batch); err != nil {
				return err
			}
			return b.store.Commit(batch, sync)
		},
		Withdraw: func(batch strata.Batch, c strata.CustomerID, imported uint32) ([]strata.Event, int, error) {
			gone, err := b.store.Withdraw(batch, c, imported)
			return gone.Events, gone.Attributes, err
		},
	})
}

// append is ingest.Appender over the store.
func (b *business) append(batch strata.Batch, c strata.CustomerID, events []strata.Event, attributes []strata.Attribute, source string, imp uint32) error {
	return b.store.Append(batch, c, timeline.Facts{Events: events, Attributes: attributes, Source: source, Import: imp, Fragment: uint32(c)})
}

// compactFrom is how many new events make an import large.
const compactFrom = 50_000

// declare checks what a mapping adds to the catalogue, and with publish
// publishes it, so that definitions may speak of it.
func (b *business) declare(ctx context.Context, i importing, publish bool) error {
	declared := i.mapping.Catalogue()
	if len(declared.Events) == 0 && len(declared.Attributes) == 0 {
		return nil
	}
	d, err := b.draft(ctx, i.mapping.Name(), define.PrintYAML(&define.Set{Catalogue: declared}))
	if err != nil || !publish {
		return err
	}
	_, err = b.apply(ctx, d, strata.At(i.now()))
	return err
}

func (b *business) mapping(ctx context.Context, name string, text []byte) (*ingest.Mapping, error) {
	set, _, err := b.registry.Published(ctx)
	if err != nil {
		return nil, err
	}
	m, err := ingest.ParseMapping(name, text, &set.Catalogue)
	if err != nil {
		return nil, err
	}
	return m, b.checkMapped(ctx, set, m)
}

func (c *call) importCommand() *cobra.Command {
	var mapFile string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "import FILE --map MAP.yaml", Short: "Import a CSV, Excel, JSON lines or Parquet file; without --map, print a mapping to start from", Args: exactly(1, "one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range []string{args[0], mapFile} { // before a data directory is made
				if err := c.isFile(name); name != "" && err != nil {
					return err
				}
			}
			c.readsTimes = true
			with := c.with
			if mapFile == "" || dryRun {
				with = c.withScratch
			}
			return with(func(ctx context.Context, b *business, args []string) error {
				file, err := ingest.FileSource(c.path(args[0]))
				if err != nil {
					return err
				}
				file.Name = args[0]
				if mapFile == "" {
					return c.suggest(ctx, b, file)
				}
				return c.importThrough(ctx, b, file, mapFile, dryRun)
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&mapFile, "map", "", "mapping `FILE` that says what the columns mean")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would happen and write nothing")
	return cmd
}

// importThrough imports a file through the mapping in another and prints the
// report. Refused rows make it Invalid after the others are taken.
func (c *call) importThrough(ctx context.Context, b *business, file ingest.Source, mapFile string, dryRun bool) error {
	text, err := c.readFile(mapFile)
	if err != nil {
		return err
	}
	m, err := b.mapping(ctx, mapFile, text)
	if err != nil {
		return err
	}
	show := c.progress(filepath.Base(file.Name))
	report, err := b.importFile(ctx, importing{file: file, mapping: m, zone: c.zone, dryRun: dryRun, now: c.now, progress: show.update})
	show.stop()
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return &strata.Error{Code: strata.Unavailable, Field: file.Name, Message: "interrupted", Hint: "the same command goes on where this one stopped"}
	}
	if err != nil {
		return err
	}
	if c.json {
		err = c.printJSON(shownReport{b.shownImport(&report.Record), report.DryRun, report.Resumed, report.Unused, report.Warnings, report.Elapsed.Seconds()})
	} else {
		c.printReport(report)
	}
	switch {
	case err != nil || report.Refused == 0:
		return err
	case dryRun:
		return &strata.Error{Code: strata.Invalid, Field: file.Name, Message: rows(report.Refused) + " would be refused", Hint: "correct them, or say in the mapping which to skip and why"}
	}
	return &strata.Error{Code: strata.Invalid, Field: file.Name, Message: fmt.Sprintf("%s refused and kept, %d taken", rows(report.Refused), report.Taken),
		Hint: fmt.Sprintf("see them with `strata imports refused %d`, correct them (--csv prints them as they stood) and import those", report.ID)}
}

func rows(n uint64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprint(n, " rows")
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

// shownImport is one import as `imports --json` prints it.
type shownImport struct {
	ID       uint32 `json:"id"`
	State    string `json:"state"` // running, interrupted, done, undoing, undone
	File     string `json:"file"`
	Size     int64  `json:"size"` // bytes as stored
	Hash     string `json:"hash"` // of the content
	Encoding string `json:"encoding"`
	Source   string `json:"source"`
	Mapping  string `json:"mapping"`
	Started  string `json:"started"`
	Finished string `json:"finished,omitempty"`
	ingest.Counts
	Refusals []ingest.RefusalCount `json:"refusals,omitempty"`
	Skips    []ingest.SkipCount    `json:"skips,omitempty"`
}

// shownReport is what `import --json` prints.
type shownReport struct {
	shownImport
	DryRun   bool     `json:"dry_run"`
	Resumed  bool     `json:"resumed"`
	Unused   []string `json:"unused_columns,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Seconds  float64  `json:"seconds"`
}

func (b *business) shownImport(r *ingest.Record) shownImport {
	s := shownImport{
		ID: r.ID, State: r.State, File: r.File, Size: r.Size, Hash: r.Hash, Encoding: r.Encoding, Source: r.Source, Mapping: r.Mapping,
		Started: b.show(r.Started), Counts: r.Counts, Refusals: r.Refusals, Skips: r.Skips,
	}
	if r.Finished != 0 {
		s.Finished = b.show(r.Finished)
	}
	return s
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
		fmt.Fprintf(w, "%s (first in line %d", f.Reason, f.Line)
		if f.Example != "" {
			fmt.Fprintf(w, ": %q", f.Example)
		}
		fmt.Fprint(w, ")")
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
		var phase string
		var last time.Time
		lines := json.NewEncoder(c.stderr)
		return shownProgress{func(p ingest.Progress) {
			if now := c.now(); p.Phase != phase || now.Sub(last) >= time.Second {
				phase, last = p.Phase, now
				lines.Encode(map[string]any{"file": name, "phase": p.Phase, "read": p.Read, "total": p.Total, "rows": p.Rows})
			}
		}, func() {}}
	}
	// The width is for a terminal behind the socket; one of our own is asked.
	bars := mpb.New(mpb.WithOutput(c.stderr), mpb.WithWidth(cmp.Or(c.columns, 80)), mpb.WithAutoRefresh())
	var bar *mpb.Bar
	var phase string
	return shownProgress{func(p ingest.Progress) {
		if p.Phase != phase {
			if bar != nil {
				bar.Abort(true)
			}
			phase = p.Phase
			bar = bars.AddBar(p.Total, mpb.BarRemoveOnComplete(), mpb.BarWidth(40),
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
	cmd := &cobra.Command{Use: "imports", Short: "List imports and the rows they refused, and undo one", Args: exactly(0, "no arguments, or: refused ID, undo ID")}
	cmd.RunE = c.withData(func(ctx context.Context, b *business, args []string) error {
		all := []shownImport{}
		err := ingest.Records(b.store, func(r ingest.Record) error {
			all = append(all, b.shownImport(&r))
			return nil
		})
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(all)
		}
		for _, i := range all {
			fmt.Fprintf(c.stdout, "%4d  %-11s  %s  %s: rows %d, events %d, refused %d\n", i.ID, i.State, i.Started, i.File, i.Rows, i.Events, i.Refused)
		}
		return nil
	})
	var asCSV bool
	refused := &cobra.Command{
		Use: "refused ID", Short: "Print the refused rows of an import with their reasons (--csv: as they stood, to be corrected)", Args: exactly(1, "the ID of an import"),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
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
				if _, err := fmt.Fprintln(c.stdout, r.Describe(record.File)); err != nil || r.Raw == "" {
					return err
				}
				_, err := fmt.Fprintf(c.stdout, "    %s\n", r.Raw)
				return err
			})
		}),
	}
	refused.Flags().BoolVar(&asCSV, "csv", false, "as CSV, to be corrected and imported")
	cmd.AddCommand(refused, c.undoCommand())
	return cmd
}

func (c *call) undoCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "undo ID", Short: "Take back every event and attribute value that an import brought (--yes: without it, only say what)", Args: exactly(1, "the ID of an import"),
		Long: "Takes back the events and attribute values that an import brought, and forgets that it saw their rows and ids, so that the file can be\n" +
			"imported again. What a later import merely repeated goes too. Customers keep their keys. Segments, levels and histories follow at once.",
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			record, err := b.importRecord(args[0])
			if err != nil {
				return err
			}
			if !yes {
				fmt.Fprintf(c.stdout, "import %d of %s: %d events and %d attribute values would be taken back\nnothing was undone: repeat the command with --yes\n", record.ID, record.File, record.Events, record.Attributes)
				return nil
			}
			shown := time.Time{}
			done, err := b.undoImport(ctx, record.ID, c.instant(), func(done, of strata.CustomerID) {
				if now := c.now(); !c.quiet && now.Sub(shown) > time.Second {
					fmt.Fprintf(c.stderr, "%d of %d customers\n", done, of)
					shown = now
				}
			})
			if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				return &strata.Error{Code: strata.Unavailable, Message: "interrupted", Hint: "the same command goes on where this one stopped"}
			}
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"id": done.ID, "state": done.State, "events": done.Withdrawn.Events, "attributes": done.Withdrawn.Attributes})
			}
			_, err = fmt.Fprintf(c.stdout, "import %d of %s is undone: %d events and %d attribute values were taken back\n", done.ID, done.File, done.Withdrawn.Events, done.Withdrawn.Attributes)
			return err
		}),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "undo it")
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
