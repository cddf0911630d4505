//go:build !duckdb

package main

import (
	"context"
	"errors"
)

// duckDBStep is in duckdb.go, which needs cgo and the tag duckdb.
func duckDBStep(context.Context, *Config, *Findings) error {
	return errors.New("this build does not hold DuckDB: build bench-duckdb with cgo and -tags duckdb, as make bench does")
}
