package main

import (
	"fmt"
	"strings"
)

// query is one way to say the values of tags, a row a customer: the customer,
// then the values as c0, c1, ...
type query struct {
	name     string
	sql      string
	settings []string // of ClickHouse, name and value in turn
}

// clickhouseQueries are the ways that are tried; the fastest counts. tags are
// those of Counts, maybe followed by others.
func clickhouseQueries(tags []Definition, threads int) []query {
	plain := make([]string, len(tags))
	for i, d := range tags {
		plain[i] = d.SQL
	}
	fused := "SELECT customer, " + numbered(plain) + " FROM w.events GROUP BY customer"

	// Each row belongs to one type and to one of the five parts of time that
	// the windows' starts make. Two aggregates over the 40 cells give all
	// counts and sums: those of a window are sums over cells.
	var outer, inner []string
	for event := range EventTypes {
		for i := range windowDays {
			var counts, sums []string
			for cell := event * len(windowDays); cell <= event*len(windowDays)+i; cell++ {
				counts, sums = append(counts, fmt.Sprintf("n[%d]", cell+1)), append(sums, fmt.Sprintf("s[%d]", cell+1))
			}
			outer = append(outer, strings.Join(counts, " + "), strings.Join(sums, " + "))
		}
	}
	for i, d := range tags[len(outer):] {
		outer, inner = append(outer, fmt.Sprintf("v%d", i)), append(inner, fmt.Sprintf(", %s AS v%d", d.SQL, i))
	}
	cells := len(EventTypes) * len(windowDays)
	resampled := fmt.Sprintf("SELECT customer, %s FROM (SELECT customer, countResample(0, %d, 1)(cell, cell) AS n, sumResample(0, %d, 1)(amount, cell) AS s%s FROM (SELECT *, %s AS cell FROM w.events) GROUP BY customer)",
		numbered(outer), cells, cells, strings.Join(inner, ""), cellSQL("toUInt8(%s)", fmt.Sprint(cells)))

	var out []query
	for _, q := range []query{{name: "countIf and sumIf", sql: fused}, {name: "countResample and sumResample", sql: resampled}} {
		for _, inOrder := range []string{"0", "1"} {
			out = append(out, query{name: q.name + ", optimize_aggregation_in_order = " + inOrder, sql: q.sql,
				settings: []string{"optimize_aggregation_in_order", inOrder, "max_threads", fmt.Sprint(threads)}})
		}
	}
	return out
}

// cellSQL is the number of a row's cell, or outside for one before all
// windows.
func cellSQL(convert, outside string) string {
	parts := []string{fmt.Sprintf("type * %d", len(windowDays))}
	for _, days := range windowDays[:len(windowDays)-1] {
		parts = append(parts, fmt.Sprintf(convert, fmt.Sprintf("ts < %d", windowStart(days)/1000)))
	}
	last := windowStart(windowDays[len(windowDays)-1]) / 1000
	return fmt.Sprintf(convert, fmt.Sprintf("CASE WHEN ts < %d THEN %s ELSE %s END", last, outside, strings.Join(parts, " + ")))
}

func numbered(expressions []string) string {
	out := make([]string, len(expressions))
	for i, e := range expressions {
		out[i] = fmt.Sprintf("%s AS c%d", e, i)
	}
	return strings.Join(out, ", ")
}

// checksumSQL gives for each tag the sum and the number of values of Checksum.
// whole turns a value into an integer that is as wide as the products and
// sums need.
func checksumSQL(q query, tags []Definition, whole func(string) string) string {
	var out []string
	for i, d := range tags {
		value := numberSQL(i, d)
		out = append(out, fmt.Sprintf("sum(%s * %s), count(%s)", whole(value), whole(weightSQL), value))
	}
	return "SELECT " + strings.Join(out, ", ") + " FROM (" + q.sql + ")"
}

// sampleSQL gives the values of the sampled customers, in their order.
func sampleSQL(q query, tags []Definition, c *Config) string {
	var out []string
	for i, d := range tags {
		out = append(out, numberSQL(i, d))
	}
	return "SELECT customer, " + strings.Join(out, ", ") + " FROM (" + q.sql + ") WHERE " + c.sampledSQL() + " ORDER BY customer"
}

// numberSQL is what Definition.number gives.
func numberSQL(i int, d Definition) string {
	if d.Unit == Fraction {
		return fmt.Sprintf("toInt64("+roundedSQL+")", fmt.Sprintf("c%d", i))
	}
	return fmt.Sprintf("c%d", i)
}
