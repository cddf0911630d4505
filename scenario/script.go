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

// Script is a file of facts, definitions and cases: what happened to whom, and
// who is in what then. docs/scenarios.md describes the language.
type Script struct {
	File  string
	Cases []*Case
}

// Case is one situation with what is expected of it, at one instant or more.
type Case struct {
	Name   string
	Line   int
	Expect []*Expectation

	file     string
	settings strata.Settings
	zone     *time.Location
	set      *define.Set // in force at the end; the versions before are in earlier
	earlier  []Version
	refused  *node // the definitions must be refused with this text
	refusal  error
	facts    []statement
	people   []string
	stored   []calibration
	asOf     *node
}

// Expectation is what a case expects as of an instant, with what had arrived
// at another.
type Expectation struct {
	Line   int
	AsOf   strata.Instant
	Known  strata.Instant
	checks []check
}

// calibration is one that a script stores: computed from everyone, or given.
type calibration struct {
	line int
	define.Calibration
}

// Open reads a file that a script names, relative to the script.
type Open func(name string) ([]byte, error)

// The names that a case's own condition and value have.
const (
	ownSegment = "this_condition"
	ownTag     = "this_value"
)

// ParseScript reads a script. The error joins one *strata.Error for every
// mistake, its Field being file:line.
func ParseScript(file string, data []byte, open Open) (*Script, error) {
	m := &mistakes{file: file}
	root := readScript(m, data)
	if root == nil || root.shape != mapping {
		if root != nil {
			m.at(root.line, "a script is a mapping, found "+root.describe(), "write facts: and cases:")
		}
		return nil, m.err()
	}
	r := &scriptReader{m: m, open: open, told: map[string]bool{}}
	s := r.script(root)
	if err := m.err(); err != nil {
		return nil, err
	}
	return s, nil
}

type scriptReader struct {
	m    *mistakes
	open Open
	told map[string]bool // mistakes of shared parts, each once
}

// once tells a mistake that every case would repeat.
func (r *scriptReader) once(line int, message, hint string) {
	if key := fmt.Sprint(line, message); !r.told[key] {
		r.told[key] = true
		r.m.at(line, message, hint)
	}
}

var (
	scriptKeys = []string{"about", "zone", "week_start", "currency", "use", "define", "versions", "facts", "calibrations", "as_of", "cases"}
	caseKeys   = append([]string{"name", "about", "zone", "week_start", "currency", "define", "where", "value", "versions", "facts", "alone", "calibrations", "refused", "expect"}, expectKeys...)
	expectKeys = []string{"as_of", "known_at", "holds", "gives", "members", "tags", "levels", "explain", "sentence", "sentences"}
)

// keys refuses the keys of a mapping that are not known.
func (r *scriptReader) keys(n *node, known []string) {
	for i, key := range n.keys {
		if !slices.Contains(known, key) {
			hint := define.DidYouMean(key, known)
			if hint == "" {
				hint = "keys here: " + strings.Join(known, ", ")
			}
			r.m.at(n.lines[i], "unknown key "+key, hint)
		}
	}
}

// layer is a part of a script that says how a case is read: the script's own
// and over it the case's.
type layer struct {
	settings strata.Settings
	zone     *time.Location
	base     *define.Set
}

func (r *scriptReader) script(root *node) *Script {
	r.keys(root, scriptKeys)
	s := &Script{File: r.m.file}
	top := layer{settings: strata.DefaultSettings()}
	if !r.place(root, &top) {
		return s
	}
	for _, used := range root.get("use").list() {
		if r.open == nil {
			r.m.at(used.line, "no other file can be read here", "write define: and the definitions")
			return s
		}
		text, err := r.open(used.text)
		if err != nil {
			r.m.at(used.line, used.text+" cannot be read: "+err.Error(), "")
			return s
		}
		if top.base, err = check1(top.base, used.text, text, top.settings); err != nil {
			r.tellDefinitions(err)
			return s
		}
	}
	if n := root.get("define"); n != nil {
		var err error
		if top.base, err = r.define(n, top); err != nil {
			r.tellDefinitions(err)
			return s
		}
	}
	cases := root.get("cases")
	if cases == nil || cases.shape != list || len(cases.items) == 0 {
		r.m.at(root.line, "the script has no cases", "write cases: [{name: ..., as_of: ..., members: {...}}]")
		return s
	}
	names := map[string]int{}
	for _, n := range cases.items {
		if n.shape != mapping {
			r.m.at(n.line, "a case is a mapping, found "+n.describe(), "write {name: ..., as_of: ..., members: {...}}")
			continue
		}
		c := r.oneCase(root, n, top)
		if c == nil {
			continue
		}
		if first := names[c.Name]; first > 0 {
			r.m.at(c.Line, fmt.Sprintf("the case %q stands twice, first at line %d", c.Name, first), "give each case a name of its own")
		}
		names[c.Name] = c.Line
		s.Cases = append(s.Cases, c)
	}
	return s
}

