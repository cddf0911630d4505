package registry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"strata"
)

// Role is what an account may do.
type Role string

// The roles.
const (
	Owner    Role = "owner"
	Operator Role = "operator"
	Viewer   Role = "viewer"
)

// Account is a console login. Its name is in lower case.
type Account struct {
	Name            string
	Role            Role
	MustSetPassword bool // has none, or one that somebody else chose
	CreatedAt       strata.Instant
}

const (
	failuresAllowed = 5
	failuresWithin  = strata.Instant(time.Minute / time.Millisecond)

	minPasswordRunes = 10
	maxPasswordBytes = 1024
	maxNameRunes     = 64
)

// work is what hashing a password costs (OWASP Password Storage Cheat Sheet:
// Argon2id with 19 MiB, two passes, one lane).
var work = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobody is compared with where there is no hash to compare with, so that an
// unknown account takes as long as a known one. No password has this key.
var nobody = fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", work.Memory, work.Iterations, work.Parallelism,
	base64.RawStdEncoding.EncodeToString(make([]byte, work.SaltLength)), base64.RawStdEncoding.EncodeToString(make([]byte, work.KeyLength)))

// accountName returns the name as it is stored and looked up.
func accountName(name string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(name)))
}

// CreateAccount makes an account without password, which can be entered by a
// sign-in link only. A name that is taken is a Conflict.
func (r *Registry) CreateAccount(ctx context.Context, name string, role Role, at strata.Instant) (Account, error) {
	name = accountName(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > maxNameRunes || strings.ContainsFunc(name, notInName) {
		return Account{}, &strata.Error{Code: strata.Invalid, Field: "account", Message: fmt.Sprintf("%q cannot be the name of an account", name),
			Hint: fmt.Sprintf("use 1 to %d letters, digits and . _ - @", maxNameRunes)}
	}
	if role != Owner && role != Operator && role != Viewer {
		return Account{}, &strata.Error{Code: strata.Invalid, Field: "role", Message: fmt.Sprintf("%q is not a role", role), Hint: "use owner, operator or viewer"}
	}
	a := Account{Name: name, Role: role, MustSetPassword: true, CreatedAt: at}
	err := r.change(ctx, "creating an account", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO accounts (name, role, password, must_set_password, created_at) VALUES (?, ?, '', 1, ?)`, name, string(role), int64(at))
		if isConstraint(err) {
			return &strata.Error{Code: strata.Conflict, Field: "account", Message: fmt.Sprintf("there is an account %s already", name)}
		}
		if err != nil {
			return err
		}
		return sum(ctx, tx, "accounts", "name = ?", name)
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

func notInName(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("._-@", r)
}

// Account returns the account of that name; there being none is NotFound.
func (r *Registry) Account(ctx context.Context, name string) (Account, error) {
	var a Account
	err := r.look(ctx, "reading an account", func(tx *sql.Tx) (err error) {
		a, _, err = account(ctx, tx, accountName(name))
		return err
	})
	return a, err
}

// Accounts returns all accounts by name.
func (r *Registry) Accounts(ctx context.Context) ([]Account, error) {
	var all []Account
	err := r.look(ctx, "reading the accounts", func(tx *sql.Tx) error {
		if err := sound(ctx, tx, "accounts", "1"); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT name, role, must_set_password, created_at FROM accounts ORDER BY name`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a Account
			if err := rows.Scan(&a.Name, &a.Role, &a.MustSetPassword, &a.CreatedAt); err != nil {
				return err
			}
			all = append(all, a)
		}
		return rows.Err()
	})
	return all, err
}

func account(ctx context.Context, tx *sql.Tx, name string) (a Account, password string, err error) {
	if err := sound(ctx, tx, "accounts", "name = ?", name); err != nil {
		return Account{}, "", err
	}
	err = tx.QueryRowContext(ctx, `SELECT name, role, password, must_set_password, created_at FROM accounts WHERE name = ?`, name).
		Scan(&a.Name, &a.Role, &password, &a.MustSetPassword, &a.CreatedAt)
	if errors.Is(err, sql.ErrNoRows) {
		err = &strata.Error{Code: strata.NotFound, Field: "account", Message: fmt.Sprintf("there is no account %q", name)}
	}
	return a, password, err
}

