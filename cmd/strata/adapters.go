package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"strata"
	"strata/define"
	"strata/ingest"
	"strata/registry"
	"strata/server"
)

// The server declares what it needs of the registry and of the imports; these
// types say it in the words of those that have it.

// accounts are the registry's, as server.Accounts and server.SignInLinks.
type accounts struct{ r *registry.Registry }

func account(a registry.Account, err error) (server.Account, error) {
	return server.Account{Name: a.Name, Role: string(a.Role), MustSetPassword: a.MustSetPassword}, err
}

func (a accounts) Authenticate(ctx context.Context, name, password string, at strata.Instant) (server.Account, error) {
	return account(a.r.Authenticate(ctx, name, password, at))
}

func (a accounts) Account(ctx context.Context, name string) (server.Account, error) {
	return account(a.r.Account(ctx, name))
}

func (a accounts) SetPassword(ctx context.Context, name, password string) error {
	return a.r.SetPassword(ctx, name, password)
}

func (a accounts) UseSignInLink(ctx context.Context, token string, at strata.Instant) (server.Account, error) {
	return account(a.r.UseSignInLink(ctx, token, at))
}

// definitions are the registry's, as publish.Definitions.
type definitions struct{ *registry.Registry }

func (d definitions) Publish(ctx context.Context, set *define.Set, refs []define.Ref, author string, at strata.Instant) (uint64, error) {
	var changes []registry.Change
	for _, ref := range refs {
		changes = append(changes, registry.Change{Kind: ref.Kind, Name: ref.Name, Op: registry.Update})
	}
	return d.Apply(ctx, set, changes, author, at)
}

func (definitions) As(ctx context.Context, author string, at strata.Instant) context.Context {
	return registry.WithAuthor(ctx, author, at)
}

// versions are the registry's, as server.Versions.
type versions struct{ r *registry.Registry }

func (v versions) Versions(ctx context.Context, kind, name string) ([]server.DefinitionVersion, error) {
	all, err := v.r.Versions(ctx, kind, name)
	var out []server.DefinitionVersion
	for _, x := range all {
		out = append(out, server.DefinitionVersion{Version: x.Version, At: x.AppliedAt.In(time.UTC), Author: x.Author})
	}
	return out, err
}

// audit is the registry's, as server.Audit.
type audit struct{ r *registry.Registry }

func (a audit) Append(ctx context.Context, e server.AuditEntry) error {
	entry := registry.AuditEntry{At: e.At, Account: e.Account, Action: e.Action, Object: e.Object}
	if e.Detail != "" {
		entry.Detail = json.RawMessage(e.Detail)
	}
	return a.r.AppendAudit(ctx, entry)
}

func (a audit) Page(ctx context.Context, cursor string, limit int) ([]server.AuditEntry, string, error) {
	entries, next, err := a.r.Audit(ctx, cursor, limit)
	out := make([]server.AuditEntry, len(entries))
	for i, e := range entries {
		out[i] = server.AuditEntry{At: e.At, Account: e.Account, Action: e.Action, Object: e.Object, Detail: string(e.Detail)}
	}
	return out, next, err
}

// pins are the registry's, as server.Pins.
type pins struct{ r *registry.Registry }

func (p pins) Pins(ctx context.Context) ([]server.Pin, error) {
	all, err := p.r.Pins(ctx)
	out := make([]server.Pin, len(all))
	for i, pin := range all {
		out[i] = server.Pin{Customer: pin.Customer, Title: server.Text2(pin.Title), Note: server.Text2(pin.Note)}
	}
	return out, err
}

// imports are those of the business, as server.Imports.
type imports struct{ b *business }

func (i imports) Imports(context.Context) ([]server.ImportInfo, error) {
	var out []server.ImportInfo
	err := ingest.Records(i.b.store, func(r ingest.Record) error {
		info := server.ImportInfo{
			ID: r.ID, File: r.File, Source: r.Source, State: r.State, StartedAt: r.Started.In(i.b.zone),
			Rows: int64(r.Rows), Events: int64(r.Events), NewCustomers: int64(r.NewCustomers),
			Repeated: int64(r.Repeated), Refused: int64(r.Refused), Skipped: int64(r.Skipped),
		}
		if r.Finished != 0 {
			finished := r.Finished.In(i.b.zone)
			info.FinishedAt = &finished
		}
		out = append(out, info)
		return nil
	})
	slices.Reverse(out)
	return out, err
}

// enough ends a scan that has what it wants.
type enough struct{}

func (enough) Error() string { return "enough" }

func (i imports) Refused(_ context.Context, id uint32, after uint64, limit int) ([]server.RefusedInfo, error) {
	if _, err := i.b.importRecord(fmt.Sprint(id)); err != nil {
		return nil, err
	}
	var out []server.RefusedInfo
	err := ingest.Refused(i.b.store, id, after, func(r ingest.RefusedRow) error {
		if len(out) == limit {
			return enough{}
		}
		out = append(out, server.RefusedInfo{Row: r.Row, Line: r.Line, Field: r.Field, Reason: r.Reason, Hint: r.Hint, Raw: r.Raw})
		return nil
	})
	if err == (enough{}) {
		err = nil
	}
	return out, err
}

// erasures are those of the business, as server.Erasures.
type erasures struct{ b *business }

func (e erasures) Erasable(ctx context.Context, c strata.CustomerID) (server.ErasureInfo, error) {
	x, err := e.b.erasable(ctx, c)
	if err != nil {
		return server.ErasureInfo{}, err
	}
	return server.ErasureInfo{
		Customer: x.Customer, Keys: x.Keys, Events: x.Events, Attributes: x.Attributes,
		Named: append([]string{}, x.Named...), Backups: append([]string{}, x.Backups...),
	}, nil
}

func (e erasures) Erase(ctx context.Context, c strata.CustomerID, account, reason string, at strata.Instant) (server.ErasureReceipt, error) {
	r, err := e.b.erase(ctx, c, registry.By{Account: account, At: at, Reason: reason}, false)
	if err != nil {
		return server.ErasureReceipt{}, err
	}
	return server.ErasureReceipt{ID: r.ID, Keys: r.Keys, Events: r.Events, Refused: r.Refused, Warnings: append([]string{}, r.Warnings...)}, nil
}

// outgoing is what the registry holds, as server.Outgoing.
type outgoing struct{ b *business }

func (o outgoing) Held(ctx context.Context) (*server.HoldInfo, error) {
	h, err := o.b.registry.Outgoing(ctx)
	if err != nil || h == nil {
		return nil, err
	}
	return &server.HoldInfo{Since: h.Since.In(o.b.zone), Taken: h.Taken.In(o.b.zone)}, nil
}
