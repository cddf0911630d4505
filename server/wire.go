package server

import (
	"time"

	"strata/define"
)

// Text2 is a text in both languages; either may be empty.
type Text2 struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

func text2(t define.Text2) Text2 { return Text2{Zh: t.Zh, En: t.En} }

// same is a text that is the same in both languages, such as a value.
func same(s string) Text2 { return Text2{Zh: s, En: s} }

// Figure is one number of a period against the period before. Value and
// Before are exact decimals and null where there is nothing to compute from,
// such as a basket value without orders.
type Figure struct {
	Value  *string  `json:"value" nullable:"true" doc:"Exact decimal; null where nothing can be computed."`
	Before *string  `json:"before" nullable:"true" doc:"The same figure of the period before."`
	Change *float64 `json:"change" nullable:"true" doc:"count and money: value/before - 1 (0.05 = 5 % more); share: value - before (0.05 = 5 percentage points more). Null where before is missing or 0."`
	Kind   string   `json:"kind" enum:"count,money,share" doc:"How to show value: people or orders, money of the business's currency, or a share 0..1."`
}

// SessionInfo is who is signed in, and what the console must know of the business.
type SessionInfo struct {
	Account         string `json:"account"`
	Role            string `json:"role"`
	Zone            string `json:"zone" doc:"IANA name of the business zone."`
	Currency        string `json:"currency" doc:"ISO 4217."`
	Business        Text2  `json:"business"`
	MustSetPassword bool   `json:"must_set_password" doc:"The account came by a sign-in link and has no password of its own yet."`
}

// Credentials are what one signs in with.
type Credentials struct {
	Account  string `json:"account" minLength:"1" maxLength:"100"`
	Password string `json:"password" minLength:"1" maxLength:"1000"`
}

// NewPassword replaces the password of the account that is signed in.
type NewPassword struct {
	Password string `json:"password" minLength:"10" maxLength:"1000" doc:"At least 10 characters."`
	Current  string `json:"current,omitempty" maxLength:"1000" doc:"The password so far; not needed while must_set_password."`
}

// Freshness says what the console shows is based on.
type Freshness struct {
	AsOf               time.Time  `json:"as_of"`
	DataUntil          *time.Time `json:"data_until" nullable:"true" doc:"The last event at or before as_of; null without events."`
	Commits            uint64     `json:"commits" doc:"Grows with every change of data."`
	Publish            uint64     `json:"publish" doc:"Grows whenever somebody's answers changed, by facts, time or definitions."`
	DefinitionsVersion uint64     `json:"definitions_version" doc:"Grows with every change of definitions."`
}

// Overview is the first page of the console. The period of its figures is the
// 30 whole civil days before the day of as_of; "before" is the 30 before
// that.
type Overview struct {
	AsOf           time.Time   `json:"as_of"`
	DataUntil      *time.Time  `json:"data_until" nullable:"true"`
	From           string      `json:"from" format:"date" doc:"First day of the period."`
	To             string      `json:"to" format:"date" doc:"Last day of the period, inclusive."`
	Customers      Figure      `json:"customers" doc:"Everyone known at as_of; before: without the new customers of the period."`
	NewCustomers   Figure      `json:"new_customers" doc:"Customers whose first event ever lies in the period."`
	Active         Figure      `json:"active" doc:"Customers who did something themselves in the period: any event but what the business does (message_sent, coupon_issued, order_refunded, wecom_deleted_by_staff)."`
	Turnover       Figure      `json:"turnover" doc:"Sum of order_paid.amount of the period, net of refunds known at as_of; top-ups are not turnover."`
	Orders         Figure      `json:"orders" doc:"Number of order_paid of the period without the wholly refunded."`
	BasketValue    Figure      `json:"basket_value" doc:"Turnover / orders."`
	RepurchaseRate Figure      `json:"repurchase_rate" doc:"Of the customers who ordered in the period, the share who ordered at least twice in the 365 days up to its end."`
	Daily          []Day       `json:"daily" doc:"60 whole days, oldest first: the period before and the period."`
	Tiers          []TierShare `json:"tiers"`
	Moves          []LevelMove `json:"moves" doc:"The largest moves between levels over the period, by the same calibration at both dates; at most 12, largest first."`
	Pins           []PinInfo   `json:"pins"`
	Held           *HoldInfo   `json:"held,omitempty" doc:"There while nothing goes out to customers and staff, since a restore; strata resume ends it."`
}

