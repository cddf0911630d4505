package ingest

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"strata"
)

// The states of an import.
const (
	Running     = "running"     // being written, or ended without a word
	Interrupted = "interrupted" // ended before the end of its file; importing the same file with the same mapping goes on
	Done        = "done"
	Undoing     = "undoing" // being taken back; undoing it again goes on
	Undone      = "undone"
)

// Record is what is kept of an import.
type Record struct {
	ID          uint32         `json:"id"`
	State       string         `json:"state"`
	File        string         `json:"file"`
	Size        int64          `json:"size"` // bytes as stored
	Hash        string         `json:"hash"` // xxh3-128 of the content, hexadecimal
	Encoding    string         `json:"encoding"`
	Header      []string       `json:"header"`
	Delimiter   string         `json:"delimiter"`
	Headless    bool           `json:"headless,omitempty"` // the file has no line of names; Header is the mapping's
	Source      string         `json:"source"`
	Mapping     string         `json:"mapping"`
	MappingHash string         `json:"mapping_hash"`
	Started     strata.Instant `json:"started"`
	Finished    strata.Instant `json:"finished,omitempty"` // 0 = not
	Counts
	Refusals []RefusalCount `json:"refusals,omitempty"` // most frequent first; at most 100 kinds
	Skips    []SkipCount    `json:"skips,omitempty"`    // as the mapping's rules stand

	// Progress is the units that are applied: one for each row and, after the
	// rows they end with, one for each group.
	Progress uint64 `json:"progress"`
	// Created is the customers that this import was the first to name,
	// Updated those known before to whom it gave something new, while it
	// runs; portable Roaring bytes.
	Created []byte `json:"created,omitempty"`
	Updated []byte `json:"updated,omitempty"`

	Withdrawn Withdrawn `json:"withdrawn,omitzero"` // by undoing it
}

// Withdrawn is what undoing an import has taken back.
type Withdrawn struct {
	Events     uint64            `json:"events"`
	Attributes uint64            `json:"attributes"` // values; those that were there before are not among them
	At         strata.Instant    `json:"at,omitempty"`
	Through    strata.CustomerID `json:"through"` // customers up to here are done
}

// Counts are the figures of an import. Rows = Taken + Skipped + Refused.
type Counts struct {
	Rows       uint64 `json:"rows"`
	Taken      uint64 `json:"taken"`
	Skipped    uint64 `json:"skipped"`
	Refused    uint64 `json:"refused"`
	Events     uint64 `json:"events"`     // new ones
	Attributes uint64 `json:"attributes"` // new values
	Repeated   uint64 `json:"repeated"`   // events and attribute values that were there
	Groups     uint64 `json:"groups"`     // events made of several rows, new or repeated
	BadGroups  uint64 `json:"bad_groups"` // refused after some of their rows were taken; see package doc

	NewCustomers       uint64 `json:"new_customers"`
	UpdatedCustomers   uint64 `json:"updated_customers"`   // known before and given something new
	UnchangedCustomers uint64 `json:"unchanged_customers"` // known before and given nothing new
}

// RefusalCount is how many rows were refused for one reason.
type RefusalCount struct {
	Field   string `json:"field,omitempty"` // the column
	Reason  string `json:"reason"`
	Hint    string `json:"hint,omitempty"`
	Count   uint64 `json:"count"`
	Line    int    `json:"line"`    // of the first one
	Example string `json:"example"` // what was found there
}

// SkipCount is how many rows one skip rule left out.
type SkipCount struct {
	Because string `json:"because"`
	Count   uint64 `json:"count"`
}

const otherReasons = "other reasons"

func (r *Record) refused(u *unit) {
	r.Refused++
	ref := u.refused
	i := slices.IndexFunc(r.Refusals, func(c RefusalCount) bool { return c.Reason == ref.Reason && c.Field == ref.Field })
	if i < 0 {
		c := RefusalCount{Field: ref.Field, Reason: ref.Reason, Hint: ref.Hint, Line: u.line, Example: shortened(ref.Found)}
		if len(r.Refusals) >= 99 {
			c = RefusalCount{Reason: otherReasons, Line: u.line}
			i = slices.IndexFunc(r.Refusals, func(c RefusalCount) bool { return c.Reason == otherReasons })
		}
		if i < 0 {
			i = len(r.Refusals)
			r.Refusals = append(r.Refusals, c)
		}
	}
	r.Refusals[i].Count++
}

func (r *Record) skipped(m *Mapping, rule int) {
	r.Skipped++
	if len(r.Skips) == 0 {
		for i := range m.skip {
			r.Skips = append(r.Skips, SkipCount{Because: m.skip[i].because})
		}
	}
	r.Skips[rule].Count++
}

