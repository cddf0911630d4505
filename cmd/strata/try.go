package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/spf13/cobra"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/identity"
	"strata/scenario"
	"strata/timeline"
)

const tryHelp = `Evaluate definitions over a file of facts, without a server or a data directory.

A line of the file of facts is one JSON object:

  {"type": "track", "event": "order_paid", "userId": "u1", "timestamp": "2026-01-31T08:00:00+08:00", "properties": {"amount": 12.50}, "messageId": "m1"}
  {"type": "identify", "userId": "u1", "timestamp": "2026-01-31T08:00:00+08:00", "traits": {"city": "北京", "gender": null}}
  {"customer": "u1", "event": "order_paid", "time": "2026-01-31 08:00:00", "properties": {"amount": 12.50}, "id": "m1"}
  {"customer": "u1", "attributes": {"city": "北京"}, "time": "2026-01-31"}

The customer is userId, else anonymousId; a null trait clears. With --json the
answer is {"segments": {NAME: [CUSTOMER...]}, "tags": {NAME: {CUSTOMER: VALUE}},
"tiers": {NAME: {CUSTOMER: LEVEL}}}, sorted, without missing values. Where the
levels of a tier overlap, LEVEL is an array.

A line that is wrong is told and left out, and so is a definition that cannot
be computed yet with all that stands on it; the rest is answered, and the exit
code is 1.

Everything is computed twice, by the engine and by a plain evaluator that
rereads everything; what the engine cannot run yet is noted and computed by the
plain one alone.`

func (c *call) tryCommand() *cobra.Command {
	var definitions, events, asOf string
	cmd := &cobra.Command{
		Use: "try -f DEFINITIONS -e EVENTS", Short: "Evaluate definitions over a file of facts, without a data directory", Long: tryHelp,
		Args: exactly(0, "no arguments but -f DEFINITIONS and -e EVENTS"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if definitions == "" || events == "" {
				return usageError{errors.New("name the definitions with -f FILE and the facts with -e FILE")}
			}
			settings := strata.DefaultSettings()
			settings.Zone = cmp.Or(c.zone, settings.Zone)
			t, left, err := c.readTrial(definitions, events, settings)
			if err != nil {
				return err
			}
			if t.asOf = c.instant(); asOf != "" {
				at, err := scenario.ParseValue(asOf, define.Type{Name: define.TypeTime}, settings)
				if err != nil {
					return &strata.Error{Code: strata.Invalid, Field: "--as-of", Message: "cannot read the instant " + asOf, Hint: "write RFC 3339 (2026-01-31T12:00:00+08:00) or a date (2026-01-31)"}
				}
				t.asOf = strata.Instant(at.Int)
			}
			answer, notes, err := t.run(cmd.Context())
			if err != nil {
				return err
			}
			for _, note := range notes {
				fmt.Fprintln(c.stderr, "note:", note)
			}
			if c.json {
				return errors.Join(c.printJSON(answer), left)
			}
			c.printTrial(t, answer)
			return left
		},
	}
	cmd.Flags().StringVarP(&definitions, "file", "f", "", "definitions `FILE` (YAML or JSON)")
	cmd.Flags().StringVarP(&events, "events", "e", "", "`FILE` of events and attributes, one JSON object a line")
	cmd.Flags().StringVar(&asOf, "as-of", "", "evaluate as of this `instant` (RFC 3339 or a date; default now)")
	return cmd
}

// trial is definitions and facts to be evaluated at an instant.
type trial struct {
	world *scenario.World
	asOf  strata.Instant
	zone  *time.Location
}

// readTrial reads definitions and facts. left is what it had to leave out:
// lines that are wrong, and definitions that cannot be computed; err is that
// there is nothing to evaluate.
func (c *call) readTrial(definitions, events string, settings strata.Settings) (t *trial, left, err error) {
	zone, err := settings.Location()
	if err != nil {
		return nil, nil, err
	}
	unreadable := func(file string, err error) error {
		return &strata.Error{Code: strata.Invalid, Field: file, Message: "the file cannot be read", Cause: err}
	}
	text, err := os.ReadFile(c.path(definitions))
	if err != nil {
		return nil, nil, unreadable(definitions, err)
	}
	parsed, err := define.Parse(definitions, text)
	if parsed == nil {
		return nil, nil, err
	}
	set, warnings, err := define.Check(nil, parsed, settings)
	if err != nil {
		return nil, nil, err
	}
	set, left = scenario.Computable(set)
	if left != nil && len(set.Refs()) == 0 {
		return nil, nil, left
	}
	if !c.quiet {
		for _, w := range warnings {
			fmt.Fprintln(c.stderr, "warning:", (&strata.Error{Field: w.Field, Message: w.Message, Hint: w.Hint}).Error())
		}
	}
	facts, err := os.Open(c.path(events))
	if err != nil {
		return nil, nil, unreadable(events, err)
	}
	defer facts.Close()
	people, wrong := scenario.ReadFacts(events, facts, set, settings)
	if wrong != nil && len(people) == 0 {
		return nil, nil, wrong
	}
	return &trial{world: &scenario.World{Set: set, Settings: settings, People: people}, zone: zone}, errors.Join(left, wrong), nil
}

