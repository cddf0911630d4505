package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"strata"
	"strata/ingest"
)

const ordersMapping = `
source: pos
keys: {member_no: 会员号}
events:
  - event: order_paid
    group: {by: 订单号, time: max}
    time: 下单时间
    properties:
      order_id: 订单号
      amount: {product: [数量, 单价], sum: true}
      store: 门店
  - event: item_bought
    time: 下单时间
    properties:
      order_id: 订单号
      product: 商品名称
      quantity: {column: 数量, at_least: 1}
      amount: {product: [数量, 单价]}
`

const ordersHeader = "订单号,会员号,下单时间,门店,商品名称,数量,单价\n"

func zipped(t testing.TB, text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gb18030(t testing.TB, text string) []byte {
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestImport: a mapping and a file give these facts and refusals.
func TestImport(t *testing.T) {
	const row1, row2 = "A1,1001,2026-04-01 12:00:00,朝阳店,毛肚,2,38.50\n", "A1,1001,2026-04-01 12:05:00,朝阳店,虾滑,1,32\n"
	wantOrder := []string{
		"member_no=1001",
		"member_no=1001 | item_bought 2026-04-01T04:00:00Z # amount=77.00 order_id=A1 product=毛肚 quantity=2 from pos",
		"member_no=1001 | item_bought 2026-04-01T04:05:00Z # amount=32.00 order_id=A1 product=虾滑 quantity=1 from pos",
		"member_no=1001 | order_paid 2026-04-01T04:05:00Z A1 amount=109.00 order_id=A1 store=朝阳店 from pos",
	}
	for _, c := range []struct {
		name    string
		mapping string
		file    []byte
		want    []string // # stands for the id of a row
		refused []string
	}{
		{name: "rows of one order far apart become one event", mapping: ordersMapping,
			file: []byte(ordersHeader + row1 + "A2,1002,2026-04-02 09:00,国贸店,毛肚,1,38.50\n" + row2),
			want: append([]string{
				"member_no=1002",
				"member_no=1002 | item_bought 2026-04-02T01:00:00Z # amount=38.50 order_id=A2 product=毛肚 quantity=1 from pos",
				"member_no=1002 | order_paid 2026-04-02T01:00:00Z A2 amount=38.50 order_id=A2 store=国贸店 from pos",
			}, wantOrder...)},
		{name: "byte-order mark and CRLF", mapping: ordersMapping, file: []byte("\xef\xbb\xbf" + strings.ReplaceAll(ordersHeader+row1+row2, "\n", "\r\n")), want: wantOrder},
		{name: "gz", mapping: ordersMapping, file: zipped(t, ordersHeader+row1+row2), want: wantOrder},
		{name: "GB18030 detected", mapping: ordersMapping, file: gb18030(t, ordersHeader+row1+row2), want: wantOrder},
		{name: "GB18030 said and zipped", mapping: "encoding: gbk\n" + ordersMapping, file: zipped(t, string(gb18030(t, ordersHeader+row1+row2))), want: wantOrder},
		{name: "semicolons, blank lines, no last line end", mapping: ordersMapping,
			file: []byte("\n" + strings.ReplaceAll(ordersHeader+row1+"\n\r\n"+strings.TrimSpace(row2), ",", ";")), want: wantOrder},
		{name: "tabs and wide spaces", mapping: ordersMapping, file: []byte(strings.ReplaceAll(ordersHeader+row1+row2, ",", "\t\u3000")), want: wantOrder},
		{name: "a file without a line of names", mapping: "header: [订单号, 会员号, 下单时间, 门店, 商品名称, 数量, 单价]\n" + ordersMapping, file: []byte(row1 + row2), want: wantOrder},
		{name: "quoted delimiters, quotes and line ends", mapping: "source: s\nkeys: {member_no: id}\nevents: [{event: store_visited, time: at, properties: {store: store}}]\n",
			file: []byte("id,at,store\n1,2026-04-01,\"a, \"\"b\"\"\nc\"\n2,2026-04-01,x \"y\" z\n"),
			want: []string{"member_no=1", "member_no=1 | store_visited 2026-03-31T16:00:00Z # store=a, \"b\"\nc from s",
				"member_no=2", `member_no=2 | store_visited 2026-03-31T16:00:00Z # store=x "y" z from s`}},
		{name: "equal rows all count", mapping: "source: s\nkeys: {member_no: id}\nevents: [{event: store_visited, time: at}]\n",
			file: []byte("id,at\n1,2026-04-01\n1,2026-04-01\n1,2026-04-01\n"),
			want: []string{"member_no=1", "member_no=1 | store_visited 2026-03-31T16:00:00Z # from s", "member_no=1 | store_visited 2026-03-31T16:00:00Z # from s",
				"member_no=1 | store_visited 2026-03-31T16:00:00Z # from s"}},
		{name: "an order and its refund may share a number; a second order may not",
			mapping: "source: s\nkeys: {member_no: id}\nevents:\n" +
				"  - {event: order_paid, unless: {kind: refund}, id: no, time: at, properties: {amount: amount}}\n" +
				"  - {event: order_refunded, when: {kind: refund}, id: no, time: at, properties: {order_id: no, amount: {column: amount, negate: true}}}\n",
			file:    []byte("id,no,kind,at,amount\n1,7,sale,2026-04-01,10\n1,7,refund,2026-04-02,-4\n1,7,sale,2026-04-01,10\n1,7,sale,2026-04-01,11\n"),
			want:    []string{"member_no=1", "member_no=1 | order_paid 2026-03-31T16:00:00Z 7 amount=10.00 from s", "member_no=1 | order_refunded 2026-04-01T16:00:00Z 7 amount=4.00 order_id=7 from s"},
			refused: []string{`f.csv:5: "7" is the id of an earlier order_paid of this source with other content; give this one an id of its own; to change what happened, import what undoes it, such as a refund <1,7,sale,2026-04-01,11>`}},
		{name: "an event that the catalogue identifies by a property has that for its id",
			mapping: "source: s\nkeys: {member_no: id}\nevents: [{event: stay_booked, time: at, properties: {booking: no, nights: n}}]\n",
			file:    []byte("id,no,at,n\n1,7,2026-04-01,2\n1,7,2026-04-01,2\n1,7,2026-04-01,3\n"),
			want:    []string{"member_no=1", "member_no=1 | stay_booked 2026-03-31T16:00:00Z 7 booking=7 nights=2 from s"},
			refused: []string{`f.csv:4: "7" is the id of an earlier stay_booked of this source with other content; give this one an id of its own; to change what happened, import what undoes it, such as a refund <1,7,2026-04-01,3>`}},
		{name: "attributes: types, translation, lists, keep and clear, time",
			mapping: "source: s\nat: seen\nkeys: {phone: 手机号, member_no: {column: id, integer: true, invalid: ignore}}\nattributes:\n  gender: {column: g, values: {男: male, 女: female}}\n" +
				"  birthday: b\n  likes: l\n  city: {column: c, empty: clear}\n  balance: {column: 余额, unit: minor}\n",
			file: []byte("手机号,id,seen,g,b,l,c,余额\n138 0013 8001,17850.0,2026-01-02 00:00,男,1990/2/3,火锅、奶茶，火锅,北京,12345\n,17850,2026-02-02,,,,,\n13800138002,x,2026-01-02,女,1991年12月5日,,上海,0\n"),
			want: []string{"member_no=17850+phone=+8613800138001", "member_no=17850+phone=+8613800138001 | @balance 2026-01-01T16:00:00Z 123.45 from s",
				"member_no=17850+phone=+8613800138001 | @birthday 2026-01-01T16:00:00Z 1990-02-03 from s", "member_no=17850+phone=+8613800138001 | @city 2026-01-01T16:00:00Z 北京 from s",
				"member_no=17850+phone=+8613800138001 | @city 2026-02-01T16:00:00Z  from s", "member_no=17850+phone=+8613800138001 | @gender 2026-01-01T16:00:00Z male from s",
				"member_no=17850+phone=+8613800138001 | @likes 2026-01-01T16:00:00Z 奶茶, 火锅 from s", "phone=+8613800138002",
				"phone=+8613800138002 | @balance 2026-01-01T16:00:00Z 0.00 from s", "phone=+8613800138002 | @birthday 2026-01-01T16:00:00Z 1991-12-05 from s",
				"phone=+8613800138002 | @city 2026-01-01T16:00:00Z 上海 from s", "phone=+8613800138002 | @gender 2026-01-01T16:00:00Z female from s"}},
		{name: "zones, layouts, two columns, constants, booleans, floats, thousands",
			mapping: "source: s\nzone: Europe/London\nkeys: {member_no: id}\nevents:\n" +
				"  - {event: item_bought, time: {columns: [d, t], layouts: dd/MM/yyyy HH:mm}, properties: {product: {constant: 茶}, gift: g, weight: w, amount: a, quantity: q}}\n" +
				"  - {event: store_visited, when: {z: {present: true}}, time: {column: z, layouts: unix, zone: Asia/Tokyo}, properties: {left_at: {column: l, zone: Asia/Tokyo}}}\n",
			file: []byte("id,d,t,g,w,a,q,z,l\n1,01/07/2025,09:30,是,1e-3,\"¥1,234.50\",2.50,,\n1,02/07/2025,00:00,no,,７,,1751328000,2025-07-01T09:00:00+08:00\n"),
			want: []string{"member_no=1", "member_no=1 | item_bought 2025-07-01T08:30:00Z # amount=1234.50 gift=true product=茶 quantity=2.5 weight=0.001 from s",
				"member_no=1 | item_bought 2025-07-01T23:00:00Z # amount=7.00 gift=false product=茶 from s",
				"member_no=1 | store_visited 2025-07-01T00:00:00Z # left_at=2025-07-01T01:00:00Z from s"}},
		{name: "groups: first, last, min, max, count; adjacent",
			mapping: "source: s\nkeys: {member_no: id}\ncatalogue: {events: {order_paid: {properties: {n: number, lo: number, hi: {type: money, scale: 4}, was: text}}}}\n" +
				"events:\n  - event: order_paid\n    group: {by: [day, no], adjacent: true}\n    time: day\n    properties: {store: s, was: {column: s, take: last}, n: {count: true}, lo: {column: v, take: min}, hi: {column: v, take: max}}\n",
			file: []byte("id,day,no,s,v\n1,2026-04-01,1,,0.1250\n1,2026-04-01,1,a,-3\n1,2026-04-01,1,b,2\n1,2026-04-02,1,c,5\n"),
			want: []string{"member_no=1", "member_no=1 | order_paid 2026-03-31T16:00:00Z 2026-04-01/1 hi=2.0000 lo=-3 n=3 store=a was=b from s",
				"member_no=1 | order_paid 2026-04-01T16:00:00Z 2026-04-02/1 hi=5.0000 lo=5 n=1 store=c was=c from s"}},
		{name: "conditions",
			mapping: "source: s\nkeys: {member_no: id}\nevents:\n  - event: store_visited\n    time: at\n    when:\n      - {a: {starts_with: [C, D], ends_with: x}, n: {at_least: 1, less_than: 2}}\n      - {a: {matches: '^z+$'}}\n      - {a: [p, q], n: {empty: true}}\n" +
				"      - {a: {contains: '!', not_in: ['!'], is_not: '!!', not_contains: '?'}}\n    unless: {n: {greater_than: 1.5}}\n    properties: {store: a}\nskip: [{when: {a: {is: total}}, because: the last line is a total}]\n",
			file: []byte("id,at,a,n\n1,2026-04-01,Cx,1\n1,2026-04-01,Dx,1.6\n1,2026-04-01,zz,\n1,2026-04-01,p,\n1,2026-04-01,q,1\n1,2026-04-01,a!,\n1,2026-04-01,!,\n1,2026-04-01,Cx,abc\n,,total,\n"),
			want: []string{"member_no=1", "member_no=1 | store_visited 2026-03-31T16:00:00Z # store=Cx from s", "member_no=1 | store_visited 2026-03-31T16:00:00Z # store=a! from s",
				"member_no=1 | store_visited 2026-03-31T16:00:00Z # store=p from s", "member_no=1 | store_visited 2026-03-31T16:00:00Z # store=zz from s"},
			refused: []string{
				"f.csv:3: no event of the mapping is for this row; add an event whose when: holds for it, or a skip: rule if it is to be left out <1,2026-04-01,Dx,1.6>",
				"f.csv:6: no event of the mapping is for this row; add an event whose when: holds for it, or a skip: rule if it is to be left out <1,2026-04-01,q,1>",
				"f.csv:8: no event of the mapping is for this row; add an event whose when: holds for it, or a skip: rule if it is to be left out <1,2026-04-01,!,>",
				"f.csv:9: no event of the mapping is for this row; add an event whose when: holds for it, or a skip: rule if it is to be left out <1,2026-04-01,Cx,abc>"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, strata.Settings{})
			report, err := s.importBytes("f.csv", c.file, mapping(t, c.mapping))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(sorted(c.want), s.hidden()); d != "" {
				t.Errorf("facts (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.refused, s.refused(report.ID, "f.csv")); d != "" {
				t.Errorf("refused (-want +got):\n%s", d)
			}
			if int(report.Refused) != len(c.refused) || report.Rows != report.Taken+report.Skipped+report.Refused {
				t.Errorf("counts: %+v", report.Counts)
			}
			s.repeats(c.file, mapping(t, c.mapping), report)
		})
	}
}

// repeats imports the same content again and wants nothing new.
func (s *stage) repeats(file []byte, m *ingest.Mapping, first ingest.Report) {
	s.t.Helper()
	before := s.dump()
	again, err := s.importBytes("another name.csv", file, m)
	if err != nil {
		s.t.Fatal(err)
	}
	if again.Events+again.Attributes+again.NewCustomers+again.UpdatedCustomers != 0 || again.ID == first.ID ||
		again.Repeated != first.Events+first.Attributes+first.Repeated || again.UnchangedCustomers != first.NewCustomers {
		s.t.Errorf("the same file again: %+v after %+v", again.Counts, first.Counts)
	}
	if d := cmp.Diff(before, s.dump()); d != "" {
		s.t.Errorf("the same file again (-before +after):\n%s", d)
	}
}

// TestBadRows: each bad row gets one message that says where and what to
// write, is kept with its text, and leaves nothing of itself or its order.
func TestBadRows(t *testing.T) {
	const good = "A9,1009,2026-04-01 12:00:00,朝阳店,毛肚,1,1\n"
	for _, c := range []struct{ name, row, want string }{
		{"unreadable date", "A1,1,01-04-2026,s,p,1,1", `f.csv:3: 下单时间: "01-04-2026" is not a time that can be read; write it as 2026-03-01 18:30:00, 2026/3/1 18:30 or 2026-03-01T18:30:00+08:00, or give layouts: in the mapping`},
		{"day that does not exist", "A1,1,2026-02-30,s,p,1,1", `f.csv:3: 下单时间: "2026-02-30" is not a time that can be read; write it as 2026-03-01 18:30:00, 2026/3/1 18:30 or 2026-03-01T18:30:00+08:00, or give layouts: in the mapping`},
		{"no time", "A1,1,,s,p,1,1", `f.csv:3: 下单时间: is empty, but every row needs a time; write it as 2026-03-01 18:30:00, 2026/3/1 18:30 or 2026-03-01T18:30:00+08:00`},
		{"far ahead", "A1,1,2026-05-03,s,p,1,1", `f.csv:3: 下单时间: "2026-05-03" lies more than a day ahead; correct the time or its zone`},
		{"too early", "A1,1,1969-12-31,s,p,1,1", `f.csv:3: 下单时间: "1969-12-31" lies before 1970 or after 2105; correct the time`},
		{"negative quantity", "A1,1,2026-04-01,s,p,-2,1", `f.csv:3: 数量: "-2" is less than 1; write a value of 1 or more`},
		{"missing quantity", "A1,1,2026-04-01,s,p,,1", `f.csv:3: 数量: is empty; write a number; amount is computed from it`},
		{"quantity in words", "A1,1,2026-04-01,s,p,两份,1", `f.csv:3: 数量: "两份" is not a number; write digits, such as 12 or 12.5`},
		{"price finer than the currency", "A1,1,2026-04-01,s,p,1,1.005", `f.csv:3: 数量, 单价: "1.005" has more than 2 digits after the point as amount; round it, or declare amount with a larger scale: in the mapping's catalogue`},
		{"too much money", "A1,1,2026-04-01,s,p,1000000000,1000000", `f.csv:3: 数量, 单价: "1000000000000000" is more money than any order can be; check the column and its unit`},
		{"missing id", "A1,,2026-04-01,s,p,1,1", `f.csv:3: 会员号: is empty, so that nobody knows whose row it is; write the customer's id, or leave the row out`},
		{"junk id", "A1,00000000,2026-04-01,s,p,1,1", ``},
		{"missing order number", ",1,2026-04-01,s,p,1,1", `f.csv:3: 订单号: is empty, but order_paid takes its id from it; write the id`},
		{"a field too many", "A1,1,2026-04-01,s,p,1,1,1", `f.csv:3: the row has 8 fields but the file has 7 columns; quote fields that hold the delimiter, and write one for each column`},
		{"text after a quote", `A1,1,2026-04-01,"s"x,p,1,1`, `f.csv:3: text follows a closing quote; put the whole field in quotes and write a quote inside it twice ("")`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, strata.Settings{})
			m := mapping(t, ordersMapping)
			report, err := s.importBytes("f.csv", []byte(ordersHeader+good+c.row+"\n"), m)
			if err != nil {
				t.Fatal(err)
			}
			got := s.refused(report.ID, "f.csv")
			if len(got) != 1 || c.want != "" && got[0] != c.want+" <"+c.row+">" {
				t.Errorf("refused\n got %q\nwant %q", got, c.want+" <"+c.row+">")
			}
			if len(report.Refusals) != 1 || report.Refusals[0].Count != 1 || report.Refusals[0].Line != 3 || report.Taken != 1 || report.Events != 2 {
				t.Errorf("report: %+v", report.Record)
			}
			if lines := s.dump(); len(lines) != 3 {
				t.Errorf("something of the refused row is there: %q", lines)
			}
			var out bytes.Buffer
			if err := ingest.WriteRefused(&out, s.store, report.Record); err != nil || out.String() != ordersHeader+c.row+"\n" {
				t.Errorf("refused file: %q, %v", out.String(), err)
			}
		})
	}
}

