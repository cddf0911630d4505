package scenario

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"strata"
	"strata/define"
)

// ReadFacts reads events and attributes, one JSON object a line, and returns
// the people they are about by customer id. A line is
//
//	{"type": "track", "event": E, "userId": U, "anonymousId": A, "timestamp": T, "properties": {...}, "messageId": M}
//	{"type": "identify", "userId": U, "anonymousId": A, "timestamp": T, "traits": {...}}
//	{"customer": C, "event": E, "time": T, "properties": {...}, "id": M}
//	{"customer": C, "attributes": {...}, "time": T}
//
// The customer is userId, else anonymousId. Times are RFC 3339, or a date or
// local time in the business zone. Values become those of the catalogue's
// types (see ParseValue); what the catalogue does not know gets its type
// inferred, the same everywhere in the file. A null trait clears. Names that
// are synonyms become ours. An event whose id, or whose identity property, has
// come before is the same event and counts once, at its first time; without
// either it is told apart by its line, as an import tells rows apart, so that
// of two at one instant the later line is the last.
//
// A line that is wrong is left out whole, as an import does with a row, and
// all others count: the people are returned beside the error, which joins one
// *strata.Error for every such line, its Field being name:line and the field,
// and beyond the first 50 one that says how many more there are. Where the
// file cannot be read there are no people.
func ReadFacts(name string, r io.Reader, set *define.Set, settings strata.Settings) (map[string]*Person, error) {
	zone, err := settings.Location()
	if err != nil {
		return nil, err
	}
	f := &lineReader{
		set: set, values: converter{settings, zone}, people: map[string]*Person{},
		bodies: map[string]string{}, inferred: map[string]strata.Kind{},
	}
	lines := bufio.NewReader(r)
	var errs []error
	more := 0
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, &strata.Error{Code: strata.Unavailable, Field: name, Message: "the file cannot be read", Cause: err}
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line := bytes.TrimSpace(line); len(line) > 0 {
			f.number = n
			switch wrong := f.line(line); {
			case wrong != nil && len(errs) == 50:
				more++
			case wrong != nil:
				wrong.Field = strings.TrimSuffix(fmt.Sprintf("%s:%d: %s", name, n, wrong.Field), ": ")
				errs = append(errs, wrong)
			}
		}
		if err == io.EOF {
			break
		}
	}
	if more > 0 {
		errs = append(errs, &strata.Error{Code: strata.Invalid, Field: name, Message: fmt.Sprintf("and %d more lines are wrong", more)})
	}
	return f.people, errors.Join(errs...)
}

type lineReader struct {
	set      *define.Set
	values   converter
	people   map[string]*Person
	bodies   map[string]string      // of the events that have an id, by event and id
	inferred map[string]strata.Kind // by event and property, or attribute
	number   int                    // of the line
}

// factLine is one line, whatever its shape.
type factLine struct {
	Type        string         `json:"type"`
	UserID      any            `json:"userId"`
	AnonymousID any            `json:"anonymousId"`
	Customer    any            `json:"customer"`
	Event       string         `json:"event"`
	Timestamp   string         `json:"timestamp"`
	Time        string         `json:"time"`
	ReceivedAt  string         `json:"receivedAt"`
	Properties  map[string]any `json:"properties"`
	Traits      map[string]any `json:"traits"`
	Attributes  map[string]any `json:"attributes"`
	MessageID   any            `json:"messageId"`
	ID          any            `json:"id"`
}

// rowKeys are those of a line that is not Segment-shaped.
var rowKeys = []string{"customer", "event", "time", "properties", "id", "attributes", "traits"}

func refused(field, hint, format string, args ...any) *strata.Error {
	return &strata.Error{Code: strata.Invalid, Field: field, Message: fmt.Sprintf(format, args...), Hint: hint}
}

