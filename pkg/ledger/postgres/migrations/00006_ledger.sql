-- +goose Up

-- The ledger as its SQLite form has it after the migration of the same number; what a table is for is said there.
-- Times are RFC 3339 in UTC with nine digits, so that they sort as text.

CREATE TABLE runs (
    n           BIGINT PRIMARY KEY,
    id          TEXT COLLATE "C" NOT NULL UNIQUE CHECK (id <> ''),
    state       TEXT NOT NULL CHECK (state IN ('active', 'finished')),
    created_at  TEXT COLLATE "C" NOT NULL,
    finished_at TEXT COLLATE "C",
    body        TEXT NOT NULL,
    CHECK ((state = 'finished') = (finished_at IS NOT NULL))
);

CREATE TABLE arrows (
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (from_state, to_state, reason)
);

CREATE TABLE wave_rows (
    id            BIGINT PRIMARY KEY,
    run           TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    idx           INTEGER NOT NULL CHECK (idx >= 0),
    user_id       TEXT NOT NULL,
    version       BIGINT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('pending', 'running', 'waiting', 'succeeded', 'failed', 'held',
                                                 'deferred', 'skipped', 'cancelled')),
    step          TEXT NOT NULL,
    reason        TEXT NOT NULL,
    note          TEXT NOT NULL,
    attempt       INTEGER NOT NULL,
    tries         INTEGER NOT NULL,
    warned        INTEGER NOT NULL CHECK (warned IN (0, 1)),
    trouble_since TEXT COLLATE "C",
    not_before    TEXT COLLATE "C",
    started_at    TEXT COLLATE "C",
    updated_at    TEXT COLLATE "C",
    finished_at   TEXT COLLATE "C",
    problem       TEXT,
    facts         TEXT NOT NULL,
    target        TEXT NOT NULL,
    input         TEXT NOT NULL,
    UNIQUE (run, idx),
    CHECK ((state IN ('succeeded', 'failed', 'held', 'deferred', 'skipped', 'cancelled')) = (finished_at IS NOT NULL))
);

CREATE UNIQUE INDEX wave_rows_open_user ON wave_rows (user_id) WHERE finished_at IS NULL AND user_id <> '';

CREATE TABLE findings (
    run  TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    n    INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, n)
);

CREATE TABLE intents (
    id                BIGINT PRIMARY KEY,
    run               TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    idx               INTEGER NOT NULL CHECK (idx >= -1),
    attempt           INTEGER NOT NULL,
    effect            TEXT NOT NULL CHECK (effect <> ''),
    client_request_id TEXT NOT NULL,
    subject           TEXT NOT NULL,
    at                TEXT COLLATE "C" NOT NULL,
    status            TEXT CHECK (status IN ('done', 'refused', 'unknown', 'adopted', 'no-effect')),
    remote_id         TEXT,
    request_id        TEXT,
    detail            TEXT,
    no_change         INTEGER NOT NULL DEFAULT 0 CHECK (no_change IN (0, 1)),
    concluded_at      TEXT COLLATE "C",
    CHECK ((status IS NULL) = (concluded_at IS NULL))
);

CREATE INDEX intents_row ON intents (run, idx);
CREATE UNIQUE INDEX intents_import_open ON intents (run, idx)
    WHERE effect = 'snapshot.import' AND (status IS NULL OR status = 'unknown');

CREATE TABLE audit (
    seq  BIGINT PRIMARY KEY,
    at   TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL CHECK (kind <> ''),
    run  TEXT COLLATE "C" NOT NULL,
    idx  INTEGER NOT NULL,
    body TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64)
);

CREATE INDEX audit_begin ON audit (run) WHERE kind = 'run-created';
CREATE INDEX audit_own ON audit (seq) WHERE run = '';

CREATE TABLE holder (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    id      TEXT NOT NULL CHECK (id <> ''),
    host    TEXT NOT NULL,
    "user"  TEXT NOT NULL,
    pid     INTEGER NOT NULL,
    process TEXT NOT NULL,
    started TEXT COLLATE "C" NOT NULL,
    command TEXT NOT NULL,
    run     TEXT NOT NULL
);

CREATE TABLE fence (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch BIGINT NOT NULL
);

INSERT INTO fence (one, epoch) VALUES (1, 0);

CREATE TABLE orders (
    id        BIGINT PRIMARY KEY,
    run       TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    holder    TEXT NOT NULL CHECK (holder <> ''),
    at        TEXT COLLATE "C" NOT NULL,
    by_whom   TEXT NOT NULL CHECK (by_whom <> ''),
    kind      TEXT NOT NULL CHECK (kind IN ('pause', 'continue', 'slots', 'drain', 'cancel')),
    arg       TEXT NOT NULL,
    obeyed_at TEXT COLLATE "C",
    answer    TEXT NOT NULL DEFAULT ''
);

