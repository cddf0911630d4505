package timeline

import (
	"cmp"
	"math"
	"slices"

	"strata"
)

// table is a chunk's events with every value widened to 64 bits: what merging
// works on. A table in canonical form has runs by ascending event, events in
// the order of compareEvents, columns by (property, kind, scale), valid empty
// where every event has a value, zeros where one has none, and exactly the
// texts of the hashes in its ID columns.
type table struct {
	runs  []tableRun
	texts []idText // by ascending hash, distinct
}

type tableRun struct {
	event   uint16
	at      []strata.Instant
	ids     []eventID
	origins []origin
	columns []tableColumn
}

type tableColumn struct {
	property uint16
	kind     strata.Kind
	scale    uint8
	values   []int64
	valid    []byte // as in strata.Column; empty = every event has a value
}

// origin says where an event came from.
type origin struct {
	source   uint16
	imported uint32
	fragment uint32
}

// idText is the text behind the hash of an ID value.
type idText struct {
	hash uint64
	text string
}

func (c *tableColumn) has(i int) bool { return len(c.valid) == 0 || c.valid[i>>3]&(1<<(i&7)) != 0 }

func compareColumns(a, b *tableColumn) int {
	if c := cmp.Compare(a.property, b.property); c != 0 {
		return c
	}
	if c := cmp.Compare(a.kind, b.kind); c != 0 {
		return c
	}
	return cmp.Compare(a.scale, b.scale)
}

func compareOrigins(a, b origin) int {
	if c := cmp.Compare(a.source, b.source); c != 0 {
		return c
	}
	if c := cmp.Compare(a.imported, b.imported); c != 0 {
		return c
	}
	return cmp.Compare(a.fragment, b.fragment)
}

// compareEvents orders two events of one type by instant, id text, properties
// and origin. Properties are compared by code and stored value, and decimals
// by what they are worth, so that the order does not depend on which chunk
// they stand in.
func compareEvents(a *tableRun, i int, b *tableRun, j int) int {
	if c := cmp.Compare(a.at[i], b.at[j]); c != 0 {
		return c
	}
	if c := compareIDs(&a.ids[i], &b.ids[j]); c != 0 {
		return c
	}
	if c := compareProperties(a, i, b, j); c != 0 {
		return c
	}
	return compareOrigins(a.origins[i], b.origins[j])
}

func compareProperties(a *tableRun, i int, b *tableRun, j int) int {
	for x, y := 0, 0; ; x, y = x+1, y+1 {
		for x < len(a.columns) && !a.columns[x].has(i) {
			x++
		}
		for y < len(b.columns) && !b.columns[y].has(j) {
			y++
		}
		if x == len(a.columns) || y == len(b.columns) {
			return cmp.Compare(len(a.columns)-x, 0) - cmp.Compare(len(b.columns)-y, 0)
		}
		p, q := &a.columns[x], &b.columns[y]
		if c := cmp.Compare(p.property, q.property); c != 0 {
			return c
		}
		if c := cmp.Compare(p.kind, q.kind); c != 0 {
			return c
		}
		if c := cmp.Compare(p.values[i], q.values[j]); p.scale == q.scale && c != 0 {
			return c
		}
		if p.scale != q.scale {
			c, _ := strata.Compare(
				strata.Value{Kind: p.kind, Scale: p.scale, Int: p.values[i]},
				strata.Value{Kind: q.kind, Scale: q.scale, Int: q.values[j]})
			if c != 0 {
				return c
			}
		}
	}
}

// mergeTables returns the events of all tables as one canonical table. The
// tables given are in canonical form and may be shared with the result.
func (s *space) mergeTables(tables []table) table {
	if len(tables) == 1 {
		return tables[0]
	}
	// All runs of one event stand together, in the order of the tables.
	parts, texts := s.parts[:0], 0
	for t := range tables {
		for i := range tables[t].runs {
			parts = append(parts, &tables[t].runs[i])
		}
		texts += len(tables[t].texts)
	}
	s.parts = parts
	slices.SortStableFunc(parts, func(a, b *tableRun) int { return cmp.Compare(a.event, b.event) })
	out := table{runs: s.runs.take(len(parts))[:0], texts: s.texts.take(texts)[:0]}
	for t := range tables {
		out.texts = append(out.texts, tables[t].texts...)
	}
	out.texts = sortTexts(out.texts)
	for len(parts) > 0 {
		n := 1
		for n < len(parts) && parts[n].event == parts[0].event {
			n++
		}
		if n == 1 {
			out.runs = append(out.runs, *parts[0])
		} else {
			out.runs = append(out.runs, s.mergeRuns(parts[:n]))
		}
		parts = parts[n:]
	}
	return out
}

// sortTexts sorts by hash and drops repeats.
func sortTexts(texts []idText) []idText {
	slices.SortFunc(texts, func(a, b idText) int {
		if c := cmp.Compare(a.hash, b.hash); c != 0 {
			return c
		}
		return cmp.Compare(a.text, b.text)
	})
	return slices.CompactFunc(texts, func(a, b idText) bool { return a.hash == b.hash })
}

