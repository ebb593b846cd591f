import type { Migration } from "../migrate.js";

/** Objects of our own are known as such until they have gone out. */
export const ownObjects: Migration = {
  version: 9,
  apply(database) {
    database.exec(`
ALTER TABLE object ADD COLUMN unsent INTEGER NOT NULL DEFAULT 0;
CREATE INDEX object_unsent ON object (id) WHERE unsent = 1;
`);
  },
};
