package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Row is a line of the table: what was measured, what it should at least be,
// and what it is.
type Row struct {
	What   string `json:"what"`
	Target string `json:"target"` // "" = none, for information
	Found  string `json:"found"`
	Met    string `json:"met"` // yes, no, or "" where there is no target or it holds for full W alone
}

// aim is a number that a row should reach.
type aim struct {
	target string
	of     float64
	most   bool // the figure is to be at most this, else at least
}

func atMost(of float64, target string) aim  { return aim{target, of, true} }
func atLeast(of float64, target string) aim { return aim{target, of, false} }

// table makes the rows from the figures. A row whose figures were not measured
// is left out.
func table(r *Results) []Row {
	var rows []Row
	full := r.Workload.Customers >= 1_000_000 && r.Workload.Events >= 50_000_000
	get := func(name string) (Figure, bool) { f, ok := r.Figures[name]; return f, ok }
	row := func(what string, value float64, found string, a aim) {
		line := Row{What: what, Target: a.target, Found: found}
		if a.target != "" {
			met := value >= a.of
			if a.most {
				met = value <= a.of
			}
			line.Met = map[bool]string{true: "yes", false: "no"}[met]
		}
		rows = append(rows, line)
	}
	// one is a figure by itself; its aim holds for full W.
	one := func(what, name string, a aim) {
		f, ok := get(name)
		if !ok {
			return
		}
		found := show(f.Value, f.Unit)
		if f.Note != "" {
			found += " (" + f.Note + ")"
		}
		row(what, f.Value, found, a)
		if !full && a.target != "" {
			rows[len(rows)-1].Met = ""
		}
	}
	// ratio is how many times of one figure another is.
	ratio := func(what, name, of string, a aim) {
		f, ok := get(name)
		g, ok2 := get(of)
		if !ok || !ok2 || f.Value == 0 {
			return
		}
		row(what, g.Value/f.Value, fmt.Sprintf("%.1f ×: %s and %s", g.Value/f.Value, show(f.Value, f.Unit), show(g.Value, g.Unit)), a)
	}
	var none aim

	one("D80 over everyone, warm", "d80", none)
	ratio("… faster than ClickHouse", "d80", "clickhouse_d80", atLeast(15, "15 ×, better 30 ×"))
	ratio("… faster than DuckDB", "d80", "duckdb_d80", atLeast(200, "200 ×"))
	one("D80, cold: new process, page cache dropped", "d80_cold", none)
	ratio("… faster than ClickHouse warm", "d80_cold", "clickhouse_d80", atLeast(3, "3 ×"))
	one("… opening before it", "d80_cold_open", none)
	one("D80 right after ingest, not compacted", "d80_uncompacted", none)
	one("D200 over everyone, warm", "d200", none)
	ratio("… of the time of D80", "d80", "d200", atMost(6, "at most 6 ×"))
	ratio("what one query can say, faster than ClickHouse", "sayable", "clickhouse_sayable", atLeast(10, "10 ×"))
	one("preview of one condition, exact, warm", "preview", atMost(0.4, "at most 400 ms"))
	one("preview of one condition, exact, cold", "preview_cold", atMost(1.5, "at most 1.5 s"))
	one("count of a five-operand set expression", "expression", atMost(1, "at most 1 ms"))
	one("disk: bytes an event, without ids and provenance", "bytes_per_event_bare", atMost(14, "at most 14"))
	if f, ok := get("bytes_per_event"); ok {
		bare := r.Figures["bytes_per_event_bare"].Value
		row("… more for ids, provenance and identity keys", f.Value-bare, show(f.Value-bare, "bytes"), atMost(12, "at most 12"))
	}
	one("disk: ClickHouse, bytes an event", "clickhouse_bytes_per_event", none)
	one("disk: DuckDB, bytes an event", "duckdb_bytes_per_event", none)
	one("memory, peak: D80", "d80_peak", atMost(3000, "at most 3 GB"))
	one("memory, peak: D200", "d200_peak", atMost(3000, "at most 3 GB"))
	one("memory, peak: ingest", "ingest_peak", atMost(3000, "at most 3 GB"))
	one("incremental, D200: changed customers", "live_rate", atLeast(25_000, "25,000/s"))
	one("freshness at 5,000 events/s with D200, p99", "fresh_p99", atMost(0.2, "at most 200 ms"))
	one("a day passing without events", "day", none)
	ratio("… of a publishing run of everyone", "live_everyone", "day", atMost(2, "at most 2 ×"))
	one("publishing everyone for the first time, D200", "live_everyone", none)
	one("writing a snapshot of what is published", "live_snapshot", none)
	one("start, until what is published is shown", "live_start", atMost(5, "at most 5 s"))
	one("memory, peak: publishing everyone and what changes", "live_peak", atMost(3000, "at most 3 GB"))
	one("evaluating D200 for everyone after a start, nothing published", "start_to_answer", none)
	one("ingest", "ingest", none)
	one("… events a second", "ingest_rate", none)
	one("compacting", "compact", none)
	one("publishing D200, with its calibrations", "publish", none)
	one("loading ClickHouse", "clickhouse_load", none)
	one("loading DuckDB", "duckdb_load", none)
	one("ClickHouse's fastest D80", "clickhouse_d80", none)
	one("ClickHouse's fastest of what one query can say", "clickhouse_sayable", none)
	one("DuckDB's fastest D80", "duckdb_d80", none)
	return rows
}

// show prints a figure with as many digits as mean something.
func show(value float64, unit string) string {
	switch {
	case unit == "s" && value < 1:
		return fmt.Sprintf("%.0f ms", value*1000)
	case unit == "s" && value < 100:
		return fmt.Sprintf("%.2f s", value)
	case value >= 100:
		return fmt.Sprintf("%.0f %s", value, unit)
	case value >= 1:
		return fmt.Sprintf("%.1f %s", value, unit)
	}
	return fmt.Sprintf("%.3f %s", value, unit)
}

func printTable(out io.Writer, r *Results) {
	cells := [][]string{{"what", "target", "found", "met"}}
	for _, row := range r.Rows {
		cells = append(cells, []string{row.What, row.Target, row.Found, row.Met})
	}
	fmt.Fprintln(out)
	printCells(out, cells)
	fmt.Fprintf(out, "\nThe disk reads %.0f MB/s. Load averages: %s at the start, %s at the end. All in %.0f minutes.\n", r.Machine.DiskRead, r.Machine.LoadFirst, r.Machine.LoadLast, r.TotalHours*60)
	for name, differ := range r.Compared {
		if len(differ) == 0 {
			fmt.Fprintf(out, "Strata and %s give the same values.\n", name)
		}
		for _, line := range differ {
			fmt.Fprintf(out, "Strata and %s differ: %s\n", name, line)
		}
	}
}

// printCells prints a table in Markdown.
func printCells(out io.Writer, cells [][]string) {
	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for n, line := range cells {
		var b strings.Builder
		for i, cell := range line {
			b.WriteString("| " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+1))
		}
		fmt.Fprintln(out, b.String()+"|")
		if n == 0 {
			b.Reset()
			for i := range line {
				b.WriteString("|" + strings.Repeat("-", widths[i]+2))
			}
			fmt.Fprintln(out, b.String()+"|")
		}
	}
}
