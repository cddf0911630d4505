package ingest

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"strata"
)

// StreamOptions say where a stream writes to and what its words mean.
type StreamOptions struct {
	Settings  strata.Settings
	Store     Store
	Update    Updater
	Append    Appender
	Identity  Identity
	Normalise func(namespace, value string) (strata.Key, error)
	Erased    func(keys []strata.Key) bool // whether one is of a person whose data were erased; nil = none is
	// Vocabulary returns what is published and a number that changes with it.
	Vocabulary func() (v Vocabulary, version uint64, err error)
	// Sender returns what a source may send now, for what is replayed; false
	// for a source that is no more, whose calls are read as they were. It may
	// be nil.
	Sender func(name string) (s Sender, ok bool, err error)
	// DeleteRange drops the keys in [from, to) in a batch.
	DeleteRange func(b strata.Batch, from, to []byte) error
	Now         func() time.Time
	FoldFor     time.Duration // how long after its arrival an id is known; default 7 days
	QueueBytes  int64         // of bodies that are read or wait; default 16 MiB
}

// The outcomes of an item.
const (
	ItemAccepted    = "accepted"    // kept, and on disk
	ItemRepeated    = "repeated"    // was kept before
	ItemQuarantined = "quarantined" // kept in the quarantine, with the reason
	ItemRefused     = "refused"     // not kept
)

// Outcome is what became of one item of a call.
type Outcome struct {
	MessageID string
	Status    string
	Field     string // of one that is quarantined or refused
	Reason    string
	Hint      string
}

// Busy says that a call was not taken and when to send it again.
type Busy struct {
	After time.Duration
	Rate  bool // the source sends faster than it may; else the server is full
}

func (b *Busy) Error() string {
	if b.Rate {
		return "the source sends faster than its rate"
	}
	return "the server has as many events waiting as it can hold"
}

// Stream takes the calls of sources that send over HTTP. Calls of several
// goroutines are committed together: an item is answered once it and all
// before it are on disk. Each call is kept whole or not at all.
type Stream struct {
	o StreamOptions

	readers sync.Pool

	mu       sync.Mutex
	held     int64 // bytes reserved
	stopped  bool
	language *language
	version  uint64
	buckets  map[string]*bucket
	state    quarantineState
	counters map[string]SourceCounts
	discover map[string]Proposal // as stored, to see what is new

	work chan *request
	done chan struct{}

	folds   *streamFolds
	expired uint32 // the first day that has not been expired
}

// request is one call that waits for its commit.
type request struct {
	items []item
	err   error
	over  chan struct{}
}

// NewStream returns a stream that takes calls once Start was called.
func NewStream(o StreamOptions) (*Stream, error) {
	if o.FoldFor <= 0 {
		o.FoldFor = 7 * 24 * time.Hour
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 16 << 20
	}
	if _, err := newReader(o.Settings, o.Normalise); err != nil {
		return nil, err
	}
	s := &Stream{o: o, buckets: map[string]*bucket{}, work: make(chan *request, 4096), done: make(chan struct{})}
	s.readers.New = func() any {
		r, _ := newReader(o.Settings, o.Normalise) // has been made before
		return r
	}
	var err error
	if s.folds, err = newStreamFolds(o.Store, strata.Instant(o.FoldFor/time.Millisecond)); err != nil {
		return nil, err
	}
	if s.state, err = readQuarantineState(o.Store); err != nil {
		return nil, err
	}
	if s.counters, err = readCounts(o.Store); err != nil {
		return nil, err
	}
	s.discover, err = readProposals(o.Store)
	return s, err
}

// Start commits what Send hands over until Stop.
func (s *Stream) Start() { go s.commit() }

// Stop refuses new calls, commits those that wait, and returns when all is
// answered.
func (s *Stream) Stop() {
	s.mu.Lock()
	stopped := s.stopped
	s.stopped = true
	s.mu.Unlock()
	if !stopped {
		close(s.work)
	}
	<-s.done
}

// Reserve takes room for a body of so many bytes until release is called. The
// error is Busy where there is none: at any time the bodies that are read or
// wait hold no more than QueueBytes, and what is made of them a small multiple.
func (s *Stream) Reserve(bytes int64) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.held+bytes > s.o.QueueBytes {
		return nil, &Busy{After: time.Second}
	}
	s.held += bytes
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.held -= bytes
	}, nil
}

