package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/registry"
)

// scheduleSetting keeps, as a JSON object, how often definitions are
// calibrated by themselves: "tier rfm" to "month" or "quarter".
const scheduleSetting = "calibration_schedule"

// scheduleEvery is how often it is looked whether a calibration is due.
const scheduleEvery = time.Minute

// scheduler is who calibrates by schedule, in the versions of calibrations.
const scheduler = "schedule"

// schedules is the registry as the server sees it.
type schedules struct {
	definitions
	mu *sync.Mutex // held while the setting is changed
}

func (s schedules) all(ctx context.Context) (map[string]string, error) {
	text, ok, err := s.Setting(ctx, scheduleSetting)
	all := map[string]string{}
	if err != nil || !ok {
		return all, err
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("reading when definitions are calibrated: %w", err)
	}
	return all, nil
}

func (s schedules) Schedule(ctx context.Context, kind, name string) (string, error) {
	all, err := s.all(ctx)
	return all[define.Ref{Kind: kind, Name: name}.String()], err
}

func (s schedules) SetSchedule(ctx context.Context, kind, name, every string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.all(ctx)
	if err != nil {
		return err
	}
	ref := define.Ref{Kind: kind, Name: name}.String()
	switch every {
	case "":
		delete(all, ref)
	case compute.EveryMonth, compute.EveryQuarter:
		all[ref] = every
	default:
		return &strata.Error{Code: strata.Invalid, Field: "every", Message: "there is no schedule " + every, Hint: "choose month or quarter"}
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return s.SetSetting(ctx, scheduleSetting, string(text))
}

// keepCalibrated carries out the schedules, and looks at the warnings of tiers
// once a day, until ctx ends.
func (b *business) keepCalibrated(ctx context.Context, now func() strata.Instant, log *slog.Logger) {
	tick := time.NewTicker(scheduleEvery)
	defer tick.Stop()
	for {
		if err := b.calibrateDue(ctx, now(), log); err != nil && ctx.Err() == nil {
			log.Error("calibrating by schedule", "error", err)
		}
		if err := b.watchDue(ctx, now(), log); err != nil && ctx.Err() == nil {
			log.Error("looking at warnings", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// calibrateDue calibrates what is due: each definition with a schedule whose
// last calibration is from before the month or quarter that now lies in, as of
// its beginning. What was missed before that is not made up for.
func (b *business) calibrateDue(ctx context.Context, now strata.Instant, log *slog.Logger) error {
	all, err := schedules{definitions: definitions{b.registry}}.all(ctx)
	if err != nil {
		return err
	}
	set, _, err := b.registry.Published(ctx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		kind, id, _ := strings.Cut(name, " ")
		ref := define.Ref{Kind: kind, Name: id}
		if !set.Has(ref) {
			continue // paused or deleted
		}
		made, err := b.registry.Calibrations(ctx, kind, id)
		if err != nil {
			return err
		}
		begin, _ := compute.Scheduled(all[name], now, b.zone)
		if len(made) > 0 && made[0].At >= begin {
			continue
		}
		fresh, err := b.engine.Calibrate(registry.WithAuthor(ctx, scheduler, now), ref, begin)
		if err != nil {
			log.Warn("a calibration by schedule was not made", "definition", name, "error", err)
			continue
		}
		log.Info("calibrated by schedule", "definition", name, "version", fresh.Version, "people", fresh.People)
	}
	return nil
}
