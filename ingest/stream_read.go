package ingest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

	"strata"
	"strata/define"
)

// The limits of what one request may hold.
const (
	MaxCallBytes = 500 << 10
	maxItemBytes = 32 << 10
	maxIDBytes   = 256
	maxItems     = 10_000 // of a batch
)

// Sender is the source whose write key came with a call.
type Sender struct {
	Name       string
	Events     []string // names and prefixes ("shop_*") that it may send; none = any
	Namespaces []string // kinds of keys that it may name; none = any
	UserID     string   // the kind of key that its userId is
	Rate       int      // events a second; 0 = no limit
}

// Call is one request of a source.
type Call struct {
	Kind   string // identify, track, page, screen, group, alias, batch or import
	Body   []byte // JSON; not changed until the call is answered
	Sender Sender
	At     strata.Instant // when it was received
}

// Vocabulary is what the words of a call mean.
type Vocabulary struct {
	Catalogue *define.Catalogue
	Off       map[string]bool // sensitive attributes that are off
}

// language is a vocabulary compiled for reading.
type language struct {
	events     map[string]*spokenEvent
	attributes map[string]*compiled
	off        map[string]bool
	currency   string
}

type spokenEvent struct {
	name       string
	identity   string
	properties map[string]*compiled
}

func newLanguage(v Vocabulary, settings strata.Settings) *language {
	zone, _ := settings.Location() // newMapper has found it
	value := func(name string, t define.Type) *compiled {
		return &compiled{valueRule: &valueRule{name: name, typ: t, column: -1}, target: targetOf(t, settings.Currency), times: timeFormat{zone: zone}}
	}
	l := &language{events: map[string]*spokenEvent{}, attributes: map[string]*compiled{}, off: v.Off, currency: settings.Currency}
	for name, a := range v.Catalogue.Attributes {
		l.attributes[name] = value(name, a.Type)
	}
	for name, e := range v.Catalogue.Events {
		s := &spokenEvent{name: name, identity: e.Identity, properties: map[string]*compiled{}}
		for p, property := range e.Properties {
			s.properties[p] = value(p, property.Type)
		}
		l.events[name] = s
	}
	return l
}

// item is one call of a batch, or a call alone.
type item struct {
	kind       string
	messageID  string
	forever    bool // folds for ever
	noFold     bool // has no messageId
	raw        []byte
	sentAt     string
	received   strata.Instant
	source     string
	event      string // as written
	keys       *keySet
	facts      []fact
	attributes []strata.Attribute
	body       uint64
	refused    *refusal
	final      bool // refused and not kept
	found      []discovery
	replays    uint64 // the quarantined item that this is again; 0 = none
	discard    bool   // drop that one
	sender     *Sender
	outcome    Outcome
}

// discovery is something that the catalogue does not have.
type discovery struct {
	Event    string // "" = an attribute
	Property string // "" = the event itself
	Type     define.TypeName
	Many     bool
}

// reader turns a call into items. One goroutine uses it at a time.
type reader struct {
	mapper   *mapper
	settings strata.Settings
	language *language
	doc      jsonDocument
	sender   *Sender
	now      strata.Instant
	scratch  compiled
	times    timeFormat
}

func newReader(settings strata.Settings, normalise func(namespace, value string) (strata.Key, error)) (*reader, error) {
	m, err := newMapper(&Mapping{name: "http"}, settings, normalise)
	if err != nil {
		return nil, err
	}
	zone, err := settings.Location()
	return &reader{mapper: m, settings: settings, times: timeFormat{zone: zone}}, err
}

