package strata

import (
	"errors"
	"strings"
)

// Code says what kind of thing went wrong, for programs. One table in
// cmd/strata maps it to an exit code, one in server to an HTTP status.
type Code string

// The codes of errors.
const (
	Invalid     Code = "invalid"     // the input is wrong; Field and Hint say where and what instead
	NotFound    Code = "not_found"   // there is no such thing
	Conflict    Code = "conflict"    // it contradicts what is there
	Unsupported Code = "unsupported" // understood, but this engine cannot run it
	Forbidden   Code = "forbidden"   // the account may not do it
	Unavailable Code = "unavailable" // the environment does not allow it: locked, full, unreadable
	Internal    Code = "internal"    // a bug
)

// Error is the one error type that crosses a package border.
type Error struct {
	Code    Code
	Message string // for people: what is wrong, in one sentence without a full stop
	Field   string // where: a path such as segments.loyal.where.all[1], or file:line
	Hint    string // what to write instead
	Cause   error  // may be nil
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Field != "" {
		b.WriteString(e.Field)
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Hint != "" {
		b.WriteString("; ")
		b.WriteString(e.Hint)
	}
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the code of the first Error in err's tree, and Internal for
// any other non-nil error.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
