package server

import (
	"context"
	"fmt"
	"strconv"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
	"strata/audience"
	"strata/compute"
	"strata/define"
	"strata/measure"
)

// The figures of the console are definitions like any other, evaluated by the
// same engine, but not published. They stand on these words of the standard
// vocabulary.
const (
	orderEvent     = "order_paid"
	amountProperty = "amount"
	periodDays     = 30  // of a period, and of the one before it
	yearDays       = 365 // of sales and of repurchase
)

// sentEvents are what the business does; a customer who has only these is not
// active.
var sentEvents = map[string]bool{"message_sent": true, "coupon_issued": true, "order_refunded": true, "wecom_deleted_by_staff": true}

func ordersIn(w define.Window) define.Selection {
	return define.Selection{Events: []string{orderEvent}, Window: w}
}

func orderCount(w define.Window) define.Value {
	return define.Aggregate{Kind: define.Times, Select: ordersIn(w)}
}

func orderSum(w define.Window) define.Value {
	return define.Aggregate{Kind: define.Sum, Select: ordersIn(w), Of: amountProperty}
}

// atLeast is true of those with at least n of the events.
func atLeast(n int64, of define.Selection) define.Condition {
	count := define.Comparison{Op: define.AtLeast, Operands: []define.Operand{{Literal: strata.NumberOf(n, 0)}}}
	return define.EventDid{Select: of, Measure: define.Measure{Kind: define.Times, Test: define.Test{Comparisons: []define.Comparison{count}}}}
}

// days is the window of whole civil days [from, to), in days since 1970.
func (c *console) days(from, to int64) define.Window {
	start := define.TimePoint{At: define.DayStart(from, c.zone), HasAt: true}
	end := define.TimePoint{At: define.DayStart(to, c.zone), HasAt: true}
	return define.Window{Kind: define.BetweenTimes, From: start, To: end}
}

// figureSet is an empty set over the published catalogue.
func figureSet(catalogue define.Catalogue) *define.Set {
	return &define.Set{Catalogue: catalogue, Tags: map[string]define.Tag{}, Segments: map[string]define.Segment{}, Tiers: map[string]define.Tier{}}
}

func addTag(set *define.Set, name string, v define.Value) {
	set.Tags[name] = define.Tag{Header: define.Header{ID: name}, Value: v}
}

func addSegment(set *define.Set, name string, where define.Condition) {
	set.Segments[name] = define.Segment{Header: define.Header{ID: name}, Where: where}
}

// portrait is everyone's trade up to an instant.
type portrait struct {
	orders, spend, lastOrder *audience.Column // ever
	sales                    *audience.Column // of the last 365 days
}

// portrait computes, net of refunds known at the answer's instant: all orders
// and their sum, the time of the last, and the sum of the last 365 days (from
// 00:00 of the day 365 days ago).
func (c *console) portrait(ctx context.Context, a *compute.Answer) (*portrait, error) {
	return c.portraits.get(ctx, viewOf(a), func(ctx context.Context) (*portrait, error) {
		set := figureSet(a.Set.Catalogue)
		ever := define.Window{Kind: define.Ever}
		year := define.Window{Kind: define.WithinLast, Last: define.Duration{N: yearDays, Unit: define.Day}}
		addTag(set, "orders", orderCount(ever))
		addTag(set, "spend", orderSum(ever))
		addTag(set, "last_order", define.Touch{Select: ordersIn(ever)})
		addTag(set, "sales", orderSum(year))
		got, err := c.Engine.Evaluate(ctx, set, a.AsOf)
		if err != nil {
			return nil, fmt.Errorf("evaluating the trade of everyone: %w", err)
		}
		return &portrait{got.Tags["orders"], got.Tags["spend"], got.Tags["last_order"], got.Tags["sales"]}, nil
	})
}

// period is the business over the last 30 whole days and the 30 before.
type period struct {
	day                int64 // the first day after it, in days since 1970
	now, before        trade
	daily              []trade // 60 days, oldest first; only orders and turnover
	newNow, newBefore  int     // whose first event ever lies in it
	active, wereActive int
}

// trade is what was bought in a span of days.
type trade struct {
	turnover, orders strata.Value
	buyers, again    int
}

// repurchase is the repurchase rate (复购率): of the customers who ordered in
// the span, the share who ordered at least twice in the 365 days up to its
// end.
func (t trade) repurchase() strata.Value { return measure.Ratio(float64(t.again), float64(t.buyers)) }

// basket is the basket value (客单价): turnover / orders.
func (t trade) basket() strata.Value { return measure.PerHead(t.turnover, t.orders.Int) }

