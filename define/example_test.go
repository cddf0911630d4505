package define_test

import (
	"fmt"

	"strata"
	"strata/define"
)

func Example() {
	file, err := define.Parse("regulars.yaml", []byte(`
segments:
  regulars:
    where: {event: order_payed, within: 3mo, times: {at_least: 3}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _, err = define.Check(nil, file, strata.DefaultSettings())
	fmt.Println(err)
	// Output: regulars.yaml:4: segments.regulars.where.event: unknown event order_payed; did you mean order_paid?
}
