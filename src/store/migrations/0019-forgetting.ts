import type { Migration } from "../migrate.js";

/** Old notes of expunged messages can go, up to a MODSEQ; old threads are found by their time. */
export const forgetting: Migration = {
  version: 19,
  apply(database) {
    database.exec(`
ALTER TABLE mailbox ADD COLUMN forgotten_mod_seq INTEGER NOT NULL DEFAULT 0;
CREATE INDEX thread_by_time ON thread (time);
`);
  },
};
