-- Append-only tables on SQLite. recursive_triggers must be ON, or INSERT OR REPLACE slips by.

CREATE TRIGGER party_name_no_update BEFORE UPDATE ON party_name BEGIN SELECT RAISE(ABORT, 'append-only: party_name'); END;
CREATE TRIGGER party_name_no_delete BEFORE DELETE ON party_name BEGIN SELECT RAISE(ABORT, 'append-only: party_name'); END;

CREATE TRIGGER party_identifier_no_update BEFORE UPDATE ON party_identifier BEGIN SELECT RAISE(ABORT, 'append-only: party_identifier'); END;
CREATE TRIGGER party_identifier_no_delete BEFORE DELETE ON party_identifier BEGIN SELECT RAISE(ABORT, 'append-only: party_identifier'); END;

CREATE TRIGGER facility_change_no_update BEFORE UPDATE ON facility_change BEGIN SELECT RAISE(ABORT, 'append-only: facility_change'); END;
CREATE TRIGGER facility_change_no_delete BEFORE DELETE ON facility_change BEGIN SELECT RAISE(ABORT, 'append-only: facility_change'); END;

CREATE TRIGGER note_no_update BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'append-only: note'); END;
CREATE TRIGGER note_no_delete BEFORE DELETE ON note BEGIN SELECT RAISE(ABORT, 'append-only: note'); END;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append-only: audit'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append-only: audit'); END;

CREATE TRIGGER outbox_no_update BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'append-only: outbox'); END;
CREATE TRIGGER outbox_no_delete BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'append-only: outbox'); END;

CREATE TRIGGER authorisation_no_update BEFORE UPDATE ON authorisation BEGIN SELECT RAISE(ABORT, 'append-only: authorisation'); END;
CREATE TRIGGER authorisation_no_delete BEFORE DELETE ON authorisation BEGIN SELECT RAISE(ABORT, 'append-only: authorisation'); END;

CREATE TRIGGER authorisation_event_no_update BEFORE UPDATE ON authorisation_event BEGIN SELECT RAISE(ABORT, 'append-only: authorisation_event'); END;
CREATE TRIGGER authorisation_event_no_delete BEFORE DELETE ON authorisation_event BEGIN SELECT RAISE(ABORT, 'append-only: authorisation_event'); END;

CREATE TRIGGER application_event_no_update BEFORE UPDATE ON application_event BEGIN SELECT RAISE(ABORT, 'append-only: application_event'); END;
CREATE TRIGGER application_event_no_delete BEFORE DELETE ON application_event BEGIN SELECT RAISE(ABORT, 'append-only: application_event'); END;

CREATE TRIGGER agreement_no_update BEFORE UPDATE ON agreement BEGIN SELECT RAISE(ABORT, 'append-only: agreement'); END;
CREATE TRIGGER agreement_no_delete BEFORE DELETE ON agreement BEGIN SELECT RAISE(ABORT, 'append-only: agreement'); END;

CREATE TRIGGER conflict_no_update BEFORE UPDATE ON conflict BEGIN SELECT RAISE(ABORT, 'append-only: conflict'); END;
CREATE TRIGGER conflict_no_delete BEFORE DELETE ON conflict BEGIN SELECT RAISE(ABORT, 'append-only: conflict'); END;

CREATE TRIGGER competence_no_update BEFORE UPDATE ON competence BEGIN SELECT RAISE(ABORT, 'append-only: competence'); END;
CREATE TRIGGER competence_no_delete BEFORE DELETE ON competence BEGIN SELECT RAISE(ABORT, 'append-only: competence'); END;

CREATE TRIGGER assessment_event_no_update BEFORE UPDATE ON assessment_event BEGIN SELECT RAISE(ABORT, 'append-only: assessment_event'); END;
CREATE TRIGGER assessment_event_no_delete BEFORE DELETE ON assessment_event BEGIN SELECT RAISE(ABORT, 'append-only: assessment_event'); END;

CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'append-only: evidence'); END;
CREATE TRIGGER evidence_no_delete BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'append-only: evidence'); END;

