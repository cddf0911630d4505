package ingest

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

	"strata"
)

const (
	dayMillis   = 24 * 60 * 60 * 1000
	maxInstant  = (1<<32)*1000 - 1 // events are kept to the second in 32 bits
	maxKeyCache = 1 << 20
)

// keySet is the keys of a row. Equal sets of lately seen rows are the same
// keySet.
type keySet struct {
	keys    []strata.Key
	hash    uint64
	refused *refusal

	found    uint64            // by finder; 0 = not yet
	conflict *refusal          // by finder
	customer strata.CustomerID // by writer; 0 = not yet
}

// fact is an event with what folding needs. An event with an id has its body
// hashed, one without folds by its row.
type fact struct {
	strata.Event
	withID bool
	body   uint64
}

// unit is what one row, or one closed group, becomes. It is applied whole or
// not at all.
type unit struct {
	row        uint64 // of a group: its first row
	line       int
	raw        string
	refused    *refusal
	skipped    int // 1 + index of the mapping's skip rule; 0 = not skipped
	group      bool
	keys       *keySet // of a skipped row: nil, unless its customer is kept
	facts      []fact
	attributes []strata.Attribute
	groups     []groupKey // the row's groups; of a closed group, itself
}

// mapper turns rows into units, by one goroutine.
type mapper struct {
	mapping   *Mapping
	normalise func(namespace, value string) (strata.Key, error)
	now       strata.Instant
	began     strata.Instant // of the import: the time of attributes without one
	rowID     string         // "f:" + 16 hexadecimal digits of the content + ":"
	texts     interner
	scratch   []byte

	index   []int // slot -> field of the file
	rec     *record
	cells   [][]byte
	stamps  []uint64
	current uint64

	attributes []compiledAttribute
	events     []compiledEvent
	identify   func(*keySet) error // in the first reading: sets found or conflict
	failed     error               // of identify
	keySets    map[string]*keySet
	groups     *groupTable
	bad        map[groupKey]badGroup // found by the first reading; nil in it
}

type compiledAttribute struct {
	compiled
	at      *timeFormat
	columns []int
	clear   bool
}

type compiledEvent struct {
	*eventRule
	times      timeFormat
	properties []compiled
	// of the current row
	active bool
	at     strata.Instant
	id     string
	values []strata.Value
}

// newMapper compiles the mapping for one reading of the file.
func newMapper(mapping *Mapping, settings strata.Settings, normalise func(namespace, value string) (strata.Key, error)) (*mapper, error) {
	business, err := settings.Location()
	if err != nil {
		return nil, err
	}
	zone := mapping.zone
	if zone == nil {
		zone = business
	}
	m := &mapper{
		mapping:   mapping,
		normalise: normalise,
		cells:     make([][]byte, len(mapping.columns)),
		stamps:    make([]uint64, len(mapping.columns)),
		keySets:   map[string]*keySet{},
		groups:    newGroupTable(),
	}
	format := func(t timeRule) timeFormat {
		f := timeFormat{layouts: t.layouts, zone: t.zone}
		if f.zone == nil {
			f.zone = zone
		}
		return f
	}
	var errs []error
	compile := func(r *valueRule) compiled {
		c := compiled{valueRule: r, target: targetOf(r.typ, settings.Currency), times: format(r.time)}
		if r.constant != "" {
			v, ref := m.convert(&c, []byte(r.constant))
			if ref != nil {
				errs = append(errs, &strata.Error{Code: strata.Invalid, Field: fmt.Sprintf("%s:%d: %s", mapping.name, r.place.line, r.place.path), Message: "the constant " + ref.text(), Hint: ref.Hint})
			}
			c.constant = v
		}
		return c
	}
	for i := range mapping.attributes {
		rule := &mapping.attributes[i]
		a := compiledAttribute{compiled: compile(&rule.valueRule), clear: rule.clear}
		if rule.at != nil {
			f := format(*rule.at)
			a.at, a.columns = &f, rule.at.columns
		}
		m.attributes = append(m.attributes, a)
	}
	for i := range mapping.events {
		rule := &mapping.events[i]
		e := compiledEvent{eventRule: rule, times: format(rule.time)}
		for j := range rule.properties {
			e.properties = append(e.properties, compile(&rule.properties[j]))
		}
		e.values = make([]strata.Value, len(e.properties))
		m.events = append(m.events, e)
	}
	return m, errors.Join(errs...)
}

