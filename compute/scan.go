package compute

import (
	"context"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"strata"
	"strata/audience"
)

// stride is what the customers that a worker takes at a time are a multiple
// of: whole blocks, so that two workers never write to one block of a table.
const stride = audience.BlockSize

// scan hands every customer below n to one of the workers, each made by
// worker and used by one goroutine. The histories show what is wanted.
func (e *Engine) scan(ctx context.Context, n int, wanted strata.Wanted, worker func() func(*strata.History)) error {
	workers := min(runtime.GOMAXPROCS(0), n/stride+1)
	// Long ranges, because each begins with seeking; several for each worker,
	// because the last to end is waited for.
	step := max(n/(16*workers)/stride*stride, stride)
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range workers {
		group.Go(func() error {
			see := worker()
			for {
				from := int(next.Add(int64(step))) - step
				if from >= n {
					return nil
				}
				// Who came since is of the next answer.
				if err := e.scanRange(ctx, max(from, 1), min(from+step, n), wanted, see); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// scanRange hands over the customers [from, to).
func (e *Engine) scanRange(ctx context.Context, from, to int, wanted strata.Wanted, see func(*strata.History)) error {
	blanks := blanks{people: e.people, to: to, see: see}
	next := from
	err := e.source.ScanOnly(ctx, strata.CustomerID(from), strata.CustomerID(to), wanted, func(h *strata.History) error {
		if id := int(h.Customer); next < id {
			if err := blanks.between(next, id); err != nil {
				return err
			}
		}
		next = int(h.Customer) + 1
		see(h)
		return nil
	})
	if err == nil && next < to {
		err = blanks.between(next, to)
	}
	return err
}

// blanks hands over those customers who exist but have no events and
// attributes: "0 times" is true of them too.
type blanks struct {
	people  People
	to      int // the end of the range
	see     func(*strata.History)
	gaps    int
	ahead   []strata.CustomerID // who exists from the first of many gaps on, ascending
	scanned bool
}

// fewGaps is how many gaps are looked into one by one before all customers of
// the rest of the range are read at once.
const fewGaps = 16

// between hands over the customers [from, to); nobody there has facts. Calls
// come in ascending order.
func (b *blanks) between(from, to int) error {
	if b.gaps++; b.gaps > fewGaps && !b.scanned {
		b.scanned = true
		err := b.people.Scan(strata.CustomerID(from), strata.CustomerID(b.to-1), func(c strata.CustomerID, _ []strata.Key) error {
			b.ahead = append(b.ahead, c)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if !b.scanned {
		return b.people.Scan(strata.CustomerID(from), strata.CustomerID(to-1), func(c strata.CustomerID, _ []strata.Key) error {
			b.see(&strata.History{Customer: c})
			return nil
		})
	}
	for len(b.ahead) > 0 && int(b.ahead[0]) < to {
		if int(b.ahead[0]) >= from {
			b.see(&strata.History{Customer: b.ahead[0]})
		}
		b.ahead = b.ahead[1:]
	}
	return nil
}

// lastEvent is the latest event at or before an instant, over all workers.
type lastEvent struct{ latest atomic.Int64 }

// lastSeen is the latest event that one worker has seen.
type lastSeen struct {
	at  strata.Instant
	all *lastEvent
}

func (l *lastSeen) see(h *strata.History, asOf strata.Instant) {
	for i := range h.Runs {
		r := &h.Runs[i]
		at := r.At(r.N - 1)
		if at <= l.at {
			continue
		}
		if at > asOf {
			n := r.Search(asOf + 1)
			if n == 0 || r.At(n-1) <= l.at {
				continue
			}
			at = r.At(n - 1)
		}
		l.at = at
		for {
			seen := l.all.latest.Load()
			if int64(at) <= seen || l.all.latest.CompareAndSwap(seen, int64(at)) {
				break
			}
		}
	}
}

func (l *lastEvent) at() strata.Instant { return strata.Instant(l.latest.Load()) }
