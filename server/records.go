package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (c *console) auditPage(ctx context.Context, r *pageRequest) (AuditPage, error) {
	entries, next, err := c.Audit.Page(ctx, r.Cursor, r.Limit)
	if err != nil {
		if r.Cursor != "" && problemOf(err).Code == "invalid" {
			err = badCursor()
		}
		return AuditPage{}, err
	}
	page := AuditPage{Items: []AuditItem{}}
	for _, e := range entries {
		page.Items = append(page.Items, AuditItem{At: c.time(e.At), Account: e.Account, Action: e.Action, Object: e.Object, Detail: phrase(e.Detail)})
	}
	if next != "" {
		page.Next = &next
	}
	return page, nil
}

// phrase prints the members of a JSON object by name; anything else stands as
// it is.
func phrase(detail string) string {
	var members map[string]any
	if json.Unmarshal([]byte(detail), &members) != nil {
		return detail
	}
	var words []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		words = append(words, fmt.Sprintf("%s: %v", name, members[name]))
	}
	return strings.Join(words, " · ")
}

func (c *console) imports(ctx context.Context, _ *nothing) ([]ImportInfo, error) {
	all, err := c.Imports.Imports(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].StartedAt = all[i].StartedAt.In(c.zone)
		if f := all[i].FinishedAt; f != nil {
			at := f.In(c.zone)
			all[i].FinishedAt = &at
		}
	}
	return slices.Concat([]ImportInfo{}, all), nil
}

func (c *console) refused(ctx context.Context, r *refusedRequest) (RefusedPage, error) {
	var after uint64
	if err := readCursor(r.Cursor, &after); err != nil {
		return RefusedPage{}, err
	}
	rows, err := c.Imports.Refused(ctx, r.ID, after, r.Limit+1)
	if err != nil {
		return RefusedPage{}, err
	}
	page := RefusedPage{Items: []RefusedInfo{}}
	if len(rows) > r.Limit {
		rows = rows[:r.Limit]
		page.Next = writeCursor(rows[r.Limit-1].Row)
	}
	page.Items = append(page.Items, rows...)
	return page, nil
}
