package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/identity"
	"strata/registry"
	"strata/timeline"
)

// business is one open data directory, with the parts that `strata serve`
// opens.
type business struct {
	store    *timeline.Store
	people   *identity.Store
	registry *registry.Registry
	engine   *compute.Engine
}

func openBusiness(dir string) (_ *business, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	b := &business{}
	if b.store, err = timeline.Open(filepath.Join(dir, "customers"), timeline.Options{Settings: settings}); err != nil {
		return nil, err
	}
	if b.people, err = identity.Open(b.store); err != nil {
		return nil, errors.Join(err, b.store.Close())
	}
	if b.registry, err = registry.Open(context.Background(), dir, settings); err != nil {
		return nil, errors.Join(err, b.store.Close())
	}
	if b.engine, err = compute.New(b.store, b.registry, b.people, settings); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *business) close() error { return errors.Join(b.registry.Close(), b.store.Close()) }

// apply publishes a text of definitions and gives those that are cut by
// everyone's values their first calibration.
func (b *business) apply(ctx context.Context, name string, text []byte) error {
	base, _, err := b.registry.Published(ctx)
	if err != nil {
		return err
	}
	file, err := define.Parse(name, text)
	if err != nil {
		return err
	}
	set, _, err := define.Check(base, file, settings)
	if err != nil {
		return err
	}
	if err := b.engine.Check(set); err != nil {
		return err
	}
	refs := append(file.Entries(), file.Refs()...)
	var changes []registry.Change
	for _, ref := range refs {
		changes = append(changes, registry.Change{Kind: ref.Kind, Name: ref.Name, Op: registry.Update})
	}
	if _, err := b.registry.Apply(ctx, set, changes, "bench", asOf); err != nil {
		return err
	}
	return b.engine.CalibrateNew(registry.WithAuthor(ctx, "bench", asOf), refs, asOf)
}

// published is what apply has published.
func (b *business) published(ctx context.Context) (*define.Set, error) {
	set, _, err := b.registry.Published(ctx)
	return set, err
}

// onlyTags is the part of a set that holds those tags and what they stand on.
func onlyTags(set *define.Set, tags []Definition) *define.Set {
	var refs []define.Ref
	for _, d := range tags {
		refs = append(refs, define.Ref{Kind: "tag", Name: d.Name})
	}
	return set.Only(refs...)
}

// memberNumber is the key by which the business knows a customer.
func memberNumber(customer uint32) strata.Key {
	return strata.Key{Namespace: identity.MemberNo, Value: fmt.Sprintf("M%08d", customer)}
}

// enrol makes all customers known, in order, so that their numbers are those
// of W.
func (b *business) enrol(w Workload) error {
	batch := b.store.NewBatch()
	for c := uint32(1); int(c) <= w.Customers; c++ {
		id, _, err := b.people.Resolve(batch, []strata.Key{memberNumber(c)})
		if err != nil {
			return err
		}
		if uint32(id) != c {
			return fmt.Errorf("customer %d got the number %d; the directory is not empty", c, id)
		}
		if c%50_000 == 0 || int(c) == w.Customers {
			if err := b.store.Commit(batch, true); err != nil {
				return err
			}
			batch.Reset()
		}
	}
	return nil
}

// batchEvents is how many events are committed together.
const batchEvents = 50_000

// load appends W in as many deliveries, one after the other in time, each as
// the import of a file does: resolved to customers by key, with ids of the
// file's rows, and on disk after each batch.
func (b *business) load(w Workload, deliveries int) error {
	l := newLoader(b.store, func(batch *timeline.Batch, customer uint32) (strata.CustomerID, error) {
		id, _, err := b.people.Resolve(batch, []strata.Key{memberNumber(customer)})
		return id, err
	})
	stream := w.NewStream()
	for n := 1; n <= deliveries; n++ {
		l.delivery, l.row = uint32(n), 0
		if err := stream.Part(float64(n)/float64(deliveries), l.add); err != nil {
			return err
		}
		if err := l.commit(); err != nil {
			return err
		}
	}
	if last := b.people.Last(); int(last) != w.Customers {
		return fmt.Errorf("there are %d customers in place of %d", last, w.Customers)
	}
	return nil
}

// loadBare appends what every step-th customer of W did, without keys, ids
// and provenance, and returns the number of events.
func loadBare(store *timeline.Store, w Workload, step int) (int, error) {
	l := newLoader(store, func(_ *timeline.Batch, customer uint32) (strata.CustomerID, error) {
		return strata.CustomerID(customer), nil
	})
	l.bare = true
	stream, events := w.NewStream(), 0
	for i := 0; i < w.Customers; i += step {
		err := stream.PartOf(i, i+1, 1, func(e *Event) error { events++; return l.add(e) })
		if err != nil {
			return 0, err
		}
	}
	return events, l.commit()
}

