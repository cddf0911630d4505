package define

import "strata"

// A Condition is true or false of a customer at an instant. The set of
// conditions is closed: a type switch over it is complete.
type Condition interface{ condition() }

type (
	// All is true when every part is; the parts are never none.
	All struct{ Of []Condition }
	// Any is true when at least one part is; the parts are never none.
	Any struct{ Of []Condition }
	// None is true when no part is; the parts are never none.
	None struct{ Of []Condition }
	// Not is the plain negation.
	Not struct{ Of Condition }
	// Everyone is true.
	Everyone struct{}
	// InSegment is membership of another segment.
	InSegment struct{ Segment string }
	// InList is membership of a static list.
	InList struct{ List string }
	// Bucket is true when xxHash64(salt ':' public customer id) mod 10000
	// lies in [From, To), in hundredths of a percent.
	Bucket struct {
		Salt     string
		From, To int
	}
	// AttributeIs tests an attribute; For holds, if not nil, a test of how
	// long the rest has held without a break.
	AttributeIs struct {
		Attribute string
		Test      Test
		For       *Test // of durations
	}
	// TagIs tests another tag's value.
	TagIs struct {
		Tag     string
		Test    Test
		Since   *Window // the present value began in it
		Changed *Window // it changed in it
		For     *Test
	}
	// TierIs tests a level. Op is Is, In, IsNot, AtLeast or AtMost.
	TierIs struct {
		Tier   string
		Op     Op
		Levels []string
		For    *Test
	}
	// Moved is one single move of a tier or tag within the window. Empty From
	// or To means any. Exactly one of Tier and Tag is set.
	Moved struct {
		Tier, Tag string
		From, To  []Operand
		Window    Window
	}
	// Heading is the level at as_of + In if nothing more happens.
	Heading struct {
		Tier string
		To   []string
		In   Duration
	}
	// ConsentIs tests a consent's state.
	ConsentIs struct{ Purpose, State string }
	// EventDid is a measure over matching events.
	EventDid struct {
		Select  Selection
		Measure Measure
	}
	// FirstTime: the first of all matching events lies in the window.
	FirstTime struct{ Select Selection }
	// Stopped: some within Active, none within Silent.
	Stopped struct {
		Select         Selection // without a window
		Active, Silent Duration
	}
	// Restarted: some before SilentFrom ago, none from then until Active ago,
	// some since.
	Restarted struct {
		Select             Selection // without a window
		SilentFrom, Active Duration
	}
	// Regularly: Times holds in at least In of the last Of periods.
	Regularly struct {
		Select Selection // without a window
		Times  Test      // of counts
		Period Duration
		// Calendar: the periods are whole calendar weeks or months, and
		// Period is 1w or 1mo.
		Calendar bool
		In, Of   int
	}
	// Streak tests the longest (or current) run of consecutive units with an
	// event.
	Streak struct {
		Select  Selection
		Unit    Unit // Day, Week or Month
		Current bool
		Count   Test
	}
	// Sequence: some choice of distinct events satisfies every step in order.
	Sequence struct {
		Steps   []Step
		Window  Window
		Without *Selection // strictly between the first and the last chosen
	}
	// NotFollowed: some A whose deadline has passed without B.
	NotFollowed struct {
		Select Selection // A, with its window
		By     Step      // B; its Within is the deadline
	}
)

// Step is one step of a sequence. Within (zero = no limit) counts from the
// step before; Same names properties equal to those of the step before.
type Step struct {
	Select Selection // without a window
	Within Duration
	Same   []string
}

func (All) condition()         {}
func (Any) condition()         {}
func (None) condition()        {}
func (Not) condition()         {}
func (Everyone) condition()    {}
func (InSegment) condition()   {}
func (InList) condition()      {}
func (Bucket) condition()      {}
func (AttributeIs) condition() {}
func (TagIs) condition()       {}
func (TierIs) condition()      {}
func (Moved) condition()       {}
func (Heading) condition()     {}
func (ConsentIs) condition()   {}
func (EventDid) condition()    {}
func (FirstTime) condition()   {}
func (Stopped) condition()     {}
func (Restarted) condition()   {}
func (Regularly) condition()   {}
func (Streak) condition()      {}
func (Sequence) condition()    {}
func (NotFollowed) condition() {}

