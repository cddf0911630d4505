package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"strata"
	"strata/define"
	"strata/measure"
	"strata/server"
)

func (c *call) tierCommand() *cobra.Command {
	cmd := group("tier", "List tiers; show levels, migration, warnings, reviews and times at levels")
	cmd.AddCommand(c.tierListCommand(), c.tierShowCommand(), c.tierMigrationCommand(), c.tierWarningsCommand(), c.tierReviewCommand(), c.tierHistoryCommand())
	return cmd
}

// oneTier takes one NAME, and looks it up.
func (b *business) oneTier(ctx context.Context, name string) (*define.Set, define.Tier, error) {
	_, set, err := b.find(ctx, "tier", name)
	if err != nil {
		return nil, define.Tier{}, err
	}
	return set, set.Tiers[name], nil
}

// listedTier is a tier as `tier list --json` prints it.
type listedTier struct {
	Name    string             `json:"name"`
	Title   server.Text2       `json:"title"`
	Levels  []shownLevel       `json:"levels"` // best first
	Count   int                `json:"count"`  // with a level
	Review  server.ReviewState `json:"review"`
	Raised  []string           `json:"raised"` // warnings recorded as raised
	Heading []string           `json:"ahead"`  // warnings recorded as ahead
}

func (c *call) tierListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the tiers with the sizes of their levels, raised warnings and due reviews", Args: exactly(0, "no arguments"),
		RunE: c.withData(func(ctx context.Context, b *business, _ []string) error {
			set, _, err := b.registry.Published(ctx)
			if err != nil {
				return err
			}
			answer, err := b.engine.At(ctx, c.instant())
			if err != nil {
				return err
			}
			out := []listedTier{}
			for _, name := range keys(set.Tiers) {
				t := set.Tiers[name]
				item := listedTier{Name: name, Title: server.Text2(t.Name), Levels: []shownLevel{}, Count: int(answer.Tiers[name].Holders().GetCardinality()), Raised: []string{}, Heading: []string{}}
				for _, l := range t.Levels {
					item.Levels = append(item.Levels, shownLevel{l.ID, int(answer.Tiers[name].Members(l.ID).GetCardinality())})
				}
				if item.Review, err = b.reviewState(ctx, name, t, c.instant()); err != nil {
					return err
				}
				states, err := b.registry.WarningStates(ctx, name)
				if err != nil {
					return err
				}
				for _, w := range t.Warnings { // states of warnings that are no longer there are not told
					switch states[w.Key()].To {
					case define.Raised:
						item.Raised = append(item.Raised, w.Key())
					case define.Ahead:
						item.Heading = append(item.Heading, w.Key())
					}
				}
				out = append(out, item)
			}
			if c.json {
				return c.printJSON(out)
			}
			for _, t := range out {
				fmt.Fprintf(c.stdout, "%s  %d", t.Name, t.Count)
				for _, l := range t.Levels {
					fmt.Fprintf(c.stdout, "  %s %d", l.ID, l.Count)
				}
				for _, w := range t.Raised {
					fmt.Fprintf(c.stdout, "  [raised: %s]", w)
				}
				for _, w := range t.Heading {
					fmt.Fprintf(c.stdout, "  [ahead: %s]", w)
				}
				if t.Review.Overdue {
					fmt.Fprintf(c.stdout, "  [review overdue since %s]", t.Review.DueAt.Format("2006-01-02"))
				}
				fmt.Fprintln(c.stdout)
			}
			return nil
		}),
	}
}

func (b *business) reviewState(ctx context.Context, name string, t define.Tier, now strata.Instant) (server.ReviewState, error) {
	past, since, err := watching{b.registry}.Reviews(ctx, name)
	return server.NewReviewState(t, past, since, now, b.zone), err
}

// shownTier is a tier as `tier show --json` prints it.
type shownTier struct {
	Name     string             `json:"name"`
	Title    server.Text2       `json:"title"`
	Sentence server.Text2       `json:"sentence"`
	AsOf     string             `json:"as_of"`
	Count    int                `json:"count"`
	Everyone int                `json:"everyone"`
	Levels   []shownTierLevel   `json:"levels"` // best first
	Notes    []server.TierNote  `json:"notes"`
	Review   server.ReviewState `json:"review"`
}

