-- What speaks against a holder, a body or a decision: complaints and appeals; and what a suspension's term leads to.

CREATE TABLE complaint (
    id                  TEXT PRIMARY KEY,
    body_id             TEXT NOT NULL REFERENCES party (id),          -- who answers it
    certificate_id      TEXT REFERENCES certificate (id),             -- none: about the body itself
    state               TEXT NOT NULL,
    text_note           TEXT NOT NULL REFERENCES note (id),           -- under the body's data key, as all notes here
    contact_note        TEXT REFERENCES note (id),
    secret_hash         BYTEA NOT NULL,                               -- of what whoever complained comes back with
    outcome             TEXT,
    answer_note         TEXT REFERENCES note (id),
    received_at         BIGINT NOT NULL,
    acknowledge_due_at  BIGINT NOT NULL,
    answer_due_at       BIGINT NOT NULL,
    version             BIGINT NOT NULL
);
CREATE INDEX complaint_body ON complaint (body_id, id);

CREATE TABLE complaint_event (                             -- append
    complaint_id  TEXT NOT NULL REFERENCES complaint (id),
    seq           BIGINT NOT NULL,
    event         TEXT NOT NULL,
    to_state      TEXT NOT NULL,
    by_account    TEXT NOT NULL,
    reason_note   TEXT REFERENCES note (id),
    at            BIGINT NOT NULL,
    PRIMARY KEY (complaint_id, seq)
);

CREATE TABLE appeal (
    id              TEXT PRIMARY KEY,
    decision_id     TEXT NOT NULL REFERENCES decision (id),
    application_id  TEXT REFERENCES application (id),      -- of a refusal
    certificate_id  TEXT REFERENCES certificate (id),      -- of any other decision
    company_id      TEXT NOT NULL REFERENCES party (id),
    body_id         TEXT NOT NULL REFERENCES party (id),
    state           TEXT NOT NULL,
    grounds_note    TEXT NOT NULL REFERENCES note (id),
    filed_by        TEXT NOT NULL REFERENCES account (id),
    filed_at        BIGINT NOT NULL,
    version         BIGINT NOT NULL
);
-- A decision is appealed once; what was rejected, for its form for instance, may be filed anew.
CREATE UNIQUE INDEX appeal_once ON appeal (decision_id) WHERE state <> 'rejected';
CREATE INDEX appeal_company ON appeal (company_id, id);
CREATE INDEX appeal_body ON appeal (body_id, id);
CREATE INDEX appeal_application ON appeal (application_id);

CREATE TABLE appeal_event (                                -- append
    appeal_id    TEXT NOT NULL REFERENCES appeal (id),
    seq          BIGINT NOT NULL,
    event        TEXT NOT NULL,
    to_state     TEXT NOT NULL,
    by_account   TEXT NOT NULL,
    reason_note  TEXT REFERENCES note (id),
    at           BIGINT NOT NULL,
    PRIMARY KEY (appeal_id, seq)
);

CREATE TABLE appeal_panel (                                -- append; those named last are the panel
    appeal_id   TEXT NOT NULL REFERENCES appeal (id),
    round       BIGINT NOT NULL,
    account_id  TEXT NOT NULL REFERENCES account (id),
    PRIMARY KEY (appeal_id, round, account_id)
);
CREATE INDEX appeal_panel_account ON appeal_panel (account_id);

-- A decision may follow from an appeal: what undoes the one appealed, or what is decided anew.
ALTER TABLE decision ADD COLUMN appeal_id TEXT REFERENCES appeal (id);

-- An application is decided once, and once more after each appeal that brought it back.
DROP INDEX decision_once;
CREATE UNIQUE INDEX decision_once ON decision (application_id, coalesce(appeal_id, ''))
    WHERE application_id IS NOT NULL;

CREATE TABLE suspension_term (                             -- append
    decision_id     TEXT PRIMARY KEY REFERENCES decision (id),        -- the suspension
    certificate_id  TEXT NOT NULL REFERENCES certificate (id),
    until_at        BIGINT NOT NULL
);
CREATE INDEX suspension_term_certificate ON suspension_term (certificate_id);

CREATE TABLE suspension_finding (                          -- append; what is to be closed before it is lifted
    decision_id  TEXT NOT NULL REFERENCES decision (id),
    finding_id   TEXT NOT NULL REFERENCES finding (id),
    PRIMARY KEY (decision_id, finding_id)
);

CREATE TABLE withdrawal_proposal (                         -- append; by the registry, when the term is over
    decision_id  TEXT PRIMARY KEY REFERENCES decision (id),
    at           BIGINT NOT NULL
);

CREATE TABLE fee_item (                                    -- what a body asks for an application
    id              TEXT PRIMARY KEY,
    application_id  TEXT NOT NULL REFERENCES application (id),
    item            TEXT NOT NULL,
    amount          BIGINT NOT NULL,                       -- in the currency's smallest unit
    currency        TEXT NOT NULL,
    state           TEXT NOT NULL,
    quoted_by       TEXT NOT NULL REFERENCES account (id),
    quoted_at       BIGINT NOT NULL,
    invoiced_at     BIGINT,
    paid_at         BIGINT,
    version         BIGINT NOT NULL
);
CREATE INDEX fee_item_application ON fee_item (application_id);
