import type { Migration } from "../migrate.js";

/** Mail that is to be handed to other mail systems, and which troubles with them people have been told of. */
export const handovers: Migration = {
  version: 5,
  apply(database) {
    database.exec(`
-- One mail is kept once for all recipients and targets that it goes to.
CREATE TABLE handover_mail (
  hash BLOB PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

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
  warned INTEGER NOT NULL,
  mail_hash BLOB REFERENCES handover_mail (hash)
) STRICT;
CREATE INDEX handover_waiting ON handover (target, next_attempt, position) WHERE state = 'waiting';
CREATE INDEX handover_by_start ON handover (target, started, position) WHERE state = 'waiting';
CREATE INDEX handover_by_message ON handover (user, message_id) WHERE wishes IS NOT NULL;
CREATE INDEX handover_open ON handover (position) WHERE state <> 'done';

CREATE INDEX handover_by_mail ON handover (mail_hash) WHERE mail_hash IS NOT NULL;
CREATE TRIGGER handover_ended AFTER UPDATE OF mail_hash ON handover WHEN OLD.mail_hash IS NOT NULL BEGIN
  DELETE FROM handover_mail WHERE hash = OLD.mail_hash
    AND NOT EXISTS (SELECT 1 FROM handover WHERE mail_hash = OLD.mail_hash);
END;
CREATE TRIGGER handover_removed AFTER DELETE ON handover WHEN OLD.mail_hash IS NOT NULL BEGIN
  DELETE FROM handover_mail WHERE hash = OLD.mail_hash
    AND NOT EXISTS (SELECT 1 FROM handover WHERE mail_hash = OLD.mail_hash);
END;

CREATE TABLE handover_told (
  target TEXT NOT NULL,
  user TEXT NOT NULL,
  trouble TEXT NOT NULL,
  PRIMARY KEY (target, user, trouble)
) STRICT, WITHOUT ROWID;
`);
  },
};
