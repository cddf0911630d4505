package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
	"strata/audience"
	"strata/compute"
	"strata/define"
	"strata/measure"
)

// mostBins is how many values of a tag are told apart.
const mostBins = 12

func (c *console) sentences() define.SentenceOptions {
	return define.SentenceOptions{Zone: c.zone, WeekStart: c.settings.WeekStart}
}

func (c *console) segments(ctx context.Context, r *asOfRequest) ([]SegmentInfo, error) {
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return nil, err
	}
	trend, err := c.trend(ctx, a)
	if err != nil {
		return nil, err
	}
	out := []SegmentInfo{}
	for _, name := range slices.Sorted(maps.Keys(a.Segments)) {
		out = append(out, c.segmentInfo(a, name, trend[name]))
	}
	return out, nil
}

func (c *console) segmentInfo(a *compute.Answer, name string, trend []int) SegmentInfo {
	segment, count := a.Set.Segments[name], int(a.Segments[name].GetCardinality())
	info := SegmentInfo{
		Name: name, Title: named(segment.Name, name), Description: text2(segment.Description), Sentence: text2(a.Set.SegmentSentence(segment, c.sentences())),
		Count: count, Share: part(count, int(a.Everyone.GetCardinality())), Trend: []DayCount{},
	}
	today := c.dayOf(a).number
	for i, n := range trend {
		info.Trend = append(info.Trend, DayCount{Date: dateText(today - int64(len(trend)-i)), Count: n})
	}
	if len(trend) > 0 {
		info.Change30d = count - trend[0]
	}
	info.Trend = append(info.Trend, DayCount{Date: dateText(today), Count: count})
	return info
}

func (c *console) segment(ctx context.Context, r *nameRequest) (SegmentDetail, error) {
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return SegmentDetail{}, err
	}
	segment, ok := a.Set.Segments[r.Name]
	if !ok || a.Segments[r.Name] == nil {
		return SegmentDetail{}, unknown("path.name", "segment", r.Name, maps.Keys(a.Segments))
	}
	trend, err := c.trend(ctx, a)
	if err != nil {
		return SegmentDetail{}, err
	}
	d := SegmentDetail{SegmentInfo: c.segmentInfo(a, r.Name, trend[r.Name]), AsOf: c.time(a.AsOf), Owner: segment.Owner, Purpose: segment.Purpose}
	ref := define.Ref{Kind: "segment", Name: r.Name}
	d.Uses, d.UsedBy = relations(a.Set, ref)
	d.YAML, err = yamlOf(a.Set, ref)
	return d, err
}

func (c *console) tags(ctx context.Context, r *asOfRequest) ([]TagInfo, error) {
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return nil, err
	}
	return c.allTags.get(ctx, viewOf(a), func(context.Context) ([]TagInfo, error) {
		out := []TagInfo{}
		for _, name := range slices.Sorted(maps.Keys(a.Tags)) {
			out = append(out, c.tagInfo(a, name))
		}
		return out, nil
	})
}

func (c *console) tagInfo(a *compute.Answer, name string) TagInfo {
	tag, column := a.Set.Tags[name], a.Tags[name]
	have := column.Len()
	info := TagInfo{
		Name: name, Title: named(tag.Name, name), Description: text2(tag.Description), Class: tag.Class, Category: tag.Category,
		Sentence: text2(a.Set.TagSentence(tag, c.sentences())), HaveValue: have, Coverage: part(have, int(a.Everyone.GetCardinality())),
		Distribution: []ValueBin{},
	}
	for _, b := range measure.Distribution(column, a.Everyone, mostBins, valueOrder(a.Set, tag), c.zone) {
		info.Distribution = append(info.Distribution, c.bin(a.Set, tag, b))
	}
	return info
}

