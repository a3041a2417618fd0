-- What each reading of a system brought. Versions of records are a log: as of a moment = up to a place in the log.
-- Moments are microseconds since 1970 (UTC). A version without hash and body says that the record is gone.
CREATE TABLE systems (
    id BIGINT PRIMARY KEY,
    connector TEXT NOT NULL UNIQUE,
    watermarks TEXT NOT NULL
);

CREATE TABLE states (
    id BIGINT PRIMARY KEY,
    system BIGINT NOT NULL REFERENCES systems (id),
    body TEXT NOT NULL,
    UNIQUE (system, body)
);

CREATE TABLE readings (
    id BIGINT PRIMARY KEY,
    state BIGINT NOT NULL REFERENCES states (id),
    observed_at BIGINT NOT NULL,
    clock_at BIGINT NOT NULL,
    last_observation BIGINT NOT NULL
);
CREATE INDEX readings_by_state ON readings (state, id);
CREATE INDEX readings_by_moment ON readings (observed_at);

CREATE TABLE lists (
    id BIGINT PRIMARY KEY,
    system BIGINT NOT NULL REFERENCES systems (id),
    name TEXT NOT NULL,
    words BYTEA NOT NULL,
    UNIQUE (system, name)
);

CREATE TABLE records (
    list BIGINT NOT NULL REFERENCES lists (id),
    key TEXT COLLATE "C" NOT NULL,
    id BIGINT NOT NULL,
    hash BYTEA,
    PRIMARY KEY (list, key)
);

CREATE TABLE observations (
    id BIGINT PRIMARY KEY,
    record BIGINT NOT NULL,
    hash BYTEA,
    valid_from BIGINT,
    body BYTEA
);
CREATE INDEX observations_by_record ON observations (record, id);

-- One row: what was known is answered from this moment on. Pruning moves it.
CREATE TABLE reach (
    id BIGINT PRIMARY KEY,
    known_from BIGINT NOT NULL
);
