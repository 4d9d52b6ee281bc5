-- A run that has not waited since it was accepted has no state of its own: its journal gives it.
ALTER TABLE runs ALTER COLUMN state DROP NOT NULL;
