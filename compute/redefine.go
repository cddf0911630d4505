package compute

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"

	"strata"
	"strata/audience"
	"strata/define"
	"strata/program"
)

// recompile compiles the program anew after facts brought names that it did
// not know.
func (l *Live) recompile(s *state, now strata.Instant) error {
	p, err := l.engine.compile(s.set)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.use(p, now)
	return nil
}

// use makes the program the one that evaluates.
func (s *state) use(p *program.Program, now strata.Instant) {
	s.program, s.evaluators = p, nil
	for range runtime.GOMAXPROCS(0) {
		s.evaluators = append(s.evaluators, s.evaluator(p, now))
	}
}

// evaluator returns one that keeps timers, by the state's calibrations.
func (s *state) evaluator(p *program.Program, at strata.Instant) *program.Evaluator {
	e := p.At(at, s.calibrations)
	e.Past(s.past)
	e.Timers(true)
	return e
}

// redefine brings the state to the published definitions and to the
// calibrations in force.
func (l *Live) redefine(ctx context.Context, now strata.Instant) error {
	s := l.current
	set, version, err := l.engine.definitions.Published(ctx)
	if err != nil {
		return err
	}
	if s.program != nil && version == s.version && now < l.checked+recheck {
		return nil
	}
	l.checked = now
	p, err := l.engine.compile(set)
	if err != nil {
		return err
	}
	calibrations, made, err := l.calibrations(ctx, p, now)
	if err != nil {
		return err
	}
	if made {
		if _, version, err = l.engine.definitions.Published(ctx); err != nil {
			return err
		}
	}
	fresh := *s
	fresh.meta = s.meta.clone()
	fresh.set, fresh.version, fresh.calibrations = set, version, calibrations
	fresh.Catalogue = catalogueOf(set)
	fresh.Settings = fmt.Sprint(l.engine.settings)
	if fresh.past, err = l.engine.past(ctx, p, now); err != nil {
		return err
	}
	fresh.use(p, now)
	causes := fresh.differences(s)
	fresh.layOut()
	if len(causes) == 0 && maps.Equal(fresh.Prints, s.Prints) {
		l.mu.Lock()
		defer l.mu.Unlock()
		*s = fresh
		l.frozen = nil // it may be of other names
		return nil
	}
	return l.recompute(ctx, &fresh, causes, now)
}

// calibrations returns those in force at now. A definition that had none,
// because nobody had a value when it was applied, gets its first as soon as
// somebody has.
func (l *Live) calibrations(ctx context.Context, p *program.Program, now strata.Instant) (_ map[define.Ref]define.Calibration, made bool, err error) {
	all, err := l.engine.calibrate(ctx, p, now)
	if err != nil {
		return nil, false, err
	}
	for ref, c := range all {
		if c.Version != 0 || c.People == 0 {
			continue
		}
		if all[ref], err = l.engine.definitions.AddCalibration(ctx, c); err != nil {
			return nil, false, err
		}
		made = true
	}
	return all, made, nil
}

func (m meta) clone() meta {
	m.Prints, m.Calibrations, m.Columns = maps.Clone(m.Prints), maps.Clone(m.Calibrations), maps.Clone(m.Columns)
	return m
}

// catalogueOf is a fingerprint of the catalogue.
func catalogueOf(set *define.Set) uint64 { return xxh3.Hash(define.PrintJSON(set.Only())) }

// prints are the fingerprints of the definitions, each with all that it
// stands on.
func prints(set *define.Set) map[string]string {
	of := map[define.Ref]uint64{}
	var print func(define.Ref) uint64
	print = func(ref define.Ref) uint64 {
		if sum, done := of[ref]; done {
			return sum
		}
		of[ref] = 0
		h := xxh3.New()
		text, err := define.PrintOneJSON(set, ref)
		if err == nil {
			h.Write(text)
		}
		for _, on := range define.Uses(set, ref) {
			h.Write(binary.LittleEndian.AppendUint64(nil, print(on)))
		}
		of[ref] = h.Sum64()
		return of[ref]
	}
	out := map[string]string{}
	for _, ref := range evaluated(set) {
		out[ref.String()] = fmt.Sprintf("%016x", print(ref))
	}
	return out
}

// evaluated are the definitions that have answers.
func evaluated(set *define.Set) []define.Ref {
	return slices.DeleteFunc(define.Order(set), func(r define.Ref) bool { return r.Kind != "tag" && r.Kind != "segment" && r.Kind != "tier" })
}

