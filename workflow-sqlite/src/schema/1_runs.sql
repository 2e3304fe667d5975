-- Who writes to runs: one row for each journal that is open, or was when its process ended.
-- `until_ms` is put off again and again; once it has passed, what the holder holds is free.
CREATE TABLE holders (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    process     INTEGER NOT NULL,   -- the process id
    until_ms    INTEGER NOT NULL    -- milliseconds since 1970
) STRICT;

CREATE TABLE runs (
    id          TEXT NOT NULL PRIMARY KEY,
    workflow    TEXT NOT NULL,
    parent      TEXT,               -- the run that has called it
    status      TEXT NOT NULL DEFAULT 'open'
                CHECK (status IN ('open', 'completed', 'failed', 'cancelled')),
    started_ms  INTEGER NOT NULL,   -- milliseconds since 1970
    ended_ms    INTEGER,
    input       TEXT NOT NULL,      -- the event that opened it, as JSON
    fingerprint TEXT NOT NULL,      -- what the workflow looked like, as JSON
    result      TEXT,               -- the event that ended it, as JSON
    error       TEXT,               -- what it failed with
    holder      INTEGER,            -- who writes to it
    token       INTEGER NOT NULL    -- counts who has taken hold of it: an older one writes nothing any more
) STRICT;

CREATE INDEX runs_by_start ON runs (started_ms);
CREATE INDEX runs_by_workflow ON runs (workflow, status);
CREATE INDEX runs_by_parent ON runs (parent) WHERE parent IS NOT NULL;
CREATE INDEX runs_by_holder ON runs (holder) WHERE holder IS NOT NULL;
CREATE INDEX runs_by_end ON runs (ended_ms) WHERE ended_ms IS NOT NULL;

-- What happened, in order.
CREATE TABLE facts (
    run         TEXT NOT NULL,
    number      INTEGER NOT NULL,   -- from 0
    at_ns       INTEGER NOT NULL,   -- nanoseconds since the run began
    kind        TEXT NOT NULL,
    step        TEXT,
    invocation  INTEGER,
    body        TEXT NOT NULL,      -- all of it, as JSON
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

-- What the facts of a run before a number add up to.
CREATE TABLE checkpoints (
    run         TEXT NOT NULL PRIMARY KEY,
    before      INTEGER NOT NULL,
    body        TEXT NOT NULL
) STRICT;

-- For people.
CREATE VIEW overview AS
SELECT id, workflow, parent,
    CASE
        WHEN status <> 'open' THEN status
        WHEN (SELECT until_ms FROM holders WHERE holders.id = holder) > unixepoch('subsec') * 1000 THEN 'running'
        ELSE 'left'
    END AS status,
    strftime('%Y-%m-%d %H:%M:%f', started_ms / 1000.0, 'unixepoch') AS started,
    strftime('%Y-%m-%d %H:%M:%f', ended_ms / 1000.0, 'unixepoch') AS ended,
    coalesce((SELECT max(number) + 1 FROM facts WHERE run = runs.id), 0) AS facts,
    result, error
FROM runs ORDER BY started_ms DESC, rowid DESC;
