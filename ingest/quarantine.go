package ingest

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"strata"
	"strata/define"
)

// The quarantine keeps what sources sent and the catalogue, a scope or what is
// stored did not allow, as it came, until a person replays or discards it. The
// rows that files refused stand beside it: q, import(4), row(8); import 0 is
// what came over HTTP.

// The bounds of the quarantine. What comes when it is full is refused, and its
// sender told so.
const (
	maxQuarantined      = 100_000
	maxQuarantinedBytes = 1 << 30
)

// Quarantine is one call that is kept aside.
type Quarantine struct {
	Number    uint64         `json:"-"`
	Source    string         `json:"source"`
	Kind      string         `json:"kind"` // track, identify, ...
	Event     string         `json:"event"`
	MessageID string         `json:"message_id"`
	NoID      bool           `json:"no_id,omitempty"`   // the message id is made up
	Forever   bool           `json:"forever,omitempty"` // it came by import
	At        strata.Instant `json:"at"`                // of receipt
	SentAt    string         `json:"sent_at,omitempty"`
	Sender    Sender         `json:"sender"` // what its key allowed
	Field     string         `json:"field,omitempty"`
	Reason    string         `json:"reason"` // with what was found
	Hint      string         `json:"hint,omitempty"`
	Raw       string         `json:"raw"` // JSON, as it came
}

// quarantineState is what is known of the quarantine without reading it.
type quarantineState struct {
	Last  uint64 `json:"last"` // the number last given
	Count uint64 `json:"count"`
	Bytes uint64 `json:"bytes"`
}

var quarantineStateKey = []byte("sq")

func readQuarantineState(s Store) (q quarantineState, err error) {
	body, err := s.Get(quarantineStateKey)
	if err != nil || body == nil {
		return q, err
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return q, &strata.Error{Code: strata.Internal, Message: "the state of the quarantine is damaged", Cause: err}
	}
	return q, nil
}

func (q quarantineState) write(b strata.Batch) error {
	body, err := json.Marshal(q)
	if err != nil {
		return err
	}
	return b.Set(quarantineStateKey, body)
}

// drop removes what has the number, if it is there.
func (q *quarantineState) drop(b strata.Batch, number uint64) error {
	key := refusedKey(0, number)
	body, err := b.Get(key)
	if err != nil || body == nil {
		return err
	}
	q.Count -= min(q.Count, 1)
	q.Bytes -= min(q.Bytes, uint64(len(body)))
	return b.Delete(key)
}

// refuse keeps an item in the quarantine, unless it is refused for good or the
// quarantine is full.
func (w *streamWriter) refuse(b strata.Batch, it *item) error {
	ref := it.refused
	it.outcome.Status, it.outcome.Field, it.outcome.Reason, it.outcome.Hint = ItemQuarantined, ref.Field, ref.text(), ref.Hint
	if it.final {
		it.outcome.Status = ItemRefused
		return nil
	}
	if it.replays == 0 && (w.state.Count >= maxQuarantined || w.state.Bytes >= maxQuarantinedBytes) {
		it.outcome.Status = ItemRefused
		it.outcome.Reason += ", and the quarantine is full"
		it.outcome.Hint = "replay or discard what is in the quarantine, then send it again"
		return nil
	}
	if it.replays == 0 && !it.noFold {
		// A retry of what is in quarantine is not a second one.
		number, err := w.inQuarantine(b, it)
		if err != nil {
			return err
		}
		if number != 0 {
			it.replays = number
		}
	}
	if it.replays != 0 {
		before, err := b.Get(refusedKey(0, it.replays))
		if err != nil {
			return err
		}
		if before == nil { // discarded meanwhile
			return nil
		}
		w.state.Count -= min(w.state.Count, 1)
		w.state.Bytes -= min(w.state.Bytes, uint64(len(before)))
	} else {
		w.state.Last++
		for _, d := range it.found {
			if err := w.propose(b, it.source, d); err != nil {
				return err
			}
		}
	}
	number := w.state.Last
	if it.replays != 0 {
		number = it.replays
	}
	body, err := json.Marshal(Quarantine{
		Source: it.source, Kind: it.kind, Event: it.event, MessageID: it.messageID, NoID: it.noFold, Forever: it.forever, At: it.received, SentAt: it.sentAt,
		Sender: *it.sender, Field: ref.Field, Reason: ref.text(), Hint: ref.Hint, Raw: string(it.raw),
	})
	if err != nil {
		return err
	}
	w.state.Count++
	w.state.Bytes += uint64(len(body))
	if !it.noFold {
		if err := b.Set(quarantinedKey(it), binary.BigEndian.AppendUint64(nil, number)); err != nil {
			return err
		}
	}
	return b.Set(refusedKey(0, number), body)
}

