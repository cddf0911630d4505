package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/spf13/cobra"

	"strata"
	"strata/audience"
	"strata/compute"
	"strata/define"
	"strata/registry"
)

// plan is what applying a file would change, and what `plan --json` prints.
type plan struct {
	ID      string     `json:"id"`
	AsOf    string     `json:"as_of"`
	Commits uint64     `json:"commits"`
	Items   []planItem `json:"definitions"`
	Notes   []string   `json:"warnings,omitempty"`
}

// planItem is one definition of a plan. Before and After count members, those
// with a value, or those with a level.
type planItem struct {
	Kind    string     `json:"kind"`
	Name    string     `json:"name"`
	Change  string     `json:"change"` // create, update, same
	Before  uint64     `json:"before"`
	After   uint64     `json:"after"`
	Enter   uint64     `json:"enter"`
	Leave   uint64     `json:"leave"`
	Entered []string   `json:"entered,omitempty"` // samples, at most 5
	Left    []string   `json:"left,omitempty"`
	Moves   []planMove `json:"moves,omitempty"` // of a tier; "" = no level
}

type planMove struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Count uint64 `json:"count"`
}

// storedPlan is what `apply --plan ID` needs.
type storedPlan struct {
	File    string         `json:"file"`
	Text    string         `json:"text"`
	AsOf    strata.Instant `json:"as_of"`
	Commits uint64         `json:"commits"`
	Version uint64         `json:"version"`
}

// draft is a checked file against what is published.
type draft struct {
	name     string
	text     []byte
	file     *define.File
	base     *define.Set
	version  uint64
	set      *define.Set
	warnings []define.Warning
}

func (b *business) draft(ctx context.Context, name string, text []byte) (*draft, error) {
	base, version, err := b.registry.Published(ctx)
	if err != nil {
		return nil, err
	}
	file, err := define.Parse(name, text)
	if file == nil {
		return nil, err
	}
	// What Parse found Check finds again, with the rest.
	set, warnings, err := define.Check(base, file, b.settings)
	if err != nil {
		return nil, err
	}
	if err := b.engine.Check(set); err != nil {
		return nil, err
	}
	return &draft{name: name, text: text, file: file, base: base, version: version, set: set, warnings: warnings}, nil
}

