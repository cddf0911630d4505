package main

import (
	"context"
	"fmt"
	"math/big"
	"path/filepath"
	"time"
)

// clickhouseStep loads W into a ClickHouse of its own and computes what one
// query can say.
func clickhouseStep(_ context.Context, c *Config, f *Findings) (err error) {
	ch, err := startClickHouse(filepath.Join(c.Dir, "clickhouse"))
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := ch.stop(); err == nil {
			err = stopErr
		}
	}()
	version, err := ch.text("SELECT version()")
	if err != nil {
		return err
	}
	kept, err := ch.number("SELECT count() FROM w.events")
	if err != nil {
		return err
	}
	if int(kept) != c.Events {
		if _, err := ch.text("TRUNCATE TABLE w.events"); err != nil {
			return err
		}
		begun := time.Now()
		if err := ch.load(c.Workload); err != nil {
			return err
		}
		f.Figures["clickhouse_load"] = Figure{Value: time.Since(begun).Seconds(), Unit: "s", Note: "ClickHouse " + version}
	}
	bytes, err := ch.number("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'w'")
	if err != nil {
		return err
	}
	f.set("clickhouse_bytes_per_event", bytes/float64(c.Events), "bytes")
	if err := timeClickHouse(c, f, ch, "clickhouse_d80", Counts()); err != nil {
		return err
	}
	return timeClickHouse(c, f, ch, "clickhouse_sayable", Sayable())
}

// timeClickHouse times every way to say the tags, and notes the values that
// the fastest gives.
func timeClickHouse(c *Config, f *Findings, ch *clickhouse, name string, tags []Definition) error {
	var best query
	for _, q := range clickhouseQueries(tags, c.Threads) {
		var runs []time.Duration
		for i := range c.Repeats + 1 { // the first does not count
			took, err := ch.timed(q.sql, q.settings...)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", name, q.name, err)
			}
			if i > 0 {
				runs = append(runs, took)
			}
		}
		before, measured := f.Figures[name]
		f.seconds(name, runs...)
		if measured && before.Value <= f.Figures[name].Value {
			f.Figures[name] = before
			continue
		}
		figure := f.Figures[name]
		figure.Note = q.name
		f.Figures[name], best = figure, q
	}
	whole := func(s string) string { return "toInt64(" + s + ")" }
	return noteRows(f, tags, func(sql string) ([][]string, error) { return ch.rows(sql, best.settings...) },
		checksumSQL(best, tags, whole), sampleSQL(best, tags, c))
}

// noteRows keeps the checksums and the samples that two queries give.
func noteRows(f *Findings, tags []Definition, rows func(string) ([][]string, error), checksums, samples string) error {
	sums, err := rows(checksums)
	if err != nil {
		return err
	}
	if len(sums) != 1 || len(sums[0]) != 2*len(tags) {
		return fmt.Errorf("%d rows of checksums", len(sums))
	}
	for i, d := range tags {
		sum, ok := new(big.Int).SetString(sums[0][2*i], 10)
		values, ok2 := new(big.Int).SetString(sums[0][2*i+1], 10)
		if !ok || !ok2 {
			return fmt.Errorf("the checksum of %s is %s of %s", d.Name, sums[0][2*i], sums[0][2*i+1])
		}
		modulus := new(big.Int).Lsh(big.NewInt(1), 64)
		f.Columns[d.Name] = Checksum{Sum: new(big.Int).Mod(sum, modulus).Uint64(), Values: values.Int64()}
	}
	found, err := rows(samples)
	if err != nil {
		return err
	}
	for i, d := range tags {
		f.Sample[d.Name] = make([]*string, len(found))
		for n, row := range found {
			if text := row[i+1]; text != `\N` {
				f.Sample[d.Name][n] = &text
			}
		}
	}
	return nil
}

// differences says where two findings give other values, at most a few.
func differences(a, b *Findings, tags []Definition) []string {
	var out []string
	for _, d := range tags {
		if len(out) > 5 {
			return append(out, "...")
		}
		x, y := a.Columns[d.Name], b.Columns[d.Name]
		if x != y {
			out = append(out, fmt.Sprintf("%s: checksum %d of %d values, and %d of %d", d.Name, x.Sum, x.Values, y.Sum, y.Values))
		}
		of, with := a.Sample[d.Name], b.Sample[d.Name]
		if len(of) != len(with) || len(of) == 0 {
			out = append(out, fmt.Sprintf("%s: %d sampled values, and %d", d.Name, len(of), len(with)))
			continue
		}
		for i := range of {
			if s, t := said(of[i]), said(with[i]); s != t {
				out = append(out, fmt.Sprintf("%s of sampled customer %d: %s, and %s", d.Name, i, s, t))
				break
			}
		}
	}
	return out
}

func said(text *string) string {
	if text == nil {
		return "missing"
	}
	return *text
}