// quarantinedKey is where the number of a call in quarantine stands, by its id
// and body, so that retries of it are known. It is dropped with the week.
func quarantinedKey(it *item) []byte {
	of := *it
	of.messageID = fmt.Sprintf("q\x00%s\x00%x", it.messageID, it.body)
	return []byte((&streamFolds{}).at(week(it.received), &of))
}

func (w *streamWriter) inQuarantine(b strata.Batch, it *item) (uint64, error) {
	body, err := b.Get(quarantinedKey(it))
	if err != nil || len(body) != 8 {
		return 0, err
	}
	number := binary.BigEndian.Uint64(body)
	there, err := b.Get(refusedKey(0, number))
	if err != nil || there == nil {
		return 0, err
	}
	return number, nil
}

// Quarantined calls fn for what is in the quarantine with a number above
// after, in order.
func Quarantined(s Scanner, after uint64, fn func(Quarantine) error) error {
	return s.ScanKeys(refusedKey(0, after+1), recordAfter(0), func(key, value []byte) error {
		q, err := readQuarantine(key, value)
		if err != nil {
			return err
		}
		return fn(q)
	})
}

func readQuarantine(key, value []byte) (q Quarantine, err error) {
	if err := json.Unmarshal(value, &q); err != nil || len(key) != 13 {
		return q, &strata.Error{Code: strata.Internal, Message: "a call in the quarantine is damaged", Cause: err}
	}
	q.Number = binary.BigEndian.Uint64(key[5:])
	return q, nil
}

// Chosen says which of the quarantine is meant: the numbers, or without any
// all of the source and event that are given.
type Chosen struct {
	Numbers []uint64
	Source  string
	Event   string
}

func (c *Chosen) has(q *Quarantine) bool {
	if len(c.Numbers) > 0 {
		return slices.Contains(c.Numbers, q.Number)
	}
	return (c.Source == "" || c.Source == q.Source) && (c.Event == "" || c.Event == q.Event || c.Event == snake(q.Event))
}

