package ingest_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"strata"
	"strata/ingest"
)

// packed returns a ZIP archive of files, given as name and content by turns.
func packed(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err == nil {
			_, err = f.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// workbook returns a workbook whose second sheet holds the cells and whose
// first is hidden.
func workbook(t testing.TB, date1904 bool, rows [][]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	check(f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &date1904}))
	_, err := f.NewSheet("订单")
	check(err)
	f.SetActiveSheet(1)
	check(f.SetSheetVisible("Sheet1", false))
	for i, row := range rows {
		check(f.SetSheetRow("订单", fmt.Sprint("A", i+1), &row))
	}
	b, err := f.WriteToBuffer()
	check(err)
	return b.Bytes()
}

type orderRow struct {
	Order    string    `parquet:"订单号"`
	Member   int64     `parquet:"会员号"`
	At       time.Time `parquet:"下单时间,timestamp(millisecond)"`
	Store    *string   `parquet:"门店,optional"`
	Product  string    `parquet:"商品名称"`
	Quantity int32     `parquet:"数量"`
	Price    int64     `parquet:"单价,decimal(2:18)"`
	Labels   []string  `parquet:"标签,list"`
}

func parquetFile[T any](t testing.TB, rows []T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b)
	_, err := w.Write(rows)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFormats: the same orders in every format are the same facts.
func TestFormats(t *testing.T) {
	const rows = "A1,1001,2026-04-01 12:00:00,朝阳店,毛肚,2,38.50\nA1,1001,2026-04-01 12:05:00,朝阳店,虾滑,1,32\n"
	noon := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	table := [][]any{
		{"订单号", "会员号", "下单时间", "门店", "商品名称", "数量", "单价"},
		{"A1", 1001, noon, "朝阳店", "毛肚", 2, 38.5},
		{},
		{"A1", "1001", noon.Add(5 * time.Minute), "朝阳店", "虾滑", 1, 32.000000000000004},
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	store := "朝阳店"
	local := noon.Add(-8 * time.Hour)
	const lines = `{"订单号":"A1","会员号":1001,"下单时间":"2026-04-01 12:00:00","门店":"朝阳店","商品名称":"毛肚","数量":2,"单价":3.85e1}

{"门店":"朝阳店","订单号":"A1","会员号":"1001","下单时间":"2026-04-01 12:05:00","商品名称":"虾滑","数量":1,"单价":32,"备注":null}
`
	nested := strings.NewReplacer("商品名称", "lines.name", "数量", "lines.n", "单价", "lines.price", "下单时间", "lines.at", "会员号", "buyer.id").Replace("each: lines\n" + ordersMapping)
	for _, c := range []struct {
		name, mapping string
		file          []byte
	}{
		{"zst", ordersMapping, encoder.EncodeAll([]byte(ordersHeader+rows), nil)},
		{"zip", ordersMapping, packed(t, "__MACOSX/x", "junk", "dir/订单.csv", ordersHeader+rows)},
		{"xlsx", ordersMapping, workbook(t, false, table)},
		{"xlsx, 1904, named sheet", "sheet: 订单\n" + ordersMapping, workbook(t, true, table)},
		{"json lines", ordersMapping, []byte(lines)},
		{"json lines in gz", ordersMapping, zipped(t, lines)},
		{"json lines, nested", nested, []byte(`{"订单号":"A1","buyer":{"id":1001},"门店":"朝阳店","lines":[{"name":"毛肚","n":2,"price":38.5,"at":"2026-04-01 12:00:00"},{"name":"虾滑","n":1,"price":32,"at":"2026-04-01 12:05:00"}]}`)},
		{"parquet", ordersMapping, parquetFile(t, []orderRow{
			{"A1", 1001, local, &store, "毛肚", 2, 3850, []string{"辣", "热"}}, {"A1", 1001, local.Add(5 * time.Minute), &store, "虾滑", 1, 3200, nil}})},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, strata.Settings{})
			m := mapping(t, c.mapping)
			report, err := s.importBytes("f", c.file, m)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{
				"member_no=1001",
				"member_no=1001 | item_bought 2026-04-01T04:00:00Z # amount=77.00 order_id=A1 product=毛肚 quantity=2 from pos",
				"member_no=1001 | item_bought 2026-04-01T04:05:00Z # amount=32.00 order_id=A1 product=虾滑 quantity=1 from pos",
				"member_no=1001 | order_paid 2026-04-01T04:05:00Z A1 amount=109.00 order_id=A1 store=朝阳店 from pos",
			}
			if d := cmp.Diff(sorted(want), s.hidden()); d != "" {
				t.Errorf("facts (-want +got):\n%s\n%q", d, s.refused(report.ID, "f"))
			}
			s.repeats(c.file, m, report)
		})
	}
}

