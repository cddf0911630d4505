package server

import (
	"context"
	"runtime/debug"
	"sync"

	"strata"
)

// memo keeps the last few answers of something that is dear to compute. Those
// who ask for the same at once wait for one computation, which goes on when
// they leave.
type memo[K comparable, V any] struct {
	life context.Context
	most int
	busy sync.WaitGroup

	mu      sync.Mutex
	entries map[K]*remembered[V]
	order   []K // oldest first
}

type remembered[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// newMemo keeps at most so many answers, and computes none after life.
func newMemo[K comparable, V any](life context.Context, most int) *memo[K, V] {
	return &memo[K, V]{life: life, most: most, entries: map[K]*remembered[V]{}}
}

// get returns the answer for a key, computing it where it is not there. An
// error is not kept.
func (m *memo[K, V]) get(ctx context.Context, key K, compute func(context.Context) (V, error)) (V, error) {
	m.mu.Lock()
	e := m.entries[key]
	if e == nil {
		if m.life.Err() != nil {
			m.mu.Unlock()
			var none V
			return none, &strata.Error{Code: strata.Unavailable, Message: "the server is stopping"}
		}
		e = &remembered[V]{done: make(chan struct{})}
		m.entries[key] = e
		m.order = append(m.order, key)
		if len(m.order) > m.most {
			delete(m.entries, m.order[0])
			m.order = m.order[1:]
		}
		m.busy.Go(func() {
			defer close(e.done)
			defer func() {
				if x := recover(); x != nil {
					e.err = &strata.Error{Code: strata.Internal, Message: "panic while computing", Hint: stack()}
				}
				if e.err != nil {
					m.forget(key, e)
				}
			}()
			e.value, e.err = compute(m.life)
		})
	}
	m.mu.Unlock()
	select {
	case <-e.done:
		return e.value, e.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

func (m *memo[K, V]) forget(key K, e *remembered[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries[key] != e {
		return
	}
	delete(m.entries, key)
	for i, k := range m.order {
		if k == key {
			m.order = append(m.order[:i], m.order[i+1:]...)
			return
		}
	}
}

// wait returns when nothing is being computed; life has ended before.
func (m *memo[K, V]) wait() { m.busy.Wait() }

func stack() string { return string(debug.Stack()) }
