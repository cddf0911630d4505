package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"strata"
	"strata/define"
	"strata/ingest"
	"strata/registry"
)

// definitionKinds are the kinds of definitions, as arguments.
var definitionKinds = []string{"tag", "segment", "tier", "list", "score", "strategy"}

func (c *call) governCommands() []*cobra.Command {
	return []*cobra.Command{c.definitionCommand(), c.usedByCommand(), c.attributeCommand(), c.wordsCommand(), c.settingsCommand()}
}

// checkMapped refuses a mapping that fills a sensitive attribute that is off.
func (b *business) checkMapped(ctx context.Context, set *define.Set, m *ingest.Mapping) error {
	demands, err := b.registry.Governance(ctx)
	if err != nil {
		return err
	}
	mapped := m.Attributes()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(mapped)) {
		if set.Catalogue.Guarded(name) && !demands.On[name] {
			errs = append(errs, &strata.Error{Code: strata.Invalid, Field: mapped[name], Message: "attribute " + name + " is sensitive and off", Hint: define.TurnOn(name)})
		}
	}
	return errors.Join(errs...)
}

// notInForce is a hint for a name that is not published: it may be paused, or
// in the bin.
func (b *business) notInForce(ctx context.Context, kind, name string) (string, error) {
	all, err := b.registry.Definitions(ctx, registry.Paused, registry.Deleted)
	for _, d := range all {
		switch {
		case d.Ref.Name != name || kind != "" && d.Ref.Kind != kind:
		case d.State == registry.Paused:
			return fmt.Sprintf("the %s is paused: strata definition resume %s %s", d.Ref.Kind, d.Ref.Kind, name), err
		default:
			return fmt.Sprintf("the %s is in the bin: strata definition restore %s %s", d.Ref.Kind, d.Ref.Kind, name), err
		}
	}
	return "", err
}

// byFlags are the flags of a command whose doing the audit keeps.
type byFlags struct{ account, reason string }

func (f *byFlags) on(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.account, "account", "", "the console `account` that does it (default: "+author+")")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for the audit")
}

// by says who does something now. An account must be there.
func (c *call) by(ctx context.Context, b *business, f byFlags) (registry.By, error) {
	name, err := b.actor(ctx, f.account)
	return registry.By{Account: cmp.Or(name, author), At: c.instant(), Reason: strings.TrimSpace(f.reason)}, err
}

// actor is the name of an account as it is stored, "" for none.
func (b *business) actor(ctx context.Context, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	a, err := b.registry.Account(ctx, name)
	return a.Name, err
}

// oneDefinition takes KIND NAME.
func oneDefinition(kinds ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 2 || !slices.Contains(kinds, args[0]) {
			return usageError{fmt.Errorf("%s takes a kind (%s) and a NAME", cmd.CommandPath()[len("strata "):], strings.Join(kinds, ", "))}
		}
		return nil
	}
}

func (c *call) definitionCommand() *cobra.Command {
	cmd := group("definition", "List, pause, resume, delete, restore and roll back definitions")
	cmd.AddCommand(
		c.definitionsCommand("list", "List the definitions with their states", registry.Published, registry.Paused),
		c.definitionsCommand("bin", "List what was deleted and can be restored", registry.Deleted),
		c.moveCommand("pause", "Take a definition out of force and keep it", "paused", (*registry.Registry).Pause),
		c.moveCommand("resume", "Bring a paused definition back into force", "in force again", (*registry.Registry).Resume),
		c.moveCommand("delete", "Put a definition into the bin", "in the bin; `strata definition restore` brings it back", (*registry.Registry).Delete),
		c.moveCommand("restore", "Take a definition out of the bin", "in force again", (*registry.Registry).Restore),
		c.purgeCommand(), c.versionsCommand(), c.rollbackCommand(),
	)
	return cmd
}

// group is a command that only holds others.
func group(use, short string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q; `strata %s --help` lists them", args[0], use)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
}

// listed is a definition as `definition list --json` and `bin --json` print it.
type listed struct {
	Kind    string         `json:"kind"`
	Name    string         `json:"name"`
	State   registry.State `json:"state"`
	Version int            `json:"version"`
	Changed string         `json:"changed"`
	By      string         `json:"by"`
	ID      string         `json:"id"`
}

func (c *call) definitionsCommand(use, short string, states ...registry.State) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: exactly(0, "no arguments"),
		RunE: c.withData(func(ctx context.Context, b *business, _ []string) error {
			all, err := b.registry.Definitions(ctx, states...)
			if err != nil {
				return err
			}
			out := make([]listed, len(all))
			for i, d := range all {
				out[i] = listed{d.Ref.Kind, d.Ref.Name, d.State, d.Version, b.show(d.Changed), d.Author, d.ID}
			}
			if c.json {
				return c.printJSON(out)
			}
			for _, d := range out {
				fmt.Fprintf(c.stdout, "%-9s %-8s %-32s version %d of %s by %s\n", d.State, d.Kind, d.Name, d.Version, d.Changed, d.By)
			}
			return nil
		}),
	}
}

