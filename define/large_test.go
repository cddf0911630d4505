package define_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"strata"
	"strata/define"
)

var (
	reference = regexp.MustCompile(`\b(tag|segment|tier|list|score): ("?)([\p{L}\p{M}\p{Nd}_]+)`)
	defined   = regexp.MustCompile(`^  ("?)([\p{L}\p{M}\p{Nd}_]+)("?):`)
	anyName   = regexp.MustCompile(`[\p{L}\p{M}\p{Nd}_]+`)
)

// large returns a file of at least so many lines that holds one of everything
// again and again: testdata/language.yaml with names of its own each time.
func large(t testing.TB, lines int) []byte {
	t.Helper()
	whole, err := os.ReadFile("testdata/language.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := load("language.yaml", whole)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, r := range set.Refs() {
		names[r.Kind+" "+r.Name] = true
	}
	sections, section := map[string][]string{}, ""
	for line := range strings.Lines(string(define.PrintYAML(set))) {
		if !strings.HasPrefix(line, " ") {
			section = line
			continue
		}
		sections[section] = append(sections[section], line)
	}
	again := func(line string, n int) string {
		renamed := func(name string) string { return fmt.Sprintf("%s_%d", name, n) }
		line = reference.ReplaceAllStringFunc(line, func(found string) string {
			m := reference.FindStringSubmatch(found)
			if !names[m[1]+" "+m[3]] {
				return found // score: median
			}
			return m[1] + ": " + m[2] + renamed(m[3])
		})
		if before, formula, found := strings.Cut(line, "formula: "); found {
			line = before + "formula: " + anyName.ReplaceAllStringFunc(formula, func(name string) string {
				if names["tag "+name] {
					return renamed(name)
				}
				return name
			})
		}
		return defined.ReplaceAllString(line, fmt.Sprintf("  ${1}${2}_%d${3}:", n))
	}
	out := map[string]*strings.Builder{}
	total := 0
	for n := 0; total < lines; n++ {
		for name, text := range sections {
			if name == "catalogue:\n" && n > 0 {
				continue
			}
			if out[name] == nil {
				out[name] = &strings.Builder{}
				out[name].WriteString(name)
			}
			for _, line := range text {
				if name != "catalogue:\n" {
					line = again(line, n)
				}
				out[name].WriteString(line)
				total++
			}
		}
	}
	var b bytes.Buffer
	for _, name := range []string{"catalogue:\n", "tags:\n", "segments:\n", "tiers:\n", "lists:\n", "scores:\n", "strategies:\n"} {
		b.WriteString(out[name].String())
	}
	return b.Bytes()
}

// BenchmarkCheck5000Lines reads and checks a file of 5,000 lines:
//
//	go test ./define -run NONE -bench Check5000Lines -benchmem
func BenchmarkCheck5000Lines(b *testing.B) {
	text := large(b, 5000)
	// A file in which every name is misspelt is the slowest to answer.
	broken := bytes.ReplaceAll(text, []byte("event: "), []byte("event: x"))
	broken = reference.ReplaceAll(broken, []byte("$1: $2${3}x"))
	base, _, err := load("base.yaml", text)
	if err != nil {
		b.Fatal(err)
	}
	one := []byte("tags: {one: {value: {count: {event: order_paid}}}}")
	for _, bench := range []struct {
		name   string
		base   *define.Set
		text   []byte
		errors bool
	}{{"sound", nil, text, false}, {"broken", nil, broken, true}, {"one over a base of them", base, one, false}} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.text)))
			b.ReportAllocs()
			for b.Loop() {
				f, _ := define.Parse("large.yaml", bench.text)
				if _, _, err := define.Check(bench.base, f, strata.DefaultSettings()); (err != nil) != bench.errors {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(bytes.Count(text, []byte("\n"))), "lines")
		})
	}
}
