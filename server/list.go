package server

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/cespare/xxhash/v2"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"strata"
	"strata/audience"
	"strata/compute"
	"strata/define"
	"strata/measure"
)

// listCursor is where a page of a list ended. The list stays as of its first
// page's instant.
type listCursor struct {
	Filter uint64            // hash
	AsOf   strata.Instant    //
	After  strata.CustomerID // the last one shown
}

func (f Filter) hash() uint64 {
	f.AsOf = AsOf{}
	return xxhash.Sum64String(fmt.Sprintf("%q", f))
}

func (c *console) customers(ctx context.Context, r *listRequest) (CustomerPage, error) {
	cursor := listCursor{Filter: r.hash()}
	if err := readCursor(r.Cursor, &cursor); err != nil {
		return CustomerPage{}, err
	}
	if cursor.Filter != r.hash() {
		return CustomerPage{}, badCursor()
	}
	var a *compute.Answer
	var err error
	if cursor.AsOf != 0 {
		a, err = c.atInstant(ctx, cursor.AsOf)
	} else {
		a, err = c.at(ctx, r.AsOf)
	}
	if err != nil {
		return CustomerPage{}, err
	}
	set, err := c.filtered(ctx, a, r.Filter)
	if err != nil {
		return CustomerPage{}, err
	}
	trade, err := c.portrait(ctx, a)
	if err != nil {
		return CustomerPage{}, err
	}
	page := CustomerPage{AsOf: c.time(a.AsOf), Total: int(set.GetCardinality()), Items: []CustomerItem{}}
	numbers, more := audience.Page(set, cursor.After, r.Limit)
	for _, n := range numbers {
		item, err := c.item(a, trade, n)
		if err != nil {
			return CustomerPage{}, err
		}
		page.Items = append(page.Items, item)
	}
	if more {
		page.Next = writeCursor(listCursor{Filter: r.hash(), AsOf: a.AsOf, After: numbers[len(numbers)-1]})
	}
	return page, nil
}

// item is a customer's line in a list.
func (c *console) item(a *compute.Answer, trade *portrait, n strata.CustomerID) (CustomerItem, error) {
	p, err := c.person(n)
	if err != nil {
		return CustomerItem{}, err
	}
	item := CustomerItem{
		ID: p.id, Name: p.name(), PhoneMasked: p.phone(), MemberLevel: p.text(levelAttribute), HomeStore: p.text(storeAttribute),
		ResponsibleStaff: p.text(staffAttribute), RegisteredOn: p.text(registeredAttribute), Levels: []LevelBrief{},
	}
	item.Orders, item.Spend = int(trade.orders.Get(n).Int), c.amount(trade.spend.Get(n))
	item.LastOrderAt = c.timeOrNull(strata.Instant(trade.lastOrder.Get(n).Int))
	for _, name := range slices.Sorted(maps.Keys(a.Tiers)) {
		if id, i := a.Tiers[name].Get(n); i >= 0 {
			tier := a.Set.Tiers[name]
			item.Levels = append(item.Levels, LevelBrief{Tier: name, Title: named(tier.Name, name), Level: id, Name: levelName(tier, id)})
		}
	}
	return item, nil
}

// filtered is everyone for whom all of the filter holds.
func (c *console) filtered(ctx context.Context, a *compute.Answer, f Filter) (*roaring.Bitmap, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	set := a.Everyone.Clone()
	if f.Segment != "" {
		members, ok := a.Segments[f.Segment]
		if !ok {
			return nil, unknown("query.segment", "segment", f.Segment, maps.Keys(a.Segments))
		}
		set.And(members)
	}
	if f.Tier != "" {
		levels, ok := a.Tiers[f.Tier]
		if !ok {
			return nil, unknown("query.tier", "tier", f.Tier, maps.Keys(a.Tiers))
		}
		for field, level := range map[string]string{"query.level": f.Level, "query.moved_from": f.MovedFrom, "query.moved_to": f.MovedTo} {
			if level != "" && level != measure.None && !slices.Contains(levels.IDs, level) {
				return nil, unknown(field, "level", level, slices.Values(levels.IDs))
			}
		}
		if f.Level != "" {
			set = keep(set, levels, f.Level)
		}
		if f.Since != "" {
			since, err := c.instant("query.since", f.Since)
			if err != nil {
				return nil, err
			}
			before, after, err := c.movedBy(ctx, a, f, since)
			if err != nil {
				return nil, err
			}
			set = keep(keep(set, before, f.MovedFrom), after, f.MovedTo)
		}
	}
	if f.Tag != "" {
		column, ok := a.Tags[f.Tag]
		if !ok {
			return nil, unknown("query.tag", "tag", f.Tag, maps.Keys(a.Tags))
		}
		set = column.Where(set, func(v strata.Value) bool { return holds(v, f.Value) })
	}
	if strings.TrimSpace(f.Search) != "" {
		found, err := c.Identity.Search(f.Search, int(c.Identity.Last())+1)
		if err != nil {
			return nil, err
		}
		if number, err := c.find(strings.TrimSpace(f.Search)); err == nil {
			found = append(found, number)
		}
		byName, err := c.named(ctx, f.Search)
		if err != nil {
			return nil, err
		}
		hits := roaring.New()
		for _, n := range append(found, byName...) {
			hits.Add(uint32(n))
		}
		set.And(hits)
	}
	return set, nil
}

