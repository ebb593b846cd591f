/** Rows of messages and of what they refer to. Lists of UIDs go in as one JSON text: no statement per message. */
import type { MailboxId, SizedMessage } from "../../gateway/ports.js";
import type { InternalDate, NewMessage } from "../../mail/imap/backend.js";
import type { Database } from "../database.js";
import { messageIdOf } from "../mail/message-id.js";
import { checkContent, contentChecksum } from "./content-checksum.js";
import { headerKeyColumns } from "./message-records.js";
import { plainBytes } from "./values.js";

export interface MessageRow {
  uid: number;
  flagSetId: number;
  modSeq: number;
  bodyId: number;
  size: number;
  internalSeconds: number;
  internalZone: number;
  sentSeconds: number | null;
}

export interface NewRow {
  readonly mailbox: MailboxId;
  readonly uid: number;
  readonly flagSetId: number;
  readonly modSeq: number;
  readonly bodyId: number;
  readonly size: number;
  readonly internalDate: InternalDate;
  readonly saveDate: number;
  /** As in the digest. */
  readonly sentSeconds: number | null;
}

export class MessageTable {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  /** Made of each message's UID, flag set and modification sequence, in the order of ascending UIDs. */
  states<T>(mailbox: MailboxId, make: (uid: number, flagSetId: number, modSeq: number) => T): T[] {
    const [uids, sets, modSeqs] = (this.#statements.states.get(mailbox) as string[]).map(
      (text) => JSON.parse(text) as number[],
    );
    return uids!.map((uid, index) => make(uid, sets![index]!, modSeqs![index]!));
  }

  /** Ascending UIDs. */
  rows(mailbox: MailboxId, uids: readonly number[]): readonly MessageRow[] {
    return this.#statements.rows.all(mailbox, list(uids)) as MessageRow[];
  }

  countFrom(mailbox: MailboxId, uid: number): number {
    return this.#statements.countFrom.get(mailbox, uid) as number;
  }

  insert(row: NewRow): void {
    const { mailbox, uid, flagSetId, modSeq, bodyId, size, internalDate, saveDate, sentSeconds } = row;
    const { seconds, zone } = internalDate;
    this.#statements.insert.run(
      mailbox,
      uid,
      flagSetId,
      modSeq,
      bodyId,
      size,
      seconds,
      zone,
      saveDate,
      sentSeconds,
    );
  }

  setFlags(mailbox: MailboxId, uids: readonly number[], flagSetId: number, modSeq: number): void {
    this.#statements.setFlags.run(flagSetId, modSeq, mailbox, list(uids));
  }

  /** Takes messages out of the mailbox and notes that they are gone; `keep` leaves them readable until `release`. */
  remove(
    mailbox: MailboxId,
    rows: readonly MessageRow[],
    removal: { readonly modSeq: number; readonly readers: "keep" | "release" },
  ): void {
    const uids = list(rows.map((row) => row.uid));
    if (removal.readers === "keep") this.#statements.keepDeparted.run(mailbox, uids);
    this.#statements.noteExpunged.run(mailbox, removal.modSeq, uids);
    this.#statements.delete.run(mailbox, uids);
    if (removal.readers === "release") this.deleteBodies(rows.map((row) => row.bodyId));
  }

  /** Expunged messages that nobody needs any longer. */
  release(mailbox: MailboxId, uids: readonly number[]): void {
    this.deleteBodies(this.#statements.releaseDeparted.all(mailbox, list(uids)) as number[]);
  }

  /** A mailbox goes with everything in it. */
  removeAll(mailbox: MailboxId): void {
    const bodies = this.#statements.allBodies.all({ mailbox }) as number[];
    this.#statements.deleteAll.run(mailbox);
    this.#statements.deleteAllDeparted.run(mailbox);
    this.deleteBodies(bodies);
  }

  /** At the start nobody has a mailbox open. */
  releaseEverything(): void {
    const bodies = this.#statements.everyDeparted.all() as number[];
    if (bodies.length > 0) this.deleteBodies(bodies);
  }

  expungedSince(mailbox: MailboxId, modSeq: number): readonly number[] {
    return this.#statements.expungedSince.all(mailbox, modSeq) as number[];
  }

  insertBody(message: NewMessage, identity: string | null): number {
    const { size, envelope, body, bodyStructure, header, sentSeconds, sentDay } = message.digest;
    const { lastInsertRowid } = this.#statements.insertBody.run(
      messageIdOf(message),
      size,
      sentSeconds,
      sentDay,
      envelope,
      body,
      bodyStructure,
      header,
      identity,
    );
    this.#statements.insertContent.run(lastInsertRowid, message.bytes, contentChecksum(message.bytes));
    const keys = headerKeyColumns(message.digest);
    if (keys !== null) this.#statements.insertKeys.run(lastInsertRowid, ...keys);
    return Number(lastInsertRowid);
  }

  /** Those that no message refers to. */
  deleteBodies(ids: readonly number[]): void {
    if (ids.length > 0) this.#statements.deleteBodies.run(list(ids));
  }

  read(mailbox: MailboxId, uid: number): Uint8Array | null {
    const { read, readDeparted } = this.#statements;
    const row = (read.get(mailbox, uid) ?? readDeparted.get(mailbox, uid)) as
      | [bytes: Uint8Array, checksum: number | null]
      | undefined;
    if (row === undefined) return null;
    const bytes = plainBytes(row[0]);
    checkContent(bytes, row[1]);
    return bytes;
  }

  ofIdentity(mailbox: MailboxId, identity: string, fromUid: number): readonly SizedMessage[] {
    return this.#statements.ofIdentity.all(mailbox, fromUid, identity) as SizedMessage[];
  }

  findByMessageId(mailbox: MailboxId, messageId: string): readonly number[] {
    return this.#statements.byMessageId.all(messageId, mailbox) as number[];
  }
}

