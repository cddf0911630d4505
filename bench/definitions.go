package main

import (
	"bytes"
	"fmt"
	"strings"
)

// Definition is one tag of the workload and, where one fused query can say it,
// the SQL that gives the same value.
type Definition struct {
	Name  string
	Value string // YAML, in flow style
	SQL   string // ClickHouse, an aggregate over one customer's rows; "" = no single aggregate says it
	Unit  Unit   // of what SQL gives
}

// Unit says how a value is written in a query's answer and in checksums.
type Unit int

// The units.
const (
	Whole Unit = iota
	Cents
	Seconds  // since 1970
	Code     // number of a brand, category, store or channel
	Fraction // a float64
)

// Counts are the 80 tags of D80.
func Counts() []Definition {
	var out []Definition
	for i, event := range EventTypes {
		for _, days := range windowDays {
			where := inWindow(i, days)
			out = append(out,
				Definition{fmt.Sprintf("%s_%dd", event, days), fmt.Sprintf("{count: {event: %s, within: %dd}}", event, days), "countIf(" + where + ")", Whole},
				Definition{fmt.Sprintf("%s_amount_%dd", event, days), fmt.Sprintf("{sum: {event: %s, of: amount, within: %dd}}", event, days), "sumIf(amount, " + where + ")", Cents})
		}
	}
	return out
}

// inWindow is a condition on a row: the type, and the window.
func inWindow(event, days int) string {
	return fmt.Sprintf("type = %d AND ts >= %d", event, windowStart(days)/1000)
}

// typeOf is the code of an event type.
func typeOf(name string) int {
	for i, event := range EventTypes {
		if event == name {
			return i
		}
	}
	panic("no event " + name)
}

// section is definitions of one kind under a comment.
type section struct {
	title string
	list  []Definition
}

