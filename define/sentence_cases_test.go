package define_test

import (
	"strata"
	"strata/define"
)

func days(n int) define.Duration { return define.Duration{N: n, Unit: define.Day} }
func past(n int, u define.Unit) define.Window {
	return define.Window{Kind: define.WithinLast, Last: define.Duration{N: n, Unit: u}}
}
func word(w string) define.Window   { return define.Window{Kind: define.Calendar, Word: w} }
func text(s string) define.Operand  { return define.Operand{Literal: strata.TextOf(s)} }
func number(n int64) define.Operand { return define.Operand{Literal: strata.NumberOf(n, 0)} }
func yuan(n int64) define.Operand   { return define.Operand{Literal: strata.MoneyOf(n*100, 2)} }
func long(n int) define.Operand     { d := days(n); return define.Operand{Duration: &d} }
func date(s string) define.Operand  { return define.Operand{Time: &define.TimePoint{Date: s}} }
func event(name string, where ...define.PropertyTest) define.Selection {
	return define.Selection{Events: []string{name}, Where: where}
}
func during(s define.Selection, w define.Window) define.Selection { s.Window = w; return s }

func test(op define.Op, operands ...define.Operand) define.Test {
	return define.Test{Comparisons: []define.Comparison{{Op: op, Operands: operands}}}
}
func atLeast(n int64) *define.Test { t := test(define.AtLeast, number(n)); return &t }
func held(n int) *define.Test      { t := test(define.AtLeast, long(n)); return &t }
func prop(name string, op define.Op, operands ...define.Operand) define.PropertyTest {
	return define.PropertyTest{Property: name, Test: test(op, operands...)}
}
func times(op define.Op, operands ...define.Operand) define.Measure {
	return define.Measure{Kind: define.Times, Test: test(op, operands...)}
}
func did(s define.Selection, m define.Measure) define.EventDid {
	return define.EventDid{Select: s, Measure: m}
}
func attribute(name string, op define.Op, operands ...define.Operand) define.AttributeIs {
	return define.AttributeIs{Attribute: name, Test: test(op, operands...)}
}

