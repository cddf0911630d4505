package ingest_test

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"strata"
	"strata/define"
	"strata/ingest"
)

func retailMapping(t testing.TB) *ingest.Mapping {
	t.Helper()
	text, err := os.ReadFile("../examples/online_retail/mapping.yaml")
	if err != nil {
		t.Fatal(err)
	}
	standard := define.Standard()
	m, err := ingest.ParseMapping("mapping.yaml", text, &standard)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The figures are those of Chen (2012), UCI Online Retail, counted apart.
func TestOnlineRetail(t *testing.T) {
	file, err := ingest.FileSource(dataFile(t, "online_retail.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	m := retailMapping(t)
	s := newStage(t, strata.Settings{Currency: "GBP", Zone: "Europe/London"})
	began := time.Now()
	report, err := ingest.Import(context.Background(), s.options(file, m))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("imported in %v", time.Since(began).Round(time.Millisecond))
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	t.Logf("memory from the system: %d MB", mem.Sys>>20)
	s.checkRetail(report.Counts)
	for _, r := range report.Refusals {
		t.Logf("%+v", r)
	}
	again, err := ingest.Import(context.Background(), s.options(file, m))
	if err != nil {
		t.Fatal(err)
	}
	if again.Events != 0 || again.NewCustomers != 0 || again.Repeated != report.Events || again.Refused != report.Refused {
		t.Errorf("the same file again: %+v", again.Counts)
	}
	s.checkRetail(report.Counts)
}

func (s *stage) checkRetail(counts ingest.Counts) {
	t := s.t
	t.Helper()
	want := ingest.Counts{Rows: 541_909, Taken: 397_884 + 8_905, Skipped: 135_080 + 40, Events: 397_884 + 18_532 + 3_654,
		Groups: 18_532 + 3_654, NewCustomers: 4_372}
	if counts != want {
		t.Errorf("counts\n got %+v\nwant %+v", counts, want)
	}
	d := s.store.Dictionary()
	paid, _ := d.EventCode("order_paid")
	refunded, _ := d.EventCode("order_refunded")
	item, _ := d.EventCode("item_bought")
	amount, _ := d.PropertyCode("amount")
	var invoices, items, refunds, customers, buyers int
	var turnover, lines, returned int64
	s.everyone(func(h *strata.History) {
		customers++
		for _, r := range h.Runs {
			sum := int64(0)
			for _, c := range r.Columns {
				if c.Property != amount {
					continue
				}
				for i := range r.N {
					if c.Scale != 3 {
						t.Errorf("scale %d", c.Scale)
					}
					if c.Has(i) {
						sum += c.Int(i)
					}
				}
			}
			switch r.Event {
			case paid:
				buyers++
				invoices += r.N
				turnover += sum
			case refunded:
				refunds += r.N
				returned += sum
			case item:
				items += r.N
				lines += sum
			}
		}
	})
	for _, f := range []struct {
		what      string
		got, want int64
	}{
		{"customers", int64(s.identity.Last()), 4_372}, {"customers with events", int64(customers), 4_371}, {"customers with orders", int64(buyers), 4_338}, {"invoices", int64(invoices), 18_532},
		{"rows in orders", int64(items), 397_884}, {"turnover x 1000", turnover, 8_911_407_904}, {"sum of lines x 1000", lines, 8_911_407_904},
		{"net x 1000", turnover - returned, 8_300_065_814}, {"refunds", int64(refunds), 3_654},
	} {
		if f.got != f.want {
			t.Errorf("%s: %d, want %d", f.what, f.got, f.want)
		}
	}
}
