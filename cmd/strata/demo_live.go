package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"strata"
	"strata/define"
	"strata/demo"
	"strata/identity"
	"strata/scenario"
	"strata/timeline"
)

// happened is what `demo --live --json` prints, one a line.
type happened struct {
	At       string `json:"at"`
	Customer string `json:"customer"`
	What     string `json:"what"`
	Events   int    `json:"events"`
}

// liveDemo adds what members of the demo business do, at the instant at which
// it does, until ctx ends, which is a success.
func (c *call) liveDemo(ctx context.Context, b *business, seed uint64, perMinute float64) error {
	live := demo.NewLive(seed, c.now())
	if !c.json && !c.quiet {
		fmt.Fprintf(c.stdout, "the demo goes on, %g times a minute; interrupt to end it\n", perMinute)
	}
	gap := time.Duration(float64(time.Minute) / perMinute)
	wait := time.NewTimer(0)
	defer wait.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			if !c.json && !c.quiet {
				fmt.Fprintf(c.stdout, "%d times somebody did something\n", n)
			}
			return nil
		case <-wait.C:
		}
		if err := c.addDoing(ctx, b, live); err != nil && ctx.Err() == nil {
			return err
		}
		wait.Reset(gap/2 + time.Duration(live.Pick(1000))*gap/1000)
	}
}

// addDoing lets one member, drawn among all, do one thing.
func (c *call) addDoing(ctx context.Context, b *business, live *demo.Live) error {
	customer, number, err := b.someMember(live)
	if err != nil {
		return err
	}
	doing := live.Next(number)
	at := c.instant()
	if err := b.addFacts(ctx, customer, doing.Facts, at); err != nil {
		return err
	}
	what := define.Text2(doing.What).In(c.lang)
	if c.json {
		return c.printJSONLine(happened{At: b.show(at), Customer: number, What: what, Events: len(doing.Facts)})
	}
	_, err = fmt.Fprintf(c.stdout, "%s  %s  %s\n", at.In(b.zone).Format(time.TimeOnly), number, what)
	return err
}

// someMember is a customer with a member number.
func (b *business) someMember(live *demo.Live) (id strata.CustomerID, number string, err error) {
	for range 100 {
		id = strata.CustomerID(1 + live.Pick(max(1, int(b.people.Last()))))
		err = b.people.Scan(id, id, func(_ strata.CustomerID, keys []strata.Key) error {
			for _, k := range keys {
				if k.Namespace == identity.MemberNo {
					number = k.Value
				}
			}
			return nil
		})
		if err != nil || number != "" {
			return id, number, err
		}
	}
	return 0, "", &strata.Error{Code: strata.NotFound, Message: "no customer with a member number was found"}
}

// addFacts appends events of one instant, read by the types of the catalogue,
// in one commit.
func (b *business) addFacts(ctx context.Context, customer strata.CustomerID, facts []demo.Fact, at strata.Instant) error {
	b.importing.Lock()
	defer b.importing.Unlock()
	set, _, err := b.registry.Published(ctx)
	if err != nil {
		return err
	}
	bySource := map[string][]strata.Event{}
	for _, f := range facts {
		e := strata.Event{Name: f.Event, At: at, ID: f.ID}
		entry, known := set.Catalogue.Events[f.Event]
		for _, name := range slices.Sorted(maps.Keys(f.Properties)) {
			typ, ok := entry.Properties[name]
			if !known || !ok {
				return &strata.Error{Code: strata.Internal, Field: f.Event + "." + name, Message: "the catalogue has no such property"}
			}
			v, err := scenario.ParseValue(f.Properties[name], typ.Type, b.settings)
			if err != nil {
				return fmt.Errorf("reading %s of %s: %w", name, f.Event, err)
			}
			e.Properties = append(e.Properties, strata.Property{Name: name, Value: v})
		}
		bySource[f.Source] = append(bySource[f.Source], e)
	}
	batch := b.store.NewBatch()
	for _, source := range slices.Sorted(maps.Keys(bySource)) {
		events := bySource[source]
		slices.SortStableFunc(events, func(a, b strata.Event) int { return cmp.Compare(a.Name, b.Name) })
		if err := b.store.Append(batch, customer, timeline.Facts{Events: events, Source: source, Fragment: uint32(customer)}); err != nil {
			return err
		}
	}
	return b.store.Commit(batch, true)
}
