// Package strata holds the words that every stage of the data's way shares:
// customers, keys, events, attributes, values, instants, changes and errors.
// It imports only the standard library.
package strata

import "time"

// CustomerID is the dense number of a customer. Numbers start at 1 and are
// never reused; 0 means no customer.
type CustomerID uint32

// Instant is a moment in whole milliseconds since 1970-01-01T00:00:00Z.
type Instant int64

// At returns t as an Instant, cutting what is below a millisecond.
func At(t time.Time) Instant { return Instant(t.UnixMilli()) }

// In returns i as a time in the given zone.
func (i Instant) In(zone *time.Location) time.Time { return time.UnixMilli(int64(i)).In(zone) }

// Key is one identity key of a customer: a namespace such as "phone" or
// "member_no", and the normalised value in it.
type Key struct {
	Namespace string
	Value     string
}

// Property is one named value of an event.
type Property struct {
	Name  string
	Value Value
}

// Event is one thing that happened to a customer. ID is unique within its
// source. Properties are sorted by name and hold no missing values.
type Event struct {
	Name       string
	At         Instant
	ID         string
	Properties []Property
}

// Property returns the named property's value, or the missing value.
func (e *Event) Property(name string) Value {
	for i := range e.Properties {
		if e.Properties[i].Name == name {
			return e.Properties[i].Value
		}
	}
	return Value{}
}

// Attribute is what a source said about a customer at an instant. A missing
// value clears the attribute from that instant on.
type Attribute struct {
	Name     string
	At       Instant
	Priority uint8 // of the source; at one instant the higher wins, then the smaller text
	Value    Value
}

// Settings are fixed when a data directory is created.
type Settings struct {
	Zone      string       `json:"zone"`       // IANA name, default Asia/Shanghai
	WeekStart time.Weekday `json:"week_start"` // default Monday
	Currency  string       `json:"currency"`   // ISO 4217, default CNY
}

// DefaultSettings are those of a business in China.
func DefaultSettings() Settings {
	return Settings{Zone: "Asia/Shanghai", WeekStart: time.Monday, Currency: "CNY"}
}

// Location returns the business zone.
func (s Settings) Location() (*time.Location, error) {
	loc, err := time.LoadLocation(s.Zone)
	if err != nil {
		return nil, &Error{Code: Invalid, Field: "zone", Message: "unknown time zone " + s.Zone, Hint: "use an IANA name such as Asia/Shanghai"}
	}
	return loc, nil
}

// Batch gathers the writes of several stages for one atomic commit. Get sees
// what the batch has set. Each stage writes only under its own first key
// byte; the table stands in docs/architecture.md. Slices passed in may be
// reused by the caller after the call.
type Batch interface {
	// Get returns the value, or nil where there is none.
	Get(key []byte) ([]byte, error)
	Set(key, value []byte) error
	Merge(key, operand []byte) error
	Delete(key []byte) error
}
