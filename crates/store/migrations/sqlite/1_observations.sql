-- What each reading of a system brought. Versions of records are a log: as of a moment = up to a place in the log.
-- Moments are microseconds since 1970 (UTC). A version without hash and body says that the record is gone.
CREATE TABLE systems (
    id INTEGER PRIMARY KEY,
    connector TEXT NOT NULL UNIQUE,
    watermarks TEXT NOT NULL
) STRICT;

CREATE TABLE states (
    id INTEGER PRIMARY KEY,
    system INTEGER NOT NULL REFERENCES systems (id),
    body TEXT NOT NULL,
    UNIQUE (system, body)
) STRICT;

CREATE TABLE readings (
    id INTEGER PRIMARY KEY,
    state INTEGER NOT NULL REFERENCES states (id),
    observed_at INTEGER NOT NULL,
    clock_at INTEGER NOT NULL,
    last_observation INTEGER NOT NULL
) STRICT;
CREATE INDEX readings_by_state ON readings (state, id);
CREATE INDEX readings_by_moment ON readings (observed_at);

CREATE TABLE lists (
    id INTEGER PRIMARY KEY,
    system INTEGER NOT NULL REFERENCES systems (id),
    name TEXT NOT NULL,
    words BLOB NOT NULL,
    UNIQUE (system, name)
) STRICT;

CREATE TABLE records (
    list INTEGER NOT NULL REFERENCES lists (id),
    key TEXT NOT NULL,
    id INTEGER NOT NULL,
    hash BLOB,
    PRIMARY KEY (list, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE observations (
    id INTEGER PRIMARY KEY,
    record INTEGER NOT NULL,
    hash BLOB,
    valid_from INTEGER,
    body BLOB
) STRICT;
CREATE INDEX observations_by_record ON observations (record, id);

-- One row: what was known is answered from this moment on. Pruning moves it.
CREATE TABLE reach (
    id INTEGER PRIMARY KEY,
    known_from INTEGER NOT NULL
) STRICT;
