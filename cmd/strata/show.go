package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/publish"
	"strata/server"
)

// shown is what `show --json` prints of one definition.
type shown struct {
	Name        string                `json:"name"`
	Kind        string                `json:"kind"`
	AsOf        string                `json:"as_of"`
	Calibration *shownCalibration     `json:"calibration"` // null where the kind has none
	Count       int                   `json:"count"`
	Members     []string              `json:"members,omitzero"` // of a segment, by code point
	Levels      []shownLevel          `json:"levels,omitempty"` // of a tier, best first
	Values      map[string]shownValue `json:"values,omitzero"`  // of a tag or tier, by public id
}

type shownLevel struct {
	ID    string `json:"id"`
	Count int    `json:"count"`
}

// shownCalibration is a calibration; version 0 was made for this answer and
// not stored.
type shownCalibration struct {
	At      string               `json:"at"`
	Version int                  `json:"version"`
	Stored  bool                 `json:"stored"`
	People  int                  `json:"people"`
	Cuts    map[string][]float64 `json:"cuts"`
}

// shownValue prints as JSON: decimals exactly, lists as arrays.
type shownValue struct{ strata.Value }

// MarshalJSON implements json.Marshaler.
func (v shownValue) MarshalJSON() ([]byte, error) {
	switch v.Kind {
	case strata.Missing:
		return []byte("null"), nil
	case strata.Boolean, strata.Number, strata.Money:
		return []byte(v.String()), nil
	case strata.Float:
		return json.Marshal(v.Float64())
	case strata.List:
		return json.Marshal(v.Texts())
	}
	return json.Marshal(v.String())
}

func (b *business) calibration(c define.Calibration) *shownCalibration {
	return &shownCalibration{At: b.show(c.At), Version: c.Version, Stored: c.Version > 0, People: c.People, Cuts: c.Cuts}
}

// find looks a name up among tags, segments and tiers; kind, if given, says
// which is meant.
func (b *business) find(ctx context.Context, kind, name string) (define.Ref, *define.Set, error) {
	set, _, err := b.registry.Published(ctx)
	if err != nil {
		return define.Ref{}, nil, err
	}
	var found []define.Ref
	for _, k := range []string{"segment", "tier", "tag"} {
		if ref := (define.Ref{Kind: k, Name: name}); (kind == "" || kind == k) && set.Has(ref) {
			found = append(found, ref)
		}
	}
	switch len(found) {
	case 0:
		var names []string
		for _, refs := range [][]string{keys(set.Segments), keys(set.Tiers), keys(set.Tags)} {
			names = append(names, refs...)
		}
		hint := "publish it first with `strata apply -f FILE --yes`"
		if near := define.DidYouMean(name, names); near != "" {
			hint = near
		}
		elsewhere, err := b.notInForce(ctx, kind, name)
		if err != nil {
			return define.Ref{}, nil, err
		}
		hint = cmp.Or(elsewhere, hint)
		return define.Ref{}, nil, &strata.Error{Code: strata.NotFound, Field: name, Message: fmt.Sprintf("there is no %s of that name", cmp.Or(kind, "tag, segment or tier")), Hint: hint}
	case 1:
		return found[0], set, nil
	}
	return define.Ref{}, nil, &strata.Error{Code: strata.Invalid, Field: name, Message: fmt.Sprintf("a %s and a %s have that name", found[0].Kind, found[1].Kind), Hint: "say which with --kind"}
}

func keys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (c *call) showCommand() *cobra.Command {
	var asOf string
	cmd := &cobra.Command{
		Use: "show tag|segment|tier NAME", Short: "Show who is in it, at what level, with what value",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 || !slices.Contains([]string{"tag", "segment", "tier"}, args[0]) {
				return usageError{fmt.Errorf("show takes tag, segment or tier, and a NAME")}
			}
			return nil
		},
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			at, err := b.asOf(asOf, c.instant())
			if err != nil {
				return err
			}
			ref, set, err := b.find(ctx, args[0], args[1])
			if err != nil {
				return err
			}
			// Only what the definition stands on is computed.
			answer, err := b.engine.Evaluate(ctx, set.Only(ref), at)
			if err != nil {
				return err
			}
			s, err := b.shown(answer, ref)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(s)
			}
			c.printShown(s)
			return nil
		}),
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "evaluate as of this `instant` (RFC 3339, or a date for 00:00 of that day)")
	return cmd
}