// shop is a set with enough of everything to be spoken of.
func shop() *define.Set {
	money := define.EventProperty{Type: define.Type{Name: define.TypeMoney}, Name: define.Text2{Zh: "金额", En: "Amount"}}
	plain := func(zh, en string) define.EventProperty {
		return define.EventProperty{Type: define.Type{Name: define.TypeText}, Name: define.Text2{Zh: zh, En: en}}
	}
	attribute := func(t define.TypeName, zh, en string) define.Attribute {
		return define.Attribute{Type: define.Type{Name: t}, Name: define.Text2{Zh: zh, En: en}}
	}
	standard := func(zh, en string, properties map[string]define.EventProperty) define.Event {
		return define.Event{Name: define.Text2{Zh: zh, En: en}, Properties: properties, Standard: true}
	}
	level := attribute(define.TypeChoice, "会员等级", "Member level")
	level.Type.Values, level.Type.Ordered = []string{"银", "金", "钻"}, true
	discount := attribute(define.TypeNumber, "折扣", "Discount")
	discount.Type.Unit = "%"
	return &define.Set{
		Catalogue: define.Catalogue{
			Attributes: map[string]define.Attribute{
				"city":            attribute(define.TypeText, "注册城市", "Registered city"),
				"balance":         attribute(define.TypeMoney, "余额", "Balance"),
				"birthday":        attribute(define.TypeDate, "生日", "Birthday"),
				"registered_on":   attribute(define.TypeDate, "注册日期", "Registration date"),
				"joined_on":       attribute(define.TypeDate, "入会日期", "Joined on"),
				"promised_visit":  attribute(define.TypeTime, "承诺到店时间", "Promised visit"),
				"member":          attribute(define.TypeBoolean, "是否会员", "Member"),
				"likes":           attribute(define.TypeText, "喜好", "Likes"),
				"favourite_brand": attribute(define.TypeText, "常购品牌", "Usual brand"),
				"wecom_groups":    attribute(define.TypeText, "所在社群", "WeCom groups"),
				"member_level":    level,
				"discount":        discount,
			},
			Events: map[string]define.Event{
				"order_paid": standard("支付订单", "Order paid", map[string]define.EventProperty{
					"amount": money, "channel": plain("渠道", "Channel"), "store": plain("门店", "Store"), "promotion": plain("促销", "Promotion"),
				}),
				"item_bought": standard("购买商品", "Item bought", map[string]define.EventProperty{
					"brand": plain("品牌", "Brand"), "category": plain("品类", "Category"), "sku": plain("货号", "SKU"), "amount": money,
				}),
				"site_visited":  standard("访问网站", "Site visited", map[string]define.EventProperty{"channel": plain("渠道", "Channel")}),
				"store_visited": standard("到店", "Store visited", map[string]define.EventProperty{"store": plain("门店", "Store")}),
				"wecom_added":   standard("添加企业微信", "WeCom added", nil),
				"gift_packed":   {Name: define.Text2{Zh: "礼盒包装", En: "Gift packed"}, Properties: map[string]define.EventProperty{"colour": plain("颜色", "Colour")}},
			},
		},
		Tags: map[string]define.Tag{
			"spend_90d": {Header: define.Header{Name: define.Text2{Zh: "近90天消费", En: "Spend of 90 days"}},
				Value: define.Aggregate{Kind: define.Sum, Select: during(event("order_paid"), past(90, define.Day)), Of: "amount"}},
			"orders_90d": {Header: define.Header{Name: define.Text2{Zh: "近90天订单数", En: "Orders of 90 days"}},
				Value: define.Aggregate{Kind: define.Times, Select: during(event("order_paid"), past(90, define.Day))}},
			"spend_level": {Header: define.Header{Name: define.Text2{Zh: "消费能力", En: "Spend level"}}},
		},
		Segments: map[string]define.Segment{"regulars": {Header: define.Header{Name: define.Text2{Zh: "老客", En: "Regulars"}}}},
		Lists:    map[string]define.List{"vip": {Header: define.Header{Name: define.Text2{Zh: "贵宾名单", En: "VIP list"}}}},
		Scores:   map[string]define.Score{"intent_points": {Header: define.Header{Name: define.Text2{Zh: "意向分", En: "Intent points"}}}},
		Tiers:    map[string]define.Tier{"intent": intent()},
	}
}

// loyalRegulars is the case of new retail.
func loyalRegulars() define.Condition {
	return define.All{Of: []define.Condition{
		attribute("city", define.Is, text("北京")),
		did(during(event("site_visited"), past(3, define.Month)), times(define.AtLeast, number(3))),
		did(event("order_paid"), times(define.AtLeast, number(1))),
		define.Not{Of: did(during(event("item_bought", prop("brand", define.Is, text("资生堂"))), past(1, define.Week)), define.Measure{})},
	}}
}

type conditionCase struct {
	name string
	c    define.Condition
}

