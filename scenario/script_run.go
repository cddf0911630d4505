package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"strata"
	"strata/define"
)

// Answers are what somebody who evaluates definitions says as of one instant.
type Answers interface {
	Members(segment string) []string // customer ids by code point
	Tag(customer, tag string) strata.Value
	Level(customer, tier string) string // "" for none
}

// Engine evaluates the definitions of a world as of an instant. The error is
// Unsupported where it cannot run them.
type Engine func(w *World, asOf strata.Instant) (Answers, error)

// Failure is one expectation that was not met.
type Failure struct {
	File string   `json:"file"`
	Line int      `json:"line"`
	Case string   `json:"case"`
	AsOf string   `json:"as_of"`
	By   string   `json:"by"`   // evaluator, or engine
	What string   `json:"what"` // such as segment recent
	Want string   `json:"want"`
	Got  string   `json:"got"`
	Why  []string `json:"why,omitempty"` // what the slow evaluator found
}

// String prints the failure over several lines, file:line first.
func (f Failure) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: %s\n    as of %s, %s (%s)\n    want %s\n    got  %s", f.File, f.Line, f.Case, f.AsOf, f.What, f.By, f.Want, f.Got)
	for _, line := range f.Why {
		b.WriteString("\n      " + line)
	}
	return b.String()
}

// trial is one expectation being tried.
type trial struct {
	c       *Case
	world   *World
	answers Answers
	asOf    strata.Instant
	by      string
	lang    string
}

func (t *trial) failure(line int, what, want, got string, why []string) Failure {
	return Failure{
		File: t.c.file, Line: line, Case: t.c.Name, AsOf: t.asOf.In(t.c.zone).Format("2006-01-02 15:04:05.999 -07:00"),
		By: t.by, What: what, Want: want, Got: got, Why: why,
	}
}

// evaluated is the slow evaluator's answers.
type evaluated struct {
	w    *World
	asOf strata.Instant
}

func (e evaluated) Members(segment string) []string {
	return slices.DeleteFunc(e.w.names(), func(id string) bool { return !e.w.Member(id, segment, e.asOf) })
}
func (e evaluated) Tag(customer, tag string) strata.Value { return e.w.Tag(customer, tag, e.asOf) }
func (e evaluated) Level(customer, tier string) string    { return e.w.Level(customer, tier, e.asOf) }

// Run tries everything that the case expects with the slow evaluator, and
// with the engine too where one is given and can run the definitions. The
// reasons of failures are sentences in the language, zh or en.
func (c *Case) Run(engine Engine, lang string) (failures []Failure, engineRan bool, err error) {
	if c.refused != nil {
		return c.runRefused(), false, nil
	}
	worlds := map[strata.Instant]*World{}
	for _, e := range c.Expect {
		w := worlds[e.Known]
		if w == nil {
			complain := func(line int, message string) {
				failures = append(failures, Failure{File: c.file, Line: line, Case: c.Name, What: "facts", Want: "facts as they are written", Got: message, By: "evaluator"})
			}
			w = c.world(complain, e.Known)
			worlds[e.Known] = w
		}
		t := &trial{c: c, world: w, answers: evaluated{w, e.AsOf}, asOf: e.AsOf, by: "evaluator", lang: lang}
		failures = append(failures, t.run(e, false)...)
		if engine == nil || !slices.ContainsFunc(e.checks, func(x check) bool { return x.answered }) {
			continue
		}
		answers, err := engine(w, e.AsOf)
		if strata.CodeOf(err) == strata.Unsupported {
			continue
		}
		if err != nil {
			return failures, engineRan, fmt.Errorf("%s:%d: %w", c.file, e.Line, err)
		}
		engineRan = true
		t.answers, t.by = answers, "engine"
		failures = append(failures, t.run(e, true)...)
	}
	return failures, engineRan, nil
}

