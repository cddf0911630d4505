package scenario_test

import (
	"fmt"

	"strata/scenario"
)

// A script says what happened and who is in what then.
func ExampleParseScript() {
	script, err := scenario.ParseScript("week.yaml", []byte(`
facts:
  ada: [{event: order_paid, time: 2026-01-05 10:00, amount: 100}]
  bob: []
cases:
  - name: seven days and today so far
    where: {event: order_paid, within: 7d}
    expect:
      - {as_of: 2026-01-12 23:59, holds: [ada]}
      - {as_of: 2026-01-13, holds: [ada]}
`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range script.Cases {
		failures, _, err := c.Run(nil, "en")
		if err != nil {
			fmt.Println(err)
		}
		for _, f := range failures {
			fmt.Println(f)
		}
	}
	// Output:
	// week.yaml:10: seven days and today so far
	//     as of 2026-01-13 00:00:00 +08:00, where (evaluator)
	//     want [ada]
	//     got  []
	//       ada is out:
	//         no   Has paid an order in the last 7 days
}
