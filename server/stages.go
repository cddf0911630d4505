package server

import (
	"context"

	"strata"
)

// Account is a console login.
type Account struct {
	Name            string
	Role            string
	MustSetPassword bool // it has no password of its own yet
}

// Accounts knows who may sign in.
type Accounts interface {
	// Authenticate returns the account that has this password. A wrong
	// password and an unknown account are Forbidden; after too many of them
	// the account is Unavailable, with the field "account", for a minute.
	Authenticate(ctx context.Context, name, password string, at strata.Instant) (Account, error)
	// Account returns the account; one that does not exist (any more) is
	// NotFound.
	Account(ctx context.Context, name string) (Account, error)
	// SetPassword replaces the account's password and clears MustSetPassword.
	// One that is no good is Invalid.
	SetPassword(ctx context.Context, name, password string) error
}

// SignInLinks redeems one-time links.
type SignInLinks interface {
	// UseSignInLink returns the account that the token was made for and uses
	// the token up. One that is unknown, used or expired is Forbidden.
	UseSignInLink(ctx context.Context, token string, at strata.Instant) (Account, error)
}

// AuditEntry is one thing that an account did.
type AuditEntry struct {
	At      strata.Instant
	Account string
	Action  string // such as customer.view
	Object  string // what it was done to
	Detail  string // a JSON object, or empty
}

// Audit keeps what was done, and never forgets.
type Audit interface {
	// Append writes an entry.
	Append(ctx context.Context, e AuditEntry) error
	// Page returns at most limit entries, newest first, and the cursor of
	// those after them, empty where there are none. An empty cursor starts at
	// the newest; one that is not a cursor is Invalid.
	Page(ctx context.Context, cursor string, limit int) (entries []AuditEntry, next string, err error)
}

// Pin is a customer shown on the first page.
type Pin struct {
	Customer    string // public id
	Title, Note Text2
}

// Pins knows the pinned customers, in the order in which they are shown.
type Pins interface {
	Pins(ctx context.Context) ([]Pin, error)
}

// Imports knows what was imported.
type Imports interface {
	// Imports returns all imports, newest first.
	Imports(ctx context.Context) ([]ImportInfo, error)
	// Refused returns at most limit refused rows of an import with a row
	// number above after (0 = from the first), by row. An unknown import is
	// NotFound.
	Refused(ctx context.Context, id uint32, after uint64, limit int) ([]RefusedInfo, error)
}

// Schedules knows which definitions are calibrated by themselves, and who
// stores what the engine stores.
type Schedules interface {
	// Schedule returns how often: compute.EveryMonth, compute.EveryQuarter, or
	// "" for only by hand.
	Schedule(ctx context.Context, kind, name string) (every string, err error)
	// SetSchedule replaces it.
	SetSchedule(ctx context.Context, kind, name, every string) error
	// As returns a context in which what the engine stores is the author's.
	As(ctx context.Context, author string, at strata.Instant) context.Context
}

// Versions knows the history of definitions.
type Versions interface {
	// Versions returns the versions of what is published under a name, newest
	// first.
	Versions(ctx context.Context, kind, name string) ([]DefinitionVersion, error)
}

// Actions in the audit.
const (
	actionSignIn        = "session.sign_in"
	actionSignInByLink  = "session.sign_in_link"
	actionSignInRefused = "session.sign_in_refused"
	actionSignOut       = "session.sign_out"
	actionPassword      = "account.set_password"
	actionViewCustomer  = "customer.view"
	actionExport        = "customers.export"
	actionApply         = "definitions.apply"
	actionCalibrate     = "definition.calibrate"
	actionSchedule      = "definition.schedule"
)

// missing reports whether an error says that something is not there.
func missing(err error) bool { return strata.CodeOf(err) == strata.NotFound }