// bind finds the mapping's columns in the file's. The error joins all that
// are missing, each at its place in the mapping.
func (m *mapper) bind(file string, names []string) error {
	var errs []error
	m.index = make([]int, len(m.mapping.columns))
	for slot, name := range m.mapping.columns {
		i := slices.Index(names, name)
		if i < 0 {
			p := m.mapping.places[slot]
			hint := "the file has " + columnList(names)
			if n := nearest(name, names); n != "" {
				hint = "did you mean " + n + "? " + hint
			}
			errs = append(errs, &strata.Error{Code: strata.Invalid, Field: fmt.Sprintf("%s:%d: %s", m.mapping.name, p.line, p.path),
				Message: fmt.Sprintf("the file %s has no column %s", file, name), Hint: hint})
		}
		m.index[slot] = i
	}
	return errors.Join(errs...)
}

// cell returns the cleaned text of a column in the current row.
func (m *mapper) cell(slot int) []byte {
	if m.stamps[slot] != m.current {
		m.stamps[slot] = m.current
		m.cells[slot] = cleanBytes(m.rec.fields[m.index[slot]])
	}
	return m.cells[slot]
}

// joined returns the cells of several columns, with sep between them. The
// result is valid until the next call.
func (m *mapper) joined(slots []int, sep byte) []byte {
	if len(slots) == 1 {
		return m.cell(slots[0])
	}
	m.scratch = m.scratch[:0]
	for i, s := range slots {
		if i > 0 && sep != 0 {
			m.scratch = append(m.scratch, sep)
		}
		m.scratch = append(m.scratch, m.cell(s)...)
	}
	return m.scratch
}

func (m *mapper) columnName(slot int) string {
	if slot < 0 {
		return ""
	}
	return m.mapping.columns[slot]
}

func (m *mapper) columnNames(slots []int) string {
	names := make([]string, len(slots))
	for i, s := range slots {
		names[i] = m.mapping.columns[s]
	}
	return strings.Join(names, ", ")
}

// row maps one record of a file with the given number of columns. What the
// unit holds outlives the record, but for raw, which is left to the caller.
func (m *mapper) row(rec *record, columns int) unit {
	m.rec = rec
	m.current++
	u := unit{row: rec.row, line: rec.line}
	if rec.problem != "" {
		u.refused = &refusal{Reason: rec.problem, Hint: cmp.Or(rec.hint, `put the whole field in quotes and write a quote inside it twice ("")`)}
		return u
	}
	if len(rec.fields) != columns {
		u.refused = &refusal{Reason: fmt.Sprintf("the row has %d fields but the file has %d columns", len(rec.fields), columns),
			Hint: "quote fields that hold the delimiter, and write one for each column"}
		return u
	}
	for i := range m.mapping.skip {
		if m.mapping.skip[i].when.holds(m) {
			u.skipped = i + 1
			if m.mapping.skip[i].known {
				if keys := m.keys(); keys.refused == nil {
					u.keys = keys
					m.identified(keys)
				}
			}
			return u
		}
	}
	for i := range m.events {
		e := &m.events[i]
		e.active = (e.when == nil || e.when.holds(m)) && (e.unless == nil || !e.unless.holds(m))
		e.id = ""
		if e.active && len(e.eventRule.id) > 0 {
			e.id = m.texts.text(m.joined(e.eventRule.id, '/'))
		}
		if e.active && e.group != nil {
			if by := m.joined(e.group.by, '/'); len(by) > 0 {
				u.groups = append(u.groups, keyOfGroup(i, by))
			}
		}
	}
	u.refused = m.fill(&u)
	if u.refused != nil {
		u.facts, u.attributes = nil, nil
		m.groups.spoil(u.groups, &u)
		return u
	}
	if len(m.bad) > 0 && len(u.groups) > 0 {
		if u.refused = m.badGroup(&u); u.refused != nil {
			u.facts, u.attributes = nil, nil
			return u
		}
	}
	m.collect(&u)
	return u
}

// badGroup returns why the groups of the current row are refused, if one is.
func (m *mapper) badGroup(u *unit) *refusal {
	next := 0
	for i := range m.events {
		e := &m.events[i]
		if !e.active || e.group == nil {
			continue
		}
		bad, ok := m.bad[u.groups[next]]
		next++
		if ok {
			if bad.Row == u.row {
				return bad.Own
			}
			return &refusal{Field: m.columnNames(e.group.by), Found: string(m.joined(e.group.by, '/')), Reason: bad.Reason, Hint: bad.Hint}
		}
	}
	return nil
}

