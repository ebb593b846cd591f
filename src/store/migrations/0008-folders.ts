import type BetterSqlite from "better-sqlite3";
import type { Migration } from "../migrate.js";

/** What a mailbox is for is kept with it, and whose mail a message is. */
export const folders: Migration = {
  version: 8,
  apply(database) {
    database.exec(`
      ALTER TABLE mailbox ADD COLUMN purpose TEXT;
      CREATE UNIQUE INDEX mailbox_by_purpose ON mailbox (user, purpose) WHERE purpose IS NOT NULL;
      ALTER TABLE body ADD COLUMN identity TEXT;
      CREATE INDEX body_by_identity ON body (identity, id) WHERE identity IS NOT NULL;
    `);
    const set = database.prepare("UPDATE body SET identity = ? WHERE id = ?");
    for (const [id, identity] of findIdentities(database)) set.run(identity, id);
  },
};

/** The identity of each mail that there is, by its header. */
function findIdentities(
  database: BetterSqlite.Database,
): readonly (readonly [id: number, identity: string])[] {
  const own = new Map<string, Set<string>>();
  for (const [user, address] of database
    .prepare("SELECT user, address FROM identity WHERE chan = 0")
    .raw()
    .all() as [string, string][]) {
    own.set(user, (own.get(user) ?? new Set()).add(address));
  }
  const bodies = database.prepare(
    `SELECT DISTINCT b.id, m.user, b.header FROM mailbox m JOIN message ON message.mailbox_id = m.id
     JOIN body b ON b.id = message.body_id WHERE b.header IS NOT NULL`,
  );
  const found: [number, string][] = [];
  for (const [id, user, header] of bodies.raw().iterate() as Iterable<[number, string, string]>) {
    const identity = identityOf(header, own.get(user) ?? new Set());
    if (identity !== undefined) found.push([id, identity]);
  }
  return found;
}

/** What came in from the network or the bridge is the recipient's, everything else the sender's. */
function identityOf(header: string, own: ReadonlySet<string>): string | undefined {
  const isReceived = /^x-bitmessage-hash:|^from:.*\bbridge@/im.test(header);
  const fields = isReceived ? ["to"] : ["from", "to", "cc"];
  return fields.flatMap((field) => addressesIn(header, field)).find((address) => own.has(address));
}

function addressesIn(header: string, field: string): readonly string[] {
  const values = header.match(new RegExp(`^${field}:.*(?:\\r?\\n[ \\t].*)*`, "gim")) ?? [];
  return values.flatMap((value) => value.match(/BM-[1-9A-HJ-NP-Za-km-z]+/g) ?? []);
}