// valueOrder is the order in which a tag's definition names its values.
func valueOrder(set *define.Set, tag define.Tag) []string {
	switch v := tag.Value.(type) {
	case define.Bands:
		return v.Labels
	case define.Rules:
		var out []string
		for _, r := range v.Rules {
			out = append(out, r.Name.String())
		}
		return append(out, v.Otherwise.String())
	case define.Grid:
		return slices.Concat(v.Cells...)
	case define.AttributeValue:
		return set.Catalogue.Attributes[v.Attribute].Type.Values
	case define.TierValue:
		var out []string
		for _, l := range set.Tiers[v.Tier].Levels {
			out = append(out, l.ID)
		}
		return out
	}
	return nil
}

func (c *console) bin(set *define.Set, tag define.Tag, b measure.Bin) ValueBin {
	out := ValueBin{Count: b.Count}
	switch {
	case b.Rest:
		out.Label = Text2{Zh: "其他", En: "Others"}
	case b.From.IsMissing() && b.To.IsMissing():
		out.Label, out.Value = c.tagText(set, tag, b.Value), b.Value.String()
	case b.From.Kind == strata.Date || b.To.Kind == strata.Date:
		out.Label = dateRange(b.From, b.To)
	case b.From.IsMissing():
		out.Label = same("< " + short(b.To))
	case b.To.IsMissing():
		out.Label = same("≥ " + short(b.From))
	case b.To.Kind == strata.Number && b.To.Scale == 0:
		out.Label = same(short(b.From) + " – " + short(strata.NumberOf(b.To.Int-1, 0))) // whole numbers
	default:
		out.Label = same(short(b.From) + " – " + short(b.To))
	}
	return out
}

// short prints the edge of a range without digits that say nothing.
func short(v strata.Value) string {
	return strconv.FormatFloat(v.Float64(), 'f', -1, 64)
}

// dateRange names whole months, quarters or years.
func dateRange(from, to strata.Value) Text2 {
	end := time.Unix(to.Int*86400, 0).UTC()
	if from.IsMissing() {
		return Text2{Zh: end.Format("2006-01") + " 之前", En: "before " + end.Format("2006-01")}
	}
	start := time.Unix(from.Int*86400, 0).UTC()
	switch months := (end.Year()-start.Year())*12 + int(end.Month()) - int(start.Month()); months {
	case 12:
		return same(start.Format("2006"))
	case 3:
		return same(fmt.Sprintf("%d Q%d", start.Year(), (int(start.Month())+2)/3))
	}
	return same(start.Format("2006-01"))
}

func (c *console) tag(ctx context.Context, r *nameRequest) (TagDetail, error) {
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return TagDetail{}, err
	}
	tag, ok := a.Set.Tags[r.Name]
	if !ok || a.Tags[r.Name] == nil {
		return TagDetail{}, unknown("path.name", "tag", r.Name, maps.Keys(a.Tags))
	}
	ref := define.Ref{Kind: "tag", Name: r.Name}
	d := TagDetail{TagInfo: c.tagInfo(a, r.Name), AsOf: c.time(a.AsOf), Owner: tag.Owner, Purpose: tag.Purpose, Calibration: c.calibration(a, ref)}
	d.Uses, d.UsedBy = relations(a.Set, ref)
	d.YAML, err = yamlOf(a.Set, ref)
	return d, err
}

// calibration is the thresholds in force; nil for a definition without any.
func (c *console) calibration(a *compute.Answer, ref define.Ref) *CalibrationInfo {
	k, ok := a.Calibrations[ref]
	if !ok {
		return nil
	}
	info := calibrationInfo(k, c.zone)
	return &info
}

// The kinds of tiers, for the console.
const (
	gridKind  = "rfm_grid"
	eightKind = "rfm_eight"
	threeKind = "rfm_three"
	rulesKind = "rules"
)

func kindOf(t define.Tier) string {
	if t.RFM == nil {
		return rulesKind
	}
	return cmp.Or(map[string]string{"grid": gridKind, "three": threeKind}[t.RFM.Classes], eightKind)
}

func (c *console) tiers(ctx context.Context, r *asOfRequest) ([]TierInfo, error) {
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return nil, err
	}
	out := []TierInfo{}
	for _, name := range slices.Sorted(maps.Keys(a.Tiers)) {
		out = append(out, c.tierInfo(a, name))
	}
	return out, nil
}

