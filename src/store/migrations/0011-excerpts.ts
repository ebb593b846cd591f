import type { Migration } from "../migrate.js";

/** How messages begin, so that an answer that quotes one is found to be its answer. */
export const excerpts: Migration = {
  version: 11,
  apply(database) {
    database.exec(`ALTER TABLE thread ADD COLUMN excerpt TEXT NOT NULL DEFAULT '';`);
  },
};
