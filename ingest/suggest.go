package ingest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/width"

	"strata/define"
)

// role is what a column is taken for by its name.
type role struct {
	name  string
	words []string // folded; the whole of a column's name
}

// The usual headers of Chinese and English exports. The first role that knows
// a column's name has it.
var (
	keyRoles = []role{
		{"member_no", []string{"会员号", "会员编号", "会员卡号", "会员id", "会员账号", "卡号", "会员", "客户编号", "客户号", "客户id", "顾客编号", "memberno", "memberid", "member", "customerid", "customerno", "customer", "cardno"}},
		{"phone", []string{"手机号", "手机号码", "手机", "会员手机号", "会员手机", "联系电话", "联系方式", "电话", "电话号码", "收货手机", "收货人手机", "买家手机号", "买家手机", "收货人手机号", "提货人手机号", "customerphone", "buyerphone", "phone", "phonenumber", "mobile", "mobileno", "tel"}},
		{"unionid", []string{"unionid", "微信unionid"}},
		{"openid", []string{"openid", "微信openid"}},
		{"wecom_external_userid", []string{"externaluserid", "外部联系人id", "企业微信客户id", "企微客户id"}},
		{"email", []string{"邮箱", "电子邮箱", "邮件", "电子邮件", "customeremail", "email", "mail"}},
		{"user_id", []string{"用户id", "用户编号", "userid", "uid"}},
	}
	orderRoles = []role{
		{"order_id", []string{"订单号", "订单编号", "订单id", "单号", "交易号", "交易单号", "流水号", "小票号", "主订单号", "主订单编号", "订单流水号", "orderid", "orderno", "ordernumber", "invoiceno", "invoice", "receiptno", "transactionid"}},
		{"refund_time", []string{"退款时间", "退货时间", "退款日期", "refundtime", "refundedat"}},
		{"time", []string{"支付时间", "付款时间", "买家付款时间", "订单付款时间", "支付完成时间", "下单时间", "订单时间", "交易时间", "消费时间", "成交时间", "购买时间", "下单日期", "订单日期", "交易日期", "消费日期", "日期", "时间", "paidat", "paytime", "ordertime", "orderdate", "invoicedate", "createdat", "time", "date", "timestamp"}},
		{"refund", []string{"退款金额", "退款", "退货金额", "实退金额", "商品退款金额", "已退款金额", "refundedamount", "refundamount", "refund"}},
		{"amount", []string{"实付金额", "订单实付金额", "买家实付金额", "实际支付金额", "实付款", "实付", "实收金额", "实收", "支付金额", "付款金额", "成交金额", "消费金额", "交易金额", "订单金额", "金额", "总金额", "amount", "paidamount", "totalamount", "total", "payment"}},
		{"store", []string{"门店", "门店名称", "店铺", "店铺名称", "消费门店", "下单门店", "交易门店", "归属店铺", "所属店铺", "locationname", "store", "storename", "shop"}},
		{"channel", []string{"渠道", "下单渠道", "订单来源", "销售渠道", "交易渠道", "channel"}},
		{"product", []string{"商品名称", "商品", "品名", "产品名称", "产品", "菜品", "菜品名称", "商品标题", "宝贝标题", "宝贝名称", "lineitemname", "lineitemstitle", "product", "productname", "item", "itemname", "description"}},
		{"sku", []string{"商品编码", "商品编号", "商品id", "货号", "sku", "skuid", "sku编码", "条码", "商品条码", "商家编码", "规格编码", "lineitemsku", "stockcode", "productid", "itemid"}},
		{"category", []string{"品类", "类目", "商品分类", "商品品类", "分类", "category"}},
		{"brand", []string{"品牌", "商品品牌", "vendor", "brand"}},
		{"quantity", []string{"数量", "购买数量", "商品数量", "件数", "商品件数", "购买件数", "lineitemquantity", "销量", "quantity", "qty", "count"}},
		{"price", []string{"单价", "商品单价", "价格", "售价", "成交单价", "lineitemprice", "price", "unitprice"}},
	}
	attributeRoles = []role{
		{"gender", []string{"性别", "gender", "sex"}},
		{"birthday", []string{"生日", "出生日期", "出生年月日", "birthday", "dateofbirth", "dob"}},
		{"registered_city", []string{"注册城市", "registeredcity"}},
		{"city", []string{"城市", "所在城市", "居住城市", "常住城市", "city"}},
		{"occupation", []string{"职业", "occupation"}},
		{"education", []string{"学历", "education"}},
		{"member_level", []string{"会员等级", "会员级别", "等级", "memberlevel", "level", "tier"}},
		{"registered_on", []string{"注册时间", "注册日期", "入会时间", "入会日期", "开卡时间", "开卡日期", "registeredon", "registeredat", "signupdate"}},
		{"source_channel", []string{"来源渠道", "注册渠道", "获客渠道", "来源", "sourcechannel", "source"}},
		{"nickname", []string{"昵称", "微信昵称", "会员昵称", "客户昵称", "nickname"}},
		{"points", []string{"积分", "会员积分", "可用积分", "当前积分", "积分余额", "points", "loyaltypoints"}},
		{"balance", []string{"余额", "储值余额", "账户余额", "会员余额", "balance"}},
		{"home_store", []string{"归属门店", "所属门店", "注册门店", "开卡门店", "homestore"}},
		{"responsible_staff", []string{"导购", "归属员工", "归属导购", "专属导购", "服务员工", "responsiblestaff"}},
	}
)

