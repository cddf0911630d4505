package compute

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"strata"
	"strata/audience"
	"strata/define"
	"strata/program"
)

// Facts is the store of histories as Live needs it besides Source.
type Facts interface {
	// LoadEach calls fn for each of the customers, which ascend; those without
	// facts have an empty history.
	LoadEach(ctx context.Context, customers []strata.CustomerID, fn func(*strata.History) error) error
	// Touched calls fn with what commits after the given one touched, and
	// returns the last commit it has seen.
	Touched(after uint64, fn func(strata.Touch)) (through uint64, err error)
	// Arrivals is closed at the next commit of facts.
	Arrivals() <-chan struct{}
}

// Results is the store of what Live publishes, which is the store of the
// facts: one commit holds results and drops the touches they answer.
type Results interface {
	// Publish commits results durably, without being a commit of facts.
	Publish(fn func(strata.Batch) error) error
	ScanKeys(from, to []byte, fn func(key, value []byte) error) error
	Track() error
	Forget(b strata.Batch, through uint64) error
}

// Live keeps everyone's tags, segments and levels exact as facts arrive and
// time passes, stores what changed in order, and evaluates only customers
// that a fact touched or whose time has come. One goroutine runs it; any may
// read.
type Live struct {
	engine *Engine
	facts  Facts
	store  Results
	dir    string // of the snapshots
	log    *slog.Logger

	step sync.Mutex // held by whoever moves the state

	mu      sync.RWMutex // guards what follows against readers
	current *state       // nil until Open
	frozen  *Answer      // of the last readers; nil = none since the last publish
	moved   chan struct{}

	// Guarded by step.
	pending map[strata.CustomerID]strata.Touch
	touched []strata.CustomerID // to be taken next of pending, ascending
	due     []strata.CustomerID // taken out of the timers, ascending; who is not due any more may be among them
	read    uint64              // commits whose touches are pending or done
	known   strata.CustomerID   // customers up to here are pending or done
	checked strata.Instant
}

// LiveOptions say how to open a Live.
type LiveOptions struct {
	Facts   Facts
	Results Results
	Dir     string       // where snapshots are kept; made where it is not there
	Logger  *slog.Logger // default none
}

// publishSize is how many customers one publish holds at most.
const publishSize = 4096

// recheck is how often calibrations that take effect by time are looked for.
const recheck = strata.Instant(60 * 1000)

// NewLive returns a Live over the engine's stores, which has no state before
// Open.
func NewLive(e *Engine, o LiveOptions) *Live {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Live{
		engine: e, facts: o.Facts, store: o.Results, dir: o.Dir, log: o.Logger,
		moved: make(chan struct{}), pending: map[strata.CustomerID]strata.Touch{},
	}
}

// state is what Live knows. The table's columns hold time-since tags as their
// instant.
type state struct {
	meta
	set          *define.Set
	version      uint64 // of the definitions
	calibrations map[define.Ref]define.Calibration
	past         []define.Calibration // stored ones, for what looks back
	program      *program.Program
	evaluators   []*program.Evaluator // one a worker
	columns      []column
	byNumber     map[uint16]*column
	table        *audience.Table
	next         []strata.Instant // by customer: when time alone changes something
	latest       []strata.Instant // by customer: of the latest entry in a history; 0 = none
	timers       timers
	through      strata.Instant // everything up to here has been published
	commits      uint64         // facts up to here have been published
	deltas       int            // bytes stored since the last snapshot
}

// meta is what is stored about the state.
type meta struct {
	progress
	standing
}

// progress is what every publish moves.
type progress struct {
	Publish   uint64            `json:"publish"` // number of the last publish
	Number    uint64            `json:"number"`  // of the last change
	Through   strata.Instant    `json:"through"`
	DataUntil strata.Instant    `json:"data_until"` // the last event published since the state was computed for everyone; 0 = none
	Last      strata.CustomerID `json:"last"`       // everyone up to this customer has been evaluated
}

