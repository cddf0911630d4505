package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/spf13/cobra"

	"strata"
	"strata/audience"
	"strata/publish"
	"strata/registry"
)

// shownPlan is what `plan --json` prints.
type shownPlan struct {
	ID       string      `json:"id"`
	AsOf     string      `json:"as_of"`
	Commits  uint64      `json:"commits"`
	Items    []shownItem `json:"definitions"`
	Affected []shownItem `json:"affected,omitempty"` // published definitions that stand on these, where anything moves
	Notes    []string    `json:"warnings,omitempty"`
}

// shownItem is one definition of a plan. Before and After count members, those
// with a value, or those with a level.
type shownItem struct {
	Kind    string         `json:"kind"`
	Name    string         `json:"name"`
	Change  publish.Change `json:"change"`
	Before  uint64         `json:"before"`
	After   uint64         `json:"after"`
	Enter   uint64         `json:"enter"`
	Leave   uint64         `json:"leave"`
	Changed uint64         `json:"changed,omitempty"` // other value or level than before, of those with one before and after
	Entered []string       `json:"entered,omitempty"` // samples, at most 5
	Left    []string       `json:"left,omitempty"`
	Moves   []shownMove    `json:"moves,omitempty"` // of a tier; "" = no level
}

type shownMove struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Count uint64 `json:"count"`
}

// draft checks a text of definitions over what is published.
func (b *business) draft(ctx context.Context, name string, text []byte) (*publish.Draft, error) {
	return b.publisher.Draft(ctx, name, text, "")
}

// apply publishes a draft as its owner, else as the command line.
func (b *business) apply(ctx context.Context, d *publish.Draft, at strata.Instant) (uint64, error) {
	return b.publisher.Apply(ctx, d, cmp.Or(d.Owner, author), at)
}

// plan is a draft's plan as it is shown.
func (b *business) plan(ctx context.Context, d *publish.Draft, asOf strata.Instant) (*shownPlan, error) {
	p, err := b.publisher.Plan(ctx, d, asOf)
	if err != nil {
		return nil, err
	}
	shown := &shownPlan{ID: p.ID, AsOf: b.show(p.AsOf), Commits: p.Commits}
	for _, w := range d.Warnings {
		shown.Notes = append(shown.Notes, (&strata.Error{Field: w.Field, Message: w.Message, Hint: w.Hint}).Error())
	}
	if shown.Items, err = b.planItems(p.Items); err == nil {
		shown.Affected, err = b.planItems(p.Affected)
	}
	return shown, err
}

func (b *business) planItems(items []publish.Item) ([]shownItem, error) {
	var out []shownItem
	for _, i := range items {
		shown := shownItem{
			Kind: i.Ref.Kind, Name: i.Ref.Name, Change: i.Change, Before: i.Before, After: i.After,
			Enter: i.Entered.GetCardinality(), Leave: i.Left.GetCardinality(), Changed: i.Changed,
		}
		for _, m := range i.Moves {
			shown.Moves = append(shown.Moves, shownMove(m))
		}
		var err error
		if shown.Entered, err = b.sample(i.Entered); err != nil {
			return nil, err
		}
		if shown.Left, err = b.sample(i.Left); err != nil {
			return nil, err
		}
		out = append(out, shown)
	}
	return out, nil
}

func (b *business) sample(set *roaring.Bitmap) ([]string, error) {
	ids, _ := audience.Page(set, 0, 5)
	var out []string
	for _, id := range ids {
		public, err := b.people.PublicID(id)
		if err != nil {
			return nil, err
		}
		out = append(out, public)
	}
	return out, nil
}

