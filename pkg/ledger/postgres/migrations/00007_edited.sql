-- +goose Up

-- A line of the wave file may be edited until its row begins, and again when the row failed and begins anew.
DROP TRIGGER wave_rows_frozen ON wave_rows;
CREATE TRIGGER wave_rows_frozen BEFORE UPDATE OF id, run, idx, user_id, target, input ON wave_rows FOR EACH ROW
    WHEN (NOT (NEW.id = OLD.id AND NEW.run = OLD.run AND NEW.idx = OLD.idx AND (
             (NEW.reason = 'amended' AND OLD.started_at IS NULL)
          OR (NEW.reason = 'retried' AND NEW.user_id = OLD.user_id AND (NEW.input = OLD.input OR OLD.state = 'failed' AND NEW.step = 'check')))))
    EXECUTE FUNCTION refuse('ledger: what a row aims at is frozen');
