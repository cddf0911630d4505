package server

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
	"strata/audience"
	"strata/define"
	"strata/publish"
)

// draftName is what a text from the console is called in messages.
const draftName = "text"

// planSamples is how many of those who enter or leave are named.
const planSamples = 5

func (c *console) checkDraft(ctx context.Context, r *draftRequest) (DraftCheck, error) {
	a, err := c.at(ctx, AsOf{r.Body.AsOf})
	if err != nil {
		return DraftCheck{}, err
	}
	out := DraftCheck{Errors: []DraftProblem{}, Warnings: []DraftProblem{}, Definitions: []DraftDefinition{}}
	d, err := c.Publisher.Draft(ctx, draftName, []byte(r.Body.YAML), who(ctx).Name)
	if wrong := problemsOf(err); len(wrong) > 0 {
		for _, e := range wrong {
			out.Errors = append(out.Errors, place(r.Body.YAML, e.Field, e.Message, e.Hint))
		}
		return out, nil
	}
	if err != nil {
		return DraftCheck{}, err
	}
	out.OK = true
	out.Warnings = warningsOf(d)
	for _, ref := range d.Refs() {
		out.Definitions = append(out.Definitions, DraftDefinition{
			Kind: ref.Kind, Name: ref.Name, Title: titleOf(d.Set, ref), Sentence: sentence(d.Set, ref, c.dated(a.AsOf)), Change: string(d.Change(ref)),
		})
	}
	return out, nil
}

func warningsOf(d *publish.Draft) []DraftProblem {
	out := []DraftProblem{}
	for _, w := range d.Warnings {
		out = append(out, place(string(d.Text), w.Field, w.Message, w.Hint))
	}
	return out
}

// problemsOf are the parts of an error that say what is wrong with a text of
// definitions; none where the error is another.
func problemsOf(err error) []*strata.Error {
	all := define.Errors(err)
	for _, e := range all {
		if e.Code != strata.Invalid && e.Code != strata.Unsupported {
			return nil
		}
	}
	return all
}

// Where a problem of a draft lies: text:12: segments.loyal.where, a path
// alone, or published: with a path.
var placed = regexp.MustCompile(`^` + draftName + `(?::(\d+))?(?:: )?(.*)$`)

// place turns the field of an error into a line, a column and a path. The
// column is that of the last key of the path in the line; 0 where it is not
// found.
func place(text, field, message, hint string) DraftProblem {
	p := DraftProblem{Path: field, Message: message, Hint: hint}
	if m := placed.FindStringSubmatch(field); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Path = m[2]
	}
	if p.Line == 0 {
		p.Line = lineOf(text, p.Path)
	}
	if lines := strings.Split(text, "\n"); p.Line >= 1 && p.Line <= len(lines) {
		p.Column = columnOf(lines[p.Line-1], p.Path)
	}
	return p
}

// lineOf is the line on which a definition such as segments.loyal begins, 0
// where it is not in the text as a block.
func lineOf(text, path string) int {
	keys := strings.Split(path, ".")
	if len(keys) < 2 {
		return 0
	}
	section := false
	for i, line := range strings.Split(text, "\n") {
		indented := line != strings.TrimLeft(line, " ")
		switch key, isKey := keyOf(line); {
		case isKey && !indented:
			section = key == keys[0]
		case isKey && section && key == keys[1]:
			return i + 1
		}
	}
	return 0
}

func keyOf(line string) (string, bool) {
	key, _, found := strings.Cut(line, ":")
	return strings.Trim(strings.TrimSpace(key), `"'`), found
}

func columnOf(line, path string) int {
	last := path[strings.LastIndex(path, ".")+1:]
	last, _, _ = strings.Cut(last, "[")
	at := strings.Index(line, last)
	if last == "" || at < 0 {
		at = len(line) - len(strings.TrimLeft(line, " "))
	}
	return utf8.RuneCountInString(line[:at]) + 1
}

