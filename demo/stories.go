package demo

import "fmt"

// Bilingual is a text in Chinese and English.
type Bilingual struct{ Zh, En string }

// Story is one of five members whose history is shaped by hand. Their numbers
// and names are the same in every demo, and days are counted back from the
// end, so that they land in the same segments and levels whatever the date.
type Story struct {
	Member string // member number, the public customer id
	Name   string
	Title  Bilingual
	Text   Bilingual
	number int
}

// Stories are the five people, in the order in which they are shown.
var Stories = []Story{
	{
		Member: memberNumber(18), number: 18, Name: "林素梅",
		Title: Bilingual{"正在流失的熟客", "A regular who is lapsing"},
		Text: Bilingual{
			"在成都玉林店吃了将近两年，曾经每周必来。一次上错菜的投诉之后，间隔从一周变成两周、三周，最近一百多天没有再来。消费总额仍排在前列，现在联系还来得及。",
			"Came to the Chengdu Yulin store every week for nearly two years. After a complaint about a wrong dish the gaps grew to two and three weeks; she has not been seen for over a hundred days. Her spending is still near the top: it is not too late to call her.",
		},
	},
	{
		Member: memberNumber(66), number: 66, Name: "周晓彤",
		Title: Bilingual{"促销狂热者", "A promotion enthusiast"},
		Text: Bilingual{
			"每一单都用自己在优惠专区领的券，大促前必逛，从不等门店推送。给她再发券只会白白让利。",
			"Every order uses a coupon she found herself on the offers page, and she never waits for the store to send one. Another coupon would only give money away.",
		},
	},
	{
		Member: memberNumber(88), number: 88, Name: "陈屿",
		Title: Bilingual{"会带人来的KOC", "A KOC who brings people along"},
		Text: Bilingual{
			"每周带朋友聚餐，写点评、发小红书、在群里答疑，已经带来十几位新会员。适合新品试吃和线下活动。",
			"Dines with friends every week, reviews, posts on Xiaohongshu, answers questions in the group and has brought more than ten new members. The person to ask to a tasting.",
		},
	},
	{
		Member: memberNumber(168), number: 168, Name: "王浩然",
		Title: Bilingual{"出手大方的新客", "A big-spending newcomer"},
		Text: Bilingual{
			"注册才三周多，已经宴请五次，还充值了两次一千元。趁热请店长加一次企微，用储值把他留住。",
			"Registered a little over three weeks ago, has already hosted five dinners and topped up 1,000 yuan twice. The moment to get to know him.",
		},
	},
	{
		Member: memberNumber(8), number: 8, Name: "赵秀兰",
		Title: Bilingual{"沉默的老客", "A silent old customer"},
		Text: Bilingual{
			"三年前注册的老会员，过去隔三周左右和老同事聚一次，七个月前起再没来过，公众号也不再打开。适合大促唤醒。",
			"A member for three years who met old colleagues here every three weeks or so. No order for seven months, no article opened. A case for a wake-up at the next big promotion.",
		},
	},
}

// storyOf returns the index of the story of the n-th member, or -1.
func storyOf(n int) int {
	for i := range Stories {
		if Stories[i].number == n {
			return i
		}
	}
	return -1
}

// tell shapes the history of a story's member.
func (m *maker) tell(i int) {
	p := &m.member
	p.role, p.story, p.cycle, p.name = story, i, -1, Stories[i].Name
	p.wecom, p.followed, p.to = -1, false, m.calendar.cut
	p.spent, p.topUps = 0, 0
	switch i {
	case 0:
		m.tellLapsing()
	case 1:
		m.tellPromotion()
	case 2:
		m.tellKOC()
	case 3:
		m.tellNewcomer()
	case 4:
		m.tellSilent()
	}
}

// since sets the registration so many days before the end, and the home.
func (m *maker) since(ago int, woman bool, birthday string, store int) {
	p := &m.member
	p.woman, p.birthday, p.home, p.city = woman, birthday, store, cityOf(store)
	p.staff = stores[store].Staff[0]
	p.registered = (m.calendar.cut-ago)*daySec + 12*3600 + 600
	p.source = 0
	m.seed(uint64(p.number), 5)
}

// on makes an order so many days before the end, at a local hour.
func (m *maker) on(ago int, hour float64, ch channel, w wish) {
	m.day = m.calendar.cut - ago
	if m.day < 0 || ago < 1 {
		return
	}
	script := *m.source // what is bought depends on the calendar, when on the script alone
	m.seed(uint64(m.member.number), uint64(3000+ago))
	m.buy(m.day*daySec+int(hour*3600), ch, m.member.home, w)
	*m.source = script
}

// act adds an act so many days before the end, at a local hour.
func (m *maker) act(ago int, hour float64, a act) {
	a.at = (m.calendar.cut-ago)*daySec + int(hour*3600)
	m.did(a)
}

