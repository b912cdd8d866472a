-- +goose Up

-- An index over every entry had a page of its own written with each transition. An entry is found without it: those of a run
-- lie behind its first one, mostly side by side, and those of no run are few.
CREATE INDEX audit_begin ON audit (run) WHERE kind = 'run-created';
CREATE INDEX audit_own ON audit (seq) WHERE run = '';
DROP INDEX audit_run;