func (b *business) shown(a *compute.Answer, ref define.Ref) (*shown, error) {
	s := &shown{Name: ref.Name, Kind: ref.Kind, AsOf: b.show(a.AsOf)}
	if calibration, ok := a.Calibrations[ref]; ok {
		s.Calibration = b.calibration(calibration)
	}
	ids := publish.Holders(a, ref).ToArray()
	s.Count = len(ids)
	if ref.Kind == "segment" {
		s.Members = []string{}
	} else {
		s.Values = make(map[string]shownValue, len(ids))
	}
	var levels []int
	if ref.Kind == "tier" {
		levels = make([]int, len(a.Tiers[ref.Name].IDs))
	}
	for _, n := range ids {
		id := strata.CustomerID(n)
		public, err := b.people.PublicID(id)
		if err != nil {
			return nil, err
		}
		switch ref.Kind {
		case "segment":
			s.Members = append(s.Members, public)
		case "tag":
			s.Values[public] = shownValue{a.Tags[ref.Name].Get(id)}
		case "tier":
			level, at := a.Tiers[ref.Name].Get(id)
			levels[at]++
			s.Values[public] = shownValue{strata.TextOf(level)}
		}
	}
	slices.Sort(s.Members)
	if ref.Kind == "tier" {
		for i, id := range a.Tiers[ref.Name].IDs {
			s.Levels = append(s.Levels, shownLevel{id, levels[i]})
		}
	}
	return s, nil
}

func (c *call) printShown(s *shown) {
	fmt.Fprintf(c.stdout, "%s %s as of %s: %d\n", s.Kind, s.Name, s.AsOf, s.Count)
	if k := s.Calibration; k != nil {
		stored := fmt.Sprintf("version %d", k.Version)
		if !k.Stored {
			stored = "made for this answer, not stored"
		}
		fmt.Fprintf(c.stdout, "calibration of %s (%s), %d people:", k.At, stored, k.People)
		for _, part := range keys(k.Cuts) {
			fmt.Fprintf(c.stdout, " %s %s", cmp.Or(part, "cuts"), cutPoints(k.Cuts[part]))
		}
		fmt.Fprintln(c.stdout)
	}
	for _, level := range s.Levels {
		fmt.Fprintf(c.stdout, "  %-20s %8d\n", level.ID, level.Count)
	}
	const most = 20
	ids := s.Members
	if s.Kind != "segment" {
		ids = keys(s.Values)
	}
	for _, id := range ids[:min(most, len(ids))] {
		fmt.Fprintf(c.stdout, "  %s", id)
		if s.Kind != "segment" {
			fmt.Fprintf(c.stdout, "  %s", s.Values[id].Value)
		}
		fmt.Fprintln(c.stdout)
	}
	if len(ids) > most {
		fmt.Fprintf(c.stdout, "  ... and %d more (--json prints all)\n", len(ids)-most)
	}
}

// cutPoints prints cut points to six digits; JSON has them in full.
func cutPoints(cuts []float64) string {
	text := make([]string, len(cuts))
	for i, cut := range cuts {
		text[i] = fmt.Sprintf("%.6g", cut)
	}
	return "[" + strings.Join(text, " ") + "]"
}

