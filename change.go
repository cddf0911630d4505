package strata

// Cause says why something changed.
type Cause uint8

// The causes of changes. Their numbers are stored on disk and never change.
const (
	ByEvent       Cause = 1 // a fact at that instant: an event, an attribute value, an entry by hand
	ByTime        Cause = 2 // time alone: a window moved on, a day began, something expired
	ByLateEvent   Cause = 3 // a fact that came later than what was published since
	ByDefinition  Cause = 4 // the definition was applied, changed, paused or deleted
	ByCalibration Cause = 5 // new cut points took effect
	ByErasure     Cause = 9 // the customer's data were erased; numbers between are kept for merging and splitting
)

var causeNames = [...]string{"", "event", "time", "late_event", "definition", "calibration", 9: "erasure"}

func (c Cause) String() string {
	if int(c) < len(causeNames) {
		return causeNames[c]
	}
	return ""
}

// Change is what one evaluation moved for one customer. It is published once,
// and never rewritten.
type Change struct {
	Number    uint64 // consecutive, from 1; consumers remember the last they have seen
	Customer  CustomerID
	At        Instant // when it happened, in event time
	Published Instant // when it was found out
	Cause     Cause
	Moves     []Move
}

// Move is one definition's answer before and after.
type Move struct {
	Kind string // tag, segment or tier
	Name string
	From Value // segment: Boolean; tier: the level's id as Text, of an overlapping one a List; missing = none
	To   Value
}

// Touch says that a commit wrote facts of a customer.
type Touch struct {
	Customer   CustomerID
	From       Instant // of the earliest of the facts
	Attributes bool    // attribute values were among them
}
