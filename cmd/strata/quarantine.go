package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"strata"
	"strata/define"
	"strata/ingest"
	"strata/registry"
)

// heldInfo is one call in the quarantine, or the refused rows of one import.
type heldInfo struct {
	Number    uint64 `json:"number,omitempty"`
	Import    uint32 `json:"import,omitempty"` // rows of a file; see imports refused
	Rows      uint64 `json:"rows,omitempty"`
	Source    string `json:"source"`
	Event     string `json:"event,omitempty"`
	MessageID string `json:"message_id,omitempty"`
	At        string `json:"at"`
	Field     string `json:"field,omitempty"`
	Reason    string `json:"reason"`
	Hint      string `json:"hint,omitempty"`
	Raw       string `json:"raw,omitempty"`
}

func (b *business) heldCall(q ingest.Quarantine) heldInfo {
	return heldInfo{Number: q.Number, Source: q.Source, Event: q.Event, MessageID: q.MessageID, At: b.show(q.At), Field: q.Field, Reason: q.Reason, Hint: q.Hint, Raw: q.Raw}
}

func (c *call) quarantineCommand() *cobra.Command {
	cmd := group("quarantine", "See, mend, replay and discard what sources sent and was not taken")
	cmd.AddCommand(c.quarantineListCommand(), c.replayCommand(), c.discardCommand(), c.proposalsCommand(), c.acceptCommand())
	return cmd
}

func (c *call) quarantineListCommand() *cobra.Command {
	var source string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List what is in the quarantine, and the imports that refused rows", Args: exactly(0, "no arguments"),
		RunE: c.withData(func(ctx context.Context, b *business, _ []string) error {
			all := []heldInfo{}
			enough := errors.New("enough")
			err := ingest.Quarantined(b.store, 0, func(q ingest.Quarantine) error {
				if source != "" && q.Source != source {
					return nil
				}
				if all = append(all, b.heldCall(q)); limit > 0 && len(all) == limit {
					return enough
				}
				return ctx.Err()
			})
			if err != nil && !errors.Is(err, enough) {
				return err
			}
			err = ingest.Records(b.store, func(r ingest.Record) error {
				if r.Refused == 0 || source != "" && r.Source != source {
					return nil
				}
				held := heldInfo{Import: r.ID, Rows: r.Refused, Source: r.Source, At: b.show(r.Started), Reason: "rows of " + r.File, Hint: fmt.Sprintf("see them with `strata imports refused %d`", r.ID)}
				for _, f := range r.Refusals {
					held.Reason += fmt.Sprintf("; %d: %s", f.Count, strings.TrimSpace(f.Field+" "+f.Reason))
				}
				all = append(all, held)
				return nil
			})
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(all)
			}
			for _, h := range all {
				if h.Import != 0 {
					fmt.Fprintf(c.stdout, "import %d  %s  %s: %d %s; %s\n", h.Import, h.At, h.Source, h.Rows, h.Reason, h.Hint)
					continue
				}
				fmt.Fprintf(c.stdout, "%6d  %s  %s  %s: %s", h.Number, h.At, h.Source, h.Event, strings.TrimSpace(h.Field+" "+h.Reason))
				if h.Hint != "" {
					fmt.Fprintf(c.stdout, "; %s", h.Hint)
				}
				fmt.Fprintf(c.stdout, "\n        %s\n", h.Raw)
			}
			if count, _ := b.stream.Waiting(); limit > 0 && int(count) > limit && source == "" {
				fmt.Fprintf(c.stderr, "%d more; --limit 0 lists all\n", int(count)-limit)
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&source, "source", "", "only of this `source`")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most this many calls; 0 = all")
	return cmd
}

// chosen reads NUMBERs, or --all with --source and --event.
func chosenCalls(args []string, all bool, source, event string) (ingest.Chosen, error) {
	chosen := ingest.Chosen{Source: source, Event: event}
	for _, a := range args {
		n, err := strconv.ParseUint(a, 10, 64)
		if err != nil || n == 0 {
			return chosen, usageError{fmt.Errorf("%q is not the number of a call in the quarantine", a)}
		}
		chosen.Numbers = append(chosen.Numbers, n)
	}
	if (len(args) > 0) == all || len(args) > 0 && (source != "" || event != "") {
		return chosen, usageError{errors.New("give the NUMBERs of calls, or --all with --source and --event to choose among them")}
	}
	return chosen, nil
}

func (c *call) chosenFlags(cmd *cobra.Command, all *bool, source, event *string) {
	cmd.Flags().BoolVar(all, "all", false, "all that --source and --event choose")
	cmd.Flags().StringVar(source, "source", "", "with --all: of this `source`")
	cmd.Flags().StringVar(event, "event", "", "with --all: of this `event`")
}

func (c *call) replayCommand() *cobra.Command {
	var all bool
	var source, event string
	var flags byFlags
	cmd := &cobra.Command{
		Use: "replay (NUMBER... | --all)", Short: "Take calls out of the quarantine that the present catalogue allows",
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			chosen, err := chosenCalls(args, all, source, event)
			if err != nil {
				return err
			}
			by, err := c.by(ctx, b, flags)
			if err != nil {
				return err
			}
			done, err := b.replay(ctx, chosen, by)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]int{"taken": done.Taken, "remained": done.Remained})
			}
			fmt.Fprintf(c.stdout, "%d taken, %d remain in the quarantine\n", done.Taken, done.Remained)
			return nil
		}),
	}
	c.chosenFlags(cmd, &all, &source, &event)
	flags.on(cmd)
	return cmd
}