// eachChosen calls fn with some of what is chosen at a time.
func (s *Stream) eachChosen(c Chosen, fn func([]Quarantine) error) error {
	const some = 500
	var list []Quarantine
	enough := errors.New("enough")
	for after := uint64(0); ; {
		list = list[:0]
		seen := 0
		err := Quarantined(s.o.Store, after, func(q Quarantine) error {
			after = q.Number
			if c.has(&q) {
				list = append(list, q)
			}
			if seen++; len(list) == some || seen == 20*some {
				return enough
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			return err
		}
		if len(list) > 0 {
			if err := fn(list); err != nil {
				return err
			}
		}
		if err == nil {
			return nil
		}
	}
}

// Replayed is what became of what was replayed.
type Replayed struct {
	Taken    int // accepted now, or found to be there
	Remained int // in the quarantine, with the reason of now
}

// Replay reads what is chosen once more by the present catalogue, as of its
// receipt.
func (s *Stream) Replay(c Chosen) (out Replayed, err error) {
	err = s.eachChosen(c, func(list []Quarantine) error {
		language, err := s.words()
		if err != nil {
			return err
		}
		var items []item
		r := s.readers.Get().(*reader)
		r.language = language
		for _, q := range list {
			one := Call{Body: []byte(q.Raw), Sender: q.Sender, At: q.At}
			if s.o.Sender != nil {
				now, ok, err := s.o.Sender(q.Source)
				if err != nil {
					s.readers.Put(r)
					return err
				}
				if ok {
					one.Sender = now
				}
			}
			r.sender, r.now = &one.Sender, q.At
			if err := r.doc.parse(one.Body); err != nil {
				s.readers.Put(r)
				return err
			}
			it := r.item(0, q.Kind, q.SentAt, q.Forever)
			it.source, it.replays = q.Source, q.Number
			if it.noFold {
				it.messageID = q.MessageID
			}
			items = append(items, it)
		}
		s.readers.Put(r)
		outcomes, err := s.hand(items)
		if err != nil {
			return err
		}
		for _, o := range outcomes {
			if o.Status == ItemAccepted || o.Status == ItemRepeated {
				out.Taken++
			} else {
				out.Remained++
			}
		}
		return nil
	})
	return out, err
}

// Discard drops what is chosen for good and returns how much it was.
func (s *Stream) Discard(c Chosen) (n int, err error) {
	err = s.eachChosen(c, func(list []Quarantine) error {
		items := make([]item, len(list))
		for i, q := range list {
			items[i] = item{source: q.Source, replays: q.Number, discard: true}
		}
		_, err := s.hand(items)
		if err == nil {
			n += len(list)
		}
		return err
	})
	return n, err
}

// Waiting returns how many calls are in the quarantine, and their bytes.
func (s *Stream) Waiting() (count, bytes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Count, s.state.Bytes
}

// Proposal is something that sources sent and the catalogue does not have.
type Proposal struct {
	Event    string            `json:"event,omitempty"`    // "" = an attribute
	Property string            `json:"property,omitempty"` // "" = the event itself
	Type     define.TypeName   `json:"type,omitempty"`     // as it looked first
	Many     bool              `json:"many,omitempty"`
	Other    []define.TypeName `json:"other,omitempty"` // types that it looked like too
	Count    uint64            `json:"count"`
	First    strata.Instant    `json:"first"`
	Last     strata.Instant    `json:"last"`
	Source   string            `json:"source"` // that sent it first
}

// maxProposals bounds what is remembered of unknown names.
const maxProposals = 5000

func proposalKey(event, property string) string { return "sp" + event + "\x00" + property }

// propose counts a discovery.
func (w *streamWriter) propose(b strata.Batch, source string, d discovery) error {
	key := proposalKey(d.Event, d.Property)
	p, ok := w.found[key]
	if !ok {
		w.s.mu.Lock()
		p, ok = w.s.discover[key]
		full := len(w.s.discover)+len(w.found) >= maxProposals
		w.s.mu.Unlock()
		if !ok && full {
			return nil
		}
	}
	if !ok {
		p = Proposal{Event: d.Event, Property: d.Property, Type: d.Type, Many: d.Many, First: w.now, Source: source}
	}
	if p.Type != d.Type && !slices.Contains(p.Other, d.Type) {
		p.Other = append(slices.Clone(p.Other), d.Type)
	}
	p.Count++
	p.Last = w.now
	w.found[key] = p
	return nil
}

func readProposals(s Scanner) (map[string]Proposal, error) {
	out := map[string]Proposal{}
	err := s.ScanKeys([]byte("sp"), []byte("sq"), func(key, value []byte) error {
		var p Proposal
		if err := json.Unmarshal(value, &p); err != nil {
			return &strata.Error{Code: strata.Internal, Message: "a proposal to the catalogue is damaged", Cause: err}
		}
		out[string(key)] = p
		return nil
	})
	return out, err
}

// Proposals returns what sources sent and the published catalogue does not
// have, by event and property.
func (s *Stream) Proposals() ([]Proposal, error) {
	language, err := s.words()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Proposal
	for _, p := range s.discover {
		e := language.events[p.Event]
		switch {
		case p.Event == "" && language.attributes[p.Property] != nil:
		case p.Event != "" && e != nil && (p.Property == "" || e.properties[p.Property] != nil):
		default:
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Proposal) int {
		return strings.Compare(proposalKey(a.Event, a.Property), proposalKey(b.Event, b.Property))
	})
	return out, nil
}

// Accept returns the catalogue entries that a proposal asks for: an EVENT with
// all that it was seen with, EVENT.PROPERTY, or @ATTRIBUTE. A type other than
// "" takes the place of the discovered one. What was not proposed is NotFound.
func (s *Stream) Accept(name string, typ define.TypeName) (define.Catalogue, error) {
	out := define.Catalogue{Attributes: map[string]define.Attribute{}, Events: map[string]define.Event{}}
	all, err := s.Proposals()
	if err != nil {
		return out, err
	}
	event, property, one := strings.Cut(name, ".")
	if attribute, ok := strings.CutPrefix(name, "@"); ok {
		event, property, one = "", attribute, true
	}
	found := false
	for _, p := range all {
		if p.Event != event || one && p.Property != property {
			continue
		}
		t := define.Type{Name: p.Type, Many: p.Many}
		if typ != "" && one {
			t.Name = typ
		}
		found = true
		if event == "" {
			out.Attributes[p.Property] = define.Attribute{Type: t, Change: "semi-dynamic", Class: "static"}
			continue
		}
		e := out.Events[event]
		if e.Properties == nil {
			e.Properties = map[string]define.EventProperty{}
		}
		if p.Property != "" {
			e.Properties[p.Property] = define.EventProperty{Type: t}
		}
		out.Events[event] = e
	}
	if !found {
		return out, &strata.Error{Code: strata.NotFound, Field: name, Message: "nothing of that name was proposed", Hint: "`strata quarantine proposals` lists what was"}
	}
	return out, nil
}
