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

// answer is a JSON answer.
type answer[T any] struct{ Body T }

func answered[T any](body T, err error) (*answer[T], error) {
	if err != nil {
		return nil, err
	}
	return &answer[T]{Body: body}, nil
}

type nothing struct{}

type (
	signInRequest   struct{ Body Credentials }
	passwordRequest struct{ Body NewPassword }
	nameRequest     struct {
		AsOf
		Name string `path:"name"`
	}
	customerRequest struct {
		AsOf
		ID string `path:"id"`
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
		Name string `query:"name" required:"true"`
	}
	movesRequest struct {
		Name string `path:"name"`
		From string `query:"from" required:"true" example:"2026-01-01" doc:"RFC 3339, or a date (00:00 of that day)."`
		To   string `query:"to" doc:"As from, later than it; absent = now."`
	}
	refusedRequest struct {
		Page
		ID uint32 `path:"id"`
	}
	listRequest struct {
		Filter
		Page
	}
)

// Filter says which customers a list holds. All that are given must hold.
type Filter struct {
	AsOf
	Search    string `query:"search" maxLength:"100" doc:"Part of a name, the start of any key, or the last four or more digits of a phone number."`
	Segment   string `query:"segment"`
	Tier      string `query:"tier"`
	Level     string `query:"level" doc:"With tier: at this level; - = no level."`
	MovedFrom string `query:"moved_from" doc:"With tier, since and moved_to: at this level then; - = no level."`
	MovedTo   string `query:"moved_to" doc:"At this level now; - = no level."`
	Since     string `query:"since" doc:"The earlier date of moved_from: RFC 3339, or a date."`
	Tag       string `query:"tag" doc:"With value: those whose tag has that value; alone: those with any value."`
	Value     string `query:"value"`
}

