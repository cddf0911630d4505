package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/alexedwards/scs/v2"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"strata"
)

const (
	cookieName     = "strata_session"
	accountKey     = "account"
	minPassword    = 10
	openOperations = " sign-in "
)

func newSessions(o *Options) *scs.SessionManager {
	s := scs.New()
	s.Store = o.Sessions
	s.Lifetime = sessionLength
	s.HashTokenInStore = true
	s.Cookie.Name = cookieName
	s.Cookie.HttpOnly = true
	s.Cookie.SameSite = http.SameSiteLaxMode
	s.Cookie.Secure = o.SecureCookies
	s.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		o.Logger.Error("the session cannot be read or written", "error", err)
		sendProblem(w, &strata.Error{Code: strata.Unavailable, Message: "the session cannot be read or written", Hint: "try again in a moment"})
	}
	return s
}

type accountInContext struct{}

// who is the account that is signed in; gate has put it there.
func who(ctx context.Context) Account {
	a, _ := ctx.Value(accountInContext{}).(Account)
	return a
}

// gate lets only accounts that are signed in past, but for signing in, and
// answers a reading request that the browser has an answer to with 304.
func (c *console) gate(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		_, w := humachi.Unwrap(ctx)
		ctx.SetHeader("Cache-Control", "no-store")
		if strings.Contains(openOperations, " "+ctx.Operation().OperationID+" ") {
			next(ctx)
			return
		}
		name := c.sessions.GetString(ctx.Context(), accountKey)
		if name == "" {
			sendProblem(w, notSignedIn())
			return
		}
		account, err := c.Accounts.Account(ctx.Context(), name)
		switch {
		case missing(err):
			c.sessions.Destroy(ctx.Context())
			sendProblem(w, notSignedIn())
			return
		case err != nil:
			sendProblem(w, c.problem(ctx.Operation().OperationID, err))
			return
		}
		if c.known(ctx) {
			ctx.SetStatus(http.StatusNotModified)
			return
		}
		next(huma.WithValue(ctx, accountInContext{}, account))
	}
}

func notSignedIn() error {
	return &strata.Error{Code: unauthenticated, Message: "nobody is signed in", Hint: "sign in first"}
}

func (c *console) info(a Account) SessionInfo {
	return SessionInfo{
		Account: a.Name, Role: a.Role, Zone: c.settings.Zone, Currency: c.settings.Currency,
		Business: c.Business, MustSetPassword: a.MustSetPassword,
	}
}

func (c *console) session(ctx context.Context, _ *nothing) (SessionInfo, error) {
	return c.info(who(ctx)), nil
}

func (c *console) signIn(ctx context.Context, r *signInRequest) (SessionInfo, error) {
	account, err := c.authenticate(ctx, r.Body.Account, r.Body.Password)
	if wrongPassword(err) {
		if err := c.record(ctx, strings.TrimSpace(r.Body.Account), actionSignInRefused, "", nil); err != nil {
			return SessionInfo{}, err
		}
		return SessionInfo{}, &strata.Error{Code: unauthenticated, Field: "body.password", Message: "account or password is wrong", Hint: "check both, or ask for a sign-in link"}
	}
	if err != nil {
		return SessionInfo{}, err
	}
	if err := c.open(ctx, account.Name, actionSignIn); err != nil {
		return SessionInfo{}, err
	}
	return c.info(account), nil
}

func (c *console) authenticate(ctx context.Context, name, password string) (Account, error) {
	account, err := c.Accounts.Authenticate(ctx, name, password, strata.At(c.Now()))
	var e *strata.Error
	if errors.As(err, &e) && e.Code == strata.Unavailable && e.Field == "account" {
		return Account{}, &strata.Error{Code: tooMany, Field: "body.account", Message: e.Message, Hint: e.Hint}
	}
	return account, err
}

// wrongPassword reports whether signing in was refused, by whatever reason
// that is not told apart.
func wrongPassword(err error) bool {
	code := strata.CodeOf(err)
	return code == strata.Forbidden || code == strata.NotFound || code == strata.Invalid
}

// open makes the request's session the account's.
func (c *console) open(ctx context.Context, account, action string) error {
	if err := c.sessions.RenewToken(ctx); err != nil {
		return err
	}
	c.sessions.Put(ctx, accountKey, account)
	return c.record(ctx, account, action, "", nil)
}

func (c *console) signOut(ctx context.Context, _ *nothing) error {
	if err := c.record(ctx, who(ctx).Name, actionSignOut, "", nil); err != nil {
		return err
	}
	return c.sessions.Destroy(ctx)
}

func (c *console) setPassword(ctx context.Context, r *passwordRequest) error {
	account := who(ctx)
	if len([]rune(r.Body.Password)) < minPassword {
		return invalid("body.password", "the password is too short", "use at least 10 characters")
	}
	if !account.MustSetPassword {
		_, err := c.authenticate(ctx, account.Name, r.Body.Current)
		if wrongPassword(err) {
			return &strata.Error{Code: strata.Forbidden, Field: "body.current", Message: "the password so far is wrong", Hint: "write it again"}
		}
		if err != nil {
			return err
		}
	}
	err := c.Accounts.SetPassword(ctx, account.Name, r.Body.Password)
	var e *strata.Error
	if errors.As(err, &e) && e.Code == strata.Invalid {
		return invalid("body.password", e.Message, e.Hint)
	}
	if err != nil {
		return err
	}
	if err := c.record(ctx, account.Name, actionPassword, account.Name, nil); err != nil {
		return err
	}
	return c.sessions.RenewToken(ctx)
}

// signInByLink opens a session for a one-time link and goes to the console;
// with a link that is no good it goes to the page for signing in.
func (c *console) signInByLink(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	account, err := c.Links.UseSignInLink(r.Context(), r.URL.Query().Get("token"), strata.At(c.Now()))
	if wrongPassword(err) {
		c.Logger.Info("a sign-in link was refused", "error", err)
		http.Redirect(w, r, "/?sign_in_link=refused", http.StatusSeeOther)
		return
	}
	if err == nil {
		err = c.open(r.Context(), account.Name, actionSignInByLink)
	}
	if err != nil {
		sendProblem(w, c.problem("sign-in-by-link", err))
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// record writes what an account did to the audit; detail may be nil.
func (c *console) record(ctx context.Context, account, action, object string, detail any) error {
	e := AuditEntry{At: strata.At(c.Now()), Account: account, Action: action, Object: object}
	if detail != nil {
		text, err := json.Marshal(detail)
		if err != nil {
			return err
		}
		e.Detail = string(text)
	}
	return c.Audit.Append(ctx, e)
}
