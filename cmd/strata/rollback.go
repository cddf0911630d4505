package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"strata"
	"strata/define"
)

func (c *call) versionsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "versions KIND NAME", Short: "List the versions of a definition, newest first", Args: oneDefinition(definitionKinds...),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			all, err := b.registry.Versions(ctx, args[0], args[1])
			if err != nil {
				return b.suggestName(ctx, define.Ref{Kind: args[0], Name: args[1]}, err)
			}
			if c.json {
				out := []map[string]any{}
				for _, v := range all {
					out = append(out, map[string]any{"version": v.Version, "op": v.Op, "name": v.Name, "at": b.show(v.AppliedAt), "author": v.Author})
				}
				return c.printJSON(out)
			}
			for _, v := range all {
				fmt.Fprintf(c.stdout, "%d  %s  %s  %s  %s\n", v.Version, b.show(v.AppliedAt), v.Op, v.Name, v.Author)
			}
			return nil
		}),
	}
}

// rollbackCommand plans what a definition was at an earlier version, as any
// other draft: plan, then apply.
func (c *call) rollbackCommand() *cobra.Command {
	var account string
	var version int
	var yes bool
	cmd := &cobra.Command{
		Use: "rollback KIND NAME --to VERSION", Short: "Plan, and with --yes publish, what a definition was at an earlier version", Args: oneDefinition(definitionKinds...),
		PreRunE: func(*cobra.Command, []string) error {
			if version < 1 {
				return usageError{errors.New("say which version with --to VERSION; `strata definition versions KIND NAME` lists them")}
			}
			return nil
		},
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			ref := define.Ref{Kind: args[0], Name: args[1]}
			all, err := b.registry.Versions(ctx, ref.Kind, ref.Name)
			if err != nil {
				return b.suggestName(ctx, ref, err)
			}
			body, name := "", ""
			for _, v := range all {
				if v.Version == version {
					body, name = v.Body, v.Name
				}
			}
			field := ref.String() + " version " + strconv.Itoa(version)
			switch {
			case name == "":
				return &strata.Error{Code: strata.NotFound, Field: field, Message: "there is no such version", Hint: "`strata definition versions " + ref.String() + "` lists them"}
			case body == "":
				return &strata.Error{Code: strata.Invalid, Field: field, Message: "that version is the deletion", Hint: "choose the one before it"}
			case name != ref.Name:
				return &strata.Error{Code: strata.Invalid, Field: field, Message: "it was called " + name + " then", Hint: "rename it first, with renamed_from in its definition"}
			}
			owner, err := b.actor(ctx, account)
			if err != nil {
				return err
			}
			d, err := b.publisher.Draft(ctx, field, []byte(body), owner)
			if err != nil {
				return err
			}
			if err := d.Publishable(); err != nil {
				return err
			}
			p, err := b.plan(ctx, d, c.instant())
			if err != nil {
				return err
			}
			if !yes {
				if c.json {
					err = c.printJSON(p)
				} else {
					c.printPlan(p)
				}
				return errors.Join(err, usageError{fmt.Errorf("nothing was applied; `strata apply --plan %s --yes` applies this plan", p.ID)})
			}
			applied, err := b.apply(ctx, d, c.instant())
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(struct {
					*shownPlan
					Version uint64 `json:"version"`
				}{p, applied})
			}
			c.printPlan(p)
			fmt.Fprintf(c.stdout, "applied as version %d\n", applied)
			return nil
		}),
	}
	cmd.Flags().IntVar(&version, "to", 0, "the `version` to go back to")
	cmd.Flags().BoolVar(&yes, "yes", false, "apply without asking")
	cmd.Flags().StringVar(&account, "account", "", ownerFlag)
	return cmd
}
