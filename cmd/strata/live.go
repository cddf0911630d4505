package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"strata"
	"strata/compute"
)

// resultsDir is where, under the data directory, snapshots of what is
// published are kept.
func resultsDir(dir string) string { return filepath.Join(dir, "results") }

// public is the public id of a customer, or the number where there is none.
func (b *business) public(c strata.CustomerID) string {
	if c == 0 {
		return ""
	}
	id, err := b.people.PublicID(c)
	if err != nil {
		return fmt.Sprintf("number %d", c)
	}
	return id
}

func (c *call) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Evaluate everyone anew and compare with what is published", Args: exactly(0, "no arguments"),
		Long: "Publishes what has happened up to now, evaluates every definition for everyone anew, and compares values, memberships, levels,\n" +
			"timers and the ends of histories. Differences are printed by customer; the exit code is 1 if there is one.",
		RunE: c.withData(func(ctx context.Context, b *business, _ []string) error {
			found, err := b.live.Verify(ctx, c.instant())
			if err != nil {
				return err
			}
			if err := c.printVerified(b, found); err != nil {
				return err
			}
			if n := len(found.Differences) + found.More; n > 0 {
				return &strata.Error{Code: strata.Conflict, Message: fmt.Sprintf("%d differences between what is published and what the facts say", n),
					Hint: "that is a bug or damage: keep a copy of the data directory and report it; removing " + resultsDir(c.data) + " computes everything anew"}
			}
			return nil
		}),
	}
}

type shownDifference struct {
	Customer  string `json:"customer"`
	Kind      string `json:"kind,omitempty"`
	Name      string `json:"name,omitempty"`
	What      string `json:"what"`
	Published string `json:"published"`
	Computed  string `json:"computed"`
}

func (c *call) printVerified(b *business, found *compute.Verified) error {
	list := make([]shownDifference, len(found.Differences))
	for i, d := range found.Differences {
		list[i] = shownDifference{b.public(d.Customer), d.Kind, d.Name, d.What, d.Published, d.Computed}
	}
	if c.json {
		return c.printJSON(map[string]any{
			"as_of": b.show(found.AsOf), "customers": found.Customers, "values": found.Cells, "history_entries": found.Entries,
			"differences": list, "more": found.More,
		})
	}
	for _, d := range list {
		fmt.Fprintf(c.stdout, "%s %s %s: %s published %q, computed %q\n", d.Customer, d.Kind, d.Name, d.What, d.Published, d.Computed)
	}
	fmt.Fprintf(c.stdout, "%d customers, %d values and %d entries of histories compared as of %s: %d differences\n",
		found.Customers, found.Cells, found.Entries, b.show(found.AsOf), len(list)+found.More)
	return nil
}

// shownChange is a change as `changes --json` prints it, one a line.
type shownChange struct {
	Number    uint64          `json:"number"`
	Customer  string          `json:"customer"`
	At        string          `json:"at"`
	Published string          `json:"published"`
	Cause     string          `json:"cause"`
	Moves     []publishedMove `json:"moves"`
}

type publishedMove struct {
	Kind string     `json:"kind"`
	Name string     `json:"name"`
	From shownValue `json:"from"`
	To   shownValue `json:"to"`
}

func (c *call) changesCommand() *cobra.Command {
	var after uint64
	var limit int
	cmd := &cobra.Command{
		Use: "changes", Short: "List what changed: who entered, left and moved, in the order in which it was published", Args: exactly(0, "no arguments"),
		RunE: c.withData(func(ctx context.Context, b *business, _ []string) error {
			if limit < 0 {
				return usageError{errors.New("--limit: choose a number above 0, or 0 for all")}
			}
			if err := b.live.CatchUp(ctx, c.instant()); err != nil {
				return err
			}
			n := 0
			var failed error
			err := b.live.Changes(after, func(x *strata.Change) bool {
				if n++; limit > 0 && n > limit || ctx.Err() != nil {
					return false
				}
				failed = c.printChange(b, x)
				return failed == nil
			})
			return cmp.Or(err, failed, ctx.Err())
		}),
	}
	cmd.Flags().Uint64Var(&after, "after", 0, "only changes after this `number`")
	cmd.Flags().IntVar(&limit, "limit", 0, "at most this many; 0 = all")
	return cmd
}

func (c *call) printChange(b *business, x *strata.Change) error {
	shown := shownChange{Number: x.Number, Customer: b.public(x.Customer), At: b.show(x.At), Published: b.show(x.Published), Cause: x.Cause.String()}
	for _, m := range x.Moves {
		shown.Moves = append(shown.Moves, publishedMove{m.Kind, m.Name, shownValue{m.From}, shownValue{m.To}})
	}
	if c.json {
		return c.printJSONLine(shown)
	}
	for _, m := range x.Moves {
		what := fmt.Sprintf("%s %s: %s → %s", m.Kind, m.Name, orNone(m.From), orNone(m.To))
		if m.Kind == "segment" {
			what = map[bool]string{true: "entered ", false: "left "}[m.To.Bool()] + m.Name
		}
		fmt.Fprintf(c.stdout, "%d  %s  %s  %s  (%s)\n", x.Number, shown.At, shown.Customer, what, shown.Cause)
	}
	return nil
}

func orNone(v strata.Value) string { return cmp.Or(v.String(), "–") }

func (c *call) historyCommand() *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use: "history CUSTOMER NAME", Short: "List a customer's changes of a segment, tier or dynamic tag, in event time", Args: exactly(2, "a CUSTOMER and a NAME"),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			ref, _, err := b.find(ctx, kind, args[1])
			if err != nil {
				return err
			}
			customer, err := b.customer(args[0])
			if err != nil {
				return err
			}
			if err := b.live.CatchUp(ctx, c.instant()); err != nil {
				return err
			}
			if !b.live.Follows(ref) {
				return &strata.Error{Code: strata.Invalid, Field: ref.Kind + "s." + ref.Name, Message: "only the last value of this tag is kept",
					Hint: "write change: dynamic in its definition to keep every change from then on; explain --as-of answers for any past instant"}
			}
			list, err := b.live.History(customer, ref)
			if err != nil {
				return err
			}
			if c.json {
				out := []map[string]any{}
				for _, e := range list {
					out = append(out, map[string]any{"at": b.show(e.At), "cause": e.Cause.String(), "from": shownValue{e.From}, "to": shownValue{e.To}})
				}
				return c.printJSON(map[string]any{"since": b.show(b.live.Since()), "entries": out})
			}
			for _, e := range list {
				fmt.Fprintf(c.stdout, "%s  %s → %s  (%s)\n", b.show(e.At), orNone(e.From), orNone(e.To), e.Cause)
			}
			if len(list) == 0 {
				fmt.Fprintf(c.stdout, "no change since %s\n", b.show(b.live.Since()))
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&kind, "kind", "", "tag, segment or tier, where several have the name")
	return cmd
}
