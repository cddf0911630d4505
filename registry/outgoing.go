package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"strata"
)

// outgoingKey is the setting that is there while nothing may leave.
const outgoingKey = "outgoing.held"

// Held says why nothing leaves: no message, task, coupon or webhook.
type Held struct {
	Since strata.Instant `json:"since"`
	Taken strata.Instant `json:"taken"` // when the backup was made that was restored
}

// HoldOutgoing keeps everything from leaving until a person says otherwise. A
// restored copy does not know what was sent after its backup was made.
func (r *Registry) HoldOutgoing(ctx context.Context, h Held) error {
	value, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return r.change(ctx, "holding what goes out", func(tx *sql.Tx) error { return setSetting(ctx, tx, outgoingKey, string(value)) })
}

// Outgoing returns why nothing may leave, nil where all may. Whoever sends
// asks it in the transaction that notes what is sent, or right before.
func (r *Registry) Outgoing(ctx context.Context) (*Held, error) {
	value, ok, err := r.Setting(ctx, outgoingKey)
	if err != nil || !ok {
		return nil, err
	}
	var h Held
	if err := json.Unmarshal([]byte(value), &h); err != nil {
		return nil, damagedRow("settings", outgoingKey, err)
	}
	return &h, nil
}

// ResumeOutgoing lets everything leave again, and says so in the audit. It
// reports false where nothing was held.
func (r *Registry) ResumeOutgoing(ctx context.Context, by By) (was bool, err error) {
	err = r.change(ctx, "resuming what goes out", func(tx *sql.Tx) error {
		var value string
		err := tx.QueryRowContext(ctx, `DELETE FROM settings WHERE key = ? RETURNING value`, outgoingKey).Scan(&value)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		was = true
		return audited(ctx, tx, by, "outgoing.resume", "", map[string]any{})
	})
	return was, err
}