func (c *console) tierInfo(a *compute.Answer, name string) TierInfo {
	tier := a.Set.Tiers[name]
	_, people := levelCounts(a.Tiers[name])
	return TierInfo{
		Name: name, Title: named(tier.Name, name), Description: text2(tier.Description), Sentence: text2(a.Set.TierSentence(tier, c.sentences())),
		Kind: kindOf(tier), LevelCount: len(tier.Levels), Customers: people, Calibration: c.calibration(a, define.Ref{Kind: "tier", Name: name}),
	}
}

func (c *console) tier(ctx context.Context, r *nameRequest) (TierDetail, error) {
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return TierDetail{}, err
	}
	tier, ok := a.Set.Tiers[r.Name]
	if !ok || a.Tiers[r.Name] == nil {
		return TierDetail{}, unknown("path.name", "tier", r.Name, maps.Keys(a.Tiers))
	}
	trade, err := c.portrait(ctx, a)
	if err != nil {
		return TierDetail{}, err
	}
	weights, all := measure.Weigh(a.Tiers[r.Name], trade.sales)
	ref := define.Ref{Kind: "tier", Name: r.Name}
	d := TierDetail{
		TierInfo: c.tierInfo(a, r.Name), AsOf: c.time(a.AsOf), Sales: c.amount(all.Sales), Headline: headline(tier, weights),
		Levels: []LevelDetail{}, Owner: tier.Owner, Purpose: tier.Purpose,
	}
	d.Uses, d.UsedBy = relations(a.Set, ref)
	for i, l := range tier.Levels {
		w := weights[i]
		n := w.People.GetCardinality()
		detail := LevelDetail{
			ID: l.ID, Name: named(l.Name, l.ID), Meaning: text2(l.Meaning), Advice: text2(l.Advice), Goal: l.Goal, Service: l.Service, NoAction: l.NoAction,
			Count: int(n), Share: w.Share, Sales: c.amount(w.Sales), SalesShare: w.SalesShare, ValuePerHead: c.amount(measure.PerHead(w.Sales, int64(n))),
		}
		if d.Kind == gridKind {
			detail.Cells = []CellAt{}
			for _, cell := range cellsOf(*tier.RFM) {
				if cell.level == l.ID {
					detail.Cells = append(detail.Cells, CellAt{R: cell.r, F: cell.f})
				}
			}
		}
		d.Levels = append(d.Levels, detail)
	}
	if d.Kind == gridKind {
		if d.Grid, err = c.grid(ctx, a, r.Name, trade.sales); err != nil {
			return TierDetail{}, err
		}
	}
	d.YAML, err = yamlOf(a.Set, ref)
	return d, err
}

// headline says in one sentence where the sales come from.
func headline(t define.Tier, weights []measure.Weight) Text2 {
	w, ok := measure.Telling(weights)
	if !ok {
		return Text2{Zh: "各层级的销售额占比与人数占比相近", En: "No level brings a larger share of sales than of customers"}
	}
	name, people, sales := levelName(t, w.Level), percent(w.Share), percent(w.SalesShare)
	return Text2{
		Zh: people + " 的客户（" + name.Zh + "）贡献了 " + sales + " 的销售额",
		En: people + " of customers (" + name.En + ") bring " + sales + " of sales",
	}
}

// percent prints a share as whole percent, and with a digit more below one.
func percent(share float64) string {
	digits := 0
	if share < 0.0095 {
		digits = 1
	}
	return strconv.FormatFloat(share*100, 'f', digits, 64) + " %"
}

// cell is one pair of scores of a grid.
type cell struct {
	r, f  int
	level string
}

// cellsOf is every pair of scores that the grid names, by r and f; of two
// entries that hold a pair the first counts.
func cellsOf(x define.RFM) []cell {
	var out []cell
	rows, columns := 0, 0
	for _, g := range x.Grid {
		rows, columns = max(rows, g.RTo), max(columns, g.FTo)
	}
	for r := 1; r <= rows; r++ {
		for f := 1; f <= columns; f++ {
			i := slices.IndexFunc(x.Grid, func(g define.GridCell) bool { return r >= g.RFrom && r <= g.RTo && f >= g.FFrom && f <= g.FTo })
			if i >= 0 {
				out = append(out, cell{r, f, x.Grid[i].Level})
			}
		}
	}
	return out
}