// Day is one civil day's trade.
type Day struct {
	Date     string `json:"date" format:"date"`
	Turnover string `json:"turnover" doc:"Exact decimal."`
	Orders   int    `json:"orders"`
}

// TierShare is how everyone with a level is spread over a tier's levels.
type TierShare struct {
	Name   string       `json:"name"`
	Title  Text2        `json:"title"`
	Levels []LevelShare `json:"levels" doc:"Best first."`
}

// LevelShare is one level's part.
type LevelShare struct {
	ID    string  `json:"id"`
	Name  Text2   `json:"name"`
	Count int     `json:"count"`
	Share float64 `json:"share" doc:"0..1 of those with a level."`
}

// LevelMove is a number of customers who changed level.
type LevelMove struct {
	Tier      string `json:"tier"`
	TierTitle Text2  `json:"tier_title"`
	From      string `json:"from" doc:"Level id; - = no level."`
	FromName  Text2  `json:"from_name"`
	To        string `json:"to" doc:"Level id; - = no level."`
	ToName    Text2  `json:"to_name"`
	Count     int    `json:"count"`
	Direction string `json:"direction" enum:"up,down,entered,left"`
	Since     string `json:"since" format:"date" doc:"The earlier date, for the list: tier, moved_from, moved_to, since."`
}

// PinInfo is a customer shown on the first page.
type PinInfo struct {
	Customer string `json:"customer"`
	Name     string `json:"name"`
	Title    Text2  `json:"title"`
	Note     Text2  `json:"note"`
}

// CustomerPage is one part of a list of customers.
type CustomerPage struct {
	AsOf  time.Time      `json:"as_of"`
	Total int            `json:"total" doc:"How many the whole list has."`
	Next  *string        `json:"next" nullable:"true"`
	Items []CustomerItem `json:"items"`
}

// CustomerItem is one line of a list of customers.
type CustomerItem struct {
	ID               string       `json:"id"`
	Name             string       `json:"name"`
	PhoneMasked      string       `json:"phone_masked"`
	MemberLevel      string       `json:"member_level"`
	HomeStore        string       `json:"home_store"`
	ResponsibleStaff string       `json:"responsible_staff"`
	RegisteredOn     string       `json:"registered_on" doc:"A date, or empty."`
	LastOrderAt      *time.Time   `json:"last_order_at" nullable:"true"`
	Orders           int          `json:"orders" doc:"All orders up to as_of, net of refunds."`
	Spend            string       `json:"spend" doc:"Exact decimal: all of them."`
	Levels           []LevelBrief `json:"levels"`
}

// LevelBrief is a customer's level in one tier.
type LevelBrief struct {
	Tier   string `json:"tier"`
	Title  Text2  `json:"title"`
	Level  string `json:"level"`
	Name   Text2  `json:"name"`
	Advice Text2  `json:"advice" doc:"What to do with customers of the level; empty in lists."`
}

