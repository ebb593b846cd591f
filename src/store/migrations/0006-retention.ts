import type { Migration } from "../migrate.js";

/** Automatic answers are counted; what has had its time is found by its age. */
export const retention: Migration = {
  version: 6,
  apply(database) {
    database.exec(`
CREATE TABLE automatic_answer (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user TEXT NOT NULL,
  correspondent TEXT NOT NULL,
  time REAL NOT NULL
) STRICT;
CREATE INDEX automatic_answer_by_correspondent ON automatic_answer (user, correspondent, time);
CREATE INDEX automatic_answer_by_time ON automatic_answer (time);

CREATE INDEX outbox_ended ON outbox (changed, position) WHERE active = 0;
CREATE INDEX submission_by_time ON submission (created);
CREATE INDEX delivery_by_time ON delivery (time);
CREATE INDEX signature_by_time ON signature (time);
`);
  },
};