// moveCommand moves a definition into another state.
func (c *call) moveCommand(use, short, done string, move func(*registry.Registry, context.Context, define.Ref, registry.By) (uint64, error)) *cobra.Command {
	var flags byFlags
	cmd := &cobra.Command{
		Use: use + " KIND NAME", Short: short, Args: oneDefinition(definitionKinds...),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			by, err := c.by(ctx, b, flags)
			if err != nil {
				return err
			}
			ref := define.Ref{Kind: args[0], Name: args[1]}
			version, err := move(b.registry, ctx, ref, by)
			if err != nil {
				return b.suggestName(ctx, ref, err)
			}
			if c.json {
				return c.printJSON(map[string]any{"kind": ref.Kind, "name": ref.Name, "done": use, "version": version})
			}
			fmt.Fprintf(c.stdout, "%s is %s (version %d)\n", ref, done, version)
			return nil
		}),
	}
	flags.on(cmd)
	return cmd
}

// suggestName adds to an error of a name that is not there those that are.
func (b *business) suggestName(ctx context.Context, ref define.Ref, err error) error {
	var e *strata.Error
	if strata.CodeOf(err) != strata.NotFound || !errors.As(err, &e) || e.Hint != "" {
		return err
	}
	all, listErr := b.registry.Definitions(ctx)
	var names []string
	for _, d := range all {
		if d.Ref.Kind == ref.Kind && d.Ref.Name != ref.Name {
			names = append(names, d.Ref.Name)
		}
	}
	named := *e
	named.Hint = define.DidYouMean(ref.Name, names)
	return errors.Join(&named, listErr)
}

func (c *call) purgeCommand() *cobra.Command {
	var flags byFlags
	var yes bool
	cmd := &cobra.Command{
		Use: "purge KIND NAME --yes", Short: "Remove what is in the bin under a name for ever", Args: oneDefinition(definitionKinds...),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			if !yes {
				return usageError{fmt.Errorf("nothing was removed; with --yes the %s %s, its versions and calibrations are gone for ever", args[0], args[1])}
			}
			by, err := c.by(ctx, b, flags)
			if err != nil {
				return err
			}
			ref := define.Ref{Kind: args[0], Name: args[1]}
			if err := b.registry.Purge(ctx, ref, by); err != nil {
				var e *strata.Error
				if strata.CodeOf(err) == strata.NotFound && errors.As(err, &e) {
					named := *e
					named.Hint = "only what is in the bin can be purged; `strata definition bin` lists it"
					err = &named
				}
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"kind": ref.Kind, "name": ref.Name, "done": "purge"})
			}
			fmt.Fprintf(c.stdout, "%s is gone for ever\n", ref)
			return nil
		}),
	}
	flags.on(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "remove without asking")
	return cmd
}

// user is a definition that uses another, as `used-by --json` prints it.
type user struct {
	Kind  string         `json:"kind"`
	Name  string         `json:"name"`
	State registry.State `json:"state"`
}

func (c *call) usedByCommand() *cobra.Command {
	return &cobra.Command{
		Use: "used-by KIND NAME", Short: "List what uses a definition, an attribute or an event", Args: oneDefinition(append(slices.Clone(definitionKinds), "attribute", "event")...),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			ref := define.Ref{Kind: args[0], Name: args[1]}
			if err := b.known(ctx, ref); err != nil {
				return err
			}
			uses, err := b.registry.UsedBy(ctx, ref)
			if err != nil {
				return err
			}
			users := make([]user, len(uses))
			for i, u := range uses {
				users[i] = user{u.Ref.Kind, u.Ref.Name, u.State}
			}
			if c.json {
				return c.printJSON(map[string]any{"kind": ref.Kind, "name": ref.Name, "used_by": users})
			}
			if len(users) == 0 {
				fmt.Fprintf(c.stdout, "nothing uses %s\n", ref)
			}
			for _, u := range users {
				fmt.Fprintf(c.stdout, "%-9s %-8s %s\n", u.State, u.Kind, u.Name)
			}
			return nil
		}),
	}
}

// known refuses a name of nothing that is published or paused.
func (b *business) known(ctx context.Context, ref define.Ref) error {
	set, _, err := b.registry.Published(ctx)
	if err != nil {
		return err
	}
	missing := &strata.Error{Code: strata.NotFound, Field: ref.String(), Message: "there is no " + ref.String()}
	switch ref.Kind {
	case "attribute", "event":
		if _, ok := set.Catalogue.Entry(ref); ok {
			return nil
		}
		names := slices.Collect(maps.Keys(set.Catalogue.Attributes))
		if ref.Kind == "event" {
			names = slices.Collect(maps.Keys(set.Catalogue.Events))
		}
		missing.Hint = define.DidYouMean(ref.Name, names)
		return missing
	}
	demands, err := b.registry.Governance(ctx)
	if err != nil || set.Has(ref) || slices.Contains(demands.Paused, ref) {
		return err
	}
	return b.suggestName(ctx, ref, missing)
}

