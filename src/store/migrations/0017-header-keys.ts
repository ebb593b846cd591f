import type { Migration } from "../migrate.js";

/** What SORT, THREAD and SEARCH compare stands in short rows of its own; mail that was there before is compared by its headers. */
export const headerKeys: Migration = {
  version: 17,
  apply(database) {
    database.exec(`
CREATE TABLE header_key (
  body_id INTEGER PRIMARY KEY REFERENCES body (id) ON DELETE CASCADE,
  subject_folded TEXT,
  subject_base TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  from_address TEXT NOT NULL,
  to_address TEXT NOT NULL,
  cc_address TEXT NOT NULL,
  message_id TEXT,
  reference_ids TEXT NOT NULL
) STRICT;

ALTER TABLE message ADD COLUMN sent_seconds REAL;
UPDATE message SET sent_seconds = (SELECT sent_seconds FROM body WHERE id = body_id);
`);
  },
};