func conditionCases() []conditionCase {
	seven, three := days(7), days(3)
	month := past(30, define.Day)
	visits := during(event("site_visited"), past(3, define.Month))
	orders := event("order_paid")
	dearOrders := event("order_paid", prop("amount", define.AtLeast, yuan(10000)))
	beijing := attribute("city", define.Is, text("北京"))
	shanghai := attribute("city", define.Is, text("上海"))
	paid := did(orders, define.Measure{})
	window := func(op define.Op, w define.Window) define.Test {
		return define.Test{Comparisons: []define.Comparison{{Op: op, Window: &w}}}
	}
	return []conditionCase{
		{"loyal regulars", loyalRegulars()},
		{"any", define.Any{Of: []define.Condition{beijing, shanghai}}},
		{"any of all", define.Any{Of: []define.Condition{define.All{Of: []define.Condition{beijing, paid}}, shanghai}}},
		{"all of any", define.All{Of: []define.Condition{paid, define.Any{Of: []define.Condition{beijing, define.All{Of: []define.Condition{shanghai, define.Not{Of: paid}}}}}}}},
		{"none", define.None{Of: []define.Condition{beijing, paid}}},
		{"all with none", define.All{Of: []define.Condition{paid, define.None{Of: []define.Condition{beijing, shanghai}}}}},
		{"not all", define.Not{Of: define.All{Of: []define.Condition{beijing, paid}}}},
		{"not not", define.Not{Of: define.Not{Of: beijing}}},
		{"groups of one", define.All{Of: []define.Condition{define.Any{Of: []define.Condition{define.None{Of: []define.Condition{beijing}}}}}}},
		{"everyone", define.Everyone{}},
		{"in a segment", define.InSegment{Segment: "regulars"}},
		{"in an unknown segment", define.InSegment{Segment: "nobody_knows"}},
		{"on a list", define.InList{List: "vip"}},
		{"bucket", define.Bucket{Salt: "2026-spring", From: 0, To: 1050}},

		{"is", beijing},
		{"is not", attribute("city", define.IsNot, text("北京"))},
		{"in", attribute("city", define.In, text("北京"), text("上海"), text("广州"))},
		{"not in", attribute("city", define.NotIn, text("北京"), text("上海"))},
		{"money", define.AttributeIs{Attribute: "balance", Test: define.Test{Comparisons: []define.Comparison{
			{Op: define.AtLeast, Operands: []define.Operand{yuan(1000)}}, {Op: define.LessThan, Operands: []define.Operand{yuan(1234567)}}}}}},
		{"not at least", define.Not{Of: attribute("balance", define.AtLeast, yuan(1000))}},
		{"between", attribute("balance", define.Between, yuan(100), yuan(200))},
		{"percent", attribute("discount", define.AtMost, number(85))},
		{"ordered choice", attribute("member_level", define.AtLeast, text("金"))},
		{"boolean", attribute("member", define.Is, define.Operand{Literal: strata.BooleanOf(true)})},
		{"boolean, not", attribute("member", define.IsNot, define.Operand{Literal: strata.BooleanOf(true)})},
		{"boolean, no", attribute("member", define.Is, define.Operand{Literal: strata.BooleanOf(false)})},
		{"registered on", attribute("joined_on", define.Since, define.Operand{Time: &define.TimePoint{Ago: days(30)}})},
		{"contains", attribute("likes", define.Contains, text("奶 茶"))},
		{"folded", define.AttributeIs{Attribute: "likes", Test: define.Test{Fold: true, Comparisons: []define.Comparison{{Op: define.StartsWith, Operands: []define.Operand{text("VIP")}}}}}},
		{"matches", attribute("likes", define.Matches, text("^奶(茶|盖)$"))},
		{"exists", attribute("likes", define.Exists)},
		{"missing", attribute("likes", define.Missing)},
		{"has all", attribute("wecom_groups", define.HasAll, text("粉丝群"), text("车友群"))},
		{"has none", attribute("wecom_groups", define.HasNone, text("粉丝群"))},
		{"another attribute", attribute("city", define.Is, define.Operand{Attribute: "favourite_brand"})},
		{"held", define.AttributeIs{Attribute: "city", Test: test(define.Is, text("北京")), For: held(30)}},
		{"on a day", attribute("registered_on", define.On, date("2026-01-01"))},
		{"today", attribute("registered_on", define.On, define.Operand{Time: &define.TimePoint{Word: "today"}})},
		{"at an instant", attribute("promised_visit", define.Is, define.Operand{Time: &define.TimePoint{At: 1767225600250, HasAt: true}})},
		{"not on a day", attribute("registered_on", define.NotOn, date("2026-01-01"))},
		{"tag since a date", define.TagIs{Tag: "spend_level", Test: test(define.Is, text("高")), Since: &define.Window{Kind: define.SinceTime, From: define.TimePoint{Date: "2026-01-01"}}}},
		{"average with a third digit", did(event("order_paid"), define.Measure{Kind: define.Average, Of: "amount", Test: test(define.LessThan, define.Operand{Literal: strata.FloatOf(1.125)})})},
		{"before", attribute("registered_on", define.Before, date("2026-01-01"))},
		{"since, relative", attribute("registered_on", define.Since, define.Operand{Time: &define.TimePoint{Ago: days(4)}})},
		{"after an instant", attribute("promised_visit", define.After, define.Operand{Time: &define.TimePoint{At: 1767225600000, HasAt: true}})},
		{"until now", attribute("promised_visit", define.Until, define.Operand{Time: &define.TimePoint{Word: "now"}})},
		{"date between", attribute("registered_on", define.Between, date("2026-01-01"), date("2026-02-01"))},
		{"date within", define.AttributeIs{Attribute: "registered_on", Test: window(define.Within, past(7, define.Day))}},
		{"date within a word", define.AttributeIs{Attribute: "registered_on", Test: window(define.Within, word("next_month"))}},
		{"in next", define.AttributeIs{Attribute: "promised_visit", Test: define.Test{Comparisons: []define.Comparison{{Op: define.InNext, Ahead: &seven}}}}},
		{"anniversary", define.AttributeIs{Attribute: "birthday", Test: window(define.Anniversary, word("this_month"))}},
		{"anniversary ahead", define.AttributeIs{Attribute: "birthday", Test: define.Test{Comparisons: []define.Comparison{{Op: define.Anniversary, Ahead: &seven}}}}},
		{"age", define.AttributeIs{Attribute: "birthday", Test: define.Test{Comparisons: []define.Comparison{{Op: define.Age, Test: atLeast(18)}}}}},

		{"tag", define.TagIs{Tag: "spend_level", Test: test(define.Is, text("高"))}},
		{"tag of money", define.TagIs{Tag: "spend_90d", Test: test(define.AtLeast, yuan(5000))}},
		{"tag with history", define.TagIs{Tag: "spend_level", Test: test(define.IsNot, text("高")), Since: &month, Changed: &define.Window{Kind: define.Calendar, Word: "this_year"}, For: held(3)}},
		{"tag changed", define.TagIs{Tag: "spend_level", Changed: &month}},
		{"tier", define.TierIs{Tier: "intent", Op: define.In, Levels: []string{"S", "A"}}},
		{"tier is not", define.TierIs{Tier: "intent", Op: define.IsNot, Levels: []string{"S"}}},
		{"tier at least", define.TierIs{Tier: "intent", Op: define.AtLeast, Levels: []string{"A"}, For: held(7)}},
		{"tier at most", define.TierIs{Tier: "intent", Op: define.AtMost, Levels: []string{"B"}}},
		{"moved", define.Moved{Tier: "intent", From: []define.Operand{text("S")}, To: []define.Operand{text("A"), text("B")}, Window: month}},
		{"tag moved", define.Moved{Tag: "spend_level", To: []define.Operand{text("低")}, Window: month}},
		{"moved out", define.Moved{Tier: "intent", From: []define.Operand{text("S")}}},
		{"moved at all", define.Moved{Tag: "spend_level"}},
		{"heading", define.Heading{Tier: "intent", To: []string{"C"}, In: seven}},
		{"consent", define.ConsentIs{Purpose: "marketing", State: "withdrawn"}},

		{"did", paid},
		{"did ever", did(event("site_visited"), define.Measure{})},
		{"did an intransitive", did(during(event("store_visited", prop("store", define.Is, text("国贸店"))), month), define.Measure{})},
		{"did something of our own", did(during(event("gift_packed"), month), define.Measure{})},
		{"did our own with where", did(event("gift_packed", prop("colour", define.IsNot, text("红"))), define.Measure{})},
		{"not our own", define.Not{Of: did(during(event("gift_packed"), month), define.Measure{})}},
		{"our own 3 times", did(event("gift_packed", prop("colour", define.Is, text("红"))), times(define.AtLeast, number(3)))},
		{"several events", did(define.Selection{Events: []string{"order_paid", "store_visited", "shop_*"}, Window: month}, define.Measure{})},
		{"any event", define.Not{Of: did(define.Selection{Events: []string{"*"}, Window: month}, define.Measure{})}},
		{"gross", did(define.Selection{Events: []string{"order_paid"}, Gross: true, Window: month}, define.Measure{})},
		{"an unknown event", did(event("walked_by"), define.Measure{})},
		{"at most once", did(visits, times(define.AtMost, number(1)))},
		{"zero times", did(visits, times(define.Is, number(0)))},
		{"zero times ever", did(event("site_visited"), times(define.Is, number(0)))},
		{"not 3 times", define.Not{Of: did(visits, times(define.AtLeast, number(3)))}},
		{"exactly twice", did(visits, times(define.Is, number(2)))},
		{"2 to 5 times", did(dearOrders, times(define.Between, number(2), number(5)))},
		{"more than and not", did(visits, define.Measure{Kind: define.Times, Test: define.Test{Comparisons: []define.Comparison{
			{Op: define.IsNot, Operands: []define.Operand{number(7)}}, {Op: define.GreaterThan, Operands: []define.Operand{number(3)}}}}})},
		{"sum", did(during(orders, word("this_year")), define.Measure{Kind: define.Sum, Of: "amount", Test: test(define.AtLeast, yuan(10000))})},
		{"sum below", did(during(event("order_paid", prop("channel", define.Is, text("小程序"))), month), define.Measure{Kind: define.Sum, Of: "amount", Test: test(define.LessThan, yuan(100))})},
		{"average", did(orders, define.Measure{Kind: define.Average, Of: "amount", Test: test(define.GreaterThan, yuan(80))})},
		{"min", did(orders, define.Measure{Kind: define.Min, Of: "amount", Test: test(define.LessThan, yuan(80))})},
		{"max", did(orders, define.Measure{Kind: define.Max, Of: "amount", Test: test(define.AtMost, yuan(80))})},
		{"distinct", did(event("item_bought"), define.Measure{Kind: define.Distinct, Of: "brand", Test: test(define.AtLeast, number(3))})},
		{"days active", did(visits, define.Measure{Kind: define.DaysActive, Test: test(define.AtLeast, number(5))})},
		{"first event", did(orders, define.Measure{Kind: define.First, Where: []define.PropertyTest{prop("channel", define.Is, text("门店"))}})},
		{"last event", did(during(orders, month), define.Measure{Kind: define.Last, Where: []define.PropertyTest{prop("amount", define.AtLeast, yuan(100)), prop("channel", define.IsNot, text("门店"))}})},
		{"gap", did(orders, define.Measure{Kind: define.Gap, Stat: "avg", Test: test(define.AtMost, long(30))})},
		{"between times", did(during(orders, define.Window{Kind: define.BetweenTimes, From: define.TimePoint{Date: "2026-01-01"}, To: define.TimePoint{Date: "2026-02-01"}}), define.Measure{})},
		{"before a date", did(during(orders, define.Window{Kind: define.BeforeTime, From: define.TimePoint{Date: "2026-01-01"}}), define.Measure{})},
		{"after a date", did(during(orders, define.Window{Kind: define.AfterTime, From: define.TimePoint{Word: "yesterday"}}), define.Measure{})},
		{"until a date", did(during(orders, define.Window{Kind: define.UntilTime, From: define.TimePoint{Ahead: days(5)}}), define.Measure{})},
		{"anchored", define.Not{Of: did(during(event("store_visited"), define.Window{Kind: define.Anchored, Anchor: &define.Anchor{Select: event("wecom_added"), Until: seven}}), define.Measure{})}},
		{"anchored later", did(during(orders, define.Window{Kind: define.Anchored, Anchor: &define.Anchor{First: true, Select: event("wecom_added"), From: three, Until: seven}}), define.Measure{})},
		{"anchored open", did(during(orders, define.Window{Kind: define.Anchored, Anchor: &define.Anchor{First: true, Select: event("wecom_added"), From: three}}), define.Measure{})},
		{"first time", define.FirstTime{Select: during(dearOrders, month)}},
		{"stopped", define.Stopped{Select: event("site_visited"), Active: days(30), Silent: seven}},
		{"restarted", define.Restarted{Select: orders, SilentFrom: days(30), Active: seven}},
		{"regularly", define.Regularly{Select: orders, Times: test(define.AtLeast, number(1)), Period: define.Duration{N: 1, Unit: define.Week}, In: 3, Of: 4}},
		{"regularly by fortnight", define.Regularly{Select: event("site_visited"), Times: test(define.AtMost, number(2)), Period: define.Duration{N: 2, Unit: define.Week}, In: 3, Of: 4}},
		{"regularly by calendar", define.Regularly{Select: orders, Period: define.Duration{N: 1, Unit: define.Month}, Calendar: true, In: 3, Of: 4}},
		{"streak", define.Streak{Select: event("site_visited"), Unit: define.Day, Count: *atLeast(5)}},
		{"current streak", define.Streak{Select: visits, Unit: define.Month, Current: true, Count: *atLeast(3)}},
		{"sequence", define.Sequence{Window: month, Steps: []define.Step{{Select: event("item_bought")}, {Select: event("item_bought"), Within: three, Same: []string{"sku", "brand"}}}, Without: &define.Selection{Events: []string{"store_visited"}}}},
		{"not followed", define.NotFollowed{Select: during(event("wecom_added"), month), By: define.Step{Select: event("store_visited"), Within: seven}}},
	}
}