func (c *call) planCommand() *cobra.Command {
	var file, asOf, account string
	cmd := &cobra.Command{
		Use: "plan -f FILE", Short: "Show what applying definitions would change", Args: exactly(0, "no arguments but -f FILE"),
		PreRunE: func(*cobra.Command, []string) error { return c.definitionsNamed(file) },
		RunE: c.with(func(ctx context.Context, b *business, _ []string) error {
			at, err := b.asOf(asOf, c.instant())
			if err != nil {
				return err
			}
			d, err := c.readDraft(ctx, b, file, account)
			if err != nil {
				return err
			}
			p, err := b.plan(ctx, d, at)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(p)
			}
			c.printPlan(p)
			return nil
		}),
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "definitions `FILE` (YAML or JSON)")
	cmd.Flags().StringVar(&asOf, "as-of", "", "evaluate as of this `instant` (RFC 3339 or a date)")
	cmd.Flags().StringVar(&account, "account", "", ownerFlag)
	return cmd
}

// ownerFlag says what --account does where definitions are published.
const ownerFlag = "publish for this console `account`, which owns what is new and has no owner"

// definitionsNamed checks that -f names a file, before a data directory is
// made.
func (c *call) definitionsNamed(file string) error {
	if file == "" {
		return usageError{errors.New("name the definitions with -f FILE")}
	}
	return c.isFile(file)
}

// readDraft reads a file of definitions, to be published for an account, or
// with none for nobody.
func (c *call) readDraft(ctx context.Context, b *business, file, account string) (*publish.Draft, error) {
	text, err := c.readFile(file)
	if err != nil {
		return nil, err
	}
	owner, err := b.actor(ctx, account)
	if err != nil {
		return nil, err
	}
	d, err := b.publisher.Draft(ctx, file, text, owner)
	if err == nil && len(d.Refs()) == 0 {
		return nil, &strata.Error{Code: strata.Invalid, Field: file, Message: "the file defines nothing", Hint: "write at least one of catalogue, tags, segments, tiers"}
	}
	return d, err
}

func (c *call) printPlan(p *shownPlan) {
	for _, item := range p.Items {
		fmt.Fprintf(c.stdout, "%s %s %s", map[publish.Change]string{publish.Create: "+", publish.Update: "~", publish.Same: " ", publish.Paused: "-"}[item.Change], item.Kind, item.Name)
		switch {
		case item.Change == publish.Paused:
			fmt.Fprint(c.stdout, "  paused")
		case item.Kind == "tag" || item.Kind == "segment" || item.Kind == "tier":
			c.printCounts(item, item.Kind != "tier") // its moves follow
		}
		fmt.Fprintln(c.stdout)
		if len(item.Entered) > 0 {
			fmt.Fprintf(c.stdout, "      enter, for example %v\n", item.Entered)
		}
		if len(item.Left) > 0 {
			fmt.Fprintf(c.stdout, "      leave, for example %v\n", item.Left)
		}
		if item.Change == publish.Update {
			for _, m := range item.Moves[:min(10, len(item.Moves))] {
				fmt.Fprintf(c.stdout, "      %5d from %s to %s\n", m.Count, cmp.Or(m.From, "-"), cmp.Or(m.To, "-"))
			}
		}
	}
	for _, item := range p.Affected {
		fmt.Fprintf(c.stdout, "> %s %s", item.Kind, item.Name)
		c.printCounts(item, true)
		fmt.Fprintln(c.stdout)
	}
	for _, note := range p.Notes {
		fmt.Fprintln(c.stderr, "warning:", note)
	}
	fmt.Fprintf(c.stdout, "plan %s as of %s\n", p.ID, p.AsOf)
}

func (c *call) printCounts(i shownItem, changed bool) {
	fmt.Fprintf(c.stdout, "  %d -> %d (enter %d, leave %d", i.Before, i.After, i.Enter, i.Leave)
	if changed && i.Changed > 0 {
		fmt.Fprintf(c.stdout, ", change %d", i.Changed)
	}
	fmt.Fprint(c.stdout, ")")
}