// Send takes a call and returns what became of each item, in order, once all
// of that is on disk. The errors are Invalid for a body that is no call at
// all, Busy, and Unavailable where the disk does not take it; then nothing of
// the call is acknowledged, and sending it again is right.
func (s *Stream) Send(c Call) ([]Outcome, error) {
	if wait := s.allow(&c.Sender, c.At); wait > 0 {
		return nil, &Busy{After: wait, Rate: true}
	}
	language, err := s.words()
	if err != nil {
		return nil, err
	}
	r := s.readers.Get().(*reader)
	r.language = language
	items, err := r.items(&c)
	s.readers.Put(r)
	if err != nil {
		return nil, err
	}
	s.spend(&c.Sender, len(items))
	return s.hand(items)
}

// hand gives items to the committer and waits for it.
func (s *Stream) hand(items []item) ([]Outcome, error) {
	if len(items) == 0 {
		return []Outcome{}, nil
	}
	q := &request{items: items, over: make(chan struct{})}
	if !s.enqueue(q) {
		return nil, &Busy{After: time.Second}
	}
	<-q.over
	if q.err != nil {
		return nil, q.err
	}
	out := make([]Outcome, len(items))
	for i := range items {
		out[i] = items[i].outcome
	}
	return out, nil
}

func (s *Stream) enqueue(q *request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	select {
	case s.work <- q:
		return true
	default:
		return false
	}
}

// words returns the published vocabulary, compiled.
func (s *Stream) words() (*language, error) {
	v, version, err := s.o.Vocabulary()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.language == nil || s.version != version {
		s.language, s.version = newLanguage(v, s.o.Settings), version
	}
	return s.language, nil
}

// bucket is a token bucket: what a source may send now, filled at its rate.
type bucket struct {
	tokens float64
	at     strata.Instant
}

// allow returns how long a source has to wait, 0 for not at all. A source that
// has anything left may send a whole call and owes what is too much.
func (s *Stream) allow(from *Sender, now strata.Instant) time.Duration {
	if from.Rate <= 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[from.Name]
	if b == nil {
		b = &bucket{tokens: float64(from.Rate), at: now}
		s.buckets[from.Name] = b
	}
	if now > b.at {
		b.tokens = min(float64(from.Rate), b.tokens+float64(now-b.at)/1000*float64(from.Rate))
		b.at = now
	}
	if b.tokens > 0 {
		return 0
	}
	return time.Duration((1 - b.tokens) / float64(from.Rate) * float64(time.Second))
}

func (s *Stream) spend(from *Sender, events int) {
	if from.Rate <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[from.Name]; b != nil {
		b.tokens -= float64(events)
	}
}

// maxGroup is how many items are committed together.
const maxGroup = 20_000

// commit is the one committer: it gathers the calls that wait into one batch,
// writes it, and answers them.
func (s *Stream) commit() {
	defer close(s.done)
	w := &streamWriter{s: s, pending: map[from]*pending{}, ids: map[string]uint64{}, folded: map[string]folded{}}
	defer s.folds.seen.end()
	for first := range s.work {
		s.folds.seen.begin(s.o.Store)
		group, n := []*request{first}, len(first.items)
	gather:
		for n < maxGroup {
			select {
			case q, ok := <-s.work:
				if !ok {
					break gather
				}
				group = append(group, q)
				n += len(q.items)
			default:
				break gather
			}
		}
		err := w.write(group)
		for _, q := range group {
			q.err = err
			close(q.over)
		}
	}
}

// from is whose and which source's facts are written together.
type from struct {
	customer strata.CustomerID
	source   string
}

// streamWriter writes groups of calls. It belongs to the committer.
type streamWriter struct {
	s        *Stream
	pending  map[from]*pending
	ids      map[string]uint64 // events that fold for ever, new in this batch
	folded   map[string]folded // messageIds, new in this batch
	scratch  []fact
	now      strata.Instant
	state    quarantineState
	counters map[string]SourceCounts
	found    map[string]Proposal
}

