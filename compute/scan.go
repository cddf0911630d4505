package compute

import (
	"context"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"strata"
	"strata/audience"
)

// stride is how many customers a worker takes at a time: whole blocks, so that
// two workers never write to one block of a table.
const stride = audience.BlockSize

// scan hands every customer below n to one of the workers, each made by
// worker and used by one goroutine.
func (e *Engine) scan(ctx context.Context, n int, worker func() func(*strata.History)) error {
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), n/stride+1) {
		group.Go(func() error {
			see := worker()
			for {
				from := int(next.Add(stride)) - stride
				if from >= n {
					return nil
				}
				to := min(from+stride, n) // who came since is of the next answer
				next := from
				err := e.source.Scan(ctx, strata.CustomerID(from), strata.CustomerID(to), func(h *strata.History) error {
					if err := e.blank(next, int(h.Customer), see); err != nil {
						return err
					}
					next = int(h.Customer) + 1
					see(h)
					return nil
				})
				if err == nil {
					err = e.blank(next, to, see)
				}
				if err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// blank hands over those of the customers [from, to) who exist but have no
// events and attributes: "0 times" is true of them too.
func (e *Engine) blank(from, to int, see func(*strata.History)) error {
	for id := max(from, 1); id < to; id++ {
		_, err := e.people.PublicID(strata.CustomerID(id))
		switch strata.CodeOf(err) {
		case "":
			see(&strata.History{Customer: strata.CustomerID(id)})
		case strata.NotFound: // a number that was given to nobody
		default:
			return err
		}
	}
	return nil
}

// lastEvent is the latest event at or before an instant, over all workers.
type lastEvent struct{ latest atomic.Int64 }

func (l *lastEvent) see(h *strata.History, asOf strata.Instant) {
	for i := range h.Runs {
		r := &h.Runs[i]
		n := r.N
		if n > 0 && r.At(n-1) > asOf {
			n = r.Search(asOf + 1)
		}
		if n == 0 {
			continue
		}
		at := int64(r.At(n - 1))
		for {
			seen := l.latest.Load()
			if at <= seen || l.latest.CompareAndSwap(seen, at) {
				break
			}
		}
	}
}

func (l *lastEvent) at() strata.Instant { return strata.Instant(l.latest.Load()) }
