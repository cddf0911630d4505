package demo

import (
	"math"
	"slices"
)

// channel is where an order was made.
type channel uint8

const (
	dineIn channel = iota
	delivery
	shelf
	online
)

var channelNames = [...]string{"堂食", "外卖小程序", "门店零售", "线上商城"}

// order is a paid order; its lines stand in member.lines.
type order struct {
	at       int
	id       string
	channel  channel
	store    int
	lines    int // first
	n        int
	coupon   int // index into member.coupons, -1 none
	campaign campaign
	gross    int64
	amount   int64 // gross less discounts = sum of the lines' payments
}

// line is one line of an order. paid = cents x quantity - discount.
type line struct {
	product, quantity int
	discount          int64
}

func (l *line) gross() int64 { return goods[l.product].cents * int64(l.quantity) }
func (l *line) paid() int64  { return l.gross() - l.discount }

type refund struct {
	at     int
	order  string
	store  int
	amount int64
	whole  bool
	reason string
}

var refundReasons = []string{"商品破损", "送达超时", "不想要了", "少发漏发", "口味不符", "重复下单"}

// wish is how an order is to be made.
type wish struct {
	coupon   couponSource
	campaign bool // at the campaign's price, if one runs
	party    int  // 0: drawn
	product  int  // of a cycle; -1 none
	boxes    bool // by the box
	class    int8 // -1: cheap, 0: as it comes, 1: premium
}

var plainWish = wish{product: -1}

// buy makes one order with all that goes with it.
func (m *maker) buy(at int, ch channel, store int, w wish) {
	p := &m.member
	o := order{at: at, channel: ch, store: store, lines: len(p.lines), coupon: -1}
	o.id = m.orderID(at/daySec, len(p.orders))
	m.fill(ch, w)
	for i := o.lines; i < len(p.lines); i++ {
		o.gross += p.lines[i].gross()
	}
	if w.coupon != noCoupon {
		for o.gross < offers[lowestOffer].threshold {
			m.add(cheapest(ch))
			o.gross += goods[cheapest(ch)].cents
		}
		if p.role == thrifty || p.role == abuser {
			o.gross += m.topOff(ch, o.gross)
		}
	}
	o.n = len(p.lines) - o.lines
	discount := int64(0)
	if w.campaign && m.calendar.campaign[at/daySec] != noCampaign {
		o.campaign = m.calendar.campaign[at/daySec]
		discount = o.gross * 12 / 100
	}
	if w.coupon != noCoupon {
		o.coupon = m.useCoupon(at, w.coupon, o.gross, o.id, store)
		discount += offers[p.coupons[o.coupon].offer].face
	}
	o.amount = o.gross - discount
	spread(p.lines[o.lines:], discount)
	p.orders = append(p.orders, o)
	m.around(&p.orders[len(p.orders)-1])
	m.after(len(p.orders) - 1)
}

// spread shares a discount among lines in proportion to their gross, to the
// cent.
func spread(lines []line, discount int64) {
	var gross, before, given int64
	for i := range lines {
		gross += lines[i].gross()
	}
	for i := range lines {
		before += lines[i].gross()
		upTo := discount * before / gross
		lines[i].discount = upTo - given
		given = upTo
	}
}

// orderID is unique: the date, the member and a count.
func (m *maker) orderID(day, n int) string {
	b := m.scratch[:0]
	b = append(b, 'D')
	d := m.calendar.date(day)
	b = append(b, d[2:4]...)
	b = append(b, d[5:7]...)
	b = append(b, d[8:10]...)
	for s := 100000; s > 0; s /= 10 {
		b = append(b, byte('0'+m.member.number/s%10))
	}
	for s := 100; s > 0; s /= 10 {
		b = append(b, byte('0'+n/s%10))
	}
	m.scratch = b
	return string(b)
}

// add puts one more of a product into the order being filled.
func (m *maker) add(product int) {
	p := &m.member
	for i := m.basket; i < len(p.lines); i++ {
		if p.lines[i].product == product {
			p.lines[i].quantity++
			return
		}
	}
	p.lines = append(p.lines, line{product: product, quantity: 1})
}

// pick draws a product of a group; class leans it to the cheap (-1) or to the
// premium (1).
func (m *maker) pick(group int, class int8) int {
	from, to := groupFrom[group], groupFrom[group+1]
	var cumulated [12]int
	sum := 0
	for i := from; i < to; i++ {
		w := goods[i].weight * 4
		switch {
		case class < 0 && goods[i].class == 0, class > 0 && goods[i].class == 2:
			w *= 6
		case class < 0 && goods[i].class == 2, class > 0 && goods[i].class == 0:
			w /= 4
		}
		sum += w
		cumulated[i-from] = sum
	}
	n := m.rand.IntN(sum)
	for i := from; i < to; i++ {
		if n < cumulated[i-from] {
			return i
		}
	}
	return to - 1
}

