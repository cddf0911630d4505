package define_test

import (
	"strings"
	"testing"

	"strata"
	"strata/define"
)

// TestMoveWarnings: what a warning leaves out, how it prints and what it says.
func TestMoveWarnings(t *testing.T) {
	const text = `
tiers:
  value:
    levels: [{id: high, name: {zh: 高, en: high}}, low]
    rules: [{level: high, where: {event: order_paid}}]
    otherwise: low
    warnings: [{from: high, to: low, above: 2.50%}]
    review: 3mo
`
	set := mustLoad(t, "x.yaml", []byte("catalogue: {events: {order_paid: {}}}\n"+text))
	tier := set.Tiers["value"]
	w := tier.Warnings[0]
	if w.Above != 250 || w.Per != (define.Duration{N: 30, Unit: define.Day}) || w.In != (define.Duration{N: 7, Unit: define.Day}) || w.Key() != "high>low per 30d" || tier.Review.String() != "3mo" {
		t.Errorf("read: %+v, review %s", w, tier.Review)
	}
	printed, err := define.PrintOne(set, define.Ref{Kind: "tier", Name: "value"})
	if err != nil || !strings.Contains(string(printed), "2.5%") {
		t.Errorf("printed: %s %v", printed, err)
	}
	said := set.WarningSentence(tier, w, define.SentenceOptions{})
	if said.Zh != "30天内从「高」变为「low」的人超过2.5%时预警" || said.En != "Warns when more than 2.5% of “high” become “low” within 30 days" {
		t.Errorf("said: %q", said)
	}
}

// TestMoveWarningsRefused: each mistake has its place and what to write.
func TestMoveWarningsRefused(t *testing.T) {
	for _, c := range []struct{ warning, wants string }{
		{"{from: [high], to: [low], above: 0.05}", "above: 0.05 is not a share; did you mean 5%?"},
		{"{from: [high], to: [low], above: 5}", "above: 5 is not a share; write a share such as 5% or 2.5%"},
		{"{from: [high], to: [low], above: 1.125%}", "is not a share"},
		{"{from: [high], to: [low], above: 100%}", "no share is above 100%"},
		{"{from: [high], to: [lwo], above: 5%}", "did you mean low?"},
		{"{from: [high], to: [low, high], above: 5%}", "high stands in from too"},
		{"{from: [high], to: [low], above: 5%, per: 12h}", "12h is no whole days"},
		{"{from: [high], to: [low], above: 5%, per: 9y}", "is more than 730 days"},
		{"{from: [high], to: [low]}", "above is missing"},
		{"{from: [high], to: [low], above: 5%}, {from: [high], to: [low], above: 6%}", "this warning stands twice"},
	} {
		_, err := define.Parse("x.yaml", []byte("tiers:\n  value:\n    levels: [high, low]\n    rules: [{level: high, where: {event: order_paid}}]\n    warnings: ["+c.warning+"]\n"))
		if err == nil || !strings.Contains(err.Error(), c.wants) || strata.CodeOf(err) != strata.Invalid && !strings.Contains(err.Error(), "warnings") {
			t.Errorf("%s: %v", c.warning, err)
		}
	}
}