// place reads the zone, the week's start and the currency.
func (r *scriptReader) place(n *node, l *layer) bool {
	if zone := n.get("zone"); zone != nil {
		l.settings.Zone = zone.text
	}
	if start := n.get("week_start"); start != nil {
		days := []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
		day := slices.Index(days, start.text)
		if day < 0 {
			r.m.at(start.line, start.describe()+" is no day of the week", "write monday or sunday")
			return false
		}
		l.settings.WeekStart = time.Weekday(day)
	}
	if currency := n.get("currency"); currency != nil {
		l.settings.Currency = currency.text
	}
	zone, err := l.settings.Location()
	if err != nil {
		r.m.at(n.get("zone").line, "unknown time zone "+l.settings.Zone, "use an IANA name such as Asia/Shanghai")
		return false
	}
	l.zone = zone
	return true
}

func check1(base *define.Set, name string, text []byte, s strata.Settings) (*define.Set, error) {
	f, err := define.Parse(name, text)
	if f == nil {
		return nil, err
	}
	set, _, err := define.Check(base, f, s) // what Parse found Check finds again
	return set, err
}

// define lays definitions written in the script over those before.
func (r *scriptReader) define(n *node, l layer) (*define.Set, error) {
	text := definitions("", n, "")
	if n.shape == scalar { // a text of its own, such as define: |
		text = []byte(strings.Repeat("\n", n.line) + n.text)
	}
	return check1(l.base, r.m.file, text, l.settings)
}

// tellDefinitions passes on what is wrong with definitions, which names its
// own place.
func (r *scriptReader) tellDefinitions(err error) {
	for _, e := range define.Errors(err) {
		if key := e.Error(); !r.told[key] {
			r.told[key] = true
			r.m.errs, r.m.line = append(r.m.errs, e), append(r.m.line, lineIn(e.Field))
		}
	}
}

// lineIn finds the line in file:line: path.
func lineIn(field string) int {
	line := 0
	for part := range strings.SplitSeq(field, ":") {
		if _, err := fmt.Sscanf(part, "%d", &line); err == nil {
			return line
		}
	}
	return 0
}

func (r *scriptReader) oneCase(root, n *node, l layer) *Case {
	r.keys(n, caseKeys)
	c := &Case{Line: n.line, file: r.m.file}
	name := n.get("name")
	if name == nil || name.text == "" {
		r.m.at(n.line, "the case has no name", "write name: and what it shows")
		return nil
	}
	c.Name = name.text
	if !r.place(n, &l) {
		return nil
	}
	c.settings, c.zone = l.settings, l.zone
	c.refused = n.get("refused")
	var err error
	if c.set, err = r.caseSet(n, l); c.refused != nil {
		c.refusal = err
		if err == nil {
			c.refusal = errors.New("")
		}
		return c
	}
	if err != nil {
		r.tellDefinitions(err)
		if c.set = l.base; c.set == nil {
			c.set = &define.Set{Catalogue: define.Standard()}
		}
		r.caseFacts(c, root, n) // to tell all that is wrong
		return nil
	}
	if !r.versions(c, root, n, l) {
		return nil
	}
	r.caseFacts(c, root, n)
	r.calibrations(c, root, n)
	if c.asOf = n.get("as_of"); c.asOf == nil {
		c.asOf = root.get("as_of")
	}
	r.expectations(c, n)
	return c
}

