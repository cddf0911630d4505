package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// A role is the hidden rule by which a member behaves.
type role uint8

const (
	casual     role = iota
	regular         // comes back steadily
	lapser          // a regular who stops for good on a day
	promoLover      // buys only with coupons found by himself
	responder       // buys when a coupon is pushed to him
	quality         // takes the premium choice, never looks for a discount
	thrifty         // takes the cheap choice, fills up to a coupon's threshold
	abuser          // one of several accounts behind one device
	koc             // spends, talks, publishes and brings friends
	prospect        // registered, has never bought
	reseller        // buys shelf goods by the box
	story           // one of the five people of stories.go
)

// Shares of members by role; the rest is casual. abuser rings and stories are
// placed by number.
var roleShares = []struct {
	role  role
	share float64
}{
	{regular, .075}, {lapser, .02}, {promoLover, .03}, {responder, .04}, {quality, .03},
	{thrifty, .05}, {koc, .005}, {prospect, .075}, {reseller, .0008},
}

const (
	ringEvery = 800 // members for each ring of coupon abusers
	ringFirst = 101 // number of the first member of the first ring
)

// ringOf returns the ring that a member belongs to, and false for nearly all.
func ringOf(number int) (ring int, ok bool) {
	ring = (number - ringFirst) / ringEvery
	in := number - ringFirst - ring*ringEvery
	return ring, number >= ringFirst && in < 4+ring*3%5
}

// member is one member with everything of his history, in buffers that are
// used again for the next.
type member struct {
	number       int
	role         role
	story        int // index into stories
	woman        bool
	name         string
	phone        string
	birthday     string
	home         int // store
	city         int
	staff        string
	source       int
	registered   int // second
	from, to     int // days on which he may act: [from, to)
	device       string
	dine         float64 // shares of channels
	delivery     float64
	shelf        float64
	yearly       float64 // possible orders a year
	digital      float64 // sessions a month
	social       float64 // multiplies what is said and read
	party        int     // how many he usually dines with; 0 as it comes
	class        int8    // of what he orders, as in wish
	topUps       float64 // chance of a top-up at a restaurant order
	wecom        int     // second; -1 never
	followed     bool
	balance      int64
	spent        int64
	cycle        int // index into cycles, -1 none
	cycleBuys    int
	orders       []order
	lines        []line
	acts         []act
	coupons      []coupon
	refunds      []refund
	couponNumber int
}

// memberNumber returns the member number of the n-th member, counting from 1.
func memberNumber(n int) string { return fmt.Sprintf("H%06d", n) }

// phoneNumber returns a well-formed mobile number that is hardly anybody's:
// its prefix was first given to data-only cards, and its block is 000.
func phoneNumber(n int) string {
	prefix := [...]string{"145", "147"}[n%2]
	// 61,417 is prime to 90,000, so that members below 180,000 do not meet.
	return fmt.Sprintf("%s000%05d", prefix, 10000+(n/2*61417+20391)%90000)
}

// reset draws who the n-th member is.
func (m *maker) reset(n int) {
	r := m.rand
	p := &m.member
	*p = member{
		number: n, story: -1, cycle: -1, wecom: -1,
		orders: p.orders[:0], lines: p.lines[:0], acts: p.acts[:0], coupons: p.coupons[:0], refunds: p.refunds[:0],
	}
	m.seed(uint64(n), 0)
	p.role = casual
	for u, i := r.Float64(), 0; i < len(roleShares); i++ {
		if u < roleShares[i].share {
			p.role = roleShares[i].role
			break
		}
		u -= roleShares[i].share
	}
	if _, ok := ringOf(n); ok {
		p.role = abuser
	}
	p.woman = r.Float64() < .58
	given := manNames
	if p.woman {
		given = womanNames
	}
	p.name = surnames[int(float64(len(surnames))*math.Pow(r.Float64(), 1.6))] + given[r.IntN(len(given))]
	p.phone = phoneNumber(n)
	age := 20 + int(38*math.Pow(r.Float64(), 1.3)) + r.IntN(6)
	p.birthday = m.calendar.date(days - 1 - r.IntN(365))
	p.birthday = fmt.Sprintf("%04d%s", atoi(p.birthday[:4])-age, p.birthday[4:])
	if p.birthday[5:] == "02-29" {
		p.birthday = p.birthday[:5] + "02-28"
	}
	p.city = r.IntN(len(stores))
	p.home = p.city
	p.city = cityOf(p.home)
	p.source = weighted(r, sourceWeights)
	p.staff = stores[p.home].Staff[r.IntN(len(stores[p.home].Staff))]
	p.device = fmt.Sprintf("dv%012x", mix(uint64(n), 77)&0xffffffffffff)
	m.drawRegistration()
	m.drawHabits()
	m.drawRole()
}

// drawRegistration places the registration: a third before the history
// begins, the others spread over it, rather more of them late.
func (m *maker) drawRegistration() {
	p, r := &m.member, m.rand
	var day int
	if r.Float64() < .36 {
		day = -1 - int(1000*math.Pow(r.Float64(), 1.2))
	} else {
		day = int(float64(days) * math.Pow(r.Float64(), .85))
	}
	if day >= m.calendar.cut-1 {
		day -= 7
	}
	p.registered = day*daySec + mealSecond(r)
	p.from = max(day, 0)
	p.to = m.calendar.cut
}

