-- +goose Up

-- Where a ledger went that was copied to another home: one row or none. Nothing is recorded here any more then.
CREATE TABLE sealed (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    at      TEXT NOT NULL,
    went_to TEXT NOT NULL CHECK (went_to <> '')
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER sealed_frozen BEFORE UPDATE ON sealed
BEGIN SELECT RAISE(ABORT, 'ledger: a seal is not rewritten'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sealed_kept BEFORE DELETE ON sealed
BEGIN SELECT RAISE(ABORT, 'ledger: a seal is not broken'); END;
-- +goose StatementEnd

-- Whatever is recorded has its entry in the audit.
-- +goose StatementBegin
CREATE TRIGGER audit_sealed BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM sealed)
BEGIN SELECT RAISE(ABORT, 'ledger: sealed'); END;
-- +goose StatementEnd