var shelfGroups = []int{shelfBases, dips, selfHeating, snacks, teas, coffees, milkPowders, grains, gifts}
var shelfWeights = []int{26, 14, 16, 22, 8, 6, 4, 10, 3}
var festiveWeights = []int{22, 12, 12, 24, 10, 5, 4, 8, 24}
var partySizes = []int{14, 42, 20, 14, 4, 4, 1, 1}
var refillGroups = []int{meats, vegetables, balls, staples, drinks, hotDishes}
var refillWeights = []int{30, 26, 10, 14, 20, 6}

// fill draws the basket.
func (m *maker) fill(ch channel, w wish) {
	p, r := &m.member, m.rand
	m.basket = len(p.lines)
	switch {
	case w.product >= 0:
		m.add(w.product)
		if r.Float64() < .2 {
			m.add(m.pick(shelfGroups[weighted(r, shelfWeights)], w.class))
		}
	case w.boxes:
		first := m.pick(shelfBases, 0)
		p.lines = append(p.lines, line{product: first, quantity: 20 + 10*r.IntN(5)})
	case ch == dineIn:
		party := w.party
		if party == 0 {
			party = 1 + weighted(r, partySizes)
		}
		extras := 0
		if party >= 8 { // a banquet: a set for every six, and more
			for range party / 6 {
				m.add(banquet)
			}
			m.add(m.pick(soupBases, w.class))
			extras = party * 2 / 3
		} else if r.Float64() < .34 {
			m.add(setFor(party, w.class))
			extras = r.IntN(2)
		} else {
			m.add(m.pick(soupBases, w.class))
			extras = 1 + int(float64(party)*(.6+.5*r.Float64()))
		}
		for range extras {
			m.add(m.pick(refillGroups[weighted(r, refillWeights)], w.class))
		}
	case ch == delivery:
		if r.Float64() < .45 {
			m.add(m.pick(setMeals, min(w.class, 0)))
		} else {
			m.add(m.pick(hotDishes, w.class))
			m.add(m.pick(staples, w.class))
			if r.Float64() < .5 {
				m.add(m.pick(drinks, w.class))
			}
		}
	default:
		weights := shelfWeights
		if c := m.calendar.campaign[m.day]; c == newYearGoods || c == double11 {
			weights = festiveWeights
		}
		n := 1
		for n < 6 && r.Float64() < .48 {
			n++
		}
		for range n {
			m.add(m.pick(shelfGroups[weighted(r, weights)], w.class))
		}
	}
	for _, t := range pairs {
		for i := m.basket; i < len(p.lines); i++ {
			if p.lines[i].product == t.first && r.Float64() < t.chance {
				m.add(t.second)
				break
			}
		}
	}
}

func setFor(party int, class int8) int {
	from := groupFrom[setMeals]
	switch {
	case party == 1 && class < 0:
		return from + 4
	case party == 1:
		return from
	case party <= 3:
		return from + 1
	case party <= 5:
		return from + 2
	}
	return from + 3
}

// cheapest is what is added to reach a coupon's threshold.
func cheapest(ch channel) int {
	if ch == dineIn || ch == delivery {
		return cheapDish
	}
	return cheapShelf
}

var banquet = bySKU("D2004")

var cheapDish, cheapShelf = bySKU("D4003"), bySKU("R4003")

// topOff fills the basket up to just above the next threshold, where that is
// near, and returns what it added.
func (m *maker) topOff(ch channel, gross int64) int64 {
	for _, t := range [...]int64{5000, 10000, 15000, 20000, 30000} {
		if gross >= t || t-gross > 4000 {
			continue
		}
		c := cheapest(ch)
		added := int64(0)
		for gross+added < t {
			m.add(c)
			added += goods[c].cents
		}
		return added
	}
	return 0
}

// around adds what happens at an order: the visit, the scans, the clicks.
func (m *maker) around(o *order) {
	p, r := &m.member, m.rand
	at := o.at
	switch o.channel {
	case dineIn:
		arrived := at - 2400 - r.IntN(3000)
		table := 1 + r.IntN(36)
		m.did(act{kind: storeVisited, at: arrived, store: o.store})
		if r.Float64() < .62 {
			m.did(act{kind: tableOrderScanned, at: arrived + 120 + r.IntN(400), store: o.store, table: table})
		}
		if r.Float64() < .3 {
			m.did(act{kind: billScanned, at: at - 20, store: o.store, table: table, order: o.id, cents: o.amount})
		}
		m.maybeTopUp(o)
	case shelf:
		m.did(act{kind: storeVisited, at: at - 600 - r.IntN(900), store: o.store})
		if r.Float64() < .3 {
			m.did(act{kind: billScanned, at: at - 15, store: o.store, order: o.id, cents: o.amount})
		}
	case delivery:
		m.did(act{kind: siteVisited, at: at - 300 - r.IntN(400)})
	case online:
		began := at - 400 - r.IntN(1200)
		m.did(act{kind: siteVisited, at: began})
		for i := range min(o.n, 2) {
			product := p.lines[o.lines+i].product
			m.did(act{kind: productViewed, at: began + 30 + i*50 + r.IntN(20), product: product})
			if i == 0 {
				m.did(act{kind: cartAdded, at: began + 55 + i*50 + r.IntN(10), product: product})
			}
		}
	}
}