// period computes the figures of the 30 whole civil days before the answer's
// day, as known at 00:00 of that day.
func (c *console) period(ctx context.Context, a *compute.Answer) (*period, error) {
	key := c.settled(a)
	return c.periods.get(ctx, key, func(ctx context.Context) (*period, error) {
		today, asOf := key.number, define.DayStart(key.number, c.zone)
		set := figureSet(a.Set.Catalogue)
		var own []string // events that are the customer's own doing
		for _, name := range c.Timeline.Dictionary().EventNames() {
			if _, known := set.Catalogue.Events[name]; known && !sentEvents[name] {
				own = append(own, name)
			}
		}
		spans := [2]int64{today, today - periodDays} // ends
		for i, end := range spans {
			n := strconv.Itoa(i)
			window, year := c.days(end-periodDays, end), c.days(end-yearDays, end)
			addTag(set, "turnover"+n, orderSum(window))
			addTag(set, "orders"+n, orderCount(window))
			addSegment(set, "buyers"+n, atLeast(1, ordersIn(window)))
			addSegment(set, "again"+n, define.All{Of: []define.Condition{atLeast(1, ordersIn(window)), atLeast(2, ordersIn(year))}})
			addSegment(set, "new"+n, define.FirstTime{Select: define.Selection{Events: []string{"*"}, Window: window}})
			if len(own) > 0 {
				addSegment(set, "active"+n, atLeast(1, define.Selection{Events: own, Window: window}))
			}
		}
		got, err := c.Engine.Evaluate(ctx, set, asOf)
		if err != nil {
			return nil, fmt.Errorf("evaluating the figures of the period: %w", err)
		}
		size := func(segment string) int {
			if s := got.Segments[segment]; s != nil {
				return int(s.GetCardinality())
			}
			return 0
		}
		trades := [2]trade{}
		for i := range trades {
			n := strconv.Itoa(i)
			trades[i] = trade{
				turnover: measure.Sum(got.Tags["turnover"+n], got.Everyone), orders: measure.Sum(got.Tags["orders"+n], got.Everyone),
				buyers: size("buyers" + n), again: size("again" + n),
			}
		}
		p := &period{day: today, now: trades[0], before: trades[1], newNow: size("new0"), newBefore: size("new1"), active: size("active0"), wereActive: size("active1")}
		p.daily, err = c.daily(ctx, a.Set.Catalogue, got.Everyone, today-2*periodDays, today)
		return p, err
	})
}

// valuesAtOnce bounds the memory of one evaluation for the days: customers
// times columns.
const valuesAtOnce = 3_000_000

// daily is the trade of each of the days [from, to), as known at the end of
// the last, in as few evaluations as memory allows.
func (c *console) daily(ctx context.Context, catalogue define.Catalogue, everyone *roaring.Bitmap, from, to int64) ([]trade, error) {
	people := max(1, int(c.Identity.Last()))
	step := int64(max(1, min(valuesAtOnce/people/2, 1000)))
	var out []trade
	for first := from; first < to; first += step {
		set := figureSet(catalogue)
		last := min(first+step, to)
		for d := first; d < last; d++ {
			n := strconv.FormatInt(d, 10)
			addTag(set, "turnover"+n, orderSum(c.days(d, d+1)))
			addTag(set, "orders"+n, orderCount(c.days(d, d+1)))
		}
		got, err := c.Engine.Evaluate(ctx, set, define.DayStart(to, c.zone))
		if err != nil {
			return nil, fmt.Errorf("evaluating the figures of each day: %w", err)
		}
		for d := first; d < last; d++ {
			n := strconv.FormatInt(d, 10)
			out = append(out, trade{turnover: measure.Sum(got.Tags["turnover"+n], everyone), orders: measure.Sum(got.Tags["orders"+n], everyone)})
		}
	}
	return out, nil
}

// trend is the size of every segment at the start of each of the 30 days
// before the answer's day, oldest first, by name, by the calibrations in force
// now.
func (c *console) trend(ctx context.Context, a *compute.Answer) (map[string][]int, error) {
	key := c.settled(a)
	return c.trends.get(ctx, key, func(ctx context.Context) (map[string][]int, error) {
		var at []strata.Instant
		for d := key.number - periodDays; d < key.number; d++ {
			at = append(at, define.DayStart(d, c.zone))
		}
		sizes, err := c.Engine.Trend(ctx, append(at, a.AsOf)) // the last says which calibrations
		for name, n := range sizes {
			sizes[name] = n[:len(at)]
		}
		return sizes, err
	})
}

// figure is a number beside that of the period before.
func figure(kind string, value, before strata.Value) Figure {
	f := Figure{Kind: kind, Value: decimal(value), Before: decimal(before)}
	change, ok := measure.Change(value, before)
	if kind == shareKind {
		change, ok = measure.Difference(value, before)
	}
	if ok {
		f.Change = &change
	}
	return f
}

// The kinds of figures.
const (
	countKind = "count"
	moneyKind = "money"
	shareKind = "share"
)

func counted(value, before int) Figure {
	return figure(countKind, strata.NumberOf(int64(value), 0), strata.NumberOf(int64(before), 0))
}

// decimal prints a number, shares to six digits; nil where it is missing.
func decimal(v strata.Value) *string {
	if v.IsMissing() {
		return nil
	}
	s := v.String()
	if v.Kind == strata.Float {
		s = strconv.FormatFloat(v.Float64(), 'f', 6, 64)
	}
	return &s
}

// amount prints a sum of money with the currency's digits at least.
func (c *console) amount(v strata.Value) string {
	digits, _ := define.Type{Name: define.TypeMoney}.DecimalScale(c.settings)
	if v.IsMissing() {
		v = strata.NumberOf(0, 0)
	}
	if v.Kind != strata.Float && v.Scale < digits {
		if n, ok := strata.Rescale(v.Int, v.Scale, digits); ok {
			return strata.FormatDecimal(n, digits)
		}
	}
	return v.String()
}