// TestBadOrder: an order with one bad row is refused with all its rows, whose
// corrected file then brings it.
func TestBadOrder(t *testing.T) {
	for _, c := range []struct{ name, file, bad, fixed, reason string }{
		{"a bad row", "A1,1,2026-04-01,s,p,1,1\nA2,2,2026-04-01,s,p,1,1\nA1,1,2026-04-01,s,q,x,1\n", "A1,1,2026-04-01,s,p,1,1\nA1,1,2026-04-01,s,q,x,1\n", "A1,1,2026-04-01,s,p,1,1\nA1,1,2026-04-01,s,q,3,1\n",
			`f.csv:2: 订单号: "A1" has a row that is refused, so all its rows are; correct row 3 (line 4) first: 数量 "x" is not a number`},
		{"two customers", "A1,1,2026-04-01,s,p,1,1\nA2,2,2026-04-01,s,p,1,1\nA1,3,2026-04-01,s,q,3,1\n", "A1,1,2026-04-01,s,p,1,1\nA1,3,2026-04-01,s,q,3,1\n", "A1,1,2026-04-01,s,p,1,1\nA1,1,2026-04-01,s,q,3,1\n",
			`f.csv:2: 订单号: "A1" has rows of different customers; compare rows 1 and 3; one order is one customer's`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, strata.Settings{})
			m := mapping(t, ordersMapping)
			report, err := s.importBytes("f.csv", []byte(ordersHeader+c.file), m)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.refused(report.ID, "f.csv"); len(got) != 2 || !strings.HasPrefix(got[0], c.reason+" <") {
				t.Errorf("refused %q, want %q", got, c.reason)
			}
			if lines := s.dump(); len(lines) != 3 {
				t.Errorf("facts: %q", lines)
			}
			var out bytes.Buffer
			if err := ingest.WriteRefused(&out, s.store, report.Record); err != nil || out.String() != ordersHeader+c.bad {
				t.Fatalf("refused file: %q, %v", out.String(), err)
			}
			if _, err := s.importBytes("fixed.csv", []byte(ordersHeader+c.fixed), m); err != nil {
				t.Fatal(err)
			}
			whole := newStage(t, strata.Settings{})
			if _, err := whole.importBytes("all.csv", []byte(ordersHeader+c.fixed+"A2,2,2026-04-01,s,p,1,1\n"), m); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(whole.hidden(), s.hidden()); d != "" {
				t.Errorf("after the correction (-want +got):\n%s", d)
			}
			// The order is there now: with other content it is refused.
			report, err = s.importBytes("changed.csv", []byte(ordersHeader+"A1,1,2026-04-01,s,p,9,1\n"), m)
			if err != nil || report.Refused != 1 || report.Events != 0 {
				t.Errorf("changed order: %+v, %v", report.Counts, err)
			}
		})
	}
}

