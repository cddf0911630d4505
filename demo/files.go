package demo

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"

	"strata"
)

// table is one CSV file being written. No text of this package needs quoting;
// a test reads every file back.
type table struct {
	name string
	file *os.File
	out  *bufio.Writer
	row  []byte
	rows int
}

// The files, in the order in which they should be imported.
const (
	membersFile = iota
	ordersFile
	refundsFile
	couponsFile
	behaviourFile
	socialFile
	files
)

var fileNames = [files]string{"members.csv", "orders.csv", "refunds.csv", "coupons.csv", "behaviour.csv", "social.csv"}

var headers = [files]string{
	"会员号,手机号,姓名,性别,生日,注册城市,所在城市,职业,注册时间,来源渠道,会员等级,归属门店,归属员工,喜好,储值余额,小红书粉丝数,抖音粉丝数",
	"订单号,会员号,下单时间,门店,渠道,商品编码,商品名称,品类,品牌,数量,单价,商品金额,优惠金额,实付金额,优惠券号,是否优惠,优惠来源,活动",
	"退款单号,订单号,会员号,退款时间,退款金额,退款原因,门店",
	"动作,时间,会员号,券号,券名称,使用门槛,面额,领取方式,设备号,订单号,门店",
	"event,time,member_no,store,table_no,channel,page,sku,product,category,brand,price,order_id,amount,device_id",
	"event,time,member_no,store,staff,group,channel,item_id,title,topic,order_id,score,text",
}

func create(dir, name, header string) (*table, error) {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return nil, &strata.Error{Code: strata.Unavailable, Field: name, Message: "the demo's file cannot be made", Cause: err}
	}
	t := &table{name: name, file: f, out: bufio.NewWriterSize(f, 1<<18)}
	t.row = append(t.row, header...)
	t.end()
	t.rows = 0
	return t, nil
}

// text adds a field.
func (t *table) text(s string) {
	t.row = append(t.row, s...)
	t.row = append(t.row, ',')
}

// skip adds n empty fields.
func (t *table) skip(n int) {
	for range n {
		t.row = append(t.row, ',')
	}
}

func (t *table) number(n int) {
	t.row = strconv.AppendInt(t.row, int64(n), 10)
	t.row = append(t.row, ',')
}

// cents adds an amount in yuan with two digits.
func (t *table) cents(c int64) {
	t.row = strconv.AppendInt(t.row, c/100, 10)
	t.row = append(t.row, '.')
	t.row = two(t.row, int(c%100))
	t.row = append(t.row, ',')
}

func (t *table) time(c *calendar, at int) {
	t.row = c.appendTime(t.row, at)
	t.row = append(t.row, ',')
}

// end writes the row; its last field's comma is replaced by the line's end.
func (t *table) end() {
	if n := len(t.row); n > 0 && t.row[n-1] == ',' {
		t.row = t.row[:n-1]
	}
	t.row = append(t.row, '\n')
	t.out.Write(t.row) // an error stays in the writer until Flush
	t.row = t.row[:0]
	t.rows++
}

func (t *table) close() error {
	err := t.out.Flush()
	if e := t.file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return &strata.Error{Code: strata.Unavailable, Field: t.name, Message: "the demo's file cannot be written", Cause: err}
	}
	return nil
}

// write puts the member into the files.
func (m *maker) write() {
	p := &m.member
	no := memberNumber(p.number)
	m.writeProfile(no)
	m.writeOrders(no)
	for i := range p.refunds {
		m.writeRefund(no, &p.refunds[i], i)
	}
	for i := range p.acts {
		a := &p.acts[i]
		m.summary.Events[kindNames[a.kind]]++
		m.saw(a.at)
		switch {
		case a.kind >= couponIssued:
			m.writeCoupon(no, a)
		case a.kind >= wecomAdded:
			m.writeSocial(no, a)
		default:
			m.writeBehaviour(no, a)
		}
	}
}

func (m *maker) writeProfile(no string) {
	p, t := &m.member, m.tables[membersFile]
	draw := func(field uint64) float64 { return float64(mix(uint64(p.number), 100+field)%100000) / 100000 }
	t.text(no)
	t.text(p.phone)
	t.text(p.name)
	if p.story < 0 && draw(1) < .06 {
		t.text("")
	} else if p.woman {
		t.text("女")
	} else {
		t.text("男")
	}
	if p.story < 0 && draw(2) < .25 {
		t.text("")
	} else {
		t.text(p.birthday)
	}
	t.text(cities[p.city].name)
	lives := p.city
	if draw(3) < .06 {
		lives = int(draw(4) * float64(len(cities)))
	}
	t.text(cities[lives].name)
	if draw(5) < .35 {
		t.text(occupations[int(draw(6)*float64(len(occupations)))])
	} else {
		t.text("")
	}
	t.time(m.calendar, p.registered)
	t.text(sources[p.source])
	t.text(p.level())
	t.text(stores[p.home].Name)
	if p.wecom >= 0 || p.story >= 0 || draw(7) < .5 {
		t.text(p.staff)
	} else {
		t.text("")
	}
	first, second := int(draw(8)*float64(len(likes))), int(draw(9)*float64(len(likes)))
	switch {
	case draw(10) < .4:
		t.text("")
	case first == second || draw(11) < .5:
		t.text(likes[first])
	default:
		t.text(likes[first] + ";" + likes[second])
	}
	if p.topUps > 0 || p.balance > 0 {
		t.cents(p.balance)
	} else {
		t.text("")
	}
	for platform := range uint64(2) {
		if n := p.followers(platform); n > 0 {
			t.number(n)
		} else {
			t.text("")
		}
	}
	t.end()
	m.summary.Members++
}

