package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"strata"
	"strata/define"
	"strata/identity"
	"strata/ingest"
	"strata/registry"
	"strata/server"
	"strata/timeline"
)

// settingFoldDays is how long the ids of what is sent over HTTP are known.
const settingFoldDays = "collect.fold_days"

func foldFor(days string) (time.Duration, error) {
	n, err := strconv.Atoi(days)
	if err != nil || n < 1 || n > 366 {
		return 0, &strata.Error{Code: strata.Invalid, Field: settingFoldDays, Message: fmt.Sprintf("%q is not a number of days", days), Hint: "write a whole number from 1 to 366"}
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

// newStream is where what is sent over HTTP goes.
func (b *business) newStream(ctx context.Context) (*ingest.Stream, error) {
	days, ok, err := b.registry.Setting(ctx, settingFoldDays)
	if err != nil {
		return nil, err
	}
	var within time.Duration
	if ok {
		if within, err = foldFor(days); err != nil {
			return nil, err
		}
	}
	words := &vocabulary{registry: b.registry}
	batch := b.store.NewBatch() // of the one committer
	return ingest.NewStream(ingest.StreamOptions{
		Settings: b.settings, Store: b.store, Identity: b.people, Normalise: identity.Normalise, Erased: b.marks.Erased, Append: b.append, Vocabulary: words.get, Now: func() time.Time { return b.now() }, FoldFor: within,
		Update: func(sync bool, fill func(strata.Batch) error) error {
			b.giving.Lock()
			defer b.giving.Unlock()
			batch.Reset()
			if err := fill(batch); err != nil {
				return err
			}
			return b.store.Commit(batch, sync)
		},
		Sender: func(name string) (ingest.Sender, bool, error) {
			all, err := b.registry.Sources(context.Background(), strata.At(b.now()))
			for _, s := range all {
				if s.Name == name {
					return senderOf(s), true, nil
				}
			}
			return ingest.Sender{}, false, err
		},
		DeleteRange: func(batch strata.Batch, from, to []byte) error { return batch.(*timeline.Batch).DeleteRange(from, to) },
	})
}

// vocabulary is the published catalogue, read again when the registry has
// changed.
type vocabulary struct {
	registry *registry.Registry

	mu      sync.Mutex
	read    bool
	written uint64
	set     *define.Set
	off     map[string]bool
	version uint64
}

func (v *vocabulary) get() (ingest.Vocabulary, uint64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if written := v.registry.Written(); !v.read || v.written != written {
		ctx := context.Background()
		set, _, err := v.registry.Published(ctx)
		if err != nil {
			return ingest.Vocabulary{}, 0, err
		}
		demands, err := v.registry.Governance(ctx)
		if err != nil {
			return ingest.Vocabulary{}, 0, err
		}
		off := map[string]bool{}
		for name := range set.Catalogue.Attributes {
			if set.Catalogue.Guarded(name) && !demands.On[name] {
				off[name] = true
			}
		}
		if set != v.set || !maps.Equal(off, v.off) {
			v.version++
		}
		v.read, v.written, v.set, v.off = true, written, set, off
	}
	return ingest.Vocabulary{Catalogue: &v.set.Catalogue, Off: v.off}, v.version, nil
}

// collector is the business's stream, as server.Collector.
type collector struct {
	b   *business
	now func() time.Time
}

func (c collector) Reserve(bytes int64) (func(), error) {
	release, err := c.b.stream.Reserve(bytes)
	return release, busy(err)
}

func busy(err error) error {
	var b *ingest.Busy
	if errors.As(err, &b) {
		return &server.CollectBusy{After: b.After, Rate: b.Rate}
	}
	return err
}

func (c collector) Collect(ctx context.Context, kind, key string, body []byte) ([]server.Collected, error) {
	at := strata.At(c.now())
	if key == "" {
		key = ingest.WriteKey(body)
	}
	source, err := c.b.registry.SourceOfKey(ctx, key, at)
	if err != nil {
		return nil, err
	}
	outcomes, err := c.b.stream.Send(ingest.Call{Kind: kind, Body: body, At: at, Sender: senderOf(source)})
	if err != nil {
		return nil, busy(err)
	}
	out := make([]server.Collected, len(outcomes))
	for i, o := range outcomes {
		out[i] = server.Collected(o)
	}
	return out, nil
}

func senderOf(s registry.Source) ingest.Sender {
	return ingest.Sender{Name: s.Name, Events: s.Events, Namespaces: s.Namespaces, UserID: s.UserID, Rate: s.Rate}
}
