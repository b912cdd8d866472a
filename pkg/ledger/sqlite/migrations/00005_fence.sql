-- +goose Up

-- Who drives the ledger has the epoch that was raised when it took the lock. What it writes under an older one is refused.
CREATE TABLE fence (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL
) STRICT;

INSERT INTO fence (one, epoch) VALUES (1, 0);

-- +goose StatementBegin
CREATE TRIGGER fence_raised BEFORE UPDATE ON fence
WHEN NEW.one <> OLD.one OR NEW.epoch <= OLD.epoch
BEGIN SELECT RAISE(ABORT, 'ledger: the epoch is only raised'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER fence_kept BEFORE DELETE ON fence
BEGIN SELECT RAISE(ABORT, 'ledger: the fence is not deleted'); END;
-- +goose StatementEnd