// attributeTypes are those of attributes that are no text.
var attributeTypes = map[string]string{"points": "number", "balance": "money"}

// foldHeader makes headers comparable: without case, width, spaces, marks and
// what stands in brackets, such as the unit in 实付金额(元).
func foldHeader(s string) string {
	s = strings.ToLower(width.Fold.String(cleanText(s)))
	if i := strings.IndexAny(s, "(（[【"); i > 0 {
		s = s[:i]
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-./:：*", r) {
			return -1
		}
		return r
	}, s)
}

// draft is a mapping in the making.
type draft struct {
	strings.Builder
	catalogue *define.Catalogue
	has       map[string]string // role -> column
	declare   map[string]map[string]string
	attribute []string // declared
}

// Suggest drafts a mapping for a file with these columns: YAML that
// ParseMapping accepts with the same catalogue, with comments on what to look
// at. It knows the usual Chinese and English headers (手机号, 会员号, 下单时间,
// 实付金额, 门店, 商品名称, 退款金额 and others). Columns it does not know are
// listed at the end.
func Suggest(source string, header []string, catalogue *define.Catalogue) []byte {
	d := &draft{catalogue: catalogue, has: map[string]string{}, declare: map[string]map[string]string{}}
	if catalogue == nil {
		d.catalogue = &define.Catalogue{}
	}
	var unknown []string
	for _, column := range header {
		if column == "" {
			continue
		}
		if r := roleOf(column); r != "" && d.has[r] == "" {
			d.has[r] = column
		} else {
			unknown = append(unknown, column)
		}
	}
	fmt.Fprintf(d, "source: %s\n\nkeys:\n", quoted(sourceName(source)))
	keys := 0
	for _, k := range keyRoles {
		column := d.has[k.name]
		switch {
		case column == "":
			continue
		case k.name == "member_no":
			fmt.Fprintf(d, "  member_no: {column: %s, integer: false} # true where a spreadsheet wrote 17850.0\n", quoted(column))
		case k.name == "phone":
			fmt.Fprintf(d, "  phone: {column: %s, invalid: refuse} # ignore: keep the row when another key is good\n", quoted(column))
		default:
			fmt.Fprintf(d, "  %s: %s\n", k.name, quoted(column))
		}
		keys++
	}
	if keys == 0 {
		first := "COLUMN"
		if len(unknown) > 0 {
			first, unknown = unknown[0], unknown[1:]
		}
		fmt.Fprintf(d, "  member_no: %s # no column looks like a customer's id: name the one that is\n", quoted(first))
	}
	d.attributes()
	d.orders()
	d.declared()
	if len(unknown) > 0 {
		d.WriteString("\n# Not used yet:\n")
		for _, c := range unknown {
			fmt.Fprintf(d, "#   %s\n", strings.Join(strings.Fields(c), " "))
		}
	}
	return []byte(d.String())
}

func roleOf(column string) string {
	folded := foldHeader(column)
	for _, roles := range [][]role{keyRoles, orderRoles, attributeRoles} {
		for _, r := range roles {
			if slices.Contains(r.words, folded) {
				return r.name
			}
		}
	}
	return ""
}

// sourceName makes a short name of a file's.
func sourceName(file string) string {
	file, _, _ = strings.Cut(file, ".")
	file = strings.Trim(strings.ToLower(strings.Join(strings.Fields(file), "_")), "_-")
	if file == "" {
		return "file"
	}
	return file
}

// quoted writes a text as a YAML scalar.
func quoted(s string) string {
	plain := s != "" && s == strings.TrimSpace(s)
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x4e00 && r <= 0x9fff
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '_')) {
			plain = false
		}
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf":
		plain = false
	}
	if plain {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s) + `"`
}

func (d *draft) attributes() {
	wrote := false
	for _, r := range attributeRoles {
		column := d.has[r.name]
		if column == "" {
			continue
		}
		if !wrote {
			d.WriteString("\nattributes:\n")
			wrote = true
		}
		def, ok := d.catalogue.Attributes[r.name]
		if !ok {
			d.attribute = append(d.attribute, r.name)
		}
		switch {
		case r.name == "gender" && ok && def.Type.Name == define.TypeChoice:
			fmt.Fprintf(d, "  gender: {column: %s, values: {%s}}\n", quoted(column), genders(def.Type.Values))
		case ok && def.Type.Name == define.TypeChoice:
			fmt.Fprintf(d, "  %s: %s # one of %s; translate others under values:\n", r.name, quoted(column), strings.Join(def.Type.Values, ", "))
		default:
			fmt.Fprintf(d, "  %s: %s\n", r.name, quoted(column))
		}
	}
}