// Selection picks events of one customer.
type Selection struct {
	Events []string       // names, prefixes ("shop_*") or "*"; never none
	Where  []PropertyTest // all on the same event; sorted by property
	Window Window
	Gross  bool // sees events untouched by refunds
}

// PropertyTest tests one property of an event.
type PropertyTest struct {
	Property string
	Test     Test
}

// Test is several comparisons joined by "and".
type Test struct {
	Comparisons []Comparison // in the order of Op
	Fold        bool         // ignore case and width
}

// Comparison is one operator with its operands: one for most; any number for
// In, NotIn, HasAny, HasAll, HasNone; two for Between; none for Exists and
// Missing; for Anniversary a Window.
type Comparison struct {
	Op       Op
	Operands []Operand
	Window   *Window   // Within; Between on dates and times; Anniversary
	Ahead    *Duration // InNext; Anniversary in the next
	Test     *Test     // Age: of completed years
}

// Operand is a literal, a point in time, a duration or another attribute of
// the customer. Exactly one is set.
type Operand struct {
	Literal   strata.Value // of the type it is compared with
	Time      *TimePoint
	Duration  *Duration
	Attribute string
}

// Op is a comparison operator. The order is that of printing.
type Op uint8

// The operators.
const (
	Is Op = iota + 1
	IsNot
	In
	NotIn
	AtLeast
	AtMost
	GreaterThan
	LessThan
	Between
	Contains
	NotContains
	StartsWith
	EndsWith
	Matches
	Exists
	Missing
	Has
	HasAny
	HasAll
	HasNone
	On
	NotOn
	Before
	Since
	After
	Until
	Within
	InNext
	Anniversary
	Age
)

// MeasureKind says what of the matching events is tested.
type MeasureKind uint8

// The measures.
const (
	Times MeasureKind = iota + 1
	Sum
	Average
	Min
	Max
	Distinct
	DaysActive
	First // that event passes Where too
	Last
	Gap // Stat says which; a test of durations
)

// Measure is a number of the matching events and its test.
type Measure struct {
	Kind  MeasureKind
	Of    string         // Sum, Average, Min, Max, Distinct
	Stat  string         // Gap: avg, max or last
	Test  Test           // all but First and Last
	Where []PropertyTest // First, Last
}

// WindowKind says how a window is given.
type WindowKind uint8

// The windows.
const (
	Ever         WindowKind = iota
	WithinLast              // Last: from as_of - Last to as_of
	Calendar                // Word: today, this_month, ...
	BetweenTimes            // [From, To)
	BeforeTime              // From
	SinceTime               // From
	AfterTime               // From
	UntilTime               // From
	Anchored                // relative to an anchor event
)

// Window is a span of time, known only with an as_of (and, when anchored, a
// customer).
type Window struct {
	Kind     WindowKind
	Last     Duration
	Word     string
	From, To TimePoint
	Anchor   *Anchor
}

// Anchor places a window relative to the first or last of some events.
type Anchor struct {
	First       bool // else last
	Select      Selection
	From, Until Duration
}

// Unit is a unit of time.
type Unit uint8

// The units: Second, Minute and Hour slide exactly, the others are civil.
const (
	Second Unit = iota + 1
	Minute
	Hour
	Day
	Week
	Month
	Year
)

// Civil reports whether the unit follows the calendar.
func (u Unit) Civil() bool { return u >= Day }

// Duration is a whole number of units; the zero Duration is none.
type Duration struct {
	N    int
	Unit Unit
}

// TimePoint is an instant or a civil day, fixed or relative to as_of.
// Exactly one of At, Date, Word, Ago, Ahead is set.
type TimePoint struct {
	At    strata.Instant // with HasAt
	HasAt bool
	Date  string   // 2006-01-02: the whole civil day
	Word  string   // now, today, yesterday, tomorrow
	Ago   Duration // s m h: an instant; d w mo y: a civil day
	Ahead Duration
}

// A Value computes a tag's value of a customer at an instant. The set is
// closed.
type Value interface{ value() }