// drawHabits draws the heterogeneity of ordinary members: log-normal rates and
// an exponential time after which a member has left unnoticed.
func (m *maker) drawHabits() {
	p, r := &m.member, m.rand
	p.yearly = 4.0 * math.Exp(1.0*r.NormFloat64())
	p.digital = .1 * math.Exp(.9*r.NormFloat64())
	p.social = .5 * math.Exp(.9*r.NormFloat64())
	p.dine = .35 + .6*r.Float64()
	p.delivery = (1 - p.dine) * .35
	p.shelf = (1 - p.dine) * .25
	if r.Float64() < .16 {
		p.topUps = .1 + .25*r.Float64()
	}
	switch u := r.Float64(); {
	case u < .04: // hosts banquets now and then
		p.party, p.class, p.yearly, p.dine = 10+r.IntN(6), 1, min(max(p.yearly/2, 1.5), 5), .9
	case u < .16: // eats alone at noon
		p.party, p.class = 1, -1
	}
	if left := p.from + int(430*r.ExpFloat64()); left < p.to {
		p.to = max(left, p.from+1)
	}
	if p.from == 0 && r.Float64() < .3 { // had left before the history begins, but for a last order
		p.to = min(p.to, 30+r.IntN(90))
	}
	if r.Float64() < .42 {
		p.wecom = max(p.registered, p.from*daySec) + int(r.ExpFloat64()*20*daySec)
	}
	p.followed = r.Float64() < .45
	u := r.Float64()
	for i := range cycles {
		if u -= cycles[i].share; u < 0 {
			p.cycle = i
			break
		}
	}
}

// drawRole lets the role have its way with the habits.
func (m *maker) drawRole() {
	p, r := &m.member, m.rand
	stay := func() { p.to = m.calendar.cut }
	switch p.role {
	case regular:
		p.yearly = 24 * math.Exp(.35*r.NormFloat64())
		p.topUps *= 1.5
		stay()
	case lapser:
		p.yearly = 26 * math.Exp(.25*r.NormFloat64())
		stay()
		p.cycle = -1
		if p.registered >= 300*daySec {
			p.registered -= 400 * daySec
			p.from = max(p.registered/daySec, 0)
		}
		p.to = days - 28 - r.IntN(240)
	case promoLover:
		p.yearly = 9 * math.Exp(.3*r.NormFloat64())
		p.digital = max(p.digital, .8)
		p.cycle = -1
		stay()
	case responder:
		p.yearly = 7 * math.Exp(.3*r.NormFloat64())
		p.cycle = -1
		stay()
	case quality:
		p.yearly = max(p.yearly, 8)
	case thrifty:
		p.yearly = max(p.yearly, 6)
	case koc:
		p.yearly = 34 * math.Exp(.2*r.NormFloat64())
		p.social = 5 + 4*r.Float64()
		p.digital = 4
		p.followed = true
		p.wecom = p.from*daySec + r.IntN(10*daySec)
		if p.registered/daySec > days-200 {
			p.registered -= 300 * daySec
			p.from = max(p.registered/daySec, 0)
		}
		stay()
	case prospect:
		p.yearly = 0
		p.cycle = -1
	case reseller:
		p.yearly = 30
		p.dine, p.delivery, p.shelf = .05, 0, .2
		p.cycle = -1
		stay()
	case abuser:
		ring, _ := ringOf(p.number)
		p.yearly = 12
		p.dine, p.delivery, p.shelf = .1, .3, 0
		p.device = fmt.Sprintf("dv%012x", mix(uint64(ring), 78)&0xffffffffffff)
		p.cycle = -1
		p.wecom = -1
		day := 430 + ring*11%220 + r.IntN(10)
		p.registered = day*daySec + 36000 + r.IntN(30000)
		p.from = day
		stay()
	case casual, story:
	}
	if p.cycle >= 0 {
		stay()
	}
	if p.from >= p.to {
		p.to = p.from + 1
	}
}

func cityOf(store int) int {
	for c := len(cities) - 1; ; c-- {
		if storeFrom[c] <= store {
			return c
		}
	}
}

func weighted(r *rand.Rand, weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := r.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// mealSecond draws a second of a day at which restaurants are busy: lunch
// around 12:15, dinner around 18:50.
func mealSecond(r *rand.Rand) int {
	at := 12.25 + .7*r.NormFloat64()
	if r.Float64() < .62 {
		at = 18.8 + 1.05*r.NormFloat64()
	}
	return int(3600 * min(max(at, 10.6), 21.8))
}

// onlineSecond draws a second of a day at which people shop on the phone.
func onlineSecond(r *rand.Rand) int {
	at := 21.1 + 1.3*r.NormFloat64()
	if r.Float64() < .45 {
		at = 8.5 + 11*r.Float64()
	}
	return int(3600 * min(max(at, 7.2), 23.95))
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}