// genders translates the usual words into the catalogue's.
func genders(values []string) string {
	var parts []string
	for _, g := range [][]string{{"male", "男", "M"}, {"female", "女", "F"}} {
		for _, v := range values {
			if !slices.Contains(g, v) {
				continue
			}
			for _, word := range append([]string{g[0]}, g[1:]...) {
				if word != v {
					parts = append(parts, fmt.Sprintf("%s: %s", word, quoted(v)))
				}
			}
		}
	}
	return strings.Join(parts, ", ")
}

// orders writes the events of a file of orders, of their lines and of
// refunds.
func (d *draft) orders() {
	if d.has["time"] == "" && d.has["refund_time"] == "" {
		return
	}
	lines := d.has["product"] != "" || d.has["sku"] != ""
	order := d.has["order_id"]
	d.WriteString("\nevents:\n")
	if d.has["amount"] != "" && d.has["time"] != "" {
		fmt.Fprintf(d, "  - event: order_paid\n    time: %s\n", quoted(d.has["time"]))
		amount := quoted(d.has["amount"])
		switch {
		case order != "" && lines:
			fmt.Fprintf(d, "    group: {by: %s, time: min} # the lines of an order become one event\n", quoted(order))
			amount = fmt.Sprintf("{column: %s, sum: true} # the amount stands on each line; where each line repeats the order's, write take: first instead of sum", amount)
		case order != "":
			fmt.Fprintf(d, "    id: %s\n", quoted(order))
		}
		d.WriteString("    properties:\n")
		d.property("order_paid", "order_id", order, "id")
		fmt.Fprintf(d, "      amount: %s\n", amount)
		d.known("order_paid", "amount", "money")
		d.property("order_paid", "store", d.has["store"], "text")
		d.property("order_paid", "channel", d.has["channel"], "text")
	}
	if lines && d.has["time"] != "" {
		fmt.Fprintf(d, "  - event: item_bought\n    time: %s\n    properties:\n", quoted(d.has["time"]))
		d.property("item_bought", "order_id", order, "id")
		for _, name := range []string{"product", "sku", "category", "brand", "store"} {
			d.property("item_bought", name, d.has[name], "text")
		}
		d.property("item_bought", "quantity", d.has["quantity"], "number")
		d.property("item_bought", "price", d.has["price"], "money")
		if order != "" || d.has["amount"] == "" {
			d.property("item_bought", "amount", d.has["amount"], "money")
		}
	}
	if refund := d.has["refund"]; refund != "" {
		at := d.has["refund_time"]
		if at == "" {
			at = d.has["time"]
		}
		fmt.Fprintf(d, "  - event: order_refunded\n    when: {%s: {greater_than: 0}}\n    time: %s\n", quoted(refund), quoted(at))
		amount := quoted(refund)
		if order != "" && lines {
			fmt.Fprintf(d, "    group: {by: %s, time: max}\n", quoted(order))
			amount = fmt.Sprintf("{column: %s, sum: true}", amount)
		}
		d.WriteString("    properties:\n")
		d.property("order_refunded", "order_id", order, "id")
		fmt.Fprintf(d, "      amount: %s\n", amount)
		d.known("order_refunded", "amount", "money")
	}
	if d.has["amount"] == "" && !lines && d.has["refund"] == "" {
		fmt.Fprintf(d, "  - event: store_visited # name the event that a row is\n    time: %s\n    properties:\n", quoted(d.has["time"]))
		d.property("store_visited", "store", d.has["store"], "text")
		if d.has["store"] == "" {
			d.WriteString("      {}\n")
		}
	}
}

func (d *draft) property(event, name, column, typ string) {
	if column == "" {
		return
	}
	fmt.Fprintf(d, "      %s: %s\n", name, quoted(column))
	d.known(event, name, typ)
}

// known declares a property that the catalogue does not have.
func (d *draft) known(event, name, typ string) {
	if _, ok := d.catalogue.Events[event].Properties[name]; ok {
		return
	}
	if d.declare[event] == nil {
		d.declare[event] = map[string]string{}
	}
	d.declare[event][name] = typ
}

func (d *draft) declared() {
	if len(d.declare) == 0 && len(d.attribute) == 0 {
		return
	}
	d.WriteString("\n# What the catalogue does not know yet:\ncatalogue:\n")
	if len(d.attribute) > 0 {
		d.WriteString("  attributes:\n")
		for _, a := range d.attribute {
			fmt.Fprintf(d, "    %s: %s\n", a, cmp.Or(attributeTypes[a], "text"))
		}
	}
	if len(d.declare) > 0 {
		d.WriteString("  events:\n")
		for _, event := range sortedKeys(d.declare) {
			fmt.Fprintf(d, "    %s:\n      properties:\n", event)
			for _, name := range sortedKeys(d.declare[event]) {
				fmt.Fprintf(d, "        %s: %s\n", name, d.declare[event][name])
			}
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
