package ingest

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// cleanText returns s in NFC without space around it (ideographic and
// no-break spaces and byte-order marks included).
func cleanText(s string) string { return string(cleanBytes([]byte(s))) }

// cleanBytes is cleanText in place where it can be.
func cleanBytes(b []byte) []byte {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] <= ' ' {
		b = b[:len(b)-1]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			b = bytes.TrimFunc(b, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
			if !norm.NFC.IsNormal(b) {
				b = norm.NFC.Bytes(b)
			}
			return b
		}
	}
	return b
}

// plainNumber undoes how people and spreadsheets dress a decimal: full-width
// digits, a leading ¥, thousands separators in their right places, a leading
// or trailing plus or minus of width. What is something else comes back as
// it was.
func plainNumber(s string) string {
	s = strings.TrimSpace(width.Narrow.String(s))
	s = strings.ReplaceAll(s, "−", "-")
	sign := ""
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		sign, s = s[:1], s[1:]
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "¥"), "￥")
	if sign == "" && (strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+")) {
		sign, s = s[:1], s[1:]
	}
	whole, fraction, point := strings.Cut(s, ".")
	if parts := strings.Split(whole, ","); len(parts) > 1 {
		for i, p := range parts {
			if i == 0 && (p == "" || len(p) > 3) || i > 0 && len(p) != 3 {
				return sign + s
			}
		}
		whole = strings.Join(parts, "")
	}
	s = sign + whole
	if point {
		s += "." + fraction
	}
	return s
}

// wholeNumber returns the digits of a whole number written as 17850.0 or
// 17850, and false for anything else.
func wholeNumber(b []byte) ([]byte, bool) {
	whole, fraction, point := bytes.Cut(b, []byte{'.'})
	if len(whole) == 0 || point && len(fraction) == 0 {
		return nil, false
	}
	for i, c := range whole {
		if (c < '0' || c > '9') && (i > 0 || c != '-' || len(whole) == 1) {
			return nil, false
		}
	}
	for _, c := range fraction {
		if c != '0' {
			return nil, false
		}
	}
	return whole, true
}

// interner returns equal strings for equal bytes without allocating anew
// where it has seen them lately.
type interner struct{ slots [1 << 13]string }

func (t *interner) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	slot := &t.slots[xxh3.Hash(b)&(1<<13-1)]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