// items returns the items of a call. The error is Invalid where the body is no
// call at all.
func (r *reader) items(c *Call) ([]item, error) {
	r.sender, r.now = &c.Sender, c.At
	if err := r.doc.parse(c.Body); err != nil {
		return nil, err
	}
	if r.doc.nodes[0].kind != jsonObject {
		return nil, jsonWrong(0, "the body is no JSON object")
	}
	sent := r.text(r.doc.member(0, "sentAt"))
	if c.Kind != "batch" && c.Kind != "import" {
		return []item{r.item(0, c.Kind, sent, false)}, nil
	}
	batch := r.doc.member(0, "batch")
	if batch == 0 || r.doc.nodes[batch].kind != jsonArray {
		return nil, &strata.Error{Code: strata.Invalid, Field: "batch", Message: "a batch is a list of calls", Hint: `send {"batch": [{"type": "track", ...}]}`}
	}
	n := 0
	for i := batch + 1; i < r.doc.nodes[batch].next; i = r.doc.nodes[i].next {
		n++
	}
	if n > maxItems {
		return nil, &strata.Error{Code: strata.Invalid, Field: "batch", Message: fmt.Sprintf("a batch of %d items is too long", n), Hint: fmt.Sprintf("send at most %d at once", maxItems)}
	}
	items := make([]item, 0, n)
	for i := batch + 1; i < r.doc.nodes[batch].next; i = r.doc.nodes[i].next {
		items = append(items, r.item(i, "", sent, c.Kind == "import"))
	}
	return items, nil
}

// text returns a string's or number's text, "" for none.
func (r *reader) text(i int32) string {
	if i == 0 || r.doc.nodes[i].kind == jsonObject || r.doc.nodes[i].kind == jsonArray {
		return ""
	}
	return string(cleanBytes(slices.Clone(r.doc.bytes(i))))
}

func (r *reader) item(at int32, kind, sent string, forever bool) item {
	d := &r.doc
	it := item{kind: kind, raw: d.raw(at), received: r.now, source: r.sender.Name, sender: r.sender, forever: forever}
	fail := func(ref *refusal) item {
		it.refused, it.facts, it.attributes = ref, nil, nil
		return it
	}
	if d.nodes[at].kind != jsonObject {
		it.final = true
		return fail(&refusal{Reason: "is no JSON object", Hint: `write {"type": "track", "event": ...}`})
	}
	if kind == "" {
		it.kind = r.text(d.member(at, "type"))
	}
	it.messageID = r.text(d.member(at, "messageId"))
	if it.event = shortened(r.text(d.member(at, "event"))); it.event == "" {
		it.event = it.kind
	}
	if it.noFold = it.messageID == ""; it.noFold {
		it.messageID = fmt.Sprintf("none:%x:%x", uint64(r.now), xxh3.Hash(it.raw))
	}
	if len(it.raw) > maxItemBytes || len(it.messageID) > maxIDBytes {
		it.final = true
		if len(it.messageID) > maxIDBytes {
			it.messageID = it.messageID[:maxIDBytes]
			return fail(&refusal{Field: "messageId", Reason: fmt.Sprintf("is longer than %d bytes", maxIDBytes), Hint: "shorten it"})
		}
		return fail(&refusal{Reason: fmt.Sprintf("is larger than %d KB", maxItemBytes>>10), Hint: "send several smaller ones"})
	}
	if own := r.text(d.member(at, "sentAt")); own != "" {
		sent = own
	}
	it.sentAt = sent
	original := r.text(d.member(at, "originalTimestamp"))
	if original == "" {
		original = r.text(d.member(at, "timestamp"))
	}
	it.body = r.body(at, it.kind, original)
	when, ref := r.when(original, sent)
	if ref != nil {
		return fail(ref)
	}
	if it.keys, ref = r.keys(at, &it); ref != nil {
		return fail(ref)
	}
	var errs []*refusal
	switch it.kind {
	case "identify":
		errs = r.traits(&it, at, when)
	case "track":
		name := r.text(d.member(at, "event"))
		if name == "" {
			return fail(&refusal{Field: "event", Reason: "is missing", Hint: "name what happened, such as Order Completed"})
		}
		errs = r.track(&it, name, presets[strings.ToLower(name)], d.member(at, "properties"), when)
	case "page", "screen":
		errs = r.track(&it, it.kind, calls[it.kind], d.member(at, "properties"), when)
		r.named(&it, "page", r.text(d.member(at, "name")))
	case "group":
		errs = r.track(&it, it.kind, calls[it.kind], d.member(at, "traits"), when)
		r.named(&it, "group", r.text(d.member(at, "groupId")))
	case "alias":
		// Its keys are all that it says.
	default:
		it.final = true
		return fail(&refusal{Field: "type", Found: it.kind, Reason: "is no kind of call", Hint: "write identify, track, page, screen, group or alias"})
	}
	if len(errs) > 0 {
		return fail(errs[0])
	}
	for i := range it.facts {
		if name := it.facts[i].Name; !allowed(r.sender.Events, name) {
			return fail(&refusal{Field: "event", Found: name, Reason: "is not in the scope of the write key", Hint: "give the source the scope with `strata source change NAME --events ...`, then replay"})
		}
	}
	r.identify(&it, original)
	return it
}

