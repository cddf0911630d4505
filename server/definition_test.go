package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"strata"
	"strata/registry"
	"strata/server"
)

// ids are the customers that a list holds.
func (w *browser) ids(query string) []string {
	w.b.t.Helper()
	items, _ := w.all(query)
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = item.ID
	}
	return out
}

// post sends a JSON body and reads the answer, which must have the status.
func post[T any](w *browser, path string, body any, status int) T {
	w.b.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		w.b.t.Fatal(err)
	}
	got, answer := w.send("POST", path, string(text))
	if got != status {
		w.b.t.Fatalf("POST %s %s: %d %s, want %d", path, text, got, answer, status)
	}
	var v T
	decoder := json.NewDecoder(strings.NewReader(answer))
	if status == 200 {
		decoder.DisallowUnknownFields()
	}
	if err := decoder.Decode(&v); err != nil {
		w.b.t.Fatalf("POST %s: %v in %s", path, err, answer)
	}
	return v
}

func TestDefinition(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	for _, test := range []struct{ kind, name, list, dates, uses, usedBy string }{
		{"segment", "regulars", "segment=regulars", "2026-04-02", "", "segment good_regulars"},
		{"segment", "good_regulars", "segment=good_regulars", "", "tag spend_90d, segment regulars", ""},
		{"tag", "spend_90d", "tag=spend_90d", "2026-04-02", "", "tag spend_band, segment good_regulars"},
		{"tier", "frequency", "tier=frequency", "2026-04-02", "", ""},
		{"tier", "rfm", "tier=rfm", "2025-07-01", "", ""},
	} {
		d := get[server.DefinitionDetail](w, "/api/v1/definitions/"+test.kind+"/"+test.name)
		people := w.ids(test.list)
		if test.kind == "tier" {
			people = slices.DeleteFunc(people, func(id string) bool { return slices.Contains(w.ids(test.list+"&level=-"), id) })
		}
		if d.Count != len(people) || d.Count == 0 {
			t.Errorf("%s: %d people, %d in the list", test.name, d.Count, len(people))
		}
		if d.Sentence.Zh == "" || !strings.Contains(d.Sentence.Zh, test.dates) || !strings.Contains(d.Sentence.En, test.dates) {
			t.Errorf("%s: %+v has no %s", test.name, d.Sentence, test.dates)
		}
		if refs(d.Uses) != test.uses || refs(d.UsedBy) != test.usedBy {
			t.Errorf("%s uses %q, is used by %q", test.name, refs(d.Uses), refs(d.UsedBy))
		}
		if len(d.Versions) != 1 || d.Versions[0].Version != 1 || d.Versions[0].Author != "test" || !d.Versions[0].At.Equal(opened) {
			t.Errorf("%s: versions %+v", test.name, d.Versions)
		}
		if !strings.Contains(d.YAML, test.name+":") || d.Owner != "林" || d.Purpose != "测试" || d.Consumer != "测试" {
			t.Errorf("%+v", d)
		}
		if (d.Calibration != nil) != (test.name == "rfm") {
			t.Errorf("%s: calibration %+v", test.name, d.Calibration)
		}
	}
	if got := get[server.DefinitionDetail](w, "/api/v1/definitions/segment/regulars?as_of=2025-08-01"); !strings.Contains(got.Sentence.Zh, "2025-05-03") {
		t.Errorf("as of a day: %+v", got.Sentence)
	}
	for path, status := range map[string]int{"segment/none": 404, "tag/regulars": 404, "list/x": 422, "segment/none/samples": 404} {
		if got, body := w.send("GET", "/api/v1/definitions/"+path, ""); got != status {
			t.Errorf("%s: %d %s", path, got, body)
		}
	}
}

func refs(all []server.DefinitionRef) string {
	var out []string
	for _, r := range all {
		out = append(out, r.Kind+" "+r.Name)
	}
	return strings.Join(out, ", ")
}