CREATE INDEX orders_holder ON orders (holder);

CREATE TABLE run_changes (
    n    BIGINT PRIMARY KEY,
    run  TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    at   TEXT COLLATE "C" NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX run_changes_run ON run_changes (run);

CREATE TABLE writes (
    id                BIGINT PRIMARY KEY,
    command           TEXT NOT NULL CHECK (command <> ''),
    by_whom           TEXT NOT NULL,
    run               TEXT COLLATE "C" REFERENCES runs (id),
    idx               INTEGER NOT NULL CHECK (idx >= -1),
    user_id           TEXT NOT NULL,
    user_name         TEXT NOT NULL,
    effect            TEXT NOT NULL CHECK (effect <> ''),
    target            TEXT NOT NULL,
    before_write      TEXT,
    after_write       TEXT,
    once              TEXT CHECK (once <> ''),
    client_request_id TEXT NOT NULL,
    at                TEXT COLLATE "C" NOT NULL,
    status            TEXT CHECK (status IN ('done', 'refused', 'unknown', 'adopted', 'no-effect')),
    remote_id         TEXT,
    request_id        TEXT,
    detail            TEXT,
    no_change         INTEGER NOT NULL DEFAULT 0 CHECK (no_change IN (0, 1)),
    concluded_at      TEXT COLLATE "C",
    CHECK ((status IS NULL) = (concluded_at IS NULL)),
    CHECK (run IS NOT NULL OR idx = -1)
);

CREATE INDEX writes_run ON writes (run, idx);
CREATE UNIQUE INDEX writes_once ON writes (once) WHERE once IS NOT NULL AND (status IS NULL OR status NOT IN ('refused', 'no-effect'));

CREATE TABLE sealed (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    at      TEXT COLLATE "C" NOT NULL,
    went_to TEXT NOT NULL CHECK (went_to <> '')
);

-- +goose StatementBegin
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation';
END $$;
-- +goose StatementEnd

CREATE TRIGGER runs_frozen BEFORE UPDATE OF n, id, created_at, body ON runs FOR EACH ROW EXECUTE FUNCTION refuse('ledger: a run is not rewritten');
CREATE TRIGGER runs_kept BEFORE DELETE ON runs FOR EACH ROW EXECUTE FUNCTION refuse('ledger: a run is not deleted');
CREATE TRIGGER wave_rows_kept BEFORE DELETE ON wave_rows FOR EACH ROW EXECUTE FUNCTION refuse('ledger: a row is not deleted');
CREATE TRIGGER intents_frozen BEFORE UPDATE OF id, run, idx, attempt, effect, client_request_id, subject, at ON intents
    FOR EACH ROW EXECUTE FUNCTION refuse('ledger: an intent is not rewritten');
CREATE TRIGGER intents_kept BEFORE DELETE ON intents FOR EACH ROW EXECUTE FUNCTION refuse('ledger: an intent is not deleted');
CREATE TRIGGER writes_frozen BEFORE UPDATE OF id, command, by_whom, run, idx, user_id, user_name, effect, target, before_write,
    after_write, once, client_request_id, at ON writes FOR EACH ROW EXECUTE FUNCTION refuse('ledger: an intent is not rewritten');
CREATE TRIGGER writes_kept BEFORE DELETE ON writes FOR EACH ROW EXECUTE FUNCTION refuse('ledger: an intent is not deleted');
CREATE TRIGGER audit_frozen BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION refuse('ledger: the audit is not rewritten');
CREATE TRIGGER audit_kept BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse('ledger: the audit is not deleted');
CREATE TRIGGER audit_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse('ledger: the audit is not deleted');
CREATE TRIGGER orders_kept BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION refuse('ledger: an order is not deleted');
CREATE TRIGGER run_changes_frozen BEFORE UPDATE ON run_changes FOR EACH ROW EXECUTE FUNCTION refuse('ledger: a change of a run is not rewritten');
CREATE TRIGGER run_changes_kept BEFORE DELETE ON run_changes FOR EACH ROW EXECUTE FUNCTION refuse('ledger: a change of a run is not deleted');
CREATE TRIGGER fence_raised BEFORE UPDATE ON fence FOR EACH ROW WHEN (NEW.one <> OLD.one OR NEW.epoch <= OLD.epoch)
    EXECUTE FUNCTION refuse('ledger: the epoch is only raised');
CREATE TRIGGER fence_kept BEFORE DELETE ON fence FOR EACH ROW EXECUTE FUNCTION refuse('ledger: the fence is not deleted');
CREATE TRIGGER sealed_frozen BEFORE UPDATE ON sealed FOR EACH ROW EXECUTE FUNCTION refuse('ledger: a seal is not rewritten');
CREATE TRIGGER sealed_kept BEFORE DELETE ON sealed FOR EACH ROW EXECUTE FUNCTION refuse('ledger: a seal is not broken');
CREATE TRIGGER orders_frozen BEFORE UPDATE ON orders FOR EACH ROW
    WHEN (OLD.obeyed_at IS NOT NULL OR NEW.obeyed_at IS NULL OR NEW.id <> OLD.id OR NEW.run <> OLD.run OR NEW.holder <> OLD.holder
          OR NEW.at <> OLD.at OR NEW.by_whom <> OLD.by_whom OR NEW.kind <> OLD.kind OR NEW.arg <> OLD.arg)
    EXECUTE FUNCTION refuse('ledger: an order is obeyed once and not rewritten');
CREATE TRIGGER intents_born BEFORE INSERT ON intents FOR EACH ROW WHEN (NEW.status IS NOT NULL)
    EXECUTE FUNCTION refuse('ledger: an intent begins without an outcome, once');
CREATE TRIGGER writes_born BEFORE INSERT ON writes FOR EACH ROW WHEN (NEW.status IS NOT NULL)
    EXECUTE FUNCTION refuse('ledger: an intent begins without an outcome, once');
CREATE TRIGGER intents_concluded BEFORE UPDATE ON intents FOR EACH ROW
    WHEN (NEW.status IS NULL OR NOT (OLD.status IS NULL OR (OLD.status = 'unknown' AND NEW.status IN ('adopted', 'no-effect'))))
    EXECUTE FUNCTION refuse('ledger: an outcome is not rewritten');
CREATE TRIGGER writes_concluded BEFORE UPDATE ON writes FOR EACH ROW
    WHEN (NEW.status IS NULL OR NOT (OLD.status IS NULL OR (OLD.status = 'unknown' AND NEW.status IN ('adopted', 'no-effect'))))
    EXECUTE FUNCTION refuse('ledger: an outcome is not rewritten');
CREATE TRIGGER wave_rows_born BEFORE INSERT ON wave_rows FOR EACH ROW WHEN (NEW.state NOT IN ('pending', 'skipped'))
    EXECUTE FUNCTION refuse('ledger: a row begins pending or skipped, once');
CREATE TRIGGER wave_rows_frozen BEFORE UPDATE OF id, run, idx, user_id, target, input ON wave_rows FOR EACH ROW
    WHEN (NOT (NEW.id = OLD.id AND NEW.run = OLD.run AND NEW.idx = OLD.idx AND (
             (NEW.reason = 'amended' AND OLD.started_at IS NULL)
          OR (NEW.reason = 'retried' AND NEW.user_id = OLD.user_id AND NEW.input = OLD.input))))
    EXECUTE FUNCTION refuse('ledger: what a row aims at is frozen');

-- Those that look at other rows.

-- +goose StatementBegin
CREATE FUNCTION runs_finished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'finished' AND EXISTS (SELECT 1 FROM wave_rows WHERE run = NEW.id AND finished_at IS NULL) THEN
        RAISE EXCEPTION 'ledger: run has open rows' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER runs_finished BEFORE UPDATE OF state ON runs FOR EACH ROW EXECUTE FUNCTION runs_finished();

-- +goose StatementBegin
CREATE FUNCTION wave_rows_arrow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <> OLD.version + 1 OR NOT EXISTS (SELECT 1 FROM arrows
            WHERE from_state = OLD.state AND to_state = NEW.state AND reason = NEW.reason) THEN
        RAISE EXCEPTION 'ledger: a row changes by an arrow, one version up' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER wave_rows_arrow BEFORE UPDATE ON wave_rows FOR EACH ROW EXECUTE FUNCTION wave_rows_arrow();

-- +goose StatementBegin
CREATE FUNCTION intents_import_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM intents WHERE effect = NEW.effect AND (status IS NULL OR status = 'unknown')
               AND (run = NEW.run AND idx = NEW.idx OR subject <> '' AND lower(subject) = lower(NEW.subject))) THEN
        RAISE EXCEPTION 'ledger: an import of this row is not settled' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER intents_import_once BEFORE INSERT ON intents FOR EACH ROW WHEN (NEW.effect = 'snapshot.import')
    EXECUTE FUNCTION intents_import_once();

-- +goose StatementBegin
CREATE FUNCTION audit_appended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM sealed) THEN
        RAISE EXCEPTION 'ledger: sealed' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit) THEN
        RAISE EXCEPTION 'ledger: the audit only grows, without gaps' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_appended BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_appended();