type valueCase struct {
	name string
	v    define.Value
}

func bandsOf(v define.Value) define.Bands {
	return define.Bands{Of: v, At: []strata.Value{strata.MoneyOf(10000, 2), strata.MoneyOf(50000, 2)}, Labels: []string{"低", "中", "高"}}
}

func valueCases() []valueCase {
	orders := during(event("order_paid"), past(90, define.Day))
	items := during(event("item_bought"), past(6, define.Month))
	spend, count := define.TagValue{Tag: "spend_90d"}, define.TagValue{Tag: "orders_90d"}
	among := did(orders, define.Measure{})
	byOrders := define.Bands{Of: count, Percentiles: []float64{50, 80}, Labels: []string{"少", "中", "多"}}
	return []valueCase{
		{"attribute", define.AttributeValue{Attribute: "city"}},
		{"tag", spend},
		{"first of", define.FirstOf{Of: []define.Value{define.AttributeValue{Attribute: "city"}, define.Touch{Select: orders, Of: "store"}}}},
		{"count", define.Aggregate{Kind: define.Times, Select: orders}},
		{"sum", define.Aggregate{Kind: define.Sum, Select: orders, Of: "amount"}},
		{"average", define.Aggregate{Kind: define.Average, Select: orders, Of: "amount"}},
		{"min", define.Aggregate{Kind: define.Min, Select: event("order_paid"), Of: "amount"}},
		{"max", define.Aggregate{Kind: define.Max, Select: event("order_paid"), Of: "amount"}},
		{"distinct", define.Aggregate{Kind: define.Distinct, Select: items, Of: "brand"}},
		{"days active", define.Aggregate{Kind: define.DaysActive, Select: event("gift_packed")}},
		{"first touch", define.Touch{First: true, Select: event("order_paid"), Of: "channel"}},
		{"last time", define.Touch{Select: orders}},
		{"favourite", define.Favourite{Select: items, By: "brand", Top: 1}},
		{"favourites", define.Favourite{Select: items, By: "brand", Top: 3, AtLeast: 2}},
		{"favourite by sum", define.Favourite{Select: items, By: "brand", Top: 1, Sum: true, Of: "amount"}},
		{"since", define.SinceEvent{Select: event("order_paid"), Unit: define.Day}},
		{"since first, in months", define.SinceEvent{Select: orders, First: true, Unit: define.Month}},
		{"gap", define.GapValue{Select: event("order_paid"), Stat: "median", Unit: define.Day}},
		{"rules", define.Rules{Rules: []define.Rule{{Name: strata.TextOf("高频"), Where: did(orders, times(define.AtLeast, number(8)))}, {Name: strata.TextOf("中频"), Where: did(orders, times(define.AtLeast, number(3)))}}, Otherwise: strata.TextOf("低频")}},
		{"all rules", define.Rules{All: true, Rules: []define.Rule{{Name: strata.TextOf("北京客"), Where: attribute("city", define.Is, text("北京"))}}}},
		{"bands", bandsOf(spend)},
		{"percentile bands", define.Bands{Of: spend, Percentiles: []float64{50, 80.5}, Labels: []string{"低", "中", "高"}, Among: among}},
		{"natural bands", define.Bands{Of: spend, Natural: 3, Labels: []string{"低", "中", "高"}}},
		{"rank", define.Rank{Of: spend}},
		{"percentile", define.Rank{Of: define.SinceEvent{Select: event("order_paid"), Unit: define.Day}, Percentile: true, Ascending: true, Among: among}},
		{"top count", define.Top{Of: spend, Count: 10000}},
		{"top percent", define.Top{Of: spend, Percent: 2.5}},
		{"composite", define.Composite{Parts: []define.WeightedValue{{Of: spend, Weight: 2}, {Of: count, Weight: 1, Ascending: true}}, Missing: "median"}},
		{"grid", define.Grid{Rows: bandsOf(spend), Columns: byOrders, Cells: [][]string{{"散客", "散客", "常客"}, {"散客", "常客", "常客"}, {"贵客", "贵客", "核心"}}}},
		{"ladder", define.Ladder{Of: spend, Steps: []strata.Value{strata.MoneyOf(10000, 2), strata.MoneyOf(20000, 2)}}},
		{"formula", define.Formula{Text: "spend_90d / orders_90d", Expr: define.CallExpr{Func: "round", Args: []define.Expr{
			define.BinaryExpr{Op: "*", X: define.NumberExpr{Value: strata.NumberOf(2, 0)}, Y: define.BinaryExpr{Op: "/", X: define.NameExpr{Name: "spend_90d"}, Y: define.UnaryExpr{Op: "-", X: define.NameExpr{Name: "balance"}}}}}}}},
		{"formula unread", define.Formula{Text: "spend_90d / orders_90d"}},
		{"score", define.ScoreValue{Score: "intent_points"}},
		{"tier", define.TierValue{Tier: "intent"}},
		{"manual", define.ManualValue{Values: []string{"是", "待定"}}},
		{"manual, free", define.ManualValue{}},
		{"imported", define.ImportedValue{}},
		{"model", define.ModelValue{Model: "churn"}},
	}
}