// TestSamples: those who match are in the list and the others are not, each
// with a reason that says so, and the others begin with those who lack least.
func TestSamples(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	for _, asOf := range []string{"", "as_of=2025-12-01"} {
		for _, test := range []struct{ kind, name, list string }{
			{"segment", "regulars", "segment=regulars"}, {"segment", "good_regulars", "segment=good_regulars"},
			{"tag", "spend_band", "tag=spend_band"}, {"tag", "spend_90d", "tag=spend_90d"}, {"tier", "frequency", "tier=frequency"}, {"tier", "rfm", "tier=rfm"},
		} {
			s := get[server.Samples](w, "/api/v1/definitions/"+test.kind+"/"+test.name+"/samples?"+asOf)
			in := w.ids(test.list + "&" + asOf)
			if test.kind == "tier" {
				none := w.ids(test.list + "&level=-&" + asOf)
				in = slices.DeleteFunc(in, func(id string) bool { return slices.Contains(none, id) })
			}
			everyone := w.ids(asOf)
			seen := map[string]bool{}
			check := func(all []server.Sample, matches bool, of int) {
				t.Helper()
				if len(all) != min(10, of) {
					t.Errorf("%s %s: %d of %d", test.name, asOf, len(all), of)
				}
				for _, x := range all {
					if slices.Contains(in, x.ID) != matches || seen[x.ID] {
						t.Errorf("%s %s: %s is shown as %v", test.name, asOf, x.ID, matches)
					}
					seen[x.ID] = true
					if x.Why.Sentence.Zh == "" || test.kind == "segment" && (x.Why.True == nil || *x.Why.True != matches) {
						t.Errorf("%s %s: %s: why %+v", test.name, asOf, x.ID, x.Why)
					}
					if test.kind != "segment" && (x.Value != nil) != matches {
						t.Errorf("%s: %s has the value %v", test.name, x.ID, x.Value)
					}
					if n := depth(x.Why); n > 3 {
						t.Errorf("%s: a reason %d deep", test.name, n)
					}
				}
			}
			check(s.Matching, true, len(in))
			check(s.Others, false, len(everyone)-len(in))
		}
	}

	// regulars ordered twice in 90 days: those who ordered once are nearer.
	recent := map[string]int{}
	from := time.Date(2026, 7, 1, 0, 0, 0, 0, shanghai).AddDate(0, 0, -90)
	for _, o := range b.orders {
		if !o.at.Before(from) {
			recent[fmt.Sprintf("M%03d", o.customer)]++
		}
	}
	once := 0
	for _, n := range recent {
		if n == 1 {
			once++
		}
	}
	if once == 0 || len(recent) == people {
		t.Fatalf("%d customers ordered once, so this test shows nothing", once)
	}
	for i, x := range get[server.Samples](w, "/api/v1/definitions/segment/regulars/samples").Others {
		if want := i < once; (recent[x.ID] == 1) != want {
			t.Errorf("number %d of the others ordered %d times; %d ordered once", i, recent[x.ID], once)
		}
	}

	// Every level that anybody has is among the ten.
	levels := map[string]bool{}
	for _, x := range get[server.Samples](w, "/api/v1/definitions/tier/frequency/samples").Matching {
		levels[x.Level] = true
	}
	if !levels["high"] || !levels["low"] {
		t.Errorf("levels shown: %v", levels)
	}
}

func depth(r server.Reason) int {
	most := 0
	for _, p := range r.Parts {
		most = max(most, depth(p))
	}
	return most + 1
}