// body hashes what makes two calls with one messageId the same: not when they
// were sent, nor the context of the device.
func (r *reader) body(at int32, kind, original string) uint64 {
	h := xxh3.HashString(kind) ^ xxh3.HashString(original)*3
	for i, name := range [...]string{"event", "name", "userId", "anonymousId", "groupId", "previousId", "properties", "traits"} {
		if m := r.doc.member(at, name); m != 0 {
			h = (h+uint64(i)+1)*0x9e3779b97f4a7c15 ^ r.doc.hash(m)
		}
	}
	if c := r.doc.member(at, "context"); c != 0 {
		if t := r.doc.member(c, "traits"); t != 0 {
			h = h*0x9e3779b97f4a7c15 ^ r.doc.hash(t)
		}
	}
	return h
}

// instant reads a time as SDKs write it: ISO 8601, or milliseconds or seconds
// since 1970.
func (r *reader) instant(text string) (strata.Instant, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) >= 9 {
		if len(text) < 12 {
			n *= 1000
		}
		return strata.Instant(n), true
	}
	return r.times.instant([]byte(text))
}

// when corrects the sender's clock: the time is that of receipt less what lay
// between its happening and its sending by the sender's clock.
func (r *reader) when(original, sent string) (strata.Instant, *refusal) {
	if original == "" {
		return r.now, nil
	}
	at, ok := r.instant(original)
	if !ok {
		return 0, &refusal{Field: "timestamp", Found: original, Reason: "is not a time that can be read", Hint: "write it as 2026-03-01T18:30:00.000Z"}
	}
	if sent != "" {
		s, ok := r.instant(sent)
		if !ok {
			return 0, &refusal{Field: "sentAt", Found: sent, Reason: "is not a time that can be read", Hint: "write it as 2026-03-01T18:30:00.000Z"}
		}
		at = r.now - (s - at)
	}
	if at < 0 || at > maxInstant {
		return 0, &refusal{Field: "timestamp", Found: original, Reason: "lies before 1970 or after 2105", Hint: "correct the time"}
	}
	if at > r.now+dayMillis {
		return 0, &refusal{Field: "timestamp", Found: original, Reason: "lies more than a day ahead", Hint: "correct the time or its zone"}
	}
	return at, nil
}

