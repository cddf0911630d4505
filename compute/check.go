package compute

import (
	"bufio"
	"encoding/json"
	"os"

	"strata/audience"
)

// CheckKey is the check of a key that this package stores.
func CheckKey(key, value []byte) error {
	if len(key) < 2 {
		return errRecord
	}
	switch key[1] {
	case progressKind:
		return json.Unmarshal(value, new(progress))
	case standingKind:
		return json.Unmarshal(value, new(standing))
	case deltaKind:
		return readDeltas(value, func(*delta) error { return nil })
	case changeKind:
		d := decoder{b: value}
		d.varint()
		for n := d.uvarint(); n > 0 && !d.bad; n-- {
			d.record()
		}
		if d.bad || len(d.b) > 0 {
			return errRecord
		}
	case historyKind:
		d := decoder{b: value}
		d.byte()
		d.value()
		if d.value(); d.bad || len(key) != 16 {
			return errRecord
		}
	}
	return nil
}

// CheckSnapshot reads a snapshot of the results, whose checksum is in it.
func CheckSnapshot(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = audience.LoadTable(bufio.NewReaderSize(f, 1<<20))
	return err
}