func TestCheckDefinitions(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	for _, test := range []struct {
		yaml        string
		errors      string // line:column path, joined
		message     string
		definitions string // kind name change
	}{
		{"segments:\n  a: {owner: x, purpose: y, where: {event: order_paid, within: 30d}}\n", "", "", "segment a create"},
		{"segments:\n  a:\n    where:\n      event: order_payed\n", "4:7 segments.a.where.event", "order_payed", ""},
		{"segments:\n  a: {where: {segment: regular}}\n  b: {where: {tag: spend, at_least: 1}}\n", "2:15 segments.a.where.segment, 3:15 segments.b.where.tag", "regular", ""},
		{"segments:\n  a: {where: {event: order_paid\n", "2:3 ", "never closed", ""},
		{"segments: [", "1:1 ", "never closed", ""},
		{"nothing: 1\n", "1:1 nothing", "nothing", ""},
		{"", "", "", ""},
		{definitions, "", "", "tag spend_90d same, tag spend_band same, segment regulars same, segment good_regulars same, tier rfm same, tier frequency same"},
		{strings.Replace(definitions, "times: {at_least: 2}", "times: {at_least: 1}", 1), "", "", "tag spend_90d same, tag spend_band same, segment regulars update, segment good_regulars same, tier rfm same, tier frequency same"},
		{"catalogue:\n  attributes:\n    shoe_size: {type: number}\nsegments:\n  feet: {owner: x, purpose: y, where: {attribute: shoe_size, at_least: 45}}\n", "", "", "attribute shoe_size create, segment feet create"},
		{"segments:\n  regulars: {where: {segment: good_regulars}}\n", "2:3 segments.regulars", "circle", ""},
		{`{"segments": {"a": {"where": {"event": "order_payed"}}}}`, "1:32 segments.a.where.event", "order_payed", ""},
		{"segments:\n  b2: {where: {event: order_paid}}\n\n  b: {where: {event: order_paid}}\nscores:\n  b: {owner: x, purpose: y, signals: [{event: order_paid, points: 3}]}\n", "6:3 scores.b", "cannot run", ""},
	} {
		got := post[server.DraftCheck](w, "/api/v1/definitions/check", server.DraftText{YAML: test.yaml}, 200)
		var errors, definitions []string
		messages := ""
		for _, e := range got.Errors {
			errors = append(errors, fmt.Sprintf("%d:%d %s", e.Line, e.Column, e.Path))
			messages += e.Message + "; "
		}
		for _, d := range got.Definitions {
			definitions = append(definitions, d.Kind+" "+d.Name+" "+d.Change)
			if d.Title.Zh == "" || d.Sentence.Zh == "" && d.Kind != "attribute" {
				t.Errorf("%q: %+v", test.yaml, d)
			}
		}
		if strings.Join(errors, ", ") != test.errors || !strings.Contains(messages, test.message) || strings.Join(definitions, ", ") != test.definitions || got.OK != (len(errors) == 0) {
			t.Errorf("%s\nerrors %q %s, definitions %q, ok %v\nwant %q %s, %q", test.yaml, errors, messages, definitions, got.OK, test.errors, test.message, test.definitions)
		}
	}

	got := post[server.DraftCheck](w, "/api/v1/definitions/check", server.DraftText{YAML: "segments:\n  a:\n    renamed_from: nobody\n    owner: x\n    purpose: y\n    consumer: z\n    where: {event: order_paid, within: 30d}\n", AsOf: "2026-03-01"}, 200)
	if len(got.Definitions) != 1 || !strings.Contains(got.Definitions[0].Sentence.Zh, "2026-01-30") {
		t.Errorf("sentences as of a day: %+v", got.Definitions)
	}
	if len(got.Warnings) != 1 || got.Warnings[0].Line == 0 || !strings.Contains(got.Warnings[0].Message, "nobody to rename") {
		t.Errorf("warnings: %+v", got.Warnings)
	}
}