// trialAnswer is what `strata try --json` prints. People script against it.
type trialAnswer struct {
	Segments map[string][]string                   `json:"segments"`
	Tags     map[string]map[string]json.RawMessage `json:"tags"`
	Tiers    map[string]map[string]any             `json:"tiers"` // a level, or where they overlap a list
}

// run evaluates everything, and says what the engine did not compute.
func (t *trial) run(ctx context.Context) (trialAnswer, []string, error) {
	answer := trialAnswer{map[string][]string{}, map[string]map[string]json.RawMessage{}, map[string]map[string]any{}}
	notes, err := compareEngines(ctx, t.world, t.asOf)
	if err != nil {
		return answer, nil, err
	}
	set := t.world.Set
	for name := range set.Segments {
		answer.Segments[name] = []string{}
	}
	for name := range set.Tags {
		answer.Tags[name] = map[string]json.RawMessage{}
	}
	for name := range set.Tiers {
		answer.Tiers[name] = map[string]any{}
	}
	// Customer by customer, so that the evaluator need not find the past of one
	// of them again for each definition.
	for _, id := range slices.Sorted(maps.Keys(t.world.People)) {
		for name := range set.Segments {
			if t.world.Member(id, name, t.asOf) {
				answer.Segments[name] = append(answer.Segments[name], id)
			}
		}
		for name := range set.Tags {
			if v := t.world.Tag(id, name, t.asOf); !v.IsMissing() {
				if answer.Tags[name][id], err = t.jsonValue(v); err != nil {
					return answer, nil, err
				}
			}
		}
		for name := range set.Tiers {
			switch levels := t.world.Levels(id, name, t.asOf); {
			case set.Tiers[name].Overlapping && len(levels) > 0:
				answer.Tiers[name][id] = levels
			case len(levels) > 0:
				answer.Tiers[name][id] = levels[0]
			}
		}
	}
	return answer, notes, nil
}