func (f *lineReader) line(text []byte) *strata.Error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		hint := "write one JSON object a line"
		return &strata.Error{Code: strata.Invalid, Message: "this is not a JSON object", Hint: hint, Cause: err}
	}
	var line factLine
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&line); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return refused(wrong.Field, "see `strata try --help` for the shape of a line", "%s cannot stand here", wrong.Value)
		}
		return refused("", "write one JSON object a line", "this is not a JSON object: %v", err)
	}
	switch line.Type {
	case "track":
		if line.Event == "" {
			return refused("event", `write "event": "order_paid"`, "a track names no event")
		}
	case "identify":
		line.Event = ""
	case "":
		for key := range raw {
			if !slices.Contains(rowKeys, key) {
				hint := define.DidYouMean(key, rowKeys)
				if slices.Contains([]string{"userId", "anonymousId", "timestamp", "messageId"}, key) {
					hint = `write "type": "track" or "type": "identify"`
				}
				return refused(key, hint, "unknown key %q", key)
			}
		}
	default:
		return refused("type", "write track or identify, or a row with customer, event and time", "a line of type %q is not read", line.Type)
	}
	customer, wrong := line.customer()
	if wrong != nil {
		return wrong
	}
	at, wrong := f.at(&line)
	if wrong != nil {
		return wrong
	}
	p := f.people[customer]
	if p == nil {
		p = &Person{ID: customer}
	}
	if line.Event != "" {
		wrong = f.event(p, &line, at)
	} else {
		wrong = f.attributes(p, &line, at)
	}
	if wrong == nil {
		f.people[customer] = p
	}
	return wrong
}

// idText reads an id, which may be written as a whole number.
func idText(field string, v any) (string, *strata.Error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return norm.NFC.String(v), nil
	case json.Number:
		if _, ok := strata.ParseDecimal(v.String(), 0); ok && !strings.Contains(v.String(), ".") {
			return v.String(), nil
		}
	}
	return "", refused(field, "write a text", "%v is not an id", v)
}

func (line *factLine) customer() (string, *strata.Error) {
	fields := []struct {
		name string
		v    any
	}{{"userId", line.UserID}, {"anonymousId", line.AnonymousID}}
	if line.Type == "" {
		fields = fields[:1]
		fields[0].name, fields[0].v = "customer", line.Customer
	}
	for _, f := range fields {
		if id, wrong := idText(f.name, f.v); wrong != nil || id != "" {
			return id, wrong
		}
	}
	return "", refused(fields[0].name, "write whose fact it is", "nobody is named")
}

func (f *lineReader) at(line *factLine) (strata.Instant, *strata.Error) {
	field, text := "timestamp", cmp.Or(line.Timestamp, line.ReceivedAt)
	if line.Type == "" {
		field, text = "time", line.Time
	}
	at, ok := parseInstant(text, f.values.zone)
	switch {
	case text == "":
		return 0, refused(field, "write when it was, such as 2026-01-31T08:00:00+08:00", "there is no time")
	case !ok:
		return 0, refused(field, hintFor(define.Type{Name: define.TypeTime}), "%s is not a time", quoted(text))
	case at < 0 || at >= 1<<32*1000:
		return 0, refused(field, "write a time from 1970 to 2106", "%s cannot be kept", quoted(text))
	}
	return at, nil
}

// ours is the name that a synonym stands for.
func (f *lineReader) ours(name string, known bool) string {
	name = norm.NFC.String(name)
	if to, ok := f.set.Catalogue.Synonyms[name]; ok && !known {
		return to
	}
	return name
}

// read converts one value to its type, or to what was inferred before from
// the same place.
func (f *lineReader) read(field, place string, v any, t define.Type) (strata.Value, *strata.Error) {
	value, err := f.values.value(v, t)
	if err != nil {
		var wrong *strata.Error
		if !errors.As(err, &wrong) {
			wrong = &strata.Error{Code: strata.Internal, Message: err.Error()}
		}
		wrong.Field = field
		return value, wrong
	}
	if t.Name != "" || value.IsMissing() {
		return value, nil
	}
	if before, seen := f.inferred[place]; seen && before != value.Kind {
		return value, refused(field, "write one type throughout, or declare it in the catalogue", "this is a %s, and it was a %s before", value.Kind, before)
	}
	f.inferred[place] = value.Kind
	return value, nil
}