func (m *maker) writeOrders(no string) {
	p, t := &m.member, m.tables[ordersFile]
	for i := range p.orders {
		o := &p.orders[i]
		m.summary.Events["order_paid"]++
		m.summary.Events["item_bought"] += o.n
		m.summary.Turnover += o.amount
		m.saw(o.at)
		couponID, promoted, source := "", "否", ""
		if o.campaign != noCampaign {
			promoted = "是"
		}
		if o.coupon >= 0 {
			c := &p.coupons[o.coupon]
			couponID, promoted, source = c.id, "是", couponSourceNames[c.source]
		}
		for j := o.lines; j < o.lines+o.n; j++ {
			l := &p.lines[j]
			g := &goods[l.product]
			t.text(o.id)
			t.text(no)
			t.time(m.calendar, o.at)
			t.text(stores[o.store].Name)
			t.text(channelNames[o.channel])
			t.text(g.sku)
			t.text(g.name)
			t.text(g.category)
			t.text(g.brand)
			t.number(l.quantity)
			t.cents(g.cents)
			t.cents(l.gross())
			t.cents(l.discount)
			t.cents(l.paid())
			t.text(couponID)
			t.text(promoted)
			t.text(source)
			t.text(campaignNames[o.campaign])
			t.end()
		}
	}
}

func (m *maker) writeRefund(no string, f *refund, n int) {
	if f.at >= m.calendar.cut*daySec {
		return
	}
	t := m.tables[refundsFile]
	m.summary.Events["order_refunded"]++
	m.saw(f.at)
	t.text("R" + f.order[1:] + string(rune('A'+n%26)))
	t.text(f.order)
	t.text(no)
	t.time(m.calendar, f.at)
	t.cents(f.amount)
	t.text(f.reason)
	t.text(stores[f.store].Name)
	t.end()
}

var couponActs = [...]string{"发放", "领取", "核销"}

func (m *maker) writeCoupon(no string, a *act) {
	p, t := &m.member, m.tables[couponsFile]
	c := &p.coupons[a.coupon]
	t.text(couponActs[a.kind-couponIssued])
	t.time(m.calendar, a.at)
	t.text(no)
	t.text(c.id)
	t.text(offers[c.offer].name)
	t.cents(offers[c.offer].threshold)
	t.cents(offers[c.offer].face)
	t.text(couponSourceNames[c.source])
	if a.kind == couponIssued {
		t.text("")
	} else {
		t.text(p.device)
	}
	t.text(a.order)
	if a.kind == couponUsed {
		t.text(stores[a.store].Name)
	} else {
		t.text("")
	}
	t.end()
}

func (m *maker) writeBehaviour(no string, a *act) {
	p, t := &m.member, m.tables[behaviourFile]
	t.text(kindNames[a.kind])
	t.time(m.calendar, a.at)
	t.text(no)
	switch a.kind {
	case storeVisited, tableOrderScanned, billScanned, toppedUp:
		t.text(stores[a.store].Name)
		if a.table > 0 {
			t.number(a.table)
		} else {
			t.text("")
		}
		t.text(a.text)
		t.skip(6)
		t.text(a.order)
		if a.cents > 0 {
			t.cents(a.cents)
		} else {
			t.text("")
		}
		t.text("")
	case siteVisited, pageViewed, shopPageViewed:
		t.skip(2)
		t.text(siteChannels[weighted(m.rand, siteWeights)])
		switch a.kind {
		case pageViewed:
			t.text(pageNames[a.page])
		case shopPageViewed:
			t.text(shopPages[a.page])
		default:
			t.text("")
		}
		t.skip(7)
		t.text(p.device)
	default:
		g := &goods[a.product]
		t.skip(4)
		t.text(g.sku)
		t.text(g.name)
		t.text(g.category)
		t.text(g.brand)
		t.cents(g.cents)
		t.skip(3)
	}
	t.end()
}

func (m *maker) writeSocial(no string, a *act) {
	p, t := &m.member, m.tables[socialFile]
	t.text(kindNames[a.kind])
	t.time(m.calendar, a.at)
	t.text(no)
	var store, staff, group, item, title, topic, score string
	switch a.kind {
	case wecomAdded, wecomDeletedByCustomer, wecomDeletedByStaff:
		store, staff = stores[a.store].Name, p.staff
	case groupJoined, groupLeft, groupMessageSent:
		store, staff, group = stores[a.n].Name, stores[a.n].Staff[0], groupName(a.n)
	case momentLinkClicked, momentLiked, momentCommented:
		staff, item, title = p.staff, m.itemID('P', a.n), momentTitles[a.n%len(momentTitles)]
	case articleRead:
		item, title, topic = m.itemID('W', a.n), titles[a.n%len(titles)], topics[a.n%len(topics)]
	case activityJoined:
		item, title = m.itemID('E', a.n), activities[a.n%len(activities)]
	case contentPublished:
		title = titles[a.n]
	case reviewPosted, feedbackGiven:
		store, score = stores[a.store].Name, string(rune('0'+a.n))
	case complaintMade:
		store = stores[a.store].Name
	}
	channel, text := a.text, ""
	if a.kind == complaintMade || a.kind == formSubmitted {
		channel, text = "", a.text
	}
	for _, s := range [...]string{store, staff, group, channel, item, title, topic, a.order, score, text} {
		t.text(s)
	}
	t.end()
}

func groupName(store int) string { return stores[store].Name + "粉丝群" }

func (m *maker) itemID(letter byte, n int) string {
	m.scratch = strconv.AppendInt(append(m.scratch[:0], letter), int64(1000+n), 10)
	return string(m.scratch)
}
