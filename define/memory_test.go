package define_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"strata/define"
)

// live returns how many bytes are live on the heap.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// measured runs work and returns what is live at most while it runs, sampled
// without a break, and what stays live with its result.
func measured(work func() any) (peak, kept uint64, took time.Duration) {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	before := live()
	done := make(chan any)
	start := time.Now()
	go func() { done <- work() }()
	for {
		select {
		case out := <-done:
			took = time.Since(start)
			after := live()
			runtime.KeepAlive(out)
			return max(peak, after) - min(before, after), after - min(before, after), took
		default:
			if now := live(); now > before {
				peak = max(peak, now)
			}
		}
	}
}

func TestMemory(t *testing.T) {
	const size = 1 << 20
	fill := func(before, unit, after string) string {
		return before + strings.Repeat(unit, size/len(unit)) + after
	}
	numbered := func(before, format, after string) string {
		var b strings.Builder
		b.WriteString(before)
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String() + after
	}
	for _, tt := range []struct{ name, text string }{
		{"large", string(large(t, 20000))},
		{"deep", fill("", "[[[[[[[[[[[[[[[]]]]]]]]]]]]]]],", "")},
		{"list of short", fill("lists: {l: {members: [", "a,", "]}}")},
		{"list of maps", fill("segments: {s: {where: {any: [", "{event: a},", "]}}}")},
		{"many keys", numbered("tags: {", "a%d: 1,", "}")},
		{"long scalar", fill("tags: {a: {value: {attribute: \"", "x", "\"}}}")},
		{"long plain", fill("tags: {a: {value: {attribute: ", "x ", "}}}")},
		{"long block", fill("tags:\n  a: |\n", "    x\n", "\n")},
		{"escapes", fill("tags: {a: \"", "\\n", "\"}")},
		{"comments", fill("", "#\n", "tags: {}")},
		{"newlines", fill("", "\n", "tags: {}")},
		{"normal", fill("segments: {s: {where: {any: [", "{event: site_visited, within: 3mo, times: {at_least: 3}},", "]}}}")},
	} {
		for _, face := range []string{"f.yaml"} {
			peak, kept, took := measured(func() any { f, err := define.Parse(face, []byte(tt.text)); return []any{f, err} })
			t.Logf("%-15s peak %5.1f kept %5.1f %s", tt.name, float64(peak)/float64(len(tt.text)), float64(kept)/float64(len(tt.text)), took)
		}
	}
}
