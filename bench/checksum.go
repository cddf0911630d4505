package main

import "math"

// Checksum says what a column of numbers by customer holds, in an order that
// does not matter: the sum of value x weight(customer) over those who have a
// value, modulo 2^64, and how many have one. A query computes it in plain
// arithmetic.
type Checksum struct {
	Sum    uint64 `json:"sum"`
	Values int64  `json:"values"`
}

func (c *Checksum) add(customer uint32, value int64) {
	c.Sum += uint64(value) * weight(customer)
	c.Values++
}

// weight spreads customers over 32 bits; weightSQL says the same. Both factors
// are primes.
func weight(customer uint32) uint64 { return uint64(customer) * 2654435761 % 4294967291 }

const weightSQL = "CAST(customer AS BIGINT) * 2654435761 % 4294967291"

// rounded and roundedSQL make a fraction a whole number in ten-thousandths. The
// offset keeps short decimals off the border, where the last bit would decide.
func rounded(f float64) int64 { return int64(math.Floor(f*10000 + 0.13731)) }

const roundedSQL = "floor(%s * 10000 + 0.13731)"
