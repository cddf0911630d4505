package compute

import (
	"context"
	"slices"
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
	var fillers []*filler
	err := e.scan(ctx, n, p.Wanted(), func() func(*strata.History) {
		run := p.At(asOf, calibrations)
		run.Past(past)
		fill := newFiller(build, run, p.Tags())
		mu.Lock()
		fillers = append(fillers, fill)
		mu.Unlock()
		last := lastSeen{all: &last}
		return func(h *strata.History) {
			fill.add(h)
			last.see(h, asOf)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, fill := range fillers {
		fill.flush()
	}
	table := build.Table()
	table.DataUntil = last.at()
	return table, nil
}

// filler puts the rows of one worker into a table. The numbers of plain tags
// are gathered for a whole block, which then takes them at once.
type filler struct {
	build  *audience.Builder
	run    *program.Evaluator
	plain  []plainTag
	slots  []int                        // of plain
	of     []*[audience.BlockSize]int64 // of plain: Numbers.Of
	bits   []int64                      // of plain: Numbers.Bits
	others []int                        // the tags that are not plain

	block int
	has   [audience.BlockSize / 64]uint64
	odd   []oddRow
}

// plainTag is a plain tag and its numbers in the block.
type plainTag struct {
	tag int
	audience.Numbers
}

// oddRow is a customer some of whose plain tags are of another kind or scale.
type oddRow struct {
	id   strata.CustomerID
	tags []strata.Value
}

func newFiller(build *audience.Builder, run *program.Evaluator, tags []program.Tag) *filler {
	f := &filler{build: build, run: run, block: -1}
	run.KeepInts(true)
	plain := 0
	for i := range tags {
		if tags[i].Int >= 0 {
			plain++
		}
	}
	// A few bytes between the tags keep their numbers of one customer out of
	// each other's way in the processor's caches.
	const apart = audience.BlockSize + 8
	numbers := make([]int64, plain*apart)
	f.plain = make([]plainTag, 0, plain)
	for i := range tags {
		t := &tags[i]
		if t.Int < 0 {
			f.others = append(f.others, i)
			continue
		}
		of := numbers[len(f.plain)*apart:][:audience.BlockSize]
		f.slots, f.bits = append(f.slots, t.Int), append(f.bits, 0)
		f.of = append(f.of, (*[audience.BlockSize]int64)(of))
		f.plain = append(f.plain, plainTag{tag: i, Numbers: audience.Numbers{Kind: t.Kind, Scale: t.Scale, Of: of}})
	}
	return f
}

// add evaluates one customer. Customers come block by block.
func (f *filler) add(h *strata.History) {
	row := f.run.Run(h)
	f.build.SetSome(h.Customer, audience.Row{Tags: row.Tags, Segments: row.Segments, Levels: row.Levels}, f.others)
	if len(f.plain) == 0 {
		return
	}
	block, at := int(h.Customer)/audience.BlockSize, int(h.Customer)%audience.BlockSize
	if block != f.block {
		f.flush()
		f.block = block
	}
	if row.Odd {
		f.odd = append(f.odd, oddRow{h.Customer, slices.Clone(row.Tags)})
		return
	}
	f.has[at>>6] |= 1 << (at & 63)
	slots, of, bits := f.slots, f.of[:len(f.slots)], f.bits[:len(f.slots)]
	for i, slot := range slots {
		n := row.Ints[slot]
		of[i][at&(audience.BlockSize-1)] = n
		bits[i] |= n ^ n>>63
	}
}

// flush gives the table the block that is gathered.
func (f *filler) flush() {
	if f.block < 0 || len(f.plain) == 0 {
		return
	}
	for i := range f.plain {
		t := &f.plain[i]
		t.Bits = f.bits[i]
		f.build.Fill(t.tag, f.block, &f.has, &t.Numbers)
		f.bits[i] = 0
	}
	for _, row := range f.odd {
		for i := range f.plain {
			f.build.SetTag(row.id, f.plain[i].tag, row.tags[f.plain[i].tag])
		}
	}
	clear(f.has[:])
	f.odd = f.odd[:0]
}
