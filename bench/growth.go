package main

import (
	"context"
	"fmt"
	"os"
)

// grown is one line of the growth table.
type grown struct {
	Customers int               `json:"customers"`
	Events    int               `json:"events"`
	Figures   map[string]Figure `json:"figures"`
}

// growth measures Strata at sizes ten times apart, with as many events a
// customer as W has.
func growth(ctx context.Context, c *Config, largest int, file string) error {
	machine := thisMachine()
	each := c.Events / c.Customers
	figures := []struct{ title, name string }{
		{"ingest", "ingest"}, {"D80", "d80"}, {"D80 cold", "d80_cold"}, {"D200", "d200"}, {"preview", "preview"},
		{"start", "start"}, {"memory D80", "d80_peak"}, {"memory D200", "d200_peak"}, {"disk", "disk"},
	}
	head := []string{"customers", "events"}
	for _, f := range figures {
		head = append(head, f.title)
	}
	cells, all := [][]string{head}, []grown{}
	for n := 100_000; n <= largest; n *= 10 {
		size := *c
		size.Customers, size.Events = n, n*each
		found, err := strataSteps(ctx, &size)
		if err != nil {
			return err
		}
		line := []string{fmt.Sprint(n), fmt.Sprint(n * each)}
		for _, f := range figures {
			line = append(line, show(found.Figures[f.name].Value, found.Figures[f.name].Unit))
		}
		cells, all = append(cells, line), append(all, grown{n, n * each, found.Figures})
		if err := os.RemoveAll(c.Dir); err != nil {
			return err
		}
	}
	fmt.Println()
	printCells(os.Stdout, cells)
	if file == "" {
		return nil
	}
	return writeJSON(file, struct {
		Machine Machine `json:"machine"`
		Sizes   []grown `json:"sizes"`
	}{machine, all})
}