// Others are the 120 tags of D200 that are not in D80, by kind.
func Others() []section {
	var all []section
	add := func(title string, list ...Definition) { all = append(all, section{title, list}) }
	named := func(name, value string) Definition { return Definition{Name: name, Value: value} }

	var list []Definition
	for _, event := range []string{"viewed", "carted", "bought"} {
		for _, of := range []string{"brand", "category", "store", "channel"} {
			list = append(list, Definition{fmt.Sprintf("%s_%s_kinds", event, of), fmt.Sprintf("{distinct: {event: %s, of: %s, within: 365d}}", event, of),
				fmt.Sprintf("uniqExactIf(%s, %s)", of, inWindow(typeOf(event), 365)), Whole})
		}
	}
	add("distinct values", list...)

	list = nil
	for i, event := range EventTypes {
		list = append(list, Definition{event + "_days_90d", fmt.Sprintf("{days_active: {event: %s, within: 90d}}", event), fmt.Sprintf("uniqExactIf(day, %s)", inWindow(i, 90)), Whole})
	}
	add("days with an event", list...)

	list = nil
	for _, event := range []string{"ordered", "bought"} {
		for _, days := range []int{90, 365} {
			where := inWindow(typeOf(event), days)
			for _, f := range []string{"min", "max"} {
				list = append(list, Definition{fmt.Sprintf("%s_%s_%dd", event, f, days), fmt.Sprintf("{%s: {event: %s, of: amount, within: %dd}}", f, event, days),
					fmt.Sprintf("%sOrNullIf(amount, %s)", f, where), Cents})
			}
			list = append(list, Definition{fmt.Sprintf("%s_avg_%dd", event, days), fmt.Sprintf("{avg: {event: %s, of: amount, within: %dd}}", event, days),
				fmt.Sprintf("avgOrNullIf(amount, %s) / 100", where), Fraction})
		}
	}
	add("smallest, largest and average", list...)

	list = nil
	for i := range 5 {
		list = append(list, Definition{fmt.Sprintf("bought_amount_category_%d", i), fmt.Sprintf("{sum: {event: bought, of: amount, where: {category: {is: %s}}, within: 365d}}", categoryName(i)),
			fmt.Sprintf("sumIf(amount, %s AND category = %d)", inWindow(typeOf("bought"), 365), i), Cents})
	}
	for i, channel := range ChannelNames {
		list = append(list, Definition{"ordered_by_" + channel, fmt.Sprintf("{count: {event: ordered, where: {channel: {is: %s}}, within: 90d}}", channel),
			fmt.Sprintf("countIf(%s AND channel = %d)", inWindow(typeOf("ordered"), 90), i), Whole})
	}
	for i := range 3 {
		a, b, c := 3*i, 3*i+1, 3*i+2
		list = append(list, Definition{fmt.Sprintf("viewed_brands_%d", i), fmt.Sprintf("{count: {event: viewed, where: {brand: {in: [%s, %s, %s]}}, within: 180d}}", brandName(a), brandName(b), brandName(c)),
			fmt.Sprintf("countIf(%s AND brand IN (%d, %d, %d))", inWindow(typeOf("viewed"), 180), a, b, c), Whole})
	}
	for _, least := range []int{100, 200, 400} {
		list = append(list, Definition{fmt.Sprintf("orders_from_%d", least), fmt.Sprintf("{count: {event: ordered, where: {amount: {at_least: %d}}, within: 365d}}", least),
			fmt.Sprintf("countIf(%s AND amount >= %d)", inWindow(typeOf("ordered"), 365), 100*least), Whole})
	}
	list = append(list, Definition{"store_visits_not_00", "{count: {event: visited, where: {store: {not_in: [store 00, store 01]}}, within: 365d}}",
		fmt.Sprintf("countIf(%s AND store NOT IN (0, 1))", inWindow(typeOf("visited"), 365)), Whole})
	add("with filters on properties", list...)

	list = nil
	for _, of := range []string{"brand", "category", "store", "channel"} {
		list = append(list,
			named("favourite_"+of, fmt.Sprintf("{favourite: {event: bought, by: %s, within: 365d}}", of)),
			named("favourite_"+of+"_viewed", fmt.Sprintf("{favourite: {event: viewed, by: %s, within: 90d}}", of)))
	}
	list = append(list,
		named("favourite_category_by_amount", "{favourite: {event: bought, by: category, rank_by: sum, of: amount, within: 365d}}"),
		named("favourite_brand_by_amount", "{favourite: {event: bought, by: brand, rank_by: sum, of: amount, within: 365d, at_least: 2}}"),
		named("three_categories", "{favourite: {event: [viewed, bought], by: category, top: 3, within: 180d}}"))
	add("favourites", list...)

	list = nil
	for _, of := range []string{"store", "channel", "brand", "category"} {
		list = append(list,
			Definition{"first_order_" + of, fmt.Sprintf("{first: {event: ordered, of: %s}}", of), fmt.Sprintf("argMinOrNullIf(%s, ts, type = %d)", of, typeOf("ordered")), Code},
			Definition{"last_order_" + of, fmt.Sprintf("{last: {event: ordered, of: %s}}", of), fmt.Sprintf("argMaxOrNullIf(%s, ts, type = %d)", of, typeOf("ordered")), Code})
	}
	list = append(list,
		Definition{"first_order_amount", "{first: {event: ordered, of: amount}}", fmt.Sprintf("argMinOrNullIf(amount, ts, type = %d)", typeOf("ordered")), Cents},
		Definition{"last_order_amount", "{last: {event: ordered, of: amount}}", fmt.Sprintf("argMaxOrNullIf(amount, ts, type = %d)", typeOf("ordered")), Cents})
	for _, event := range []string{"viewed", "ordered", "visited", "rated"} {
		list = append(list, Definition{"last_" + event, fmt.Sprintf("{last: {event: %s}}", event), fmt.Sprintf("maxOrNullIf(ts, type = %d)", typeOf(event)), Seconds})
	}
	add("first and last", list...)

	list = nil
	for i, event := range EventTypes {
		list = append(list, Definition{"days_since_" + event, fmt.Sprintf("{since: {event: %s, unit: day}}", event),
			fmt.Sprintf("intDiv(%d - maxOrNullIf(ts, type = %d), 86400)", asOf/1000, i), Whole})
	}
	for _, event := range []string{"viewed", "ordered"} {
		list = append(list, Definition{"days_since_first_" + event, fmt.Sprintf("{since: {event: %s, which: first, unit: day}}", event),
			fmt.Sprintf("intDiv(%d - minOrNullIf(ts, type = %d), 86400)", asOf/1000, typeOf(event)), Whole})
	}
	add("completed days since", list...)

	add("gaps",
		named("order_gap", "{gap: {event: ordered, stat: avg, unit: day}}"),
		named("order_gap_last", "{gap: {event: ordered, stat: last, unit: day}}"),
		named("visit_gap", "{gap: {event: visited, stat: median, unit: day}}"))

	add("around another event",
		named("orders_of_the_first_week", "{count: {event: ordered, anchored: {to: first, event: viewed, until: 7d}}}"),
		named("amount_after_the_last_visit", "{sum: {event: bought, of: amount, anchored: {to: last, event: visited, until: 3d}}}"))

	add("formulas",
		named("basket", `{formula: "ordered_amount_365d / ordered_365d"}`),
		named("conversion", `{formula: "ordered_90d / viewed_90d"}`),
		named("growth", `{formula: "bought_amount_90d / (bought_amount_180d - bought_amount_90d)"}`),
		named("rhythm", `{formula: "round(coalesce(order_gap, 365) / 7)"}`),
		named("engagement", `{formula: "viewed_30d + 3 * carted_30d + 5 * ordered_30d"}`),
		named("overdue", `{formula: "if(days_since_ordered > 2 * order_gap, 1, 0)"}`))

	add("bands, ranks and grids",
		named("spend_level", "{bands: {of: {tag: ordered_amount_365d}, percentiles: [50, 80], labels: [low, middle, high]}}"),
		named("basket_level", "{bands: {of: {tag: basket}, percentiles: [25, 50, 75], labels: [q1, q2, q3, q4]}}"),
		named("view_level", "{bands: {of: {tag: viewed_90d}, percentiles: [50, 90], labels: [low, middle, high]}}"),
		named("rhythm_level", "{bands: {of: {tag: order_gap}, percentiles: [33, 67], labels: [often, sometimes, seldom]}}"),
		named("recency_band", "{bands: {of: {tag: days_since_ordered}, at: [30, 90, 180], labels: [month, quarter, half, older]}}"),
		named("frequency_band", "{bands: {of: {tag: ordered_365d}, at: [1, 3, 10], labels: [none, few, some, many]}}"),
		named("spend_rank", "{rank: {of: {tag: ordered_amount_365d}}}"),
		named("spend_percentile", "{percentile: {of: {tag: bought_amount_365d}}}"),
		named("top_tenth", "{top: {of: {tag: ordered_amount_365d}, percent: 10}}"),
		named("worth", "{composite: {parts: [{of: {tag: ordered_365d}, weight: 0.4}, {of: {tag: ordered_amount_365d}, weight: 0.6}]}}"),
		named("quadrant", "{grid: {rows: {of: {tag: ordered_365d}, percentiles: [50]}, columns: {of: {tag: ordered_amount_365d}, percentiles: [50]}, cells: [[sleeping, dear], [frequent, star]]}}"))

	add("rules and steps",
		named("next_coupon", "{ladder: {of: {tag: basket}, steps: [50.00, 100.00, 200.00, 500.00]}}"),
		named("shopper", "{rules: [{name: buyer, where: {event: ordered, within: 90d, times: {at_least: 3}}}, {name: browser, where: {event: viewed, within: 90d, times: {at_least: 10}}}], otherwise: quiet}"),
		named("traits", "{rules: [{name: bargain, where: {event: bought, within: 365d, avg: {of: amount, at_most: 60}}}, {name: varied, where: {event: bought, within: 365d, distinct: {of: category, at_least: 8}}}, {name: loyal, where: {event: bought, where: {store: {is: store 07}}, times: {at_least: 2}}}], match: all}"))

	list = nil
	for _, days := range []int{1, 3, 7} {
		list = append(list,
			named(fmt.Sprintf("view_to_order_%dd", days), fmt.Sprintf("{rules: [{name: did, where: {sequence: [{event: viewed}, {event: ordered, within: %dd}], within: 90d}}], otherwise: did_not}", days)))
	}
	list = append(list,
		named("same_brand_funnel", "{rules: [{name: did, where: {sequence: [{event: viewed}, {event: carted, within: 7d, same: [brand]}, {event: bought, within: 7d}], within: 180d}}], otherwise: did_not}"),
		named("order_without_search", "{rules: [{name: did, where: {sequence: [{event: viewed}, {event: ordered, within: 7d}], within: 90d, without: {event: searched}}}], otherwise: did_not}"),
		named("cart_abandoned", "{rules: [{name: did, where: {not_followed: {event: carted, by: {event: ordered}, within: 3d}, within: 30d}}], otherwise: did_not}"))
	add("one after the other", list...)

	add("habits",
		named("weekly_viewer", "{rules: [{name: did, where: {regularly: {event: viewed, times: {at_least: 1}, period: 1w, in: 3, of: 4}}}], otherwise: did_not}"),
		named("monthly_orderer", "{rules: [{name: did, where: {regularly: {event: ordered, times: {at_least: 1}, period: 1mo, in: 4, of: 6}}}], otherwise: did_not}"),
		named("streak_days", "{rules: [{name: did, where: {streak: {event: viewed, unit: day, at_least: 3}}}], otherwise: did_not}"),
		named("stopped_viewing", "{rules: [{name: did, where: {stopped: {event: viewed, active_within: 90d, silent_within: 30d}}}], otherwise: did_not}"),
		named("came_back", "{rules: [{name: did, where: {restarted: {event: ordered, silent_from: 90d, active_within: 30d}}}], otherwise: did_not}"))
	return all
}

