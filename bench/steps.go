package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"strata"
	"strata/audience"
	"strata/compute"
	"strata/define"
	"strata/timeline"
)

// Config is what a run measures.
type Config struct {
	Workload
	Deliveries int    `json:"deliveries"` // in which W arrives
	Threads    int    `json:"threads"`
	Repeats    int    `json:"repeats"` // of what is measured warm
	Keep       bool   `json:"-"`       // data stay, and serve the next run with Keep and the same numbers
	Dir        string `json:"-"`
}

func (c *Config) strataDir() string { return filepath.Join(c.Dir, "strata") }

// sampled are the customers whose values are compared one by one, some
// hundreds in equal steps; sampledSQL is the same as a condition.
func (c *Config) sampled() []uint32 {
	var out []uint32
	for customer := uint32(1); int(customer) <= c.Customers; customer += c.sampleStep() {
		out = append(out, customer)
	}
	return out
}

func (c *Config) sampleStep() uint32 { return uint32(max(1, c.Customers/500)) }

func (c *Config) sampledSQL() string {
	return fmt.Sprintf("customer %% %d = %d", c.sampleStep(), 1%c.sampleStep())
}

// Figure is something measured. Where it was measured several times, Value is
// the best.
type Figure struct {
	Value float64   `json:"value"`
	Unit  string    `json:"unit"`
	Runs  []float64 `json:"runs,omitempty"`
	Note  string    `json:"note,omitempty"`
}

// Findings are what a step has found.
type Findings struct {
	Figures map[string]Figure    `json:"figures"`
	Columns map[string]Checksum  `json:"columns,omitempty"`
	Sample  map[string][]*string `json:"sample,omitempty"` // of the sampled customers, in their order; nil = missing
}

func newFindings() *Findings {
	return &Findings{Figures: map[string]Figure{}, Columns: map[string]Checksum{}, Sample: map[string][]*string{}}
}

func (f *Findings) set(name string, value float64, unit string) {
	f.Figures[name] = Figure{Value: value, Unit: unit}
}

func (f *Findings) seconds(name string, d ...time.Duration) {
	runs := make([]float64, len(d))
	for i := range d {
		runs[i] = d[i].Seconds()
	}
	figure := Figure{Value: slices.Min(runs), Unit: "s"}
	if len(runs) > 1 {
		figure.Runs = runs
	}
	f.Figures[name] = figure
}

// step is a part of the measurement of Strata that has a process of its own,
// so that its peak of memory is its own.
type step struct {
	name string
	cold bool // the page cache is dropped before
	once bool // it makes data: where they are kept, what it found is too
	run  func(ctx context.Context, c *Config, f *Findings) error
}

// steps, in order. Each adds figures by which rows of the table are printed.
var steps = []step{
	{name: "ingest", once: true, run: ingestStep},
	{name: "publish", once: true, run: publishStep},
	{name: "size", once: true, run: sizeStep},
	{name: "d80", run: d80Step},
	{name: "d80_cold", cold: true, run: d80ColdStep},
	{name: "d200", run: d200Step},
	{name: "preview", run: previewStep},
	{name: "preview_cold", cold: true, run: previewColdStep},
	{name: "start", run: startStep},
	{name: "live", once: true, run: liveStep}, // from here on more happens than W
	{name: "fresh", once: true, run: freshStep},
	{name: "day", once: true, run: dayStep},
}

// with opens the business for a step and notes the peak of memory.
func with(c *Config, f *Findings, name string, fn func(*business) error) error {
	b, err := openBusiness(c.strataDir())
	if err != nil {
		return err
	}
	err = fn(b)
	f.set(name+"_peak", peakMemory(), "MB")
	return errors.Join(err, b.close())
}

// ingestStep brings W in, and evaluates D80 before anything is compacted.
func ingestStep(ctx context.Context, c *Config, f *Findings) error {
	return with(c, f, "ingest", func(b *business) error {
		begun := time.Now()
		if err := b.enrol(c.Workload); err != nil {
			return err
		}
		f.seconds("enrol", time.Since(begun))
		begun = time.Now()
		if err := b.load(c.Workload, c.Deliveries); err != nil {
			return err
		}
		took := time.Since(begun)
		f.seconds("ingest", took)
		f.set("ingest_rate", float64(c.Events)/took.Seconds(), "events/s")
		if err := b.apply(ctx, "d80.yaml", D80File()); err != nil {
			return err
		}
		return b.timeTags(ctx, f, "d80_uncompacted", Counts(), 1)
	})
}