func (c *console) preview(ctx context.Context, r *draftRequest) (PlanInfo, error) {
	if err := mayPublish(who(ctx)); err != nil {
		return PlanInfo{}, err
	}
	a, err := c.at(ctx, AsOf{r.Body.AsOf})
	if err != nil {
		return PlanInfo{}, err
	}
	d, err := c.Publisher.Draft(ctx, draftName, []byte(r.Body.YAML), who(ctx).Name)
	if err != nil {
		return PlanInfo{}, wrongDraft(r.Body.YAML, err)
	}
	if len(d.Refs()) == 0 {
		return PlanInfo{}, invalid("body.yaml", "the text defines nothing", "write at least one of catalogue, tags, segments, tiers")
	}
	p, err := c.Publisher.Plan(ctx, d, a.AsOf)
	if err != nil {
		return PlanInfo{}, err
	}
	info := PlanInfo{Plan: p.ID, AsOf: c.time(p.AsOf), Warnings: warningsOf(d)}
	if info.Definitions, err = c.planItems(d, p.Items); err == nil {
		info.Affected, err = c.planItems(d, p.Affected)
	}
	return info, err
}

// wrongDraft is the refusal of a text with everything that is wrong in it.
func wrongDraft(text string, err error) error {
	wrong := problemsOf(err)
	if len(wrong) == 0 {
		return err
	}
	p := problemOf(wrong[0])
	for _, e := range wrong {
		at := place(text, e.Field, e.Message, e.Hint)
		field := "body.yaml"
		if at.Line > 0 {
			field += ":" + strconv.Itoa(at.Line)
		}
		if at.Path != "" {
			field += ": " + at.Path
		}
		p.Problems = append(p.Problems, ProblemDetail{Detail: e.Message, Field: field, Hint: e.Hint})
	}
	p.Field = p.Problems[0].Field
	if len(p.Problems) == 1 {
		p.Problems = nil
	}
	return p
}

func (c *console) planItems(d *publish.Draft, items []publish.Item) ([]PlanItem, error) {
	out := []PlanItem{}
	for _, i := range items {
		item := PlanItem{
			Kind: i.Ref.Kind, Name: i.Ref.Name, Title: titleOf(d.Set, i.Ref), Change: string(i.Change), Before: i.Before, After: i.After,
			Enter: i.Entered.GetCardinality(), Leave: i.Left.GetCardinality(), Changed: i.Changed, Moves: []PlanMove{},
		}
		var err error
		if item.Entered, err = c.briefs(i.Entered); err != nil {
			return nil, err
		}
		if item.Left, err = c.briefs(i.Left); err != nil {
			return nil, err
		}
		was, is := d.Base.Tiers[i.Ref.Name], d.Set.Tiers[i.Ref.Name]
		for _, m := range i.Moves {
			from, to := cmp.Or(m.From, "-"), cmp.Or(m.To, "-")
			item.Moves = append(item.Moves, PlanMove{From: from, FromName: levelName(was, from), To: to, ToName: levelName(is, to), Count: m.Count})
		}
		out = append(out, item)
	}
	return out, nil
}

func (c *console) briefs(set *roaring.Bitmap) ([]CustomerBrief, error) {
	out := []CustomerBrief{}
	numbers, _ := audience.Page(set, 0, planSamples)
	for _, n := range numbers {
		brief, err := c.brief(n)
		if err != nil {
			return nil, err
		}
		out = append(out, brief)
	}
	return out, nil
}

func (c *console) applyPlan(ctx context.Context, r *applyRequest) (Applied, error) {
	account := who(ctx)
	if err := mayPublish(account); err != nil {
		return Applied{}, err
	}
	d, version, err := c.Publisher.ApplyPlan(ctx, r.Body.Plan, account.Name, strata.At(c.Now()))
	var e *strata.Error
	if errors.As(err, &e) && e.Field == "plan" {
		named := *e
		named.Field = "body.plan"
		err = &named
	}
	if d != nil && d.Publishable() != nil {
		return Applied{}, wrongDraft(string(d.Text), err)
	}
	if err != nil {
		return Applied{}, err
	}
	out := Applied{Version: version, Definitions: []DefinitionRef{}}
	var names []string
	for _, ref := range d.Changed() {
		out.Definitions = append(out.Definitions, DefinitionRef{Kind: ref.Kind, Name: ref.Name, Title: titleOf(d.Set, ref)})
		names = append(names, ref.String())
	}
	return out, c.record(ctx, account.Name, actionApply, strings.Join(names, ", "), map[string]any{"plan": r.Body.Plan, "version": version})
}
