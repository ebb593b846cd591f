import type { Migration } from "../migrate.js";

/** What programs of correspondents read, and what users prefer for their messages to them. */
export const correspondents: Migration = {
  version: 13,
  apply(database) {
    database.exec(`
CREATE TABLE capability (
  address TEXT PRIMARY KEY,
  capability TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE preference (
  user TEXT NOT NULL,
  address TEXT NOT NULL,
  attachments TEXT,
  encoding TEXT,
  maximum_work REAL,
  PRIMARY KEY (user, address)
) STRICT, WITHOUT ROWID;
`);
  },
};
