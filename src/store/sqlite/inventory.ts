/** The objects of the network: the node's inventory and messaging's queue are one table. */
import type { ObjectQueue, ProcessedPage } from "../../bitmessage/messaging/ports.js";
import type {
  Inventory,
  InventoryObject,
  InventoryPage,
  InventoryPlace,
} from "../../bitmessage/node/ports.js";
import type { InventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import type { Database } from "../database.js";
import type { SqliteTransactions } from "../transactions.js";
import { hexToBytes, plainBytes, plainBytesOrNull, toInteger } from "./values.js";

type BytesOrNone = Uint8Array | undefined;

/** In the column `processed`, where 1 is an object that has been looked into. */
const UNPROCESSED = 0;
/** Ours, and not to be looked into before it has gone out. */
const WITHHELD = 2;

interface PageRow {
  position: number;
  hash: InventoryHash;
  bytes: Uint8Array | null;
}

export class SqliteInventory implements Inventory, ObjectQueue {
  readonly #statements;

  constructor(
    database: Database,
    private readonly transactions: SqliteTransactions,
  ) {
    this.#statements = prepareStatements(database);
  }

  has(hash: InventoryHash): boolean {
    return this.#statements.has.get(hexToBytes(hash)) !== undefined;
  }

  read(hash: InventoryHash): Uint8Array | null {
    return plainBytesOrNull((this.#statements.read.get(hexToBytes(hash)) as BytesOrNone) ?? null);
  }

  add(objects: readonly InventoryObject[]): readonly InventoryHash[] {
    if (objects.length === 0) return [];
    return this.transactions.runUnsynced(() => {
      const added: InventoryHash[] = [];
      let bytes = 0;
      for (const object of objects) {
        if (!this.#insert(object, "network")) continue;
        added.push(object.hash);
        bytes += object.bytes.length;
      }
      if (added.length > 0) this.#statements.addTotals.run(added.length, bytes);
      return added;
    });
  }

  addOwn(object: InventoryObject, when: "now" | "later" = "now"): boolean {
    return this.transactions.run(() => {
      const isNew = this.#insert(object, "ourselves", when === "later" ? WITHHELD : UNPROCESSED);
      if (isNew) this.#statements.addTotals.run(1, object.bytes.length);
      return isNew;
    });
  }

  #insert(object: InventoryObject, origin: "network" | "ourselves", processed = UNPROCESSED): boolean {
    const { type, version, stream, expires, tag, bytes } = object;
    const unsent = toInteger(origin === "ourselves");
    const hash = hexToBytes(object.hash);
    // A version may have 64 bits, and SQLite's numbers are signed; nobody looks for one.
    const kept = Math.min(version, Number.MAX_SAFE_INTEGER);
    const row = [hash, type, kept, stream, expires, tag, bytes, unsent, processed];
    return this.#statements.insert.run(...row).changes > 0;
  }

  unsent(): readonly InventoryHash[] {
    return this.#statements.unsent.all() as InventoryHash[];
  }

  markSent(hashes: readonly InventoryHash[]): void {
    if (hashes.length === 0) return;
    this.transactions.run(() => {
      for (const hash of hashes) this.#statements.markSent.run(hexToBytes(hash));
    });
  }

  shed(bytes: number, limit: number): readonly InventoryPlace[] {
    return this.transactions.run(() => {
      const gone: InventoryPlace[] = [];
      let freed = 0;
      for (const row of this.#statements.first.all(limit) as (InventoryPlace & {
        id: number;
        size: number;
      })[]) {
        if (freed >= bytes) break;
        this.#statements.delete.run(row.id);
        freed += row.size;
        gone.push({ expires: row.expires, hash: row.hash });
      }
      if (gone.length > 0) this.#statements.addTotals.run(-gone.length, -freed);
      return gone;
    });
  }

  hashesAfter(stream: number, after: InventoryPlace, limit: number): InventoryPage {
    const rows = this.#statements.hashesAfter.all(
      after.expires,
      stream,
      hexToBytes(after.hash),
      stream,
      limit,
    ) as InventoryPlace[];
    const next = rows.length < limit ? null : rows.at(-1)!;
    return { hashes: rows.map(({ hash }) => hash), next };
  }

  deleteExpired(before: number): number {
    return this.transactions.run(() => {
      const [objects, bytes] = this.#statements.expiredTotals.get(before) as [number, number];
      if (objects === 0) return 0;
      this.#statements.deleteExpired.run(before);
      this.#statements.addTotals.run(-objects, -bytes);
      return objects;
    });
  }

  totals(): { readonly objects: number; readonly bytes: number } {
    return this.#statements.totals.get() as { objects: number; bytes: number };
  }

  unprocessed(limit: number): readonly { readonly hash: InventoryHash; readonly bytes: Uint8Array }[] {
    const rows = this.#statements.unprocessed.all(limit) as { hash: InventoryHash; bytes: Uint8Array }[];
    return rows.map((row) => ({ hash: row.hash, bytes: plainBytes(row.bytes) }));
  }

  markProcessed(hashes: readonly InventoryHash[]): void {
    if (hashes.length === 0) return;
    this.transactions.runUnsynced(() => {
      for (const hash of hashes) this.#statements.markProcessed.run(hexToBytes(hash));
    });
  }

  markUnprocessed(hashes: readonly InventoryHash[]): void {
    if (hashes.length === 0) return;
    this.transactions.run(() => {
      for (const hash of hashes) this.#statements.markUnprocessed.run(hexToBytes(hash));
    });
  }

  processedAfter(type: number, position: number, count: number): ProcessedPage {
    const rows = this.#statements.page.all(type, position, count) as PageRow[];
    const objects = rows.flatMap((row) => (row.bytes ? [{ ...row, bytes: plainBytes(row.bytes) }] : []));
    return { objects, last: rows.at(-1)?.position ?? null };
  }

  findByTag(type: number, tag: Uint8Array, now: number): readonly Uint8Array[] {
    return (this.#statements.findByTag.all(tag, type, now) as Uint8Array[]).map(plainBytes);
  }
}

function prepareStatements(database: Database) {
  const prepare = (sql: string) => database.prepare<unknown[]>(sql);
  return {
    has: prepare("SELECT 1 FROM object WHERE hash = ?").pluck(),
    read: prepare("SELECT bytes FROM object WHERE hash = ?").pluck(),
    insert: prepare(
      `INSERT INTO object (hash, type, version, stream, expires, tag, bytes, unsent, processed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (hash) DO NOTHING`,
    ),
    unsent: prepare("SELECT lower(hex(hash)) FROM object WHERE unsent = 1 ORDER BY id").pluck(),
    markSent:
      prepare(`UPDATE object SET unsent = 0, processed = CASE processed WHEN ${WITHHELD} THEN ${UNPROCESSED} ELSE processed END
       WHERE hash = ? AND unsent = 1`),
    first: prepare(
      `SELECT id, expires, lower(hex(hash)) AS hash, length(bytes) AS size FROM object WHERE processed = 1 AND unsent = 0
       ORDER BY expires, stream, object.hash LIMIT ?`,
    ),
    delete: prepare("DELETE FROM object WHERE id = ?"),
    addTotals: prepare("UPDATE object_total SET objects = objects + ?, bytes = bytes + ?"),
    totals: prepare("SELECT objects, bytes FROM object_total"),
    // Answered from the index object_by_expiry alone; without the plus SQLite would sort.
    hashesAfter: prepare(
      `SELECT expires, lower(hex(hash)) AS hash FROM object WHERE (expires, stream, hash) > (?, ?, ?) AND +stream = ?
       ORDER BY expires, stream, object.hash LIMIT ?`,
    ),
    expiredTotals: prepare(
      "SELECT count(*), coalesce(sum(length(bytes)), 0) FROM object WHERE expires < ? AND processed <> 0",
    ).raw(),
    deleteExpired: prepare("DELETE FROM object WHERE expires < ? AND processed <> 0"),
    unprocessed: prepare(
      "SELECT lower(hex(hash)) AS hash, bytes FROM object WHERE processed = 0 ORDER BY id LIMIT ?",
    ),
    markProcessed: prepare("UPDATE object SET processed = 1 WHERE hash = ? AND processed = 0"),
    markUnprocessed: prepare("UPDATE object SET processed = 0 WHERE hash = ? AND processed = 1"),
    page: prepare(
      `SELECT id AS position, lower(hex(hash)) AS hash, CASE WHEN type = ? AND processed = 1 THEN bytes END AS bytes
       FROM object WHERE id > ? ORDER BY id LIMIT ?`,
    ),
    findByTag: prepare(
      `SELECT bytes FROM object WHERE tag = ? AND type = ? AND expires > ? AND processed <> ${WITHHELD} ORDER BY id`,
    ).pluck(),
  };
}