// TestBadFiles: a file that cannot be trusted is refused whole, and nothing
// of it is written.
func TestBadFiles(t *testing.T) {
	var rows strings.Builder
	rows.WriteString(ordersHeader)
	for range 20_000 {
		rows.WriteString("A1,1,2026-04-01,朝阳店,毛肚,1,1\n")
	}
	long := zipped(t, rows.String())
	for _, c := range []struct {
		name, mapping string
		file          []byte
		want          string
	}{
		{"unknown column", ordersMapping, []byte("订单编号,会员号,下单时间,门店,商品名称,数量,单价\n"),
			"map.yaml:6: events[0].group.by: the file f.csv has no column 订单号; did you mean 订单编号? the file has 订单编号, 会员号, 下单时间, 门店, 商品名称, 数量, 单价"},
		{"a column name twice", ordersMapping, []byte("订单号,会员号,下单时间,门店,商品名称,数量,单价,门店\n"), "f.csv:1: the column name 门店 stands twice, as columns 4 and 8; rename one of them"},
		{"empty", ordersMapping, nil, "f.csv: the file is empty; the first line must name the columns"},
		{"a quote never closed", ordersMapping, []byte(ordersHeader + "A1,1,2026-04-01,s,p,1,1\nA2,1,2026-04-01,\"s,p,1,1\nA3,1,2026-04-01,s,p,1,1\n"),
			`f.csv:3: a quote is opened in this row and never closed; close it, or write a quote inside a quoted field twice (""); nothing was imported`},
		{"not UTF-8 though the mapping says so", "encoding: utf-8\n" + ordersMapping, gb18030(t, ordersHeader+"A1,1,2026-04-01,朝阳店,毛肚,1,1\n"),
			"f.csv:1: the text (bytes B6 A9 B5 A5) is not valid UTF-8, which the mapping says the file is; write encoding: gb18030 in the mapping, or leave encoding out to have it detected; nothing was imported"},
		{"not GB18030 though the mapping says so", "encoding: gb18030\n" + ordersMapping, append(gb18030(t, ordersHeader+"A1,1,2026-04-01,"), "\xff\xff,p,1,1\n"...),
			"f.csv:2: the text is not valid GB18030, which the mapping says the file is; write encoding: utf-8 in the mapping, or leave encoding out to have it detected; nothing was imported"},
		{"one damaged place in UTF-8", ordersMapping, []byte(ordersHeader + "A1,1,2026-04-01,朝阳店,毛肚,1,1\nA2,1,2026-04-01,朝\xe9店,毛肚,1,1\n"),
			"f.csv:3: the file is UTF-8 but this line is not (bytes E9 E5 BA 97); correct the line or save the file as UTF-8 again, or write encoding: gb18030 in the mapping if that is what it is; nothing was imported"},
		{"neither encoding", ordersMapping, append(gb18030(t, ordersHeader+"A1,1,2026-04-01,"), "\xff\xff,p,1,1\n"...),
			"f.csv:2: the text is neither UTF-8 nor GB18030; save the file as UTF-8 (in Excel: CSV UTF-8) and import that; nothing was imported"},
		{"UTF-16", ordersMapping, []byte("\xff\xfea\x00,\x00b\x00\n\x00"), "f.csv: the file is UTF-16 text; save it as UTF-8 (in Excel: CSV UTF-8) and import that"},
		{"Excel", ordersMapping, []byte("PK\x03\x04\x14\x00"), "f.csv: the ZIP archive or workbook is damaged or cut off; copy the file again; nothing was imported: zip: not a valid zip file"},
		{"gz cut off", ordersMapping, long[:len(long)/2], ""},
		{"gz cut off in its header", ordersMapping, long[:5], "f.csv: starts like a .gz file but its header is damaged or cut off; copy the file again; nothing was imported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, strata.Settings{})
			before := s.store.Commits()
			_, err := s.importBytes("f.csv", c.file, mapping(t, c.mapping))
			if err == nil {
				t.Fatal("it was taken")
			}
			if code := strata.CodeOf(err); code != strata.Invalid && code != strata.Unsupported {
				t.Errorf("code %s", code)
			}
			if c.name == "gz cut off" {
				if !strings.Contains(err.Error(), "the .gz file is cut off: it could be read up to row ") || !strings.Contains(err.Error(), "nothing was imported") {
					t.Errorf("got %q", err)
				}
			} else if err.Error() != c.want {
				t.Errorf("\n got %s\nwant %s", err, c.want)
			}
			if s.store.Commits() != before || len(s.dump()) != 0 {
				t.Error("something was written")
			}
		})
	}
}

