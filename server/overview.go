package server

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"strata"
	"strata/audience"
	"strata/compute"
	"strata/define"
	"strata/measure"
)

// mostMoves is how many level moves the first page shows.
const mostMoves = 12

func (c *console) overview(ctx context.Context, r *asOfRequest) (Overview, error) {
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return Overview{}, err
	}
	p, err := c.period(ctx, a)
	if err != nil {
		return Overview{}, err
	}
	customers := int(a.Everyone.GetCardinality())
	o := Overview{
		AsOf: c.time(a.AsOf), DataUntil: c.timeOrNull(a.DataUntil), From: dateText(p.day - periodDays), To: dateText(p.day - 1),
		Customers: counted(customers, customers-p.newNow), NewCustomers: counted(p.newNow, p.newBefore), Active: counted(p.active, p.wereActive),
		Turnover:       c.money(p.now.turnover, p.before.turnover),
		Orders:         figure(countKind, p.now.orders, p.before.orders),
		BasketValue:    c.money(p.now.basket(), p.before.basket()),
		RepurchaseRate: figure(shareKind, p.now.repurchase(), p.before.repurchase()),
		Daily:          []Day{}, Tiers: []TierShare{}, Moves: []LevelMove{}, Pins: []PinInfo{},
	}
	for i, t := range p.daily {
		o.Daily = append(o.Daily, Day{Date: dateText(p.day - 2*periodDays + int64(i)), Turnover: c.amount(t.turnover), Orders: int(t.orders.Int)})
	}
	for _, name := range slices.Sorted(maps.Keys(a.Tiers)) {
		o.Tiers = append(o.Tiers, tierShare(a, name))
	}
	if o.Moves, err = c.largestMoves(ctx, a, p.day-periodDays); err != nil {
		return Overview{}, err
	}
	if o.Pins, err = c.pins(ctx); err != nil || c.Outgoing == nil {
		return o, err
	}
	o.Held, err = c.Outgoing.Held(ctx)
	return o, err
}

// money is a figure of an amount, printed with the currency's digits.
func (c *console) money(value, before strata.Value) Figure {
	f := figure(moneyKind, value, before)
	if f.Value != nil {
		*f.Value = c.amount(value)
	}
	if f.Before != nil {
		*f.Before = c.amount(before)
	}
	return f
}

func tierShare(a *compute.Answer, name string) TierShare {
	tier, levels := a.Set.Tiers[name], a.Tiers[name]
	share := TierShare{Name: name, Title: text2(tier.Name), Levels: []LevelShare{}}
	counts, all := levelCounts(levels)
	for i, id := range levels.IDs {
		share.Levels = append(share.Levels, LevelShare{ID: id, Name: levelName(tier, id), Count: counts[i], Share: part(counts[i], all)})
	}
	return share
}

// levelCounts is how many are at each level, and how many at any.
func levelCounts(l *audience.Levels) (counts []int, all int) {
	counts = make([]int, len(l.IDs))
	for i, id := range l.IDs {
		counts[i] = int(l.Members(id).GetCardinality())
	}
	return counts, l.Len()
}

func part(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// levelName is a level's name, and "no level" for measure.None.
func levelName(t define.Tier, id string) Text2 {
	if id == measure.None {
		return Text2{Zh: "无层级", En: "No level"}
	}
	for _, l := range t.Levels {
		if l.ID == id {
			return named(l.Name, id)
		}
	}
	return same(id)
}

// named is a name in both languages, the other language or the id standing in
// where one is missing.
func named(name define.Text2, id string) Text2 {
	return Text2{Zh: cmp.Or(name.In("zh"), id), En: cmp.Or(name.In("en"), id)}
}

// largestMoves compares everyone's levels with those at the beginning of the
// period, since, by the calibrations in force now.
func (c *console) largestMoves(ctx context.Context, a *compute.Answer, since int64) ([]LevelMove, error) {
	before, err := c.earlier.get(ctx, c.settled(a), func(ctx context.Context) (*compute.Answer, error) {
		return c.Engine.AtAs(ctx, define.DayStart(since, c.zone), a.AsOf)
	})
	if err != nil {
		return nil, err
	}
	out := []LevelMove{}
	for _, name := range slices.Sorted(maps.Keys(a.Tiers)) {
		if before.Tiers[name] == nil {
			continue
		}
		m, err := measure.Migrate(before.Tiers[name], a.Tiers[name])
		if err != nil {
			return nil, err
		}
		tier := a.Set.Tiers[name]
		for _, move := range m.Moves() {
			out = append(out, LevelMove{
				Tier: name, TierTitle: named(tier.Name, name), From: move.From, FromName: levelName(tier, move.From),
				To: move.To, ToName: levelName(tier, move.To), Count: move.Count, Direction: string(move.Direction), Since: dateText(since),
			})
		}
	}
	slices.SortStableFunc(out, func(a, b LevelMove) int { return cmp.Compare(b.Count, a.Count) })
	return out[:min(len(out), mostMoves)], nil
}

// pins are the pinned customers that exist.
func (c *console) pins(ctx context.Context) ([]PinInfo, error) {
	pins, err := c.Pins.Pins(ctx)
	if err != nil {
		return nil, err
	}
	out := []PinInfo{}
	for _, p := range pins {
		id, err := c.Identity.ByPublicID(p.Customer)
		if missing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		person, err := c.person(id)
		if err != nil {
			return nil, err
		}
		out = append(out, PinInfo{Customer: person.id, Name: person.name(), Title: p.Title, Note: p.Note})
	}
	return out, nil
}

func dateText(day int64) string { return strata.DateOf(day).String() }