// write commits a group whole. What is remembered changes only with it.
func (w *streamWriter) write(group []*request) error {
	s := w.s
	w.now = strata.At(s.o.Now())
	w.counters, w.found = map[string]SourceCounts{}, map[string]Proposal{}
	s.mu.Lock()
	w.state = s.state
	s.mu.Unlock()
	before := w.state
	clear(w.pending)
	clear(w.ids)
	clear(w.folded)
	day, expire := s.expired, false
	err := s.o.Update(true, func(b strata.Batch) error {
		for _, q := range group {
			for i := range q.items {
				if err := w.item(b, &q.items[i]); err != nil {
					return err
				}
			}
		}
		for _, k := range slices.SortedFunc(maps.Keys(w.pending), func(a, b from) int {
			if a.customer != b.customer {
				return int(int64(a.customer) - int64(b.customer))
			}
			return strings.Compare(a.source, b.source)
		}) {
			p := w.pending[k]
			if err := s.o.Append(b, k.customer, p.events, p.attributes, k.source, 0); err != nil {
				return err
			}
		}
		for key, body := range w.ids {
			if err := b.Set([]byte(key), binary.BigEndian.AppendUint64(nil, body)); err != nil {
				return err
			}
		}
		for key, f := range w.folded {
			s.folds.seen.add(key)
			if err := b.Set([]byte(key), f.value()); err != nil {
				return err
			}
		}
		if day = s.folds.keeps(w.now); day > s.expired {
			expire = true
			if err := s.o.DeleteRange(b, weekKey(0), weekKey(day)); err != nil {
				return err
			}
		}
		return w.remember(b, before)
	})
	if err != nil {
		return streamError(err)
	}
	if expire {
		s.expired = day
		s.folds.seen.forget(day)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = w.state
	maps.Copy(s.counters, w.counters)
	maps.Copy(s.discover, w.found)
	return nil
}

// streamError makes whatever kept a batch from being written an error upon
// which the sender sends again.
func streamError(err error) error {
	var e *strata.Error
	if errors.As(err, &e) && e.Code == strata.Unavailable {
		return err
	}
	return &strata.Error{Code: strata.Unavailable, Message: "the events could not be written", Hint: "send them again", Cause: err}
}

// remember writes the counters, proposals and the state of the quarantine.
func (w *streamWriter) remember(b strata.Batch, before quarantineState) error {
	for name, c := range w.counters {
		body, err := json.Marshal(c)
		if err == nil {
			err = b.Set(countsKey(name), body)
		}
		if err != nil {
			return err
		}
	}
	for key, p := range w.found {
		body, err := json.Marshal(p)
		if err == nil {
			err = b.Set([]byte(key), body)
		}
		if err != nil {
			return err
		}
	}
	if w.state == before {
		return nil
	}
	return w.state.write(b)
}

// item decides one item and gathers what it gives.
func (w *streamWriter) item(b strata.Batch, it *item) error {
	if it.discard {
		return w.state.drop(b, it.replays)
	}
	it.outcome = Outcome{MessageID: it.messageID, Status: ItemAccepted}
	if it.noFold {
		it.outcome.MessageID = ""
	}
	if it.refused == nil {
		if err := w.take(b, it); err != nil {
			return err
		}
	}
	if it.refused != nil {
		if err := w.refuse(b, it); err != nil {
			return err
		}
	} else if it.replays != 0 {
		if err := w.state.drop(b, it.replays); err != nil {
			return err
		}
	}
	c, ok := w.counters[it.source]
	if !ok {
		w.s.mu.Lock()
		c = w.s.counters[it.source]
		w.s.mu.Unlock()
	}
	if c.First == 0 {
		c.First = w.now
	}
	c.Last = w.now
	switch it.outcome.Status {
	case ItemAccepted:
		c.Accepted++
	case ItemRepeated:
		c.Repeated++
	case ItemQuarantined:
		if it.replays == 0 {
			c.Quarantined++
		}
	case ItemRefused:
		c.Refused++
	}
	w.counters[it.source] = c
	return nil
}

// take folds and resolves an item and gathers its facts. It sets it.refused
// where the item contradicts what is there.
func (w *streamWriter) take(b strata.Batch, it *item) error {
	if w.s.o.Erased != nil && it.keys != nil && w.s.o.Erased(it.keys.keys) {
		it.refused, it.final = ofErased(), true
		return nil
	}
	var key string
	if !it.noFold {
		known, err := w.known(it)
		if err != nil {
			return err
		}
		if known != nil {
			if known.body != it.body {
				it.refused = &refusal{Field: "messageId", Found: it.messageID, Reason: "is the id of an earlier call of this source with other content",
					Hint: "give each call an id of its own; to change what happened, send what undoes it, such as Order Refunded"}
				return nil
			}
			it.outcome.Status = ItemRepeated
			return nil
		}
		key = w.s.folds.key(it, it.received)
	}
	w.scratch = w.scratch[:0]
	var ids []string
	for i := range it.facts {
		f := &it.facts[i]
		if !f.withID {
			w.scratch = append(w.scratch, *f)
			continue
		}
		id := string(idKey(it.source, &f.Event))
		body, ok := w.ids[id]
		if !ok {
			stored, err := w.s.o.Store.Get([]byte(id))
			if err != nil {
				return err
			}
			if ok = stored != nil; ok {
				body = binary.BigEndian.Uint64(stored)
			}
		}
		switch {
		case ok && body != f.body:
			it.refused = sameID(f.Name, f.ID)
			return nil
		case ok && i == 0: // what hangs on it was kept with it
			it.outcome.Status = ItemRepeated
			w.scratch = w.scratch[:0]
		case !ok && !slices.Contains(ids, id):
			ids = append(ids, id)
			w.scratch = append(w.scratch, *f)
		}
		if it.outcome.Status == ItemRepeated {
			break
		}
	}
	if it.outcome.Status != ItemRepeated {
		customer, _, err := w.s.o.Identity.Resolve(b, it.keys.keys)
		if err != nil {
			var e *strata.Error
			if !errors.As(err, &e) || e.Code != strata.Conflict && e.Code != strata.Invalid {
				return err
			}
			it.refused = &refusal{Field: e.Field, Reason: e.Message, Hint: e.Hint}
			return nil
		}
		w.gather(customer, it)
		for i := range w.scratch {
			if f := &w.scratch[i]; f.withID {
				for _, id := range ids {
					if id == string(idKey(it.source, &f.Event)) {
						w.ids[id] = f.body
					}
				}
			}
		}
	}
	if key != "" {
		w.folded[key] = folded{it.body, it.received}
	}
	return nil
}

func (w *streamWriter) gather(customer strata.CustomerID, it *item) {
	if len(w.scratch) == 0 && len(it.attributes) == 0 {
		return
	}
	k := from{customer, it.source}
	p := w.pending[k]
	if p == nil {
		p = &pending{}
		w.pending[k] = p
	}
	for i := range w.scratch {
		p.events = append(p.events, w.scratch[i].Event)
	}
	p.attributes = append(p.attributes, it.attributes...)
}

// known returns what is kept of an item's messageId, nil for nothing.
func (w *streamWriter) known(it *item) (*folded, error) {
	for _, key := range w.s.folds.keys(it, it.received) {
		if f, ok := w.folded[key]; ok {
			return &f, nil
		}
		if !w.s.folds.seen.maybe(key) {
			continue
		}
		stored, err := w.s.o.Store.Get([]byte(key))
		if err != nil {
			return nil, err
		}
		if stored == nil {
			continue
		}
		f, err := readFolded(stored)
		if err != nil {
			return nil, err
		}
		if w.s.folds.holds(key, f, it.received) {
			return &f, nil
		}
	}
	return nil, nil
}

// SourceCounts is what came from a source so far.
type SourceCounts struct {
	Accepted    uint64         `json:"accepted"`
	Repeated    uint64         `json:"repeated"`
	Quarantined uint64         `json:"quarantined"`
	Refused     uint64         `json:"refused"`
	First       strata.Instant `json:"first"`
	Last        strata.Instant `json:"last"`
}

func countsKey(source string) []byte { return append([]byte("sc"), source...) }

func readCounts(s Scanner) (map[string]SourceCounts, error) {
	out := map[string]SourceCounts{}
	err := s.ScanKeys([]byte("sc"), []byte("sd"), func(key, value []byte) error {
		var c SourceCounts
		if err := json.Unmarshal(value, &c); err != nil {
			return &strata.Error{Code: strata.Internal, Message: "the counters of a source are damaged", Cause: err}
		}
		out[string(key[2:])] = c
		return nil
	})
	return out, err
}

// Counts returns what came from each source that has sent anything.
func (s *Stream) Counts() map[string]SourceCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counters)
}
