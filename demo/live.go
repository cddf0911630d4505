package demo

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// A Fact is one event of a member, as the mappings of the demo's files would
// give it: texts are to be read by the types of the catalogue.
type Fact struct {
	Source     string // as in the mapping
	Event      string
	ID         string // unique within the source
	Properties map[string]string
}

// A Doing is what one member does at one moment: a meal with its order, lines
// and coupon, or something smaller.
type Doing struct {
	What  Bilingual
	Facts []Fact // at least one, all of the same instant
}

// Live makes up what members do from now on, when the demo business is to go
// on in front of somebody's eyes. It is not for concurrent use.
type Live struct {
	rand *rand.Rand
	run  string // tells ids of runs apart
	n    int
}

// NewLive returns one that starts at the instant. The same seed and start make
// the same doings.
func NewLive(seed uint64, start time.Time) *Live {
	ms := start.UnixMilli()
	return &Live{rand: rand.New(rand.NewPCG(seed, uint64(ms))), run: strconv.FormatInt(ms, 36)}
}

// Pick returns a number of [0, n), for choosing a member.
func (l *Live) Pick(n int) int { return l.rand.IntN(n) }

// Next returns what a member with this number does.
func (l *Live) Next(member string) Doing {
	l.n++
	store := stores[l.rand.IntN(len(stores))]
	switch weighted(l.rand, []int{40, 16, 12, 12, 8, 6, 6}) {
	case 0:
		return l.order(dineIn, store)
	case 1:
		return l.order(online, store)
	case 2:
		return Doing{Bilingual{Zh: "到店扫桌码", En: "came in and scanned a table"}, []Fact{
			l.fact("behaviour", "store_visited", "store", store.Name),
			l.fact("behaviour", "table_order_scanned", "store", store.Name, "table", strconv.Itoa(1+l.rand.IntN(40))),
		}}
	case 3:
		g := &goods[groupFrom[shelfBases]+l.rand.IntN(groupFrom[groups]-groupFrom[shelfBases])]
		channel := siteChannels[weighted(l.rand, siteWeights)]
		look := l.fact("behaviour", "product_viewed", "sku", g.sku, "product", g.name, "category", g.category, "brand", g.brand, "price", yuan(g.cents))
		return Doing{Bilingual{Zh: "浏览 " + g.name, En: "looked at " + g.name}, []Fact{l.fact("behaviour", "site_visited", "channel", channel), look}}
	case 4:
		o := offers[l.rand.IntN(len(offers))]
		return Doing{Bilingual{Zh: "领取 " + o.name, En: "claimed the coupon " + o.name}, []Fact{l.coupon("coupon_claimed", o, "self", "", store)}}
	case 5:
		channel := wecomChannels[l.rand.IntN(len(wecomChannels))]
		staff := store.Staff[l.rand.IntN(len(store.Staff))]
		return Doing{Bilingual{Zh: "添加企微 " + staff, En: "added " + staff + " on WeCom"}, []Fact{
			l.fact("social", "wecom_added", "store", store.Name, "staff", staff, "channel", channel),
		}}
	}
	title := titles[l.rand.IntN(len(titles))]
	return Doing{Bilingual{Zh: "读了《" + title + "》", En: "read " + title}, []Fact{
		l.fact("social", "article_read", "article_id", "live-"+title, "title", title, "topic", topics[l.rand.IntN(len(topics))]),
	}}
}

// fact is one with an id of its own; properties are name, text, name, text ...
func (l *Live) fact(source, event string, properties ...string) Fact {
	l.n++
	f := Fact{Source: source, Event: event, ID: fmt.Sprintf("live-%s-%d", l.run, l.n), Properties: map[string]string{}}
	for i := 0; i < len(properties); i += 2 {
		if properties[i+1] != "" {
			f.Properties[properties[i]] = properties[i+1]
		}
	}
	return f
}

func (l *Live) coupon(event string, o offer, found, order string, store Store) Fact {
	return l.fact("coupons", event, "coupon_id", fmt.Sprintf("QL%s%d", l.run, l.n), "coupon", o.name, "threshold", yuan(o.threshold), "face_value", yuan(o.face), "found", found, "order_id", order, "store", store.Name)
}

// order is an order with its lines; every third that is worth it uses a coupon,
// whose face value the largest line bears as far as it goes.
func (l *Live) order(where channel, store Store) Doing {
	from, to := soupBases, shelfBases
	if where == online {
		from, to = shelfBases, groups
	}
	l.n++
	id := fmt.Sprintf("L%s%d", l.run, l.n)
	type bought struct {
		product  *product
		quantity int
		paid     int64
	}
	var lines []bought
	gross, largest := int64(0), 0
	for i := range 2 + l.rand.IntN(4) {
		g := &goods[groupFrom[from]+l.rand.IntN(groupFrom[to]-groupFrom[from])]
		n := 1 + l.rand.IntN(2)
		lines = append(lines, bought{g, n, g.cents * int64(n)})
		gross += lines[i].paid
		if lines[i].paid > lines[largest].paid {
			largest = i
		}
	}
	var used []Fact
	discount, promoted, found, couponID := int64(0), "false", "", ""
	for i := len(offers) - 1; i >= 0 && l.rand.IntN(3) == 0; i-- {
		if offers[i].threshold > gross {
			continue
		}
		found = []string{"self", "pushed"}[l.rand.IntN(2)]
		use := l.coupon("coupon_used", offers[i], found, id, store)
		couponID, promoted = use.Properties["coupon_id"], "true"
		used = append(used, use)
		discount = min(offers[i].face, lines[largest].paid)
		lines[largest].paid -= discount
		break
	}
	paid := l.fact("pos", "order_paid", "order_id", id, "amount", yuan(gross-discount), "discount", yuan(discount), "store", store.Name,
		"channel", channelNames[where], "coupon_id", couponID, "promoted", promoted, "found", found)
	facts := []Fact{paid}
	for _, b := range lines {
		facts = append(facts, l.fact("pos", "item_bought", "order_id", id, "sku", b.product.sku, "product", b.product.name, "category", b.product.category,
			"brand", b.product.brand, "quantity", strconv.Itoa(b.quantity), "price", yuan(b.product.cents), "amount", yuan(b.paid), "store", store.Name,
			"channel", channelNames[where], "promoted", promoted))
	}
	if where == dineIn {
		facts = append(facts, l.fact("behaviour", "store_visited", "store", store.Name))
	}
	sum := yuan(gross - discount)
	return Doing{
		Bilingual{Zh: fmt.Sprintf("%s下单 %s 元（%s）", store.Name, sum, channelNames[where]), En: fmt.Sprintf("ordered for %s yuan (%s, %s)", sum, store.Name, channelNames[where])},
		append(facts, used...),
	}
}

func yuan(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
