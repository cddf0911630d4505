package define

// eventWords are the natural words for an event of the standard vocabulary.
type eventWords struct {
	verb, object string // 购买, 商品; the object may be empty
	about        bool   // the properties describe the object: 品牌为…的商品
	participle   string // has "bought"
	a            string // "an item"; may be empty
	noun         string // "bought item"; its plural adds an s
}

// standardWords are those of the events of the standard vocabulary.
var standardWords = map[string]eventWords{
	"order_paid":                {"支付", "订单", true, "paid", "an order", "paid order"},
	"item_bought":               {"购买", "商品", true, "bought", "an item", "bought item"},
	"order_refunded":            {"退款", "", false, "been refunded", "", "refund"},
	"coupon_issued":             {"收到", "优惠券", true, "been issued", "a coupon", "issued coupon"},
	"coupon_claimed":            {"领取", "优惠券", true, "claimed", "a coupon", "claimed coupon"},
	"coupon_used":               {"使用", "优惠券", true, "used", "a coupon", "used coupon"},
	"topped_up":                 {"储值", "", false, "topped up", "", "top-up"},
	"site_visited":              {"访问", "网站", false, "visited", "the site", "site visit"},
	"page_viewed":               {"浏览", "页面", true, "viewed", "a page", "viewed page"},
	"product_viewed":            {"浏览", "商品", true, "viewed", "a product", "viewed product"},
	"shop_page_viewed":          {"浏览", "商城页面", true, "viewed", "a shop page", "viewed shop page"},
	"cart_added":                {"加购", "商品", true, "added", "an item to the cart", "cart addition"},
	"store_visited":             {"到", "店", false, "visited", "a store", "store visit"},
	"visit_promised":            {"承诺", "到店", false, "promised", "a visit", "promised visit"},
	"test_drive_booked":         {"预约", "试驾", false, "booked", "a test drive", "booked test drive"},
	"test_drive_taken":          {"试驾", "", false, "taken", "a test drive", "taken test drive"},
	"quote_asked":               {"询价", "", false, "asked for", "a quote", "asked quote"},
	"deposit_paid":              {"支付", "定金", true, "paid", "a deposit", "paid deposit"},
	"form_submitted":            {"提交", "表单", true, "submitted", "a form", "submitted form"},
	"table_order_scanned":       {"扫码点单", "", false, "scanned", "a table to order", "table order scan"},
	"bill_scanned":              {"扫码买单", "", false, "scanned", "a bill to pay", "bill scan"},
	"wecom_added":               {"添加", "企业微信", false, "been added", "on WeCom", "WeCom add"},
	"wecom_deleted_by_customer": {"删除", "企业微信好友", false, "deleted", "the staff on WeCom", "WeCom deletion by the customer"},
	"wecom_deleted_by_staff":    {"被员工删除", "企业微信好友", false, "been deleted", "by the staff on WeCom", "WeCom deletion by staff"},
	"group_joined":              {"加入", "社群", true, "joined", "a group", "joined group"},
	"group_left":                {"退出", "社群", true, "left", "a group", "left group"},
	"group_message_sent":        {"在社群发言", "", false, "sent", "a group message", "group message"},
	"moment_link_clicked":       {"点击", "朋友圈链接", true, "clicked", "a moments link", "clicked moments link"},
	"moment_liked":              {"点赞", "朋友圈", true, "liked", "a moment", "liked moment"},
	"moment_commented":          {"评论", "朋友圈", true, "commented on", "a moment", "moment comment"},
	"account_followed":          {"关注", "公众号", true, "followed", "the official account", "follow"},
	"account_unfollowed":        {"取消关注", "公众号", true, "unfollowed", "the official account", "unfollow"},
	"article_read":              {"阅读", "文章", true, "read", "an article", "read article"},
	"activity_joined":           {"参加", "活动", true, "joined", "an activity", "joined event"},
	"content_published":         {"发布", "内容", true, "published", "content", "published post"},
	"referral_made":             {"推荐", "新客", true, "made", "a referral", "referral"},
	"review_posted":             {"发表", "评价", true, "posted", "a review", "posted review"},
	"feedback_given":            {"提交", "反馈", true, "given", "feedback", "feedback note"},
	"complaint_made":            {"投诉", "", false, "made", "a complaint", "complaint"},
	"call_made":                 {"通话", "", false, "had", "a call", "call"},
	"message_sent":              {"收到", "消息", true, "been sent", "a message", "sent message"},
	"message_read":              {"阅读", "消息", true, "read", "a message", "read message"},
}