type gridOf struct {
	view
	tier string
}

// gridAnswer is who has which pair of scores.
type gridAnswer struct {
	cells  []cell
	people []*roaring.Bitmap // by cell
}

// grid splits a tier's levels into pairs of scores: the same tier with a
// level for each pair, evaluated with the calibrations in force.
func (c *console) grid(ctx context.Context, a *compute.Answer, name string, sales *audience.Column) (*TierGrid, error) {
	got, err := c.grids.get(ctx, gridOf{viewOf(a), name}, func(ctx context.Context) (*gridAnswer, error) {
		set := a.Set.Only(define.Ref{Kind: "tier", Name: name})
		fine := set.Tiers[name]
		rfm := *fine.RFM
		g := &gridAnswer{cells: cellsOf(rfm)}
		fine.Levels, rfm.Grid = nil, nil
		for _, at := range g.cells {
			id := fmt.Sprintf("r%df%d", at.r, at.f)
			fine.Levels = append(fine.Levels, define.Level{ID: id})
			rfm.Grid = append(rfm.Grid, define.GridCell{Level: id, RFrom: at.r, RTo: at.r, FFrom: at.f, FTo: at.f})
		}
		fine.RFM = &rfm
		set.Tiers[name] = fine
		table, err := c.Engine.Evaluate(ctx, set, a.AsOf)
		if err != nil {
			return nil, fmt.Errorf("evaluating the cells of %s: %w", name, err)
		}
		for _, l := range fine.Levels {
			g.people = append(g.people, table.Tiers[name].Members(l.ID))
		}
		return g, nil
	})
	if err != nil {
		return nil, err
	}
	grid := &TierGrid{Rows: []int{}, Columns: []int{}, Cells: []GridCell{}}
	for i, at := range got.cells {
		if !slices.Contains(grid.Rows, at.r) {
			grid.Rows = append(grid.Rows, at.r)
		}
		if !slices.Contains(grid.Columns, at.f) {
			grid.Columns = append(grid.Columns, at.f)
		}
		people := got.people[i]
		grid.Cells = append(grid.Cells, GridCell{R: at.r, F: at.f, Level: at.level, Count: int(people.GetCardinality()), Sales: c.amount(measure.Sum(sales, people))})
	}
	slices.Sort(grid.Rows)
	slices.Sort(grid.Columns)
	return grid, nil
}

func (c *console) moves(ctx context.Context, r *movesRequest) (Migration, error) {
	from, err := c.instant("query.from", r.From)
	if err != nil {
		return Migration{}, err
	}
	to, err := c.at(ctx, AsOf{})
	if r.To != "" && err == nil {
		var at strata.Instant
		if at, err = c.instant("query.to", r.To); err == nil {
			to, err = c.atInstant(ctx, at)
		}
	}
	if err != nil {
		return Migration{}, err
	}
	if from >= to.AsOf {
		return Migration{}, invalid("query.from", "the first date is not before the second", "write an earlier date")
	}
	before, err := c.Engine.AtAs(ctx, from, to.AsOf)
	if err != nil {
		return Migration{}, err
	}
	if to.Tiers[r.Name] == nil || before.Tiers[r.Name] == nil {
		return Migration{}, unknown("path.name", "tier", r.Name, maps.Keys(to.Tiers))
	}
	m, err := measure.Migrate(before.Tiers[r.Name], to.Tiers[r.Name])
	if err != nil {
		return Migration{}, err
	}
	return Migration{
		From: c.time(from), To: c.time(to.AsOf), Levels: m.Levels, Matrix: m.Matrix,
		Entered: m.Entered, Left: m.Left, Stayed: m.Stayed, Up: m.Up, Down: m.Down, People: m.People(),
	}, nil
}
