package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"strata/compute"
)

// How a stream of updates goes: how often what is published is looked at,
// after how long without a message the line is kept open by a comment, and
// after how long the browser has to ask again, so that a session that has
// ended hears no more.
const (
	updatesEvery = time.Second
	updatesBeat  = 15 * time.Second
	updatesLast  = 10 * time.Minute
)

func (c *console) freshnessOf(a *compute.Answer) Freshness {
	return Freshness{
		AsOf: c.time(a.AsOf), DataUntil: c.timeOrNull(a.DataUntil), Commits: a.Commits,
		Publish: a.Sequence, DefinitionsVersion: a.Version,
	}
}

// updates is a stream of Server-Sent Events: what is published now, and again
// whenever that has moved, at most about once a second.
func (c *console) updates(ctx context.Context, _ *nothing) (func(huma.Context), error) {
	if _, err := c.now(ctx); err != nil {
		return nil, c.problem("get-updates", err)
	}
	return func(ctx huma.Context) {
		_, w := humachi.Unwrap(ctx)
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no") // proxies must not keep it
		c.sendUpdates(ctx.Context(), w)
	}, nil
}

// sendUpdates writes messages until the reader leaves, the server stops or
// the stream has lasted long enough.
func (c *console) sendUpdates(ctx context.Context, w http.ResponseWriter) {
	line := http.NewResponseController(w)
	if err := line.SetReadDeadline(time.Time{}); err != nil { // the deadline is for requests
		c.Logger.Debug("a stream keeps its deadline", "error", err)
	}
	look, beat, last := time.NewTicker(updatesEvery), time.NewTicker(updatesBeat), time.NewTimer(updatesLast)
	defer look.Stop()
	defer beat.Stop()
	defer last.Stop()
	var sent *compute.Answer
	for {
		moved := c.Live.Moved()
		if a := c.Live.Now(); a != nil && (sent == nil || a.Sequence != sent.Sequence || c.dayOf(a) != c.dayOf(sent)) {
			data, err := json.Marshal(c.freshnessOf(a))
			if err != nil {
				panic(err) // numbers and times only
			}
			if _, err := fmt.Fprintf(w, "id: %d\ndata: %s\n\n", a.Sequence, data); err != nil || line.Flush() != nil {
				return
			}
			sent = a
			beat.Reset(updatesBeat)
		}
		select {
		case <-moved:
		case <-look.C: // Live.Now stands for a second, whatever was published in it
		case <-beat.C:
			if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil || line.Flush() != nil {
				return
			}
		case <-last.C:
			return
		case <-ctx.Done():
			return
		case <-c.leaving:
			return
		}
	}
}
