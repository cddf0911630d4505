// Package compute runs programs: for everyone at an instant, or for one
// customer. It keeps the population thresholds and the order of dependencies.
package compute

import (
	"context"

	"strata"
	"strata/audience"
	"strata/define"
)

// Source is where customers' histories are read, in ascending order of
// customer number; timeline.Store is one. from is inclusive, to exclusive.
type Source interface {
	Scan(ctx context.Context, from, to strata.CustomerID, fn func(*strata.History) error) error
	Dictionary() strata.Dictionary
	Commits() uint64 // grows with every commit
}

// Definitions is where the published definitions and calibrations stand;
// registry.Registry is one.
type Definitions interface {
	// Published returns the current set and a number that grows with every change.
	Published(ctx context.Context) (*define.Set, uint64, error)
	// Calibrations returns those of one definition, newest effective first.
	Calibrations(ctx context.Context, kind, name string) ([]define.Calibration, error)
	// AddCalibration stores one and gives it its version.
	AddCalibration(ctx context.Context, c define.Calibration) (define.Calibration, error)
}

// People names customers; identity.Store is one.
type People interface {
	PublicID(strata.CustomerID) (string, error)
	Last() strata.CustomerID // the highest number given out
}

// Engine evaluates the published definitions. It may be used by several
// goroutines.
type Engine struct{}

// New returns an engine over the stores.
func New(source Source, definitions Definitions, people People, settings strata.Settings) (*Engine, error) {
	panic("being written")
}

// At evaluates all published definitions for everyone at an instant, each
// population kind by its latest calibration at or before it. The answer is
// kept until data or definitions change and must not be written to.
func (e *Engine) At(ctx context.Context, asOf strata.Instant) (*Answer, error) {
	panic("being written")
}

// AtAs is At with the calibrations that are in force at another instant, so
// that a comparison of two dates shows customers moving, not cut points.
func (e *Engine) AtAs(ctx context.Context, asOf, calibrations strata.Instant) (*Answer, error) {
	panic("being written")
}

// Answer is a table with what is needed to read it.
type Answer struct {
	*audience.Table
	Set          *define.Set
	Calibrations map[string]define.Calibration // by kind and name, such as "tier/rfm"
}

// Trend returns the size of every segment at the start of each of the days
// (instants) given, in their order, by segment name.
func (e *Engine) Trend(ctx context.Context, at []strata.Instant) (map[string][]int, error) {
	panic("being written")
}

// Reason is one node of an explanation: a condition or value, its truth, what
// was found and the events behind it.
type Reason struct {
	Sentence  define.Text2    `json:"sentence"`
	True      *bool           `json:"true,omitempty"` // nil for a value
	Found     string          `json:"found,omitempty"`
	FoundText define.Text2    `json:"found_text,omitzero"` // Found as a phrase, such as "3 次"
	Events    []strata.Event  `json:"events,omitempty"`    // newest first, at most 10
	NextAt    *strata.Instant `json:"next_at,omitempty"`   // earliest instant at which it can change by time alone
	Parts     []Reason        `json:"parts,omitempty"`
}

// Explain says why a customer has its value of a tag, is in or out of a
// segment, or at its level. kind is tag, segment or tier.
func (e *Engine) Explain(ctx context.Context, c strata.CustomerID, kind, name string, asOf strata.Instant) (Reason, error) {
	panic("being written")
}