// CustomerDetail is everything about one customer but the events.
type CustomerDetail struct {
	ID               string            `json:"id"`
	Number           uint32            `json:"number"`
	Name             string            `json:"name"`
	AsOf             time.Time         `json:"as_of"`
	Identities       []IdentityInfo    `json:"identities"`
	Attributes       []AttributeInfo   `json:"attributes"`
	Tags             []CustomerTag     `json:"tags"`
	Segments         []CustomerSegment `json:"segments" doc:"Those the customer is in."`
	Levels           []LevelBrief      `json:"levels"`
	HomeStore        string            `json:"home_store"`
	ResponsibleStaff string            `json:"responsible_staff"`
	FirstEventAt     *time.Time        `json:"first_event_at" nullable:"true"`
	LastEventAt      *time.Time        `json:"last_event_at" nullable:"true"`
	EventsTotal      int               `json:"events_total"`
	EventCounts      []EventCount      `json:"event_counts" doc:"By type, largest first."`
	LastOrderAt      *time.Time        `json:"last_order_at" nullable:"true"`
	Orders           int               `json:"orders"`
	Spend            string            `json:"spend"`
	Completeness     float64           `json:"completeness" doc:"0..1: share of the catalogue's attributes that are not sensitive and have a value."`
	Missing          []Text2           `json:"missing" doc:"Names of those without a value."`
}

// IdentityInfo is one key of a customer, masked.
type IdentityInfo struct {
	Namespace   string `json:"namespace"`
	Title       Text2  `json:"title"`
	ValueMasked string `json:"value_masked"`
}

// AttributeInfo is the value in force of one attribute.
type AttributeInfo struct {
	Name      string    `json:"name"`
	Title     Text2     `json:"title"`
	Value     string    `json:"value" doc:"As stored; masked where sensitive."`
	At        time.Time `json:"at"`
	Source    string    `json:"source"`
	Sensitive bool      `json:"sensitive"`
}

// CustomerTag is a tag's value of one customer.
type CustomerTag struct {
	Name     string `json:"name"`
	Title    Text2  `json:"title"`
	Value    string `json:"value" doc:"Exact; empty = no value."`
	Class    string `json:"class"`
	Category string `json:"category"`
	Text     Text2  `json:"text" doc:"Value as shown."`
}

// CustomerSegment is a segment that a customer is in.
type CustomerSegment struct {
	Name  string `json:"name"`
	Title Text2  `json:"title"`
}

// EventCount is how often one type of event happened.
type EventCount struct {
	Event string `json:"event"`
	Title Text2  `json:"title"`
	Count int    `json:"count"`
}

// EventPage is a part of a customer's events, newest first.
type EventPage struct {
	Next  *string     `json:"next" nullable:"true"`
	Items []EventInfo `json:"items"`
}

// EventInfo is one event as shown.
type EventInfo struct {
	Event      string         `json:"event"`
	Title      Text2          `json:"title"`
	At         time.Time      `json:"at"`
	Source     string         `json:"source"`
	ID         string         `json:"id"`
	Properties []PropertyInfo `json:"properties"`
}

// PropertyInfo is one property of an event.
type PropertyInfo struct {
	Name  string `json:"name"`
	Title Text2  `json:"title"`
	Value string `json:"value"`
}

// Reason is one node of an explanation: a condition or value in words, its
// truth, what was found and the events behind it.
type Reason struct {
	Sentence  Text2       `json:"sentence"`
	True      *bool       `json:"true,omitempty" doc:"Absent for a value."`
	Found     string      `json:"found,omitempty" doc:"The value found, exact."`
	FoundText *Text2      `json:"found_text,omitempty" doc:"Found as a phrase."`
	Events    []EventInfo `json:"events,omitempty" doc:"Newest first, at most 10."`
	NextAt    *time.Time  `json:"next_at,omitempty" doc:"The earliest instant at which it can change by time alone."`
	Parts     []Reason    `json:"parts,omitempty"`
}

// SegmentInfo is a segment with its size.
type SegmentInfo struct {
	Name        string     `json:"name"`
	Title       Text2      `json:"title"`
	Description Text2      `json:"description"`
	Sentence    Text2      `json:"sentence" doc:"The rule in words."`
	Count       int        `json:"count"`
	Share       float64    `json:"share" doc:"0..1 of everyone."`
	Trend       []DayCount `json:"trend" doc:"Size at the start of each of the last 30 days and at as_of, oldest first."`
	Change30d   int        `json:"change_30d" doc:"Count minus that of 30 days ago, in people."`
}