// register declares every operation of the API. The handlers belong to c,
// which may be nil where only the description is wanted.
func register(api huma.API, c *console) {
	// get declares a reading operation for people who are signed in.
	session := []string{"Session"}
	operation := func(id, method, path, tag, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: prefix + path, Summary: summary, Tags: []string{tag}}
	}

	signIn := operation("sign-in", http.MethodPost, "/session", session[0], "Sign in with a password")
	huma.Register(api, signIn, func(ctx context.Context, r *signInRequest) (*answer[SessionInfo], error) {
		return answered(c.signIn(ctx, r.Body))
	})
	current := operation("get-session", http.MethodGet, "/session", session[0], "Who is signed in")
	huma.Register(api, current, func(ctx context.Context, _ *nothing) (*answer[SessionInfo], error) {
		return answered(c.session(ctx))
	})
	signOut := operation("sign-out", http.MethodDelete, "/session", session[0], "Sign out")
	signOut.DefaultStatus = http.StatusNoContent
	huma.Register(api, signOut, func(ctx context.Context, _ *nothing) (*struct{}, error) {
		return nil, c.signOut(ctx)
	})
	password := operation("set-password", http.MethodPut, "/session/password", session[0], "Set the password of the account that is signed in")
	password.DefaultStatus = http.StatusNoContent
	huma.Register(api, password, func(ctx context.Context, r *passwordRequest) (*struct{}, error) {
		return nil, c.setPassword(ctx, r.Body)
	})

	huma.Register(api, operation("get-freshness", http.MethodGet, "/freshness", "Overview", "What the console's figures are based on"),
		func(ctx context.Context, _ *nothing) (*answer[Freshness], error) { return answered(c.freshness(ctx)) })
	huma.Register(api, operation("get-overview", http.MethodGet, "/overview", "Overview", "The business at a glance"),
		func(ctx context.Context, r *struct{ AsOf }) (*answer[Overview], error) {
			return answered(c.overview(ctx, r.AsOf))
		})

	huma.Register(api, operation("list-customers", http.MethodGet, "/customers", "Customers", "A list of customers, by number"),
		func(ctx context.Context, r *listRequest) (*answer[CustomerPage], error) {
			return answered(c.customers(ctx, r.Filter, r.Page))
		})
	huma.Register(api, operation("get-customer", http.MethodGet, "/customers/{id}", "Customers", "One customer"),
		func(ctx context.Context, r *customerRequest) (*answer[CustomerDetail], error) {
			return answered(c.customer(ctx, r.ID, r.AsOf))
		})
	huma.Register(api, operation("list-events", http.MethodGet, "/customers/{id}/events", "Customers", "A customer's events, newest first"),
		func(ctx context.Context, r *eventsRequest) (*answer[EventPage], error) {
			return answered(c.events(ctx, r.ID, r.Event, r.Page))
		})
	huma.Register(api, operation("explain", http.MethodGet, "/customers/{id}/explain", "Customers", "Why a customer has a tag's value, is in or out of a segment, or at its level"),
		func(ctx context.Context, r *explainRequest) (*answer[Reason], error) {
			return answered(c.explain(ctx, r))
		})
	export := operation("export-customers", http.MethodGet, "/export", "Customers", "The same list as a CSV file, phone numbers masked; written to the audit")
	export.Responses = map[string]*huma.Response{"200": {
		Description: "OK",
		Content:     map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: "string"}}},
	}}
	huma.Register(api, export, func(ctx context.Context, r *struct{ Filter }) (*huma.StreamResponse, error) {
		return c.export(ctx, r.Filter)
	})

	huma.Register(api, operation("list-segments", http.MethodGet, "/segments", "Segments", "All segments"),
		func(ctx context.Context, r *struct{ AsOf }) (*answer[[]SegmentInfo], error) {
			return answered(c.segments(ctx, r.AsOf))
		})
	huma.Register(api, operation("get-segment", http.MethodGet, "/segments/{name}", "Segments", "One segment"),
		func(ctx context.Context, r *nameRequest) (*answer[SegmentDetail], error) {
			return answered(c.segment(ctx, r.Name, r.AsOf))
		})
	huma.Register(api, operation("list-tags", http.MethodGet, "/tags", "Tags", "All tags"),
		func(ctx context.Context, r *struct{ AsOf }) (*answer[[]TagInfo], error) {
			return answered(c.tags(ctx, r.AsOf))
		})
	huma.Register(api, operation("get-tag", http.MethodGet, "/tags/{name}", "Tags", "One tag"),
		func(ctx context.Context, r *nameRequest) (*answer[TagDetail], error) {
			return answered(c.tag(ctx, r.Name, r.AsOf))
		})
	huma.Register(api, operation("list-tiers", http.MethodGet, "/tiers", "Tiers", "All tier models"),
		func(ctx context.Context, r *struct{ AsOf }) (*answer[[]TierInfo], error) {
			return answered(c.tiers(ctx, r.AsOf))
		})
	huma.Register(api, operation("get-tier", http.MethodGet, "/tiers/{name}", "Tiers", "One tier model with the weight of each level"),
		func(ctx context.Context, r *nameRequest) (*answer[TierDetail], error) {
			return answered(c.tier(ctx, r.Name, r.AsOf))
		})
	huma.Register(api, operation("get-moves", http.MethodGet, "/tiers/{name}/moves", "Tiers", "How customers moved between levels, by the same calibration at both dates"),
		func(ctx context.Context, r *movesRequest) (*answer[Migration], error) {
			return answered(c.moves(ctx, r))
		})

	huma.Register(api, operation("list-audit", http.MethodGet, "/audit", "Audit", "Who did what, newest first"),
		func(ctx context.Context, r *struct{ Page }) (*answer[AuditPage], error) {
			return answered(c.auditPage(ctx, r.Page))
		})
	huma.Register(api, operation("list-imports", http.MethodGet, "/imports", "Imports", "All imports, newest first"),
		func(ctx context.Context, _ *nothing) (*answer[[]ImportInfo], error) { return answered(c.imports(ctx)) })
	huma.Register(api, operation("list-refused", http.MethodGet, "/imports/{id}/refused", "Imports", "An import's refused rows"),
		func(ctx context.Context, r *refusedRequest) (*answer[RefusedPage], error) {
			return answered(c.refused(ctx, r.ID, r.Page))
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
	register(api, c)
	return api
}

// Describe returns the API's OpenAPI 3.1 description as indented JSON with a
// line end.
func Describe() ([]byte, error) {
	data, err := json.MarshalIndent(newAPI(chi.NewMux(), nil).OpenAPI(), "", "  ")
	return append(data, '\n'), err
}
