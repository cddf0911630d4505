package server

import "time"

// Changes are the newest changes that were published, newest first.
type Changes struct {
	AsOf           time.Time       `json:"as_of"`
	HistoriesSince time.Time       `json:"histories_since" doc:"When definitions, calibrations or the catalogue last changed: histories are complete from there on."`
	Items          []ChangeInfo    `json:"items" doc:"At most 200."`
	Entered        int             `json:"entered" doc:"With since: all moves since then, also those that are not listed; without: those of the items."`
	Left           int             `json:"left"`
	Moved          int             `json:"moved"`
	Complete       bool            `json:"complete" doc:"False where there were so many changes that not all were looked at."`
	Definitions    []DefinitionRef `json:"definitions" doc:"All whose changes are kept."`
}

// ChangeInfo is what moved for one customer at one instant.
type ChangeInfo struct {
	Number   uint64        `json:"number"`
	At       time.Time     `json:"at" doc:"When it happened."`
	Cause    string        `json:"cause" enum:"event,time,late_event,definition,calibration,erasure"`
	Customer CustomerBrief `json:"customer"`
	Moves    []MoveInfo    `json:"moves"`
}

// MoveInfo is one definition's answer before and after.
type MoveInfo struct {
	Kind      string `json:"kind" enum:"tag,segment,tier"`
	Name      string `json:"name"`
	Title     Text2  `json:"title"`
	How       string `json:"how" enum:"entered,left,moved"`
	From      Text2  `json:"from" doc:"Of a tag the value, of a tier the level's name; empty for a segment."`
	To        Text2  `json:"to"`
	FromLevel string `json:"from_level,omitempty" doc:"Of a tier: the level's id; - = no level."`
	ToLevel   string `json:"to_level,omitempty"`
}

// CustomerHistory is what changed for one customer, newest first.
type CustomerHistory struct {
	Since   time.Time     `json:"since" doc:"Complete from here on."`
	Entries []HistoryInfo `json:"entries" doc:"At most 200."`
}

// HistoryInfo is what moved at one instant.
type HistoryInfo struct {
	At    time.Time  `json:"at"`
	Cause string     `json:"cause" enum:"event,time,late_event,definition,calibration,erasure"`
	Moves []MoveInfo `json:"moves"`
}
