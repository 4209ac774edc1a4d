-- What people are told by mail, and which certificates were announced to expire.

CREATE TABLE mail (                                        -- composed when it is sent; holds ids and public facts only
    id          TEXT PRIMARY KEY,
    account_id  TEXT NOT NULL REFERENCES account (id),                -- who is told
    kind        TEXT NOT NULL,
    about       TEXT NOT NULL,                             -- which occurrence: an id, with a version where it may come again
    path        TEXT NOT NULL,                             -- the registry's page about it
    party_id    TEXT REFERENCES party (id),                -- named by what it is called when the mail is read
    facts       TEXT NOT NULL,                             -- JSON: number, day, role, task
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,                           -- when it is tried next
    attempts    BIGINT NOT NULL,
    sent_at     BIGINT,
    failed_at   BIGINT,                                    -- when it was refused for good
    last_error  TEXT,                                      -- the server's code, never its words: they may name somebody
    UNIQUE (account_id, kind, about)                       -- nobody is told the same twice
);
CREATE INDEX mail_due ON mail (due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX mail_account ON mail (account_id, id);

CREATE TABLE expiry_notice (                               -- that a version's end was announced
    certificate_version_id  TEXT NOT NULL REFERENCES certificate_version (id),
    days                    BIGINT NOT NULL,               -- how many days before, at most
    at                      BIGINT NOT NULL,
    PRIMARY KEY (certificate_version_id, days)
);
