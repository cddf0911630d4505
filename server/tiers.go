package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
	"strata/audience"
	"strata/compute"
	"strata/define"
	"strata/measure"
)

// Which cut points a comparison of two dates uses.
const (
	frozenCuts = "frozen"
	ownCuts    = "own"
)

// headingDays is how far the page of a tier looks ahead.
var headingDays = define.Duration{N: 7, Unit: define.Day}

// mostWarned is how many customers are listed on each side of a warning.
const mostWarned = 200

// Watching keeps what is watched of tiers.
type Watching interface {
	// Warnings returns the last recorded change of each warning of a tier, by
	// warning.
	Warnings(ctx context.Context, tier string) (map[string]WarningChanged, error)
	// WarningChanges returns at most limit changes after a number, by number;
	// of one tier where it is named.
	WarningChanges(ctx context.Context, tier string, after uint64, limit int) ([]WarningChanged, error)
	// Reviews returns the reviews of a tier, newest first, and since when the
	// tier has been there.
	Reviews(ctx context.Context, tier string) (reviews []ReviewInfo, since strata.Instant, err error)
	// AddReview keeps one; the audit says so too.
	AddReview(ctx context.Context, tier, account, note string, at strata.Instant) error
}

// NewTierMigration says in words of the API what moved in a tier.
func NewTierMigration(tier string, m *compute.Migration, cuts string, zone *time.Location) (TierMigration, error) {
	x, err := measure.Explain(m.Before, m.Frozen, m.Own)
	if err != nil {
		return TierMigration{}, err
	}
	ref, d := define.Ref{Kind: "tier", Name: tier}, m.Set.Tiers[tier]
	chosen := x.Behaviour
	if cuts == ownCuts {
		chosen = x.Own
	}
	at := func(all map[define.Ref]define.Calibration) CalibrationAt {
		k, ok := all[ref]
		if !ok {
			return CalibrationAt{}
		}
		t := k.At.In(zone)
		return CalibrationAt{Version: k.Version, At: &t}
	}
	rise := chosen.Rise()
	out := TierMigration{
		Tier: tier, Cuts: cuts, From: m.From.In(zone), To: m.To.In(zone), CutsFrom: at(m.Cuts), CutsTo: at(m.CutsTo), SameCuts: m.SameCuts(),
		Matrix: chosen.Matrix, Flows: []MigrationFlow{}, Entered: chosen.Entered, Left: chosen.Left, Stayed: chosen.Stayed,
		Up: chosen.Up, Down: chosen.Down, People: chosen.People(),
		Rise: ShareOf{Count: rise.Up, Of: rise.Of, Share: rise.Share, Low: rise.Low, High: rise.High, Few: rise.Few},
		Explained: MoveReasons{
			Still: x.Still, ByBehaviour: x.ByBehaviour, ByCutsAlone: x.ByCutsAlone, ByBoth: x.ByBoth, MaskedByCuts: x.MaskedByCuts,
			CutsMoved: x.CutsMoved, CutsMovedUp: x.CutsMovedUp, CutsMovedDown: x.CutsMovedDown, Moves: []CutMove{},
			Behaviour: figuresOf(x.Behaviour), Own: figuresOf(x.Own),
		},
	}
	for i, id := range chosen.Levels {
		node := MigrationNode{ID: id, Name: levelName(d, id)}
		for j := range chosen.Levels {
			node.Before += chosen.Matrix[i][j]
			node.After += chosen.Matrix[j][i]
		}
		out.Levels = append(out.Levels, node)
	}
	for _, f := range chosen.Flows() {
		out.Flows = append(out.Flows, MigrationFlow{
			From: f.From, To: f.To, Count: f.Count, Share: f.Share, Low: f.Low, High: f.High, Few: f.Few, Direction: cmp.Or(string(f.Direction), "stayed"),
		})
	}
	for _, mv := range x.CutPoints.Moves() {
		out.Explained.Moves = append(out.Explained.Moves, CutMove{mv.From, mv.To, mv.Count})
	}
	return out, nil
}

func figuresOf(m measure.Migration) ReasonFigures {
	return ReasonFigures{Up: m.Up, Down: m.Down, Stayed: m.Stayed, Entered: m.Entered, Left: m.Left}
}