type (
	// AttributeValue is an attribute's.
	AttributeValue struct{ Attribute string }
	// TagValue is another tag's.
	TagValue struct{ Tag string }
	// FirstOf is the first that is there.
	FirstOf struct{ Of []Value }
	// Aggregate is a measure (Times to DaysActive) of matching events.
	Aggregate struct {
		Kind   MeasureKind
		Select Selection
		Of     string
	}
	// Touch is a property of the first or last event that carries it; without
	// Of the event's time.
	Touch struct {
		First  bool
		Select Selection
		Of     string
	}
	// Favourite is the Top values of By, by count or by sum of Of, having at
	// least AtLeast events.
	Favourite struct {
		Select  Selection
		By      string
		Top     int // default 1: a single value; more: a list
		Sum     bool
		Of      string
		AtLeast int
	}
	// SinceEvent is the completed time since the first or last event.
	SinceEvent struct {
		Select Selection
		First  bool
		Unit   Unit
	}
	// GapValue is a statistic of the time between consecutive events.
	GapValue struct {
		Select Selection
		Stat   string // avg, median, last
		Unit   Unit
	}
	// Rules name a value by the first rule (or all rules) that hold.
	Rules struct {
		Rules     []Rule
		All       bool
		Otherwise strata.Value
	}
	// Bands name a value by cuts.
	Bands struct {
		Of          Value
		At          []strata.Value // or
		Percentiles []float64      // or
		Natural     int
		Labels      []string
		Among       Condition // population; nil = everyone with a value
	}
	// Rank is 1 + values strictly better; Percentile is 0-100, 100 = best.
	Rank struct {
		Of         Value
		Percentile bool
		Ascending  bool // the smallest is best
		Among      Condition
	}
	// Top is true of those at or better than the n-th.
	Top struct {
		Of      Value
		Count   int     // or
		Percent float64 // 0-100
		Among   Condition
	}
	// Composite is the weighted mean of percentiles, 0-100.
	Composite struct {
		Parts   []WeightedValue
		Among   Condition
		Missing string // lowest, median
	}
	// Grid names the cell of two bands.
	Grid struct {
		Rows, Columns Bands
		Cells         [][]string // a row for each band of Rows
	}
	// Ladder is the first step strictly above, the top step beyond it.
	Ladder struct {
		Of    Value
		Steps []strata.Value
	}
	// Formula is arithmetic over tags and attributes.
	Formula struct {
		Text string
		Expr Expr
	}
	// ScoreValue is a score's points.
	ScoreValue struct{ Score string }
	// TierValue is a level's id.
	TierValue struct{ Tier string }
	// ManualValue is set by hand.
	ManualValue struct {
		Type   Type
		Values []string
	}
	// ImportedValue is set by an import.
	ImportedValue struct{ Type Type }
	// ModelValue is a model's output.
	ModelValue struct{ Model string }
)

// Rule is one named condition.
type Rule struct {
	Name  strata.Value
	Where Condition
}

// WeightedValue is a part of a composite.
type WeightedValue struct {
	Of        Value
	Weight    float64
	Ascending bool
}

func (AttributeValue) value() {}
func (TagValue) value()       {}
func (FirstOf) value()        {}
func (Aggregate) value()      {}
func (Touch) value()          {}
func (Favourite) value()      {}
func (SinceEvent) value()     {}
func (GapValue) value()       {}
func (Rules) value()          {}
func (Bands) value()          {}
func (Rank) value()           {}
func (Top) value()            {}
func (Composite) value()      {}
func (Grid) value()           {}
func (Ladder) value()         {}
func (Formula) value()        {}
func (ScoreValue) value()     {}
func (TierValue) value()      {}
func (ManualValue) value()    {}
func (ImportedValue) value()  {}
func (ModelValue) value()     {}

// An Expr is a node of a formula. The set is closed.
type Expr interface{ expr() }

type (
	// NumberExpr is a constant.
	NumberExpr struct{ Value strata.Value }
	// NameExpr is a tag or, where no tag has the name, an attribute.
	NameExpr struct{ Name string }
	// UnaryExpr is "-" or "not".
	UnaryExpr struct {
		Op string
		X  Expr
	}
	// BinaryExpr is + - * / = != < <= > >= and or.
	BinaryExpr struct {
		Op   string
		X, Y Expr
	}
	// CallExpr is if min max abs round floor ceil coalesce.
	CallExpr struct {
		Func string
		Args []Expr
	}
)

func (NumberExpr) expr() {}
func (NameExpr) expr()   {}
func (UnaryExpr) expr()  {}
func (BinaryExpr) expr() {}
func (CallExpr) expr()   {}
