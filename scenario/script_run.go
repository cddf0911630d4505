package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"strata"
	"strata/define"
)

// Engine evaluates every definition of a world that it can as of an instant
// and compares its answers with the world's. It reports whether it could run
// any; where an answer differs the error is Internal.
type Engine func(w *World, asOf strata.Instant) (ran bool, err error)

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
	c     *Case
	world *World
	asOf  strata.Instant
	lang  string
}

func (t *trial) members(segment string) []string {
	return slices.DeleteFunc(t.world.names(), func(id string) bool { return !t.world.Member(id, segment, t.asOf) })
}

func (t *trial) failure(line int, what, want, got string, why []string) Failure {
	return Failure{
		File: t.c.file, Line: line, Case: t.c.Name, AsOf: t.asOf.In(t.c.zone).Format("2006-01-02 15:04:05.999 -07:00"),
		By: "evaluator", What: what, Want: want, Got: got, Why: why,
	}
}

// Run tries everything that the case expects with the slow evaluator, and has
// the engine, where one is given, agree with it. The reasons of failures are
// sentences in the language, zh or en.
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
		t := &trial{c: c, world: w, asOf: e.AsOf, lang: lang}
		for _, x := range e.checks {
			failures = append(failures, x.run(t)...)
		}
		if engine == nil {
			continue
		}
		ran, err := engine(w, e.AsOf)
		engineRan = engineRan || ran
		var differs *strata.Error
		switch {
		case err == nil:
		case strata.CodeOf(err) == strata.Internal && errors.As(err, &differs):
			f := t.failure(e.Line, differs.Field, "the same as the evaluator", differs.Message, nil)
			f.By = "engine"
			failures = append(failures, f)
		default:
			return failures, engineRan, fmt.Errorf("%s:%d: %w", c.file, e.Line, err)
		}
	}
	return failures, engineRan, nil
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