// jsonValue prints numbers and money exactly, dates and times as texts, lists
// as arrays.
func (t *trial) jsonValue(v strata.Value) (json.RawMessage, error) {
	var plain any
	switch v.Kind {
	case strata.Boolean:
		plain = v.Bool()
	case strata.Number, strata.Money:
		return json.RawMessage(v.String()), nil
	case strata.Float:
		plain = v.Float64() + 0 // never -0
	case strata.Time:
		plain = strata.Instant(v.Int).In(t.zone).Format("2006-01-02T15:04:05.999Z07:00")
	case strata.List:
		plain = v.Texts()
	default:
		plain = v.String()
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(plain); err != nil {
		return nil, &strata.Error{Code: strata.Unsupported, Message: v.String() + " cannot be written in JSON", Cause: err}
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

func (c *call) printTrial(t *trial, answer trialAnswer) {
	everyone := len(t.world.People)
	fmt.Fprintf(c.stdout, "as of %s, %d customers\n", t.asOf.In(t.zone).Format("2006-01-02T15:04:05.999Z07:00"), everyone)
	for _, name := range slices.Sorted(maps.Keys(answer.Segments)) {
		members := answer.Segments[name]
		fmt.Fprintf(c.stdout, "\nsegment %s: %d of %d\n", name, len(members), everyone)
		for _, id := range members {
			fmt.Fprintf(c.stdout, "  %s\n", id)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(answer.Tags)) {
		values := answer.Tags[name]
		fmt.Fprintf(c.stdout, "\ntag %s: %d of %d\n", name, len(values), everyone)
		for _, id := range slices.Sorted(maps.Keys(values)) {
			text := string(values[id])
			if json.Unmarshal(values[id], &text) != nil { // not a text
				text = string(values[id])
			}
			fmt.Fprintf(c.stdout, "  %s  %s\n", id, text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(answer.Tiers)) {
		levels := answer.Tiers[name]
		fmt.Fprintf(c.stdout, "\ntier %s: %d of %d\n", name, len(levels), everyone)
		for _, id := range slices.Sorted(maps.Keys(levels)) {
			text := fmt.Sprint(levels[id])
			if several, ok := levels[id].([]string); ok {
				text = strings.Join(several, ", ")
			}
			fmt.Fprintf(c.stdout, "  %s  %s\n", id, text)
		}
	}
}

// compareEngines runs the engine over the world and compares every answer that
// it can give with the plain evaluator's. It says what the engine cannot run;
// a disagreement is an Internal error.
func compareEngines(ctx context.Context, w *scenario.World, asOf strata.Instant) (notes []string, err error) {
	engine, numbers, done, err := engineOver(w)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	var supported []define.Ref
	for _, ref := range define.Order(w.Set) {
		switch err := engine.Check(w.Set.Only(ref)); {
		case err == nil:
			supported = append(supported, ref)
		case unsupported(err):
			notes = append(notes, fmt.Sprintf("%s is computed by the plain evaluator alone: %s", ref, reasons(err)))
		default:
			return nil, err
		}
	}
	answer, err := engine.Evaluate(ctx, w.Set.Only(supported...), asOf)
	if err != nil {
		return nil, err
	}
	for _, customer := range slices.Sorted(maps.Keys(w.People)) {
		for _, ref := range supported {
			var plain, fast string
			same := true
			switch id := numbers[customer]; ref.Kind {
			case "segment":
				a, b := w.Member(customer, ref.Name, asOf), answer.Segments[ref.Name].Contains(uint32(id))
				plain, fast, same = fmt.Sprint(a), fmt.Sprint(b), a == b
			case "tag":
				a, b := w.Tag(customer, ref.Name, asOf), answer.Tags[ref.Name].Get(id)
				plain, fast, same = a.Kind.String()+" "+a.String(), b.Kind.String()+" "+b.String(), sameValue(a, b)
			case "tier":
				a := w.Level(customer, ref.Name, asOf)
				b, _ := answer.Tiers[ref.Name].Get(id)
				plain, fast, same = a, b, a == b
			}
			if !same {
				return nil, &strata.Error{
					Code: strata.Internal, Field: ref.String(), Message: fmt.Sprintf("two evaluators disagree about customer %s: %q and, by the engine, %q", customer, plain, fast),
					Hint: "this is a bug in strata; please report it with the definitions and the facts",
				}
			}
		}
	}
	return notes, nil
}

// sameValue compares answers; computed floats may differ in their last
// digits.
func sameValue(a, b strata.Value) bool {
	if a.Kind == strata.Float && b.Kind == strata.Float {
		x, y := a.Float64(), b.Float64()
		return x == y || math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y))
	}
	return a == b
}

// unsupported reports whether every error of the tree says that the engine
// cannot run something.
func unsupported(err error) bool {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return !slices.ContainsFunc(many.Unwrap(), func(e error) bool { return !unsupported(e) })
	}
	return strata.CodeOf(err) == strata.Unsupported
}

// reasons are the messages of an error's tree, each once.
func reasons(err error) string {
	var out []string
	var walk func(error)
	walk = func(err error) {
		var e *strata.Error
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			for _, part := range many.Unwrap() {
				walk(part)
			}
		} else if errors.As(err, &e) && !slices.Contains(out, e.Message) {
			out = append(out, e.Message)
		}
	}
	walk(err)
	return strings.Join(out, "; ")
}

// engineOver loads the world into stores in memory and returns an engine over
// them, and everybody's number. done closes the stores.
func engineOver(w *scenario.World) (_ *compute.Engine, numbers map[string]strata.CustomerID, done func() error, err error) {
	store, err := timeline.Open("try", timeline.Options{Settings: w.Settings, FS: vfs.NewMem(), CacheBytes: 16 << 20})
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, store.Close())
		}
	}()
	people, err := identity.Open(store)
	if err != nil {
		return nil, nil, nil, err
	}
	numbers = map[string]strata.CustomerID{}
	batch := store.NewBatch()
	for _, customer := range slices.Sorted(maps.Keys(w.People)) {
		id, _, err := people.Resolve(batch, []strata.Key{{Namespace: identity.MemberNo, Value: customer}})
		if err != nil {
			return nil, nil, nil, err
		}
		numbers[customer] = id
		p := w.People[customer]
		manual, err := p.ManualFacts()
		if err != nil {
			return nil, nil, nil, err
		}
		if err := store.Append(batch, id, timeline.Facts{Events: identified(p.Events), Attributes: append(manual, p.Attributes...), Source: "try"}); err != nil {
			return nil, nil, nil, err
		}
	}
	if err := store.Commit(batch, false); err != nil {
		return nil, nil, nil, err
	}
	engine, err := compute.New(store, worldDefinitions{w}, people, w.Settings)
	return engine, numbers, store.Close, err
}

// identified gives events without an id one by their properties, which is how
// the plain evaluator orders them at one instant: a store orders them by id.
func identified(events []strata.Event) []strata.Event {
	out := slices.Clone(events)
	slices.SortStableFunc(out, func(a, b strata.Event) int {
		return slices.CompareFunc(a.Properties, b.Properties, func(x, y strata.Property) int {
			return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Value.String(), y.Value.String()))
		})
	})
	for i := range out {
		if out[i].ID == "" {
			out[i].ID = fmt.Sprintf("\x00%09d", i) // before all that have one
		}
	}
	return out
}

// worldDefinitions are those of a world, as compute.Definitions.
type worldDefinitions struct{ w *scenario.World }

func (d worldDefinitions) Published(context.Context) (*define.Set, uint64, error) {
	return d.w.Set, 1, nil
}

func (d worldDefinitions) Calibrations(_ context.Context, kind, name string) ([]define.Calibration, error) {
	var out []define.Calibration
	for _, c := range d.w.Calibrations {
		if c.Kind == kind && c.Name == name {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b define.Calibration) int { return cmp.Compare(b.At, a.At) })
	return out, nil
}

func (d worldDefinitions) AddCalibration(context.Context, define.Calibration) (define.Calibration, error) {
	return define.Calibration{}, &strata.Error{Code: strata.Unsupported, Message: "a trial stores no calibrations"}
}