func (f *lineReader) event(p *Person, line *factLine, at strata.Instant) *strata.Error {
	if len(line.Traits)+len(line.Attributes) > 0 {
		return refused("attributes", "write them on a line of their own, without event", "an event holds no attributes")
	}
	catalogue := f.set.Catalogue.Events
	_, known := catalogue[line.Event]
	e := strata.Event{Name: f.ours(line.Event, known), At: at}
	declared := catalogue[e.Name]
	for _, name := range slices.Sorted(maps.Keys(line.Properties)) {
		_, known := declared.Properties[name]
		ours := f.ours(name, known)
		field := "properties." + name
		if ours == "" {
			return refused(field, "name it", "a property has no name")
		}
		value, wrong := f.read(field, e.Name+"\x1f"+ours, line.Properties[name], declared.Properties[ours].Type)
		if wrong != nil {
			return wrong
		}
		if value.IsMissing() {
			continue
		}
		if !e.Property(ours).IsMissing() {
			return refused(field, "write it once", "%s is given twice", ours)
		}
		e.Properties = append(e.Properties, strata.Property{Name: ours, Value: value})
	}
	slices.SortFunc(e.Properties, func(a, b strata.Property) int { return strings.Compare(a.Name, b.Name) })
	field, id := "messageId", line.MessageID
	if line.Type == "" {
		field, id = "id", line.ID
	}
	var wrong *strata.Error
	if e.ID, wrong = idText(field, id); wrong != nil {
		return wrong
	}
	return f.fold(p, e, field, declared.Identity)
}

// fold adds the event unless it has come before.
func (f *lineReader) fold(p *Person, e strata.Event, field, identity string) *strata.Error {
	// The id counts together with the event's name, so that an order and its
	// refund may share a number.
	keys := map[string]string{}
	if e.ID != "" {
		keys[field] = e.Name + "\x1fid\x1f" + e.ID
	}
	if value := e.Property(identity); !value.IsMissing() {
		keys["properties."+identity] = e.Name + "\x1fidentity\x1f" + value.String()
		e.ID = cmp.Or(e.ID, value.String())
	}
	body := fmt.Sprintf("%q %+v", p.ID, e.Properties)
	if e.ID == "" {
		e.ID = fmt.Sprintf("f:%016x:%010d", 0, f.number)
	}
	repeated := false
	for _, field := range slices.Sorted(maps.Keys(keys)) {
		before, seen := f.bodies[keys[field]]
		if seen && before != body {
			return refused(field, "give every event an id of its own, and send an event again only as it was", "another %s has come with this id", e.Name)
		}
		repeated = repeated || seen
	}
	for _, key := range keys {
		f.bodies[key] = body
	}
	if !repeated {
		p.Events = append(p.Events, e)
	}
	return nil
}

func (f *lineReader) attributes(p *Person, line *factLine, at strata.Instant) *strata.Error {
	field, values := "traits", line.Traits
	if line.Attributes != nil {
		field, values = "attributes", line.Attributes
		if line.Traits != nil {
			return refused("traits", "write one of them", "a line has traits and attributes")
		}
	}
	if values == nil && line.Type == "" {
		return refused("event", `write "event": "order_paid" or "attributes": {...}`, "the row holds neither an event nor attributes")
	}
	if len(line.Properties) > 0 {
		return refused("properties", `write "event": "order_paid", or traits instead of properties`, "the line has properties and no event")
	}
	var read []strata.Attribute
	for _, name := range slices.Sorted(maps.Keys(values)) {
		_, known := f.set.Catalogue.Attributes[name]
		ours := f.ours(name, known)
		if ours == "" {
			return refused(field, "name it", "an attribute has no name")
		}
		value, wrong := f.read(field+"."+name, ours, values[name], f.set.Catalogue.Attributes[ours].Type)
		if wrong != nil {
			return wrong
		}
		read = append(read, strata.Attribute{Name: ours, At: at, Value: value})
	}
	p.Attributes = append(p.Attributes, read...)
	return nil
}
