import type { Migration } from "../migrate.js";

/** Mail that is to be handed to other mail systems, and which troubles with them people have been told of. */
export const handovers: Migration = {
  version: 5,
  apply(database) {
    database.exec(`
CREATE TABLE handover (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  target TEXT NOT NULL,
  user TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  message_id TEXT NOT NULL,
  wishes TEXT,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  error TEXT,
  created REAL NOT NULL,
  started REAL NOT NULL,
  next_attempt REAL NOT NULL,
  warned INTEGER NOT NULL
) STRICT;
CREATE INDEX handover_waiting ON handover (target, next_attempt, position) WHERE state = 'waiting';
CREATE INDEX handover_by_message ON handover (user, message_id) WHERE wishes IS NOT NULL;
CREATE INDEX handover_open ON handover (position) WHERE state <> 'done';

CREATE TABLE handover_mail (
  handover_id TEXT PRIMARY KEY REFERENCES handover (id) ON DELETE CASCADE,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE handover_told (
  target TEXT NOT NULL,
  user TEXT NOT NULL,
  trouble TEXT NOT NULL,
  PRIMARY KEY (target, user, trouble)
) STRICT, WITHOUT ROWID;
`);
  },
};