// after adds what follows an order: refunds, reviews, complaints.
func (m *maker) after(index int) {
	p, r := &m.member, m.rand
	o := p.orders[index]
	p.spent += o.amount
	chance := .012
	switch {
	case p.role == abuser:
		chance = .1
	case o.channel == online || o.channel == delivery:
		chance = .03
	}
	if r.Float64() < chance {
		f := refund{order: o.id, store: o.store, whole: r.Float64() < .55, reason: refundReasons[r.IntN(len(refundReasons))]}
		f.at = o.at + 1800 + int(r.ExpFloat64()*daySec)
		if o.channel == online {
			f.at += int((1 + 5*r.Float64()) * daySec)
		}
		f.amount = o.amount
		if !f.whole {
			l := p.lines[o.lines+r.IntN(o.n)]
			f.amount = l.paid()
			f.whole = f.amount == o.amount
		}
		if f.amount > 0 {
			p.refunds = append(p.refunds, f)
		}
		if r.Float64() < .25 {
			m.did(act{kind: complaintMade, at: f.at - 900, store: o.store, order: o.id, text: f.reason})
		}
	}
	talk := .05
	if p.role == koc {
		talk = .45
	}
	if r.Float64() < talk {
		score := 5 - weighted(r, []int{62, 24, 8, 4, 2})
		m.did(act{kind: reviewPosted, at: o.at + 3600 + r.IntN(2*daySec), store: o.store, order: o.id, n: score, text: platforms[r.IntN(len(platforms))]})
	}
	if r.Float64() < .035 {
		score := 5 - weighted(r, []int{50, 30, 12, 5, 3})
		m.did(act{kind: feedbackGiven, at: o.at + 1200 + r.IntN(daySec), store: o.store, order: o.id, n: score, text: "餐后问卷"})
	}
}

// The ladder of stored value: the first step strictly above what was spent.
var topUpSteps = [...]int64{10000, 20000, 30000, 50000, 100000}

func (m *maker) maybeTopUp(o *order) {
	p, r := &m.member, m.rand
	if p.balance >= o.amount && p.balance > 0 {
		p.balance -= o.amount
		return
	}
	if r.Float64() >= p.topUps {
		return
	}
	step := topUpSteps[len(topUpSteps)-1]
	for _, s := range topUpSteps {
		if s > o.amount {
			step = s
			break
		}
	}
	m.topUp(o.at-60, o.store, step)
	if p.balance >= o.amount {
		p.balance -= o.amount
	}
}

func (m *maker) topUp(at, store int, cents int64) {
	where := topUpChannels[weighted(m.rand, []int{30, 30, 40})]
	m.did(act{kind: toppedUp, at: at, store: store, cents: cents, text: where})
	m.member.balance += cents
}

var topUpChannels = []string{"门店", "公众号", "企业微信"}

// live lays out all orders of an ordinary member.
func (m *maker) live() {
	p, r := &m.member, m.rand
	first := .55
	if p.source == 0 { // the code on the table
		first = .9
	}
	if p.registered >= 0 && p.role != prospect && r.Float64() < first {
		m.order(p.registered/daySec, 1, true)
	}
	switch p.role {
	case regular, lapser, koc:
		m.steady()
	case prospect:
	default:
		m.drift()
	}
	if p.cycle >= 0 {
		m.comeBack()
	}
}

// drift places orders by a Poisson process whose rate follows the calendar:
// every possible order takes two draws and has a source of its own, so that
// the calendar decides only which of them take place.
func (m *maker) drift() {
	p := &m.member
	gap := 365 / (p.yearly * m.calendar.busiest)
	m.candidates = m.candidates[:0]
	for t := float64(p.from); ; {
		t += gap * m.rand.ExpFloat64()
		u := m.rand.Float64()
		if t >= float64(p.to) {
			break
		}
		m.candidates = append(m.candidates, candidate{int(t), u})
	}
	for i, c := range m.candidates {
		m.seed(uint64(p.number), uint64(1000+i))
		ch := m.drawChannel()
		busy := m.calendar.dine[c.day]
		if ch == online || ch == delivery {
			busy = m.calendar.online[c.day]
			if ch == delivery {
				busy = .5 + busy/2
			}
		}
		switch p.role {
		case promoLover:
			if m.calendar.campaign[c.day] != noCampaign {
				busy *= 2.2
			} else {
				busy *= .55
			}
		}
		if c.u*m.calendar.busiest < busy {
			m.place(c.day, ch)
		}
	}
	m.seed(uint64(p.number), 1)
}

