package demo

import "math"

// kind is a kind of act; its name is the event's in the files.
type kind uint8

const (
	// In behaviour.csv.
	storeVisited kind = iota
	tableOrderScanned
	billScanned
	toppedUp
	siteVisited
	pageViewed
	shopPageViewed
	productViewed
	cartAdded
	// In social.csv.
	wecomAdded
	wecomDeletedByCustomer
	wecomDeletedByStaff
	groupJoined
	groupLeft
	groupMessageSent
	momentLinkClicked
	momentLiked
	momentCommented
	accountFollowed
	accountUnfollowed
	articleRead
	activityJoined
	contentPublished
	referralMade
	formSubmitted
	reviewPosted
	feedbackGiven
	complaintMade
	// In coupons.csv.
	couponIssued
	couponClaimed
	couponUsed
	kinds
)

var kindNames = [kinds]string{
	"store_visited", "table_order_scanned", "bill_scanned", "topped_up", "site_visited", "page_viewed", "shop_page_viewed", "product_viewed", "cart_added",
	"wecom_added", "wecom_deleted_by_customer", "wecom_deleted_by_staff", "group_joined", "group_left", "group_message_sent",
	"moment_link_clicked", "moment_liked", "moment_commented", "account_followed", "account_unfollowed", "article_read", "activity_joined",
	"content_published", "referral_made", "form_submitted", "review_posted", "feedback_given", "complaint_made",
	"coupon_issued", "coupon_claimed", "coupon_used",
}

// act is anything a member did besides ordering. Which fields count depends
// on the kind.
type act struct {
	kind    kind
	at      int
	store   int
	table   int
	product int
	page    int
	n       int // score, article, moment, activity, group
	coupon  int
	cents   int64
	order   string
	text    string // channel, platform, reason, form
}

func (m *maker) did(a act) {
	if a.at >= m.calendar.cut*daySec {
		return
	}
	m.member.acts = append(m.member.acts, a)
}

// couponSource is how a coupon came to the member.
type couponSource uint8

const (
	noCoupon couponSource = iota
	selfClaimed
	pushed
)

var couponSourceNames = [...]string{"", "自领", "推送"}

// coupon is one coupon of a member.
type coupon struct {
	id     string
	offer  int
	source couponSource
}

// offer is a kind of coupon.
type offer struct {
	id        string
	name      string
	threshold int64
	face      int64
}

var offers = []offer{
	{"K50", "满50减12", 5000, 1200},
	{"K100", "满100减25", 10000, 2500},
	{"K150", "满150减40", 15000, 4000},
	{"K200", "满200减60", 20000, 6000},
	{"K300", "满300减90", 30000, 9000},
}

const lowestOffer = 0

// newCoupon makes the member's next coupon.
func (m *maker) newCoupon(offer int, source couponSource) int {
	p := &m.member
	p.couponNumber++
	b := m.scratch[:0]
	b = append(b, 'Q')
	for s := 100000; s > 0; s /= 10 {
		b = append(b, byte('0'+p.number/s%10))
	}
	for s := 1000; s > 0; s /= 10 {
		b = append(b, byte('0'+p.couponNumber/s%10))
	}
	m.scratch = b
	p.coupons = append(p.coupons, coupon{id: string(b), offer: offer, source: source})
	return len(p.coupons) - 1
}

// useCoupon makes the coupon that an order uses, with its claim or issue
// before.
func (m *maker) useCoupon(at int, source couponSource, gross int64, order string, store int) int {
	r := m.rand
	best := lowestOffer
	for i := range offers {
		if offers[i].threshold <= gross {
			best = i
		}
	}
	c := m.newCoupon(best, source)
	if source == selfClaimed {
		claimed := at - 1500 - r.IntN(5400)
		if r.Float64() < .4 {
			claimed -= r.IntN(2 * daySec)
		}
		m.did(act{kind: pageViewed, at: claimed - 40, page: pageOffers})
		m.did(act{kind: couponClaimed, at: claimed, coupon: c})
	} else {
		m.did(act{kind: couponIssued, at: at - 8*3600 - r.IntN(4*daySec), coupon: c})
	}
	m.did(act{kind: couponUsed, at: at, coupon: c, order: order, store: store})
	return c
}