// standing is what only new definitions, calibrations and snapshots move.
type standing struct {
	Snapshot     uint64            `json:"snapshot"` // publish that the snapshot file holds
	Floor        strata.Instant    `json:"floor"`    // histories begin here
	Settings     string            `json:"settings"`
	Catalogue    uint64            `json:"catalogue,string"`
	Prints       map[string]string `json:"prints"`       // of definitions, by kind and name
	Calibrations map[string]int    `json:"calibrations"` // versions, by kind and name
	Columns      map[string]uint16 `json:"columns"`      // numbers, by kind and name; never used again for another
}

var (
	progressKey = []byte{'r', progressKind}
	standingKey = []byte{'r', standingKind}
)

// column is one definition's answers in the state.
type column struct {
	ref     define.Ref
	number  uint16
	tracked bool // every change is kept and published: segments, tiers, dynamic tags
	place   int  // in the program's tags, segments or tiers
}

// Run keeps the state exact until the context ends: it publishes when facts
// arrive, when a timer is due and when definitions change. now is the clock.
// What cannot be published is logged and tried again.
func (l *Live) Run(ctx context.Context, now func() strata.Instant) {
	for ctx.Err() == nil {
		arrivals := l.facts.Arrivals()
		more, err := l.Step(ctx, now())
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			l.log.Error("publishing", "error", err)
			if !rest(ctx, nil, 5*time.Second) {
				return
			}
		case !more && !rest(ctx, arrivals, l.pause(now())):
			return
		}
		if err == nil && !more {
			l.snapshotIfGrown(ctx)
		}
	}
}

