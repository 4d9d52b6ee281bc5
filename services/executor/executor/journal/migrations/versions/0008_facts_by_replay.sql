-- Most facts are what replaying the inputs gives, and are not written.
ALTER TABLE journal ALTER COLUMN fact DROP NOT NULL;