// publishStep compacts, and publishes the rest of D200.
func publishStep(ctx context.Context, c *Config, f *Findings) error {
	return with(c, f, "publish", func(b *business) error {
		begun := time.Now()
		if err := b.store.Compact(ctx); err != nil {
			return err
		}
		f.seconds("compact", time.Since(begun))
		begun = time.Now()
		if err := b.apply(ctx, "rest.yaml", RestFile()); err != nil {
			return err
		}
		f.seconds("publish", time.Since(begun))
		return nil
	})
}

// sizeStep measures the data directory, and what a tenth of the customers
// take without keys, ids and provenance.
func sizeStep(ctx context.Context, c *Config, f *Findings) error {
	if err := with(c, f, "size", func(*business) error { return nil }); err != nil { // removes files that compacting has left
		return err
	}
	bytes, err := tableBytes(filepath.Join(c.strataDir(), "customers"))
	if err != nil {
		return err
	}
	f.set("disk", float64(bytes)/1e6, "MB")
	f.set("bytes_per_event", float64(bytes)/float64(c.Events), "bytes")

	dir := filepath.Join(c.Dir, "bare")
	defer os.RemoveAll(dir)
	open := func() (*timeline.Store, error) { return timeline.Open(dir, timeline.Options{Settings: settings}) }
	store, err := open()
	if err != nil {
		return err
	}
	events, err := loadBare(store, c.Workload, min(10, max(1, c.Customers/1000)))
	if err == nil {
		err = store.Compact(ctx)
	}
	if err := errors.Join(err, store.Close()); err != nil {
		return err
	}
	if store, err = open(); err != nil {
		return err
	}
	if err := store.Close(); err != nil {
		return err
	}
	if bytes, err = tableBytes(dir); err != nil {
		return err
	}
	f.set("bytes_per_event_bare", float64(bytes)/float64(events), "bytes")
	return nil
}

// d80Step evaluates D80 warm, and notes what it gives.
func d80Step(ctx context.Context, c *Config, f *Findings) error {
	return with(c, f, "d80", func(b *business) error { return b.timeTags(ctx, f, "d80", Counts(), c.Repeats) })
}

// timeTags evaluates tags for everyone into memory, and then notes checksums.
func (b *business) timeTags(ctx context.Context, f *Findings, name string, tags []Definition, repeats int) error {
	set, err := b.published(ctx)
	if err != nil {
		return err
	}
	_, err = b.time(ctx, f, name, onlyTags(set, tags), repeats)
	return err
}

// time evaluates a set for everyone into memory several times after one that
// does not count, unless it is to be done once, and returns the last answer.
func (b *business) time(ctx context.Context, f *Findings, name string, set *define.Set, repeats int) (*compute.Answer, error) {
	if repeats > 1 {
		if _, err := b.engine.Evaluate(ctx, set, asOf); err != nil {
			return nil, err
		}
	}
	var answer *compute.Answer
	var runs []time.Duration
	for range repeats {
		answer = nil
		runtime.GC() // what the last one left is not this one's work
		begun := time.Now()
		var err error
		if answer, err = b.engine.Evaluate(ctx, set, asOf); err != nil {
			return nil, err
		}
		runs = append(runs, time.Since(begun))
	}
	f.seconds(name, runs...)
	return answer, nil
}

// d80ColdStep evaluates D80 from the disk.
func d80ColdStep(ctx context.Context, c *Config, f *Findings) error {
	begun := time.Now()
	return with(c, f, "d80_cold", func(b *business) error {
		f.seconds("d80_cold_open", time.Since(begun))
		return b.timeTags(ctx, f, "d80_cold", Counts(), 1)
	})
}

// d200Step evaluates everything, and the part of it that one query can say,
// whose values it notes. The count of a set expression needs the segments.
func d200Step(ctx context.Context, c *Config, f *Findings) error {
	return with(c, f, "d200", func(b *business) error {
		set, err := b.published(ctx)
		if err != nil {
			return err
		}
		tags := Sayable()
		answer, err := b.time(ctx, f, "sayable", onlyTags(set, tags), c.Repeats)
		if err != nil {
			return err
		}
		if err := note(c, f, answer, tags); err != nil {
			return err
		}
		if answer, err = b.time(ctx, f, "d200", set, max(1, c.Repeats/2)); err != nil {
			return err
		}
		if len(answer.Segments) != len(Segments()) {
			return fmt.Errorf("%d segments are published in place of %d", len(answer.Segments), len(Segments()))
		}
		return countExpression(f, answer)
	})
}

