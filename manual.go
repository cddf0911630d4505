package strata

import (
	"encoding/json"
	"strings"
)

// manualPrefix begins the names of attribute facts that hold tags set by hand.
// No attribute of a catalogue has a colon in its name.
const manualPrefix = "tag:"

// ManualSource is the source of tags set by hand.
const ManualSource = "manual"

// Manual is a tag set by hand, or taken away, from an instant on.
type Manual struct {
	Tag     string
	Value   Value // missing = taken away
	At      Instant
	Expires Instant // gone from here on; 0 = stays
	Author  string
	Reason  string
	// Turn orders entries of one tag of one customer at one instant: the one
	// with the highest counts.
	Turn uint8
}

// manualBody is what the text of the fact holds, as JSON.
type manualBody struct {
	Kind    Kind    `json:"kind,omitempty"`
	Text    string  `json:"text,omitempty"`
	Int     int64   `json:"int,omitempty"`
	Scale   uint8   `json:"scale,omitempty"`
	Expires Instant `json:"expires,omitempty"`
	Author  string  `json:"author,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// ManualTag returns the tag whose entries the attribute facts of a name are,
// and false for the name of an attribute.
func ManualTag(name string) (tag string, ok bool) { return strings.CutPrefix(name, manualPrefix) }

// ManualName is the inverse of ManualTag.
func ManualName(tag string) string { return manualPrefix + tag }

// Attribute returns the entry as the fact that is stored.
func (m Manual) Attribute() (Attribute, error) {
	v := m.Value
	body, err := json.Marshal(manualBody{v.Kind, v.Text, v.Int, v.Scale, m.Expires, m.Author, m.Reason})
	return Attribute{Name: ManualName(m.Tag), At: m.At, Priority: m.Turn, Value: TextOf(string(body))}, err
}

// ManualOf reads an entry back, and reports false for another attribute.
func ManualOf(a *Attribute) (Manual, bool) {
	tag, ok := ManualTag(a.Name)
	if !ok {
		return Manual{}, false
	}
	var b manualBody
	if err := json.Unmarshal([]byte(a.Value.Text), &b); err != nil || b.Kind > List {
		return Manual{}, false
	}
	return Manual{
		Tag: tag, Value: Value{Text: b.Text, Int: b.Int, Kind: b.Kind, Scale: b.Scale},
		At: a.At, Expires: b.Expires, Author: b.Author, Reason: b.Reason, Turn: a.Priority,
	}, true
}

// InForce returns the entry's value at an instant from At on.
func (m Manual) InForce(at Instant) Value {
	if m.Expires != 0 && at >= m.Expires {
		return Value{}
	}
	return m.Value
}