CREATE TRIGGER evidence_removal_no_update BEFORE UPDATE ON evidence_removal BEGIN SELECT RAISE(ABORT, 'append-only: evidence_removal'); END;
CREATE TRIGGER evidence_removal_no_delete BEFORE DELETE ON evidence_removal BEGIN SELECT RAISE(ABORT, 'append-only: evidence_removal'); END;

CREATE TRIGGER evidence_link_no_update BEFORE UPDATE ON evidence_link BEGIN SELECT RAISE(ABORT, 'append-only: evidence_link'); END;
CREATE TRIGGER evidence_link_no_delete BEFORE DELETE ON evidence_link BEGIN SELECT RAISE(ABORT, 'append-only: evidence_link'); END;

CREATE TRIGGER rating_no_update BEFORE UPDATE ON rating BEGIN SELECT RAISE(ABORT, 'append-only: rating'); END;
CREATE TRIGGER rating_no_delete BEFORE DELETE ON rating BEGIN SELECT RAISE(ABORT, 'append-only: rating'); END;

CREATE TRIGGER finding_event_no_update BEFORE UPDATE ON finding_event BEGIN SELECT RAISE(ABORT, 'append-only: finding_event'); END;
CREATE TRIGGER finding_event_no_delete BEFORE DELETE ON finding_event BEGIN SELECT RAISE(ABORT, 'append-only: finding_event'); END;

CREATE TRIGGER corrective_action_no_update BEFORE UPDATE ON corrective_action BEGIN SELECT RAISE(ABORT, 'append-only: corrective_action'); END;
CREATE TRIGGER corrective_action_no_delete BEFORE DELETE ON corrective_action BEGIN SELECT RAISE(ABORT, 'append-only: corrective_action'); END;

CREATE TRIGGER review_no_update BEFORE UPDATE ON review BEGIN SELECT RAISE(ABORT, 'append-only: review'); END;
CREATE TRIGGER review_no_delete BEFORE DELETE ON review BEGIN SELECT RAISE(ABORT, 'append-only: review'); END;

CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision BEGIN SELECT RAISE(ABORT, 'append-only: decision'); END;
CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision BEGIN SELECT RAISE(ABORT, 'append-only: decision'); END;

CREATE TRIGGER certificate_version_no_update BEFORE UPDATE ON certificate_version BEGIN SELECT RAISE(ABORT, 'append-only: certificate_version'); END;
CREATE TRIGGER certificate_version_no_delete BEFORE DELETE ON certificate_version BEGIN SELECT RAISE(ABORT, 'append-only: certificate_version'); END;

CREATE TRIGGER certificate_facility_no_update BEFORE UPDATE ON certificate_facility BEGIN SELECT RAISE(ABORT, 'append-only: certificate_facility'); END;
CREATE TRIGGER certificate_facility_no_delete BEFORE DELETE ON certificate_facility BEGIN SELECT RAISE(ABORT, 'append-only: certificate_facility'); END;

CREATE TRIGGER certificate_event_no_update BEFORE UPDATE ON certificate_event BEGIN SELECT RAISE(ABORT, 'append-only: certificate_event'); END;
CREATE TRIGGER certificate_event_no_delete BEFORE DELETE ON certificate_event BEGIN SELECT RAISE(ABORT, 'append-only: certificate_event'); END;

CREATE TRIGGER key_event_no_update BEFORE UPDATE ON key_event BEGIN SELECT RAISE(ABORT, 'append-only: key_event'); END;
CREATE TRIGGER key_event_no_delete BEFORE DELETE ON key_event BEGIN SELECT RAISE(ABORT, 'append-only: key_event'); END;

CREATE TRIGGER credential_form_no_update BEFORE UPDATE ON credential_form BEGIN SELECT RAISE(ABORT, 'append-only: credential_form'); END;
CREATE TRIGGER credential_form_no_delete BEFORE DELETE ON credential_form BEGIN SELECT RAISE(ABORT, 'append-only: credential_form'); END;

