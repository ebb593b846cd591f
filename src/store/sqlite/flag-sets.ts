/** Combinations of flags: a message refers to one by number, and messages with equal flags share one array. */
import type { Database } from "../database.js";

export interface FlagSet {
  readonly id: number;
  /** Normalized (mail/flags.ts). */
  readonly flags: readonly string[];
  readonly unseen: 0 | 1;
  readonly deleted: 0 | 1;
}

/** Far more than people use; beyond it everything is read again. */
const MOST_REMEMBERED = 10_000;

export class FlagSets {
  readonly #byId = new Map<number, FlagSet>();
  readonly #byText = new Map<string, FlagSet>();
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      byId: database.prepare("SELECT flags FROM flag_set WHERE id = ?").pluck(),
      byText: database.prepare("SELECT id FROM flag_set WHERE flags = ?").pluck(),
      insert: database.prepare("INSERT INTO flag_set (flags) VALUES (?)"),
    };
  }

  get(id: number): FlagSet {
    return this.#byId.get(id) ?? this.#remember(id, this.#statements.byId.get(id) as string);
  }

  /** The set of these normalized flags, made when it is new. */
  of(flags: readonly string[]): FlagSet {
    const text = JSON.stringify(flags);
    const known = this.#byText.get(text);
    if (known) return known;
    const id = this.#statements.byText.get(text) ?? this.#statements.insert.run(text).lastInsertRowid;
    return this.#remember(Number(id), text);
  }

  /** After a rollback: sets that were new may not be there. */
  forget(): void {
    this.#byId.clear();
    this.#byText.clear();
  }

  #remember(id: number, text: string): FlagSet {
    if (this.#byId.size >= MOST_REMEMBERED) this.forget();
    const flags: readonly string[] = Object.freeze(JSON.parse(text) as string[]);
    const set: FlagSet = {
      id,
      flags,
      unseen: flags.includes("\\Seen") ? 0 : 1,
      deleted: flags.includes("\\Deleted") ? 1 : 0,
    };
    this.#byId.set(id, set);
    this.#byText.set(text, set);
    return set;
  }
}
