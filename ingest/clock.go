package ingest

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"strata"
)

// timeFormat reads instants and civil days as a source writes them.
type timeFormat struct {
	layouts []string       // Go layouts, "unix" or "unix_ms"; none = the usual numeric ones
	zone    *time.Location // of what carries none

	lastText []byte // rows of one order share their time
	lastAt   strata.Instant
}

const (
	layoutUnix       = "unix"
	layoutUnixMillis = "unix_ms"
	timeExamples     = "2026-03-01 18:30:00, 2026/3/1 18:30 or 2026-03-01T18:30:00+08:00"
	dateExamples     = "2026-03-01 or 2026/3/1"
)

// goLayout translates yyyy-MM-dd HH:mm:ss, as people write it, into Go's
// form. A Go layout and the words unix and unix_ms pass as they are.
func goLayout(s string) (string, bool) {
	if s == layoutUnix || s == layoutUnixMillis || strings.Contains(s, "2006") || strings.Contains(s, "06") {
		return s, s != ""
	}
	if !strings.Contains(s, "yy") {
		return "", false
	}
	letters := []struct{ from, to string }{
		{"yyyy", "2006"}, {"yy", "06"}, {"MMM", "Jan"}, {"MM", "01"}, {"M", "1"}, {"dd", "02"}, {"d", "2"}, {"HH", "15"}, {"H", "15"},
		{"hh", "03"}, {"h", "3"}, {"mm", "04"}, {"m", "4"}, {"ss", "05"}, {"s", "5"}, {"SSS", "000"}, {"a", "PM"}, {"XXX", "Z07:00"}, {"Z", "-0700"},
	}
	var b strings.Builder
next:
	for s != "" {
		for _, l := range letters {
			if strings.HasPrefix(s, l.from) {
				b.WriteString(l.to)
				s = s[len(l.from):]
				continue next
			}
		}
		c := s[0]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' && c != 'T' {
			return "", false
		}
		b.WriteByte(c)
		s = s[1:]
	}
	return b.String(), true
}

// instant reads a moment.
func (f *timeFormat) instant(b []byte) (strata.Instant, bool) {
	if len(b) > 0 && bytes.Equal(b, f.lastText) {
		return f.lastAt, true
	}
	var at strata.Instant
	if len(f.layouts) == 0 {
		c, ok := parseCivil(b)
		if !ok {
			return 0, false
		}
		at = c.instant(f.zone)
	} else {
		t, ok := f.byLayout(string(b))
		if !ok {
			return 0, false
		}
		at = strata.At(t)
	}
	f.lastText, f.lastAt = append(f.lastText[:0], b...), at
	return at, true
}

// day reads a civil day, in days since 1970-01-01.
func (f *timeFormat) day(b []byte) (int64, bool) {
	if len(f.layouts) == 0 {
		c, ok := parseCivil(b)
		if !ok {
			return 0, false
		}
		if c.offset { // a moment: its day in the zone
			return daysOf(time.UnixMilli(int64(c.instant(f.zone))).In(f.zone)), true
		}
		return daysOf(time.Date(c.year, time.Month(c.month), c.day, 0, 0, 0, 0, time.UTC)), true
	}
	t, ok := f.byLayout(string(b))
	if !ok {
		return 0, false
	}
	return daysOf(t), true
}

func daysOf(t time.Time) int64 {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400
}

