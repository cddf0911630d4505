package ingest

import (
	"bytes"
	"encoding/json"

	"strata"
)

// EraseRefused deletes, in the batch, the refused rows of all imports that the
// texts stand in, and takes examples with them out of the records of imports.
// It returns the keys of what it changed. Texts of fewer than four bytes are
// in too many rows and are not looked for. Of a text of digits only, the row is
// read without blanks and hyphens too, as phones are written.
func EraseRefused(s Scanner, b strata.Batch, texts [][]byte) (changed [][]byte, err error) {
	var long [][]byte
	for _, text := range texts {
		if len(text) >= 4 {
			long = append(long, text)
		}
	}
	holds := func(value []byte) bool {
		closed := bytes.Map(func(r rune) rune {
			if r == ' ' || r == '-' {
				return -1
			}
			return r
		}, value)
		for _, text := range long {
			if bytes.Contains(value, text) || bytes.Contains(closed, text) {
				return true
			}
		}
		return false
	}
	err = s.ScanKeys([]byte{'q'}, []byte{'q' + 1}, func(key, value []byte) error {
		if !holds(value) {
			return nil
		}
		changed = append(changed, bytes.Clone(key))
		return b.Delete(key)
	})
	if err != nil {
		return nil, err
	}
	err = Records(s, func(r Record) error {
		found := false
		for i := range r.Refusals {
			if holds([]byte(r.Refusals[i].Example)) {
				r.Refusals[i].Example, found = "", true
			}
		}
		if !found {
			return nil
		}
		body, err := json.Marshal(&r)
		if err != nil {
			return err
		}
		changed = append(changed, recordKey(r.ID))
		return b.Set(recordKey(r.ID), body)
	})
	return changed, err
}

// erased refuses a unit whose keys are those of a person whose data were
// erased, and keeps nothing of the row.
func (w *writer) erased(u *unit) bool {
	if w.o.Erased == nil || u.keys == nil || len(u.keys.keys) == 0 || u.keys.customer != 0 {
		return false
	}
	if !w.o.Erased(u.keys.keys) {
		return false
	}
	u.refused = ofErased()
	u.raw = ""
	return true
}

func ofErased() *refusal {
	return &refusal{Reason: "is of a person whose data were erased on request", Hint: "leave the person out; who comes back as a customer is let in by `strata erase --allow KEY`"}
}