func (m *maker) tellLapsing() {
	m.since(722, true, "1984-04-17", storeNamed("成都玉林店"))
	p := &m.member
	w := wish{product: -1, party: 3}
	m.act(721, 12.6, act{kind: wecomAdded, store: p.home, text: wecomChannels[0]})
	m.act(721, 12.9, act{kind: groupJoined, n: p.home})
	m.act(720, 20, act{kind: accountFollowed, text: "门店扫码"})
	ago := 722
	for ; ago > 240; ago -= 6 + m.rand.IntN(3) {
		m.on(ago, 18.7, dineIn, w)
		if m.rand.Float64() < .5 {
			m.act(ago-2, 21.2, act{kind: articleRead, n: (m.calendar.cut - ago) / 4})
		}
	}
	m.topUp((m.calendar.cut-400)*daySec+18*3600, p.home, 50000)
	for _, ago := range []int{236, 229, 221, 213, 206, 198, 190, 178, 164, 147, 126, 104} {
		m.on(ago, 18.9, dineIn, w)
	}
	m.act(197, 20.8, act{kind: complaintMade, store: p.home, text: "上错菜"})
	m.act(197, 21.3, act{kind: feedbackGiven, store: p.home, n: 2, text: "餐后问卷"})
	m.act(97, 21, act{kind: siteVisited})
	m.act(40, 21, act{kind: articleRead, n: 150})
}

func (m *maker) tellPromotion() {
	m.since(560, true, "1996-11-02", storeNamed("上海虹桥店"))
	w := wish{product: -1, coupon: selfClaimed, class: -1, party: 2}
	for ago := 560; ago > 22; ago -= 23 + m.rand.IntN(9) {
		ch := dineIn
		if m.rand.Float64() < .45 {
			ch = online
		}
		hour := 12.4
		if ch == online {
			hour = 20.7
		}
		m.on(ago, hour, ch, w)
		m.act(ago+4, 20.2, act{kind: siteVisited})
		m.act(ago+4, 20.25, act{kind: pageViewed, page: pageOffers})
	}
	m.on(9, 20.6, online, w)
}

func (m *maker) tellKOC() {
	m.since(640, true, "1992-07-21", storeNamed("上海徐家汇店"))
	p := &m.member
	p.followed = true
	m.act(640, 13.5, act{kind: wecomAdded, store: p.home, text: wecomChannels[0]})
	m.act(640, 13.7, act{kind: groupJoined, n: p.home})
	m.act(639, 20, act{kind: accountFollowed, text: "门店扫码"})
	p.wecom = p.registered + 5000
	m.topUp((m.calendar.cut-300)*daySec+18*3600, p.home, 100000)
	for ago := 640; ago > 2; ago -= 5 + m.rand.IntN(4) {
		w := wish{product: -1, party: 3 + m.rand.IntN(4)}
		m.on(ago, 18.3, dineIn, w)
		if m.rand.Float64() < .6 {
			m.act(ago, 22.1, act{kind: reviewPosted, store: p.home, n: 5, text: "大众点评"})
		}
		if m.rand.Float64() < .5 {
			m.act(ago-1, 21.5, act{kind: contentPublished, n: m.rand.IntN(len(titles)), text: "小红书"})
		}
		for range 3 {
			m.act(ago-2, 19+3*m.rand.Float64(), act{kind: groupMessageSent, n: p.home})
		}
		m.act(ago-1, 12.5, act{kind: momentLiked, n: (m.calendar.cut - ago) / 3})
		m.act(ago-1, 12.6, act{kind: momentCommented, n: (m.calendar.cut - ago) / 3})
		m.act(ago-2, 22, act{kind: momentLinkClicked, n: (m.calendar.cut - ago) / 3})
		m.act(ago-2, 22.3, act{kind: articleRead, n: (m.calendar.cut - ago) / 4})
		if m.rand.Float64() < .35 {
			m.on(ago-3, 21.1, online, wish{product: -1, class: 1})
		}
	}
	for i := range 13 {
		m.act(610-i*45, 15, act{kind: referralMade, text: "朋友推荐"})
	}
	for i := range 6 {
		m.act(560-i*90, 14, act{kind: activityJoined, n: i})
	}
	m.on(2, 18.4, dineIn, wish{product: -1, party: 5})
	m.act(1, 9.5, act{kind: siteVisited})
}

func (m *maker) tellNewcomer() {
	m.since(24, false, "1987-09-09", storeNamed("广州白云店"))
	p := &m.member
	for i, ago := range []int{24, 20, 14, 8, 3} {
		m.on(ago, 19.2, dineIn, wish{product: -1, party: 8 + i%2, class: 1})
		if i == 0 || i == 3 {
			m.topUp((m.calendar.cut-ago)*daySec+20*3600, p.home, 100000)
		}
	}
	m.act(23, 20.1, act{kind: siteVisited})
	m.act(10, 12.1, act{kind: siteVisited})
}

func (m *maker) tellSilent() {
	m.since(1090, true, "1957-02-26", storeNamed("长沙梅溪湖店"))
	p := &m.member
	for ago := 716; ago > 214; ago -= 19 + m.rand.IntN(6) {
		m.on(ago, 11.7, dineIn, wish{product: -1, party: 4})
		m.act(ago-3, 9.2, act{kind: articleRead, n: (m.calendar.cut - ago) / 4})
	}
	m.on(212, 11.6, dineIn, wish{product: -1, party: 4})
	m.act(700, 9, act{kind: accountFollowed, text: "门店扫码"})
	p.source = 0
}

// String names the story's member for people.
func (s Story) String() string { return fmt.Sprintf("%s %s", s.Member, s.Name) }
