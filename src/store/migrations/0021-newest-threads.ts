import type { Migration } from "../migrate.js";

/** The newest messages of a conversation, however long it is. */
export const newestThreads: Migration = {
  version: 21,
  apply(database) {
    database.exec("CREATE INDEX thread_newest ON thread (user, correspondent, time)");
  },
};