// steady places orders at even gaps, rather on Friday to Sunday.
func (m *maker) steady() {
	p := &m.member
	gap := 365 / p.yearly
	i := 0
	for t := float64(p.from) + gap*m.rand.Float64(); t < float64(p.to); {
		m.seed(uint64(p.number), uint64(1000+i))
		i++
		day := int(t)
		if m.rand.Float64() < .5 {
			if move := 4 + m.rand.IntN(3) - day%7; day+move >= p.from && day+move < p.to && move < 4 && move > -4 {
				day += move
			}
		}
		t += gap * (.55 + .9*m.rand.Float64()) // before the order, whose draws depend on the calendar
		m.place(day, m.drawChannel())
	}
	m.seed(uint64(p.number), 1)
}

// comeBack places the orders of the member's purchase cycle.
func (m *maker) comeBack() {
	p, r := &m.member, m.rand
	c := cycles[p.cycle]
	m.seed(uint64(p.number), 2)
	for t := float64(p.from) + float64(c.days)*r.Float64(); t < float64(p.to); t += float64(c.days) {
		day := int(math.Round(t + 1.4*max(min(r.NormFloat64(), 2), -2)))
		if day < p.from || day >= p.to {
			continue
		}
		w := plainWish
		w.product = c.product
		m.day = day
		m.buy(day*daySec+onlineSecond(r), online, p.home, w)
		p.cycleBuys++
	}
}

func (m *maker) drawChannel() channel {
	switch u := m.rand.Float64(); {
	case u < m.member.dine:
		return dineIn
	case u < m.member.dine+m.member.delivery:
		return delivery
	case u < m.member.dine+m.member.delivery+m.member.shelf:
		return shelf
	}
	return online
}

// order places one order at a given day whatever the calendar says.
func (m *maker) order(day int, stream uint64, atRegistration bool) {
	m.seed(uint64(m.member.number), 900+stream)
	m.day = day
	w := plainWish
	if m.rand.Float64() < .5 || m.member.role == promoLover || m.member.role == abuser {
		w.coupon = selfClaimed
	}
	at := m.member.registered + 600
	if !atRegistration {
		at = day*daySec + mealSecond(m.rand)
	}
	m.buy(at, dineIn, m.member.home, w)
}

// place makes one order of the member's kind on a day.
func (m *maker) place(day int, ch channel) {
	p, r := &m.member, m.rand
	m.day = day
	at := day * daySec
	if ch == dineIn || ch == shelf {
		at += mealSecond(r)
	} else {
		at += onlineSecond(r)
	}
	if at < p.registered {
		return
	}
	store := p.home
	if r.Float64() < .18 { // another store of the city
		store = storeFrom[p.city] + r.IntN(storeFrom[p.city+1]-storeFrom[p.city])
	}
	runs := m.calendar.campaign[day] != noCampaign
	w := plainWish
	w.party, w.class = p.party, p.class
	u := r.Float64()
	switch p.role {
	case promoLover:
		w.coupon = selfClaimed
		if u < .06 {
			w.coupon = noCoupon
		}
		w.campaign = runs
	case abuser:
		w.coupon, w.class = selfClaimed, -1
	case responder:
		if u < .85 {
			w.coupon = pushed
		}
	case quality:
		w.class = 1
	case thrifty:
		w.class = -1
		if u < .35 {
			w.coupon = selfClaimed
		}
		w.campaign = runs
	case koc:
		w.party = 2 + r.IntN(5)
		if u < .1 {
			w.coupon = pushed
		}
	case reseller:
		w.boxes = ch != dineIn
	default:
		switch {
		case u < .09:
			w.coupon = selfClaimed
		case u < .17:
			w.coupon = pushed
		}
		w.campaign = runs && ch != dineIn && r.Float64() < .5
	}
	m.buy(at, ch, store, w)
}

// inTime puts everything in the order of time and drops what lies on or after
// the end.
func (m *maker) inTime() {
	p := &m.member
	end := m.calendar.cut * daySec
	slices.SortStableFunc(p.orders, func(a, b order) int { return a.at - b.at })
	slices.SortStableFunc(p.acts, func(a, b act) int { return a.at - b.at })
	for i := len(p.acts); i > 0 && p.acts[i-1].at >= end; i-- {
		p.acts = p.acts[:i-1]
	}
	p.acts = slices.DeleteFunc(p.acts, func(a act) bool { return a.at < 0 })
}
