package registry

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"strata"
)

// Source is who may send events over HTTP.
type Source struct {
	Name       string
	Events     []string // names and prefixes ("shop_*") it may send; none = any
	Namespaces []string // kinds of keys it may name; none = any
	UserID     string   // the kind of key that its userId is
	Rate       int      // events a second; 0 = no limit
	CreatedAt  strata.Instant
	Keys       []WriteKey // those in force, the newest first
}

// WriteKey is what is known of a write key: never the key itself.
type WriteKey struct {
	Ending    string // its last four characters
	CreatedAt strata.Instant
	ExpiresAt strata.Instant // 0 = in force until it is rotated or revoked
}

// maxSources bounds how many sources there are.
const maxSources = 1000

// AddSource makes a source and its first write key, which is shown here only:
// the registry keeps its hash. A name that is taken is a Conflict.
func (r *Registry) AddSource(ctx context.Context, s Source, account string, at strata.Instant) (key string, err error) {
	if err := checkSource(&s); err != nil {
		return "", err
	}
	s.CreatedAt = at
	err = r.change(ctx, "adding a source", func(tx *sql.Tx) error {
		var count int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sources`).Scan(&count); err != nil {
			return err
		}
		if count >= maxSources {
			return &strata.Error{Code: strata.Invalid, Field: "source", Message: fmt.Sprintf("there are %d sources already", count), Hint: "revoke one that is not used"}
		}
		events, namespaces := list(s.Events), list(s.Namespaces)
		_, err := tx.ExecContext(ctx, `INSERT INTO sources (name, events, namespaces, user_id, rate, created_at, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			s.Name, events, namespaces, s.UserID, s.Rate, int64(at), checksum(s.Name, events, namespaces, s.UserID, int64(s.Rate), int64(at)))
		if isConstraint(err) {
			return &strata.Error{Code: strata.Conflict, Field: "source", Message: "there is a source " + s.Name + " already", Hint: "rotate its key, or choose another name"}
		}
		if err != nil {
			return err
		}
		if key, err = addKey(ctx, tx, s.Name, at); err != nil {
			return err
		}
		return appendAudit(ctx, tx, AuditEntry{At: at, Account: account, Action: "source.add", Object: s.Name})
	})
	r.sources.forget()
	return key, err
}

// ChangeSource gives a source another scope, rate and kind of userId. Its
// write keys stay. A source that is not there is NotFound.
func (r *Registry) ChangeSource(ctx context.Context, s Source, account string, at strata.Instant) error {
	if err := checkSource(&s); err != nil {
		return err
	}
	err := r.change(ctx, "changing a source", func(tx *sql.Tx) error {
		if err := sourceThere(ctx, tx, s.Name); err != nil {
			return err
		}
		var created int64
		if err := tx.QueryRowContext(ctx, `SELECT created_at FROM sources WHERE name = ?`, s.Name).Scan(&created); err != nil {
			return err
		}
		events, namespaces := list(s.Events), list(s.Namespaces)
		_, err := tx.ExecContext(ctx, `UPDATE sources SET events = ?, namespaces = ?, user_id = ?, rate = ?, checksum = ? WHERE name = ?`,
			events, namespaces, s.UserID, s.Rate, checksum(s.Name, events, namespaces, s.UserID, int64(s.Rate), created), s.Name)
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, AuditEntry{At: at, Account: account, Action: "source.change", Object: s.Name})
	})
	r.sources.forget()
	return err
}

func list(names []string) string {
	if len(names) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(names) // strings always can be
	return string(text)
}

func checkSource(s *Source) error {
	refuse := func(field, message, hint string) error {
		return &strata.Error{Code: strata.Invalid, Field: field, Message: message, Hint: hint}
	}
	if !plainName(s.Name, "_-") || len(s.Name) > 64 {
		return refuse("source", fmt.Sprintf("%q cannot be the name of a source", s.Name), "use up to 64 lower-case letters, digits, _ and -, such as shop_app")
	}
	if s.UserID == "" {
		s.UserID = "user_id"
	}
	for _, n := range append([]string{s.UserID}, s.Namespaces...) {
		base, app, _ := strings.Cut(n, ".")
		if !plainName(base, "_") || len(n) > 64 || strings.ContainsAny(app, " \x00/") {
			return refuse("keys", fmt.Sprintf("%q is not a kind of key", n), "use lower-case letters, digits and _, such as member_no, or openid.APPID")
		}
	}
	for _, e := range s.Events {
		if !plainName(strings.TrimSuffix(e, "*"), "_") && e != "*" {
			return refuse("events", fmt.Sprintf("%q is neither an event nor a prefix", e), "write order_paid, or shop_* for all that begin so")
		}
	}
	if s.Rate < 0 || s.Rate > 1_000_000_000 {
		return refuse("rate", "the rate is out of range", "write events a second, or 0 for no limit")
	}
	return nil
}

func plainName(s, also string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || i > 0 && (c >= '0' && c <= '9' || strings.IndexByte(also, c) >= 0)) {
			return false
		}
	}
	return s != ""
}

// addKey stores the hash of a new key of 192 random bits.
func addKey(ctx context.Context, tx *sql.Tx, source string, at strata.Instant) (string, error) {
	var random [24]byte
	rand.Read(random[:]) // never fails
	key := "wk_" + base64.RawURLEncoding.EncodeToString(random[:])
	_, err := tx.ExecContext(ctx, `INSERT INTO write_keys (hash, source, ending, created_at, expires_at) VALUES (?, ?, ?, ?, NULL)`, hashOf(key), source, key[len(key)-4:], int64(at))
	return key, err
}