// differences returns the definitions whose answers may differ from those of
// the state before, each with the cause, and notes in the meta what they are
// now.
func (s *state) differences(before *state) map[define.Ref]strata.Cause {
	causes := map[define.Ref]strata.Cause{}
	all := before.Catalogue != s.Catalogue || before.Settings != s.Settings
	s.Prints = prints(s.set)
	s.Calibrations = map[string]int{}
	for ref, c := range s.calibrations {
		s.Calibrations[ref.String()] = c.Version
	}
	for _, ref := range evaluated(s.set) { // in the order in which they stand on each other
		name := ref.String()
		switch {
		case all || before.Prints[name] != s.Prints[name]:
			causes[ref] = strata.ByDefinition
		case before.Calibrations[name] != s.Calibrations[name]:
			causes[ref] = strata.ByCalibration
		default:
			for _, on := range define.Uses(s.set, ref) {
				if cause := causes[on]; cause == strata.ByCalibration {
					causes[ref] = cause
				}
			}
		}
	}
	return causes
}

// layOut lists the columns of the program and gives new ones their numbers.
func (s *state) layOut() {
	if s.Columns == nil {
		s.Columns = map[string]uint16{}
	}
	highest := uint16(0)
	for _, n := range s.Columns {
		highest = max(highest, n)
	}
	s.columns, s.byNumber = nil, map[uint16]*column{}
	add := func(kind, name string, place int, tracked bool) {
		ref := define.Ref{Kind: kind, Name: name}
		n, known := s.Columns[ref.String()]
		if !known {
			highest++
			n = highest
			s.Columns[ref.String()] = n
		}
		s.columns = append(s.columns, column{ref, n, tracked, place})
	}
	for i, t := range s.program.Tags() {
		add("tag", t.Name, i, s.set.Tags[t.Name].Change == "dynamic" && t.Since == 0)
	}
	for i, t := range s.program.Segments() {
		add("segment", t.Name, i, true)
	}
	for i, t := range s.program.Tiers() {
		add("tier", t.Name, i, true)
	}
	for i := range s.columns {
		s.byNumber[s.columns[i].number] = &s.columns[i]
	}
}

// recompute evaluates the definitions with a cause for everyone, and stores
// and shows the result as the new state. Of definitions that had answers
// before, every customer's change is published with the cause; one that is
// new, or the first state of all, is not a change of any customer.
func (l *Live) recompute(ctx context.Context, s *state, causes map[define.Ref]strata.Cause, now strata.Instant) error {
	e, old := l.engine, l.current
	read := e.source.Commits()
	last := e.people.Last()
	refs := slices.SortedFunc(maps.Keys(causes), func(a, b define.Ref) int { return cmp.Compare(a.String(), b.String()) })
	s.grow(int(last) + 1)
	s.next, s.latest = slices.Clone(s.next), slices.Clone(s.latest)
	var changes []evaluation
	if len(refs) > 0 {
		part, err := e.compile(s.set.Only(refs...))
		if err != nil {
			return err
		}
		fresh, found, err := l.everyone(ctx, s, old, part, causes, now, int(last)+1)
		if err != nil {
			return err
		}
		changes = found
		s.table = merged(old.table, fresh, s.columns, causes)
	} else {
		s.table = merged(old.table, audience.NewTable(now), s.columns, causes)
	}
	s.table.AsOf, s.through = now, now
	if old.table == nil || len(old.Prints) == 0 { // the first state
		s.commits, s.Last = read, last
	}
	s.Floor, s.Through = now, now
	s.Publish++
	s.Snapshot = s.Publish
	records, count := []byte(nil), uint64(0)
	for i := range changes {
		for r := range changes[i].records {
			records = appendRecord(records, &changes[i].records[r])
			count++
		}
		s.latest[changes[i].delta.customer] = now
	}
	s.Number += count
	if err := l.saveSnapshot(s); err != nil {
		return err
	}
	err := l.store.Publish(func(b strata.Batch) error {
		if count > 0 {
			value := binary.AppendVarint(nil, int64(now))
			value = binary.AppendUvarint(value, count)
			if err := b.Set(resultKey(changeKind, s.Number), append(value, records...)); err != nil {
				return err
			}
		}
		for i := range changes {
			if err := l.writeHistory(b, changes[i].delta.customer, &changes[i]); err != nil {
				return err
			}
		}
		if s.commits == read && s.Last == last && len(l.pending) == 0 && l.read < read {
			if err := l.store.Forget(b, read); err != nil {
				return err
			}
		}
		if err := l.forgetDeltas(b, s.Snapshot); err != nil {
			return err
		}
		if err := s.standing.write(b); err != nil {
			return err
		}
		return s.progress.write(b)
	})
	if err != nil {
		return err
	}
	l.removeSnapshots(s.Snapshot)
	if len(old.Prints) == 0 {
		l.read, l.known = max(l.read, read), last
	}
	s.timers = newTimers(s.next)
	s.deltas = 0
	l.mu.Lock()
	defer l.mu.Unlock()
	*l.current = *s
	for i := range l.current.columns {
		l.current.byNumber[l.current.columns[i].number] = &l.current.columns[i]
	}
	l.show()
	return nil
}

