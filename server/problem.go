package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"strata"
)

// Problem is the answer to a request that could not be done (RFC 9457), sent
// as application/problem+json.
type Problem struct {
	Type     string          `json:"type" doc:"Always about:blank: the title says what the status says."`
	Title    string          `json:"title"`
	Status   int             `json:"status"`
	Detail   string          `json:"detail" doc:"What is wrong, in one sentence."`
	Code     string          `json:"code" enum:"invalid,not_found,conflict,unsupported,forbidden,unavailable,internal,unauthenticated,too_many" doc:"For programs."`
	Field    string          `json:"field,omitempty" doc:"Where, such as query.limit or body.password."`
	Hint     string          `json:"hint,omitempty" doc:"What to write instead."`
	Problems []ProblemDetail `json:"problems,omitempty" doc:"Each one where there are several."`
}

// ProblemDetail is one of several problems of a request.
type ProblemDetail struct {
	Detail string `json:"detail"`
	Field  string `json:"field,omitempty"`
	Hint   string `json:"hint,omitempty"`
}

// Codes of this package only; the others are strata's.
const (
	unauthenticated strata.Code = "unauthenticated"
	tooMany         strata.Code = "too_many"
)

// statuses is the one table from codes to HTTP status.
var statuses = map[strata.Code]int{
	strata.Invalid:     http.StatusUnprocessableEntity,
	strata.NotFound:    http.StatusNotFound,
	strata.Conflict:    http.StatusConflict,
	strata.Unsupported: http.StatusNotImplemented,
	strata.Forbidden:   http.StatusForbidden,
	strata.Unavailable: http.StatusServiceUnavailable,
	strata.Internal:    http.StatusInternalServerError,
	unauthenticated:    http.StatusUnauthorized,
	tooMany:            http.StatusTooManyRequests,
}

// codeOfStatus is the code of a status that huma chose.
func codeOfStatus(status int) strata.Code {
	for code, s := range statuses {
		if s == status {
			return code
		}
	}
	switch {
	case status >= 500:
		return strata.Internal
	default:
		return strata.Invalid
	}
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status, for huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457, for huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// problemOf turns an error of a stage into an answer. What is wrong inside is
// not told to the browser; the caller logs it.
func problemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var e *strata.Error
	switch {
	case errors.As(err, &e):
	case errors.Is(err, context.DeadlineExceeded):
		e = &strata.Error{Code: strata.Unavailable, Message: "the answer took too long", Hint: "try again in a moment"}
	default:
		e = &strata.Error{Code: strata.Internal}
	}
	status, ok := statuses[e.Code]
	if !ok {
		status = http.StatusInternalServerError
	}
	p = &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: string(e.Code), Detail: e.Message, Field: e.Field, Hint: e.Hint}
	if status == http.StatusInternalServerError {
		p.Code, p.Field, p.Hint = string(strata.Internal), "", ""
		p.Detail = "something went wrong inside; the log of the server says what"
	}
	return p
}

// invalid is a refusal of a request's input at a place such as query.limit.
func invalid(field, message, hint string) error {
	return &strata.Error{Code: strata.Invalid, Field: field, Message: message, Hint: hint}
}

// sendProblem answers outside huma.
func sendProblem(w http.ResponseWriter, err error) {
	p := problemOf(err)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p)
}

// useProblems makes huma answer its own refusals (a missing body, a limit out
// of range) as Problems, and describe arrays as never null. These are huma's
// only switches for it, and global.
var useProblems = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: message, Code: string(codeOfStatus(status))}
		for _, err := range errs {
			d := ProblemDetail{Detail: err.Error()}
			var detail huma.ErrorDetailer
			if errors.As(err, &detail) {
				d = ProblemDetail{Detail: detail.ErrorDetail().Message, Field: detail.ErrorDetail().Location}
			}
			p.Problems = append(p.Problems, d)
		}
		if len(p.Problems) > 0 {
			p.Detail, p.Field = p.Problems[0].Detail, p.Problems[0].Field
		}
		if len(p.Problems) == 1 {
			p.Problems = nil
		}
		return p
	}
})