func (t *trial) run(e *Expectation, answeredOnly bool) []Failure {
	var out []Failure
	for _, x := range e.checks {
		if x.answered || !answeredOnly {
			out = append(out, x.run(t)...)
		}
	}
	return out
}

func (c *Case) runRefused() []Failure {
	got := c.refusal.Error()
	if got != "" && strings.Contains(got, c.refused.text) {
		return nil
	}
	if got == "" {
		got = "they are accepted"
	}
	return []Failure{{File: c.file, Line: c.refused.line, Case: c.Name, By: "evaluator", What: "definitions are refused", Want: c.refused.text, Got: got}}
}

// world is everybody as known at an instant. Stored calibrations are made in
// their order, each with those before.
func (c *Case) world(complain func(line int, message string), known strata.Instant) *World {
	w := &World{Set: c.set, Earlier: c.earlier, Settings: c.settings}
	if complain == nil {
		return w
	}
	w.People = knowledge{catalogue: &c.set.Catalogue, known: known, people: c.people, facts: c.facts}.gather(complain)
	for _, stored := range c.stored {
		made := stored.Calibration
		if made.Cuts == nil {
			made = w.Calibrate(define.Ref{Kind: made.Kind, Name: made.Name}, made.At)
			made.Version = 1
		}
		w.Calibrations = append(w.Calibrations, made)
	}
	return w
}

// Sentence is the sentence of a segment or tag of the case.
func (c *Case) Sentence(name string) define.Text2 {
	if s, ok := c.set.Segments[name]; ok {
		return c.set.SegmentSentence(s, c.sentences())
	}
	if t, ok := c.set.Tags[name]; ok {
		return c.set.TagSentence(t, c.sentences())
	}
	return c.set.TierSentence(c.set.Tiers[name], c.sentences())
}

func (c *Case) sentences() define.SentenceOptions {
	return define.SentenceOptions{Zone: c.zone, WeekStart: time.Weekday(c.settings.WeekStart)}
}

// whyMembers explains those who are in and should be out, or the other way
// round, at most three of them.
func (t *trial) whyMembers(segment string, want, got []string) []string {
	var out []string
	set := t.world.setAt(t.asOf)
	s := set.Segments[segment]
	said := 0
	for _, id := range t.world.names() {
		in := slices.Contains(got, id)
		if in == slices.Contains(want, id) {
			continue
		}
		if said++; said > 3 {
			break
		}
		out = append(out, id+map[bool]string{true: " is in:", false: " is out:"}[in])
		for _, line := range t.why(id, s.Where) {
			out = append(out, "  "+line)
		}
		if s.Exclude != nil {
			out = append(out, "  exclude:")
			for _, line := range t.why(id, s.Exclude) {
				out = append(out, "    "+line)
			}
		}
	}
	return out
}

// why is the truth of a condition and of its parts for one customer.
func (t *trial) why(id string, c define.Condition) []string {
	set := t.world.setAt(t.asOf)
	var out []string
	var walk func(c define.Condition, indent string)
	walk = func(c define.Condition, indent string) {
		mark := "no   "
		if t.world.Holds(id, c, t.asOf) {
			mark = "yes  "
		}
		word, parts := "", []define.Condition(nil)
		switch c := c.(type) {
		case define.All:
			word, parts = "all", c.Of
		case define.Any:
			word, parts = "any", c.Of
		case define.None:
			word, parts = "none", c.Of
		case define.Not:
			word, parts = "not", []define.Condition{c.Of}
		default:
			word = set.ConditionSentence(c, t.c.sentences()).In(t.lang)
		}
		out = append(out, mark+indent+word)
		for _, part := range parts {
			walk(part, indent+"  ")
		}
	}
	if c != nil {
		walk(c, "")
	}
	return out
}

func (t *trial) whyValue(tag string) []string {
	set := t.world.setAt(t.asOf)
	return []string{set.TagSentence(set.Tags[tag], t.c.sentences()).In(t.lang)}
}
