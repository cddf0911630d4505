package compute

import (
	"context"
	"maps"
	"time"

	"strata"
	"strata/define"
)

// Recalibration is what new cut points would change, with nothing stored.
type Recalibration struct {
	Old, New      define.Calibration // Old has Version 0 where none was stored
	Before, After *Answer            // of the definition and what it stands on
}

// Recalibrate computes the cut points of one published definition as of an
// instant, as Calibrate would store them, and whom they would move.
func (e *Engine) Recalibrate(ctx context.Context, ref define.Ref, at strata.Instant) (*Recalibration, error) {
	set, version, err := e.definitions.Published(ctx)
	if err != nil {
		return nil, err
	}
	set = set.Only(ref)
	p, err := e.compile(set)
	if err != nil {
		return nil, err
	}
	inForce, err := e.calibrate(ctx, p, at)
	if err != nil {
		return nil, err
	}
	past, err := e.past(ctx, p, at)
	if err != nil {
		return nil, err
	}
	old, ok := inForce[ref]
	if !ok {
		return nil, notCalibrated(ref)
	}
	made, err := e.make(ctx, e.all, p, []define.Ref{ref}, at, inForce)
	if err != nil {
		return nil, err
	}
	if made[0].People == 0 {
		return nil, nobodyToCalibrate(ref)
	}
	r := &Recalibration{Old: old, New: made[0]}
	fresh := maps.Clone(inForce)
	fresh[ref] = made[0]
	for _, side := range []struct {
		by map[define.Ref]define.Calibration
		to **Answer
	}{{inForce, &r.Before}, {fresh, &r.After}} {
		table, err := e.everyone(ctx, p, at, side.by, past)
		if err != nil {
			return nil, err
		}
		*side.to = &Answer{Table: table, Set: set, Calibrations: side.by, Commits: e.source.Commits(), Version: version}
	}
	return r, nil
}

// How often a definition may be calibrated by schedule.
const (
	EveryMonth   = "month"
	EveryQuarter = "quarter"
)

// Scheduled returns the beginning of the month or quarter that holds an
// instant, and that of the next, at 00:00 of their first day. A calibration by
// schedule is due when the last is from before the beginning.
func Scheduled(every string, at strata.Instant, zone *time.Location) (begin, next strata.Instant) {
	y, m, _ := at.In(zone).Date()
	months := 1
	if every == EveryQuarter {
		m, months = m-(m-1)%3, 3
	}
	start := func(m time.Month) strata.Instant {
		day := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
		return define.DayStart(day.Unix()/86400, zone)
	}
	return start(m), start(m + time.Month(months))
}
