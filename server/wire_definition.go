package server

import "time"

// DefinitionDetail is a tag, segment or tier as it is defined.
type DefinitionDetail struct {
	Kind        string              `json:"kind" enum:"tag,segment,tier"`
	Name        string              `json:"name"`
	Title       Text2               `json:"title"`
	Description Text2               `json:"description"`
	AsOf        time.Time           `json:"as_of"`
	YAML        string              `json:"yaml"`
	Sentence    Text2               `json:"sentence" doc:"With the concrete dates of as_of."`
	Versions    []DefinitionVersion `json:"versions" doc:"Newest first."`
	Uses        []DefinitionRef     `json:"uses"`
	UsedBy      []DefinitionRef     `json:"used_by"`
	Count       int                 `json:"count" doc:"Members, those with a value, or those with a level."`
	Share       float64             `json:"share" doc:"0..1 of everyone."`
	Calibration *CalibrationInfo    `json:"calibration,omitempty"`
	Owner       string              `json:"owner"`
	Purpose     string              `json:"purpose"`
	Consumer    string              `json:"consumer"`
}

// DefinitionVersion is one version of a definition.
type DefinitionVersion struct {
	Version int       `json:"version"`
	At      time.Time `json:"at" doc:"When it was published."`
	Author  string    `json:"author"`
}

// CustomerBrief names a customer.
type CustomerBrief struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	PhoneMasked string `json:"phone_masked"`
}

// Samples are some of those whom a definition holds, and some of the others.
type Samples struct {
	AsOf     time.Time `json:"as_of"`
	Matching []Sample  `json:"matching" doc:"At most 10; of a tag or tier some of each value."`
	Others   []Sample  `json:"others" doc:"At most 10; those first who lack the least."`
}

// Sample is one customer beside a definition.
type Sample struct {
	CustomerBrief
	Value *Text2 `json:"value,omitempty" doc:"Of a tag the value, of a tier the level's name; absent where there is none."`
	Level string `json:"level,omitempty" doc:"Of a tier: the level's id."`
	Why   Reason `json:"why" doc:"To a depth of 3 and with at most 3 events; the whole is explain's."`
}

// DraftText is a text of definitions.
type DraftText struct {
	YAML string `json:"yaml" doc:"As in a file of definitions, YAML or JSON."`
	AsOf string `json:"as_of,omitempty" example:"2026-01-31" doc:"RFC 3339, or a date (00:00 of that day); absent = now."`
}

// PlanID names a plan.
type PlanID struct {
	Plan string `json:"plan" minLength:"1" maxLength:"100"`
}

// DraftCheck is what is wrong with a text of definitions, or what it says.
type DraftCheck struct {
	OK          bool              `json:"ok"`
	Errors      []DraftProblem    `json:"errors" doc:"In the order of the text."`
	Warnings    []DraftProblem    `json:"warnings" doc:"What is allowed but seldom meant; only where there are no errors."`
	Definitions []DraftDefinition `json:"definitions" doc:"Only where there are no errors."`
}

// DraftProblem is something wrong in a text, and where.
type DraftProblem struct {
	Line    int    `json:"line" doc:"From 1; 0 where it is not in one line, such as a published definition that no longer fits."`
	Column  int    `json:"column,omitempty" doc:"From 1, in characters."`
	Path    string `json:"path" doc:"Such as segments.loyal.where."`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty" doc:"What to write instead."`
}

// DraftDefinition is one definition or catalogue entry of a text.
type DraftDefinition struct {
	Kind     string `json:"kind" enum:"tag,segment,tier,list,score,strategy,attribute,event,synonym"`
	Name     string `json:"name"`
	Title    Text2  `json:"title"`
	Sentence Text2  `json:"sentence" doc:"With concrete dates; empty for kinds that have none."`
	Change   string `json:"change" enum:"create,update,same,paused"`
}

// Estimate is about how many the definitions of a text would hold.
type Estimate struct {
	AsOf        time.Time      `json:"as_of"`
	Customers   int            `json:"customers" doc:"Everyone."`
	Sample      int            `json:"sample" doc:"How many of them were looked at."`
	Exact       bool           `json:"exact" doc:"All were, and nothing is a guess."`
	Definitions []EstimateItem `json:"definitions" doc:"Tags, segments and tiers of the text that are not paused, in its order."`
}

// EstimateItem is one definition's members, those with a value, or those with
// a level: the likeliest number and the 95 % interval (Wilson).
type EstimateItem struct {
	Kind      string  `json:"kind" enum:"tag,segment,tier"`
	Name      string  `json:"name"`
	Title     Text2   `json:"title"`
	Count     int     `json:"count"`
	Low       int     `json:"low"`
	High      int     `json:"high"`
	Share     float64 `json:"share" doc:"0..1 of everyone."`
	ShareLow  float64 `json:"share_low"`
	ShareHigh float64 `json:"share_high"`
}

// PlanInfo is what publishing a text changes for everyone.
type PlanInfo struct {
	Plan        string         `json:"plan" doc:"For apply."`
	AsOf        time.Time      `json:"as_of"`
	Definitions []PlanItem     `json:"definitions" doc:"Everything in the text."`
	Affected    []PlanItem     `json:"affected" doc:"Published definitions outside the text that stand on it and whose people change."`
	Warnings    []DraftProblem `json:"warnings"`
}

// PlanItem is what changes in one definition. The counts are of members, of
// those with a value, or of those with a level.
type PlanItem struct {
	Kind    string          `json:"kind" enum:"tag,segment,tier,list,score,strategy,attribute,event,synonym"`
	Name    string          `json:"name"`
	Title   Text2           `json:"title"`
	Change  string          `json:"change" enum:"create,update,same,paused"`
	Before  uint64          `json:"before"`
	After   uint64          `json:"after"`
	Enter   uint64          `json:"enter"`
	Leave   uint64          `json:"leave"`
	Changed uint64          `json:"changed" doc:"Of a tag or tier: those with another value or level than before, of those with one before and after."`
	Entered []CustomerBrief `json:"entered" doc:"Some of those who enter, at most 5."`
	Left    []CustomerBrief `json:"left" doc:"Some of those who leave, at most 5."`
	Moves   []PlanMove      `json:"moves" doc:"Of a tier, largest first."`
}

// PlanMove is a number of customers who change level by a definition.
type PlanMove struct {
	From     string `json:"from" doc:"Level id; - = no level."`
	FromName Text2  `json:"from_name"`
	To       string `json:"to" doc:"Level id; - = no level."`
	ToName   Text2  `json:"to_name"`
	Count    uint64 `json:"count"`
}

// Applied is what was published.
type Applied struct {
	Version     uint64          `json:"version" doc:"Of all definitions."`
	Definitions []DefinitionRef `json:"definitions" doc:"What was created or changed; none where all of it was published already."`
}
