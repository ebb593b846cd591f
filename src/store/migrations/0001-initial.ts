/** The tables that everything began with. Times are Unix seconds; 64-bit unsigned numbers are decimal text. */
import type { Migration } from "../migrate.js";

const NETWORK = `
CREATE TABLE object (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  type INTEGER NOT NULL,
  version INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  processed INTEGER NOT NULL DEFAULT 0,
  tag BLOB,
  bytes BLOB NOT NULL
) STRICT;
CREATE INDEX object_unprocessed ON object (id) WHERE processed = 0;
CREATE INDEX object_by_tag ON object (tag, type) WHERE tag IS NOT NULL;
CREATE INDEX object_by_expiry ON object (expires, stream, hash);

CREATE TABLE object_total (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  objects INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
INSERT INTO object_total VALUES (1, 0, 0);

CREATE TABLE known_node (
  host TEXT NOT NULL,
  port INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  services TEXT NOT NULL,
  last_seen REAL NOT NULL,
  rating REAL NOT NULL,
  self INTEGER NOT NULL,
  PRIMARY KEY (host, port, stream)
) STRICT, WITHOUT ROWID;
`;

const MESSAGING = `
CREATE TABLE identity (
  address TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  signing_private_key BLOB NOT NULL,
  signing_public_key BLOB NOT NULL,
  encryption_private_key BLOB NOT NULL,
  encryption_public_key BLOB NOT NULL,
  ripe BLOB NOT NULL,
  label TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  chan INTEGER NOT NULL,
  passphrase TEXT,
  user TEXT NOT NULL,
  trials_per_byte TEXT NOT NULL,
  extra_bytes TEXT NOT NULL,
  sends_acknowledgements INTEGER NOT NULL,
  last_pubkey_sent REAL NOT NULL,
  pubkey_pending INTEGER NOT NULL,
  created REAL NOT NULL
) STRICT;

CREATE TABLE contact (
  address TEXT PRIMARY KEY,
  label TEXT NOT NULL,
  blocked INTEGER NOT NULL
) STRICT;

CREATE TABLE subscription (
  address TEXT PRIMARY KEY,
  label TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  user TEXT NOT NULL
) STRICT;

CREATE TABLE pubkey (
  address TEXT PRIMARY KEY,
  behavior INTEGER NOT NULL,
  signing_key BLOB NOT NULL,
  encryption_key BLOB NOT NULL,
  trials_per_byte TEXT NOT NULL,
  extra_bytes TEXT NOT NULL,
  received REAL NOT NULL,
  used INTEGER NOT NULL
) STRICT;
CREATE INDEX pubkey_unused ON pubkey (received) WHERE used = 0;

CREATE TABLE outbox (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  encoding INTEGER NOT NULL,
  content BLOB NOT NULL,
  ttl REAL NOT NULL,
  wants_acknowledgement INTEGER NOT NULL,
  maximum_work REAL,
  state TEXT NOT NULL,
  failure TEXT,
  awaits_acknowledgement INTEGER NOT NULL,
  ack_data BLOB,
  attempts INTEGER NOT NULL,
  pubkey_requests INTEGER NOT NULL,
  created REAL NOT NULL,
  started REAL NOT NULL,
  changed REAL NOT NULL,
  next_action REAL,
  expires REAL,
  inventory_hash TEXT,
  active INTEGER NOT NULL AS (
    state IN ('queued', 'awaiting-pubkey', 'proof-of-work') OR (state = 'sent' AND awaits_acknowledgement = 1)
  ) STORED
) STRICT;
CREATE INDEX outbox_active ON outbox (created, position) WHERE active = 1;
CREATE INDEX outbox_by_state ON outbox (state);
CREATE INDEX outbox_by_time ON outbox (created, position);
CREATE INDEX outbox_by_sender ON outbox (sender, created, position);

CREATE TABLE signature (
  hash BLOB PRIMARY KEY,
  time REAL NOT NULL
) STRICT, WITHOUT ROWID;
`;

