import type { Migration } from "../migrate.js";

/** What is true of the whole database. */
export const properties: Migration = {
  version: 2,
  apply(database) {
    database.exec("CREATE TABLE property (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID");
  },
};
