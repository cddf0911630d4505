package server

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
)

// prefix is where the API lives.
const prefix = "/api/v1"

// What requests carry.
type (
	// AsOf is the instant that a request asks about.
	AsOf struct {
		AsOf string `query:"as_of" example:"2026-01-31" doc:"RFC 3339, or a date (00:00 of that day in the business zone); absent = now, in steps of a few minutes."`
	}
	// Page is the part of a list that a request asks for.
	Page struct {
		Cursor string `query:"cursor" maxLength:"2000" doc:"What the answer before gave as next; absent = the first page."`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Most items in one answer."`
	}
	// Filter says which customers a list holds: those for whom all that is
	// given holds.
	Filter struct {
		AsOf
		Search    string `query:"search" maxLength:"100" doc:"Part of a name, the start of any key, or the last four or more digits of a phone number."`
		Segment   string `query:"segment"`
		Tier      string `query:"tier"`
		Level     string `query:"level" doc:"With tier: at this level; - = no level."`
		MovedFrom string `query:"moved_from" doc:"With tier, since and moved_to: at this level then; - = no level."`
		MovedTo   string `query:"moved_to" doc:"With tier, since and moved_from: at this level now; - = no level."`
		Cuts      string `query:"cuts" enum:"latest,frozen,own" default:"latest" doc:"With moved_from: by which cut points. latest: those in force now at both dates; frozen and own as in get-migration."`
		Since     string `query:"since" doc:"The earlier date of moved_from: RFC 3339, or a date."`
		Tag       string `query:"tag" doc:"With value: those whose tag has that value; alone: those with any value."`
		Value     string `query:"value"`
	}
	nothing         struct{}
	signInRequest   struct{ Body Credentials }
	passwordRequest struct{ Body NewPassword }
	asOfRequest     struct{ AsOf }
	nameRequest     struct {
		AsOf
		Name string `path:"name"`
	}
	customerRequest struct {
		AsOf
		ID string `path:"id"`
	}
	customerOnlyRequest struct {
		ID string `path:"id"`
	}
	changesRequest struct {
		Kind  string `query:"kind" enum:"tag,segment,tier" doc:"With name: only this definition's."`
		Name  string `query:"name"`
		Since string `query:"since" doc:"Only what happened since: RFC 3339, or a date."`
	}
	eventsRequest struct {
		Page
		ID    string `path:"id"`
		Event string `query:"event" doc:"Only events of this type."`
	}
	explainRequest struct {
		AsOf
		ID   string `path:"id"`
		Kind string `query:"kind" required:"true" enum:"tag,segment,tier"`
		Name string `query:"name" required:"true" minLength:"1"`
	}
	definitionRequest struct {
		AsOf
		Kind string `path:"kind" enum:"tag,segment,tier"`
		Name string `path:"name"`
	}
	calibrationRequest struct {
		Kind string `path:"kind" enum:"tag,tier"`
		Name string `path:"name"`
	}
	calibrateRequest struct {
		Kind string `path:"kind" enum:"tag,tier"`
		Name string `path:"name"`
		Body CalibrateAt
	}
	scheduleRequest struct {
		Kind string `path:"kind" enum:"tag,tier"`
		Name string `path:"name"`
		Body Schedule
	}
	draftRequest struct{ Body DraftText }
	applyRequest struct{ Body PlanID }
	movesRequest struct {
		Name string `path:"name"`
		From string `query:"from" required:"true" example:"2026-01-01" doc:"RFC 3339, or a date (00:00 of that day)."`
		To   string `query:"to" doc:"As from, and later; absent = now."`
	}
	migrationRequest struct {
		Name string `path:"name"`
		From string `query:"from" required:"true" example:"2026-01-01" doc:"RFC 3339, or a date (00:00 of that day)."`
		To   string `query:"to" doc:"As from, and later; absent = now."`
		Cuts string `query:"cuts" enum:"frozen,own" default:"frozen" doc:"frozen: the cut points of the first date at both; own: each date by its own."`
	}
	nameOnlyRequest struct {
		Name string `path:"name"`
	}
	reviewRequest struct {
		Name string `path:"name"`
		Body ReviewNote
	}
	warningChangesRequest struct {
		Tier  string `query:"tier" doc:"Only those of this tier."`
		After uint64 `query:"after" doc:"Only changes with a higher number."`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
	}
	listRequest struct {
		Filter
		Page
	}
	exportRequest struct {
		Filter
		Language string `query:"lang" enum:"zh,en" default:"zh" doc:"Of the column names and the names of levels."`
	}
	pageRequest    struct{ Page }
	refusedRequest struct {
		Page
		ID uint32 `path:"id"`
	}
)

