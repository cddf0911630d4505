-- Pausing, resuming and restoring are versions too, so that the history of a
-- definition says when it was in force.

-- +goose Up

CREATE TABLE definition_versions_new (
    id         TEXT NOT NULL REFERENCES definitions (id),
    version    INTEGER NOT NULL, -- 1, 2, 3 ... of this definition
    op         TEXT NOT NULL CHECK (op IN ('create', 'update', 'delete', 'pause', 'resume', 'restore')),
    name       TEXT NOT NULL,    -- at that version
    body       TEXT NOT NULL,    -- canonical text of this one definition; empty for delete
    changes    INTEGER NOT NULL, -- the number of the apply
    applied_at INTEGER NOT NULL,
    author     TEXT NOT NULL,
    checksum   INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;
INSERT INTO definition_versions_new (id, version, op, name, body, changes, applied_at, author, checksum)
    SELECT id, version, op, name, body, changes, applied_at, author, checksum FROM definition_versions;
DROP TABLE definition_versions;
ALTER TABLE definition_versions_new RENAME TO definition_versions;

-- Sensitive attributes that a person turned on.
CREATE TABLE attributes_on (
    name     TEXT PRIMARY KEY,
    at       INTEGER NOT NULL,
    account  TEXT NOT NULL,
    reason   TEXT NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
