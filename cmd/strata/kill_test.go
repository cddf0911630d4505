package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	kills    = flag.Int("kills", 0, "how many imports the kill test kills, of all of Online Retail too (default a few, of a part of it)")
	killSeed = flag.Uint64("kill-seed", 0, "draws the kill test's file and moments again (default drawn and printed)")
)

// TestKill imports a file, kills the importing process with SIGKILL at random
// moments, and runs the command again until it ends: all figures must be those
// of an undisturbed import. `go test ./cmd/strata -run TestKill -kills 500
// -timeout 0` goes on for long.
func TestKill(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d; draw it again with -kill-seed %[1]d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	n := max(*kills, 6)

	t.Run("generated", func(t *testing.T) {
		dir := t.TempDir()
		file, mapping, definitions := filepath.Join(dir, "pos.csv"), filepath.Join(dir, "pos.yaml"), filepath.Join(dir, "definitions.yaml")
		rows := 40_000
		if *kills > 0 {
			rows = 150_000
		}
		write(t, file, generated(random, rows))
		write(t, mapping, killMapping)
		write(t, definitions, killDefinitions)
		k := killing{dir, file, mapping, definitions, "2026-06-18", []string{
			"tag spent", "tag gross", "tag orders", "tag items", "tag refunds", "tag favourite", "tag city", "segment regulars", "segment nobody", "tier worth", "tier rfm",
		}}
		k.run(t, random, n)
	})

	t.Run("online retail", func(t *testing.T) {
		file, dir := sharedFile(t, "online_retail.csv.gz"), t.TempDir()
		if *kills == 0 {
			file = firstLines(t, file, filepath.Join(dir, "part.csv"), 150_000)
		}
		example := filepath.Join("..", "..", "examples", "online_retail")
		k := killing{dir, file, filepath.Join(example, "mapping.yaml"), filepath.Join(example, "definitions.yaml"), "2011-12-11", []string{
			"tag turnover", "tag returned", "tag orders", "tag lines", "tag days_since_order", "tier rfm", "tier rfm_eight",
		}}
		k.run(t, random, n/2)
	})
}

// killing is an import to be killed, and the questions whose answers must not
// show that it was.
type killing struct {
	dir, file, mapping, definitions string
	asOf                            string
	shown                           []string
}

func (k *killing) run(t *testing.T, random *rand.Rand, kills int) {
	t.Setenv(clockVariable, "2026-06-18T10:00:00+08:00")
	undisturbed := filepath.Join(k.dir, "undisturbed")
	began := time.Now()
	code, out := k.strata(t, undisturbed, "import", k.file, "--map", k.mapping, "--quiet")
	if code > 1 {
		t.Fatalf("the undisturbed import ended with %d\n%s", code, out)
	}
	lasts := time.Since(began)
	want := k.figures(t, undisturbed)

	killed, resumed, ends := 0, 0, []int{}
	for round := 0; killed < kills && round < kills; round++ {
		data := filepath.Join(k.dir, fmt.Sprint("killed", round))
		here := 0
		for ended := false; !ended; {
			after := time.Duration(random.Int64N(int64(lasts)))
			if random.IntN(2) == 0 { // when there is more to lose
				after = lasts/2 + after/2
			}
			if killed == kills || here == 5 {
				after = time.Hour
			}
			began := time.Now()
			var out string
			if out, ended = k.kill(t, data, after); ended {
				lasts = time.Since(began) // the machine may be busier or less so than before
			} else {
				killed, here = killed+1, here+1
			}
			if strings.Contains(out, "went on where it had stopped") {
				resumed++
			}
			// What is there can be looked at.
			if code, out := k.strata(t, data, "imports"); code != 0 && exists(data) {
				t.Fatalf("round %d: after a kill at %v, imports ended with %d\n%s", round, after, code, out)
			}
		}
		ends = append(ends, here)
		if diff := cmp.Diff(want, k.figures(t, data)); diff != "" {
			t.Fatalf("round %d: figures after %d kills (-undisturbed +killed):\n%s", round, here, diff)
		}
		os.RemoveAll(data)
	}
	t.Logf("an import lasts %v; kills by round %v, %d imports went on where they had stopped", lasts.Round(time.Millisecond), ends, resumed)
}

// kill starts the import and kills it after a while, or reports that it had
// ended before, with what it printed.
func (k *killing) kill(t *testing.T, data string, after time.Duration) (out string, ended bool) {
	t.Helper()
	cmd := exec.Command("strata", "--data", data, "import", k.file, "--map", k.mapping, "--quiet")
	var printed strings.Builder
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	select {
	case <-over:
	case <-time.After(after):
		cmd.Process.Kill()
		<-over
	}
	code := cmd.ProcessState.ExitCode() // -1: by a signal
	if code > 1 {
		t.Fatalf("the import ended with %d\n%s", code, &printed)
	}
	return printed.String(), code >= 0
}