// migrationOf is what a comparison of two dates is computed from.
type migrationOf struct {
	tier             string
	from, to         strata.Instant
	commits, version uint64
}

// between compares a tier at two dates. Without an end it is until now.
func (c *console) between(ctx context.Context, tier, from, to string) (*compute.Migration, error) {
	begin, err := c.instant("query.from", from)
	if err != nil {
		return nil, err
	}
	now, err := c.now(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := now.Set.Tiers[tier]; !ok {
		return nil, unknown("path.name", "tier", tier, maps.Keys(now.Set.Tiers))
	}
	end := now.AsOf
	if to != "" {
		if end, err = c.instant("query.to", to); err != nil {
			return nil, err
		}
	}
	if begin >= end {
		return nil, invalid("query.from", "the first date is not before the second", "write an earlier date")
	}
	key := migrationOf{tier, begin, end, now.Commits, now.Version}
	return c.migrations.get(ctx, key, func(ctx context.Context) (*compute.Migration, error) {
		return c.Engine.Migrate(ctx, tier, begin, end)
	})
}

func (c *console) migration(ctx context.Context, r *migrationRequest) (TierMigration, error) {
	m, err := c.between(ctx, r.Name, r.From, r.To)
	if err != nil {
		return TierMigration{}, err
	}
	return NewTierMigration(r.Name, m, r.Cuts, c.zone)
}

// Sides are the four figures of a warning.
func Sides(w *compute.Watched) (moved, was, heading, now int) {
	n := func(b *roaring.Bitmap) int { return int(b.GetCardinality()) }
	return n(w.Moved), n(w.Was), n(w.Heading), n(w.At)
}

// NewWarning says a warning in words of the API, but for its customers.
func NewWarning(set *define.Set, tier string, w *compute.Watched, asOf strata.Instant, o define.SentenceOptions, zone *time.Location) WarningInfo {
	d := set.Tiers[tier]
	moved, was, heading, now := Sides(w)
	share := func(k, n int) ShareOf {
		s := ShareOf{Count: k, Of: n, Few: n < define.FewToWarn}
		if s.Low, s.High = measure.Wilson(k, n); n > 0 {
			s.Share = float64(k) / float64(n)
		}
		return s
	}
	sentence := text2(set.WarningSentence(d, w.Warning, o))
	name := sentence
	if w.Warning.Name != (define.Text2{}) {
		name = named(w.Warning.Name, w.Warning.Key())
	}
	return WarningInfo{
		Warning: w.Warning.Key(), Name: name, Sentence: sentence, State: string(w.Warning.State(moved, was, heading, now)),
		Since: w.Since.In(zone), Until: w.Warning.In.Add(asOf, 1, zone).In(zone), Limit: w.Warning.Limit(), From: w.Warning.From, To: w.Warning.To,
		Moved: WarningPart{ShareOf: share(moved, was), Customers: []CustomerBrief{}}, Heading: WarningPart{ShareOf: share(heading, now), Customers: []CustomerBrief{}},
	}
}

func (c *console) warnings(ctx context.Context, r *nameRequest) (TierWarnings, error) {
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return TierWarnings{}, err
	}
	if _, ok := a.Set.Tiers[r.Name]; !ok {
		return TierWarnings{}, unknown("path.name", "tier", r.Name, maps.Keys(a.Set.Tiers))
	}
	watched, err := c.watched.get(ctx, tierAt{r.Name, viewOf(a)}, func(ctx context.Context) ([]compute.Watched, error) {
		return c.Engine.Watch(ctx, r.Name, a.AsOf)
	})
	if err != nil {
		return TierWarnings{}, err
	}
	recorded, err := c.Watching.Warnings(ctx, r.Name)
	if err != nil {
		return TierWarnings{}, err
	}
	out := TierWarnings{Tier: r.Name, AsOf: c.time(a.AsOf), Items: []WarningInfo{}}
	for i := range watched {
		w := &watched[i]
		info := NewWarning(a.Set, r.Name, w, a.AsOf, c.sentences(), c.zone)
		if last, ok := recorded[info.Warning]; ok {
			last = c.changed(last)
			info.Recorded = &last
		}
		for _, side := range []struct {
			of *roaring.Bitmap
			to *WarningPart
		}{{w.Moved, &info.Moved}, {w.Heading, &info.Heading}} {
			numbers, _ := audience.Page(side.of, 0, mostWarned)
			for _, n := range numbers {
				brief, err := c.brief(n)
				if err != nil {
					return TierWarnings{}, err
				}
				side.to.Customers = append(side.to.Customers, brief)
			}
		}
		out.Items = append(out.Items, info)
	}
	return out, nil
}

