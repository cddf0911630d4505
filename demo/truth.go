package demo

// Truth is what is planted in the demo, by member number. Lists are in the
// order of the numbers.
type Truth struct {
	// Lapsed came steadily, about every two weeks, until their last order and
	// never since; they stop saying and reading anything within twelve days.
	Lapsed []Lapse `json:"lapsed"`
	// Regulars come steadily, about every two weeks, to the end.
	Regulars []string `json:"regulars"`
	// PromotionLovers buy with coupons they claimed themselves (19 orders of
	// 20), rather during campaigns.
	PromotionLovers []string `json:"promotion_lovers"`
	// Responders buy within five days after a coupon was pushed to them (17
	// orders of 20).
	Responders []string `json:"responders"`
	// PriceSensitive take the plain choice and fill the basket to just above
	// a coupon's threshold.
	PriceSensitive []string `json:"price_sensitive"`
	// QualitySeekers take the premium choice and use no coupon.
	QualitySeekers []string `json:"quality_seekers"`
	// KOCs spend, talk, publish and bring friends.
	KOCs []string `json:"kocs"`
	// Resellers buy soup bases by the box.
	Resellers []string `json:"resellers"`
	// NeverBought registered and did not order.
	NeverBought []string `json:"never_bought"`
	// Cycles are groups that come back for a product.
	Cycles []Cycle `json:"cycles"`
	// Pairs are products bought together.
	Pairs []Pair `json:"pairs"`
	// Rings are accounts that claim coupons from one device.
	Rings []Ring `json:"rings"`
}

// Lapse is a regular who stopped.
type Lapse struct {
	Member string `json:"member"`
	On     string `json:"on"` // the day of the last order, 2006-01-02
}

// Cycle is a stable purchase cycle: the product is bought again after Days,
// give or take a few. Members have bought it so at least twice.
type Cycle struct {
	Category string   `json:"category"`
	SKU      string   `json:"sku"`
	Days     int      `json:"days"`
	Members  []string `json:"members"`
}

// Pair says that an order with First also has Second with at least the
// planted Chance (Second may also be bought for its own sake).
type Pair struct {
	First      string  `json:"first"`
	Second     string  `json:"second"`
	FirstName  string  `json:"first_name"`
	SecondName string  `json:"second_name"`
	Chance     float64 `json:"chance"`
}

// Ring is the accounts behind one device.
type Ring struct {
	Device  string   `json:"device"`
	Members []string `json:"members"`
}

func plantedPairs() []Pair {
	var out []Pair
	for _, t := range pairs {
		a, b := goods[t.first], goods[t.second]
		out = append(out, Pair{a.sku, b.sku, a.name, b.name, t.chance})
	}
	return out
}

// remember notes the truth about the member just written.
func (m *maker) remember() {
	p, t := &m.member, &m.summary.Truth
	no := memberNumber(p.number)
	switch p.role {
	case regular:
		t.Regulars = append(t.Regulars, no)
	case lapser:
		last := -1
		for i := range p.orders {
			last = max(last, p.orders[i].at/daySec)
		}
		if last >= 0 {
			t.Lapsed = append(t.Lapsed, Lapse{no, m.calendar.date(last)})
		}
	case promoLover:
		t.PromotionLovers = append(t.PromotionLovers, no)
	case responder:
		t.Responders = append(t.Responders, no)
	case thrifty:
		t.PriceSensitive = append(t.PriceSensitive, no)
	case quality:
		t.QualitySeekers = append(t.QualitySeekers, no)
	case koc:
		t.KOCs = append(t.KOCs, no)
	case reseller:
		t.Resellers = append(t.Resellers, no)
	case prospect:
		t.NeverBought = append(t.NeverBought, no)
	case abuser:
		if n := len(t.Rings); n == 0 || t.Rings[n-1].Device != p.device {
			t.Rings = append(t.Rings, Ring{Device: p.device})
		}
		ring := &t.Rings[len(t.Rings)-1]
		ring.Members = append(ring.Members, no)
	case casual, story:
	}
	if p.cycle >= 0 && p.cycleBuys > 1 {
		if t.Cycles == nil {
			for _, c := range cycles {
				t.Cycles = append(t.Cycles, Cycle{Category: goods[c.product].category, SKU: goods[c.product].sku, Days: c.days})
			}
		}
		c := &t.Cycles[p.cycle]
		c.Members = append(c.Members, no)
	}
}
