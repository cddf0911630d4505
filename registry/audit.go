package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"

	"strata"
)

// AuditEntry says who did what to what.
type AuditEntry struct {
	At      strata.Instant
	Account string // empty: nobody was signed in; the command line says its own name
	Action  string // such as customer.viewed
	Object  string // such as a customer's public id; may be empty
	Detail  json.RawMessage
}

// maxAuditPage is the most entries that one call returns.
const maxAuditPage = 1000

// AppendAudit adds entries in their order, all or none. Detail is JSON or
// nil; anything else, or an entry without action, is Invalid.
func (r *Registry) AppendAudit(ctx context.Context, entries ...AuditEntry) error {
	for _, e := range entries {
		if e.Action == "" {
			return &strata.Error{Code: strata.Invalid, Field: "action", Message: "an audit entry needs an action"}
		}
		if e.Detail != nil && !json.Valid(e.Detail) {
			return &strata.Error{Code: strata.Invalid, Field: "detail", Message: "the detail of an audit entry is not JSON"}
		}
	}
	return r.change(ctx, "writing the audit", func(tx *sql.Tx) error { return appendAudit(ctx, tx, entries...) })
}

// appendAudit is AppendAudit as a part of another change.
func appendAudit(ctx context.Context, tx *sql.Tx, entries ...AuditEntry) error {
	for _, e := range entries {
		_, err := tx.ExecContext(ctx, `INSERT INTO audit (at, account, action, object, detail, checksum) VALUES (?, ?, ?, ?, ?, ?)`,
			int64(e.At), e.Account, e.Action, e.Object, string(e.Detail), auditChecksum(e))
		if err != nil {
			return err
		}
	}
	return nil
}

func auditChecksum(e AuditEntry) int64 {
	return checksum(int64(e.At), e.Account, e.Action, e.Object, string(e.Detail))
}

// Audit returns at most limit entries (up to 1000), the last written first,
// and the cursor of the entries after them, which is empty where there are
// none. An empty cursor starts at the newest; one that this method did not
// return is Invalid.
func (r *Registry) Audit(ctx context.Context, cursor string, limit int) (entries []AuditEntry, next string, err error) {
	before := int64(1) << 62
	if cursor != "" {
		if before, err = strconv.ParseInt(cursor, 10, 64); err != nil || before < 1 {
			return nil, "", &strata.Error{Code: strata.Invalid, Field: "cursor", Message: fmt.Sprintf("%q is not a cursor", cursor),
				Hint: "use the one of the page before, or none"}
		}
	}
	if limit < 1 || limit > maxAuditPage {
		limit = maxAuditPage
	}
	err = r.look(ctx, "reading the audit", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, at, account, action, object, detail, checksum FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?`, before, limit+1)
		if err != nil {
			return err
		}
		defer rows.Close()
		var last int64
		for rows.Next() {
			if len(entries) == limit {
				next = strconv.FormatInt(last, 10)
				return nil
			}
			var e AuditEntry
			var detail string
			var sum int64
			if err := rows.Scan(&last, &e.At, &e.Account, &e.Action, &e.Object, &detail, &sum); err != nil {
				return err
			}
			if detail != "" {
				e.Detail = json.RawMessage(detail)
			}
			if auditChecksum(e) != sum {
				return damagedRow("audit", strconv.FormatInt(last, 10), nil)
			}
			entries = append(entries, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, "", err
	}
	return entries, next, nil
}