// TestPreviewAndApply: who is told to enter, leave and move are those who do.
func TestPreviewAndApply(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	changed := strings.NewReplacer("times: {at_least: 2}", "times: {is: 1}", "within: 90d, times: {at_least: 3}", "within: 30d").Replace(definitions)
	lists := []string{"segment=regulars", "segment=good_regulars", "tier=frequency&level=high", "tier=frequency&level=low"}
	before, after := map[string][]string{}, map[string][]string{}
	for _, l := range lists {
		before[l] = w.ids(l)
	}
	p := post[server.PlanInfo](w, "/api/v1/definitions/preview", server.DraftText{YAML: changed}, 200)
	for _, l := range lists {
		if !slices.Equal(w.ids(l), before[l]) {
			t.Errorf("previewing changed %s", l)
		}
	}
	only := strings.SplitAfter(changed, "consumer: 测试\n    where: {event: order_paid, within: 90d, times: {is: 1}}\n")[0]
	alone := post[server.PlanInfo](w, "/api/v1/definitions/preview", server.DraftText{YAML: only}, 200)

	about := post[server.Estimate](w, "/api/v1/definitions/estimate", server.DraftText{YAML: changed}, 200)
	if !about.Exact || about.Customers != people || about.Sample != people || len(about.Definitions) != len(p.Definitions) {
		t.Errorf("an estimate from everyone: %+v", about)
	}
	for i, e := range about.Definitions {
		if of := p.Definitions[i]; e.Name != of.Name || e.Count != int(of.After) || e.Low != e.Count || e.High != e.Count {
			t.Errorf("estimated %+v of %+v", e, of)
		}
	}

	done := post[server.Applied](w, "/api/v1/definitions/apply", server.PlanID{Plan: p.Plan}, 200)
	if refs(done.Definitions) != "segment regulars, tier frequency" {
		t.Errorf("applied %+v", done)
	}
	for _, l := range lists {
		after[l] = w.ids(l)
	}
	items := map[string]server.PlanItem{}
	for _, i := range p.Definitions {
		items[i.Kind+" "+i.Name] = i
	}
	for name, list := range map[string]string{"segment regulars": lists[0], "segment good_regulars": lists[1]} {
		enter, leave := minus(after[list], before[list]), minus(before[list], after[list])
		i := items[name]
		if i.Before != uint64(len(before[list])) || i.After != uint64(len(after[list])) || i.Enter != uint64(len(enter)) || i.Leave != uint64(len(leave)) {
			t.Errorf("%s: %+v; but %d -> %d, enter %v, leave %v", name, i, len(before[list]), len(after[list]), enter, leave)
		}
		if !slices.Equal(briefs(i.Entered), enter[:min(5, len(enter))]) || !slices.Equal(briefs(i.Left), leave[:min(5, len(leave))]) {
			t.Errorf("%s: samples %v, %v of %v, %v", name, i.Entered, i.Left, enter, leave)
		}
	}
	if items["segment regulars"].Enter == 0 || items["segment regulars"].Leave == 0 {
		t.Error("nobody enters or leaves, so this test shows nothing")
	}
	if got := refs2(alone.Definitions); got != "tag spend_90d same, tag spend_band same, segment regulars update" {
		t.Errorf("a part of the text: %s", got)
	}
	if got := refs2(alone.Affected); got != "segment good_regulars same" || alone.Affected[0].Before != items["segment good_regulars"].Before || alone.Affected[0].After != items["segment good_regulars"].After {
		t.Errorf("affected: %+v", alone.Affected)
	}
	for _, m := range items["tier frequency"].Moves {
		if n := len(both(before["tier=frequency&level="+m.From], after["tier=frequency&level="+m.To])); m.Count != uint64(n) || n == 0 || m.FromName.En == "" || m.ToName.Zh == "" {
			t.Errorf("move %+v; but %d moved", m, n)
		}
	}
	if items["tier frequency"].Changed == 0 || items["tier rfm"].Change != "same" {
		t.Errorf("tiers: %+v", p.Definitions)
	}

	d := get[server.DefinitionDetail](w, "/api/v1/definitions/segment/regulars")
	if len(d.Versions) != 2 || d.Versions[0].Version != 2 || d.Versions[0].Author != testAccount {
		t.Errorf("versions %+v", d.Versions)
	}
	entry := get[server.AuditPage](w, "/api/v1/audit").Items[0]
	if entry.Action != "definitions.apply" || entry.Account != testAccount || entry.Object != "segment regulars, tier frequency" || !strings.Contains(entry.Detail, p.Plan) {
		t.Errorf("audit %+v", entry)
	}

	// A plan is good once, and only while nothing has changed.
	for _, plan := range []string{p.Plan, alone.Plan} {
		if problem := post[server.Problem](w, "/api/v1/definitions/apply", server.PlanID{Plan: plan}, 409); problem.Code != "conflict" || problem.Field != "body.plan" {
			t.Errorf("again: %+v", problem)
		}
	}
	p = post[server.PlanInfo](w, "/api/v1/definitions/preview", server.DraftText{YAML: definitions}, 200)
	b.importFile("more.csv", ordersMapping, "类型,单号,订单号,会员号,时间,金额,门店\n销售,new,new,M059,2026-07-01 10:00:00,10,朝阳店\n")
	post[server.Problem](w, "/api/v1/definitions/apply", server.PlanID{Plan: p.Plan}, 409)
	post[server.Problem](w, "/api/v1/definitions/apply", server.PlanID{Plan: "0123456789abcdef"}, 404)
	b.wait(time.Minute)
	p = post[server.PlanInfo](w, "/api/v1/definitions/preview", server.DraftText{YAML: definitions}, 200)
	post[server.Applied](w, "/api/v1/definitions/apply", server.PlanID{Plan: p.Plan}, 200)
	if got := w.ids(lists[0]); !slices.Equal(got, before[lists[0]]) {
		t.Errorf("back again: %v, at first %v", got, before[lists[0]])
	}
}

