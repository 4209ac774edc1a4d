-- Append-only tables of complaints and appeals on PostgreSQL.

CREATE TRIGGER complaint_event_append_only BEFORE UPDATE OR DELETE ON complaint_event FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER complaint_event_no_truncate BEFORE TRUNCATE ON complaint_event FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER appeal_event_append_only BEFORE UPDATE OR DELETE ON appeal_event FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER appeal_event_no_truncate BEFORE TRUNCATE ON appeal_event FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER appeal_panel_append_only BEFORE UPDATE OR DELETE ON appeal_panel FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER appeal_panel_no_truncate BEFORE TRUNCATE ON appeal_panel FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER suspension_term_append_only BEFORE UPDATE OR DELETE ON suspension_term FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER suspension_term_no_truncate BEFORE TRUNCATE ON suspension_term FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER suspension_finding_append_only BEFORE UPDATE OR DELETE ON suspension_finding FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER suspension_finding_no_truncate BEFORE TRUNCATE ON suspension_finding FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER withdrawal_proposal_append_only BEFORE UPDATE OR DELETE ON withdrawal_proposal FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER withdrawal_proposal_no_truncate BEFORE TRUNCATE ON withdrawal_proposal FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();
