package server

import "time"

// What is said of how a tier moves, is watched and is looked after.
type (
	// TierMigration is one tier at two dates and why it changed.
	TierMigration struct {
		Tier      string          `json:"tier"`
		Cuts      string          `json:"cuts" enum:"frozen,own" doc:"The cut points behind levels, matrix, flows and figures: frozen = those of the first date at both; own = each date by its own."`
		From      time.Time       `json:"from"`
		To        time.Time       `json:"to"`
		CutsFrom  CalibrationAt   `json:"cuts_from" doc:"Cut points at the first date."`
		CutsTo    CalibrationAt   `json:"cuts_to" doc:"Cut points at the second date."`
		SameCuts  bool            `json:"same_cuts" doc:"Both dates have the same cut points, so that frozen and own are one."`
		Levels    []MigrationNode `json:"levels" doc:"Best first, then - for no level: the order of rows and columns."`
		Matrix    [][]int         `json:"matrix" doc:"Rows: level at from; columns: level at to."`
		Flows     []MigrationFlow `json:"flows" doc:"Every cell but that from no level to none, row by row."`
		Entered   int             `json:"entered" doc:"From no level to one."`
		Left      int             `json:"left" doc:"From a level to none."`
		Stayed    int             `json:"stayed"`
		Up        int             `json:"up"`
		Down      int             `json:"down"`
		People    int             `json:"people" doc:"With a level at either date: the sum of the five."`
		Rise      ShareOf         `json:"rise" doc:"The share moving up, of those with a level at both dates."`
		Explained MoveReasons     `json:"explained"`
	}
	// CalibrationAt says which cut points were in force.
	CalibrationAt struct {
		Version int        `json:"version" doc:"0 = made of everyone for this answer, or none needed."`
		At      *time.Time `json:"at" nullable:"true" doc:"null where the tier has no cut points from everyone."`
	}
	// MigrationNode is a level with its size at both dates.
	MigrationNode struct {
		ID     string `json:"id"`
		Name   Text2  `json:"name"`
		Before int    `json:"before"`
		After  int    `json:"after"`
	}
	// MigrationFlow is how many went from one level to another.
	MigrationFlow struct {
		From      string  `json:"from"`
		To        string  `json:"to"`
		Count     int     `json:"count"`
		Share     float64 `json:"share" doc:"0..1 of those at from."`
		Low       float64 `json:"low" doc:"Of the 95 % Wilson interval of share."`
		High      float64 `json:"high"`
		Few       bool    `json:"few" doc:"Fewer than 30 were at from: read the interval, not the share."`
		Direction string  `json:"direction" enum:"stayed,up,down,entered,left"`
	}
	// ShareOf is a share with its interval.
	ShareOf struct {
		Count int     `json:"count"`
		Of    int     `json:"of"`
		Share float64 `json:"share"`
		Low   float64 `json:"low" doc:"Of the 95 % Wilson interval."`
		High  float64 `json:"high"`
		Few   bool    `json:"few" doc:"Of fewer than 30."`
	}
	// MoveReasons splits everyone with a level into what moved them.
	MoveReasons struct {
		Still         int           `json:"still" doc:"At one level by old and new cut points."`
		ByBehaviour   int           `json:"by_behaviour" doc:"Moved, and new cut points change nothing."`
		ByCutsAlone   int           `json:"by_cuts_alone" doc:"Would not have moved by the old cut points."`
		ByBoth        int           `json:"by_both" doc:"Moved by the old cut points, and elsewhere by the new ones."`
		MaskedByCuts  int           `json:"masked_by_cuts" doc:"Moved by the old cut points; the new ones took it back."`
		CutsMoved     int           `json:"cuts_moved" doc:"Whom new cut points alone put at another level at the second date."`
		CutsMovedUp   int           `json:"cuts_moved_up"`
		CutsMovedDown int           `json:"cuts_moved_down"`
		Moves         []CutMove     `json:"moves" doc:"Of cuts_moved, largest first."`
		Behaviour     ReasonFigures `json:"behaviour" doc:"The migration by frozen cut points."`
		Own           ReasonFigures `json:"own" doc:"The migration with each date's own."`
	}
	// CutMove is whom new cut points alone put from one level to another.
	CutMove struct {
		From  string `json:"from"`
		To    string `json:"to"`
		Count int    `json:"count"`
	}
	// ReasonFigures are the sums of a migration.
	ReasonFigures struct {
		Up      int `json:"up"`
		Down    int `json:"down"`
		Stayed  int `json:"stayed"`
		Entered int `json:"entered"`
		Left    int `json:"left"`
	}

	// TierWarnings are a tier's warnings as they stand.
	TierWarnings struct {
		Tier  string        `json:"tier"`
		AsOf  time.Time     `json:"as_of"`
		Items []WarningInfo `json:"items" doc:"In the order of the definition."`
	}
	// WarningInfo is one warning.
	WarningInfo struct {
		Warning  string          `json:"warning" doc:"What tells it apart in the tier: FROM>TO per PER."`
		Name     Text2           `json:"name"`
		Sentence Text2           `json:"sentence"`
		State    string          `json:"state" enum:"calm,ahead,raised" doc:"raised: more than the limit moved; ahead: more than the limit are heading there."`
		Since    time.Time       `json:"since" doc:"The beginning of the time looked at."`
		Until    time.Time       `json:"until" doc:"How far it looks ahead."`
		Limit    float64         `json:"limit" doc:"0..1"`
		From     []string        `json:"from"`
		To       []string        `json:"to"`
		Moved    WarningPart     `json:"moved" doc:"Were at from at the beginning, and are at to now."`
		Heading  WarningPart     `json:"heading" doc:"Are at from, and reach to if nothing more happens."`
		Recorded *WarningChanged `json:"recorded,omitempty" doc:"The last change of its state that was recorded."`
	}
	// WarningPart is one side of a warning with its customers.
	WarningPart struct {
		ShareOf
		Customers []CustomerBrief `json:"customers" doc:"By number, at most 200."`
	}
	// WarningChanged is a recorded change of a warning's state.
	WarningChanged struct {
		Number  uint64    `json:"number" doc:"Ascending; a consumer remembers the last it has seen."`
		Tier    string    `json:"tier" doc:"Empty where it was deleted."`
		Warning string    `json:"warning"`
		AsOf    time.Time `json:"as_of"`
		Found   time.Time `json:"found"`
		From    string    `json:"from" enum:"calm,ahead,raised"`
		To      string    `json:"to" enum:"calm,ahead,raised"`
		Moved   int       `json:"moved"`
		Was     int       `json:"was"`
		Heading int       `json:"heading"`
		AtLevel int       `json:"at_level"`
	}

	// TierCare is what a tier's owner should know: notes on its design, its
	// review, times at its levels and who is heading down.
	TierCare struct {
		Tier   string      `json:"tier"`
		AsOf   time.Time   `json:"as_of"`
		Notes  []TierNote  `json:"notes"`
		Review ReviewState `json:"review"`
		Levels []LevelCare `json:"levels" doc:"Best first."`
	}
	// TierNote is one thing to look at.
	TierNote struct {
		Kind  string `json:"kind" enum:"many_levels,empty_level,big_level,sizes_rise,values_fall,nothing_to_do,few_covered,nobody,tag_coverage"`
		Level string `json:"level,omitempty"`
		Other string `json:"other,omitempty"`
		Text  Text2  `json:"text"`
	}
	// LevelCare is how long customers are at a level and how many fall.
	LevelCare struct {
		ID          string   `json:"id"`
		HeadingDown int      `json:"heading_down" doc:"Fall to a lower level within 7 days if nothing more happens."`
		Stays       int      `json:"stays" doc:"Times at the level whose beginning histories know."`
		MedianDays  *float64 `json:"median_days" nullable:"true" doc:"Kaplan-Meier median of their length; null where less than half are known to end."`
	}
	// ReviewState is when a tier was and is to be reviewed.
	ReviewState struct {
		Every   string       `json:"every" doc:"As the definition says it, such as 3mo; empty = no period."`
		DueAt   *time.Time   `json:"due_at" nullable:"true"`
		Overdue bool         `json:"overdue"`
		Past    []ReviewInfo `json:"past" doc:"Newest first."`
	}
	// ReviewInfo is one review.
	ReviewInfo struct {
		At      time.Time `json:"at"`
		Account string    `json:"account"`
		Note    string    `json:"note"`
		Version int       `json:"version" doc:"Of the definition then."`
	}
	// ReviewNote is what a review found.
	ReviewNote struct {
		Note string `json:"note" minLength:"1" maxLength:"2000"`
	}
)