func (c *console) changed(w WarningChanged) WarningChanged {
	w.AsOf, w.Found = w.AsOf.In(c.zone), w.Found.In(c.zone)
	return w
}

func (c *console) warningChanges(ctx context.Context, r *warningChangesRequest) ([]WarningChanged, error) {
	all, err := c.Watching.WarningChanges(ctx, r.Tier, r.After, r.Limit)
	out := []WarningChanged{}
	for _, w := range all {
		out = append(out, c.changed(w))
	}
	return out, err
}

// tierAt is a tier in an answer.
type tierAt struct {
	tier string
	view view
}

// care is what a tier's owner should know.
func (c *console) care(ctx context.Context, r *nameOnlyRequest) (TierCare, error) {
	a, err := c.now(ctx)
	if err != nil {
		return TierCare{}, err
	}
	tier, ok := a.Set.Tiers[r.Name]
	if !ok || a.Tiers[r.Name] == nil {
		return TierCare{}, unknown("path.name", "tier", r.Name, maps.Keys(a.Tiers))
	}
	trade, err := c.portrait(ctx, a)
	if err != nil {
		return TierCare{}, err
	}
	out := TierCare{Tier: r.Name, AsOf: c.time(a.AsOf), Notes: DesignNotes(a, r.Name, trade.sales), Levels: []LevelCare{}}
	down, err := c.falling.get(ctx, tierAt{r.Name, viewOf(a)}, func(ctx context.Context) (map[string]*roaring.Bitmap, error) {
		return c.Engine.HeadingDown(ctx, r.Name, a.AsOf, headingDays)
	})
	if err != nil {
		return TierCare{}, err
	}
	times, err := TimesAtLevels(c.Live, r.Name, a.AsOf)
	if err != nil {
		return TierCare{}, err
	}
	for _, l := range tier.Levels {
		level := times[l.ID]
		level.ID = l.ID
		if down[l.ID] != nil {
			level.HeadingDown = int(down[l.ID].GetCardinality())
		}
		out.Levels = append(out.Levels, level)
	}
	reviews, since, err := c.Watching.Reviews(ctx, r.Name)
	if err != nil {
		return TierCare{}, err
	}
	out.Review = NewReviewState(tier, reviews, since, strata.At(c.Now()), c.zone)
	return out, nil
}

// NewReviewState says when a tier is to be reviewed.
func NewReviewState(t define.Tier, reviews []ReviewInfo, since, now strata.Instant, zone *time.Location) ReviewState {
	out := ReviewState{Past: []ReviewInfo{}}
	if !t.Review.IsZero() {
		out.Every = t.Review.String()
	}
	for _, v := range reviews {
		v.At = v.At.In(zone)
		out.Past = append(out.Past, v)
	}
	if len(reviews) > 0 {
		since = strata.At(reviews[0].At)
	}
	if due, ok := t.ReviewDue(since, zone); ok {
		at := due.In(zone)
		out.DueAt, out.Overdue = &at, due <= now
	}
	return out
}

// TimesAtLevels are how long customers were at the levels of a tier, by level.
func TimesAtLevels(live *compute.Live, tier string, now strata.Instant) (map[string]LevelCare, error) {
	days, over := map[string][]float64{}, map[string][]bool{}
	err := live.Stays(tier, now, func(s compute.Stay) {
		days[s.Level] = append(days[s.Level], s.Days)
		over[s.Level] = append(over[s.Level], s.Over)
	})
	out := map[string]LevelCare{}
	for level, d := range days {
		l := LevelCare{Stays: len(d)}
		if median, ok := measure.MedianStay(d, over[level]); ok {
			l.MedianDays = &median
		}
		out[level] = l
	}
	return out, err
}

// fewTagged is the coverage below which a tag that a tier stands on is noted.
const fewTagged = 0.5