func (f *timeFormat) byLayout(s string) (time.Time, bool) {
	for _, l := range f.layouts {
		if l == layoutUnix || l == layoutUnixMillis {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				continue
			}
			if l == layoutUnix {
				return time.Unix(n, 0).In(f.zone), true
			}
			return time.UnixMilli(n).In(f.zone), true
		}
		if t, err := time.ParseInLocation(l, s, f.zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// civil is a date and time of day as written.
type civil struct {
	year, month, day, hour, minute, second, milli int
	offset                                        bool // the zone stands in the text
	offsetSeconds                                 int
}

func (c civil) instant(zone *time.Location) strata.Instant {
	if c.offset {
		zone = time.UTC
	}
	t := time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, c.second, 0, zone)
	return strata.Instant((t.Unix()-int64(c.offsetSeconds))*1000 + int64(c.milli))
}

// parseCivil reads the forms that cannot be mistaken: year first, separated
// by - / . or 年月日, or 8 or 14 digits; the time of day after a space or T;
// perhaps a fraction of a second and Z or +08:00 after it.
func parseCivil(b []byte) (c civil, ok bool) {
	digits := 0
	for digits < len(b) && b[digits] >= '0' && b[digits] <= '9' {
		digits++
	}
	if digits == len(b) && (digits == 8 || digits == 14) {
		c.year, c.month, c.day = number(b[:4]), number(b[4:6]), number(b[6:8])
		if digits == 14 {
			c.hour, c.minute, c.second = number(b[8:10]), number(b[10:12]), number(b[12:14])
		}
		return c, c.valid()
	}
	if digits != 4 {
		return c, false
	}
	c.year = number(b[:4])
	b = b[4:]
	chinese := bytes.HasPrefix(b, []byte("年"))
	var separator byte
	if chinese {
		b = b[len("年"):]
	} else {
		if len(b) == 0 || b[0] != '-' && b[0] != '/' && b[0] != '.' {
			return c, false
		}
		separator, b = b[0], b[1:]
	}
	if c.month, b, ok = upTo2(b); !ok {
		return c, false
	}
	if chinese {
		if !bytes.HasPrefix(b, []byte("月")) {
			return c, false
		}
		b = b[len("月"):]
	} else {
		if len(b) == 0 || b[0] != separator {
			return c, false
		}
		b = b[1:]
	}
	if c.day, b, ok = upTo2(b); !ok {
		return c, false
	}
	if chinese {
		if !bytes.HasPrefix(b, []byte("日")) {
			return c, false
		}
		b = b[len("日"):]
	}
	if len(b) == 0 {
		return c, c.valid()
	}
	switch {
	case b[0] == 'T' || b[0] == ' ':
		b = bytes.TrimLeft(b[1:], " ")
	case !chinese:
		return c, false
	}
	if c.hour, b, ok = upTo2(b); !ok || len(b) == 0 || b[0] != ':' {
		return c, false
	}
	if c.minute, b, ok = upTo2(b[1:]); !ok {
		return c, false
	}
	if len(b) > 0 && b[0] == ':' {
		if c.second, b, ok = upTo2(b[1:]); !ok {
			return c, false
		}
		if len(b) > 1 && (b[0] == '.' || b[0] == ',') {
			b = b[1:]
			n, scale := 0, 100
			for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
				c.milli += scale * int(b[0]-'0')
				scale /= 10
				b = b[1:]
				n++
			}
			if n == 0 {
				return c, false
			}
		}
	}
	if len(b) > 0 {
		b = bytes.TrimLeft(b, " ")
		if !c.zone(b) {
			return c, false
		}
	}
	return c, c.valid()
}

// zone reads Z, +08:00, +0800 or +08.
func (c *civil) zone(b []byte) bool {
	c.offset = true
	if len(b) == 1 && (b[0] == 'Z' || b[0] == 'z') {
		return true
	}
	if len(b) < 3 || b[0] != '+' && b[0] != '-' {
		return false
	}
	sign := 1
	if b[0] == '-' {
		sign = -1
	}
	hours, rest, ok := upTo2(b[1:])
	if !ok || len(b)-len(rest) != 3 {
		return false
	}
	minutes := 0
	if len(rest) > 0 && rest[0] == ':' {
		rest = rest[1:]
		if len(rest) == 0 {
			return false
		}
	}
	if len(rest) > 0 {
		if minutes, rest, ok = upTo2(rest); !ok || len(rest) > 0 {
			return false
		}
	}
	c.offsetSeconds = sign * (hours*3600 + minutes*60)
	return hours <= 15 && minutes < 60
}

func (c civil) valid() bool {
	if c.month < 1 || c.month > 12 || c.day < 1 || c.hour > 23 || c.minute > 59 || c.second > 59 || c.year < 1 {
		return false
	}
	return c.day <= 28 || c.day <= time.Date(c.year, time.Month(c.month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func upTo2(b []byte) (n int, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < 2 && b[i] >= '0' && b[i] <= '9' {
		n = n*10 + int(b[i]-'0')
		i++
	}
	return n, b[i:], i > 0
}

func number(b []byte) (n int) {
	for _, c := range b {
		n = n*10 + int(c-'0')
	}
	return n
}
