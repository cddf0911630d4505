-- Sources that send over HTTP, and the hashes of their write keys.

-- +goose Up

CREATE TABLE sources (
    name       TEXT PRIMARY KEY,
    events     TEXT NOT NULL,    -- JSON: names and prefixes ("shop_*"); [] = any
    namespaces TEXT NOT NULL,    -- JSON: kinds of keys; [] = any
    user_id    TEXT NOT NULL,    -- the kind of key that userId is
    rate       INTEGER NOT NULL, -- events a second; 0 = no limit
    created_at INTEGER NOT NULL,
    checksum   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE write_keys (
    hash       BLOB PRIMARY KEY, -- SHA-256 of the key
    source     TEXT NOT NULL REFERENCES sources (name) ON DELETE CASCADE,
    ending     TEXT NOT NULL,    -- its last four characters, to tell keys apart
    created_at INTEGER NOT NULL,
    expires_at INTEGER           -- NULL = in force until it is rotated or revoked
) STRICT, WITHOUT ROWID;
CREATE INDEX write_keys_by_source ON write_keys (source, created_at);
