import type { OutboxStore } from "../../bitmessage/messaging/ports.js";
import type {
  FailureReason,
  OutboxEntry,
  OutboxEntryState,
  OutboxId,
  OutboxState,
} from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { InventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import type { EndedEntries } from "../../gateway/ports.js";
import type { Database } from "../database.js";
import { plainBytes, plainBytesOrNull, toInteger } from "./values.js";

interface Row {
  id: OutboxId;
  kind: "msg" | "broadcast";
  sender: Address;
  recipient: Address;
  subject: string;
  encoding: number;
  content: Uint8Array;
  ttl: number;
  wants_acknowledgement: number;
  maximum_work: number | null;
  state: OutboxState;
  failure: FailureReason | null;
  awaits_acknowledgement: number;
  ack_data: Uint8Array | null;
  attempts: number;
  pubkey_requests: number;
  created: number;
  started: number;
  changed: number;
  next_action: number | null;
  expires: number | null;
  inventory_hash: InventoryHash | null;
}

const COLUMNS = [
  "id",
  "kind",
  "sender",
  "recipient",
  "subject",
  "encoding",
  "content",
  "ttl",
  "wants_acknowledgement",
  "maximum_work",
  "state",
  "failure",
  "awaits_acknowledgement",
  "ack_data",
  "attempts",
  "pubkey_requests",
  "created",
  "started",
  "changed",
  "next_action",
  "expires",
  "inventory_hash",
] as const satisfies readonly (keyof Row)[];

const STATE_COLUMNS = COLUMNS.filter((column) => column !== "content");

/** SQLite reads a negative limit as none. */
const NO_LIMIT = -1;

export class SqliteOutboxStore implements OutboxStore, EndedEntries {
  readonly #statements;

  constructor(database: Database) {
    const columns = COLUMNS.join(", ");
    const assignments = COLUMNS.map((column) => `${column} = :${column}`).join(", ");
    const values = COLUMNS.map((column) => `:${column}`).join(", ");
    this.#statements = {
      add: database.prepare(`INSERT INTO outbox (${columns}) VALUES (${values})`),
      update: database.prepare(`UPDATE outbox SET ${assignments} WHERE id = :id`),
      byHash: database.prepare(
        `SELECT ${columns} FROM outbox WHERE inventory_hash = ? ORDER BY created DESC, position DESC LIMIT 1`,
      ),
      remove: database.prepare("DELETE FROM outbox WHERE id = ?"),
      get: database.prepare(`SELECT ${columns} FROM outbox WHERE id = ?`),
      all: database.prepare(`SELECT ${columns} FROM outbox ORDER BY created DESC, position DESC LIMIT ?`),
      from: database.prepare(
        `SELECT ${columns} FROM outbox WHERE sender = ? ORDER BY created DESC, position DESC LIMIT ?`,
      ),
      active: database.prepare(
        `SELECT ${STATE_COLUMNS.join(", ")} FROM outbox WHERE active = 1 ORDER BY created, position`,
      ),
      newest: database.prepare(
        `SELECT ${STATE_COLUMNS.join(", ")} FROM outbox ORDER BY created DESC, position DESC LIMIT ?`,
      ),
      ended: database
        .prepare(
          `SELECT id FROM outbox WHERE active = 0 AND changed < ? ORDER BY changed, position LIMIT ? OFFSET ?`,
        )
        .pluck(),
      counts: database.prepare("SELECT state, count(*) FROM outbox GROUP BY state").raw(),
    };
  }

  /** @throws when there is an entry with that id */
  add(entry: OutboxEntry): void {
    this.#statements.add.run(toRow(entry));
  }

  get(id: OutboxId): OutboxEntry | null {
    const row = this.#statements.get.get(id) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  /** @throws when there is no entry with that id */
  update(entry: OutboxEntry): void {
    const { changes } = this.#statements.update.run(toRow(entry));
    if (changes === 0) throw new Error(`there is no outbox entry ${entry.id}`);
  }

  findByInventoryHash(hash: InventoryHash): OutboxEntry | null {
    const row = this.#statements.byHash.get(hash) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  remove(id: OutboxId): void {
    this.#statements.remove.run(id);
  }

  list(filter: { readonly from?: Address; readonly limit?: number }): readonly OutboxEntry[] {
    const limit = filter.limit ?? NO_LIMIT;
    const rows =
      filter.from === undefined
        ? this.#statements.all.all(limit)
        : this.#statements.from.all(filter.from, limit);
    return (rows as Row[]).map(fromRow);
  }

  active(): readonly OutboxEntryState[] {
    return (this.#statements.active.all() as Omit<Row, "content">[]).map(stateFromRow);
  }

  newest(limit: number): readonly OutboxEntryState[] {
    return (this.#statements.newest.all(limit) as Omit<Row, "content">[]).map(stateFromRow);
  }

  endedBefore(time: number, page: { readonly offset: number; readonly limit: number }): readonly OutboxId[] {
    return this.#statements.ended.all(time, page.limit, page.offset) as OutboxId[];
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#statements.counts.all() as [string, number][]);
  }
}

function toRow(entry: OutboxEntry): Row {
  return {
    id: entry.id,
    kind: entry.kind,
    sender: entry.from,
    recipient: entry.to,
    subject: entry.subject,
    encoding: entry.encoding,
    content: entry.content,
    ttl: entry.ttl,
    wants_acknowledgement: toInteger(entry.wantsAcknowledgement),
    maximum_work: entry.maximumWork,
    state: entry.state,
    failure: entry.failure,
    awaits_acknowledgement: toInteger(entry.awaitsAcknowledgement),
    ack_data: entry.ackData,
    attempts: entry.attempts,
    pubkey_requests: entry.pubkeyRequests,
    created: entry.created,
    started: entry.started,
    changed: entry.changed,
    next_action: entry.nextAction,
    expires: entry.expires,
    inventory_hash: entry.inventoryHash,
  };
}

function fromRow(row: Row): OutboxEntry {
  return { ...stateFromRow(row), content: plainBytes(row.content) };
}

function stateFromRow(row: Omit<Row, "content">): OutboxEntryState {
  return {
    id: row.id,
    kind: row.kind,
    from: row.sender,
    to: row.recipient,
    subject: row.subject,
    encoding: row.encoding,
    ttl: row.ttl,
    wantsAcknowledgement: row.wants_acknowledgement === 1,
    maximumWork: row.maximum_work,
    state: row.state,
    failure: row.failure,
    awaitsAcknowledgement: row.awaits_acknowledgement === 1,
    ackData: plainBytesOrNull(row.ack_data),
    attempts: row.attempts,
    pubkeyRequests: row.pubkey_requests,
    created: row.created,
    started: row.started,
    changed: row.changed,
    nextAction: row.next_action,
    expires: row.expires,
    inventoryHash: row.inventory_hash,
  };
}