// rest waits for the channel or the time, and reports false when the context
// ended.
func rest(ctx context.Context, arrivals <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-arrivals:
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// pause is how long nothing is due: at most a second, so that new definitions
// show soon.
func (l *Live) pause(now strata.Instant) time.Duration {
	l.mu.RLock()
	defer l.mu.RUnlock()
	wait := strata.Instant(1000)
	if l.current != nil {
		wait = min(wait, max(1, l.current.timers.first()-now))
	}
	return time.Duration(wait) * time.Millisecond
}

// Step publishes what has happened up to now, at most some thousand
// customers, and reports whether there is more. now must not go back; where
// the clock did, Step waits for it.
func (l *Live) Step(ctx context.Context, now strata.Instant) (more bool, err error) {
	l.step.Lock()
	defer l.step.Unlock()
	if l.current == nil {
		if err := l.open(ctx, now); err != nil {
			return false, err
		}
	}
	s := l.current
	now = max(now, s.through)
	if s.program == nil {
		if err := l.redefine(ctx, now); err != nil {
			return false, err
		}
	} else if s.program.Stale() {
		if err := l.recompile(s, now); err != nil {
			return false, err
		}
	}
	if l.read, err = l.facts.Touched(l.read, l.add); err != nil {
		return false, err
	}
	for last := l.engine.people.Last(); l.known < last; { // also those without facts
		l.known++
		l.add(strata.Touch{Customer: l.known, From: now})
	}
	tasks, more := l.tasks(now)
	if len(tasks) > 0 {
		s.grow(int(tasks[len(tasks)-1].customer) + 1)
		done, err := l.evaluate(ctx, s, tasks, now)
		if err == nil {
			err = l.publish(s, done, now, more)
		}
		if err != nil {
			l.giveBack(tasks)
			return false, err
		}
	}
	if more {
		return true, nil
	}
	l.mu.Lock()
	s.through, s.commits = now, max(s.commits, l.read)
	l.mu.Unlock()
	// New definitions take effect when everything has been published by the
	// old ones up to now.
	return false, l.redefine(ctx, now)
}

// CatchUp publishes everything that has happened up to now.
func (l *Live) CatchUp(ctx context.Context, now strata.Instant) error {
	for more := true; more; {
		var err error
		if more, err = l.Step(ctx, now); err != nil {
			return err
		}
	}
	return nil
}

// giveBack makes tasks that were not published due again.
func (l *Live) giveBack(tasks []task) {
	for _, t := range tasks {
		if t.touched {
			l.add(strata.Touch{Customer: t.customer, From: t.from, Attributes: t.attributes})
		} else {
			l.current.timers.add(t.customer, l.current.next[t.customer])
		}
	}
}

func (l *Live) add(t strata.Touch) {
	if known, ok := l.pending[t.Customer]; ok {
		t.From, t.Attributes = min(t.From, known.From), t.Attributes || known.Attributes
	}
	l.pending[t.Customer] = t
}

// task is a customer to evaluate.
type task struct {
	customer   strata.CustomerID
	touched    bool
	from       strata.Instant // touched: of the earliest fact
	attributes bool
}

// tasks takes up to publishSize customers that were touched or, when none is
// left of those, are due, by ascending number, and reports whether more are
// left. Neighbours are taken together: they are read together.
func (l *Live) tasks(now strata.Instant) (list []task, more bool) {
	s := l.current
	if len(l.touched) == 0 {
		l.touched = slices.Sorted(maps.Keys(l.pending))
	}
	for len(l.touched) > 0 && len(list) < publishSize {
		c := l.touched[0]
		l.touched = l.touched[1:]
		if t, ok := l.pending[c]; ok {
			list = append(list, task{c, true, t.From, t.Attributes})
			delete(l.pending, c)
		}
	}
	if len(l.pending) > 0 {
		return list, true
	}
	if len(l.due) == 0 {
		l.due = s.timers.due(now, s.next)
	}
	ours := len(list)
	for len(l.due) > 0 && len(list) < publishSize {
		c := l.due[0]
		l.due = l.due[1:]
		if _, touched := slices.BinarySearchFunc(list[:ours], c, func(t task, c strata.CustomerID) int { return cmp.Compare(t.customer, c) }); !touched && s.next[c] <= now {
			list = append(list, task{customer: c})
		}
	}
	slices.SortFunc(list, func(a, b task) int { return cmp.Compare(a.customer, b.customer) })
	return list, len(l.due) > 0
}

// Moved returns a channel that is closed at the next publish.
func (l *Live) Moved() <-chan struct{} {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.moved
}

// Through returns the instant up to which everything is published, and 0
// before the first publish.
func (l *Live) Through() strata.Instant {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.current == nil {
		return 0
	}
	return l.current.through
}

// standsFor is how long readers are given the same answer while much is being
// published, and stillFor how long while nothing is.
const (
	standsFor = strata.Instant(1000)
	stillFor  = strata.Instant(5 * 60 * 1000)
)

// Commits returns the number of the last commit of facts that is published
// with all before it.
func (l *Live) Commits() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.current == nil {
		return 0
	}
	return l.current.commits
}

// Due returns how many customers time alone may have changed by an instant.
func (l *Live) Due(by strata.Instant) int {
	l.step.Lock()
	defer l.step.Unlock()
	n := 0
	if l.current != nil {
		for c, at := range l.current.next {
			if at <= by && l.current.table.Everyone.Contains(uint32(c)) {
				n++
			}
		}
	}
	return n
}

// Now returns everyone's answers as they are published: exact at the answer's
// AsOf, which is at most a second behind the last publish and five minutes
// behind Through. It is nil before the first publish. The answer does not change any
// more and must not be written to.
func (l *Live) Now() *Answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.current
	if s == nil || s.program == nil {
		return nil
	}
	if f := l.frozen; f != nil && f.Version == s.version {
		stood := s.through - f.AsOf
		if stood < standsFor || stood < stillFor && f.Sequence == s.Publish && !l.dayBegan(f.AsOf, s.through) {
			return f
		}
	}
	table := s.table.Snapshot()
	table.AsOf, table.Sequence = s.through, s.Publish
	table.DataUntil = max(table.DataUntil, s.DataUntil)
	p, asOf := s.program, s.through
	for i, t := range p.Tags() {
		if t.Since != 0 {
			table.Tags[t.Name] = table.Tags[t.Name].Map(func(v strata.Value) strata.Value { return p.Shown(i, v, asOf) })
		}
	}
	l.frozen = &Answer{Table: table, Set: s.set, Calibrations: s.calibrations, Commits: s.commits, Version: s.version}
	return l.frozen
}