// keys are those of userId, anonymousId and of the traits that are keys.
func (r *reader) keys(at int32, it *item) (*keySet, *refusal) {
	s := &keySet{}
	add := func(field, namespace, value string, must bool) *refusal {
		if value == "" {
			return nil
		}
		if !allowed(r.sender.Namespaces, namespace) {
			return &refusal{Field: field, Reason: "is a key of the kind " + namespace + ", which is not in the scope of the write key", Hint: "give the source the scope with `strata source change NAME --keys ...`, then replay, or leave the key out"}
		}
		key, err := r.mapper.normalise(namespace, value)
		if err != nil {
			if !must {
				return nil // junk such as a test number identifies nobody
			}
			ref := &refusal{Field: field, Found: value, Reason: "cannot be the key " + namespace, Hint: "correct it"}
			var e *strata.Error
			if errors.As(err, &e) {
				ref.Reason, ref.Hint = strings.TrimPrefix(e.Message, strconv.Quote(value)+" "), e.Hint
			}
			return ref
		}
		if !slices.Contains(s.keys, key) {
			s.keys = append(s.keys, key)
		}
		return nil
	}
	d := &r.doc
	if ref := add("userId", r.sender.UserID, r.text(d.member(at, "userId")), true); ref != nil {
		return nil, ref
	}
	if ref := add("anonymousId", "anonymous_id", r.text(d.member(at, "anonymousId")), len(s.keys) == 0); ref != nil {
		return nil, ref
	}
	places := [2]int32{d.member(at, "traits")}
	if it.kind == "group" {
		places[0] = 0 // those are the group's
	}
	if c := d.member(at, "context"); c != 0 {
		places[1] = d.member(c, "traits")
	}
	for _, place := range places {
		if place == 0 {
			continue
		}
		for _, k := range traitKeys {
			if ref := add("traits."+k[0], k[1], r.text(d.member(place, k[0])), false); ref != nil {
				return nil, ref
			}
		}
	}
	if it.kind == "alias" {
		previous := r.text(d.member(at, "previousId"))
		if previous == "" {
			return nil, &refusal{Field: "previousId", Reason: "is missing", Hint: "write the id that the customer had before"}
		}
		if ref := add("previousId", "anonymous_id", previous, true); ref != nil {
			return nil, ref
		}
	}
	if len(s.keys) == 0 {
		return nil, &refusal{Field: "userId", Reason: "is missing, as is anonymousId, so that nobody knows whose this is", Hint: "send one of them"}
	}
	return s, nil
}

// allowed reports whether a list of names and prefixes has the name.
func allowed(scope []string, name string) bool {
	if len(scope) == 0 {
		return true
	}
	for _, s := range scope {
		if prefix, ok := strings.CutSuffix(s, "*"); s == name || ok && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// named adds a text property to the item's event where it has none yet.
func (r *reader) named(it *item, property, text string) {
	if text == "" || len(it.facts) == 0 {
		return
	}
	f := &it.facts[0]
	if v := f.Property(property); v.IsMissing() {
		f.Properties = append(f.Properties, strata.Property{Name: property, Value: strata.TextOf(text)})
		sortProperties(f.Properties)
	}
}

func sortProperties(list []strata.Property) {
	slices.SortFunc(list, func(a, b strata.Property) int { return strings.Compare(a.Name, b.Name) })
}

// identify gives the facts their ids.
func (r *reader) identify(it *item, original string) {
	own := strata.Instant(0) // by the sender's clock, which a retry does not change
	if at, ok := r.instant(original); ok {
		own = at
	}
	for i := range it.facts {
		f := &it.facts[i]
		f.ID = it.messageID
		if i > 0 {
			f.ID += "/" + strconv.Itoa(i)
		}
		e := r.language.events[f.Name]
		if e == nil || e.identity == "" {
			continue
		}
		if v := f.Property(e.identity); !v.IsMissing() {
			f.ID, f.withID = v.String(), true
			same := f.Event
			same.At = own
			f.body = bodyHash(&same, it.keys)
		}
	}
}

// WriteKey returns the write key that a body carries, as browsers send it, and
// "" where there is none.
func WriteKey(body []byte) string {
	var d jsonDocument
	if d.parse(body) != nil || d.nodes[0].kind != jsonObject {
		return ""
	}
	if i := d.member(0, "writeKey"); i != 0 && d.nodes[i].kind == jsonString {
		return string(d.bytes(i))
	}
	return ""
}