// SetPassword gives the account a password of at least 10 characters, after
// which it need not set one. Links that were made for the account before and
// failed sign-ins are forgotten. Too short or too long is Invalid, an unknown
// account NotFound.
func (r *Registry) SetPassword(ctx context.Context, name, password string) error {
	name = accountName(name)
	if utf8.RuneCountInString(password) < minPasswordRunes || len(password) > maxPasswordBytes {
		return &strata.Error{Code: strata.Invalid, Field: "password", Message: "the password has the wrong length",
			Hint: fmt.Sprintf("use at least %d characters", minPasswordRunes)}
	}
	if accountName(password) == name || strings.Count(password, password[:1]) == len(password) {
		return &strata.Error{Code: strata.Invalid, Field: "password", Message: "the password is too easy to guess",
			Hint: "use several words, or letters with digits"}
	}
	hash, err := r.hash(ctx, password)
	if err != nil {
		return err
	}
	return r.change(ctx, "setting a password", func(tx *sql.Tx) error {
		if _, _, err := account(ctx, tx, name); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE accounts SET password = ?, must_set_password = 0 WHERE name = ?`, hash, name); err != nil {
			return err
		}
		if err := sum(ctx, tx, "accounts", "name = ?", name); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sign_in_links WHERE account = ?`, name); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM sign_in_failures WHERE account = ?`, name)
		return err
	})
}

// hold waits for a place to hash a password, because each takes much memory.
func (r *Registry) hold(ctx context.Context) (release func(), err error) {
	select {
	case r.hashing <- struct{}{}:
		return func() { <-r.hashing }, nil
	case <-ctx.Done():
		return nil, r.failed("waiting to check a password", ctx.Err())
	}
}

func (r *Registry) hash(ctx context.Context, password string) (string, error) {
	release, err := r.hold(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	hash, err := argon2id.CreateHash(norm.NFC.String(password), work)
	return hash, r.failed("hashing a password", err)
}

// Authenticate returns the account that has this password. A wrong password,
// an unknown account and an account without password are the same Forbidden
// and take the same time; after five failures within a minute the account (or
// the unknown name) is Unavailable until the minute has passed, whatever the
// password.
func (r *Registry) Authenticate(ctx context.Context, name, password string, at strata.Instant) (Account, error) {
	name = accountName(name)
	if utf8.RuneCountInString(name) > maxNameRunes || len(password) > maxPasswordBytes {
		return Account{}, errWrongPassword()
	}
	var a Account
	var hash string
	// The attempt is counted before it is judged, so that attempts at the same
	// time count too.
	var attempt int64
	err := r.change(ctx, "signing in", func(tx *sql.Tx) error {
		var failures int
		if _, err := tx.ExecContext(ctx, `DELETE FROM sign_in_failures WHERE at <= ?`, int64(at-failuresWithin)); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sign_in_failures WHERE account = ?`, name).Scan(&failures); err != nil {
			return err
		}
		if failures >= failuresAllowed {
			return &strata.Error{Code: strata.Unavailable, Field: "account", Message: "there were too many failed sign-ins for this account",
				Hint: "wait a minute and try again"}
		}
		inserted, err := tx.ExecContext(ctx, `INSERT INTO sign_in_failures (account, at) VALUES (?, ?)`, name, int64(at))
		if err != nil {
			return err
		}
		if attempt, err = inserted.LastInsertId(); err != nil {
			return err
		}
		a, hash, err = account(ctx, tx, name)
		if strata.CodeOf(err) == strata.NotFound {
			err = nil
		}
		return err
	})
	if err != nil {
		return Account{}, err
	}
	if hash == "" {
		hash = nobody
	}
	release, err := r.hold(ctx)
	if err != nil {
		return Account{}, err
	}
	match, err := argon2id.ComparePasswordAndHash(norm.NFC.String(password), hash)
	release()
	if err != nil {
		return Account{}, damagedRow("accounts", name, err)
	}
	if !match || a.Name == "" {
		return Account{}, errWrongPassword()
	}
	return a, r.change(ctx, "signing in", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sign_in_failures WHERE rowid = ? AND account = ?`, attempt, name)
		return err
	})
}

func errWrongPassword() error {
	return &strata.Error{Code: strata.Forbidden, Field: "password", Message: "the account or the password is wrong"}
}

// CreateSignInLink returns a token that signs an account in once, before it
// expires (exclusive). Only its hash is kept. An unknown account is NotFound.
func (r *Registry) CreateSignInLink(ctx context.Context, name string, at, expires strata.Instant) (token string, err error) {
	name = accountName(name)
	token, hash := newToken()
	return token, r.change(ctx, "making a sign-in link", func(tx *sql.Tx) error {
		if _, _, err := account(ctx, tx, name); err != nil {
			return err
		}
		// Those that expired long ago need no explanation any more.
		if _, err := tx.ExecContext(ctx, `DELETE FROM sign_in_links WHERE expires_at <= ?`, int64(at)-7*24*3600*1000); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sign_in_links (hash, account, created_at, expires_at) VALUES (?, ?, ?, ?)`, hash, name, int64(at), int64(expires))
		if err != nil {
			return err
		}
		return sum(ctx, tx, "sign_in_links", "hash = ?", hash)
	})
}

// UseSignInLink returns the account of a token and uses the token up. One
// that is unknown, used or expired is Forbidden and says which.
func (r *Registry) UseSignInLink(ctx context.Context, token string, at strata.Instant) (Account, error) {
	var a Account
	refuse := func(message string) error {
		return &strata.Error{Code: strata.Forbidden, Field: "token", Message: message, Hint: "ask for a new sign-in link, or sign in with the password"}
	}
	err := r.change(ctx, "using a sign-in link", func(tx *sql.Tx) error {
		var name string
		var expires strata.Instant
		var used sql.NullInt64
		if err := sound(ctx, tx, "sign_in_links", "hash = ?", hashOf(token)); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `SELECT account, expires_at, used_at FROM sign_in_links WHERE hash = ?`, hashOf(token)).Scan(&name, &expires, &used)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return refuse("this sign-in link is not valid")
		case err != nil:
			return err
		case used.Valid:
			return refuse("this sign-in link has been used")
		case at >= expires:
			return refuse("this sign-in link has expired")
		}
		if _, err := tx.ExecContext(ctx, `UPDATE sign_in_links SET used_at = ? WHERE hash = ?`, int64(at), hashOf(token)); err != nil {
			return err
		}
		if err := sum(ctx, tx, "sign_in_links", "hash = ?", hashOf(token)); err != nil {
			return err
		}
		a, _, err = account(ctx, tx, name)
		return err
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// newToken returns 32 random bytes as text, and their hash.
func newToken() (token string, hash []byte) {
	var random [32]byte
	rand.Read(random[:]) // never fails
	token = base64.RawURLEncoding.EncodeToString(random[:])
	return token, hashOf(token)
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