func (b *business) replay(ctx context.Context, chosen ingest.Chosen, by registry.By) (ingest.Replayed, error) {
	done, err := b.stream.Replay(chosen)
	if err == nil && done != (ingest.Replayed{}) {
		err = b.audited(ctx, by, "quarantine.replay", fmt.Sprintf(`{"taken":%d,"remained":%d}`, done.Taken, done.Remained))
	}
	return done, busyError(err)
}

// busyError says of a stream that has no room what a person does about it.
func busyError(err error) error {
	var b *ingest.Busy
	if errors.As(err, &b) {
		return &strata.Error{Code: strata.Unavailable, Message: b.Error(), Hint: "try again in a moment"}
	}
	return err
}

func (b *business) discardCalls(ctx context.Context, chosen ingest.Chosen, by registry.By) (int, error) {
	n, err := b.stream.Discard(chosen)
	if err == nil && n > 0 {
		err = b.audited(ctx, by, "quarantine.discard", fmt.Sprintf(`{"calls":%d}`, n))
	}
	return n, busyError(err)
}

func (b *business) audited(ctx context.Context, by registry.By, action, detail string) error {
	return b.registry.AppendAudit(ctx, registry.AuditEntry{At: by.At, Account: by.Account, Action: action, Detail: []byte(detail)})
}

func (c *call) discardCommand() *cobra.Command {
	var all bool
	var source, event string
	var flags byFlags
	cmd := &cobra.Command{
		Use: "discard (NUMBER... | --all)", Short: "Drop calls from the quarantine for good",
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			chosen, err := chosenCalls(args, all, source, event)
			if err != nil {
				return err
			}
			by, err := c.by(ctx, b, flags)
			if err != nil {
				return err
			}
			n, err := b.discardCalls(ctx, chosen, by)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]int{"discarded": n})
			}
			fmt.Fprintf(c.stdout, "%d discarded\n", n)
			return nil
		}),
	}
	c.chosenFlags(cmd, &all, &source, &event)
	flags.on(cmd)
	return cmd
}

// proposalName is how a proposal is named to accept it.
func proposalName(p ingest.Proposal) string {
	switch {
	case p.Event == "":
		return "@" + p.Property
	case p.Property == "":
		return p.Event
	}
	return p.Event + "." + p.Property
}

