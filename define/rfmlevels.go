package define

// standardCells are the ten segments of the R-F grid over five scores each.
var standardCells = []GridCell{
	{"champions", 5, 5, 4, 5},
	{"loyal", 3, 4, 4, 5},
	{"potential_loyalist", 4, 5, 2, 3},
	{"new", 5, 5, 1, 1},
	{"promising", 4, 4, 1, 1},
	{"need_attention", 3, 3, 3, 3},
	{"about_to_sleep", 3, 3, 1, 2},
	{"at_risk", 1, 2, 3, 4},
	{"cant_loose", 1, 2, 5, 5},
	{"hibernating", 1, 2, 1, 2},
}

// modelLevels returns the levels that a tier's model has by itself, best
// first; nil where the file names them.
func modelLevels(t *Tier) []Level {
	switch {
	case t.RFM != nil && t.RFM.Classes == "grid":
		levels := gridLevels()
		known := map[string]bool{}
		for _, l := range levels {
			known[l.ID] = true
		}
		for _, cell := range t.RFM.Grid {
			if !known[cell.Level] {
				return nil
			}
		}
		return levels
	case t.RFM != nil && t.RFM.Classes == "three":
		return threeLevels()
	case t.RFM != nil:
		return eightLevels()
	case len(t.AIPL) > 0:
		return aiplLevels()
	case t.Promotion != nil:
		return promotionLevels()
	}
	return nil
}

func level(id, zh, en, meaningZh, meaningEn, adviceZh, adviceEn string) Level {
	return Level{ID: id, Name: Text2{zh, en}, Meaning: Text2{meaningZh, meaningEn}, Advice: Text2{adviceZh, adviceEn}}
}

const (
	standardServiceZh = "标准服务"
	standardServiceEn = "Standard service"
)

// eightLevels are the classes of RFM split in high and low; the digits of
// their comments are R F M.
func eightLevels() []Level {
	return []Level{
		level("important_value", "重要价值", "Important: value", "近期来过，来得勤，花得多", "Came lately, comes often, spends much",
			"专属折扣、优惠券、特权与线下活动，加深关系", "Exclusive discounts, coupons, privileges, offline events: deepen the bond"), // 111
		level("important_develop", "重要发展", "Important: develop", "近期来过，花得多，但来得少", "Came lately and spends much, but seldom comes",
			"提升活跃：轻会员、促销、主题活动", "Raise activity: light membership, promotions, themed events"), // 101
		level("important_keep", "重要保持", "Important: keep", "来得勤，花得多，但近期没来", "Comes often and spends much, but not lately",
			"归属员工一对一联系，送回归礼", "Personal contact by the responsible staff, with a win-back offer"), // 011
		level("important_winback", "重要挽留", "Important: win back", "花得多，但近期没来，也来得少", "Spent much, but not lately and not often",
			"归属员工一对一联系，送回归礼", "Personal contact by the responsible staff, with a win-back offer"), // 001
		level("general_value", "一般价值", "General: value", "近期来过，来得勤，但花得少", "Came lately and comes often, but spends little",
			standardServiceZh, standardServiceEn), // 110
		level("general_develop", "一般发展", "General: develop", "近期来过，但来得少，花得少", "Came lately, but seldom comes and spends little",
			standardServiceZh, standardServiceEn), // 100
		level("general_keep", "一般保持", "General: keep", "来得勤，但近期没来，花得少", "Comes often, but not lately, and spends little",
			standardServiceZh, standardServiceEn), // 010
		level("general_winback", "一般挽留", "General: win back", "近期没来，来得少，花得少", "Not lately, not often, and little",
			"折扣只会带来低频消费，用内容建立信任（公众号、朋友圈、视频号）", "Discounts only bring rare purchases; build trust by content (official account, moments, channels)"), // 000
	}
}

