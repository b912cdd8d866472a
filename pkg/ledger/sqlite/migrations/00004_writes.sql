-- +goose Up

-- The service took the call and said that all was so already.
ALTER TABLE intents ADD COLUMN no_change INTEGER NOT NULL DEFAULT 0 CHECK (no_change IN (0, 1));

-- Writes to the tenant that commands made outside a run. run is NULL when they belong to none.
CREATE TABLE writes (
    id                INTEGER PRIMARY KEY,
    command           TEXT NOT NULL CHECK (command <> ''),
    by_whom           TEXT NOT NULL,
    run               TEXT REFERENCES runs (id),
    idx               INTEGER NOT NULL CHECK (idx >= -1),
    user_id           TEXT NOT NULL,
    user_name         TEXT NOT NULL,
    effect            TEXT NOT NULL CHECK (effect <> ''),
    target            TEXT NOT NULL,
    before_write      TEXT,
    after_write       TEXT,
    once              TEXT CHECK (once <> ''),
    client_request_id TEXT NOT NULL,
    at                TEXT NOT NULL,
    status            TEXT CHECK (status IN ('done', 'refused', 'unknown', 'adopted', 'no-effect')),
    remote_id         TEXT,
    request_id        TEXT,
    detail            TEXT,
    no_change         INTEGER NOT NULL DEFAULT 0 CHECK (no_change IN (0, 1)),
    concluded_at      TEXT,
    CHECK ((status IS NULL) = (concluded_at IS NULL)),
    CHECK (run IS NOT NULL OR idx = -1)
) STRICT;

CREATE INDEX writes_run ON writes (run, idx);

-- What must not happen twice may be tried again only when it is known to have had no effect.
CREATE UNIQUE INDEX writes_once ON writes (once) WHERE once IS NOT NULL AND (status IS NULL OR status NOT IN ('refused', 'no-effect'));

-- +goose StatementBegin
CREATE TRIGGER writes_born BEFORE INSERT ON writes
WHEN NEW.status IS NOT NULL OR EXISTS (SELECT 1 FROM writes WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'ledger: an intent begins without an outcome, once'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER writes_concluded BEFORE UPDATE ON writes
WHEN NEW.status IS NULL
  OR NOT (OLD.status IS NULL OR (OLD.status = 'unknown' AND NEW.status IN ('adopted', 'no-effect')))
BEGIN SELECT RAISE(ABORT, 'ledger: an outcome is not rewritten'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER writes_frozen BEFORE UPDATE OF id, command, by_whom, run, idx, user_id, user_name, effect, target,
    before_write, after_write, once, client_request_id, at ON writes
BEGIN SELECT RAISE(ABORT, 'ledger: an intent is not rewritten'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER writes_kept BEFORE DELETE ON writes
BEGIN SELECT RAISE(ABORT, 'ledger: an intent is not deleted'); END;
-- +goose StatementEnd

DROP TRIGGER intents_import_once;

-- Of one row, and of one person in whatever run: the subject of an import is the user's id.
-- +goose StatementBegin
CREATE TRIGGER intents_import_once BEFORE INSERT ON intents
WHEN NEW.effect = 'snapshot.import' AND EXISTS (
    SELECT 1 FROM intents WHERE effect = NEW.effect AND (status IS NULL OR status = 'unknown')
       AND (run = NEW.run AND idx = NEW.idx OR subject <> '' AND lower(subject) = lower(NEW.subject)))
BEGIN SELECT RAISE(ABORT, 'ledger: an import of this row is not settled'); END;
-- +goose StatementEnd

CREATE UNIQUE INDEX intents_import_open ON intents (run, idx)
    WHERE effect = 'snapshot.import' AND (status IS NULL OR status = 'unknown');
