package define

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"strata"
)

// offsets are the spans of time during which the clock of a zone is at one
// distance from UTC, ascending and without gaps. Asking the time package takes
// ten times as long, and every customer's gaps and days are asked about.
type offsets struct {
	zone  *time.Location
	spans []offsetSpan
}

// offsetSpan is [from, to): what the local clock reads is the instant plus
// offset, all in milliseconds.
type offsetSpan struct{ from, to, offset int64 }

// Beyond these the spans of a zone whose clock changes for ever are not
// known.
var (
	firstKnown = time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC)
	lastKnown  = time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC)
)

// knownOffsets has offsets by *time.Location, and lastOffsets those that were
// asked for last: a business has one zone.
var (
	knownOffsets sync.Map
	lastOffsets  atomic.Pointer[offsets]
)

func offsetsOf(zone *time.Location) *offsets {
	if last := lastOffsets.Load(); last != nil && last.zone == zone {
		return last
	}
	if known, ok := knownOffsets.Load(zone); ok {
		lastOffsets.Store(known.(*offsets))
		return known.(*offsets)
	}
	o := &offsets{zone: zone}
	for t := firstKnown; t.Before(lastKnown); {
		at := t.In(zone)
		_, seconds := at.Zone()
		_, end := at.ZoneBounds()
		span := offsetSpan{t.UnixMilli(), math.MaxInt64, int64(seconds) * 1000}
		if len(o.spans) == 0 {
			span.from = math.MinInt64
			if start, _ := at.ZoneBounds(); !start.IsZero() {
				span.from = start.UnixMilli()
			}
		}
		if !end.IsZero() {
			if !end.After(t) { // as at the end of some years
				end = t.Add(24 * time.Hour)
			}
			span.to = end.UnixMilli()
		}
		if n := len(o.spans); n > 0 && o.spans[n-1].offset == span.offset {
			o.spans[n-1].to = span.to
		} else {
			o.spans = append(o.spans, span)
		}
		if end.IsZero() {
			break
		}
		t = end
	}
	knownOffsets.Store(zone, o)
	return o
}

// find returns the span that holds an instant, and its place. Of an instant
// that is not in the years that are known it is this instant alone, and -1.
func (o *offsets) find(t int64) (offsetSpan, int) {
	n := len(o.spans)
	if last := o.spans[n-1]; last.from <= t && t < last.to {
		return last, n - 1
	}
	i, _ := slices.BinarySearchFunc(o.spans, t, func(s offsetSpan, t int64) int {
		if s.to <= t {
			return -1
		}
		return 1
	})
	if i < n && o.spans[i].from <= t {
		return o.spans[i], i
	}
	_, seconds := time.UnixMilli(t).In(o.zone).Zone()
	return offsetSpan{t, t + 1, int64(seconds) * 1000}, -1
}

// localMillis returns what the local clock reads at t, in milliseconds since
// 1970-01-01 00:00 of the clock.
func localMillis(t strata.Instant, zone *time.Location) int64 {
	s, _ := offsetsOf(zone).find(int64(t))
	return int64(t) + s.offset
}

// firstInstant returns the first instant whose local clock reads local
// (milliseconds since 1970-01-01 00:00 of the clock) or later.
func firstInstant(local int64, zone *time.Location) strata.Instant {
	o := offsetsOf(zone)
	// No zone has ever been more than 16 hours from UTC.
	from := local - 16*3600*1000
	s, i := o.find(from)
	if last := o.spans[len(o.spans)-1]; i < 0 || last.to < local+16*3600*1000 {
		return firstOfClock(from, local, zone)
	}
	for at := max(local-s.offset, s.from); ; at = max(local-s.offset, s.from) {
		if at < s.to {
			return strata.Instant(at)
		}
		i++
		s = o.spans[i]
	}
}

// firstOfClock is firstInstant outside the years that are known, of which the
// time package knows: none is before from.
func firstOfClock(from, local int64, zone *time.Location) strata.Instant {
	at := from
	for step := int64(millisADay); step > 0; step /= 2 { // the reading only falls where a clock is put back
		for at+step <= from+32*3600*1000 {
			_, seconds := time.UnixMilli(at + step - 1).In(zone).Zone()
			if at+step-1+int64(seconds)*1000 >= local {
				break
			}
			at += step
		}
	}
	return strata.Instant(at)
}
