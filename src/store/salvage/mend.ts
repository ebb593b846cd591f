/** Makes the rows that were saved agree with each other again. */
import type BetterSqlite from "better-sqlite3";
import { renewRevisions } from "../sqlite/cards.js";
import { defineContentChecksum } from "../sqlite/content-checksum.js";
import type { CopiedRows } from "./copy-rows.js";

export interface LostMail {
  readonly user: string;
  readonly mailbox: string;
  readonly uid: number;
  /** IMAP's envelope, as far as it was kept; null when nothing of the mail is left. */
  readonly envelope: string | null;
}

/** A mail whose text is there and what was known of it is not. */
export interface BareMail {
  readonly user: string;
  readonly mailbox: string;
  readonly bytes: Uint8Array;
  /** Normalized. */
  readonly flags: readonly string[];
  /** Unix seconds. */
  readonly received: number;
}

export interface MendedMail {
  readonly lost: readonly LostMail[];
  readonly bare: readonly BareMail[];
  /** They are there, but not octet for octet as they were. */
  readonly altered: readonly LostMail[];
  /** Texts of mails that nothing else is known of: in no mailbox. */
  readonly strays: readonly Uint8Array[];
}

interface MessageRow {
  mailbox: number;
  uid: number;
  name: string;
  user: string;
  flags: string;
  received: number;
  envelope: string | null;
  bytes: Uint8Array | null;
}

/** @param database new, in a transaction @param time Unix seconds: new UIDVALIDITYs are not below */
export function mend(database: BetterSqlite.Database, copied: CopiedRows, time: number): MendedMail {
  defineContentChecksum(database);
  restoreFlagSets(database);
  restoreMessages(database, copied);
  restoreMailboxes(database, time);
  const broken = database.prepare(BROKEN).all() as MessageRow[];
  const remove = database.prepare("DELETE FROM message WHERE mailbox_id = ? AND uid = ?");
  for (const { mailbox, uid } of broken) remove.run(mailbox, uid);
  const altered = database.prepare(ALTERED).all() as MessageRow[];
  database.exec(
    "UPDATE content SET checksum = content_checksum(bytes) WHERE checksum <> content_checksum(bytes)",
  );
  const strays = database.prepare(STRAYS).pluck().all() as Uint8Array[];
  for (const sql of ORPHANS) database.exec(sql);
  const lostMessages = copied.losses.some(({ table }) => table === "message" || table === "mailbox");
  const changed = broken.map(({ mailbox }) => mailbox);
  renewUidValidities(database, lostMessages ? null : changed, time);
  database.exec(TOTALS);
  if (copied.losses.some(({ table }) => table === "address_card" || table === "property"))
    renewRevisions(database, time);
  if (copied.losses.some(({ table }) => table === "expunged"))
    database.exec("UPDATE mailbox SET forgotten_mod_seq = highest_mod_seq");
  return {
    lost: broken.flatMap(({ user, name, uid, envelope, bytes }) =>
      bytes === null ? [{ user, mailbox: name, uid, envelope }] : [],
    ),
    bare: broken.flatMap(({ user, name, bytes, flags, received }) =>
      bytes === null
        ? []
        : [
            {
              user,
              mailbox: name,
              bytes: new Uint8Array(bytes),
              flags: JSON.parse(flags) as string[],
              received,
            },
          ],
    ),
    altered: altered.map(({ user, name, uid, envelope }) => ({ user, mailbox: name, uid, envelope })),
    strays: strays.map((bytes) => new Uint8Array(bytes)),
  };
}

/** Messages that lack their text, or what was made of it. */
const BROKEN = `
  SELECT message.mailbox_id AS mailbox, message.uid, mailbox.name, mailbox.user, flag_set.flags, message.internal_seconds AS received,
    body.envelope, content.bytes
  FROM message JOIN mailbox ON mailbox.id = mailbox_id JOIN flag_set ON flag_set.id = flag_set_id
    LEFT JOIN body ON body.id = message.body_id LEFT JOIN content ON content.body_id = message.body_id
  WHERE body.id IS NULL OR content.body_id IS NULL OR length(content.bytes) <> body.size
  ORDER BY mailbox.user, mailbox.name, message.uid`;

const ALTERED = `
  SELECT mailbox.name, mailbox.user, message.uid, body.envelope
  FROM message JOIN mailbox ON mailbox.id = mailbox_id JOIN body ON body.id = message.body_id
    JOIN content ON content.body_id = message.body_id
  WHERE content.checksum <> content_checksum(content.bytes)
  ORDER BY mailbox.user, mailbox.name, message.uid`;

const STRAYS = `
  SELECT bytes FROM content WHERE body_id NOT IN (SELECT body_id FROM message) AND body_id NOT IN (SELECT body_id FROM departed)`;

/** In this order: what refers to something goes when that is gone. */
const ORPHANS = [
  "DELETE FROM departed",
  "DELETE FROM content WHERE body_id NOT IN (SELECT body_id FROM message)",
  "DELETE FROM body WHERE id NOT IN (SELECT body_id FROM message)",
  "DELETE FROM content WHERE body_id NOT IN (SELECT id FROM body)",
  "DELETE FROM header_key WHERE body_id NOT IN (SELECT id FROM body)",
  "DELETE FROM mailbox_keyword WHERE mailbox_id NOT IN (SELECT id FROM mailbox)",
  "DELETE FROM expunged WHERE mailbox_id NOT IN (SELECT id FROM mailbox)",
  "DELETE FROM submission_recipient WHERE submission_id NOT IN (SELECT id FROM submission)",
  "DELETE FROM handover WHERE mail_hash IS NOT NULL AND mail_hash NOT IN (SELECT hash FROM handover_mail)",
];

