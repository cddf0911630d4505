package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/danielgtaylor/huma/v2"

	"strata"
	"strata/compute"
	"strata/define"
)

// staleAfter is how far what is published may lie behind the clock before a
// request sees to it itself. While Live runs it is at most a second behind.
const staleAfter = time.Minute

// view is what an answer is computed from.
type view struct {
	asOf             strata.Instant
	commits, version uint64
}

func viewOf(a *compute.Answer) view { return view{a.AsOf, a.Commits, a.Version} }

// day is a civil day of a view, in days since 1970.
type day struct {
	number           int64
	commits, version uint64
}

func (c *console) dayOf(a *compute.Answer) day {
	return day{define.DayOf(a.AsOf, c.zone), a.Commits, a.Version}
}

// settledFor is how old what is said of whole days that have passed may be.
// What happens today does not change it; late facts and refunds do.
const settledFor = strata.Instant(60 * 1000)

// settled is the day of an answer by the data of up to a minute ago, so that
// the figures of the past are not computed anew with every event of today.
func (c *console) settled(a *compute.Answer) day {
	today, now := c.dayOf(a), strata.At(c.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.stood; s.number != today.number || s.version != today.version || now-c.stoodAt >= settledFor || now < c.stoodAt {
		c.stood, c.stoodAt = today, now
	}
	return c.stood
}

// now returns everyone as published. New definitions show at once.
func (c *console) now(ctx context.Context) (*compute.Answer, error) {
	_, version, err := c.Definitions.Published(ctx)
	if err != nil {
		return nil, err
	}
	at := strata.At(c.Now())
	a := c.Live.Now()
	if a == nil || a.Version != version || at-a.AsOf >= strata.Instant(staleAfter/time.Millisecond) {
		if err := c.Live.CatchUp(ctx, at); err != nil {
			return nil, err
		}
		a = c.Live.Now()
	}
	return a, nil
}

// at returns everyone as of the instant asked for.
func (c *console) at(ctx context.Context, q AsOf) (*compute.Answer, error) {
	if q.AsOf == "" {
		return c.now(ctx)
	}
	asOf, err := c.instant("query.as_of", q.AsOf)
	if err != nil {
		return nil, err
	}
	return c.atInstant(ctx, asOf)
}

func (c *console) atInstant(ctx context.Context, asOf strata.Instant) (*compute.Answer, error) {
	if now, err := c.now(ctx); err != nil || now.AsOf == asOf {
		return now, err
	}
	return c.Engine.At(ctx, asOf)
}

// instant reads RFC 3339, or a date, which is 00:00 of that day.
func (c *console) instant(field, text string) (strata.Instant, error) {
	if d, err := time.Parse(time.DateOnly, text); err == nil {
		if y := d.Year(); y >= 1970 && y < 2100 {
			return define.DayStart(d.Unix()/86400, c.zone), nil
		}
	} else if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		if y := t.Year(); y >= 1970 && y < 2100 {
			return strata.At(t), nil
		}
	}
	return 0, invalid(field, fmt.Sprintf("%q is not a date between 1970 and 2099", text), "write a date such as 2026-01-31, or RFC 3339 such as 2026-01-31T18:00:00+08:00")
}

func (c *console) time(i strata.Instant) time.Time { return i.In(c.zone) }

// timeOrNull is nil for the instant 0, which stands for none.
func (c *console) timeOrNull(i strata.Instant) *time.Time {
	if i == 0 {
		return nil
	}
	t := c.time(i)
	return &t
}

func (c *console) freshness(ctx context.Context, _ *nothing) (Freshness, error) {
	a, err := c.now(ctx)
	if err != nil {
		return Freshness{}, err
	}
	return c.freshnessOf(a), nil
}

// writeCursor turns where a page ended into an opaque word.
func writeCursor(v any) *string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only numbers and texts go in
	}
	s := base64.RawURLEncoding.EncodeToString(data)
	return &s
}

// readCursor is the inverse of writeCursor. An empty word leaves v as it is.
func readCursor(cursor string, v any) error {
	if cursor == "" {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		decoder := json.NewDecoder(strings.NewReader(string(data)))
		decoder.DisallowUnknownFields()
		if err = decoder.Decode(v); err == nil && decoder.More() {
			err = badCursor()
		}
	}
	if err != nil {
		return badCursor()
	}
	return nil
}

func badCursor() error {
	return invalid("query.cursor", "this cursor does not belong to this list", "leave it out to start with the first page")
}

// tagged are the operations whose answer depends only on their address, the
// data, the definitions and the day.
const tagged = " list-segments get-segment list-tags get-tag list-tiers get-tier get-moves get-migration get-definition get-samples "

// known sets the entity tag of a request that has one, and reports whether
// the browser has that answer already.
func (c *console) known(ctx huma.Context) bool {
	if !strings.Contains(tagged, " "+ctx.Operation().OperationID+" ") {
		return false
	}
	now, err := c.now(ctx.Context())
	if err != nil {
		return false
	}
	u := ctx.URL()
	tag := fmt.Sprintf(`W/"%016x"`, xxhash.Sum64String(fmt.Sprintf("%s\n%s\n%v\n%d", c.Version, u.RequestURI(), viewOf(now), c.Timeline.Commits())))
	ctx.SetHeader("ETag", tag)
	ctx.SetHeader("Cache-Control", "private, no-cache")
	return ctx.Method() == http.MethodGet && ctx.Header("If-None-Match") == tag
}

// keepWarm computes what the first pages need whenever data or definitions
// changed, when they have been still for a moment, so that people need not
// wait for it.
func (c *console) keepWarm() {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	var warm, seen view
	for {
		_, version, err := c.Definitions.Published(c.life)
		at := view{commits: c.Timeline.Commits(), version: version}
		at.asOf = define.DayStart(define.DayOf(strata.At(c.Now()), c.zone), c.zone)
		if err == nil && at != warm && (at == seen || warm == view{}) {
			if _, err = c.overview(c.life, &asOfRequest{}); err == nil {
				_, err = c.segments(c.life, &asOfRequest{})
			}
			warm = at
		}
		seen = at
		if err != nil && c.life.Err() == nil {
			c.Logger.Warn("computing ahead did not work", "error", err)
		}
		select {
		case <-tick.C:
		case <-c.life.Done():
			return
		}
	}
}