func (b *business) plan(ctx context.Context, d *draft, asOf strata.Instant) (*plan, error) {
	before, err := b.engine.At(ctx, asOf)
	if err != nil {
		return nil, err
	}
	after, err := b.engine.Evaluate(ctx, d.set, asOf)
	if err != nil {
		return nil, err
	}
	p := &plan{AsOf: b.show(asOf), Commits: before.Commits}
	for _, w := range d.warnings {
		p.Notes = append(p.Notes, (&strata.Error{Field: w.Field, Message: w.Message, Hint: w.Hint}).Error())
	}
	for _, ref := range d.file.Entries() {
		p.Items = append(p.Items, planItem{Kind: ref.Kind, Name: ref.Name, Change: change(d.base, d.set, ref)})
	}
	for _, ref := range d.file.Refs() {
		item := planItem{Kind: ref.Kind, Name: ref.Name, Change: change(d.base, d.set, ref)}
		if err := b.compare(&item, before, after, ref); err != nil {
			return nil, err
		}
		p.Items = append(p.Items, item)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%d\n%d", d.text, asOf, before.Commits, d.version))
	p.ID = hex.EncodeToString(sum[:8])
	kept, err := json.Marshal(storedPlan{File: d.name, Text: string(d.text), AsOf: asOf, Commits: before.Commits, Version: d.version})
	if err != nil {
		return nil, err
	}
	return p, b.registry.SetSetting(ctx, "plan."+p.ID, string(kept))
}

// change says what applying does to one definition.
func change(base, set *define.Set, ref define.Ref) string {
	if is, ok := set.Catalogue.Entry(ref); ok {
		was, known := base.Catalogue.Entry(ref)
		switch {
		case !known:
			return "create"
		case !reflect.DeepEqual(was, is):
			return "update"
		}
		return "same"
	}
	if !base.Has(ref) {
		return "create"
	}
	was, _ := define.PrintOne(base, ref)
	is, _ := define.PrintOne(set, ref)
	if !bytes.Equal(was, is) {
		return "update"
	}
	return "same"
}

func (b *business) compare(item *planItem, before, after *compute.Answer, ref define.Ref) error {
	was, is := holders(before, ref), holders(after, ref)
	entered, left := roaring.AndNot(is, was), roaring.AndNot(was, is)
	item.Before, item.After = was.GetCardinality(), is.GetCardinality()
	item.Enter, item.Leave = entered.GetCardinality(), left.GetCardinality()
	var err error
	if item.Entered, err = b.sample(entered); err != nil {
		return err
	}
	if item.Left, err = b.sample(left); err != nil {
		return err
	}
	if ref.Kind == "tier" {
		item.Moves = moves(before.Tiers[ref.Name], after.Tiers[ref.Name])
	}
	return nil
}

// holders are the members of a segment, or those with a value or level.
func holders(a *compute.Answer, ref define.Ref) *roaring.Bitmap {
	set := roaring.New()
	switch ref.Kind {
	case "segment":
		if members := a.Segments[ref.Name]; members != nil {
			return members
		}
	case "tag":
		if column := a.Tags[ref.Name]; column != nil {
			for id, v := range column.Values {
				if !v.IsMissing() {
					set.Add(uint32(id))
				}
			}
		}
	case "tier":
		if levels := a.Tiers[ref.Name]; levels != nil {
			for id, level := range levels.Of {
				if level != 0 {
					set.Add(uint32(id))
				}
			}
		}
	}
	return set
}

func moves(before, after *audience.Levels) []planMove {
	counts := map[planMove]uint64{}
	for id := range after.Of {
		from, _ := before.Get(strata.CustomerID(id))
		to, _ := after.Get(strata.CustomerID(id))
		if from != to {
			counts[planMove{From: from, To: to}]++
		}
	}
	var out []planMove
	for move, n := range counts {
		move.Count = n
		out = append(out, move)
	}
	slices.SortFunc(out, func(a, b planMove) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return out
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
	var file, asOf string
	cmd := &cobra.Command{
		Use: "plan -f FILE", Short: "Show what applying definitions would change", Args: exactly(0, "no arguments but -f FILE"),
		PreRunE: func(*cobra.Command, []string) error { return c.definitionsNamed(file) },
		RunE: c.with(func(ctx context.Context, b *business, _ []string) error {
			at, err := b.asOf(asOf, c.instant())
			if err != nil {
				return err
			}
			d, err := c.readDraft(ctx, b, file)
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
	return cmd
}

// definitionsNamed checks that -f names a file, before a data directory is
// made.
func (c *call) definitionsNamed(file string) error {
	if file == "" {
		return usageError{errors.New("name the definitions with -f FILE")}
	}
	if _, err := os.Stat(c.path(file)); err != nil {
		return unreadable(file, err)
	}
	return nil
}

func (c *call) readDraft(ctx context.Context, b *business, file string) (*draft, error) {
	text, err := c.readFile(file)
	if err != nil {
		return nil, err
	}
	d, err := b.draft(ctx, file, text)
	if err == nil && len(d.file.Entries())+len(d.file.Refs()) == 0 {
		return nil, &strata.Error{Code: strata.Invalid, Field: file, Message: "the file defines nothing", Hint: "write at least one of catalogue, tags, segments, tiers"}
	}
	return d, err
}

func (c *call) printPlan(p *plan) {
	for _, item := range p.Items {
		sign := map[string]string{"create": "+", "update": "~", "same": " "}[item.Change]
		fmt.Fprintf(c.stdout, "%s %s %s", sign, item.Kind, item.Name)
		if item.Kind == "tag" || item.Kind == "segment" || item.Kind == "tier" {
			fmt.Fprintf(c.stdout, "  %d -> %d (enter %d, leave %d)", item.Before, item.After, item.Enter, item.Leave)
		}
		fmt.Fprintln(c.stdout)
		if len(item.Entered) > 0 {
			fmt.Fprintf(c.stdout, "      enter, for example %v\n", item.Entered)
		}
		if len(item.Left) > 0 {
			fmt.Fprintf(c.stdout, "      leave, for example %v\n", item.Left)
		}
		if item.Change == "update" {
			for _, m := range item.Moves[:min(10, len(item.Moves))] {
				fmt.Fprintf(c.stdout, "      %5d from %s to %s\n", m.Count, cmp.Or(m.From, "-"), cmp.Or(m.To, "-"))
			}
		}
	}
	for _, note := range p.Notes {
		fmt.Fprintln(c.stderr, "warning:", note)
	}
	fmt.Fprintf(c.stdout, "plan %s as of %s\n", p.ID, p.AsOf)
}

func (c *call) applyCommand() *cobra.Command {
	var file, id string
	var yes bool
	cmd := &cobra.Command{
		Use: "apply (-f FILE | --plan ID) --yes", Short: "Publish definitions", Args: exactly(0, "no arguments but -f FILE or --plan ID"),
		PreRunE: func(*cobra.Command, []string) error {
			switch {
			case id == "":
				return c.definitionsNamed(file)
			case file != "":
				return usageError{errors.New("give -f FILE or --plan ID, not both")}
			}
			return nil
		},
		RunE: c.with(func(ctx context.Context, b *business, _ []string) error {
			d, asOf, err := c.chosen(ctx, b, file, id)
			if err != nil {
				return err
			}
			p, err := b.plan(ctx, d, asOf)
			if err != nil {
				return err
			}
			if id != "" && p.ID != id { // something came in while it was planned
				return errPlanOutdated()
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
					*plan
					Version uint64 `json:"version"`
				}{p, version})
			}
			c.printPlan(p)
			if !slices.ContainsFunc(p.Items, func(i planItem) bool { return i.Change != "same" }) {
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
	return cmd
}

// chosen reads what is to be applied: a file as of now, or a plan, which is
// refused when data or definitions have changed since.
func (c *call) chosen(ctx context.Context, b *business, file, id string) (*draft, strata.Instant, error) {
	if id == "" {
		d, err := c.readDraft(ctx, b, file)
		return d, c.instant(), err
	}
	text, ok, err := b.registry.Setting(ctx, "plan."+id)
	if err != nil {
		return nil, 0, err
	}
	if !ok {
		return nil, 0, &strata.Error{Code: strata.NotFound, Field: "--plan", Message: "there is no plan " + id, Hint: "make one with `strata plan -f FILE`"}
	}
	var kept storedPlan
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return nil, 0, err
	}
	d, err := b.draft(ctx, kept.File, []byte(kept.Text))
	if err != nil {
		return nil, 0, err
	}
	if d.version != kept.Version || b.store.Commits() != kept.Commits {
		return nil, 0, errPlanOutdated()
	}
	return d, kept.AsOf, nil
}

func errPlanOutdated() error {
	return &strata.Error{Code: strata.Conflict, Field: "--plan", Message: "data or definitions have changed since the plan was made", Hint: "plan again and apply the new plan"}
}

// apply publishes a draft and gives every new or changed population kind its
// first calibration, effective at once, if anybody has a value.
func (b *business) apply(ctx context.Context, d *draft, at strata.Instant) (uint64, error) {
	var changed []define.Ref
	var changes []registry.Change
	for _, ref := range append(d.file.Entries(), d.file.Refs()...) {
		if change(d.base, d.set, ref) != "same" {
			changed = append(changed, ref)
			changes = append(changes, registry.Change{Kind: ref.Kind, Name: ref.Name, Op: registry.Update})
		}
	}
	version, err := b.registry.Apply(ctx, d.set, changes, author, at)
	if err != nil {
		return 0, err
	}
	return version, b.calibrateNew(registry.WithAuthor(ctx, author, at), changed, at)
}

// calibrateNew calibrates those of the definitions whose cut points come from
// everyone.
func (b *business) calibrateNew(ctx context.Context, refs []define.Ref, at strata.Instant) error {
	for _, ref := range refs {
		_, err := b.engine.Calibrate(ctx, ref, at)
		if code := strata.CodeOf(err); err != nil && code != strata.NotFound && code != strata.Conflict {
			return err
		}
	}
	return nil
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
