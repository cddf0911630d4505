package define

import "strata"

// Text2 is a text in both languages; either may be empty.
type Text2 struct{ Zh, En string }

// In returns the text in the language ("zh" or "en"), else the other.
func (t Text2) In(lang string) string {
	if lang == "en" && t.En != "" || t.Zh == "" {
		return t.En
	}
	return t.Zh
}

// TypeName is a catalogue type: text, id, number, money, boolean, date, time,
// choice or float.
type TypeName string

// The types.
const (
	TypeText    TypeName = "text"
	TypeID      TypeName = "id"
	TypeNumber  TypeName = "number"
	TypeFloat   TypeName = "float"
	TypeMoney   TypeName = "money"
	TypeBoolean TypeName = "boolean"
	TypeDate    TypeName = "date"
	TypeTime    TypeName = "time"
	TypeChoice  TypeName = "choice"
)

// Type is a type with what belongs to it.
type Type struct {
	Name     TypeName
	Values   []string // choice: in order
	Ordered  bool     // choice: at_least and at_most follow the order of Values
	Many     bool     // text, choice: a list
	Currency string   // money; empty = the business's
	Scale    *uint8   // money: default the currency's digits; number: default up to 6
	Unit     string
}

// Attribute is a catalogue entry.
type Attribute struct {
	Type      Type
	Name      Text2
	Class     string // static, consumption, behaviour, tier
	Category  string
	Change    string // static, semi-dynamic, dynamic
	Sensitive bool
	Purpose   string
	Retention string
	Merge     string // newest, oldest, union, source
	Standard  bool   // from the standard vocabulary, not from a file
}

// Event is a catalogue entry.
type Event struct {
	Name       Text2
	Identity   string // property whose value identifies the event for ever
	Properties map[string]EventProperty
	Refunds    *Refunds
	Standard   bool
}

// EventProperty is a property of an event.
type EventProperty struct {
	Type Type
	Name Text2
}

// Refunds says that an event takes back another, wholly or in part.
type Refunds struct {
	Event  string   // what it takes back, such as order_paid
	Key    string   // the property that names it, in all of them
	Amount string   // how much; empty = wholly
	Lines  []string // events that go with a wholly refunded one; default item_bought
}

// Catalogue is what the business knows about: attributes and events.
type Catalogue struct {
	Attributes map[string]Attribute
	Events     map[string]Event
	Synonyms   map[string]string // a source's name to ours
}

// Header is what every definition has.
type Header struct {
	ID          string // immutable; empty until applied
	Name        Text2
	Description Text2
	Owner       string
	Purpose     string
	Consumer    string
	RenamedFrom string
	VisibleTo   []string
	Path        string // where it stands in its file, such as segments.loyal
}

// Tag is a tag's definition.
type Tag struct {
	Header
	Value           Value
	Class           string
	Category        string
	Change          string // static, semi-dynamic, dynamic
	KeepOnEmpty     bool
	Expires         Duration
	CustomerVisible bool
}

// Segment is a segment's definition: (Where and not Exclude, or picked in)
// and not picked out.
type Segment struct {
	Header
	Where     Condition
	Exclude   Condition // nil = none
	PickedIn  []Picked
	PickedOut []Picked
	Snapshot  *strata.Instant // nil = live
	Stages    []Stage         // of a snapshot's pick
}

// Picked is one customer picked by hand.
type Picked struct {
	Customer string
	Author   string
	Reason   string
	Expires  *TimePoint
}

// Stage keeps the best of the stage before.
type Stage struct {
	By   Value
	Keep int
}

// List is a static list of public customer ids.
type List struct {
	Header
	Members []string
}

// Tier is a tier model. Exactly one of Rules, RFM, AIPL, Funnel, Promotion
// and Score says how levels are entered.
type Tier struct {
	Header
	Levels      []Level // best first
	Overlapping bool
	AppliesTo   Condition // nil = everyone
	AssignOn    []string  // events; none = every instant
	Rules       []LevelRule
	Highest     bool // match: highest
	Otherwise   string
	Hold        Duration
	Grace       Duration
	Moves       []Move
	RFM         *RFM
	AIPL        []LevelRule
	Funnel      []Condition
	Promotion   *Promotion
	Score       string
	ScoreAt     []strata.Value
	Sources     []string // events whose source must be connected
	Warnings    []MoveWarning
	Review      Duration // the tier is reviewed at least this often; zero = no period
}

// Level is one level of a tier.
type Level struct {
	ID       string
	Name     Text2
	Meaning  Text2
	Goal     string
	Advice   Text2
	Service  string
	NoAction bool
}

// LevelRule enters a level.
type LevelRule struct {
	Level string
	Where Condition
}

// Move is a timed move between assignments.
type Move struct {
	From   []string
	To     string
	After  Duration
	Since  *SinceEvent // else since the level was entered
	Unless Condition
}

// RFM scores recency, frequency and monetary value.
type RFM struct {
	Recency   Value
	Frequency Value
	Monetary  Value
	Within    Duration // zero = ever; the window of the default values
	Score     RFMScore
	Weights   []float64 // R, F, M; none = equal
	Classes   string    // eight, three, grid
	Grid      []GridCell
}

// RFMScore says how a value becomes a score. Exactly one is set.
type RFMScore struct {
	Quantile int        // scores 1..Quantile by type-7 cuts
	Breaks   *RFMBreaks // fixed
	Split    string     // mean or median: high or low
	Top      *[3]RFMTop // high = the top n or n %
}

// RFMBreaks are ascending cuts; score = 1 + cuts strictly below, recency
// reversed.
type RFMBreaks struct{ Recency, Frequency, Monetary []strata.Value }

// RFMTop is the top Count or Percent.
type RFMTop struct {
	Count   int
	Percent float64
}

// GridCell names the R and F scores of one level, both ends inclusive.
type GridCell struct {
	Level                  string
	RFrom, RTo, FFrom, FTo int
}

// Promotion is the promotion-sensitivity model.
type Promotion struct {
	Order         string
	Promoted      []PropertyTest
	SelfFound     []PropertyTest
	By            string
	Within        Duration
	AtLeastOrders int
}

// Score is a behaviour score.
type Score struct {
	Header
	Signals  []Signal
	HalfLife Duration // zero = points do not fade
	Alert    *Alert
}

// Alert notifies someone when a score reaches AtLeast or Or holds.
type Alert struct {
	AtLeast    float64 // 0 = only Or
	Or         Condition
	To         string // responsible_staff, or a role
	AgainAfter Duration
}

// Signal gives points for an event.
type Signal struct {
	Select   Selection
	Points   float64
	CapPer   Duration
	Cap      float64
	Distinct string
}

// Set is a whole set of definitions with its catalogue.
type Set struct {
	Catalogue  Catalogue
	Tags       map[string]Tag
	Segments   map[string]Segment
	Tiers      map[string]Tier
	Lists      map[string]List
	Scores     map[string]Score
	Strategies map[string]any
}

// Calibration is the population thresholds of one definition, computed over
// everyone at an effective instant and frozen until the next.
type Calibration struct {
	Kind    string               `json:"kind"` // tag or tier
	Name    string               `json:"name"`
	At      strata.Instant       `json:"at"`      // effective from
	Version int                  `json:"version"` // 0 = made for one answer, not stored
	People  int                  `json:"people"`  // who had a value
	Basis   string               `json:"basis"`   // fingerprint of what was measured: of another basis, the cuts mean nothing
	Cuts    map[string][]float64 `json:"cuts"`    // by part: "" for a band; recency, frequency, monetary
}
