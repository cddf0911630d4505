package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"strata"
	"strata/ingest"
	"strata/registry"
)

// sourceInfo is a source as `source list --json` prints it.
type sourceInfo struct {
	Name        string    `json:"name"`
	State       string    `json:"state"` // connected, not_connected (has sent nothing yet) or revoked (no key in force)
	Events      []string  `json:"events"`
	Namespaces  []string  `json:"keys"`
	UserID      string    `json:"user_id"`
	Rate        int       `json:"rate"`
	WriteKeys   []keyInfo `json:"write_keys"`
	Accepted    uint64    `json:"accepted"`
	Repeated    uint64    `json:"repeated"`
	Quarantined uint64    `json:"quarantined"`
	Refused     uint64    `json:"refused"`
	Last        string    `json:"last,omitempty"` // arrival
}

type keyInfo struct {
	Ending  string `json:"ending"`
	Created string `json:"created"`
	Expires string `json:"expires,omitempty"`
}

// The states of a source.
const (
	connected    = "connected"
	notConnected = "not_connected"
	revoked      = "revoked"
)

func stateOf(s registry.Source, n ingest.SourceCounts) string {
	switch {
	case len(s.Keys) == 0:
		return revoked
	case n.Last == 0:
		return notConnected
	}
	return connected
}

func (b *business) sources(ctx context.Context, now strata.Instant) ([]sourceInfo, error) {
	all, err := b.registry.Sources(ctx, now)
	if err != nil {
		return nil, err
	}
	counts := b.stream.Counts()
	out := []sourceInfo{}
	for _, s := range all {
		n := counts[s.Name]
		info := sourceInfo{Name: s.Name, State: stateOf(s, n), Events: s.Events, Namespaces: s.Namespaces, UserID: s.UserID, Rate: s.Rate, WriteKeys: []keyInfo{},
			Accepted: n.Accepted, Repeated: n.Repeated, Quarantined: n.Quarantined, Refused: n.Refused}
		if n.Last != 0 {
			info.Last = b.show(n.Last)
		}
		for _, k := range s.Keys {
			shown := keyInfo{Ending: k.Ending, Created: b.show(k.CreatedAt)}
			if k.ExpiresAt != 0 {
				shown.Expires = b.show(k.ExpiresAt)
			}
			info.WriteKeys = append(info.WriteKeys, shown)
		}
		out = append(out, info)
	}
	return out, nil
}

func (c *call) sourceCommand() *cobra.Command {
	cmd := group("source", "Add sources that send events over HTTP, and rotate their write keys")
	cmd.AddCommand(c.sourceAddCommand(), c.sourceChangeCommand(), c.sourceListCommand(), c.sourceRotateCommand(), c.sourceRevokeCommand())
	return cmd
}

func (c *call) sourceAddCommand() *cobra.Command {
	var s registry.Source
	var flags byFlags
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a source and print its write key, which is not shown again", Args: exactly(1, "one NAME"),
		RunE: c.with(func(ctx context.Context, b *business, args []string) error {
			by, err := c.by(ctx, b, flags)
			if err != nil {
				return err
			}
			s.Name = args[0]
			key, err := b.registry.AddSource(ctx, s, by.Account, by.At)
			if err != nil {
				return err
			}
			return c.printKey(s.Name, key)
		}),
	}
	scopeFlags(cmd, &s, "default all")
	flags.on(cmd)
	return cmd
}

func (c *call) sourceChangeCommand() *cobra.Command {
	var wish registry.Source
	var flags byFlags
	cmd := &cobra.Command{
		Use: "change NAME", Short: "Change what a source may send; what is not said stays", Args: exactly(1, "one NAME"),
	}
	cmd.RunE = c.withData(func(ctx context.Context, b *business, args []string) error {
		by, err := c.by(ctx, b, flags)
		if err != nil {
			return err
		}
		all, err := b.registry.Sources(ctx, by.At)
		if err != nil {
			return err
		}
		s := registry.Source{Name: args[0]}
		for _, x := range all {
			if x.Name == args[0] {
				s = x
			}
		}
		for flag, take := range map[string]func(){
			"events": func() { s.Events = named(wish.Events) }, "keys": func() { s.Namespaces = named(wish.Namespaces) },
			"user-id": func() { s.UserID = wish.UserID }, "rate": func() { s.Rate = wish.Rate },
		} {
			if cmd.Flags().Changed(flag) {
				take()
			}
		}
		if err := b.registry.ChangeSource(ctx, s, by.Account, by.At); err != nil {
			return err
		}
		if c.json {
			return c.printJSON(map[string]string{"source": s.Name, "done": "change"})
		}
		fmt.Fprintf(c.stdout, "%s is changed\n", s.Name)
		return nil
	})
	scopeFlags(cmd, &wish, "\"\" = all")
	flags.on(cmd)
	return cmd
}

