package main

import (
	"context"
	"errors"
	"time"

	"strata"
	"strata/ingest"
	"strata/registry"
	"strata/server"
)

// sources are the registry's, as server.Sources and server.WriteKeys.
type sources struct {
	b   *business
	now func() time.Time
}

func (s sources) Sources(ctx context.Context) ([]server.SourceInfo, error) {
	all, err := s.b.registry.Sources(ctx, strata.At(s.now()))
	if err != nil {
		return nil, err
	}
	counts := s.b.stream.Counts()
	var out []server.SourceInfo
	for _, x := range all {
		n := counts[x.Name]
		info := server.SourceInfo{
			Name: x.Name, State: stateOf(x, n), Events: append([]string{}, x.Events...), Namespaces: append([]string{}, x.Namespaces...), UserID: x.UserID, Rate: x.Rate, WriteKeys: []server.WriteKeyInfo{},
			Accepted: int64(n.Accepted), Repeated: int64(n.Repeated), Quarantined: int64(n.Quarantined), Refused: int64(n.Refused), LastAt: s.b.timeOf(n.Last),
		}
		for _, k := range x.Keys {
			info.WriteKeys = append(info.WriteKeys, server.WriteKeyInfo{Ending: k.Ending, CreatedAt: k.CreatedAt.In(s.b.zone), ExpiresAt: s.b.timeOf(k.ExpiresAt)})
		}
		out = append(out, info)
	}
	return out, nil
}

// timeOf is an instant in the business zone, nil for none.
func (b *business) timeOf(at strata.Instant) *time.Time {
	if at == 0 {
		return nil
	}
	t := at.In(b.zone)
	return &t
}

func (s sources) AddSource(ctx context.Context, n server.NewSource, account string) (string, error) {
	return s.b.registry.AddSource(ctx, registry.Source{Name: n.Name, Events: n.Events, Namespaces: n.Namespaces, UserID: n.UserID, Rate: n.Rate}, account, strata.At(s.now()))
}

func (s sources) RotateKey(ctx context.Context, source, account string, overlap time.Duration) (string, error) {
	return s.b.registry.RotateKey(ctx, source, account, strata.At(s.now()), strata.Instant(overlap/time.Millisecond))
}

func (s sources) RevokeKeys(ctx context.Context, source, account string) error {
	return s.b.registry.RevokeKeys(ctx, source, account, strata.At(s.now()))
}

// quarantine is the stream's, as server.Quarantine and server.Proposals.
type quarantine struct {
	b   *business
	now func() time.Time
}

func (q quarantine) by(account string) registry.By {
	return registry.By{Account: account, At: strata.At(q.now())}
}

func (q quarantine) Held(_ context.Context, source string, after uint64, limit int) ([]server.HeldInfo, error) {
	var out []server.HeldInfo
	err := ingest.Quarantined(q.b.store, after, func(x ingest.Quarantine) error {
		if source != "" && x.Source != source {
			return nil
		}
		if len(out) == limit {
			return enough{}
		}
		out = append(out, server.HeldInfo{Number: x.Number, Source: x.Source, Event: x.Event, MessageID: x.MessageID, At: x.At.In(q.b.zone), Field: x.Field, Reason: x.Reason, Hint: x.Hint, Raw: x.Raw})
		return nil
	})
	if errors.Is(err, enough{}) {
		err = nil
	}
	return out, err
}

func chosenOf(c server.ChosenCalls) ingest.Chosen {
	return ingest.Chosen{Numbers: c.Numbers, Source: c.Source, Event: c.Event}
}

func (q quarantine) Replay(ctx context.Context, c server.ChosenCalls, account string) (server.Replayed, error) {
	done, err := q.b.replay(ctx, chosenOf(c), q.by(account))
	return server.Replayed(done), err
}

func (q quarantine) Discard(ctx context.Context, c server.ChosenCalls, account string) (int, error) {
	return q.b.discardCalls(ctx, chosenOf(c), q.by(account))
}

func (q quarantine) Proposals(context.Context) ([]server.ProposalInfo, error) {
	all, err := q.b.stream.Proposals()
	var out []server.ProposalInfo
	for _, p := range all {
		info := server.ProposalInfo{Name: proposalName(p), Type: string(p.Type), Many: p.Many, Other: []string{}, Count: int64(p.Count), FirstAt: p.First.In(q.b.zone), LastAt: p.Last.In(q.b.zone), Source: p.Source}
		for _, t := range p.Other {
			info.Other = append(info.Other, string(t))
		}
		out = append(out, info)
	}
	return out, err
}

func (q quarantine) Accept(ctx context.Context, name, typ, account string) error {
	_, err := q.b.accept(ctx, name, typ, q.by(account))
	return err
}