type shownTierLevel struct {
	ID          string       `json:"id"`
	Name        server.Text2 `json:"name"`
	Count       int          `json:"count"`
	Share       float64      `json:"share"`
	Sales       string       `json:"sales"` // of 365 days
	PerHead     string       `json:"value_per_head"`
	Advice      server.Text2 `json:"advice"`
	Service     string       `json:"service"`
	NoAction    bool         `json:"no_action"`
	HeadingDown int          `json:"heading_down"` // within 7 days, if nothing more happens
}

func (c *call) tierShowCommand() *cobra.Command {
	var asOf string
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a tier's levels: size, share, value a head, advice, who is heading down; and notes on its design", Args: exactly(1, "one NAME"),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			at, err := b.asOf(asOf, c.instant())
			if err != nil {
				return err
			}
			set, t, err := b.oneTier(ctx, args[0])
			if err != nil {
				return err
			}
			answer, err := b.engine.Evaluate(ctx, set.Only(define.Ref{Kind: "tier", Name: args[0]}), at)
			if err != nil {
				return err
			}
			sales, err := server.YearSales(ctx, b.engine, set.Catalogue, at)
			if err != nil {
				return err
			}
			down, err := b.engine.HeadingDown(ctx, args[0], at, define.Duration{N: 7, Unit: define.Day})
			if err != nil {
				return err
			}
			weights, all := measure.Weigh(answer.Tiers[args[0]], sales)
			s := shownTier{
				Name: args[0], Title: server.Text2(t.Name), Sentence: server.Text2(set.TierSentence(t, define.SentenceOptions{})), AsOf: b.show(at),
				Count: int(all.People.GetCardinality()), Everyone: int(answer.Everyone.GetCardinality()), Levels: []shownTierLevel{},
				Notes: server.DesignNotes(answer, args[0], sales),
			}
			for i, l := range t.Levels {
				n := weights[i].People.GetCardinality()
				level := shownTierLevel{
					ID: l.ID, Name: server.Text2(l.Name), Count: int(n), Share: weights[i].Share, Sales: weights[i].Sales.String(),
					PerHead: measure.PerHead(weights[i].Sales, int64(n)).String(), Advice: server.Text2(l.Advice), Service: l.Service, NoAction: l.NoAction,
				}
				if down[l.ID] != nil {
					level.HeadingDown = int(down[l.ID].GetCardinality())
				}
				s.Levels = append(s.Levels, level)
			}
			if s.Review, err = b.reviewState(ctx, args[0], t, c.instant()); err != nil {
				return err
			}
			if c.json {
				return c.printJSON(s)
			}
			c.printTier(&s)
			return nil
		}),
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "as of this `instant` (RFC 3339, or a date for 00:00 of that day)")
	return cmd
}

func (c *call) printTier(s *shownTier) {
	fmt.Fprintf(c.stdout, "tier %s as of %s: %d of %d customers have a level\n%s\n", s.Name, s.AsOf, s.Count, s.Everyone, define.Text2(s.Sentence).In(c.lang))
	fmt.Fprintf(c.stdout, "  %-20s %8s %6s %12s %12s %7s\n", "level", "people", "share", "sales 365d", "a head", "falling")
	for _, l := range s.Levels {
		fmt.Fprintf(c.stdout, "  %-20s %8d %5.1f%% %12s %12s %7d", l.ID, l.Count, 100*l.Share, cmp.Or(l.Sales, "-"), cmp.Or(l.PerHead, "-"), l.HeadingDown)
		if advice := define.Text2(l.Advice).In(c.lang); advice != "" {
			fmt.Fprintf(c.stdout, "  %s", advice)
		} else if l.NoAction {
			fmt.Fprint(c.stdout, "  (no action)")
		}
		if l.Service != "" {
			fmt.Fprintf(c.stdout, "  [%s]", l.Service)
		}
		fmt.Fprintln(c.stdout)
	}
	for _, n := range s.Notes {
		fmt.Fprintln(c.stdout, "note:", define.Text2(n.Text).In(c.lang))
	}
	c.printReview(s.Name, s.Review, false)
}

