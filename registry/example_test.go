package registry_test

import (
	"context"
	"fmt"
	"os"

	"strata"
	"strata/define"
	"strata/registry"
)

func Example() {
	dir, err := os.MkdirTemp("", "strata")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx, settings := context.Background(), strata.DefaultSettings()
	r, err := registry.Open(ctx, dir, settings)
	if err != nil {
		panic(err)
	}
	defer r.Close()

	file, err := define.Parse("regulars.yaml", []byte("segments: {regulars: {where: {event: order_paid, within: 90d, times: {at_least: 3}}}}"))
	if err != nil {
		panic(err)
	}
	base, _, err := r.Published(ctx)
	if err != nil {
		panic(err)
	}
	set, _, err := define.Check(base, file, settings)
	if err != nil {
		panic(err)
	}
	if _, err := r.Apply(ctx, set, []registry.Change{{Kind: "segment", Name: "regulars", Op: registry.Create}}, "wang", 1_800_000_000_000); err != nil {
		panic(err)
	}
	now, number, err := r.Published(ctx)
	fmt.Println(number, now.Refs(), err)
	// Output: 1 [segment regulars] <nil>
}