// reference is one event of one part, on its way to its place.
type reference struct {
	at   strata.Instant
	part int32
	i    int32
}

// mergeRuns returns the events of runs of one type as one run in canonical
// form. The events of a part need not be in order, nor its columns.
func (s *space) mergeRuns(parts []*tableRun) tableRun {
	compare := func(a, b reference) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at)
		}
		return compareEvents(parts[a.part], int(a.i), parts[b.part], int(b.i))
	}
	total := 0
	for _, p := range parts {
		total += len(p.at)
	}
	order := s.references.take(total)[:0]
	bounds := s.bounds[:0]
	for k, p := range parts {
		start := len(order)
		bounds = append(bounds, start)
		for i, at := range p.at {
			order = append(order, reference{at, int32(k), int32(i)})
		}
		if own := order[start:]; !slices.IsSortedFunc(own, compare) {
			slices.SortFunc(own, compare)
		}
	}
	bounds = append(bounds, total)
	s.bounds = bounds
	order = mergeSorted(order, s.references.take(total), bounds, compare)

	out := tableRun{
		event:   parts[0].event,
		at:      s.instants.take(total),
		ids:     s.ids.take(total),
		origins: s.origins.take(total),
	}
	places := s.places.take(len(parts))
	for k, p := range parts {
		places[k] = s.numbers.take(len(p.at))
	}
	for to, r := range order {
		p := parts[r.part]
		out.at[to], out.ids[to], out.origins[to] = r.at, p.ids[r.i], p.origins[r.i]
		places[r.part][r.i] = int32(to)
	}
	out.columns = s.mergeColumns(parts, places, total)
	return out
}

// mergeSorted merges neighbouring sorted stretches, which begin and end at
// bounds, until one is left. It uses order and spare, which is as long, for
// its result, and changes bounds.
func mergeSorted(order, spare []reference, bounds []int, compare func(a, b reference) int) []reference {
	for len(bounds) > 2 {
		merged, kept := spare[:0], bounds[:1]
		for b := 0; b+1 < len(bounds); b += 2 {
			x, y := order[bounds[b]:bounds[b+1]], []reference(nil)
			if b+2 < len(bounds) {
				y = order[bounds[b+1]:bounds[b+2]]
			}
			for len(x) > 0 && len(y) > 0 {
				if compare(y[0], x[0]) < 0 {
					merged, y = append(merged, y[0]), y[1:]
				} else {
					merged, x = append(merged, x[0]), x[1:]
				}
			}
			merged = append(append(merged, x...), y...)
			kept = append(kept, len(merged))
		}
		order, spare, bounds = merged, order, kept
	}
	return order
}

// columnPart is a column of one of the runs that are merged.
type columnPart struct {
	part   int
	column *tableColumn
}

// mergeColumns puts the values of all parts' columns into as few columns as
// hold them, in canonical form. places[part][i] is the place of a part's i-th
// event among the total.
func (s *space) mergeColumns(parts []*tableRun, places [][]int32, total int) []tableColumn {
	from := s.columnParts[:0]
	for k, p := range parts {
		for c := range p.columns {
			from = append(from, columnPart{k, &p.columns[c]})
		}
	}
	// Largest scale first, so that the first of a group gives its scale.
	slices.SortStableFunc(from, func(a, b columnPart) int {
		if a.column.property != b.column.property || a.column.kind != b.column.kind {
			return compareColumns(a.column, b.column)
		}
		return -compareColumns(a.column, b.column)
	})
	s.columnParts = from
	out := s.columns.take(len(from))[:0]
	for len(from) > 0 {
		first := from[0].column
		to := tableColumn{
			property: first.property, kind: first.kind, scale: first.scale,
			values: s.values.take(total), valid: s.bits.take((total + 7) / 8),
		}
		filled, rest := 0, from[:0]
		for k, f := range from {
			if f.column.property != first.property || f.column.kind != first.kind {
				rest = append(rest, from[k:]...)
				break
			}
			if !fits(f.column, first.scale) {
				rest = append(rest, f)
				continue
			}
			filled += to.fill(f.column, places[f.part])
		}
		from = rest
		if filled == total {
			to.valid = nil
		}
		if filled > 0 {
			out = append(out, to)
		}
	}
	slices.SortFunc(out, func(a, b tableColumn) int { return compareColumns(&a, &b) })
	return out
}

// fill puts the values of from at their places, at c's scale, and returns how
// many there are.
func (c *tableColumn) fill(from *tableColumn, places []int32) int {
	factor := strata.Pow10(c.scale - from.scale)
	filled := 0
	for i, to := range places {
		if !from.has(i) {
			continue
		}
		c.values[to] = from.values[i] * factor
		c.valid[to>>3] |= 1 << (to & 7)
		filled++
	}
	return filled
}

// fits reports whether all values can be written at a scale not below theirs.
func fits(c *tableColumn, scale uint8) bool {
	if scale == c.scale {
		return true
	}
	limit := math.MaxInt64 / strata.Pow10(scale-c.scale)
	for _, v := range c.values {
		if v > limit || v < -limit {
			return false
		}
	}
	return true
}