func described(s string) define.Header { return define.Header{Description: define.Text2{En: s}} }

func tagCases() []define.Tag {
	return []define.Tag{
		{Header: described("plain"), Value: define.TagValue{Tag: "spend_90d"}},
		{Header: described("kept and expiring"), Value: define.Touch{Select: event("order_paid"), Of: "store"}, KeepOnEmpty: true, Expires: days(30)},
	}
}

func segmentCases() []define.Segment {
	at := strata.Instant(1795363200000) // 2026-11-22T16:00:00Z
	return []define.Segment{
		{Header: described("plain"), Where: loyalRegulars()},
		{Header: described("with picks"), Where: define.InSegment{Segment: "regulars"}, Exclude: attribute("city", define.Is, text("北京")), PickedIn: make([]define.Picked, 2), PickedOut: make([]define.Picked, 1)},
		{Header: described("snapshot"), Snapshot: &at, Stages: []define.Stage{{By: define.TagValue{Tag: "spend_90d"}, Keep: 300}, {By: define.TagValue{Tag: "orders_90d"}, Keep: 100}}},
	}
}

func level(id, zh, en string) define.Level {
	return define.Level{ID: id, Name: define.Text2{Zh: zh, En: en}}
}

func intent() define.Tier {
	next := func(n int) define.AttributeIs {
		d := days(n)
		return define.AttributeIs{Attribute: "promised_visit", Test: define.Test{Comparisons: []define.Comparison{{Op: define.InNext, Ahead: &d}}}}
	}
	return define.Tier{
		Header:    define.Header{Name: define.Text2{Zh: "到店意向", En: "Intent to visit"}, Description: define.Text2{En: "intent"}},
		Levels:    []define.Level{level("S", "7天内到店", "Visits within 7 days"), {ID: "A"}, {ID: "B"}, {ID: "C"}},
		AppliesTo: did(event("wecom_added"), define.Measure{}),
		AssignOn:  []string{"wecom_added"},
		Rules:     []define.LevelRule{{Level: "S", Where: next(7)}, {Level: "A", Where: next(15)}, {Level: "B", Where: next(30)}},
		Otherwise: "C",
		Hold:      days(3),
		Grace:     days(2),
		Moves: []define.Move{
			{From: []string{"S"}, To: "A", After: days(7)},
			{From: []string{"S", "A"}, To: "B", After: days(7), Since: &define.SinceEvent{Select: event("wecom_added")}, Unless: did(event("store_visited"), define.Measure{})},
		},
	}
}