CREATE TRIGGER status_change_no_update BEFORE UPDATE ON status_change BEGIN SELECT RAISE(ABORT, 'append-only: status_change'); END;
CREATE TRIGGER status_change_no_delete BEFORE DELETE ON status_change BEGIN SELECT RAISE(ABORT, 'append-only: status_change'); END;

CREATE TRIGGER publication_no_update BEFORE UPDATE ON publication BEGIN SELECT RAISE(ABORT, 'append-only: publication'); END;
CREATE TRIGGER publication_no_delete BEFORE DELETE ON publication BEGIN SELECT RAISE(ABORT, 'append-only: publication'); END;

CREATE TRIGGER log_tile_no_update BEFORE UPDATE ON log_tile BEGIN SELECT RAISE(ABORT, 'append-only: log_tile'); END;
CREATE TRIGGER log_tile_no_delete BEFORE DELETE ON log_tile BEGIN SELECT RAISE(ABORT, 'append-only: log_tile'); END;

CREATE TRIGGER log_checkpoint_no_update BEFORE UPDATE ON log_checkpoint BEGIN SELECT RAISE(ABORT, 'append-only: log_checkpoint'); END;
CREATE TRIGGER log_checkpoint_no_delete BEFORE DELETE ON log_checkpoint BEGIN SELECT RAISE(ABORT, 'append-only: log_checkpoint'); END;

-- A published programme version never changes.
CREATE TRIGGER programme_version_no_update BEFORE UPDATE ON programme_version WHEN OLD.state = 'published'
BEGIN SELECT RAISE(ABORT, 'append-only: programme_version'); END;
CREATE TRIGGER programme_version_no_delete BEFORE DELETE ON programme_version WHEN OLD.state = 'published'
BEGIN SELECT RAISE(ABORT, 'append-only: programme_version'); END;

-- A leaf is given its number once; nothing else of it changes.
CREATE TRIGGER log_leaf_no_update BEFORE UPDATE ON log_leaf
WHEN OLD.seq IS NOT NULL OR NEW.seq IS NULL OR NEW.ord <> OLD.ord OR NEW.kind <> OLD.kind
  OR NEW.entry <> OLD.entry OR NEW.leaf_hash <> OLD.leaf_hash OR NEW.at <> OLD.at
BEGIN SELECT RAISE(ABORT, 'append-only: log_leaf'); END;
CREATE TRIGGER log_leaf_no_delete BEFORE DELETE ON log_leaf BEGIN SELECT RAISE(ABORT, 'append-only: log_leaf'); END;

-- A credential's payload and place are fixed when it is decided; only its state moves.
CREATE TRIGGER credential_fixed BEFORE UPDATE ON credential
WHEN NEW.payload <> OLD.payload OR NEW.payload_digest <> OLD.payload_digest OR NEW.signed_at <> OLD.signed_at
  OR NEW.signing_key_id <> OLD.signing_key_id OR NEW.shard_id <> OLD.shard_id OR NEW.idx <> OLD.idx
  OR NEW.certificate_id <> OLD.certificate_id OR NEW.certificate_version_id <> OLD.certificate_version_id
  OR NEW.issuer_id <> OLD.issuer_id OR NEW.holder_salt <> OLD.holder_salt OR NEW.leaf_ord <> OLD.leaf_ord
  OR coalesce(NEW.previous_id, '') <> coalesce(OLD.previous_id, '')
BEGIN SELECT RAISE(ABORT, 'append-only: credential payload'); END;
CREATE TRIGGER credential_no_delete BEFORE DELETE ON credential BEGIN SELECT RAISE(ABORT, 'append-only: credential'); END;

-- A membership and a signing key are ended, never deleted: what was done under them stays explained.
CREATE TRIGGER membership_no_delete BEFORE DELETE ON membership BEGIN SELECT RAISE(ABORT, 'append-only: membership'); END;
CREATE TRIGGER signing_key_no_delete BEFORE DELETE ON signing_key BEGIN SELECT RAISE(ABORT, 'append-only: signing_key'); END;
