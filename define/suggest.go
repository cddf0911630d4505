package define

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// DidYouMean returns a hint for a name that is not among those known: the
// nearest of them, or where none is near and they are few, all of them.
func DidYouMean(name string, known []string) string {
	if s := nearest(name, known); s != "" {
		return "did you mean " + s + "?"
	}
	if len(known) > 0 && len(known) <= 12 {
		sorted := slices.Clone(known)
		slices.Sort(sorted)
		return "known here: " + strings.Join(slices.Compact(sorted), ", ")
	}
	return ""
}

// nearest returns the known name with the fewest edits from name, "" where
// none is near. Ties go to the smaller text.
func nearest(name string, known []string) string {
	a := []rune(strings.ToLower(name))
	if len(a) == 0 || len(a) > 100 {
		return ""
	}
	limit := len(a) / 3
	if limit == 0 && len(a) == 2 && a[0] > unicode.MaxASCII {
		limit = 1 // a Chinese word
	}
	best, bestAt := "", limit
	for _, k := range known {
		b := []rune(strings.ToLower(k))
		if d := len(a) - len(b); max(d, -d) > bestAt || len(b) > 100 {
			continue
		}
		if d := edits(a, b); d < bestAt || d == bestAt && (best == "" || k < best) {
			best, bestAt = k, d
		}
	}
	if best == "" && len(a) >= 4 { // a part of the name, or the name and more
		for _, k := range known {
			l := strings.ToLower(k)
			if (strings.Contains(l, string(a)) || len(l) >= 4 && strings.Contains(string(a), l)) && (best == "" || len(k) < len(best) || len(k) == len(best) && k < best) {
				best = k
			}
		}
	}
	return best
}

// edits is the Damerau-Levenshtein distance (optimal string alignment):
// insertions, deletions, substitutions and swaps of neighbours.
func edits(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// unknown is the message and hint for a name that is not known.
func unknown(kind, name string, known []string) (message, hint string) {
	return fmt.Sprintf("unknown %s %s", kind, name), DidYouMean(name, known)
}
