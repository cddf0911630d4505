package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"strata"
	"strata/define"
	"strata/registry"
	"strata/server"
)

// watching is the registry's, as server.Watching.
type watching struct{ r *registry.Registry }

func warningChanged(c registry.WarningChange) server.WarningChanged {
	return server.WarningChanged{
		Number: c.Number, Tier: c.Tier, Warning: c.Warning, AsOf: c.AsOf.In(time.UTC), Found: c.Found.In(time.UTC), From: string(c.From), To: string(c.To),
		Moved: c.Figures.Moved, Was: c.Figures.Was, Heading: c.Figures.Heading, AtLevel: c.Figures.At,
	}
}

func (w watching) Warnings(ctx context.Context, tier string) (map[string]server.WarningChanged, error) {
	states, err := w.r.WarningStates(ctx, tier)
	out := map[string]server.WarningChanged{}
	for key, c := range states {
		out[key] = warningChanged(c)
	}
	return out, err
}

func (w watching) WarningChanges(ctx context.Context, tier string, after uint64, limit int) ([]server.WarningChanged, error) {
	all, err := w.r.WarningChanges(ctx, tier, after, limit)
	var out []server.WarningChanged
	for _, c := range all {
		out = append(out, warningChanged(c))
	}
	return out, err
}

func (w watching) Reviews(ctx context.Context, tier string) ([]server.ReviewInfo, strata.Instant, error) {
	all, since, err := w.r.Reviews(ctx, define.Ref{Kind: "tier", Name: tier})
	var out []server.ReviewInfo
	for _, v := range all {
		out = append(out, server.ReviewInfo{At: v.By.At.In(time.UTC), Account: v.By.Account, Note: v.By.Reason, Version: v.Version})
	}
	return out, since, err
}

func (w watching) AddReview(ctx context.Context, tier, account, note string, at strata.Instant) error {
	_, err := w.r.AddReview(ctx, define.Ref{Kind: "tier", Name: tier}, registry.By{Account: account, At: at, Reason: note})
	return err
}

// watchedSetting keeps of which day and definitions the warnings were last
// looked at.
const watchedSetting = "warnings_looked_at"

// recordWarnings evaluates the warnings of a tier as of an instant and writes
// down those that changed their state.
func (b *business) recordWarnings(ctx context.Context, tier string, asOf, now strata.Instant) ([]registry.WarningChange, error) {
	watched, err := b.engine.Watch(ctx, tier, asOf)
	if err != nil {
		return nil, err
	}
	var changed []registry.WarningChange
	for i := range watched {
		w := &watched[i]
		moved, was, heading, at := server.Sides(w)
		c, err := b.registry.SetWarning(ctx, registry.WarningChange{
			Tier: tier, Warning: w.Warning.Key(), AsOf: asOf, Found: now, To: w.Warning.State(moved, was, heading, at),
			Figures: registry.WarningFigures{Moved: moved, Was: was, Heading: heading, At: at},
		})
		if err != nil {
			return changed, err
		}
		if c.Number > 0 {
			changed = append(changed, c)
		}
	}
	return changed, nil
}

// watchDue looks at the warnings of all tiers as of the beginning of today,
// once a day and again when definitions have changed. A tier that cannot be
// looked at does not stop the others.
func (b *business) watchDue(ctx context.Context, now strata.Instant, log *slog.Logger) error {
	set, version, err := b.registry.Published(ctx)
	if err != nil {
		return err
	}
	today := define.DayOf(now, b.zone)
	looked := fmt.Sprintf("%d %d", today, version)
	if last, _, err := b.registry.Setting(ctx, watchedSetting); err != nil || last == looked {
		return err
	}
	asOf := define.DayStart(today, b.zone)
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(set.Tiers)) {
		if len(set.Tiers[name].Warnings) == 0 {
			continue
		}
		changed, err := b.recordWarnings(ctx, name, asOf, now)
		if err != nil {
			failed = append(failed, fmt.Errorf("looking at the warnings of tier %s: %w", name, err))
		}
		for _, c := range changed {
			log.Info("a warning changed", "number", c.Number, "tier", c.Tier, "warning", c.Warning, "from", c.From, "to", c.To)
		}
	}
	if ctx.Err() == nil {
		failed = append(failed, b.registry.SetSetting(ctx, watchedSetting, looked))
	}
	return errors.Join(failed...)
}