// movedBy are the levels of a filter's tier since then and at the answer, by
// the cut points that the filter names.
func (c *console) movedBy(ctx context.Context, a *compute.Answer, f Filter, since strata.Instant) (before, after *audience.Levels, err error) {
	if f.Cuts != frozenCuts && f.Cuts != ownCuts {
		was, err := c.Engine.AtAs(ctx, since, a.AsOf)
		if err != nil {
			return nil, nil, err
		}
		if was.Tiers[f.Tier] == nil {
			return nil, nil, unknown("query.tier", "tier", f.Tier, maps.Keys(was.Tiers))
		}
		return was.Tiers[f.Tier], a.Tiers[f.Tier], nil
	}
	key := migrationOf{f.Tier, since, a.AsOf, a.Commits, a.Version}
	m, err := c.migrations.get(ctx, key, func(ctx context.Context) (*compute.Migration, error) {
		return c.Engine.Migrate(ctx, f.Tier, since, a.AsOf)
	})
	if err != nil {
		return nil, nil, err
	}
	if f.Cuts == ownCuts {
		return m.Before, m.Own, nil
	}
	return m.Before, m.Frozen, nil
}

// check refuses filters that need another one.
func (f Filter) check() error {
	moved := f.MovedFrom != "" || f.MovedTo != "" || f.Since != ""
	switch {
	case f.Tier == "" && f.Level != "":
		return invalid("query.level", "a level belongs to a tier", "give tier too")
	case f.Tier == "" && moved:
		return invalid("query.tier", "moves are those of a tier", "give tier, moved_from, moved_to and since together")
	case moved && (f.MovedFrom == "" || f.MovedTo == "" || f.Since == ""):
		return invalid("query.moved_from", "a move needs both levels and a date", "give moved_from, moved_to and since together; - is no level")
	case f.Tag == "" && f.Value != "":
		return invalid("query.value", "a value belongs to a tag", "give tag too")
	}
	return nil
}

func unknown(field, kind, name string, known func(func(string) bool)) error {
	names := slices.Sorted(known)
	hint := "there is none"
	if len(names) > 0 {
		hint = "one of: " + strings.Join(names[:min(len(names), 20)], ", ")
	}
	return &strata.Error{Code: strata.NotFound, Field: field, Message: fmt.Sprintf("there is no %s %q", kind, name), Hint: hint}
}

// keep returns those of the set at a level; measure.None = at none.
func keep(set *roaring.Bitmap, levels *audience.Levels, level string) *roaring.Bitmap {
	if level == measure.None {
		return roaring.AndNot(set, levels.Holders())
	}
	return roaring.And(set, levels.Members(level))
}

// holds reports whether a tag's value is the one written, or there when
// nothing is written. A list holds each of its texts.
func holds(v strata.Value, text string) bool {
	switch {
	case v.IsMissing():
		return false
	case text == "":
		return true
	case v.Kind == strata.List:
		return slices.Contains(v.Texts(), text)
	case v.Kind == strata.Number || v.Kind == strata.Money:
		n, ok := strata.ParseDecimal(text, v.Scale)
		return ok && n == v.Int
	}
	return v.String() == text
}

// utf8Mark makes spreadsheet programs read the file as UTF-8.
const utf8Mark = "\uFEFF"

