import type { Address } from "../../bitmessage/protocol/address.js";
import type {
  BookName,
  Card,
  CardOutline,
  CardStore,
  KeptCard,
  RemovedCard,
} from "../../gateway/cards/ports.js";
import type { Database } from "../database.js";
import type { SqliteTransactions } from "../transactions.js";

interface Row {
  user: string;
  book: BookName;
  name: string;
  uid: string;
  text: string;
  label: string;
  addresses: string;
  revision: number;
}

const FLOOR = "SELECT CAST(value AS INTEGER) FROM property WHERE name = 'cards.floor'";

/**
 * Revisions that may have been given after a copy was made, or whose cards are lost, are not given again: all begin anew above them.
 * @param time Unix seconds; a thousand changes in each since the last time are thought of
 */
export function renewRevisions(database: Database, time: number): void {
  const highest = database
    .prepare("SELECT ifnull(max(revision), 0) FROM address_card")
    .pluck()
    .get() as number;
  const lowest = database
    .prepare("SELECT ifnull(min(revision), 0) FROM address_card")
    .pluck()
    .get() as number;
  const kept = (database.prepare(FLOOR).pluck().get() as number | undefined) ?? 0;
  const floor = Math.max(highest + 1, kept + 1, Math.floor(time * 1000));
  database.prepare("UPDATE address_card SET revision = revision + ?").run(BigInt(floor - lowest));
  database.prepare("INSERT OR REPLACE INTO property VALUES ('cards.floor', ?)").run(`${floor}`);
}

export class SqliteCardStore implements CardStore {
  readonly #statements;

  constructor(
    database: Database,
    private readonly transactions: SqliteTransactions,
  ) {
    const kept = "SELECT * FROM address_card WHERE text IS NOT NULL AND user = ? AND book = ?";
    this.#statements = {
      list: database.prepare(`${kept} ORDER BY revision`),
      outlines: database.prepare(
        `SELECT user, book, name, uid, label, addresses, revision FROM address_card
         WHERE text IS NOT NULL AND user = ? AND book = ? ORDER BY revision`,
      ),
      get: database.prepare(`${kept} AND name = ?`),
      revision: database
        .prepare("SELECT ifnull(max(revision), 0) FROM address_card WHERE user = ? AND book = ?")
        .pluck(),
      floor: database.prepare(FLOOR).pluck(),
      removed: database.prepare(
        `SELECT name, revision FROM address_card
         WHERE text IS NULL AND user = ? AND book = ? AND revision > ? ORDER BY revision`,
      ),
      save: database.prepare("INSERT OR REPLACE INTO address_card VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      remove: database.prepare(
        `UPDATE address_card SET uid = '', text = NULL, label = '', addresses = '', revision = ?
         WHERE text IS NOT NULL AND user = ? AND book = ? AND name = ?`,
      ),
      removeUser: database.prepare("DELETE FROM address_card WHERE user = ?"),
    };
  }

  list(user: string, book: BookName): readonly KeptCard[] {
    return (this.#statements.list.all(user, book) as Row[]).map(fromRow);
  }

  outlines(user: string, book: BookName): readonly CardOutline[] {
    return (this.#statements.outlines.all(user, book) as Omit<Row, "text">[]).map(fromRow);
  }

  get(user: string, book: BookName, name: string): KeptCard | null {
    const row = this.#statements.get.get(user, book, name) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  revision(user: string, book: BookName): number {
    return Math.max(this.#statements.revision.get(user, book) as number, this.#floor());
  }

  /** Revisions below, but 0, were given before the database was restored. */
  #floor(): number {
    return (this.#statements.floor.get() as number | undefined) ?? 0;
  }

  removedSince(user: string, book: BookName, revision: number): readonly RemovedCard[] | null {
    if (revision > 0 && revision < this.#floor()) return null;
    return this.#statements.removed.all(user, book, revision) as RemovedCard[];
  }

  save(card: Card): KeptCard {
    return this.transactions.run(() => {
      const { user, book, name, uid, text, label, addresses } = card;
      const revision = this.revision(user, book) + 1;
      this.#statements.save.run(user, book, name, uid, text, label, addresses.join(" "), BigInt(revision));
      return { user, book, name, uid, text, label, addresses: [...addresses], revision };
    });
  }

  remove(user: string, book: BookName, name: string): void {
    this.transactions.run(() => {
      this.#statements.remove.run(BigInt(this.revision(user, book) + 1), user, book, name);
    });
  }

  removeUser(user: string): void {
    this.#statements.removeUser.run(user);
  }
}

function fromRow<T extends Omit<Row, "text">>({ addresses, ...row }: T) {
  return { ...row, addresses: addresses === "" ? [] : (addresses.split(" ") as Address[]) };
}
