package ingest

import (
	"encoding/json"

	"strata"
)

// Checks are the checks of this package's stored keys, by first byte.
var Checks = map[byte]func(key, value []byte) error{
	'f': checkFold,
	'q': func(key, value []byte) error {
		if len(key) != 13 {
			return nil // not a row of a file
		}
		_, err := decodeRefused(value)
		return err
	},
	'j': func(key, value []byte) error {
		if len(key) != 5 {
			return nil // beside a record
		}
		var r Record
		if err := json.Unmarshal(value, &r); err != nil {
			return &strata.Error{Code: strata.Internal, Message: "the record of an import is damaged", Cause: err}
		}
		return nil
	},
}

func checkFold(key, value []byte) error {
	switch {
	case len(key) > 2 && key[1] == 'r':
		_, err := decodeRows(value)
		return err
	case len(key) > 2 && key[1] == 'i' && len(value) != 8:
		return &strata.Error{Code: strata.Internal, Message: "the record of an event's id is damaged"}
	}
	return nil
}