function list(numbers: readonly number[]): string {
  return JSON.stringify(numbers);
}

const LISTED = "IN (SELECT value FROM json_each(?))";

function contentFrom(table: "message" | "departed"): string {
  return `SELECT c.bytes, c.checksum FROM ${table} m JOIN content c ON c.body_id = m.body_id WHERE m.mailbox_id = ? AND m.uid = ?`;
}

const ROW = `uid, flag_set_id AS flagSetId, mod_seq AS modSeq, body_id AS bodyId, size,
  internal_seconds AS internalSeconds, internal_zone AS internalZone, sent_seconds AS sentSeconds`;

function prepareStatements(database: Database) {
  const prepare = (sql: string) => database.prepare<unknown[]>(sql);
  return {
    // Three long texts cost a third of a hundred thousand short rows.
    states: prepare(
      `SELECT json_group_array(uid), json_group_array(flag_set_id), json_group_array(mod_seq)
       FROM (SELECT uid, flag_set_id, mod_seq FROM message WHERE mailbox_id = ? ORDER BY uid)`,
    ).raw(),
    rows: prepare(`SELECT ${ROW} FROM message WHERE mailbox_id = ? AND uid ${LISTED} ORDER BY uid`),
    countFrom: prepare("SELECT count(*) FROM message WHERE mailbox_id = ? AND uid >= ?").pluck(),
    insert: prepare("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    setFlags: prepare(
      `UPDATE message SET flag_set_id = ?, mod_seq = ? WHERE mailbox_id = ? AND uid ${LISTED}`,
    ),
    keepDeparted: prepare(
      `INSERT INTO departed SELECT mailbox_id, uid, body_id, internal_seconds, internal_zone, save_date
       FROM message WHERE mailbox_id = ? AND uid ${LISTED}`,
    ),
    noteExpunged: prepare("INSERT INTO expunged SELECT ?, ?, value FROM json_each(?)"),
    delete: prepare(`DELETE FROM message WHERE mailbox_id = ? AND uid ${LISTED}`),
    releaseDeparted: prepare(
      `DELETE FROM departed WHERE mailbox_id = ? AND uid ${LISTED} RETURNING body_id`,
    ).pluck(),
    allBodies: prepare(
      `SELECT body_id FROM message WHERE mailbox_id = :mailbox
       UNION SELECT body_id FROM departed WHERE mailbox_id = :mailbox`,
    ).pluck(),
    deleteAll: prepare("DELETE FROM message WHERE mailbox_id = ?"),
    deleteAllDeparted: prepare("DELETE FROM departed WHERE mailbox_id = ?"),
    everyDeparted: prepare("DELETE FROM departed RETURNING body_id").pluck(),
    expungedSince: prepare(
      "SELECT uid FROM expunged WHERE mailbox_id = ? AND mod_seq > ? ORDER BY uid",
    ).pluck(),
    insertBody: prepare(
      `INSERT INTO body (message_id, size, sent_seconds, sent_day, envelope, body, body_structure, header, identity)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertContent: prepare("INSERT INTO content (body_id, bytes, checksum) VALUES (?, ?, ?)"),
    insertKeys: prepare("INSERT INTO header_key VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    deleteBodies: prepare(
      `DELETE FROM body WHERE id ${LISTED}
       AND NOT EXISTS (SELECT 1 FROM message WHERE body_id = body.id)
       AND NOT EXISTS (SELECT 1 FROM departed WHERE body_id = body.id)`,
    ),
    read: prepare(contentFrom("message")).raw(),
    readDeparted: prepare(contentFrom("departed")).raw(),
    // The index holds all that is asked of the long rows of bodies.
    ofIdentity: prepare(
      `SELECT m.uid, m.size FROM message m CROSS JOIN body b INDEXED BY body_by_identity ON b.id = m.body_id
       WHERE m.mailbox_id = ? AND m.uid >= ? AND b.identity = ? ORDER BY m.uid`,
    ),
    byMessageId: prepare(
      `SELECT m.uid FROM body b CROSS JOIN message m ON m.body_id = b.id
       WHERE b.message_id = ? AND m.mailbox_id = ? ORDER BY m.uid`,
    ).pluck(),
  };
}