func (c *call) attributeCommand() *cobra.Command {
	cmd := group("attribute", "Turn sensitive attributes on and off")
	cmd.AddCommand(c.attributesCommand(), c.enableCommand(), c.disableCommand())
	return cmd
}

// sensitiveAttribute is one as `attribute list --json` prints it.
type sensitiveAttribute struct {
	Name   string       `json:"name"`
	Title  define.Text2 `json:"-"`
	On     bool         `json:"on"`
	By     string       `json:"by,omitempty"`
	At     string       `json:"at,omitempty"`
	Reason string       `json:"reason,omitempty"`
}

func (c *call) attributesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the sensitive attributes, and who turned which on, when and why", Args: exactly(0, "no arguments"),
		RunE: c.withScratch(func(ctx context.Context, b *business, _ []string) error {
			set, _, err := b.registry.Published(ctx)
			if err != nil {
				return err
			}
			on, err := b.registry.AttributesOn(ctx)
			if err != nil {
				return err
			}
			all := map[string]sensitiveAttribute{}
			for name, a := range set.Catalogue.Attributes {
				if set.Catalogue.Guarded(name) {
					all[name] = sensitiveAttribute{Name: name, Title: a.Name}
				}
			}
			for _, a := range on {
				all[a.Name] = sensitiveAttribute{Name: a.Name, Title: set.Catalogue.Attributes[a.Name].Name, On: true, By: a.By.Account, At: b.show(a.By.At), Reason: a.By.Reason}
			}
			out := []sensitiveAttribute{}
			for _, name := range keys(all) {
				out = append(out, all[name])
			}
			if c.json {
				return c.printJSON(out)
			}
			for _, a := range out {
				state := "off"
				if a.On {
					state = fmt.Sprintf("on since %s by %s: %s", a.At, a.By, a.Reason)
				}
				fmt.Fprintf(c.stdout, "%-20s %s  %s\n", a.Name, a.Title.In(c.lang), state)
			}
			return nil
		}),
	}
}

func (c *call) enableCommand() *cobra.Command {
	var flags byFlags
	cmd := &cobra.Command{
		Use: "enable NAME --reason TEXT", Short: "Let definitions and mappings use a sensitive attribute", Args: exactly(1, "one NAME"),
		PreRunE: func(*cobra.Command, []string) error {
			if strings.TrimSpace(flags.reason) == "" {
				return usageError{errors.New("say with --reason why the business needs the attribute; the audit keeps it")}
			}
			return nil
		},
		RunE: c.with(func(ctx context.Context, b *business, args []string) error {
			set, _, err := b.registry.Published(ctx)
			if err != nil {
				return err
			}
			name := args[0]
			attribute, known := set.Catalogue.Attributes[name]
			switch {
			case known && !set.Catalogue.Guarded(name):
				return &strata.Error{Code: strata.Invalid, Field: name, Message: "the attribute can be used as it is: it is not sensitive, or on from the start"}
			case !known:
				if hint := define.DidYouMean(name, keys(set.Catalogue.Attributes)); strings.HasPrefix(hint, "did you mean") {
					return &strata.Error{Code: strata.NotFound, Field: name, Message: "the catalogue has no such attribute", Hint: hint}
				}
			}
			by, err := c.by(ctx, b, flags)
			if err != nil {
				return err
			}
			if err := b.registry.EnableAttribute(ctx, name, by); err != nil {
				return err
			}
			if !known {
				fmt.Fprintf(c.stderr, "warning: %s: the catalogue has no such attribute yet; it will be on when a file declares it\n", name)
			}
			if c.json {
				return c.printJSON(sensitiveAttribute{Name: name, On: true, By: by.Account, At: b.show(by.At), Reason: by.Reason})
			}
			fmt.Fprintf(c.stdout, "attribute %s is on\n", strings.TrimSpace(name+" "+attribute.Name.In(c.lang)))
			return nil
		}),
	}
	flags.on(cmd)
	return cmd
}

func (c *call) disableCommand() *cobra.Command {
	var flags byFlags
	cmd := &cobra.Command{
		Use: "disable NAME", Short: "Turn a sensitive attribute off again, where nothing uses it", Args: exactly(1, "one NAME"),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			by, err := c.by(ctx, b, flags)
			if err != nil {
				return err
			}
			if err := b.registry.DisableAttribute(ctx, args[0], by); err != nil {
				return err
			}
			if c.json {
				return c.printJSON(sensitiveAttribute{Name: args[0]})
			}
			fmt.Fprintf(c.stdout, "attribute %s is off; what was stored of it stays stored\n", args[0])
			return nil
		}),
	}
	flags.on(cmd)
	return cmd
}