// DesignNotes are what a tier's designer should look at. sales is each
// customer's turnover.
func DesignNotes(a *compute.Answer, name string, sales *audience.Column) []TierNote {
	tier := a.Set.Tiers[name]
	weights, _ := measure.Weigh(a.Tiers[name], sales)
	var plans []measure.LevelPlan
	for _, l := range tier.Levels {
		advised := l.NoAction || l.Advice != (define.Text2{})
		plans = append(plans, measure.LevelPlan{ID: l.ID, Advised: advised, Sequence: ladder(tier)})
	}
	everyone := int(a.Everyone.GetCardinality())
	notes := []TierNote{}
	for _, n := range measure.Design(plans, weights, everyone) {
		zh, en := n.Words(func(level string) (string, string) {
			words := levelName(tier, level)
			return words.Zh, words.En
		})
		notes = append(notes, TierNote{Kind: string(n.Kind), Level: n.Level, Other: n.Other, Text: Text2{Zh: zh, En: en}})
	}
	for _, ref := range define.Uses(a.Set, define.Ref{Kind: "tier", Name: name}) {
		column := a.Tags[ref.Name]
		if ref.Kind != "tag" || column == nil || everyone == 0 {
			continue
		}
		share := float64(column.Holders().GetCardinality()) / float64(everyone)
		if share >= fewTagged {
			continue
		}
		title := titleOf(a.Set, ref)
		notes = append(notes, TierNote{Kind: "tag_coverage", Other: ref.Name, Text: Text2{
			Zh: fmt.Sprintf("所用标签「%s」只覆盖 %s 的客户", title.Zh, percent(share)),
			En: fmt.Sprintf("the tag “%s” that it stands on has a value for only %s of customers", title.En, percent(share)),
		}})
	}
	return notes
}

// ladder reports whether the levels of a tier are steps of one scale, so that
// sizes should fall and values rise upwards: not those of a grid or of the
// eight classes, which lie side by side, nor those that overlap.
func ladder(t define.Tier) bool {
	return !t.Overlapping && t.Promotion == nil && (t.RFM == nil || t.RFM.Classes == "three")
}

func (c *console) review(ctx context.Context, r *reviewRequest) (ReviewState, error) {
	account, now := who(ctx), strata.At(c.Now())
	if err := mayPublish(account); err != nil {
		return ReviewState{}, err
	}
	set, _, err := c.Definitions.Published(ctx)
	if err != nil {
		return ReviewState{}, err
	}
	tier, ok := set.Tiers[r.Name]
	if !ok {
		return ReviewState{}, unknown("path.name", "tier", r.Name, maps.Keys(set.Tiers))
	}
	if err := c.Watching.AddReview(ctx, r.Name, account.Name, r.Body.Note, now); err != nil {
		return ReviewState{}, err
	}
	reviews, since, err := c.Watching.Reviews(ctx, r.Name)
	if err != nil {
		return ReviewState{}, err
	}
	return NewReviewState(tier, reviews, since, now, c.zone), nil
}

// reminders are the tiers whose review is overdue, by name.
func (c *console) reminders(ctx context.Context, _ *nothing) ([]DefinitionRef, error) {
	set, _, err := c.Definitions.Published(ctx)
	if err != nil {
		return nil, err
	}
	out := []DefinitionRef{}
	for _, name := range slices.Sorted(maps.Keys(set.Tiers)) {
		tier := set.Tiers[name]
		if tier.Review.IsZero() {
			continue
		}
		reviews, since, err := c.Watching.Reviews(ctx, name)
		if err != nil {
			return nil, err
		}
		if NewReviewState(tier, reviews, since, strata.At(c.Now()), c.zone).Overdue {
			out = append(out, DefinitionRef{Kind: "tier", Name: name, Title: named(tier.Name, name)})
		}
	}
	return out, nil
}

// YearSales is everyone's turnover of the 365 days before an instant, by which
// a level's value a head is counted.
func YearSales(ctx context.Context, engine *compute.Engine, catalogue define.Catalogue, at strata.Instant) (*audience.Column, error) {
	set := figureSet(catalogue)
	addTag(set, "sales", orderSum(define.Window{Kind: define.WithinLast, Last: define.Duration{N: yearDays, Unit: define.Day}}))
	got, err := engine.Evaluate(ctx, set, at)
	if err != nil {
		return nil, fmt.Errorf("evaluating the sales of everyone: %w", err)
	}
	return got.Tags["sales"], nil
}