// dayBegan reports whether a civil day began after from and not after to.
func (l *Live) dayBegan(from, to strata.Instant) bool {
	zone, err := l.engine.settings.Location()
	return err == nil && define.DayOf(from, zone) != define.DayOf(to, zone)
}

// Changes calls fn with the changes after the given number, in order, until
// it returns false.
func (l *Live) Changes(after uint64, fn func(*strata.Change) bool) error {
	refs := map[uint16]define.Ref{}
	l.mu.RLock()
	if l.current != nil {
		for name, n := range l.current.Columns {
			refs[n] = parseRef(name)
		}
	}
	l.mu.RUnlock()
	err := l.store.ScanKeys(resultKey(changeKind, after+1), []byte{'r', changeKind + 1}, func(key, value []byte) error {
		last := binary.BigEndian.Uint64(key[2:])
		d := decoder{b: value}
		published := strata.Instant(d.varint())
		n := d.uvarint()
		for number := last - n + 1; number <= last; number++ {
			r := d.record()
			if d.bad {
				return &strata.Error{Code: strata.Unavailable, Field: "changes", Message: "a stored change cannot be read", Hint: "restore the data directory from a backup", Cause: errRecord}
			}
			if number <= after {
				continue
			}
			c := strata.Change{Number: number, Customer: r.customer, At: r.at, Published: published, Cause: r.cause}
			for _, s := range r.shifts {
				ref := refs[s.column]
				c.Moves = append(c.Moves, strata.Move{Kind: ref.Kind, Name: ref.Name, From: s.from, To: s.to})
			}
			if !fn(&c) {
				return errStop
			}
		}
		return nil
	})
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// errStop ends a scan of keys early.
var errStop = errors.New("stop")

// HistoryEntry is one change in a customer's history of a definition, in
// event time.
type HistoryEntry struct {
	At       strata.Instant
	Cause    strata.Cause
	From, To strata.Value // as in strata.Move
}

// History returns a customer's changes of one segment, tier or dynamic tag
// since histories began, by time.
func (l *Live) History(c strata.CustomerID, ref define.Ref) ([]HistoryEntry, error) {
	l.mu.RLock()
	number, known := uint16(0), false
	if l.current != nil {
		number, known = l.current.Columns[ref.String()]
	}
	l.mu.RUnlock()
	if !known {
		return nil, nil
	}
	prefix := historyPrefix(c, number)
	end := historyPrefix(c, number+1)
	var list []HistoryEntry
	err := l.store.ScanKeys(prefix, end, func(key, value []byte) error {
		d := decoder{b: value}
		e := HistoryEntry{At: strata.Instant(binary.BigEndian.Uint64(key[len(prefix):])), Cause: strata.Cause(d.byte()), From: d.value(), To: d.value()}
		if d.bad {
			return errRecord
		}
		list = append(list, e)
		return nil
	})
	return list, err
}

func (p *progress) write(b strata.Batch) error { return writeJSON(b, progressKey, p) }

func (s *standing) write(b strata.Batch) error { return writeJSON(b, standingKey, s) }

func writeJSON(b strata.Batch, key []byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Set(key, text)
}

// LastChange returns the number of the last change; 0 = none yet.
func (l *Live) LastChange() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.current == nil {
		return 0
	}
	return l.current.Number
}

// Follows reports whether the changes of a definition are kept: those of
// segments, tiers and dynamic tags, but not of the time since something.
func (l *Live) Follows(ref define.Ref) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.current == nil {
		return false
	}
	i := slices.IndexFunc(l.current.columns, func(c column) bool { return c.ref == ref })
	return i >= 0 && l.current.columns[i].tracked
}

// Since returns the instant from which on histories are complete.
func (l *Live) Since() strata.Instant {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.current == nil {
		return 0
	}
	return l.current.Floor
}