// Tiers are the models of D200: RFM, the course of a customer's life and AIPL,
// which the quadrants of the tag quadrant go with.
const tiers = `tiers:
  rfm:
    rfm: {recency: {tag: days_since_ordered}, frequency: {tag: ordered_365d}, monetary: {tag: ordered_amount_365d}, within: 1y, score: {quantile: 5}, classes: grid}
  lifecycle:
    levels: [new, growing, mature, declining, lost]
    applies_to: {event: ordered}
    rules:
      - {level: new, where: {first_time: {event: ordered, within: 30d}}}
      - {level: lost, where: {not: {event: ordered, within: 180d}}}
      - {level: declining, where: {not: {event: ordered, within: 60d}}}
      - {level: mature, where: {event: ordered, within: 180d, times: {at_least: 4}}}
    otherwise: growing
  aipl:
    levels: [loyal, purchase, interest, aware]
    rules:
      - {level: loyal, where: {event: ordered, within: 365d, times: {at_least: 3}}}
      - {level: purchase, where: {event: ordered, within: 365d}}
      - {level: interest, where: {event: [searched, carted, shared], within: 90d}}
      - {level: aware, where: {event: viewed, within: 365d}}
`

// Segments are the 50 segments of D200.
func Segments() []Definition {
	var out []Definition
	add := func(where string) {
		out = append(out, Definition{Name: fmt.Sprintf("segment_%02d", len(out)+1), Value: where})
	}
	for _, event := range []string{"viewed", "ordered", "bought", "visited"} { // thresholds of tags
		for _, days := range []int{30, 90} {
			add(fmt.Sprintf("{tag: %s_%dd, at_least: 2}", event, days))
			add(fmt.Sprintf("{all: [{tag: %s_amount_%dd, at_least: 200}, {tag: %s_365d, at_most: 20}]}", event, days, event))
		}
	}
	for i := range 8 { // events with filters
		add(fmt.Sprintf("{all: [{event: bought, where: {category: {is: %s}}, within: 90d}, {not: {event: bought, where: {brand: {is: %s}}, within: 30d}}]}", categoryName(i), brandName(i)))
	}
	for i, channel := range ChannelNames {
		add(fmt.Sprintf("{event: ordered, where: {channel: {is: %s}, amount: {at_least: %d}}, within: 180d, times: {at_least: 2}}", channel, 50*(i+1)))
	}
	for _, pair := range [][2]string{{"viewed", "carted"}, {"carted", "ordered"}, {"searched", "bought"}, {"visited", "bought"}} {
		add(fmt.Sprintf("{sequence: [{event: %s}, {event: %s, within: 3d}], within: 60d}", pair[0], pair[1]))
	}
	for _, event := range []string{"viewed", "searched", "bought"} {
		add(fmt.Sprintf("{regularly: {event: %s, times: {at_least: 1}, period: 2w, in: 3, of: 4}}", event))
		add(fmt.Sprintf("{stopped: {event: %s, active_within: 180d, silent_within: 60d}}", event))
	}
	add("{not_followed: {event: carted, by: {event: bought, same: [brand]}, within: 7d}, within: 60d}")
	add("{first_time: {event: ordered, within: 60d}}")
	add("{tag: favourite_channel, is: app}")
	add("{tag: spend_level, is: high}")
	add("{tag: quadrant, in: [star, dear]}")
	add("{tier: aipl, at_least: purchase}")
	add("{tier: lifecycle, in: [declining, lost]}")
	add("{all: [{tier: rfm, in: [champions, loyal]}, {tag: viewed_30d, at_least: 1}]}")
	add("{any: [{segment: segment_01}, {segment: segment_20}]}")
	add("{all: [{segment: segment_02}, {not: {segment: segment_30}}]}")
	add("{none: [{event: ordered, within: 90d}, {event: viewed, within: 30d}]}")
	return out
}