// figures are the answers about a data directory, and what is kept of its
// first import. A kill after the import was done makes a second one, of
// nothing new.
func (k *killing) figures(t *testing.T, data string) map[string]string {
	t.Helper()
	strataRun(t, 0, "--data", data, "apply", "-f", k.definitions, "--yes")
	figures := map[string]string{"refused": strataRun(t, 0, "--data", data, "imports", "refused", "1")}
	for _, what := range k.shown {
		kind, name, _ := strings.Cut(what, " ")
		figures[what] = strataRun(t, 0, "--data", data, "show", kind, name, "--as-of", k.asOf, "--json")
	}
	var all []map[string]any
	if err := json.Unmarshal([]byte(strataRun(t, 0, "--data", data, "imports", "--json")), &all); err != nil {
		t.Fatal(err)
	}
	for i, one := range all {
		if i == 0 {
			figures["import"] = fmt.Sprint(one)
		} else if one["events"] != 0.0 || one["new_customers"] != 0.0 {
			t.Fatalf("the same file again gave something new: %v", one)
		}
	}
	return figures
}

// strata runs a command in a process of its own and returns its exit code and
// output.
func (k *killing) strata(t *testing.T, data string, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command("strata", append([]string{"--data", data}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		return code, string(out) + stderr.String()
	}
	return 0, string(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// firstLines writes the first lines of a .gz file of text into another.
func firstLines(t *testing.T, from, to string, n int) string {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(plain)
	var text strings.Builder
	for range n {
		line, err := lines.ReadString('\n')
		text.WriteString(line)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(t, to, text.String())
	return to
}

const killMapping = `
source: pos
keys: {member_no: member, phone: {column: phone, invalid: ignore}}
skip: [{when: {kind: note}, because: a note, customer: keep}]
attributes: {city: city}
catalogue: {events: {order_paid: {properties: {weighed: {type: money, scale: 3}}}}}
events:
  - {event: order_paid, when: {kind: sale}, group: {by: no, time: max}, time: at, properties: {order_id: no, amount: {column: sum, sum: true}, weighed: {column: sum, sum: true}}}
  - {event: item_bought, when: {kind: sale}, time: at, properties: {order_id: no, product: item, quantity: {column: qty, at_least: 1}, amount: sum}}
  - {event: store_visited, when: {kind: sale}, time: at, properties: {store: city}}
  - {event: order_refunded, when: {kind: refund}, id: [no, item, at], time: at, properties: {order_id: no, amount: {column: sum, greater_than: 0}}}
`

const killDefinitions = `
tags:
  spent: {owner: ops, purpose: test, consumer: ops, value: {sum: {event: order_paid, of: amount}}}
  gross: {owner: ops, purpose: test, consumer: ops, value: {sum: {event: order_paid, of: weighed, gross: true}}}
  orders: {owner: ops, purpose: test, consumer: ops, value: {count: {event: order_paid}}}
  items: {owner: ops, purpose: test, consumer: ops, value: {sum: {event: item_bought, of: quantity, within: 6mo}}}
  refunds: {owner: ops, purpose: test, consumer: ops, value: {count: {event: order_refunded}}}
  favourite: {owner: ops, purpose: test, consumer: ops, value: {favourite: {event: item_bought, by: product}}}
  city: {owner: ops, purpose: test, consumer: ops, value: {attribute: city}}
segments:
  regulars: {owner: ops, purpose: test, consumer: ops, where: {event: order_paid, within: 3mo, times: {at_least: 2}}}
  nobody: {owner: ops, purpose: test, consumer: ops, where: {not: {event: store_visited}}}
tiers:
  worth:
    owner: ops
    purpose: test
    consumer: ops
    levels: [{id: high}, {id: middle}, {id: low}]
    rules:
      - {level: high, where: {tag: spent, at_least: 500}}
      - {level: middle, where: {event: item_bought, times: {at_least: 3}}}
    otherwise: low
  rfm: {owner: ops, purpose: test, consumer: ops, rfm: {score: {quantile: 5}, classes: grid}}
`

// generated is a file of sales, refunds and notes, with equal rows, orders
// whose lines lie apart, and rows that are refused.
func generated(random *rand.Rand, rows int) string {
	var b strings.Builder
	b.WriteString("member,phone,kind,no,at,item,qty,sum,city\n")
	line := ""
	for i := range rows {
		order := random.IntN(rows / 3)
		member := order * 7 % (rows / 12) // whose order it is
		if random.IntN(1000) == 0 {
			member++ // and whose it is not
		}
		who, phone := fmt.Sprintf("M%06d", member), fmt.Sprintf("14500%06d", 19+member*37)
		kind, sum := "sale", fmt.Sprintf("%d.%02d", random.IntN(300), random.IntN(100))
		switch random.IntN(40) {
		case 0:
			kind = "note"
		case 1, 2:
			kind = "refund"
		case 3:
			who, phone = "", ""
		case 4:
			sum = "much"
		case 5:
			phone = "13800138000"
		}
		if i == 0 || random.IntN(50) > 0 { // else an equal row
			day := time.Date(2025, 1, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(random.IntN(500*24*3600)) * time.Second)
			line = fmt.Sprintf("%s,%s,%s,T%d,%s,%s,%d,%s,%s\n", who, phone, kind, order, day.Format(time.DateTime),
				[]string{"毛肚", "虾滑", "酸梅汤", "米饭"}[random.IntN(4)], 1+random.IntN(4), sum, []string{"北京", "上海", ""}[random.IntN(3)])
		}
		b.WriteString(line)
	}
	return b.String()
}
