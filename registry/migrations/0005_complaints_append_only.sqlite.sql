-- Append-only tables of complaints and appeals on SQLite.

CREATE TRIGGER complaint_event_no_update BEFORE UPDATE ON complaint_event BEGIN SELECT RAISE(ABORT, 'append-only: complaint_event'); END;
CREATE TRIGGER complaint_event_no_delete BEFORE DELETE ON complaint_event BEGIN SELECT RAISE(ABORT, 'append-only: complaint_event'); END;

CREATE TRIGGER appeal_event_no_update BEFORE UPDATE ON appeal_event BEGIN SELECT RAISE(ABORT, 'append-only: appeal_event'); END;
CREATE TRIGGER appeal_event_no_delete BEFORE DELETE ON appeal_event BEGIN SELECT RAISE(ABORT, 'append-only: appeal_event'); END;

CREATE TRIGGER appeal_panel_no_update BEFORE UPDATE ON appeal_panel BEGIN SELECT RAISE(ABORT, 'append-only: appeal_panel'); END;
CREATE TRIGGER appeal_panel_no_delete BEFORE DELETE ON appeal_panel BEGIN SELECT RAISE(ABORT, 'append-only: appeal_panel'); END;

CREATE TRIGGER suspension_term_no_update BEFORE UPDATE ON suspension_term BEGIN SELECT RAISE(ABORT, 'append-only: suspension_term'); END;
CREATE TRIGGER suspension_term_no_delete BEFORE DELETE ON suspension_term BEGIN SELECT RAISE(ABORT, 'append-only: suspension_term'); END;

CREATE TRIGGER suspension_finding_no_update BEFORE UPDATE ON suspension_finding BEGIN SELECT RAISE(ABORT, 'append-only: suspension_finding'); END;
CREATE TRIGGER suspension_finding_no_delete BEFORE DELETE ON suspension_finding BEGIN SELECT RAISE(ABORT, 'append-only: suspension_finding'); END;

CREATE TRIGGER withdrawal_proposal_no_update BEFORE UPDATE ON withdrawal_proposal BEGIN SELECT RAISE(ABORT, 'append-only: withdrawal_proposal'); END;
CREATE TRIGGER withdrawal_proposal_no_delete BEFORE DELETE ON withdrawal_proposal BEGIN SELECT RAISE(ABORT, 'append-only: withdrawal_proposal'); END;