const TOTALS = `
  INSERT OR REPLACE INTO object_total SELECT 1, count(*), coalesce(sum(length(bytes)), 0) FROM object;
  UPDATE mailbox SET
    messages = (SELECT count(*) FROM message WHERE mailbox_id = mailbox.id),
    size = (SELECT coalesce(sum(size), 0) FROM message WHERE mailbox_id = mailbox.id),
    unseen = (SELECT count(*) FROM message WHERE mailbox_id = mailbox.id
      AND flag_set_id NOT IN (SELECT flag_set.id FROM flag_set, json_each(flags) WHERE value = '\\Seen')),
    deleted = (SELECT count(*) FROM message WHERE mailbox_id = mailbox.id
      AND flag_set_id IN (SELECT flag_set.id FROM flag_set, json_each(flags) WHERE value = '\\Deleted')),
    uid_next = max(uid_next, 1 + (SELECT coalesce(max(uid), 0) FROM message WHERE mailbox_id = mailbox.id)),
    highest_mod_seq = 1 + max(highest_mod_seq, (SELECT coalesce(max(mod_seq), 0) FROM message WHERE mailbox_id = mailbox.id));`;

/** Flags that cannot be read any more are none, which clients hear of as of any change. */
function restoreFlagSets(database: BetterSqlite.Database): void {
  database.exec(`
    INSERT OR IGNORE INTO flag_set (flags) VALUES ('[]');
    UPDATE message SET flag_set_id = (SELECT id FROM flag_set WHERE flags = '[]'),
      mod_seq = 1 + coalesce((SELECT highest_mod_seq FROM mailbox WHERE id = mailbox_id), mod_seq)
      WHERE flag_set_id NOT IN (SELECT id FROM flag_set)`);
}

/**
 * Messages that only the index knows any more come back without their flags; where no rows are missing, only such as are in no other
 * mailbox either.
 */
function restoreMessages(database: BetterSqlite.Database, { indexed, losses }: CopiedRows): void {
  const areMissing = losses.some(({ table }) => table === "message") ? 1 : 0;
  const insert = database.prepare(`
    INSERT OR IGNORE INTO message (mailbox_id, uid, flag_set_id, mod_seq, body_id, size, internal_seconds, internal_zone, save_date)
    SELECT :mailbox, :uid, (SELECT id FROM flag_set WHERE flags = '[]'), 1, :body, coalesce((SELECT size FROM body WHERE id = :body), 0),
      coalesce((SELECT sent_seconds FROM body WHERE id = :body), unixepoch()), 0, unixepoch()
    WHERE :areMissing OR NOT EXISTS (SELECT 1 FROM message WHERE body_id = :body)`);
  for (const { values } of indexed) {
    const [body, mailbox, uid] = values;
    if (isNumber(body) && isNumber(mailbox) && isNumber(uid)) insert.run({ body, mailbox, uid, areMissing });
  }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "bigint" || typeof value === "number";
}

/** A mailbox whose name is lost gets another, if it is clear whose it was. */
function restoreMailboxes(database: BetterSqlite.Database, time: number): void {
  const missing = database
    .prepare("SELECT DISTINCT mailbox_id FROM message WHERE mailbox_id NOT IN (SELECT id FROM mailbox)")
    .pluck()
    .all() as number[];
  const users = database.prepare("SELECT name FROM user").pluck().all() as string[];
  const owner = database.prepare(`
    SELECT DISTINCT identity.user FROM message JOIN body ON body.id = body_id JOIN identity ON identity.address = body.identity
    WHERE mailbox_id = ? AND identity.chan = 0`);
  const make = database.prepare("INSERT INTO mailbox (id, user, name, uid_validity) VALUES (?, ?, ?, ?)");
  for (const mailbox of missing) {
    const known = owner.pluck().all(mailbox) as string[];
    const [user, ...others] = known.length > 0 ? known : users;
    if (user !== undefined && others.length === 0) make.run(mailbox, user, `Saved/${mailbox}`, time);
    else database.prepare("DELETE FROM message WHERE mailbox_id = ?").run(mailbox);
  }
}

/** Clients forget what they know of these mailboxes (RFC 9051 section 2.3.1.1). @param mailboxes null: all */
function renewUidValidities(
  database: BetterSqlite.Database,
  mailboxes: readonly number[] | null,
  time: number,
): void {
  const name = "uid-validity";
  const last = (database
    .prepare(
      "SELECT max(coalesce((SELECT value FROM counter WHERE name = ?), 0), coalesce(max(uid_validity), 0)) FROM mailbox",
    )
    .pluck()
    .get(name) ?? 0) as number;
  const base = Math.max(last, Math.floor(time));
  const renew = database.prepare(
    "UPDATE mailbox SET uid_validity = ? + id WHERE ? IS NULL OR id IN (SELECT value FROM json_each(?))",
  );
  const list = mailboxes === null ? null : JSON.stringify(mailboxes);
  renew.run(base, list, list);
  const highest = database
    .prepare("SELECT max(?, coalesce(max(uid_validity), 0)) FROM mailbox")
    .pluck()
    .get(base);
  database.prepare("INSERT OR REPLACE INTO counter VALUES (?, ?)").run(name, highest);
}
