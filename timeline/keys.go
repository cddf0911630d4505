package timeline

import (
	"encoding/binary"
	"fmt"

	"strata"
)

// A customer's keys: t, customer(4), suffix.
const (
	attributesSuffix = 'a'
	eventsSuffix     = 'e'
	customerKeySize  = 6
)

// appendKey appends the key of a customer's value, or with suffix 0 the first
// key of the customer. One past the last customer number gives the end of all.
func appendKey(b []byte, customer uint64, suffix byte) []byte {
	if customer > 1<<32-1 {
		return append(b, 't'+1)
	}
	b = binary.BigEndian.AppendUint32(append(b, 't'), uint32(customer))
	if suffix != 0 {
		b = append(b, suffix)
	}
	return b
}

// damage names the key of a value that could not be read.
func damage(key []byte, cause error) error {
	field := fmt.Sprintf("key %q", key)
	if len(key) == customerKeySize && key[0] == 't' {
		what := map[byte]string{attributesSuffix: "attributes", eventsSuffix: "events"}[key[5]]
		field = fmt.Sprintf("%s of customer %d (key %x)", what, binary.BigEndian.Uint32(key[1:]), key)
	}
	return &strata.Error{Code: strata.Unavailable, Field: field, Message: "the stored value cannot be read",
		Hint: "restore it from a backup, or import the customer's data again", Cause: cause}
}
