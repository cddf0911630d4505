package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/timeline"
)

// Figures of the incremental engine are taken by its own Live, over the
// business with D200, whose clock begins at asOf.

// liveOf opens what `strata serve` runs.
func (b *business) liveOf(c *Config) *compute.Live {
	return compute.NewLive(b.engine, compute.LiveOptions{Facts: b.store, Results: b.store, Dir: filepath.Join(c.strataDir(), "results")})
}

// touchedCustomers is how many customers the incremental step touches at a
// time, at most.
const touchedCustomers = 100_000

// liveStep publishes everyone for the first time, then lets facts of many
// customers arrive and measures how fast they are published.
func liveStep(ctx context.Context, c *Config, f *Findings) error {
	return with(c, f, "live", func(b *business) error {
		live := b.liveOf(c)
		begun := time.Now()
		if err := live.CatchUp(ctx, asOf); err != nil {
			return err
		}
		f.seconds("live_everyone", time.Since(begun))
		var rates []float64
		random := rand.New(rand.NewPCG(c.Seed, 21))
		for n := range c.Repeats {
			customers := random.Perm(c.Customers)[:min(touchedCustomers, c.Customers)]
			slices.Sort(customers)
			now := asOf + strata.Instant(n+1)*600_000 // no midnight lies in between: that is measured by itself
			if err := b.arrive(customers, now-1000); err != nil {
				return err
			}
			begun := time.Now()
			if err := live.CatchUp(ctx, now); err != nil {
				return err
			}
			rates = append(rates, float64(len(customers))/time.Since(begun).Seconds())
		}
		f.Figures["live_rate"] = Figure{Value: slices.Max(rates), Unit: "customers/s", Runs: rates}
		begun = time.Now()
		err := live.Close()
		f.seconds("live_snapshot", time.Since(begun))
		return err
	})
}

// arrive commits one event for each of the customers (from 0) at an instant.
func (b *business) arrive(customers []int, at strata.Instant) error {
	for part := range slices.Chunk(customers, 5000) {
		err := b.store.Update(true, func(batch strata.Batch) error {
			for _, c := range part {
				if err := b.happen(batch, strata.CustomerID(c+1), at, c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// happen appends one event.
func (b *business) happen(batch strata.Batch, c strata.CustomerID, at strata.Instant, n int) error {
	e := strata.Event{Name: EventTypes[n%len(EventTypes)], At: at, ID: fmt.Sprintf("live-%d-%d", at, c), Properties: []strata.Property{
		{Name: "amount", Value: strata.MoneyOf(int64(n%20000), 2)},
		{Name: "brand", Value: strata.TextOf(brandName(n % Brands))},
		{Name: "category", Value: strata.TextOf(categoryName(n % Categories))},
		{Name: "channel", Value: strata.TextOf(ChannelNames[n%Channels])},
		{Name: "store", Value: strata.TextOf(storeName(n % Stores))},
	}}
	return b.store.Append(batch, c, timeline.Facts{Events: []strata.Event{e}, Source: "live"})
}

// The load of the freshness step.
const (
	freshRate    = 5000 // events a second
	freshBatch   = 50   // events a commit
	freshWarm    = 20   // seconds that do not count: nothing is in memory yet when a process begins
	freshSeconds = 40   // with those
)

// freshStep lets events arrive at a steady rate while Live runs, and measures
// the time from a commit's being acknowledged (on disk) until it is published
// (on disk, and shown to readers).
func freshStep(ctx context.Context, c *Config, f *Findings) error {
	return with(c, f, "fresh", func(b *business) error {
		live := b.liveOf(c)
		begun := time.Now()
		if err := live.CatchUp(ctx, asOf); err != nil {
			return err
		}
		f.seconds("live_start", time.Since(begun))
		begun = time.Now()
		now := func() strata.Instant { return asOf + strata.Instant(time.Since(begun)/time.Millisecond) }
		life, end := context.WithCancel(ctx)
		var running sync.WaitGroup
		running.Go(func() { live.Run(life, now) })
		waiting := make(chan acknowledged, 1<<16)
		var ages []age
		running.Go(func() { ages = published(live, waiting) })
		err := b.feed(c, now, waiting)
		close(waiting)
		if err == nil {
			time.Sleep(2 * time.Second)
		}
		end()
		running.Wait()
		if err != nil {
			return err
		}
		first := time.Duration(0)
		var warm []time.Duration
		for _, a := range ages {
			if a.at.Sub(begun) < freshWarm*time.Second {
				first = max(first, a.age)
			} else {
				warm = append(warm, a.age)
			}
		}
		if len(warm) == 0 {
			return errors.New("nothing was published while events arrived")
		}
		slices.Sort(warm)
		at := func(q float64) time.Duration { return warm[min(len(warm)-1, int(q*float64(len(warm))))] }
		f.Figures["fresh_p99"] = Figure{Value: at(0.99).Seconds(), Unit: "s", Note: fmt.Sprintf("median %d ms, largest %d ms, of %d commits of %d events; in the %d s before, the first of the process, largest %d ms",
			at(0.5).Milliseconds(), warm[len(warm)-1].Milliseconds(), len(warm), freshBatch, freshWarm, first.Milliseconds())}
		return live.Close()
	})
}

// acknowledged is a commit and when it was on disk.
type acknowledged struct {
	commit uint64
	at     time.Time
}

// feed commits events at freshRate for freshSeconds.
func (b *business) feed(c *Config, now func() strata.Instant, done chan<- acknowledged) error {
	random := rand.New(rand.NewPCG(c.Seed, 22))
	begun := time.Now()
	for n := 0; n < freshRate*freshSeconds; n += freshBatch {
		due := begun.Add(time.Duration(n) * time.Second / freshRate)
		time.Sleep(time.Until(due))
		err := b.store.Update(true, func(batch strata.Batch) error {
			for i := range freshBatch {
				if err := b.happen(batch, strata.CustomerID(random.IntN(c.Customers)+1), now(), n+i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		done <- acknowledged{b.store.Commits(), time.Now()}
	}
	return nil
}

// age is how long a commit took to be published after it was on disk.
type age struct {
	at  time.Time // on disk
	age time.Duration
}

// published returns the age of each acknowledged commit. It gives up on what
// takes a minute.
func published(live *compute.Live, waiting <-chan acknowledged) (ages []age) {
	for a := range waiting {
		for live.Commits() < a.commit {
			if time.Since(a.at) > time.Minute {
				return ages
			}
			time.Sleep(time.Millisecond)
		}
		ages = append(ages, age{a.at, time.Since(a.at)})
	}
	return ages
}

// dayStep lets the clock pass to the next day with nothing happening.
func dayStep(ctx context.Context, c *Config, f *Findings) error {
	return with(c, f, "day", func(b *business) error {
		live := b.liveOf(c)
		if err := live.CatchUp(ctx, asOf+strata.Instant(freshSeconds+10)*1000); err != nil {
			return err
		}
		zone, err := settings.Location()
		if err != nil {
			return err
		}
		midnight := define.DayStart(define.DayOf(live.Through(), zone)+1, zone)
		if err := live.CatchUp(ctx, midnight-1); err != nil {
			return err
		}
		due := live.Due(midnight)
		begun := time.Now()
		if err := live.CatchUp(ctx, midnight); err != nil {
			return err
		}
		took := time.Since(begun)
		f.Figures["day"] = Figure{Value: took.Seconds(), Unit: "s", Note: fmt.Sprintf("%d of %d customers due", due, c.Customers)}
		return live.Close()
	})
}