// note keeps the checksums and the samples of an answer.
func note(c *Config, f *Findings, answer *compute.Answer, tags []Definition) error {
	for i := range tags {
		d := &tags[i]
		column := answer.Tags[d.Name]
		var sum Checksum
		for customer := uint32(1); int(customer) <= c.Customers; customer++ {
			v := column.Get(strata.CustomerID(customer))
			n, ok := d.number(v)
			if !ok && !v.IsMissing() {
				return fmt.Errorf("%s of customer %d is %s, which is no number of W", d.Name, customer, v)
			}
			if ok {
				sum.add(customer, n)
			}
		}
		f.Columns[d.Name] = sum
		for _, customer := range c.sampled() {
			var text *string
			if n, ok := d.number(column.Get(strata.CustomerID(customer))); ok {
				s := strconv.FormatInt(n, 10)
				text = &s
			}
			f.Sample[d.Name] = append(f.Sample[d.Name], text)
		}
	}
	return nil
}

// countExpression counts (1 or 17 or 20) and 12, but not 46, by number of
// segment, and that the count is as long as the list.
func countExpression(f *Findings, answer *compute.Answer) error {
	segment := func(n int) audience.Set { return audience.Segment{Name: fmt.Sprintf("segment_%02d", n)} }
	expression := audience.Except{
		Of:  audience.All{Of: []audience.Set{audience.Any{Of: []audience.Set{segment(1), segment(17), segment(20)}}, segment(12)}},
		Not: segment(46),
	}
	list, err := answer.Select(expression)
	if err != nil {
		return err
	}
	var runs []time.Duration
	for range 200 {
		begun := time.Now()
		size, err := answer.Count(expression)
		runs = append(runs, time.Since(begun))
		if err != nil {
			return err
		}
		if uint64(size) != list.GetCardinality() {
			return fmt.Errorf("the count of the expression is %d, the list has %d", size, list.GetCardinality())
		}
	}
	slices.Sort(runs)
	f.Figures["expression"] = Figure{Value: runs[len(runs)/2].Seconds() * 1000, Unit: "ms",
		Note: fmt.Sprintf("median of %d; %d customers", len(runs), list.GetCardinality())}
	return nil
}

// draft is the published set with one more segment, and that segment alone.
func (b *business) draft(ctx context.Context) (*define.Set, error) {
	base, err := b.published(ctx)
	if err != nil {
		return nil, err
	}
	file, err := define.Parse("preview.yaml", []byte("segments:\n  draft: {where: "+preview+"}\n"))
	if err != nil {
		return nil, err
	}
	set, _, err := define.Check(base, file, settings)
	if err != nil {
		return nil, err
	}
	return set.Only(define.Ref{Kind: "segment", Name: "draft"}), nil
}

// previewOnce checks one new condition and counts who meets it.
func (b *business) previewOnce(ctx context.Context) (time.Duration, error) {
	begun := time.Now()
	set, err := b.draft(ctx)
	if err != nil {
		return 0, err
	}
	answer, err := b.engine.Evaluate(ctx, set, asOf)
	if err != nil {
		return 0, err
	}
	if answer.Segments["draft"].GetCardinality() == 0 {
		return 0, errors.New("nobody meets the condition of the preview")
	}
	return time.Since(begun), nil
}

func previewStep(ctx context.Context, c *Config, f *Findings) error {
	return with(c, f, "preview", func(b *business) error {
		var runs []time.Duration
		for i := range c.Repeats + 1 {
			took, err := b.previewOnce(ctx)
			if err != nil {
				return err
			}
			if i > 0 {
				runs = append(runs, took)
			}
		}
		f.seconds("preview", runs...)
		return nil
	})
}

func previewColdStep(ctx context.Context, c *Config, f *Findings) error {
	return with(c, f, "preview_cold", func(b *business) error {
		took, err := b.previewOnce(ctx)
		f.seconds("preview_cold", took)
		return err
	})
}

// startStep opens the business until it could answer a request, and goes on
// until it has answered with everything that is published.
func startStep(ctx context.Context, c *Config, f *Findings) error {
	begun := time.Now()
	return with(c, f, "start", func(b *business) error {
		set, err := b.published(ctx)
		if err != nil {
			return err
		}
		if err := b.engine.Check(set); err != nil {
			return err
		}
		f.seconds("start", time.Since(begun))
		if _, err := b.engine.At(ctx, asOf); err != nil {
			return err
		}
		f.seconds("start_to_answer", time.Since(begun))
		return nil
	})
}

// tableBytes is the size of a store's tables; the log holds what is in them
// too, until it is used again.
func tableBytes(dir string) (int64, error) {
	var total int64
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, err
		}
		if strings.HasSuffix(e.Name(), ".sst") || strings.HasSuffix(e.Name(), ".blob") {
			total += info.Size()
		}
	}
	return total, nil
}