const pageOffers = 1 // of pageNames

var pageNames = []string{"首页", "优惠专区", "外卖点餐", "菜单", "会员中心", "门店列表", "新品推荐"}
var pageWeights = []int{40, 10, 10, 16, 12, 6, 10}
var shopPages = []string{"商城首页", "底料专区", "礼盒专区", "咖啡茶饮专区", "母婴专区"}
var siteChannels = []string{"小程序", "官网", "APP"}
var siteWeights = []int{78, 6, 16}
var platforms = []string{"大众点评", "小程序", "小红书", "抖音"}
var wecomChannels = []string{"门店扫码", "包裹卡", "公众号菜单", "朋友推荐"}
var forms = []string{"生日礼登记", "宴席预订", "口味问卷", "新品试吃报名"}
var topics = []string{"菜谱", "新品", "优惠", "食材故事", "健康饮食", "门店活动"}
var titles = []string{
	"牛油锅底怎么炒才香", "这碗冰粉等了一个夏天", "会员日清单来了", "毛肚七上八下的道理", "冬天喝汤的三个讲究", "周末亲子厨房报名",
	"一锅番茄汤的下午", "新店开业试吃手记", "囤货指南：底料怎么选", "山里的青花椒", "火锅吃得清爽的办法", "中秋团圆菜单",
}
var activities = []string{"新品试吃会", "亲子小厨房", "火锅文化节", "咖啡品鉴会", "会员周年庆"}
var momentTitles = []string{"今日上新", "本周福利", "门店日常", "食材到店", "顾客晒单"}

// talk adds what a member does between orders: browsing, coupons, WeCom,
// reading.
func (m *maker) talk() {
	p := &m.member
	m.seed(uint64(p.number), 3)
	from := max(p.registered, p.from*daySec)
	to := min(p.to+12, m.calendar.cut) * daySec
	if to <= from {
		return
	}
	m.browse(from, to)
	m.unusedCoupons(from, to)
	m.befriend(from, to)
	m.read(from, to)
}

// times calls do at a Poisson number of instants in [from, to), monthly a
// month.
func (m *maker) times(monthly float64, from, to int, do func(at int)) {
	gap := 30 * daySec / monthly
	for t := float64(from); ; {
		t += gap * m.rand.ExpFloat64()
		if t >= float64(to) {
			return
		}
		day := int(t) / daySec
		if at := day*daySec + onlineSecond(m.rand); at >= from && at < to {
			do(at)
		}
	}
}

func (m *maker) browse(from, to int) {
	r := m.rand
	m.times(m.member.digital, from, to, func(at int) {
		m.did(act{kind: siteVisited, at: at})
		for i := range 1 + r.IntN(2) {
			m.did(act{kind: pageViewed, at: at + 10 + i*35, page: weighted(r, pageWeights)})
		}
		if r.Float64() < .3 {
			m.did(act{kind: shopPageViewed, at: at + 90, page: r.IntN(len(shopPages))})
		}
		for i := range r.IntN(4) {
			product := m.pick(shelfGroups[weighted(r, shelfWeights)], 0)
			m.did(act{kind: productViewed, at: at + 110 + i*45, product: product})
			if r.Float64() < .12 {
				m.did(act{kind: cartAdded, at: at + 130 + i*45, product: product})
			}
		}
	})
	m.times(.06, from, to, func(at int) { // looked in without buying
		m.did(act{kind: storeVisited, at: at/daySec*daySec + mealSecond(r), store: m.member.home})
	})
}

// unusedCoupons are those that lead to nothing.
func (m *maker) unusedCoupons(from, to int) {
	r, p := m.rand, &m.member
	m.times(.2, from, to, func(at int) {
		c := m.newCoupon(weighted(r, []int{30, 30, 20, 15, 5}), pushed)
		m.did(act{kind: couponIssued, at: at, coupon: c})
	})
	monthly := .03
	if p.role == promoLover || p.role == abuser {
		monthly = .5
	}
	m.times(monthly, from, to, func(at int) {
		m.did(act{kind: couponClaimed, at: at, coupon: m.newCoupon(weighted(r, []int{30, 30, 20, 15, 5}), selfClaimed)})
	})
}

