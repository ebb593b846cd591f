/** Any sequence of operations gives the same results, the same mailboxes and the same news in memory and in SQLite. */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { openDatabase } from "../../src/store/database.js";
import { createMemoryStores } from "../../src/store/memory/stores.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import type { Stores } from "../../src/store/stores.js";
import { mail, witness } from "./contracts/values.js";

const name = fc.constantFrom("INBOX", "a", "a/b", "a/b/c", "b");
const uid = fc.integer({ min: 1, max: 8 });
const uids = fc.uniqueArray(uid, { maxLength: 5 });
const flags = fc.array(fc.constantFrom("\\Seen", "\\DELETED", "\\Flagged", "kw", "KW", "$x", "\\Recent"), {
  maxLength: 3,
});
const origin = fc.integer({ min: -1, max: 2 });

const operation = fc.oneof(
  fc.record({ type: fc.constant("create"), name }),
  fc.record({ type: fc.constant("remove"), name }),
  fc.record({ type: fc.constant("rename"), name, to: name }),
  {
    arbitrary: fc.record({ type: fc.constant("append"), name, flags: fc.array(flags, { maxLength: 3 }) }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      type: fc.constant("store"),
      name,
      uids,
      origin,
      action: fc.constantFrom("add", "remove", "replace"),
      flags,
      unchangedSince: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
    }),
    weight: 3,
  },
  fc.record({
    type: fc.constant("expunge"),
    name,
    origin,
    uids: fc.oneof(fc.constant("all"), uids),
    condition: fc.constantFrom("deleted-only", "any"),
  }),
  fc.record({ type: fc.constant("copy"), name, uids, to: name }),
  fc.record({ type: fc.constant("move"), name, uids, to: name, origin }),
  fc.record({
    type: fc.constant("enter"),
    name,
    slot: origin,
    access: fc.constantFrom("read-write", "read-only"),
  }),
  fc.record({ type: fc.constant("leave"), slot: origin }),
  fc.record({ type: fc.constant("snapshot"), name, access: fc.constantFrom("read-write", "read-only") }),
  fc.record({ type: fc.constant("vanished"), name, modSeq: fc.integer({ min: 0, max: 9 }) }),
);

/** biome-ignore lint/suspicious/noExplicitAny: each operation has fields of its own */
type Operation = any;

/** One implementation with three sessions. */
class Subject {
  readonly #sessions = [witness(), witness(), witness()];
  readonly #leave: (() => void)[] = [];
  readonly #heard: unknown[] = [];

  constructor(private readonly stores: Stores) {
    stores.mailboxes.create("u", "INBOX", {});
    stores.mailboxes.watch("u", (change) => this.#heard.push(change));
  }

  /** A failing operation answers with its code. With `fate` "undo" it happens in a transaction that is rolled back. */
  perform(operation: Operation, fate: "keep" | "undo"): unknown {
    try {
      return this.stores.transactions.run(() => {
        const result = this.#perform(operation);
        if (fate === "undo") throw { code: "undone", result };
        return result as never;
      });
    } catch (error) {
      const { code, result } = error as { code?: string; result?: unknown };
      if (code === undefined) throw error;
      return { code, result };
    }
  }

  #perform(operation: Operation): unknown {
    const { mailboxes } = this.stores;
    const box = () => mailboxes.find("u", operation.name) ?? (99 as never);
    const to = () => mailboxes.find("u", operation.to) ?? (99 as never);
    const by = this.#sessions[operation.origin] ?? null;
    switch (operation.type) {
      case "create":
        return mailboxes.create("u", operation.name, {});
      case "remove":
        return mailboxes.remove("u", operation.name);
      case "rename":
        return mailboxes.rename("u", operation.name, operation.to);
      case "append":
        return mailboxes.append(
          box(),
          operation.flags.map((one: string[], index: number) => mail(`m${index}`, { flags: one })),
        );
      case "store":
        return mailboxes.store(box(), operation.uids, operation, by);
      case "expunge":
        return mailboxes.expunge(box(), operation.uids, operation.condition, by);
      case "copy":
        return mailboxes.copy(box(), operation.uids, to());
      case "move":
        return mailboxes.move(box(), operation.uids, to(), by);
      case "snapshot":
        return mailboxes.snapshot(box(), operation.access);
      case "vanished":
        return mailboxes.vanishedSince(box(), operation.modSeq);
      default:
        return null;
    }
  }

  visit(operation: Operation): void {
    const { mailboxes } = this.stores;
    const slot = Math.max(operation.slot, 0);
    this.#leave[slot]?.();
    delete this.#leave[slot];
    const box = operation.type === "enter" ? mailboxes.find("u", operation.name) : null;
    if (box !== null) this.#leave[slot] = mailboxes.subscribe(box, this.#sessions[slot]!, operation.access);
  }

  /** Everything that can be seen from outside. */
  view(): unknown {
    const { mailboxes } = this.stores;
    const all = Array.from({ length: 40 }, (_, index) => index + 1);
    const boxes = mailboxes.list("u").map((info) => {
      const id = mailboxes.find("u", info.name);
      if (id === null) return info;
      return {
        info,
        status: mailboxes.status(id),
        snapshot: mailboxes.snapshot(id, "read-only"),
        records: mailboxes.records(id, all),
        sizes: all.map((one) => mailboxes.read(id, one)?.length),
        found: mailboxes.findByMessageId(id, "m0@example"),
        vanished: mailboxes.vanishedSince(id, 0),
      };
    });
    return { boxes, heard: this.#heard, told: this.#sessions.map((session) => session.updates) };
  }
}

test("memory and SQLite agree on every sequence of operations", () => {
  const steps = fc.array(fc.tuple(operation, fc.constantFrom("keep", "keep", "keep", "undo")), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(steps, (sequence) => {
      const database = openDatabase(":memory:");
      try {
        const options = { clock: () => 5000 };
        const subjects = [
          new Subject(createMemoryStores(options)),
          new Subject(createSqliteStores(database, options)),
        ];
        for (const [one, fate] of sequence) {
          if (one.type === "enter" || one.type === "leave")
            for (const subject of subjects) subject.visit(one);
          const [left, right] = subjects.map((subject) => subject.perform(one, fate as "keep" | "undo"));
          expect(right).toEqual(left);
        }
        expect(subjects[1]!.view()).toEqual(subjects[0]!.view());
        expect(database.pragma("foreign_key_check")).toEqual([]);
        const orphans =
          "SELECT count(*) FROM body WHERE id NOT IN (SELECT body_id FROM message UNION SELECT body_id FROM departed)";
        expect(database.prepare(orphans).pluck().get()).toBe(0);
      } finally {
        database.close();
      }
    }),
    { numRuns: 150 },
  );
});