// RotateKey makes a new write key of a source. Those in force until then stay
// so for the overlap, in milliseconds, and no longer.
func (r *Registry) RotateKey(ctx context.Context, source, account string, at, overlap strata.Instant) (key string, err error) {
	err = r.change(ctx, "rotating a write key", func(tx *sql.Tx) error {
		if err := sourceThere(ctx, tx, source); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE write_keys SET expires_at = ? WHERE source = ? AND (expires_at IS NULL OR expires_at > ?)`, int64(at+overlap), source, int64(at+overlap)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM write_keys WHERE expires_at <= ?`, int64(at)); err != nil {
			return err
		}
		if key, err = addKey(ctx, tx, source, at); err != nil {
			return err
		}
		return appendAudit(ctx, tx, AuditEntry{At: at, Account: account, Action: "source.rotate", Object: source})
	})
	r.sources.forget()
	return key, err
}

// RevokeKeys ends every write key of a source at once. The source stays, with
// what it has sent; RotateKey gives it a key again.
func (r *Registry) RevokeKeys(ctx context.Context, source, account string, at strata.Instant) error {
	err := r.change(ctx, "revoking write keys", func(tx *sql.Tx) error {
		if err := sourceThere(ctx, tx, source); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM write_keys WHERE source = ?`, source); err != nil {
			return err
		}
		return appendAudit(ctx, tx, AuditEntry{At: at, Account: account, Action: "source.revoke", Object: source})
	})
	r.sources.forget()
	return err
}

func sourceThere(ctx context.Context, tx *sql.Tx, name string) error {
	var one int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM sources WHERE name = ?`, name).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return &strata.Error{Code: strata.NotFound, Field: "source", Message: fmt.Sprintf("there is no source %q", name), Hint: "`strata source list` lists them"}
	}
	return err
}

// knownSources is what was last read, until a change.
type knownSources struct {
	list  []Source
	byKey map[[32]byte]keyed
}

// keyed is a key in force: of which source, and until when.
type keyed struct {
	source  int
	expires strata.Instant
}

// Sources returns all sources by name, with the keys that are in force.
func (r *Registry) Sources(ctx context.Context, at strata.Instant) ([]Source, error) {
	known, err := r.knownSources(ctx)
	if err != nil {
		return nil, err
	}
	out := append([]Source(nil), known.list...)
	for i := range out {
		var keys []WriteKey
		for _, k := range out[i].Keys {
			if k.ExpiresAt == 0 || k.ExpiresAt > at {
				keys = append(keys, k)
			}
		}
		out[i].Keys = keys
	}
	return out, nil
}

// SourceOfKey returns the source whose write key this is. A key of nobody, or
// one that has expired, is Forbidden.
func (r *Registry) SourceOfKey(ctx context.Context, key string, at strata.Instant) (Source, error) {
	known, err := r.knownSources(ctx)
	if err != nil {
		return Source{}, err
	}
	k, ok := known.byKey[[32]byte(hashOf(key))]
	if !ok || k.expires != 0 && k.expires <= at {
		return Source{}, &strata.Error{Code: strata.Forbidden, Field: "write key", Message: "the write key is not in force", Hint: "give a write key as the user name of basic authentication; `strata source rotate NAME` makes one"}
	}
	return known.list[k.source], nil
}

func (r *Registry) knownSources(ctx context.Context) (*knownSources, error) {
	return r.sources.get(func() (*knownSources, error) {
		known := &knownSources{byKey: map[[32]byte]keyed{}}
		err := r.look(ctx, "reading the sources", func(tx *sql.Tx) error {
			index := map[string]int{}
			rows, err := tx.QueryContext(ctx, `SELECT name, events, namespaces, user_id, rate, created_at, checksum FROM sources ORDER BY name`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var s Source
				var events, namespaces string
				var sum int64
				if err := rows.Scan(&s.Name, &events, &namespaces, &s.UserID, &s.Rate, &s.CreatedAt, &sum); err != nil {
					return err
				}
				if err := verify("sources", s.Name, sum, s.Name, events, namespaces, s.UserID, int64(s.Rate), int64(s.CreatedAt)); err != nil {
					return err
				}
				if err := errors.Join(json.Unmarshal([]byte(events), &s.Events), json.Unmarshal([]byte(namespaces), &s.Namespaces)); err != nil {
					return damagedRow("sources", s.Name, err)
				}
				index[s.Name] = len(known.list)
				known.list = append(known.list, s)
			}
			if err := rows.Err(); err != nil {
				return err
			}
			keys, err := tx.QueryContext(ctx, `SELECT hash, source, ending, created_at, coalesce(expires_at, 0) FROM write_keys ORDER BY created_at DESC, hash`)
			if err != nil {
				return err
			}
			defer keys.Close()
			for keys.Next() {
				var hash []byte
				var source string
				var k WriteKey
				if err := keys.Scan(&hash, &source, &k.Ending, &k.CreatedAt, &k.ExpiresAt); err != nil {
					return err
				}
				i, ok := index[source]
				if !ok || len(hash) != 32 {
					return damagedRow("write_keys", source, nil)
				}
				known.list[i].Keys = append(known.list[i].Keys, k)
				known.byKey[[32]byte(hash)] = keyed{i, k.ExpiresAt}
			}
			return keys.Err()
		})
		return known, err
	})
}