func rfmTier(name, classes string, score define.RFMScore, levels ...define.Level) define.Tier {
	return define.Tier{Header: described(name), Levels: levels, RFM: &define.RFM{
		Recency:   define.SinceEvent{Select: event("order_paid"), Unit: define.Day},
		Frequency: define.Aggregate{Kind: define.Times, Select: event("order_paid")},
		Monetary:  define.Aggregate{Kind: define.Sum, Select: event("order_paid"), Of: "amount"},
		Score:     score, Classes: classes,
	}}
}

func tierCases() []define.Tier {
	grid := rfmTier("rfm grid", "grid", define.RFMScore{Quantile: 5}, level("champions", "核心", "Champions"), level("loyal", "忠诚", "Loyal"))
	grid.RFM.Grid = []define.GridCell{{Level: "champions", RFrom: 5, RTo: 5, FFrom: 4, FTo: 5}, {Level: "loyal", RFrom: 3, RTo: 4, FFrom: 4, FTo: 5}}
	short := rfmTier("rfm over a year", "three", define.RFMScore{Top: &[3]define.RFMTop{{Count: 1000}, {Percent: 20}, {Percent: 2.5}}}, define.Level{ID: "high"}, define.Level{ID: "middle"}, define.Level{ID: "low"})
	short.RFM.Recency, short.RFM.Frequency, short.RFM.Monetary, short.RFM.Within = nil, nil, nil, define.Duration{N: 1, Unit: define.Year}
	weighted := rfmTier("rfm weighted", "three", define.RFMScore{Split: "median"}, define.Level{ID: "high"}, define.Level{ID: "middle"}, define.Level{ID: "low"})
	weighted.RFM.Weights = []float64{2, 1, 1.5}
	numbers := func(n ...int64) []strata.Value {
		var out []strata.Value
		for _, i := range n {
			out = append(out, strata.NumberOf(i, 0))
		}
		return out
	}
	orders := did(event("order_paid"), define.Measure{})
	return []define.Tier{
		intent(),
		{Header: described("highest"), Levels: []define.Level{{ID: "gold"}, {ID: "silver"}}, Highest: true,
			Rules: []define.LevelRule{{Level: "silver", Where: orders}, {Level: "gold", Where: did(event("order_paid"), times(define.AtLeast, number(10)))}}},
		{Header: described("overlapping"), Levels: []define.Level{{ID: "gold"}, {ID: "silver"}}, Overlapping: true, Otherwise: "silver",
			Rules: []define.LevelRule{{Level: "silver", Where: orders}, {Level: "gold", Where: did(event("order_paid"), times(define.AtLeast, number(10)))}}},
		grid,
		rfmTier("rfm eight by mean", "eight", define.RFMScore{Split: "mean"}, level("important_value", "重要价值", ""), level("important_keep", "重要保持", ""), level("general_winback", "一般挽留", "")),
		rfmTier("rfm eight by score, own ids", "eight", define.RFMScore{Quantile: 5}, level("1", "重要发展客户", "")),
		rfmTier("rfm eight by breaks", "eight", define.RFMScore{Breaks: &define.RFMBreaks{Recency: numbers(30, 90), Frequency: numbers(2, 5), Monetary: numbers(100, 1000)}}, level("general_value", "一般价值", "")),
		short,
		weighted,
		{Header: described("aipl"), Levels: []define.Level{level("loyal", "忠诚", "Loyal"), level("purchase", "购买", "Purchase")},
			AIPL: []define.LevelRule{{Level: "purchase", Where: orders}, {Level: "loyal", Where: did(event("order_paid"), times(define.AtLeast, number(4)))}}},
		{Header: described("funnel"), Levels: []define.Level{{ID: "bought"}, {ID: "added"}}, Funnel: []define.Condition{did(event("wecom_added"), define.Measure{}), orders}},
		{Header: described("promotion"), Levels: []define.Level{{ID: "enthusiast"}}, Promotion: &define.Promotion{Order: "order_paid", Promoted: []define.PropertyTest{prop("promotion", define.Exists)}, By: "store", Within: define.Duration{N: 1, Unit: define.Year}, AtLeastOrders: 3}},
		{Header: described("score"), Levels: []define.Level{{ID: "hot"}, {ID: "warm"}, {ID: "cold"}}, Score: "intent_points", ScoreAt: numbers(20, 60)},
	}
}