// proposalInfo is a proposal as `quarantine proposals --json` prints it.
type proposalInfo struct {
	Name   string            `json:"name"`
	Type   define.TypeName   `json:"type,omitempty"` // of a property or attribute
	Many   bool              `json:"many,omitempty"`
	Other  []define.TypeName `json:"other,omitempty"` // types that it looked like too
	Count  uint64            `json:"count"`
	First  string            `json:"first"`
	Last   string            `json:"last"`
	Source string            `json:"source"`
}

func (b *business) proposals() ([]proposalInfo, error) {
	all, err := b.stream.Proposals()
	out := []proposalInfo{}
	for _, p := range all {
		out = append(out, proposalInfo{Name: proposalName(p), Type: p.Type, Many: p.Many, Other: p.Other, Count: p.Count, First: b.show(p.First), Last: b.show(p.Last), Source: p.Source})
	}
	return out, err
}

func (c *call) proposalsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "proposals", Short: "List events, properties and attributes that sources sent and the catalogue does not have", Args: exactly(0, "no arguments"),
		RunE: c.withData(func(_ context.Context, b *business, _ []string) error {
			all, err := b.proposals()
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(all)
			}
			for _, p := range all {
				kind := string(p.Type)
				if p.Many {
					kind += ", many"
				}
				if len(p.Other) > 0 {
					kind += fmt.Sprintf(", also seen as %v", p.Other)
				}
				fmt.Fprintf(c.stdout, "%-32s %-10s seen %d times from %s, last %s\n", p.Name, cmp.Or(kind, "event"), p.Count, p.Source, p.Last)
			}
			return nil
		}),
	}
}

func (c *call) acceptCommand() *cobra.Command {
	var typ string
	var flags byFlags
	cmd := &cobra.Command{
		Use: "accept EVENT | EVENT.PROPERTY | @ATTRIBUTE", Short: "Add what sources sent to the catalogue; replay then takes it", Args: exactly(1, "what `quarantine proposals` lists"),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			by, err := c.by(ctx, b, flags)
			if err != nil {
				return err
			}
			version, err := b.accept(ctx, args[0], typ, by)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"accepted": args[0], "version": version})
			}
			fmt.Fprintf(c.stdout, "%s is in the catalogue (version %d); `strata quarantine replay --all` takes what waited for it\n", args[0], version)
			return nil
		}),
	}
	cmd.Flags().StringVar(&typ, "type", "", "the `TYPE` of a property or attribute, in place of the one it looks like")
	flags.on(cmd)
	return cmd
}

// accept adds a proposal to the catalogue.
func (b *business) accept(ctx context.Context, name, typ string, by registry.By) (uint64, error) {
	types := []define.TypeName{define.TypeText, define.TypeID, define.TypeNumber, define.TypeMoney, define.TypeFloat, define.TypeBoolean, define.TypeDate, define.TypeTime}
	if typ != "" && !slices.Contains(types, define.TypeName(typ)) {
		return 0, &strata.Error{Code: strata.Invalid, Field: "type", Message: fmt.Sprintf("there is no type %q", typ), Hint: fmt.Sprintf("write one of %v", types)}
	}
	catalogue, err := b.stream.Accept(name, define.TypeName(typ))
	if err != nil {
		return 0, err
	}
	d, err := b.draft(ctx, "proposal "+name, define.PrintYAML(&define.Set{Catalogue: catalogue}))
	if err != nil {
		return 0, err
	}
	if err := d.Publishable(); err != nil {
		return 0, err
	}
	version, err := b.publisher.Apply(ctx, d, by.Account, by.At)
	if err == nil {
		err = b.registry.AppendAudit(ctx, registry.AuditEntry{At: by.At, Account: by.Account, Action: "quarantine.accept", Object: name})
	}
	return version, err
}
