package registry_test

import (
	"testing"

	"strata"
	"strata/define"
	"strata/registry"
)

// TestWarnings: a warning that passes to another state is written once with
// the next number, an older look changes nothing, and the log is read on from
// any number.
func TestWarnings(t *testing.T) {
	r := open(t, t.TempDir())
	apply(t, r, `tiers: {value: {levels: [high, low], rules: [{level: high, where: {everyone: true}}]}}`, put("tier", "value"))
	set := func(at strata.Instant, to define.WarningState) registry.WarningChange {
		t.Helper()
		c, err := r.SetWarning(t.Context(), registry.WarningChange{Tier: "value", Warning: "high>low per 30d", AsOf: at, Found: at + 1, To: to, Figures: registry.WarningFigures{Moved: 4, Was: 40}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := set(10, define.Calm); c.Number != 0 {
		t.Errorf("a warning begins calm: %+v", c)
	}
	if c := set(20, define.Raised); c.Number != 1 || c.From != define.Calm {
		t.Errorf("raised: %+v", c)
	}
	if c := set(30, define.Raised); c.Number != 0 {
		t.Errorf("raised again: %+v", c)
	}
	if c := set(15, define.Calm); c.Number != 0 {
		t.Errorf("an older look: %+v", c)
	}
	if c := set(40, define.Ahead); c.Number != 2 || c.From != define.Raised {
		t.Errorf("ahead: %+v", c)
	}
	got, err := r.WarningChanges(t.Context(), "value", 1, 10)
	if err != nil || len(got) != 1 || got[0].Number != 2 || got[0].Figures.Was != 40 || got[0].Tier != "value" {
		t.Errorf("after 1: %+v %v", got, err)
	}
	states, err := r.WarningStates(t.Context(), "value")
	if err != nil || states["high>low per 30d"].To != define.Ahead {
		t.Errorf("states: %+v %v", states, err)
	}
	if _, err := r.SetWarning(t.Context(), registry.WarningChange{Tier: "other", To: define.Raised}); strata.CodeOf(err) != strata.NotFound {
		t.Errorf("of no tier: %v", err)
	}
}

// TestReviews: a review needs a note, stays with its definition and is in the
// audit.
func TestReviews(t *testing.T) {
	r := open(t, t.TempDir())
	apply(t, r, `tiers: {value: {levels: [high, low], rules: [{level: high, where: {everyone: true}}]}}`, put("tier", "value"))
	model := ref("tier", "value")
	if _, err := r.AddReview(t.Context(), model, registry.By{Account: "wang", At: 50, Reason: "  "}); strata.CodeOf(err) != strata.Invalid {
		t.Errorf("without a note: %v", err)
	}
	for _, at := range []strata.Instant{5000, 9000} {
		if _, err := r.AddReview(t.Context(), model, registry.By{Account: "wang", At: at, Reason: "still fits"}); err != nil {
			t.Fatal(err)
		}
	}
	all, since, err := r.Reviews(t.Context(), model)
	if err != nil || len(all) != 2 || all[0].By.At != 9000 || all[0].By.Reason != "still fits" || all[0].Version != 1 || since == 0 {
		t.Errorf("%+v since %d, %v", all, since, err)
	}
	if lines := auditLines(t, r); len(lines) != 2 || lines[1] != "wang definition.review tier value" {
		t.Errorf("audit: %q", lines)
	}
	if _, _, err := r.Reviews(t.Context(), ref("tier", "none")); strata.CodeOf(err) != strata.NotFound {
		t.Errorf("of nothing: %v", err)
	}
}