// export writes the whole list of a filter as CSV. What is wrong with the
// request is told before the first byte; the audit has its entry by then.
func (c *console) export(ctx context.Context, r *exportRequest) (func(huma.Context), error) {
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return nil, err
	}
	set, err := c.filtered(ctx, a, r.Filter)
	if err != nil {
		return nil, err
	}
	trade, err := c.portrait(ctx, a)
	if err != nil {
		return nil, err
	}
	detail := struct {
		Customers uint64    `json:"customers"`
		AsOf      time.Time `json:"as_of"`
	}{set.GetCardinality(), c.time(a.AsOf)}
	if err := c.record(ctx, who(ctx).Name, actionExport, r.words(), detail); err != nil {
		return nil, err
	}
	return func(hc huma.Context) {
		name := "customers-" + c.time(a.AsOf).Format("20060102-150405") + ".csv"
		hc.SetHeader("Content-Type", "text/csv; charset=utf-8")
		hc.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		hc.SetStatus(http.StatusOK)
		_, w := humachi.Unwrap(hc)
		if err := c.writeCSV(hc.Context(), w, a, trade, set, r.Language); err != nil {
			c.Logger.Error("an export ended early", "error", err)
			panic(http.ErrAbortHandler) // so that the browser sees a broken file
		}
	}, nil
}

// words is the filter as it stands in the audit.
func (f Filter) words() string {
	words := url.Values{}
	for name, value := range map[string]string{
		"search": f.Search, "segment": f.Segment, "tier": f.Tier, "level": f.Level, "moved_from": f.MovedFrom, "moved_to": f.MovedTo,
		"since": f.Since, "tag": f.Tag, "value": f.Value, "as_of": f.AsOf.AsOf, "cuts": map[bool]string{true: f.Cuts}[f.Since != ""],
	} {
		if value != "" {
			words.Set(name, value)
		}
	}
	if len(words) == 0 {
		return "everyone"
	}
	text, err := url.QueryUnescape(words.Encode())
	if err != nil {
		return words.Encode()
	}
	return text
}

// The columns of an export before those of the tiers.
var exportColumns = []Text2{
	{Zh: "客户号", En: "Customer"}, {Zh: "姓名", En: "Name"}, {Zh: "手机号", En: "Phone"}, {Zh: "会员等级", En: "Member level"},
	{Zh: "归属门店", En: "Home store"}, {Zh: "归属员工", En: "Responsible staff"}, {Zh: "注册日期", En: "Registered on"},
	{Zh: "最近下单", En: "Last order"}, {Zh: "订单数", En: "Orders"}, {Zh: "累计消费", En: "Spend"},
}

func (c *console) writeCSV(ctx context.Context, to io.Writer, a *compute.Answer, trade *portrait, set *roaring.Bitmap, language string) error {
	in := func(t Text2) string { return define.Text2(t).In(language) }
	tiers := slices.Sorted(maps.Keys(a.Tiers))
	var row []string
	for _, t := range exportColumns {
		row = append(row, in(t))
	}
	for _, name := range tiers {
		row = append(row, in(named(a.Set.Tiers[name].Name, name)))
	}
	if _, err := io.WriteString(to, utf8Mark); err != nil {
		return err
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true
	if err := w.Write(harmless(row)); err != nil {
		return err
	}
	for it := set.Iterator(); it.HasNext(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		item, err := c.item(a, trade, strata.CustomerID(it.Next()))
		if err != nil {
			return err
		}
		last := ""
		if item.LastOrderAt != nil {
			last = item.LastOrderAt.Format("2006-01-02 15:04:05")
		}
		row = append(row[:0], item.ID, item.Name, item.PhoneMasked, item.MemberLevel, item.HomeStore, item.ResponsibleStaff,
			item.RegisteredOn, last, fmt.Sprint(item.Orders), item.Spend)
		for _, name := range tiers {
			level := ""
			for _, l := range item.Levels {
				if l.Tier == name {
					level = in(l.Name)
				}
			}
			row = append(row, level)
		}
		if err := w.Write(harmless(row)); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// harmless puts an apostrophe before every cell that a spreadsheet program
// would take for a formula. Plain numbers stay numbers.
func harmless(row []string) []string {
	for i, cell := range row {
		if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			continue
		}
		if _, number := strata.ParseDecimal(cell, 6); number && cell[0] == '-' {
			continue
		}
		row[i] = "'" + cell
	}
	return row
}
