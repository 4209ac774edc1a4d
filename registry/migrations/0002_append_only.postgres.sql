-- Append-only tables on PostgreSQL: row triggers for UPDATE and DELETE, a statement trigger for TRUNCATE.

CREATE FUNCTION akashi_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME; END $$;

CREATE TRIGGER party_name_append_only BEFORE UPDATE OR DELETE ON party_name FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER party_name_no_truncate BEFORE TRUNCATE ON party_name FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER party_identifier_append_only BEFORE UPDATE OR DELETE ON party_identifier FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER party_identifier_no_truncate BEFORE TRUNCATE ON party_identifier FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER facility_change_append_only BEFORE UPDATE OR DELETE ON facility_change FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER facility_change_no_truncate BEFORE TRUNCATE ON facility_change FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER note_append_only BEFORE UPDATE OR DELETE ON note FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER note_no_truncate BEFORE TRUNCATE ON note FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER outbox_append_only BEFORE UPDATE OR DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER outbox_no_truncate BEFORE TRUNCATE ON outbox FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER authorisation_append_only BEFORE UPDATE OR DELETE ON authorisation FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER authorisation_no_truncate BEFORE TRUNCATE ON authorisation FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER authorisation_event_append_only BEFORE UPDATE OR DELETE ON authorisation_event FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER authorisation_event_no_truncate BEFORE TRUNCATE ON authorisation_event FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER application_event_append_only BEFORE UPDATE OR DELETE ON application_event FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER application_event_no_truncate BEFORE TRUNCATE ON application_event FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER agreement_append_only BEFORE UPDATE OR DELETE ON agreement FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER agreement_no_truncate BEFORE TRUNCATE ON agreement FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER conflict_append_only BEFORE UPDATE OR DELETE ON conflict FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER conflict_no_truncate BEFORE TRUNCATE ON conflict FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER competence_append_only BEFORE UPDATE OR DELETE ON competence FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER competence_no_truncate BEFORE TRUNCATE ON competence FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER assessment_event_append_only BEFORE UPDATE OR DELETE ON assessment_event FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER assessment_event_no_truncate BEFORE TRUNCATE ON assessment_event FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE ON evidence FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER evidence_no_truncate BEFORE TRUNCATE ON evidence FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER evidence_removal_append_only BEFORE UPDATE OR DELETE ON evidence_removal FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER evidence_removal_no_truncate BEFORE TRUNCATE ON evidence_removal FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER evidence_link_append_only BEFORE UPDATE OR DELETE ON evidence_link FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER evidence_link_no_truncate BEFORE TRUNCATE ON evidence_link FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER rating_append_only BEFORE UPDATE OR DELETE ON rating FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER rating_no_truncate BEFORE TRUNCATE ON rating FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER finding_event_append_only BEFORE UPDATE OR DELETE ON finding_event FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER finding_event_no_truncate BEFORE TRUNCATE ON finding_event FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER corrective_action_append_only BEFORE UPDATE OR DELETE ON corrective_action FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER corrective_action_no_truncate BEFORE TRUNCATE ON corrective_action FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER review_append_only BEFORE UPDATE OR DELETE ON review FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER review_no_truncate BEFORE TRUNCATE ON review FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE ON decision FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER decision_no_truncate BEFORE TRUNCATE ON decision FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER certificate_version_append_only BEFORE UPDATE OR DELETE ON certificate_version FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER certificate_version_no_truncate BEFORE TRUNCATE ON certificate_version FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER certificate_facility_append_only BEFORE UPDATE OR DELETE ON certificate_facility FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER certificate_facility_no_truncate BEFORE TRUNCATE ON certificate_facility FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER certificate_event_append_only BEFORE UPDATE OR DELETE ON certificate_event FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER certificate_event_no_truncate BEFORE TRUNCATE ON certificate_event FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER key_event_append_only BEFORE UPDATE OR DELETE ON key_event FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER key_event_no_truncate BEFORE TRUNCATE ON key_event FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER credential_form_append_only BEFORE UPDATE OR DELETE ON credential_form FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER credential_form_no_truncate BEFORE TRUNCATE ON credential_form FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER status_change_append_only BEFORE UPDATE OR DELETE ON status_change FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER status_change_no_truncate BEFORE TRUNCATE ON status_change FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER publication_append_only BEFORE UPDATE OR DELETE ON publication FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER publication_no_truncate BEFORE TRUNCATE ON publication FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER log_tile_append_only BEFORE UPDATE OR DELETE ON log_tile FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER log_tile_no_truncate BEFORE TRUNCATE ON log_tile FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER log_checkpoint_append_only BEFORE UPDATE OR DELETE ON log_checkpoint FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER log_checkpoint_no_truncate BEFORE TRUNCATE ON log_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER log_leaf_append_only BEFORE DELETE ON log_leaf FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER log_leaf_no_truncate BEFORE TRUNCATE ON log_leaf FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER credential_append_only BEFORE DELETE ON credential FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER credential_no_truncate BEFORE TRUNCATE ON credential FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

CREATE TRIGGER programme_version_append_only BEFORE UPDATE OR DELETE ON programme_version FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER programme_version_no_truncate BEFORE TRUNCATE ON programme_version FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();

-- A leaf is given its number once; nothing else of it changes.
CREATE TRIGGER log_leaf_no_update BEFORE UPDATE ON log_leaf FOR EACH ROW
WHEN (OLD.seq IS NOT NULL OR NEW.seq IS NULL OR NEW.ord <> OLD.ord OR NEW.kind <> OLD.kind
  OR NEW.entry <> OLD.entry OR NEW.leaf_hash <> OLD.leaf_hash OR NEW.at <> OLD.at)
EXECUTE FUNCTION akashi_append_only();

-- A credential's payload and place are fixed when it is decided; only its state moves.
CREATE TRIGGER credential_fixed BEFORE UPDATE ON credential FOR EACH ROW
WHEN (NEW.payload <> OLD.payload OR NEW.payload_digest <> OLD.payload_digest OR NEW.signed_at <> OLD.signed_at
  OR NEW.signing_key_id <> OLD.signing_key_id OR NEW.shard_id <> OLD.shard_id OR NEW.idx <> OLD.idx
  OR NEW.certificate_id <> OLD.certificate_id OR NEW.certificate_version_id <> OLD.certificate_version_id
  OR NEW.issuer_id <> OLD.issuer_id OR NEW.holder_salt <> OLD.holder_salt OR NEW.leaf_ord <> OLD.leaf_ord
  OR coalesce(NEW.previous_id, '') <> coalesce(OLD.previous_id, ''))
EXECUTE FUNCTION akashi_append_only();

-- A membership and a signing key are ended, never deleted: what was done under them stays explained.
CREATE TRIGGER membership_no_delete BEFORE DELETE ON membership FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER membership_no_truncate BEFORE TRUNCATE ON membership FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER signing_key_no_delete BEFORE DELETE ON signing_key FOR EACH ROW EXECUTE FUNCTION akashi_append_only();
CREATE TRIGGER signing_key_no_truncate BEFORE TRUNCATE ON signing_key FOR EACH STATEMENT EXECUTE FUNCTION akashi_append_only();
