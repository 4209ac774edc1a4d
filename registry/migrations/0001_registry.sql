-- The registry's tables, in the dialect that SQLite and PostgreSQL share.
-- Times are BIGINT milliseconds UTC, flags BIGINT 0/1, ids UUIDv7 text, JSON text.
-- "append" marks the tables whose rows never change: 0002 holds the triggers that keep it so.

-- ── accounts and platform ───────────────────────────────────────────────────────────────────────

CREATE TABLE data_key (
    id            TEXT PRIMARY KEY,
    subject_kind  TEXT NOT NULL,
    subject_id    TEXT NOT NULL,
    wrapped       BYTEA,                                   -- none once it was destroyed
    destroyed_at  BIGINT,
    destroyed_by  TEXT,
    UNIQUE (subject_kind, subject_id)
);

CREATE TABLE party (
    id                TEXT PRIMARY KEY,
    kind              TEXT NOT NULL,
    slug              TEXT UNIQUE,
    display_name      TEXT NOT NULL,
    country           TEXT NOT NULL,
    municipality      TEXT,
    sole_proprietor   BIGINT NOT NULL,
    publish_consent   BIGINT NOT NULL,
    terms             TEXT,
    created_at        BIGINT NOT NULL,
    version           BIGINT NOT NULL
);

CREATE TABLE party_name (                                  -- append
    id        TEXT PRIMARY KEY,
    party_id  TEXT NOT NULL REFERENCES party (id),
    kind      TEXT NOT NULL,
    name      TEXT NOT NULL,
    at        BIGINT NOT NULL
);
CREATE INDEX party_name_party ON party_name (party_id);

CREATE TABLE party_identifier (                            -- append
    scheme    TEXT NOT NULL,
    value     TEXT NOT NULL,
    party_id  TEXT NOT NULL REFERENCES party (id),
    PRIMARY KEY (scheme, value)
);
CREATE INDEX party_identifier_party ON party_identifier (party_id);

CREATE TABLE facility (
    id          TEXT PRIMARY KEY,
    party_id    TEXT NOT NULL REFERENCES party (id),
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    address     TEXT NOT NULL,
    region      TEXT NOT NULL,
    country     TEXT NOT NULL,
    workers     BIGINT NOT NULL,                           -- foreign workers employed here
    workers_by_status TEXT NOT NULL,                       -- JSON: residence status → count, of those workers
    residents   BIGINT NOT NULL,                           -- workers who live here, of a dormitory
    created_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL
);
CREATE INDEX facility_party ON facility (party_id);
CREATE UNIQUE INDEX facility_whole ON facility (party_id) WHERE kind = 'whole';

CREATE TABLE facility_change (                             -- append
    id           TEXT PRIMARY KEY,
    facility_id  TEXT NOT NULL REFERENCES facility (id),
    by_account   TEXT NOT NULL,
    at           BIGINT NOT NULL,
    fields       TEXT NOT NULL
);

CREATE TABLE account (
    id          TEXT PRIMARY KEY,
    email_norm  TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    locale      TEXT NOT NULL,
    state       TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL
);

CREATE TABLE secret (
    account_id  TEXT NOT NULL REFERENCES account (id),
    kind        TEXT NOT NULL,
    data        TEXT NOT NULL,
    changed_at  BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind)
);

CREATE TABLE session (                                     -- one sign-in, a family of refresh tokens
    id          TEXT PRIMARY KEY,
    account_id  TEXT NOT NULL REFERENCES account (id),
    started_at  BIGINT NOT NULL,
    ended_at    BIGINT,
    end_reason  TEXT
);
CREATE INDEX session_account ON session (account_id);

CREATE TABLE refresh_token (
    hash        BYTEA PRIMARY KEY,
    session_id  TEXT NOT NULL REFERENCES session (id),
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);

CREATE TABLE operator_link (                               -- the one-time link of the first start
    hash        BYTEA PRIMARY KEY,
    created_at  BIGINT NOT NULL,
    used_at     BIGINT
);

CREATE TABLE membership (
    id          TEXT PRIMARY KEY,
    account_id  TEXT NOT NULL REFERENCES account (id),
    party_id    TEXT NOT NULL REFERENCES party (id),
    role        TEXT NOT NULL,
    from_at     BIGINT NOT NULL,
    accepted_at BIGINT,                                    -- by the person; before, it is an invitation
    ended_at    BIGINT,
    ended_by    TEXT
);
CREATE UNIQUE INDEX membership_current ON membership (account_id, party_id, role) WHERE ended_at IS NULL;
CREATE INDEX membership_party ON membership (party_id);