func TestPreviewRefuses(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	for yaml, field := range map[string]string{
		"": "body.yaml", "segments: {}\n": "body.yaml",
		"segments:\n  a: {where: {segment: nobody}}\n  b: {where: {tag: none}}\n": "body.yaml:2: segments.a.where.segment",
	} {
		problem := post[server.Problem](w, "/api/v1/definitions/preview", server.DraftText{YAML: yaml}, 422)
		if problem.Field != field || strings.Contains(yaml, "nobody") != (len(problem.Problems) > 1) {
			t.Errorf("%q: %+v", yaml, problem)
		}
	}
	for _, path := range []string{"preview", "estimate"} {
		post[server.Problem](w, "/api/v1/definitions/"+path, server.DraftText{YAML: definitions, AsOf: "soon"}, 422)
	}
	post[server.Problem](w, "/api/v1/definitions/estimate", server.DraftText{YAML: "segments:\n  a: {where: {segment: nobody}}\n"}, 422)
}

// What says neither what it is for nor who uses it can be looked at, and is
// not published; the account that publishes is its owner.
func TestPublishingNeedsPurposeAndConsumer(t *testing.T) {
	w := newBusiness(t).signedIn()
	const bare = "segments:\n  bare:\n    where: {event: order_paid, within: 30d}\n"
	p := post[server.PlanInfo](w, "/api/v1/definitions/preview", server.DraftText{YAML: bare}, 200)
	if len(p.Warnings) != 1 || p.Warnings[0].Line != 2 || p.Warnings[0].Message != "segment bare has no purpose and no consumer" || !strings.Contains(p.Warnings[0].Hint, "apply refuses") {
		t.Errorf("warnings %+v", p.Warnings)
	}
	refused := post[server.Problem](w, "/api/v1/definitions/apply", server.PlanID{Plan: p.Plan}, 422)
	if len(refused.Problems) != 2 || refused.Problems[0].Field != "body.yaml:2: segments.bare.purpose" || refused.Problems[1].Field != "body.yaml:2: segments.bare.consumer" || refused.Problems[1].Hint == "" {
		t.Errorf("refused with %+v", refused)
	}
	if response, body := w.do("GET", "/api/v1/definitions/segment/bare", ""); response.StatusCode != 404 {
		t.Errorf("it was published: %d %s", response.StatusCode, body)
	}
}

func TestWhoMayPublish(t *testing.T) {
	b := newBusiness(t)
	plan := post[server.PlanInfo](b.signedIn(), "/api/v1/definitions/preview", server.DraftText{YAML: definitions}, 200).Plan
	ctx := context.Background()
	for role, allowed := range map[registry.Role]bool{registry.Owner: true, registry.Operator: true, registry.Viewer: false} {
		name := "the_" + string(role)
		if _, err := b.registry.CreateAccount(ctx, name, role, strata.At(b.now())); err != nil {
			t.Fatal(err)
		}
		if err := b.registry.SetPassword(ctx, name, testPassword); err != nil {
			t.Fatal(err)
		}
		w := b.browser()
		post[server.SessionInfo](w, "/api/v1/session", server.Credentials{Account: name, Password: testPassword}, 200)
		want := 200
		if !allowed {
			want = 403
		}
		post[server.DraftCheck](w, "/api/v1/definitions/check", server.DraftText{YAML: definitions}, 200)
		post[any](w, "/api/v1/definitions/preview", server.DraftText{YAML: definitions}, want)
		post[any](w, "/api/v1/definitions/apply", server.PlanID{Plan: plan}, want)
	}
	for _, path := range []string{"check", "preview", "apply"} {
		post[server.Problem](b.browser(), "/api/v1/definitions/"+path, server.PlanID{Plan: plan}, 401)
	}
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return slices.Contains(b, x) })
}

func both(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return !slices.Contains(b, x) })
}

func briefs(all []server.CustomerBrief) []string {
	out := []string{}
	for _, x := range all {
		out = append(out, x.ID)
	}
	return out
}

func refs2(all []server.PlanItem) string {
	var out []string
	for _, i := range all {
		out = append(out, i.Kind+" "+i.Name+" "+i.Change)
	}
	return strings.Join(out, ", ")
}
