package server_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"strata/server"
)

var update = flag.Bool("update", false, "write ui/openapi.json instead of comparing it")

// TestOpenAPIFileIsCurrent fails when ui/openapi.json, from which the
// console's client is made, does not describe this API.
func TestOpenAPIFileIsCurrent(t *testing.T) {
	const path = "../ui/openapi.json"
	want, err := server.Describe()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the API is; run: go generate ./server", path)
	}
}