// everyone evaluates a program for all customers below n, moves their next
// instants forward to the program's, and returns the answers with what they
// changed for customers whose definitions had answers before.
func (l *Live) everyone(ctx context.Context, s, old *state, p *program.Program, causes map[define.Ref]strata.Cause, now strata.Instant, n int) (*audience.Table, []evaluation, error) {
	type watched struct {
		col    *column
		place  int
		cause  strata.Cause
		before *column
	}
	places := map[define.Ref]int{}
	for i, t := range p.Tags() {
		places[define.Ref{Kind: "tag", Name: t.Name}] = i
	}
	for i, g := range p.Segments() {
		places[define.Ref{Kind: "segment", Name: g.Name}] = i
	}
	for i, t := range p.Tiers() {
		places[define.Ref{Kind: "tier", Name: t.Name}] = i
	}
	var watch []watched
	for i := range s.columns {
		col := &s.columns[i]
		cause, again := causes[col.ref]
		if again && col.tracked && old.has(col.ref) {
			watch = append(watch, watched{col, places[col.ref], cause, col})
		}
	}
	builder := audience.NewBuilder(now, n, layout(p))
	var mu sync.Mutex
	var all [][]evaluation
	var last lastEvent
	first := len(old.Prints) == 0
	err := l.engine.scan(ctx, n, p.Wanted(), func() func(*strata.History) {
		run := s.evaluator(p, now)
		w := walker{state: &state{program: p}, eval: run}
		last := lastSeen{all: &last}
		tags := make([]strata.Value, len(p.Tags()))
		mine := &[]evaluation{}
		mu.Lock()
		slot := len(all)
		all = append(all, nil)
		mu.Unlock()
		return func(h *strata.History) {
			row := run.Run(h)
			last.see(h, now)
			for i := range tags {
				tags[i] = run.Stored(i)
			}
			builder.Set(h.Customer, audience.Row{Tags: tags, Segments: row.Segments, Levels: row.Levels})
			c := int(h.Customer)
			if first {
				s.next[c] = row.Next
			} else {
				s.next[c] = min(s.next[c], row.Next)
			}
			var found evaluation
			for _, x := range watch {
				at := *x.col
				at.place = x.place
				before, after := old.stored(x.before, h.Customer), w.answer(&at, row)
				if before == after {
					continue
				}
				found.entries = append(found.entries, entry{now, x.cause, shift{x.col.number, before, after}})
				if len(found.records) == 0 || found.records[len(found.records)-1].cause != x.cause {
					found.records = append(found.records, record{customer: h.Customer, at: now, cause: x.cause})
				}
				r := &found.records[len(found.records)-1]
				r.shifts = append(r.shifts, shift{x.col.number, before, after})
			}
			if len(found.entries) > 0 {
				found.delta.customer = h.Customer
				*mine = append(*mine, found)
				mu.Lock()
				all[slot] = *mine
				mu.Unlock()
			}
		}
	})
	if err != nil {
		return nil, nil, err
	}
	changes := slices.Concat(all...)
	slices.SortFunc(changes, func(a, b evaluation) int { return cmp.Compare(a.delta.customer, b.delta.customer) })
	table := builder.Table()
	table.DataUntil = last.at()
	return table, changes, nil
}

// has reports whether the state had answers of a definition.
func (s *state) has(ref define.Ref) bool {
	_, known := s.Prints[ref.String()]
	return known && s.table != nil
}

// merged is the table of the columns: those with a cause from fresh, the
// others from old.
func merged(old, fresh *audience.Table, columns []column, causes map[define.Ref]strata.Cause) *audience.Table {
	table := audience.NewTable(fresh.AsOf)
	table.Everyone, table.DataUntil = fresh.Everyone, fresh.DataUntil
	if old != nil {
		if table.Everyone.IsEmpty() {
			table.Everyone = old.Everyone
		}
		table.DataUntil = max(old.DataUntil, fresh.DataUntil)
	}
	for i := range columns {
		ref := columns[i].ref
		from := old
		if _, again := causes[ref]; again {
			from = fresh
		}
		switch ref.Kind {
		case "tag":
			table.Tags[ref.Name] = from.Tags[ref.Name]
		case "segment":
			table.Segments[ref.Name] = from.Segments[ref.Name]
		case "tier":
			table.Tiers[ref.Name] = from.Tiers[ref.Name]
		}
	}
	return table
}