// TestFormatsRefuse: what a format cannot say for certain is refused with what
// to do, and rows as CSV.
func TestFormatsRefuse(t *testing.T) {
	const visits = "source: s\nkeys: {member_no: id}\nevents: [{event: store_visited, time: at, properties: {store: shop}}]\n"
	day := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		file []byte
		want []string
	}{
		{"a number that the workbook has rounded", workbook(t, false, [][]any{{"id", "at", "shop", "unused"}, {6222021234567890123, day, "a", nil}, {1, day, "b", 6222021234567890123}}),
			[]string{"f:2: the cell of id holds a number of more than 15 digits, of which the spreadsheet has lost the last; enter ids and card numbers as text (format the column as text before typing) and export them again <6222021234567890123,2026-04-01,a,>"}},
		{"JSON", []byte(`{"id":1,"at":"2026-04-01","shop":"a"}` + "\n{\"id\":2,\n[1]\n" + `{"id":1,"id":2}` + "\n" + `{"id":3,"at":"2026-04-01","lines":[{"n":1}]}` + "\n" + `{"id":3} x` + "\n"),
			[]string{
				`f:2: the line is not valid JSON; write one JSON object a line, such as {"手机号": "13800138000"} <"{""id"":2,">`,
				`f:3: the line is not a JSON object; write one JSON object a line, such as {"手机号": "13800138000"} <[1]>`,
				`f:4: a name stands twice in an object; give each value its own name <"{""id"":1,""id"":2}">`,
				`f:5: lines is a list of objects; write each: lines in the mapping: every element becomes a row, with the columns lines.NAME beside those of its object <"{""id"":3,""at"":""2026-04-01"",""lines"":[{""n"":1}]}">`,
				`f:6: something follows the object on its line; write one JSON object a line, such as {"手机号": "13800138000"} <"{""id"":3} x">`,
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, strata.Settings{})
			report, err := s.importBytes("f", c.file, mapping(t, visits))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, s.refused(report.ID, "f")); d != "" {
				t.Errorf("refused (-want +got):\n%s", d)
			}
			if report.Events != 1 {
				t.Errorf("events: %+v", report.Counts)
			}
		})
	}
}

// TestFormatsBad: files that are refused whole, among them those that unpack
// to far more than they are.
func TestFormatsBad(t *testing.T) {
	book := workbook(t, false, [][]any{{"id"}, {1}})
	whole := parquetFile(t, []orderRow{{Order: "A1"}})
	for _, c := range []struct {
		name, file string
		data       []byte
		want       string
	}{
		{"two files in an archive", "f.zip", packed(t, "a.csv", "a\n", "b.csv", "b\n"), "holds several files"},
		{"an archive in an archive", "f.zip", packed(t, "a.zip", "x"), "is packed itself"},
		{"gzip bomb", "f.csv.gz", zipped(t, ordersHeader+strings.Repeat(strings.Repeat("a", 1<<16)+"\n", 640)), "more than 200 times"},
		{"a sheet of one endless cell", "f.xlsx", packed(t, "xl/workbook.xml", `<workbook xmlns:r="r"><sheets><sheet name="a" r:id="x"/></sheets></workbook>`,
			"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="x" Target="s.xml"/></Relationships>`,
			"xl/s.xml", `<worksheet><sheetData><row><c t="str"><v>`+strings.Repeat("a", 20<<20)), "unpacks to more than is taken"},
		{"a workbook cut off", "f.xlsx", book[:len(book)/2], "damaged or cut off"},
		{"Parquet cut off", "f.parquet", whole[:len(whole)/2], "damaged or cut off"},
		{"old Excel", "f.xls", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "Excel 97-2003"},
		{"JSON array", "f.json", []byte(`[{"id":1}]`), "one JSON array"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, strata.Settings{})
			_, err := s.importBytes(c.file, c.data, mapping(t, ordersMapping))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestWorkbookCells: what cells of each type become.
func TestWorkbookCells(t *testing.T) {
	at := time.Date(2026, 3, 1, 18, 30, 15, 0, time.UTC)
	file := workbook(t, false, [][]any{{"id", "a", "b", "c", "d", "e"}, {13800138000, 0.1 + 0.2, at, true, time.Date(1900, 2, 1, 0, 0, 0, 0, time.UTC), 1e-7}, {"x"}, {"007", -1.5, at.Truncate(24 * time.Hour)}})
	s := newStage(t, strata.Settings{})
	report, err := s.importBytes("f.xlsx", file, mapping(t, "source: s\nkeys: {member_no: id}\nrefuse: [{when: {id: {present: true}}, because: shown, hint: shown}]\nattributes: {city: a}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = ingest.Refused(s.store, report.ID, 0, func(r ingest.RefusedRow) error { got = append(got, r.Raw); return nil })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"13800138000,0.3,2026-03-01 18:30:15,true,1900-02-01,0.0000001", "x,,,,,", "007,-1.5,2026-03-01,,,"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("cells (-want +got):\n%s", d)
	}
}

// FuzzFormats: no file makes an import panic.
func FuzzFormats(f *testing.F) {
	line, _ := json.Marshal(map[string]any{"订单号": "A1", "x": []any{1, map[string]int{"a": 1}}})
	for _, seed := range [][]byte{[]byte(ordersHeader + "A1,1,2026-04-01,s,p,1,1\n"), line, parquetFile(f, []orderRow{{Order: "A1"}}), packed(f, "a.csv", ordersHeader),
		workbook(f, false, [][]any{{"订单号", "会员号", "下单时间", "门店", "商品名称", "数量", "单价"}, {"A1", 1, 44000.5, "s", "p", 1, 1}})} {
		f.Add(seed)
	}
	m := mapping(f, ordersMapping)
	s := newStage(f, strata.Settings{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := ingest.ReadHeader(ingest.BytesSource("f", data)); err != nil {
			return
		}
		o := s.options(ingest.BytesSource("f", data), m)
		o.DryRun = true
		ingest.Import(t.Context(), o)
	})
}