func TestMissingColumnsAreAllNamed(t *testing.T) {
	s := newStage(t, strata.Settings{})
	_, err := s.importBytes("f.csv", []byte("会员号,下单时间\n"), mapping(t, ordersMapping))
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) || len(joined.Unwrap()) != 5 {
		t.Errorf("got %v", err)
	}
}

func TestConflictingKeys(t *testing.T) {
	s := newStage(t, strata.Settings{})
	m := mapping(t, "source: s\nkeys: {member_no: m, phone: p}\nevents: [{event: order_paid, group: {by: no}, time: at, properties: {amount: a}}]\n")
	file := "m,p,no,at,a\n1,13800138001,A,2026-04-01,1\n2,13800138002,B,2026-04-01,1\n1,13800138002,C,2026-04-01,1\n1,,C,2026-04-01,2\n"
	for _, dry := range []bool{true, false} {
		o := s.options(ingest.BytesSource("f.csv", []byte(file)), m)
		o.DryRun = dry
		report, err := ingest.Import(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		want := ingest.Counts{Rows: 4, Taken: 2, Refused: 2, Events: 2, Groups: 2, NewCustomers: 2}
		if report.Counts != want {
			t.Errorf("dry run %v: got %+v", dry, report.Counts)
		}
		if dry {
			continue
		}
		if got := s.refused(report.ID, "f.csv"); got[0] != "f.csv:4: its keys (member_no, phone) belong to two customers; look both up and correct the one that is wrong <1,13800138002,C,2026-04-01,1>" ||
			!strings.HasPrefix(got[1], `f.csv:5: no: "C" has a row that is refused, so all its rows are; correct row 3 (line 4) first: `) {
			t.Errorf("refused %q", got)
		}
	}
}

func TestDryRun(t *testing.T) {
	s := newStage(t, strata.Settings{})
	m := mapping(t, ordersMapping)
	first := ordersHeader + "A1,1,2026-04-01,s,p,1,1\nA2,2,2026-04-01,s,p,1,1\n"
	second := ordersHeader + "A1,1,2026-04-01,s,p,1,1\nA3,2,2026-04-01,s,p,1,1\nA4,3,2026-04-01,s,p,1,1\nA5,4,2026-04-01,s,p,x,1\n"
	if _, err := s.importBytes("f.csv", []byte(first), m); err != nil {
		t.Fatal(err)
	}
	before, commits := s.dump(), s.store.Commits()
	o := s.options(ingest.BytesSource("g.csv", []byte(second)), m)
	o.DryRun = true
	dry, err := ingest.Import(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, s.dump()); d != "" || s.store.Commits() != commits {
		t.Errorf("a dry run wrote:\n%s", d)
	}
	// A1 is a repeat as an order, but its line is another file's.
	want := ingest.Counts{Rows: 4, Taken: 3, Refused: 1, Events: 5, Repeated: 1, Groups: 3, NewCustomers: 1, UpdatedCustomers: 2}
	if dry.Counts != want {
		t.Errorf("dry run: %+v", dry.Counts)
	}
	o.DryRun = false
	real, err := ingest.Import(context.Background(), o)
	if err != nil || real.Counts != want {
		t.Errorf("the real one: %+v, %v", real.Counts, err)
	}
}

func TestReportNamesUnusedColumnsAndEarlierMapping(t *testing.T) {
	s := newStage(t, strata.Settings{})
	file := []byte("id,at,store,extra\n1,2026-04-01,a,b\n")
	if _, err := s.importBytes("f.csv", file, mapping(t, "source: s\nkeys: {member_no: id}\nevents: [{event: store_visited, time: at}]\n")); err != nil {
		t.Fatal(err)
	}
	report, err := s.importBytes("f.csv", file, mapping(t, "source: s\nkeys: {member_no: id}\nevents: [{event: store_visited, time: at, properties: {store: store}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"extra"}, report.Unused); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"import 1 brought this file with another mapping; what it took stays as it is"}, report.Warnings); d != "" {
		t.Error(d)
	}
	var ids []uint32
	if err := ingest.Records(s.store, func(r ingest.Record) error {
		ids = append(ids, r.ID)
		if r.State != ingest.Done || r.Finished == 0 {
			t.Errorf("record %+v", r)
		}
		return nil
	}); err != nil || len(ids) != 2 {
		t.Errorf("records %v, %v", ids, err)
	}
}