// register declares every operation of the API.
func register(api huma.API, c *console) {
	const (
		get    = http.MethodGet
		post   = http.MethodPost
		put    = http.MethodPut
		remove = http.MethodDelete
	)
	op := func(id, method, path, tag, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: prefix + path, Summary: summary, Tags: []string{tag}}
	}

	handle(api, c, op("sign-in", post, "/session", "Session", "Sign in with a password"), c.signIn)
	handle(api, c, op("get-session", get, "/session", "Session", "Who is signed in"), c.session)
	do(api, c, op("sign-out", remove, "/session", "Session", "Sign out"), c.signOut)
	do(api, c, op("set-password", put, "/session/password", "Session", "Set the password of the account that is signed in"), c.setPassword)

	handle(api, c, op("get-freshness", get, "/freshness", "Overview", "What the console's figures are based on"), c.freshness)
	stream(api, c, op("get-updates", get, "/updates", "Overview", "Server-Sent Events: the same now, and again whenever answers have moved, at most about once a second; ends after ten minutes and with the server"), "text/event-stream", c.updates)
	handle(api, c, op("get-overview", get, "/overview", "Overview", "The business at a glance"), c.overview)

	handle(api, c, op("list-customers", get, "/customers", "Customers", "A list of customers, by number"), c.customers)
	handle(api, c, op("get-customer", get, "/customers/{id}", "Customers", "One customer"), c.customer)
	handle(api, c, op("get-erasure", get, "/customers/{id}/erasure", "Customers", "What erasing the customer would take away; for owners"), c.erasable)
	handle(api, c, op("erase-customer", post, "/customers/{id}/erasure", "Customers", "Erase everything that is known of the customer, for good; for owners; written to the audit"), c.erase)
	handle(api, c, op("list-changes", get, "/changes", "Customers", "The newest changes: who entered, left and moved, and by what cause"), c.changes)
	handle(api, c, op("get-history", get, "/customers/{id}/history", "Customers", "A customer's changes of segments, levels and dynamic tags, newest first"), c.history)
	handle(api, c, op("list-events", get, "/customers/{id}/events", "Customers", "A customer's events, newest first"), c.events)
	handle(api, c, op("explain", get, "/customers/{id}/explain", "Customers", "Why a customer has a tag's value, is in or out of a segment, or at its level"), c.explain)
	stream(api, c, op("export-customers", get, "/export", "Customers", "The same list as a CSV file, phone numbers masked; written to the audit"), "text/csv", c.export)

	handle(api, c, op("list-segments", get, "/segments", "Segments", "All segments"), c.segments)
	handle(api, c, op("get-segment", get, "/segments/{name}", "Segments", "One segment"), c.segment)
	handle(api, c, op("list-tags", get, "/tags", "Tags", "All tags"), c.tags)
	handle(api, c, op("get-tag", get, "/tags/{name}", "Tags", "One tag"), c.tag)
	handle(api, c, op("list-tiers", get, "/tiers", "Tiers", "All tier models"), c.tiers)
	handle(api, c, op("get-tier", get, "/tiers/{name}", "Tiers", "One tier model with the weight of each level"), c.tier)
	handle(api, c, op("get-moves", get, "/tiers/{name}/moves", "Tiers", "How customers moved between levels, by the same calibration at both dates"), c.moves)
	handle(api, c, op("get-migration", get, "/tiers/{name}/migration", "Tiers", "How customers moved between levels: matrix, flows with intervals, the share moving up, and what new cut points alone did"), c.migration)
	handle(api, c, op("get-warnings", get, "/tiers/{name}/warnings", "Tiers", "The warnings of a tier as they stand, with the customers who moved and who are heading there"), c.warnings)
	handle(api, c, op("list-warning-changes", get, "/warnings", "Tiers", "Recorded changes of warnings by number, for consumers that read on from the last they have seen"), c.warningChanges)
	handle(api, c, op("get-care", get, "/tiers/{name}/care", "Tiers", "Notes on the design of a tier, its review, times at its levels, who is heading down"), c.care)
	handle(api, c, op("review-tier", post, "/tiers/{name}/reviews", "Tiers", "Write that the tier was reviewed; for owners and operators; written to the audit"), c.review)
	handle(api, c, op("list-reminders", get, "/reminders", "Tiers", "Tiers whose review is overdue"), c.reminders)

	handle(api, c, op("get-definition", get, "/definitions/{kind}/{name}", "Definitions", "A tag, segment or tier: what it says with concrete dates, whom it holds, its versions"), c.definition)
	handle(api, c, op("get-samples", get, "/definitions/{kind}/{name}/samples", "Definitions", "Ten customers whom it holds and ten whom it does not, near its border where there is one, each with the reason"), c.samples)
	handle(api, c, op("check-definitions", post, "/definitions/check", "Definitions", "What is wrong with a text of definitions, or what it says; changes nothing"), c.checkDraft)
	handle(api, c, op("estimate-definitions", post, "/definitions/estimate", "Definitions", "About how many a text's definitions would hold, from a sample of everyone; for owners and operators"), c.estimate)
	handle(api, c, op("preview-definitions", post, "/definitions/preview", "Definitions", "Plan a text of definitions: who would enter, leave and move; for owners and operators"), c.preview)
	handle(api, c, op("apply-definitions", post, "/definitions/apply", "Definitions", "Publish exactly a plan; 409 when data or definitions have changed since; for owners and operators; written to the audit"), c.applyPlan)

	handle(api, c, op("get-calibration", get, "/definitions/{kind}/{name}/calibration", "Definitions", "The cut points in force, and when they are made anew"), c.calibrated)
	handle(api, c, op("preview-calibration", get, "/definitions/{kind}/{name}/calibration/preview", "Definitions", "New cut points beside those in force, and whom they would move; for owners and operators"), c.recalibration)
	handle(api, c, op("calibrate", post, "/definitions/{kind}/{name}/calibration", "Definitions", "Make the cut points anew; for owners and operators; written to the audit"), c.calibrate)
	do(api, c, op("set-schedule", put, "/definitions/{kind}/{name}/calibration/schedule", "Definitions", "How often the cut points are made anew; for owners and operators; written to the audit"), c.setSchedule)

	handle(api, c, op("list-audit", get, "/audit", "Audit", "Who did what, newest first"), c.auditPage)
	handle(api, c, op("list-imports", get, "/imports", "Imports", "All imports, newest first"), c.imports)
	handle(api, c, op("list-refused", get, "/imports/{id}/refused", "Imports", "An import's refused rows"), c.refused)

	handle(api, c, op("list-sources", get, "/sources", "Sources", "All sources that send over HTTP, and what came from them"), c.sourceList)
	handle(api, c, op("add-source", post, "/sources", "Sources", "Add a source; answers with its write key, once; for owners and operators; written to the audit"), c.addSource)
	handle(api, c, op("rotate-write-key", post, "/sources/{name}/rotate", "Sources", "Make a new write key; answers with it, once; for owners and operators; written to the audit"), c.rotateKey)
	do(api, c, op("revoke-write-keys", post, "/sources/{name}/revoke", "Sources", "End all write keys of a source at once; for owners and operators; written to the audit"), c.revokeKeys)
	handle(api, c, op("list-quarantine", get, "/quarantine", "Sources", "What sources sent and was not taken, with the reason; for owners and operators"), c.held)
	handle(api, c, op("replay-quarantine", post, "/quarantine/replay", "Sources", "Take what the present catalogue allows; for owners and operators; written to the audit"), c.replay)
	handle(api, c, op("discard-quarantine", post, "/quarantine/discard", "Sources", "Drop calls for good; for owners and operators; written to the audit"), c.discard)
	handle(api, c, op("list-proposals", get, "/quarantine/proposals", "Sources", "Events, properties and attributes that sources sent and the catalogue does not have"), c.proposals)
	handle(api, c, op("accept-proposal", post, "/quarantine/proposals", "Sources", "Add one to the catalogue; answers with those that are left; for owners and operators; written to the audit"), c.accept)
}