// caseSet is the script's definitions with the case's own over them.
func (r *scriptReader) caseSet(n *node, l layer) (*define.Set, error) {
	var err error
	if own := n.get("define"); own != nil {
		if l.base, err = r.define(own, l); err != nil {
			return nil, err
		}
	}
	for _, part := range []struct{ key, before, after string }{
		{"value", `{"tags":{"` + ownTag + `":{"value":`, `}}}`},
		{"where", `{"segments":{"` + ownSegment + `":{"where":`, `}}}`},
	} {
		if own := n.get(part.key); own != nil {
			if l.base, err = check1(l.base, r.m.file, definitions(part.before, own, part.after), l.settings); err != nil {
				return nil, err
			}
		}
	}
	if l.base == nil {
		return check1(nil, r.m.file, nil, l.settings)
	}
	return l.base, nil
}

// versions reads definitions that were applied at an instant; before the
// first of them those of define: were in force.
func (r *scriptReader) versions(c *Case, root, n *node, l layer) bool {
	versions := append(slices.Clone(root.get("versions").list()), n.get("versions").list()...)
	reader := statementReader{m: r.m, zone: c.zone}
	for _, v := range versions {
		r.keys(v, []string{"from", "define"})
		from, own := v.get("from"), v.get("define")
		if from == nil || own == nil {
			r.once(v.line, "a version has an instant and definitions", "write {from: 2026-02-01, define: {...}}")
			return false
		}
		set, err := r.define(own, layer{settings: l.settings, zone: l.zone, base: c.set})
		if err != nil {
			r.tellDefinitions(err)
			return false
		}
		before := c.set
		at := reader.instant(from)
		if k := len(c.earlier); k > 0 && at <= c.earlier[k-1].Until {
			r.once(from.line, "the versions are not in order", "write the earliest first")
			return false
		}
		c.earlier = append(c.earlier, Version{Until: at, Set: before})
		c.set = set
	}
	return true
}

func (r *scriptReader) caseFacts(c *Case, root, n *node) {
	own := &mistakes{file: r.m.file}
	reader := statementReader{m: own, catalogue: &c.set.Catalogue, set: c.set, settings: c.settings, zone: c.zone}
	if alone := n.get("alone"); alone == nil || alone.text != "true" {
		c.facts, c.people = reader.facts(root.get("facts"))
	}
	facts, people := reader.facts(n.get("facts"))
	c.facts, c.people = append(c.facts, facts...), append(c.people, people...)
	for i, e := range own.errs {
		r.once(own.line[i], e.Message, e.Hint)
	}
}

func (r *scriptReader) calibrations(c *Case, root, n *node) {
	reader := statementReader{m: r.m, zone: c.zone}
	for _, item := range append(slices.Clone(root.get("calibrations").list()), n.get("calibrations").list()...) {
		r.keys(item, []string{"tag", "tier", "at", "cuts"})
		made := calibration{line: item.line}
		made.Version = 1
		for _, kind := range []string{"tag", "tier"} {
			if name := item.get(kind); name != nil {
				made.Kind, made.Name = kind, name.text
			}
		}
		at := item.get("at")
		if at == nil || !c.set.Has(define.Ref{Kind: made.Kind, Name: made.Name}) {
			r.once(item.line, "a calibration names a tag or tier and an instant", "write {tag: spend_level, at: 2026-01-01}")
			continue
		}
		made.At = reader.instant(at)
		if cuts := item.get("cuts"); cuts != nil {
			made.Cuts = r.cuts(cuts)
		}
		c.stored = append(c.stored, made)
	}
}

// cuts reads a list of numbers, or one for each part.
func (r *scriptReader) cuts(n *node) map[string][]float64 {
	out := map[string][]float64{}
	read := func(part string, n *node) {
		for _, item := range n.list() {
			var f float64
			if _, err := fmt.Sscan(item.text, &f); err != nil {
				r.once(item.line, item.describe()+" is not a number", "")
			}
			out[part] = append(out[part], f)
		}
	}
	if n.shape != mapping {
		read("", n)
		return out
	}
	for i, part := range n.keys {
		read(part, n.items[i])
	}
	return out
}