func (c *call) explainCommand() *cobra.Command {
	var asOf, kind string
	cmd := &cobra.Command{
		Use: "explain CUSTOMER NAME", Short: "Say why a customer is in or out, at this level, with this value", Args: exactly(2, "a CUSTOMER and a NAME"),
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			at, err := b.asOf(asOf, c.instant())
			if err != nil {
				return err
			}
			ref, _, err := b.find(ctx, kind, args[1])
			if err != nil {
				return err
			}
			customer, err := b.customer(args[0])
			if err != nil {
				return err
			}
			reason, err := b.engine.Explain(ctx, customer, ref.Kind, ref.Name, at)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(b.reason(reason))
			}
			c.printReason(b, reason, 0)
			return nil
		}),
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "explain as of this `instant` (RFC 3339 or a date)")
	cmd.Flags().StringVar(&kind, "kind", "", "tag, segment or tier, where several have the name")
	return cmd
}

// shownReason is compute.Reason as `explain --json` prints it.
type shownReason struct {
	Sentence  server.Text2  `json:"sentence"`
	True      *bool         `json:"true,omitempty"`
	Found     string        `json:"found,omitempty"`
	FoundText server.Text2  `json:"found_text,omitzero"`
	Events    []shownEvent  `json:"events,omitempty"`
	NextAt    string        `json:"next_at,omitempty"`
	Parts     []shownReason `json:"parts,omitempty"`
}

type shownEvent struct {
	Event      string                `json:"event"`
	Time       string                `json:"time"`
	Properties map[string]shownValue `json:"properties,omitempty"`
}

func (b *business) reason(r compute.Reason) shownReason {
	s := shownReason{Sentence: server.Text2(r.Sentence), True: r.True, Found: r.Found, FoundText: server.Text2(r.FoundText)}
	if r.NextAt != nil {
		s.NextAt = b.show(*r.NextAt)
	}
	for _, e := range r.Events {
		event := shownEvent{Event: e.Name, Time: b.show(e.At), Properties: map[string]shownValue{}}
		for _, p := range e.Properties {
			event.Properties[p.Name] = shownValue{p.Value}
		}
		s.Events = append(s.Events, event)
	}
	for _, part := range r.Parts {
		s.Parts = append(s.Parts, b.reason(part))
	}
	return s
}

func (c *call) printReason(b *business, r compute.Reason, depth int) {
	if len(r.Parts) == 1 && len(r.Events) == 0 && r.Parts[0].Sentence == r.Sentence && r.Parts[0].Found == r.Found {
		c.printReason(b, r.Parts[0], depth) // a definition that is one condition says it once
		return
	}
	mark := "·"
	if r.True != nil {
		mark = map[bool]string{true: "✓", false: "✗"}[*r.True]
	}
	indent := strings.Repeat("  ", depth)
	fmt.Fprintf(c.stdout, "%s%s %s", indent, mark, r.Sentence.In(c.lang))
	if text := cmp.Or(r.FoundText.In(c.lang), r.Found); text != "" {
		fmt.Fprintf(c.stdout, "  [%s]", text)
	}
	if r.NextAt != nil {
		fmt.Fprintf(c.stdout, "  (%s %s)", map[string]string{"zh": "最早变化", "en": "may change"}[c.lang], b.show(*r.NextAt))
	}
	fmt.Fprintln(c.stdout)
	for _, e := range r.Events[:min(3, len(r.Events))] {
		fmt.Fprintf(c.stdout, "%s    %s %s", indent, b.show(e.At), e.Name)
		for _, p := range e.Properties {
			fmt.Fprintf(c.stdout, " %s=%s", p.Name, p.Value)
		}
		fmt.Fprintln(c.stdout)
	}
	for _, part := range r.Parts {
		c.printReason(b, part, depth+1)
	}
}

func (c *call) exportCommand() *cobra.Command {
	return &cobra.Command{
		Use: "export", Short: "Print the published definitions as YAML (with --json as JSON)", Args: exactly(0, "no arguments"),
		RunE: c.withData(func(ctx context.Context, b *business, _ []string) error {
			set, _, err := b.registry.Published(ctx)
			if err != nil {
				return err
			}
			text := define.PrintYAML(set)
			if c.json {
				text = define.PrintJSON(set)
			}
			_, err = c.stdout.Write(text)
			return err
		}),
	}
}