// answer is a JSON answer.
type answer[T any] struct{ Body T }

// handle declares an operation that answers with JSON.
func handle[I, O any](api huma.API, c *console, op huma.Operation, fn func(context.Context, *I) (O, error)) {
	huma.Register(api, op, func(ctx context.Context, in *I) (*answer[O], error) {
		ctx, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		body, err := fn(ctx, in)
		if err != nil {
			return nil, c.problem(op.OperationID, err)
		}
		return &answer[O]{Body: body}, nil
	})
}

// do declares an operation that answers with nothing.
func do[I any](api huma.API, c *console, op huma.Operation, fn func(context.Context, *I) error) {
	op.DefaultStatus = http.StatusNoContent
	huma.Register(api, op, func(ctx context.Context, in *I) (*struct{}, error) {
		if err := fn(ctx, in); err != nil {
			return nil, c.problem(op.OperationID, err)
		}
		return nil, nil
	})
}

// stream declares an operation that writes its answer as it goes.
func stream[I any](api huma.API, c *console, op huma.Operation, mime string, fn func(context.Context, *I) (func(huma.Context), error)) {
	op.Responses = map[string]*huma.Response{"200": {
		Description: http.StatusText(http.StatusOK),
		Content:     map[string]*huma.MediaType{mime: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	huma.Register(api, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		body, err := fn(ctx, in)
		if err != nil {
			return nil, c.problem(op.OperationID, err)
		}
		return &huma.StreamResponse{Body: body}, nil
	})
}

// newAPI puts the API's operations on a router.
func newAPI(router chi.Router, c *console) huma.API {
	useProblems()
	config := huma.DefaultConfig("Strata", "1")
	config.Info.Description = "The API of the console. Everything but signing in needs the session cookie that signing in sets; a request that changes something is refused when it comes from another site. Instants are RFC 3339 in the business zone; money and decimals are exact decimal strings; shares are numbers 0..1."
	config.OpenAPIPath = prefix + "/openapi"
	config.DocsPath = ""
	config.SchemasPath = ""
	config.CreateHooks = nil
	config.RejectUnknownQueryParameters = true
	api := humachi.New(router, config)
	api.UseMiddleware(c.gate(api))
	register(api, c)
	return api
}

// Describe returns the API's OpenAPI 3.1 description as indented JSON with a
// line end.
func Describe() ([]byte, error) {
	data, err := json.MarshalIndent(newAPI(chi.NewMux(), nil).OpenAPI(), "", "  ")
	return append(data, '\n'), err
}
