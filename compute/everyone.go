package compute

import (
	"context"
	"sync"

	"strata"
	"strata/audience"
	"strata/define"
	"strata/program"
)

// everyone fills a table in one scan.
func (e *Engine) everyone(ctx context.Context, p *program.Program, asOf strata.Instant, calibrations map[define.Ref]define.Calibration, past []define.Calibration) (*audience.Table, error) {
	n := int(e.people.Last()) + 1
	build := audience.NewBuilder(asOf, n, layout(p))
	var last lastEvent
	var mu sync.Mutex
	var fillers []*audience.Filler
	plain := plainTags(p)
	err := e.scan(ctx, n, p.Wanted(), func() func(*strata.History) {
		run := p.At(asOf, calibrations)
		run.Past(past)
		run.KeepInts(true)
		fill := build.Filler(plain)
		mu.Lock()
		fillers = append(fillers, fill)
		mu.Unlock()
		last := lastSeen{all: &last}
		return func(h *strata.History) {
			row := run.Run(h)
			fill.Add(h.Customer, &audience.FullRow{
				Row:  audience.Row{Tags: row.Tags, Segments: row.Segments, Levels: row.Levels},
				Ints: row.Ints, Odd: row.Odd,
			})
			last.see(h, asOf)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, fill := range fillers {
		fill.Flush()
	}
	table := build.Table()
	table.DataUntil = last.at()
	return table, nil
}

// plainTags are the tags of a program whose values come as Row.Ints.
func plainTags(p *program.Program) []audience.PlainTag {
	var plain []audience.PlainTag
	for i, t := range p.Tags() {
		if t.Int >= 0 {
			plain = append(plain, audience.PlainTag{Tag: i, Slot: t.Int, Kind: t.Kind, Scale: t.Scale})
		}
	}
	return plain
}
