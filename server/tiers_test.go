package server_test

import (
	"context"
	"net/url"
	"testing"

	"strata"
	"strata/define"
	"strata/registry"
	"strata/server"
)

// watching is the registry as the server sees it.
type watching struct{ r *registry.Registry }

func (w watching) Warnings(ctx context.Context, tier string) (map[string]server.WarningChanged, error) {
	states, err := w.r.WarningStates(ctx, tier)
	out := map[string]server.WarningChanged{}
	for key, c := range states {
		out[key] = server.WarningChanged{Number: c.Number, Tier: c.Tier, Warning: c.Warning, From: string(c.From), To: string(c.To)}
	}
	return out, err
}

func (w watching) WarningChanges(ctx context.Context, tier string, after uint64, limit int) ([]server.WarningChanged, error) {
	all, err := w.r.WarningChanges(ctx, tier, after, limit)
	var out []server.WarningChanged
	for _, c := range all {
		out = append(out, server.WarningChanged{Number: c.Number, Tier: c.Tier, Warning: c.Warning, From: string(c.From), To: string(c.To)})
	}
	return out, err
}

func (w watching) Reviews(ctx context.Context, tier string) ([]server.ReviewInfo, strata.Instant, error) {
	all, since, err := w.r.Reviews(ctx, define.Ref{Kind: "tier", Name: tier})
	var out []server.ReviewInfo
	for _, v := range all {
		out = append(out, server.ReviewInfo{At: v.By.At.In(opened.Location()), Account: v.By.Account, Note: v.By.Reason, Version: v.Version})
	}
	return out, since, err
}

func (w watching) AddReview(ctx context.Context, tier, account, note string, at strata.Instant) error {
	_, err := w.r.AddReview(ctx, define.Ref{Kind: "tier", Name: tier}, registry.By{Account: account, At: at, Reason: note})
	return err
}

// TestMigration: the parts of a migration sum up, by both kinds of cut points,
// and every list behind a cell holds as many as the cell says.
func TestMigration(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	from := opened.AddDate(0, -2, 0).Format("2006-01-02")
	for _, cuts := range []string{"frozen", "own"} {
		m := get[server.TierMigration](w, "/api/v1/tiers/rfm/migration?from="+from+"&cuts="+cuts)
		if m.Cuts != cuts || m.People == 0 || m.People != m.Entered+m.Left+m.Stayed+m.Up+m.Down || m.SameCuts {
			t.Errorf("%s: %+v", cuts, m)
		}
		x := m.Explained
		if x.CutsMoved != x.ByCutsAlone+x.ByBoth+x.MaskedByCuts || x.CutsMoved == 0 {
			t.Errorf("%s: explained %+v", cuts, x)
		}
		looked := 0
		for _, f := range m.Flows {
			if f.Count == 0 || f.From == f.To || looked == 3 {
				continue
			}
			looked++
			items, _ := w.all(url.Values{"tier": {"rfm"}, "moved_from": {f.From}, "moved_to": {f.To}, "since": {from}, "cuts": {cuts}}.Encode())
			if len(items) != f.Count {
				t.Errorf("%s: from %s to %s %d, and %d in the list", cuts, f.From, f.To, f.Count, len(items))
			}
		}
		if looked == 0 {
			t.Errorf("%s: nobody moved", cuts)
		}
	}
	for path, want := range map[string]int{"none/migration?from=" + from: 404, "rfm/migration?from=2099-01-01": 422, "rfm/migration?from=yesterday": 422} {
		if status, body := w.send("GET", "/api/v1/tiers/"+path, ""); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// TestReviewTier: a review is written for those who may publish, and care says
// when the next is due.
func TestReviewTier(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	care := get[server.TierCare](w, "/api/v1/tiers/rfm/care")
	if care.Tier != "rfm" || len(care.Levels) == 0 || care.Review.Every != "" || care.Review.DueAt != nil {
		t.Errorf("%+v", care)
	}
	if got := post[server.ReviewState](w, "/api/v1/tiers/rfm/reviews", server.ReviewNote{Note: "fits"}, 200); len(got.Past) != 1 || got.Past[0].Note != "fits" {
		t.Errorf("%+v", got)
	}
	if got := get[[]server.DefinitionRef](w, "/api/v1/reminders"); len(got) != 0 {
		t.Errorf("reminders: %+v", got)
	}
	if got := get[server.TierWarnings](w, "/api/v1/tiers/rfm/warnings"); len(got.Items) != 0 {
		t.Errorf("warnings: %+v", got)
	}
	if got := get[[]server.WarningChanged](w, "/api/v1/warnings?after=0"); len(got) != 0 {
		t.Errorf("recorded: %+v", got)
	}
}