func (c *call) applyCommand() *cobra.Command {
	var file, id, account string
	var yes bool
	cmd := &cobra.Command{
		Use: "apply (-f FILE | --plan ID) --yes", Short: "Publish definitions", Args: exactly(0, "no arguments but -f FILE or --plan ID"),
		PreRunE: func(*cobra.Command, []string) error {
			switch {
			case id == "":
				return c.definitionsNamed(file)
			case file != "":
				return usageError{errors.New("give -f FILE or --plan ID, not both")}
			case account != "":
				return usageError{errors.New("a plan is applied for the account it was made for; give --account to `strata plan`")}
			}
			return nil
		},
		RunE: c.with(func(ctx context.Context, b *business, _ []string) error {
			d, asOf, err := c.chosen(ctx, b, file, id, account)
			if err != nil {
				return err
			}
			if err := d.Publishable(); err != nil {
				return err
			}
			p, err := b.plan(ctx, d, asOf)
			if err != nil {
				return err
			}
			if id != "" && p.ID != id { // something came in while it was planned
				return atPlanFlag(publish.Outdated())
			}
			if !yes {
				if c.json {
					err = c.printJSON(p)
				} else {
					c.printPlan(p)
				}
				return errors.Join(err, usageError{fmt.Errorf("nothing was applied; `strata apply --plan %s --yes` applies this plan", p.ID)})
			}
			version, err := b.apply(ctx, d, c.instant())
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(struct {
					*shownPlan
					Version uint64 `json:"version"`
				}{p, version})
			}
			c.printPlan(p)
			if !slices.ContainsFunc(p.Items, func(i shownItem) bool { return i.Change != publish.Same }) {
				fmt.Fprintf(c.stdout, "nothing to apply: all of it is published (version %d)\n", version)
				return nil
			}
			fmt.Fprintf(c.stdout, "applied as version %d\n", version)
			return nil
		}),
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "definitions `FILE` (YAML or JSON)")
	cmd.Flags().StringVar(&id, "plan", "", "apply exactly the plan with this `ID`")
	cmd.Flags().BoolVar(&yes, "yes", false, "apply without asking")
	cmd.Flags().StringVar(&account, "account", "", ownerFlag)
	return cmd
}

// chosen reads what is to be applied: a file as of now, or a plan, which is
// refused when data or definitions have changed since.
func (c *call) chosen(ctx context.Context, b *business, file, id, account string) (*publish.Draft, strata.Instant, error) {
	if id == "" {
		d, err := c.readDraft(ctx, b, file, account)
		return d, c.instant(), err
	}
	d, asOf, err := b.publisher.Planned(ctx, id)
	return d, asOf, atPlanFlag(err)
}

// atPlanFlag says of a plan's error where the plan was named.
func atPlanFlag(err error) error {
	var e *strata.Error
	if !errors.As(err, &e) || e.Field != "plan" {
		return err
	}
	named := *e
	named.Field = "--plan"
	if e.Code == strata.NotFound {
		named.Hint = "make one with `strata plan -f FILE`"
	}
	return &named
}

func (c *call) calibrateCommand() *cobra.Command {
	var at, kind string
	cmd := &cobra.Command{
		Use: "calibrate NAME", Short: "Compute and store the cut points of a definition", Args: exactly(1, "one NAME"),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			instant, err := b.asOf(at, c.instant())
			if err != nil {
				return err
			}
			ref, _, err := b.find(ctx, kind, args[0])
			if err != nil {
				return err
			}
			made, err := b.engine.Calibrate(registry.WithAuthor(ctx, author, c.instant()), ref, instant)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(b.calibration(made))
			}
			fmt.Fprintf(c.stdout, "%s %s: version %d from %s, %d people\n", ref.Kind, ref.Name, made.Version, b.show(made.At), made.People)
			for _, part := range keys(made.Cuts) {
				fmt.Fprintf(c.stdout, "  %s %s\n", cmp.Or(part, "cuts"), cutPoints(made.Cuts[part]))
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&at, "at", "", "effective `instant` (RFC 3339 or a date; default now)")
	cmd.Flags().StringVar(&kind, "kind", "", "tag or tier, where both have the name")
	return cmd
}
