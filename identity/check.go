package identity

import (
	"encoding/binary"
	"fmt"

	"strata"
)

// Check returns the check of this package's stored keys: each is well formed,
// a key leads to a customer who has it, and a customer's key leads back.
func Check(db DB) func(key, value []byte) error {
	const numbered = len(customerPrefix) + 4
	return func(key, value []byte) error {
		switch {
		case len(key) > len(keyPrefix) && string(key[:len(keyPrefix)]) == keyPrefix:
			c, err := number(value, string(key))
			if err != nil {
				return err
			}
			k, ok := splitKey(key[len(keyPrefix):])
			if !ok {
				return damaged(key)
			}
			back, err := db.Get(appendCustomerKey(nil, c, k))
			if err == nil && back == nil {
				err = oneWay(fmt.Sprintf("%s leads to customer %d, who does not have it", name(k), c))
			}
			return err
		case len(key) > numbered && string(key[:len(customerPrefix)]) == customerPrefix:
			c := strata.CustomerID(binary.BigEndian.Uint32(key[len(customerPrefix):]))
			k, ok := splitKey(key[numbered:])
			if !ok || c == 0 {
				return damaged(key)
			}
			owner, err := db.Get(appendKey(nil, k))
			if err != nil {
				return err
			}
			if len(owner) != 4 || binary.BigEndian.Uint32(owner) != uint32(c) {
				return oneWay(fmt.Sprintf("customer %d has %s, which does not lead back", c, name(k)))
			}
		case len(key) > len(suffixPrefix) && string(key[:len(suffixPrefix)]) == suffixPrefix:
			_, err := number(value, string(key))
			return err
		case string(key) == lastKey:
			if len(value) != 4 {
				return damaged(key)
			}
		}
		return nil
	}
}

func oneWay(what string) error {
	return &strata.Error{Code: strata.Internal, Message: what}
}
