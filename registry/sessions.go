package registry

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"strata"
)

// Sessions keeps the console's sessions for scs (it is an scs.CtxStore). Only
// the hash of a session's token is stored.
type Sessions struct {
	registry *Registry
	now      func() time.Time
}

// Sessions returns the session store; now is the clock by which sessions
// expire.
func (r *Registry) Sessions(now func() time.Time) *Sessions {
	return &Sessions{registry: r, now: now}
}

// FindCtx returns the data of a session; false where the token is unknown or
// has expired.
func (s *Sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	err := s.registry.look(ctx, "reading a session", func(tx *sql.Tx) error {
		if err := sound(ctx, tx, "sessions", "hash = ?", hashOf(token)); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT data FROM sessions WHERE hash = ? AND expires_at > ?`, hashOf(token), s.now().UnixMilli()).Scan(&data)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// CommitCtx stores or replaces a session until expiry, and drops those that
// have expired.
func (s *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	if data == nil {
		data = []byte{}
	}
	return s.registry.change(ctx, "storing a session", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires_at <= ?`, s.now().UnixMilli()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (hash, data, expires_at) VALUES (?, ?, ?)
			ON CONFLICT (hash) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
			hashOf(token), data, int64(strata.At(expiry)))
		if err != nil {
			return err
		}
		return sum(ctx, tx, "sessions", "hash = ?", hashOf(token))
	})
}

// DeleteCtx removes a session; an unknown one is no error.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	return s.registry.change(ctx, "ending a session", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash = ?`, hashOf(token))
		return err
	})
}

// Find is FindCtx without a context.
func (s *Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (s *Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
