package ingest

import "strings"

// The preset of HTTP sources: what Segment's semantic events and traits are in
// the standard vocabulary (https://segment.com/docs/connections/spec/). A name
// that is none of these is looked up in the catalogue as it stands, and in
// snake_case.

// preset says what one of Segment's events is here.
type preset struct {
	event      string
	properties []choice
	ignored    []string // known and not kept
	constants  [][2]string
}

// choice is a property that is taken from the first of several names that
// holds a value.
type choice struct {
	to   string
	from []string
}

var (
	goodsChoices = []choice{
		{"sku", []string{"sku", "product_id", "productId", "id"}}, {"product", []string{"product", "name"}}, {"category", []string{"category"}},
		{"brand", []string{"brand"}}, {"price", []string{"price"}},
	}
	goodsIgnored = []string{"variant", "position", "url", "image_url", "imageUrl", "currency", "value", "coupon", "cart_id", "cartId", "quantity", "product_id", "productId", "sku"}
	lineChoices  = append([]choice{{"quantity", []string{"quantity"}}, {"amount", []string{"amount", "subtotal"}}, {"discount", []string{"discount"}}}, goodsChoices...)
	orderChoices = []choice{
		{"order_id", []string{"order_id", "orderId", "checkout_id"}}, {"amount", []string{"amount", "total", "revenue", "value"}}, {"discount", []string{"discount"}},
		{"store", []string{"store", "affiliation"}}, {"coupon_id", []string{"coupon_id", "coupon"}}, {"payment", []string{"payment", "payment_method", "paymentMethod"}},
	}
	orderIgnored = []string{"currency", "tax", "shipping", "subtotal", "checkout_id", "checkoutId", "total", "revenue", "value", "affiliation"}
	pageChoices  = []choice{{"page", []string{"page", "path", "url", "name"}}, {"source", []string{"source", "referrer"}}}
	pageIgnored  = []string{"path", "url", "referrer", "search", "title", "name", "category", "hash", "keywords", "tab_url"}
)

// presets are by the event's name in lower case.
var presets = map[string]*preset{
	"order completed": {event: "order_paid", properties: orderChoices, ignored: orderIgnored},
	"order_paid":      {event: "order_paid", properties: []choice{{"order_id", []string{"order_id", "orderId"}}}, ignored: []string{"currency"}},
	"order refunded": {event: "order_refunded", properties: append([]choice{{"refund_id", []string{"refund_id", "refundId"}}, {"reason", []string{"reason"}}}, orderChoices[:2]...),
		ignored: append([]string{"coupon", "discount", "affiliation"}, orderIgnored...)},
	"order cancelled": {event: "order_refunded", properties: append([]choice{{"reason", []string{"reason"}}}, orderChoices[:2]...),
		ignored: append([]string{"coupon", "discount"}, orderIgnored...)},
	"product viewed":      {event: "product_viewed", properties: goodsChoices, ignored: goodsIgnored},
	"product added":       {event: "cart_added", properties: goodsChoices, ignored: goodsIgnored},
	"product list viewed": {event: "shop_page_viewed", properties: []choice{{"page", []string{"page", "category", "list_id"}}}, ignored: []string{"list_id", "category", "products"}},
	"product reviewed":    {event: "review_posted", properties: []choice{{"score", []string{"score", "rating"}}, {"topic", []string{"topic", "product_id"}}}, ignored: []string{"review_id", "review_body", "rating", "product_id"}},
	"coupon applied": {event: "coupon_used", properties: []choice{{"coupon_id", []string{"coupon_id"}}, {"coupon", []string{"coupon", "coupon_name"}}, {"order_id", []string{"order_id"}}},
		ignored: []string{"cart_id", "discount", "coupon_name"}},
	"application opened": {event: "site_visited", properties: []choice{{"source", []string{"source", "referring_application"}}}, ignored: []string{"from_background", "url", "version", "build", "referring_application"},
		constants: [][2]string{{"channel", "app"}}},
}

// calls are the events of the calls that are not track.
var calls = map[string]*preset{
	"page":   {event: "page_viewed", properties: pageChoices, ignored: pageIgnored},
	"screen": {event: "page_viewed", properties: pageChoices, ignored: pageIgnored, constants: [][2]string{{"channel", "app"}}},
	"group":  {event: "group_joined", properties: []choice{{"group", []string{"group", "name"}}}, ignored: []string{"name", "id", "industry", "employees", "plan", "website", "email", "phone", "address", "avatar", "createdAt", "created_at", "description"}},
}

// lines are the nested lists of the standard events, with the event that each
// of their elements becomes.
var lines = map[string]map[string]*preset{
	"order_paid": {"products": {event: "item_bought", properties: lineChoices, ignored: goodsIgnored}, "items": {event: "item_bought", properties: lineChoices, ignored: goodsIgnored}},
	// What was refunded is told by its order and amount.
	"order_refunded": {"products": nil, "items": nil},
}

// traitKeys are traits that are keys of the customer.
var traitKeys = [...][2]string{{"phone", "phone"}, {"email", "email"}, {"mobile", "phone"}}

// traits says which attribute a trait of Segment's is; "" is known and not
// kept.
var traits = map[string]string{
	"phone": "", "email": "", "mobile": "", "id": "", "avatar": "", "age": "", "company": "", "description": "", "title": "", "username": "", "website": "",
	"firstName": "", "first_name": "", "lastName": "", "last_name": "", "address": "",
	"createdAt": "registered_on", "created_at": "registered_on",
}

// genderWords are what sources write for the values of the attribute gender.
var genderWords = map[string]string{"m": "male", "f": "female", "男": "male", "女": "female", "男性": "male", "女性": "female"}

// snake returns a name as the catalogue writes names: Checkout Started and
// checkoutStarted are checkout_started. It is "" where the name holds
// something else than ASCII letters, digits and marks between them, or does
// not begin with a letter.
func snake(name string) string {
	var b strings.Builder
	apart := false // the next letter begins a word
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			if i > 0 && (name[i-1] >= 'a' && name[i-1] <= 'z' || name[i-1] >= '0' && name[i-1] <= '9') {
				apart = true
			}
			c |= 0x20
			fallthrough
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			if b.Len() == 0 && c <= '9' {
				return ""
			}
			if apart && b.Len() > 0 {
				b.WriteByte('_')
			}
			apart = false
			b.WriteByte(c)
		case c == ' ' || c == '_' || c == '-' || c == '.' || c == '/' || c == ':':
			apart = true
		default:
			return ""
		}
	}
	if b.Len() > 64 {
		return ""
	}
	return b.String()
}
