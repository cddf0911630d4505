package identity

import "strata"

// generation is how many keys half of the cache holds.
const generation = 1 << 18

// cache remembers the customers of the keys used last: at least generation,
// at most twice as many. When the young half is full, the old half is
// dropped; what is asked for in time moves from the old half to the young.
type cache struct {
	young, old map[strata.Key]strata.CustomerID
}

func (c *cache) get(k strata.Key) (strata.CustomerID, bool) {
	if id, ok := c.young[k]; ok {
		return id, true
	}
	id, ok := c.old[k]
	if ok {
		c.put(k, id)
	}
	return id, ok
}

func (c *cache) put(k strata.Key, id strata.CustomerID) {
	if len(c.young) >= generation {
		c.old, c.young = c.young, nil
	}
	if c.young == nil {
		c.young = make(map[strata.Key]strata.CustomerID)
	}
	c.young[k] = id
}