// DayCount is a number on a day.
type DayCount struct {
	Date  string `json:"date" format:"date"`
	Count int    `json:"count"`
}

// SegmentDetail is a segment with its definition and what depends on it.
type SegmentDetail struct {
	SegmentInfo
	AsOf    time.Time       `json:"as_of"`
	YAML    string          `json:"yaml"`
	Owner   string          `json:"owner"`
	Purpose string          `json:"purpose"`
	Uses    []DefinitionRef `json:"uses"`
	UsedBy  []DefinitionRef `json:"used_by"`
}

// DefinitionRef names a definition.
type DefinitionRef struct {
	Kind  string `json:"kind" enum:"tag,segment,tier,list,score,strategy,attribute,event,synonym"`
	Name  string `json:"name"`
	Title Text2  `json:"title"`
}

// TagInfo is a tag with how its values are spread.
type TagInfo struct {
	Name         string     `json:"name"`
	Title        Text2      `json:"title"`
	Description  Text2      `json:"description"`
	Class        string     `json:"class"`
	Category     string     `json:"category"`
	Sentence     Text2      `json:"sentence"`
	HaveValue    int        `json:"have_value"`
	Coverage     float64    `json:"coverage" doc:"0..1 of everyone."`
	Distribution []ValueBin `json:"distribution" doc:"At most 12."`
}

// ValueBin is a value, or a range of values, and how many have it.
type ValueBin struct {
	Label Text2  `json:"label"`
	Value string `json:"value" doc:"For the list of customers (tag, value); empty where the bin is a range or the rest."`
	Count int    `json:"count"`
}

// TagDetail is a tag with its definition and what depends on it.
type TagDetail struct {
	TagInfo
	AsOf        time.Time        `json:"as_of"`
	YAML        string           `json:"yaml"`
	Owner       string           `json:"owner"`
	Purpose     string           `json:"purpose"`
	Calibration *CalibrationInfo `json:"calibration,omitempty"`
	Uses        []DefinitionRef  `json:"uses"`
	UsedBy      []DefinitionRef  `json:"used_by"`
}

// CalibrationInfo is the population thresholds in force.
type CalibrationInfo struct {
	At      time.Time            `json:"at"`
	Version int                  `json:"version" doc:"0 = made for this answer."`
	People  int                  `json:"people"`
	Stored  bool                 `json:"stored"`
	Cuts    map[string][]float64 `json:"cuts"`
}

// TierInfo is a tier model.
type TierInfo struct {
	Name        string           `json:"name"`
	Title       Text2            `json:"title"`
	Description Text2            `json:"description"`
	Sentence    Text2            `json:"sentence"`
	Kind        string           `json:"kind" enum:"rfm_grid,rfm_eight,rfm_three,rules"`
	LevelCount  int              `json:"level_count"`
	Customers   int              `json:"customers" doc:"Those with a level."`
	Calibration *CalibrationInfo `json:"calibration,omitempty"`
}

// TierDetail is a tier with the weight of each level.
type TierDetail struct {
	TierInfo
	AsOf     time.Time       `json:"as_of"`
	Sales    string          `json:"sales" doc:"Exact decimal: turnover of the last 365 days of those with a level, net of refunds."`
	Headline Text2           `json:"headline" doc:"One sentence about the most telling level."`
	Levels   []LevelDetail   `json:"levels" doc:"Best first."`
	Grid     *TierGrid       `json:"grid,omitempty" doc:"Only for rfm_grid."`
	YAML     string          `json:"yaml"`
	Owner    string          `json:"owner"`
	Purpose  string          `json:"purpose"`
	Uses     []DefinitionRef `json:"uses"`
	UsedBy   []DefinitionRef `json:"used_by"`
}

