-- name: next_version$
-- A number below zero, for a document that is no version.
SELECT nextval('test_versions')::integer;