// fill makes the row's facts and its contributions to groups.
func (m *mapper) fill(u *unit) *refusal {
	for i := range m.mapping.refuse {
		if r := &m.mapping.refuse[i]; r.when.holds(m) {
			ref := &refusal{Field: m.columnName(r.column), Reason: r.because, Hint: r.hint}
			if r.column >= 0 {
				ref.Found = string(m.cell(r.column))
			}
			return ref
		}
	}
	u.keys = m.keys()
	if u.keys.refused != nil {
		return u.keys.refused
	}
	any := false
	for i := range m.events {
		e := &m.events[i]
		if !e.active {
			continue
		}
		any = true
		if ref := m.event(u, e); ref != nil {
			return ref
		}
	}
	for i := range m.attributes {
		a := &m.attributes[i]
		ref := m.attribute(u, a)
		if ref != nil {
			return ref
		}
	}
	if m.identified(u.keys); u.keys.conflict != nil {
		return u.keys.conflict
	}
	if !any && len(m.events) > 0 && len(m.attributes) == 0 {
		return &refusal{Reason: "no event of the mapping is for this row", Hint: "add an event whose when: holds for it, or a skip: rule if it is to be left out"}
	}
	return nil
}

// identified lets the first reading see whose keys they are, in the order in
// which the second one will.
func (m *mapper) identified(s *keySet) {
	if m.identify == nil {
		return
	}
	if err := m.identify(s); err != nil {
		m.failed = err
	}
}

// event computes the current row's part of an event and, where it is not
// grouped, adds it to the unit.
func (m *mapper) event(u *unit, e *compiledEvent) *refusal {
	var ref *refusal
	if e.at, ref = m.when(&e.times, e.time.columns); ref != nil {
		return ref
	}
	if e.at > m.now+dayMillis {
		return &refusal{Field: m.columnNames(e.time.columns), Found: string(m.joined(e.time.columns, ' ')), Reason: "lies more than a day ahead", Hint: "correct the time or its zone"}
	}
	if len(e.eventRule.id) > 0 && len(e.id) == 0 {
		return &refusal{Field: m.columnNames(e.eventRule.id), Reason: "is empty, but " + e.event + " takes its id from it", Hint: "write the id"}
	}
	for i := range e.properties {
		if e.values[i], ref = m.value(&e.properties[i]); ref != nil {
			return ref
		}
	}
	if e.group != nil {
		if len(m.joined(e.group.by, '/')) == 0 {
			return &refusal{Field: m.columnNames(e.group.by), Reason: "is empty, but the rows of " + e.event + " are grouped by it", Hint: "write it"}
		}
		return nil
	}
	f := fact{Event: strata.Event{Name: e.event, At: e.at, ID: e.id, Properties: properties(e, e.values)}}
	if len(e.eventRule.id) > 0 {
		f.withID = true
		f.body = bodyHash(&f.Event, u.keys)
	} else {
		f.ID = m.idOfRow(u.row)
	}
	u.facts = append(u.facts, f)
	return nil
}

// when reads the time of an event or attribute.
func (m *mapper) when(f *timeFormat, columns []int) (strata.Instant, *refusal) {
	cell := m.joined(columns, ' ')
	if len(cell) == 0 {
		return 0, &refusal{Field: m.columnNames(columns), Reason: "is empty, but every row needs a time", Hint: "write it as " + timeExamples}
	}
	at, ok := f.instant(cell)
	if !ok {
		hint := "write it as " + timeExamples + ", or give layouts: in the mapping"
		if len(f.layouts) > 0 {
			hint = "write it as the mapping's layouts say, or add a layout there"
		}
		return 0, &refusal{Field: m.columnNames(columns), Found: string(cell), Reason: "is not a time that can be read", Hint: hint}
	}
	if at < 0 || at > maxInstant {
		return 0, &refusal{Field: m.columnNames(columns), Found: string(cell), Reason: "lies before 1970 or after 2105", Hint: "correct the time"}
	}
	return at, nil
}

func (m *mapper) attribute(u *unit, a *compiledAttribute) *refusal {
	v, ref := m.value(&a.compiled)
	if ref != nil {
		return ref
	}
	if v.IsMissing() && !a.clear {
		return nil
	}
	at := m.began
	if a.at != nil {
		if at, ref = m.when(a.at, a.columns); ref != nil {
			return ref
		}
	}
	u.attributes = append(u.attributes, strata.Attribute{Name: a.name, At: at, Priority: m.mapping.priority, Value: v})
	return nil
}

