package server_test

import (
	"encoding/json"
	"fmt"

	"strata/server"
)

// The description from which clients are made.
func ExampleDescribe() {
	text, err := server.Describe()
	if err != nil {
		fmt.Println(err)
		return
	}
	var d struct {
		OpenAPI string
		Paths   map[string]map[string]struct{ Summary string }
	}
	if err := json.Unmarshal(text, &d); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.OpenAPI)
	fmt.Println(d.Paths["/api/v1/overview"]["get"].Summary)
	// Output:
	// 3.1.0
	// The business at a glance
}