// preview is the condition that is looked at before it is a definition.
const preview = "{all: [{event: bought, where: {category: {in: [category 03, category 04]}}, within: 90d, sum: {of: amount, at_least: 150}}, {not: {event: visited, within: 14d}}]}"

// D80File is D80 with the catalogue of W, as a file of definitions.
func D80File() []byte {
	var b bytes.Buffer
	b.WriteString("# The catalogue of workload W, and D80: count and sum for 8 types of events in 5\n# windows. Written by `go run . definitions`.\ncatalogue:\n  events:\n")
	for i, event := range EventTypes {
		fmt.Fprintf(&b, "    %s: {name: {zh: %s, en: %s}, properties: {amount: {type: money, scale: 2}, brand: text, category: text, channel: text, store: text}}\n", event, typeChinese[i], strings.ToUpper(event[:1])+event[1:])
	}
	b.WriteString("tags:\n")
	writeTags(&b, Counts())
	return b.Bytes()
}

var typeChinese = [8]string{"浏览", "搜索", "加购", "下单", "购买", "到店", "分享", "评价"}

// RestFile is what D200 has beyond D80.
func RestFile() []byte {
	var b bytes.Buffer
	b.WriteString("# What D200 has beyond D80. Written by `go run . definitions`.\ntags:\n")
	for _, s := range Others() {
		fmt.Fprintf(&b, "  # %s\n", s.title)
		writeTags(&b, s.list)
	}
	b.WriteString(tiers)
	b.WriteString("segments:\n")
	for _, s := range Segments() {
		fmt.Fprintf(&b, "  %s: {where: %s}\n", s.Name, s.Value)
	}
	return b.Bytes()
}

func writeTags(b *bytes.Buffer, list []Definition) {
	for _, d := range list {
		fmt.Fprintf(b, "  %s: {value: %s}\n", d.Name, d.Value)
	}
}

// Sayable are all tags that one fused query can say: D80 and the part of the
// others that has SQL.
func Sayable() []Definition {
	out := Counts()
	for _, s := range Others() {
		for _, d := range s.list {
			if d.SQL != "" {
				out = append(out, d)
			}
		}
	}
	return out
}