func properties(e *compiledEvent, values []strata.Value) []strata.Property {
	n := 0
	for i := range values {
		if !values[i].IsMissing() {
			n++
		}
	}
	out := make([]strata.Property, 0, n)
	for i := range values {
		if !values[i].IsMissing() {
			out = append(out, strata.Property{Name: e.properties[i].name, Value: values[i]})
		}
	}
	return out
}

func (m *mapper) idOfRow(row uint64) string {
	var digits [20]byte
	text := strconv.AppendUint(digits[:0], row, 10)
	out := make([]byte, 0, len(m.rowID)+10)
	out = append(out, m.rowID...)
	for n := len(text); n < 10; n++ {
		out = append(out, '0')
	}
	return string(append(out, text...))
}

// keys returns the key set of the current row.
func (m *mapper) keys() *keySet {
	text := m.scratch[:0]
	for i := range m.mapping.keys {
		if i > 0 {
			text = append(text, 0)
		}
		text = append(text, m.cell(m.mapping.keys[i].column)...)
	}
	m.scratch = text
	if s, ok := m.keySets[string(text)]; ok {
		return s
	}
	if len(m.keySets) >= maxKeyCache {
		clear(m.keySets)
	}
	name := string(text)
	s := m.newKeySet()
	m.keySets[name] = s
	return s
}

func (m *mapper) newKeySet() *keySet {
	s := &keySet{}
	var columns []int
	var invalid *refusal
	for i := range m.mapping.keys {
		r := &m.mapping.keys[i]
		columns = append(columns, r.column)
		cell := m.cell(r.column)
		if len(cell) == 0 {
			continue
		}
		if r.integer {
			whole, ok := wholeNumber(cell)
			if !ok {
				invalid = &refusal{Field: m.columnName(r.column), Found: string(cell), Reason: "is not a whole number", Hint: "write its digits, such as 17850"}
				if r.optional {
					continue
				}
				s.refused = invalid
				return s
			}
			cell = whole
		}
		key, err := m.normalise(r.namespace, string(cell))
		if err != nil {
			invalid = &refusal{Field: m.columnName(r.column), Reason: "cannot be the key " + r.namespace, Found: string(cell), Hint: "correct it"}
			var e *strata.Error
			if errors.As(err, &e) {
				invalid.Reason, invalid.Hint = strings.TrimPrefix(e.Message, strconv.Quote(string(cell))+" "), e.Hint
			}
			if r.optional {
				continue
			}
			s.refused = invalid
			return s
		}
		if !slices.Contains(s.keys, key) {
			s.keys = append(s.keys, key)
		}
	}
	if len(s.keys) == 0 {
		s.refused = invalid
		if invalid == nil {
			s.refused = &refusal{Field: m.columnNames(columns), Reason: "is empty, so that nobody knows whose row it is", Hint: "write the customer's id, or leave the row out"}
			if len(columns) > 1 {
				s.refused.Reason = "are empty, so that nobody knows whose row it is"
			}
		}
		return s
	}
	h := xxh3.New()
	for _, k := range s.keys {
		h.WriteString(k.Namespace)
		h.Write([]byte{0})
		h.WriteString(k.Value)
		h.Write([]byte{0})
	}
	s.hash = h.Sum64()
	return s
}

// bodyHash hashes what makes two events with the same id the same event: name,
// keys, time and properties.
func bodyHash(e *strata.Event, keys *keySet) uint64 {
	b := make([]byte, 0, 256)
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	text(e.Name)
	sorted := keys.keys
	if len(sorted) > 1 {
		sorted = slices.Clone(sorted)
		slices.SortFunc(sorted, func(x, y strata.Key) int {
			return strings.Compare(x.Namespace+"\x00"+x.Value, y.Namespace+"\x00"+y.Value)
		})
	}
	for _, k := range sorted {
		text(k.Namespace)
		text(k.Value)
	}
	b = binary.AppendVarint(b, int64(e.At))
	for i := range e.Properties {
		p := &e.Properties[i]
		text(p.Name)
		b = append(b, byte(p.Value.Kind), p.Value.Scale)
		b = binary.AppendVarint(b, p.Value.Int)
		text(p.Value.Text)
	}
	return xxh3.Hash(b)
}
