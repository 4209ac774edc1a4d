-- Until when the version of a programme before this one may still be applied for.

ALTER TABLE programme_version ADD COLUMN transition_until BIGINT;
