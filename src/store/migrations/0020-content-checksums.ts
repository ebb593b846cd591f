import type { Migration } from "../migrate.js";

/** A mail that the disk has changed is noticed when it is read; mail that was there before is not. */
export const contentChecksums: Migration = {
  version: 20,
  apply(database) {
    database.exec("ALTER TABLE content ADD COLUMN checksum INTEGER");
  },
};