const GATEWAY = `
CREATE TABLE user (
  name TEXT PRIMARY KEY,
  password_hash TEXT NOT NULL,
  created REAL NOT NULL
) STRICT;

CREATE TABLE submission (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  user TEXT NOT NULL,
  message_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  subject TEXT NOT NULL,
  ret TEXT NOT NULL,
  envid TEXT,
  created REAL NOT NULL
) STRICT;
CREATE INDEX submission_by_message_id ON submission (user, message_id, created);

CREATE TABLE submission_recipient (
  outbox_id TEXT PRIMARY KEY,
  submission_id TEXT NOT NULL REFERENCES submission (id),
  position INTEGER NOT NULL,
  address TEXT NOT NULL,
  original TEXT NOT NULL,
  notify TEXT,
  orcpt TEXT
) STRICT;
CREATE INDEX submission_recipients ON submission_recipient (submission_id, position);

CREATE TABLE report (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  outbox_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  time REAL NOT NULL,
  pending INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX report_pending ON report (id) WHERE pending = 1;
CREATE INDEX report_by_entry ON report (outbox_id, kind);

CREATE TABLE delivery (
  user TEXT NOT NULL,
  hash TEXT NOT NULL,
  time REAL NOT NULL,
  PRIMARY KEY (user, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE thread (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user TEXT NOT NULL,
  message_id TEXT NOT NULL,
  hash TEXT,
  correspondent TEXT NOT NULL,
  base_subject TEXT NOT NULL,
  message_ids TEXT NOT NULL,
  time REAL NOT NULL
) STRICT;
CREATE INDEX thread_by_message ON thread (user, message_id, correspondent);
CREATE INDEX thread_by_hash ON thread (user, hash) WHERE hash IS NOT NULL;
CREATE INDEX thread_by_subject ON thread (user, correspondent, base_subject, time);
`;

/** `message` rows are small, so that a whole mailbox is read quickly; what copies share stands in `body` and `content`. */
const MAIL = `
CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE mailbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user TEXT NOT NULL,
  name TEXT NOT NULL,
  special_use TEXT,
  uid_validity INTEGER NOT NULL,
  uid_next INTEGER NOT NULL DEFAULT 1,
  highest_mod_seq INTEGER NOT NULL DEFAULT 1,
  recent_from INTEGER NOT NULL DEFAULT 1,
  messages INTEGER NOT NULL DEFAULT 0,
  unseen INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  size INTEGER NOT NULL DEFAULT 0,
  UNIQUE (user, name)
) STRICT;

CREATE TABLE mailbox_subscription (
  user TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (user, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE mailbox_keyword (
  mailbox_id INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  keyword TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY (mailbox_id, keyword)
) STRICT, WITHOUT ROWID;

CREATE TABLE flag_set (
  id INTEGER PRIMARY KEY,
  flags TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE body (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id TEXT,
  size INTEGER NOT NULL,
  sent_seconds REAL,
  sent_day REAL,
  envelope TEXT NOT NULL,
  body TEXT NOT NULL,
  body_structure TEXT NOT NULL,
  header TEXT
) STRICT;
CREATE INDEX body_by_message_id ON body (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE content (
  body_id INTEGER PRIMARY KEY REFERENCES body (id) ON DELETE CASCADE,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE message (
  mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
  uid INTEGER NOT NULL,
  flag_set_id INTEGER NOT NULL REFERENCES flag_set (id),
  mod_seq INTEGER NOT NULL,
  body_id INTEGER NOT NULL REFERENCES body (id),
  size INTEGER NOT NULL,
  internal_seconds REAL NOT NULL,
  internal_zone INTEGER NOT NULL,
  save_date REAL NOT NULL,
  PRIMARY KEY (mailbox_id, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_by_body ON message (body_id);

CREATE TABLE expunged (
  mailbox_id INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  mod_seq INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  PRIMARY KEY (mailbox_id, mod_seq, uid)
) STRICT, WITHOUT ROWID;

-- Expunged messages that a session may not have been told of yet; empty while no process has the database open.
CREATE TABLE departed (
  mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
  uid INTEGER NOT NULL,
  body_id INTEGER NOT NULL REFERENCES body (id),
  internal_seconds REAL NOT NULL,
  internal_zone INTEGER NOT NULL,
  save_date REAL NOT NULL,
  PRIMARY KEY (mailbox_id, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX departed_by_body ON departed (body_id);
`;

export const initial: Migration = {
  version: 1,
  apply(database) {
    database.exec(NETWORK + MESSAGING + GATEWAY + MAIL);
  },
};
