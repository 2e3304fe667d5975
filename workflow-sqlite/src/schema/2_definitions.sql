-- What the workflows looked like: their steps and events, as JSON. One row for each that is not like another.
CREATE TABLE definitions (
    id          INTEGER PRIMARY KEY,
    body        TEXT NOT NULL UNIQUE
) STRICT;

ALTER TABLE runs ADD COLUMN definition INTEGER;
