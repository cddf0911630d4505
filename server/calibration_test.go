package server_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/registry"
	"strata/server"
)

// TestCalibration: a preview says what new cut points change and changes
// nothing; calibrating does exactly that; a schedule has its next date.
func TestCalibration(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	const path = "/api/v1/definitions/tier/rfm/calibration"
	if _, err := b.engine.Calibrate(context.Background(), define.Ref{Kind: "tier", Name: "rfm"}, strata.At(opened.AddDate(0, -4, 0))); err != nil {
		t.Fatal(err)
	}
	levels := func() map[string]string {
		out := map[string]string{}
		items, _ := w.all("")
		for _, i := range items {
			for _, l := range i.Levels {
				if l.Tier == "rfm" {
					out[i.ID] = l.Level
				}
			}
		}
		return out
	}
	before, was := levels(), get[server.CalibrationDetail](w, path)
	if was.Calibration.Version != 1 || was.Every != "none" || was.NextAt != nil {
		t.Errorf("in force: %+v", was)
	}
	preview := get[server.RecalibrationInfo](w, path+"/preview")
	if preview.Old.Version != 1 || preview.New.Stored || preview.New.People == 0 || preview.Changed == 0 || len(preview.Moves) == 0 || preview.People != len(before) {
		t.Fatalf("preview: %+v", preview)
	}
	if got := levels(); !maps.Equal(got, before) {
		t.Error("a preview has changed something")
	}
	made := post[server.CalibrationInfo](w, path, server.CalibrateAt{AsOf: preview.AsOf}, 200)
	if made.Version != 2 || made.People != preview.New.People {
		t.Errorf("made: %+v", made)
	}
	changed := 0
	for id, level := range levels() {
		if before[id] != level {
			changed++
		}
	}
	if changed != preview.Changed {
		t.Errorf("%d moved, of the preview %d", changed, preview.Changed)
	}
	if got := get[server.CalibrationDetail](w, path).Calibration; got.Version != 2 || !got.At.Equal(preview.AsOf) {
		t.Errorf("then in force: %+v", got)
	}
	if e := get[server.AuditPage](w, "/api/v1/audit").Items[0]; e.Action != "definition.calibrate" || e.Object != "tier rfm" {
		t.Errorf("audit: %+v", e)
	}
	post[server.Problem](w, path, server.CalibrateAt{AsOf: opened.Add(-2 * time.Hour)}, 422)
	post[server.Problem](w, path, server.CalibrateAt{AsOf: opened.Add(2 * time.Hour)}, 422)

	if status, body := w.send("PUT", path+"/schedule", `{"every": "quarter"}`); status != 204 {
		t.Errorf("schedule: %d %s", status, body)
	}
	next := time.Date(2026, 10, 1, 0, 0, 0, 0, shanghai)
	if got := get[server.CalibrationDetail](w, path); got.Every != compute.EveryQuarter || got.NextAt == nil || !got.NextAt.Equal(next) {
		t.Errorf("by schedule: %+v", got)
	}
	if status, _ := w.send("GET", "/api/v1/definitions/tier/frequency/calibration", ""); status != 404 {
		t.Errorf("of a tier without cut points: %d", status)
	}
	if status, _ := w.send("PUT", path+"/schedule", `{"every": "hour"}`); status != 422 {
		t.Errorf("every hour: %d", status)
	}

	if _, err := b.registry.CreateAccount(context.Background(), "looker", registry.Viewer, strata.At(b.now())); err != nil {
		t.Fatal(err)
	}
	if err := b.registry.SetPassword(context.Background(), "looker", testPassword); err != nil {
		t.Fatal(err)
	}
	v := b.browser()
	v.send("POST", "/api/v1/session", `{"account": "looker", "password": "`+testPassword+`"}`)
	for _, request := range [][3]string{{"GET", path + "/preview", ""}, {"POST", path, `{"as_of": "2026-07-01T10:30:00+08:00"}`}, {"PUT", path + "/schedule", `{"every": "none"}`}} {
		if status, _ := v.send(request[0], request[1], request[2]); status != 403 {
			t.Errorf("a viewer: %s %s: %d", request[0], request[1], status)
		}
	}
}