// LevelDetail is one level with its weight.
type LevelDetail struct {
	ID           string   `json:"id"`
	Name         Text2    `json:"name"`
	Meaning      Text2    `json:"meaning"`
	Advice       Text2    `json:"advice"`
	Goal         string   `json:"goal"`
	Service      string   `json:"service" doc:"How they are served, such as 1v1; empty = not said."`
	NoAction     bool     `json:"no_action"`
	Count        int      `json:"count"`
	Share        float64  `json:"share" doc:"0..1 of those with a level."`
	Sales        string   `json:"sales" doc:"Exact decimal: 365 days."`
	SalesShare   float64  `json:"sales_share" doc:"0..1 of the tier's sales."`
	ValuePerHead string   `json:"value_per_head" doc:"Sales / count."`
	Cells        []CellAt `json:"cells,omitempty" doc:"Only for rfm_grid."`
}

// CellAt is a pair of recency and frequency scores.
type CellAt struct {
	R int `json:"r"`
	F int `json:"f"`
}

// TierGrid is the R-F grid.
type TierGrid struct {
	Rows    []int      `json:"rows" doc:"Recency scores, ascending; the highest is the most recent."`
	Columns []int      `json:"columns" doc:"Frequency scores, ascending."`
	Cells   []GridCell `json:"cells" doc:"Every pair of scores."`
}

// GridCell is one pair of scores, the level it belongs to and who has exactly
// these scores.
type GridCell struct {
	R     int    `json:"r"`
	F     int    `json:"f"`
	Level string `json:"level"`
	Count int    `json:"count" doc:"Customers with exactly these scores."`
	Sales string `json:"sales" doc:"Their sales of 365 days."`
}

// Migration is how customers moved between a tier's levels.
type Migration struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Levels  []string  `json:"levels" doc:"Level ids, best first, then - for no level: the order of rows and columns."`
	Matrix  [][]int   `json:"matrix" doc:"Rows: level at from; columns: level at to."`
	Entered int       `json:"entered" doc:"From no level to one."`
	Left    int       `json:"left" doc:"From a level to none."`
	Stayed  int       `json:"stayed"`
	Up      int       `json:"up"`
	Down    int       `json:"down"`
	People  int       `json:"people" doc:"With a level at either date: the sum of the five."`
}

// AuditPage is a part of the audit, newest first.
type AuditPage struct {
	Next  *string     `json:"next" nullable:"true"`
	Items []AuditItem `json:"items"`
}

// AuditItem is one entry of the audit.
type AuditItem struct {
	At      time.Time `json:"at"`
	Account string    `json:"account"`
	Action  string    `json:"action" example:"customer.view"`
	Object  string    `json:"object"`
	Detail  string    `json:"detail"`
}

// ImportInfo is one import.
type ImportInfo struct {
	ID           uint32     `json:"id"`
	File         string     `json:"file"`
	Source       string     `json:"source"`
	State        string     `json:"state"`
	StartedAt    time.Time  `json:"started_at"`
	FinishedAt   *time.Time `json:"finished_at" nullable:"true"`
	Rows         int64      `json:"rows"`
	Events       int64      `json:"events"`
	NewCustomers int64      `json:"new_customers"`
	Repeated     int64      `json:"repeated"`
	Refused      int64      `json:"refused"`
	Skipped      int64      `json:"skipped"`
}

// RefusedPage is a part of an import's refused rows, in their order.
type RefusedPage struct {
	Next  *string       `json:"next" nullable:"true"`
	Items []RefusedInfo `json:"items"`
}

// RefusedInfo is one refused row.
type RefusedInfo struct {
	Row    uint64 `json:"row" doc:"1 = the first row of data; of a group of rows its first."`
	Line   int    `json:"line" doc:"In the file."`
	Field  string `json:"field" doc:"The column."`
	Reason string `json:"reason"`
	Hint   string `json:"hint"`
	Raw    string `json:"raw"`
}
