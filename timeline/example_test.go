package timeline_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"strata"
	"strata/timeline"
)

// A customer's events are appended in any order and read in the order of
// time.
func Example() {
	dir, err := os.MkdirTemp("", "timeline")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	store, err := timeline.Open(dir+"/customers", timeline.Options{Settings: strata.DefaultSettings()})
	if err != nil {
		panic(err)
	}
	defer store.Close()

	order := func(id, day string, amount int64) strata.Event {
		at, _ := time.Parse(time.DateOnly, day)
		return strata.Event{Name: "order_paid", At: strata.At(at), ID: id, Properties: []strata.Property{
			{Name: "amount", Value: strata.MoneyOf(amount, 2)},
			{Name: "store", Value: strata.TextOf("北京东路店")},
		}}
	}
	batch := store.NewBatch()
	for _, e := range []strata.Event{order("o2", "2024-05-02", 12_50), order("o1", "2024-05-01", 99_00)} {
		if err := store.Append(batch, 7, timeline.Facts{Events: []strata.Event{e}, Source: "pos"}); err != nil {
			panic(err)
		}
	}
	if err := store.Commit(batch, true); err != nil {
		panic(err)
	}

	amount, _ := store.Dictionary().PropertyCode("amount")
	err = store.Scan(context.Background(), 1, 100, func(h *strata.History) error {
		for _, run := range h.Runs {
			for _, column := range run.Columns {
				if column.Property != amount {
					continue
				}
				for i := range run.N {
					fmt.Println(h.Customer, run.At(i).In(time.UTC).Format(time.DateOnly), strata.FormatDecimal(column.Int(i), column.Scale))
				}
			}
		}
		return nil
	})
	if err != nil {
		panic(err)
	}
	// Output:
	// 7 2024-05-01 99.00
	// 7 2024-05-02 12.50
}