func threeLevels() []Level {
	return []Level{
		level("high", "高", "High", "最近一次、频次和金额合起来最好", "Best of recency, frequency and amount together",
			"VIP 服务、专属群、专属优惠", "VIP service, own group, exclusive offers"),
		level("middle", "中", "Middle", "居中", "In the middle", "常规促销", "Regular promotions"),
		level("low", "低", "Low", "合起来靠后", "Behind in all together", "促销活动、基础群", "Promotions, basic group"),
	}
}

func gridLevels() []Level {
	return []Level{
		level("champions", "核心", "Champions", "刚来过，来得最勤", "Came very lately and come most often",
			"专属特权与新品优先，请他们推荐朋友", "Exclusive privileges and first tries; ask them to refer friends"),
		level("loyal", "忠诚", "Loyal", "来得勤，近期也来", "Come often, and lately",
			"会员权益与搭配推荐，保持节奏", "Member benefits and combinations; keep the rhythm"),
		level("potential_loyalist", "潜在忠诚", "Potential loyalists", "近期来过，已有几次", "Came lately, a few times by now",
			"轻会员、储值和主题活动，促成下一次", "Light membership, stored value, themed events: bring the next visit"),
		level("new", "新客", "New", "刚来过第一次", "Just came for the first time",
			"温和引导，推荐高频低门槛商品，尽快第二单", "Guide gently to frequent, low-threshold goods; a quick second order"),
		level("promising", "有望", "Promising", "不久前来过一次", "Came once, not long ago",
			"内容种草和小额券，提醒再来", "Content and a small coupon as a reminder"),
		level("need_attention", "需关注", "Need attention", "频次和时间都居中", "In the middle in time and in frequency",
			"限时优惠，按偏好推荐", "Offers for a limited time, by what they like"),
		level("about_to_sleep", "将沉睡", "About to sleep", "有一阵没来，来得少", "Not for a while, and seldom before",
			"到期提醒，推荐常买的商品", "Remind them in time, with what they usually buy"),
		level("at_risk", "有流失风险", "At risk", "以前来得勤，很久没来", "Came often, but long ago",
			"归属员工联系，送回归礼", "Contact by the responsible staff, with a win-back offer"),
		level("cant_loose", "不能失去", "Can't lose", "以前来得最勤，很久没来", "Came most often of all, but long ago",
			"归属员工一对一联系，找出原因，尽力挽回", "Personal contact by the responsible staff; learn why, win them back"),
		level("hibernating", "沉睡", "Hibernating", "很久没来，来得少", "Long ago and seldom",
			"大促时唤醒，平时不打扰", "Wake them at big promotions; leave them alone otherwise"),
	}
}

func aiplLevels() []Level {
	return []Level{
		level("loyal", "忠诚", "Loyal", "", "", "", ""),
		level("purchase", "购买", "Purchase", "", "", "", ""),
		level("interest", "兴趣", "Interest", "", "", "", ""),
		level("aware", "认知", "Aware", "", "", "", ""),
	}
}

func promotionLevels() []Level {
	enthusiast := level("enthusiast", "狂热者", "Enthusiast", "在促销时买，并且自己找到优惠", "Buys on promotion and finds it himself",
		"不发券：他会自己找到优惠", "No coupons: finds offers himself")
	indifferent := level("indifferent", "冷淡者", "Indifferent", "促销不影响他", "Promotions do not move him", "不做促销", "None")
	unknown := level("unknown", "未知", "Unknown", "订单太少，看不出来", "Too few orders to tell", "", "")
	indifferent.NoAction, unknown.NoAction = true, true
	return []Level{
		enthusiast,
		level("sensitive", "敏感者", "Sensitive", "收到推送就来", "Responds to pushes", "常规促销", "Regular promotions"),
		level("neutral", "中立者", "Neutral", "时有时无", "Now and then", "快要流失时才发券", "A coupon only when about to lapse"),
		indifferent,
		unknown,
	}
}