CREATE TABLE note (                                        -- append; every free text
    id           TEXT PRIMARY KEY,
    data_key_id  TEXT NOT NULL REFERENCES data_key (id),
    lang         TEXT NOT NULL,
    ciphertext   BYTEA NOT NULL,
    at           BIGINT NOT NULL
);

CREATE TABLE blob (
    id             TEXT PRIMARY KEY,
    party_id       TEXT NOT NULL REFERENCES party (id),
    address        BYTEA,                                  -- HMAC of the content under the party's key; none once erased
    cipher_digest  BYTEA,                                  -- none once erased
    size           BIGINT NOT NULL,
    media_type     TEXT NOT NULL,
    data_key_id    TEXT NOT NULL REFERENCES data_key (id),
    state          TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    UNIQUE (party_id, address)
);

CREATE TABLE audit (                                       -- append
    id          TEXT PRIMARY KEY,
    at          BIGINT NOT NULL,
    account_id  TEXT,
    party_id    TEXT,
    action      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    request_id  TEXT NOT NULL
);
CREATE INDEX audit_party ON audit (party_id, id);
CREATE INDEX audit_denied ON audit (account_id, at) WHERE outcome = 'denied';

CREATE TABLE idempotency (
    account_id    TEXT NOT NULL,
    route         TEXT NOT NULL,
    key           TEXT NOT NULL,
    request_hash  BYTEA NOT NULL,
    status        BIGINT NOT NULL,
    answer        BYTEA NOT NULL,
    expires_at    BIGINT NOT NULL,
    PRIMARY KEY (account_id, route, key)
);
CREATE INDEX idempotency_expires ON idempotency (expires_at);

CREATE TABLE job (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    due_at       BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    lease_owner  TEXT,
    lease_until  BIGINT,
    last_error   TEXT,
    created_at   BIGINT NOT NULL,
    done_at      BIGINT
);
CREATE UNIQUE INDEX job_open ON job (kind, subject) WHERE done_at IS NULL;
CREATE INDEX job_due ON job (due_at) WHERE done_at IS NULL;

CREATE TABLE outbox (                                      -- append; what others are to be told, in order
    seq      BIGINT PRIMARY KEY,                           -- in the order of the commits, from 1
    topic    TEXT NOT NULL,
    payload  TEXT NOT NULL,                                -- JSON; ids and public facts only
    at       BIGINT NOT NULL
);
CREATE INDEX outbox_topic ON outbox (topic, seq);

-- ── certification ───────────────────────────────────────────────────────────────────────────────

CREATE TABLE programme_version (                           -- append once published
    id              TEXT PRIMARY KEY,
    programme       TEXT NOT NULL,
    label           TEXT NOT NULL,
    owner_id        TEXT NOT NULL REFERENCES party (id),
    state           TEXT NOT NULL,
    digest          BYTEA NOT NULL,
    canonical       BYTEA NOT NULL,
    effective_from  BIGINT,
    published_at    BIGINT,
    created_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL,
    UNIQUE (programme, label)
);

