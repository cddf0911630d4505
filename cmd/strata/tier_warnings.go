package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/spf13/cobra"

	"strata"
	"strata/define"
	"strata/server"
)

// shownWarning is a warning as `tier warnings --json` prints it, all its
// customers by public id.
type shownWarning struct {
	Tier string `json:"tier"`
	server.WarningInfo
	MovedCustomers   []string `json:"moved_customers"`
	HeadingCustomers []string `json:"heading_customers"`
}

func (c *call) tierWarningsCommand() *cobra.Command {
	var asOf string
	var record, log bool
	var after uint64
	cmd := &cobra.Command{
		Use: "warnings [NAME]", Short: "Show warnings on moves with the customers who moved and who are heading there; or with --log what was recorded",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return usageError{errors.New("warnings takes at most one NAME")}
			case log && (record || asOf != ""):
				return usageError{errors.New("--log lists what was recorded; leave out --record and --as-of")}
			}
			return nil
		},
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			set, _, err := b.registry.Published(ctx)
			if err != nil {
				return err
			}
			names := keys(set.Tiers)
			only := ""
			if len(args) == 1 {
				if _, _, err := b.oneTier(ctx, args[0]); err != nil {
					return err
				}
				names, only = args, args[0]
			}
			if log {
				return c.printWarningLog(ctx, b, only, after)
			}
			at, err := b.asOf(asOf, c.instant())
			if err != nil {
				return err
			}
			out := []shownWarning{}
			for _, name := range names {
				if record {
					if _, err := b.recordWarnings(ctx, name, at, c.instant()); err != nil {
						return err
					}
				}
				watched, err := b.engine.Watch(ctx, name, at)
				if err != nil {
					return err
				}
				recorded, err := watching{b.registry}.Warnings(ctx, name)
				if err != nil {
					return err
				}
				for i := range watched {
					w := shownWarning{Tier: name, WarningInfo: server.NewWarning(set, name, &watched[i], at, define.SentenceOptions{}, b.zone)}
					if last, ok := recorded[w.Warning]; ok {
						last.AsOf, last.Found = last.AsOf.In(b.zone), last.Found.In(b.zone)
						w.Recorded = &last
					}
					if w.MovedCustomers, err = b.publicIDs(watched[i].Moved); err != nil {
						return err
					}
					if w.HeadingCustomers, err = b.publicIDs(watched[i].Heading); err != nil {
						return err
					}
					out = append(out, w)
				}
			}
			if c.json {
				return c.printJSON(out)
			}
			for i := range out {
				c.printWarning(&out[i])
			}
			if len(out) == 0 {
				fmt.Fprintln(c.stdout, "no tier watches its moves; write warnings: beside one")
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "as of this `instant` (RFC 3339, or a date for 00:00 of that day)")
	cmd.Flags().BoolVar(&record, "record", false, "write down the states that changed, as the server does once a day")
	cmd.Flags().BoolVar(&log, "log", false, "list the recorded changes of states, by number")
	cmd.Flags().Uint64Var(&after, "after", 0, "with --log: only changes after this `number`")
	return cmd
}

func (b *business) publicIDs(set *roaring.Bitmap) ([]string, error) {
	out := []string{}
	for _, n := range set.ToArray() {
		public, err := b.people.PublicID(strata.CustomerID(n))
		if err != nil {
			return nil, err
		}
		out = append(out, public)
	}
	return out, nil
}

func (c *call) printWarning(w *shownWarning) {
	fmt.Fprintf(c.stdout, "%s  %s  %s\n  %s\n", w.State, w.Tier, w.Warning, define.Text2(w.Sentence).In(c.lang))
	part := func(what string, p server.WarningPart, ids []string) {
		fmt.Fprintf(c.stdout, "  %s %d of %d (%.1f%%, %.1f%% to %.1f%%)%s", what, p.Count, p.Of, 100*p.Share, 100*p.Low, 100*p.High, few(p.Few))
		const most = 10
		for _, id := range ids[:min(most, len(ids))] {
			fmt.Fprintf(c.stdout, " %s", id)
		}
		if len(ids) > most {
			fmt.Fprintf(c.stdout, " and %d more", len(ids)-most)
		}
		fmt.Fprintln(c.stdout)
	}
	part("moved since "+w.Since.Format("2006-01-02")+":", w.Moved, w.MovedCustomers)
	part("heading there by "+w.Until.Format("2006-01-02")+":", w.Heading, w.HeadingCustomers)
}

// loggedAtOnce is how many recorded changes are read at a time.
const loggedAtOnce = 1000

func (c *call) printWarningLog(ctx context.Context, b *business, tier string, after uint64) error {
	for {
		all, err := watching{b.registry}.WarningChanges(ctx, tier, after, loggedAtOnce)
		if err != nil {
			return err
		}
		for _, w := range all {
			w.AsOf, w.Found = w.AsOf.In(b.zone), w.Found.In(b.zone)
			after = w.Number
			if c.json {
				if err := c.printJSONLine(w); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(c.stdout, "%d  %s  %s  %s: %s → %s  (moved %d of %d, heading %d of %d)\n",
				w.Number, w.AsOf.Format("2006-01-02 15:04"), w.Tier, w.Warning, w.From, w.To, w.Moved, w.Was, w.Heading, w.AtLevel)
		}
		if len(all) < loggedAtOnce {
			return nil
		}
	}
}
