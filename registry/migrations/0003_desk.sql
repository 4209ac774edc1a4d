-- What people at a browser need beside the API.

CREATE TABLE session_cookie (                              -- a browser's hold on its session
    hash        BYTEA PRIMARY KEY,
    session_id  TEXT NOT NULL REFERENCES session (id),
    expires_at  BIGINT NOT NULL
);
CREATE INDEX session_cookie_session ON session_cookie (session_id);