CREATE TABLE authorisation (                               -- append
    id           TEXT PRIMARY KEY,
    programme    TEXT NOT NULL,
    body_id      TEXT NOT NULL REFERENCES party (id),
    from_at      BIGINT NOT NULL,
    until_at     BIGINT NOT NULL,
    by_account   TEXT NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX authorisation_body ON authorisation (body_id, programme);

CREATE TABLE authorisation_event (                         -- append; the earliest end counts
    id                TEXT PRIMARY KEY,
    authorisation_id  TEXT NOT NULL REFERENCES authorisation (id),
    until_at          BIGINT NOT NULL,
    by_account        TEXT NOT NULL,
    at                BIGINT NOT NULL
);
CREATE INDEX authorisation_event_of ON authorisation_event (authorisation_id);

CREATE TABLE certificate (
    id             TEXT PRIMARY KEY,
    number         TEXT NOT NULL UNIQUE,
    body_id        TEXT NOT NULL REFERENCES party (id),
    company_id     TEXT NOT NULL REFERENCES party (id),
    programme      TEXT NOT NULL,
    state          TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    version        BIGINT NOT NULL
);
CREATE INDEX certificate_company ON certificate (company_id);
CREATE INDEX certificate_body ON certificate (body_id);

CREATE TABLE application (
    id                    TEXT PRIMARY KEY,
    company_id            TEXT NOT NULL REFERENCES party (id),
    body_id               TEXT NOT NULL REFERENCES party (id),
    programme_version_id  TEXT NOT NULL REFERENCES programme_version (id),
    kind                  TEXT NOT NULL,
    certificate_id        TEXT REFERENCES certificate (id),
    state                 TEXT NOT NULL,
    facts                 TEXT NOT NULL,
    created_by            TEXT NOT NULL REFERENCES account (id),
    created_at            BIGINT NOT NULL,
    changed_at            BIGINT NOT NULL,
    version               BIGINT NOT NULL
);
CREATE INDEX application_company ON application (company_id, id);
CREATE INDEX application_body ON application (body_id, id);
CREATE INDEX application_unmoved ON application (programme_version_id, changed_at);

CREATE TABLE application_facility (
    application_id  TEXT NOT NULL REFERENCES application (id),
    facility_id     TEXT NOT NULL REFERENCES facility (id),
    PRIMARY KEY (application_id, facility_id)
);

CREATE TABLE application_event (                           -- append
    application_id  TEXT NOT NULL REFERENCES application (id),
    seq             BIGINT NOT NULL,
    event           TEXT NOT NULL,
    to_state        TEXT NOT NULL,
    by_account      TEXT,                                  -- none: the registry itself, as time went by
    reason_note     TEXT REFERENCES note (id),
    at              BIGINT NOT NULL,
    PRIMARY KEY (application_id, seq)
);

CREATE TABLE agreement (                                   -- append
    application_id  TEXT PRIMARY KEY REFERENCES application (id),
    body_id         TEXT NOT NULL REFERENCES party (id),
    company_id      TEXT NOT NULL REFERENCES party (id),
    terms_version   TEXT NOT NULL,
    terms           TEXT NOT NULL,
    accepted_by     TEXT NOT NULL REFERENCES account (id),
    at              BIGINT NOT NULL
);

CREATE TABLE conflict (                                    -- append
    id           TEXT PRIMARY KEY,
    account_id   TEXT NOT NULL REFERENCES account (id),
    party_id     TEXT NOT NULL REFERENCES party (id),
    kind         TEXT NOT NULL,
    from_at      BIGINT NOT NULL,
    until_at     BIGINT,
    by_account   TEXT NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX conflict_account ON conflict (account_id, party_id);

CREATE TABLE competence (                                  -- append
    id           TEXT PRIMARY KEY,
    account_id   TEXT NOT NULL REFERENCES account (id),
    body_id      TEXT NOT NULL REFERENCES party (id),
    programme    TEXT NOT NULL,
    from_at      BIGINT NOT NULL,
    until_at     BIGINT,
    by_account   TEXT NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX competence_account ON competence (account_id, body_id);

CREATE TABLE assignment (
    id              TEXT PRIMARY KEY,
    application_id  TEXT NOT NULL REFERENCES application (id),
    account_id      TEXT NOT NULL REFERENCES account (id),
    task            TEXT NOT NULL,
    assigned_by     TEXT NOT NULL,
    assigned_at     BIGINT NOT NULL,
    accepted_at     BIGINT,
    ended_at        BIGINT
);
CREATE INDEX assignment_application ON assignment (application_id);
CREATE INDEX assignment_account ON assignment (account_id);
CREATE UNIQUE INDEX assignment_current ON assignment (application_id, account_id, task) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX assignment_lead ON assignment (application_id) WHERE ended_at IS NULL AND task = 'lead';

CREATE TABLE self_answer (
    application_id  TEXT NOT NULL REFERENCES application (id),
    criterion       TEXT NOT NULL,
    facility_id     TEXT NOT NULL REFERENCES facility (id),
    answer          TEXT NOT NULL,
    note_id         TEXT REFERENCES note (id),
    by_account      TEXT NOT NULL,
    at              BIGINT NOT NULL,
    version         BIGINT NOT NULL,
    PRIMARY KEY (application_id, criterion, facility_id)
);

CREATE TABLE assessment (
    id              TEXT PRIMARY KEY,
    application_id  TEXT NOT NULL UNIQUE REFERENCES application (id),
    kind            TEXT NOT NULL,
    state           TEXT NOT NULL,
    visit_from      BIGINT,
    visit_to        BIGINT,
    created_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL
);

CREATE TABLE assessment_event (                            -- append
    assessment_id  TEXT NOT NULL REFERENCES assessment (id),
    seq            BIGINT NOT NULL,
    event          TEXT NOT NULL,
    to_state       TEXT NOT NULL,
    by_account     TEXT NOT NULL,
    reason_note    TEXT REFERENCES note (id),
    at             BIGINT NOT NULL,
    PRIMARY KEY (assessment_id, seq)
);

CREATE TABLE sample (
    assessment_id       TEXT NOT NULL REFERENCES assessment (id),
    facility_id         TEXT NOT NULL REFERENCES facility (id),
    kind                TEXT NOT NULL,
    interviews_planned  BIGINT NOT NULL,
    interviews_held     TEXT NOT NULL,                     -- JSON: language → count, no names
    PRIMARY KEY (assessment_id, facility_id)
);

CREATE TABLE evidence (                                    -- append
    id           TEXT PRIMARY KEY,
    party_id     TEXT NOT NULL REFERENCES party (id),
    blob_id      TEXT NOT NULL REFERENCES blob (id),
    name_note    TEXT REFERENCES note (id),
    source       TEXT NOT NULL,
    period_from  TEXT NOT NULL,                            -- dates (RFC 3339 full-date) that it speaks of
    period_to    TEXT NOT NULL,
    expires_on   TEXT,                                     -- the last day on which it holds
    received_at  BIGINT NOT NULL,
    by_account   TEXT NOT NULL REFERENCES account (id)
);
CREATE INDEX evidence_party ON evidence (party_id, id);

CREATE TABLE evidence_removal (                            -- append
    evidence_id  TEXT PRIMARY KEY REFERENCES evidence (id),
    by_account   TEXT NOT NULL,
    at           BIGINT NOT NULL
);

CREATE TABLE evidence_link (                               -- append
    id              TEXT PRIMARY KEY,
    evidence_id     TEXT NOT NULL REFERENCES evidence (id),
    application_id  TEXT NOT NULL REFERENCES application (id),
    criterion       TEXT NOT NULL,
    facility_id     TEXT NOT NULL REFERENCES facility (id),
    finding_id      TEXT,
    by_account      TEXT NOT NULL,
    at              BIGINT NOT NULL
);
CREATE INDEX evidence_link_evidence ON evidence_link (evidence_id);
CREATE INDEX evidence_link_application ON evidence_link (application_id);

CREATE TABLE rating (                                      -- append; the highest seq is current
    id             TEXT PRIMARY KEY,
    assessment_id  TEXT NOT NULL REFERENCES assessment (id),
    criterion      TEXT NOT NULL,
    facility_id    TEXT NOT NULL REFERENCES facility (id),
    seq            BIGINT NOT NULL,
    value          TEXT NOT NULL,
    na_ground      TEXT,
    reason_note    TEXT NOT NULL REFERENCES note (id),
    by_account     TEXT NOT NULL REFERENCES account (id),
    at             BIGINT NOT NULL,
    UNIQUE (assessment_id, criterion, facility_id, seq)
);

CREATE TABLE finding (
    id             TEXT PRIMARY KEY,
    assessment_id  TEXT NOT NULL REFERENCES assessment (id),
    rating_id      TEXT NOT NULL REFERENCES rating (id),
    criterion      TEXT NOT NULL,
    facility_id    TEXT NOT NULL REFERENCES facility (id),
    grade          TEXT NOT NULL,
    state          TEXT NOT NULL,
    issued_at      BIGINT NOT NULL,
    plan_due_at    BIGINT NOT NULL,
    close_due_at   BIGINT NOT NULL,
    extended       BIGINT NOT NULL,
    version        BIGINT NOT NULL
);
CREATE INDEX finding_assessment ON finding (assessment_id);

CREATE TABLE finding_event (                               -- append
    finding_id   TEXT NOT NULL REFERENCES finding (id),
    seq          BIGINT NOT NULL,
    event        TEXT NOT NULL,
    to_state     TEXT NOT NULL,
    by_account   TEXT NOT NULL,
    reason_note  TEXT REFERENCES note (id),
    at           BIGINT NOT NULL,
    PRIMARY KEY (finding_id, seq)
);

CREATE TABLE corrective_action (                           -- append
    id          TEXT PRIMARY KEY,
    finding_id  TEXT NOT NULL REFERENCES finding (id),
    cause_note  TEXT NOT NULL REFERENCES note (id),
    plan_note   TEXT NOT NULL REFERENCES note (id),
    by_account  TEXT NOT NULL REFERENCES account (id),
    at          BIGINT NOT NULL
);
CREATE INDEX corrective_action_finding ON corrective_action (finding_id);

CREATE TABLE review (                                      -- append
    id              TEXT PRIMARY KEY,
    assessment_id   TEXT NOT NULL REFERENCES assessment (id),
    recommendation  TEXT NOT NULL,
    level           TEXT,
    na_accepted     BIGINT NOT NULL,
    ratings_digest  BYTEA NOT NULL,                        -- of the ratings that were reviewed
    reason_note     TEXT NOT NULL REFERENCES note (id),
    by_account      TEXT NOT NULL REFERENCES account (id),
    at              BIGINT NOT NULL
);
CREATE INDEX review_assessment ON review (assessment_id);

CREATE TABLE decision (                                    -- append
    id              TEXT PRIMARY KEY,
    application_id  TEXT REFERENCES application (id),
    certificate_id  TEXT REFERENCES certificate (id),
    kind            TEXT NOT NULL,
    cause           TEXT,                                  -- of a suspension
    level           TEXT,
    rule_level      TEXT,
    rule_score      BIGINT,
    rule_reason     TEXT,
    ratings_digest  BYTEA,
    reason_note     TEXT NOT NULL REFERENCES note (id),
    public_reason   TEXT,
    by_account      TEXT NOT NULL REFERENCES account (id),
    at              BIGINT NOT NULL,
    effective_at    BIGINT NOT NULL
);
-- One application is decided once: granted (or its scope extended) or refused.
CREATE UNIQUE INDEX decision_once ON decision (application_id) WHERE application_id IS NOT NULL;
CREATE INDEX decision_certificate ON decision (certificate_id);

CREATE TABLE certificate_version (                         -- append
    id                    TEXT PRIMARY KEY,
    certificate_id        TEXT NOT NULL REFERENCES certificate (id),
    n                     BIGINT NOT NULL,
    decision_id           TEXT NOT NULL REFERENCES decision (id),
    programme_version_id  TEXT NOT NULL REFERENCES programme_version (id),
    assessment_id         TEXT NOT NULL REFERENCES assessment (id),
    level                 TEXT NOT NULL,
    valid_from            BIGINT NOT NULL,
    valid_until           BIGINT NOT NULL,
    UNIQUE (certificate_id, n)
);

CREATE TABLE certificate_facility (                        -- append
    certificate_version_id  TEXT NOT NULL REFERENCES certificate_version (id),
    facility_id             TEXT NOT NULL REFERENCES facility (id),
    PRIMARY KEY (certificate_version_id, facility_id)
);

CREATE TABLE certificate_event (                           -- append
    certificate_id  TEXT NOT NULL REFERENCES certificate (id),
    seq             BIGINT NOT NULL,
    kind            TEXT NOT NULL,
    decision_id     TEXT REFERENCES decision (id),
    credential_id   TEXT,
    at              BIGINT NOT NULL,
    effective_at    BIGINT NOT NULL,
    public_reason   TEXT,
    leaf_ord        BIGINT,
    PRIMARY KEY (certificate_id, seq)
);

-- ── issuance ────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE issuer (
    id          TEXT PRIMARY KEY,
    party_id    TEXT NOT NULL UNIQUE REFERENCES party (id),
    did         TEXT NOT NULL UNIQUE,
    created_at  BIGINT NOT NULL
);

CREATE TABLE signing_key (
    id                TEXT PRIMARY KEY,
    role              TEXT NOT NULL,
    issuer_id         TEXT REFERENCES issuer (id),
    fragment          TEXT NOT NULL,
    public            BYTEA NOT NULL,
    sealed            TEXT NOT NULL,
    from_at           BIGINT NOT NULL,
    until_at          BIGINT,
    compromised_from  BIGINT,
    created_at        BIGINT NOT NULL,
    version           BIGINT NOT NULL
);
CREATE INDEX signing_key_role ON signing_key (role, issuer_id);

CREATE TABLE key_event (                                   -- append
    id              TEXT PRIMARY KEY,
    signing_key_id  TEXT NOT NULL REFERENCES signing_key (id),
    kind            TEXT NOT NULL,
    effective_at    BIGINT NOT NULL,
    by_account      TEXT,
    at              BIGINT NOT NULL
);

CREATE TABLE credential (
    id                      TEXT PRIMARY KEY,
    certificate_id          TEXT NOT NULL REFERENCES certificate (id),
    certificate_version_id  TEXT NOT NULL REFERENCES certificate_version (id),
    issuer_id               TEXT NOT NULL REFERENCES issuer (id),
    signing_key_id          TEXT NOT NULL REFERENCES signing_key (id),
    signed_at               BIGINT NOT NULL,               -- milliseconds of a whole second
    holder_salt             BYTEA NOT NULL,
    payload                 BYTEA NOT NULL,
    payload_digest          BYTEA NOT NULL UNIQUE,
    shard_id                TEXT NOT NULL,
    idx                     BIGINT NOT NULL,
    previous_id             TEXT REFERENCES credential (id),
    state                   TEXT NOT NULL,
    leaf_ord                BIGINT NOT NULL,
    failure                 TEXT,
    version                 BIGINT NOT NULL,
    UNIQUE (shard_id, idx)
);
CREATE INDEX credential_certificate ON credential (certificate_id);

CREATE TABLE credential_form (                             -- append
    credential_id   TEXT NOT NULL REFERENCES credential (id),
    form            TEXT NOT NULL,
    bytes           BYTEA NOT NULL,
    digest          BYTEA NOT NULL,
    signing_key_id  TEXT NOT NULL REFERENCES signing_key (id),
    PRIMARY KEY (credential_id, form)
);

CREATE TABLE status_shard (                                -- three lists that share their indexes
    id           TEXT PRIMARY KEY,
    issuer_id    TEXT NOT NULL REFERENCES issuer (id),
    n            BIGINT NOT NULL,
    permutation  BYTEA NOT NULL,
    counter      BIGINT NOT NULL,
    opened_at    BIGINT NOT NULL,                          -- when its empty lists were first in a bundle
    UNIQUE (issuer_id, n)
);

CREATE TABLE status_list (
    id        TEXT PRIMARY KEY,
    shard_id  TEXT NOT NULL REFERENCES status_shard (id),
    purpose   TEXT NOT NULL,
    UNIQUE (shard_id, purpose)
);

CREATE TABLE status_change (                               -- append; the leaf fixes its place
    leaf_ord        BIGINT PRIMARY KEY,
    status_list_id  TEXT NOT NULL REFERENCES status_list (id),
    idx             BIGINT NOT NULL,
    bit             BIGINT NOT NULL,
    credential_id   TEXT NOT NULL REFERENCES credential (id),
    at              BIGINT NOT NULL
);
CREATE INDEX status_change_list ON status_change (status_list_id, idx);

CREATE TABLE publication (                                 -- append; the highest version is current
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    version      BIGINT NOT NULL,
    bytes        BYTEA NOT NULL,
    leaf         BIGINT NOT NULL,                          -- number of the last log leaf it reflects
    valid_until  BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (kind, subject, version)
);

-- ── log ─────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE log_leaf (                                    -- append, but for its number, given once
    ord        BIGINT PRIMARY KEY,                         -- order of arrival
    seq        BIGINT UNIQUE,
    kind       TEXT NOT NULL,
    entry      BYTEA NOT NULL,
    leaf_hash  BYTEA NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX log_leaf_waiting ON log_leaf (ord) WHERE seq IS NULL;

CREATE TABLE log_tile (                                    -- append; level -1 holds the entry bundles
    level  BIGINT NOT NULL,
    idx    BIGINT NOT NULL,
    width  BIGINT NOT NULL,
    bytes  BYTEA NOT NULL,
    PRIMARY KEY (level, idx, width)
);

CREATE TABLE log_checkpoint (                              -- append
    size  BIGINT PRIMARY KEY,
    root  BYTEA NOT NULL,
    note  TEXT NOT NULL,
    at    BIGINT NOT NULL
);

-- ── publication (rebuildable from the above; no foreign keys inward) ─────────────────────────────

CREATE TABLE public_certificate (
    number      TEXT PRIMARY KEY,
    id          TEXT NOT NULL,
    holder      TEXT NOT NULL,
    programme   TEXT NOT NULL,
    country     TEXT NOT NULL,
    state       TEXT NOT NULL,
    level       TEXT NOT NULL,
    valid_until BIGINT NOT NULL,
    json        TEXT NOT NULL,
    leaf        BIGINT NOT NULL
);

CREATE TABLE search_gram (
    gram    TEXT NOT NULL,
    number  TEXT NOT NULL,
    PRIMARY KEY (gram, number)
);

CREATE TABLE registry_setting (                            -- what is fixed at the first start
    name   TEXT PRIMARY KEY,
    value  TEXT NOT NULL
);