// loader turns rows of W into facts. Rows of one customer stand together.
type loader struct {
	store    *timeline.Store
	resolve  func(*timeline.Batch, uint32) (strata.CustomerID, error)
	bare     bool
	delivery uint32
	row      uint32

	batch      *timeline.Batch
	customer   uint32
	events     []strata.Event
	properties []strata.Property // of the events
	inBatch    int

	categories, brands, stores, channels []strata.Value
}

func newLoader(store *timeline.Store, resolve func(*timeline.Batch, uint32) (strata.CustomerID, error)) *loader {
	texts := func(n int, name func(int) string) []strata.Value {
		out := make([]strata.Value, n)
		for i := range out {
			out[i] = strata.TextOf(name(i))
		}
		return out
	}
	return &loader{store: store, resolve: resolve, batch: store.NewBatch(),
		categories: texts(Categories, categoryName), brands: texts(Brands, brandName), stores: texts(Stores, storeName),
		channels: texts(Channels, func(i int) string { return ChannelNames[i] })}
}

func (l *loader) add(e *Event) error {
	if e.Customer != l.customer {
		if err := l.flush(); err != nil {
			return err
		}
		if l.inBatch >= batchEvents {
			if err := l.commit(); err != nil {
				return err
			}
		}
		l.customer = e.Customer
	}
	var id string
	if !l.bare {
		l.row++
		id = fileID(l.delivery, l.row)
	}
	// Properties may move while they grow, so the events find them in flush.
	l.properties = append(l.properties,
		strata.Property{Name: "amount", Value: strata.MoneyOf(int64(e.Amount), 2)},
		strata.Property{Name: "brand", Value: l.brands[e.Brand]},
		strata.Property{Name: "category", Value: l.categories[e.Category]},
		strata.Property{Name: "channel", Value: l.channels[e.Channel]},
		strata.Property{Name: "store", Value: l.stores[e.Store]})
	l.events = append(l.events, strata.Event{Name: EventTypes[e.Type], At: strata.Instant(e.At) * 1000, ID: id})
	return nil
}

// fileID is the id of a file's row, as ingest writes it.
func fileID(file, row uint32) string {
	b := []byte("f:0000000000000000:0000000000")
	const hex = "0123456789abcdef"
	for i, n := 17, uint64(file)*0x9E3779B97F4A7C15; n > 0; i, n = i-1, n>>4 {
		b[i] = hex[n&15]
	}
	for i := len(b) - 1; row > 0; i, row = i-1, row/10 {
		b[i] = '0' + byte(row%10)
	}
	return string(b)
}

// flush appends the events of one customer to the batch.
func (l *loader) flush() error {
	if len(l.events) == 0 {
		return nil
	}
	id, err := l.resolve(l.batch, l.customer)
	if err != nil {
		return err
	}
	each := len(l.properties) / len(l.events)
	for i := range l.events {
		l.events[i].Properties = l.properties[i*each : (i+1)*each]
	}
	facts := timeline.Facts{Events: l.events, Source: "shop", Import: l.delivery}
	if err := l.store.Append(l.batch, id, facts); err != nil {
		return err
	}
	l.inBatch += len(l.events)
	l.events, l.properties = l.events[:0], l.properties[:0]
	return nil
}

func (l *loader) commit() error {
	if err := l.flush(); err != nil {
		return err
	}
	if err := l.store.Commit(l.batch, true); err != nil {
		return err
	}
	l.batch.Reset()
	l.inBatch = 0
	return nil
}

// number is a value in a definition's unit, and false where there is none.
func (d *Definition) number(v strata.Value) (int64, bool) {
	if v.IsMissing() {
		return 0, false
	}
	switch d.Unit {
	case Whole:
		return strata.Rescale(v.Int, v.Scale, 0)
	case Cents:
		return strata.Rescale(v.Int, v.Scale, 2)
	case Seconds:
		return v.Int / 1000, true
	case Fraction:
		return rounded(v.Float64()), true
	}
	for i, name := range ChannelNames {
		if v.Text == name {
			return int64(i), true
		}
	}
	n, err := strconv.Atoi(v.Text[strings.LastIndexByte(v.Text, ' ')+1:])
	return int64(n), err == nil
}
