package ingest

import (
	"encoding/binary"
	"errors"

	"github.com/zeebo/xxh3"

	"strata"
)

// A messageId is known by a key that holds the week of its arrival, so that
// looking one up reads two keys and dropping old ones is one deletion of a
// range: f, s, first day of the week(4), xxh3-128 of source and id(16). The
// value is the body's hash(8) and the instant of arrival(8).

const (
	weekDays = 7
	weekSpan = strata.Instant(weekDays * dayMillis)
	// foldKeySize is the length of such a key.
	foldKeySize = 2 + 4 + 16

	neverEnds = uint32(1<<32 - 1) // in place of the week: ids that fold for ever
)

// folded is what is kept of a messageId.
type folded struct {
	body uint64
	at   strata.Instant
}

func (f folded) value() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, f.body), uint64(f.at))
}

func readFolded(b []byte) (folded, error) {
	if len(b) != 16 {
		return folded{}, &strata.Error{Code: strata.Internal, Message: "the record of a call's id is damaged"}
	}
	return folded{binary.BigEndian.Uint64(b), strata.Instant(binary.BigEndian.Uint64(b[8:]))}, nil
}

// streamFolds says where messageIds are known, and for how long.
type streamFolds struct {
	within  strata.Instant // milliseconds
	endless bool           // some id folds for ever
	seen    seen
}

// newStreamFolds finds out whether any id folds for ever.
func newStreamFolds(s Scanner, within strata.Instant) (*streamFolds, error) {
	f := &streamFolds{within: within}
	some := errors.New("some")
	err := s.ScanKeys(weekKey(neverEnds), []byte("ft"), func(_, _ []byte) error { return some })
	if errors.Is(err, some) {
		f.endless, err = true, nil
	}
	return f, err
}

// week returns the first day of the week that holds an instant, in days since
// 1970.
func week(at strata.Instant) uint32 { return uint32(at/weekSpan) * weekDays }

func weekKey(day uint32) []byte { return binary.BigEndian.AppendUint32([]byte{'f', 's'}, day) }

func (*streamFolds) at(day uint32, it *item) string {
	h := xxh3.New()
	h.WriteString(it.source)
	h.Write([]byte{0})
	h.WriteString(it.messageID)
	sum := h.Sum128().Bytes()
	return string(append(weekKey(day), sum[:]...))
}

// key returns where an item that arrives at an instant is to be known.
func (f *streamFolds) key(it *item, at strata.Instant) string {
	if it.forever {
		f.endless = true
		return f.at(neverEnds, it)
	}
	return f.at(week(at), it)
}

// keys returns where an item that arrives at an instant may be known.
func (f *streamFolds) keys(it *item, at strata.Instant) []string {
	first := f.at(neverEnds, it)
	out := make([]string, 0, 3)
	if f.endless || it.forever {
		out = append(out, first)
	}
	for day := week(at); ; day -= weekDays {
		key := []byte(first)
		binary.BigEndian.PutUint32(key[2:], day)
		out = append(out, string(key))
		if day < weekDays || day <= week(max(0, at-f.within)) {
			return out
		}
	}
}

// holds reports whether what is known at a key still counts at an instant.
func (f *streamFolds) holds(key string, known folded, at strata.Instant) bool {
	return key[2:6] == "\xff\xff\xff\xff" || at-known.at < f.within
}

// keeps returns the first day of the oldest week whose ids may still count.
func (f *streamFolds) keeps(now strata.Instant) uint32 { return week(max(0, now-f.within)) }
