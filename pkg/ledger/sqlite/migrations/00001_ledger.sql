-- +goose Up

-- Times are RFC 3339 in UTC with nine digits, so that they sort as text. NULL is "not yet" or "never".
-- body, problem, facts, target and input are JSON; no CHECK says so, because the check at open would parse every one.

CREATE TABLE runs (
    n           INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE CHECK (id <> ''),
    state       TEXT NOT NULL CHECK (state IN ('active', 'finished')),
    created_at  TEXT NOT NULL,
    finished_at TEXT,
    body        TEXT NOT NULL,
    CHECK ((state = 'finished') = (finished_at IS NOT NULL))
) STRICT;

-- The allowed changes of a row's state. The program fills it when it opens the ledger.
CREATE TABLE arrows (
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (from_state, to_state, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE wave_rows (
    id            INTEGER PRIMARY KEY,
    run           TEXT NOT NULL REFERENCES runs (id),
    idx           INTEGER NOT NULL CHECK (idx >= 0),
    user_id       TEXT NOT NULL,
    version       INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('pending', 'running', 'waiting', 'succeeded', 'failed', 'held',
                                                 'deferred', 'skipped', 'cancelled')),
    step          TEXT NOT NULL,
    reason        TEXT NOT NULL,
    note          TEXT NOT NULL,
    attempt       INTEGER NOT NULL,
    tries         INTEGER NOT NULL,
    warned        INTEGER NOT NULL CHECK (warned IN (0, 1)),
    trouble_since TEXT,
    not_before    TEXT,
    started_at    TEXT,
    updated_at    TEXT,
    finished_at   TEXT,
    problem       TEXT,
    facts         TEXT NOT NULL,
    target        TEXT NOT NULL,
    input         TEXT NOT NULL,
    UNIQUE (run, idx),
    CHECK ((state IN ('succeeded', 'failed', 'held', 'deferred', 'skipped', 'cancelled')) = (finished_at IS NOT NULL))
) STRICT;

-- A user is in one unfinished row at most, in whatever run.
CREATE UNIQUE INDEX wave_rows_open_user ON wave_rows (user_id) WHERE finished_at IS NULL AND user_id <> '';

CREATE TABLE findings (
    run  TEXT NOT NULL REFERENCES runs (id),
    n    INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, n)
) STRICT;

CREATE TABLE intents (
    id                INTEGER PRIMARY KEY,
    run               TEXT NOT NULL REFERENCES runs (id),
    idx               INTEGER NOT NULL CHECK (idx >= -1),
    attempt           INTEGER NOT NULL,
    effect            TEXT NOT NULL CHECK (effect <> ''),
    client_request_id TEXT NOT NULL,
    subject           TEXT NOT NULL,
    at                TEXT NOT NULL,
    status            TEXT CHECK (status IN ('done', 'refused', 'unknown', 'adopted', 'no-effect')),
    remote_id         TEXT,
    request_id        TEXT,
    detail            TEXT,
    concluded_at      TEXT,
    CHECK ((status IS NULL) = (concluded_at IS NULL))
) STRICT;

CREATE INDEX intents_row ON intents (run, idx);

-- What happened, in order; nothing is ever changed or removed. run is '' for what concerns the ledger as a whole.
CREATE TABLE audit (
    seq  INTEGER PRIMARY KEY,
    at   TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind <> ''),
    run  TEXT NOT NULL,
    idx  INTEGER NOT NULL,
    body TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;

CREATE INDEX audit_run ON audit (run);

-- The process that drives the ledger's runs: one row or none.
CREATE TABLE holder (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    id      TEXT NOT NULL CHECK (id <> ''),
    host    TEXT NOT NULL,
    user    TEXT NOT NULL,
    pid     INTEGER NOT NULL,
    process TEXT NOT NULL,
    started TEXT NOT NULL,
    command TEXT NOT NULL,
    run     TEXT NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER runs_frozen BEFORE UPDATE OF n, id, created_at, body ON runs
BEGIN SELECT RAISE(ABORT, 'ledger: a run is not rewritten'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER runs_kept BEFORE DELETE ON runs
BEGIN SELECT RAISE(ABORT, 'ledger: a run is not deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER runs_finished BEFORE UPDATE OF state ON runs
WHEN NEW.state = 'finished' AND EXISTS (SELECT 1 FROM wave_rows WHERE run = NEW.id AND finished_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'ledger: run has open rows'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER wave_rows_born BEFORE INSERT ON wave_rows
WHEN NEW.state NOT IN ('pending', 'skipped')
  OR EXISTS (SELECT 1 FROM wave_rows WHERE run = NEW.run AND idx = NEW.idx)
  OR EXISTS (SELECT 1 FROM wave_rows WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'ledger: a row begins pending or skipped, once'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER wave_rows_arrow BEFORE UPDATE ON wave_rows
WHEN NEW.version <> OLD.version + 1
  OR NOT EXISTS (SELECT 1 FROM arrows
                 WHERE from_state = OLD.state AND to_state = NEW.state AND reason = NEW.reason)
BEGIN SELECT RAISE(ABORT, 'ledger: a row changes by an arrow, one version up'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER wave_rows_frozen BEFORE UPDATE OF id, run, idx, user_id, target, input ON wave_rows
BEGIN SELECT RAISE(ABORT, 'ledger: what a row aims at is frozen'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER wave_rows_kept BEFORE DELETE ON wave_rows
BEGIN SELECT RAISE(ABORT, 'ledger: a row is not deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER intents_born BEFORE INSERT ON intents
WHEN NEW.status IS NOT NULL OR EXISTS (SELECT 1 FROM intents WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'ledger: an intent begins without an outcome, once'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER intents_import_once BEFORE INSERT ON intents
WHEN NEW.effect = 'snapshot.import' AND EXISTS (
    SELECT 1 FROM intents WHERE run = NEW.run AND idx = NEW.idx AND effect = NEW.effect
       AND (status IS NULL OR status = 'unknown'))
BEGIN SELECT RAISE(ABORT, 'ledger: an import of this row is not settled'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER intents_concluded BEFORE UPDATE ON intents
WHEN NEW.status IS NULL
  OR NOT (OLD.status IS NULL OR (OLD.status = 'unknown' AND NEW.status IN ('adopted', 'no-effect')))
BEGIN SELECT RAISE(ABORT, 'ledger: an outcome is not rewritten'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER intents_frozen BEFORE UPDATE OF id, run, idx, attempt, effect, client_request_id, subject, at ON intents
BEGIN SELECT RAISE(ABORT, 'ledger: an intent is not rewritten'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER intents_kept BEFORE DELETE ON intents
BEGIN SELECT RAISE(ABORT, 'ledger: an intent is not deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_appended BEFORE INSERT ON audit
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'ledger: the audit only grows, without gaps'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_frozen BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'ledger: the audit is not rewritten'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'ledger: the audit is not deleted'); END;
-- +goose StatementEnd