// named drops the empty name that --events "" gives.
func named(names []string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return n == "" })
}

// scopeFlags are the flags of what a source may send.
func scopeFlags(cmd *cobra.Command, s *registry.Source, all string) {
	cmd.Flags().StringSliceVar(&s.Events, "events", nil, "`NAMES` of the events it may send, with prefixes such as shop_* ("+all+")")
	cmd.Flags().StringSliceVar(&s.Namespaces, "keys", nil, "`KINDS` of keys it may name, such as user_id,anonymous_id,phone ("+all+")")
	cmd.Flags().StringVar(&s.UserID, "user-id", "user_id", "the `KIND` of key that its userId is, such as member_no")
	cmd.Flags().IntVar(&s.Rate, "rate", 0, "events a second that it may send; 0 = no limit")
}

func (c *call) printKey(source, key string) error {
	if c.json {
		return c.printJSON(map[string]string{"source": source, "write_key": key})
	}
	fmt.Fprintf(c.stdout, "write key of %s, shown only now: %s\n", source, key)
	return nil
}

func (c *call) sourceListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the sources, whether they are connected, and what came from them", Args: exactly(0, "no arguments"),
		RunE: c.withData(func(ctx context.Context, b *business, _ []string) error {
			all, err := b.sources(ctx, c.instant())
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(all)
			}
			words := map[string]map[string]string{
				"zh": {connected: "已接入", notConnected: "未接入", revoked: "已吊销"},
				"en": {connected: "connected", notConnected: "not connected", revoked: "revoked"},
			}[c.lang]
			for _, s := range all {
				fmt.Fprintf(c.stdout, "%-20s %s", s.Name, words[s.State])
				if s.Last != "" {
					fmt.Fprintf(c.stdout, "  last %s: accepted %d, repeated %d, quarantined %d, refused %d", s.Last, s.Accepted, s.Repeated, s.Quarantined, s.Refused)
				}
				for _, k := range s.WriteKeys {
					fmt.Fprintf(c.stdout, "\n    key …%s of %s", k.Ending, k.Created)
					if k.Expires != "" {
						fmt.Fprintf(c.stdout, ", in force until %s", k.Expires)
					}
				}
				for _, scope := range []struct {
					name string
					of   []string
				}{{"events", s.Events}, {"keys", s.Namespaces}} {
					if len(scope.of) > 0 {
						fmt.Fprintf(c.stdout, "\n    only %s %s", scope.name, strings.Join(scope.of, ", "))
					}
				}
				if s.Rate > 0 {
					fmt.Fprintf(c.stdout, "\n    at most %d events a second", s.Rate)
				}
				fmt.Fprintln(c.stdout)
			}
			return nil
		}),
	}
}

func (c *call) sourceRotateCommand() *cobra.Command {
	var overlap time.Duration
	var flags byFlags
	cmd := &cobra.Command{
		Use: "rotate NAME", Short: "Print a new write key; the ones before it stay in force for a while", Args: exactly(1, "one NAME"),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			if overlap < 0 {
				return usageError{errors.New("--overlap: choose a duration of 0 or more")}
			}
			by, err := c.by(ctx, b, flags)
			if err != nil {
				return err
			}
			key, err := b.registry.RotateKey(ctx, args[0], by.Account, by.At, strata.Instant(overlap/time.Millisecond))
			if err != nil {
				return err
			}
			return c.printKey(args[0], key)
		}),
	}
	cmd.Flags().DurationVar(&overlap, "overlap", 24*time.Hour, "how long the keys before it stay in force")
	flags.on(cmd)
	return cmd
}

func (c *call) sourceRevokeCommand() *cobra.Command {
	var flags byFlags
	cmd := &cobra.Command{
		Use: "revoke NAME", Short: "End all write keys of a source at once", Args: exactly(1, "one NAME"),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			by, err := c.by(ctx, b, flags)
			if err != nil {
				return err
			}
			if err := b.registry.RevokeKeys(ctx, args[0], by.Account, by.At); err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]string{"source": args[0], "state": revoked})
			}
			fmt.Fprintf(c.stdout, "%s has no write key any more; `strata source rotate %s` makes one\n", args[0], args[0])
			return nil
		}),
	}
	flags.on(cmd)
	return cmd
}
