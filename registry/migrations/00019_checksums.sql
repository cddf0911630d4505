-- +goose Up
-- Every row that says something carries a checksum of itself; see rows.go.
ALTER TABLE accounts ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE accounts SET checksum = row_checksum(name, role, password, must_set_password, created_at);
ALTER TABLE sign_in_links ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE sign_in_links SET checksum = row_checksum(hash, account, created_at, expires_at, used_at);
ALTER TABLE sessions ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET checksum = row_checksum(hash, data, expires_at);
ALTER TABLE pins ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE pins SET checksum = row_checksum(position, customer, title_zh, title_en, note_zh, note_en);
ALTER TABLE settings ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE settings SET checksum = row_checksum(key, value);
ALTER TABLE counters ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE counters SET checksum = row_checksum(id, changes, definitions);
