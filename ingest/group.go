package ingest

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"

	"strata"
)

// groupKey identifies a group of rows within a file: a rule and its value.
type groupKey [16]byte

func keyOfGroup(rule int, by []byte) groupKey {
	h := xxh3.New()
	h.Write([]byte{byte(rule), byte(rule >> 8)})
	h.Write(by)
	var k groupKey
	sum := h.Sum128()
	binary.BigEndian.PutUint64(k[:8], sum.Hi)
	binary.BigEndian.PutUint64(k[8:], sum.Lo)
	return k
}

// group is the rows of one event so far.
type group struct {
	key    groupKey
	rule   int
	id     string
	row    uint64 // the first
	line   int
	keys   *keySet // of the first row
	owner  uint64  // customer, as the reading knows it
	at     strata.Instant
	values []strata.Value
}

// badGroup says why the rows of a group are refused.
type badGroup struct {
	Reason string // without values
	Hint   string
	Row    uint64   // the row whose refusal is the cause; 0 = none
	Own    *refusal // of that row
}

// groupTable holds the open groups of one reading.
type groupTable struct {
	open   map[groupKey]*group
	closed map[groupKey]struct{} // of adjacent ones, to see them come back
	order  []*group              // as their first rows stand
	bad    map[groupKey]badGroup // by the first reading
	last   []*group              // of each rule, the group of the row before
	ready  []*group              // adjacent ones that have ended
}

func newGroupTable() *groupTable {
	return &groupTable{open: map[groupKey]*group{}, closed: map[groupKey]struct{}{}, bad: map[groupKey]badGroup{}}
}

// spoil refuses the groups of a refused row.
func (t *groupTable) spoil(keys []groupKey, u *unit) {
	for _, k := range keys {
		if _, ok := t.bad[k]; !ok {
			t.bad[k] = badGroup{
				Reason: "has a row that is refused, so all its rows are",
				Hint:   fmt.Sprintf("correct row %d (line %d) first: %s", u.row, u.line, u.refused.describe()),
				Row:    u.row,
				Own:    u.refused,
			}
		}
	}
}

// describe is a refusal in one line.
func (r *refusal) describe() string {
	s := r.text()
	if r.Field != "" {
		s = r.Field + " " + s
	}
	return s
}

// collect adds the current row to its groups.
func (m *mapper) collect(u *unit) {
	t := m.groups
	if len(t.last) == 0 {
		t.last = make([]*group, len(m.events))
	}
	next := 0
	for i := range m.events {
		e := &m.events[i]
		if !e.active || e.group == nil {
			continue
		}
		key := u.groups[next]
		next++
		g := t.last[i]
		if g == nil || g.key != key {
			if g != nil && e.group.adjacent {
				t.end(g)
			}
			g = t.open[key]
		}
		if g == nil {
			if _, again := t.closed[key]; again {
				t.bad[key] = badGroup{Reason: "comes back after other rows, but the mapping says that the rows of a group are adjacent",
					Hint: "sort the file, or leave adjacent: out of the mapping"}
			}
			g = &group{key: key, rule: i, id: e.id, row: u.row, line: u.line, keys: u.keys, owner: u.keys.found, at: e.at,
				values: slices.Clone(e.values)}
			t.open[key] = g
			if !e.group.adjacent {
				t.order = append(t.order, g)
			}
			t.last[i] = g
			continue
		}
		t.last[i] = g
		m.join(t, g, e, u)
	}
}

// join adds one more row to a group.
func (m *mapper) join(t *groupTable, g *group, e *compiledEvent, u *unit) {
	if g.keys != u.keys && g.owner != u.keys.found {
		t.bad[g.key] = badGroup{Reason: "has rows of different customers", Hint: fmt.Sprintf("compare rows %d and %d; one order is one customer's", g.row, u.row)}
	}
	if e.group.latest == (e.at > g.at) {
		g.at = e.at
	}
	for i := range e.properties {
		c, v := &e.properties[i], e.values[i]
		if v.IsMissing() {
			continue
		}
		if g.values[i].IsMissing() {
			g.values[i] = v
			continue
		}
		switch {
		case c.sum || c.count:
			sum, ok := add(g.values[i], v)
			if !ok || c.kind == strata.Money && (sum.Int > maxUnits || sum.Int < -maxUnits) {
				t.bad[g.key] = badGroup{Reason: "adds up to more than can be stored as " + c.name, Hint: "check the columns and their unit"}
			}
			g.values[i] = sum
		case c.take == "last":
			g.values[i] = v
		case c.take == "min" || c.take == "max":
			if d, ok := strata.Compare(v, g.values[i]); ok && (d < 0) == (c.take == "min") && d != 0 {
				g.values[i] = v
			}
		}
	}
}

// end closes an adjacent group.
func (t *groupTable) end(g *group) {
	delete(t.open, g.key)
	t.closed[g.key] = struct{}{}
	t.ready = append(t.ready, g)
}

// endAll closes what is open at the end of the file.
func (m *mapper) endAll() {
	t := m.groups
	for i, g := range t.last {
		if g != nil && m.events[i].group.adjacent {
			t.end(g)
		}
	}
	t.ready = append(t.ready, t.order...)
	t.order, t.last = nil, nil
	clear(t.open)
}

// unit returns a closed group as a unit.
func (m *mapper) groupUnit(g *group) unit {
	e := &m.events[g.rule]
	for i := range e.properties {
		if c := &e.properties[i]; c.sum && !c.fixed && c.kind == strata.Number && !g.values[i].IsMissing() {
			if n, ok := strata.Rescale(g.values[i].Int, g.values[i].Scale, c.scale); ok {
				g.values[i] = canonical(c, n)
			}
		}
	}
	f := fact{Event: strata.Event{Name: e.event, At: g.at, ID: g.id, Properties: properties(e, g.values)}, withID: true}
	f.body = bodyHash(&f.Event, g.keys)
	return unit{row: g.row, line: g.line, group: true, keys: g.keys, facts: []fact{f}, groups: []groupKey{g.key}}
}
