import type { Migration } from "../migrate.js";

/** What users have brought along from other programs. */
export const imports: Migration = {
  version: 10,
  apply(database) {
    database.exec(`
CREATE TABLE imported (
  user TEXT NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;
`);
  },
};
