-- What is watched of tiers: when a warning changed its state, and who reviewed
-- a model when.

-- +goose Up

CREATE TABLE warning_changes (
    number     INTEGER PRIMARY KEY AUTOINCREMENT, -- 1, 2, 3 ...; consumers remember the last they have seen
    definition TEXT NOT NULL,    -- id of the tier
    warning    TEXT NOT NULL,    -- the warning's key within it
    at         INTEGER NOT NULL, -- as of when it was looked at
    found_at   INTEGER NOT NULL, -- when that was
    data       TEXT NOT NULL,    -- JSON: from, to, and the figures
    checksum   INTEGER NOT NULL
) STRICT;
CREATE INDEX warning_changes_by_warning ON warning_changes (definition, warning, number);

CREATE TABLE reviews (
    definition TEXT NOT NULL,    -- id of what was reviewed
    at         INTEGER NOT NULL,
    account    TEXT NOT NULL,
    note       TEXT NOT NULL,
    version    INTEGER NOT NULL, -- of the definition then
    checksum   INTEGER NOT NULL,
    PRIMARY KEY (definition, at)
) STRICT, WITHOUT ROWID;
