import type { Migration } from "../migrate.js";

/** What the node was doing, a row a minute. */
export const samples: Migration = {
  version: 12,
  apply(database) {
    database.exec(`
      CREATE TABLE sample (
        time INTEGER PRIMARY KEY,
        peers INTEGER NOT NULL,
        bytes_received INTEGER NOT NULL,
        bytes_sent INTEGER NOT NULL,
        objects_received INTEGER NOT NULL,
        objects_sent INTEGER NOT NULL,
        working REAL NOT NULL
      ) STRICT;
    `);
  },
};
