package server

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"strata"
	"strata/compute"
	"strata/define"
)

// CalibrationDetail is the cut points in force, and when they are made anew.
type CalibrationDetail struct {
	Calibration CalibrationInfo `json:"calibration"`
	Every       string          `json:"every" enum:"none,month,quarter"`
	NextAt      *time.Time      `json:"next_at" nullable:"true" doc:"When they are made anew by schedule; null = only by hand. An instant that has passed is made up for at once."`
}

// CalibrateAt says as of when new cut points are made; they hold from then on.
type CalibrateAt struct {
	AsOf time.Time `json:"as_of" doc:"As the preview gave it."`
}

// Schedule is how often cut points are made anew.
type Schedule struct {
	Every string `json:"every" enum:"none,month,quarter" doc:"At 00:00 of the first day of each."`
}

// RecalibrationInfo is what new cut points would change.
type RecalibrationInfo struct {
	AsOf    time.Time       `json:"as_of"`
	Old     CalibrationInfo `json:"old"`
	New     CalibrationInfo `json:"new"`
	People  int             `json:"people" doc:"Everyone with a value or level."`
	Changed int             `json:"changed" doc:"Of them: with another value or level than before."`
	Moves   []PlanMove      `json:"moves" doc:"The largest, at most 12; none for values that are numbers."`
}

// mostCutMoves is how many moves a preview of new cut points lists.
const mostCutMoves = 12

func calibrationInfo(k define.Calibration, zone *time.Location) CalibrationInfo {
	info := CalibrationInfo{At: k.At.In(zone), Version: k.Version, People: k.People, Stored: k.Version > 0, Cuts: map[string][]float64{}}
	maps.Copy(info.Cuts, k.Cuts)
	return info
}

func (c *console) calibrated(ctx context.Context, r *calibrationRequest) (CalibrationDetail, error) {
	a, err := c.now(ctx)
	if err != nil {
		return CalibrationDetail{}, err
	}
	ref := define.Ref{Kind: r.Kind, Name: r.Name}
	if err := defined(a, ref); err != nil {
		return CalibrationDetail{}, err
	}
	k, ok := a.Calibrations[ref]
	if !ok {
		return CalibrationDetail{}, &strata.Error{Code: strata.NotFound, Field: "path.name", Message: r.Name + " has no cut points from everyone"}
	}
	d := CalibrationDetail{Calibration: calibrationInfo(k, c.zone), Every: "none"}
	every, err := c.Schedules.Schedule(ctx, r.Kind, r.Name)
	if err != nil || every == "" {
		return d, err
	}
	_, next := compute.Scheduled(every, k.At, c.zone)
	d.Every, d.NextAt = every, c.timeOrNull(next)
	return d, nil
}

func (c *console) recalibration(ctx context.Context, r *calibrationRequest) (RecalibrationInfo, error) {
	if err := mayPublish(who(ctx)); err != nil {
		return RecalibrationInfo{}, err
	}
	a, err := c.now(ctx)
	if err != nil {
		return RecalibrationInfo{}, err
	}
	ref := define.Ref{Kind: r.Kind, Name: r.Name}
	if err := defined(a, ref); err != nil {
		return RecalibrationInfo{}, err
	}
	got, err := c.Engine.Recalibrate(ctx, ref, a.AsOf)
	if err != nil {
		return RecalibrationInfo{}, err
	}
	info := RecalibrationInfo{AsOf: c.time(a.AsOf), Old: calibrationInfo(got.Old, c.zone), New: calibrationInfo(got.New, c.zone), Moves: []PlanMove{}}
	answer := func(a *compute.Answer, n strata.CustomerID) strata.Value {
		if ref.Kind == "tier" {
			return a.Tiers[ref.Name].Value(n)
		}
		return a.Tags[ref.Name].Get(n)
	}
	type pair struct{ from, to strata.Value }
	pairs := map[pair]uint64{}
	for it := got.Before.Everyone.Iterator(); it.HasNext(); {
		n := strata.CustomerID(it.Next())
		p := pair{answer(got.Before, n), answer(got.After, n)}
		if p.from.IsMissing() && p.to.IsMissing() {
			continue
		}
		info.People++
		if p.from == p.to {
			continue
		}
		info.Changed++
		if p.from.Kind == strata.Text || p.to.Kind == strata.Text {
			pairs[p]++
		}
	}
	for p, n := range pairs {
		m := PlanMove{From: cmp.Or(p.from.String(), "-"), To: cmp.Or(p.to.String(), "-"), Count: n}
		if ref.Kind == "tier" {
			m.FromName, m.ToName = levelName(a.Set.Tiers[ref.Name], m.From), levelName(a.Set.Tiers[ref.Name], m.To)
		} else {
			m.FromName, m.ToName = c.tagText(a.Set, a.Set.Tags[ref.Name], p.from), c.tagText(a.Set, a.Set.Tags[ref.Name], p.to)
		}
		info.Moves = append(info.Moves, m)
	}
	slices.SortFunc(info.Moves, func(a, b PlanMove) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	info.Moves = info.Moves[:min(len(info.Moves), mostCutMoves)]
	return info, nil
}

func (c *console) calibrate(ctx context.Context, r *calibrateRequest) (CalibrationInfo, error) {
	account, now := who(ctx), strata.At(c.Now())
	if err := mayPublish(account); err != nil {
		return CalibrationInfo{}, err
	}
	at := strata.At(r.Body.AsOf)
	if at > now || now-at > strata.Instant(time.Hour/time.Millisecond) {
		return CalibrationInfo{}, invalid("body.as_of", "this preview is more than an hour old", "preview again")
	}
	ref := define.Ref{Kind: r.Kind, Name: r.Name}
	made, err := c.Engine.Calibrate(c.Schedules.As(ctx, account.Name, now), ref, at)
	if err != nil {
		return CalibrationInfo{}, err
	}
	return calibrationInfo(made, c.zone), c.record(ctx, account.Name, actionCalibrate, ref.String(), map[string]any{"version": made.Version, "people": made.People})
}

func (c *console) setSchedule(ctx context.Context, r *scheduleRequest) error {
	account := who(ctx)
	if err := mayPublish(account); err != nil {
		return err
	}
	if _, err := c.calibrated(ctx, &calibrationRequest{Kind: r.Kind, Name: r.Name}); err != nil {
		return err
	}
	every := r.Body.Every
	if every == "none" {
		every = ""
	}
	if err := c.Schedules.SetSchedule(ctx, r.Kind, r.Name, every); err != nil {
		return err
	}
	return c.record(ctx, account.Name, actionSchedule, r.Kind+":"+r.Name, map[string]any{"every": r.Body.Every})
}
