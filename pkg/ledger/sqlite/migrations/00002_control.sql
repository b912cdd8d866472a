-- +goose Up

-- What operators ask of the process that drives a run, from another terminal. obeyed_at stays NULL when nobody did.
CREATE TABLE orders (
    id        INTEGER PRIMARY KEY,
    run       TEXT NOT NULL REFERENCES runs (id),
    holder    TEXT NOT NULL CHECK (holder <> ''),
    at        TEXT NOT NULL,
    by_whom   TEXT NOT NULL CHECK (by_whom <> ''),
    kind      TEXT NOT NULL CHECK (kind IN ('pause', 'continue', 'slots', 'drain', 'cancel')),
    arg       TEXT NOT NULL,
    obeyed_at TEXT,
    answer    TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX orders_holder ON orders (holder);

-- What changed about a run since it was created; the run as it stands is the run with these on top, in order.
CREATE TABLE run_changes (
    n    INTEGER PRIMARY KEY,
    run  TEXT NOT NULL REFERENCES runs (id),
    at   TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE INDEX run_changes_run ON run_changes (run);

-- +goose StatementBegin
CREATE TRIGGER orders_frozen BEFORE UPDATE ON orders
WHEN OLD.obeyed_at IS NOT NULL OR NEW.obeyed_at IS NULL OR NEW.id <> OLD.id OR NEW.run <> OLD.run OR NEW.holder <> OLD.holder
  OR NEW.at <> OLD.at OR NEW.by_whom <> OLD.by_whom OR NEW.kind <> OLD.kind OR NEW.arg <> OLD.arg
BEGIN SELECT RAISE(ABORT, 'ledger: an order is obeyed once and not rewritten'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER orders_kept BEFORE DELETE ON orders
BEGIN SELECT RAISE(ABORT, 'ledger: an order is not deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER run_changes_frozen BEFORE UPDATE ON run_changes
BEGIN SELECT RAISE(ABORT, 'ledger: a change of a run is not rewritten'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER run_changes_kept BEFORE DELETE ON run_changes
BEGIN SELECT RAISE(ABORT, 'ledger: a change of a run is not deleted'); END;
-- +goose StatementEnd

DROP TRIGGER wave_rows_frozen;

-- A line of the wave file may be edited until its row begins; a new attempt may read the facts of its disk again.
-- +goose StatementBegin
CREATE TRIGGER wave_rows_frozen BEFORE UPDATE OF id, run, idx, user_id, target, input ON wave_rows
WHEN NOT (NEW.id = OLD.id AND NEW.run = OLD.run AND NEW.idx = OLD.idx AND (
         (NEW.reason = 'amended' AND OLD.started_at IS NULL)
      OR (NEW.reason = 'retried' AND NEW.user_id = OLD.user_id AND NEW.input = OLD.input)))
BEGIN SELECT RAISE(ABORT, 'ledger: what a row aims at is frozen'); END;
-- +goose StatementEnd