// sorted orders the refusals for people.
func (r *Record) sorted() {
	slices.SortStableFunc(r.Refusals, func(a, b RefusalCount) int {
		if a.Count != b.Count {
			if a.Count > b.Count {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Field+"\x00"+a.Reason, b.Field+"\x00"+b.Reason)
	})
}

func recordKey(id uint32) []byte { return binary.BigEndian.AppendUint32([]byte{'j'}, id) }

// badGroupsKey is where an import keeps which groups its first reading
// refused. An import that goes on keeps to them, since whose a key is may look
// otherwise after some rows are there.
func badGroupsKey(id uint32) []byte { return append(recordKey(id), 'g') }

func writeBadGroups(b strata.Batch, id uint32, bad map[groupKey]badGroup) error {
	list := make(map[string]badGroup, len(bad))
	for key, g := range bad {
		list[hex.EncodeToString(key[:])] = g
	}
	body, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return b.Set(badGroupsKey(id), body)
}

func readBadGroups(s Store, id uint32) (map[groupKey]badGroup, error) {
	damaged := &strata.Error{Code: strata.Internal, Message: "the record of an import is damaged"}
	body, err := s.Get(badGroupsKey(id))
	if err != nil {
		return nil, err
	}
	var list map[string]badGroup
	if json.Unmarshal(body, &list) != nil {
		return nil, damaged
	}
	bad := make(map[groupKey]badGroup, len(list))
	for text, g := range list {
		var key groupKey
		if n, err := hex.Decode(key[:], []byte(text)); err != nil || n != len(key) {
			return nil, damaged
		}
		bad[key] = g
	}
	return bad, nil
}

func (r *Record) write(b strata.Batch) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return b.Set(recordKey(r.ID), body)
}

// Scanner visits stored keys in [from, to), in order.
type Scanner interface {
	ScanKeys(from, to []byte, fn func(key, value []byte) error) error
}

// Records calls fn for every import, the oldest first.
func Records(s Scanner, fn func(Record) error) error {
	return s.ScanKeys([]byte{'j'}, []byte{'j' + 1}, func(key, value []byte) error {
		if len(key) != 5 {
			return nil // beside a record
		}
		var r Record
		if err := json.Unmarshal(value, &r); err != nil {
			return &strata.Error{Code: strata.Internal, Message: "the record of an import is damaged", Cause: err}
		}
		return fn(r)
	})
}

// RefusedRow is a row that was not taken.
type RefusedRow struct {
	Row    uint64 // 1 = first data row; of a whole group, its first
	Line   int
	Field  string // the column
	Reason string // with what was found
	Hint   string
	Raw    string // the row as it stands in the file, in UTF-8
}

// Describe returns the row as an error that names the file, the line and the
// column.
func (r RefusedRow) Describe(file string) *strata.Error {
	e := &strata.Error{Code: strata.Invalid, Field: fmt.Sprintf("%s:%d", file, r.Line), Message: r.Reason, Hint: r.Hint}
	if r.Field != "" {
		e.Field += ": " + r.Field
	}
	return e
}

const refusedVersion = 1

func refusedKey(id uint32, row uint64) []byte {
	k := binary.BigEndian.AppendUint32([]byte{'q'}, id)
	return binary.BigEndian.AppendUint64(k, row)
}

func refusedValue(u *unit) []byte {
	b := []byte{refusedVersion}
	b = binary.AppendUvarint(b, uint64(u.line))
	for _, s := range [...]string{u.refused.Field, u.refused.text(), u.refused.Hint, u.raw} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// Refused calls fn for the refused rows of an import with a row number above
// after, in order.
func Refused(s Scanner, id uint32, after uint64, fn func(RefusedRow) error) error {
	return s.ScanKeys(refusedKey(id, after+1), recordAfter(id), func(key, value []byte) error {
		row, err := decodeRefused(value)
		if err != nil || len(key) != 13 {
			return &strata.Error{Code: strata.Internal, Message: "a refused row is damaged"}
		}
		row.Row = binary.BigEndian.Uint64(key[5:])
		return fn(row)
	})
}

func recordAfter(id uint32) []byte {
	if id == 1<<32-1 {
		return []byte{'q' + 1}
	}
	return binary.BigEndian.AppendUint32([]byte{'q'}, id+1)
}

func decodeRefused(b []byte) (r RefusedRow, err error) {
	damaged := &strata.Error{Code: strata.Internal, Message: "a refused row is damaged"}
	if len(b) == 0 || b[0] != refusedVersion {
		return r, damaged
	}
	b = b[1:]
	line, n := binary.Uvarint(b)
	if n <= 0 {
		return r, damaged
	}
	r.Line = int(line)
	b = b[n:]
	for _, to := range []*string{&r.Field, &r.Reason, &r.Hint, &r.Raw} {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return r, damaged
		}
		*to = string(b[n : n+int(size)])
		b = b[n+int(size):]
	}
	return r, nil
}

// WriteRefused writes the refused rows of an import as they stood in their
// file, under the same line of column names and in UTF-8, so that they can be
// corrected and imported. Groups that were refused as a whole have no text of
// their own and are left out.
func WriteRefused(w io.Writer, s Scanner, r Record) error {
	out := bufio.NewWriter(w)
	if !r.Headless {
		for i, name := range r.Header {
			if i > 0 {
				out.WriteString(r.Delimiter)
			}
			if strings.ContainsAny(name, "\"\n"+r.Delimiter) {
				name = `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
			}
			out.WriteString(name)
		}
		out.WriteByte('\n')
	}
	err := Refused(s, r.ID, 0, func(row RefusedRow) error {
		if row.Raw == "" {
			return nil
		}
		out.WriteString(row.Raw)
		return out.WriteByte('\n')
	})
	if err != nil {
		return err
	}
	return out.Flush()
}
