-- Instants (at, *_at) are milliseconds since 1970-01-01T00:00:00Z. checksum
-- is the xxHash64 of the row's content as the Go code lays it out.

-- +goose Up

-- One row: both grow and are never set back.
CREATE TABLE counters (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    changes     INTEGER NOT NULL, -- grows with every apply and every calibration
    definitions INTEGER NOT NULL  -- the value of changes at the last apply
) STRICT;
INSERT INTO counters (id, changes, definitions) VALUES (1, 0, 0);

CREATE TABLE definitions (
    id       TEXT PRIMARY KEY,   -- 128 random bits; a rename keeps it
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,
    version  INTEGER NOT NULL,   -- the current one in definition_versions
    state    TEXT NOT NULL CHECK (state IN ('published', 'paused', 'deleted')),
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX definitions_by_name ON definitions (kind, name) WHERE state <> 'deleted';
CREATE INDEX definitions_by_any_name ON definitions (kind, name);

CREATE TABLE definition_versions (
    id         TEXT NOT NULL REFERENCES definitions (id),
    version    INTEGER NOT NULL, -- 1, 2, 3 ... of this definition
    op         TEXT NOT NULL CHECK (op IN ('create', 'update', 'delete')),
    name       TEXT NOT NULL,    -- at that version
    body       TEXT NOT NULL,    -- canonical text of this one definition; empty for delete
    changes    INTEGER NOT NULL, -- the number of the apply
    applied_at INTEGER NOT NULL,
    author     TEXT NOT NULL,
    checksum   INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE calibrations (
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,
    version  INTEGER NOT NULL,   -- 1, 2, 3 ... of this name
    at       INTEGER NOT NULL,   -- effective from
    made_at  INTEGER NOT NULL,
    author   TEXT NOT NULL,
    data     TEXT NOT NULL,      -- JSON
    checksum INTEGER NOT NULL,
    PRIMARY KEY (kind, name, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX calibrations_by_instant ON calibrations (kind, name, at DESC, version DESC);

CREATE TABLE accounts (
    name              TEXT PRIMARY KEY,
    role              TEXT NOT NULL CHECK (role IN ('owner', 'operator', 'viewer')),
    password          TEXT NOT NULL, -- argon2id; empty = none yet
    must_set_password INTEGER NOT NULL,
    created_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Failed sign-ins of the last while, also of accounts that do not exist.
CREATE TABLE sign_in_failures (
    account TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_failures_by_account ON sign_in_failures (account, at);
CREATE INDEX sign_in_failures_by_instant ON sign_in_failures (at);

CREATE TABLE sign_in_links (
    hash       BLOB PRIMARY KEY, -- SHA-256 of the token
    account    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER           -- NULL = not yet
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_links_by_expiry ON sign_in_links (expires_at);

CREATE TABLE sessions (
    hash       BLOB PRIMARY KEY, -- SHA-256 of the token
    data       BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE audit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    account  TEXT NOT NULL,
    action   TEXT NOT NULL,
    object   TEXT NOT NULL,
    detail   TEXT NOT NULL, -- JSON; empty = none
    checksum INTEGER NOT NULL
) STRICT;

CREATE TABLE pins (
    position INTEGER PRIMARY KEY,
    customer TEXT NOT NULL,  -- public id
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    note_zh  TEXT NOT NULL,
    note_en  TEXT NOT NULL
) STRICT;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