func (c *call) printReview(name string, r server.ReviewState, always bool) {
	switch {
	case r.DueAt == nil:
		if always {
			fmt.Fprintf(c.stdout, "%s has no review period\n", name)
		}
	case r.Overdue:
		fmt.Fprintf(c.stdout, "%s: review every %s, overdue since %s\n", name, r.Every, r.DueAt.Format("2006-01-02"))
	default:
		fmt.Fprintf(c.stdout, "%s: review every %s, due on %s\n", name, r.Every, r.DueAt.Format("2006-01-02"))
	}
}

func (c *call) tierMigrationCommand() *cobra.Command {
	var from, to, cuts string
	cmd := &cobra.Command{
		Use: "migration NAME --from DATE", Short: "Show how customers moved between levels from one date to another", Args: exactly(1, "one NAME"),
		PreRunE: func(*cobra.Command, []string) error {
			switch {
			case from == "":
				return usageError{errors.New("say from when with --from DATE")}
			case cuts != "frozen" && cuts != "own":
				return usageError{errors.New("--cuts is frozen or own")}
			}
			return nil
		},
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			begin, err := b.asOf(from, c.instant())
			if err != nil {
				return atFlag(err, "--from")
			}
			end, err := b.asOf(to, c.instant())
			if err != nil {
				return atFlag(err, "--to")
			}
			if begin >= end {
				return &strata.Error{Code: strata.Invalid, Field: "--from", Message: "the first date is not before the second", Hint: "write an earlier date"}
			}
			if _, _, err := b.oneTier(ctx, args[0]); err != nil {
				return err
			}
			m, err := b.engine.Migrate(ctx, args[0], begin, end)
			if err != nil {
				return err
			}
			out, err := server.NewTierMigration(args[0], m, cuts, b.zone)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(out)
			}
			c.printMigration(&out)
			return nil
		}),
	}
	cmd.Flags().StringVar(&from, "from", "", "the first `date` (RFC 3339, or a date for 00:00 of that day)")
	cmd.Flags().StringVar(&to, "to", "", "the second `date`; default now")
	cmd.Flags().StringVar(&cuts, "cuts", "frozen", "cut points: frozen (those of the first date at both) or own (each date by its own)")
	return cmd
}

// atFlag says of an error of --as-of where the instant was written.
func atFlag(err error, flag string) error {
	var e *strata.Error
	if !errors.As(err, &e) || e.Field != "--as-of" {
		return err
	}
	named := *e
	named.Field = flag
	return &named
}

func (c *call) printMigration(m *server.TierMigration) {
	which := "the cut points of the first date at both"
	if m.Cuts == "own" {
		which = "each date by its own cut points"
	}
	fmt.Fprintf(c.stdout, "tier %s from %s to %s, %s\n", m.Tier, m.From.Format("2006-01-02 15:04"), m.To.Format("2006-01-02 15:04"), which)
	fmt.Fprintf(c.stdout, "  up %d, down %d, stayed %d, entered %d, left %d; of %d with a level at both dates %.1f%% moved up (%.1f%% to %.1f%%)%s\n",
		m.Up, m.Down, m.Stayed, m.Entered, m.Left, m.Rise.Of, 100*m.Rise.Share, 100*m.Rise.Low, 100*m.Rise.High, few(m.Rise.Few))
	fmt.Fprintf(c.stdout, "  %-20s", "from \\ to")
	for _, l := range m.Levels {
		fmt.Fprintf(c.stdout, " %16s", l.ID)
	}
	fmt.Fprintf(c.stdout, " %8s\n", "all")
	for _, from := range m.Levels {
		if from.Before == 0 {
			continue
		}
		fmt.Fprintf(c.stdout, "  %-20s", from.ID)
		fewHere := false
		for _, to := range m.Levels {
			i := slices.IndexFunc(m.Flows, func(f server.MigrationFlow) bool { return f.From == from.ID && f.To == to.ID })
			if i < 0 {
				fmt.Fprintf(c.stdout, " %16s", "")
				continue
			}
			fewHere = m.Flows[i].Few
			fmt.Fprintf(c.stdout, " %8d %6.1f%%", m.Flows[i].Count, 100*m.Flows[i].Share)
		}
		fmt.Fprintf(c.stdout, " %8d%s\n", from.Before, few(fewHere))
	}
	if m.SameCuts {
		fmt.Fprintln(c.stdout, "  both dates have the same cut points")
		return
	}
	x := m.Explained
	fmt.Fprintf(c.stdout, "  new cut points alone put %d at another level (%d up, %d down): %d would not have moved, %d moved elsewhere, %d were taken back\n",
		x.CutsMoved, x.CutsMovedUp, x.CutsMovedDown, x.ByCutsAlone, x.ByBoth, x.MaskedByCuts)
	fmt.Fprintf(c.stdout, "  frozen: up %d, down %d, stayed %d; own: up %d, down %d, stayed %d\n",
		x.Behaviour.Up, x.Behaviour.Down, x.Behaviour.Stayed, x.Own.Up, x.Own.Down, x.Own.Stayed)
	for _, mv := range x.Moves[:min(10, len(x.Moves))] {
		fmt.Fprintf(c.stdout, "      %5d from %s to %s by cut points\n", mv.Count, mv.From, mv.To)
	}
}

