import type { Migration } from "../migrate.js";

/** Addresses for which the inventory is to be looked through again, and how far that has come. */
export const secondLooks: Migration = {
  version: 14,
  apply(database) {
    database.exec(`CREATE TABLE second_look (
      kind TEXT NOT NULL,
      address TEXT NOT NULL,
      position INTEGER NOT NULL,
      PRIMARY KEY (kind, address)
    ) STRICT, WITHOUT ROWID`);
  },
};