// befriend adds WeCom: the contact, the group, the moments.
func (m *maker) befriend(from, to int) {
	p, r := &m.member, m.rand
	if p.wecom < 0 || p.wecom >= to {
		p.wecom = -1
		return
	}
	m.did(act{kind: wecomAdded, at: p.wecom, store: p.home, text: wecomChannels[weighted(r, []int{60, 15, 15, 10})]})
	end := to
	if r.Float64() < .1 && p.role != koc {
		if gone := p.wecom + int(r.ExpFloat64()*120*daySec); gone < to {
			end = gone
			k := wecomDeletedByCustomer
			if r.Float64() < .06 {
				k = wecomDeletedByStaff
			}
			m.did(act{kind: k, at: gone, store: p.home})
		}
	}
	if r.Float64() < .55 || p.role == koc {
		if joined := p.wecom + r.IntN(6*daySec); joined < end {
			m.did(act{kind: groupJoined, at: joined, n: p.home})
			left := end
			if r.Float64() < .13 && p.role != koc {
				left = min(end, joined+int(r.ExpFloat64()*90*daySec))
				if left < end {
					m.did(act{kind: groupLeft, at: left, n: p.home})
				}
			}
			m.times(.8*p.social, joined, left, func(at int) { m.did(act{kind: groupMessageSent, at: at, n: p.home}) })
		}
	}
	moment := func(k kind) func(int) {
		return func(at int) { m.did(act{kind: k, at: at, n: at / (3 * daySec)}) }
	}
	m.times(.45*p.social, p.wecom, end, moment(momentLinkClicked))
	m.times(.5*p.social, p.wecom, end, moment(momentLiked))
	m.times(.2*p.social, p.wecom, end, moment(momentCommented))
}

// read adds the official account, articles, activities, forms, what is
// published and whom a member brings.
func (m *maker) read(from, to int) {
	p, r := &m.member, m.rand
	articles := .14 * p.social
	if p.followed {
		at := from + int(r.ExpFloat64()*10*daySec)
		m.did(act{kind: accountFollowed, at: at, text: sources[p.source]})
		articles = .7 * p.social
		if r.Float64() < .07 {
			if gone := at + int(r.ExpFloat64()*200*daySec); gone < to {
				m.did(act{kind: accountUnfollowed, at: gone})
				to = gone
			}
		}
	}
	m.times(articles, from, to, func(at int) {
		m.did(act{kind: articleRead, at: at, n: max(0, at/(4*daySec)-int(2.5*r.ExpFloat64()))})
	})
	m.times(.06*p.social, from, to, func(at int) { m.did(act{kind: activityJoined, at: at, n: at / (45 * daySec)}) })
	m.times(.035, from, to, func(at int) { m.did(act{kind: formSubmitted, at: at, text: forms[r.IntN(len(forms))]}) })
	publish, refer := .012*p.social, .012*p.social
	if p.role == koc {
		publish, refer = 1.1, .5
	}
	m.times(publish, from, to, func(at int) {
		m.did(act{kind: contentPublished, at: at, text: platforms[r.IntN(len(platforms))], n: r.IntN(len(titles))})
	})
	m.times(refer, from, to, func(at int) { m.did(act{kind: referralMade, at: at, text: wecomChannels[3]}) })
}

// level is the member's level by what he has spent.
func (m *member) level() string {
	switch {
	case m.spent >= 800000:
		return "钻石"
	case m.spent >= 300000:
		return "金卡"
	case m.spent >= 100000:
		return "银卡"
	}
	return "普通"
}

// followers is how many follow the member on a platform, 0 for most.
func (m *member) followers(platform uint64) int {
	u := float64(mix(uint64(m.number), platform)%10000) / 10000
	if m.role == koc {
		return int(2000 * math.Exp(3*u))
	}
	if u > .06 {
		return 0
	}
	return int(50 * math.Exp(60*u))
}
