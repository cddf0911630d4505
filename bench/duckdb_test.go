//go:build duckdb

package main

import "testing"

func TestDuckDBGivesTheSame(t *testing.T) { agrees(t, Counts(), duckDBStep) }
