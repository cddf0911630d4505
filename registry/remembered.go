package registry

import "sync"

// remembered is something read from the database, until a change of it.
type remembered[T any] struct {
	mu      sync.Mutex
	changed uint64
	value   *T
}

// get returns what is remembered, or reads it. What was read while it changed
// is returned and not remembered.
func (m *remembered[T]) get(read func() (*T, error)) (*T, error) {
	m.mu.Lock()
	value, changed := m.value, m.changed
	m.mu.Unlock()
	if value != nil {
		return value, nil
	}
	value, err := read()
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changed == changed {
		m.value = value
	}
	return value, nil
}

func (m *remembered[T]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.value = nil
	m.changed++
}
