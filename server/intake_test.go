package server_test

import (
	"context"
	"errors"
	"time"

	"strata"
	"strata/define"
	"strata/identity"
	"strata/ingest"
	"strata/registry"
	"strata/server"
	"strata/timeline"
)

// intake is a real stream and registry, as the parts of the server that take
// what sources send.
type intake struct {
	stream   *ingest.Stream
	store    *timeline.Store
	registry *registry.Registry
	now      func() time.Time
}

func newIntake(b *business) (intake, error) {
	stream, err := ingest.NewStream(ingest.StreamOptions{
		Settings: b.store.Settings(), Store: b.store, Update: b.store.Update, Identity: b.people, Normalise: identity.Normalise, Now: b.now,
		Append: func(batch strata.Batch, c strata.CustomerID, events []strata.Event, attributes []strata.Attribute, source string, imp uint32) error {
			return b.store.Append(batch, c, timeline.Facts{Events: events, Attributes: attributes, Source: source, Import: imp, Fragment: uint32(c)})
		},
		Vocabulary: func() (ingest.Vocabulary, uint64, error) {
			set, changes, err := b.registry.Published(context.Background())
			return ingest.Vocabulary{Catalogue: &set.Catalogue}, changes + 1, err
		},
		DeleteRange: func(batch strata.Batch, from, to []byte) error { return batch.(*timeline.Batch).DeleteRange(from, to) },
	})
	return intake{stream, b.store, b.registry, b.now}, err
}

func (i intake) Reserve(bytes int64) (func(), error) { return i.stream.Reserve(bytes) }

func (i intake) Collect(ctx context.Context, kind, key string, body []byte) ([]server.Collected, error) {
	s, err := i.registry.SourceOfKey(ctx, key, strata.At(i.now()))
	if err != nil {
		return nil, err
	}
	outcomes, err := i.stream.Send(ingest.Call{Kind: kind, Body: body, At: strata.At(i.now()), Sender: ingest.Sender{Name: s.Name, UserID: s.UserID}})
	var out []server.Collected
	for _, o := range outcomes {
		out = append(out, server.Collected(o))
	}
	return out, err
}

func (i intake) Sources(ctx context.Context) ([]server.SourceInfo, error) {
	all, err := i.registry.Sources(ctx, strata.At(i.now()))
	var out []server.SourceInfo
	for _, s := range all {
		out = append(out, server.SourceInfo{Name: s.Name, State: "not_connected", Events: []string{}, Namespaces: []string{}, UserID: s.UserID, WriteKeys: []server.WriteKeyInfo{}})
	}
	return out, err
}

func (i intake) AddSource(ctx context.Context, n server.NewSource, account string) (string, error) {
	return i.registry.AddSource(ctx, registry.Source{Name: n.Name}, account, strata.At(i.now()))
}

func (i intake) RotateKey(ctx context.Context, source, account string, overlap time.Duration) (string, error) {
	return i.registry.RotateKey(ctx, source, account, strata.At(i.now()), strata.Instant(overlap/time.Millisecond))
}

func (i intake) RevokeKeys(ctx context.Context, source, account string) error {
	return i.registry.RevokeKeys(ctx, source, account, strata.At(i.now()))
}

func (i intake) Held(_ context.Context, _ string, after uint64, limit int) ([]server.HeldInfo, error) {
	var out []server.HeldInfo
	full := errors.New("full")
	err := ingest.Quarantined(i.store, after, func(q ingest.Quarantine) error {
		if len(out) == limit {
			return full
		}
		out = append(out, server.HeldInfo{Number: q.Number, Source: q.Source, Event: q.Event, Reason: q.Reason, Raw: q.Raw, At: q.At.In(shanghai)})
		return nil
	})
	if errors.Is(err, full) {
		err = nil
	}
	return out, err
}

func (i intake) Replay(_ context.Context, c server.ChosenCalls, _ string) (server.Replayed, error) {
	done, err := i.stream.Replay(ingest.Chosen{Numbers: c.Numbers, Source: c.Source, Event: c.Event})
	return server.Replayed(done), err
}

func (i intake) Discard(_ context.Context, c server.ChosenCalls, _ string) (int, error) {
	return i.stream.Discard(ingest.Chosen{Numbers: c.Numbers, Source: c.Source, Event: c.Event})
}

func (i intake) Proposals(context.Context) ([]server.ProposalInfo, error) {
	all, err := i.stream.Proposals()
	var out []server.ProposalInfo
	for _, p := range all {
		out = append(out, server.ProposalInfo{Name: p.Event + "." + p.Property, Type: string(p.Type), Other: []string{}, Count: int64(p.Count)})
	}
	return out, err
}

func (i intake) Accept(_ context.Context, name, typ, _ string) error {
	_, err := i.stream.Accept(name, define.TypeName(typ))
	return err
}