func few(is bool) string {
	if is {
		return fmt.Sprintf("  (fewer than %d: read with care)", measure.FewPeople)
	}
	return ""
}

func (c *call) tierReviewCommand() *cobra.Command {
	var note, account string
	cmd := &cobra.Command{
		Use: "review [NAME] [--note TEXT]", Short: "Say when tiers are to be reviewed, or write with --note that one was",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || note != "" && len(args) == 0 {
				return usageError{errors.New("review takes one NAME, and with --note it needs it")}
			}
			return nil
		},
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			set, _, err := b.registry.Published(ctx)
			if err != nil {
				return err
			}
			names := keys(set.Tiers)
			if len(args) == 1 {
				if _, _, err := b.oneTier(ctx, args[0]); err != nil {
					return err
				}
				names = args
			}
			if note != "" {
				by, err := c.by(ctx, b, byFlags{account, note})
				if err != nil {
					return err
				}
				if _, err := b.registry.AddReview(ctx, define.Ref{Kind: "tier", Name: args[0]}, by); err != nil {
					return err
				}
			}
			out := map[string]server.ReviewState{}
			for _, name := range names {
				if out[name], err = b.reviewState(ctx, name, set.Tiers[name], c.instant()); err != nil {
					return err
				}
			}
			if c.json {
				return c.printJSON(out)
			}
			for _, name := range names {
				c.printReview(name, out[name], true)
				if len(args) == 0 {
					continue
				}
				for _, v := range out[name].Past {
					fmt.Fprintf(c.stdout, "  %s  %s  version %d  %s\n", v.At.Format("2006-01-02 15:04"), v.Account, v.Version, v.Note)
				}
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&note, "note", "", "what the review found; writes that it took place now")
	cmd.Flags().StringVar(&account, "account", "", "the console `account` that reviewed (default: "+author+")")
	return cmd
}

func (c *call) tierHistoryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "history NAME", Short: "Show how long customers are at each level, from histories", Args: exactly(1, "one NAME"),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			_, t, err := b.oneTier(ctx, args[0])
			if err != nil {
				return err
			}
			now := c.instant()
			if err := b.live.CatchUp(ctx, now); err != nil {
				return err
			}
			times, err := server.TimesAtLevels(b.live, args[0], now)
			if err != nil {
				return err
			}
			type shownTime struct {
				ID         string   `json:"id"`
				Stays      int      `json:"stays"`
				MedianDays *float64 `json:"median_days"`
			}
			out := []shownTime{}
			for _, l := range t.Levels {
				out = append(out, shownTime{l.ID, times[l.ID].Stays, times[l.ID].MedianDays})
			}
			if c.json {
				return c.printJSON(map[string]any{"since": b.show(b.live.Since()), "levels": out})
			}
			fmt.Fprintf(c.stdout, "times at the levels of %s that began since %s\n", args[0], b.show(b.live.Since()))
			for _, l := range out {
				median := "less than half are known to end"
				if l.MedianDays != nil {
					median = fmt.Sprintf("median %.1f days", *l.MedianDays)
				}
				if l.Stays == 0 {
					median = "-"
				}
				fmt.Fprintf(c.stdout, "  %-20s %8d  %s\n", l.ID, l.Stays, median)
			}
			return nil
		}),
	}
}
